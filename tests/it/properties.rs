//! What must hold for every sequence of keys, replies and moments: on the effects that `update` returns, with nothing else
//! in between.
//!
//! `PROPTEST_CASES=1000000 cargo test --profile quick --test it -- properties::nothing properties::bytes` tries a million
//! stories of each; `--lib terminal::parser` in place of `--test it` does so for the bytes of a terminal alone.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use tidyfy::app::confirm::{Confirm, DialogPart};
use tidyfy::app::effect::{Effect, Request, RequestId};
use tidyfy::app::event::{
    BrowseResult, CopyMethod, CopyResult, Event, EventKind, ExportedFile, JobEnd, LoadEnd, Response, Signal,
    Size,
};
use tidyfy::app::keymap::{Chord, Keymap};
use tidyfy::app::state::{Overlay, Setup, State};
use tidyfy::app::update::update;
use tidyfy::model::catalog::{self, Relation};
use tidyfy::model::context::Context;
use tidyfy::model::download::DownloadFolders;
use tidyfy::model::id::Id;
use tidyfy::model::kind::Kind;
use tidyfy::model::limits::Limits;
use tidyfy::model::outcome::{Outcome, OutcomeCounts};
use tidyfy::model::plan::{ConfirmThresholds, Confirmation, Organization, Plan};
use tidyfy::model::record::{Draft, Page, Record};
use tidyfy::model::record_detail::{RecordDetail, RelatedPage, RelatedQuery, RelationEnd, RelationLink};
use tidyfy::model::selection::SelectionResponse;
use tidyfy::model::time::{Moment, Zone};
use tidyfy::terminal::{InputEvent, Parser};

use crate::support::cases;

