//! Taking in what a pocket recorded: each visit whole or not at all, once however often it comes, as if its person had
//! written it here. What cannot be taken is said, and stays on the phone.

use std::collections::BTreeSet;
use std::io::Cursor;

use base::{Subject, base32};
use log::{Context, Entry, Frontier, Tx};
use records::{Change, Kind, STATE, Value, fold, literal, scope_of};
use register::{Refusal, Saved, attach_as, change_in, make_in, may_move, move_in, visible};
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Value as Json, json};
use web::{PageError, Request, Sent, Site, store};

use crate::gather::{Left, about, gather};
use crate::item::{self, Item, Mark, Names};
use crate::key::Holder;
use crate::seen;

/// The set, on no page, of the marks of what phones have said of a visit: what comes again says nothing more, whatever was
/// corrected here meanwhile.
const CAME: &str = "_came";

/// What became of a visit.
struct Taken {
    visit: Subject,
    left: Left,
}

/// Takes in what came; answers for each.
pub(crate) fn take_all(site: &Site, holder: &Holder, items: &[Json], names: &Names) -> Result<Json, PageError> {
    let request = holder.request();
    let words = request.words(site);
    let mut done = Vec::new();
    for json in items.iter().take(item::MAX_ITEMS) {
        if json.get("observation").is_some() {
            let over = || Refusal::Fields(vec![(String::new(), "pocket-no-role")]);
            let seen = if holder.went() { Err(over()) } else { seen::take(site, request, json) };
            let answer = match seen {
                Ok(id) => json!({ "id": item::name(json), "observation": id.to_string() }),
                Err(Refusal::Page(e)) if e.status() == 500 => return Err(e),
                Err(refusal) => json!({ "id": item::name(json), "said": said(&words, &refusal) }),
            };
            done.push(answer);
            continue;
        }
        let taken = Item::read(json, names)
            .and_then(|item| item.has_come(site.today()))
            .map_err(|key| Refusal::Fields(vec![(String::new(), key)]));
        let answer = match taken.and_then(|item| take_then(site, holder, &item)) {
            Ok(taken) => {
                let left = taken.left.iter().map(|(who, key)| {
                    // A count is named by the word for whom it counts.
                    let who = if words.has(who) { words.get(who) } else { who.as_str().into() };
                    json!({ "who": who, "said": words.get(key) })
                });
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

pub(crate) fn kind(site: &Site, name: &str) -> Result<&'static Kind, PageError> {
    site.kinds.get(name).ok_or(PageError::NotFound)
}

/// Takes a visit as whoever its person was on its days.
fn take_then(site: &Site, holder: &Holder, item: &Item) -> Result<Taken, Refusal> {
    let (starts, ends) = item.stay();
    match holder.then(site, starts, ends)? {
        Some(request) => take(site, &request, item),
        None => Err(Refusal::Fields(vec![(String::new(), "pocket-no-role")])),
    }
}

fn take(site: &Site, request: &Request, item: &Item) -> Result<Taken, Refusal> {
    let author = request.reader()?.person;
    site.store.write(Context { author }, |tx| {
        let (visit, again) = match item.visit {
            Some(planned) => {
                let there = if is_held(tx.conn(), &planned)? { None } else { same_stay(tx, site, request, item)? };
                hold(tx, site, request, item, there.unwrap_or(planned))?
            }
            None => record(tx, site, request, item)?,
        };
        let left = if item.days.is_empty() { Left::new() } else { gather(tx, site, request, item, visit, again)? };
        Ok(Taken { visit, left })
    })
}

/// What the phone says of a visit beside where it was.
fn told(item: &Item) -> Change {
    let mut change = Change::new().with("lessons", Value::Int(item.lessons));
    for (field, text) in
        [("advice", &item.advice), ("follow_up", &item.follow_up), ("follow_up_on", &item.follow_up_on)]
    {
        if !text.is_empty() {
            change = change.with_text(field, text);
        }
    }
    for visitor in &item.visitors {
        change = change.with_added("visitors", Value::link(visitor));
    }
    change
}

/// A visit that nobody had planned. Gives it, and whether it had come before.
fn record(tx: &Tx<'_>, site: &Site, request: &Request, item: &Item) -> Result<(Subject, bool), Refusal> {
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
        return Ok((id, true));
    }
    if let Some(there) = same_stay(tx, site, request, item)? {
        return hold(tx, site, request, item, there);
    }
    let Saved(id) = make_in(tx, site, request, visits, change, visits.way("hold"), Some(item.mark))?;
    Ok((id, false))
}

fn is_held(conn: &Connection, visit: &Subject) -> Result<bool, PageError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM visit WHERE id = ?1 AND state IN ('held', 'followed_up'))";
    Ok(conn.prepare_cached(sql)?.query_row([visit.as_bytes()], |r| r.get(0))?)
}

