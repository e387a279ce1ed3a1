//! Routes that programs ask, with a credential of their own in the address or as a bearer: any method, the body as it
//! came, the answer as it is. No session is read, so nobody's browser can be made to act in their name here.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, Method, Response, StatusCode, header};

use crate::serve::{add, plain};
use crate::{Route, Site};

/// What a program asks.
#[derive(Clone, Debug)]
pub struct Asked {
    /// How it asks.
    pub method: Method,
    /// The variable parts of the address.
    pub params: BTreeMap<String, String>,
    /// The type of its body, without what follows it.
    pub media: String,
    /// The token that it bears (RFC 6750).
    pub bearer: Option<String>,
    /// Its body.
    pub body: Bytes,
}

/// What a program is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answered {
    /// An answer without more.
    pub fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// With a header.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

pub(crate) type Machine = dyn Fn(&Site, &Asked) -> Answered + Send + Sync;

pub(crate) async fn answer(
    site: Arc<Site>,
    route: Arc<Route>,
    params: BTreeMap<String, String>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let said = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let media = said(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let bearer = said(header::AUTHORIZATION).split_once(' ').filter(|(how, _)| how.eq_ignore_ascii_case("bearer"));
    let bearer = bearer.map(|(_, token)| token.trim().to_owned());
    let asked = Asked { method, params, media, bearer, body };
    let done = tokio::task::spawn_blocking(move || route.machine.as_ref().map(|machine| machine(&site, &asked))).await;
    let Ok(Some(answered)) = done else { return plain(StatusCode::INTERNAL_SERVER_ERROR) };
    let mut response = plain(StatusCode::from_u16(answered.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    for (name, value) in &answered.headers {
        add(&mut response, HeaderName::from_static(name), value);
    }
    *response.body_mut() = Body::from(answered.body);
    response
}
