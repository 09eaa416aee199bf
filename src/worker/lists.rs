//! Lists: reading their pages, loading them, and aggregating kinds that have no list of their own.

pub(crate) mod aggregate;
pub(crate) mod loader;
pub(crate) mod paginator;
