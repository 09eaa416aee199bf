//! What only the server knows: whose the token is, the organization, the role in it, and what time it is there.
//!
//! Owns these checks and what is said of them. Sends nothing but reads.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::super::whoami;
use crate::cli::doctor::report::DoctorReport;
use crate::cli::error::ExitReason;
use crate::cli::run;
use crate::config::{ConfigError, Settings};
use crate::model::catalog::{CATALOG, Permission};
use crate::model::failure::Failure;
use crate::model::limits::spoken;
use crate::model::plan::Organization;
use crate::model::token::Token;
use crate::tallyfy::{BaseUrl, Client, RateLimitHeaders, decode};

/// The checks made here, in order.
pub(super) const CHECKS: [&str; 4] = ["who", "organization", "role", "clock"];
/// The organization and the person in it (API sheet, section 6.11).
const ORGANIZATION: &str = "organizations/{org}";
const ME_IN_IT: &str = "organizations/{org}/me";
/// How far clocks may be apart.
const MOST_APART: SignedDuration = SignedDuration::from_secs(60);
/// How many organizations are named where the right one is not among them.
const NAMED: usize = 5;

/// Asks the server, and says what came of it.
pub(super) async fn look(page: &mut DoctorReport, settings: &Settings, base_url: BaseUrl, token: Token) {
    let client = match whoami::client(settings, base_url.clone(), settings.org.as_deref(), token) {
        Ok(client) => client,
        Err(error) => {
            page.error("who", &error);
            return CHECKS[1..].iter().for_each(|check| page.skipped(check, "no request can be made"));
        }
    };
    let (client, ear) = client.overheard();
    let person = whoami::person(&client).await;
    let now = Timestamp::now();
    let heard = ear.heard();
    match person {
        Ok(person) => {
            page.ok("who", &format!("{} ({})", person.name, person.id));
            standing(page, settings, &client, &base_url).await;
        }
        Err(failure) => {
            let code =
                if whoami::is_refused(&failure) { ExitReason::Authentication } else { ExitReason::Failure };
            page.fail("who", code, &whoami::unaccepted(&failure, &base_url));
            let why = if whoami::is_refused(&failure) {
                "the token was not accepted"
            } else {
                "the server did not say whose the token is"
            };
            CHECKS[1..3].iter().for_each(|check| page.skipped(check, why));
        }
    }
    clock(page, heard, now);
    page.hears_of_limits(heard.map(limits).unwrap_or_default());
}

/// The organization and the role in it.
async fn standing(page: &mut DoctorReport, settings: &Settings, client: &Client, base_url: &BaseUrl) {
    let Some(org) = &settings.org else {
        page.fail("organization", ExitReason::Usage, &run::no_org());
        return page.skipped("role", "no organization is named");
    };
    let listed = whoami::organizations(client).await;
    let listed = listed.as_ref().map(Vec::as_slice).unwrap_or_default();
    let is_ours = |row: &&Value| row.get("id").and_then(Value::as_str) == Some(org);
    let found = match listed.iter().find(is_ours) {
        Some(row) => Ok(row.clone()),
        // The list does not know it, or cannot be had: the organization itself may still answer.
        None => client.read(ORGANIZATION, None, &[]).await,
    };
    match found.as_ref().map(decode::organization) {
        Ok(Some(organization)) => {
            page.ok("organization", &format!("{} ({})", organization.name, organization.id));
            role(page, client, found.as_ref().ok()).await;
        }
        Ok(None) => {
            let words =
                format!("`{org}` is there, but its name could not be read, which blocks every change");
            page.fail("organization", ExitReason::Failure, &ConfigError::new(words, ""));
            page.skipped("role", "the organization could not be read");
        }
        Err(failure) => {
            page.fail("organization", ExitReason::Usage, &not_found(org, failure, listed, base_url));
            page.skipped("role", "the organization was not found");
        }
    }
}

