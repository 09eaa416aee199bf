//! What every layer speaks of: pure data and pure functions.
//!
//! Owns the words of the product (kind, record, action, plan, step, outcome) and the one table of kinds. Must not know
//! of any input or output: no HTTP, no files, no clock, no terminal.

pub mod age;
pub mod catalog;
pub mod color;
pub mod context;
pub mod desktop;
pub mod download;
pub mod export;
pub mod failure;
pub mod filter;
pub mod history;
pub mod id;
pub mod id_list;
pub mod impact;
pub mod job_queue;
pub mod kind;
pub mod limits;
pub mod network;
pub mod outcome;
pub mod people;
pub mod plan;
pub mod query;
pub mod record;
pub mod record_detail;
pub mod recovery;
pub mod rows;
pub mod saved_filter;
pub mod selection;
pub mod shell;
pub mod template_reference;
pub mod text;
pub mod time;
pub mod token;
pub mod undo;
