//! Carrying what two nodes lack on a stick, by the pages: what goes along, and what came.

use std::io::{BufReader, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use askama::Template;
use base::{Hash, NodeId};
use link::{Carried, CarryError, Load};
use records::{Role, Roles};
use rusqlite::Connection;
use text::Arg;
use web::{Check, NodeKind, PageError, Reply, Request, Route, Shell, Site, Writing};

use crate::pages::{Links, title_of};

/// Who may carry: at a school's node also who heads the school. What they carry opens at the other node alone.
const CARRIERS: Roles = Roles::of(&[Role::Administrator, Role::Officer, Role::Coordinator, Role::Head]);
const OFFICE: Roles = Roles::of(&[Role::Administrator, Role::Officer, Role::Coordinator]);
/// Bytes that the files of a bundle may have together, so that it fits on a stick of any file system.
const ROOM: u64 = 3_000_000_000;
/// How long whoever brings a bundle waits for the page that says what came; a large one goes on behind it.
const WAIT: Duration = Duration::from_millis(1500);

/// The bundle that is being taken in, or was last.
#[derive(Debug, Default)]
struct Taking {
    running: bool,
    done: Carried,
    error: Option<CarryError>,
}

/// What the pages share.
#[derive(Default)]
struct Table(Mutex<Option<Taking>>);

impl Table {
    fn lock(&self) -> MutexGuard<'_, Option<Taking>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// However the taking ends, another may begin.
struct Ends(Arc<Table>);

impl Ends {
    fn note(&self, change: impl FnOnce(&mut Taking)) {
        if let Some(taking) = self.0.lock().as_mut() {
            change(taking);
        }
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.note(|taking| taking.running = false);
    }
}

pub(crate) fn routes(links: &Arc<dyn Links>) -> Vec<Route> {
    let table = Arc::new(Table::default());
    let (a, b, c) = (Arc::clone(links), Arc::clone(links), Arc::clone(links));
    let shown = Arc::clone(&table);
    vec![
        Route::get("/nodes/carry", Check::Roles(CARRIERS), move |site, r| page(site, r, &*a, &shown)),
        Route::get("/nodes/carry/{node}", Check::Roles(CARRIERS), move |site, r| out(site, r, &b)),
        Route::upload("/nodes/carry", Check::Roles(CARRIERS), may, move |site, r| take(site, r, &c, &table)),
        Route::upload("/nodes/carry/pieces", Check::Roles(CARRIERS), may, web::take_piece),
        Route::post("/nodes/carry/pieces/join", Check::Roles(CARRIERS), join),
    ]
}

/// Whether somebody may carry from this node.
pub(crate) fn carries(site: &Site, request: &Request) -> bool {
    let roles = if site.node_kind == NodeKind::School { CARRIERS } else { OFFICE };
    request.session.as_ref().is_some_and(|s| s.reader.is_any(roles))
}

fn may(site: &Site, request: &Request) -> Result<(), PageError> {
    request.reader()?;
    if carries(site, request) { Ok(()) } else { Err(PageError::NotAllowed) }
}

/// What a bundle for a node is called: when it was written, and for whom.
///
/// # Errors
/// What the database says.
pub fn bundle_name(store: &log::Store, to: NodeId) -> Result<String, PageError> {
    let title = store.read(|conn| title_of(conn, to))?;
    let plain: String = title.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).take(40).collect();
    let now = i64::try_from(store.env().clock.now_ms()).unwrap_or(i64::MAX);
    let stamp = jiff::Timestamp::from_millisecond(now).unwrap_or_default();
    let time = jiff::tz::TimeZone::UTC.to_datetime(stamp);
    Ok(format!("zampa-{}-to-{plain}.zcarry", time.strftime("%Y%m%d-%H%M")))
}

struct Goes {
    id: String,
    title: String,
    /// Facts and files that go along, and files that have no room; `None` where nobody asked.
    load: Option<(i64, i64, i64)>,
    bytes: String,
    left_bytes: String,
    known: String,
}

struct Came {
    running: bool,
    tone: &'static str,
    said: String,
    lines: Vec<String>,
}

#[derive(Template)]
#[template(path = "carry.html")]
struct CarryPage<'a> {
    s: Shell<'a>,
    others: Vec<Goes>,
    goes: Option<Goes>,
    came: Option<Came>,
}

