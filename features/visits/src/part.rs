//! What a visit and a trip show on their pages: the advice that was given there last, before all else, and the hosts on
//! the way.

use askama::Template;
use base::Subject;
use records::Kind;
use register::Look;
use rusqlite::{Connection, OptionalExtension, Row};
use web::{PageError, Request, Shell, Site};

use crate::facts::{TRIP, VISIT};

/// Advice that a visit left.
struct Last {
    id: String,
    day: String,
    advice: String,
    follow_up: String,
    /// The day for that, where nobody has recorded that it was done.
    due: String,
}

#[derive(Template)]
#[template(path = "visit.html")]
struct VisitPart<'a> {
    s: Shell<'a>,
    last: Option<Last>,
    /// Visits that may be this stay a second time, with their days.
    beside: Vec<(String, String)>,
    came: Option<Came>,
}

/// Who was there, by the lists and counts of a visit's activities.
struct Came {
    /// The activity that holds them.
    activity: String,
    signed: i64,
    heads: Vec<Heads>,
    /// A count still waits for the word of another.
    waits: bool,
}

/// Who was counted.
struct Heads {
    id: String,
    /// Whom, on which day where there are several, and how.
    what: String,
    number: String,
    verified: bool,
}

/// Advice that was left with a school, and who left it.
struct LeftBy {
    from: String,
    last: Last,
    /// Its visit is open to the reader.
    open: bool,
}

#[derive(Template)]
#[template(path = "left.html")]
struct LeftPart<'a> {
    s: Shell<'a>,
    left: Vec<LeftBy>,
}

struct Stop {
    id: String,
    host: String,
    day: String,
    asked: String,
    state: String,
    last: Option<Last>,
}

#[derive(Template)]
#[template(path = "trip.html")]
struct TripPart<'a> {
    s: Shell<'a>,
    id: String,
    from: String,
    starts: String,
    adds: bool,
    stops: Vec<Stop>,
}

/// Visits whose advice a school's page shows.
const LEFT: usize = 3;

/// The part of a visit's, a trip's or a school's page.
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
    let look = Look::new(site, request, conn);
    if kind.name == VISIT.name {
        let last = before(&look, request, id)?;
        let beside = beside(&look, request, id)?;
        let came = came(site, request, &look, id)?;
        return Ok(Some(VisitPart { last, beside, came, s: Shell::new(site, request, "") }.render()?));
    }
    if kind.name == "organisation" {
        let left = left_with(&look, request, id)?;
        if left.is_empty() {
            return Ok(None);
        }
        return Ok(Some(LeftPart { left, s: Shell::new(site, request, "") }.render()?));
    }
    if kind.name == TRIP.name { Ok(Some(trip(site, request, &look, id)?)) } else { Ok(None) }
}

fn text(row: &Row<'_>, at: usize) -> rusqlite::Result<String> {
    Ok(row.get::<_, Option<String>>(at)?.unwrap_or_default())
}

fn id(row: &Row<'_>, at: usize) -> rusqlite::Result<Subject> {
    Ok(Subject::try_from(row.get::<_, Vec<u8>>(at)?.as_slice()).unwrap_or_default())
}

/// In SQL, what an organisation of the table `of` is called to the reader.
fn organisation(look: &Look<'_>, of: &str) -> Result<String, PageError> {
    Ok(look.kinds.get("organisation").ok_or(PageError::NotFound)?.called(of, look.words.lang()))
}

fn day(look: &Look<'_>, date: &str) -> String {
    date.parse().map(|day| look.words.date(day)).unwrap_or_default()
}

