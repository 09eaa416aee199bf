//! Past jobs as the history tells them.
//!
//! Owns what is told of a job and of each of its steps, how a search among them is written, and why a job cannot be undone.
//! Must not know where they are kept.

use jiff::Timestamp;

use super::catalog::ActionLabels;
use super::id::Id;
use super::kind::{Action, Kind};
use super::outcome::Outcome;
use super::text;

/// How a past job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobStanding {
    /// It is running here.
    Running,
    /// Another process is at it.
    Elsewhere,
    /// Nobody is at it, and it has not come to its end.
    Unfinished,
    /// It is over, in the way this word says.
    Over(&'static str),
}

impl JobStanding {
    /// The words for it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Elsewhere => "running in another tidyfy",
            Self::Unfinished => "unfinished",
            Self::Over(word) => word,
        }
    }
}

/// A job as the history tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSummary {
    /// Its number.
    pub job: i64,
    /// The journal's word for the action.
    pub action: String,
    /// The words of the kinds of its records, with how many there are of each.
    pub kinds: Vec<(String, u64)>,
    /// The organization's name, as it was then.
    pub organization: String,
    /// The id of whoever's token it was.
    pub person: Option<String>,
    /// When it was confirmed.
    pub confirmed: Timestamp,
    /// How it stands.
    pub standing: JobStanding,
    /// The reason why it stopped, if something stopped it.
    pub reason: Option<String>,
    /// How many records ended in which way.
    pub outcomes: Vec<(Outcome, u64)>,
    /// Of how many records it is open what became of them.
    pub open: u64,
    /// The folder with the copies that were kept.
    pub copies: Option<String>,
    /// The job whose rest it took over.
    pub continues: Option<i64>,
    /// Of how many records its work has been turned back since.
    pub undone: u64,
}

impl JobSummary {
    /// The action, as its records call it.
    #[must_use]
    pub fn word(&self) -> &str {
        ActionLabels::told(self.kinds.iter().map(|(kind, _)| kind.as_str()), &self.action)
    }

    /// How many records ended so.
    #[must_use]
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.outcomes.iter().filter(|(known, _)| *known == outcome).map(|(_, n)| n).sum()
    }

    /// `12 processes, 4 templates`
    #[must_use]
    pub fn what(&self) -> String {
        let kinds = self.kinds.iter().map(|(word, n)| match Kind::parse(word) {
            Some(kind) => kind.count(usize::try_from(*n).unwrap_or(usize::MAX)),
            None => format!("{} {}", text::grouped(*n), text::clean(word)),
        });
        kinds.collect::<Vec<_>>().join(", ")
    }

    /// `10 done, 2 failed`, outcomes that did not occur left out.
    #[must_use]
    pub fn results(&self) -> String {
        let ended = self.outcomes.iter().filter(|(_, n)| *n > 0);
        let mut parts: Vec<String> =
            ended.map(|(outcome, n)| format!("{} {}", text::grouped(*n), outcome.word())).collect();
        if self.open > 0 {
            parts.push(format!("{} open", text::grouped(self.open)));
        }
        parts.join(", ")
    }

    /// How it stands, and whether it was undone.
    #[must_use]
    pub fn state(&self) -> String {
        let state = self.standing.words();
        match (self.undone, self.of(Outcome::Done)) {
            (0, _) => state.to_owned(),
            (n, done) if n >= done => format!("{state}, undone"),
            (n, done) => format!("{state}, {} of {} undone", text::grouped(n), text::grouped(done)),
        }
    }

    /// Why it cannot be undone, if it cannot.
    #[must_use]
    pub fn undo_error(&self) -> Option<String> {
        let job = self.job;
        let done = self.of(Outcome::Done);
        match Action::parse(&self.action).and_then(Action::inverse) {
            None => Some("a permanent delete cannot be undone".to_owned()),
            Some(_) if !matches!(self.standing, JobStanding::Over(_)) => self.unended(),
            Some(_) if done == 0 => Some(format!("job {job} did nothing that could be undone")),
            Some(_) if self.undone >= done => Some(format!("job {job} has been undone already")),
            Some(_) => None,
        }
    }

    /// Why its failed steps cannot be tried again, if they cannot.
    #[must_use]
    pub fn retry_error(&self) -> Option<String> {
        match self.standing {
            JobStanding::Over(_) if self.of(Outcome::Failed) + self.of(Outcome::Unknown) == 0 => {
                Some(format!("nothing failed in job {}", self.job))
            }
            JobStanding::Over(_) => None,
            _ => self.unended(),
        }
    }

    fn unended(&self) -> Option<String> {
        let (job, state) = (self.job, self.standing.words());
        Some(match self.standing {
            JobStanding::Unfinished => {
                format!("job {job} is unfinished: `unfinished` in the palette finishes or drops it first")
            }
            _ => format!("job {job} is {state}"),
        })
    }

    /// What a search looks through, folded.
    fn haystack(&self) -> String {
        let kinds = self.kinds.iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>().join(" ");
        let day = self.confirmed.strftime("%Y-%m-%d");
        text::folded(&format!(
            "{} {} {} {kinds} {} {} {} {} {day} {}",
            self.job,
            self.action,
            self.word(),
            self.what(),
            self.results(),
            self.state(),
            self.organization,
            self.reason.as_deref().unwrap_or_default(),
        ))
    }
}

