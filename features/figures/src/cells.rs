//! Which numbers about pupils are told.
//!
//! The smallest parts of which any is told are *cells*: a school in a school year. A number of anything but whole cells is
//! not told, so no two spans of days can be subtracted. For each cell that is too small there is a *move*: one pupil more
//! in it, and one fewer or more in cells that are large. A number is told only where no move changes it. So whatever is
//! told stays the same with any other small number in the small cell: no sum or difference of told numbers gives it away,
//! nor several small ones together. It is complementary suppression in a table with its margins (Cox, "Suppression
//! methodology and statistical disclosure control", JASA 75, 1980), with the witness that it holds kept beside it.

use std::collections::BTreeMap;

use base::{Date, Subject, school_year};
use records::RecordError;
use register::{FEW, is_few};
use rusqlite::Connection;

use crate::count::{Evidence, Figure, Scope, Untold, evidence, figure};
use crate::rules::CountingRule;

/// A school in a school year. Rows of no school, or of no day, are cells too.
type Cell = (Option<Subject>, Option<i16>);

/// What a cell holds.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    pupils: i64,
    rows: usize,
}

type Table = BTreeMap<Cell, Held>;

/// The cells of a rule about pupils within an indicator; of any other rule none, and all its numbers are told.
#[derive(Debug, Default)]
pub struct Cells {
    table: Table,
    moves: Vec<Vec<(Cell, i64)>>,
}

impl Cells {
    /// The cells of a rule within all that an indicator counts.
    ///
    /// # Errors
    /// What the database says.
    pub fn of(conn: &Connection, rule: &CountingRule, whole: &Scope, today: Date) -> Result<Self, RecordError> {
        Ok(if rule.about_pupils { Self::made(&evidence(conn, rule, whole, today)?) } else { Self::default() })
    }

    fn made(rows: &[Evidence]) -> Self {
        let table = table(rows);
        let moves =
            table.iter().filter(|(_, held)| is_few(held.pupils)).map(|(cell, _)| moved(&table, *cell)).collect();
        Self { table, moves }
    }

    /// The number of rows within the indicator, with why it is not told.
    pub fn figure(&self, rule: &'static CountingRule, rows: &[Evidence]) -> Figure {
        Figure { untold: self.untold(rule, rows), ..figure(rule, rows) }
    }

    /// Why the number of rows is not told.
    pub(crate) fn untold(&self, rule: &CountingRule, rows: &[Evidence]) -> Option<Untold> {
        if !rule.about_pupils {
            return None;
        }
        let within = table(rows);
        if within.iter().any(|(cell, held)| self.table.get(cell).is_none_or(|all| all.rows != held.rows)) {
            return Some(Untold::Part);
        }
        let peopled = rows.iter().filter(|row| row.n > 0).count();
        // That many rows have at least a pupil each, and rows can be seen: "fewer than five" would then be four.
        let says = i64::try_from(peopled).is_ok_and(|n| n < FEW - 1);
        if is_few(within.values().map(|held| held.pupils).sum()) && says {
            return Some(Untold::Few);
        }
        let changes = |a_move: &Vec<(Cell, i64)>| {
            a_move.iter().filter(|(cell, _)| within.contains_key(cell)).map(|(_, by)| by).sum::<i64>() != 0
        };
        self.moves.iter().any(changes).then_some(Untold::Beside)
    }
}

fn table(rows: &[Evidence]) -> Table {
    let mut out = Table::new();
    for row in rows {
        let year = row.day.as_deref().and_then(|day| day.parse().ok()).map(school_year);
        let held = out.entry((row.school, year)).or_default();
        held.pupils += row.n;
        held.rows += 1;
    }
    out
}

