//! What an office program's document says, as the text of a plan has it: paragraphs, lists, pictures.

use documents::Node;
use office::{Block, Paragraph, Role, Run};

use crate::pictures::PICTURE;

/// The texts of a row's cells.
pub(crate) fn texts(row: &[Vec<Block>]) -> Vec<String> {
    row.iter().map(|cell| plain(cell)).collect()
}

pub(crate) fn plain(cell: &[Block]) -> String {
    let lines: Vec<String> = cell
        .iter()
        .map(|block| match block {
            Block::Paragraph(p) => p.text(),
            Block::Table(rows) => rows.iter().map(|row| texts(row).join(" ")).collect::<Vec<_>>().join(" "),
            Block::Picture(_) => String::new(),
        })
        .collect();
    lines.join(" ").trim().to_owned()
}

/// A picture of the document, by its path there: whoever keeps the plan puts its file in the place of the path.
pub(crate) fn picture(p: &office::Picture) -> Node {
    let alt = text::clean_line(&p.alt, 200).unwrap_or_default();
    Node::element(PICTURE, Vec::new()).with("file", p.path.as_str()).with("alt", alt)
}

/// The pictures of a cell whose text goes elsewhere.
pub(crate) fn pictures(cell: &[Block]) -> Vec<Node> {
    let of = |block: &Block| match block {
        Block::Picture(p) => vec![picture(p)],
        Block::Table(rows) => rows.iter().flatten().flat_map(|cell| pictures(cell)).collect(),
        Block::Paragraph(_) => Vec::new(),
    };
    cell.iter().flat_map(of).collect()
}

/// Blocks as the plan's text has them.
pub(crate) fn nodes(blocks: &[Block]) -> Vec<Node> {
    let mut out: Vec<Node> = Vec::new();
    let mut list: Option<(bool, Vec<Node>)> = None;
    for block in blocks {
        match block {
            Block::Paragraph(p) => {
                if let Some((numbered, runs)) = item(p) {
                    let paragraph = Node::element("paragraph", inline(&runs));
                    let entry = Node::element("list_item", vec![paragraph]);
                    match &mut list {
                        Some((as_before, items)) if *as_before == numbered => items.push(entry),
                        _ => {
                            close(&mut list, &mut out);
                            list = Some((numbered, vec![entry]));
                        }
                    }
                    continue;
                }
                close(&mut list, &mut out);
                for line in lines(&p.runs) {
                    out.push(Node::element("paragraph", inline(&line)));
                }
            }
            Block::Table(rows) => {
                close(&mut list, &mut out);
                let said = rows.iter().map(|row| texts(row).join(" | ")).filter(|line| !line.trim().is_empty());
                out.extend(said.map(|line| Node::element("paragraph", vec![Node::text(line)])));
                out.extend(pictures(std::slice::from_ref(block)));
            }
            Block::Picture(p) => {
                close(&mut list, &mut out);
                out.push(picture(p));
            }
        }
    }
    close(&mut list, &mut out);
    out
}

fn close(list: &mut Option<(bool, Vec<Node>)>, out: &mut Vec<Node>) {
    if let Some((numbered, items)) = list.take() {
        out.push(Node::element(if numbered { "ordered_list" } else { "bullet_list" }, items));
    }
}

/// An item of a list, and whether it is numbered: by the document's word, or by a dot that somebody typed.
fn item(p: &Paragraph) -> Option<(bool, Vec<Run>)> {
    if let Role::Item { numbered, .. } = p.role {
        return Some((numbered, p.runs.clone()));
    }
    let (first, rest) = p.runs.split_first()?;
    let text = first.text.trim_start().strip_prefix("•")?.trim_start().to_owned();
    let mut runs = vec![Run { text, ..first.clone() }];
    runs.extend(rest.iter().cloned());
    Some((false, runs))
}

/// Runs by the lines that they make; empty lines are left out.
fn lines(runs: &[Run]) -> Vec<Vec<Run>> {
    let mut out = vec![Vec::new()];
    for run in runs {
        for (i, text) in run.text.split('\n').enumerate() {
            if i > 0 {
                out.push(Vec::new());
            }
            if let (Some(line), false) = (out.last_mut(), text.is_empty()) {
                line.push(Run { text: text.to_owned(), ..run.clone() });
            }
        }
    }
    out.retain(|line| line.iter().any(|run| !run.text.trim().is_empty()));
    out
}

pub(crate) fn inline(runs: &[Run]) -> Vec<Node> {
    let said = runs.iter().filter(|run| !run.text.is_empty());
    said.map(|run| {
        let marks = [("strong", run.strong), ("em", run.em)];
        let marks = marks.into_iter().filter(|(_, on)| *on).map(|(name, _)| (name.to_owned(), String::new()));
        let text: String = run.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        Node::Text(text, marks.collect())
    })
    .collect()
}
