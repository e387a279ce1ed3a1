//! Taking in what a pocket recorded: each visit whole or not at all, once however often it comes, as if its person had
//! written it here. What cannot be taken is said, and stays on the phone.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use base::{Scope, Subject, base32};
use log::{Context, Frontier, Tx};
use records::{Change, Kind, Value, record_scope, scope_of};
use register::{Refusal, Saved, attach_as, change_in, make_in, move_in, visible};
use rusqlite::{Connection, OptionalExtension};
use serde_json::{Value as Json, json};
use web::{PageError, Request, Sent, Site, store};

use crate::item::{self, Day, Item, Mark, Names};
use crate::seen;

/// Letters of a person's code.
const CODE: usize = 8;

/// What became of a visit.
struct Taken {
    visit: Subject,
    /// Who could not be signed in, with the key of why: an id or a code as the phone gave it.
    left: Vec<(String, &'static str)>,
}

/// Takes in what came; answers for each.
pub(crate) fn take_all(site: &Site, request: &Request, items: &[Json], names: &Names) -> Result<Json, PageError> {
    let words = request.words(site);
    let mut done = Vec::new();
    for json in items.iter().take(item::MAX_ITEMS) {
        if json.get("observation").is_some() {
            let answer = match seen::take(site, request, json) {
                Ok(id) => json!({ "id": item::name(json), "observation": id.to_string() }),
                Err(Refusal::Page(e)) if e.status() == 500 => return Err(e),
                Err(refusal) => json!({ "id": item::name(json), "said": said(&words, &refusal) }),
            };
            done.push(answer);
            continue;
        }
        let taken = Item::read(json, names).map_err(|key| Refusal::Fields(vec![(String::new(), key)]));
        let answer = match taken.and_then(|item| take(site, request, &item)) {
            Ok(taken) => {
                let left = taken.left.iter().map(|(who, key)| json!({ "who": who, "said": words.get(key) }));
                json!({ "id": item::name(json), "visit": taken.visit.to_string(), "left": left.collect::<Vec<_>>() })
            }
            Err(Refusal::Page(e)) if e.status() == 500 => return Err(e),
            Err(refusal) => json!({ "id": item::name(json), "said": said(&words, &refusal) }),
        };
        done.push(answer);
    }
    Ok(json!({ "done": done }))
}

/// Why a visit was not taken, in the reader's words.
fn said(words: &text::Words<'_>, refusal: &Refusal) -> String {
    match refusal {
        Refusal::Page(PageError::Rule(code)) => words.get(&format!("rule-{code}")).into_owned(),
        Refusal::Page(e) => words.get(&format!("{}-what", e.key())).into_owned(),
        Refusal::Fields(fields) => {
            let one = |(field, key): &(String, &'static str)| {
                let label = format!("visit-{field}");
                if words.has(&label) {
                    format!("{}: {}", words.get(&label), words.get(key))
                } else {
                    words.get(key).into_owned()
                }
            };
            fields.iter().map(one).collect::<Vec<_>>().join(" · ")
        }
    }
}

fn kind(site: &Site, name: &str) -> Result<&'static Kind, PageError> {
    site.kinds.get(name).ok_or(PageError::NotFound)
}

fn take(site: &Site, request: &Request, item: &Item) -> Result<Taken, Refusal> {
    let author = request.reader()?.person;
    site.store.write(Context { author }, |tx| {
        let visit = match item.visit {
            Some(planned) => hold(tx, site, request, item, planned)?,
            None => record(tx, site, request, item)?,
        };
        let left = if item.days.is_empty() { Vec::new() } else { gather(tx, site, request, item, visit)? };
        Ok(Taken { visit, left })
    })
}

/// What the phone says of a visit beside where it was.
fn told(item: &Item) -> Change {
    let mut change = Change::new().with("lessons", Value::Int(item.lessons));
    for (field, text) in [("advice", &item.advice), ("follow_up", &item.follow_up)] {
        if !text.is_empty() {
            change = change.with_text(field, text);
        }
    }
    for visitor in &item.visitors {
        change = change.with_added("visitors", Value::link(visitor));
    }
    change
}

/// A visit that nobody had planned.
fn record(tx: &Tx<'_>, site: &Site, request: &Request, item: &Item) -> Result<Subject, Refusal> {
    let visits = kind(site, "visit")?;
    let mut change = told(item)
        .with_text("purpose", &item.purpose)
        .with_text("starts_on", &item.starts)
        .with_text("ends_on", &item.ends)
        .with_text("held_on", &item.starts);
    for (field, link) in [("host", item.host), ("from_school", item.from)] {
        if let Some(link) = link {
            change = change.with_link(field, link);
        }
    }
    let scope = scope_of(tx.conn(), &site.kinds, site.programme, visits, &change)?;
    let id = Subject::new(&scope, item.mark.0, item.mark.1);
    if is_here(tx.conn(), &id)? {
        return Ok(id);
    }
    let Saved(id) = make_in(tx, site, request, visits, change, visits.way("hold"), Some(item.mark))?;
    Ok(id)
}

