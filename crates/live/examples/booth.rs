//! A hub and a school with a bad link between them, for a browser at each end: what `tests/browser/live.test.mjs` starts.
//! It prints its address, and serves a page at which one can speak at the hub and listen at the school.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::net::UdpSocket;
use std::sync::Arc;

use base::{Env, NodeId, Scope, Subject};
use link::{Bad, Link};
use live::{Booths, Door, Live, Saved, SeatId, Way};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[allow(dead_code)]
#[path = "../../link/tests/link/world.rs"]
mod world;
use world::{Node, dial, key, listen, relay_to};

const PAGE: &str = include_str!("booth.html");

struct Open;

impl Door for Open {
    fn may_join(&self, _: NodeId, _: Subject) -> bool {
        true
    }
    fn may_bring(&self, _: NodeId, _: Subject, _: NodeId) -> bool {
        true
    }
}

#[derive(Clone)]
struct Site {
    live: Live,
    booths: Arc<Booths>,
}

fn site(link: &Link, n: u8, class: Subject, way: Way) -> Site {
    let booths = Arc::new(Booths::default());
    let live = Live::start(link, key(n).id(), Env::system(), Arc::new(Open), vec![booths.clone()]).unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    booths.start(socket, vec![address], &live).unwrap();
    live.open(class, way, 0, Saved::default());
    Site { live, booths }
}

#[tokio::main]
async fn main() {
    let arguments: Vec<u64> = std::env::args().skip(1).map(|a| a.parse().unwrap()).collect();
    let get = |i: usize| arguments.get(i).copied().unwrap_or(0);
    let bad = Bad {
        bits_per_second: Some(get(0)).filter(|bits| *bits > 0),
        delay_ms: get(1),
        loss_permille: u32::try_from(get(2)).unwrap(),
        burst_ms: get(3),
        queue_bytes: Some(32_000),
        ..Bad::default()
    };
    let class = Subject::new(&Scope::Programme([7; 16]), 1_700_000_000_000, 1);
    let dir = tempfile::tempdir().unwrap();
    let (hub, school) = (Node::hub(dir.path(), &[1]), Node::open(dir.path(), 1));
    let (hub_link, address) = listen(&hub);
    let at_hub = site(&hub_link, 0, class, Way::Here);
    let relay = relay_to(address, bad).await;
    let link = dial(&school, relay.address());
    let at_school = site(&link, 1, class, Way::Via(key(0).id()));
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}", server.local_addr().unwrap());
    loop {
        let (mut stream, _) = server.accept().await.unwrap();
        let Some((what, body)) = request(&mut stream).await else { continue };
        let answer = match what.as_str() {
            "GET /" => PAGE.to_owned(),
            "POST /speak" => match at_hub.booths.speak(class, class, &body) {
                Ok(seated) => format!("{} {}", seated.id.0, seated.answer),
                Err(e) => e.to_string(),
            },
            "POST /floor" => {
                at_hub.booths.floor(SeatId(body.parse().unwrap()), Some(0));
                String::new()
            }
            "POST /listen" => match at_school.booths.listen(class, 0, None, &body) {
                Ok(seated) => format!("{} {}", seated.id.0, seated.answer),
                Err(e) => e.to_string(),
            },
            "GET /state" => {
                let counters = relay.counters();
                let wire: u64 = [counters.up, counters.down].iter().map(|way| way.bytes + 28 * way.packets).sum();
                let view = at_school.live.view(class, 0).unwrap();
                let heard = view.tracks.first().and_then(|t| at_school.live.ask(|_, hall| hall.heard_of(class, t.id)));
                let heard = heard.unwrap_or_default();
                format!(
                    r#"{{"wire":{wire},"lost":{},"reach":"{:?}","played":{},"concealed":{},"hold":{}}}"#,
                    counters.down.lost, view.reach, heard.played, heard.concealed, heard.hold_ms
                )
            }
            _ => String::new(),
        };
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n", answer.len());
        let _ = stream.write_all(format!("{head}Connection: close\r\n\r\n{answer}").as_bytes()).await;
    }
}

/// Method and path, and the body, of a request of a browser that means well.
async fn request(stream: &mut TcpStream) -> Option<(String, String)> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let len = stream.read(&mut buffer).await.ok().filter(|len| *len > 0)?;
        bytes.extend_from_slice(&buffer[..len]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
        if body.len() >= length.unwrap_or(0) {
            let first = head.split(' ').take(2).collect::<Vec<_>>().join(" ");
            return Some((first, body.to_owned()));
        }
    }
}
