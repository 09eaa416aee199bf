//! When a request may leave.
//!
//! Owns the order in which requests that wait are let go, how many may be under way together, the pause that the server
//! asked for, and over [`WindowLog`] and [`ServerCap`] what the limits and the server's word still allow. A pure machine over
//! instants that are handed in: must not wait, send, or know what a request is about.
//!
//! A place in a budget is taken when a request leaves and becomes free one window after its answer. The server counts a
//! request at some instant in between, so whatever window it counts in, it never finds more than the budget allows.
//! Nothing earlier is safe: where the server counted the one before as it answered, and counts the next as it comes, the
//! window between the two is only whole then, and no answer tells when it counted. So a budget is used up to the share
//! window / (window + latency): 99 % of 12 reads in 5 s at a latency of 50 ms, 95 % at 260 ms, 92.6 % at 400 ms.

mod cap;
mod log;

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::app::event::RemainingLimit;
use crate::model::limits::{Budget, Limits};
use crate::tallyfy::RateLimitHeaders;

use cap::ServerCap;
pub(crate) use log::PermitEnd;
use log::WindowLog;

/// For how long what a person looks at waits because of one word of the server. Jobs obey it to its end.
const BELIEVED: Duration = Duration::from_secs(2 * 60);
/// How often a person may have something read again meanwhile.
const ASKED_AGAIN: Duration = Duration::from_secs(60);

/// How many requests the server takes for each that may be under way, before one more may be after a refusal.
const TAKEN: usize = 8;

/// Who waits for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Priority {
    /// A person who looks at the screen: goes before everything else.
    Urgent,
    /// A running job: takes turns with what is read in the background.
    Job,
    /// Nobody in particular.
    Background,
}

/// For how long a request waits where the server asks for `wait`.
pub(crate) fn believed(urgency: Priority, wait: Duration) -> Duration {
    if urgency == Priority::Job { wait } else { wait.min(BELIEVED) }
}

/// Why a request may not leave yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delay {
    /// Worth asking again at this instant, or after any change.
    At(Instant),
    /// Worth asking again after a change.
    AfterChange,
}

/// A time in which nothing can leave, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LimiterPause {
    pub(crate) until: Instant,
    pub(crate) why: String,
}

#[derive(Debug, Clone, Copy)]
struct PermitRequest {
    urgency: Priority,
    read: bool,
}

impl PermitRequest {
    fn is_urgent(self) -> bool {
        self.urgency == Priority::Urgent
    }

    fn is_of_a_load(self) -> bool {
        self.urgency == Priority::Background && self.read
    }

    /// Until when it waits for what the server said at `said`.
    fn believes(self, said: Instant, until: Instant) -> Instant {
        if self.read && self.urgency != Priority::Job { until.min(said + BELIEVED) } else { until }
    }
}

/// All that decides when a request may leave.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    logs: Vec<WindowLog>,
    /// What the server says remains for reads, and for everything.
    reads_cap: Option<ServerCap>,
    cap: Option<ServerCap>,
    /// What waits, by its number in the order of asking.
    waiting: BTreeMap<u64, PermitRequest>,
    asked: u64,
    /// Whether the last place that was not urgent went to a job.
    job_went_last: bool,
    /// The budget that only reads draw on: the tightest, if there are several.
    reads: Option<Budget>,
    /// When a load's read left last.
    load_went: Option<Instant>,
    under_way: usize,
    reads_under_way: usize,
    at_once: usize,
    /// How many may be under way now: fewer than `at_once` after the server throttled.
    width: usize,
    accepted: usize,
    narrowed: Option<Instant>,
    pause: Option<LimiterPause>,
    /// When the server asked for it.
    paused: Option<Instant>,
    /// When a person last asked for something to be read in spite of the server's word, and whether that has not left yet.
    asked_now: Option<(Instant, bool)>,
    /// Whether the allowance is worth showing.
    is_tight: bool,
}

impl RateLimiter {
    pub(crate) fn new(limits: &Limits, at_once: usize) -> Self {
        let all = limits.all.iter().map(|budget| WindowLog::new(*budget, false));
        let reads = limits.reads.iter().map(|budget| WindowLog::new(*budget, true));
        let at_once = at_once.max(1);
        Self {
            logs: all.chain(reads).collect(),
            reads_cap: None,
            cap: None,
            waiting: BTreeMap::new(),
            asked: 0,
            job_went_last: false,
            reads: limits.reads.iter().min_by_key(|budget| budget.count).copied(),
            load_went: None,
            under_way: 0,
            reads_under_way: 0,
            at_once,
            width: at_once,
            accepted: 0,
            narrowed: None,
            pause: None,
            paused: None,
            asked_now: None,
            is_tight: false,
        }
    }

