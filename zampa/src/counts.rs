//! The rules of counting, as reports ask for them.

use std::collections::BTreeMap;

use base::{Date, Lang, school_year};
use figures::{Cells, CountingRule, Evidence, Figure, Indicator, Measure, Scope, evidence, indicators};
use reports::{By, Counts, Every, Number, Part, Rule, Span, Told};
use rusqlite::Connection;
use web::PageError;

/// The figures' own rules.
pub struct Rules;

impl Counts for Rules {
    fn told(&self, conn: &Connection, today: Date, span: &Span, by: &By) -> Result<Vec<Told>, PageError> {
        let mut out = Vec::new();
        for indicator in indicators(conn, false)? {
            let Some(scope) = narrowed(&indicator.scope, span) else { continue };
            let titles = titles(conn, &indicator)?;
            let beside = indicator.rule.beside.iter().filter_map(|name| figures::rule(name));
            // A rule whose rows are of no cohort has no number of one: it is left out, not told as none.
            for rule in std::iter::once(indicator.rule).chain(beside).filter(|r| scope.undivided(r).is_none()) {
                let rows = evidence(conn, rule, &scope, today)?;
                let cells = Cells::of(conn, rule, &indicator.scope, today)?;
                out.push(Told {
                    code: indicator.code.clone(),
                    own: rule.name == indicator.rule.name,
                    titles: titles.clone(),
                    rule: said(rule),
                    whole: number(&cells.figure(rule, &rows)),
                    parts: parts(rule, rows, *by, &cells),
                });
            }
        }
        Ok(out)
    }

    fn as_of(&self, conn: &Connection) -> Result<String, PageError> {
        Ok(figures::as_of(conn)?.to_string())
    }
}

/// The indicator's scope within the span; none where it is of other cohorts.
fn narrowed(own: &Scope, span: &Span) -> Option<Scope> {
    let cohorts = match span.cohort {
        None => own.cohorts.clone(),
        Some(cohort) if own.cohorts.is_empty() || own.cohorts.contains(&cohort) => [cohort].into(),
        Some(_) => return None,
    };
    Some(Scope { cohorts, from: span.from, to: span.to, ..Scope::default() })
}

fn titles(conn: &Connection, indicator: &Indicator) -> Result<Vec<(Lang, String)>, PageError> {
    let mut out: Vec<(Lang, String)> = vec![(Lang::of_text(&indicator.title), indicator.title.clone())];
    for lang in Lang::ALL {
        let title = indicator.title_in(conn, lang.code())?;
        if out.iter().all(|(l, t)| *l != lang && *t != title) {
            out.push((lang, title));
        }
    }
    Ok(out)
}

fn said(rule: &CountingRule) -> Rule {
    Rule { name: rule.name, version: rule.version, sums: rule.measure == Measure::Sum, about_pupils: rule.about_pupils }
}

fn number(figure: &Figure) -> Number {
    Number { value: figure.value, hash: figure.hash.to_string(), told: figure.is_told() }
}

fn parts(rule: &'static CountingRule, rows: Vec<Evidence>, by: By, cells: &Cells) -> Vec<(Part, Number)> {
    // Of pupils there are numbers of schools and school years, and of nothing finer.
    let by = match (rule.about_pupils, by.every) {
        (false, _) => by,
        (true, Every::Month | Every::Quarter) => return Vec::new(),
        (true, Every::Whole | Every::Year) => By { school: by.school, every: by.every, ..By::default() },
    };
    let mut groups: BTreeMap<Part, Vec<Evidence>> = BTreeMap::new();
    for row in rows {
        let part = Part {
            period: row.day.as_deref().and_then(|day| period(day, by.every)),
            school: row.school.filter(|_| by.school),
            unit: row.unit.filter(|_| by.unit),
            region: row.region.clone().filter(|_| by.unit),
            subject: row.subject.clone().filter(|_| by.subject),
            kind: row.kind.clone().filter(|_| by.kind),
        };
        groups.entry(part).or_default().push(row);
    }
    groups.into_iter().map(|(part, rows)| (part, number(&cells.figure(rule, &rows)))).collect()
}

/// A day's period, as DHIS2 writes it.
fn period(day: &str, every: Every) -> Option<String> {
    let (year, month) = (day.get(..4)?, day.get(5..7)?);
    match every {
        Every::Whole => None,
        Every::Month => Some(format!("{year}{month}")),
        Every::Quarter => Some(format!("{year}Q{}", month.parse::<u8>().ok()?.div_ceil(3))),
        // The financial year that begins in August, as a school year does.
        Every::Year => Some(format!("{}Aug", school_year(day.parse().ok()?))),
    }
}