/// A step of a past job as the history tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobStep {
    /// The kind's word.
    pub kind: String,
    /// The record's id, if it is one.
    pub id: Option<Id>,
    /// The record's name.
    pub name: String,
    /// The journal's word for its action.
    pub action: String,
    /// What the records of its job call that.
    pub called: String,
    /// The request's method.
    pub method: String,
    /// The request's path.
    pub path: String,
    /// How it ended; `sent` or `waiting` where it did not.
    pub outcome: &'static str,
    /// Why.
    pub reason: Option<String>,
    /// The status of the last answer.
    pub status: Option<u16>,
    /// How long that took, in milliseconds.
    pub took_ms: Option<u64>,
    /// How often it was sent.
    pub sent: usize,
    /// When it ended, or was sent last.
    pub at: Option<Timestamp>,
    /// The file in the folder of copies that holds the record's.
    pub copy: Option<String>,
}

impl JobStep {
    fn haystack(&self) -> String {
        let status = self.status.map(|status| status.to_string()).unwrap_or_default();
        let id = self.id.as_ref().map(ToString::to_string).unwrap_or_default();
        let reason = self.reason.as_deref().unwrap_or_default();
        text::folded(&format!(
            "{} {id} {} {} {} {} {status} {reason} {}",
            self.name, self.kind, self.action, self.outcome, self.method, self.path
        ))
    }
}

/// A search in the history: words that all must stand somewhere, and terms on the action, the kind and the outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistorySearch {
    /// The words, folded.
    pub words: Vec<String>,
    /// The action.
    pub action: Option<Action>,
    /// What it is called, where that is not the journal's word.
    pub called: Option<String>,
    /// The kind.
    pub kind: Option<Kind>,
    /// How a step ended.
    pub outcome: Option<Outcome>,
}

impl HistorySearch {
    /// Reads what was typed.
    ///
    /// # Errors
    /// What a term says that nothing can be.
    pub fn parse(typed: &str) -> Result<Self, String> {
        let mut sought = Self::default();
        for word in typed.split_whitespace() {
            let unknown = |what: &str, value: &str| format!("`{}` is not {what}", text::clean(value));
            match word.split_once(':') {
                Some(("action", value)) => {
                    sought.action =
                        Some(ActionLabels::meaning(value).ok_or_else(|| unknown("an action", value))?);
                    sought.called = Action::parse(value).is_none().then(|| value.to_owned());
                }
                Some(("kind", value)) => {
                    sought.kind = Some(Kind::parse(value).ok_or_else(|| unknown("a kind", value))?);
                }
                Some(("outcome", value)) => {
                    let outcome = Outcome::parse(&value.replace('-', " "));
                    sought.outcome = Some(outcome.ok_or_else(|| unknown("an outcome", value))?);
                }
                _ => sought.words.push(text::folded(word)),
            }
        }
        Ok(sought)
    }

    /// The words that a job's own line does not hold: where any is left, the names of its records may.
    #[must_use]
    pub fn missing(&self, summary: &JobSummary) -> Vec<&str> {
        let haystack = summary.haystack();
        self.words.iter().map(String::as_str).filter(|word| !haystack.contains(word)).collect()
    }

    /// Whether a job whose action is called `word` is sought.
    #[must_use]
    pub fn calls(&self, word: &str) -> bool {
        self.called.as_deref().is_none_or(|called| called == word)
    }

    /// Whether it finds a step.
    #[must_use]
    pub fn finds(&self, job_step: &JobStep) -> bool {
        let haystack = if self.words.is_empty() { String::new() } else { job_step.haystack() };
        self.action.is_none_or(|action| Action::parse(&job_step.action) == Some(action))
            && self.calls(&job_step.called)
            && self.kind.is_none_or(|kind| Kind::parse(&job_step.kind) == Some(kind))
            && self.outcome.is_none_or(|outcome| outcome.word() == job_step.outcome)
            && self.words.iter().all(|word| haystack.contains(word))
    }
}

