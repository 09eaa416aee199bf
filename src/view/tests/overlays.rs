//! What lies over the panes, as text.

use ratatui::buffer::CellWidth;

use crate::app::effect::{Exit, RequestId};
use crate::app::keymap::{Chord, Key};
use crate::app::palette::Palette;
use crate::app::state::{Overlay, State, YesNoQuestion};
use crate::model::filter;
use crate::model::kind::{Action, Kind};
use crate::model::plan::{Blocked, Plan, Target};
use crate::model::record::{Draft, Record};

use super::stage::*;

#[test]
fn what_must_be_typed_is_always_on_the_screen() {
    for (width, height) in [(120, 35), (80, 24), (40, 10)] {
        for (name, n, asked) in [
            ("Acme Ltd", 12, "type delete 12 and press Enter"),
            ("Acme Ltd", 60, "type delete 60 in Acme Ltd and press"),
            (
                "A very long name of an organization, which fills lines and lines and more",
                60,
                "type delete 60 in A very long name",
            ),
        ] {
            let mut state = lively(width, height);
            state.standing.organization.as_mut().unwrap().name = name.to_owned();
            let mut plan = plan(&state, Action::Delete, Kind::Processes, n);
            let record = state.listing().row(1).unwrap();
            plan.blocked.push(Blocked { record, reason: "not archived: archive it first".to_owned() });
            plan.hidden = 3;
            let mut state = confirming(state, plan);
            type_in(&mut state, "delete");
            let text = screen(&state);
            assert!(text.contains(asked), "{text}");
            let (row, line) =
                text.lines().enumerate().find(|(_, line)| line.contains("║ > delete ")).unwrap();
            let before =
                line.split("delete").next().unwrap().chars().map(|c| c.to_string().cell_width()).sum::<u16>();
            assert_eq!(drawn(&state).1, Some((before + 6, u16::try_from(row).unwrap())), "{text}");
            let seen_whole = text.contains("24 requests (12 of them reads), within the current limits");
            assert!(seen_whole || text.contains("more below (PgDn)"), "{text}");
            assert!(n < 60 || text.contains("`e0d1c2` will do for the"), "{text}");
        }
    }
}

#[test]
fn a_dialog_shows_everything_once_it_is_scrolled() {
    for (width, height) in [(120, 35), (80, 24), (40, 10)] {
        let state = lively(width, height);
        let mut plan = plan(&state, Action::Delete, Kind::Processes, 30);
        plan.organization.name = "An organization with a rather long name".to_owned();
        plan.bystander = Some("Somebody".to_owned());
        let record = state.listing().row(1).unwrap();
        plan.blocked.push(Blocked { record, reason: "not archived: archive it first".to_owned() });
        let mut state = confirming(state, plan);
        let Some(Overlay::Confirm(confirm)) = &mut state.overlay else { panic!() };
        assert!(confirm.wants_weighing().is_some() && confirm.wants_weighing().is_none());
        let mut seen = String::new();
        for scroll in 0..80 {
            if let Some(Overlay::Confirm(confirm)) = &mut state.overlay {
                confirm.scroll = scroll;
            }
            seen.push_str(&screen(&state));
        }
        let seen: String = seen.chars().filter(|c| !"║│\n ".contains(*c)).collect();
        for part in [
            "Permanently delete 30 processes in",
            "this cannot be undone",
            "30 processes",
            "Renewal 00000",
            "Renewal 00029",
            "blocked, not included: 1",
            "Somebody under the cursor",
            "60 requests (30 of them reads)",
            "attached files of archived processes cannot always be listed",
            "on 30 processes: counting what hangs on them",
        ] {
            assert!(seen.contains(&part.replace(' ', "")), "{part} at {width}x{height}");
        }
    }
}

