//! The page of one record.
//!
//! Owns what is known of it, what it leads to and how far that has been read, what is selected and searched on it, and
//! how far it is scrolled. Must not know how its lines are broken or drawn.
pub mod body;
pub(crate) mod update;

use super::text_input::TextInput;
use crate::app::effect::RequestId;
use crate::model::catalog::Relation;
use crate::model::failure::{Cause, Failure};
use crate::model::record::Record;
use crate::model::record_detail::{
    GLANCE, HUNDRED, PageRequest, RecordDetail, RelatedPage, RelatedQuery, RelationEnd, RelationLink,
};

/// How far the fields of a record have been read.
#[derive(Debug, Clone)]
pub enum KnownFields {
    /// They have been asked for.
    Asked(RequestId),
    /// All that is known.
    Known(Box<RecordDetail>),
    /// They could not be read; what the list told is shown.
    Failed(Failure),
}

/// A place on a page that leads further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DetailLink {
    /// Which of the page's relations.
    pub link: usize,
    /// Which of its records; the one after the last stands for all that have not been read.
    pub row: usize,
}

/// What a record leads to by one relation, as far as that is known.
#[derive(Debug, Clone)]
pub struct RelatedRecords {
    /// The relation.
    pub relation: &'static Relation,
    /// What they are asked for with; nothing where they came along with the record.
    pub lookup: Option<RelatedQuery>,
    /// What is being read.
    pub reading: Option<RequestId>,
    /// Why the last reading failed, if it did.
    pub failed: Option<Failure>,
    /// How many there are, where that is known.
    pub total: Option<u64>,
    /// Those that have been read.
    pub records: Vec<Record>,
    /// How many pages of a hundred have been read.
    hundreds: usize,
    /// Whether the list has come to its end.
    over: bool,
}

impl RelatedRecords {
    /// A record's side of a relation, before anything is asked.
    #[must_use]
    pub fn of(link: &RelationLink) -> Self {
        let (lookup, records) = match &link.end {
            RelationEnd::Here(records) => (None, records.clone()),
            RelationEnd::Asked(lookup) => (Some(lookup.clone()), Vec::new()),
        };
        let total = lookup.is_none().then_some(records.len() as u64);
        let over = lookup.is_none();
        let relation = link.relation;
        Self { relation, lookup, reading: None, failed: None, total, records, hundreds: 0, over }
    }

    /// Which part is to be read next.
    #[must_use]
    pub fn next(&self) -> PageRequest {
        if self.records.is_empty() { PageRequest::First } else { PageRequest::Hundred(self.hundreds + 1) }
    }

    /// Whether more can be read, and how many more there are if that is known.
    #[must_use]
    pub fn more(&self) -> Option<Option<u64>> {
        let left = self.total.map(|total| total.saturating_sub(self.records.len() as u64));
        (!self.over && !self.records.is_empty() && left != Some(0)).then_some(left)
    }

    /// Takes in what was read. Whatever came before stays, and stays where it is. Says whether more must be read before
    /// anything new can be shown: the first hundred holds the first few again, and nothing else where the server sends
    /// pages of another size than it was asked for.
    pub fn receive(&mut self, related_page: Result<RelatedPage, Failure>) -> bool {
        let page_request = self.next();
        self.reading = None;
        self.failed = None;
        let related_page = match related_page {
            Ok(related_page) => related_page,
            Err(failure) => {
                self.failed = Some(failure).filter(|failure| failure.cause != Cause::Cancelled);
                return false;
            }
        };
        let sent = related_page.records.len();
        let asked = match page_request {
            PageRequest::First => GLANCE,
            PageRequest::Hundred(page) => {
                self.hundreds = page;
                HUNDRED
            }
        };
        let fresh: Vec<Record> =
            related_page.records.into_iter().filter(|record| !self.holds(record)).collect();
        self.total = related_page.total.or(self.total);
        let repeats = page_request == PageRequest::Hundred(1) && fresh.is_empty();
        self.over = sent == 0 || fresh.is_empty() && !repeats || self.total.is_none() && sent < asked;
        self.records.extend(fresh);
        repeats && self.more().is_some()
    }

    fn holds(&self, record: &Record) -> bool {
        self.records.iter().any(|known| known.id() == record.id())
    }

    /// How many places it has on the page that lead further.
    #[must_use]
    pub fn spots(&self) -> usize {
        self.records.len() + usize::from(self.leads_on())
    }

