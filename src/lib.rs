//! tidyfy
pub mod model;
