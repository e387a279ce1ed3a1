//! The node's page: what it has, what waits, when it last met the other, the measured rate; and on the hub, the
//! schools' nodes and the codes with which they join.

use std::io::{Read, Write};
use std::sync::Arc;

use askama::Template;
use base::{NodeId, Subject, base32};
use link::{Carried, CarryError, Load};
use log::Context;
use origin::Authority;
use records::{Role, Roles};
use register::Look;
use web::{Check, LinkSign, NodeKind, PageError, Reply, Request, Route, Shell, Site, set_cookie};

use crate::{carry, neighbours, trust};

/// How a link to another node stands.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    /// The other node.
    pub node: NodeId,
    /// Whether it can be spoken to now.
    pub connected: bool,
    /// When it was last met, milliseconds since 1970; 0 for never.
    pub last_met_ms: u64,
    /// Since when it has been as it is.
    pub since_ms: u64,
    /// Round trip, milliseconds.
    pub rtt_ms: u64,
    /// Bytes a second, as measured.
    pub rate: u64,
    /// Bytes sent.
    pub sent: u64,
    /// Bytes received.
    pub received: u64,
    /// Entries that the other lacks.
    pub waiting: u64,
    /// Blobs that this node lacks.
    pub waiting_blobs: u64,
    /// Why it last failed, as the key of its words.
    pub error: Option<String>,
}

/// The door to the link, as pages see it.
pub trait Links: Send + Sync {
    /// How the links stand.
    fn peers(&self) -> Vec<Peer>;
    /// How many files the node keeps, and their bytes.
    fn files(&self) -> (u64, u64);
    /// Keeps up a link to another school's node at an address from now on.
    ///
    /// # Errors
    /// [`PageError::Rule`] for what is no address.
    fn meet(&self, node: NodeId, address: &str) -> Result<(), PageError>;
    /// Meets another school's node no more, from now on: not dialled, and not let in.
    fn part(&self, node: NodeId);
    /// Lets it in again.
    fn admit(&self, node: NodeId);
    /// A code with which a school's node can join, kept as one-use.
    ///
    /// # Errors
    /// What the node's own storage says.
    fn invite(&self, school: Subject, host: &str) -> Result<String, PageError>;
    /// What a bundle to a node would hold, when its files may have so many bytes.
    ///
    /// # Errors
    /// [`CarryError`].
    fn weigh(&self, to: NodeId, room: u64) -> Result<Load, CarryError>;
    /// Writes a bundle to a node.
    ///
    /// # Errors
    /// [`CarryError`].
    fn carry_out(&self, to: NodeId, room: u64, out: &mut dyn Write) -> Result<(), CarryError>;
    /// Takes a bundle; `tell` hears what was taken so far.
    ///
    /// # Errors
    /// [`CarryError`].
    fn carry_in(&self, from: &mut dyn Read, tell: &mut dyn FnMut(&Carried)) -> Result<Carried, CarryError>;
}

const KEEPERS: Roles = Roles::of(&[Role::Administrator]);

/// The room's routes.
pub fn routes(links: &Arc<dyn Links>, authority: &Arc<Authority>) -> Vec<Route> {
    let (a, b) = (Arc::clone(links), Arc::clone(links));
    let mut routes = carry::routes(links);
    routes.extend(trust::routes(authority));
    routes.extend(neighbours::routes(links));
    routes.extend([
        Route::get("/node", Check::Public, move |site, r| page(site, r, &*a)),
        Route::get("/nodes", Check::Roles(KEEPERS), |site, r| list(site, r, None)),
        Route::post("/nodes/invite", Check::Roles(KEEPERS), move |site, r| invite(site, r, &*b)),
        Route::post("/nodes/revoke", Check::Roles(KEEPERS), revoke),
        Route::post("/nodes/upper", Check::Roles(KEEPERS), put_below),
    ]);
    routes
}

