//! The walk against servers that lie.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn read(pagination: &Value) -> PageMeta {
    PageMeta::read(&json!({ "data": [], "meta": { "pagination": pagination } }))
}

#[test]
fn every_shape_of_links_is_understood() {
    for (links, next) in [
        (json!({"next": "https://x/?page=2"}), true),
        (json!({"previous": "https://x", "next": "https://x/?page=2"}), true),
        (json!([{"next": "https://x"}]), true),
        (json!({"next": null}), false),
        (json!({"next": ""}), false),
        (json!({"previous": "https://x"}), false),
        (json!({"prev": "https://x"}), false),
        (json!({}), false),
        (json!([]), false),
        (json!(null), false),
        (json!("x"), false),
    ] {
        assert_eq!(read(&json!({ "total": 1, "links": links })).next, next, "{links}");
    }
    assert!(!read(&json!({"total": 1})).next);
}

#[test]
fn numbers_may_be_strings_and_the_key_capitalised() {
    let numbers = json!({"total": "45", "per_page": "10", "current_page": 2, "total_pages": 5.0});
    let wanted = PageMeta {
        total: Some(45),
        per_page: Some(10),
        current_page: Some(2),
        total_pages: Some(5),
        next: false,
        present: true,
    };
    assert_eq!(read(&numbers), wanted);
    assert_eq!(PageMeta::read(&json!({"meta": {"Pagination": numbers}})), wanted);
}

#[test]
fn missing_and_senseless_numbers_are_absent() {
    let meta = read(&json!({"total": -1, "per_page": 0, "current_page": null, "total_pages": "many"}));
    assert_eq!(meta, PageMeta { present: true, ..PageMeta::default() });
    for body in [
        json!({}),
        json!([]),
        json!({"meta": null}),
        json!({"meta": []}),
        json!({"meta": {"pagination": []}}),
    ] {
        assert_eq!(PageMeta::read(&body), PageMeta::default(), "{body}");
    }
}

fn told(total: u64) -> PageMeta {
    PageMeta { total: Some(total), per_page: Some(10), present: true, ..PageMeta::default() }
}

#[test]
fn the_first_page_is_asked_for_alone_and_the_implied_ones_together() {
    let mut page_walk = PageWalk::new(10);
    assert_eq!((page_walk.next(), page_walk.next(), page_walk.finished()), (Some(1), None, false));
    page_walk.answered(1, 10, 10, &told(35));
    assert_eq!(
        [page_walk.next(), page_walk.next(), page_walk.next(), page_walk.next()],
        [Some(2), Some(3), Some(4), None]
    );
    page_walk.answered(4, 5, 5, &told(35));
    assert_eq!(page_walk.next(), None);
    page_walk.answered(2, 10, 10, &told(35));
    page_walk.answered(3, 10, 10, &told(35));
    assert!(page_walk.finished() && page_walk.next().is_none());
    assert_eq!(
        (page_walk.total(), page_walk.shortfall(35), page_walk.shortfall(30)),
        (Some(35), None, Some(5))
    );
    assert!(page_walk.is_whole(35) && !page_walk.is_whole(30));
}

#[test]
fn a_list_without_meta_is_one_page() {
    let mut page_walk = PageWalk::new(10);
    page_walk.next();
    page_walk.answered(1, 10, 10, &PageMeta::default());
    assert!(page_walk.finished() && page_walk.next().is_none() && page_walk.total().is_none());
}

#[test]
fn a_full_last_page_is_no_proof_of_the_end() {
    let mut page_walk = PageWalk::new(10);
    page_walk.next();
    page_walk.answered(1, 10, 10, &told(10));
    assert_eq!(page_walk.next(), Some(2));
    page_walk.answered(2, 0, 0, &told(10));
    assert!(page_walk.finished());
}

#[test]
fn the_size_the_server_really_uses_counts() {
    let mut page_walk = PageWalk::new(100);
    page_walk.next();
    let echo = PageMeta { per_page: Some(100), total_pages: Some(1), ..told(45) };
    page_walk.answered(1, 10, 10, &echo);
    let asked: Vec<_> = std::iter::from_fn(|| page_walk.next()).collect();
    assert_eq!(asked, [2, 3, 4, 5], "45 rows in pages of 10, whatever the server says its pages hold");
}

