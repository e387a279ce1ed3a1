//! XML as it stands in documents and packages, one element after another. Nothing is looked up outside of it: of
//! entities only the five of XML itself and characters by their number are known.

use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesStart, Event};

/// Elements within elements.
const MAX_DEPTH: usize = 200;

/// The XML is broken, nested too deep, or not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("broken XML")]
pub struct BrokenXml;

/// What stands in it: names without their prefix, since programs choose those freely.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// An element begins.
    Start(&'a str, &'a BytesStart<'a>),
    /// It ends.
    End(&'a str),
    /// Text, its entities resolved.
    Text(&'a str),
}

/// Walks through XML. An empty element begins and ends.
///
/// # Errors
/// [`BrokenXml`], and what `step` gives.
pub fn walk<E: From<BrokenXml>>(bytes: &[u8], mut step: impl FnMut(Step<'_>) -> Result<(), E>) -> Result<(), E> {
    let text = std::str::from_utf8(bytes).map_err(|_| BrokenXml)?;
    let mut reader = quick_xml::Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut depth = 0usize;
    loop {
        match reader.read_event().map_err(|_| BrokenXml)? {
            Event::Start(e) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(BrokenXml.into());
                }
                step(Step::Start(e.local_name().as_ref(), &e))?;
            }
            Event::Empty(e) => {
                step(Step::Start(e.local_name().as_ref(), &e))?;
                step(Step::End(e.local_name().as_ref()))?;
            }
            Event::End(e) => {
                depth = depth.saturating_sub(1);
                step(Step::End(e.local_name().as_ref()))?;
            }
            Event::Text(text) => step(Step::Text(&text))?,
            Event::CData(text) => step(Step::Text(&text))?,
            Event::GeneralRef(entity) => {
                let said = match entity.resolve_char_ref() {
                    Ok(Some(c)) => c.to_string(),
                    _ => resolve_predefined_entity(&entity).unwrap_or_default().to_owned(),
                };
                step(Step::Text(&said))?;
            }
            Event::Eof => return if depth == 0 { Ok(()) } else { Err(BrokenXml.into()) },
            _ => {}
        }
    }
}

/// The attributes of an element, by their names without prefix.
pub fn attributes(element: &BytesStart<'_>) -> Vec<(String, String)> {
    let all = element.attributes().flatten();
    all.map(|a| {
        let value = unescape(&a.value).map_or_else(|_| a.value.to_string(), std::borrow::Cow::into_owned);
        (a.key.local_name().as_ref().to_owned(), value)
    })
    .collect()
}

/// An attribute.
pub fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    attributes(element).into_iter().find(|(n, _)| n == name).map(|(_, value)| value)
}

/// Text as it stands in XML; what XML cannot hold is left out.
pub fn escape(text: &str) -> String {
    let held: String = text.chars().filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')).collect();
    quick_xml::escape::escape(held).into_owned()
}

/// Where a file of a package points to, as a path in it.
pub fn target(from: &str, to: &str) -> String {
    if let Some(whole) = to.strip_prefix('/') {
        return whole.to_owned();
    }
    let mut path: Vec<&str> = from.split('/').collect();
    path.pop();
    for part in to.split('/') {
        match part {
            ".." => drop(path.pop()),
            "." => {}
            part => path.push(part),
        }
    }
    path.join("/")
}
