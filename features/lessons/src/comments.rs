//! What is said of a plan: about which words, answered by whom, and who is asked to look.

use std::collections::{BTreeMap, BTreeSet};

use base::{Subject, base32};
use documents::{Live, Node, Place};
use log::Tx;
use records::{Change, Value, append, record_scope};
use rusqlite::{Connection, OptionalExtension, params};
use text::Words;
use web::{PageError, Reply, Request, Site};

use crate::facts::{BODY, LESSON_PLAN, PLAN_COMMENT};
use crate::part::author;

/// People whom one comment can ask.
const MOST_ASKED: usize = 20;
/// Characters of a comment, and of the words that it is about.
const SAID: usize = 4000;
const QUOTE: usize = 120;

/// A comment as the plan's page shows it.
pub(crate) struct Comment {
    pub id: String,
    pub quote: String,
    pub said: String,
    pub byline: String,
    pub state: String,
    pub tone: &'static str,
    pub open: bool,
    pub why: String,
    /// Who is asked to look, with marks between.
    pub asks: String,
    /// Where its words stand, as bytes, while it is open.
    pub place: Option<Vec<u8>>,
    /// Its words are marked in the text.
    pub marked: bool,
    /// It had words, and they are no longer in the text.
    pub gone: bool,
    pub answers: Vec<Answer>,
}

/// What somebody answers.
pub(crate) struct Answer {
    pub id: String,
    pub said: String,
    pub byline: String,
    pub asks: String,
}

/// A row of the table.
struct Row {
    id: Subject,
    answers: Option<Subject>,
    quote: String,
    said: String,
    byline: String,
    state: String,
    place: Option<Vec<u8>>,
}

/// The comments of a plan, and its text with the words marked that open ones are about.
pub(crate) fn of_plan(
    conn: &Connection,
    words: &Words<'_>,
    plan: &Subject,
    text: &Live,
) -> Result<(Vec<Comment>, Vec<Node>), PageError> {
    let (firsts, answers): (Vec<Row>, Vec<Row>) = rows(conn, plan)?.into_iter().partition(|r| r.answers.is_none());
    let places: Vec<Option<Place>> =
        firsts.iter().map(|r| r.place.as_deref().filter(|_| r.state == "open").and_then(Place::of_bytes)).collect();
    let (tree, stand) = text.marked(&places).unwrap_or_default();
    let names = names(conn, plan)?;
    let mut out = Vec::new();
    for ((row, place), stands) in firsts.into_iter().zip(places).zip(stand.into_iter().chain(std::iter::repeat(false)))
    {
        let entries = log::entries_of(conn, &row.id)?;
        let why = entries.iter().rev().find_map(|e| Change::decode(e.payload()?).ok()?.why).unwrap_or_default();
        let mut to_it = Vec::new();
        for answer in answers.iter().filter(|a| a.answers == Some(row.id)) {
            to_it.push(Answer {
                id: answer.id.to_string(),
                said: answer.said.clone(),
                byline: answer.byline.clone(),
                asks: asked(conn, &answer.id, &names)?,
            });
        }
        out.push(Comment {
            id: row.id.to_string(),
            asks: asked(conn, &row.id, &names)?,
            quote: row.quote,
            said: row.said,
            byline: row.byline,
            tone: if row.state == "open" { "wait" } else { "ok" },
            open: row.state == "open",
            state: words.get(&format!("plan_comment-state-{}", row.state)).into_owned(),
            why,
            marked: stands,
            gone: place.is_some() && !stands,
            place: place.map(|p| p.to_bytes()),
            answers: to_it,
        });
    }
    Ok((out, tree))
}

