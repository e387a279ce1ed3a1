//! When one of the two leaves: the pairing is closed, handed over, or goes on online, and none of it by silence. That a
//! posting cannot end and nobody can be archived before is a rule of postings and of people; here is what tells the two
//! beforehand, and the third way.

use std::collections::BTreeMap;

use askama::Template;
use base::Subject;
use log::Context;
use records::{Change, Role, Value, append, check, record_scope};
use register::Look;
use rusqlite::Connection;
use web::{PageError, Reply, Request, Shell, Site};

use crate::anew;
use crate::facts::PAIRING;
use crate::notes::{Fits, fits};
use crate::two::{Two, id};

/// Days before the end of a posting from which it is asked.
const AHEAD_DAYS: i64 = 30;
/// Pairings that are listed.
const MOST: i64 = 200;

/// A pairing of which one leaves.
#[derive(Clone, Debug)]
pub(crate) struct Due {
    pub pairing: Subject,
    /// Who leaves.
    pub person: Subject,
    /// The last day of the posting; none where the person was archived, which has no day.
    pub day: Option<String>,
}

/// Pairings that are to be closed, handed over or to go on online, those where somebody leaves first at the top:
/// `narrowed` is a condition on `p`.
pub(crate) fn due(conn: &Connection, today: &str, narrowed: &str) -> Result<Vec<Due>, PageError> {
    let mut stmt = conn.prepare(&format!(
        "WITH mine AS (SELECT p.id, p.master, p.apprentice, p.school, p.active_from FROM pairing p
                       WHERE p.state IN ('active', 'paused') AND coalesce(p.online, 0) = 0 AND ({narrowed})),
              there(pairing, person, state, day) AS (
                SELECT m.id, a.person, a.state, coalesce(a.ended_on, a.ends_on)
                FROM mine m JOIN posting a ON a.person IN (m.master, m.apprentice)
                WHERE (a.state IN ('arrived', 'completed', 'ended_early') OR a.state = 'accepted' AND a.ends_on >= ?1)
                  AND (a.school = m.school OR EXISTS
                       (SELECT 1 FROM organisation o WHERE o.id = a.school AND o.parent = m.school
                        OR o.id = m.school AND o.parent = a.school))),
              leaves(pairing, person, day) AS (
                SELECT pairing, person, max(day) FROM there GROUP BY pairing, person
                HAVING sum(state = 'accepted') = 0 AND max(day) <= date(?1, '+{AHEAD_DAYS} days')
                UNION ALL
                SELECT m.id, a.id, NULL FROM mine m JOIN person a ON a.id IN (m.master, m.apprentice)
                WHERE a.state = 'archived')
         SELECT m.id, l.person, min(l.day) FROM mine m JOIN leaves l ON l.pairing = m.id
         WHERE l.day IS NULL OR m.active_from <= l.day GROUP BY m.id ORDER BY 3, m.id LIMIT {MOST}"
    ))?;
    let rows = stmt.query_map([today], |r| {
        Ok(Due {
            pairing: id(r.get(0)?).unwrap_or_default(),
            person: id(r.get(1)?).unwrap_or_default(),
            day: r.get(2)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Days for which it is asked who follows, after a pairing was handed over.
const FOLLOW_DAYS: i64 = 180;

/// Pairings that were handed over, and no pairing of who took them on with one of the two has followed: a hand-over that
/// nobody takes up would be an end in silence. `narrowed` is a condition on `p`.
pub(crate) fn unfollowed(conn: &Connection, today: &str, narrowed: &str) -> Result<Vec<Subject>, PageError> {
    let mut stmt = conn.prepare(&format!(
        "SELECT p.id FROM pairing p
         WHERE p.state = 'handed_over' AND p.ended_on >= date(?1, '-{FOLLOW_DAYS} days') AND ({narrowed})
           AND NOT EXISTS (SELECT 1 FROM pairing q WHERE p.handed_to IN (q.master, q.apprentice)
                AND (p.master IN (q.master, q.apprentice) OR p.apprentice IN (q.master, q.apprentice))
                AND (q.state IN ('invited', 'signed', 'active', 'paused')
                     OR q.active_from IS NOT NULL AND q.ended_on >= p.ended_on))
         ORDER BY p.ended_on, p.id LIMIT {MOST}"
    ))?;
    let ids = stmt.query_map([today], |r| Ok(id(r.get(0)?).unwrap_or_default()))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// The two go on over the wire.
pub(crate) fn online(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (id, reader) = (request.id("id")?, request.reader()?);
    site.store.write(Context { author: reader.person }, |tx| {
        register::visible(tx.conn(), reader, &PAIRING, &id)?;
        if !register::in_hands(tx.conn(), reader, &PAIRING, &id)? {
            return Err(PageError::NotAllowed);
        }
        if !Two::read(tx.conn(), &id)?.goes_on() {
            return Err(PageError::Rule("pairing-not-active".to_owned()));
        }
        let scope = record_scope(tx.conn(), site.programme, &PAIRING, &id)?;
        append(tx, &PAIRING, scope, id, Change::new().with("online", Value::Bool(true)), None)?;
        Ok(check(tx, &PAIRING, &id)?)
    })?;
    Ok(register::done(&PAIRING, id, "done-saved"))
}

/// Pairings of others in which a re-pairing is wished, for the officer; nobody learns by whom.
pub(crate) fn wished(conn: &Connection, sees: &str, officer: &Subject) -> Result<Vec<Subject>, PageError> {
    let mut stmt = conn.prepare(&format!(
        "SELECT DISTINCT p.id FROM pair_fit f JOIN pairing p ON p.id = f.pairing
         WHERE p.state IN ('active', 'paused') AND ({sees}) ORDER BY p.id"
    ))?;
    let ids = stmt.query_map([], |r| Ok(id(r.get(0)?).unwrap_or_default()))?.collect::<Result<Vec<_>, _>>()?;
    let mut out = Vec::new();
    for pairing in ids {
        let two = Two::read(conn, &pairing)?;
        if two.part(officer).is_none() && fits(conn, &two)? == Some(Fits::Another) {
            out.push(pairing);
        }
    }
    Ok(out)
}

#[derive(Template)]
#[template(path = "due.html")]
struct Page<'a> {
    s: Shell<'a>,
    due: Vec<Line>,
    /// Handed over, and nobody follows yet.
    unfollowed: Vec<Line>,
    /// For officers alone.
    wished: Option<Vec<Wished>>,
    /// What the office asks the head for: a pairing, and where others offer.
    asked: Vec<(Line, String)>,
}

/// A pairing in which another is wished.
struct Wished {
    line: Line,
    id: String,
    /// Where another is looked for.
    place: String,
    /// That the head was asked.
    asked: Option<String>,
}

struct Line {
    href: String,
    title: String,
    detail: String,
}

/// Where a decision is due: for the school's head and the office.
pub(crate) fn page(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let reader = request.reader()?;
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let sees = reader.sees(&PAIRING, "p");
        let line = |pairing: &Subject, detail: String| {
            let href = format!("/pairings/{pairing}");
            Ok::<_, PageError>(Line { href, title: look.title(&PAIRING, pairing)?, detail })
        };
        let today = site.today().to_string();
        let waiting = unfollowed(conn, &today, &sees)?;
        let waiting = waiting.iter().map(|p| line(p, String::new())).collect::<Result<_, _>>()?;
        let lines = due(conn, &today, &sees)?;
        let lines = lines.iter().map(|d| line(&d.pairing, said(site, &look, d)?)).collect::<Result<_, _>>()?;
        let wished = if reader.is(Role::Officer) {
            let asked: BTreeMap<Subject, String> = anew::asked(conn, &sees)?.into_iter().collect();
            let shown = |p: &Subject| {
                let day = asked.get(p).map(|day| look.date(day));
                let said = day.map(|day| look.words.with("pair-asked-on", &[("day", day.as_str().into())]));
                Ok::<_, PageError>(Wished {
                    line: line(p, String::new())?,
                    id: p.to_string(),
                    place: anew::place(p),
                    asked: said,
                })
            };
            Some(wished(conn, &sees, &reader.person)?.iter().map(shown).collect::<Result<_, _>>()?)
        } else {
            None
        };
        let asked = anew::asked_of(conn, request)?;
        let asked = asked
            .iter()
            .map(|(p, day)| Ok((line(p, look.date(day))?, anew::place(p))))
            .collect::<Result<_, PageError>>()?;
        let s = Shell::new(site, request, look.words.get("pair-due-title"));
        Ok::<_, PageError>(Page { s, due: lines, unfollowed: waiting, wished, asked }.render()?)
    })?;
    Ok(Reply::Page(html))
}

#[derive(Template)]
#[template(path = "posting.html")]
struct PostingPart<'a> {
    s: Shell<'a>,
    lines: Vec<Line>,
}

/// On the page of a posting: the pairings without which it cannot end.
pub(crate) fn of_posting(
    site: &Site,
    request: &Request,
    conn: &Connection,
    posting: &Subject,
) -> Result<Option<String>, PageError> {
    let look = Look::new(site, request, conn);
    let mut stmt = conn.prepare(&format!(
        "SELECT p.id FROM posting a JOIN pairing p ON a.person IN (p.master, p.apprentice)
         WHERE a.id = ?1 AND a.state = 'arrived' AND p.state IN ('active', 'paused') AND coalesce(p.online, 0) = 0
           AND {} ORDER BY p.active_from LIMIT {MOST}",
        request.reader()?.sees(&PAIRING, "p")
    ))?;
    let ids = stmt.query_map([posting.as_bytes()], |r| Ok(id(r.get(0)?).unwrap_or_default()))?;
    let mut lines = Vec::new();
    for pairing in ids {
        let pairing = pairing?;
        let href = format!("/pairings/{pairing}");
        lines.push(Line { href, title: look.title(&PAIRING, &pairing)?, detail: String::new() });
    }
    let page = PostingPart { s: Shell::new(site, request, ""), lines };
    Ok(if page.lines.is_empty() { None } else { Some(page.render()?) })
}

/// Who leaves, and when.
pub(crate) fn said(site: &Site, look: &Look<'_>, due: &Due) -> Result<String, PageError> {
    let person = site.kinds.get("person").ok_or(PageError::NotFound)?;
    let who = look.title(person, &due.person)?;
    let Some(day) = &due.day else { return Ok(look.words.with("pair-due-archived", &[("who", who.as_str().into())])) };
    let key = if *day < site.today().to_string() { "pair-due-left" } else { "pair-due-leaves" };
    let day = look.date(day);
    Ok(look.words.with(key, &[("who", who.as_str().into()), ("day", day.as_str().into())]))
}
