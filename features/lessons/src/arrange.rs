//! A plan made of what an office program's document says: every part finds its place by its heading, every row of a table
//! of steps becomes a step, and what has no place of its own is kept where it can be found.

use documents::{Marks, Node};
use office::{Block, Paragraph, Role, Run, Slide};

use crate::blocks::{inline, nodes, picture, pictures, plain, texts};
use crate::headings::{Column, columns_of, minutes_in, part_before, part_of};
use crate::outline::{COLUMNS, PROCESS};

/// Letters of a step's name.
const STAGE: usize = 60;
/// Letters of a title.
const TITLE: usize = 120;

/// A plan as it was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The title; empty where none was found.
    pub title: String,
    parts: Vec<(&'static str, Vec<Node>)>,
    steps: Vec<Step>,
}

/// A step: its name, its minutes, and what stands in its columns.
#[derive(Debug, Default)]
struct Step {
    stage: String,
    minutes: u32,
    cells: Vec<(&'static str, Vec<Node>)>,
}

impl Step {
    fn add(&mut self, column: &'static str, nodes: Vec<Node>) {
        match self.cells.iter_mut().find(|(name, _)| *name == column) {
            Some((_, there)) => join(there, nodes),
            None => self.cells.push((column, nodes)),
        }
    }
}

impl Found {
    /// Nothing was found.
    pub(crate) fn is_empty(&self) -> bool {
        self.parts.iter().all(|(_, nodes)| nodes.is_empty()) && self.steps.is_empty()
    }

    /// The plan's text; parts that were not found, and steps where there are none, come from `outline`.
    pub(crate) fn tree(self, outline: Vec<Node>) -> Vec<Node> {
        let Self { mut parts, steps, .. } = self;
        outline
            .into_iter()
            .map(|empty| {
                let Some(part) = empty.attribute("part").map(ToOwned::to_owned) else { return empty };
                if part == PROCESS {
                    let steps: Vec<Node> = steps.iter().map(step_node).collect();
                    return if steps.is_empty() { empty } else { Node::element("steps", steps).with("part", PROCESS) };
                }
                match parts.iter_mut().find(|(name, nodes)| *name == part && !nodes.is_empty()) {
                    Some((_, nodes)) => Node::element("section", std::mem::take(nodes)).with("part", part),
                    None => empty,
                }
            })
            .collect()
    }

