use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};

use base::NodeId;
use log::NodeKey;
use tokio::task::JoinSet;
use tokio::time::{Duration, timeout};

use crate::quic::{self, Dialler};
use crate::shared::Shared;
use crate::{Datagrams, Ear, Grant, Host, JoinCode, LinkError, PeerStatus, Transport, Trouble, dial, session};

/// How long a node that joins waits for the hub.
const JOIN: Duration = Duration::from_secs(30);

/// How a link behaves.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The first wait after an attempt that failed; it doubles each time.
    pub back_off_min_ms: u64,
    /// The longest wait. [`Link::nudge`] ends any.
    pub back_off_max_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { back_off_min_ms: 1000, back_off_max_ms: 60_000 }
    }
}

/// A node's link to others. It works until it is shut down or dropped.
pub struct Link {
    shared: Arc<Shared>,
    tasks: Mutex<JoinSet<()>>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Link({})", self.shared.me)
    }
}

impl Link {
    /// A link that neither dials nor listens yet. One for each store: it watches the store for as long as the
    /// store lives. Call within a tokio runtime.
    pub fn new(host: Arc<dyn Host>, settings: Settings) -> Self {
        let shared = Shared::new(host, settings);
        let mut tasks = JoinSet::new();
        tasks.spawn(dial::count(shared.clone()));
        Self { shared, tasks: Mutex::new(tasks) }
    }

    /// Takes in nodes that dial this UDP socket; returns its address.
    ///
    /// # Errors
    /// [`LinkError::Io`] and [`LinkError::Key`].
    pub fn listen(&self, socket: UdpSocket) -> Result<SocketAddr, LinkError> {
        let address = socket.local_addr()?;
        let endpoint = quic::listen(self.shared.host.store().key(), socket)?;
        self.spawn(dial::listen(self.shared.clone(), endpoint));
        Ok(address)
    }

    /// Keeps up a session with a node until [`Self::part`], at this address and no other from now on. The address, host and
    /// port, is looked up at each attempt.
    ///
    /// # Errors
    /// [`LinkError::Code`] for what is no address; [`LinkError::Key`].
    pub fn dial(&self, address: &str, node: NodeId) -> Result<(), LinkError> {
        if !crate::code::is_address(address) {
            return Err(LinkError::Code("its address is none"));
        }
        let dialler = Dialler::new(self.shared.host.store().key())?;
        // It is in the status from now on, also while nobody answers.
        self.shared.with_peer(node, |_| ());
        self.admit(node);
        let turn = self.next_turn(node);
        self.spawn(dial::dial(self.shared.clone(), dialler, address.to_owned(), node, turn));
        Ok(())
    }

    /// Meets a node no more: it is dialled no longer, a session with it ends now, and it is not let in when it comes by itself.
    pub fn part(&self, node: NodeId) {
        self.next_turn(node);
        self.shared.parted.send_modify(|parted| {
            parted.insert(node);
        });
    }

    /// Lets a node in again.
    pub fn admit(&self, node: NodeId) {
        self.shared.parted.send_modify(|parted| {
            parted.remove(&node);
        });
    }

    /// Whoever dials a node ends; gives the turn of who dials it from now on.
    fn next_turn(&self, node: NodeId) -> u64 {
        let mut turn = 0;
        self.shared.dials.send_modify(|turns| {
            let last = turns.entry(node).or_default();
            *last += 1;
            turn = *last;
        });
        turn
    }

    /// Asks the hub that a code names to enrol the node with this key. Afterwards the node can dial it.
    ///
    /// # Errors
    /// [`LinkError::Refused`]; [`LinkError::Trouble`], among it [`Trouble::WrongKey`] if another than the hub
    /// answers.
    pub async fn join(key: &NodeKey, code: &JoinCode, title: &str) -> Result<Grant, LinkError> {
        let dialler = Dialler::new(key)?;
        let ask = async {
            let transport = dialler.dial(&code.address, code.hub).await?;
            let grant = session::join(&transport, code, title).await;
            transport.close(Trouble::Closed);
            transport.farewell().await;
            grant
        };
        timeout(JOIN, ask).await.unwrap_or(Err(Trouble::Unreachable.into()))
    }

    /// Runs a session over another transport, to a node that was chosen, for as long as it lasts. Returns why it
    /// ended.
    pub async fn dialled<T: Transport>(&self, transport: T) -> Trouble {
        session::dialled(&self.shared, transport, &mut false).await
    }

    /// Runs a session over another transport, of a node that came by itself: a member, or one that joins.
    pub async fn accepted<T: Transport>(&self, transport: T) -> Trouble {
        session::accepted(&self.shared, transport).await
    }

    /// How things stand with each peer that is dialled or was met since the start. Takes a lock and copies.
    pub fn status(&self) -> Vec<PeerStatus> {
        self.shared.status()
    }

    /// Somebody wishes to be connected now: a wait ends, and a connection that does not answer within about a
    /// second is given up and dialled anew. On a healthy one it is a check whether both have the same.
    pub fn nudge(&self) {
        self.shared.nudged.send_modify(|n| *n += 1);
    }

    /// A bundle of a node was taken: what it told of that node counts from now on, and blobs may have come with it.
    ///
    /// # Errors
    /// [`Trouble`] from the storage.
    pub fn carried(&self, node: NodeId) -> Result<(), Trouble> {
        Ok(self.shared.carried(node)?)
    }

    /// Blobs have come by another way, so peers may ask again for what was missing.
    pub fn stocked(&self) {
        self.shared.stocked.send_modify(|n| *n += 1);
    }

    /// Whoever wants datagrams of peers says so, once; sessions that begin from now on bring them. `None` if somebody
    /// has asked before.
    pub fn datagrams(&self, ear: Arc<dyn Ear>) -> Option<Datagrams> {
        self.shared.ear.set(ear).ok()?;
        Some(Datagrams::new(&self.shared))
    }

    /// Ends all sessions, telling the peers, and waits until all has ended.
    pub async fn shutdown(self) {
        self.shared.stop.send_replace(true);
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        while tasks.join_next().await.is_some() {}
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn(task);
    }
}
