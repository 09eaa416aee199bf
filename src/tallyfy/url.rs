//! Where requests go: the base URL, and the paths and queries that are joined to it.
//!
//! Owns every character of a request's URL. Segments and values are percent-encoded by hand, each on its own, because
//! the usual builders resolve `..` and write a space as `+`, which the API does not read as one (API sheet, section 3).
//! Must not send anything.

use std::fmt;
use std::net::IpAddr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;

use crate::model::failure::{Cause, Failure};
use crate::model::id::Id;
use crate::model::text;

/// Everything but the characters that no part of a URL gives a meaning to.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// A comma means nothing in a query, and lists of includes stay readable with it.
const VALUE: &AsciiSet = &SEGMENT.remove(b',');

/// Hosts of the API with the address of their web app (API sheet, sections 1.1 and 1.4).
const WEB_HOSTS: [(&str, &str); 5] = [
    ("go.tallyfy.com", "https://go.tallyfy.com"),
    ("api.tallyfy.com", "https://go.tallyfy.com"),
    ("staging.go.tallyfy.com", "https://staging.go.tallyfy.com"),
    ("staging-api.tallyfy.com", "https://staging.go.tallyfy.com"),
    ("staging.api.tallyfy.com", "https://staging.go.tallyfy.com"),
];

/// Where the API lives: scheme, host, port and an optional path, without a slash at the end.
///
/// Holds neither credentials nor a query, so it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    url: Url,
    text: String,
}

/// Why a text is no base URL. No message quotes the text, which could hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadBaseUrl {
    /// It is not a URL at all.
    #[error("the base URL cannot be read: {0}")]
    Unreadable(String),
    /// Its scheme is neither `https` nor `http`.
    #[error("the base URL has the scheme `{0}`, which is not spoken here")]
    Scheme(String),
    /// It carries a user name or a password.
    #[error("the base URL holds a user name or password")]
    Credentials,
    /// It carries a query or a fragment.
    #[error("the base URL goes on after its path, with a `?` or a `#`")]
    Tail,
    /// It would send the token unencrypted over a network.
    #[error("the base URL would send the token unencrypted to `{0}`")]
    Insecure(String),
}

impl BadBaseUrl {
    /// The hint.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable(_) | Self::Scheme(_) | Self::Tail => {
                "write it like `https://go.tallyfy.com/api`"
            }
            Self::Credentials => "the access token is all that is needed: leave the part before the `@` out",
            Self::Insecure(_) => "use `https://`, or `--allow-insecure-http` if the network can be trusted",
        }
    }
}

