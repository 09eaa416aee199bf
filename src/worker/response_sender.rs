//! How the worker speaks: every fact is dated and goes into the one channel.
//!
//! Owns the sending end. Must not know who listens, nor wait for anybody to do so.

use tokio::sync::mpsc::UnboundedSender;

use super::clock::Clock;
use crate::app::effect::Ticket;
use crate::app::event::{Fact, Message, Reply};

/// The way to the loop. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Post {
    pub(super) clock: Clock,
    messages: UnboundedSender<Message>,
}

impl Post {
    pub(super) fn new(clock: Clock, messages: UnboundedSender<Message>) -> Self {
        Self { clock, messages }
    }

    /// Tells a fact. Once the loop has ended nobody wants to know, which is no failure.
    pub(super) fn tell(&self, fact: Fact) {
        drop(self.messages.send(Message { at: self.clock.now(), fact }));
    }

    /// Reports on a piece of work.
    pub(super) fn reply(&self, ticket: Ticket, reply: Reply) {
        self.tell(Fact::Reply(ticket, reply));
    }
}
