//! Who can take over what belongs to the records of a plan.
//!
//! Owns whom a dialog offers for that, and whether the one who was chosen in a past job still counts.

use std::collections::BTreeSet;

use crate::app::state::State;
use crate::model::catalog::STATUS;
use crate::model::id::Id;
use crate::model::kind::{Kind, Scope};
use crate::model::plan::{Plan, Reassignee, can_inherit};
use crate::model::record::{Record, Value};
use crate::model::text;

/// Those whom what belongs to the records of a plan can be handed to: whoever of their kind is loaded, active, and neither
/// in the plan nor in a job that is not over.
pub(crate) fn all(state: &State, plan: &Plan) -> Vec<Reassignee> {
    let kinds: BTreeSet<Kind> = plan.chosen.iter().map(|chosen| chosen.record.kind()).collect();
    let hands_over = |kind: &Kind| kind.row().actions.iter().any(|action| action.reassign.is_some());
    let Some(kind) = kinds.into_iter().find(hands_over) else { return Vec::new() };
    let chosen: BTreeSet<&Id> = plan.chosen.iter().map(|chosen| chosen.record.id()).collect();
    let suits = |record: &Record| {
        let is_free = !chosen.contains(record.id()) && !state.jobs.holds(kind, record.id());
        is_free && is_active(record) && can_inherit(record)
    };
    let suiting = state.listings[kind as usize].records().filter(suits);
    let mut reassignees: Vec<Reassignee> = suiting
        .map(|record| Reassignee { id: record.id().clone(), name: record.name().to_owned() })
        .collect();
    reassignees.sort_by_key(|reassignee| text::folded(&reassignee.name));
    reassignees
}

/// Whether somebody has not only been invited.
fn is_active(record: &Record) -> bool {
    match record.named(STATUS) {
        Value::Text(status) => status.eq_ignore_ascii_case(Scope::Active.word()),
        _ => !record.is_archived(),
    }
}

/// A plan of the past with the heir that was chosen then, if that one can still take over as far as that is known here;
/// it says what has become of the choice.
pub(crate) fn of_the_past(state: &State, plan: Plan, former: Option<Reassignee>) -> Plan {
    let (Some(former), Some(kind)) = (former, plan.hands_over()) else { return plan };
    if let Some(reassignee) = all(state, &plan).into_iter().find(|reassignee| reassignee.id == former.id) {
        return plan.handing_to(Some(reassignee));
    }
    let listing = &state.listings[kind as usize];
    let is_listed = listing.find(&former.id).is_some() || listing.is_whole() && listing.scope.holds(false);
    let is_chosen = plan.chosen.iter().any(|chosen| *chosen.record.id() == former.id);
    let is_busy = state.jobs.holds(kind, &former.id);
    let (plural, name) = (kind.row().plural, text::name_or_nameless(&former.name));
    let (words, reassignee) = if is_listed || is_chosen || is_busy {
        (format!("{name} was to take over what they own, and cannot any more: nobody is chosen"), None)
    } else {
        let words = format!(
            "{name} takes over what they own, as chosen then: whether {name} still can was not checked, because not all {plural} are loaded"
        );
        (words, Some(former))
    };
    let mut plan = plan.handing_to(reassignee);
    plan.preface.push(words);
    plan
}
