use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use base::{Env, Hash, NodeId};
use log::{LogError, Vector};
use rusqlite::Connection;
use tokio::sync::{Notify, watch};

use crate::chains::{Known, lacking};
use crate::exchange;
use crate::knock::Door;
use crate::memory::Memory;
use crate::{Ear, Host, Meter, SILENT, Settings, Trouble, ear::Mouth};

/// Seconds over which a rate is measured.
const RATE_SAMPLES: usize = 5;

/// What all tasks of a link share.
pub(crate) struct Shared {
    pub host: Arc<dyn Host>,
    pub me: NodeId,
    pub settings: Settings,
    /// Counts commits that changed the log.
    pub changed: watch::Sender<u64>,
    /// Counts blobs that came.
    pub stocked: watch::Sender<u64>,
    /// Counts wishes to be connected at once.
    pub nudged: watch::Sender<u64>,
    /// The peer that somebody wishes to be connected to.
    pub called: watch::Sender<Option<NodeId>>,
    pub stop: watch::Sender<bool>,
    /// Of each node that is or was dialled, which turn it is: who dialled it before ends.
    pub dials: watch::Sender<BTreeMap<NodeId, u64>>,
    /// Nodes that are met no more.
    pub parted: watch::Sender<BTreeSet<NodeId>>,
    /// The count of commits up to which this node's chains are signed.
    signed: Mutex<Option<u64>>,
    missing: Mutex<Missing>,
    /// Who is told of datagrams.
    pub ear: OnceLock<Arc<dyn Ear>>,
    /// Who has come and not greeted yet.
    pub door: Door,
    peers: Mutex<BTreeMap<NodeId, Peer>>,
}

/// What somebody wishes: to be connected to all, or to one.
pub(crate) struct Wishes(pub watch::Receiver<u64>, watch::Receiver<Option<NodeId>>);

/// Blobs that facts name and that are not here, as of a count of commits and of blobs that came.
#[derive(Default)]
struct Missing {
    as_of: Option<(u64, u64)>,
    blobs: Arc<Vec<(Hash, u64)>>,
}

/// How things stand with one peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerStatus {
    /// The peer.
    pub peer: NodeId,
    /// Whether a session is under way.
    pub connected: bool,
    /// When the session began or the last one ended, in milliseconds since 1970.
    pub since_ms: Option<u64>,
    /// When something was last heard of the peer.
    pub last_met_ms: Option<u64>,
    /// When both last had the same entries.
    pub agreed_ms: Option<u64>,
    /// The time to the peer and back.
    pub rtt_ms: Option<u64>,
    /// Bytes per second sent in the last five seconds.
    pub sent_rate: u64,
    /// Bytes per second received in the last five seconds.
    pub received_rate: u64,
    /// Bytes sent since the link started, over all connections.
    pub sent_bytes: u64,
    /// Bytes received, likewise.
    pub received_bytes: u64,
    /// Entries sent and acknowledged.
    pub sent_entries: u64,
    /// Entries received that were new here.
    pub received_entries: u64,
    /// Entries that came and were here already.
    pub repeated_entries: u64,
    /// Entries that the peer lacks, by what it last said; `None` before it was met.
    pub waiting_entries: Option<u64>,
    /// Entries that this node lacks, by what the peer last said.
    pub coming_entries: u64,
    /// Blobs that this node lacks.
    pub waiting_blobs: u64,
    /// Their bytes that have yet to come.
    pub waiting_blob_bytes: u64,
    /// Why the last attempt or session ended; `None` while all is well. While connected, [`Trouble::Fork`] says
    /// that a third node has two histories, and [`Trouble::Protocol`] that the peer finds a chain bad.
    pub last_error: Option<Trouble>,
}

/// A peer, as the link keeps it.
pub(crate) struct Peer {
    pub status: PeerStatus,
    /// How far the peer is, as far as this node knows.
    pub known: Known,
    /// Blobs for which the peer gave other bytes: fetching them from it again would be in vain.
    pub spoilt: BTreeSet<Hash>,
    /// Where datagrams to it go, while a session is under way.
    pub mouth: Option<Arc<dyn Mouth>>,
    pub session: u64,
    /// The session that the ear was told of.
    pub turn: Arc<Mutex<u64>>,
    kick: Arc<Notify>,
    /// When something was last heard, by the steady clock.
    heard: u64,
    /// Bytes of the connections before this one.
    before: (u64, u64),
    samples: VecDeque<(u64, Meter)>,
}

