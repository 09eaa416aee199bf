//! What must hold for every sequence of keys, replies and moments: on the effects that `update` returns, with nothing else
//! in between.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use tidyfy::app::effect::{Effect, Ticket, Work};
use tidyfy::app::keymap::{Chord, Keymap};
use tidyfy::app::message::{Browsed, Copied, Exported, Fact, JobEnd, LoadEnd, Message, Reply, Size, Way};
use tidyfy::app::state::confirm::{Confirm, Part};
use tidyfy::app::state::{Overlay, Setup, State};
use tidyfy::app::update::update;
use tidyfy::model::catalog::{self, Relation};
use tidyfy::model::id::Id;
use tidyfy::model::kind::Kind;
use tidyfy::model::moment::{Moment, Zone};
use tidyfy::model::outcome::{Outcome, Tally};
use tidyfy::model::pacing::Limits;
use tidyfy::model::place::Place;
use tidyfy::model::plan::{Assent, Caution, Organization, Plan};
use tidyfy::model::record::{Draft, Page, Record};
use tidyfy::model::saving::Folders;
use tidyfy::model::set::Answer;
use tidyfy::model::sheet::{End, Kin, Lookup, Sheet, Tie};

/// One thing that happens.
#[derive(Debug, Clone)]
enum Happening {
    Key(&'static str),
    Paste(&'static str),
    /// Time passes, in milliseconds.
    Pass(u64),
    Drawn,
    /// An option of the modal is flipped, the first or the last, and the keys go back to the phrase, if the modal is looked
    /// at in between.
    Flip {
        last: bool,
        seen: bool,
    },
    /// The modal's phrase is typed, a letter every so many milliseconds, without Enter.
    Phrase(u64),
    /// The oldest piece of work that is open ends, or reports.
    Answer(Outcome),
}

/// The state, driven by hand, with all that was asked for.
struct Driven {
    state: State,
    tick: Duration,
    open: Vec<(Ticket, Work)>,
    applied: Vec<Arc<Plan>>,
}

impl Driven {
    fn new() -> Self {
        let setup = Setup {
            demo: false,
            here: Place::default(),
            places: Vec::new(),
            visited: Vec::new(),
            accent: None,
            host: "127.0.0.1".into(),
            limits: Limits::off(),
            caution: Caution::default(),
            keymap: Arc::new(Keymap::default()),
            zone: Zone::new(TimeZone::UTC),
            colour: true,
            kind: Kind::Processes,
            read_only: false,
            folders: Folders::default(),
        };
        let start = Moment::start(Timestamp::UNIX_EPOCH);
        let mut state = State::new(setup, Size { width: 100, height: 30 }, start);
        let effects = state.start();
        let mut driven = Self { state, tick: Duration::ZERO, open: Vec::new(), applied: Vec::new() };
        driven.note(effects);
        while let Some((ticket, work)) = driven.take_open() {
            driven.answer(ticket, &work, Outcome::Done);
        }
        driven
    }

    fn note(&mut self, effects: tidyfy::app::effect::Effects) {
        for effect in effects {
            if let Effect::Work(ticket, work) = effect {
                if let Work::Apply(plan) = &work {
                    self.applied.push(plan.clone());
                }
                self.open.push((ticket, work));
            }
        }
    }

    fn take_open(&mut self) -> Option<(Ticket, Work)> {
        (!self.open.is_empty()).then(|| self.open.remove(0))
    }

    fn send(&mut self, fact: Fact) {
        let at = Moment { tick: self.tick, wall: Timestamp::UNIX_EPOCH };
        let effects = update(&mut self.state, Message { at, fact });
        self.note(effects);
    }

    fn answer(&mut self, ticket: Ticket, work: &Work, outcome: Outcome) {
        let reply = match work {
            Work::Identify => Reply::Identified(Ok(Organization {
                id: "e0d1c2b3a4958677".into(),
                name: "Acme Ltd".into(),
                admin: Some(true),
                light: false,
                me: None,
            })),
            Work::People => Reply::Peopled(Ok(Default::default())),
            Work::Places => Reply::Placed(Ok(vec![])),
            Work::Count(_) => Reply::Counted(Ok(7)),
            Work::Read(record) => Reply::Read(Ok(Box::new(Sheet {
                ties: record.kind().row().related.iter().map(|relation| tie(relation, record)).collect(),
                ..Sheet::of(record.clone())
            }))),
            Work::Relate { relation, .. } => {
                let records = page(relation.kind).records().take(3).collect();
                Reply::Related(Ok(Kin { total: Some(40), records }))
            }
            Work::List { list, .. } => {
                let total = Some(ROWS as u64);
                let page = Reply::Page {
                    number: 1,
                    page: page(list.kind),
                    total,
                    dropped: 0,
                    unreadable: 0,
                    coverage: vec![],
                };
                self.send(Fact::Reply(ticket, page));
                Reply::Loaded(Ok(LoadEnd::default()))
            }
            Work::Search { list, .. } => {
                self.send(Fact::Reply(ticket, Reply::Found(page(list.kind))));
                Reply::Searched(Ok(()))
            }
            Work::Arrange(wish) => {
                Reply::Arranged(tidyfy::model::arrange::arrange(wish, &|| true, &mut |_| ()))
            }
            Work::Weigh(_) => Reply::Weighed(vec![]),
            Work::Recall(_) => Reply::Recalled(Ok(None)),
            Work::Unfinished => Reply::Unfinished(Ok(vec![])),
            Work::Annals { .. } => Reply::Told(Ok(Default::default())),
            Work::Acknowledge(_) => Reply::Acknowledged(Ok(())),
            Work::Deeds(_) => Reply::Recounted(Ok((vec![], 0))),
            Work::ExportJob { .. } => Reply::Written(Ok("job.csv".to_owned())),
            Work::Copy(_) => Reply::Copied(Ok(Copied { what: "the id".to_owned(), way: Way::System })),
            Work::Export(export) => {
                let (_, records) = export.sheet.text(export.format);
                Reply::Exported(Ok(Exported { path: export.name.clone(), records, lacks: None }))
            }
            Work::Browse(kind, _) => {
                let (kind, address) = (*kind, "https://web.example/0/dashboard".to_owned());
                Reply::Browsed(Ok(Browsed { kind, address, is_exact: false, left: None }))
            }
            Work::Drop(_) => Reply::Dropped(Ok(())),
            Work::Admit(_) => Reply::Admitted(Ok(())),
            Work::Shelve(_) => Reply::Shelved(Ok(vec![])),
            Work::Save(_) => Reply::SaveEnded(Ok(())),
            Work::Look(record) => Reply::Looked(Ok(record.clone())),
            Work::Sets(_) => Reply::Sets(Ok(Answer::Are(vec![]))),
            Work::Seek(_) => Reply::Sought(Ok(())),
            Work::Write { name, .. } => Reply::Written(Ok(name.clone())),
            Work::Apply(plan) => {
                self.send(Fact::Reply(ticket, Reply::Started));
                for step in 0..plan.steps.len() {
                    let reason = (outcome != Outcome::Done).then(|| "because".to_owned());
                    self.send(Fact::Reply(
                        ticket,
                        Reply::Step { step, outcome, reason, record: None, remark: None },
                    ));
                }
                let tally: Tally = plan.steps.iter().map(|_| outcome).collect();
                Reply::JobEnded(JobEnd { tally, cancelled: false, stopped: None })
            }
        };
        self.send(Fact::Reply(ticket, reply));
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
        self.send(Fact::Key { chord: key.parse::<Chord>().unwrap(), repeat: false });
    }
}

const ROWS: usize = 12;

/// A record's side of a relation: others along with it, or to be asked for.
fn tie(relation: &'static Relation, record: &Record) -> Tie {
    let lookup = Lookup { id: record.id().clone(), name: record.name().to_owned(), hidden: false };
    let end = match relation.way {
        catalog::Way::Included { .. } => End::Here(page(relation.kind).records().take(2).collect()),
        catalog::Way::List(_) | catalog::Way::Named { .. } => End::Asked(lookup),
    };
    Tie { relation, end }
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
    let one = prop_oneof![
        12 => prop::sample::select(keys).prop_map(Happening::Key),
        1 => prop::sample::select(vec!["y", "delete 1\r", "delete 1"]).prop_map(Happening::Paste),
        4 => prop::sample::select(vec![1u64, 40, 249, 250, 400]).prop_map(Happening::Pass),
        4 => Just(Happening::Drawn),
        2 => prop::sample::select(vec![0u64, 30]).prop_map(Happening::Phrase),
        2 => (any::<bool>(), any::<bool>()).prop_map(|(last, seen)| Happening::Flip { last, seen }),
        4 => outcome.prop_map(Happening::Answer),
    ];
    prop::collection::vec(one, 0..120)
}

/// What a modal has seen, kept beside it by the rules of the product, for judging whether it may confirm.
#[derive(Default)]
struct Witness {
    drawn_at: Option<Duration>,
    last_key: Option<Duration>,
    typed: String,
    /// The plan that was on the screen.
    seen: Option<Arc<Plan>>,
}

fn happen(driven: &mut Driven, happening: &Happening, witness: &mut Witness) -> Result<(), TestCaseError> {
    match happening {
        Happening::Pass(ms) => driven.tick += Duration::from_millis(*ms),
        Happening::Drawn => {
            driven.send(Fact::Drawn);
            if let Some(confirm) = driven.confirm() {
                witness.drawn_at.get_or_insert(driven.tick);
                witness.seen = Some(confirm.plan.clone());
            }
        }
        Happening::Paste(text) => {
            driven.send(Fact::Paste((*text).to_owned()));
            witness.last_key = Some(driven.tick);
        }
        Happening::Answer(outcome) => {
            if let Some((ticket, work)) = driven.take_open() {
                driven.answer(ticket, &work, *outcome);
            }
        }
        Happening::Flip { last, seen } => flip(driven, *last, *seen, witness)?,
        Happening::Phrase(gap) => {
            let phrase = match driven.confirm().map(|confirm| &confirm.assent) {
                Some(Assent::Phrase(phrases)) => phrases[0].clone(),
                _ => return Ok(()),
            };
            for letter in phrase.chars() {
                driven.tick += Duration::from_millis(*gap);
                let key = if letter == ' ' { "space".to_owned() } else { letter.to_string() };
                press(driven, &key, witness)?;
            }
        }
        Happening::Key(key) => press(driven, key, witness)?,
    }
    Ok(())
}

fn flip(driven: &mut Driven, last: bool, seen: bool, witness: &mut Witness) -> Result<(), TestCaseError> {
    let offered = driven.confirm().map_or(&[][..], Confirm::offered).to_vec();
    let wanted = if last { offered.last() } else { offered.first() };
    let Some(wanted) = wanted.filter(|_| witness.drawn_at.is_some()) else { return Ok(()) };
    let mut hand = |driven: &mut Driven, key: &str| {
        driven.tick += Duration::from_millis(40);
        press(driven, key, witness)
    };
    // Whatever else takes the keys takes no more than these.
    for _ in 0..3 {
        if driven.confirm().is_some_and(|confirm| confirm.part != Part::Options) {
            hand(driven, "tab")?;
        }
    }
    if driven.confirm().is_some_and(|confirm| confirm.choice != Some(*wanted)) {
        hand(driven, "down")?;
    }
    hand(driven, "space")?;
    if seen {
        happen(driven, &Happening::Drawn, witness)?;
        driven.tick += Duration::from_millis(40);
        press(driven, "shift-tab", witness)?;
    }
    Ok(())
}

/// Presses a key and holds whatever was set off against what the person had seen and done.
fn press(driven: &mut Driven, key: &str, witness: &mut Witness) -> Result<(), TestCaseError> {
    let shown = driven.confirm().map(|confirm| (confirm.plan.clone(), confirm.assent.clone()));
    let typing = driven.confirm().is_some_and(|confirm| confirm.part == Part::Phrase && !confirm.filtering);
    let applied = driven.applied.len();
    let pressed = driven.tick;
    driven.key(key);
    if key == "y" {
        // It counts once nothing has come right behind it.
        driven.tick += Duration::from_millis(3);
        driven.send(Fact::Due);
    }
    if driven.applied.len() > applied {
        prop_assert_eq!(driven.applied.len(), applied + 1);
        let (plan, assent) = shown.clone().expect("a job began with no modal open");
        let drawn = witness.drawn_at.expect("a modal confirmed before it was seen");
        prop_assert!(
            Arc::ptr_eq(&plan, &driven.applied[applied]),
            "another plan than the one shown was sent"
        );
        let seen = witness.seen.as_ref().expect("a modal confirmed before it was seen");
        prop_assert!(Arc::ptr_eq(&plan, seen), "another plan than the one seen was sent");
        prop_assert_eq!(&plan.assent(), &assent);
        prop_assert!(!plan.steps.is_empty());
        match assent {
            Assent::Key => {
                let quiet = pressed - witness.last_key.map_or(drawn, |last| last.max(drawn));
                prop_assert!(key == "y" && quiet >= Duration::from_millis(250), "{} after {:?}", key, quiet);
            }
            Assent::Phrase(phrases) => {
                prop_assert!(
                    key == "enter" && phrases.contains(&witness.typed),
                    "{} after {:?}",
                    key,
                    witness.typed
                );
            }
            Assent::Nothing => prop_assert!(false, "an empty plan was confirmed"),
        }
    }
    let still_open = driven.confirm().is_some();
    let is_another = |(plan, _): &(Arc<Plan>, Assent)| {
        driven.confirm().is_some_and(|confirm| !Arc::ptr_eq(plan, &confirm.plan))
    };
    if shown.as_ref().is_some_and(is_another) {
        // It has to be seen and typed anew.
        *witness = Witness::default();
    }
    match (shown.is_some(), still_open) {
        (true, true) if witness.drawn_at.is_some() && typing => match key {
            "space" => witness.typed.push(' '),
            key if key.chars().count() == 1 => witness.typed.push_str(key),
            _ => {}
        },
        (true, true) => {}
        _ => *witness = Witness::default(),
    }
    witness.last_key = Some(pressed);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_sent_but_what_a_completed_modal_showed(story in happenings(&KEYS)) {
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
                let by_palette = in_input && matches!(happening, Happening::Key("enter"));
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
        while let Some((ticket, work)) = driven.take_open() {
            driven.answer(ticket, &work, Outcome::Done);
        }
        let now = driven.state.under_cursor().unwrap();
        prop_assert_eq!(now.id(), &on);
    }
}

#[test]
fn the_story_teller_can_confirm_both_ways() {
    let (mut driven, mut witness) = (Driven::new(), Witness::default());
    let tell = |driven: &mut Driven, witness: &mut Witness, story: &[Happening]| {
        story.iter().for_each(|happening| happen(driven, happening, witness).unwrap());
    };
    use Happening::{Answer, Drawn, Key, Pass, Phrase};
    tell(&mut driven, &mut witness, &[Key("j"), Key("a"), Drawn, Pass(250), Key("y")]);
    assert_eq!(driven.applied.len(), 1);
    tell(&mut driven, &mut witness, &[Answer(Outcome::Done), Key("s"), Answer(Outcome::Done)]);
    tell(&mut driven, &mut witness, &[Key("g"), Key("D"), Drawn, Phrase(30), Pass(30), Key("enter")]);
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
        .chain([Phrase(30), Pass(30), Key("enter")]);
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
    use tidyfy::sandbox::{Fault, Mishap, Settings};

    #[derive(Debug, Clone)]
    enum Move {
        Key(&'static str),
        /// Whatever the open modal asks for is given to it.
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
        let sandbox = Settings { scale: 30, latency: Duration::from_millis(20), ..Settings::default() };
        let mut desk = Desk::with(Wanted { sandbox, ..Wanted::default() }).await;
        let turned_away =
            Mishap::Answer { status: 429, body: None, headers: Default::default(), apply: false };
        desk.server.set_faults(vec![Fault { share: Some(0.1), ..Fault::on("DELETE", "*", turned_away) }]);
        for happening in moves {
            match happening {
                Move::Key(key) => desk.keys(key).await,
                Move::Rest => desk.pass(Duration::from_secs(2)).await,
                Move::Assent if !assenting => {}
                Move::Assent => match desk.plan().map(Plan::assent) {
                    Some(Assent::Key) => desk.confirm().await,
                    Some(Assent::Phrase(phrases)) => desk.confirm_with(&phrases[0]).await,
                    Some(Assent::Nothing) | None => {}
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
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

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
