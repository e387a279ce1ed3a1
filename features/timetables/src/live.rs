//! A lesson, or a gap, that is held as a live class: the form of a live class opens with what the timetable knows, and asks
//! beside it who answers for the pupils in the room, and for how many weeks.

use askama::Template;
use base::{Date, Lang, Subject};
use jiff::ToSpan;
use log::Tx;
use records::{Change, Homes, Kind, Reader, Value, append, record_scope, school_of};
use register::{Look, Refusal, Saved, make_in};
use rusqlite::{Connection, OptionalExtension};
use web::{PageError, Request, Shell, Site, escape};

use crate::days::{self, DAYS};
use crate::facts::LESSON;
use crate::read::{self, Lesson};

/// Weeks that are planned at once: a term, as those of a series.
const MAX_WEEKS: i64 = 20;

#[derive(Template)]
#[template(path = "beside_class.html")]
struct Beside<'a> {
    s: Shell<'a>,
    from: String,
    href: String,
    adults: Vec<(String, String, bool)>,
    weeks: String,
    most: i64,
    until: String,
}

/// The address at which the form of a live class opens with what a lesson says; nothing where the lesson is over, or the reader
/// plans no classes.
pub(crate) fn address(site: &Site, look: &Look<'_>, reader: &Reader, lesson: &Lesson) -> Option<String> {
    let kind = site.kinds.get("live_class").filter(|k| reader.may_make(k))?;
    let first = days::next_on(lesson.weekday, site.today(), lesson.starts_on).filter(|d| *d <= lesson.ends_on)?;
    let span = lesson.span?;
    // A title is read by all: the subject stands in it in the language in which the school writes the class.
    let words = written_in(&lesson.class).map_or(look.words, |lang| site.words(lang, Some(look.words.lang())));
    let subject = register::label(&words, &LESSON, LESSON.field("subject"), &lesson.subject);
    let title = format!("{subject} · {}", lesson.class);
    let minutes = span.minutes().clamp(5, 240);
    let mut parts = vec![
        format!("lesson={}", lesson.id),
        format!("title={}", escape(&title)),
        "kind=dedicated".to_owned(),
        format!("subject={}", lesson.subject),
        format!("starts_on={first}"),
        format!("starts_at={}", escape(&days::clock(span.from))),
        format!("minutes={minutes}"),
    ];
    if let Some(teacher) = lesson.teacher {
        // Whom the school has is where the others listen to.
        parts.push(format!("origin={}", lesson.school));
        parts.push(format!("teacher={teacher}"));
    } else if !reader.grants.iter().any(|g| g.role.is_programme_wide()) {
        // Who is of the school itself asks for somebody: whoever takes it says where they teach from.
        let origin = own_origin(reader, &lesson.school).unwrap_or(lesson.school);
        parts.push(format!("origin={origin}"));
    }
    Some(format!("/{}/new?{}", kind.route, parts.join("&")))
}

/// The language in whose script something is written, where that tells it.
fn written_in(text: &str) -> Option<Lang> {
    text.chars().find_map(|c| match c {
        '\u{0F00}'..='\u{0FFF}' => Some(Lang::Bo),
        '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' => Some(Lang::Zh),
        _ => None,
    })
}

/// Where somebody of no school of the gap teaches from: their unit.
fn own_origin(reader: &Reader, school: &Subject) -> Option<Subject> {
    reader.grants.iter().filter_map(|g| g.organisation).find(|o| o != school)
}

/// The lesson that a form of a live class is for.
fn lesson_of(site: &Site, request: &Request, conn: &Connection, kind: &Kind) -> Result<Option<Lesson>, PageError> {
    if kind.name != "live_class" || !request.path.ends_with("/new") {
        return Ok(None);
    }
    let Some(id) = request.query("lesson") else { return Ok(None) };
    let id: Subject = id.parse().map_err(|_| PageError::NotFound)?;
    let reader = request.reader()?;
    let lesson =
        read::lessons(conn, reader, "l.id = ?1", [id.as_bytes()])?.into_iter().next().ok_or(PageError::NotFound)?;
    read::school(site, conn, reader, &lesson.school)?;
    Ok(Some(lesson))
}

