//! A series: classes of several schools that work on one thing over weeks. Each school names its adult in it; who keeps it plans
//! the weeks, and every class that comes of it is a class as any other.

use askama::Template;
use base::{Date, Subject};
use jiff::ToSpan;
use jiff::civil::Time;
use log::{Context, Tx};
use records::{Change, Value, append, record_scope};
use register::Look;
use rusqlite::{Connection, OptionalExtension};
use web::{PageError, Reply, Request, Shell, Site};

use crate::facts::{CLASS_ROOM, CLASS_SERIES, LIVE_CLASS, SERIES_SCHOOL};

/// Weeks that are planned at once: a term.
const MAX_WEEKS: i64 = 20;
/// Classes of a series that its page shows.
const MAX_SHOWN: i64 = 200;
/// Schools without which classes are not held together.
const LEAST_SCHOOLS: usize = 2;

#[derive(Template)]
#[template(path = "series.html")]
struct SeriesPart<'a> {
    s: Shell<'a>,
    id: String,
    schools: Vec<SchoolLine>,
    /// Why no weeks can be planned yet.
    lacks: Option<String>,
    /// A school can be added.
    adds: bool,
    classes: Vec<ClassLine>,
    /// Weeks can be planned: from which day, at which hour.
    plans: Option<(String, String)>,
    most: i64,
}

struct SchoolLine {
    id: String,
    title: String,
    region: String,
    adult: Option<String>,
}

struct ClassLine {
    id: String,
    title: String,
    day: String,
    state: String,
    tone: &'static str,
    replay: bool,
}

/// A school in a series.
struct School {
    id: Subject,
    organisation: Subject,
    grade: Option<String>,
    person: Option<Subject>,
    byline: String,
}

impl School {
    /// Somebody answers for its pupils, by name.
    fn has_adult(&self) -> bool {
        self.person.is_some() && !self.byline.is_empty()
    }
}

fn subject(bytes: Option<Vec<u8>>) -> Option<Subject> {
    bytes.and_then(|b| Subject::try_from(b.as_slice()).ok())
}

/// The schools of a series, with the names of their adults as they are now, or as they were when they were named.
fn schools(conn: &Connection, series: &Subject) -> Result<Vec<School>, PageError> {
    let mut stmt = conn.prepare_cached(
        "SELECT id, school, grade, person, coalesce(byline, '') FROM series_school WHERE series = ?1 ORDER BY made, id",
    )?;
    let rows = stmt.query_map([series.as_bytes()], |r| {
        let (id, school): (Vec<u8>, Option<Vec<u8>>) = (r.get(0)?, r.get(1)?);
        Ok((subject(Some(id)), subject(school), r.get(2)?, subject(r.get(3)?), r.get::<_, String>(4)?))
    })?;
    let mut out = Vec::new();
    for row in rows {
        let (Some(id), Some(organisation), grade, person, known) = row? else { continue };
        let now = person.map(|p| register::byline(conn, p)).and_then(Result::ok);
        out.push(School { id, organisation, grade, person, byline: now.unwrap_or(known) });
    }
    Ok(out)
}

/// Why no weeks can be planned: too few schools, or one that has nobody who answers for its pupils.
fn lacking(schools: &[School]) -> Option<&'static str> {
    if schools.len() < LEAST_SCHOOLS {
        Some("rule-series-schools")
    } else if schools.iter().any(|s| !s.has_adult()) {
        Some("rule-series-adult")
    } else {
        None
    }
}

