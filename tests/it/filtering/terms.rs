//! Each sort of term, against the server's data.

use jiff::{Timestamp, ToSpan};
use serde_json::Value;
use tidyfy::model::kind::Kind;
use tidyfy::model::text::folded;
use tidyfy::sandbox::Settings;

use super::{filter, held, tags};
use crate::support::{Desk, Wanted};

/// What a term says of a record as the server holds it.
type Says = fn(&Value, &About<'_>) -> bool;

/// What else there is to know for that.
struct About<'a> {
    desk: &'a Desk,
}

impl About<'_> {
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

/// Types every term over everything there is of a kind, and holds the rows shown against what it says.
async fn prove(kind: Kind, terms: &[(&str, Says)]) {
    let sandbox = Settings { scale: 180, ..Settings::default() };
    let mut desk = Desk::with(Wanted { kind, sandbox, ..Wanted::default() }).await;
    if kind.row().archives() {
        desk.keys("s s").await;
        desk.rest().await;
    }
    // A tag that many things carry, so that its absence says something.
    let urgent = desk.server.ids("tags")[0].clone();
    desk.server.rename("tags", &urgent, "Keep");
    let all = desk.ids();
    for (term, says) in terms {
        filter(&mut desk, term).await;
        let about = About { desk: &desk };
        let meant: Vec<_> = all.iter().filter(|id| says(&held(&desk, id), &about)).cloned().collect();
        assert_eq!(desk.ids(), meant, "{term}");
        assert!((1..all.len()).contains(&meant.len()), "{term} lets {} through", meant.len());
        assert!(desk.shows(&format!("{} match", meant.len())), "{term}\n{}", desk.screen());
        assert!(!desk.shows("unknown for"), "{term}\n{}", desk.screen());
    }
    desk.keys("esc").await;
    desk.rest().await;
    assert_eq!(desk.ids(), all, "Esc drops the filter");
}

