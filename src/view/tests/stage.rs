//! States made by hand, and what they look like.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, CellWidth};

use crate::app::command::Motion;
use crate::app::confirm::Confirm;
use crate::app::detail::{Detail, KnownFields, RelatedRecords};
use crate::app::effect::{ListIncludes, RequestId};
use crate::app::event::{Attempt, Size};
use crate::app::keymap::{Chord, Key, Keymap};
use crate::app::list::ReloadMode;
use crate::app::state::{Identity, Overlay, Setup, State};
use crate::app::status_pane::StatusText;
use crate::model::context::Context;
use crate::model::download::DownloadFolders;
use crate::model::failure::{Cause, Failure};
use crate::model::filter::Filter;
use crate::model::id::Id;
use crate::model::kind::{Action, Coverage, Kind};
use crate::model::limits::Limits;
use crate::model::outcome::Outcome;
use crate::model::people::Members;
use crate::model::plan::{ConfirmThresholds, Organization, Plan, Target};
use crate::model::query;
use crate::model::query::Sort;
use crate::model::record::{Draft, Page};
use crate::model::record_detail::{
    DetailLine, DetailSection, DetailValue, RecordDetail, RelationEnd, RelationLink,
};
use crate::model::time::{Moment, Zone};
use crate::view::view;

pub(super) const NAMES: [&str; 8] = [
    "Onboarding ACME 00001",
    "Vertragsverlängerung Müller & Söhne 2026, Anlage 4 bis 17, mit allen Nachträgen",
    "家族会議の議事録と添付資料の一覧",
    "👩‍👩‍👧 family day 🎉🎉🎉 🇩🇪",
    "שלום עולם",
    "Zoe\u{301} cafe\u{301}",
    "evil \u{202e}gpj.exe\u{1b}[2J\u{7}",
    "",
];

pub(super) fn moment(seconds: u64) -> Moment {
    let start: Timestamp = "2026-03-01T14:02:00Z".parse().unwrap();
    let tick = Duration::from_secs(seconds);
    Moment { tick, wall: start + tick }
}

pub(super) fn setup(kind: Kind) -> Setup {
    Setup {
        demo: true,
        here: Context { profile: Some("work".to_owned()), ..Context::default() },
        places: Vec::new(),
        visited: Vec::new(),
        accent: None,
        host: "127.0.0.1:4040".to_owned(),
        limits: Limits::documented(),
        thresholds: ConfirmThresholds::default(),
        keymap: Arc::new(Keymap::default()),
        zone: Zone::new(TimeZone::UTC),
        color: true,
        kind,
        read_only: false,
        folders: DownloadFolders::default(),
    }
}

pub(super) fn drafts(kind: Kind, n: usize, name: &str, archived: bool) -> Vec<Draft> {
    let time: Timestamp = "2026-02-03T04:05:06Z".parse().unwrap();
    let fields = kind.row().fields.iter().enumerate().map(|(position, field)| match (position, field.name) {
        (0, _) => Draft::Text(name.to_owned()),
        (_, "archived") if archived => Draft::Time(time),
        (_, "archived" | "run" | "subject") => Draft::Missing,
        (_, "progress") => Draft::Number((n * 7 % 101) as f64),
        (_, "owner" | "owners") => Draft::Text(format!("{},9", n % 3)),
        (_, "steps" | "launched" | "members" | "guests") => Draft::Number((n * 37) as f64),
        (_, "created" | "updated" | "deadline" | "uploaded") => Draft::Time(time),
        (_, "status") => Draft::Text(if n.is_multiple_of(3) { "complete" } else { "active" }.to_owned()),
        (_, other) => Draft::Text(format!("{other} {n}")),
    });
    fields.collect()
}

pub(super) fn page(kind: Kind, names: &[&str], archived: bool) -> Arc<Page> {
    let row = |(n, name): (usize, &&str)| {
        (Id::new(&format!("{:032x}", n + 1)).unwrap(), drafts(kind, n, name, archived))
    };
    Arc::new(Page::new(kind, names.iter().enumerate().map(row).collect()))
}

