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

const TYPE: &str = "application/pdf";
/// What is said of a plan above its text.
const FACTS: [&str; 6] = ["subject", "stage", "grade", "type", "minutes", "textbook"];
/// How wide the columns of the process are beside each other.
const WIDTHS: [u32; 4] = [17, 29, 27, 24];

/// Sends a plan as PDF.
pub(crate) fn send(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let paper = site.store.read(|conn| {
        register::visible(conn, request.reader()?, &LESSON_PLAN, &id)?;
        let look = Look::new(site, request, conn);
        let tree = records::document(conn, &LESSON_PLAN, BODY, &id)?.tree().unwrap_or_default();
        Ok::<_, PageError>(Paper {
            title: look.title(&LESSON_PLAN, &id)?,
            by: by(conn, &id)?,
            lang: look.words.lang().code().to_owned(),
            foot: site.node_title.clone(),
            landscape: false,
            blocks: [vec![Block::Facts(facts(conn, &look, &id)?)], body(&tree, &look.words)].concat(),
        })
    })?;
    let bytes = paper::pdf(&paper).map_err(|e| match e {
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

fn body(tree: &[Node], words: &Words<'_>) -> Vec<Block> {
    let mut out = Vec::new();
    for node in tree {
        let key = format!("plan-part-{}", node.attribute("part").unwrap_or_default());
        if !words.has(&key) {
            continue;
        }
        out.push(Block::Heading(words.get(&key).into_owned()));
        match node.name() {
            "steps" => out.push(steps(node, words)),
            _ => blocks(node.children(), 0, &mut out),
        }
    }
    out
}

fn steps(node: &Node, words: &Words<'_>) -> Block {
    let row = |step: &Node| {
        let part = |name: &str| step.children().iter().find(|c| c.name() == name);
        let cell = |column: &str| {
            let mut out = Vec::new();
            let Some(part) = part(column) else { return out };
            if column == "stage" {
                out.push(Block::Text(runs(part.children())));
                let took = part.attribute("minutes").unwrap_or("0");
                let took = format!("{took} {}", words.get("plan-column-minutes"));
                out.push(Block::Text(vec![Run::from(took.as_str())]));
            } else {
                blocks(part.children(), 0, &mut out);
            }
            out
        };
        ["stage"].into_iter().chain(COLUMNS).map(cell).collect()
    };
    Block::Table {
        widths: WIDTHS.to_vec(),
        head: ["stage"]
            .into_iter()
            .chain(COLUMNS)
            .map(|c| words.get(&format!("plan-column-{c}")).into_owned())
            .collect(),
        rows: node.children().iter().map(row).collect(),
    }
}

fn blocks(nodes: &[Node], depth: u8, out: &mut Vec<Block>) {
    for node in nodes {
        match node.name() {
            "bullet_list" | "ordered_list" => {
                for (n, item) in (1..).zip(node.children()) {
                    let number = (node.name() == "ordered_list").then_some(n);
                    for (i, block) in item.children().iter().enumerate() {
                        if block.name() == "paragraph" && i == 0 {
                            out.push(Block::Item { depth, number, runs: runs(block.children()) });
                        } else {
                            blocks(std::slice::from_ref(block), depth.saturating_add(1), out);
                        }
                    }
                }
            }
            _ => out.push(Block::Text(runs(node.children()))),
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
