//! The bytes of files (API sheet, section 7): whole or not at all, and never from another place.

use std::time::Duration;

use tidyfy::model::failure::{Cause, Failure};
use tidyfy::model::id::Id;
use tidyfy::model::token::Token;
use tidyfy::sandbox::{Fault, FaultEffect, Operation, Sandbox, SandboxSettings};
use tidyfy::tallyfy::{Client, ClientConfig, Download};
use tokio::time::Instant;

use super::canned::{Canned, Server, answer, json, raw};
use super::{ORG, RUN, TOKEN, access, client, header, run, safe};

const ROUTE: &str = "organizations/{org}/file/{id}/dl";
const STREAM: &str =
    "200 OK\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"a.pdf\"";

async fn begun(server: &Server) -> Result<Download, Failure> {
    client(server).download(ROUTE, &run(), None).await.map_err(safe)
}

/// All bytes, or the failure that came in their place and stays.
async fn drained(mut download: Download) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    loop {
        match download.chunk().await.map_err(safe) {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return Ok(bytes),
            Err(failure) => {
                assert_eq!(download.chunk().await.unwrap_err(), failure, "a broken file has no end");
                return Err(failure);
            }
        }
    }
}

async fn fetched(canned: Canned) -> Result<Vec<u8>, Failure> {
    let server = Server::start([canned]).await;
    let bytes = drained(begun(&server).await?).await;
    assert_eq!(server.heads().len(), 1, "one call is one attempt");
    bytes
}

#[tokio::test]
async fn a_file_arrives_byte_for_byte() {
    let file: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let server = Server::start([answer(STREAM, &file)]).await;
    let download = begun(&server).await.unwrap();
    assert_eq!((download.status, download.length), (200, Some(300_000)));
    assert_eq!(drained(download).await.unwrap(), file);
    assert_eq!(server.lines(), [format!("GET /api/organizations/{ORG}/file/{RUN}/dl")]);
    let head = &server.heads()[0];
    assert_eq!(header(head, "accept"), ["application/json"], "errors stay JSON");
    assert_eq!(header(head, "accept-encoding"), ["identity"]);
    assert_eq!(header(head, "authorization"), [format!("Bearer {TOKEN}")]);
    assert_eq!(header(head, "x-tallyfy-client"), ["APIClient"]);
}

#[tokio::test]
async fn files_of_any_type_and_size_are_files() {
    for (head, file) in [
        (STREAM, ""),
        ("200 OK\r\nContent-Type: text/html\r\nContent-Disposition: attachment", "<html>saved page</html>"),
        ("200 OK\r\nContent-Type: application/json\r\nContent-Disposition: attachment", "{\"error\":true}"),
        ("200 OK\r\nContent-Type: application/octet-stream", "<html>"),
        ("200 OK\r\nContent-Type: application/pdf", "%PDF"),
        ("200 OK", "bare"),
    ] {
        assert_eq!(fetched(answer(head, file)).await.unwrap(), file.as_bytes(), "{head}");
    }
    let endless = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall".to_vec();
    assert_eq!(fetched(Canned::Last(endless)).await.unwrap(), b"all");
}

#[tokio::test]
async fn a_transfer_that_is_packed_all_the_same_is_unpacked() {
    let packed: &[u8] = &[
        31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 171, 86, 74, 73, 44, 73, 84, 178, 170, 86, 202, 76, 81, 178, 82, 50,
        55, 87, 170, 173, 5, 0, 20, 21, 171, 242, 20, 0, 0, 0,
    ];
    let server = Server::start([answer(&format!("{STREAM}\r\nContent-Encoding: gzip"), packed)]).await;
    let download = begun(&server).await.unwrap();
    assert_eq!(download.length, None, "the announced length is the packed one");
    assert_eq!(drained(download).await.unwrap(), b"{\"data\":{\"id\":\"77\"}}");
    assert_eq!(fetched(answer(STREAM, packed)).await.unwrap(), packed, "a packed file stays packed");
}

