use std::cmp::Ordering;

/// Files that stand together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The folder's name; empty for files in none.
    pub title: String,
    /// The paths of its files, as a person would put them in order.
    pub paths: Vec<String>,
}

/// The files of a set of lessons by their folders. A folder that holds all the others is no unit.
pub fn units<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<Unit> {
    let mut all: Vec<&str> = paths.collect();
    all.sort_by(|a, b| natural(a, b));
    let common = all.first().and_then(|p| p.split_once('/')).map(|(folder, _)| format!("{folder}/"));
    let common = common.filter(|c| all.iter().all(|p| p.starts_with(c.as_str()))).unwrap_or_default();
    let mut out: Vec<Unit> = Vec::new();
    for path in all {
        let within = path.strip_prefix(&common).unwrap_or(path);
        let title = within.rsplit_once('/').map_or("", |(folder, _)| folder).replace('/', " · ");
        match out.iter_mut().find(|u| u.title == title) {
            Some(unit) => unit.paths.push(path.to_owned()),
            None => out.push(Unit { title, paths: vec![path.to_owned()] }),
        }
    }
    out
}

/// Numbers by their value, Chinese ones too; all else by its letters.
fn natural(a: &str, b: &str) -> Ordering {
    pieces(a).cmp(&pieces(b)).then_with(|| a.cmp(b))
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Number(u64),
    Letters(String),
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut run = String::new();
    let mut kind = 0;
    for c in text.chars().chain(['\0']) {
        let this = if c.is_ascii_digit() {
            1
        } else if han(c).is_some() {
            2
        } else {
            3
        };
        if this != kind && !run.is_empty() {
            out.push(piece(kind, &run));
            run.clear();
        }
        kind = this;
        run.push(c);
    }
    out
}

fn piece(kind: u8, run: &str) -> Piece {
    match kind {
        1 => run.parse().map_or_else(|_| Piece::Letters(run.to_owned()), Piece::Number),
        2 => Piece::Number(chinese(run)),
        _ => Piece::Letters(run.to_lowercase()),
    }
}

/// The value of a Chinese numeral's sign.
fn han(c: char) -> Option<u64> {
    "零一二三四五六七八九".chars().position(|d| d == c).map(|n| n as u64).or(match c {
        '〇' => Some(0),
        '两' => Some(2),
        '十' => Some(10),
        '百' => Some(100),
        _ => None,
    })
}

/// A number below a thousand as one writes it before 课 and 单元: 十二 is 12, 二十 is 20, 一百零三 is 103.
fn chinese(run: &str) -> u64 {
    let (mut sum, mut digit) = (0u64, None);
    for c in run.chars() {
        match han(c).unwrap_or(0) {
            unit @ (10 | 100) => {
                sum = sum.saturating_add(digit.take().unwrap_or(1) * unit);
            }
            n => digit = Some(digit.unwrap_or(0) * 10 % 1_000_000 + n),
        }
    }
    sum.saturating_add(digit.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lessons_stand_in_the_order_in_which_they_are_taught() {
        let mut names = ["第十课", "第二课", "第十二课", "第二十课", "第一课", "第一百零三课", "第9课", "第11课"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["第一课", "第二课", "第9课", "第十课", "第11课", "第十二课", "第二十课", "第一百零三课"]);
    }

    #[test]
    fn folders_are_units_and_the_one_round_all_is_none() {
        let paths = ["set/10 b/x.mp4", "set/2 a/2.pdf", "set/2 a/1.pptx", "set/read me.txt"];
        let found = units(paths.into_iter());
        let titles: Vec<&str> = found.iter().map(|u| u.title.as_str()).collect();
        assert_eq!(titles, ["", "2 a", "10 b"]);
        assert_eq!(found[1].paths, ["set/2 a/1.pptx", "set/2 a/2.pdf"]);
    }
}
