//! Organizations one can go to.
//!
//! Owns how one is named before it is entered. Must not know where the names come from.

use super::plan::Organization;

/// An organization at an address, by a profile of the config where one names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The profile.
    pub profile: Option<String>,
    /// The API's address, as it is configured.
    pub base_url: String,
    /// The organization's id.
    pub org: String,
    /// Whether the config says that nothing may be changed there.
    pub read_only: bool,
}

impl Place {
    /// Whether both are the same organization, by whatever profile.
    #[must_use]
    pub fn is_where(&self, other: &Self) -> bool {
        let address = |place: &Self| place.base_url.trim_end_matches('/').to_owned();
        self.org == other.org && address(self) == address(other)
    }
}

/// A place, and the organization there if the server has told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The place.
    pub place: Place,
    /// The organization.
    pub organization: Option<Organization>,
}

/// All places: those of the config first, then the other organizations of the person at the keyboard, which are reached
/// by the address in use. An organization with several profiles is there with each.
#[must_use]
pub fn all(configured: &[Place], here: &Place, organizations: &[Organization]) -> Vec<Known> {
    let at = |org: &str| Place {
        profile: None,
        base_url: here.base_url.clone(),
        org: org.to_owned(),
        read_only: false,
    };
    let told = |place: &Place| {
        organizations.iter().find(|organization| at(&organization.id).is_where(place)).cloned()
    };
    let mut known: Vec<Known> =
        configured.iter().map(|place| Known { place: place.clone(), organization: told(place) }).collect();
    for organization in organizations {
        let place = at(&organization.id);
        if !configured.iter().any(|configured| configured.is_where(&place)) {
            known.push(Known { place, organization: Some(organization.clone()) });
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(profile: Option<&str>, base_url: &str, org: &str) -> Place {
        Place {
            profile: profile.map(str::to_owned),
            base_url: base_url.to_owned(),
            org: org.to_owned(),
            read_only: profile.is_some(),
        }
    }

    fn organization(id: &str, name: &str) -> Organization {
        Organization { id: id.to_owned(), name: name.to_owned(), ..Organization::default() }
    }

    #[test]
    fn an_organization_with_a_profile_is_reached_only_by_it() {
        let here = place(None, "https://a.example/api", "1");
        let configured = [
            place(Some("work"), "https://a.example/api/", "2"),
            place(Some("test"), "https://b.example", "1"),
        ];
        let known = all(&configured, &here, &[organization("1", "One"), organization("2", "Two")]);
        let shown: Vec<_> = known
            .iter()
            .map(|known| {
                let name = known.organization.as_ref().map(|organization| organization.name.as_str());
                (known.place.profile.as_deref(), known.place.org.as_str(), name)
            })
            .collect();
        // What is called 1 at another address is another organization, of which nothing is known.
        assert_eq!(
            shown,
            [(Some("work"), "2", Some("Two")), (Some("test"), "1", None), (None, "1", Some("One"))]
        );
    }

    #[test]
    fn one_address_written_in_two_ways_is_one_address() {
        // A session knows its address as it was normalised, a profile as somebody typed it.
        let here = place(None, "https://go.tallyfy.com/api", "1");
        for typed in
            ["https://Go.Tallyfy.com/api", "https://go.tallyfy.com:443/api", " https://go.tallyfy.com/api"]
        {
            let configured = [place(Some("look only"), typed, "2")];
            let known = all(&configured, &here, &[organization("2", "Two")]);
            let writable = known.iter().filter(|known| !known.place.read_only).count();
            assert_eq!(writable, 0, "{typed}: what a profile keeps read-only is offered without it too");
        }
    }

    #[test]
    fn what_is_open_for_reading_only_is_not_offered_for_more() {
        // `--profile audit --org 1`, where the profile says `read_only` and names no organization: it is no place of its
        // own, so that the organization comes from the server alone.
        let here = place(Some("audit"), "https://go.tallyfy.com/api", "1");
        assert!(here.read_only);
        let known = all(&[], &here, &[organization("1", "One")]);
        assert!(known.iter().all(|known| known.place.read_only), "{known:?}");
    }
}
