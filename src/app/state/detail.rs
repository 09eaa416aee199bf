//! The page of one record.
//!
//! Owns what is known of it and how far it is scrolled.

use crate::app::effect::Ticket;
use crate::model::failure::Failure;
use crate::model::record::Record;

/// How far the fields of a record have been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fields {
    /// They have been asked for.
    Asked(Ticket),
    /// All of them, as label and value.
    Known(Vec<(String, String)>),
    /// They could not be read; what the list told is shown.
    Failed(Failure),
}

/// The page of one record.
#[derive(Debug, Clone)]
pub struct Detail {
    /// The record as the list gave it.
    pub record: Record,
    /// Everything the server tells of it.
    pub fields: Fields,
    /// How many lines are scrolled away.
    pub scroll: usize,
}
