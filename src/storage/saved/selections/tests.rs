use super::*;

const HERE: (&str, &str) = ("https://go.tallyfy.com/api", "e0d1");

fn entry(kind: Kind, id: &str) -> SelectedRecord {
    let name = Some(format!("Thing {id}\u{1b}[2J"));
    SelectedRecord { kind, id: Id::new(id).unwrap(), name, archived: Some(false) }
}

fn put(directory: &Path, place: &str, entries: &[SelectedRecord]) -> Result<String, SelectionError> {
    let organization = SelectionPlace { id: HERE.1.to_owned(), name: "Acme Ltd".to_owned() };
    let saving = SelectionWrite {
        place,
        base_url: HERE.0.to_owned(),
        organization,
        at: Timestamp::UNIX_EPOCH,
        entries,
    };
    save(directory, saving)
}

#[test]
fn a_set_comes_back_as_it_was_from_a_name_or_a_file() {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("state");
    assert!(all(&state).unwrap().is_empty() && !state.exists(), "looking leaves nothing behind");
    let entries = [entry(Kind::Tags, "1"), entry(Kind::Processes, "2")];
    let file = home.path().join("a.json").display().to_string();
    for place in ["spring cleaning", file.as_str()] {
        assert_eq!(put(&state, place, &entries).unwrap(), place);
        assert!(matches!(put(&state, place, &entries), Err(SelectionError::Taken(_))));
        let opened = open(&state, place, HERE).unwrap();
        assert_eq!(opened.entries.len(), 2);
        assert_eq!(opened.entries[0].id, entries[0].id);
        assert_eq!(opened.entries[0].told(), "Thing 1\u{241b}[2J", "names are cleaned when they come back");
    }
    let kept = all(&state).unwrap();
    assert_eq!((kept.len(), kept[0].name.as_str()), (1, "spring cleaning"));
    assert_eq!(kept[0].held.as_ref().unwrap().records, 2);
    remove(&state, "spring cleaning").unwrap();
    assert!(matches!(remove(&state, "spring cleaning"), Err(SelectionError::Missing(_))));
    assert!(matches!(remove(&state, &file), Err(SelectionError::BadName(_))) && Path::new(&file).exists());
}

#[cfg(unix)]
#[test]
fn a_set_is_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("a.json");
    put(home.path(), "a", &[]).unwrap();
    put(home.path(), &file.display().to_string(), &[]).unwrap();
    for (path, mode) in [("sets", 0o700), ("sets/a.json", 0o600), ("a.json", 0o600)] {
        assert_eq!(
            fs::metadata(home.path().join(path)).unwrap().permissions().mode() & 0o777,
            mode,
            "{path}"
        );
    }
}

#[test]
fn a_set_of_another_place_is_refused_and_says_which() {
    let home = tempfile::tempdir().unwrap();
    put(home.path(), "a", &[entry(Kind::Tags, "1")]).unwrap();
    for (base_url, id) in [(HERE.0, "f9"), ("https://other.example/api", HERE.1)] {
        let words = open(home.path(), "a", (base_url, id)).unwrap_err().to_string();
        assert_eq!(
            words,
            "`a` belongs to Acme Ltd (e0d1) on https://go.tallyfy.com/api and is not opened here"
        );
    }
}

