//! The prompt for another token, when the one in use is not accepted any more.
//!
//! Owns what is typed, which neither the screen nor a log ever shows, and what a key makes of it. Must not know whether a
//! token is accepted.
pub(crate) mod update;

use crate::app::keymap::{Chord, Key};
use crate::model::token::{Token, TypedToken};

/// The prompt.
#[derive(Debug, Default)]
pub struct TokenPrompt {
    typed: TypedToken,
    /// Why the last try came to nothing.
    pub refused: Option<String>,
}

/// What a key did to the prompt.
#[derive(Debug)]
pub enum PromptResult {
    /// It waits for more.
    Wait,
    /// It goes out of sight, and what was typed is overwritten.
    Hide,
    /// What was typed is to be tried, or whatever the token's source holds now.
    Try(Option<Token>),
}

impl TokenPrompt {
    /// Reads a key. While a token is being `tried`, only hiding works.
    pub fn key(&mut self, chord: Chord, repeat: bool, tried: bool) -> PromptResult {
        match (chord.key, chord.ctrl) {
            (Key::Esc, _) => return PromptResult::Hide,
            _ if tried => {}
            (Key::Enter, _) if !repeat => return self.enter(),
            (Key::Backspace, false) => self.typed.pop(),
            (Key::Char('u'), true) => self.typed.wipe(),
            _ => chord.typed().into_iter().for_each(|c| self.typed.push(c)),
        }
        PromptResult::Wait
    }

    fn enter(&mut self) -> PromptResult {
        if self.typed.is_empty() {
            return PromptResult::Try(None);
        }
        let token = self.typed.token();
        self.typed.wipe();
        if token.is_none() {
            self.refused =
                Some("that is no token: a token holds neither spaces nor letters with accents".to_owned());
        }
        token.map_or(PromptResult::Wait, |token| PromptResult::Try(Some(token)))
    }

    /// Types what was pasted. White space around it comes with copying and is no part of a token.
    pub fn paste(&mut self, text: &str) {
        text.trim().chars().for_each(|c| self.typed.push(c));
    }

    /// What stands for what has been typed.
    #[must_use]
    pub fn mask(&self) -> String {
        self.typed.mask()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(prompt: &mut TokenPrompt, key: &str) -> PromptResult {
        prompt.key(key.parse().unwrap(), false, false)
    }

    #[test]
    fn what_is_typed_and_pasted_is_tried_once_and_then_gone() {
        let mut prompt = TokenPrompt::default();
        prompt.paste("  secret-part\n");
        for key in ["x", "y", "backspace", "left", "ctrl-w"] {
            assert!(matches!(press(&mut prompt, key), PromptResult::Wait));
        }
        assert!(!format!("{prompt:?}").contains("secret"));
        let PromptResult::Try(Some(token)) = press(&mut prompt, "enter") else { panic!() };
        assert_eq!((token.reveal(), prompt.mask().as_str()), ("secret-partx", ""));
        assert!(matches!(press(&mut prompt, "enter"), PromptResult::Try(None)));
    }

    #[test]
    fn what_cannot_be_a_token_is_not_tried() {
        let mut prompt = TokenPrompt::default();
        prompt.paste("two words");
        assert!(matches!(press(&mut prompt, "enter"), PromptResult::Wait));
        assert!(prompt.refused.as_ref().unwrap().starts_with("that is no token") && prompt.mask().is_empty());
    }

    #[test]
    fn while_a_token_is_tried_only_hiding_works() {
        let mut prompt = TokenPrompt::default();
        for key in ["a", "enter"] {
            assert!(matches!(prompt.key(key.parse().unwrap(), false, true), PromptResult::Wait));
        }
        assert!(prompt.mask().is_empty());
        assert!(matches!(prompt.key("esc".parse().unwrap(), false, true), PromptResult::Hide));
    }
}
