//! Requests on their way to the server: the executor, the connection, the rate limiter and the backoff.
//!
//! Must not know what a request is for.

pub(crate) mod backoff;
pub(crate) mod connection;
pub(crate) mod executor;
pub(crate) mod limit_reports;
pub(crate) mod permits;
pub(crate) mod rate_limiter;
pub(crate) mod reconnect;
