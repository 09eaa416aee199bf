//! tidyfy keeps a Tallyfy organization tidy from the terminal: browse by type, mark, review in a dialog, then archive,
//! restore or permanently delete, while background work reports every HTTP result to a status pane.
//!
//! # Data flow
//!
//! Data flows one way. Every event, keys, responses and deadlines alike, arrives on one channel; one pure function takes it
//! in; what it wants done comes out as effects; the view only reads.
//!
//! ```text
//! terminal input ─┐                                                    ┌─► view(&State) ─► frame
//!                 ├─► Event ─► update(&mut State, Event) ─► Effects ───┤
//! responses ──────┘      (one channel, one order)                      └─► worker: Request ─► tallyfy::Client ─► HTTP
//!    ▲                                                                        └─► storage (journal before and after each request)
//!    └──────────────── Response, with its RequestId ◄─────────────────────────┘
//! ```
//!
//! A [`Command`](app::command::Command) is what a key or an entry of the palette means, an
//! [`Effect`](app::effect::Effect) what the core wants done and never does itself, an [`Event`](app::event::Event) something
//! that happened, with its time. The worker ends every [`Request`](app::effect::Request) with exactly one final
//! [`Response`](app::event::Response), also one that was cancelled or panicked.
//!
//! # Folders
//!
//! | folder | owns | must not know |
//! |---|---|---|
//! | [`cli`] | arguments, prompts, reports, exit codes | domain rules |
//! | [`config`], [`auth`] | defaults < file < environment < flags; where a token comes from | screens, HTTP |
//! | [`event_loop`], [`terminal`] | the only `select!` over the terminal; raw mode and its restoration | kinds, HTTP |
//! | [`shutdown`] | why the program ends, and what must be closed before it may | who requests it, how the process exits |
//! | [`model`] | pure data and functions; the catalog of kinds | input and output of any sort |
//! | [`app`] | state, events, commands, effects, keymap; state and update of each feature | tokio, ratatui, crossterm, reqwest |
//! | [`view`] | drawing, one file per feature; reads the state | effects, requests, the client |
//! | [`worker`] | requests, lists, records, jobs, files | the state, the view |
//! | [`tallyfy`] | HTTP to the API; one call is one attempt | who calls it |
//! | [`storage`] | everything on disk: journal, backups, saved selections and filters, downloads | HTTP, screens |
//! | [`sandbox`] | a Tallyfy-compatible server on loopback | every other folder |
//!
//! A kind is one entry of [`model::catalog`]: routes, scopes, columns, actions, preconditions, losses; no other code asks
//! which kind it has. A key is one row of [`app::keymap`]: footer, help, palette, README and config come from it. The
//! sandbox shares neither, so that a wrong route fails a test.
//!
//! A job's queue is a pure state machine, [`JobQueue`](model::job_queue::JobQueue), in the worker; the state mirrors it. A
//! slow terminal does not slow a job, and a fast job does not slow the keys.
//!
//! # Glossary
//!
//! | term | meaning |
//! |---|---|
//! | kind | a resource type: processes, templates, tasks, ... |
//! | record, field, list, page, row, column | one resource; one of its values; what a list route returns; one page of it; a record on screen |
//! | scope | active, archived or all |
//! | filter, term, sort | what narrows a list; one condition; its order |
//! | mark, selection | a marked record; all marks; a saved selection is one kept by name or in a file |
//! | action | archive, restore, delete, and their labels per kind (disable, enable) |
//! | plan, target, blocked, option, warning, impact | what the dialog shows and the job runs; a record in it; a record that cannot be acted on; a checkbox; a consequence; counts of dependents |
//! | confirmation | none, key (`y`) or phrase (`delete 12`) |
//! | job, step, attempt, outcome | a confirmed plan being executed; one request for one record; one try of it; how the step ended |
//! | request, response | what the app asks the worker for; what comes back |
//! | event, command, effect | something that happened; what a key or palette entry means; what `update` wants done |
//! | dialog, picker, prompt, pane, status pane, footer, notice | a modal; a list to choose from; a text input; a region of the screen; the pane with results; key hints; a one-line message |
//! | connection | online, unauthorized or offline; with rate limiter, permit, window and backoff |
//! | organization, profile, context | a Tallyfy organization; a named entry of the config; base URL, organization and profile in use |
//! | journal, history, undo, retry, resume | the write-ahead log; its view; the inverse job; failed steps again; an unfinished job after a crash |
//! | backup, export, download | a copy taken before a permanent delete; rows written for other programs; file bytes saved for a person |
//! | sandbox, fault, quirk, seed | the built-in server; an injected failure; a documented disagreement of API sources; the seed of its random numbers |

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
