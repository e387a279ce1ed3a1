//! Where words stand in a document, so that they are found again whatever is typed around them: a position sticks to a
//! letter and not to a number (Yjs's relative positions).

use std::panic::{AssertUnwindSafe, catch_unwind};

use yrs::types::text::YChange;
use yrs::types::xml::{XmlFragment, XmlOut};
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Any, Assoc, BranchID, IndexedSequence, Out, ReadTxn, StickyIndex, Text, Transact, XmlTextRef};

use crate::tree::{self, Edge, Node};
use crate::{DocumentError, Live, MAX_DEPTH, ROOT};

/// Bytes that a place may have: an id of a document's author and a number, twice.
pub const MAX_PLACE: usize = 128;

/// The place of some words: from the letter that they begin with to the one that they end with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    start: StickyIndex,
    end: StickyIndex,
}

impl Place {
    /// A place as bytes: how many the beginning has, the beginning, the end, both as Yjs writes them.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (start, end) = (self.start.encode_v1(), self.end.encode_v1());
        [&[u8::try_from(start.len()).unwrap_or(u8::MAX)], start.as_slice(), end.as_slice()].concat()
    }

    /// Reads a place; `None` for bytes that are none.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let (len, rest) = bytes.split_first().filter(|_| bytes.len() <= MAX_PLACE)?;
        let (start, end) = rest.split_at_checked(usize::from(*len))?;
        let read = |bytes: &[u8]| catch_unwind(|| StickyIndex::decode_v1(bytes).ok()).ok().flatten();
        let place = Self { start: read(start)?, end: read(end)? };
        // What is read must be all that was sent.
        (place.to_bytes() == bytes).then_some(place)
    }
}

impl Live {
    /// The tree, in which the words at these places bear [`crate::PLACES`] as a mark that says which; and for each place
    /// whether any of its words still stand.
    ///
    /// # Errors
    /// [`DocumentError::TooDeep`].
    pub fn marked(&self, places: &[Option<Place>]) -> Result<(Vec<Node>, Vec<bool>), DocumentError> {
        let fragment = self.doc.get_or_insert_xml_fragment(ROOT);
        let txn = self.doc.transact();
        let mut edges = Vec::new();
        for (i, place) in places.iter().enumerate() {
            let Some(place) = place else { continue };
            if let (Some(start), Some(end)) = (at(&txn, &place.start), at(&txn, &place.end)) {
                edges.push(Edge { text: start.0, offset: start.1, place: i, begins: true });
                edges.push(Edge { text: end.0, offset: end.1, place: i, begins: false });
            }
        }
        let mut reading = tree::Reading::new(&txn, edges, places.len());
        let nodes = reading.all(&fragment)?;
        Ok((nodes, reading.stand))
    }

    /// The place of some words, which stand in one paragraph: the `which`th time that they do, from 0; the first time
    /// where they do not stand so often. `None` where they do not stand at all.
    pub fn place(&self, words: &str, which: usize) -> Option<Place> {
        if words.is_empty() {
            return None;
        }
        let fragment = self.doc.get_or_insert_xml_fragment(ROOT);
        let txn = self.doc.transact();
        let mut paragraphs = Vec::new();
        gather(&txn, fragment.children(&txn), 0, &mut paragraphs);
        let found = |p: &'_ Vec<(XmlTextRef, String)>| -> Vec<usize> {
            let said: String = p.iter().map(|(_, said)| said.as_str()).collect();
            said.match_indices(words).map(|(at, _)| units(said.get(..at).unwrap_or_default())).collect()
        };
        let all = || paragraphs.iter().flat_map(|p| found(p).into_iter().map(move |at| (p, at)));
        let (paragraph, from) = all().nth(which).or_else(|| all().next())?;
        let to = from + units(words);
        let mut before = 0;
        let (mut start, mut end) = (None, None);
        for (text, said) in paragraph {
            let after = before + units(said);
            if start.is_none() && from < after {
                start = text.sticky_index(&txn, number(from - before), Assoc::After);
            }
            if to > before && to <= after {
                end = text.sticky_index(&txn, number(to - before), Assoc::Before);
            }
            before = after;
        }
        Some(Place { start: start?, end: end? })
    }
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The length of a text as Yjs counts it.
fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The text in which a position is, and how far into it; `None` where it can no longer be told.
fn at<T: ReadTxn>(txn: &T, position: &StickyIndex) -> Option<(BranchID, u32)> {
    // A position comes from afar, as an update does: a panic over it is no more than a place that is not found.
    let found = catch_unwind(AssertUnwindSafe(|| position.get_offset(txn).map(|o| (o.branch.id(), o.index))));
    found.ok().flatten()
}

