//! The working set: all that is marked, of every kind, seen, edited and acted upon in one place.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tidyfy::model::kind::{Action, Kind};
use tidyfy::model::plan::Plan;
use tidyfy::sandbox::{Fault, FaultEffect, SandboxSettings};

use crate::support::{Desk, Wanted, slug};

/// Marks the first `n` rows of each of these tabs, and answers the names.
async fn mark(desk: &mut Desk, tabs: &[(&str, usize)]) -> Vec<String> {
    for (tab, n) in tabs {
        desk.keys(tab).await;
        desk.rest().await;
        for _ in 0..*n {
            desk.keys("space").await;
        }
    }
    desk.marked()
}

/// An answer with this status, and nothing done.
fn status(status: u16) -> FaultEffect {
    FaultEffect::Answer { status, body: None, headers: BTreeMap::new(), apply: false }
}

/// Requests in an order that does not depend on which of several under way came first.
fn sorted(mut requests: Vec<(String, String)>) -> Vec<(String, String)> {
    requests.sort();
    requests
}

/// The lines of the view between its title and the line under the table.
fn lines(desk: &Desk) -> Vec<String> {
    let screen = desk.screen();
    screen.lines().skip(3).take_while(|line| !line.contains("an action takes")).map(str::to_owned).collect()
}

/// Whether the screen shows `words`, wherever the lines of a box break.
fn says(desk: &Desk, words: &str) -> bool {
    let screen: String = desk.screen().split(['║', '│', '\n', ' ']).collect();
    screen.contains(&words.replace(' ', ""))
}

