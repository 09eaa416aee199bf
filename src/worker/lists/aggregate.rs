//! Gathers the records of kinds that have no list of their own from the lists of the kinds they hang on.
//!
//! Owns the merging by id and the account of what has been covered (API sheet, section 7). A page that cannot be read
//! leaves out what it holds and nothing else. Must not send anything itself.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use serde_json::Value;

use crate::app::effect::WantedPages;
use crate::app::event::{LoadEnd, Response};
use crate::model::catalog::{CarrierList, HolderFields, ListRoute, Relation, Source};
use crate::model::failure::Failure;
use crate::model::id::Id;
use crate::model::kind::{Coverage, Kind, Scope};
use crate::model::record::{Draft, Page, Record};
use crate::model::text;
use crate::tallyfy::page::ListChange;
use crate::tallyfy::{KeptKeys, ListResponse, decode};
use crate::worker::http::rate_limiter::Priority;
use crate::worker::lists::loader::{Loader, MOST_GAPS_IN_A_ROW, empty_page, is_of_one_page};
use crate::worker::lists::paginator::{ListSpec, PER_PAGE, Paginator, endless};

/// Pages are numbered across all lists: so many numbers are for each.
const NUMBERS: u32 = 1 << 26;
/// No more places than these many bytes of words name are told of one record.
const MOST_PLACES: usize = 160;

/// A gathering on its way.
pub(crate) struct Aggregation<'a> {
    load: &'a Loader,
    from: &'static [CarrierList],
    places: HolderIndex,
    /// What has been told, by its id, and of which list it was.
    seen: HashMap<Id, (usize, Record)>,
    /// How many records of a list may be missing that changed each time it was read.
    changed: u64,
    /// All places of those that have come from more than one, by their ids.
    found: HashMap<Id, FoundPlaces>,
    coverage: Vec<Coverage>,
    /// For each list, the records that have been looked through.
    carriers: Vec<HashSet<Id>>,
    gaps: Vec<(usize, usize)>,
}

/// The places that a record was found in, in words.
type FoundPlaces = IndexSet<String>;
/// A decoded row.
type Drafts = Vec<Draft>;

/// What a page brought.
#[derive(Default)]
struct AggregatedPage {
    /// Records that had not come before.
    fresh: IndexMap<Id, Drafts>,
    /// Records that had, with what is new of them.
    amended: IndexMap<Id, Drafts>,
    unreadable: usize,
    /// How many of the list's records had not come before.
    carriers: usize,
    /// How many of its rows cannot be read.
    strange: usize,
    /// How many came along with these.
    within: usize,
}

impl<'a> Aggregation<'a> {
    pub(crate) fn new(load: &'a Loader, from: &'static [CarrierList], holder: &HolderFields) -> Self {
        Self {
            load,
            from,
            places: HolderIndex::new(load.list.kind, holder),
            seen: HashMap::new(),
            changed: 0,
            found: HashMap::new(),
            coverage: from.iter().map(uncovered).collect(),
            carriers: vec![HashSet::new(); from.len()],
            gaps: Vec::new(),
        }
    }

    /// Walks one list after the other, or reads what an earlier gathering lacks. A list that fails does not keep the
    /// others from being read.
    pub(crate) async fn run(mut self, wanted: &WantedPages) -> Result<LoadEnd, Failure> {
        let mut failure = None;
        if let WantedPages::Missing { gaps, coverage } = wanted {
            self.coverage.clone_from(coverage);
            self.gaps = gaps.iter().filter_map(|number| self.page_of(*number)).collect();
        } else {
            for at in 0..self.from.len() {
                if let Err(why) = self.read_through(at).await {
                    failure.get_or_insert(why);
                }
            }
        }
        self.fill().await;
        let missing = Some(self.changed).filter(|changed| *changed > 0);
        failure.map_or(Ok(LoadEnd { missing, is_changing: missing.is_some() }), Err)
    }

    /// Reads a list, and once more if it changed meanwhile.
    async fn read_through(&mut self, at: usize) -> Result<(), Failure> {
        if self.page_walk(at).await?.is_none() {
            return Ok(());
        }
        self.seen.retain(|_, (of, _)| *of != at);
        self.found.retain(|id, _| self.seen.contains_key(id));
        self.gaps.retain(|(of, _)| *of != at);
        self.carriers[at].clear();
        self.coverage[at] = uncovered(&self.from[at]);
        self.load.post.response(self.load.request_id, Response::Reread { from: numbered((at, 1)) });
        let change = self.page_walk(at).await?;
        self.changed = self.changed.saturating_add(change.map_or(0, |change| change.rows));
        Ok(())
    }

    fn listing(&self, at: usize) -> Option<ListSpec> {
        let carrier = self.from.get(at)?;
        let Source::List(list) = &carrier.kind.row().source else { return None };
        Some(self.listing_of(at, carrier, list))
    }