/// An organization at work: a list of awkward names, some of them marked.
pub(super) fn lively(width: u16, height: u16) -> State {
    let mut state = State::new(setup(Kind::Processes), Size { width, height }, moment(30));
    state.identity = Identity::Known;
    let organization = Organization {
        id: "e0d1c2b3".into(),
        name: "Acme Ltd".into(),
        admin: Some(true),
        light: false,
        me: None,
    };
    state.standing.organization = Some(organization);
    state.people = Arc::new(Members::new([("1".into(), "Mia Øst".into()), ("2".into(), "王小明".into())]));
    let numbered: Vec<String> = (8..60).map(|n| format!("Renewal {n:05}")).collect();
    let names: Vec<&str> = NAMES.iter().copied().chain(numbered.iter().map(String::as_str)).collect();
    let now = state.now;
    let listing = state.listing_mut();
    listing.begin(RequestId(1), ReloadMode::Anew, ListIncludes::new());
    listing.receive(1, &page(Kind::Processes, &names, false), now);
    listing.total = Some(10_050);
    listing.active_total = Some(10_050);
    for row in [1, 3, 20] {
        let record = state.listing().row(row).unwrap();
        state.marks.set(record);
    }
    state.listings[Kind::Templates as usize].active_total = Some(120);
    state.listings[Kind::Tags as usize].active_total = Some(12);
    let files = &mut state.listings[Kind::Files as usize];
    files.begin(RequestId(2), ReloadMode::Anew, ListIncludes::new());
    files.receive(1, &page(Kind::Files, &["a.pdf", "b.png"], false), now);
    files.coverage = vec![
        Coverage {
            kind: Kind::Processes,
            read: 1_204,
            total: Some(3_310),
            within: Some((Kind::Tasks, 9_632)),
        },
        Coverage { kind: Kind::Templates, read: 40, total: Some(40), within: None },
    ];
    state
}

pub(super) fn attempt(
    method: &'static str,
    purpose: &'static str,
    name: &str,
    result: Result<u16, Failure>,
) -> StatusText {
    StatusText::Attempt(Box::new(Attempt {
        method,
        purpose,
        kind: Some(Kind::Processes),
        id: None,
        name: name.to_owned(),
        url: "https://go.tallyfy.com/api/organizations/e0/runs/1".to_owned(),
        took: Duration::from_millis(48),
        result,
        again_in: None,
    }))
}

