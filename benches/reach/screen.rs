//! The program in a terminal of 120 by 35 cells, and when it drew what.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use color_eyre::eyre::{ContextCompat as _, Result, bail, eyre};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;
use vt100::Screen;

use super::server::Server;

const ROWS: u16 = 35;
const COLUMNS: u16 = 120;
/// Columns of a row's signs, and those of its name at this width.
const SIGNS: u16 = 3;
const NAME: u16 = 30;
/// The longest that anything is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

/// A program to be measured.
#[derive(Debug)]
pub(crate) struct Program(PathBuf);

impl Program {
    pub(crate) fn new(path: PathBuf) -> Result<Self> {
        if !path.is_file() {
            bail!("there is no program `{}`", path.display());
        }
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// What it is called in the table.
    pub(crate) fn name(&self) -> String {
        self.0.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned())
    }

    /// Starts it on `server` with its pacing as it is by default.
    pub(crate) fn paced(&self, server: &Server) -> Result<Terminal> {
        Terminal::start(self, server, &[])
    }

    /// Starts it on `server` without any pacing.
    pub(crate) fn unpaced(&self, server: &Server) -> Result<Terminal> {
        Terminal::start(self, server, &["--limits", "off"])
    }
}

/// What the terminal has been told.
struct Seen {
    parser: vt100::Parser,
    /// When something was last written to it.
    last: Instant,
    bytes: u64,
    ended: bool,
}

struct Shared {
    seen: Mutex<Seen>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A terminal with the program in it; the program ends with this.
pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    shared: Arc<Shared>,
    /// When the program was started.
    pub(crate) started: Instant,
    _master: Box<dyn MasterPty + Send>,
    _home: TempDir,
}

