//! The dialog that stands before every action: a parser of intent.
//!
//! Owns when a plan counts as confirmed. A soft action needs `y` after a quiet quarter of a second with the dialog on the
//! screen, a permanent delete an exact phrase and Enter; which keys count at all is told by `arming`. An option that is
//! flipped makes another plan of it, which has to be seen and assented to anew. What the dialog says is worded in `words`,
//! what can be chosen in it stands in `choice`, what hangs on its records is summed up in `counts`. Must not know how the
//! dialog is drawn.

mod body;
mod choice;
mod counts;
pub mod lines;
mod reassign;
pub(crate) mod update;

use std::sync::Arc;
use std::time::Duration;

use super::arming::{Arming, KeyPace};
use super::text_input::TextInput;
use crate::app::keymap::{Chord, Key};
use crate::model::plan::{Confirmation, Plan, Reassignee};
use crate::model::time::Moment;

pub use crate::app::confirm::body::DialogLine;
pub use choice::PlanOption;

use crate::app::confirm::reassign::MemberPicker;
use counts::ImpactCounts;

/// The complaint about a phrase that nobody typed.
const PASTED: &str = "that came faster than a hand types: type it again";

/// Which part of the dialog has the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialogPart {
    /// The phrase, where one is asked for.
    Phrase,
    /// The options, where there are any.
    Options,
    /// The list of records.
    List,
}

/// What a key did to the dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialogResult {
    /// It stays open.
    Open,
    /// Nothing is to be done; it closes.
    Kept,
    /// The plan is confirmed.
    Confirmed,
}

/// A plan that waits to be confirmed.
#[derive(Debug)]
pub struct Confirm {
    /// What would be done.
    pub plan: Arc<Plan>,
    /// What sets it off.
    pub confirmation: Confirmation,
    /// What has been typed of the phrase.
    pub phrase: TextInput,
    /// Which part has the keys.
    pub part: DialogPart,
    /// The option that the keys would flip, among those that are offered.
    pub choice: Option<PlanOption>,
    /// How far the body is scrolled.
    pub scroll: usize,
    /// The filter of the list, while or after it is typed.
    pub list_filter: TextInput,
    /// Whether the list's filter is being typed.
    pub filtering: bool,
    /// Why the last key did not do what it might have been meant to.
    pub complaint: Option<String>,
    /// The options that are offered.
    offered: Vec<PlanOption>,
    /// How many records could be deleted if they were archived first, whatever is chosen.
    archivable: usize,
    /// What hangs on the records.
    counts: ImpactCounts,
    /// Whom what belongs to them can be handed to.
    reassignees: Vec<Reassignee>,
    /// The line in which one of those is being chosen.
    picker: Option<MemberPicker>,
    /// Whether the last key was a letter that the options could do nothing with.
    in_a_word: bool,
    /// When it was on the screen, as it is now, and when its keys came.
    arming: Arming,
    /// Whether the phrase was pasted, and nothing has been typed since.
    is_pasted: bool,
    /// When the key came that confirms once nothing has come right behind it.
    agreed: Option<Moment>,
}

