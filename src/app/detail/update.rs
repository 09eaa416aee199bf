//! The pages of records: opening one, going on to what it leads to and coming back, searching, and what is read for them.

use crate::app::command::Command;
use crate::app::detail::body::DetailPage;
use crate::app::detail::{Detail, DetailLink, DetailSearch, KnownFields, RelatedRecords};
use crate::app::effect::{Effect, Effects, Request, RequestId};
use crate::app::keymap::{Chord, Key};
use crate::app::layout::Layout;
use crate::app::state::{Purpose, State};
use crate::app::text_input::TextInput;
use crate::model::failure::Failure;
use crate::model::record::Record;
use crate::model::record_detail::{RecordDetail, RelatedPage};

/// Opens the page of a record, over the table.
pub(crate) fn open(state: &mut State, record: Record, effects: &mut Effects) {
    close_all(state, effects);
    state.detail = Some(asked(state, record, effects));
}

fn asked(state: &mut State, record: Record, effects: &mut Effects) -> Detail {
    let request_id = state.ask(Purpose::Read, Request::Read(record.clone()), effects);
    Detail::asked(record, request_id)
}

/// Goes on to what is selected on the page.
pub(crate) fn follow(state: &mut State, effects: &mut Effects) {
    let Some(detail) = &mut state.detail else { return };
    let Some(DetailLink { link, row }) = detail.at.filter(|_| !detail.raw) else {
        let key = state.setup.keymap.spoken(Command::NextLink);
        return state.note(format!("nothing is selected: {key} selects what the page leads to"));
    };
    let Some(related_page) = detail.related_page.get(link) else { return };
    match related_page.records.get(row).cloned() {
        Some(record) => {
            let next = asked(state, record, effects);
            state.below.extend(state.detail.replace(next));
        }
        None if related_page.leads_on() => read_related_page(state, state.below.len(), link, effects),
        None => {}
    }
}

/// Closes the page on top, and says whether one was open. What is still being read for it is not needed any more.
pub(crate) fn close(state: &mut State, effects: &mut Effects) -> bool {
    let before = state.below.pop();
    let closed = std::mem::replace(&mut state.detail, before);
    cancel(closed.as_ref(), effects);
    closed.is_some()
}

/// Closes all pages.
pub(crate) fn close_all(state: &mut State, effects: &mut Effects) {
    while close(state, effects) {}
}

fn cancel<'a>(closed: impl IntoIterator<Item = &'a Detail>, effects: &mut Effects) {
    closed
        .into_iter()
        .flat_map(Detail::in_flight)
        .for_each(|request_id| effects.push(Effect::Cancel(request_id)));
}

/// Takes a layer off the page: what is searched for, then its JSON. Says whether there was one.
pub(crate) fn peel(state: &mut State) -> bool {
    let Some(detail) = &mut state.detail else { return false };
    if detail.finding.take().is_some() {
        return true;
    }
    let was_raw = detail.raw;
    if was_raw {
        detail.turn_over();
    }
    was_raw
}

/// Reads the page on top again, and says whether one is open. It stays scrolled as it is.
pub(crate) fn reload(state: &mut State, effects: &mut Effects) -> bool {
    let Some(record) = state.detail.as_ref().map(|detail| detail.record.clone()) else { return false };
    reread(state, state.below.len(), record, effects);
    true
}

/// The page in this place, the one on top being the last.
fn page(state: &mut State, place: usize) -> Option<&mut Detail> {
    if place < state.below.len() { state.below.get_mut(place) } else { state.detail.as_mut() }
}

/// The places of all pages that are open.
fn places(state: &State) -> std::ops::Range<usize> {
    0..state.below.len() + usize::from(state.detail.is_some())
}

fn reread(state: &mut State, place: usize, record: Record, effects: &mut Effects) {
    cancel(page(state, place).map(|page| &*page), effects);
    let fresh = asked(state, record, effects);
    if let Some(page) = page(state, place) {
        let (at, raw, finding) = (page.at, page.raw, page.finding.take());
        let (scroll, other_scroll) = (page.scroll, page.other_scroll);
        *page = Detail { at, raw, finding, scroll, other_scroll, ..fresh };
    }
}

/// Takes in the fields of a page, and asks for what it leads to.
pub(crate) fn read(
    state: &mut State,
    request_id: RequestId,
    result: Result<Box<RecordDetail>, Failure>,
    effects: &mut Effects,
) {
    let Some(place) =
        places(state).find(|place| page(state, *place).is_some_and(|page| page.awaits(request_id)))
    else {
        return;
    };
    let Some(page) = page(state, place) else { return };
    match result {
        Ok(record_detail) => {
            page.record = record_detail.record.clone();
            page.related_page = record_detail.links.iter().map(RelatedRecords::of).collect();
            page.fields = KnownFields::Known(record_detail);
        }
        Err(failure) => page.fields = KnownFields::Failed(failure),
    }
    let asked: Vec<usize> = page
        .related_page
        .iter()
        .enumerate()
        .filter(|(_, related_page)| related_page.lookup.is_some())
        .map(|(link, _)| link)
        .collect();
    asked.into_iter().for_each(|link| read_related_page(state, place, link, effects));
}

/// Asks for more of what the page in this place leads to.
fn read_related_page(state: &mut State, place: usize, link: usize, effects: &mut Effects) {
    let Some(related_page) = page(state, place).and_then(|page| page.related_page.get(link)) else { return };
    let Some(lookup) = related_page.lookup.clone() else { return };
    let work =
        Request::Related { relation: related_page.relation, lookup, page_request: related_page.next() };
    let request_id = state.ask(Purpose::Related, work, effects);
    if let Some(related_page) = page(state, place).and_then(|page| page.related_page.get_mut(link)) {
        related_page.reading = Some(request_id);
    }
}