impl Terminal {
    fn start(program: &Program, server: &Server, arguments: &[&str]) -> Result<Self> {
        let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).map_err(|bad| eyre!("there is no terminal: {bad}"))?;
        let home = tempfile::tempdir()?;
        let command = command(program, server, arguments, home.path());
        let reader = pair.master.try_clone_reader().map_err(|bad| eyre!("{bad}"))?;
        let keyboard = pair.master.take_writer().map_err(|bad| eyre!("{bad}"))?;
        let started = Instant::now();
        let shared = Arc::new(Shared {
            seen: Mutex::new(Seen {
                parser: vt100::Parser::new(cells(ROWS)?, cells(COLUMNS)?, 0),
                last: started,
                bytes: 0,
                ended: false,
            }),
            changed: Condvar::new(),
        });
        let child = pair.slave.spawn_command(command);
        let child = child.map_err(|bad| eyre!("could not start `{}`: {bad}", program.0.display()))?;
        drop(pair.slave);
        let told = Arc::clone(&shared);
        std::thread::spawn(move || listen(reader, &told));
        Ok(Self { child, keyboard, shared, started, _master: pair.master, _home: home })
    }

    /// Presses keys, all at once. The answer is when.
    pub(crate) fn press(&mut self, keys: &str) -> Result<Instant> {
        let pressed = Instant::now();
        self.keyboard.write_all(keys.as_bytes())?;
        self.keyboard.flush()?;
        Ok(pressed)
    }

    /// Waits until the screen shows what `met` makes something of. The answer is that, and when it was drawn.
    pub(crate) fn until<T>(&self, what: &str, met: impl Fn(&Screen) -> Option<T>) -> Result<(Instant, T)> {
        let begun = Instant::now();
        let mut seen = self.shared.lock();
        loop {
            if let Some(found) = met(seen.parser.screen()) {
                return Ok((seen.last, found));
            }
            let left = PATIENCE.saturating_sub(begun.elapsed());
            if left.is_zero() || seen.ended {
                bail!("the screen never showed {what}:\n{}", seen.parser.screen().contents());
            }
            let woken = self.shared.changed.wait_timeout(seen, left);
            seen = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until nothing has been written for `quiet`.
    pub(crate) fn rest(&self, quiet: Duration) -> Result<()> {
        let begun = Instant::now();
        let mut seen = self.shared.lock();
        loop {
            let left = quiet.saturating_sub(seen.last.elapsed());
            if left.is_zero() {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                bail!("the screen never came to rest:\n{}", seen.parser.screen().contents());
            }
            seen = self.shared.changed.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// How much has been written to the terminal.
    pub(crate) fn bytes(&self) -> u64 {
        self.shared.lock().bytes
    }

    pub(crate) fn pid(&self) -> Result<u32> {
        self.child.process_id().wrap_err("the program has ended")
    }

    /// What the screen shows now.
    pub(crate) fn now<T>(&self, look: impl Fn(&Screen) -> T) -> T {
        look(self.shared.lock().parser.screen())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The program's command line, with nothing of this process's environment and nothing that outlives the measurement.
fn command(program: &Program, server: &Server, arguments: &[&str], home: &Path) -> CommandBuilder {
    let mut command = CommandBuilder::new(&program.0);
    command.args(arguments);
    command.env_clear();
    let fixed = [
        ("TERM", "xterm-256color"),
        ("PATH", "/usr/bin:/bin"),
        ("TZ", "UTC"),
        ("TALLYFY_BASE_URL", &server.base_url),
        ("TALLYFY_ORG_ID", &server.organization),
        ("TALLYFY_ACCESS_TOKEN", &server.token),
    ];
    fixed.iter().for_each(|(name, value)| command.env(name, value));
    command.env("HOME", home);
    for name in ["XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
        command.env(name, home.join(name));
    }
    command.cwd(home);
    command
}

fn cells(n: u16) -> Result<NonZeroU16> {
    NonZeroU16::new(n).wrap_err("a terminal has cells")
}

/// Reads what the program draws, until it ends.
fn listen(mut output: Box<dyn Read + Send>, told: &Shared) {
    let mut bytes = [0; 8192];
    loop {
        let read = output.read(&mut bytes).unwrap_or(0);
        let came = Instant::now();
        let mut seen = told.lock();
        seen.ended = read == 0;
        if read > 0 {
            seen.last = came;
            seen.bytes += read as u64;
            seen.parser.process(&bytes[..read]);
        }
        drop(seen);
        told.changed.notify_all();
        if read == 0 {
            return;
        }
    }
}

/// Whether there is a frame at all.
pub(crate) fn frame(screen: &Screen) -> Option<()> {
    screen.contents_between(0, 0, 0, COLUMNS).contains("tidyfy").then_some(())
}

/// The line the cursor is on, and what stands in it.
pub(crate) fn cursor(screen: &Screen) -> Option<(u16, String)> {
    let is_cursor = |row: &u16| screen.cell(*row, 0).is_some_and(|cell| cell.contents() == ">");
    let row = (0..ROWS).find(is_cursor)?;
    Some((row, screen.contents_between(row, 0, row, SIGNS + NAME)))
}

/// How many rows are loaded, and of how many, as the line under the table says it.
pub(crate) fn loaded(screen: &Screen) -> Option<(usize, usize)> {
    let line = screen.rows(0, COLUMNS).find(|line| line.starts_with("active"))?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let at = words.windows(3).find(|three| three[1] == "of" && number(three[0]).is_some())?;
    Some((number(at[0])?, number(at[2])?))
}

/// A number with commas between its thousands.
fn number(word: &str) -> Option<usize> {
    word.replace(',', "").parse().ok()
}

/// Whether at least `least` rows are loaded, and no fewer than there are.
pub(crate) fn complete(screen: &Screen, least: usize) -> Option<()> {
    let (here, of) = loaded(screen)?;
    (here >= least && here >= of && !screen.contents().contains("loading")).then_some(())
}

/// The names in the table. A name that is cut ends with `…`.
pub(crate) fn names(screen: &Screen) -> Vec<String> {
    let rows = screen.rows(SIGNS, NAME).zip(screen.rows(0, COLUMNS));
    let table = rows.skip_while(|(_, line)| !line.trim_start().starts_with("name ")).skip(1);
    let table = table.take_while(|(_, line)| !line.starts_with("active") && !line.starts_with('/'));
    table.map(|(name, _)| name.trim_end().to_owned()).filter(|name| !name.is_empty()).collect()
}
