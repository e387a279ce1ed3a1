//! In the planning of a live class or a series: what each class has at that time, and when all of them can.

use askama::Template;
use base::{Date, Subject};
use records::Kind;
use register::Look;
use rusqlite::{Connection, OptionalExtension};
use web::{PageError, Request, Shell, Site};

use crate::days::{self, DAYS, Span};
use crate::facts::LESSON;
use crate::free::{Has, Room, slots};
use crate::read::{self, Lesson};

/// Times that are offered.
const MAX_SLOTS: usize = 12;

#[derive(Template)]
#[template(path = "planning.html")]
struct PlanningPart<'a> {
    s: Shell<'a>,
    when: String,
    rows: Vec<Row>,
    slots: Vec<SlotRow>,
    /// Rooms whose timetables are not known here.
    unknown: i64,
    /// Rooms whose timetables are.
    known: i64,
}

struct Row {
    title: String,
    said: String,
    tone: &'static str,
    href: Option<String>,
}

struct SlotRow {
    when: String,
    said: String,
}

/// What is planned.
struct Plan {
    day: Date,
    span: Span,
    subject: String,
    teacher: Option<Subject>,
    rooms: Vec<(Subject, Subject, String)>,
}

impl Plan {
    fn read(conn: &Connection, series: bool, id: &Subject) -> Result<Option<Self>, PageError> {
        let (table, state, rooms, of) = if series {
            ("class_series", "('open')", "series_school", "series")
        } else {
            ("live_class", "('planned', 'failed')", "class_room", "class")
        };
        let sql = format!(
            "SELECT coalesce(starts_on, ''), coalesce(starts_at, ''), coalesce(minutes, 40), coalesce(subject, ''), teacher
             FROM {table} WHERE id = ?1 AND state IN {state}"
        );
        let found = conn
            .prepare_cached(&sql)?
            .query_row([id.as_bytes()], |r| {
                let (day, at): (String, String) = (r.get(0)?, r.get(1)?);
                let (minutes, subject): (i64, String) = (r.get(2)?, r.get(3)?);
                Ok((day, at, minutes, subject, read::id_in(r, 4)?))
            })
            .optional()?;
        let Some((day, at, minutes, subject, teacher)) = found else { return Ok(None) };
        let (Ok(day), Some(from)) = (day.parse(), days::minute(&at)) else { return Ok(None) };
        let mut stmt = conn.prepare_cached(&format!(
            "SELECT id, school, coalesce(grade, '') FROM {rooms} WHERE {of} = ?1 AND school IS NOT NULL ORDER BY made, id"
        ))?;
        let rooms = stmt
            .query_map([id.as_bytes()], |r| Ok((read::id_in(r, 0)?, read::id_in(r, 1)?, r.get(2)?)))?
            .filter_map(|row| row.map(|(id, school, class)| id.zip(school).map(|(i, s)| (i, s, class))).transpose())
            .collect::<Result<_, _>>()?;
        Ok(Some(Self { day, span: Span { from, to: from + minutes.max(1) }, subject, teacher, rooms }))
    }

    fn weekday(&self) -> usize {
        days::weekday(self.day)
    }
}

