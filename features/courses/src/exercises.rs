//! Exercises of a channel of Kolibri: a table of them and a table of their questions, as `ricecooker` reads them, become
//! questions as any others. What has no equal here (pictures, questions of another program) leaves its table a part of the
//! course, so that nothing is lost.

use std::collections::BTreeMap;
use std::fs::File;

use packages::{Archive, Refusal};
use quizzes::{Block, Choice, Compare, Item, Kind, Piece, Question};

use crate::channel::{clean, table};
use crate::package::read;

/// The tables' names.
pub(crate) const EXERCISES: &str = "Exercises.csv";
pub(crate) const QUESTIONS: &str = "ExerciseQuestions.csv";
/// Bytes of a table that are read.
const MAX_TABLE: u64 = 2 << 20;
/// What divides the options beyond the fifth in their one column.
const BETWEEN: char = '\u{1f363}';
/// What the columns of the first options, and those of right answers, are called.
const OPTIONS: [&str; 5] = ["Option A", "Option B", "Option C", "Option D", "Option E"];
const CORRECT: [&str; 3] = ["Correct Answer *", "Correct Answer 2", "Correct Answer 3"];

/// An exercise with its questions.
pub(crate) struct Exercise {
    /// Where it stands among the topics: a path that no file has.
    pub path: String,
    pub title: String,
    pub about: String,
    pub items: Vec<Item>,
}

/// What the tables hold.
#[derive(Default)]
pub(crate) struct Exercises {
    pub all: Vec<Exercise>,
    /// Questions that did not become any here.
    pub left_out: usize,
}

type Row = BTreeMap<String, String>;

/// Reads the tables that lie at a place; none where there are none.
///
/// # Errors
/// [`Refusal::Broken`] where a table lacks a column that it must have.
pub(crate) fn exercises(archive: &mut Archive<File>, at: &str) -> Result<Exercises, Refusal> {
    let of = |name: &str| archive.entries().iter().find(|e| e.path == format!("{at}{name}")).cloned();
    let (Some(exercises), Some(questions)) = (of(EXERCISES), of(QUESTIONS)) else { return Ok(Exercises::default()) };
    let exercises = table(&read(archive, &exercises, MAX_TABLE)?, &["Path *", "Title *", "Source ID *"])?;
    let needs = ["Source ID *", "Question type *", "Question *", "Correct Answer *"];
    let questions = table(&read(archive, &questions, MAX_TABLE)?, &needs)?;
    Ok(put_together(&exercises, &questions))
}

fn said<'r>(row: &'r Row, column: &str) -> &'r str {
    row.get(column).map_or("", |s| s.trim())
}

fn put_together(exercises: &[Row], questions: &[Row]) -> Exercises {
    let mut out = Exercises::default();
    let mut taken = 0;
    for row in exercises {
        let id = said(row, "Source ID *");
        let own: Vec<&Row> = questions.iter().filter(|q| !id.is_empty() && said(q, "Source ID *") == id).collect();
        let items: Vec<Item> = own.iter().filter_map(|q| item(q)).collect();
        taken += items.len();
        if !items.is_empty() {
            out.all.push(Exercise {
                path: said(row, "Path *").replace('\\', "/"),
                title: clean(said(row, "Title *"), 120),
                about: clean(said(row, "Description"), 3000),
                items,
            });
        }
    }
    out.left_out = questions.len().saturating_sub(taken);
    out
}

/// Marked-up text as the plain text that questions are here; none where it shows a picture.
fn plain(text: &str) -> Option<String> {
    (!text.contains("![")).then(|| {
        let said = text.replace("**", "").replace('`', "");
        clean(&said.split_whitespace().collect::<Vec<_>>().join(" "), 2000)
    })
}