/// Takes in what a page leads to.
pub(crate) fn related(
    state: &mut State,
    request_id: RequestId,
    result: Result<RelatedPage, Failure>,
    effects: &mut Effects,
) {
    let awaits = |page: &Detail| {
        page.related_page.iter().position(|related_page| related_page.reading == Some(request_id))
    };
    let found = places(state).find_map(|place| Some((place, awaits(page(state, place)?)?)));
    let Some((place, link)) = found else { return };
    let related_page = page(state, place).and_then(|page| page.related_page.get_mut(link));
    if related_page.is_some_and(|related_page| related_page.receive(result)) {
        read_related_page(state, place, link, effects);
    }
}

/// Lets every page tell what has become of a record: its own are read again, or closed where it is gone.
pub(crate) fn renew(state: &mut State, record: &Record, becomes: Option<&Record>, effects: &mut Effects) {
    for place in places(state).rev() {
        let Some(page) = page(state, place) else { continue };
        page.renew_related_page(record, becomes);
        if !page.is_about(record) {
            continue;
        }
        match becomes {
            Some(becomes) => reread(state, place, becomes.clone(), effects),
            None if place < state.below.len() => cancel(Some(&state.below.remove(place)), effects),
            None => drop(close(state, effects)),
        }
    }
}

/// Selects the next thing the page leads to, or the one before, and brings it into sight.
pub(crate) fn page_walk(state: &mut State, back: bool) {
    let Some(detail) = &mut state.detail else { return };
    if detail.raw {
        return state.note("the JSON leads nowhere: the page does");
    }
    if !detail.page_walk(back) {
        return state.note("this page leads nowhere else");
    }
    let at = detail.at;
    if let (Some(page), Some(at)) = (wrapped(state), at)
        && let Some(line) = page.line_of(at)
    {
        bring_into_sight(state, line);
    }
}

/// The lines of the page on top as they are on the screen.
fn wrapped(state: &State) -> Option<DetailPage> {
    let area = Layout::of(state).detail?;
    state.detail.as_ref().map(|detail| DetailPage::of(state, detail, usize::from(area.inside(2).width)))
}

/// Scrolls no further than it takes to see a line.
fn bring_into_sight(state: &mut State, line: usize) {
    let rows = Layout::of(state).detail_lines();
    if let Some(detail) = &mut state.detail {
        detail.scroll = detail.scroll.clamp((line + 1).saturating_sub(rows), line);
    }
}

/// Shows the JSON of the page on top, or the page again.
pub(crate) fn turn_over(state: &mut State) {
    match &mut state.detail {
        Some(detail) if matches!(detail.fields, KnownFields::Known(_)) => detail.turn_over(),
        _ => state.note("there is no JSON: the record has not been read"),
    }
}

/// Opens the line in which the page is searched.
pub(crate) fn find(state: &mut State) {
    if let Some(detail) = &mut state.detail {
        let former = detail.scroll;
        detail.finding = Some(DetailSearch { input: TextInput::default(), typing: true, at: 0, former });
    }
}

/// What is being typed to search the page on top.
fn typing(state: &mut State) -> Option<&mut DetailSearch> {
    state.detail.as_mut()?.finding.as_mut().filter(|finding| finding.typing)
}

/// Reads a key in that line. The page goes to what is typed at once; Esc returns to where it was.
pub(crate) fn key(state: &mut State, chord: Chord) {
    let Some(finding) = typing(state) else { return };
    match chord.key {
        Key::Enter => {
            finding.typing = false;
            let wanted = finding.input.value().to_owned();
            let hits = wrapped(state).map_or(0, |page| page.hits(&wanted).len());
            if hits == 0 {
                peel(state);
                if !wanted.is_empty() {
                    state.note(format!("not found: {wanted}"));
                }
            }
        }
        Key::Esc => {
            let former = finding.former;
            peel(state);
            if let Some(detail) = &mut state.detail {
                detail.scroll = former;
            }
        }
        _ => {
            if finding.input.key(chord) {
                first_hit(state);
            }
        }
    }
}

/// Goes to the first place found from where the page was when the search began.
pub(crate) fn first_hit(state: &mut State) {
    let former = typing(state).map_or(0, |finding| finding.former);
    let first = |hits: &[usize]| hits.iter().position(|line| *line >= former).unwrap_or(0);
    if !go_to_hit(state, first)
        && let Some(detail) = &mut state.detail
    {
        detail.scroll = former;
    }
}

/// Goes to the next place found, or to the one before, around the end.
pub(crate) fn next_hit(state: &mut State, back: bool) {
    let Some(at) = state.detail.as_ref().and_then(|detail| detail.finding.as_ref()).map(|finding| finding.at)
    else {
        return state.note("nothing is searched for");
    };
    let next = |hits: &[usize]| if back { at + hits.len() - 1 } else { at + 1 } % hits.len();
    if !go_to_hit(state, next) {
        state.note("it is not found here");
    }
}

/// Goes to the place that `pick` picks, and says whether there is any.
fn go_to_hit(state: &mut State, pick: impl Fn(&[usize]) -> usize) -> bool {
    let Some(page) = wrapped(state) else { return false };
    let Some(finding) = state.detail.as_mut().and_then(|detail| detail.finding.as_mut()) else {
        return false;
    };
    let hits = page.hits(finding.input.value());
    if hits.is_empty() {
        return false;
    }
    finding.at = pick(&hits);
    let line = hits.get(finding.at).copied();
    line.into_iter().for_each(|line| bring_into_sight(state, line));
    true
}

/// Whether the page on top is being searched and takes the keys.
pub(crate) fn is_typing(state: &State) -> bool {
    state.finding().is_some_and(|finding| finding.typing)
}