    /// How many requests may be under way together at most.
    pub(crate) fn at_once(&self) -> usize {
        self.at_once
    }

    /// A request wants to leave. The number stands for it until it has left or been withdrawn.
    pub(crate) fn ask(&mut self, urgency: Priority, read: bool) -> u64 {
        self.asked += 1;
        self.waiting.insert(self.asked, PermitRequest { urgency, read });
        self.asked
    }

    /// A person asks for something to be read now: one urgent read may leave in spite of the server's word, if that is a
    /// minute after the last one that did.
    pub(crate) fn ask_now(&mut self, now: Instant) {
        if self.asked_now.is_none_or(|(at, _)| at + ASKED_AGAIN <= now) {
            self.asked_now = Some((now, true));
        }
    }

    /// A request does not want to leave any more, if it had not left.
    pub(crate) fn withdraw(&mut self, number: u64) {
        self.waiting.remove(&number);
    }

    /// Lets the request leave if it is its turn; its places are then taken.
    pub(crate) fn take(&mut self, number: u64, now: Instant) -> Result<(), Delay> {
        self.forget(now);
        let Some(asked) = self.waiting.get(&number).copied() else { return Err(Delay::AfterChange) };
        if self.under_way >= self.width {
            return Err(Delay::AfterChange);
        }
        match self.first(now) {
            Some(first) if first == number => {}
            // The first one finds out by itself, and its leaving is a change.
            Some(_) => return Err(Delay::AfterChange),
            None => return Err(self.looks_again(asked, now)),
        }
        self.waiting.remove(&number);
        if self.is_asked_now(asked) {
            self.asked_now = self.asked_now.map(|(at, _)| (at, false));
        }
        match asked.urgency {
            Priority::Urgent => {}
            Priority::Job => self.job_went_last = true,
            Priority::Background => self.job_went_last = false,
        }
        self.under_way += 1;
        self.reads_under_way += usize::from(asked.read);
        if asked.is_of_a_load() {
            self.load_went = Some(now);
        }
        let concerned = self.logs.iter_mut().filter(|log| log.concerns(asked.read));
        concerned.for_each(|log| log.open(asked.read));
        self.cap.iter_mut().for_each(ServerCap::take);
        self.reads_cap.iter_mut().filter(|_| asked.read).for_each(ServerCap::take);
        Ok(())
    }

    /// A request that had a place does not need it any more.
    pub(crate) fn ended(&mut self, read: bool, end: PermitEnd, now: Instant) {
        self.under_way = self.under_way.saturating_sub(1);
        self.reads_under_way = self.reads_under_way.saturating_sub(usize::from(read));
        self.logs.iter_mut().filter(|log| log.concerns(read)).for_each(|log| log.close(read, end, now));
    }

    /// The server took a request. After several times as many as may be under way, one more may be again: so slowly that
    /// what finds the limit next is not a whole volley.
    pub(crate) fn accepted(&mut self) {
        self.accepted += 1;
        if self.accepted >= self.width * TAKEN && self.width < self.at_once {
            self.width += 1;
            self.accepted = 0;
        }
    }

    /// The server answered a request that had left at `left` and still has its place, and said this of its limits. What
    /// remains is believed where it is less than our own logs can explain. It is not said which limit it is about, so
    /// what a read hears counts for reads, and what a change hears for everything. With nothing remaining and no word of
    /// a reset, nothing leaves for the length of `hold`.
    pub(crate) fn told(
        &mut self,
        read: bool,
        left: Instant,
        quota: RateLimitHeaders,
        now: Instant,
        hold: Duration,
    ) {
        let news = quota.remaining.filter(|remaining| *remaining < self.least_seen(read, left, quota.limit));
        let others = if read { self.reads_under_way } else { self.under_way }.saturating_sub(1);
        let cap = news.map(|remaining| ServerCap::new(remaining, others, quota.resets_in, left, now, hold));
        let former = if read { &mut self.reads_cap } else { &mut self.cap };
        *former = match (former.take(), cap) {
            (Some(former), Some(cap)) => Some(former.and(cap)),
            (Some(former), None) if former.is_newer(left) => Some(former),
            // Silence does not take back until when nothing remains.
            (Some(former), None) if quota.remaining.is_none() && former.until(now).is_some() => Some(former),
            (_, cap) => cap,
        };
    }

