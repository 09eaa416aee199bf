//! The name under which this process owns jobs.
//!
//! Owns that name. A process id is none: two containers that share a state directory both have a process 1.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

/// Returns a random name, the same from the start of the process to its end.
pub(super) fn owner() -> &'static str {
    static OWNER: OnceLock<String> = OnceLock::new();
    OWNER.get_or_init(|| {
        // Each state begins with keys from the operating system.
        let half = || RandomState::new().hash_one(());
        format!("{:016x}{:016x}", half(), half())
    })
}
