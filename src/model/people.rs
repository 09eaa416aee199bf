//! Who the members are, and who is asking.
//!
//! Owns the person behind a token, and the lookup of names by id. Lists carry owners as ids; the names come from one request for all members (API sheet, 6.9),
//! and until they are there, or where they may not be read, the ids are shown.

use std::collections::BTreeMap;

use super::text;

/// Who a token speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The member's id, in one spelling whether it came as a number or as text, so that two can be compared.
    pub id: String,
    /// The name to show.
    pub name: String,
}

/// The members of the organization by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct People(BTreeMap<String, String>);

impl People {
    /// The members given as pairs of id and name. Nameless ones stay ids.
    #[must_use]
    pub fn new(members: impl IntoIterator<Item = (String, String)>) -> Self {
        let known = members.into_iter().filter(|(_, name)| !name.trim().is_empty());
        Self(known.map(|(id, name)| (id, text::clean(&name).into_owned())).collect())
    }

    /// The names for a comma-separated list of ids, ids that have none as they are.
    #[must_use]
    pub fn names(&self, ids: &str) -> String {
        let mut names = String::new();
        self.write_names(ids, &mut names);
        names
    }

    /// Writes the [names](Self::names) at the end of `onto`.
    pub fn write_names(&self, ids: &str, onto: &mut String) {
        let name = |id| self.0.get(id).map_or(id, String::as_str);
        for (n, id) in each(ids).enumerate() {
            onto.push_str(if n == 0 { "" } else { ", " });
            onto.push_str(name(id));
        }
    }
}

/// The ids in a comma-separated list of them.
fn each(ids: &str) -> impl Iterator<Item = &str> {
    ids.split(',').map(str::trim).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_where_known_ids_where_not() {
        let people = People::new([("2044".into(), "Mia Øst".into()), ("7".into(), " ".into())]);
        assert_eq!(people.names("2044,7,it@vendor.example"), "Mia Øst, 7, it@vendor.example");
    }
}