pub(super) fn plan(state: &State, action: Action, kind: Kind, n: usize) -> Plan {
    let names: Vec<String> = (0..n).map(|n| format!("Renewal {n:05} 家族会議")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let all = page(kind, &names, action != Action::Archive);
    let organization = state.standing.organization.clone().unwrap();
    let chosen = all.records().map(Target::from).collect();
    Plan {
        filtered: true,
        held_by_server: [(kind, 100)].into(),
        ..Plan::new(action, organization, chosen, Limits::documented(), ConfirmThresholds::default())
    }
}

/// A dialog over the screen, on the screen for a minute.
pub(super) fn confirming(mut state: State, plan: Plan) -> State {
    let mut confirm = Confirm::new(plan);
    confirm.drawn(moment(30));
    state.now = moment(90);
    state.overlay = Some(Overlay::Confirm(Box::new(confirm)));
    state
}

pub(super) fn running(state: &mut State) {
    let plan = Arc::new(plan(state, Action::Archive, Kind::Processes, 300));
    state.jobs.add(RequestId(7), Arc::clone(&plan));
    state.jobs.add(RequestId(8), plan);
    let job = state.jobs.get_mut(RequestId(7)).unwrap();
    job.started = Some(moment(29));
    let now = std::mem::replace(&mut state.now, moment(29));
    state.time_jobs();
    state.now = now;
    for step in 0..12 {
        state.jobs.step(RequestId(7), step, Outcome::Done);
    }
    state.status.tell(moment(29), attempt("DELETE", "archive", "Onboarding ACME 00012", Ok(200)));
    let refused = Failure::answered(Cause::Invalid, 422, "The process must be archived first");
    state.status.tell(moment(29), attempt("DELETE", "delete", "Renewal 00003", Err(refused)));
    let late = Failure::new(Cause::TimedOut, "no answer in 30 s");
    state.status.tell(moment(30), attempt("DELETE", "delete", "Audit 00007\u{1b}[31m", Err(late)));
    state.status.tell(moment(30), StatusText::Note("a note".to_owned()));
}

pub(super) fn drawn(state: &State) -> (Buffer, Option<(u16, u16)>) {
    let mut terminal = Terminal::new(TestBackend::new(state.size.width, state.size.height)).unwrap();
    let frame = terminal.draw(|frame| view(state, frame)).unwrap();
    let buffer = frame.buffer.clone();
    let cursor = terminal.backend().cursor_visible().then(|| terminal.backend().cursor_position());
    (buffer, cursor.map(|at| (at.x, at.y)))
}

/// The screen as text, a line a row.
pub(super) fn screen(state: &State) -> String {
    let (buffer, _) = drawn(state);
    let area = *buffer.area();
    let mut text = String::new();
    for y in area.top()..area.bottom() {
        let mut skip = 0;
        for x in area.left()..area.right() {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let symbol = buffer[(x, y)].symbol();
            skip = symbol.cell_width().saturating_sub(1);
            text.push_str(symbol);
        }
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }
    text
}

/// Takes a filter and a sort and arranges the rows at once.
pub(super) fn arranged(state: &mut State, filter: &str, sort: Option<Sort>) {
    let filter = Filter::parse(state.kind, filter, &state.setup.zone).unwrap();
    state.listing_mut().rearrange(filter, sort);
    let request = state.listing().wants_arranging(&state.people, state.now).unwrap();
    let arranged = query::arrange(&request, &|| true, &mut |_| ());
    state.listing_mut().arranging(RequestId(9));
    state.listing_mut().arranged(RequestId(9), arranged);
    let now = state.now;
    state.listings[state.kind as usize].count_hidden(&state.marks, now, false);
}

pub(super) fn failed_mark(state: &mut State, row: usize) {
    let record = state.listing().row(row).unwrap();
    state.marks.fail(record, "The process must be archived first".to_owned());
}

pub(super) fn down(state: &mut State, rows: usize) {
    for _ in 0..rows {
        state.listing_mut().move_cursor(Motion::Down, 10);
    }
}

pub(super) fn type_in(state: &mut State, words: &str) {
    let Some(Overlay::Confirm(confirm)) = &mut state.overlay else { panic!("no dialog") };
    for (n, c) in words.chars().enumerate() {
        let at = moment(40 + n as u64);
        confirm.key(Chord::plain(Key::Char(c)), false, at);
    }
}

/// Opens the detail page of the second record.
pub(super) fn opened(state: &mut State, scroll: usize) {
    let lines = (0..40).map(|n| (format!("label {n}"), format!("value {n}\nsecond line")));
    told(state, lines.collect());
    state.detail.as_mut().unwrap().scroll = scroll;
}

/// Opens the detail page of the second record, of which these labels and values are told, and which leads to others.
pub(super) fn told(state: &mut State, lines: Vec<(String, String)>) {
    let record = state.listing().row(1).unwrap();
    let lines =
        lines.into_iter().map(|(label, said)| DetailLine { label, said: DetailValue::Text(said) }).collect();
    let related = Kind::Templates.row().related.first().unwrap();
    let record_detail = RecordDetail {
        sections: vec![DetailSection { title: "details".to_owned(), lines }],
        empty: vec!["nothing\u{1b}[2J".to_owned()],
        links: vec![RelationLink {
            relation: related,
            end: RelationEnd::Here(state.listing().records().take(9).collect()),
        }],
        raw: "{\n  \"name\": \"evil \u{202e}\u{9b}2J\"\n}".to_owned(),
        ..RecordDetail::of(record.clone())
    };
    let related_page = record_detail.links.iter().map(RelatedRecords::of).collect();
    let fields = KnownFields::Known(Box::new(record_detail));
    state.detail = Some(Detail { fields, related_page, ..Detail::asked(record, RequestId(3)) });
}
