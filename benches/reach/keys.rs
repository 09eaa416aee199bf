//! From a key to its frame: at rest, while a list loads, while a job runs, and in the filter.

use std::time::{Duration, Instant};

use color_eyre::eyre::Result;
use vt100::Screen;

use super::screen::{Program, Terminal, complete, cursor, loaded, names};
use super::server::Server;
use super::sums::millis;
use super::table::{Figure, Readings};
use super::work::{confirm, finished, propose, whole};
use super::{HUNDRED_THOUSAND, TEN_THOUSAND};

/// A held key's pace, about.
const STROKE: Duration = Duration::from_millis(20);
/// Letters of a fast typist, several keys of whom may be under way.
const TYPING: Duration = Duration::from_millis(30);
/// What is typed into the filter: starts of the sandbox's names, so that no match is cut off at the column's edge.
const WORDS: [&str; 6] = ["leaver", "campaign", "onboarding", "purchase", "vendor", "dispute"];

/// Every reading of keys in the table.
pub(crate) fn all(program: &Program, readings: &mut Readings) -> Result<()> {
    let small = Server::unlimited(TEN_THOUSAND)?;
    let terminal = program.unpaced(&small)?;
    whole(&terminal, 10_000)?;
    readings.spread(Figure::KeySmall, Figure::KeySmallWorst, &moves(terminal, 400)?);

    let large = Server::unlimited(HUNDRED_THOUSAND)?;
    let mut terminal = program.unpaced(&large)?;
    let while_loading = moves_while(&mut terminal, |screen| complete(screen, 100_000).is_some())?;
    readings.spread(Figure::KeyLoading, Figure::KeyLoadingWorst, &while_loading);
    readings.spread(Figure::KeyLarge, Figure::KeyLargeWorst, &moves(terminal, 400)?);
    drop(large);
    drop(small);

    let mut while_working = Vec::new();
    for _ in 0..3 {
        let server = Server::unlimited(TEN_THOUSAND)?;
        let mut terminal = program.unpaced(&server)?;
        whole(&terminal, 10_000)?;
        propose(&mut terminal, 1000)?;
        confirm(&mut terminal)?;
        terminal.until("the job", |screen| screen.contents().contains("archive 1").then_some(()))?;
        let over = |screen: &Screen| screen.contents().contains("archive finished: ");
        while_working.extend(moves_while(&mut terminal, over)?);
        finished(&terminal, 1000)?;
    }
    readings.spread(Figure::KeyWorking, Figure::KeyWorkingWorst, &while_working);
    Ok(())
}

/// Presses the key for a row down `n` times.
fn moves(mut terminal: Terminal, n: usize) -> Result<Vec<f64>> {
    (0..n).map(|_| step(&mut terminal, "j")).collect()
}

/// Presses keys that move the cursor up and down until `over`.
fn moves_while(terminal: &mut Terminal, over: impl Fn(&Screen) -> bool) -> Result<Vec<f64>> {
    terminal.until("rows", cursor)?;
    terminal.until("a list that is known", loaded)?;
    let mut taken = Vec::new();
    for key in ["j", "j", "k"].into_iter().cycle() {
        if terminal.now(&over) {
            break;
        }
        taken.push(step(terminal, key)?);
    }
    Ok(taken)
}

/// Presses a key that moves the cursor, and waits for the frame that shows it.
fn step(terminal: &mut Terminal, key: &str) -> Result<f64> {
    let before = terminal.now(cursor);
    let pressed = terminal.press(key)?;
    let (drawn, _) = terminal
        .until("a cursor that moved", |screen| cursor(screen).filter(|now| Some(now) != before.as_ref()))?;
    // A hand's pace, so that each key is measured by itself.
    std::thread::sleep(STROKE.saturating_sub(pressed.elapsed()));
    Ok(millis(drawn.saturating_duration_since(pressed)))
}

/// From each letter of a filter to the letter itself, and to the first rows that match.
pub(crate) fn filter(program: &Program, readings: &mut Readings) -> Result<()> {
    let server = Server::unlimited(HUNDRED_THOUSAND)?;
    let mut terminal = program.unpaced(&server)?;
    whole(&terminal, 100_000)?;
    let (mut echoes, mut results) = (Vec::new(), Vec::new());
    for word in WORDS {
        open(&mut terminal)?;
        for end in 1..=word.len() {
            let typed = &word[..end];
            // Where the rows on the screen match already, nothing is to be seen of the result.
            let tells = !terminal.now(|screen| fit(screen, typed));
            let pressed = terminal.press(&typed[end - 1..])?;
            let echo = echoed(&terminal, typed)?;
            let (drawn, ()) =
                terminal.until(&format!("rows that match {typed:?}"), |screen| matches(screen, typed))?;
            echoes.push(millis(echo.saturating_duration_since(pressed)));
            results.extend(tells.then(|| millis(drawn.saturating_duration_since(pressed))));
            std::thread::sleep(TYPING.saturating_sub(pressed.elapsed()));
        }
        close(&mut terminal)?;
    }
    for word in WORDS {
        echoes.extend(typed_on(&mut terminal, word)?);
    }
    readings.spread(Figure::FilterEcho, Figure::FilterEchoWorst, &echoes);
    readings.spread(Figure::Filter, Figure::FilterWorst, &results);
    Ok(())
}

/// Types on without waiting for results: how long each letter took to show.
fn typed_on(terminal: &mut Terminal, word: &str) -> Result<Vec<f64>> {
    open(terminal)?;
    let mut taken = Vec::new();
    for end in 1..=word.len() {
        let pressed = terminal.press(&word[end - 1..end])?;
        taken.push(millis(echoed(terminal, &word[..end])?.saturating_duration_since(pressed)));
        std::thread::sleep(TYPING.saturating_sub(pressed.elapsed()));
    }
    terminal.until(&format!("rows that match {word:?}"), |screen| matches(screen, word))?;
    close(terminal)?;
    Ok(taken)
}

/// Opens the filter's input.
fn open(terminal: &mut Terminal) -> Result<()> {
    terminal.press("/")?;
    echoed(terminal, "")?;
    Ok(())
}

/// Leaves the input and the filter, and waits until all rows are there again.
fn close(terminal: &mut Terminal) -> Result<()> {
    terminal.press("\r")?;
    terminal.until("the table again", |screen| input(screen).is_none().then_some(()))?;
    terminal.press("\u{1b}")?;
    terminal.until("all rows again", |screen| (!screen.contents().contains(" match")).then_some(()))?;
    Ok(())
}

/// Waits until `typed` stands in the filter's input.
fn echoed(terminal: &Terminal, typed: &str) -> Result<Instant> {
    let shown = |screen: &Screen| (input(screen).as_deref() == Some(typed)).then_some(());
    Ok(terminal.until(&format!("{typed:?} in the filter"), shown)?.0)
}

/// What stands in the filter's input, if it is open.
fn input(screen: &Screen) -> Option<String> {
    let mut lines = screen.rows(0, 120);
    lines.find_map(|line| line.strip_prefix('/').map(|typed| typed.trim_end().to_owned()))
}

/// Whether `typed` stands in the input and every row matches it.
fn matches(screen: &Screen, typed: &str) -> Option<()> {
    (fit(screen, typed) && input(screen).as_deref() == Some(typed)).then_some(())
}

/// Whether there are rows and every one of them matches, as far as its name can be seen.
fn fit(screen: &Screen, typed: &str) -> bool {
    let names = names(screen);
    let fits = |name: &String| name.to_lowercase().contains(typed) || name.ends_with('…');
    !names.is_empty() && names.iter().all(fits)
}
