//! On the way: what the leader's phone takes along, and the roll-calls that it hands over, each made once however often and
//! wherever it comes. Who was missing is told to the school's node alone; any other gets how many.

use base::{Hash, Subject};
use log::{Context, Tx};
use records::{Change, Value, append, check, record_scope};
use register::{Look, label, visible};
use rusqlite::{Connection, params};
use serde_json::{Value as Json, json};
use web::{PageError, Request, Site};

use crate::contact::{self, Opening};
use crate::facts::{STUDY_TOUR, TOUR_LEG, TOUR_ROLL};
use crate::going::going;
use crate::held::TOUR_MISSING;
use crate::leave::name;
use crate::pupils::{now, time_of};
use crate::tour::{Tour, id_at, text_at};

/// Roll-calls in one delivery, and what one of them may name.
const MOST: usize = 200;
const MOST_NAMES: usize = 300;

/// What the phone of a tour's leader takes along: at the school's node, while the tour is under way. That contacts were
/// taken is noted, once a day.
///
/// # Errors
/// What the database says.
pub fn pack(site: &Site, request: &Request) -> Result<Json, PageError> {
    let me = request.reader()?.person;
    let (today, time) = now(site);
    let sql = "SELECT DISTINCT t.id FROM study_tour t JOIN tour_adult a ON a.tour = t.id
               WHERE a.person = ?1 AND a.part = 'leader' AND t.state = 'under_way' ORDER BY t.starts_on LIMIT 10";
    let led = site.store.read(|conn| {
        let mut stmt = conn.prepare_cached(sql)?;
        let ids = stmt.query_map([me.as_bytes()], |r| id_at(r, 0))?.collect::<Result<Vec<_>, _>>()?;
        let mut led = Vec::new();
        for id in ids {
            let tour = Tour::read(conn, &id)?;
            let mine = tour.is_home(site, conn)? && tour.sees_pupils(conn, request.reader()?)?;
            if mine && contact::released(&tour, &today) {
                led.push(tour);
            }
        }
        Ok::<_, PageError>(led)
    })?;
    let mut out = over(site, &me)?;
    for tour in led {
        let opening = Opening { person: me, pupil: None, what: "taken_along" };
        if !site.store.read(|conn| contact::was_noted(conn, &tour, opening, &today))? {
            site.store.write(Context { author: me }, |tx| contact::note(tx, &tour, opening, (&today, &time), None))?;
        }
        out.push(site.store.read(|conn| packed(site, request, conn, &tour))?);
    }
    Ok(Json::Array(out))
}

/// Tours that the reader led and that are over, as any node knows it: the phone forgets them.
fn over(site: &Site, me: &Subject) -> Result<Vec<Json>, PageError> {
    let sql = "SELECT DISTINCT t.id FROM study_tour t JOIN tour_adult a ON a.tour = t.id
               WHERE a.person = ?1 AND t.state IN ('closed', 'cancelled') ORDER BY t.ends_on DESC LIMIT 20";
    site.store.read(|conn| {
        let mut stmt = conn.prepare_cached(sql)?;
        let ids = stmt.query_map([me.as_bytes()], |r| id_at(r, 0))?.collect::<Result<Vec<_>, _>>()?;
        Ok(ids.iter().map(|id| json!({ "id": id.to_string(), "over": true })).collect())
    })
}

fn packed(site: &Site, request: &Request, conn: &Connection, tour: &Tour) -> Result<Json, PageError> {
    let look = Look::new(site, request, conn);
    let mut pupils = Vec::new();
    for pupil in going(conn, &tour.id)? {
        pupils.push(json!({
            "id": pupil.id.to_string(), "code": pupil.code, "name": pupil.name(site, tour)?, "class": pupil.class,
            "withdrawn": pupil.consent == "withdrawn",
            "contact": contact::read(conn, site, tour, &pupil.id)?,
        }));
    }
    Ok(json!({
        "id": tour.id.to_string(),
        "title": tour.title,
        "starts": tour.starts,
        "ends": tour.ends,
        // The last day on which the phone keeps any of this.
        "until": contact::day_after(&tour.until),
        "legs": legs(site, &look, tour)?,
        "pupils": pupils,
    }))
}

