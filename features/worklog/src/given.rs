//! What one person gave another of this room: a week's log, a handover pack. The two see it, whoever keeps the programme; it
//! stays as it was, and its owner takes it back, with its words.

use std::collections::BTreeSet;

use askama::Template;
use base::{Scope, Subject};
use log::Context;
use records::{Change, Kind, REMOVED, Value, append};
use register::Look;
use rusqlite::{Connection, params};
use web::{PageError, Reply, Request, Shell, Site, TodayItem};

use crate::facts::{HANDOVER_PACK, MOST, WEEK_LOG};
use crate::lines::id;
use crate::sheet::{self, Part};

/// Things of this sort that a page lists.
const LISTED: i64 = 60;
/// Days for which Today says that something came.
const NEWS_DAYS: i64 = 21;

/// Something that was given.
pub(crate) struct Given {
    pub id: Subject,
    pub person: Subject,
    pub recipient: Subject,
    pub on: String,
    pub said: String,
    /// The week, of a log.
    pub week: Option<String>,
    /// Where it stands among what has changed.
    changed: i64,
}

/// What the reader gave or was given of a kind, the newest first; `which` narrows it, with `?2`.
pub(crate) fn all(
    conn: &Connection,
    kind: &Kind,
    which: &str,
    me: Subject,
    with: &dyn rusqlite::ToSql,
) -> Result<Vec<Given>, PageError> {
    let week = if kind.name == WEEK_LOG.name { "week" } else { "NULL" };
    let mut stmt = conn.prepare(&format!(
        "SELECT id, person, recipient, given_on, coalesce(said, ''), {week}, changed FROM {}
         WHERE ?1 IN (person, recipient) AND said IS NOT NULL AND {which} ORDER BY given_on DESC, id DESC LIMIT {LISTED}",
        kind.name
    ))?;
    let rows = stmt.query_map(params![me.as_bytes(), with], |r| {
        Ok(Given {
            id: id(r.get(0)?),
            person: id(r.get(1)?),
            recipient: id(r.get(2)?),
            on: r.get::<_, Option<String>>(3)?.unwrap_or_default(),
            said: r.get(4)?,
            week: r.get(5)?,
            changed: r.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Gives what it says, as it is now.
pub(crate) fn give(
    site: &Site,
    request: &Request,
    kind: &'static Kind,
    recipient: Subject,
    week: Option<&str>,
    parts: &[Part],
) -> Result<Subject, PageError> {
    let person = request.reader()?.person;
    let said = sheet::write(parts);
    if said.chars().count() > MOST {
        return Err(PageError::Rule("given-long".to_owned()));
    }
    let mut change = Change::new()
        .with_link("person", person)
        .with_link("recipient", recipient)
        .with_text("given_on", site.today().to_string())
        .with_text("said", said);
    if let Some(week) = week {
        change = change.with_text("week", week);
    }
    let scope = Scope::Person(person);
    site.store.write(Context { author: person }, |tx| {
        let id = tx.subject(&scope);
        append(tx, kind, scope, id, change, None)?;
        tx.fold()?;
        Ok(id)
    })
}

/// Where it is, with what it is called.
pub(crate) struct Listed {
    pub href: String,
    pub take_back: String,
    pub title: String,
    pub on: String,
}

/// What pages list of it: to whom it was given, or by whom.
pub(crate) fn listed(
    site: &Site,
    look: &Look<'_>,
    kind: &Kind,
    me: Subject,
    given: &[Given],
) -> Result<Vec<Listed>, PageError> {
    let person = site.kinds.get("person").ok_or(PageError::NotFound)?;
    let mut out = Vec::new();
    for one in given {
        let mine = one.person == me;
        let who = look.title(person, if mine { &one.recipient } else { &one.person })?;
        let week = one.week.as_ref().filter(|_| !mine);
        let title = week.map_or_else(|| who.clone(), |w| format!("{who} · {w}"));
        let href = format!("/{}/{}", kind.route, one.id);
        out.push(Listed { take_back: format!("{href}/take-back"), href, title, on: look.date(&one.on) });
    }
    Ok(out)
}

#[derive(Template)]
#[template(path = "given.html")]
struct GivenPage<'a> {
    s: Shell<'a>,
    back: &'static str,
    back_title: String,
    href: String,
    who: String,
    to: String,
    on: String,
    mine: bool,
    parts: Vec<Part>,
}

fn one(conn: &Connection, request: &Request, kind: &Kind) -> Result<Given, PageError> {
    let (which, me) = (request.id("id")?, request.reader()?.person);
    all(conn, kind, "id = ?2", me, &which.as_bytes())?.pop().ok_or(PageError::NotFound)
}

fn title(look: &Look<'_>, given: &Given) -> String {
    match &given.week {
        Some(week) => look.words.with("week-of", &[("text", week.as_str().into())]),
        None => look.words.get("handover").into_owned(),
    }
}

/// The page of what was given, for the two.
pub(crate) fn page(site: &Site, request: &Request, kind: &Kind) -> Result<Reply, PageError> {
    let me = request.reader()?.person;
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let given = one(conn, request, kind)?;
        let person = site.kinds.get("person").ok_or(PageError::NotFound)?;
        let log = given.week.is_some();
        let page = GivenPage {
            back: if log { "/week" } else { "/handover" },
            back_title: look.words.get(if log { "week" } else { "handover" }).into_owned(),
            href: format!("/{}/{}", kind.route, given.id),
            who: look.title(person, &given.person)?,
            to: look.title(person, &given.recipient)?,
            on: look.date(&given.on),
            mine: given.person == me,
            parts: sheet::called(site, &look, sheet::read(&given.said))?,
            s: Shell::new(site, request, title(&look, &given)),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

/// The same as PDF.
pub(crate) fn paper(site: &Site, request: &Request, kind: &Kind) -> Result<Reply, PageError> {
    let (paper, name) = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let given = one(conn, request, kind)?;
        let (title, by) = (title(&look, &given), look.names(&given.person)?);
        let blocks = sheet::blocks(&sheet::called(site, &look, sheet::read(&given.said))?);
        let name = format!("{title} {}", look.date(&given.on));
        Ok::<_, PageError>((sheet::paper(site, &look, &title, &by, blocks), name))
    })?;
    sheet::reply(&paper, &name)
}

/// Its owner takes it back: its words are destroyed on every node.
pub(crate) fn take_back(site: &Site, request: &Request, kind: &'static Kind) -> Result<Reply, PageError> {
    let me = request.reader()?.person;
    let week = site.store.write(Context { author: me }, |tx| {
        let given = one(tx.conn(), request, kind)?;
        if given.person != me {
            return Err(PageError::NotAllowed);
        }
        let scope = Scope::Person(me);
        append(tx, kind, scope, given.id, Change::new().with(REMOVED, Value::Bool(true)), None)?;
        tx.append(&log::erase_draft(scope, given.id, &[&kind.identity()])?)?;
        tx.fold()?;
        Ok(given.week)
    })?;
    Ok(done(&week.map_or("/handover".to_owned(), |w| format!("/week?of={w}"))))
}

/// Back, with a word that it was done.
pub(crate) fn done(to: &str) -> Reply {
    Reply::ToWith(to.to_owned(), vec![web::set_cookie("zampa_note", "done-saved", 60)])
}

/// What of it a person meets on their first page: what somebody gave them. Nobody is told that nothing came.
///
/// # Errors
/// What the database says.
pub fn today(site: &Site, request: &Request) -> Result<Vec<TodayItem>, PageError> {
    let reader = request.reader()?;
    if !reader.opens(&WEEK_LOG) {
        return Ok(Vec::new());
    }
    let since = site.today().checked_sub(jiff::Span::new().days(NEWS_DAYS)).unwrap_or_default().to_string();
    site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let person = site.kinds.get("person").ok_or(PageError::NotFound)?;
        let mut items = Vec::new();
        // A pack asks to be read before its owner leaves; a log asks for nothing.
        for (kind, part) in [(&HANDOVER_PACK, "waits"), (&WEEK_LOG, "changed")] {
            let came = all(conn, kind, "recipient = ?1 AND given_on >= ?2", reader.person, &since)?;
            for given in came.into_iter().take(6) {
                items.push(TodayItem {
                    part,
                    icon: kind.icon,
                    title: title(&look, &given),
                    detail: match given.week.as_deref().and_then(|week| crate::week::period_of(&look, week)) {
                        Some(days) => format!("{} · {days}", look.title(person, &given.person)?),
                        None => look.title(person, &given.person)?,
                    },
                    href: format!("/{}/{}", kind.route, given.id),
                    order: -given.changed,
                    when: look.date(&given.on),
                });
            }
        }
        Ok(items)
    })
}

/// People who hold one of these roles at one of these organisations today, without the reader: who may be given something.
pub(crate) fn holders(
    site: &Site,
    look: &Look<'_>,
    me: Subject,
    roles: &[&str],
    at: &BTreeSet<Subject>,
) -> Result<Vec<(Subject, String)>, PageError> {
    let person = site.kinds.get("person").ok_or(PageError::NotFound)?;
    let organisation = site.kinds.get("organisation").ok_or(PageError::NotFound)?;
    let sql = format!(
        "SELECT DISTINCT g.person, {} FROM grant_of_role g JOIN organisation o ON o.id = g.organisation
         WHERE g.organisation = ?1 AND g.role = ?2 AND coalesce(g.state, 'given') = 'given' AND g.from_on <= ?3
           AND coalesce(g.until_on, '9999') >= ?3 AND g.person <> ?4 LIMIT 400",
        organisation.called("o", look.words.lang())
    );
    let mut stmt = look.conn.prepare_cached(&sql)?;
    let mut out: Vec<(Subject, String)> = Vec::new();
    for role in roles {
        for organisation in at {
            let with = params![organisation.as_bytes(), role, site.today().to_string(), me.as_bytes()];
            let rows = stmt.query_map(with, |r| Ok((id(r.get(0)?), r.get::<_, Option<String>>(1)?)))?;
            for row in rows {
                let (who, place) = row?;
                if out.iter().any(|(known, _)| *known == who) {
                    continue;
                }
                let name = look.title(person, &who)?;
                let role = look.words.get(&format!("role-{role}"));
                out.push((who, format!("{name} · {role} · {}", place.unwrap_or_default())));
            }
        }
    }
    Ok(out)
}
