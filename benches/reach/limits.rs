//! Loading and archiving under the documented limits: how much of what they allow is used.
//!
//! The sandbox's log tells when each request came. What was allowed is what one would reach who sends each request as soon
//! as the server takes it, after the requests that had gone before.

use std::time::Duration;

use color_eyre::eyre::{ContextCompat as _, Result, WrapErr as _};
use jiff::Timestamp;
use serde_json::Value;

use super::TEN_THOUSAND;
use super::screen::{Program, loaded};
use super::server::Server;
use super::table::{Figure, Readings};
use super::work::{confirm, finished, propose, whole};

/// The windows that the documentation names: so many requests in so many seconds, and whether only GETs count.
const WINDOWS: [(usize, f64, bool); 3] = [(140, 10.0, false), (600, 60.0, false), (12, 5.0, true)];
/// How long the sandbox holds each answer back before it counts the request.
const LATENCY: f64 = 0.05;

/// A request that the sandbox answered.
#[derive(Debug, Clone, Copy)]
struct Asked {
    /// When it was answered, in seconds.
    at: f64,
    read: bool,
    refused: bool,
}

/// Every reading under limits.
pub(crate) fn all(program: &Program, readings: &mut Readings) -> Result<()> {
    load(program, readings)?;
    job(program, readings)?;
    both(program, readings)
}

fn load(program: &Program, readings: &mut Readings) -> Result<()> {
    let server = Server::documented(TEN_THOUSAND)?;
    let terminal = program.paced(&server)?;
    whole(&terminal, 10_000)?;
    let log = log(&server)?;
    readings.one(Figure::LimitedLoad, used(&log, |asked| asked.read));
    readings.one(Figure::LimitedLoadRefusals, refusals(&log));
    Ok(())
}

fn job(program: &Program, readings: &mut Readings) -> Result<()> {
    let server = Server::documented(1100)?;
    let mut terminal = program.paced(&server)?;
    whole(&terminal, 750)?;
    propose(&mut terminal, 700)?;
    confirm(&mut terminal)?;
    finished(&terminal, 700)?;
    let log = log(&server)?;
    readings.one(Figure::LimitedJob, used(&log, |asked| !asked.read));
    readings.one(Figure::LimitedJobRefusals, refusals(&log));
    Ok(())
}

fn both(program: &Program, readings: &mut Readings) -> Result<()> {
    let server = Server::documented(TEN_THOUSAND)?;
    let mut terminal = program.paced(&server)?;
    terminal.until("300 rows", |screen| loaded(screen).filter(|(here, _)| *here >= 300))?;
    propose(&mut terminal, 300)?;
    confirm(&mut terminal)?;
    finished(&terminal, 300)?;
    whole(&terminal, 9_600)?;
    let log = log(&server)?;
    readings.one(Figure::BothLoad, used(&log, |asked| asked.read));
    readings.one(Figure::BothJob, used(&log, |asked| !asked.read));
    readings.one(Figure::BothRefusals, refusals(&log));
    Ok(())
}

/// What the log says, in the order of arrival.
fn log(server: &Server) -> Result<Vec<Asked>> {
    let text = server.log()?;
    let mut log = text.lines().map(asked).collect::<Result<Vec<_>>>()?;
    log.sort_by(|one, two| one.at.total_cmp(&two.at));
    Ok(log)
}

fn asked(line: &str) -> Result<Asked> {
    let line: Value = serde_json::from_str(line).wrap_err("the sandbox's log cannot be read")?;
    let time: Timestamp = line["time"].as_str().wrap_err("a request without a time")?.parse()?;
    Ok(Asked {
        at: time.as_duration().as_secs_f64(),
        read: line["method"] == "GET",
        refused: line["status"] == 429,
    })
}

fn refusals(log: &[Asked]) -> f64 {
    log.iter().filter(|asked| asked.refused).count() as f64
}

/// How much of what the limits allow was used for the requests that `is` tells, in percent: the least time that they could
/// have taken beside all others, over the time that they took.
fn used(log: &[Asked], is: impl Fn(&Asked) -> bool) -> f64 {
    let served: Vec<Asked> = log.iter().filter(|asked| !asked.refused).copied().collect();
    let of: Vec<usize> = (0..served.len()).filter(|at| is(&served[*at])).collect();
    let (Some(first), Some(last)) = (of.first(), of.last()) else { return 0.0 };
    let taken = served[*last].at - served[*first].at + LATENCY;
    let mut best: Vec<Asked> = served[..*first].to_vec();
    // The others keep their times; those that count go as early as all windows let them.
    let others = served[*first..].iter().filter(|asked| !is(asked)).copied();
    best.extend(others);
    let mut at = served[*first].at;
    for _ in &of {
        let read = served[*first].read;
        at = earliest(&best, at, read);
        best.push(Asked { at, read, refused: false });
    }
    100.0 * (at - served[*first].at + LATENCY) / taken.max(Duration::from_millis(1).as_secs_f64())
}

/// The first instant from `from` on at which the server would take one more request after those of `log`.
fn earliest(log: &[Asked], from: f64, read: bool) -> f64 {
    let mut at = from;
    loop {
        let mut wait: f64 = at;
        for (most, span, reads_only) in WINDOWS {
            if reads_only && !read {
                continue;
            }
            let counts =
                |asked: &&Asked| asked.at <= at && asked.at > at - span && (asked.read || !reads_only);
            let mut inside: Vec<f64> = log.iter().filter(counts).map(|asked| asked.at).collect();
            inside.sort_by(f64::total_cmp);
            if inside.len() >= most {
                wait = wait.max(inside[inside.len() - most] + span);
            }
        }
        if wait <= at {
            return at;
        }
        at = wait;
    }
}