#[test]
fn y_is_offered_only_once_it_counts_and_deleting_looks_different() {
    let state = lively(80, 24);
    let archive = plan(&state, Action::Archive, Kind::Processes, 1);
    let mut state = confirming(state, archive);
    let text = screen(&state);
    assert!(text.contains("┌─ Archive ") && text.contains("y archive, Esc keep"));
    assert!(text.contains("Archive 1 process in Acme Ltd: Renewal 00000 家族会議"));
    state.now = moment(30);
    assert!(!screen(&state).contains("y archive"));
    let delete = plan(&state, Action::Delete, Kind::Processes, 2);
    let mut state = confirming(state, delete);
    assert!(screen(&state).contains("╔═ Permanently delete "));
    let Some(Overlay::Confirm(confirm)) = &mut state.overlay else { panic!() };
    confirm.paste(moment(31));
    assert!(screen(&state).contains("that came faster than a hand types: type it again"));
    assert!(!screen(&state).contains("[list]"));
    let Some(Overlay::Confirm(confirm)) = &mut state.overlay else { panic!() };
    confirm.key(Chord::plain(Key::Tab), false, moment(32));
    let text = screen(&state);
    assert!(
        text.contains(" list ") && text.contains("║ > [x] back up each") && !text.contains("║ >  "),
        "{text}"
    );
    let Some(Overlay::Confirm(confirm)) = &mut state.overlay else { panic!() };
    confirm.key(Chord::plain(Key::Tab), false, moment(33));
    let text = screen(&state);
    assert!(text.contains("[list]") && !text.contains("║ > "), "{text}");
    assert_eq!(drawn(&state).1, None);
}

/// A plan to delete some archived processes, and as many live ones.
fn half_live(state: &State, n: usize) -> Plan {
    let mut delete = plan(state, Action::Delete, Kind::Processes, 2 * n);
    for chosen in delete.chosen.iter_mut().skip(n) {
        chosen.record = chosen.record.with_archived(None);
    }
    let options = delete.options;
    delete.with(options)
}

#[test]
fn options_and_what_has_the_keys_are_told_without_color_at_every_size() {
    const FILES: &str = "[x] back up attached files too";
    for (width, height, labels) in [
        (
            120,
            35,
            [
                "[x] back up each record first (a copy, not an undo)",
                FILES,
                "[ ] archive 5 live ones first, then",
            ],
        ),
        (
            100,
            30,
            [
                "[x] back up each record first (a copy, not an undo)",
                FILES,
                "[ ] archive 5 live ones first, then",
            ],
        ),
        (
            80,
            24,
            [
                "[x] back up each record first (a copy, not an undo)",
                FILES,
                "[ ] archive 5 live ones first, then",
            ],
        ),
        (40, 24, ["[x] back up each record first", FILES, "[ ] archive 5 live ones first,"]),
        (40, 10, ["[x] copy", "[x] files", "[ ] archive 5"]),
    ] {
        let mut state = lively(width, height);
        state.setup.color = false;
        let delete = half_live(&state, 5);
        let mut state = confirming(state, delete);
        let at_rest = screen(&state);
        assert!(labels.iter().all(|label| at_rest.contains(label)), "{at_rest}");
        for (n, keys) in [(0, Key::Tab), (1, Key::Down), (2, Key::Down)] {
            press(&mut state, keys);
            let text = screen(&state);
            assert!(
                text.contains(&format!(">{}", &labels[n][..5]))
                    || text.contains(&format!("> {}", &labels[n][..5])),
                "{text}"
            );
            assert!(
                !text.contains("║ >  ") && text.matches('>').count() <= at_rest.matches('>').count(),
                "{text}"
            );
            for asked in ["Permanently delete 5 processes", "type delete 5 and press Enter"] {
                assert!(text.contains(asked), "{text}");
            }
        }
        press(&mut state, Key::Char(' '));
        let Some(Overlay::Confirm(confirm)) = &mut state.overlay else { panic!() };
        confirm.drawn(moment(95));
        let text = screen(&state);
        assert!(text.contains(&labels[2].replace("[ ]", "[x]")), "{text}");
        for asked in ["Permanently delete 10 processes", "type delete 10 and press Enter"] {
            assert!(text.contains(asked), "{text}");
        }
    }
}

fn press(state: &mut State, key: Key) {
    let Some(Overlay::Confirm(confirm)) = &mut state.overlay else { panic!("no dialog") };
    state.now = moment(state.now.tick.as_secs() + 1);
    confirm.key(Chord::plain(key), false, state.now);
}

#[test]
fn without_a_copy_and_with_a_preface_the_dialog_says_so_first_of_all() {
    let state = lively(120, 35);
    let mut delete = half_live(&state, 2);
    delete.preface = vec!["the rest of the deletion of 2026-03-01 13:00".to_owned()];
    let mut state = confirming(state, delete);
    press(&mut state, Key::Tab);
    press(&mut state, Key::Char(' '));
    let text = screen(&state);
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("no `{words}` in\n{text}"));
    assert!(at("! the rest of the deletion") < at("! this cannot be undone"));
    assert!(at("! this cannot be undone") < at("! no copy is kept"));
    assert!(text.contains("[ ] back up each") && !text.contains("back up attached"), "{text}");
}

