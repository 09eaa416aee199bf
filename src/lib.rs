//! tidyfy
pub mod app;
pub mod model;

pub mod view;
