//! How the worker speaks: every fact is dated and goes into the one channel.
//!
//! Owns the sending end. Must not know who listens, nor wait for anybody to do so.

use tokio::sync::mpsc::UnboundedSender;

use super::clock::Clock;
use crate::app::effect::RequestId;
use crate::app::event::{Event, EventKind, Response};

/// The way to the loop. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct ResponseSender {
    pub(super) clock: Clock,
    messages: UnboundedSender<Event>,
}

impl ResponseSender {
    pub(super) fn new(clock: Clock, messages: UnboundedSender<Event>) -> Self {
        Self { clock, messages }
    }

    /// Tells a fact. Once the loop has ended nobody wants to know, which is no failure.
    pub(super) fn tell(&self, event_kind: EventKind) {
        drop(self.messages.send(Event { at: self.clock.now(), event_kind }));
    }

    /// Reports on a piece of work.
    pub(super) fn response(&self, request_id: RequestId, response: Response) {
        self.tell(EventKind::Reply(request_id, response));
    }
}
