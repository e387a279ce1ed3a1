//! A school's bell times: all in one form, since they change together.

use std::collections::BTreeMap;

use askama::Template;
use base::Subject;
use log::{Context, Tx};
use records::{Change, REMOVED, Value};
use register::{Look, Refusal, change_in, make_in};
use web::{PageError, Reply, Request, Shell, Site, set_cookie};

use crate::days::Span;
use crate::facts::PERIOD;
use crate::read::{self, Period};

/// Rows of the form.
const MAX_ROWS: usize = 20;
/// Rows that a school without bell times is offered.
const FIRST_ROWS: usize = 8;
/// Rows that are free after those that are filled.
const FREE_ROWS: usize = 2;

#[derive(Template)]
#[template(path = "bells.html")]
struct BellsPage<'a> {
    s: Shell<'a>,
    id: String,
    back: String,
    school: String,
    rows: Vec<Row>,
    errors: Vec<(usize, String)>,
    writes: bool,
}

/// A row of the form, as it was typed.
#[derive(Clone, Debug, Default)]
struct Row {
    n: usize,
    id: String,
    name: String,
    starts: String,
    ends: String,
    bad: bool,
}

/// The form.
pub(crate) fn page(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let rows = site.store.read(|conn| {
        read::school(site, conn, request.reader()?, &id)?;
        read::periods(conn, request.reader()?, &id)
    })?;
    let of = |(n, p): (usize, &Period)| Row {
        n,
        id: p.id.to_string(),
        name: p.name.clone(),
        starts: p.starts.clone(),
        ends: p.ends.clone(),
        bad: false,
    };
    let rows = rows.iter().enumerate().map(of).collect();
    Ok(Reply::Page(shown(site, request, &id, rows, &[])?))
}

