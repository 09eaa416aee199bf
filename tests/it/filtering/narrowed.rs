//! What a server is asked by a filter is never less than what the filter lets through.

use std::collections::BTreeSet;

use serde_json::json;
use tidyfy::model::catalog::Source;
use tidyfy::model::filter::Filter;
use tidyfy::model::kind::Kind;
use tidyfy::model::token::Token;
use tidyfy::sandbox::SandboxSettings;
use tidyfy::tallyfy::{BaseUrl, Client, ClientConfig, KeptKeys, Timeouts};

use super::{filter, held};
use crate::support::{Desk, Wanted};

/// Returns the ids that the server answers with when it is asked what the filter asks.
async fn answered(desk: &Desk, kind: Kind, source: &str) -> BTreeSet<String> {
    let client = Client::new(ClientConfig {
        base_url: BaseUrl::parse(&desk.server.base_url(), false).unwrap(),
        organization: desk.server.org().to_owned(),
        token: Token::new(desk.server.token()).unwrap(),
        read_only: true,
        timeouts: Timeouts::default(),
        body_cap: ClientConfig::BODY_CAP,
    })
    .unwrap();
    let Source::List(list) = &kind.row().source else { panic!() };
    let state = desk.state();
    let question = Filter::parse(kind, source, &state.setup.zone).unwrap().question(&state.people);
    let fixed = list.query.iter().map(|(key, value)| (*key, (*value).to_owned()));
    let query: Vec<_> = fixed.chain(question).collect();
    let listed = client.list(list.route, None, &query, 1, 100, &KeptKeys::Whole).await.unwrap();
    let id = |row: &serde_json::Value| match &row[kind.row().key] {
        serde_json::Value::String(id) => id.clone(),
        id => id.to_string(),
    };
    listed.rows.iter().map(id).collect()
}

#[tokio::test(start_paused = true)]
async fn server_narrowing_is_a_superset_of_the_filter() {
    for (kind, slug) in [(Kind::Processes, "runs"), (Kind::Templates, "checklists"), (Kind::Tasks, "tasks")] {
        let sandbox = SandboxSettings { scale: 60, ..SandboxSettings::default() };
        let mut desk = Desk::with(Wanted { kind, sandbox, ..Wanted::default() }).await;
        // Without an owner, who started or made it counts as the owner.
        for id in desk.ids().into_iter().step_by(2) {
            desk.server.edit(slug, &id, json!({"owner_id": null}));
        }
        desk.keys("R").await;
        desk.rest().await;
        let mut sources: BTreeSet<String> = BTreeSet::new();
        for id in desk.ids() {
            let row = held(&desk, &id);
            let people =
                [&row["owner_id"], &row["started_by"], &row["created_by"], &row["owners"]["users"][0]];
            for person in people.into_iter().filter(|person| !person.is_null()) {
                let person = person.as_str().map_or_else(|| person.to_string(), str::to_owned);
                let name = desk.state().people.names(&person);
                let field = if kind == Kind::Tasks { "owners" } else { "owner" };
                sources.insert(format!("{field}={person}"));
                sources.insert(format!("{field}=\"{name}\""));
                sources.insert(format!("{field}:{}", name.split(' ').next().unwrap()));
            }
            if let Some(status) = row["status"].as_str() {
                sources.insert(format!("status:{status}"));
                sources.insert(format!("status={status}"));
            }
            let tag = row["tags"]["data"][0]["title"].as_str();
            sources.extend(tag.map(|tag| format!("tag=\"{}\"", tag.to_uppercase())));
            let name = row["name"].as_str().or(row["title"].as_str()).unwrap_or_default();
            sources.extend(
                name.split(' ').find(|word| word.len() > 3 && word.is_ascii()).map(str::to_lowercase),
            );
        }
        let mut matched = 0;
        for source in sources.iter().filter(|source| !source.contains(['\\', '\u{1b}'])) {
            filter(&mut desk, source).await;
            if desk.state().listing().error.is_some() {
                continue;
            }
            let shown: BTreeSet<String> = desk.ids().into_iter().collect();
            let answered = answered(&desk, kind, source).await;
            let missed: Vec<_> = shown.difference(&answered).collect();
            assert!(missed.is_empty(), "{kind:?} {source}: {missed:?}");
            matched += shown.len();
        }
        assert!(matched > 40, "{kind:?}: {matched}");
    }
}
