//! What a class shows on its page: its rooms, whether what is shown is there, and the door to it.

use askama::Template;
use base::Subject;
use log::Tx;
use records::{Change, Kind, append, record_scope};
use register::Look;
use rusqlite::Connection;
use web::{PageError, Request, Shell, Site, escape};

use crate::exit::{Exit, Marks};
use crate::facts::{CLASS_ROOM, CLASS_SERIES, LIVE_CLASS, SERIES_SCHOOL};
use crate::open::Classes;
use crate::page::files;
use crate::who::{About, Part};
use crate::wish::Wish;
use crate::{course, heads, ready, series, still, wish, withdrawn};

#[derive(Template)]
#[template(path = "part.html")]
struct ClassPart<'a> {
    s: Shell<'a>,
    id: String,
    rooms: Vec<Line>,
    readiness: Option<String>,
    /// What is to be shown has no page that a class could turn.
    blank: bool,
    enters: bool,
    /// Leads it and answers for a room, which has a page of its own.
    both: bool,
    /// Has a part in it, and so may make keys.
    keys: bool,
    record: bool,
    /// Pictures that were shown in it.
    pictures: Option<String>,
    /// What its reader may take back of it.
    withdraws: Option<(&'static str, &'static str)>,
    /// Why it cannot be played again, though it was held.
    unheard: Option<&'static str>,
    /// How it was, for its teacher.
    how: Option<How>,
    adds: bool,
    /// Nobody teaches it yet.
    wish: Option<Wish>,
    /// It is a meeting of teachers; and where it is written down who came to it, once it was held.
    meeting: bool,
    came: Option<String>,
    /// Courses that were made for its plan, while it shows none.
    courses: Vec<(Subject, String)>,
}

/// What was asked, with what was answered how often.
struct How {
    asked: Vec<(String, Vec<(String, u32)>)>,
    few: bool,
}

struct Line {
    id: String,
    title: String,
    byline: String,
    /// Whether what is shown lies there; nothing where nothing is shown.
    ready: Option<bool>,
    heads: String,
    /// How many there were, for who may put it right.
    counts: Option<String>,
}

/// The part of a class's page.
///
/// # Errors
/// What the database says.
pub fn part(
    site: &Site,
    request: &Request,
    conn: &Connection,
    kind: &Kind,
    id: &Subject,
    classes: &Classes,
) -> Result<Option<String>, PageError> {
    if kind.name == CLASS_SERIES.name {
        return series::part(site, request, conn, id).map(Some);
    }
    if kind.name != LIVE_CLASS.name {
        return Ok(None);
    }
    let about = About::read(conn, id)?;
    let look = Look::new(site, request, conn);
    let mut rooms = Vec::new();
    for room in &about.rooms {
        let heads: Option<i64> = conn
            .prepare_cached("SELECT headcount FROM class_room WHERE id = ?1")?
            .query_row([room.id.as_bytes()], |r| r.get(0))?;
        rooms.push(Line {
            id: room.id.to_string(),
            title: look.title(&CLASS_ROOM, &room.id)?,
            byline: register::byline_now(&look, &room.person, &room.byline)?,
            ready: about.course.map(|_| ready::is_ready(conn, classes.hub, &about, room)).transpose()?,
            counts: heads::may_count(conn, site, request.reader()?, &about, &room.id)?
                .then(|| heads.map(|n| n.to_string()).unwrap_or_default()),
            heads: heads
                .filter(|_| !about.meeting)
                .map(|n| look.words.with("class-heads-were", &[("n", n.into())]))
                .unwrap_or_default(),
        });
    }
    let readiness = about.course.filter(|_| !rooms.is_empty()).map(|_| {
        let count = |n: usize| i64::try_from(n).unwrap_or(0);
        let ready = rooms.iter().filter(|r| r.ready == Some(true)).count();
        look.words.with("class-readiness", &[("ready", count(ready).into()), ("all", count(rooms.len()).into())])
    });
    let record = conn
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM class_record WHERE class = ?1 AND content IS NOT NULL)")?
        .query_row([id.as_bytes()], |r| r.get(0))?;
    let taken_back = withdrawn::is_withdrawn(conn, id)?;
    let record = record && !taken_back;
    let planned = matches!(&*about.state, "planned" | "failed");
    let page = ClassPart {
        id: id.to_string(),
        rooms,
        readiness,
        blank: planned && about.course.map(|course| is_blank(conn, &course)).transpose()? == Some(true),
        enters: planned || about.state == "live",
        both: about.leads().contains(&request.reader()?.person)
            && about.rooms.iter().any(|room| request.reader().is_ok_and(|r| r.person == room.person)),
        keys: about.part(&request.reader()?.person) != Part::Guest,
        record,
        pictures: Some(still::count(conn, id)?)
            .filter(|n| *n > 0)
            .map(|n| look.words.with("class-pictures-n", &[("n", i64::try_from(n).unwrap_or(0).into())])),
        withdraws: withdrawn::withdraws(&about, &request.reader()?.person).filter(|_| record),
        unheard: match (record, &*about.state) {
            _ if taken_back => Some("class-record-withdrawn"),
            (false, "held") => Some(unheard(about.recorded)),
            _ => None,
        },
        how: how(request, &look, &about, classes, id)?,
        courses: course::offered(site, &look, conn, request.reader()?, id)?,
        adds: planned && request.reader()?.may_make(&CLASS_ROOM),
        wish: wish::wish(site, &look, conn, request.reader()?, id)?,
        meeting: about.meeting,
        came: came(site, request, conn, id, &about)?,
        s: Shell::new(site, request, ""),
    };
    Ok(Some(page.render()?))
}

