//! What every layer speaks of: pure data and pure functions.
//!
//! Owns the words of the product (kind, record, verb, plan, step, outcome) and the one table of kinds. Must not know
//! of any input or output: no HTTP, no files, no clock, no terminal.

pub mod accent;
pub mod age;
pub mod annals;
pub mod arrange;
pub mod catalog;
pub mod desktop;
pub mod failure;
pub mod filter;
pub mod id;
pub mod id_list;
pub mod impact;
pub mod kind;
pub mod moment;
pub mod network;
pub mod outcome;
pub mod pacing;
pub mod past;
pub mod people;
pub mod place;
pub mod plan;
pub mod record;
pub mod reference;
pub mod rows;
pub mod run;
pub mod saved;
pub mod saving;
pub mod secret;
pub mod set;
pub mod sheet;
pub mod shell;
pub mod spreadsheet;
pub mod text;
pub mod undo;
