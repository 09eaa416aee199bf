//! Filters and sorts off the loop.
//!
//! Owns only where the work is done: on a thread that may block. What it does is [`query::arrange`].

use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use crate::app::effect::RequestId;
use crate::app::event::Response;
use crate::model::failure::{Cause, Failure};
use crate::model::query;
use crate::model::query::Query;
use crate::worker::response_sender::ResponseSender;

/// Arranges, and reports the beginning of the order early. When this future is dropped, the thread stops as soon as it
/// looks up.
pub(super) async fn run(request: Query, post: ResponseSender, request_id: RequestId) -> Response {
    let unwanted = CancellationToken::new();
    let _guard = unwanted.clone().drop_guard();
    let (tell, told) = oneshot::channel();
    let work = spawn_blocking(move || {
        let mut tell = Some(tell);
        // Nobody listens any more where the result is not wanted.
        let mut first = |arranged| drop(tell.take().map(|tell| tell.send(arranged)));
        query::arrange(&request, &|| !unwanted.is_cancelled(), &mut first)
    });
    if let Ok(first) = told.await {
        post.response(request_id, Response::QueryProgress(first));
    }
    match work.await {
        Ok(arranged) => Response::QueryResult(arranged),
        Err(_) => Response::Panicked(Failure::new(Cause::Bug, "filtering and sorting broke off")),
    }
}
