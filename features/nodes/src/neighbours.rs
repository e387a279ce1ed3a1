//! Neighbours: other schools' nodes that this one can reach without the hub. What both are, the hub has signed and both
//! hold: so they know each other's keys, and exchange what each may hold, as with the hub. When the hub is away, a class
//! between them goes on.

use std::sync::Arc;

use askama::Template;
use base::NodeId;
use records::{Role, Roles};
use rusqlite::Connection;
use web::{Check, Local, NodeKind, PageError, Reply, Request, Route, Shell, Site};

use crate::pages::{Links, title_of};

/// Who says whom a node meets.
const KEEPERS: Roles = Roles::of(&[Role::Administrator, Role::Officer, Role::Coordinator, Role::Head]);
/// The setting that keeps them. They are nobody else's business, and an address is good from here alone.
const NAME: &str = "neighbours";
/// The setting that keeps those that were removed.
const PARTED: &str = "neighbours-parted";
/// Neighbours that a node may have.
const MOST: usize = 16;

pub(crate) fn routes(links: &Arc<dyn Links>) -> Vec<Route> {
    let (shown, met) = (Arc::clone(links), Arc::clone(links));
    let (removes, admits) = (Arc::clone(links), Arc::clone(links));
    vec![
        Route::get("/nodes/neighbours", Check::Roles(KEEPERS), move |site, r| page(site, r, &*shown)),
        Route::post("/nodes/neighbours", Check::Roles(KEEPERS), move |site, r| add(site, r, &*met)),
        Route::post("/nodes/neighbours/remove", Check::Roles(KEEPERS), move |site, r| remove(site, r, &*removes)),
        Route::post("/nodes/neighbours/admit", Check::Roles(KEEPERS), move |site, r| admit(site, r, &*admits)),
    ]
}

/// Whether somebody may say whom this node meets: at a school's node alone, since a hub meets all.
pub(crate) fn keeps(site: &Site, request: &Request) -> bool {
    site.node_kind == NodeKind::School && request.session.as_ref().is_some_and(|s| s.reader.is_any(KEEPERS))
}

/// The neighbours that a node dials, with their addresses.
///
/// # Errors
/// What the database says.
pub fn neighbours(local: &Local) -> Result<Vec<(NodeId, String)>, PageError> {
    let kept = local.setting(NAME)?.unwrap_or_default();
    let read = |line: &str| line.split_once(' ').and_then(|(node, at)| Some((node.parse().ok()?, at.to_owned())));
    Ok(kept.lines().filter_map(read).collect())
}

fn keep(local: &Local, all: &[(NodeId, String)]) -> Result<(), PageError> {
    let kept: String = all.iter().map(|(node, at)| format!("{node} {at}\n")).collect();
    Ok(local.set(NAME, Some(kept.as_str()).filter(|kept| !kept.is_empty()))?)
}

/// The neighbours that were removed: they are not let in.
///
/// # Errors
/// What the database says.
pub fn parted(local: &Local) -> Result<Vec<NodeId>, PageError> {
    let kept = local.setting(PARTED)?.unwrap_or_default();
    Ok(kept.lines().filter_map(|line| line.parse().ok()).collect())
}

/// Keeps whether a neighbour was removed.
fn keep_parted(local: &Local, node: NodeId, yes: bool) -> Result<(), PageError> {
    let mut all = parted(local)?;
    all.retain(|known| *known != node);
    all.extend(yes.then_some(node));
    let kept: String = all.iter().map(|node| format!("{node}\n")).collect();
    Ok(local.set(PARTED, Some(kept.as_str()).filter(|kept| !kept.is_empty()))?)
}

struct Line {
    id: String,
    title: String,
    address: String,
    /// `whole`, `broken` or `parted`.
    state: &'static str,
}

#[derive(Template)]
#[template(path = "neighbours.html")]
struct NeighboursPage<'a> {
    s: Shell<'a>,
    lines: Vec<Line>,
    others: Vec<(String, String)>,
    port: String,
}

