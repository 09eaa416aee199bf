//! Why no connection came about: who is to blame, and what to do about it.
//!
//! Owns the one reading of the HTTP library's chain of errors: proxy or API, name lookup, connection, tunnel, TLS. Says it
//! in plain words, never in those of the library. Must not quote a URL or a header.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use jiff::Timestamp;
use rustls::{AlertDescription, CertificateError, InvalidMessage};

use super::network::{Network, Proxy};
use crate::model::limits;
use crate::model::network::NetworkVariables;

/// The way that a request was to take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Route<'a> {
    /// The host of the API.
    pub(super) host: &'a str,
    /// Whether it is reached over TLS, and so through a tunnel where there is a proxy.
    pub(super) is_secure: bool,
    /// Proxy and certificates.
    pub(super) network: &'a Network,
    /// How long a connection may take.
    pub(super) connect: Duration,
}

/// An explanation, with a hint where that is more than to check the network.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Explained {
    pub(super) words: String,
    pub(super) hint: Option<String>,
}

impl Explained {
    fn new(words: String) -> Self {
        Self { words, hint: None }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// The party that a connection failed at.
#[derive(Clone, Copy)]
enum Party<'a> {
    Api(&'a str),
    Proxy(&'a Proxy),
}

impl fmt::Display for Party<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api(host) => write!(out, "`{host}`"),
            Self::Proxy(proxy) => proxy.fmt(out),
        }
    }
}

/// Where a tunnel through a proxy broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tunnel {
    /// The proxy was not reached.
    Unreached,
    /// The proxy wants to know who asks (407).
    Unauthorized,
    /// The proxy answered something else than 200.
    Refused,
    /// The proxy ended the connection.
    Closed,
}

/// The texts of the library's error, whose type it keeps to itself.
const TUNNEL: [(&str, Tunnel); 6] = [
    ("tunnel error: failed to create underlying connection", Tunnel::Unreached),
    ("tunnel error: proxy authorization required", Tunnel::Unauthorized),
    ("tunnel error: unsuccessful", Tunnel::Refused),
    ("tunnel error: proxy response headers too long", Tunnel::Refused),
    ("tunnel error: unexpected end of file", Tunnel::Closed),
    ("tunnel error: io error establishing tunnel", Tunnel::Closed),
];

/// Explains why no connection came about.
pub(super) fn explain(error: &reqwest::Error, route: &Route<'_>) -> Explained {
    let api = Party::Api(route.host);
    let Some(proxy) = route.network.proxy() else { return at(error, api, route) };
    match tunnel(error) {
        Some(Tunnel::Unreached) => at(error, Party::Proxy(proxy), route),
        Some(Tunnel::Unauthorized) => unauthorized(proxy),
        Some(Tunnel::Refused) => Explained::new(format!("{proxy} did not connect to {api}"))
            .hint(format!("it may not reach or not allow that host; {}", around(proxy, route.host))),
        Some(Tunnel::Closed) => {
            let words = format!("{proxy} closed the connection before it had connected to {api}");
            Explained::new(words).hint(around(proxy, route.host))
        }
        // Without a tunnel the proxy is all that is connected to.
        None if !route.is_secure => at(error, Party::Proxy(proxy), route),
        None if error.is_timeout() => {
            let waited = limits::spoken(route.connect);
            Explained::new(format!("no connection to {api} through {proxy} in {waited}"))
                .hint(around(proxy, route.host))
        }
        None => {
            let Explained { words, hint } = at(error, api, route);
            Explained { words: format!("{words}, reached through {proxy}"), hint }
        }
    }
}

/// Explains a 407, which the answer of a proxy to a request without a tunnel can be too.
pub(super) fn unauthorized(proxy: &Proxy) -> Explained {
    let variable = proxy.variable();
    let words = match proxy.has_credentials() {
        true => format!("{proxy} does not accept the user name and password in `{variable}`"),
        false => format!("{proxy} asks for a user name and password"),
    };
    let form = format!("{variable}=http://USER:PASSWORD@host:port");
    Explained::new(words).hint(format!("write them as `{form}`, special characters percent-encoded"))
}

fn around(proxy: &Proxy, host: &str) -> String {
    format!("check `{}`, or go around the proxy with `NO_PROXY={host}`", proxy.variable())
}

fn tunnel(error: &reqwest::Error) -> Option<Tunnel> {
    sources(error).find_map(|source| {
        let text = source.to_string();
        TUNNEL.iter().find(|(start, _)| text.starts_with(start)).map(|(_, tunnel)| *tunnel)
    })
}

