//! Signing in to an activity: by a code on the room's screen that one's own phone reads, or on a list. One stands there
//! once a day, whoever writes it.

use std::collections::BTreeSet;

use askama::Template;
use base::{Date, Subject};
use log::{Context, Tx};
use records::{Change, Kind, Reader, Role, Roles, Value, append, check, record_scope, scope_of};
use register::{Look, Refusal, concerned, make_in, visible};
use rusqlite::{Connection, OptionalExtension, params};
use web::{Check, PageError, Reply, Request, Route, Shell, Site, seal, set_cookie, squares};

use crate::facts::{ACTIVITY, PARTICIPATION, WHO};

/// Letters of the seal in the address: with it one must have seen the screen that day.
const SEAL: usize = 20;
/// People of one list.
const MOST: usize = 400;
/// Days of one activity that a list can be for.
const MOST_DAYS: usize = 60;

/// Who signs in for themselves: grown-up people. A class's device or a pupil's account is no teacher who attends.
const SIGNERS: Roles =
    Roles::of(&[Role::Administrator, Role::Officer, Role::Coordinator, Role::Head, Role::Posted, Role::Local]);

pub(crate) fn routes() -> Vec<Route> {
    let keeps = Check::Roles(WHO);
    vec![
        Route::get("/activities/{id}/screen", keeps, screen),
        Route::get("/activities/{id}/list", keeps, list),
        Route::post("/activities/{id}/list", keeps, write_list),
        Route::get("/sign/{id}/{seal}", Check::Roles(SIGNERS), ask),
        Route::post("/sign/{id}/{seal}", Check::Roles(SIGNERS), sign),
    ]
}

#[derive(Template)]
#[template(path = "part.html")]
struct ActivityPart<'a> {
    s: Shell<'a>,
    id: String,
    today: bool,
    list: bool,
}

/// The part of an activity's page: the ways to sign in, for who keeps it.
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
    if kind.name != ACTIVITY.name || !request.reader()?.may_make(&PARTICIPATION) {
        return Ok(None);
    }
    let today = about(site, conn, id).is_ok();
    let list = days(site, conn, id).is_ok();
    Ok(Some(ActivityPart { id: id.to_string(), today, list, s: Shell::new(site, request, "") }.render()?))
}

/// An activity that goes on today, as the page names it.
struct About {
    title: String,
    day: String,
}

/// The activity, if it takes place on this day and still takes names.
fn about(site: &Site, conn: &Connection, id: &Subject) -> Result<About, PageError> {
    let sql = "SELECT title, starts_on, ends_on, coalesce(state, 'planned') FROM activity WHERE id = ?1";
    let found: Option<(String, String, String, String)> = conn
        .prepare_cached(sql)?
        .query_row([id.as_bytes()], |r| {
            Ok((r.get::<_, Option<String>>(0)?.unwrap_or_default(), r.get(1)?, r.get(2)?, r.get(3)?))
        })
        .optional()?;
    let (title, starts, ends, state) = found.ok_or(PageError::NotFound)?;
    let today = site.today().to_string();
    if !matches!(&*state, "planned" | "held") {
        return Err(PageError::Rule("sign-over".to_owned()));
    }
    if !(starts..=ends).contains(&today) {
        return Err(PageError::Rule("sign-day".to_owned()));
    }
    Ok(About { title, day: today })
}

fn seal_of(site: &Site, id: &Subject, day: &str) -> Result<String, PageError> {
    Ok(seal(site, "sign", &format!("{id} {day}"))?.chars().take(SEAL).collect())
}

#[derive(Template)]
#[template(path = "screen.html")]
struct ScreenPage<'a> {
    s: Shell<'a>,
    id: String,
    title: String,
    address: String,
    squares: Option<(i32, String)>,
    n: i64,
}

