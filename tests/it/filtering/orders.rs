//! Orders, alone and together with a filter, scopes, ranges and marks.

use std::cmp::Ordering;

use tidyfy::model::catalog::FieldFormat;
use tidyfy::model::kind::Kind;
use tidyfy::model::query::sortable;
use tidyfy::model::record::{Record, Value};
use tidyfy::model::text::folded;
use tidyfy::sandbox::SandboxSettings;

use super::{filter, held};
use crate::support::{Desk, Wanted};

/// What a row is sorted by.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
enum Key {
    Number(f64),
    Text(String),
    Missing,
}

fn key(desk: &Desk, record: &Record, field: usize) -> Key {
    match (record.value(field), record.kind().row().fields[field].form) {
        (Value::Missing, _) => Key::Missing,
        (Value::Number(number), _) => Key::Number(number),
        (Value::Time(time), _) => Key::Number(time.as_millisecond() as f64),
        (Value::Text(ids), FieldFormat::People) => Key::Text(folded(&desk.state().people.names(ids))),
        (Value::Text(text), _) => Key::Text(folded(text)),
    }
}

/// The rows in order: what compares equal stays as it came, and what has no value is last in both directions.
fn sorted(rows: &[(String, Key)], reverse: bool) -> Vec<String> {
    let mut rows = rows.to_vec();
    rows.sort_by(|(_, one), (_, two)| match (one, two) {
        (Key::Missing, Key::Missing) => Ordering::Equal,
        (Key::Missing, _) => Ordering::Greater,
        (_, Key::Missing) => Ordering::Less,
        (one, two) if reverse => two.partial_cmp(one).unwrap(),
        (one, two) => one.partial_cmp(two).unwrap(),
    });
    rows.into_iter().map(|(id, _)| id).collect()
}

/// Picks the `n`th column to sort by.
async fn sort_by(desk: &mut Desk, n: usize) {
    desk.keys("o g").await;
    for _ in 0..n {
        desk.keys("j").await;
    }
    desk.keys("enter").await;
    desk.rest().await;
}

async fn sort_by_name_of(desk: &mut Desk, name: &str) {
    let kind = desk.state().kind;
    let n = sortable(kind).position(|field| kind.row().fields[field].name == name).unwrap();
    sort_by(desk, n).await;
}

