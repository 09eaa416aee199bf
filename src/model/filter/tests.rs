//! The language, form by form.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::model::catalog::{BETWEEN, FieldFormat};
use crate::model::id::Id;
use crate::model::record::{Draft, Record};

mod completion;
mod properties;
mod server_queries;

const NOW: &str = "2026-03-31T12:00:00Z";

fn zone() -> Zone {
    Zone::new(TimeZone::get("Europe/Berlin").unwrap())
}

fn parsed(kind: Kind, source: &str) -> Filter {
    Filter::parse(kind, source, &zone()).unwrap_or_else(|bad| panic!("{source}: {bad}"))
}

fn people() -> Members {
    let members = [("2044", "Mia Øst"), ("7", "Ana Lima"), ("8", "Hanna Ott")];
    Members::new(members.map(|(id, name)| (id.to_owned(), name.to_owned())))
}

/// A record of the values given as words: numbers, times and names are read as their field says.
fn record(kind: Kind, id: &str, values: &[(&str, &str)]) -> Record {
    let draft = |field: &crate::model::catalog::Field| {
        let value = values.iter().find(|(name, _)| *name == field.name).map(|(_, value)| *value);
        value.map_or(Draft::Missing, |value| match field.form {
            FieldFormat::Number | FieldFormat::Percent | FieldFormat::Length | FieldFormat::Bytes
                if value.parse::<f64>().is_ok() =>
            {
                Draft::Number(value.parse().unwrap())
            }
            FieldFormat::Time if value.parse::<Timestamp>().is_ok() => Draft::Time(value.parse().unwrap()),
            FieldFormat::Names => Draft::Text(value.replace('|', &BETWEEN.to_string())),
            _ => Draft::Text(value.to_owned()),
        })
    };
    Record::new(kind, Id::new(id).unwrap(), kind.row().fields.iter().map(draft).collect())
}

/// Whether a record matches, and the names of the fields that keep it from being decided.
fn judged(source: &str, record: &Record) -> (bool, Vec<&'static str>) {
    let (filter, people) = (parsed(record.kind(), source), people());
    let mut matcher = Matcher::new(&filter, &people, NOW.parse().unwrap());
    let passes = matcher.lets_through(record);
    let name = |(field, rows): (usize, usize)| {
        assert_eq!(rows, 1);
        record.kind().row().fields[field].name
    };
    (passes, matcher.unknown().into_iter().map(name).collect())
}

const HEX: &str = "5d0c2a9be1f34a7788c1d2e3f4a5b6c7";

fn process() -> Record {
    let values = [
        ("name", "Onboarding - Zoë \"GmbH\" 12:30"),
        ("template", "Client onboarding"),
        ("status", "completed"),
        ("progress", "37.5"),
        ("owner", "2044"),
        ("updated", "2026-01-15T10:00:00Z"),
        ("archived", "2026-03-01T23:30:00Z"),
        ("tag", "Keep it|Q3, late"),
        ("folder", ""),
    ];
    record(Kind::Processes, HEX, &values)
}

#[test]
fn each_form_matches_what_it_says() {
    let process = process();
    for (source, passes) in [
        ("", true),
        ("   ", true),
        ("zoe", true),
        ("ZOË onb", true),
        ("\"zoe \"", true),
        ("\"onboarding zoe\"", false),
        ("obzo", false),
        ("~obzo", true),
        ("~\"ob gm\"", true),
        ("-~obzo", false),
        ("-zoe", false),
        ("-acme", true),
        ("\"-\"", true),
        ("-\"-\"", false),
        ("\"\"\"gmbh\"\"\"", true),
        ("12:30", true),
        ("12:31", false),
        ("\"status:completed\"", false),
        ("name:zoe", true),
        ("title:board", true),
        ("filename:zoe", true),
        ("name=zoe", false),
        ("name=\"onboarding - zoe \"\"gmbh\"\" 12:30\"", true),
        ("status:complete", true),
        ("STATUS:Complete", true),
        ("status=complete", false),
        ("status:=completed", true),
        ("template:onb", true),
        ("template:boarding", false),
        ("template:\"client onb\"", true),
        ("blueprint:client", true),
        ("-template:client", false),
        ("owner:mia", true),
        ("owners:ost", true),
        ("owner:ia", false),
        ("owner:204", true),
        ("owner=2044", true),
        ("owner=\"mia ost\"", true),
        ("owner=mia", false),
        ("-owner:ana", true),
        ("id:5d0c", true),
        ("id:0c2a", false),
        (&format!("id={HEX}"), true),
        ("id=5d0c", false),
        ("tag:keep", true),
        ("tag:it", true),
        ("tag=keep", false),
        ("tags=\"keep it\"", true),
        ("tag=\"q3, late\"", true),
        ("-tag:keep", false),
        ("-tag:other", true),
        ("folder:legal", false),
        ("-folder:legal", true),
        ("progress:37.5", true),
        ("progress=37.5%", true),
        ("progress:37", false),
        ("progress:38", true),
        ("progress>37", true),
        ("progress:>=37.5", true),
        ("progress<=37.5", true),
        ("progress<37.5", false),
        ("-progress<37.5", true),
    ] {
        assert_eq!(judged(source, &process), (passes, vec![]), "{source}");
    }
}

