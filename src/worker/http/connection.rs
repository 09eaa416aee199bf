//! Whether anything may leave at all, and with which token.
//!
//! Owns the door that every request passes: open, locked because the token is not accepted, or shut because the server
//! cannot be reached; and the client, whose token changes when the door is unlocked. Tells every change. A request whose
//! future is dropped while it waits leaves no trace. Must not know what a request is about, nor how a door is opened
//! again: the porter does.

use std::sync::Arc;

use tokio::sync::watch;

use crate::app::event::EventKind;
use crate::model::failure::{Cause, Failure};
use crate::model::time::Moment;
use crate::tallyfy::Client;
use crate::worker::http::rate_limiter::Priority;
use crate::worker::response_sender::ResponseSender;

/// What may leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ConnectionState {
    /// Everything.
    Open,
    /// Nothing: the token is not accepted.
    Locked(Failure),
    /// Only what a person waits for, who then sees why it fails: the server cannot be reached.
    Offline(Failure),
}

impl ConnectionState {
    fn lets(&self, urgency: Priority) -> bool {
        match self {
            Self::Open => true,
            Self::Locked(_) => false,
            Self::Offline(_) => urgency == Priority::Urgent,
        }
    }

    /// What is told when it begins.
    fn begins(&self) -> Option<EventKind> {
        match self {
            Self::Open => None,
            Self::Locked(why) => Some(EventKind::LockedOut(Some(why.clone()))),
            Self::Offline(why) => Some(EventKind::Offline(Some(why.clone()))),
        }
    }

    /// What is told when it ends.
    fn ends(&self) -> Option<EventKind> {
        match self {
            Self::Open => None,
            Self::Locked(_) => Some(EventKind::LockedOut(None)),
            Self::Offline(_) => Some(EventKind::Offline(None)),
        }
    }
}

/// What a request needs to leave: the client to send it by, and how often the door had swung by then. What left before
/// it swung last says nothing about how things stand now: a 401 to the former token locks nothing.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionHandle {
    pub(crate) client: Client,
    swing: u64,
    /// Which generation of connections the client belongs to.
    generation: u64,
}

/// A door. Clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Connection(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    inside: watch::Sender<Inner>,
    /// Whom every change is told; a door of which nobody is told does not swing.
    post: Option<ResponseSender>,
}

#[derive(Debug)]
struct Inner {
    state: ConnectionState,
    swing: u64,
    client: Client,
    /// How often the client was replaced by one without connections.
    generation: u64,
    /// When the last request left, as far as anybody keeps the time.
    used: Option<Moment>,
}

impl Inner {
    fn pass(&self) -> ConnectionHandle {
        ConnectionHandle { client: self.client.clone(), swing: self.swing, generation: self.generation }
    }

    /// Gives up all connections. Requests in flight keep theirs.
    fn reconnect(&mut self) {
        // Where no other client can be made, the one there is has to do.
        if let Ok(client) = self.client.reconnected() {
            self.client = client;
            self.generation += 1;
        }
    }
}

