//! What a plan shows on its page: its text, to write for those in whose hands it is and to read for others, and who
//! wrote it.

use std::collections::BTreeMap;

use askama::Template;
use base::{Subject, base32};
use log::{Context, Tx};
use records::{Change, Kind, Role, Value, append, record_scope};
use register::Look;
use rusqlite::Connection;
use serde_json::json;
use text::Words;
use web::{PageError, Reply, Request, Site};

use crate::comments::{self, Comment};
use crate::facts::{BODY, LESSON_PLAN, PLAN_AUTHOR, PLAN_COMMENT, PLAN_TEMPLATE};
use crate::outline::{COLUMNS, PARTS, outline};
use crate::{pictures, show, templates, versions};

/// Colleagues that are offered before one types.
const OFFERED: usize = 60;
/// Minutes of a lesson where nobody said how many.
pub(crate) const MINUTES: u32 = 40;

#[derive(Template)]
#[template(path = "part.html")]
struct Part<'a> {
    s: web::Shell<'a>,
    id: String,
    html: String,
    /// Words and names that the editor needs, as JSON; `None` for who only reads.
    editor: Option<String>,
    authors: Vec<(String, String)>,
    others: Vec<(String, String)>,
    comments: Vec<Comment>,
    /// Who can be asked to look, by id and name; `None` for who writes no comments.
    asked: Option<Vec<(String, String)>>,
    /// The words by which it is kept as a template, for those who may.
    keeps: Option<&'static str>,
    /// It was made from another plan.
    made_from: bool,
}

/// The part of a plan's page.
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
    if kind.name == PLAN_TEMPLATE.name {
        return templates::part(site, request, conn, id).map(Some);
    }
    if kind.name != LESSON_PLAN.name {
        return Ok(None);
    }
    let words = request.words(site);
    let s = web::Shell::new(site, request, "");
    let reader = request.reader()?;
    let writes = register::in_hands(conn, reader, &LESSON_PLAN, id)?;
    let text = records::document(conn, &LESSON_PLAN, BODY, id)?;
    let (comments, tree) = comments::of_plan(conn, &words, id, &text)?;
    let editor = writes.then(|| editor(&words, id, &s.sprite(), &comments));
    let marks: Vec<&str> = comments.iter().map(|c| c.id.as_str()).collect();
    let html = show::html(&tree, &words, &marks, &pictures::of_plan(site, conn, id)?);
    let mut stmt =
        conn.prepare_cached("SELECT byline, part FROM plan_author WHERE plan = ?1 ORDER BY part DESC, made")?;
    let authors = stmt
        .query_map([id.as_bytes()], |r| {
            Ok((r.get::<_, Option<String>>(0)?.unwrap_or_default(), r.get::<_, String>(1)?))
        })?
        .map(|row| row.map(|(name, part)| (name, words.get(&format!("plan_author-part-{part}")).into_owned())))
        .collect::<Result<_, _>>()?;
    let look = Look::new(site, request, conn);
    let others = match site.kinds.get("person") {
        Some(person) if writes => look
            .options(person, reader, OFFERED)?
            .into_iter()
            .filter(|(p, _)| *p != reader.person)
            .map(|(p, name)| (p.to_string(), name))
            .collect(),
        _ => Vec::new(),
    };
    let made_from: bool = conn
        .prepare_cached("SELECT made_from IS NOT NULL FROM lesson_plan WHERE id = ?1")?
        .query_row([id.as_bytes()], |r| r.get(0))?;
    let keeps = reader
        .may_make(&PLAN_TEMPLATE)
        .then(|| if reader.is(Role::Officer) { "plan-keep-all" } else { "plan-keep-own" });
    let asked = if reader.may_make(&PLAN_COMMENT) { Some(comments::people(conn, id, reader.person)?) } else { None };
    Ok(Some(Part { keeps, asked, comments, made_from, s, id: id.to_string(), html, editor, authors, others }.render()?))
}

/// Words that the editor says, by the rest of their keys.
const EDITOR: [&str; 28] = [
    "plan-saving",
    "plan-saved",
    "plan-apart",
    "plan-refused",
    "plan-strong",
    "plan-em",
    "plan-list",
    "plan-numbers",
    "plan-undo",
    "plan-redo",
    "plan-add-step",
    "plan-remove-step",
    "plan-toolbar",
    "plan-text",
    "plan-comment",
    "plan-to-comment",
    "plan-picture-add",
    "plan-picture-camera",
    "plan-picture-alt",
    "plan-picture-remove",
    "plan-picture-coming",
    "plan-picture-taken",
    "plan-file-taken",
    "plan-file-refused",
    "plan-sending",
    "plan-sending-again",
    "plan-cancel",
    "plan-picture",
];

