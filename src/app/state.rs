//! All the program knows, in one place.
//!
//! Owns the data the view draws and `update` changes. Nothing here acts; the parts in `state/` keep their own rules.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::effect::{Exit, RequestId};
use super::keymap::{KeyContext, Keymap};
use crate::app::arming::Arming;
use crate::app::confirm::Confirm;
use crate::app::connection::TokenPrompt;
use crate::app::detail::{Detail, DetailSearch};
use crate::app::downloads::{DownloadPrompt, Downloads};
use crate::app::event::{LateResponses, LimitWait, RemainingLimit, Size};
use crate::app::export::ExportPrompt;
use crate::app::filter::FilterInput;
use crate::app::history::HistoryPage;
pub use crate::app::in_flight::{InFlight, Purpose};
use crate::app::jobs::Jobs;
use crate::app::list::Listing;
use crate::app::marked_view::MarkedView;
pub use crate::app::notice::{CommandRefusal, Notice, NoticeCondition};
use crate::app::organizations::OrganizationPicker;
use crate::app::palette::Palette;
use crate::app::recovery::{Recovery, RecoveryPage};
use crate::app::resolve::ResolvingSelection;
use crate::app::saved::{SavedFilterPicker, SelectionPicker};
use crate::app::selection::Selection;
use crate::app::status_pane::StatusPane;
use crate::app::text_input::TextInput;
use crate::model::color::AccentColor;
use crate::model::context::{Context, KnownContext};
use crate::model::download::DownloadFolders;
use crate::model::failure::Failure;
use crate::model::kind::Kind;
use crate::model::limits::{Limits, Traffic};
use crate::model::people::Members;
use crate::model::plan::{ConfirmThresholds, Permissions};
use crate::model::record::Record;
use crate::model::time::{Moment, Zone};
use crate::model::undo::{JobOrigin, UndoStack};

/// What is fixed for the life of the process.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Whether the built-in sandbox is on the other side.
    pub demo: bool,
    /// The organization that is open.
    pub here: Context,
    /// The organizations that the config names.
    pub places: Vec<Context>,
    /// Those the person came from.
    pub visited: Vec<KnownContext>,
    /// The colour of the organization's name, if it has one of its own.
    pub accent: Option<AccentColor>,
    /// The server's address, for display.
    pub host: String,
    /// The limits requests are paced under.
    pub limits: Limits,
    /// When a plan asks for more.
    pub thresholds: ConfirmThresholds,
    /// The keys.
    pub keymap: Arc<Keymap>,
    /// The zone times are shown in.
    pub zone: Zone,
    /// Whether colour may be used.
    pub color: bool,
    /// The kind shown first.
    pub kind: Kind,
    /// Whether changes are switched off.
    pub read_only: bool,
    /// Where what is saved goes.
    pub folders: DownloadFolders,
}

/// What lies over the panes and takes the keys.
#[derive(Debug)]
pub enum Overlay {
    /// A plan waits to be confirmed.
    Confirm(Box<Confirm>),
    /// The help, scrolled down by this many lines.
    Help(usize),
    /// Every command by name.
    Palette(Palette),
    /// The organizations one can go to.
    Organizations(OrganizationPicker),
    /// The saved filters.
    SavedFilters(SavedFilterPicker),
    /// The saved sets of marks.
    Selections(SelectionPicker),
    /// The columns to sort by, and which one the cursor is on.
    SortBy(usize),
    /// The unfinished jobs of earlier runs.
    Recovery(RecoveryPage),
    /// Where files are to be saved.
    Download(Box<DownloadPrompt>),
    /// Past jobs.
    History(Box<HistoryPage>),
    /// The name of a file to write records into.
    Export(Box<ExportPrompt>),
    /// A question that `y` answers.
    Question(YesNoQuestion),
}

/// A question that `y` answers with yes and everything else with no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YesNoQuestion {
    /// Whether to quit although a job runs.
    Quit(Exit),
    /// Whether to cancel the rest of the held job.
    CancelJob(RequestId),
}