#[tokio::test(start_paused = true)]
async fn every_column_of_every_kind_sorts_by_its_values_and_turns_around() {
    for kind in Kind::ALL {
        let sandbox = SandboxSettings { scale: 240, ..SandboxSettings::default() };
        let mut desk = Desk::with(Wanted { kind, sandbox, ..Wanted::default() }).await;
        if kind.row().archives() {
            desk.keys("s s").await;
            desk.rest().await;
        }
        let rows: Vec<Record> = desk.state().listing().shown_records().collect();
        let ids = desk.ids();
        let mut has_links = false;
        for (n, field) in sortable(kind).enumerate() {
            let name = kind.row().fields[field].name;
            let keys: Vec<_> =
                rows.iter().map(|record| (record.id().to_string(), key(&desk, record, field))).collect();
            has_links |=
                keys.iter().enumerate().any(|(n, (_, one))| keys[..n].iter().any(|(_, two)| one == two));
            sort_by(&mut desk, n).await;
            assert_eq!(desk.ids(), sorted(&keys, false), "{kind:?} by {name}");
            assert!(desk.shows(&format!("sort: {name} ^")), "{}", desk.screen());
            desk.keys("O").await;
            desk.rest().await;
            assert_eq!(desk.ids(), sorted(&keys, true), "{kind:?} by {name}, turned around");
            assert!(desk.shows(&format!("sort: {name} v")), "{}", desk.screen());
            desk.keys("O").await;
        }
        assert!(has_links, "{kind:?}: nothing shows that rows that compare equal stay as they came");
        // The column in force once more returns to the server's order.
        desk.keys("o enter").await;
        desk.rest().await;
        assert_eq!(desk.ids(), ids, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn numbers_and_times_do_not_sort_as_text() {
    let mut desk = Desk::open().await;
    sort_by_name_of(&mut desk, "progress").await;
    let percent = |id: &String| held(&desk, id)["progress"]["percent"].as_f64().unwrap();
    let shares: Vec<f64> = desk.ids().iter().map(percent).collect();
    assert!(shares.is_sorted() && shares.contains(&0.0) && shares.contains(&100.0), "{shares:?}");
    assert!(shares.iter().any(|share| (1.0..100.0).contains(share)));
}

#[tokio::test(start_paused = true)]
async fn a_filter_and_an_order_hold_together_whichever_comes_first() {
    let mut desk = Desk::open().await;
    let updated = |desk: &Desk, id: &String| held(desk, id)["last_updated"].as_str().unwrap().to_owned();
    let is_open = |desk: &Desk, id: &String| held(desk, id)["status"] == "active";
    let mut meant: Vec<_> = desk.ids().into_iter().filter(|id| is_open(&desk, id)).collect();
    meant.sort_by_key(|id| std::cmp::Reverse(updated(&desk, id)));
    assert!(meant.len() > 5);

    filter(&mut desk, "status:active").await;
    sort_by_name_of(&mut desk, "updated").await;
    desk.keys("O").await;
    desk.rest().await;
    assert_eq!(desk.ids(), meant);
    // The cursor stays with its record when the filter goes.
    desk.keys("g j j").await;
    let under = desk.state().under_cursor().unwrap().id().to_string();
    assert_eq!(under, meant[2]);
    desk.keys("esc").await;
    desk.rest().await;
    let all = desk.ids();
    assert!(all.len() > meant.len() && all.is_sorted_by_key(|id| std::cmp::Reverse(updated(&desk, id))));
    assert_eq!(desk.state().under_cursor().unwrap().id().to_string(), under);
    filter(&mut desk, "status:active").await;
    assert_eq!(desk.ids(), meant);
    assert!(desk.shows("filter: status:active ") && desk.shows("sort: updated v"), "{}", desk.screen());
    desk.keys("* a").await;
    desk.rest().await;
    let mut planned: Vec<_> =
        desk.plan().unwrap().steps.iter().map(|step| step.record.id().to_string()).collect();
    planned.sort();
    meant.sort();
    assert_eq!(planned, meant);
}

#[tokio::test(start_paused = true)]
async fn filter_order_and_scope_are_kept_per_kind() {
    let mut desk = Desk::open().await;
    filter(&mut desk, "onboarding").await;
    sort_by_name_of(&mut desk, "owner").await;
    let active = desk.ids();
    desk.keys("s").await;
    desk.rest().await;
    let archived = desk.ids();
    assert!(desk.shows("filter: onboarding ") && desk.shows("sort: owner ^"), "{}", desk.screen());
    assert!(!archived.is_empty() && archived.iter().all(|id| !active.contains(id)));
    for id in &archived {
        let row = held(&desk, id);
        assert!(
            row["archived_at"].is_string() && folded(row["name"].as_str().unwrap()).contains("onboarding")
        );
    }
    desk.keys("3").await;
    desk.rest().await;
    assert!(!desk.shows("filter: ") && !desk.shows("sort: "), "{}", desk.screen());
    filter(&mut desk, "review").await;
    let tasks = desk.ids();
    desk.keys("1").await;
    desk.rest().await;
    assert_eq!(desk.ids(), archived);
    desk.keys("3").await;
    desk.rest().await;
    assert_eq!(desk.ids(), tasks);
    assert!(desk.shows("filter: review "), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn a_range_ends_when_filter_order_or_scope_change() {
    for change in ["/ e", "o enter", "s"] {
        let mut desk = Desk::open().await;
        desk.keys("j v j j").await;
        let in_range = |desk: &Desk| {
            desk.screen().lines().any(|line| [" + ", " +  "].contains(&&line[..3.min(line.len())]))
        };
        assert!(in_range(&desk), "{}", desk.screen());
        desk.keys(change).await;
        desk.rest().await;
        assert!(!in_range(&desk), "{change}\n{}", desk.screen());
        if change.starts_with('/') {
            desk.keys("enter").await;
        }
        desk.keys("space").await;
        assert_eq!(desk.marked().len(), 1, "{change}\n{}", desk.screen());
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_filter_hides_stays_marked_and_is_seen_among_the_marked() {
    let mut desk = Desk::open().await;
    let all = desk.rows();
    desk.keys("space space space space space").await;
    let marked = desk.marked();
    filter(&mut desk, &format!("\"{}\"", all[1])).await;
    assert_eq!((desk.rows(), desk.marked()), (vec![all[1].clone()], marked.clone()));
    assert!(desk.shows("5 marked (4 hidden)"), "{}", desk.screen());
    // Turning the marks around touches only what matches.
    desk.keys("~").await;
    desk.rest().await;
    assert_eq!(desk.marked().len(), 4);
    assert!(!desk.marked().contains(&all[1]));
    desk.keys("~ m").await;
    desk.rest().await;
    assert!(marked.iter().all(|name| desk.shows(name)), "{}", desk.screen());
    desk.keys("m").await;
    desk.rest().await;
    assert_eq!(desk.rows(), vec![all[1].clone()]);
    assert!(desk.shows("5 marked (4 hidden)"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn no_term_on_time_lets_through_what_has_no_such_time() {
    let mut desk = Desk::open().await;
    assert!(desk.ids().iter().all(|id| held(&desk, id)["archived_at"].is_null()));
    for term in
        ["archived:>30d", "-archived:>30d", "archived<2030-01-01", "-archived<2030-01-01", "archived:<1h"]
    {
        filter(&mut desk, term).await;
        assert_eq!(desk.ids(), Vec::<String>::new(), "{term}");
        assert!(desk.shows("0 match") && !desk.shows("unknown for"), "{term}\n{}", desk.screen());
        assert!(desk.shows("nothing matches the filter"), "{term}\n{}", desk.screen());
        desk.keys("* a").await;
        assert!(desk.plan().is_none() && desk.marked().is_empty(), "{term}\n{}", desk.screen());
    }
}
