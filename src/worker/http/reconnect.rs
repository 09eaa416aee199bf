//! Opens the door again.
//!
//! Owns what is done while the door is not open: the token's source is read again and other tokens are tried, and a
//! server that cannot be reached is knocked at now and then. Must not decide what a closed door means for a request.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use crate::app::event::EventKind;
use crate::auth::{self, TokenSource};
use crate::model::failure::{Cause, Failure};
use crate::model::people::Person;
use crate::model::token::Token;
use crate::worker::http::connection::ConnectionState;
use crate::worker::http::executor::Executor;
use crate::worker::records::reads;

/// Until then nothing is said of a source that is read.
const SILENCE: Duration = Duration::from_millis(700);

/// Says what is waited for, for as long as it lives.
struct WaitNotice<'a>(&'a Executor);

impl<'a> WaitNotice<'a> {
    fn tell(session: &'a Executor, what: &str) -> Self {
        session.tell(EventKind::Reading(Some(what.to_owned())));
        Self(session)
    }
}

impl Drop for WaitNotice<'_> {
    fn drop(&mut self) {
        self.0.tell(EventKind::Reading(None));
    }
}

/// Whoever stands at the door. Clones stand at the same one, and try one token at a time.
#[derive(Debug, Clone)]
pub(crate) struct Reconnect {
    session: Executor,
    source: TokenSource,
    trying: Arc<Mutex<()>>,
}

impl Reconnect {
    pub(crate) fn new(session: Executor, source: TokenSource) -> Self {
        Self { session, source, trying: Arc::default() }
    }

    /// Does what can be done without asking anybody whenever the door is not open, for as long as it is polled.
    pub(crate) async fn watch(&self) {
        let connection = self.session.connection();
        loop {
            connection.shut().await;
            let (state, swing) = connection.stands();
            let opening = async {
                match state {
                    ConnectionState::Open => {}
                    ConnectionState::Locked(_) => self.look_again().await,
                    ConnectionState::Offline(_) => self.knock().await,
                }
                // There is nothing more to do until somebody else does it.
                connection.swung(swing).await;
            };
            tokio::select! {
                biased;
                () = connection.swung(swing) => {}
                () = opening => {}
            }
        }
    }

    /// Goes on with `typed`, or with whatever the source holds now, be it the same as before.
    ///
    /// A refusal leaves everything as it is.
    pub(crate) async fn admit(&self, typed: Option<Token>) -> Result<(), Failure> {
        let token = match typed {
            Some(token) => token,
            None => self.read().await?.ok_or_else(none_there)?,
        };
        let _alone = self.trying.lock().await;
        self.attempt(token).await
    }

    /// Goes on by itself if the source holds another token than the one that is not accepted. What is wrong with that
    /// one, or with the source, is the newer reason for the door to be locked.
    async fn look_again(&self) {
        let read = self.read().await;
        // Not held while the source is read: a keyring may take a minute, and a token that is typed meanwhile counts.
        let _alone = self.trying.lock().await;
        let found = match read {
            Ok(Some(token)) if token.reveal() != self.session.client().access().token.reveal() => {
                self.attempt(token).await
            }
            Ok(_) => return,
            Err(problem) => Err(problem),
        };
        if let Err(why) = found {
            self.session.connection().relock(why);
        }
    }

    async fn read(&self) -> Result<Option<Token>, Failure> {
        let source = self.source.clone();
        // A source may be a file on a disk that is slow to answer, or a keyring that asks a person.
        let mut reading = spawn_blocking(move || source.read());
        let read = match timeout(SILENCE, &mut reading).await {
            Ok(read) => read,
            Err(_) => {
                let _waiting = WaitNotice::tell(&self.session, self.source.waits_for());
                reading.await
            }
        };
        let read = read.map_err(|_| Failure::new(Cause::Bug, "reading the token's source broke off"))?;
        read.map_err(|problem| unusable(&format!("{}: {}", problem.sentence, problem.hint)))
    }

    /// Goes on with `token` if it speaks for the same person in the same organization.
    async fn attempt(&self, token: Token) -> Result<(), Failure> {
        let client = self.session.client().with_token(token).map_err(|bad| unusable(&bad.to_string()))?;
        let aside = self.session.aside(client.clone());
        let found = reads::person(&aside).await.map_err(|failure| unchecked(&failure))?;
        self.compare(found.as_ref())?;
        reads::reach(&aside).await.map_err(|failure| unreached(&failure))?;
        self.session.go_on_with(client, found);
        Ok(())
    }

    /// Refuses a token of somebody else, and where the person is known also one that does not say whose it is.
    fn compare(&self, found: Option<&Person>) -> Result<(), Failure> {
        match (self.session.person(), found) {
            (Some(id), Some(found)) if found.id != id => {
                Err(unusable(&format!("this token belongs to another person: {}", found.name)))
            }
            (Some(_), None) => Err(unusable("the server does not say whose token this is")),
            (None, _) if self.session.has_changed_anything() => Err(unusable(
                "whose the former token was is not known, so that no other can take its place: start tidyfy again",
            )),
            _ => Ok(()),
        }
    }

    /// Knocks at the server's until it answers, which opens the door.
    async fn knock(&self) {
        let mut nth = 0;
        while matches!(self.session.connection().stands(), (ConnectionState::Offline(_), _)) {
            nth += 1;
            sleep(self.session.delays().knock(nth)).await;
            reads::knock(&self.session).await;
        }
    }
}

fn unusable(words: &str) -> Failure {
    Failure::new(Cause::Unauthorized, words)
}

fn none_there() -> Failure {
    let problem = auth::missing();
    unusable(&format!("{}: {}", problem.sentence, problem.hint))
}

fn unchecked(failure: &Failure) -> Failure {
    let words = match failure.cause {
        Cause::Unauthorized => "this token is not accepted either".to_owned(),
        _ => format!("the token could not be checked: {}", failure.words),
    };
    Failure { words, ..failure.clone() }
}

fn unreached(failure: &Failure) -> Failure {
    let words = match failure.cause {
        Cause::Unauthorized | Cause::Forbidden | Cause::NotFound => {
            format!("this token does not give access to this organization: {}", failure.words)
        }
        _ => return unchecked(failure),
    };
    Failure { words, ..failure.clone() }
}