    /// The least that the server can say remains, as far as we alone draw on our budgets: on the one it names, if it
    /// names one of them.
    fn least_seen(&self, read: bool, left: Instant, limit: Option<usize>) -> usize {
        let logs = || self.logs.iter().filter(|log| log.concerns(read));
        let named = logs().any(|log| Some(log.whole()) == limit);
        let meant = logs().filter(|log| !named || Some(log.whole()) == limit);
        meant.map(|log| log.least_seen(left)).min().unwrap_or(usize::MAX)
    }

    /// The server turned a request away that had left at `left` and still has its place: nothing leaves for the length of
    /// `wait`; half as many may be under way afterwards, and less of the budget that it was most likely for is ours.
    /// Several turned away together count once.
    pub(crate) fn throttled(&mut self, read: bool, left: Instant, now: Instant, wait: Duration, why: &str) {
        self.forget(now);
        if self.narrowed.is_none_or(|narrowed| left > narrowed) {
            self.width = (self.width / 2).max(1);
            self.accepted = 0;
            self.narrowed = Some(now);
            self.shrink(read, now, wait);
        }
        self.hold(now, wait, why);
        // Whatever was said before has proved wrong.
        (self.cap, self.reads_cap) = (None, None);
    }

    /// Of the budgets that a request drew on, the fullest of those that can call for such a wait.
    fn shrink(&mut self, read: bool, now: Instant, wait: Duration) {
        // Waits are told in whole seconds.
        let can = |log: &&mut WindowLog| log.concerns(read) && log.window() + Duration::from_secs(1) > wait;
        let fuller = |one: &&mut WindowLog, two: &&mut WindowLog| {
            (one.used(now) * two.ours(now)).cmp(&(two.used(now) * one.ours(now)))
        };
        if let Some(log) = self.logs.iter_mut().filter(can).max_by(fuller) {
            log.refused(now, now + wait);
        }
    }

    /// Nothing leaves for the length of `wait`.
    pub(crate) fn hold(&mut self, now: Instant, wait: Duration, why: &str) {
        let until = now + wait;
        if until > now && self.pause.as_ref().is_none_or(|pause| pause.until < until) {
            self.pause = Some(LimiterPause { until, why: why.to_owned() });
            self.paused = Some(now);
        }
    }

    /// Why nothing of what waits can leave, and until when, if that can be told.
    pub(crate) fn waits(&mut self, now: Instant) -> Option<LimiterPause> {
        self.forget(now);
        let paused = self.waiting.values().map(|asked| self.pause_of(*asked, now));
        if let Some(paused) = paused.collect::<Option<Vec<_>>>().filter(|_| self.pause.is_some()) {
            return paused.into_iter().min_by_key(|pause| pause.until).or_else(|| self.pause.clone());
        }
        if self.under_way >= self.width || self.first(now).is_some() {
            return None;
        }
        // One of each sort stands for all of it.
        let sorts: BTreeMap<_, _> =
            self.waiting.values().map(|asked| ((asked.is_urgent(), asked.read), *asked)).collect();
        let held = sorts.into_values().map(|asked| self.held(asked, now));
        held.collect::<Option<Vec<_>>>()?.into_iter().min_by_key(|pause| pause.until)
    }

    /// What is left of the tightest budget; `None` while each is as good as whole. It is first told when a quarter is
    /// gone, and then until nine tenths are there again, so that it does not come and go with single reads.
    pub(crate) fn allowance(&mut self, now: Instant) -> Option<RemainingLimit> {
        self.forget(now);
        let left = |log: &WindowLog| RemainingLimit { left: log.left(0, now), of: log.whole() };
        let all = self.logs.iter().map(left);
        let tightest = all.min_by(|one, two| (one.left * two.of).cmp(&(two.left * one.of)))?;
        let enough = if self.is_tight { tightest.of * 90 } else { tightest.of * 75 };
        self.is_tight = tightest.left * 100 < enough;
        self.is_tight.then_some(tightest)
    }

    /// When what is left of the budgets changes by itself, if it is about to.
    pub(crate) fn changes_at(&self, now: Instant) -> Option<Instant> {
        self.logs.iter().filter_map(|log| log.changes_at(now)).min()
    }

    fn forget(&mut self, now: Instant) {
        self.cap = self.cap.take().filter(|cap| !cap.is_over(now));
        self.reads_cap = self.reads_cap.take().filter(|cap| !cap.is_over(now));
        if self.pause.as_ref().is_some_and(|pause| pause.until <= now) {
            self.pause = None;
        }
        if self.pause.is_none() && self.cap.is_none() && self.reads_cap.is_none() {
            self.asked_now = None;
        }
    }

    /// What the server asked for, as far as such a request has to wait for it.
    fn pause_of(&self, asked: PermitRequest, now: Instant) -> Option<LimiterPause> {
        let (pause, said) = self.pause.as_ref().zip(self.paused)?;
        let until = asked.believes(said, pause.until);
        (until > now && !self.is_asked_now(asked)).then(|| LimiterPause { until, why: pause.why.clone() })
    }

