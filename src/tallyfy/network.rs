//! The way to the API: through which proxy, and which certificates are trusted on it.
//!
//! Owns which proxy the variables name for an address, in words without its password, and the reading of a file of
//! certificates. Must not send anything.

use std::fmt;
use std::net::IpAddr;

use reqwest::{Certificate, Url};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::model::network::NetworkVariables;
use crate::model::text;
use crate::tallyfy::url::BaseUrl;

/// A proxy and the variable that names it.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    url: Url,
    variable: &'static str,
}

impl Proxy {
    /// Returns the variable that names it.
    #[must_use]
    pub fn variable(&self) -> &'static str {
        self.variable
    }

    /// Whether its address contains a user name or a password.
    #[must_use]
    pub fn has_credentials(&self) -> bool {
        !self.url.username().is_empty() || self.url.password().is_some()
    }

    /// Returns its address, credentials included, for the HTTP library alone.
    pub(super) fn url(&self) -> &str {
        self.url.as_str()
    }
}

/// ``the proxy `http://proxy.example:3128` (`HTTPS_PROXY`)``, never with a user name or a password.
impl fmt::Display for Proxy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the proxy `{}://{}", self.url.scheme(), self.url.host_str().unwrap_or_default())?;
        if let Some(port) = self.url.port() {
            write!(out, ":{port}")?;
        }
        write!(out, "` (`{}`)", self.variable)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Proxy({self})")
    }
}

/// The way to one address. By default it is direct, and the certificates of the system are trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Network {
    proxy: Option<Proxy>,
    /// The host, where `NO_PROXY` excepts it from a proxy that is set.
    excepted: bool,
    trusted: Option<TrustedCertificates>,
}

/// The certificates of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct TrustedCertificates {
    path: String,
    certificates: Vec<CertificateDer<'static>>,
    /// Whether a folder of certificates is set as well: then the library reads both.
    has_folder: bool,
}

/// A variable that cannot be used as it is set. No message quotes a proxy, which may contain a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// The address of a proxy cannot be read.
    #[error("`{0}` is not the address of a proxy")]
    Address(&'static str),
    /// The proxy speaks something else than HTTP.
    #[error("`{0}` names a proxy that speaks `{1}`; only `http` and `https` are possible")]
    Scheme(&'static str, String),
    /// The file cannot be read.
    #[error("could not read `{0}`, which `SSL_CERT_FILE` names: {1}")]
    Unreadable(String, String),
    /// The file contains no certificate.
    #[error("`{0}`, which `SSL_CERT_FILE` names, contains no certificate")]
    NoCertificate(String),
}

impl NetworkError {
    /// Whether it is the proxy that cannot be used, and not the file of certificates.
    #[must_use]
    pub fn is_of_proxy(&self) -> bool {
        matches!(self, Self::Address(_) | Self::Scheme(..))
    }

    /// Returns what to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Address(variable) | Self::Scheme(variable, _) => format!(
                "write it like `{variable}=http://proxy.example:3128`, or except the host by `NO_PROXY`"
            ),
            Self::Unreadable(..) => "correct `SSL_CERT_FILE`, or unset it".to_owned(),
            Self::NoCertificate(_) => {
                "it must be in PEM form, with `-----BEGIN CERTIFICATE-----`; without `SSL_CERT_FILE` the certificates of the system are used".to_owned()
            }
        }
    }
}

impl Network {
    /// Returns the way to `base_url` that the variables name. An address on this machine needs no proxy.
    ///
    /// # Errors
    /// [`NetworkError`] when the variable that counts cannot be used.
    pub fn of(variables: &NetworkVariables, base_url: &BaseUrl) -> Result<Self, NetworkError> {
        let names = if base_url.is_secure() { NetworkVariables::OF_HTTPS } else { NetworkVariables::OF_HTTP };
        let set = variables.first(&names).filter(|_| !base_url.is_loopback());
        let Some((variable, value)) = set else { return Ok(Self::default()) };
        let except = variables.first(&NetworkVariables::EXCEPT);
        if except.is_some_and(|(_, list)| is_excepted(list, base_url.host())) {
            return Ok(Self { excepted: true, ..Self::default() });
        }
        Ok(Self { proxy: Some(proxy(variable, value)?), ..Self::default() })
    }