/// The sign in every page's head.
pub fn sign(site: &Site, words: &text::Words<'_>, peers: &[Peer]) -> LinkSign {
    let now = site.now_ms();
    // A neighbour that is away is no loss: the programme comes by the hub.
    let peers: Vec<&Peer> = peers.iter().filter(|p| site.node_kind == NodeKind::Hub || p.node == site.hub).collect();
    let lost: Vec<&&Peer> = peers.iter().filter(|p| !p.connected).collect();
    let waiting: u64 = peers.iter().map(|p| p.waiting).sum();
    let n = i64::try_from(waiting).unwrap_or(i64::MAX);
    let is_hub = site.node_kind == NodeKind::Hub;
    if peers.is_empty() {
        let key = if is_hub { "sign-no-schools" } else { "sign-never" };
        return LinkSign { state: "thin", said: words.get(key).into_owned(), detail: String::new() };
    }
    if let Some(peer) = lost.first() {
        if is_hub {
            let count = i64::try_from(lost.len()).unwrap_or(i64::MAX);
            let said = words.with("sign-hub-lost", &[("n", count.into())]);
            return LinkSign { state: "broken", said, detail: String::new() };
        }
        let since = words.moment(peer.since_ms, &site.zone());
        return LinkSign {
            state: "broken",
            said: words.with("sign-cut", &[("since", since.as_str().into())]),
            detail: words.with("sign-safe", &[("n", n.into())]),
        };
    }
    if waiting > 0 {
        return LinkSign {
            state: "thin",
            said: words.get("sign-slow").into_owned(),
            detail: words.with("sign-left", &[("n", n.into())]),
        };
    }
    let last = peers.iter().map(|p| p.last_met_ms).min().unwrap_or(0);
    LinkSign { state: "whole", said: words.get("sign-in-step").into_owned(), detail: words.ago(last, now) }
}

struct PeerShown {
    title: String,
    state: &'static str,
    said: String,
    met: String,
    rtt: String,
    rate: String,
    moved: String,
    waiting: i64,
    blobs: i64,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "node.html")]
struct NodePage<'a> {
    s: Shell<'a>,
    kind: String,
    id: String,
    entries: String,
    payload: String,
    scopes: i64,
    erased: i64,
    held: i64,
    digest: String,
    files: String,
    peers: Vec<PeerShown>,
    carries: bool,
    neighbours: bool,
}