    fn put(&mut self, place: &'static str, nodes: Vec<Node>) {
        if nodes.is_empty() {
            return;
        }
        if place == PROCESS {
            if self.steps.is_empty() {
                self.steps.push(Step::default());
            }
            if let Some(step) = self.steps.last_mut() {
                step.add("teacher", nodes);
            }
            return;
        }
        match self.parts.iter_mut().find(|(name, _)| *name == place) {
            Some((_, there)) => join(there, nodes),
            None => self.parts.push((place, nodes)),
        }
    }
}

/// Adds nodes to others; items that come one after another are one list.
fn join(there: &mut Vec<Node>, more: Vec<Node>) {
    for node in more {
        match (there.last_mut(), node) {
            (Some(Node::Element { name: last, children, .. }), Node::Element { name, children: more, .. })
                if *last == name && name.ends_with("_list") =>
            {
                children.extend(more);
            }
            (_, node) => there.push(node),
        }
    }
}

fn step_node(step: &Step) -> Node {
    let name = Vec::from_iter((!step.stage.is_empty()).then(|| Node::text(step.stage.as_str())));
    let mut cells = vec![Node::element("stage", name).with("minutes", step.minutes.to_string())];
    cells.extend(COLUMNS.map(|column| {
        let there = step.cells.iter().find(|(name, nodes)| *name == column && !nodes.is_empty());
        let empty = || vec![Node::element("paragraph", Vec::new())];
        Node::element(column, there.map_or_else(empty, |(_, nodes)| nodes.clone()))
    }));
    Node::element("step", cells)
}

/// A plan of a text.
pub(crate) fn of_text(blocks: &[Block]) -> Found {
    let mut found = Found::default();
    // Without one heading that is known, all of it is the course of the lesson.
    let mut place = (!blocks.iter().any(names_a_part)).then_some(PROCESS);
    for (i, block) in blocks.iter().enumerate() {
        match block {
            Block::Table(rows) => table(&mut found, rows, &mut place),
            Block::Picture(p) => found.put(place.unwrap_or("materials"), vec![picture(p)]),
            Block::Paragraph(p) => {
                let said = p.text();
                let first = i == 0 && said.chars().count() <= STAGE;
                if found.title.is_empty() && (p.role == Role::Title || first) && part_of(&said).is_none() {
                    found.title = said.trim().chars().take(TITLE).collect();
                } else {
                    paragraph(&mut found, p, &mut place);
                }
            }
        }
    }
    found
}

fn names_a_part(block: &Block) -> bool {
    match block {
        Block::Paragraph(p) => part_of(&p.text()).is_some() || part_before(&p.text()).is_some(),
        Block::Table(rows) => {
            rows.iter().flatten().flatten().any(names_a_part) || rows.iter().any(|row| head(row).is_some())
        }
        Block::Picture(_) => false,
    }
}

fn paragraph(found: &mut Found, p: &Paragraph, place: &mut Option<&'static str>) {
    let said = p.text();
    if let Some(part) = part_of(&said) {
        *place = Some(part);
    } else if let Some((part, rest)) = part_before(&said) {
        *place = Some(part);
        if !rest.is_empty() {
            found.put(part, vec![Node::element("paragraph", vec![Node::text(rest)])]);
        }
    } else if *place == Some(PROCESS) && begins_a_step(p, &said) {
        let (minutes, stage) = minutes_in(&said).unwrap_or((0, said));
        found.steps.push(Step { stage: short(&stage), minutes, cells: Vec::new() });
    } else {
        // What stands before the first heading, such as class and textbook, has no place of its own.
        found.put(place.unwrap_or("materials"), nodes(&[Block::Paragraph(p.clone())]));
    }
}

/// A heading, or a short line that is all bold.
fn begins_a_step(p: &Paragraph, said: &str) -> bool {
    let bold = !p.runs.is_empty() && p.runs.iter().all(|r| r.strong || r.text.trim().is_empty());
    p.role == Role::Heading || (bold && said.chars().count() <= STAGE)
}

fn short(stage: &str) -> String {
    stage.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(STAGE).collect()
}

fn head(row: &[Vec<Block>]) -> Option<Vec<Option<Column>>> {
    columns_of(&texts(row))
}

/// A table of steps, a form with headings in its cells, or both in one, as plans on one sheet are.
fn table(found: &mut Found, rows: &[Vec<Vec<Block>>], place: &mut Option<&'static str>) {
    let mut columns: Option<(Vec<Option<Column>>, Vec<String>)> = None;
    for row in rows {
        let said = texts(row);
        if let Some(known) = head(row) {
            columns = Some((known, said));
            *place = Some(PROCESS);
            continue;
        }
        let heading = said.iter().find(|s| !s.is_empty()).and_then(|s| part_of(s));
        match (&columns, heading) {
            (Some((known, heads)), None) => step(found, row, known, heads),
            (Some((known, heads)), Some(PROCESS)) => step(found, row, known, heads),
            _ => {
                columns = None;
                form_row(found, row, &said, place);
            }
        }
    }
}

fn step(found: &mut Found, row: &[Vec<Block>], known: &[Option<Column>], heads: &[String]) {
    let mut step = Step::default();
    for (i, cell) in row.iter().enumerate() {
        match known.get(i).copied().flatten() {
            Some(Column::Stage) => {
                let said = plain(cell);
                let (minutes, stage) = minutes_in(&said).unwrap_or((0, said));
                step.stage = short(&stage);
                step.minutes = step.minutes.max(minutes);
                step.add("teacher", pictures(cell));
            }
            Some(Column::Minutes) => {
                let said = plain(cell);
                let bare = said.parse().ok().filter(|m| *m <= 240);
                step.minutes = bare.or(minutes_in(&said).map(|(m, _)| m)).unwrap_or(step.minutes);
            }
            Some(Column::Of(column)) => step.add(column, nodes(cell)),
            // A column of its own, such as what a step is meant for, is named in the text.
            None if !plain(cell).is_empty() => {
                let name = heads.get(i).filter(|h| !h.is_empty() && part_of(h).is_none());
                if name.is_none() && part_of(&plain(cell)).is_some() {
                    continue;
                }
                let name = name.map(|h| Node::element("paragraph", vec![strong(h)]));
                step.add("teacher", name.into_iter().chain(nodes(cell)).collect());
            }
            None => step.add("teacher", pictures(cell)),
        }
    }
    if !step.stage.is_empty() || step.minutes > 0 || step.cells.iter().any(|(_, nodes)| !nodes.is_empty()) {
        found.steps.push(step);
    }
}

fn form_row(found: &mut Found, row: &[Vec<Block>], said: &[String], place: &mut Option<&'static str>) {
    let mut other = Vec::new();
    for (cell, text) in row.iter().zip(said) {
        if let Some(part) = part_of(text) {
            *place = Some(part);
        } else if cell.iter().any(names_a_part) || said.iter().any(|s| part_of(s).is_some()) || row.len() == 1 {
            for block in cell {
                match block {
                    Block::Table(rows) => table(found, rows, place),
                    Block::Paragraph(p) => paragraph(found, p, place),
                    Block::Picture(p) => found.put(place.unwrap_or("materials"), vec![picture(p)]),
                }
            }
        } else {
            found.put(place.unwrap_or("materials"), pictures(cell));
            if !text.is_empty() {
                other.push(text.as_str());
            }
        }
    }
    if !other.is_empty() {
        let line = Node::element("paragraph", vec![Node::text(other.join(" "))]);
        found.put(place.unwrap_or("materials"), vec![line]);
    }
}

fn strong(text: &str) -> Node {
    Node::Text(text.to_owned(), Marks::from([("strong".to_owned(), String::new())]))
}

/// A plan of a presentation: a step for each slide, what the slide says as a list, what the speaker wrote under it.
pub(crate) fn of_slides(slides: &[Slide]) -> Found {
    let mut found = Found::default();
    for (n, slide) in (1..).zip(slides) {
        let run = |text: &String, em| Run { text: text.clone(), strong: false, em };
        let item =
            |line: &String| Node::element("list_item", vec![Node::element("paragraph", inline(&[run(line, false)]))]);
        let mut cell = Vec::new();
        if !slide.lines.is_empty() {
            cell.push(Node::element("bullet_list", slide.lines.iter().map(item).collect()));
        }
        cell.extend(slide.notes.iter().map(|line| Node::element("paragraph", inline(&[run(line, true)]))));
        let stage = if slide.title.is_empty() { n.to_string() } else { short(&slide.title) };
        if n == 1 {
            found.title = slide.title.chars().take(TITLE).collect();
        }
        found.steps.push(Step { stage, minutes: 0, cells: vec![("teacher", cell)] });
    }
    found
}

#[cfg(test)]
mod tests {
    use documents::plain;

