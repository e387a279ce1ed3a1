//! Envelopes: bounded, of the right shape, by whom they may be, and once however often they come. Their contents nobody but
//! the two can read, so nothing here can check those.

use base::{Scope, Subject};
use envelopes::{json_of, part_of_form, shape};
use log::{Context, Tx};
use records::{Change, Kind, REMOVED, STATE, Value, append};
use rusqlite::{Connection, OptionalExtension};
use serde_json::json;
use web::{PageError, Reply, Request, Site};

use crate::facts::{OBSERVATION, OBSERVATION_PART, PARTS};
use crate::plan::{go, told};
use crate::two::{Part, Two, id};

fn refuse(code: &str) -> PageError {
    PageError::Rule(code.to_owned())
}

/// Whether one of the two may write this part now.
fn may(two: &Two, part: Part, what: &str) -> Result<(), PageError> {
    let open = match what {
        // What was shared is not changed behind the teacher's back.
        "seen" => part == Part::Observer && matches!(&*two.state, "planned" | "held"),
        "view" => part == Part::Teacher && two.is_shared(),
        "step" => two.is_shared(),
        _ => false,
    };
    if open { Ok(()) } else { Err(refuse("observe-not-now")) }
}

/// A new envelope, however it came, is by one of the two, in its turn and of the right shape.
///
/// # Errors
/// [`PageError::Rule`].
pub fn made(tx: &Tx<'_>, _: &Site, request: &Request, kind: &Kind, which: &Subject) -> Result<(), PageError> {
    if kind.name != OBSERVATION_PART.name {
        return Ok(());
    }
    let (observation, person, teacher, what, sealed, keys) = tx
        .conn()
        .prepare_cached("SELECT observation, person, teacher, what, sealed, keys FROM observation_part WHERE id = ?1")?
        .query_row([which.as_bytes()], |r| {
            Ok((
                id(r.get(0)?).unwrap_or_default(),
                id(r.get(1)?),
                id(r.get(2)?),
                r.get::<_, String>(3)?,
                r.get::<_, Vec<u8>>(4)?,
                r.get::<_, Vec<u8>>(5)?,
            ))
        })?;
    let (two, part) = Two::in_conn(tx.conn(), request, &observation)?;
    if person != Some(request.reader()?.person) || teacher != Some(two.teacher) {
        return Err(PageError::NotAllowed);
    }
    may(&two, part, &what)?;
    shape(&sealed, &keys)
}

/// An own part of that sort that is there: what was seen and how one sees it are mended, a next step is a new one.
fn before(conn: &Connection, two: &Two, person: &Subject, what: &str) -> Result<Option<Subject>, PageError> {
    if what == "step" {
        return Ok(None);
    }
    let sql =
        "SELECT id FROM observation_part WHERE observation = ?1 AND person = ?2 AND what = ?3 AND sealed IS NOT NULL
               ORDER BY made LIMIT 1";
    let found = conn
        .prepare_cached(sql)?
        .query_row(rusqlite::params![two.id.as_bytes(), person.as_bytes(), what], |r| r.get::<_, Option<Vec<u8>>>(0));
    Ok(found.optional()?.and_then(id))
}

/// Keeps an envelope that the page's script sealed.
pub(crate) fn keep(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (two, part) = Two::of(site, request)?;
    let me = request.reader()?.person;
    let what = request.form("what").filter(|w| PARTS.contains(w)).ok_or_else(|| refuse("seal-shape"))?;
    let (sealed, keys) = (part_of_form(request, "sealed")?, part_of_form(request, "keys")?);
    may(&two, part, what)?;
    shape(&sealed, &keys)?;
    let scope = Scope::Person(two.teacher);
    site.store.write(Context { author: me }, |tx| {
        let change = Change::new().with("sealed", Value::Bytes(sealed)).with("keys", Value::Bytes(keys));
        let kept = match before(tx.conn(), &two, &me, what)? {
            Some(there) => {
                append(tx, &OBSERVATION_PART, scope, there, change, None)?;
                tx.fold()?;
                there
            }
            None => {
                let change = change
                    .with_link("teacher", two.teacher)
                    .with_link("observation", two.id)
                    .with_link("person", me)
                    .with_text("what", what);
                register::make_in(tx, site, request, &OBSERVATION_PART, change, None, None).map_err(told)?.0
            }
        };
        if what == "seen" && two.state == "planned" {
            let day = request.form("held_on").and_then(|d| d.parse::<base::Date>().ok()).unwrap_or(site.today());
            if day > site.today() {
                return Err(refuse("observe-future"));
            }
            go(tx, site, request, two.id, "hold", Change::new().with_text("held_on", day.to_string()))?;
        }
        if what == "seen" && request.form("share") == Some("yes") {
            let change = Change::new().with_text("shared_on", site.today().to_string());
            go(tx, site, request, two.id, "share", change)?;
        }
        if what == "step" {
            // Who proposes a step agrees to it.
            agreed(tx, &two, part, kept)?;
        }
        Ok::<_, PageError>(())
    })?;
    Ok(json_of(&json!({ "done": true })))
}

