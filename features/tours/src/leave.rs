//! Leaving: a tour cannot without approval, consents, adults and contacts, and who would set out is told exactly what is
//! missing. And how it ends.

use askama::Template;
use base::Subject;
use log::Context;
use records::Change;
use register::Look;
use rusqlite::Connection;
use text::{Arg, Words};
use web::{PageError, Reply, Request, Shell, Site};

use crate::approval::{Given, Standing};
use crate::contact;
use crate::facts::{OFFICE, STUDY_TOUR, TIERS};
use crate::going::{Goes, going, mark, names};
use crate::tour::{Tour, adults_for, id_at, into_state, pupils_per_adult};

/// What is missing, each in a line for the reader. Nothing: it can leave.
pub(crate) fn lacks(
    site: &Site,
    conn: &Connection,
    words: &Words<'_>,
    tour: &Tour,
    today: &str,
) -> Result<Vec<String>, PageError> {
    let mut out = Vec::new();
    let pupils = going(conn, &tour.id)?;
    // Of the pupils who are on the list, not of what was last told of it.
    let now = Tour { mark: mark(&pupils), ..tour.clone() };
    approvals(words, &Standing::of(conn, &now)?, &mut out);
    adults(site, conn, words, tour, i64::try_from(pupils.len()).unwrap_or(i64::MAX), &mut out)?;
    if pupils.is_empty() {
        out.push(words.get("tour-lacks-pupils").into_owned());
    }
    of_pupils(site, words, tour, &pupils, &mut out)?;
    plan(conn, words, tour, &mut out)?;
    let day = |date: &str| date.parse().map(|d| words.date(d)).unwrap_or_default();
    if *today < *tour.starts {
        out.push(words.with("tour-lacks-day", &[("day", Arg::Text(&day(&tour.starts)))]));
    }
    if *today > *tour.ends {
        out.push(words.with("tour-lacks-past", &[("day", Arg::Text(&day(&tour.ends)))]));
    }
    Ok(out)
}

/// What is missing before anybody can approve: who approves puts their name to the way, the adults, the risks and who goes.
pub(crate) fn lacks_to_approve(
    site: &Site,
    conn: &Connection,
    words: &Words<'_>,
    tour: &Tour,
) -> Result<Vec<String>, PageError> {
    let mut out = Vec::new();
    adults(site, conn, words, tour, tour.pupils, &mut out)?;
    if tour.pupils == 0 {
        out.push(words.get("tour-lacks-pupils").into_owned());
    }
    plan(conn, words, tour, &mut out)?;
    Ok(out)
}

/// What changed since an approval, in words.
pub(crate) fn changed(words: &Words<'_>, given: &Given) -> String {
    let said = given.changed.iter().map(|what| match *what {
        "dates" => words.get("tour-changed-dates"),
        "route" => words.get("tour-changed-route"),
        "host" => words.get("tour-changed-host"),
        "plan" => words.get("tour-changed-plan"),
        "risks" => words.get("tour-changed-risks"),
        "adults" => words.get("tour-changed-adults"),
        _ => words.get("tour-changed-pupils"),
    });
    said.collect::<Vec<_>>().join(&*words.get("tour-comma"))
}

/// A tier in words.
pub(crate) fn tier(words: &Words<'_>, tier: &str) -> String {
    words.get(if tier == "office" { "tour-tier-office" } else { "tour-tier-school" }).into_owned()
}

fn approvals(words: &Words<'_>, standing: &Standing, out: &mut Vec<String>) {
    for name in TIERS {
        let said = tier(words, name);
        match standing.by(name) {
            None => out.push(words.with("tour-lacks-approval", &[("tier", (&said).into())])),
            Some(given) if !given.changed.is_empty() => {
                let changed = changed(words, given);
                out.push(words.with("tour-lacks-anew", &[("tier", (&said).into()), ("what", (&changed).into())]));
            }
            Some(_) => {}
        }
    }
}

