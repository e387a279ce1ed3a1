//! The tree of nodes over which classes go: schools follow a class at the hub, or at a node that the hub has put between
//! (`node.upper`). Such a node passes a class on to many, to which it comes once; facts and files go to the hub as ever.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use base::{NodeId, Subject};
use live::{Door, Hall};
use rusqlite::Connection;
use web::PageError;

use crate::open::Open;

/// Nodes from one to the hub, at most: what was said beyond is not heeded.
const DEEPEST: usize = 4;

/// Which node stands below which.
#[derive(Clone, Debug)]
pub(crate) struct Uppers {
    hub: NodeId,
    of: BTreeMap<NodeId, NodeId>,
}

impl Uppers {
    pub fn read(conn: &Connection, hub: NodeId) -> Result<Self, PageError> {
        let mut stmt = conn.prepare_cached(
            "SELECT n.node_id, u.node_id FROM node n JOIN node u ON u.id = n.upper
             WHERE coalesce(n.state, 'enrolled') = 'enrolled' AND coalesce(u.state, 'enrolled') = 'enrolled'",
        )?;
        let rows = stmt.query_map([], |r| Ok((r.get::<_, Vec<u8>>(0)?, r.get::<_, Vec<u8>>(1)?)))?;
        let pairs = rows.collect::<Result<Vec<_>, _>>()?;
        let node = |bytes: Vec<u8>| NodeId::try_from(bytes.as_slice()).ok();
        Ok(Self { hub, of: pairs.into_iter().filter_map(|(n, u)| Some((node(n)?, node(u)?))).collect() })
    }

    /// The nodes from one up to the hub, with both. A circle, which nobody should have made, ends at the hub.
    fn path(&self, from: NodeId) -> Vec<NodeId> {
        let (mut path, mut at) = (vec![from], from);
        while at != self.hub {
            let next = self.of.get(&at).copied().filter(|next| path.len() + 1 < DEEPEST && !path.contains(next));
            at = next.unwrap_or(self.hub);
            path.push(at);
        }
        path
    }

    /// The next node on the way from one to another.
    pub fn next(&self, from: NodeId, to: NodeId) -> NodeId {
        let down = self.path(to);
        let below = down.iter().position(|n| *n == from).and_then(|at| at.checked_sub(1));
        below.and_then(|at| down.get(at)).or(self.path(from).get(1)).copied().unwrap_or(self.hub)
    }

    /// All nodes that a class of these comes through.
    pub fn all(&self, nodes: impl Iterator<Item = NodeId>) -> BTreeSet<NodeId> {
        nodes.flat_map(|node| self.path(node)).collect()
    }

    /// Whether a peer stands between a node and another, or is the one that passes all on to it.
    fn passes(&self, peer: NodeId, me: NodeId, node: NodeId) -> bool {
        self.path(me).get(1) == Some(&peer) || self.path(node).contains(&peer)
    }
}

/// Which nodes have a part in which class.
#[derive(Debug)]
pub(crate) struct Guests {
    me: NodeId,
    hub: NodeId,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    uppers: Uppers,
    /// The node of the order, and all.
    classes: BTreeMap<Subject, (NodeId, BTreeSet<NodeId>)>,
}

impl Guests {
    pub fn new(me: NodeId, hub: NodeId) -> Self {
        let uppers = Uppers { hub, of: BTreeMap::new() };
        Self { me, hub, known: Mutex::new(Known { uppers, classes: BTreeMap::new() }) }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on these are let in.
    pub fn expect(&self, uppers: Uppers, classes: &[Open]) {
        let classes = classes.iter().map(|open| (open.class, (open.origin, open.passes.clone()))).collect();
        *self.known() = Known { uppers, classes };
    }
}

impl Door for Guests {
    fn may_join(&self, peer: NodeId, class: Subject) -> bool {
        self.known().classes.get(&class).is_some_and(|(_, nodes)| nodes.contains(&peer))
    }

    /// Every node brings what its own people say; the hub passes on what others said, so does a node between, and the node
    /// of the order to neighbours who follow the class there.
    fn may_bring(&self, peer: NodeId, class: Subject, node: NodeId) -> bool {
        let known = self.known();
        let Some((origin, nodes)) = known.classes.get(&class).filter(|(_, nodes)| nodes.contains(&peer)) else {
            return false;
        };
        let between = nodes.contains(&node) && known.uppers.passes(peer, self.me, node);
        peer == node || peer == self.hub || *origin == peer || between
    }
}

/// Where the next node on the way is away, or is cut off itself, a class is followed at the hub, or at the node of its order where
/// that is a neighbour, whichever is met.
pub(crate) fn find_way(now: u64, hall: &mut Hall, open: &Open, me: NodeId, hub: NodeId) {
    let Some(live::Way::Via(way)) = hall.way(open.class) else { return };
    let is_cut_beyond = hall.is_cut_beyond(open.class);
    if hall.meets(way) && !is_cut_beyond {
        return;
    }
    // Where the hub is cut off, only the node of the order itself is better.
    let others = if is_cut_beyond { [open.origin].to_vec() } else { vec![open.way, hub, open.origin] };
    let others = others.into_iter().filter(|other| *other != way && *other != me);
    if let Some(other) = others.into_iter().find(|other| hall.meets(*other)) {
        hall.turn(now, open.class, other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(n: u8) -> NodeId {
        NodeId([n; 16])
    }

    /// The hub 0, below it 1 and 2, below 1 the nodes 3 and 4, below 3 the node 5; and 6 and 7, each below the other.
    fn uppers() -> Uppers {
        let of = [(3, 1), (4, 1), (5, 3), (6, 7), (7, 6)].map(|(n, u)| (node(n), node(u)));
        Uppers { hub: node(0), of: BTreeMap::from(of) }
    }

    #[test]
    fn the_way_goes_up_and_down_the_tree() {
        let uppers = uppers();
        for (from, to, next) in [(5, 0, 3), (0, 5, 1), (1, 5, 3), (2, 5, 0), (4, 3, 1), (3, 4, 1), (1, 2, 0), (0, 2, 2)]
        {
            assert_eq!(uppers.next(node(from), node(to)), node(next), "from {from} to {to}");
        }
        assert_eq!(uppers.path(node(6)), [node(6), node(7), node(0)], "a circle ends");
        assert_eq!(uppers.all([node(5), node(2)].into_iter()), [0, 1, 2, 3, 5].map(node).into());
    }

    #[test]
    fn who_stands_between_brings_what_those_below_say_and_nobody_else_s() {
        let bring = |me: u8, peer: u8, of: u8| {
            let guests = Guests::new(node(me), node(0));
            let nodes = [0, 1, 2, 3, 4].map(node).into();
            let classes = BTreeMap::from([(Subject([9; 16]), (node(2), nodes))]);
            *guests.known() = Known { uppers: uppers(), classes };
            guests.may_bring(node(peer), Subject([9; 16]), node(of))
        };
        assert!(bring(0, 1, 3) && bring(0, 1, 1) && bring(3, 1, 2) && bring(3, 1, 4) && bring(1, 0, 2));
        assert!(!bring(0, 3, 4), "a school brings its own alone");
        assert!(!bring(0, 1, 5), "who has no part in the class is not spoken for");
        assert!(!bring(4, 3, 0) && !bring(0, 5, 5));
    }
}
