//! tidyfy: keeps a Tallyfy organization tidy.

pub mod app;
pub mod auth;
pub mod cli;
pub mod config;
pub mod model;
pub mod sandbox;
pub mod tallyfy;
