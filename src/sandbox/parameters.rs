//! The query string, read the way the API reads it: percent-decoding only, a `+` is a plus (API sheet, row 37).
//!
//! Owns decoding and the typed look at one parameter. Must not know which routes take which parameters.

use percent_encoding::percent_decode_str;

/// The parameters of one request, in the order they came.
#[derive(Debug, Clone, Default)]
pub(super) struct RequestParameters(Vec<(String, String)>);

impl RequestParameters {
    pub(super) fn parse(raw: Option<&str>) -> Self {
        let pairs = raw.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decode(name), decode(value))
                })
                .collect(),
        )
    }

    /// The last value given for this parameter; an empty one counts as none.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let last = self.0.iter().rev().find(|(key, _)| key == name);
        last.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Booleans are strings: anything but `false` and `0` is true.
    pub(super) fn truthy(&self, name: &str) -> Option<bool> {
        self.get(name).map(|value| value != "0" && !value.eq_ignore_ascii_case("false"))
    }

    /// A whole number of at least 1.
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.get(name)?.parse().ok().filter(|number| *number > 0)
    }

    /// The parts of a comma-separated value.
    pub(super) fn parts(&self, name: &str) -> Vec<&str> {
        self.get(name).map(|value| value.split(',').map(str::trim).collect()).unwrap_or_default()
    }

    /// Whether `with=` names this include, or one inside it.
    pub(super) fn with(&self, include: &str) -> bool {
        let names = |part: &&str| {
            part.strip_prefix(include).is_some_and(|rest| matches!(rest.chars().next(), None | Some('.')))
        };
        self.parts("with").iter().any(names)
    }

    /// Whether `with=` names this include inside another one, as in `tasks.threads`.
    pub(super) fn with_in(&self, outer: &str, include: &str) -> bool {
        self.with(&format!("{outer}.{include}"))
    }

    /// What decides which rows a list holds and in which order: everything but the page and the includes.
    pub(super) fn identity(&self) -> String {
        let mut pairs: Vec<String> = self
            .0
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "page" | "per_page" | "with"))
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.sort();
        pairs.join("\n")
    }
}

/// Percent-decodes; bytes that are no UTF-8 become replacement characters.
pub(super) fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