#[tokio::test(start_paused = true)]
async fn of_processes() {
    let terms: [(&str, Says); 28] = [
        ("onboarding", |row, _| name(row).contains("onboarding")),
        ("ZOE gmbh", |row, _| name(row).contains("zoe") && name(row).contains("gmbh")),
        ("\"data request\"", |row, _| name(row).contains("data request")),
        ("~onbac", |row, _| holds(&name(row), "onbac")),
        ("-onboarding", |row, _| !name(row).contains("onboarding")),
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
        ("-tag:keep", |row, _| !tags(row).contains(&"Keep".to_owned())),
        ("tag:keep", |row, _| tags(row).contains(&"Keep".to_owned())),
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
    prove(Kind::Processes, &terms).await;
}

#[tokio::test(start_paused = true)]
async fn of_templates_and_tasks() {
    let templates: [(&str, Says); 7] = [
        ("steps<5", |row, _| number(row, "steps_count") < 5),
        ("launched>=10", |row, _| number(row, "started_processes") >= 10),
        ("status:published", |row, _| text(row, "status") == "published"),
        ("title:review", |row, _| name(row).contains("review")),
        ("older:6m", |row, _| time(row, "last_updated") < Some("2026-05-20T14:02:00Z".parse().unwrap())),
        ("archived>2026", |row, _| time(row, "archived_at") >= Some(day("2027-01-01"))),
        ("archived<=2026", |row, _| time(row, "archived_at").is_some_and(|at| at < day("2027-01-01"))),
    ];
    // Nothing has been archived in the time to come.
    let templates: Vec<_> = templates.into_iter().filter(|(term, _)| *term != "archived>2026").collect();
    prove(Kind::Templates, &templates).await;
    let tasks: [(&str, Says); 7] = [
        ("status:not", |row, _| text(row, "status") == "not-started"),
        ("deadline>=2026-11-20", |row, _| time(row, "deadline") >= Some(day("2026-11-20"))),
        ("-deadline>=2026-11-20", |row, _| time(row, "deadline").is_some_and(|at| at < day("2026-11-20"))),
        ("owners:mia", |row, about| {
            row["owners"]["users"].as_array().unwrap().iter().any(|user| about.is_called(user, "mia"))
        }),
        ("owner:vendor", |row, _| row["owners"]["guests"].to_string().contains("vendor")),
        ("created:<60d", |row, about| time(row, "created_at") > Some(about.ago(60))),
        ("tag:keep", |row, _| tags(row).contains(&"Keep".to_owned())),
    ];
    prove(Kind::Tasks, &tasks).await;
}

#[tokio::test(start_paused = true)]
async fn of_files_tags_and_groups() {
    let files: [(&str, Says); 5] = [
        ("filename:contract", |row, _| name(row).contains("contract")),
        ("attached:template", |row, _| row["subject"]["type"] == "Checklist"),
        ("-subject:run", |row, _| row["subject"]["type"] != "Run"),
        ("older:120d", |row, about| time(row, "uploaded_at") <= Some(about.ago(120))),
        ("uploaded:>120d -attached:process", |row, about| {
            time(row, "uploaded_at") < Some(about.ago(120)) && row["subject"]["type"] != "Run"
        }),
    ];
    prove(Kind::Files, &files).await;
    let tags: [(&str, Says); 4] = [
        ("colour:dc39", |row, _| text(row, "color") == "#dc3912"),
        ("-color:dc39", |row, _| row["color"].is_string() && text(row, "color") != "#dc3912"),
        ("created<2026", |row, _| time(row, "created_at") < Some(day("2026-01-01"))),
        ("\"high risk\"", |row, _| name(row).contains("high risk")),
    ];
    prove_but_unknown(Kind::Tags, &tags).await;
    let groups: [(&str, Says); 4] = [
        ("members>2", |row, _| len(row, "members") > 2),
        ("guests:0", |row, _| len(row, "guests") == 0),
        ("members<=3 guests>0", |row, _| len(row, "members") <= 3 && len(row, "guests") > 0),
        ("older:1y", |row, _| time(row, "last_updated") < Some("2025-11-20T14:02:00Z".parse().unwrap())),
    ];
    prove(Kind::Groups, &groups).await;
}

/// An id stands for its record and no other.
#[tokio::test(start_paused = true)]
async fn an_id_finds_its_record() {
    let mut desk = Desk::open().await;
    let id = desk.ids()[7].clone();
    filter(&mut desk, &format!("id:{}", &id[..10])).await;
    assert_eq!(desk.ids(), [id.clone()]);
    filter(&mut desk, &format!("-id={id}")).await;
    assert_eq!(desk.ids().len(), desk.state().listing().loaded() - 1);
    assert!(!desk.ids().contains(&id));
}

/// The line that the documentation shows is understood as a whole, and each of its terms counts.
#[tokio::test(start_paused = true)]
async fn the_line_of_the_documentation() {
    let sandbox = Settings { scale: 180, ..Settings::default() };
    let mut desk = Desk::with(Wanted { sandbox, ..Wanted::default() }).await;
    let (keep, owner) = (desk.server.ids("tags")[0].clone(), 2044 + 7);
    desk.server.rename("tags", &keep, "keep");
    // One that matches it all; and for each term one that fails it alone.
    let active = desk.ids();
    let untagged: Vec<_> = active.iter().filter(|id| tags(&held(&desk, id)).is_empty()).take(7).collect();
    let tagged = active.iter().find(|id| tags(&held(&desk, id)).contains(&"keep".to_owned())).unwrap();
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

/// The server hides the status of what is archived, and with it no term of the line is lost.
async fn prove_but_unknown(kind: Kind, terms: &[(&str, Says)]) {
    let mut desk = Desk::with(Wanted { kind, ..Wanted::default() }).await;
    let all = desk.ids();
    for (term, says) in terms {
        filter(&mut desk, term).await;
        let about = About { desk: &desk };
        let meant: Vec<_> = all.iter().filter(|id| says(&held(&desk, id), &about)).cloned().collect();
        assert_eq!(desk.ids(), meant, "{term}");
        assert!((1..all.len()).contains(&meant.len()), "{term} lets {} through", meant.len());
        let lacking = all.iter().filter(|id| held(&desk, id)["color"].is_null()).count();
        let is_told = desk.shows(&format!("colour unknown for {lacking} row"));
        assert_eq!(is_told, lacking > 0 && term.contains("colo"), "{term}\n{}", desk.screen());
    }
}
