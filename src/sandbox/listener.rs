//! Connections that can be broken off on purpose: a listener whose sockets listen to a switch.
//!
//! Owns sockets and how they die. Must not know why.

use std::{
    future::Future,
    io, mem,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// How many connections may wait to be taken.
const BACKLOG: u32 = 1024;
/// How long a port that somebody else has taken is waited for before it is tried again.
const RETRY: Duration = Duration::from_millis(50);

/// The listener: hands out sockets with a switch, and can refuse connections for a while.
#[derive(Debug)]
pub(super) struct SwitchedListener {
    held_port: HeldPort,
    address: SocketAddr,
    wanted: watch::Receiver<bool>,
    told: watch::Sender<bool>,
    /// Breaks off every connection that was taken since the door opened.
    lines: CancellationToken,
}

/// What holds the port.
#[derive(Debug)]
enum HeldPort {
    Open(TcpListener),
    /// Bound but not listening: connections are refused, and nobody else takes the port.
    Shut(TcpSocket),
    /// The port is not held.
    Off,
}

/// The handle that opens and shuts the listener.
#[derive(Debug)]
pub(super) struct ListenerSwitch {
    wanted: watch::Sender<bool>,
    told: watch::Receiver<bool>,
}

impl ListenerSwitch {
    /// Asks for the door to be open or shut; it soon is.
    pub(super) fn swing(&self, open: bool) {
        self.wanted.send_replace(open);
    }

    /// Waits until the door is as was asked last.
    pub(super) async fn settled(&self) {
        let wanted = *self.wanted.borrow();
        // An error says that the listener is gone for good, and with it every connection.
        drop(self.told.clone().wait_for(|open| *open == wanted).await);
    }
}

impl SwitchedListener {
    pub(super) fn new(listener: TcpListener, address: SocketAddr) -> (Self, ListenerSwitch) {
        let (wanted, asked) = watch::channel(true);
        let (told, heard) = watch::channel(true);
        let lines = CancellationToken::new();
        let connections = Self { held_port: HeldPort::Open(listener), address, wanted: asked, told, lines };
        (connections, ListenerSwitch { wanted, told: heard })
    }

    /// Breaks every connection off and takes none.
    fn shut(&mut self) {
        self.held_port = HeldPort::Off;
        mem::take(&mut self.lines).cancel();
        self.held_port = held(self.address).map_or(HeldPort::Off, HeldPort::Shut);
        self.told.send_replace(false);
    }

    async fn open(&mut self) {
        let opened = match mem::replace(&mut self.held_port, HeldPort::Off) {
            HeldPort::Open(listener) => Ok(listener),
            HeldPort::Shut(socket) => socket.listen(BACKLOG),
            HeldPort::Off => TcpListener::bind(self.address).await,
        };
        match opened {
            Ok(listener) => {
                self.held_port = HeldPort::Open(listener);
                self.told.send_replace(true);
            }
            Err(_) => tokio::time::sleep(RETRY).await,
        }
    }

    fn line(&self, stream: TcpStream) -> SwitchedSocket {
        // Answers are small and awaited; a socket that cannot do without Nagle works all the same.
        drop(stream.set_nodelay(true));
        let shut = Box::pin(self.lines.clone().cancelled_owned());
        SwitchedSocket { stream, wire: ConnectionSwitch::default(), lines: self.lines.clone(), shut }
    }
}

/// A socket that has the port and does not listen.
fn held(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// The switch of one connection; travels with each of its requests.
#[derive(Debug, Clone, Default)]
pub(super) struct ConnectionSwitch(Arc<AtomicBool>);

impl ConnectionSwitch {
    /// From now on nothing more is written: the next attempt resets the connection.
    pub(super) fn cut(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// A socket with its switch.
#[derive(Debug)]
pub(super) struct SwitchedSocket {
    stream: TcpStream,
    wire: ConnectionSwitch,
    lines: CancellationToken,
    shut: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Listener for SwitchedListener {
    type Io = SwitchedSocket;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (SwitchedSocket, SocketAddr) {
        loop {
            let open = *self.wanted.borrow_and_update();
            match &mut self.held_port {
                HeldPort::Open(listener) if open => tokio::select! {
                    (stream, address) = Listener::accept(listener) => return (self.line(stream), address),
                    Ok(()) = self.wanted.changed() => {}
                },
                HeldPort::Open(_) => self.shut(),
                HeldPort::Shut(_) | HeldPort::Off if open => self.open().await,
                HeldPort::Shut(_) | HeldPort::Off => {
                    // Nobody is left to open it when this fails.
                    if self.wanted.changed().await.is_err() {
                        std::future::pending::<()>().await;
                    }
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl Connected<IncomingStream<'_, SwitchedListener>> for ConnectionSwitch {
    fn connect_info(stream: IncomingStream<'_, SwitchedListener>) -> Self {
        stream.io().wire.clone()
    }
}

impl SwitchedSocket {
    /// An error once the switch is thrown. The socket then closes with a reset, not with an orderly end.
    fn alive(&self) -> io::Result<()> {
        if self.wire.0.load(Ordering::Acquire) || self.lines.is_cancelled() {
            self.stream.set_zero_linger()?;
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl AsyncRead for SwitchedSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // A quiet connection waits here, and has to hear that the door was shut.
        if self.shut.as_mut().poll(context).is_ready() {
            self.alive()?;
        }
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for SwitchedSocket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.alive()?;
        Pin::new(&mut self.stream).poll_write(context, from)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.alive()?;
        Pin::new(&mut self.stream).poll_write_vectored(context, from)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.alive()?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.alive()?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
