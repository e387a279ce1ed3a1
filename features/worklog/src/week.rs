//! The week's log. It drafts itself of what its owner did, for the owner alone, who strikes lines, adds words, and sends it to
//! whom they choose, or not: nobody is told which of it.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use base::{Date, Scope, Subject};
use jiff::civil::{ISOWeekDate, Weekday};
use log::Context;
use records::{Change, REMOVED, Value, append};
use register::Look;
use rusqlite::{Connection, params};
use web::{PageError, Reply, Request, Shell, Site};

use crate::facts::{MOST, WEEK_LOG, WEEK_WORDS};
use crate::given::{self, Listed};
use crate::lines::{Called, Line, id, lines};
use crate::sheet::{self, Part};

/// Characters of the owner's own words.
const WORDS: usize = 4000;

/// A week of ISO 8601, from Monday to Sunday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Week {
    monday: Date,
}

impl Week {
    fn of(day: Date) -> Self {
        let week = day.iso_week_date();
        let monday = ISOWeekDate::new(week.year(), week.week(), Weekday::Monday).map(ISOWeekDate::date);
        Self { monday: monday.unwrap_or(day) }
    }

    /// Reads `2026-W44`.
    fn read(text: &str) -> Option<Self> {
        let (year, week) = text.split_once("-W")?;
        let plain =
            year.len() == 4 && week.len() == 2 && text.bytes().all(|b| b.is_ascii_digit() || b"-W".contains(&b));
        let week = ISOWeekDate::new(year.parse().ok()?, week.parse().ok()?, Weekday::Monday).ok()?;
        plain.then(|| Self { monday: week.date() })
    }

    fn name(self) -> String {
        let week = self.monday.iso_week_date();
        format!("{:04}-W{:02}", week.year(), week.week())
    }

    fn days(self, n: i64) -> Date {
        self.monday.checked_add(jiff::Span::new().days(n)).unwrap_or(self.monday)
    }

    fn beside(self, weeks: i64) -> Self {
        Self { monday: self.days(7 * weeks) }
    }
}

/// The week that is asked for; this one where none is.
fn asked(site: &Site, text: Option<&str>) -> Result<Week, PageError> {
    text.map_or_else(|| Ok(Week::of(site.today())), |t| Week::read(t).ok_or(PageError::NotFound))
}

/// What the owner changed of the draft.
#[derive(Default)]
struct Own {
    struck: BTreeSet<String>,
    said: String,
    /// The records of it: more than one where two nodes began one apart.
    ids: Vec<Subject>,
}

fn own(conn: &Connection, person: Subject, week: Week) -> Result<Own, PageError> {
    let mut stmt = conn.prepare_cached(
        "SELECT id, coalesce(struck, ''), coalesce(said, '') FROM week_words WHERE person = ?1 AND week = ?2 ORDER BY id",
    )?;
    let mut own = Own::default();
    let rows = stmt.query_map(params![person.as_bytes(), week.name()], |r| {
        Ok((id(r.get(0)?), r.get::<_, String>(1)?, r.get::<_, String>(2)?))
    })?;
    for row in rows {
        let (id, struck, said) = row?;
        own.struck.extend(struck.lines().map(ToOwned::to_owned));
        if own.said.is_empty() {
            own.said = said;
        } else if !said.is_empty() && said != own.said {
            own.said = format!("{}\n{said}", own.said);
        }
        own.ids.push(id);
    }
    Ok(own)
}

struct Day {
    said: String,
    lines: Vec<Shown>,
}

struct Shown {
    key: String,
    what: String,
    title: String,
    href: Option<String>,
    struck: bool,
}

#[derive(Template)]
#[template(path = "week.html")]
struct WeekPage<'a> {
    s: Shell<'a>,
    week: String,
    period: String,
    before: String,
    after: Option<String>,
    /// Of an empty week: the one before it in which something was.
    last: Option<String>,
    days: Vec<Day>,
    said: String,
    recipients: Vec<(Subject, String)>,
    sent: Vec<Listed>,
    /// That what was sent last is not what would be sent now.
    since: Option<String>,
    received: Vec<Listed>,
}

fn all(site: &Site, request: &Request, look: &Look<'_>, week: Week) -> Result<Vec<Line>, PageError> {
    lines(site, look, request.reader()?, (&week.monday.to_string(), &week.days(6).to_string()), Called::Yes)
}

/// The last week before this one in which something was.
fn last(site: &Site, request: &Request, look: &Look<'_>, week: Week) -> Result<Option<Week>, PageError> {
    let before = lines(site, look, request.reader()?, ("0000", &week.days(-1).to_string()), Called::No)?;
    Ok(before.last().and_then(|l| l.day.parse().ok()).map(Week::of))
}

