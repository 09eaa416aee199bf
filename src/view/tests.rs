//! The whole screen, drawn from states made by hand.

mod overlays;
mod panes;
mod properties;
mod stage;
mod trust;
