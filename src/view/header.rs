//! The top line.
//!
//! Owns where we are and on what terms: organization, profile, demo, read-only, what the limits still
//! allow, and why nothing can leave.

use super::text::{self, LinePart};
use super::theme::Theme;
use crate::app::layout::Area;
use crate::app::state::{Identity, State};
use crate::view::painter::Painter;

/// Cells that are kept for the organization's name, or for why it is not known; what is longer has to fit into what the
/// rest leaves.
const NAME: usize = 14;
const TROUBLE: usize = 40;

/// Draws the top line.
pub(super) fn draw(state: &State, area: Area, painter: &mut Painter<'_>) {
    let theme = painter.theme;
    let (name, style, most) = match (&state.standing.organization, &state.identity) {
        (Some(organization), _) => (organization.name.clone(), theme.place(), NAME),
        (None, Identity::Failed(failure)) => {
            (format!("organization unknown: {failure}"), theme.bad(), TROUBLE)
        }
        (None, Identity::Asking | Identity::Known) => ("...".to_owned(), theme.plain(), NAME),
    };
    let room = usize::from(area.width);
    let kept = text::width(&name).min(most);
    let parts = text::shed(parts(state, theme), room.saturating_sub(kept + 2));
    let side = |ranks: &[u8]| parts.iter().filter(|part| ranks.contains(&part.rank)).cloned().collect();
    let (before, after): (Vec<LinePart<'_>>, Vec<LinePart<'_>>) =
        (side(&[PRODUCT]), side(&[PROFILE, FLAGS, WHY]));
    let right = text::beside(side(&[HOST, BUDGET]), room);
    let others = text::total(&parts) + if parts.is_empty() { 0 } else { 2 };
    let name = LinePart::new(0, text::cut(&name, room.saturating_sub(others)), style);
    let left = before.into_iter().chain([name]).chain(after).collect();
    painter.line(area, 0, &text::beside(left, room));
    painter.line_right(area, 0, &right);
}

// The parts of the line by the order in which they leave it, the last first.
const FLAGS: u8 = 0;
const PRODUCT: u8 = 1;
const BUDGET: u8 = 2;
const PROFILE: u8 = 3;
const HOST: u8 = 4;
const WHY: u8 = 5;

/// Everything but the organization's name.
fn parts(state: &State, theme: Theme) -> Vec<LinePart<'_>> {
    let mut parts = vec![
        LinePart::new(PRODUCT, "tidyfy", theme.head()),
        LinePart::new(HOST, state.setup.host.as_str(), theme.faint()),
    ];
    parts.extend(
        state.setup.here.profile.iter().map(|name| LinePart::new(PROFILE, name.as_str(), theme.plain())),
    );
    let flags = [
        (state.setup.demo, "DEMO"),
        (state.standing.read_only, "READ-ONLY"),
        (state.locked_out.is_some(), "LOCKED OUT"),
        (state.offline.is_some(), "OFFLINE"),
    ];
    let flags: Vec<_> = flags.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
    if !flags.is_empty() {
        parts.push(LinePart::new(FLAGS, flags.join("  "), theme.wary()));
    }
    let why = state.locked_out.as_ref().or(state.offline.as_ref());
    parts.extend(why.map(|failure| LinePart::new(WHY, failure.words.as_str(), theme.plain())));
    parts.extend(state.allowance.map(|allowance| {
        LinePart::new(BUDGET, format!("budget left {}/{}", allowance.left, allowance.of), theme.plain())
    }));
    parts
}
