//! HTTP to the Tallyfy API: one call is one attempt.
//!
//! Owns how a request is addressed and sent, what its answer means, which pages of a list to ask for, and how the API's
//! JSON becomes the crate's own data. Facts come from the API sheet. Must not know who calls it or what is drawn, and
//! neither repeats nor paces anything: that is the worker's business.

pub mod address;
pub mod answer;
pub mod client;
mod connect_error;
pub mod decode;
mod file_check;
pub mod network;
pub mod page;
#[cfg(test)]
mod properties;
pub mod quota;
pub mod redact;
mod refusal;
mod sift;
pub mod success;
mod transport;

pub use address::{BadBaseUrl, BaseUrl};
pub use answer::{Answered, Listed};
pub use client::{Access, Client, Download, SetupError, Timeouts};
pub use network::{Network, NetworkError, Proxy};
pub use quota::{Ear, Quota};
pub use redact::Redactor;
pub use sift::{Body, Keep};
