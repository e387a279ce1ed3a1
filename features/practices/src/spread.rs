//! The region's picture: every practice, and at how many schools it was shown, taken up, changed, dropped and seen again. Each
//! number opens into its rows.

use askama::Template;
use register::{Look, csv_line, label};
use rusqlite::Connection;
use web::{Check, PageError, Reply, Request, Route, Shell, Site};

use crate::chart;
use crate::facts::{PRACTICE, PRACTICE_SCHOOL};
use crate::id_in;

/// What a school's state is drawn with.
const FILLS: [(&str, &str); 4] = [("shown", "s-shown"), ("adopted", "c2"), ("adapted", "c1"), ("dropped", "s-dropped")];

/// The routes of this room.
pub fn routes() -> Vec<Route> {
    vec![Route::get("/spread", Check::Read(&PRACTICE), page), Route::get("/csv/spread", Check::Read(&PRACTICE), csv)]
}

/// A practice, with its numbers: in each state of [`FILLS`], seen again.
struct Line {
    id: String,
    name: String,
    detail: String,
    n: [i64; 4],
    seen: i64,
}

struct Shown {
    id: String,
    name: String,
    detail: String,
    bar: String,
    /// Number, address, the column's name.
    cells: Vec<(i64, String, String)>,
}

#[derive(Template)]
#[template(path = "spread.html")]
struct SpreadPage<'a> {
    s: Shell<'a>,
    may_make: bool,
    heads: Vec<(&'static str, String)>,
    /// What each column of numbers is called.
    columns: Vec<String>,
    lines: Vec<Shown>,
}

fn lines(look: &Look<'_>, request: &Request) -> Result<Vec<Line>, PageError> {
    let reader = request.reader()?;
    let (sees, rows_seen) = (reader.sees(&PRACTICE, "p"), reader.sees(&PRACTICE_SCHOOL, "x"));
    let counts = FILLS.map(|(state, _)| format!("sum(coalesce(x.state, 'shown') = '{state}')")).join(", ");
    let mut stmt = look.conn.prepare(&format!(
        "SELECT p.id, coalesce(p.kind, ''), p.origin, {counts}, sum(x.seen_on IS NOT NULL), count(x.id) AS n
         FROM practice p LEFT JOIN practice_school x ON x.practice = p.id AND {rows_seen}
         WHERE coalesce(p.state, 'proposed') <> 'retired' AND {sees} GROUP BY p.id ORDER BY n DESC, p.title_key LIMIT 300"
    ))?;
    let mut rows = stmt.query([])?;
    let mut out = Vec::new();
    let origin = PRACTICE.field("origin").ok_or(PageError::NotFound)?;
    while let Some(row) = rows.next()? {
        let id = id_in(row.get(0)?);
        let kind = label(&look.words, &PRACTICE, PRACTICE.field("kind"), &row.get::<_, String>(1)?);
        let n = |at: usize| -> Result<i64, PageError> { Ok(row.get::<_, Option<i64>>(at)?.unwrap_or(0)) };
        out.push(Line {
            name: look.title(&PRACTICE, &id)?,
            id: id.to_string(),
            detail: format!("{kind} · {}", look.cell(&PRACTICE, origin, row.get_ref(2)?)?.text),
            n: [n(3)?, n(4)?, n(5)?, n(6)?],
            seen: n(7)?,
        });
    }
    Ok(out)
}

/// How a school stands now: where it was shown and nothing more is known, that is said.
fn of_now(look: &Look<'_>, state: &str) -> String {
    if state == "shown" {
        return look.words.get("practice-only-shown").into_owned();
    }
    look.state(&PRACTICE_SCHOOL, state)
}

fn page(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let html = site.store.read(|conn: &Connection| {
        let look = Look::new(site, request, conn);
        let all = lines(&look, request)?;
        let most = all.iter().map(|l| l.n.iter().sum::<i64>()).max().unwrap_or(0);
        let heads: Vec<(&'static str, String)> =
            FILLS.iter().map(|(state, fill)| (*fill, of_now(&look, state))).collect();
        let (everywhere, again) =
            (look.words.get("practice-shown-at").into_owned(), look.field(&PRACTICE_SCHOOL, "seen_on"));
        let shown = |line: Line| {
            let rows = |state: &str| format!("/practice-schools?practice={}&state={state}", line.id);
            let all = (line.n.iter().sum(), format!("/practice-schools?practice={}", line.id), everywhere.clone());
            let seen = format!("/practice-schools?practice={}&has=seen_on", line.id);
            let states: Vec<(i64, String, String)> = FILLS
                .iter()
                .zip(line.n)
                .zip(&heads)
                .map(|(((state, _), n), (_, head))| (n, rows(state), head.clone()))
                .collect();
            let parts: Vec<(i64, &str, String, String)> = states
                .iter()
                .zip(FILLS)
                .map(|((n, href, head), (_, fill))| (*n, fill, href.clone(), format!("{head}: {n}")))
                .collect();
            Shown {
                bar: chart::bar(&parts, most),
                id: line.id.clone(),
                name: line.name,
                detail: line.detail,
                cells: [all].into_iter().chain(states).chain([(line.seen, seen, again.clone())]).collect(),
            }
        };
        let names = heads.iter().map(|(_, head)| head.clone());
        let page = SpreadPage {
            columns: [everywhere.clone()].into_iter().chain(names).chain([again.clone()]).collect(),
            may_make: request.reader()?.may_make(&PRACTICE),
            lines: all.into_iter().map(shown).collect(),
            heads: heads.clone(),
            s: Shell::new(site, request, look.words.get("practice-spread")),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

fn csv(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let out = site.store.read(|conn: &Connection| {
        let look = Look::new(site, request, conn);
        let mut out = register::sheet();
        let mut head = vec![look.words.get("practice").into_owned(), look.words.get("practice-origin").into_owned()];
        head.push(look.words.get("practice-shown-at").into_owned());
        head.extend(FILLS.iter().map(|(state, _)| of_now(&look, state)));
        head.push(look.field(&PRACTICE_SCHOOL, "seen_on"));
        csv_line(&mut out, head.iter().map(String::as_str));
        for line in lines(&look, request)? {
            let all: i64 = line.n.iter().sum();
            let numbers: Vec<String> =
                [&all].into_iter().chain(&line.n).chain([&line.seen]).map(i64::to_string).collect();
            let cells = [&line.name, &line.detail].into_iter().chain(&numbers);
            csv_line(&mut out, cells.map(String::as_str));
        }
        Ok::<_, PageError>(out)
    })?;
    Ok(Reply::Bytes("text/csv; charset=utf-8", Some(register::sheet_name(site, "spread")), out.into_bytes()))
}
