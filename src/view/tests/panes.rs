//! The panes, as text.

use std::time::Duration;

use ratatui::style::Modifier;

use crate::app::command::Motion;
use crate::app::detail::KnownFields;
use crate::app::effect::{Exit, RequestId};
use crate::app::event::{LimitWait, LoadEnd, RemainingLimit, Size};
use crate::app::filter::FilterInput;
use crate::app::jobs::QueueState;
use crate::app::list::{LoadProgress, PendingMarks};
use crate::app::marked_view::MarkedView;
use crate::app::state::{Focus, Identity, Overlay, QuitState, State};
use crate::app::status_pane::StatusText;
use crate::model::failure::{Cause, Failure};
use crate::model::filter::Filter;
use crate::model::kind::{Kind, Scope};
use crate::model::query::Sort;

use super::stage::*;

fn line_of<'a>(screen: &'a str, start: &str) -> &'a str {
    screen.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("no `{start}` in\n{screen}"))
}

fn last_line(state: &State) -> String {
    screen(state).lines().nth(usize::from(state.size.height) - 1).unwrap().to_owned()
}

#[test]
fn columns_stand_under_their_heads_whatever_the_names() {
    for (width, heads) in [
        (120, "name template status progress owner updated archived"),
        (80, "name status progress owner updated"),
        (40, "name status"),
    ] {
        let state = lively(width, 24);
        let (buffer, _) = drawn(&state);
        let text = screen(&state);
        let head = text.lines().nth(2).unwrap();
        assert_eq!(head.split_whitespace().collect::<Vec<_>>().join(" "), heads);
        let column = u16::try_from(head.find("status").unwrap()).unwrap();
        for row in 3..11 {
            let cells: String = (column..column + 6).map(|x| buffer[(x, row)].symbol()).collect();
            assert!(["active", "comple"].contains(&cells.as_str()), "{cells:?} at {width}\n{text}");
            assert_eq!(buffer[(column - 1, row)].symbol(), " ");
        }
    }
    let text = screen(&lively(80, 24));
    assert!(
        text.contains("Vertragsverlängerung Mü…")
            && text.contains("evil gpj.exe␛[2J␇")
            && text.contains("(no name)")
    );
}

#[test]
fn signs_tell_cursor_marks_failures_and_the_open_range() {
    let mut state = lively(120, 35);
    failed_mark(&mut state, 2);
    state.listing_mut().anchor = state.listing().row(0).map(|record| record.id().clone());
    down(&mut state, 4);
    let (buffer, _) = drawn(&state);
    let signs = |row| (buffer[(0, row)].symbol().to_owned(), buffer[(1, row)].symbol().to_owned());
    let expected = [(" ", "+"), (" ", "*"), (" ", "!"), (" ", "*"), (">", "+"), (" ", " ")];
    for (row, (cursor, sign)) in (3..).zip(expected) {
        assert_eq!(signs(row), (cursor.to_owned(), sign.to_owned()), "{row}");
    }
    assert!((0..120).all(|x| buffer[(x, 7)].modifier.contains(Modifier::REVERSED)));
    state.listing_mut().move_cursor(Motion::Up, 10);
    state.listing_mut().move_cursor(Motion::Up, 10);
    assert!(
        screen(&state).contains("! 家族会議の議事録と添付資料の一覧: The process must be archived first")
    );
}

#[test]
fn matched_letters_are_underlined_and_hidden_marks_counted() {
    let mut state = lively(120, 35);
    arranged(&mut state, "REN 8", Some(Sort { field: 3, reverse: true }));
    let text = screen(&state);
    assert!(text.contains("progress v"));
    let line = line_of(&text, "active");
    for part in ["filter: REN 8", "sort: progress v", "60 of 10,050", "6 match", "3 marked (3 hidden)"] {
        assert!(line.contains(part), "{part} in {line}");
    }
    let (buffer, _) = drawn(&state);
    let underlined = |x| buffer[(x, 3)].modifier.contains(Modifier::UNDERLINED);
    assert_eq!((3..16).filter(|x| underlined(*x)).collect::<Vec<_>>(), [3, 4, 5, 15]);
    let line = state.listing().row(0).unwrap();
    state.marks.set(line);
    assert!(screen(&state).contains("4 marked (3 hidden)"));
}

