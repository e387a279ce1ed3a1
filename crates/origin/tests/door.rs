//! One port, asked by real clients: over TLS, in plain HTTP, and by such that only disturb.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;
use base::Env;
use origin::{Authority, Certificates, Door, Welcome};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

struct Node {
    address: SocketAddr,
    authority: Arc<Authority>,
    _serves: JoinSet<()>,
}

async fn node() -> Node {
    let env = Env::system();
    let authority = Arc::new(Authority::make("Zampa test", &env).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let door = Door::open(listener, Arc::new(Certificates::new(Arc::clone(&authority), env).unwrap()));
    let said = |headers: HeaderMap| async move {
        headers.get("x-forwarded-proto").map_or("plain".to_owned(), |v| v.to_str().unwrap_or_default().to_owned())
    };
    let router = Router::new().route("/", get(said));
    let mut serves = JoinSet::new();
    serves.spawn(async move { axum::serve(door, Welcome::new(router)).await.unwrap() });
    Node { address, authority, _serves: serves }
}

async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> String {
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    said.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned()
}

impl Node {
    async fn plain(&self) -> String {
        ask(TcpStream::connect(self.address).await.unwrap()).await
    }

    async fn secure(&self, host: &str) -> std::io::Result<String> {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.certificate().to_vec().into()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(self.address).await?;
        let name = ServerName::try_from(host.to_owned()).unwrap();
        Ok(ask(TlsConnector::from(Arc::new(config)).connect(name, stream).await?).await)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_port_answers_both_and_says_which() {
    let node = node().await;
    assert_eq!(node.plain().await, "plain");
    for host in ["127.0.0.1", "localhost", "school-1.localhost", "box.local", "stage.box.local", "box.home.arpa"] {
        assert_eq!(node.secure(host).await.unwrap(), "https", "{host}");
    }
    for host in ["10.0.0.7", "zampa.example.org", "school"] {
        let refused = node.secure(host).await.unwrap_err().to_string();
        assert!(refused.contains("not valid for name"), "{host}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_disturbs_keeps_nobody_out() {
    let node = node().await;
    let mut held = Vec::new();
    // Connections that say nothing, that begin a handshake and leave it, and that say what is neither.
    for n in 0..600 {
        let mut stream = TcpStream::connect(node.address).await.unwrap();
        match n % 3 {
            0 => {}
            1 => stream.write_all(&[22, 3, 1, 2]).await.unwrap(),
            _ => stream.write_all(&[22; 300]).await.unwrap(),
        }
        held.push(stream);
        if n % 100 == 99 {
            let began = Instant::now();
            let asked = timeout(Duration::from_secs(5), async { (node.secure("localhost").await, node.plain().await) });
            let (secure, plain) = asked.await.expect("an answer");
            assert_eq!((secure.unwrap().as_str(), plain.as_str()), ("https", "plain"));
            println!("after {} that disturb: {:?}", n + 1, began.elapsed());
        }
    }
    // What was silent for longest has made room.
    let mut first = held.swap_remove(0);
    assert!(matches!(timeout(Duration::from_secs(5), first.read(&mut [0; 8])).await, Ok(Ok(0) | Err(_))));
}
