//! Where the access token comes from.
//!
//! Owns the order of the sources and what is said of a token that cannot be used; never a part of the token itself.
//! Must not know of screens or HTTP.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{Environment, Problem};
use crate::model::secret::Token;

/// The variables that may hold the token, the stronger first. The second is the official CLI's name.
const VARIABLES: [&str; 2] = ["TALLYFY_ACCESS_TOKEN", "TALLYFY_API_TOKEN"];
/// More than this is no token: a wrong file was named.
const LARGEST: u64 = 64 * 1024;

/// Where the token is read from, at the start and again when it is not accepted any more. Clones read the same place.
#[derive(Clone)]
pub struct TokenSource(Arc<Reading>);

type Reading = dyn Fn() -> Result<Option<Token>, Problem> + Send + Sync;

impl TokenSource {
    /// A source that is read by calling `read`, which may block.
    pub fn new(read: impl Fn() -> Result<Option<Token>, Problem> + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// The variables, then the file if one is named.
    #[must_use]
    pub fn of(environment: Environment, file: Option<PathBuf>) -> Self {
        Self::new(move || token(&environment, file.as_deref()))
    }

    /// A source that never has a token.
    #[must_use]
    pub fn none() -> Self {
        Self::new(|| Ok(None))
    }

    /// Reads the token, if there is one. May block.
    ///
    /// # Errors
    /// A [`Problem`] when the strongest source that is set cannot be read, or holds something that cannot be a token.
    pub fn read(&self) -> Result<Option<Token>, Problem> {
        (self.0)()
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("TokenSource")
    }
}

/// The token, if any source has one.
fn token(environment: &Environment, file: Option<&Path>) -> Result<Option<Token>, Problem> {
    if let Some(name) = VARIABLES.into_iter().find(|name| environment.is_set(name)) {
        let text = environment.text(name)?;
        return text.map(|text| Token::new(text).ok_or_else(|| unusable(name))).transpose();
    }
    let Some(path) = file else { return Ok(None) };
    let text = private_text(path)?;
    Token::new(&text).map(Some).ok_or_else(|| unusable(&path.display().to_string()))
}

fn unusable(place: &str) -> Problem {
    Problem::new(
        format!("`{place}` holds no token: there is white space in it, or a character no token has"),
        "copy the token again from Settings > Integrations > REST API, without quotes or line breaks",
    )
}

/// What a file says that nobody else may read.
fn private_text(path: &Path) -> Result<String, Problem> {
    let unreadable = |why: io::Error| unreadable(path, &why);
    // Asked before it is opened, which would wait for the other end of a pipe.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(Problem::new(
            format!("the token file `{}` is no file", path.display()),
            "name the file itself as `token_file`",
        ));
    }
    let file = File::open(path).map_err(unreadable)?;
    if is_open_to_others(&file).map_err(unreadable)? {
        let path = path.display();
        return Err(Problem::new(
            format!("others can read the token file `{path}`"),
            format!("`chmod 600 {path}`; if others use this machine, make a new token as well"),
        ));
    }
    let mut text = String::new();
    file.take(LARGEST).read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

#[cfg(unix)]
fn is_open_to_others(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(file.metadata()?.mode() & 0o077 != 0)
}

/// Elsewhere a user's own directories are closed to others.
#[cfg(not(unix))]
fn is_open_to_others(_: &File) -> io::Result<bool> {
    Ok(false)
}

fn unreadable(path: &Path, why: &io::Error) -> Problem {
    let (words, hint) = match why.kind() {
        io::ErrorKind::NotFound => (
            "there is no such file".to_owned(),
            "put the token into it, or take `token_file` out of the config",
        ),
        io::ErrorKind::PermissionDenied => {
            ("permission denied".to_owned(), "the file must be yours and readable for you")
        }
        io::ErrorKind::InvalidData => ("it is no text".to_owned(), "it must hold the token and nothing else"),
        _ => (why.to_string(), "check what `token_file` names in the config"),
    };
    Problem::new(format!("could not read the token file `{}`: {words}", path.display()), hint)
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
            let source = TokenSource::of(environment(pairs), None);
            source.read().unwrap().map(|token| token.reveal().to_owned())
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
            let source = TokenSource::of(environment.clone(), None);
            let problem = source.read().unwrap_err();
            assert!(problem.sentence.contains("`TALLYFY_ACCESS_TOKEN`"), "{problem}");
            let shown = format!("{problem:?} {environment:?} {source:?}");
            assert!(!shown.contains("secret") && !shown.contains("sécret"), "{shown}");
        }
    }

    #[cfg(unix)]
    fn private(folder: &Path, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.join("token");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_read_anew_each_time_and_only_where_no_variable_is_set() {
        let folder = tempfile::tempdir().unwrap();
        let path = private(folder.path(), "first\n");
        let source = TokenSource::of(Environment::default(), Some(path.clone()));
        let read = |source: &TokenSource| source.read().unwrap().unwrap().reveal().to_owned();
        assert_eq!(read(&source), "first");
        fs::write(&path, "second").unwrap();
        assert_eq!(read(&source), "second");
        let both = TokenSource::of(environment(&[("TALLYFY_API_TOKEN", "variable")]), Some(path));
        assert_eq!(read(&both), "variable");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = private(folder.path(), "sesame");
        for mode in [0o640, 0o604, 0o620, 0o644] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let problem = TokenSource::of(Environment::default(), Some(path.clone())).read().unwrap_err();
            assert!(problem.hint.contains("chmod 600"), "{mode:o}: {problem:?}");
            assert!(!format!("{problem:?}").contains("sesame"), "{problem:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_holds_no_token_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let problem = |path: PathBuf| TokenSource::of(Environment::default(), Some(path)).read().unwrap_err();
        for text in ["", "open sesame", "open\nsesame"] {
            let said = problem(private(folder.path(), text));
            assert!(said.sentence.contains("holds no token"), "{said:?}");
            assert!(!format!("{said:?}").contains("sesame"), "{said:?}");
        }
        assert!(problem(folder.path().join("missing")).sentence.contains("there is no such file"));
        assert!(problem(folder.path().to_owned()).sentence.contains("is no file"));
    }
}
