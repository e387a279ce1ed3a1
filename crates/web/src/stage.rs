//! The stage: where packages that bring scripts of their own are played. It is the same node under another name, so that
//! nothing of it can reach what is signed in here: no session is read there, and every page is told what it may do.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{RawPathParams, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri, header};
use axum::routing::get;
use base::Hash;

use crate::serve::{add, named, page, plain, ranges, read, static_file, streamed};
use crate::written::written;
use crate::{PageError, Reply, Request, Route, Site, Writing};

/// What the stage's name has before the node's.
const LABEL: &str = "stage.";

/// What a package may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freedom {
    /// To be read: nothing runs.
    Read,
    /// Scripts run, with what they keep in this place's own storage. None of it reaches another address.
    Run,
}

/// What the stage shows.
#[derive(Clone, Debug)]
pub enum Staged {
    /// A page of ours around a package.
    Page(String),
    /// Another address of the stage.
    Moved(String),
    /// Bytes that were packed.
    Bytes {
        /// What they are.
        media: String,
        /// They.
        bytes: Vec<u8>,
    },
    /// Bytes that lie in a file, streamed, in parts if they are asked for.
    Slice {
        /// The file's content.
        hash: Hash,
        /// What they are.
        media: String,
        /// Where they begin.
        from: u64,
        /// How many they are.
        len: u64,
    },
    /// A file of a package, streamed, in parts if they are asked for.
    File {
        /// Its content.
        hash: Hash,
        /// What it is.
        media: String,
    },
}

/// The name of the stage beside the name that a node was asked under; both with their port. `None` where a node was asked
/// by its address, beside which there is no other name.
pub fn stage_of(host: &str) -> Option<String> {
    let name = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(host, |(name, _)| name);
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    let address = name.parse::<IpAddr>().is_ok();
    (plain && !address && !is_stage(host)).then(|| format!("{LABEL}{host}"))
}

pub(crate) fn is_stage(host: &str) -> bool {
    host.starts_with(LABEL)
}

pub(crate) fn serve(site: Arc<Site>, routes: Vec<Route>) -> Router {
    let mut router = Router::new().route("/static/{name}", get(static_file));
    for route in routes {
        let (path, route) = (route.path.clone(), Arc::new(route));
        let handler = move |State(site): State<Arc<Site>>, params: RawPathParams, uri: Uri, headers: HeaderMap| {
            play(site, Arc::clone(&route), params, uri, headers)
        };
        router = router.route(&path, get(handler));
    }
    router.with_state(site)
}

/// Something of a package. Of what a browser sends, only the address and the part that is wanted count.
async fn play(
    site: Arc<Site>,
    route: Arc<Route>,
    params: RawPathParams,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    let host = headers.get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    // No script of a package stays behind all pages of the stage.
    if headers.contains_key("service-worker") {
        return nothing(&host);
    }
    let mut asked = HeaderMap::new();
    asked.extend(headers.get(header::HOST).map(|host| (header::HOST, host.clone())));
    let params = named(&params);
    let found = tokio::task::spawn_blocking(move || found(&site, &route, &read(&site, params, &uri, &asked, &[])));
    let Some((what, freedom)) = found.await.ok().flatten() else { return nothing(&host) };
    let mut response = match what {
        Found::Page(html) => page(StatusCode::OK, html),
        Found::File(path, media) => streamed(path, &media, ranges(&headers)).await,
        Found::Moved(place) => {
            let mut response = plain(StatusCode::FOUND);
            add(&mut response, header::LOCATION, &place);
            response
        }
        Found::Bytes(media, bytes) => {
            let mut response = Response::new(Body::from(bytes));
            add(&mut response, header::CONTENT_TYPE, &media);
            response
        }
        Found::Slice(path, media, from, len) => slice(path, &media, from, len, headers.get(header::RANGE)),
    };
    confine(&mut response, &host, freedom);
    response
}

enum Found {
    Page(String),
    File(PathBuf, String),
    Moved(String),
    Bytes(String, Vec<u8>),
    Slice(PathBuf, String, u64, u64),
}

fn found(site: &Site, route: &Route, request: &Request) -> Option<(Found, Freedom)> {
    match (route.handle)(site, request) {
        Ok(Reply::Stage(Staged::Page(html), freedom)) => Some((Found::Page(html), freedom)),
        Ok(Reply::Stage(Staged::File { hash, media }, freedom)) => {
            site.blobs.has(&hash).then(|| (Found::File(site.blobs.path(&hash), media), freedom))
        }
        Ok(Reply::Stage(Staged::Moved(place), freedom)) => Some((Found::Moved(place), freedom)),
        Ok(Reply::Stage(Staged::Bytes { media, bytes }, freedom)) => Some((Found::Bytes(media, bytes), freedom)),
        Ok(Reply::Stage(Staged::Slice { hash, media, from, len }, freedom)) => {
            site.blobs.has(&hash).then(|| (Found::Slice(site.blobs.path(&hash), media, from, len), freedom))
        }
        Ok(_) | Err(PageError::NotFound) => None,
        Err(e) => {
            tracing::error!(path = request.path, "{e}");
            None
        }
    }
}

