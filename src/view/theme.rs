//! How things look.
//!
//! Owns colours and modifiers. Only the terminal's own sixteen colours are used, so that its palette decides, but for an
//! organization's own colour, which the config may give exactly; and none where colour is off: nothing may be told by
//! colour alone.

use ratatui::style::{Color, Modifier, Style};

use crate::app::lines::LineWeight;
use crate::app::status_pane::LineTone;
use crate::model::color::AccentColor;

/// The styles in force.
#[derive(Debug, Clone, Copy)]
pub(super) struct Theme {
    color: bool,
    accent: Option<AccentColor>,
}

impl Theme {
    /// The styles with or without colour, in an organization with or without a colour of its own.
    pub(super) fn new(color: bool, accent: Option<AccentColor>) -> Self {
        Self { color, accent }
    }

    fn tinted(self, style: Style, color: Color) -> Style {
        if self.color { style.fg(color) } else { style }
    }

    /// Plain text.
    pub(super) fn plain(self) -> Style {
        Style::new()
    }

    /// What stands out.
    pub(super) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The organization that all is about.
    pub(super) fn place(self) -> Style {
        match self.accent {
            None => self.strong(),
            Some(AccentColor::Palette(number)) => self.tinted(self.strong(), Color::Indexed(number)),
            Some(AccentColor::Exact(red, green, blue)) => {
                self.tinted(self.strong(), Color::Rgb(red, green, blue))
            }
        }
    }

    /// What stays in the background.
    pub(super) fn faint(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// The row of the cursor, the current tab, a pane in focus.
    pub(super) fn current(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// The product's name and the heads of columns.
    pub(super) fn head(self) -> Style {
        self.tinted(self.strong(), Color::Cyan)
    }

    /// A key in a hint.
    pub(super) fn key(self) -> Style {
        self.tinted(self.strong(), Color::Cyan)
    }

    /// A label before a value.
    pub(super) fn label(self) -> Style {
        self.tinted(Style::new(), Color::Cyan)
    }

    /// A mark.
    pub(super) fn mark(self) -> Style {
        self.tinted(self.strong(), Color::Yellow)
    }

    /// Letters a filter matched.
    pub(super) fn matched(self) -> Style {
        self.strong().add_modifier(Modifier::UNDERLINED)
    }

    /// A warning or a failure.
    pub(super) fn bad(self) -> Style {
        self.tinted(self.strong(), Color::Red)
    }

    /// Something to be aware of.
    pub(super) fn wary(self) -> Style {
        self.tinted(self.strong(), Color::Yellow)
    }

    /// A line of the status pane.
    pub(super) fn tone(self, tone: LineTone) -> Style {
        match tone {
            LineTone::Good => self.tinted(Style::new(), Color::Green),
            LineTone::Bad => self.tinted(Style::new(), Color::Red),
            LineTone::Wary => self.tinted(Style::new(), Color::Yellow),
            LineTone::Plain => Style::new(),
        }
    }

    /// A line of a page.
    pub(super) fn weight(self, weight: LineWeight) -> Style {
        match weight {
            LineWeight::Plain => self.plain(),
            LineWeight::Loud => self.bad(),
            LineWeight::Head => self.strong(),
            LineWeight::Faint => self.faint(),
        }
    }
}
