//! The variables that say how the network is reached: proxies, and the certificates that are trusted.
//!
//! Owns their names and which of them counts. A proxy's address may contain a password, so nothing here is printed.

use std::fmt;

/// The variables, as they were when the program started.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct NetworkVariables(Vec<(&'static str, String)>);

impl NetworkVariables {
    /// Every variable that is read. Upper case comes first and wins, as in the HTTP library.
    pub const NAMES: [&'static str; 10] = [
        "HTTPS_PROXY",
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
        "all_proxy",
        "NO_PROXY",
        "no_proxy",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ];
    /// The variables that name the proxy of an `https` address, the stronger first.
    pub const OF_HTTPS: [&'static str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    /// The variables that name the proxy of an `http` address, the stronger first.
    pub const OF_HTTP: [&'static str; 4] = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
    /// The variables that name hosts which are reached without a proxy.
    pub const EXCEPT: [&'static str; 2] = ["NO_PROXY", "no_proxy"];
    /// The variable that names a file of trusted certificates.
    pub const CERTIFICATES: &'static str = "SSL_CERT_FILE";
    /// The variable that names a folder of trusted certificates.
    pub const CERTIFICATE_FOLDER: &'static str = "SSL_CERT_DIR";

    /// Keeps these variables, none of them empty.
    #[must_use]
    pub fn new(set: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self(set.into_iter().collect())
    }

    /// Returns the first of `names` that is set, with its value.
    #[must_use]
    pub fn first(&self, names: &[&str]) -> Option<(&'static str, &str)> {
        let value = |name: &&str| self.0.iter().find(|(known, _)| known == name);
        names.iter().find_map(value).map(|(name, value)| (*name, value.as_str()))
    }
}

/// Names only: one of the values may contain a password.
impl fmt::Debug for NetworkVariables {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stronger_variable_counts_and_no_value_is_printed() {
        let variables = NetworkVariables::new([
            ("https_proxy", "http://me:hunter2@low".into()),
            ("ALL_PROXY", "all".into()),
        ]);
        let first = variables.first(&NetworkVariables::OF_HTTPS);
        assert_eq!(first, Some(("https_proxy", "http://me:hunter2@low")));
        assert_eq!(variables.first(&NetworkVariables::OF_HTTP), Some(("ALL_PROXY", "all")));
        assert_eq!(variables.first(&NetworkVariables::EXCEPT), None);
        assert!(!format!("{variables:?}").contains("hunter2"));
    }
}
