//! tidyfy: keeps a Tallyfy organization tidy.

pub mod app;
pub mod cli;
pub mod model;
pub mod sandbox;
pub mod tallyfy;
pub mod worker;
