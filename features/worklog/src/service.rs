//! The service record: what somebody did in the programme, for them alone, made of facts and of nothing else. Nothing in it is
//! scored or set beside anybody else's; whom they hand it to is theirs to decide.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use base::Subject;
use paper::{Block, Run};
use records::Kind;
use register::{Look, label};
use rusqlite::Row;
use web::{PageError, Reply, Request, Shell, Site};

use crate::lines::{Called, Line, id, lines, seen};
use crate::sheet;

/// Rows of each sort.
const MOST: i64 = 500;
/// From before the first day until after the last.
const ALL: (&str, &str) = ("0000", "9999");
/// Of more lines than these, a page tells those of one half at a time.
const MOST_AT_ONCE: usize = 300;

/// Something that lasted: a posting, a pairing, a plan that was written.
struct Held {
    title: String,
    detail: String,
    /// Its page, where the reader may open it today.
    href: Option<String>,
}

/// A half of a school year, and what was done in it.
struct Half {
    /// Its name in an address.
    code: String,
    said: String,
    /// Its lines are told; of another, how many there are.
    open: bool,
    sorts: Vec<Sort>,
}

/// A half by its year and whether it is the autumn's.
type At = (i16, bool);

fn code((year, autumn): At) -> String {
    format!("{year}-{}", if autumn { "autumn" } else { "spring" })
}

/// The first and the last day of a half.
fn span((year, autumn): At) -> (String, String) {
    if autumn {
        (format!("{year}-08-01"), format!("{}-01-31", year + 1))
    } else {
        (format!("{year}-02-01"), format!("{year}-07-31"))
    }
}

struct Sort {
    what: String,
    n: i64,
    lines: Vec<Shown>,
}

struct Shown {
    day: String,
    title: String,
    href: Option<String>,
}

struct Record {
    /// What lasted, under its heading.
    held: Vec<(String, Vec<Held>)>,
    halves: Vec<Half>,
}

#[derive(Template)]
#[template(path = "service.html")]
struct ServicePage<'a> {
    s: Shell<'a>,
    name: String,
    held: Vec<(String, Vec<Held>)>,
    halves: Vec<Half>,
    empty: bool,
}

/// The half of a school year that a day is in: the autumn term is counted from August to January, the spring term from
/// February to July.
fn half(day: &str) -> Option<At> {
    let day: base::Date = day.parse().ok()?;
    Some(match day.month() {
        1 => (day.year() - 1, true),
        2..=7 => (day.year(), false),
        _ => (day.year(), true),
    })
}

/// A day and another, or that it goes on.
fn period(look: &Look<'_>, from: Option<String>, until: Option<String>) -> String {
    let [from, until] = [from, until].map(|d| d.map(|d| look.date(&d)).unwrap_or_default());
    match (from.is_empty(), until.is_empty()) {
        (true, _) => until,
        (false, true) => look.words.with("service-since", &[("text", from.as_str().into())]),
        _ => look.words.with("week-from-until", &[("from", from.as_str().into()), ("until", until.as_str().into())]),
    }
}