    use super::*;
    use crate::outline::PARTS;
    use crate::pictures::PICTURE;

    fn p(text: &str) -> Block {
        Block::Paragraph(Paragraph { role: Role::Text, runs: vec![Run { text: text.to_owned(), ..Run::default() }] })
    }

    fn cell(text: &str) -> Vec<Block> {
        if text.is_empty() { Vec::new() } else { vec![p(text)] }
    }

    fn empty_outline() -> Vec<Node> {
        let of = |part: &&str| {
            let name = if *part == PROCESS { "steps" } else { "section" };
            Node::element(name, vec![Node::element("paragraph", Vec::new())]).with("part", *part)
        };
        PARTS.iter().map(of).collect()
    }

    fn part(tree: &[Node], name: &str) -> String {
        tree.iter().filter(|n| n.attribute("part") == Some(name)).map(|n| plain(std::slice::from_ref(n))).collect()
    }

    #[test]
    fn parts_find_their_places() {
        let blocks = [
            p("认识草药"),
            p("四年级 一课时"),
            p("一、教学目标:认识三种草药。"),
            p("教学重点"),
            p("辨认"),
            p("教学过程"),
            p("说一说"),
            p("作业:画一种草药"),
        ];
        let found = of_text(&blocks);
        assert_eq!(found.title, "认识草药");
        let tree = found.tree(empty_outline());
        assert_eq!(part(&tree, "aims"), "认识三种草药。");
        assert_eq!(part(&tree, "key"), "辨认");
        assert_eq!(part(&tree, "materials"), "四年级 一课时", "what has no place is kept");
        assert_eq!(part(&tree, "homework"), "画一种草药");
        assert_eq!(part(&tree, PROCESS), "说一说");
    }