    /// Whether a person asked for such a request in spite of the server's word.
    fn is_asked_now(&self, asked: PermitRequest) -> bool {
        asked.is_urgent() && asked.read && self.asked_now.is_some_and(|(_, waits)| waits)
    }

    /// The request that is to leave first of those that find a place.
    fn first(&self, now: Instant) -> Option<u64> {
        use Priority::{Background, Job, Urgent};
        let turns = if self.job_went_last { [Urgent, Background, Job] } else { [Urgent, Job, Background] };
        turns.into_iter().find_map(|urgency| {
            let place = |read| self.has_place(PermitRequest { urgency, read }, now);
            let (read, change) = (place(true), place(false));
            let mut waiting = self.waiting.iter().filter(|(_, asked)| asked.urgency == urgency);
            waiting.find(|(_, asked)| if asked.read { read } else { change }).map(|(number, _)| *number)
        })
    }

    fn has_place(&self, asked: PermitRequest, now: Instant) -> bool {
        self.pause_of(asked, now).is_none()
            && self.caps(asked).all(|(cap, open)| cap.lets(open, now))
            && self.concerned(asked.read).all(|log| log.left(self.kept(log, asked, now), now) > 0)
    }

    /// How many places of a budget are kept for others than this request.
    fn kept(&self, log: &WindowLog, asked: PermitRequest, now: Instant) -> usize {
        let urgent = if asked.is_urgent() { 0 } else { log.kept_for_the_urgent(now) };
        let load = self.load_until(now).filter(|_| !asked.read).and(self.reads);
        urgent + load.map_or(0, |reads| log.kept_for_a_load(reads, now))
    }

    /// Until when a load counts as under way, if one does: while a read of it waits, and for a window after the last left.
    fn load_until(&self, now: Instant) -> Option<Instant> {
        let window = self.reads?.window;
        let waits = self.waiting.values().any(|asked| asked.is_of_a_load());
        let since = if waits { Some(now) } else { self.load_went };
        since.map(|since| since + window).filter(|until| *until > now)
    }

    fn concerned(&self, read: bool) -> impl Iterator<Item = &WindowLog> {
        self.logs.iter().filter(move |log| log.concerns(read))
    }

    /// The server's words that count for a request, each with the number of those under way that may bring the next.
    fn caps(&self, asked: PermitRequest) -> impl Iterator<Item = (ServerCap, usize)> {
        let reads = self.reads_cap.as_ref().filter(|_| asked.read).zip(Some(self.reads_under_way));
        let all = self.cap.as_ref().zip(Some(self.under_way)).into_iter().chain(reads);
        let believed = move |cap: &ServerCap| cap.believed(|said, until| asked.believes(said, until));
        let is_asked_now = self.is_asked_now(asked);
        all.filter(move |_| !is_asked_now).map(move |(cap, open)| (believed(cap), open))
    }

    /// When to look again after a request that has found no place.
    fn looks_again(&self, asked: PermitRequest, now: Instant) -> Delay {
        let full = self.concerned(asked.read).filter(|log| log.left(self.kept(log, asked, now), now) == 0);
        let caps = self.caps(asked).filter_map(|(cap, _)| cap.until(now));
        let pause = self.pause_of(asked, now).map(|pause| pause.until);
        let load = self.load_until(now).filter(|_| !asked.read);
        // A little too soon does no harm; too late would waste a place.
        let instants = full.filter_map(|log| log.changes_at(now)).chain(caps).chain(pause).chain(load);
        instants.min().map_or(Delay::AfterChange, Delay::At)
    }

    /// What holds such a request back for longest, if it can be told until when.
    fn held(&self, asked: PermitRequest, now: Instant) -> Option<LimiterPause> {
        let logs = self.concerned(asked.read).filter_map(|log| {
            let kept = self.kept(log, asked, now);
            let full = log.left(kept, now) == 0;
            full.then(|| Some(LimiterPause { until: log.free_at(kept, now)?, why: log.why(now) }))
        });
        let shut = self.caps(asked).filter(|(cap, open)| !cap.lets(*open, now));
        let caps = shut.map(|(cap, _)| {
            let why = "the server says that its limit is used up".to_owned();
            Some(LimiterPause { until: cap.until(now)?, why })
        });
        let pause = self.pause_of(asked, now).map(Some);
        logs.chain(caps).chain(pause).collect::<Option<Vec<_>>>()?.into_iter().max_by_key(|pause| pause.until)
    }
}

#[cfg(test)]
mod tests;
