//! TODO doc

pub(crate) mod backoff;
pub(crate) mod connection;
pub(crate) mod executor;
pub(crate) mod limit_reports;
pub(crate) mod permits;
pub(crate) mod rate_limiter;
pub(crate) mod reconnect;
