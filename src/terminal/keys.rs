//! Control characters and key sequences of a terminal, as chords.
//!
//! Covers the sequences of xterm, of the Linux console and rxvt where they differ, and the kitty keyboard protocol, which an
//! earlier program may have left on. Everything else a terminal can report is no key.

use crate::app::keymap::{Chord, Key};

/// The bits of the modifiers that a sequence carries, less one.
const SHIFT: u32 = 1;
const CTRL: u32 = 4;
/// Alt, super, hyper and meta, which are one modifier here.
const ALT: u32 = 2 | 8 | 16 | 32;
const CAPS_LOCK: u32 = 64;

/// The chord of a control character.
pub(super) fn control(byte: u8) -> Chord {
    match byte {
        b'\r' => Chord::plain(Key::Enter),
        b'\t' => Chord::plain(Key::Tab),
        0x7f => Chord::plain(Key::Backspace),
        0x00 => Chord::ctrl(' '),
        0x01..=0x1a => Chord::ctrl(char::from(byte - 0x01 + b'a')),
        _ => Chord::ctrl(char::from((byte & 0x07) + b'0')),
    }
}

/// The chord of a sequence that is a key going down or being repeated, and which of these it is.
pub(super) fn sequence(parameters: &[u8], is_ss3: bool, last: u8) -> Option<(Chord, bool)> {
    // Intermediate bytes and private markers stand in answers only.
    if !parameters.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b';' | b':')) {
        return None;
    }
    let fields = SequenceFields::read(parameters);
    let modifiers = fields.get(1, 0).unwrap_or(1).saturating_sub(1);
    let is_shifted = modifiers & SHIFT != 0;
    let key = match (is_ss3, last) {
        (_, b'A') => Key::Up,
        (_, b'B') => Key::Down,
        (_, b'C') => Key::Right,
        (_, b'D') => Key::Left,
        (_, b'H') => Key::Home,
        (_, b'F') => Key::End,
        (true, b'M') => Key::Enter,
        (false, b'Z') => Key::BackTab,
        (false, b'u') => code(&fields, 0, modifiers)?,
        (false, b'~') => match fields.get(0, 0)? {
            1 | 7 => Key::Home,
            3 => Key::Delete,
            4 | 8 => Key::End,
            5 => Key::PageUp,
            6 => Key::PageDown,
            // How xterm tells a key whose modifiers have no sequence of their own.
            27 => code(&fields, 2, modifiers)?,
            _ => return None,
        },
        _ => return None,
    };
    let repeat = match fields.get(1, 1).unwrap_or(1) {
        1 => false,
        2 => true,
        // A key that came up.
        _ => return None,
    };
    let key = if key == Key::Tab && is_shifted { Key::BackTab } else { key };
    Some((Chord { key, ctrl: modifiers & CTRL != 0, alt: modifiers & ALT != 0 }, repeat))
}

/// The key with the code that stands in a field of the parameters, and maybe what it is with shift.
fn code(fields: &SequenceFields, field: usize, modifiers: u32) -> Option<Key> {
    let code = fields.get(field, 0)?;
    Some(match code {
        9 => Key::Tab,
        13 | 57414 => Key::Enter,
        27 => Key::Esc,
        8 | 127 => Key::Backspace,
        // The keypad.
        57399..=57408 => Key::Char(char::from_digit(code - 57399, 10)?),
        57409 => Key::Char('.'),
        57410 => Key::Char('/'),
        57411 => Key::Char('*'),
        57412 => Key::Char('-'),
        57413 => Key::Char('+'),
        57415 => Key::Char('='),
        57417 => Key::Left,
        57418 => Key::Right,
        57419 => Key::Up,
        57420 => Key::Down,
        57421 => Key::PageUp,
        57422 => Key::PageDown,
        57423 => Key::Home,
        57424 => Key::End,
        57426 => Key::Delete,
        // Other keys without a character, in the private use area.
        57344..=63743 => return None,
        code => {
            let c = char::from_u32(code).filter(|c| !c.is_control())?;
            let is_shifted = modifiers & SHIFT != 0;
            let shifted = fields.get(field, 1).and_then(char::from_u32).filter(|c| !c.is_control());
            match shifted.filter(|_| is_shifted) {
                Some(shifted) => Key::Char(shifted),
                None if c.is_alphabetic() && is_shifted != (modifiers & CAPS_LOCK != 0) => {
                    Key::Char(c.to_uppercase().next().unwrap_or(c))
                }
                None => Key::Char(c),
            }
        }
    })
}

/// The numbers of a sequence: fields between `;`, parts of one between `:`.
struct SequenceFields<'a>(Vec<Vec<&'a [u8]>>);

impl<'a> SequenceFields<'a> {
    fn read(parameters: &'a [u8]) -> Self {
        let parts = |field: &'a [u8]| field.split(|byte| *byte == b':').collect();
        Self(parameters.split(|byte| *byte == b';').map(parts).collect())
    }

    /// A number, if it stands there.
    fn get(&self, field: usize, part: usize) -> Option<u32> {
        std::str::from_utf8(self.0.get(field)?.get(part)?).ok()?.parse().ok()
    }
}
