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
pub(super) struct ConnectRoute<'a> {
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
pub(super) struct ConnectError {
    pub(super) words: String,
    pub(super) hint: Option<String>,
}

impl ConnectError {
    fn new(words: String) -> Self {
        Self { words, hint: None }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// The party that a connection failed at.
#[derive(Clone, Copy)]
enum ConnectParty<'a> {
    Api(&'a str),
    Proxy(&'a Proxy),
}

impl fmt::Display for ConnectParty<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api(host) => write!(out, "`{host}`"),
            Self::Proxy(proxy) => proxy.fmt(out),
        }
    }
}

/// Where a tunnel through a proxy broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProxyTunnel {
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
const TUNNEL: [(&str, ProxyTunnel); 6] = [
    ("tunnel error: failed to create underlying connection", ProxyTunnel::Unreached),
    ("tunnel error: proxy authorization required", ProxyTunnel::Unauthorized),
    ("tunnel error: unsuccessful", ProxyTunnel::Refused),
    ("tunnel error: proxy response headers too long", ProxyTunnel::Refused),
    ("tunnel error: unexpected end of file", ProxyTunnel::Closed),
    ("tunnel error: io error establishing tunnel", ProxyTunnel::Closed),
];

/// Explains why no connection came about.
pub(super) fn explain(error: &reqwest::Error, route: &ConnectRoute<'_>) -> ConnectError {
    let api = ConnectParty::Api(route.host);
    let Some(proxy) = route.network.proxy() else { return at(error, api, route) };
    match tunnel(error) {
        Some(ProxyTunnel::Unreached) => at(error, ConnectParty::Proxy(proxy), route),
        Some(ProxyTunnel::Unauthorized) => unauthorized(proxy),
        Some(ProxyTunnel::Refused) => ConnectError::new(format!("{proxy} did not connect to {api}"))
            .hint(format!("it may not reach or not allow that host; {}", around(proxy, route.host))),
        Some(ProxyTunnel::Closed) => {
            let words = format!("{proxy} closed the connection before it had connected to {api}");
            ConnectError::new(words).hint(around(proxy, route.host))
        }
        // Without a tunnel the proxy is all that is connected to.
        None if !route.is_secure => at(error, ConnectParty::Proxy(proxy), route),
        None if error.is_timeout() => {
            let waited = limits::spoken(route.connect);
            ConnectError::new(format!("no connection to {api} through {proxy} in {waited}"))
                .hint(around(proxy, route.host))
        }
        None => {
            let ConnectError { words, hint } = at(error, api, route);
            ConnectError { words: format!("{words}, reached through {proxy}"), hint }
        }
    }
}

/// Explains a 407, which the answer of a proxy to a request without a tunnel can be too.
pub(super) fn unauthorized(proxy: &Proxy) -> ConnectError {
    let variable = proxy.variable();
    let words = match proxy.has_credentials() {
        true => format!("{proxy} does not accept the user name and password in `{variable}`"),
        false => format!("{proxy} asks for a user name and password"),
    };
    let form = format!("{variable}=http://USER:PASSWORD@host:port");
    ConnectError::new(words).hint(format!("write them as `{form}`, special characters percent-encoded"))
}

fn around(proxy: &Proxy, host: &str) -> String {
    format!("check `{}`, or go around the proxy with `NO_PROXY={host}`", proxy.variable())
}

fn tunnel(error: &reqwest::Error) -> Option<ProxyTunnel> {
    sources(error).find_map(|source| {
        let text = source.to_string();
        TUNNEL.iter().find(|(start, _)| text.starts_with(start)).map(|(_, tunnel)| *tunnel)
    })
}