/// A part of a file as an answer, or the part of that part that is asked for.
fn slice(path: PathBuf, media: &str, from: u64, len: u64, asked: Option<&HeaderValue>) -> Response<Body> {
    let wanted = asked.and_then(|a| a.to_str().ok()).map_or(Wanted::Whole, |a| range(a, len));
    let (first, count) = match wanted {
        Wanted::Whole => (0, len),
        Wanted::Part(first, last) => (first, last - first + 1),
        Wanted::Beyond => {
            let mut response = plain(StatusCode::RANGE_NOT_SATISFIABLE);
            add(&mut response, header::CONTENT_RANGE, &format!("bytes */{len}"));
            return response;
        }
    };
    let body = written(Writing(Box::new(move |out| {
        let read = File::open(path).and_then(|mut file| {
            file.seek(SeekFrom::Start(from + first))?;
            Ok(file.take(count))
        });
        // Who looks for another place in a film goes away from this one: that is no fault.
        read.and_then(|mut part| io::copy(&mut part, out)).map(drop).or(Ok(()))
    })));
    let mut response = Response::new(body);
    add(&mut response, header::CONTENT_TYPE, media);
    add(&mut response, header::CONTENT_LENGTH, &count.to_string());
    add(&mut response, header::ACCEPT_RANGES, "bytes");
    if wanted != Wanted::Whole {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        add(&mut response, header::CONTENT_RANGE, &format!("bytes {first}-{}/{len}", first + count - 1));
    }
    response
}

/// What is wanted of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// All of it.
    Whole,
    /// From one byte to another, both with it.
    Part(u64, u64),
    /// Bytes that it does not have.
    Beyond,
}

/// What a browser asks of so many bytes. Several ranges at once are not sent apart: then it is the whole.
fn range(asked: &str, len: u64) -> Wanted {
    let read = || {
        let (first, last) = asked.strip_prefix("bytes=")?.split_once('-')?;
        let number = |said: &str| said.trim().parse::<u64>().ok();
        Some(match (first.trim(), last.trim()) {
            ("", last) => (len.saturating_sub(number(last)?), len),
            (first, "") => (number(first)?, len),
            (first, last) => (number(first)?, number(last)?.saturating_add(1).min(len)),
        })
    };
    match read() {
        None => Wanted::Whole,
        Some((first, end)) if first < end => Wanted::Part(first, end - 1),
        Some(_) => Wanted::Beyond,
    }
}

/// What every answer of the stage says: what may run, that nothing goes elsewhere, and who may show it.
fn confine(response: &mut Response<Body>, host: &str, freedom: Freedom) {
    let around = host.strip_prefix(LABEL).unwrap_or("'none'");
    let own = "'self' data: blob:";
    let policy = match freedom {
        Freedom::Read => format!(
            "sandbox; default-src {own} 'unsafe-inline'; script-src 'none'; object-src 'none'; base-uri 'self'; \
             form-action 'none'; frame-ancestors 'self' {around}"
        ),
        Freedom::Run => format!(
            "sandbox allow-scripts allow-same-origin allow-forms; default-src {own} 'unsafe-inline' 'unsafe-eval'; \
             object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self' {around}"
        ),
    };
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        // Fonts of what is only read are asked for from nowhere; the address is the key, and no cookie is read.
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::CACHE_CONTROL, "private, max-age=600"),
    ] {
        response.headers_mut().remove(&name);
        add(response, name, value);
    }
    // Nothing of the node's hardware, and nothing of the device's.
    let features = "camera=(), microphone=(), geolocation=(), usb=(), bluetooth=(), payment=()";
    add(response, header::HeaderName::from_static("permissions-policy"), features);
}

/// What the stage says where there is nothing.
fn nothing(host: &str) -> Response<Body> {
    let mut response = plain(StatusCode::NOT_FOUND);
    confine(&mut response, host, Freedom::Read);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_part_is_sent_where_it_is_asked_for() {
        for (asked, sent) in [
            ("bytes=0-", Wanted::Part(0, 9)),
            ("bytes=3-5", Wanted::Part(3, 5)),
            ("bytes=3-99", Wanted::Part(3, 9)),
            ("bytes=-4", Wanted::Part(6, 9)),
            ("bytes=-40", Wanted::Part(0, 9)),
            ("bytes=10-", Wanted::Beyond),
            ("bytes=5-3", Wanted::Beyond),
            ("bytes=0-1,3-4", Wanted::Whole),
            ("bytes=x-3", Wanted::Whole),
            ("lines=0-3", Wanted::Whole),
        ] {
            assert_eq!(range(asked, 10), sent, "{asked}");
        }
        assert_eq!((range("bytes=0-", 0), range("bytes=-1", 0)), (Wanted::Beyond, Wanted::Beyond));
    }

    #[test]
    fn the_stage_has_a_name_where_the_node_has_one() {
        assert_eq!(stage_of("hub.localhost:7400").as_deref(), Some("stage.hub.localhost:7400"));
        assert_eq!(stage_of("zampa.example").as_deref(), Some("stage.zampa.example"));
        for host in ["10.0.0.7", "10.0.0.7:7400", "[::1]:7400", "", "stage.hub.localhost", "a b", "a;b"] {
            assert_eq!(stage_of(host), None, "{host}");
        }
    }
}