/// What the editor needs: words, where the node is, where the icons are.
fn editor(words: &Words<'_>, id: &Subject, sprite: &str, comments: &[Comment]) -> String {
    let parts = PARTS.iter().map(|p| format!("plan-part-{p}"));
    let columns = ["stage", "minutes"].into_iter().chain(COLUMNS).map(|c| format!("plan-column-{c}"));
    let keys = EDITOR.into_iter().map(ToOwned::to_owned).chain(parts).chain(columns);
    let mut said: BTreeMap<String, String> =
        keys.map(|key| (key.trim_start_matches("plan-").to_owned(), words.get(&key).into_owned())).collect();
    // What changes while one types: the editor puts it in.
    said.insert("sum".to_owned(), words.with("plan-sum", &[("n", "{n}".into())]));
    said.insert("file-taken".to_owned(), words.with("plan-file-taken", &[("name", "{name}".into())]));
    let places: Vec<_> = comments
        .iter()
        .filter_map(|c| Some(json!({ "id": c.id, "place": base32::encode(c.place.as_ref()?) })))
        .collect();
    json!({ "words": said, "live": format!("/plans/{id}/live"), "pictures": format!("/plans/{id}/pictures"), "sprite": sprite, "places": places }).to_string()
}

/// A new plan begins with the template that was chosen, or with the outline of its type, in the hands of who made it.
///
/// # Errors
/// What the log says.
pub fn made(tx: &Tx<'_>, site: &Site, request: &Request, kind: &Kind, id: &Subject) -> Result<(), PageError> {
    if kind.name == PLAN_COMMENT.name {
        return comments::sign(tx, site, request, id);
    }
    if kind.name != LESSON_PLAN.name {
        return Ok(());
    }
    author(tx, site, request.reader()?.person, "lead", id)?;
    if let Some(updates) = templates::begin(tx, site, id)? {
        return versions::put(tx, site, id, &updates);
    }
    let (of_type, minutes): (Option<String>, Option<u32>) = tx
        .conn()
        .prepare_cached("SELECT type, minutes FROM lesson_plan WHERE id = ?1")?
        .query_row([id.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))?;
    let tree = outline(&of_type.unwrap_or_default(), minutes.unwrap_or(MINUTES), &request.words(site));
    let updates = documents::seed(&tree, versions::chance(site)).map_err(|e| PageError::Internal(e.to_string()))?;
    versions::put(tx, site, id, &updates)
}

/// Puts a plan into somebody's hands, with the name by which readers elsewhere will know them.
pub(crate) fn author(tx: &Tx<'_>, site: &Site, person: Subject, part: &str, plan: &Subject) -> Result<(), PageError> {
    let conn = tx.conn();
    let there: bool = conn
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM plan_author WHERE plan = ?1 AND person = ?2)")?
        .query_row([plan.as_bytes(), person.as_bytes()], |r| r.get(0))?;
    if there {
        return Ok(());
    }
    let byline = register::byline(conn, person)?;
    let scope = record_scope(conn, site.programme, &LESSON_PLAN, plan)?;
    let change = Change::new()
        .with_link("plan", *plan)
        .with_link("person", person)
        .with("byline", Value::Text(byline))
        .with_text("part", part);
    append(tx, &PLAN_AUTHOR, scope, tx.subject(&scope), change, None)?;
    tx.fold()?;
    Ok(())
}

/// Refuses who does not write the plan.
pub(crate) fn may_edit(site: &Site, request: &Request) -> Result<(), PageError> {
    let (id, reader) = (request.id("id")?, request.reader()?);
    site.store.read(|conn| {
        register::visible(conn, reader, &LESSON_PLAN, &id)?;
        if register::in_hands(conn, reader, &LESSON_PLAN, &id)? { Ok(()) } else { Err(PageError::NotAllowed) }
    })
}

/// Adds somebody to those who write.
pub(crate) fn add_author(site: &Site, request: &Request) -> Result<Reply, PageError> {
    may_edit(site, request)?;
    let id = request.id("id")?;
    let reader = request.reader()?;
    let part = if request.form("part") == Some("reviewer") { "reviewer" } else { "author" };
    let typed = request.form("person").unwrap_or_default();
    let person =
        register::picked(site, request, "person", typed)?.ok_or(PageError::Rule("no-such-person".to_owned()))?;
    site.store.write(Context { author: reader.person }, |tx| {
        let kind = site.kinds.get("person").ok_or(PageError::NotFound)?;
        register::visible(tx.conn(), reader, kind, &person)?;
        author(tx, site, person, part, &id)
    })?;
    Ok(register::done(&LESSON_PLAN, id, "done-saved"))
}
