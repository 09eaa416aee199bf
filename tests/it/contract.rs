//! The client against every rule of the API sheet that it must keep, byte for byte on the wire.

mod canned;
pub(crate) mod connections;
mod download;
mod errors;
mod refusals;

use std::time::Duration;

use tidyfy::model::catalog::{CATALOG, Method};
use tidyfy::model::failure::{Cause, Failure};
use tidyfy::model::id::Id;
use tidyfy::model::token::Token;
use tidyfy::tallyfy::{ActionResponse, BaseUrl, Client, ClientConfig, KeptKeys, SetupError, Timeouts};

use canned::{Canned, Server, answer, json};

const ORG: &str = "e0d1c2b3a4958677685a4b3c2d1e0f10";
const RUN: &str = "5d0c2a9be1f34a7788c1d2e3f4a5b6c7";
const TOKEN: &str = "hunter2-hunter2-hunter2";
const DELETE_RUN: &str = "organizations/{org}/runs/{id}/delete";

fn access(base: &str) -> ClientConfig {
    ClientConfig {
        base_url: BaseUrl::parse(base, false).unwrap(),
        organization: ORG.to_owned(),
        token: Token::new(TOKEN).unwrap(),
        read_only: false,
        timeouts: Timeouts { connect: Duration::from_secs(5), request: Duration::from_secs(20) },
        body_cap: ClientConfig::BODY_CAP,
    }
}

fn client(server: &Server) -> Client {
    Client::new(access(&format!("http://{}/api", server.address))).unwrap()
}

fn run() -> Id {
    Id::new(RUN).unwrap()
}

/// A failure that has been looked through for the token.
fn safe(failure: Failure) -> Failure {
    assert!(!format!("{failure} {failure:?}").contains("hunter2"), "the token shows");
    failure
}

async fn delete(client: &Client) -> Result<ActionResponse, Failure> {
    client.send(Method::Delete, DELETE_RUN, &run(), &[]).await.map_err(safe)
}

/// What a DELETE makes of one answer.
async fn deleted(canned: Canned) -> Result<ActionResponse, Failure> {
    let server = Server::start([canned]).await;
    let outcome = delete(&client(&server)).await;
    assert_eq!(server.heads().len(), 1, "one call is one attempt");
    outcome
}

async fn me(client: &Client) -> Result<serde_json::Value, Failure> {
    client.read("me", None, &[]).await.map_err(safe)
}

fn header<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
}

