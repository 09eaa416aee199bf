//! The environment, as far as tidyfy reads it.
//!
//! Owns the names of the variables and the rule that an empty one counts as unset. It never reads the process itself.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

use super::ConfigError;
use crate::model::network::NetworkVariables;
use crate::model::text;

/// Every variable tidyfy reads by itself, with what it is for.
pub const VARIABLES: [(&str, &str); 5] = [
    ("TALLYFY_ACCESS_TOKEN", "the access token"),
    ("TALLYFY_API_TOKEN", "the same, read when the first is not set"),
    ("TALLYFY_ORG_ID", "the organization's id"),
    ("TALLYFY_BASE_URL", "the API's address"),
    ("NO_COLOR", "no colour when not empty"),
];

/// The variables tidyfy knows, as they were when it started.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<&'static str, OsString>);

impl Environment {
    /// Keeps what tidyfy knows of `variables`, and of that only what is not empty.
    pub fn of(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let known = variables.into_iter().filter_map(|(name, value)| {
            let own = VARIABLES.iter().map(|(known, _)| *known);
            let name = own.chain(NetworkVariables::NAMES).find(|known| name == *known)?;
            let empty = value.to_str().is_some_and(|text| text::unwrapped(text).is_empty());
            (!empty).then_some((name, value))
        });
        Self(known.collect())
    }

    /// Whether `name` is set to anything.
    #[must_use]
    pub fn is_set(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The value of `name`, if it is set, without what is copied along with a value, such as quotes.
    ///
    /// # Errors
    /// A [`ConfigError`] when it is not UTF-8; the value is not shown, it may be a secret.
    pub fn text(&self, name: &str) -> Result<Option<&str>, ConfigError> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let text = value.to_str().ok_or_else(|| {
            ConfigError::new(
                format!("`{name}` is not readable: it is not UTF-8"),
                format!("set `{name}` anew"),
            )
        })?;
        Ok(Some(text::unwrapped(text)))
    }
}

impl Environment {
    /// The variables that say how the network is reached.
    ///
    /// # Errors
    /// A [`ConfigError`] when one is not UTF-8.
    pub fn network(&self) -> Result<NetworkVariables, ConfigError> {
        let set = NetworkVariables::NAMES.into_iter().filter_map(|name| {
            let value = self.text(name).transpose()?;
            Some(value.map(|value| (name, value.to_owned())))
        });
        Ok(NetworkVariables::new(set.collect::<Result<Vec<_>, _>>()?))
    }
}

/// Names only: one of the values is the token.
impl fmt::Debug for Environment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set().entries(self.0.keys()).finish()
    }
}