#[test]
fn times_compare_with_days_months_and_years_of_the_zone_and_with_ages() {
    let process = process();
    for (source, passes) in [
        ("updated:2026-01-15", true),
        ("updated=2026-01", true),
        ("updated:2026", true),
        ("updated<2026-01-15", false),
        ("updated<=2026-01-15", true),
        ("updated>=2026-01-15", true),
        ("updated>2026-01-15", false),
        ("updated>2026-01-14", true),
        ("updated<2026-02", true),
        ("updated:<2026", false),
        // Half past eleven at night is the next day in Berlin.
        ("archived:2026-03-02", true),
        ("archived:2026-03-01", false),
        ("archived:<30d", true),
        ("archived:>29d", true),
        ("archived>30d", false),
        ("archived:>1m", false),
        ("archived:>=4w", true),
        ("archived:<720h", true),
        ("updated:>2m", true),
        ("updated:<1y", true),
        ("-updated:<1y", false),
        ("updated:>9999y", false),
        ("older:75d", true),
        ("older:76d", false),
        ("-older:76d", true),
    ] {
        assert_eq!(judged(source, &process), (passes, vec![]), "{source}");
    }
}

#[test]
fn an_age_is_counted_from_the_very_instant() {
    let at = |time: &str| record(Kind::Groups, "1", &[("name", "x"), ("updated", time)]);
    let (before, exact, after) =
        (at("2026-03-30T11:59:59Z"), at("2026-03-30T12:00:00Z"), at("2026-03-30T12:00:01Z"));
    for (source, wanted) in [
        ("updated:>24h", [true, false, false]),
        ("updated:>=24h", [true, true, false]),
        ("updated:<24h", [false, false, true]),
        ("updated:<=24h", [false, true, true]),
        ("older:24h", [true, true, false]),
    ] {
        assert_eq!([&before, &exact, &after].map(|record| judged(source, record).0), wanted, "{source}");
    }
    // Clocks were put forward two days before, so that a week by the calendar is an hour short.
    let week = at("2026-03-24T12:30:00Z");
    assert_eq!((judged("older:1w", &week).0, judged("older:168h", &week).0), (true, false));
    let to_come = at("2027-01-01T00:00:00Z");
    assert!(judged("updated:<1d", &to_come).0 && !judged("older:1h", &to_come).0);
}

#[test]
fn older_looks_at_when_it_changed_else_was_made_else_was_uploaded() {
    let (old, young) = ("2020-01-01T00:00:00Z", "2026-03-30T00:00:00Z");
    let task = record(Kind::Tasks, "1", &[("updated", old), ("created", young)]);
    assert_eq!(judged("older:1y", &task), (true, vec![]));
    let task = record(Kind::Tasks, "1", &[("created", old)]);
    assert_eq!(judged("older:1y", &task), (true, vec![]));
    let task = record(Kind::Tasks, "1", &[("updated", "once"), ("created", old)]);
    assert_eq!(judged("older:1y", &task), (false, vec!["updated"]));
    assert!(judged("older:1y", &record(Kind::Files, "1", &[("uploaded", old)])).0);
    assert!(judged("older:1y", &record(Kind::Tags, "1", &[("created", old)])).0);
    for kind in Kind::ALL {
        assert_eq!(judged("older:1y", &record(kind, "1", &[])), (false, vec![]));
        assert_eq!(judged("-older:1y", &record(kind, "1", &[])), (false, vec![]));
    }
}

