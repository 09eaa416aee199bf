use super::*;

#[test]
fn what_became_of_them_is_told_in_one_sentence() {
    let names = |n: usize| (0..n).map(|n| format!("Thing {n}")).collect::<Vec<_>>();
    let report =
        MarkReport { of: 42, marked: 40, gone: names(2), unreadable: vec![7], ..MarkReport::default() };
    assert_eq!(report.sentence(), "marked 40 of 43: 2 not found, 1 line unreadable (7)");
    assert_eq!(report.details(), ["not found: Thing 0, Thing 1"]);
    let report = MarkReport { of: 3, marked: 3, ..MarkReport::default() };
    assert_eq!((report.sentence().as_str(), report.details().len()), ("marked 3 of 3", 0));
    let why = Some("Forbidden".to_owned());
    let report = MarkReport { of: 31, changed: names(30), unread: names(1), why, ..MarkReport::default() };
    assert_eq!(report.sentence(), "marked 0 of 31: 30 of another state now, 1 could not be looked up");
    let details = report.details();
    assert!(details[0].ends_with("Thing 19, and 10 more"), "{details:?}");
    assert_eq!(details[1], "could not be looked up (Forbidden): Thing 0");
}
