use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use yrs::types::Delta;
use yrs::types::xml::{XmlDeltaPrelim, XmlElementPrelim, XmlFragment, XmlIn};
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{
    Any, ClientID, Doc, GetString, In, OffsetKind, Options, ReadTxn, StateVector, Transact, TransactionMut, Update,
};

use crate::tree::{self, Node};
use crate::{DocumentError, MAX_DOCUMENT, MAX_UPDATE, ROOT};

/// A document that is open: it takes updates in and gives what another lacks.
pub struct Live {
    pub(crate) doc: Doc,
    /// Bytes taken in, or those of the whole when last asked: never less than the document has.
    bytes: usize,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Live({} bytes)", self.bytes)
    }
}

impl Default for Live {
    fn default() -> Self {
        // Yjs counts letters in units of UTF-16, and places are counted as Yjs does.
        let options = Options { skip_gc: false, offset_kind: OffsetKind::Utf16, ..Options::default() };
        Self { doc: Doc::with_options(options), bytes: 0 }
    }
}

impl Live {
    /// The document that these updates make, in any order. Updates that cannot be read are left out: they were
    /// written by a newer version, or by a broken node.
    pub fn of<'a>(updates: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut live = Self::default();
        for update in updates {
            let _ = live.apply(update);
        }
        live
    }

    /// Takes an update in.
    ///
    /// # Errors
    /// [`DocumentError`]; the document is as it was, but for one that could be applied in part and is closed then.
    pub fn apply(&mut self, update: &[u8]) -> Result<(), DocumentError> {
        if update.len() > MAX_DOCUMENT {
            return Err(DocumentError::UpdateTooLarge(update.len()));
        }
        if self.bytes + update.len() > MAX_DOCUMENT {
            self.bytes = self.whole().len();
            if self.bytes + update.len() > MAX_DOCUMENT {
                return Err(DocumentError::TooLarge(self.bytes + update.len()));
            }
        }
        // What comes from afar must not take the node down: the decoder is bounded, and a panic in it is an error.
        let doc = &self.doc;
        let applied = catch_unwind(AssertUnwindSafe(|| {
            let update = Update::decode_v1(update).map_err(|_| DocumentError::Malformed)?;
            doc.transact_mut().apply_update(update).map_err(|_| DocumentError::Malformed)
        }));
        applied.unwrap_or(Err(DocumentError::Malformed))?;
        self.bytes += update.len();
        Ok(())
    }

    /// What the document has, as Yjs's state vector.
    pub fn vector(&self) -> Vec<u8> {
        self.doc.transact().state_vector().encode_v1()
    }

    /// What somebody lacks who has this state vector.
    ///
    /// # Errors
    /// [`DocumentError::Malformed`].
    pub fn since(&self, vector: &[u8]) -> Result<Vec<u8>, DocumentError> {
        let read = catch_unwind(|| StateVector::decode_v1(vector).map_err(|_| DocumentError::Malformed));
        let vector = read.unwrap_or(Err(DocumentError::Malformed))?;
        Ok(self.doc.transact().encode_diff_v1(&vector))
    }

    /// The whole document as one update.
    pub fn whole(&self) -> Vec<u8> {
        self.doc.transact().encode_diff_v1(&StateVector::default())
    }

    /// The plain text that stands in the document under a name.
    pub fn text(&self, name: &str) -> String {
        let text = self.doc.get_or_insert_text(name);
        text.get_string(&self.doc.transact())
    }

    /// The document as a tree.
    ///
    /// # Errors
    /// [`DocumentError::TooDeep`].
    pub fn tree(&self) -> Result<Vec<Node>, DocumentError> {
        let fragment = self.doc.get_or_insert_xml_fragment(ROOT);
        tree::read(&self.doc.transact(), &fragment)
    }
}

