use std::collections::BTreeMap;
use std::io::Read;

use assets::{Leaf, Tree};
use base::Hash;
use blobs::Blobs;

use super::block::{self, BLOCK_UNITS, MAX_BLOCK};
use super::{RecordError, ogg, place};
use crate::Packet;
use crate::hall::{Track, TrackId};
use crate::lane::Event;
use crate::opus::UNIT_US;

/// The longest piece of voice in one file: as long as a lesson and its break.
const MAX_CLIP_MS: u64 = 4 * 3600 * 1000;

/// A class's record, to be played: of the trees that facts name, as far as their blocks are here.
#[derive(Clone, Debug)]
pub struct Replay {
    blobs: Blobs,
    leaves: BTreeMap<String, Leaf>,
}

impl Replay {
    /// Of the tree of the lane and those of the tracks.
    pub fn new(blobs: Blobs, trees: &[Tree]) -> Self {
        let leaves = trees.iter().flat_map(Tree::leaves).map(|(path, leaf)| (path.to_owned(), leaf.clone())).collect();
        Self { blobs, leaves }
    }

    /// What is not here, with lengths.
    pub fn lacks(&self) -> Vec<(Hash, u64)> {
        let lacking = self.leaves.values().filter(|leaf| !self.blobs.has(&leaf.content));
        lacking.map(|leaf| (leaf.content, leaf.bytes)).collect()
    }

    /// All events that are here, in their order.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn events(&self) -> Result<Vec<Event>, RecordError> {
        let mut events = Vec::new();
        for (_, leaf) in self.under("lane/") {
            if let Some(bytes) = self.block(leaf)? {
                events.extend(block::read_lane(&bytes)?);
            }
        }
        Ok(events)
    }

    /// The tracks whose beginning is here, each with its length in milliseconds, by when they began.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn tracks(&self) -> Result<Vec<(Track, u64)>, RecordError> {
        let mut tracks = Vec::new();
        for (_, leaf) in self.under("voice/").filter(|(path, _)| path.ends_with("/track")) {
            if let Some(bytes) = self.block(leaf)? {
                let track = block::read_track(&bytes)?;
                tracks.push((track, self.ends(track.id)? * UNIT_US / 1000));
            }
        }
        tracks.sort_by_key(|(track, _)| (track.began_ms, track.id));
        Ok(tracks)
    }

    fn ends(&self, track: TrackId) -> Result<u64, RecordError> {
        let prefix = place(track, "");
        let last = self.under(&prefix).filter(|(path, _)| !path.ends_with("/track")).last();
        let Some((path, leaf)) = last else { return Ok(0) };
        Ok(match self.block(leaf)? {
            Some(bytes) => block::read_voice(&bytes)?.iter().map(|p| p.at + p.units()).max().unwrap_or(0),
            None => number_of(path).map_or(0, |n| (n + 1) * BLOCK_UNITS),
        })
    }

    /// The packets of a track from one time to another, in milliseconds of its own clock, as far as they are here.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn packets(&self, track: TrackId, from_ms: u64, to_ms: u64) -> Result<Vec<Packet>, RecordError> {
        self.units(track, from_ms * 1000 / UNIT_US, to_ms.saturating_mul(1000) / UNIT_US)
    }

    fn units(&self, track: TrackId, from: u64, to: u64) -> Result<Vec<Packet>, RecordError> {
        let mut packets = Vec::new();
        for (path, leaf) in self.under(&place(track, "")) {
            let Some(n) = number_of(path) else { continue };
            if (n + 1) * BLOCK_UNITS > from
                && n * BLOCK_UNITS < to
                && let Some(bytes) = self.block(leaf)?
            {
                packets.extend(block::read_voice(&bytes)?.into_iter().filter(|p| (from..to).contains(&p.at)));
            }
        }
        Ok(packets)
    }

    /// A piece of a track as an Ogg file (`audio/ogg; codecs=opus`), of exactly this length; what is not here is silent.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn ogg(&self, track: TrackId, from_ms: u64, to_ms: u64) -> Result<Vec<u8>, RecordError> {
        let to_ms = to_ms.clamp(from_ms, from_ms.saturating_add(MAX_CLIP_MS));
        let (from, to) = (from_ms.saturating_mul(1000) / UNIT_US, to_ms.saturating_mul(1000) / UNIT_US);
        let packets = self.units(track, from.saturating_sub(ogg::PREROLL_UNITS), to)?;
        Ok(ogg::write(&packets, from, to))
    }

    fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a Leaf)> {
        let from = self.leaves.range(prefix.to_owned()..);
        from.take_while(move |(path, _)| path.starts_with(prefix)).map(|(path, leaf)| (path.as_str(), leaf))
    }

    fn block(&self, leaf: &Leaf) -> Result<Option<Vec<u8>>, RecordError> {
        let Some(file) = self.blobs.open_blob(&leaf.content)? else { return Ok(None) };
        let mut bytes = Vec::new();
        file.take(MAX_BLOCK as u64).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }
}

fn number_of(path: &str) -> Option<u64> {
    path.rsplit('/').next()?.parse().ok()
}
