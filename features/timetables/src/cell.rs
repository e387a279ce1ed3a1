//! One cell of a class's week: filled, changed or emptied with few keys, and on to the next.

use base::{Date, Subject, base32};
use log::{Context, Frontier};
use records::vocabulary::SUBJECTS;
use records::{Change, REMOVED, Value};
use register::{Look, Refusal, change_in};
use web::{PageError, Reply, Request, Site};

use crate::days::{self, DAYS};
use crate::facts::{LESSON, MAX_CLASS};
use crate::grid::{Spot, cell_address};
use crate::read::{self, Lesson, Period, School};
use crate::write::{New, differs, done, put};

/// A select's options: value, words, whether chosen.
type Options = Vec<(String, String, bool)>;

/// The form of a cell.
pub(crate) struct Editor {
    pub title: String,
    pub action: String,
    pub class: String,
    pub day: &'static str,
    pub period: String,
    pub lesson: String,
    pub base: String,
    pub subjects: Options,
    pub teachers: Options,
    pub starts_on: String,
    pub ends_on: String,
    pub error: Option<String>,
    /// The record of the lesson, with its history.
    pub record: Option<String>,
    /// Where the lesson is held as a live class.
    pub live: Option<String>,
    /// The reader may write.
    pub writes: bool,
    pub said: String,
}

/// What was sent for a cell, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    pub class: String,
    pub day: String,
    pub period: Subject,
    pub lesson: Option<Subject>,
    pub base: Option<Frontier>,
    pub subject: String,
    pub teacher: String,
    pub starts_on: String,
    pub ends_on: String,
    /// The key of the words.
    pub error: String,
}

/// The cell that is being written.
pub(crate) fn spot(request: &Request, sent: Option<&Sent>) -> Option<Spot> {
    if let Some(sent) = sent {
        return Some(Spot { weekday: days::place(&sent.day)?, period: sent.period });
    }
    let period = request.query("period")?.parse().ok()?;
    Some(Spot { weekday: days::place(request.query("day")?)?, period })
}

/// The form of the cell that was asked for, or that was refused.
#[expect(clippy::too_many_arguments, reason = "what the page around it has read already")]
pub(crate) fn editor(
    site: &Site,
    request: &Request,
    look: &Look<'_>,
    school: School,
    (periods, lessons, teachers): (&[Period], &[Lesson], &[(Subject, String)]),
    class: &str,
    sent: Option<&Sent>,
    (first, last): (Date, Date),
) -> Result<Option<Editor>, PageError> {
    let Some(spot) = spot(request, sent) else { return Ok(None) };
    let (Some(day), Some(period)) = (DAYS.get(spot.weekday), periods.iter().find(|p| p.id == spot.period)) else {
        return Ok(None);
    };
    let in_cell = |l: &&Lesson| l.class == class && l.weekday == spot.weekday && l.period == spot.period;
    let named = match sent {
        Some(sent) => sent.lesson,
        None => request.query("lesson").and_then(|l| l.parse().ok()),
    };
    let lesson = match named {
        Some(id) => lessons.iter().filter(in_cell).find(|l| l.id == id),
        None => lessons.iter().find(in_cell).filter(|_| sent.is_none()),
    };
    if lesson.is_none() && !school.writes {
        return Ok(None);
    }
    let label = |field, word: &str| register::label(&look.words, &LESSON, LESSON.field(field), word);
    let subject = sent.map_or_else(|| lesson.map_or("", |l| l.subject.as_str()), |s| s.subject.as_str());
    let teacher = match sent {
        Some(sent) => sent.teacher.clone(),
        None => lesson.and_then(|l| l.teacher).map(|t| t.to_string()).unwrap_or_default(),
    };
    // Who has something else then is named with it.
    let busy = |id: &Subject| {
        let then = |l: &&Lesson| {
            l.teacher == Some(*id)
                && l.weekday == spot.weekday
                && (l.period == period.id || l.span.zip(period.span()).is_some_and(|(a, b)| a.meets(b)))
                && lesson.is_none_or(|own| own.id != l.id)
        };
        lessons.iter().find(then).map(|l| l.class.as_str())
    };
    let offered = |(id, title): &(Subject, String)| {
        let said = busy(id).map_or_else(|| title.clone(), |at| format!("{title}（{at}）"));
        (id.to_string(), said, id.to_string() == teacher)
    };
    let days = lesson.map_or((first, last), |l| (l.starts_on, l.ends_on));
    let said = [
        lesson.map(|l| label("subject", &l.subject)).unwrap_or_default(),
        lesson
            .and_then(|l| l.teacher)
            .and_then(|t| teachers.iter().find(|(id, _)| *id == t))
            .map(|(_, n)| n.clone())
            .unwrap_or_default(),
    ];
    let reader = request.reader()?;
    Ok(Some(Editor {
        title: format!("{class} · {} · {} {}", label("weekday", day), period.name, period.hours()),
        action: format!("/timetables/{}/cell", school.id),
        class: class.to_owned(),
        day,
        period: period.id.to_string(),
        lesson: lesson.map(|l| l.id.to_string()).unwrap_or_default(),
        base: lesson
            .map(|l| log::frontier(look.conn, &l.id))
            .transpose()?
            .map(|f| base32::encode(&f.to_bytes()))
            .unwrap_or_default(),
        subjects: SUBJECTS.iter().map(|s| ((*s).to_owned(), label("subject", s), *s == subject)).collect(),
        teachers: teachers.iter().map(offered).collect(),
        starts_on: sent.map_or_else(|| days.0.to_string(), |s| s.starts_on.clone()),
        ends_on: sent.map_or_else(|| days.1.to_string(), |s| s.ends_on.clone()),
        error: sent.map(|s| look.words.get(&s.error).into_owned()),
        record: lesson.map(|l| format!("/timetable-lessons/{}", l.id)),
        live: lesson.and_then(|l| crate::live::address(site, look, reader, l)),
        writes: school.writes,
        said: said.iter().filter(|s| !s.is_empty()).cloned().collect::<Vec<_>>().join(" · "),
    }))
}