fn adults(
    site: &Site,
    conn: &Connection,
    words: &Words<'_>,
    tour: &Tour,
    n: i64,
    out: &mut Vec<String>,
) -> Result<(), PageError> {
    match tour.leader(conn)? {
        None => out.push(words.get("tour-lacks-leader").into_owned()),
        // Contacts open to the leader, at the school's node: somebody who is not of the school could not open them.
        Some(leader) if !(site.reader_of)(conn, leader, site.today())?.schools().contains(&tour.school) => {
            out.push(words.get("tour-lacks-leader-here").into_owned());
        }
        Some(_) => {}
    }
    let per_adult = pupils_per_adult(conn)?;
    let there = tour.adults(conn)?;
    let short = adults_for(n, per_adult) - there;
    if short > 0 {
        let args =
            [("n", Arg::Number(short)), ("pupils", n.into()), ("each", per_adult.into()), ("there", there.into())];
        out.push(words.with("tour-lacks-adults", &args));
    }
    Ok(())
}

fn of_pupils(
    site: &Site,
    words: &Words<'_>,
    tour: &Tour,
    pupils: &[Goes],
    out: &mut Vec<String>,
) -> Result<(), PageError> {
    let mut say = |key: &str, which: &dyn Fn(&&Goes) -> bool| {
        let all = names(site, words, tour, pupils.iter().filter(which))?;
        if !all.is_empty() {
            out.push(words.with(key, &[("who", (&all).into())]));
        }
        Ok::<_, PageError>(())
    };
    say("tour-lacks-consent", &|p| p.consent.is_empty())?;
    say("tour-lacks-withdrawn", &|p| p.consent == "withdrawn")?;
    say("tour-lacks-contact", &|p| !p.contact)
}

fn plan(conn: &Connection, words: &Words<'_>, tour: &Tour, out: &mut Vec<String>) -> Result<(), PageError> {
    let count = |sql: &str| -> Result<i64, PageError> {
        Ok(conn.prepare_cached(sql)?.query_row([tour.id.as_bytes()], |r| r.get(0))?)
    };
    if count("SELECT count(*) FROM tour_risk WHERE tour = ?1")? == 0 {
        out.push(words.get("tour-lacks-risks").into_owned());
    }
    if count("SELECT count(*) FROM tour_leg WHERE tour = ?1")? == 0 {
        out.push(words.get("tour-lacks-legs").into_owned());
    }
    let alone = count("SELECT count(*) FROM tour_leg WHERE tour = ?1 AND adult IS NULL")?;
    if alone > 0 {
        out.push(words.with("tour-lacks-leg-adult", &[("n", alone.into())]));
    }
    let outside = count(
        "SELECT count(*) FROM tour_leg l WHERE l.tour = ?1 AND l.adult IS NOT NULL AND NOT EXISTS
           (SELECT 1 FROM tour_adult a WHERE a.tour = l.tour AND a.person = l.adult)",
    )?;
    if outside > 0 {
        out.push(words.with("tour-lacks-leg-outside", &[("n", outside.into())]));
    }
    Ok(())
}

#[derive(Template)]
#[template(path = "leave.html")]
struct LeavePage<'a> {
    s: Shell<'a>,
    id: String,
    tour: String,
    refused: bool,
    lacks: Vec<String>,
}

fn page_of(
    site: &Site,
    request: &Request,
    tour: &Tour,
    lacks: Vec<String>,
    refused: bool,
) -> Result<String, PageError> {
    let title = request.words(site).get("tour-set-out").into_owned();
    let page = LeavePage {
        id: tour.id.to_string(),
        tour: tour.title.clone(),
        refused,
        lacks,
        s: Shell::new(site, request, title),
    };
    Ok(page.render()?)
}

/// Only from these it leaves; a tour on the way or over is not asked again.
fn may_leave(tour: &Tour) -> Result<(), PageError> {
    if matches!(&*tour.state, "draft" | "approved") { Ok(()) } else { Err(PageError::Rule("tour-left".to_owned())) }
}