/// The part of a class's or a series' page while it is planned.
pub(crate) fn part(
    site: &Site,
    request: &Request,
    conn: &Connection,
    kind: &Kind,
    id: &Subject,
) -> Result<Option<String>, PageError> {
    let series = kind.name == "class_series";
    let Some(plan) = Plan::read(conn, series, id)? else { return Ok(None) };
    let look = Look::new(site, request, conn);
    let room_kind = read::kind(site, if series { "series_school" } else { "class_room" })?;
    let (mut rows, mut rooms, mut titles, mut unknown) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for (room_id, school, class) in &plan.rooms {
        let room = room(request, conn, school, class, plan.day)?;
        let title = look.title(room_kind, room_id)?;
        match room.filter(Room::is_known) {
            Some(room) => {
                rows.push(at_the_time(&look, site, &plan, &room, (school, &title))?);
                titles.push(title);
                rooms.push(room);
            }
            None => unknown += 1,
        }
        rows.extend(another_class(&look, series, &plan, id, school, class)?);
    }
    let (taken, busy) = teacher(&look, site, request, &plan, series, id, &rooms)?;
    rows.extend(busy);
    if rows.is_empty() {
        return Ok(None);
    }
    let minutes = plan.span.minutes();
    let label = |field, word: &str| register::label(&look.words, &LESSON, LESSON.field(field), word);
    let at = |weekday: usize, span: Span| {
        let day = label("weekday", DAYS.get(weekday).copied().unwrap_or_default());
        format!("{day} {}–{}", days::clock(span.from), days::clock(span.to))
    };
    let said = |(title, has): (&String, &Has)| match has {
        Has::Free => format!("{title}: {}", look.words.get("timetable-free")),
        Has::Gap(subject) => format!("{title}: {} {}", look.words.get("timetable-gap-in"), label("subject", subject)),
    };
    let found = slots(&rooms, minutes, &plan.subject, &taken);
    let page = PlanningPart {
        when: at(plan.weekday(), plan.span),
        rows,
        slots: found
            .iter()
            .take(MAX_SLOTS)
            .map(|slot| SlotRow {
                when: at(slot.weekday, slot.span),
                said: titles.iter().zip(&slot.has).map(said).collect::<Vec<_>>().join(" · "),
            })
            .collect(),
        unknown,
        known: i64::try_from(rooms.len()).unwrap_or(0),
        s: Shell::new(site, request, ""),
    };
    Ok(Some(page.render()?))
}

/// What is known of a class that takes part, in the week of a day; nothing where the reader does not see its school's timetable.
fn room(
    request: &Request,
    conn: &Connection,
    school: &Subject,
    class: &str,
    day: Date,
) -> Result<Option<Room>, PageError> {
    let reader = request.reader()?;
    if !crate::live::sees(conn, reader, school)? {
        return Ok(None);
    }
    let (monday, sunday) = days::week_of(day);
    let lessons = read::of_school(conn, reader, school)?.into_iter().filter(|l| l.within(monday, sunday)).collect();
    let hours = read::periods(conn, reader, school)?.iter().filter_map(read::Period::span).collect();
    Ok(Some(Room { class: class.to_owned(), hours, lessons }))
}

/// What a room has at the time that is planned: a lesson that is taught is said as a warning, unless it is this very one.
fn at_the_time(
    look: &Look<'_>,
    site: &Site,
    plan: &Plan,
    room: &Room,
    (school, title): (&Subject, &str),
) -> Result<Row, PageError> {
    let label = |word: &str| register::label(&look.words, &LESSON, LESSON.field("subject"), word);
    let there: Vec<&Lesson> = room.at(plan.weekday(), plan.span).collect();
    let href = there.first().map(|l| format!("/timetable-lessons/{}", l.id));
    let other = there.iter().find(|l| l.teacher.is_some() && l.subject != plan.subject);
    let (said, tone) = if let Some(l) = other {
        let person = read::kind(site, "person")?;
        let teacher = l.teacher.map(|t| look.title(person, &t)).transpose()?.unwrap_or_default();
        (look.words.with("timetable-has", &[("text", (&format!("{} {teacher}", label(&l.subject))).into())]), "bad")
    } else if let Some(l) = there.iter().find(|l| l.teacher.is_none() && l.subject == plan.subject) {
        (look.words.with("timetable-fills", &[("text", (&label(&l.subject)).into())]), "ok")
    } else if let Some(l) = there.iter().find(|l| l.teacher.is_none()) {
        (look.words.with("timetable-gap-of", &[("text", (&label(&l.subject)).into())]), "wait")
    } else if let Some(l) = there.first() {
        (look.words.with("timetable-own-lesson", &[("text", (&label(&l.subject)).into())]), "ok")
    } else {
        (look.words.get("timetable-free").into_owned(), "ok")
    };
    let href = href.or_else(|| Some(format!("/timetables/{school}")));
    Ok(Row { title: title.to_owned(), said, tone, href })
}

