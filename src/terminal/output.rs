//! Writing to the terminal.
//!
//! Owns that a write never fails: a terminal that cannot be written to has hung up, which requests the end of the program,
//! and everything written after that is dropped. So nothing on the way out can stumble over a terminal that is gone.
//! Must not know what is drawn.

use std::io::{self, IsTerminal, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::OnceLock;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, retry_on_intr};

use crate::app::effect::Exit;
use crate::shutdown::Shutdown;

/// More than any frame of an ordinary terminal, so that a frame is written at once.
const CAPACITY: usize = 64 * 1024;

/// The terminal as a writer: standard output, or standard error where the first is no terminal.
#[derive(Debug)]
pub struct Output {
    buffer: Vec<u8>,
    shutdown: Shutdown,
    is_gone: bool,
}

impl Output {
    /// A writer that requests the end of the program when the terminal is gone.
    #[must_use]
    pub fn new(shutdown: Shutdown) -> Self {
        Self { buffer: Vec::new(), shutdown, is_gone: false }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_gone {
            self.buffer.extend_from_slice(bytes);
        }
        if self.buffer.len() >= CAPACITY {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if send(&self.buffer).is_err() {
            self.is_gone = true;
            self.shutdown.request(Exit::HungUp);
        }
        self.buffer.clear();
        Ok(())
    }
}

/// Writes all of `bytes`, and waits for a terminal that takes no more, also where another program has made it
/// non-blocking.
pub(super) fn send(mut bytes: &[u8]) -> io::Result<()> {
    let (output, error) = (io::stdout(), io::stderr());
    let terminal = if is_stdout() { output.as_fd() } else { error.as_fd() };
    while !bytes.is_empty() {
        match retry_on_intr(|| rustix::io::write(terminal, bytes)) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(Errno::AGAIN) => wait_for_room(terminal)?,
            Err(why) => return Err(why.into()),
        }
    }
    Ok(())
}

fn wait_for_room(terminal: BorrowedFd<'_>) -> io::Result<()> {
    let mut polled = [PollFd::new(&terminal, PollFlags::OUT)];
    retry_on_intr(|| poll(&mut polled, None))?;
    Ok(())
}

/// Whether standard output is the terminal. It is asked once: a terminal that is gone does not look like one any more.
fn is_stdout() -> bool {
    static IS_STDOUT: OnceLock<bool> = OnceLock::new();
    *IS_STDOUT.get_or_init(|| io::stdout().is_terminal())
}
