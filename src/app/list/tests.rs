use super::*;
use crate::model::record::Draft;
use crate::model::time::Zone;

fn now() -> Moment {
    Moment::start(jiff::Timestamp::UNIX_EPOCH)
}

fn page(names: std::ops::Range<usize>) -> Arc<Page> {
    let row = |n: usize| (Id::new(&n.to_string()).unwrap(), vec![Draft::Text(format!("tag {n}"))]);
    Arc::new(Page::new(Kind::Tags, names.map(row).collect()))
}

#[test]
fn hidden_marks_are_counted_anew_whenever_marks_or_rows_change() {
    let (mut listing, mut marks) = (Listing::new(Kind::Tags), Selection::default());
    assert_eq!(listing.hidden_among(&marks), 0);
    page(0..6).records().for_each(|record| marks.set(record));
    assert_eq!(listing.hidden_among(&marks), 6);
    listing.begin(RequestId(1), ReloadMode::Anew, ListIncludes::new());
    listing.receive(1, &page(0..3), now());
    assert_eq!(listing.hidden_among(&marks), 3);
    listing.receive(2, &page(2..5), now());
    assert_eq!(listing.hidden_among(&marks), 1);
    let first = Id::new("0").unwrap();
    listing.remove(&first);
    assert_eq!(listing.hidden_among(&marks), 2);
    marks.unset(Kind::Tags, &first);
    assert_eq!(listing.hidden_among(&marks), 1);
    listing.rearrange(Filter::parse(Kind::Tags, "4", &Zone::new(jiff::tz::TimeZone::UTC)).unwrap(), None);
    listing.arranging(RequestId(2));
    listing.arranged(RequestId(2), Some(QueryResult { order: [5].into(), ..QueryResult::default() }));
    assert_eq!((listing.row_of(&Id::new("4").unwrap()), listing.row_of(&first)), (Some(0), None));
    assert_eq!(listing.hidden_among(&marks), 4);
    assert_eq!((marks.clear_or_return(Kind::Tags), listing.hidden_among(&marks)), (0, 0));
    assert_eq!((marks.clear_or_return(Kind::Tags), listing.hidden_among(&marks)), (5, 4));
}

#[test]
fn a_page_that_was_on_its_way_does_not_bring_back_what_has_left() {
    let mut listing = Listing::new(Kind::Tags);
    listing.begin(RequestId(1), ReloadMode::Anew, ListIncludes::new());
    listing.receive(3, &page(0..3), now());
    listing.end(LoadProgress::Done(LoadEnd::default()));
    listing.begin(RequestId(2), ReloadMode::Again, ListIncludes::new());
    listing.remove(&Id::new("1").unwrap());
    listing.receive(4, &page(0..5), now());
    let shown: Vec<_> = listing.shown_records().map(|record| record.id().to_string()).collect();
    assert_eq!(shown, ["0", "2", "3", "4"]);
    listing.begin(RequestId(3), ReloadMode::Again, ListIncludes::new());
    listing.receive(5, &page(0..5), now());
    assert_eq!(listing.shown(), 5);
}

#[test]
fn rows_and_their_places_agree() {
    let mut listing = Listing::new(Kind::Tags);
    listing.begin(RequestId(1), ReloadMode::Anew, ListIncludes::new());
    listing.receive(6, &page(0..5), now());
    listing.receive(7, &page(3..9), now());
    listing.remove(&Id::new("4").unwrap());
    assert_eq!(listing.shown(), 8);
    for row in 0..listing.shown() {
        assert_eq!(listing.row_of(listing.row(row).unwrap().id()), Some(row));
    }
}
