//! Everything that is tested from outside, in one binary.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod already_gone;
mod backups;
mod cli;
mod clipboard_export;
mod confirmation;
mod contract;
mod crash;
mod detail;
mod dialog;
mod disk_properties;
mod files;
mod filtering;
mod first_start;
mod hostile;
mod journeys;
mod layering;
mod loading;
mod marked_view;
mod notices;
mod offered;
mod organizations;
mod pause;
mod people;
mod permissions;
mod properties;
mod pty;
mod queue;
mod quirks;
mod readme;
mod sandbox;
mod saved_filters;
mod scale;
mod screens;
mod seams;
mod server_replies;
mod support;
mod terminal_input;
mod terminal_matrix;
mod trust;
mod undo_history;
mod worker;
