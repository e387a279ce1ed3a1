//! Conversations with a page over a WebSocket: who takes part is asked as for any route.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, Response, Uri, header};
use tokio::time::{Instant, timeout, timeout_at};

use crate::serve::{authorise, blocking, finish, is_own, read, respond};
use crate::{PageError, Request, Route, Site};

/// Bytes of one message from a page.
const MAX_MESSAGE: usize = 256 * 1024;

/// How long one waits for a page.
#[derive(Clone, Copy)]
struct Patience {
    /// A page of which nothing was heard for so long is asked whether it is there; its browser answers by itself.
    quiet: Duration,
    /// One of which nothing was heard for so long is gone, though the socket knows nothing of it: a tablet whose network went, a
    /// box without power.
    gone: Duration,
    /// A page that does not take what is said within this is gone, too.
    takes: Duration,
}

const PATIENCE: Patience =
    Patience { quiet: Duration::from_secs(15), gone: Duration::from_secs(45), takes: Duration::from_secs(20) };

/// One end of a conversation: messages of bytes, in order.
pub struct Socket {
    wire: WebSocket,
    patience: Patience,
    /// When something was heard of the page, and whether it was asked since.
    heard: Instant,
    asked: bool,
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Socket")
    }
}

impl Socket {
    fn new(socket: WebSocket, patience: Patience) -> Self {
        Self { wire: socket, patience, heard: Instant::now(), asked: false }
    }

    /// The next message; `None` when the page is gone. Nothing is lost where it is not waited for to the end.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            let patience = if self.asked { self.patience.gone } else { self.patience.quiet };
            match timeout_at(self.heard + patience, self.wire.recv()).await {
                Ok(message) => {
                    (self.heard, self.asked) = (Instant::now(), false);
                    match message? {
                        Ok(Message::Binary(bytes)) => return Some(bytes),
                        Ok(Message::Close(_)) | Err(_) => return None,
                        Ok(_) => {}
                    }
                }
                Err(_) if self.asked => return None,
                Err(_) => {
                    self.asked = true;
                    if !self.send(Message::Ping(Bytes::new())).await {
                        return None;
                    }
                }
            }
        }
    }

    /// Says something. False when the page is gone.
    pub async fn say(&mut self, message: impl Into<Bytes>) -> bool {
        self.send(Message::Binary(message.into())).await
    }

    async fn send(&mut self, message: Message) -> bool {
        matches!(timeout(self.patience.takes, self.wire.send(message)).await, Ok(Ok(())))
    }
}

pub(crate) async fn converse(
    site: Arc<Site>,
    route: Arc<Route>,
    params: BTreeMap<String, String>,
    uri: Uri,
    headers: HeaderMap,
    upgrade: Option<WebSocketUpgrade>,
) -> Response<Body> {
    let (site_1, route_1) = (Arc::clone(&site), Arc::clone(&route));
    let asked = tokio::task::spawn_blocking(move || {
        let request = read(&site_1, params, &uri, &headers, &[]);
        // A page of another site must not talk in the reader's name. A conversation changes nothing by being begun,
        // so the form's token is not asked.
        let result = authorise(&site_1, &route_1, &request)
            .and_then(|()| same_site(&request, &headers))
            .and_then(|()| (route_1.handle)(&site_1, &request));
        (request, result)
    });
    let Ok((request, result)) = asked.await else {
        return crate::serve::plain(axum::http::StatusCode::INTERNAL_SERVER_ERROR);
    };
    let refused = match (result, upgrade) {
        (Ok(_), Some(upgrade)) => {
            let Some(talk) = route.talk.clone() else {
                return crate::serve::plain(axum::http::StatusCode::NOT_FOUND);
            };
            let upgrade = upgrade.max_message_size(MAX_MESSAGE).max_frame_size(MAX_MESSAGE);
            return upgrade.on_upgrade(move |socket| talk(site, request, Socket::new(socket, PATIENCE)));
        }
        (Ok(_), None) => PageError::Malformed("a conversation needs a WebSocket"),
        (Err(e), _) => e,
    };
    finish(blocking(move || respond(&site, &request, Err(refused))).await, HeaderMap::new()).await
}

fn same_site(request: &Request, headers: &HeaderMap) -> Result<(), PageError> {
    let origin = headers.get(header::ORIGIN).and_then(|v| v.to_str().ok());
    if origin.is_none_or(|origin| is_own(request, origin)) { Ok(()) } else { Err(PageError::Stale) }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::mpsc;

    use super::*;

    const HASTE: Patience = Patience {
        quiet: Duration::from_millis(200),
        gone: Duration::from_millis(600),
        takes: Duration::from_millis(600),
    };

    /// A page in a conversation in which the node says so much at first; and what tells how the conversation ended.
    async fn page(says: usize) -> (TcpStream, mpsc::Receiver<&'static str>) {
        let (ended, ends) = mpsc::channel(1);
        let conversation = move |upgrade: WebSocketUpgrade| async move {
            upgrade.on_upgrade(move |socket| async move {
                let mut socket = Socket::new(socket, HASTE);
                let how = if socket.say(vec![0; says]).await { "gone" } else { "not taken" };
                while how == "gone" && socket.next().await.is_some() {}
                let _ = ended.send(how).await;
            })
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/", get(conversation))).await });
        let mut page = TcpStream::connect(at).await.unwrap();
        let hello = "GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                     sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        page.write_all(hello.as_bytes()).await.unwrap();
        (page, ends)
    }

    async fn within(ends: &mut mpsc::Receiver<&'static str>, ms: u64) -> Option<&'static str> {
        timeout(Duration::from_millis(ms), ends.recv()).await.ok().flatten()
    }

    #[tokio::test]
    async fn a_page_that_answers_nothing_is_gone() {
        let (_silent, mut ends) = page(0).await;
        assert_eq!(within(&mut ends, 5000).await, Some("gone"));
    }

    #[tokio::test]
    async fn a_page_that_says_nothing_stays_while_its_browser_answers() {
        let (mut page, mut ends) = page(0).await;
        let (mut bytes, mut asked) = ([0; 1024], 0);
        while asked < 8 {
            let len = page.read(&mut bytes).await.unwrap();
            // A ping, which a browser answers by itself.
            if bytes[..len].ends_with(&[0x89, 0]) {
                asked += 1;
                page.write_all(&[0x8a, 0x80, 0, 0, 0, 0]).await.unwrap();
            }
        }
        assert_eq!(within(&mut ends, 1).await, None);
        drop(page);
        assert_eq!(within(&mut ends, 5000).await, Some("gone"));
    }

    #[tokio::test]
    async fn a_page_that_takes_nothing_is_gone() {
        let (_full, mut ends) = page(64 << 20).await;
        assert_eq!(within(&mut ends, 5000).await, Some("not taken"));
    }
}
