//! What a person did, line by line, from facts that name the person and have a day of their own, as far as the node where
//! they ask holds them. It is told to who did it also after they have gone on to another school; a line leads to its record
//! where they may open that today.

use std::collections::BTreeSet;

use base::Subject;
use log::entries_of;
use records::{Change, Kind, Reader};
use register::Look;
use rusqlite::params;
use web::{PageError, Site};

/// Something that a person did on a day.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// What it is known by, when it is struck from a draft.
    pub key: String,
    /// The day of the thing itself, as facts have it.
    pub day: String,
    /// The key of the words for what it was.
    pub what: &'static str,
    /// What it is called, and where it was.
    pub title: String,
    /// Its page; none where nothing more is to be seen.
    pub href: Option<String>,
}

/// Whose word a fact has to be, where it names nobody in a field of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// The query names the person.
    Name,
    /// Its author's: who last wrote this field.
    Author(&'static str),
}

/// A sort of things that people do. The query gives id, day and place; `?1` is the person, `?2` and `?3` the first and the
/// last day, `{sees}` what the reader sees of the table `t`, where a fact names nobody; `{o}` is what the organisation `o` is
/// called to the reader, and `{place}` where the activity `t` was.
struct Source {
    what: &'static str,
    kind: &'static str,
    by: By,
    /// What it is called is said; of two people's own things only that they were, and the line leads to their pairing.
    named: bool,
    sql: &'static str,
}

const fn of(what: &'static str, kind: &'static str, sql: &'static str) -> Source {
    Source { what, kind, by: By::Name, named: true, sql }
}

