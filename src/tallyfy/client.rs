//! The one way out to the API.
//!
//! Owns what every request carries (API sheet, section 1.2), what a client may do at all (nothing but GET when it is
//! read-only), how long an attempt may take, how much of an answer is read, and which redirects are followed. One call
//! is one attempt. Must not repeat, wait or count: the worker does.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Request, Response, StatusCode, Url, Version};
use rustls::crypto::{CryptoProvider, ring};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::model::catalog;
use crate::model::failure::{Cause, Failure};
use crate::model::id::Id;
use crate::model::token::Token;

use super::connect_error::ConnectRoute;
use super::file_check;
use super::network::Network;
use super::redact::Redactor;
use super::transport;
use crate::tallyfy::list_body::KeptKeys;
use crate::tallyfy::rate_limit_headers::{RateLimitHeaders, RateLimitListener};
use crate::tallyfy::response::{ActionResponse, ListResponse, RawResponse};
use crate::tallyfy::url::{BaseUrl, same_origin};

mod download;

pub use download::Download;

/// The header without which the API answers 401 (API sheet, section 1.2).
const CLIENT: HeaderName = HeaderName::from_static("x-tallyfy-client");
const USER_AGENT: &str = concat!("tidyfy/", env!("CARGO_PKG_VERSION"));
/// How many redirects one GET follows.
const MOST_REDIRECTS: usize = 5;
/// Shorter than servers keep a quiet connection, so that a DELETE rarely meets one that has just been closed.
const POOL_IDLE: Duration = Duration::from_secs(30);

/// How long an attempt may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Until a connection stands, its name looked up and its encryption agreed.
    pub connect: Duration,
    /// Until the last byte of the answer has come, all redirects included.
    pub request: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), request: Duration::from_secs(30) }
    }
}

/// Where to, as whom, and on what terms.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// Where the API lives.
    pub base_url: BaseUrl,
    /// The organization's id.
    pub organization: String,
    /// What the server knows the person by.
    pub token: Token,
    /// Whether nothing but GET may be sent.
    pub read_only: bool,
    /// How long an attempt may take.
    pub timeouts: Timeouts,
    /// The most bytes read of an answer, after decompression.
    pub body_cap: usize,
}

impl ClientConfig {
    /// Enough for a page of 100 processes with every include there is.
    pub const BODY_CAP: usize = 16 * 1024 * 1024;

    /// Takes the organization's place where none is known yet. No route that names one leads anywhere with it; those of the
    /// person (`me`) do.
    pub const NO_ORGANIZATION: &'static str = "0";
}

/// Why a client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The organization is not named by an id.
    #[error("the organization's id cannot be used in a request: {0}")]
    Organization(#[from] crate::model::id::BadId),
    /// The token cannot stand in a header.
    #[error("the access token holds characters that no request can carry")]
    Token,
    /// The HTTP library refused its settings, or found no certificates to trust.
    #[error("no HTTP client can be set up: {0}")]
    Library(String),
}

impl SetupError {
    /// The hint.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Organization(_) => {
                "the id is 32 hex digits: see Settings > Integrations > REST API in the web app"
            }
            Self::Token => "copy the token again, without quotes or line breaks",
            Self::Library(_) => {
                "install the system's root certificates, such as the package `ca-certificates`; `SSL_CERT_FILE` and `SSL_CERT_DIR` name others where they are set"
            }
        }
    }
}

/// A client of one organization. Clones share their connections.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    access: Arc<ClientConfig>,
    network: Arc<Network>,
    /// Who wants to know what answers say about the server's limits.
    ear: RateLimitListener,
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Client").field("access", &self.access).finish_non_exhaustive()
    }
}

impl Client {
    /// Makes a client that connects directly; nothing is sent yet.
    ///
    /// # Errors
    /// As for [`Client::over`].
    pub fn new(access: ClientConfig) -> Result<Self, SetupError> {
        Self::over(access, Network::default())
    }

