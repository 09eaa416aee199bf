//! Any requests, any latencies: never over the limit when alone, and never slower for what the server says.

use futures_util::future::join_all;
use proptest::prelude::*;

use super::server::{Server, Window};
use super::*;

/// A tenth of what is documented, so that few requests meet every limit often.
const TENTH: [Window; 3] = [
    (14, Duration::from_secs(10), false),
    (60, Duration::from_secs(60), false),
    (2, Duration::from_secs(5), true),
];

/// A request: after how long it is asked for, who waits, whether it reads, its way to the server and back, and whether
/// it is given up on that way.
type Wish = (u64, u8, bool, (u64, u64), bool);

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    let latency =
        prop_oneof![8 => (0u64..60, 0u64..60), 2 => (0u64..400, 0u64..400), 1 => (0u64..1_900, 0u64..2_500)];
    let request = (0u64..20_000, 0u8..3, prop::bool::weighted(0.2), latency, prop::bool::weighted(0.05));
    prop::collection::vec(request, 1..120)
}

fn limits() -> Limits {
    let budget = |(count, window, _)| Budget { count, window };
    let [ten, minute, reads] = TENTH.map(budget);
    Limits { all: vec![ten, minute], reads: vec![reads] }
}

/// Sends all of it, and answers how long that took and how many were turned away.
fn run(wishes: &[Wish], speaks: bool) -> (Duration, usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(async {
        let gate = RateGate::new(&limits(), 16);
        let server = Server::new(&TENTH, speaks);
        let start = Instant::now();
        join_all(wishes.iter().map(async |(after, who, read, ways, given_up)| {
            sleep(milliseconds(*after)).await;
            let urgency = [Priority::Urgent, Priority::Job, Priority::Background][usize::from(*who)];
            if !given_up {
                return server.send(&gate, urgency, *read, *ways).await;
            }
            let mut place = gate.place(urgency, *read).await;
            place.leave();
            // Nobody waits for it any more, and it arrives all the same.
            drop(place);
            sleep(milliseconds(ways.0)).await;
            assert!(server.count(*read).is_ok(), "one that was given up is counted too");
        }))
        .await;
        (start.elapsed(), server.refusals().len())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn alone_nothing_is_ever_turned_away_and_what_remains_holds_nothing_back(wishes in wishes()) {
        let silent = run(&wishes, false);
        prop_assert_eq!(silent.1, 0);
        prop_assert_eq!(run(&wishes, true), silent);
    }
}
