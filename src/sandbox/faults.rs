//! Things that go wrong on purpose: rules that say which request meets which mishap.
//!
//! Owns the rules, their JSON form and the counting of matches. Must not know how a mishap is carried out.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;
use serde_json::Value;

use crate::sandbox::rng::{fraction, mix};

/// A rule: which requests, when, and what happens to them.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// The method, in capitals; any when none.
    pub method: Option<String>,
    /// A part of the path with its query, or a pattern for the whole of it when it holds a `*`; any when none.
    pub path: Option<String>,
    /// What the request is for; anything when none.
    pub call: Option<Operation>,
    /// Which of the matching requests, counted from 1. With neither this nor `share`, every one.
    pub nth: Vec<u64>,
    /// Which part of the matching requests, from 0 to 1; the same ones for the same seed.
    pub share: Option<f64>,
    /// At most so many times; without end when none.
    pub times: Option<u64>,
    /// How long the request waits before anything else happens to it.
    pub delay: Duration,
    /// What happens.
    pub fault_effect: FaultEffect,
}

/// What a request is for, whichever kind of record it concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// A page of a list.
    List,
    /// One record, the identity and the organization among them.
    Read,
    /// The soft delete.
    Archive,
    /// The way back from it.
    Restore,
    /// The permanent delete.
    Delete,
    /// The bytes of a file.
    Download,
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq)]
pub enum FaultEffect {
    /// It is answered as ever; for rules that only delay.
    None,
    /// It is answered with this instead of the true answer, and takes effect first when `apply` is set.
    Answer {
        /// The status code.
        status: u16,
        /// The body: JSON, or HTML when it is a string that begins with `<`; made up when none.
        body: Option<Value>,
        /// Headers to send along, such as `Location` or `Retry-After`.
        headers: BTreeMap<String, String>,
        /// Whether the request takes effect all the same.
        apply: bool,
    },
    /// It is answered with an HTML page.
    Html {
        /// The status code.
        status: u16,
        /// Whether the request takes effect all the same.
        apply: bool,
    },
    /// The connection is reset; the request has no effect.
    ResetBefore,
    /// The request takes effect, then the connection is reset without an answer.
    ResetAfter,
    /// No answer ever comes.
    Hang {
        /// Whether the request takes effect all the same.
        apply: bool,
    },
    /// No answer ever comes, and the request takes effect this long after it arrived, even if the client has gone.
    HangLate {
        /// How long after its arrival.
        after: Duration,
    },
    /// The request takes effect; half the announced body is sent, then the connection closes.
    Truncated,
    /// Half of a success comes, then the connection closes; the request has no effect.
    TruncatedBefore,
    /// The request takes effect; the answer is 200 with broken JSON.
    Garbage,
    /// The answer is 200 with broken JSON; the request has no effect.
    GarbageBefore,
    /// The true answer, with bytes in its names and titles that are no UTF-8.
    NotUtf8,
    /// The request's token is revoked before the request is looked at, as when its user signs out of the web application.
    RevokeToken,
    /// Every connection is reset and new ones are refused for this long; the request has no effect.
    Refuse {
        /// For how long.
        span: Duration,
    },
}

impl Fault {
    /// A rule for every request whose path contains or, with a `*`, matches `path`.
    pub fn on(method: &str, path: &str, fault_effect: FaultEffect) -> Self {
        Self { method: Some(method.to_uppercase()), path: Some(path.to_owned()), ..Self::every(fault_effect) }
    }

    /// A rule for every request for this, whichever kind of record it concerns.
    pub fn to(call: Operation, fault_effect: FaultEffect) -> Self {
        Self { call: Some(call), ..Self::every(fault_effect) }
    }

    const fn every(fault_effect: FaultEffect) -> Self {
        Self {
            method: None,
            path: None,
            call: None,
            nth: Vec::new(),
            share: None,
            times: None,
            delay: Duration::ZERO,
            fault_effect,
        }
    }

