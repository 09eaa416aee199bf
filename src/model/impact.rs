//! What hangs on the records of a plan, counted for the dialog.
//!
//! Owns the sums and their sentences. What could not be counted is said so and never taken for nothing. Must not know how
//! it is asked.

use std::collections::BTreeMap;

use super::catalog::{CountSource, ImpactCount, ImpactSpec as Row};
use super::id::Id;
use super::kind::Kind;
use super::plan::Plan;
use super::record::Record;
use super::text;

/// How many records of a large plan are looked at: they share the limits with everything else, and a dialog is read in
/// seconds.
pub const SAMPLE: usize = 12;
/// And how many where it is told of each.
const EACH: usize = 100;

/// What one record was found to hold: a number for each count of its kind's row, `None` for what could not be counted.
pub type RecordImpact = Vec<Option<u64>>;

/// What hangs on the records of one kind, as far as it has been counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impact {
    /// The kind.
    pub kind: Kind,
    /// How many records of it the plan has.
    pub records: usize,
    /// How many of them are looked at.
    pub sample: usize,
    /// How many have been.
    pub seen: usize,
    /// The sums, one for each count of the kind's row.
    sums: Vec<u64>,
    /// For how many of the records seen that count could not be had.
    unknown: Vec<usize>,
    /// What each record holds, where it is told of each.
    each: BTreeMap<Id, RecordImpact>,
}

impl Impact {
    /// Nothing counted yet of `records` records, `sample` of which will be looked at.
    #[must_use]
    pub fn new(kind: Kind, records: usize, sample: usize) -> Self {
        let counts = kind.row().impact.as_ref().map_or(0, |row| row.counts.len());
        let (sums, unknown) = (vec![0; counts], vec![0; counts]);
        Self { kind, records, sample, seen: 0, sums, unknown, each: BTreeMap::new() }
    }

    /// Nothing counted yet of the records of `plan`: one for each of its kinds on which something hangs that the action
    /// touches. Where nothing has to be asked, every record is looked at.
    #[must_use]
    pub fn begun(plan: &Plan) -> Vec<Self> {
        let begun = |(kind, records): (Kind, usize)| {
            let row = kind.row().impact.as_ref().filter(|row| row.actions.contains(&plan.action))?;
            let most = if row.each { EACH } else { SAMPLE };
            let sample = if row.ask.is_some() { records.min(most) } else { records };
            Some(Self::new(kind, records, sample))
        };
        plan.kinds().into_iter().filter_map(begun).collect()
    }

    /// Adds what was counted of other records of the same kind.
    pub fn merge(&mut self, other: &Self) {
        self.records += other.records;
        self.sample += other.sample;
        self.seen += other.seen;
        self.sums.iter_mut().zip(&other.sums).for_each(|(sum, more)| *sum += more);
        self.unknown.iter_mut().zip(&other.unknown).for_each(|(unknown, more)| *unknown += more);
        self.each.extend(other.each.clone());
    }

    /// Adds what this record was found to hold, and keeps it beside it where it is told of each.
    pub fn add_of(&mut self, record: &Record, found: RecordImpact) {
        self.add(&found);
        if self.kind.row().impact.as_ref().is_some_and(|row| row.each) {
            self.each.insert(record.id().clone(), found);
        }
    }

    /// What there is to say of one record: `2 templates, 1 step`; nothing while that is not known.
    #[must_use]
    pub fn beside(&self, record: &Record) -> Option<String> {
        let row = self.kind.row().impact.as_ref()?;
        let found = self.each.get(record.id()).filter(|_| record.kind() == self.kind)?;
        let told = |(count, found): (&ImpactCount, &Option<u64>)| match found {
            Some(0) => None,
            Some(n) => Some(format!("{} {}", text::grouped(*n), noun(count, *n))),
            None => Some(format!("unknown {}", count.many)),
        };
        let told: Vec<String> = row.counts.iter().zip(found).filter_map(told).collect();
        Some(if told.is_empty() { "nothing".to_owned() } else { told.join(", ") })
    }

    /// Adds what one record was found to hold.
    pub fn add(&mut self, found: &RecordImpact) {
        self.seen += 1;
        for (n, (sum, unknown)) in self.sums.iter_mut().zip(&mut self.unknown).enumerate() {
            match found.get(n).copied().flatten() {
                Some(count) => *sum += count,
                None => *unknown += 1,
            }
        }
    }

    /// How many attached files have been counted, and whether those are all there are.
    #[must_use]
    pub fn attached(&self) -> Option<(u64, bool)> {
        let row = self.kind.row().impact.as_ref()?;
        let at = row.counts.iter().position(|count| matches!(count.source, CountSource::Attached(_)))?;
        Some((*self.sums.get(at)?, self.seen == self.records && self.unknown.get(at) == Some(&0)))
    }

