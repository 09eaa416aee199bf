//! The queue of a running job: a pure machine that says which step may be sent next.
//!
//! Owns the order of sending, how much may be under way, and holding and cancelling. Must not know what a step is, nor
//! send anything: the worker asks, sends, and reports back.

use std::collections::{BTreeSet, VecDeque};

use super::outcome::Outcome;

/// A job on its way. Steps are numbered from zero in the order of the plan.
#[derive(Debug, Clone)]
pub struct JobQueue {
    waiting: VecDeque<usize>,
    under_way: BTreeSet<usize>,
    ended: Vec<Option<Outcome>>,
    /// For each step the one that must be done first.
    after: Vec<Option<usize>>,
    /// For each step whose turn it is in: those of a turn wait until all of the turns before have ended.
    turns: Vec<usize>,
    at_once: usize,
    held: bool,
    closed: bool,
}

impl JobQueue {
    /// A job with a step for each entry of `after`, which names the step that must be done first, if one must. At most
    /// `at_once` are under way together.
    #[must_use]
    pub fn new(after: Vec<Option<usize>>, at_once: usize) -> Self {
        let free = |step: &usize| after[*step].is_none();
        Self {
            waiting: (0..after.len()).filter(free).collect(),
            under_way: BTreeSet::new(),
            ended: vec![None; after.len()],
            turns: vec![0; after.len()],
            after,
            at_once: at_once.max(1),
            held: false,
            closed: false,
        }
    }

    /// The same job, with the steps in turns: a number for each of them, never falling.
    #[must_use]
    pub fn in_turns(self, turns: Vec<usize>) -> Self {
        Self { turns, ..self }
    }

    /// Whether a step has to wait for one that has its turn before it.
    fn has_to_wait(&self, step: usize) -> bool {
        let turn = |step: usize| self.turns.get(step).copied().unwrap_or_default();
        self.under_way.iter().any(|before| turn(*before) < turn(step))
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
        let step = self.waiting.front().copied().filter(|step| !self.has_to_wait(*step))?;
        self.waiting.pop_front();
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

    /// A step that was under way has ended. A step ends once; later reports change nothing. Those that come after it are
    /// next if it is done. Otherwise they end as not sent, and are answered.
    pub fn answer(&mut self, step: usize, outcome: Outcome) -> Vec<usize> {
        if !self.under_way.remove(&step) {
            return Vec::new();
        }
        self.ended[step] = Some(outcome);
        let next = (0..self.after.len()).filter(|next| self.after[*next] == Some(step));
        let next: Vec<usize> = next.filter(|next| self.ended[*next].is_none()).collect();
        if outcome == Outcome::Done {
            next.into_iter().for_each(|next| self.waiting.push_front(next));
            return Vec::new();
        }
        next.iter().for_each(|next| self.ended[*next] = Some(Outcome::NotSent));
        next
    }

    /// Nothing more is handed out until [`JobQueue::resume`]; what is under way goes on.
    pub fn hold(&mut self) {
        self.held = true;
    }

    /// Ends a hold.
    pub fn resume(&mut self) {
        self.held = false;
    }

    /// Nothing more is handed out, ever. The steps that are not under way end as not sent and are answered in order.
    pub fn cancel(&mut self) -> Vec<usize> {
        self.closed = true;
        self.waiting.clear();
        let idle = |step: &usize| self.ended[*step].is_none() && !self.under_way.contains(step);
        let unsent: Vec<usize> = (0..self.ended.len()).filter(idle).collect();
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

    /// How the steps ended, by number; nothing for those that have not.
    #[must_use]
    pub fn ended(&self) -> &[Option<Outcome>] {
        &self.ended
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

    /// Every third step comes after the one before it.
    fn chained(steps: usize) -> Vec<Option<usize>> {
        (0..steps).map(|step| (step % 3 == 2).then(|| step - 1)).collect()
    }

    fn count(run: &JobQueue, outcome: Outcome) -> usize {
        run.ended().iter().filter(|ended| **ended == Some(outcome)).count()
    }

    fn pick(run: &JobQueue, n: usize) -> Option<usize> {
        let under_way: Vec<_> = run.under_way().iter().copied().collect();
        (!under_way.is_empty()).then(|| under_way[n % under_way.len()])
    }

    proptest! {
        #[test]
        fn no_step_is_lost_or_handed_out_twice(steps in 0usize..40, at_once in 1usize..20, moves in moves()) {
            let mut run = JobQueue::new(chained(steps), at_once);
            let (mut held, mut closed, mut done) = (false, false, vec![false; steps]);
            for step in moves {
                match step {
                    Move::Next => if let Some(given) = run.next() {
                        prop_assert!(!held && !closed && !done[given]);
                        prop_assert!(chained(steps)[given].is_none_or(|first| done[first]));
                    },
                    Move::Again(n) => if let Some(given) = pick(&run, n) { run.again(given); },
                    Move::Answer(n) => if let Some(given) = pick(&run, n) {
                        prop_assert!(!done[given], "ended twice");
                        if n % 5 == 0 {
                            run.answer(given, Outcome::Failed);
                        } else {
                            run.answer(given, Outcome::Done);
                            done[given] = true;
                        }
                    },
                    Move::Hold => { run.hold(); held = true; }
                    Move::Resume => { run.resume(); held = false; }
                    Move::Cancel => { run.cancel(); closed = true; }
                }
                prop_assert!(run.under_way().len() <= at_once);
                let ended = run.ended().iter().flatten().count();
                prop_assert_eq!(run.over(), ended == steps);
            }
            run.resume();
            while !run.over() {
                while run.next().is_some() {}
                while let Some(step) = pick(&run, 0) { run.answer(step, Outcome::Done); }
            }
            prop_assert_eq!(run.ended().iter().flatten().count(), steps);
        }
    }

    #[test]
    fn a_step_turned_away_goes_first_and_not_after_the_end() {
        let mut run = JobQueue::new(vec![None; 3], 2);
        assert_eq!((run.next(), run.next(), run.next()), (Some(0), Some(1), None));
        assert!(!run.again(1));
        assert_eq!(run.next(), Some(1));
        assert_eq!(run.cancel(), [2]);
        assert!(run.again(1));
        run.answer(0, Outcome::Done);
        assert!(run.over());
        assert_eq!((count(&run, Outcome::Done), count(&run, Outcome::NotSent)), (1, 2));
    }

    #[test]
    fn what_comes_after_a_step_waits_for_its_success() {
        let mut run = JobQueue::new(vec![None, Some(0), None, Some(2), None], 9);
        assert_eq!([run.next(), run.next(), run.next(), run.next()], [Some(0), Some(2), Some(4), None]);
        assert!(run.answer(0, Outcome::Done).is_empty());
        assert_eq!(run.answer(2, Outcome::Refused), [3]);
        assert_eq!((run.next(), run.next()), (Some(1), None));
        run.answer(4, Outcome::Done);
        assert!(!run.over());
        run.answer(1, Outcome::Done);
        assert!(run.over());
    }

    #[test]
    fn a_turn_waits_for_the_one_before_it() {
        let mut run = JobQueue::new(vec![None, None, Some(1), None], 9).in_turns(vec![0, 0, 0, 1]);
        assert_eq!((run.next(), run.next(), run.next()), (Some(0), Some(1), None));
        run.answer(0, Outcome::Refused);
        assert_eq!(run.next(), None);
        run.answer(1, Outcome::Done);
        assert_eq!((run.next(), run.next()), (Some(2), None), "it belongs to the same turn");
        run.answer(2, Outcome::Failed);
        assert_eq!((run.next(), run.over()), (Some(3), false));
    }
}
