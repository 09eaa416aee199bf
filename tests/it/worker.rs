//! The worker against the sandbox: real HTTP on one runtime with paused time.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that finds nothing where something must be should fail there"
)]

pub(crate) mod bench;
mod connection;
mod jobs;
mod journal;
mod lists;
mod pacing;
mod reads;
mod reconnect;
