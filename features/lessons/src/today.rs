//! What of lesson plans waits for a reader: who asks them, which plans they were asked to review, and what was said of
//! their own.

use base::Subject;
use register::Look;
use rusqlite::Connection;
use text::Words;
use web::{PageError, Request, Site, TodayItem};

use crate::facts::LESSON_PLAN;

/// Characters of a comment that are shown.
const SHOWN: usize = 80;
/// Items of each sort.
const MOST: usize = 12;

/// The items of Today that come of lesson plans.
///
/// # Errors
/// What the database says.
pub fn today(site: &Site, request: &Request) -> Result<Vec<TodayItem>, PageError> {
    let reader = request.reader()?;
    if !reader.may_read(&LESSON_PLAN) {
        return Ok(Vec::new());
    }
    let sees = reader.sees(&LESSON_PLAN, "p");
    site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let mut items = asked(conn, &look.words, reader.person, &sees)?;
        items.extend(reviews(conn, &look.words, reader.person, &sees)?);
        items.extend(said(conn, &look.words, reader.person, &sees)?);
        Ok(items)
    })
}

fn item(icon: &'static str, title: String, detail: String, href: String, changed: i64) -> TodayItem {
    TodayItem { part: "waits", icon, title, detail, href, order: -changed, when: String::new() }
}

fn id(bytes: &[u8]) -> Subject {
    Subject::try_from(bytes).unwrap_or_default()
}

/// Comments that ask the reader, until they are ended or answered by the reader.
fn asked(conn: &Connection, words: &Words<'_>, me: Subject, sees: &str) -> Result<Vec<TodayItem>, PageError> {
    let mut stmt = conn.prepare(&format!(
        "SELECT c.id, p.id, coalesce(c.byline, ''), coalesce(p.title, ''), coalesce(c.said, ''), c.made
         FROM plan_comment_asks a JOIN plan_comment c ON c.id = a.id JOIN lesson_plan p ON p.id = c.plan
         JOIN plan_comment root ON root.id = coalesce(c.answers, c.id)
         WHERE a.value = ?1 AND coalesce(root.state, 'open') = 'open' AND {sees}
           AND NOT EXISTS (SELECT 1 FROM plan_comment mine
                           WHERE mine.answers = root.id AND mine.person = ?1 AND mine.made > c.made)
         ORDER BY c.made DESC LIMIT {MOST}"
    ))?;
    let mut rows = stmt.query([me.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let (comment, plan) = (id(&row.get::<_, Vec<u8>>(0)?), id(&row.get::<_, Vec<u8>>(1)?));
        let (who, title, said): (String, String, String) = (row.get(2)?, row.get(3)?, row.get(4)?);
        // The school stands after the name; here the name is enough.
        let who = who.split(" · ").next().unwrap_or_default();
        let asks = [("who", who.into()), ("title", title.as_str().into())];
        let key = if who.is_empty() { "plan-asked-unnamed" } else { "plan-asked" };
        let shown: String = said.chars().take(SHOWN).collect();
        let shown = if shown.len() < said.len() { format!("{shown}…") } else { shown };
        let href = format!("/plans/{plan}#comment-{comment}");
        out.push(item("send", words.with(key, &asks), shown, href, row.get(5)?));
    }
    Ok(out)
}

/// Plans in review, for their reviewers.
fn reviews(conn: &Connection, words: &Words<'_>, me: Subject, sees: &str) -> Result<Vec<TodayItem>, PageError> {
    let mut stmt = conn.prepare(&format!(
        "SELECT p.id, coalesce(p.title, ''), p.changed FROM lesson_plan p
         WHERE p.state = 'reviewing' AND {sees}
           AND p.id IN (SELECT plan FROM plan_author WHERE person = ?1 AND part = 'reviewer')
         ORDER BY p.changed DESC LIMIT {MOST}"
    ))?;
    let mut rows = stmt.query([me.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let plan = id(&row.get::<_, Vec<u8>>(0)?);
        let said = words.get("plan-review-asked").into_owned();
        out.push(item("check", said, row.get(1)?, format!("/plans/{plan}"), row.get(2)?));
    }
    Ok(out)
}

/// Plans of the reader on which something was said that is neither taken nor left.
fn said(conn: &Connection, words: &Words<'_>, me: Subject, sees: &str) -> Result<Vec<TodayItem>, PageError> {
    let mut stmt = conn.prepare(&format!(
        "SELECT p.id, coalesce(p.title, ''), count(*), max(c.made) FROM lesson_plan p
         JOIN plan_comment c ON c.plan = p.id
         WHERE c.answers IS NULL AND coalesce(c.state, 'open') = 'open' AND c.person IS NOT ?1 AND {sees}
           AND p.id IN (SELECT plan FROM plan_author WHERE person = ?1 AND part IN ('lead', 'author'))
         GROUP BY p.id ORDER BY 4 DESC LIMIT {MOST}"
    ))?;
    let mut rows = stmt.query([me.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let plan = id(&row.get::<_, Vec<u8>>(0)?);
        let said = words.with("plan-comments-open", &[("n", row.get::<_, i64>(2)?.into())]);
        out.push(item("book-open", said, row.get(1)?, format!("/plans/{plan}#comments"), row.get(3)?));
    }
    Ok(out)
}
