//! Answers that say no: every body E1 to E9, every status, every `Retry-After` (API sheet, section 4), and successes
//! that are none.

use std::time::Duration;

use tidyfy::model::failure::Cause;
use tidyfy::tallyfy::KeptKeys;

use super::canned::{Server, answer, json};
use super::{client, deleted, me};

#[tokio::test]
async fn every_documented_body_becomes_words_and_a_code() {
    let page = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><script>x</script></body></html>";
    for (name, status, body, words, code) in [
        (
            "E1",
            404,
            r#"{"error":true,"message":"Resource not found","code":"RESOURCE_NOT_FOUND"}"#,
            "Resource not found",
            Some("RESOURCE_NOT_FOUND"),
        ),
        (
            "E2",
            422,
            r#"{"error":true,"message":"The process must be archived first"}"#,
            "The process must be archived first",
            None,
        ),
        ("E2", 400, r#"{"message":"no"}"#, "no", None),
        (
            "E3",
            422,
            r#"{"error":true,"errors":{"type":["The type field is required."]}}"#,
            "The type field is required.",
            None,
        ),
        ("E4", 422, r#"{"message":"Invalid","errors":{"a":["x"]}}"#, "Invalid", None),
        ("E4", 422, r#"{"message":null,"errors":{"a":"x","b":[{"7":"y"}]}}"#, "x; y", None),
        (
            "E5",
            429,
            r#"{"message":"Slow down","code":"RATE_LIMIT_EXCEEDED"}"#,
            "Slow down",
            Some("RATE_LIMIT_EXCEEDED"),
        ),
        (
            "E6",
            409,
            r#"{"error":{"code":"SEAT_POOL_EXHAUSTED","message":"No seats","details":{"pool_type":"light"}}}"#,
            "No seats",
            Some("SEAT_POOL_EXHAUSTED"),
        ),
        ("E7", 401, r#"{"error":"invalid_client"}"#, "invalid_client", None),
        ("E8", 502, page, "a web page came instead of data: 502 Bad Gateway", None),
        ("E8", 500, "upstream\u{1b}[2J gone\n", "upstream\u{241b}[2J gone", None),
        ("E8", 503, "", "the server gave no reason (Service Unavailable)", None),
        (
            "E9",
            500,
            r#"{"message":"Trying to get property 'id' of non-object"}"#,
            "Trying to get property 'id' of non-object",
            None,
        ),
    ] {
        let failure = deleted(json(status, body)).await.unwrap_err();
        assert_eq!(
            (failure.status, failure.words.as_str(), failure.code.as_deref()),
            (Some(status), words, code),
            "{name}"
        );
        assert!(failure.hint().is_some(), "{name}");
    }
}

#[tokio::test]
async fn every_status_reads_as_what_it_is() {
    for (status, body, cause) in [
        (401, r#"{"error":true,"message":"unauthenticated"}"#, Cause::Unauthorized),
        (403, r#"{"message":"Cannot disable guest with incomplete tasks"}"#, Cause::Forbidden),
        (403, r#"{"message":"no","code":"RATE_LIMIT_EXCEEDED"}"#, Cause::RateLimited),
        (403, r#"{"message":"API rate limit reached"}"#, Cause::RateLimited),
        (403, "Too Many Requests", Cause::RateLimited),
        (404, "", Cause::NotFound),
        (400, "", Cause::Invalid),
        (409, "", Cause::Invalid),
        (410, "", Cause::Invalid),
        (422, "", Cause::Invalid),
        (429, "", Cause::RateLimited),
        (500, "", Cause::Server),
        (502, "", Cause::Server),
        (503, "", Cause::Server),
        (504, "", Cause::Server),
    ] {
        let failure = deleted(json(status, body)).await.unwrap_err();
        assert_eq!((failure.cause, failure.status), (cause, Some(status)), "{status} {body}");
        let server = Server::start([json(status, body)]).await;
        assert_eq!(me(&client(&server)).await.unwrap_err().cause, cause, "a GET reads no other: {status}");
    }
}

#[tokio::test]
async fn the_wait_the_server_asks_for_is_read() {
    let dated = "Date: Sun, 01 Mar 2026 09:30:00 GMT\r\nRetry-After: Sun, 01 Mar 2026 09:30:20 GMT";
    for (status, header, wait) in [
        (429, "Retry-After: 7", Some(7.0)),
        (429, "retry-after: 1.5", Some(1.5)),
        (429, "Retry-After: -3", Some(0.0)),
        (429, "Retry-After: 999999999999", Some(86_400.0)),
        (429, dated, Some(20.0)),
        (429, "Retry-After: Sun, 01 Mar 2020 09:30:20 GMT", Some(0.0)),
        (429, "Retry-After: later", None),
        (429, "X-Nothing: 1", None),
        (503, "Retry-After: 4", Some(4.0)),
    ] {
        let failure = deleted(answer(&format!("{status} X\r\n{header}"), "")).await.unwrap_err();
        assert_eq!(failure.retry_after, wait.map(Duration::from_secs_f64), "{header}");
    }
}

#[tokio::test]
async fn a_server_that_echoes_the_token_is_not_quoted_on_it() {
    for body in [
        r#"{"message":"bad token hunter2-hunter2-hunter2"}"#,
        "bad token hunter2-hunter2-hunter2",
        "<title>hunter2-hunter2-hunter2</title>",
    ] {
        let failure = deleted(json(401, body)).await.unwrap_err();
        assert!(failure.words.contains("[redacted]"), "{}", failure.words);
    }
    let echoed = r#"{"error":true,"message":"bad token hunter2-hunter2-hunter2"}"#;
    assert!(deleted(json(200, echoed)).await.unwrap_err().words.contains("[redacted]"));
}

#[tokio::test]
async fn a_success_that_cannot_be_trusted_is_none() {
    for (head, body) in [
        ("200 OK\r\nContent-Type: text/html", "<html><title>Sign in</title>"),
        ("200 OK\r\nContent-Type: application/json", " \n<!doctype html><title>Sign in</title>"),
        ("200 OK\r\nContent-Type: text/html", "plain"),
        ("200 OK\r\nContent-Type: application/json", r#"{"error":true,"message":"no"}"#),
        ("200 OK\r\nContent-Type: application/json", r#"{"error":{"message":"no"}}"#),
        ("200 OK\r\nContent-Type: application/json", r#"{"error":"no"}"#),
        ("200 OK\r\nContent-Type: application/json", r#"{"data":{"id":"#),
        ("200 OK\r\nContent-Type: application/json", "\u{0}\u{1}"),
    ] {
        let failure = deleted(answer(head, body)).await.unwrap_err();
        assert_eq!((failure.cause, failure.status), (Cause::Garbled, Some(200)), "{body}");
        let server = Server::start([answer(head, body)]).await;
        assert_eq!(me(&client(&server)).await.unwrap_err().cause, Cause::Garbled, "{body}");
    }
}

#[tokio::test]
async fn a_malformed_page_is_a_failure_and_not_a_page_without_rows() {
    for body in ["", "{}", r#"{"data":null}"#, r#"{"data":{"id":1}}"#, r#"{"message":"ok"}"#] {
        let server = Server::start([json(200, body)]).await;
        let page =
            client(&server).list("organizations/{org}/runs", None, &[], 1, 100, &KeptKeys::Whole).await;
        assert_eq!(page.unwrap_err().cause, Cause::Garbled, "{body}");
    }
}

#[tokio::test]
async fn text_that_is_not_unicode_is_read_as_far_as_it_goes() {
    let body = [b"\xef\xbb\xbf{\"data\":{\"name\":\"a".as_slice(), &[0xff], b"b\"}}"].concat();
    let server = Server::start([answer("200 OK\r\nContent-Type: application/json", body)]).await;
    assert_eq!(me(&client(&server)).await, Ok(serde_json::json!({"name": "a\u{fffd}b"})));
}
