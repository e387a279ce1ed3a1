//! Which pupils go on a tour, and what of them leaving asks.

use base::{Hash, Subject};
use rusqlite::Connection;
use web::{PageError, Site};

use crate::sealed::About;
use crate::tour::{Tour, id_at, text_at};

/// Pupils of one tour.
pub(crate) const MOST: usize = 300;

/// A pupil who goes, as far as leaving asks.
#[derive(Clone, Debug)]
pub(crate) struct Goes {
    pub id: Subject,
    pub code: String,
    sealed: Option<Vec<u8>>,
    /// A name that was written before names were sealed.
    clear: String,
    pub class: String,
    /// `given`, `withdrawn`, or nothing.
    pub consent: String,
    pub pictures: String,
    pub contact: bool,
}

impl Goes {
    /// The name, opened.
    pub fn name(&self, site: &Site, tour: &Tour) -> Result<String, PageError> {
        About::name(tour.school, self.id).read(site, self.sealed.as_deref(), self.clear.clone())
    }
}

/// The pupils of a tour, by their codes.
pub(crate) fn going(conn: &Connection, tour: &Subject) -> Result<Vec<Goes>, PageError> {
    // Given where one was given after the last was withdrawn: of a consent that was recorded twice, withdrawing either ends
    // both, and who gives it again gives it anew.
    let stands = "(SELECT CASE WHEN count(*) = 0 THEN NULL
                     WHEN max(CASE WHEN c.state = 'withdrawn' THEN NULL ELSE c.made END)
                        > coalesce(max(CASE WHEN c.state = 'withdrawn' THEN c.changed END), -1) THEN 'given'
                     ELSE 'withdrawn' END
                   FROM pupil_consent c WHERE c.tour = ?1 AND c.pupil = p.id AND c.purpose = ";
    let sql = format!(
        "SELECT p.id, p.code, p.name_sealed, p.name, p.class, {stands} 'study_tour'), {stands} 'pictures'),
                EXISTS (SELECT 1 FROM tour_contact k WHERE k.tour = ?1 AND k.pupil = p.id AND k.erased = 0)
         FROM tour_pupil g JOIN pupil p ON p.id = g.pupil
         WHERE g.tour = ?1 AND coalesce(g.state, 'on') = 'on' ORDER BY p.code, p.id LIMIT {MOST}"
    );
    let mut stmt = conn.prepare_cached(&sql)?;
    let rows = stmt.query_map([tour.as_bytes()], |r| {
        Ok(Goes {
            id: id_at(r, 0)?,
            code: text_at(r, 1)?,
            sealed: r.get(2)?,
            clear: text_at(r, 3)?,
            class: text_at(r, 4)?,
            consent: text_at(r, 5)?,
            pictures: text_at(r, 6)?,
            contact: r.get(7)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Names in one line, for who sees them; of two of one name, the codes too.
pub(crate) fn names<'a>(
    site: &Site,
    words: &text::Words<'_>,
    tour: &Tour,
    pupils: impl Iterator<Item = &'a Goes>,
) -> Result<String, PageError> {
    let all = pupils.map(|p| Ok((p.name(site, tour)?, p.code.as_str()))).collect::<Result<Vec<_>, PageError>>()?;
    let said = all.iter().map(|(name, code)| match all.iter().filter(|(other, _)| other == name).count() {
        1 => name.clone(),
        _ => format!("{name} ({code})"),
    });
    Ok(said.collect::<Vec<_>>().join(&*words.get("tour-comma")))
}

/// A mark of which pupils go.
pub(crate) fn mark(pupils: &[Goes]) -> Vec<u8> {
    let mut ids: Vec<&[u8]> = pupils.iter().map(|p| p.id.as_bytes()).collect();
    ids.sort_unstable();
    if ids.is_empty() { Vec::new() } else { Hash::of(&ids.concat()).0.to_vec() }
}