/// Every sort, in the order of a day. What two keep sealed between them, an observation, is no line: that it was is theirs.
const SOURCES: [Source; 16] = [
    of(
        "did-visit",
        "visit",
        "SELECT t.id, t.held_on, {o} FROM visit t JOIN visit_visitors n ON n.id = t.id AND n.value = ?1
         LEFT JOIN organisation o ON o.id = t.host
         WHERE t.state IN ('held', 'followed_up') AND t.held_on BETWEEN ?2 AND ?3",
    ),
    // The day on which it set out.
    of(
        "did-tour",
        "study_tour",
        "SELECT t.id, t.left_on, {o} FROM tour_adult n JOIN study_tour t ON t.id = n.tour
         LEFT JOIN organisation o ON o.id = t.host
         WHERE n.person = ?1 AND t.state IN ('under_way', 'closed') AND t.left_on BETWEEN ?2 AND ?3",
    ),
    // What was done on the day of a visit that one made is that visit.
    of(
        "did-give",
        "activity",
        "SELECT t.id, t.held_on, {place}
         FROM activity t JOIN activity_given_by n ON n.id = t.id AND n.value = ?1
         LEFT JOIN organisation o ON o.id = t.school
         WHERE t.state IN ('held', 'verified') AND t.held_on BETWEEN ?2 AND ?3
           AND NOT EXISTS (SELECT 1 FROM visit x JOIN visit_visitors v ON v.id = x.id
             WHERE x.id = t.visit AND v.value = ?1 AND x.held_on = t.held_on)
         UNION SELECT t.id, p.day, {place}
         FROM participation p JOIN activity t ON t.id = p.activity LEFT JOIN organisation o ON o.id = t.school
         WHERE p.person = ?1 AND p.part = 'gives' AND coalesce(p.present, 1) = 1
           AND t.state IN ('held', 'verified') AND p.day BETWEEN ?2 AND ?3
           AND NOT EXISTS (SELECT 1 FROM visit x JOIN visit_visitors v ON v.id = x.id
             WHERE x.id = t.visit AND v.value = ?1 AND x.held_on = p.day)",
    ),
    of(
        "did-organise",
        "activity",
        "SELECT t.id, p.day, {place}
         FROM participation p JOIN activity t ON t.id = p.activity LEFT JOIN organisation o ON o.id = t.school
         WHERE p.person = ?1 AND p.part = 'organises' AND coalesce(p.present, 1) = 1
           AND t.state IN ('held', 'verified') AND p.day BETWEEN ?2 AND ?3",
    ),
    of(
        "did-attend",
        "activity",
        "SELECT t.id, p.day, {place}
         FROM participation p JOIN activity t ON t.id = p.activity LEFT JOIN organisation o ON o.id = t.school
         WHERE p.person = ?1 AND p.part = 'attends' AND p.present = 1
           AND t.state IN ('held', 'verified') AND p.day BETWEEN ?2 AND ?3",
    ),
    // A meeting of a team that one belonged to then, where nothing says otherwise.
    of(
        "did-team",
        "activity",
        "SELECT t.id, t.held_on, {place}
         FROM membership m JOIN activity t ON t.team = m.team LEFT JOIN organisation o ON o.id = t.school
         WHERE m.person = ?1 AND t.kind = 'team_meeting' AND t.state IN ('held', 'verified')
           AND t.held_on BETWEEN ?2 AND ?3 AND t.held_on BETWEEN m.from_on AND coalesce(m.until_on, '9999')
           AND NOT EXISTS (SELECT 1 FROM participation p WHERE p.activity = t.id AND p.person = ?1)
           AND NOT EXISTS (SELECT 1 FROM activity_given_by g WHERE g.id = t.id AND g.value = ?1)",
    ),
    of(
        "did-class",
        "live_class",
        "SELECT t.id, t.held_on, NULL FROM live_class t
         WHERE ?1 IN (t.teacher, t.co_teacher) AND t.state = 'held' AND t.held_on BETWEEN ?2 AND ?3",
    ),
    of(
        "did-room",
        "live_class",
        "SELECT t.id, t.held_on, {o} FROM class_room r JOIN live_class t ON t.id = r.class
         LEFT JOIN organisation o ON o.id = r.school
         WHERE r.person = ?1 AND t.state = 'held' AND t.held_on BETWEEN ?2 AND ?3",
    ),
    Source {
        what: "did-teach",
        kind: "lesson_plan",
        by: By::Author("taught_on"),
        named: true,
        sql: "SELECT t.id, t.taught_on, {o} FROM lesson_plan t LEFT JOIN organisation o ON o.id = t.taught_at
              WHERE t.taught_on BETWEEN ?2 AND ?3 AND t.id IN
              (SELECT plan FROM plan_author WHERE person = ?1 AND part IN ('lead', 'author'))",
    },
    Source {
        what: "did-pair",
        kind: "pair_lesson",
        by: By::Name,
        named: false,
        sql: "SELECT DISTINCT p.id, t.held_on, NULL FROM pair_lesson t JOIN pairing p ON p.id = t.pairing
              WHERE ?1 IN (p.master, p.apprentice) AND t.held_on BETWEEN ?2 AND ?3",
    },
    Source {
        what: "did-course",
        kind: "course_use",
        by: By::Author("how"),
        named: true,
        // Of how many courses are used, only those where the person is or was: of each its author is asked.
        sql: "SELECT t.id, t.used_on, nullif(t.class, '') FROM course_use t
              WHERE t.state = 'used' AND t.used_on BETWEEN ?2 AND ?3
                AND ({sees} OR t.home IN (SELECT home FROM person WHERE id = ?1 UNION
                     SELECT u.id FROM posting p JOIN organisation o ON o.id = p.school
                     JOIN organisation u ON u.id IN (o.id, o.parent)
                     WHERE p.person = ?1 AND p.arrived_on IS NOT NULL))",
    },
    of(
        "did-research",
        "research_lesson",
        "SELECT t.id, t.taught_on, c.title FROM research_lesson t LEFT JOIN research_cycle c ON c.id = t.cycle
         WHERE t.given_by = ?1 AND t.state IN ('taught', 'observed', 'revised') AND t.taught_on BETWEEN ?2 AND ?3",
    ),
    of(
        "did-research-see",
        "research_lesson",
        "SELECT t.id, t.taught_on, c.title FROM research_lesson t JOIN research_lesson_observers n ON n.id = t.id AND n.value = ?1
         LEFT JOIN research_cycle c ON c.id = t.cycle
         WHERE t.given_by IS NOT ?1 AND t.state IN ('taught', 'observed', 'revised') AND t.taught_on BETWEEN ?2 AND ?3",
    ),
    // The day of arrival, as a tour has the day on which it set out.
    of(
        "did-shadow",
        "reverse_posting",
        "SELECT t.id, t.arrived_on, NULL FROM reverse_posting t
         WHERE t.person = ?1 AND t.state IN ('arrived', 'completed', 'ended_early') AND t.arrived_on BETWEEN ?2 AND ?3",
    ),
    // A school shows a practice to another: of its people, who wrote down that it did.
    Source {
        what: "did-show",
        kind: "practice_school",
        by: By::Author("shown_on"),
        named: true,
        sql: "SELECT t.id, t.shown_on, NULL FROM practice_school t WHERE t.shown_on BETWEEN ?2 AND ?3",
    },
    of(
        "did-health",
        "health_session",
        "SELECT t.id, t.held_on, {o} FROM health_session t JOIN posting p ON p.id = t.medic
         LEFT JOIN organisation o ON o.id = t.school
         WHERE p.person = ?1 AND t.state = 'held' AND t.held_on BETWEEN ?2 AND ?3",
    ),
];

