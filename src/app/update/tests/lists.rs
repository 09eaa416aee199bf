//! Lists read in parts: what comes late, from elsewhere, or not at all.

use super::*;
use crate::app::effect::ListIncludes;
use crate::app::list::{Listing, LoadProgress, ReloadMode};
use crate::model::failure::{Cause, Failure};
use crate::model::filter::Filter;
use crate::model::kind::{Kind, Scope};
use crate::model::people::Members;
use crate::model::query;
use crate::model::query::QueryResult;

const UTC: fn() -> Zone = || Zone::new(TimeZone::UTC);

fn is_search(work: &Request) -> bool {
    matches!(work, Request::Search { .. })
}

fn is_list(work: &Request) -> bool {
    matches!(work, Request::List { list: effect::ListRequest { kind: Kind::Processes, .. }, .. })
}

fn is_arrange(work: &Request) -> bool {
    matches!(work, Request::Query(_))
}

/// Processes `Thing from` to `Thing to`.
fn things(range: std::ops::RangeInclusive<usize>) -> Arc<Page> {
    let row = |n: usize| {
        let mut drafts = vec![Draft::Text(format!("Thing {n}"))];
        drafts.resize(Kind::Processes.row().fields.len(), Draft::Missing);
        (Id::new(&format!("{n:032x}")).unwrap(), drafts)
    };
    Arc::new(Page::new(Kind::Processes, range.map(row).collect()))
}

impl Bench {
    /// The first of some pages is here, and everything but the list has been answered.
    fn half() -> Self {
        let mut bench = Self::starting(false);
        let at = bench.open.iter().position(|(_, work)| is_list(work)).unwrap();
        let list = bench.open.remove(at);
        bench.settle();
        bench.open.push(list);
        bench.receive(1, things(1..=5), 500);
        bench
    }

    /// A page of the list that is being read.
    fn receive(&mut self, number: u32, page: Arc<Page>, total: u64) {
        let request_id = self.asked(is_list).expect("no list is being read");
        let (dropped, unreadable) = (0, 0);
        let response =
            Response::Page { number, page, total: Some(total), dropped, unreadable, coverage: vec![] };
        self.send(EventKind::Reply(request_id, response));
    }

    fn arrange(&mut self) {
        while let Some(at) = self.open.iter().position(|(_, work)| is_arrange(work)) {
            let (request_id, work) = self.open.remove(at);
            let Request::Query(request) = work else { unreachable!() };
            let arranged = query::arrange(&request, &|| true, &mut |_| {});
            self.send(EventKind::Reply(request_id, Response::QueryResult(arranged)));
        }
    }

    fn shown(&self) -> Vec<String> {
        self.state.listing().shown_records().map(|record| record.name().to_owned()).collect()
    }

    fn marked(&self) -> Vec<String> {
        self.state.marks.all().map(|mark| mark.record.name().to_owned()).collect()
    }
}

#[test]
fn what_was_searched_for_in_another_scope_is_not_taken_in() {
    let mut bench = Bench::half();
    bench.keys("/ t h enter");
    let search = bench.asked(is_search).expect("nothing was searched for");
    bench.keys("s");
    assert_eq!(bench.state.listing().scope, Scope::Archived);
    // What was on its way, for the live ones.
    bench.send(EventKind::Reply(search, Response::Found(things(7..=7))));
    let at = bench.open.iter().rposition(|(_, work)| is_list(work)).unwrap();
    let (request_id, _) = bench.open.remove(at);
    bench.open.retain(|(_, work)| !is_list(work));
    bench.open.push((request_id, Request::Count(Kind::Tags)));
    bench.send(EventKind::Reply(request_id, Response::Loaded(Ok(LoadEnd::default()))));
    bench.arrange();
    bench.keys("*");
    bench.arrange();
    assert!(bench.state.listing().is_settled());
    assert_eq!(bench.shown(), Vec::<String>::new(), "a live record stands among the archived");
    assert_eq!(bench.marked(), Vec::<String>::new(), "and was marked with all that match");
}

#[test]
fn another_kind_ends_what_was_searched_for() {
    let mut bench = Bench::half();
    bench.keys("/ t h enter");
    let search = bench.asked(is_search).expect("nothing was searched for");
    bench.keys("5");
    let cancelled = |effect: &Effect| matches!(effect, Effect::Cancel(request_id) if *request_id == search);
    assert!(bench.wanted.iter().any(cancelled), "three pages are read before what is shown now");
}

