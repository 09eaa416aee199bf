//! The tests that use the package from outside.

mod contract;
mod sandbox;
mod worker;