    /// Makes a client that connects over `network`; nothing is sent yet.
    ///
    /// # Errors
    /// [`SetupError`] says what is wrong with `access`, or that the system trusts no certificates.
    pub fn over(access: ClientConfig, network: Network) -> Result<Self, SetupError> {
        Id::new(&access.organization)?;
        let mut builder = reqwest::Client::builder()
            .default_headers(headers(&access.token)?)
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(access.timeouts.connect)
            .pool_idle_timeout(POOL_IDLE)
            .tcp_nodelay(true);
        // The library reads the variables too; what is said of a proxy must be what is used.
        builder = builder.no_proxy();
        let refused = |error: reqwest::Error| SetupError::Library(reason(&error));
        if let Some(proxy) = network.proxy() {
            builder = builder.proxy(reqwest::Proxy::all(proxy.url()).map_err(refused)?);
        }
        if let Some(certificates) = network.certificates() {
            builder = builder.tls_certs_only(certificates.map_err(refused)?);
        }
        builder = if access.base_url.is_secure() {
            // Fails where a provider is installed already, which is then used.
            let _ = ring::default_provider().install_default();
            builder
        } else {
            builder.tls_backend_preconfigured(trusting_nobody()?)
        };
        let http = builder.build().map_err(refused)?;
        Ok(Self {
            http,
            access: Arc::new(access),
            network: Arc::new(network),
            ear: RateLimitListener::default(),
        })
    }

    /// The same client with no connection yet: whatever it sends opens one.
    ///
    /// # Errors
    /// As for [`Client::new`].
    pub fn reconnected(&self) -> Result<Self, SetupError> {
        Self::over(ClientConfig::clone(&self.access), Network::clone(&self.network))
    }

    /// The same access with another token, on connections of its own; nothing is sent yet.
    ///
    /// # Errors
    /// As for [`Client::new`].
    pub fn with_token(&self, token: Token) -> Result<Self, SetupError> {
        Self::over(ClientConfig { token, ..ClientConfig::clone(&self.access) }, Network::clone(&self.network))
    }

    /// The same client, and what is heard of the server's limits in the answers that come by it alone.
    #[must_use]
    pub fn overheard(&self) -> (Self, RateLimitListener) {
        let ear = RateLimitListener::default();
        (Self { ear: ear.clone(), ..self.clone() }, ear)
    }

    /// What this client was made with.
    #[must_use]
    pub fn access(&self) -> &ClientConfig {
        &self.access
    }

    /// Asks for one page of a list, of whose rows only `keep` is read. `route` may hold `{org}`, and `{id}` if
    /// there is one.
    ///
    /// # Errors
    /// A [`Failure`] for anything but a list.
    pub async fn list(
        &self,
        route: &str,
        id: Option<&Id>,
        query: &[(&str, String)],
        page: usize,
        per_page: usize,
        keep: &KeptKeys,
    ) -> Result<ListResponse, Failure> {
        let url = self.url(route, id, &paged(query, page, per_page))?;
        self.get(url).await?.listed(keep)
    }

    /// Asks for one record, or for a short list that has no pages. `route` may hold `{org}`, and `{id}` if there is
    /// one. The record comes out of its envelope: `{data: x}` and a list of one are `x` (API sheet, section 9, row 14).
    ///
    /// # Errors
    /// A [`Failure`] for anything but data.
    pub async fn read(
        &self,
        route: &str,
        id: Option<&Id>,
        query: &[(&str, String)],
    ) -> Result<Value, Failure> {
        let url = self.url(route, id, query)?;
        self.get(url).await?.record()
    }

    /// Sends a change. A read-only client refuses before anything is built.
    ///
    /// # Errors
    /// A [`Failure`] whose cause says what is known about the outcome.
    pub async fn send(
        &self,
        method: catalog::Method,
        route: &str,
        id: &Id,
        query: &[(&str, String)],
    ) -> Result<ActionResponse, Failure> {
        if self.access.read_only {
            return Err(Failure::new(Cause::Forbidden, "read-only: nothing was sent"));
        }
        let url = self.url(route, Some(id), query)?;
        let deadline = self.deadline();
        let method = match method {
            catalog::Method::Put => reqwest::Method::PUT,
            catalog::Method::Delete => reqwest::Method::DELETE,
        };
        let response = self.attempt(Request::new(method.clone(), url), deadline).await?;
        if response.status().is_redirection() {
            let words = format!("the server redirects this {method}, which is never followed");
            return Err(Failure::answered(Cause::Redirected, response.status().as_u16(), &words));
        }
        self.finish(response, deadline).await?.answered()
    }

