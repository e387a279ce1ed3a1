//! The schools that have timetables, and the week of a class or a teacher.

use std::collections::BTreeMap;

use askama::Template;
use base::{Date, Lang, Subject};
use register::{Look, csv_line};
use rusqlite::Connection;
use web::{PageError, Reply, Request, Shell, Site, escape};

use crate::cell::{self, Editor};
use crate::days::{self, DAYS};
use crate::facts::LESSON;
use crate::grid::{Grid, Made, Of};
use crate::read::{self, Lesson, SCHOOLS};

#[derive(Template)]
#[template(path = "timetables.html")]
struct ListPage<'a> {
    s: Shell<'a>,
    schools: Vec<Row>,
}

struct Row {
    href: String,
    title: String,
    region: String,
    classes: usize,
    lessons: usize,
    gaps: usize,
}

/// The schools whose timetables a reader may see: those with one first.
pub(crate) fn list(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let reader = request.reader()?;
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let organisation = read::kind(site, "organisation")?;
        let (monday, sunday) = days::week_of(site.today());
        let all = read::lessons(conn, reader, "l.starts_on <= ?2 AND l.ends_on >= ?1", [
            monday.to_string(),
            sunday.to_string(),
        ])?;
        let sql = format!(
            "SELECT o.id, coalesce(o.region, '') FROM organisation o
             WHERE o.kind IN {SCHOOLS} AND coalesce(o.state, '') NOT IN ('merged', 'closed') AND {} ORDER BY o.title_key, o.id",
            reader.sees(organisation, "o")
        );
        let mut stmt = conn.prepare(&sql)?;
        let found = stmt.query_map([], |r| Ok((read::id_in(r, 0)?, r.get::<_, String>(1)?)))?;
        let mut schools = Vec::new();
        for row in found {
            let (Some(id), region) = row? else { continue };
            let Ok(school) = read::school(site, conn, reader, &id) else { continue };
            let own: Vec<&Lesson> = all.iter().filter(|l| l.school == school.id).collect();
            // Where there is none, it is listed for those who can make one.
            if own.is_empty() && !school.writes {
                continue;
            }
            schools.push(Row {
                href: format!("/timetables/{id}"),
                title: look.title(organisation, &id)?,
                region,
                classes: read::classes(own.iter().copied()).len(),
                lessons: own.len(),
                gaps: own.iter().filter(|l| l.teacher.is_none()).count(),
            });
        }
        schools.sort_by_key(|r| r.lessons == 0);
        let s = Shell::new(site, request, look.words.get("timetables"));
        Ok::<_, PageError>(ListPage { s, schools }.render()?)
    })?;
    Ok(Reply::Page(html))
}

#[derive(Template)]
#[template(path = "timetable.html")]
struct WeekPage<'a> {
    s: Shell<'a>,
    id: String,
    writes: bool,
    /// There are bell times.
    rings: bool,
    classes: Vec<ClassChip>,
    class: String,
    teachers: Vec<(String, String, bool)>,
    on: String,
    week: String,
    /// Whose week it is, in words.
    of: String,
    gaps: i64,
    gaps_by: Vec<(String, String)>,
    clashes: i64,
    grid: Option<Grid>,
    csv: String,
    /// The class, as the address of what is pasted has it.
    paste_query: String,
    mine: Option<String>,
    editor: Option<Editor>,
    starts_on: String,
    ends_on: String,
}

struct ClassChip {
    href: String,
    title: String,
    gaps: i64,
    current: bool,
}

/// What a reader asked to see of a school's week.
pub(crate) struct Asked {
    pub of: Option<Of>,
    pub on: Option<Date>,
}

pub(crate) fn asked(request: &Request) -> Result<Asked, PageError> {
    let teacher = request.query("teacher").map(|t| t.parse().map_err(|_| PageError::NotFound)).transpose()?;
    let class = request.query("class").and_then(|c| text::clean_line(c, crate::facts::MAX_CLASS).ok());
    let on = request.query("on").map(|d| d.parse().map_err(|_| PageError::NotFound)).transpose()?;
    Ok(Asked { of: teacher.map(Of::Teacher).or(class.filter(|c| !c.is_empty()).map(Of::Class)), on })
}

/// The week of a class or a teacher.
pub(crate) fn week(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let school = request.id("id")?;
    let html = site.store.read(|conn| shown(site, request, conn, &school, None))?;
    Ok(Reply::Page(html))
}

