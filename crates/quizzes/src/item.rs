//! An item of QTI as questions.

use std::collections::BTreeMap;

use packages::xml::target;

use crate::element::{Child, Element, line, read};
use crate::{Block, Choice, Compare, Item, Kind, Picture, Piece, Question, QuizError};

/// Right answers, and answers with points, of one question: marking compares each with each.
const MAX_ANSWERS: usize = 500;

/// Reads an item. `path` is where it lies in its package, from which its pictures are named.
///
/// # Errors
/// [`QuizError`].
pub fn read_item(bytes: &[u8], path: &str) -> Result<Item, QuizError> {
    let root = read(bytes)?;
    if root.name != "assessment-item" {
        return Err(QuizError::None);
    }
    if root.attribute("adaptive") == "true" {
        return Err(QuizError::NotSupported("adaptive".to_owned()));
    }
    if root.elements().any(|e| e.name.starts_with("template-")) {
        return Err(QuizError::NotSupported("template-processing".to_owned()));
    }
    let answers =
        root.named("response-declaration").map(|e| (e.attribute("identifier").to_owned(), answer(e))).collect();
    let mut reading = Reading { path, answers, blocks: Vec::new(), questions: Vec::new(), line: Vec::new() };
    for body in root.named("item-body") {
        reading.inside(body)?;
        reading.close(None);
    }
    let Reading { blocks, questions, .. } = reading;
    if questions.is_empty() {
        return Err(QuizError::None);
    }
    let language = Some(root.attribute("lang").to_owned()).filter(|l| !l.is_empty());
    Ok(Item { title: line(root.attribute("title")), language, blocks, questions })
}

/// What a declaration says of the right answer.
#[derive(Clone, Default)]
struct Declared {
    correct: Vec<String>,
    points: BTreeMap<String, f64>,
    compare: Compare,
}

fn answer(e: &Element) -> Declared {
    let correct: Vec<String> = e
        .named("correct-response")
        .flat_map(|c| c.named("value"))
        .map(Element::text)
        .filter(|v| !v.is_empty())
        .take(MAX_ANSWERS)
        .collect();
    let entries: Vec<&Element> = e.named("mapping").flat_map(|m| m.named("map-entry")).take(MAX_ANSWERS).collect();
    let points = entries
        .iter()
        .filter_map(|m| Some((m.attribute("map-key").to_owned(), m.attribute("mapped-value").parse().ok()?)))
        .filter(|(_, points): &(String, f64)| points.is_finite())
        .collect();
    let compare = match e.attribute("base-type") {
        "float" | "integer" => Compare::Numbers,
        "string" if entries.iter().any(|m| m.attribute("case-sensitive") == "true") => Compare::Cased,
        "string" => Compare::Words,
        _ => Compare::Exact,
    };
    Declared { correct, points, compare }
}

struct Reading<'a> {
    path: &'a str,
    answers: BTreeMap<String, Declared>,
    blocks: Vec<Block>,
    questions: Vec<Question>,
    line: Vec<Piece>,
}

