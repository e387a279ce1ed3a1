//! The rows behind a figure: as a page, and as a file.

use std::collections::BTreeMap;

use askama::Template;
use base::{Date, SCHOOL_YEAR_BEGINS, Subject, school_year};
use register::Look;
use rusqlite::Connection;
use web::{PageError, Reply, Request, Shell, Site};

use crate::cells::Cells;
use crate::count::{Evidence, Figure, Indicator, Scope, Untold, as_of, evidence, indicators};
use crate::pages::{NOT_TOLD, Narrow, asked, both, narrow, no_number, number, why_untold};
use crate::rules::{CountingRule, rule};

/// Rows of a page.
const PAGE: usize = 100;

pub(crate) struct Line {
    pub code: String,
    pub href: Option<String>,
    pub title: String,
    pub n: String,
    pub day: String,
    pub cells: Vec<String>,
}

/// A figure divided by one dimension; each part is counted anew from its own rows.
struct Part {
    title: String,
    lines: Vec<(String, String, i64)>,
    most: i64,
}

#[derive(Template)]
#[template(path = "evidence.html")]
struct OnePage<'a> {
    s: Shell<'a>,
    number: String,
    unit: String,
    says: String,
    rule: String,
    version: u32,
    scope: String,
    as_of: String,
    digest: String,
    /// Of a number that is told: of one that is not, the hash could be tried with each small number.
    hash: Option<String>,
    count: i64,
    rows: Vec<Line>,
    sums: bool,
    signed_in: bool,
    narrow: Narrow,
    parts: Vec<Part>,
    rule_name: &'static str,
    previous: Option<String>,
    next: Option<String>,
    place: String,
    csv: String,
    /// Why neither a number nor rows are shown.
    untold: Option<String>,
    /// A number of the parts is left out, so that no small one can be told by it.
    left_out: bool,
    /// Whole schools and school years have numbers, and hardly any row has.
    by_cells: bool,
}

/// The indicator and the rule that an address names: the indicator's own, or one shown beside it.
fn found(site: &Site, conn: &Connection, request: &Request) -> Result<(Indicator, &'static CountingRule), PageError> {
    let code = request.params.get("code").map(String::as_str).unwrap_or_default();
    let keeper = match (site.kinds.get("indicator"), &request.session) {
        (Some(kind), Some(session)) => session.reader.may_make(kind),
        _ => false,
    };
    let indicator = indicators(conn, keeper)?.into_iter().find(|i| i.code == code).ok_or(PageError::NotFound)?;
    let chosen = match request.query("rule") {
        None => indicator.rule,
        Some(name) if name == indicator.rule.name => indicator.rule,
        Some(name) if indicator.rule.beside.contains(&name) => rule(name).ok_or(PageError::NotFound)?,
        Some(_) => return Err(PageError::NotFound),
    };
    Ok((indicator, chosen))
}

