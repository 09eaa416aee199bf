//! What opens a door, and must go no further.
//!
//! Owns how guest links and codes, tokens and passwords are known: by their keys, and where a key does not tell, by what
//! they are (API sheet, sections 6.3 and 6.8). Must not know what an answer is about.

use serde_json::{Map, Value};

use crate::model::people;

/// What stands before the code in a guest's link (API sheet, section 6.8).
const GUEST: &str = "/guest/";
/// What stands where a code stood.
const BLOT: char = '…';

/// Takes everything out of `value` that opens a door.
pub(in crate::tallyfy) fn drop_credentials(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(drop_credentials),
        Value::Object(object) => {
            if holds_code(object) {
                object.remove("id");
            }
            // Taking an object apart and together again costs more than looking at it, and few hold any.
            if object.iter().any(|(key, inner)| is_credential(key, inner)) {
                object.retain(|key, inner| !is_credential(key, inner));
            }
            object.values_mut().for_each(drop_credentials);
        }
        Value::String(text) if text.contains(GUEST) => *text = blotted(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether the id of a guest is the guest's code, as it is in older answers (API sheet, section 6.8). The ids of those who
/// have an address are numbers otherwise, and the ids of everything else 32 hex digits (API sheet, section 3).
fn holds_code(object: &Map<String, Value>) -> bool {
    let is_code = |id: &str| {
        let is_number = id.trim().bytes().all(|byte| byte.is_ascii_digit());
        !is_number && !id.contains('@') && !people::is_hex(id)
    };
    object.contains_key("email") && object.get("id").and_then(Value::as_str).is_some_and(is_code)
}

/// Whether a key names something that opens a door, in any spelling. A mere yes or no, such as `top_secret`, does not, and
/// neither do the `links` of a list to its pages.
fn is_credential(key: &str, value: &Value) -> bool {
    const ENDS: [&str; 15] = [
        "link",
        "links",
        "token",
        "tokens",
        "secret",
        "secrets",
        "password",
        "guestcode",
        "guestcodes",
        "guesturl",
        "guesturls",
        "taskurl",
        "taskurls",
        "apikey",
        "privatekey",
    ];
    const WHOLE: [&str; 2] = ["authorization", "jwt"];
    const SPARED: &str = "links";
    // From the end, letter by letter: every key of every answer is looked at, and nearly all differ in the last.
    let letters =
        || key.bytes().rev().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase());
    let ends = |end: &str| end.bytes().rev().eq(letters().take(end.len()));
    let is = |word: &str| word.bytes().rev().eq(letters());
    !value.is_boolean()
        && !is(SPARED)
        && (ENDS.iter().any(|end| ends(end)) || WHOLE.iter().any(|word| is(word)))
}

/// `text` without the codes of the guest links in it.
fn blotted(text: &str) -> String {
    let is_code = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '%' | '.' | '~');
    let mut parts = text.split(GUEST);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(is_code);
        out.push_str(GUEST);
        out.extend((rest.len() < part.len()).then_some(BLOT));
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn left(mut value: Value) -> Value {
        drop_credentials(&mut value);
        value
    }

    #[test]
    fn credentials_are_dropped_at_every_depth() {
        let value = json!({"id": 1, "link": "x", "links": {"next": "y"}, "top_secret": true, "linked_tasks": [1],
            "a": [{"guest_code": "x", "guestLink": "x", "taskUrls": ["x"], "access_token": "x", "public_link": "x"}],
            "b": {"c": {"Password": "x", "client_secret": "x", "refresh-token": "x", "ok": 1}},
            "guest_links": ["x"], "guestCodes": ["x"], "guest_url": "x", "access_tokens": ["x"]});
        let wanted = json!({"id": 1, "links": {"next": "y"}, "top_secret": true, "linked_tasks": [1],
            "a": [{}], "b": {"c": {"ok": 1}}});
        assert_eq!(left(value), wanted);
    }

    #[test]
    fn a_guests_link_is_blotted_out_wherever_it_stands() {
        for (text, wanted) in [
            ("https://go.tallyfy.com/guest/Xy7kQ9?tab=1", "https://go.tallyfy.com/guest/…?tab=1"),
            (
                "<a href=\"https://x/guest/Xy7\">here</a>, x/guest/Zz9",
                "<a href=\"https://x/guest/…\">here</a>, x/guest/…",
            ),
            ("the /guest/ page", "the /guest/ page"),
            ("a guest/host", "a guest/host"),
        ] {
            assert_eq!(left(json!({"a": [text]})), json!({"a": [wanted]}));
        }
    }

    #[test]
    fn an_id_that_is_a_guests_code_is_dropped_and_no_other() {
        let email = "ana@supplier.example";
        assert_eq!(left(json!([{"id": "Xy7kQ9Lm2VtRb4Zs", "email": email}])), json!([{"email": email}]));
        for id in
            [json!(881), json!("881"), json!("5d0c2a9be1f34a7788c1d2e3f4a5b6c7"), json!(email), json!(null)]
        {
            let guest = json!({"id": id, "email": email});
            assert_eq!(left(guest.clone()), guest);
        }
        let step = json!({"id": "Xy7kQ9Lm2VtRb4Zs", "title": "Sign"});
        assert_eq!(left(step.clone()), step);
    }
}
