//! The one table of keys.
//!
//! Owns which chord means which command in which context, with the words that say so. Footer, help, palette, the README
//! table and the config all come from these rows. Modals and inputs read keys by themselves and are not in the table.

mod bindings;
mod chord;

use super::command::Command;

pub use bindings::BINDINGS;
pub use chord::{BadChord, Chord, Key};

/// Where a key is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyContext {
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

impl KeyContext {
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
    pub contexts: &'static [KeyContext],
    /// The footer's words.
    pub hint: &'static str,
    /// The help's sentence.
    pub help: &'static str,
    /// The footer's order: the least goes first and stays longest; 0 keeps it out of the footer.
    pub rank: u8,
}

impl Binding {
    /// How a sentence names it by the key that was pressed: `` `D` (delete) ``.
    #[must_use]
    pub fn pressed(&self, chord: Chord) -> String {
        let words = if self.hint.is_empty() { self.help } else { self.hint };
        format!("`{chord}` ({words})")
    }
}

/// Ctrl-Z is the terminal's own word for it and is not rebindable, like the keys inside dialogs.
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
    /// An action would sit on a motion or on a chord the terminal uses.
    #[error("`{command}` may not be on `{chord}`: hands press it to move, or terminals use it")]
    Unsafe {
        /// The action.
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
                                    .filter(|chord| binding.command.is_action() && is_unsafe(**chord))
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
    pub fn command(&self, context: KeyContext, chord: Chord) -> Option<Command> {
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

/// Chords on which no action may sit: motions, and what terminals and multiplexers take for themselves.
fn is_unsafe(chord: Chord) -> bool {
    let motion = BINDINGS.iter().filter(|binding| matches!(binding.command, Command::Move(_)));
    let moves = motion.flat_map(|binding| binding.chords).any(|other| other.parse() == Ok(chord));
    let named = !matches!(chord.key, Key::Char(c) if c != ' ');
    chord.ctrl || chord.alt || moves || named || matches!(chord.key, Key::Char('h' | 'l' | 'y' | 'n'))
}

#[cfg(test)]
mod tests;
