use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{DefaultBodyLimit, Path, RawPathParams, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri, header};
use axum::routing::{MethodFilter, any, get, on};
use base::Lang;
use tower::ServiceExt;
use tower_http::services::ServeFile;

use crate::receive::receive;
use crate::request::escape;
use crate::shell::error_page;
use crate::stage::{self, is_stage, stage_of};
use crate::talk::converse;
use crate::written::written;
use crate::{Method, PageError, Reply, Request, Route, Session, Site, assets, machine};

/// Bytes that a form may have.
pub(crate) const MAX_FORM: usize = 2 << 20;
/// Values that a form or a query may have.
pub(crate) const MAX_VALUES: usize = 2000;

/// Serves a node's routes: those of the stage under its name alone, all others under any other.
pub fn serve(site: Arc<Site>, routes: Vec<Route>) -> Router {
    let (staged, routes) = routes.into_iter().partition(|r| r.stage);
    let (stage, pages) = (stage::serve(Arc::clone(&site), staged), of_pages(site, routes));
    let choose = move |asked: axum::extract::Request| {
        let host = asked.headers().get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let router = if is_stage(host) { stage.clone() } else { pages.clone() };
        router.oneshot(asked)
    };
    Router::new().fallback(choose)
}

/// A file from the disk, or the part of it that is asked for.
pub(crate) async fn streamed(path: PathBuf, media: &str, ranges: HeaderMap) -> Response<Body> {
    let mut asked = axum::http::Request::new(Body::empty());
    *asked.headers_mut() = ranges;
    let Ok(served) = ServeFile::new(path).oneshot(asked).await;
    let mut response = served.map(Body::new);
    response.headers_mut().remove(header::CONTENT_TYPE);
    add(&mut response, header::CONTENT_TYPE, media);
    response
}

fn of_pages(site: Arc<Site>, routes: Vec<Route>) -> Router {
    let mut router = Router::new()
        .route("/static/{name}", get(static_file))
        .route("/health", get(|| async { ([(header::CACHE_CONTROL, "no-store")], "ok") }));
    for route in routes {
        let filter = match route.method {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
        };
        let path = route.path.clone();
        let route = Arc::new(route);
        let way = if route.files.is_some() {
            let handler = move |State(site): State<Arc<Site>>, params: RawPathParams, asked: axum::extract::Request| {
                receive(site, Arc::clone(&route), named(&params), asked)
            };
            on(filter, handler).layer(DefaultBodyLimit::disable())
        } else if route.machine.is_some() {
            let handler = move |State(site): State<Arc<Site>>,
                                params: RawPathParams,
                                method: axum::http::Method,
                                headers: HeaderMap,
                                body: Bytes| {
                machine::answer(site, Arc::clone(&route), named(&params), method, headers, body)
            };
            any(handler)
        } else if route.talk.is_some() {
            let handler =
                move |State(site): State<Arc<Site>>,
                      params: RawPathParams,
                      uri: Uri,
                      headers: HeaderMap,
                      upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>| {
                    converse(site, Arc::clone(&route), named(&params), uri, headers, upgrade.ok())
                };
            on(filter, handler)
        } else {
            let handler = move |State(site): State<Arc<Site>>,
                                params: RawPathParams,
                                uri: Uri,
                                headers: HeaderMap,
                                body: Bytes| {
                answer(site, Some(Arc::clone(&route)), named(&params), uri, headers, body)
            };
            on(filter, handler)
        };
        router = router.route(&path, way);
    }
    let lost = |State(site): State<Arc<Site>>, uri: Uri, headers: HeaderMap, body: Bytes| {
        answer(site, None, BTreeMap::new(), uri, headers, body)
    };
    router.fallback(lost).layer(DefaultBodyLimit::max(MAX_FORM)).with_state(site)
}

