//! The record of a class: its lane and its voice, as they were, in blocks that are the same bytes at every node.
//!
//! While the class lives, each node writes what comes into files that grow ([`Recorder`]). Afterwards the origin makes a
//! tree of blocks of the lane, and each node where somebody spoke a tree of its tracks; facts name the trees. Every other
//! node makes the same blocks of what came to it and keeps those whose hash the tree names; the others it lacks, and the
//! link fetches them as it does any blob. So gaps are filled without sending again what arrived, and what is replayed
//! ([`Replay`]) is the same everywhere.

mod block;
mod log;
mod ogg;
mod replay;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use assets::{AssetError, Leaf, Tree};
use base::{Hash, NodeId, Subject};
use blobs::Blobs;
use block::{BLOCK_EVENTS, BLOCK_UNITS};
use log::Log;
pub use replay::Replay;

use crate::driver::Audience;
use crate::hall::{News, Saved, Track, TrackId};
use crate::lane::{Event, Saying};
use crate::{Malformed, Packet};

/// The media type of a block.
const MEDIA: &str = "application/vnd.zampa.class";

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The disk.
    #[error("the disk")]
    Io(#[from] io::Error),
    /// The store of blobs.
    #[error("the store of blobs")]
    Blobs(#[from] blobs::BlobError),
    /// A tree.
    #[error("a tree of a class's record")]
    Tree(#[from] AssetError),
    /// A block that is none.
    #[error("a block of a class's record")]
    Block(#[from] Malformed),
}

/// Writes the records of a node's classes. An [`Audience`] of [`crate::Live`].
pub struct Recorder {
    dir: PathBuf,
    me: NodeId,
    classes: Mutex<BTreeMap<Subject, Writing>>,
}

struct Writing {
    dir: PathBuf,
    has_voice: bool,
    /// Tracks that have begun and have no file yet: the class is not to be recorded, or was not then.
    begun: BTreeMap<TrackId, Track>,
    lane: Log,
    own: Log,
    tracks: BTreeMap<TrackId, Log>,
    /// Files written to since they were last made safe.
    is_dirty: bool,
    /// Something could not be written.
    has_failed: bool,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recorder({})", self.dir.display())
    }
}

impl Recorder {
    /// A recorder of a node, which keeps its files in a directory of its own.
    ///
    /// # Errors
    /// If the directory cannot be made.
    pub fn open(dir: &Path, me: NodeId) -> io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        Ok(Self { dir: dir.to_owned(), me, classes: Mutex::default() })
    }

    /// Begins to write a class, or goes on: gives what was written of it before, for [`crate::Live::open`]. To be called
    /// before that. Voice is written only if all have agreed; without the lane, a class would not survive a restart.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub fn begin(&self, class: Subject, has_voice: bool) -> Result<Saved, RecordError> {
        let dir = self.dir_of(class);
        std::fs::create_dir_all(&dir)?;
        let mut saved = Saved::default();
        let lane = Log::open(&dir.join("lane"), |item| {
            if let Ok(event) = block::read_event(item)
                && event.seq == saved.events.head() + 1
            {
                // What does not follow is lacking from here on, and comes again.
                let _ = saved.events.put(event);
            }
        })?;
        let taken = saved.events.taken(self.me);
        let own = Log::open(&dir.join("own"), |item| {
            if let Ok(Event { seq: number, at_ms, who, payload, .. }) = block::read_event(item)
                && number > taken
            {
                // Those that had another number before were written down again, all of them.
                if saved.sayings.last().is_some_and(|last| last.number + 1 != number) {
                    saved.sayings.clear();
                }
                saved.sayings.push(Saying { number, at_ms, who, payload });
            }
        })?;
        saved.next_track =
            tracks_in(&dir)?.keys().filter(|id| id.node == self.me).map(|id| id.number + 1).max().unwrap_or(0);
        let (begun, tracks) = (BTreeMap::new(), BTreeMap::new());
        let writing = Writing { dir, has_voice, begun, lane, own, tracks, is_dirty: false, has_failed: false };
        self.classes().insert(class, writing);
        Ok(saved)
    }

    /// Whether voice of a class is to be written from now on: it may be planned otherwise while it is open. A track that began
    /// before has its file from its next packet on.
    pub fn voice(&self, class: Subject, yes: bool) {
        if let Some(writing) = self.classes().get_mut(&class) {
            writing.has_voice = yes;
        }
    }

    /// Stops writing a class; what was written stays.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub fn end(&self, class: Subject) -> Result<(), RecordError> {
        let ended = self.classes().remove(&class);
        Ok(ended.map_or(Ok(()), |writing| writing.files()?.iter().try_for_each(std::fs::File::sync_data))?)
    }

    /// Makes safe what was written: every second or two, on a thread that may block.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub fn sync(&self) -> Result<(), RecordError> {
        let mut files = Vec::new();
        for writing in self.classes().values_mut().filter(|w| w.is_dirty) {
            writing.is_dirty = false;
            files.extend(writing.files()?);
        }
        Ok(files.iter().try_for_each(std::fs::File::sync_data)?)
    }

    /// Whether something of a class could not be written: a full disk.
    pub fn has_failed(&self, class: Subject) -> bool {
        self.classes().get(&class).is_some_and(|w| w.has_failed)
    }

    /// Makes the blocks that this node owns and puts them into the store: its tracks, and the lane if it is the origin.
    /// The tree goes into the store, too; a fact names it.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn publish(&self, class: Subject, is_origin: bool, blobs: &Blobs) -> Result<(Tree, Hash, u64), RecordError> {
        let dir = self.dir_of(class);
        let mut tree = Tree::default();
        let mut put = |path: String, block: &[u8]| -> Result<(), RecordError> {
            let (content, bytes) = blobs.put(block)?;
            Ok(tree.put(&path, Leaf { content, bytes, media: MEDIA.to_owned() })?)
        };
        if is_origin {
            lane_blocks(&dir)?.into_iter().try_for_each(|(path, block)| put(path, &block))?;
        }
        for id in tracks_in(&dir)?.into_keys().filter(|id| id.node == self.me) {
            track_blocks(&dir, id)?.into_iter().try_for_each(|(path, block)| put(path, &block))?;
        }
        let (hash, bytes) = blobs.put(tree.encode().as_slice())?;
        Ok((tree, hash, bytes))
    }

    /// Puts into the store what this node has of a tree, from what came to it, and says what it lacks, with lengths.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn fill(&self, class: Subject, tree: &Tree, blobs: &Blobs) -> Result<Vec<(Hash, u64)>, RecordError> {
        let dir = self.dir_of(class);
        let lacks = |blobs: &Blobs| -> BTreeMap<String, (Hash, u64)> {
            let leaves = tree.leaves().filter(|(_, leaf)| !blobs.has(&leaf.content));
            leaves.map(|(path, leaf)| (path.to_owned(), (leaf.content, leaf.bytes))).collect()
        };
        let lacking = lacks(blobs);
        let keep = |blocks: Vec<(String, Vec<u8>)>| -> Result<(), RecordError> {
            for (path, block) in blocks {
                if lacking.get(&path).is_some_and(|(hash, _)| *hash == Hash::of(&block)) {
                    blobs.put(block.as_slice())?;
                }
            }
            Ok(())
        };
        if lacking.keys().any(|path| path.starts_with("lane/")) {
            keep(lane_blocks(&dir)?)?;
        }
        for id in tracks_in(&dir)?.into_keys() {
            if lacking.keys().any(|path| path.starts_with(&place(id, ""))) {
                keep(track_blocks(&dir, id)?)?;
            }
        }
        Ok(lacks(blobs).into_values().collect())
    }

    /// Removes what was written of a class: its blocks are in the store, or nobody wants it any more.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub fn forget(&self, class: Subject) -> Result<(), RecordError> {
        self.classes().remove(&class);
        match std::fs::remove_dir_all(self.dir_of(class)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e.into()),
            _ => Ok(()),
        }
    }

    /// The classes of which something is written here.
    ///
    /// # Errors
    /// The disk.
    pub fn kept(&self) -> io::Result<Vec<Subject>> {
        let mut out = Vec::new();
        for entry in std::fs::read_dir(&self.dir)? {
            out.extend(entry?.file_name().to_str().and_then(|name| name.parse::<Subject>().ok()));
        }
        out.sort_unstable();
        Ok(out)
    }

    /// The nodes of whose voices something is written of a class.
    ///
    /// # Errors
    /// The disk.
    pub fn speakers(&self, class: Subject) -> io::Result<BTreeSet<NodeId>> {
        Ok(tracks_in(&self.dir_of(class))?.into_keys().map(|id| id.node).collect())
    }

    fn dir_of(&self, class: Subject) -> PathBuf {
        self.dir.join(class.to_string())
    }

    fn classes(&self) -> MutexGuard<'_, BTreeMap<Subject, Writing>> {
        self.classes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Audience for Recorder {
    fn news(&self, class: Subject, news: &News) {
        let mut classes = self.classes();
        let Some(writing) = classes.get_mut(&class) else { return };
        if let Err(error) = writing.take(news) {
            if !writing.has_failed {
                tracing::error!(%class, %error, "the record of a class cannot be written");
            }
            writing.has_failed = true;
        }
    }
}

