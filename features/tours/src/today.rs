//! What of tours waits for a reader: who was missing at the last roll-call, to approve one, to set out, to close one that is over, to take off whom a family has
//! withdrawn.

use records::literal;
use rusqlite::{Connection, OptionalExtension};
use web::{PageError, Request, Site, TodayItem};

use crate::approval::{Standing, speaks};
use crate::facts::STUDY_TOUR;
use crate::going::{going, names};
use crate::leave::lacks_to_approve;
use crate::tour::{Tour, id_at};

/// Tours that are looked at.
const MOST: i64 = 60;
/// Before what only waits.
const FIRST: i64 = i64::MIN + 1;

/// The items of Today that come of tours.
///
/// # Errors
/// What the database says.
pub fn today(site: &Site, request: &Request) -> Result<Vec<TodayItem>, PageError> {
    let reader = request.reader()?;
    if !reader.may_read(&STUDY_TOUR) {
        return Ok(Vec::new());
    }
    let today = site.today().to_string();
    site.store.read(|conn| {
        let mut items = Vec::new();
        for tour in open(conn, &reader.sees(&STUDY_TOUR, "t"), &literal(&reader.person))? {
            items.extend(of(site, request, conn, &tour, &today)?);
        }
        Ok(items)
    })
}

/// Tours that are not over, those in which the reader goes along first.
fn open(conn: &Connection, sees: &str, me: &str) -> Result<Vec<Tour>, PageError> {
    let sql = format!(
        "SELECT t.id FROM study_tour t WHERE {sees} AND coalesce(t.state, 'draft') IN ('draft', 'approved', 'under_way')
         ORDER BY EXISTS (SELECT 1 FROM tour_adult a WHERE a.tour = t.id AND a.person = {me}) DESC, t.starts_on LIMIT {MOST}"
    );
    let mut stmt = conn.prepare(&sql)?;
    let ids = stmt.query_map([], |r| id_at(r, 0))?.collect::<Result<Vec<_>, _>>()?;
    ids.iter().map(|id| Tour::read(conn, id)).collect()
}

fn of(
    site: &Site,
    request: &Request,
    conn: &Connection,
    tour: &Tour,
    today: &str,
) -> Result<Option<TodayItem>, PageError> {
    let words = request.words(site);
    let item = |key: &str, icon, order| TodayItem {
        part: "waits",
        icon,
        title: words.get(key).into_owned(),
        detail: tour.title.clone(),
        href: format!("/tours/{}", tour.id),
        order,
        when: String::new(),
    };
    let leads = tour.leader(conn)? == Some(request.reader()?.person);
    if tour.state == "under_way" && (leads || tour.is_head(request.reader()?)) {
        let sql = "SELECT missing FROM tour_roll WHERE tour = ?1 ORDER BY day DESC, called_at DESC, made DESC LIMIT 1";
        let missing: Option<i64> =
            conn.prepare_cached(sql)?.query_row([tour.id.as_bytes()], |r| r.get(0)).optional()?;
        if missing.is_some_and(|n| n > 0) {
            return Ok(Some(item("tour-today-missing", "triangle-alert", FIRST)));
        }
        if *today > *tour.ends {
            return Ok(Some(item("tour-today-close", "check", FIRST)));
        }
        if tour.is_home(site, conn)? && tour.sees_pupils(conn, request.reader()?)? {
            let withdrawn = going(conn, &tour.id)?;
            let withdrawn = names(site, &words, tour, withdrawn.iter().filter(|p| p.consent == "withdrawn"))?;
            if !withdrawn.is_empty() {
                let said = item("tour-today-withdrawn", "triangle-alert", FIRST);
                return Ok(Some(TodayItem { detail: format!("{} · {withdrawn}", tour.title), ..said }));
            }
        }
        return Ok(None);
    }
    let standing = Standing::of(conn, tour)?;
    if *today > *tour.ends || standing.returned.is_some() {
        return Ok(None);
    }
    if let Some(tier) = standing.next() {
        // A draft that lacks something waits for who plans it.
        let asked = speaks(tour, request, tier)? && lacks_to_approve(site, conn, &words, tour)?.is_empty();
        return Ok(asked.then(|| item("tour-today-approve", "check", FIRST + 1)));
    }
    let due = leads && *today >= *tour.starts && tour.state == "approved";
    Ok(due.then(|| item("tour-today-leave", "arrow-right", FIRST)))
}