fn page(site: &Site, request: &Request, links: &dyn Links) -> Result<Reply, PageError> {
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let words = look.words;
        let stats = log::stats(conn)?;
        let now = site.now_ms();
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let peers = links
            .peers()
            .into_iter()
            .map(|p| {
                Ok(PeerShown {
                    title: title_of(conn, p.node)?,
                    state: if !p.connected {
                        "broken"
                    } else if p.waiting > 0 {
                        "thin"
                    } else {
                        "whole"
                    },
                    said: words
                        .get(if !p.connected {
                            "node-cut"
                        } else if p.waiting > 0 {
                            "node-sending"
                        } else {
                            "sign-in-step"
                        })
                        .into_owned(),
                    met: if p.last_met_ms == 0 {
                        words.get("node-never").into_owned()
                    } else {
                        words.ago(p.last_met_ms, now)
                    },
                    rtt: format!("{} ms", p.rtt_ms),
                    rate: format!("{}/s", words.bytes(p.rate)),
                    moved: format!("↑ {} · ↓ {}", words.bytes(p.sent), words.bytes(p.received)),
                    waiting: count(p.waiting),
                    blobs: count(p.waiting_blobs),
                    error: p.error.map(|e| words.get(&e).into_owned()),
                })
            })
            .collect::<Result<Vec<_>, PageError>>()?;
        let digest = log::digest(&log::vector(conn, &|_| true)?).to_string();
        let page = NodePage {
            kind: words.get(if site.node_kind == NodeKind::Hub { "node-hub" } else { "node-school" }).into_owned(),
            id: site.store.key().id().to_string(),
            entries: words.number(count(stats.entries)),
            payload: words.bytes(stats.payload_bytes),
            scopes: count(stats.scopes),
            erased: count(stats.erased),
            held: count(stats.held),
            files: {
                let (n, bytes) = links.files();
                format!("{} · {}", words.number(count(n)), words.bytes(bytes))
            },
            digest: digest.chars().take(16).collect(),
            peers,
            carries: carry::carries(site, request),
            neighbours: neighbours::keeps(site, request),
            s: Shell::new(site, request, words.get("node-page")),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

/// What a node is called; its id, if nobody has said.
///
/// # Errors
/// What the database says.
pub fn title_of(conn: &rusqlite::Connection, node: NodeId) -> Result<String, PageError> {
    let found: Option<String> = conn
        .prepare_cached("SELECT title FROM node WHERE node_id = ?1")?
        .query_row([node.as_bytes()], |r| r.get(0))
        .unwrap_or(None);
    Ok(found.unwrap_or_else(|| node.to_string()))
}

struct NodeLine {
    title: String,
    id: String,
    school: String,
    state: String,
    revoked: bool,
    /// The node at which it follows live classes.
    upper: String,
    over: String,
}

#[derive(Template)]
#[template(path = "nodes.html")]
struct ListPage<'a> {
    s: Shell<'a>,
    nodes: Vec<NodeLine>,
    schools: Vec<(String, String)>,
    code: Option<String>,
    is_hub: bool,
}

fn list(site: &Site, request: &Request, code: Option<String>) -> Result<Reply, PageError> {
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let org = site.kinds.get("organisation").ok_or(PageError::NotFound)?;
        let mut stmt = conn.prepare("SELECT n.title, n.node_id, n.school, n.state, u.node_id, u.title FROM node n LEFT JOIN node u ON u.id = n.upper
             ORDER BY n.title_key")?;
        let found = stmt
            .query_map([], |r| {
                Ok((
                    r.get::<_, Option<String>>(0)?.unwrap_or_default(),
                    r.get::<_, Option<Vec<u8>>>(1)?.unwrap_or_default(),
                    r.get::<_, Option<Vec<u8>>>(2)?,
                    r.get::<_, Option<String>>(3)?.unwrap_or_default(),
                    r.get::<_, Option<Vec<u8>>>(4)?.unwrap_or_default(),
                    r.get::<_, Option<String>>(5)?,
                ))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        let mut nodes = Vec::new();
        for (title, id, school, state, upper, over) in found {
            let school = school.and_then(|s| Subject::try_from(s.as_slice()).ok());
            nodes.push(NodeLine {
                title,
                id: base32::encode(&id),
                school: school.map_or(Ok(String::new()), |s| look.title(org, &s))?,
                revoked: state == "revoked",
                upper: base32::encode(&upper),
                over: over.unwrap_or_else(|| look.words.get("node-hub").into_owned()),
                state: look.words.get(&format!("node-state-{state}")).into_owned(),
            });
        }
        let mut stmt = conn.prepare(
            "SELECT id, title FROM organisation WHERE kind = 'supported_school' AND state = 'active' ORDER BY title_key",
        )?;
        let schools = stmt
            .query_map([], |r| Ok((r.get::<_, Vec<u8>>(0)?, r.get::<_, String>(1)?)))?
            .map(|row| row.map(|(id, title)| (base32::encode(&id), title)))
            .collect::<Result<Vec<_>, _>>()?;
        let s = Shell::new(site, request, look.words.get("nodes"));
        let is_hub = site.node_kind == NodeKind::Hub;
        Ok::<_, PageError>(ListPage { s, nodes, schools, code, is_hub }.render()?)
    })?;
    Ok(Reply::Page(html))
}

fn invite(site: &Site, request: &Request, links: &dyn Links) -> Result<Reply, PageError> {
    let school: Subject = request.form("school").and_then(|s| s.parse().ok()).ok_or(PageError::Malformed("school"))?;
    let host = request.host.split(':').next().unwrap_or_default().to_owned();
    let code = links.invite(school, &host)?;
    list(site, request, Some(code))
}

/// Says at which node another follows live classes: many of one region at one that passes a class on to them.
fn put_below(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let node = |field: &str| request.form(field).filter(|n| !n.is_empty()).map(str::parse::<NodeId>).transpose();
    let malformed = |_| PageError::Malformed("node");
    let (below, upper) = (node("node").map_err(malformed)?, node("upper").map_err(malformed)?);
    let below = below.ok_or(PageError::Malformed("node"))?;
    let reader = request.reader()?;
    let done = site.store.write(Context { author: reader.person }, |tx| {
        crate::members::put_below(tx, &site.kinds, site.programme, below, upper)
    })?;
    done.ok_or(PageError::Rule("node-upper".to_owned()))?;
    Ok(Reply::To("/nodes".to_owned()))
}

fn revoke(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let node: NodeId = request.form("node").and_then(|n| n.parse().ok()).ok_or(PageError::Malformed("node"))?;
    let why = text::clean_line(request.form("why").unwrap_or_default(), 400).unwrap_or_default();
    if why.is_empty() {
        return Err(PageError::Malformed("a reason is wanted"));
    }
    let reader = request.reader()?;
    site.store
        .write(Context { author: reader.person }, |tx| crate::revoke(tx, &site.kinds, site.programme, node, &why))?;
    Ok(Reply::ToWith("/nodes".to_owned(), vec![set_cookie("zampa_note", "node-revoked", 60)]))
}
