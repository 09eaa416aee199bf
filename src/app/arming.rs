//! When a key in a dialog may confirm something (product, section 5).
//!
//! A confirmation belongs to what a person saw: a key counts if it was read after the dialog was drawn, came at the pace of
//! a hand, and nothing came right behind it. Every dialog that confirms something asks here.

use std::time::Duration;

use crate::app::keymap::Chord;
use crate::model::time::Moment;

/// How long a dialog must have been on the screen, and `y` no key before it, until the key counts.
pub const QUIET: Duration = Duration::from_millis(250);
/// Two keys in a row that each come sooner than this after the one before are a paste.
const FAST: Duration = Duration::from_millis(3);
/// How long a key that confirms waits for more. The rest of a paste comes within this time, and so does the news that the
/// program was stopped and another one had the screen.
pub const SETTLE: Duration = Duration::from_millis(30);
/// How long the same key twice in a row waits for more: longer than a keyboard waits between the repeats of a key that is
/// held, which most terminals report as if it were pressed again and again.
const HELD: Duration = Duration::from_millis(150);

/// How a key came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPace {
    /// It was read before the dialog was on the screen.
    Unseen,
    /// As a hand types.
    Hand,
    /// Right after the one before, as it happens to a hand once.
    Fast,
    /// Right after two that came so: nobody typed it.
    Pasted,
}

/// When a dialog was drawn, and when its keys came.
#[derive(Debug, Default)]
pub struct Arming {
    drawn: Option<Moment>,
    last_key: Option<Moment>,
    last_chord: Option<Chord>,
    /// Whether the last key is the one before once more.
    is_again: bool,
    /// How many keys in a row came fast.
    fast: u8,
}

impl Arming {
    /// Whether it waits to be drawn.
    #[must_use]
    pub fn awaits_drawing(&self) -> bool {
        self.drawn.is_none()
    }

    /// The dialog is on the screen.
    pub fn drawn(&mut self, at: Moment) {
        self.drawn.get_or_insert(at);
    }

    /// The dialog cannot be seen any more, or shows something else: it has to be drawn before anything counts.
    pub fn restart(&mut self) {
        self.drawn = None;
    }

    /// Takes note of a key that was read at `at`; of a paste, which has none.
    pub fn key(&mut self, chord: Option<Chord>, at: Moment) -> KeyPace {
        self.is_again = chord.is_some() && chord == self.last_chord;
        self.last_chord = chord;
        let is_fast = self.last_key.is_some_and(|last| at.since(last) < FAST);
        self.fast = if is_fast { self.fast.saturating_add(1) } else { 0 };
        self.last_key = Some(at);
        match self.fast {
            _ if self.drawn.is_none_or(|drawn| at.tick < drawn.tick) => KeyPace::Unseen,
            0 => KeyPace::Hand,
            1 => KeyPace::Fast,
            _ => KeyPace::Pasted,
        }
    }

    /// How long the last key, if it confirms something, must stand alone until it counts.
    #[must_use]
    pub fn settle(&self) -> Duration {
        if self.is_again { HELD } else { SETTLE }
    }

    /// How long the dialog has been on the screen.
    #[must_use]
    pub fn shown(&self, now: Moment) -> Option<Duration> {
        self.drawn.map(|drawn| now.since(drawn))
    }

    /// When it has been on the screen, and no key has come, for long enough; none while it is not on the screen.
    #[must_use]
    pub fn quiet_at(&self) -> Option<Duration> {
        let drawn = self.drawn?.tick;
        Some(self.last_key.map_or(drawn, |key| key.tick.max(drawn)) + QUIET)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    use crate::app::keymap::Key;

    fn at(ms: u64) -> Moment {
        Moment { tick: Duration::from_millis(ms), wall: Timestamp::UNIX_EPOCH }
    }

    /// The pace of the last of keys that were read at these times, in a dialog that was drawn at 100 ms.
    fn limiter(times: &[u64]) -> KeyPace {
        let mut arming = Arming::default();
        arming.drawn(at(100));
        times.iter().map(|ms| arming.key(None, at(*ms))).last().unwrap()
    }

    #[test]
    fn two_keys_in_a_row_that_come_fast_are_a_paste() {
        assert_eq!(limiter(&[200, 205, 210, 215]), KeyPace::Hand);
        assert_eq!(limiter(&[200, 203, 206]), KeyPace::Hand);
        assert_eq!(limiter(&[200, 202]), KeyPace::Fast);
        assert_eq!(limiter(&[200, 202, 205]), KeyPace::Hand);
        assert_eq!(limiter(&[200, 202, 232, 234]), KeyPace::Fast);
        assert_eq!(limiter(&[200, 202, 204]), KeyPace::Pasted);
        assert_eq!(limiter(&[200, 200, 200, 200]), KeyPace::Pasted);
    }

    #[test]
    fn same_key_twice_waits_longer_than_a_held_key_repeats() {
        let mut arming = Arming::default();
        let settles = [Some('y'), Some('y'), Some('n'), None, None].map(|key| {
            arming.key(key.map(|c| Chord::plain(Key::Char(c))), at(100));
            arming.settle()
        });
        assert_eq!(settles, [SETTLE, HELD, SETTLE, SETTLE, SETTLE]);
    }

    #[test]
    fn keys_that_were_read_before_the_dialog_was_drawn_are_unseen() {
        assert_eq!(limiter(&[99]), KeyPace::Unseen);
        assert_eq!(limiter(&[100]), KeyPace::Hand);
        let mut arming = Arming::default();
        assert_eq!(arming.key(None, at(5)), KeyPace::Unseen);
        arming.drawn(at(100));
        assert_eq!(arming.quiet_at(), Some(Duration::from_millis(350)));
        arming.restart();
        assert_eq!((arming.key(None, at(500)), arming.quiet_at()), (KeyPace::Unseen, None));
    }
}