#[test]
fn the_line_under_the_table_sheds_what_matters_least() {
    let mut state = lively(120, 35);
    state.listing_mut().load = LoadProgress::Done(LoadEnd { missing: Some(10), is_changing: false });
    state.listing_mut().dropped = 2;
    state.listing_mut().unreadable = 5;
    let tag = page(Kind::Tags, &["a", "b"], false);
    tag.records().for_each(|record| state.marks.set(record));
    let line = "active  60 of 10,050  3 marked  +2 in other kinds  10 missing  5 unreadable  2 out of scope dropped ─";
    assert!(screen(&state).contains(line), "{}", screen(&state));
    state.size.width = 40;
    assert!(screen(&state).contains("\nactive  60 of 10,050  3 marked ─"), "{}", screen(&state));
    state.listing_mut().marking = Some(PendingMarks::All);
    assert!(screen(&state).contains("\nmarking 60 of 10,050, Esc stops"));
}

#[test]
fn how_far_files_were_gathered_is_shortened_and_not_dropped() {
    for (width, words) in [
        (120, "from 1,204 of 3,310 processes with 9,632 tasks, 40 of 40 templates"),
        (80, "from 1,204 of 3,310 processes with 9,632 tasks…"),
    ] {
        let mut state = lively(width, 24);
        state.kind = Kind::Files;
        let screen = screen(&state);
        assert!(screen.contains(words), "{screen}");
    }
}

#[test]
fn tabs_shrink_and_the_current_one_stays_whole() {
    for (width, kind, line) in [
        (
            120,
            Kind::Files,
            " 1 Processes 10,050 2 Templates 120 3 Tasks -[4 Files 2 (37%)] 5 Tags 12 6 Groups - 7 Guests - 8 Members - 9 Folders -",
        ),
        (
            100,
            Kind::Files,
            " 1 Pro 10k  2 Tem 120  3 Tas - [4 Files 2 (37%)] 5 Tag 12  6 Gro -  7 Gue -  8 Mem -  9 Fol -",
        ),
        (80, Kind::Files, " 1Pro 10k 2Tem 120 3Tas -[4 Files 2 (37%)] 5Tag 12 6Gro - 7Gue - 8Mem - 9Fol -"),
        (
            80,
            Kind::Processes,
            "[1 Processes 10,050] 2Te 120 3Ta - 4Fi 2 (37%) 5Ta 12 6Gr - 7Gu - 8Me - 9Fo -",
        ),
        (72, Kind::Processes, "[1 Processes 10,050] 2 Tem 3 Tas 4 Fil 5 Tag 6 Gro 7 Gue 8 Mem 9 Fol"),
        (64, Kind::Processes, "[1 Processes 10,050] 2  3  4  5  6  7  8  9"),
        (40, Kind::Processes, "[1 Processes] 2 3 4 5 6 7 8 9"),
    ] {
        let mut state = lively(width, 24);
        state.kind = kind;
        assert_eq!(screen(&state).lines().nth(1).unwrap(), line);
    }
}

#[test]
fn the_top_line_never_loses_read_only() {
    let mut state = lively(80, 24);
    state.allowance = Some(RemainingLimit { left: 86, of: 140 });
    state.standing.read_only = true;
    let top = |state: &State| screen(state).lines().next().unwrap().to_owned();
    assert_eq!(
        top(&state),
        "tidyfy  Acme Ltd  work  DEMO  READ-ONLY       127.0.0.1:4040  budget left 86/140"
    );
    state.standing.organization.as_mut().unwrap().name = "A very long name of an organization".repeat(3);
    state.size.width = 40;
    assert_eq!(top(&state), "tidyfy  A very long na…  DEMO  READ-ONLY");
    (state.standing.organization, state.allowance) = (None, None);
    assert_eq!(top(&state), "tidyfy  ...  work  DEMO  READ-ONLY");
    state.identity = Identity::Failed(Failure::answered(Cause::Unauthorized, 401, "Unauthenticated."));
    state.size.width = 80;
    assert!(top(&state).contains("organization unknown: Unauthenticated."));
}

