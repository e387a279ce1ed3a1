//! One port for TLS and plain HTTP.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::middleware::map_request;
use axum::serve::{IncomingStream, Listener};
use rustls::server::Acceptor;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use crate::Certificates;

/// The byte with which a TLS connection begins: a record of a handshake.
const HANDSHAKE: u8 = 22;
/// A connection that says nothing for so long is closed: browsers open some that they may never use.
const SPEAKS: Duration = Duration::from_mins(1);
/// A handshake has so long.
const SHAKES: Duration = Duration::from_secs(10);
/// Connections that have not said what they are. One more, and the one that has been silent for longest makes room: a
/// browser needs one round trip, and whoever opens many to keep others out keeps out their own.
const WAITING: usize = 256;
/// Where the machine has no more sockets, it is asked again after so long.
const AGAIN: Duration = Duration::from_millis(500);

/// A connection that has said what it is.
#[derive(Debug)]
pub enum Arrival {
    /// Plain HTTP.
    Plain(TcpStream),
    /// HTTP within TLS.
    Secure(Box<TlsStream<TcpStream>>),
}

/// Listens on one port, for TLS and for plain HTTP.
#[derive(Debug)]
pub struct Door {
    address: io::Result<SocketAddr>,
    arrivals: mpsc::Receiver<(Arrival, SocketAddr)>,
    _task: JoinSet<()>,
}

impl Door {
    /// Begins to listen. Within a runtime.
    pub fn open(listener: TcpListener, certificates: Arc<Certificates>) -> Self {
        let address = listener.local_addr();
        let (to, arrivals) = mpsc::channel(16);
        let mut task = JoinSet::new();
        task.spawn(listen(listener, certificates, to));
        Self { address, arrivals, _task: task }
    }
}

async fn listen(listener: TcpListener, certificates: Arc<Certificates>, to: mpsc::Sender<(Arrival, SocketAddr)>) {
    let mut tasks = JoinSet::new();
    let mut waiting: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let (stream, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(e) => {
                // What went wrong with one connection is that one's; anything else is of the machine, and passes.
                if !matches!(e.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
                    tracing::error!("accepting a connection: {e}");
                    sleep(AGAIN).await;
                }
                continue;
            }
        };
        while tasks.try_join_next().is_some() {}
        waiting.retain(|task| !task.is_finished());
        if waiting.len() >= WAITING
            && let Some(longest) = waiting.pop_front()
        {
            longest.abort();
        }
        let (certificates, to) = (Arc::clone(&certificates), to.clone());
        waiting.push_back(tasks.spawn(async move {
            match welcome(stream, &certificates).await {
                Ok(arrival) => drop(to.send((arrival, from)).await),
                Err(e) => tracing::debug!("a connection from {from}: {e}"),
            }
        }));
    }
}

/// Waits until a connection says what it is.
async fn welcome(stream: TcpStream, certificates: &Certificates) -> io::Result<Arrival> {
    stream.set_nodelay(true)?;
    let mut first = [0];
    if timeout(SPEAKS, stream.peek(&mut first)).await?? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if first != [HANDSHAKE] {
        return Ok(Arrival::Plain(stream));
    }
    let at = stream.local_addr()?.ip();
    timeout(SHAKES, async {
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let config = certificates.answer(at, start.client_hello().server_name()).map_err(io::Error::other)?;
        Ok(Arrival::Secure(Box::new(start.into_stream(config).await?)))
    })
    .await?
}

impl Listener for Door {
    type Io = Arrival;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Arrival, SocketAddr) {
        match self.arrivals.recv().await {
            Some(arrival) => arrival,
            // The task listens for as long as this lives.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.address.as_ref().copied().map_err(|e| e.kind().into())
    }
}

impl AsyncRead for Arrival {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Secure(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Arrival {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Secure(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Secure(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Secure(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// Serves one router to all who arrive. Pages learn that a connection is secure as they do behind a reverse proxy: by
/// `x-forwarded-proto`.
#[derive(Clone, Debug)]
pub struct Welcome {
    plain: Router,
    secure: Router,
}

impl Welcome {
    /// Serves this router.
    pub fn new(router: Router) -> Self {
        let told = |mut request: Request| {
            request.headers_mut().insert("x-forwarded-proto", HeaderValue::from_static("https"));
            ready(request)
        };
        Self { plain: router.clone(), secure: Router::new().fallback_service(router).layer(map_request(told)) }
    }
}

impl tower::Service<IncomingStream<'_, Door>> for Welcome {
    type Response = Router;
    type Error = Infallible;
    type Future = Ready<Result<Router, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, arrived: IncomingStream<'_, Door>) -> Self::Future {
        let router = if matches!(arrived.io(), Arrival::Secure(_)) { &self.secure } else { &self.plain };
        ready(Ok(router.clone()))
    }
}
