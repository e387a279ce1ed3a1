//! What of it a person meets on their first page: their own reverse posting that comes or goes on, and for the office that
//! units have approved somebody.

use register::Look;
use web::{PageError, Request, Site, TodayItem};

use crate::facts::{CHOOSERS, NOMINATION, REVERSE_POSTING};
use crate::nominee::id;

/// The items of Today.
///
/// # Errors
/// What the database says.
pub fn today(site: &Site, request: &Request) -> Result<Vec<TodayItem>, PageError> {
    let reader = request.reader()?;
    if !reader.may_read(&REVERSE_POSTING) {
        return Ok(Vec::new());
    }
    site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let mut items = Vec::new();
        let mut stmt = conn.prepare_cached(
            "SELECT id, starts_on, ends_on, coalesce(state, 'proposed') FROM reverse_posting
             WHERE person = ?1 AND state IN ('proposed', 'accepted', 'arrived') AND ends_on >= ?2
             ORDER BY starts_on LIMIT 3",
        )?;
        let rows = stmt.query_map(rusqlite::params![reader.person.as_bytes(), site.today().to_string()], |r| {
            Ok((
                id(r.get(0)?).unwrap_or_default(),
                r.get::<_, String>(1)?,
                r.get::<_, String>(2)?,
                r.get::<_, String>(3)?,
            ))
        })?;
        for row in rows {
            let (posting, from, until, state) = row?;
            let period = [("from", look.date(&from)), ("until", look.date(&until))];
            let period: Vec<_> = period.iter().map(|(name, day)| (*name, day.as_str().into())).collect();
            items.push(TodayItem {
                part: "next",
                icon: REVERSE_POSTING.icon,
                title: look.title(&REVERSE_POSTING, &posting)?,
                detail: format!("{} · {}", look.words.get("reverse_posting"), look.state(&REVERSE_POSTING, &state)),
                href: format!("/reverse-postings/{posting}"),
                order: from.replace('-', "").parse().unwrap_or(0),
                when: look.words.with("notice-from-until", &period),
            });
        }
        if reader.is_any(CHOOSERS) {
            let sees = reader.sees(&NOMINATION, "n");
            let sql = format!("SELECT count(*), max(changed) FROM nomination n WHERE n.state = 'approved' AND {sees}");
            let (n, last): (i64, Option<i64>) = conn.prepare(&sql)?.query_row([], |r| Ok((r.get(0)?, r.get(1)?)))?;
            if n > 0 {
                items.push(TodayItem {
                    part: "waits",
                    icon: NOMINATION.icon,
                    title: look.words.with("nominee-today", &[("n", n.into())]),
                    detail: String::new(),
                    href: "/nominations/cohort".to_owned(),
                    order: -last.unwrap_or(0),
                    when: String::new(),
                });
            }
        }
        Ok(items)
    })
}