impl Live {
    /// The update that gives the document this tree: only elements of the first level that differ are written anew, so
    /// that the others keep what is typed into them meanwhile. `chance` must differ from every other author's.
    ///
    /// # Errors
    /// [`DocumentError::TooDeep`].
    pub fn turned_into(&self, tree: &[Node], chance: u64) -> Result<Vec<u8>, DocumentError> {
        let doc = Doc::with_options(Options { client_id: ClientID::new(chance), ..Options::default() });
        let whole = Update::decode_v1(&self.whole()).map_err(|_| DocumentError::Malformed)?;
        doc.transact_mut().apply_update(whole).map_err(|_| DocumentError::Malformed)?;
        let before = doc.transact().state_vector();
        let fragment = doc.get_or_insert_xml_fragment(ROOT);
        let now = tree::read(&doc.transact(), &fragment)?;
        let mut txn = doc.transact_mut();
        for i in (tree.len()..now.len()).rev() {
            fragment.remove_range(&mut txn, u32::try_from(i).unwrap_or(u32::MAX), 1);
        }
        for (i, node) in tree.iter().enumerate() {
            let at = u32::try_from(i).unwrap_or(u32::MAX);
            match now.get(i) {
                Some(there) if there == node => {}
                Some(_) => {
                    fragment.remove_range(&mut txn, at, 1);
                    fragment.insert(&mut txn, at, prelim(node));
                }
                None => drop(fragment.push_back(&mut txn, prelim(node))),
            }
        }
        drop(txn);
        Ok(doc.transact().encode_diff_v1(&before))
    }
}

impl Live {
    /// Updates that follow from this document, as one that is hardly larger than what was typed: letters that were
    /// typed one after the other become one run. `None` where they also follow from something that is not here, or
    /// are too large for one: [`merge`] then keeps them as they are.
    pub fn compact(&self, updates: &[Vec<u8>]) -> Option<Vec<u8>> {
        let compacted = catch_unwind(AssertUnwindSafe(|| {
            let doc = Doc::with_options(Options { skip_gc: false, ..Options::default() });
            doc.transact_mut().apply_update(Update::decode_v1(&self.whole()).ok()?).ok()?;
            let said = Arc::new(Mutex::new(Vec::new()));
            let hears = Arc::clone(&said);
            let heard = move |_: &TransactionMut<'_>, event: &yrs::UpdateEvent| {
                hears.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&event.update);
            };
            doc.observe_update_v1("compact", heard).ok()?;
            let mut txn = doc.transact_mut();
            for update in updates {
                txn.apply_update(Update::decode_v1(update).ok()?).ok()?;
            }
            drop(txn);
            let txn = doc.transact();
            let now = txn.state_vector();
            // What waits for something else stands in the first of these and not in the second.
            let all_in = txn.encode_state_as_update_v1(&now) == txn.encode_diff_v1(&now);
            let update = said.lock().unwrap_or_else(PoisonError::into_inner).clone();
            (all_in && !update.is_empty() && update.len() <= MAX_UPDATE).then_some(update)
        }));
        compacted.ok().flatten()
    }
}

/// Several updates as one: as they follow from one another where they do, so that it is hardly larger than what was
/// typed.
///
/// # Errors
/// [`DocumentError::Malformed`]; [`DocumentError::UpdateTooLarge`] where together they are too large for one.
pub fn merge(updates: &[Vec<u8>]) -> Result<Vec<u8>, DocumentError> {
    let merged = catch_unwind(|| yrs::merge_updates_v1(updates).map_err(|_| DocumentError::Malformed));
    let merged = merged.unwrap_or(Err(DocumentError::Malformed))?;
    if merged.len() > MAX_UPDATE { Err(DocumentError::UpdateTooLarge(merged.len())) } else { Ok(merged) }
}

