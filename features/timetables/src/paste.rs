//! A whole week that is pasted from a spreadsheet: checked line by line, shown again with what is wrong, and written at once or
//! not at all.

use std::collections::BTreeMap;

use askama::Template;
use base::{Date, Subject};
use log::{Context, Tx};
use records::vocabulary::SUBJECTS;
use register::{Look, Refusal, change_in};
use rusqlite::Connection;
use web::{PageError, Reply, Request, Shell, Site, escape};

use crate::days::DAYS;
use crate::facts::{LESSON, MAX_CLASS};
use crate::read::{self, Lesson, Period};
use crate::sheet::{Bell, Pasted, Terms, Wrong, read as read_sheet};
use crate::write::{New, differs, done, put};

/// Other words that timetables use for a subject.
const ALSO: [(&str, &str); 14] = [
    ("藏文", "tibetan"),
    ("藏语", "tibetan"),
    ("信息技术", "computing"),
    ("信息", "computing"),
    ("电脑", "computing"),
    ("品德", "civics"),
    ("道法", "civics"),
    ("政治", "civics"),
    ("体育与健康", "sport"),
    ("体健", "sport"),
    ("劳技", "labour"),
    ("心理", "mental_health"),
    ("maths", "mathematics"),
    ("PE", "sport"),
];
const SHORT_DAYS: [(&str, usize); 16] = [
    ("周一", 0),
    ("周二", 1),
    ("周三", 2),
    ("周四", 3),
    ("周五", 4),
    ("周六", 5),
    ("周日", 6),
    ("周天", 6),
    ("礼拜一", 0),
    ("Mon", 0),
    ("Tue", 1),
    ("Wed", 2),
    ("Thu", 3),
    ("Fri", 4),
    ("Sat", 5),
    ("Sun", 6),
];
/// What is wrong that a page shows at once.
const MAX_SHOWN: usize = 30;

#[derive(Template)]
#[template(path = "paste.html")]
struct PastePage<'a> {
    s: Shell<'a>,
    id: String,
    back: String,
    school: String,
    /// There are bell times.
    rings: bool,
    classes: Vec<String>,
    class: String,
    text: String,
    starts_on: String,
    ends_on: String,
    replace: bool,
    errors: Vec<String>,
    more: i64,
    checked: Option<String>,
    example: String,
}

/// What was typed, with what came of it.
#[derive(Default)]
struct Typed {
    class: String,
    text: String,
    starts_on: String,
    ends_on: String,
    replace: bool,
    wrong: Vec<Wrong>,
    checked: Option<Counts>,
}

/// What pasting would do, or did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    new: i64,
    changed: i64,
    same: i64,
}

/// The form.
pub(crate) fn page(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let html = site.store.read(|conn| {
        let reader = request.reader()?;
        if !read::school(site, conn, reader, &id)?.writes {
            return Err(PageError::NotAllowed);
        }
        let days = read::default_days(&read::of_school(conn, reader, &id)?, site.today());
        let typed = Typed {
            class: request.query("class").unwrap_or_default().to_owned(),
            starts_on: days.0.to_string(),
            ends_on: days.1.to_string(),
            ..Typed::default()
        };
        shown(site, request, conn, &id, &typed)
    })?;
    Ok(Reply::Page(html))
}

fn shown(site: &Site, request: &Request, conn: &Connection, id: &Subject, typed: &Typed) -> Result<String, PageError> {
    let reader = request.reader()?;
    let look = Look::new(site, request, conn);
    let words = look.words;
    let label = |field, word: &str| register::label(&words, &LESSON, LESSON.field(field), word);
    let said = |w: &Wrong| {
        let text = words.with(w.key, &[("text", (&w.text).into())]);
        let line = i64::try_from(w.line).unwrap_or(0);
        match w.weekday.and_then(|d| DAYS.get(d)) {
            Some(day) => words.with(
                "timetable-paste-at-day",
                &[("n", line.into()), ("day", (&label("weekday", day)).into()), ("text", (&text).into())],
            ),
            None => words.with("timetable-paste-at", &[("n", line.into()), ("text", (&text).into())]),
        }
    };
    let periods = read::periods(conn, reader, id)?;
    let first = periods.first().map_or_else(|| "1".to_owned(), |p| p.name.clone());
    let example = format!(
        "\t{}\t{}\n{first}\t{} {}\t{}",
        label("weekday", "monday"),
        label("weekday", "tuesday"),
        label("subject", "chinese"),
        words.get("timetable-paste-name"),
        label("subject", "mathematics"),
    );
    let page = PastePage {
        id: id.to_string(),
        back: format!("/timetables/{id}"),
        school: look.title(read::kind(site, "organisation")?, id)?,
        rings: !periods.is_empty(),
        classes: read::classes(read::of_school(conn, reader, id)?.iter()),
        class: typed.class.clone(),
        text: typed.text.clone(),
        starts_on: typed.starts_on.clone(),
        ends_on: typed.ends_on.clone(),
        replace: typed.replace,
        errors: typed.wrong.iter().take(MAX_SHOWN).map(said).collect(),
        more: i64::try_from(typed.wrong.len().saturating_sub(MAX_SHOWN)).unwrap_or(0),
        checked: typed.checked.map(|c| {
            words.with(
                "timetable-paste-would",
                &[("new", c.new.into()), ("changed", c.changed.into()), ("same", c.same.into())],
            )
        }),
        example,
        s: Shell::new(site, request, words.get("timetable-paste")),
    };
    Ok(page.render()?)
}

