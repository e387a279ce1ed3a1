//! What timetables show on the pages of other records: of a school the way to its week, of a need the gaps that it would fill, of
//! a class that is planned what its rooms have at that time.

use askama::Template;
use base::Subject;
use records::Kind;
use register::Look;
use rusqlite::{Connection, OptionalExtension};
use web::{PageError, Request, Shell, Site};

use crate::days;
use crate::facts::LESSON;
use crate::read::{self, SCHOOLS};

#[derive(Template)]
#[template(path = "at_school.html")]
struct AtSchool<'a> {
    s: Shell<'a>,
    href: String,
    mine: Option<String>,
}

#[derive(Template)]
#[template(path = "need_gaps.html")]
struct NeedGaps<'a> {
    s: Shell<'a>,
    href: String,
    subject: String,
    gaps: i64,
    hours: Option<i64>,
    known: bool,
}

/// The part of a record's page.
///
/// # Errors
/// What the database says.
pub fn part(
    site: &Site,
    request: &Request,
    conn: &Connection,
    kind: &Kind,
    of: &Subject,
) -> Result<Option<String>, PageError> {
    match kind.name {
        "organisation" => at_school(site, request, conn, of),
        "need" => need(site, request, conn, of),
        "live_class" | "class_series" => crate::planning::part(site, request, conn, kind, of),
        _ => Ok(None),
    }
}

fn at_school(site: &Site, request: &Request, conn: &Connection, of: &Subject) -> Result<Option<String>, PageError> {
    let reader = request.reader()?;
    let sql = format!("SELECT 1 FROM organisation WHERE id = ?1 AND kind IN {SCHOOLS}");
    let is_school = conn.prepare_cached(&sql)?.query_row([of.as_bytes()], |_| Ok(())).optional()?.is_some();
    if !is_school || !crate::live::sees(conn, reader, of)? {
        return Ok(None);
    }
    let today = site.today().to_string();
    let condition = "l.school = ?1 AND l.teacher = ?2 AND l.starts_on <= ?3 AND l.ends_on >= ?3";
    let own =
        read::lessons(conn, reader, condition, rusqlite::params![of.as_bytes(), reader.person.as_bytes(), today])?;
    let mine = (!own.is_empty()).then(|| format!("/timetables/{of}?teacher={}", reader.person));
    Ok(Some(AtSchool { href: format!("/timetables/{of}"), mine, s: Shell::new(site, request, "") }.render()?))
}

/// How many lessons a week in the need's subject have no teacher at its school now.
fn need(site: &Site, request: &Request, conn: &Connection, of: &Subject) -> Result<Option<String>, PageError> {
    let reader = request.reader()?;
    let found = conn
        .prepare_cached("SELECT school, subject, hours FROM need WHERE id = ?1")?
        .query_row([of.as_bytes()], |r| {
            Ok((read::id_in(r, 0)?, r.get::<_, Option<String>>(1)?, r.get::<_, Option<i64>>(2)?))
        })
        .optional()?;
    let Some((Some(school), Some(subject), hours)) = found else { return Ok(None) };
    if !crate::live::sees(conn, reader, &school)? {
        return Ok(None);
    }
    let all = read::of_school(conn, reader, &school)?;
    let (monday, sunday) = days::week_of(read::shown_day(None, &all, site.today()));
    let gaps = all.iter().filter(|l| l.teacher.is_none() && l.subject == subject && l.within(monday, sunday)).count();
    let words = Look::new(site, request, conn).words;
    let page = NeedGaps {
        href: if all.is_empty() {
            format!("/timetables/{school}")
        } else {
            format!("/timetables/{school}/gaps?subject={subject}")
        },
        subject: register::label(&words, &LESSON, LESSON.field("subject"), &subject),
        gaps: i64::try_from(gaps).unwrap_or(0),
        hours: hours.filter(|h| *h > 0),
        known: !all.is_empty(),
        s: Shell::new(site, request, ""),
    };
    Ok(Some(page.render()?))
}
