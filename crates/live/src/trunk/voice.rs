//! Voice on a trunk: packets in bundles of 60 ms, again while it is worth it, twice where too much is lost.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::opus::{LONGEST_UNITS, MAX_PACKET, UNIT_US, units};
use crate::wire::{Malformed, Reader, Writer, complete, width};

/// A bundle goes when it holds so much, in units of 2.5 ms,
const BUNDLE_UNITS: u64 = 24;
/// or its first packet has waited for so long.
const BUNDLE_MS: u64 = 50;
/// Packets of a bundle.
const BUNDLE_PACKETS: usize = 15;
/// What is older comes too late for any listener; the record fetches it afterwards.
pub(crate) const DEADLINE_MS: u64 = 1800;
/// A second copy of what was lost goes so long after the first: beyond most bursts.
const SECOND_MS: u64 = 110;
/// A packet of so few bytes says that nobody speaks.
const SILENT: usize = 3;
/// Bundles of a track that came before it was announced.
const EARLY: usize = 48;
/// Packets that are remembered, to know a second copy.
const SEEN: usize = 600;
/// Tracks that may be heard at once on a trunk.
const TRACKS: usize = 64;

/// A packet of voice, as it was spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Its number in its track, without holes where it was spoken.
    pub seq: u64,
    /// When in its track, in units of 2.5 ms.
    pub at: u64,
    /// Opus, untouched.
    pub opus: Arc<[u8]>,
}

impl Packet {
    /// When in its track, in milliseconds.
    pub fn at_ms(&self) -> u64 {
        self.at * UNIT_US / 1000
    }

    /// How long it lasts, in units of 2.5 ms.
    pub fn units(&self) -> u64 {
        units(&self.opus).unwrap_or(0)
    }
}

/// A class and one of its tracks, as a trunk names them.
pub(crate) type Name = (u8, u8);

/// Packets of one track that travel together.
#[derive(Clone, Debug)]
struct Bundle {
    name: Name,
    packets: Vec<Packet>,
    born: u64,
    /// Copies of which nothing is known yet.
    under_way: u8,
}

/// The sending end.
#[derive(Debug, Default)]
pub(crate) struct VoiceOut {
    /// Packets that wait for their bundle, and since when.
    gathering: BTreeMap<Name, (u64, Vec<Packet>)>,
    /// What must go now.
    ready: VecDeque<u64>,
    /// What goes again, and from when on.
    again: BTreeSet<(u64, u64)>,
    bundles: BTreeMap<u64, Bundle>,
    next: u64,
    pub last: Option<u64>,
    /// So many bundles later a copy rides along; zero for none.
    pub copies: u64,
    /// What was lost goes twice.
    pub twice: bool,
    /// The last bundle before a pause goes twice: nothing that follows would tell that it was lost.
    pub tails: bool,
    tail: Option<(u64, u64)>,
}

impl VoiceOut {
    pub fn push(&mut self, now: u64, name: Name, packet: Packet) {
        let (_, gathered) = self.gathering.entry(name).or_insert_with(|| (now, Vec::new()));
        // What comes out of order was lost before, and is late as it is.
        let follows = gathered.last().is_none_or(|last| last.seq + 1 == packet.seq);
        let full = gathered.iter().chain([&packet]).map(Packet::units).sum::<u64>() >= BUNDLE_UNITS;
        if follows {
            gathered.push(packet);
        } else {
            let rest = std::mem::take(gathered);
            self.bundle(now, name, rest);
            self.bundle(now, name, vec![packet]);
            self.gathering.remove(&name);
            return;
        }
        if full || gathered.len() >= BUNDLE_PACKETS {
            self.gathering_done(now, name);
        }
    }

    fn gathering_done(&mut self, now: u64, name: Name) {
        if let Some((_, packets)) = self.gathering.remove(&name) {
            self.bundle(now, name, packets);
        }
    }

    fn bundle(&mut self, now: u64, name: Name, packets: Vec<Packet>) {
        if !packets.is_empty() {
            self.bundles.insert(self.next, Bundle { name, packets, born: now, under_way: 0 });
            self.ready.push_back(self.next);
            self.next += 1;
        }
    }

