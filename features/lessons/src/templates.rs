//! Templates: how a lesson of a subject and stage usually goes. One is kept of a plan, by its teacher for themselves or by
//! an officer for all; a new plan begins with it.

use askama::Template;
use base::{Scope, Subject};
use documents::Node;
use log::{Context, Draft, Tx};
use records::{Change, Role, Value, append, document_payload};
use rusqlite::{Connection, OptionalExtension};
use web::{PageError, Reply, Request, Site};

use crate::facts::{BODY, LESSON_PLAN, PLAN_TEMPLATE};
use crate::pictures::{PICTURE, Pictures};
use crate::{show, versions};

/// Characters of a title.
const TITLE: usize = 120;

#[derive(Template)]
#[template(path = "template.html")]
struct Part<'a> {
    s: web::Shell<'a>,
    html: String,
    /// Where a plan is begun with it; `None` for who makes none.
    begin: Option<String>,
}

/// The part of a template's page.
pub(crate) fn part(site: &Site, request: &Request, conn: &Connection, id: &Subject) -> Result<String, PageError> {
    let words = request.words(site);
    let tree = records::document(conn, &PLAN_TEMPLATE, BODY, id)?.tree().unwrap_or_default();
    let mut begin = format!("/plans/new?template={id}");
    for field in ["subject", "stage", "type", "minutes"] {
        let sql = format!("SELECT CAST({field} AS TEXT) FROM plan_template WHERE id = ?1");
        let found: Option<String> = conn.prepare_cached(&sql)?.query_row([id.as_bytes()], |r| r.get(0))?;
        if let Some(value) = found {
            begin.push_str(&format!("&{field}={}", web::escape(&value)));
        }
    }
    let begin = request.reader()?.may_make(&LESSON_PLAN).then_some(begin);
    let html = show::html(&tree, &words, &[], &Pictures::new());
    Ok(Part { html, begin, s: web::Shell::new(site, request, "") }.render()?)
}

/// Keeps a template of a plan that one may read: an officer for all, others for themselves. Pictures stay with the plan,
/// and so does what happened in its lesson.
pub(crate) fn keep(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (plan, reader) = (request.id("id")?, request.reader()?);
    let typed = text::clean_line(request.form("title").unwrap_or_default(), TITLE).unwrap_or_default();
    let kept_for = if reader.is(Role::Officer) { "all" } else { "own" };
    let chance = versions::chance(site);
    let made = site.store.write(Context { author: reader.person }, |tx| {
        let conn = tx.conn();
        register::visible(conn, reader, &LESSON_PLAN, &plan)?;
        let folded = records::fold(&site.kinds, site.hub, &log::entries_of(conn, &plan)?).ok_or(PageError::NotFound)?;
        let mut change = Change::new()
            .with_text("kept_for", kept_for)
            .with_link("person", reader.person)
            .with_link("kept_from", plan);
        for field in ["title", "subject", "stage", "type", "minutes"] {
            if let Some(value) = folded.get(field) {
                change = change.with(field, value.clone());
            }
        }
        if !typed.is_empty() {
            change = change.with_text("title", typed);
        }
        let tree = records::document(conn, &LESSON_PLAN, BODY, &plan)?.tree().unwrap_or_default();
        let scope = Scope::Programme(site.programme);
        let id = tx.subject(&scope);
        append(tx, &PLAN_TEMPLATE, scope, id, change, None)?;
        let kept: Vec<Node> = tree.iter().map(without_its_own).collect();
        for update in documents::seed(&kept, chance).map_err(|e| PageError::Internal(e.to_string()))? {
            let payload = document_payload(&update)?;
            tx.append(&Draft { scope, subject: id, kind: PLAN_TEMPLATE.document(BODY), payload, base: None })?;
        }
        tx.fold()?;
        Ok::<_, PageError>(id)
    })?;
    Ok(register::done(&PLAN_TEMPLATE, made, "done-made"))
}

/// A part without what belongs to one lesson: its pictures, and what was noted after it.
fn without_its_own(node: &Node) -> Node {
    let Node::Element { name, attributes, children } = node else { return node.clone() };
    let empty = node.attribute("part") == Some("reflection");
    let mut children: Vec<Node> =
        children.iter().filter(|c| !empty && c.name() != PICTURE).map(without_its_own).collect();
    if children.is_empty() && name != "paragraph" && name != "stage" {
        children.push(Node::element("paragraph", Vec::new()));
    }
    Node::Element { name: name.clone(), attributes: attributes.clone(), children }
}

/// The text that a new plan begins with, where a template was chosen. Whoever wrote the plan that the template was kept
/// of is named as its origin; a template that nobody's plan stands behind is no origin.
pub(crate) fn begin(tx: &Tx<'_>, site: &Site, plan: &Subject) -> Result<Option<Vec<Vec<u8>>>, PageError> {
    let conn = tx.conn();
    let found: Option<(Vec<u8>, Option<Vec<u8>>)> = conn
        .prepare_cached(
            "SELECT t.id, t.kept_from FROM lesson_plan p JOIN plan_template t ON t.id = p.template WHERE p.id = ?1",
        )?
        .query_row([plan.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    let Some((template, from)) = found else { return Ok(None) };
    let template = Subject::try_from(template.as_slice()).map_err(|_| PageError::NotFound)?;
    let tree = records::document(conn, &PLAN_TEMPLATE, BODY, &template)?.tree().unwrap_or_default();
    if tree.is_empty() {
        return Ok(None);
    }
    let updates = documents::seed(&tree, versions::chance(site)).map_err(|e| PageError::Internal(e.to_string()))?;
    if let Some(from) = from.and_then(|f| Subject::try_from(f.as_slice()).ok()) {
        let taken = i64::try_from(updates.len()).unwrap_or(0);
        let scope = Scope::Programme(site.programme);
        let change = Change::new().with_link("made_from", from).with("taken_over", Value::Int(taken));
        append(tx, &LESSON_PLAN, scope, *plan, change, None)?;
        versions::credit(tx, &from, plan, scope)?;
    }
    Ok(Some(updates))
}