/// Explains an error in connecting to `party`.
fn at(error: &reqwest::Error, party: Party<'_>, route: &Route<'_>) -> Explained {
    let said = |words: String| match party {
        Party::Api(_) => Explained::new(words),
        Party::Proxy(proxy) => Explained::new(words).hint(around(proxy, route.host)),
    };
    if error.is_timeout() {
        return said(format!("no connection to {party} in {}", limits::spoken(route.connect)));
    }
    if error.is_dns() {
        return said(match party {
            Party::Api(host) => format!("the name `{host}` could not be looked up"),
            Party::Proxy(_) => format!("the name of {party} could not be looked up"),
        });
    }
    let io = sources(error).filter_map(|source| source.downcast_ref::<io::Error>()).last();
    if let Some(tls) = io.and_then(secured) {
        let Explained { words, hint } = of_tls(tls, party, route);
        return Explained { hint: hint.or_else(|| said(String::new()).hint), words };
    }
    let Some(io) = io else { return said(format!("no connection to {party}")) };
    said(match io.kind() {
        io::ErrorKind::ConnectionRefused => format!("{party} refused the connection"),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            format!("{party} reset the connection")
        }
        io::ErrorKind::UnexpectedEof => format!("{party} closed the connection while it was being set up"),
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
            format!("there is no route to {party}")
        }
        io::ErrorKind::NetworkDown => format!("no connection to {party}: the network is down"),
        io::ErrorKind::PermissionDenied => {
            format!("no connection to {party}: this machine does not allow it")
        }
        kind => format!("no connection to {party}: {kind}"),
    })
}

/// What went wrong with the encryption: it travels inside input/output errors, which do not name it as their source.
fn secured(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    inner.downcast_ref().or_else(|| secured(inner.downcast_ref()?))
}

fn of_tls(error: &rustls::Error, party: Party<'_>, route: &Route<'_>) -> Explained {
    match error {
        rustls::Error::InvalidCertificate(why) => of_certificate(why, party, route),
        rustls::Error::InvalidMessage(
            InvalidMessage::InvalidContentType | InvalidMessage::MessageTooLarge,
        ) => Explained::new(format!("{party} does not speak TLS there"))
            .hint("check scheme and port of the address"),
        rustls::Error::PeerIncompatible(_)
        | rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => {
            Explained::new(format!("{party} and tidyfy have no version of TLS in common"))
                .hint("the server must offer TLS 1.2 or 1.3")
        }
        rustls::Error::AlertReceived(_) => Explained::new(format!("{party} broke off the TLS handshake")),
        _ => Explained::new(format!("no secure connection to {party}")),
    }
}

fn of_certificate(why: &CertificateError, party: Party<'_>, route: &Route<'_>) -> Explained {
    let clock = || {
        let now = day(Timestamp::now());
        format!(
            "the clock of this machine says {now}: set it if that is wrong; else the certificate must be renewed"
        )
    };
    match why {
        CertificateError::Expired => {
            Explained::new(format!("the certificate of {party} has expired")).hint(clock())
        }
        CertificateError::ExpiredContext { not_after, .. } => {
            let until = at_day(not_after.as_secs());
            Explained::new(format!("the certificate of {party} has expired on {until}")).hint(clock())
        }
        CertificateError::NotValidYet => {
            Explained::new(format!("the certificate of {party} is not valid yet")).hint(clock())
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            let from = at_day(not_before.as_secs());
            Explained::new(format!("the certificate of {party} is not valid before {from}")).hint(clock())
        }
        CertificateError::NotValidForName => for_other_name(party, &[]),
        CertificateError::NotValidForNameContext { presented, .. } => for_other_name(party, presented),
        // Another authority of the same name signs with another key.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => unknown_issuer(party, route),
        CertificateError::Revoked => Explained::new(format!("the certificate of {party} is revoked")),
        // A certificate that signs others and is used by itself, as self-made ones are.
        CertificateError::Other(_) => unknown_issuer(party, route),
        _ => Explained::new(format!("the certificate of {party} cannot be trusted")),
    }
}

fn unknown_issuer(party: Party<'_>, route: &Route<'_>) -> Explained {
    let variable = NetworkVariables::CERTIFICATES;
    let hint = match route.network.trusted() {
        Some((path, _)) => {
            format!("`{variable}` names `{path}`: add the certificate of the authority that signed it")
        }
        None => format!(
            "if your company inspects TLS, set `{variable}` to a file with the certificate of its authority, in PEM form"
        ),
    };
    Explained::new(format!("the certificate of {party} is signed by an authority that is unknown here"))
        .hint(hint)
}

fn for_other_name(party: Party<'_>, presented: &[String]) -> Explained {
    // The library writes `DnsName("x")`.
    let name = |text: &String| text.split('"').nth(1).map_or_else(|| text.clone(), str::to_owned);
    let names: Vec<_> = presented.iter().take(3).map(name).collect();
    let of = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
    Explained::new(format!("the certificate of {party} is for another name{of}"))
        .hint("check the base URL; the login page of a network or a proxy may answer in its place")
}

fn at_day(seconds: u64) -> String {
    let at = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    at.map_or_else(|| "an unknown day".to_owned(), day)
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

pub(super) fn sources(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |source: &&(dyn Error + 'static)| (*source).source())
}
