//! tidyfy keeps a Tallyfy organization tidy from the terminal: browse by type, mark, review in a dialog, then archive,
//! restore or permanently delete, while background work reports every HTTP result to a status pane.
//!
//! # The loop
//!
//! Data flows one way. Everything that happens, keys, replies and deadlines alike, is a message on one channel; one pure
//! function takes it in; what it wants done comes out as effects; the view only reads.
//!
//! ```text
//! keys, resize, drawn ─┐                                                 ┌─► view(&State) ─► frame
//!                      ├─► Message ─► update(&mut State, Message) ─► Effects
//! replies, facts ──────┘         (one channel, one order)                └─► worker ─► tallyfy::Client ─► HTTP
//!    ▲                                                                          └────► journal (before and after each request)
//!    └──────────────────────────── Message (with its Ticket) ◄──────────────────┘
//! ```
//!
//! Three tenses, three types: a [`Command`](app::command::Command) is a wish (what a key or a line of the palette means),
//! an [`Effect`](app::effect::Effect) a request that the core returns and never performs, a
//! [`Message`](app::message::Message) a fact that carries when it happened. Work is asked for with a
//! [`Ticket`](app::effect::Ticket), and the worker ends every ticket with exactly one final message, cancelled and broken
//! ones included.
//!
//! # The rooms
//!
//! | room | owns | must not know |
//! |---|---|---|
//! | [`cli`] | the process edge: arguments, reports, exit codes | domain rules |
//! | [`config`], [`auth`] | defaults < file < environment < flags; where a token comes from | screens, HTTP |
//! | [`event_loop`], [`terminal`] | the only place that waits; raw mode and its restoration | kinds, HTTP |
//! | [`shutdown`] | why the program ends, and what must be closed before it may | who requests it, how the process exits |
//! | [`model`] | what everything speaks of, pure data and functions; the catalog of kinds | input and output of any sort |
//! | [`app`] | the state, the keymap, and `update` | tokio, ratatui, crossterm, reqwest |
//! | [`view`] | one file a pane; reads the state and draws | effects, messages, the client |
//! | [`worker`] | the async layer: loads, applies, arranges, paces | the state, the view |
//! | [`tallyfy`] | HTTP to the API; one call is one attempt | who calls it |
//! | [`journal`] | what was planned, sent and settled, on disk; the history | HTTP, screens |
//! | [`backups`] | copies of what is deleted permanently, on disk | HTTP, the journal, screens |
//! | [`downloads`] | files that are saved for a person, on disk | where the bytes come from |
//! | [`private`] | directories and files that are the owner's alone | what is kept in them |
//! | [`picker`] | what a person keeps by name, on disk: saved filters | what a filter means |
//! | [`sandbox`] | a Tallyfy-compatible server on loopback | every other room |
//!
//! Two things hold it together. A kind is one row of [`model::catalog`]: routes, scopes, columns, actions, preconditions,
//! what is lost; no other code asks which kind it has in hand. A key is one row of [`app::keymap`]: footer, help, palette,
//! README and config come from it. The sandbox shares neither, so that a wrong route fails a test.
//!
//! A job's queue is a pure machine, [`crate::model::job_queue::JobQueue`], that lives in the worker; the state mirrors it. So a slow
//! terminal does not slow a job, and a fast job does not slow the keys.

pub mod app;
pub mod auth;
pub mod cli;
pub mod config;
pub mod event_loop;
pub mod model;
pub mod sandbox;
pub mod shutdown;
pub mod storage;
pub mod tallyfy;
pub mod terminal;
pub mod view;
pub mod worker;
