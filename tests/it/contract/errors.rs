//! Redirects, timeouts, connections that fail or break, and answers without end: what is known then, and what is not.

use std::time::Duration;

use tidyfy::model::catalog::Method;
use tidyfy::model::failure::{Cause, Failure};
use tidyfy::tallyfy::{Client, ClientConfig, SetupError, Timeouts};
use tokio::net::TcpListener;

use super::canned::{Canned, Server, answer, json, raw};
use super::{DELETE_RUN, access, client, delete, deleted, me, run, safe};

fn redirect(status: u16, location: &str) -> Canned {
    answer(&format!("{status} X\r\nLocation: {location}"), "")
}

#[tokio::test]
async fn no_redirect_is_followed_for_a_change() {
    for status in [301, 302, 303, 307, 308] {
        for method in [Method::Put, Method::Delete] {
            let server = Server::start([redirect(status, "/api/elsewhere"), json(200, "")]).await;
            let failure =
                client(&server).send(method, DELETE_RUN, &run(), &[]).await.map_err(safe).unwrap_err();
            assert_eq!((failure.cause, failure.status), (Cause::Redirected, Some(status)));
            assert_eq!((server.heads().len(), server.answers_left()), (1, 1), "{status} was followed");
        }
    }
}

#[tokio::test]
async fn a_get_follows_a_redirect_within_its_origin() {
    for status in [301, 302, 303, 307, 308] {
        let server =
            Server::start([redirect(status, "/api/me?x=1"), json(200, r#"{"data":{"id":7}}"#)]).await;
        assert_eq!(me(&client(&server)).await, Ok(serde_json::json!({"id": 7})), "{status}");
        assert_eq!(server.lines(), ["GET /api/me", "GET /api/me?x=1"]);
    }
}

#[tokio::test]
async fn a_get_takes_the_token_to_no_other_origin() {
    let other = Server::start([json(200, r#"{"data":{}}"#)]).await;
    for status in [301, 302, 303, 307, 308] {
        let port = other.address.port();
        for location in [
            format!("http://{}/api/me", other.address),
            format!("//localhost:{port}/"),
            format!("https://127.0.0.1:{port}/"),
        ] {
            let server = Server::start([redirect(status, &location)]).await;
            let failure = me(&client(&server)).await.unwrap_err();
            assert_eq!((failure.cause, failure.status), (Cause::Redirected, Some(status)), "{location}");
            assert_eq!(server.heads().len(), 1);
        }
    }
    assert!(other.heads().is_empty(), "the token has travelled");
}

#[tokio::test]
async fn redirects_that_handle_nowhere_end() {
    let server = Server::start(vec![redirect(302, "/api/me"); 6]).await;
    assert_eq!(me(&client(&server)).await.unwrap_err().cause, Cause::Redirected);
    assert_eq!((server.heads().len(), server.answers_left()), (6, 0), "five are followed");
    for canned in
        [answer("302 X", ""), redirect(304, "/api/me"), redirect(300, "/api/me"), redirect(302, "http://[")]
    {
        let server = Server::start([canned]).await;
        let failure = me(&client(&server)).await.unwrap_err();
        assert_eq!((failure.cause, server.heads().len()), (Cause::Redirected, 1));
    }
}

fn impatient(server: &Server) -> Client {
    let timeouts = Timeouts { connect: Duration::from_secs(5), request: Duration::from_millis(150) };
    Client::new(ClientConfig { timeouts, ..access(&format!("http://{}", server.address)) }).unwrap()
}

#[tokio::test]
async fn no_answer_in_time_is_a_timeout_wherever_it_stops() {
    let heard = raw("200 OK", 100, b"{\"data\":");
    for bytes in [Vec::new(), b"HTTP/1.1 200 OK\r\nContent-".to_vec(), heard] {
        let server = Server::start([Canned::Hang(bytes.clone()), Canned::Hang(bytes)]).await;
        let client = impatient(&server);
        for failure in [me(&client).await.unwrap_err(), delete(&client).await.unwrap_err()] {
            assert_eq!((failure.cause, failure.status), (Cause::TimedOut, None));
            assert_eq!(failure.words, "no answer in under a second");
        }
    }
}

#[tokio::test]
async fn the_redirects_of_a_get_share_one_time() {
    let hang = [redirect(302, "/me"), Canned::Hang(Vec::new())];
    let server = Server::start(hang).await;
    assert_eq!(me(&impatient(&server)).await.unwrap_err().cause, Cause::TimedOut);
    assert_eq!(server.heads().len(), 2);
}

#[tokio::test]
async fn a_refusal_stands_even_if_its_body_does_not_end() {
    for (canned, cause) in [
        (Canned::Hang(raw("429 X\r\nRetry-After: 3", 100, b"{")), Cause::RateLimited),
        (Canned::Hang(raw("401 X", 100, b"{")), Cause::Unauthorized),
        (Canned::Last(raw("422 X", 100, b"{\"mess")), Cause::Invalid),
        (Canned::Reset(raw("502 X", 100, b"{\"mess")), Cause::Server),
    ] {
        let server = Server::start([canned]).await;
        assert_eq!(delete(&impatient(&server)).await.unwrap_err().cause, cause);
    }
}

#[tokio::test]
async fn a_connection_that_breaks_after_sending_leaves_the_outcome_open() {
    for canned in [
        Canned::Last(Vec::new()),
        Canned::Reset(Vec::new()),
        Canned::Last(b"HTTP/1.1 20".to_vec()),
        Canned::Last(b"SSH-2.0-nonsense\r\n\r\n".to_vec()),
        Canned::Last(raw("200 OK", 100, b"{\"data\":{")),
        Canned::Reset(raw("200 OK", 100, b"{\"data\":{")),
        Canned::Last(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n".to_vec()),
        Canned::Bytes(raw("200 OK\r\nContent-Encoding: gzip", 4, b"\x1f\x8b\x08\x00")),
    ] {
        let failure = deleted(canned.clone()).await.unwrap_err();
        assert_eq!(failure.cause, Cause::Broken, "{canned:?}: {failure}");
        let server = Server::start([canned]).await;
        assert_eq!(me(&client(&server)).await.unwrap_err().cause, Cause::Broken);
        assert_eq!(server.heads().len(), 1, "one call is one attempt");
    }
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_is_no_clear_failure_to_connect() {
    // The server answers and closes; whether the client notices before it sends again is a race. It must either use a
    // new connection or leave the outcome open, never claim that nothing was sent.
    let server = Server::start([Canned::Last(raw("200 OK", 0, b"")), json(200, "")]).await;
    let client = client(&server);
    delete(&client).await.unwrap();
    match delete(&client).await {
        Ok(_) => assert_eq!(server.heads().len(), 2),
        Err(failure) => assert_eq!(failure.cause, Cause::Broken),
    }
}

/// A port nobody listens on.
async fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn a_refused_connection_proves_that_nothing_was_sent() {
    let base = format!("http://127.0.0.1:{}/api", closed_port().await);
    let client = Client::new(access(&base)).unwrap();
    for failure in [delete(&client).await.unwrap_err(), me(&client).await.unwrap_err()] {
        assert_eq!((failure.cause, failure.status), (Cause::Unreachable, None));
        assert_eq!(failure.words, "`127.0.0.1` refused the connection");
    }
}

/// A DELETE over `https`, or nothing where the system trusts no certificates, so that no such client can be made.
async fn deleted_securely(port: u16, connect: Duration) -> Option<Failure> {
    let timeouts = Timeouts { connect, request: Duration::from_secs(20) };
    match Client::new(ClientConfig { timeouts, ..access(&format!("https://127.0.0.1:{port}")) }) {
        Ok(client) => Some(delete(&client).await.unwrap_err()),
        Err(SetupError::Library(_)) => None,
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_connection_that_is_not_secured_proves_that_nothing_was_sent() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    if let Some(failure) = deleted_securely(port, Duration::from_millis(150)).await {
        assert_eq!(failure.cause, Cause::Unreachable);
        assert_eq!(failure.words, "no connection to `127.0.0.1` in under a second");
    }
    let babbling = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = babbling.local_addr().unwrap().port();
    let talk = tokio::spawn(async move {
        let (stream, _) = babbling.accept().await.unwrap();
        stream.writable().await.unwrap();
        stream.try_write(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        stream
    });
    if let Some(failure) = deleted_securely(port, Duration::from_secs(5)).await {
        assert_eq!(failure.cause, Cause::Unreachable);
        assert_eq!(failure.words, "`127.0.0.1` does not speak TLS there");
        assert_eq!(failure.hint(), Some("check scheme and port of the address"));
    }
    talk.abort();
}

fn sparing(server: &Server) -> Client {
    Client::new(ClientConfig { body_cap: 1024, ..access(&format!("http://{}", server.address)) }).unwrap()
}

#[tokio::test]
async fn an_answer_without_end_is_cut() {
    let fits = format!("{{\"data\":{{\"id\":\"{}\"}}}}", "a".repeat(1024 - 18));
    let server = Server::start([json(200, &fits), json(200, &format!("{fits} "))]).await;
    assert_eq!(fits.len(), 1024);
    assert!(me(&sparing(&server)).await.is_ok());
    let failure = me(&sparing(&server)).await.unwrap_err();
    assert_eq!((failure.cause, failure.status), (Cause::Garbled, Some(200)));
}

#[tokio::test]
async fn an_answer_that_swells_is_cut() {
    // 64 KiB of spaces, packed.
    let mut packed =
        vec![31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 237, 193, 129, 0, 0, 0, 0, 128, 32, 149, 253, 41, 23, 169, 10];
    packed.extend([0; 63]);
    packed.extend([106, 148, 25, 44, 180, 0, 0, 1, 0]);
    let bomb = answer("200 OK\r\nContent-Encoding: gzip", packed);
    let server = Server::start([bomb.clone(), bomb]).await;
    let failure = delete(&sparing(&server)).await.unwrap_err();
    assert_eq!((failure.cause, failure.status), (Cause::Garbled, Some(200)));
    let blank = delete(&client(&server)).await.unwrap_err();
    assert_eq!(blank.words, "the answer holds nothing but white space", "it is whole");
}

#[tokio::test]
async fn a_long_refusal_is_still_one() {
    let server = Server::start([json(422, &"x".repeat(5000))]).await;
    assert_eq!(delete(&sparing(&server)).await.unwrap_err().cause, Cause::Invalid);
}