    fn listing_of(&self, at: usize, carrier: &'static CarrierList, list: &ListRoute) -> ListSpec {
        let mut listing = ListSpec::of(self.load.list.kind, list, Scope::All);
        listing.abreast = self.load.session.at_once();
        listing.query.push(("with", carrier.with.to_owned()));
        let within = carrier.within.iter().map(|within| within.include);
        let named = carrier.kind.row().related.iter().flat_map(|relation| relation.way.keys());
        let keys = carrier.answers.iter().copied().chain([carrier.include]).chain(within).chain(named);
        listing.keep = keys.fold(KeptKeys::fields(carrier.kind), KeptKeys::and);
        listing.name = carrier.kind.row().plural;
        if at > 0 {
            listing.first = Priority::Background;
        }
        listing
    }

    /// Walks to the end of a list, and says whether it changed meanwhile. A page that fails alone is left out and reported.
    async fn page_walk(&mut self, at: usize) -> Result<Option<ListChange>, Failure> {
        let (load, Some(listing)) = (self.load, self.listing(at)) else { return Ok(None) };
        let mut pages = Paginator::new(&load.session, &listing);
        let (mut in_a_row, mut empty, mut last, mut strange) = (0, Vec::new(), 0, 0);
        while let Some(fetched) = pages.next().await {
            match fetched {
                Ok(fetched) => {
                    in_a_row = 0;
                    load.seen.note(self.from[at].kind, &fetched.rows).await;
                    let aggregated = self.sift(at, &fetched.rows);
                    pages.taken(&fetched, aggregated.carriers + aggregated.strange);
                    strange += aggregated.strange;
                    match fetched.rows.is_empty() {
                        true => empty.push(fetched.number),
                        false => last = last.max(fetched.number),
                    }
                    self.tell((at, fetched.number), aggregated, pages.page_walk().total());
                }
                Err((page, why)) => {
                    in_a_row += 1;
                    if page == 1 || in_a_row == MOST_GAPS_IN_A_ROW || !is_of_one_page(&why) {
                        return Err(why);
                    }
                    pages.gave_up(page);
                    self.miss((at, page), why);
                }
            }
        }
        if pages.page_walk().overran() {
            return Err(endless());
        }
        let change = pages.page_walk().changes().found((self.carriers[at].len() + strange) as u64);
        // Rows behind it show that an empty page was no end.
        empty.into_iter().filter(|page| *page < last).for_each(|page| self.miss((at, page), empty_page()));
        Ok(change)
    }

    /// Tries once more what could not be read.
    async fn fill(&mut self) {
        for (at, page) in std::mem::take(&mut self.gaps) {
            let Some(listing) = self.listing(at) else { continue };
            let (session, request_purpose) = (&self.load.session, listing.request_purpose(page));
            let (query, asked) = (&listing.query, (page, PER_PAGE));
            match session.list(&request_purpose, (listing.route, None), query, asked, &listing.keep).await {
                Ok(ListResponse { rows, .. }) if rows.is_empty() => self.miss((at, page), empty_page()),
                Ok(ListResponse { rows, meta }) => {
                    let aggregated = self.sift(at, &rows);
                    self.tell((at, page), aggregated, meta.total.or(self.coverage[at].total));
                }
                Err(why) => self.miss((at, page), why),
            }
        }
    }

    /// What hangs on a page's rows, or stands in their answers.
    fn sift(&mut self, at: usize, rows: &[Value]) -> AggregatedPage {
        let mut aggregated = AggregatedPage::default();
        for value in rows {
            let Some((carrier, id)) = Holders::read(&self.from[at], value) else {
                aggregated.strange += 1;
                continue;
            };
            if self.carriers[at].insert(id) {
                aggregated.carriers += 1;
                aggregated.within += carrier.inner.len();
            }
            for (hook, found) in carrier.found(value) {
                let found = decode::rows(self.load.list.kind, &found);
                aggregated.unreadable += found.refused;
                for (id, mut drafts) in found.rows {
                    self.places.put(&mut drafts, &carrier, hook);
                    self.merge(&mut aggregated, id, drafts);
                }
            }
        }
        aggregated
    }

    /// Takes in a record. Of one that is known already the first place counts, and what is new is added.
    fn merge(&mut self, aggregated: &mut AggregatedPage, id: Id, drafts: Drafts) {
        if let Some(known) = aggregated.fresh.get_mut(&id).or(aggregated.amended.get_mut(&id)) {
            self.places.add(known, drafts, self.found.entry(id).or_default());
        } else if let Some((_, told)) = self.seen.get(&id) {
            let mut known = told.drafts();
            if self.places.add(&mut known, drafts, self.found.entry(id.clone()).or_default()) {
                aggregated.amended.insert(id, known);
            }
        } else {
            aggregated.fresh.insert(id, drafts);
        }
    }