impl BaseUrl {
    /// Reads a base URL. `http://` is taken only for loopback, unless `allow_insecure_http`.
    ///
    /// # Errors
    /// [`BadBaseUrl`] says what is wrong with it.
    pub fn parse(text: &str, allow_insecure_http: bool) -> Result<Self, BadBaseUrl> {
        let url =
            Url::parse(text::unwrapped(text)).map_err(|error| BadBaseUrl::Unreadable(error.to_string()))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(BadBaseUrl::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadBaseUrl::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BadBaseUrl::Tail);
        }
        let text = url.as_str().trim_end_matches('/').to_owned();
        let base = Self { url, text };
        if base.url.scheme() == "http" && !base.is_loopback() && !allow_insecure_http {
            return Err(BadBaseUrl::Insecure(base.host().to_owned()));
        }
        Ok(base)
    }

    /// The host's name or address.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Whether it leads back to this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host().trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
    }

    /// Returns the address of the web app that belongs to this API. A host that is not Tallyfy's own serves both, as
    /// `go.tallyfy.com` does: the API below `/api`, the web app beside it.
    pub(super) fn web(&self) -> Self {
        let known = WEB_HOSTS.iter().find(|(api, _)| *api == self.host());
        let text = known.map_or(self.text.strip_suffix("/api").unwrap_or(&self.text), |(_, web)| *web);
        Self::parse(text, true).unwrap_or_else(|_| self.clone())
    }

    /// Whether requests go out encrypted.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The URL of `route`, a route of the catalog whose holes are filled in, followed by `query`.
    pub(super) fn join(
        &self,
        route: &str,
        organization: &str,
        id: Option<&Id>,
        query: &[(&str, String)],
    ) -> Result<Url, Failure> {
        let text = format!("{}/{}{}", self.text, fill(route, organization, id)?, query_text(query));
        // What is sent is what was built, or nothing: a URL that the parser rewrites would address something else.
        match Url::parse(&text) {
            Ok(url) if url.as_str() == text => Ok(url),
            _ => Err(bug(route)),
        }
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// Whether a GET sent to `from` may follow a redirect to `to`: the token must not travel to another origin.
pub(super) fn same_origin(from: &Url, to: &Url) -> bool {
    let origin =
        |url: &Url| (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port_or_known_default());
    origin(from) == origin(to) && to.username().is_empty() && to.password().is_none()
}

/// Fills the holes of `route` segment by segment. An id without its hole is refused like a hole without its id: the
/// request would address a whole collection.
fn fill(route: &str, organization: &str, id: Option<&Id>) -> Result<String, Failure> {
    let id = id.map(Id::to_string);
    let mut filled = Vec::new();
    let mut id_used = false;
    for part in route.split('/') {
        let value = match part {
            "{org}" => organization,
            "{id}" => {
                id_used = true;
                id.as_deref().ok_or_else(|| bug(route))?
            }
            unknown if unknown.starts_with('{') => return Err(bug(route)),
            plain => plain,
        };
        if matches!(value, "" | "." | "..") {
            return Err(bug(route));
        }
        filled.push(utf8_percent_encode(value, SEGMENT).to_string());
    }
    if id.is_some() != id_used {
        return Err(bug(route));
    }
    Ok(filled.join("/"))
}

fn query_text(query: &[(&str, String)]) -> String {
    let mut text = String::new();
    for (key, value) in query {
        text.push(if text.is_empty() { '?' } else { '&' });
        text.extend(utf8_percent_encode(key, VALUE));
        text.push('=');
        text.extend(utf8_percent_encode(value, VALUE));
    }
    text
}

fn bug(route: &str) -> Failure {
    Failure::new(Cause::Bug, &format!("the route `{route}` could not be filled in, so nothing was sent"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ORG: &str = "e0d1c2b3a4958677685a4b3c2d1e0f10";

    fn base(text: &str) -> BaseUrl {
        BaseUrl::parse(text, false).unwrap()
    }

    fn joined(
        base: &BaseUrl,
        route: &str,
        id: Option<&str>,
        query: &[(&str, String)],
    ) -> Result<String, Failure> {
        let id = id.map(|id| Id::new(id).unwrap());
        base.join(route, ORG, id.as_ref(), query).map(|url| url.to_string())
    }

    #[test]
    fn a_base_keeps_its_path_and_loses_its_last_slashes() {
        for (text, kept) in [
            ("https://go.tallyfy.com/api", "https://go.tallyfy.com/api"),
            ("https://go.tallyfy.com/api///", "https://go.tallyfy.com/api"),
            (" https://api.tallyfy.com/ ", "https://api.tallyfy.com"),
            ("https://api.tallyfy.com", "https://api.tallyfy.com"),
            ("http://127.0.0.1:8080/api/", "http://127.0.0.1:8080/api"),
        ] {
            assert_eq!(base(text).to_string(), kept);
        }
    }

    #[test]
    fn what_is_no_base_is_refused_without_being_quoted() {
        for (text, wanted) in [
            ("go.tallyfy.com/api", BadBaseUrl::Unreadable("relative URL without a base".into())),
            ("ftp://x/", BadBaseUrl::Scheme("ftp".into())),
            ("https://me:hunter2@x/", BadBaseUrl::Credentials),
            ("https://me@x/", BadBaseUrl::Credentials),
            ("https://x/?token=hunter2", BadBaseUrl::Tail),
            ("https://x/#hunter2", BadBaseUrl::Tail),
            ("http://api.tallyfy.com", BadBaseUrl::Insecure("api.tallyfy.com".into())),
            ("http://192.168.0.7/", BadBaseUrl::Insecure("192.168.0.7".into())),
            ("http://localhost.example/", BadBaseUrl::Insecure("localhost.example".into())),
        ] {
            let error = BaseUrl::parse(text, false).unwrap_err();
            assert!(!format!("{error} {error:?} {}", error.hint()).contains("hunter2"));
            assert_eq!(error, wanted, "{text}");
        }
        assert!(matches!(BaseUrl::parse("https://", false), Err(BadBaseUrl::Unreadable(_))));
        assert!(BaseUrl::parse("http://192.168.0.7/", true).is_ok());
    }

    #[test]
    fn web_address_of_each_base_url_is_that_of_its_app() {
        let (live, staging) = ("https://go.tallyfy.com", "https://staging.go.tallyfy.com");
        for (api, app) in [
            ("https://go.tallyfy.com/api", live),
            ("https://go.tallyfy.com/api/", live),
            ("https://go.tallyfy.com", live),
            ("https://api.tallyfy.com", live),
            ("https://api.tallyfy.com/api", live),
            ("https://staging.go.tallyfy.com/api", staging),
            ("https://staging-api.tallyfy.com", staging),
            ("https://staging.api.tallyfy.com/api", staging),
            ("http://127.0.0.1:8080/api", "http://127.0.0.1:8080"),
            ("https://tallyfy.corp.example/api", "https://tallyfy.corp.example"),
            ("https://gateway.example/tallyfy/api", "https://gateway.example/tallyfy"),
            ("https://gateway.example", "https://gateway.example"),
        ] {
            let app_of = base(api).web();
            assert_eq!(app_of.to_string(), app, "{api}");
            let id = Id::new("5d0c2a9be1f34a7788c1d2e3f4a5b6c7").unwrap();
            let page = app_of.join("{org}/processes/{id}", ORG, Some(&id), &[]).unwrap();
            assert_eq!(page.as_str(), format!("{app}/{ORG}/processes/{id}"), "{api}");
        }
    }

    #[test]
    fn loopback_is_known_in_every_spelling() {
        for text in ["http://localhost", "http://127.0.0.1:1", "http://127.8.9.1", "http://[::1]:80"] {
            assert!(base(text).is_loopback(), "{text}");
        }
        assert!(!base("https://10.0.0.1").is_loopback());
    }

    #[test]
    fn one_slash_stands_at_the_joint() {
        for text in ["https://x/api", "https://x/api/", "https://x/api//"] {
            assert_eq!(joined(&base(text), "me", None, &[]).unwrap(), "https://x/api/me");
        }
        assert_eq!(joined(&base("https://x"), "me", None, &[]).unwrap(), "https://x/me");
        assert_eq!(joined(&base("https://x/"), "me", None, &[]).unwrap(), "https://x/me");
    }

    #[test]
    fn holes_are_filled_and_escaped_one_by_one() {
        let base = base("https://x/api");
        let url =
            joined(&base, "organizations/{org}/guests/{id}", Some("ana+x@supplier.example"), &[]).unwrap();
        assert_eq!(url, format!("https://x/api/organizations/{ORG}/guests/ana%2Bx%40supplier.example"));
    }

    #[test]
    fn an_id_and_its_hole_belong_together() {
        let base = base("https://x");
        for (route, id) in [
            ("organizations/{org}/runs/{id}", None),
            ("organizations/{org}/runs", Some("77")),
            ("organizations/{org}/runs/../{id}", Some("77")),
            ("organizations/{org}//{id}", Some("77")),
            ("organizations/{org}/{what}/{id}", Some("77")),
            ("", None),
        ] {
            assert_eq!(joined(&base, route, id, &[]).unwrap_err().cause, Cause::Bug, "{route}");
        }
        assert!(base.join("organizations/{org}", "..", None, &[]).is_err());
    }

    #[test]
    fn a_query_is_written_by_hand() {
        let query = [("q", "a b+c&d=é".to_owned()), ("with", "assets,tags".to_owned())];
        let url = joined(&base("https://x"), "me", None, &query).unwrap();
        assert_eq!(url, "https://x/me?q=a%20b%2Bc%26d%3D%C3%A9&with=assets,tags");
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let from = Url::parse("https://x/api/me").unwrap();
        let same = |to: &str| same_origin(&from, &Url::parse(to).unwrap());
        assert!(same("https://x/other") && same("https://X:443/"));
        assert!(
            !same("http://x/") && !same("https://y/") && !same("https://x:444/") && !same("https://a:b@x/")
        );
    }

    proptest! {
        #[test]
        fn no_id_leaves_its_segment(text in "[ -~é]{0,40}") {
            if let Ok(id) = Id::new(&text) {
                let url = base("https://x/api").join("a/{id}/b", ORG, Some(&id), &[]).unwrap();
                let segments: Vec<_> = url.path_segments().unwrap().collect();
                prop_assert_eq!((segments.len(), segments[0], segments[1], segments[3]), (4, "api", "a", "b"));
                let read = percent_encoding::percent_decode_str(segments[2]).decode_utf8().unwrap();
                prop_assert_eq!(read, text);
            }
        }
    }
}
