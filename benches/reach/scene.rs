//! A state with many rows, made as the program makes it: by what the worker would tell.

use std::sync::Arc;
use std::time::Duration;

use color_eyre::eyre::{ContextCompat as _, Result};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tidyfy::app::effect::{Effect, Effects, Request, RequestId};
use tidyfy::app::event::{Event, EventKind, LoadEnd, Response, Size};
use tidyfy::app::keymap::{Chord, Keymap};
use tidyfy::app::state::{Setup, State};
use tidyfy::app::update::update;
use tidyfy::model::context::Context;
use tidyfy::model::download::DownloadFolders;
use tidyfy::model::id::Id;
use tidyfy::model::kind::Kind;
use tidyfy::model::limits::Limits;
use tidyfy::model::plan::{ConfirmThresholds, Organization};
use tidyfy::model::record::{Draft, Page};
use tidyfy::model::time::{Moment, Zone};

/// Rows of a page, as the API sends them.
pub(crate) const PER_PAGE: usize = 100;

/// Names that begin, and go on, in different ways.
const NAMES: [&str; 6] = [
    "Onboarding ACME",
    "Vertragsverlängerung Müller & Söhne",
    "Leaver Globex",
    "家族会議の議事録",
    "Campaign Wayne",
    "Zoë Lindqvist",
];

/// The state, and how far its clock has run.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) state: State,
    tick: Duration,
    start: Timestamp,
    list: RequestId,
    /// Pages that have come.
    pages: u32,
}

impl Scene {
    /// A list of `rows` processes, loaded to its end.
    pub(crate) fn loaded(rows: usize) -> Result<Self> {
        let mut scene = Self::loading()?;
        for first in (0..rows).step_by(PER_PAGE) {
            scene.receive(page(first, PER_PAGE.min(rows - first)), rows);
        }
        let end = EventKind::Reply(scene.list, Response::Loaded(Ok(LoadEnd::default())));
        drop(scene.send(end));
        Ok(scene)
    }

    /// A list that is still to come.
    pub(crate) fn loading() -> Result<Self> {
        let start: Timestamp = "2026-11-22T09:00:00Z".parse()?;
        let size = Size { width: 120, height: 35 };
        let mut state = State::new(setup(), size, Moment::start(start));
        let effects: Vec<Effect> = state.start().into_iter().collect();
        let asked = |wanted: fn(&Request) -> bool| {
            effects.iter().find_map(|effect| match effect {
                Effect::Request(request_id, work) if wanted(work) => Some(*request_id),
                _ => None,
            })
        };
        let who = asked(|work| matches!(work, Request::Identify)).wrap_err("nobody asks who we are")?;
        let list = asked(|work| matches!(work, Request::List { .. })).wrap_err("nobody asks for a list")?;
        let mut scene = Self { state, tick: Duration::ZERO, start, list, pages: 0 };
        let acme = Organization {
            id: "e0d1".to_owned(),
            name: "Acme Ltd".to_owned(),
            admin: Some(true),
            light: false,
            me: None,
        };
        drop(scene.send(EventKind::Reply(who, Response::Identified(Ok(acme)))));
        Ok(scene)
    }

    /// A page comes.
    pub(crate) fn receive(&mut self, page: Arc<Page>, total: usize) {
        let total = Some(total as u64);
        self.pages += 1;
        let number = self.pages;
        let page = Response::Page { number, page, total, dropped: 0, unreadable: 0, coverage: Vec::new() };
        drop(self.send(EventKind::Reply(self.list, page)));
    }

    /// A key is pressed.
    pub(crate) fn press(&mut self, chord: Chord) {
        drop(self.send(EventKind::Key { chord, repeat: false }));
    }

    fn send(&mut self, event_kind: EventKind) -> Effects {
        self.tick += Duration::from_millis(40);
        let at = Moment { tick: self.tick, wall: self.start + self.tick };
        update(&mut self.state, Event { at, event_kind })
    }
}

fn setup() -> Setup {
    Setup {
        demo: false,
        here: Context::default(),
        places: Vec::new(),
        visited: Vec::new(),
        accent: None,
        host: "127.0.0.1".to_owned(),
        limits: Limits::off(),
        thresholds: ConfirmThresholds::default(),
        keymap: Arc::new(Keymap::default()),
        zone: Zone::new(TimeZone::UTC),
        color: true,
        kind: Kind::Processes,
        read_only: false,
        folders: DownloadFolders::default(),
    }
}

/// A page of `rows` processes that are numbered from `first` on.
pub(crate) fn page(first: usize, rows: usize) -> Arc<Page> {
    let rows = (first..first + rows).filter_map(|n| Some((Id::new(&format!("{n:032x}")).ok()?, drafts(n))));
    Arc::new(Page::new(Kind::Processes, rows.collect()))
}

fn drafts(n: usize) -> Vec<Draft> {
    let time = Timestamp::from_second(1_770_000_000 + 60 * n as i64).unwrap_or_default();
    let fields = Kind::Processes.row().fields.iter().enumerate();
    let draft = fields.map(|(position, field)| match (position, field.name) {
        (0, _) => Draft::Text(format!("{} {n:06}", NAMES[n % NAMES.len()])),
        (_, "archived") => Draft::Missing,
        (_, "progress") => Draft::Number((n * 7 % 101) as f64),
        (_, "owner") => Draft::Text((n % 40).to_string()),
        (_, "updated" | "created" | "deadline") => Draft::Time(time),
        (_, "status") => Draft::Text(if n.is_multiple_of(3) { "complete" } else { "active" }.to_owned()),
        (_, other) => Draft::Text(format!("{other} {}", n % 50)),
    });
    draft.collect()
}
