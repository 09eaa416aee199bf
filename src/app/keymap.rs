//! The one table of keys.
//!
//! Owns which chord means which command in which context, with the words that say so. Footer, help, palette, the README
//! table and the config all come from these rows. Modals and inputs read keys by themselves and are not in the table.

use std::fmt;
use std::str::FromStr;

use super::command::{Command, Motion};
use crate::model::kind::{Kind, Verb};

/// A key without its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// A character as typed, case included.
    Char(char),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Tab with shift.
    BackTab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
}

const NAMED: [(Key, &str); 15] = [
    (Key::Char(' '), "space"),
    (Key::Enter, "enter"),
    (Key::Esc, "esc"),
    (Key::Tab, "tab"),
    (Key::BackTab, "shift-tab"),
    (Key::Backspace, "backspace"),
    (Key::Delete, "delete"),
    (Key::Up, "up"),
    (Key::Down, "down"),
    (Key::Left, "left"),
    (Key::Right, "right"),
    (Key::Home, "home"),
    (Key::End, "end"),
    (Key::PageUp, "pgup"),
    (Key::PageDown, "pgdn"),
];

/// A key with its modifiers. Shift is part of the character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Chord {
    /// The key.
    pub key: Key,
    /// Whether control was held.
    pub ctrl: bool,
    /// Whether alt was held.
    pub alt: bool,
}

impl Chord {
    /// A key without modifiers.
    #[must_use]
    pub const fn plain(key: Key) -> Self {
        Self { key, ctrl: false, alt: false }
    }

    /// A character with control held.
    #[must_use]
    pub const fn ctrl(c: char) -> Self {
        Self { key: Key::Char(c), ctrl: true, alt: false }
    }

    /// The character this chord types into an input, if it types one.
    #[must_use]
    pub fn typed(self) -> Option<char> {
        match self.key {
            Key::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            out.write_str("ctrl-")?;
        }
        if self.alt {
            out.write_str("alt-")?;
        }
        match (NAMED.iter().find(|(key, _)| *key == self.key), self.key) {
            (Some((_, name)), _) => out.write_str(name),
            (None, Key::Char(c)) => write!(out, "{c}"),
            (None, other) => write!(out, "{other:?}"),
        }
    }
}

/// A text that names no chord.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a key; write it like `a`, `D`, `ctrl-d`, `space` or `pgdn`")]
pub struct BadChord(String);

impl FromStr for Chord {
    type Err = BadChord;

    fn from_str(text: &str) -> Result<Self, BadChord> {
        let bad = || BadChord(crate::model::text::clean(text).into_owned());
        let (mut rest, mut ctrl, mut alt) = (text, false, false);
        loop {
            if let Some(after) = rest.strip_prefix("ctrl-").filter(|after| !after.is_empty() && !ctrl) {
                (rest, ctrl) = (after, true);
            } else if let Some(after) = rest.strip_prefix("alt-").filter(|after| !after.is_empty() && !alt) {
                (rest, alt) = (after, true);
            } else {
                break;
            }
        }
        let mut chars = rest.chars();
        let key = match (NAMED.iter().find(|(_, name)| *name == rest), chars.next(), chars.next()) {
            (Some((key, _)), _, _) => *key,
            (None, Some(c), None) if !c.is_control() => Key::Char(c),
            _ => return Err(bad()),
        };
        Ok(Self { key, ctrl, alt })
    }
}

/// Where a key is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Context {
    /// The table of a kind.
    Table,
    /// The detail page of a record.
    Detail,
    /// What is marked, of every kind.
    Marked,
    /// The status pane.
    Status,
    /// The help.
    Help,
}

impl Context {
    /// Every context.
    pub const ALL: [Self; 5] = [Self::Table, Self::Detail, Self::Marked, Self::Status, Self::Help];

    /// The words that head its part of the help.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Table => "in the table",
            Self::Detail => "in a detail page",
            Self::Marked => "in what is marked",
            Self::Status => "in the status pane",
            Self::Help => "in the help",
        }
    }
}

