//! The table: what is to be reached, what was measured, and whether that is enough.

use std::collections::BTreeMap;
use std::io::Write as _;

use color_eyre::eyre::Result;

use super::sums::{median, quantile};

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Figure {
    FirstFrame,
    FirstRows,
    Load,
    LoadLarge,
    Archive,
    LimitedLoad,
    LimitedLoadRefusals,
    LimitedJob,
    LimitedJobRefusals,
    BothLoad,
    BothJob,
    BothRefusals,
    KeySmall,
    KeySmallWorst,
    KeyLarge,
    KeyLargeWorst,
    KeyLoading,
    KeyLoadingWorst,
    KeyWorking,
    KeyWorkingWorst,
    FilterEcho,
    FilterEchoWorst,
    Filter,
    FilterWorst,
    Frame,
    MemorySmall,
    MemoryLarge,
    IdleBytes,
    IdleWakes,
    Size,
}

/// How a figure is judged.
#[derive(Debug, Clone, Copy)]
enum Reach {
    AtMost(f64),
    AtLeast(f64),
    /// It is only told.
    Told,
}

/// The words of a row, its unit, and what is to be reached.
type Line = (Figure, &'static str, &'static str, Reach);

const LINES: [Line; 30] = [
    (Figure::FirstFrame, "process start to first frame", "ms", Reach::AtMost(20.0)),
    (Figure::FirstRows, "first rows on screen, cold, at 50 ms latency", "ms", Reach::AtMost(150.0)),
    (Figure::Load, "process start to all of 10,000 rows, no limits", "ms", Reach::AtMost(600.0)),
    (Figure::LoadLarge, "process start to all of 100,000 rows, no limits", "ms", Reach::Told),
    (Figure::Archive, "archive 300, no limits", "ms", Reach::AtMost(1200.0)),
    (Figure::LimitedLoad, "load 10,000 rows, documented limits", "% of allowed", Reach::AtLeast(95.0)),
    (Figure::LimitedLoadRefusals, "  429 answers meanwhile", "", Reach::AtMost(0.0)),
    (Figure::LimitedJob, "archive 700, documented limits", "% of allowed", Reach::AtLeast(95.0)),
    (Figure::LimitedJobRefusals, "  429 answers meanwhile", "", Reach::AtMost(0.0)),
    (Figure::BothLoad, "load 10,000 rows while 300 are archived", "% of allowed", Reach::AtLeast(95.0)),
    (Figure::BothJob, "  the 300 meanwhile", "% of allowed", Reach::Told),
    (Figure::BothRefusals, "  429 answers meanwhile", "", Reach::AtMost(0.0)),
    (Figure::KeySmall, "key to frame, 10,000 rows, median", "ms", Reach::AtMost(1.5)),
    (Figure::KeySmallWorst, "  99th percentile", "ms", Reach::Told),
    (Figure::KeyLarge, "key to frame, 100,000 rows, median", "ms", Reach::AtMost(2.0)),
    (Figure::KeyLargeWorst, "  99th percentile", "ms", Reach::Told),
    (Figure::KeyLoading, "key to frame while 100,000 rows load, median", "ms", Reach::Told),
    (Figure::KeyLoadingWorst, "  99th percentile", "ms", Reach::AtMost(16.0)),
    (Figure::KeyWorking, "key to frame while 1,000 are archived, median", "ms", Reach::Told),
    (Figure::KeyWorkingWorst, "  99th percentile", "ms", Reach::AtMost(16.0)),
    (Figure::FilterEcho, "filter key to its letter, 100,000 rows, median", "ms", Reach::Told),
    (Figure::FilterEchoWorst, "  99th percentile", "ms", Reach::AtMost(16.0)),
    (Figure::Filter, "filter key to first results, 100,000 rows, median", "ms", Reach::AtMost(16.0)),
    (Figure::FilterWorst, "  99th percentile", "ms", Reach::Told),
    (Figure::Frame, "a key and its frame, 100,000 rows against 100", "x instructions", Reach::AtMost(1.1)),
    (Figure::MemorySmall, "resident memory, 10,000 rows", "MiB", Reach::AtMost(25.0)),
    (Figure::MemoryLarge, "resident memory, 100,000 rows", "MiB", Reach::AtMost(60.0)),
    (Figure::IdleBytes, "idle for 5 s: to the terminal", "bytes", Reach::AtMost(0.0)),
    (Figure::IdleWakes, "idle for 5 s: wake-ups of all threads", "", Reach::AtMost(0.0)),
    (Figure::Size, "release binary", "MB", Reach::AtMost(12.0)),
];

