//! What both carriers share, the connection and the stick: what a peer may have of this node and in which order, and
//! how what a peer gave is taken. Nothing here waits or speaks.

use std::cell::RefCell;
use std::collections::BTreeMap;

use base::{NodeId, Scope};
use log::{Head, LogError, MAX_SEGMENT_RAW, Received, Segment, Vector};
use rusqlite::Connection;

use crate::chains::{Chain, Positions};
use crate::wire::Outcome;
use crate::{Host, Trouble};

/// Bytes that a segment may have as it travels: incompressible, with its salts and its head.
pub(crate) const MAX_SEGMENT: usize = MAX_SEGMENT_RAW + (4 << 20);

/// What this node has of what a peer may hold.
pub(crate) fn reach(host: &dyn Host, conn: &Connection, peer: NodeId) -> Result<Vector, LogError> {
    let asked = RefCell::new(BTreeMap::<Scope, bool>::new());
    let may = |scope: &Scope| *asked.borrow_mut().entry(*scope).or_insert_with(|| host.may_hold(conn, peer, scope));
    log::vector(conn, &may)
}

/// The chains that go on beyond what the peer has: the hub's own of the programme first, since it says who may write,
/// then the rest of the programme, then what fewer nodes hold. `after` says up to where the peer has a chain, or `None`
/// where it must wait.
pub(crate) fn ahead(own: &Vector, hub: Option<NodeId>, after: impl Fn(&Chain) -> Option<u64>) -> Vec<Chain> {
    let lacks = |(chain, head): &(&Chain, &Head)| after(chain).is_some_and(|after| after < head.seq);
    let mut chains: Vec<Chain> = own.iter().filter(lacks).map(|(chain, _)| *chain).collect();
    chains.sort_by_key(|(scope, node)| {
        let is_first = matches!(scope, Scope::Programme(_)) && Some(*node) == hub;
        (!is_first, *scope, *node)
    });
    chains
}

/// The next segment of a chain, if the peer may still hold its scope.
pub(crate) fn next(
    host: &dyn Host,
    conn: &Connection,
    peer: NodeId,
    (scope, node): Chain,
    after: u64,
) -> Result<Option<Segment>, Trouble> {
    if !host.may_hold(conn, peer, &scope) {
        return Ok(None);
    }
    Ok(log::since(conn, &scope, node, after)?)
}

/// Two histories of this node or of the peer are an error; one of a third node only leaves that node's chain as it is,
/// and a person is told. Returns whether there is one.
pub(crate) fn check_forks(host: &dyn Host, peer: NodeId, own: &Vector, theirs: &Positions) -> Result<bool, Trouble> {
    let me = host.store().key().id();
    host.store().read(|conn| {
        let mut has_fork = false;
        for (chain @ (scope, node), position) in &theirs.0 {
            let head: Option<&Head> = own.get(chain);
            if head.is_none_or(|head| head.seq < position.seq) {
                continue;
            }
            let here = log::hash_at(conn, scope, *node, position.seq)?;
            if here.is_some_and(|hash| !position.fits(&hash)) {
                tracing::error!(%node, %scope, seq = position.seq, %peer, "a node has two histories");
                if *node == peer || *node == me {
                    return Err(Trouble::Fork);
                }
                has_fork = true;
            }
        }
        Ok(has_fork)
    })
}

/// A segment that was taken or not, and why.
pub(crate) struct Taken {
    pub chain: Chain,
    pub outcome: Outcome,
    /// The last entry, if it was taken; where the chain ends here, if there is a gap.
    pub seq: u64,
    pub received: Received,
}

/// Takes in a segment that a peer gave. `admit` is asked before anything is believed; `noted` is told the chain and its
/// last entry before they are on disk, since the commit wakes whoever sends.
pub(crate) fn take(
    host: &dyn Host,
    peer: NodeId,
    bytes: &[u8],
    admit: impl FnOnce(&Connection) -> Result<(), Trouble>,
    noted: impl FnOnce(Chain, u64),
) -> Result<Taken, Trouble> {
    let segment = Segment::decode(bytes)?;
    let chain @ (scope, node) = (segment.scope, segment.node);
    let last = segment.entries.last().map_or(0, |entry| entry.header.seq);
    let done = |outcome, seq, received| Ok(Taken { chain, outcome, seq, received });
    let may_hold = host.store().read(|conn| {
        admit(conn)?;
        Ok::<_, Trouble>(host.may_hold(conn, peer, &scope))
    })?;
    if !may_hold {
        return done(Outcome::NotAllowed, 0, Received::default());
    }
    noted(chain, last);
    match log::receive(host.store(), host.authority(), &segment) {
        Ok(received) => done(Outcome::Taken, last, received),
        Err(LogError::NotAllowed { .. }) => done(Outcome::NotAllowed, 0, Received::default()),
        Err(LogError::Gap { expected, .. }) => done(Outcome::Gap, expected.saturating_sub(1), Received::default()),
        Err(LogError::Fork { node, .. }) if node == peer || node == host.store().key().id() => Err(Trouble::Fork),
        Err(
            error @ (LogError::Fork { .. }
            | LogError::Signature(_)
            | LogError::WrongScope(_)
            | LogError::Malformed { .. }
            | LogError::TooLarge { .. }
            | LogError::Id(_)),
        ) => {
            tracing::error!(%peer, %node, %scope, %error, "a segment is bad");
            done(Outcome::Bad, 0, Received::default())
        }
        Err(error) => Err(error.into()),
    }
}
