//! A live class for the day on which the demonstration is run: one that was planned for another day is over.

use anyhow::Result;
use base::{Scope, Subject};
use log::Context;
use records::{Change, Kind, RecordError, Value, append};
use rusqlite::{Connection, OptionalExtension};
use web::Site;

use crate::fill::BOXES;

/// Plans the class unless it is planned: from the hub to both schools, with a local teacher in each room.
pub fn plan(site: &Site) -> Result<()> {
    let today = site.today().to_string();
    let found = site.store.read(|conn| Ok::<_, RecordError>((planned(conn, &today)?, people(conn)?)))?;
    let (false, Some(people)) = found else { return Ok(()) };
    let kind = |name: &str| site.kinds.get(name).ok_or(RecordError::NotFound);
    let (class, room) = (kind("live_class")?, kind("class_room")?);
    site.store.write(Context { author: people.teacher }, |tx| {
        let scope = Scope::Programme(site.programme);
        let put = |kind: &'static Kind, change: Change| {
            let id = tx.subject(&scope);
            append(tx, kind, scope, id, change, None)?;
            Ok::<_, RecordError>(id)
        };
        let change = Change::new()
            .with_text("title", "认识高原草药(专递课堂)")
            .with_text("state", "planned")
            .with_text("kind", "dedicated")
            .with_text("subject", "heritage")
            .with_text("starts_on", today.as_str())
            .with_text("starts_at", "10:00")
            .with("minutes", Value::Int(40))
            .with_link("origin", people.unit)
            .with_link("teacher", people.teacher)
            .with_text("byline", people.byline.as_str())
            .with_added("languages", Value::text("zh"))
            .with_added("languages", Value::text("bo"))
            .with("recorded", Value::Bool(true));
        let id = put(class, change)?;
        for adult in &people.adults {
            let change = Change::new()
                .with_link("class", id)
                .with_link("school", adult.school)
                .with_text("grade", "五年级一班")
                .with_link("person", adult.person)
                .with_text("byline", adult.byline.as_str());
            put(room, change)?;
        }
        tx.fold()?;
        Ok::<_, RecordError>(())
    })?;
    Ok(())
}

struct People {
    teacher: Subject,
    unit: Subject,
    byline: String,
    adults: Vec<Adult>,
}

struct Adult {
    school: Subject,
    person: Subject,
    byline: String,
}

fn planned(conn: &Connection, today: &str) -> Result<bool, RecordError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM live_class WHERE starts_on = ?1)";
    Ok(conn.prepare_cached(sql)?.query_row([today], |r| r.get(0))?)
}

/// A coordinator of an assisting unit, and a local teacher of each school with a box.
fn people(conn: &Connection) -> Result<Option<People>, RecordError> {
    let subject = |bytes: Vec<u8>| Subject::try_from(bytes.as_slice()).unwrap_or_default();
    let teacher = conn
        .prepare_cached(
            "SELECT person, organisation FROM grant_of_role WHERE role = 'coordinator' AND organisation IS NOT NULL
             ORDER BY id LIMIT 1",
        )?
        .query_row([], |r| Ok((subject(r.get(0)?), subject(r.get(1)?))))
        .optional()?;
    let Some((teacher, unit)) = teacher else { return Ok(None) };
    let mut stmt = conn.prepare_cached(
        "SELECT n.school, (SELECT g.person FROM grant_of_role g WHERE g.role = 'local' AND g.organisation = n.school
                           ORDER BY g.id LIMIT 1)
         FROM node n WHERE n.school IS NOT NULL ORDER BY n.made, n.id",
    )?;
    let rows = stmt.query_map([], |r| Ok((subject(r.get(0)?), r.get::<_, Option<Vec<u8>>>(1)?)))?;
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let mut adults = Vec::new();
    for (school, person) in rows.into_iter().take(BOXES) {
        let Some(person) = person.map(subject) else { continue };
        adults.push(Adult { school, person, byline: byline(conn, person)? });
    }
    Ok(Some(People { teacher, unit, byline: byline(conn, teacher)?, adults }))
}

fn byline(conn: &Connection, person: Subject) -> Result<String, RecordError> {
    let sql = "SELECT coalesce(name, '') FROM person WHERE id = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([person.as_bytes()], |r| r.get(0)).optional()?.unwrap_or_default())
}
