//! Where the access token comes from.
//!
//! Owns the order of the sources and what is said of a token that cannot be used; never a part of the token itself.
//! Must not know of screens or HTTP.

use crate::config::{Environment, Problem};
use crate::model::secret::Token;

/// The variables that may hold the token, the stronger first. The second is the official CLI's name.
const SOURCES: [&str; 2] = ["TALLYFY_ACCESS_TOKEN", "TALLYFY_API_TOKEN"];

/// The token, if any source has one.
///
/// # Errors
/// A [`Problem`] when the strongest source that is set holds something that cannot be a token.
pub fn token(environment: &Environment) -> Result<Option<Token>, Problem> {
    let Some(name) = SOURCES.into_iter().find(|name| environment.is_set(name)) else { return Ok(None) };
    let unusable = || {
        Problem::new(
            format!("`{name}` holds no token: there is white space in it, or a character no token has"),
            "copy the token again from Settings > Integrations > REST API, without quotes or line breaks",
        )
    };
    environment.text(name)?.map(|text| Token::new(text).ok_or_else(unusable)).transpose()
}

/// What is said when there is none.
#[must_use]
pub fn missing() -> Problem {
    Problem::new(
        "there is no access token",
        "put the one from Settings > Integrations > REST API into `TALLYFY_ACCESS_TOKEN`; `tidyfy demo` needs none",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        Environment::of(pairs.iter().map(|(name, value)| (name.into(), value.into())))
    }

    #[test]
    fn the_first_variable_that_is_set_counts() {
        let read = |pairs: &[(&str, &str)]| {
            token(&environment(pairs)).unwrap().map(|token| token.reveal().to_owned())
        };
        assert_eq!(read(&[]), None);
        assert_eq!(
            read(&[("TALLYFY_ACCESS_TOKEN", " \n"), ("TALLYFY_API_TOKEN", "two\n")]),
            Some("two".into())
        );
        assert_eq!(
            read(&[("TALLYFY_ACCESS_TOKEN", "one"), ("TALLYFY_API_TOKEN", "two")]),
            Some("one".into())
        );
    }

    #[test]
    fn a_token_that_cannot_be_sent_is_refused_without_being_shown() {
        for bad in ["secret value", "secret\nvalue", "sécret"] {
            let environment = environment(&[("TALLYFY_ACCESS_TOKEN", bad), ("TALLYFY_API_TOKEN", "good")]);
            let problem = token(&environment).unwrap_err();
            assert!(problem.sentence.contains("`TALLYFY_ACCESS_TOKEN`"), "{problem}");
            let shown = format!("{problem:?} {environment:?}");
            assert!(!shown.contains("secret") && !shown.contains("sécret"), "{shown}");
        }
    }
}