/// Which pane has the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// The table, or the detail page over it.
    Table,
    /// The status pane.
    Status,
}

/// Who we are, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// It has been asked.
    Asking,
    /// It is known; [`Permissions`] holds it.
    Known,
    /// It could not be read.
    Failed(Failure),
}

/// The way out, once it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuitState {
    /// How the program will end.
    pub exit: Exit,
    /// When it ends whatever is still under way.
    pub deadline: Duration,
}

/// The smallest terminal that anything but a notice is drawn on.
pub const LEAST: Size = Size { width: 40, height: 10 };

/// All the program knows.
#[derive(Debug)]
pub struct State {
    /// What is fixed.
    pub setup: Setup,
    /// When the last message came.
    pub now: Moment,
    /// The terminal's size.
    pub size: Size,
    /// Who acts, and on what terms.
    pub standing: Permissions,
    /// Whether that is known.
    pub identity: Identity,
    /// Names of members.
    pub people: Arc<Members>,
    /// The kind whose tab is open.
    pub kind: Kind,
    /// A list for each kind, in the order of [`Kind::ALL`].
    pub listings: [Listing; Kind::ALL.len()],
    /// What is marked.
    pub marks: Selection,
    /// The view of all that is marked, when it is open.
    pub marked_only: Option<MarkedView>,
    /// The records of a set that are looked up, to be marked.
    pub resolving: Option<ResolvingSelection>,
    /// The detail page, when one is open.
    pub detail: Option<Detail>,
    /// The pages it was come to from, the first one first.
    pub below: Vec<Detail>,
    /// What lies over the panes.
    pub overlay: Option<Overlay>,
    /// The history, while a dialog that was opened from it has its place.
    pub history_behind: Option<Box<HistoryPage>>,
    /// The pieces of work that count for the open dialog.
    pub weighing: BTreeSet<RequestId>,
    /// When the question that is open was drawn, and its keys came.
    pub question_arming: Arming,
    /// The filter being typed.
    pub filter_input: Option<FilterInput>,
    /// Whether more input waits to be taken, so that what each key changes need not be worked out yet.
    pub more_input: bool,
    /// Which pane has the keys.
    pub focus: Focus,
    /// The jobs.
    pub jobs: Jobs,
    /// The jobs of this organization that can be undone or repeated.
    pub undo: UndoStack,
    /// The unfinished jobs of earlier runs.
    pub recovery: Recovery,
    /// The files that are saved.
    pub saves: Downloads,
    /// The status pane.
    pub status: StatusPane,
    /// Why requests wait, if they do.
    pub waiting: Option<LimitWait>,
    /// Why the token is not accepted any more, while none is.
    pub locked_out: Option<Failure>,
    /// The place that the token is read from, while that takes long.
    pub reading_token: Option<String>,
    /// The prompt for another token; it lies over everything but the question whether to quit.
    pub token_prompt: Option<TokenPrompt>,
    /// Why the server cannot be reached, while it cannot.
    pub offline: Option<Failure>,
    /// Requests answered lately, from which time left is computed.
    pub traffic: Traffic,
    /// Requests of jobs that have waited for an answer for a while.
    pub unanswered: Option<LateResponses>,
    /// What the limits still allow, while it is being used up.
    pub allowance: Option<RemainingLimit>,
    /// A sentence at the end of the footer.
    pub notice: Option<Notice>,
    /// What is awaited.
    pub in_flight: InFlight,
    /// The way out, once it is taken.
    pub leaving: Option<QuitState>,
    /// How the jobs ended that ended on the way out.
    pub parting: Vec<String>,
    /// Whether the process stops as soon as nothing of the job is under way.
    pub suspending: bool,
    /// Whether another organization is about to be entered.
    pub entering: bool,
}