fn page(site: &Site, request: &Request, links: &dyn Links) -> Result<Reply, PageError> {
    may(site, request)?;
    let peers = links.peers();
    let (kept, removed) = (neighbours(&site.local)?, parted(&site.local)?);
    let html = site.store.read(|conn| {
        let mut lines = Vec::new();
        for (node, address) in &kept {
            let met = peers.iter().any(|p| p.node == *node && p.connected);
            let state = if met { "whole" } else { "broken" };
            lines.push(Line { id: node.to_string(), title: title_of(conn, *node)?, address: address.clone(), state });
        }
        // Those that dialled by themselves: nothing is to be kept here.
        for peer in peers.iter().filter(|p| p.connected && p.node != site.hub) {
            if !kept.iter().any(|(node, _)| *node == peer.node) {
                let (title, address) = (title_of(conn, peer.node)?, String::new());
                lines.push(Line { id: peer.node.to_string(), title, address, state: "whole" });
            }
        }
        for node in &removed {
            let (title, address) = (title_of(conn, *node)?, String::new());
            lines.push(Line { id: node.to_string(), title, address, state: "parted" });
        }
        let others = schools(conn)?.into_iter().filter(|node| *node != site.store.key().id());
        let others = others.map(|node| Ok((node.to_string(), title_of(conn, node)?)));
        let page = NeighboursPage {
            lines,
            others: others.collect::<Result<_, PageError>>()?,
            port: request.host.rsplit_once(':').map_or_else(|| "7400".to_owned(), |(_, port)| port.to_owned()),
            s: Shell::new(site, request, request.words(site).get("neighbours")),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

fn may(site: &Site, request: &Request) -> Result<(), PageError> {
    request.reader()?;
    if keeps(site, request) { Ok(()) } else { Err(PageError::NotAllowed) }
}

fn schools(conn: &Connection) -> Result<Vec<NodeId>, PageError> {
    crate::carry::schools(conn)
}

fn add(site: &Site, request: &Request, links: &dyn Links) -> Result<Reply, PageError> {
    may(site, request)?;
    let node: NodeId = request.form("node").and_then(|n| n.parse().ok()).ok_or(PageError::Malformed("node"))?;
    let address = request.form("address").unwrap_or_default().trim().to_owned();
    let known = site.store.read(schools)?;
    if !known.contains(&node) || node == site.store.key().id() {
        return Err(PageError::NotFound);
    }
    let mut all = neighbours(&site.local)?;
    all.retain(|(known, _)| *known != node);
    if all.len() >= MOST {
        return Err(PageError::Rule("neighbours-many".to_owned()));
    }
    links.meet(node, &address)?;
    keep_parted(&site.local, node, false)?;
    all.push((node, address));
    keep(&site.local, &all)?;
    Ok(Reply::To("/nodes/neighbours".to_owned()))
}

/// The neighbour that is meant: another school's node, since the hub is nobody's to remove.
fn meant(site: &Site, request: &Request) -> Result<NodeId, PageError> {
    may(site, request)?;
    let node: NodeId = request.form("node").and_then(|n| n.parse().ok()).ok_or(PageError::Malformed("node"))?;
    if node == site.hub { Err(PageError::NotFound) } else { Ok(node) }
}

fn remove(site: &Site, request: &Request, links: &dyn Links) -> Result<Reply, PageError> {
    let node = meant(site, request)?;
    let mut all = neighbours(&site.local)?;
    let before = all.len();
    all.retain(|(known, _)| *known != node);
    // One that dials by itself is kept nowhere.
    if all.len() == before && !site.store.read(schools)?.contains(&node) {
        return Err(PageError::NotFound);
    }
    keep(&site.local, &all)?;
    keep_parted(&site.local, node, true)?;
    links.part(node);
    Ok(Reply::To("/nodes/neighbours".to_owned()))
}

fn admit(site: &Site, request: &Request, links: &dyn Links) -> Result<Reply, PageError> {
    let node = meant(site, request)?;
    keep_parted(&site.local, node, false)?;
    links.admit(node);
    Ok(Reply::To("/nodes/neighbours".to_owned()))
}
