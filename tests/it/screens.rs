//! Whole screens as snapshots: the text, and beneath it one letter per style with a legend, so that a change of colour is
//! as readable as a change of words.

use std::time::Duration;

use insta::assert_snapshot;
use ratatui::style::{Color, Modifier};
use tidyfy::model::kind::Kind;
use tidyfy::sandbox::{Fault, FaultEffect, SandboxSettings};

use crate::support::{Desk, Wanted};

/// Whether a line tells what came of a request. Those of requests that were under way together come in any order, and
/// are held against the server elsewhere.
fn is_result(line: &str) -> bool {
    ["  DELETE ", "  PUT ", "  GET "]
        .iter()
        .any(|method| line.get(8..).is_some_and(|rest| rest.starts_with(method)))
}

/// How fast a job goes, and how long it takes then, depends on the machine.
fn without_limiter(line: &str) -> String {
    let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    for n in 0..words.len() {
        let is_left = words.get(n + 2).is_some_and(|word| word == "left");
        if line.starts_with("status") && (is_left || words[n].ends_with("/s")) {
            words[n] = words[n].replace(|c: char| c.is_ascii_digit(), "N");
        }
    }
    words.join(" ")
}

/// The screen's text, then its styles.
fn picture(desk: &Desk) -> String {
    let buffer = desk.buffer();
    let mut legend: Vec<(Color, Color, Modifier)> = Vec::new();
    let screen = desk.screen();
    let (mut text, mut letters) = (String::new(), String::new());
    for (line, cells) in screen.lines().zip(buffer.content().chunks(usize::from(buffer.area.width))) {
        if is_result(line) {
            text.push_str("(a result)\n");
            letters.push_str("(a result)\n");
            continue;
        }
        text.push_str(&without_limiter(line));
        text.push('\n');
        let styles: String =
            cells.iter().map(|cell| letter((cell.fg, cell.bg, cell.modifier), &mut legend)).collect();
        letters.push_str(styles.trim_end_matches('.'));
        letters.push('\n');
    }
    let legend = legend.iter().enumerate().map(|(at, (fg, bg, modifier))| {
        format!("{} {fg:?} on {bg:?} {modifier:?}", char::from(b'a' + u8::try_from(at).unwrap()))
    });
    format!("{text}\n{letters}\n{}", legend.collect::<Vec<_>>().join("\n"))
}

fn letter(style: (Color, Color, Modifier), legend: &mut Vec<(Color, Color, Modifier)>) -> char {
    if style == (Color::Reset, Color::Reset, Modifier::empty()) {
        return '.';
    }
    let at = legend.iter().position(|known| *known == style).unwrap_or_else(|| {
        legend.push(style);
        legend.len() - 1
    });
    char::from(b'a' + u8::try_from(at).unwrap())
}

const SIZES: [(u16, u16); 3] = [(120, 35), (80, 24), (40, 10)];

/// The dialog is looked at on one more.
const DIALOG_SIZES: [(u16, u16); 4] = [(120, 35), (100, 30), (80, 24), (40, 10)];

async fn at_every_size(name: &str, wanted: impl Fn() -> Wanted, keys: &str) {
    at_sizes(&SIZES, name, wanted, keys).await;
}

async fn at_sizes(sizes: &[(u16, u16)], name: &str, wanted: impl Fn() -> Wanted, keys: &str) {
    for &size in sizes {
        let mut desk = Desk::with(Wanted { size, ..wanted() }).await;
        for key in keys.split_whitespace() {
            desk.keys(key).await;
            desk.rest().await;
        }
        desk.pass(Duration::from_millis(500)).await;
        assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), picture(&desk));
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_screen() {
    at_every_size("first", Wanted::default, "").await;
}

#[tokio::test(start_paused = true)]
async fn every_kind() {
    for kind in Kind::ALL {
        let mut desk = Desk::with(Wanted { kind, ..Wanted::default() }).await;
        desk.keys("space").await;
        assert_snapshot!(format!("kind_{}", kind.row().slug), picture(&desk));
    }
}

#[tokio::test(start_paused = true)]
async fn awkward_names_keep_the_columns_straight() {
    at_every_size("awkward", || Wanted { kind: Kind::Tasks, ..Wanted::default() }, "s s o enter").await;
}

#[tokio::test(start_paused = true)]
async fn the_dialog_before_archiving() {
    at_sizes(&DIALOG_SIZES, "archive", Wanted::default, "space space space j a").await;
}

