//! The app-state layer: what the program knows, and how a fact changes it.
//!
//! Owns the state, the keymap, and the one function [`update::update`] through which every key, reply and deadline goes.
//! It returns the effects it wants and performs none. Must not know of terminals, HTTP, files or time: moments come in
//! with the messages.

pub mod command;
pub mod effect;
pub mod keymap;
pub mod message;
pub mod state;
pub mod update;
