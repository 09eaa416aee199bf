//! What leaves for other programs of this machine: the clipboard and the browser.
//!
//! Owns how they are run: on their own, with nothing of the terminal and without the token, for a short time. No shell is between, and of what a
//! server said only checked ids get into a command line. Must not know what a text says.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use crate::app::effect::CopyRequest;
use crate::app::event::{BrowseResult, CopyMethod, CopyResult};
use crate::auth;
use crate::model::desktop::{Desktop, Program};
use crate::model::failure::Failure;
use crate::model::id::Id;
use crate::model::kind::Kind;
use crate::model::shell;
use crate::worker::http::executor::Executor;

/// How long a program may take with a text, and how long a browser has to say that it cannot start.
const PATIENCE: Duration = Duration::from_secs(2);
/// The start page of an organization in the web app (API sheet, section 1.4). The pages of most kinds are unknown.
const DASHBOARD: &str = "{org}/dashboard";

/// Copies something, by a program of the system or by the terminal.
pub(super) async fn copy(
    session: &Executor,
    desktop: &Desktop,
    clip: CopyRequest,
) -> Result<CopyResult, Failure> {
    let (what, text) = match clip {
        CopyRequest::Text { what, text } => (what, text),
        CopyRequest::Read(kind, id) => {
            ("the request".to_owned(), shell::curl("GET", &reading(session, kind, &id)?))
        }
    };
    Ok(CopyResult { what, way: way(desktop, text).await })
}

/// The URL that reads a record for its page.
fn reading(session: &Executor, kind: Kind, id: &Id) -> Result<String, Failure> {
    let row = kind.row();
    let query: Vec<_> = Some(row.get_with)
        .filter(|with| !with.is_empty())
        .map(|with| ("with", with.to_owned()))
        .into_iter()
        .collect();
    session.client().address(row.get, Some(id), &query)
}

async fn way(desktop: &Desktop, text: String) -> CopyMethod {
    let mut because = desktop.misses_copier.then(|| "no clipboard program is known here".to_owned());
    for program in &desktop.copiers {
        match fed(program, &text).await {
            Ok(()) => return CopyMethod::System,
            Err(why) => because = Some(format!("`{}` {why}", program.name)),
        }
    }
    CopyMethod::Terminal { text, because }
}

/// Runs a program with `text` on its standard input, to its end.
async fn fed(program: &Program, text: &str) -> Result<(), String> {
    let mut child = command(program)
        .stdin(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("did not start: {}", error.kind()))?;
    let Some(mut input) = child.stdin.take() else { return Err("took no text".to_owned()) };
    let run = async {
        input.write_all(text.as_bytes()).await?;
        drop(input);
        child.wait().await
    };
    match timeout(PATIENCE, run).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(_)) => Err("did not take it".to_owned()),
        Ok(Err(error)) => Err(format!("did not take it: {}", error.kind())),
        Err(_) => Err(format!("did not take it in {} s", PATIENCE.as_secs())),
    }
}

/// Opens a record in a browser; where none can be started, its address is copied.
pub(super) async fn browse(
    session: &Executor,
    desktop: &Desktop,
    kind: Kind,
    id: &Id,
) -> Result<BrowseResult, Failure> {
    let client = session.client();
    let page = kind.row().web;
    let is_exact = page.is_some();
    let address = client.web_address(page.unwrap_or(DASHBOARD), page.map(|_| id))?;
    let mut why = "there is no browser here".to_owned();
    for program in &desktop.openers {
        match opened(program, &address).await {
            Ok(()) => return Ok(BrowseResult { kind, address, is_exact, left: None }),
            Err(reason) => why = format!("`{}` {reason}", program.name),
        }
    }
    let way = way(desktop, address.clone()).await;
    Ok(BrowseResult { kind, address, is_exact, left: Some((why, way)) })
}

/// Starts a browser, which lives on by itself. One that has not failed after a while has started.
async fn opened(program: &Program, address: &str) -> Result<(), String> {
    let mut command = command(&program.on(address));
    // What ends the program, such as a key of the terminal, does not end the browser.
    command.process_group(0);
    let mut child = command.spawn().map_err(|error| format!("did not start: {}", error.kind()))?;
    match timeout(PATIENCE, child.wait()).await {
        Ok(Ok(status)) if !status.success() => Err("failed".to_owned()),
        _ => Ok(()),
    }
}

/// A command that neither reads from nor writes to the terminal, and is not told the token.
fn command(program: &Program) -> Command {
    let mut command = Command::new(&program.name);
    command.args(&program.arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    for name in auth::VARIABLES {
        command.env_remove(name);
    }
    command
}