/// Some past jobs, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobPage {
    /// The jobs.
    pub summaries: Vec<JobSummary>,
    /// The job before which to look for more, if there may be any.
    pub before: Option<i64>,
    /// How many entries of the journal could not be read.
    pub damaged: u64,
}

/// `3 damaged entries skipped`; nothing where there are none.
#[must_use]
pub fn skipped(damaged: u64) -> Option<String> {
    match damaged {
        0 => None,
        1 => Some("1 damaged entry skipped".to_owned()),
        n => Some(format!("{} damaged entries skipped", text::grouped(n))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(action: Action, outcomes: &[(Outcome, u64)], undone: u64) -> JobSummary {
        JobSummary {
            job: 7,
            action: action.word().to_owned(),
            kinds: vec![("processes".into(), 12), ("x\u{1b}".into(), 1)],
            organization: "Acme Ltd".into(),
            person: None,
            confirmed: "2026-11-22T14:02:11Z".parse().unwrap(),
            standing: JobStanding::Over("finished"),
            reason: None,
            outcomes: outcomes.to_vec(),
            open: 0,
            copies: None,
            continues: None,
            undone,
        }
    }

    #[test]
    fn a_job_says_what_it_did_and_why_it_cannot_be_undone() {
        let done = [(Outcome::Done, 10), (Outcome::Failed, 2)];
        let job = summary(Action::Archive, &done, 0);
        assert_eq!(
            (job.what().as_str(), job.results().as_str()),
            ("12 processes, 1 x\u{241b}", "10 done, 2 failed")
        );
        assert_eq!((job.state().as_str(), job.undo_error(), job.retry_error()), ("finished", None, None));
        let half = summary(Action::Archive, &done, 4);
        assert_eq!((half.state().as_str(), half.undo_error()), ("finished, 4 of 10 undone", None));
        let error = |job: JobSummary| job.undo_error().unwrap();
        assert_eq!(error(summary(Action::Archive, &done, 10)), "job 7 has been undone already");
        assert_eq!(error(summary(Action::Delete, &done, 0)), "a permanent delete cannot be undone");
        assert!(error(summary(Action::Restore, &done[1..], 0)).contains("did nothing"));
        let open = JobSummary { standing: JobStanding::Unfinished, ..summary(Action::Archive, &done, 0) };
        assert!(error(open).contains("`unfinished` in the palette"));
        let elsewhere = JobSummary { standing: JobStanding::Elsewhere, ..summary(Action::Archive, &done, 0) };
        assert_eq!(elsewhere.retry_error().unwrap(), "job 7 is running in another tidyfy");
        assert_eq!(summary(Action::Archive, &done[..1], 0).retry_error().unwrap(), "nothing failed in job 7");
    }

    #[test]
    fn a_search_is_words_and_terms() {
        let sought = HistorySearch::parse("Üb outcome:not-sent kind:run action:archive").unwrap();
        assert_eq!(sought.words, ["ub"]);
        assert_eq!(
            (sought.outcome, sought.kind, sought.action),
            (Some(Outcome::NotSent), Some(Kind::Processes), Some(Action::Archive))
        );
        let disabling = HistorySearch::parse("action:disable").unwrap();
        assert_eq!(disabling.action, Some(Action::Archive));
        assert!(disabling.calls("disable") && !disabling.calls("archive"));
        assert!(sought.calls("disable") && sought.calls("archive"));
        for wrong in ["outcome:fine", "kind:cats", "action:fly"] {
            assert!(HistorySearch::parse(wrong).is_err(), "{wrong}");
        }
        let job = summary(Action::Archive, &[(Outcome::Failed, 2)], 0);
        let missing = |typed: &str| HistorySearch::parse(typed).unwrap().missing(&job).join(" ");
        assert_eq!(missing("acme failed 12 2026-11-22 onboarding"), "onboarding");
        let job_step = JobStep {
            kind: "processes".into(),
            id: None,
            name: "Übung".into(),
            action: "archive".into(),
            called: "archive".into(),
            method: "DELETE".into(),
            path: "/api/x".into(),
            outcome: Outcome::Failed.word(),
            reason: Some("no answer in 30 s".into()),
            status: Some(502),
            took_ms: None,
            sent: 1,
            at: None,
            copy: None,
        };
        let finds = |typed: &str| HistorySearch::parse(typed).unwrap().finds(&job_step);
        assert!(finds("") && finds("ubung 502 answer") && finds("outcome:failed failed"));
        assert!(!finds("outcome:done") && !finds("onboarding") && !finds("kind:tags"));
    }
}
