//! How an observation comes about: one of the two asks, the other agrees or says "not this time"; who is observed always has
//! had a say before.

use base::{Date, Subject};
use log::{Context, Tx};
use records::vocabulary::SUBJECTS;
use records::{Change, Kind};
use register::{Refusal, move_in};
use serde_json::json;
use web::{PageError, Reply, Request, Site};

use crate::facts::{INSTRUMENTS, OBSERVATION};
use crate::instruments;
use crate::two::{Part, Two};

fn refuse(code: &str) -> PageError {
    PageError::Rule(code.to_owned())
}

/// What a refusal of the register is to a reader of these pages, which have no form of its to show again.
pub(crate) fn told(refusal: Refusal) -> PageError {
    match refusal {
        Refusal::Page(e) => e,
        Refusal::Fields(_) => refuse("observe-form"),
    }
}

fn back(id: &Subject, note: &str) -> Reply {
    Reply::ToWith(format!("/observations/{id}"), vec![web::set_cookie("zampa_note", note, 60)])
}

/// Asks somebody to be observed, or to come and observe.
pub(crate) fn ask(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let me = request.reader()?.person;
    let other: Subject = request.form("other").and_then(|o| o.parse().ok()).ok_or_else(|| refuse("observe-form"))?;
    let day: Date = request.form("day").and_then(|d| d.parse().ok()).ok_or_else(|| refuse("observe-form"))?;
    let instrument = request.form("instrument").filter(|i| INSTRUMENTS.contains(i));
    let instrument = instrument.ok_or_else(|| refuse("observe-form"))?;
    let subject = request.form("subject").filter(|s| SUBJECTS.contains(s));
    let (teacher, observer) = match request.form("who") {
        Some("observer") => (other, me),
        Some("teacher") => (me, other),
        _ => return Err(refuse("observe-form")),
    };
    let mut change = Change::new()
        .with_link("teacher", teacher)
        .with_link("observer", observer)
        .with_link("asked_by", me)
        .with_text("day", day.to_string())
        .with_text("instrument", instrument);
    if let Some(subject) = subject {
        change = change.with_text("subject", subject);
    }
    let id = site.store.write(Context { author: me }, |tx| {
        if instruments::off(tx.conn())?.contains(instrument) {
            return Err(refuse("observe-off"));
        }
        if !lies_here(tx, &teacher)? || !lies_here(tx, &observer)? {
            return Err(refuse("observe-elsewhere"));
        }
        let made = register::make_in(tx, site, request, &OBSERVATION, change, None, None).map_err(told)?;
        Ok(made.0)
    })?;
    Ok(back(&id, "observation-done-asked"))
}

/// Whether a person's account lies at this node: what is written in its scope elsewhere would go nowhere.
fn lies_here(tx: &Tx<'_>, person: &Subject) -> Result<bool, PageError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM grant_of_role WHERE person = ?1 AND coalesce(state, 'given') = 'given'
               AND role NOT IN ('device', 'pupil', 'observer'))";
    Ok(tx.conn().prepare_cached(sql)?.query_row([person.as_bytes()], |r| r.get(0))?)
}

/// Takes an observation on.
pub(crate) fn go(
    tx: &Tx<'_>,
    site: &Site,
    request: &Request,
    id: Subject,
    way: &str,
    change: Change,
) -> Result<(), PageError> {
    let kind: &'static Kind = &OBSERVATION;
    let way = kind.way(way).ok_or(PageError::NotFound)?;
    move_in(tx, site, request.reader()?, kind, id, way, change).map_err(told)
}

fn moved(
    site: &Site,
    request: &Request,
    way: &str,
    may: impl FnOnce(&Two, Part, Subject) -> bool,
    change: Change,
    note: &str,
) -> Result<Reply, PageError> {
    let (two, part) = Two::of(site, request)?;
    let me = request.reader()?.person;
    if !may(&two, part, me) {
        return Err(PageError::NotAllowed);
    }
    site.store.write(Context { author: me }, |tx| go(tx, site, request, two.id, way, change))?;
    Ok(back(&two.id, note))
}

/// Whoever was asked agrees.
pub(crate) fn accept(site: &Site, request: &Request) -> Result<Reply, PageError> {
    moved(site, request, "accept", |two, _, me| me != two.asked_by, Change::new(), "observation-done-accepted")
}

/// Either says "not this time"; no reason is asked.
pub(crate) fn decline(site: &Site, request: &Request) -> Result<Reply, PageError> {
    moved(site, request, "decline", |_, _, _| true, Change::new(), "observation-done-declined")
}

/// The observer lets the teacher read it.
pub(crate) fn share(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let change = Change::new().with_text("shared_on", site.today().to_string());
    moved(site, request, "share", |_, part, _| part == Part::Observer, change, "")?;
    Ok(envelopes::json_of(&json!({ "done": true })))
}
