//! Requests of the core: what it wants done and never does itself.
//!
//! Owns the shape of a request. Effects on the screen are done by the terminal, work is done by the worker, which ends
//! every ticket with exactly one final message.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::arrange::Wish;
use crate::model::catalog::Relation;
use crate::model::kind::{Kind, Scope};
use crate::model::past::Recall;
use crate::model::place::Place;
use crate::model::plan::Plan;
use crate::model::record::Record;
use crate::model::saved::Keeping;
use crate::model::secret::Token;
use crate::model::sheet::{Lookup, Stretch};

/// The name of one piece of work, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// `q`: exit code 0.
    Quit,
    /// Ctrl-C or SIGINT: 130.
    Interrupted,
    /// SIGTERM: 143.
    Terminated,
    /// SIGHUP: 129.
    HungUp,
}

impl Exit {
    /// The process's exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Quit => 0,
            Self::HungUp => 129,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

/// What is asked to come along with each row of a list.
pub type Includes = BTreeSet<&'static str>;

/// Parameters of a list that narrow it down.
pub type Question = Vec<(&'static str, String)>;

/// A list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// The kind.
    pub kind: Kind,
    /// The scope asked for.
    pub scope: Scope,
    /// What is to come along with each row.
    pub includes: Includes,
}

impl List {
    /// The records of a kind in a scope, and nothing along with them.
    #[must_use]
    pub fn new(kind: Kind, scope: Scope) -> Self {
        Self { kind, scope, includes: Includes::new() }
    }
}

/// Which pages of a list are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// All of them.
    All,
    /// Those that an earlier reading has not brought.
    Rest {
        /// Pages that could not be read then.
        gaps: Vec<u32>,
        /// The page to go on from; none where the list has been read to its end.
        from: Option<u32>,
        /// How many rows the pages before that had.
        size: usize,
    },
}

/// What the worker can be asked to do.
#[derive(Debug, Clone)]
pub enum Work {
    /// Read who we are and the organization's name. Ends with `Identified`.
    Identify,
    /// Read the names of the members. Ends with `Peopled`.
    People,
    /// Read which organizations the person is in. Ends with `Placed`.
    Places,
    /// Ask how many active records of a kind there are. Ends with `Counted`.
    Count(Kind),
    /// Read a list, page by page. Sends `Page` and `Gap`, and ends with `Loaded`.
    List {
        /// Of what.
        list: List,
        /// Which of its pages.
        wanted: Wanted,
    },
    /// Ask the server for the rows of a list that a filter may let through, before the list itself has brought them. Sends
    /// `Found` and ends with `Searched`.
    Search {
        /// Of what.
        list: List,
        /// What the server is asked.
        question: Question,
    },
    /// Read all that is known of one record. Ends with `Read`.
    Read(Record),
    /// Read what a record leads to. Ends with `Related`.
    Relate {
        /// By which relation.
        relation: &'static Relation,
        /// What is asked with.
        lookup: Lookup,
        /// Which part of it.
        stretch: Stretch,
    },
    /// Filter and sort rows. May send `Arranging`, and ends with `Arranged`.
    Arrange(Wish),
    /// Count what hangs on the records of a plan. Sends `Weighing` and ends with `Weighed`.
    Weigh(Arc<Plan>),
    /// Carry out a confirmed plan. Sends `Started` and `Step`, and ends with `JobEnded`.
    Apply(Arc<Plan>),
    /// Look for what a past job left to be undone or tried again. What is unknown of it is read back first. Ends with
    /// `Recalled`.
    Recall(Recall),
    /// Look for jobs that an earlier run of the program did not finish, and read back what was under way. Ends with
    /// `Unfinished`.
    Unfinished,
    /// Leave the rest of an unfinished job undone. Ends with `Dropped`.
    Drop(i64),
    /// Go on with another token: the one that was typed, or whatever its source holds now. Ends with `Admitted`.
    Admit(Option<Token>),
    /// Read or change the saved filters. Ends with `Shelved`.
    Shelve(Keeping),
    /// Write a text into a new file in the working directory; its name is a proposal. Ends with `Written`.
    Write {
        /// The file's name.
        name: String,
        /// What goes into it.
        text: String,
    },
}

/// Something to be done outside the core.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Start a piece of work.
    Work(Ticket, Work),
    /// End a piece of work early; its final message still comes.
    Cancel(Ticket),
    /// A job sends nothing more until it is resumed.
    Hold(Ticket),
    /// A held job goes on.
    Resume(Ticket),
    /// Leave.
    Quit(Exit),
    /// Leave this organization for another one. Whatever is still under way breaks off.
    Go(Place),
    /// Give the terminal back to the shell until the process is continued.
    Suspend,
    /// Put a text into the clipboard, by way of the terminal.
    Clip(String),
}

/// The effects of one message, in the order they are to be started.
#[derive(Debug, Default)]
#[must_use = "effects do nothing until the loop performs them"]
pub struct Effects(Vec<Effect>);

impl Effects {
    /// Adds one.
    pub fn push(&mut self, effect: Effect) {
        self.0.push(effect);
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl IntoIterator for Effects {
    type Item = Effect;
    type IntoIter = std::vec::IntoIter<Effect>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