/// Whom it may be sent to: the heads of the schools where the reader is posted or teaches, and who coordinates for the unit
/// that sent them, as far as this node knows them.
fn recipients(site: &Site, request: &Request, look: &Look<'_>) -> Result<Vec<(Subject, String)>, PageError> {
    let reader = request.reader()?;
    let mut schools: BTreeSet<Subject> = reader.grants.iter().filter_map(|g| g.organisation).collect();
    schools.extend(reader.schools());
    let mut units = schools.clone();
    let mut stmt = look.conn.prepare_cached(
        "SELECT school, sender FROM posting WHERE person = ?1 AND state IN ('arrived', 'completed', 'ended_early')
         AND coalesce(ended_on, ends_on) >= ?2 UNION SELECT school, unit FROM person WHERE id = ?1",
    )?;
    let rows = stmt.query_map(params![reader.person.as_bytes(), site.today().to_string()], |r| {
        Ok((r.get::<_, Option<Vec<u8>>>(0)?, r.get::<_, Option<Vec<u8>>>(1)?))
    })?;
    for row in rows {
        let (school, unit) = row?;
        if let Some(school) = school.and_then(|s| Subject::try_from(s.as_slice()).ok()) {
            schools.extend(records::school_of(look.conn, &school)?);
            schools.insert(school);
        }
        units.extend(unit.and_then(|u| Subject::try_from(u.as_slice()).ok()));
    }
    let mut out = given::holders(site, look, reader.person, &["head"], &schools)?;
    out.extend(given::holders(site, look, reader.person, &["coordinator"], &units)?);
    Ok(out)
}

fn days(look: &Look<'_>, lines: &[Line], struck: &BTreeSet<String>) -> Vec<Day> {
    let mut days: BTreeMap<&str, Vec<Shown>> = BTreeMap::new();
    for line in lines {
        days.entry(&line.day).or_default().push(Shown {
            key: line.key.clone(),
            what: look.words.get(line.what).into_owned(),
            title: line.title.clone(),
            href: line.href.clone(),
            struck: struck.contains(&line.key),
        });
    }
    let said = |day: &str| day.parse().map_or_else(|_| day.to_owned(), |d| look.words.date_weekday(d));
    days.into_iter().map(|(day, lines)| Day { said: said(day), lines }).collect()
}

fn period(look: &Look<'_>, week: Week) -> String {
    let days = [look.words.date(week.monday), look.words.date(week.days(6))];
    let [from, until] = days.each_ref().map(String::as_str);
    look.words.with("week-from-until", &[("from", from.into()), ("until", until.into())])
}

/// The days of a week that is named.
pub(crate) fn period_of(look: &Look<'_>, week: &str) -> Option<String> {
    Week::read(week).map(|week| period(look, week))
}

/// The page of a week.
pub(crate) fn page(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (week, me) = (asked(site, request.query("of"))?, request.reader()?.person);
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let own = own(conn, me, week)?;
        let sent = given::all(conn, &WEEK_LOG, "person = ?1 AND week = ?2", me, &week.name())?;
        let received = given::all(conn, &WEEK_LOG, "recipient = ?1 AND ?2", me, &true)?;
        let after = week.beside(1);
        let days = days(&look, &all(site, request, &look, week)?, &own.struck);
        let last = if days.is_empty() { last(site, request, &look, week)? } else { None };
        let since = match sent.first() {
            Some(last) if differs(&sheet::write(&parts(site, request, &look, week)?), &last.said) => {
                let day = look.date(&last.on);
                Some(look.words.with("week-since", &[("day", day.as_str().into())]))
            }
            _ => None,
        };
        let page = WeekPage {
            since,
            week: week.name(),
            period: period(&look, week),
            before: week.beside(-1).name(),
            after: (after.monday <= site.today()).then(|| after.name()),
            last: last.map(Week::name),
            days,
            said: own.said,
            recipients: recipients(site, request, &look)?,
            sent: given::listed(site, &look, &WEEK_LOG, me, &sent)?,
            received: given::listed(site, &look, &WEEK_LOG, me, &received)?,
            s: Shell::new(site, request, look.words.get("week").into_owned()),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

/// Whether two logs of a week say something else: other lines, or other words of its owner's. In which language they were
/// sent is nothing, nor what a record has been called since.
fn differs(now: &str, sent: &str) -> bool {
    let shape = |said: &str| {
        let (mut lines, mut words) = (Vec::new(), Vec::new());
        // The first says which week.
        for part in sheet::read(said).into_iter().skip(1) {
            match part {
                Part::Item(text, href, _) => lines.push(href.unwrap_or(text)),
                Part::Text(text) => words.push(text),
                Part::Heading(_) => {}
            }
        }
        (lines, words)
    };
    shape(now) != shape(sent)
}

/// The log as it would be sent now.
fn parts(site: &Site, request: &Request, look: &Look<'_>, week: Week) -> Result<Vec<Part>, PageError> {
    let own = own(look.conn, request.reader()?.person, week)?;
    let mut parts = vec![Part::Text(format!("{} · {}", week.name(), period(look, week)))];
    for day in days(look, &all(site, request, look, week)?, &own.struck) {
        let mut lines = day.lines.into_iter().filter(|l| !l.struck).peekable();
        if lines.peek().is_some() {
            parts.push(Part::Heading(day.said));
        }
        parts.extend(lines.map(|l| {
            let (said, more) = if l.title.is_empty() { (l.what, String::new()) } else { (l.title, l.what) };
            Part::Item(said, l.href, more)
        }));
    }
    if !own.said.is_empty() {
        parts.push(Part::Heading(look.words.get("week-own").into_owned()));
        parts.push(Part::Text(own.said));
    }
    Ok(parts)
}

/// The log as PDF.
pub(crate) fn paper(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let week = asked(site, request.query("of"))?;
    let (paper, name) = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let title = look.words.get("week").into_owned();
        let by = look.names(&request.reader()?.person)?;
        let blocks = sheet::blocks(&parts(site, request, &look, week)?);
        Ok::<_, PageError>((sheet::paper(site, &look, &title, &by, blocks), format!("{title} {}", week.name())))
    })?;
    sheet::reply(&paper, &name)
}

