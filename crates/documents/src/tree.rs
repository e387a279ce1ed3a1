use std::collections::{BTreeMap, BTreeSet, HashMap};

use yrs::branch::Branch;
use yrs::types::xml::{XmlFragment, XmlOut};
use yrs::types::{Attrs, text::YChange};
use yrs::{Any, BranchID, Out, ReadTxn, Text, Xml, XmlFragmentRef, XmlTextRef};

use crate::{DocumentError, MAX_DEPTH, PLACES};

/// How a run of text is marked: mark to what it says; plain marks such as `strong` say nothing.
pub type Marks = BTreeMap<String, String>;

/// A part of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// An element with attributes and content.
    Element {
        /// Its name.
        name: String,
        /// Its attributes.
        attributes: BTreeMap<String, String>,
        /// Its content.
        children: Vec<Node>,
    },
    /// A run of text with its marks.
    Text(String, Marks),
}

impl Node {
    /// An element without attributes.
    pub fn element(name: &str, children: Vec<Node>) -> Self {
        Self::Element { name: name.to_owned(), attributes: BTreeMap::new(), children }
    }

    /// The same element with an attribute more; a text stays as it is.
    pub fn with(mut self, attribute: &str, value: impl Into<String>) -> Self {
        if let Self::Element { attributes, .. } = &mut self {
            attributes.insert(attribute.to_owned(), value.into());
        }
        self
    }

    /// Text without marks.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into(), Marks::new())
    }

    /// Its name; empty for a text.
    pub fn name(&self) -> &str {
        match self {
            Self::Element { name, .. } => name,
            Self::Text(..) => "",
        }
    }

    /// An attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        match self {
            Self::Element { attributes, .. } => attributes.get(name).map(String::as_str),
            Self::Text(..) => None,
        }
    }

    /// Its content; none for a text.
    pub fn children(&self) -> &[Node] {
        match self {
            Self::Element { children, .. } => children,
            Self::Text(..) => &[],
        }
    }
}

/// The text of a tree, one line for each innermost element that holds text.
pub fn plain(nodes: &[Node]) -> String {
    let mut out = String::new();
    write_plain(nodes, &mut out);
    out.trim_end().to_owned()
}

fn write_plain(nodes: &[Node], out: &mut String) {
    for node in nodes {
        match node {
            Node::Text(text, _) => out.push_str(text),
            Node::Element { children, .. } => {
                write_plain(children, out);
                if !out.is_empty() && !out.ends_with('\n') {
                    out.push('\n');
                }
            }
        }
    }
}

/// Where words that are marked begin or end.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    /// The text.
    pub text: BranchID,
    /// How far into it, in units of UTF-16.
    pub offset: u32,
    /// Whose: the number of the place.
    pub place: usize,
    /// Whether it begins there.
    pub begins: bool,
}

/// Reads the shared fragment.
pub(crate) fn read<T: ReadTxn>(txn: &T, fragment: &XmlFragmentRef) -> Result<Vec<Node>, DocumentError> {
    Reading::new(txn, Vec::new(), 0).all(fragment)
}

/// A document while it is read, with the places whose words are marked.
pub(crate) struct Reading<'a, T> {
    txn: &'a T,
    /// By text, in order.
    edges: HashMap<BranchID, Vec<Edge>>,
    /// The places that have begun and not ended.
    open: BTreeSet<usize>,
    /// The places that have ended: an end before the beginning leaves nothing between.
    over: BTreeSet<usize>,
    /// For each place, whether any of its words stand.
    pub stand: Vec<bool>,
}

impl<'a, T: ReadTxn> Reading<'a, T> {
    pub fn new(txn: &'a T, all: Vec<Edge>, places: usize) -> Self {
        let mut edges: HashMap<BranchID, Vec<Edge>> = HashMap::new();
        for edge in all {
            edges.entry(edge.text.clone()).or_default().push(edge);
        }
        for of_text in edges.values_mut() {
            of_text.sort_by_key(|e| (e.offset, e.begins, e.place));
        }
        Self { txn, edges, open: BTreeSet::new(), over: BTreeSet::new(), stand: vec![false; places] }
    }

    pub fn all(&mut self, fragment: &XmlFragmentRef) -> Result<Vec<Node>, DocumentError> {
        fragment.children(self.txn).map(|child| self.one(child, 0)).collect::<Result<Vec<_>, _>>().map(flat)
    }