/// Whether nothing of a course is a page that a class could turn: the screen would stay white.
fn is_blank(conn: &Connection, course: &Subject) -> Result<bool, PageError> {
    Ok(files(conn, course)?.iter().all(|file| assets::pages_of(&file.media).is_none()))
}

/// Where who writes down activities notes who came to a meeting of teachers that was held: they count there, as at any other.
fn came(
    site: &Site,
    request: &Request,
    conn: &Connection,
    id: &Subject,
    about: &About,
) -> Result<Option<String>, PageError> {
    let reader = request.reader()?;
    let Some(kind) = site.kinds.get("activity").filter(|kind| reader.may_make(kind)) else { return Ok(None) };
    let sql = "SELECT coalesce(held_on, starts_on, '') FROM live_class WHERE id = ?1";
    let day: String = conn.prepare_cached(sql)?.query_row([id.as_bytes()], |r| r.get(0))?;
    let held = about.meeting && about.state == "held" && !day.is_empty();
    let asked = [("title", &*about.title), ("kind", "online_research"), ("starts_on", &*day), ("ends_on", &*day)];
    let asked: Vec<String> = asked.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
    Ok(held.then(|| format!("/{}/new?{}", kind.route, asked.join("&"))))
}

/// What is said of a class that was held and of which no record is here: one that was planned to be recorded may have one that
/// is still on its way.
pub(crate) fn unheard(planned: bool) -> &'static str {
    if planned { "class-record-none" } else { "class-unrecorded" }
}

/// How it was, as pupils said: for the teacher alone, at the node where the class has its order, while it is held there.
fn how(
    request: &Request,
    look: &Look<'_>,
    about: &About,
    classes: &Classes,
    id: &Subject,
) -> Result<Option<How>, PageError> {
    let Some(open) = classes.get(id).filter(|open| open.origin == classes.me()) else { return Ok(None) };
    let fold = open.inner().fold.clone();
    if fold.exit != Exit::Over || about.teacher != Some(request.reader()?.person) {
        return Ok(None);
    }
    let all = fold.exits.values().fold(Marks::default(), |sum, of| sum.and(*of)).told();
    let asked = [
        ("class-exit-understood", ["class-exit-u0", "class-exit-u1", "class-exit-u2"]),
        ("class-exit-enjoyed", ["class-exit-e0", "class-exit-e1", "class-exit-e2"]),
    ];
    let rows = asked.iter().zip(all.0).filter(|(_, counts)| counts.iter().any(|n| *n > 0));
    let row = |((title, answers), counts): (&(&str, [&str; 3]), [u32; 3])| {
        let said = answers.iter().zip(counts).map(|(key, n)| (look.words.get(key).into_owned(), n));
        (look.words.get(title).into_owned(), said.collect())
    };
    Ok(Some(How { asked: rows.map(row).collect(), few: fold.exits.values().any(|of| of.is_empty()) }))
}

/// A class and a room bear the names of those who answer for them: they reach nodes that do not hold those records.
///
/// # Errors
/// What the log says.
pub fn made(tx: &Tx<'_>, site: &Site, _: &Request, kind: &Kind, id: &Subject) -> Result<(), PageError> {
    let (kind, person) = match kind.name {
        "live_class" => (&LIVE_CLASS, "teacher"),
        "class_room" => (&CLASS_ROOM, "person"),
        "class_series" => (&CLASS_SERIES, "teacher"),
        "series_school" => (&SERIES_SCHOOL, "person"),
        _ => return Ok(()),
    };
    let sql = format!("SELECT {person} FROM {} WHERE id = ?1", kind.name);
    let found: Option<Vec<u8>> = tx.conn().prepare_cached(&sql)?.query_row([id.as_bytes()], |r| r.get(0))?;
    let Some(person) = found.and_then(|p| Subject::try_from(p.as_slice()).ok()) else { return Ok(()) };
    let byline = register::byline(tx.conn(), person)?;
    let scope = record_scope(tx.conn(), site.programme, kind, id)?;
    append(tx, kind, scope, *id, Change::new().with_text("byline", byline), None)?;
    tx.fold()?;
    Ok(())
}