/// The visit as which somebody else who was along has recorded this stay: of the same school at the same host, on one of
/// the same days, with one of the same visitors or on the same trip.
fn same_stay(tx: &Tx<'_>, site: &Site, request: &Request, item: &Item) -> Result<Option<Subject>, Refusal> {
    let (host, from) = match item.visit {
        Some(planned) => {
            let about = about(tx.conn(), &planned)?;
            (about.host, about.from)
        }
        None => match (item.host, item.from) {
            (Some(host), Some(from)) => (host, from),
            _ => return Ok(None),
        },
    };
    let planned = item.visit.map(|id| id.as_bytes().to_vec());
    let visitors: Vec<String> = item.visitors.iter().map(literal).collect();
    let sql = format!(
        "SELECT v.id FROM visit v WHERE v.host = ?1 AND v.from_school = ?2 AND v.state IN ('held', 'followed_up')
           AND v.starts_on <= ?4 AND v.ends_on >= ?3
           AND (EXISTS (SELECT 1 FROM visit_visitors w WHERE w.id = v.id AND w.value IN ({}))
                OR v.trip = (SELECT p.trip FROM visit p WHERE p.id = ?5))
         ORDER BY v.id LIMIT 1",
        visitors.join(", ")
    );
    let found: Option<Vec<u8>> = tx
        .conn()
        .prepare(&sql)?
        .query_row(params![host.as_bytes(), from.as_bytes(), item.starts, item.ends, planned], |r| r.get(0))
        .optional()?;
    let there = found.and_then(|id| Subject::try_from(id.as_slice()).ok());
    let (reader, visits) = (request.reader()?, kind(site, "visit")?);
    Ok(there.filter(|id| visible(tx.conn(), reader, visits, id).is_ok()))
}

/// A visit that is here: one that was planned, or that somebody else who was along has recorded. What two say of it is kept
/// and shown to a person. Gives it, and whether the item had come before.
fn hold(tx: &Tx<'_>, site: &Site, request: &Request, item: &Item, id: Subject) -> Result<(Subject, bool), Refusal> {
    let (visits, reader) = (kind(site, "visit")?, request.reader()?);
    let state = visible(tx.conn(), reader, visits, &id)?;
    let entries = log::entries_of(tx.conn(), &id)?;
    let now = fold(&site.kinds, site.hub, &entries).ok_or(PageError::NotFound)?;
    let mark = Value::text(format!("{} {}", item.mark.0, item.mark.1));
    if now.sets.get(CAME).is_some_and(|came| came.contains(&mark)) {
        return Ok((id, true));
    }
    // Of a visit that the phone did not take along it has seen nothing.
    let own = item.visit == Some(id);
    let base = item.base.as_deref().filter(|_| own).and_then(|b| Frontier::from_bytes(b).ok()).unwrap_or_default();
    let mut change = told(item).with_text("held_on", &item.starts);
    for (field, text) in [("starts_on", &item.starts), ("ends_on", &item.ends)] {
        change = change.with_text(field, text);
    }
    change.set.retain(|field, value| now.get(field) != Some(value));
    let there = now.sets.get("visitors").cloned().unwrap_or_default();
    change.add.retain(|_, visitors| !visitors.is_subset(&there));
    change = change.with_added(CAME, mark);
    if matches!(&*state, "held" | "followed_up") {
        change_in(tx, site, reader, visits, id, change, Some(&base))?;
        return Ok((id, false));
    }
    // Who was to go and stayed at home did not go. Whom the phone had not seen on the list, it says nothing of.
    let stayed: BTreeSet<Value> =
        seen_visitors(site, &entries, &base).into_iter().filter(|v| there.contains(v)).collect();
    let stayed: BTreeSet<Value> =
        stayed.into_iter().filter(|v| !item.visitors.iter().any(|w| *v == Value::link(w))).collect();
    if !stayed.is_empty() {
        change.remove.insert("visitors".to_owned(), stayed);
    }
    let way = visits.way("hold").ok_or(PageError::NotFound)?;
    if state == "cancelled" {
        // It took place all the same, says who was there: a person sees both.
        if !may_move(site, tx.conn(), reader, visits, &id, way)? {
            return Err(PageError::NotAllowed.into());
        }
        change_in(tx, site, reader, visits, id, change.with_text(STATE, way.to), Some(&base))?;
    } else {
        move_in(tx, site, reader, visits, id, way, change)?;
    }
    Ok((id, false))
}

/// Who stood on the list of visitors when the phone took it along; who stands there now, where the phone does not tell.
fn seen_visitors(site: &Site, entries: &[Entry], base: &Frontier) -> BTreeSet<Value> {
    let seen: Vec<Entry> =
        entries.iter().filter(|e| base.0.is_empty() || base.covers(e.header.node, e.header.seq)).cloned().collect();
    fold(&site.kinds, site.hub, &seen).and_then(|mut f| f.sets.remove("visitors")).unwrap_or_default()
}

pub(crate) fn is_here(conn: &Connection, id: &Subject) -> Result<bool, PageError> {
    Ok(!log::entries_of(conn, id)?.is_empty())
}

/// Takes in a picture of a visit, freed of what its metadata say, once.
pub(crate) fn picture(site: &Site, holder: &Holder, visit: Subject, mark: Mark, bytes: &[u8]) -> Result<(), PageError> {
    let visits = kind(site, "visit")?;
    let (starts, ends): (String, String) = site.store.read(|conn| {
        conn.prepare_cached("SELECT starts_on, ends_on FROM visit WHERE id = ?1")?
            .query_row([visit.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()?
            .ok_or(PageError::NotFound)
    })?;
    let day = |text: &str| text.parse().map_err(|_| PageError::NotFound);
    let request = &holder.then(site, day(&starts)?, day(&ends)?)?.ok_or(PageError::SignIn)?;
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
