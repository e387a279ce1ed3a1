use std::collections::{BTreeMap, BTreeSet};

use base::{Hlc, NodeId, Scope, Subject};
use log::Entry;

use crate::{Change, Kind, Kinds, Value};

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

/// Folds the entries of a subject, which must be in order. `None` where they are of no known kind.
///
/// A field's live versions are those that no later entry's `base` covers; more than one, with values that
/// differ, is a conflict. Sets merge by element, the last writer of each winning.
pub fn fold(kinds: &Kinds, hub: NodeId, entries: &[Entry]) -> Option<Folded> {
    let kind = entries.iter().find_map(|e| {
        let name = e.header.kind.split('.').next().unwrap_or_default();
        kinds.get(name).filter(|k| !k.hub_only || e.header.node == hub)
    })?;
    let first = entries.first()?;
    let mut folded = Folded {
        kind,
        scope: first.header.scope,
        values: BTreeMap::new(),
        sets: BTreeMap::new(),
        conflicts: BTreeMap::new(),
        made: first.effective,
        changed: (first.effective, first.header.node, first.header.author),
        erased: false,
    };
    let mut live: BTreeMap<String, Vec<Version>> = BTreeMap::new();
    for entry in entries {
        let h = &entry.header;
        let identity = h.kind.strip_prefix(kind.name) == Some(".identity");
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
        for (field, value) in change.set {
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
    Some(folded)
}
