//! The bytes of a terminal, as keys and pastes.
//!
//! A terminal sends more than keys: answers to queries of an earlier program, mouse and focus reports, release events. They
//! are recognised by their form (ECMA-48) and yield nothing, wherever a read splits them. The standard state machines
//! (`vte`, `vtparse`) read what programs send *to* a terminal: they lose a lone Esc, alt with a control key, the raw bytes
//! of a mouse report and the text of a paste, so the form is followed here. Nothing in this module reads a clock.

use std::time::{Duration, Instant};

use super::keys;
use crate::app::keymap::{Chord, Key};

/// How long a lone ESC may be the start of a sequence. Links that split a sequence rarely do so for longer.
const ESC_WAIT: Duration = Duration::from_millis(50);
/// How long after its last byte a sequence, a string or a paste may still be continued.
const QUIET: Duration = Duration::from_millis(500);
/// How long a string may be continued by reads as short as those of a hand, which would else keep the keyboard for as long
/// as somebody types.
const BY_HAND: Duration = Duration::from_secs(2);
/// A read of so many bytes does not come from a hand.
const MACHINE_READ: usize = 16;
/// How much of a paste is taken.
const PASTE_LIMIT: usize = 64 * 1024;
/// The parameters of every sequence that means a key fit in; of longer ones only the end matters.
const PARAMETERS: usize = 64;

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;
/// CAN and SUB, which end any sequence.
const CANCELS: [u8; 2] = [0x18, 0x1a];
const PASTE_END: &[u8] = b"\x1b[201~";

/// Something a person did at the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputEvent {
    /// A key went down.
    Key {
        /// The key with its modifiers.
        chord: Chord,
        /// Whether the keyboard repeats a key that is held.
        repeat: bool,
    },
    /// Text was pasted between the marks of a bracketed paste.
    Paste {
        /// The text, without bytes that are not UTF-8.
        text: String,
        /// Whether the end mark came, and all before it was taken.
        is_whole: bool,
    },
}

/// The state of reading: which sequence the last bytes are part of.
#[derive(Debug, Default)]
pub struct Parser {
    state: ParserState,
    /// When the last byte came.
    last: Option<Instant>,
    /// When the current string began, or last received more bytes at once than a hand types.
    flowing: Option<Instant>,
}

#[derive(Debug, Default)]
enum ParserState {
    #[default]
    Ground,
    /// The start of a character of several bytes.
    Utf8 { bytes: [u8; 4], len: usize, alt: bool },
    /// ESC.
    Escape,
    /// ESC that was given as a key because nothing followed in time. More bytes at once that continue it are still a
    /// sequence: a hand does not type them.
    Escaped,
    /// CSI or SS3 with what has come of its parameters.
    Sequence { parameters: Vec<u8>, is_ss3: bool },
    /// Raw bytes that follow a report.
    Raw(u8),
    /// OSC, DCS, SOS, PM or APC; all of it is ignored. `is_c1` where it was introduced by one byte, and so may end by one.
    String { is_c1: bool, previous: u8 },
    /// A paste: its text, how much of the end mark has come, and whether something was left out.
    Paste { text: Vec<u8>, mark: usize, is_cut: bool },
}

impl Parser {
    /// Reads `bytes`, which came at `at`.
    pub fn feed(&mut self, bytes: &[u8], at: Instant, events: &mut Vec<InputEvent>) {
        if matches!(self.state, ParserState::Escaped) {
            let continues = bytes.len() > 1 && is_introducer(bytes[0]);
            self.state = if continues { ParserState::Escape } else { ParserState::Ground };
        }
        if bytes.len() >= MACHINE_READ {
            self.flowing = Some(at);
        }
        self.last = Some(at);
        for byte in bytes {
            self.byte(*byte, at, events);
        }
    }