pub(crate) fn named(params: &RawPathParams) -> BTreeMap<String, String> {
    params.iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

/// An answer that is made, or a blob that is still to be streamed.
pub(crate) enum Answer {
    Whole(Response<Body>),
    Blob(Blob),
}

pub(crate) struct Blob {
    path: PathBuf,
    media: String,
    name: String,
}

async fn answer(
    site: Arc<Site>,
    route: Option<Arc<Route>>,
    params: BTreeMap<String, String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let ranges = ranges(&headers);
    let done = blocking(move || {
        let request = read(&site, params, &uri, &headers, &body);
        let result = take(&site, route.as_deref(), &request, &headers);
        respond(&site, &request, result)
    });
    finish(done.await, ranges).await
}

/// Pages read SQLite: they run where blocking is allowed, and the network goes on meanwhile.
pub(crate) async fn blocking(f: impl FnOnce() -> Answer + Send + 'static) -> Answer {
    tokio::task::spawn_blocking(f).await.unwrap_or_else(|e| {
        tracing::error!("a page panicked: {e}");
        Answer::Whole(plain(StatusCode::INTERNAL_SERVER_ERROR))
    })
}

/// The part of a blob that is asked for.
pub(crate) fn ranges(headers: &HeaderMap) -> HeaderMap {
    let wanted = [header::RANGE, header::IF_RANGE, header::IF_MODIFIED_SINCE];
    wanted.into_iter().filter_map(|name| Some((name.clone(), headers.get(name)?.clone()))).collect()
}

pub(crate) async fn finish(answer: Answer, ranges: HeaderMap) -> Response<Body> {
    let blob = match answer {
        Answer::Whole(response) => return response,
        Answer::Blob(blob) => blob,
    };
    let mut response = streamed(blob.path, &blob.media, ranges).await;
    // What people sent is never run on this host: it opens only where it can carry no script.
    let how = if media::opens_in_page(&blob.media) { "inline" } else { "attachment" };
    add(&mut response, header::CONTENT_DISPOSITION, &format!("{how}; filename*=UTF-8''{}", escape(&blob.name)));
    add(&mut response, header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox");
    add(&mut response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    add(&mut response, header::CACHE_CONTROL, "private, no-cache");
    response
}

pub(crate) fn take(
    site: &Site,
    route: Option<&Route>,
    request: &Request,
    headers: &HeaderMap,
) -> Result<Reply, PageError> {
    let route = route.ok_or(PageError::NotFound)?;
    authorise(site, route, request)?;
    if route.method == Method::Post {
        check_origin(request, headers)?;
    }
    if let Some(first) = &route.files {
        first(site, request)?;
    }
    (route.handle)(site, request)
}

pub(crate) fn authorise(site: &Site, route: &Route, request: &Request) -> Result<(), PageError> {
    let reader = request.session.as_ref().map(|s| &s.reader);
    if route.check.allows(site, reader) {
        return Ok(());
    }
    Err(if reader.is_none() { PageError::SignIn } else { PageError::NotAllowed })
}

/// A form must come from this very site, and from this very session where there is one.
pub(crate) fn check_origin(request: &Request, headers: &HeaderMap) -> Result<(), PageError> {
    let said = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let same = match said("sec-fetch-site") {
        Some(site) => site == "same-origin" || site == "none",
        None => said("origin").is_none_or(|origin| is_own(request, origin)),
    };
    let token = request.session.as_ref().is_none_or(|s| request.form("_csrf") == Some(s.csrf.as_str()));
    if same && token { Ok(()) } else { Err(PageError::Stale) }
}

/// Whether an origin is that of the page itself. Where the page is secure, what came without is another site: whoever
/// stands on the way could have written it.
pub(crate) fn is_own(request: &Request, origin: &str) -> bool {
    let own = |(scheme, host): (&str, &str)| host == request.host && (scheme == "https" || !request.secure);
    origin.split_once("://").is_some_and(own)
}

pub(crate) fn read(
    site: &Site,
    params: BTreeMap<String, String>,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Request {
    let said = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let cookies = cookies(said("cookie").unwrap_or_default());
    let cookie = |name: &str| cookies.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
    let is_form = said("content-type").is_some_and(|t| t.starts_with("application/x-www-form-urlencoded"));
    // A browser lets no page set this header. Who sets it by other means is given cookies that their browser refuses.
    let secure = said("x-forwarded-proto").is_some_and(|p| p.split(',').next().is_some_and(|p| p.trim() == "https"));
    let token = cookie(&site.session_cookie(secure));
    let lang = cookie("zampa_lang")
        .and_then(|l| Lang::parse(&l))
        .or_else(|| preferred(said("accept-language").unwrap_or_default()))
        .unwrap_or(Lang::Zh);
    let session = token.as_deref().and_then(|t| session(site, t, lang));
    Request {
        path: uri.path().to_owned(),
        params,
        query: values(uri.query().unwrap_or_default()),
        form: if is_form { values(std::str::from_utf8(body).unwrap_or_default()) } else { Vec::new() },
        files: Vec::new(),
        host: said("host").unwrap_or_default().to_owned(),
        secure,
        token,
        session,
        lang,
        second: cookie("zampa_second").and_then(|l| Lang::parse(&l)).filter(|l| *l != lang).unwrap_or(lang.second()),
        theme: match cookie("zampa_theme").as_deref() {
            Some("light") => Some("light"),
            Some("dark") => Some("dark"),
            _ => None,
        },
        partial: said("hx-request").is_some(),
        note: cookie("zampa_note").map(|n| decode(&n)),
        cookies,
    }
}

pub(crate) fn session(site: &Site, token: &str, lang: Lang) -> Option<Session> {
    let found = site.local.session(token).map_err(|e| tracing::error!("sessions: {e}")).ok()??;
    let (person, csrf) = found;
    let read = site.store.read(|conn| {
        let reader = (site.reader_of)(conn, person, site.today())?;
        let called = site.kinds.get("person").map_or_else(|| "name".to_owned(), |kind| kind.called("person", lang));
        let (name, called): (Option<String>, Option<String>) = conn
            .prepare_cached(&format!("SELECT name, {called} FROM person WHERE id = ?1"))?
            .query_row([person.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))
            .unwrap_or_default();
        Ok::<_, log::LogError>((reader, name, called))
    });
    let (reader, name, called) = read.map_err(|e| tracing::error!("who is signed in: {e}")).ok()?;
    Some(Session { person, csrf, reader, name: name.unwrap_or_default(), called: called.unwrap_or_default() })
}

pub(crate) fn respond(site: &Site, request: &Request, result: Result<Reply, PageError>) -> Answer {
    match result {
        Ok(Reply::File { hash, media, name }) if site.blobs.has(&hash) => {
            Answer::Blob(Blob { path: site.blobs.path(&hash), media, name })
        }
        Ok(Reply::File { .. }) => Answer::Whole(whole(site, request, Err(PageError::NotFound))),
        other => Answer::Whole(whole(site, request, other)),
    }
}

fn whole(site: &Site, request: &Request, result: Result<Reply, PageError>) -> Response<Body> {
    let reply = match result {
        Ok(reply) => reply,
        Err(error) => {
            if error.status() == 500 {
                let mut causes = error.to_string();
                let mut cause = std::error::Error::source(&error);
                while let Some(e) = cause {
                    causes.push_str(": ");
                    causes.push_str(&e.to_string());
                    cause = e.source();
                }
                tracing::error!(path = request.path, "{causes}");
            }
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            return match error_page(site, request, &error) {
                Ok(html) => page(status, html),
                Err(e) => {
                    tracing::error!("the error page failed: {e}");
                    plain(status)
                }
            };
        }
    };
    match reply {
        Reply::Page(html) => {
            let mut response = page(StatusCode::OK, html);
            if let Some(stage) = stage_of(&request.host) {
                frame(&mut response, &stage);
            }
            if request.note.is_some() {
                add(&mut response, header::SET_COOKIE, "zampa_note=; Path=/; Max-Age=0");
            }
            response
        }
        Reply::Open(html) => {
            let mut response = page(StatusCode::OK, html);
            response.headers_mut().remove(header::CONTENT_SECURITY_POLICY);
            add(&mut response, header::CONTENT_SECURITY_POLICY, &format!("{CSP}; connect-src 'self' {NODES}"));
            response
        }
        Reply::Invalid(html) => page(StatusCode::UNPROCESSABLE_ENTITY, html),
        Reply::To(place) => to(&place, &[]),
        Reply::ToWith(place, cookies) => to(&place, &cookies),
        Reply::Written(name, writing) => {
            let mut response = Response::new(written(writing));
            add(&mut response, header::CONTENT_TYPE, "application/octet-stream");
            let name = format!("attachment; filename*=UTF-8''{}", escape(&name));
            add(&mut response, header::CONTENT_DISPOSITION, &name);
            safe(&mut response);
            response
        }
        Reply::File { .. } | Reply::Stage(..) => plain(StatusCode::NOT_FOUND),
        Reply::Bytes(kind, name, bytes) => {
            let mut response = Response::new(Body::from(bytes));
            add(&mut response, header::CONTENT_TYPE, kind);
            if let Some(name) = name {
                add(&mut response, header::CONTENT_DISPOSITION, &format!("attachment; filename=\"{name}\""));
            }
            safe(&mut response);
            response
        }
    }
}

fn to(place: &str, cookies: &[String]) -> Response<Body> {
    let mut response = plain(StatusCode::SEE_OTHER);
    add(&mut response, header::LOCATION, place);
    for cookie in cookies {
        add(&mut response, header::SET_COOKIE, cookie);
    }
    response
}

pub(crate) fn page(status: StatusCode, html: String) -> Response<Body> {
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    add(&mut response, header::CONTENT_TYPE, "text/html; charset=utf-8");
    safe(&mut response);
    response
}

pub(crate) fn plain(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    safe(&mut response);
    response
}

const CSP: &str = "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; base-uri 'none'; form-action 'self'; \
                   frame-ancestors 'none'; object-src 'none'";

/// Where other nodes may be: over https, and those of a demonstration on this very machine.
const NODES: &str = "https: http://*.localhost:*";

/// Lets a page show the stage, and nothing but the stage, also when what is shown there wants to go elsewhere.
fn frame(response: &mut Response<Body>, stage: &str) {
    response.headers_mut().remove(header::CONTENT_SECURITY_POLICY);
    // Its picture too: a page asks for it to know whether the device finds the stage at all.
    let policy = CSP.replace("data:", &format!("data: {stage}"));
    add(response, header::CONTENT_SECURITY_POLICY, &format!("{policy}; frame-src {stage}"));
}

fn safe(response: &mut Response<Body>) {
    add(response, header::CONTENT_SECURITY_POLICY, CSP);
    add(response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    add(response, header::REFERRER_POLICY, "same-origin");
    add(response, header::CACHE_CONTROL, "no-store");
}

pub(crate) fn add(response: &mut Response<Body>, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().append(name, value);
    }
}

pub(crate) async fn static_file(Path(name): Path<String>, headers: HeaderMap) -> Response<Body> {
    let brotli = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.split(',').any(|e| e.trim().starts_with("br")));
    let Some((data, kind, compressed)) = assets::file(&name, brotli) else { return plain(StatusCode::NOT_FOUND) };
    let mut response = Response::new(Body::from(Bytes::from(data.into_owned())));
    add(&mut response, header::CONTENT_TYPE, kind);
    add(&mut response, header::CACHE_CONTROL, "public, max-age=31536000, immutable");
    add(&mut response, header::VARY, "accept-encoding");
    add(&mut response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    if compressed {
        add(&mut response, header::CONTENT_ENCODING, "br");
    }
    response
}

impl Site {
    /// The name of the session's cookie: the node's own, since cookies cross ports; `__Host-` where the
    /// connection is secure. So who is signed in over https is not over HTTP, and nothing of it is ever sent in the clear.
    pub fn session_cookie(&self, secure: bool) -> String {
        let prefix = if secure { "__Host-" } else { "" };
        format!("{prefix}zampa_{}", self.cookie)
    }

    /// The header that sets the session's cookie; without a token, the one that takes it away.
    pub fn set_session_cookie(&self, token: Option<&str>, secure: bool) -> String {
        let (value, age) = token.map_or(("", 0), |t| (t, 14 * 24 * 3600));
        let name = self.session_cookie(secure);
        let secure = if secure { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}")
    }
}

/// The header that sets a cookie of taste: language, theme, what was done.
pub fn set_cookie(name: &str, value: &str, seconds: u32) -> String {
    let value = escape(value);
    format!("{name}={value}; Path=/; SameSite=Lax; Max-Age={seconds}")
}

fn cookies(text: &str) -> Vec<(String, String)> {
    text.split(';')
        .filter_map(|c| c.trim().split_once('='))
        .map(|(n, v)| (n.to_owned(), v.to_owned()))
        .take(64)
        .collect()
}

fn preferred(header: &str) -> Option<Lang> {
    header.split(',').find_map(|part| Lang::parse(part.split([';', '-']).next()?.trim()))
}

/// The values of a form or a query.
pub(crate) fn values(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|p| !p.is_empty())
        .take(MAX_VALUES)
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(name), decode(value))
        })
        .collect()
}

fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        rest = tail;
        match (byte, tail) {
            (b'+', _) => out.push(b' '),
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    rest = after;
                }
                _ => out.push(b'%'),
            },
            (byte, _) => out.push(*byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_in_every_script() {
        let read = values("name=%E5%8D%93%E7%8E%9B&note=a+b%2Bc&bad=%zz%4&empty=&flag");
        let said: Vec<(&str, &str)> = read.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(said, [("name", "卓玛"), ("note", "a b+c"), ("bad", "%zz%4"), ("empty", ""), ("flag", "")]);
    }

    #[test]
    fn the_reader_s_language_is_the_first_that_is_spoken_here() {
        assert_eq!(preferred("fr-FR,bo;q=0.9,zh-CN;q=0.8"), Some(Lang::Bo));
        assert_eq!(preferred("fr"), None);
    }
}
