//! Trust on trial: everything that can go wrong with a change, a read or a copy, and what tidyfy then says and does. Keys
//! and plans go in; what the screen, the journal, the copies and the server say must be the same story.

#![expect(clippy::print_stdout, reason = "the tables are printed so that they can be quoted")]

mod attached;
mod copies;
mod copy_oracle;
mod faults;
mod first;
mod fresh;
mod lookup;
mod oracle;
mod reads;
mod scene;
mod stand;
mod verification;
