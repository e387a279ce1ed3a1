//! The page of the years, the rows behind a cell, and the file.

use askama::Template;
use base::{Date, Subject};
use records::vocabulary::SUBJECTS;
use register::Look;
use web::{NodeKind, PageError, Reply, Request, Shell, Site, escape};

use crate::facts::NEED;
use crate::years::carry::{By, Line, Of, Spell, Spells, by, met, spells, subjects, years};
use crate::years::chart::{self, Row};

#[derive(Template)]
#[template(path = "years.html")]
struct Page<'a> {
    s: Shell<'a>,
    schools: Vec<(String, String, bool)>,
    subjects: Vec<(&'static str, String, bool)>,
    legend: Vec<(String, String)>,
    years: Vec<String>,
    /// The picture.
    chart: String,
    what: String,
    /// What a line is of.
    line: String,
    lines: Vec<LineShown>,
    /// For the region: how many subjects of schools were carried by whom.
    totals: Vec<(String, Vec<String>)>,
    met: Vec<MetShown>,
    met_all: String,
    list: String,
    csv: String,
    is_hub: bool,
}

struct LineShown {
    label: String,
    href: String,
    cells: Vec<Option<(String, String, String)>>,
}

struct MetShown {
    title: String,
    href: String,
    met: i64,
    of: i64,
    list: String,
}

struct Asked {
    school: Option<Subject>,
    subject: Option<&'static str>,
}

fn asked(request: &Request) -> Result<Asked, PageError> {
    let school = request.query("school").map(|s| s.parse().map_err(|_| PageError::NotFound)).transpose()?;
    let subject = request.query("subject");
    let found = subject.and_then(|asked| SUBJECTS.iter().copied().find(|s| *s == asked));
    if found.is_none() && subject.is_some() {
        return Err(PageError::NotFound);
    }
    Ok(Asked { school, subject: found })
}

fn subject_word(look: &Look<'_>, subject: &str) -> String {
    register::label(&look.words, &NEED, NEED.field("subject"), subject)
}

/// A school year as it is called: 2025–26.
fn called(year: i16) -> String {
    format!("{year}–{:02}", (year + 1) % 100)
}

fn school_title(look: &Look<'_>, school: &Subject) -> Result<String, PageError> {
    look.title(look.kinds.get("organisation").ok_or(PageError::NotFound)?, school)
}

/// The label of a line: what differs among those that are shown.
fn label(look: &Look<'_>, asked: &Asked, (school, subject): &Line) -> Result<String, PageError> {
    match (asked.school, asked.subject) {
        (Some(_), _) => Ok(subject_word(look, subject)),
        (None, Some(_)) => school_title(look, school),
        _ => Ok(format!("{} · {}", school_title(look, school)?, subject_word(look, subject))),
    }
}

