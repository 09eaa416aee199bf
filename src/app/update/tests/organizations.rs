//! Going to another organization.

use super::*;
use crate::model::context::KnownContext;
use crate::model::failure::{Cause, Failure};

fn is_places(work: &Request) -> bool {
    matches!(work, Request::Organizations)
}

fn other() -> Organization {
    Organization { id: "ffff00001111".into(), name: "Other Inc".into(), ..organization() }
}

/// The box is open and the organizations of the person are known. One of them has a profile.
fn opened() -> Bench {
    let mut bench = Bench::new();
    let here =
        Context { base_url: "https://a.example/api".into(), org: organization().id, ..Context::default() };
    let work = Context { profile: Some("work".into()), org: other().id, read_only: true, ..here.clone() };
    (bench.state.setup.here, bench.state.setup.places) = (here, vec![work]);
    bench.keys("P");
    bench.answer(is_places, Response::Organizations(Ok(vec![organization(), other()])));
    bench
}

/// Where the program was told to go.
fn gone(bench: &Bench) -> Vec<&Context> {
    let wanted = bench.wanted.iter();
    wanted
        .filter_map(|effect| if let Effect::SwitchOrganization(place) = effect { Some(place) } else { None })
        .collect()
}

#[test]
fn an_organization_is_gone_to_by_its_profile_with_the_terms_of_that() {
    let mut bench = opened();
    bench.keys("O t h e r enter");
    let profiles: Vec<_> =
        gone(&bench).iter().map(|place| (place.profile.clone(), place.read_only)).collect();
    assert_eq!(profiles, [(Some("work".to_owned()), true)]);
    assert_eq!(bench.notice(), "going to `Other Inc`");
}

#[test]
fn where_one_is_already_one_stays() {
    let mut bench = opened();
    bench.keys("A c m e enter");
    assert!(gone(&bench).is_empty() && bench.state.overlay.is_none());
    assert_eq!(bench.notice(), "`Acme Ltd` is open already");
}

#[test]
fn a_job_is_not_left_behind() {
    let mut bench = opened();
    bench.keys("esc space a");
    bench.look();
    bench.keys("y");
    bench.look();
    assert!(!bench.state.jobs.is_empty());
    bench.keys("P w o r k enter");
    assert!(gone(&bench).is_empty(), "{:?}", bench.wanted);
    assert_eq!(bench.notice(), "jobs of this organization are not over: archive; hint: x cancels");
}

#[test]
fn what_cannot_be_entered_or_read_says_so_and_nothing_is_lost() {
    let mut bench = opened();
    bench.keys("esc space P w o r k enter");
    bench.send(EventKind::Stayed("there is no access token; hint: `tidyfy login`".into()));
    assert_eq!(bench.notice(), "there is no access token; hint: `tidyfy login`");
    assert_eq!(bench.state.marks.total(), 1);
    bench.answer(is_places, Response::Organizations(Err(Failure::new(Cause::TimedOut, "no answer in 30 s"))));
    // The profiles of the config are there all the same.
    bench.keys("enter");
    assert_eq!(gone(&bench).len(), 2);
}

#[test]
fn what_is_typed_before_the_organizations_are_known_is_not_said_to_be_wrong() {
    let mut bench = Bench::new();
    bench.keys("P O t h e r enter");
    assert_eq!(bench.notice(), "still reading which organizations you are in");
    bench.answer(is_places, Response::Organizations(Ok(vec![other()])));
    bench.keys("enter");
    assert_eq!(bench.notice(), "going to `Other Inc`");
}

#[test]
fn where_one_came_from_is_offered_even_if_nothing_can_be_read_here() {
    let mut bench = opened();
    let start = Context { base_url: "https://b.example".into(), org: other().id, ..Context::default() };
    bench.state.setup.visited = vec![KnownContext { place: start.clone(), organization: Some(other()) }];
    bench.state.standing.organization = None;
    bench.keys("esc P O t h e r down enter");
    assert_eq!(gone(&bench), [&start]);
}
