//! Weeks that are pasted from a spreadsheet, read line by line. Nothing here reads or writes the timetable.
//!
//! A week is a line that names weekdays in its cells, and under it a line for each period: its number, its name or the hour at
//! which it begins, and what the class has on each day, as `语文 次仁`. A line with one cell names the class whose week follows.

use std::collections::BTreeSet;

use crate::days;

/// Lines of what is pasted.
const MAX_LINES: usize = 500;

/// The words that are understood: longest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    days: Vec<(String, usize)>,
    subjects: Vec<(String, &'static str)>,
}

impl Terms {
    /// Words for weekdays (from 0) and for subjects.
    pub fn new(days: Vec<(String, usize)>, subjects: Vec<(String, &'static str)>) -> Self {
        let mut terms = Self {
            days: days.into_iter().map(|(w, d)| (plain(&w), d)).collect(),
            subjects: subjects.into_iter().map(|(w, s)| (plain(&w), s)).collect(),
        };
        terms.subjects.sort_by_key(|(w, s)| (std::cmp::Reverse(w.chars().count()), *s));
        terms.subjects.dedup();
        terms
    }

    fn day(&self, cell: &str) -> Option<usize> {
        let cell = plain(cell);
        self.days.iter().find(|(w, _)| *w == cell).map(|(_, d)| *d)
    }

    /// The subject that a cell begins with, and what stands behind it: who teaches it.
    fn subject(&self, cell: &str) -> Option<(&'static str, String)> {
        let own = cell.trim();
        for (word, subject) in &self.subjects {
            let mut rest = own.chars();
            let fits = word.chars().all(|w| rest.next().is_some_and(|c| c.to_lowercase().eq(w.to_lowercase())));
            let rest = rest.as_str();
            // A word of letters ends where its letters do: `art` is no `arts teacher`.
            let ends = !word.ends_with(|c: char| c.is_ascii_alphabetic())
                || !rest.starts_with(|c: char| c.is_ascii_alphabetic());
            if fits && ends {
                let teacher = rest.trim_matches(|c: char| c.is_whitespace() || "/·()（）:：,，、-—?？".contains(c));
                return Some((subject, teacher.split_whitespace().collect::<Vec<_>>().join(" ")));
            }
        }
        None
    }
}

fn plain(text: &str) -> String {
    text.trim().to_lowercase()
}

/// A period as a line may name it.
#[derive(Clone, Debug)]
pub(crate) struct Bell {
    pub position: i64,
    pub name: String,
    pub starts: String,
}

/// A lesson that was pasted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pasted {
    /// From 1.
    pub line: usize,
    pub class: String,
    pub weekday: usize,
    /// The place of the period in the list that was given.
    pub bell: usize,
    pub subject: &'static str,
    /// As it stands there; empty: nobody.
    pub teacher: String,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub line: usize,
    /// From Monday, 0.
    pub weekday: Option<usize>,
    /// The key of the words.
    pub key: &'static str,
    pub text: String,
}

/// Lines of cells as spreadsheets copy them: tabs between, and a cell that holds tabs, breaks or quotes in quotes. Each line
/// comes with the number of its first line in the text.
fn cells(text: &str) -> Vec<(usize, Vec<String>)> {
    let mut out = Vec::new();
    let (mut row, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let (mut line, mut begun) = (1, 1);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() => quoted = true,
            '\r' => {}
            '\n' if quoted => {
                line += 1;
                cell.push(' ');
            }
            '\n' => {
                row.push(std::mem::take(&mut cell));
                out.push((begun, std::mem::take(&mut row)));
                line += 1;
                begun = line;
            }
            '\t' if quoted => cell.push(' '),
            '\t' => row.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        out.push((begun, row));
    }
    out
}

/// The period that a cell names.
fn bell(cell: &str, bells: &[Bell]) -> Option<usize> {
    let cell = plain(cell);
    if cell.is_empty() {
        return None;
    }
    if let Some(at) = bells.iter().position(|b| plain(&b.name) == cell) {
        return Some(at);
    }
    // An hour, with or without the one at which it ends.
    let hour = cell.split(['-', '–', '—', '~', '～']).next().unwrap_or_default().trim().replace('：', ":");
    if let Some(minute) = days::minute(&hour) {
        return bells.iter().position(|b| days::minute(&b.starts) == Some(minute));
    }
    let bare = cell.trim_start_matches('第').trim_end_matches(['节', '课']).trim();
    let bare = bare.strip_prefix("period").unwrap_or(bare).trim();
    let number = bare.parse::<i64>().ok().or_else(|| {
        let han: Vec<char> = "一二三四五六七八九十".chars().collect();
        let mut chars = bare.chars();
        let one = chars.next().and_then(|c| han.iter().position(|h| *h == c))?;
        let place = |n: usize| i64::try_from(n + 1).ok();
        match chars.next() {
            None => place(one),
            Some(c) if one == 9 && chars.next().is_none() => place(han.iter().position(|h| *h == c)? + 10),
            Some(_) => None,
        }
    })?;
    bells.iter().position(|b| b.position == number)
}