#[test]
fn an_empty_table_says_why() {
    let mut state = State::new(setup(Kind::Processes), Size { width: 80, height: 24 }, moment(1));
    let third = |state: &State| screen(state).lines().nth(3).unwrap().trim().to_owned();
    assert_eq!(third(&state), "loading…");
    state.listing_mut().end(LoadProgress::Done(LoadEnd::default()));
    assert_eq!(third(&state), "no active processes; s shows archived ones");
    state.listing_mut().scope = Scope::Archived;
    assert_eq!(third(&state), "no archived processes; s shows all");
    state.listing_mut().load = LoadProgress::Failed(Failure::answered(Cause::Server, 500, "Server Error"));
    let text = screen(&state);
    let lines: Vec<_> = text.lines().skip(3).take(3).map(str::trim).collect();
    assert_eq!(
        lines,
        [
            "could not load: Server Error",
            "hint: the trouble is on the server: try again later",
            "R tries again"
        ]
    );
    state.kind = Kind::Tags;
    state.listing_mut().end(LoadProgress::Done(LoadEnd::default()));
    assert_eq!(third(&state), "no tags");
    let mut state = lively(80, 24);
    state.listing_mut().end(LoadProgress::Done(LoadEnd::default()));
    arranged(&mut state, "nowhere", None);
    assert_eq!(third(&state), "nothing matches the filter; Esc clears it");
}

#[test]
fn hints_name_what_is_possible_and_leave_from_the_right() {
    let mut state = lively(120, 24);
    assert!(last_line(&state).starts_with("space mark  a archive  * mark all  / filter  enter open"));
    assert!(!last_line(&state).contains("restore") && !last_line(&state).contains("delete"));
    state.size.width = 40;
    assert_eq!(last_line(&state), "space mark  a archive  * mark all");
    running(&mut state);
    assert!(last_line(&state).starts_with("x cancel job"));
    state.note("a archives, D deletes permanently");
    assert_eq!(last_line(&state), "a archives, D deletes permanently");
    state.leaving = Some(QuitState { exit: Exit::Quit, deadline: state.now.tick + Duration::from_secs(4) });
    assert!(last_line(&state).starts_with("quitting: what is in flight gets 4 s"));

    let mut state = lively(200, 24);
    assert!(last_line(&state).contains("M clear marks") && !last_line(&state).contains("esc back"));
    state.standing.read_only = true;
    assert!(!last_line(&state).contains("a archive"));
    state.standing.read_only = false;
    state.kind = Kind::Tags;
    let now = state.now;
    state.listing_mut().receive(1, &page(Kind::Tags, &["a tag"], false), now);
    let line = last_line(&state);
    assert!(line.contains("D delete") && !line.contains("a archive") && !line.contains("s scope"), "{line}");
    let filter = Filter::parse(state.kind, "x", &state.setup.zone).unwrap();
    state.listing_mut().rearrange(filter, None);
    assert!(last_line(&state).contains("esc back"));
}