    /// The path that [`Client::send`] asks for, as it is on the wire, with its parameters.
    ///
    /// # Errors
    /// A [`Failure`] when the route cannot be filled in; it could not be sent either.
    pub fn path(&self, route: &str, id: &Id, query: &[(&str, String)]) -> Result<String, Failure> {
        let url = self.url(route, Some(id), query)?;
        Ok(match url.query() {
            None => url.path().to_owned(),
            Some(query) => format!("{}?{query}", url.path()),
        })
    }

    /// The URL that [`Client::read`] and [`Client::send`] ask for, as it is on the wire. It never holds the token.
    ///
    /// # Errors
    /// As for [`Client::path`].
    pub fn address(&self, route: &str, id: Option<&Id>, query: &[(&str, String)]) -> Result<String, Failure> {
        Ok(self.url(route, id, query)?.to_string())
    }

    /// The URL that [`Client::list`] asks for, as it is on the wire. It never holds the token.
    ///
    /// # Errors
    /// As for [`Client::path`].
    pub fn list_address(
        &self,
        route: &str,
        id: Option<&Id>,
        query: &[(&str, String)],
        page: usize,
        per_page: usize,
    ) -> Result<String, Failure> {
        self.address(route, id, &paged(query, page, per_page))
    }

    /// Returns the address of a page of the web app. It never contains the token.
    ///
    /// # Errors
    /// As for [`Client::path`].
    pub fn web_address(&self, route: &str, id: Option<&Id>) -> Result<String, Failure> {
        let url = self.access.base_url.web().join(route, &self.access.organization, id, &[])?;
        Ok(url.to_string())
    }

    fn url(&self, route: &str, id: Option<&Id>, query: &[(&str, String)]) -> Result<Url, Failure> {
        self.access.base_url.join(route, &self.access.organization, id, query)
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.access.timeouts.request
    }

    async fn get(&self, url: Url) -> Result<RawResponse<'_>, Failure> {
        let deadline = self.deadline();
        let response = self.reach(url, &HeaderMap::new(), deadline).await?;
        self.finish(response, deadline).await
    }

    /// The answer to a GET with these headers beside the usual ones, its body unread. Redirects are followed by hand:
    /// reqwest would carry the token to another port or scheme of the same host.
    async fn reach(&self, mut url: Url, headers: &HeaderMap, deadline: Instant) -> Result<Response, Failure> {
        for _ in 0..=MOST_REDIRECTS {
            let mut request = Request::new(reqwest::Method::GET, url.clone());
            request.headers_mut().clone_from(headers);
            let response = self.attempt(request, deadline).await?;
            if !response.status().is_redirection() {
                return Ok(response);
            }
            url = onward(&url, &response, Redactor::of(&self.access))?;
        }
        Err(Failure::new(Cause::Redirected, "the server redirects in circles"))
    }

    async fn attempt(&self, request: Request, deadline: Instant) -> Result<Response, Failure> {
        let Timeouts { connect, request: whole } = self.access.timeouts;
        match timeout_at(deadline, self.http.execute(request)).await {
            Err(_) => Err(transport::no_answer(whole)),
            Ok(Ok(answer)) => {
                if let Some(proxy) = self.network.proxy()
                    && answer.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED
                {
                    return Err(transport::stopped_by_proxy(proxy));
                }
                self.ear.hear(RateLimitHeaders::read(answer.headers(), Timestamp::now()));
                Ok(answer)
            }
            Ok(Err(error)) => {
                let base_url = &self.access.base_url;
                let (host, is_secure) = (base_url.host(), base_url.is_secure());
                let route = ConnectRoute { host, is_secure, network: &self.network, connect };
                Err(transport::failed_to_send(&error, &route, whole))
            }
        }
    }

    /// Reads the answer to its end. A refusal whose body does not end well is still that refusal.
    async fn finish(&self, mut response: Response, deadline: Instant) -> Result<RawResponse<'_>, Failure> {
        let (status, headers) = (response.status(), response.headers().clone());
        let is_complete = match status {
            // The library reads no body behind this status, whatever length was announced.
            StatusCode::NO_CONTENT => !announces_body(&headers),
            // Without one of these an HTTP/1 body ends wherever the connection does.
            _ => {
                response.version() >= Version::HTTP_2
                    || headers.contains_key(CONTENT_LENGTH)
                    || file_check::is_chunked(&headers)
            }
        };
        let mut body = Vec::new();
        let ending = timeout_at(deadline, drain(&mut response, &mut body, self.access.body_cap)).await;
        let raw = RawResponse { status, headers, body, is_complete, redactor: Redactor::of(&self.access) };
        match ending {
            _ if !status.is_success() => Err(raw.refused()),
            Ok(BodyEnd::Whole) => Ok(raw),
            Ok(BodyEnd::TooLong) => Err(raw.garbled("the answer is too long to be one of the API's")),
            Ok(BodyEnd::BrokenOff) => Err(transport::broke_off(status.as_u16())),
            Err(_) => Err(transport::no_answer(self.access.timeouts.request)),
        }
    }
}

