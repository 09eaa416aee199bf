//! Every key that is offered does something, and every line of the palette does something or says why not.

use std::time::Duration;

use tidyfy::app::command::Command;
use tidyfy::app::keymap::Keymap;
use tidyfy::model::kind::Kind;
use tidyfy::sandbox::{Fault, FaultEffect, SandboxSettings};

use crate::support::{Desk, Wanted};

/// A place in the program, and the keys that lead there.
struct Scene {
    name: &'static str,
    keys: &'static str,
    kind: Kind,
    read_only: bool,
    slow: bool,
    /// The keys that are tried, where the others do what they do anywhere.
    only: &'static str,
}

const fn scene(name: &'static str, keys: &'static str) -> Scene {
    Scene { name, keys, kind: Kind::Processes, read_only: false, slow: false, only: "" }
}

/// The program as in a scene, wide enough to offer everything.
async fn at(scene: &Scene) -> Desk {
    let latency = if scene.slow { Duration::from_millis(700) } else { Duration::ZERO };
    let sandbox = SandboxSettings { scale: 24, latency, ..SandboxSettings::default() };
    let Scene { kind, read_only, .. } = *scene;
    let mut desk = Desk::with(Wanted {
        size: (400, 35),
        sandbox,
        kind,
        read_only,
        at_once: if scene.slow { 1 } else { 16 },
        ..Wanted::default()
    })
    .await;
    let refusal = FaultEffect::Answer { status: 500, body: None, headers: Default::default(), apply: false };
    desk.server.set_faults(vec![Fault::on("DELETE", "/runs/", refusal).nth([2])]);
    for keys in scene.keys.split("; ") {
        match keys {
            "confirm" => desk.confirm().await,
            "rest" => desk.rest().await,
            "filter" => desk.types("zzz").await,
            keys => desk.keys(keys).await,
        }
    }
    if !scene.slow {
        desk.rest().await;
    }
    desk.pass(Duration::from_secs(6)).await;
    desk
}

/// Everything that a key could change. The time and the notice are left out.
async fn traces(desk: &mut Desk) -> String {
    let state = format!("{:?}", desk.state());
    let without = |text: &str, field: &str, end: &str| match text.split_once(field) {
        Some((before, rest)) => format!("{before}{}", rest.split_once(end).unwrap().1),
        None => text.to_owned(),
    };
    let state = without(&state, " now: Moment {", "}");
    let state = match state.split_once(" notice: Some(Notice {") {
        Some((before, rest)) => format!("{before}{}", rest.split_once("in_flight:").unwrap().1),
        None => state.replacen(" notice: None,", "", 1).replacen(" in_flight:", "", 1),
    };
    let (clips, server) = (desk.clips(), desk.server.requests().len());
    format!("{state}{clips:?}{server}{}{:?}{:?}", desk.stops, desk.wants, desk.ended)
}

/// The keys of the footer, and what is said of each.
fn offered(desk: &Desk) -> Vec<(String, String)> {
    let last = desk.screen().lines().last().unwrap().to_owned();
    let hints = last.split("  ").filter_map(|hint| hint.trim().split_once(' '));
    hints.map(|(key, does)| (key.to_owned(), does.to_owned())).collect()
}

async fn every_key_that_is_offered_does_something(scenes: &[Scene]) {
    let mut idle = Vec::new();
    for scene in scenes {
        let hints = offered(&at(scene).await);
        assert!(hints.len() >= 2, "{}: {hints:?}", scene.name);
        let is_tried = |key: &str| scene.only.is_empty() || scene.only.split(' ').any(|only| only == key);
        assert!(
            scene.only.split_whitespace().all(|only| hints.iter().any(|(key, _)| key == only)),
            "{}: {hints:?}",
            scene.name
        );
        for (key, does) in hints.into_iter().filter(|(key, _)| is_tried(key)) {
            let mut desk = at(scene).await;
            let before = traces(&mut desk).await;
            desk.keys(&key).await;
            if desk.ended.is_none() && !scene.slow {
                desk.rest().await;
            }
            let after = traces(&mut desk).await;
            if before == after {
                idle.push(format!("{}: `{key}` ({does})", scene.name));
            }
        }
    }
    assert!(idle.is_empty(), "these do nothing: {idle:#?}");
}

#[tokio::test(start_paused = true)]
async fn keys_offered_in_lists_do_something() {
    every_key_that_is_offered_does_something(&[
        scene("table", ""),
        scene("marked", "space space"),
        scene("nothing matches", "/; filter; enter"),
        scene("range", "v j"),
        scene("all that is marked", "space space m"),
        Scene { read_only: true, ..scene("read-only", "") },
        Scene { kind: Kind::Tags, ..scene("tags", "") },
        Scene { kind: Kind::Files, ..scene("files", "") },
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn keys_offered_on_pages_and_in_the_status_pane_do_something() {
    every_key_that_is_offered_does_something(&[
        scene("page", "enter"),
        scene("JSON", "enter; rest; J"),
        scene("help", "?"),
        scene("status pane", "@"),
        scene("status pane with results", "space space space a; confirm; rest; @"),
        // `e` would write a file beside the program.
        Scene {
            only: "space Y y",
            ..scene("status pane on a group", "space space space a; confirm; rest; @ k")
        },
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn keys_offered_around_jobs_do_something() {
    every_key_that_is_offered_does_something(&[
        Scene { only: "u", ..scene("after a job", "a; confirm; rest") },
        Scene { only: "u t", ..scene("after a job that failed in part", "space space space a; confirm") },
        Scene { only: "U", ..scene("after an undo", "a; confirm; rest; u; rest; confirm") },
        Scene { slow: true, only: "x p", ..scene("job paused", "* a; confirm; p") },
        Scene { slow: true, only: "y a esc", ..scene("job asked about", "* a; confirm; x") },
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn every_line_of_the_palette_does_something_or_says_why_not() {
    let table = scene("table", "");
    // Esc steps back until there is nothing to step back from.
    let is_quiet = |command| matches!(command, Command::Move(_) | Command::Back);
    let mut idle = Vec::new();
    for (binding, _) in Keymap::default().rows().filter(|(binding, _)| !is_quiet(binding.command)) {
        let mut desk = at(&table).await;
        let before = traces(&mut desk).await;
        desk.keys(":").await;
        desk.types(binding.name).await;
        desk.keys("enter").await;
        if desk.ended.is_none() && desk.state().notice.is_none() {
            desk.rest().await;
            let after = traces(&mut desk).await;
            if before == after && desk.state().notice.is_none() {
                idle.push(binding.name);
            }
        }
    }
    assert!(idle.is_empty(), "these do nothing and say nothing: {idle:#?}");
}
