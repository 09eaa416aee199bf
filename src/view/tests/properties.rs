//! What holds for every state and size.

use std::time::Duration;

use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::CellWidth;
use ratatui::style::Color;

use crate::app::command::Motion;
use crate::app::confirm::DialogPart;
use crate::app::detail::{DetailLink, DetailSearch};
use crate::app::downloads::DownloadPrompt;
use crate::app::effect::{Exit, RequestId};
use crate::app::event::{LimitWait, Size};
use crate::app::filter::FilterInput;
use crate::app::list::LoadProgress;
use crate::app::marked_view::{MarkedFilter, MarkedView};
use crate::app::palette::Palette;
use crate::app::state::{Focus, Overlay, State, YesNoQuestion};
use crate::model::failure::{Cause, Failure};
use crate::model::filter::Filter;
use crate::model::kind::{Action, Kind};
use crate::model::query::Sort;
use crate::view::view;

use super::stage::*;

/// Every sort of screen, by number.
fn variant(n: usize, width: u16, height: u16, scroll: usize) -> State {
    let mut state = lively(width, height);
    state.setup.color = n < 14;
    down(&mut state, scroll % 70);
    match n % 14 {
        0 => arranged(&mut state, "ren \u{202e}", Some(Sort { field: scroll % 7, reverse: true })),
        1 => {
            let n = 1 + scroll % 80;
            let delete = plan(&state, Action::Delete, Kind::Processes, n);
            state = confirming(state, delete);
            type_in(
                &mut state,
                "delete 家\u{301}\u{7}x and much more than fits into a line of any width there is",
            );
            let Some(Overlay::Confirm(confirm)) = &mut state.overlay else { panic!("no dialog") };
            if n.is_multiple_of(2) {
                confirm.part = DialogPart::Options;
                confirm.wants_weighing();
            }
            if n.is_multiple_of(4) {
                type_in(&mut state, " ");
            }
        }
        2 => {
            let archive = plan(&state, Action::Archive, Kind::Templates, scroll % 9);
            state = confirming(state, archive);
            type_in(&mut state, "/fa");
        }
        3 => state.overlay = Some(Overlay::Help(scroll)),
        4 => state.overlay = Some(Overlay::Palette(Palette { input: "e".into(), at: scroll })),
        5 => state.overlay = Some(Overlay::SortBy(scroll)),
        6 => {
            running(&mut state);
            state.overlay = Some(Overlay::Question(YesNoQuestion::Quit(Exit::Quit)));
        }
        7 => opened(&mut state, scroll),
        8 => {
            let label = "a label\u{9b}\u{202e} that is rather long 家族会議".to_owned();
            let lines = vec![
                (label, "v\u{1b}]0;x\u{7}\n\ttab".to_owned()),
                ("b".to_owned(), "👩‍👩‍👧".repeat(50)),
                (String::new(), "é\u{202e}".repeat(5_000)),
            ];
            told(&mut state, lines);
            let detail = state.detail.as_mut().unwrap();
            detail.scroll = scroll;
            detail.raw = scroll.is_multiple_of(3);
            detail.at = (scroll % 2 == 1).then_some(DetailLink { link: 0, row: scroll % 11 });
            let input = ["e", "👩", "\u{202e}x", ""][scroll % 4].into();
            let typing = scroll % 5 == 1;
            detail.finding = Some(DetailSearch { input, typing, at: scroll, former: 0 });
            state.below.extend(state.detail.clone());
            if !typing {
                state.focus = Focus::Status;
            }
        }
        9 => {
            failed_mark(&mut state, 6);
            let mut set = MarkedView::new(&state.marks);
            (0..scroll % 5).for_each(|_| set.move_cursor(Motion::Down, 3));
            if scroll.is_multiple_of(2) {
                let input = "家x\u{7}".repeat(scroll % 40);
                set.typing = Some(MarkedFilter { input: input.into(), former: Filter::default() });
            }
            state.marked_only = Some(set);
        }
        10 => {
            failed_mark(&mut state, scroll % 8);
            running(&mut state);
            state.focus = Focus::Status;
            state.status.below = scroll;
            state.waiting = Some(LimitWait {
                since: Duration::ZERO,
                until: Duration::from_secs(99),
                why: "why\u{1b}[1m".to_owned(),
            });
        }
        11 => {
            let input = format!("{}\u{200f}\u{7}", "家x".repeat(scroll % 60));
            state.filter_input = Some(FilterInput {
                input: input.into(),
                former: Default::default(),
                completing: None,
                is_pending: false,
            });
        }
        12 => {
            state.kind = Kind::Files;
            let files: Vec<_> = state.listing().records().collect();
            let folder = format!("~/家x\u{1b}[2J\u{202e}{}", "/long".repeat(scroll % 70));
            let prompt = DownloadPrompt::new(files, folder);
            if scroll.is_multiple_of(2) {
                state.overlay = Some(Overlay::Download(Box::new(prompt)));
            } else {
                state.saves.begin(RequestId(99), prompt);
            }
            state.standing.organization.as_mut().unwrap().name = "Acme\u{1b}[2J \u{202e}".repeat(scroll % 9);
            state.note("note\u{9b}2J".repeat(scroll % 30));
        }
        _ => {
            state = State::new(setup(Kind::Tasks), Size { width, height }, moment(1));
            let failure =
                Failure { words: "x\u{1b}[31m \u{202e}".repeat(9), ..Failure::new(Cause::Server, "") };
            state.listing_mut().load = LoadProgress::Failed(failure);
        }
    }
    state
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn no_size_and_no_state_breaks_the_screen(
        width in 0u16..200, height in 0u16..60, n in 0usize..28, scroll in prop_oneof![0usize..100, Just(usize::MAX)],
    ) {
        let state = variant(n, width, height, scroll);
        let (buffer, cursor) = drawn(&state);
        for cell in &buffer.content {
            prop_assert_eq!(&*crate::model::text::clean(cell.symbol()), cell.symbol());
            prop_assert!(state.setup.color || (cell.fg, cell.bg) == (Color::Reset, Color::Reset));
        }
        prop_assert!(cursor.is_none_or(|(x, y)| x < width && y < height));
        for row in buffer.content.chunks(usize::from(width).max(1)) {
            if let Some(last) = row.last() {
                prop_assert!(last.symbol().cell_width() <= 1, "a wide character hangs over the edge");
            }
        }
    }

    /// A resize is known to the terminal before the state hears of it.
    #[test]
    fn a_buffer_of_another_size_is_no_error(width in 0u16..150, height in 0u16..50, n in 0usize..14) {
        let state = variant(n, 80, 24, 3);
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| view(&state, frame)).unwrap();
    }
}
