//! Single records: looking them up, resolving ids, counting impact, and reading what they are related to.

pub(crate) mod impact;
pub(crate) mod lookup;
pub(crate) mod reads;
pub(crate) mod related;
pub(crate) mod resolve;
