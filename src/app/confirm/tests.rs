//! The parser of intent, key by key, where options make another plan of what is on the screen.

use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::app::effect::RequestId;
use crate::model::id::Id;
use crate::model::impact::Impact;
use crate::model::kind::{Action, Kind};
use crate::model::limits::Limits;
use crate::model::plan::{ConfirmThresholds, Organization, Target};
use crate::model::record::{Draft, Record};

/// A dialog, and the clock of the person before it.
struct Seat {
    confirm: Confirm,
    tick: Duration,
}

fn record(kind: Kind, n: usize, archived: bool) -> Record {
    let field = |field: &crate::model::catalog::Field| match field.name {
        "name" | "title" => Draft::Text(format!("Thing {n}")),
        "archived" if archived => Draft::Time(Timestamp::UNIX_EPOCH),
        "members" => Draft::Number(3.0),
        _ => Draft::Missing,
    };
    Record::new(kind, Id::new(&n.to_string()).unwrap(), kind.row().fields.iter().map(field).collect())
}

fn processes(archived: usize, live: usize) -> Vec<Target> {
    (0..archived + live).map(|n| Target::from(record(Kind::Processes, n, n < archived))).collect()
}

impl Seat {
    /// A dialog that has been on the screen for a second.
    fn before(action: Action, chosen: Vec<Target>) -> Self {
        let organization = Organization {
            id: "e0d1c2b3".into(),
            name: "Acme Ltd".into(),
            admin: Some(true),
            light: false,
            me: None,
        };
        let plan = Plan::new(action, organization, chosen, Limits::off(), ConfirmThresholds::default());
        let mut seat = Self { confirm: Confirm::new(plan), tick: Duration::ZERO };
        seat.look();
        seat.tick += Duration::from_secs(1);
        seat
    }

    fn now(&self) -> Moment {
        Moment { tick: self.tick, wall: Timestamp::UNIX_EPOCH }
    }

    fn look(&mut self) {
        let now = self.now();
        self.confirm.drawn(now);
    }

    fn press(&mut self, key: Key) -> DialogResult {
        self.tick += Duration::from_millis(40);
        let now = self.now();
        self.confirm.key(Chord::plain(key), false, now)
    }

    /// Presses Enter, and waits as long as it takes to count.
    fn enter(&mut self) -> DialogResult {
        match self.press(Key::Enter) {
            DialogResult::Open => {
                self.tick += crate::app::arming::SETTLE;
                let now = self.now();
                self.confirm.due(now)
            }
            ended => ended,
        }
    }

    fn types(&mut self, words: &str) {
        words.chars().for_each(|c| assert_eq!(self.press(Key::Char(c)), DialogResult::Open));
    }

    fn flip(&mut self, choice: PlanOption) {
        while self.confirm.part != DialogPart::Options {
            self.press(Key::Tab);
        }
        while self.confirm.choice != Some(choice) {
            self.press(Key::Down);
        }
        self.press(Key::Char(' '));
    }

    fn complaint(&self) -> &str {
        self.confirm.complaint.as_deref().unwrap_or_default()
    }
}

#[test]
fn options_are_offered_only_where_they_mean_something() {
    let offered = |action, chosen| Seat::before(action, chosen).confirm.offered().to_vec();
    let kind = |kind| vec![Target::from(record(kind, 1, false))];
    assert_eq!(offered(Action::Archive, processes(0, 3)), []);
    assert_eq!(offered(Action::Delete, processes(3, 0)), [PlanOption::Backup, PlanOption::Files]);
    assert_eq!(
        offered(Action::Delete, processes(3, 2)),
        [PlanOption::Backup, PlanOption::Files, PlanOption::ArchiveFirst]
    );
    assert_eq!(offered(Action::Delete, processes(0, 2)), [PlanOption::Backup, PlanOption::ArchiveFirst]);
    let of_tasks = offered(Action::Delete, kind(Kind::Tasks));
    assert_eq!(of_tasks, [PlanOption::Backup, PlanOption::Files], "live tasks need no archive");
    assert_eq!(
        offered(Action::Delete, kind(Kind::Tags)),
        [PlanOption::Backup],
        "nothing is attached to tags"
    );
    let busy = Target { busy: Some("already in a running job".to_owned()), ..processes(0, 1).remove(0) };
    assert_eq!(offered(Action::Delete, vec![busy]), [], "what is not free cannot be archived either");
}