impl Writing {
    fn take(&mut self, news: &News) -> io::Result<()> {
        match news {
            News::Event(event) => self.lane.push(&block::write_event(event))?,
            News::Cut(seq) => {
                self.lane.cut(|item| block::read_event(item).is_ok_and(|event| event.seq <= *seq))?;
            }
            News::Said(Saying { number, at_ms, who, payload }) => {
                let (node, late_ms) = (NodeId::default(), 0);
                let event = Event { seq: *number, at_ms: *at_ms, node, who: *who, late_ms, payload: payload.clone() };
                self.own.push(&block::write_event(&event))?;
            }
            News::Began(track) if self.has_voice => self.begin(track)?,
            News::Began(track) => {
                self.begun.insert(track.id, *track);
                return Ok(());
            }
            News::Voice(track, packet) if self.has_voice => {
                if let Some(begun) = self.begun.remove(track) {
                    self.begin(&begun)?;
                }
                let Some(log) = self.tracks.get_mut(track) else { return Ok(()) };
                log.push(&block::write_packet(packet))?;
            }
            // Packets may still come late for a while; the file is closed with the class.
            _ => return Ok(()),
        }
        self.is_dirty = true;
        Ok(())
    }

    fn begin(&mut self, track: &Track) -> io::Result<()> {
        let path = self.dir.join(name(track.id));
        let mut is_new = true;
        let mut log = Log::open(&path, |_| is_new = false)?;
        if is_new {
            log.push(&block::write_track(track))?;
        }
        self.tracks.insert(track.id, log);
        Ok(())
    }