    fn tell(&mut self, (at, page): (usize, usize), aggregated: AggregatedPage, total: Option<u64>) {
        let coverage = &mut self.coverage[at];
        coverage.read += aggregated.carriers;
        coverage.total = total;
        coverage.within.iter_mut().for_each(|(_, within)| *within += aggregated.within);
        let sifted = self.load.sift(aggregated.fresh.into_iter().collect(), aggregated.unreadable);
        self.seen.extend(sifted.page.records().map(|record| (record.id().clone(), (at, record))));
        self.load.tell(numbered((at, page)), sifted, None, self.coverage.clone());
        if !aggregated.amended.is_empty() {
            let amended = Page::new(self.load.list.kind, aggregated.amended.into_iter().collect());
            let amended = Arc::new(amended);
            for record in amended.records() {
                let of = self.seen.get(record.id()).map_or(at, |(of, _)| *of);
                self.seen.insert(record.id().clone(), (of, record));
            }
            self.load.post.response(self.load.request_id, Response::Amended(amended));
        }
    }

    fn miss(&mut self, place: (usize, usize), why: Failure) {
        self.load.tell_gap(numbered(place), why);
        self.gaps.push(place);
    }

    /// The list and the page of it that a number stands for.
    fn page_of(&self, number: u32) -> Option<(usize, usize)> {
        let (at, page) = ((number / NUMBERS) as usize, (number % NUMBERS) as usize);
        (at < self.from.len()).then_some((at, page))
    }
}

/// A list of which nothing has been read.
fn uncovered(carrier: &CarrierList) -> Coverage {
    Coverage {
        kind: carrier.kind,
        read: 0,
        total: None,
        within: carrier.within.as_ref().map(|within| (within.kind, 0)),
    }
}

/// The number of a page among those of all lists.
fn numbered((at, page): (usize, usize)) -> u32 {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    number(at).saturating_mul(NUMBERS).saturating_add(number(page))
}

/// A record of a list and those inside it, on which something may hang.
struct Holders {
    carrier: &'static CarrierList,
    outer: Holder,
    inner: BTreeMap<Id, Holder>,
    /// Those inside it as they came.
    values: Vec<(Id, Value)>,
    /// Those that the record of the list names by id, such as the template of a process.
    named: Vec<Holder>,
}

/// What a record hangs on.
#[derive(Debug, Clone)]
struct Holder {
    kind: Kind,
    id: Id,
    /// `process Onboarding 00012`
    words: String,
}

impl Holder {
    fn read(kind: Kind, value: &Value) -> Option<Self> {
        let (id, drafts) = decode::row(kind, value).ok()?;
        let name = match drafts.first() {
            Some(Draft::Text(name)) => text::name_or_nameless(name),
            _ => text::NAMELESS.into(),
        };
        Some(Self { kind, id, words: format!("{} {name}", kind.row().singular) })
    }

    /// Returns the record that `value` names by `relation`.
    fn named(relation: &Relation, value: &Value) -> Option<Self> {
        let (id, name) = decode::named(&relation.way, value)?;
        let name = text::name_or_nameless(&name);
        let words = format!("{} {name}", relation.kind.row().singular);
        Some(Self { kind: relation.kind, id, words })
    }
}

impl Holders {
    fn read(carrier: &'static CarrierList, value: &Value) -> Option<(Self, Id)> {
        let outer = Holder::read(carrier.kind, value)?;
        let (mut inner, mut values) = (BTreeMap::new(), Vec::new());
        if let Some(within) = &carrier.within {
            for value in decode::included(value, within.include) {
                if let Some(hook) = Holder::read(within.kind, &value) {
                    values.push((hook.id.clone(), value));
                    inner.insert(hook.id.clone(), hook);
                }
            }
        }
        let id = outer.id.clone();
        let named = carrier.kind.row().related.iter().filter_map(|relation| Holder::named(relation, value));
        let named = named.collect();
        Some((Self { carrier, outer, inner, values, named }, id))
    }

    /// Returns words for the record of this kind and id, if it is the list's record or lies inside it.
    fn inside(&self, kind: Kind, id: &Id) -> Option<String> {
        let outer = &self.outer;
        let is_within = |kind| self.carrier.within.as_ref().is_some_and(|within| within.kind == kind);
        match self.inner.get(id).filter(|inner| inner.kind == kind) {
            Some(inner) => Some(inner.words.clone()),
            None if (outer.kind, &outer.id) == (kind, id) => Some(outer.words.clone()),
            // One that did not come along.
            None => is_within(kind).then(|| format!("{} in {}", kind.row().singular, outer.words)),
        }
    }

