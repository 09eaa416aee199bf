//! What the dialog says.
//!
//! Owns its sentences and their order: what is lost, what is hidden, the records, those that are blocked, what it takes.
//! Must not know what confirms it.

use super::{Confirm, DialogPart, PlanOption};
use crate::model::catalog::ActionLabels;
use crate::model::impact::Impact;
use crate::model::kind::{Action, Kind};
use crate::model::plan::Confirmation;
use crate::model::record::Record;
use crate::model::text;
use crate::model::time::Moment;

/// One line of the dialog's body.
#[derive(Debug, Clone)]
pub enum DialogLine {
    /// A sentence.
    Text(String),
    /// A sentence that must not be overlooked.
    Loud(String),
    /// A heading.
    Head(String),
    /// A record that will be acted upon.
    Target(Record),
    /// What has to be known of the record above.
    Beside(String),
    /// A record that will not, and why.
    Blocked(Record, String),
    /// Nothing.
    Blank,
}

impl Confirm {
    /// The body, in the order a reader needs it.
    #[must_use]
    pub fn body(&self) -> Vec<DialogLine> {
        let plan = &self.plan;
        let loud = plan.preface.iter().cloned().chain(plan.consequences());
        let mut lines: Vec<DialogLine> = loud.map(DialogLine::Loud).collect();
        lines.extend(self.archived_first());
        lines.extend(self.copies());
        lines.extend(self.impact().iter().filter_map(Impact::sentence).map(DialogLine::Text));
        if plan.hidden > 0 {
            let why = if plan.filtered { "hidden by the filter" } else { "not in the list as it is shown" };
            lines.push(DialogLine::Loud(format!("{} {why}", plan.hidden)));
        }
        if plan.steps.is_empty() && self.archivable == 0 {
            lines.push(DialogLine::Loud("nothing here can be done: only Esc works".to_owned()));
        }
        if !plan.steps.is_empty() && !plan.blocked.is_empty() {
            let blocked = text::grouped(plan.blocked.len() as u64);
            lines.push(DialogLine::Loud(format!("{blocked} blocked and not included, listed last")));
        }
        self.list_targets(&mut lines);
        self.list_blocked(&mut lines);
        lines
    }

    /// What ends the body and stays in sight while the list is scrolled.
    #[must_use]
    pub fn notes(&self) -> Vec<DialogLine> {
        let bystander = self.plan.bystander.iter();
        let bystander = bystander
            .map(|name| DialogLine::Loud(format!("{name} under the cursor is not marked and not included")));
        bystander.chain([DialogLine::Text(self.plan.cost(self.attached().0))]).collect()
    }

    /// What is done first to the records that are still live, in the words of their kinds: `archive or disable`.
    pub(super) fn first(&self, word: impl Fn(&ActionLabels) -> &'static str) -> String {
        let all = self.plan.words_first();
        let words = if all.is_empty() { vec![self.plan.words()] } else { all };
        words.into_iter().map(word).collect::<Vec<_>>().join(" or ")
    }

    /// What becomes of the live records that would have to be archived first.
    fn archived_first(&self) -> Option<DialogLine> {
        let (n, all) = (self.archivable, self.plan.chosen.len());
        let grouped = text::grouped(n as u64);
        let subject = match n {
            1 if all == 1 => "it is live".to_owned(),
            1 => "1 of these is live".to_owned(),
            n if n == all => format!("all {grouped} are live"),
            _ => format!("{grouped} of these are live"),
        };
        let (they_are, each_is) = if n == 1 { ("it is", "it is") } else { ("they are", "each is") };
        let archived = self.first(|words| words.archived);
        let words = match (n, self.plan.options.archive_first) {
            (0, _) => return None,
            (_, true) => {
                format!(
                    "{subject}: {each_is} {archived} first, and stays {archived} if it cannot be deleted then"
                )
            }
            (_, false) if self.plan.steps.is_empty() => {
                format!("{subject} and can be deleted only once {they_are} {archived}")
            }
            (_, false) => return None,
        };
        Some(DialogLine::Loud(words))
    }

    /// What is copied and what is not, before a permanent deletion.
    fn copies(&self) -> Vec<DialogLine> {
        let plan = &self.plan;
        if plan.action != Action::Delete || plan.steps.is_empty() {
            return Vec::new();
        }
        if !plan.options.backup {
            return vec![DialogLine::Loud("no copy is kept".to_owned())];
        }
        let kinds: Vec<Kind> = plan.kinds().into_iter().map(|(kind, _)| kind).collect();
        let with_bytes = kinds.iter().filter(|kind| kind.row().bytes.is_some()).map(|kind| self.bytes(*kind));
        with_bytes.map(DialogLine::Text).chain(self.attached_files()).collect()
    }

