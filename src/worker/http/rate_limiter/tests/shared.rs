//! Limits that others use as well: what is left is found, with few refusals, and all of it is taken again afterwards.

use super::server::{DOCUMENTED, Server};
use super::*;

/// A client that draws on the limit at a steady rate until `end`, whether or not it is turned away.
async fn other(server: &Server, read: bool, every: Duration, end: Instant) -> usize {
    let mut taken = 0;
    while Instant::now() < end {
        taken += usize::from(server.count(read).is_ok());
        sleep(every).await;
    }
    taken
}

/// What came of it, counted from the start.
struct Shared {
    /// When ours were turned away.
    refusals: Vec<Duration>,
    /// How often one of them was at most.
    most: usize,
    /// When ours were taken.
    taken: Vec<Duration>,
    /// How many of the other client's were.
    others: usize,
}

impl Shared {
    fn taken_from(&self, start: u32, seconds: u32) -> usize {
        self.taken.iter().filter(|at| (SECOND * start..SECOND * (start + seconds)).contains(*at)).count()
    }
}

/// Sends `requests` while, for so many seconds, another client sends one every so often.
async fn share(requests: u64, read: bool, speaks: bool, (every, lasting): (Duration, u32)) -> Shared {
    let gate = RateGate::new(&Limits::documented(), 16);
    let server = Server::new(&DOCUMENTED, speaks);
    let start = Instant::now();
    let ours = stream::iter(0..requests).map(async |n| {
        server.send(&gate, Priority::Job, read, (n * 7 % 41, 10 + n * 13 % 30)).await;
        start.elapsed()
    });
    let ours = ours.buffer_unordered(24).collect::<Vec<_>>();
    let (taken, others) = tokio::join!(ours, other(&server, read, every, start + SECOND * lasting));
    let refusals: Vec<_> = server.refusals().into_iter().map(|at| at - start).collect();
    let shared = Shared { refusals, most: server.most(), taken, others };
    println!("{others} of the other's; ours refused {} times: {:?}", shared.refusals.len(), shared.refusals);
    shared
}

#[tokio::test(start_paused = true)]
async fn what_others_leave_is_found_and_all_is_taken_when_they_stop() {
    // Half of what the server allows in a minute goes to somebody else for three minutes.
    for (speaks, most_refusals) in [(false, 35), (true, 20)] {
        let shared = share(3_500, false, speaks, (milliseconds(200), 180)).await;
        let during = shared.taken_from(60, 120);
        assert!(shared.refusals.len() <= most_refusals && shared.most < 5);
        assert!(during >= 500 && shared.others >= 600, "{during} of 600 beside {} of 900", shared.others);
        // A minute is the longest window that still holds what they had.
        let after = shared.taken_from(240, 60);
        assert!(after >= 570, "{after} of 600");
        assert!(shared.refusals.iter().all(|at| *at < SECOND * 240));
    }
}

#[tokio::test(start_paused = true)]
async fn a_colleague_who_reads_gets_half_of_the_reads() {
    for (speaks, most_refusals) in [(false, 8), (true, 8)] {
        let shared = share(500, true, speaks, (milliseconds(833), 120)).await;
        let during = shared.taken_from(20, 100);
        assert!(shared.refusals.len() <= most_refusals && shared.most < 5);
        assert!(during >= 90 && shared.others >= 80, "{during} of 120 beside {} of 144", shared.others);
        let after = shared.taken_from(220, 20);
        assert!(after >= 46, "{after} of 48");
    }
}

fn quota(remaining: usize, resets_in: Option<u32>) -> RateLimitHeaders {
    let resets_in = resets_in.map(|seconds| SECOND * seconds);
    RateLimitHeaders { remaining: Some(remaining), resets_in, ..RateLimitHeaders::default() }
}

/// How many changes can leave now, one after the other without an answer.
fn leaving(limiter: &mut RateLimiter, now: Instant) -> usize {
    let leave = |limiter: &mut RateLimiter| {
        let number = limiter.ask(Priority::Job, false);
        let taken = limiter.take(number, now).is_ok();
        limiter.withdraw(number);
        taken
    };
    std::iter::repeat_with(|| leave(limiter)).take_while(|left| *left).count()
}