#[tokio::test(start_paused = true)]
async fn all_that_is_marked_stands_together_by_kind() {
    let mut desk = Desk::open().await;
    let names = mark(&mut desk, &[("5", 2), ("1", 3), ("3", 1)]).await;
    // Marks that the filter of their list hides are marks all the same.
    desk.keys("1 /").await;
    desk.types("zzzz").await;
    desk.keys("enter").await;
    desk.rest().await;
    desk.keys("m").await;
    assert!(desk.shows("6 marked: 3 processes, 1 task, 2 tags"), "{}", desk.screen());
    assert!(names.iter().all(|name| desk.shows(name)), "{}", desk.screen());
    let lines = lines(&desk);
    let at = |words: &str| lines.iter().position(|line| line.trim_start().starts_with(words)).unwrap();
    assert!(at("3 processes") < at("1 task") && at("1 task") < at("2 tags"), "{lines:#?}");
    assert!(
        lines[at("3 processes")].contains("status") && lines[at("2 tags")].contains("colour"),
        "{lines:#?}"
    );
    // A filter of the list that is no filter does not stand in the way of what is marked.
    assert!(desk.shows("archive"), "{}", desk.screen());
    desk.keys("l").await;
    desk.rest().await;
    assert!(desk.state().detail.is_some());
    desk.keys("esc").await;
    assert!(desk.state().detail.is_none() && desk.shows("6 marked: "), "{}", desk.screen());
    desk.keys("esc").await;
    assert!(desk.shows("nothing matches the filter"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn it_is_edited_where_it_stands() {
    let mut desk = Desk::open().await;
    let names = mark(&mut desk, &[("1", 3), ("5", 2)]).await;
    desk.keys("m space").await;
    assert!(
        desk.shows("4 marked: 2 processes, 2 tags") && desk.shows("2 of 3 processes"),
        "{}",
        desk.screen()
    );
    assert!(desk.shows(&names[0]) && desk.shows("1 unmarked, gone when you leave"), "{}", desk.screen());
    desk.keys("g space").await;
    assert!(desk.shows("5 marked: ") && !desk.shows("unmarked"), "{}", desk.screen());
    desk.keys("g space esc m").await;
    assert!(desk.shows("4 marked: ") && !desk.shows(&names[0]), "{}", desk.screen());
    desk.keys("M").await;
    assert!(desk.shows("marks of 4 records cleared: M brings them back"), "{}", desk.screen());
    assert!(desk.marked().is_empty() && desk.shows(&names[1]), "{}", desk.screen());
    desk.keys("M").await;
    assert_eq!(desk.marked().len(), 4);
    desk.keys("M esc m").await;
    assert!(desk.shows("nothing is marked: Space marks"), "{}", desk.screen());
    // What was cleared there comes back in the table of its kind too.
    desk.keys("1 M").await;
    assert_eq!(desk.marked(), names[1..3]);
}

#[tokio::test(start_paused = true)]
async fn words_narrow_it_down_and_esc_takes_one_layer() {
    let mut desk = Desk::open().await;
    let names = mark(&mut desk, &[("1", 4), ("2", 2)]).await;
    desk.keys("m G /").await;
    desk.types(&names[1]).await;
    assert!(desk.shows("1 match"), "{}", desk.screen());
    assert_eq!(
        lines(&desk).iter().filter(|line| line.get(1..2) == Some("*")).count(),
        1,
        "{}",
        desk.screen()
    );
    desk.keys("enter D").await;
    assert_eq!(desk.plan().unwrap().chosen.len(), 1);
    assert!(says(&desk, "5 more are marked, and not shown here and not included"), "{}", desk.screen());
    desk.keys("esc y").await;
    desk.rest().await;
    assert_eq!(desk.clips(), [desk.state().under_cursor().unwrap().id().to_string()], "only what is shown");
    desk.keys("/").await;
    desk.paste(" zzz").await;
    assert!(desk.shows("nothing matches the filter; Esc clears it"), "{}", desk.screen());
    desk.keys("esc").await;
    assert!(desk.shows("1 match"), "the former filter returns: {}", desk.screen());
    desk.keys("esc").await;
    // Joined pictures are drawn side by side.
    let is_shown = |name: &String| desk.shows(&name.replace(['\u{200D}', '\u{FE0F}'], ""));
    assert!(!desk.shows("1 match") && names.iter().all(is_shown), "{}", desk.screen());
    desk.keys("esc").await;
    assert!(desk.state().marked_only.is_none() && desk.marked().len() == 6);
}

#[tokio::test(start_paused = true)]
async fn the_foot_speaks_of_what_is_shown_and_of_the_way_out() {
    let mut desk = Desk::open().await;
    mark(&mut desk, &[("1", 1), ("7", 1)]).await;
    assert!(desk.shows("a disable") && desk.shows("m marked only"), "{}", desk.screen());
    desk.keys("m").await;
    assert!(desk.shows("a archive") && desk.shows("m leave"), "{}", desk.screen());
    assert!(!desk.shows("m marked only") && !desk.shows("a disable"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn one_action_takes_every_kind_in_one_job() {
    let mut desk = Desk::open().await;
    desk.keys("s").await;
    desk.rest().await;
    desk.mark_applicable(Action::Delete, 3).await;
    mark(&mut desk, &[("5", 2), ("6", 1)]).await;
    desk.keys("m D").await;
    let org = desk.server.org_name().to_owned();
    let title = format!("Permanently delete 6 records (3 processes, 2 tags, 1 group) in {org}");
    assert!(says(&desk, &title), "{}", desk.screen());
    for words in ["this cannot be undone", "3 processes", "2 tags", "1 group"] {
        assert!(says(&desk, words), "{words}: {}", desk.screen());
    }
    desk.rest().await;
    desk.confirm_with("delete 6").await;
    desk.rest().await;
    assert_eq!(sorted(desk.changes()), sorted(desk.confirmed.clone()));
    assert!(desk.log().contains("delete finished: 6 done"), "{}", desk.log());
    assert!(desk.marked().is_empty() && desk.shows("nothing is marked"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn what_a_action_does_not_apply_to_is_blocked_with_the_reason() {
    let mut desk = Desk::open().await;
    mark(&mut desk, &[("1", 2), ("4", 1), ("5", 1)]).await;
    desk.keys("m a").await;
    assert!(says(&desk, "Archive 2 processes in"), "{}", desk.screen());
    assert!(says(&desk, "files have no archive") && says(&desk, "tags have no archive"), "{}", desk.screen());
    desk.confirm().await;
    desk.rest().await;
    assert!(desk.log().contains("archive finished: 2 done"), "{}", desk.log());
    assert!(desk.shows("2 marked: 1 file, 1 tag"), "{}", desk.screen());
    desk.keys("a").await;
    assert!(desk.plan().is_none() && desk.shows("files have no archive"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn a_large_part_of_one_kind_makes_the_whole_large() {
    let mut desk = Desk::with(Wanted { kind: Kind::Groups, ..Wanted::default() }).await;
    desk.keys("*").await;
    assert!(desk.marked().len() > 10, "{}", desk.screen());
    mark(&mut desk, &[("5", 1)]).await;
    let all = desk.marked().len();
    desk.keys("m D").await;
    let phrase = format!("delete {all} in {}", desk.server.org_name());
    assert!(says(&desk, &format!("type {phrase} and press Enter")), "{}", desk.screen());
    desk.confirm_with(&format!("delete {all}")).await;
    assert!(says(&desk, &format!("that is not `{phrase}`")), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn live_ones_are_archived_first_and_what_fails_says_so_in_its_row() {
    let mut desk = Desk::open().await;
    desk.mark_applicable(Action::Archive, 2).await;
    mark(&mut desk, &[("2", 1), ("5", 1)]).await;
    let tag = desk.server.ids("tags");
    desk.server.set_faults(vec![Fault::on("DELETE", "/tags/", status(422))]);
    desk.keys("m D tab").await;
    desk.keys("down space").await;
    assert!(
        says(&desk, "Permanently delete 4 records (2 processes, 1 template, 1 tag)"),
        "{}",
        desk.screen()
    );
    desk.keys("shift-tab").await;
    desk.confirm_with("delete 4").await;
    desk.rest().await;
    assert_eq!(sorted(desk.changes()), sorted(desk.confirmed.clone()));
    assert!(desk.has_summary("delete finished: 3 done, 1 refused"), "{}", desk.log());
    assert_eq!(desk.server.ids("tags"), tag);
    assert!(desk.shows("1 marked: 1 tag") && desk.shows(">! "), "{}", desk.screen());
    assert!(desk.shows("refused: "), "{}", desk.screen());
    // Copies of all kinds were taken, and history tells of all of them.
    let copies = std::fs::read_dir(desk.state_dir().join("backups")).unwrap().count();
    assert!(copies > 0);
}

#[tokio::test(start_paused = true)]
async fn several_kinds_are_undone_and_tried_again_together() {
    let mut desk = Desk::open().await;
    desk.mark_applicable(Action::Archive, 2).await;
    desk.keys("2").await;
    desk.rest().await;
    desk.mark_applicable(Action::Archive, 2).await;
    desk.server.set_faults(vec![Fault::on("DELETE", "/checklists/", status(500)).nth([1, 2])]);
    desk.keys("m a").await;
    assert!(says(&desk, "Archive 4 records (2 processes, 2 templates) in"), "{}", desk.screen());
    desk.confirm().await;
    desk.rest().await;
    assert!(desk.has_summary("archive finished: 2 done, 2 failed"), "{}", desk.log());
    desk.keys("t").await;
    desk.rest().await;
    assert!(says(&desk, "Archive 2 templates in"), "{}", desk.screen());
    desk.confirm().await;
    desk.rest().await;
    desk.keys("1 u").await;
    desk.rest().await;
    desk.confirm().await;
    desk.rest().await;
    assert!(desk.log().contains("restore finished: 2 done"), "{}", desk.log());
}

/// What a person does in the view before the action.
#[derive(Debug, Clone)]
enum Edit {
    Move(&'static str),
    Space,
    Clear,
    Word(&'static str),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        4 => prop::sample::select(vec!["j", "k", "g", "G", "pgdn"]).prop_map(Edit::Move),
        4 => Just(Edit::Space),
        1 => Just(Edit::Clear),
        1 => prop::sample::select(vec!["0", "1", "a", "e"]).prop_map(Edit::Word),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// What is sent is what was shown with a mark when the action was pressed, and the dialog confirmed it.
    #[test]
    fn what_is_sent_is_what_was_shown_and_confirmed(edits in prop::collection::vec(edit(), 0..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let sandbox = SandboxSettings { scale: 40, ..SandboxSettings::default() };
            let mut desk = Desk::with(Wanted { sandbox, kind: Kind::Tags, ..Wanted::default() }).await;
            mark(&mut desk, &[("5", 3), ("6", 2), ("4", 2)]).await;
            desk.keys("m").await;
            for edit in &edits {
                match edit {
                    Edit::Move(key) => desk.keys(key).await,
                    Edit::Space => desk.keys("space").await,
                    Edit::Clear => desk.keys("M").await,
                    Edit::Word(word) => {
                        desk.keys("/ ctrl-u").await;
                        desk.types(word).await;
                        desk.keys("enter").await;
                    }
                }
            }
            let set = desk.state().marked_only.as_ref().unwrap();
            let marked = |kind: Kind, id: &_| desk.state().marks.get(kind, id).is_some();
            let shown: BTreeSet<String> = set
                .shown()
                .filter(|record| marked(record.kind(), record.id()))
                .map(|record| format!("{}/{}", slug(record.kind()).replace("assets", "file"), record.id()))
                .collect();
            desk.keys("D").await;
            desk.rest().await;
            let n = desk.plan().map_or(0, Plan::count);
            assert_eq!(n, shown.len());
            if n > 0 {
                desk.confirm_with(&format!("delete {n}")).await;
                desk.rest().await;
            }
            let sent: BTreeSet<String> = desk.changes().into_iter().map(|(_, path)| path).collect();
            assert_eq!(sent, shown);
            assert_eq!(sorted(desk.changes()), sorted(desk.confirmed.clone()));
        });
    }
}

/// Types a line into the palette.
async fn says_line(desk: &mut Desk, line: &str) {
    desk.keys(":").await;
    desk.types(line).await;
    desk.keys("enter").await;
    desk.rest().await;
}

/// A path in the folder that goes with the desk.
fn beside(desk: &Desk, name: &str) -> String {
    desk.state_dir().parent().unwrap().join(name).display().to_string()
}

/// The marked ids, sorted.
fn ids(desk: &Desk) -> Vec<String> {
    let mut ids: Vec<_> = desk.state().marks.all().map(|mark| mark.record.id().to_string()).collect();
    ids.sort();
    ids
}

async fn clear_all(desk: &mut Desk) {
    desk.keys("m M esc").await;
    assert!(desk.marked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn marks_are_saved_under_a_name_listed_opened_and_removed() {
    let mut desk = Desk::open().await;
    says_line(&mut desk, "save old").await;
    assert!(desk.shows("nothing is marked, so there is nothing to save"), "{}", desk.screen());
    mark(&mut desk, &[("1", 3), ("5", 2)]).await;
    let marked = ids(&desk);
    desk.keys(":").await;
    desk.types("save").await;
    assert!(
        desk.shows("> save FILE") && desk.shows("write the marked records into a file"),
        "{}",
        desk.screen()
    );
    desk.keys("enter").await;
    assert!(
        desk.shows(":save") && desk.shows("type a name, or the path of a file, then Enter"),
        "{}",
        desk.screen()
    );
    desk.types("spring clean").await;
    desk.keys("enter").await;
    desk.rest().await;
    assert!(desk.shows("5 records saved: spring clean"), "{}", desk.screen());
    let kept = std::fs::read_to_string(desk.state_dir().join("sets/spring clean.json")).unwrap();
    assert!(
        kept.contains(&desk.server.base_url())
            && kept.contains(desk.server.org())
            && !kept.contains(desk.server.token())
    );
    says_line(&mut desk, "save spring clean").await;
    assert!(desk.shows("`spring clean` is there already, and nothing is overwritten"), "{}", desk.screen());

    clear_all(&mut desk).await;
    let before = desk.server.requests().len();
    says_line(&mut desk, "open").await;
    assert!(desk.shows("> spring clean") && desk.shows("5 records of "), "{}", desk.screen());
    desk.keys("enter").await;
    desk.rest().await;
    assert!(desk.shows("spring clean: marked 5 of 5"), "{}", desk.screen());
    assert_eq!((ids(&desk), desk.server.requests().len()), (marked, before), "nothing had to be looked up");
    says_line(&mut desk, "open").await;
    desk.keys("delete").await;
    desk.rest().await;
    assert!(desk.shows("none is saved yet"), "{}", desk.screen());
    assert!(desk.shows("the set `spring clean` is removed"), "{}", desk.screen());
}

/// Nothing is said to have been done before it is.
#[tokio::test(start_paused = true)]
async fn a_set_that_cannot_be_removed_is_not_said_to_be() {
    let mut desk = Desk::open().await;
    // No file can be removed where a directory bears its name.
    std::fs::create_dir_all(desk.state_dir().join("sets/stuck.json/full")).unwrap();
    desk.keys(":").await;
    desk.types("open").await;
    desk.keys("enter").await;
    desk.rest().await;
    assert!(desk.shows("> stuck"), "{}", desk.screen());
    desk.keys("delete").await;
    desk.rest().await;
    assert!(!desk.shows("`stuck` is removed"), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn a_file_marks_what_is_there_and_points_out_what_is_stale() {
    let mut desk = Desk::open().await;
    mark(&mut desk, &[("1", 4), ("2", 2), ("5", 1)]).await;
    let (file, marked) = (beside(&desk, "old.json"), ids(&desk));
    says_line(&mut desk, &format!("save {file}")).await;
    assert!(desk.log().contains("7 records saved: "), "{}", desk.log());
    let of = |kind: Kind| {
        desk.state().marks.of(kind).map(|mark| (mark.record.id().to_string(), mark.record.name().to_owned()))
    };
    let runs: Vec<_> = of(Kind::Processes).collect();
    let templates: Vec<_> = of(Kind::Templates).collect();
    desk.server.remove("runs", &runs[0].0);
    desk.server.archive("runs", &runs[1].0);
    desk.server.archive("checklists", &templates[0].0);

    // Another run of the program, which has only the first tab loaded, and knows nothing of what has changed since.
    let text = std::fs::read_to_string(&file).unwrap();
    clear_all(&mut desk).await;
    desk.keys("1 R").await;
    desk.rest().await;
    desk.keys("2 R").await;
    desk.rest().await;
    says_line(&mut desk, &format!("open {file}")).await;
    assert!(desk.log().contains("marked 4 of 7: 1 not found, 2 of another state now"), "{}", desk.log());
    assert!(desk.log().contains(&format!("not found: {}", runs[0].1)), "{}", desk.log());
    assert!(desk.log().contains("archived or restored since, and so not marked: "), "{}", desk.log());
    assert!(desk.log().contains(&runs[1].1) && desk.log().contains(&templates[0].1), "{}", desk.log());
    let stale = [&runs[0].0, &runs[1].0, &templates[0].0];
    let left: Vec<_> = marked.into_iter().filter(|id| !stale.contains(&id)).collect();
    assert_eq!(ids(&desk), left);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    assert!(desk.state().marks.all().all(|mark| !mark.record.is_archived()));
}

#[tokio::test(start_paused = true)]
async fn a_set_of_another_organization_is_refused_and_says_which() {
    let mut desk = Desk::open().await;
    mark(&mut desk, &[("1", 1)]).await;
    says_line(&mut desk, "save mine").await;
    let path = desk.state_dir().join("sets/mine.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let (org, name) = (desk.server.org().to_owned(), desk.server.org_name().to_owned());
    std::fs::write(&path, text.replace(&org, "f00d").replace(&name, "Other Ltd")).unwrap();
    clear_all(&mut desk).await;
    says_line(&mut desk, "open mine").await;
    assert!(desk.log().contains("`mine` belongs to Other Ltd (f00d) on "), "{}", desk.log());
    assert!(desk.marked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_ids_of_a_list_are_marked_and_what_is_no_id_is_pointed_out() {
    let mut desk = Desk::open().await;
    let (runs, tags) = (desk.ids()[..2].to_vec(), desk.server.ids("tags"));
    let archived: Vec<_> =
        desk.server.ids("runs").into_iter().filter(|id| !desk.live().contains(id)).take(2).collect();
    let file = beside(&desk, "ids.txt");
    let lines = [
        &*runs[0],
        "",
        &format!("tag:{}", tags[0]),
        "no id at all",
        &format!("https://go.tallyfy.com/process/{}?x=1", runs[1]),
        &runs[0],
        "00000000000000000000000000000000",
        &archived[0],
    ];
    std::fs::write(&file, format!("\u{feff}{}\r\n", lines.join("\r\n"))).unwrap();
    says_line(&mut desk, &format!("mark {file}")).await;
    assert!(desk.log().contains("marked 4 of 6: 1 not found, 1 line unreadable (4)"), "{}", desk.log());
    assert!(desk.log().contains("not found: 00000000000000000000000000000000"), "{}", desk.log());
    let mut wanted = vec![runs[0].clone(), runs[1].clone(), tags[0].clone(), archived[0].clone()];
    wanted.sort();
    assert_eq!(ids(&desk), wanted);
    says_line(&mut desk, "mark /nowhere/at/all").await;
    assert!(desk.shows("`/nowhere/at/all` is not there; hint: "), "{}", desk.screen());
    assert_eq!(desk.changes(), vec![]);
}

#[tokio::test(start_paused = true)]
async fn looking_up_goes_on_in_the_background_and_can_be_stopped() {
    let sandbox = SandboxSettings {
        scale: 60,
        latency: std::time::Duration::from_millis(400),
        ..SandboxSettings::default()
    };
    let mut desk = Desk::with(Wanted { sandbox, kind: Kind::Tags, ..Wanted::default() }).await;
    let file = beside(&desk, "ids.txt");
    let lines: Vec<String> =
        desk.server.ids("checklists").iter().map(|id| format!("template:{id}")).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    desk.keys(":").await;
    desk.types(&format!("mark {file}")).await;
    desk.keys("enter").await;
    desk.until("some of them", |desk| desk.state().marks.count(Kind::Templates) > 2).await;
    desk.keys("k").await;
    assert!(desk.shows(&format!("of {} for ", lines.len())) && desk.shows("Esc stops"), "{}", desk.screen());
    desk.keys("D").await;
    assert!(desk.plan().is_none() && desk.shows("still marking"), "{}", desk.screen());
    desk.keys("esc").await;
    desk.rest().await;
    assert!(desk.log().contains(" not looked up"), "{}", desk.log());
    assert!(desk.state().marks.count(Kind::Templates) < lines.len());
    desk.keys("space D").await;
    assert!(desk.plan().is_some(), "{}", desk.screen());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_looked_up_is_neither_marked_nor_called_gone() {
    let mut desk = Desk::open().await;
    let file = beside(&desk, "ids.txt");
    let ids = desk.server.ids("checklists");
    std::fs::write(&file, format!("template:{}\ntemplate:{}\ntemplate:ffff\n", ids[0], ids[1])).unwrap();
    let broken = Fault::on("GET", &format!("/checklists/{}", ids[0]), status(403));
    let list = Fault::on("GET", "*/checklists", status(500));
    desk.server.set_faults(vec![broken, list]);
    says_line(&mut desk, &format!("mark {file}")).await;
    assert!(desk.log().contains("could not be looked up"), "{}", desk.log());
    assert_eq!(desk.marked().len(), 1, "{}", desk.log());
}