    /// What has to be known of attached files: that they are lost without a copy, or that some may be missed.
    fn attached_files(&self) -> Option<DialogLine> {
        let plan = &self.plan;
        if !plan.can_copy_attached() {
            return None;
        }
        if !plan.options.files {
            return Some(DialogLine::Loud("attached files are not backed up".to_owned()));
        }
        let is_archived = |kind: &Kind| {
            let mut of_kind = plan.targets().filter(|step| step.record.kind() == *kind);
            kind.row().attachments().is_some()
                && of_kind.any(|step| step.after.is_none() && step.record.is_archived())
        };
        let kinds = plan.kinds().into_iter().map(|(kind, _)| kind).filter(is_archived);
        let kinds: Vec<&str> = kinds.map(|kind| kind.row().plural).collect();
        let words = format!("attached files of archived {} cannot always be listed", kinds.join(" and "));
        (!kinds.is_empty()).then_some(DialogLine::Loud(words))
    }

    /// What backing up the attached files takes: `3 files, 3 requests`.
    pub(super) fn attached_words(&self) -> String {
        let (files, all) = self.attached();
        let files_of =
            |n: usize| format!("{} file{}", text::grouped(n as u64), if n == 1 { "" } else { "s" });
        match (files, all) {
            (0, false) => "1 request each".to_owned(),
            (n, false) => format!("at least {}, 1 request each", files_of(n)),
            (1, true) => "1 file, 1 request".to_owned(),
            (n, true) => format!("{}, {} requests", files_of(n), text::grouped(n as u64)),
        }
    }

    /// Of which records of a kind that has bytes these are copied too.
    fn bytes(&self, kind: Kind) -> String {
        let of_kind = || self.plan.targets().filter(|step| step.record.kind() == kind);
        let (all, stored) =
            (of_kind().count(), of_kind().filter(|step| step.record.stored_bytes().is_some()).count());
        match (stored, all - stored) {
            (stored, 0) => format!("the bytes of {} are copied too", kind.count(stored)),
            (0, links) => format!("{} elsewhere: there are no bytes to copy", links_of(kind, links)),
            (stored, links) => {
                format!(
                    "the bytes of {} are copied too; {} elsewhere",
                    kind.count(stored),
                    links_of(kind, links)
                )
            }
        }
    }

    fn list_targets(&self, lines: &mut Vec<DialogLine>) {
        let impact = self.impact();
        for (kind, n) in self.plan.kinds() {
            lines.push(DialogLine::Blank);
            lines.push(DialogLine::Head(kind.count(n)));
            let impact = impact.iter().find(|impact| impact.kind == kind);
            let of_kind = self.plan.targets().map(|step| &step.record).filter(|record| record.kind() == kind);
            for record in of_kind.filter(|record| self.is_listed(record)) {
                lines.push(DialogLine::Target(record.clone()));
                lines.extend(impact.and_then(|impact| impact.beside(record)).map(DialogLine::Beside));
            }
        }
    }

    fn list_blocked(&self, lines: &mut Vec<DialogLine>) {
        if self.plan.blocked.is_empty() {
            return;
        }
        lines.push(DialogLine::Blank);
        lines.push(DialogLine::Head(format!(
            "blocked, not included: {}",
            text::grouped(self.plan.blocked.len() as u64)
        )));
        let listed = self.plan.blocked.iter().filter(|blocked| self.is_listed(&blocked.record));
        lines.extend(
            listed.map(|blocked| DialogLine::Blocked(blocked.record.clone(), blocked.reason.clone())),
        );
    }

    fn is_listed(&self, record: &Record) -> bool {
        let wanted = text::folded(self.list_filter.value().trim());
        wanted.is_empty() || text::folded(record.name()).contains(&wanted)
    }

    /// What the dialog asks for at its foot; nothing while `y` does not count yet. While something else is typed it says
    /// what ends that.
    #[must_use]
    pub fn prompt(&self, now: Moment) -> String {
        let action = self.plan.word();
        match &self.confirmation {
            _ if self.is_picking() => "Enter picks, Esc leaves it as it is".to_owned(),
            _ if self.filtering => "Enter keeps the filter, Esc clears it".to_owned(),
            Confirmation::Nothing if self.archivable == 0 => "Esc keep".to_owned(),
            Confirmation::Nothing if self.has_keys(PlanOption::ArchiveFirst) => {
                let them = if self.archivable == 1 { "it" } else { "them" };
                format!("Space {} {them} first, Esc keep", self.first(|words| words.archives))
            }
            Confirmation::Nothing => {
                format!("choose to {} first, or Esc keep", self.first(|words| words.archive))
            }
            Confirmation::Key if self.is_armed(now) => format!("y {action}, Esc keep"),
            Confirmation::Key => String::new(),
            Confirmation::Phrase(phrases) => {
                let first = phrases.first().map_or("", String::as_str);
                let or = match phrases.len() {
                    0 | 1 => String::new(),
                    _ => format!(" (`{}` will do for the name)", self.plan.short_organization()),
                };
                format!("type {first} and press Enter{or}")
            }
        }
    }

    /// Whether Space would flip this option now.
    #[must_use]
    pub fn has_keys(&self, choice: PlanOption) -> bool {
        self.part == DialogPart::Options && self.choice == Some(choice)
    }
}

/// `2 files are links`
fn links_of(kind: Kind, n: usize) -> String {
    let are = if n == 1 { "is a link" } else { "are links" };
    format!("{} {are}", kind.count(n))
}
