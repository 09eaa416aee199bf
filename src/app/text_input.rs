//! A line of text that is typed into: its keys, its bound, and what a paste makes of it.

use tui_input::{Input, InputRequest};

use crate::app::keymap::{Chord, Key};
use crate::app::state::{Overlay, State};
use crate::model::text;

/// The most characters a line holds. What is beyond is dropped, and a notice says so.
const INPUT_LIMIT: usize = 2_000;

/// The notice where something was dropped.
#[must_use]
pub fn cut() -> String {
    format!("only {} characters fit here: the rest was dropped", text::grouped(INPUT_LIMIT as u64))
}

/// A line of text with a cursor.
#[derive(Debug, Clone, Default)]
pub struct TextInput {
    input: Input,
    is_cut: bool,
}

impl From<String> for TextInput {
    /// A line with `text` in it and the cursor at its end.
    fn from(text: String) -> Self {
        Self { input: Input::new(text), is_cut: false }
    }
}

impl From<&str> for TextInput {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl TextInput {
    /// The same line with the cursor before the character with this number.
    #[must_use]
    pub fn with_cursor(self, cursor: usize) -> Self {
        Self { input: self.input.with_cursor(cursor), ..self }
    }

    /// The text.
    #[must_use]
    pub fn value(&self) -> &str {
        self.input.value()
    }

    /// The number of the character the cursor stands before.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.input.cursor()
    }

    /// Empties the line.
    pub fn reset(&mut self) {
        self.input.reset();
    }

    /// Reads a key, and says whether it changed the text.
    pub fn key(&mut self, chord: Chord) -> bool {
        let Some(request) = edit(chord) else { return false };
        let inserts = matches!(request, InputRequest::InsertChar(_));
        if inserts && self.room() == 0 {
            self.is_cut = true;
            return false;
        }
        self.input.handle(request).is_some_and(|changed| changed.value)
    }

    /// Types what was pasted, as one line.
    pub fn paste(&mut self, pasted: &str) {
        let mut chars = pasted.chars();
        let taken: String = chars.by_ref().take(self.room()).collect();
        self.is_cut |= chars.next().is_some();
        let at = self.input.cursor();
        let split = self.value().char_indices().nth(at).map_or(self.value().len(), |(split, _)| split);
        let (before, after) = self.value().split_at(split);
        let head = [before, &text::clean(&taken)].concat();
        let cursor = head.chars().count();
        self.input = Input::new(head + after).with_cursor(cursor);
    }

    /// Whether something was dropped for want of room since this was last asked.
    pub fn take_cut(&mut self) -> bool {
        std::mem::take(&mut self.is_cut)
    }

    fn room(&self) -> usize {
        INPUT_LIMIT.saturating_sub(self.value().chars().count())
    }
}

impl State {
    /// The line that has the keys, if a line has them. Tokens are typed into a line of their own.
    pub fn text_input_mut(&mut self) -> Option<&mut TextInput> {
        if self.topmost_prompt().is_some() {
            return None;
        }
        match &mut self.overlay {
            Some(Overlay::Confirm(confirm)) => confirm.text_input_mut(),
            Some(Overlay::Palette(palette)) => Some(&mut palette.input),
            Some(Overlay::Download(prompt)) => Some(&mut prompt.input),
            Some(Overlay::Export(open)) => Some(&mut open.input),
            Some(Overlay::History(page)) => page.typing_mut(),
            Some(Overlay::Organizations(places)) => Some(&mut places.input),
            Some(Overlay::SavedFilters(picker)) => picker.naming.as_mut().map(|(_, input)| input),
            Some(_) => None,
            None => {
                let filter = self.filter_input.as_mut().map(|typing| &mut typing.input);
                let set = self.marked_only.as_mut().and_then(|set| set.typing.as_mut());
                let finding = self.detail.as_mut().and_then(|detail| detail.finding.as_mut());
                filter
                    .or(set.map(|typing| &mut typing.input))
                    .or(finding.filter(|finding| finding.typing).map(|finding| &mut finding.input))
            }
        }
    }
}

/// The edit that a key makes to a line that is being typed.
fn edit(chord: Chord) -> Option<InputRequest> {
    Some(match (chord.key, chord.ctrl) {
        (Key::Backspace, false) => InputRequest::DeletePrevChar,
        (Key::Backspace, true) | (Key::Char('w'), true) => InputRequest::DeletePrevWord,
        (Key::Delete, _) => InputRequest::DeleteNextChar,
        (Key::Left, false) => InputRequest::GoToPrevChar,
        (Key::Right, false) => InputRequest::GoToNextChar,
        (Key::Left, true) => InputRequest::GoToPrevWord,
        (Key::Right, true) => InputRequest::GoToNextWord,
        (Key::Home, _) | (Key::Char('a'), true) => InputRequest::GoToStart,
        (Key::End, _) | (Key::Char('e'), true) => InputRequest::GoToEnd,
        (Key::Char('u'), true) => InputRequest::DeleteLine,
        (Key::Char('k'), true) => InputRequest::DeleteTillEnd,
        _ => InputRequest::InsertChar(chord.typed()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paste_is_typed_at_the_cursor_as_one_line() {
        let mut line = TextInput::from("status:");
        line.paste("com\nplete\u{1b}[31m");
        assert!(!line.value().contains(['\n', '\u{1b}']));
        line.reset();
        "aé".chars().for_each(|c| assert!(line.key(Chord::plain(Key::Char(c)))));
        assert!(!line.key(Chord::plain(Key::Left)));
        line.paste("bc");
        assert_eq!((line.value(), line.cursor()), ("abcé", 3));
    }

    #[test]
    fn what_is_beyond_the_limit_is_dropped_and_told() {
        let mut line = TextInput::default();
        line.paste(&"é".repeat(INPUT_LIMIT - 1));
        assert!(!line.take_cut());
        assert!(line.key(Chord::plain(Key::Char('x'))) && !line.take_cut());
        assert!(!line.key(Chord::plain(Key::Char('y'))) && line.take_cut() && !line.take_cut());
        line.paste("more");
        assert!(line.take_cut() && line.value().chars().count() == INPUT_LIMIT);
        assert!(line.key(Chord::plain(Key::Backspace)));
        line.paste("zz");
        assert!(line.take_cut() && line.value().ends_with('z'));
    }
}
