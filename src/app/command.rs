//! Wishes: what a key, or a line of the palette, means.
//!
//! Owns the list of commands and their names. What they do is the business of `update`.

use crate::model::kind::{Action, Kind};

/// Where a motion goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Motion {
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// Half a page up.
    HalfUp,
    /// Half a page down.
    HalfDown,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the first row.
    First,
    /// To the last row.
    Last,
}

/// What a person wishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Command {
    /// Move the cursor, or scroll what has no cursor.
    Move(Motion),
    /// Go to the next kind.
    NextKind,
    /// Go to the kind before.
    PreviousKind,
    /// Go to a kind.
    Go(Kind),
    /// Open the record under the cursor, or what is selected on a detail page.
    Open,
    /// Select the next thing a detail page leads to.
    NextLink,
    /// Select the one before.
    PreviousLink,
    /// Show the JSON of a record, or its page again.
    Raw,
    /// Search a detail page.
    FindInPage,
    /// Go to the next place where it was found.
    NextFound,
    /// Go to the place before.
    PreviousFound,
    /// Take one layer away: overlay, input, range, marking, focus, filter.
    Back,
    /// Leave the detail page.
    Leave,
    /// Walk through active, archived, all.
    NextScope,
    /// Mark or unmark the record under the cursor, and go on.
    ToggleMark,
    /// Set the anchor of a range, or mark from the anchor to the cursor.
    Range,
    /// Mark all that match.
    MarkAll,
    /// Turn the marks around among those that match.
    InvertMarks,
    /// Clear the marks of this kind, or bring the cleared ones back.
    ClearMarks,
    /// Show only what is marked, of every kind.
    MarkedOnly,
    /// Keep the marked records in a file, or under a name.
    SaveSelection,
    /// Mark the records that were kept.
    OpenSelection,
    /// Mark the records whose ids a file lists.
    MarkFile,
    /// Type a filter.
    Filter,
    /// Pick a saved filter.
    SavedFilters,
    /// Save the filter in force under a name.
    SaveFilter,
    /// Pick the column to sort by.
    SortBy,
    /// Turn the order around.
    ReverseSort,
    /// Open the palette.
    Palette,
    /// Go to another organization.
    Organizations,
    /// Open the help.
    Help,
    /// Do an action to the marked records, or to the one under the cursor.
    Act(Action),
    /// Undo the last job that is not undone yet.
    Undo,
    /// Repeat the job that was undone last.
    Redo,
    /// Try again what failed of the last job.
    Retry,
    /// Say which key archives and which deletes.
    ExplainDelete,
    /// Pause the jobs, or resume them.
    PauseJob,
    /// Pause the jobs and ask what to cancel of them.
    CancelJob,
    /// Load the list again.
    Reload,
    /// Give the focus to the status pane, or take it back.
    FocusStatus,
    /// Show or hide successful reads in the status pane.
    ShowReads,
    /// Mark the records of the group of failures under the cursor, and no others of their kinds.
    MarkGroup,
    /// Copy the requests of the line under the cursor, as commands.
    CopyRequest,
    /// Copy the id of the record under the cursor, or those of the marked ones of its kind.
    CopyId,
    /// Copy the request that reads the record under the cursor, as a command.
    CopyRead,
    /// Open the record under the cursor in the web app.
    OpenWeb,
    /// Write the marked records, or those that match, into a file.
    Export,
    /// Write the group of failures under the cursor into a file.
    ExportGroup,
    /// Save the bytes of the marked files, or of the one under the cursor.
    Download,
    /// Open the page of what a file hangs on.
    OpenHolder,
    /// Look for the unfinished jobs of earlier runs.
    Unfinished,
    /// Look at past jobs.
    History,
    /// Enter another token, while the one in use is not accepted.
    EnterToken,
    /// Close what is open, else quit.
    Close,
    /// Quit.
    Quit,
}

/// What is typed after a command in the palette.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argument {
    /// The word it is typed after.
    pub word: &'static str,
    /// What it is, as the palette shows it.
    pub what: &'static str,
}

impl std::fmt::Display for Argument {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, ":{} {}", self.word, self.what)
    }
}

impl Command {
    /// What it takes from the palette, if it takes something.
    #[must_use]
    pub fn argument(self) -> Option<Argument> {
        let (word, what) = match self {
            Self::SaveSelection => ("save", "FILE"),
            Self::OpenSelection => ("open", "NAME"),
            Self::MarkFile => ("mark", "FILE"),
            _ => return None,
        };
        Some(Argument { word, what })
    }

    /// Whether it starts something that changes records.
    #[must_use]
    pub fn is_action(self) -> bool {
        matches!(self, Self::Act(_) | Self::Undo | Self::Redo | Self::Retry)
    }
}
