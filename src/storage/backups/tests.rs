//! Copies on a real disk: whole, synced, and out of nobody's way.

use std::fs;

use super::*;

const RECORD: &[u8] = b"{\n  \"id\": \"0a\"\n}\n";

fn item(kind: &'static str, id: &str) -> BackupItem {
    BackupItem { kind, id: id.to_owned(), name: format!("Name of {id}") }
}

fn file(id: &str, name: &str) -> BackupItem {
    BackupItem { name: name.to_owned(), ..item("files", id) }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn folder(directory: &Path) -> BackupFolder {
    Backups::new(directory.to_owned(), 0).folder(12, at("2026-11-22T19:05:01Z"))
}

/// Every path below `directory` but the lock, relative to it.
fn below(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if !path.ends_with(store::LOCK) {
                found.push(path.strip_prefix(directory).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn nothing_is_touched_before_the_first_copy() {
    let home = tempfile::tempdir().unwrap();
    let folder = folder(&home.path().join("backups"));
    assert_eq!(folder.path(), home.path().join("backups/job-12-20261122T190501Z"));
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    assert_eq!(list(&home.path().join("backups")), Ok(vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_record_is_kept_as_it_is_given_and_noted() {
    let home = tempfile::tempdir().unwrap();
    let folder = folder(home.path());
    let kept = folder.keep_record(&item("processes", "0a"), RECORD.to_vec(), &[]).await.unwrap();
    assert_eq!((kept.file.as_str(), kept.bytes), ("processes/0a.json", RECORD.len() as u64));
    assert_eq!(fs::read(folder.path().join(&kept.file)).unwrap(), RECORD);
    assert_eq!(kept.sha256, "26f0297f58af61417545ba4b698a69a1fd7666ba01904e32a7e5459e55775789");
    let line = fs::read_to_string(folder.path().join("index.jsonl")).unwrap();
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&line["kind"], &line["id"]), (&"processes".into(), &"0a".into()));
    assert_eq!((&line["name"], &line["holds"]), (&"Name of 0a".into(), &"record".into()));
    assert_eq!((&line["file"], &line["bytes"]), (&kept.file.as_str().into(), &RECORD.len().into()));
    assert_eq!(line["sha256"], kept.sha256.as_str());
    assert!(line["at"].as_str().unwrap().parse::<Timestamp>().is_ok());
}

#[tokio::test(start_paused = true)]
async fn bytes_are_kept_as_they_come() {
    let home = tempfile::tempdir().unwrap();
    let folder = folder(home.path());
    let sized = file("0f", "Größe.pdf");
    let mut incoming = folder.begin_bytes(&sized, None, Some(3 << 20)).await.unwrap();
    for _ in 0..48 {
        incoming.write(Bytes::from(vec![7; 1 << 16])).await.unwrap();
        assert_eq!(below(&folder.path().join("files")), [".0f-Größe.pdf.part"]);
    }
    let kept = incoming.finish().await.unwrap();
    assert_eq!((kept.file.as_str(), kept.bytes), ("files/0f-Größe.pdf", 3 << 20));
    assert_eq!(fs::read(folder.path().join(&kept.file)).unwrap(), vec![7; 3 << 20]);
    folder.keep_record(&sized, RECORD.to_vec(), &[]).await.unwrap();
    let jobs = list(home.path()).unwrap();
    assert_eq!((jobs[0].files_with_bytes, jobs[0].bytes), (1, (3 << 20) + RECORD.len() as u64));
    assert_eq!(jobs[0].records, [("files".to_owned(), 1)].into());
    assert_eq!(verify(&jobs[0]), []);
    let empty = folder.begin_bytes(&file("0e", ""), None, Some(0)).await.unwrap().finish().await.unwrap();
    assert_eq!((empty.file.as_str(), empty.bytes), ("files/0e-unnamed", 0));
}

#[tokio::test(start_paused = true)]
async fn attached_files_are_kept_under_their_record_and_verified() {
    let home = tempfile::tempdir().unwrap();
    let folder = folder(home.path());
    let run = item("processes", "0a");
    for name in ["a.pdf", "../b"] {
        let mut incoming = folder.begin_bytes(&file("0f", name), Some(&run), None).await.unwrap();
        incoming.write(Bytes::from_static(b"bytes")).await.unwrap();
        incoming.finish().await.unwrap();
    }
    folder.keep_record(&run, RECORD.to_vec(), &[FILES_UNKNOWN.to_owned()]).await.unwrap();
    folder.keep_record(&item("processes", "0b"), RECORD.to_vec(), &[]).await.unwrap();
    let names = [
        "index.jsonl",
        "processes/0a.json",
        "processes/0a/0f-_b",
        "processes/0a/0f-a.pdf",
        "processes/0b.json",
    ];
    assert_eq!(below(folder.path()), names);
    let index = fs::read_to_string(folder.path().join("index.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> =
        index.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        (&lines[0]["kind"], &lines[0]["id"], &lines[0]["of"]),
        (&"files".into(), &"0f".into(), &"processes/0a".into())
    );
    assert_eq!(
        (&lines[2]["notes"][0], &lines[3]["notes"]),
        (&"files: unknown".into(), &serde_json::Value::Null)
    );
    let job = list(home.path()).unwrap().remove(0);
    assert_eq!(job.records, [("files".to_owned(), 1), ("processes".to_owned(), 2)].into());
    assert_eq!((job.files_with_bytes, job.files_unknown, verify(&job)), (1, 1, vec![]));
    fs::write(folder.path().join("processes/0a/0f-a.pdf"), "other").unwrap();
    let damaged = verify(&job);
    assert_eq!((damaged.len(), damaged[0].file.as_str()), (1, "processes/0a/0f-a.pdf"));
    drop(folder);
    purge(&job).unwrap();
    assert_eq!(below(home.path()), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_is_given_up_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let folder = folder(home.path());
    let mut incoming = folder.begin_bytes(&file("0f", "a.pdf"), None, None).await.unwrap();
    incoming.write(Bytes::from(vec![7; GATHERED + 1])).await.unwrap();
    drop(incoming);
    let mut incoming = folder.begin_bytes(&file("0f", "a.pdf"), None, Some(5)).await.unwrap();
    incoming.write(Bytes::from_static(b"four")).await.unwrap();
    assert_eq!(incoming.finish().await, Err(BackupError::Incomplete { announced: 5, got: 4 }));
    assert_eq!(below(folder.path()), ["index.jsonl"]);
    assert_eq!(fs::read(folder.path().join("index.jsonl")).unwrap(), b"");
}

#[tokio::test(start_paused = true)]
async fn what_a_crash_leaves_half_is_no_copy() {
    let home = tempfile::tempdir().unwrap();
    let folder = folder(home.path());
    folder.keep_record(&item("files", "0f"), RECORD.to_vec(), &[]).await.unwrap();
    let mut incoming = folder.begin_bytes(&file("0f", "a.pdf"), None, None).await.unwrap();
    incoming.write(Bytes::from(vec![7; GATHERED])).await.unwrap();
    // As after a crash: nothing of the process runs any more.
    std::mem::forget(incoming);
    let index = folder.path().join("index.jsonl");
    let line = fs::read(&index).unwrap();
    fs::write(&index, [&line[..], &line[..line.len() / 2]].concat()).unwrap();
    let seen = &list(home.path()).unwrap()[0];
    assert_eq!((seen.records["files"], seen.files_with_bytes, verify(seen)), (1, 0, vec![]));

    let again = self::folder(home.path());
    let incoming = again.begin_bytes(&file("0f", "a.pdf"), None, None).await.unwrap();
    assert_eq!(incoming.finish().await.unwrap().file, "files/0f-a.2.pdf");
    let seen = &list(home.path()).unwrap()[0];
    assert_eq!((seen.records["files"], seen.files_with_bytes, verify(seen)), (1, 1, vec![]));
}

#[tokio::test(start_paused = true)]
async fn no_copy_takes_the_place_of_another() {
    let home = tempfile::tempdir().unwrap();
    let folder = folder(home.path());
    let one = folder.keep_record(&item("tags", "0a"), b"1".to_vec(), &[]).await.unwrap();
    let two = folder.keep_record(&item("tags", "0a"), b"2".to_vec(), &[]).await.unwrap();
    let three = self::folder(home.path()).keep_record(&item("tags", "0a"), b"3".to_vec(), &[]).await.unwrap();
    assert_eq!([one.file, two.file, three.file], ["tags/0a.json", "tags/0a.2.json", "tags/0a.3.json"]);
    assert_eq!(fs::read(folder.path().join("tags/0a.json")).unwrap(), b"1");
    assert_eq!(list(home.path()).unwrap()[0].records["tags"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_copies_at_once_are_all_noted() {
    let home = tempfile::tempdir().unwrap();
    let folder = folder(home.path());
    let copies: Vec<_> = (0..64)
        .map(|n| {
            let folder = folder.clone();
            let kind = if n % 2 == 0 { "tags" } else { "processes" };
            tokio::spawn(
                async move { folder.keep_record(&item(kind, &format!("{n:02x}")), vec![n], &[]).await },
            )
        })
        .collect();
    for copy in copies {
        copy.await.unwrap().unwrap();
    }
    let job = &list(home.path()).unwrap()[0];
    assert_eq!((job.records["tags"], job.records["processes"], job.bytes), (32, 32, 64));
    assert_eq!(verify(job), []);
}

#[tokio::test(start_paused = true)]
async fn hostile_names_stay_in_the_folder() {
    let home = tempfile::tempdir().unwrap();
    let folder = folder(&home.path().join("backups"));
    let names =
        ["../../x", "/etc/passwd", "a\0b", "..", "", "\u{202e}x", "CON", "a\\..\\b", &"x".repeat(5000)];
    let mut files = Vec::new();
    for name in names {
        let hostile = BackupItem { kind: "files", id: name.to_owned(), name: name.to_owned() };
        files.push(folder.keep_record(&hostile, RECORD.to_vec(), &[]).await.unwrap().file);
        let incoming = folder.begin_bytes(&hostile, None, None).await.unwrap();
        files.push(incoming.finish().await.unwrap().file);
    }
    files.push("index.jsonl".to_owned());
    files.sort();
    assert_eq!(below(folder.path()), files);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    let job = &list(&home.path().join("backups")).unwrap()[0];
    assert_eq!((job.records["files"], verify(job)), (names.len(), vec![]));
}

#[tokio::test(start_paused = true)]
async fn without_room_there_is_no_copy() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("backups");
    let full = Backups::new(directory.clone(), u64::MAX).folder(1, at("2026-11-22T19:05:01Z"));
    let error = full.keep_record(&item("tags", "0a"), RECORD.to_vec(), &[]).await.unwrap_err();
    assert!(matches!(error, BackupError::NoRoom { keep_free: u64::MAX, .. }), "{error}");
    assert!(full.begin_bytes(&file("0f", "a"), None, None).await.is_err());
    assert!(!directory.exists());
    let roomy = folder(&directory);
    let error = roomy.begin_bytes(&file("0f", "a"), None, Some(u64::MAX)).await.unwrap_err();
    assert!(matches!(error, BackupError::NoRoom { wanted: u64::MAX, .. }), "{error}");
    assert_eq!(below(roomy.path()), ["index.jsonl"]);
}

#[tokio::test(start_paused = true)]
async fn where_no_folder_can_be_made_the_error_says_which() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("backups");
    fs::write(&directory, "").unwrap();
    let folder = folder(&directory);
    let error = folder.keep_record(&item("tags", "0a"), RECORD.to_vec(), &[]).await.unwrap_err();
    let said = format!("no backup could be made: `{}`: it is not a directory", folder.path().display());
    assert_eq!(error.to_string(), said);
    assert!(list(&directory).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_cannot_be_noted_is_none() {
    let home = tempfile::tempdir().unwrap();
    let folder = folder(home.path());
    folder.keep_record(&item("tags", "0a"), RECORD.to_vec(), &[]).await.unwrap();
    fs::remove_file(folder.path().join("index.jsonl")).unwrap();
    assert!(folder.keep_record(&item("tags", "0b"), RECORD.to_vec(), &[]).await.is_err());
    assert_eq!(below(folder.path()), ["tags/0a.json"]);
}

#[tokio::test(start_paused = true)]
async fn what_has_changed_is_found() {
    let home = tempfile::tempdir().unwrap();
    let folder = folder(home.path());
    for id in ["0a", "0b", "0c", "0d", "0e"] {
        folder.keep_record(&item("tags", id), RECORD.to_vec(), &[]).await.unwrap();
    }
    let path = |id: &str| folder.path().join(format!("tags/{id}.json"));
    let flipped: Vec<u8> = RECORD.iter().map(|byte| if *byte == b'0' { b'1' } else { *byte }).collect();
    fs::write(path("0b"), flipped).unwrap();
    fs::write(path("0c"), "short").unwrap();
    fs::remove_file(path("0d")).unwrap();
    let index = folder.path().join("index.jsonl");
    let lines = fs::read_to_string(&index).unwrap().replace("tags/0e.json", "../../outside");
    fs::write(&index, lines + "{\"kind\":\"tags\"}\n").unwrap();
    fs::write(home.path().join("outside"), RECORD).unwrap();
    let wrong = verify(&list(home.path()).unwrap()[0]);
    let told: Vec<_> = wrong.iter().map(|wrong| format!("{} {}", wrong.file, wrong.why)).collect();
    assert_eq!(
        told,
        [
            "tags/0b.json has changed: its hash is another".to_owned(),
            format!("tags/0c.json has 5 bytes instead of {}", RECORD.len()),
            "tags/0d.json is missing".to_owned(),
            "../../outside lies outside the folder".to_owned(),
            "index.jsonl 1 of its lines cannot be read".to_owned(),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn only_a_folder_of_copies_that_is_not_in_use_is_removed() {
    let home = tempfile::tempdir().unwrap();
    let folder = folder(home.path());
    folder.keep_record(&item("tags", "0a"), RECORD.to_vec(), &[]).await.unwrap();
    for other in ["job-12", "job-13-20261122T190501Z", "notes"] {
        fs::create_dir(home.path().join(other)).unwrap();
    }
    fs::write(home.path().join("notes/index.jsonl"), "").unwrap();
    let jobs = list(home.path()).unwrap();
    assert_eq!(jobs.iter().map(|job| job.job).collect::<Vec<_>>(), [12]);
    assert!(matches!(purge(&jobs[0]), Err(BackupError::InUse { .. })));
    assert_eq!(verify(&jobs[0]), []);
    drop(folder);
    assert_eq!(purge(&jobs[0]), Ok(()));
    assert!(matches!(purge(&jobs[0]), Err(BackupError::Stays { .. })));
    assert_eq!(below(home.path()), ["notes/index.jsonl"]);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 3);
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn no_link_is_followed() {
    use std::os::unix::fs::symlink;
    let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let real = folder(other.path());
    real.keep_record(&item("tags", "0a"), RECORD.to_vec(), &[]).await.unwrap();
    symlink(real.path(), home.path().join("job-12-20261122T190501Z")).unwrap();
    assert_eq!(list(home.path()), Ok(vec![]));
    let error = folder(home.path()).keep_record(&item("tags", "0b"), RECORD.to_vec(), &[]).await.unwrap_err();
    assert!(matches!(error, BackupError::Place { .. }), "{error}");
    fs::remove_file(home.path().join("job-12-20261122T190501Z")).unwrap();

    let mine = folder(home.path());
    mine.keep_record(&item("tags", "0a"), RECORD.to_vec(), &[]).await.unwrap();
    fs::remove_dir_all(mine.path().join("tags")).unwrap();
    symlink(real.path().join("tags"), mine.path().join("tags")).unwrap();
    let job = &list(home.path()).unwrap()[0];
    assert_eq!(verify(job)[0].why, "is a link");
    drop(mine);
    purge(job).unwrap();
    assert!(real.path().join("tags/0a.json").exists());
}

#[tokio::test(start_paused = true)]
async fn an_index_or_lock_that_is_no_file_is_refused() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let home = tempfile::tempdir().unwrap();
    let copies = folder(home.path());
    copies.keep_record(&item("tags", "0a"), RECORD.to_vec(), &[]).await.unwrap();
    let path = copies.path().to_owned();
    drop(copies);
    let job = list(home.path()).unwrap().remove(0);
    for name in ["lock", "index.jsonl"] {
        fs::remove_file(path.join(name)).unwrap();
        mknodat(CWD, path.join(name), FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap();
        let refused = folder(home.path()).keep_record(&item("tags", "0b"), RECORD.to_vec(), &[]).await;
        assert!(refused.unwrap_err().to_string().contains("it is a pipe"), "{name}");
        if name == "lock" {
            assert!(matches!(purge(&job), Err(BackupError::Stays { .. })));
            fs::remove_file(path.join(name)).unwrap();
        }
    }
    assert!(list(home.path()).unwrap_err().to_string().contains("it is a pipe"));
    assert!(path.join("tags/0a.json").exists());
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn copies_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let folder = folder(&home.path().join("a/backups"));
    let kept = folder.keep_record(&item("tags", "0a"), RECORD.to_vec(), &[]).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let path = folder.path();
    for directory in [&home.path().join("a"), &home.path().join("a/backups"), path, &path.join("tags")] {
        assert_eq!(mode(directory), 0o700, "{}", directory.display());
    }
    for file in [kept.file.as_str(), "index.jsonl", "lock"] {
        assert_eq!(mode(&path.join(file)), 0o600, "{file}");
    }
    // A folder that a person made and opened to others is theirs to keep so.
    let shared = home.path().join("shared");
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o755)).unwrap();
    self::folder(&shared).keep_record(&item("tags", "0a"), RECORD.to_vec(), &[]).await.unwrap();
    assert_eq!(mode(&shared), 0o755);
}
