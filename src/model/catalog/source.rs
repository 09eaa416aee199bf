//! Where the records of a kind come from: lists, their parameters, and the kinds that others hang on.
//!
//! Owns routes and queries (API sheet, sections 2, 5 and 7). Must not know how they are sent.

use super::*;

/// Where the records of a kind come from.
#[derive(Debug)]
pub enum Source {
    /// A paginated list route.
    List(ListRoute),
    /// There is no list route: the records hang on those of other kinds and come with their lists.
    Collected {
        /// What carries them, in the order it is read.
        from: &'static [CarrierList],
        /// The fields that say what a record hangs on.
        holder: HolderFields,
    },
}

/// A kind whose list brings the records of a collected kind along.
#[derive(Debug)]
pub struct CarrierList {
    /// The kind.
    pub kind: Kind,
    /// The includes that its list is asked for.
    pub with: &'static str,
    /// The key that the records arrive under.
    pub include: &'static str,
    /// The keys of its answers to forms, in which more of them may stand.
    pub answers: &'static [&'static str],
    /// What comes along with each record of the list and may carry some as well.
    pub within: Option<NestedRecords>,
}

impl KindSpec {
    /// The kind of the records that hang on those of this kind and are lost with them, and how they are found.
    #[must_use]
    pub fn attachments(&self) -> Option<(Kind, &'static CarrierList)> {
        CATALOG.iter().find_map(|row| {
            let Source::Collected { from, .. } = &row.source else { return None };
            let carrier = from.iter().find(|carrier| carrier.kind == self.kind)?;
            Some((row.kind, carrier))
        })
    }
}

/// Records inside those of a list.
#[derive(Debug)]
pub struct NestedRecords {
    /// Their kind.
    pub kind: Kind,
    /// The key that they arrive under.
    pub include: &'static str,
    /// The keys of their answers to forms.
    pub answers: &'static [&'static str],
}

/// The fields of a collected kind that say what a record hangs on.
#[derive(Debug)]
pub struct HolderFields {
    /// In words.
    pub words: &'static str,
    /// Kind, by any word for it, and id of the record that uses it. No answer carries them: they come from where it was
    /// found.
    pub place: (&'static str, &'static str),
    /// Kind and id of the record that the answer names. For the answer to a kick-off field that is the template, also
    /// where a process uses the file (API sheet, section 7).
    pub subject: (&'static str, &'static str),
}

/// A paginated list route and its parameters.
#[derive(Debug)]
pub struct ListRoute {
    /// The route, relative to the base URL.
    pub route: &'static str,
    /// Parameters sent whatever the scope.
    pub query: QueryParameters,
    /// The lists it falls into, which have nothing in common; none where one list holds everything.
    pub parts: &'static [ListPart],
    /// How it is asked for a scope, for kinds that archive.
    pub scopes: Option<ScopeSupport>,
    /// What else it can be asked.
    pub narrowings: &'static [ServerFilter],
}

/// Oldest first, so that new rows come last and shift no page while a list is read (API sheet, section 5.1).
pub(super) const OLDEST_FIRST: QueryParameters = &[("sort", "created_at")];
/// The same, of routes that call the parameter otherwise.
pub(super) const BY_OLDEST_FIRST: QueryParameters = &[("sort_by", "created_at")];

/// Query parameters.
pub type QueryParameters = &'static [(&'static str, &'static str)];

/// One of the lists that a route falls into.
#[derive(Debug)]
pub struct ListPart {
    /// The parameters that ask for it.
    pub query: QueryParameters,
    /// The field that says which list a record is on.
    pub field: &'static str,
    /// What it says then, for rows that do not carry it.
    pub value: &'static str,
}

/// How a list is asked for scopes (API sheet, section 5).
#[derive(Debug)]
pub enum ScopeSupport {
    /// By parameters, for the scopes beyond the active one, which is the default.
    Asked {
        /// Archived records only.
        archived: QueryParameters,
        /// Live and archived records.
        all: QueryParameters,
    },
    /// Not at all: it always holds live and archived records, and what belongs to a scope is picked out here.
    Picked,
}

impl ListRoute {
    /// The parameters that ask for `scope`.
    #[must_use]
    pub fn scope_query(&self, scope: Scope) -> QueryParameters {
        match (&self.scopes, scope) {
            (None | Some(ScopeSupport::Picked), _) | (Some(_), Scope::Active) => &[],
            (Some(ScopeSupport::Asked { archived, .. }), Scope::Archived) => archived,
            (Some(ScopeSupport::Asked { all, .. }), Scope::All) => all,
        }
    }

    /// Whether rows of every scope come whatever is asked, so that one which does not belong contradicts nothing.
    #[must_use]
    pub fn is_picked(&self) -> bool {
        matches!(self.scopes, Some(ScopeSupport::Picked))
    }
}

/// A question a list can be asked, so that it answers with fewer rows. It stands here only where the sheet says that the
/// answer leaves out nothing that terms on the field let through: what the parameter compares is all that the field shows,
/// fallbacks included.
#[derive(Debug)]
pub struct ServerFilter {
    /// The field; the first one of the row takes the words of a filter too.
    pub field: &'static str,
    /// The parameter that asks.
    pub parameter: &'static str,
    /// What can be asked.
    pub answers: FilterSupport,
}

/// Which terms on a field a list can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterSupport {
    /// Those of part of it.
    Part,
    /// Those of one of these values, given as typed and as sent.
    Value(&'static [(&'static str, &'static str)]),
    /// Those of a member's whole name, by the ids of members joined by commas. Guests and groups stand in the field too,
    /// for whom it cannot be asked; a whole name can be no address.
    Members,
}

pub(super) const fn narrowing(
    field: &'static str,
    parameter: &'static str,
    answers: FilterSupport,
) -> ServerFilter {
    ServerFilter { field, parameter, answers }
}

/// More ids than these are no narrowing worth the length of the address.
pub const MEMBERS_AT_ONCE: usize = 20;

pub(super) const ARCHIVED_LISTS: ScopeSupport =
    ScopeSupport::Asked { archived: &[("archived", "only")], all: &[("archived", "true")] };
