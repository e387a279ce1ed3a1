//! Marking. The right answer and the points of single answers decide; rules that a file brings along are not run.

use crate::{Compare, Kind, Question};

/// What an answer is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Right.
    Right,
    /// Some of it is right.
    Partly,
    /// Wrong.
    Wrong,
    /// Not answered.
    Empty,
    /// A person decides.
    Open,
}

/// Marks an answer: see [`Kind`] for how answers are written.
pub fn mark(question: &Question, answer: &[String]) -> Verdict {
    let given: Vec<&str> = answer.iter().map(|a| a.trim()).filter(|a| !a.is_empty()).collect();
    if question.kind == Kind::Text || (question.correct.is_empty() && question.points.is_empty()) {
        return Verdict::Open;
    }
    if given.is_empty() {
        return Verdict::Empty;
    }
    let same = |a: &str, b: &str| alike(question.compare, a, b);
    let right = |a: &str| {
        question.correct.iter().any(|c| same(c, a)) || question.points.iter().any(|(key, p)| *p > 0.0 && same(key, a))
    };
    if let Kind::Order(_) = question.kind {
        let all = question.correct.len() == given.len() && question.correct.iter().zip(&given).all(|(c, g)| same(c, g));
        return if all { Verdict::Right } else { Verdict::Wrong };
    }
    // Several spellings of one word are each as right; of several choices all belong to the answer.
    let word = matches!(question.kind, Kind::Word | Kind::Choice { many: false, .. });
    if word {
        // Where one answer is asked for, several are not an answer: else sending them all would always be right.
        let [given] = given[..] else { return Verdict::Wrong };
        let best = question.points.values().copied().fold(0.0, f64::max);
        let got = question.points.iter().filter(|(key, _)| same(key, given)).map(|(_, p)| *p);
        let got = got.fold(0.0, f64::max);
        let correct = question.correct.iter().any(|c| same(c, given));
        return match () {
            () if correct || (got > 0.0 && got >= best) => Verdict::Right,
            () if got > 0.0 => Verdict::Partly,
            () => Verdict::Wrong,
        };
    }
    let wrong = given.iter().filter(|g| !right(g)).count();
    let found = if question.correct.is_empty() {
        let wanted: Vec<&String> = question.points.iter().filter(|(_, p)| **p > 0.0).map(|(key, _)| key).collect();
        wanted.iter().all(|w| given.iter().any(|g| same(w, g)))
    } else {
        question.correct.iter().all(|c| given.iter().any(|g| same(c, g)))
    };
    match (found, wrong) {
        (true, 0) => Verdict::Right,
        (_, n) if n < given.len() => Verdict::Partly,
        _ => Verdict::Wrong,
    }
}

fn alike(compare: Compare, a: &str, b: &str) -> bool {
    match compare {
        Compare::Exact => pair(a) == pair(b),
        Compare::Words => narrow(a).to_lowercase() == narrow(b).to_lowercase(),
        Compare::Cased => narrow(a) == narrow(b),
        Compare::Numbers => match (number(a), number(b)) {
            (Some(a), Some(b)) => (a - b).abs() <= f64::EPSILON * a.abs().max(b.abs()).max(1.0),
            _ => narrow(a) == narrow(b),
        },
    }
}

/// Identifiers, and pairs of them, which files divide by any space.
fn pair(a: &str) -> Vec<&str> {
    a.split_whitespace().collect()
}

/// Letters and digits of full width as those of half width, spaces as one.
pub(crate) fn narrow(text: &str) -> String {
    let half = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    };
    text.chars().map(half).collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn number(text: &str) -> Option<f64> {
    let said: String = narrow(text).replace(',', ".").chars().filter(|c| !c.is_whitespace()).collect();
    // Tibetan digits count as others do.
    let said: String = said
        .chars()
        .map(|c| match c {
            '\u{0f20}'..='\u{0f29}' => char::from_digit(u32::from(c) - 0x0f20, 10).unwrap_or(c),
            c => c,
        })
        .collect();
    said.parse().ok().filter(|n: &f64| n.is_finite())
}
