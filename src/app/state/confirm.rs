//! The modal that stands before every verb: a parser of intent.
//!
//! Owns when a plan counts as confirmed. Keys typed ahead, held, or pasted never confirm; a soft verb needs `y` after a
//! quiet quarter of a second with the modal on the screen, a permanent delete an exact phrase and Enter. Must not know
//! how the modal is drawn.

use std::sync::Arc;
use std::time::Duration;

use tui_input::{Input, InputRequest};

use crate::app::keymap::{Chord, Key};
use crate::model::moment::Moment;
use crate::model::plan::{Assent, Plan};
use crate::model::record::Record;
use crate::model::text;

/// How long no key may have been pressed before `y` counts.
pub const QUIET: Duration = Duration::from_millis(250);

/// Keys closer together than this come from a paste or a program, not from a hand.
const BURST: Duration = Duration::from_millis(3);

/// Which part of the modal has the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The phrase, where one is asked for.
    Phrase,
    /// The list of records.
    List,
}

/// What a key did to the modal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It stays open.
    Open,
    /// Nothing is to be done; it closes.
    Kept,
    /// The plan is confirmed.
    Confirmed,
}

/// One line of the modal's body.
#[derive(Debug, Clone)]
pub enum Line {
    /// A sentence.
    Text(String),
    /// A sentence that must not be overlooked.
    Loud(String),
    /// A heading.
    Head(String),
    /// A record that will be acted upon.
    Target(Record),
    /// A record that will not, and why.
    Blocked(Record, String),
    /// Nothing.
    Blank,
}

/// A plan that waits to be confirmed.
#[derive(Debug)]
pub struct Confirm {
    /// What would be done.
    pub plan: Arc<Plan>,
    /// What sets it off.
    pub assent: Assent,
    /// What has been typed of the phrase.
    pub phrase: Input,
    /// Which part has the keys.
    pub part: Part,
    /// How far the body is scrolled.
    pub scroll: usize,
    /// The filter of the list, while or after it is typed.
    pub list_filter: Input,
    /// Whether the list's filter is being typed.
    pub filtering: bool,
    /// Why the last key did not do what it might have been meant to.
    pub complaint: Option<String>,
    /// When it was first on the screen.
    drawn: Option<Moment>,
    /// When the last key of any sort came.
    last_key: Option<Moment>,
    /// When `y` was pressed. It confirms once it has turned out to be a key by itself and not the start of a paste.
    agreed: Option<Moment>,
}