#[test]
fn growth_is_followed() {
    let mut page_walk = PageWalk::new(10);
    page_walk.next();
    page_walk.answered(1, 10, 10, &told(15));
    assert_eq!((page_walk.next(), page_walk.next()), (Some(2), None));
    page_walk.answered(2, 10, 10, &told(31));
    assert_eq!((page_walk.next(), page_walk.next(), page_walk.next()), (Some(3), Some(4), None));
}

#[test]
fn a_server_that_serves_one_page_for_ever_is_left() {
    let mut page_walk = PageWalk::new(10);
    let mut asked = 0;
    while let Some(page) = page_walk.next() {
        asked += 1;
        let fresh = if page == 1 { 10 } else { 0 };
        page_walk.answered(page, 10, fresh, &PageMeta { next: true, ..told(u64::MAX) });
    }
    assert!(page_walk.finished() && asked <= 1 + BARREN_PAGES, "{asked} pages");
    assert!(!page_walk.overran());
}

#[test]
fn server_without_an_end_is_left_at_a_bound() {
    for (size, pages) in [(1, MOST_PAGES), (100, 2_500), (50_000, 5)] {
        let mut page_walk = PageWalk::new(100);
        let mut asked = 0;
        while let Some(page) = page_walk.next() {
            asked += 1;
            page_walk.answered(
                page,
                size,
                size,
                &PageMeta { next: true, present: true, ..PageMeta::default() },
            );
        }
        assert_eq!(
            (asked, page_walk.finished(), page_walk.overran()),
            (pages, true, true),
            "{size} rows a page"
        );
        assert!(!page_walk.is_whole(pages * size));
    }
}

#[test]
fn rows_beyond_the_total_are_followed_to_their_end() {
    let mut page_walk = PageWalk::new(10);
    page_walk.next();
    page_walk.answered(1, 10, 10, &told(12));
    assert_eq!(page_walk.next(), Some(2));
    page_walk.answered(2, 5, 5, &told(12));
    assert_eq!(page_walk.next(), Some(3));
    page_walk.answered(3, 0, 0, &told(12));
    assert!(page_walk.finished());
}

fn noted(pages: &[(usize, usize, u64)]) -> ListChanges {
    let mut changes = ListChanges::default();
    for (page, (rows, repeated, total)) in (1..).zip(pages) {
        changes.note(page, (*rows, *repeated), Some(*total), page > 3);
    }
    changes
}

#[test]
fn new_rows_at_the_end_alone_are_no_change() {
    assert_eq!(noted(&[(10, 0, 25), (10, 0, 26), (6, 0, 26)]).found(26), None);
    let change = |page, rows| Some(ListChange { page, rows });
    assert_eq!(noted(&[(10, 0, 25), (10, 0, 26), (5, 0, 26)]).found(25), change(2, 1), "one did not come");
    assert_eq!(noted(&[(10, 0, 25), (10, 0, 25), (4, 0, 24)]).found(24), change(3, 1), "the total went down");
    assert_eq!(noted(&[(10, 0, 25), (10, 2, 27), (7, 0, 27)]).found(25), change(2, 2), "rows came twice");
    assert_eq!(
        noted(&[(10, 0, 30), (10, 0, 30), (10, 0, 30), (10, 10, 30)]).found(30),
        None,
        "the last again"
    );
    assert_eq!(noted(&[(10, 0, 20), (10, 0, 20), (0, 0, 0)]).found(20), None, "an empty page knows of none");
}

/// What a server says of a number that it knows.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Tale {
    Honest,
    Silent,
    TooLow,
    TooHigh,
    Absurd,
}

impl Tale {
    fn told(self, lookup: usize) -> Option<u64> {
        let lookup = lookup as u64;
        match self {
            Self::Honest => Some(lookup),
            Self::Silent => None,
            Self::TooLow => Some(lookup / 2),
            Self::TooHigh => Some(lookup * 2 + 7),
            Self::Absurd => Some(u64::MAX),
        }
    }
}

