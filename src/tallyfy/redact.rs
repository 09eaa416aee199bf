//! Redaction of credentials, once, while JSON is decoded.
//!
//! Owns which keys contain a credential and which addresses do (API sheet, section 3.1), so that none reaches a screen, an
//! export, a snapshot, the journal or a backup. A redacted value keeps its place and reads `[redacted]`; of a guest link
//! only the code is replaced. Must not know what an answer is about.

mod escapes;
mod links;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde_json::{Map, Value};

use super::client::ClientConfig;
use crate::model::{people, text};

/// The text in place of a credential.
pub const REDACTED: &str = "[redacted]";

/// Keys that end so contain a credential, in any spelling: those of the API sheet, section 3.1, and the usual words.
const ENDINGS: [&str; 16] = [
    "token",
    "tokens",
    "secret",
    "secrets",
    "password",
    "apikey",
    "privatekey",
    "guestcode",
    "guestcodes",
    "guesturl",
    "guesturls",
    "guestlink",
    "guestlinks",
    "linkforguest",
    "taskurl",
    "taskurls",
];
/// Keys that contain a credential only as a whole: `key` of `azure_cognitive_service` is told by its parent.
const WHOLE: [&str; 2] = ["authorization", "jwt"];
/// Keys whose value is the address of a webhook, which may contain a secret (API sheet, section 3.1).
const WEBHOOKS: [&str; 4] = ["webhook", "webhooks", "webhookurl", "webhookurls"];

/// Redacts what one server says to one person.
#[derive(Clone, Copy)]
pub struct Redactor<'a> {
    token: &'a str,
    /// The configured host; those of Tallyfy are known besides.
    host: &'a str,
}

impl fmt::Debug for Redactor<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Redactor").field("host", &self.host).finish_non_exhaustive()
    }
}

impl<'a> Redactor<'a> {
    /// The redactor of all answers to `access`.
    pub(super) fn of(access: &'a ClientConfig) -> Self {
        Self::new(access.token.reveal(), access.base_url.host())
    }

    /// A redactor of what `host` says to the bearer of `token`.
    #[must_use]
    pub fn new(token: &'a str, host: &'a str) -> Self {
        Self { token, host }
    }

    /// Redacts the codes of guest links and the access token in `text`, also where they are escaped.
    pub(super) fn text<'t>(self, text: &'t str) -> Cow<'t, str> {
        if !self.may_need(text) {
            return Cow::Borrowed(text);
        }
        let letters = escapes::resolved(text);
        let bytes = |letters: &[escapes::ResolvedChar], found: Vec<Range<usize>>| {
            let bytes = |found: Range<usize>| (letters[found.start].start, letters[found.end - 1].end);
            found.into_iter().map(bytes).collect::<Vec<_>>()
        };
        let mut found = bytes(&letters, links::codes(&letters, self.host));
        // Markup between its letters goes before anything is shown, which would join them again.
        let bare = escapes::without_markup(&letters);
        found.extend(bytes(&bare, links::occurrences(&bare, self.token)));
        found.sort_unstable();
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let (mut out, mut copied) = (String::with_capacity(text.len()), 0);
        for (start, end) in found {
            if start >= copied {
                out.push_str(&text[copied..start]);
                out.push_str(REDACTED);
            }
            copied = copied.max(end);
        }
        out.push_str(&text[copied..]);
        Cow::Owned(out)
    }

    /// Whether `text` is worth a closer look: nearly none is, and every text of every answer is asked.
    fn may_need(self, text: &str) -> bool {
        let has = |wanted: &[u8]| text.bytes().any(|byte| wanted.contains(&byte));
        has(b"%&\\<")
            || text.chars().any(|c| c.is_control() || text::is_hidden(c))
            || links::contains(text, self.token)
            || has(b"/=") && links::WORDS.iter().any(|word| links::contains(text, word))
    }

    /// Redacts every credential in `value`, keys included.
    pub(super) fn value(self, value: &mut Value) {
        self.inside(value, "");
    }

    /// Redacts `value`, which stands under the key `parent`.
    fn inside(self, value: &mut Value, parent: &str) {
        match value {
            Value::Array(list) => list.iter_mut().for_each(|inner| self.inside(inner, parent)),
            Value::Object(object) => {
                self.object(object, parent);
                self.keys(object);
            }
            Value::String(text) => {
                if let Cow::Owned(redacted) = self.text(text) {
                    *text = redacted;
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn object(self, object: &mut Map<String, Value>, parent: &str) {
        let is_guest = object.contains_key("email") || is(parent, &["guest", "guests"]);
        let is_server = object.contains_key("password") || is(parent, &["smtp"]);
        let is_service = is(parent, &["azurecognitiveservice"]);
        for (key, inner) in object.iter_mut() {
            let is_credential = match key.as_str() {
                "link" => is_guest,
                "id" => is_guest && is_code(inner, parent),
                "username" => is_server,
                "key" => is_service,
                key => ends(key, &ENDINGS) || is(key, &WHOLE),
            };
            match is_credential {
                true => self.whole(inner),
                false => self.inside(inner, key),
            }
        }
    }

    fn keys(self, object: &mut Map<String, Value>) {
        if object.keys().any(|key| matches!(self.text(key), Cow::Owned(_))) {
            rename(object, |key| self.text(key));
        }
    }

    /// Redacts everything in a value that is a credential. A mere yes or no, such as `top_secret`, is not one.
    fn whole(self, value: &mut Value) {
        match value {
            Value::Array(list) => list.iter_mut().for_each(|inner| self.whole(inner)),
            Value::Object(object) => {
                object.values_mut().for_each(|inner| self.whole(inner));
                // The keys of `guest-links` are addresses; another may be a code.
                let is_kept = |key: &str| key.contains('@') || is_field_name(key);
                if !object.keys().all(|key| is_kept(key)) {
                    rename(object, |key| Cow::Borrowed(if is_kept(key) { key } else { REDACTED }));
                }
            }
            Value::String(text) if text.is_empty() => {}
            Value::String(text) => {
                let is_one_word = !text.contains(char::is_whitespace);
                *text = match self.text(text) {
                    Cow::Owned(link) if is_one_word => link,
                    _ => REDACTED.to_owned(),
                };
            }
            Value::Number(_) => *value = Value::from(REDACTED),
            Value::Null | Value::Bool(_) => {}
        }
    }
}

/// Gives the keys of `object` other names; two that become the same are told apart by a number.
fn rename(object: &mut Map<String, Value>, name: impl Fn(&str) -> Cow<'_, str>) {
    let mut renamed = Map::new();
    for (key, value) in std::mem::take(object) {
        let name = name(&key);
        let others = (2..).map(|n| format!("{name} {n}"));
        let free = std::iter::once(name.to_string()).chain(others).find(|name| !renamed.contains_key(name));
        renamed.extend(free.map(|name| (name, value)));
    }
    *object = renamed;
}

/// Masks the addresses of webhooks in `value`: only backups contain them.
pub(super) fn mask_webhooks(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(mask_webhooks),
        Value::Object(object) => {
            for (key, inner) in object.iter_mut() {
                match is(key, &WEBHOOKS) {
                    true => mask(inner),
                    false => mask_webhooks(inner),
                }
            }
        }
        _ => {}
    }
}

fn mask(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(mask),
        Value::Object(object) => object.values_mut().for_each(mask),
        Value::String(text) if !text.is_empty() => *text = REDACTED.to_owned(),
        _ => {}
    }
}

/// Notes of a backup on the credentials in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Redactions {
    /// How many credentials are missing.
    pub redacted: usize,
    /// How many addresses of webhooks are there; each may contain a secret.
    pub webhooks: usize,
}

