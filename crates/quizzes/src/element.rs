//! XML as a tree, its names as QTI 3 writes them: `choice-interaction`, whether it stands there as `choiceInteraction` or
//! as `qti-choice-interaction`.

use std::collections::BTreeMap;

use packages::xml::{Step, attributes, walk};

use crate::{MAX_ELEMENTS, MAX_ITEM, QuizError};

#[derive(Debug, Default)]
pub(crate) struct Element {
    pub name: String,
    attributes: BTreeMap<String, String>,
    pub children: Vec<Child>,
}

#[derive(Debug)]
pub(crate) enum Child {
    Element(Element),
    Text(String),
}

impl Element {
    pub(crate) fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    pub(crate) fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|c| if let Child::Element(e) = c { Some(e) } else { None })
    }

    pub(crate) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.elements().filter(move |e| e.name == name)
    }

    /// Its text, spaces as in a line. Feedback is not part of what is asked.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        line(&out)
    }

    fn write(&self, out: &mut String) {
        for child in &self.children {
            match child {
                Child::Text(text) => out.push_str(text),
                Child::Element(e) if e.name.starts_with("feedback-") => {}
                Child::Element(e) => {
                    e.write(out);
                    out.push(' ');
                }
            }
        }
    }
}

/// A text on one line.
pub(crate) fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Reads XML within bounds.
pub(crate) fn read(bytes: &[u8]) -> Result<Element, QuizError> {
    if bytes.len() > MAX_ITEM {
        return Err(QuizError::TooLarge);
    }
    let mut open = vec![Element::default()];
    let mut left = MAX_ELEMENTS;
    walk(bytes, |step| {
        match step {
            Step::Start(name, e) => {
                left = left.checked_sub(1).ok_or(QuizError::TooLarge)?;
                let said = attributes(e).into_iter().map(|(n, v)| (kebab(&n), v)).collect();
                open.push(Element { name: kebab(name), attributes: said, children: Vec::new() });
            }
            Step::End(_) => {
                if let (Some(done), Some(around)) = (open.pop(), open.last_mut()) {
                    around.children.push(Child::Element(done));
                }
            }
            Step::Text(text) => {
                if let Some(around) = open.last_mut() {
                    around.children.push(Child::Text(text.to_owned()));
                }
            }
        }
        Ok::<_, QuizError>(())
    })?;
    let root = open.into_iter().next().unwrap_or_default();
    root.children
        .into_iter()
        .find_map(|c| if let Child::Element(e) = c { Some(e) } else { None })
        .ok_or(QuizError::None)
}

fn kebab(name: &str) -> String {
    let name = name.strip_prefix("qti-").unwrap_or(name);
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