/// What is asked beside the form of a live class that is held in a lesson.
///
/// # Errors
/// [`PageError::NotFound`] where the lesson is of no concern to the reader; what the database says.
pub fn beside(site: &Site, request: &Request, conn: &Connection, kind: &Kind) -> Result<Option<String>, PageError> {
    let Some(lesson) = lesson_of(site, request, conn, kind)? else { return Ok(None) };
    let reader = request.reader()?;
    let look = Look::new(site, request, conn);
    let chosen = match request.form("_adult") {
        Some(id) => id.parse().ok(),
        None => usual_adult(conn, reader, &lesson)?,
    };
    let first = days::next_on(lesson.weekday, site.today(), lesson.starts_on).unwrap_or(lesson.starts_on);
    let label = |field, word: &str| register::label(&look.words, &LESSON, LESSON.field(field), word);
    let school = look.title(read::kind(site, "organisation")?, &lesson.school)?;
    let hours = lesson.span.map(|s| format!("{}–{}", days::clock(s.from), days::clock(s.to))).unwrap_or_default();
    let day = label("weekday", DAYS.get(lesson.weekday).copied().unwrap_or_default());
    let page = Beside {
        from: [school, lesson.class.clone(), format!("{day} {hours}"), label("subject", &lesson.subject)].join(" · "),
        href: format!("/timetables/{}?class={}", lesson.school, escape(&lesson.class)),
        adults: read::teachers(&look, site, reader, &lesson.school)?
            .into_iter()
            .map(|(id, title)| (id.to_string(), title, Some(id) == chosen))
            .collect(),
        weeks: request.form("_weeks").unwrap_or("1").to_owned(),
        most: days::weeks(first, lesson.ends_on).clamp(1, MAX_WEEKS),
        until: look.words.date_weekday(lesson.ends_on),
        s: Shell::new(site, request, ""),
    };
    Ok(Some(page.render()?))
}

/// Who is with the class: its teacher, or who plans, where they are of the school.
fn usual_adult(conn: &Connection, reader: &Reader, lesson: &Lesson) -> Result<Option<Subject>, PageError> {
    if lesson.teacher.is_some() {
        return Ok(lesson.teacher);
    }
    let home = school_of(conn, &lesson.school)?;
    let own =
        reader.grants.iter().any(|g| g.school.is_some() && (g.school == home || g.organisation == Some(lesson.school)));
    Ok(own.then_some(reader.person))
}

/// A live class that was planned from a lesson: the class of the timetable becomes its room, and where more weeks than one were
/// asked for, it is the first of a series.
///
/// # Errors
/// [`PageError::Rule`] where an answer lacks or is none; what the log says.
pub fn made(tx: &Tx<'_>, site: &Site, request: &Request, kind: &Kind, id: &Subject) -> Result<(), PageError> {
    let Some(lesson) = lesson_of(site, request, tx.conn(), kind)? else { return Ok(()) };
    let rule = |code: &str| PageError::Rule(code.to_owned());
    let class = Planned::read(tx.conn(), id)?;
    let adult: Subject = request.form("_adult").and_then(|a| a.parse().ok()).ok_or_else(|| rule("timetable-adult"))?;
    let weeks: i64 = request.form("_weeks").unwrap_or("1").trim().parse().map_err(|_| rule("timetable-weeks"))?;
    let most = days::weeks(class.starts_on, lesson.ends_on).min(MAX_WEEKS);
    if weeks < 1 || weeks > most.max(1) {
        return Err(rule("timetable-weeks"));
    }
    room(tx, site, request, *id, &lesson, adult)?;
    if weeks > 1 {
        series(tx, site, request, *id, &class, (&lesson, adult), weeks)?;
    }
    Ok(())
}

