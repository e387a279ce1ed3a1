//! Taking a bundle: untrusted input, taken by the same checks as what comes over a connection.

use std::collections::BTreeMap;
use std::io::Read;

use base::{Hash, NodeId, Scope};
use blobs::{BlobError, Partial};

use crate::carry::{admit, kind};
use crate::chains::{Chain, Positions};
use crate::memory::{Memory, Told, split};
use crate::sealed::{Frame, Opener};
use crate::wire::Outcome;
use crate::{CarryError, Host, Trouble, exchange};

/// Bytes of segments that are kept to be tried once more: what comes after them may be what they wait for.
const MAX_LATER: usize = 32 << 20;
/// Chains whose refusal is told one by one.
const MAX_REFUSED: usize = 100;

/// What came of a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// The node that wrote it.
    pub from: NodeId,
    /// When, by its clock, in milliseconds since 1970.
    pub at_ms: u64,
    /// Entries that were new here.
    pub new_entries: u64,
    /// Entries that were here already.
    pub known_entries: u64,
    /// Entries of the new ones that wait, since their clock lies in the future.
    pub held_entries: u64,
    /// Blobs that were new here.
    pub new_blobs: u64,
    /// Their bytes, and those of the one under way.
    pub blob_bytes: u64,
    /// Blobs that were here already.
    pub known_blobs: u64,
    /// Blobs that nothing here names.
    pub unnamed_blobs: u64,
    /// Blobs whose bytes are not what their hash says, or did not come whole.
    pub spoilt_blobs: u64,
    /// Frames that could not be opened.
    pub damaged: u64,
    /// Whether the bundle went to its end: it was not cut off.
    pub whole: bool,
    /// What was refused, and why.
    pub refused: Vec<Refused>,
}

/// Entries of a chain that were not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The node that wrote them.
    pub node: NodeId,
    /// Their scope.
    pub scope: Scope,
    /// Why.
    pub why: Why,
}

/// Why entries were not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The node that wrote them is not known or may not write there, or who brought them may not have them.
    NotAllowed,
    /// Entries before them are missing here.
    Gap,
    /// They are not what their node signed, or part from the history that is known.
    Bad,
}

impl Why {
    /// The word for it, as words are keyed by.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotAllowed => "not-allowed",
            Self::Gap => "gap",
            Self::Bad => "bad",
        }
    }
}

impl Carried {
    /// Whether all that the bundle held and this node asks for is here now.
    pub fn is_all(&self) -> bool {
        self.whole && self.damaged == 0 && self.refused.is_empty() && self.spoilt_blobs == 0
    }
}

/// Takes a bundle. What is whole and verified is taken, whatever comes after it; the rest is told. The same bundle again
/// changes nothing. `tell` hears now and then what was taken.
///
/// # Errors
/// [`CarryError`], when nothing of the bundle may be believed; [`Trouble::Fork`] when its writer, or this node, has two
/// histories: what was taken by then stays.
pub fn carry_in(host: &dyn Host, from: &mut dyn Read, tell: &mut dyn FnMut(&Carried)) -> Result<Carried, CarryError> {
    let is_member = |writer| host.store().read(|conn| admit(host, conn, writer));
    let mut bundle = Opener::begin(from, host.store().key(), is_member)?;
    let done = Carried { from: bundle.head.from(), at_ms: bundle.head.at_ms, ..Carried::default() };
    let mut taking =
        Taking { host, done, refused: BTreeMap::new(), later: Vec::new(), later_bytes: 0, wanted: None, blob: None };
    loop {
        let body = match bundle.frame()? {
            Frame::Whole(body) => body,
            Frame::Damaged => {
                taking.done.damaged += 1;
                taking.drop_blob();
                continue;
            }
            Frame::Cut => break,
        };
        let Some((first, body)) = body.split_first() else { continue };
        match *first {
            kind::TOLD => taking.told(body)?,
            kind::SEGMENT => taking.segment(body, true)?,
            kind::BLOB => taking.begin(body)?,
            kind::BYTES => taking.bytes(body)?,
            kind::END => {
                taking.done.whole = true;
                break;
            }
            // Of a newer version: passed over, as an unknown message is.
            _ => {}
        }
        tell(&taking.done);
    }
    taking.again()?;
    taking.drop_blob();
    Ok(taking.finish())
}

struct Taking<'a> {
    host: &'a dyn Host,
    done: Carried,
    refused: BTreeMap<Chain, Why>,
    /// Segments that were refused and may be let in by what comes after them.
    later: Vec<Vec<u8>>,
    later_bytes: usize,
    /// The blobs that facts here name, with their lengths; `None` when it must be asked anew.
    wanted: Option<BTreeMap<Hash, u64>>,
    blob: Option<Blob>,
}

/// A blob that is coming in.
struct Blob {
    partial: Partial,
    /// Bytes at its beginning that are here from an earlier time.
    skip: u64,
}

