//! A node's links: what the link asks of this node, and what pages ask of the link.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use anyhow::{Context as _, Result};
use assets::Shelf;
use base::{Env, Hash, NodeId, Scope, Subject, base32};
use blobs::Blobs;
use classroom::Classes;
use link::{Carried, CarryError, Grant, Host, JoinCode, Link, Load, Named, Refusal};
use live::Live;
use log::{Authority, Context, NodeKey, Store};
use nodes::{Links, Members, Peer};
use records::Kinds;
use rusqlite::Connection;
use serde_json::json;
use web::{Local, PageError};

use crate::files::{Files, Settings};
use crate::house;
use crate::node::{members, open_store};

/// How long a code to join with is good, in milliseconds: an hour.
const CODE_MS: u64 = 3_600_000;
/// A day, in milliseconds.
const DAY_MS: i64 = 86_400_000;

/// What the link asks of this node.
struct NodeHost {
    store: Arc<Store>,
    blobs: Arc<Blobs>,
    shelf: Arc<Shelf>,
    local: Arc<Local>,
    members: Members,
    kinds: Kinds,
    demonstration: bool,
    /// The live classes, once they go over the link.
    classes: OnceLock<Arc<Classes>>,
}

impl Host for NodeHost {
    fn store(&self) -> &Store {
        &self.store
    }

    fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    fn authority(&self) -> &dyn Authority {
        &self.members
    }

    fn is_member(&self, conn: &Connection, peer: NodeId) -> bool {
        self.members.is_member(conn, peer)
    }

    fn may_hold(&self, conn: &Connection, peer: NodeId, scope: &Scope) -> bool {
        self.members.holds(conn, peer, scope)
    }

    fn wanted_blobs(&self, conn: &Connection) -> Vec<(Hash, u64)> {
        self.wanted(conn).unwrap_or_else(|e| {
            tracing::error!("looking for wanted files: {e:#}");
            Vec::new()
        })
    }

    /// A node may have the content of the files that it may hold.
    fn may_fetch(&self, conn: &Connection, peer: NodeId, blob: &Hash) -> bool {
        self.lies_with(conn, peer, blob).unwrap_or_else(|e| {
            tracing::error!("who may have a file: {e:#}");
            false
        })
    }

    fn named_blobs(&self, conn: &Connection) -> Vec<Named> {
        self.named(conn).unwrap_or_else(|e| {
            tracing::error!("looking for files to carry: {e:#}");
            Vec::new()
        })
    }

    fn remembered(&self, peer: NodeId) -> Option<Vec<u8>> {
        let kept = self.local.setting(&peer_name(peer)).map_err(|e| tracing::error!("what is known of a node: {e}"));
        base32::decode(&kept.ok()??)
    }

    fn remember(&self, peer: NodeId, known: &[u8]) {
        if let Err(e) = self.local.set(&peer_name(peer), Some(&base32::encode(known))) {
            tracing::error!("keeping what is known of a node: {e}");
        }
    }

    fn enrol(&self, secret: &[u8; 16], public_key: &[u8], title: &str) -> Result<Grant, Refusal> {
        let unavailable = |e: &dyn std::fmt::Display| {
            tracing::error!("enrolling a node: {e}");
            Refusal::Unavailable
        };
        if self.store.key().id() != self.members.hub {
            return Err(Refusal::Unavailable);
        }
        let name = code_name(secret);
        let kept = self.local.setting(&name).map_err(|e| unavailable(&e))?.ok_or(Refusal::Unknown)?;
        let (school, expires) = kept.split_once(' ').ok_or(Refusal::Used)?;
        let expires: u64 = expires.parse().map_err(|_| Refusal::Unknown)?;
        if self.store.env().clock.now_ms() > expires {
            return Err(Refusal::Expired);
        }
        let school: Subject = school.parse().map_err(|_| Refusal::Unknown)?;
        // The code is spent before the node is enrolled: a crash in between wastes a code, and never admits two.
        self.local.set(&name, Some("used")).map_err(|e| unavailable(&e))?;
        let programme = self.members.programme;
        let title = self
            .store
            .write(Context::NODE, |tx| {
                let own: String =
                    tx.conn()
                        .query_row("SELECT title FROM organisation WHERE id = ?1", [school.as_bytes()], |r| r.get(0))?;
                let title = if title.trim().is_empty() { own } else { title.trim().to_owned() };
                nodes::enrol(tx, &self.kinds, programme, public_key, &title, Some(school))?;
                Ok::<_, records::RecordError>(title)
            })
            .map_err(|e| unavailable(&e))?;
        let extra = json!({ "title": title, "school": school.to_string(), "demonstration": self.demonstration });
        Ok(Grant { hub_key: self.members.hub_key.clone(), programme, extra: extra.to_string().into_bytes() })
    }
}

