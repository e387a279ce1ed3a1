//! The text of a word processor's document.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use packages::xml::{Step, attribute, target, walk};
use quick_xml::events::BytesStart;

use crate::parts::{Parts, relations};
use crate::{Block, MAX_PICTURES, MAX_TEXT, OfficeError, Paragraph, Picture, Role, Run};

/// Letters of what is said of a picture.
const MAX_ALT: usize = 200;
/// Tables within tables that are kept as such; what lies deeper is text of the cell around it.
const MAX_TABLES: usize = 8;

/// Reads the text of a .docx.
///
/// # Errors
/// [`OfficeError`].
pub fn docx(reader: impl Read + Seek) -> Result<Vec<Block>, OfficeError> {
    let mut parts = Parts::open(reader)?;
    let known = parts.part("_rels/.rels")?.map(|b| relations(&b)).transpose()?.unwrap_or_default();
    let main = known.iter().find(|(_, of, _)| of.ends_with("/officeDocument")).map(|(.., to)| target("", to));
    let main = main.unwrap_or_else(|| "word/document.xml".to_owned());
    if !main.starts_with("word/") && !parts.paths().any(|p| p.starts_with("word/")) {
        return Err(OfficeError::Kind);
    }
    let bytes = parts.part(&main)?.ok_or(OfficeError::Kind)?;
    let mut styles = Styles::default();
    if let Some(bytes) = parts.part(&target(&main, "styles.xml"))? {
        styles.read(&bytes)?;
    }
    if let Some(bytes) = parts.part(&target(&main, "numbering.xml"))? {
        styles.read_numbers(&bytes)?;
    }
    let (folder, name) = main.rsplit_once('/').unwrap_or(("", &main));
    let beside = parts.part(&format!("{folder}/_rels/{name}.rels"))?;
    let pictures = beside.map(|b| relations(&b)).transpose()?.unwrap_or_default().into_iter();
    let pictures = pictures.filter(|(_, of, _)| of.ends_with("/image")).map(|(id, _, to)| (id, target(&main, &to)));
    let mut text = Text { pictures: pictures.collect(), styles, open: vec![Open::default()], ..Text::default() };
    walk(&bytes, |step| text.step(step))?;
    Ok(text.open.into_iter().next().map(|o| o.blocks).unwrap_or_default())
}

/// What styles and lists mean.
#[derive(Default)]
struct Styles {
    roles: BTreeMap<String, Role>,
    /// Lists whose items have dots.
    dotted: BTreeMap<String, bool>,
}

impl Styles {
    fn read(&mut self, bytes: &[u8]) -> Result<(), OfficeError> {
        let mut id = String::new();
        walk(bytes, |step| {
            match step {
                Step::Start("style", e) => id = attribute(e, "styleId").unwrap_or_default(),
                Step::Start("name", e) => {
                    let name = attribute(e, "val").unwrap_or_default().to_lowercase();
                    if name == "title" {
                        self.roles.insert(id.clone(), Role::Title);
                    } else if name.starts_with("heading ") {
                        self.roles.insert(id.clone(), Role::Heading);
                    }
                }
                Step::Start("outlineLvl", _) => {
                    self.roles.entry(id.clone()).or_insert(Role::Heading);
                }
                _ => {}
            }
            Ok(())
        })
    }

    fn read_numbers(&mut self, bytes: &[u8]) -> Result<(), OfficeError> {
        let (mut kinds, mut of) = (BTreeMap::new(), Vec::new());
        let (mut list, mut first) = (String::new(), false);
        walk(bytes, |step| {
            match step {
                Step::Start("abstractNum", e) => {
                    (list, first) = (attribute(e, "abstractNumId").unwrap_or_default(), true);
                }
                Step::Start("numFmt", e) if first => {
                    kinds.insert(list.clone(), attribute(e, "val").as_deref() == Some("bullet"));
                    first = false;
                }
                Step::Start("num", e) => list = attribute(e, "numId").unwrap_or_default(),
                Step::Start("abstractNumId", e) => of.push((list.clone(), attribute(e, "val").unwrap_or_default())),
                _ => {}
            }
            Ok::<_, OfficeError>(())
        })?;
        self.dotted = of.into_iter().map(|(n, list)| (n, kinds.get(&list).copied().unwrap_or(true))).collect();
        Ok(())
    }
}

/// A cell that is being read, or the document itself.
#[derive(Default)]
struct Open {
    blocks: Vec<Block>,
    rows: Vec<Vec<Vec<Block>>>,
}

#[derive(Default)]
struct Text {
    styles: Styles,
    open: Vec<Open>,
    /// Tables deeper than are kept.
    deeper: usize,
    paragraph: Paragraph,
    run: Run,
    /// Text of a run is read.
    inside: bool,
    /// Elements whose content is another writing of the same, or was struck out.
    aside: usize,
    of_run: bool,
    took: usize,
    /// The document's pictures: paths by the names that the text has for them.
    pictures: BTreeMap<String, String>,
    /// What is said of the picture that is read.
    alt: String,
    /// Those of the paragraph that is read.
    shown: Vec<Picture>,
    told: usize,
}

