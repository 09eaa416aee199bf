//! Each sort of term, against the server's data.

use jiff::{Timestamp, ToSpan};
use serde_json::Value;
use tidyfy::model::kind::Kind;
use tidyfy::model::text::folded;
use tidyfy::sandbox::SandboxSettings;

use super::{filter, held, is_kept, keep_some, tags};
use crate::support::{Desk, Wanted};

/// What a term says of a record as the server holds it.
type Says = fn(&Value, &About<'_>) -> bool;

/// What else there is to know for that.
struct About<'a> {
    desk: &'a Desk,
}

impl About<'_> {
    /// Whether a process shows the file among its kick-off answers, which are filed under its template (API sheet 7).
    fn is_in_a_process(&self, file: &Value) -> bool {
        let server = &self.desk.server;
        let id = text(file, "id");
        server
            .ids("runs")
            .iter()
            .any(|run| server.object("runs", run).unwrap()["prerun"].to_string().contains(id))
    }

    /// The instant that many days ago.
    fn ago(&self, days: i64) -> Timestamp {
        self.desk.state().now.wall.checked_sub((days * 24).hours()).unwrap()
    }

    /// Whether a person is called that: by a first or last name that begins so.
    fn is_called(&self, person: &Value, name: &str) -> bool {
        let id = person.as_str().map_or_else(|| person.to_string(), str::to_owned);
        begins(&self.desk.state().people.names(&id), name)
    }
}

/// Whether a word of it begins so.
fn begins(text: &str, start: &str) -> bool {
    folded(text).split(|letter: char| !letter.is_alphanumeric()).any(|word| word.starts_with(start))
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_default()
}

fn name(row: &Value) -> String {
    let name = ["name", "title", "filename"].iter().find_map(|key| row[*key].as_str()).unwrap();
    folded(name)
}

fn time(row: &Value, key: &str) -> Option<Timestamp> {
    row[key].as_str().map(|time| time.parse().unwrap())
}

fn day(day: &str) -> Timestamp {
    format!("{day}T00:00:00Z").parse().unwrap()
}

fn percent(row: &Value) -> f64 {
    row["progress"]["percent"].as_f64().unwrap()
}

fn number(row: &Value, key: &str) -> i64 {
    row[key].as_i64().or_else(|| row[key].as_str()?.parse().ok()).unwrap()
}

fn len(row: &Value, key: &str) -> usize {
    row[key].as_array().unwrap().len()
}

fn holds(name: &str, letters: &str) -> bool {
    let mut left = name.chars();
    letters.chars().all(|letter| left.any(|other| other == letter))
}

/// Types every term over everything there is of a kind, and holds the rows shown against what it says. Where some rows
/// lack the field of every term, given by its name and the server's, the line under the table tells how many.
async fn prove(kind: Kind, lacked: Option<(&str, &str)>, terms: &[(&str, Says)]) {
    let sandbox = SandboxSettings { scale: 180, ..SandboxSettings::default() };
    let mut desk = Desk::with(Wanted { kind, sandbox, ..Wanted::default() }).await;
    if kind.row().archives() {
        desk.keys("s s").await;
        desk.rest().await;
    }
    keep_some(&desk);
    let all = desk.ids();
    for (term, says) in terms {
        filter(&mut desk, term).await;
        let about = About { desk: &desk };
        let meant: Vec<_> = all.iter().filter(|id| says(&held(&desk, id), &about)).cloned().collect();
        assert_eq!(desk.ids(), meant, "{term}");
        assert!((1..all.len()).contains(&meant.len()), "{term} lets {} through", meant.len());
        assert!(desk.shows(&format!("{} match", meant.len())), "{term}\n{}", desk.screen());
        let told = lacked.map(|(name, key)| {
            let lacking = all.iter().filter(|id| held(&desk, id)[key].is_null()).count();
            format!("{name} unknown for {lacking} row")
        });
        assert!(desk.shows(told.as_deref().unwrap_or(" match ")), "{term}\n{}", desk.screen());
        assert_eq!(desk.shows("unknown for"), told.is_some(), "{term}\n{}", desk.screen());
    }
    desk.keys("esc").await;
    desk.rest().await;
    assert_eq!(desk.ids(), all, "Esc drops the filter");
}