#[derive(Debug, Clone)]
struct Server {
    rows: usize,
    size: usize,
    total: Tale,
    pages: Tale,
    /// Whether it says how large its pages really are, or repeats what was asked.
    tells_size: bool,
    next: Option<bool>,
    /// Whether it serves its last page again for pages past the end.
    clamps: bool,
}

impl Server {
    fn page(&self, asked_size: usize, page: usize) -> (BTreeSet<usize>, PageMeta) {
        let last = self.rows.div_ceil(self.size).max(1);
        let served = if self.clamps { page.min(last) } else { page };
        let start = (served - 1).saturating_mul(self.size).min(self.rows);
        let rows = (start..(start + self.size).min(self.rows)).collect();
        let meta = PageMeta {
            total: self.total.told(self.rows),
            per_page: Some(if self.tells_size { self.size } else { asked_size }),
            current_page: Some(page),
            total_pages: self.pages.told(last).and_then(|pages| usize::try_from(pages).ok()),
            next: self.next.unwrap_or(served < last),
            present: true,
        };
        (rows, meta)
    }

    /// Whether anything it says can lead to its last row.
    fn gives_itself_away(&self, asked_size: usize) -> bool {
        let size_known = self.tells_size || self.size == asked_size;
        let total_covers = self.total.told(self.rows).is_some_and(|total| total >= self.rows as u64);
        size_known || total_covers || self.next != Some(false)
    }
}

fn tale() -> impl Strategy<Value = Tale> {
    prop_oneof![
        3 => Just(Tale::Honest),
        1 => Just(Tale::Silent),
        1 => Just(Tale::TooLow),
        1 => Just(Tale::TooHigh),
        1 => Just(Tale::Absurd),
    ]
}

fn server() -> impl Strategy<Value = Server> {
    let next = prop_oneof![2 => Just(None), 1 => Just(Some(true)), 1 => Just(Some(false))];
    (0..300_usize, 1..40_usize, tale(), tale(), any::<bool>(), next, any::<bool>()).prop_map(
        |(rows, size, total, pages, tells_size, next, clamps)| Server {
            rows,
            size,
            total,
            pages,
            tells_size,
            next,
            clamps,
        },
    )
}

/// Walks `server` with up to `width` pages under way, answering them in an order that `order` decides.
fn page_walk(server: &Server, asked_size: usize, width: usize, order: &[usize]) -> (BTreeSet<usize>, usize) {
    let mut page_walk = PageWalk::new(asked_size);
    let (mut seen, mut asked, mut open) = (BTreeSet::new(), 0, Vec::new());
    for turn in 0.. {
        while open.len() < width
            && let Some(page) = page_walk.next()
        {
            assert!(page == 1 || asked > 0, "page 1 comes first");
            open.push(page);
            asked += 1;
            assert!(asked < 2_000, "the walk does not end");
        }
        if open.is_empty() {
            break;
        }
        let page = open.remove(order[turn % order.len()] % open.len());
        let (rows, meta) = server.page(asked_size, page);
        let fresh = rows.difference(&seen).count();
        page_walk.answered(page, rows.len(), fresh, &meta);
        seen.extend(rows);
    }
    assert!(page_walk.finished());
    (seen, asked)
}

proptest! {
    #[test]
    fn every_row_that_can_be_reached_is_loaded(
        server in server(),
        echo in any::<bool>(),
        asked_size in 1..60_usize,
        width in 1..17_usize,
        order in prop::collection::vec(0..16_usize, 1..20),
    ) {
        let asked_size = if echo { server.size } else { asked_size };
        let (seen, asked) = page_walk(&server, asked_size, width, &order);
        if server.gives_itself_away(asked_size) {
            prop_assert_eq!(seen.len(), server.rows);
        }
        let needed = server.rows.div_ceil(server.size).max(1);
        // Each of the pages under way may come late, bring something and start the count of barren pages anew.
        let most = needed + (width + 1) * (BARREN_PAGES + 1);
        prop_assert!(asked <= most, "{} pages asked, {} needed", asked, needed);
    }

    #[test]
    fn an_honest_server_is_asked_little_more_than_needed(
        rows in 0..300_usize,
        size in 1..40_usize,
        width in 1..17_usize,
        clamps in any::<bool>(),
        order in prop::collection::vec(0..16_usize, 1..20),
    ) {
        let honest = Server {
            rows, size, total: Tale::Honest, pages: Tale::Honest, tells_size: true, next: None, clamps,
        };
        let (seen, asked) = page_walk(&honest, size, width, &order);
        prop_assert_eq!(seen.len(), rows);
        prop_assert!(asked <= rows.div_ceil(size).max(1) + 1);
    }
}

