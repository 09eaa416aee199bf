//! Keeping to the documented limits against a server that enforces them.

use std::time::Duration;

use tidyfy::app::effect::Work;
use tidyfy::app::message::{Fact, Message, Reply};
use tidyfy::model::kind::{Kind, Scope, Verb};
use tidyfy::model::outcome::Outcome;
use tidyfy::model::pacing::Limits;
use tidyfy::sandbox::{Limits as Enforced, Settings};

use super::bench::{Bench, plan, tallied, whole_list};

fn enforcing(scale: usize) -> Settings {
    let latency = Duration::from_millis(60);
    Settings { scale, latency, limits: Enforced::Documented, ..Settings::default() }
}

fn refused(bench: &Bench) -> usize {
    bench.sandbox.requests().iter().filter(|request| request.status == Some(429)).count()
}

#[tokio::test(start_paused = true)]
async fn a_job_beside_a_load_meets_no_refusal_and_neither_waits_for_the_other() {
    let mut bench = Bench::paced(enforcing(6_000), Limits::documented()).await;
    let records = bench.some(Kind::Processes, Scope::Active, 1_000).await;
    // The budgets are whole again.
    tokio::time::sleep(Duration::from_secs(90)).await;
    let job = bench.start(Work::Apply(plan(Verb::Archive, records)));
    let load = bench.start(whole_list(Kind::Tasks, Scope::All));
    let Reply::JobEnded(end) = bench.finish(job).await else { panic!() };
    assert_eq!(tallied(&end), [(Outcome::Done, 1_000)]);
    assert_eq!(refused(&bench), 0);
    let loaded = bench.replies(load).filter(|reply| matches!(reply, Reply::Loaded(Ok(_)))).count();
    assert_eq!(loaded, 1, "the load had its share while the job ran");
    let started = |message: &&Message| matches!(message.fact, Fact::Reply(of, Reply::Started) if of == job);
    let span = bench.told.last().unwrap().at.since(bench.told.iter().find(started).unwrap().at);
    // 600 in the first 60 s, and 140 in each 10 s after that.
    let least = Duration::from_secs(80);
    assert!(span >= least && span < least + least / 5, "{span:?}");
}

#[tokio::test(start_paused = true)]
async fn what_a_person_waits_for_overtakes_a_load() {
    let mut bench = Bench::paced(enforcing(6_000), Limits::documented()).await;
    let load = bench.start(whole_list(Kind::Processes, Scope::All));
    let pages =
        |bench: &Bench| bench.replies(load).filter(|reply| matches!(reply, Reply::Page { .. })).count();
    while pages(&bench) < 24 {
        bench.hear().await;
    }
    let record = bench.records(load).remove(0);
    let asked = bench.told.last().unwrap().at;
    let read = bench.start(Work::Read(record));
    bench.finish(read).await;
    let answered = bench.told.last().unwrap().at;
    assert!(answered.since(asked) <= Duration::from_millis(5_300), "{:?}", answered.since(asked));
    bench.finish(load).await;
    assert_eq!(refused(&bench), 0);
    let took = bench.told.last().unwrap().at.tick;
    let least = Limits::documented().time_for(0, pages(&bench) + 1);
    assert!(took >= least && took.mul_f64(0.95) <= least, "{took:?} of {least:?}");
    let is_shown = |fact: &Fact| matches!(fact, Fact::Budget(Some(left)) if left.of == 12);
    assert!(bench.told.iter().any(|message| is_shown(&message.fact)));
}

#[tokio::test(start_paused = true)]
async fn without_limits_of_our_own_the_servers_refusals_are_waited_out() {
    let mut bench = Bench::paced(enforcing(600), Limits::off()).await;
    let (_, plan) = bench.archiving(300).await;
    let ticket = bench.start(Work::Apply(plan));
    let (_, end) = bench.job(ticket).await;
    assert_eq!(tallied(&end), [(Outcome::Done, 300)]);
    assert!(refused(&bench) > 0);
}
