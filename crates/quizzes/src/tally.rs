//! What a class found hard: counts of a set of questions, and of nobody who answered them.

use std::collections::BTreeMap;

use crate::mark::narrow;
use crate::{Item, Kind, Question, Verdict, mark};

/// Different mistakes that are told apart at one question. More are counted as wrong, and no more.
const MISTAKES: usize = 60;
/// Letters of a word by which it is told from others.
const LETTERS: usize = 60;
/// Of how many a word that was typed is shown. What one alone typed stays theirs.
const COMMON: u32 = 2;

/// Counts of questions, in their order. Whoever answered leaves nothing but a one in them.
#[derive(Clone, Debug, Default)]
pub struct Tally(Vec<Count>);

/// Counts of one question.
#[derive(Clone, Debug, Default)]
pub struct Count {
    /// The item, from 0.
    pub item: usize,
    /// The question in it, from 0.
    pub question: usize,
    /// Right.
    pub right: u32,
    /// Some of it right.
    pub partly: u32,
    /// Wrong.
    pub wrong: u32,
    /// Left empty.
    pub empty: u32,
    /// Answered, for a person to read.
    pub open: u32,
    mistakes: BTreeMap<Vec<String>, u32>,
}

impl Tally {
    /// Empty counts of these questions.
    pub fn of(items: &[Item]) -> Self {
        let each = items.iter().enumerate().flat_map(|(item, i)| {
            (0..i.questions.len()).map(move |question| Count { item, question, ..Count::default() })
        });
        Self(each.collect())
    }

    /// Counts one set of answers: `given` tells what was answered to a question of an item, both from 0.
    pub fn add(&mut self, items: &[Item], given: impl Fn(usize, usize, &Question) -> Vec<String>) {
        for count in &mut self.0 {
            let Some(question) = items.get(count.item).and_then(|i| i.questions.get(count.question)) else { continue };
            count.add(question, &given(count.item, count.question, question));
        }
    }

    /// The questions, what is hard first: by the share of those who did not have it right. What a person reads comes last.
    pub fn hardest_first(&self) -> Vec<&Count> {
        let mut all: Vec<&Count> = self.0.iter().collect();
        // As fractions, without dividing: a/b > c/d.
        all.sort_by(|a, b| {
            let (a, b) = ((a.asked() - a.right, a.asked()), (b.asked() - b.right, b.asked()));
            let none = |n: (u32, u32)| n.1 == 0;
            none(a)
                .cmp(&none(b))
                .then_with(|| (u64::from(b.0) * u64::from(a.1)).cmp(&(u64::from(a.0) * u64::from(b.1))))
        });
        all
    }
}

impl Count {
    fn add(&mut self, question: &Question, given: &[String]) {
        let verdict = mark(question, given);
        match verdict {
            Verdict::Right => self.right += 1,
            Verdict::Partly => self.partly += 1,
            Verdict::Wrong => self.wrong += 1,
            Verdict::Empty => self.empty += 1,
            Verdict::Open => self.open += u32::from(given.iter().any(|g| !g.trim().is_empty())),
        }
        if !matches!(verdict, Verdict::Partly | Verdict::Wrong) {
            return;
        }
        for mistake in mistakes(question, given) {
            if self.mistakes.len() < MISTAKES || self.mistakes.contains_key(&mistake) {
                *self.mistakes.entry(mistake).or_default() += 1;
            }
        }
    }

    /// How many handed it in, answered or left empty, where it can be marked.
    pub fn asked(&self) -> u32 {
        self.right + self.partly + self.wrong + self.empty
    }

    /// How many answered.
    pub fn answered(&self) -> u32 {
        self.right + self.partly + self.wrong + self.open
    }

    /// Wrong answers and how many gave them, the most common first. A word that was typed stands here only where several
    /// typed it: what one alone wrote could say who it was.
    pub fn common(&self, question: &Question) -> Vec<(&[String], u32)> {
        let least = if question.kind == Kind::Word { COMMON } else { 1 };
        let mut found: Vec<_> =
            self.mistakes.iter().filter(|(_, n)| **n >= least).map(|(said, n)| (said.as_slice(), *n)).collect();
        found.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        found
    }
}