/// The move of a small cell: that which costs least. In a square of two schools and two years every total stays told;
/// without one, the totals of two schools are lost rather than those of two years; and with no large cell at all, every
/// total that holds the small one.
fn moved(table: &Table, small: Cell) -> Vec<(Cell, i64)> {
    let n = table.get(&small).map_or(0, |held| held.pupils);
    let pupils = |cell: &Cell| table.get(cell).map_or(0, |held| held.pupils);
    // Together, or less the small one, they stay the same by the move: so whichever of one to four the small one holds,
    // the others are found to be large enough, and that they were chosen says nothing of it.
    let fewer = |cell: &&Cell| **cell != small && pupils(cell) + n >= 2 * FEW - 1;
    let more = |cell: &Cell| pupils(cell) - n >= FEW - 1;
    let large: Vec<Cell> = table.keys().filter(fewer).copied().collect();
    let year = large.iter().filter(|cell| cell.1 == small.1);
    let school = large.iter().filter(|cell| cell.0 == small.0);
    for of_year in year.clone() {
        for of_school in school.clone() {
            let corner = (of_year.0, of_school.1);
            if more(&corner) {
                return vec![(small, 1), (*of_year, -1), (*of_school, -1), (corner, 1)];
            }
        }
    }
    let other = year.chain(school).chain(&large).next();
    std::iter::once((small, 1)).chain(other.map(|other| (*other, -1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Measure, RULES};

    fn pupils() -> &'static CountingRule {
        crate::rules::rule("pupils_counted").unwrap()
    }

    fn rows(of: &[(u8, i16, i64)]) -> Vec<Evidence> {
        let row = |(school, year, n): &(u8, i16, i64)| Evidence {
            id: Subject([*school; 16]),
            key: vec![*school],
            n: *n,
            day: Some(format!("{year}-10-01")),
            cohort: None,
            region: None,
            unit: None,
            school: Some(Subject([*school; 16])),
            subject: None,
            kind: None,
        };
        of.iter().map(row).collect()
    }

    /// Every sum of schools over years that follow each other, told or not.
    fn sums(all: &[Evidence]) -> Vec<(Vec<bool>, i64, bool)> {
        let cells = Cells::made(all);
        let keys: Vec<Cell> = cells.table.keys().copied().collect();
        let mut years: Vec<i16> = keys.iter().filter_map(|cell| cell.1).collect();
        let mut schools: Vec<Option<Option<Subject>>> = keys.iter().map(|cell| Some(cell.0)).collect();
        years.sort_unstable();
        years.dedup();
        schools.dedup();
        schools.push(None);
        let mut out = Vec::new();
        for school in schools {
            for (at, from) in years.iter().enumerate() {
                for to in &years[at..] {
                    let is_in = |cell: &Cell| {
                        school.is_none_or(|s| s == cell.0) && cell.1.is_some_and(|y| (*from..=*to).contains(&y))
                    };
                    let within: Vec<Evidence> = all
                        .iter()
                        .filter(|row| is_in(table(std::slice::from_ref(*row)).keys().next().unwrap()))
                        .cloned()
                        .collect();
                    let told = cells.untold(pupils(), &within).is_none();
                    let n = within.iter().map(|row| row.n).sum();
                    out.push((keys.iter().map(is_in).collect(), n, told));
                }
            }
        }
        out
    }

    /// Whatever is told would be the same with any other small number in each small cell, and none in another small one.
    fn keeps(of: &[(u8, i16, i64)]) {
        let all = rows(of);
        let (sums, cells) = (sums(&all), Cells::made(&all));
        for (small, held) in cells.table.iter().filter(|(_, held)| is_few(held.pupils)) {
            let by = cells.moves.iter().find(|a_move| a_move[0] == (*small, 1)).unwrap();
            for other in 1..FEW {
                let more = |cell: &Cell| {
                    let by: i64 = by.iter().filter(|(of, _)| of == cell).map(|(_, by)| by).sum();
                    by * (other - held.pupils)
                };
                for (cell, held) in cells.table.iter().filter(|(cell, _)| *cell != small) {
                    let as_large = !is_few(held.pupils) && held.pupils + more(cell) >= FEW;
                    assert!(more(cell) == 0 || as_large, "{of:?} {small:?} {cell:?}");
                }
                for (within, _, told) in &sums {
                    let more: i64 =
                        cells.table.keys().zip(within).filter(|(_, is_in)| **is_in).map(|(c, _)| more(c)).sum();
                    assert!(!told || more == 0, "{of:?} {small:?}");
                }
            }
        }
        assert!(sums.iter().all(|(_, n, told)| !told || !is_few(*n)));
    }

    #[test]
    fn no_sum_or_difference_of_what_is_told_is_few() {
        keeps(&[(1, 2025, 3)]);
        keeps(&[(1, 2025, 3), (2, 2025, 30)]);
        keeps(&[(1, 2025, 1), (2, 2025, 1), (3, 2025, 1)]);
        keeps(&[(1, 2024, 20), (1, 2025, 3), (2, 2024, 9), (2, 2025, 30), (3, 2024, 7)]);
        keeps(&[(1, 2024, 2), (1, 2025, 2), (2, 2024, 9), (2, 2025, 9), (3, 2023, 4), (3, 2025, 80)]);
        // Tables of all sorts, by a small generator with a seed.
        let mut seed = 7_u64;
        let mut next = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for _ in 0..400 {
            let mut of = Vec::new();
            for school in 1..=u8::try_from(1 + next(4)).unwrap() {
                for year in 2022..2022 + i16::try_from(1 + next(4)).unwrap() {
                    let n = match next(4) {
                        0 => 0,
                        1 => 1 + next(4),
                        _ => 5 + next(40),
                    };
                    of.push((school, year, i64::try_from(n).unwrap()));
                }
            }
            keeps(&of);
        }
    }

    #[test]
    fn a_square_keeps_every_total() {
        let of = [(1, 2024, 20), (1, 2025, 3), (2, 2024, 30), (2, 2025, 40), (3, 2025, 12)];
        let all = rows(&of);
        let cells = Cells::made(&all);
        let of = |school: Option<u8>, year: Option<i16>| {
            let is_in = |row: &&Evidence| {
                school.is_none_or(|s| row.school == Some(Subject([s; 16])))
                    && year.is_none_or(|y| row.day.as_deref() == Some(&*format!("{y}-10-01")))
            };
            cells.untold(pupils(), &all.iter().filter(is_in).cloned().collect::<Vec<_>>())
        };
        for (school, year) in [(None, None), (Some(1), None), (Some(2), None), (None, Some(2024)), (None, Some(2025))] {
            assert_eq!(of(school, year), None, "{school:?} {year:?}");
        }
        assert_eq!(of(Some(1), Some(2025)), Some(Untold::Few));
        for (school, year) in [(1, 2024), (2, 2024), (2, 2025)] {
            assert_eq!(of(Some(school), Some(year)), Some(Untold::Beside));
        }
        assert_eq!(of(Some(3), Some(2025)), None, "a cell that has no part in it");
        assert_eq!(cells.untold(pupils(), &all[1..]), Some(Untold::Beside));
    }

    #[test]
    fn part_of_a_cell_is_not_told() {
        let all = rows(&[(1, 2025, 20), (1, 2025, 30)]);
        let cells = Cells::made(&all);
        assert_eq!(cells.untold(pupils(), &all), None);
        assert_eq!(cells.untold(pupils(), &all[..1]), Some(Untold::Part));
        // Four of one pupil each: as many rows as could be seen.
        let four = rows(&[(1, 2025, 1), (1, 2025, 1), (1, 2025, 1), (1, 2025, 1)]);
        assert_eq!(Cells::made(&four).untold(pupils(), &four), Some(Untold::Beside));
    }

    #[test]
    fn rules_about_pupils_add_up() {
        // The moves hold for sums alone.
        assert!(RULES.iter().filter(|rule| rule.about_pupils).all(|rule| rule.measure == Measure::Sum));
    }
}
