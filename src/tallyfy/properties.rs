//! Whatever a server answers with, reading it ends, and what comes of it is clean. `PROPTEST_CASES` sets how many inputs.

use proptest::prelude::*;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value, json};

use super::decode;
use super::redact::Redactor;
use crate::model::catalog::Field;
use crate::model::kind::Kind;
use crate::model::record::{Draft, Record};
use crate::tallyfy::error_body;
use crate::tallyfy::list_body::{Body, KeptKeys};

/// Values of every type, texts that are dates, numbers, markup or terminal sequences among them.
fn value() -> impl Strategy<Value = Value> {
    let texts = vec![
        "",
        "0",
        "-1",
        "true",
        "active",
        "archived",
        "2026-01-12T08:15:00.000Z",
        "2026-01-12 08:15:00",
        "0000-00-00 00:00:00",
        "9999-12-31T23:59:60Z",
        "\u{1b}]0;x\u{7}",
        "\u{202e}x\u{9b}1m",
        "<b>&amp;&#x1b;</b>",
        "a/b",
        "..",
        "%2e",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|n| json!(n)),
        any::<f64>().prop_map(|n| json!(n)),
        prop::sample::select(texts).prop_map(|text| json!(text)),
        any::<String>().prop_map(Value::String),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((key(), inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// Keys that the program looks for, and others.
fn key() -> impl Strategy<Value = String> {
    let known = vec![
        "id", "data", "meta", "message", "error", "errors", "code", "name", "title", "email", "users",
        "link", "status", "percent",
    ];
    prop_oneof![prop::sample::select(known).prop_map(str::to_owned), "[a-z_]{0,8}"]
}

/// A row of `kind` with some of the keys that the catalog reads, whatever they hold.
fn row(kind: Kind) -> impl Strategy<Value = Value> {
    let mut keys: Vec<&str> = kind.row().fields.iter().flat_map(Field::keys).collect();
    keys.push(kind.row().key);
    let object = prop::collection::vec((prop::sample::select(keys), value()), 0..12).prop_map(|pairs| {
        Value::Object(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>())
    });
    let identified = (object, any::<u32>()).prop_map(move |(mut row, id)| {
        row[kind.row().key] = json!(id);
        row
    });
    prop_oneof![8 => identified, 1 => value()]
}

fn is_clean(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t')
}

proptest! {
    #[test]
    fn list_body_of_any_kind_is_read(
        (kind, rows) in prop::sample::select(Kind::ALL.to_vec()).prop_flat_map(|kind| (Just(kind), prop::collection::vec(row(kind), 0..4))),
        meta in value(),
        cut in any::<prop::sample::Index>(),
    ) {
        let whole = json!({"data": rows, "meta": meta}).to_string();
        let body = Body::read(&whole, &KeptKeys::fields(kind), Redactor::new("tok-0123456789abcdef", "api.example")).unwrap();
        let read = decode::rows(kind, body.rows.as_deref().unwrap_or_default());
        prop_assert_eq!(read.rows.len() + read.refused, rows.len());
        for (id, drafts) in read.rows {
            prop_assert_eq!(drafts.len(), kind.row().fields.len());
            let record = Record::new(kind, id, drafts);
            prop_assert!(is_clean(record.name()), "{:?}", record.name());
        }
        let at = (0..=cut.index(whole.len())).rev().find(|at| whole.is_char_boundary(*at)).unwrap();
        if at < whole.len() {
            prop_assert!(Body::read(&whole[..at], &KeptKeys::Whole, Redactor::new("tok-0123456789abcdef", "api.example")).is_err(), "a list that was cut off is not a list");
        }
    }

    #[test]
    fn row_of_any_kind_becomes_a_page(
        (kind, row) in prop::sample::select(Kind::ALL.to_vec()).prop_flat_map(|kind| (Just(kind), row(kind))),
    ) {
        if let Ok((id, drafts)) = decode::row(kind, &row) {
            prop_assert!(drafts.iter().all(|draft| !matches!(draft, Draft::Number(n) if n.is_nan())));
            let _ = decode::record_detail(Record::new(kind, id, drafts), &row);
        }
        for include in ["tags", "assets", "users", "data"] {
            let _ = decode::included(&row, include);
        }
        let _ = (decode::references(&row), decode::people(&row), decode::organization(&row), decode::admin(&row));
    }

    #[test]
    fn error_body_becomes_one_clean_line(status in 300u16..600, body in prop_oneof![value().prop_map(|v| v.to_string()), any::<String>(), "<[a-z]{1,8}>.*"]) {
        let body = format!("{body}{}", if status % 3 == 0 { "tok-0123456789abcdef" } else { "" });
        let failure = error_body::failure(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), &body, Redactor::new("tok-0123456789abcdef", "api.example"));
        prop_assert!(!failure.words.is_empty() && failure.words.chars().count() <= 300);
        prop_assert!(!failure.words.contains('\n') && is_clean(&failure.words), "{:?}", failure.words);
        prop_assert!(!failure.words.contains("0123456789abcdef"));
    }
}