/// Rows of a kind; the query names the table `t`, gives its id first, and says `{sees}` of what the reader may open.
pub(crate) fn rows<T>(
    site: &Site,
    request: &Request,
    look: &Look<'_>,
    kind: &str,
    sql: &str,
    read: impl Fn(&Kind, Subject, &Row<'_>) -> Result<T, PageError>,
) -> Result<Vec<T>, PageError> {
    let reader = request.reader()?;
    let Some(kind) = site.kinds.get(kind) else { return Ok(Vec::new()) };
    let sql = format!("{} LIMIT {MOST}", sql.replace("{sees}", &seen(reader, kind)));
    let sql = sql.replace("{today}", &site.today().to_string());
    let mut stmt = look.conn.prepare(&sql)?;
    let mut rows = stmt.query([reader.person.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(read(kind, id(row.get(0)?), row)?);
    }
    Ok(out)
}

fn text(row: &Row<'_>, at: usize) -> Result<Option<String>, PageError> {
    Ok(row.get(at)?)
}

/// The page of a record, where a column says that the reader may open it.
fn page(kind: &Kind, of: Subject, row: &Row<'_>, at: usize) -> Result<Option<String>, PageError> {
    Ok(row.get::<_, bool>(at)?.then(|| format!("/{}/{of}", kind.route)))
}

/// What is said of a word of a list, if there is one.
pub(crate) fn said(look: &Look<'_>, kind: &Kind, field: &str, word: Option<String>) -> Option<String> {
    word.map(|w| label(&look.words, kind, kind.field(field), &w))
}

fn joined(parts: impl IntoIterator<Item = Option<String>>) -> String {
    parts.into_iter().flatten().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// Times at another school: as somebody who was sent there, or who shadows there.
fn stays(site: &Site, request: &Request, look: &Look<'_>, kind: &str, place: &str) -> Result<Vec<Held>, PageError> {
    let organisation = site.kinds.get("organisation").ok_or(PageError::NotFound)?;
    let sql = format!(
        "SELECT t.id, t.{place}, t.role, t.subject, t.arrived_on, coalesce(t.ended_on, t.ends_on), {{sees}} FROM {kind} t
         WHERE t.person = ?1 AND t.arrived_on IS NOT NULL AND t.state IN ('arrived', 'completed', 'ended_early')
         ORDER BY t.arrived_on"
    );
    rows(site, request, look, kind, &sql, |kind, posting, row| {
        let period = period(look, text(row, 4)?, text(row, 5)?);
        let (role, subject) = (said(look, kind, "role", text(row, 2)?), said(look, kind, "subject", text(row, 3)?));
        Ok(Held {
            title: look.title(organisation, &id(row.get(1)?))?,
            detail: joined([role, subject, Some(period)]),
            href: page(kind, posting, row, 6)?,
        })
    })
}

fn pairings(site: &Site, request: &Request, look: &Look<'_>) -> Result<Vec<Held>, PageError> {
    let (person, me) = (site.kinds.get("person").ok_or(PageError::NotFound)?, request.reader()?.person);
    rows(
        site,
        request,
        look,
        "pairing",
        "SELECT t.id, t.master, t.apprentice, t.subject, t.active_from, t.ended_on, {sees} FROM pairing t
         WHERE ?1 IN (t.master, t.apprentice) AND t.active_from IS NOT NULL ORDER BY t.active_from",
        |kind, pairing, row| {
            let (master, apprentice) = (id(row.get(1)?), id(row.get(2)?));
            let (key, other) =
                if master == me { ("service-master", apprentice) } else { ("service-apprentice", master) };
            let who = look.title(person, &other)?;
            let period = period(look, text(row, 4)?, text(row, 5)?);
            Ok(Held {
                title: look.words.with(key, &[("text", who.as_str().into())]),
                detail: joined([said(look, kind, "subject", text(row, 3)?), Some(period)]),
                href: page(kind, pairing, row, 6)?,
            })
        },
    )
}

/// Teams that the reader led or belonged to.
fn teams(site: &Site, request: &Request, look: &Look<'_>) -> Result<Vec<Held>, PageError> {
    let membership = site.kinds.get("membership").ok_or(PageError::NotFound)?;
    rows(
        site,
        request,
        look,
        "team",
        "WITH mine(team, part, from_on, until_on) AS (
           SELECT m.team, m.part, m.from_on, m.until_on FROM membership m WHERE m.person = ?1
           UNION ALL
           SELECT l.id, 'lead', l.active_from, l.ended_on FROM team l WHERE l.lead = ?1 AND l.active_from IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.team = l.id AND m.person = ?1))
         SELECT t.id, mine.part, mine.from_on, coalesce(mine.until_on, t.ended_on), {sees}
         FROM mine JOIN team t ON t.id = mine.team ORDER BY mine.from_on, t.id",
        |kind, team, row| {
            let part = said(look, membership, "part", text(row, 1)?);
            Ok(Held {
                title: look.title_of_own(kind, &team)?,
                detail: joined([part, Some(period(look, text(row, 2)?, text(row, 3)?))]),
                href: page(kind, team, row, 4)?,
            })
        },
    )
}

/// Study tours on which the reader was one of the adults.
fn tours(site: &Site, request: &Request, look: &Look<'_>) -> Result<Vec<Held>, PageError> {
    let (organisation, adult) = (site.kinds.get("organisation"), site.kinds.get("tour_adult"));
    let (Some(organisation), Some(adult)) = (organisation, adult) else { return Ok(Vec::new()) };
    rows(
        site,
        request,
        look,
        "study_tour",
        "SELECT t.id, t.host, n.part, t.left_on, coalesce(t.closed_on, t.ends_on), {sees}
         FROM tour_adult n JOIN study_tour t ON t.id = n.tour
         WHERE n.person = ?1 AND t.state IN ('under_way', 'closed') AND t.left_on IS NOT NULL
         GROUP BY t.id ORDER BY t.left_on",
        |kind, tour, row| {
            let host = look.title(organisation, &id(row.get(1)?))?;
            let part = said(look, adult, "part", text(row, 2)?);
            Ok(Held {
                title: look.title_of_own(kind, &tour)?,
                detail: joined([Some(host), part, Some(period(look, text(row, 3)?, text(row, 4)?))]),
                href: page(kind, tour, row, 5)?,
            })
        },
    )
}

/// Plans or courses that the reader wrote, alone or with others.
fn written(
    site: &Site,
    request: &Request,
    look: &Look<'_>,
    kind: &str,
    hands: (&str, &str),
) -> Result<Vec<Held>, PageError> {
    let (table, link) = hands;
    let sql = format!(
        "SELECT t.id, t.subject, coalesce(t.state, 'draft'), {{sees}} FROM {kind} t
         WHERE t.id IN (SELECT {link} FROM {table} WHERE person = ?1 AND part IN ('lead', 'author'))
         ORDER BY t.title_key, t.id"
    );
    rows(site, request, look, kind, &sql, |kind, of, row| {
        let state = text(row, 2)?.map(|s| look.state(kind, &s));
        Ok(Held {
            title: look.title_of_own(kind, &of)?,
            detail: joined([said(look, kind, "subject", text(row, 1)?), state]),
            href: page(kind, of, row, 3)?,
        })
    })
}

/// Lines by what they are.
type Sorts = BTreeMap<&'static str, Vec<Shown>>;

/// The lines by halves, the latest first; only those of one are told where one is open.
fn halves(look: &Look<'_>, lines: Vec<Line>, open: Option<At>) -> Vec<Half> {
    let mut halves: BTreeMap<At, Sorts> = BTreeMap::new();
    for line in lines {
        let Some(at) = half(&line.day) else { continue };
        let shown = Shown { day: look.date(&line.day), title: line.title, href: line.href };
        halves.entry(at).or_default().entry(line.what).or_default().push(shown);
    }
    let mut out = Vec::new();
    for ((year, autumn), sorts) in halves.into_iter().rev() {
        let key = if autumn { "service-autumn" } else { "service-spring" };
        let from = if autumn { year } else { year - 1 };
        let school_year = format!("{from}–{}", from + 1);
        let sorts = sorts.into_iter().map(|(what, lines)| Sort {
            what: look.words.get(what).into_owned(),
            n: i64::try_from(lines.len()).unwrap_or(i64::MAX),
            lines,
        });
        let said = look.words.with(key, &[("text", school_year.as_str().into())]);
        let open = open.is_none_or(|open| open == (year, autumn));
        out.push(Half { code: code((year, autumn)), said, open, sorts: sorts.collect() });
    }
    out
}

/// All lines; or, of very many, those of the half that is asked for, or of the latest, and of the others how many there are.
fn done(site: &Site, request: &Request, look: &Look<'_>) -> Result<Vec<Half>, PageError> {
    let reader = request.reader()?;
    let mut all = lines(site, look, reader, ALL, Called::No)?;
    if all.len() <= MOST_AT_ONCE {
        return Ok(halves(look, lines(site, look, reader, ALL, Called::Yes)?, None));
    }
    let there: BTreeSet<At> = all.iter().filter_map(|l| half(&l.day)).collect();
    let asked = request.query("half").and_then(|asked| there.iter().find(|at| code(**at) == asked));
    let Some(open) = asked.or(there.last()).copied() else { return Ok(Vec::new()) };
    let (from, until) = span(open);
    all.retain(|l| half(&l.day) != Some(open));
    all.extend(lines(site, look, reader, (&from, &until), Called::Yes)?);
    Ok(halves(look, all, Some(open)))
}

fn record(site: &Site, request: &Request, look: &Look<'_>, halves: Vec<Half>) -> Result<Record, PageError> {
    let held = [
        ("posting-list", stays(site, request, look, "posting", "school")?),
        ("reverse_posting-list", stays(site, request, look, "reverse_posting", "host")?),
        ("pairing-list", pairings(site, request, look)?),
        ("team-list", teams(site, request, look)?),
        ("study_tour-list", tours(site, request, look)?),
        ("service-plans", written(site, request, look, "lesson_plan", ("plan_author", "plan"))?),
        ("service-courses", written(site, request, look, "course", ("course_hand", "course"))?),
    ];
    // Of an account that is not believed everywhere, only what a role opens.
    let believed = request.reader()?.within.is_none();
    let held = held
        .into_iter()
        .map(|(key, held)| (key, held.into_iter().filter(|h| believed || h.href.is_some()).collect::<Vec<_>>()));
    let held = held.filter(|(_, held)| !held.is_empty());
    Ok(Record { held: held.map(|(key, held)| (look.words.get(key).into_owned(), held)).collect(), halves })
}

/// The page of the service record.
pub(crate) fn show(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let me = request.reader()?.person;
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let Record { held, halves } = record(site, request, &look, done(site, request, &look)?)?;
        let shown = ServicePage {
            name: look.names(&me)?,
            empty: held.is_empty() && halves.is_empty(),
            held,
            halves,
            s: Shell::new(site, request, look.words.get("service").into_owned()),
        };
        Ok::<_, PageError>(shown.render()?)
    })?;
    Ok(Reply::Page(html))
}

