//! A server that answers what it is told to, byte for byte, and keeps what it was asked.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Canned {
    /// Writes these bytes and keeps the connection.
    Bytes(Vec<u8>),
    /// Writes these bytes and closes the connection.
    Last(Vec<u8>),
    /// Writes these bytes, then resets the connection.
    Reset(Vec<u8>),
    /// Writes these bytes, then nothing more, ever.
    Hang(Vec<u8>),
    /// Writes these bytes, then each of these pieces after a pause of 10 s.
    Slow(Vec<u8>, Vec<Vec<u8>>),
}

/// An answer with `head` (a status line's end, then header lines), a length, and `body`.
pub(crate) fn answer(head: &str, body: impl AsRef<[u8]>) -> Canned {
    Canned::Bytes(raw(head, body.as_ref().len(), body.as_ref()))
}

/// The bytes of an answer that announces `length` bytes and carries `body`.
pub(crate) fn raw(head: &str, length: usize, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\n\r\n").as_bytes(), body].concat()
}

/// An answer with JSON.
pub(crate) fn json(status: u16, body: &str) -> Canned {
    answer(&format!("{status} X\r\nContent-Type: application/json"), body)
}

/// A running server; it answers the requests it gets in the order of the answers it was given.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    left: Arc<Mutex<VecDeque<Canned>>>,
}

impl Server {
    pub(crate) async fn start(answers: impl IntoIterator<Item = Canned>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let left = Arc::new(Mutex::new(answers.into_iter().collect()));
        let (kept, given) = (Arc::clone(&heads), Arc::clone(&left));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&kept), Arc::clone(&given)));
            }
        });
        Self { address, heads, left }
    }

    /// The heads of all requests so far, as they came off the wire.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// The first lines of all requests so far, without the protocol.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |head: &String| head.lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
        self.heads().iter().map(line).collect()
    }

    /// How many answers nobody has asked for.
    pub(crate) fn answers_left(&self) -> usize {
        self.left.lock().unwrap().len()
    }
}

async fn serve(mut stream: TcpStream, heads: Arc<Mutex<Vec<String>>>, left: Arc<Mutex<VecDeque<Canned>>>) {
    while let Some(head) = head(&mut stream).await {
        heads.lock().unwrap().push(head);
        let canned = left.lock().unwrap().pop_front();
        match canned {
            Some(Canned::Bytes(bytes)) => stream.write_all(&bytes).await.unwrap(),
            Some(Canned::Last(bytes)) => return stream.write_all(&bytes).await.unwrap(),
            Some(Canned::Reset(bytes)) => {
                stream.write_all(&bytes).await.unwrap();
                return stream.set_zero_linger().unwrap();
            }
            Some(Canned::Slow(bytes, pieces)) => {
                stream.write_all(&bytes).await.unwrap();
                for piece in pieces {
                    tokio::time::sleep(Duration::from_secs(10)).await;
                    stream.write_all(&piece).await.unwrap();
                }
            }
            Some(Canned::Hang(bytes)) => {
                stream.write_all(&bytes).await.unwrap();
                std::future::pending::<()>().await;
            }
            None => panic!("one request too many"),
        }
    }
}

/// Reads one request; none here has a body.
async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => bytes.push(byte),
            Err(_) => return None,
        }
    }
    Some(String::from_utf8(bytes).unwrap())
}