impl NodeHost {
    /// Keeps of the records of classes what came while they went on: only the rest is wanted.
    fn fill(&self, conn: &Connection) -> Result<()> {
        let Some(classes) = self.classes.get() else { return Ok(()) };
        for (class, hash) in classroom::kept(conn)? {
            if let Some(tree) = self.shelf.tree(&hash)? {
                classes.fill(class, hash, &tree, &self.blobs);
            }
        }
        Ok(())
    }

    /// What records name and is not here, and what lies in their trees: a tree first, then what it turns out to lack;
    /// lessons that are planned before all else.
    fn wanted(&self, conn: &Connection) -> Result<Vec<(Hash, u64)>> {
        let trees = house::trees(conn)?;
        self.fill(conn)?;
        let mut out = Vec::new();
        for file in register::wanted(conn, &self.kinds)? {
            if trees.contains(&file.content) {
                out.extend(self.shelf.lacks(&file.content, file.bytes)?);
            } else {
                out.push((file.content, file.bytes));
            }
        }
        out.retain(|(content, _)| !self.blobs.has(content));
        if out.is_empty() {
            return Ok(out);
        }
        let stock = courses::stock(conn, &self.shelf, &self.local, self.store.key().id(), &yesterday(&self.store))?;
        out.retain(|(content, _)| !stock.let_go.contains(content));
        let others = (courses::OTHERS, String::new());
        out.sort_by(|(a, _), (b, _)| {
            stock.places.get(a).unwrap_or(&others).cmp(stock.places.get(b).unwrap_or(&others))
        });
        Ok(out)
    }

    /// What records name and is here, and what lies in their trees: a tree before its leaves, and of the rest lessons
    /// that are planned before all else.
    fn named(&self, conn: &Connection) -> Result<Vec<Named>> {
        let trees = house::trees(conn)?;
        let (mut first, mut out) = (Vec::new(), Vec::new());
        for file in register::wanted(conn, &self.kinds)? {
            let named = |(blob, len)| Named { blob, len, record: file.record };
            if trees.contains(&file.content) {
                // A tree that came and was not looked at yet is taken in first.
                self.shelf.lacks(&file.content, file.bytes)?;
                first.push(named((file.content, file.bytes)));
                out.extend(self.shelf.leaves(&file.content)?.into_iter().map(named));
            } else {
                out.push(named((file.content, file.bytes)));
            }
        }
        let stock = courses::stock(conn, &self.shelf, &self.local, self.store.key().id(), &yesterday(&self.store))?;
        let others = (courses::OTHERS, String::new());
        let place = |n: &Named| stock.places.get(&n.blob).unwrap_or(&others);
        out.sort_by(|a, b| place(a).cmp(place(b)));
        first.extend(out);
        first.retain(|named| self.blobs.has(&named.blob));
        Ok(first)
    }