    /// Whether the place after the last record leads further: to more of them, or to another try.
    #[must_use]
    pub fn leads_on(&self) -> bool {
        self.reading.is_none() && (self.failed.is_some() || self.more().is_some())
    }

    /// Lets it tell what has become of a record; nothing, if it is gone.
    fn renew(&mut self, record: &Record, becomes: Option<&Record>) {
        let is_it = |known: &Record| known.kind() == record.kind() && known.id() == record.id();
        let Some(at) = self.records.iter().position(is_it) else { return };
        match becomes {
            Some(becomes) => self.records[at] = becomes.clone(),
            None => {
                self.records.remove(at);
                self.total = self.total.map(|total| total.saturating_sub(1));
            }
        }
    }
}

/// What is searched for on a page.
#[derive(Debug, Clone)]
pub struct DetailSearch {
    /// What is typed.
    pub input: TextInput,
    /// Whether it is still being typed.
    pub typing: bool,
    /// Which of the lines it was found on is the one gone to.
    pub at: usize,
    /// Where the page was scrolled to before.
    pub former: usize,
}

/// The page of one record.
#[derive(Debug, Clone)]
pub struct Detail {
    /// The record, as new as it is known.
    pub record: Record,
    /// Everything the server tells of it.
    pub fields: KnownFields,
    /// What it leads to.
    pub related_page: Vec<RelatedRecords>,
    /// What is selected of that.
    pub at: Option<DetailLink>,
    /// Whether its JSON is shown.
    pub raw: bool,
    /// What is searched for.
    pub finding: Option<DetailSearch>,
    /// How many lines are scrolled away.
    pub scroll: usize,
    /// How many are in the other view, the JSON or the page.
    pub other_scroll: usize,
}

impl Detail {
    /// The page of `record`, while its fields are being read.
    #[must_use]
    pub fn asked(record: Record, request_id: RequestId) -> Self {
        let fields = KnownFields::Asked(request_id);
        Self {
            record,
            fields,
            related_page: Vec::new(),
            at: None,
            raw: false,
            finding: None,
            scroll: 0,
            other_scroll: 0,
        }
    }

    /// What is awaited for it.
    pub fn in_flight(&self) -> impl Iterator<Item = RequestId> + '_ {
        let fields = match self.fields {
            KnownFields::Asked(request_id) => Some(request_id),
            KnownFields::Known(_) | KnownFields::Failed(_) => None,
        };
        fields.into_iter().chain(self.related_page.iter().filter_map(|related_page| related_page.reading))
    }

    /// Whether it waits for its fields under this ticket.
    #[must_use]
    pub fn awaits(&self, request_id: RequestId) -> bool {
        matches!(self.fields, KnownFields::Asked(asked) if asked == request_id)
    }

    /// Whether it is about this record.
    #[must_use]
    pub fn is_about(&self, record: &Record) -> bool {
        self.record.kind() == record.kind() && self.record.id() == record.id()
    }

    /// Goes from the page to its JSON, or back, each scrolled as it was.
    pub fn turn_over(&mut self) {
        self.raw = !self.raw;
        std::mem::swap(&mut self.scroll, &mut self.other_scroll);
        if let Some(finding) = &mut self.finding {
            finding.at = 0;
        }
    }

    /// Selects the next place that leads further, or the one before, around the end. Says whether there is any.
    pub fn page_walk(&mut self, back: bool) -> bool {
        let spots: Vec<DetailLink> = self
            .related_page
            .iter()
            .enumerate()
            .flat_map(|(link, related_page)| {
                (0..related_page.spots()).map(move |row| DetailLink { link, row })
            })
            .collect();
        let here = self.at.and_then(|at| spots.iter().position(|spot| *spot == at));
        let to = match (here, back) {
            (None, false) => 0,
            (None, true) => spots.len().saturating_sub(1),
            (Some(at), false) => (at + 1) % spots.len(),
            (Some(at), true) => (at + spots.len() - 1) % spots.len(),
        };
        self.at = spots.get(to).copied();
        self.at.is_some()
    }

    /// Lets what it leads to tell what has become of a record.
    pub fn renew_related_page(&mut self, record: &Record, becomes: Option<&Record>) {
        self.related_page.iter_mut().for_each(|related_page| related_page.renew(record, becomes));
    }
}
