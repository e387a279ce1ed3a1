//! The public account of what was promised and what arrived.

use askama::Template;
use base::Subject;
use register::Look;
use web::{NodeKind, PageError, Reply, Request, Shell, Site};

use crate::facts::{COMMITMENT, DELIVERY, PARTNERSHIP};
use crate::promises::count::{Deal, Promise, Row, Stands, deals, key, tally};

/// Rows of a number that are shown; all of them are in the file.
const SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "promises.html")]
struct ListPage<'a> {
    s: Shell<'a>,
    schools: Vec<(String, String, bool)>,
    units: Vec<(String, String, bool)>,
    deals: Vec<DealLine>,
    totals: Vec<(String, i64)>,
    csv: String,
    is_hub: bool,
}

struct DealLine {
    href: String,
    title: String,
    unit: String,
    school: String,
    signed: String,
    count: i64,
    full: i64,
    late: i64,
    open: i64,
}

#[derive(Template)]
#[template(path = "promise.html")]
struct OnePage<'a> {
    s: Shell<'a>,
    unit: String,
    school: String,
    signed: String,
    record: Option<String>,
    promises: Vec<PromiseLine>,
    csv: String,
    is_hub: bool,
    signed_in: bool,
}

struct PromiseLine {
    id: String,
    what: String,
    kind: String,
    promised: String,
    confirmed: String,
    told: String,
    open: String,
    due: String,
    stands: String,
    tone: &'static str,
    /// What the parties declared, where nothing is recorded that bears it out.
    declared: Option<String>,
    counted: bool,
    rows: Vec<RowLine>,
    /// How many there are, with those that are not shown.
    all: i64,
    more: i64,
    add: Option<String>,
}

struct RowLine {
    code: String,
    href: Option<String>,
    title: String,
    day: String,
    kind: String,
    n: String,
    confirmed: bool,
}

fn asked(request: &Request, name: &str) -> Result<Option<Subject>, PageError> {
    request.query(name).map(|v| v.parse().map_err(|_| PageError::NotFound)).transpose()
}

fn choices(look: &Look<'_>, column: &str, chosen: Option<Subject>) -> Result<Vec<(String, String, bool)>, PageError> {
    let organisation = look.kinds.get("organisation").ok_or(PageError::NotFound)?;
    let mut stmt = look.conn.prepare_cached(&format!(
        "SELECT DISTINCT p.{column} FROM partnership p JOIN organisation o ON o.id = p.{column}
         WHERE p.state IN ('signed', 'ended') ORDER BY o.title_key"
    ))?;
    let ids = stmt.query_map([], |r| r.get::<_, Vec<u8>>(0))?.collect::<Result<Vec<_>, _>>()?;
    let ids = ids.iter().filter_map(|b| Subject::try_from(b.as_slice()).ok());
    ids.map(|id| Ok((id.to_string(), look.title(organisation, &id)?, chosen == Some(id)))).collect()
}

