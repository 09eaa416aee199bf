//! Everything on disk: the journal, backups, saved selections and filters, downloads, and the private files they are
//! made of. Must not know HTTP or the screen.

pub mod backups;
pub mod downloads;
pub mod files;
pub mod journal;
pub mod saved;