/// An id that a column holds.
pub(crate) fn id(bytes: Option<Vec<u8>>) -> Subject {
    bytes.and_then(|b| Subject::try_from(b.as_slice()).ok()).unwrap_or_default()
}

/// Whether lines say what each is called, which takes longest where there are thousands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Called {
    Yes,
    No,
}

/// What the reader did from one day to another, by day.
///
/// # Errors
/// What the database says.
pub(crate) fn lines(
    site: &Site,
    look: &Look<'_>,
    reader: &Reader,
    (from, until): (&str, &str),
    called: Called,
) -> Result<Vec<Line>, PageError> {
    let mut out: Vec<Line> = Vec::new();
    let mut known = BTreeSet::new();
    let o = site.kinds.get("organisation").ok_or(PageError::NotFound)?.called("o", look.words.lang());
    let place = register::place_of(&site.kinds, look.words.lang(), "t")?;
    for source in &SOURCES {
        let Some(kind) = site.kinds.get(source.kind) else { continue };
        let Some(page) = site.kinds.get(if source.named { source.kind } else { "pairing" }) else { continue };
        let sql = format!(
            "WITH did(id, day, place) AS ({}) SELECT d.id, d.day, d.place,
                    EXISTS (SELECT 1 FROM {} t WHERE t.id = d.id AND {}) FROM did d",
            source.sql.replace("{sees}", &seen(reader, kind)).replace("{place}", &place).replace("{o}", &o),
            page.name,
            seen(reader, page)
        );
        let mut stmt = look.conn.prepare(&sql)?;
        let rows = stmt.query_map(params![reader.person.as_bytes(), from, until], |r| {
            let place = r.get::<_, Option<String>>(2)?.unwrap_or_default();
            Ok((id(r.get(0)?), r.get::<_, String>(1)?, place, r.get::<_, bool>(3)?))
        })?;
        for row in rows {
            let (of, day, place, open) = row?;
            // Of an account that is not believed everywhere, only what a role opens.
            if reader.within.is_some() && !open {
                continue;
            }
            if !wrote(look, reader, &of, source.by)? {
                continue;
            }
            let key = format!("{}.{of}.{day}", source.what);
            if !known.insert(key.clone()) {
                continue;
            }
            let title =
                if source.named && called == Called::Yes { look.title_of_own(kind, &of)? } else { String::new() };
            let said: Vec<&str> = [title.as_str(), place.as_str()].into_iter().filter(|s| !s.is_empty()).collect();
            let href = open.then(|| format!("/{}/{of}", page.route));
            out.push(Line { key, day, what: source.what, title: said.join(" · "), href });
        }
    }
    out.sort_by(|a, b| a.day.cmp(&b.day));
    Ok(out)
}

/// The condition that the reader opens a record of a kind today: what is theirs is told without it, and leads there with it.
pub(crate) fn seen(reader: &Reader, kind: &Kind) -> String {
    if reader.opens(kind) { format!("({})", reader.sees(kind, "t")) } else { "0".to_owned() }
}

/// Whether a fact is the reader's own word. Who wrote it is asked, and never when.
fn wrote(look: &Look<'_>, reader: &Reader, of: &Subject, by: By) -> Result<bool, PageError> {
    let By::Author(field) = by else { return Ok(true) };
    let entries = entries_of(look.conn, of)?;
    let set = |payload: &[u8]| Change::decode(payload).is_ok_and(|c| c.set.contains_key(field));
    let last = entries.iter().rev().find(|e| e.payload().is_some_and(set));
    Ok(last.is_some_and(|e| e.header.author == reader.person))
}
