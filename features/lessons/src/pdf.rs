//! A plan as PDF: the same on every screen and printer, in the scripts that it is written in.

use base::Subject;
use documents::Node;
use paper::{Block, Paper, PaperError, Run};
use register::Look;
use rusqlite::Connection;
use text::Words;
use web::{PageError, Reply, Request, Site};

use crate::docx::by;
use crate::facts::{BODY, LESSON_PLAN};
use crate::outline::COLUMNS;
use crate::pictures::{self, MOST, PICTURE, Pictures};

const TYPE: &str = "application/pdf";
/// What is said of a plan above its text.
const FACTS: [&str; 6] = ["subject", "stage", "grade", "type", "minutes", "textbook"];
/// How wide the columns of the process are beside each other.
const WIDTHS: [u32; 4] = [17, 29, 27, 24];

/// Sends a plan as PDF.
pub(crate) fn send(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let words = request.words(site);
    let (mut paper, tree, pictures) = site.store.read(|conn| {
        register::visible(conn, request.reader()?, &LESSON_PLAN, &id)?;
        let look = Look::new(site, request, conn);
        let paper = Paper {
            title: look.title(&LESSON_PLAN, &id)?,
            by: by(conn, &id)?,
            lang: look.words.lang().code().to_owned(),
            foot: site.node_called(look.words.lang()),
            landscape: false,
            blocks: vec![Block::Facts(facts(conn, &look, &id)?)],
        };
        let tree = records::document(conn, &LESSON_PLAN, BODY, &id)?.tree().unwrap_or_default();
        Ok::<_, PageError>((paper, tree, pictures::of_plan(site, conn, &id)?))
    })?;
    let head = paper.blocks.clone();
    let mut set = |pictures: Pictures| {
        paper.blocks = [head.clone(), Body::new(site, pictures, &words).of(&tree)].concat();
        paper::pdf(&paper)
    };
    let done = match set(pictures) {
        // A picture that a browser shows and the press does not is no reason to be without the sheet.
        Err(PaperError::Failed(said)) => {
            tracing::warn!("a plan is set without its pictures: {said}");
            set(Pictures::new())
        }
        done => done,
    };
    let bytes = done.map_err(|e| match e {
        PaperError::TooLong => PageError::Rule("paper-long".to_owned()),
        failed @ PaperError::Failed(_) => PageError::Internal(failed.to_string()),
    })?;
    Ok(Reply::Bytes(TYPE, Some(format!("{}.pdf", packages::file_name(&paper.title))), bytes))
}

fn facts(conn: &Connection, look: &Look<'_>, id: &Subject) -> Result<Vec<(String, String)>, PageError> {
    let mut out = Vec::new();
    let sql = format!("SELECT {} FROM lesson_plan WHERE id = ?1", FACTS.join(", "));
    let mut stmt = conn.prepare_cached(&sql)?;
    let mut rows = stmt.query([id.as_bytes()])?;
    let Some(row) = rows.next()? else { return Err(PageError::NotFound) };
    for (i, name) in FACTS.into_iter().enumerate() {
        let Some(field) = LESSON_PLAN.field(name) else { continue };
        let said = look.cell(&LESSON_PLAN, field, row.get_ref(i)?)?.text;
        if !said.is_empty() {
            out.push((look.field(&LESSON_PLAN, name), said));
        }
    }
    Ok(out)
}

/// The text of a plan as it becomes blocks.
struct Body<'a> {
    site: &'a Site,
    pictures: Pictures,
    words: &'a Words<'a>,
    /// Bytes that its pictures may still have.
    left: usize,
}

impl<'a> Body<'a> {
    fn new(site: &'a Site, pictures: Pictures, words: &'a Words<'a>) -> Self {
        Self { site, pictures, words, left: MOST }
    }

    fn of(&mut self, tree: &[Node]) -> Vec<Block> {
        let mut out = Vec::new();
        for node in tree {
            let key = format!("plan-part-{}", node.attribute("part").unwrap_or_default());
            if !self.words.has(&key) {
                continue;
            }
            out.push(Block::Heading(self.words.get(&key).into_owned()));
            match node.name() {
                "steps" => out.push(self.steps(node)),
                _ => self.blocks(node.children(), 0, &mut out),
            }
        }
        out
    }

    fn steps(&mut self, node: &Node) -> Block {
        let title = |c: &str| self.words.get(&format!("plan-column-{c}")).into_owned();
        let head = ["stage"].into_iter().chain(COLUMNS).map(title).collect();
        let rows = node.children().iter().map(|step| self.step(step)).collect();
        Block::Table { widths: WIDTHS.to_vec(), head, rows }
    }

    fn step(&mut self, step: &Node) -> Vec<Vec<Block>> {
        let mut row = Vec::new();
        for column in ["stage"].into_iter().chain(COLUMNS) {
            let mut cell = Vec::new();
            match step.children().iter().find(|c| c.name() == column) {
                Some(part) if column == "stage" => {
                    cell.push(Block::Text(runs(part.children())));
                    let took = part.attribute("minutes").unwrap_or("0");
                    let took = format!("{took} {}", self.words.get("plan-column-minutes"));
                    cell.push(Block::Text(vec![Run::from(took.as_str())]));
                }
                Some(part) => self.blocks(part.children(), 0, &mut cell),
                None => {}
            }
            row.push(cell);
        }
        row
    }

    fn blocks(&mut self, nodes: &[Node], depth: u8, out: &mut Vec<Block>) {
        for node in nodes {
            match node.name() {
                "bullet_list" | "ordered_list" => {
                    for (n, item) in (1..).zip(node.children()) {
                        let number = (node.name() == "ordered_list").then_some(n);
                        for (i, block) in item.children().iter().enumerate() {
                            if block.name() == "paragraph" && i == 0 {
                                out.push(Block::Item { depth, number, runs: runs(block.children()) });
                            } else {
                                self.blocks(std::slice::from_ref(block), depth.saturating_add(1), out);
                            }
                        }
                    }
                }
                PICTURE => out.push(self.picture(node)),
                _ => out.push(Block::Text(runs(node.children()))),
            }
        }
    }

    /// A picture of the plan's own, or the words in its place.
    fn picture(&mut self, node: &Node) -> Block {
        let found = node.attribute("file").and_then(|id| self.pictures.get(id)).filter(|p| p.here);
        match found.and_then(|picture| pictures::read(self.site, picture, &mut self.left)) {
            Some(bytes) => Block::Picture { bytes, alt: node.attribute("alt").unwrap_or_default().to_owned() },
            None => Block::Text(vec![Run { italic: true, ..Run::from(&*pictures::instead(node, self.words)) }]),
        }
    }
}

fn runs(nodes: &[Node]) -> Vec<Run> {
    let run = |node: &Node| {
        let Node::Text(text, marks) = node else { return None };
        let (bold, italic) = (marks.contains_key("strong"), marks.contains_key("em"));
        Some(Run { bold, italic, ..Run::from(text.as_str()) })
    };
    nodes.iter().filter_map(run).collect()
}
