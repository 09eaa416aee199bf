//! The last line.
//!
//! Owns what it offers: the keys that do something now, the most important first, and a notice at its right end.

use std::borrow::Cow;

use ratatui::text::Span;

use super::input;
use super::text;
use super::theme::Theme;
use crate::app::command::Command;
use crate::app::confirm::{Confirm, DialogPart};
use crate::app::detail::KnownFields;
use crate::app::history::HistoryPage;
use crate::app::keymap::{Binding, KeyContext};
use crate::app::layout::Area;
use crate::app::state::{Focus, Overlay, State, YesNoQuestion};
use crate::app::status_pane::StatusText;
use crate::model::catalog::ActionLabels;
use crate::model::history::JobSummary;
use crate::model::kind::{Action, Kind};
use crate::model::limits;
use crate::model::plan::{Confirmation, applicable};
use crate::model::record::Record;
use crate::view::painter::Painter;

/// How many marks are asked whether an action applies to them before it is taken not to.
const ASKED: usize = 50;

/// Draws the line.
pub(super) fn draw(state: &State, area: Area, painter: &mut Painter<'_>) {
    let theme = painter.theme;
    let finding = state.finding().filter(|finding| finding.typing && takes_keys(state));
    match (said(state), finding) {
        (Some(words), _) => {
            let words = [Span::styled(words, theme.wary())];
            let taken = text::line_width(&words) + 2;
            let hints = if state.leaving.is_some() { Vec::new() } else { hints(state) };
            let hints = offered(&hints, theme, usize::from(area.width).saturating_sub(taken));
            if hints.is_empty() {
                painter.line(area, 0, &words);
            } else {
                painter.line(area, 0, &hints);
                painter.line_right(area, 0, &words);
            }
        }
        (None, Some(finding)) => input::draw(&finding.input, "/", theme.key(), true, (area, 0), painter),
        (None, None) => painter.line(area, 0, &offered(&hints(state), theme, usize::from(area.width))),
    }
}

/// The end of the line: a notice, or the name of a wait.
fn said(state: &State) -> Option<Cow<'_, str>> {
    if let Some(leaving) = state.leaving {
        let left = limits::spoken(leaving.deadline.saturating_sub(state.now.tick));
        return Some(format!("quitting: what is in flight gets {left}, nothing more is sent").into());
    }
    let notice = state.notice.as_ref().map(|notice| Cow::Borrowed(&*notice.words));
    let is_finding = state.finding().is_some_and(|finding| finding.typing);
    notice
        .or_else(|| state.resolving.as_ref().map(|resolving| resolving.progress().into()))
        .or_else(|| (state.recalls() && !is_finding).then_some("looking for the last job".into()))
}

/// Whether nothing lies over the page and its input.
fn takes_keys(state: &State) -> bool {
    state.overlay.is_none() && state.topmost_prompt().is_none()
}

/// A key and what it does.
type KeyHint = (String, &'static str);

/// As many hints as fit, from the left.
fn offered(hints: &[KeyHint], theme: Theme, room: usize) -> Vec<Span<'_>> {
    let (mut line, mut used) = (Vec::new(), 0);
    for (key, does) in hints {
        let gap = if line.is_empty() { 0 } else { 2 };
        let width = gap + text::width(key) + 1 + text::width(does);
        if used + width > room {
            break;
        }
        used += width;
        line.extend([
            Span::raw(" ".repeat(gap)),
            Span::styled(&**key, theme.key()),
            Span::raw(" "),
            Span::raw(*does),
        ]);
    }
    line
}