/// The page of a week, with what was wrong with the cell that was sent.
pub(crate) fn shown(
    site: &Site,
    request: &Request,
    conn: &Connection,
    id: &Subject,
    sent: Option<&cell::Sent>,
) -> Result<String, PageError> {
    let reader = request.reader()?;
    let school = read::school(site, conn, reader, id)?;
    let look = Look::new(site, request, conn);
    let asked = asked(request)?;
    let periods = read::periods(conn, reader, id)?;
    let all = read::of_school(conn, reader, id)?;
    let day = read::shown_day(asked.on, &all, site.today());
    let (monday, sunday) = days::week_of(day);
    let lessons: Vec<Lesson> = all.iter().filter(|l| l.within(monday, sunday)).cloned().collect();
    let classes = read::classes(lessons.iter());
    let of = asked
        .of
        .or_else(|| sent.map(|s| Of::Class(s.class.clone())))
        .or_else(|| classes.first().cloned().map(Of::Class));
    let on = asked.on.map(|d| format!("&on={d}")).unwrap_or_default();
    let class = match &of {
        Some(Of::Class(class)) => class.clone(),
        _ => String::new(),
    };
    let chip = |title: &String| ClassChip {
        href: format!("/timetables/{id}?class={}{on}", escape(title)),
        title: title.clone(),
        gaps: lessons.iter().filter(|l| l.class == *title && l.teacher.is_none()).count().try_into().unwrap_or(0),
        current: *title == class,
    };
    let mut chips: Vec<ClassChip> = classes.iter().map(chip).collect();
    if !class.is_empty() && !classes.contains(&class) {
        chips.push(chip(&class));
    }
    let spot = cell::spot(request, sent);
    let made = of.as_ref().map(|of| Made {
        site,
        look: &look,
        school,
        periods: &periods,
        lessons: &lessons,
        of,
        day,
        on: asked.on,
        spot: spot.filter(|_| school.writes || sent.is_none()),
    });
    let person = read::kind(site, "person")?;
    let teachers = read::teachers(&look, site, reader, id)?;
    let chosen = match &of {
        Some(Of::Teacher(t)) => Some(*t),
        _ => None,
    };
    let gaps: Vec<&Lesson> = lessons.iter().filter(|l| l.teacher.is_none()).collect();
    let (first, last) = read::default_days(&all, site.today());
    let organisation = read::kind(site, "organisation")?;
    let teaches = lessons.iter().any(|l| l.teacher == Some(reader.person));
    let page = WeekPage {
        id: id.to_string(),
        writes: school.writes,
        rings: !periods.is_empty(),
        classes: chips,
        of: match &of {
            Some(Of::Class(class)) => class.clone(),
            Some(Of::Teacher(t)) => look.title(person, t)?,
            None => String::new(),
        },
        editor: match &of {
            Some(Of::Class(class)) if !periods.is_empty() => {
                cell::editor(site, request, &look, school, (&periods, &lessons, &teachers), class, sent, (first, last))?
            }
            _ => None,
        },
        grid: made.filter(|_| !periods.is_empty()).map(|m| m.grid()).transpose()?,
        csv: csv_address(id, of.as_ref(), asked.on),
        mine: (teaches && chosen != Some(reader.person))
            .then(|| format!("/timetables/{id}?teacher={}{on}", reader.person)),
        teachers: teachers
            .into_iter()
            .filter(|(t, _)| chosen == Some(*t) || lessons.iter().any(|l| l.teacher == Some(*t)))
            .map(|(t, title)| (t.to_string(), title, chosen == Some(t)))
            .collect(),
        gaps: i64::try_from(gaps.len()).unwrap_or(0),
        gaps_by: by_subject(&look, id, &gaps, &on),
        clashes: i64::try_from(crate::grid::clashes(&lessons).len()).unwrap_or(0),
        on: day.to_string(),
        week: format!("{} – {}", look.words.date(monday), look.words.date(sunday)),
        starts_on: first.to_string(),
        ends_on: last.to_string(),
        paste_query: if class.is_empty() { String::new() } else { format!("?class={}", escape(&class)) },
        class,
        s: Shell::new(site, request, look.title(organisation, id)?),
    };
    Ok(page.render()?)
}

/// Gaps by subject, in words, with the address of their rows.
fn by_subject(look: &Look<'_>, school: &Subject, gaps: &[&Lesson], on: &str) -> Vec<(String, String)> {
    let mut by: BTreeMap<&str, usize> = BTreeMap::new();
    for gap in gaps {
        *by.entry(&gap.subject).or_default() += 1;
    }
    let mut by: Vec<_> = by.into_iter().collect();
    by.sort_by_key(|(subject, n)| (std::cmp::Reverse(*n), *subject));
    let said = |(subject, n): (&str, usize)| {
        let name = register::label(&look.words, &LESSON, LESSON.field("subject"), subject);
        (format!("{name} {n}"), format!("/timetables/{school}/gaps?subject={subject}{on}"))
    };
    by.into_iter().map(said).collect()
}

fn csv_address(id: &Subject, of: Option<&Of>, on: Option<Date>) -> String {
    let mut parts = match of {
        Some(Of::Class(class)) => vec![format!("class={}", escape(class))],
        Some(Of::Teacher(t)) => vec![format!("teacher={t}")],
        None => Vec::new(),
    };
    parts.extend(on.map(|d| format!("on={d}")));
    format!("/csv/timetables/{id}?{}", parts.join("&"))
}

