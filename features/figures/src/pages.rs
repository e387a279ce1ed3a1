//! The figures, and the rows behind each.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use base::{Date, Subject};
use register::Look;
use rusqlite::Connection;
use web::{Check, PageError, Reply, Request, Route, Shell, Site, escape};

use crate::count::{Evidence, Figure, Indicator, Scope, as_of, count, evidence, figure, indicators};
use crate::rules::{CountingRule, rule};

/// Rows of a page.
const PAGE: usize = 100;
/// Figures kept in memory.
const KEPT: usize = 500;

type Kept = BTreeMap<(&'static str, Scope), (u64, Date, Figure)>;

/// Figures that were counted since the log last changed. Counting again gives the same, only later.
#[derive(Default)]
pub struct Counted {
    generation: AtomicU64,
    kept: Mutex<Kept>,
}

impl std::fmt::Debug for Counted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Counted")
    }
}

impl Counted {
    /// The log has changed.
    pub fn changed(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// A figure, counted if it is not kept.
    ///
    /// # Errors
    /// What the database says.
    pub fn figure(
        &self,
        conn: &Connection,
        rule: &'static CountingRule,
        scope: &Scope,
        today: Date,
    ) -> Result<Figure, PageError> {
        // Read before counting: a change in between makes what is kept too old, never too new.
        let now = self.generation.load(Ordering::SeqCst);
        let key = (rule.name, scope.clone());
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some((_, _, figure)) = kept.filter(|(at, day, _)| *at == now && *day == today) {
            return Ok(figure);
        }
        let figure = count(conn, rule, scope, today)?;
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= KEPT {
            all.clear();
        }
        all.insert(key, (now, today, figure.clone()));
        Ok(figure)
    }
}

/// The room's routes.
pub fn routes(counted: &Arc<Counted>) -> Vec<Route> {
    let (a, b) = (Arc::clone(counted), Arc::clone(counted));
    vec![
        Route::get("/figures", Check::Public, move |site, r| list(site, r, &a)),
        Route::get("/figures/{code}", Check::Public, move |site, r| one(site, r, &b)),
        Route::get("/csv/figures/{code}", Check::Public, csv),
    ]
}

/// A figure as a card shows it.
pub struct Card {
    /// Its address.
    pub href: String,
    /// Its title.
    pub title: String,
    /// The number in words.
    pub number: String,
    /// The number.
    pub value: i64,
    /// What it counts.
    pub unit: String,
    /// What its rule says.
    pub says: String,
    /// What is shown beside it: title, number, address.
    pub beside: Vec<(String, String, String)>,
    /// What was declared elsewhere.
    pub declared: Vec<String>,
}

/// The card of an indicator.
///
/// # Errors
/// What the database says.
pub fn card(
    site: &Site,
    request: &Request,
    conn: &Connection,
    counted: &Counted,
    indicator: &Indicator,
    narrowed: &Scope,
) -> Result<Card, PageError> {
    let words = request.words(site);
    let scope = both(&indicator.scope, narrowed);
    let today = site.today();
    let main = counted.figure(conn, indicator.rule, &scope, today)?;
    let query = scope_query(narrowed);
    let mut beside = Vec::new();
    for other in indicator.rule.beside.iter().filter_map(|name| rule(name)) {
        let found = counted.figure(conn, other, &scope, today)?;
        beside.push((
            words.get(&format!("rule-{}", other.name)).into_owned(),
            number(&words, &found),
            format!("/figures/{}?rule={}{query}", escape(&indicator.code), other.name),
        ));
    }
    let mut stmt = conn.prepare_cached(
        "SELECT number, coalesce(at_least, 0), source FROM declared_total
         WHERE indicator = ?1 AND state = 'entered' ORDER BY declared_on",
    )?;
    let declared = stmt
        .query_map([indicator.id.as_bytes()], |r| {
            Ok((r.get::<_, i64>(0)?, r.get::<_, bool>(1)?, r.get::<_, String>(2)?))
        })?
        .map(|row| {
            let (n, at_least, source) = row?;
            let key = if at_least { "figure-declared-more" } else { "figure-declared" };
            Ok(words.with(key, &[("n", n.into()), ("source", source.as_str().into())]))
        })
        .collect::<Result<_, rusqlite::Error>>()?;
    Ok(Card {
        href: format!("/figures/{}{}", escape(&indicator.code), query.replacen('&', "?", 1)),
        title: indicator.title_in(conn, request.lang.code())?,
        number: number(&words, &main),
        value: main.value,
        unit: words.get(&format!("rule-{}-unit", main.rule)).into_owned(),
        says: words.get(&format!("rule-{}-says", main.rule)).into_owned(),
        beside,
        declared,
    })
}

fn number(words: &text::Words<'_>, figure: &Figure) -> String {
    if figure.suppressed { "<5".to_owned() } else { words.number(figure.value) }
}

fn both(one: &Scope, narrowed: &Scope) -> Scope {
    let cohorts = if narrowed.cohorts.is_empty() {
        one.cohorts.clone()
    } else if one.cohorts.is_empty() {
        narrowed.cohorts.clone()
    } else {
        one.cohorts.intersection(&narrowed.cohorts).copied().collect()
    };
    Scope { cohorts, ..narrowed.clone() }
}

/// What the reader narrowed the figures to.
fn asked(request: &Request) -> Result<Scope, PageError> {
    let id = |name: &str| -> Result<Option<Subject>, PageError> {
        request.query(name).map(|v| v.parse().map_err(|_| PageError::NotFound)).transpose()
    };
    let date = |name: &str| -> Result<Option<Date>, PageError> {
        request.query(name).map(|v| v.parse().map_err(|_| PageError::Malformed("a date"))).transpose()
    };
    Ok(Scope {
        cohorts: id("cohort")?.into_iter().collect(),
        region: request.query("region").map(ToOwned::to_owned),
        unit: id("unit")?,
        school: id("school")?,
        subject: request.query("subject").map(ToOwned::to_owned),
        from: date("from")?,
        to: date("to")?,
    })
}

fn scope_query(scope: &Scope) -> String {
    let mut out = String::new();
    let mut put = |name: &str, value: String| out.push_str(&format!("&{name}={}", escape(&value)));
    scope.cohorts.iter().for_each(|c| put("cohort", c.to_string()));
    scope.region.iter().for_each(|r| put("region", r.clone()));
    scope.unit.iter().for_each(|u| put("unit", u.to_string()));
    scope.school.iter().for_each(|s| put("school", s.to_string()));
    scope.subject.iter().for_each(|s| put("subject", s.clone()));
    scope.from.iter().for_each(|d| put("from", d.to_string()));
    scope.to.iter().for_each(|d| put("to", d.to_string()));
    out
}

type Options = Vec<(String, String, bool)>;

/// The controls that narrow the figures.
pub struct Narrow {
    choices: Vec<(&'static str, String, Options)>,
    from: String,
    to: String,
}

fn narrow(site: &Site, request: &Request, conn: &Connection) -> Result<Narrow, PageError> {
    let look = Look::new(site, request, conn);
    let words = look.words;
    let chosen = |name: &str, value: &str| request.query(name) == Some(value);
    let pairs = |name: &'static str, sql: &str| -> Result<Options, PageError> {
        let mut stmt = conn.prepare_cached(sql)?;
        let rows = stmt.query_map([], |r| Ok((r.get::<_, Vec<u8>>(0)?, r.get::<_, Option<String>>(1)?)))?;
        rows.map(|row| {
            let (id, title) = row?;
            let id = Subject::try_from(id.as_slice()).unwrap_or_default().to_string();
            let on = chosen(name, &id);
            Ok((id, title.unwrap_or_default(), on))
        })
        .collect()
    };
    let mut choices = vec![
        (
            "cohort",
            words.get("field-cohort").into_owned(),
            pairs("cohort", "SELECT id, title FROM cohort ORDER BY ordinal")?,
        ),
        (
            "school",
            words.get("word-supported_school").into_owned(),
            pairs("school", "SELECT id, title FROM organisation WHERE kind = 'supported_school' ORDER BY title_key")?,
        ),
        (
            "unit",
            words.get("word-assisting_unit").into_owned(),
            pairs("unit", "SELECT id, title FROM organisation WHERE kind = 'assisting_unit' ORDER BY title_key")?,
        ),
    ];
    let mut stmt = conn.prepare_cached(
        "SELECT DISTINCT region FROM organisation WHERE kind = 'assisting_unit' AND region IS NOT NULL ORDER BY 1",
    )?;
    let regions = stmt.query_map([], |r| r.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    let regions = regions.into_iter().map(|r| (r.clone(), r.clone(), chosen("region", &r))).collect();
    choices.push(("region", words.get("figure-region").into_owned(), regions));
    let subjects = records::vocabulary::SUBJECTS
        .iter()
        .map(|s| ((*s).to_owned(), words.get(&format!("word-{s}")).into_owned(), chosen("subject", s)))
        .collect();
    choices.push(("subject", words.get("field-subject").into_owned(), subjects));
    Ok(Narrow {
        choices,
        from: request.query("from").unwrap_or_default().to_owned(),
        to: request.query("to").unwrap_or_default().to_owned(),
    })
}

#[derive(Template)]
#[template(path = "figures.html")]
struct ListPage<'a> {
    s: Shell<'a>,
    cards: Vec<Card>,
    narrow: Narrow,
    is_hub: bool,
    may_make: bool,
    as_of: String,
}

fn list(site: &Site, request: &Request, counted: &Counted) -> Result<Reply, PageError> {
    let html = site.store.read(|conn| {
        let scope = asked(request)?;
        let cards = indicators(conn)?
            .iter()
            .map(|i| card(site, request, conn, counted, i, &scope))
            .collect::<Result<Vec<_>, PageError>>()?;
        let words = request.words(site);
        let may_make = match (site.kinds.get("indicator"), &request.session) {
            (Some(kind), Some(session)) => session.reader.may_make(kind),
            _ => false,
        };
        let page = ListPage {
            cards,
            narrow: narrow(site, request, conn)?,
            is_hub: site.node_kind == web::NodeKind::Hub,
            may_make,
            as_of: words.moment(site.now_ms(), &site.zone()),
            s: Shell::new(site, request, words.get("figures")),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

struct Line {
    code: String,
    href: Option<String>,
    title: String,
    n: i64,
    day: String,
    cells: Vec<String>,
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
    hash: String,
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
    suppressed: bool,
}

/// The indicator and the rule that an address names: the indicator's own, or one shown beside it.
fn found(conn: &Connection, request: &Request) -> Result<(Indicator, &'static CountingRule), PageError> {
    let code = request.params.get("code").map(String::as_str).unwrap_or_default();
    let indicator = indicators(conn)?.into_iter().find(|i| i.code == code).ok_or(PageError::NotFound)?;
    let chosen = match request.query("rule") {
        None => indicator.rule,
        Some(name) if name == indicator.rule.name => indicator.rule,
        Some(name) if indicator.rule.beside.contains(&name) => rule(name).ok_or(PageError::NotFound)?,
        Some(_) => return Err(PageError::NotFound),
    };
    Ok((indicator, chosen))
}

fn one(site: &Site, request: &Request, counted: &Counted) -> Result<Reply, PageError> {
    let _ = counted;
    let html = site.store.read(|conn| {
        let (indicator, rule) = found(conn, request)?;
        let words = request.words(site);
        let narrowed = asked(request)?;
        let scope = both(&indicator.scope, &narrowed);
        let mut rows = evidence(conn, rule, &scope, site.today())?;
        let figure = figure(rule, &rows);
        // The newest first: who has just recorded something finds it at the top.
        rows.sort_by(|a, b| b.day.cmp(&a.day).then_with(|| b.id.cmp(&a.id)));
        let pages = rows.len().div_ceil(PAGE).max(1);
        let page = request.query("page").and_then(|p| p.parse().ok()).unwrap_or(1).clamp(1, pages);
        let shown = rows.iter().skip((page - 1) * PAGE).take(PAGE);
        let look = Look::new(site, request, conn);
        let lines = if figure.suppressed {
            Vec::new()
        } else {
            shown.map(|row| line(request, &look, rule, row)).collect::<Result<_, _>>()?
        };
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
            number: number(&words, &figure),
            unit: words.get(&format!("rule-{}-unit", rule.name)).into_owned(),
            says: words.get(&format!("rule-{}-says", rule.name)).into_owned(),
            rule: words.get(&format!("rule-{}", rule.name)).into_owned(),
            rule_name: rule.name,
            version: rule.version,
            scope: scope_words(&look, site, &scope)?,
            as_of: words.moment(site.now_ms(), &site.zone()),
            digest: as_of(conn)?.to_string().chars().take(16).collect(),
            hash: figure.hash.to_string(),
            count: i64::try_from(rows.len()).unwrap_or(i64::MAX),
            rows: lines,
            sums: rule.measure == crate::rules::Measure::Sum,
            signed_in: request.session.is_some(),
            narrow: narrow(site, request, conn)?,
            parts: if figure.suppressed { Vec::new() } else { parts(&look, rule, &rows)? },
            previous: (page > 1).then(|| turn(page - 1)),
            next: (page < pages).then(|| turn(page + 1)),
            place: format!("{page} / {pages}"),
            csv: format!("/csv{}", request.query_with("page", None)),
            suppressed: figure.suppressed,
            s: Shell::new(site, request, title),
        };
        Ok::<_, PageError>(out.render()?)
    })?;
    Ok(Reply::Page(html))
}

/// A row for the reader: who is signed in sees the record; publicly it has a code made for this release, its
/// month, its unit or school and its kind, and no name of a person.
fn line(request: &Request, look: &Look<'_>, rule: &CountingRule, row: &Evidence) -> Result<Line, PageError> {
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
        n: row.n,
        day: if may { look.date(day) } else { day.chars().take(7).collect() },
        cells,
    })
}

/// Lines of a part that are shown.
const LINES: usize = 30;

fn parts(look: &Look<'_>, rule: &'static CountingRule, rows: &[Evidence]) -> Result<Vec<Part>, PageError> {
    let org = look.kinds.get("organisation").ok_or(PageError::NotFound)?;
    let place = |id: Option<Subject>| id.map(|id| look.title(org, &id)).transpose();
    let words = look.words;
    let mut out = Vec::new();
    for (key, name) in
        [("field-kind", "kind"), ("figure-year", "year"), ("field-school", "school"), ("figure-region", "region")]
    {
        let mut groups: BTreeMap<String, Vec<Evidence>> = BTreeMap::new();
        for row in rows {
            let of = match name {
                "kind" => row.kind.as_ref().map(|k| words.get(&format!("word-{k}")).into_owned()),
                "year" => row.day.as_ref().map(|d| d.chars().take(4).collect()),
                "school" => place(row.school)?,
                _ => row.region.clone(),
            };
            if let Some(of) = of {
                groups.entry(of).or_default().push(row.clone());
            }
        }
        if groups.len() < 2 {
            continue;
        }
        let mut lines: Vec<(String, String, i64)> = groups
            .into_iter()
            .map(|(of, rows)| {
                let part = figure(rule, &rows);
                (of, number(&words, &part), if part.suppressed { 0 } else { part.value })
            })
            .collect();
        if name != "year" {
            lines.sort_by_key(|l| std::cmp::Reverse(l.2));
        }
        lines.truncate(LINES);
        let most = lines.iter().map(|l| l.2).max().unwrap_or(1).max(1);
        out.push(Part { title: words.get(key).into_owned(), lines, most });
    }
    Ok(out)
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
    parts.extend(scope.region.clone());
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
        parts.push(site.node_title.clone());
    }
    Ok(parts.join(" · "))
}

fn csv(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let bytes = site.store.read(|conn| {
        let (indicator, rule) = found(conn, request)?;
        let scope = both(&indicator.scope, &asked(request)?);
        let rows = evidence(conn, rule, &scope, site.today())?;
        let figure = figure(rule, &rows);
        let look = Look::new(site, request, conn);
        let mut out = String::from("\u{feff}");
        if site.demonstration {
            out.push_str(&format!("\"{}\"\r\n", look.words.get("demonstration-strip").replace('"', "\"\"")));
        }
        let hash = figure.hash;
        out.push_str(&format!("\"rule\",\"{}\",\"version\",{},\"hash\",\"{hash}\"\r\n", rule.name, rule.version));
        out.push_str("code,n,day,unit,school,kind\r\n");
        for row in rows.iter().filter(|_| !figure.suppressed) {
            let l = line(request, &look, rule, row)?;
            let cells: Vec<String> = l.cells.iter().map(|c| format!("\"{}\"", c.replace('"', "\"\""))).collect();
            out.push_str(&format!("{},{},\"{}\",{}\r\n", l.code, l.n, l.day, cells.join(",")));
        }
        Ok::<_, PageError>(out.into_bytes())
    })?;
    Ok(Reply::Bytes("text/csv; charset=utf-8", Some("evidence.csv".to_owned()), bytes))
}
