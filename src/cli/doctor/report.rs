//! What was found, and how it is printed.
//!
//! Owns the form of a line, and which finding decides the exit code. Must not know what is checked.

use crate::cli::error::{CommandError, ExitReason};
use crate::config::ConfigError;
use crate::model::text;

/// How wide the first two columns are.
const MARK: usize = 8;
const CHECK: usize = 17;

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CheckResult {
    Ok,
    Warn,
    Fail(ExitReason),
    Skipped,
}

impl CheckResult {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail(_) => "FAIL",
            Self::Skipped => "skipped",
        }
    }
}

#[derive(Debug)]
struct DoctorCheck {
    mark: CheckResult,
    check: &'static str,
    what: String,
    hint: String,
}

/// Everything that was found, in the order of the checks.
#[derive(Debug, Default)]
pub(super) struct DoctorReport {
    found: Vec<DoctorCheck>,
    /// What an answer said about the server's limits, for the line on limits.
    limits: String,
}

impl DoctorReport {
    fn add(&mut self, mark: CheckResult, check: &'static str, what: &str, hint: &str) {
        let clean = |words: &str| text::clean(words).into_owned();
        self.found.push(DoctorCheck { mark, check, what: clean(what), hint: clean(hint) });
    }

    /// All is well.
    pub(super) fn ok(&mut self, check: &'static str, what: &str) {
        self.add(CheckResult::Ok, check, what, "");
    }

    /// It works, but not as it should.
    pub(super) fn warn(&mut self, check: &'static str, what: &str, hint: &str) {
        self.add(CheckResult::Warn, check, what, hint);
    }

    /// It does not work.
    pub(super) fn fail(&mut self, check: &'static str, code: ExitReason, problem: &ConfigError) {
        self.add(CheckResult::Fail(code), check, &problem.sentence, &problem.hint);
    }

    /// It does not work, and a command would end with this.
    pub(super) fn error(&mut self, check: &'static str, error: &CommandError) {
        match error {
            CommandError::Told { code, problems } => {
                problems.iter().for_each(|problem| self.fail(check, *code, problem));
            }
            CommandError::Failed(report) => {
                self.fail(check, ExitReason::Failure, &ConfigError::new(format!("{report:#}"), ""));
            }
        }
    }

    /// It depends on something that does not work.
    pub(super) fn skipped(&mut self, check: &'static str, why: &str) {
        self.add(CheckResult::Skipped, check, why, "");
    }

    /// Keeps what an answer said about limits until their line comes.
    pub(super) fn hears_of_limits(&mut self, said: String) {
        self.limits = said;
    }

    /// What an answer said about limits; nothing where none did.
    pub(super) fn said_of_limits(&self) -> String {
        self.limits.clone()
    }

    /// The exit code: that of the first check that failed.
    pub(super) fn code(&self) -> Option<ExitReason> {
        self.found.iter().find_map(|finding| match finding.mark {
            CheckResult::Fail(code) => Some(code),
            CheckResult::Ok | CheckResult::Warn | CheckResult::Skipped => None,
        })
    }

    /// A line for each finding; what to do about it stands below.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for DoctorCheck { mark, check, what, hint } in &self.found {
            let (mark, check) = (text::padded(mark.word(), MARK), text::padded(check, CHECK));
            text.push_str(&format!("{mark}{check}{what}\n"));
            if !hint.is_empty() {
                text.push_str(&format!("{:indent$}hint: {hint}\n", "", indent = MARK + CHECK));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_decides_and_each_line_begins_with_its_mark() {
        let mut page = DoctorReport::default();
        page.ok("config", "read");
        page.warn("clock", "late\u{1b}[2J", "set it");
        assert_eq!(page.code(), None);
        page.fail("token", ExitReason::Authentication, &ConfigError::new("none", "make one"));
        page.skipped("who", "there is no token");
        page.fail("journal", ExitReason::Failure, &ConfigError::new("broken", ""));
        assert_eq!(page.code(), Some(ExitReason::Authentication));
        let text = page.text();
        let firsts: Vec<_> = text.lines().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(firsts, ["ok", "warn", "", "FAIL", "", "skipped", "FAIL"], "{text}");
        assert!(text.contains("late␛[2J") && text.contains("  hint: make one\n"), "{text}");
    }
}
