//! What was promised beside what arrived. People, people who come to learn, and training are counted from the records that
//! are there anyway; the rest from deliveries, those that the receiving school confirmed apart from those that were only told.

use std::collections::{BTreeMap, BTreeSet};

use base::Subject;
use rusqlite::Connection;
use web::PageError;

/// Partnerships that are read.
const MOST: i64 = 500;

/// A row behind a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub kind: &'static str,
    pub id: Subject,
    pub day: String,
    /// How many; of money, hundredths.
    pub n: i64,
    /// Confirmed by the receiving school, or counted from what is recorded there.
    pub confirmed: bool,
}

/// A commitment with what came of it.
#[derive(Clone, Debug)]
pub(crate) struct Promise {
    pub id: Subject,
    pub what: String,
    pub kind: String,
    /// How many; of money, hundredths. None where the commitment names no number.
    pub promised: Option<i64>,
    pub due: Option<String>,
    pub state: String,
    pub kept_on: Option<String>,
    pub rows: Vec<Row>,
}

/// How a commitment stands, in the order in which it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stands {
    /// All of it is confirmed, in time.
    Full,
    /// All of it is confirmed; some of it came after its day.
    FullLate,
    /// There is time yet.
    Open,
    /// Its day has passed and not all of it is confirmed.
    Late,
    /// It was dropped.
    Dropped,
}

impl Promise {
    pub fn is_money(&self) -> bool {
        self.kind == "money"
    }
    /// Whether its rows are counted from other records.
    pub fn is_counted(&self) -> bool {
        matches!(&*self.kind, "people" | "shadowing" | "training")
    }
    pub fn confirmed(&self) -> i64 {
        self.rows.iter().filter(|r| r.confirmed).map(|r| r.n).sum()
    }
    pub fn told(&self) -> i64 {
        self.rows.iter().filter(|r| !r.confirmed).map(|r| r.n).sum()
    }
    /// What is still to come, by what is confirmed; of what was dropped, nothing is awaited.
    pub fn open(&self) -> Option<i64> {
        self.promised.filter(|_| self.state != "dropped").map(|p| (p - self.confirmed()).max(0))
    }
    pub fn stands(&self, today: &str) -> Stands {
        if self.state == "dropped" {
            return Stands::Dropped;
        }
        let wanted = self.promised.unwrap_or(1);
        let by = |day: Option<&str>| -> i64 {
            let in_time = |r: &&Row| r.confirmed && day.is_none_or(|d| &*r.day <= d);
            self.rows.iter().filter(in_time).map(|r| r.n).sum()
        };
        let due = self.due.as_deref();
        if by(due) >= wanted {
            Stands::Full
        } else if by(None) >= wanted {
            Stands::FullLate
        } else if due.is_some_and(|d| d < today) {
            Stands::Late
        } else {
            Stands::Open
        }
    }
}

/// A partnership that was signed, with its commitments.
#[derive(Clone, Debug)]
pub(crate) struct Deal {
    pub id: Subject,
    pub title: String,
    pub unit: Subject,
    pub school: Subject,
    pub signed_on: String,
    ended_on: Option<String>,
    asked: bool,
    pub promises: Vec<Promise>,
}

fn id(bytes: Option<Vec<u8>>) -> Subject {
    bytes.and_then(|b| Subject::try_from(b.as_slice()).ok()).unwrap_or_default()
}

/// The partnerships that were signed: one, or of a unit or a school, or all.
pub(crate) fn deals(
    conn: &Connection,
    one: Option<Subject>,
    unit: Option<Subject>,
    school: Option<Subject>,
    today: &str,
) -> Result<Vec<Deal>, PageError> {
    let mut stmt = conn.prepare_cached(&format!(
        "WITH signed AS (
           SELECT p.id, coalesce(p.title, '') AS title, p.unit, p.school, p.signed_on, p.ended_on, o.title_key,
                  (?1 IS NULL OR p.id = ?1) AND (?2 IS NULL OR p.unit = ?2) AND (?3 IS NULL OR p.school = ?3) AS asked
           FROM partnership p LEFT JOIN organisation o ON o.id = p.school
           WHERE p.state IN ('signed', 'ended') AND p.signed_on IS NOT NULL AND p.home IS NULL
         )
         -- With others of the same units: what came counts once over all of them.
         SELECT id, title, unit, school, signed_on, ended_on, asked FROM signed
         WHERE unit IN (SELECT unit FROM signed WHERE asked) ORDER BY title_key, signed_on, id LIMIT {MOST}"
    ))?;
    let asked = [one, unit, school].map(|id| id.map(|id| id.0.to_vec()));
    let rows = stmt.query_map(rusqlite::params_from_iter(asked), |r| {
        Ok(Deal {
            id: id(r.get(0)?),
            title: r.get(1)?,
            unit: id(r.get(2)?),
            school: id(r.get(3)?),
            signed_on: r.get(4)?,
            ended_on: r.get(5)?,
            asked: r.get(6)?,
            promises: Vec::new(),
        })
    })?;
    let mut out = rows.collect::<Result<Vec<_>, _>>()?;
    for deal in &mut out {
        deal.promises = promises(conn, deal)?;
    }
    counted(conn, &mut out, today)?;
    out.retain(|deal| deal.asked);
    Ok(out)
}

