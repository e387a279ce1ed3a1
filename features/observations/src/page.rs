//! The pages of observations: the list with the form that asks for one, one observation, and what is between two people.
//! What is sealed goes to the page as it is, and is opened there.

use askama::Template;
use base::{Lang, Subject, base32};
use envelopes::{Key, csrf, embedded, json_of};
use records::vocabulary::SUBJECTS;
use records::{Kind, Reader, literal};
use register::Look;
use rusqlite::Connection;
use serde_json::{Map, Value as Json, json};
use web::{PageError, Reply, Request, Shell, Site};

use crate::facts::{INSTRUMENTS, OBSERVATION, OBSERVATION_PART};
use crate::instruments::{self, title};
use crate::two::{COLUMNS, Part, Two};

/// Observations of a list, and people whom one may ask.
const SHOWN: usize = 200;
const PEOPLE: usize = 400;

/// The words that the script says, in the reader's language.
pub(crate) fn said(site: &Site, request: &Request, conn: &Connection) -> Result<String, PageError> {
    let mut all = envelopes::said(site, request, &["observe-", "observation-state-"]);
    for (key, own) in instruments::own_words(site, conn, request.lang)? {
        if let Some(word) = all.get_mut(&key) {
            *word = Json::String(own);
        }
    }
    Ok(embedded(&json!({ request.lang.code(): all })))
}

fn person(site: &Site) -> Result<&'static Kind, PageError> {
    site.kinds.get("person").ok_or(PageError::NotFound)
}

struct Line {
    href: String,
    who: String,
    what: String,
    day: String,
    state: String,
    tone: &'static str,
}

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage<'a> {
    s: Shell<'a>,
    /// Lessons of the reader, and of others.
    own: Vec<Line>,
    others: Vec<Line>,
    has_key: bool,
    people: Vec<(String, String, bool)>,
    instruments: Vec<(&'static str, String)>,
    subjects: Vec<(&'static str, String)>,
    today: String,
    with: Vec<(String, String)>,
    open: bool,
}

/// A state in words.
pub(crate) fn state(look: &Look<'_>, two: &Two) -> String {
    look.words.get(&format!("observation-state-{}", two.state)).into_owned()
}

/// Observations that the reader is one of the two of.
pub(crate) fn of_reader(conn: &Connection, me: &Subject, narrowed: &str) -> Result<Vec<Two>, PageError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM observation o WHERE ?1 IN (o.teacher, o.observer) AND {narrowed}
         ORDER BY o.day DESC, o.made DESC LIMIT {SHOWN}"
    );
    Ok(conn.prepare(&sql)?.query_map([me.as_bytes()], Two::of_row)?.collect::<Result<_, _>>()?)
}