fn item(row: &Row) -> Option<Item> {
    let asked = plain(said(row, "Question *")).filter(|a| !a.is_empty())?;
    let right = CORRECT.iter().map(|c| plain(said(row, c))).collect::<Option<Vec<_>>>()?;
    let right: Vec<String> = right.into_iter().filter(|r| !r.is_empty()).collect();
    let many = match said(row, "Question type *") {
        "single_selection" | "SingleSelectQuestion" => false,
        "multiple_selection" | "MultipleSelectQuestion" => true,
        "input_question" | "InputQuestion" => return typed(asked, right),
        _ => return None,
    };
    let more = row.iter().filter(|(column, _)| column.starts_with("Option") && !OPTIONS.contains(&column.as_str()));
    let first = OPTIONS.iter().map(|column| said(row, column));
    let texts = first.chain(more.flat_map(|(_, texts)| texts.split(BETWEEN))).map(plain);
    let texts: Vec<String> = texts.collect::<Option<Vec<_>>>()?.into_iter().filter(|t| !t.is_empty()).collect();
    let choice = |(n, text): (usize, String)| Choice { id: format!("c{n}"), text, picture: None };
    let options: Vec<Choice> = texts.into_iter().enumerate().map(choice).collect();
    let of = |text: &String| options.iter().find(|o| o.text == *text).map(|o| o.id.clone());
    // A right answer that is not among the options is a mistake of the table, and nobody could give it.
    let mut correct = right.iter().map(of).collect::<Option<Vec<_>>>()?;
    correct.truncate(if many { correct.len() } else { 1 });
    if correct.is_empty() || options.len() < 2 {
        return None;
    }
    let kind = Kind::Choice { many, options };
    let question = Question { prompt: asked, kind, correct, points: BTreeMap::new(), compare: Compare::Exact };
    Some(Item { blocks: vec![Block::Ask(0)], questions: vec![question], ..Item::default() })
}

/// A number, or a word, in a gap behind what is asked.
fn typed(asked: String, right: Vec<String>) -> Option<Item> {
    let numbers = right.iter().all(|r| r.parse::<f64>().is_ok());
    let question = Question {
        prompt: String::new(),
        kind: Kind::Word,
        points: if right.len() > 1 { right.iter().map(|r| (r.clone(), 1.0)).collect() } else { BTreeMap::new() },
        correct: vec![right.into_iter().next()?],
        compare: if numbers { Compare::Numbers } else { Compare::Words },
    };
    let blocks = vec![Block::Paragraph(vec![Piece::Text(asked), Piece::Gap(0)])];
    Some(Item { blocks, questions: vec![question], ..Item::default() })
}

#[cfg(test)]
mod tests {
    use quizzes::{Verdict, mark};

    use super::*;

    fn rows(text: &str) -> Vec<Row> {
        table(text.as_bytes(), &[]).unwrap()
    }

    #[test]
    fn tables_become_questions_and_what_has_no_equal_is_counted() {
        let exercises = rows("Path *,Title *,Source ID *\nch\\high\\q,Herbs,e1\nch/empty,Empty,e2\n");
        let head = "Source ID *,Question ID *,Question type *,Question *,Option A,Option B,Option C,Option D,Option E,Options F...,Correct Answer *,Correct Answer 2,Correct Answer 3";
        let questions = rows(&format!(
            "{head}\n\
             e1,1,single_selection,**Which**  one?,white,red,,,,,red,,\n\
             e1,2,multiple_selection,Which?,a,b,c,d,e,f\u{1f363}g,a,g,\n\
             e1,3,input_question,2 + 2 =,,,,,,,4,4.0,\n\
             e1,4,perseus_question,x,,,,,,,,,\n\
             e1,5,single_selection,![](x.png) Which?,a,b,,,,,a,,\n\
             e1,6,single_selection,Which?,a,b,,,,,z,,\n\
             e9,1,input_question,1 + 1 =,,,,,,,2,,\n"
        ));
        let found = put_together(&exercises, &questions);
        assert_eq!((found.all.len(), found.left_out), (1, 4));
        let Exercise { path, title, items, .. } = &found.all[0];
        assert_eq!((path.as_str(), title.as_str(), items.len()), ("ch/high/q", "Herbs", 3));
        assert_eq!(items[0].questions[0].prompt, "Which one?");
        let marks = |n: usize, given: &[&str]| {
            mark(&items[n].questions[0], &given.iter().map(|g| (*g).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!((marks(0, &["c1"]), marks(0, &["c0"])), (Verdict::Right, Verdict::Wrong));
        assert_eq!((marks(1, &["c0", "c6"]), marks(1, &["c0"])), (Verdict::Right, Verdict::Partly));
        assert_eq!(
            (marks(2, &["4"]), marks(2, &["4,0"]), marks(2, &["5"])),
            (Verdict::Right, Verdict::Right, Verdict::Wrong)
        );
    }
}
