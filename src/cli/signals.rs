//! The signals that end the program, and the process's exit where the program does not come to it by itself.
//!
//! Owns a thread of its own, which nothing else can keep from running: not an event loop that waits for a frozen terminal,
//! nor a keyring that does not answer. Must not know what the program does.

use std::io;
use std::process::exit;
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep};

use crate::app::effect::Exit;
use crate::shutdown::Shutdown;
use crate::terminal;

/// How long the program may take to restore the terminal and say its last words once all work is closed.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// The same once somebody insisted on the end.
const INSISTED: Duration = Duration::from_secs(2);
/// How long after its request the end comes whatever is left: 5 s for requests in flight, and time to close the journal.
const LATEST: Duration = Duration::from_millis(6_300);
/// A signal that follows so soon is the same one: `timeout` sends two, to the process and to its group.
const ECHO: Duration = Duration::from_millis(250);

/// Lets SIGTERM, SIGHUP and SIGINT end the program from now on, and ends the process where the program is stuck.
///
/// # Errors
/// When the system does not allow it.
pub(super) fn watch(shutdown: &Shutdown) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let signals = {
        let _inside = runtime.enter();
        Signals {
            interrupts: signal(SignalKind::interrupt())?,
            terminations: signal(SignalKind::terminate())?,
            hangups: signal(SignalKind::hangup())?,
        }
    };
    let shutdown = shutdown.clone();
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(until_over(signals, &shutdown));
        terminal::give_back_at_once();
        exit(i32::from(shutdown.exit().map_or(0, Exit::code)));
    })?;
    Ok(())
}

struct Signals {
    interrupts: Signal,
    terminations: Signal,
    hangups: Signal,
}

impl Signals {
    async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupts.recv() => Exit::Interrupted,
            _ = self.terminations.recv() => Exit::Terminated,
            _ = self.hangups.recv() => Exit::HungUp,
        }
    }
}

/// Passes signals on until the process must exit.
async fn until_over(mut signals: Signals, shutdown: &Shutdown) {
    let over = over(shutdown);
    tokio::pin!(over);
    let mut first: Option<Instant> = None;
    loop {
        let exit = tokio::select! {
            () = &mut over => return,
            exit = signals.next() => exit,
        };
        shutdown.request(exit);
        // A window that closes sends SIGHUP more than once; nobody insists by that.
        if exit != Exit::HungUp && first.get_or_insert_with(Instant::now).elapsed() >= ECHO {
            shutdown.force();
        }
    }
}

/// Waits until the end is requested and has taken its time. One that the person wanted takes as long as it takes: nobody
/// waits for it but the person, on a terminal that may be slow.
async fn over(shutdown: &Shutdown) {
    shutdown.requested().await;
    let closed = async {
        shutdown.closed().await;
        if shutdown.is_attended() {
            sleep(LAST_WORDS).await;
        }
    };
    let insisted = async {
        shutdown.forced().await;
        sleep(INSISTED).await;
    };
    tokio::select! {
        () = closed => {}
        () = insisted => {}
        () = sleep(LATEST) => {}
    }
    while shutdown.exit() == Some(Exit::Quit) {
        sleep(LAST_WORDS).await;
    }
}