impl Text {
    fn step(&mut self, step: Step<'_>) -> Result<(), OfficeError> {
        match step {
            Step::Start("Fallback" | "del" | "moveFrom" | "txbxContent", _) => self.aside += 1,
            Step::End("Fallback" | "del" | "moveFrom" | "txbxContent") => self.aside = self.aside.saturating_sub(1),
            _ if self.aside > 0 => {}
            Step::Start(name, e) => self.start(name, e),
            Step::End(name) => self.end(name),
            Step::Text(text) if self.inside => {
                self.took += text.len();
                if self.took > MAX_TEXT {
                    return Err(OfficeError::TooLong);
                }
                self.run.text.push_str(text);
            }
            Step::Text(_) => {}
        }
        Ok(())
    }

    fn start(&mut self, name: &str, e: &BytesStart<'_>) {
        let on = || !matches!(attribute(e, "val").as_deref(), Some("0" | "false" | "off" | "none"));
        match name {
            "tbl" if self.open.len() > MAX_TABLES => self.deeper += 1,
            "tbl" => self.open.push(Open::default()),
            "tr" if self.deeper == 0 => {
                if let Some(open) = self.open.last_mut() {
                    open.rows.push(Vec::new());
                }
            }
            "p" => self.paragraph = Paragraph::default(),
            "pStyle" => {
                let style = attribute(e, "val").unwrap_or_default();
                if let Some(role) = self.styles.roles.get(&style) {
                    self.paragraph.role = *role;
                }
            }
            "ilvl" => {
                let depth = attribute(e, "val").and_then(|v| v.parse().ok()).unwrap_or(0u8).min(8);
                self.paragraph.role = Role::Item { depth, numbered: false };
            }
            "numId" => {
                let list = attribute(e, "val").unwrap_or_default();
                let depth = if let Role::Item { depth, .. } = self.paragraph.role { depth } else { 0 };
                // A list of the number 0 is none; a heading that has a number stays one.
                if list == "0" {
                    self.paragraph.role = Role::Text;
                } else if matches!(self.paragraph.role, Role::Text | Role::Item { .. }) {
                    let numbered = !self.styles.dotted.get(&list).copied().unwrap_or(true);
                    self.paragraph.role = Role::Item { depth, numbered };
                }
            }
            "r" => (self.run, self.of_run) = (Run::default(), true),
            "b" | "bCs" if self.of_run => self.run.strong = on(),
            "i" | "iCs" if self.of_run => self.run.em = on(),
            "t" => self.inside = true,
            "docPr" => self.alt = attribute(e, "descr").unwrap_or_default().chars().take(MAX_ALT).collect(),
            // As programs write them now, and as older ones did.
            "blip" => self.picture(attribute(e, "embed")),
            "imagedata" => self.picture(attribute(e, "id")),
            "tab" if self.of_run => self.run.text.push(' '),
            "br" | "cr" if self.of_run => self.run.text.push('\n'),
            _ => {}
        }
    }

    fn picture(&mut self, id: Option<String>) {
        // What is said of one that is not told is not said of the next.
        let alt = std::mem::take(&mut self.alt);
        let Some(path) = id.and_then(|id| self.pictures.get(&id)).filter(|_| self.told < MAX_PICTURES) else { return };
        self.told += 1;
        self.shown.push(Picture { path: path.clone(), alt });
    }

    fn end(&mut self, name: &str) {
        match name {
            "t" => self.inside = false,
            "r" => {
                self.of_run = false;
                let run = std::mem::take(&mut self.run);
                match self.paragraph.runs.last_mut() {
                    _ if run.text.is_empty() => {}
                    // Programs cut words into runs wherever somebody once corrected a letter.
                    Some(last) if last.strong == run.strong && last.em == run.em => last.text.push_str(&run.text),
                    _ => self.paragraph.runs.push(run),
                }
            }
            "p" => {
                let (paragraph, shown) = (std::mem::take(&mut self.paragraph), std::mem::take(&mut self.shown));
                if let Some(open) = self.open.last_mut() {
                    if !paragraph.text().trim().is_empty() {
                        open.blocks.push(Block::Paragraph(paragraph));
                    }
                    open.blocks.extend(shown.into_iter().map(Block::Picture));
                }
            }
            "tc" if self.deeper == 0 => {
                if let Some(open) = self.open.last_mut() {
                    let cell = std::mem::take(&mut open.blocks);
                    if let Some(row) = open.rows.last_mut() {
                        row.push(cell);
                    }
                }
            }
            "tbl" if self.deeper > 0 => self.deeper -= 1,
            "tbl" if self.open.len() > 1 => {
                let table = self.open.pop().unwrap_or_default().rows;
                if let Some(around) = self.open.last_mut() {
                    around.blocks.push(Block::Table(table));
                }
            }
            _ => {}
        }
    }
}