#[test]
fn tab_goes_round_the_parts_there_are_and_back() {
    let mut seat = Seat::before(Action::Delete, processes(2, 1));
    let round = |seat: &mut Seat, key: Key| {
        [0; 3].map(|_| {
            seat.press(key);
            seat.confirm.part
        })
    };
    assert_eq!(round(&mut seat, Key::Tab), [DialogPart::Options, DialogPart::List, DialogPart::Phrase]);
    assert_eq!(round(&mut seat, Key::BackTab), [DialogPart::List, DialogPart::Options, DialogPart::Phrase]);
    let mut seat = Seat::before(Action::Delete, processes(0, 1));
    assert_eq!(round(&mut seat, Key::Tab), [DialogPart::List, DialogPart::Options, DialogPart::List]);
    let mut seat = Seat::before(Action::Archive, processes(0, 1));
    assert_eq!(round(&mut seat, Key::Tab), [DialogPart::List; 3]);
}

#[test]
fn a_flipped_option_is_another_plan_that_nothing_typed_before_confirms() {
    let mut seat = Seat::before(Action::Delete, processes(2, 3));
    seat.types("delete 2");
    seat.flip(PlanOption::ArchiveFirst);
    assert_eq!((seat.confirm.plan.count(), seat.confirm.phrase.value()), (5, ""));
    assert_eq!(seat.confirm.confirmation, Confirmation::Phrase(vec!["delete 5".to_owned()]));
    seat.look();
    seat.press(Key::BackTab);
    seat.types("delete 2");
    assert_eq!(seat.enter(), DialogResult::Open);
    seat.press(Key::Backspace);
    seat.types("5");
    assert_eq!(seat.enter(), DialogResult::Confirmed);
    let options = seat.confirm.plan.options;
    assert!(options.archive_first && options.backup);
}

#[test]
fn a_flipped_option_has_to_be_seen_before_anything_counts() {
    let mut seat = Seat::before(Action::Delete, processes(2, 3));
    seat.flip(PlanOption::ArchiveFirst);
    assert!(seat.confirm.awaits_drawing());
    seat.press(Key::BackTab);
    seat.types("delete 5");
    assert_eq!(seat.enter(), DialogResult::Open, "nothing of it was on the screen");
    assert_eq!((seat.confirm.phrase.value(), seat.confirm.part), ("", DialogPart::Options));
    seat.look();
    seat.flip(PlanOption::ArchiveFirst);
    assert_eq!(seat.confirm.plan.count(), 2);
    seat.look();
    seat.flip(PlanOption::Backup);
    seat.look();
    seat.press(Key::BackTab);
    seat.types("delete 2");
    assert_eq!(seat.enter(), DialogResult::Confirmed);
    assert!(!seat.confirm.plan.options.backup);
}

#[test]
fn a_flipped_option_is_read_from_the_top() {
    let mut seat = Seat::before(Action::Delete, processes(2, 3));
    seat.press(Key::PageDown);
    assert_eq!(seat.confirm.scroll, 10);
    seat.flip(PlanOption::ArchiveFirst);
    assert_eq!(seat.confirm.scroll, 0);
}

#[test]
fn held_keys_pastes_and_bursts_flip_nothing() {
    let mut seat = Seat::before(Action::Delete, processes(2, 3));
    seat.press(Key::Tab);
    seat.tick += Duration::from_millis(40);
    let now = seat.now();
    seat.confirm.key(Chord::plain(Key::Char(' ')), true, now);
    assert!(seat.confirm.plan.options.backup);
    seat.confirm.paste(now);
    assert!(
        seat.confirm.plan.options.backup
            && seat.complaint() == "that came faster than a hand types: type it again"
    );
    seat.confirm.key(Chord::plain(Key::Char(' ')), false, now);
    assert!(seat.confirm.plan.options.backup, "it came right behind the paste");
    seat.press(Key::Char(' '));
    assert!(!seat.confirm.plan.options.backup);
}

#[test]
fn letters_in_the_options_say_where_the_phrase_is() {
    let mut seat = Seat::before(Action::Delete, processes(2, 0));
    seat.press(Key::Tab);
    seat.types("delete 2");
    assert!(seat.complaint().contains("shift-tab leads to the phrase"), "{}", seat.complaint());
    assert_eq!(seat.enter(), DialogResult::Open);
    assert_eq!(seat.confirm.phrase.value(), "");
    assert!(seat.confirm.plan.options.backup, "the space was part of the phrase");
    seat.types("x ");
    assert!(seat.confirm.plan.options.backup);
    seat.types(" ");
    assert!(!seat.confirm.plan.options.backup);
}

