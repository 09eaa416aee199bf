//! TODO doc

pub(crate) mod impact;
pub(crate) mod lookup;
pub(crate) mod reads;
pub(crate) mod related;
pub(crate) mod resolve;
