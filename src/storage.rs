//! TODO doc

pub mod backups;
pub mod downloads;
pub mod files;
pub mod journal;
pub mod saved;