/// What was measured of one program.
#[derive(Debug, Default)]
pub(crate) struct Readings(BTreeMap<Figure, Result<f64, String>>);

impl Readings {
    /// One figure.
    pub(crate) fn one(&mut self, key: Figure, value: f64) {
        self.0.insert(key, Ok(value));
    }

    /// The median of several.
    pub(crate) fn median(&mut self, key: Figure, values: &[f64]) {
        self.one(key, median(values));
    }

    /// The median of many, and what 99 of 100 do not exceed.
    pub(crate) fn spread(&mut self, key: Figure, worst: Figure, values: &[f64]) {
        self.median(key, values);
        self.one(worst, quantile(values, 0.99));
    }

    /// Why there is no figure.
    pub(crate) fn none(&mut self, key: Figure, why: &str) {
        self.0.insert(key, Err(why.to_owned()));
    }
}

impl Reach {
    fn words(self, unit: &str) -> String {
        match self {
            Self::AtMost(most) => format!("{} {unit}", figure(most)),
            Self::AtLeast(least) => format!("at least {} {unit}", figure(least)),
            Self::Told => String::new(),
        }
    }

    fn verdict(self, value: f64) -> &'static str {
        match self {
            Self::AtMost(most) if value <= most => "ok",
            Self::AtLeast(least) if value >= least => "ok",
            Self::Told => "",
            Self::AtMost(_) | Self::AtLeast(_) => "SHORT",
        }
    }
}

/// Prints the table: one column of figures for each program, and a ratio where there are two.
pub(crate) fn print(columns: &[(String, Readings)]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{}\n", super::process::machine())?;
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let ratio = if names.len() == 2 { " ratio |" } else { "" };
    writeln!(out, "| Work | Reach | {} |{ratio} Verdict |", names.join(" | "))?;
    let rule = "---|".repeat(columns.len() + if ratio.is_empty() { 3 } else { 4 });
    writeln!(out, "|{rule}")?;
    for (key, work, unit, reach) in LINES {
        let readings: Vec<_> = columns.iter().map(|(_, readings)| readings.0.get(&key)).collect();
        let Some(Some(first)) = readings.first() else { continue };
        let cells: Vec<String> = readings.iter().map(|reading| cell(*reading, unit)).collect();
        let verdict = first.as_ref().map_or("", |value| reach.verdict(*value));
        let against = if ratio.is_empty() { String::new() } else { format!(" {} |", compared(&readings)) };
        let reach = reach.words(unit);
        writeln!(out, "| {work} | {} | {} |{against} {verdict} |", reach.trim(), cells.join(" | "))?;
    }
    Ok(())
}

type Reading<'a> = Option<&'a Result<f64, String>>;

fn cell(reading: Reading<'_>, unit: &str) -> String {
    match reading {
        None => "-".to_owned(),
        Some(Ok(value)) => format!("{} {unit}", figure(*value)).trim_end().to_owned(),
        Some(Err(why)) => why.clone(),
    }
}

/// The first program's figure over the second's.
fn compared(readings: &[Reading<'_>]) -> String {
    match readings {
        [Some(Ok(one)), Some(Ok(two))] if *two != 0.0 => format!("{:.2}", one / two),
        _ => String::new(),
    }
}

/// As many digits as mean something.
fn figure(value: f64) -> String {
    if value.fract() == 0.0 || value.abs() >= 100.0 {
        format!("{value:.0}")
    } else if value.abs() >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}