/// The cells of a line that hold something, with their places.
fn filled(row: &[String]) -> Vec<(usize, &str)> {
    row.iter().map(|c| c.trim()).enumerate().filter(|(_, c)| !c.is_empty()).collect()
}

/// The days that a line names, with their places, where it is a line of days.
fn header(filled: &[(usize, &str)], terms: &Terms) -> Vec<(usize, usize)> {
    let days: Vec<(usize, usize)> = filled.iter().filter_map(|(at, cell)| Some((*at, terms.day(cell)?))).collect();
    let alone = days.len() == 1 && filled.len() <= 2 && days.first().is_some_and(|d| d.0 > 0);
    if days.len() > 1 || alone { days } else { Vec::new() }
}

/// Reads what was pasted; `class` is whose week it is where no line says so.
pub(crate) fn read(text: &str, class: &str, bells: &[Bell], terms: &Terms) -> (Vec<Pasted>, Vec<Wrong>) {
    let (mut out, mut wrong) = (Vec::new(), Vec::new());
    let mut class = class.trim().to_owned();
    let mut columns: Vec<(usize, usize)> = Vec::new();
    let mut taken = BTreeSet::new();
    let lines = cells(text);
    let mut say = |line, weekday, key, text: &str| wrong.push(Wrong { line, weekday, key, text: text.to_owned() });
    if let Some((line, _)) = lines.get(MAX_LINES) {
        say(*line, None, "timetable-paste-much", "");
    }
    let lines: Vec<(usize, Vec<(usize, &str)>)> = lines
        .iter()
        .take(MAX_LINES)
        .map(|(line, row)| (*line, filled(row)))
        .filter(|(_, row)| !row.is_empty())
        .collect();
    for (n, (line, filled)) in lines.iter().enumerate() {
        let (line, header) = (*line, header(filled, terms));
        let before_days = || lines.get(n + 1).is_some_and(|(_, next)| !self::header(next, terms).is_empty());
        match filled.as_slice() {
            // A line of days; before them may stand the class.
            _ if !header.is_empty() => {
                let days: BTreeSet<usize> = header.iter().map(|(_, day)| *day).collect();
                if days.len() < header.len() {
                    say(line, None, "timetable-paste-day-twice", "");
                }
                let first = header.first().map_or(0, |h| h.0);
                if let Some((_, before)) = filled.iter().find(|(at, cell)| *at < first && is_class(cell)) {
                    (*before).clone_into(&mut class);
                }
                columns = header;
                continue;
            }
            // A line with one cell is a class, and not a break between periods, by its name or where it stands.
            [(_, one)] if bell(one, bells).is_none() && (is_class(one) || columns.is_empty() || before_days()) => {
                (*one).clone_into(&mut class);
                columns.clear();
                continue;
            }
            _ => {}
        }
        let Some(first) = columns.first().map(|c| c.0) else {
            say(line, None, "timetable-paste-no-days", filled.first().map_or("", |f| f.1));
            continue;
        };
        let has = filled.iter().any(|(at, _)| *at >= first);
        let names: Vec<&str> = filled.iter().filter(|(at, _)| *at < first).map(|f| f.1).collect();
        let Some(bell) = names.iter().find_map(|n| bell(n, bells)) else {
            // A break between periods has nothing under its days.
            if has {
                say(line, None, "timetable-paste-no-period", &names.join(" "));
            }
            continue;
        };
        for (at, cell) in filled.iter().filter(|(at, _)| *at >= first) {
            let Some((_, weekday)) = columns.iter().find(|(c, _)| c == at) else {
                say(line, None, "timetable-paste-beyond", cell);
                continue;
            };
            let Some((subject, teacher)) = terms.subject(cell) else {
                say(line, Some(*weekday), "timetable-paste-no-subject", cell);
                continue;
            };
            if class.is_empty() {
                say(line, Some(*weekday), "timetable-paste-no-class", "");
                continue;
            }
            if class.chars().count() > crate::facts::MAX_CLASS {
                say(line, Some(*weekday), "timetable-paste-long-class", &class);
                continue;
            }
            if !taken.insert((class.clone(), *weekday, bell)) {
                say(line, Some(*weekday), "timetable-paste-twice", cell);
                continue;
            }
            out.push(Pasted { line, class: class.clone(), weekday: *weekday, bell, subject, teacher });
        }
    }
    if out.is_empty() && wrong.is_empty() {
        wrong.push(Wrong { line: 1, weekday: None, key: "timetable-paste-nothing", text: String::new() });
    }
    (out, wrong)
}

