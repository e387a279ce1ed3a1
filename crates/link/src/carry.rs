//! Writing a bundle: what a session would send to a peer, on a stick.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};

use base::{Hash, NodeId, Subject};
use blobs::BlobError;
use log::Vector;
use rusqlite::Connection;

use crate::chains::{Known, Positions, lacking};
use crate::memory::{MAX_WANTS, Memory, join};
use crate::sealed::Sealer;
use crate::{CarryError, Host, exchange};

/// Bytes of a blob in one frame.
const CHUNK: usize = 256 * 1024;

/// What a frame holds, as its first byte says.
pub(crate) mod kind {
    /// How far the writer is, and which blobs it lacks.
    pub const TOLD: u8 = 0;
    /// A segment of a chain.
    pub const SEGMENT: u8 = 1;
    /// A blob begins: its hash and its length.
    pub const BLOB: u8 = 2;
    /// The next bytes of the blob.
    pub const BYTES: u8 = 3;
    /// All of the bundle was written.
    pub const END: u8 = 4;
}

/// What a bundle holds, or would hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Entries that the peer lacks, as far as is known.
    pub entries: u64,
    /// Blobs that it lacks, as far as is known.
    pub blobs: u64,
    /// Their bytes.
    pub blob_bytes: u64,
    /// Blobs that had no room.
    pub left_blobs: u64,
    /// Their bytes.
    pub left_bytes: u64,
    /// When the peer was last known to have what it has, in milliseconds since 1970; 0 if it was never heard of.
    pub known_ms: u64,
}

/// What goes along.
struct Plan {
    own: Vector,
    known: Known,
    blobs: Vec<(Hash, u64)>,
    wants: Vec<Hash>,
    key: Vec<u8>,
    load: Load,
}

/// Says what a bundle to a peer would hold; `room` are the bytes that blobs may have together.
///
/// # Errors
/// [`CarryError::NotMember`], [`CarryError::Key`]; [`CarryError::Trouble`] from the storage.
pub fn weigh(host: &dyn Host, peer: NodeId, room: u64) -> Result<Load, CarryError> {
    Ok(plan(host, peer, room)?.load)
}

/// Writes a bundle to a peer. `tell` hears now and then what has been written.
///
/// # Errors
/// As [`weigh`]; [`CarryError::Io`] from where it is written.
pub fn carry_out(
    host: &dyn Host,
    peer: NodeId,
    room: u64,
    to: &mut dyn Write,
    tell: &mut dyn FnMut(&Load),
) -> Result<Load, CarryError> {
    let store = host.store();
    store.sign()?;
    let plan = plan(host, peer, room)?;
    let mut bundle = Sealer::begin(to, store.key(), &plan.key, store.env().clock.now_ms(), &store.env().bytes())?;
    let positions = Positions::of(&plan.own).encode();
    let count = u32::try_from(positions.len()).unwrap_or(u32::MAX).to_be_bytes();
    bundle.frame([&[kind::TOLD], count.as_slice(), &positions, &join(plan.wants.iter())].concat())?;
    let mut done = Load { blobs: 0, blob_bytes: 0, entries: 0, ..plan.load };
    let hub = store.read(|conn| Ok::<_, CarryError>(host.authority().hub(conn)))?;
    let known = |chain: &_| plan.known.get(chain).copied().unwrap_or(0);
    for chain in exchange::ahead(&plan.own, hub, |chain| Some(known(chain))) {
        let mut after = known(&chain);
        loop {
            let segment = store.read(|conn| {
                admit(host, conn, peer)?;
                Ok::<_, CarryError>(exchange::next(host, conn, peer, chain, after)?)
            })?;
            let Some(segment) = segment else { break };
            after = segment.entries.last().map_or(after, |entry| entry.header.seq);
            done.entries += segment.entries.len() as u64;
            bundle.frame([&[kind::SEGMENT], segment.encode()?.as_slice()].concat())?;
            tell(&done);
        }
    }
    for (hash, len) in plan.blobs {
        let may = store.read(|conn| admit(host, conn, peer).map(|()| host.may_fetch(conn, peer, &hash)))?;
        let Some(file) = host.blobs().open_blob(&hash)?.filter(|_| may) else { continue };
        bundle.frame([&[kind::BLOB], hash.0.as_slice(), &len.to_be_bytes()].concat())?;
        let mut left = len;
        while left > 0 {
            let mut chunk = vec![kind::BYTES];
            let n = (&file).take(left.min(CHUNK as u64)).read_to_end(&mut chunk).map_err(BlobError::from)?;
            if n == 0 {
                break;
            }
            left -= n as u64;
            done.blob_bytes += n as u64;
            bundle.frame(chunk)?;
            tell(&done);
        }
        done.blobs += 1;
    }
    bundle.frame([&[kind::END], done.entries.to_be_bytes().as_slice(), &done.blobs.to_be_bytes()].concat())?;
    Ok(done)
}

