//! The switches for behaviour on which the sources of the API disagree (API sheet, section 9).
//!
//! Owns their names and their one-line descriptions. Must not know how an answer is made.

use std::collections::BTreeSet;

/// Writes the enumeration and its table together, so that no switch lacks a name or a sentence.
macro_rules! quirks {
    ($($variant:ident $name:literal $about:literal,)+) => {
        /// One switch away from the sandbox's default behaviour.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Quirk {
            $(#[doc = $about] $variant,)+
        }

        impl Quirk {
            /// Every switch, in the order in which help lists them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name used on the command line.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// One sentence on what changes.
            pub const fn about(self) -> &'static str {
                match self {
                    $(Self::$variant => $about,)+
                }
            }
        }
    };
}

quirks! {
    ArchivedRuns404 "archived-runs-404" "an archived process answers 404 by id (default 200)",
    ArchivedTasks404 "archived-tasks-404" "an archived one-off task answers 404 by id (default 200)",
    ArchivedIncludesEmpty "archived-includes-empty" "an archived process shows neither its tasks nor the files in its answers, and all its files answer 404 (default: served; section 11, 3)",
    BytesGone "bytes-gone" "the bytes of every third file answer 500 for good (section 4.2)",
    StatusArchivedIgnored "status-archived-ignored" "`status=archived` on processes filters nothing (row 2)",
    TemplateArchiveData "template-archive-data" "archiving a template answers 200 {data} (row 3)",
    TemplateArchiveEmpty "template-archive-empty" "archiving a template answers 204 (row 3)",
    ReferencesObject "references-object" "`deleted_references` is an object (row 4)",
    ReferencesNull "references-null" "`deleted_references` is null (row 4)",
    RunDeleteMessage "run-delete-message" "deleting a process answers 200 with a message (row 5)",
    RunDelete204 "run-delete-204" "deleting a process answers 204 (row 5)",
    RunDelete404 "run-delete-404" "deleting a live process answers 404 instead of 422 (row 6)",
    TemplateDelete400 "template-delete-400" "deleting a live template answers 400 instead of 422 (row 7)",
    TemplateDelete404 "template-delete-404" "deleting a live template answers 404 instead of 422 (row 7)",
    TaskArchiveData "task-archive-data" "archiving a one-off task answers 200 {data} (row 8)",
    ProcessTask400 "process-task-400" "one-off routes refuse a process task with 400 instead of 404 (row 9)",
    TagDeleteData "tag-delete-data" "deleting a tag answers 200 {data} with `deleted_at` (row 10)",
    GroupDeleteData "group-delete-data" "deleting a group answers 200 {data} (row 11)",
    GuestGet200 "guest-get-200" "reading, disabling and enabling a guest answer 200 instead of 201 (row 12)",
    GuestDelete204 "guest-delete-204" "deleting a guest answers 204 (row 12)",
    GuestMissing404 "guest-missing-404" "deleting an unknown guest answers 404 instead of 422 (row 12)",
    GuestDetails "guest-details" "a guest's names stand in `details`, and `disabled_on` instead of `disabled_at` (row 33)",
    MemberRefusal403 "member-refusal-403" "bots and the last administrator are refused with 403 instead of 400 (row 34)",
    DefaultAdminRefused "default-admin-refused" "the default administrator is refused even when another one could follow (row 34)",
    DeletedMembersListed "deleted-members-listed" "deleted members stay in the list, status `deleted` (default: gone; section 6.9)",
    SeatsExhausted "seats-exhausted" "enabling a member answers 409 (E6)",
    FolderDeleteDeep "folder-delete-deep" "deleting a folder deletes its subfolders (default: they come to stand at the top; section 11, 4)",
    FileDeleteData "file-delete-data" "deleting a file answers 200 {data} (row 13)",
    AssetArray "asset-array" "`data` of one asset is a one-element array (row 14)",
    RestoreFileBody "restore-file-body" "restoring a template answers with a file object (row 15)",
    ActivateBare "activate-bare" "activating a process answers the bare process (row 16)",
    RepeatRefused "repeat-refused" "archiving what is archived and restoring what is live answers 404 (section 4.5)",
    LinksObject "links-object" "`links` is always an object, `{}` when there is nothing to link (row 17)",
    LinksNull "links-null" "`links` is null (row 17)",
    LinksMissing "links-missing" "`links` is missing (row 17)",
    LinksPrev "links-prev" "`links` says `prev` and `next`, null where there is none (row 17)",
    NoMeta "no-meta" "lists have no `meta` at all: one page (section 2)",
    NoTotalPages "no-total-pages" "`total_pages` is missing (section 2)",
    ZeroTotalPages "zero-total-pages" "`total_pages` is 0 (section 2)",
    ServerTotalPages "server-total-pages" "`total_pages` is computed from pages of 100 (row 18)",
    TotalLow "total-low" "`total` is half of the truth (row 18)",
    TotalHigh "total-high" "`total` is 7 more than the truth (row 18)",
    IgnorePerPage "ignore-per-page" "`per_page` is ignored: pages of 10 (section 2)",
    Duplicates "duplicates" "each page after the first repeats the last row of the page before",
    Growth "growth" "a record is born before each page after the first, five in all",
    ProgressNumber "progress-number" "`progress` is a bare number (row 19)",
    ProgressEmpty "progress-empty" "`progress` is `{}` (row 19)",
    OwnerStrings "owner-strings" "owner ids are strings (row 20)",
    TaskOwnerObjects "task-owner-objects" "owners of a task read by id are objects (row 21)",
    PlainTags "plain-tags" "`with=tags` shows the tags instead of link rows (row 23)",
    BareIncludes "bare-includes" "includes come without the `data` wrapper (row 24)",
    ClientHeader404 "client-header-404" "a missing X-Tallyfy-Client answers 404 instead of 401 (row 25)",
    Logo422 "logo-422" "deleting the organization's logo answers 422 instead of 403 (section 7)",
}

impl std::str::FromStr for Quirk {
    type Err = UnknownQuirk;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().find(|quirk| quirk.name() == name);
        found.copied().ok_or_else(|| UnknownQuirk(name.to_owned()))
    }
}

/// A name that is no switch.
#[derive(Debug, thiserror::Error)]
#[error("no quirk is called `{0}`\nhint: `tidyfy sandbox --help` lists them")]
pub struct UnknownQuirk(String);

/// The set of switches that are on; none by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quirks(BTreeSet<Quirk>);

impl Quirks {
    /// The same set with one more switch on.
    #[must_use]
    pub fn with(mut self, quirk: Quirk) -> Self {
        self.0.insert(quirk);
        self
    }

    /// Whether this switch is on.
    pub fn has(&self, quirk: Quirk) -> bool {
        self.0.contains(&quirk)
    }
}

impl FromIterator<Quirk> for Quirks {
    fn from_iter<I: IntoIterator<Item = Quirk>>(quirks: I) -> Self {
        Self(quirks.into_iter().collect())
    }
}
