use std::io::Write as _;

use tokio::time::timeout;

use super::*;
use crate::app::keymap::{Chord, Key};

/// The longest a broken reader is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

fn letter(c: char) -> InputEvent {
    InputEvent::Key { chord: Chord::plain(Key::Char(c)), repeat: false }
}

async fn next(input: &mut Input) -> Option<InputEvent> {
    timeout(PATIENCE, input.next()).await.expect("an event, or the end").map(|(_, event)| event)
}

#[tokio::test]
async fn a_flood_is_read_whole_and_waits_where_nobody_takes_it() {
    let (reader, mut writer) = io::pipe().unwrap();
    let mut input = Input::reading(reader).unwrap();
    const MANY: usize = 300_000;
    let flood = thread::spawn(move || {
        writer.write_all(&vec![b'j'; MANY]).unwrap();
        writer.write_all(b"q").unwrap();
        writer
    });
    for _ in 0..MANY {
        assert_eq!(next(&mut input).await, Some(letter('j')));
    }
    assert_eq!(next(&mut input).await, Some(letter('q')));
    drop(flood.join().unwrap());
    assert_eq!(next(&mut input).await, None);
}

#[tokio::test]
async fn the_end_is_told_even_if_nobody_takes_what_came_before() {
    let (reader, mut writer) = io::pipe().unwrap();
    let mut input = Input::reading(reader).unwrap();
    let ended = input.ended();
    writer.write_all(b"j").unwrap();
    assert_eq!(next(&mut input).await, Some(letter('j')));
    writer.write_all(&vec![b'j'; 60_000]).unwrap();
    drop(writer);
    timeout(PATIENCE, ended.cancelled()).await.expect("the end");
    while next(&mut input).await.is_some() {}
    assert_eq!(next(&mut input).await, None);
}

#[tokio::test]
async fn a_lone_esc_and_an_unfinished_paste_come_by_themselves() {
    let (reader, mut writer) = io::pipe().unwrap();
    let mut input = Input::reading(reader).unwrap();
    writer.write_all(b"\x1b").unwrap();
    let esc = InputEvent::Key { chord: Chord::plain(Key::Esc), repeat: false };
    assert_eq!(next(&mut input).await, Some(esc));
    writer.write_all(b"\x1b[200~text").unwrap();
    let paste = InputEvent::Paste { text: "text".to_owned(), is_whole: false };
    assert_eq!(next(&mut input).await, Some(paste));
}

#[tokio::test]
async fn what_was_read_before_a_discard_is_dropped() {
    let (reader, mut writer) = io::pipe().unwrap();
    let mut input = Input::reading(reader).unwrap();
    writer.write_all(b"jj").unwrap();
    assert_eq!(next(&mut input).await, Some(letter('j')));
    input.discard();
    writer.write_all(b"k").unwrap();
    assert_eq!(next(&mut input).await, Some(letter('k')));
}
