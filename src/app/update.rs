//! How a fact changes the state.
