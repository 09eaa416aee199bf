//! What is left after the program was killed, two of it ran at once, or the disk took no more: the journal is held against
//! what the server saw, and what is left is undone, tried again or finished.

#![expect(clippy::print_stderr, reason = "a random story that fails must say how it can be told again")]

mod full;
mod kill;
#[cfg(target_os = "linux")]
mod locks;
mod points;
mod recovery;
mod story;
pub(crate) mod support;
#[cfg(target_os = "linux")]
mod suspend;
mod two;
mod undo;