/// One row of the table: a command, its chords, and the words for it.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// The command's name in the config and the palette.
    pub name: &'static str,
    /// The command.
    pub command: Command,
    /// Its default chords.
    pub chords: &'static [&'static str],
    /// Where it is bound.
    pub contexts: &'static [Context],
    /// The footer's words.
    pub hint: &'static str,
    /// The help's sentence.
    pub help: &'static str,
    /// The footer's order: the least goes first and stays longest; 0 keeps it out of the footer.
    pub rank: u8,
}

const EVERYWHERE: &[Context] = &Context::ALL;
const PANES: &[Context] = &[Context::Table, Context::Detail, Context::Marked, Context::Status];
const PAGES: &[Context] = &[Context::Table, Context::Detail];
const LISTS: &[Context] = &[Context::Table, Context::Marked];
const VERBS: &[Context] = &[Context::Table, Context::Detail, Context::Marked];
const TABLE: &[Context] = &[Context::Table];
const PAGE: &[Context] = &[Context::Detail];
const BESIDE_PAGES: &[Context] = &[Context::Table, Context::Marked, Context::Status];

const fn row(
    name: &'static str,
    command: Command,
    chords: &'static [&'static str],
    contexts: &'static [Context],
    (rank, hint): (u8, &'static str),
    help: &'static str,
) -> Binding {
    Binding { name, command, chords, contexts, hint, help, rank }
}

const fn go(kind: Kind, chord: &'static [&'static str], name: &'static str, help: &'static str) -> Binding {
    row(name, Command::Go(kind), chord, PANES, (0, ""), help)
}

