//! By whom a subject was carried at a school in a school year, from postings, needs with the days on which they were met, and
//! pairings.

use std::collections::{BTreeMap, BTreeSet};

use base::{Date, Hlc, SCHOOL_YEAR_BEGINS, Subject, school_year};
use records::{Change, STATE, Value};
use rusqlite::Connection;
use web::{PageError, Site};

/// Days of a school year from which somebody has carried it: who leaves in its first weeks has not.
const CARRIES_DAYS: i32 = 30;
/// Needs that are read.
const MOST: i64 = 5000;

/// By whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum By {
    /// By somebody who is posted.
    Posted,
    /// By a posted and a local teacher together.
    Both,
    /// By a local teacher.
    Local,
    /// By nobody: the need was there.
    Nobody,
}

impl By {
    pub const ALL: [Self; 4] = [Self::Posted, Self::Both, Self::Local, Self::Nobody];
    pub fn key(self) -> &'static str {
        match self {
            Self::Posted => "years-posted",
            Self::Both => "years-both",
            Self::Local => "years-local",
            Self::Nobody => "years-nobody",
        }
    }
}

/// What a spell comes of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Of {
    /// A posting.
    Posting,
    /// A need that a local teacher carried.
    Met,
    /// A need that nobody local carried yet.
    Wanted,
    /// A pairing of somebody who is posted for the subject with somebody of the school.
    Pairing,
}

/// A time in which something held, of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spell {
    pub of: Of,
    pub id: Subject,
    pub from: Date,
    /// The last day; none while it goes on.
    pub to: Option<Date>,
}

/// The subject of a school.
pub(crate) type Line = (Subject, String);

/// What is known of each subject of each school.
pub(crate) type Spells = BTreeMap<Line, Vec<Spell>>;

fn begins(year: i16) -> Date {
    Date::new(year, SCHOOL_YEAR_BEGINS, 1).unwrap_or(Date::constant(1970, 8, 1))
}

impl Spell {
    /// Whether it lies in a school year long enough, or has just begun and goes on.
    pub fn lies_in(&self, year: i16, today: Date) -> bool {
        let (first, next) = (begins(year), begins(year.saturating_add(1)));
        let to = self.to.unwrap_or(today).min(today);
        if self.from > to || self.from >= next || to < first {
            return false;
        }
        let from = self.from.max(first);
        let last = if to < next { to } else { next.yesterday().unwrap_or(next) };
        let days = from.until(last).map_or(0, |s| s.get_days()) + 1;
        days >= CARRIES_DAYS || self.to.is_none_or(|to| to > today) && school_year(today) == year
    }
}

/// By whom a subject was carried in a year; nothing where nothing is recorded of it.
pub(crate) fn by(spells: &[Spell], year: i16, today: Date) -> Option<By> {
    let any = |of: Of| spells.iter().any(|s| s.of == of && s.lies_in(year, today));
    match (any(Of::Posting), any(Of::Met)) {
        (true, true) => Some(By::Both),
        (true, false) if any(Of::Pairing) => Some(By::Both),
        (true, false) => Some(By::Posted),
        (false, true) => Some(By::Local),
        (false, false) => any(Of::Wanted).then_some(By::Nobody),
    }
}

/// When a need was carried by a local teacher, and by whom: from the first day, to the last if it is over.
pub(crate) type Periods = Vec<(Date, Option<Date>, Option<Subject>)>;

/// The periods in which a need was met, from its entries: the days that people gave, or where they gave none, the days on
/// which it was recorded.
pub(crate) fn periods(site: &Site, conn: &Connection, need: &Subject) -> Result<Periods, PageError> {
    let mut out: Periods = Vec::new();
    let mut carried = None;
    for entry in log::entries_of(conn, need)? {
        let Some(change) = entry.payload().and_then(|p| Change::decode(p).ok()) else { continue };
        if let Some(by) = change.set.get("carried_by") {
            carried = by.as_link();
        }
        let Some(state) = change.set.get(STATE).and_then(Value::as_text) else { continue };
        let day = |field: &str| -> Date {
            let given = change.set.get(field).and_then(Value::as_text).and_then(|d| d.parse().ok());
            given.unwrap_or_else(|| site.date_of(entry.effective.ms()))
        };
        let goes_on = out.last().is_some_and(|p| p.1.is_none());
        if state == "met" && !goes_on {
            out.push((day("met_on"), None, carried));
        } else if state != "met"
            && goes_on
            && let Some(last) = out.last_mut()
        {
            last.1 = Some(day("reopened_on").max(last.0));
        }
    }
    Ok(out)
}

