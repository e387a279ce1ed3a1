use std::collections::BTreeMap;

use yrs::types::xml::{XmlFragment, XmlOut};
use yrs::types::{Attrs, text::YChange};
use yrs::{Any, Out, ReadTxn, Text, Xml, XmlFragmentRef};

use crate::{DocumentError, MAX_DEPTH};

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

/// Reads the shared fragment.
pub(crate) fn read<T: ReadTxn>(txn: &T, fragment: &XmlFragmentRef) -> Result<Vec<Node>, DocumentError> {
    fragment.children(txn).map(|child| read_one(txn, child, 0)).collect::<Result<Vec<_>, _>>().map(flat)
}

/// A shared text is one or more runs.
fn flat(nodes: Vec<Vec<Node>>) -> Vec<Node> {
    nodes.into_iter().flatten().collect()
}

fn read_one<T: ReadTxn>(txn: &T, node: XmlOut, depth: usize) -> Result<Vec<Node>, DocumentError> {
    if depth > MAX_DEPTH {
        return Err(DocumentError::TooDeep);
    }
    match node {
        XmlOut::Text(text) => {
            let runs = text.diff(txn, YChange::identity);
            Ok(runs
                .into_iter()
                .filter_map(|run| match run.insert {
                    Out::Any(Any::String(said)) => {
                        Some(Node::Text(said.to_string(), run.attributes.map(|a| marks(&a)).unwrap_or_default()))
                    }
                    _ => None,
                })
                .collect())
        }
        XmlOut::Element(element) => {
            let attributes =
                element.attributes(txn).filter_map(|(name, value)| Some((name.to_string(), said(&value)?))).collect();
            let name = element.try_tag().map(ToString::to_string).unwrap_or_default();
            let children = element.children(txn).map(|c| read_one(txn, c, depth + 1)).collect::<Result<Vec<_>, _>>()?;
            Ok(vec![Node::Element { name, attributes, children: flat(children) }])
        }
        XmlOut::Fragment(fragment) => {
            let children =
                fragment.children(txn).map(|c| read_one(txn, c, depth + 1)).collect::<Result<Vec<_>, _>>()?;
            Ok(flat(children))
        }
    }
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
