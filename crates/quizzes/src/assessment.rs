//! Questions of a cartridge: assessments in QTI 1.2, as its profile has them.

use std::io::{Read, Seek};

use packages::Archive;
use packages::xml::target;

use crate::element::{Element, line, read};
use crate::package::{MANIFEST, bytes};
use crate::{Block, Choice, Compare, Item, Kind, Piece, Question, QuizError};

/// Assessments of one cartridge.
const MOST: usize = 50;
/// Questions of one assessment.
const MOST_ITEMS: usize = 300;

/// An assessment that came in a cartridge.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assessment {
    /// What it is called.
    pub title: String,
    /// Questions that can be shown, in order.
    pub items: Vec<Item>,
    /// How many cannot.
    pub left_out: usize,
}

/// The assessments of a cartridge, in the order of its manifest; those of which nothing can be shown are not told.
///
/// # Errors
/// [`QuizError`] where its manifest cannot be read.
pub fn read_assessments<R: Read + Seek>(archive: &mut Archive<R>) -> Result<Vec<Assessment>, QuizError> {
    let manifest = read(&bytes(archive, MANIFEST)?)?;
    let resources = manifest.named("resources").flat_map(|r| r.named("resource"));
    let of_questions = |r: &&Element| {
        let kind = r.attribute("type");
        kind.starts_with("imsqti_xmlv1p2") && kind.ends_with("/assessment")
    };
    let first = |r: &Element| match r.attribute("href") {
        "" => r.named("file").map(|f| f.attribute("href").to_owned()).next(),
        href => Some(href.to_owned()),
    };
    let paths: Vec<String> = resources.filter(of_questions).filter_map(first).take(MOST).collect();
    let mut out = Vec::new();
    for path in paths {
        let path = target(MANIFEST, &path);
        let found = bytes(archive, &path).and_then(|b| read_assessment(&b));
        out.extend(found.ok().filter(|a| !a.items.is_empty()));
    }
    Ok(out)
}

/// Reads an assessment.
///
/// # Errors
/// [`QuizError`]; a question that cannot be shown is counted and left out.
pub fn read_assessment(xml: &[u8]) -> Result<Assessment, QuizError> {
    let root = read(xml)?;
    let assessment = root.named("assessment").next().ok_or(QuizError::None)?;
    let mut out = Assessment { title: line(assessment.attribute("title")), ..Assessment::default() };
    let mut items = Vec::new();
    below(assessment, "item", &mut items);
    for item in items {
        match one(item).filter(|_| out.items.len() < MOST_ITEMS) {
            Some(item) => out.items.push(item),
            None => out.left_out += 1,
        }
    }
    Ok(out)
}

/// Elements of a name, wherever they stand.
fn below<'e>(e: &'e Element, name: &str, out: &mut Vec<&'e Element>) {
    for child in e.elements() {
        if child.name == name {
            out.push(child);
        } else {
            below(child, name, out);
        }
    }
}

fn one(item: &Element) -> Option<Item> {
    let presentation = item.named("presentation").next()?;
    let mut answers = Vec::new();
    for kind in ["response_lid", "response_str", "response_num", "response_xy", "response_grp"] {
        below(presentation, kind, &mut answers);
    }
    let [answer] = answers[..] else { return None };
    // What stands before the answers is what is asked; labels have texts of their own.
    let mut asked = Vec::new();
    prompts(presentation, &mut asked)?;
    let prompt = asked.join(" ");
    if prompt.is_empty() {
        return None;
    }
    let right = right(item);
    let (kind, compare) = match &*answer.name {
        "response_lid" => {
            let mut labels = Vec::new();
            below(answer, "response_label", &mut labels);
            let option = |l: &&Element| {
                let mut said = Vec::new();
                prompts(l, &mut said)?;
                Some(Choice { id: l.attribute("ident").to_owned(), text: said.join(" "), picture: None })
            };
            let options = labels.iter().map(option).collect::<Option<Vec<_>>>()?;
            let many = answer.attribute("rcardinality").eq_ignore_ascii_case("multiple");
            (Kind::Choice { many, options }, Compare::Exact)
        }
        "response_str" if right.is_empty() => (Kind::Text, Compare::Words),
        "response_str" => (Kind::Word, Compare::Words),
        _ => return None,
    };
    let words = kind == Kind::Word;
    let question = Question {
        prompt: if words { String::new() } else { prompt.clone() },
        points: if words && right.len() > 1 { right.iter().map(|w| (w.clone(), 1.0)).collect() } else { [].into() },
        correct: if words { right.into_iter().take(1).collect() } else { right },
        kind,
        compare,
    };
    let blocks = if words { vec![Block::Paragraph(gap(&prompt))] } else { vec![Block::Ask(0)] };
    Some(Item { title: line(item.attribute("title")), language: None, blocks, questions: vec![question] })
}

