//! How the parts of a plan are called where teachers write them in office programs.

use crate::outline::{COLUMNS, PROCESS};

/// Headings of parts; those that Zampa itself writes are among them.
const HEADINGS: [(&str, &[&str]); 8] = [
    (
        "aims",
        &[
            "教学目标",
            "学习目标",
            "教学目的",
            "素养目标",
            "核心素养目标",
            "三维目标",
            "目标",
            "aims",
            "aim",
            "objectives",
            "learning objectives",
            "lesson objectives",
            "goals",
            "སློབ་ཁྲིད་དམིགས་ཡུལ",
        ],
    ),
    (
        "key",
        &[
            "教学重点",
            "重点",
            "教学重难点",
            "教学重、难点",
            "教学重点难点",
            "教学重点、难点",
            "教学重点和难点",
            "重点难点",
            "重难点",
            "key points",
            "key point",
            "གནད་དོན་གཙོ་བོ",
        ],
    ),
    ("hard", &["教学难点", "难点", "hard points", "difficult points", "difficulties", "དཀའ་གནད"]),
    (
        "materials",
        &[
            "教学准备",
            "课前准备",
            "教具",
            "教具准备",
            "教具学具",
            "教学用具",
            "教学资源",
            "教学具准备",
            "materials",
            "resources",
            "preparation",
            "equipment",
            "སློབ་ཁྲིད་གྲ་སྒྲིག",
        ],
    ),
    (
        PROCESS,
        &[
            "教学过程",
            "教学流程",
            "教学步骤",
            "教学过程设计",
            "过程",
            "process",
            "procedure",
            "lesson procedure",
            "teaching procedure",
            "activities",
            "སློབ་ཁྲིད་བརྒྱུད་རིམ",
        ],
    ),
    ("board", &["板书设计", "板书", "board", "board plan", "board work", "blackboard", "ནག་པང་བཀོད་སྒྲིག"]),
    ("homework", &["作业布置", "作业设计", "布置作业", "课后作业", "作业", "homework", "assignment", "ནང་སྦྱོང"]),
    (
        "reflection",
        &["教学反思", "课后反思", "反思", "教学后记", "课后记", "reflection", "after the lesson", "སློབ་ཁྲིད་བསམ་གཞིག"],
    ),
];

const COLUMN_HEADINGS: [(Column, &[&str]); 5] = [
    (
        Column::Stage,
        &[
            "环节",
            "教学环节",
            "教学步骤",
            "步骤",
            "阶段",
            "教学阶段",
            "流程",
            "stage",
            "step",
            "phase",
            "steps",
            "གོམ་པ",
        ],
    ),
    (Column::Minutes, &["时间", "分钟", "用时", "时长", "minutes", "time", "min", "སྐར་མ"]),
    (
        Column::Of("teacher"),
        &[
            "教师活动",
            "教师",
            "教师行为",
            "教师的活动",
            "教师引导",
            "老师活动",
            "师",
            "teacher",
            "teacher activity",
            "teacher activities",
            "teacher's activity",
            "teacher's activities",
            "དགེ་རྒན",
        ],
    ),
    (
        Column::Of("pupils"),
        &[
            "学生活动",
            "学生",
            "学生行为",
            "学生的活动",
            "生",
            "pupils",
            "students",
            "pupil activities",
            "student activity",
            "student activities",
            "སློབ་མ",
        ],
    ),
    (
        Column::Of("adult"),
        &[
            "本地助教(同步课堂)",
            "本地助教",
            "助教",
            "助教活动",
            "local adult (live class)",
            "local adult",
            "local teacher",
            "ས་གནས་ཀྱི་རོགས་པ",
        ],
    ),
];

/// What a column of a table of steps holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Stage,
    Minutes,
    /// One of [`COLUMNS`].
    Of(&'static str),
}

/// The part that a heading names.
pub(crate) fn part_of(heading: &str) -> Option<&'static str> {
    let heading = bare(heading);
    HEADINGS.iter().find(|(_, said)| said.contains(&heading.as_str())).map(|(part, _)| *part)
}

/// The part that a line begins with, and what stands behind its colon or bracket.
pub(crate) fn part_before(line: &str) -> Option<(&'static str, &str)> {
    let line = line.trim();
    let closing = if line.starts_with('【') { &['】'][..] } else { &[':', '\u{ff1a}'][..] };
    let (heading, rest) = line.split_once(closing)?;
    Some((part_of(heading)?, rest.trim_start_matches([':', '\u{ff1a}']).trim_start()))
}

/// The column that a cell of a table's head names.
pub(crate) fn column_of(heading: &str) -> Option<Column> {
    let heading = bare(heading);
    COLUMN_HEADINGS.iter().find(|(_, said)| said.contains(&heading.as_str())).map(|(column, _)| *column)
}

