use std::collections::{BTreeMap, BTreeSet};

use base::Subject;
use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

use crate::RecordError;

/// Things that a fact may name: fields, elements of a set, names.
const MAX_PARTS: u64 = 2048;

/// What a field is set to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Nothing: the field is emptied.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A number.
    Int(i64),
    /// Text, a word of a list, a date as `YYYY-MM-DD`.
    Text(String),
    /// An id or a hash.
    Bytes(Vec<u8>),
    /// Language tag to text.
    Names(BTreeMap<String, String>),
}

impl Value {
    /// A link to a record.
    pub fn link(id: &Subject) -> Self {
        Self::Bytes(id.0.to_vec())
    }

    /// Text.
    pub fn text(s: impl Into<String>) -> Self {
        Self::Text(s.into())
    }

    /// The id that a link holds.
    pub fn as_link(&self) -> Option<Subject> {
        match self {
            Self::Bytes(bytes) => Subject::try_from(bytes.as_slice()).ok(),
            _ => None,
        }
    }

    /// The text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn encode(&self, e: &mut Encoder<&mut Vec<u8>>) -> Result<(), Encoding> {
        match self {
            Self::Null => e.null()?,
            Self::Bool(b) => e.bool(*b)?,
            Self::Int(n) => e.i64(*n)?,
            Self::Text(s) => e.str(s)?,
            Self::Bytes(b) => e.bytes(b)?,
            Self::Names(names) => {
                e.map(names.len() as u64)?;
                for (lang, text) in names {
                    e.str(lang)?.str(text)?;
                }
                e
            }
        };
        Ok(())
    }

    fn decode(d: &mut Decoder<'_>) -> Result<Self, RecordError> {
        Ok(match d.datatype()? {
            Type::Null => {
                d.null()?;
                Self::Null
            }
            Type::Bool => Self::Bool(d.bool()?),
            Type::String => Self::Text(d.str()?.to_owned()),
            Type::Bytes => Self::Bytes(d.bytes()?.to_vec()),
            Type::Map => {
                let len = bounded(d.map()?)?;
                let mut names = BTreeMap::new();
                for _ in 0..len {
                    names.insert(d.str()?.to_owned(), d.str()?.to_owned());
                }
                Self::Names(names)
            }
            _ => Self::Int(d.i64()?),
        })
    }
}

type Encoding = minicbor::encode::Error<std::convert::Infallible>;

/// What a fact says: fields set, elements put into sets and taken out, and why.
///
/// As bytes it is a CBOR map (RFC 8949, core deterministic encoding but for the order of keys, which is that of
/// their bytes): field → value, `+field` → elements put in, `-field` → elements taken out, `_why` → the reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Fields set.
    pub set: BTreeMap<String, Value>,
    /// Elements put into sets.
    pub add: BTreeMap<String, BTreeSet<Value>>,
    /// Elements taken out of sets.
    pub remove: BTreeMap<String, BTreeSet<Value>>,
    /// Why, in the author's words.
    pub why: Option<String>,
}

const WHY: &str = "_why";

impl Change {
    /// A change that says nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a field.
    pub fn with(mut self, field: &str, value: Value) -> Self {
        self.set.insert(field.to_owned(), value);
        self
    }

    /// Sets a field to some text.
    pub fn with_text(self, field: &str, text: impl Into<String>) -> Self {
        self.with(field, Value::Text(text.into()))
    }

    /// Sets a link.
    pub fn with_link(self, field: &str, id: Subject) -> Self {
        self.with(field, Value::link(&id))
    }

    /// Puts an element into a set.
    pub fn with_added(mut self, field: &str, value: Value) -> Self {
        self.add.entry(field.to_owned()).or_default().insert(value);
        self
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.add.is_empty() && self.remove.is_empty()
    }

    /// The bytes of a payload.
    ///
    /// # Errors
    /// [`RecordError::Payload`], which no value gives today.
    pub fn encode(&self) -> Result<Vec<u8>, RecordError> {
        let mut out = Vec::with_capacity(128);
        self.write(&mut out).map_err(|e| RecordError::Payload(e.to_string()))?;
        Ok(out)
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), Encoding> {
        let mut e = Encoder::new(out);
        let len = self.set.len() + self.add.len() + self.remove.len() + usize::from(self.why.is_some());
        e.map(len as u64)?;
        // `+`, `-` and `_` sort before letters, so this is the order of the bytes of the keys.
        for (sign, sets) in [("+", &self.add), ("-", &self.remove)] {
            for (field, values) in sets {
                e.str(&format!("{sign}{field}"))?.array(values.len() as u64)?;
                for value in values {
                    value.encode(&mut e)?;
                }
            }
        }
        if let Some(why) = &self.why {
            e.str(WHY)?.str(why)?;
        }
        for (field, value) in &self.set {
            e.str(field)?;
            value.encode(&mut e)?;
        }
        Ok(())
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// [`RecordError::Payload`] for bytes that are no such map.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let mut d = Decoder::new(bytes);
        let len = bounded(d.map()?)?;
        let mut out = Self::default();
        for _ in 0..len {
            let key = d.str()?;
            if key == WHY {
                out.why = Some(d.str()?.to_owned());
                continue;
            }
            let sets = match key.as_bytes().first() {
                Some(b'+') => &mut out.add,
                Some(b'-') => &mut out.remove,
                _ => {
                    out.set.insert(key.to_owned(), Value::decode(&mut d)?);
                    continue;
                }
            };
            let values = sets.entry(key.get(1..).unwrap_or_default().to_owned()).or_default();
            for _ in 0..bounded(d.array()?)? {
                values.insert(Value::decode(&mut d)?);
            }
        }
        if d.position() != bytes.len() {
            return Err(RecordError::Payload("bytes after the end".to_owned()));
        }
        Ok(out)
    }
}

/// The payload of an entry that holds an update of a document: a CBOR byte string.
///
/// # Errors
/// [`RecordError::Payload`], which no bytes give today.
pub fn document_payload(update: &[u8]) -> Result<Vec<u8>, RecordError> {
    let mut out = Vec::with_capacity(update.len() + 5);
    Encoder::new(&mut out).bytes(update).map_err(|e| RecordError::Payload(e.to_string()))?;
    Ok(out)
}

/// The update that such a payload holds.
pub fn document_update(payload: &[u8]) -> Option<&[u8]> {
    let mut d = Decoder::new(payload);
    let update = d.bytes().ok()?;
    (d.position() == payload.len()).then_some(update)
}

fn bounded(len: Option<u64>) -> Result<u64, RecordError> {
    match len {
        Some(n) if n <= MAX_PARTS => Ok(n),
        _ => Err(RecordError::Payload("too many parts, or an unknown number".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            ".{0,20}".prop_map(Value::Text),
            prop::collection::vec(any::<u8>(), 0..20).prop_map(Value::Bytes),
            prop::collection::btree_map("[a-z]{2}", ".{0,8}", 0..4).prop_map(Value::Names),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            set in prop::collection::btree_map("[a-z_]{1,8}", value(), 0..6),
            add in prop::collection::btree_map("[a-z]{1,8}", prop::collection::btree_set(value(), 1..4), 0..3),
            why in prop::option::of(".{0,20}"),
        ) {
            let mut change = Change { set, add, why, ..Change::default() };
            change.set.remove("_why");
            prop_assert_eq!(Change::decode(&change.encode().unwrap()).unwrap(), change);
        }

        #[test]
        fn hostile_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Change::decode(&bytes);
        }
    }
}