fn hints(state: &State) -> Vec<KeyHint> {
    let fixed =
        |keys: &[(&str, &'static str)]| keys.iter().map(|(key, does)| ((*key).to_owned(), *does)).collect();
    if state.topmost_prompt().is_some() {
        return fixed(&[("enter", "try it"), ("ctrl-u", "clear"), ("esc", "later"), ("ctrl-c", "quit")]);
    }
    match &state.overlay {
        Some(Overlay::Confirm(confirm)) => fixed(&in_dialog(confirm)),
        Some(Overlay::Palette(_)) => fixed(&[("enter", "do it"), ("esc", "close"), ("up down", "pick")]),
        Some(Overlay::Organizations(_)) => {
            fixed(&[("enter", "go there"), ("esc", "stay"), ("up down", "pick")])
        }
        Some(Overlay::SavedFilters(picker)) if picker.naming.is_some() => {
            fixed(&[("enter", "save"), ("esc", "close")])
        }
        Some(Overlay::SavedFilters(_)) => fixed(&[
            ("enter", "filter by it"),
            ("esc", "close"),
            ("delete", "remove it"),
            ("up down", "pick"),
        ]),
        Some(Overlay::Selections(_)) => fixed(&[
            ("enter", "mark its records"),
            ("esc", "close"),
            ("delete", "remove it"),
            ("up down", "pick"),
        ]),
        Some(Overlay::SortBy(_)) => fixed(&[("enter", "sort"), ("esc", "close"), ("up down", "pick")]),
        Some(Overlay::Recovery(_)) => {
            fixed(&[("f", "finish the rest"), ("d", "drop it"), ("esc", "later"), ("j k", "pick")])
        }
        Some(Overlay::Download(_)) => fixed(&[("enter", "save"), ("esc", "do not"), ("ctrl-u", "clear")]),
        Some(Overlay::History(page)) => fixed(&in_history(state, page)),
        Some(Overlay::Export(_)) => fixed(&[("enter", "write it"), ("esc", "close")]),
        Some(Overlay::Question(YesNoQuestion::Quit(_))) => fixed(&[("y", "yes"), ("any other key", "no")]),
        Some(Overlay::Question(YesNoQuestion::CancelJob(_))) => {
            fixed(&[("y", "cancel this"), ("a", "cancel all"), ("esc", "back")])
        }
        Some(Overlay::Help(_)) => bound(state),
        None if state.set_input().is_some() => fixed(&[
            ("enter", "keep"),
            ("esc", "former filter"),
            ("up down", "move"),
            ("\"two words\"", "as one"),
        ]),
        None if state.filter_input.is_some() => fixed(&[
            ("enter", "keep"),
            ("esc", "former filter"),
            ("tab", "complete"),
            ("ctrl-s", "save it"),
            ("~word", "fuzzy"),
            ("\"two words\"", "as one"),
        ]),
        None => bound(state),
    }
}

/// The keys of the history: undoing and trying again only where they would do something for the job the cursor is on.
fn in_history(state: &State, page: &HistoryPage) -> Vec<(&'static str, &'static str)> {
    let typing = page.open.as_ref().map_or(&page.typing, |open| &open.typing);
    if typing.is_some() {
        return vec![
            ("enter", "filter"),
            ("esc", "former filter"),
            ("outcome:failed", "what ended so"),
            ("action:archive", "what was done so"),
        ];
    }
    let is_open = page.open.is_some();
    let can = |error: fn(&JobSummary) -> Option<String>| {
        may_change(state) && page.current().is_some_and(|summary| error(summary).is_none())
    };
    let is_cut = page.open.as_ref().is_some_and(|open| !open.filter.is_empty());
    let has_job = page.current().is_some();
    let keys = [
        (!is_open && has_job, ("enter", "steps")),
        (true, ("esc", "back")),
        (can(JobSummary::undo_error), ("u", "undo it")),
        (can(JobSummary::retry_error), ("t", "retry what failed")),
        (true, ("/", "filter")),
        (has_job, ("e", if is_cut { "export what is shown" } else { "export" })),
        (is_open, ("y", "copy id")),
        (!is_open, ("R", "reload")),
    ];
    keys.into_iter().filter_map(|(does, key)| does.then_some(key)).collect()
}

fn in_dialog(confirm: &Confirm) -> Vec<(&'static str, &'static str)> {
    if confirm.filtering {
        return vec![("enter", "keep the filter"), ("esc", "clear it")];
    }
    if confirm.is_picking() {
        return vec![
            ("enter", "pick"),
            ("esc", "leave it"),
            ("up down", "another"),
            ("a-z", "part of a name"),
        ];
    }
    let keep = ("esc", "keep everything as it is");
    let scroll = ("pgdn pgup", "scroll");
    let mut keys = match confirm.part {
        DialogPart::Options => vec![keep, ("space", "turn it over")],
        DialogPart::Phrase | DialogPart::List => vec![keep, scroll],
    };
    if confirm.part == DialogPart::Options && matches!(confirm.confirmation, Confirmation::Phrase(_)) {
        keys.push(("shift-tab", "to the phrase"));
    }
    if confirm.part == DialogPart::Options && confirm.offered().len() > 1 {
        keys.push(("up down", "pick"));
    }
    keys.extend(match confirm.next_part() {
        next if next == confirm.part => None,
        DialogPart::Phrase => Some(("tab", "to the phrase")),
        DialogPart::Options => Some(("tab", "to the options")),
        DialogPart::List => Some(("tab", "to the list")),
    });
    if confirm.part == DialogPart::List {
        keys.push(("/", "filter the list"));
    }
    keys
}

/// The keys of the table that do something now.
fn bound(state: &State) -> Vec<KeyHint> {
    let context = state.context();
    let mut rows: Vec<_> = state
        .setup
        .keymap
        .rows()
        .filter(|(binding, _)| binding.rank > 0 && binding.contexts.contains(&context))
        .filter(|(binding, _)| is_possible(state, context, binding.command))
        .filter_map(|(binding, chords)| {
            Some((binding.rank, chords.first()?.to_string(), hint(state, binding)))
        })
        .collect();
    rows.sort_by_key(|(rank, _, _)| *rank);
    rows.into_iter().map(|(_, chord, hint)| (chord, hint)).collect()
}

/// What a key does, in the words of the kinds that are shown.
fn hint(state: &State, binding: &Binding) -> &'static str {
    match (binding.command, &state.marked_only) {
        (Command::Act(action), Some(set)) if state.detail.is_none() => {
            ActionLabels::of(set.shown().map(Record::kind)).action(action)
        }
        (Command::Act(action), _) => at_hand_kind(state).row().words.action(action),
        // The key that opened the view leaves it.
        (Command::MarkedOnly, Some(_)) => "leave",
        (Command::PauseJob, _) if state.jobs.is_paused() => "resume",
        (Command::CancelJob, _) if state.jobs.going().next().is_none() => "stop saving",
        _ => binding.hint,
    }
}

fn is_possible(state: &State, context: KeyContext, command: Command) -> bool {
    let listing = state.listing();
    match command {
        Command::Act(action) => action_applies(state, context, action),
        Command::PauseJob => state.jobs.going().next().is_some(),
        Command::CancelJob => {
            let saves = state.saves.current.as_ref().is_some_and(|save| !save.cancelled);
            state.jobs.going().next().is_some() || saves
        }
        Command::Download => {
            state.saves.current.is_none() && at_hand(state, |record| record.kind().row().bytes.is_some())
        }
        Command::OpenHolder => at_hand(state, |record| record.holder().is_some()),
        Command::Open if context == KeyContext::Detail => {
            state.detail.as_ref().is_some_and(|detail| detail.at.is_some() && !detail.raw)
        }
        Command::NextLink | Command::PreviousLink => state.detail.as_ref().is_some_and(|detail| {
            !detail.raw && detail.related_page.iter().any(|related_page| related_page.spots() > 0)
        }),
        Command::NextFound | Command::PreviousFound => state.finding().is_some(),
        Command::Raw => {
            state.detail.as_ref().is_some_and(|detail| matches!(detail.fields, KnownFields::Known(_)))
        }
        Command::Open | Command::ToggleMark => state.under_cursor().is_some(),
        Command::Range | Command::MarkAll | Command::InvertMarks => listing.shown() > 0,
        Command::ClearMarks => match context {
            KeyContext::Marked => state.marks.total() > 0,
            _ => state.marks.count(state.kind) > 0,
        },
        Command::MarkedOnly => state.marked_only.is_some() || state.marks.total() > 0,
        Command::NextScope => listing.kind.row().archives(),
        Command::Undo => may_change(state) && state.to_undo().is_some(),
        Command::Redo => may_change(state) && state.to_redo().is_some(),
        Command::Retry => may_change(state) && state.jobs.has_failed,
        Command::MarkGroup | Command::ExportGroup => state.status.group_under_cursor().is_some(),
        Command::CopyRequest => match state.status.under_cursor().map(|entry| &entry.told) {
            Some(StatusText::Group(group)) => group.losses.iter().any(|loss| loss.sent.is_some()),
            told => matches!(told, Some(StatusText::Attempt(_))),
        },
        Command::OpenWeb if state.setup.demo => false,
        Command::CopyId | Command::CopyRead | Command::OpenWeb => state.subject().is_some(),
        Command::Export => match context {
            KeyContext::Table => listing.shown() > 0,
            _ => state.under_cursor().is_some(),
        },
        Command::EnterToken => state.locked_out.is_some(),
        Command::Back => {
            let in_table = listing.anchor.is_some() || listing.marking.is_some() || listing.has_filter();
            context != KeyContext::Table || in_table || state.focus == Focus::Status
        }
        Command::Move(_)
        | Command::NextKind
        | Command::PreviousKind
        | Command::Go(_)
        | Command::Leave
        | Command::FindInPage
        | Command::Filter
        | Command::SavedFilters
        | Command::SaveFilter
        | Command::SaveSelection
        | Command::OpenSelection
        | Command::MarkFile
        | Command::SortBy
        | Command::ReverseSort
        | Command::Palette
        | Command::Organizations
        | Command::Help
        | Command::ExplainDelete
        | Command::Reload
        | Command::Unfinished
        | Command::History
        | Command::FocusStatus
        | Command::ShowReads
        | Command::Close
        | Command::Quit => true,
    }
}

/// Whether the record whose page is open, or that the cursor is on, is such a one.
fn at_hand(state: &State, is_such: impl Fn(&Record) -> bool) -> bool {
    match &state.detail {
        Some(detail) => is_such(&detail.record),
        None => state.under_cursor().is_some_and(|record| is_such(&record)),
    }
}

/// The kind of the record whose page is open, else of the list.
fn at_hand_kind(state: &State) -> Kind {
    state.detail.as_ref().map_or(state.kind, |detail| detail.record.kind())
}

/// Whether anything can be changed at all, as far as is known.
fn may_change(state: &State) -> bool {
    !state.standing.read_only && state.standing.organization.is_some()
}

/// Whether an action would find something to do. Of many marks only the first few are asked, for a hint must be cheap.
fn action_applies(state: &State, context: KeyContext, action: Action) -> bool {
    let standing = &state.standing;
    if !may_change(state) || state.listing().marking.is_some() {
        return false;
    }
    let applies = |record: &Record| applicable(action, record, standing.who()).is_ok();
    match (context, &state.detail) {
        (KeyContext::Detail, Some(detail)) => applies(&detail.record),
        (KeyContext::Marked, _) => state.marks.all().take(ASKED).any(|mark| applies(&mark.record)),
        _ if state.marks.count(state.kind) > 0 => {
            state.marks.of(state.kind).take(ASKED).any(|mark| applies(&mark.record))
        }
        _ => state.under_cursor().is_some_and(|record| applies(&record)),
    }
}
