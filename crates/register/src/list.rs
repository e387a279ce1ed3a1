//! The list of a kind: search, filters, sorting, pages, CSV.

use std::collections::BTreeSet;

use askama::Template;
use base::Subject;
use records::{Field, Kind, Shape};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params_from_iter};
use web::{PageError, Reply, Request, Shell, Site};

use crate::few::is_few;
use crate::found;
use crate::look::{Look, Shown, id_at};
use crate::waiting::{tone, waits_for};

/// Rows of a page.
const PAGE: i64 = 50;
/// Rows of a CSV file.
const MAX_CSV: i64 = 200_000;
/// Records that a filter offers.
const MAX_OPTIONS: usize = 200;
/// Records that are listed for what their files say, those whose files came last: six pages. Who finds more types
/// another word.
const MAX_LED: usize = 300;

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage<'a> {
    s: Shell<'a>,
    may_make: bool,
    /// Where a new record is begun.
    begin: String,
    make: String,
    /// How it may begin otherwise: what that is called, and where.
    also: Vec<(String, &'static str)>,
    typed: String,
    filters: Vec<Filter>,
    chips: Vec<(String, String)>,
    columns: Vec<Column>,
    rows: Vec<Line>,
    count: i64,
    more: bool,
    previous: Option<String>,
    next: Option<String>,
    place: String,
    csv: String,
    filtered: bool,
    empty: String,
    clear: String,
}

struct Filter {
    name: String,
    label: String,
    options: Vec<(String, String, bool)>,
}

struct Column {
    label: String,
    sort: String,
    direction: &'static str,
    number: bool,
}

struct Line {
    href: String,
    title: String,
    state: Option<(String, &'static str)>,
    cells: Vec<(String, Shown)>,
}

/// What the reader asked of the list, as SQL.
struct Asked {
    from: String,
    values: Vec<rusqlite::types::Value>,
    order: String,
    /// Whether files may lead to more than are listed.
    more: bool,
}

pub(crate) fn page(site: &Site, request: &Request, kind: &'static Kind) -> Result<Reply, PageError> {
    let reader = request.reader()?;
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let asked = ask(site, request, conn, kind)?;
        let count: i64 = conn
            .prepare(&format!("SELECT count(*) {}", asked.from))?
            .query_row(params_from_iter(asked.values.iter()), |r| r.get(0))?;
        let pages = ((count + PAGE - 1) / PAGE).max(1);
        let page = request.query("page").and_then(|p| p.parse().ok()).unwrap_or(1).clamp(1, pages);
        let rows = rows(&look, kind, &asked, PAGE, (page - 1) * PAGE)?;
        let filters = filters(site, request, &look, kind)?;
        let title = look.words.get(&format!("{}-list", kind.name)).into_owned();
        let turn = |to: i64| {
            let base = request.query_with("page", None);
            let mark = if base.contains('?') { '&' } else { '?' };
            format!("{base}{mark}page={to}")
        };
        let empty = format!("{}-empty", kind.name);
        let make = format!("{}-new", kind.name);
        let filtered = request.query.iter().any(|(n, v)| !v.is_empty() && n != "page" && n != "sort");
        let list = ListPage {
            may_make: kind.has_form() && reader.may_make(kind),
            begin: site
                .begins
                .iter()
                .find(|(name, _)| *name == kind.name)
                .map_or_else(|| format!("/{}/new", kind.route), |(_, at)| (*at).to_owned()),
            make: look.words.get(if look.words.has(&make) { &make } else { "list-new" }).into_owned(),
            also: site
                .also
                .iter()
                .filter(|(name, ..)| *name == kind.name)
                .map(|(_, at, key)| (look.words.get(key).into_owned(), *at))
                .collect(),
            typed: request.query("q").unwrap_or_default().to_owned(),
            chips: chips(request, &look, kind, &filters),
            columns: columns(request, &look, kind),
            filters,
            rows,
            count,
            more: asked.more,
            previous: (page > 1).then(|| turn(page - 1)),
            next: (page < pages).then(|| turn(page + 1)),
            place: format!("{page} / {pages}"),
            csv: request.query_with("page", None).replacen(&request.path, &format!("/csv/{}", kind.route), 1),
            filtered,
            empty: look.words.get(if look.words.has(&empty) { &empty } else { "list-empty" }).into_owned(),
            clear: request.path.clone(),
            s: Shell::new(site, request, title),
        };
        Ok::<_, PageError>(list.render()?)
    })?;
    Ok(Reply::Page(html))
}