fn promises(conn: &Connection, deal: &Deal) -> Result<Vec<Promise>, PageError> {
    let mut stmt = conn.prepare_cached(
        "SELECT id, coalesce(what, ''), coalesce(kind, ''), amount, number, due_on, coalesce(state, 'open'), kept_on
         FROM commitment WHERE partnership = ?1 ORDER BY due_on IS NULL, due_on, id",
    )?;
    let rows = stmt.query_map([deal.id.as_bytes()], |r| {
        let kind: String = r.get(2)?;
        Ok(Promise {
            id: id(r.get(0)?),
            what: r.get(1)?,
            promised: if kind == "money" { r.get(3)? } else { r.get(4)? },
            kind,
            due: r.get(5)?,
            state: r.get(6)?,
            kept_on: r.get(7)?,
            rows: Vec::new(),
        })
    })?;
    let mut out = rows.collect::<Result<Vec<_>, _>>()?;
    let mut told = conn.prepare_cached(
        "SELECT id, delivered_on, coalesce(amount, number, 0), state = 'confirmed' FROM delivery
         WHERE commitment = ?1 AND state IN ('told', 'confirmed') ORDER BY delivered_on, id",
    )?;
    for promise in out.iter_mut().filter(|p| !p.is_counted()) {
        let rows = told.query_map([promise.id.as_bytes()], |r| {
            Ok(Row { kind: "delivery", id: id(r.get(0)?), day: r.get(1)?, n: r.get(2)?, confirmed: r.get(3)? })
        })?;
        promise.rows = rows.collect::<Result<_, _>>()?;
    }
    Ok(out)
}

/// What came, with the partnerships in whose time it came.
type Came = (Row, BTreeSet<usize>);

/// Counts what is recorded anyway.
fn counted(conn: &Connection, deals: &mut [Deal], today: &str) -> Result<(), PageError> {
    let sources = [
        ("people", "posting", include_str!("../../queries/came.sql")),
        ("shadowing", "reverse_posting", include_str!("../../queries/shadowed.sql")),
        ("training", "activity", include_str!("../../queries/trained.sql")),
    ];
    for (promised, kind, sql) in sources {
        // Of two units that gave a training together, each gave it.
        let mut came: BTreeMap<(String, Subject, Subject), Came> = BTreeMap::new();
        let mut stmt = conn.prepare_cached(sql)?;
        for (at, deal) in deals.iter().enumerate().filter(|(_, d)| d.promises.iter().any(|p| p.kind == promised)) {
            let until = deal.ended_on.as_deref().unwrap_or(today);
            let rows = stmt.query_map(
                rusqlite::params![deal.unit.as_bytes(), deal.school.as_bytes(), deal.signed_on, until],
                |r| Ok(Row { kind, id: id(r.get(0)?), day: r.get(1)?, n: r.get(2)?, confirmed: true }),
            )?;
            for row in rows {
                let row = row?;
                let of = (row.day.clone(), row.id, deal.unit);
                came.entry(of).or_insert_with(|| (row, BTreeSet::new())).1.insert(at);
            }
        }
        share_out(deals, promised, came.into_values().filter(|(row, _)| row.n > 0));
    }
    Ok(())
}

/// Gives each row, in the order of days, to one commitment of its kind, so that nothing counts twice: among the partnerships
/// in whose time it came, the commitment that is due first takes what comes until it is full, and what is beyond all of
/// them stays with the last.
fn share_out(deals: &mut [Deal], kind: &str, rows: impl Iterator<Item = Came>) {
    let of_deals = deals.iter_mut().enumerate().flat_map(|(at, deal)| deal.promises.iter_mut().map(move |p| (at, p)));
    let mut takers: Vec<(usize, &mut Promise)> =
        of_deals.filter(|(_, p)| p.kind == kind && p.state != "dropped").collect();
    takers.sort_by(|(_, a), (_, b)| (a.due.is_none(), &a.due).cmp(&(b.due.is_none(), &b.due)));
    for (row, among) in rows {
        let open = takers.iter().position(|(at, p)| among.contains(at) && p.open() != Some(0));
        let taker = open.or_else(|| takers.iter().rposition(|(at, _)| among.contains(at)));
        if let Some((_, taker)) = taker.and_then(|at| takers.get_mut(at)) {
            taker.rows.push(row);
        }
    }
}

