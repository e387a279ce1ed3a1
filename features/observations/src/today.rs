//! What of observations waits for a reader: to agree to one, to record one, to read what was seen, to agree a next step.

use register::Look;
use web::{PageError, Request, Site, TodayItem};

use crate::facts::OBSERVATION;
use crate::instruments::title;
use crate::page::of_reader;
use crate::two::{Part, Two};

/// What waits, by how far it is and who reads.
fn waits(two: &Two, part: Part, asked: bool, today: &str) -> Option<&'static str> {
    let (mine, theirs) = match part {
        Part::Teacher => (two.teacher_agrees, two.observer_agrees),
        Part::Observer => (two.observer_agrees, two.teacher_agrees),
    };
    match (&*two.state, part) {
        ("asked", _) if asked => Some("observation-today-asked"),
        ("planned", Part::Observer) if *two.day <= *today => Some("observation-today-record"),
        ("held", Part::Observer) => Some("observation-today-share"),
        ("shared", Part::Teacher) if mine.is_none() && theirs.is_none() => Some("observation-today-read"),
        ("shared", _) if theirs.is_some() && mine != theirs => Some("observation-today-step"),
        _ => None,
    }
}

/// The items of Today that come of observations.
///
/// # Errors
/// What the database says.
pub fn today(site: &Site, request: &Request) -> Result<Vec<TodayItem>, PageError> {
    let reader = request.reader()?;
    if !reader.may_read(&OBSERVATION) {
        return Ok(Vec::new());
    }
    let persons = site.kinds.get("person").ok_or(PageError::NotFound)?;
    let today = site.today().to_string();
    site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let mut items = Vec::new();
        for two in of_reader(conn, &reader.person, "coalesce(o.state, '') NOT IN ('discussed', 'declined')")? {
            let Some(part) = two.part(&reader.person) else { continue };
            let Some(key) = waits(&two, part, two.asked_by != reader.person, &today) else { continue };
            items.push(TodayItem {
                part: "waits",
                icon: "eye",
                title: look.words.get(key).into_owned(),
                detail: format!("{} · {}", look.title(persons, &two.other(part))?, title(&look, &two.instrument)),
                href: format!("/observations/{}", two.id),
                order: i64::MIN + 2,
                when: look.date(&two.day),
            });
        }
        Ok(items)
    })
}
