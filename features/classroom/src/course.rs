//! What a planned class shows, where it has a plan and no course yet: the courses that were made for that plan are offered.

use base::Subject;
use log::Context;
use records::{Change, Reader};
use register::{Look, Refusal};
use rusqlite::Connection;
use web::{PageError, Reply, Request, Site};

use crate::facts::LIVE_CLASS;

/// The courses that were made for the plan of a class, for who may put one into it: their ids and titles. None where it has a
/// course already, or is not planned any more.
pub(crate) fn offered(
    site: &Site,
    look: &Look<'_>,
    conn: &Connection,
    reader: &Reader,
    class: &Subject,
) -> Result<Vec<(Subject, String)>, PageError> {
    let kind = site.kinds.get("course").ok_or(PageError::NotFound)?;
    if register::may_change(conn, reader, &LIVE_CLASS, class).is_err() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT course.id FROM course JOIN live_class c ON c.plan = course.plan
         WHERE c.id = ?1 AND c.course IS NULL AND c.state IN ('planned', 'failed')
           AND coalesce(course.state, '') <> 'withdrawn' AND {} ORDER BY course.title_key, course.id",
        reader.sees(kind, "course")
    );
    let mut stmt = conn.prepare_cached(&sql)?;
    let rows = stmt.query_map([class.as_bytes()], |r| r.get::<_, Vec<u8>>(0))?;
    let mut out = Vec::new();
    for row in rows {
        if let Ok(id) = Subject::try_from(row?.as_slice()) {
            out.push((id, look.title(kind, &id)?));
        }
    }
    Ok(out)
}

/// Takes one of them as what the class shows.
pub(crate) fn take(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let class = request.id("id")?;
    let reader = request.reader()?;
    let course: Subject = request.form("course").and_then(|c| c.parse().ok()).ok_or(PageError::NotFound)?;
    let is_offered = site.store.read(|conn| {
        register::visible(conn, reader, &LIVE_CLASS, &class)?;
        register::may_change(conn, reader, &LIVE_CLASS, &class)?;
        let look = Look::new(site, request, conn);
        Ok::<_, PageError>(offered(site, &look, conn, reader, &class)?.iter().any(|(id, _)| *id == course))
    })?;
    if !is_offered {
        return Err(PageError::NotFound);
    }
    let taken = site.store.write(Context { author: reader.person }, |tx| {
        register::change_in(tx, site, reader, &LIVE_CLASS, class, Change::new().with_link("course", course), None)
    });
    taken.map_err(|refusal| match refusal {
        Refusal::Page(e) => e,
        Refusal::Fields(_) => PageError::NotAllowed,
    })?;
    Ok(register::done(&LIVE_CLASS, class, "done-saved"))
}
