//! What the two write for each other: notes of their sessions with one next step, how they see the goals, their reviews. Their
//! browsers seal it to the two; here are envelopes that nobody but they can open.

use base::{Scope, Subject, base32};
use envelopes::{Key, csrf, json_of, part_of_form, shape};
use log::{Context, Tx};
use records::{Change, Reader, Value, append};
use register::Look;
use rusqlite::{Connection, OptionalExtension};
use serde_json::{Value as Json, json};
use web::{PageError, Reply, Request, Site};

use crate::facts::{NOTES, PAIR_NOTE};
use crate::growth;
use crate::notes::{chosen, destroy, held, refuse};
use crate::two::{Part, Two, id};

/// Envelopes that a page is given.
const MOST: usize = 400;

/// The words that the page's script says.
pub(crate) fn words(site: &Site, request: &Request) -> String {
    envelopes::embedded(
        &json!({ request.lang.code(): envelopes::said(site, request, &["pair-seal-", "pair-next-step"]) }),
    )
}

/// Keys and envelopes, for the page's script.
pub(crate) fn given(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (two, part) = Two::of(site, request)?;
    let reader = request.reader()?;
    let said = site.store.read(|conn| {
        let other = two.who(if part == Part::Master { Part::Apprentice } else { Part::Master });
        let person = site.kinds.get("person").ok_or(PageError::NotFound)?;
        Ok::<_, PageError>(json!({
            "id": two.id.to_string(),
            "me": reader.person.to_string(),
            "key": Key::of(conn, &reader.person)?.map(|k| k.own_half()),
            "other": {
                "id": other.to_string(),
                "name": Look::new(site, request, conn).title(person, &other)?,
                "key": Key::of(conn, &other)?.map(|k| k.open_half()),
            },
            "csrf": csrf(request),
            "notes": sealed(conn, reader, &two)?,
        }))
    })?;
    Ok(json_of(&said))
}

fn sealed(conn: &Connection, reader: &Reader, two: &Two) -> Result<Vec<Json>, PageError> {
    let mut stmt = conn.prepare(&format!(
        "SELECT n.id, n.what, n.person, n.sealed, coalesce(n.keys, x'') FROM pair_note n
         WHERE n.pairing = ?1 AND n.sealed IS NOT NULL AND {} ORDER BY n.held_on DESC, n.made DESC LIMIT {MOST}",
        reader.sees(&PAIR_NOTE, "n")
    ))?;
    let mut rows = stmt.query([two.id.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(json!({
            "id": id(row.get(0)?).unwrap_or_default().to_string(),
            "what": row.get::<_, String>(1)?,
            "person": id(row.get(2)?).unwrap_or_default().to_string(),
            "sealed": base32::encode(&row.get::<_, Vec<u8>>(3)?),
            "keys": base32::encode(&row.get::<_, Vec<u8>>(4)?),
        }));
    }
    Ok(out)
}

/// Keeps a note that the page's script sealed: a new one; one's review, in the place of the one before; or what stood in the
/// clear, which is destroyed.
pub(crate) fn keep(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (two, _) = Two::of(site, request)?;
    let me = request.reader()?.person;
    let what = chosen(request, "what", NOTES)?.ok_or_else(|| refuse("pair-form"))?;
    let (sealed, keys) = (part_of_form(request, "sealed")?, part_of_form(request, "keys")?);
    shape(&sealed, &keys)?;
    let clear: Option<Subject> = match request.form("note") {
        Some(note) => Some(note.parse().map_err(|_| PageError::NotFound)?),
        None => None,
    };
    let open = clear.is_some() || if what == "review" { two.active_from.is_some() } else { two.goes_on() };
    if !open {
        return Err(refuse("pairing-not-active"));
    }
    site.store.write(Context { author: me }, |tx| {
        let mut day =
            if what == "session" && clear.is_none() { held(site, request)? } else { site.today().to_string() };
        if let Some(note) = clear {
            day = in_the_clear(tx.conn(), &two, me, note, what)?;
            destroy(tx, &two, note)?;
        } else if let Some(before) = review_before(tx, &two, me, what)? {
            destroy(tx, &two, before)?;
        }
        let goal = match what {
            "goal" => Some(growth::set(tx, site, request, &two)?),
            "evidence" => Some(growth::worked_on(tx, request, &two)?),
            _ => None,
        };
        let change = goal.map_or_else(Change::new, |goal| Change::new().with_link("goal", goal));
        let change = change
            .with_link("pairing", two.id)
            .with_link("person", me)
            .with_text("what", what)
            .with_text("held_on", day)
            .with("sealed", Value::Bytes(sealed))
            .with("keys", Value::Bytes(keys));
        match register::make_in(tx, site, request, &PAIR_NOTE, change, None, None) {
            Ok(_) => Ok(()),
            Err(register::Refusal::Page(e)) => Err(e),
            Err(register::Refusal::Fields(_)) => Err(refuse("pair-form")),
        }
    })?;
    Ok(json_of(&json!({ "done": true })))
}

/// The day of a note of one's own that stands in the clear.
fn in_the_clear(conn: &Connection, two: &Two, me: Subject, note: Subject, what: &str) -> Result<String, PageError> {
    conn.prepare_cached(
        "SELECT held_on FROM pair_note
         WHERE id = ?1 AND pairing = ?2 AND person = ?3 AND what = ?4 AND said IS NOT NULL AND sealed IS NULL",
    )?
    .query_row(rusqlite::params![note.as_bytes(), two.id.as_bytes(), me.as_bytes(), what], |r| r.get(0))
    .optional()?
    .ok_or(PageError::NotFound)
}

/// The review that somebody has already written: there is one of each of the two.
fn review_before(tx: &Tx<'_>, two: &Two, me: Subject, what: &str) -> Result<Option<Subject>, PageError> {
    if what != "review" {
        return Ok(None);
    }
    let sql = "SELECT id FROM pair_note WHERE pairing = ?1 AND person = ?2 AND what = 'review' ORDER BY made";
    let found = tx
        .conn()
        .prepare_cached(sql)?
        .query_row([two.id.as_bytes(), me.as_bytes()], |r| r.get::<_, Option<Vec<u8>>>(0))
        .optional()?;
    Ok(found.flatten().and_then(|b| id(Some(b))))
}

/// One of the two, who can open an envelope, seals its key to the other's key too: the other had none before, or has made
/// another. Keys are added to those that are there, and none is taken away.
pub(crate) fn keys(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (two, _) = Two::of(site, request)?;
    let note: Subject = request.form("note").and_then(|n| n.parse().ok()).ok_or(PageError::NotFound)?;
    let added = part_of_form(request, "keys")?;
    site.store.write(Context { author: request.reader()?.person }, |tx| {
        let sql = "SELECT sealed, coalesce(keys, x'') FROM pair_note
                   WHERE id = ?1 AND pairing = ?2 AND sealed IS NOT NULL";
        let (sealed, mut keys): (Vec<u8>, Vec<u8>) = tx
            .conn()
            .prepare_cached(sql)?
            .query_row([note.as_bytes(), two.id.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()?
            .ok_or(PageError::NotFound)?;
        keys.extend(added);
        shape(&sealed, &keys)?;
        append(tx, &PAIR_NOTE, Scope::Pair(two.id), note, Change::new().with("keys", Value::Bytes(keys)), None)?;
        tx.fold()?;
        Ok::<_, PageError>(())
    })?;
    Ok(json_of(&json!({ "done": true })))
}
