//! What a list that is not complete asks of the server, so that a match on a page far off is seen at once.
//!
//! Owns when that is asked: at once when a filter begins, and not for every letter of one that is being typed. What is found
//! is filtered here like everything else, so nothing depends on how the server understands it.

use std::time::Duration;

use crate::app::effect::{ListFilter, RequestId};

/// Between two questions at least: a hand types faster than this.
const PAUSE: Duration = Duration::from_millis(300);

/// The question of one list.
#[derive(Debug, Default)]
pub struct ServerSearch {
    /// What the filter in force would ask.
    wanted: ListFilter,
    /// What was asked last.
    asked: ListFilter,
    asked_at: Option<Duration>,
    running: Option<RequestId>,
}

impl ServerSearch {
    /// Another filter is in force. Answers the search that is not needed any more.
    pub fn want(&mut self, question: ListFilter) -> Option<RequestId> {
        self.wanted = question;
        if self.wanted == self.asked {
            return None;
        }
        self.asked.clear();
        self.running.take()
    }

    /// When there is something to ask, and what.
    #[must_use]
    pub fn due(&self) -> Option<(Duration, &ListFilter)> {
        let is_new = !self.wanted.is_empty() && self.wanted != self.asked;
        is_new.then(|| (self.asked_at.map_or(Duration::ZERO, |at| at + PAUSE), &self.wanted))
    }

    /// The question has been asked.
    pub fn begin(&mut self, request_id: RequestId, now: Duration) {
        self.asked.clone_from(&self.wanted);
        self.asked_at = Some(now);
        self.running = Some(request_id);
    }

    /// Whether what comes with this ticket is wanted.
    #[must_use]
    pub fn is_running(&self, request_id: RequestId) -> bool {
        self.running == Some(request_id)
    }

    /// A search came to its end.
    pub fn end(&mut self, request_id: RequestId) {
        self.running = self.running.filter(|running| *running != request_id);
    }

    /// What was found is of no use any more. Answers the search that is not needed either.
    pub fn forget(&mut self) -> Option<RequestId> {
        self.asked.clear();
        self.running.take()
    }

    /// Whether something is being searched for.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.running.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(word: &str) -> ListFilter {
        vec![("q", word.to_owned())]
    }

    #[test]
    fn the_first_letter_asks_at_once_and_the_others_wait_for_the_hand() {
        let mut search = ServerSearch::default();
        assert_eq!(search.due(), None);
        assert_eq!(search.want(question("ac")), None);
        assert_eq!(search.due(), Some((Duration::ZERO, &question("ac"))));
        search.begin(RequestId(1), Duration::from_secs(7));
        assert_eq!(search.due(), None);
        assert_eq!(search.want(question("acm")), Some(RequestId(1)), "what is outdated is given up");
        assert_eq!(search.due(), Some((Duration::from_millis(7300), &question("acm"))));
        search.begin(RequestId(2), Duration::from_millis(7300));
        search.end(RequestId(1));
        assert!(search.is_running(RequestId(2)));
        assert_eq!((search.want(Vec::new()), search.due()), (Some(RequestId(2)), None));
    }
}
