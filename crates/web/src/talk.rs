//! Conversations with a page over a WebSocket: who takes part is asked as for any route.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, Response, Uri, header};

use crate::serve::{authorise, blocking, finish, is_own, read, respond};
use crate::{PageError, Request, Route, Site};

/// Bytes of one message from a page.
const MAX_MESSAGE: usize = 256 * 1024;

/// One end of a conversation: messages of bytes, in order.
pub struct Socket(WebSocket);

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Socket")
    }
}

impl Socket {
    /// The next message; `None` when the page is gone.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            match self.0.recv().await? {
                Ok(Message::Binary(bytes)) => return Some(bytes),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Says something. False when the page is gone.
    pub async fn say(&mut self, message: impl Into<Bytes>) -> bool {
        self.0.send(Message::Binary(message.into())).await.is_ok()
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
            return upgrade.on_upgrade(move |socket| talk(site, request, Socket(socket)));
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