/// One thing that happens.
#[derive(Debug, Clone)]
enum Happening {
    Key(&'static str),
    /// A key that the keyboard repeats.
    Held(&'static str),
    /// A key that was read so many milliseconds before it is taken.
    Late(&'static str, u64),
    Paste(&'static str),
    /// Time passes, in milliseconds.
    Pass(u64),
    Drawn,
    /// The process was stopped and continues.
    Continued,
    /// An option of the dialog is flipped, the first or the last, and the keys go back to the phrase, if the dialog is looked
    /// at in between.
    Flip {
        last: bool,
        seen: bool,
    },
    /// The dialog's phrase is typed, a letter every so many milliseconds, without Enter.
    Phrase(u64),
    /// The oldest piece of work that is open ends, or reports.
    Answer(Outcome),
}

/// The state, driven by hand, with all that was asked for.
struct Driven {
    state: State,
    tick: Duration,
    open: Vec<(RequestId, Request)>,
    applied: Vec<Arc<Plan>>,
}

impl Driven {
    fn new() -> Self {
        let setup = Setup {
            demo: false,
            here: Context::default(),
            places: Vec::new(),
            visited: Vec::new(),
            accent: None,
            host: "127.0.0.1".into(),
            limits: Limits::off(),
            thresholds: ConfirmThresholds::default(),
            keymap: Arc::new(Keymap::default()),
            zone: Zone::new(TimeZone::UTC),
            color: true,
            kind: Kind::Processes,
            read_only: false,
            folders: DownloadFolders::default(),
        };
        let start = Moment::start(Timestamp::UNIX_EPOCH);
        let mut state = State::new(setup, Size { width: 100, height: 30 }, start);
        let effects = state.start();
        let mut driven = Self { state, tick: Duration::ZERO, open: Vec::new(), applied: Vec::new() };
        driven.note(effects);
        while let Some((request_id, work)) = driven.take_open() {
            driven.answer(request_id, &work, Outcome::Done);
        }
        driven
    }

    fn note(&mut self, effects: tidyfy::app::effect::Effects) {
        for effect in effects {
            if let Effect::Request(request_id, work) = effect {
                if let Request::RunJob(plan) = &work {
                    self.applied.push(plan.clone());
                }
                self.open.push((request_id, work));
            }
        }
    }

    fn take_open(&mut self) -> Option<(RequestId, Request)> {
        (!self.open.is_empty()).then(|| self.open.remove(0))
    }

    fn send(&mut self, event_kind: EventKind) {
        self.send_read_at(self.tick, event_kind);
    }

    fn send_read_at(&mut self, tick: Duration, event_kind: EventKind) {
        let at = Moment { tick, wall: Timestamp::UNIX_EPOCH };
        let effects = update(&mut self.state, Event { at, event_kind });
        self.note(effects);
    }

    fn answer(&mut self, request_id: RequestId, work: &Request, outcome: Outcome) {
        let response = match work {
            Request::Identify => Response::Identified(Ok(Organization {
                id: "e0d1c2b3a4958677".into(),
                name: "Acme Ltd".into(),
                admin: Some(true),
                light: false,
                me: None,
            })),
            Request::Members => Response::Members(Ok(Default::default())),
            Request::Organizations => Response::Organizations(Ok(vec![])),
            Request::Count(_) => Response::Counted(Ok(7)),
            Request::Read(record) => Response::Read(Ok(Box::new(RecordDetail {
                links: record.kind().row().related.iter().map(|relation| link(relation, record)).collect(),
                ..RecordDetail::of(record.clone())
            }))),
            Request::Related { relation, .. } => {
                let records = page(relation.kind).records().take(3).collect();
                Response::Related(Ok(RelatedPage { total: Some(40), records }))
            }
            Request::List { list, .. } => {
                let total = Some(ROWS as u64);
                let page = Response::Page {
                    number: 1,
                    page: page(list.kind),
                    total,
                    dropped: 0,
                    unreadable: 0,
                    coverage: vec![],
                };
                self.send(EventKind::Reply(request_id, page));
                Response::Loaded(Ok(LoadEnd::default()))
            }
            Request::Search { list, .. } => {
                self.send(EventKind::Reply(request_id, Response::Found(page(list.kind))));
                Response::Searched(Ok(()))
            }
            Request::Query(request) => {
                Response::QueryResult(tidyfy::model::query::arrange(request, &|| true, &mut |_| ()))
            }
            Request::CountImpact(_) => Response::Impact(vec![]),
            Request::PlanRecovery(_) => Response::RecoveryPlanned(Ok(None)),
            Request::Unfinished => Response::Unfinished(Ok(vec![])),
            Request::History { .. } => Response::History(Ok(Default::default())),
            Request::Acknowledge(_) => Response::Acknowledged(Ok(())),
            Request::JobSteps(_) => Response::JobSteps(Ok((vec![], 0))),
            Request::ExportJob { .. } => Response::Written(Ok("job.csv".to_owned())),
            Request::Copy(_) => {
                Response::Copied(Ok(CopyResult { what: "the id".to_owned(), way: CopyMethod::System }))
            }
            Request::Export(export) => {
                let (_, records) = export.record_detail.text(export.format);
                Response::Exported(Ok(ExportedFile { path: export.name.clone(), records, lacks: None }))
            }
            Request::Browse(kind, _) => {
                let (kind, address) = (*kind, "https://web.example/0/dashboard".to_owned());
                Response::Browsed(Ok(BrowseResult { kind, address, is_exact: false, left: None }))
            }
            Request::DropJob(_) => Response::Dropped(Ok(())),
            Request::Authenticate(_) => Response::Authenticated(Ok(())),
            Request::SavedFilters(_) => Response::SavedFilters(Ok(vec![])),
            Request::Download(_) => Response::DownloadEnded(Ok(())),
            Request::Find(record) => Response::RecordFound(Ok(record.clone())),
            Request::Selections(_) => Response::Selections(Ok(SelectionResponse::Are(vec![]))),
            Request::Resolve(_) => Response::Resolved(Ok(())),
            Request::Write { name, .. } => Response::Written(Ok(name.clone())),
            Request::RunJob(plan) => {
                self.send(EventKind::Reply(request_id, Response::Started));
                for step in 0..plan.steps.len() {
                    let reason = (outcome != Outcome::Done).then(|| "because".to_owned());
                    self.send(EventKind::Reply(
                        request_id,
                        Response::Step { step, outcome, reason, record: None, remark: None },
                    ));
                }
                let tally: OutcomeCounts = plan.steps.iter().map(|_| outcome).collect();
                Response::JobEnded(JobEnd { tally, cancelled: false, stopped: None })
            }
        };
        self.send(EventKind::Reply(request_id, response));
    }

    fn confirm(&self) -> Option<&Confirm> {
        match &self.state.overlay {
            Some(Overlay::Confirm(confirm)) => Some(confirm),
            _ => None,
        }
    }

    fn marks(&self) -> BTreeSet<(Kind, String)> {
        self.state.marks.all().map(|mark| (mark.record.kind(), mark.record.id().to_string())).collect()
    }

    fn key(&mut self, key: &str) {
        self.send(EventKind::Key { chord: key.parse::<Chord>().unwrap(), repeat: false });
    }
}

const ROWS: usize = 12;

/// A record's side of a relation: others along with it, or to be asked for.
fn link(relation: &'static Relation, record: &Record) -> RelationLink {
    let lookup = RelatedQuery { id: record.id().clone(), name: record.name().to_owned(), hidden: false };
    let end = match relation.way {
        catalog::RelatedSource::Included { .. } => {
            RelationEnd::Here(page(relation.kind).records().take(2).collect())
        }
        catalog::RelatedSource::List(_) | catalog::RelatedSource::Named { .. } => RelationEnd::Asked(lookup),
    };
    RelationLink { relation, end }
}

fn page(kind: Kind) -> Arc<Page> {
    let row = |n: usize| {
        let mut drafts = vec![Draft::Text(format!("Thing {n}"))];
        drafts.resize(kind.row().fields.len(), Draft::Missing);
        if let (Some(archived), true) = (kind.row().field("archived"), n.is_multiple_of(3)) {
            drafts[archived] = Draft::Time(Timestamp::UNIX_EPOCH);
        }
        (Id::new(&format!("{n}")).unwrap(), drafts)
    };
    Arc::new(Page::new(kind, (0..ROWS).map(row).collect()))
}

const KEYS: [&str; 47] = [
    "ctrl-z",
    "j",
    "k",
    "g",
    "G",
    "ctrl-d",
    "pgup",
    "tab",
    "shift-tab",
    "1",
    "2",
    "3",
    "5",
    "enter",
    "l",
    "h",
    "esc",
    "s",
    "space",
    "v",
    "*",
    "~",
    "M",
    "m",
    "/",
    "o",
    "O",
    ":",
    "?",
    "a",
    "r",
    "D",
    "d",
    "x",
    "p",
    "R",
    "@",
    "i",
    "y",
    "n",
    "1",
    "a",
    "D",
    "e",
    "t",
    "J",
    "N",
];

fn happenings(keys: &'static [&'static str]) -> impl Strategy<Value = Vec<Happening>> {
    let outcome =
        prop::sample::select(vec![Outcome::Done, Outcome::Refused, Outcome::Unknown, Outcome::NotSent]);
    let key = || prop::sample::select(keys);
    let confirming = || prop::sample::select(vec!["y", "enter", "a", "D"]);
    let one = prop_oneof![
        12 => key().prop_map(Happening::Key),
        6 => confirming().prop_map(Happening::Key),
        1 => confirming().prop_map(Happening::Held),
        2 => (confirming(), 1u64..400).prop_map(|(key, ms)| Happening::Late(key, ms)),
        1 => prop::sample::select(vec!["y", "delete 1\r", "delete 1"]).prop_map(Happening::Paste),
        8 => prop::sample::select(vec![1u64, 2, 3, 5, 29, 30, 40, 249, 250, 400]).prop_map(Happening::Pass),
        4 => Just(Happening::Drawn),
        1 => Just(Happening::Continued),
        3 => prop::sample::select(vec![0u64, 2, 3, 5, 30]).prop_map(Happening::Phrase),
        2 => (any::<bool>(), any::<bool>()).prop_map(|(last, seen)| Happening::Flip { last, seen }),
        4 => outcome.prop_map(Happening::Answer),
    ];
    prop::collection::vec(one, 0..120)
}

/// A key as the witness saw it.
#[derive(Debug, Clone)]
struct Seen {
    at: Duration,
    key: String,
    repeat: bool,
    /// Whether it would be a letter of the phrase.
    types: bool,
}

/// What a dialog has seen, kept beside it by the rules of the product, for judging whether it may confirm.
#[derive(Debug, Default)]
struct Witness {
    drawn_at: Option<Duration>,
    keys: Vec<Seen>,
    /// The plan that was on the screen.
    seen: Option<Arc<Plan>>,
}

/// How far apart two keys of a paste are at most, in a row of which the third is the first that counts as one.
const FAST: Duration = Duration::from_millis(3);
/// How long nothing may come behind the key that confirms.
const ALONE: Duration = Duration::from_millis(30);

impl Witness {
    /// Another program had the screen: nothing typed so far counts, but a paste that began goes on.
    fn restart(&mut self) {
        (self.drawn_at, self.seen) = (None, None);
        self.keys.iter_mut().for_each(|key| key.types = false);
    }

    fn gap(&self, n: usize) -> Option<Duration> {
        let before = self.keys.get(n.checked_sub(1)?)?;
        Some(self.keys[n].at.saturating_sub(before.at))
    }

    fn is_pasted(&self, n: usize) -> bool {
        let is_fast = |n: usize| self.gap(n).is_some_and(|gap| gap < FAST);
        n > 1 && is_fast(n) && is_fast(n - 1)
    }

    /// What a hand has typed of the phrase before the key with this number.
    fn phrase(&self, end: usize) -> String {
        let mut typed = String::new();
        for (n, key) in self.keys[..end].iter().enumerate().filter(|(_, key)| key.types) {
            match &*key.key {
                _ if self.is_pasted(n) => typed.clear(),
                "space" => typed.push(' '),
                key if key.chars().count() == 1 => typed.push_str(key),
                _ => {}
            }
        }
        typed
    }

    /// Holds a job that began against what the person had seen and done.
    fn judge(
        &self,
        plan: &Arc<Plan>,
        confirmation: &Confirmation,
        now: Duration,
    ) -> Result<(), TestCaseError> {
        let seen = self.seen.as_ref().expect("a dialog confirmed before it was seen");
        prop_assert!(Arc::ptr_eq(plan, seen), "another plan than the one seen was sent");
        prop_assert_eq!(&plan.confirmation(), confirmation);
        prop_assert!(!plan.steps.is_empty());
        let drawn = self.drawn_at.expect("a dialog confirmed before it was drawn");
        let confirming = if *confirmation == Confirmation::Key { "y" } else { "enter" };
        let alone = |n: &usize| self.keys.get(n + 1).map_or(now, |next| next.at) >= self.keys[*n].at + ALONE;
        let last = (0..self.keys.len()).rev().find(|n| self.keys[*n].key == confirming && alone(n));
        let last = last.expect("a job began without a key that stood alone");
        let key = &self.keys[last];
        prop_assert!(!key.repeat && key.at >= drawn && self.keys.len() <= last + 2, "{self:?}");
        match confirmation {
            Confirmation::Key => {
                let quiet = Duration::from_millis(250);
                prop_assert!(
                    key.at >= drawn + quiet && self.gap(last).is_none_or(|gap| gap >= quiet),
                    "{self:?}"
                );
            }
            Confirmation::Phrase(phrases) => {
                prop_assert!(!self.is_pasted(last) && phrases.contains(&self.phrase(last)), "{self:?}");
            }
            Confirmation::Nothing => prop_assert!(false, "an empty plan was confirmed"),
        }
        Ok(())
    }
}

/// Lets something happen, and holds whatever was set off against what the person had seen and done.
fn happen(driven: &mut Driven, happening: &Happening, witness: &mut Witness) -> Result<(), TestCaseError> {
    match happening {
        Happening::Flip { last, seen } => return flip(driven, *last, *seen, witness),
        Happening::Phrase(gap) => {
            let phrase = match driven.confirm().map(|confirm| &confirm.confirmation) {
                Some(Confirmation::Phrase(phrases)) => phrases[0].clone(),
                _ => return Ok(()),
            };
            for letter in phrase.chars() {
                happen(driven, &Happening::Pass(*gap), witness)?;
                let key = if letter == ' ' { "space".to_owned() } else { letter.to_string() };
                press(driven, &key, witness)?;
            }
        }
        Happening::Key(key) => press(driven, key, witness)?,
        Happening::Held(key) => watch(driven, witness, |driven, witness| {
            strike(driven, key.parse().unwrap(), true, driven.tick, witness);
        })?,
        Happening::Late(key, ms) => {
            // Keys are read in the order they are taken.
            let read = driven.tick.saturating_sub(Duration::from_millis(*ms));
            let read = witness.keys.last().map_or(read, |last| last.at.max(read));
            watch(driven, witness, |driven, witness| {
                strike(driven, key.parse().unwrap(), false, read, witness);
            })?;
        }
        Happening::Pass(ms) => {
            driven.tick += Duration::from_millis(*ms);
            watch(driven, witness, |driven, _| driven.send(EventKind::Due))?;
        }
        Happening::Drawn => watch(driven, witness, |driven, witness| {
            driven.send(EventKind::Drawn);
            if let Some(confirm) = driven.confirm() {
                witness.drawn_at.get_or_insert(driven.tick);
                witness.seen = Some(confirm.plan.clone());
            }
        })?,
        Happening::Continued => {
            driven.send(EventKind::Signal(Signal::Continued));
            witness.restart();
        }
        Happening::Paste(text) => paste(driven, text, witness)?,
        Happening::Answer(outcome) => {
            if let Some((request_id, work)) = driven.take_open() {
                driven.answer(request_id, &work, *outcome);
            }
        }
    }
    Ok(())
}

fn paste(driven: &mut Driven, text: &str, witness: &mut Witness) -> Result<(), TestCaseError> {
    watch(driven, witness, |driven, witness| {
        if matches!(driven.confirm().map(|confirm| &confirm.confirmation), Some(Confirmation::Phrase(_))) {
            witness.keys.iter_mut().for_each(|key| key.types = false);
        }
        let paste = Seen { at: driven.tick, key: "paste".to_owned(), repeat: false, types: false };
        witness.keys.push(paste);
        driven.send(EventKind::Paste(text.to_owned()));
    })
}

fn flip(driven: &mut Driven, last: bool, seen: bool, witness: &mut Witness) -> Result<(), TestCaseError> {
    let offered = driven.confirm().map_or(&[][..], Confirm::offered).to_vec();
    let wanted = if last { offered.last() } else { offered.first() };
    let Some(wanted) = wanted.filter(|_| witness.drawn_at.is_some()) else { return Ok(()) };
    let mut hand = |driven: &mut Driven, key: &str| {
        happen(driven, &Happening::Pass(40), witness)?;
        press(driven, key, witness)
    };
    // Whatever else takes the keys takes no more than these.
    for _ in 0..3 {
        if driven.confirm().is_some_and(|confirm| confirm.part != DialogPart::Options) {
            hand(driven, "tab")?;
        }
    }
    for _ in 0..offered.len() {
        if driven.confirm().is_some_and(|confirm| confirm.choice != Some(*wanted)) {
            hand(driven, "down")?;
        }
    }
    hand(driven, "space")?;
    if seen {
        happen(driven, &Happening::Drawn, witness)?;
        happen(driven, &Happening::Pass(40), witness)?;
        press(driven, "shift-tab", witness)?;
    }
    Ok(())
}

fn press(driven: &mut Driven, key: &str, witness: &mut Witness) -> Result<(), TestCaseError> {
    watch(driven, witness, |driven, witness| {
        strike(driven, key.parse().unwrap(), false, driven.tick, witness);
    })
}

/// Sends a key that was read at `at`.
fn strike(driven: &mut Driven, chord: Chord, repeat: bool, at: Duration, witness: &mut Witness) {
    let is_drawn = witness.drawn_at.is_some_and(|drawn| at >= drawn);
    let types =
        driven.confirm().is_some_and(|confirm| confirm.part == DialogPart::Phrase && !confirm.filtering);
    witness.keys.push(Seen { at, key: chord.to_string(), repeat, types: types && is_drawn });
    driven.send_read_at(at, EventKind::Key { chord, repeat });
    if chord == Chord::ctrl('z') {
        witness.restart();
    }
}

/// Lets something happen and judges what it set off.
fn watch(
    driven: &mut Driven,
    witness: &mut Witness,
    happens: impl FnOnce(&mut Driven, &mut Witness),
) -> Result<(), TestCaseError> {
    let shown = driven.confirm().map(|confirm| (confirm.plan.clone(), confirm.confirmation.clone()));
    let applied = driven.applied.len();
    happens(driven, witness);
    if driven.applied.len() > applied {
        prop_assert_eq!(driven.applied.len(), applied + 1);
        let (plan, confirmation) = shown.as_ref().expect("a job began with no dialog open");
        prop_assert!(Arc::ptr_eq(plan, &driven.applied[applied]), "another plan than the one shown was sent");
        witness.judge(plan, confirmation, driven.tick)?;
    }
    let is_same = match (&shown, driven.confirm()) {
        (Some((plan, _)), Some(confirm)) => Arc::ptr_eq(plan, &confirm.plan),
        _ => false,
    };
    if !is_same {
        // It has to be seen and typed anew.
        *witness = Witness::default();
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn nothing_is_sent_but_what_a_completed_dialog_showed(story in happenings(&KEYS)) {
        let (mut driven, mut witness) = (Driven::new(), Witness::default());
        for happening in &story {
            happen(&mut driven, happening, &mut witness)?;
        }
    }

    #[test]
    fn marks_change_only_by_marking_or_by_a_final_outcome(story in happenings(&KEYS)) {
        let (mut driven, mut witness) = (Driven::new(), Witness::default());
        for happening in &story {
            let (before, failed_or_done) = (driven.marks(), matches!(happening, Happening::Answer(_)));
            let marks = matches!(happening, Happening::Key("space" | "v" | "*" | "~" | "i" | "M"));
            let in_input = driven.state.filter_input.is_some() || driven.state.overlay.is_some();
            happen(&mut driven, happening, &mut witness)?;
            if (!marks || in_input) && !failed_or_done && !matches!(driven.state.overlay, Some(Overlay::Palette(_))) {
                use Happening::{Held, Key, Late};
                let by_palette = in_input && matches!(happening, Key("enter") | Held("enter") | Late("enter", _));
                prop_assert!(by_palette || driven.marks() == before, "{:?} changed the marks", happening);
            }
        }
    }

    #[test]
    fn the_cursor_stays_on_its_record_when_the_list_is_reordered(down in 0usize..ROWS, sorts in 0usize..6) {
        let mut driven = Driven::new();
        (0..down).for_each(|_| driven.key("j"));
        let on = driven.state.under_cursor().unwrap().id().clone();
        driven.key("o");
        (0..sorts).for_each(|_| driven.key("j"));
        driven.key("enter");
        driven.key("O");
        while let Some((request_id, work)) = driven.take_open() {
            driven.answer(request_id, &work, Outcome::Done);
        }
        let now = driven.state.under_cursor().unwrap();
        prop_assert_eq!(now.id(), &on);
    }
}

/// What a terminal may send in one read, and how long nothing comes after it.
fn reads() -> impl Strategy<Value = Vec<(Vec<u8>, u64)>> {
    let keys = [
        "a",
        "D",
        "y",
        "\r",
        "delete 1",
        "delete 1\r",
        "s",
        "*",
        " ",
        "/",
        ":",
        "\u{1b}",
        "\u{1b}[A",
        "\u{1b}[Z",
        "\t",
    ];
    let answers = [
        "\u{1b}]11;rgb:aaaa/DDDD/1e1e\u{1b}\\",
        "\u{1b}]52;c;eQ0=\u{7}",
        "\u{1b}P>|yD\u{1b}\\",
        "\u{1b}[1;1R",
        "\u{1b}[121;1:3u",
        "\u{1b}[121;1:2u",
        "\u{1b}[200~delete 1\r\u{1b}[201~",
        "\u{1b}[200~",
        "\u{1b}]",
    ];
    let bytes = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>();
    let read = prop_oneof![
        8 => prop::sample::select(bytes(&keys)),
        3 => prop::sample::select(bytes(&answers)),
        2 => prop::collection::vec(any::<u8>(), 1..40),
    ];
    let pause = prop::sample::select(vec![0u64, 1, 2, 5, 30, 60, 260, 600]);
    prop::collection::vec((read, pause), 0..60)
}

/// Feeds what is read through the parser into the state, which is drawn after each read if it waits for that.
fn tell(driven: &mut Driven, reads: &[(Vec<u8>, u64)], witness: &mut Witness) -> Result<(), TestCaseError> {
    let (mut parser, mut events, start) = (Parser::default(), Vec::new(), std::time::Instant::now());
    for (bytes, pause) in reads {
        parser.feed(bytes, start + driven.tick, &mut events);
        for lapsed in [false, true] {
            if lapsed {
                happen(driven, &Happening::Pass(*pause), witness)?;
                parser.lapse(start + driven.tick, &mut events);
            }
            for event in events.drain(..) {
                match event {
                    InputEvent::Key { chord, repeat } => {
                        watch(driven, witness, |driven, witness| {
                            strike(driven, chord, repeat, driven.tick, witness);
                        })?;
                    }
                    InputEvent::Paste { text, .. } => paste(driven, &text, witness)?,
                }
            }
            if driven.state.awaits_drawing() {
                happen(driven, &Happening::Drawn, witness)?;
            }
        }
        while let Some((request_id, work)) = driven.take_open() {
            driven.answer(request_id, &work, Outcome::Done);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn bytes_of_a_terminal_confirm_only_what_a_hand_would(reads in reads()) {
        tell(&mut Driven::new(), &reads, &mut Witness::default())?;
    }
}

#[test]
fn bytes_of_a_terminal_can_confirm() {
    let mut driven = Driven::new();
    let reads = [(b"j".to_vec(), 60), (b"a".to_vec(), 260), (b"y".to_vec(), 30)];
    tell(&mut driven, &reads, &mut Witness::default()).unwrap();
    assert_eq!(driven.applied.len(), 1);
}

#[test]
fn the_story_teller_can_confirm_both_ways() {
    let (mut driven, mut witness) = (Driven::new(), Witness::default());
    let tell = |driven: &mut Driven, witness: &mut Witness, story: &[Happening]| {
        story.iter().for_each(|happening| happen(driven, happening, witness).unwrap());
    };
    use Happening::{Answer, Drawn, Key, Pass, Phrase};
    tell(&mut driven, &mut witness, &[Key("j"), Key("a"), Drawn, Pass(250), Key("y"), Pass(30)]);
    assert_eq!(driven.applied.len(), 1);
    tell(&mut driven, &mut witness, &[Answer(Outcome::Done), Key("s"), Answer(Outcome::Done)]);
    tell(
        &mut driven,
        &mut witness,
        &[Key("g"), Key("D"), Drawn, Phrase(30), Pass(30), Key("enter"), Pass(30)],
    );
    assert_eq!(driven.applied.len(), 2);
}

#[test]
fn the_story_teller_can_confirm_what_was_turned_over() {
    use Happening::{Answer, Drawn, Flip, Key, Pass, Phrase};
    let (mut driven, mut witness) = (Driven::new(), Witness::default());
    let both = [Flip { last: true, seen: true }, Flip { last: false, seen: true }];
    let story = [Key("s"), Answer(Outcome::Done), Key("s"), Answer(Outcome::Done), Key("*"), Key("D"), Drawn]
        .into_iter()
        .chain(std::iter::repeat_n(Answer(Outcome::Done), 9))
        .chain(both)
        .chain([Phrase(30), Pass(30), Key("enter"), Pass(30)]);
    for happening in story {
        happen(&mut driven, &happening, &mut witness).unwrap();
    }
    let plan = driven.applied.first().expect("a completed confirmation");
    assert!(plan.options.archive_first && !plan.options.backup && plan.steps.len() > plan.count());
}

/// The smaller set, end to end: random keys on the whole program with the real server behind it.
mod end_to_end {
    use super::*;
    use crate::support::{Desk, Wanted};
    use tidyfy::sandbox::{Fault, FaultEffect, SandboxSettings};

    #[derive(Debug, Clone)]
    enum Move {
        Key(&'static str),
        /// Whatever the open dialog asks for is given to it.
        Assent,
        Rest,
    }

    fn moves() -> impl Strategy<Value = Vec<Move>> {
        let one = prop_oneof![
            12 => prop::sample::select(&KEYS[..]).prop_map(Move::Key),
            3 => Just(Move::Assent),
            2 => Just(Move::Rest),
        ];
        prop::collection::vec(one, 0..60)
    }

    async fn play(moves: &[Move], assenting: bool) -> Desk {
        let sandbox =
            SandboxSettings { scale: 30, latency: Duration::from_millis(20), ..SandboxSettings::default() };
        let mut desk = Desk::with(Wanted { sandbox, ..Wanted::default() }).await;
        let turned_away =
            FaultEffect::Answer { status: 429, body: None, headers: Default::default(), apply: false };
        desk.server.set_faults(vec![Fault { share: Some(0.1), ..Fault::on("DELETE", "*", turned_away) }]);
        for happening in moves {
            match happening {
                Move::Key(key) => desk.keys(key).await,
                Move::Rest => desk.pass(Duration::from_secs(2)).await,
                Move::Assent if !assenting => {}
                Move::Assent => match desk.plan().map(Plan::confirmation) {
                    Some(Confirmation::Key) => desk.confirm().await,
                    Some(Confirmation::Phrase(phrases)) => desk.confirm_with(&phrases[0]).await,
                    Some(Confirmation::Nothing) | None => {}
                },
            }
        }
        desk.pass(Duration::from_secs(600)).await;
        desk
    }

    fn run<T>(test: impl Future<Output = T>) -> T {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().start_paused(true).build().unwrap().block_on(test)
    }

    /// Without the answers that turned a request away, after which it is sent again.
    fn taken(desk: &Desk) -> Vec<(String, String)> {
        let below = format!("/api/organizations/{}/", desk.server.org());
        let sent = desk
            .server
            .requests()
            .into_iter()
            .filter(|sent| sent.method != "GET" && sent.status != Some(429));
        let mut taken: Vec<_> =
            sent.map(|sent| (sent.method.clone(), sent.path.replace(&below, ""))).collect();
        taken.sort();
        taken
    }

    proptest! {
        #![proptest_config(cases(24))]

        #[test]
        fn without_a_completed_confirmation_nothing_but_get_is_sent(moves in moves()) {
            let confirming: [&str; 2] = ["y", "enter"];
            let moves: Vec<Move> =
                moves.into_iter().filter(|one| !matches!(one, Move::Key(key) if confirming.contains(key))).collect();
            let desk = run(play(&moves, false));
            prop_assert_eq!(taken(&desk), vec![]);
        }

        #[test]
        fn what_is_sent_is_what_was_confirmed(moves in moves()) {
            let desk = run(play(&moves, true));
            let mut confirmed = desk.confirmed.clone();
            confirmed.sort();
            let sent = taken(&desk);
            // A job that was cancelled, or that still is held, sends less; none ever sends more, or anything twice.
            let whole = desk.state().jobs.is_empty() && !desk.log().contains(" cancelled: ");
            let unexpected = sent.iter().find(|sent| !confirmed.contains(sent));
            prop_assert_eq!(unexpected, None);
            prop_assert!(sent.len() <= confirmed.len());
            if whole {
                prop_assert_eq!(sent, confirmed);
            }
        }
    }

    #[test]
    fn the_moves_do_reach_the_server() {
        let moves = [Move::Key("space"), Move::Key("space"), Move::Key("a"), Move::Assent, Move::Rest];
        let desk = run(play(&moves, true));
        assert_eq!((taken(&desk).len(), desk.confirmed.len()), (2, 2));
    }
}
