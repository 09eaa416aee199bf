//! The box that asks for the name of a file to write records into.
//!
//! Owns what would be written and the name that is being typed.
pub(crate) mod update;

use super::text_input::TextInput;
use crate::model::export::ExportTable;

/// The box, while it is open.
#[derive(Debug)]
pub struct ExportPrompt {
    /// What is written, as it was when the box opened.
    pub record_detail: ExportTable,
    /// What that is: `3 marked processes`.
    pub what: String,
    /// What it does not hold, if it is not all.
    pub lacks: Option<String>,
    /// The file's name.
    pub input: TextInput,
    /// What is wrong with the name.
    pub error: Option<&'static str>,
}
