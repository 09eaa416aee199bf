use proptest::prelude::*;

use super::*;

/// An id as the API has it.
fn id(n: u32) -> String {
    format!("{n:032x}")
}

fn told(list: &IdList) -> Vec<String> {
    list.ids.iter().map(|(kind, id)| format!("{}:{id}", kind.row().slug)).collect()
}

fn of(kind: Kind, source: &str) -> (Vec<String>, Vec<u64>) {
    let list = IdList::read(source, kind).unwrap();
    (told(&list), list.unreadable)
}

fn list(source: &str) -> (Vec<String>, Vec<u64>) {
    of(Kind::Processes, source)
}

fn processes(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| format!("processes:{id}")).collect()
}

#[test]
fn process_export_gives_each_process_once() {
    let source = include_str!("../../../tests/cases/process-export.csv");
    let ids = [
        "4bbf6be276fe75217888537648060007",
        "cc590a882a08a9d07f9c469698a47638",
        "18212ad32b46cd604cb83f65b40233c7",
    ];
    assert_eq!(list(source), (processes(&ids), vec![]));
    let tasks = of(Kind::Tasks, source);
    assert_eq!(tasks, (vec![format!("tasks:{}", id(0)), format!("tasks:{}", id(1))], vec![]));
    let error = IdList::read(source, Kind::Tags).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no column contains the ids of tags: its columns are `process_name`, `process_id`, `process_status`, \
         `template_name`, `template_id`, `process_url`, `process_summary`, `task_name`, `task_id`, \
         `task_description`, `form_fields_json`"
    );
    assert_eq!(error.hint(), "call the column of the ids `tag_id` or `id`");
    // Without the column of ids the addresses say as much.
    let addresses = source.replace("process_id", "x");
    assert_eq!(list(&addresses), (processes(&ids), vec![]));
}

#[test]
fn members_are_taken_from_user_id_and_not_from_seats() {
    let source = include_str!("../../../tests/cases/members.csv");
    assert_eq!(
        of(Kind::Members, source),
        (vec!["members:1015".to_owned(), "members:1016".to_owned()], vec![])
    );
    let error = IdList::read("seats,name\n1002,M 14\n", Kind::Members).unwrap_err();
    assert_eq!(error.to_string(), "no column contains the ids of members: its columns are `seats`, `name`");
    assert_eq!(of(Kind::Members, "1002,M 14\n1003,M 15\n"), (vec![], vec![1, 2]), "a number may be anything");
    assert_eq!(of(Kind::Members, "1002, 1003\n").0.len(), 2);
}

#[test]
fn column_of_the_kind_goes_before_id_and_the_difference_is_said() {
    for name in ["process_id", "Process ID", "processId", "RUN-ID", "run id", "runs_id", "\u{feff}process_id"]
    {
        let source = format!("id,{name},x\n17,{},{}\n", id(1), id(2));
        let read = IdList::read(&source, Kind::Processes).unwrap();
        assert_eq!(told(&read), processes(&[&id(1)]), "{name}");
        let note = format!("ids taken from `{}`, not from `id`", name.trim_start_matches('\u{feff}'));
        assert_eq!(read.note, Some(note));
    }
    for (kind, name) in [
        (Kind::Templates, "checklist_id"),
        (Kind::Templates, "blueprint id"),
        (Kind::Tasks, "task_id"),
        (Kind::Files, "asset_id"),
        (Kind::Tags, "Tag Id"),
        (Kind::Folders, "folder_id"),
        (Kind::Groups, "group_id"),
        (Kind::Groups, "ID"),
    ] {
        let list = IdList::read(&format!("name;{name}\nAudit 7;{}\n", id(1)), kind).unwrap();
        assert_eq!(
            (told(&list), list.note),
            (vec![format!("{}:{}", kind.row().slug, id(1))], None),
            "{name}"
        );
    }
    let same = IdList::read(&format!("id,run_id\n{0},{0}\n", id(1)), Kind::Processes).unwrap();
    assert_eq!((same.ids.len(), same.note), (1, None));
    // Where the column is empty no other one steps in.
    assert_eq!(list(&format!("id,run_id\n17,\n18,{}\n", id(1))), (processes(&[&id(1)]), vec![2]));
    let guests = IdList::read("id,email\n881,ana@x.example\n882,\n", Kind::Guests).unwrap();
    assert_eq!((told(&guests), guests.unreadable), (vec!["guests:ana@x.example".to_owned()], vec![3]));
}

