//! The real program on a machine that is suspended: its monotonic clock stands still while time passes.

use std::fs;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;
use tempfile::TempDir;
use tidyfy::sandbox::{Fault, FaultEffect};

use super::support::{Program, request_log};
use crate::pty::PROGRAM;
use crate::worker::bench::Bench;

/// How long the clock stands still: longer than clocks may drift apart, far shorter than a reading may be old.
const SUSPENDED: u64 = 4;

/// The library that makes the clock stand still.
fn shim(home: &TempDir) -> String {
    let library = home.path().join("suspend.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/crash/suspend.c");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).status();
    assert!(built.unwrap().success());
    library.display().to_string()
}

#[tokio::test]
async fn reading_from_before_a_suspend_deletes_nothing() {
    let bench = Bench::plain().await;
    let home = tempfile::tempdir().unwrap();
    let slept = home.path().join("slept");
    fs::write(&slept, "0").unwrap();
    let preload = format!("LD_PRELOAD={}", shim(&home));
    let clock = format!("SHIM_SLEPT={}", slept.display());
    let arguments = [&preload, &clock, PROGRAM, "--limits", "off", "--kind", "tags"];
    let program = Program::under(&bench, &home, "/usr/bin/env", &arguments).await;

    // It is read, and has to wait before it may be deleted.
    let fault_effect = FaultEffect::Answer {
        status: 429,
        body: None,
        headers: [("Retry-After".to_owned(), "3".to_owned())].into(),
        apply: false,
    };
    bench.sandbox.set_faults(vec![Fault::on("DELETE", "/tags/", fault_effect).times(1)]);
    let program = program.delete_the_first().await;
    program.has_sent(&bench, 1).await;
    for second in 1..=SUSPENDED {
        tokio::time::sleep(Duration::from_secs(1)).await;
        fs::write(&slept, second.to_string()).unwrap();
    }
    let before = bench.sandbox.ids("tags");
    for id in &before {
        assert!(bench.sandbox.edit("tags", id, json!({"color": "#123456"})));
    }

    let program = program.sees("delete finished: 1 changed").await;
    assert_eq!(bench.sandbox.ids("tags"), before);
    assert_eq!(request_log(&bench.sandbox).values().map(|seen| seen.arrived).sum::<usize>(), 1);
    program.kill(Signal::TERM).await;
}
