//! The tests that use the package from outside.

mod sandbox;
