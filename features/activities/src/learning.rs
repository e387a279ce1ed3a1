//! A person's own record of learning: what they took part in, which they can take away. Nobody else is shown it here.

use askama::Template;
use base::{Lang, Subject};
use register::{Look, csv_line, place_of, sheet, sheet_name};
use rusqlite::Connection;
use web::{Check, PageError, Reply, Request, Route, Shell, Site};

pub(crate) fn routes() -> Vec<Route> {
    vec![Route::get("/learning", Check::SignedIn, page), Route::get("/csv/learning", Check::SignedIn, csv)]
}

/// One time.
struct Line {
    id: String,
    day: String,
    title: String,
    kind: String,
    place: String,
}

struct Year {
    year: String,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "learning.html")]
struct LearningPage<'a> {
    s: Shell<'a>,
    name: String,
    years: Vec<Year>,
    n: i64,
}

/// What somebody attended of activities that were held, the newest first; days and kinds as they are kept.
fn attended(site: &Site, conn: &Connection, person: &Subject, lang: Lang) -> Result<Vec<Line>, PageError> {
    let sql = format!(
        "SELECT p.day, a.id, coalesce(a.title, ''), coalesce(a.kind, ''), coalesce({}, '')
         FROM participation p JOIN activity a ON a.id = p.activity LEFT JOIN organisation o ON o.id = a.school
         WHERE p.person = ?1 AND p.part = 'attends' AND p.present = 1 AND a.held_on IS NOT NULL
           AND a.state IN ('held', 'verified') ORDER BY p.day DESC, a.id",
        place_of(&site.kinds, lang, "a")?
    );
    let mut stmt = conn.prepare_cached(&sql)?;
    let rows = stmt.query_map([person.as_bytes()], |r| {
        let id = Subject::try_from(r.get::<_, Vec<u8>>(1)?.as_slice()).unwrap_or_default();
        Ok(Line { day: r.get(0)?, id: id.to_string(), title: r.get(2)?, kind: r.get(3)?, place: r.get(4)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn page(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let person = request.reader()?.person;
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let mut years: Vec<Year> = Vec::new();
        let all = attended(site, conn, &person, request.lang)?;
        let n = i64::try_from(all.len()).unwrap_or(i64::MAX);
        for one in all {
            let year: String = one.day.chars().take(4).collect();
            let line = Line {
                day: one.day.parse().map(|day| look.words.date(day)).unwrap_or(one.day),
                kind: look.words.get(&format!("word-{}", one.kind)).into_owned(),
                ..one
            };
            match years.last_mut().filter(|last| last.year == year) {
                Some(last) => last.lines.push(line),
                None => years.push(Year { year, lines: vec![line] }),
            }
        }
        let name = request.session.as_ref().map(|s| s.called.clone()).unwrap_or_default();
        Ok::<_, PageError>(
            LearningPage { name, years, n, s: Shell::new(site, request, look.words.get("learning")) }.render()?,
        )
    })?;
    Ok(Reply::Page(html))
}

fn csv(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let person = request.reader()?.person;
    let words = request.words(site);
    let all = site.store.read(|conn| attended(site, conn, &person, request.lang))?;
    let mut out = sheet();
    let head = ["participation-day", "activity", "field-kind", "field-place"].map(|key| words.get(key).into_owned());
    csv_line(&mut out, head.iter().map(String::as_str));
    for one in &all {
        let kind = words.get(&format!("word-{}", one.kind));
        csv_line(&mut out, [&*one.day, &one.title, &kind, &one.place].into_iter());
    }
    Ok(Reply::Bytes("text/csv; charset=utf-8", Some(sheet_name(site, "learning")), out.into_bytes()))
}
