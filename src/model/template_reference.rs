//! Where a template stood before it was archived.
//!
//! Owns the shape only. Archiving a template takes it out of other templates for good, and the answer to it is the only
//! record of where it stood (API sheet, section 6.2).

use std::fmt;

/// One place that a template was taken out of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reference {
    /// What it stood in, in the API's word: `Blueprint` or `Step`; empty if the answer does not say.
    pub sort: String,
    /// The title of what it stood in; empty if the answer does not say.
    pub title: String,
    /// The id of what it stood in, if the answer says.
    pub id: Option<String>,
}

impl fmt::Display for Reference {
    /// Writes ``Step `Sign the contract` ``, as far as the answer says.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.sort.is_empty() { "reference" } else { &self.sort })?;
        let names = [Some(self.title.as_str()), self.id.as_deref()];
        match names.into_iter().flatten().find(|name| !name.is_empty()) {
            Some(name) => write!(out, " `{name}`"),
            None => Ok(()),
        }
    }
}
