//! Which room may speak to which: every path in the tokens of every source file, outside `cfg(test)`, is held against one
//! table. Reading `use` lines alone would miss paths written inline and in macros.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A room: the files under it, the rooms it may use (with a part of them, where only that is open to it), and what it may
/// use from outside.
struct Room {
    name: &'static str,
    rooms: &'static [&'static str],
    outside: &'static [&'static str],
}

/// Crates and parts of `std` that some rooms must not touch.
const WATCHED: [&str; 17] = [
    "tokio",
    "reqwest",
    "rusqlite",
    "axum",
    "ratatui",
    "crossterm",
    "keyring_core",
    "dbus_secret_service_keyring_store",
    "apple_native_keyring_store",
    "windows_native_keyring_store",
    "rustls",
    "std::fs",
    "std::net",
    "std::process",
    "std::env",
    "std::thread",
    "rustix",
];

const ALL_ROOMS: &[&str] = &[
    "main",
    "cli",
    "config",
    "auth",
    "event_loop",
    "terminal",
    "model",
    "app",
    "view",
    "worker",
    "tallyfy",
    "storage",
    "shutdown",
    "sandbox",
];

const HOUSE: [Room; 14] = [
    Room { name: "main", rooms: ALL_ROOMS, outside: &WATCHED },
    Room { name: "cli", rooms: ALL_ROOMS, outside: &WATCHED },
    Room {
        name: "config",
        rooms: &["config", "model", "app::keymap", "storage::files"],
        outside: &["std::fs", "std::env"],
    },
    Room {
        name: "auth",
        rooms: &["auth", "config", "model", "storage::files"],
        // A keyring may ask a person who is not there, and is not waited for without end.
        outside: &[
            "std::fs",
            "std::process",
            "std::thread",
            "keyring_core",
            "dbus_secret_service_keyring_store",
            "apple_native_keyring_store",
            "windows_native_keyring_store",
        ],
    },
    Room {
        name: "event_loop",
        rooms: &["event_loop", "app", "view", "worker", "model::time", "model::context"],
        outside: &["tokio", "ratatui"],
    },
    Room {
        name: "terminal",
        rooms: &[
            "terminal",
            "app::effect",
            "app::keymap",
            "app::event",
            "model::time",
            "shutdown",
            "worker::Clock",
        ],
        outside: &["tokio", "ratatui", "crossterm", "rustix", "std::thread"],
    },
    Room { name: "shutdown", rooms: &["shutdown", "app::effect"], outside: &["tokio"] },
    Room { name: "model", rooms: &["model"], outside: &[] },
    Room { name: "app", rooms: &["app", "model"], outside: &[] },
    Room {
        name: "view",
        rooms: &[
            "view",
            "model",
            "app::command",
            "app::confirm",
            "app::connection",
            "app::detail",
            "app::downloads",
            "app::export",
            "app::filter",
            "app::help",
            "app::history",
            "app::jobs",
            "app::keymap",
            "app::layout",
            "app::lines",
            "app::list",
            "app::marked_view",
            "app::organizations",
            "app::palette",
            "app::recovery",
            "app::saved",
            "app::selection",
            "app::state",
            "app::status_pane",
            "app::text_input",
        ],
        outside: &["ratatui"],
    },
    Room {
        name: "worker",
        rooms: &["worker", "tallyfy", "storage", "shutdown", "auth", "model", "app::effect", "app::event"],
        // Of a process it says only where its output goes; tokio runs it.
        outside: &["tokio", "std::process"],
    },
    Room {
        name: "tallyfy",
        rooms: &["tallyfy", "model"],
        outside: &["reqwest", "rustls", "tokio", "std::net"],
    },
    Room {
        name: "storage",
        rooms: &["storage", "model"],
        // Of the operating system it asks how much room is left, and of the process its number and its user.
        outside: &["rusqlite", "tokio", "std::fs", "std::process", "rustix"],
    },
    Room { name: "sandbox", rooms: &["sandbox"], outside: &["axum", "tokio", "std::fs", "std::net"] },
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// The module path of a file below `src`: `app/state.rs` is `[app, state]`.
fn module(file: &Path, src: &Path) -> Vec<String> {
    let inner = file.strip_prefix(src).unwrap().with_extension("");
    inner.iter().map(|part| part.to_str().unwrap().to_owned()).collect()
}

/// Every path in `tokens`, groups of a `use` expanded, with what `cfg(test)` guards left out.
fn paths(tokens: TokenStream, prefix: &[String], found: &mut Vec<Vec<String>>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Punct(hash) if hash.as_char() == '#' && guards_tests(tokens.get(at + 1)) => {
                at = end_of_item(&tokens, at + 2);
            }
            TokenTree::Ident(_) => at = path(&tokens, at, prefix, found),
            TokenTree::Group(group) => {
                paths(group.stream(), &[], found);
                at += 1;
            }
            _ => at += 1,
        }
    }
}

