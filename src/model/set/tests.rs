use super::*;

fn list(source: &str) -> (Vec<String>, Vec<u64>) {
    let opened = Opened::list("ids".to_owned(), source, Kind::Processes);
    let told = |entry: &Entry| format!("{}:{}", entry.kind.row().slug, entry.id);
    (opened.entries.iter().map(told).collect(), opened.unreadable)
}

#[test]
fn ids_stand_one_a_line() {
    let source = "a1\r\n\r\n  b2  \n# a comment\ntag:c3\n../x\na1\nhttps://go.tallyfy.com/acme/process/d4?tab=1\n\
                  https://go.tallyfy.com/e5/\nana@x.example\nnot an id\n";
    let ids = [
        "processes:a1",
        "processes:b2",
        "tags:c3",
        "processes:d4",
        "processes:e5",
        "processes:ana@x.example",
    ];
    assert_eq!(list(source), (ids.map(str::to_owned).to_vec(), vec![6, 11]));
    assert_eq!(list(""), (vec![], vec![]));
    assert_eq!(list("\u{0}\n"), (vec![], vec![1]));
    assert_eq!(list("\r\n\r\n#\r\n?\r\n\r\n!\r\n#").1, [4, 6]);
}

#[test]
fn tables_say_which_column_holds_them() {
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let source = "name,ID,kind\n\"a, \"\"b\"\"\nc\",a1,template\nx,b2,\ny,c3,robot\n";
    assert_eq!(list(source), (ids(&["templates:a1", "processes:b2"]), vec![5]));
    let source = "a1;Some name;x\nb2;\"Other;name\"\n";
    assert_eq!(list(source), (ids(&["processes:a1", "processes:b2"]), vec![]));
    assert_eq!(list("kind\tid\ntask\ta1\n"), (ids(&["tasks:a1"]), vec![]));
    assert_eq!(list("id\na1\n"), (ids(&["processes:a1"]), vec![]));
}

#[test]
fn what_became_of_them_is_told_in_one_sentence() {
    let names = |n: usize| (0..n).map(|n| format!("Thing {n}")).collect::<Vec<_>>();
    let report = Report { of: 42, marked: 40, gone: names(2), unreadable: vec![7], ..Report::default() };
    assert_eq!(report.sentence(), "marked 40 of 43: 2 not found, 1 line unreadable (7)");
    assert_eq!(report.details(), ["not found: Thing 0, Thing 1"]);
    let report = Report { of: 3, marked: 3, ..Report::default() };
    assert_eq!((report.sentence().as_str(), report.details().len()), ("marked 3 of 3", 0));
    let why = Some("Forbidden".to_owned());
    let report = Report { of: 31, changed: names(30), unread: names(1), why, ..Report::default() };
    assert_eq!(report.sentence(), "marked 0 of 31: 30 of another state now, 1 could not be looked up");
    let details = report.details();
    assert!(details[0].ends_with("Thing 19, and 10 more"), "{details:?}");
    assert_eq!(details[1], "could not be looked up (Forbidden): Thing 0");
}

#[test]
fn a_stray_quotation_mark_takes_no_other_line_with_it() {
    let ids = |ids: &[&str]| ids.iter().map(|id| format!("processes:{id}")).collect::<Vec<_>>();
    assert_eq!(list("a1\n\"b2\nc3\nd4\n"), (ids(&["a1", "c3", "d4"]), vec![2]));
    // One that a later one seems to close.
    assert_eq!(list("a1\n\"b2\nc3\n\"d4\ne5\n"), (ids(&["a1", "c3", "e5"]), vec![2, 4]));
    // In another column than the ids'.
    assert_eq!(list("a1,\"x\nb2,y\nc3,5\" pipe\n"), (ids(&["b2", "c3"]), vec![1]));
    assert_eq!(list("\"a1\"\n\"b2\",\"x\n#y\"\nc3"), (ids(&["a1", "b2", "c3"]), vec![]));
}

/// What `e` writes is a list that `:mark` reads.
#[test]
fn an_id_that_was_made_harmless_for_spreadsheets_is_still_that_id() {
    let id = text::harmless("+ana@x.example");
    let opened = Opened::list("ids".to_owned(), &format!("kind,id\nguests,{id}\n"), Kind::Tags);
    assert_eq!(opened.entries[0].id, Id::new("+ana@x.example").unwrap());
}