/// A backup counts only where the protocol shows the end of the very bytes that the server has.
#[tokio::test]
async fn a_backup_needs_an_end_that_is_shown() {
    let backup = async |canned: Canned| {
        let server = Server::start([canned]).await;
        let begun = client(&server).download(ROUTE, &run(), Some("a.pdf")).await.map_err(safe)?;
        drained(begun).await
    };
    let packed: &[u8] = &[
        31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 171, 86, 74, 73, 44, 73, 84, 178, 170, 86, 202, 76, 81, 178, 82, 50,
        55, 87, 170, 173, 5, 0, 20, 21, 171, 242, 20, 0, 0, 0,
    ];
    let bytes = |head: &str, body: &[u8]| Canned::Last([head.as_bytes(), b"\r\n\r\n", body].concat());
    assert_eq!(backup(answer(STREAM, "all")).await.unwrap(), b"all");
    assert_eq!(backup(answer(STREAM, "")).await.unwrap(), b"");
    let chunks = format!("HTTP/1.1 {STREAM}\r\nTransfer-Encoding: chunked");
    assert_eq!(backup(bytes(&chunks, b"3\r\nall\r\n0\r\n\r\n")).await.unwrap(), b"all");
    for (canned, cause) in [
        (bytes(&format!("HTTP/1.1 {STREAM}"), b"all"), Cause::Garbled),
        (bytes(&format!("HTTP/1.0 {STREAM}"), b"all"), Cause::Garbled),
        (bytes(&chunks, b"3\r\nall\r\n"), Cause::Broken),
        (Canned::Last(raw(STREAM, 4, b"all")), Cause::Broken),
        (answer(&format!("{STREAM}\r\nContent-Encoding: gzip"), packed), Cause::Garbled),
        (answer(&format!("{STREAM}\r\nContent-Encoding: br"), "all"), Cause::Garbled),
        (answer(STREAM, format!("{{\"message\":\"{TOKEN} is no token\"}}")), Cause::Garbled),
    ] {
        let failure = backup(canned.clone()).await.unwrap_err();
        assert_eq!(failure.cause, cause, "{canned:?}");
    }
}

