//! An organization whose every name is a trap, on every screen that shows one.

use tidyfy::model::kind::Kind;
use tidyfy::sandbox::{Fault, FaultEffect, SandboxSettings};

use crate::support::{Desk, Wanted};

/// What moves the cursor, reorders the line or hides in it; written down here again, so that one oversight is not both
/// made and tested.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0001}'..='\u{e007f}')
}

fn harm(text: &str) -> Option<char> {
    text.chars().find(|c| is_harmful(*c))
}

async fn hostile(kind: Kind, size: (u16, u16)) -> Desk {
    let sandbox = SandboxSettings { hostile: true, scale: 40, ..SandboxSettings::default() };
    Desk::with(Wanted { kind, size, sandbox, ..Wanted::default() }).await
}

/// Presses keys one by one, and looks at every screen.
async fn page_walk(desk: &mut Desk, keys: &str) {
    for key in keys.split_whitespace() {
        desk.keys(key).await;
        desk.rest().await;
        for cell in desk.buffer().content() {
            assert_eq!(harm(cell.symbol()), None, "after `{key}` of `{keys}`:\n{}", desk.screen());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_name_does_harm_on_any_screen_of_any_kind() {
    for kind in Kind::ALL {
        for size in [(120, 35), (80, 24)] {
            let mut desk = hostile(kind, size).await;
            assert!(!desk.rows().is_empty(), "{kind:?}:\n{}", desk.screen());
            page_walk(&mut desk, "j j j k o esc / u esc").await;
            // The page, its end, its JSON, a search in both, and what it leads to.
            page_walk(&mut desk, "enter G g / e enter n J pgdn G g J tab enter esc esc esc esc").await;
            // Marks, the dialogs of every action, the list in them, and the view of all marks.
            page_walk(&mut desk, "space space space space a pgdn esc D tab pgdn esc r esc m j enter esc esc")
                .await;
            page_walk(&mut desk, "e esc : s a v e space x esc P esc F esc H esc @ i k k esc y Y").await;
            for clip in desk.clips() {
                assert_eq!(harm(&clip.replace('\n', "")), None, "{clip:?}");
            }
            assert_eq!(harm(&desk.log().replace('\n', "")), None, "{}", desk.log());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_utf_8_is_shown_as_far_as_it_can_be_read() {
    let faults = vec![Fault::on("GET", "*/runs?*", FaultEffect::NotUtf8)];
    let sandbox = SandboxSettings { faults, scale: 30, ..SandboxSettings::default() };
    let mut desk = Desk::with(Wanted { sandbox, ..Wanted::default() }).await;
    let whole = Desk::with(Wanted {
        sandbox: SandboxSettings { scale: 30, ..SandboxSettings::default() },
        ..Wanted::default()
    })
    .await;
    assert_eq!(desk.rows().len(), whole.rows().len(), "{}", desk.screen());
    assert!(desk.rows().iter().any(|name| name.contains('\u{fffd}')), "{:?}", desk.rows());
    page_walk(&mut desk, "enter J esc").await;
}
