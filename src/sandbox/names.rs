//! The words the organization is made of, from `assets/sandbox/names.json`.
//!
//! Owns the reading of that file. Must not know how many of what are made.

use serde::Deserialize;

/// The names file. Kept beside the records, because process tasks take their titles from it when they are shown.
#[derive(Debug, Default, Deserialize)]
pub(super) struct SandboxNames {
    pub(super) organization: String,
    pub(super) people: Vec<(String, String)>,
    pub(super) companies: Vec<String>,
    pub(super) templates: Vec<TemplateNames>,
    pub(super) tasks: Vec<String>,
    pub(super) files: Vec<(String, String)>,
    pub(super) systems: Vec<String>,
    pub(super) tags: Vec<String>,
    pub(super) auto_tags: Vec<String>,
    pub(super) groups: Vec<(String, String)>,
    pub(super) guests: Vec<String>,
    /// Guests to whom nothing was given to do.
    pub(super) idle_guests: Vec<String>,
    pub(super) template_folders: Vec<String>,
    pub(super) run_folders: Vec<String>,
    pub(super) colors: Vec<String>,
    pub(super) awkward: Vec<String>,
    /// Names that do harm where they are shown, written or run as they are.
    pub(super) hostile: Vec<String>,
    pub(super) long: String,
}

/// A template's title, how its processes are called, and its steps.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct TemplateNames {
    pub(super) title: String,
    pub(super) prefix: String,
    pub(super) steps: Vec<String>,
}

impl SandboxNames {
    /// Reads the built-in file.
    pub(super) fn built_in() -> Result<Self, serde_json::Error> {
        serde_json::from_str(include_str!("../../assets/sandbox/names.json"))
    }

    /// The title of a step; templates longer than their pattern number the rest.
    pub(super) fn step(&self, pattern: usize, position: usize) -> String {
        let known = self.templates.get(pattern).and_then(|pattern| pattern.steps.get(position));
        known.cloned().unwrap_or_else(|| format!("Step {}", position + 1))
    }

    /// A name of exactly this many characters.
    pub(super) fn endless(&self, length: usize) -> String {
        self.long.chars().cycle().take(length).collect()
    }
}
