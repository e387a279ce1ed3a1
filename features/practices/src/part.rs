//! What a practice shows on its page: how it spread, and each school with what became of it there.

use askama::Template;
use base::{Date, Subject};
use records::{Kind, literal};
use register::{Look, may_move, tone};
use rusqlite::Connection;
use web::{PageError, Request, Shell, Site};

use crate::chart::{self, Step};
use crate::facts::{PRACTICE, PRACTICE_SCHOOL};
use crate::id_in;

#[derive(Template)]
#[template(path = "practice.html")]
struct PracticePart<'a> {
    s: Shell<'a>,
    id: String,
    origin: String,
    today: String,
    adds: bool,
    /// The reader passes it on to others, rather than taking it up.
    passes_on: bool,
    chart: String,
    said: String,
    schools: Vec<Row>,
    /// What schools of the reader were shown, and nobody has said yet what became of it.
    asks: Vec<Ask>,
}

/// A school that was shown it: when, and what may be said of it, by address and word.
struct Ask {
    said: String,
    ways: Vec<(String, String)>,
}

/// A school.
struct Row {
    id: String,
    school: String,
    said: String,
    how: String,
    tone: &'static str,
    state: String,
}

/// The part of a practice's page.
///
/// # Errors
/// What the database says.
pub fn part(
    site: &Site,
    request: &Request,
    conn: &Connection,
    kind: &Kind,
    id: &Subject,
) -> Result<Option<String>, PageError> {
    if kind.name != PRACTICE.name {
        return Ok(None);
    }
    let look = Look::new(site, request, conn);
    let reader = request.reader()?;
    let (origin, state): (Option<Vec<u8>>, String) = conn
        .prepare_cached("SELECT origin, coalesce(state, 'proposed') FROM practice WHERE id = ?1")?
        .query_row([id.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))?;
    let (schools, steps) = schools(&look, request, id)?;
    let (shown, kept) = steps.iter().fold((0, 0), |(s, k), step| (s + step.shown, k + step.kept));
    let labels = [look.words.get("practice-line-shown"), look.words.get("practice-line-kept")];
    let origin = id_in(origin);
    let page = PracticePart {
        id: id.to_string(),
        passes_on: reader.schools().contains(&origin),
        origin: origin.to_string(),
        today: site.today().to_string(),
        adds: state != "retired" && reader.may_make(&PRACTICE_SCHOOL),
        chart: chart::lines(steps, site.today(), [&labels[0], &labels[1]]),
        said: look.words.with("practice-spread-said", &[("shown", shown.into()), ("kept", kept.into())]),
        schools,
        asks: asks(site, request, &look, id)?,
        s: Shell::new(site, request, ""),
    };
    Ok(Some(page.render()?))
}

/// The rows of schools whose word the reader gives: it is asked where the practice is read, not a page further.
fn asks(site: &Site, request: &Request, look: &Look<'_>, practice: &Subject) -> Result<Vec<Ask>, PageError> {
    let reader = request.reader()?;
    let own: Vec<String> = reader.grants.iter().filter_map(|g| g.organisation).map(|org| literal(&org)).collect();
    if own.is_empty() {
        return Ok(Vec::new());
    }
    let mut stmt = look.conn.prepare(&format!(
        "SELECT p.id, p.school, coalesce(p.shown_on, '') FROM practice_school p
         WHERE p.practice = ?1 AND coalesce(p.state, 'shown') = 'shown' AND p.school IN ({}) AND {}
         ORDER BY p.shown_on LIMIT 20",
        own.join(", "),
        reader.sees(&PRACTICE_SCHOOL, "p")
    ))?;
    let mut rows = stmt.query([practice.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let id = id_in(row.get(0)?);
        let mut ways = Vec::new();
        for way in PRACTICE_SCHOOL.moves.iter().filter(|m| m.from.contains(&"shown")) {
            if may_move(site, look.conn, reader, &PRACTICE_SCHOOL, &id, way)? {
                let href = format!("/practice-schools/{id}/move/{}", way.name);
                ways.push((href, look.way(&PRACTICE_SCHOOL, way.name)));
            }
        }
        let school = PRACTICE_SCHOOL.field("school").ok_or(PageError::NotFound)?;
        let school = look.cell(&PRACTICE_SCHOOL, school, row.get_ref(1)?)?.text;
        let day = look.date(&row.get::<_, String>(2)?);
        let said = [("school", school.as_str().into()), ("day", day.as_str().into())];
        if !ways.is_empty() {
            out.push(Ask { said: look.words.with("practice-asks", &said), ways });
        }
    }
    Ok(out)
}

fn schools(look: &Look<'_>, request: &Request, practice: &Subject) -> Result<(Vec<Row>, Vec<Step>), PageError> {
    let sees = request.reader()?.sees(&PRACTICE_SCHOOL, "p");
    let mut stmt = look.conn.prepare(&format!(
        "SELECT p.id, p.school, coalesce(p.state, 'shown'), p.shown_on, p.adopted_on, p.adapted_on, p.dropped_on, p.seen_on,
                coalesce(p.how, '') FROM practice_school p WHERE p.practice = ?1 AND {sees} ORDER BY p.shown_on, p.id LIMIT 500"
    ))?;
    let mut rows = stmt.query([practice.as_bytes()])?;
    let (mut out, mut steps) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        let school = PRACTICE_SCHOOL.field("school").ok_or(PageError::NotFound)?;
        let state: String = row.get(2)?;
        let day = |at: usize| -> Result<Option<Date>, PageError> {
            Ok(row.get::<_, Option<String>>(at)?.and_then(|d| d.parse().ok()))
        };
        let days = [day(3)?, day(4)?, day(5)?, day(6)?, day(7)?];
        let [shown, adopted, adapted, dropped, _] = days;
        steps.extend(shown.map(|day| Step { day, shown: 1, kept: 0 }));
        // It is kept from the first time that it was taken up; a school that took it up anew after dropping it keeps it.
        let kept = [adopted, adapted].into_iter().flatten().min();
        steps.extend(kept.map(|day| Step { day, shown: 0, kept: 1 }));
        if state == "dropped" && kept.is_some() {
            steps.extend(dropped.map(|day| Step { day, shown: 0, kept: -1 }));
        }
        let fields = ["shown_on", "adopted_on", "adapted_on", "dropped_on", "seen_on"];
        let said: Vec<String> = fields
            .iter()
            .zip(days)
            .filter(|(field, _)| **field != "dropped_on" || state == "dropped")
            .filter_map(|(field, day)| {
                Some(format!("{} {}", look.field(&PRACTICE_SCHOOL, field), look.words.date(day?)))
            })
            .collect();
        out.push(Row {
            id: id_in(row.get(0)?).to_string(),
            school: look.cell(&PRACTICE_SCHOOL, school, row.get_ref(1)?)?.text,
            said: said.join(" · "),
            how: row.get(8)?,
            tone: match &*state {
                "adopted" | "adapted" => "ok",
                "shown" => "wait",
                other => tone(other),
            },
            state: look.state(&PRACTICE_SCHOOL, &state),
        });
    }
    Ok((out, steps))
}