pub(crate) fn list(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let reader = request.reader()?;
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let off = instruments::off(conn)?;
        let all = of_reader(conn, &reader.person, "1")?;
        let (mut own, mut others, mut with) = (Vec::new(), Vec::new(), Vec::<(String, String)>::new());
        for two in &all {
            let Some(part) = two.part(&reader.person) else { continue };
            let other = two.other(part);
            let who = look.title(person(site)?, &other)?;
            if two.is_shared() && !with.iter().any(|(id, _)| *id == other.to_string()) {
                with.push((other.to_string(), who.clone()));
            }
            let line = Line {
                href: format!("/observations/{}", two.id),
                who,
                what: title(&look, &two.instrument),
                day: look.date(&two.day),
                state: state(&look, two),
                tone: register::tone(&two.state),
            };
            if part == Part::Teacher { own.push(line) } else { others.push(line) }
        }
        let chosen = request.query("with");
        let page = ListPage {
            own,
            others,
            with,
            has_key: Key::of(conn, &reader.person)?.is_some(),
            people: people(site, conn, reader, request.lang)?
                .into_iter()
                .map(|(id, name)| {
                    let here = chosen == Some(id.to_string().as_str());
                    (id.to_string(), name, here)
                })
                .collect(),
            instruments: INSTRUMENTS.iter().filter(|i| !off.contains(**i)).map(|i| (*i, title(&look, i))).collect(),
            subjects: SUBJECTS.iter().map(|w| (*w, register::label(&look.words, &OBSERVATION, None, w))).collect(),
            today: site.today().to_string(),
            open: chosen.is_some() || all.is_empty(),
            s: Shell::new(site, request, look.words.get("observation-list")),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

/// Grown-up people whose accounts lie here and whom the reader sees: those the reader has a pairing with first, then those
/// of the reader's schools.
fn people(site: &Site, conn: &Connection, reader: &Reader, lang: Lang) -> Result<Vec<(Subject, String)>, PageError> {
    let (sees, called) = (reader.sees(person(site)?, "p"), person(site)?.called("p", lang));
    let me = literal(&reader.person);
    let own: Vec<String> = reader.schools().iter().map(literal).collect();
    let own = if own.is_empty() { "NULL".to_owned() } else { own.join(", ") };
    let sql = format!(
        "SELECT p.id, {called} FROM person p
         WHERE p.id <> {me} AND p.name IS NOT NULL AND coalesce(p.state, 'active') = 'active' AND {sees}
           AND EXISTS (SELECT 1 FROM grant_of_role g WHERE g.person = p.id AND coalesce(g.state, 'given') = 'given'
                       AND g.role NOT IN ('device', 'pupil', 'observer'))
         ORDER BY EXISTS (SELECT 1 FROM pairing x WHERE coalesce(x.state, '') IN ('active', 'paused')
                          AND {me} IN (x.master, x.apprentice) AND p.id IN (x.master, x.apprentice)) DESC,
                  p.school IN ({own}) DESC, p.title_key LIMIT {PEOPLE}"
    );
    let row = |r: &rusqlite::Row<'_>| {
        Ok((crate::two::id(r.get(0)?).unwrap_or_default(), r.get::<_, Option<String>>(1)?.unwrap_or_default()))
    };
    Ok(conn.prepare(&sql)?.query_map([], row)?.collect::<Result<_, _>>()?)
}

#[derive(Template)]
#[template(path = "one.html")]
struct OnePage<'a> {
    s: Shell<'a>,
    id: String,
    teacher: String,
    observer: String,
    other: String,
    other_id: String,
    what: String,
    subject: String,
    day: String,
    state: String,
    tone: &'static str,
    /// What the reader may do by a plain form.
    teaches: bool,
    may_accept: bool,
    may_decline: bool,
    waits: bool,
    declined: bool,
    /// The observer has not shared it yet, and the teacher reads.
    not_yet: bool,
    shared: bool,
    words: String,
}