#[tokio::test(start_paused = true)]
async fn of_processes() {
    let terms: [(&str, Says); 27] = [
        ("onboarding", |row, _| name(row).contains("onboarding")),
        ("ZOE gmbh", |row, _| name(row).contains("zoe") && name(row).contains("gmbh")),
        ("\"data request\"", |row, _| name(row).contains("data request")),
        ("~onbac", |row, _| holds(&name(row), "onbac")),
        ("name:zoe", |row, _| name(row).contains("zoe")),
        ("status:complete", |row, _| text(row, "status") == "complete"),
        ("-status:complete", |row, _| text(row, "status") != "complete"),
        ("status=active", |row, _| text(row, "status") == "active"),
        ("owner:ana", |row, about| about.is_called(&row["owner_id"], "ana")),
        ("-owner:ana", |row, about| !about.is_called(&row["owner_id"], "ana")),
        ("owner=2044", |row, _| number(row, "owner_id") == 2044),
        ("older:90d", |row, about| time(row, "last_updated") <= Some(about.ago(90))),
        ("-older:90d", |row, about| time(row, "last_updated") > Some(about.ago(90))),
        ("updated<2026-01-01", |row, _| time(row, "last_updated") < Some(day("2026-01-01"))),
        ("updated:2026-10", |row, _| {
            (Some(day("2026-10-01"))..Some(day("2026-11-01"))).contains(&time(row, "last_updated"))
        }),
        ("updated:<2w", |row, about| time(row, "last_updated") > Some(about.ago(14))),
        ("-tag:keep", |row, _| !tags(row).contains(&"keep".to_owned())),
        ("tag:keep", |row, _| tags(row).contains(&"keep".to_owned())),
        ("tag=\"to archive\"", |row, _| tags(row).contains(&"to archive".to_owned())),
        ("archived:>30d", |row, about| time(row, "archived_at").is_some_and(|at| at < about.ago(30))),
        // What was never archived has no such time, and is on neither side.
        ("-archived:>30d", |row, about| time(row, "archived_at").is_some_and(|at| at >= about.ago(30))),
        ("progress:100", |row, _| percent(row) == 100.0),
        ("progress<50%", |row, _| percent(row) < 50.0),
        ("-progress<50", |row, _| percent(row) >= 50.0),
        ("template:client", |row, _| begins(text(row, "checklist_title"), "client")),
        ("template=\"client onboarding\"", |row, _| {
            folded(text(row, "checklist_title")) == "client onboarding"
        }),
        ("owner:ana progress>=50 -template:client older:30d", |row, about| {
            about.is_called(&row["owner_id"], "ana")
                && percent(row) >= 50.0
                && !begins(text(row, "checklist_title"), "client")
                && time(row, "last_updated") <= Some(about.ago(30))
        }),
    ];
    prove(Kind::Processes, None, &terms).await;
}

#[tokio::test(start_paused = true)]
async fn of_templates_and_tasks() {
    let states: [(&str, Says); 2] = [
        ("status:published", |row, _| text(row, "status") == "published"),
        ("-status:published", |row, _| row["status"].is_string() && row["status"] != "published"),
    ];
    prove(Kind::Templates, Some(("status", "status")), &states).await;
    let templates: [(&str, Says); 5] = [
        ("steps<6", |row, _| number(row, "steps_count") < 6),
        ("launched>=15", |row, _| number(row, "started_processes") >= 15),
        ("title:review", |row, _| name(row).contains("review")),
        ("older:6m", |row, _| time(row, "last_updated") < Some("2026-05-20T14:02:00Z".parse().unwrap())),
        ("archived<=2026", |row, _| time(row, "archived_at").is_some_and(|at| at < day("2027-01-01"))),
    ];
    prove(Kind::Templates, None, &templates).await;
    let tasks: [(&str, Says); 5] = [
        ("status:not", |row, _| text(row, "status") == "not-started"),
        ("deadline>=2026-11-20", |row, _| time(row, "deadline") >= Some(day("2026-11-20"))),
        ("-deadline>=2026-11-20", |row, _| time(row, "deadline").is_some_and(|at| at < day("2026-11-20"))),
        ("created:<60d", |row, about| time(row, "created_at") > Some(about.ago(60))),
        ("tag:keep", |row, _| tags(row).contains(&"keep".to_owned())),
    ];
    prove(Kind::Tasks, None, &tasks).await;
}

