//! A class that nobody teaches yet: a school plans it in a gap of its timetable and leaves the teacher open, since its node knows
//! its own people alone. It stands on Today of the coordinators and the office, where they are known who could; whoever takes it
//! names the teacher, for all classes of its series that nobody teaches.

use base::Subject;
use log::{Context, Tx};
use records::{Change, Reader, Role, Roles, append, record_scope};
use register::Look;
use rusqlite::{Connection, OptionalExtension};
use web::{PageError, Reply, Request, Site, TodayItem};

use crate::facts::{CLASS_ROOM, CLASS_SERIES, LIVE_CLASS};

/// Who names somebody: for their own unit, or for all.
const WHO: Roles = Roles::of(&[Role::Administrator, Role::Officer, Role::Coordinator]);
/// Before what only waits: a class that has its day, and pupils who wait for it.
const FIRST: i64 = i64::MIN / 2;
/// Wishes on Today.
const SHOWN: usize = 20;

/// Whether a class looks for somebody who teaches it.
fn is_open(conn: &Connection, class: &Subject) -> Result<bool, PageError> {
    let sql = "SELECT teacher IS NULL AND state = 'planned' FROM live_class WHERE id = ?1";
    let found: Option<Option<bool>> =
        conn.prepare_cached(sql)?.query_row([class.as_bytes()], |r| r.get(0)).optional()?;
    Ok(found.flatten() == Some(true))
}

/// A class that nobody teaches, on its page.
pub(crate) struct Wish {
    /// Whom the reader may name: their ids and names.
    pub people: Vec<(String, String)>,
    /// The reader names anybody, in the form of the class.
    pub edits: bool,
    /// How many classes of its series are taken with it.
    pub more: i64,
}

/// What stands on the page of a class that looks for a teacher; nothing where it does not.
pub(crate) fn wish(
    site: &Site,
    look: &Look<'_>,
    conn: &Connection,
    reader: &Reader,
    class: &Subject,
) -> Result<Option<Wish>, PageError> {
    if !is_open(conn, class)? {
        return Ok(None);
    }
    let edits = register::may_change(conn, reader, &LIVE_CLASS, class).is_ok();
    let mut out = Wish { people: Vec::new(), edits, more: i64::try_from(others(conn, class)?.len()).unwrap_or(0) };
    if reader.is_any(WHO) {
        let person = site.kinds.get("person").ok_or(PageError::NotFound)?;
        for id in people(site, conn, reader)? {
            out.people.push((id.to_string(), look.title(person, &id)?));
        }
    }
    Ok(Some(out))
}

/// Whom a coordinator may name: themself, and people of their unit.
fn people(site: &Site, conn: &Connection, reader: &Reader) -> Result<Vec<Subject>, PageError> {
    let kind = site.kinds.get("person").ok_or(PageError::NotFound)?;
    let units: Vec<String> = reader
        .grants
        .iter()
        .filter(|g| g.role == Role::Coordinator)
        .filter_map(|g| g.organisation)
        .map(|unit| records::literal(&unit))
        .collect();
    if units.is_empty() {
        return Ok(Vec::new());
    }
    let units = units.join(", ");
    let sql = format!(
        "SELECT t.id FROM person t WHERE ({} AND (t.unit IN ({units}) OR t.school IN ({units})) AND coalesce(t.state, '') <> 'archived' AND t.name IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM grant_of_role g WHERE g.person = t.id AND g.role IN ('pupil', 'device'))) OR t.id = ?1
         ORDER BY t.id <> ?1, t.title_key, t.id",
        reader.sees(kind, "t"),
    );
    let mut stmt = conn.prepare(&sql)?;
    let ids = stmt.query_map([reader.person.as_bytes()], |r| r.get::<_, Vec<u8>>(0))?.collect::<Result<Vec<_>, _>>()?;
    Ok(ids.iter().filter_map(|id| Subject::try_from(id.as_slice()).ok()).collect())
}

/// The other classes of its series that nobody teaches.
fn others(conn: &Connection, class: &Subject) -> Result<Vec<Subject>, PageError> {
    let mut stmt = conn.prepare_cached(
        "SELECT o.id FROM live_class c JOIN live_class o ON o.series = c.series AND o.id <> c.id
         WHERE c.id = ?1 AND o.teacher IS NULL AND o.state = 'planned' ORDER BY o.starts_on, o.id",
    )?;
    let ids = stmt.query_map([class.as_bytes()], |r| r.get::<_, Vec<u8>>(0))?.collect::<Result<Vec<_>, _>>()?;
    Ok(ids.iter().filter_map(|id| Subject::try_from(id.as_slice()).ok()).collect())
}

