//! Everything that is tested from outside, in one binary.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod backups;
mod cli;
mod contract;
mod crash;
mod detail;
mod filtering;
mod journeys;
mod layering;
mod loading;
mod modal;
mod properties;
mod pty;
mod quirks;
mod readme;
mod sandbox;
mod scale;
mod screens;
mod seams;
mod shelf;
mod support;
mod trials;
mod trust;
mod worker;