fn legs(site: &Site, look: &Look<'_>, tour: &Tour) -> Result<Vec<Json>, PageError> {
    let sql = "SELECT id, day, leaves_at, from_place, to_place, how, adult FROM tour_leg WHERE tour = ?1
               ORDER BY day, leaves_at, id LIMIT 200";
    let mut stmt = look.conn.prepare_cached(sql)?;
    let mut rows = stmt.query([tour.id.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let adult = id_at(row, 6)?;
        out.push(json!({
            "id": id_at(row, 0)?.to_string(),
            "day": text_at(row, 1)?,
            "at": text_at(row, 2)?,
            "from": text_at(row, 3)?,
            "to": text_at(row, 4)?,
            "how": label(&look.words, &TOUR_LEG, TOUR_LEG.field("how"), &text_at(row, 5)?),
            "adult": if adult == Subject::default() { String::new() } else { name(site, look, &adult)? },
        }));
    }
    Ok(out)
}

/// What a phone hands over: a roll-call, or that contacts were opened on it.
struct Told {
    made: u64,
    chance: u32,
    tour: Subject,
    roll: Option<Roll>,
    /// Who was missing; nothing where the phone met a node that is not the school's.
    who: Vec<Subject>,
    /// Contacts that were opened on the phone: whose, when, and the chance of its own.
    opened: Vec<(Subject, u64, u32)>,
}

struct Roll {
    leg: Option<Subject>,
    here: i64,
    missing: i64,
}

fn text<'a>(json: &'a Json, field: &str) -> &'a str {
    json.get(field).and_then(Json::as_str).unwrap_or_default()
}

fn list<'a>(json: &'a Json, field: &str) -> Result<&'a [Json], &'static str> {
    let all = json.get(field).and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    if all.len() > MOST_NAMES { Err("tour-roll-broken") } else { Ok(all) }
}

/// The time of an id, which has 48 bits: milliseconds since 1970.
fn made(json: &Json) -> Option<u64> {
    json.get("made").and_then(Json::as_u64).map(|ms| ms & 0xffff_ffff_ffff)
}

impl Told {
    /// Reads one; the key of what is wrong with it.
    fn read(json: &Json) -> Result<Self, &'static str> {
        let broken = "tour-roll-broken";
        let chance_of =
            |json: &Json| json.get("chance").and_then(Json::as_u64).and_then(|c| u32::try_from(c).ok()).ok_or(broken);
        let number = |field: &str| {
            let n = json.get(field).and_then(Json::as_i64).ok_or(broken)?;
            if (0..=500).contains(&n) { Ok(n) } else { Err(broken) }
        };
        let id = |said: &str| said.parse::<Subject>().ok();
        let mut who = Vec::new();
        for one in list(json, "who")? {
            who.push(one.as_str().and_then(id).ok_or(broken)?);
        }
        let mut opened = Vec::new();
        for one in list(json, "opened")? {
            opened.push((id(text(one, "pupil")).ok_or(broken)?, made(one).ok_or(broken)?, chance_of(one)?));
        }
        who.sort_unstable();
        who.dedup();
        let roll = if json.get("here").is_some() {
            Some(Roll { leg: id(text(json, "leg")), here: number("here")?, missing: number("missing")? })
        } else {
            None
        };
        Ok(Self {
            made: made(json).ok_or(broken)?,
            chance: chance_of(json)?,
            tour: id(text(json, "tour")).ok_or(broken)?,
            roll,
            who,
            opened,
        })
    }

    /// The chance of something that hangs on it.
    fn part(&self, what: &Subject) -> u32 {
        let hash = Hash::of(format!("{} {} {what}", self.made, self.chance).as_bytes());
        hash.0.first_chunk::<4>().map_or(0, |four| u32::from_be_bytes(*four))
    }
}

/// Takes in what a phone brought; answers for each.
///
/// # Errors
/// What the database says: the phone then keeps all of it.
pub fn take(site: &Site, request: &Request, items: &[Json]) -> Result<Json, PageError> {
    let words = request.words(site);
    let mut done = Vec::new();
    for json in items.iter().take(MOST) {
        let id = text(json, "id");
        let answer = match Told::read(json) {
            Err(key) => json!({ "id": id, "said": words.get(key) }),
            Ok(told) => match take_one(site, request, &told) {
                Ok(whole) => json!({ "id": id, "taken": true, "whole": whole }),
                Err(PageError::Rule(code)) => json!({ "id": id, "said": words.get(&format!("rule-{code}")) }),
                Err(e) if e.status() == 500 => return Err(e),
                Err(e) => json!({ "id": id, "said": words.get(&format!("{}-what", e.key())) }),
            },
        };
        done.push(answer);
    }
    Ok(Json::Array(done))
}