impl Taking<'_> {
    /// What the writer says of itself is kept for the bundle that answers it.
    fn told(&mut self, body: &[u8]) -> Result<(), CarryError> {
        let malformed = CarryError::Trouble(Trouble::Protocol);
        let Some((count, rest)) = body.split_first_chunk::<4>() else { return Err(malformed) };
        let parts = rest.split_at_checked(u32::from_be_bytes(*count) as usize);
        let Some((positions, wants)) = parts else { return Err(malformed) };
        let (Some(positions), Some(wants)) = (Positions::decode(positions), split(wants)) else {
            return Err(malformed);
        };
        let (host, from) = (self.host, self.done.from);
        let own = host.store().read(|conn| exchange::reach(host, conn, from))?;
        // A third node's two histories are found again where its segments are taken, and told there.
        exchange::check_forks(host, from, &own, &positions)?;
        let at_ms = self.done.at_ms.min(host.store().env().clock.now_ms());
        let known = positions.known();
        let told = Some(Told { known: known.clone(), wants: wants.collect() });
        if Memory::of(host, from).at_ms <= at_ms {
            Memory { at_ms, known, told }.keep(host, from);
        }
        Ok(())
    }

    fn segment(&mut self, bytes: &[u8], once_more: bool) -> Result<(), CarryError> {
        let (host, from) = (self.host, self.done.from);
        // A node that is refused while its bundle is read gives no more.
        let admit = |conn: &_| if host.is_member(conn, from) { Ok(()) } else { Err(Trouble::NotMember) };
        let taken = match exchange::take(host, from, bytes, admit, |_, _| ()) {
            Ok(taken) => taken,
            Err(Trouble::NotMember) => return Err(CarryError::NotMember(from)),
            // Bytes that are no segment, under the writer's own seal.
            Err(Trouble::Protocol) => {
                self.done.damaged += 1;
                return Ok(());
            }
            Err(trouble) => return Err(trouble.into()),
        };
        let why = match taken.outcome {
            Outcome::Taken => {
                self.done.new_entries += taken.received.new;
                self.done.known_entries += taken.received.known;
                self.done.held_entries += taken.received.held;
                self.wanted = None;
                return Ok(());
            }
            Outcome::NotAllowed => Why::NotAllowed,
            Outcome::Gap => Why::Gap,
            Outcome::Bad => Why::Bad,
        };
        if once_more && why != Why::Bad && self.later_bytes + bytes.len() <= MAX_LATER {
            self.later_bytes += bytes.len();
            self.later.push(bytes.to_vec());
            return Ok(());
        }
        // What is told first is what the rest of the chain follows from.
        self.refused.entry(taken.chain).or_insert(why);
        Ok(())
    }

    /// Tries again what had to wait.
    fn again(&mut self) -> Result<(), CarryError> {
        for bytes in std::mem::take(&mut self.later) {
            self.segment(&bytes, false)?;
        }
        self.later_bytes = 0;
        Ok(())
    }

    fn begin(&mut self, body: &[u8]) -> Result<(), CarryError> {
        self.again()?;
        self.drop_blob();
        let Some((hash, len)) = body.split_first_chunk::<32>() else { return Ok(()) };
        let (hash, len) = (Hash(*hash), u64::from_be_bytes(len.try_into().unwrap_or_default()));
        let blobs = self.host.blobs();
        if blobs.has(&hash) {
            self.done.known_blobs += 1;
            return Ok(());
        }
        if self.wanted(&hash)? != Some(len) {
            self.done.unnamed_blobs += 1;
            return Ok(());
        }
        let partial = match blobs.begin(&hash, len) {
            Ok(partial) => partial,
            // It comes over the link at this moment.
            Err(BlobError::Busy(_)) => {
                self.done.known_blobs += 1;
                return Ok(());
            }
            Err(e) => return Err(e.into()),
        };
        self.blob = Some(Blob { skip: partial.have(), partial });
        // An empty blob, and one that is all here but was never looked at whole.
        self.bytes(&[])
    }

    fn wanted(&mut self, hash: &Hash) -> Result<Option<u64>, CarryError> {
        let host = self.host;
        if self.wanted.as_ref().is_none_or(|wanted| !wanted.contains_key(hash)) {
            let wanted = host.store().read(|conn| Ok::<_, CarryError>(host.wanted_blobs(conn)))?;
            self.wanted = Some(wanted.into_iter().collect());
        }
        Ok(self.wanted.as_ref().and_then(|wanted| wanted.get(hash)).copied())
    }

    fn bytes(&mut self, body: &[u8]) -> Result<(), CarryError> {
        let Some(mut blob) = self.blob.take() else { return Ok(()) };
        let skip = blob.skip.min(body.len() as u64);
        blob.skip -= skip;
        let new = body.get(usize::try_from(skip).unwrap_or(body.len())..).unwrap_or_default();
        self.done.blob_bytes += body.len() as u64;
        match blob.partial.append(new) {
            Ok(()) => {}
            Err(BlobError::TooLarge { .. }) => {
                self.done.spoilt_blobs += 1;
                return Ok(());
            }
            Err(e) => return Err(e.into()),
        }
        if blob.skip > 0 || blob.partial.have() < blob.partial.len() {
            self.blob = Some(blob);
            return Ok(());
        }
        match blob.partial.finish() {
            Ok(()) => self.done.new_blobs += 1,
            Err(BlobError::Mismatch(_)) => self.done.spoilt_blobs += 1,
            Err(e) => return Err(e.into()),
        }
        Ok(())
    }

    /// Leaves the blob under way where it is: its bytes stay, and another bundle or the link goes on after them.
    fn drop_blob(&mut self) {
        if self.blob.take().is_some() {
            self.done.spoilt_blobs += 1;
        }
    }

    fn finish(mut self) -> Carried {
        let refused = self.refused.into_iter().take(MAX_REFUSED);
        self.done.refused = refused.map(|((scope, node), why)| Refused { node, scope, why }).collect();
        self.done
    }
}