fn shown_columns(kind: &'static Kind) -> impl Iterator<Item = &'static Field> {
    let title = kind
        .title
        .first()
        .copied()
        .filter(|t| kind.field(t).is_some_and(|f| matches!(f.shape, Shape::Line(_) | Shape::Text(_))));
    kind.fields.iter().filter(move |f| f.column && !f.secret && !f.shape.is_set() && Some(f.name) != title)
}

fn ask(site: &Site, request: &Request, conn: &Connection, kind: &'static Kind) -> Result<Asked, PageError> {
    let reader = request.reader()?;
    let mut fits = format!("({})", reader.sees(kind, "t"));
    let mut values = Vec::new();
    for field in kind.fields.iter().filter(|f| f.filter || f.shape.links_to().is_some()) {
        let Some(value) = request.query(field.name) else { continue };
        let value = match field.shape {
            Shape::Link(_) | Shape::Links(_) => {
                let id: Subject = value.parse().map_err(|_| PageError::NotFound)?;
                rusqlite::types::Value::Blob(id.0.to_vec())
            }
            Shape::Int(..) => rusqlite::types::Value::Integer(value.parse().map_err(|_| PageError::NotFound)?),
            _ => rusqlite::types::Value::Text(value.to_owned()),
        };
        values.push(value);
        let n = values.len();
        fits.push_str(&if field.shape.is_set() {
            format!(" AND t.id IN (SELECT id FROM {}_{} WHERE value = ?{n})", kind.name, field.name)
        } else {
            format!(" AND t.{} = ?{n}", field.name)
        });
    }
    if let Some(state) = request.query("state").filter(|s| kind.states.contains(s)) {
        values.push(rusqlite::types::Value::Text(state.to_owned()));
        fits.push_str(&format!(" AND t.state = ?{}", values.len()));
    }
    if let Some(field) = request.query("has").and_then(|name| kind.field(name)) {
        if field.shape.is_set() || field.secret || field.for_hands || field.shape == Shape::Document {
            return Err(PageError::NotFound);
        }
        fits.push_str(&format!(" AND t.{} IS NOT NULL", field.name));
    }
    if let (Some("me"), Some(state)) = (request.query("waits"), request.query("state")) {
        // Those of this state that wait for the reader, as their first page counts them.
        fits.push_str(&format!(" AND {}", waits_for(reader, kind, state).unwrap_or_else(|| "0".to_owned())));
    }
    let mut more = false;
    if let Some(typed) = request.query("q").and_then(text::match_query) {
        values.push(rusqlite::types::Value::Text(typed.clone()));
        let n = values.len();
        let own = format!(
            "SELECT d.id FROM search f JOIN search_doc d ON d.doc = f.rowid
             WHERE f.search MATCH ?{n} AND d.kind = '{}'",
            kind.name
        );
        let wanted = found::Fits { sql: &fits, values: &values, query: &typed };
        let led = found::records(site, conn, reader, kind, &wanted, BTreeSet::new(), MAX_LED)?;
        more = led.more;
        fits.push_str(&if led.ids.is_empty() {
            format!(" AND t.id IN ({own})")
        } else {
            values.push(found::list(&led.ids));
            format!(" AND t.id IN ({own} UNION ALL {}(?{}))", found::AMONG, values.len())
        });
    }
    Ok(Asked { from: format!("FROM {} t WHERE {fits}", kind.name), values, order: order(request, kind), more })
}

fn order(request: &Request, kind: &'static Kind) -> String {
    let sort = request.query("sort").unwrap_or(kind.order);
    let (name, down) = sort.strip_prefix('-').map_or((sort, false), |name| (name, true));
    let direction = if down { "DESC" } else { "ASC" };
    let by = match kind.field(name) {
        Some(field) if kind.title.first() == Some(&name) && field.shape.links_to().is_none() => {
            "t.title_key".to_owned()
        }
        Some(field) => match field.shape {
            Shape::Link(other) => format!("(SELECT o.title_key FROM {other} o WHERE o.id = t.{name})"),
            shape if shape.is_set() => "t.title_key".to_owned(),
            _ => format!("t.{name}"),
        },
        None if name == "state" => "t.state".to_owned(),
        None if name == "changed" => "t.changed".to_owned(),
        None => "t.title_key".to_owned(),
    };
    format!("{by} {direction}, t.id {direction}")
}

fn rows(look: &Look<'_>, kind: &'static Kind, asked: &Asked, limit: i64, offset: i64) -> Result<Vec<Line>, PageError> {
    let fields: Vec<&Field> = shown_columns(kind).collect();
    let columns: String = fields.iter().map(|f| format!(", t.{}", f.name)).collect();
    let sql =
        format!("SELECT t.id, t.state{columns} {} ORDER BY {} LIMIT {limit} OFFSET {offset}", asked.from, asked.order);
    let mut stmt = look.conn.prepare(&sql)?;
    let mut found = stmt.query(params_from_iter(asked.values.iter()))?;
    let mut out = Vec::new();
    while let Some(row) = found.next()? {
        let id = id_at(row, 0)?;
        let state: Option<String> = row.get(1)?;
        let mut cells = Vec::with_capacity(fields.len());
        for (i, field) in fields.iter().enumerate() {
            cells.push((look.field(kind, field.name), look.told(kind, field, &id, row.get_ref(i + 2)?)?));
        }
        out.push(Line {
            href: format!("/{}/{id}", kind.route),
            title: look.title(kind, &id)?,
            state: state.filter(|_| !kind.states.is_empty()).map(|s| (look.state(kind, &s), tone(&s))),
            cells,
        });
    }
    Ok(out)
}

fn columns(request: &Request, look: &Look<'_>, kind: &'static Kind) -> Vec<Column> {
    let sorted = request.query("sort").unwrap_or(kind.order);
    let column = |name: &str, label: String, number: bool| {
        let up = sorted == name;
        let down = sorted.strip_prefix('-') == Some(name);
        let next = if up { format!("-{name}") } else { name.to_owned() };
        Column {
            label,
            sort: request.query_with("sort", Some(&next)),
            direction: if up {
                "ascending"
            } else if down {
                "descending"
            } else {
                "none"
            },
            number,
        }
    };
    let title = kind.title.first().copied().unwrap_or("changed");
    let mut out = vec![column(title, look.words.get(kind.name).into_owned(), false)];
    for field in shown_columns(kind) {
        let number = matches!(field.shape, Shape::Int(..) | Shape::Amount);
        out.push(column(field.name, look.field(kind, field.name), number));
    }
    if !kind.states.is_empty() {
        out.push(column("state", look.words.get("field-state").into_owned(), false));
    }
    out
}

fn filters(site: &Site, request: &Request, look: &Look<'_>, kind: &'static Kind) -> Result<Vec<Filter>, PageError> {
    let mut out = Vec::new();
    let chosen = |name: &str, value: &str| request.query(name) == Some(value);
    for field in kind.fields.iter().filter(|f| f.filter) {
        let options = match field.shape {
            Shape::Choice(words) | Shape::Tags(words) => words
                .iter()
                .map(|w| ((*w).to_owned(), crate::label(&look.words, kind, Some(field), w), chosen(field.name, w)))
                .collect(),
            Shape::Link(other) | Shape::Links(other) => {
                let Some(other) = site.kinds.get(other) else { continue };
                let found = look.options(other, request.reader()?, MAX_OPTIONS)?;
                found
                    .into_iter()
                    .map(|(id, title)| (id.to_string(), title, chosen(field.name, &id.to_string())))
                    .collect()
            }
            Shape::Line(_) => {
                let sql = format!(
                    "SELECT DISTINCT {0} FROM {1} WHERE {0} IS NOT NULL ORDER BY 1 LIMIT {MAX_OPTIONS}",
                    field.name, kind.name
                );
                let mut stmt = look.conn.prepare(&sql)?;
                let found = stmt.query_map([], |r| r.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
                let said = |v: &String| look.cell(kind, field, ValueRef::Text(v.as_bytes()));
                found.into_iter().map(|v| Ok((v.clone(), said(&v)?.text, chosen(field.name, &v)))).collect::<Result<
                    _,
                    PageError,
                >>(
                )?
            }
            _ => continue,
        };
        out.push(Filter { name: field.name.to_owned(), label: look.field(kind, field.name), options });
    }
    if !kind.states.is_empty() {
        let options = kind.states.iter().map(|s| ((*s).to_owned(), look.state(kind, s), chosen("state", s))).collect();
        out.push(Filter { name: "state".to_owned(), label: look.words.get("field-state").into_owned(), options });
    }
    Ok(out)
}

fn chips(request: &Request, look: &Look<'_>, kind: &Kind, filters: &[Filter]) -> Vec<(String, String)> {
    let mut out = Vec::new();
    if let Some(typed) = request.query("q") {
        out.push((format!("“{typed}”"), request.query_with("q", None)));
    }
    for filter in filters {
        if let Some((_, label, _)) = filter.options.iter().find(|o| o.2) {
            out.push((format!("{}: {label}", filter.label), request.query_with(&filter.name, None)));
        }
    }
    if request.query("waits") == Some("me") {
        out.push((look.words.get("today-waits").into_owned(), request.query_with("waits", None)));
    }
    if let Some(field) = request.query("has").and_then(|name| kind.field(name)) {
        out.push((look.field(kind, field.name), request.query_with("has", None)));
    }
    // A link that is no filter of its own, from a record's page: shown so that it can be taken away.
    for field in kind.fields.iter().filter(|f| !f.filter) {
        let Some(id) = request.query(field.name).and_then(|v| v.parse().ok()) else { continue };
        let Some(other) = field.shape.links_to().and_then(|k| look.kinds.get(k)) else { continue };
        if let Ok(title) = look.title(other, &id) {
            out.push((format!("{}: {title}", look.field(kind, field.name)), request.query_with(field.name, None)));
        }
    }
    out
}

/// What a file of a list has beside the columns of the page: what is said of a record in a word, a number or by links.
fn file_columns(kind: &'static Kind) -> Vec<&'static Field> {
    let columns: Vec<&Field> = shown_columns(kind).collect();
    let fits = |f: &&Field| {
        let said = !matches!(
            f.shape,
            Shape::Text(_) | Shape::Names | Shape::Blob | Shape::Bytes | Shape::Document | Shape::Links("file")
        );
        said && !f.secret && !f.for_hands && !kind.title.contains(&f.name) && columns.iter().all(|c| c.name != f.name)
    };
    let others: Vec<&Field> = kind.fields.iter().filter(fits).collect();
    columns.into_iter().chain(others).collect()
}

/// A cell as a file has it: days and numbers as programs read them.
fn filed(look: &Look<'_>, kind: &Kind, field: &Field, id: &Subject, value: ValueRef<'_>) -> Result<String, PageError> {
    Ok(match (field.shape, value) {
        (Shape::Date, ValueRef::Text(day)) => String::from_utf8_lossy(day).into_owned(),
        (Shape::Amount, ValueRef::Integer(n)) => format!("{}.{:02}", n / 100, (n % 100).abs()),
        (Shape::Int(..), ValueRef::Integer(n)) if !(is_few(n) && look.keeps_few(kind, field, id)?) => n.to_string(),
        (shape, _) if shape.is_set() => {
            let all: Vec<String> = look.set(kind, field, id)?.into_iter().map(|s| s.text).collect();
            all.join("; ")
        }
        (_, value) => look.told(kind, field, id, value)?.text,
    })
}

pub(crate) fn csv(site: &Site, request: &Request, kind: &'static Kind) -> Result<Reply, PageError> {
    let bytes = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let asked = ask(site, request, conn, kind)?;
        let fields = file_columns(kind);
        let mut out = sheet();
        let mut heads = vec!["id".to_owned(), look.words.get(kind.name).into_owned()];
        heads.extend(fields.iter().map(|f| look.field(kind, f.name)));
        if !kind.states.is_empty() {
            heads.push(look.words.get("field-state").into_owned());
        }
        csv_line(&mut out, heads.iter().map(String::as_str));
        let columns: String = fields
            .iter()
            .map(|f| if f.shape.is_set() { ", NULL".to_owned() } else { format!(", t.{}", f.name) })
            .collect();
        let sql = format!("SELECT t.id, t.state{columns} {} ORDER BY {} LIMIT {MAX_CSV}", asked.from, asked.order);
        let mut stmt = conn.prepare(&sql)?;
        let mut found = stmt.query(params_from_iter(asked.values.iter()))?;
        while let Some(row) = found.next()? {
            let id = id_at(row, 0)?;
            let state: Option<String> = row.get(1)?;
            let mut cells = vec![id.to_string(), look.title(kind, &id)?];
            for (i, field) in fields.iter().enumerate() {
                cells.push(filed(&look, kind, field, &id, row.get_ref(i + 2)?)?);
            }
            if !kind.states.is_empty() {
                cells.push(state.map(|s| look.state(kind, &s)).unwrap_or_default());
            }
            csv_line(&mut out, cells.iter().map(String::as_str));
        }
        Ok::<_, PageError>(out.into_bytes())
    })?;
    Ok(Reply::Bytes("text/csv; charset=utf-8", Some(sheet_name(site, kind.route)), bytes))
}

/// A table as a file, before its first line: a mark by which spreadsheets read it as UTF-8.
pub fn sheet() -> String {
    String::from("\u{feff}")
}

/// What a table is called as a file. That its rows are invented, where they are, its name says: a line of its own before the
/// heads would be taken for them.
pub fn sheet_name(site: &Site, name: &str) -> String {
    if site.demonstration { format!("{name}-demonstration.csv") } else { format!("{name}.csv") }
}

/// Writes a line of a table as a file (RFC 4180).
pub fn csv_line<'a>(out: &mut String, cells: impl Iterator<Item = &'a str>) {
    for (i, cell) in cells.enumerate() {
        if i > 0 {
            out.push(',');
        }
        // A cell that begins like a formula would be run by a spreadsheet; a quote before it makes it text.
        let guarded = if cell.starts_with(['=', '+', '-', '@', '\t']) { "'" } else { "" };
        out.push('"');
        out.push_str(guarded);
        out.push_str(&cell.replace('"', "\"\""));
        out.push('"');
    }
    out.push_str("\r\n");
}