/// The advice of the visit to the same host before this one.
fn before(look: &Look<'_>, request: &Request, visit: &Subject) -> Result<Option<Last>, PageError> {
    let sees = request.reader()?.sees(&VISIT, "v");
    let sql = format!(
        "SELECT v.id, v.held_on, v.advice, v.follow_up, CASE v.state WHEN 'held' THEN v.follow_up_on END FROM visit v, visit this
         WHERE this.id = ?1 AND v.host = this.host AND v.id <> this.id AND v.state IN ('held', 'followed_up')
           AND v.advice IS NOT NULL AND v.held_on <= coalesce(this.held_on, this.starts_on) AND {sees}
         ORDER BY v.held_on DESC, v.id DESC LIMIT 1"
    );
    let found = look.conn.prepare(&sql)?.query_row([visit.as_bytes()], |r| last_of(look, r)).optional()?;
    Ok(found)
}

/// The advice that visits left with a school, the latest first. A visit lies with the school from which it went; what it left
/// is for the host, whose people read it here though the visit itself is not theirs.
fn left_with(look: &Look<'_>, request: &Request, host: &Subject) -> Result<Vec<LeftBy>, PageError> {
    let reader = request.reader()?;
    if !reader.may_read(&VISIT) {
        return Ok(Vec::new());
    }
    let school = records::school_of(look.conn, host)?;
    let theirs = |g: &records::Grant| {
        VISIT.access.read.has(g.role) && (g.organisation == Some(*host) || school.is_some() && g.school == school)
    };
    let sees = reader.sees(&VISIT, "v");
    let from = organisation(look, "o")?;
    let which = if reader.grants.iter().any(theirs) { "1" } else { sees.as_str() };
    let sql = format!(
        "SELECT v.id, v.held_on, v.advice, v.follow_up, CASE v.state WHEN 'held' THEN v.follow_up_on END, {from}, {sees}
         FROM visit v LEFT JOIN organisation o ON o.id = v.from_school
         WHERE v.host = ?1 AND v.state IN ('held', 'followed_up') AND v.advice IS NOT NULL AND {which}
         ORDER BY v.held_on DESC, v.id DESC LIMIT {LEFT}"
    );
    let mut stmt = look.conn.prepare(&sql)?;
    let rows = stmt
        .query_map([host.as_bytes()], |r| Ok(LeftBy { last: last_of(look, r)?, from: text(r, 5)?, open: r.get(6)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Advice as a row gives it: the visit, its day, the advice, what to follow up, and when.
fn last_of(look: &Look<'_>, row: &Row<'_>) -> rusqlite::Result<Last> {
    Ok(Last {
        id: id(row, 0)?.to_string(),
        day: day(look, &text(row, 1)?),
        advice: text(row, 2)?,
        follow_up: text(row, 3)?,
        due: day(look, &text(row, 4)?),
    })
}

/// Other visits of the same school to the same host on days of this one. That nobody was on both does not say whether they were
/// two stays: two who went together may each have recorded themselves alone. Whoever knows is shown them.
fn beside(look: &Look<'_>, request: &Request, visit: &Subject) -> Result<Vec<(String, String)>, PageError> {
    let sees = request.reader()?.sees(&VISIT, "v");
    let sql = format!(
        "SELECT v.id, v.starts_on FROM visit v, visit this
         WHERE this.id = ?1 AND v.id <> this.id AND v.host = this.host AND v.from_school = this.from_school
           AND v.starts_on <= this.ends_on AND this.starts_on <= v.ends_on
           AND v.state IN ('held', 'followed_up') AND this.state IN ('held', 'followed_up') AND {sees}
         ORDER BY v.starts_on, v.id LIMIT 5"
    );
    let mut stmt = look.conn.prepare(&sql)?;
    let rows = stmt.query_map([visit.as_bytes()], |r| Ok((id(r, 0)?.to_string(), day(look, &text(r, 1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Who was there. A number that was typed is one's word: it is in no figure before another has verified it, and that is said.
fn came(site: &Site, request: &Request, look: &Look<'_>, visit: &Subject) -> Result<Option<Came>, PageError> {
    let (Some(activities), Some(counts)) = (site.kinds.get("activity"), site.kinds.get("headcount")) else {
        return Ok(None);
    };
    let reader = request.reader()?;
    let held = format!("a.visit = ?1 AND a.state IN ('held', 'verified') AND {}", reader.sees(activities, "a"));
    let sql = format!(
        "SELECT min(a.id), (SELECT count(*) FROM participation p JOIN activity a ON a.id = p.activity
                            WHERE p.part = 'attends' AND p.present = 1 AND {held}) FROM activity a WHERE {held}"
    );
    let (activity, signed): (Option<Vec<u8>>, i64) =
        look.conn.prepare(&sql)?.query_row([visit.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))?;
    let Some(activity) = activity.and_then(|a| Subject::try_from(a.as_slice()).ok()) else { return Ok(None) };
    let field = |name: &str| counts.field(name).ok_or(PageError::NotFound);
    let (category, basis, number) = (field("category")?, field("basis")?, field("number")?);
    let sql = format!(
        "SELECT h.id, h.category, h.basis, h.day, coalesce(h.state, 'entered') = 'verified', h.number, a.starts_on <> a.ends_on
         FROM headcount h JOIN activity a ON a.id = h.activity WHERE {held} AND {} ORDER BY h.day, h.category, h.id LIMIT 60",
        reader.sees(counts, "h")
    );
    let mut stmt = look.conn.prepare(&sql)?;
    let mut rows = stmt.query([visit.as_bytes()])?;
    let mut heads = Vec::new();
    while let Some(row) = rows.next()? {
        let of = id(row, 0)?;
        let mut what = vec![look.cell(counts, category, row.get_ref(1)?)?.text];
        if row.get(6)? {
            what.push(day(look, &text(row, 3)?));
        }
        what.push(look.cell(counts, basis, row.get_ref(2)?)?.text);
        let number = look.told(counts, number, &of, row.get_ref(5)?)?.text;
        heads.push(Heads { id: of.to_string(), what: what.join(" · "), number, verified: row.get(4)? });
    }
    let waits = heads.iter().any(|h| !h.verified);
    Ok(Some(Came { activity: activity.to_string(), signed, heads, waits }))
}

fn trip(site: &Site, request: &Request, look: &Look<'_>, trip: &Subject) -> Result<String, PageError> {
    let reader = request.reader()?;
    let sees = reader.sees(&VISIT, "v");
    let sql = format!(
        "SELECT v.id, {}, v.starts_on, v.asked, coalesce(v.state, 'planned') FROM visit v
         LEFT JOIN organisation h ON h.id = v.host WHERE v.trip = ?1 AND {sees} ORDER BY v.starts_on, v.id LIMIT 100",
        organisation(look, "h")?
    );
    let mut stmt = look.conn.prepare(&sql)?;
    let mut rows = stmt.query([trip.as_bytes()])?;
    let mut stops = Vec::new();
    while let Some(row) = rows.next()? {
        let visit = id(row, 0)?;
        stops.push(Stop {
            id: visit.to_string(),
            host: text(row, 1)?,
            day: day(look, &text(row, 2)?),
            asked: text(row, 3)?,
            state: look.words.get(&format!("state-{}", text(row, 4)?)).into_owned(),
            last: before(look, request, &visit)?,
        });
    }
    let (from, starts, state): (Vec<u8>, String, String) = look
        .conn
        .prepare_cached("SELECT from_school, starts_on, coalesce(state, 'planned') FROM trip WHERE id = ?1")?
        .query_row([trip.as_bytes()], |r| Ok((r.get(0)?, text(r, 1)?, r.get(2)?)))?;
    let page = TripPart {
        id: trip.to_string(),
        from: Subject::try_from(from.as_slice()).unwrap_or_default().to_string(),
        starts,
        adds: state == "planned" && reader.may_make(&VISIT),
        stops,
        s: Shell::new(site, request, ""),
    };
    Ok(page.render()?)
}