impl State {
    /// The state before anything has happened.
    #[must_use]
    pub fn new(setup: Setup, size: Size, now: Moment) -> Self {
        let standing = Permissions { organization: None, read_only: setup.read_only };
        Self {
            now,
            size,
            standing,
            identity: Identity::Asking,
            people: Arc::default(),
            kind: setup.kind,
            listings: Kind::ALL.map(Listing::new),
            marks: Selection::default(),
            marked_only: None,
            resolving: None,
            detail: None,
            below: Vec::new(),
            overlay: None,
            history_behind: None,
            weighing: BTreeSet::new(),
            question_arming: Arming::default(),
            filter_input: None,
            more_input: false,
            focus: Focus::Table,
            jobs: Jobs::default(),
            undo: UndoStack::default(),
            recovery: Recovery::default(),
            saves: Downloads::default(),
            status: StatusPane::default(),
            waiting: None,
            locked_out: None,
            reading_token: None,
            token_prompt: None,
            offline: None,
            traffic: Traffic::new(Traffic::AT_ONCE),
            unanswered: None,
            allowance: None,
            notice: None,
            in_flight: InFlight::default(),
            leaving: None,
            parting: Vec::new(),
            suspending: false,
            entering: false,
            setup,
        }
    }

    /// The organization that is open, as far as it is known.
    #[must_use]
    pub fn here(&self) -> KnownContext {
        KnownContext { place: self.setup.here.clone(), organization: self.standing.organization.clone() }
    }

    /// The list of the open tab.
    #[must_use]
    pub fn listing(&self) -> &Listing {
        &self.listings[self.kind as usize]
    }

    /// The list of the open tab, to change it.
    pub fn listing_mut(&mut self) -> &mut Listing {
        &mut self.listings[self.kind as usize]
    }

    /// The list of `kind`, to change it.
    pub fn listing_of(&mut self, kind: Kind) -> &mut Listing {
        &mut self.listings[kind as usize]
    }

    /// Gives the keys back to the table. The status pane follows its newest lines again.
    pub fn leave_status(&mut self) {
        self.focus = Focus::Table;
        self.status.below = 0;
    }

    /// What is searched for on the detail page.
    #[must_use]
    pub fn finding(&self) -> Option<&DetailSearch> {
        self.detail.as_ref().and_then(|detail| detail.finding.as_ref())
    }

    /// Where a key is read, when no overlay and no input takes it.
    #[must_use]
    pub fn context(&self) -> KeyContext {
        match (self.focus, &self.overlay) {
            (_, Some(Overlay::Help(_))) => KeyContext::Help,
            (Focus::Status, _) => KeyContext::Status,
            (Focus::Table, _) if self.detail.is_some() => KeyContext::Detail,
            (Focus::Table, _) if self.marked_only.is_some() => KeyContext::Marked,
            (Focus::Table, _) => KeyContext::Table,
        }
    }

    /// The record the cursor is on, in the table or in the view of all that is marked.
    #[must_use]
    pub fn under_cursor(&self) -> Option<Record> {
        match &self.marked_only {
            Some(set) => set.under_cursor().cloned(),
            None => self.listing().under_cursor(),
        }
    }

    /// The filter of all that is marked, while it is typed.
    #[must_use]
    pub fn set_input(&self) -> Option<&TextInput> {
        let typing = self.marked_only.as_ref()?.typing.as_ref()?;
        Some(&typing.input)
    }

    /// Whether a line is being typed that is no overlay of its own: nothing may open over it by itself.
    #[must_use]
    pub fn is_typing(&self) -> bool {
        let seeks_jobs = matches!(&self.overlay, Some(Overlay::History(page)) if page.is_typing());
        let finds = self.finding().is_some_and(|finding| finding.typing);
        let prompts =
            self.token_prompt.is_some() || self.filter_input.is_some() || self.set_input().is_some();
        prompts || finds || seeks_jobs
    }

    /// Whether the view of all that is marked has the keys.
    #[must_use]
    pub fn is_in_set(&self) -> bool {
        self.marked_only.is_some() && self.detail.is_none() && self.focus == Focus::Table
    }

    /// The job that undoing would undo now.
    #[must_use]
    pub fn to_undo(&self) -> Option<i64> {
        self.undo.to_undo(|origin| self.is_queued(origin))
    }

