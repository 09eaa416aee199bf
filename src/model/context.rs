//! Organizations one can go to.
//!
//! Owns how one is named before it is entered. Must not know where the names come from.

use super::plan::Organization;

/// An organization at an address, by a profile of the config where one names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// The profile.
    pub profile: Option<String>,
    /// The API's address, as it is configured.
    pub base_url: String,
    /// The organization's id.
    pub org: String,
    /// Whether the config says that nothing may be changed there.
    pub read_only: bool,
}

impl Context {
    /// Whether both are the same organization, by whatever profile and however the address is written.
    #[must_use]
    pub fn is_where(&self, other: &Self) -> bool {
        self.org == other.org && plain(&self.base_url) == plain(&other.base_url)
    }
}

/// An address in one spelling: scheme and host in small letters, without the port that goes without saying or an empty path.
fn plain(base_url: &str) -> String {
    let base_url = base_url.trim().trim_end_matches('/');
    let (scheme, rest) = base_url.split_once("://").unwrap_or(("", base_url));
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (scheme, host) = (scheme.to_lowercase(), host.to_lowercase());
    let port = if scheme == "https" { ":443" } else { ":80" };
    format!("{scheme}://{}{path}", host.strip_suffix(port).unwrap_or(&host))
}

/// A place, and the organization there if the server has told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownContext {
    /// The place.
    pub place: Context,
    /// The organization.
    pub organization: Option<Organization>,
}

/// The places that can be gone to: the one that is open, those of the config, those the person came from, and then the
/// other organizations the person is in, which are reached by the address in use. What the config names is reached on its
/// terms only, and nothing is offered for more than it is open for.
#[must_use]
pub fn all(
    configured: &[Context],
    visited: &[KnownContext],
    here: &KnownContext,
    organizations: &[Organization],
) -> Vec<KnownContext> {
    let by_hand = |organization: &Organization| Context {
        profile: None,
        base_url: here.place.base_url.clone(),
        org: organization.id.clone(),
        read_only: here.place.read_only
            || configured.iter().any(|place| place.org == organization.id && place.read_only),
    };
    let told = |place: &Context| organizations.iter().find(|one| by_hand(one).is_where(place)).cloned();
    let mut known = vec![here.clone()];
    let configured =
        configured.iter().map(|place| KnownContext { place: place.clone(), organization: told(place) });
    for one in configured.chain(visited.iter().cloned()) {
        let same = |known: &KnownContext| {
            known.place.profile == one.place.profile && known.place.is_where(&one.place)
        };
        if !known.iter().any(same) {
            known.push(one);
        }
    }
    for organization in organizations {
        let place = by_hand(organization);
        if !known.iter().any(|known| known.place.is_where(&place)) {
            known.push(KnownContext { place, organization: Some(organization.clone()) });
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(profile: Option<&str>, base_url: &str, org: &str) -> Context {
        Context {
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
        let here = KnownContext { place: here, organization: Some(organization("1", "One")) };
        let known = all(&configured, &[], &here, &[organization("1", "One"), organization("2", "Two")]);
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
            [(None, "1", Some("One")), (Some("work"), "2", Some("Two")), (Some("test"), "1", None)]
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
            let here = KnownContext { place: here.clone(), organization: None };
            let known = all(&configured, &[], &here, &[organization("2", "Two")]);
            let writable = known.iter().filter(|known| known.place.org == "2" && !known.place.read_only);
            assert_eq!(
                writable.count(),
                0,
                "{typed}: what a profile keeps read-only is offered without it too"
            );
        }
    }

    #[test]
    fn what_is_open_for_reading_only_is_not_offered_for_more() {
        // `--profile audit --org 1`, where the profile says `read_only` and names no organization: it is no place of its
        // own, so that the organization comes from the server alone.
        let here = place(Some("audit"), "https://go.tallyfy.com/api", "1");
        assert!(here.read_only);
        let here = KnownContext { place: here, organization: None };
        let known = all(&[], &[], &here, &[organization("1", "One"), organization("2", "Two")]);
        assert!(known.iter().all(|known| known.place.read_only), "{known:?}");
    }

    #[test]
    fn one_can_go_back_where_one_came_from_on_the_terms_of_then() {
        let start = KnownContext {
            place: place(None, "https://a.example", "1"),
            organization: Some(organization("1", "One")),
        };
        let here = KnownContext { place: place(Some("safe"), "https://a.example", "1"), organization: None };
        let far = KnownContext { place: place(None, "https://b.example", "9"), organization: None };
        let known = all(
            std::slice::from_ref(&here.place),
            &[start.clone(), far.clone()],
            &here,
            &[organization("1", "One")],
        );
        assert_eq!(known, [here, start, far]);
    }
}