fn plan(host: &dyn Host, peer: NodeId, room: u64) -> Result<Plan, CarryError> {
    let memory = Memory::of(host, peer);
    host.store().read(|conn| {
        admit(host, conn, peer)?;
        let key = host.authority().key_of(conn, peer).ok_or(CarryError::Key(peer))?;
        let own = exchange::reach(host, conn, peer)?;
        let entries = lacking(own.iter().map(|(chain, head)| (chain, head.seq)), &memory.known);
        let mut load = Load { entries, known_ms: memory.at_ms, ..Load::default() };
        let mut blobs = Vec::new();
        for (blob, len) in lacking_blobs(host, conn, peer, &memory)? {
            if load.blob_bytes.saturating_add(len) > room {
                load.left_blobs += 1;
                load.left_bytes += len;
                continue;
            }
            load.blobs += 1;
            load.blob_bytes += len;
            blobs.push((blob, len));
        }
        let mut wants: Vec<Hash> = host.wanted_blobs(conn).into_iter().map(|(hash, _)| hash).collect();
        wants.retain(|hash| !host.blobs().has(hash));
        wants.truncate(MAX_WANTS);
        Ok(Plan { own, known: memory.known, blobs, wants, key, load })
    })
}

/// The blobs that a peer lacks, as far as is known: what it said that it lacks, and what facts name that it had not
/// been told of by then. Of a peer that has told nothing yet, only what it brought up itself is taken to be there.
fn lacking_blobs(
    host: &dyn Host,
    conn: &Connection,
    peer: NodeId,
    memory: &Memory,
) -> Result<Vec<(Hash, u64)>, CarryError> {
    let (mut out, mut seen) = (Vec::new(), BTreeSet::new());
    let mut asked: BTreeMap<Subject, bool> = BTreeMap::new();
    for named in host.named_blobs(conn) {
        let wanted = memory.told.as_ref().is_some_and(|told| told.wants.contains(&named.blob));
        let lacks = match asked.get(&named.record) {
            Some(lacks) => *lacks,
            None => {
                let lacks = is_news(conn, peer, memory, &named.record)?;
                asked.insert(named.record, lacks);
                lacks
            }
        };
        if (wanted || lacks) && !seen.contains(&named.blob) && host.may_fetch(conn, peer, &named.blob) {
            seen.insert(named.blob);
            out.extend(host.blobs().len(&named.blob).map(|len| (named.blob, len)));
        }
    }
    Ok(out)
}

fn is_news(conn: &Connection, peer: NodeId, memory: &Memory, record: &Subject) -> Result<bool, CarryError> {
    let entries = log::entries_of(conn, record)?;
    let Some(first) = entries.first().map(|e| &e.header).filter(|first| first.node != peer) else { return Ok(false) };
    let Some(told) = &memory.told else { return Ok(true) };
    let known =
        |header: &log::Header| told.known.get(&(header.scope, header.node)).is_some_and(|seq| *seq >= header.seq);
    Ok(!known(first) || entries.iter().any(|entry| entry.header.node != peer && !known(&entry.header)))
}

/// A peer that is no member, or none any more, is given nothing.
pub(crate) fn admit(host: &dyn Host, conn: &Connection, peer: NodeId) -> Result<(), CarryError> {
    if host.is_member(conn, peer) { Ok(()) } else { Err(CarryError::NotMember(peer)) }
}