/// The part of a series' page: its schools, its classes, and the form that plans more.
pub(crate) fn part(site: &Site, request: &Request, conn: &Connection, id: &Subject) -> Result<String, PageError> {
    let reader = request.reader()?;
    let look = Look::new(site, request, conn);
    let schools = schools(conn, id)?;
    let lacks = lacking(&schools);
    let (state, starts_on, starts_at): (String, String, String) = conn
        .prepare_cached(
            "SELECT coalesce(state, ''), coalesce(starts_on, ''), coalesce(starts_at, '') FROM class_series WHERE id = ?1",
        )?
        .query_row([id.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
    let keeps = state == "open" && register::may_change(conn, reader, &CLASS_SERIES, id).is_ok();
    let line = |s: &School| {
        let region: Option<String> = conn
            .prepare_cached("SELECT region FROM organisation WHERE id = ?1")?
            .query_row([s.organisation.as_bytes()], |r| r.get(0))
            .optional()?
            .flatten();
        Ok::<_, PageError>(SchoolLine {
            id: s.id.to_string(),
            title: look.title(&SERIES_SCHOOL, &s.id)?,
            region: region.unwrap_or_default(),
            adult: s.has_adult().then(|| s.byline.clone()),
        })
    };
    let classes = classes(&look, request, conn, id)?;
    let page = SeriesPart {
        id: id.to_string(),
        schools: schools.iter().map(line).collect::<Result<_, _>>()?,
        // A series that came of one school's timetable has its classes already.
        lacks: lacks.filter(|_| state == "open" && classes.is_empty()).map(|key| look.words.get(key).into_owned()),
        adds: state == "open" && reader.may_make(&SERIES_SCHOOL),
        classes,
        plans: (keeps && lacks.is_none())
            .then(|| Ok::<_, PageError>((next(conn, id, &starts_on)?, starts_at)))
            .transpose()?,
        most: MAX_WEEKS,
        s: Shell::new(site, request, ""),
    };
    Ok(page.render()?)
}

/// The classes of a series, in the order of their days.
fn classes(look: &Look<'_>, request: &Request, conn: &Connection, id: &Subject) -> Result<Vec<ClassLine>, PageError> {
    let sees = request.reader()?.sees(&LIVE_CLASS, "c");
    let mut stmt = conn.prepare(&format!(
        "SELECT c.id, coalesce(c.title, ''), coalesce(c.starts_on, ''), coalesce(c.starts_at, ''), coalesce(c.state, ''),
                EXISTS (SELECT 1 FROM class_record r WHERE r.class = c.id)
         FROM live_class c WHERE c.series = ?1 AND {sees} ORDER BY c.starts_on, c.starts_at, c.id LIMIT {MAX_SHOWN}"
    ))?;
    let mut rows = stmt.query([id.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let (day, at, state): (String, String, String) = (row.get(2)?, row.get(3)?, row.get(4)?);
        let day = day.parse::<Date>().map(|d| look.words.date_weekday(d)).unwrap_or(day);
        out.push(ClassLine {
            id: subject(row.get(0)?).unwrap_or_default().to_string(),
            title: row.get(1)?,
            day: format!("{day} {at}").trim().to_owned(),
            tone: register::tone(&state),
            state: look.state(&LIVE_CLASS, &state),
            replay: row.get(5)?,
        });
    }
    Ok(out)
}

/// The day from which weeks are planned next: a week after the last class, or that on which the series begins.
fn next(conn: &Connection, series: &Subject, starts_on: &str) -> Result<String, PageError> {
    let last: Option<String> = conn
        .prepare_cached("SELECT max(starts_on) FROM live_class WHERE series = ?1")?
        .query_row([series.as_bytes()], |r| r.get(0))?;
    let after = last.and_then(|d| d.parse::<Date>().ok()).and_then(|d| d.checked_add(1.week()).ok());
    Ok(after.map_or_else(|| starts_on.to_owned(), |d| d.to_string()))
}

/// What weeks are planned: the first day, the hour, how many.
struct Weeks {
    days: Vec<Date>,
    at: String,
}

fn asked(request: &Request) -> Result<Weeks, PageError> {
    let rule = |code: &str| PageError::Rule(code.to_owned());
    let first: Date = request.form("first").unwrap_or_default().parse().map_err(|_| rule("series-day"))?;
    let at: Time = request.form("at").unwrap_or_default().parse().map_err(|_| rule("series-day"))?;
    let weeks: i64 = request.form("weeks").unwrap_or_default().trim().parse().map_err(|_| rule("series-weeks"))?;
    if !(1..=MAX_WEEKS).contains(&weeks) {
        return Err(rule("series-weeks"));
    }
    let days = (0..weeks).map(|n| first.checked_add(n.weeks())).collect::<Result<_, _>>();
    Ok(Weeks { days: days.map_err(|_| rule("series-day"))?, at: at.strftime("%H:%M").to_string() })
}

/// Plans the next weeks: one class a week on the weekday of the first, with a room for each school. A day on which the series has
/// a class already is left as it is, also where that class was cancelled.
pub(crate) fn plan(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let reader = request.reader()?;
    let weeks = asked(request)?;
    site.store.write(Context { author: reader.person }, |tx| {
        let state = register::visible(tx.conn(), reader, &CLASS_SERIES, &id)?;
        register::may_change(tx.conn(), reader, &CLASS_SERIES, &id)?;
        if state != "open" {
            return Err(PageError::Rule("series-closed".to_owned()));
        }
        let schools = schools(tx.conn(), &id)?;
        if let Some(lacks) = lacking(&schools) {
            return Err(PageError::Rule(lacks.trim_start_matches("rule-").to_owned()));
        }
        let series = Series::read(tx.conn(), &id)?;
        for day in &weeks.days {
            if !series.has(tx.conn(), *day)? {
                series.class(tx, site, *day, &weeks.at, &schools)?;
            }
        }
        tx.fold()?;
        Ok::<_, PageError>(())
    })?;
    Ok(register::done(&CLASS_SERIES, id, "done-saved"))
}

/// What a series gives its classes.
struct Series {
    id: Subject,
    title: String,
    subject: Option<String>,
    minutes: i64,
    origin: Option<Subject>,
    teacher: Option<Subject>,
    byline: String,
    course: Option<Subject>,
    recorded: bool,
    languages: Vec<String>,
}

impl Series {
    fn read(conn: &Connection, id: &Subject) -> Result<Self, PageError> {
        let mut stmt = conn.prepare_cached("SELECT value FROM class_series_languages WHERE id = ?1 ORDER BY value")?;
        let languages = stmt.query_map([id.as_bytes()], |r| r.get(0))?.collect::<Result<_, _>>()?;
        let sql =
            "SELECT coalesce(title, ''), subject, coalesce(minutes, 40), origin, teacher, coalesce(byline, ''), course,
                          coalesce(recorded, 0) FROM class_series WHERE id = ?1";
        let mut series = conn.prepare_cached(sql)?.query_row([id.as_bytes()], |r| {
            Ok(Self {
                id: *id,
                title: r.get(0)?,
                subject: r.get(1)?,
                minutes: r.get(2)?,
                origin: subject(r.get(3)?),
                teacher: subject(r.get(4)?),
                byline: r.get(5)?,
                course: subject(r.get(6)?),
                recorded: r.get(7)?,
                languages,
            })
        })?;
        if let Some(now) = series.teacher.map(|p| register::byline(conn, p)).and_then(Result::ok) {
            series.byline = now;
        }
        Ok(series)
    }

    /// Whether it has a class on a day.
    fn has(&self, conn: &Connection, day: Date) -> Result<bool, PageError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM live_class WHERE series = ?1 AND starts_on = ?2)";
        let found = conn
            .prepare_cached(sql)?
            .query_row(rusqlite::params![self.id.as_bytes(), day.to_string()], |r| r.get(0))?;
        Ok(found)
    }

    /// The number of a class on a day: those before it that were not cancelled, and one.
    fn number(&self, conn: &Connection, day: Date) -> Result<i64, PageError> {
        let sql = "SELECT count(*) + 1 FROM live_class
                   WHERE series = ?1 AND starts_on < ?2 AND coalesce(state, '') <> 'cancelled'";
        let params = rusqlite::params![self.id.as_bytes(), day.to_string()];
        Ok(conn.prepare_cached(sql)?.query_row(params, |r| r.get(0))?)
    }

    /// Plans a class, with the room of each school.
    fn class(&self, tx: &Tx<'_>, site: &Site, day: Date, at: &str, schools: &[School]) -> Result<(), PageError> {
        let scope = record_scope(tx.conn(), site.programme, &CLASS_SERIES, &self.id)?;
        let class = tx.subject(&scope);
        // A title is as long as a line: the number stands behind what of it fits.
        let title: String = self.title.chars().take(110).collect();
        let mut change = Change::new()
            .with_text("title", format!("{title} ({})", self.number(tx.conn(), day)?))
            .with_text("state", "planned")
            .with_text("kind", "synchronous")
            .with_text("starts_on", day.to_string())
            .with_text("starts_at", at)
            .with("minutes", Value::Int(self.minutes))
            .with("recorded", Value::Bool(self.recorded))
            .with_link("series", self.id);
        if let Some(subject) = &self.subject {
            change = change.with_text("subject", subject.as_str());
        }
        if !self.byline.is_empty() {
            change = change.with_text("byline", self.byline.as_str());
        }
        for (field, link) in [("origin", self.origin), ("teacher", self.teacher), ("course", self.course)] {
            if let Some(link) = link {
                change = change.with_link(field, link);
            }
        }
        for language in &self.languages {
            change = change.with_added("languages", Value::text(language));
        }
        append(tx, &LIVE_CLASS, scope, class, change, None)?;
        for school in schools {
            let mut change = Change::new()
                .with_link("class", class)
                .with_link("school", school.organisation)
                .with_text("byline", school.byline.as_str());
            if let Some(person) = school.person {
                change = change.with_link("person", person);
            }
            if let Some(grade) = &school.grade {
                change = change.with_text("grade", grade.as_str());
            }
            append(tx, &CLASS_ROOM, scope, tx.subject(&scope), change, None)?;
        }
        // The next class counts this one.
        tx.fold()?;
        Ok(())
    }
}
