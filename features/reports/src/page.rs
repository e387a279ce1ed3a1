//! The page of the reports: what each file is, for whom, of which time, and what a receiving system must know.

use askama::Template;
use base::Subject;
use rusqlite::Connection;
use web::{NodeKind, PageError, Reply, Request, Shell, Site};

use crate::OFFICE;
use crate::chosen::{Chosen, Term, called, years};
use crate::counts::{Counts, Every};

/// What writes a file of figures.
pub(crate) type Write = fn(&Site, &Request, &dyn Counts) -> Result<Reply, PageError>;

type Options = Vec<(String, String, bool)>;

/// A file that can be taken along.
struct File {
    href: String,
    title: String,
    what: String,
    whom: String,
    knows: String,
    /// What it is narrowed by.
    by: String,
}

#[derive(Template)]
#[template(path = "reports.html")]
struct ReportsPage<'a> {
    s: Shell<'a>,
    files: Vec<File>,
    cohorts: Options,
    years: Options,
    terms: Options,
    every: Options,
    of: String,
    is_hub: bool,
    office: bool,
    counts: bool,
    error: Option<String>,
    taken: Option<String>,
}

/// The files: address, whether the office alone takes it, keys of its title, of what it is, of what must be known, and of what
/// narrows it.
const FILES: [(&str, bool, [&str; 4]); 8] = [
    (
        "/reports/oneroster.zip",
        true,
        ["report-oneroster", "report-oneroster-what", "report-oneroster-knows", "report-by-all"],
    ),
    ("/reports/iati.xml", false, ["report-iati", "report-iati-what", "report-iati-knows", "report-by-all"]),
    ("/reports/hxl-figures.csv", false, ["report-hxl", "report-hxl-what", "report-hxl-knows", "report-by-all"]),
    (
        "/reports/hxl-activities.csv",
        false,
        ["report-hxl-3w", "report-hxl-3w-what", "report-hxl-3w-knows", "report-by-all"],
    ),
    ("/reports/dhis2.json", false, ["report-dhis2", "report-dhis2-what", "report-dhis2-knows", "report-by-months"]),
    (
        "/reports/dhis2-metadata.json",
        false,
        ["report-dhis2-meta", "report-dhis2-meta-what", "report-dhis2-meta-knows", "report-by-months"],
    ),
    ("/reports/xapi.jsonl", true, ["report-xapi", "report-xapi-what", "report-xapi-knows", "report-by-time"]),
    ("/courses/xapi", true, ["report-xapi-courses", "report-xapi-courses-what", "report-xapi-knows", "report-by-none"]),
];

/// How days can be put together.
const EVERY: [(&str, &str, Every); 3] = [
    ("month", "report-months", Every::Month),
    ("quarter", "report-quarters", Every::Quarter),
    ("year", "report-school-years", Every::Year),
];

pub(crate) fn page(site: &Site, request: &Request) -> Result<Reply, PageError> {
    Ok(Reply::Page(render(site, request, None)?))
}

fn cohorts(site: &Site, request: &Request, conn: &Connection, chosen: &Chosen) -> Result<Options, PageError> {
    let kind = site.kinds.get("cohort").ok_or(PageError::NotFound)?;
    let sql = format!("SELECT c.id, coalesce({}, '') FROM cohort c ORDER BY c.ordinal", kind.called("c", request.lang));
    let mut stmt = conn.prepare_cached(&sql)?;
    let rows = stmt.query_map([], |r| Ok((r.get::<_, Vec<u8>>(0)?, r.get::<_, String>(1)?)))?;
    rows.map(|row| {
        let (id, title) = row?;
        let id = Subject::try_from(id.as_slice()).unwrap_or_default();
        Ok((id.to_string(), title, chosen.cohort == Some(id)))
    })
    .collect()
}

/// How many came in with a roster, where the reader has just taken one.
fn taken(site: &Site, request: &Request) -> Option<String> {
    let n = |name: &str| request.query(name)?.parse::<i64>().ok().filter(|n| (0..100_000).contains(n));
    let (organisations, people) = (n("organisations")?, n("people")?);
    let words = request.words(site);
    Some(words.with("report-roster-taken", &[("organisations", organisations.into()), ("people", people.into())]))
}

/// The page, with what is wrong with a roster that was sent.
pub(crate) fn render(site: &Site, request: &Request, error: Option<String>) -> Result<String, PageError> {
    let chosen = Chosen::of(request)?;
    let words = request.words(site);
    let office = request.session.as_ref().is_some_and(|s| s.reader.is_any(OFFICE));
    site.store.read(|conn| {
        let (from, to) = chosen.told(site, conn)?;
        let query = chosen.query();
        let file = |(href, of_office, [title, what, knows, by]): &(&str, bool, [&str; 4])| File {
            href: if *by == "report-by-none" { (*href).to_owned() } else { format!("{href}{query}") },
            title: words.get(title).into_owned(),
            what: words.get(what).into_owned(),
            whom: words.get(if *of_office { "report-for-office" } else { "report-for-all" }).into_owned(),
            knows: words.get(knows).into_owned(),
            by: words.get(by).into_owned(),
        };
        let counts: bool =
            conn.query_row("SELECT EXISTS (SELECT 1 FROM indicator WHERE state = 'published')", [], |r| r.get(0))?;
        let page = ReportsPage {
            files: FILES.iter().filter(|(_, of_office, _)| office || !of_office).map(file).collect(),
            cohorts: cohorts(site, request, conn, &chosen)?,
            years: years(site, conn)?.into_iter().map(|y| (y.to_string(), called(y), chosen.year == Some(y))).collect(),
            terms: Term::ALL
                .map(|t| (t.code().to_owned(), words.get(t.key()).into_owned(), chosen.term == Some(t)))
                .to_vec(),
            every: EVERY
                .map(|(code, key, every)| (code.to_owned(), words.get(key).into_owned(), chosen.every == every))
                .to_vec(),
            of: format!("{} – {}", words.date(from), words.date(to)),
            is_hub: site.node_kind == NodeKind::Hub,
            office,
            counts,
            error,
            taken: taken(site, request),
            s: Shell::new(site, request, words.get("report-page")),
        };
        Ok::<_, PageError>(page.render()?)
    })
}