/// The default keys, in the order of the help.
pub static BINDINGS: &[Binding] = &[
    row("up", Command::Move(Motion::Up), &["k", "up"], EVERYWHERE, (0, "up"), "one row up"),
    row("down", Command::Move(Motion::Down), &["j", "down"], EVERYWHERE, (0, "down"), "one row down"),
    row("first", Command::Move(Motion::First), &["g", "home"], EVERYWHERE, (0, "first"), "to the first row"),
    row("last", Command::Move(Motion::Last), &["G", "end"], EVERYWHERE, (0, "last"), "to the last row"),
    row("half-down", Command::Move(Motion::HalfDown), &["ctrl-d"], EVERYWHERE, (0, ""), "half a page down"),
    row("half-up", Command::Move(Motion::HalfUp), &["ctrl-u"], EVERYWHERE, (0, ""), "half a page up"),
    row("page-down", Command::Move(Motion::PageDown), &["pgdn"], EVERYWHERE, (0, ""), "a page down"),
    row("page-up", Command::Move(Motion::PageUp), &["pgup"], EVERYWHERE, (0, ""), "a page up"),
    row("next-kind", Command::NextKind, &["tab"], BESIDE_PAGES, (15, "next kind"), "go to the next kind"),
    row(
        "previous-kind",
        Command::PreviousKind,
        &["shift-tab"],
        BESIDE_PAGES,
        (0, ""),
        "go to the kind before",
    ),
    go(Kind::Processes, &["1"], "processes", "go to the processes"),
    go(Kind::Templates, &["2"], "templates", "go to the templates"),
    go(Kind::Tasks, &["3"], "tasks", "go to the one-off tasks"),
    go(Kind::Files, &["4"], "files", "go to the files"),
    go(Kind::Tags, &["5"], "tags", "go to the tags"),
    go(Kind::Groups, &["6"], "groups", "go to the groups"),
    go(Kind::Guests, &["7"], "guests", "go to the guests"),
    go(Kind::Members, &["8"], "members", "go to the members"),
    go(Kind::Folders, &["9"], "folders", "go to the folders"),
    row(
        "open",
        Command::Open,
        &["enter", "l"],
        VERBS,
        (8, "open"),
        "show all that is known of the record, or of what is selected on its page",
    ),
    row(
        "next-link",
        Command::NextLink,
        &["tab"],
        PAGE,
        (6, "next link"),
        "select the next thing the page leads to",
    ),
    row("previous-link", Command::PreviousLink, &["shift-tab"], PAGE, (0, ""), "select the one before"),
    row("raw", Command::Raw, &["J"], PAGE, (9, "JSON"), "show the record's JSON, or its page again"),
    row("find", Command::FindInPage, &["/"], PAGE, (7, "find"), "search the page"),
    row("next-found", Command::NextFound, &["n"], PAGE, (2, "next found"), "go to the next place found"),
    row("previous-found", Command::PreviousFound, &["N"], PAGE, (0, ""), "go to the place found before"),
    row(
        "leave",
        Command::Leave,
        &["h"],
        &[Context::Detail, Context::Marked],
        (0, ""),
        "go back to the page before, or to the table",
    ),
    row("mark", Command::ToggleMark, &["space"], LISTS, (2, "mark"), "mark or unmark, and go on"),
    row(
        "range",
        Command::Range,
        &["v"],
        TABLE,
        (13, "range"),
        "set the anchor of a range; again: mark from it to the cursor",
    ),
    row("mark-all", Command::MarkAll, &["*", "ctrl-a"], TABLE, (6, "mark all"), "mark all that match"),
    row(
        "invert-marks",
        Command::InvertMarks,
        &["~", "i"],
        TABLE,
        (0, ""),
        "turn the marks around among those that match",
    ),
    row(
        "clear-marks",
        Command::ClearMarks,
        &["M"],
        LISTS,
        (12, "clear marks"),
        "clear the marks of this kind, or of all that is shown where kinds stand together; again: bring them back",
    ),
    row(
        "marked-only",
        Command::MarkedOnly,
        &["m"],
        LISTS,
        (9, "marked only"),
        "show only what is marked, of every kind",
    ),
    row(
        "save-set",
        Command::SaveSet,
        &[],
        PANES,
        (0, ""),
        "write the marked records into a file, or keep them under a name",
    ),
    row(
        "open-set",
        Command::OpenSet,
        &[],
        PANES,
        (0, ""),
        "mark what was saved under a name or in a file; without one: list what is saved",
    ),
    row("mark-file", Command::MarkFile, &[], PANES, (0, ""), "mark the records whose ids a file lists"),
    row(
        "archive",
        Command::Do(Verb::Archive),
        &["a"],
        VERBS,
        (3, "archive"),
        "archive the marked records, or the one under the cursor",
    ),
    row(
        "restore",
        Command::Do(Verb::Restore),
        &["r"],
        VERBS,
        (4, "restore"),
        "restore them from the archive",
    ),
    row("delete", Command::Do(Verb::Delete), &["D"], VERBS, (5, "delete"), "delete them permanently"),
    row(
        "undo",
        Command::Undo,
        &["u"],
        PANES,
        (5, "undo"),
        "undo the last archive or restore, for exactly what it did",
    ),
    row("retry", Command::Retry, &["t"], PANES, (5, "retry"), "try again what failed of the last job"),
    row(
        "explain-delete",
        Command::ExplainDelete,
        &["d"],
        VERBS,
        (0, ""),
        "only says which key archives and which deletes",
    ),
    row(
        "filter",
        Command::Filter,
        &["/"],
        LISTS,
        (7, "filter"),
        "type a filter: words, ~fuzzy, \"two words\"",
    ),
    row("scope", Command::NextScope, &["s"], TABLE, (10, "scope"), "walk through active, archived, all"),
    row("saved-filters", Command::SavedFilters, &["F"], TABLE, (0, ""), "pick a saved filter"),
    row(
        "save-filter",
        Command::SaveFilter,
        &["ctrl-s"],
        TABLE,
        (0, ""),
        "save the filter in force under a name",
    ),
    row("sort", Command::SortBy, &["o"], TABLE, (14, "sort"), "pick the column to sort by"),
    row("reverse-sort", Command::ReverseSort, &["O"], TABLE, (0, ""), "turn the order around"),
    row("reload", Command::Reload, &["R"], PAGES, (16, "reload"), "load the list, or the record, again"),
    row(
        "pause-job",
        Command::PauseJob,
        &["p"],
        PANES,
        (2, "pause"),
        "pause the running job, or let it go on",
    ),
    row(
        "cancel-job",
        Command::CancelJob,
        &["x"],
        PANES,
        (1, "cancel job"),
        "pause the running job, then ask whether to cancel the rest; without one, stop loading",
    ),
    row("status", Command::FocusStatus, &["@"], PANES, (17, "status"), "focus the status pane, and back"),
    row(
        "show-reads",
        Command::ShowReads,
        &["i"],
        &[Context::Status],
        (2, "reads"),
        "show or hide successful reads",
    ),
    row(
        "unfinished",
        Command::Unfinished,
        &[],
        PANES,
        (0, ""),
        "look for jobs that an earlier tidyfy did not finish",
    ),
    row(
        "history",
        Command::History,
        &["H"],
        PANES,
        (24, "history"),
        "past jobs: look at one, undo it, try again what failed",
    ),
    row(
        "token",
        Command::EnterToken,
        &[],
        PANES,
        (0, ""),
        "enter another token, while the one in use is not accepted",
    ),
    row(
        "mark-group",
        Command::MarkGroup,
        &["space"],
        &[Context::Status],
        (1, "mark these"),
        "on a group of failures: mark its records and no others; again: the former marks",
    ),
    row(
        "copy-request",
        Command::CopyRequest,
        &["Y"],
        &[Context::Status],
        (1, "copy as curl"),
        "copy the request on the line, or those of the group, as curl",
    ),
    row(
        "copy-id",
        Command::CopyId,
        &["y"],
        PANES,
        (21, "copy id"),
        "copy the id of the record, or those of the marked ones of its kind",
    ),
    row(
        "copy-read",
        Command::CopyRead,
        &["Y"],
        VERBS,
        (0, ""),
        "copy the request that reads the record, as curl",
    ),
    row("web", Command::OpenWeb, &["w"], PANES, (22, "web"), "open the record in the web app"),
    row(
        "export",
        Command::Export,
        &["e"],
        VERBS,
        (23, "export"),
        "write the marked records, else those that match, into a CSV or JSON file",
    ),
    row(
        "export-group",
        Command::ExportGroup,
        &["e"],
        &[Context::Status],
        (1, "export"),
        "on a group of failures: write it into a CSV file",
    ),
    row(
        "save",
        Command::Save,
        &["S"],
        VERBS,
        (7, "save"),
        "save (download) the marked files, or the one under the cursor",
    ),
    row(
        "open-holder",
        Command::OpenHolder,
        &["L"],
        VERBS,
        (9, "attached to"),
        "open the page of what the file is attached to",
    ),
    row("palette", Command::Palette, &[":"], PANES, (18, "palette"), "every command by name"),
    row(
        "organizations",
        Command::Places,
        &["P"],
        PANES,
        (18, "organizations"),
        "go to another organization, or to another profile of the config",
    ),
    row("help", Command::Help, &["?"], PANES, (11, "help"), "this help"),
    row(
        "back",
        Command::Back,
        &["esc"],
        EVERYWHERE,
        (19, "back"),
        "take one layer away: range, marking, focus, filter",
    ),
    row("close", Command::Close, &["q"], EVERYWHERE, (20, "close or quit"), "close what is open, else quit"),
    row("quit", Command::Quit, &["ctrl-c"], EVERYWHERE, (0, ""), "quit"),
];

