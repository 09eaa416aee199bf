use serde_json::json;

use super::*;

const RUN: &str = "5d0c2a9be1f34a7788c1d2e3f4a5b6c7";
const TASK: &str = "c1d2e3f405162738495a6b7c8d9e0f1a";
const FILE: &str = "a0b1c2d3e4f5061728394a5b6c7d8e9f";

/// A file by its id, what it hangs on in words, and as a record.
type Told = (String, String, Option<(Kind, String)>);

fn files() -> (&'static [CarrierList], HolderIndex) {
    let Source::Collected { from, holder } = &Kind::Files.row().source else { panic!() };
    (from, HolderIndex::new(Kind::Files, holder))
}

/// What hangs on one process.
fn gathered(run: &Value) -> Vec<Told> {
    let (from, places) = files();
    let (hooks, _) = Holders::read(&from[0], run).unwrap();
    let mut all = IndexMap::new();
    for (hook, found) in hooks.found(run) {
        for (id, mut drafts) in decode::rows(Kind::Files, &found).rows {
            places.put(&mut drafts, &hooks, hook);
            match all.get_mut(&id) {
                Some(known) => drop(places.add(known, drafts, &mut FoundPlaces::new())),
                None => drop(all.insert(id, drafts)),
            }
        }
    }
    let told = |(id, drafts): (Id, Drafts)| {
        let words = places.text(&drafts, places.words).unwrap();
        let holder = Record::new(Kind::Files, id.clone(), drafts).holder();
        (id.to_string(), words, holder.map(|(kind, id)| (kind, id.to_string())))
    };
    all.into_iter().map(told).collect()
}

fn file(subject: &Value) -> Value {
    json!({"id": FILE, "filename": "a.pdf", "source": "local", "subject": subject})
}

fn run(assets: &Value, prerun: &Value, tasks: &Value) -> Value {
    json!({"id": RUN, "name": "Onboarding\n00012", "assets": {"data": assets}, "prerun": prerun,
           "tasks": {"data": tasks}})
}

fn on(kind: Kind, id: &str, words: &str) -> Vec<Told> {
    vec![(FILE.to_owned(), words.to_owned(), Some((kind, id.to_owned())))]
}

#[test]
fn what_a_file_hangs_on_is_what_it_says_and_has_a_name() {
    let here = json!([]);
    let task = json!([{"id": TASK, "title": "Collect form", "taskdata": []}]);
    let of_run = file(&json!({"id": RUN, "type": "Run"}));
    let of_task = file(&json!({"id": TASK, "type": "Task"}));
    let process = on(Kind::Processes, RUN, "process Onboarding 00012");
    assert_eq!(gathered(&run(&json!([of_run]), &here, &task)), process);
    let found = gathered(&run(&json!([of_task]), &here, &task));
    assert_eq!(found, on(Kind::Tasks, TASK, "task Collect form"));
    // The task did not come along.
    let found = gathered(&run(&json!([of_task]), &here, &json!([])));
    assert_eq!(found, on(Kind::Tasks, TASK, "task in process Onboarding 00012"));
}

#[test]
fn a_file_that_does_not_say_hangs_on_what_it_was_found_on() {
    let prerun = json!({"f1": [file(&Value::Null)], "f2": "text"});
    let found = gathered(&run(&json!([]), &prerun, &json!([])));
    assert_eq!(found, on(Kind::Processes, RUN, "process Onboarding 00012"));
    let task = json!([{"id": TASK, "title": "Collect form", "taskdata": {"f3": [file(&Value::Null)]}}]);
    let found = gathered(&run(&json!([]), &json!([]), &task));
    assert_eq!(found, on(Kind::Tasks, TASK, "task Collect form"));
}

#[test]
fn a_logo_hangs_on_no_record() {
    let logo = file(&json!({"id": RUN, "type": "Organization"}));
    let found = gathered(&run(&json!([logo]), &json!([]), &json!([])));
    assert_eq!(found[0].2, None);
    let (from, places) = files();
    let value = run(&json!([file(&json!({"type": "Organization"}))]), &json!([]), &json!([]));
    let (hooks, _) = Holders::read(&from[0], &value).unwrap();
    let (hook, found) = hooks.found(&value).next().unwrap();
    let (id, mut drafts) = decode::rows(Kind::Files, &found).rows.remove(0);
    places.put(&mut drafts, &hooks, hook);
    let record = Record::new(Kind::Files, id, drafts);
    let subject = record.named("subject");
    assert_eq!(subject, crate::model::record::Value::Text("Organization"), "it is still known for one");
}