#[test]
fn column_of_kinds_wins_in_each_row() {
    let source = format!(
        "kind,template_id,id\ntemplate,{},5\nrun,{},{}\nrobot,,{}\n,,{}\n",
        id(1),
        id(9),
        id(2),
        id(3),
        id(4)
    );
    let wanted =
        vec![format!("templates:{}", id(1)), format!("processes:{}", id(2)), format!("processes:{}", id(4))];
    assert_eq!(list(&source), (wanted, vec![4]));
    assert_eq!(list(&format!("kind,id\ntemplate,tag:{}\n", id(1))).1, [2], "nor contradicts it");
}

#[test]
fn sep_line_remarks_and_byte_order_mark_stand_before_the_head() {
    let ids = processes(&[&id(1), &id(2)]);
    for source in [
        format!("sep=;\nname;id\na,b;{}\nc;{}\n", id(1), id(2)),
        format!("\u{feff}\"sep=;\"\r\nname;id\r\na,b;{}\r\nc;{}\r\n", id(1), id(2)),
        format!("SEP=|\nname|id\na,b|{}\nc|{}\n", id(1), id(2)),
        format!("# Processes; to, go\n\n#\nname,id\na,{}\nc,{}\n", id(1), id(2)),
        format!("# x\nsep=\t\nid\tname, first\n{}\ta\n{}\tb\n# two, in all\n", id(1), id(2)),
        format!("Processes to go\n{}\n{}\n", id(1), id(2)),
        format!("{} {}\n", id(1), id(2)),
        format!("{},{}\n{},\n", id(1), id(2), id(1)),
        format!("{}, Audit\n{},\n", id(1), id(2)),
        format!("id\r{}\r{}\r", id(1), id(2)),
        format!("id,name\n{},\"one\n\n{}\ntwo\"\n{},x\n", id(1), id(3), id(2)),
    ] {
        let (found, unreadable) = list(&source);
        assert_eq!(found, ids, "{source}");
        assert!(unreadable.is_empty() || source.starts_with("Processes"), "{source}: {unreadable:?}");
    }
    let long = format!("id,text\n{},\"{}\"\n{},x\n", id(1), "line\n".repeat(500), id(2));
    assert_eq!(list(&long), (ids, vec![]));
}

#[test]
fn names_are_never_ids() {
    assert_eq!(list("Audit\nRenewal\n"), (vec![], vec![1, 2]));
    assert_eq!(list(&format!("name,id\nx,Audit\ny,{}\n", id(1))), (processes(&[&id(1)]), vec![2]));
    for source in ["name,status\nAudit,complete\n", "Audit;complete\n", "a,b\n", "name, 2026\n"] {
        assert!(IdList::read(source, Kind::Processes).is_err(), "{source}");
    }
    assert_eq!(of(Kind::Guests, "https://go.tallyfy.com/guest/Xy7kQ9/tasks\nXy7kQ9\n"), (vec![], vec![1, 2]));
}

#[test]
fn address_names_the_record_of_its_path() {
    let org = id(0xf);
    for (path, wanted) in [
        (format!("{org}/processes/{}", id(1)), Some("processes")),
        (format!("organizations/{org}/runs/{}/tasks?x=1", id(1)), Some("processes")),
        (format!("tracker/{}", id(1)), Some("processes")),
        (format!("{org}/process/{}/create?launchprocess=true", id(1)), Some("templates")),
        (format!("public/library/{org}/blueprint/{}/kick-off", id(1)), Some("templates")),
        (format!("{org}/dashboard"), None),
    ] {
        let named = address(&format!("HTTPS://go.tallyfy.com/{path}"));
        assert_eq!(
            named.map(|(kind, id)| (kind.row().slug, id.to_string())),
            wanted.map(|kind| (kind, id(1)))
        );
    }
}