/// Another live class for which the same class sits in its room at the time.
fn another_class(
    look: &Look<'_>,
    series: bool,
    plan: &Plan,
    own: &Subject,
    school: &Subject,
    class: &str,
) -> Result<Vec<Row>, PageError> {
    let sql =
        "SELECT c.id, coalesce(c.title, ''), coalesce(c.starts_at, ''), coalesce(c.minutes, 40), coalesce(r.grade, '')
               FROM live_class c JOIN class_room r ON r.class = c.id
               WHERE r.school = ?1 AND c.starts_on = ?2 AND c.id <> ?3 AND coalesce(c.state, '') IN ('planned', 'live')
                 AND (?4 = 0 OR coalesce(c.series, x'00') <> ?3) ORDER BY c.starts_at, c.id";
    let mut stmt = look.conn.prepare_cached(sql)?;
    let day = plan.day.to_string();
    let mut rows = stmt.query(rusqlite::params![school.as_bytes(), day, own.as_bytes(), series])?;
    let mut out = Vec::new();
    while let Some(r) = rows.next()? {
        let (at, minutes, grade): (String, i64, String) = (r.get(2)?, r.get(3)?, r.get(4)?);
        let Some(from) = days::minute(&at) else { continue };
        let meets = Span { from, to: from + minutes }.meets(plan.span);
        if meets && days::same_class(class, &grade) {
            out.push(live_row(look, class, read::id_in(r, 0)?, &r.get::<_, String>(1)?, &at));
        }
    }
    Ok(out)
}

fn live_row(look: &Look<'_>, who: &str, id: Option<Subject>, title: &str, at: &str) -> Row {
    Row {
        title: who.to_owned(),
        said: look.words.with("timetable-has", &[("text", (&format!("{title} {at}")).into())]),
        tone: "bad",
        href: id.map(|id| format!("/classes/{id}")),
    }
}

/// A weekday, and when on it somebody has a lesson.
type Taken = (usize, Span);

/// When the teacher has lessons, and what of them or of other live classes is at the time that is planned.
fn teacher(
    look: &Look<'_>,
    site: &Site,
    request: &Request,
    plan: &Plan,
    series: bool,
    own: &Subject,
    rooms: &[Room],
) -> Result<(Vec<Taken>, Vec<Row>), PageError> {
    let Some(teacher) = plan.teacher else { return Ok((Vec::new(), Vec::new())) };
    let name = look.title(read::kind(site, "person")?, &teacher)?;
    let day = plan.day.to_string();
    let condition = "l.teacher = ?1 AND l.starts_on <= ?2 AND l.ends_on >= ?2";
    let lessons = read::lessons(look.conn, request.reader()?, condition, rusqlite::params![teacher.as_bytes(), day])?;
    // What the teacher gives to a room of this class is this class.
    let elsewhere: Vec<&Lesson> =
        lessons.iter().filter(|l| !rooms.iter().any(|r| r.own().any(|own| own.id == l.id))).collect();
    let taken = elsewhere.iter().filter_map(|l| Some((l.weekday, l.span?))).collect();
    let mut rows = Vec::new();
    for l in elsewhere.iter().filter(|l| l.weekday == plan.weekday() && l.span.is_some_and(|s| s.meets(plan.span))) {
        let subject = register::label(&look.words, &LESSON, LESSON.field("subject"), &l.subject);
        let text = format!("{} {subject}", l.class);
        rows.push(Row {
            title: name.clone(),
            said: look.words.with("timetable-has", &[("text", (&text).into())]),
            tone: "bad",
            href: Some(format!("/timetable-lessons/{}", l.id)),
        });
    }
    let sql = "SELECT c.id, coalesce(c.title, ''), coalesce(c.starts_at, ''), coalesce(c.minutes, 40) FROM live_class c
               WHERE ?1 IN (c.teacher, c.co_teacher) AND c.starts_on = ?2 AND c.id <> ?3
                 AND coalesce(c.state, '') IN ('planned', 'live') AND (?4 = 0 OR coalesce(c.series, x'00') <> ?3)
               ORDER BY c.starts_at, c.id";
    let mut stmt = look.conn.prepare_cached(sql)?;
    let mut found = stmt.query(rusqlite::params![teacher.as_bytes(), day, own.as_bytes(), series])?;
    while let Some(r) = found.next()? {
        let (at, minutes): (String, i64) = (r.get(2)?, r.get(3)?);
        let Some(from) = days::minute(&at) else { continue };
        if (Span { from, to: from + minutes }).meets(plan.span) {
            rows.push(live_row(look, &name, read::id_in(r, 0)?, &r.get::<_, String>(1)?, &at));
        }
    }
    Ok((taken, rows))
}
