//! What is kept of a record: where it stands in the JSON, how it is read, and how wide its column is.
//!
//! Owns the fields that several kinds have in common. Must not know how a cell is drawn.

/// One value kept of a record.
#[derive(Debug)]
pub struct Field {
    /// The column's head and the name in sorts.
    pub name: &'static str,
    /// Where it stands in the record's JSON: paths of keys joined by dots, the first one that holds a value wins. What
    /// stands at several paths joined by [`AND`] is taken together, with a space between.
    pub paths: &'static [&'static str],
    /// How it is read and shown.
    pub form: FieldFormat,
    /// How it is shown in the table; `None` for what only preconditions and filters need.
    pub column: Option<Column>,
    /// The include that brings it, where a list does not carry it by itself. It is asked for only when a filter needs it.
    pub include: Option<&'static str>,
    /// Other words a filter takes for its name.
    pub aliases: &'static [&'static str],
    /// Whether a filter may name it at all.
    pub typed: bool,
}

/// What joins the paths of a value that stands in several places.
pub const AND: char = '+';

impl Field {
    /// The keys of a record under which something of it may stand.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.paths.iter().flat_map(|path| keys(path))
    }

    pub(super) const fn brought_by(self, include: &'static str) -> Self {
        Self { include: Some(include), ..self }
    }

    pub(super) const fn also(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// Keeps it from people, to whom it would say nothing.
    pub(super) const fn untyped(self) -> Self {
        Self { typed: false, ..self }
    }
}

/// The keys of a record with which the parts of `path` begin.
pub fn keys(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split(AND).filter_map(|one| one.split('.').next())
}

/// How a field's JSON is read. Every form also accepts what it cannot read, as text, so that nothing is hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldFormat {
    /// Free text.
    Text,
    /// A whole number, or a string of digits.
    Number,
    /// Progress as an object with a percentage, or as a bare number.
    Percent,
    /// A timestamp in any of the forms the API uses.
    Time,
    /// Who: one id or many, as numbers, strings or objects.
    People,
    /// A kind, by the API's word for it, which is told by ours.
    Kind,
    /// How many elements an array has.
    Length,
    /// How many bytes there are. The API does not say it (API sheet, section 7): it is known once they have been here.
    Bytes,
    /// The names of a list's elements, joined by [`BETWEEN`]. A list without any is known to have none.
    Names,
}

/// What stands between the names of [`FieldFormat::Names`]. No name holds it, for it is the picture of a control character.
pub const BETWEEN: char = '\u{241f}';

/// How a field is shown in the table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Width in cells; the name takes what is left over.
    pub width: u16,
    /// Columns of a higher rank leave first when the screen is narrow; the name has rank 0 and never leaves.
    pub rank: u8,
}

pub(super) const fn column(width: u16, rank: u8) -> Option<Column> {
    Some(Column { width, rank })
}

pub(super) const fn field(
    name: &'static str,
    paths: &'static [&'static str],
    form: FieldFormat,
    column: Option<Column>,
) -> Field {
    Field { name, paths, form, column, include: None, aliases: &[], typed: true }
}

/// The field whose presence says that a record is archived.
pub const ARCHIVED: &str = "archived";

/// The field that may say so too.
pub const STATUS: &str = "status";

/// The field that says when it was last changed.
pub const UPDATED: &str = "updated";

pub(super) const DELETED: &str = "deleted";

pub(super) const ARCHIVED_FIELD: Field =
    field(ARCHIVED, &["archived_at", "deleted_at"], FieldFormat::Time, column(10, 6));

/// Rows that say of themselves that they are deleted belong in no list.
pub(super) const DELETED_FIELD: Field = field(DELETED, &["deleted_at"], FieldFormat::Time, None).untyped();

pub(super) const OWNER: Field =
    field("owner", &["owner_id", "started_by", "created_by"], FieldFormat::People, column(18, 3))
        .also(&["owners"]);

pub(super) const UPDATED_FIELD: Field =
    field(UPDATED, &["last_updated", "updated_at", "created_at"], FieldFormat::Time, column(10, 4));

/// For kinds whose table has better columns than this.
pub(super) const CHANGED_FIELD: Field =
    field(UPDATED, &["last_updated", "updated_at"], FieldFormat::Time, None);

/// API sheet, section 6.6: a link row, with the tag's title and id.
pub(super) const TAG: Field =
    field("tag", &["tags"], FieldFormat::Names, None).brought_by("tags").also(&["tags"]);