#[tokio::test]
async fn what_the_server_says_remains_is_believed_until_its_reset_or_its_next_word() {
    let start = Instant::now();
    let limiter = |said, hold| {
        let mut limiter = RateLimiter::new(&Limits::documented(), 64);
        let number = limiter.ask(Priority::Job, false);
        limiter.take(number, start).unwrap();
        limiter.told(false, start, said, start, hold);
        limiter.ended(false, PermitEnd::Answered, start);
        limiter
    };
    assert_eq!(leaving(&mut limiter(quota(5, None), SECOND), start), 5);
    // More than we know of ourselves is no news: the 64 are those at once.
    assert_eq!(leaving(&mut limiter(quota(139, None), SECOND), start), 64);
    assert_eq!(leaving(&mut limiter(quota(5_000, None), SECOND), start), 64);
    let mut spent = limiter(quota(0, Some(7)), SECOND);
    assert_eq!(leaving(&mut spent, start + SECOND * 6), 0);
    assert_eq!(leaving(&mut spent, start + SECOND * 7), 64);
    // Without a word of a reset, one finds out.
    let mut unsure = limiter(quota(0, None), SECOND * 2);
    assert_eq!(leaving(&mut unsure, start + SECOND), 0);
    let now = start + SECOND * 2;
    assert_eq!(leaving(&mut unsure, now), 1);
    unsure.told(false, now, quota(9, None), now, SECOND);
    unsure.ended(false, PermitEnd::Answered, now);
    assert_eq!(leaving(&mut unsure, now), 9);
    // An answer to an earlier request brings no more.
    unsure.told(false, start, quota(100, None), now, SECOND);
    assert_eq!(leaving(&mut unsure, now), 0);
    // What a read hears holds reads back, and nothing else.
    let mut reading = RateLimiter::new(&Limits::documented(), 64);
    let number = reading.ask(Priority::Background, true);
    reading.take(number, start).unwrap();
    reading.told(true, start, quota(0, Some(9)), start, SECOND);
    reading.ended(true, PermitEnd::Answered, start);
    let read = reading.ask(Priority::Urgent, true);
    assert_eq!(reading.take(read, start), Err(Delay::At(start + SECOND * 9)));
    assert_eq!(leaving(&mut reading, start), 64);
}

#[tokio::test]
async fn a_limit_that_is_named_is_compared_with_that_budget_alone() {
    let start = Instant::now();
    let mut limiter = RateLimiter::new(&Limits::documented(), 64);
    let number = limiter.ask(Priority::Job, false);
    limiter.take(number, start).unwrap();
    // Less than 599 of the 600 are left: others have had 300.
    let said = RateLimitHeaders { limit: Some(600), ..quota(299, None) };
    assert_eq!(
        (limiter.least_seen(false, start, None), limiter.least_seen(false, start, said.limit)),
        (139, 599)
    );
}

#[tokio::test]
async fn a_few_places_of_a_long_window_are_kept_for_what_is_urgent() {
    let limits = Limits { all: vec![Budget { count: 600, window: SECOND * 60 }], reads: vec![] };
    let mut limiter = RateLimiter::new(&limits, 1_000);
    let now = Instant::now();
    assert_eq!(leaving(&mut limiter, now), 594);
    let urgent = limiter.ask(Priority::Urgent, true);
    assert_eq!(limiter.take(urgent, now), Ok(()));
}

#[tokio::test]
async fn why_nothing_leaves_is_told_by_the_budget_that_holds_it() {
    let mut limiter = RateLimiter::new(&Limits::documented(), 64);
    let start = Instant::now();
    for n in 0..12 {
        let number = limiter.ask(Priority::Background, true);
        let at = start + milliseconds(n * 100);
        limiter.take(number, at).unwrap();
        limiter.ended(true, PermitEnd::Answered, at);
    }
    let now = start + SECOND * 2;
    assert_eq!(limiter.waits(now), None, "nothing waits");
    limiter.ask(Priority::Background, true);
    let wait =
        LimiterPause { until: start + SECOND * 5, why: "the server allows 12 reads in 5 s".to_owned() };
    assert_eq!(limiter.waits(now), Some(wait));
    limiter.ask(Priority::Job, false);
    assert_eq!(limiter.waits(now), None, "a change can leave");
}