pub(crate) fn page(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let asked = asked(request)?;
    let today = site.today();
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let words = &look.words;
        let known = spells(site, conn, asked.school, asked.subject)?;
        let years = years(&known, today);
        let narrowed = asked.school.is_some() || asked.subject.is_some();
        let schools = schools(&look, asked.school)?;
        let order: Vec<&str> = schools.iter().map(|(id, ..)| id.as_str()).collect();
        let mut shown = Vec::new();
        if narrowed {
            for (line, spells) in ordered(&known, &order) {
                let cells: Vec<Option<By>> = years.iter().map(|y| by(spells, *y, today)).collect();
                if cells.iter().any(Option::is_some) {
                    shown.push((label(&look, &asked, line)?, line, cells));
                }
            }
        }
        let title = words.get("years-chart").into_owned();
        let counts = count(&known, &years, today);
        let chart = if narrowed {
            let rows = shown.iter().map(|(label, _, cells)| Row { label: label.clone(), cells: cells.clone() });
            chart::rows(&title, &years, &rows.collect::<Vec<_>>())
        } else {
            chart::bars(&title, &years, &counts)
        };
        let lines = shown.into_iter().map(|(label, line, cells)| line_shown(&look, label, line, &cells, &years));
        let totals = By::ALL.iter().enumerate().map(|(i, by)| {
            let of_years = counts.iter().map(|c| words.number(c.get(i).copied().unwrap_or(0)));
            (words.get(by.key()).into_owned(), of_years.collect())
        });
        let found = met(conn, asked.school, asked.subject)?;
        let sum = |n: fn(&crate::years::carry::Met) -> i64| found.iter().map(n).sum::<i64>();
        let subject = asked.subject.map(|s| format!("&subject={s}")).unwrap_or_default();
        let met_shown = found.iter().map(|m| {
            Ok::<_, PageError>(MetShown {
                title: school_title(&look, &m.school)?,
                href: format!("/needs/years?school={}{subject}", m.school),
                list: format!("/needs?state=met&school={}{subject}", m.school),
                met: m.carried,
                of: m.of,
            })
        });
        let known_subjects = subjects(&known);
        let page = Page {
            schools,
            line: words.get(if asked.school.is_some() { "field-subject" } else { "field-school" }).into_owned(),
            subjects: SUBJECTS
                .iter()
                .filter(|s| asked.subject.is_some() || known_subjects.contains(**s))
                .map(|s| (*s, subject_word(&look, s), asked.subject == Some(*s)))
                .collect(),
            legend: By::ALL
                .iter()
                .map(|b| {
                    let sign = if narrowed { chart::sign(*b) } else { chart::swatch(*b) };
                    (sign, words.get(b.key()).into_owned())
                })
                .collect(),
            years: years.iter().map(|y| called(*y)).collect(),
            what: title,
            chart: if known.is_empty() { String::new() } else { chart },
            lines: lines.collect(),
            totals: if narrowed { Vec::new() } else { totals.collect() },
            met: met_shown.collect::<Result<_, _>>()?,
            met_all: words.with("years-met", &[("n", sum(|m| m.carried).into()), ("all", sum(|m| m.of).into())]),
            list: "/needs?state=met".to_owned(),
            csv: format!("/csv{}", request.query_with("", None)),
            is_hub: site.node_kind == NodeKind::Hub,
            s: Shell::new(site, request, words.get("years-page")),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

/// What is known, in the order of the schools' names, then of the subjects.
fn ordered<'a>(known: &'a Spells, schools: &[&str]) -> Vec<(&'a Line, &'a Vec<Spell>)> {
    let mut lines: Vec<_> = known.iter().collect();
    lines.sort_by_key(|((school, subject), _)| {
        let school = school.to_string();
        (schools.iter().position(|s| *s == school), SUBJECTS.iter().position(|s| s == subject))
    });
    lines
}

fn schools(look: &Look<'_>, chosen: Option<Subject>) -> Result<Vec<(String, String, bool)>, PageError> {
    let mut stmt =
        look.conn.prepare_cached("SELECT id FROM organisation WHERE kind = 'supported_school' ORDER BY title_key")?;
    let ids = stmt.query_map([], |r| r.get::<_, Vec<u8>>(0))?.collect::<Result<Vec<_>, _>>()?;
    let ids = ids.iter().filter_map(|b| Subject::try_from(b.as_slice()).ok());
    ids.map(|id| Ok((id.to_string(), school_title(look, &id)?, chosen == Some(id)))).collect()
}

fn line_shown(
    look: &Look<'_>,
    label: String,
    (school, subject): &Line,
    cells: &[Option<By>],
    years: &[i16],
) -> LineShown {
    let of = format!("school={school}&subject={}", escape(subject));
    let cell = |(by, year): (&Option<By>, &i16)| {
        by.map(|by| {
            (format!("/needs/years/rows?{of}&year={year}"), chart::sign(by), look.words.get(by.key()).into_owned())
        })
    };
    LineShown { label, href: format!("/needs/years?{of}"), cells: cells.iter().zip(years).map(cell).collect() }
}

/// How many subjects of schools were carried by whom in each year, in the order of [`By::ALL`].
fn count(known: &Spells, years: &[i16], today: Date) -> Vec<[i64; 4]> {
    let of = |year: &i16| {
        By::ALL.map(|wanted| {
            let lines = known.values().filter(|s| by(s, *year, today) == Some(wanted)).count();
            i64::try_from(lines).unwrap_or(0)
        })
    };
    years.iter().map(of).collect()
}

#[derive(Template)]
#[template(path = "years_rows.html")]
struct RowsPage<'a> {
    s: Shell<'a>,
    back: String,
    said: String,
    sign: String,
    rows: Vec<RowShown>,
    /// Records of other schools, which the reader does not see.
    elsewhere: i64,
}

