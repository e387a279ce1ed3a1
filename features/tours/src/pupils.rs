//! The pupils of a tour, at their school's node: who goes, and who opened what of them. For the school's head and the tour's
//! adults.

use askama::Template;
use base::{Subject, base32};
use log::{Context, Tx};
use records::{Change, Value};
use register::Look;
use rusqlite::{Connection, OptionalExtension, params};
use text::Words;
use web::{PageError, Reply, Request, Shell, Site};

use crate::contact;
use crate::going::{Goes, MOST, going, mark};
use crate::held::{PUPIL, TOUR_PUPIL};
use crate::sealed::About;
use crate::tour::{Tour, id_at, into_state, text_at};

/// Tells the hub how many go, and a mark of which: no code, no name.
fn tell(tx: &Tx<'_>, site: &Site, tour: &Tour) -> Result<(), PageError> {
    let going = going(tx.conn(), &tour.id)?;
    let (n, now) = (i64::try_from(going.len()).unwrap_or(i64::MAX), mark(&going));
    if tour.pupils == n && tour.mark == now {
        return Ok(());
    }
    tour.change(tx, site, Change::new().with("pupils", Value::Int(n)).with("pupils_mark", Value::Bytes(now)))
}

pub(crate) fn clean(request: &Request, field: &str, most: usize) -> Result<String, PageError> {
    let said = request.form(field).unwrap_or_default();
    text::clean_line(said, most).map_err(|_| PageError::Rule("tour-too-long".to_owned()))
}

pub(crate) fn to_list(tour: &Tour, note: &str) -> Reply {
    Reply::ToWith(format!("/tours/{}/pupils", tour.id), vec![web::set_cookie("zampa_note", note, 60)])
}

pub(crate) fn to_pupil(tour: &Tour, pupil: &Subject, note: &str) -> Reply {
    Reply::ToWith(format!("/tours/{}/pupils/{pupil}", tour.id), vec![web::set_cookie("zampa_note", note, 60)])
}

/// Whoever goes may be taken off until the tour is over, since a consent may be withdrawn at any time.
pub(crate) fn may_change(tour: &Tour) -> Result<(), PageError> {
    if matches!(&*tour.state, "draft" | "approved" | "under_way") {
        Ok(())
    } else {
        Err(PageError::Rule("tour-over".to_owned()))
    }
}

/// Nobody joins on the way: what a pupil must have is asked as the tour leaves, and not again.
fn may_add(tour: &Tour) -> Result<(), PageError> {
    may_change(tour)?;
    if tour.state == "under_way" { Err(PageError::Rule("tour-on-the-way".to_owned())) } else { Ok(()) }
}

/// Puts a pupil on a tour: one that the school knows by the code, or a new one. Where the code is of another name than was
/// typed, nothing is written, and the page asks: a slip of one letter would take another child along.
pub(crate) fn add(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (code, name, class) = (clean(request, "code", 20)?, clean(request, "name", 80)?, clean(request, "class", 40)?);
    let author = request.reader()?.person;
    let same = request.form("same").is_some();
    let added = site.store.write(Context { author }, |tx| {
        let tour = Tour::with_pupils(site, tx.conn(), request)?;
        may_add(&tour)?;
        if going(tx.conn(), &tour.id)?.len() >= MOST {
            return Err(PageError::Rule("tour-many".to_owned()));
        }
        let pupil = match by_code(tx.conn(), &tour, &code)? {
            Some(pupil) if !same && is_another(site, tx.conn(), &tour, &pupil, &name)? => return Ok(None),
            Some(pupil) => pupil,
            None if name.is_empty() => return Err(PageError::Rule("tour-pupil-name".to_owned())),
            None => {
                let code = if code.is_empty() { free_code(site) } else { code };
                let id = tx.subject(&tour.private());
                let sealed = About::name(tour.school, id).seal(site, &name)?;
                let change = Change::new().with_text("code", code).with("name_sealed", Value::Bytes(sealed));
                let change = if class.is_empty() { change } else { change.with_text("class", class) };
                tour.hold_as(tx, &PUPIL, id, change)?;
                id
            }
        };
        let record = record(tx.conn(), &tour, &pupil)?.unwrap_or_else(|| tx.subject(&tour.private()));
        let change = into_state("on").with_link("tour", tour.id).with_link("pupil", pupil);
        tour.hold_as(tx, &TOUR_PUPIL, record, change)?;
        tell(tx, site, &tour)?;
        Ok::<_, PageError>(Some((tour, pupil)))
    })?;
    match added {
        Some((tour, pupil)) => Ok(to_pupil(&tour, &pupil, "tour-done-pupil")),
        None => Ok(Reply::Invalid(listed(site, request, true)?)),
    }
}

