//! The app-state layer: what the program knows, and how a fact changes it.
//!
//! Owns the state, the keymap, and the one function [`update::update`] through which every key, reply and deadline goes.
//! It returns the effects it wants and performs none. Must not know of terminals, HTTP, files or time: moments come in
//! with the messages.

pub mod arming;
pub(crate) mod clipboard;
pub mod command;
pub mod confirm;
pub mod connection;
pub mod current_record;
pub mod detail;
pub mod downloads;
pub mod effect;
pub mod event;
pub mod export;
pub mod filter;
pub mod help;
pub mod history;
pub mod in_flight;
pub(crate) mod input;
pub mod jobs;
pub mod keymap;
pub mod layout;
pub mod lines;
pub mod list;
pub mod marked_view;
pub mod notice;
pub mod organizations;
pub mod palette;
pub(crate) mod reassign;
pub mod recovery;
pub mod resolve;
pub(crate) mod responses;
pub mod saved;
pub mod scroll;
pub mod selection;
pub mod state;
pub mod status_pane;
pub mod text_input;
pub(crate) mod undo;
pub mod update;
