//! The organizations one can go to.
//!
//! Owns their box; what matches is decided in the state.

use ratatui::text::Span;
use ratatui::widgets::BorderType;

use super::{input, text};
use crate::app::layout::{Area, first_row};
use crate::app::organizations::{KnownOrganizations, OrganizationPicker, name, profile};
use crate::app::state::State;
use crate::model::context::KnownContext;
use crate::model::text::{clean, wrapped};
use crate::view::painter::Painter;

/// Cells of an organization's name, and of a profile's.
const NAME: usize = 32;
const PROFILE: usize = 14;

/// Draws the box.
pub(super) fn draw(state: &State, places: &OrganizationPicker, painter: &mut Painter<'_>) {
    let theme = painter.theme;
    let area = Area::centered(state.size, 100, 22.min(state.size.height.saturating_sub(2)));
    painter.window(
        area,
        BorderType::Plain,
        theme.plain(),
        &[Span::styled(" organizations ", theme.strong())],
    );
    let inside = area.inside(2);
    input::draw(&places.input, "go to: ", theme.key(), true, (inside, 0), painter);
    let mut rows = inside.rows(1, inside.height);
    let lines = places.lines(state);
    let remark = match &places.mine {
        _ if let Some(name) = &places.entering => {
            Some(format!("going to `{}`, waiting for its token   Esc cancel", clean(name)))
        }
        KnownOrganizations::Asked => Some("reading which organizations you are in…".to_owned()),
        KnownOrganizations::Failed(failure) => {
            Some(format!("your organizations could not be read: {}", clean(&failure.words)))
        }
        KnownOrganizations::Are(_) if lines.is_empty() => Some("no organization of that name".to_owned()),
        KnownOrganizations::Are(_) => None,
    };
    if let Some(words) = remark {
        let told = wrapped(&words, usize::from(rows.width).saturating_sub(2));
        for (row, line) in told.iter().enumerate() {
            painter.line(rows, row, &[Span::raw("  "), Span::styled(line, theme.wary())]);
        }
        let told = u16::try_from(told.len()).unwrap_or(u16::MAX);
        rows = rows.rows(told, rows.height.saturating_sub(told));
    }
    let at = places.at.min(lines.len().saturating_sub(1));
    let page = usize::from(rows.height);
    for (row, n) in (first_row(at, lines.len(), page)..lines.len()).take(page).enumerate() {
        let mut spans = vec![Span::raw(if n == at { "> " } else { "  " })];
        spans.extend(line(state, &lines[n], &lines, painter));
        painter.line(rows, row, &spans);
        if n == at {
            painter.style_row(rows, row, theme.current());
        }
    }
}

/// Name, profile, and what one has to know before going there.
fn line(
    state: &State,
    known: &KnownContext,
    all: &[KnownContext],
    painter: &Painter<'_>,
) -> Vec<Span<'static>> {
    let theme = painter.theme;
    let mut spans = text::cell(&[Span::styled(clean(name(known)).into_owned(), theme.strong())], NAME, false);
    spans.push(Span::raw("  "));
    spans.extend(text::cell(&[Span::raw(clean(profile(known)).into_owned())], PROFILE, false));
    let role = known.organization.as_ref().and_then(|organization| organization.admin);
    let namesakes =
        all.iter().filter(|other| name(other) == name(known) && !other.place.is_where(&known.place));
    let facts = [
        namesakes
            .count()
            .gt(&0)
            .then(|| format!("id {}", known.place.org.chars().take(6).collect::<String>())),
        (known.place == state.setup.here).then(|| "open now".to_owned()),
        role.map(|admin| if admin { "administrator" } else { "no administrator" }.to_owned()),
        known.place.read_only.then(|| "read-only".to_owned()),
        (known.place.base_url != state.setup.here.base_url)
            .then(|| clean(&known.place.base_url).into_owned()),
    ];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    spans.push(Span::raw(format!("  {}", facts.join(", "))));
    spans
}
