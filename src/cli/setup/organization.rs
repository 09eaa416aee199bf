//! Picking an organization among those the person is in.
//!
//! Owns the list, its numbers, and what an answer means. Must not know where the list comes from.

use super::super::whoami;
use crate::cli::error::{CommandError, ExitReason};
use crate::cli::prompt::{Prompt, PromptStop};
use crate::cli::run;
use crate::config::{ConfigError, Settings};
use crate::model::plan::Organization;
use crate::model::text::folded;
use crate::tallyfy::{Client, decode};

/// As many as are shown at a time, so that the question stays on the screen.
const SHOWN: usize = 15;

/// Asks for one of the organizations of the client's person; the only one is taken without a question.
pub(super) async fn organization(
    dialog: &mut Prompt<'_>,
    client: &Client,
    settings: &Settings,
) -> Result<String, PromptStop> {
    let base_url = run::base_url(settings)?;
    let rows = dialog.wait_for(&whoami::waits_for(&base_url), whoami::organizations(client)).await?;
    let rows = rows
        .map_err(|failure| CommandError::told(ExitReason::Failure, whoami::unlisted(&failure, &base_url)))?;
    let mut all: Vec<Organization> = rows.iter().filter_map(decode::organization).collect();
    all.sort_by_cached_key(|one| (folded(&one.name), one.id.clone()));
    let one = match all.as_slice() {
        [] => return Err(CommandError::told(ExitReason::Usage, nowhere()).into()),
        [one] => one,
        all => picked(dialog, all).await?,
    };
    dialog.say(&format!("organization: {} ({})", one.name, one.id))?;
    Ok(one.id.clone())
}

fn nowhere() -> ConfigError {
    ConfigError::new(
        "the token's person is in no organization that could be read",
        "give the organization's id by `--org`, `TALLYFY_ORG_ID`, or `org` in the config",
    )
}

async fn picked<'a>(
    dialog: &mut Prompt<'_>,
    all: &'a [Organization],
) -> Result<&'a Organization, PromptStop> {
    dialog.say(&format!("You are in {} organizations. Which one?", all.len()))?;
    let mut shown: Vec<usize> = (0..all.len()).collect();
    loop {
        list(dialog, all, &shown)?;
        let answer = dialog.ask("number, or part of the name: ").await?;
        match meant(&answer, all) {
            TypedOrganization::One(at) => return Ok(&all[at]),
            TypedOrganization::Some(found) => shown = found,
            TypedOrganization::None => {
                dialog.say(&format!("none of them is called `{answer}`"))?;
                shown = (0..all.len()).collect();
            }
        }
    }
}

fn list(dialog: &mut Prompt<'_>, all: &[Organization], shown: &[usize]) -> Result<(), PromptStop> {
    for at in shown.iter().take(SHOWN) {
        let (number, id) = (at + 1, all[*at].id.chars().take(6).collect::<String>());
        dialog.say(&format!("{number:>4}  {}  ({id})", all[*at].name))?;
    }
    match shown.len().checked_sub(SHOWN) {
        Some(more @ 1..) => dialog.say(&format!("      and {more} more: type part of the name")),
        _ => Ok(()),
    }
}

/// What an answer means.
#[derive(Debug, PartialEq, Eq)]
enum TypedOrganization {
    One(usize),
    Some(Vec<usize>),
    None,
}

/// A number of the list is that one; anything else is part of a name or the beginning of an id.
fn meant(answer: &str, all: &[Organization]) -> TypedOrganization {
    let number = answer.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    if let Some(at) = number.filter(|at| *at < all.len()) {
        return TypedOrganization::One(at);
    }
    let wanted = folded(answer);
    let fits = |one: &Organization| {
        folded(&one.name).contains(&wanted) || one.id.starts_with(&answer.to_lowercase())
    };
    let found: Vec<usize> = (0..all.len()).filter(|at| fits(&all[*at])).collect();
    match found.as_slice() {
        [] => TypedOrganization::None,
        [one] => TypedOrganization::One(*one),
        _ => TypedOrganization::Some(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organizations() -> Vec<Organization> {
        let one = |name: &str, id: &str| Organization {
            id: id.into(),
            name: name.into(),
            admin: None,
            light: false,
            me: None,
        };
        vec![one("Acme Ltd", "a1"), one("Acme Österreich", "b2"), one("Contoso 2024", "c3")]
    }

    #[test]
    fn a_number_a_part_of_a_name_or_of_an_id_is_meant() {
        let all = organizations();
        for (answer, wanted) in [
            ("2", TypedOrganization::One(1)),
            ("OSTER", TypedOrganization::One(1)),
            ("contoso", TypedOrganization::One(2)),
            ("2024", TypedOrganization::One(2)),
            ("a1", TypedOrganization::One(0)),
            ("acme", TypedOrganization::Some(vec![0, 1])),
            ("", TypedOrganization::Some(vec![0, 1, 2])),
            ("0", TypedOrganization::One(2)),
            ("wombat", TypedOrganization::None),
        ] {
            assert_eq!(meant(answer, &all), wanted, "{answer}");
        }
    }
}