#[tokio::test(start_paused = true)]
async fn of_files_tags_and_groups() {
    let files: [(&str, Says); 5] = [
        ("filename:contract", |row, _| name(row).contains("contract")),
        ("attached:template", |row, _| row["subject"]["type"] == "Checklist"),
        ("-subject:run", |row, _| row["subject"]["type"] != "Run"),
        ("older:120d", |row, about| time(row, "uploaded_at") <= Some(about.ago(120))),
        ("uploaded:>120d -attached:process", |row, about| {
            time(row, "uploaded_at") < Some(about.ago(120))
                && row["subject"]["type"] != "Run"
                && !about.is_in_a_process(row)
        }),
    ];
    prove(Kind::Files, None, &files).await;
    let colours: [(&str, Says); 2] = [
        ("colour:dc39", |row, _| text(row, "color") == "#dc3912"),
        ("-color:dc39", |row, _| row["color"].is_string() && text(row, "color") != "#dc3912"),
    ];
    prove(Kind::Tags, Some(("colour", "color")), &colours).await;
    let tags: [(&str, Says); 2] = [
        ("created<2026", |row, _| time(row, "created_at") < Some(day("2026-01-01"))),
        ("\"high risk\"", |row, _| name(row).contains("high risk")),
    ];
    prove(Kind::Tags, None, &tags).await;
    let groups: [(&str, Says); 4] = [
        ("members>2", |row, _| len(row, "members") > 2),
        ("guests:0", |row, _| len(row, "guests") == 0),
        ("members<=3 guests>0", |row, _| len(row, "members") <= 3 && len(row, "guests") > 0),
        ("older:1y", |row, _| time(row, "last_updated") < Some("2025-11-20T14:02:00Z".parse().unwrap())),
    ];
    prove(Kind::Groups, None, &groups).await;
}

/// Whom a task without anybody belongs to is not known, and so not known to be somebody else.
#[tokio::test(start_paused = true)]
async fn people_match_by_any_of_them_and_nobody_by_none() {
    let sandbox = SandboxSettings { scale: 180, ..SandboxSettings::default() };
    let mut desk = Desk::with(Wanted { kind: Kind::Tasks, sandbox, ..Wanted::default() }).await;
    let all = desk.ids();
    let users = |row: &Value| row["owners"]["users"].as_array().unwrap().clone();
    let is_anybodys = |row: &Value| !users(row).is_empty() || len(&row["owners"], "guests") > 0;
    let nobodys = all.iter().filter(|id| !is_anybodys(&held(&desk, id))).count();
    assert!(nobodys > 1);
    for (term, who, is_turned) in
        [("owners:mia", "mia", false), ("-owner:mia", "mia", true), ("owner:supplier", "supplier", false)]
    {
        filter(&mut desk, term).await;
        let about = About { desk: &desk };
        let is_meant = |row: &Value| {
            let guests = begins(&row["owners"]["guests"].to_string(), who);
            is_anybodys(row)
                && (guests || users(row).iter().any(|user| about.is_called(user, who))) != is_turned
        };
        let meant: Vec<_> = all.iter().filter(|id| is_meant(&held(&desk, id))).cloned().collect();
        assert_eq!(desk.ids(), meant, "{term}");
        assert!(!meant.is_empty(), "{term}");
        assert!(desk.shows(&format!("owners unknown for {nobodys} rows")), "{term}\n{}", desk.screen());
    }
}

