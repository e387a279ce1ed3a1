//! What reached each school, the least first: lessons over the link, lessons that visitors gave, courses of the library.
//! Schools that nothing reached stand there too, or inequality would not show.

use std::collections::BTreeMap;

use askama::Template;
use base::Subject;
use register::{Look, csv_line};
use rusqlite::Connection;
use web::{NodeKind, PageError, Reply, Request, Shell, Site};

use crate::count::{Evidence, Scope, evidence, figure};
use crate::pages::asked;
use crate::rows::{self, Line};
use crate::rules::{CountingRule, Measure, rule};

/// What can be counted.
const BY: [&str; 3] = ["lessons_reached", "lessons_brought", "courses_reached"];
/// Rows of a school that are shown.
const SHOWN: usize = 500;

#[derive(Template)]
#[template(path = "reach.html")]
struct ReachPage<'a> {
    s: Shell<'a>,
    is_hub: bool,
    by: &'static str,
    says: String,
    choices: Vec<(&'static str, String, bool)>,
    from: String,
    to: String,
    said: String,
    schools: Vec<School>,
    most: i64,
    query: String,
}

/// A school with its number.
struct School {
    id: String,
    name: String,
    n: i64,
}

#[derive(Template)]
#[template(path = "reach_rows.html")]
struct RowsPage<'a> {
    s: Shell<'a>,
    rule: String,
    back: String,
    n: i64,
    count: i64,
    sums: bool,
    signed_in: bool,
    rows: Vec<Line>,
}

fn by(request: &Request) -> Result<&'static CountingRule, PageError> {
    let name = request.query("by").unwrap_or(BY[0]);
    BY.iter().find(|b| **b == name).and_then(|b| rule(b)).ok_or(PageError::NotFound)
}

/// The days that were asked for, and nothing else: a school is a row here.
fn days(request: &Request) -> Result<Scope, PageError> {
    let asked = asked(request)?;
    Ok(Scope { from: asked.from, to: asked.to, ..Scope::default() })
}

/// All schools of this node, the least reached first.
fn schools(look: &Look<'_>, site: &Site, rule: &'static CountingRule, scope: &Scope) -> Result<Vec<School>, PageError> {
    let mut found: BTreeMap<Subject, Vec<Evidence>> = BTreeMap::new();
    for row in evidence(look.conn, rule, scope, site.today())? {
        if let Some(school) = row.school {
            found.entry(school).or_default().push(row);
        }
    }
    let org = look.kinds.get("organisation").ok_or(PageError::NotFound)?;
    let mut stmt = look.conn.prepare_cached(
        "SELECT id FROM organisation WHERE kind IN ('supported_school', 'outlying_school')
         AND coalesce(state, 'active') = 'active' ORDER BY title_key, id",
    )?;
    let ids = stmt.query_map([], |r| r.get::<_, Vec<u8>>(0))?.collect::<Result<Vec<_>, _>>()?;
    let mut out = Vec::new();
    for id in ids.iter().filter_map(|id| Subject::try_from(id.as_slice()).ok()) {
        let n = found.get(&id).map_or(0, |rows| figure(rule, rows).value);
        out.push(School { id: id.to_string(), name: look.title(org, &id)?, n });
    }
    out.sort_by_key(|s| s.n);
    Ok(out)
}

/// How unequal it is, in numbers that one can check in the list: what half of the schools have at most, how many have
/// nothing, and what share the tenth with the most has. `None` where nothing reached any school.
fn unequal(sorted: &[i64]) -> (i64, usize, Option<i64>) {
    let half = sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or(0);
    let none = sorted.iter().filter(|n| **n == 0).count();
    let all: i64 = sorted.iter().sum();
    let most: i64 = sorted.iter().rev().take(sorted.len().div_ceil(10)).sum();
    (half, none, (all > 0).then(|| (most * 100 + all / 2) / all.max(1)))
}