fn shown(
    site: &Site,
    request: &Request,
    id: &Subject,
    mut rows: Vec<Row>,
    errors: &[(usize, &'static str)],
) -> Result<String, PageError> {
    site.store.read(|conn| {
        let school = read::school(site, conn, request.reader()?, id)?;
        let look = Look::new(site, request, conn);
        let words = look.words;
        let wanted = if rows.is_empty() { FIRST_ROWS } else { (rows.len() + FREE_ROWS).min(MAX_ROWS) };
        let first = rows.is_empty();
        for n in rows.len()..wanted {
            // A school that begins is told what a period may be called.
            let name = if first { words.with("period-nth", &[("n", (n + 1).into())]) } else { String::new() };
            rows.push(Row { n, name, ..Row::default() });
        }
        for row in &mut rows {
            row.bad = errors.iter().any(|(n, _)| *n == row.n);
        }
        let said = |(n, key): &(usize, &'static str)| {
            (*n, words.with("period-row-wrong", &[("n", (n + 1).into()), ("text", (&words.get(key)).into())]))
        };
        let page = BellsPage {
            id: id.to_string(),
            back: format!("/timetables/{id}"),
            school: look.title(read::kind(site, "organisation")?, id)?,
            rows,
            errors: errors.iter().map(said).collect(),
            writes: school.writes,
            s: Shell::new(site, request, words.get("period-list")),
        };
        Ok::<_, PageError>(page.render()?)
    })
}

/// The rows that were sent, and what is wrong with them. A row without hours is none.
fn typed(request: &Request) -> (Vec<Row>, Vec<(usize, &'static str)>) {
    let mut rows = Vec::new();
    let mut wrong = Vec::new();
    let all = |name: &'static str| request.form_all(name).map(str::trim).collect::<Vec<_>>();
    let (ids, names, starts, ends) = (all("period"), all("name"), all("starts"), all("ends"));
    for (n, name) in names.iter().enumerate().take(MAX_ROWS) {
        let at = |of: &[&str]| of.get(n).copied().unwrap_or_default().to_owned();
        let clean = text::clean_line(name, 120);
        if clean.is_err() {
            wrong.push((n, "error-too-long"));
        }
        let row =
            Row { n, id: at(&ids), name: clean.unwrap_or_default(), starts: at(&starts), ends: at(&ends), bad: false };
        let hours = !row.starts.is_empty() || !row.ends.is_empty();
        if hours && Span::of(&row.starts, &row.ends).is_none() {
            wrong.push((n, "rule-period-hours"));
        } else if row.name.is_empty() && hours {
            wrong.push((n, "error-required"));
        }
        rows.push(row);
    }
    (rows, wrong)
}

/// Writes what differs: rows that are new, changed, or were emptied.
pub(crate) fn save(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let (rows, wrong) = typed(request);
    if !wrong.is_empty() {
        return Ok(Reply::Invalid(shown(site, request, &id, rows, &wrong)?));
    }
    let result =
        site.store.write(Context { author: request.reader()?.person }, |tx| write(tx, site, request, id, &rows));
    match result {
        Ok(()) => Ok(Reply::ToWith(format!("/timetables/{id}"), vec![set_cookie("zampa_note", "done-saved", 60)])),
        Err(At(n, Refusal::Page(PageError::Rule(code)))) => {
            let key = match code.as_str() {
                "period-in-use" => "rule-period-in-use",
                "period-once" => "rule-period-once",
                "period-meets" => "rule-period-meets",
                _ => "rule-period-hours",
            };
            Ok(Reply::Invalid(shown(site, request, &id, rows, &[(n, key)])?))
        }
        Err(At(_, Refusal::Page(e))) => Err(e),
        Err(At(n, Refusal::Fields(_))) => {
            Ok(Reply::Invalid(shown(site, request, &id, rows, &[(n, "error-not-understood")])?))
        }
    }
}

/// A refusal, with the row that it is about.
struct At(usize, Refusal);

impl From<log::LogError> for At {
    fn from(e: log::LogError) -> Self {
        Self(0, e.into())
    }
}

fn write(tx: &Tx<'_>, site: &Site, request: &Request, school: Subject, rows: &[Row]) -> Result<(), At> {
    let page = |e: PageError| At(0, Refusal::Page(e));
    let reader = request.reader().map_err(page)?;
    if !read::school(site, tx.conn(), reader, &school).map_err(page)?.writes {
        return Err(page(PageError::NotAllowed));
    }
    let old = read::periods(tx.conn(), reader, &school).map_err(page)?;
    let known: BTreeMap<String, &Period> = old.iter().map(|p| (p.id.to_string(), p)).collect();
    let mut kept: Vec<&Row> = rows.iter().filter(|r| !r.starts.is_empty()).collect();
    // What was taken out goes first, then what is there in the order of its hours.
    for row in rows.iter().filter(|r| r.starts.is_empty()) {
        if let Some(period) = known.get(&row.id) {
            let used: bool = tx
                .conn()
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM timetable_lesson WHERE period = ?1)")
                .and_then(|mut stmt| stmt.query_row([period.id.as_bytes()], |r| r.get(0)))
                .map_err(|e| At(row.n, e.into()))?;
            if used {
                return Err(At(row.n, PageError::Rule("period-in-use".to_owned()).into()));
            }
            let change = Change::new().with(REMOVED, Value::Bool(true));
            change_in(tx, site, reader, &PERIOD, period.id, change, None).map_err(|e| At(row.n, e))?;
        }
    }
    kept.sort_by(|a, b| a.starts.cmp(&b.starts));
    for pair in kept.windows(2) {
        if let [a, b] = pair
            && Span::of(&a.starts, &a.ends).zip(Span::of(&b.starts, &b.ends)).is_some_and(|(a, b)| a.meets(b))
        {
            return Err(At(b.n, PageError::Rule("period-meets".to_owned()).into()));
        }
    }
    // Two of them may change places: numbers that are free are given first.
    let moved = kept
        .iter()
        .enumerate()
        .any(|(i, r)| known.get(&r.id).is_some_and(|p| usize::try_from(p.position) != Ok(i + 1)));
    if moved {
        return shift(tx, site, request, school, &kept, &known);
    }
    for (i, row) in kept.iter().enumerate() {
        one(tx, site, request, school, row, i + 1, known.get(&row.id).copied()).map_err(|e| At(row.n, e))?;
    }
    Ok(())
}

/// Where rows changed their order, each is written without the check of its number until all are, and then checked.
fn shift(
    tx: &Tx<'_>,
    site: &Site,
    request: &Request,
    school: Subject,
    kept: &[&Row],
    known: &BTreeMap<String, &Period>,
) -> Result<(), At> {
    for (i, row) in kept.iter().enumerate() {
        let Some(period) = known.get(&row.id) else { continue };
        let change = differing(period, row, i + 1);
        if change.is_empty() {
            continue;
        }
        let scope =
            records::record_scope(tx.conn(), site.programme, &PERIOD, &period.id).map_err(|e| At(row.n, e.into()))?;
        records::append(tx, &PERIOD, scope, period.id, change, None).map_err(|e| At(row.n, e.into()))?;
    }
    for (i, row) in kept.iter().enumerate() {
        match known.get(&row.id) {
            Some(period) => records::check(tx, &PERIOD, &period.id).map_err(|e| At(row.n, e.into()))?,
            None => one(tx, site, request, school, row, i + 1, None).map_err(|e| At(row.n, e))?,
        }
    }
    Ok(())
}

fn differing(period: &Period, row: &Row, position: usize) -> Change {
    let mut change = Change::new();
    for (field, old, new) in [
        ("name", &period.name, &row.name),
        ("starts_at", &period.starts, &row.starts),
        ("ends_at", &period.ends, &row.ends),
    ] {
        if old != new {
            change = change.with_text(field, new.as_str());
        }
    }
    let position = i64::try_from(position).unwrap_or(0);
    if period.position != position {
        change = change.with("position", Value::Int(position));
    }
    change
}

fn one(
    tx: &Tx<'_>,
    site: &Site,
    request: &Request,
    school: Subject,
    row: &Row,
    position: usize,
    old: Option<&Period>,
) -> Result<(), Refusal> {
    if let Some(old) = old {
        let change = differing(old, row, position);
        if !change.is_empty() {
            change_in(tx, site, request.reader()?, &PERIOD, old.id, change, None)?;
        }
        return Ok(());
    }
    let change = Change::new()
        .with_link("school", school)
        .with("position", Value::Int(i64::try_from(position).unwrap_or(0)))
        .with_text("name", row.name.as_str())
        .with_text("starts_at", row.starts.as_str())
        .with_text("ends_at", row.ends.as_str());
    make_in(tx, site, request, &PERIOD, change, None, None)?;
    Ok(())
}