    fn files(&self) -> io::Result<Vec<std::fs::File>> {
        [&self.lane, &self.own].into_iter().chain(self.tracks.values()).map(Log::file).collect()
    }
}

fn name(id: TrackId) -> String {
    format!("{}-{}", id.node, id.number)
}

fn place(id: TrackId, rest: &str) -> String {
    format!("voice/{}/{rest}", name(id))
}

/// The tracks of which there is something, and their files.
fn tracks_in(dir: &Path) -> io::Result<BTreeMap<TrackId, PathBuf>> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(e) => return Err(e),
    };
    let mut tracks = BTreeMap::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|n| n.to_str()).and_then(|n| n.split_once('-'));
        if let Some((Ok(node), Ok(number))) = name.map(|(node, number)| (node.parse(), number.parse())) {
            tracks.insert(TrackId { node, number }, path);
        }
    }
    Ok(tracks)
}

fn lane_blocks(dir: &Path) -> Result<Vec<(String, Vec<u8>)>, RecordError> {
    let mut events = Vec::new();
    log::read(&dir.join("lane"), |item| {
        if let Ok(event) = block::read_event(item)
            && event.seq == events.len() as u64 + 1
        {
            events.push(event);
        }
    })?;
    let size = usize::try_from(BLOCK_EVENTS).unwrap_or(usize::MAX);
    let blocks = (0..).zip(events.chunks(size));
    Ok(blocks.map(|(n, events)| (format!("lane/{n:05}"), block::write_lane(n, events))).collect())
}

fn track_blocks(dir: &Path, id: TrackId) -> Result<Vec<(String, Vec<u8>)>, RecordError> {
    let (mut track, mut packets) = (None::<Track>, BTreeMap::new());
    log::read(&dir.join(name(id)), |item| match track {
        None => track = block::read_track(item).ok(),
        Some(_) => {
            if let Ok(packet) = block::read_packet(item) {
                packets.insert(packet.seq, packet);
            }
        }
    })?;
    let Some(track) = track else { return Ok(Vec::new()) };
    let mut blocks = vec![(place(id, "track"), block::write_track(&track))];
    let mut by_time: BTreeMap<u64, Vec<&Packet>> = BTreeMap::new();
    for packet in packets.values() {
        by_time.entry(packet.at / BLOCK_UNITS).or_default().push(packet);
    }
    for (n, packets) in by_time {
        blocks.push((place(id, &format!("{n:05}")), block::write_voice(n, packets.into_iter())));
    }
    Ok(blocks)
}