/// What of the class that was planned goes into those after it.
struct Planned {
    title: String,
    starts_on: Date,
    starts_at: String,
    minutes: i64,
    kind: String,
    byline: String,
    texts: Vec<(&'static str, String)>,
    links: Vec<(&'static str, Subject)>,
    recorded: bool,
    languages: Vec<String>,
}

impl Planned {
    fn read(conn: &Connection, id: &Subject) -> Result<Self, PageError> {
        let sql = "SELECT coalesce(title, ''), starts_on, coalesce(starts_at, ''), coalesce(minutes, 40), coalesce(kind, ''),
                          coalesce(byline, ''), subject, origin, teacher, co_teacher, plan, course, coalesce(recorded, 0), co_origin
                   FROM live_class WHERE id = ?1";
        let mut stmt = conn.prepare_cached("SELECT value FROM live_class_languages WHERE id = ?1 ORDER BY value")?;
        let languages = stmt.query_map([id.as_bytes()], |r| r.get(0))?.collect::<Result<_, _>>()?;
        conn.prepare_cached(sql)?
            .query_row([id.as_bytes()], |r| {
                let day: String = r.get(1)?;
                let mut links = Vec::new();
                for (at, field) in ["origin", "teacher", "co_teacher", "plan", "course"].into_iter().enumerate() {
                    links.extend(read::id_in(r, at + 7)?.map(|id| (field, id)));
                }
                links.extend(read::id_in(r, 13)?.map(|id| ("co_origin", id)));
                let subject: Option<String> = r.get(6)?;
                Ok(day.parse().ok().map(|starts_on| {
                    Ok::<_, rusqlite::Error>(Self {
                        title: r.get(0)?,
                        starts_on,
                        starts_at: r.get(2)?,
                        minutes: r.get(3)?,
                        kind: r.get(4)?,
                        byline: r.get(5)?,
                        texts: subject.map(|s| ("subject", s)).into_iter().collect(),
                        links,
                        recorded: r.get(12)?,
                        languages,
                    })
                }))
            })
            .optional()?
            .flatten()
            .transpose()?
            .ok_or(PageError::NotFound)
    }

    /// What a class, or the series, has of it; of links, these.
    fn change(&self, links: &[&str]) -> Change {
        let mut change = Change::new()
            .with_text("starts_at", self.starts_at.as_str())
            .with("minutes", Value::Int(self.minutes))
            .with("recorded", Value::Bool(self.recorded));
        for (field, text) in &self.texts {
            change = change.with_text(field, text.as_str());
        }
        for (field, link) in self.links.iter().filter(|(field, _)| links.contains(field)) {
            change = change.with_link(field, *link);
        }
        for language in &self.languages {
            change = change.with_added("languages", Value::text(language));
        }
        change
    }

    fn numbered(&self, n: i64) -> String {
        // A title is as long as a line: the number stands behind what of it fits.
        format!("{} ({n})", self.title.chars().take(110).collect::<String>())
    }
}

fn page_error(refusal: Refusal) -> PageError {
    match refusal {
        Refusal::Page(e) => e,
        Refusal::Fields(_) => PageError::Rule("timetable-adult".to_owned()),
    }
}

/// The class of the timetable as a room of a live class.
fn room(
    tx: &Tx<'_>,
    site: &Site,
    request: &Request,
    class: Subject,
    lesson: &Lesson,
    adult: Subject,
) -> Result<(), PageError> {
    let change = Change::new()
        .with_link("class", class)
        .with_link("school", lesson.school)
        .with_text("grade", lesson.class.as_str())
        .with_link("person", adult);
    make_in(tx, site, request, read::kind(site, "class_room")?, change, None, None).map_err(page_error)?;
    Ok(())
}

/// The classes of the weeks after the first, and the series that they all are of.
fn series(
    tx: &Tx<'_>,
    site: &Site,
    request: &Request,
    first: Subject,
    class: &Planned,
    (lesson, adult): (&Lesson, Subject),
    weeks: i64,
) -> Result<(), PageError> {
    let day =
        |n: i64| class.starts_on.checked_add(n.weeks()).map_err(|_| PageError::Rule("timetable-weeks".to_owned()));
    let change = class
        .change(&["origin", "teacher", "course"])
        .with_text("title", class.title.as_str())
        .with_text("work", class.title.as_str())
        .with_text("starts_on", class.starts_on.to_string())
        .with_text("ends_on", day(weeks - 1)?.to_string());
    let Saved(series) =
        make_in(tx, site, request, read::kind(site, "class_series")?, change, None, None).map_err(page_error)?;
    let school = Change::new()
        .with_link("series", series)
        .with_link("school", lesson.school)
        .with_text("grade", lesson.class.as_str())
        .with_link("person", adult);
    make_in(tx, site, request, read::kind(site, "series_school")?, school, None, None).map_err(page_error)?;
    let live = read::kind(site, "live_class")?;
    let scope = record_scope(tx.conn(), site.programme, live, &first)?;
    let named = Change::new().with_link("series", series).with_text("title", class.numbered(1));
    append(tx, live, scope, first, named, None)?;
    for n in 1..weeks {
        let links: Vec<&str> = class.links.iter().map(|(field, _)| *field).collect();
        let mut change = class
            .change(&links)
            .with_text("title", class.numbered(n + 1))
            .with_text("kind", class.kind.as_str())
            .with_text("state", "planned")
            .with_text("starts_on", day(n)?.to_string())
            .with_link("series", series);
        if !class.byline.is_empty() {
            change = change.with_text("byline", class.byline.as_str());
        }
        let id = tx.subject(&scope);
        append(tx, live, scope, id, change, None)?;
        tx.fold()?;
        room(tx, site, request, id, lesson, adult)?;
    }
    Ok(tx.fold()?)
}

/// Whether a reader sees the timetable of a school at all.
pub(crate) fn sees(conn: &Connection, reader: &Reader, school: &Subject) -> Result<bool, PageError> {
    if !reader.may_read(&LESSON) {
        return Ok(false);
    }
    Ok(match reader.homes(&LESSON) {
        Homes::All => true,
        Homes::Of(schools) => school_of(conn, school)?.is_none_or(|home| schools.contains(&home)),
    })
}