fn id(bytes: Option<Vec<u8>>) -> Option<Subject> {
    bytes.and_then(|b| Subject::try_from(b.as_slice()).ok())
}

/// What is known, of one school or subject where one is asked for.
pub(crate) fn spells(
    site: &Site,
    conn: &Connection,
    school: Option<Subject>,
    subject: Option<&str>,
) -> Result<Spells, PageError> {
    let mut out = Spells::new();
    let school = school.map(|s| s.0.to_vec());
    let asked = rusqlite::params![school, subject];
    let sources = [
        (
            Of::Posting,
            "SELECT p.id, CASE s.kind WHEN 'outlying_school' THEN s.parent ELSE s.id END AS at, p.subject, p.arrived_on,
                    coalesce(p.ended_on, p.ends_on)
             FROM posting p JOIN organisation s ON s.id = p.school
             WHERE p.role = 'teacher' AND p.subject IS NOT NULL AND p.arrived_on IS NOT NULL
               AND p.state IN ('arrived', 'completed', 'ended_early')",
        ),
        (
            Of::Pairing,
            "SELECT p.id, CASE s.kind WHEN 'outlying_school' THEN s.parent ELSE s.id END AS at, p.subject, p.active_from,
                    p.ended_on
             FROM pairing p JOIN organisation s ON s.id = p.school
             WHERE p.subject IS NOT NULL AND p.active_from IS NOT NULL
               AND EXISTS (SELECT 1 FROM posting b WHERE b.person IN (p.master, p.apprentice) AND b.school = p.school
                           AND b.subject = p.subject AND b.arrived_on IS NOT NULL)",
        ),
    ];
    for (of, sql) in sources {
        let sql = format!("SELECT * FROM ({sql}) q WHERE (?1 IS NULL OR q.at = ?1) AND (?2 IS NULL OR q.subject = ?2)");
        let mut stmt = conn.prepare_cached(&sql)?;
        let mut rows = stmt.query(asked)?;
        while let Some(row) = rows.next()? {
            let (Some(record), Some(at)) = (id(row.get(0)?), id(row.get(1)?)) else { continue };
            let (from, to): (String, Option<String>) = (row.get(3)?, row.get(4)?);
            let Ok(from) = from.parse() else { continue };
            let to = to.and_then(|t| t.parse().ok());
            out.entry((at, row.get(2)?)).or_default().push(Spell { of, id: record, from, to });
        }
    }
    // A pairing alone says nothing of who carries the subject.
    out.retain(|_, spells| spells.iter().any(|s| s.of != Of::Pairing));
    needs(site, conn, asked, &mut out)?;
    Ok(out)
}

fn needs(site: &Site, conn: &Connection, asked: &[&dyn rusqlite::ToSql], out: &mut Spells) -> Result<(), PageError> {
    let mut stmt = conn.prepare_cached(&format!(
        "SELECT n.id, CASE s.kind WHEN 'outlying_school' THEN s.parent ELSE s.id END AS at, n.subject, n.made,
                n.carried_by IS NOT NULL
         FROM need n JOIN organisation s ON s.id = n.school
         WHERE n.subject IS NOT NULL AND n.state IN ('approved', 'filled', 'met')
           AND (?1 IS NULL OR ?1 IN (s.id, s.parent)) AND (?2 IS NULL OR n.subject = ?2) ORDER BY n.id LIMIT {MOST}"
    ))?;
    let mut rows = stmt.query(asked)?;
    while let Some(row) = rows.next()? {
        let (Some(need), Some(at)) = (id(row.get(0)?), id(row.get(1)?)) else { continue };
        let made = site.date_of(Hlc(row.get::<_, i64>(3)?.cast_unsigned()).ms());
        let met = if row.get(4)? { periods(site, conn, &need)? } else { Vec::new() };
        let spells = out.entry((at, row.get(2)?)).or_default();
        let mut wanted = Some(made);
        for (from, to, _) in &met {
            if let Some(since) = wanted.filter(|since| since < from) {
                spells.push(Spell { of: Of::Wanted, id: need, from: since, to: from.yesterday().ok() });
            }
            spells.push(Spell { of: Of::Met, id: need, from: *from, to: *to });
            wanted = to.and_then(|to| to.tomorrow().ok());
        }
        if let Some(since) = wanted {
            spells.push(Spell { of: Of::Wanted, id: need, from: since, to: None });
        }
    }
    Ok(())
}

