//! What a key and its frame cost, in instructions: the same for 100 rows and for 100,000.
//!
//! Instructions do not depend on what else the machine does. The bench runs itself under callgrind with few frames and
//! with more; the difference is what the frames cost, without the making of the rows.

use std::process::Command;

use color_eyre::eyre::{ContextCompat as _, Result, WrapErr as _, eyre};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::scene::Scene;
use super::table::{Figure, Readings};

const FEW: u32 = 20;
const MORE: u32 = 120;

/// Presses a key and draws, `frames` times, over a list of `rows`.
pub(crate) fn draw(rows: usize, frames: usize) -> Result<()> {
    let mut scene = Scene::loaded(rows)?;
    let down = "j".parse().map_err(|bad| eyre!("{bad}"))?;
    let mut terminal = Terminal::new(TestBackend::new(120, 35))?;
    for _ in 0..frames {
        scene.press(down);
        terminal.draw(|frame| tidyfy::view::view(&scene.state, frame))?;
    }
    Ok(())
}

/// Compares a frame over 100,000 rows with one over 100.
pub(crate) fn measure(readings: &mut Readings) -> Result<()> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        readings.none(Figure::Frame, "valgrind is not installed");
        return Ok(());
    }
    let small = cost(100)?;
    let large = cost(100_000)?;
    readings.one(Figure::Frame, large / small);
    Ok(())
}

/// The instructions of one frame over `rows` rows.
fn cost(rows: usize) -> Result<f64> {
    Ok((counted(rows, MORE)? - counted(rows, FEW)?) / f64::from(MORE - FEW))
}

/// The instructions of a run that draws `frames` frames.
fn counted(rows: usize, frames: u32) -> Result<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args(["--frames", &frames.to_string(), "--rows", &rows.to_string()])
        .output()
        .wrap_err("could not run valgrind")?;
    let said = String::from_utf8_lossy(&output.stderr);
    let counted = said.lines().find_map(|line| line.split("Collected : ").nth(1));
    let counted = counted.wrap_err_with(|| format!("callgrind counted nothing:\n{said}"))?;
    Ok(counted.trim().parse()?)
}