#[tokio::test(start_paused = true)]
async fn the_dialog_before_deleting() {
    at_sizes(&DIALOG_SIZES, "delete", Wanted::default, "s s space space space space space space D").await;
}

#[tokio::test(start_paused = true)]
async fn the_dialog_with_its_options_turned_over() {
    let keys = "s s space space space space space space D tab space down space";
    at_sizes(&DIALOG_SIZES, "options", Wanted::default, keys).await;
}

#[tokio::test(start_paused = true)]
async fn the_dialog_where_all_are_live() {
    at_sizes(&DIALOG_SIZES, "live", Wanted::default, "space space D").await;
}

#[tokio::test(start_paused = true)]
async fn the_detail_page() {
    at_every_size("detail", Wanted::default, "j enter").await;
}

#[tokio::test(start_paused = true)]
async fn help_palette_and_columns() {
    at_every_size("help", Wanted::default, "?").await;
    at_every_size("palette", Wanted::default, ": a r").await;
    at_every_size("columns", Wanted::default, "o j").await;
}

#[tokio::test(start_paused = true)]
async fn the_history_and_the_box_for_a_file() {
    for size in SIZES {
        let mut desk = Desk::with(Wanted { size, ..Wanted::default() }).await;
        desk.keys("space space a").await;
        desk.confirm().await;
        desk.rest().await;
        desk.keys("H").await;
        desk.rest().await;
        assert_snapshot!(format!("history_{}x{}", size.0, size.1), picture(&desk));
        desk.keys("esc e").await;
        assert_snapshot!(format!("export_{}x{}", size.0, size.1), picture(&desk));
    }
}

#[tokio::test(start_paused = true)]
async fn filtered_sorted_and_marked() {
    at_every_size("filtered", Wanted::default, "space j space / o n b enter o j j enter O").await;
}

#[tokio::test(start_paused = true)]
async fn a_running_job() {
    for size in SIZES {
        let sandbox =
            SandboxSettings { scale: 300, latency: Duration::from_millis(400), ..SandboxSettings::default() };
        let mut desk = Desk::with(Wanted { size, sandbox, ..Wanted::default() }).await;
        desk.server.set_faults(vec![
            Fault::on(
                "DELETE",
                "/runs/",
                FaultEffect::Answer {
                    status: 403,
                    body: Some(serde_json::json!({"message": "Not yours"})),
                    headers: Default::default(),
                    apply: false,
                },
            )
            .nth([3, 7]),
        ]);
        desk.keys("* a").await;
        desk.confirm().await;
        desk.until("half the job", |desk| desk.changes().len() >= 100).await;
        desk.pass(Duration::from_millis(1200)).await;
        assert_snapshot!(format!("job_{}x{}", size.0, size.1), picture(&desk));
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_job_with_failures() {
    let mut desk = Desk::open().await;
    desk.server.set_faults(vec![
        Fault::on("DELETE", "/runs/", FaultEffect::ResetAfter).nth([2]),
        Fault::on("DELETE", "/runs/", FaultEffect::Html { status: 502, apply: false }).nth([3]),
    ]);
    desk.keys("space space space space a").await;
    desk.confirm().await;
    desk.rest().await;
    desk.keys("g").await;
    assert_snapshot!("failures", picture(&desk));
}

#[tokio::test(start_paused = true)]
async fn without_color_everything_can_still_be_told_apart() {
    let mut desk = Desk::with(Wanted { color: false, ..Wanted::default() }).await;
    desk.keys("space j v j").await;
    assert_snapshot!("no_colour", picture(&desk));
    let buffer = desk.buffer();
    assert!(
        buffer
            .content()
            .iter()
            .map(|cell| (cell.fg, cell.bg))
            .all(|colours| colours == (Color::Reset, Color::Reset))
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_no() {
    for size in SIZES {
        let mut desk = Desk::starting(Wanted { token: Some("wrong"), size, ..Wanted::default() }).await;
        // Everything waits for another token: there is no rest to come to.
        desk.pass(Duration::from_secs(5)).await;
        assert_snapshot!(format!("unauthorized_{}x{}", size.0, size.1), picture(&desk));
    }
}

#[tokio::test(start_paused = true)]
async fn no_room() {
    let desk = Desk::with(Wanted { size: (39, 9), ..Wanted::default() }).await;
    assert_snapshot!("no_room", desk.screen());
}
