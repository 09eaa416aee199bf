//! Bytes into the real program in a real terminal: floods, answers to queries, pastes without an end, and keys typed ahead
//! while another program had the screen.

use std::time::Duration;

use rustix::process::Signal;

use crate::pty::{PROGRAM, Terminal};

/// A dialog that asks for `delete 1`.
fn deleting() -> Terminal {
    let mut terminal = Terminal::demo();
    terminal.presses("5");
    terminal.sees("urgent");
    terminal.presses("D");
    terminal.sees("type delete 1 and press Enter");
    terminal.reads();
    terminal
}

fn quits(mut terminal: Terminal) {
    terminal.presses("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.is_restored();
}

#[test]
fn a_flood_without_brackets_is_read_to_its_end() {
    let mut terminal = Terminal::demo();
    terminal.presses(&"j".repeat(20_000));
    quits(terminal);
}

#[test]
fn a_signal_is_not_held_up_by_a_flood_into_the_filter() {
    let mut terminal = Terminal::demo();
    terminal.presses("/");
    terminal.presses(&"x".repeat(40_000));
    let begun = std::time::Instant::now();
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.ends().exit_code(), 143);
    assert!(begun.elapsed() < Duration::from_secs(7), "{:?}", begun.elapsed());
}

#[test]
fn answers_of_the_terminal_are_no_keys() {
    let mut terminal = Terminal::demo();
    for answer in [
        "\u{1b}]11;rgb:aaaa/DDDD/1e1e\u{1b}\\",
        "\u{1b}[24;80R",
        "\u{1b}P>|XTerm(370)\u{1b}\\",
        "\u{1b}[?62;22c",
    ] {
        let (start, end) = answer.split_at(answer.len() / 2);
        terminal.presses(start);
        std::thread::sleep(Duration::from_millis(20));
        terminal.presses(end);
    }
    terminal.presses("\u{1b}[97;1:3u\u{1b}[<0;5;5M ");
    terminal.sees("1 marked");
    terminal.looks(|screen| assert!(!screen.contents().contains("Archive"), "{}", screen.contents()));
    // One that is cut off gives the keyboard back.
    terminal.presses("\u{1b}]11;rgb:");
    std::thread::sleep(Duration::from_millis(700));
    quits(terminal);
}

#[test]
fn esc_alone_is_a_key_and_arrows_are_read() {
    let mut terminal = Terminal::demo();
    terminal.presses("/");
    terminal.presses("\u{1b}[D\u{1b}OCabc\u{1b}[D\u{1b}[3~");
    terminal.sees("/ab");
    terminal.presses("\u{1b}");
    terminal.waits("the filter to close", |screen| !screen.contents().contains("/ab"));
    quits(terminal);
}

#[test]
fn a_paste_without_its_end_ends_and_says_so() {
    let mut terminal = Terminal::demo();
    terminal.presses("/\u{1b}[200~Renewal");
    terminal.sees("the paste had no end");
    terminal.sees("/Renewal");
    terminal.presses("\r");
    quits(terminal);
}

#[test]
fn a_phrase_in_one_read_never_confirms() {
    let mut terminal = deleting();
    terminal.presses("delete 1");
    terminal.sees("that came faster than a hand types: type it again");
    std::thread::sleep(Duration::from_millis(300));
    terminal.presses("\r");
    std::thread::sleep(Duration::from_millis(300));
    terminal.sees("that came faster than a hand types: type it again");
    terminal.types("delete 1\r");
    terminal.sees("delete finished: 1 done");
    quits(terminal);
}

#[test]
fn keys_typed_ahead_while_the_process_was_stopped_confirm_nothing() {
    let mut terminal = deleting();
    terminal.types("delete 1");
    terminal.sees("> delete 1");
    terminal.signal(Signal::STOP);
    terminal.presses("\r");
    terminal.signal(Signal::CONT);
    terminal.waits("a fresh dialog", |screen| {
        let contents = screen.contents();
        contents.contains("type delete 1 and press Enter") && !contents.contains("> delete 1")
    });
    terminal.looks(|screen| assert!(!screen.contents().contains("finished"), "{}", screen.contents()));
    terminal.reads();
    terminal.types("delete 1\r");
    terminal.sees("delete finished: 1 done");
    quits(terminal);
}

#[test]
fn keys_typed_ahead_of_fg_confirm_nothing() {
    let mut terminal = Terminal::run("/bin/bash", &["--norc", "--noprofile", "-i"], &[]);
    terminal.sees("shell$");
    terminal.presses(&format!("{PROGRAM} demo --scale 60\r"));
    terminal.sees("Onboarding");
    terminal.presses("5");
    terminal.sees("urgent");
    terminal.presses("D");
    terminal.sees("type delete 1 and press Enter");
    terminal.reads();
    terminal.types("delete 1");
    terminal.sees("> delete 1");
    terminal.presses("\u{1a}");
    terminal.sees("Stopped");
    terminal.presses("fg\r\r\r");
    terminal.waits("a fresh dialog", |screen| {
        let contents = screen.contents();
        screen.alternate_screen()
            && contents.contains("type delete 1 and press Enter")
            && !contents.contains("> delete 1")
    });
    terminal.reads();
    terminal.presses("\r");
    terminal.sees("that is not `delete 1`");
    terminal.presses("\u{1b}");
    terminal.waits("the dialog to close", |screen| !screen.contents().contains("press Enter"));
    terminal.looks(|screen| assert!(!screen.contents().contains("finished"), "{}", screen.contents()));
    terminal.presses("q");
    terminal.waits("the shell's prompt", |screen| {
        !screen.alternate_screen() && screen.contents().trim_end().ends_with("shell$")
    });
    terminal.presses("exit\r");
    terminal.ends();
}