#[test]
fn a_detail_page_aligns_wraps_and_tells_where_it_is() {
    let mut state = lively(120, 35);
    opened(&mut state, 22);
    let text = screen(&state);
    assert!(text.contains("│ label 1   value 1 ") && text.contains("│           second line "), "{text}");
    assert!(text.contains(" 23-43 of 105 "), "{text}");
    assert!(text.lines().nth(3).unwrap().starts_with(">  Onboarding"));
    state.size.width = 109;
    assert!(screen(&state).lines().nth(2).unwrap().starts_with("┌─ process Vertrags"));
    let detail = state.detail.as_mut().unwrap();
    detail.fields = KnownFields::Failed(Failure::answered(Cause::Forbidden, 403, "no access to this"));
    detail.scroll = 0;
    let text = screen(&state);
    for part in [
        "could not read: no access to this",
        "hint: your role",
        "progress  7%",
        "updated   2026-02-03 04:05, 3 weeks ago",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
}

#[test]
fn the_status_pane_shows_the_gauge_and_the_newest_results() {
    let mut state = lively(120, 35);
    running(&mut state);
    let text = screen(&state);
    assert!(
        text.contains("archive 12 of 300  [--------------------]  4%  queued 1  12/s  20 s left"),
        "{text}"
    );
    assert!(text.contains("14:02:29  DELETE 200   48 ms  archive  Processes  Onboarding ACME 00012"));
    state.waiting = Some(LimitWait {
        since: Duration::ZERO,
        until: Duration::from_millis(32_100),
        why: "the server asks for it".to_owned(),
    });
    let text = screen(&state);
    assert!(text.contains("4%  queued 1  waiting 3 s: the server asks for it  12/s  20 s left"), "{text}");
    let long =
        LimitWait { since: Duration::ZERO, until: Duration::from_millis(329_100), why: "asked".to_owned() };
    let short = state.waiting.replace(long);
    let text = screen(&state);
    assert!(text.contains("paused 5 min: asked") && !text.contains("12/s"), "{text}");
    state.waiting = short;
    state.size.width = 60;
    assert!(
        screen(&state).contains("\narchive 12 of 300  [----------]  4%  queued 1  waiting 3 s"),
        "{}",
        screen(&state)
    );
    state.size.width = 120;
    state.jobs.queue = QueueState::Paused;
    assert!(screen(&state).contains("paused"));
    state.jobs.get_mut(RequestId(7)).unwrap().cancelled = true;
    assert!(screen(&state).contains("cancelling"));
    for n in 0..40 {
        state.status.tell(moment(31), StatusText::Note(format!("note {n}")));
    }
    assert!(screen(&state).contains("note 39") && !screen(&state).contains("note 20\n"));
    state.focus = Focus::Status;
    state.status.below = 19;
    let text = screen(&state);
    assert!(text.contains("[status]") && text.contains("11 newer below"), "{text}");
    assert!(text.contains("14:02:31 >note 20\n") && text.contains("14:02:31  note 28\n"), "{text}");
    state.focus = Focus::Table;
    assert!(screen(&state).contains("  note 20\n") && !screen(&state).contains(">note 20"));
}

#[test]
fn marks_of_every_kind_stand_together() {
    let mut state = lively(120, 35);
    failed_mark(&mut state, 2);
    page(Kind::Tags, &["a tag"], false).records().for_each(|record| state.marks.set(record));
    let mut set = MarkedView::new(&state.marks);
    set.move_cursor(Motion::Last, 10);
    state.marked_only = Some(set);
    let text = screen(&state);
    assert!(text.contains("5 marked: 4 processes, 1 tag\n"), "{text}");
    let heads = line_of(&text, "   4 processes");
    assert!(heads.contains("status") && heads.ends_with("archived"), "{heads}");
    assert!(line_of(&text, "   1 tag").contains("colour"), "{text}");
    assert!(text.contains(">* a tag") && text.contains("\n ! "), "{text}");
    assert_eq!(state.under_cursor().unwrap().kind(), Kind::Tags);
    // The reason stands under the table while the cursor is on the record.
    state.marked_only.as_mut().unwrap().move_cursor(Motion::Up, 10);
    assert!(screen(&state).contains("The process must be archived first"), "{}", screen(&state));
}

#[test]
fn a_filter_being_typed_has_the_cursor() {
    let mut state = lively(40, 10);
    let typed = "a long filter that is wider than 家族 the screen";
    state.filter_input = Some(FilterInput {
        input: typed.into(),
        former: Default::default(),
        completing: None,
        is_pending: false,
    });
    let (_, cursor) = drawn(&state);
    assert_eq!(cursor, Some((39, 5)));
    assert!(line_of(&screen(&state), "/").ends_with("家族 the screen"));
    state.overlay = Some(Overlay::Help(0));
    assert_eq!(drawn(&state).1, None);
}

#[test]
fn a_screen_too_small_says_only_that() {
    let mut state = lively(39, 10);
    state.overlay = Some(Overlay::Help(0));
    assert_eq!(screen(&state).trim(), "tidyfy needs 40x10, this is 39x10");
    state.size = Size { width: 12, height: 9 };
    let text = screen(&state);
    let words: Vec<_> = text.split_whitespace().collect();
    assert_eq!(words.join(" "), "tidyfy needs 40x10, this is 12x9");
}