/// Whether a name that was typed is not the pupil's. How it is spaced, pointed or capitalised is nothing.
fn is_another(site: &Site, conn: &Connection, tour: &Tour, pupil: &Subject, typed: &str) -> Result<bool, PageError> {
    let (sealed, clear): (Option<Vec<u8>>, String) = conn
        .prepare_cached("SELECT name_sealed, name FROM pupil WHERE id = ?1")?
        .query_row([pupil.as_bytes()], |r| Ok((r.get(0)?, text_at(r, 1)?)))?;
    let known = About::name(tour.school, *pupil).read(site, sealed.as_deref(), clear)?;
    let letters =
        |name: &str| name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    Ok(!typed.is_empty() && letters(typed) != letters(&known))
}

/// A code where the school gives none: short, and told apart by chance.
fn free_code(site: &Site) -> String {
    base32::encode(&site.store.env().bytes::<4>())
}

fn by_code(conn: &Connection, tour: &Tour, code: &str) -> Result<Option<Subject>, PageError> {
    let sql = "SELECT id FROM pupil WHERE school = ?1 AND code = ?2 LIMIT 1";
    Ok(conn.prepare_cached(sql)?.query_row(params![tour.school.as_bytes(), code], |r| id_at(r, 0)).optional()?)
}

fn record(conn: &Connection, tour: &Tour, pupil: &Subject) -> Result<Option<Subject>, PageError> {
    let sql = "SELECT id FROM tour_pupil WHERE tour = ?1 AND pupil = ?2 ORDER BY id LIMIT 1";
    Ok(conn
        .prepare_cached(sql)?
        .query_row(params![tour.id.as_bytes(), pupil.as_bytes()], |r| id_at(r, 0))
        .optional()?)
}

/// The pupil of the address, on the tour of the address.
pub(crate) fn pupil(conn: &Connection, request: &Request, tour: &Tour) -> Result<Goes, PageError> {
    let id = request.id("pupil")?;
    going(conn, &tour.id)?.into_iter().find(|p| p.id == id).ok_or(PageError::NotFound)
}

/// Takes a pupil off a tour; whom to call for them is destroyed.
pub(crate) fn take_off(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let author = request.reader()?.person;
    let tour = site.store.write(Context { author }, |tx| {
        let tour = Tour::with_pupils(site, tx.conn(), request)?;
        may_change(&tour)?;
        let pupil = pupil(tx.conn(), request, &tour)?;
        let record = record(tx.conn(), &tour, &pupil.id)?.ok_or(PageError::NotFound)?;
        tour.hold_as(tx, &TOUR_PUPIL, record, into_state("off"))?;
        contact::erase_of(tx, &tour, &pupil.id)?;
        tell(tx, site, &tour)?;
        Ok::<_, PageError>(tour)
    })?;
    Ok(to_list(&tour, "tour-done-off"))
}

/// The date and the time of the day.
pub(crate) fn now(site: &Site) -> (String, String) {
    time_of(site, site.now_ms())
}

/// The date and the time of a moment, in the programme's zone.
pub(crate) fn time_of(site: &Site, ms: u64) -> (String, String) {
    let ms = i64::try_from(ms).unwrap_or(i64::MAX);
    let at = site.zone().to_datetime(jiff::Timestamp::from_millisecond(ms).unwrap_or_default());
    (at.date().to_string(), format!("{:02}:{:02}", at.hour(), at.minute()))
}

#[derive(Template)]
#[template(path = "pupils.html")]
struct ListPage<'a> {
    s: Shell<'a>,
    id: String,
    tour: String,
    adds: bool,
    lines: Vec<Line>,
    all: i64,
    /// That the code that was typed is of another name.
    asks: Option<String>,
    code: String,
    name: String,
    class: String,
}

