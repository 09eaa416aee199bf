//! tidyfy: keeps a Tallyfy organization tidy.

pub mod cli;
pub mod sandbox;
