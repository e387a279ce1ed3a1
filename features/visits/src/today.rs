//! Visits whose day to follow up has come, until somebody has recorded that it was done.

use base::Subject;
use records::literal;
use register::{Look, may_move};
use web::{PageError, Request, Site, TodayItem};

use crate::facts::VISIT;

/// Visits that are shown: the longest due, and as one is done the next.
const MOST: usize = 4;
/// Before what only waits, since Today shows so much and no more: a day was set, and it has come.
const FIRST: i64 = i64::MIN + 2;
/// Visits that are looked at.
const LOOKED_AT: usize = 40;

/// The items of Today that come of visits: for who went, and for the people of the school from which they went. The office sees
/// them in the list.
///
/// # Errors
/// What the database says.
pub fn today(site: &Site, request: &Request) -> Result<Vec<TodayItem>, PageError> {
    let reader = request.reader()?;
    let Some(way) = VISIT.way("follow_up").filter(|way| reader.is_any(way.who)) else { return Ok(Vec::new()) };
    let schools: Vec<String> = reader.schools().iter().map(literal).collect();
    let schools = if schools.is_empty() { "NULL".to_owned() } else { schools.join(", ") };
    let (sees, me) = (reader.sees(&VISIT, "v"), literal(&reader.person));
    site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let sql = format!(
            "SELECT v.id, v.follow_up_on FROM visit v WHERE v.state = 'held' AND v.follow_up_on <= ?1 AND {sees}
               AND (v.home IN ({schools}) OR EXISTS (SELECT 1 FROM visit_visitors w WHERE w.id = v.id AND w.value = {me}))
             ORDER BY v.follow_up_on, v.id LIMIT {LOOKED_AT}"
        );
        let mut stmt = conn.prepare(&sql)?;
        let mut rows = stmt.query([site.today().to_string()])?;
        let mut items = Vec::new();
        while let Some(row) = rows.next()? {
            let (id, day): (Vec<u8>, String) = (row.get(0)?, row.get(1)?);
            let id = Subject::try_from(id.as_slice()).unwrap_or_default();
            if items.len() >= MOST || !may_move(site, conn, reader, &VISIT, &id, way)? {
                continue;
            }
            let title = look.title(&VISIT, &id)?;
            items.push(TodayItem {
                part: "waits",
                icon: VISIT.icon,
                title: look.words.with("visit-follow-due", &[("text", title.as_str().into())]),
                detail: look.detail(&VISIT, &id)?,
                href: format!("/visits/{id}"),
                order: FIRST + day.replace('-', "").parse::<i64>().unwrap_or(0),
                when: look.date(&day),
            });
        }
        Ok(items)
    })
}
