//! How far pages can be scrolled.
//!
//! Owns the limit of every scrolled part. What the lines are is the business of each part.

use super::help::Help;
use super::layout::Layout;
use crate::app::confirm::lines::DialogLayout;
use crate::app::detail::body::DetailPage;
use crate::app::state::{Overlay, State};

impl State {
    /// Brings what is scrolled further than it has lines back to its last page, so that the next key up moves it.
    pub fn settle_scroll(&mut self) {
        let layout = Layout::of(self);
        if let (Some(detail), Some(area)) = (&self.detail, layout.detail) {
            let lines = DetailPage::of(self, detail, usize::from(area.inside(2).width)).lines.len();
            let most = lines.saturating_sub(layout.detail_lines());
            if let Some(detail) = &mut self.detail {
                detail.scroll = detail.scroll.min(most);
            }
        }
        match &mut self.overlay {
            Some(Overlay::Help(scroll)) => {
                *scroll = (*scroll).min(Help::of(&self.setup.keymap, self.size).most_scroll());
            }
            Some(Overlay::Confirm(confirm)) => {
                confirm.scroll = DialogLayout::of(confirm, self.size, self.now).scroll;
            }
            _ => {}
        }
    }
}
