//! A hub and school nodes in one process, each with its own database and blobs.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::{Env, Hash, NodeId, Random, Scope, Subject};
use blobs::Blobs;
use link::{Bad, Grant, Host, JoinCode, Link, Named, PeerStatus, Refusal, Relay, Settings};
use log::{Authority, Context, Draft, LogError, NodeKey, Projector, Store};
use rusqlite::{Connection, OptionalExtension, params};

pub const PROGRAMME: Scope = Scope::Programme([7; 16]);

pub fn key(n: u8) -> NodeKey {
    NodeKey::from_seed([n + 1; 32]).unwrap()
}

/// The school where a node stands, by convention of these tests.
pub fn school_of(n: u8) -> Subject {
    Subject::new(&PROGRAMME, 1_700_000_000_000, u32::from(n))
}

/// The record that names a blob, by convention of these tests.
fn blob_subject(hash: &Hash) -> Subject {
    Subject::new(&PROGRAMME, 1_700_000_000_001, u32::from(hash.0[0]))
}

/// Keeps, of each subject, its payloads in order, and who is enrolled, and which blobs are named.
struct Tables;
impl Projector for Tables {
    fn shape(&self) -> String {
        "1".into()
    }
    fn create(&self, conn: &Connection) -> Result<(), LogError> {
        Ok(conn.execute_batch(
            "CREATE TABLE letters (subject BLOB PRIMARY KEY, digest BLOB NOT NULL);
             CREATE TABLE member (node BLOB PRIMARY KEY, key BLOB NOT NULL, revoked INTEGER NOT NULL);
             CREATE TABLE named (hash BLOB PRIMARY KEY, len INTEGER NOT NULL);",
        )?)
    }
    fn clear(&self, conn: &Connection) -> Result<(), LogError> {
        Ok(conn
            .execute_batch("DROP TABLE IF EXISTS letters; DROP TABLE IF EXISTS member; DROP TABLE IF EXISTS named")?)
    }
    fn fold(&self, conn: &Connection, subjects: &BTreeSet<Subject>) -> Result<(), LogError> {
        for subject in subjects {
            let mut hasher = blake3::Hasher::new();
            for entry in log::entries_of(conn, subject)? {
                let payload = entry.payload().unwrap_or_default();
                hasher.update(&entry.header.clock.0.to_be_bytes()).update(payload);
                match entry.header.kind.as_str() {
                    "joined" | "revoked" => {
                        let revoked = entry.header.kind == "revoked";
                        let node = NodeId::of_key(payload);
                        conn.execute(
                            "REPLACE INTO member VALUES (?1, ?2, ?3)",
                            params![node.as_bytes(), payload, revoked],
                        )?;
                    }
                    "blob" => {
                        let (hash, len) = payload.split_at(32);
                        let len = i64::from_be_bytes(len.try_into().unwrap());
                        conn.execute("REPLACE INTO named VALUES (?1, ?2)", params![hash, len])?;
                    }
                    _ => {}
                }
            }
            let digest = *hasher.finalize().as_bytes();
            conn.prepare_cached("REPLACE INTO letters VALUES (?1, ?2)")?
                .execute(params![subject.as_bytes(), digest])?;
        }
        Ok(())
    }
    fn rebuild(&self, conn: &Connection) -> Result<(), LogError> {
        log::each_subject(conn, |subject, _| self.fold(conn, &BTreeSet::from([subject])))
    }
}

/// A node: its storage and what it answers to the link.
pub struct Node {
    pub store: Store,
    pub blobs: Blobs,
    pub n: u8,
    hub: NodeId,
    /// What the link keeps of peers.
    pub kept: Mutex<BTreeMap<NodeId, Vec<u8>>>,
    /// Codes and the node that used each.
    pub codes: Mutex<BTreeMap<[u8; 16], Option<NodeId>>>,
}

impl Node {
    pub fn open(dir: &Path, n: u8) -> Arc<Self> {
        let store = Store::open(&dir.join(format!("{n}.db")), key(n), Env::system(), Box::new(Tables)).unwrap();
        let blobs = Blobs::open(&dir.join(format!("{n}.blobs"))).unwrap();
        Arc::new(Self { store, blobs, n, hub: key(0).id(), codes: Mutex::default(), kept: Mutex::default() })
    }

    /// Node 0.
    pub fn hub(dir: &Path, members: &[u8]) -> Arc<Self> {
        let hub = Self::open(dir, 0);
        members.iter().for_each(|n| hub.enrol_key(key(*n).public(), "joined"));
        hub
    }

