//! Questions as a teacher types them: a block of lines for each, `*` before what is right, `-` before what is not, `=`
//! before what belongs into a gap, `____` where the gap is.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::{Block, Choice, Compare, Item, Kind, Piece, Question};

/// Questions of one text.
const MOST: usize = 100;
/// How a gap is written.
const GAP: &str = "____";

/// Why typed questions are not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TypedError {
    /// There is none.
    #[error("no question")]
    None,
    /// More than a lesson has.
    #[error("too many questions")]
    TooMany,
    /// This question, from 1, has answers and nothing is asked.
    #[error("question {0} asks nothing")]
    NoPrompt(usize),
    /// None of its answers is marked as right.
    #[error("no answer of question {0} is right")]
    NoneRight(usize),
    /// It has one answer to choose from.
    #[error("question {0} leaves no choice")]
    NoChoice(usize),
    /// It has answers to choose from, and words for a gap.
    #[error("question {0} has two kinds of answers")]
    Mixed(usize),
}

/// Reads typed questions.
///
/// # Errors
/// [`TypedError`].
pub fn typed(text: &str) -> Result<Vec<Item>, TypedError> {
    let mut blocks: Vec<Vec<&str>> = vec![Vec::new()];
    for line in text.lines().map(str::trim) {
        match blocks.last_mut() {
            Some(last) if line.is_empty() && !last.is_empty() => blocks.push(Vec::new()),
            Some(last) if !line.is_empty() => last.push(line),
            _ => {}
        }
    }
    blocks.retain(|b| !b.is_empty());
    match blocks.len() {
        0 => Err(TypedError::None),
        n if n > MOST => Err(TypedError::TooMany),
        _ => (1..).zip(&blocks).map(|(n, lines)| question(n, lines)).collect(),
    }
}

fn question(n: usize, lines: &[&str]) -> Result<Item, TypedError> {
    let (mut prompt, mut options, mut words) = (Vec::new(), Vec::new(), Vec::new());
    for line in lines {
        let rest = |marks: &[char]| line.strip_prefix(marks).map(|r| r.trim().to_owned()).filter(|r| !r.is_empty());
        if let Some(right) = rest(&['*', '\u{ff0a}', '\u{221a}', '\u{2713}']) {
            options.push((true, right));
        } else if let Some(wrong) = rest(&['-', '\u{2013}', '\u{2014}', '\u{ff0d}']) {
            options.push((false, wrong));
        } else if let Some(word) = rest(&['=', '\u{ff1d}']) {
            words.push(word);
        } else {
            prompt.push(*line);
        }
    }
    let asked = prompt.join(" ");
    if asked.is_empty() {
        return Err(TypedError::NoPrompt(n));
    }
    if !options.is_empty() && !words.is_empty() {
        return Err(TypedError::Mixed(n));
    }
    if !words.is_empty() {
        return Ok(gap(&asked, words));
    }
    if options.is_empty() {
        let question = Question { prompt: asked, kind: Kind::Text, compare: Compare::Words, ..Question::empty() };
        return Ok(Item { blocks: vec![Block::Ask(0)], questions: vec![question], ..Item::default() });
    }
    if options.len() < 2 {
        return Err(TypedError::NoChoice(n));
    }
    let ids = (0..).map(|i: usize| format!("c{i}"));
    let options: Vec<(bool, Choice)> =
        ids.zip(options).map(|(id, (right, text))| (right, Choice { id, text, picture: None })).collect();
    let correct: Vec<String> = options.iter().filter(|(right, _)| *right).map(|(_, c)| c.id.clone()).collect();
    if correct.is_empty() {
        return Err(TypedError::NoneRight(n));
    }
    let kind = Kind::Choice { many: correct.len() > 1, options: options.into_iter().map(|(_, c)| c).collect() };
    let question = Question { prompt: asked, kind, correct, ..Question::empty() };
    Ok(Item { blocks: vec![Block::Ask(0)], questions: vec![question], ..Item::default() })
}

/// A gap stands where two low lines or more do, or at the end.
fn gap(asked: &str, words: Vec<String>) -> Item {
    let at = asked.find("__");
    let (before, after) = at.map_or((asked, ""), |at| asked.split_at(at));
    let mut pieces = vec![Piece::Text(before.trim().to_owned()), Piece::Gap(0)];
    pieces.push(Piece::Text(after.trim_start_matches('_').trim().to_owned()));
    pieces.retain(|p| !matches!(p, Piece::Text(t) if t.is_empty()));
    let numbers = words.iter().all(|w| w.parse::<f64>().is_ok());
    let several: BTreeMap<String, f64> = words.iter().map(|w| (w.clone(), 1.0)).collect();
    let question = Question {
        kind: Kind::Word,
        points: if words.len() > 1 { several } else { BTreeMap::new() },
        correct: words.into_iter().take(1).collect(),
        compare: if numbers { Compare::Numbers } else { Compare::Words },
        ..Question::empty()
    };
    Item { blocks: vec![Block::Paragraph(pieces)], questions: vec![question], ..Item::default() }
}

impl Question {
    fn empty() -> Self {
        let compare = Compare::Exact;
        Self { prompt: String::new(), kind: Kind::Word, correct: Vec::new(), points: BTreeMap::new(), compare }
    }
}

/// Questions as somebody would type them; `None` where one of them cannot be typed.
pub fn as_typed(items: &[Item]) -> Option<String> {
    let all = items.iter().map(one).collect::<Option<Vec<_>>>()?;
    Some(all.join("\n"))
}

fn one(item: &Item) -> Option<String> {
    let [question] = &item.questions[..] else { return None };
    let mut out = String::new();
    match (&item.blocks[..], &question.kind) {
        ([Block::Ask(_)], Kind::Text) => {
            let _ = writeln!(out, "{}", question.prompt);
        }
        ([Block::Ask(_)], Kind::Choice { options, .. }) if options.iter().all(|o| o.picture.is_none()) => {
            let _ = writeln!(out, "{}", question.prompt);
            for o in options {
                let _ = writeln!(out, "{} {}", if question.correct.contains(&o.id) { '*' } else { '-' }, o.text);
            }
        }
        ([Block::Paragraph(pieces)], Kind::Word) => {
            let said = pieces.iter().map(|p| if let Piece::Text(t) = p { t.as_str() } else { GAP });
            let _ = writeln!(out, "{}", said.collect::<Vec<_>>().join(" "));
            let others = question.points.keys().filter(|k| !question.correct.contains(k));
            for word in question.correct.iter().chain(others) {
                let _ = writeln!(out, "= {word}");
            }
        }
        _ => return None,
    }
    Some(out)
}
