//! How requests travel: on connections that are kept, packed where the server can, and by HTTP/2 where it has that.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tidyfy::model::network::NetworkVariables;
use tidyfy::sandbox::{Sandbox, SandboxSettings};
use tidyfy::tallyfy::network::Network;
use tokio::io::{AsyncReadExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// A way to `host` that counts the connections that are made over it.
pub(crate) async fn counted(host: String) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut here, _)) = listener.accept().await {
            counting.fetch_add(1, Ordering::Relaxed);
            let mut there = TcpStream::connect(&host).await.unwrap();
            tokio::spawn(async move { drop(copy_bidirectional(&mut here, &mut there).await) });
        }
    });
    (format!("http://{address}/api"), connections)
}

#[tokio::test]
async fn new_connection_goes_through_the_same_proxy() {
    let sandbox = Sandbox::start(SandboxSettings::default()).await.unwrap();
    let host = sandbox.base_url().replace("http://", "").replace("/api", "");
    let (proxy, connections) = counted(host).await;
    let access = ClientConfig {
        organization: sandbox.org().to_owned(),
        token: Token::new(sandbox.token()).unwrap(),
        base_url: BaseUrl::parse("http://tallyfy.invalid/api", true).unwrap(),
        ..access(&sandbox.base_url())
    };
    let variables = NetworkVariables::new([("HTTP_PROXY", proxy.replace("/api", ""))]);
    let network = Network::of(&variables, &access.base_url).unwrap();
    let client = Client::over(access, network).unwrap();
    let again = client.reconnected().unwrap();
    for (n, client) in [client, again].into_iter().enumerate() {
        client.list("organizations/{org}/runs", None, &[], 1, 10, &KeptKeys::Whole).await.unwrap();
        assert_eq!(connections.load(Ordering::Relaxed), n + 1);
    }
}

#[tokio::test]
async fn fifty_requests_share_their_connections() {
    let sandbox = Sandbox::start(SandboxSettings::default()).await.unwrap();
    let host = sandbox.base_url().replace("http://", "").replace("/api", "");
    let (base, connections) = counted(host).await;
    let access = ClientConfig {
        organization: sandbox.org().to_owned(),
        token: Token::new(sandbox.token()).unwrap(),
        ..access(&base)
    };
    let client = Client::new(access).unwrap();
    for page in 0..50 {
        client.list("organizations/{org}/runs", None, &[], page % 5 + 1, 10, &KeptKeys::Whole).await.unwrap();
    }
    assert_eq!(
        (sandbox.requests().len(), connections.load(Ordering::Relaxed)),
        (50, 1),
        "one after the other"
    );
    let round = || async {
        let four = (1..=4)
            .map(|page| client.list("organizations/{org}/runs", None, &[], page, 10, &KeptKeys::Whole));
        assert!(futures_util::future::join_all(four).await.into_iter().all(|listed| listed.is_ok()));
    };
    for _ in 0..10 {
        round().await;
    }
    let made = connections.load(Ordering::Relaxed);
    assert!(made <= 4, "{made} connections for 4 at a time");
    // Another token is another person's business, and travels apart; a clone does not.
    client.clone().read("me", None, &[]).await.unwrap();
    assert_eq!(connections.load(Ordering::Relaxed), made);
}

/// `plain` as gzip writes it, without making it smaller.
fn gzipped(plain: &[u8]) -> Vec<u8> {
    let length = u16::try_from(plain.len()).unwrap();
    let checksum = !plain.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xEDB8_8320 * (sum & 1)))
    });
    let head = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF, 1];
    [
        &head[..],
        &length.to_le_bytes(),
        &(!length).to_le_bytes(),
        plain,
        &checksum.to_le_bytes(),
        &u32::from(length).to_le_bytes(),
    ]
    .concat()
}

#[tokio::test]
async fn answers_may_come_packed() {
    let packed = gzipped(br#"{"data":{"id":7,"name":"packed"}}"#);
    let head = "200 X\r\nContent-Type: application/json\r\nContent-Encoding: gzip";
    let damaged = packed.iter().take(packed.len() / 2).copied().collect::<Vec<_>>();
    let server = Server::start([answer(head, &packed), answer(head, &damaged)]).await;
    let client = client(&server);
    assert_eq!(me(&client).await, Ok(serde_json::json!({"id": 7, "name": "packed"})));
    assert_eq!(header(&server.heads()[0], "accept-encoding"), ["gzip"]);
    let failure = me(&client).await.unwrap_err();
    assert_eq!(failure.cause, Cause::Broken, "half of a packed answer is no answer");
}

#[tokio::test]
async fn http_2_is_offered_first_on_a_secure_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let hello = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        // A record's head ends with the length of what follows.
        let mut head = [0; 5];
        stream.read_exact(&mut head).await.unwrap();
        let mut hello = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
        stream.read_exact(&mut hello).await.unwrap();
        hello
    });
    match Client::new(access(&format!("https://127.0.0.1:{port}"))) {
        // The listener hangs up after the greeting.
        Ok(client) => assert_eq!(me(&client).await.unwrap_err().cause, Cause::Unreachable),
        // Without certificates to trust there is no such client.
        Err(SetupError::Library(_)) => return,
        Err(other) => panic!("{other}"),
    }
    let hello = hello.await.unwrap();
    let offered = b"\x00\x0c\x02h2\x08http/1.1";
    assert!(hello.windows(offered.len()).any(|part| part == offered), "ALPN with h2 before http/1.1");
}