/// Ctrl-Z is the terminal's own word for it and is not rebindable, like the keys inside modals.
pub const SUSPEND: Chord = Chord::ctrl('z');

/// Why a set of key settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadKeymap {
    /// No command has that name.
    #[error("`{0}` is not a command; `?` in tidyfy lists them")]
    UnknownCommand(String),
    /// That is no chord.
    #[error(transparent)]
    BadChord(#[from] BadChord),
    /// A verb would sit on a motion or on a chord the terminal uses.
    #[error("`{command}` may not be on `{chord}`: hands press it to move, or terminals use it")]
    Unsafe {
        /// The verb.
        command: &'static str,
        /// The chord asked for.
        chord: Chord,
    },
    /// Two commands would share a chord in one context.
    #[error("`{first}` and `{second}` are both on `{chord}`")]
    Twice {
        /// The one command.
        first: &'static str,
        /// The other.
        second: &'static str,
        /// The chord they share.
        chord: Chord,
    },
}

/// The keys in force: the table with the config's changes.
#[derive(Debug, Clone)]
pub struct Keymap {
    rows: Vec<(&'static Binding, Vec<Chord>)>,
}

impl Default for Keymap {
    fn default() -> Self {
        let chords =
            |binding: &Binding| binding.chords.iter().filter_map(|chord| chord.parse().ok()).collect();
        Self { rows: BINDINGS.iter().map(|binding| (binding, chords(binding))).collect() }
    }
}

impl Keymap {
    /// The default keys with the chords of some commands replaced; an empty list unbinds one.
    ///
    /// # Errors
    /// Every setting that cannot be used, not only the first.
    pub fn with<'a>(
        settings: impl IntoIterator<Item = (&'a str, &'a [String])>,
    ) -> Result<Self, Vec<BadKeymap>> {
        let (mut keymap, mut wrong) = (Self::default(), Vec::new());
        for (name, chords) in settings {
            match keymap.rows.iter_mut().find(|(binding, _)| binding.name == name) {
                None => wrong.push(BadKeymap::UnknownCommand(crate::model::text::clean(name).into_owned())),
                Some((binding, bound)) => {
                    let parsed: Result<Vec<Chord>, _> = chords.iter().map(|chord| chord.parse()).collect();
                    match parsed {
                        Err(bad) => wrong.push(bad.into()),
                        Ok(parsed) => {
                            wrong.extend(
                                parsed
                                    .iter()
                                    .filter(|chord| binding.command.is_verb() && is_unsafe(**chord))
                                    .map(|chord| BadKeymap::Unsafe { command: binding.name, chord: *chord }),
                            );
                            *bound = parsed;
                        }
                    }
                }
            }
        }
        wrong.extend(keymap.collisions());
        if wrong.is_empty() { Ok(keymap) } else { Err(wrong) }
    }

