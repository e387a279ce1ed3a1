//! What waits for the head of a school: that what was told to have come did come, or did not.

use records::{Role, literal};
use register::Look;
use web::{PageError, Request, Site, TodayItem};

use crate::facts::DELIVERY;

/// The items of Today.
///
/// # Errors
/// What the database says.
pub fn today(site: &Site, request: &Request) -> Result<Vec<TodayItem>, PageError> {
    let reader = request.reader()?;
    let schools: Vec<String> =
        reader.grants.iter().filter(|g| g.role == Role::Head).filter_map(|g| g.school).map(|s| literal(&s)).collect();
    if schools.is_empty() {
        return Ok(Vec::new());
    }
    site.store.read(|conn| {
        let list = schools.join(", ");
        let sql = format!(
            "SELECT count(*), max(d.changed), CASE count(DISTINCT d.place) WHEN 1 THEN min(d.place) END FROM delivery d JOIN organisation o ON o.id = d.place
             WHERE d.state = 'told' AND (o.id IN ({list}) OR o.parent IN ({list})) AND {}",
            reader.sees(&DELIVERY, "d")
        );
        let (n, last, place): (i64, Option<i64>, Option<Vec<u8>>) =
            conn.prepare(&sql)?.query_row([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
        let place = place.and_then(|p| base::Subject::try_from(p.as_slice()).ok());
        let place = place.map(|p| format!("&place={p}")).unwrap_or_default();
        let item = TodayItem {
            part: "waits",
            icon: DELIVERY.icon,
            title: Look::new(site, request, conn).words.with("delivery-today", &[("n", n.into())]),
            detail: String::new(),
            href: format!("/deliveries?state=told{place}"),
            order: -last.unwrap_or(0),
            when: String::new(),
        };
        Ok(if n > 0 { vec![item] } else { Vec::new() })
    })
}
