//! Every command by name.
//!
//! Owns what is typed, what matches, and which line the cursor is on.

use tui_input::Input;

use crate::app::command::Command;
use crate::app::keymap::{Binding, Chord, Keymap};
use crate::model::arrange;
use crate::model::kind::Kind;

/// One line of the palette.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it does.
    pub command: Command,
    /// Its name.
    pub name: &'static str,
    /// The sentence beside it.
    pub help: &'static str,
    /// The chord that does the same, if one is bound.
    pub chord: Option<Chord>,
}

/// The palette.
#[derive(Debug, Default)]
pub struct Palette {
    /// What is typed.
    pub input: Input,
    /// Which of the matching lines the cursor is on.
    pub at: usize,
}

impl Palette {
    /// The lines that match what is typed, best first. A kind's name, in the words of the screen or of the API, comes
    /// first.
    #[must_use]
    pub fn lines(&self, keymap: &Keymap) -> Vec<Line> {
        let named = keymap
            .rows()
            .filter(|(binding, _)| !matches!(binding.command, Command::Move(_) | Command::Palette));
        let lines = named.map(line);
        let typed = self.input.value();
        let mut lines = arrange::best(typed, lines.collect(), |line: &Line| line.name.to_owned());
        if let Some(kind) = Kind::parse(typed) {
            lines.retain(|line| line.command != Command::Go(kind));
            let row = keymap.rows().find(|(binding, _)| binding.command == Command::Go(kind));
            lines.splice(0..0, row.map(line));
        }
        lines
    }
}

fn line((binding, chords): (&'static Binding, &[Chord])) -> Line {
    let chord = chords.first().copied();
    Line { command: binding.command, name: binding.name, help: binding.help, chord }
}
