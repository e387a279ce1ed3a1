use base::{Hash, Hlc, NodeId, Scope, Subject};

use crate::columns::{Dictionary, Reader, Writer};
use crate::entry::{MAX_FRONTIER, MAX_KIND, check_header};
use crate::{Entry, Frontier, Header, LogError, MAX_PAYLOAD, commit};

/// Bytes of payload after which a segment ends at the next head: larger ones compress little better.
pub(crate) const GOOD_RAW: i64 = 3 << 20;
/// Bytes that the columns of a segment may have before compression. What lies between two heads (256 entries
/// of at most 64 KiB) fits, with what went before.
pub const MAX_SEGMENT_RAW: usize = 24 << 20;
/// Entries that a segment may have.
const MAX_ENTRIES: usize = 1 << 16;
/// Positions that the entries of a segment may claim to have seen, together: 24 MB of memory.
const MAX_SEEN: usize = 1 << 20;
const MAGIC: &[u8; 4] = b"ZSG1";
/// At this level the compressor works at about 60 MB/s and keeps below 8 MB of memory.
const LEVEL: i32 = 9;

/// Consecutive entries of one chain, ending at a head that their node signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The scope.
    pub scope: Scope,
    /// The node that wrote the entries.
    pub node: NodeId,
    /// The entries, at least one.
    pub entries: Vec<Entry>,
    /// The node's signature over the head at the last entry.
    pub signature: Vec<u8>,
}

/// The parts of an entry that are columns; each is compressed beside its like.
#[derive(Default)]
struct Columns {
    clocks: Writer,
    authors: Writer,
    subjects: Writer,
    kinds: Writer,
    bases: Writer,
    lengths: Writer,
    payloads: Writer,
    /// Random, so they are left uncompressed.
    salts: Writer,
}

impl Segment {
    /// The segment as it travels.
    ///
    /// # Errors
    /// [`LogError::Malformed`] for a segment without entries; [`LogError::Io`] from the compressor.
    pub fn encode(&self) -> Result<Vec<u8>, LogError> {
        let first = self.entries.first().ok_or_else(|| LogError::malformed("a segment", "it is empty"))?;
        let mut columns = Columns::default();
        let mut authors = Dictionary::default();
        let mut kinds = Dictionary::default();
        let mut nodes = Dictionary::default();
        let mut subjects: Dictionary<Subject> = Dictionary::default();
        let mut clock = 0_u64;
        for entry in &self.entries {
            let h = &entry.header;
            columns.clocks.signed(h.clock.0.wrapping_sub(clock).cast_signed());
            clock = h.clock.0;
            columns.authors.number(authors.number(&h.author));
            columns.kinds.number(kinds.number(&h.kind));
            write_subject(&mut columns.subjects, &mut subjects, &h.subject, h.clock);
            columns.bases.number(h.base.0.len() as u64);
            for (node, seq) in &h.base.0 {
                columns.bases.number(nodes.number(node));
                columns.bases.signed(h.seq.wrapping_sub(*seq).cast_signed());
            }
            match &entry.content {
                Some((salt, payload)) => {
                    columns.lengths.number(payload.len() as u64 + 1);
                    columns.payloads.raw(payload);
                    columns.salts.raw(salt);
                }
                None => {
                    columns.lengths.number(0);
                    columns.salts.raw(h.commitment.as_bytes());
                }
            }
        }
        let mut packed = Writer::default();
        packed.number(authors.values.len() as u64);
        authors.values.iter().for_each(|a| packed.raw(a.as_bytes()));
        packed.number(nodes.values.len() as u64);
        nodes.values.iter().for_each(|n| packed.raw(n.as_bytes()));
        packed.number(kinds.values.len() as u64);
        kinds.values.iter().for_each(|k| packed.bytes(k.as_bytes()));
        for column in [
            &columns.clocks,
            &columns.authors,
            &columns.kinds,
            &columns.subjects,
            &columns.bases,
            &columns.lengths,
            &columns.payloads,
        ] {
            packed.bytes(&column.0);
        }

        let mut out = Writer::default();
        out.raw(MAGIC);
        out.raw(&self.scope.to_bytes());
        out.raw(self.node.as_bytes());
        out.number(first.header.seq);
        out.number(self.entries.len() as u64);
        out.bytes(&self.signature);
        out.number(packed.0.len() as u64);
        out.bytes(&zstd::bulk::compress(&packed.0, LEVEL)?);
        out.raw(&columns.salts.0);
        Ok(out.0)
    }

    /// Reads a segment that came from elsewhere. Nothing is believed of it yet but its form: the chain and the
    /// signature are checked by [`crate::receive`].
    ///
    /// # Errors
    /// [`LogError::Malformed`] for bytes that are no segment, or beyond its limits.
    pub fn decode(bytes: &[u8]) -> Result<Self, LogError> {
        let mut r = Reader::new(bytes);
        if &r.array::<4>()? != MAGIC {
            return Err(LogError::malformed("a segment", "it does not begin like one"));
        }
        let scope = Scope::from_bytes(r.raw(Scope::LEN)?)?;
        let node = NodeId(r.array()?);
        let first = r.number()?;
        let count = r.count(MAX_ENTRIES)?;
        let signature = r.bytes(128)?.to_vec();
        let raw = r.count(MAX_SEGMENT_RAW)?;
        let compressed = r.bytes(MAX_SEGMENT_RAW)?;
        if first == 0 || count == 0 || first.checked_add(count as u64).is_none() {
            return Err(LogError::malformed("a segment", "it has no entries"));
        }
        // The frame's own claim is checked against ours before anything is allocated for it.
        let packed = zstd::bulk::decompress(compressed, raw)?;
        if packed.len() != raw {
            return Err(LogError::malformed("a segment", "its length"));
        }
        let entries = unpack(scope, node, first, count, &packed, &mut r)?;
        r.end()?;
        Ok(Self { scope, node, entries, signature })
    }
}

