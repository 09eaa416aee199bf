//! TODO doc

pub(crate) mod control;
pub(crate) mod executor;
pub(crate) mod recovery;
pub(crate) mod seen_files;