pub(crate) fn one(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let html = site.store.read(|conn| {
        let (indicator, rule) = found(site, conn, request)?;
        let words = request.words(site);
        let narrowed = asked(request)?;
        let scope = both(&indicator.scope, &narrowed);
        let no_number = no_number(&words, rule, scope.as_ref());
        let mut rows = match &scope {
            Some(scope) if no_number.is_none() => evidence(conn, rule, scope, site.today())?,
            _ => Vec::new(),
        };
        let counted = no_number.is_none();
        let cells = Cells::of(conn, rule, &indicator.scope, site.today())?;
        let figure = cells.figure(rule, &rows);
        let untold = no_number.or_else(|| figure.untold.map(|untold| why_untold(&words, untold)));
        // The newest first: who has just recorded something finds it at the top.
        rows.sort_by(|a, b| b.day.cmp(&a.day).then_with(|| b.id.cmp(&a.id)));
        let pages = rows.len().div_ceil(PAGE).max(1);
        let page = request.query("page").and_then(|p| p.parse().ok()).unwrap_or(1).clamp(1, pages);
        let shown = rows.iter().skip((page - 1) * PAGE).take(PAGE);
        let look = Look::new(site, request, conn);
        let lines = if untold.is_some() {
            Vec::new()
        } else {
            shown.map(|row| line(request, &look, rule, row, alone(&cells, rule, row))).collect::<Result<_, _>>()?
        };
        let (parts, left_out) = if untold.is_some() { (Vec::new(), false) } else { parts(&look, rule, &rows, &cells)? };
        let title = if rule.name == indicator.rule.name {
            indicator.title_in(conn, request.lang.code())?
        } else {
            words.get(&format!("rule-{}", rule.name)).into_owned()
        };
        let turn = |to: usize| {
            let base = request.query_with("page", None);
            let mark = if base.contains('?') { '&' } else { '?' };
            format!("{base}{mark}page={to}")
        };
        let out = OnePage {
            number: if counted { number(&words, figure.untold, figure.value) } else { NOT_TOLD.to_owned() },
            unit: words.get(&format!("rule-{}-unit", rule.name)).into_owned(),
            says: words.get(&format!("rule-{}-says", rule.name)).into_owned(),
            rule: words.get(&format!("rule-{}", rule.name)).into_owned(),
            rule_name: rule.name,
            version: rule.version,
            scope: scope_words(&look, site, scope.as_ref().unwrap_or(&narrowed))?,
            as_of: words.moment(site.now_ms(), &site.zone()),
            digest: as_of(conn)?.to_string().chars().take(16).collect(),
            hash: figure.is_told().then(|| figure.hash.to_string()),
            count: i64::try_from(rows.len()).unwrap_or(i64::MAX),
            rows: lines,
            sums: rule.measure == crate::rules::Measure::Sum,
            signed_in: request.session.is_some(),
            narrow: narrow(site, request, conn)?,
            parts,
            left_out,
            by_cells: rule.about_pupils && untold.is_none(),
            previous: (page > 1).then(|| turn(page - 1)),
            next: (page < pages).then(|| turn(page + 1)),
            place: format!("{page} / {pages}"),
            csv: format!("/csv{}", request.query_with("page", None)),
            untold,
            s: Shell::new(site, request, title),
        };
        Ok::<_, PageError>(out.render()?)
    })?;
    Ok(Reply::Page(html))
}

/// A row for the reader: who is signed in sees the record; publicly it has a code made for this release, its
/// month, its unit or school and its kind, and no name of a person.
pub(crate) fn line(
    request: &Request,
    look: &Look<'_>,
    rule: &CountingRule,
    row: &Evidence,
    untold: Option<Untold>,
) -> Result<Line, PageError> {
    let org = look.kinds.get("organisation").ok_or(PageError::NotFound)?;
    let mut cells = Vec::new();
    for place in [&row.unit, &row.school] {
        cells.push(place.as_ref().map_or(Ok(String::new()), |id| look.title(org, id))?);
    }
    let kind = row.kind.as_deref().map(|k| look.words.get(&format!("word-{k}")).into_owned());
    cells.push(kind.unwrap_or_default());
    let day = row.day.as_deref().unwrap_or_default();
    let kind = look.kinds.get(rule.rows_are).ok_or(PageError::NotFound)?;
    let may = request.session.as_ref().is_some_and(|s| s.reader.may_read(kind));
    let code = base::base32::encode(row.id.as_bytes()).chars().rev().take(8).collect();
    Ok(Line {
        code,
        href: may.then(|| format!("/{}/{}", kind.route, row.id)),
        title: if may { look.title(kind, &row.id)? } else { String::new() },
        n: match untold {
            Some(Untold::Few) => register::FEW_SAID.to_owned(),
            Some(Untold::Part | Untold::Beside) => NOT_TOLD.to_owned(),
            None => row.n.to_string(),
        },
        day: if may { look.date(day) } else { day.chars().take(7).collect() },
        cells,
    })
}

/// Why the number of a single row is not told: of pupils, it is one only where its school has no other in that year.
fn alone(cells: &Cells, rule: &CountingRule, row: &Evidence) -> Option<Untold> {
    cells.untold(rule, std::slice::from_ref(row))
}

/// The days of a school year.
fn year_said(look: &Look<'_>, year: i16) -> Option<String> {
    let begins = |year| Date::new(year, SCHOOL_YEAR_BEGINS, 1).ok();
    let (first, last) = (begins(year)?, begins(year + 1)?.yesterday().ok()?);
    Some(format!("{} – {}", look.words.date(first), look.words.date(last)))
}

/// Lines of a part that are shown.
const LINES: usize = 30;