/// A new document that holds a tree, as updates that each fit an entry. `chance` must differ from every other
/// document's.
///
/// # Errors
/// [`DocumentError::UpdateTooLarge`] where one element of the first level is too large for an update.
pub fn seed(nodes: &[Node], chance: u64) -> Result<Vec<Vec<u8>>, DocumentError> {
    let doc = Doc::with_options(Options { client_id: ClientID::new(chance), ..Options::default() });
    let fragment = doc.get_or_insert_xml_fragment(ROOT);
    let mut updates: Vec<Vec<u8>> = Vec::new();
    let mut before = StateVector::default();
    for node in nodes {
        let mut txn = doc.transact_mut();
        fragment.push_back(&mut txn, prelim(node));
        drop(txn);
        let txn = doc.transact();
        let update = txn.encode_diff_v1(&before);
        before = txn.state_vector();
        drop(txn);
        let together = updates.last().map(|last| merge(&[last.clone(), update.clone()]));
        match (updates.last_mut(), together) {
            (Some(last), Some(Ok(both))) => *last = both,
            _ if update.len() > MAX_UPDATE => return Err(DocumentError::UpdateTooLarge(update.len())),
            _ => updates.push(update),
        }
    }
    Ok(updates)
}

fn prelim(node: &Node) -> XmlIn {
    match node {
        Node::Element { name, attributes, children } => XmlIn::Element(XmlElementPrelim {
            tag: name.as_str().into(),
            attributes: attributes.iter().map(|(n, v)| (Arc::from(n.as_str()), v.clone())).collect(),
            children: children.iter().map(prelim).collect(),
        }),
        Node::Text(text, marks) => {
            let attributes = marks
                .iter()
                .map(|(name, says)| {
                    let value = match says.as_str() {
                        "" => Any::from(std::collections::HashMap::<String, Any>::new()),
                        says => Any::from(says),
                    };
                    (Arc::from(name.as_str()), value)
                })
                .collect::<yrs::types::Attrs>();
            let attributes = (!attributes.is_empty()).then(|| Box::new(attributes));
            XmlIn::Text(XmlDeltaPrelim {
                attributes: std::collections::HashMap::default(),
                delta: vec![Delta::Inserted(In::Any(Any::from(text.as_str())), attributes)],
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Marks, plain};
    use proptest::prelude::*;
    use yrs::{Text, XmlTextPrelim};

    fn plan() -> Vec<Node> {
        vec![
            Node::element("section", vec![Node::element("paragraph", vec![Node::text("认识三种草药")])])
                .with("part", "aims"),
            Node::element(
                "section",
                vec![Node::element(
                    "paragraph",
                    vec![
                        Node::text("སྨན་རྩྭ་"),
                        Node::Text("ngo".to_owned(), Marks::from([("strong".to_owned(), String::new())])),
                    ],
                )],
            )
            .with("part", "key"),
        ]
    }

    #[test]
    fn a_seeded_tree_is_read_again() {
        let updates = seed(&plan(), 7).unwrap();
        assert_eq!(updates.len(), 1);
        let live = Live::of(updates.iter().map(Vec::as_slice));
        assert_eq!(live.tree().unwrap(), plan());
        assert_eq!(plain(&live.tree().unwrap()), "认识三种草药\nསྨན་རྩྭ་ngo");
    }

    #[test]
    fn a_large_tree_is_several_updates_that_each_fit() {
        let long = Node::element("section", vec![Node::element("paragraph", vec![Node::text("长".repeat(9000))])]);
        let nodes: Vec<Node> = (0..6).map(|i| long.clone().with("part", i.to_string())).collect();
        let updates = seed(&nodes, 7).unwrap();
        assert!(updates.len() > 1 && updates.iter().all(|u| u.len() <= MAX_UPDATE));
        assert_eq!(Live::of(updates.iter().map(Vec::as_slice)).tree().unwrap(), nodes);
    }

    /// Somebody who types into the document apart from the others.
    fn typed(start: &[Vec<u8>], who: u64, texts: &[String]) -> Vec<Vec<u8>> {
        let doc = Doc::with_options(Options { client_id: ClientID::new(who), ..Options::default() });
        let fragment = doc.get_or_insert_xml_fragment(ROOT);
        for update in start {
            doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
        }
        let mut out = Vec::new();
        for said in texts {
            let before = doc.transact().state_vector();
            let mut txn = doc.transact_mut();
            let text = fragment.push_back(&mut txn, XmlTextPrelim::new(""));
            text.push(&mut txn, said);
            drop(txn);
            out.push(doc.transact().encode_diff_v1(&before));
        }
        out
    }

    proptest! {
        #[test]
        fn any_order_gives_the_same_document(
            one in prop::collection::vec("[a-z藏草]{1,6}", 1..6),
            two in prop::collection::vec("[a-z藏草]{1,6}", 1..6),
            order in prop::collection::vec(any::<prop::sample::Index>(), 20),
        ) {
            let start = seed(&plan(), 7).unwrap();
            let mut all = start.clone();
            all.extend(typed(&start, 11, &one));
            all.extend(typed(&start, 12, &two));
            let straight = Live::of(all.iter().map(Vec::as_slice));
            let mut mixed = all.clone();
            for (i, other) in order.iter().enumerate() {
                let (a, b) = (i % mixed.len(), other.index(mixed.len()));
                mixed.swap(a, b);
            }
            mixed.extend(all.clone());
            let other = Live::of(mixed.iter().map(Vec::as_slice));
            prop_assert_eq!(other.tree().unwrap(), straight.tree().unwrap());
            // What one typed after the other is one fact, as long as it follows from nothing else.
            let begun = Live::of(start.iter().map(Vec::as_slice));
            let (first, second) = all.split_at(start.len() + one.len());
            let run = begun.compact(&first[start.len()..]).unwrap();
            prop_assert!(run.len() <= merge(&first[start.len()..]).unwrap().len());
            let compacted = start.iter().chain([&run]).chain(second);
            prop_assert_eq!(Live::of(compacted.map(Vec::as_slice)).tree().unwrap(), straight.tree().unwrap());
            prop_assert!(Live::default().compact(&first[start.len()..]).is_none());
            let once = merge(&all).unwrap();
            prop_assert_eq!(Live::of([once.as_slice()]).tree().unwrap(), straight.tree().unwrap());
        }

        #[test]
        fn hostile_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), flip in any::<prop::sample::Index>()) {
            let mut live = Live::of([bytes.as_slice()]);
            let _ = live.since(&bytes);
            let _ = merge(&[bytes.clone(), bytes]);
            let mut update = seed(&plan(), 7).unwrap().remove(0);
            let at = flip.index(update.len());
            update[at] ^= 0x55;
            let _ = live.apply(&update);
            let _ = live.tree();
        }
    }

    #[test]
    fn an_earlier_text_comes_back_and_what_was_typed_elsewhere_stays() {
        let start = seed(&plan(), 7).unwrap();
        let mut live = Live::of(start.iter().map(Vec::as_slice));
        let mut changed = plan();
        changed[0] =
            Node::element("section", vec![Node::element("paragraph", vec![Node::text("别的")])]).with("part", "aims");
        live.apply(&live.turned_into(&changed, 8).unwrap()).unwrap();
        assert_eq!(live.tree().unwrap(), changed);
        live.apply(&live.turned_into(&plan(), 9).unwrap()).unwrap();
        assert_eq!(live.tree().unwrap(), plan());
        live.apply(&live.turned_into(&plan()[..1], 10).unwrap()).unwrap();
        assert_eq!(live.tree().unwrap(), plan()[..1]);
    }

    #[test]
    fn what_is_too_large_is_refused() {
        let mut live = Live::default();
        assert_eq!(live.apply(&vec![0; MAX_DOCUMENT + 1]), Err(DocumentError::UpdateTooLarge(MAX_DOCUMENT + 1)));
    }
}
