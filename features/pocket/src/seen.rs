//! Observations of lessons that a pocket records: those that are planned go along with the keys of the two, and what comes
//! back is an envelope that nothing here opens.

use base::{Lang, Subject, base32};
use log::Context;
use records::{Change, Reader, Value};
use register::{Refusal, make_in, move_in, visible};
use rusqlite::{Connection, OptionalExtension};
use serde_json::{Map, Value as Json, json};
use web::{PageError, Request, Site};

use crate::item::Mark;

/// Planned observations that are taken along.
const MOST: usize = 40;
/// Letters of an envelope, and of the keys beside it: the room that keeps them bounds them exactly.
const MAX_SEALED: usize = 100_000;
const MAX_KEYS: usize = 4_000;

fn id(bytes: Option<Vec<u8>>) -> Subject {
    bytes.and_then(|b| Subject::try_from(b.as_slice()).ok()).unwrap_or_default()
}

/// The open half of somebody's key in use.
fn key(conn: &Connection, person: &Subject) -> Result<Json, PageError> {
    let sql = "SELECT id, public FROM seal_key WHERE person = ?1 AND coalesce(state, 'in_use') = 'in_use'
               AND public IS NOT NULL ORDER BY made DESC, id DESC LIMIT 1";
    let found = conn.prepare_cached(sql)?.query_row([person.as_bytes()], |r| {
        let public: Vec<u8> = r.get(1)?;
        Ok(json!({ "id": id(r.get(0)?).to_string(), "public": base32::encode(&public) }))
    });
    Ok(found.optional()?.unwrap_or(Json::Null))
}

/// What the programme says of the instruments in languages in which Zampa does not.
fn words(site: &Site, conn: &Connection) -> Result<Json, PageError> {
    let mut all = Map::new();
    for lang in Lang::ALL {
        let lacks = site.catalogue.missing(lang);
        let sql = "SELECT key, said FROM instrument_word WHERE language = ?1 ORDER BY changed, id";
        let mut stmt = conn.prepare_cached(sql)?;
        let rows = stmt.query_map([lang.code()], |r| Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?)))?;
        let own: Map<String, Json> = rows
            .filter_map(Result::ok)
            .filter(|(key, said)| key.starts_with("observe-") && !said.is_empty() && lacks.contains(&key.as_str()))
            .map(|(key, said)| (key, Json::String(said)))
            .collect();
        all.insert(lang.code().to_owned(), Json::Object(own));
    }
    Ok(Json::Object(all))
}

/// What the reader has agreed to observe, with the keys to seal it to.
pub(crate) fn pack(site: &Site, conn: &Connection, reader: &Reader) -> Result<Json, PageError> {
    let sql = format!(
        "SELECT o.id, o.teacher, p.name, coalesce(o.day, ''), coalesce(o.instrument, ''), coalesce(o.subject, ''), p.names
         FROM observation o LEFT JOIN person p ON p.id = o.teacher
         WHERE o.observer = ?1 AND o.state = 'planned' ORDER BY o.day, o.id LIMIT {MOST}"
    );
    let mut stmt = conn.prepare_cached(&sql)?;
    let mut rows = stmt.query([reader.person.as_bytes()])?;
    let mut planned = Vec::new();
    while let Some(row) = rows.next()? {
        let teacher = id(row.get(1)?);
        let names: Option<String> = row.get(6)?;
        let names: Json = names.and_then(|names| serde_json::from_str(&names).ok()).unwrap_or_default();
        planned.push(json!({
            "id": id(row.get(0)?).to_string(),
            "teacher": { "id": teacher.to_string(), "name": row.get::<_, Option<String>>(2)?.unwrap_or_default(), "names": names },
            "key": key(conn, &teacher)?,
            "day": row.get::<_, String>(3)?,
            "instrument": row.get::<_, String>(4)?,
            "subject": row.get::<_, String>(5)?,
        }));
    }
    Ok(json!({ "key": key(conn, &reader.person)?, "planned": planned, "words": words(site, conn)? }))
}

/// An observation that a phone recorded: sealed before it came.
struct Seen {
    mark: Mark,
    observation: Subject,
    held: String,
    sealed: Vec<u8>,
    keys: Vec<u8>,
    share: bool,
}

impl Seen {
    fn read(json: &Json) -> Option<Self> {
        let letters = |name: &str, most: usize| {
            let said = json.get(name)?.as_str().filter(|s| s.len() <= most)?;
            base32::decode(said)
        };
        let made = json.get("made")?.as_u64()?;
        let chance = u32::try_from(json.get("chance")?.as_u64()?).ok()?;
        Some(Self {
            mark: (made & 0xffff_ffff_ffff, chance),
            observation: json.get("observation")?.as_str()?.parse().ok()?,
            held: json.get("held")?.as_str().filter(|d| d.parse::<base::Date>().is_ok())?.to_owned(),
            sealed: letters("sealed", MAX_SEALED)?,
            keys: letters("keys", MAX_KEYS)?,
            share: json.get("share").and_then(Json::as_bool).unwrap_or_default(),
        })
    }
}

/// Takes one in, once however often it comes.
pub(crate) fn take(site: &Site, request: &Request, json: &Json) -> Result<Subject, Refusal> {
    let broken = || Refusal::Fields(vec![(String::new(), "pocket-no-broken")]);
    let seen = Seen::read(json).ok_or_else(broken)?;
    let reader = request.reader()?;
    let observations = site.kinds.get("observation").ok_or(PageError::NotFound)?;
    let parts = site.kinds.get("observation_part").ok_or(PageError::NotFound)?;
    if seen.held > site.today().to_string() {
        return Err(Refusal::Fields(vec![(String::new(), "pocket-no-future")]));
    }
    site.store.write(Context { author: reader.person }, |tx| {
        visible(tx.conn(), reader, observations, &seen.observation)?;
        let (teacher, observer, state): (Option<Vec<u8>>, Option<Vec<u8>>, Option<String>) = tx
            .conn()
            .prepare_cached("SELECT teacher, observer, state FROM observation WHERE id = ?1")?
            .query_row([seen.observation.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
        let teacher = id(teacher);
        if id(observer) != reader.person {
            return Err(PageError::NotAllowed.into());
        }
        let scope = base::Scope::Person(teacher);
        let part = Subject::new(&scope, seen.mark.0, seen.mark.1);
        if !log::entries_of(tx.conn(), &part)?.is_empty() {
            return Ok(seen.observation);
        }
        let change = Change::new()
            .with_link("teacher", teacher)
            .with_link("observation", seen.observation)
            .with_link("person", reader.person)
            .with_text("what", "seen")
            .with("sealed", Value::Bytes(seen.sealed.clone()))
            .with("keys", Value::Bytes(seen.keys.clone()));
        make_in(tx, site, request, parts, change, None, Some(seen.mark))?;
        let go = |way: &str, field: &str, day: &str| {
            let way = observations.way(way).ok_or(PageError::NotFound)?;
            move_in(tx, site, reader, observations, seen.observation, way, Change::new().with_text(field, day))
        };
        if state.as_deref() == Some("planned") {
            go("hold", "held_on", &seen.held)?;
        }
        if seen.share {
            go("share", "shared_on", &site.today().to_string())?;
        }
        Ok(seen.observation)
    })
}