fn page(site: &Site, request: &Request, links: &dyn Links, table: &Table) -> Result<Reply, PageError> {
    may(site, request)?;
    let words = request.words(site);
    let asked = request.query("to").map(|to| to.parse::<NodeId>().map_err(|_| PageError::NotFound)).transpose()?;
    let to = asked.or_else(|| (site.node_kind == NodeKind::School).then_some(site.hub));
    let load = to.map(|to| links.weigh(to, ROOM).map_err(refused)).transpose()?;
    let html = site.store.read(|conn| {
        let goes = |node: NodeId, load: Option<Load>| -> Result<Goes, PageError> {
            let known = load.map_or(0, |l| l.known_ms);
            Ok(Goes {
                id: node.to_string(),
                title: title_of(conn, node)?,
                load: load.map(|l| (l.entries.cast_signed(), l.blobs.cast_signed(), l.left_blobs.cast_signed())),
                bytes: words.bytes(load.map_or(0, |l| l.blob_bytes)),
                left_bytes: words.bytes(load.map_or(0, |l| l.left_bytes)),
                known: if known == 0 { String::new() } else { words.moment(known, &site.zone()) },
            })
        };
        let others = if site.node_kind == NodeKind::Hub { schools(conn)? } else { Vec::new() };
        let page = CarryPage {
            others: others.into_iter().map(|node| goes(node, None)).collect::<Result<_, _>>()?,
            goes: to.map(|to| goes(to, load)).transpose()?,
            came: table.lock().as_ref().map(|taking| came(site, request, conn, taking)).transpose()?,
            s: Shell::new(site, request, words.get("carry")),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

/// The schools' nodes that are members.
pub(crate) fn schools(conn: &Connection) -> Result<Vec<NodeId>, PageError> {
    let mut stmt = conn.prepare_cached(
        "SELECT node_id FROM node WHERE school IS NOT NULL AND coalesce(state, 'enrolled') = 'enrolled' ORDER BY title_key",
    )?;
    let rows = stmt.query_map([], |r| r.get::<_, Option<Vec<u8>>>(0))?.collect::<Result<Vec<_>, _>>()?;
    Ok(rows.into_iter().flatten().filter_map(|id| NodeId::try_from(id.as_slice()).ok()).collect())
}

fn refused(e: CarryError) -> PageError {
    match e {
        CarryError::NotMember(_) | CarryError::Key(_) => PageError::NotFound,
        e => PageError::Internal(e.to_string()),
    }
}

fn out(site: &Site, request: &Request, links: &Arc<dyn Links>) -> Result<Reply, PageError> {
    may(site, request)?;
    let to: NodeId = request.params.get("node").and_then(|n| n.parse().ok()).ok_or(PageError::NotFound)?;
    // Who is refused is told so before anything is sent.
    links.weigh(to, 0).map_err(refused)?;
    let links = Arc::clone(links);
    let write = move |out: &mut dyn Write| links.carry_out(to, ROOM, out).map_err(refused);
    Ok(Reply::Written(bundle_name(&site.store, to)?, Writing(Box::new(write))))
}

fn take(site: &Site, request: &Request, links: &Arc<dyn Links>, table: &Arc<Table>) -> Result<Reply, PageError> {
    let hash = match request.files.as_slice() {
        [file] => file.hash,
        _ => joined(site, request)?.ok_or_else(|| PageError::Rule("no-file".to_owned()))?,
    };
    let bundle = site.blobs.open_blob(&hash).map_err(|e| PageError::Internal(e.to_string()))?;
    let bundle = bundle.ok_or(PageError::NotFound)?;
    {
        let mut taking = table.lock();
        if taking.as_ref().is_some_and(|t| t.running) {
            return Err(PageError::Rule("carry-busy".to_owned()));
        }
        *taking = Some(Taking { running: true, ..Taking::default() });
    }
    let (links, ends) = (Arc::clone(links), Ends(Arc::clone(table)));
    let (done, ended) = mpsc::channel();
    let work = move || {
        let came = links.carry_in(&mut BufReader::with_capacity(1 << 20, bundle), &mut |so_far| {
            ends.note(|taking| taking.done = so_far.clone());
        });
        match came {
            Ok(all) => ends.note(|taking| taking.done = all),
            Err(e) => ends.note(|taking| taking.error = Some(e)),
        }
        drop(ends);
        let _ = done.send(());
    };
    let started = std::thread::Builder::new().name("carry".to_owned()).spawn(work);
    started.map_err(|e| PageError::Internal(e.to_string()))?;
    // It is read through the file that is open; what was sent is a bundle and nobody's file.
    let _ = ended.recv_timeout(WAIT);
    forget(site, &hash)?;
    Ok(Reply::To("/nodes/carry#came".to_owned()))
}

/// Puts a bundle together that came in pieces, and keeps it for who sent it.
fn join(site: &Site, request: &Request) -> Result<Reply, PageError> {
    may(site, request)?;
    let hash = web::join_pieces(site, request)?.hash.to_string();
    site.local.set(&joined_name(request)?, Some(&hash))?;
    // A box has room for a bundle, and not for it and its pieces. They were this reader's own, or it had not been joined.
    for receipt in request.form_all("piece") {
        if let Some(Ok(piece)) = receipt.split_once('.').map(|(piece, _)| piece.parse::<Hash>()) {
            site.blobs.remove(&piece).map_err(|e| PageError::Internal(e.to_string()))?;
        }
    }
    Ok(Reply::Bytes("text/plain; charset=utf-8", None, hash.into_bytes()))
}

/// The bundle that this reader has put together, if the form names it; once.
fn joined(site: &Site, request: &Request) -> Result<Option<Hash>, PageError> {
    let name = joined_name(request)?;
    let kept = site.local.setting(&name)?.filter(|kept| request.form("held") == Some(kept.as_str()));
    if kept.is_some() {
        site.local.set(&name, None)?;
    }
    Ok(kept.and_then(|kept| kept.parse().ok()))
}

fn joined_name(request: &Request) -> Result<String, PageError> {
    Ok(format!("carry-{}", request.reader()?.person))
}

/// Lets go of what was sent, unless a record names the same bytes.
fn forget(site: &Site, hash: &Hash) -> Result<(), PageError> {
    let named = site.store.read(|conn| register::named(conn, &site.kinds))?;
    if named.contains(hash) {
        return Ok(());
    }
    site.blobs.remove(hash).map_err(|e| PageError::Internal(e.to_string()))
}

fn came(site: &Site, request: &Request, conn: &Connection, taking: &Taking) -> Result<Came, PageError> {
    let words = request.words(site);
    let c = &taking.done;
    let number = |n: u64| Arg::Number(i64::try_from(n).unwrap_or(i64::MAX));
    let counted = |key: &str, n: u64| words.with(key, &[("n", number(n))]);
    let mut lines = Vec::new();
    if let Some(error) = &taking.error {
        let other = match error {
            CarryError::Elsewhere(node) | CarryError::NotMember(node) | CarryError::Forged(node) => {
                title_of(conn, *node)?
            }
            _ => String::new(),
        };
        let key = format!("carry-error-{}", error.code());
        let said = words.with(&key, &[("text", Arg::Text(&other))]);
        if c.new_entries + c.new_blobs > 0 {
            lines.push(counted("carry-facts", c.new_entries));
            lines.push(counted("carry-files", c.new_blobs));
        }
        return Ok(Came { running: false, tone: "bad", said, lines });
    }
    lines.push(counted("carry-facts", c.new_entries));
    let files = counted("carry-files", c.new_blobs);
    lines.push(if c.blob_bytes > 0 { format!("{files} · {}", words.bytes(c.blob_bytes)) } else { files });
    let mut also = |key: &str, n: u64| {
        if n > 0 {
            lines.push(counted(key, n));
        }
    };
    also("carry-known", c.known_entries + c.known_blobs);
    also("carry-held", c.held_entries);
    also("carry-unnamed", c.unnamed_blobs);
    also("carry-spoilt", c.spoilt_blobs);
    also("carry-damaged", c.damaged);
    for refused in &c.refused {
        let key = format!("carry-why-{}", refused.why.code());
        lines.push(words.with(&key, &[("text", Arg::Text(&title_of(conn, refused.node)?))]));
    }
    if taking.running {
        return Ok(Came { running: true, tone: "wait", said: words.get("carry-taking").into_owned(), lines });
    }
    if !c.whole {
        lines.push(words.get("carry-cut").into_owned());
    }
    let said = words.with(
        if c.is_all() { "carry-came" } else { "carry-came-part" },
        &[("text", Arg::Text(&title_of(conn, c.from)?)), ("when", Arg::Text(&words.moment(c.at_ms, &site.zone())))],
    );
    Ok(Came { running: false, tone: if c.is_all() { "ok" } else { "wait" }, said, lines })
}
