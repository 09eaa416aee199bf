//! How long a person, and how long a job, believes what the server says of its limits.

use tokio::time::timeout;

use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A gate whose server asked for a pause of a day.
fn paused() -> RateGate {
    let gate = RateGate::new(&Limits::off(), 16);
    gate.limiter().hold(Instant::now(), DAY, "asked");
    gate
}

/// A gate whose server said that nothing remains for an hour.
fn used_up() -> RateGate {
    let gate = RateGate::new(&Limits::off(), 16);
    let now = Instant::now();
    let quota = RateLimitHeaders {
        remaining: Some(0),
        resets_in: Some(SECOND * 3_600),
        ..RateLimitHeaders::default()
    };
    gate.limiter().told(true, now, quota, now, SECOND);
    gate.limiter().told(false, now, quota, now, SECOND);
    gate
}

async fn waited(gate: &RateGate, urgency: Priority, read: bool) -> Duration {
    let start = Instant::now();
    drop(gate.place(urgency, read).await);
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn absurd_pause_holds_a_person_for_two_minutes_and_a_job_to_its_end() {
    for (gate, end) in [(paused as fn() -> RateGate, DAY), (used_up, SECOND * 3_600)] {
        for urgency in [Priority::Urgent, Priority::Background] {
            assert_eq!(waited(&gate(), urgency, true).await, BELIEVED);
        }
        for read in [true, false] {
            assert_eq!(waited(&gate(), Priority::Job, read).await, end);
        }
    }
    let gate = RateGate::new(&Limits::off(), 16);
    gate.limiter().hold(Instant::now(), SECOND * 7, "asked");
    assert_eq!(waited(&gate, Priority::Urgent, true).await, SECOND * 7);
}

#[tokio::test(start_paused = true)]
async fn pause_lets_one_read_through_a_minute_when_a_person_asks() {
    for gate in [paused(), used_up()] {
        let ask = || {
            gate.limiter().ask_now(Instant::now());
            gate.changed();
        };
        ask();
        assert_eq!(waited(&gate, Priority::Urgent, true).await, Duration::ZERO);
        ask();
        assert!(timeout(SECOND * 50, gate.place(Priority::Urgent, true)).await.is_err(), "twice in a minute");
        sleep(SECOND * 10).await;
        ask();
        assert!(timeout(SECOND, gate.place(Priority::Job, true)).await.is_err(), "a job has to wait");
        assert_eq!(waited(&gate, Priority::Urgent, true).await, Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn wait_that_is_shown_is_that_of_who_waits() {
    let gate = paused();
    let start = Instant::now();
    let shown = |gate: &RateGate| gate.limiter().waits(Instant::now()).unwrap().until - start;
    assert_eq!(shown(&gate), DAY);
    gate.limiter().ask(Priority::Job, false);
    assert_eq!(shown(&gate), DAY);
    gate.limiter().ask(Priority::Urgent, true);
    assert_eq!(shown(&gate), BELIEVED);
}