/// Whether a cell before the days names a class, and not what the lines are called.
fn is_class(cell: &str) -> bool {
    days::grade_of(cell).is_some() || cell.ends_with('班') || plain(cell).starts_with("class ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> Terms {
        let days = [("周一", 0), ("星期一", 0), ("Monday", 0), ("周二", 1), ("周三", 2)];
        let subjects = [
            ("语文", "chinese"),
            ("藏语文", "tibetan"),
            ("数学", "mathematics"),
            ("art", "art"),
            ("mathematics", "mathematics"),
        ];
        Terms::new(days.map(|(w, d)| (w.to_owned(), d)).to_vec(), subjects.map(|(w, s)| (w.to_owned(), s)).to_vec())
    }

    fn bells() -> Vec<Bell> {
        let bell = |position, name: &str, starts: &str| Bell { position, name: name.into(), starts: starts.into() };
        vec![bell(1, "第一节", "09:30"), bell(2, "第二节", "10:20"), bell(3, "晚自习", "19:00")]
    }

    fn read_all(text: &str) -> Vec<(String, usize, usize, &'static str, String)> {
        let (out, wrong) = read(text, "三年级1班", &bells(), &terms());
        assert_eq!(wrong, []);
        out.into_iter().map(|p| (p.class, p.weekday, p.bell, p.subject, p.teacher)).collect()
    }

    #[test]
    fn a_week_is_read_as_spreadsheets_copy_it() {
        let text = "节次\t周一\t周二\r\n1\t语文 次仁\t藏语文（卓玛）\r\n午休\t\t\r\n第二节\t\"数学\n达瓦\"\t\r\n19:00-20:00\t\tart";
        let one = |weekday, bell, subject, teacher: &str| {
            ("三年级1班".to_owned(), weekday, bell, subject, teacher.to_owned())
        };
        assert_eq!(
            read_all(text),
            [
                one(0, 0, "chinese", "次仁"),
                one(1, 0, "tibetan", "卓玛"),
                one(0, 1, "mathematics", "达瓦"),
                one(1, 2, "art", ""),
            ]
        );
    }

    #[test]
    fn classes_follow_each_other_by_a_line_or_before_the_days() {
        let text = "三年级2班\n\t周一\n1\t语文\n\n四年级1班\t\tMonday\t周二\n上午\t第二节\tMathematics Tsering\t数学-";
        let found = read_all(text);
        assert_eq!(found.iter().map(|f| f.0.as_str()).collect::<Vec<_>>(), ["三年级2班", "四年级1班", "四年级1班"]);
        assert_eq!((found[1].3, found[1].4.as_str()), ("mathematics", "Tsering"));
        assert_eq!(found[2].4, "", "a dash is nobody");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_day() {
        let text = "\t周一\t周二\n1\t语文\t跳舞\n九\t数学\n2\t语文\t\t数学\n第二节\t数学\n";
        let (out, wrong) = read(text, "三年级1班", &bells(), &terms());
        assert_eq!(out.len(), 2);
        let said: Vec<_> = wrong.iter().map(|w| (w.line, w.weekday, w.key, w.text.as_str())).collect();
        assert_eq!(
            said,
            [
                (2, Some(1), "timetable-paste-no-subject", "跳舞"),
                (3, None, "timetable-paste-no-period", "九"),
                (4, None, "timetable-paste-beyond", "数学"),
                (5, Some(0), "timetable-paste-twice", "数学"),
            ]
        );
        let keys = |text: &str, class: &str| {
            read(text, class, &bells(), &terms()).1.into_iter().map(|w| w.key).collect::<Vec<_>>()
        };
        assert_eq!(keys("1\t语文", "x"), ["timetable-paste-no-days"]);
        assert_eq!(keys("", "x"), ["timetable-paste-nothing"]);
        assert_eq!(keys("\t周一\n1\t语文", ""), ["timetable-paste-no-class"]);
        assert_eq!(keys("\t周一\t星期一\n1\t语文", "x"), ["timetable-paste-day-twice"]);
        assert_eq!(keys(&"1\n".repeat(MAX_LINES + 1), "x").first(), Some(&"timetable-paste-much"));
    }

    #[test]
    fn no_text_makes_it_fail() {
        for text in ["\"", "\t\t\t\n\"\"\"", "周一\t周二", "\u{0}\t周一\n\u{0}\t语文", "1\t\n\t1\n"] {
            let _ = read(text, "", &bells(), &terms());
        }
    }
}