fn sent(request: &Request) -> Result<Sent, PageError> {
    let form = |name| request.form(name).unwrap_or_default().trim().to_owned();
    let class = text::clean_line(&form("class"), MAX_CLASS).ok().filter(|c| !c.is_empty());
    let base = base32::decode(&form("_base")).and_then(|b| Frontier::from_bytes(&b).ok()).filter(|b| !b.0.is_empty());
    Ok(Sent {
        class: class.ok_or(PageError::Malformed("a class"))?,
        day: form("day"),
        period: form("period").parse().map_err(|_| PageError::Malformed("a period"))?,
        lesson: Some(form("lesson"))
            .filter(|l| !l.is_empty())
            .map(|l| l.parse().map_err(|_| PageError::NotFound))
            .transpose()?,
        base,
        subject: form("subject"),
        teacher: form("teacher"),
        starts_on: form("starts_on"),
        ends_on: form("ends_on"),
        error: String::new(),
    })
}

/// Fills, changes or empties a cell.
pub(crate) fn save(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let sent = sent(request)?;
    let since = site.now_ms();
    let result =
        site.store.write(Context { author: request.reader()?.person }, |tx| write(tx, site, request, id, &sent));
    let key = match result {
        Ok(written) => {
            let note = if sent.subject.is_empty() { "timetable-emptied" } else { "done-saved" };
            let to = site.store.read(|conn| goes_on(conn, request, &id, &sent))?;
            return Ok(match written {
                Some(lesson) => done(to, note, &id, since, Some(lesson)),
                None => Reply::To(to),
            });
        }
        Err(Refusal::Page(PageError::Rule(code))) => format!("rule-{code}"),
        Err(Refusal::Page(e)) => return Err(e),
        Err(Refusal::Fields(wrong)) => {
            wrong.into_iter().next().map_or_else(|| "error-not-understood".to_owned(), |(_, key)| key.to_owned())
        }
    };
    let sent = Sent { error: key, ..sent };
    Ok(Reply::Invalid(site.store.read(|conn| crate::pages::shown(site, request, conn, &id, Some(&sent)))?))
}

/// The lesson that was written; nothing where nothing differs.
fn write(
    tx: &log::Tx<'_>,
    site: &Site,
    request: &Request,
    school: Subject,
    sent: &Sent,
) -> Result<Option<Subject>, Refusal> {
    let reader = request.reader()?;
    if !read::school(site, tx.conn(), reader, &school)?.writes {
        return Err(PageError::NotAllowed.into());
    }
    let wrong = |field: &str, key| Refusal::Fields(vec![(field.to_owned(), key)]);
    let weekday = days::place(&sent.day).ok_or(PageError::Malformed("a weekday"))?;
    let old = match sent.lesson {
        Some(id) => {
            let found =
                read::lessons(tx.conn(), reader, "l.id = ?1 AND l.school = ?2", [id.as_bytes(), school.as_bytes()])?;
            Some(found.into_iter().next().ok_or(PageError::NotFound)?)
        }
        None => None,
    };
    if sent.subject.is_empty() {
        let Some(old) = old else { return Ok(None) };
        let change = Change::new().with(REMOVED, Value::Bool(true));
        change_in(tx, site, reader, &LESSON, old.id, change, None)?;
        return Ok(Some(old.id));
    }
    let day = |text: &str, field| text.parse::<Date>().map_err(|_| wrong(field, "timetable-bad-days"));
    let between = (day(&sent.starts_on, "starts_on")?, day(&sent.ends_on, "ends_on")?);
    let teacher = match sent.teacher.as_str() {
        "" => None,
        id => Some(id.parse().map_err(|_| wrong("teacher", "error-no-such"))?),
    };
    match old {
        Some(old) => {
            let Some(change) = differs(&old, &sent.subject, teacher, between) else { return Ok(None) };
            change_in(tx, site, reader, &LESSON, old.id, change, sent.base.as_ref())?;
            Ok(Some(old.id))
        }
        None => {
            let (class, period, subject) = (sent.class.as_str(), sent.period, sent.subject.as_str());
            let new = New { school, class, weekday, period, subject, teacher, days: between };
            put(tx, site, request, &new).map(Some)
        }
    }
}

/// Where one goes on: the next cell of the class, or the week.
fn goes_on(conn: &rusqlite::Connection, request: &Request, school: &Subject, sent: &Sent) -> Result<String, PageError> {
    let periods = read::periods(conn, request.reader()?, school)?;
    let on = request.form("on").and_then(|d| d.parse::<Date>().ok());
    let shown = on.map(|d| format!("&on={d}")).unwrap_or_default();
    let week = format!("/timetables/{school}?class={}{shown}", web::escape(&sent.class));
    if request.form("then") != Some("next") {
        return Ok(week);
    }
    let at = periods.iter().position(|p| p.id == sent.period).zip(days::place(&sent.day));
    let Some((row, weekday)) = at else { return Ok(week) };
    let next = match periods.get(row + 1) {
        Some(period) => Some(Spot { weekday, period: period.id }),
        // After the last hour of a day, the first of the next; Friday is the last day unless one writes on Saturday.
        None if weekday < 4 => periods.first().map(|p| Spot { weekday: weekday + 1, period: p.id }),
        None => None,
    };
    Ok(next.map_or(week, |spot| cell_address(school, &sent.class, spot, on, None)))
}