    /// Returns words for a record elsewhere, by its name where the list's record tells it.
    fn outside(&self, kind: Kind, id: &Id) -> String {
        let named = self.named.iter().find(|named| (named.kind, &named.id) == (kind, id));
        named.map_or_else(|| format!("another {}", kind.row().singular), |named| named.words.clone())
    }

    /// What was found on the record itself and on those inside it.
    fn found<'a>(&'a self, value: &'a Value) -> impl Iterator<Item = (&'a Holder, Vec<Value>)> + 'a {
        let found = |value: &Value, answers: &[&str]| {
            let attached = decode::included(value, self.carrier.include);
            attached.into_iter().chain(decode::filed(value, answers)).collect()
        };
        let outer = std::iter::once((&self.outer, found(value, self.carrier.answers)));
        let answers = self.carrier.within.as_ref().map_or(&[][..], |within| within.answers);
        let inner = self.values.iter().filter_map(move |(id, value)| {
            let hook = self.inner.get(id)?;
            Some((hook, found(value, answers)))
        });
        outer.chain(inner)
    }
}

/// Where it is kept what a record hangs on.
struct HolderIndex {
    words: Option<usize>,
    place: (Option<usize>, Option<usize>),
    subject: (Option<usize>, Option<usize>),
}

impl HolderIndex {
    fn new(kind: Kind, holder: &HolderFields) -> Self {
        let field = |name| kind.row().field(name);
        let both = |(kind, id)| (field(kind), field(id));
        Self { words: field(holder.words), place: both(holder.place), subject: both(holder.subject) }
    }

    /// Puts down what a record hangs on: what it names, if that is the record it was found in or lies inside it, else
    /// the one that it was found in, and what it names beside that.
    fn put(&self, drafts: &mut Drafts, hooks: &Holders, found: &Holder) {
        let said = (self.text(drafts, self.subject.0), self.text(drafts, self.subject.1));
        let named = match &said {
            (Some(kind), Some(id)) => Kind::parse(kind).zip(Id::new(id).ok()),
            _ => None,
        };
        let (words, (kind, id)) = match named.clone() {
            Some((kind, id)) => match hooks.inside(kind, &id) {
                Some(words) => (words, (kind, id)),
                None => {
                    let filed = hooks.outside(kind, &id);
                    (format!("{} (filed under {filed})", found.words), (found.kind, found.id.clone()))
                }
            },
            None => (found.words.clone(), (found.kind, found.id.clone())),
        };
        set(drafts, self.words, &words);
        // The logo names its organization, which is no record that could be opened.
        let is_foreign = said.0.is_some_and(|kind| Kind::parse(&kind).is_none());
        if !is_foreign {
            set(drafts, self.place.0, kind.row().singular);
            set(drafts, self.place.1, &id.to_string());
        }
        if named.is_none() && !is_foreign {
            set(drafts, self.subject.0, kind.row().singular);
            set(drafts, self.subject.1, &id.to_string());
        }
    }

    /// Adds to `known` what it lacks and `more` has, and says whether that was anything. The record has been `found` in
    /// these places.
    fn add(&self, known: &mut Drafts, mut more: Drafts, found: &mut FoundPlaces) -> bool {
        let place = |drafts| (self.text(drafts, self.place.0), self.text(drafts, self.place.1));
        let elsewhere = place(known) != place(&more);
        let (here, there) = (self.text(known, self.words), self.text(&more, self.words));
        let mut added = false;
        if let (true, Some(here), Some(there)) = (elsewhere, here, there) {
            if found.is_empty() {
                found.insert(here);
            }
            if found.insert(there) {
                set(known, self.words, &listed(found));
                added = true;
            }
        }
        for (known, more) in known.iter_mut().zip(&mut more) {
            if *known == Draft::Missing && *more != Draft::Missing {
                std::mem::swap(known, more);
                added = true;
            }
        }
        added
    }

    fn text(&self, drafts: &[Draft], field: Option<usize>) -> Option<String> {
        match drafts.get(field?)? {
            Draft::Text(said) => Some(said.clone()),
            Draft::Number(id) if id.fract() == 0.0 => Some(format!("{id:.0}")),
            _ => None,
        }
    }
}

fn set(drafts: &mut [Draft], field: Option<usize>, words: &str) {
    if let Some(draft) = field.and_then(|field| drafts.get_mut(field)) {
        *draft = Draft::Text(words.to_owned());
    }
}

/// The places by name, as many as are told, and how many more there are.
fn listed(found: &FoundPlaces) -> String {
    let mut words = String::new();
    for (n, place) in found.iter().enumerate() {
        if n > 0 && words.len() + place.len() > MOST_PLACES {
            let more = text::grouped((found.len() - n) as u64);
            return format!("{words}, and {more} more");
        }
        words.push_str(if n == 0 { "" } else { ", " });
        words.push_str(place);
    }
    words
}

#[cfg(test)]
mod tests;