/// The school years from the first that something is known of to this one.
pub(crate) fn years(spells: &Spells, today: Date) -> Vec<i16> {
    let now = school_year(today);
    let first = spells.values().flatten().map(|s| school_year(s.from)).min().unwrap_or(now);
    (first.max(now - 30)..=now).collect()
}

/// A school with how many of its needs are met: of those that were approved.
pub(crate) struct Met {
    pub school: Subject,
    pub carried: i64,
    pub of: i64,
}

/// The needs met, school by school.
pub(crate) fn met(conn: &Connection, school: Option<Subject>, subject: Option<&str>) -> Result<Vec<Met>, PageError> {
    let mut stmt = conn.prepare_cached(
        "SELECT CASE s.kind WHEN 'outlying_school' THEN s.parent ELSE s.id END AS at, sum(n.state = 'met'), count(*)
         FROM need n JOIN organisation s ON s.id = n.school JOIN organisation o
              ON o.id = CASE s.kind WHEN 'outlying_school' THEN s.parent ELSE s.id END
         WHERE n.state IN ('approved', 'filled', 'met') AND (?1 IS NULL OR o.id = ?1) AND (?2 IS NULL OR n.subject = ?2)
         GROUP BY at ORDER BY o.title_key",
    )?;
    let rows = stmt.query_map(rusqlite::params![school.map(|s| s.0.to_vec()), subject], |r| {
        Ok(Met { school: id(r.get(0)?).unwrap_or_default(), carried: r.get(1)?, of: r.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The subjects of which something is known.
pub(crate) fn subjects(spells: &Spells) -> BTreeSet<&str> {
    spells.keys().map(|(_, subject)| subject.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = Date::constant(2026, 11, 25);

    fn spell(of: Of, from: (i16, i8, i8), to: Option<(i16, i8, i8)>) -> Spell {
        let day = |(y, m, d): (i16, i8, i8)| Date::constant(y, m, d);
        Spell { of, id: Subject::default(), from: day(from), to: to.map(day) }
    }

    #[test]
    fn a_handover_shows_year_by_year() {
        let spells = [
            spell(Of::Wanted, (2021, 9, 10), Some((2024, 6, 30))),
            spell(Of::Posting, (2022, 8, 25), Some((2024, 8, 10))),
            spell(Of::Pairing, (2023, 9, 1), Some((2024, 6, 1))),
            spell(Of::Met, (2024, 7, 1), Some((2025, 9, 5))),
            spell(Of::Wanted, (2025, 9, 6), None),
        ];
        let by = |year| by(&spells, year, TODAY);
        assert_eq!(by(2020), None);
        assert_eq!(by(2021), Some(By::Nobody));
        assert_eq!(by(2022), Some(By::Posted));
        // A pairing in the subject, and the local teacher's first month.
        assert_eq!(by(2023), Some(By::Both));
        // Who stayed ten days into the year did not carry it.
        assert_eq!(by(2024), Some(By::Local));
        // A local teacher who left in September leaves the need behind.
        assert_eq!(by(2025), Some(By::Local));
        assert_eq!(by(2026), Some(By::Nobody));
    }

    #[test]
    fn what_began_yesterday_and_goes_on_counts_for_this_year_alone() {
        let met = spell(Of::Met, (2026, 11, 24), None);
        assert!(met.lies_in(2026, TODAY));
        assert!(!met.lies_in(2025, TODAY));
        assert!(!spell(Of::Met, (2026, 11, 1), Some((2026, 11, 9))).lies_in(2026, TODAY));
        // A posting that is to end later goes on.
        assert!(spell(Of::Posting, (2026, 11, 20), Some((2027, 7, 31))).lies_in(2026, TODAY));
        assert!(!spell(Of::Posting, (2026, 12, 1), Some((2027, 7, 31))).lies_in(2026, TODAY));
    }
}