impl Confirm {
    /// Opens the dialog for `plan`.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        let confirmation = plan.confirmation();
        let archivable = plan.archivable_first();
        let offered = PlanOption::offered(&plan, archivable);
        // Where nothing can be done but by archiving first, that is what there is to decide.
        let (part, choice) = match &confirmation {
            Confirmation::Phrase(_) => (DialogPart::Phrase, offered.first()),
            Confirmation::Nothing if archivable > 0 => (DialogPart::Options, Some(&PlanOption::ArchiveFirst)),
            Confirmation::Nothing | Confirmation::Key => (DialogPart::List, offered.first()),
        };
        Self {
            plan: Arc::new(plan),
            confirmation,
            phrase: TextInput::default(),
            part,
            choice: choice.copied(),
            scroll: 0,
            list_filter: TextInput::default(),
            filtering: false,
            complaint: None,
            offered,
            archivable,
            counts: ImpactCounts::default(),
            reassignees: Vec::new(),
            picker: None,
            in_a_word: false,
            arming: Arming::default(),
            is_pasted: false,
            agreed: None,
        }
    }

    /// The options that are offered, in order.
    #[must_use]
    pub fn offered(&self) -> &[PlanOption] {
        &self.offered
    }

    /// What an option says.
    #[must_use]
    pub fn label(&self, choice: PlanOption) -> String {
        let label = choice.label(self.archivable, &self.first(|words| words.archive));
        match choice {
            PlanOption::Reassign => self.reassignee_label(&label),
            PlanOption::Files => format!("{label} ({})", self.attached_words()),
            PlanOption::Backup | PlanOption::ArchiveFirst => label,
        }
    }

    /// Whether an option is on.
    #[must_use]
    pub fn is_on(&self, choice: PlanOption) -> bool {
        choice.is_on(&self.plan)
    }

    /// What it says where there is hardly room.
    #[must_use]
    pub fn short_label(&self, choice: PlanOption) -> String {
        let label = choice.short_label(self.archivable, &self.first(|words| words.archive));
        match choice {
            // The label may be cut short, but not who is chosen.
            PlanOption::Reassign => self.short_reassignee_label(&label),
            PlanOption::Backup | PlanOption::Files | PlanOption::ArchiveFirst => label,
        }
    }

    /// The part that Tab leads to.
    #[must_use]
    pub fn next_part(&self) -> DialogPart {
        self.neighbour(1)
    }

    /// Whether it waits to be drawn.
    #[must_use]
    pub fn awaits_drawing(&self) -> bool {
        self.arming.awaits_drawing()
    }

    /// It is on the screen.
    pub fn drawn(&mut self, at: Moment) {
        self.arming.drawn(at);
    }

    /// Whether something other than the phrase is being typed, which then has every key.
    #[must_use]
    pub fn is_typing(&self) -> bool {
        self.filtering || self.is_picking()
    }

    /// When `y` begins to count, if nothing is pressed until then; `None` while it is not on the screen, or where `y`
    /// does not confirm or is a letter of what is being typed.
    #[must_use]
    pub fn arms_at(&self) -> Option<Duration> {
        self.arming.quiet_at().filter(|_| self.confirmation == Confirmation::Key && !self.is_typing())
    }

    /// Whether `y` counts now.
    #[must_use]
    pub fn is_armed(&self, now: Moment) -> bool {
        self.arms_at().is_some_and(|at| now.tick >= at)
    }

    /// When the dialog changes with time alone, if it does after `now`. What is overdue is due still.
    #[must_use]
    pub fn wakes_at(&self, now: Moment) -> Option<Duration> {
        let settled = self.agreed.map(|agreed| agreed.tick + self.arming.settle());
        let armed = self.arms_at().filter(|at| *at > now.tick);
        [settled, armed].into_iter().flatten().min()
    }

    /// Time has passed: a key that stood alone long enough confirms.
    pub fn due(&mut self, now: Moment) -> DialogResult {
        match self.agreed {
            Some(agreed) if now.since(agreed) >= self.arming.settle() => DialogResult::Confirmed,
            _ => DialogResult::Open,
        }
    }

    /// Reads a key.
    pub fn key(&mut self, chord: Chord, repeat: bool, at: Moment) -> DialogResult {
        if self.due(at) == DialogResult::Confirmed {
            return DialogResult::Confirmed;
        }
        let armed = self.is_armed(at);
        let limiter = self.arming.key(Some(chord), at);
        let is_mindless = repeat || limiter != KeyPace::Hand;
        let in_a_word = std::mem::take(&mut self.in_a_word);
        if limiter == KeyPace::Hand {
            self.complaint = None;
        }
        if self.agreed.take().is_some() {
            // Text with an Enter within it was pasted, so its phrase does not count either.
            match self.confirmation {
                Confirmation::Phrase(_) => self.refuse_paste(),
                Confirmation::Key | Confirmation::Nothing => {
                    self.complaint =
                        Some("that came faster than a hand types: nothing was confirmed".to_owned());
                }
            }
            return DialogResult::Open;
        }
        if limiter == KeyPace::Unseen {
            return DialogResult::Open;
        }
        if self.filtering {
            self.filter_key(chord);
            return DialogResult::Open;
        }
        if self.is_picking() {
            self.picker_key(chord, is_mindless);
            return DialogResult::Open;
        }
        match chord.key {
            Key::Esc => return DialogResult::Kept,
            Key::Tab => self.part = self.neighbour(1),
            Key::BackTab => self.part = self.neighbour(-1),
            Key::Up if self.part == DialogPart::Options => self.choose(-1),
            Key::Down if self.part == DialogPart::Options => self.choose(1),
            Key::Up => self.scroll = self.scroll.saturating_sub(1),
            Key::Down => self.scroll = self.scroll.saturating_add(1),
            Key::PageUp => self.scroll = self.scroll.saturating_sub(10),
            Key::PageDown => self.scroll = self.scroll.saturating_add(10),
            Key::Home if self.part == DialogPart::List => self.scroll = 0,
            Key::End if self.part == DialogPart::List => self.scroll = usize::MAX,
            Key::Enter => return self.enter(repeat, limiter, at),
            _ if self.part == DialogPart::Phrase => self.type_phrase(chord, limiter),
            _ if self.confirmation == Confirmation::Key && matches!(chord.typed(), Some('y' | 'n' | 'q')) => {
                return self.agree_key(chord, armed && !repeat, at);
            }
            _ if self.part == DialogPart::Options => return self.option_key(chord, is_mindless, in_a_word),
            _ => return self.list_key(chord),
        }
        DialogResult::Open
    }

    /// It cannot be seen any more: what it needs a person to have seen and typed counts anew from when it is drawn again.
    pub fn hidden(&mut self) {
        self.agreed = None;
        self.arming.restart();
        self.phrase.reset();
        self.is_pasted = false;
    }

    /// Refuses a paste.
    pub fn paste(&mut self, at: Moment) {
        self.arming.key(None, at);
        self.agreed = None;
        match self.confirmation {
            Confirmation::Phrase(_) => self.refuse_paste(),
            Confirmation::Key | Confirmation::Nothing => {
                self.complaint = Some("pasting is refused here: type it".to_owned());
            }
        }
    }

    fn refuse_paste(&mut self) {
        self.phrase.reset();
        self.is_pasted = true;
        self.complaint = Some(PASTED.to_owned());
    }

    /// The line that has the keys, if a line has them.
    pub fn text_input_mut(&mut self) -> Option<&mut TextInput> {
        match self.part {
            _ if self.is_picking() => self.picker_input_mut(),
            _ if self.filtering => Some(&mut self.list_filter),
            DialogPart::Phrase => Some(&mut self.phrase),
            DialogPart::Options | DialogPart::List => None,
        }
    }

    /// The part so many places further on, among those there are.
    fn neighbour(&self, places: isize) -> DialogPart {
        let phrase = matches!(self.confirmation, Confirmation::Phrase(_)).then_some(DialogPart::Phrase);
        let options = (!self.offered.is_empty()).then_some(DialogPart::Options);
        let parts: Vec<DialogPart> = phrase.into_iter().chain(options).chain([DialogPart::List]).collect();
        around(&parts, &self.part, places).copied().unwrap_or(DialogPart::List)
    }

    fn choose(&mut self, places: isize) {
        self.choice = self.choice.and_then(|choice| around(&self.offered, &choice, places).copied());
    }

    /// Reads a key that is for the options. One that a held key repeats or that comes from a paste flips nothing, and
    /// neither does the space after a word, which was meant for the phrase.
    fn option_key(&mut self, chord: Chord, mindless: bool, in_a_word: bool) -> DialogResult {
        match (chord.typed(), &self.confirmation) {
            (Some(' '), _) if mindless || in_a_word => {}
            (Some(' '), _) => self.flip(),
            (Some('j'), _) => self.choose(1),
            (Some('k'), _) => self.choose(-1),
            (Some('q'), Confirmation::Phrase(_)) => return DialogResult::Kept,
            (Some(_), confirmation) => {
                self.in_a_word = true;
                let complaint = "the options have the keys: shift-tab leads to the phrase";
                self.complaint =
                    matches!(confirmation, Confirmation::Phrase(_)).then(|| complaint.to_owned());
            }
            (None, _) => {}
        }
        DialogResult::Open
    }

    /// Makes another plan of it. Nothing that was typed, and nothing that was seen, counts for that one.
    fn flip(&mut self) {
        let plan = Plan::clone(&self.plan);
        match self.choice {
            None => {}
            Some(PlanOption::Reassign) => self.pick(),
            Some(choice) => {
                let options = choice.flipped(plan.options);
                self.turn_into(plan.with(options));
            }
        }
    }

    fn turn_into(&mut self, plan: Plan) {
        self.offered = PlanOption::offered(&plan, self.archivable);
        self.plan = Arc::new(plan);
        self.confirmation = self.plan.confirmation();
        self.phrase.reset();
        // What changed stands at the top of the body.
        self.scroll = 0;
        self.hidden();
    }

    fn enter(&mut self, repeat: bool, limiter: KeyPace, at: Moment) -> DialogResult {
        let phrases = match &self.confirmation {
            Confirmation::Phrase(phrases) => phrases,
            Confirmation::Key => return DialogResult::Kept,
            Confirmation::Nothing => return DialogResult::Open,
        };
        if repeat || self.part != DialogPart::Phrase {
            return DialogResult::Open;
        }
        if self.is_pasted || limiter == KeyPace::Pasted {
            self.refuse_paste();
        } else if phrases.iter().any(|phrase| phrase == self.phrase.value()) {
            self.agreed = Some(at);
        } else {
            self.complaint = Some(format!("that is not `{}`", phrases.first().map_or("", String::as_str)));
        }
        DialogResult::Open
    }

    fn type_phrase(&mut self, chord: Chord, limiter: KeyPace) {
        if limiter == KeyPace::Pasted {
            self.refuse_paste();
            return;
        }
        self.is_pasted &= chord.typed().is_none();
        self.phrase.key(chord);
    }

    /// Reads `y`, or what says no, where `y` is all that is asked for: the same in every part.
    fn agree_key(&mut self, chord: Chord, counts: bool, at: Moment) -> DialogResult {
        match chord.typed() {
            Some('y') if counts => self.agreed = Some(at),
            Some('y') => self.complaint = Some("too soon: wait until `y` is offered".to_owned()),
            _ => return DialogResult::Kept,
        }
        DialogResult::Open
    }

    fn list_key(&mut self, chord: Chord) -> DialogResult {
        match (chord.typed(), &self.confirmation) {
            (Some('/'), _) => self.filtering = true,
            (Some('q'), Confirmation::Phrase(_)) => return DialogResult::Kept,
            (Some('j'), _) => self.scroll = self.scroll.saturating_add(1),
            (Some('k'), _) => self.scroll = self.scroll.saturating_sub(1),
            _ => {}
        }
        DialogResult::Open
    }

    fn filter_key(&mut self, chord: Chord) {
        match chord.key {
            Key::Enter => self.filtering = false,
            Key::Esc => {
                self.filtering = false;
                self.list_filter.reset();
            }
            _ => {
                self.list_filter.key(chord);
                self.scroll = 0;
            }
        }
    }
}

/// What stands so many places after `from`, with the ends joined.
fn around<'a, T: PartialEq>(all: &'a [T], from: &T, places: isize) -> Option<&'a T> {
    let len = isize::try_from(all.len()).ok().filter(|len| *len > 0)?;
    let at = all.iter().position(|one| one == from).and_then(|at| isize::try_from(at).ok())?;
    all.get(usize::try_from((at + places).rem_euclid(len)).ok()?)
}

#[cfg(test)]
mod tests;