struct RowShown {
    href: String,
    title: String,
    what: String,
    when: String,
}

/// What a cell comes of.
pub(crate) fn rows(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let asked = asked(request)?;
    let (Some(school), Some(subject)) = (asked.school, asked.subject) else { return Err(PageError::NotFound) };
    let year: i16 = request.query("year").and_then(|y| y.parse().ok()).ok_or(PageError::NotFound)?;
    let (today, reader) = (site.today(), request.reader()?);
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let known = spells(site, conn, Some(school), Some(subject))?;
        let found = known.get(&(school, subject.to_owned())).map(Vec::as_slice).unwrap_or_default();
        let (mut rows, mut elsewhere) = (Vec::new(), 0);
        let mut here: Vec<&Spell> = found.iter().filter(|s| s.lies_in(year, today)).collect();
        here.sort_by_key(|s| (s.of, s.from));
        for spell in here {
            let name = match spell.of {
                Of::Posting => "posting",
                Of::Pairing => "pairing",
                Of::Met | Of::Wanted => "need",
            };
            let kind = look.kinds.get(name).ok_or(PageError::NotFound)?;
            if !reader.may_read(kind) || register::visible(conn, reader, kind, &spell.id).is_err() {
                elsewhere += 1;
                continue;
            }
            rows.push(RowShown {
                href: format!("/{}/{}", kind.route, spell.id),
                title: look.title(kind, &spell.id)?,
                what: look.words.get(said(spell.of)).into_owned(),
                when: format!(
                    "{} – {}",
                    look.words.date(spell.from),
                    spell.to.map_or_else(|| look.words.get("years-goes-on").into_owned(), |d| look.words.date(d))
                ),
            });
        }
        let carried = by(found, year, today);
        let title = format!("{} · {} · {}", school_title(&look, &school)?, subject_word(&look, subject), called(year));
        let page = RowsPage {
            back: format!("/needs/years?school={school}"),
            said: look.words.get(carried.map_or("years-unknown", By::key)).into_owned(),
            sign: carried.map(chart::sign).unwrap_or_default(),
            rows,
            elsewhere,
            s: Shell::new(site, request, title),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

fn said(of: Of) -> &'static str {
    match of {
        Of::Posting => "years-of-posting",
        Of::Met => "years-of-met",
        Of::Wanted => "years-of-wanted",
        Of::Pairing => "years-of-pairing",
    }
}

/// The years as a file: a line for each subject of a school.
pub(crate) fn csv(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let asked = asked(request)?;
    let today = site.today();
    let bytes = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let words = &look.words;
        let known = spells(site, conn, asked.school, asked.subject)?;
        let years = years(&known, today);
        let mut out = register::sheet();
        let heads = [words.get("field-school").into_owned(), words.get("field-subject").into_owned()];
        let heads: Vec<String> = heads.into_iter().chain(years.iter().map(|y| called(*y))).collect();
        register::csv_line(&mut out, heads.iter().map(String::as_str));
        let schools = schools(&look, None)?;
        let order: Vec<&str> = schools.iter().map(|(id, ..)| id.as_str()).collect();
        for ((school, subject), spells) in ordered(&known, &order) {
            let mut cells = vec![school_title(&look, school)?, subject_word(&look, subject)];
            let said = |y: &i16| by(spells, *y, today).map(|b| words.get(b.key()).into_owned()).unwrap_or_default();
            cells.extend(years.iter().map(said));
            register::csv_line(&mut out, cells.iter().map(String::as_str));
        }
        Ok::<_, PageError>(out.into_bytes())
    })?;
    Ok(Reply::Bytes("text/csv; charset=utf-8", Some(register::sheet_name(site, "needs-years")), bytes))
}