    /// The same rule for the matching requests with these numbers only, counted from 1.
    #[must_use]
    pub fn nth(mut self, nth: impl IntoIterator<Item = u64>) -> Self {
        self.nth = nth.into_iter().collect();
        self
    }

    /// The same rule, so many times at most.
    #[must_use]
    pub const fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    fn matches(&self, method: &str, paths: &[&str], call: Option<Operation>) -> bool {
        self.method.as_deref().is_none_or(|wanted| wanted == method)
            && self.call.is_none_or(|wanted| Some(wanted) == call)
            && self.path.as_deref().is_none_or(|wanted| match wanted.contains('*') {
                true => paths.iter().any(|path| glob(wanted, path)),
                false => paths.iter().any(|path| path.contains(wanted)),
            })
    }
}

/// Whether a pattern with `*` for any run of characters covers the whole text.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.is_empty()
}

/// The rules in force with what they have seen.
#[derive(Debug, Default)]
pub(super) struct Faults {
    seed: u64,
    rules: Vec<RuleCounter>,
}

#[derive(Debug)]
struct RuleCounter {
    fault: Fault,
    seen: u64,
    fired: u64,
}

impl Faults {
    pub(super) fn new(seed: u64, faults: Vec<Fault>) -> Self {
        let rules = faults.into_iter().map(|fault| RuleCounter { fault, seen: 0, fired: 0 }).collect();
        Self { seed, rules }
    }

    /// The first rule that fires for this request. Every rule that matches counts it.
    pub(super) fn strike(
        &mut self,
        method: &str,
        paths: &[&str],
        call: Option<Operation>,
    ) -> Option<(Duration, FaultEffect)> {
        let mut struck = None;
        for (place, rule) in self.rules.iter_mut().enumerate() {
            if !rule.fault.matches(method, paths, call) {
                continue;
            }
            rule.seen += 1;
            let Fault { nth, share, times, .. } = &rule.fault;
            let chance = fraction(self.seed ^ mix(place as u64) ^ rule.seen);
            let chosen = nth.is_empty() && share.is_none()
                || nth.contains(&rule.seen)
                || share.is_some_and(|share| chance < share);
            if struck.is_none() && chosen && times.is_none_or(|times| rule.fired < times) {
                rule.fired += 1;
                struck = Some((rule.fault.delay, rule.fault.fault_effect.clone()));
            }
        }
        struck
    }
}

/// Why a faults file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FaultError {
    /// It is no JSON list of rules, or a rule has a field or a word that does not exist.
    #[error(
        "could not read the faults: {0}\nhint: the file is a JSON list of rules; `tidyfy sandbox --help` shows one"
    )]
    Form(#[from] serde_json::Error),
    /// A rule says something that cannot be; rules count from 1.
    #[error(
        "rule {rule} of the faults cannot be used: {what}\nhint: `tidyfy sandbox --help` explains each field"
    )]
    Rule {
        /// The rule's number, from 1.
        rule: usize,
        /// What is wrong with it.
        what: String,
    },
}

/// One rule as it stands in a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct FaultEntry {
    method: Option<String>,
    path: Option<String>,
    call: Option<Operation>,
    #[serde(default)]
    nth: Vec<u64>,
    share: Option<f64>,
    times: Option<u64>,
    #[serde(default)]
    delay_ms: u64,
    does: Option<Word>,
    status: Option<u16>,
    body: Option<Value>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    apply: bool,
    apply_after_ms: Option<u64>,
    for_ms: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    Answer,
    StatusAfter,
    Html,
    ResetBefore,
    ResetAfter,
    Hang,
    Truncated,
    TruncatedBefore,
    Garbage,
    GarbageBefore,
    NotUtf8,
    RevokeToken,
    Refuse,
}

