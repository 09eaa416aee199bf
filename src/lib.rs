//! tidyfy
pub mod app;
pub mod model;