    /// The same way, on which only the certificates of a file are trusted. `read` is the file, or why it could not be
    /// read.
    ///
    /// # Errors
    /// [`NetworkError`] when there is no certificate in it.
    pub fn trusting(
        self,
        path: &str,
        read: Result<Vec<u8>, String>,
        has_folder: bool,
    ) -> Result<Self, NetworkError> {
        let pem = read.map_err(|why| NetworkError::Unreadable(path.to_owned(), why))?;
        // Like the library, which leaves out of a bundle what it cannot read.
        let is_usable =
            |der: &CertificateDer<'_>| RootCertStore::empty().add(der.clone().into_owned()).is_ok();
        let all = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok);
        let certificates: Vec<_> = all.filter(is_usable).map(CertificateDer::into_owned).collect();
        if certificates.is_empty() {
            return Err(NetworkError::NoCertificate(path.to_owned()));
        }
        Ok(Self {
            trusted: Some(TrustedCertificates { path: path.to_owned(), certificates, has_folder }),
            ..self
        })
    }

    /// Returns the proxy on the way, if there is one.
    #[must_use]
    pub fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    /// Whether a proxy is set and `NO_PROXY` excepts the host from it.
    #[must_use]
    pub fn is_excepted(&self) -> bool {
        self.excepted
    }

    /// Returns the path of the file whose certificates are trusted, and how many there are.
    #[must_use]
    pub fn trusted(&self) -> Option<(&str, usize)> {
        self.trusted.as_ref().map(|trusted| (trusted.path.as_str(), trusted.certificates.len()))
    }

    /// Returns the certificates that take the place of the system's; none where the library reads them by itself.
    pub(super) fn certificates(&self) -> Option<Result<Vec<Certificate>, reqwest::Error>> {
        let trusted = self.trusted.as_ref().filter(|trusted| !trusted.has_folder)?;
        Some(trusted.certificates.iter().map(|der| Certificate::from_der(der)).collect())
    }
}

fn proxy(variable: &'static str, value: &str) -> Result<Proxy, NetworkError> {
    let value = text::unwrapped(value);
    // Without a scheme it is meant to be HTTP, as everywhere.
    let text = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    let mut url = Url::parse(&text).map_err(|_| NetworkError::Address(variable))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(NetworkError::Scheme(variable, url.scheme().to_owned()));
    }
    if !url.has_host() {
        return Err(NetworkError::Address(variable));
    }
    url.set_path("");
    url.set_query(None);
    url.set_fragment(None);
    Ok(Proxy { url, variable })
}

/// Whether `list`, the value of `NO_PROXY`, excepts `host` from the proxy: `*`, names with all names below them,
/// addresses and networks such as `10.0.0.0/8`.
fn is_excepted(list: &str, host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    list.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| excepts(entry, host))
}

fn excepts(entry: &str, host: &str) -> bool {
    if entry == "*" {
        return true;
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        let (network, length) = entry.split_once('/').map_or((entry, None), |(net, len)| (net, Some(len)));
        let network = network.trim_start_matches('[').trim_end_matches(']').parse();
        return network.is_ok_and(|network| is_within(address, network, length));
    }
    let entry = entry.split(':').next().unwrap_or(entry);
    let entry = entry.trim_start_matches('*').trim_start_matches('.').to_ascii_lowercase();
    let host = host.to_ascii_lowercase();
    let below = host.strip_suffix(&entry);
    !entry.is_empty() && below.is_some_and(|below| below.is_empty() || below.ends_with('.'))
}

