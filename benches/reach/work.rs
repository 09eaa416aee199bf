//! Starting, loading, archiving, and what is left of it at rest.

use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, bail};

use super::process;
use super::screen::{Program, Terminal, complete, cursor, frame};
use super::server::Server;
use super::sums::millis;
use super::table::{Figure, Readings};
use super::{HUNDRED_THOUSAND, TEN_THOUSAND};

/// How long an idle program is watched.
const WATCHED: Duration = Duration::from_secs(5);
/// How long nothing must have been drawn before a program counts as idle.
const QUIET: Duration = Duration::from_secs(2);

/// From the start of the process to its first frame, and to the first rows.
pub(crate) fn start(program: &Program, readings: &mut Readings) -> Result<()> {
    let server = Server::unlimited(TEN_THOUSAND)?;
    let (mut frames, mut rows) = (Vec::new(), Vec::new());
    for _ in 0..15 {
        let terminal = program.unpaced(&server)?;
        let (drawn, ()) = terminal.until("a frame", frame)?;
        frames.push(millis(drawn - terminal.started));
        let (drawn, _) = terminal.until("rows", cursor)?;
        rows.push(millis(drawn - terminal.started));
    }
    readings.median(Figure::FirstFrame, &frames);
    readings.median(Figure::FirstRows, &rows);
    Ok(())
}

/// From the start of the process to the last row.
pub(crate) fn load(program: &Program, readings: &mut Readings) -> Result<()> {
    for (key, scale, least, times) in
        [(Figure::Load, TEN_THOUSAND, 10_000, 5), (Figure::LoadLarge, HUNDRED_THOUSAND, 100_000, 1)]
    {
        let server = Server::unlimited(scale)?;
        let mut taken = Vec::new();
        for _ in 0..times {
            let terminal = program.unpaced(&server)?;
            let drawn = whole(&terminal, least)?;
            taken.push(millis(drawn - terminal.started));
        }
        readings.median(key, &taken);
    }
    Ok(())
}

/// Waits until the list is complete.
pub(crate) fn whole(terminal: &Terminal, least: usize) -> Result<Instant> {
    let what = format!("all of at least {least} rows");
    Ok(terminal.until(&what, |screen| complete(screen, least))?.0)
}

/// Marks the first `n` rows and opens the dialog that would archive them.
pub(crate) fn propose(terminal: &mut Terminal, n: usize) -> Result<()> {
    terminal.press(&format!("v{}v", "j".repeat(n - 1)))?;
    let marked = format!("{} marked", grouped(n));
    terminal.until(&marked, |screen| screen.contents().contains(&marked).then_some(()))?;
    terminal.press("a")?;
    terminal.until("the dialog", |screen| screen.contents().contains("y archive, Esc keep").then_some(()))?;
    Ok(())
}

/// Confirms it. The answer is when.
pub(crate) fn confirm(terminal: &mut Terminal) -> Result<Instant> {
    terminal.press("y")
}

/// Waits until the job is over and everything is done. The answer is when that was drawn.
pub(crate) fn finished(terminal: &Terminal, n: usize) -> Result<Instant> {
    let (drawn, line) = terminal.until("the end of the job", |screen| {
        let text = screen.contents();
        text.lines().find(|line| line.contains("archive finished: ")).map(str::to_owned)
    })?;
    let done = line.replace(',', "").contains(&format!("finished: {n} done"));
    if !done {
        bail!("the job did not do all {n}: {line}");
    }
    Ok(drawn)
}

/// A number as the screen writes it.
fn grouped(n: usize) -> String {
    if n < 1000 { n.to_string() } else { format!("{},{:03}", n / 1000, n % 1000) }
}

/// From the key that confirms 300 records to the end of the job.
pub(crate) fn archive(program: &Program, readings: &mut Readings) -> Result<()> {
    let mut taken = Vec::new();
    for _ in 0..3 {
        let server = Server::unlimited(600)?;
        let mut terminal = program.unpaced(&server)?;
        whole(&terminal, 400)?;
        propose(&mut terminal, 300)?;
        let pressed = confirm(&mut terminal)?;
        taken.push(millis(finished(&terminal, 300)? - pressed));
    }
    readings.median(Figure::Archive, &taken);
    Ok(())
}

/// The memory that a loaded list takes.
pub(crate) fn memory(program: &Program, readings: &mut Readings) -> Result<()> {
    for (key, scale, least, times) in
        [(Figure::MemorySmall, TEN_THOUSAND, 10_000, 3), (Figure::MemoryLarge, HUNDRED_THOUSAND, 100_000, 2)]
    {
        let server = Server::unlimited(scale)?;
        let mut resident = Vec::new();
        for _ in 0..times {
            let terminal = program.unpaced(&server)?;
            whole(&terminal, least)?;
            terminal.rest(QUIET)?;
            match process::resident(terminal.pid()?) {
                Ok(mib) => resident.push(mib),
                Err(why) => {
                    return {
                        readings.none(key, &why.to_string());
                        Ok(())
                    };
                }
            }
        }
        readings.median(key, &resident);
    }
    Ok(())
}

/// What a program does that has nothing to do.
pub(crate) fn idle(program: &Program, readings: &mut Readings) -> Result<()> {
    let server = Server::unlimited(TEN_THOUSAND)?;
    let terminal = program.unpaced(&server)?;
    whole(&terminal, 10_000)?;
    terminal.rest(QUIET)?;
    let pid = terminal.pid()?;
    let (bytes, wakes) = (terminal.bytes(), process::wakes(pid));
    // Nothing is waited for here: the time itself is what is measured.
    std::thread::sleep(WATCHED);
    readings.one(Figure::IdleBytes, (terminal.bytes() - bytes) as f64);
    match (wakes, process::wakes(pid)) {
        (Ok(before), Ok(after)) => readings.one(Figure::IdleWakes, after - before),
        (Err(why), _) | (_, Err(why)) => readings.none(Figure::IdleWakes, &why.to_string()),
    }
    Ok(())
}
