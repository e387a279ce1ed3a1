//! A class's week that another class begins with: the same lessons, without teachers unless those days are others.

use base::{Date, Subject};
use log::Context;
use register::Refusal;
use web::{PageError, Reply, Request, Site, escape};

use crate::facts::MAX_CLASS;
use crate::read::{self, Lesson};
use crate::write::{New, done, put};

/// Copies the week of a class. Cells that are filled stay as they are; a teacher who has something else then is left out, so the
/// lesson is a gap.
pub(crate) fn copy(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let rule = |code: &str| PageError::Rule(code.to_owned());
    let line = |name| text::clean_line(request.form(name).unwrap_or_default(), MAX_CLASS).unwrap_or_default();
    let (from, to) = (line("from"), line("to"));
    if from.is_empty() || to.is_empty() {
        return Err(rule("timetable-copy-class"));
    }
    let day =
        |name| request.form(name).unwrap_or_default().trim().parse::<Date>().map_err(|_| rule("timetable_lesson-days"));
    let days = (day("starts_on")?, day("ends_on")?);
    let with_teachers = request.form("teachers") == Some("yes");
    let since = site.now_ms();
    let reader = request.reader()?;
    let written = site.store.write(Context { author: reader.person }, |tx| {
        if !read::school(site, tx.conn(), reader, &id)?.writes {
            return Err(Refusal::Page(PageError::NotAllowed));
        }
        let all = read::of_school(tx.conn(), reader, &id)?;
        let shown = read::shown_day(request.form("on").and_then(|d| d.parse().ok()), &all, site.today());
        let (monday, sunday) = crate::days::week_of(shown);
        let week: Vec<&Lesson> = all.iter().filter(|l| l.class == from && l.within(monday, sunday)).collect();
        if week.is_empty() {
            return Err(rule("timetable-copy-nothing").into());
        }
        let mut n = 0;
        for lesson in week {
            let wanted = Lesson {
                id: Subject::default(),
                class: to.clone(),
                starts_on: days.0,
                ends_on: days.1,
                ..lesson.clone()
            };
            if all.iter().any(|l| l.class == to && l.at_once(&wanted)) {
                continue;
            }
            let teacher = lesson
                .teacher
                .filter(|t| with_teachers && !all.iter().any(|l| l.teacher == Some(*t) && l.at_once(&wanted)));
            let new = New {
                school: id,
                class: &to,
                weekday: lesson.weekday,
                period: lesson.period,
                subject: &lesson.subject,
                teacher,
                days,
            };
            put(tx, site, request, &new)?;
            n += 1;
        }
        Ok(n)
    });
    match written {
        Ok(0) => Err(rule("timetable-copy-filled")),
        Ok(_) => Ok(done(
            format!("/timetables/{id}?class={}&on={}", escape(&to), days.0),
            "timetable-copied",
            &id,
            since,
            None,
        )),
        Err(Refusal::Page(e)) => Err(e),
        Err(Refusal::Fields(_)) => Err(rule("timetable-copy-class")),
    }
}