/// The gap stands where low lines do, or at the end.
fn gap(prompt: &str) -> Vec<Piece> {
    let (before, after) = prompt.split_once("__").unwrap_or((prompt, ""));
    let text = |t: &str| Piece::Text(line(t.trim_start_matches('_')));
    let mut pieces = vec![text(before), Piece::Gap(0), text(after)];
    pieces.retain(|p| !matches!(p, Piece::Text(t) if t.is_empty()));
    pieces
}

/// The texts of what is asked; none where a picture, a sound or a film is a part of it.
fn prompts(e: &Element, out: &mut Vec<String>) -> Option<()> {
    for child in e.elements() {
        match &*child.name {
            "mattext" if child.attribute("texttype") == "text/html" => {
                let said = plain(&child.text())?;
                out.extend(Some(said).filter(|t| !t.is_empty()));
            }
            "mattext" => out.extend(Some(child.text()).filter(|t| !t.is_empty())),
            "matimage" | "mataudio" | "matvideo" | "matapplet" | "matapplication" => return None,
            name if name.starts_with("response_") || name.starts_with("render_") => {}
            _ => prompts(child, out)?,
        }
    }
    Some(())
}

/// HTML as text; none where it shows something that is no text.
fn plain(html: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        let (tag, after) = after.split_once('>')?;
        let name: String = tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        match &*name.to_lowercase() {
            "img" | "audio" | "video" | "object" | "iframe" | "embed" | "math" | "svg" | "script" => return None,
            "b" | "i" | "em" | "strong" | "u" | "span" | "sub" | "sup" => {}
            _ => out.push(' '),
        }
        rest = after;
    }
    out.push_str(rest);
    let known = [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    let said = known.iter().fold(out, |text, (name, is)| text.replace(name, is));
    Some(line(&said))
}

/// The answers that bring points.
fn right(item: &Element) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut conditions = Vec::new();
    for processing in item.named("resprocessing") {
        below(processing, "respcondition", &mut conditions);
    }
    for condition in conditions {
        let scores = condition.named("setvar").any(|s| s.text().parse::<f64>().is_ok_and(|points| points > 0.0));
        if scores {
            condition.named("conditionvar").for_each(|c| equals(c, &mut out));
        }
    }
    out
}

fn equals(e: &Element, out: &mut Vec<String>) {
    for child in e.elements() {
        match &*child.name {
            "varequal" => {
                let said = child.text();
                if !said.is_empty() && !out.contains(&said) {
                    out.push(said);
                }
            }
            "and" | "or" => equals(child, out),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Verdict, mark, typed, write_older};

    #[test]
    fn what_is_written_as_an_assessment_is_read_again() {
        let items =
            typed("A & B?\n* <yes>\n- no\n\nBoth?\n* a\n* b\n- c\n\nname ____ it\n= one\n= two\n\nsay it\n").unwrap();
        let xml = write_older("a", "草药", &items).assessment.unwrap();
        let read = read_assessment(xml.as_bytes()).unwrap();
        assert_eq!(read, Assessment { title: "草药".into(), items, left_out: 0 });
    }

    #[test]
    fn what_others_write_is_read_and_marked_and_what_shows_more_than_text_is_left_out() {
        let item = |asked: &str| {
            format!(
                r#"<item ident="i"><presentation><flow><material><mattext texttype="text/html">{asked}</mattext></material><response_lid ident="r" rcardinality="Single"><render_choice><response_label ident="1"><material><mattext>yes</mattext></material></response_label><response_label ident="2"><material><mattext>no</mattext></material></response_label></render_choice></response_lid></flow></presentation><resprocessing><respcondition><conditionvar><other/></conditionvar><displayfeedback/></respcondition><respcondition><conditionvar><varequal respident="r">1</varequal></conditionvar><setvar varname="SCORE">1</setvar></respcondition></resprocessing></item>"#
            )
        };
        let good = item("&lt;p&gt;Is &lt;b&gt;it&lt;/b&gt;&lt;br/&gt;so &amp;amp; so?&lt;/p&gt;");
        let shown = item("&lt;img src='x.png'&gt;Which?");
        let xml = format!(
            "<questestinterop><assessment title='t'><section>{good}{shown}</section></assessment></questestinterop>"
        );
        let read = read_assessment(xml.as_bytes()).unwrap();
        assert_eq!((read.items.len(), read.left_out), (1, 1));
        let question = &read.items[0].questions[0];
        assert_eq!(question.prompt, "Is it so & so?");
        assert_eq!(mark(question, &["1".to_owned()]), Verdict::Right);
        assert_eq!(mark(question, &["2".to_owned()]), Verdict::Wrong);
        assert_eq!(read_assessment(b"<html/>"), Err(QuizError::None));
    }
}
