//! The queue of a running job: a pure machine that says which step may be sent next.
//!
//! Owns the order of sending, how much may be under way, and holding and cancelling. Must not know what a step is, nor
//! send anything: the worker asks, sends, and reports back.

use std::collections::{BTreeSet, VecDeque};

use super::outcome::{Outcome, Tally};

/// A job on its way. Steps are numbered from zero in the order of the plan.
#[derive(Debug, Clone)]
pub struct Run {
    waiting: VecDeque<usize>,
    under_way: BTreeSet<usize>,
    ended: Vec<Option<Outcome>>,
    at_once: usize,
    held: bool,
    closed: bool,
}

impl Run {
    /// A job of `steps` steps, of which at most `at_once` are under way together.
    #[must_use]
    pub fn new(steps: usize, at_once: usize) -> Self {
        Self {
            waiting: (0..steps).collect(),
            under_way: BTreeSet::new(),
            ended: vec![None; steps],
            at_once: at_once.max(1),
            held: false,
            closed: false,
        }
    }

    #[expect(
        clippy::should_implement_trait,
        reason = "a run is asked again after it had nothing to hand out, which an iterator is not"
    )]
    /// The next step to send, which is under way from now on; none while held, full, or out of steps.
    pub fn next(&mut self) -> Option<usize> {
        if self.held || self.closed || self.under_way.len() >= self.at_once {
            return None;
        }
        let step = self.waiting.pop_front()?;
        self.under_way.insert(step);
        Some(step)
    }

    /// A step that was under way was turned away unprocessed: it is the next to be sent again. After the job was
    /// closed it ends as not sent instead, which is answered as true.
    pub fn again(&mut self, step: usize) -> bool {
        if !self.under_way.remove(&step) {
            return false;
        }
        if self.closed {
            self.ended[step] = Some(Outcome::NotSent);
        } else {
            self.waiting.push_front(step);
        }
        self.closed
    }

    /// A step that was under way has ended. A step ends once; later reports change nothing.
    pub fn answer(&mut self, step: usize, outcome: Outcome) {
        if self.under_way.remove(&step) {
            self.ended[step] = Some(outcome);
        }
    }

    /// Nothing more is handed out until [`Run::resume`]; what is under way goes on.
    pub fn hold(&mut self) {
        self.held = true;
    }

    /// Ends a hold.
    pub fn resume(&mut self) {
        self.held = false;
    }

    /// Nothing more is handed out, ever. The steps still waiting end as not sent and are answered in order.
    pub fn cancel(&mut self) -> Vec<usize> {
        self.closed = true;
        let mut unsent: Vec<usize> = self.waiting.drain(..).collect();
        unsent.sort_unstable();
        for step in &unsent {
            self.ended[*step] = Some(Outcome::NotSent);
        }
        unsent
    }

    /// Whether every step has ended.
    #[must_use]
    pub fn over(&self) -> bool {
        self.waiting.is_empty() && self.under_way.is_empty()
    }

    /// The steps that are under way.
    #[must_use]
    pub fn under_way(&self) -> &BTreeSet<usize> {
        &self.under_way
    }

    /// How the steps that have ended did so.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.ended.iter().copied().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone, Copy)]
    enum Move {
        Next,
        Again(usize),
        Answer(usize),
        Hold,
        Resume,
        Cancel,
    }

    fn moves() -> impl Strategy<Value = Vec<Move>> {
        let one = prop_oneof![
            6 => Just(Move::Next),
            2 => any::<usize>().prop_map(Move::Again),
            4 => any::<usize>().prop_map(Move::Answer),
            1 => Just(Move::Hold),
            1 => Just(Move::Resume),
            1 => Just(Move::Cancel),
        ];
        prop::collection::vec(one, 0..200)
    }

    fn pick(run: &Run, n: usize) -> Option<usize> {
        let under_way: Vec<_> = run.under_way().iter().copied().collect();
        (!under_way.is_empty()).then(|| under_way[n % under_way.len()])
    }

    proptest! {
        #[test]
        fn no_step_is_lost_or_handed_out_twice(steps in 0usize..40, at_once in 1usize..20, moves in moves()) {
            let mut run = Run::new(steps, at_once);
            let (mut held, mut closed, mut done) = (false, false, vec![false; steps]);
            for step in moves {
                match step {
                    Move::Next => if let Some(given) = run.next() {
                        prop_assert!(!held && !closed && !done[given]);
                    },
                    Move::Again(n) => if let Some(given) = pick(&run, n) { run.again(given); },
                    Move::Answer(n) => if let Some(given) = pick(&run, n) {
                        run.answer(given, Outcome::Done);
                        prop_assert!(!done[given], "ended twice");
                        done[given] = true;
                    },
                    Move::Hold => { run.hold(); held = true; }
                    Move::Resume => { run.resume(); held = false; }
                    Move::Cancel => { run.cancel(); closed = true; }
                }
                prop_assert!(run.under_way().len() <= at_once);
                let waiting = steps - run.tally().total() - run.under_way().len();
                prop_assert_eq!(run.over(), waiting == 0 && run.under_way().is_empty());
            }
            run.resume();
            while !run.over() {
                while run.next().is_some() {}
                while let Some(step) = pick(&run, 0) { run.answer(step, Outcome::Done); }
            }
            prop_assert_eq!(run.tally().total(), steps);
        }
    }

    #[test]
    fn a_step_turned_away_goes_first_and_not_after_the_end() {
        let mut run = Run::new(3, 2);
        assert_eq!((run.next(), run.next(), run.next()), (Some(0), Some(1), None));
        assert!(!run.again(1));
        assert_eq!(run.next(), Some(1));
        assert_eq!(run.cancel(), [2]);
        assert!(run.again(1));
        run.answer(0, Outcome::Done);
        assert!(run.over());
        assert_eq!((run.tally().of(Outcome::Done), run.tally().of(Outcome::NotSent)), (1, 2));
    }
}