#[tokio::test]
async fn what_is_not_the_file_is_no_success() {
    for canned in [
        answer("200 OK\r\nContent-Type: text/html; charset=UTF-8", "<title>Sign in</title>"),
        answer("200 OK\r\nContent-Type: text/html", ""),
        json(200, r#"{"error":true,"message":"no such file"}"#),
        json(200, r#"{"data":{"id":"7"}}"#),
        answer(&STREAM.replace("200 OK", "206 Partial Content"), "half"),
        Canned::Bytes(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()),
    ] {
        let failure = fetched(canned.clone()).await.unwrap_err();
        assert_eq!(failure.cause, Cause::Garbled, "{canned:?}");
        assert!(failure.status.is_some_and(|status| (200..300).contains(&status)));
    }
    let failure = fetched(answer("200 OK\r\nContent-Type: text/html", "<title>Sign in</title>")).await;
    assert_eq!(failure.unwrap_err().words, "a web page came instead of data: Sign in");
}

#[tokio::test]
async fn a_refused_download_is_the_usual_failure() {
    for (status, cause) in [
        (401, Cause::Unauthorized),
        (403, Cause::Forbidden),
        (404, Cause::NotFound),
        (429, Cause::RateLimited),
        (500, Cause::Server),
        (503, Cause::Server),
    ] {
        let failure = fetched(json(status, r#"{"message":"no"}"#)).await.unwrap_err();
        assert_eq!((failure.cause, failure.status, failure.words.as_str()), (cause, Some(status), "no"));
    }
}

#[tokio::test]
async fn a_file_that_ends_too_early_is_broken() {
    for canned in [
        Canned::Last(raw(STREAM, 100, b"half")),
        Canned::Reset(raw(STREAM, 100, b"half")),
        Canned::Last(format!("HTTP/1.1 {STREAM}\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n").into()),
    ] {
        let failure = fetched(canned.clone()).await.unwrap_err();
        assert_eq!((failure.cause, failure.status), (Cause::Broken, Some(200)), "{canned:?}");
    }
}

#[tokio::test]
async fn a_download_goes_to_no_other_origin() {
    let other = Server::start([answer(STREAM, "stolen")]).await;
    let away = |location: &str| answer(&format!("302 X\r\nLocation: {location}"), "");
    let server = Server::start([away(&format!("http://{}/x", other.address))]).await;
    assert_eq!(begun(&server).await.unwrap_err().cause, Cause::Redirected);
    assert!(other.heads().is_empty(), "the token has travelled");
    let server = Server::start([away("/api/stored"), answer(STREAM, "here")]).await;
    assert_eq!(drained(begun(&server).await.unwrap()).await.unwrap(), b"here");
    assert_eq!(header(&server.heads()[1], "accept-encoding"), ["identity"]);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_stands_still_times_out() {
    let server = Server::start([Canned::Hang(Vec::new()), Canned::Hang(raw(STREAM, 100, b"half"))]).await;
    assert_eq!(begun(&server).await.unwrap_err().cause, Cause::TimedOut);
    let mut download = begun(&server).await.unwrap();
    assert_eq!(download.chunk().await.unwrap().unwrap(), "half");
    let failure = download.chunk().await.unwrap_err();
    assert_eq!((failure.cause, failure.status), (Cause::TimedOut, Some(200)));
}

#[tokio::test(start_paused = true)]
async fn a_file_may_take_longer_than_a_request() {
    // Each piece comes within the 20 s that one request may take, all of them together do not.
    let pieces = ["one ", "two ", "three ", "four"].map(|piece| piece.as_bytes().to_vec());
    let server = Server::start([Canned::Slow(raw(STREAM, 18, b""), pieces.to_vec())]).await;
    let begin = Instant::now();
    assert_eq!(drained(begun(&server).await.unwrap()).await.unwrap(), b"one two three four");
    assert!(begin.elapsed() >= Duration::from_secs(40));
}

#[tokio::test]
async fn the_same_access_goes_on_with_another_token() {
    let server = Server::start([json(200, r#"{"data":{}}"#), json(200, r#"{"data":{}}"#)]).await;
    let base = format!("http://{}/api", server.address);
    let first = Client::new(ClientConfig { read_only: true, ..access(&base) }).unwrap();
    let second = first.with_token(Token::new("another").unwrap()).unwrap();
    for client in [&second, &first] {
        super::me(client).await.unwrap();
    }
    let sent: Vec<_> =
        server.heads().iter().map(|head| header(head, "authorization")[0].to_owned()).collect();
    assert_eq!(sent, ["Bearer another".to_owned(), format!("Bearer {TOKEN}")]);
    assert!(second.access().read_only, "the rest of the access stays");
    assert!(!format!("{second:?}").contains("another"));
}

#[tokio::test(start_paused = true)]
async fn a_file_of_some_megabytes_comes_from_the_sandbox_whole_or_not_at_all() {
    let sandbox =
        Sandbox::start(SandboxSettings { large_files: 1, ..SandboxSettings::default() }).await.unwrap();
    let large = |id: &String| sandbox.bytes(id).is_some_and(|bytes| bytes.len() > 1_000_000);
    let id = sandbox.ids("assets").into_iter().find(large).unwrap();
    let token = Token::new(sandbox.token()).unwrap();
    let organization = sandbox.org().to_owned();
    let client = Client::new(ClientConfig { organization, token, ..access(&sandbox.base_url()) }).unwrap();
    let fetch = async || drained(client.download(ROUTE, &Id::new(&id).unwrap(), None).await?).await;
    assert_eq!(fetch().await.unwrap(), sandbox.bytes(&id).unwrap());
    for (fault_effect, cause) in [
        (FaultEffect::Truncated, Cause::Broken),
        (FaultEffect::Garbage, Cause::Garbled),
        (FaultEffect::Html { status: 200, apply: false }, Cause::Garbled),
        (FaultEffect::ResetBefore, Cause::Broken),
        (FaultEffect::Hang { apply: false }, Cause::TimedOut),
    ] {
        sandbox.set_faults(vec![Fault::to(Operation::Download, fault_effect.clone())]);
        assert_eq!(fetch().await.unwrap_err().cause, cause, "{fault_effect:?}");
    }
}
