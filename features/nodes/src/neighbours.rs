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
/// Neighbours that a node may have.
const MOST: usize = 16;

pub(crate) fn routes(links: &Arc<dyn Links>) -> Vec<Route> {
    let (shown, met) = (Arc::clone(links), Arc::clone(links));
    vec![
        Route::get("/nodes/neighbours", Check::Roles(KEEPERS), move |site, r| page(site, r, &*shown)),
        Route::post("/nodes/neighbours", Check::Roles(KEEPERS), move |site, r| add(site, r, &*met)),
        Route::post("/nodes/neighbours/remove", Check::Roles(KEEPERS), remove),
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

struct Line {
    id: String,
    title: String,
    address: String,
    /// `whole` or `broken`.
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
    let kept = neighbours(&site.local)?;
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
                lines.push(Line { id: String::new(), title, address, state: "whole" });
            }
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
    all.push((node, address));
    keep(&site.local, &all)?;
    Ok(Reply::To("/nodes/neighbours".to_owned()))
}

fn remove(site: &Site, request: &Request) -> Result<Reply, PageError> {
    may(site, request)?;
    let node: NodeId = request.form("node").and_then(|n| n.parse().ok()).ok_or(PageError::Malformed("node"))?;
    let mut all = neighbours(&site.local)?;
    all.retain(|(known, _)| *known != node);
    keep(&site.local, &all)?;
    Ok(Reply::To("/nodes/neighbours".to_owned()))
}