/// What is wrong in an answer, each as an answer of its kind. Nothing but what the question offers is kept, and words.
fn mistakes(question: &Question, given: &[String]) -> Vec<Vec<String>> {
    let wrong = |one: &String| mark(question, std::slice::from_ref(one)) == Verdict::Wrong;
    match &question.kind {
        Kind::Choice { options, .. } => {
            given.iter().filter(|g| options.iter().any(|o| o.id == **g) && wrong(g)).map(|g| vec![g.clone()]).collect()
        }
        Kind::Match(from, to) => {
            let offered = |pair: &str| {
                pair.split_once(' ')
                    .is_some_and(|(f, t)| from.iter().any(|o| o.id == f) && to.iter().any(|o| o.id == t))
            };
            given.iter().filter(|g| offered(g) && wrong(g)).map(|g| vec![g.clone()]).collect()
        }
        Kind::Order(options) => {
            let whole = given.len() == options.len() && given.iter().all(|g| options.iter().any(|o| o.id == *g));
            if whole { vec![given.to_vec()] } else { Vec::new() }
        }
        Kind::Word => match given {
            [word] => vec![vec![narrow(word).to_lowercase().chars().take(LETTERS).collect()]],
            _ => Vec::new(),
        },
        Kind::Text => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::typed;

    fn items() -> Vec<Item> {
        typed("哪一种?\n* 白\n- 红\n- 黄\n\n一年有 ____ 个月。\n= 12\n\n说一说。").unwrap()
    }

    fn tally(given: &[[&str; 3]]) -> (Vec<Item>, Tally) {
        let items = items();
        let mut tally = Tally::of(&items);
        for answers in given {
            tally.add(&items, |item, _, _| vec![answers[item].to_owned()]);
        }
        (items, tally)
    }

    #[test]
    fn what_is_hard_comes_first_with_the_answers_that_were_common() {
        let (items, tally) = tally(&[["c0", "11", "雪莲"], ["c0", " 11 ", ""], ["c1", "12", "x"], ["", "１1", ""]]);
        let hard = tally.hardest_first();
        let places: Vec<usize> = hard.iter().map(|c| c.item).collect();
        assert_eq!(places, [1, 0, 2], "three of four, two of four, and what a person reads");
        let words = hard[0].common(&items[1].questions[0]);
        assert_eq!(words, [(&["11".to_owned()][..], 3)], "width and spaces do not count");
        assert_eq!((hard[0].right, hard[0].wrong, hard[0].answered()), (1, 3, 4));
        assert_eq!((hard[1].right, hard[1].wrong, hard[1].empty, hard[1].asked()), (2, 1, 1, 4));
        assert_eq!(hard[1].common(&items[0].questions[0]), [(&["c1".to_owned()][..], 1)]);
        assert_eq!((hard[2].open, hard[2].asked(), hard[2].answered()), (2, 0, 2));
    }

    #[test]
    fn what_one_alone_typed_is_not_shown_and_what_nobody_offers_is_not_kept() {
        let (items, mut tally) = tally(&[["<script>", "卓玛", ""], ["c2 ", "德吉", ""]]);
        assert!(tally.0[0].mistakes.is_empty() && tally.0[1].common(&items[1].questions[0]).is_empty());
        for n in 0..500 {
            tally.add(&items, |_, _, _| vec![format!("{n}")]);
        }
        assert_eq!((tally.0[1].mistakes.len(), tally.0[1].wrong), (MISTAKES, 501), "12 was among them");
        let long = "长".repeat(5000);
        let mut one = Tally::of(&items);
        one.add(&items, |_, _, _| vec![long.clone()]);
        assert!(one.0[1].mistakes.keys().all(|k| k[0].chars().count() == LETTERS));
    }
}
