//! Why a request did not succeed, as plain data.
//!
//! Owns the one shape every error is turned into before it reaches a person. Causes follow the API sheet, section 4.
//! Must not know the HTTP library.

use std::fmt;
use std::time::Duration;

use super::text;

/// What kind of failure it was. The difference decides what may be repeated and what is known about the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// 401: no token, a wrong one, or one that was revoked.
    Unauthorized,
    /// 403: the role is too low, or a business rule says no.
    Forbidden,
    /// 404: unknown, of another organization, or an archived template read by id.
    NotFound,
    /// Any other 4xx: the server understood and said no.
    Invalid,
    /// 429, or a 403 that says it throttles: turned away unprocessed.
    RateLimited,
    /// 5xx: whether anything was done is not known.
    Server,
    /// An answer with a redirect that is not followed.
    Redirected,
    /// An answer that cannot be trusted: HTML, broken JSON, a success that says `error`.
    Garbled,
    /// The answer broke off, or the connection did after the request was sent.
    Broken,
    /// No answer in time.
    TimedOut,
    /// The server closed the connection, or the stream, and said that it had not processed the request: GOAWAY with a lower
    /// last stream, or `REFUSED_STREAM` (RFC 9113, sections 6.8 and 8.7).
    Unprocessed,
    /// No connection came about: nothing was sent.
    Unreachable,
    /// The journal did not take it: nothing was sent.
    Unrecorded,
    /// Ended from here before an answer came.
    Cancelled,
    /// A fault of this program.
    Bug,
}

/// A request that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What kind it was.
    pub cause: Cause,
    /// The HTTP status, if an answer came.
    pub status: Option<u16>,
    /// What the server said, or what happened, in one clean line.
    pub words: String,
    /// The server's own code for it, such as `RATE_LIMIT_EXCEEDED`.
    pub code: Option<String>,
    /// The server's name for the request, for its support.
    pub request_id: Option<String>,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
    /// The hint for just this failure, where one is known.
    pub hint: Option<String>,
}

/// The longest sentence kept of a server's words, in characters.
const LONGEST: usize = 300;

impl Failure {
    /// A failure without an HTTP answer.
    #[must_use]
    pub fn new(cause: Cause, words: &str) -> Self {
        Self {
            cause,
            status: None,
            words: one_line(words),
            code: None,
            request_id: None,
            retry_after: None,
            hint: None,
        }
    }

    /// A failure that the server answered with `status`.
    #[must_use]
    pub fn answered(cause: Cause, status: u16, words: &str) -> Self {
        Self { status: Some(status), ..Self::new(cause, words) }
    }

    /// What a person can do about it, if anything.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        if let Some(hint) = &self.hint {
            return Some(hint);
        }
        Some(match self.cause {
            Cause::Unauthorized => {
                "logging out of the web app destroys a personal token: make a new one under Settings > Integrations > REST API"
            }
            Cause::Forbidden => "your role may be too low for this, or a rule of the organization forbids it",
            Cause::NotFound => "it may be gone, or belong to another organization: `R` reloads",
            Cause::Invalid => "the record may have changed since it was loaded: `R` reloads",
            Cause::RateLimited => {
                "the server's limit is shared by everybody who uses this account: wait, then try again"
            }
            Cause::Server => "the trouble is on the server: try again later",
            Cause::Redirected | Cause::Garbled => {
                "if this goes on, check that the base URL is the API's and not the web app's"
            }
            Cause::Broken | Cause::TimedOut | Cause::Unprocessed | Cause::Unreachable => {
                "check the network and the base URL"
            }
            Cause::Unrecorded => {
                "nothing is sent without a record of it: see that the state directory is writable and its disk has room; `tidyfy doctor` says what is wrong"
            }
            Cause::Cancelled => return None,
            Cause::Bug => "this is a fault of tidyfy: please report it",
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.words)
    }
}

impl std::error::Error for Failure {}

fn one_line(words: &str) -> String {
    let words = text::clean(words);
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= LONGEST {
        return words;
    }
    words.chars().take(LONGEST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_one_clean_line_of_bounded_length() {
        let failure = Failure::new(Cause::Server, &format!("a\n\u{1b}[31mb {}", "x".repeat(1000)));
        assert!(failure.words.starts_with("a \u{241b}[31mb x"));
        assert_eq!(failure.words.chars().count(), LONGEST);
    }
}