    fn collisions(&self) -> Vec<BadKeymap> {
        let mut found = Vec::new();
        for (at, (one, chords)) in self.rows.iter().enumerate() {
            for (two, others) in &self.rows[at + 1..] {
                if !one.contexts.iter().any(|context| two.contexts.contains(context)) {
                    continue;
                }
                let shared = chords.iter().filter(|chord| others.contains(chord));
                found.extend(shared.map(|chord| BadKeymap::Twice {
                    first: one.name,
                    second: two.name,
                    chord: *chord,
                }));
            }
        }
        found
    }

    /// What `chord` means in `context`.
    #[must_use]
    pub fn command(&self, context: Context, chord: Chord) -> Option<Command> {
        let bound = self
            .rows
            .iter()
            .find(|(binding, chords)| binding.contexts.contains(&context) && chords.contains(&chord));
        bound.map(|(binding, _)| binding.command)
    }

    /// What `chord` means in some other context, for saying why it means nothing here.
    #[must_use]
    pub fn elsewhere(&self, chord: Chord) -> Option<&'static Binding> {
        self.rows.iter().find(|(_, chords)| chords.contains(&chord)).map(|(binding, _)| *binding)
    }

    /// The rows with their chords, in the order of the help.
    pub fn rows(&self) -> impl Iterator<Item = (&'static Binding, &[Chord])> {
        self.rows.iter().map(|(binding, chords)| (*binding, chords.as_slice()))
    }

    /// How a sentence names the key of a command: by its first chord, or by the command's name where it has none.
    #[must_use]
    pub fn spoken(&self, command: Command) -> String {
        let name = || self.rows().find(|(row, _)| row.command == command).map_or("", |(row, _)| row.name);
        self.chord(command).map_or_else(|| format!("`{}`", name()), |chord| chord.to_string())
    }

    /// The first chord of `command`, as the footer shows it.
    #[must_use]
    pub fn chord(&self, command: Command) -> Option<Chord> {
        self.rows
            .iter()
            .find(|(binding, _)| binding.command == command)
            .and_then(|(_, chords)| chords.first().copied())
    }
}

/// Chords on which no verb may sit: motions, and what terminals and multiplexers take for themselves.
fn is_unsafe(chord: Chord) -> bool {
    let motion = BINDINGS.iter().filter(|binding| matches!(binding.command, Command::Move(_)));
    let moves = motion.flat_map(|binding| binding.chords).any(|other| other.parse() == Ok(chord));
    let named = !matches!(chord.key, Key::Char(c) if c != ' ');
    chord.ctrl || chord.alt || moves || named || matches!(chord.key, Key::Char('h' | 'l' | 'y' | 'n'))
}

#[cfg(test)]
mod tests;
