//! Which connections requests go by after one has failed.

use std::sync::atomic::Ordering;

use tidyfy::app::effect::Request;
use tidyfy::model::kind::{Action, Kind, Scope};
use tidyfy::model::outcome::Outcome::{Done, Failed};
use tidyfy::sandbox::{Fault, FaultEffect};

use super::bench::{Bench, plan};
use crate::contract::connections::counted;

#[tokio::test]
async fn change_that_met_no_proper_answer_is_read_back_on_a_new_connection() {
    let answer = |apply| FaultEffect::Answer { status: 502, body: None, headers: Default::default(), apply };
    for (fault_effect, outcome, new) in [
        (FaultEffect::None, Done, 0),
        (answer(true), Done, 1),
        (answer(false), Failed, 1),
        (FaultEffect::ResetAfter, Done, 1),
        (FaultEffect::Truncated, Done, 1),
    ] {
        let mut bench = Bench::plain().await;
        let host = bench.sandbox.base_url().replace("http://", "").replace("/api", "");
        let (base, connections) = counted(host).await;
        let (organization, token) = (bench.sandbox.org().to_owned(), bench.sandbox.token().to_owned());
        bench.aim(&base, &organization, &token);
        let records = bench.some(Kind::Processes, Scope::Active, 1).await;
        let before = connections.load(Ordering::Relaxed);
        bench.sandbox.set_faults(vec![Fault::on("DELETE", "/runs/", fault_effect.clone())]);
        let request_id = bench.start(Request::RunJob(plan(Action::Archive, records)));
        let (steps, _) = bench.job(request_id).await;
        assert_eq!(steps[0].0, outcome, "{fault_effect:?}: {steps:?}");
        assert_eq!(connections.load(Ordering::Relaxed) - before, new, "{fault_effect:?}");
    }
}