    pub fn enrol_key(&self, public: &[u8], kind: &str) {
        let mut digest = [0; 4];
        digest.copy_from_slice(&Hash::of(public).0[..4]);
        let subject = Subject::new(&PROGRAMME, 1_700_000_000_000, u32::from_be_bytes(digest));
        self.put_in(PROGRAMME, subject, kind, &[public.to_vec()]);
    }

    pub fn put_in(&self, scope: Scope, subject: Subject, kind: &str, payloads: &[Vec<u8>]) {
        self.store
            .write(Context::NODE, |tx| {
                for payload in payloads {
                    let kind = kind.to_owned();
                    tx.append(&Draft { scope, subject, kind, payload: payload.clone(), base: None })?;
                }
                Ok::<_, LogError>(())
            })
            .unwrap();
    }

    /// Writes facts about new subjects in one command.
    pub fn put_many(&self, scope: Scope, payloads: impl Iterator<Item = Vec<u8>>) {
        self.store
            .write(Context::NODE, |tx| {
                for payload in payloads {
                    let subject = tx.subject(&scope);
                    tx.append(&Draft { scope, subject, kind: "letter".into(), payload, base: None })?;
                }
                Ok::<_, LogError>(())
            })
            .unwrap();
    }

    pub fn letters(&self, scope: Scope, count: usize) {
        let n = self.n;
        self.put_many(scope, (0..count).map(|i| format!("letter {i} of node {n}").into_bytes()));
    }

    /// Puts a blob and the fact that names it.
    pub fn put_blob(&self, bytes: &[u8]) -> Hash {
        let (hash, len) = self.blobs.put(bytes).unwrap();
        let mut payload = hash.0.to_vec();
        payload.extend(len.to_be_bytes());
        self.put_in(PROGRAMME, blob_subject(&hash), "blob", &[payload]);
        hash
    }

    pub fn entries(&self) -> u64 {
        self.store.read(|conn| Ok::<_, LogError>(log::stats(conn)?.entries)).unwrap()
    }

    /// The rows of one scope: two nodes have the same when these are the same.
    pub fn rows(&self, scope: Scope) -> Vec<(Vec<u8>, Vec<u8>)> {
        let rows = self.store.read(|conn| {
            let mut stmt = conn.prepare("SELECT subject, digest FROM letters ORDER BY 1")?;
            let rows = stmt.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?;
            Ok::<_, LogError>(rows.collect::<Result<Vec<(Vec<u8>, Vec<u8>)>, _>>()?)
        });
        let is_in = |subject: &[u8]| Subject::try_from(subject).unwrap().is_in(&scope);
        rows.unwrap().into_iter().filter(|(subject, _)| is_in(subject)).collect()
    }

    pub fn scopes(&self) -> BTreeSet<Scope> {
        let vector = self.store.read(|conn| log::vector(conn, &|_| true)).unwrap();
        vector.keys().map(|(scope, _)| *scope).collect()
    }
}

impl Authority for Node {
    fn key_of(&self, conn: &Connection, node: NodeId) -> Option<Vec<u8>> {
        if node == self.hub {
            return Some(key(0).public().to_vec());
        }
        conn.query_row("SELECT key FROM member WHERE node = ?1", [node.as_bytes()], |r| r.get(0)).optional().unwrap()
    }
    fn may_write(&self, _: &Connection, node: NodeId, scope: &Scope) -> bool {
        match scope {
            Scope::Programme(_) => true,
            Scope::School(school) => node == self.hub || (1..9).any(|n| key(n).id() == node && *school == school_of(n)),
            _ => false,
        }
    }
    fn hub(&self, _: &Connection) -> Option<NodeId> {
        Some(self.hub)
    }
}