    /// When time alone changes something, unless bytes come before.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let last = self.last?;
        match &self.state {
            // An unfinished character keeps nothing back: the next byte is read anew unless it continues it.
            ParserState::Ground | ParserState::Utf8 { .. } => None,
            ParserState::Escape => Some(last + ESC_WAIT),
            ParserState::String { .. } => {
                let by_hand = self.flowing.map_or(last, |flowing| flowing + BY_HAND);
                Some(by_hand.min(last + QUIET))
            }
            ParserState::Escaped
            | ParserState::Sequence { .. }
            | ParserState::Raw(_)
            | ParserState::Paste { .. } => Some(last + QUIET),
        }
    }

    /// Time has passed, and no bytes have come: what was begun is over.
    pub fn lapse(&mut self, now: Instant, events: &mut Vec<InputEvent>) {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        match std::mem::take(&mut self.state) {
            ParserState::Escape => {
                press(Key::Esc, events);
                self.state = ParserState::Escaped;
            }
            ParserState::Paste { text, .. } => events.push(paste(&text, false)),
            _ => {}
        }
    }

    fn byte(&mut self, byte: u8, at: Instant, events: &mut Vec<InputEvent>) {
        match &mut self.state {
            ParserState::Ground | ParserState::Escaped => self.plain(byte, false, at, events),
            ParserState::Utf8 { .. } => self.continuation(byte, at, events),
            ParserState::Escape => self.escaped(byte, at, events),
            ParserState::Sequence { .. } => self.sequence(byte, at, events),
            ParserState::Raw(left) => match left.saturating_sub(1) {
                0 => self.state = ParserState::Ground,
                fewer => *left = fewer,
            },
            ParserState::String { is_c1, previous } => {
                let ended = match byte {
                    BEL => true,
                    b'\\' => *previous == ESC,
                    // ST as one byte, or as that character in UTF-8.
                    0x9c => *is_c1 || *previous == 0xc2,
                    byte => CANCELS.contains(&byte),
                };
                // Another sequence ends a string that was cut off.
                let is_cut_off = !ended && *previous == ESC;
                *previous = byte;
                if ended {
                    self.state = ParserState::Ground;
                } else if is_cut_off && byte != ESC {
                    self.escaped(byte, at, events);
                }
            }
            ParserState::Paste { text, mark, is_cut } => {
                if byte == PASTE_END[*mark] {
                    *mark += 1;
                    if *mark == PASTE_END.len() {
                        events.push(paste(text, !*is_cut));
                        self.state = ParserState::Ground;
                    }
                    return;
                }
                // What looked like the end mark was text.
                let begun = std::mem::take(mark);
                let is_start = byte == ESC;
                *mark = usize::from(is_start);
                let rest = if is_start { None } else { Some(byte) };
                for byte in PASTE_END[..begun].iter().copied().chain(rest) {
                    if text.len() < PASTE_LIMIT { text.push(byte) } else { *is_cut = true }
                }
            }
        }
    }

    /// Reads a byte that begins something.
    fn plain(&mut self, byte: u8, alt: bool, at: Instant, events: &mut Vec<InputEvent>) {
        self.state = ParserState::Ground;
        match byte {
            ESC => self.state = ParserState::Escape,
            0x00..=0x1f | 0x7f => {
                let chord = keys::control(byte);
                events.push(InputEvent::Key { chord: Chord { alt, ..chord }, repeat: false });
            }
            0x20..=0x7e => type_char(char::from(byte), alt, events),
            // No character begins so: a control of the upper half.
            0x80..=0x9f => self.introduce_c1(byte, at),
            _ => self.state = ParserState::Utf8 { bytes: [byte, 0, 0, 0], len: 1, alt },
        }
    }

    fn continuation(&mut self, byte: u8, at: Instant, events: &mut Vec<InputEvent>) {
        let ParserState::Utf8 { bytes, len, alt } = &mut self.state else { return };
        let (room, alt) = (bytes.len(), *alt);
        if *len < room {
            bytes[*len] = byte;
            *len += 1;
        }
        match std::str::from_utf8(&bytes[..*len]) {
            Ok(text) => {
                let typed = text.chars().next();
                self.state = ParserState::Ground;
                match typed {
                    Some(c @ '\u{80}'..='\u{9f}') => {
                        self.introduce_c1(u8::try_from(u32::from(c)).unwrap_or_default(), at);
                    }
                    Some(c) => type_char(c, alt, events),
                    None => {}
                }
            }
            Err(bad) if bad.error_len().is_none() => {}
            // Bytes that are no character are ignored, but for the one that shows it where it may begin something.
            Err(_) => {
                self.state = ParserState::Ground;
                if !(0x80..=0xbf).contains(&byte) {
                    self.plain(byte, false, at, events);
                }
            }
        }
    }

    /// Reads the byte after ESC.
    fn escaped(&mut self, byte: u8, at: Instant, events: &mut Vec<InputEvent>) {
        match byte {
            ESC => {
                press(Key::Esc, events);
                self.state = ParserState::Escape;
            }
            // The end of a string that is over already.
            b'\\' => self.state = ParserState::Ground,
            byte if is_introducer(byte) => self.introduce(byte, false, at),
            byte => self.plain(byte, true, at, events),
        }
    }

    /// Begins what a control of the upper half introduces, if it introduces something: each is ESC and a letter in one.
    fn introduce_c1(&mut self, byte: u8, at: Instant) {
        self.state = ParserState::Ground;
        let letter = byte.wrapping_sub(0x40);
        if is_introducer(letter) {
            self.introduce(letter, true, at);
        }
    }

    fn introduce(&mut self, letter: u8, is_c1: bool, at: Instant) {
        self.state = match letter {
            b'[' | b'O' => ParserState::Sequence { parameters: Vec::new(), is_ss3: letter == b'O' },
            _ => {
                self.flowing = Some(at);
                ParserState::String { is_c1, previous: 0 }
            }
        };
    }

    fn sequence(&mut self, byte: u8, at: Instant, events: &mut Vec<InputEvent>) {
        let ParserState::Sequence { parameters, is_ss3 } = &mut self.state else { return };
        match byte {
            0x20..=0x3f if parameters.len() < PARAMETERS => parameters.push(byte),
            // Longer than any key; it still has to be read to its end.
            0x20..=0x3f => parameters[0] = b'?',
            0x40..=0x7e => {
                let (parameters, is_ss3) = (std::mem::take(parameters), *is_ss3);
                self.finish(&parameters, is_ss3, byte, events);
            }
            byte if CANCELS.contains(&byte) => self.state = ParserState::Ground,
            // It was cut off; this belongs to what comes after it.
            byte => self.plain(byte, false, at, events),
        }
    }

    fn finish(&mut self, parameters: &[u8], is_ss3: bool, last: u8, events: &mut Vec<InputEvent>) {
        self.state = match (is_ss3, parameters, last) {
            (false, b"200", b'~') => ParserState::Paste { text: Vec::new(), mark: 0, is_cut: false },
            // Mouse reports of old, and function keys of the Linux console: their bytes follow the final one.
            (false, b"", b'M') => ParserState::Raw(3),
            (false, b"", b't') => ParserState::Raw(2),
            (false, b"", b'T') => ParserState::Raw(6),
            (false, b"", b'[') => ParserState::Raw(1),
            _ => ParserState::Ground,
        };
        if matches!(self.state, ParserState::Ground)
            && let Some((chord, repeat)) = keys::sequence(parameters, is_ss3, last)
        {
            events.push(InputEvent::Key { chord, repeat });
        }
    }
}

/// Whether ESC and this letter begin something that is longer than a key with alt.
fn is_introducer(letter: u8) -> bool {
    matches!(letter, b'[' | b'O' | b']' | b'P' | b'X' | b'^' | b'_')
}

fn press(key: Key, events: &mut Vec<InputEvent>) {
    events.push(InputEvent::Key { chord: Chord::plain(key), repeat: false });
}

fn type_char(c: char, alt: bool, events: &mut Vec<InputEvent>) {
    events.push(InputEvent::Key { chord: Chord { key: Key::Char(c), ctrl: false, alt }, repeat: false });
}

fn paste(bytes: &[u8], is_whole: bool) -> InputEvent {
    let text = bytes.utf8_chunks().map(|chunk| chunk.valid()).collect();
    InputEvent::Paste { text, is_whole }
}

#[cfg(test)]
mod tests;
