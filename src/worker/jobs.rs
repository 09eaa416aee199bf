//! Jobs: executing a confirmed plan, controlling it from outside, and recovering what earlier jobs left.

pub(crate) mod control;
pub(crate) mod executor;
pub(crate) mod recovery;
pub(crate) mod seen_files;