pub(crate) fn page(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let html = site.store.read(|conn: &Connection| {
        let look = Look::new(site, request, conn);
        let (rule, scope) = (by(request)?, days(request)?);
        let schools = schools(&look, site, rule, &scope)?;
        let sorted: Vec<i64> = schools.iter().map(|s| s.n).collect();
        let (half, none, tenth) = unequal(&sorted);
        let words = &look.words;
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let mut said = words.with(
            "reach-half",
            &[("schools", count(schools.len()).into()), ("half", half.into()), ("none", count(none).into())],
        );
        if let Some(share) = tenth {
            said = format!("{said} {}", words.with("reach-tenth", &[("share", share.into())]));
        }
        let word = |name: &str| words.get(&format!("rule-{name}")).into_owned();
        let (from, to) = (scope.from.map(|d| d.to_string()), scope.to.map(|d| d.to_string()));
        let query = [("from", &from), ("to", &to)]
            .iter()
            .filter_map(|(name, day)| day.as_ref().map(|day| format!("&{name}={day}")))
            .collect();
        let page = ReachPage {
            is_hub: site.node_kind == NodeKind::Hub,
            by: rule.name,
            says: words.get(&format!("rule-{}-says", rule.name)).into_owned(),
            choices: BY.iter().map(|name| (*name, word(name), *name == rule.name)).collect(),
            from: from.unwrap_or_default(),
            to: to.unwrap_or_default(),
            said,
            most: sorted.last().copied().unwrap_or(0).max(1),
            query,
            schools,
            s: Shell::new(site, request, words.get("reach-page")),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

pub(crate) fn rows(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let html = site.store.read(|conn: &Connection| {
        let look = Look::new(site, request, conn);
        let school: Subject = request.params.get("school").and_then(|id| id.parse().ok()).ok_or(PageError::NotFound)?;
        let org = look.kinds.get("organisation").ok_or(PageError::NotFound)?;
        let known: bool = conn
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM organisation WHERE id = ?1)")?
            .query_row([school.as_bytes()], |r| r.get(0))?;
        if !known {
            return Err(PageError::NotFound);
        }
        let rule = by(request)?;
        let scope = Scope { school: Some(school), ..days(request)? };
        let mut found = evidence(conn, rule, &scope, site.today())?;
        found.sort_by(|a, b| b.day.cmp(&a.day).then_with(|| b.id.cmp(&a.id)));
        let shown = found.iter().take(SHOWN);
        let page = RowsPage {
            rule: look.words.get(&format!("rule-{}", rule.name)).into_owned(),
            back: format!(
                "/reach{}",
                request.query_with("page", None).split_once('?').map_or(String::new(), |q| format!("?{}", q.1))
            ),
            n: figure(rule, &found).value,
            count: i64::try_from(found.len()).unwrap_or(i64::MAX),
            sums: rule.measure == Measure::Sum,
            signed_in: request.session.is_some(),
            rows: shown.map(|row| rows::line(request, &look, rule, row, None)).collect::<Result<_, _>>()?,
            s: Shell::new(site, request, look.title(org, &school)?),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

pub(crate) fn csv(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let out = site.store.read(|conn: &Connection| {
        let look = Look::new(site, request, conn);
        let scope = days(request)?;
        let mut out = register::sheet();
        let rules: Vec<&'static CountingRule> = BY.iter().filter_map(|name| rule(name)).collect();
        let mut head = vec![look.words.get("reach-csv-school").into_owned()];
        head.extend(rules.iter().map(|r| look.words.get(&format!("rule-{}", r.name)).into_owned()));
        csv_line(&mut out, head.iter().map(String::as_str));
        let mut lines: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
        for rule in rules {
            for school in schools(&look, site, rule, &scope)? {
                lines.entry(school.id).or_insert_with(|| (school.name, Vec::new())).1.push(school.n.to_string());
            }
        }
        for (name, numbers) in lines.values() {
            csv_line(&mut out, std::iter::once(name.as_str()).chain(numbers.iter().map(String::as_str)));
        }
        Ok::<_, PageError>(out)
    })?;
    Ok(Reply::Bytes("text/csv; charset=utf-8", Some(register::sheet_name(site, "reach")), out.into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::unequal;

    #[test]
    fn how_unequal_it_is_can_be_checked_by_hand() {
        assert_eq!(unequal(&[0, 0, 1, 2, 3, 4, 5, 6, 7, 72]), (3, 2, Some(72)));
        assert_eq!(unequal(&[5, 5, 5]), (5, 0, Some(33)));
        assert_eq!(unequal(&[0, 0]), (0, 2, None));
        assert_eq!(unequal(&[]), (0, 0, None));
    }
}