impl Peer {
    fn new(peer: NodeId) -> Self {
        let status = PeerStatus {
            peer,
            connected: false,
            since_ms: None,
            last_met_ms: None,
            agreed_ms: None,
            rtt_ms: None,
            sent_rate: 0,
            received_rate: 0,
            sent_bytes: 0,
            received_bytes: 0,
            sent_entries: 0,
            received_entries: 0,
            repeated_entries: 0,
            waiting_entries: None,
            coming_entries: 0,
            waiting_blobs: 0,
            waiting_blob_bytes: 0,
            last_error: None,
        };
        Self {
            status,
            known: Known::new(),
            spoilt: BTreeSet::new(),
            mouth: None,
            session: 0,
            turn: Arc::default(),
            kick: Arc::new(Notify::new()),
            heard: 0,
            before: (0, 0),
            samples: VecDeque::new(),
        }
    }

    /// Counts what waits, given what this node has.
    pub fn compare(&mut self, own: &Vector) {
        let seqs = own.iter().map(|(chain, head)| (chain, head.seq));
        self.status.waiting_entries = Some(lacking(seqs, &self.known));
        let own: Known = own.iter().map(|(chain, head)| (*chain, head.seq)).collect();
        self.status.coming_entries = lacking(self.known.iter().map(|(chain, seq)| (chain, *seq)), &own);
    }
}

impl Shared {
    pub fn new(host: Arc<dyn Host>, settings: Settings) -> Arc<Self> {
        let me = host.store().key().id();
        let shared = Arc::new(Self {
            me,
            settings,
            changed: watch::Sender::new(0),
            stocked: watch::Sender::new(0),
            nudged: watch::Sender::new(0),
            called: watch::Sender::new(None),
            stop: watch::Sender::new(false),
            dials: watch::Sender::new(BTreeMap::new()),
            parted: watch::Sender::new(BTreeSet::new()),
            signed: Mutex::new(None),
            missing: Mutex::default(),
            ear: OnceLock::new(),
            door: Door::default(),
            peers: Mutex::default(),
            host,
        });
        // The store outlives the link, so it must not keep it.
        let weak = Arc::downgrade(&shared);
        shared.host.store().watch(Box::new(move || {
            if let Some(shared) = weak.upgrade() {
                shared.changed.send_modify(|n| *n += 1);
            }
        }));
        shared
    }

    /// Waits until somebody wishes to be connected, at all or to this peer.
    pub async fn wished(&self, wishes: &mut Wishes, peer: NodeId) {
        loop {
            tokio::select! {
                // The senders live as long as this does.
                Ok(()) = wishes.0.changed() => return,
                Ok(()) = wishes.1.changed() => if *wishes.1.borrow_and_update() == Some(peer) { return },
                else => std::future::pending().await,
            }
        }
    }

    /// To be told of wishes from now on.
    pub fn wishes(&self) -> Wishes {
        Wishes(self.nudged.subscribe(), self.called.subscribe())
    }

    pub fn env(&self) -> &Env {
        self.host.store().env()
    }

    pub fn now_ms(&self) -> u64 {
        self.env().clock.now_ms()
    }