/// How many commitments stand how.
pub(crate) fn tally<'a>(promises: impl Iterator<Item = &'a Promise>, today: &str) -> BTreeMap<Stands, i64> {
    let mut out = BTreeMap::new();
    for promise in promises {
        *out.entry(promise.stands(today)).or_insert(0) += 1;
    }
    out
}

/// The key of the words for how a commitment stands.
pub(crate) fn key(stands: Stands) -> &'static str {
    match stands {
        Stands::Full => "promise-full",
        Stands::FullLate => "promise-full-late",
        Stands::Late => "promise-late",
        Stands::Open => "promise-open",
        Stands::Dropped => "promise-dropped",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn promise(kind: &str, promised: i64, due: &str) -> Promise {
        Promise {
            id: Subject::default(),
            what: String::new(),
            kind: kind.to_owned(),
            promised: Some(promised),
            due: Some(due.to_owned()),
            state: "open".to_owned(),
            kept_on: None,
            rows: Vec::new(),
        }
    }

    fn row(day: &str, n: i64, confirmed: bool) -> Row {
        Row { kind: "delivery", id: Subject::default(), day: day.to_owned(), n, confirmed }
    }

    fn deal<const N: usize>(promises: [Promise; N]) -> Deal {
        Deal {
            id: Subject::default(),
            title: String::new(),
            unit: Subject::default(),
            school: Subject::default(),
            signed_on: "2018-01-01".to_owned(),
            ended_on: None,
            asked: true,
            promises: promises.into(),
        }
    }

    fn taken(deals: &[Deal]) -> Vec<Vec<usize>> {
        deals.iter().map(|d| d.promises.iter().map(|p| p.rows.len()).collect()).collect()
    }

    #[test]
    fn what_came_counts_once_for_the_commitment_that_is_due_first() {
        let mut deals = [deal([
            promise("people", 2, "2020-01-01"),
            promise("money", 9, "2020-01-01"),
            promise("people", 3, "2021-01-01"),
        ])];
        let rows = ["2019-02-01", "2019-03-01", "2020-05-01", "2020-06-01", "2020-07-01", "2020-08-01"];
        share_out(&mut deals, "people", rows.map(|d| (row(d, 1, true), BTreeSet::from([0]))).into_iter());
        assert_eq!(taken(&deals), [[2, 0, 4]]);
        assert_eq!(deals[0].promises[0].rows[0].day, "2019-02-01");
        assert_eq!(deals[0].promises.iter().map(Promise::open).collect::<Vec<_>>(), [Some(0), Some(9), Some(0)]);
    }

    #[test]
    fn what_came_counts_once_over_two_partnerships_that_run() {
        let mut deals = [deal([promise("people", 2, "2020-01-01")]), deal([promise("people", 3, "2021-01-01")])];
        // The first came before the second was signed.
        let among = |n: usize| if n == 0 { BTreeSet::from([0]) } else { BTreeSet::from([0, 1]) };
        let rows = ["2019-02-01", "2019-03-01", "2020-05-01", "2020-06-01"];
        share_out(&mut deals, "people", rows.into_iter().enumerate().map(|(n, d)| (row(d, 1, true), among(n))));
        assert_eq!(taken(&deals), [[2], [2]]);
        // What came in the time of one alone is not another's, however full that is.
        let only = |d| (row(d, 1, true), BTreeSet::from([0]));
        share_out(&mut deals, "people", ["2020-09-01"].map(only).into_iter());
        assert_eq!(taken(&deals), [[3], [2]]);
    }

    #[test]
    fn only_what_is_confirmed_counts_and_a_day_that_passed_is_late() {
        let mut money = promise("money", 10_000_001, "2021-01-01");
        money.rows = vec![row("2020-05-01", 10_000_000, true), row("2020-06-01", 1, false)];
        assert_eq!((money.confirmed(), money.told(), money.open()), (10_000_000, 1, Some(1)));
        assert_eq!(money.stands("2020-12-31"), Stands::Open);
        assert_eq!(money.stands("2021-01-02"), Stands::Late);
        money.rows[1].confirmed = true;
        assert_eq!(money.stands("2021-01-02"), Stands::Full);
        money.rows[1].day = "2021-02-01".to_owned();
        assert_eq!(money.stands("2021-03-01"), Stands::FullLate);
    }
}