/// Takes one; whether who was missing, and what was opened, is known now too.
fn take_one(site: &Site, request: &Request, told: &Told) -> Result<bool, PageError> {
    let reader = request.reader()?;
    site.store.write(Context { author: reader.person }, |tx| {
        visible(tx.conn(), reader, &STUDY_TOUR, &told.tour)?;
        let tour = Tour::read(tx.conn(), &told.tour)?;
        if !tour.is_adult(tx.conn(), &reader.person)? {
            return Err(PageError::NotAllowed);
        }
        if !matches!(&*tour.state, "under_way" | "closed") {
            return Err(PageError::Rule("tour-not-left".to_owned()));
        }
        let scope = record_scope(tx.conn(), site.programme, &STUDY_TOUR, &tour.id)?;
        let id = Subject::new(&scope, told.made, told.chance);
        if let Some(roll) = &told.roll
            && log::entries_of(tx.conn(), &id)?.is_empty()
        {
            let when = time_of(site, told.made);
            if *when.0 < *tour.left_on {
                return Err(PageError::Rule("tour-not-left".to_owned()));
            }
            append(tx, &TOUR_ROLL, scope, id, called(tx.conn(), &tour, roll, reader.person, &when)?, None)?;
            check(tx, &TOUR_ROLL, &id)?;
        }
        if !tour.is_home(site, tx.conn())? {
            return Ok(false);
        }
        if told.roll.is_some() {
            missing(tx, &tour, told, id)?;
        }
        opened(tx, site, &tour, told, reader.person)?;
        Ok(true)
    })
}

fn called(
    conn: &Connection,
    tour: &Tour,
    roll: &Roll,
    person: Subject,
    when: &(String, String),
) -> Result<Change, PageError> {
    let change = Change::new()
        .with_link("tour", tour.id)
        .with_text("day", when.0.as_str())
        .with_text("called_at", when.1.as_str())
        .with("here", Value::Int(roll.here))
        .with("missing", Value::Int(roll.missing))
        .with_link("person", person);
    let Some(leg) = roll.leg else { return Ok(change) };
    let sql = "SELECT EXISTS (SELECT 1 FROM tour_leg WHERE id = ?1 AND tour = ?2)";
    let ours: bool = conn.prepare_cached(sql)?.query_row(params![leg.as_bytes(), tour.id.as_bytes()], |r| r.get(0))?;
    // A leg that was taken out of the plan meanwhile loses the roll-call nothing but its name.
    Ok(if ours { change.with_link("leg", leg) } else { change })
}

/// Notes who was missing: pupils of this tour, on it now or taken off since.
fn missing(tx: &Tx<'_>, tour: &Tour, told: &Told, id: Subject) -> Result<(), PageError> {
    for pupil in &told.who {
        let record = Subject::new(&tour.private(), told.made, told.part(pupil));
        if on_tour(tx.conn(), tour, pupil)? && log::entries_of(tx.conn(), &record)?.is_empty() {
            let change = Change::new().with_link("roll", id).with_link("pupil", *pupil);
            tour.hold_as(tx, &TOUR_MISSING, record, change)?;
        }
    }
    Ok(())
}

/// Notes which contacts were opened on the phone.
fn opened(tx: &Tx<'_>, site: &Site, tour: &Tour, told: &Told, person: Subject) -> Result<(), PageError> {
    for (pupil, ms, chance) in &told.opened {
        let record = Subject::new(&tour.private(), *ms, *chance);
        if on_tour(tx.conn(), tour, pupil)? && log::entries_of(tx.conn(), &record)?.is_empty() {
            let opening = Opening { person, pupil: Some(*pupil), what: "on_the_way" };
            let (day, at) = time_of(site, *ms);
            contact::note(tx, tour, opening, (&day, &at), Some(record))?;
        }
    }
    Ok(())
}

fn on_tour(conn: &Connection, tour: &Tour, pupil: &Subject) -> Result<bool, PageError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM tour_pupil WHERE tour = ?1 AND pupil = ?2)";
    Ok(conn.prepare_cached(sql)?.query_row(params![tour.id.as_bytes(), pupil.as_bytes()], |r| r.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> Json {
        let id = Subject([7; 16]).to_string();
        json!({ "id": "a", "made": 1_700_000_000_000_u64, "chance": 7, "tour": id, "leg": id, 
                "here": 11, "missing": 1, "who": [id], "opened": [{ "pupil": id, "made": 1_700_000_000_001_u64, "chance": 9 }] })
    }

    #[test]
    fn a_roll_call_is_read() {
        let told = Told::read(&whole()).ok().unwrap();
        let roll = told.roll.unwrap();
        assert_eq!((roll.here, roll.missing, told.who.len(), told.opened.len()), (11, 1, 1, 1));
        let mut alone = whole();
        alone.as_object_mut().unwrap().remove("here");
        assert!(Told::read(&alone).ok().unwrap().roll.is_none(), "contacts that were opened, and no roll-call");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (field, value) in [
            ("made", json!("soon")),
            ("chance", json!(u64::MAX)),
            ("tour", json!("nobody")),
            ("here", json!(-1)),
            ("missing", json!(501)),
            ("who", json!(["x"])),
            ("who", json!(vec!["x"; 301])),
            ("opened", json!([{ "pupil": "x" }])),
        ] {
            let mut roll = whole();
            roll[field] = value;
            assert_eq!(Told::read(&roll).err(), Some("tour-roll-broken"), "{field}");
        }
    }
}