/// Reads a faults file.
///
/// # Errors
///
/// [`FaultError`] says which rule is wrong and why.
pub fn read_faults(text: &str) -> Result<Vec<Fault>, FaultError> {
    let written: Vec<FaultEntry> = serde_json::from_str(text)?;
    let numbered = written.into_iter().enumerate();
    numbered
        .map(|(index, rule)| rule.checked().map_err(|what| FaultError::Rule { rule: index + 1, what }))
        .collect()
}

impl FaultEntry {
    fn checked(self) -> Result<Fault, String> {
        if let Some(share) = self.share.filter(|share| !(0.0..=1.0).contains(share)) {
            return Err(format!("`share` is {share}, but goes from 0 to 1"));
        }
        if self.nth.contains(&0) {
            return Err("`nth` counts from 1, so 0 never comes".to_owned());
        }
        if let Some(status) = self.status.filter(|status| !(200..=599).contains(status)) {
            return Err(format!("`status` is {status}, but goes from 200 to 599"));
        }
        let fault_effect = self.fault_effect()?;
        Ok(Fault {
            method: self.method.map(|method| method.to_uppercase()),
            path: self.path,
            call: self.call,
            nth: self.nth,
            share: self.share,
            times: self.times,
            delay: Duration::from_millis(self.delay_ms),
            fault_effect,
        })
    }

    fn fault_effect(&self) -> Result<FaultEffect, String> {
        let apply = self.apply;
        let answers = matches!(self.does, None | Some(Word::Answer | Word::StatusAfter));
        if !answers && (self.body.is_some() || !self.headers.is_empty()) {
            return Err("`body` and `headers` only go with an answer that `status` names".to_owned());
        }
        if self.apply_after_ms.is_some() && self.does != Some(Word::Hang) {
            return Err("`apply-after-ms` goes with `hang` only".to_owned());
        }
        if self.for_ms.is_some() != (self.does == Some(Word::Refuse)) {
            return Err("`for-ms` goes with `refuse`, and `refuse` with it".to_owned());
        }
        let span = Duration::from_millis;
        Ok(match (self.does, self.status) {
            (None, None) if self.delay_ms > 0 && self.body.is_none() && self.headers.is_empty() => {
                FaultEffect::None
            }
            (None, None) => return Err("it says neither `does`, `status` nor `delay-ms`".to_owned()),
            (Some(Word::Answer | Word::StatusAfter), None) => return Err("`status` is missing".to_owned()),
            (None | Some(Word::Answer), Some(status)) => self.answer(status, apply),
            (Some(Word::StatusAfter), Some(status)) => self.answer(status, true),
            (Some(Word::Html), status) => FaultEffect::Html { status: status.unwrap_or(502), apply },
            (Some(_), Some(_)) => {
                return Err("`status` goes with `answer`, `status-after` and `html` only".to_owned());
            }
            (Some(Word::ResetBefore), None) => FaultEffect::ResetBefore,
            (Some(Word::ResetAfter), None) => FaultEffect::ResetAfter,
            (Some(Word::Hang), None) => self
                .apply_after_ms
                .map_or(FaultEffect::Hang { apply }, |ms| FaultEffect::HangLate { after: span(ms) }),
            (Some(Word::Truncated), None) => FaultEffect::Truncated,
            (Some(Word::TruncatedBefore), None) => FaultEffect::TruncatedBefore,
            (Some(Word::Garbage), None) => FaultEffect::Garbage,
            (Some(Word::GarbageBefore), None) => FaultEffect::GarbageBefore,
            (Some(Word::NotUtf8), None) => FaultEffect::NotUtf8,
            (Some(Word::RevokeToken), None) => FaultEffect::RevokeToken,
            (Some(Word::Refuse), None) => FaultEffect::Refuse { span: span(self.for_ms.unwrap_or_default()) },
        })
    }

    fn answer(&self, status: u16, apply: bool) -> FaultEffect {
        FaultEffect::Answer { status, body: self.body.clone(), headers: self.headers.clone(), apply }
    }
}