/// The texts of a document, paragraph by paragraph: those that stand side by side in one element are one.
fn gather<T: ReadTxn>(
    txn: &T,
    nodes: impl Iterator<Item = XmlOut>,
    depth: usize,
    out: &mut Vec<Vec<(XmlTextRef, String)>>,
) {
    if depth > MAX_DEPTH {
        return;
    }
    let mut goes_on = false;
    for node in nodes {
        match node {
            XmlOut::Text(text) => {
                let said: String = text
                    .diff(txn, YChange::identity)
                    .into_iter()
                    .filter_map(|run| match run.insert {
                        Out::Any(Any::String(said)) => Some(said.to_string()),
                        _ => None,
                    })
                    .collect();
                match out.last_mut() {
                    Some(last) if goes_on => last.push((text, said)),
                    _ => out.push(vec![(text, said)]),
                }
                goes_on = true;
            }
            XmlOut::Element(element) => {
                gather(txn, element.children(txn), depth + 1, out);
                goes_on = false;
            }
            XmlOut::Fragment(inner) => {
                gather(txn, inner.children(txn), depth + 1, out);
                goes_on = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Marks, PLACES, plain, seed};
    use proptest::prelude::*;
    use yrs::updates::decoder::Decode;
    use yrs::{Doc, Options, Update, XmlElementRef};

    fn plan() -> Vec<Node> {
        let strong = Node::Text("红景天".to_owned(), Marks::from([("strong".to_owned(), String::new())]));
        vec![
            Node::element(
                "section",
                vec![
                    Node::element("paragraph", vec![Node::text("认识😀"), strong, Node::text("和雪莲")]),
                    Node::element("paragraph", vec![Node::text("雪莲,雪莲")]),
                ],
            )
            .with("part", "aims"),
        ]
    }

    fn begun() -> Live {
        Live::of(seed(&plan(), 7).unwrap().iter().map(Vec::as_slice))
    }

    /// The words that bear a mark, by their place.
    fn said(nodes: &[Node], place: usize) -> String {
        let mut out = String::new();
        for node in nodes {
            match node {
                Node::Text(text, marks) => {
                    let here = marks.get(PLACES).is_some_and(|p| p.split(' ').any(|n| n == place.to_string()));
                    out.push_str(if here { text } else { "" });
                }
                Node::Element { children, .. } => out.push_str(&said(children, place)),
            }
        }
        out
    }

    /// Somebody types apart from the others: `change` is given the texts of the document.
    fn typed(live: &Live, who: u64, change: impl Fn(&mut yrs::TransactionMut<'_>, &[XmlTextRef])) -> Vec<u8> {
        let doc = Doc::with_options(Options {
            client_id: yrs::ClientID::new(who),
            offset_kind: yrs::OffsetKind::Utf16,
            ..Options::default()
        });
        let fragment = doc.get_or_insert_xml_fragment(ROOT);
        doc.transact_mut().apply_update(Update::decode_v1(&live.whole()).unwrap()).unwrap();
        let before = doc.transact().state_vector();
        let mut txn = doc.transact_mut();
        let section: XmlElementRef = fragment.get(&txn, 0).unwrap().into_xml_element().unwrap();
        let mut texts = Vec::new();
        for paragraph in section.children(&txn).filter_map(XmlOut::into_xml_element) {
            texts.extend(paragraph.children(&txn).filter_map(XmlOut::into_xml_text));
        }
        change(&mut txn, &texts);
        drop(txn);
        doc.transact().encode_diff_v1(&before)
    }

    #[test]
    fn words_are_found_over_the_runs_of_a_paragraph_and_read_back() {
        let live = begun();
        for (words, which, stands) in
            [("识😀红景", 0, "识😀红景"), ("雪莲", 2, "雪莲"), ("雪莲", 9, "雪莲"), ("和雪莲", 0, "和雪莲")]
        {
            let place = live.place(words, which).unwrap();
            assert_eq!(Place::of_bytes(&place.to_bytes()), Some(place.clone()));
            let (tree, stand) = live.marked(&[None, Some(place)]).unwrap();
            assert_eq!((said(&tree, 1).as_str(), stand), (stands, vec![false, true]));
            assert_eq!(plain(&tree), plain(&live.tree().unwrap()));
        }
        assert_eq!(live.place("枸杞", 0), None);
        assert_eq!(live.place("", 0), None);
        // The second of three: the one that begins the second paragraph.
        let (tree, _) = live.marked(&[live.place("雪莲", 1)]).unwrap();
        let Some(Node::Text(first, marks)) = tree[0].children()[1].children().first() else { panic!("no text") };
        assert_eq!((first.as_str(), marks.get(PLACES).map(String::as_str)), ("雪莲", Some("0")));
    }

    #[test]
    fn a_place_stays_on_its_words_while_two_write_apart_and_tells_when_they_are_gone() {
        let mut live = begun();
        let places = [live.place("红景天", 0), live.place("雪莲,雪", 0)];
        let one = typed(&live, 11, |txn, texts| {
            texts[0].insert(txn, 0, "先");
            texts[1].insert(txn, 1, "色");
            texts[3].insert(txn, 0, "看");
        });
        let two = typed(&live, 12, |txn, texts| {
            texts[1].insert(txn, 3, "等");
            texts[3].remove_range(txn, 0, 1);
        });
        live.apply(&two).unwrap();
        live.apply(&one).unwrap();
        let (tree, stand) = live.marked(&places).unwrap();
        assert_eq!((said(&tree, 0), said(&tree, 1)), ("红色景天".to_owned(), "莲,雪".to_owned()));
        assert_eq!(stand, [true, true]);
        let gone = typed(&live, 13, |txn, texts| {
            let len = texts[1].len(txn);
            texts[1].remove_range(txn, 0, len);
        });
        live.apply(&gone).unwrap();
        assert_eq!(live.marked(&places).unwrap().1, [false, true]);
        // A text that was brought back whole is a new one: the place is gone with the old.
        let turned = live.turned_into(&plan(), 14).unwrap();
        live.apply(&turned).unwrap();
        assert_eq!(live.marked(&places).unwrap().1, [false, false]);
    }

    #[test]
    fn words_are_found_however_deep_they_stand_and_whoever_wrote_them() {
        let stage = |said: &str| Node::element("stage", vec![Node::text(said)]);
        let cell = || Node::element("teacher", vec![Node::element("paragraph", Vec::new())]);
        let step = |said: &str| Node::element("step", vec![stage(said), cell()]);
        let steps = Node::element("steps", vec![step("准备"), step("路上")]).with("part", "process");
        let live = Live::of(seed(&[steps], 0xf000_0001).unwrap().iter().map(Vec::as_slice));
        let place = live.place("路上", 0).unwrap();
        assert_eq!(Place::of_bytes(&place.to_bytes()), Some(place.clone()));
        let (tree, stand) = live.marked(&[Some(place)]).unwrap();
        assert_eq!((said(&tree, 0).as_str(), stand), ("路上", vec![true]));
    }

    #[test]
    fn a_place_that_yjs_wrote_is_read() {
        // Y.encodeRelativePosition of a letter (client 7, clock 3) and, to its left, of another: kind, client, clock, side.
        let bytes = [4, 0, 7, 3, 0, 0, 7, 5, 0x41];
        let place = Place::of_bytes(&bytes).unwrap();
        assert_eq!(place.to_bytes(), bytes);
        assert_eq!((place.start.assoc, place.end.assoc), (Assoc::After, Assoc::Before));
    }

    proptest! {
        #[test]
        fn hostile_places_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..40), at in 0_u8..9, clock in 0_u8..80) {
            let made = [vec![4, 0, at, clock, 0], vec![at % 3, 7, clock, 0x41]].concat();
            for bytes in [bytes, made] {
                let place = Place::of_bytes(&bytes);
                let (tree, _) = begun().marked(&[place]).unwrap();
                prop_assert_eq!(plain(&tree), plain(&plan()));
            }
        }
    }
}