fn agreed(tx: &Tx<'_>, two: &Two, part: Part, step: Subject) -> Result<(), PageError> {
    let theirs = match part {
        Part::Teacher => two.observer_agrees,
        Part::Observer => two.teacher_agrees,
    };
    let mut change = Change::new().with_link(part.agrees(), step);
    if theirs == Some(step) && two.state == "shared" {
        change = change.with(STATE, Value::text("discussed"));
    }
    append(tx, &OBSERVATION, Scope::Person(two.teacher), two.id, change, None)?;
    tx.fold()?;
    Ok(())
}

/// An envelope of this observation, that the reader is given.
fn envelope(
    conn: &Connection,
    request: &Request,
    two: &Two,
    name: &str,
) -> Result<(Subject, String, Subject), PageError> {
    let which: Subject = request.form(name).and_then(|n| n.parse().ok()).ok_or(PageError::NotFound)?;
    register::visible(conn, request.reader()?, &OBSERVATION_PART, &which)?;
    conn.prepare_cached("SELECT what, person FROM observation_part WHERE id = ?1 AND observation = ?2")?
        .query_row([which.as_bytes(), two.id.as_bytes()], |r| Ok((which, r.get(0)?, id(r.get(1)?).unwrap_or_default())))
        .optional()?
        .ok_or(PageError::NotFound)
}

/// One of the two agrees to a step that stands there.
pub(crate) fn agree(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (two, part) = Two::of(site, request)?;
    site.store.write(Context { author: request.reader()?.person }, |tx| {
        let (step, what, _) = envelope(tx.conn(), request, &two, "step")?;
        may(&two, part, &what)?;
        if what != "step" {
            return Err(PageError::NotFound);
        }
        agreed(tx, &two, part, step)
    })?;
    Ok(json_of(&json!({ "done": true })))
}

/// One of the two, who can open an envelope, seals its key to the other's key too: the other had none before, or has lost
/// it. Keys are added to those that are there and none is taken away.
pub(crate) fn keys(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (two, _) = Two::of(site, request)?;
    let added = part_of_form(request, "keys")?;
    site.store.write(Context { author: request.reader()?.person }, |tx| {
        let (part, ..) = envelope(tx.conn(), request, &two, "part")?;
        let (sealed, mut keys): (Vec<u8>, Vec<u8>) = tx
            .conn()
            .prepare_cached("SELECT coalesce(sealed, x''), coalesce(keys, x'') FROM observation_part WHERE id = ?1")?
            .query_row([part.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))?;
        keys.extend(added);
        shape(&sealed, &keys)?;
        let change = Change::new().with("keys", Value::Bytes(keys));
        append(tx, &OBSERVATION_PART, Scope::Person(two.teacher), part, change, None)?;
        tx.fold()?;
        Ok::<_, PageError>(())
    })?;
    Ok(json_of(&json!({ "done": true })))
}

/// An author takes an envelope back: it is destroyed on every node.
pub(crate) fn take_back(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (two, _) = Two::of(site, request)?;
    let me = request.reader()?.person;
    site.store.write(Context { author: me }, |tx| {
        let (part, _, person) = envelope(tx.conn(), request, &two, "part")?;
        if person != me {
            return Err(PageError::NotAllowed);
        }
        let scope = Scope::Person(two.teacher);
        append(tx, &OBSERVATION_PART, scope, part, Change::new().with(REMOVED, Value::Bool(true)), None)?;
        tx.append(&log::erase_draft(scope, part, &[&OBSERVATION_PART.identity()])?)?;
        tx.fold()?;
        Ok::<_, PageError>(())
    })?;
    Ok(json_of(&json!({ "done": true })))
}