#[test]
fn no_name_leads_out_of_the_folder() {
    let home = tempfile::tempdir().unwrap();
    for place in ["", "..", ".hidden", "a\u{0}b", "a\u{1b}b", "a:b", "a\nb", " a", &"x".repeat(300)] {
        assert!(matches!(put(home.path(), place, &[]), Err(SelectionError::BadName(_))), "{place:?}");
    }
    assert!(matches!(put(home.path(), "~/a.json", &[]), Err(SelectionError::Tilde(_))));
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn what_is_no_list_says_what_it_is() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name).display().to_string();
    let write = |name: &str, bytes: &[u8]| fs::write(home.path().join(name), bytes).unwrap();
    write("latin", b"caf\xe9\n");
    write("binary", b"a\0b");
    write("wide", &[0xff, 0xfe, b'a', 0]);
    write("marked", b"\xef\xbb\xbfa1\r\nb2\r\n");
    let told = |name: &str| {
        let error = ids(&path(name), Kind::Tags).unwrap_err();
        assert!(!error.hint().is_empty());
        error.to_string().replace(&path(""), "")
    };
    assert_eq!(told("latin"), "`latin` is no text in UTF-8");
    assert_eq!(told("binary"), "`binary` is no text");
    assert_eq!(told("wide"), "`wide` is text in UTF-16");
    assert_eq!(told("nowhere"), "`nowhere` is not there");
    assert_eq!(told("."), "`.` is no file but a directory");
    assert_eq!(ids(&path("marked"), Kind::Tags).unwrap().entries.len(), 2);
    let large = File::create(home.path().join("large")).unwrap();
    large.set_len(MOST_BYTES + 1).unwrap();
    assert!(told("large").starts_with("`large` is larger than "));
}

#[cfg(unix)]
#[test]
fn links_are_followed_to_files_and_to_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name);
    fs::write(path("list"), "a1\n").unwrap();
    for (link, to) in [("link", "list"), ("loop", "loop"), ("folder", "."), ("zero", "/dev/zero")] {
        std::os::unix::fs::symlink(to, path(link)).unwrap();
    }
    let read = |name: &str| ids(&path(name).display().to_string(), Kind::Tags);
    assert_eq!(read("link").unwrap().entries.len(), 1);
    assert!(matches!(read("loop"), Err(SelectionError::Disk(..))));
    assert!(matches!(read("folder"), Err(SelectionError::NoFile(_, "a directory"))));
    assert!(matches!(read("zero"), Err(SelectionError::NoFile(_, "a pipe or a device"))));
    // Nothing is written through a link.
    std::os::unix::fs::symlink("nowhere", path("out.json")).unwrap();
    let out = put(home.path(), &path("out.json").display().to_string(), &[]);
    assert!(matches!(out, Err(SelectionError::Taken(_))) && !path("nowhere").exists());
}

#[test]
fn what_holds_something_else_says_so() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("a.json");
    let place = path.display().to_string();
    let told = |text: &str| {
        fs::write(&path, text).unwrap();
        open(home.path(), &place, HERE).unwrap_err()
    };
    assert!(matches!(told("a1\n"), SelectionError::Damaged(..)));
    assert!(matches!(told("[]"), SelectionError::Damaged(..)));
    assert!(matches!(told(r#"{"format":1}"#), SelectionError::Damaged(..)));
    assert!(matches!(told(r#"{"format":2,"x":1}"#), SelectionError::Newer(_)));
    let strange = r#"{"format":1,"base_url":"https://go.tallyfy.com/api","organization":{"id":"e0d1","name":"x"},
        "saved":"2026-01-01T00:00:00Z","records":[{"kind":"robots","id":"1","name":"a"},{"kind":"tags","id":"..","name":"a"},
        {"kind":"tags","id":"1","name":"a"},{"kind":"tag","id":"1","name":"b"}]}"#;
    fs::write(&path, strange).unwrap();
    let opened = open(home.path(), &place, HERE).unwrap();
    assert_eq!((opened.entries.len(), opened.strange), (1, 2));
}

/// What is no set is not read out to whoever looks at the screen.
#[test]
fn what_is_wrong_with_a_file_is_told_in_a_short_sentence_without_its_content() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("a.json");
    let content = format!("{{\"format\": \"sesame{}\"}}", "x".repeat(1 << 20));
    fs::write(&path, content).unwrap();
    let words = open(home.path(), path.to_str().unwrap(), HERE).unwrap_err().to_string();
    assert!(words.len() < 1_000 && !words.contains("sesame"), "{} bytes", words.len());
}
