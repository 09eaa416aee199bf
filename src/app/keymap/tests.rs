use std::collections::BTreeSet;

use super::bindings::PANES;
use super::*;
use crate::model::kind::{Action, Kind};

#[test]
fn no_chord_cancel_two_things_in_one_place() {
    assert_eq!(Keymap::default().collisions(), []);
}

#[test]
fn every_default_chord_is_one_and_prints_as_itself() {
    for binding in BINDINGS {
        // What is rarely wanted has its line in the palette only, which opens in every pane.
        let by_name = binding.contexts == PANES;
        assert!(by_name || !binding.chords.is_empty(), "{} cannot be reached", binding.name);
        for chord in binding.chords {
            assert_eq!(chord.parse::<Chord>().unwrap().to_string(), *chord);
        }
    }
}

#[test]
fn every_row_has_a_name_of_its_own_and_words() {
    let names: BTreeSet<_> = BINDINGS.iter().map(|binding| binding.name).collect();
    let commands: BTreeSet<_> = BINDINGS.iter().map(|binding| binding.command).collect();
    assert_eq!((names.len(), commands.len()), (BINDINGS.len(), BINDINGS.len()));
    for binding in BINDINGS {
        assert!(!binding.help.is_empty() && !binding.help.ends_with('.'), "{}", binding.name);
        assert!(binding.rank == 0 || !binding.hint.is_empty(), "{}", binding.name);
    }
}

#[test]
fn every_kind_has_its_number() {
    for (n, kind) in Kind::ALL.into_iter().enumerate() {
        let chord = Keymap::default().chord(Command::Go(kind)).unwrap();
        assert_eq!(chord.to_string(), (n + 1).to_string());
    }
}

#[test]
fn no_action_sits_on_a_motion_or_a_control_chord() {
    for binding in BINDINGS.iter().filter(|binding| binding.command.is_action()) {
        for chord in binding.chords {
            assert!(!is_unsafe(chord.parse().unwrap()), "{} on {chord}", binding.name);
        }
    }
}

#[test]
fn a_config_can_move_keys_and_is_told_all_that_is_wrong() {
    let keys = |chords: &[&str]| chords.iter().map(|chord| (*chord).to_owned()).collect::<Vec<_>>();
    let archived = keys(&["A"]);
    let keymap = Keymap::with([("archive", archived.as_slice())]).unwrap();
    assert_eq!(keymap.command(KeyContext::Table, "A".parse().unwrap()), Some(Command::Act(Action::Archive)));
    assert_eq!(keymap.command(KeyContext::Table, "a".parse().unwrap()), None);
    let (bad, taken, none) = (keys(&["ctrl-d", "j", "space"]), keys(&["s"]), keys(&["nonsense"]));
    let wrong = Keymap::with([
        ("delete", bad.as_slice()),
        ("archive", taken.as_slice()),
        ("filter", none.as_slice()),
        ("fly", none.as_slice()),
    ])
    .unwrap_err();
    let is = |what: fn(&BadKeymap) -> bool| wrong.iter().filter(|bad| what(bad)).count();
    assert_eq!(is(|bad| matches!(bad, BadKeymap::Unsafe { command: "delete", .. })), 3);
    assert!(is(|bad| matches!(bad, BadKeymap::Twice { .. })) > 0);
    assert_eq!(is(|bad| matches!(bad, BadKeymap::BadChord(_))), 1);
    assert_eq!(is(|bad| matches!(bad, BadKeymap::UnknownCommand(_))), 1);
}
