//! A server with limits, written apart from the machine that keeps to them, and a client of it.

use std::sync::{Arc, Mutex};

use super::*;

/// What the server keeps to: so many requests, or reads, in a window.
pub(super) type Window = (usize, Duration, bool);

pub(super) const DOCUMENTED: [Window; 3] = [
    (140, Duration::from_secs(10), false),
    (600, Duration::from_secs(60), false),
    (12, Duration::from_secs(5), true),
];

/// A server. Clones are the same one.
#[derive(Clone)]
pub(super) struct Server(Arc<Inside>);

struct Inside {
    windows: Vec<Window>,
    /// Whether answers tell what remains.
    speaks: bool,
    counted: Mutex<Vec<(Instant, bool)>>,
    /// When a request of ours was turned away.
    refusals: Mutex<Vec<Instant>>,
    /// How often at most one and the same was.
    most: Mutex<usize>,
}

impl Server {
    pub(super) fn new(windows: &[Window], speaks: bool) -> Self {
        let (counted, refusals, most) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self(Arc::new(Inside { windows: windows.to_vec(), speaks, counted, refusals, most }))
    }

    /// Counts a request: how many more there may be now, or after how long there may be one.
    pub(super) fn count(&self, read: bool) -> Result<usize, Duration> {
        let now = Instant::now();
        let mut counted = self.0.counted.lock().unwrap();
        let mut left = usize::MAX;
        let mut wait = Duration::ZERO;
        for (count, window, reads_only) in
            self.0.windows.iter().filter(|(.., reads_only)| read || !reads_only)
        {
            let inside = counted.iter().rev().take_while(|(at, _)| *at + *window > now);
            let inside: Vec<_> = inside.filter(|(_, read)| *read || !reads_only).collect();
            match inside.get(count - 1) {
                Some((at, _)) => wait = wait.max(*at + *window - now),
                None => left = left.min(count - 1 - inside.len()),
            }
        }
        if wait > Duration::ZERO {
            return Err(wait);
        }
        counted.push((now, read));
        Ok(left)
    }

    /// How often in a row one request of ours was turned away at most.
    pub(super) fn most(&self) -> usize {
        *self.0.most.lock().unwrap()
    }

    pub(super) fn refusals(&self) -> Vec<Instant> {
        self.0.refusals.lock().unwrap().clone()
    }

    /// Sends one request until it is taken: it is counted after `up`, and answered after `down` more.
    pub(super) async fn send(&self, gate: &RateGate, urgency: Priority, read: bool, (up, down): (u64, u64)) {
        let mut refusals = 0;
        loop {
            let mut place = gate.place(urgency, read).await;
            place.leave();
            sleep(milliseconds(up)).await;
            let counted = self.count(read);
            sleep(milliseconds(down)).await;
            let now = Instant::now();
            match counted {
                Ok(left) => {
                    let mut limiter = gate.limiter();
                    limiter.accepted();
                    let remaining = Some(left).filter(|_| self.0.speaks);
                    limiter.told(
                        read,
                        place.left,
                        RateLimitHeaders { remaining, ..RateLimitHeaders::default() },
                        now,
                        SECOND,
                    );
                }
                Err(wait) => {
                    self.0.refusals.lock().unwrap().push(now);
                    refusals += 1;
                    let mut most = self.0.most.lock().unwrap();
                    *most = refusals.max(*most);
                    let wait = Duration::from_secs(wait.as_secs() + 1);
                    gate.limiter().throttled(read, place.left, now, wait, "asked");
                }
            }
            place.ended(PermitEnd::Answered);
            if counted.is_ok() {
                return;
            }
        }
    }
}