/// What an answer, or the lack of one, says about the door.
#[derive(Debug, Clone, Copy)]
enum ConnectionNews<'a> {
    Answered,
    Unauthorized(&'a Failure),
    Unreachable(&'a Failure),
}

impl<'a> ConnectionNews<'a> {
    fn of(failure: Option<&'a Failure>) -> Option<Self> {
        let Some(failure) = failure else { return Some(Self::Answered) };
        match failure.cause {
            Cause::Unauthorized => Some(Self::Unauthorized(failure)),
            Cause::Unreachable => Some(Self::Unreachable(failure)),
            _ => failure.status.map(|_| Self::Answered),
        }
    }
}

impl Connection {
    /// An open one, which tells `post` whenever it swings.
    pub(crate) fn new(client: Client, post: ResponseSender) -> Self {
        Self::hung(client, Some(post))
    }

    /// One that is always open, for trying out whether `client` is let in.
    pub(crate) fn aside(client: Client) -> Self {
        Self::hung(client, None)
    }

    fn hung(client: Client, post: Option<ResponseSender>) -> Self {
        let inside = Inner { state: ConnectionState::Open, swing: 0, client, generation: 0, used: None };
        let inside = watch::Sender::new(inside);
        Self(Arc::new(Shared { inside, post }))
    }

    /// The client of the moment.
    pub(crate) fn client(&self) -> Client {
        self.0.inside.borrow().client.clone()
    }

    /// How it stands, and how often it had swung by then.
    pub(crate) fn stands(&self) -> (ConnectionState, u64) {
        let inside = self.0.inside.borrow();
        (inside.state.clone(), inside.swing)
    }

    /// Leave to send one request now, if there is. Connections from before the machine was suspended are not used: a pool
    /// that counts by a clock which stood still takes them for fresh, while the other end has long forgotten them.
    pub(crate) fn pass(&self, urgency: Priority) -> Option<ConnectionHandle> {
        let now = self.0.post.as_ref().map(|post| post.clock.now());
        let mut pass = None;
        self.0.inside.send_if_modified(|inside| {
            if inside.state.lets(urgency) {
                if inside.used.zip(now).is_some_and(|(used, now)| now.age_of(used).is_none()) {
                    inside.reconnect();
                }
                inside.used = now;
                pass = Some(inside.pass());
            }
            false
        });
        pass
    }

    /// A request that left by `pass` met a broken connection: what is sent from now on goes by new ones.
    pub(crate) fn reconnect(&self, pass: &ConnectionHandle) {
        self.0.inside.send_if_modified(|inside| {
            if (inside.swing, inside.generation) == (pass.swing, pass.generation) {
                inside.reconnect();
            }
            false
        });
    }

    /// Waits until there is leave to send such a request.
    pub(crate) async fn open_for(&self, urgency: Priority) {
        self.until(|inside| inside.state.lets(urgency)).await;
    }

    /// Waits until there is none.
    pub(crate) async fn shut_for(&self, urgency: Priority) {
        self.until(|inside| !inside.state.lets(urgency)).await;
    }

    /// Waits until it is not open.
    pub(crate) async fn shut(&self) {
        self.until(|inside| inside.state != ConnectionState::Open).await;
    }

    /// Waits until it has swung more often than `swing` times.
    pub(crate) async fn swung(&self, swing: u64) {
        self.until(|inside| inside.swing > swing).await;
    }

    async fn until(&self, wanted: impl Fn(&Inner) -> bool) {
        // Cannot fail: this door is the other end, and it is held while this waits.
        drop(self.0.inside.subscribe().wait_for(|inside| wanted(inside)).await);
    }

    /// A request that left by `pass` was answered, or failed.
    pub(crate) fn heard(&self, pass: &ConnectionHandle, failure: Option<&Failure>) {
        let Some(news) = ConnectionNews::of(failure) else { return };
        self.change(|inside| {
            if inside.swing != pass.swing {
                return None;
            }
            match (&inside.state, news) {
                (ConnectionState::Open, ConnectionNews::Answered)
                | (ConnectionState::Locked(_), _)
                | (ConnectionState::Offline(_), ConnectionNews::Unreachable(_)) => None,
                (ConnectionState::Offline(_), ConnectionNews::Answered) => Some(ConnectionState::Open),
                (ConnectionState::Open | ConnectionState::Offline(_), ConnectionNews::Unauthorized(why)) => {
                    Some(ConnectionState::Locked(why.clone()))
                }
                (ConnectionState::Open, ConnectionNews::Unreachable(why)) => {
                    Some(ConnectionState::Offline(why.clone()))
                }
            }
        });
    }

    /// Whether a request that met `failure` waits at the door and is sent again, as if it had never left: it certainly
    /// was not processed.
    pub(crate) fn keeps(&self, failure: &Failure, urgency: Priority) -> bool {
        let again = match failure.cause {
            Cause::Unauthorized => true,
            Cause::Unreachable => urgency != Priority::Urgent,
            _ => false,
        };
        again && self.0.post.is_some()
    }

    /// Everything may leave, by `client`, to which the server has just answered.
    pub(crate) fn unlock(&self, client: Client) {
        self.change(|inside| {
            inside.client = client;
            // What is under way with the former token must not be heard any more.
            inside.swing += 1;
            (inside.state != ConnectionState::Open).then_some(ConnectionState::Open)
        });
    }

    /// It stays locked, for another reason.
    pub(crate) fn relock(&self, why: Failure) {
        self.change(|inside| {
            matches!(inside.state, ConnectionState::Locked(_)).then_some(ConnectionState::Locked(why))
        });
    }

    /// Takes the new state, if there is one, and tells it. All of it happens at once, so that changes are told in their
    /// order.
    fn change(&self, next: impl FnOnce(&mut Inner) -> Option<ConnectionState>) {
        let Some(post) = &self.0.post else { return };
        self.0.inside.send_if_modified(|inside| {
            let swing = inside.swing;
            if let Some(next) = next(inside) {
                let former = std::mem::replace(&mut inside.state, next);
                let swings = std::mem::discriminant(&former) != std::mem::discriminant(&inside.state);
                if swings {
                    inside.swing += 1;
                    former.ends().into_iter().for_each(|event_kind| post.tell(event_kind));
                }
                inside.state.begins().into_iter().for_each(|event_kind| post.tell(event_kind));
            }
            inside.swing != swing
        });
    }
}