/// A visit that was planned. Where somebody else has recorded it meanwhile, both are kept and shown to a person.
fn hold(tx: &Tx<'_>, site: &Site, request: &Request, item: &Item, id: Subject) -> Result<Subject, Refusal> {
    let (visits, reader) = (kind(site, "visit")?, request.reader()?);
    let state = visible(tx.conn(), reader, visits, &id)?;
    let now = records::fold(&site.kinds, site.hub, &log::entries_of(tx.conn(), &id)?).ok_or(PageError::NotFound)?;
    let mut change = told(item).with_text("held_on", &item.starts);
    for (field, text) in [("starts_on", &item.starts), ("ends_on", &item.ends)] {
        change = change.with_text(field, text);
    }
    change.set.retain(|field, value| now.get(field) != Some(value));
    if let Some(there) = now.sets.get("visitors") {
        change.add.retain(|_, visitors| !visitors.iter().all(|v| there.contains(v)));
    }
    let held = matches!(&*state, "held" | "followed_up");
    let gathered = Gathering::of(tx, site, item, &id)?.came;
    if held && (change.is_empty() || gathered) {
        return Ok(id);
    }
    if held {
        let base = item.base.as_deref().and_then(|b| Frontier::from_bytes(b).ok());
        change_in(tx, site, reader, visits, id, change, base.as_ref())?;
    } else {
        let way = visits.way("hold").ok_or(PageError::NotFound)?;
        move_in(tx, site, reader, visits, id, way, change)?;
    }
    Ok(id)
}

fn is_here(conn: &Connection, id: &Subject) -> Result<bool, PageError> {
    Ok(!log::entries_of(conn, id)?.is_empty())
}

/// The activity of a visit, in which the host's teachers sign in. It has the visit's own scope, and a mark that follows from
/// the item's, as has all that hangs on it.
struct Gathering {
    scope: Scope,
    id: Subject,
    /// It was here before this delivery: nothing is added then, and who was not taken is said once more.
    came: bool,
    host: Subject,
}

impl Gathering {
    fn of(tx: &Tx<'_>, site: &Site, item: &Item, visit: &Subject) -> Result<Self, PageError> {
        let scope = record_scope(tx.conn(), site.programme, kind(site, "visit")?, visit)?;
        let (ms, chance) = item.part("activity");
        let id = Subject::new(&scope, ms, chance);
        Ok(Self { scope, id, came: is_here(tx.conn(), &id)?, host: about(tx.conn(), visit)?.host })
    }

    fn has(&self, conn: &Connection, (ms, chance): Mark) -> Result<bool, PageError> {
        is_here(conn, &Subject::new(&self.scope, ms, chance))
    }
}

/// Makes the activity of a visit, with who signed in and who was counted. Gives who could not be signed in.
fn gather(
    tx: &Tx<'_>,
    site: &Site,
    request: &Request,
    item: &Item,
    visit: Subject,
) -> Result<Vec<(String, &'static str)>, Refusal> {
    let at = Gathering::of(tx, site, item, &visit)?;
    if !at.came {
        let about = about(tx.conn(), &visit)?;
        let mut change = Change::new()
            .with_text("title", &about.purpose)
            .with_text("kind", &item.kind)
            .with_link("school", about.from)
            .with_text("place", &about.place)
            .with_text("starts_on", &item.starts)
            .with_text("ends_on", &item.ends)
            .with_text("held_on", &item.starts)
            .with_link("visit", visit);
        for visitor in &item.visitors {
            change = change.with_added("given_by", Value::link(visitor));
        }
        let activities = kind(site, "activity")?;
        make_in(tx, site, request, activities, change, activities.way("hold"), Some(item.part("activity")))?;
    }
    let mut left = Vec::new();
    for day in &item.days {
        sign_in(tx, site, request, item, (day, &at), &mut left)?;
        if !at.came {
            count(tx, site, request, item, (day, &at))?;
        }
    }
    Ok(left)
}