    /// The undone job that repeating would repeat now.
    #[must_use]
    pub fn to_redo(&self) -> Option<i64> {
        self.undo.to_redo(|origin| self.is_queued(origin))
    }

    fn is_queued(&self, origin: JobOrigin) -> bool {
        self.jobs.iter().any(|job| job.plan.origin == origin)
    }

    /// Whether a past job is being looked for.
    #[must_use]
    pub fn recalls(&self) -> bool {
        self.in_flight.recalls()
    }

    /// The prompt for another token, where it has the keys.
    #[must_use]
    pub fn topmost_prompt(&self) -> Option<&TokenPrompt> {
        let asks_to_quit = matches!(self.overlay, Some(Overlay::Question(YesNoQuestion::Quit(_))));
        self.token_prompt.as_ref().filter(|_| !asks_to_quit)
    }

    /// Whether the overlay, if there is one, can be seen and read.
    fn shows_overlay(&self) -> bool {
        !self.is_too_small() && self.topmost_prompt().is_none()
    }

    /// Whether the next frame must be reported back, because something on it may be acted upon only once it is seen.
    #[must_use]
    pub fn awaits_drawing(&self) -> bool {
        let waits = match &self.overlay {
            Some(Overlay::Confirm(confirm)) => confirm.awaits_drawing(),
            Some(Overlay::Recovery(page)) => page.awaits_drawing(),
            Some(Overlay::Question(_)) => self.question_arming.awaits_drawing(),
            _ => false,
        };
        waits && self.shows_overlay()
    }

    /// A frame that was waited for is on the screen.
    pub fn drawn(&mut self) {
        if !self.shows_overlay() {
            return;
        }
        match &mut self.overlay {
            Some(Overlay::Confirm(confirm)) => confirm.drawn(self.now),
            Some(Overlay::Recovery(page)) => page.drawn(self.now),
            Some(Overlay::Question(_)) => self.question_arming.drawn(self.now),
            _ => {}
        }
    }

    /// What lies over the panes cannot be seen any more: what it needs a person to have seen counts anew.
    pub fn hide_overlay(&mut self) {
        match &mut self.overlay {
            Some(Overlay::Confirm(confirm)) => confirm.hidden(),
            Some(Overlay::Recovery(page)) => page.hidden(),
            Some(Overlay::Question(_)) => self.question_arming.restart(),
            _ => {}
        }
    }

    /// What is still to be said when the screen has closed: how the jobs ended that were cut short by leaving. What was
    /// under way when the last patience ran out is unknown.
    #[must_use]
    pub fn farewell(&self) -> Vec<String> {
        let ended = self.parting.iter().cloned();
        let cut_short = self.jobs.iter().map(|job| job.cut_short().sentence(job.plan.word(), true));
        ended.chain(cut_short).chain(self.saves.cut_short()).collect()
    }

    /// Whether the terminal is too small to show anything but a notice.
    #[must_use]
    pub fn is_too_small(&self) -> bool {
        self.size.width < LEAST.width || self.size.height < LEAST.height
    }

    /// The next moment at which the screen or the way out depends on time alone, on the clock that never steps.
    #[must_use]
    pub fn wakes_at(&self) -> Option<Duration> {
        let armed = match &self.overlay {
            Some(Overlay::Confirm(confirm)) => confirm.wakes_at(self.now),
            Some(Overlay::Recovery(page)) => page.wakes_at(),
            _ => None,
        };
        let next_second =
            self.now.tick + Duration::from_millis(1000 - u64::from(self.now.tick.subsec_millis()));
        let counts_down = self.waiting.as_ref().is_some_and(|wait| wait.until > self.now.tick);
        let searched = self.listing().search_due().map(|(due, _)| due);
        let ticking = (counts_down || self.jobs.is_moving()).then_some(next_second);
        [armed, searched, ticking, self.notice_ends_at()].into_iter().flatten().min()
    }
}
