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
pub struct Members(BTreeMap<String, String>);

impl Members {
    /// The members given as pairs of id and name. Nameless ones stay ids.
    #[must_use]
    pub fn new(members: impl IntoIterator<Item = (String, String)>) -> Self {
        let known = members.into_iter().filter(|(_, name)| !name.trim().is_empty());
        Self(known.map(|(id, name)| (id, text::clean(&name).into_owned())).collect())
    }

    /// The members whose names are known, by id.
    pub(super) fn known(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(id, name)| (id.as_str(), name.as_str()))
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

/// How groups, whose names no list carries, stand among the ids: `2 groups`.
#[must_use]
pub fn groups(n: usize) -> String {
    if n == 1 { "1 group".to_owned() } else { format!("{n} groups") }
}

/// Whether `id` is 32 hex digits, as the ids of all but people are (API sheet, section 3), and so no name.
#[must_use]
pub fn is_hex(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether this stands for somebody without telling a name: a member's id, or a group. The address of a guest tells.
#[must_use]
pub fn is_nameless(id: &str) -> bool {
    let is_number = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    let group = id.strip_suffix(" groups").or_else(|| id.strip_suffix(" group"));
    is_number(group.unwrap_or(id)) || is_hex(id)
}

/// The ids in a comma-separated list of them.
pub(super) fn each(ids: &str) -> impl Iterator<Item = &str> {
    ids.split(',').map(str::trim).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_groups_are_no_names() {
        for nameless in ["2044", &groups(1), &groups(2), "5d0c2a9be1f34a7788c1d2e3f4a5b6c7"] {
            assert!(is_nameless(nameless), "{nameless}");
        }
        for named in ["it@vendor.example", "Mia", "group", " groups", "7 dwarfs", ""] {
            assert!(!is_nameless(named), "{named}");
        }
    }

    #[test]
    fn names_where_known_ids_where_not() {
        let people = Members::new([("2044".into(), "Mia Øst".into()), ("7".into(), " ".into())]);
        assert_eq!(people.names("2044,7,it@vendor.example"), "Mia Øst, 7, it@vendor.example");
    }
}