/// Changes of a list after a page was answered.
#[derive(Debug, Clone, Copy)]
enum Happens {
    Nothing,
    Leaves(prop::sample::Index),
    Comes(prop::sample::Index),
    ComesLast,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        3 => Just(Happens::Nothing),
        1 => any::<prop::sample::Index>().prop_map(Happens::Leaves),
        1 => any::<prop::sample::Index>().prop_map(Happens::Comes),
        1 => Just(Happens::ComesLast),
    ]
}

proptest! {
    #[test]
    fn list_that_hides_a_row_while_it_changes_is_never_complete(
        rows in 0..80_usize,
        size in 1..20_usize,
        width in 1..5_usize,
        order in prop::collection::vec(0..16_usize, 1..20),
        story in prop::collection::vec(happens(), 0..30),
    ) {
        let (mut list, mut born): (Vec<usize>, usize) = ((0..rows).collect(), rows);
        let (mut gone, mut seen, mut open) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        let mut page_walk = PageWalk::new(size);
        let mut total = None;
        for turn in 0.. {
            while open.len() < width && let Some(page) = page_walk.next() {
                open.push(page);
            }
            if open.is_empty() {
                break;
            }
            let page = open.remove(order[turn % order.len()] % open.len());
            let start = ((page - 1) * size).min(list.len());
            let served = &list[start..(start + size).min(list.len())];
            let fresh = served.iter().filter(|row| seen.insert(**row)).count();
            page_walk.answered(page, served.len(), fresh, &PageMeta { per_page: Some(size), ..told(list.len() as u64) });
            total = Some(list.len());
            match story.get(turn).copied().unwrap_or(Happens::Nothing) {
                Happens::Leaves(at) if !list.is_empty() => drop(gone.insert(list.remove(at.index(list.len())))),
                Happens::Comes(at) => list.insert(at.index(list.len() + 1), born),
                Happens::ComesLast => list.push(born),
                _ => {}
            }
            born += 1;
        }
        let is_hidden = (0..rows).any(|row| !gone.contains(&row) && !seen.contains(&row));
        let change = page_walk.changes().found(seen.len() as u64);
        let short = total.is_some_and(|total| total > seen.len());
        prop_assert!(!is_hidden || change.is_some() || short, "a row was missed in silence");
    }

    #[test]
    fn page_walk_of_any_server_ends(
        pages in prop::collection::vec((prop::collection::vec(0..60_u8, 0..12), any::<Option<u8>>(), any::<Option<u8>>(), any::<bool>()), 1..20),
        endless in any::<bool>(),
        per_page in 1..200_usize,
    ) {
        let (mut page_walk, mut seen, mut asked) = (PageWalk::new(per_page), BTreeSet::new(), 0);
        while let Some(page) = page_walk.next() {
            asked += 1;
            prop_assert!(asked <= 60 + pages.len() + BARREN_PAGES * 60, "{} pages", asked);
            let at = if endless { page % pages.len() } else { (page - 1).min(pages.len() - 1) };
            let (rows, total, total_pages, next) = &pages[at];
            let fresh = rows.iter().filter(|row| seen.insert(**row)).count();
            let meta = PageMeta {
                total: total.map(u64::from), total_pages: total_pages.map(usize::from).filter(|n| *n > 0),
                per_page: None, current_page: Some(page), next: *next, present: *next || total.is_some(),
            };
            page_walk.answered(page, rows.len(), fresh, &meta);
        }
        prop_assert!(page_walk.finished());
    }
}
