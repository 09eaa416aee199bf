//! What facts, made by hand, do to the state, and what is asked for then.

mod connection;
mod detail;
mod lists;
mod organizations;
mod reassign;
mod recovery;
mod selection;
mod status_pane;
mod undo;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::app::effect::{self, Effect, Request, RequestId};
use crate::app::event::{Event, EventKind, LoadEnd, Response, Size};
use crate::app::keymap::Keymap;
use crate::app::state::{Overlay, Setup, State};
use crate::app::update::update;
use crate::model::context::Context;
use crate::model::download::DownloadFolders;
use crate::model::id::Id;
use crate::model::kind::Kind;
use crate::model::limits::Limits;
use crate::model::plan::{ConfirmThresholds, Organization, Plan};
use crate::model::record::{Draft, Page, Record};
use crate::model::time::{Moment, Zone};

/// The state, driven by hand, with all that was asked for.
struct Bench {
    state: State,
    tick: Duration,
    /// What is asked for and not answered yet, oldest first.
    open: Vec<(RequestId, Request)>,
    /// Everything else that was wanted.
    wanted: Vec<Effect>,
}

fn organization() -> Organization {
    Organization {
        id: "e0d1c2b3a4958677".into(),
        name: "Acme Ltd".into(),
        admin: Some(true),
        light: false,
        me: None,
    }
}

/// Live processes `Thing 1`, `Thing 2` and so on.
fn records(n: usize) -> Vec<Record> {
    page(n).records().collect()
}

fn page(n: usize) -> Arc<Page> {
    let row = |n: usize| {
        let mut drafts = vec![Draft::Text(format!("Thing {n}"))];
        drafts.resize(Kind::Processes.row().fields.len(), Draft::Missing);
        (Id::new(&format!("{n:032x}")).unwrap(), drafts)
    };
    Arc::new(Page::new(Kind::Processes, (1..=n).map(row).collect()))
}

impl Bench {
    /// Everything that is asked for at the start has been answered, and the list holds five processes.
    fn new() -> Self {
        let mut bench = Self::starting(false);
        bench.settle();
        bench
    }

    fn starting(read_only: bool) -> Self {
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
            read_only,
            folders: DownloadFolders::default(),
        };
        let start: Timestamp = "2026-11-22T19:05:01Z".parse().unwrap();
        let mut state = State::new(setup, Size { width: 100, height: 30 }, Moment::start(start));
        let effects = state.start();
        let mut bench = Self { state, tick: Duration::ZERO, open: Vec::new(), wanted: Vec::new() };
        bench.take(effects);
        bench
    }

    fn take(&mut self, effects: effect::Effects) {
        for effect in effects {
            match effect {
                // What hangs on the records of a dialog is no concern here, and changes nothing.
                Effect::Request(_, Request::CountImpact(_)) => {}
                Effect::Request(request_id, work) => self.open.push((request_id, work)),
                other => self.wanted.push(other),
            }
        }
    }

    fn send(&mut self, event_kind: EventKind) {
        let start: Timestamp = "2026-11-22T19:05:01Z".parse().unwrap();
        let at = Moment { tick: self.tick, wall: start + self.tick };
        let effects = update(&mut self.state, Event { at, event_kind });
        self.take(effects);
    }

    /// Presses keys at a hand's pace.
    fn keys(&mut self, keys: &str) {
        for key in keys.split_whitespace() {
            self.tick += Duration::from_millis(40);
            self.send(EventKind::Due);
            if matches!(self.state.overlay, Some(Overlay::Question(_))) && self.state.awaits_drawing() {
                self.send(EventKind::Drawn);
            }
            self.send(EventKind::Key { chord: key.parse().unwrap(), repeat: false });
        }
    }

    /// The screen is drawn, and half a second passes.
    fn look(&mut self) {
        if self.state.awaits_drawing() {
            self.send(EventKind::Drawn);
        }
        self.tick += Duration::from_millis(500);
        self.send(EventKind::Due);
    }

    /// What is asked for first of all that `is` wanted, with its ticket.
    fn asked(&self, is: impl Fn(&Request) -> bool) -> Option<RequestId> {
        self.open.iter().find(|(_, work)| is(work)).map(|(request_id, _)| *request_id)
    }

    /// Answers the first open piece of work that `is` meant.
    fn answer(&mut self, is: impl Fn(&Request) -> bool, response: Response) {
        let at = self.open.iter().position(|(_, work)| is(work)).expect("it was never asked for");
        let (request_id, _) = self.open.remove(at);
        self.send(EventKind::Reply(request_id, response));
    }

    /// Answers everything that is open as a server in order does.
    fn settle(&mut self) {
        while !self.open.is_empty() {
            let (request_id, work) = self.open.remove(0);
            let response = match work {
                Request::Identify => Response::Identified(Ok(organization())),
                Request::Members => Response::Members(Ok(Default::default())),
                Request::Count(_) => Response::Counted(Ok(5)),
                Request::List { list: effect::ListRequest { kind: Kind::Processes, .. }, .. } => {
                    let page = Response::Page {
                        number: 1,
                        page: page(5),
                        total: Some(5),
                        dropped: 0,
                        unreadable: 0,
                        coverage: vec![],
                    };
                    self.send(EventKind::Reply(request_id, page));
                    Response::Loaded(Ok(LoadEnd::default()))
                }
                Request::List { .. } => Response::Loaded(Ok(LoadEnd::default())),
                Request::Query { .. } => Response::QueryResult(None),
                Request::Unfinished => Response::Unfinished(Ok(vec![])),
                other => panic!("{other:?} has no answer of its own"),
            };
            self.send(EventKind::Reply(request_id, response));
        }
    }

    /// The plan in the open dialog.
    fn plan(&self) -> Option<Arc<Plan>> {
        match &self.state.overlay {
            Some(Overlay::Confirm(confirm)) => Some(Arc::clone(&confirm.plan)),
            _ => None,
        }
    }

    fn notice(&self) -> &str {
        self.state.notice.as_ref().map_or("", |notice| notice.words.as_str())
    }

    /// All lines of the status pane.
    fn log(&self) -> String {
        let lines = self.state.status.shown().map(|entry| entry.text(&self.state.setup.zone));
        lines.collect::<Vec<_>>().join("\n")
    }
}