impl Confirm {
    /// Opens the modal for `plan`.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        let assent = plan.assent();
        let part = if matches!(assent, Assent::Phrase(_)) { Part::Phrase } else { Part::List };
        Self {
            plan: Arc::new(plan),
            assent,
            phrase: Input::default(),
            part,
            scroll: 0,
            list_filter: Input::default(),
            filtering: false,
            complaint: None,
            drawn: None,
            last_key: None,
            agreed: None,
        }
    }

    /// Whether it waits to be drawn for the first time.
    #[must_use]
    pub fn awaits_drawing(&self) -> bool {
        self.drawn.is_none()
    }

    /// It is on the screen.
    pub fn drawn(&mut self, at: Moment) {
        self.drawn.get_or_insert(at);
    }

    /// When `y` begins to count, if nothing is pressed until then; `None` while it is not on the screen, or where `y`
    /// does not confirm.
    #[must_use]
    pub fn arms_at(&self) -> Option<Duration> {
        let drawn = self.drawn.filter(|_| self.assent == Assent::Key)?.tick;
        let quiet_since = self.last_key.map_or(drawn, |key| key.tick.max(drawn));
        Some(quiet_since + QUIET)
    }

    /// Whether `y` counts now.
    #[must_use]
    pub fn is_armed(&self, now: Moment) -> bool {
        self.arms_at().is_some_and(|at| now.tick >= at)
    }

    /// When the modal changes with time alone, if it does after `now`.
    #[must_use]
    pub fn wakes_at(&self, now: Moment) -> Option<Duration> {
        let settled = self.agreed.map(|agreed| agreed.tick + BURST);
        [settled, self.arms_at()].into_iter().flatten().filter(|at| *at > now.tick).min()
    }

    /// Time has passed: a `y` that stood alone long enough confirms.
    pub fn due(&mut self, now: Moment) -> Verdict {
        match self.agreed {
            Some(agreed) if now.since(agreed) >= BURST => Verdict::Confirmed,
            _ => Verdict::Open,
        }
    }

    /// Reads a key.
    pub fn key(&mut self, chord: Chord, repeat: bool, at: Moment) -> Verdict {
        if self.due(at) == Verdict::Confirmed {
            return Verdict::Confirmed;
        }
        let armed = self.is_armed(at);
        let hurried = self.last_key.is_some_and(|last| at.since(last) < BURST);
        self.last_key = Some(at);
        if !hurried {
            self.complaint = None;
        }
        if self.agreed.take().is_some() {
            self.complaint = Some("that came faster than a hand types: nothing was confirmed".to_owned());
            return Verdict::Open;
        }
        if self.drawn.is_none() {
            return Verdict::Open;
        }
        if self.filtering {
            self.filter_key(chord);
            return Verdict::Open;
        }
        match chord.key {
            Key::Esc => return Verdict::Kept,
            Key::Tab | Key::BackTab => self.next_part(),
            Key::Up => self.scroll = self.scroll.saturating_sub(1),
            Key::Down => self.scroll = self.scroll.saturating_add(1),
            Key::PageUp => self.scroll = self.scroll.saturating_sub(10),
            Key::PageDown => self.scroll = self.scroll.saturating_add(10),
            Key::Home if self.part == Part::List => self.scroll = 0,
            Key::End if self.part == Part::List => self.scroll = usize::MAX,
            Key::Enter => return self.enter(repeat, hurried),
            _ if self.part == Part::Phrase => self.type_phrase(chord),
            _ => return self.list_key(chord, repeat, armed),
        }
        Verdict::Open
    }

    /// It cannot be seen any more: what it needs a person to have seen counts anew from when it is drawn again.
    pub fn hidden(&mut self) {
        self.agreed = None;
        self.drawn = None;
    }

    /// Refuses a paste.
    pub fn paste(&mut self, at: Moment) {
        self.last_key = Some(at);
        self.agreed = None;
        self.complaint = Some("pasting is refused here: type it".to_owned());
    }

    fn next_part(&mut self) {
        self.part = match (self.part, &self.assent) {
            (Part::List, Assent::Phrase(_)) => Part::Phrase,
            _ => Part::List,
        };
    }

    fn enter(&mut self, repeat: bool, hurried: bool) -> Verdict {
        let phrases = match &self.assent {
            Assent::Phrase(phrases) => phrases,
            Assent::Key => return Verdict::Kept,
            Assent::Nothing => return Verdict::Open,
        };
        if repeat || self.part != Part::Phrase {
            return Verdict::Open;
        }
        if !phrases.iter().any(|phrase| phrase == self.phrase.value()) {
            self.complaint = Some(format!("that is not `{}`", phrases.first().map_or("", String::as_str)));
            return Verdict::Open;
        }
        if hurried {
            self.phrase.reset();
            self.complaint = Some("that came faster than a hand types: type it again".to_owned());
            return Verdict::Open;
        }
        Verdict::Confirmed
    }

    fn type_phrase(&mut self, chord: Chord) {
        if let Some(request) = edit(chord) {
            self.phrase.handle(request);
        }
    }

    fn list_key(&mut self, chord: Chord, repeat: bool, armed: bool) -> Verdict {
        match (chord.typed(), &self.assent) {
            (Some('/'), _) => self.filtering = true,
            (Some('n'), Assent::Key) | (Some('q'), Assent::Key | Assent::Phrase(_)) => return Verdict::Kept,
            (Some('y'), Assent::Key) if armed && !repeat => self.agreed = self.last_key,
            (Some('y'), Assent::Key) => {
                self.complaint = Some("too soon: wait until `y` is offered".to_owned());
            }
            (Some('j'), _) => self.scroll = self.scroll.saturating_add(1),
            (Some('k'), _) => self.scroll = self.scroll.saturating_sub(1),
            _ => {}
        }
        Verdict::Open
    }

    fn filter_key(&mut self, chord: Chord) {
        match chord.key {
            Key::Enter => self.filtering = false,
            Key::Esc => {
                self.filtering = false;
                self.list_filter.reset();
            }
            _ => {
                if let Some(request) = edit(chord) {
                    self.list_filter.handle(request);
                    self.scroll = 0;
                }
            }
        }
    }

    /// The body, in the order a reader needs it.
    #[must_use]
    pub fn body(&self) -> Vec<Line> {
        let mut lines: Vec<Line> = self.plan.consequences().into_iter().map(Line::Loud).collect();
        if self.plan.hidden > 0 {
            let why =
                if self.plan.filtered { "hidden by the filter" } else { "not in the list as it is shown" };
            lines.push(Line::Loud(format!("{} {why}", self.plan.hidden)));
        }
        if self.plan.steps.is_empty() {
            lines.push(Line::Loud("nothing here can be done: only Esc works".to_owned()));
        }
        if !self.plan.steps.is_empty() && !self.plan.blocked.is_empty() {
            let blocked = text::grouped(self.plan.blocked.len() as u64);
            lines.push(Line::Loud(format!("{blocked} blocked and not included, listed last")));
        }
        self.list_targets(&mut lines);
        self.list_blocked(&mut lines);
        lines
    }

    /// What ends the body and stays in sight while the list is scrolled.
    #[must_use]
    pub fn notes(&self) -> Vec<Line> {
        let bystander = self.plan.bystander.iter();
        let bystander = bystander
            .map(|name| Line::Loud(format!("{name} under the cursor is not marked and not included")));
        bystander.chain([Line::Text(self.plan.cost())]).collect()
    }

    fn list_targets(&self, lines: &mut Vec<Line>) {
        for (kind, n) in self.plan.kinds() {
            lines.push(Line::Blank);
            lines.push(Line::Head(kind.count(n)));
            let of_kind =
                self.plan.steps.iter().map(|step| &step.record).filter(|record| record.kind() == kind);
            lines.extend(of_kind.filter(|record| self.is_listed(record)).cloned().map(Line::Target));
        }
    }

    fn list_blocked(&self, lines: &mut Vec<Line>) {
        if self.plan.blocked.is_empty() {
            return;
        }
        lines.push(Line::Blank);
        lines.push(Line::Head(format!(
            "blocked, not included: {}",
            text::grouped(self.plan.blocked.len() as u64)
        )));
        let listed = self.plan.blocked.iter().filter(|blocked| self.is_listed(&blocked.record));
        lines.extend(listed.map(|blocked| Line::Blocked(blocked.record.clone(), blocked.reason.clone())));
    }

    fn is_listed(&self, record: &Record) -> bool {
        let wanted = text::folded(self.list_filter.value().trim());
        wanted.is_empty() || text::folded(record.name()).contains(&wanted)
    }

    /// What the modal asks for at its foot; nothing while `y` does not count yet.
    #[must_use]
    pub fn prompt(&self, now: Moment) -> String {
        let verb = self.plan.verb.word();
        match &self.assent {
            Assent::Nothing => "Esc keep".to_owned(),
            Assent::Key if self.is_armed(now) => format!("y {verb}, Esc keep"),
            Assent::Key => String::new(),
            Assent::Phrase(phrases) => {
                let first = phrases.first().map_or("", String::as_str);
                let or = match phrases.len() {
                    0 | 1 => String::new(),
                    _ => format!(" (`{}` will do for the name)", self.plan.short_organization()),
                };
                format!("type {first} and press Enter{or}")
            }
        }
    }
}

/// What a key does to a line that is being typed.
#[must_use]
pub fn edit(chord: Chord) -> Option<InputRequest> {
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

/// How much of a paste is taken; a line that is typed needs no more.
const LONGEST_PASTE: usize = 1_000;

/// Types what was pasted, as one line.
pub fn insert(input: &mut Input, text: &str) {
    let (before, after): (String, String) = {
        let chars: Vec<char> = input.value().chars().collect();
        let at = input.cursor().min(chars.len());
        (chars[..at].iter().collect(), chars[at..].iter().collect())
    };
    let start: String = text.chars().take(LONGEST_PASTE).collect();
    let head = before + &text::clean(&start);
    let cursor = head.chars().count();
    *input = Input::new(head + &after).with_cursor(cursor);
}