fn not_found(org: &str, failure: &Failure, listed: &[Value], base_url: &BaseUrl) -> ConfigError {
    let known: Vec<Organization> = listed.iter().filter_map(decode::organization).collect();
    let names = known.iter().take(NAMED).map(|one| format!("{} (`{}`)", one.name, one.id));
    let hint = match known.len() {
        0 => "check the id, and that the token is of a member of it".to_owned(),
        n => format!("the token's person is in {n}: {}", names.collect::<Vec<_>>().join(", ")),
    };
    ConfigError::new(format!("`{org}` was not found on `{}`: {}", base_url.host(), failure.words), hint)
}

async fn role(page: &mut DoctorReport, client: &Client, organization: Option<&Value>) {
    let role = match organization.and_then(decode::role) {
        Some(role) => Some(role),
        None => client.read(ME_IN_IT, None, &[]).await.ok().as_ref().and_then(decode::role),
    };
    let of_members = refused(&[Permission::Admin]);
    match role.as_deref() {
        Some("admin" | "administrator") => page.ok("role", "admin: no action is refused for it"),
        Some("light") => page.warn(
            "role",
            &format!("light: refused are {}", refused(&[Permission::Admin, Permission::FullMember])),
            "ask an administrator of the organization for another role",
        ),
        Some(role) => page.warn(
            "role",
            &format!("{role}: refused are {of_members}"),
            "ask an administrator of the organization for these, or for another role",
        ),
        None => page.warn(
            "role",
            &format!("the server does not say; where it is not admin, refused are {of_members}"),
            "the dialog of these actions says so as well",
        ),
    }
}

/// Returns the actions that need one of `permissions`, in words.
fn refused(permissions: &[Permission]) -> String {
    let all = CATALOG.iter().flat_map(|row| row.actions.iter().map(move |action| (row, action)));
    let needing = all.filter(|(_, action)| permissions.contains(&action.permission));
    let words = needing.map(|(row, action)| format!("{} {}", row.words.action(action.action), row.plural));
    words.collect::<Vec<_>>().join(", ")
}

fn clock(page: &mut DoctorReport, heard: Option<RateLimitHeaders>, now: Timestamp) {
    let Some(heard) = heard else { return page.skipped("clock", "the server did not answer") };
    let Some(there) = heard.date else { return page.skipped("clock", "the server does not tell the time") };
    let skew = now.duration_since(there);
    let apart = spoken(skew.unsigned_abs());
    if skew.abs() <= MOST_APART {
        return page.ok("clock", &format!("{apart} from the server's"));
    }
    let side = if skew.is_negative() { "behind" } else { "ahead of" };
    page.warn(
        "clock",
        &format!(
            "this machine is {apart} {side} the server: ages such as `older:90d` and all times shown are off"
        ),
        "set the clock of this machine, best by the network",
    );
}

/// What the answer said about limits, to be put behind our own.
fn limits(quota: RateLimitHeaders) -> String {
    let Some(remaining) = quota.remaining else { return String::new() };
    let of = quota.limit.map(|limit| format!(" of {limit}")).unwrap_or_default();
    let again = quota.resets_in.map(|wait| format!(", all again in {}", spoken(wait))).unwrap_or_default();
    format!("; the server says that {remaining}{of} are left{again}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_actions_are_named_for_each_role() {
        let of_members = refused(&[Permission::Admin]);
        assert_eq!(
            of_members,
            "delete processes, delete templates, delete tags, disable members, enable members, delete members"
        );
        let of_light = refused(&[Permission::Admin, Permission::FullMember]);
        for action in ["archive processes", "restore templates", "delete folders", "delete tags"] {
            assert!(of_light.contains(action), "{action}: {of_light}");
        }
        assert!(!of_light.contains("tasks") && !of_light.contains("groups"), "{of_light}");
    }

    #[test]
    fn a_clock_that_is_off_is_a_warning_and_says_to_which_side() {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let said = |seconds: i64| {
            let mut page = DoctorReport::default();
            let date = Some(now + SignedDuration::from_secs(seconds));
            clock(&mut page, Some(RateLimitHeaders { date, ..RateLimitHeaders::default() }), now);
            page.text()
        };
        assert!(said(60).starts_with("ok") && said(-60).starts_with("ok") && said(0).starts_with("ok"));
        assert!(said(61).starts_with("warn") && said(61).contains("1 min 1 s behind the server"));
        assert!(said(-3600).contains("1 h 0 min ahead of the server"));
    }
}