impl Reading<'_> {
    fn inside(&mut self, e: &Element) -> Result<(), QuizError> {
        for child in &e.children {
            match child {
                Child::Text(text) => self.say(text),
                Child::Element(e) => self.element(e)?,
            }
        }
        Ok(())
    }

    fn say(&mut self, text: &str) {
        // A break between lines of the file is a space.
        let said: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
        match self.line.last_mut() {
            Some(Piece::Text(last)) => last.push_str(&said),
            _ => self.line.push(Piece::Text(said)),
        }
    }

    /// Ends a paragraph, or a heading.
    fn close(&mut self, heading: Option<()>) {
        let pieces: Vec<Piece> = std::mem::take(&mut self.line)
            .into_iter()
            .filter_map(|piece| match piece {
                Piece::Text(text) => {
                    let said = line(&text);
                    (!said.is_empty()).then_some(Piece::Text(said))
                }
                gap @ Piece::Gap(_) => Some(gap),
            })
            .collect();
        if pieces.is_empty() {
            return;
        }
        match (heading, &pieces[..]) {
            (Some(()), [Piece::Text(text)]) => self.blocks.push(Block::Heading(text.clone())),
            _ => self.blocks.push(Block::Paragraph(pieces)),
        }
    }

    fn element(&mut self, e: &Element) -> Result<(), QuizError> {
        match e.name.as_str() {
            "feedback-inline"
            | "feedback-block"
            | "modal-feedback"
            | "style"
            | "script"
            | "stylesheet"
            | "template-block"
            | "template-inline"
            | "end-attempt-interaction"
            | "printed-variable" => {}
            // What is meant for who marks.
            "rubric-block" if !e.attribute("view").is_empty() && !e.attribute("view").contains("candidate") => {}
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.close(None);
                self.inside(e)?;
                self.close(Some(()));
            }
            "br" => self.close(None),
            "td" | "th" => {
                self.inside(e)?;
                self.say(" ");
            }
            "img" | "object" => {
                self.close(None);
                if let Some(picture) = self.picture(e) {
                    self.blocks.push(Block::Picture(picture));
                }
            }
            "text-entry-interaction" => {
                let gap = self.ask(e, String::new(), Kind::Word);
                self.line.push(Piece::Gap(gap));
            }
            "inline-choice-interaction" => {
                let options = self.choices(e.named("inline-choice"));
                let gap = self.ask(e, String::new(), Kind::Choice { many: false, options });
                self.line.push(Piece::Gap(gap));
            }
            "choice-interaction" => {
                let options = self.choices(e.named("simple-choice"));
                let several = self.answers.get(e.attribute("response-identifier")).is_some_and(|a| a.correct.len() > 1);
                let many = several || !matches!(e.attribute("max-choices"), "" | "1");
                self.asked(e, Kind::Choice { many, options });
            }
            "order-interaction" => {
                let options = self.choices(e.named("simple-choice"));
                self.asked(e, Kind::Order(options));
            }
            "match-interaction" => {
                let mut sets = e.named("simple-match-set").map(|s| self.choices(s.named("simple-associable-choice")));
                let (from, to) = (sets.next().unwrap_or_default(), sets.next().unwrap_or_default());
                self.asked(e, Kind::Match(from, to));
            }
            "extended-text-interaction" => self.asked(e, Kind::Text),
            name if name.ends_with("-interaction") => return Err(QuizError::NotSupported(name.to_owned())),
            "p" | "div" | "li" | "tr" | "table" | "tbody" | "thead" | "caption" | "ul" | "ol" | "dl" | "dt" | "dd"
            | "pre" | "blockquote" | "section" | "rubric-block" | "content-body" | "figure" | "figcaption" => {
                self.close(None);
                self.inside(e)?;
                self.close(None);
            }
            _ => self.inside(e)?,
        }
        Ok(())
    }

    /// A question that stands by itself.
    fn asked(&mut self, e: &Element, kind: Kind) {
        self.close(None);
        let prompt = e.named("prompt").map(Element::text).collect::<Vec<_>>().join(" ");
        let n = self.ask(e, prompt, kind);
        self.blocks.push(Block::Ask(n));
    }

    fn ask(&mut self, e: &Element, prompt: String, kind: Kind) -> usize {
        let Declared { correct, points, compare } =
            self.answers.get(e.attribute("response-identifier")).cloned().unwrap_or_default();
        self.questions.push(Question { prompt, kind, correct, points, compare });
        self.questions.len() - 1
    }

    fn choices<'e>(&self, elements: impl Iterator<Item = &'e Element>) -> Vec<Choice> {
        elements
            .map(|e| Choice {
                id: e.attribute("identifier").to_owned(),
                text: e.text(),
                picture: first_picture(e).and_then(|p| self.picture(p)),
            })
            .collect()
    }

    fn picture(&self, e: &Element) -> Option<Picture> {
        let at = if e.name == "object" { e.attribute("data") } else { e.attribute("src") };
        let alt = if e.name == "object" { e.text() } else { line(e.attribute("alt")) };
        let inside = !at.is_empty() && !at.contains(':');
        inside.then(|| Picture { path: target(self.path, at), alt })
    }
}

fn first_picture(e: &Element) -> Option<&Element> {
    e.elements().find_map(|c| if matches!(c.name.as_str(), "img" | "object") { Some(c) } else { first_picture(c) })
}
