//! Reading the body of a list, and of its rows only what is wanted.
//!
//! Owns what is skipped while the JSON is parsed, so that a page of rows costs what is kept of it and not what the server
//! sends. What is kept is kept as it came: how it is to be read is the business of `decode`. Must not judge whether the
//! answer is a success.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::redact::Redactor;
use crate::model::catalog::Field;
use crate::model::kind::Kind;

/// The key that rows stand under in a list, and a row in an envelope of its own (API sheet, section 2).
const DATA: &str = "data";
/// The key that may stand beside it.
const META: &str = "meta";

/// What is kept of each row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptKeys {
    /// All of it.
    Whole,
    /// What stands under these keys of the row.
    Keys(Vec<&'static str>),
}

impl KeptKeys {
    /// Nothing: only what is said of the whole list is wanted.
    #[must_use]
    pub const fn nothing() -> Self {
        Self::Keys(Vec::new())
    }

    /// What the rows of `kind` are read by: their ids, and the starts of the paths of the catalog's fields.
    #[must_use]
    pub fn fields(kind: Kind) -> Self {
        let starts = kind.row().fields.iter().flat_map(Field::keys);
        let mut keys: Vec<_> = std::iter::once(kind.row().key).chain(starts).collect();
        keys.sort_unstable();
        keys.dedup();
        Self::Keys(keys)
    }

    /// The same, and an include that was asked for.
    #[must_use]
    pub fn and(mut self, include: &'static str) -> Self {
        if let Self::Keys(keys) = &mut self {
            keys.push(include);
        }
        self
    }
}

/// The body of a list, its credentials redacted.
#[derive(Debug)]
pub struct Body {
    /// The rows, if there are any under `data`, or the answer is nothing but rows.
    pub rows: Option<Vec<Value>>,
    /// Everything that is said beside them.
    pub rest: Value,
}

impl Body {
    /// Reads `text`, redacted by `redactor`.
    ///
    /// # Errors
    /// When it is no JSON, or no list.
    pub fn read(text: &str, keep: &KeptKeys, redactor: Redactor<'_>) -> Result<Self, serde_json::Error> {
        let mut parser = serde_json::Deserializer::from_str(text);
        let mut body = parser.deserialize_any(ListBody(keep))?;
        parser.end()?;
        body.rows.iter_mut().flatten().for_each(|row| redactor.value(row));
        redactor.value(&mut body.rest);
        Ok(body)
    }
}

/// The answer: an object with the rows among other things, or the rows alone.
struct ListBody<'a>(&'a KeptKeys);

impl<'de> Visitor<'de> for ListBody<'_> {
    type Value = Body;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Body, A::Error> {
        let (mut rows, mut rest) = (None, Map::new());
        while let Some(key) = map.next_key::<String>()? {
            if key == DATA {
                rows = Some(map.next_value_seed(BodyRows(self.0))?);
            } else {
                rest.insert(key, map.next_value()?);
            }
        }
        Ok(Body { rows, rest: Value::Object(rest) })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Body, A::Error> {
        let rows = BodyRows(self.0).visit_seq(list)?;
        Ok(Body { rows: Some(rows), rest: Value::Null })
    }
}

/// The rows of a list.
struct BodyRows<'a>(&'a KeptKeys);

impl<'de> DeserializeSeed<'de> for BodyRows<'_> {
    type Value = Vec<Value>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Vec<Value>, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for BodyRows<'_> {
    type Value = Vec<Value>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Value>, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = match self.0 {
            KeptKeys::Whole => list.next_element()?,
            KeptKeys::Keys(keys) => list.next_element_seed(BodyRow(keys))?,
        } {
            rows.push(row);
        }
        Ok(rows)
    }
}