#[test]
fn number_of_ids_is_bounded() {
    let source: String = (0..=u32::try_from(MOST_IDS).unwrap()).map(|n| id(n) + "\n").collect();
    assert_eq!(IdList::read(&source, Kind::Tags).unwrap_err(), IdListError::TooMany);
    assert_eq!(of(Kind::Tags, &source[33..]).0.len(), MOST_IDS);
}

#[test]
fn ids_stand_one_a_line() {
    let source = "a1\r\n\r\n  b2  \n# a comment\ntag:c3\n../x\na1\nhttps://go.tallyfy.com/acme/process/d4?tab=1\n\
                  https://go.tallyfy.com/e5/\nana@x.example\nnot an id\n";
    let ids = [
        "processes:a1",
        "processes:b2",
        "tags:c3",
        "processes:d4",
        "processes:e5",
        "processes:ana@x.example",
    ];
    assert_eq!(list(source), (ids.map(str::to_owned).to_vec(), vec![6, 11]));
    assert_eq!(list(""), (vec![], vec![]));
    assert_eq!(list("\u{0}\n"), (vec![], vec![1]));
    assert_eq!(list("\r\n\r\n#\r\n?\r\n\r\n!\r\n#").1, [4, 6]);
}

#[test]
fn tables_say_which_column_holds_them() {
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let source = "name,ID,kind\n\"a, \"\"b\"\"\nc\",a1,template\nx,b2,\ny,c3,robot\n";
    assert_eq!(list(source), (ids(&["templates:a1", "processes:b2"]), vec![5]));
    let source = format!("{};Some name;x\n{};\"Other;name\"\n", id(1), id(2));
    assert_eq!(list(&source), (processes(&[&id(1), &id(2)]), vec![]));
    assert_eq!(list("kind\tid\ntask\ta1\n"), (ids(&["tasks:a1"]), vec![]));
    assert_eq!(list("id\na1\n"), (ids(&["processes:a1"]), vec![]));
}

#[test]
fn a_stray_quotation_mark_takes_no_other_line_with_it() {
    let ids = processes;
    assert_eq!(list("a1\n\"b2\nc3\nd4\n"), (ids(&["a1", "c3", "d4"]), vec![2]));
    // One that a later one seems to close.
    assert_eq!(list("a1\n\"b2\nc3\n\"d4\ne5\n"), (ids(&["a1", "c3", "e5"]), vec![2, 4]));
    // In another column than the ids'.
    let (a, b, c) = (id(0xa), id(0xb), id(0xc));
    assert_eq!(list(&format!("{a},\"x\n{b},y\n{c},5\" pipe\n")), (ids(&[&b, &c]), vec![1]));
    assert_eq!(list(&format!("\"{a}\"\n\"{b}\",\"x\n#y\"\n{c}")), (ids(&[&a, &b, &c]), vec![]));
}

/// What `e` writes is a list that `:mark` reads.
#[test]
fn an_id_that_was_made_harmless_for_spreadsheets_is_still_that_id() {
    let id = text::harmless("+ana@x.example");
    let list = IdList::read(&format!("kind,id\nguests,{id}\n"), Kind::Tags).unwrap();
    assert_eq!(list.ids[0].1, Id::new("+ana@x.example").unwrap());
}

proptest! {
    #[test]
    fn text_of_any_sort_gives_each_id_once_and_no_name(source in "([a-c]{1,3}|[0-9]|[,;\t\n\r\" #|]|id|kind|run_id|sep=|tag:|0a1b|https://x.example/){0,60}") {
        if let Ok(list) = IdList::read(&source, Kind::Processes) {
            let once: BTreeSet<_> = list.ids.iter().collect();
            prop_assert_eq!(once.len(), list.ids.len());
            for (_, id) in &list.ids {
                prop_assert!(source.contains(&id.to_string()));
            }
            prop_assert!(list.unreadable.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }
}