#[test]
fn where_all_are_live_archiving_first_is_what_there_is_to_decide() {
    let mut seat = Seat::before(Action::Delete, processes(0, 3));
    assert_eq!(seat.confirm.confirmation, Confirmation::Nothing);
    assert!(seat.confirm.has_keys(PlanOption::ArchiveFirst));
    assert_eq!(seat.confirm.prompt(seat.now()), "Space archives them first, Esc keep");
    seat.types("delete 3");
    assert_eq!(seat.confirm.plan.count(), 0);
    seat.enter();
    seat.types(" ");
    seat.look();
    assert_eq!(seat.confirm.prompt(seat.now()), "type delete 3 and press Enter");
    assert_eq!(seat.enter(), DialogResult::Open);
    seat.press(Key::Char(' '));
    seat.look();
    assert_eq!(
        (seat.confirm.confirmation.clone(), seat.enter()),
        (Confirmation::Nothing, DialogResult::Open)
    );
    seat.press(Key::Tab);
    assert_eq!(seat.confirm.prompt(seat.now()), "choose to archive first, or Esc keep");
    assert_eq!(seat.press(Key::Esc), DialogResult::Kept);
}

#[test]
fn records_are_counted_once_whatever_is_flipped() {
    let mut seat = Seat::before(Action::Delete, processes(2, 3));
    let ids = |plan: &Plan| plan.targets().map(|step| step.record.id().to_string()).collect::<Vec<_>>();
    let first = seat.confirm.wants_weighing().unwrap();
    seat.confirm.weighing(RequestId(1));
    assert_eq!(ids(&first), ["0", "1"]);
    assert!(seat.confirm.wants_weighing().is_none());
    seat.flip(PlanOption::Backup);
    assert!(seat.confirm.wants_weighing().is_none());
    seat.look();
    seat.flip(PlanOption::ArchiveFirst);
    let more = seat.confirm.wants_weighing().unwrap();
    seat.confirm.weighing(RequestId(2));
    assert_eq!(ids(&more), ["2", "3", "4"]);
    for _ in 0..2 {
        seat.look();
        seat.flip(PlanOption::ArchiveFirst);
        assert!(seat.confirm.wants_weighing().is_none());
    }
    let counted = |n: u64, records: usize| {
        let mut impact = Impact::new(Kind::Processes, records, records);
        (0..records).for_each(|_| impact.add(&vec![Some(n), Some(0), Some(0)]));
        vec![impact]
    };
    seat.confirm.counted_impact(RequestId(1), counted(5, 2));
    seat.confirm.counted_impact(RequestId(2), counted(1, 3));
    seat.confirm.counted_impact(RequestId(3), counted(100, 1));
    let sentence = |seat: &Seat| seat.confirm.impact()[0].sentence().unwrap();
    assert_eq!(sentence(&seat), "on 5 processes: 13 open tasks, 0 files, 0 comments");
    seat.look();
    seat.flip(PlanOption::ArchiveFirst);
    assert_eq!(sentence(&seat), "on 2 processes: 10 open tasks, 0 files, 0 comments");
}

#[test]
fn what_a_action_does_not_touch_is_not_counted() {
    let group = || vec![Target::from(record(Kind::Groups, 1, false))];
    assert!(Seat::before(Action::Delete, group()).confirm.wants_weighing().is_some());
    assert!(Seat::before(Action::Restore, processes(2, 0)).confirm.wants_weighing().is_none());
    let file = vec![Target::from(record(Kind::Files, 1, false))];
    assert!(Seat::before(Action::Delete, file).confirm.wants_weighing().is_none());
}

#[test]
fn the_body_speaks_of_live_records_as_many_as_there_are() {
    let body = |seat: &Seat| {
        let lines = seat.confirm.body().into_iter().filter_map(|line| match line {
            DialogLine::Loud(words) | DialogLine::Text(words) => Some(words),
            _ => None,
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    for (chosen, as_it_is, archived_first) in [
        (
            processes(0, 1),
            "it is live and can be deleted only once it is archived",
            "it is live: it is archived first, and stays archived if it cannot be deleted then",
        ),
        (
            processes(0, 2),
            "all 2 are live and can be deleted only once they are archived",
            "all 2 are live: each is archived first, and stays archived if it cannot be deleted then",
        ),
        (
            processes(2, 1),
            "1 blocked and not included, listed last",
            "1 of these is live: it is archived first, and stays archived if it cannot be deleted then",
        ),
        (
            processes(1, 2),
            "2 blocked and not included, listed last",
            "2 of these are live: each is archived first, and stays archived if it cannot be deleted then",
        ),
    ] {
        let mut seat = Seat::before(Action::Delete, chosen);
        assert!(body(&seat).contains(as_it_is), "{}", body(&seat));
        seat.flip(PlanOption::ArchiveFirst);
        assert!(body(&seat).contains(archived_first) && !body(&seat).contains(as_it_is), "{}", body(&seat));
        let listed = seat.confirm.body().iter().filter(|line| matches!(line, DialogLine::Target(_))).count();
        assert_eq!(listed, seat.confirm.plan.count(), "each record is listed once");
    }
}
