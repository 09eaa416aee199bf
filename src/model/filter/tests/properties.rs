//! What holds for every filter.

use super::*;

/// Terms of all sorts, some of them on fields that a record may lack.
fn term() -> impl Strategy<Value = String> {
    let text = "(name|status|template|owner|tag|folder|id)(:|=)[a-c0-2]{1,2}";
    let number = "progress(:|=|<|<=|>|>=|:<|:>=)[0-3]{1,2}%?";
    let time = "(updated|archived)(<|<=|>|>=|:>)(202[4-6](-0[1-9](-1[0-9])?)?|[1-9]{1,3}[hdwmy])";
    prop_oneof![text, number, time, "older:[1-9]{1,2}[hdwmy]", "~?[a-c]{1,3}"]
}

fn value(form: FieldFormat) -> BoxedStrategy<Draft> {
    let text = "[a-c]{1,3}( [a-c]{1,2})?".prop_map(Draft::Text).boxed();
    let right = match form {
        FieldFormat::Number | FieldFormat::Percent | FieldFormat::Length | FieldFormat::Bytes => {
            (0..40_i32).prop_map(|n| Draft::Number(n.into())).boxed()
        }
        FieldFormat::Time => (1_700_000_000..1_800_000_000_i64)
            .prop_map(|second| Draft::Time(Timestamp::from_second(second).unwrap()))
            .boxed(),
        FieldFormat::People => "(2044|7|99|1 group|ab@c\\.d)(,[0-9])?".prop_map(Draft::Text).boxed(),
        FieldFormat::Names => "([a-c]{1,3}(␟[a-c]{1,3})?)?".prop_map(Draft::Text).boxed(),
        FieldFormat::Text | FieldFormat::Kind => text.clone(),
    };
    prop_oneof![2 => Just(Draft::Missing), 6 => right, 1 => text].boxed()
}

fn process() -> impl Strategy<Value = Record> {
    let values: Vec<_> = Kind::Processes.row().fields.iter().map(|field| value(field.form)).collect();
    ("[0-2a-c]{1,3}", values)
        .prop_map(|(id, drafts)| Record::new(Kind::Processes, Id::new(&id).unwrap(), drafts))
}

proptest! {
    #[test]
    fn whatever_is_typed_is_understood_or_refused_with_a_place(source in "\\PC{0,16}|[a-z0-9:<>=\"~% -]{0,24}") {
        for kind in Kind::ALL {
            match Filter::parse(kind, &source, &zone()) {
                Ok(filter) => prop_assert_eq!(filter.source(), source.as_str()),
                Err(bad) => prop_assert!(source.get(bad.at.clone()).is_some_and(|at| !at.is_empty()), "{:?}", bad),
            }
        }
    }

    #[test]
    fn no_row_matches_a_term_and_its_contrary(term in term(), record in process()) {
        let (plain, unknown) = judged(&term, &record);
        let (turned, _) = judged(&format!("-{term}"), &record);
        prop_assert!(!(plain && turned));
        prop_assert!(unknown.is_empty() || !plain && !turned, "{:?}", unknown);
    }

    #[test]
    fn a_row_without_the_field_matches_neither(term in term(), record in process()) {
        let named = term.split([':', '=', '<', '>']).next().unwrap_or_default();
        let field = Kind::Processes.row().field(if named == "older" { "updated" } else { named });
        let Some(field) = field.filter(|field| *field > 0) else { return Ok(()) };
        let mut drafts = record.drafts();
        drafts[field] = Draft::Missing;
        if named == "older" {
            // It stands in for the time of the change that archiving was.
            drafts[Kind::Processes.row().field("archived").unwrap()] = Draft::Missing;
        }
        let record = Record::new(Kind::Processes, record.id().clone(), drafts);
        let turned = format!("-{term}");
        prop_assert!(!judged(&term, &record).0 && !judged(&turned, &record).0);
    }

    #[test]
    fn all_terms_must_match(terms in prop::collection::vec(term(), 0..4), record in process()) {
        let each = terms.iter().all(|term| judged(term, &record).0);
        prop_assert_eq!(judged(&terms.join("  "), &record).0, each);
    }
}