impl Host for Node {
    fn store(&self) -> &Store {
        &self.store
    }
    fn blobs(&self) -> &Blobs {
        &self.blobs
    }
    fn authority(&self) -> &dyn Authority {
        self
    }
    fn is_member(&self, conn: &Connection, peer: NodeId) -> bool {
        let sql = "SELECT 1 FROM member WHERE node = ?1 AND revoked = 0";
        peer == self.hub || conn.query_row(sql, [peer.as_bytes()], |_| Ok(())).optional().unwrap().is_some()
    }
    fn may_hold(&self, _: &Connection, peer: NodeId, scope: &Scope) -> bool {
        match scope {
            Scope::Programme(_) => true,
            Scope::School(school) => peer == self.hub || (1..9).any(|n| key(n).id() == peer && *school == school_of(n)),
            _ => false,
        }
    }
    fn wanted_blobs(&self, conn: &Connection) -> Vec<(Hash, u64)> {
        let mut stmt = conn.prepare("SELECT hash, len FROM named ORDER BY 1").unwrap();
        let rows = stmt.query_map([], |r| Ok((r.get::<_, Vec<u8>>(0)?, r.get::<_, i64>(1)?))).unwrap();
        rows.map(|r| r.unwrap()).map(|(h, len)| (Hash::try_from(h.as_slice()).unwrap(), len.cast_unsigned())).collect()
    }
    fn may_fetch(&self, _: &Connection, _: NodeId, _: &Hash) -> bool {
        true
    }
    fn named_blobs(&self, conn: &Connection) -> Vec<Named> {
        let here = self.wanted_blobs(conn).into_iter().filter(|(blob, _)| self.blobs.has(blob));
        here.map(|(blob, len)| Named { blob, len, record: blob_subject(&blob) }).collect()
    }
    fn remembered(&self, peer: NodeId) -> Option<Vec<u8>> {
        self.kept.lock().unwrap().get(&peer).cloned()
    }
    fn remember(&self, peer: NodeId, known: &[u8]) {
        self.kept.lock().unwrap().insert(peer, known.to_vec());
    }
    fn enrol(&self, secret: &[u8; 16], public_key: &[u8], _title: &str) -> Result<Grant, Refusal> {
        let mut codes = self.codes.lock().unwrap();
        match codes.get_mut(secret) {
            None => return Err(Refusal::Unknown),
            Some(Some(_)) => return Err(Refusal::Used),
            Some(used) => *used = Some(NodeId::of_key(public_key)),
        }
        self.enrol_key(public_key, "joined");
        Ok(Grant { hub_key: self.store.key().public().to_vec(), programme: [7; 16], extra: b"welcome".to_vec() })
    }
}

pub fn quick() -> Settings {
    Settings { back_off_min_ms: 100, back_off_max_ms: 1000 }
}

pub fn listen(node: &Arc<Node>) -> (Link, SocketAddr) {
    let link = Link::new(node.clone(), quick());
    let address = link.listen(UdpSocket::bind("127.0.0.1:0").unwrap()).unwrap();
    (link, address)
}

pub fn dial(node: &Arc<Node>, address: SocketAddr) -> Link {
    let link = Link::new(node.clone(), quick());
    link.dial(&address.to_string(), key(0).id()).unwrap();
    link
}

/// Chance that comes out the same each time.
struct Seeded(Mutex<blake3::OutputReader>);

impl Random for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap().fill(bytes);
    }
}

/// A relay that is good and bad at the same moments each time.
pub async fn relay_by(seed: u8, address: SocketAddr, bad: Bad) -> Relay {
    let chance = blake3::Hasher::new().update(&[seed]).finalize_xof();
    let env = Env { random: Arc::new(Seeded(Mutex::new(chance))), ..Env::system() };
    Relay::start("127.0.0.1:0".parse().unwrap(), address, env, bad).await.unwrap()
}

pub async fn relay_to(address: SocketAddr, bad: Bad) -> Relay {
    Relay::start("127.0.0.1:0".parse().unwrap(), address, Env::system(), bad).await.unwrap()
}

pub fn code_for(hub: &Node, address: SocketAddr, secret: [u8; 16]) -> JoinCode {
    hub.codes.lock().unwrap().insert(secret, None);
    JoinCode { address: address.to_string(), hub: hub.store.key().id(), secret }
}

pub fn status(link: &Link, n: u8) -> PeerStatus {
    find(link, n).unwrap_or_else(|| panic!("node {n} was never met"))
}

pub fn find(link: &Link, n: u8) -> Option<PeerStatus> {
    link.status().into_iter().find(|s| s.peer == key(n).id())
}

/// Waits for a condition, and fails when it does not come about within the seconds.
pub async fn until(what: &str, seconds: u64, mut is_so: impl FnMut() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(seconds), waiting).await.unwrap_or_else(|_| panic!("waited for {what}"));
}

/// Waits until nothing goes over a relay any more.
pub async fn quiet(relay: &Relay) {
    let mut last = relay.counters();
    loop {
        tokio::time::sleep(Duration::from_millis(400)).await;
        let now = relay.counters();
        if now == last {
            return;
        }
        last = now;
    }
}