    #[test]
    fn one_sheet_holds_a_form_and_a_table_of_steps() {
        let row = |cells: &[&str]| cells.iter().map(|c| cell(c)).collect::<Vec<_>>();
        let blocks = [
            p("《分数》教学设计"),
            Block::Table(vec![
                row(&["课题", "分数", "年级", "四"]),
                row(&["教学目标", "认识分数"]),
                row(&["教学过程", "环节", "教师活动", "学生活动", "设计意图"]),
                row(&["", "导入(5分钟)", "讲故事", "听", "引起兴趣"]),
                row(&["", "练习", "巡视", "做题", ""]),
                row(&["板书设计", "1/2"]),
            ]),
        ];
        let tree = of_text(&blocks).tree(empty_outline());
        let steps = tree.iter().find(|n| n.attribute("part") == Some(PROCESS)).unwrap();
        assert_eq!(steps.children().len(), 2);
        let first = &steps.children()[0];
        assert_eq!(first.children()[0].attribute("minutes"), Some("5"));
        assert_eq!(plain(first.children()), "导入\n讲故事\n设计意图\n引起兴趣\n听");
        assert_eq!(part(&tree, "aims"), "认识分数");
        assert_eq!(part(&tree, "board"), "1/2");
        assert_eq!(part(&tree, "materials"), "课题 分数 年级 四");
    }

    #[test]
    fn items_that_follow_each_other_are_one_list() {
        let item = |text: &str| {
            let role = Role::Item { depth: 0, numbered: true };
            Block::Paragraph(Paragraph { role, runs: vec![Run { text: text.to_owned(), ..Run::default() }] })
        };
        let tree = of_text(&[p("教学目标"), item("a"), item("b"), p("c")]).tree(empty_outline());
        let names: Vec<&str> = tree[0].children().iter().map(Node::name).collect();
        assert_eq!(names, ["ordered_list", "paragraph"]);
        assert_eq!(tree[0].children()[0].children().len(), 2);
    }

    #[test]
    fn pictures_stand_where_they_stood() {
        let picture = |path: &str| Block::Picture(office::Picture { path: path.into(), alt: format!("of {path}") });
        let cells = |cells: &[Block]| cells.iter().map(|c| vec![c.clone()]).collect::<Vec<_>>();
        let blocks = [
            p("草药"),
            picture("0"),
            p("教学目标"),
            p("辨认"),
            picture("1"),
            Block::Table(vec![
                cells(&[p("环节"), p("教师活动"), p("学生活动")]),
                cells(&[picture("2"), p("讲"), picture("3")]),
                cells(&[p("板书设计"), picture("4")]),
                cells(&[picture("5"), p("大黄")]),
            ]),
        ];
        let tree = of_text(&blocks).tree(empty_outline());
        let of = |name: &str| -> Vec<String> {
            fn under(node: &Node, out: &mut Vec<String>) {
                if node.name() == PICTURE {
                    out.push(node.attribute("file").unwrap_or_default().to_owned());
                }
                node.children().iter().for_each(|child| under(child, out));
            }
            let mut out = Vec::new();
            tree.iter().filter(|n| n.attribute("part") == Some(name)).for_each(|n| under(n, &mut out));
            out
        };
        assert_eq!((of("materials"), of("aims")), (vec!["0".to_owned()], vec!["1".to_owned()]));
        assert_eq!(
            (of(PROCESS), of("board")),
            (vec!["2".to_owned(), "3".to_owned()], vec!["4".to_owned(), "5".to_owned()])
        );
    }

    #[test]
    fn a_text_without_headings_is_the_course_of_the_lesson() {
        let heading = |text: &str| {
            Block::Paragraph(Paragraph {
                role: Role::Heading,
                runs: vec![Run { text: text.to_owned(), ..Run::default() }],
            })
        };
        let found = of_text(&[p("草药"), heading("出发 10分钟"), p("带水"), heading("观察"), p("看叶子")]);
        let tree = found.tree(empty_outline());
        assert_eq!(part(&tree, PROCESS), "出发\n带水\n观察\n看叶子");
    }
}