    /// Closes bundles that have waited long enough, and forgets what is too late.
    pub fn tick(&mut self, now: u64) {
        let due: Vec<Name> =
            self.gathering.iter().filter(|(_, (since, _))| *since + BUNDLE_MS <= now).map(|(name, _)| *name).collect();
        due.into_iter().for_each(|name| self.gathering_done(now, name));
        if let Some((_, id)) = self.tail.take_if(|(at, _)| *at <= now) {
            self.again.insert((now, id));
        }
        while self.bundles.first_key_value().is_some_and(|(_, b)| b.born + DEADLINE_MS < now) {
            self.bundles.pop_first();
        }
    }

    /// When something must be done.
    pub fn wake(&self) -> Option<u64> {
        let gathered = self.gathering.values().map(|(since, _)| since + BUNDLE_MS);
        let again = self.again.first().map(|(at, _)| *at);
        gathered.chain(again).chain(self.tail.map(|(at, _)| at)).min()
    }

    /// Writes what must go now, as much as fits, and says which bundles it wrote.
    pub fn write(&mut self, now: u64, out: &mut Writer, most: usize, wrote: &mut Vec<u64>) {
        while let Some(id) = self.ready.front().copied() {
            if !self.write_one(id, out, most) {
                break;
            }
            self.ready.pop_front();
            self.last = Some(now);
            wrote.push(id);
            let speaks = self.bundles.get(&id).is_some_and(|b| b.packets.iter().any(|p| p.opus.len() > SILENT));
            self.tail = speaks.then_some((now + SECOND_MS, id)).filter(|_| self.tails);
            if let Some(copy) = id.checked_sub(self.copies).filter(|copy| *copy != id)
                && self.bundles.get(&copy).is_some_and(|b| b.packets.iter().all(|p| p.opus.len() > SILENT))
                && self.write_one(copy, out, most)
            {
                wrote.push(copy);
            }
        }
        while let Some((_, id)) = self.again.first().copied().filter(|(at, _)| *at <= now) {
            if !self.write_one(id, out, most) {
                break;
            }
            self.again.pop_first();
            wrote.push(id);
        }
    }

    /// `false` only if it does not fit.
    fn write_one(&mut self, id: u64, out: &mut Writer, most: usize) -> bool {
        let Some(bundle) = self.bundles.get_mut(&id) else { return true };
        if out.0.len() + length(&bundle.packets) > most && out.0.len() > 8 {
            return false;
        }
        let Some(first) = bundle.packets.first() else { return true };
        let (handle, track) = bundle.name;
        let count = u8::try_from(bundle.packets.len()).unwrap_or(0);
        out.byte(VOICE | count).byte(handle).byte(track).low16(first.seq).low24(first.at);
        let mut at = first.at;
        for packet in &bundle.packets {
            out.number(packet.at - at).bytes(&packet.opus);
            at = packet.at;
        }
        bundle.under_way = bundle.under_way.saturating_add(1);
        true
    }

    /// A copy of a bundle has come.
    pub fn came(&mut self, id: u64) {
        self.bundles.remove(&id);
    }

    /// A copy was lost: if it was the last under way, and not too late, it goes again.
    pub fn lost(&mut self, now: u64, id: u64) {
        let Some(bundle) = self.bundles.get_mut(&id) else { return };
        bundle.under_way = bundle.under_way.saturating_sub(1);
        if bundle.under_way == 0 && now < bundle.born + DEADLINE_MS {
            self.again.insert((now, id));
            if self.twice {
                self.again.insert((now + SECOND_MS, id));
            }
        }
    }

    /// The other end is away: what was said is lost to it.
    pub fn clear(&mut self) {
        *self = Self { next: self.next, copies: self.copies, twice: self.twice, tails: self.tails, ..Self::default() };
    }
}

/// The tag of a section of voice; the lower four bits count its packets.
pub(crate) const VOICE: u8 = 0x10;

fn length(packets: &[Packet]) -> usize {
    8 + packets.iter().map(|p| 1 + width(p.opus.len() as u64) + p.opus.len()).sum::<usize>()
}