fn guards_tests(attribute: Option<&TokenTree>) -> bool {
    let text = attribute.map(ToString::to_string).unwrap_or_default().replace(' ', "");
    text.starts_with("[cfg(") && text.contains("test") && !text.contains("not(test")
}

fn end_of_item(tokens: &[TokenTree], from: usize) -> usize {
    let ends = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';',
        _ => false,
    };
    tokens[from..].iter().position(ends).map_or(tokens.len(), |end| from + end + 1)
}

/// Reads one path from `at` on and answers where it ends.
fn path(tokens: &[TokenTree], mut at: usize, prefix: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = prefix.to_vec();
    let is_colon =
        |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    while let Some(TokenTree::Ident(name)) = tokens.get(at) {
        path.push(name.to_string());
        at += 1;
        if !(is_colon(tokens.get(at)) && is_colon(tokens.get(at + 1))) {
            break;
        }
        at += 2;
        if let Some(TokenTree::Group(group)) = tokens.get(at)
            && group.delimiter() == Delimiter::Brace
        {
            paths(group.stream(), &path, found);
            return at + 1;
        }
    }
    found.push(path);
    at
}

/// A path as seen from the crate's root, or as it is if it leads outside.
fn absolute(path: &[String], module: &[String]) -> Vec<String> {
    match path.first().map(String::as_str) {
        Some("crate" | "tidyfy") => path[1..].to_vec(),
        Some("super") => {
            let ups = path.iter().take_while(|part| *part == "super").count();
            let kept = module.len().saturating_sub(ups);
            module[..kept].iter().chain(&path[ups..]).cloned().collect()
        }
        Some("self") => module.iter().chain(&path[1..]).cloned().collect(),
        _ => path.to_vec(),
    }
}

fn opens(allowed: &[&str], path: &str) -> bool {
    allowed.iter().any(|open| path == *open || path.starts_with(&format!("{open}::")))
}

/// What a file says that its room may not.
fn trespasses(source: &str, module: &[String]) -> Vec<String> {
    let room = HOUSE.iter().find(|room| room.name == module[0]).expect("every room is in the table");
    let mut found = Vec::new();
    paths(source.parse().expect("a source file has tokens"), &[], &mut found);
    let mut wrong = Vec::new();
    for path in found.iter().filter(|path| path.len() > 1) {
        let whole = absolute(path, module);
        let (text, inside) =
            (whole.join("::"), path[0] == "crate" || path[0] == "super" || path[0] == "tidyfy");
        let named_room = whole.first().is_some_and(|first| ALL_ROOMS.contains(&first.as_str()));
        let trespass = if inside {
            named_room && !opens(room.rooms, &text)
        } else {
            opens(&WATCHED, &text) && !opens(room.outside, &text)
        };
        if trespass {
            wrong.push(text);
        }
    }
    wrong
}

#[test]
fn every_room_keeps_to_its_neighbours() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    files(&src, &mut all);
    assert!(all.len() > 30, "the house was not found");
    let mut wrong = Vec::new();
    for file in all {
        let module = module(&file, &src);
        // Files of tests are only compiled into tests.
        if module == ["lib"] || module.iter().any(|part| part == "tests") {
            continue;
        }
        let source = fs::read_to_string(&file).unwrap();
        wrong.extend(
            trespasses(&source, &module).into_iter().map(|path| format!("{}: {path}", module.join("/"))),
        );
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_page_walk_sees_what_it_must() {
    let module = |text: &str| text.split('/').map(str::to_owned).collect::<Vec<_>>();
    let seen = |room: &str, source: &str| trespasses(source, &module(room));
    assert_eq!(
        seen("view/table", "use crate::app::{state::State, effect::Effect};"),
        ["app::effect::Effect"]
    );
    assert_eq!(seen("app/state", "fn f() { let x = tokio::time::sleep(d); }"), ["tokio::time::sleep"]);
    assert_eq!(seen("app/state", "fn f() { println!(\"{}\", std::env::var(\"X\")) }"), ["std::env::var"]);
    assert_eq!(seen("app/state", "use super::super::worker::Worker;"), ["worker::Worker"]);
    assert_eq!(
        seen("model/id", "#[cfg(test)] mod tests { use crate::sandbox::Sandbox; }"),
        Vec::<String>::new()
    );
    assert_eq!(seen("sandbox/routes", "use crate::model::kind::Kind;"), ["model::kind::Kind"]);
    assert_eq!(
        seen("app/update/act", "use super::super::state::State; use crate::model::kind::Kind;"),
        Vec::<String>::new()
    );
}