/// What the room's screen shows: the code, and how many have signed in.
fn screen(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let html = site.store.read(|conn| {
        visible(conn, request.reader()?, &ACTIVITY, &id)?;
        let about = about(site, conn, &id)?;
        let scheme = if request.secure { "https" } else { "http" };
        let address = format!("{scheme}://{}/sign/{id}/{}", request.host, seal_of(site, &id, &about.day)?);
        let n = conn
            .prepare_cached("SELECT count(*) FROM participation WHERE activity = ?1 AND day = ?2 AND present = 1")?
            .query_row(params![id.as_bytes(), about.day], |r| r.get(0))?;
        let page = ScreenPage {
            id: id.to_string(),
            squares: squares(&address),
            address,
            n,
            title: about.title,
            s: Shell::new(site, request, request.words(site).get("sign-screen")),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

#[derive(Template)]
#[template(path = "sign.html")]
struct SignPage<'a> {
    s: Shell<'a>,
    title: String,
    day: String,
    done: bool,
}

/// The activity that an address from a screen names; an address of another day is none.
fn sealed(site: &Site, conn: &Connection, request: &Request) -> Result<(Subject, About), PageError> {
    let id = request.id("id")?;
    let about = about(site, conn, &id)?;
    let given = request.params.get("seal").map(String::as_str).unwrap_or_default();
    if given != seal_of(site, &id, &about.day)? {
        return Err(PageError::Rule("sign-day".to_owned()));
    }
    Ok((id, about))
}

/// How somebody stands on the list of a day. Who was put there beforehand is not there yet, and does not count.
enum Stands {
    Not,
    /// By this record, without being there.
    Listed(Subject),
    There,
}

fn stands(conn: &Connection, id: &Subject, person: &Subject, day: &str) -> Result<Stands, PageError> {
    let sql = "SELECT id, coalesce(present, 0) FROM participation WHERE activity = ?1 AND person = ?2 AND day = ?3
               ORDER BY 2 DESC LIMIT 1";
    let found: Option<(Vec<u8>, bool)> = conn
        .prepare_cached(sql)?
        .query_row(params![id.as_bytes(), person.as_bytes(), day], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    Ok(match found {
        None => Stands::Not,
        Some((_, true)) => Stands::There,
        Some((listed, false)) => Stands::Listed(Subject::try_from(listed.as_slice()).map_err(|_| PageError::NotFound)?),
    })
}

fn is_there(conn: &Connection, id: &Subject, person: &Subject, day: &str) -> Result<bool, PageError> {
    Ok(matches!(stands(conn, id, person, day)?, Stands::There))
}

/// What says of somebody who was listed beforehand that they were there.
fn was_there() -> Change {
    Change::new().with("present", Value::Bool(true))
}

fn ask(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let html = site.store.read(|conn| {
        let (id, about) = sealed(site, conn, request)?;
        let page = SignPage {
            done: is_there(conn, &id, &request.reader()?.person, &about.day)?,
            day: about.day.parse().map(|day| request.words(site).date(day)).unwrap_or(about.day),
            title: about.title,
            s: Shell::new(site, request, request.words(site).get("sign-in-here")),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

/// Who was in the room signs in for themselves, of whatever school they are.
fn sign(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let person = request.reader()?.person;
    site.store.write(Context { author: person }, |tx| {
        let (id, about) = sealed(site, tx.conn(), request)?;
        let (subject, scope, change) = match stands(tx.conn(), &id, &person, &about.day)? {
            Stands::There => return Ok(()),
            Stands::Listed(listed) => {
                (listed, record_scope(tx.conn(), site.programme, &PARTICIPATION, &listed)?, was_there())
            }
            Stands::Not => {
                let change = attends(tx.conn(), &id, &person, &about.day)?;
                let scope = scope_of(tx.conn(), &site.kinds, site.programme, &PARTICIPATION, &change)?;
                (tx.subject(&scope), scope, change)
            }
        };
        append(tx, &PARTICIPATION, scope, subject, change, None)?;
        Ok::<_, PageError>(check(tx, &PARTICIPATION, &subject)?)
    })?;
    Ok(Reply::ToWith("/learning".to_owned(), vec![set_cookie("zampa_note", "sign-done", 60)]))
}

fn attends(conn: &Connection, activity: &Subject, person: &Subject, day: &str) -> Result<Change, PageError> {
    let change = Change::new()
        .with_link("activity", *activity)
        .with_link("person", *person)
        .with_text("part", "attends")
        .with_text("day", day)
        .with("present", Value::Bool(true));
    Ok(match taught_at(conn, person)? {
        Some(school) => change.with_link("school", school),
        None => change,
    })
}

/// The school at which somebody teaches now.
fn taught_at(conn: &Connection, person: &Subject) -> Result<Option<Subject>, PageError> {
    let found: Option<Option<Vec<u8>>> = conn
        .prepare_cached("SELECT school FROM person WHERE id = ?1")?
        .query_row([person.as_bytes()], |r| r.get(0))
        .optional()?;
    Ok(found.flatten().and_then(|s| Subject::try_from(s.as_slice()).ok()))
}

/// A name on a list, however it came there, keeps the school at which its person taught: another name, another school.
///
/// # Errors
/// What the database says.
pub fn completes(conn: &Connection, kind: &Kind, change: &mut Change) -> Result<(), PageError> {
    if kind.name != PARTICIPATION.name || change.set.contains_key("school") {
        return Ok(());
    }
    let Some(person) = change.set.get("person").and_then(Value::as_link) else { return Ok(()) };
    let school = taught_at(conn, &person)?.map_or(Value::Null, |school| Value::link(&school));
    change.set.insert("school".to_owned(), school);
    Ok(())
}

struct Line {
    id: String,
    name: String,
    there: bool,
}

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage<'a> {
    s: Shell<'a>,
    id: String,
    title: String,
    day: String,
    /// The days for which there can be a list, with how each is written.
    days: Vec<(String, String)>,
    lines: Vec<Line>,
    most: usize,
}

/// Grown-up people of the activity's school, who are most of those that come, and whoever was put on its list beforehand.
fn people(
    site: &Site,
    conn: &Connection,
    request: &Request,
    activity: &Subject,
) -> Result<Vec<(Subject, String)>, PageError> {
    let kind = site.kinds.get("person").ok_or(PageError::NotFound)?;
    let (sees, called) = (request.reader()?.sees(kind, "p"), kind.called("p", request.lang));
    let sql = format!(
        "SELECT p.id, {called} FROM person p, activity a WHERE a.id = ?1 AND p.name IS NOT NULL AND {sees}
           AND coalesce(p.state, 'active') = 'active' AND (p.school = a.school
             OR p.id IN (SELECT person FROM posting WHERE state = 'arrived' AND school = a.school)
             OR p.school IN (SELECT id FROM organisation WHERE parent = a.school)
             OR p.id IN (SELECT person FROM participation WHERE activity = a.id))
           AND NOT EXISTS (SELECT 1 FROM grant_of_role g WHERE g.person = p.id AND g.role IN ('device', 'pupil'))
         ORDER BY p.title_key LIMIT {MOST}"
    );
    let mut stmt = conn.prepare(&sql)?;
    let rows = stmt.query_map([activity.as_bytes()], |r| {
        Ok((Subject::try_from(r.get::<_, Vec<u8>>(0)?.as_slice()).unwrap_or_default(), r.get(1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The days for which names can be listed: those of the activity that have come, the latest first.
///
/// # Errors
/// [`PageError::Rule`] where the activity takes no names any more or has not begun.
fn days(site: &Site, conn: &Connection, id: &Subject) -> Result<Vec<String>, PageError> {
    let (starts, ends, state): (String, String, String) = conn
        .prepare_cached("SELECT starts_on, ends_on, coalesce(state, 'planned') FROM activity WHERE id = ?1")?
        .query_row([id.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
        .optional()?
        .ok_or(PageError::NotFound)?;
    if !matches!(&*state, "planned" | "held") {
        return Err(PageError::Rule("sign-over".to_owned()));
    }
    let understood = |day: &str| day.parse::<Date>().map_err(|_| PageError::Malformed("a date"));
    let (first, today) = (understood(&starts)?, site.today());
    let mut day = understood(&ends)?.min(today);
    let mut out = Vec::new();
    while day >= first && out.len() < MOST_DAYS {
        out.push(day.to_string());
        let Ok(before) = day.yesterday() else { break };
        day = before;
    }
    if out.is_empty() { Err(PageError::Rule("sign-early".to_owned())) } else { Ok(out) }
}

/// The day that is asked for, if the activity has it; the latest where none is asked for.
fn day_of<'a>(days: &'a [String], asked: Option<&str>) -> Result<&'a str, PageError> {
    let found = match asked {
        Some(asked) => days.iter().find(|day| *day == asked),
        None => days.first(),
    };
    found.map(String::as_str).ok_or_else(|| PageError::Rule("participation-day".to_owned()))
}

fn list(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let html = site.store.read(|conn| {
        visible(conn, request.reader()?, &ACTIVITY, &id)?;
        let look = Look::new(site, request, conn);
        let days = days(site, conn, &id)?;
        let day = day_of(&days, request.query("day"))?;
        let mut lines = Vec::new();
        for (person, name) in people(site, conn, request, &id)? {
            lines.push(Line { there: is_there(conn, &id, &person, day)?, id: person.to_string(), name });
        }
        let shown = |day: &String| day.parse().map_or_else(|_| day.clone(), |d| look.words.date(d));
        let page = ListPage {
            id: id.to_string(),
            title: look.title(&ACTIVITY, &id)?,
            lines,
            day: day.to_owned(),
            days: days.iter().map(|d| (d.clone(), shown(d))).collect(),
            most: MOST,
            s: Shell::new(site, request, look.words.get("sign-list")),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

/// Whoever holds the paper ticks who was put on the list beforehand as well as who was not.
fn was_listed(tx: &Tx<'_>, site: &Site, reader: &Reader, id: &Subject, listed: Subject) -> Result<(), Refusal> {
    if !reader.reaches(PARTICIPATION.access.write, &concerned(tx.conn(), &ACTIVITY, id)?) {
        return Err(PageError::NotAllowed.into());
    }
    let scope = record_scope(tx.conn(), site.programme, &PARTICIPATION, &listed)?;
    append(tx, &PARTICIPATION, scope, listed, was_there(), None)?;
    Ok(check(tx, &PARTICIPATION, &listed)?)
}

/// Writes who is ticked and was not there yet. Nobody is taken off by a list: that is done at the record, where it is seen.
fn write_list(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let reader = request.reader()?;
    let chosen: BTreeSet<Subject> = request.form_all("person").filter_map(|p| p.parse().ok()).collect();
    if chosen.len() > MOST {
        return Err(PageError::Rule("sign-many".to_owned()));
    }
    site.store.write(Context { author: reader.person }, |tx: &Tx<'_>| {
        visible(tx.conn(), reader, &ACTIVITY, &id)?;
        let days = days(site, tx.conn(), &id)?;
        let day = day_of(&days, request.form("day"))?;
        for person in &chosen {
            let written = match stands(tx.conn(), &id, person, day)? {
                Stands::There => continue,
                Stands::Listed(listed) => was_listed(tx, site, reader, &id, listed),
                Stands::Not => {
                    let change = attends(tx.conn(), &id, person, day)?;
                    make_in(tx, site, request, &PARTICIPATION, change, None, None).map(drop)
                }
            };
            written.map_err(|refusal| match refusal {
                Refusal::Page(e) => e,
                Refusal::Fields(_) => PageError::NotAllowed,
            })?;
        }
        Ok::<_, PageError>(())
    })?;
    Ok(Reply::ToWith(format!("/activities/{id}"), vec![set_cookie("zampa_note", "sign-list-done", 60)]))
}