#[tokio::test]
async fn three_headers_go_with_every_request() {
    let server = Server::start([
        json(200, r#"{"data":[]}"#),
        json(200, r#"{"data":{}}"#),
        json(200, ""),
        json(200, ""),
    ])
    .await;
    let client = client(&server);
    client.list("organizations/{org}/runs", None, &[], 1, 100, &KeptKeys::Whole).await.unwrap();
    me(&client).await.unwrap();
    delete(&client).await.unwrap();
    client.send(Method::Put, "organizations/{org}/runs/{id}/activate", &run(), &[]).await.unwrap();
    for head in server.heads() {
        assert_eq!(header(&head, "authorization"), [format!("Bearer {TOKEN}")], "{head}");
        assert_eq!(header(&head, "accept"), ["application/json"], "{head}");
        assert_eq!(header(&head, "x-tallyfy-client"), ["APIClient"], "{head}");
        assert_eq!(header(&head, "user-agent"), [concat!("tidyfy/", env!("CARGO_PKG_VERSION"))], "{head}");
        assert!(header(&head, "content-type").is_empty(), "there is no body: {head}");
        assert!(header(&head, "referer").is_empty(), "{head}");
    }
    assert_eq!(server.heads().len(), 4);
}

#[tokio::test]
async fn every_route_of_the_catalog_arrives_as_written() {
    let actions: Vec<_> = CATALOG.iter().flat_map(|row| row.actions).collect();
    let server = Server::start(actions.iter().map(|_| json(200, ""))).await;
    let client = client(&server);
    let mut wanted = Vec::new();
    for action in actions {
        client.send(action.method, action.route, &run(), &[]).await.unwrap();
        let path = action.route.replace("{org}", ORG).replace("{id}", RUN);
        wanted.push(format!("{} /api/{path}", action.method.word()));
    }
    assert_eq!(server.lines(), wanted);
}

#[tokio::test]
async fn an_email_is_one_segment_on_the_wire() {
    let server = Server::start([json(200, r#"{"data":{}}"#)]).await;
    let guest = Id::new("ana+x@supplier.example").unwrap();
    client(&server).read("organizations/{org}/guests/{id}", Some(&guest), &[]).await.unwrap();
    let wanted = format!("GET /api/organizations/{ORG}/guests/ana%2Bx%40supplier.example");
    assert_eq!(server.lines(), [wanted]);
}

#[tokio::test]
async fn a_query_spells_a_space_as_percent_20() {
    let server = Server::start([json(200, r#"{"data":[]}"#)]).await;
    let query = [("q", "a b+c & d/é".to_owned()), ("with", "assets,tags".to_owned())];
    client(&server).list("organizations/{org}/tags", None, &query, 3, 100, &KeptKeys::Whole).await.unwrap();
    let wanted = "q=a%20b%2Bc%20%26%20d%2F%C3%A9&with=assets,tags&page=3&per_page=100";
    assert_eq!(server.lines(), [format!("GET /api/organizations/{ORG}/tags?{wanted}")]);
}

#[tokio::test]
async fn one_slash_joins_any_base_to_any_route() {
    for (path, wanted) in
        [("", "/me"), ("/", "/me"), ("/api", "/api/me"), ("/api//", "/api/me"), ("/a/b/", "/a/b/me")]
    {
        let server = Server::start([json(200, r#"{"data":{}}"#)]).await;
        let client = Client::new(access(&format!("http://{}{path}", server.address))).unwrap();
        me(&client).await.unwrap();
        assert_eq!(server.lines(), [format!("GET {wanted}")], "{path}");
    }
}

#[tokio::test]
async fn a_change_without_its_id_is_never_sent() {
    let server = Server::start([]).await;
    let failure =
        client(&server).send(Method::Delete, "organizations/{org}/runs", &run(), &[]).await.unwrap_err();
    assert_eq!((failure.cause, server.heads().len()), (Cause::Bug, 0));
}

#[tokio::test]
async fn a_read_only_client_cannot_send_a_change() {
    let server = Server::start([json(200, r#"{"data":{}}"#)]).await;
    let base = format!("http://{}/api", server.address);
    let client = Client::new(ClientConfig { read_only: true, ..access(&base) }).unwrap();
    for method in [Method::Put, Method::Delete] {
        let failure = client.send(method, DELETE_RUN, &run(), &[]).await.unwrap_err();
        assert_eq!((failure.status, failure.words.as_str()), (None, "read-only: nothing was sent"));
    }
    me(&client).await.unwrap();
    assert_eq!(server.lines(), ["GET /api/me"]);
}

#[test]
fn an_organization_that_is_no_id_makes_no_client() {
    for organization in ["", "..", "a/b", "%2E%2E"] {
        let access = ClientConfig { organization: organization.to_owned(), ..access("https://x/") };
        assert!(matches!(Client::new(access), Err(SetupError::Organization(_))), "{organization}");
    }
}

#[test]
fn the_token_is_in_no_debug_output() {
    let access = access("http://127.0.0.1:1/");
    let shown = format!("{access:?} {:?}", Client::new(access.clone()).unwrap());
    assert!(shown.contains(ORG) && !shown.contains("hunter2"));
}

#[tokio::test]
async fn a_page_of_a_list_comes_with_its_meta() {
    let body = r#"{"data":[{"id":1,"guest_link":"x"},{"id":2}],"meta":{"pagination":{"total":"12","per_page":2,
        "current_page":1,"total_pages":6,"links":{"next":"https://other.example/?page=2"}}}}"#;
    let server = Server::start([json(200, body)]).await;
    let page =
        client(&server).list("organizations/{org}/tags", None, &[], 1, 2, &KeptKeys::Whole).await.unwrap();
    assert_eq!(
        page.rows,
        [serde_json::json!({"id": 1, "guest_link": "[redacted]"}), serde_json::json!({"id": 2})]
    );
    assert_eq!((page.meta.total, page.meta.per_page, page.meta.next), (Some(12), Some(2), true));
}

#[tokio::test]
async fn a_record_comes_out_of_every_envelope() {
    for body in [r#"{"data":{"id":7}}"#, r#"{"data":[{"id":7}]}"#, r#"{"id":7}"#, r#"[{"id":7}]"#] {
        let server = Server::start([json(201, body)]).await;
        assert_eq!(me(&client(&server)).await, Ok(serde_json::json!({"id": 7})), "{body}");
    }
}

#[tokio::test]
async fn any_2xx_is_success_with_or_without_a_body() {
    for (canned, status, body) in [
        (json(200, r#"{"data":{"id":7}}"#), 200, Some(serde_json::json!({"data": {"id": 7}}))),
        (json(200, ""), 200, None),
        (answer("200 OK\r\nContent-Type: text/html; charset=UTF-8", ""), 200, None),
        (
            json(200, r#"{"message":"m","deleted_references":[]}"#),
            200,
            Some(serde_json::json!({"message": "m", "deleted_references": []})),
        ),
        (
            json(200, r#"{"error":false,"message":"m"}"#),
            200,
            Some(serde_json::json!({"error": false, "message": "m"})),
        ),
        (json(201, r#"{"data":{}}"#), 201, Some(serde_json::json!({"data": {}}))),
        (Canned::Bytes(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()), 204, None),
        (
            Canned::Last(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"data\":{\"id\":7}}".to_vec()),
            200,
            Some(serde_json::json!({"data": {"id": 7}})),
        ),
        (
            Canned::Bytes(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n".to_vec(),
            ),
            200,
            Some(serde_json::json!({})),
        ),
    ] {
        let answered = deleted(canned.clone()).await.unwrap();
        assert_eq!((answered.status, answered.body), (status, body), "{canned:?}");
    }
    for (canned, is_complete) in [
        (json(200, ""), true),
        (Canned::Bytes(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()), true),
        (Canned::Bytes(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_vec()), true),
        // Nobody can tell such an empty answer from one that was cut off.
        (Canned::Last(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec()), false),
    ] {
        assert_eq!(deleted(canned.clone()).await.unwrap().is_complete, is_complete, "{canned:?}");
    }
}

#[tokio::test]
async fn the_name_of_a_request_is_kept() {
    let head = "200 OK\r\nX-Request-Id: req-1";
    assert_eq!(deleted(answer(head, "")).await.unwrap().request_id.as_deref(), Some("req-1"));
    let head = "500 X\r\nX-Request-Id:  req-2 ";
    assert_eq!(deleted(answer(head, "")).await.unwrap_err().request_id.as_deref(), Some("req-2"));
    let head = "200 OK\r\nContent-Type: text/html\r\nX-Request-Id: hunter2-hunter2-hunter2";
    assert_eq!(deleted(answer(head, "<p>")).await.unwrap_err().request_id.as_deref(), Some("[redacted]"));
}

#[tokio::test]
async fn a_compressed_answer_is_read() {
    let packed: &[u8] = &[
        31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 171, 86, 74, 73, 44, 73, 84, 178, 170, 86, 202, 76, 81, 178, 82, 50,
        55, 87, 170, 173, 5, 0, 20, 21, 171, 242, 20, 0, 0, 0,
    ];
    let server = Server::start([answer("200 OK\r\nContent-Encoding: gzip", packed)]).await;
    assert_eq!(me(&client(&server)).await, Ok(serde_json::json!({"id": "77"})));
    assert!(header(&server.heads()[0], "accept-encoding")[0].contains("gzip"));
}
