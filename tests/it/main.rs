//! Everything that is tested from outside, in one binary.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod backups;
mod cli;
mod confirmation;
mod contract;
mod crash;
mod detail;
mod disk_properties;
mod files;
mod filtering;
mod first_start;
mod gone;
mod hostile;
mod journeys;
mod layering;
mod loading;
mod modal;
mod notices;
mod offered;
mod out;
mod past;
mod pause;
mod people;
mod permissions;
mod places;
mod properties;
mod pty;
mod queue;
mod quirks;
mod readme;
mod sandbox;
mod scale;
mod screens;
mod seams;
mod set;
mod shelf;
mod support;
mod terminal_input;
mod terminal_matrix;
mod trials;
mod trust;
mod worker;