/// The receiving end.
#[derive(Debug, Default)]
pub(crate) struct VoiceIn {
    tracks: BTreeMap<Name, Track>,
}

#[derive(Debug, Default)]
struct Track {
    /// The highest number and its time; `None` until it is announced.
    near: Option<(u64, u64)>,
    seen: BTreeSet<u64>,
    early: VecDeque<Vec<u8>>,
}

impl VoiceIn {
    /// Reads a section, whose tag has been read, and gives what is new.
    pub fn read(&mut self, tag: u8, flip: u8, input: &mut Reader<'_>) -> Result<(Name, Vec<Packet>), Malformed> {
        let count = usize::from(tag & 0xf);
        let name = (input.byte()? ^ flip, input.byte()?);
        let before = *input;
        let raw = parse(count, input)?;
        if !self.tracks.contains_key(&name) && self.tracks.len() >= TRACKS {
            return Err(Malformed);
        }
        let track = self.tracks.entry(name).or_default();
        let Some(near) = track.near else {
            let len = before.0.len() - input.0.len();
            let mut section = vec![tag];
            section.extend_from_slice(before.0.get(..len).unwrap_or_default());
            track.early.push_back(section);
            if track.early.len() > EARLY {
                track.early.pop_front();
            }
            return Ok((name, Vec::new()));
        };
        Ok((name, track.take(near, raw)))
    }

    /// A track is announced: near which number and time it is. Gives what came of it before.
    pub fn expect(&mut self, name: Name, seq: u64, at: u64) -> Vec<Packet> {
        if !self.tracks.contains_key(&name) && self.tracks.len() >= TRACKS {
            return Vec::new();
        }
        let track = self.tracks.entry(name).or_default();
        let early = std::mem::take(&mut track.early);
        track.seen.clear();
        track.near = Some((seq, at));
        let mut packets = Vec::new();
        for section in early {
            let mut input = Reader(&section);
            let near = track.near.unwrap_or((seq, at));
            if let Ok(raw) = input.byte().and_then(|tag| parse(usize::from(tag & 0xf), &mut input)) {
                packets.extend(track.take(near, raw));
            }
        }
        packets
    }

    /// A track, or all of a class, will not be heard any more.
    pub fn forget(&mut self, which: impl Fn(Name) -> bool) {
        self.tracks.retain(|name, _| !which(*name));
    }
}

impl Track {
    fn take(&mut self, (seq, at): (u64, u64), raw: Raw<'_>) -> Vec<Packet> {
        let first = (complete(raw.seq, 16, seq), complete(raw.at, 24, at));
        let mut fresh = Vec::new();
        for (i, (by, opus)) in raw.packets.into_iter().enumerate() {
            let packet = Packet { seq: first.0 + i as u64, at: first.1 + by, opus: opus.into() };
            if packet.seq.abs_diff(seq) < SEEN as u64 / 2 + 32_000 && self.seen.insert(packet.seq) {
                self.near = self.near.max(Some((packet.seq, packet.at)));
                fresh.push(packet);
            }
        }
        while self.seen.len() > SEEN {
            self.seen.pop_first();
        }
        fresh
    }
}

/// A bundle as it stands in a datagram: each packet with its distance in time to the first.
struct Raw<'a> {
    seq: u64,
    at: u64,
    packets: Vec<(u64, &'a [u8])>,
}

fn parse<'a>(count: usize, input: &mut Reader<'a>) -> Result<Raw<'a>, Malformed> {
    let (seq, at) = (input.low16()?, input.low24()?);
    let (mut packets, mut by) = (Vec::with_capacity(count), 0);
    for _ in 0..count {
        // Within a bundle, silence that is not sent lasts no longer than a few seconds.
        by += input.below(100 * LONGEST_UNITS)?;
        let opus = input.bytes(MAX_PACKET)?;
        units(opus).ok_or(Malformed)?;
        packets.push((by, opus));
    }
    if packets.is_empty() { Err(Malformed) } else { Ok(Raw { seq, at, packets }) }
}