/// Keeps what the form says of the draft, in the owner's scope: which lines are struck, and the words.
fn keep(site: &Site, request: &Request, week: Week) -> Result<(), PageError> {
    let me = request.reader()?.person;
    let said = text::clean_text(request.form("said").unwrap_or_default(), WORDS)
        .map_err(|_| PageError::Rule("week-long".to_owned()))?;
    let kept: BTreeSet<&str> = request.form_all("keep").collect();
    let shown: BTreeSet<&str> = request.form_all("shown").collect();
    site.store.write(Context { author: me }, |tx| {
        let before = own(tx.conn(), me, week)?;
        // A line that came after the page was opened is neither struck nor kept by it.
        let mut struck = before.struck.clone();
        struck.retain(|key| !kept.contains(key.as_str()));
        struck.extend(shown.difference(&kept).filter(|k| k.len() < 80).map(|k| (*k).to_owned()));
        let struck: String = struck.into_iter().collect::<Vec<_>>().join("\n");
        if struck.chars().count() > MOST {
            return Err(PageError::Rule("week-long".to_owned()));
        }
        if before.ids.is_empty() && struck.is_empty() && said.is_empty() {
            return Ok(());
        }
        let scope = Scope::Person(me);
        let mut ids = before.ids.into_iter();
        let (one, new) = ids.next().map_or_else(|| (tx.subject(&scope), true), |one| (one, false));
        let mut change = Change::new().with_text("struck", struck).with_text("said", said.clone());
        if new {
            change = change.with_link("person", me).with_text("week", week.name());
        }
        append(tx, &WEEK_WORDS, scope, one, change, None)?;
        for other in ids {
            append(tx, &WEEK_WORDS, scope, other, Change::new().with(REMOVED, Value::Bool(true)), None)?;
        }
        tx.fold()?;
        Ok(())
    })
}

/// Keeps the owner's changes.
pub(crate) fn amend(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let week = asked(site, request.form("of"))?;
    keep(site, request, week)?;
    Ok(given::done(&format!("/week?of={}", week.name())))
}

/// Sends the log as it is kept to the one who is chosen.
pub(crate) fn send(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let week = asked(site, request.form("of"))?;
    let to: Subject = request.form("to").and_then(|t| t.parse().ok()).ok_or(PageError::Rule("given-to".to_owned()))?;
    // What was changed on the same page and not kept yet goes along.
    keep(site, request, week)?;
    let parts = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        if !recipients(site, request, &look)?.iter().any(|(who, _)| *who == to) {
            return Err(PageError::Rule("given-to".to_owned()));
        }
        parts(site, request, &look, week)
    })?;
    if parts.len() < 2 {
        return Err(PageError::Rule("given-empty".to_owned()));
    }
    given::give(site, request, &WEEK_LOG, to, Some(&week.name()), &parts)?;
    let note = vec![web::set_cookie("zampa_note", "week-done-sent", 60)];
    Ok(Reply::ToWith(format!("/week?of={}#sent", week.name()), note))
}

#[cfg(test)]
mod tests {
    use super::Week;
    use base::Date;

    #[test]
    fn weeks_are_those_of_iso_8601() {
        let week = Week::read("2026-W44").unwrap();
        assert_eq!((week.monday, week.days(6)), (Date::constant(2026, 10, 26), Date::constant(2026, 11, 1)));
        assert_eq!(Week::of(Date::constant(2027, 1, 1)).name(), "2026-W53");
        assert_eq!(Week::read("2026-W53").unwrap().beside(1).name(), "2027-W01");
        for wrong in ["", "2026", "2026-W00", "2025-W53", "2026-W4", "26-W044", "2026-W+4", "2026-10-26"] {
            assert_eq!(Week::read(wrong), None, "{wrong}");
        }
    }
}
