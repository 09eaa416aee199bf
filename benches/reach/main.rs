//! How far tidyfy reaches: the program in a terminal, against its own sandbox in a process of its own, and one table of
//! what was measured.
//!
//! Owns what is measured in which order. `cargo bench --bench reach -- --help` says what it takes.

mod frames;
mod keys;
mod limits;
mod process;
mod scene;
mod screen;
mod server;
mod sums;
mod table;
mod work;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use color_eyre::eyre::Result;

use screen::Program;
use table::{Figure, Readings};

/// Rows that "10,000" and "100,000" stand for: the sandbox archives about a quarter of what it makes.
const TEN_THOUSAND: usize = 13_450;
const HUNDRED_THOUSAND: usize = 134_500;

/// Measures how far tidyfy reaches, and prints the table.
#[derive(Debug, Parser)]
struct Arguments {
    /// Measure this program instead of the one that was built with the bench
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
    /// Measure this one as well, side by side
    #[arg(long, value_name = "PATH")]
    against: Option<PathBuf>,
    /// Measure what takes minutes as well: loading and archiving under the documented limits
    #[arg(long)]
    long: bool,
    /// Measure only what is named: start, load, archive, keys, filter, memory, idle, size, frames, limits
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// Draw this many frames and end: what is run under callgrind
    #[arg(long, value_name = "N", hide = true, requires = "rows")]
    frames: Option<usize>,
    /// Draw them over a list of this many rows
    #[arg(long, value_name = "N", hide = true)]
    rows: Option<usize>,
    /// What `cargo bench` passes to every bench
    #[arg(long, hide = true)]
    bench: bool,
}

impl Arguments {
    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if let (Some(frames), Some(rows)) = (arguments.frames, arguments.rows) {
        frames::draw(rows, frames)?;
        return Ok(ExitCode::SUCCESS);
    }
    let built = PathBuf::from(env!("CARGO_BIN_EXE_tidyfy"));
    let mut programs = vec![Program::new(arguments.binary.clone().unwrap_or(built))?];
    programs.extend(arguments.against.clone().map(Program::new).transpose()?);
    let mut columns = Vec::new();
    for program in &programs {
        let mut readings = Readings::default();
        measure(&arguments, program, &mut readings)?;
        columns.push((program.name(), readings));
    }
    if arguments.wants("frames") {
        // The view is part of this binary, so there is nothing to measure in another.
        frames::measure(&mut columns[0].1)?;
    }
    table::print(&columns)?;
    Ok(ExitCode::SUCCESS)
}

/// Takes every reading of one program that was asked for.
fn measure(arguments: &Arguments, program: &Program, readings: &mut Readings) -> Result<()> {
    if arguments.wants("size") {
        readings.one(Figure::Size, process::megabytes(program.path())?);
    }
    step(arguments, program, "start", readings, work::start)?;
    step(arguments, program, "load", readings, work::load)?;
    step(arguments, program, "archive", readings, work::archive)?;
    step(arguments, program, "keys", readings, keys::all)?;
    step(arguments, program, "filter", readings, keys::filter)?;
    step(arguments, program, "memory", readings, work::memory)?;
    step(arguments, program, "idle", readings, work::idle)?;
    if arguments.long || arguments.only.iter().any(|only| only == "limits") {
        step(arguments, program, "limits", readings, limits::all)?;
    }
    Ok(())
}

/// Takes one group of readings, saying so, because some take a while.
fn step(
    arguments: &Arguments,
    program: &Program,
    name: &str,
    readings: &mut Readings,
    take: impl FnOnce(&Program, &mut Readings) -> Result<()>,
) -> Result<()> {
    if !arguments.wants(name) {
        return Ok(());
    }
    writeln!(std::io::stderr(), "measuring {name} of {}", program.name())?;
    take(program, readings)
}
