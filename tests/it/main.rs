//! Everything that is tested from outside, in one binary.

mod contract;
mod layering;
mod properties;
mod sandbox;