/// The parts, and whether a number of one is left out beside one that is too small.
fn parts(
    look: &Look<'_>,
    rule: &'static CountingRule,
    rows: &[Evidence],
    cells: &Cells,
) -> Result<(Vec<Part>, bool), PageError> {
    let org = look.kinds.get("organisation").ok_or(PageError::NotFound)?;
    let place = |id: Option<Subject>| id.map(|id| look.title(org, &id)).transpose();
    let words = look.words;
    let (mut out, mut left_out) = (Vec::new(), false);
    let by: &[(&str, &str)] = if rule.about_pupils {
        &[("figure-school-year", "school_year"), ("field-school", "school")]
    } else {
        &[("field-kind", "kind"), ("figure-year", "year"), ("field-school", "school"), ("figure-region", "region")]
    };
    for (key, name) in by.iter().copied() {
        let mut groups: BTreeMap<String, Vec<Evidence>> = BTreeMap::new();
        for row in rows {
            let of = match name {
                "kind" => row.kind.as_ref().map(|k| words.get(&format!("word-{k}")).into_owned()),
                "year" => row.day.as_ref().map(|d| d.chars().take(4).collect()),
                "school_year" => {
                    let day: Option<Date> = row.day.as_deref().and_then(|day| day.parse().ok());
                    day.and_then(|day| year_said(look, school_year(day)))
                }
                "school" => place(row.school)?,
                _ => row.region.as_deref().map(|region| look.region(region)).transpose()?,
            };
            if let Some(of) = of {
                groups.entry(of).or_default().push(row.clone());
            }
        }
        if groups.len() < 2 {
            continue;
        }
        let mut lines: Vec<(String, String, i64)> = Vec::with_capacity(groups.len());
        for (of, rows) in groups {
            let part: Figure = cells.figure(rule, &rows);
            left_out |= part.untold == Some(Untold::Beside);
            lines.push((of, number(&words, part.untold, part.value), if part.is_told() { part.value } else { 0 }));
        }
        if !["year", "school_year"].contains(&name) {
            lines.sort_by_key(|l| std::cmp::Reverse(l.2));
        }
        lines.truncate(LINES);
        let most = lines.iter().map(|l| l.2).max().unwrap_or(1).max(1);
        out.push(Part { title: words.get(key).into_owned(), lines, most });
    }
    Ok((out, left_out))
}

fn scope_words(look: &Look<'_>, site: &Site, scope: &Scope) -> Result<String, PageError> {
    let mut parts = Vec::new();
    for (name, ids) in [
        ("cohort", scope.cohorts.iter().collect::<Vec<_>>()),
        ("organisation", scope.unit.iter().chain(&scope.school).collect()),
    ] {
        let kind = look.kinds.get(name).ok_or(PageError::NotFound)?;
        for id in ids {
            parts.push(look.title(kind, id)?);
        }
    }
    parts.extend(scope.region.as_deref().map(|region| look.region(region)).transpose()?);
    parts.extend(scope.subject.as_ref().map(|s| look.words.get(&format!("word-{s}")).into_owned()));
    match (scope.from, scope.to) {
        (None, None) => {}
        (from, to) => parts.push(format!(
            "{} – {}",
            from.map(|d| look.words.date(d)).unwrap_or_default(),
            to.map(|d| look.words.date(d)).unwrap_or_default()
        )),
    }
    if parts.is_empty() {
        parts.push(site.node_called(look.words.lang()));
    }
    Ok(parts.join(" · "))
}

pub(crate) fn csv(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let bytes = site.store.read(|conn| {
        let (indicator, rule) = found(site, conn, request)?;
        let scope = both(&indicator.scope, &asked(request)?).filter(|scope| scope.undivided(rule).is_none());
        let scope = scope.ok_or(PageError::Rule("figure-undivided".to_owned()))?;
        let rows = evidence(conn, rule, &scope, site.today())?;
        let cells = Cells::of(conn, rule, &indicator.scope, site.today())?;
        let figure = cells.figure(rule, &rows);
        let look = Look::new(site, request, conn);
        let mut out = register::sheet();
        let hash = if figure.is_told() { figure.hash.to_string() } else { String::new() };
        out.push_str(&format!("\"rule\",\"{}\",\"version\",{},\"hash\",\"{hash}\"\r\n", rule.name, rule.version));
        out.push_str("code,n,day,unit,school,kind\r\n");
        for row in rows.iter().filter(|_| figure.is_told()) {
            let l = line(request, &look, rule, row, alone(&cells, rule, row))?;
            let cells: Vec<String> = l.cells.iter().map(|c| format!("\"{}\"", c.replace('"', "\"\""))).collect();
            out.push_str(&format!("{},\"{}\",\"{}\",{}\r\n", l.code, l.n, l.day, cells.join(",")));
        }
        Ok::<_, PageError>(out.into_bytes())
    })?;
    Ok(Reply::Bytes("text/csv; charset=utf-8", Some(register::sheet_name(site, "evidence")), bytes))
}