/// A row of which only some keys are kept. One that is no object is no record, whatever else it is, and comes as null.
#[derive(Clone, Copy)]
struct BodyRow<'a>(&'a [&'static str]);

impl<'de> DeserializeSeed<'de> for BodyRow<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for BodyRow<'_> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let (mut row, mut enclosed, mut more) = (Map::new(), None, false);
        while let Some(key) = map.next_key_seed(WantedKey(self.0))? {
            match key {
                Some(DATA) => enclosed = Some(map.next_value_seed(self)?),
                Some(key) => drop(row.insert(key.to_owned(), map.next_value()?)),
                None => {
                    more = true;
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        // What stands under `data` is the row only where nothing stands beside it.
        let enclosed = enclosed.filter(|_| !more);
        row.extend(enclosed.map(|row| (DATA.to_owned(), row)));
        Ok(Value::Object(row))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Null)
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

/// A key of a row, if what stands under it is kept; the keys of an envelope always are.
struct WantedKey<'a>(&'a [&'static str]);

impl<'de> DeserializeSeed<'de> for WantedKey<'_> {
    type Value = Option<&'static str>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for WantedKey<'_> {
    type Value = Option<&'static str>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().chain(&[DATA, META]).find(|wanted| **wanted == key).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::catalog::AND;
    use crate::tallyfy::decode;
    use serde_json::json;

    fn read(text: &str, keep: &KeptKeys) -> Result<Body, serde_json::Error> {
        Body::read(text, keep, Redactor::new("hunter2", "api.example"))
    }

    fn kept(text: &str, keys: &[&'static str]) -> Vec<Value> {
        read(text, &KeptKeys::Keys(keys.to_vec())).unwrap().rows.unwrap()
    }

    #[test]
    fn only_what_is_wanted_of_a_row_is_kept() {
        let rows = kept(r#"{"data":[{"id":7,"name":{"a":[1]},"huge":[{"id":8}]}]}"#, &["id", "name"]);
        assert_eq!(rows, [json!({"id": 7, "name": {"a": [1]}})]);
        let whole = read(r#"[{"id":7,"huge":[1]}]"#, &KeptKeys::Whole).unwrap();
        assert_eq!(whole.rows.unwrap(), [json!({"id": 7, "huge": [1]})]);
        assert_eq!(kept(r#"[{"id":7}]"#, &[]), [json!({})]);
    }

    #[test]
    fn a_row_in_an_envelope_is_sifted_in_it() {
        let rows = kept(r#"[{"data":{"id":7,"huge":1},"meta":{"x":1}}]"#, &["id"]);
        assert_eq!(rows, [json!({"data": {"id": 7}, "meta": {"x": 1}})]);
        let field = kept(r#"[{"data":{"id":7},"huge":1}, {"id":8,"data":{"id":7}}]"#, &["id"]);
        assert_eq!(field, [json!({}), json!({"id": 8, "data": {"id": 7}})], "that is no envelope");
    }

    #[test]
    fn what_stands_beside_the_rows_is_kept() {
        let body =
            read(r#"{"meta":{"pagination":{"total":2}},"data":[{}],"error":"x"}"#, &KeptKeys::nothing());
        assert_eq!(body.unwrap().rest, json!({"meta": {"pagination": {"total": 2}}, "error": "x"}));
    }

    #[test]
    fn credentials_are_redacted_whatever_is_kept() {
        let text = r#"{"data":[{"id":7,"guests":[{"guest_link":"x"}]}],"meta":{"api_key":"x"}}"#;
        for keep in [KeptKeys::Whole, KeptKeys::Keys(vec!["id", "guests"])] {
            let body = read(text, &keep).unwrap();
            assert_eq!(body.rows.unwrap(), [json!({"id": 7, "guests": [{"guest_link": "[redacted]"}]})]);
            assert_eq!(body.rest, json!({"meta": {"api_key": "[redacted]"}}));
        }
    }

    #[test]
    fn rows_that_are_no_records_still_count() {
        let rows = kept(r#"[1,-1,1.5,"x",null,true,[[{}]],{"id":1}]"#, &["id"]);
        assert_eq!(rows.len(), 8);
        assert_eq!(decode::rows(Kind::Tags, &rows).refused, 7);
    }

    #[test]
    fn what_is_no_list_is_an_error() {
        for text in
            ["", "7", "null", r#""x""#, r#"{"data":{"id":1}}"#, r#"{"data":null}"#, "[1", "[1]x", "[1,]"]
        {
            assert!(read(text, &KeptKeys::Whole).is_err(), "{text}");
            assert!(read(text, &KeptKeys::nothing()).is_err(), "{text}");
        }
        assert_eq!(read("{}", &KeptKeys::Whole).unwrap().rows, None);
    }

    #[test]
    fn records_are_read_from_what_is_kept_as_from_the_whole() {
        // Every key that any field begins with, bare and in an envelope, beside things that no field needs.
        for kind in Kind::ALL {
            let paths = kind.row().fields.iter().flat_map(|field| field.paths);
            let paths = paths.flat_map(|path| path.split(AND));
            let mut row = json!({"id": "0123456789abcdef0123456789abcdef", "noise": {"name": "x"}});
            for path in paths {
                let (mut at, mut keys) = (&mut row, path.split('.').peekable());
                while let Some(key) = keys.next() {
                    at[key] = if keys.peek().is_some() { json!({"data": {}}) } else { json!("2026-03-01") };
                    at = if keys.peek().is_some() { &mut at[key]["data"] } else { &mut at[key] };
                }
            }
            for row in [row.clone(), json!({"data": row})] {
                let text = json!({"data": [row]}).to_string();
                let decoded = |keep: &KeptKeys| decode::rows(kind, &read(&text, keep).unwrap().rows.unwrap());
                assert_eq!(decoded(&KeptKeys::fields(kind)), decoded(&KeptKeys::Whole), "{kind:?}");
                assert_eq!(decoded(&KeptKeys::fields(kind)).rows.len(), 1, "{kind:?}");
            }
        }
    }
}
