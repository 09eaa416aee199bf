//! Reading the terminal: one thread that waits for bytes and for the end of the terminal.
//!
//! A thread of its own takes the time of each read at once, whatever the program does meanwhile, and waits for nothing but
//! the descriptor: `poll` tells of bytes as long as there are some, and of a hang-up without being asked. The descriptor
//! stays blocking, because the shell and the output share its flags.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::os::fd::AsFd;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::termios::{LocalModes, QueueSelector, tcflush, tcgetattr};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_util::sync::CancellationToken;

pub use super::parser::InputEvent;
use super::parser::Parser;

/// How much is read at once.
const READ: usize = 4096;
/// How many reads may wait to be taken. Until there is room nothing more is read, so that a flood waits in the kernel.
const READS_WAITING: usize = 2;
/// How often the thread looks for room.
const ROOM_CHECK: Duration = Duration::from_millis(5);

/// The bytes of one read, or the passing of time.
#[derive(Debug)]
struct Batch {
    at: Instant,
    events: Vec<InputEvent>,
}

/// Typed and pasted input, in one stream for the life of the process.
pub struct Input {
    batches: Option<Receiver<Batch>>,
    /// The rest of the last one.
    events: VecDeque<InputEvent>,
    at: Instant,
    /// Input read before is dropped.
    since: Instant,
    ended: CancellationToken,
}

impl Input {
    /// The input of the terminal that is the standard input. It is read from when it is first asked for.
    #[must_use]
    pub fn of_terminal() -> Self {
        Self {
            batches: None,
            events: VecDeque::new(),
            at: Instant::now(),
            since: Instant::now(),
            ended: CancellationToken::new(),
        }
    }

    /// The input that comes from `descriptor`.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn reading(descriptor: impl AsFd + Send + 'static) -> io::Result<Self> {
        let mut input = Self::of_terminal();
        input.start(descriptor)?;
        Ok(input)
    }

    /// The next event and when it was read; none once the terminal is gone, and from then on. Cancel safe.
    pub async fn next(&mut self) -> Option<(Instant, InputEvent)> {
        if self.batches.is_none() && self.start(io::stdin()).is_err() {
            self.ended.cancel();
        }
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some((self.at, event));
            }
            // Between two reads whatever else waits in this task gets a turn.
            tokio::task::yield_now().await;
            let batch = self.batches.as_mut()?.recv().await?;
            if batch.at >= self.since {
                (self.at, self.events) = (batch.at, batch.events.into());
            }
        }
    }

    /// Whether the last read brought more than was taken of it.
    #[must_use]
    pub fn has_more(&self) -> bool {
        !self.events.is_empty()
    }

    /// Drops everything that was typed until now, also what nobody has read yet.
    pub fn discard(&mut self) {
        discard_unread();
        self.events.clear();
        self.since = Instant::now();
    }

    /// Is cancelled when the terminal is gone, even if nobody takes what was typed before.
    #[must_use]
    pub fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }

    fn start(&mut self, descriptor: impl AsFd + Send + 'static) -> io::Result<()> {
        let (sender, receiver) = channel(READS_WAITING);
        let ended = self.ended.clone();
        thread::Builder::new().name("terminal input".to_owned()).spawn(move || {
            read(&descriptor, &sender);
            ended.cancel();
        })?;
        self.batches = Some(receiver);
        Ok(())
    }
}

impl fmt::Debug for Input {
    /// Shows nothing of what was typed, which may be a token.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Input")
    }
}

/// Drops what was typed and not read yet; a terminal that is gone has nothing to drop.
pub(super) fn discard_unread() {
    let _ = tcflush(io::stdin(), QueueSelector::IFlush);
}

/// Reads until the terminal is gone or nobody wants to know.
fn read(descriptor: &impl AsFd, batches: &Sender<Batch>) {
    let (mut parser, mut events) = (Parser::default(), Vec::new());
    let mut bytes = [0; READ];
    let mut waiting: Option<Batch> = None;
    loop {
        if let Some(batch) = waiting.take() {
            match batches.try_send(batch) {
                Ok(()) => {}
                Err(TrySendError::Full(batch)) => waiting = Some(batch),
                Err(TrySendError::Closed(_)) => return,
            }
        }
        // Without room only the end of the terminal is watched for, which `poll` always tells.
        let (wanted, until) = match &waiting {
            Some(_) => (PollFlags::empty(), Some(ROOM_CHECK)),
            None => (PollFlags::IN, parser.deadline().map(|at| at.saturating_duration_since(Instant::now()))),
        };
        let told = match wait(descriptor, wanted, until) {
            Ok(told) => told,
            Err(Errno::INTR) => continue,
            Err(_) => return,
        };
        if told.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            return;
        }
        if waiting.is_some() {
            continue;
        }
        let read = if told.contains(PollFlags::IN) {
            match rustix::io::read(descriptor, &mut bytes) {
                Ok(0) if is_cooked(descriptor) => continue,
                Ok(0) => return,
                Ok(read) => read,
                Err(Errno::INTR | Errno::AGAIN) => continue,
                Err(_) => return,
            }
        } else {
            0
        };
        let at = Instant::now();
        if read > 0 {
            parser.feed(&bytes[..read], at, &mut events);
        } else {
            // Only here, where nothing waits to be read: bytes that the program was late to read are not late.
            parser.lapse(at, &mut events);
        }
        if !events.is_empty() {
            waiting = Some(Batch { at, events: std::mem::take(&mut events) });
        }
    }
}

/// Polls the descriptor for a time, or without end.
fn wait(descriptor: &impl AsFd, wanted: PollFlags, time: Option<Duration>) -> Result<PollFlags, Errno> {
    let mut watched = [PollFd::new(descriptor, wanted)];
    // Rounded up, or the last millisecond would be waited for in many turns.
    let time = time.map(|time| time + Duration::from_millis(1)).and_then(|time| time.try_into().ok());
    poll(&mut watched, time.as_ref())?;
    Ok(watched[0].revents())
}

/// Whether the terminal is in its ordinary mode, in which ctrl-d reads as an end and is none.
fn is_cooked(descriptor: &impl AsFd) -> bool {
    tcgetattr(descriptor).is_ok_and(|modes| modes.local_modes.contains(LocalModes::ICANON))
}

#[cfg(test)]
mod tests;
