//! The figures as cards, and what narrows them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use base::{Date, Subject};
use register::Look;
use rusqlite::Connection;
use web::{Check, PageError, Reply, Request, Route, Shell, Site, escape};

use crate::cells::Cells;
use crate::count::{Figure, Indicator, Scope, Untold, evidence, indicators};
use crate::reach;
use crate::rows;
use crate::rules::{CountingRule, rule};

/// Figures kept in memory.
const KEPT: usize = 500;

/// By the rule, all that the indicator counts, and what the reader narrowed it to.
type Kept = BTreeMap<(&'static str, Scope, Scope), (u64, Date, Figure)>;

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

    /// A figure of a part of what an indicator counts, counted if it is not kept.
    ///
    /// # Errors
    /// What the database says.
    pub fn figure(
        &self,
        conn: &Connection,
        rule: &'static CountingRule,
        whole: &Scope,
        scope: &Scope,
        today: Date,
    ) -> Result<Figure, PageError> {
        // Read before counting: a change in between makes what is kept too old, never too new.
        let now = self.generation.load(Ordering::SeqCst);
        let key = (rule.name, whole.clone(), scope.clone());
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some((_, _, figure)) = kept.filter(|(at, day, _)| *at == now && *day == today) {
            return Ok(figure);
        }
        let rows = evidence(conn, rule, scope, today)?;
        let figure = Cells::of(conn, rule, whole, today)?.figure(rule, &rows);
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
    let a = Arc::clone(counted);
    vec![
        Route::get("/figures", Check::Public, move |site, r| list(site, r, &a)),
        Route::get("/figures/{code}", Check::Public, rows::one),
        Route::get("/csv/figures/{code}", Check::Public, rows::csv),
        Route::get("/reach", Check::Public, reach::page),
        Route::get("/reach/{school}", Check::Public, reach::rows),
        Route::get("/csv/reach", Check::Public, reach::csv),
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
    /// The number for machines; empty where it is not told.
    pub value: String,
    /// What it counts, or why there is no number.
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
    // The number, where the rule has one for what the reader narrowed it to, and what is said of it.
    let of = |rule: &'static CountingRule| -> Result<(Option<Figure>, String, String), PageError> {
        let why = no_number(&words, rule, scope.as_ref());
        let (None, Some(scope)) = (&why, &scope) else {
            return Ok((None, NOT_TOLD.to_owned(), why.unwrap_or_default()));
        };
        let figure = counted.figure(conn, rule, &indicator.scope, scope, today)?;
        let unit = match figure.untold {
            Some(Untold::Part) => "figure-by-years".to_owned(),
            Some(Untold::Beside) => "figure-kept".to_owned(),
            Some(Untold::Few) | None => format!("rule-{}-unit", rule.name),
        };
        let said = number(&words, figure.untold, figure.value);
        Ok((Some(figure), said, words.get(&unit).into_owned()))
    };
    let (main, said, unit) = of(indicator.rule)?;
    let query = scope_query(narrowed);
    let mut beside = Vec::new();
    for other in indicator.rule.beside.iter().filter_map(|name| rule(name)) {
        let (_, said, unit) = of(other)?;
        beside.push((
            words.get(&format!("rule-{}", other.name)).into_owned(),
            if said == NOT_TOLD { unit } else { said },
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
        number: said,
        value: main.filter(Figure::is_told).map(|f| f.value.to_string()).unwrap_or_default(),
        unit,
        says: words.get(&format!("rule-{}-says", indicator.rule.name)).into_owned(),
        beside,
        declared,
    })
}

/// What stands where no number does.
pub(crate) const NOT_TOLD: &str = "—";

/// A number as it is told.
pub(crate) fn number(words: &text::Words<'_>, untold: Option<Untold>, value: i64) -> String {
    match untold {
        None => words.number(value),
        Some(Untold::Few) => register::FEW_SAID.to_owned(),
        Some(Untold::Part | Untold::Beside) => NOT_TOLD.to_owned(),
    }
}

/// Why a number is not told, in so many words.
pub(crate) fn why_untold(words: &text::Words<'_>, untold: Untold) -> String {
    let key = match untold {
        Untold::Few => "figure-small",
        Untold::Part => "figure-cells",
        Untold::Beside => "figure-withheld",
    };
    words.get(key).into_owned()
}

/// That the rows of a rule do not have what they were narrowed by.
fn undivided(words: &text::Words<'_>, dimension: &str) -> String {
    let key = if dimension == "region" { "figure-region".to_owned() } else { format!("field-{dimension}") };
    words.with("figure-undivided", &[("text", (&*words.get(&key)).into())])
}

/// What is counted of an indicator that was narrowed; none where it is of other cohorts than those that were asked for.
pub(crate) fn both(one: &Scope, narrowed: &Scope) -> Option<Scope> {
    let cohorts = if narrowed.cohorts.is_empty() {
        one.cohorts.clone()
    } else if one.cohorts.is_empty() {
        narrowed.cohorts.clone()
    } else {
        // Empty would mean all of them.
        Some(one.cohorts.intersection(&narrowed.cohorts).copied().collect()).filter(|c: &BTreeSet<_>| !c.is_empty())?
    };
    Some(Scope { cohorts, ..narrowed.clone() })
}

/// Why an indicator has no number of what it was narrowed to.
pub(crate) fn no_number(words: &text::Words<'_>, rule: &CountingRule, scope: Option<&Scope>) -> Option<String> {
    match scope {
        None => Some(words.get("figure-other-cohorts").into_owned()),
        Some(scope) => scope.undivided(rule).map(|dimension| undivided(words, dimension)),
    }
}

/// What the reader narrowed the figures to.
pub(crate) fn asked(request: &Request) -> Result<Scope, PageError> {
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
    pub(crate) choices: Vec<(&'static str, String, Options)>,
    pub(crate) from: String,
    pub(crate) to: String,
}

pub(crate) fn narrow(site: &Site, request: &Request, conn: &Connection) -> Result<Narrow, PageError> {
    let look = Look::new(site, request, conn);
    let words = look.words;
    let chosen = |name: &str, value: &str| request.query(name) == Some(value);
    let titles = |name: &'static str, kind: &str, which: &str| -> Result<Options, PageError> {
        let kind = site.kinds.get(kind).ok_or(PageError::NotFound)?;
        let sql = format!("SELECT t.id, {} FROM {} t {which}", kind.called("t", words.lang()), kind.name);
        let mut stmt = conn.prepare_cached(&sql)?;
        let rows = stmt.query_map([], |r| Ok((r.get::<_, Vec<u8>>(0)?, r.get::<_, Option<String>>(1)?)))?;
        rows.map(|row| {
            let (id, title) = row?;
            let id = Subject::try_from(id.as_slice()).unwrap_or_default().to_string();
            let on = chosen(name, &id);
            Ok((id, title.unwrap_or_default(), on))
        })
        .collect()
    };
    let places = |name: &'static str, word: &str| {
        titles(name, "organisation", &format!("WHERE t.kind = '{word}' ORDER BY t.title_key"))
    };
    let label = |key: &str| words.get(key).into_owned();
    let mut choices = vec![
        ("cohort", label("field-cohort"), titles("cohort", "cohort", "ORDER BY t.ordinal")?),
        ("school", label("word-supported_school"), places("school", "supported_school")?),
        ("unit", label("word-assisting_unit"), places("unit", "assisting_unit")?),
    ];
    let mut stmt = conn.prepare_cached(
        "SELECT DISTINCT region FROM organisation WHERE kind = 'assisting_unit' AND region IS NOT NULL ORDER BY 1",
    )?;
    let regions = stmt.query_map([], |r| r.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    let regions = regions.into_iter().map(|r| Ok((r.clone(), look.region(&r)?, chosen("region", &r))));
    choices.push(("region", label("figure-region"), regions.collect::<Result<_, PageError>>()?));
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
        let may_make = match (site.kinds.get("indicator"), &request.session) {
            (Some(kind), Some(session)) => session.reader.may_make(kind),
            _ => false,
        };
        let cards = indicators(conn, may_make)?
            .iter()
            .map(|i| card(site, request, conn, counted, i, &scope))
            .collect::<Result<Vec<_>, PageError>>()?;
        let words = request.words(site);
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