fn rows(conn: &Connection, plan: &Subject) -> Result<Vec<Row>, PageError> {
    let mut stmt = conn.prepare_cached(
        "SELECT id, answers, coalesce(quote, ''), coalesce(said, ''), coalesce(byline, ''), coalesce(state, 'open'), place
         FROM plan_comment WHERE plan = ?1 ORDER BY answers IS NOT NULL, state <> 'open', made, id",
    )?;
    let subject = |bytes: Vec<u8>| Subject::try_from(bytes.as_slice()).unwrap_or_default();
    let rows = stmt.query_map([plan.as_bytes()], |r| {
        Ok(Row {
            id: subject(r.get(0)?),
            answers: r.get::<_, Option<Vec<u8>>>(1)?.map(subject),
            quote: r.get(2)?,
            said: r.get(3)?,
            byline: r.get(4)?,
            state: r.get(5)?,
            place: r.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The names of a plan's people, as they stand under it: gone where somebody's data were erased.
fn names(conn: &Connection, plan: &Subject) -> Result<BTreeMap<Vec<u8>, String>, PageError> {
    let mut stmt = conn.prepare_cached(
        "SELECT person, byline FROM plan_author WHERE plan = ?1 AND person IS NOT NULL AND byline IS NOT NULL
         ORDER BY part = 'origin' DESC, made",
    )?;
    let rows = stmt.query_map([plan.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn asked(conn: &Connection, comment: &Subject, names: &BTreeMap<Vec<u8>, String>) -> Result<String, PageError> {
    let mut stmt = conn.prepare_cached("SELECT value FROM plan_comment_asks WHERE id = ?1 ORDER BY value")?;
    let asked = stmt.query_map([comment.as_bytes()], |r| r.get::<_, Vec<u8>>(0))?.collect::<Result<Vec<_>, _>>()?;
    Ok(asked.iter().filter_map(|p| names.get(p).map(String::as_str)).collect::<Vec<_>>().join(" · "))
}

/// Those who write or review a plan, but for the reader: who can be asked to look.
pub(crate) fn people(conn: &Connection, plan: &Subject, me: Subject) -> Result<Vec<(String, String)>, PageError> {
    let mut stmt = conn.prepare_cached(
        "SELECT person, byline FROM plan_author WHERE plan = ?1 AND part <> 'origin' AND byline IS NOT NULL
         AND person <> ?2 ORDER BY part DESC, made",
    )?;
    let rows = stmt.query_map([plan.as_bytes(), me.as_bytes()], |r| {
        let id = Subject::try_from(r.get::<_, Vec<u8>>(0)?.as_slice()).unwrap_or_default();
        Ok((id.to_string(), r.get(1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Says something of a plan.
pub(crate) fn add(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let plan = request.id("id")?;
    site.store.read(|conn| register::visible(conn, request.reader()?, &LESSON_PLAN, &plan))?;
    let said = text::clean_text(request.form("said").unwrap_or_default(), SAID)
        .map_err(|_| PageError::Rule("comment-long".to_owned()))?;
    if said.is_empty() {
        return Err(PageError::Rule("comment-empty".to_owned()));
    }
    let mut change = Change::new().with_link("plan", plan).with_text("said", said);
    // Words that cannot be quoted are no reason to lose what was said of them.
    let quote = text::clean_line(request.form("quote").unwrap_or_default(), QUOTE).unwrap_or_default();
    if !quote.is_empty() {
        change = change.with_text("quote", quote);
    }
    match register::save_new(site, request, &PLAN_COMMENT, change, None) {
        Ok(register::Saved(id)) => {
            let note = web::set_cookie("zampa_note", "done-made", 60);
            Ok(Reply::ToWith(format!("/plans/{plan}#comment-{id}"), vec![note]))
        }
        Err(register::Refusal::Page(e)) => Err(e),
        Err(register::Refusal::Fields(_)) => Err(PageError::Malformed("a comment")),
    }
}

/// A comment bears its author's name, also where that author's record is not held; it keeps the place of its words, and
/// knows what it answers and whom it asks.
pub(crate) fn sign(tx: &Tx<'_>, site: &Site, request: &Request, id: &Subject) -> Result<(), PageError> {
    let person = request.reader()?.person;
    let conn = tx.conn();
    let plan: Vec<u8> =
        conn.prepare_cached("SELECT plan FROM plan_comment WHERE id = ?1")?.query_row([id.as_bytes()], |r| r.get(0))?;
    let plan = Subject::try_from(plan.as_slice()).map_err(|_| PageError::NotFound)?;
    let mut change = Change::new().with_link("person", person).with_text("byline", register::byline(conn, person)?);
    match answered(conn, request, &plan)? {
        Some(root) => change = change.with_link("answers", root),
        None => {
            if let Some(place) = place(conn, request, &plan)? {
                change = change.with("place", Value::Bytes(place.to_bytes()));
            }
        }
    }
    for asked in asks(tx, site, request, &plan)? {
        change = change.with_added("asks", Value::link(&asked));
    }
    let scope = record_scope(conn, site.programme, &PLAN_COMMENT, id)?;
    append(tx, &PLAN_COMMENT, scope, *id, change, None)?;
    tx.fold()?;
    Ok(())
}

/// The comment that is answered: an answer to an answer belongs to what that answers.
fn answered(conn: &Connection, request: &Request, plan: &Subject) -> Result<Option<Subject>, PageError> {
    let Some(typed) = request.form("answers").filter(|t| !t.is_empty()) else { return Ok(None) };
    let to: Subject = typed.parse().map_err(|_| PageError::Malformed("the comment that is answered"))?;
    let found: Option<Vec<u8>> = conn
        .prepare_cached("SELECT coalesce(answers, id) FROM plan_comment WHERE id = ?1 AND plan = ?2")?
        .query_row([to.as_bytes(), plan.as_bytes()], |r| r.get(0))
        .optional()?;
    let root = found.and_then(|root| Subject::try_from(root.as_slice()).ok());
    root.map(Some).ok_or(PageError::NotFound)
}

/// Where the words stand: as the editor says, or where they are found in the text.
fn place(conn: &Connection, request: &Request, plan: &Subject) -> Result<Option<Place>, PageError> {
    let said = request.form("place").filter(|p| p.len() <= documents::MAX_PLACE * 2);
    if let Some(place) = said.and_then(base32::decode).and_then(|bytes| Place::of_bytes(&bytes)) {
        return Ok(Some(place));
    }
    let quote = request.form("quote").map(str::trim).unwrap_or_default();
    if quote.is_empty() || quote.chars().count() > QUOTE {
        return Ok(None);
    }
    let which = request.form("which").and_then(|w| w.parse().ok()).unwrap_or(0);
    Ok(records::document(conn, &LESSON_PLAN, BODY, plan)?.place(quote, which))
}

/// Who is asked to look. Somebody who is not of the plan yet becomes its reviewer, by those in whose hands it is.
fn asks(tx: &Tx<'_>, site: &Site, request: &Request, plan: &Subject) -> Result<BTreeSet<Subject>, PageError> {
    let (conn, reader) = (tx.conn(), request.reader()?);
    let mut out = BTreeSet::new();
    for typed in request.form_all("ask").map(str::trim).filter(|t| !t.is_empty()).take(MOST_ASKED) {
        let unknown = || PageError::Rule("no-such-person".to_owned());
        let id = typed.rsplit('·').next().unwrap_or_default().trim();
        let person: Subject = id.parse().map_err(|_| unknown())?;
        let there: bool = conn
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM plan_author WHERE plan = ?1 AND person = ?2 AND part <> 'origin')",
            )?
            .query_row(params![plan.as_bytes(), person.as_bytes()], |r| r.get(0))?;
        if !there {
            let people = site.kinds.get("person").ok_or(PageError::NotFound)?;
            let may = register::in_hands(conn, reader, &LESSON_PLAN, plan)?;
            if !may || register::visible(conn, reader, people, &person).is_err() {
                return Err(unknown());
            }
            author(tx, site, person, "reviewer", plan)?;
        }
        if person != reader.person {
            out.insert(person);
        }
    }
    Ok(out)
}