/// Whether the headers announce a body of at least one byte.
fn announces_body(headers: &HeaderMap) -> bool {
    let lengths = headers.get_all(CONTENT_LENGTH).iter();
    file_check::is_chunked(headers) || lengths.into_iter().any(|length| length.as_bytes() != b"0")
}

/// A query with what asks for one page.
fn paged<'a>(query: &[(&'a str, String)], page: usize, per_page: usize) -> Vec<(&'a str, String)> {
    let paging = [("page", page.to_string()), ("per_page", per_page.to_string())];
    query.iter().cloned().chain(paging).collect()
}

/// How the body of an answer ended.
enum BodyEnd {
    Whole,
    TooLong,
    BrokenOff,
}

/// Reads into `body` what comes, at most `cap` bytes of it, counted after decompression.
async fn drain(response: &mut Response, body: &mut Vec<u8>, cap: usize) -> BodyEnd {
    loop {
        match response.chunk().await {
            Ok(None) => return BodyEnd::Whole,
            Ok(Some(chunk)) if chunk.len() > cap - body.len() => return BodyEnd::TooLong,
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Err(_) => return BodyEnd::BrokenOff,
        }
    }
}

/// Where a redirected GET goes on, if it may.
fn onward(from: &Url, response: &Response, redactor: Redactor<'_>) -> Result<Url, Failure> {
    let status = response.status().as_u16();
    let refused = |words: &str| Failure::answered(Cause::Redirected, status, words);
    let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return Err(refused("the answer is neither data nor a redirect that can be followed"));
    }
    let to = location.and_then(|location| from.join(location).ok());
    let to = to.ok_or_else(|| refused("the server redirects without saying where to"))?;
    if same_origin(from, &to) {
        return Ok(to);
    }
    let host = redactor.text(to.host_str().unwrap_or("nowhere"));
    Err(refused(&format!("the server redirects to another place, on `{host}`, which is not followed")))
}

fn headers(token: &Token) -> Result<HeaderMap, SetupError> {
    let bearer = format!("Bearer {}", token.reveal());
    let mut bearer = HeaderValue::from_str(&bearer).map_err(|_| SetupError::Token)?;
    bearer.set_sensitive(true);
    Ok(HeaderMap::from_iter([
        (AUTHORIZATION, bearer),
        (ACCEPT, HeaderValue::from_static("application/json")),
        (CLIENT, HeaderValue::from_static("APIClient")),
    ]))
}

/// Settings for a base URL without encryption, where no certificate is ever looked at. Without them the library would
/// load the system's certificates, and fail where there are none, such as in a bare container.
fn trusting_nobody() -> Result<rustls::ClientConfig, SetupError> {
    let provider: Arc<CryptoProvider> = Arc::new(ring::default_provider());
    let settings = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| SetupError::Library(error.to_string()))?;
    Ok(settings.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}

/// The innermost reason: the library's own first sentence only says that building failed.
fn reason(error: &reqwest::Error) -> String {
    let mut reason: &dyn std::error::Error = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    reason.to_string()
}