    /// Whether a record names a content, or a tree that holds it, which the peer holds too.
    fn lies_with(&self, conn: &Connection, peer: NodeId, blob: &Hash) -> Result<bool> {
        let holds = |scope: &Scope| self.members.holds(conn, peer, scope);
        let named = |hash: &Hash| register::lies_in(conn, &self.kinds, self.members.programme, hash, &holds);
        if named(blob)? {
            return Ok(true);
        }
        for tree in self.shelf.trees_with(blob)? {
            if named(&tree)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The day before this one somewhere on earth: a lesson of that day may still be to come.
pub fn yesterday(store: &Store) -> String {
    let now = i64::try_from(store.env().clock.now_ms()).unwrap_or(i64::MAX);
    let then = jiff::Timestamp::from_millisecond(now.saturating_sub(DAY_MS)).unwrap_or_default();
    jiff::tz::TimeZone::UTC.to_datetime(then).date().to_string()
}

fn code_name(secret: &[u8; 16]) -> String {
    format!("join-{}", Hash::of(secret))
}

fn peer_name(peer: NodeId) -> String {
    format!("peer-{peer}")
}

/// A node's links.
pub struct NodeLinks {
    host: Arc<NodeHost>,
    link: OnceLock<Link>,
    port: OnceLock<u16>,
}

/// What a node learns when it joins.
pub struct Joined {
    /// The programme.
    pub programme: [u8; 16],
    /// The hub's public key.
    pub hub_key: Vec<u8>,
    /// Where the hub listens.
    pub hub_address: String,
    /// The node's name.
    pub title: String,
    /// Its school.
    pub school: Option<Subject>,
    /// Whether rows are invented.
    pub demonstration: bool,
}

impl NodeLinks {
    /// Links that neither listen nor dial yet.
    pub fn new(
        store: Arc<Store>,
        blobs: Arc<Blobs>,
        shelf: Arc<Shelf>,
        local: Arc<Local>,
        members: Members,
        kinds: Kinds,
        settings: &Settings,
    ) -> Self {
        let demonstration = settings.demonstration;
        let host =
            Arc::new(NodeHost { store, blobs, shelf, local, members, kinds, demonstration, classes: OnceLock::new() });
        Self { host, link: OnceLock::new(), port: OnceLock::new() }
    }

    /// Links of a node that is not running: to carry what it has, and what it is brought.
    pub fn of(files: &Files, env: &Env) -> Result<Self> {
        let settings = files.settings()?;
        let store = Arc::new(open_store(files, &settings, env)?);
        let local = Arc::new(Local::open(&files.local(), env.clone()).context("cannot open local.db")?);
        let blobs = Arc::new(Blobs::open(&files.blobs())?);
        let shelf = Arc::new(Shelf::open(&files.shelf(), (*blobs).clone())?);
        Ok(Self::new(store, blobs, shelf, local, members(&settings), crate::house::kinds(), &settings))
    }

    /// What the link asks of this node.
    pub fn host(&self) -> &dyn Host {
        &*self.host
    }

    fn link(&self) -> &Link {
        self.link.get_or_init(|| {
            // A link that is cut is asked often whether it is back: a packet every few seconds costs nothing, and a
            // village that waits for a minute does.
            let settings = link::Settings { back_off_max_ms: 8000, ..link::Settings::default() };
            Link::new(Arc::clone(&self.host) as Arc<dyn Host>, settings)
        })
    }

    /// Takes the link's datagrams for live classes; before it listens or dials, since sessions tell of themselves as they
    /// begin. Within a runtime.
    pub fn live(&self, classes: &Arc<Classes>) -> Option<Live> {
        let (store, link) = (&self.host.store, self.link());
        let _ = self.host.classes.set(Arc::clone(classes));
        Live::start(link, store.key().id(), store.env().clone(), classes.door(), classes.audience())
    }

    /// Takes in nodes at an address (UDP), but for neighbours that were removed. Within a runtime.
    pub fn listen(&self, address: SocketAddr) -> Result<()> {
        nodes::parted(&self.host.local)?.into_iter().for_each(|node| self.link().part(node));
        let socket = std::net::UdpSocket::bind(address)
            .with_context(|| format!("cannot listen on UDP port {}; is another Zampa running?", address.port()))?;
        let _ = self.port.set(address.port());
        self.link().listen(socket)?;
        Ok(())
    }

    /// Keeps up the link to the hub. Within a runtime.
    pub fn dial(&self, address: &str) -> Result<()> {
        self.link().dial(address, self.host.members.hub)?;
        Ok(())
    }

    /// Keeps up the links to neighbours. Within a runtime.
    pub fn meet_neighbours(&self) -> Result<()> {
        for (node, address) in nodes::neighbours(&self.host.local)? {
            if let Err(e) = self.link().dial(&address, node) {
                tracing::error!("a neighbour at {address}: {e}");
            }
        }
        Ok(())
    }

    /// Somebody wishes to be connected now.
    pub fn nudge(&self) {
        if let Some(link) = self.link.get() {
            link.nudge();
        }
    }

    /// Joins a hub with a one-use code.
    pub async fn join(code: &str, key: &NodeKey, title: &str) -> Result<Joined> {
        let code: JoinCode = code.parse()?;
        let grant = Link::join(key, &code, title).await?;
        let extra: serde_json::Value = serde_json::from_slice(&grant.extra)
            .context("the hub's answer cannot be read; is it of another version?")?;
        let text = |name: &str| extra.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        Ok(Joined {
            programme: grant.programme,
            hub_key: grant.hub_key,
            hub_address: code.address,
            title: text("title"),
            school: text("school").parse().ok(),
            demonstration: extra.get("demonstration") == Some(&json!(true)),
        })
    }
}

impl courses::Carrier for NodeLinks {
    fn missing(&self) -> Vec<assets::Tool> {
        crate::workshop::missing()
    }

    fn rate(&self) -> u64 {
        self.link.get().map_or(0, |link| link.status().iter().map(|p| p.received_rate).sum())
    }

    fn look_again(&self) {
        if let Some(link) = self.link.get() {
            link.stocked();
        }
    }
}

impl Links for NodeLinks {
    fn peers(&self) -> Vec<Peer> {
        let Some(link) = self.link.get() else { return Vec::new() };
        let now = self.host.store.env().clock.now_ms();
        let silent = self.host.classes.get().map(|classes| classes.silent(now)).unwrap_or_default();
        link.status()
            .into_iter()
            .map(|p| Peer {
                node: p.peer,
                connected: p.connected && !silent.contains_key(&p.peer),
                last_met_ms: p.last_met_ms.unwrap_or(0),
                since_ms: silent.get(&p.peer).filter(|_| p.connected).copied().or(p.since_ms).unwrap_or(0),
                rtt_ms: p.rtt_ms.unwrap_or(0),
                rate: p.sent_rate + p.received_rate,
                sent: p.sent_bytes,
                received: p.received_bytes,
                waiting: p.waiting_entries.unwrap_or(0),
                waiting_blobs: p.waiting_blobs,
                error: p.last_error.map(|e| format!("link-error-{}", e.code())),
            })
            .collect()
    }

    fn files(&self) -> (u64, u64) {
        match self.host.blobs.stats() {
            Ok(stats) => (stats.count, stats.bytes),
            Err(e) => {
                tracing::error!("counting files: {e}");
                (0, 0)
            }
        }
    }

    fn weigh(&self, to: NodeId, room: u64) -> Result<Load, CarryError> {
        link::weigh(&*self.host, to, room)
    }

    fn carry_out(&self, to: NodeId, room: u64, out: &mut dyn Write) -> Result<(), CarryError> {
        link::carry_out(&*self.host, to, room, out, &mut |_| ()).map(|_| ())
    }

    fn carry_in(&self, from: &mut dyn Read, tell: &mut dyn FnMut(&Carried)) -> Result<Carried, CarryError> {
        let carried = link::carry_in(&*self.host, from, tell)?;
        if let Some(link) = self.link.get() {
            link.carried(carried.from)?;
        }
        Ok(carried)
    }

    fn meet(&self, node: NodeId, address: &str) -> Result<(), PageError> {
        match self.link().dial(address, node) {
            Ok(()) => Ok(()),
            Err(link::LinkError::Code(_)) => Err(PageError::Rule("neighbours-address".to_owned())),
            Err(e) => Err(PageError::Internal(e.to_string())),
        }
    }

    fn part(&self, node: NodeId) {
        self.link().part(node);
    }

    fn admit(&self, node: NodeId) {
        self.link().admit(node);
    }

    fn invite(&self, school: Subject, host: &str) -> Result<String, PageError> {
        let port = self.port.get().copied().ok_or(PageError::NotFound)?;
        let env = self.host.store.env();
        let secret = env.bytes::<16>();
        let expires = env.clock.now_ms() + CODE_MS;
        self.host.local.set(&code_name(&secret), Some(&format!("{school} {expires}")))?;
        let code = JoinCode { address: format!("{host}:{port}"), hub: self.host.members.hub, secret };
        Ok(code.to_string())
    }
}