/// The name of one that has none is not known, and so not known to be another.
#[tokio::test(start_paused = true)]
async fn turned_around_a_word_leaves_out_what_has_no_name() {
    let mut desk = Desk::open().await;
    let all = desk.ids();
    let named = |desk: &Desk, id: &String| name(&held(desk, id));
    assert_eq!(all.iter().filter(|id| named(&desk, id).is_empty()).count(), 1);
    for term in ["-onboarding", "-name:onboarding", "-~onboarding"] {
        filter(&mut desk, term).await;
        let matches = |name: &str| {
            if term.contains('~') { holds(name, "onboarding") } else { name.contains("onboarding") }
        };
        let others = |id: &&String| !named(&desk, id).is_empty() && !matches(&named(&desk, id));
        assert_eq!(desk.ids(), all.iter().filter(others).cloned().collect::<Vec<_>>(), "{term}");
        assert!(desk.shows("name unknown for 1 row "), "{term}\n{}", desk.screen());
    }
}

/// An id stands for its record and no other.
#[tokio::test(start_paused = true)]
async fn an_id_finds_its_record() {
    let mut desk = Desk::open().await;
    let id = desk.ids()[7].clone();
    filter(&mut desk, &format!("id:{}", &id[..10])).await;
    assert_eq!(desk.ids(), std::slice::from_ref(&id));
    filter(&mut desk, &format!("-id={id}")).await;
    assert_eq!(desk.ids().len(), desk.state().listing().loaded() - 1);
    assert!(!desk.ids().contains(&id));
}

/// The line that the documentation shows is understood as a whole, and each of its terms counts.
#[tokio::test(start_paused = true)]
async fn the_line_of_the_documentation() {
    let sandbox = SandboxSettings { scale: 180, ..SandboxSettings::default() };
    let mut desk = Desk::with(Wanted { sandbox, ..Wanted::default() }).await;
    keep_some(&desk);
    // One that matches it all; and for each term one that fails it alone.
    let active = desk.ids();
    let untagged: Vec<_> = active.iter().filter(|id| tags(&held(&desk, id)).is_empty()).take(7).collect();
    let tagged = active.iter().find(|id| is_kept(&desk, id)).unwrap();
    // The second of the members, Ana.
    let owner = 2044 + 7;
    let row = serde_json::json!({
        "name": "Has two words in it", "status": "complete", "owner_id": owner,
        "last_updated": "2025-10-01T08:00:00.000Z", "progress": {"percent": 100.0},
    });
    let changes = [
        serde_json::json!({}),
        serde_json::json!({"name": "Has words, two"}),
        serde_json::json!({"status": "active"}),
        serde_json::json!({"owner_id": 2044}),
        serde_json::json!({"last_updated": "2026-11-01T08:00:00.000Z"}),
        serde_json::json!({"progress": {"percent": 99.0}}),
        serde_json::json!({"last_updated": "2026-01-01T00:00:00.000Z"}),
    ];
    for (id, change) in untagged.iter().zip(changes) {
        assert!(desk.server.edit("runs", id, row.clone()) && desk.server.edit("runs", id, change));
    }
    assert!(desk.server.edit("runs", tagged, row.clone()));
    desk.keys("R").await;
    desk.rest().await;
    filter(
        &mut desk,
        "status:complete owner:ana older:90d updated<2026-01-01 -tag:keep progress:100 \"two words\"",
    )
    .await;
    assert_eq!(desk.ids(), [untagged[0].clone()]);
    // What is not archived has no such time.
    filter(
        &mut desk,
        "status:complete owner:ana older:90d updated<2026-01-01 -tag:keep archived:>30d progress:100 \"two words\"",
    )
    .await;
    assert!(desk.ids().is_empty() && desk.shows("0 match"), "{}", desk.screen());
}