/// One observation, for the two.
pub(crate) fn one(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (two, part) = Two::of(site, request)?;
    let me = request.reader()?.person;
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let persons = person(site)?;
        let other = two.other(part);
        let page = OnePage {
            id: two.id.to_string(),
            teacher: look.title(persons, &two.teacher)?,
            observer: look.title(persons, &two.observer)?,
            other: look.title(persons, &other)?,
            other_id: other.to_string(),
            what: title(&look, &two.instrument),
            subject: two
                .subject
                .as_ref()
                .map(|s| register::label(&look.words, &OBSERVATION, None, s))
                .unwrap_or_default(),
            day: look.date(two.held_on.as_ref().unwrap_or(&two.day)),
            state: state(&look, &two),
            tone: register::tone(&two.state),
            teaches: part == Part::Teacher,
            may_accept: two.state == "asked" && two.asked_by != me,
            may_decline: matches!(&*two.state, "asked" | "planned"),
            waits: two.state == "asked" && two.asked_by == me,
            declined: two.state == "declined",
            not_yet: part == Part::Teacher && matches!(&*two.state, "planned" | "held"),
            shared: two.is_shared(),
            words: said(site, request, conn)?,
            s: Shell::new(site, request, look.words.get("observation")),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

/// One observation as the page's script needs it: keys, and envelopes that it opens.
pub(crate) fn one_sealed(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (two, _) = Two::of(site, request)?;
    let said = site.store.read(|conn| {
        let mut said = keys(site, request, conn, &two)?;
        said.extend(object(as_json(conn, request, &two)?));
        Ok::<_, PageError>(said)
    })?;
    Ok(json_of(&Json::Object(said)))
}

fn as_json(conn: &Connection, request: &Request, two: &Two) -> Result<Json, PageError> {
    let reader = request.reader()?;
    let part = two.part(&reader.person).ok_or(PageError::NotFound)?;
    let sql = format!(
        "SELECT n.id, n.what, n.person, n.sealed, n.keys, n.changed FROM observation_part n
         WHERE n.observation = ?1 AND n.sealed IS NOT NULL AND {} ORDER BY n.made LIMIT {SHOWN}",
        reader.sees(&OBSERVATION_PART, "n")
    );
    let mut stmt = conn.prepare(&sql)?;
    let mut rows = stmt.query([two.id.as_bytes()])?;
    let mut parts = Vec::new();
    while let Some(row) = rows.next()? {
        let id = |at: usize| row.get(at).map(|b| crate::two::id(b).unwrap_or_default());
        parts.push(json!({
            "id": id(0)?.to_string(),
            "what": row.get::<_, String>(1)?,
            "mine": id(2)? == reader.person,
            "sealed": base32::encode(&row.get::<_, Vec<u8>>(3)?),
            "keys": base32::encode(&row.get::<_, Option<Vec<u8>>>(4)?.unwrap_or_default()),
            "at": row.get::<_, i64>(5)?,
        }));
    }
    let agreed = |who: Part| {
        let step = if who == Part::Teacher { two.teacher_agrees } else { two.observer_agrees };
        step.map(|s| s.to_string())
    };
    Ok(json!({
        "id": two.id.to_string(),
        "part": part.code(),
        "state": two.state,
        "instrument": two.instrument,
        "day": two.held_on.as_ref().unwrap_or(&two.day),
        "parts": parts,
        "agrees": { "teacher": agreed(Part::Teacher), "observer": agreed(Part::Observer) },
    }))
}

/// The keys of the two, and what the script sends back.
fn keys(site: &Site, request: &Request, conn: &Connection, two: &Two) -> Result<Map<String, Json>, PageError> {
    let me = request.reader()?.person;
    let other = two.part(&me).map(|part| two.other(part)).ok_or(PageError::NotFound)?;
    let look = Look::new(site, request, conn);
    Ok(object(json!({
        "key": Key::of(conn, &me)?.map(|k| k.own_half()),
        "other": {
            "id": other.to_string(),
            "name": look.title(person(site)?, &other)?,
            "key": Key::of(conn, &other)?.map(|k| k.open_half()),
        },
        "csrf": csrf(request),
    })))
}

fn object(json: Json) -> Map<String, Json> {
    if let Json::Object(map) = json { map } else { Map::new() }
}

/// What lies open between the reader and another.
fn between(conn: &Connection, request: &Request) -> Result<Vec<Two>, PageError> {
    let me = request.reader()?.person;
    let other = request.id("id")?;
    let narrowed = format!("{} IN (o.teacher, o.observer) AND o.state IN ('shared', 'discussed')", literal(&other));
    let all = of_reader(conn, &me, &narrowed)?;
    if all.is_empty() || other == me { Err(PageError::NotFound) } else { Ok(all) }
}

#[derive(Template)]
#[template(path = "with.html")]
struct WithPage<'a> {
    s: Shell<'a>,
    id: String,
    other: String,
    words: String,
}

/// What the observations of two come to over time: drawn in the browser, for the two.
pub(crate) fn with(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let html = site.store.read(|conn| {
        between(conn, request)?;
        let look = Look::new(site, request, conn);
        let other = request.id("id")?;
        let page = WithPage {
            id: other.to_string(),
            other: look.title(person(site)?, &other)?,
            words: said(site, request, conn)?,
            s: Shell::new(site, request, look.words.get("observation-with")),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

pub(crate) fn with_sealed(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let said = site.store.read(|conn| {
        let all = between(conn, request)?;
        let first = all.first().ok_or(PageError::NotFound)?;
        let mut said = keys(site, request, conn, first)?;
        let each = all.iter().map(|two| as_json(conn, request, two)).collect::<Result<Vec<_>, _>>()?;
        said.insert("all".to_owned(), Json::Array(each));
        Ok::<_, PageError>(said)
    })?;
    Ok(json_of(&Json::Object(said)))
}