pub(crate) fn list(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (unit, school) = (asked(request, "unit")?, asked(request, "school")?);
    let today = site.today().to_string();
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let organisation = look.kinds.get("organisation").ok_or(PageError::NotFound)?;
        let found = deals(conn, None, unit, school, &today)?;
        let all = tally(found.iter().flat_map(|d| &d.promises), &today);
        let line = |deal: &Deal| {
            let tally = tally(deal.promises.iter(), &today);
            let n = |stands: Stands| tally.get(&stands).copied().unwrap_or(0);
            Ok::<_, PageError>(DealLine {
                href: format!("/promises/{}", deal.id),
                title: deal.title.clone(),
                unit: look.title(organisation, &deal.unit)?,
                school: look.title(organisation, &deal.school)?,
                signed: look.date(&deal.signed_on),
                count: i64::try_from(deal.promises.len()).unwrap_or(0),
                full: n(Stands::Full) + n(Stands::FullLate),
                late: n(Stands::Late),
                open: n(Stands::Open),
            })
        };
        let page = ListPage {
            schools: choices(&look, "school", school)?,
            units: choices(&look, "unit", unit)?,
            deals: found.iter().map(line).collect::<Result<_, _>>()?,
            totals: all.into_iter().map(|(stands, n)| (look.words.get(key(stands)).into_owned(), n)).collect(),
            csv: format!("/csv{}", request.query_with("", None)),
            is_hub: site.node_kind == NodeKind::Hub,
            s: Shell::new(site, request, look.words.get("promise-page")),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

/// A number of a commitment as it is read: money with its hundredths.
fn number(look: &Look<'_>, promise: &Promise, n: i64) -> Result<String, PageError> {
    let field = COMMITMENT.field(if promise.is_money() { "amount" } else { "number" }).ok_or(PageError::NotFound)?;
    Ok(look.cell(&COMMITMENT, field, rusqlite::types::ValueRef::Integer(n))?.text)
}

fn tone(stands: Stands) -> &'static str {
    match stands {
        Stands::Full | Stands::FullLate => "ok",
        Stands::Late => "bad",
        Stands::Open => "wait",
        Stands::Dropped => "",
    }
}

pub(crate) fn one(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (id, today) = (request.id("id")?, site.today().to_string());
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let organisation = look.kinds.get("organisation").ok_or(PageError::NotFound)?;
        let found = deals(conn, Some(id), None, None, &today)?;
        let deal = found.first().ok_or(PageError::NotFound)?;
        let lines = deal.promises.iter().map(|p| promise_line(request, &look, deal, p, &today));
        let reads = request.session.as_ref().is_some_and(|s| s.reader.may_read(&PARTNERSHIP));
        let page = OnePage {
            unit: look.title(organisation, &deal.unit)?,
            school: look.title(organisation, &deal.school)?,
            signed: look.date(&deal.signed_on),
            record: reads.then(|| format!("/partnerships/{}", deal.id)),
            promises: lines.collect::<Result<_, _>>()?,
            csv: format!("/csv/promises?partnership={}", deal.id),
            is_hub: site.node_kind == NodeKind::Hub,
            signed_in: request.session.is_some(),
            s: Shell::new(site, request, deal.title.clone()),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

fn promise_line(
    request: &Request,
    look: &Look<'_>,
    deal: &Deal,
    promise: &Promise,
    today: &str,
) -> Result<PromiseLine, PageError> {
    let words = &look.words;
    let stands = promise.stands(today);
    let writes = request.session.as_ref().is_some_and(|s| s.reader.may_make(&DELIVERY));
    let add = format!(
        "/deliveries/new?commitment={}&unit={}&place={}&what={}",
        promise.id,
        deal.unit,
        deal.school,
        web::escape(&promise.what)
    );
    let said = |n: Option<i64>| n.map_or_else(|| Ok("—".to_owned()), |n| number(look, promise, n));
    let declared = promise.kept_on.as_ref().filter(|_| !matches!(stands, Stands::Full | Stands::FullLate));
    Ok(PromiseLine {
        id: promise.id.to_string(),
        what: promise.what.clone(),
        kind: register::label(words, &COMMITMENT, COMMITMENT.field("kind"), &promise.kind),
        promised: said(promise.promised)?,
        confirmed: number(look, promise, promise.confirmed())?,
        told: number(look, promise, promise.told())?,
        open: said(promise.open())?,
        due: promise.due.as_ref().map(|d| look.date(d)).unwrap_or_default(),
        stands: words.get(key(stands)).into_owned(),
        tone: tone(stands),
        declared: declared.map(|d| words.with("promise-declared", &[("text", look.date(d).as_str().into())])),
        counted: promise.is_counted(),
        rows: promise.rows.iter().take(SHOWN).map(|r| row_line(request, look, promise, r)).collect::<Result<_, _>>()?,
        all: i64::try_from(promise.rows.len()).unwrap_or(0),
        more: i64::try_from(promise.rows.len().saturating_sub(SHOWN)).unwrap_or(0),
        add: (writes && !promise.is_counted() && promise.state != "dropped").then_some(add),
    })
}

/// A row for the reader: who may see its record opens it; otherwise it has a code, its month, and no name.
fn row_line(request: &Request, look: &Look<'_>, promise: &Promise, row: &Row) -> Result<RowLine, PageError> {
    let kind = look.kinds.get(row.kind).ok_or(PageError::NotFound)?;
    let may = match &request.session {
        Some(session) => {
            session.reader.may_read(kind) && register::visible(look.conn, &session.reader, kind, &row.id).is_ok()
        }
        None => false,
    };
    let code = base::base32::encode(row.id.as_bytes()).chars().rev().take(8).collect();
    Ok(RowLine {
        code,
        href: may.then(|| format!("/{}/{}", kind.route, row.id)),
        title: if may { look.title(kind, &row.id)? } else { String::new() },
        day: if may { look.date(&row.day) } else { row.day.chars().take(7).collect() },
        kind: look.words.get(kind.name).into_owned(),
        n: number(look, promise, row.n)?,
        confirmed: row.confirmed,
    })
}

/// What is compared, as a file: a line for each commitment.
pub(crate) fn csv(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (unit, school, one) = (asked(request, "unit")?, asked(request, "school")?, asked(request, "partnership")?);
    let today = site.today().to_string();
    let bytes = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let words = &look.words;
        let organisation = look.kinds.get("organisation").ok_or(PageError::NotFound)?;
        let mut out = register::sheet();
        let heads = [
            "partnership",
            "field-unit",
            "field-school",
            "commitment-what",
            "field-kind",
            "promise-promised",
            "promise-confirmed",
            "promise-told",
            "promise-still",
            "commitment-due_on",
            "field-state",
        ];
        let heads: Vec<_> = heads.iter().map(|k| words.get(k).into_owned()).collect();
        register::csv_line(&mut out, heads.iter().map(String::as_str));
        for deal in deals(conn, one, unit, school, &today)? {
            let (unit, school) = (look.title(organisation, &deal.unit)?, look.title(organisation, &deal.school)?);
            for promise in &deal.promises {
                let plain = |n: i64| plain(promise, n);
                let cells = [
                    deal.title.clone(),
                    unit.clone(),
                    school.clone(),
                    promise.what.clone(),
                    register::label(words, &COMMITMENT, COMMITMENT.field("kind"), &promise.kind),
                    promise.promised.map(plain).unwrap_or_default(),
                    plain(promise.confirmed()),
                    plain(promise.told()),
                    promise.open().map(plain).unwrap_or_default(),
                    promise.due.clone().unwrap_or_default(),
                    words.get(key(promise.stands(&today))).into_owned(),
                ];
                register::csv_line(&mut out, cells.iter().map(String::as_str));
            }
        }
        Ok::<_, PageError>(out.into_bytes())
    })?;
    Ok(Reply::Bytes("text/csv; charset=utf-8", Some(register::sheet_name(site, "promises")), bytes))
}

/// A number for machines: exact, without thousands set apart.
fn plain(promise: &Promise, n: i64) -> String {
    if promise.is_money() { format!("{}.{:02}", n / 100, (n % 100).abs()) } else { n.to_string() }
}
