//! tidyfy
pub mod model;
pub mod tallyfy;