/// Explains an error in connecting to `party`.
fn at(error: &reqwest::Error, party: ConnectParty<'_>, route: &ConnectRoute<'_>) -> ConnectError {
    let said = |words: String| match party {
        ConnectParty::Api(_) => ConnectError::new(words),
        ConnectParty::Proxy(proxy) => ConnectError::new(words).hint(around(proxy, route.host)),
    };
    if error.is_timeout() {
        return said(format!("no connection to {party} in {}", limits::spoken(route.connect)));
    }
    if error.is_dns() {
        return said(match party {
            ConnectParty::Api(host) => format!("the name `{host}` could not be looked up"),
            ConnectParty::Proxy(_) => format!("the name of {party} could not be looked up"),
        });
    }
    let io = sources(error).filter_map(|source| source.downcast_ref::<io::Error>()).last();
    if let Some(tls) = io.and_then(secured) {
        let ConnectError { words, hint } = of_tls(tls, party, route);
        return ConnectError { hint: hint.or_else(|| said(String::new()).hint), words };
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

fn of_tls(error: &rustls::Error, party: ConnectParty<'_>, route: &ConnectRoute<'_>) -> ConnectError {
    match error {
        rustls::Error::InvalidCertificate(why) => of_certificate(why, party, route),
        rustls::Error::InvalidMessage(
            InvalidMessage::InvalidContentType | InvalidMessage::MessageTooLarge,
        ) => ConnectError::new(format!("{party} does not speak TLS there"))
            .hint("check scheme and port of the address"),
        rustls::Error::PeerIncompatible(_)
        | rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => {
            ConnectError::new(format!("{party} and tidyfy have no version of TLS in common"))
                .hint("the server must offer TLS 1.2 or 1.3")
        }
        rustls::Error::AlertReceived(_) => ConnectError::new(format!("{party} broke off the TLS handshake")),
        _ => ConnectError::new(format!("no secure connection to {party}")),
    }
}

fn of_certificate(why: &CertificateError, party: ConnectParty<'_>, route: &ConnectRoute<'_>) -> ConnectError {
    let clock = || {
        let now = day(Timestamp::now());
        format!(
            "the clock of this machine says {now}: set it if that is wrong; else the certificate must be renewed"
        )
    };
    match why {
        CertificateError::Expired => {
            ConnectError::new(format!("the certificate of {party} has expired")).hint(clock())
        }
        CertificateError::ExpiredContext { not_after, .. } => {
            let until = at_day(not_after.as_secs());
            ConnectError::new(format!("the certificate of {party} has expired on {until}")).hint(clock())
        }
        CertificateError::NotValidYet => {
            ConnectError::new(format!("the certificate of {party} is not valid yet")).hint(clock())
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            let from = at_day(not_before.as_secs());
            ConnectError::new(format!("the certificate of {party} is not valid before {from}")).hint(clock())
        }
        CertificateError::NotValidForName => for_other_name(party, &[]),
        CertificateError::NotValidForNameContext { presented, .. } => for_other_name(party, presented),
        // Another authority of the same name signs with another key.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => unknown_issuer(party, route),
        CertificateError::Revoked => ConnectError::new(format!("the certificate of {party} is revoked")),
        // A certificate that signs others and is used by itself, as self-made ones are.
        CertificateError::Other(_) => unknown_issuer(party, route),
        _ => ConnectError::new(format!("the certificate of {party} cannot be trusted")),
    }
}

fn unknown_issuer(party: ConnectParty<'_>, route: &ConnectRoute<'_>) -> ConnectError {
    let variable = NetworkVariables::CERTIFICATES;
    let hint = match route.network.trusted() {
        Some((path, _)) => {
            format!("`{variable}` names `{path}`: add the certificate of the authority that signed it")
        }
        None => format!(
            "if your company inspects TLS, set `{variable}` to a file with the certificate of its authority, in PEM form"
        ),
    };
    ConnectError::new(format!("the certificate of {party} is signed by an authority that is unknown here"))
        .hint(hint)
}

fn for_other_name(party: ConnectParty<'_>, presented: &[String]) -> ConnectError {
    // The library writes `DnsName("x")`.
    let name = |text: &String| text.split('"').nth(1).map_or_else(|| text.clone(), str::to_owned);
    let names: Vec<_> = presented.iter().take(3).map(name).collect();
    let of = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
    ConnectError::new(format!("the certificate of {party} is for another name{of}"))
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
