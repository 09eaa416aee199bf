//! The real program on a file system that has no file locks.

use std::process::Command;

use rustix::process::Signal;
use tempfile::TempDir;
use tidyfy::model::kind::Action;

use super::support::{Program, jobs, request_log};
use crate::pty::PROGRAM;
use crate::worker::bench::Bench;

/// Builds a library that answers each lock with ENOLCK, as some network file systems do.
fn shim(home: &TempDir) -> String {
    let (source, library) = (home.path().join("locks.c"), home.path().join("locks.so"));
    let text =
        "#include <errno.h>\nint flock(int fd, int op) { (void)fd; (void)op; errno = ENOLCK; return -1; }\n";
    std::fs::write(&source, text).unwrap();
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status();
    assert!(built.unwrap().success());
    format!("LD_PRELOAD={}", library.display())
}

#[tokio::test]
async fn without_file_locks_nothing_is_sent_and_doctor_says_why() {
    let bench = Bench::plain().await;
    let home = tempfile::tempdir().unwrap();
    let preload = shim(&home);
    let program =
        Program::under(&bench, &home, "/usr/bin/env", &[&preload, PROGRAM, "--limits", "off"]).await;
    let program = program.confirm(Action::Archive).await.sees("file locks do not work here").await;
    program.kill(Signal::TERM).await;
    assert!(request_log(&bench.sandbox).is_empty() && jobs(bench.remembered.path()).is_empty());

    let mut doctor = Command::new("/usr/bin/env");
    doctor.env_clear().env("HOME", home.path()).env("XDG_STATE_HOME", home.path().join("state"));
    let page = doctor.args([preload.as_str(), PROGRAM, "doctor"]).output().unwrap().stdout;
    let page = String::from_utf8(page).unwrap();
    let named = page.contains("FAIL    file locks") && page.contains("set `XDG_STATE_HOME`");
    assert!(named && !page.contains("os error"), "{page}");
}