    fn one(&mut self, node: XmlOut, depth: usize) -> Result<Vec<Node>, DocumentError> {
        if depth > MAX_DEPTH {
            return Err(DocumentError::TooDeep);
        }
        match node {
            XmlOut::Text(text) => Ok(self.text(&text)),
            XmlOut::Element(element) => {
                let attributes = element
                    .attributes(self.txn)
                    .filter_map(|(name, value)| Some((name.to_string(), said(&value)?)))
                    .collect();
                let name = element.try_tag().map(ToString::to_string).unwrap_or_default();
                let children =
                    element.children(self.txn).map(|c| self.one(c, depth + 1)).collect::<Result<Vec<_>, _>>()?;
                Ok(vec![Node::Element { name, attributes, children: flat(children) }])
            }
            XmlOut::Fragment(fragment) => {
                let children =
                    fragment.children(self.txn).map(|c| self.one(c, depth + 1)).collect::<Result<Vec<_>, _>>()?;
                Ok(flat(children))
            }
        }
    }

    /// The runs of a text, divided where a place begins or ends.
    fn text(&mut self, text: &XmlTextRef) -> Vec<Node> {
        let branch: &Branch = text.as_ref();
        let mut edges = self.edges.remove(&branch.id()).unwrap_or_default().into_iter().peekable();
        let mut out = Vec::new();
        let mut at = 0;
        for run in text.diff(self.txn, YChange::identity) {
            let Out::Any(Any::String(said)) = run.insert else { continue };
            let marks = run.attributes.map(|a| marks(&a)).unwrap_or_default();
            let mut rest: &str = &said;
            while let Some(edge) = edges.next_if(|e| e.offset < at + units(rest)) {
                let (before, after) = rest.split_at(byte_of(rest, edge.offset.saturating_sub(at)));
                at += units(before);
                self.run(before, &marks, &mut out);
                self.pass(&edge);
                rest = after;
            }
            at += units(rest);
            self.run(rest, &marks, &mut out);
        }
        edges.for_each(|edge| self.pass(&edge));
        out
    }

    fn pass(&mut self, edge: &Edge) {
        if edge.begins && !self.over.contains(&edge.place) {
            self.open.insert(edge.place);
        } else if !edge.begins {
            self.open.remove(&edge.place);
            self.over.insert(edge.place);
        }
    }

    fn run(&mut self, said: &str, marks: &Marks, out: &mut Vec<Node>) {
        if said.is_empty() {
            return;
        }
        let mut marks = marks.clone();
        // What a document says of itself is no place.
        marks.remove(PLACES);
        for place in &self.open {
            if let Some(stands) = self.stand.get_mut(*place) {
                *stands = true;
            }
            let all = marks.entry(PLACES.to_owned()).or_default();
            all.push_str(if all.is_empty() { "" } else { " " });
            all.push_str(&place.to_string());
        }
        out.push(Node::Text(said.to_owned(), marks));
    }
}

/// A shared text is one or more runs.
fn flat(nodes: Vec<Vec<Node>>) -> Vec<Node> {
    nodes.into_iter().flatten().collect()
}

fn units(text: &str) -> u32 {
    u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX)
}

/// The byte at which so many units of UTF-16 are over.
fn byte_of(text: &str, units: u32) -> usize {
    let mut left = units as usize;
    for (i, c) in text.char_indices() {
        if left == 0 {
            return i;
        }
        left = left.saturating_sub(c.len_utf16());
    }
    text.len()
}

fn marks(attributes: &Attrs) -> Marks {
    attributes
        .iter()
        .filter(|(_, value)| !matches!(value, Any::Null | Any::Undefined))
        .map(|(name, value)| {
            let says = match value {
                Any::Map(map) => map.values().find_map(any_said).unwrap_or_default(),
                value => any_said(value).unwrap_or_default(),
            };
            (name.to_string(), says)
        })
        .collect()
}

fn said(value: &Out) -> Option<String> {
    match value {
        Out::Any(any) => any_said(any),
        _ => None,
    }
}

fn any_said(any: &Any) -> Option<String> {
    match any {
        Any::String(text) => Some(text.to_string()),
        Any::Number(n) => Some(n.to_string()),
        Any::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}
