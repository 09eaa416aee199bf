//! Every command by name.
//!
//! Owns what is typed, what matches, and which line the cursor is on.

use super::text_input::TextInput;
use crate::app::command::Command;
use crate::app::keymap::{Binding, Chord, Keymap};
use crate::model::kind::Kind;
use crate::model::query;

/// One line of the palette.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaletteLine {
    /// What it does.
    pub command: Command,
    /// Its name.
    pub name: &'static str,
    /// What is to be typed after the name, if something is.
    pub wants: Option<&'static str>,
    /// The sentence beside it.
    pub help: &'static str,
    /// The chord that does the same, if one is bound.
    pub chord: Option<Chord>,
}

/// The palette.
#[derive(Debug, Default)]
pub struct Palette {
    /// What is typed.
    pub input: TextInput,
    /// Which of the matching lines the cursor is on.
    pub at: usize,
}

impl Palette {
    /// The lines that match what is typed, best first. A kind's name, in the words of the screen or of the API, comes
    /// first, and so does the word of a command that takes something.
    #[must_use]
    pub fn lines(&self, keymap: &Keymap) -> Vec<PaletteLine> {
        let named = keymap
            .rows()
            .filter(|(binding, _)| !matches!(binding.command, Command::Move(_) | Command::Palette));
        let lines = named.map(line);
        let typed = self.input.value();
        let mut lines = query::best(typed, lines.collect(), |line: &PaletteLine| line.name.to_owned());
        let word = typed.split_whitespace().next().unwrap_or_default();
        let takes =
            |binding: &Binding| binding.command.argument().is_some_and(|argument| argument.word == word);
        let meant = match Kind::parse(typed) {
            Some(kind) => keymap.rows().find(|(binding, _)| binding.command == Command::Go(kind)),
            None => keymap.rows().find(|(binding, _)| takes(binding)),
        };
        if let Some(meant) = meant.map(line) {
            lines.retain(|line| line.command != meant.command);
            lines.insert(0, meant);
        }
        lines
    }

    /// What is typed after the word of a command that takes something.
    #[must_use]
    pub fn argument(&self, command: Command) -> &str {
        let typed = self.input.value().trim_start();
        let rest = command.argument().and_then(|argument| typed.strip_prefix(argument.word));
        rest.filter(|rest| rest.starts_with(char::is_whitespace)).unwrap_or_default().trim()
    }
}

fn line((binding, chords): (&'static Binding, &[Chord])) -> PaletteLine {
    let chord = chords.first().copied();
    let argument = binding.command.argument();
    let name = argument.map_or(binding.name, |argument| argument.word);
    let wants = argument.map(|argument| argument.what);
    PaletteLine { command: binding.command, name, wants, help: binding.help, chord }
}