#[test]
fn of_files_the_bytes_are_copied_unless_they_are_elsewhere() {
    for (stored, linked, says) in [
        (2, 0, "the bytes of 2 files are copied too"),
        (1, 2, "the bytes of 1 file are copied too; 2 files are links elsewhere"),
        (0, 1, "1 file is a link elsewhere: there are no bytes to copy"),
    ] {
        let state = lively(120, 35);
        let all = plan(&state, Action::Delete, Kind::Files, stored + linked);
        let from = |n: usize| Draft::Text(if n < stored { "local" } else { "url" }.to_owned());
        let chosen = all.chosen.iter().enumerate().map(|(n, chosen)| {
            let mut drafts = chosen.record.drafts();
            drafts[Kind::Files.row().field("source").unwrap()] = from(n);
            Target::from(Record::new(Kind::Files, chosen.record.id().clone(), drafts))
        });
        let chosen = chosen.collect();
        let options = all.options;
        let text = screen(&confirming(state, Plan { chosen, ..all }.with(options)));
        assert!(text.contains(says), "{text}");
    }
}

#[test]
fn scrolling_past_the_end_is_brought_back() {
    let state = lively(80, 24);
    let delete = plan(&state, Action::Delete, Kind::Processes, 40);
    let mut state = confirming(state, delete);
    let Some(Overlay::Confirm(confirm)) = &mut state.overlay else { panic!() };
    confirm.scroll = usize::MAX;
    let end = screen(&state);
    state.settle_scroll();
    assert_eq!(screen(&state), end);
    let Some(Overlay::Confirm(confirm)) = &mut state.overlay else { panic!() };
    confirm.scroll -= 1;
    assert_ne!(screen(&state), end);
    state.overlay = Some(Overlay::Help(usize::MAX));
    let end = screen(&state);
    state.settle_scroll();
    assert!(matches!(state.overlay, Some(Overlay::Help(scroll)) if (1..110).contains(&scroll)));
    assert_eq!(screen(&state), end);
    state.overlay = None;
    opened(&mut state, usize::MAX);
    let end = screen(&state);
    state.settle_scroll();
    assert!((1..1000).contains(&state.detail.as_ref().unwrap().scroll));
    assert_eq!(screen(&state), end);
}

#[test]
fn help_palette_and_columns_come_from_their_tables() {
    let mut state = lively(200, 90);
    state.overlay = Some(Overlay::Help(0));
    let text = screen(&state);
    for (binding, chords) in state.setup.keymap.rows() {
        assert!(chords.iter().all(|chord| text.contains(&chord.to_string())), "{}", binding.name);
        let start = binding.help.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
        assert!(text.contains(&start), "{start} in\n{text}");
    }
    for (terms, meaning) in filter::HELP {
        let start = meaning.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
        assert!(text.contains(terms) && text.contains(&start), "{terms} in\n{text}");
    }
    state.overlay = Some(Overlay::Palette(Palette { input: "arch".into(), at: 0 }));
    let text = screen(&state);
    assert!(text.contains("│ :arch ") && text.contains("> archive         a "), "{text}");
    state.overlay = Some(Overlay::SortBy(2));
    assert!(screen(&state).contains("> status") && screen(&state).contains("  archived"));
}

#[test]
fn questions_say_what_would_be_left() {
    let mut state = lively(120, 35);
    running(&mut state);
    state.overlay = Some(Overlay::Question(YesNoQuestion::Quit(Exit::Quit)));
    let text = screen(&state);
    assert!(
        text.contains("a job is running: 12 of 300 done; quit?") && text.contains("y yes, any other key no")
    );
    state.overlay = Some(Overlay::Question(YesNoQuestion::CancelJob(RequestId(7))));
    let text = screen(&state);
    assert!(text.contains("paused: archive 300 processes, 12 of 300 done"), "{text}");
    assert!(
        text.contains("next: archive 300 processes")
            && text.contains("y cancel this   a cancel all   Esc back")
    );
}

#[test]
fn a_box_is_not_swallowed_by_a_wide_character_at_its_edge() {
    let mut state = lively(80, 24);
    state.overlay = Some(Overlay::SortBy(0));
    for x in 0..4 {
        state.size.width = 80 + x;
        let (buffer, _) = drawn(&state);
        let edges: Vec<(u16, u16)> = (1..24)
            .flat_map(|y| (1..80).map(move |x| (x, y)))
            .filter(|at| buffer[*at].symbol() == "│")
            .collect();
        assert!(!edges.is_empty());
        for (x, y) in edges {
            assert!(buffer[(x - 1, y)].symbol().cell_width() == 1, "{}", screen(&state));
        }
    }
}