    /// Runs on a thread that may block.
    pub async fn blocking<R: Send + 'static>(
        self: &Arc<Self>,
        f: impl FnOnce(&Self) -> Result<R, Trouble> + Send + 'static,
    ) -> Result<R, Trouble> {
        let shared = self.clone();
        tokio::task::spawn_blocking(move || f(&shared)).await.map_err(|_| Trouble::Storage)?
    }

    /// Signs the ends of this node's chains, once for all sessions and only after a change.
    pub fn sign(&self) -> Result<(), LogError> {
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        let count = *self.changed.borrow();
        if *signed != Some(count) {
            self.host.store().sign()?;
            *signed = Some(count);
        }
        Ok(())
    }

    /// Blobs that facts name and that are not here; looked for once for all sessions and only after a change.
    pub fn missing(&self) -> Result<Arc<Vec<(Hash, u64)>>, LogError> {
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (*self.changed.borrow(), *self.stocked.borrow());
        if missing.as_of != Some(now) {
            let host = &self.host;
            let mut blobs = host.store().read(|conn| Ok::<_, LogError>(host.wanted_blobs(conn)))?;
            blobs.retain(|(hash, len)| *len <= blobs::MAX_BLOB && !host.blobs().has(hash));
            *missing = Missing { as_of: Some(now), blobs: Arc::new(blobs) };
        }
        Ok(missing.blobs.clone())
    }

    /// What this node has of what a peer may hold.
    pub fn vector(&self, conn: &Connection, peer: NodeId) -> Result<Vector, LogError> {
        exchange::reach(&*self.host, conn, peer)
    }

    pub fn with_peer<R>(&self, peer: NodeId, f: impl FnOnce(&mut Peer) -> R) -> R {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        f(peers.entry(peer).or_insert_with(|| Peer::new(peer)))
    }

    /// Keeps what a peer has, for a bundle that may have to be written when it can no longer be asked.
    pub fn remember(&self, peer: NodeId) {
        let host = &*self.host;
        let known = self.with_peer(peer, |p| p.known.clone());
        Memory { at_ms: self.now_ms(), known, ..Memory::of(host, peer) }.keep(host, peer);
    }

    /// Takes over what a bundle told of a peer that is away: what waits for it, and what has yet to come.
    pub fn carried(&self, peer: NodeId) -> Result<(), LogError> {
        let known = Memory::of(&*self.host, peer).known;
        let own = self.host.store().read(|conn| self.vector(conn, peer))?;
        self.with_peer(peer, |p| {
            if !p.status.connected {
                p.known = known;
                p.compare(&own);
            }
        });
        self.stocked.send_modify(|n| *n += 1);
        Ok(())
    }

    pub fn status(&self) -> Vec<PeerStatus> {
        let peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        let parted = self.parted.borrow();
        let shown = peers.values().filter(|p| p.status.connected || !parted.contains(&p.status.peer));
        shown.map(|peer| peer.status.clone()).collect()
    }

    /// The peers that were met and are away: their numbers must follow what this node writes.
    pub fn away(&self) -> Vec<NodeId> {
        let peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        let away = peers.values().map(|p| &p.status).filter(|s| !s.connected && s.waiting_entries.is_some());
        away.map(|s| s.peer).collect()
    }

    /// Notes that a session has begun, and ends an older one with the same peer. Returns its number and what
    /// will tell it to end.
    pub fn arrived(&self, peer: NodeId) -> (u64, Arc<Notify>) {
        let now = self.now_ms();
        self.with_peer(peer, |peer| {
            peer.kick.notify_one();
            peer.kick = Arc::new(Notify::new());
            peer.session += 1;
            peer.samples.clear();
            peer.before = (peer.status.sent_bytes, peer.status.received_bytes);
            peer.status.connected = true;
            peer.status.since_ms = Some(now);
            peer.status.last_met_ms = Some(now);
            peer.status.last_error = None;
            (peer.session, peer.kick.clone())
        })
    }

    /// Notes that a session has ended, unless a newer one is there.
    pub fn left(&self, peer: NodeId, session: u64, why: Trouble) {
        let now = self.now_ms();
        self.with_peer(peer, |peer| {
            if peer.session == session {
                peer.mouth = None;
                let status = &mut peer.status;
                status.connected = false;
                status.since_ms = Some(now);
                status.rtt_ms = None;
                (status.sent_rate, status.received_rate) = (0, 0);
                status.last_error = Some(why);
            }
        });
    }

    /// Notes what has gone over the connection so far.
    pub fn sample(&self, peer: NodeId, session: u64, meter: Meter) {
        let (now, steady) = (self.now_ms(), self.env().clock.steady_ms());
        self.with_peer(peer, |peer| {
            if peer.session != session {
                return;
            }
            let heard = peer.samples.back().is_none_or(|(_, last)| last.received_bytes != meter.received_bytes);
            let status = &mut peer.status;
            if heard {
                peer.heard = steady;
                status.last_met_ms = Some(now);
            }
            // A class may hold a session through a long cut; whoever asks is told of the cut.
            let is_cut = steady.saturating_sub(peer.heard) > u64::try_from(SILENT.as_millis()).unwrap_or(u64::MAX);
            if status.connected == is_cut {
                status.connected = !is_cut;
                status.since_ms = Some(now);
                status.last_error = is_cut.then_some(Trouble::Lost);
            }
            peer.samples.push_back((steady, meter));
            while peer.samples.len() > RATE_SAMPLES + 1 {
                peer.samples.pop_front();
            }
            let status = &mut peer.status;
            status.rtt_ms = Some(meter.rtt_ms);
            status.sent_bytes = peer.before.0 + meter.sent_bytes;
            status.received_bytes = peer.before.1 + meter.received_bytes;
            if let Some((then, first)) = peer.samples.front().filter(|(then, _)| *then < steady) {
                let rate = |now: u64, before: u64| (now - before) * 1000 / (steady - then);
                status.sent_rate = rate(meter.sent_bytes, first.sent_bytes);
                status.received_rate = rate(meter.received_bytes, first.received_bytes);
            }
        });
    }
}