pub(crate) struct Line {
    pub id: String,
    pub code: String,
    pub name: String,
    pub class: String,
    pub tags: Vec<Tag>,
}

/// How one thing stands: what it says, and its tone.
pub(crate) struct Tag {
    pub said: String,
    pub tone: &'static str,
}

pub(crate) fn tags(words: &Words<'_>, pupil: &Goes) -> Vec<Tag> {
    let tag = |key: &str, tone| Tag { said: words.get(key).into_owned(), tone };
    vec![
        match &*pupil.consent {
            "given" => tag("tour-consent-given", "ok"),
            "withdrawn" => tag("tour-consent-withdrawn", "bad"),
            _ => tag("tour-consent-none", "wait"),
        },
        if pupil.contact { tag("tour-contact-there", "ok") } else { tag("tour-contact-none", "wait") },
        match &*pupil.pictures {
            "given" => tag("tour-pictures-given", "ok"),
            "withdrawn" => tag("tour-pictures-withdrawn", "bad"),
            _ => tag("tour-pictures-none", ""),
        },
    ]
}

/// The list of a tour's pupils.
pub(crate) fn list(site: &Site, request: &Request) -> Result<Reply, PageError> {
    Ok(Reply::Page(listed(site, request, false)?))
}

/// The list, with what was typed to be added; where the code was another's, it asks.
fn listed(site: &Site, request: &Request, asks: bool) -> Result<String, PageError> {
    let typed = |field: &str| request.form(field).unwrap_or_default().to_owned();
    site.store.read(|conn| {
        let tour = Tour::with_pupils(site, conn, request)?;
        let words = request.words(site);
        let going = going(conn, &tour.id)?;
        let line = |p: &Goes| {
            Ok(Line {
                id: p.id.to_string(),
                code: p.code.clone(),
                name: p.name(site, &tour)?,
                class: p.class.clone(),
                tags: tags(&words, p),
            })
        };
        let lines = going.iter().map(line).collect::<Result<_, PageError>>()?;
        let page = ListPage {
            id: tour.id.to_string(),
            adds: may_add(&tour).is_ok(),
            all: i64::try_from(going.len()).unwrap_or(0),
            lines,
            tour: tour.title,
            asks: asks.then(|| words.with("tour-pupil-other", &[("code", typed("code").as_str().into())])),
            code: typed("code"),
            name: typed("name"),
            class: typed("class"),
            s: Shell::new(site, request, words.get("tour-pupils")),
        };
        Ok::<_, PageError>(page.render()?)
    })
}

/// Who opened contacts, and when; of one pupil, or of all.
pub(crate) fn openings(
    site: &Site,
    look: &Look<'_>,
    tour: &Tour,
    pupil: Option<&Subject>,
) -> Result<Vec<(String, String)>, PageError> {
    let person = site.kinds.get("person").ok_or(PageError::NotFound)?;
    let sql = "SELECT o.person, o.what, o.opened_on, o.opened_at, p.code FROM tour_opening o
               LEFT JOIN pupil p ON p.id = o.pupil
               WHERE o.tour = ?1 AND (?2 IS NULL OR o.pupil = ?2 OR o.pupil IS NULL)
               ORDER BY o.opened_on DESC, o.opened_at DESC, o.id DESC LIMIT 100";
    let mut stmt = look.conn.prepare_cached(sql)?;
    let mut rows = stmt.query(params![tour.id.as_bytes(), pupil.map(|p| p.as_bytes().to_vec())])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let what = match &*text_at(row, 1)? {
            "contact" => look.words.get("tour-opened-contact"),
            "taken_along" => look.words.get("tour-opened-taken"),
            "on_the_way" => look.words.get("tour-opened-way"),
            _ => look.words.get("tour-opened-page"),
        };
        let code = text_at(row, 4)?;
        let what = if code.is_empty() { what.into_owned() } else { format!("{what} · {code}") };
        let when = format!("{} {}", look.date(&text_at(row, 2)?), text_at(row, 3)?);
        out.push((what, format!("{} · {when}", look.title(person, &id_at(row, 0)?)?)));
    }
    Ok(out)
}