fn is_within(address: IpAddr, network: IpAddr, length: Option<&str>) -> bool {
    use IpAddr::{V4, V6};
    let (address, network, bits) = match (address, network) {
        (V4(address), V4(network)) => (u128::from(u32::from(address)), u128::from(u32::from(network)), 32),
        (V6(address), V6(network)) => (u128::from(address), u128::from(network), 128),
        _ => return false,
    };
    let length = match length.map(str::parse::<u32>) {
        None => bits,
        Some(Ok(length)) if length <= bits => length,
        Some(_) => return false,
    };
    let rest = bits - length;
    address.checked_shr(rest).unwrap_or(0) == network.checked_shr(rest).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(variables: &[(&'static str, &str)], base_url: &str) -> Result<Network, NetworkError> {
        let set = variables.iter().map(|(name, value)| (*name, (*value).to_owned()));
        Network::of(&NetworkVariables::new(set), &BaseUrl::parse(base_url, true).unwrap())
    }

    #[test]
    fn proxy_of_the_address_is_named_without_its_password() {
        let (api, plain) = ("https://go.tallyfy.com/api", "http://api.corp.example");
        let secret = "http://me:hunter2@proxy.example:3128/x?y#z";
        for (set, base_url, named) in [
            (
                vec![("HTTPS_PROXY", secret)],
                api,
                Some("the proxy `http://proxy.example:3128` (`HTTPS_PROXY`)"),
            ),
            (vec![("https_proxy", "proxy:81")], api, Some("the proxy `http://proxy:81` (`https_proxy`)")),
            (vec![("ALL_PROXY", "\"https://proxy\"")], api, Some("the proxy `https://proxy` (`ALL_PROXY`)")),
            (
                vec![("all_proxy", "a"), ("HTTPS_PROXY", "b")],
                api,
                Some("the proxy `http://b` (`HTTPS_PROXY`)"),
            ),
            (vec![("HTTP_PROXY", "a")], api, None),
            (vec![("HTTP_PROXY", "a")], plain, Some("the proxy `http://a` (`HTTP_PROXY`)")),
            (vec![("HTTPS_PROXY", secret), ("NO_PROXY", "tallyfy.com")], api, None),
            (vec![("HTTPS_PROXY", secret)], "https://127.0.0.1:9/api", None),
            (vec![], api, None),
        ] {
            let way = way(&set, base_url).unwrap();
            assert_eq!(way.proxy().map(ToString::to_string).as_deref(), named, "{set:?}");
            assert!(
                !format!("{way:?}").contains("hunter2") && !format!("{way:?}").contains("me:"),
                "{way:?}"
            );
        }
        assert!(way(&[("HTTPS_PROXY", secret), ("no_proxy", "*")], api).unwrap().is_excepted());
        assert!(way(&[("HTTPS_PROXY", secret)], api).unwrap().proxy().unwrap().has_credentials());
    }

    #[test]
    fn unusable_proxy_is_refused_without_being_quoted() {
        for value in ["http://", "http://me:hunter2@", "://x", "http://[::1", "socks5://me:hunter2@x:1080"] {
            let error = way(&[("HTTPS_PROXY", value)], "https://go.tallyfy.com/api").unwrap_err();
            assert!(!format!("{error} {error:?} {}", error.hint()).contains("hunter2"), "{error:?}");
            assert!(error.to_string().contains("`HTTPS_PROXY`"), "{error}");
        }
    }

    #[test]
    fn file_without_a_certificate_is_refused() {
        let trusting = |read| Network::default().trusting("/ca.pem", read, false).unwrap_err().to_string();
        for pem in ["", "nothing", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            let wanted = "`/ca.pem`, which `SSL_CERT_FILE` names, contains no certificate";
            assert_eq!(trusting(Ok(pem.into())), wanted, "{pem:?}");
        }
        let wanted = "could not read `/ca.pem`, which `SSL_CERT_FILE` names: there is no such file";
        assert_eq!(trusting(Err("there is no such file".into())), wanted);
    }

    #[test]
    fn hosts_are_excepted_by_name_address_and_network() {
        for (list, host, wanted) in [
            ("*", "go.tallyfy.com", true),
            ("tallyfy.com", "go.tallyfy.com", true),
            (".tallyfy.com", "go.tallyfy.com", true),
            ("*.tallyfy.com", "go.tallyfy.com", true),
            ("GO.Tallyfy.com:443", "go.tallyfy.com", true),
            ("localhost, 10.0.0.0/8,go.tallyfy.com", "go.tallyfy.com", true),
            ("localhost go.tallyfy.com", "go.tallyfy.com", true),
            ("allyfy.com", "go.tallyfy.com", false),
            ("go.tallyfy.com.evil", "go.tallyfy.com", false),
            ("", "go.tallyfy.com", false),
            (" , ", "go.tallyfy.com", false),
            (".", "go.tallyfy.com", false),
            ("10.0.0.0/8", "10.2.3.4", true),
            ("10.0.0.0/8", "11.2.3.4", false),
            ("10.2.3.4", "10.2.3.4", true),
            ("0.0.0.0/0", "10.2.3.4", true),
            ("10.2.3.4/99", "10.2.3.4", false),
            ("fd00::/8", "[fd00::1]", true),
            ("fd00::/8", "[fe80::1]", false),
            ("::/0", "10.2.3.4", false),
        ] {
            assert_eq!(is_excepted(list, host), wanted, "{list:?} {host}");
        }
    }
}
