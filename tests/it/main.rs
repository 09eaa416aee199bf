//! Everything that is tested from outside, in one binary.

mod cli;
mod layering;
mod properties;
mod sandbox;
