use std::sync::{Arc, Mutex, PoisonError, Weak};

use base::NodeId;

use crate::Transport;
use crate::shared::Shared;

/// Who takes datagrams, and is told who is there. Called on the runtime's threads, so it must not block for long.
/// What is heard after an arrival is of that connection; another arrival may come without a departure before it.
pub trait Ear: Send + Sync + 'static {
    /// A session with a peer has begun: what was said before on another connection is lost.
    fn arrived(&self, peer: NodeId);
    /// The peer said something.
    fn heard(&self, peer: NodeId, datagram: &[u8]);
    /// The session has ended.
    fn left(&self, peer: NodeId);
}

/// Where datagrams to one peer go.
pub(crate) trait Mouth: Send + Sync {
    fn say(&self, datagram: Vec<u8>) -> bool;
    fn largest(&self) -> Option<usize>;
}

impl<T: Transport> Mouth for T {
    fn say(&self, datagram: Vec<u8>) -> bool {
        Transport::say(self, datagram)
    }

    fn largest(&self) -> Option<usize> {
        Transport::largest(self)
    }
}

/// Datagrams to peers. It does not keep the link alive.
#[derive(Clone)]
pub struct Datagrams(Weak<Shared>);

impl std::fmt::Debug for Datagrams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Datagrams")
    }
}

impl Datagrams {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        Self(Arc::downgrade(shared))
    }

    /// Says something to a peer, without waiting; `false` if it is known that it will not come: the peer is away, or the
    /// datagram longer than [`Self::largest`]. Otherwise it may come, late, in another order, or not.
    pub fn say(&self, peer: NodeId, datagram: Vec<u8>) -> bool {
        self.mouth(peer).is_some_and(|mouth| mouth.say(datagram))
    }

    /// How many bytes a datagram to a peer may have: a little over a thousand.
    pub fn largest(&self, peer: NodeId) -> Option<usize> {
        self.mouth(peer)?.largest()
    }

    /// Wishes to be connected to a peer now: a wait before the next attempt ends, and a connection that does not answer
    /// is given up and dialled anew. Nothing happens where the peer is not dialled.
    pub fn call(&self, peer: NodeId) {
        if let Some(shared) = self.0.upgrade() {
            shared.called.send_replace(Some(peer));
        }
    }

    fn mouth(&self, peer: NodeId) -> Option<Arc<dyn Mouth>> {
        self.0.upgrade()?.with_peer(peer, |p| p.mouth.clone())
    }
}

/// A session as the ear knows it: it is told of one at a time for each peer, and the last to begin counts.
pub(crate) struct Presence {
    shared: Arc<Shared>,
    turn: Arc<Mutex<u64>>,
    peer: NodeId,
    number: u64,
}

impl Presence {
    pub fn new<T: Transport>(shared: &Arc<Shared>, peer: NodeId, number: u64, transport: &T) -> Self {
        let mouth = Arc::new(transport.clone());
        let turn = shared.with_peer(peer, |p| {
            if p.session == number {
                p.mouth = Some(mouth);
            }
            p.turn.clone()
        });
        let presence = Self { shared: shared.clone(), turn, peer, number };
        presence.tell(|turn, ear| {
            if *turn < number {
                *turn = number;
                ear.arrived(peer);
            }
        });
        presence
    }

    /// Tells of a datagram, unless a newer session has begun.
    pub fn heard(&self, datagram: &[u8]) {
        self.tell(|turn, ear| {
            if *turn == self.number {
                ear.heard(self.peer, datagram);
            }
        });
    }

    fn tell(&self, f: impl FnOnce(&mut u64, &dyn Ear)) {
        if let Some(ear) = self.shared.ear.get() {
            f(&mut self.turn.lock().unwrap_or_else(PoisonError::into_inner), ear.as_ref());
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.tell(|turn, ear| {
            if *turn == self.number {
                ear.left(self.peer);
            }
        });
    }
}