fn unpack(
    scope: Scope,
    node: NodeId,
    first: u64,
    count: usize,
    packed: &[u8],
    salts: &mut Reader<'_>,
) -> Result<Vec<Entry>, LogError> {
    let mut r = Reader::new(packed);
    let authors = table(&mut r, |r| Ok(Subject(r.array()?)))?;
    let nodes = table(&mut r, |r| Ok(NodeId(r.array()?)))?;
    let kinds = table(&mut r, |r| {
        let bytes = r.bytes(MAX_KIND)?;
        String::from_utf8(bytes.to_vec()).map_err(|e| LogError::malformed("a segment", e))
    })?;
    let mut column = || r.bytes(MAX_SEGMENT_RAW).map(Reader::new);
    let (mut clocks, mut author, mut kind) = (column()?, column()?, column()?);
    let (mut subject, mut bases, mut lengths, mut payloads) = (column()?, column()?, column()?, column()?);
    r.end()?;

    let mut known: Vec<Subject> = Vec::new();
    let mut clock = 0_u64;
    // An entry takes at least six bytes of columns, so `count` cannot make us reserve more than was sent.
    let mut entries = Vec::with_capacity(count.min(packed.len()));
    let mut seen = 0;
    for i in 0..count {
        clock = clock.wrapping_add(clocks.signed()?.cast_unsigned());
        let seq = first + i as u64;
        let subject = read_subject(&mut subject, &mut known, Hlc(clock))?;
        let parts = bases.count(MAX_FRONTIER)?;
        seen += parts;
        if seen > MAX_SEEN {
            return Err(LogError::malformed("a segment", "its entries claim to have seen too much"));
        }
        let base = (0..parts)
            .map(|_| {
                let node = pick(&nodes, bases.number()?)?;
                Ok((node, seq.wrapping_sub(bases.signed()?.cast_unsigned())))
            })
            .collect::<Result<Vec<_>, LogError>>()?;
        let (content, commitment) = match lengths.count(MAX_PAYLOAD + 1)? {
            0 => (None, Hash(salts.array()?)),
            len => {
                let salt: [u8; 16] = salts.array()?;
                let payload = payloads.raw(len - 1)?;
                (Some((salt, payload.to_vec())), commit(&salt, payload))
            }
        };
        let header = Header {
            node,
            scope,
            seq,
            clock: Hlc(clock),
            author: pick(&authors, author.number()?)?,
            subject,
            kind: pick(&kinds, kind.number()?)?,
            // The bytes of a frontier are part of the chain, so its order is checked where they are read.
            base: Frontier::from_bytes(&Frontier(base).to_bytes())?,
            commitment,
        };
        check_header(&header)?;
        entries.push(Entry { effective: header.clock, header, content });
    }
    for column in [&clocks, &author, &kind, &subject, &bases, &lengths, &payloads] {
        column.end()?;
    }
    Ok(entries)
}

fn table<'a, T>(
    r: &mut Reader<'a>,
    mut one: impl FnMut(&mut Reader<'a>) -> Result<T, LogError>,
) -> Result<Vec<T>, LogError> {
    let count = r.count(MAX_ENTRIES)?;
    let mut out = Vec::new();
    for _ in 0..count {
        out.push(one(r)?);
    }
    Ok(out)
}

fn pick<T: Clone>(table: &[T], number: u64) -> Result<T, LogError> {
    usize::try_from(number)
        .ok()
        .and_then(|n| table.get(n))
        .cloned()
        .ok_or_else(|| LogError::malformed("a segment", "a number beyond its table"))
}

/// A subject seen before is its number; a new one is 0, its distance in milliseconds from the entry's clock
/// (mostly none: it was made by this entry), and its other ten bytes. The scope's six recur and cost nothing.
fn write_subject(w: &mut Writer, seen: &mut Dictionary<Subject>, subject: &Subject, clock: Hlc) {
    let before = seen.values.len() as u64;
    let number = seen.number(subject);
    if number < before {
        w.number(number + 1);
        return;
    }
    let (scope, rest) = subject.0.split_at(6);
    let (ms, chance) = rest.split_at(6);
    let made = ms.iter().fold(0_u64, |sum, b| (sum << 8) | u64::from(*b));
    w.number(0);
    w.signed(clock.ms().wrapping_sub(made).cast_signed());
    w.raw(scope);
    w.raw(chance);
}

fn read_subject(r: &mut Reader<'_>, seen: &mut Vec<Subject>, clock: Hlc) -> Result<Subject, LogError> {
    let number = r.number()?;
    if let Some(before) = number.checked_sub(1) {
        return pick(seen, before);
    }
    let made = clock.ms().wrapping_sub(r.signed()?.cast_unsigned()).to_be_bytes();
    let (scope, chance): ([u8; 6], [u8; 4]) = (r.array()?, r.array()?);
    let mut id = [0; 16];
    let parts = scope.iter().chain(made.iter().skip(2)).chain(&chance);
    id.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
    seen.push(Subject(id));
    Ok(Subject(id))
}