/// The week as a table for a spreadsheet: of a class or a teacher, or of the whole school.
pub(crate) fn csv(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let reader = request.reader()?;
    let asked = asked(request)?;
    let out = site.store.read(|conn| {
        read::school(site, conn, reader, &id)?;
        let look = Look::new(site, request, conn);
        let person = read::kind(site, "person")?;
        let periods = read::periods(conn, reader, &id)?;
        let all = read::of_school(conn, reader, &id)?;
        let (monday, sunday) = days::week_of(read::shown_day(asked.on, &all, site.today()));
        let mine = |l: &&Lesson| match &asked.of {
            Some(Of::Class(class)) => l.class == *class,
            Some(Of::Teacher(teacher)) => l.teacher == Some(*teacher),
            None => true,
        };
        let mut out = String::from("\u{feff}");
        let field = |name| look.field(&LESSON, name);
        let head = ["class", "grade", "weekday", "period"].map(field);
        let hours = ["starts_at", "ends_at"].map(|f| look.field(&crate::facts::PERIOD, f));
        let rest = ["subject", "teacher", "starts_on", "ends_on"].map(field);
        csv_line(&mut out, head.iter().chain(&hours).chain(&rest).map(String::as_str));
        for l in all.iter().filter(|l| l.within(monday, sunday)).filter(mine) {
            let period = periods.iter().find(|p| p.id == l.period);
            let label = |field, word: &str| register::label(&look.words, &LESSON, LESSON.field(field), word);
            let cells = [
                l.class.clone(),
                days::grade_of(&l.class).map(|g| g.to_string()).unwrap_or_default(),
                label("weekday", DAYS.get(l.weekday).copied().unwrap_or_default()),
                period.map(|p| p.name.clone()).unwrap_or_default(),
                period.map(|p| p.starts.clone()).unwrap_or_default(),
                period.map(|p| p.ends.clone()).unwrap_or_default(),
                label("subject", &l.subject),
                l.teacher.map(|t| look.title(person, &t)).transpose()?.unwrap_or_default(),
                l.starts_on.to_string(),
                l.ends_on.to_string(),
            ];
            csv_line(&mut out, cells.iter().map(String::as_str));
        }
        Ok::<_, PageError>(out)
    })?;
    Ok(Reply::Bytes("text/csv; charset=utf-8", Some("timetable.csv".to_owned()), out.into_bytes()))
}

#[derive(Template)]
#[template(path = "gaps.html")]
struct GapsPage<'a> {
    s: Shell<'a>,
    back: String,
    school: String,
    rows: Vec<GapRow>,
}

struct GapRow {
    title: String,
    href: String,
    when: String,
    until: String,
    live: Option<String>,
}

/// The lessons of a week that nobody teaches: all, or those of a subject.
pub(crate) fn gaps(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let reader = request.reader()?;
    let on = asked(request)?.on;
    let subject = request.query("subject");
    let html = site.store.read(|conn| {
        read::school(site, conn, reader, &id)?;
        let look = Look::new(site, request, conn);
        let all = read::of_school(conn, reader, &id)?;
        let (monday, sunday) = days::week_of(read::shown_day(on, &all, site.today()));
        let periods = read::periods(conn, reader, &id)?;
        let wanted =
            |l: &&Lesson| l.teacher.is_none() && l.within(monday, sunday) && subject.is_none_or(|s| s == l.subject);
        let label = |field, word: &str| register::label(&look.words, &LESSON, LESSON.field(field), word);
        let row = |l: &Lesson| {
            let period = periods.iter().find(|p| p.id == l.period);
            let day = label("weekday", DAYS.get(l.weekday).copied().unwrap_or_default());
            let hours = period.map(|p| format!("{} {}", p.name, p.hours())).unwrap_or_default();
            let spot = crate::grid::Spot { weekday: l.weekday, period: l.period };
            GapRow {
                title: format!("{} · {}", l.class, label("subject", &l.subject)),
                href: crate::grid::cell_address(&id, &l.class, spot, on, Some(l.id)),
                when: format!("{day} {hours}"),
                until: look.words.with("timetable-until", &[("text", (&look.words.date(l.ends_on)).into())]),
                live: crate::live::address(site, &look, reader, l),
            }
        };
        let organisation = read::kind(site, "organisation")?;
        let school = look.title(organisation, &id)?;
        let title = match subject {
            Some(subject) => format!("{} · {}", look.words.get("timetable-gaps"), label("subject", subject)),
            None => look.words.get("timetable-gaps").into_owned(),
        };
        let rows = all.iter().filter(wanted).map(row).collect();
        let page = GapsPage { back: format!("/timetables/{id}"), school, rows, s: Shell::new(site, request, title) };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

/// The names of the days and subjects in every language that somebody may paste in.
pub(crate) fn in_languages(site: &Site, key: &str) -> Vec<String> {
    [Lang::Zh, Lang::Bo, Lang::En]
        .map(|lang| site.words(lang, None))
        .iter()
        .filter(|w| w.has(key))
        .map(|w| w.get(key).into_owned())
        .collect()
}