/// The columns of a table of steps, if this row is its head: what the teacher or the pupils do stands in it.
pub(crate) fn columns_of(row: &[String]) -> Option<Vec<Option<Column>>> {
    let columns: Vec<Option<Column>> = row.iter().map(|cell| column_of(cell)).collect();
    let known = columns.iter().flatten().count();
    let acts = columns.iter().flatten().any(|c| matches!(c, Column::Of(name) if COLUMNS.contains(name)));
    (known >= 2 && acts).then_some(columns)
}

/// A heading without its number, brackets, colon and spaces, in small letters.
fn bare(heading: &str) -> String {
    let said: String = heading.trim().to_lowercase().replace('\u{ff08}', "(").replace('\u{ff09}', ")");
    // Chinese headings are often spaced out to one width; English ones keep the space between words.
    let spaced = said.chars().any(|c| c.is_ascii_alphabetic());
    let said: String = said.chars().filter(|c| !c.is_whitespace() || (spaced && *c == ' ')).collect();
    let said = said.trim_end_matches([':', '\u{ff1a}', '。', '.', '、', '།', '་', '】', ']']);
    let said = said.trim_start_matches(['【', '[', '*', '•', '■', '◆', '●']);
    let number = |c: char| c.is_ascii_digit() || "一二三四五六七八九十(第".contains(c);
    let after = said.trim_start_matches(number);
    // A number is only one where a mark follows it: 三维目标 begins with none.
    let said = if after.len() < said.len() && after.starts_with(['、', '.', '\u{ff0e}', ')', ' ']) {
        after.trim_start_matches(['、', '.', '\u{ff0e}', ')', ' '])
    } else {
        said
    };
    said.trim().to_owned()
}

/// The minutes that a text names, and the text without them: "导入(5分钟)" is 5 and "导入".
pub(crate) fn minutes_in(text: &str) -> Option<(u32, String)> {
    let digits = |c: char| c.is_ascii_digit();
    let mut from = 0;
    while let Some(start) = text.get(from..)?.find(digits).map(|i| i + from) {
        let rest = text.get(start..)?;
        let end = start + rest.find(|c| !digits(c)).unwrap_or(rest.len());
        let unit = text.get(end..)?.trim_start();
        let named = ["分钟", "分", "minutes", "minute", "min", "'", "′", "’", "སྐར་མ"];
        if let Some(said) = named.iter().find(|u| unit.to_lowercase().starts_with(**u)) {
            let minutes: u32 = text.get(start..end)?.parse().ok().filter(|m| *m <= 240)?;
            let after = unit.get(said.len()..).unwrap_or_default();
            let open = ['(', '\u{ff08}', '[', '约', ' ', ',', '\u{ff0c}'];
            let close = [')', '\u{ff09}', ']', ' ', '.', '།'];
            let before = text.get(..start)?.trim_end_matches(open);
            return Some((minutes, format!("{before}{}", after.trim_start_matches(close)).trim().to_owned()));
        }
        from = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outline::PARTS;

    #[test]
    fn headings_are_known_however_they_are_numbered() {
        for (said, part) in [
            ("教学目标", "aims"),
            ("一、教学目标\u{ff1a}", "aims"),
            ("(三)教 学 难 点", "hard"),
            ("三维目标", "aims"),
            ("5.板书设计", "board"),
            ("Learning Objectives:", "aims"),
            ("2. Homework", "homework"),
        ] {
            assert_eq!(part_of(said), Some(part), "{said}");
        }
        for said in ["", "小明说:教学很好", "第一课时", "2026"] {
            assert_eq!(part_of(said), None, "{said}");
        }
        assert_eq!(part_before("【教学重点】认识分数"), Some(("key", "认识分数")));
        assert_eq!(part_before("作业\u{ff1a}练习三"), Some(("homework", "练习三")));
        assert_eq!(part_before("Note: homework"), None);
    }

    #[test]
    fn what_zampa_writes_is_what_it_reads() {
        let words = [include_str!("../words/zh.ftl"), include_str!("../words/en.ftl"), include_str!("../words/bo.ftl")];
        for line in words.iter().flat_map(|w| w.lines()) {
            let Some((key, said)) = line.split_once(" = ") else { continue };
            if let Some(part) = key.strip_prefix("plan-part-") {
                assert_eq!(part_of(said), PARTS.iter().copied().find(|p| *p == part), "{said}");
            }
            if let Some(column) = key.strip_prefix("plan-column-") {
                assert!(column_of(said).is_some(), "{column}: {said}");
            }
        }
    }

    #[test]
    fn minutes_stand_beside_a_step_in_many_ways() {
        for (said, minutes, rest) in [
            ("导入\u{ff08}5分钟\u{ff09}", 5, "导入"),
            ("Lead-in (5 min)", 5, "Lead-in"),
            ("12 Minutes", 12, ""),
            ("第2环节 探究 10′", 10, "第2环节 探究"),
            ("6 སྐར་མ།", 6, ""),
        ] {
            assert_eq!(minutes_in(said), Some((minutes, rest.to_owned())), "{said}");
        }
        assert_eq!(minutes_in("第3课 9月"), None);
        assert_eq!(minutes_in("99999999999分"), None);
    }
}