    /// What there is to say: `on 12 processes: 34 open tasks, 10 files; comments could not be counted`.
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        let row = self.kind.row().impact.as_ref()?;
        if self.sums.is_empty() || self.records == 0 {
            return None;
        }
        let whose = self.kind.count(self.records);
        if self.seen == 0 {
            return Some(format!("on {whose}: counting what hangs on them"));
        }
        let (known, lost) = self.parts(row);
        let scope = match (self.seen, self.sample, self.records) {
            (seen, sample, _) if seen < sample => format!("on {seen} of {whose} so far"),
            (seen, _, records) if seen < records => format!("on {seen} of {whose}, which were looked at"),
            _ => format!("on {whose}"),
        };
        let lost = match lost.as_slice() {
            [] => String::new(),
            lost => {
                format!("{}could not count {}", if known.is_empty() { "" } else { "; " }, lost.join(", "))
            }
        };
        Some(format!("{scope}: {}{lost}", known.join(", ")))
    }

    fn parts(&self, row: &Row) -> (Vec<String>, Vec<String>) {
        let (mut known, mut lost) = (Vec::new(), Vec::new());
        for ((count, sum), unknown) in row.counts.iter().zip(&self.sums).zip(&self.unknown) {
            if *unknown < self.seen {
                known.push(format!("{} {}", text::grouped(*sum), noun(count, *sum)));
            }
            match *unknown {
                0 => {}
                unknown if unknown == self.seen => lost.push(count.many.to_owned()),
                unknown => lost.push(format!("{} of {unknown}", count.many)),
            }
        }
        (known, lost)
    }
}

fn noun(count: &ImpactCount, n: u64) -> &'static str {
    if n == 1 { count.one } else { count.many }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_member_owns_stands_beside_the_name() {
        let of = |id: &str| Record::of_fields(Kind::Members, Id::new(id).unwrap(), &BTreeMap::new());
        let mut impact = Impact::new(Kind::Members, 3, 3);
        impact.add_of(&of("1"), vec![Some(2), Some(1), Some(0), None]);
        impact.add_of(&of("2"), vec![Some(0), Some(0), Some(0), Some(0)]);
        assert_eq!(impact.beside(&of("1")).unwrap(), "2 templates, 1 step, unknown one-off tasks");
        assert_eq!(impact.beside(&of("2")).unwrap(), "nothing");
        assert_eq!(impact.beside(&of("3")), None);
    }

    #[test]
    fn sums_say_what_they_are_sums_of() {
        let mut impact = Impact::new(Kind::Processes, 2, 2);
        assert_eq!(impact.sentence().unwrap(), "on 2 processes: counting what hangs on them");
        impact.add(&vec![Some(3), Some(1), Some(0)]);
        assert_eq!(
            impact.sentence().unwrap(),
            "on 1 of 2 processes so far: 3 open tasks, 1 file, 0 comments"
        );
        impact.add(&vec![Some(1), None, None]);
        assert_eq!(
            impact.sentence().unwrap(),
            "on 2 processes: 4 open tasks, 1 file, 0 comments; could not count files of 1, comments of 1"
        );
        let mut sampled = Impact::new(Kind::Processes, 300, 1);
        sampled.add(&vec![Some(1200), Some(0), None]);
        assert_eq!(
            sampled.sentence().unwrap(),
            "on 1 of 300 processes, which were looked at: 1,200 open tasks, 0 files; could not count comments"
        );
    }

    #[test]
    fn two_counts_of_one_kind_read_as_one() {
        let mut impact = Impact::new(Kind::Processes, 2, 1);
        impact.add(&vec![Some(3), Some(1), None]);
        let mut more = Impact::new(Kind::Processes, 1, 1);
        impact.merge(&more);
        assert_eq!(
            impact.sentence().unwrap(),
            "on 1 of 3 processes so far: 3 open tasks, 1 file; could not count comments"
        );
        more.add(&vec![Some(1), None, None]);
        let mut impact = Impact::new(Kind::Processes, 2, 1);
        impact.add(&vec![Some(3), Some(1), None]);
        impact.merge(&more);
        assert_eq!(
            impact.sentence().unwrap(),
            "on 2 of 3 processes, which were looked at: 4 open tasks, 1 file; could not count files of 1, comments"
        );
    }

    #[test]
    fn what_cannot_be_counted_is_no_zero() {
        let mut impact = Impact::new(Kind::Processes, 1, 1);
        impact.add(&vec![None, None, None]);
        assert_eq!(impact.sentence().unwrap(), "on 1 process: could not count open tasks, files, comments");
        assert_eq!(Impact::new(Kind::Files, 1, 1).sentence(), None);
    }
}