/// The record as PDF: what lasted, then each half year's counts with the lines behind them.
pub(crate) fn paper(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (paper, name) = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let words = &look.words;
        let all = halves(&look, lines(site, &look, request.reader()?, ALL, Called::Yes)?, None);
        let record = record(site, request, &look, all)?;
        let mut blocks = vec![Block::Text(vec![Run::from(&*words.get("service-said"))])];
        let item = |text: String| Block::Item { depth: 0, number: None, runs: vec![Run::from(text.as_str())] };
        for (title, held) in &record.held {
            blocks.push(Block::Heading(title.clone()));
            blocks.extend(held.iter().map(|h| item(format!("{} · {}", h.title, h.detail))));
        }
        for half in &record.halves {
            blocks.push(Block::Heading(half.said.clone()));
            let counts = half.sorts.iter().map(|s| (s.what.clone(), words.number(s.n)));
            blocks.push(Block::Facts(counts.collect()));
            for sort in &half.sorts {
                blocks.extend(sort.lines.iter().map(|l| item(format!("{} · {} · {}", l.day, sort.what, l.title))));
            }
        }
        let title = words.get("service").into_owned();
        let by = look.names(&request.reader()?.person)?;
        let paper = sheet::paper(site, &look, &title, &by, blocks);
        Ok::<_, PageError>((paper, format!("{title} {by}")))
    })?;
    sheet::reply(&paper, &name)
}

#[cfg(test)]
mod tests {
    use super::half;

    #[test]
    fn a_school_year_has_two_halves() {
        for (day, at) in [
            ("2026-08-25", (2026, true)),
            ("2027-01-31", (2026, true)),
            ("2027-02-01", (2027, false)),
            ("2027-07-31", (2027, false)),
        ] {
            assert_eq!(half(day), Some(at), "{day}");
        }
        assert_eq!(half("soon"), None);
    }
}