#[test]
fn what_a_row_does_not_carry_decides_nothing_and_is_told() {
    let bare =
        record(Kind::Processes, "1", &[("name", "bare"), ("progress", "half"), ("owner", "99,1 group")]);
    for (source, unknown) in [
        ("tag:keep", vec!["tag"]),
        ("-tag:keep", vec!["tag"]),
        ("status:x", vec!["status"]),
        ("-status:x", vec!["status"]),
        ("progress>1", vec!["progress"]),
        ("-progress>1", vec!["progress"]),
        ("-owner:mia", vec!["owner"]),
        ("owner:mia", vec!["owner"]),
        ("-tag:a tag:b status:c bare", vec!["status", "tag"]),
        // Something else already speaks against it.
        ("tag:keep other", vec![]),
        ("other tag:keep", vec![]),
        ("updated<2026", vec![]),
        ("-updated<2026", vec![]),
        ("archived:>1d", vec![]),
        ("-archived:>1d", vec![]),
        ("tag:keep updated<2026", vec![]),
    ] {
        assert_eq!(judged(source, &bare), (false, unknown), "{source}");
    }
    for source in ["owner:99", "owner=99", "owner:group"] {
        assert_eq!(judged(source, &bare), (true, vec![]), "{source}");
    }
    let nameless = record(Kind::Processes, "1", &[("tag", &format!("{HEX}|keep"))]);
    assert_eq!(judged("tag:keep", &nameless), (true, vec![]));
    assert_eq!(judged("tag:5d0c", &nameless), (true, vec![]));
    assert_eq!(judged("-tag:other", &nameless), (false, vec!["tag"]));
}

#[test]
fn people_match_by_any_of_them() {
    let task = record(Kind::Tasks, "1", &[("owners", "7,it@vendor.example")]);
    for (source, passes) in [
        ("owners:ana", true),
        ("owner:lima", true),
        ("owners:vendor", true),
        ("owners=it@vendor.example", true),
        ("owners:mia", false),
        ("-owners:mia", true),
        ("-owners:ana", false),
        // `Hanna` does not begin so.
        ("owners:anna", false),
    ] {
        assert_eq!(judged(source, &task), (passes, vec![]), "{source}");
    }
}

#[test]
fn a_record_without_a_name_is_found_by_what_stands_in_its_place() {
    let nameless = record(Kind::Tags, "1", &[]);
    assert_eq!(judged("\"(no name)\"", &nameless), (true, vec![]));
    assert_eq!(judged("acme", &nameless), (false, vec![]));
    assert_eq!(judged("-acme", &nameless), (false, vec!["title"]));
    assert_eq!(judged("-~acme", &nameless), (false, vec!["title"]));
    assert_eq!(judged("-name", &nameless), (false, vec![]));
}

#[test]
fn scripts_without_case_match_too() {
    let named = |name: &str| record(Kind::Tags, "1", &[("title", name)]);
    assert!(judged("族", &named("家族")).0 && !judged("族", &named("家")).0);
    assert!(judged("לו", &named("שלום")).0);
}

#[test]
fn matched_letters_are_told() {
    let matched =
        |source: &str, name: &str| parsed(Kind::Tags, source).matched(name, &mut FuzzyBuffers::default());
    for (source, name, letters) in [
        ("oë", "Zoë", Some(vec![1, 2])),
        ("x", "Zoë", None),
        ("-x o", "Zoë", Some(vec![1])),
        ("-o", "Zoë", None),
        ("-~zë", "Zoë", None),
        ("~zë -~ez", "Zoë", Some(vec![0, 2])),
        ("title:o colour:red", "Zoë", Some(vec![1])),
        ("title=zoe", "Zoë", Some(vec![0, 1, 2])),
        ("title=zo", "Zoë", None),
        ("ue", "Tu\u{308}e", Some(vec![1, 2])),
    ] {
        assert_eq!(matched(source, name), letters, "{source}");
    }
}

