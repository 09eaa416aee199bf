//! HTTP to the Tallyfy API: one call is one attempt.
//!
//! Owns how a request is addressed and sent, what its answer means, which pages of a list to ask for, and how the API's
//! JSON becomes the crate's own data. Facts come from the API sheet. Must not know who calls it or what is drawn, and
//! neither repeats nor paces anything: that is the worker's business.

pub mod client;
mod connect_error;
pub mod decode;
mod error_body;
mod file_check;
mod list_body;
pub mod network;
pub mod page;
#[cfg(test)]
mod properties;
pub mod rate_limit_headers;
pub mod redact;
pub mod response;
pub mod success;
mod transport;
pub mod url;

pub use crate::tallyfy::list_body::{Body, KeptKeys};
pub use crate::tallyfy::rate_limit_headers::{RateLimitHeaders, RateLimitListener};
pub use crate::tallyfy::response::{ActionResponse, ListResponse};
pub use crate::tallyfy::url::{BadBaseUrl, BaseUrl};
pub use client::{Client, ClientConfig, Download, SetupError, Timeouts};
pub use network::{Network, NetworkError, Proxy};
pub use redact::Redactor;
