use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, sleep};

use super::*;
use crate::model::limits::Budget;
use crate::worker::http::permits::RateGate;

mod machine;
mod person;
mod server;
mod shared;

const SECOND: Duration = Duration::from_secs(1);

fn milliseconds(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Sends `requests` through `gate`, 24 of them asking at a time, each counted by the server at some instant between its
/// sending and its answer. Answers when they were counted, reads marked.
async fn served(gate: &RateGate, requests: &[(Priority, bool)]) -> Vec<(Instant, bool)> {
    let mut counted: Vec<_> = stream::iter(requests.iter().zip(0..))
        .map(async |((urgency, read), n)| {
            let mut place = gate.place(*urgency, *read).await;
            place.leave();
            sleep(milliseconds(n * 7 % 41)).await;
            let counted = (Instant::now(), *read);
            sleep(milliseconds(n * 13 % 60)).await;
            place.ended(PermitEnd::Answered);
            counted
        })
        .buffer_unordered(24)
        .collect()
        .await;
    counted.sort();
    counted
}

fn most_in_any_window(counted: &[Instant], window: Duration) -> usize {
    let inside = |end: &Instant| counted.iter().filter(|at| **at <= *end && *end - **at < window).count();
    counted.iter().map(inside).max().unwrap_or(0)
}

#[tokio::test(start_paused = true)]
async fn the_server_never_counts_more_than_the_limits_allow() {
    let gate = RateGate::new(&Limits::documented(), 16);
    let mix = |n: usize| match n % 9 {
        0 => (Priority::Urgent, true),
        4 => (Priority::Background, true),
        _ => (Priority::Job, false),
    };
    let requests: Vec<_> = (0..900).map(mix).collect();
    let counted = served(&gate, &requests).await;
    let all: Vec<_> = counted.iter().map(|(at, _)| *at).collect();
    let reads: Vec<_> = counted.iter().filter(|(_, read)| *read).map(|(at, _)| *at).collect();
    assert_eq!((all.len(), reads.len()), (900, 200));
    assert!(most_in_any_window(&all, SECOND * 10) <= 140);
    assert!(most_in_any_window(&all, SECOND * 60) <= 600);
    assert!(most_in_any_window(&reads, SECOND * 5) <= 12);
}

#[tokio::test(start_paused = true)]
async fn the_allowed_rate_is_used_up() {
    for (count, seconds, reads, requests) in
        [(140, 10, false, 1400), (600, 60, false, 3000), (12, 5, true, 240)]
    {
        let budget = Budget { count, window: SECOND * seconds };
        let mut limits = Limits::off();
        if reads {
            limits.reads.push(budget);
        } else {
            limits.all.push(budget);
        }
        let gate = RateGate::new(&limits, 16);
        let start = Instant::now();
        let counted = served(&gate, &vec![(Priority::Job, reads); requests + count]).await;
        let windows = u32::try_from(requests / count).unwrap();
        let taken = counted.iter().filter(|(at, _)| *at < start + budget.window * windows).count();
        assert!(
            taken <= requests && taken * 100 >= requests * 95,
            "{count} in {seconds} s: {taken} of {requests}"
        );
    }
}

/// The order in which requests leave one by one.
fn order(limiter: &mut RateLimiter, mut waiting: Vec<(char, u64)>, now: Instant) -> String {
    let mut left = String::new();
    while let Some(at) = waiting.iter().position(|(_, number)| limiter.take(*number, now).is_ok()) {
        left.push(waiting.remove(at).0);
        limiter.ended(false, PermitEnd::Answered, now);
    }
    left
}

#[tokio::test]
async fn urgent_goes_first_and_a_job_takes_turns_with_the_background() {
    let mut limiter = RateLimiter::new(&Limits::off(), 1);
    let mut waiting = Vec::new();
    for (name, urgency) in [
        ('b', Priority::Background),
        ('c', Priority::Background),
        ('j', Priority::Job),
        ('k', Priority::Job),
        ('l', Priority::Job),
        ('u', Priority::Urgent),
    ] {
        waiting.push((name, limiter.ask(urgency, false)));
    }
    assert_eq!(order(&mut limiter, waiting, Instant::now()), "ujbkcl");
}

#[tokio::test]
async fn a_read_without_a_place_does_not_hold_a_job_back() {
    let limits = Limits { all: vec![], reads: vec![Budget { count: 1, window: SECOND }] };
    let mut limiter = RateLimiter::new(&limits, 16);
    let now = Instant::now();
    let reads = [limiter.ask(Priority::Urgent, true), limiter.ask(Priority::Urgent, true)];
    let job = limiter.ask(Priority::Job, false);
    assert_eq!(limiter.take(reads[0], now), Ok(()));
    assert_eq!(limiter.take(reads[1], now), Err(Delay::AfterChange));
    assert_eq!(limiter.take(job, now), Ok(()));
    limiter.ended(true, PermitEnd::Answered, now);
    assert_eq!(limiter.take(reads[1], now), Err(Delay::At(now + SECOND)));
    assert_eq!(limiter.take(reads[1], now + SECOND), Ok(()));
}

#[tokio::test]
async fn no_more_than_allowed_are_under_way_together_and_fewer_after_a_refusal() {
    let mut limiter = RateLimiter::new(&Limits::off(), 4);
    let start = Instant::now();
    let mut now = start;
    let leave = |limiter: &mut RateLimiter, now| {
        let number = limiter.ask(Priority::Job, false);
        let taken = limiter.take(number, now).is_ok();
        limiter.withdraw(number);
        taken
    };
    assert_eq!((0..6).filter(|_| leave(&mut limiter, now)).count(), 4);
    now += milliseconds(50);
    for _ in 0..4 {
        limiter.throttled(false, start, now, SECOND, "asked");
        limiter.ended(false, PermitEnd::Answered, now);
    }
    assert!(!leave(&mut limiter, now), "nothing leaves during a pause");
    now += SECOND;
    assert_eq!((0..6).filter(|_| leave(&mut limiter, now)).count(), 2, "four refusals together halve once");
    (0..2 * TAKEN + 3 * TAKEN).for_each(|_| limiter.accepted());
    assert_eq!((0..6).filter(|_| leave(&mut limiter, now)).count(), 2, "back at four");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_given_up_leaves_its_place_to_others() {
    let gate = RateGate::new(&Limits::off(), 1);
    let under_way = gate.place(Priority::Job, false).await;
    let mut given_up = Box::pin(gate.place(Priority::Urgent, false));
    let mut next = Box::pin(gate.place(Priority::Background, false));
    tokio::select! {
        biased;
        _ = &mut given_up => panic!("the only place is taken"),
        _ = &mut next => panic!("the only place is taken"),
        () = std::future::ready(()) => {}
    }
    drop(under_way);
    drop(given_up);
    let place = tokio::time::timeout(SECOND, next).await;
    assert!(place.is_ok());
}