/// Who signed in on a day, by name or by code.
fn sign_in(
    tx: &Tx<'_>,
    site: &Site,
    request: &Request,
    item: &Item,
    (day, at): (&Day, &Gathering),
    left: &mut Vec<(String, &'static str)>,
) -> Result<(), Refusal> {
    let (reader, persons, participations) = (request.reader()?, kind(site, "person")?, kind(site, "participation")?);
    let codes = if day.codes.is_empty() { BTreeMap::new() } else { codes(tx.conn())? };
    let named = day.people.iter().map(|person| (person.to_string(), Some(*person)));
    let coded = day.codes.iter().map(|code| (code.clone(), codes.get(code).copied()));
    let mut seen = BTreeSet::new();
    for (who, person) in named.chain(coded) {
        // Who cannot see a person cannot sign them in.
        let Some(person) = person.filter(|p| visible(tx.conn(), reader, persons, p).is_ok()) else {
            left.push((who, "pocket-no-person"));
            continue;
        };
        let mark = item.part(&format!("{} {person}", day.on));
        if !seen.insert(person) || (at.came && at.has(tx.conn(), mark)?) {
            continue;
        }
        if at.came || elsewhere(tx.conn(), &person, &day.on, &at.host)? {
            left.push((who, "rule-participation-two-places"));
            continue;
        }
        let change = Change::new()
            .with_link("activity", at.id)
            .with_link("person", person)
            .with_text("part", "attends")
            .with_text("day", &day.on)
            .with("present", Value::Bool(true));
        make_in(tx, site, request, participations, change, None, Some(mark))?;
    }
    Ok(())
}

/// Who was counted on a day.
fn count(
    tx: &Tx<'_>,
    site: &Site,
    request: &Request,
    item: &Item,
    (day, at): (&Day, &Gathering),
) -> Result<(), Refusal> {
    for (category, number, basis) in &day.counts {
        let change = Change::new()
            .with_link("activity", at.id)
            .with_text("category", category)
            .with_text("day", &day.on)
            .with("number", Value::Int(*number))
            .with_text("basis", basis);
        let mark = item.part(&format!("{} {category} {basis}", day.on));
        make_in(tx, site, request, kind(site, "headcount")?, change, None, Some(mark))?;
    }
    Ok(())
}

/// What the activity of a visit takes from it.
struct About {
    purpose: String,
    from: Subject,
    host: Subject,
    place: String,
}

fn about(conn: &Connection, visit: &Subject) -> Result<About, PageError> {
    let sql = "SELECT v.purpose, v.from_school, v.host, coalesce(h.title, '')
               FROM visit v LEFT JOIN organisation h ON h.id = v.host WHERE v.id = ?1";
    let row: (Option<String>, Vec<u8>, Vec<u8>, String) = conn
        .prepare_cached(sql)?
        .query_row([visit.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))
        .optional()?
        .ok_or(PageError::NotFound)?;
    let id = |bytes: &[u8]| Subject::try_from(bytes).map_err(|_| PageError::NotFound);
    Ok(About { purpose: row.0.unwrap_or_default(), from: id(&row.1)?, host: id(&row.2)?, place: row.3 })
}

/// Whether somebody signed in with another host on the same day.
fn elsewhere(conn: &Connection, person: &Subject, day: &str, host: &Subject) -> Result<bool, PageError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM participation p JOIN activity a ON a.id = p.activity
                 JOIN visit v ON v.id = a.visit
               WHERE p.person = ?1 AND p.day = ?2 AND p.part = 'attends' AND p.present = 1 AND v.host <> ?3)";
    Ok(conn.prepare_cached(sql)?.query_row(rusqlite::params![person.as_bytes(), day, host.as_bytes()], |r| r.get(0))?)
}

/// A person's code, by which they sign in where their name is not on the phone.
pub(crate) fn code_of(person: &Subject) -> String {
    let id = person.to_string();
    id.get(id.len().saturating_sub(CODE)..).unwrap_or_default().to_owned()
}

/// Everybody's codes. A code that two share is nobody's.
fn codes(conn: &Connection) -> Result<BTreeMap<String, Subject>, PageError> {
    let mut all = BTreeMap::new();
    let mut twice = Vec::new();
    let mut stmt = conn.prepare_cached("SELECT id FROM person")?;
    let mut rows = stmt.query([])?;
    while let Some(row) = rows.next()? {
        let id: Vec<u8> = row.get(0)?;
        let Ok(id) = Subject::try_from(id.as_slice()) else { continue };
        if all.insert(code_of(&id), id).is_some() {
            twice.push(code_of(&id));
        }
    }
    all.retain(|code, _| !twice.contains(code));
    Ok(all)
}

/// Takes in a picture of a visit, freed of what its metadata say, once.
pub(crate) fn picture(
    site: &Site,
    request: &Request,
    visit: Subject,
    mark: Mark,
    bytes: &[u8],
) -> Result<(), PageError> {
    let visits = kind(site, "visit")?;
    let reader = request.reader()?;
    site.store.read(|conn| visible(conn, reader, visits, &visit))?;
    let (media, hash, len) = store(&site.blobs, Cursor::new(bytes))?;
    if media != "image/jpeg" {
        return Err(PageError::Malformed("a picture of a pocket is a JPEG"));
    }
    let letters = base32::encode(&mark.1.to_be_bytes());
    let sent = Sent { name: format!("{letters}.jpg"), media, hash, len };
    site.store.write(Context { author: reader.person }, |tx| attach_as(tx, site, request, visits, &visit, &sent, mark))
}