#[test]
fn a_file_found_twice_is_one_and_the_second_place_only_adds() {
    let bare = json!({"id": FILE, "filename": "a.pdf"});
    let dated = json!({"id": FILE, "filename": "b.pdf", "uploaded_at": "2026-04-18T07:21:03Z"});
    let task = json!([{"id": TASK, "title": "Collect form", "taskdata": {"f": [dated]}}]);
    let value = run(&json!([bare]), &json!({"f": [bare]}), &task);
    assert_eq!(
        gathered(&value),
        on(Kind::Processes, RUN, "process Onboarding 00012, task Collect form"),
        "the first place wins"
    );
    let (from, places) = files();
    let (hooks, _) = Holders::read(&from[0], &value).unwrap();
    let mut drafts = hooks.found(&value).flat_map(|(_, found)| decode::rows(Kind::Files, &found).rows);
    let (mut known, rest) = (drafts.next().unwrap().1, drafts.map(|(_, drafts)| drafts).collect::<Vec<_>>());
    assert!(rest.into_iter().any(|more| places.add(&mut known, more, &mut FoundPlaces::new())));
    let record = Record::new(Kind::Files, Id::new(FILE).unwrap(), known);
    assert_eq!(record.name(), "a.pdf");
    assert_ne!(record.named("uploaded"), crate::model::record::Value::Missing, "it adds what was missing");
}

/// What is told of a file that was found in these places, one after the other.
fn places_of(found_in: impl IntoIterator<Item = String>) -> String {
    let (_, places) = files();
    let drafts = |(n, words): (usize, String)| {
        let mut drafts = vec![Draft::Missing; Kind::Files.row().fields.len()];
        set(&mut drafts, places.words, &words);
        set(&mut drafts, places.place.1, &n.to_string());
        drafts
    };
    let mut all = found_in.into_iter().enumerate().map(drafts);
    let (mut known, mut found) = (all.next().unwrap(), FoundPlaces::new());
    for more in all {
        places.add(&mut known, more, &mut found);
    }
    places.text(&known, places.words).unwrap()
}

/// What a file hangs on is what its deletion hits.
#[test]
fn the_places_of_a_file_stay_short_and_say_how_many_are_left_out() {
    let tasks = (2..100).chain([2, 99]).map(|n| format!("task {n} of many"));
    let words = places_of(["process A".to_owned()].into_iter().chain(tasks));
    assert!(words.starts_with("process A, task 2 of many, ") && words.len() <= MOST_PLACES + 20, "{words}");
    let (told, more) = words.rsplit_once(", and ").unwrap();
    let told = told.split(", ").count();
    assert_eq!(more, format!("{} more", 99 - told));
}

#[test]
fn a_place_whose_name_begins_like_another_is_a_place_of_its_own() {
    let words = places_of(["process Onboarding 10", "process Onboarding 1"].map(str::to_owned));
    assert_eq!(words, "process Onboarding 10, process Onboarding 1");
}

#[test]
fn pages_of_all_lists_have_numbers_of_their_own() {
    assert_eq!((numbered((0, 7)), numbered((2, 1))), (7, 2 * (1 << 26) + 1));
}

#[test]
fn a_place_that_did_not_come_along_is_not_said_to_lie_in_one_of_its_own_kind() {
    let elsewhere = file(&json!({"id": TASK, "type": "Run"}));
    let found = gathered(&run(&json!([elsewhere]), &json!([]), &json!([])));
    let here = |filed: &str| {
        let words = format!("process Onboarding 00012 (filed under {filed})");
        on(Kind::Processes, RUN, &words)
    };
    assert_eq!(found, here("another process"));
    let of_template = file(&json!({"id": TASK, "type": "Checklist"}));
    let found = gathered(&run(&json!([of_template]), &json!([]), &json!([])));
    assert_eq!(found, here("another template"));
}

/// Uploads for kick-off fields name the template, also in the answers of a process (API sheet, section 7).
#[test]
fn kick_off_file_of_a_process_names_process_and_template() {
    let of_template = file(&json!({"id": TASK, "type": "Checklist"}));
    let mut value = run(&json!([]), &json!({"ko_field": [of_template]}), &json!([]));
    value["checklist_id"] = json!(TASK);
    value["checklist_title"] = json!("Client onboarding");
    let words = "process Onboarding 00012 (filed under template Client onboarding)";
    assert_eq!(gathered(&value), on(Kind::Processes, RUN, words));
    value["checklist_title"] = json!(null);
    assert!(gathered(&value)[0].1.starts_with("process Onboarding 00012 (filed under template "));
}
