//! The lessons that somebody has today.

use register::Look;
use web::{PageError, Request, Site, TodayItem};

use crate::days;
use crate::facts::LESSON;
use crate::read::{self, Lesson};

/// The items of Today.
///
/// # Errors
/// What the database says.
pub fn today(site: &Site, request: &Request) -> Result<Vec<TodayItem>, PageError> {
    let reader = request.reader()?;
    if !reader.may_read(&LESSON) {
        return Ok(Vec::new());
    }
    site.store.read(|conn| {
        let day = site.today();
        let look = Look::new(site, request, conn);
        let condition = "l.teacher = ?1 AND l.starts_on <= ?2 AND l.ends_on >= ?2";
        let params = rusqlite::params![reader.person.as_bytes(), day.to_string()];
        let mut own: Vec<Lesson> = read::lessons(conn, reader, condition, params)?;
        own.retain(|l| l.weekday == days::weekday(day));
        own.sort_by_key(|l| (l.span, l.id));
        let Some(first) = own.first() else { return Ok(Vec::new()) };
        let said = |l: &Lesson| {
            let subject = register::label(&look.words, &LESSON, LESSON.field("subject"), &l.subject);
            let at = l.span.map(|s| days::clock(s.from)).unwrap_or_default();
            format!("{at} {} {subject}", l.class)
        };
        Ok(vec![TodayItem {
            part: "next",
            icon: LESSON.icon,
            title: look.words.with("timetable-today", &[("n", own.len().into())]),
            detail: own.iter().map(said).collect::<Vec<_>>().join(" · "),
            href: format!("/timetables/{}?teacher={}", first.school, reader.person),
            order: day.to_string().replace('-', "").parse().unwrap_or(0),
            when: look.words.date_weekday(day),
        }])
    })
}
