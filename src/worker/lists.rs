//! TODO doc

pub(crate) mod aggregate;
pub(crate) mod loader;
pub(crate) mod paginator;