/// What is missing before a tour leaves.
pub(crate) fn page(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let words = request.words(site);
    let today = site.today().to_string();
    let html = site.store.read(|conn| {
        let tour = Tour::with_pupils(site, conn, request)?;
        may_leave(&tour)?;
        let lacks = lacks(site, conn, &words, &tour, &today)?;
        page_of(site, request, &tour, lacks, false)
    })?;
    Ok(Reply::Page(html))
}

/// Sets out, or says what is missing.
pub(crate) fn set_out(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let words = request.words(site);
    let today = site.today().to_string();
    let author = request.reader()?.person;
    let (tour, lacks) = site.store.write(Context { author }, |tx| {
        let tour = Tour::with_pupils(site, tx.conn(), request)?;
        may_leave(&tour)?;
        let lacks = lacks(site, tx.conn(), &words, &tour, &today)?;
        if lacks.is_empty() {
            tour.change(tx, site, into_state("under_way").with_text("left_on", today.as_str()))?;
        }
        Ok::<_, PageError>((tour, lacks))
    })?;
    if lacks.is_empty() {
        return Ok(register::done(&STUDY_TOUR, tour.id, "tour-done-left"));
    }
    Ok(Reply::Invalid(page_of(site, request, &tour, lacks, true)?))
}

/// Who may end a tour: its leader, the head, the office.
pub(crate) fn may_end(conn: &Connection, request: &Request, tour: &Tour) -> Result<bool, PageError> {
    let reader = request.reader()?;
    Ok(reader.is_any(OFFICE) || tour.is_head(reader) || tour.leader(conn)? == Some(reader.person))
}

/// A tour is over: contacts are destroyed at once where they are, elsewhere when that node hears of it.
pub(crate) fn close(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let today = site.today().to_string();
    end(site, request, &["under_way"], "tour-done-closed", |_| {
        Ok(into_state("closed").with_text("closed_on", today.as_str()))
    })
}

/// A tour does not take place.
pub(crate) fn cancel(site: &Site, request: &Request) -> Result<Reply, PageError> {
    end(site, request, &["draft", "approved"], "tour-done-cancelled", |request| {
        let why = text::clean_line(request.form("why").unwrap_or_default(), 400);
        let why = why.ok().filter(|w| !w.is_empty()).ok_or(PageError::Malformed("a reason is wanted"))?;
        Ok(Change { why: Some(why), ..into_state("cancelled") })
    })
}

fn end(
    site: &Site,
    request: &Request,
    from: &[&str],
    note: &str,
    change: impl Fn(&Request) -> Result<Change, PageError>,
) -> Result<Reply, PageError> {
    let author = request.reader()?.person;
    let id = site.store.write(Context { author }, |tx| {
        let tour = Tour::of(tx.conn(), request)?;
        if !may_end(tx.conn(), request, &tour)? {
            return Err(PageError::NotAllowed);
        }
        if !from.contains(&&*tour.state) {
            return Err(PageError::Rule("tour-over".to_owned()));
        }
        tour.change(tx, site, change(request)?)?;
        contact::erase_all(tx, &tour)?;
        Ok::<_, PageError>(tour.id)
    })?;
    Ok(register::done(&STUDY_TOUR, id, note))
}

/// A person's name.
pub(crate) fn name(site: &Site, look: &Look<'_>, person: &Subject) -> Result<String, PageError> {
    look.title(site.kinds.get("person").ok_or(PageError::NotFound)?, person)
}

/// The adults of a tour with their parts, the leader first.
pub(crate) fn people(site: &Site, look: &Look<'_>, tour: &Tour) -> Result<Vec<(Subject, String, String)>, PageError> {
    let sql = "SELECT id, person, part FROM tour_adult WHERE tour = ?1
               ORDER BY part = 'leader' DESC, part = 'medic', id LIMIT 100";
    let mut stmt = look.conn.prepare_cached(sql)?;
    let mut rows = stmt.query([tour.id.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let part: String = row.get(2)?;
        let kind = &crate::facts::TOUR_ADULT;
        out.push((
            id_at(row, 0)?,
            name(site, look, &id_at(row, 1)?)?,
            register::label(&look.words, kind, kind.field("part"), &part),
        ));
    }
    Ok(out)
}