#[test]
fn marking_that_waits_for_an_order_that_breaks_off_marks_nothing() {
    let mut bench = Bench::new();
    bench.keys("/ 3 enter *");
    assert!(bench.state.listing().marking.is_some());
    bench.answer(is_arrange, Response::Panicked(Failure::new(Cause::Bug, "broke off")));
    bench.arrange();
    assert_eq!(bench.marked(), Vec::<String>::new(), "only what matches `3` was to be marked");
}

#[test]
fn an_order_that_is_outdated_and_breaks_off_leaves_the_filter_alone() {
    let mut bench = Bench::new();
    bench.keys("/ 3");
    let outdated = bench.asked(is_arrange).unwrap();
    bench.keys("backspace 4 enter");
    bench.open.retain(|(request_id, _)| *request_id != outdated);
    bench.send(EventKind::Reply(outdated, Response::Panicked(Failure::new(Cause::Bug, "broke off"))));
    bench.arrange();
    assert_eq!(bench.shown(), ["Thing 4"]);
}

#[test]
fn a_search_does_not_bring_back_what_has_left_since_it_was_sent() {
    for ends in [LoadProgress::Stopped, LoadProgress::Done(LoadEnd::default())] {
        let mut listing = Listing::new(Kind::Processes);
        let now = Moment::start(Timestamp::UNIX_EPOCH);
        listing.begin(RequestId(1), ReloadMode::Anew, ListIncludes::new());
        listing.receive(1, &things(1..=5), now);
        listing.search.want(vec![("q", "thing".to_owned())]);
        listing.search.begin(RequestId(2), Duration::ZERO);
        listing.end(ends.clone());
        // A job has archived it.
        listing.remove(&Id::new(&format!("{:032x}", 3)).unwrap());
        listing.find_ahead(&things(3..=3));
        assert_eq!(listing.loaded(), 4, "{ends:?}");
    }
}

#[test]
fn what_was_found_ahead_goes_when_a_whole_reading_does_not_bring_it() {
    let mut listing = Listing::new(Kind::Processes);
    let now = Moment::start(Timestamp::UNIX_EPOCH);
    listing.begin(RequestId(1), ReloadMode::Anew, ListIncludes::new());
    listing.receive(1, &things(1..=5), now);
    listing.find_ahead(&things(99..=99));
    listing.end(LoadProgress::Stopped);
    // All of it is read anew, and the record is not there any more.
    listing.begin(RequestId(2), ReloadMode::Again, ListIncludes::from(["tags"]));
    listing.receive(1, &things(1..=7), now);
    listing.end(LoadProgress::Done(LoadEnd::default()));
    assert!(listing.is_settled());
    assert_eq!(listing.loaded(), 7, "what a complete load did not bring again is not there any more");
}

#[test]
fn a_total_that_cannot_be_is_no_reason_to_fall_over() {
    let mut bench = Bench::half();
    bench.receive(2, things(6..=6), u64::MAX);
    bench.tick += Duration::from_secs(60);
    bench.send(EventKind::Due);
    assert_eq!(bench.state.listing().received(), Some(6));
    let _ = bench.state.listing().limiter(bench.state.now);
}

#[test]
fn what_was_changed_just_now_is_not_old() {
    let time = |text: &str| Draft::Time(text.parse().unwrap());
    let row = Kind::Tasks.row();
    let drafts = row.fields.iter().map(|field| match field.name {
        "title" => Draft::Text("Task".to_owned()),
        "created" => time("2020-01-01T00:00:00Z"),
        "updated" => time("2026-11-20T00:00:00Z"),
        _ => Draft::Missing,
    });
    let record = Record::new(Kind::Tasks, Id::new("7").unwrap(), drafts.collect());
    let now: Timestamp = "2026-11-22T19:05:01Z".parse().unwrap();
    let matches = |record: &Record| {
        let mut listing = Listing::new(Kind::Tasks);
        listing.begin(RequestId(1), ReloadMode::Anew, ListIncludes::new());
        listing.receive(1, &record.alone(), Moment::start(now));
        listing.rearrange(Filter::parse(Kind::Tasks, "older:90d", &UTC()).unwrap(), None);
        let request = listing.wants_arranging(&Arc::new(Members::default()), Moment::start(now)).unwrap();
        let arranged: QueryResult = query::arrange(&request, &|| true, &mut |_| {}).unwrap();
        !arranged.order.is_empty()
    };
    assert!(!matches(&record), "it was changed two days ago");
    assert!(!matches(&record.with_archived(Some(now))), "archiving it just now has not made it old");
}