/// Names the teacher, who teaches from where they are: the school at which they are posted, or their unit.
pub(crate) fn take(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let class = request.id("id")?;
    let reader = request.reader()?;
    let teacher: Subject = request.form("teacher").and_then(|t| t.parse().ok()).ok_or(PageError::NotFound)?;
    site.store.write(Context { author: reader.person }, |tx| {
        let conn = tx.conn();
        register::visible(conn, reader, &LIVE_CLASS, &class)?;
        if !reader.is_any(WHO) {
            return Err(PageError::NotAllowed);
        }
        if !is_open(conn, &class)? {
            return Err(PageError::Rule("class-taken".to_owned()));
        }
        if !people(site, conn, reader)?.contains(&teacher) {
            return Err(PageError::NotFound);
        }
        let place = place(conn, reader, &teacher)?;
        let byline = register::byline(conn, teacher)?;
        let names = |tx: &Tx<'_>, kind, id: Subject| {
            let mut change = Change::new().with_link("teacher", teacher).with_text("byline", byline.as_str());
            if let Some(place) = place {
                change = change.with_link("origin", place);
            }
            let scope = record_scope(tx.conn(), site.programme, kind, &id)?;
            append(tx, kind, scope, id, change, None)?;
            Ok::<_, PageError>(())
        };
        for one in std::iter::once(class).chain(others(conn, &class)?) {
            names(tx, &LIVE_CLASS, one)?;
        }
        let sql = "SELECT s.id FROM live_class c JOIN class_series s ON s.id = c.series WHERE c.id = ?1 AND s.teacher IS NULL";
        let series: Option<Vec<u8>> =
            conn.prepare_cached(sql)?.query_row([class.as_bytes()], |r| r.get(0)).optional()?;
        if let Some(series) = series.and_then(|id| Subject::try_from(id.as_slice()).ok()) {
            names(tx, &CLASS_SERIES, series)?;
        }
        tx.fold()?;
        Ok(())
    })?;
    Ok(register::done(&LIVE_CLASS, class, "done-saved"))
}

/// Where somebody teaches from.
fn place(conn: &Connection, reader: &Reader, teacher: &Subject) -> Result<Option<Subject>, PageError> {
    let sql = "SELECT coalesce((SELECT p.school FROM posting p WHERE p.person = t.id AND p.state = 'arrived'
                                 ORDER BY p.starts_on DESC, p.id LIMIT 1), t.school, t.unit) FROM person t WHERE t.id = ?1";
    let found: Option<Option<Vec<u8>>> =
        conn.prepare_cached(sql)?.query_row([teacher.as_bytes()], |r| r.get(0)).optional()?;
    let found = found.flatten().and_then(|id| Subject::try_from(id.as_slice()).ok());
    Ok(found.or_else(|| reader.grants.iter().find_map(|g| g.organisation)))
}

/// Classes that look for somebody who teaches them, on Today of who may name one: a series as its first.
///
/// # Errors
/// What the database says.
pub fn today(site: &Site, request: &Request) -> Result<Vec<TodayItem>, PageError> {
    let reader = request.reader()?;
    if !reader.is_any(WHO) || !reader.may_read(&LIVE_CLASS) {
        return Ok(Vec::new());
    }
    site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let sql = format!(
            "SELECT c.id, c.starts_on, coalesce(c.starts_at, '') FROM live_class c
             WHERE c.state = 'planned' AND c.teacher IS NULL AND c.starts_on >= ?1 AND {}
               AND NOT EXISTS (SELECT 1 FROM live_class b WHERE b.series = c.series AND b.state = 'planned'
                 AND b.teacher IS NULL AND b.starts_on >= ?1 AND (b.starts_on, b.id) < (c.starts_on, c.id))
             ORDER BY c.starts_on, c.id LIMIT {SHOWN}",
            reader.sees(&LIVE_CLASS, "c")
        );
        let mut stmt = conn.prepare(&sql)?;
        let rows = stmt.query_map([site.today().to_string()], |r| {
            Ok((r.get::<_, Vec<u8>>(0)?, r.get::<_, String>(1)?, r.get::<_, String>(2)?))
        })?;
        let mut items = Vec::new();
        for row in rows {
            let (id, day, at) = row?;
            let Ok(id) = Subject::try_from(id.as_slice()) else { continue };
            let when = day.parse::<base::Date>().map_or_else(|_| day.clone(), |d| look.words.date_weekday(d));
            items.push(TodayItem {
                part: "waits",
                icon: LIVE_CLASS.icon,
                title: look.words.with("class-wish-today", &[("class", look.title(&LIVE_CLASS, &id)?.as_str().into())]),
                detail: rooms(&look, &id)?,
                href: format!("/classes/{id}#class-wish"),
                order: FIRST + day.replace('-', "").parse::<i64>().unwrap_or(0),
                when: format!("{when} {at}").trim().to_owned(),
            });
        }
        Ok(items)
    })
}

/// The rooms of a class, by their names.
fn rooms(look: &Look<'_>, class: &Subject) -> Result<String, PageError> {
    let mut stmt = look.conn.prepare_cached("SELECT id FROM class_room WHERE class = ?1 ORDER BY made, id")?;
    let ids = stmt.query_map([class.as_bytes()], |r| r.get::<_, Vec<u8>>(0))?.collect::<Result<Vec<_>, _>>()?;
    let ids = ids.iter().filter_map(|id| Subject::try_from(id.as_slice()).ok());
    Ok(ids.map(|id| look.title(&CLASS_ROOM, &id)).collect::<Result<Vec<_>, _>>()?.join(" · "))
}