/// The words that are understood, in every language.
fn terms(site: &Site) -> Terms {
    let mut days: Vec<(String, usize)> = Vec::new();
    for (n, day) in DAYS.iter().enumerate() {
        days.extend(
            crate::pages::in_languages(site, &format!("timetable_lesson-weekday-{day}")).into_iter().map(|w| (w, n)),
        );
        for lang in [base::Lang::Zh, base::Lang::Bo, base::Lang::En] {
            let words = site.words(lang, None);
            days.push((words.with("weekday-name", &[("weekday", (n + 1).into())]), n));
        }
    }
    days.extend(SHORT_DAYS.map(|(w, d)| (w.to_owned(), d)));
    let mut subjects: Vec<(String, &'static str)> = ALSO.map(|(w, s)| (w.to_owned(), s)).to_vec();
    for subject in SUBJECTS {
        subjects
            .extend(crate::pages::in_languages(site, &format!("word-{subject}")).into_iter().map(|w| (w, *subject)));
    }
    Terms::new(days, subjects)
}

/// Checks what was pasted, or writes it.
pub(crate) fn save(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let reader = request.reader()?;
    let form = |name| request.form(name).unwrap_or_default();
    let mut typed = Typed {
        class: text::clean_line(form("class"), MAX_CLASS).unwrap_or_default(),
        text: form("text").to_owned(),
        starts_on: form("starts_on").trim().to_owned(),
        ends_on: form("ends_on").trim().to_owned(),
        replace: form("replace") == "yes",
        ..Typed::default()
    };
    let since = site.now_ms();
    let only_checks = form("do") == "check";
    let result = site.store.write(Context { author: reader.person }, |tx| {
        if !read::school(site, tx.conn(), reader, &id)?.writes {
            return Err(Stopped::Page(PageError::NotAllowed));
        }
        let counts = Paste::read(site, request, tx.conn(), id, &typed)?.write(tx, site, request)?;
        // What is only checked is written too, and rolled back: so the check is the writing itself.
        if only_checks { Err(Stopped::Checked(counts)) } else { Ok(counts) }
    });
    match result {
        Ok(_) => {
            let to = match request.form("class").filter(|c| !c.is_empty()) {
                Some(class) => format!("/timetables/{id}?class={}", escape(class)),
                None => format!("/timetables/{id}"),
            };
            return Ok(done(to, "timetable-pasted", &id, since, None));
        }
        Err(Stopped::Checked(counts)) => typed.checked = Some(counts),
        Err(Stopped::Wrong(wrong)) => typed.wrong = wrong,
        Err(Stopped::Page(e)) => return Err(e),
    }
    let html = site.store.read(|conn| shown(site, request, conn, &id, &typed))?;
    Ok(if typed.wrong.is_empty() { Reply::Page(html) } else { Reply::Invalid(html) })
}

/// Why nothing was written.
enum Stopped {
    Wrong(Vec<Wrong>),
    Checked(Counts),
    Page(PageError),
}

impl From<PageError> for Stopped {
    fn from(e: PageError) -> Self {
        Self::Page(e)
    }
}
impl From<log::LogError> for Stopped {
    fn from(e: log::LogError) -> Self {
        Self::Page(e.into())
    }
}

/// A week that was understood.
struct Paste {
    school: Subject,
    rows: Vec<(Pasted, Option<Subject>)>,
    periods: Vec<Period>,
    days: (Date, Date),
    replace: bool,
    old: Vec<Lesson>,
}

impl Paste {
    fn read(
        site: &Site,
        request: &Request,
        conn: &Connection,
        school: Subject,
        typed: &Typed,
    ) -> Result<Self, Stopped> {
        let reader = request.reader()?;
        let at_top =
            |key: &'static str| Stopped::Wrong(vec![Wrong { line: 1, weekday: None, key, text: String::new() }]);
        let day = |text: &str| text.parse::<Date>().map_err(|_| at_top("timetable-bad-days"));
        let days = (day(&typed.starts_on)?, day(&typed.ends_on)?);
        if days.1 < days.0 {
            return Err(at_top("timetable-bad-days"));
        }
        let periods = read::periods(conn, reader, &school)?;
        let bell = |p: &Period| Bell { position: p.position, name: p.name.clone(), starts: p.starts.clone() };
        let bells: Vec<Bell> = periods.iter().map(bell).collect();
        let (pasted, mut wrong) = read_sheet(&typed.text, &typed.class, &bells, &terms(site));
        let named = names(site, request, conn, &school)?;
        let mut rows = Vec::new();
        for row in pasted {
            let found = named.get(&row.teacher.to_lowercase()).map(Vec::as_slice).unwrap_or_default();
            let teacher = match found {
                _ if row.teacher.is_empty() => None,
                [one] => Some(*one),
                several => {
                    let key =
                        if several.is_empty() { "timetable-paste-no-teacher" } else { "timetable-paste-two-teachers" };
                    wrong.push(Wrong { line: row.line, weekday: Some(row.weekday), key, text: row.teacher.clone() });
                    continue;
                }
            };
            rows.push((row, teacher));
        }
        if !wrong.is_empty() {
            wrong.sort_by_key(|w| (w.line, w.weekday));
            return Err(Stopped::Wrong(wrong));
        }
        let old = read::of_school(conn, reader, &school)?;
        Ok(Self { school, rows, periods, days, replace: typed.replace, old })
    }

    /// Writes what differs, and says what was wrong with which line.
    fn write(self, tx: &Tx<'_>, site: &Site, request: &Request) -> Result<Counts, Stopped> {
        let mut counts = Counts::default();
        let mut wrong = Vec::new();
        let mut doing = Vec::new();
        for (row, teacher) in &self.rows {
            let Some(period) = self.periods.get(row.bell) else { continue };
            let there = |l: &&Lesson| {
                l.class == row.class
                    && l.weekday == row.weekday
                    && l.period == period.id
                    && l.within(self.days.0, self.days.1)
            };
            let at = |key, text: String| Wrong { line: row.line, weekday: Some(row.weekday), key, text };
            match self.old.iter().find(there) {
                None => doing.push((row, *teacher, period.id, None)),
                Some(old) => match differs(old, row.subject, *teacher, (old.starts_on, old.ends_on)) {
                    None => counts.same += 1,
                    Some(_) if !self.replace => {
                        wrong.push(at("timetable-paste-filled", Self::said(site, request, tx.conn(), old)?));
                    }
                    Some(change) => doing.push((row, *teacher, period.id, Some((old.id, change)))),
                },
            }
        }
        // Two teachers who change places: who goes away is taken out first.
        for (_, _, _, change) in &doing {
            let Some((id, change)) = change else { continue };
            if change.set.contains_key("teacher") {
                let empty = records::Change::new().with("teacher", records::Value::Null);
                change_in(tx, site, request.reader()?, &LESSON, *id, empty, None).map_err(stopped)?;
            }
        }
        for (row, teacher, period, change) in doing {
            let result = match change {
                Some((id, change)) => {
                    counts.changed += 1;
                    change_in(tx, site, request.reader()?, &LESSON, id, change, None)
                }
                None => {
                    counts.new += 1;
                    let (class, subject) = (row.class.as_str(), row.subject);
                    let new = New {
                        school: self.school,
                        class,
                        weekday: row.weekday,
                        period,
                        subject,
                        teacher,
                        days: self.days,
                    };
                    put(tx, site, request, &new).map(drop)
                }
            };
            let at = |key, text: &str| Wrong { line: row.line, weekday: Some(row.weekday), key, text: text.to_owned() };
            match result {
                Ok(()) => {}
                Err(Refusal::Page(PageError::Rule(code))) if code == "timetable_lesson-teacher-twice" => {
                    wrong.push(at("timetable-paste-busy", &row.teacher));
                }
                Err(Refusal::Page(PageError::Rule(_))) => wrong.push(at("timetable-paste-overlaps", &row.class)),
                Err(other) => return Err(stopped(other)),
            }
        }
        if wrong.is_empty() { Ok(counts) } else { Err(Stopped::Wrong(wrong)) }
    }

    fn said(site: &Site, request: &Request, conn: &Connection, old: &Lesson) -> Result<String, PageError> {
        let look = Look::new(site, request, conn);
        let subject = register::label(&look.words, &LESSON, LESSON.field("subject"), &old.subject);
        let teacher = old.teacher.map(|t| look.title(read::kind(site, "person")?, &t)).transpose()?;
        Ok(teacher.map_or(subject.clone(), |t| format!("{subject} {t}")))
    }
}

fn stopped(refusal: Refusal) -> Stopped {
    match refusal {
        Refusal::Page(e) => Stopped::Page(e),
        Refusal::Fields(_) => Stopped::Page(PageError::Malformed("a field cannot take this value")),
    }
}

/// The people who teach at a school, by their names in every script.
fn names(
    site: &Site,
    request: &Request,
    conn: &Connection,
    school: &Subject,
) -> Result<BTreeMap<String, Vec<Subject>>, PageError> {
    let look = Look::new(site, request, conn);
    let mut out: BTreeMap<String, Vec<Subject>> = BTreeMap::new();
    for (id, _) in read::teachers(&look, site, request.reader()?, school)? {
        let mut stmt = conn.prepare_cached(
            "SELECT name FROM person WHERE id = ?1 UNION SELECT j.value FROM person p, json_each(p.names) j WHERE p.id = ?1",
        )?;
        for name in stmt.query_map([id.as_bytes()], |r| r.get::<_, Option<String>>(0))? {
            if let Some(name) = name? {
                out.entry(name.to_lowercase()).or_default().push(id);
            }
        }
    }
    Ok(out)
}
