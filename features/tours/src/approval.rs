//! Tiered approval: the head of the sending school, then the office. Each says so of the tour as it was ([`marks::WHAT`]); what
//! has changed since is named, and is to be approved anew. Either returns a tour with a reason.

use base::{Hash, Subject};
use log::Context;
use records::{Change, Value};
use rusqlite::Connection;
use web::{PageError, Reply, Request, Site};

use crate::facts::{OFFICE, STUDY_TOUR, TIERS, TOUR_APPROVAL};
use crate::leave::lacks_to_approve;
use crate::marks::{self, marks};
use crate::tour::{Tour, id_at, into_state, text_at};

/// An approval that stands, or stood.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub who: Subject,
    pub on: String,
    /// What has changed since: the ends of the keys of its words.
    pub changed: Vec<&'static str>,
}

/// That it was returned.
#[derive(Clone, Debug)]
pub(crate) struct Returned {
    pub tier: String,
    pub who: Subject,
    pub on: String,
    pub reason: String,
}

/// How the approval of a tour stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    pub school: Option<Given>,
    pub office: Option<Given>,
    /// Returned, and not approved by anybody since.
    pub returned: Option<Returned>,
}

impl Standing {
    /// Reads it. Who returns a tour takes back what was approved before.
    pub fn of(conn: &Connection, tour: &Tour) -> Result<Self, PageError> {
        let now = marks(conn, tour)?;
        let sql = "SELECT tier, verdict, person, given_on, reason, CAST(dates AS BLOB), route, pupils, host, plan, risks, adults
                   FROM tour_approval WHERE tour = ?1 ORDER BY made, id";
        let mut stmt = conn.prepare_cached(sql)?;
        let mut rows = stmt.query([tour.id.as_bytes()])?;
        let mut out = Self::default();
        while let Some(row) = rows.next()? {
            let (tier, who, on) = (text_at(row, 0)?, id_at(row, 2)?, text_at(row, 3)?);
            if text_at(row, 1)? == "returned" {
                out = Self { returned: Some(Returned { tier, who, on, reason: text_at(row, 4)? }), ..Self::default() };
                continue;
            }
            let mut changed = Vec::new();
            for (n, (what, now)) in marks::WHAT.iter().zip(&now).enumerate() {
                let then = row.get::<_, Option<Vec<u8>>>(5 + n)?;
                if (then.is_some() || n < marks::FIRST) && then.as_deref().unwrap_or_default() != now {
                    changed.push(*what);
                }
            }
            let given = Some(Given { who, on, changed });
            out.returned = None;
            if tier == "office" { out.office = given } else { out.school = given }
        }
        Ok(out)
    }

    /// What one tier said.
    pub fn by(&self, tier: &str) -> Option<&Given> {
        if tier == "office" { self.office.as_ref() } else { self.school.as_ref() }
    }

    /// Whether a tier's approval holds for the tour as it is.
    pub fn holds(&self, tier: &str) -> bool {
        self.by(tier).is_some_and(|g| g.changed.is_empty())
    }

    /// Whether both hold.
    pub fn is_whole(&self) -> bool {
        TIERS.iter().all(|tier| self.holds(tier))
    }

    /// The tier that is to speak next.
    pub fn next(&self) -> Option<&'static str> {
        TIERS.iter().copied().find(|tier| !self.holds(tier))
    }
}

/// Whether the reader speaks for a tier.
pub(crate) fn speaks(tour: &Tour, request: &Request, tier: &str) -> Result<bool, PageError> {
    let reader = request.reader()?;
    Ok(if tier == "office" { reader.is_any(OFFICE) } else { tour.is_head(reader) })
}

/// What somebody saw who approves: an approval is of that, and of nothing that came meanwhile.
pub(crate) fn seen(conn: &Connection, tour: &Tour) -> Result<String, PageError> {
    Ok(Hash::of(&marks(conn, tour)?.concat()).to_string())
}

fn tier_of(request: &Request) -> Result<&'static str, PageError> {
    let tier = request.form("tier").unwrap_or_default();
    TIERS.iter().copied().find(|t| *t == tier).ok_or(PageError::Malformed("a tier"))
}

/// One tier approves.
pub(crate) fn approve(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let person = request.reader()?.person;
    let today = site.today().to_string();
    let id = site.store.write(Context { author: person }, |tx| {
        let tour = Tour::of(tx.conn(), request)?;
        let tier = tier_of(request)?;
        if !speaks(&tour, request, tier)? {
            return Err(PageError::NotAllowed);
        }
        if !matches!(&*tour.state, "draft" | "approved" | "under_way") {
            return Err(PageError::Rule("tour-over".to_owned()));
        }
        if !lacks_to_approve(site, tx.conn(), &request.words(site), &tour)?.is_empty() {
            return Err(PageError::Rule("tour-not-whole".to_owned()));
        }
        if request.form("seen") != Some(&seen(tx.conn(), &tour)?) {
            return Err(PageError::Rule("tour-changed-meanwhile".to_owned()));
        }
        let standing = Standing::of(tx.conn(), &tour)?;
        if tier == "office" && !standing.holds("school") {
            return Err(PageError::Rule("tour-head-first".to_owned()));
        }
        let other = if tier == "office" { &standing.school } else { &standing.office };
        if other.as_ref().is_some_and(|g| g.who == person) {
            return Err(PageError::Rule("tour-two-people".to_owned()));
        }
        if !standing.holds(tier) {
            let mut change = said(tier, "approved", person, &today);
            for (what, mark) in marks::WHAT.iter().zip(marks(tx.conn(), &tour)?) {
                let mark = if *what == "dates" { Value::text(tour.dates()) } else { Value::Bytes(mark) };
                change = change.with(what, mark);
            }
            tour.add(tx, site, &TOUR_APPROVAL, change)?;
        }
        if tour.state == "draft" && Standing::of(tx.conn(), &tour)?.is_whole() {
            tour.change(tx, site, into_state("approved"))?;
        }
        Ok::<_, PageError>(tour.id)
    })?;
    Ok(register::done(&STUDY_TOUR, id, "tour-done-approved"))
}

/// One tier returns it, with a reason.
pub(crate) fn give_back(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let person = request.reader()?.person;
    let today = site.today().to_string();
    let reason = text::clean_text(request.form("reason").unwrap_or_default(), 1000);
    let id = site.store.write(Context { author: person }, |tx| {
        let tour = Tour::of(tx.conn(), request)?;
        let tier = tier_of(request)?;
        if !speaks(&tour, request, tier)? {
            return Err(PageError::NotAllowed);
        }
        if !matches!(&*tour.state, "draft" | "approved") {
            return Err(PageError::Rule("tour-over".to_owned()));
        }
        let reason = reason.ok().filter(|r| !r.is_empty()).ok_or(PageError::Malformed("a reason is wanted"))?;
        tour.add(tx, site, &TOUR_APPROVAL, said(tier, "returned", person, &today).with_text("reason", reason))?;
        if tour.state == "approved" {
            tour.change(tx, site, into_state("draft"))?;
        }
        Ok::<_, PageError>(tour.id)
    })?;
    Ok(register::done(&STUDY_TOUR, id, "tour-done-returned"))
}

fn said(tier: &str, verdict: &str, person: Subject, today: &str) -> Change {
    Change::new()
        .with_text("tier", tier)
        .with_text("verdict", verdict)
        .with_link("person", person)
        .with_text("given_on", today)
}
