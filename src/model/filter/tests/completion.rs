//! What Tab offers.

use super::*;

/// What is offered where `|` stands: what it takes the place of, and the candidates.
fn offered(kind: Kind, typed: &str) -> (String, Vec<String>) {
    let cursor = typed.find('|').unwrap();
    let source = typed.replacen('|', "", 1);
    let values = |field: usize| match kind.row().fields[field].name {
        "status" => ["active", "complete", "complete", "not-started", ""].map(str::to_owned).to_vec(),
        "template" => ["Client onboarding", "Say \"hi\"", ">odd", "plain:x"].map(str::to_owned).to_vec(),
        "progress" | "updated" => vec!["0".to_owned()],
        _ => Vec::new(),
    };
    let Completion { range, candidates } = complete(kind, &source, cursor, &values);
    (source[range].to_owned(), candidates)
}

#[test]
fn names_and_values_are_offered_where_they_fit() {
    for (typed, place, candidates) in [
        ("sta|", "sta", vec!["status:"]),
        ("acme -STA|", "STA", vec!["status:"]),
        ("ta|g:x", "tag:", vec!["tag:"]),
        ("up|dated<2026", "updated", vec!["updated:"]),
        ("zz|", "zz", vec![]),
        ("~st|", "", vec![]),
        ("\"st|", "\"st", vec!["status:"]),
        ("a status:| b", "", vec!["active", "complete", "not-started"]),
        ("status:com|plete b", "complete", vec!["complete"]),
        ("status=st|", "st", vec!["not-started"]),
        ("status:omp|", "omp", vec![]),
        ("-template:\"client |\"", "\"client \"", vec!["\"Client onboarding\""]),
        ("template:onb|", "onb", vec!["\"Client onboarding\""]),
        ("template:\"Cli|", "\"Cli", vec!["\"Client onboarding\""]),
        ("template:sa|", "sa", vec!["\"Say \"\"hi\"\"\""]),
        ("template:odd|", "odd", vec!["\">odd\""]),
        ("template:pl|", "pl", vec!["plain:x"]),
        ("progress:|", "", vec![]),
        ("updated<|", "", vec![]),
        ("nothing:|", "", vec![]),
        ("|-status:x", "", vec![]),
    ] {
        assert_eq!(
            offered(Kind::Processes, typed),
            (place.to_owned(), candidates.iter().map(ToString::to_string).collect()),
            "{typed}"
        );
    }
}

#[test]
fn every_name_is_offered_where_nothing_is_typed_and_can_be_typed() {
    for kind in Kind::ALL {
        let (_, all) = offered(kind, "a | b");
        assert!(all.len() > 3 && all.contains(&"older:".to_owned()) && all.contains(&"id:".to_owned()));
        for name in all {
            let bad = Filter::parse(kind, &name, &zone()).expect_err("it lacks a value");
            assert!(bad.words.starts_with("nothing stands after"), "{name}: {bad}");
        }
    }
    assert_eq!(offered(Kind::Files, "att|").1, ["attached:"]);
}

proptest! {
    #[test]
    fn a_value_that_was_offered_matches_its_record(value in "[a-cé \"<>=:~-]{1,8}") {
        let values = |_| vec![value.clone()];
        for operator in [":", "="] {
            let source = format!("template{operator}");
            for candidate in complete(Kind::Processes, &source, source.len(), &values).candidates {
                let record = record(Kind::Processes, "1", &[("template", value.trim())]);
                prop_assert!(judged(&format!("{source}{candidate}"), &record).0, "{}", candidate);
            }
        }
    }

    #[test]
    fn completing_never_panics(source in "\\PC{0,12}|[a-z:<=\"~ -]{0,16}", at in 0..20_usize) {
        let Completion { range, .. } = complete(Kind::Tasks, &source, at, &|_| vec!["é x".to_owned()]);
        prop_assert!(range.start <= range.end);
    }
}