#[test]
fn each_error_says_where_and_what_to_type() {
    for (kind, source, at, words) in [
        (
            Kind::Processes,
            "a stat:x",
            2..6,
            "processes have no field `stat`; hint: they have name, template, status",
        ),
        (Kind::Processes, "http://x", 0..4, "as in `\"http:\"`, it is searched for"),
        (Kind::Tasks, "-run:x", 1..4, "tasks have no field `run`"),
        (
            Kind::Tags,
            "archived:>30d",
            0..8,
            "tags have no field `archived`; hint: they have title, colour, created, id",
        ),
        (Kind::Tags, "a<b", 0..1, "no field `a`"),
        (
            Kind::Processes,
            "é status:",
            3..10,
            "nothing stands after `status`; hint: type a value, such as `status:word`",
        ),
        (Kind::Processes, "status:\"\"", 0..9, "nothing stands after `status`"),
        (Kind::Processes, "progress:>=", 0..11, "such as `progress:100`"),
        (Kind::Processes, "older:", 0..6, "such as `older:90d`"),
        (Kind::Processes, "progress:half", 9..13, "`half` is no number; hint: type `progress:50`"),
        (Kind::Processes, "progress:%", 9..10, "is no number"),
        (Kind::Processes, "progress:-5", 9..11, "is no number"),
        (Kind::Templates, "steps>1e9", 6..9, "is no number"),
        (
            Kind::Processes,
            "updated<2026-02-30",
            8..18,
            "`2026-02-30` is not a valid date; hint: type a day as in `updated<2026-01-31`",
        ),
        (Kind::Processes, "updated<yesterday", 8..17, "is not a valid date"),
        (Kind::Processes, "updated:9999", 8..12, "is not a valid date"),
        (Kind::Processes, "updated:2026-1-2", 8..16, "is not a valid date"),
        (Kind::Processes, "updated:d", 8..9, "is not a valid date"),
        (Kind::Processes, "updated:>999999d", 9..16, "`999999d` is not a valid age; hint: type a day"),
        (Kind::Processes, "updated:>99999y", 9..15, "is not a valid age"),
        (
            Kind::Processes,
            "older:6min",
            6..10,
            "`6min` is not a valid age; hint: type `older:90d`: hours, days",
        ),
        (
            Kind::Processes,
            "archived:30d",
            9..12,
            "`30d` is an age, not a day; hint: type `archived:>30d` for longer",
        ),
        (Kind::Processes, "archived=30d", 9..12, "is an age"),
        (Kind::Processes, "older:soon", 6..10, "`soon` is not a valid age; hint: type `older:90d`"),
        (Kind::Processes, "older:2026-01-01", 6..16, "is not a valid age"),
        (
            Kind::Processes,
            "older:>90d",
            5..7,
            "`older` says by itself what is compared; hint: type `older:90d`",
        ),
        (
            Kind::Processes,
            "status<c",
            6..7,
            "`status` is text, which is neither more nor less; hint: type `status:c`",
        ),
        (Kind::Processes, "name:>=c", 4..7, "is text"),
        (Kind::Processes, "id<c", 2..3, "is text"),
        (Kind::Processes, "a \"b c", 2..6, "the quote is not closed; hint: type another `\"`"),
        (Kind::Processes, "template:\"b", 9..11, "the quote is not closed"),
        (
            Kind::Processes,
            "a - b",
            2..3,
            "`-` needs a word right after it; hint: type `-word`, or `\"-\"` to search for it",
        ),
        (Kind::Processes, "~", 0..1, "`~` needs a word right after it"),
        (Kind::Processes, "-~", 0..2, "`~` needs a word"),
        (Kind::Processes, "a \"\"", 2..4, "this holds no letter to search for; hint: type a word"),
        (Kind::Processes, "\u{301}", 0..2, "no letter"),
        (Kind::Processes, "status:\u{301}", 7..9, "holds no letter"),
    ] {
        let bad = Filter::parse(kind, source, &zone()).expect_err(source);
        assert_eq!(bad.at, at, "{source}");
        assert!(bad.words.contains(words), "{source}: {bad}");
        assert!(bad.words.contains("; hint: ") && !bad.words.ends_with('.'), "{source}: {bad}");
    }
}

#[test]
fn what_could_be_no_field_is_a_word() {
    for word in ["12:30", "3<4", "=x", ":", "é:x", "a.b:c", "3q:x", "->", "\"a:b\""] {
        let [Term { test: Test::Name(_) | Test::Fuzzy(_), .. }] = parsed(Kind::Tags, word).terms[..] else {
            panic!("{word}")
        };
    }
}

#[test]
fn includes_are_needed_only_by_terms_on_them() {
    let needs = |source| parsed(Kind::Processes, source).needs().into_iter().collect::<Vec<_>>();
    assert_eq!(needs("a status:b older:1d id:2 \"tag:x\" progress:1"), Vec::<&str>::new());
    assert_eq!(needs("-tag:a folder=b tag:c"), ["folders", "tags"]);
    assert_eq!(parsed(Kind::Templates, "folder:x").needs().into_iter().collect::<Vec<_>>(), ["folder"]);
    assert_eq!(parsed(Kind::Tasks, "tag:x").needs().into_iter().collect::<Vec<_>>(), ["tags"]);
    assert!(Filter::parse(Kind::Tasks, "folder:x", &zone()).is_err());
}

#[test]
fn what_the_help_shows_is_the_language() {
    for (example, meaning) in HELP {
        let is_read =
            |kind: &Kind| example.split("  ").all(|term| Filter::parse(*kind, term, &zone()).is_ok());
        let terms = |term: &str| Kind::ALL.iter().any(|kind| Filter::parse(*kind, term, &zone()).is_ok());
        assert!(Kind::ALL.iter().any(is_read) || example.split("  ").all(terms), "{example}");
        assert!(!meaning.is_empty());
    }
}