impl Redactions {
    /// The lines that a backup says of them: `redacted: 2`, `webhook addresses: 1`.
    #[must_use]
    pub fn notes(self) -> Vec<String> {
        let counts = [("redacted", self.redacted), ("webhook addresses", self.webhooks)];
        counts.iter().filter(|(_, n)| *n > 0).map(|(what, n)| format!("{what}: {n}")).collect()
    }
}

/// Counts the redacted credentials in `value` and the addresses of webhooks that are not masked.
#[must_use]
pub fn redactions(value: &Value) -> Redactions {
    let mut counted = Redactions::default();
    count(value, false, &mut counted);
    counted
}

fn count(value: &Value, is_webhook: bool, counted: &mut Redactions) {
    match value {
        Value::Array(list) => list.iter().for_each(|inner| count(inner, is_webhook, counted)),
        Value::Object(object) => {
            for (key, inner) in object {
                counted.redacted += key.matches(REDACTED).count();
                count(inner, is_webhook || is(key, &WEBHOOKS), counted);
            }
        }
        Value::String(text) => {
            counted.redacted += text.matches(REDACTED).count();
            counted.webhooks += usize::from(is_webhook && !text.is_empty());
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether the id of a guest is the guest's code, as it is in older bodies (API sheet, section 6.8). The ids of people are
/// numbers otherwise. Elsewhere than in a list of guests, what has an address beside hex digits is no guest.
fn is_code(id: &Value, parent: &str) -> bool {
    let Some(id) = id.as_str().map(str::trim) else { return false };
    let is_number = id.bytes().all(|byte| byte.is_ascii_digit());
    let is_other = people::is_hex(id) && !is(parent, &["guest", "guests"]);
    !is_number && !is_other && !id.contains('@')
}

/// Whether a key may name a field, which a code does not.
fn is_field_name(key: &str) -> bool {
    key.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'-'))
}

/// The letters of a key from its end: every key of every answer is looked at, and nearly all differ in the last.
fn letters(key: &str) -> impl Iterator<Item = u8> + '_ {
    key.bytes().rev().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase())
}

fn is(key: &str, words: &[&str]) -> bool {
    words.iter().any(|word| word.bytes().rev().eq(letters(key)))
}

fn ends(key: &str, words: &[&str]) -> bool {
    words.iter().any(|word| word.bytes().rev().eq(letters(key).take(word.len())))
}

#[cfg(test)]
mod tests;
