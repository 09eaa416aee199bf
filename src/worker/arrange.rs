//! Filters and sorts off the loop.
//!
//! Owns only where the work is done: on a thread that may block. What it does is [`arrange::arrange`].

use std::sync::Arc;

use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use crate::app::message::Reply;
use crate::model::arrange::{self, Filter, Sort};
use crate::model::failure::{Cause, Failure};
use crate::model::people::People;
use crate::model::rows::Rows;

/// What to arrange, and how.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) rows: Rows,
    pub(super) filter: Filter,
    pub(super) sort: Option<Sort>,
    pub(super) people: Arc<People>,
}

/// Arranges. When this future is dropped, the thread stops as soon as it looks up.
pub(super) async fn run(wish: Wish) -> Reply {
    let unwanted = CancellationToken::new();
    let _guard = unwanted.clone().drop_guard();
    let work = spawn_blocking(move || {
        let Wish { rows, filter, sort, people } = wish;
        arrange::arrange(&rows, &filter, sort, &people, &|| !unwanted.is_cancelled())
    });
    match work.await {
        Ok(order) => Reply::Arranged(order.map(Arc::from)),
        Err(_) => Reply::Broken(Failure::new(Cause::Bug, "filtering and sorting broke off")),
    }
}
