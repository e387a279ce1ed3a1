use std::collections::{BTreeMap, BTreeSet};

use base::{Hlc, NodeId, Scope, Subject};
use log::Entry;

use crate::value::document_update;
use crate::{Change, Home, Kind, Kinds, Shape, Value};

/// A value of a field with who set it, where and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The value.
    pub value: Value,
    /// When, by the clock that counts.
    pub clock: Hlc,
    /// At which node.
    pub node: NodeId,
    /// The number of the entry in the node's chain.
    pub seq: u64,
    /// Who.
    pub author: Subject,
}

/// What a record is, by all its entries.
#[derive(Clone, Debug)]
pub struct Folded {
    /// Its kind.
    pub kind: &'static Kind,
    /// Its scope.
    pub scope: Scope,
    /// Its fields. One that two nodes set apart has the later value; both are in `conflicts`.
    pub values: BTreeMap<String, Value>,
    /// Its sets.
    pub sets: BTreeMap<String, BTreeSet<Value>>,
    /// Fields set at two nodes, neither having seen the other: their live versions, the winning one last.
    pub conflicts: BTreeMap<String, Vec<Version>>,
    /// Its documents, by field: their updates, in order.
    pub documents: BTreeMap<&'static str, Vec<Vec<u8>>>,
    /// When it was made.
    pub made: Hlc,
    /// When, where and by whom it was changed last.
    pub changed: (Hlc, NodeId, Subject),
    /// Its personal fields are erased.
    pub erased: bool,
}

/// The field that says that a record was withdrawn, as entered by mistake.
pub const REMOVED: &str = "_removed";
/// The field that holds the state.
pub const STATE: &str = "state";

impl Folded {
    /// A field's value, unless empty.
    pub fn get(&self, field: &str) -> Option<&Value> {
        self.values.get(field).filter(|v| **v != Value::Null)
    }

    /// Whether the record was withdrawn.
    pub fn is_removed(&self) -> bool {
        self.get(REMOVED) == Some(&Value::Bool(true))
    }
}

/// The kind of a subject, by its entries. Authors choose their clocks and kinds, so neither alone decides: what the
/// hub says a subject is comes before all else, then its earliest entry that is not from before it was made. An
/// entry in a scope where the kind cannot live says nothing.
fn kind_of(kinds: &Kinds, hub: NodeId, entries: &[Entry]) -> Option<&'static Kind> {
    let named = |e: &Entry| {
        let name = e.header.kind.split('.').next().unwrap_or_default();
        let kind = kinds.get(name).filter(|k| lives_in(k.home, &e.header.scope));
        kind.filter(|k| !k.hub_only || e.header.node == hub)
    };
    let by_hub = entries.iter().filter(|e| e.header.node == hub).find_map(named);
    let made = |e: &&Entry| e.header.clock.ms() >= e.header.subject.made_ms();
    by_hub.or_else(|| entries.iter().filter(made).find_map(named))
}

fn lives_in(home: Home, scope: &Scope) -> bool {
    match (home, scope) {
        (Home::Programme, scope) => matches!(scope, Scope::Programme(_)),
        (Home::School(_) | Home::With(..), scope) => matches!(scope, Scope::Programme(_) | Scope::School(_)),
        (Home::Person(_), scope) => matches!(scope, Scope::Person(_)),
        (Home::Pair(_), scope) => matches!(scope, Scope::Pair(_)),
        (Home::Private(_), scope) => matches!(scope, Scope::Private(_)),
        (Home::Elsewhere, _) => true,
    }
}

/// Folds the entries of a subject, which must be in order. `None` where they are of no known kind.
///
/// A field's live versions are those that no later entry's `base` covers; more than one, with values that
/// differ, is a conflict. Sets merge by element, the last writer of each winning.
pub fn fold(kinds: &Kinds, hub: NodeId, entries: &[Entry]) -> Option<Folded> {
    let kind = kind_of(kinds, hub, entries)?;
    let first = entries.first()?;
    let mut folded = Folded {
        kind,
        scope: first.header.scope,
        values: BTreeMap::new(),
        sets: BTreeMap::new(),
        conflicts: BTreeMap::new(),
        documents: BTreeMap::new(),
        made: first.effective,
        changed: (first.effective, first.header.node, first.header.author),
        erased: false,
    };
    let mut live: BTreeMap<String, Vec<Version>> = BTreeMap::new();
    for entry in entries {
        let h = &entry.header;
        let part = h.kind.strip_prefix(kind.name).and_then(|rest| rest.strip_prefix('.'));
        if let Some(field) = part.and_then(|p| kind.field(p)).filter(|f| f.shape == Shape::Document) {
            if let Some(update) = entry.payload().and_then(document_update) {
                folded.documents.entry(field.name).or_default().push(update.to_vec());
                folded.changed = (entry.effective, h.node, h.author);
            }
            continue;
        }
        let identity = part == Some("identity");
        if (h.kind != kind.name && !identity) || (kind.hub_only && h.node != hub) {
            continue;
        }
        let Some(payload) = entry.payload() else {
            folded.erased = true;
            continue;
        };
        // A payload that cannot be read was written by a newer version, or by a broken node: it is kept and
        // passed on, and says nothing here.
        let Ok(change) = Change::decode(payload) else { continue };
        folded.changed = (entry.effective, h.node, h.author);
        let counts = |field: &str| h.node == hub || !kind.field(field).is_some_and(|f| f.by_hub);
        for (field, value) in change.set.into_iter().filter(|(field, _)| counts(field)) {
            let versions = live.entry(field).or_default();
            versions.retain(|v| !h.base.covers(v.node, v.seq));
            versions.push(Version { value, clock: entry.effective, node: h.node, seq: h.seq, author: h.author });
        }
        for (field, values) in change.add {
            folded.sets.entry(field).or_default().extend(values);
        }
        for (field, values) in change.remove {
            if let Some(set) = folded.sets.get_mut(&field) {
                set.retain(|v| !values.contains(v));
            }
        }
    }
    for (field, versions) in live {
        if let Some(last) = versions.last() {
            folded.values.insert(field.clone(), last.value.clone());
        }
        if versions.iter().any(|v| Some(&v.value) != versions.last().map(|l| &l.value)) {
            folded.conflicts.insert(field, versions);
        }
    }
    if let (Home::Person(field), Scope::Person(whose))
    | (Home::Pair(field), Scope::Pair(whose))
    | (Home::Private(field), Scope::Private(whose)) = (kind.home, folded.scope)
        && folded.get(field).is_some_and(|v| v.as_link() != Some(whose))
    {
        // Written in the scope of one person, pairing or school about another: it says nothing.
        return None;
    }
    Some(folded)
}
