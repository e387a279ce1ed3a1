//! The handover pack: what somebody leaves to who comes after, drafted from facts that the school's people may open anyway,
//! with words of the owner's own. Nothing of it is of what two people wrote between them. Its owner alone makes it, and
//! nobody is told that there is none.

use std::collections::BTreeSet;

use askama::Template;
use base::Subject;
use register::Look;
use rusqlite::Row;
use web::{PageError, Reply, Request, Shell, Site};

use crate::facts::HANDOVER_PACK;
use crate::given::{self, Listed};
use crate::lines::id;
use crate::service::{rows, said};
use crate::sheet::{self, Part};

/// Characters of the owner's own words, and of advice that is taken along.
const WORDS: usize = 4000;
const ADVICE: usize = 400;

/// What goes on or is to be followed up: a heading, the kind of record, the rows (id, a word more, a day), and the field that
/// the word is of.
const SECTIONS: [(&str, &str, &str, &str); 8] = [
    (
        "handover-needs",
        "need",
        "SELECT t.id, t.role, NULL FROM need t JOIN posting p ON p.need = t.id
         WHERE p.person = ?1 AND p.arrived_on IS NOT NULL AND t.state IN ('approved', 'filled') AND {sees}
         GROUP BY t.id ORDER BY t.title_key",
        "role",
    ),
    (
        "handover-pairings",
        "pairing",
        "SELECT t.id, t.subject, t.active_from FROM pairing t
         WHERE ?1 IN (t.master, t.apprentice) AND t.state IN ('active', 'paused') AND {sees} ORDER BY t.active_from",
        "subject",
    ),
    (
        "handover-classes",
        "live_class",
        "SELECT t.id, t.subject, t.starts_on FROM live_class t
         WHERE ?1 IN (t.teacher, t.co_teacher) AND coalesce(t.state, 'planned') = 'planned' AND t.starts_on >= '{today}'
           AND {sees} ORDER BY t.starts_on",
        "subject",
    ),
    (
        "handover-series",
        "class_series",
        "SELECT t.id, t.subject, t.ends_on FROM class_series t
         WHERE (t.teacher = ?1 OR t.id IN (SELECT series FROM series_school WHERE person = ?1))
           AND coalesce(t.state, 'open') = 'open' AND {sees} ORDER BY t.starts_on",
        "subject",
    ),
    (
        "handover-teams",
        "team",
        "SELECT t.id, t.subject, NULL FROM team t
         WHERE (t.lead = ?1 OR t.id IN (SELECT team FROM membership WHERE person = ?1 AND until_on IS NULL))
           AND t.state IN ('active', 'dormant') AND {sees} ORDER BY t.title_key",
        "subject",
    ),
    // A draft is for those who write it: who comes after could not open it.
    (
        "handover-plans",
        "lesson_plan",
        "SELECT t.id, t.subject, NULL FROM lesson_plan t
         WHERE t.id IN (SELECT plan FROM plan_author WHERE person = ?1 AND part IN ('lead', 'author'))
           AND t.state = 'shared' AND {sees} ORDER BY t.title_key",
        "subject",
    ),
    (
        "handover-courses",
        "course",
        "SELECT t.id, t.subject, NULL FROM course t
         WHERE t.id IN (SELECT course FROM course_hand WHERE person = ?1 AND part IN ('lead', 'author'))
           AND t.state NOT IN ('draft', 'withdrawn') AND {sees} ORDER BY t.title_key",
        "subject",
    ),
    (
        "handover-visits",
        "visit",
        "SELECT t.id, coalesce(nullif(t.follow_up, ''), t.advice), t.held_on FROM visit t
         JOIN visit_visitors n ON n.id = t.id AND n.value = ?1
         WHERE t.state = 'held' AND coalesce(nullif(t.follow_up, ''), t.advice) IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM visit later WHERE later.host = t.host AND later.held_on > t.held_on
                           AND later.state IN ('held', 'followed_up')) AND {sees} ORDER BY t.held_on DESC",
        "",
    ),
];

struct Section {
    title: String,
    lines: Vec<(String, Option<String>, String)>,
}

#[derive(Template)]
#[template(path = "handover.html")]
struct HandoverPage<'a> {
    s: Shell<'a>,
    ends: Option<String>,
    sections: Vec<Section>,
    /// Whom it may be given to, and whether the posting is handed to them.
    people: Vec<(Subject, String, bool)>,
    given: Vec<Listed>,
    received: Vec<Listed>,
}

fn line(look: &Look<'_>, kind: &records::Kind, of: Subject, row: &Row<'_>, field: &str) -> Result<Part, PageError> {
    let mut parts = Vec::new();
    if let Some(day) = row.get::<_, Option<String>>(2)? {
        parts.push(look.date(&day));
    }
    let word: Option<String> = row.get(1)?;
    if field.is_empty() {
        parts.extend(word.map(|w| w.chars().take(ADVICE).collect()));
    } else {
        parts.extend(said(look, kind, field, word));
    }
    // Who the two of a pairing are is said when it is read.
    let title = if kind.name == "pairing" { String::new() } else { look.title(kind, &of)? };
    Ok(Part::Item(title, Some(format!("/{}/{of}", kind.route)), parts.join(" · ")))
}

/// The pack as it is made of facts now.
fn sections(site: &Site, request: &Request, look: &Look<'_>) -> Result<Vec<(String, Vec<Part>)>, PageError> {
    let mut out = Vec::new();
    for (key, kind, sql, field) in SECTIONS {
        let lines = rows(site, request, look, kind, sql, |kind, of, row| line(look, kind, of, row, field))?;
        if !lines.is_empty() {
            out.push((look.words.get(key).into_owned(), lines));
        }
    }
    Ok(out)
}

fn flat(sections: Vec<(String, Vec<Part>)>) -> Vec<Part> {
    sections.into_iter().flat_map(|(title, lines)| std::iter::once(Part::Heading(title)).chain(lines)).collect()
}

/// The reader's posting that goes on, or went on last: its school, its last day, and whose posting it is handed to.
type Posting = (Option<Subject>, Option<String>, Option<Subject>);

fn posting(look: &Look<'_>, me: Subject) -> Result<Posting, PageError> {
    let mut stmt = look.conn.prepare_cached(
        "SELECT p.school, coalesce(p.ended_on, p.ends_on), n.person FROM posting p
         LEFT JOIN posting n ON n.id = p.handed_to WHERE p.person = ?1 AND p.arrived_on IS NOT NULL
         ORDER BY p.state = 'arrived' DESC, p.arrived_on DESC LIMIT 1",
    )?;
    let mut found = stmt.query([me.as_bytes()])?;
    let Some(row) = found.next()? else { return Ok((None, None, None)) };
    let link = |at: usize| Ok::<_, PageError>(row.get::<_, Option<Vec<u8>>>(at)?.map(|b| id(Some(b))));
    Ok((link(0)?, row.get(1)?, link(2)?))
}

/// Who may be given it: those who work at the school, first whom the posting is handed to.
fn people(
    site: &Site,
    request: &Request,
    look: &Look<'_>,
    (school, _, next): &Posting,
) -> Result<Vec<(Subject, String)>, PageError> {
    let reader = request.reader()?;
    let mut schools: BTreeSet<Subject> = reader.schools();
    schools.extend(reader.grants.iter().filter(|g| g.school.is_some()).filter_map(|g| g.organisation));
    if let Some(school) = school {
        schools.extend(records::school_of(look.conn, school)?);
        schools.insert(*school);
    }
    let mut out = given::holders(site, look, reader.person, &["posted", "local", "head"], &schools)?;
    if let Some(next) = next.filter(|n| !out.iter().any(|(who, _)| who == n)) {
        // Who comes next may not have come yet.
        out.insert(0, (next, look.title(site.kinds.get("person").ok_or(PageError::NotFound)?, &next)?));
    }
    Ok(out)
}

/// The page.
pub(crate) fn page(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let me = request.reader()?.person;
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let posting = posting(&look, me)?;
        let lines = |lines: Vec<Part>| {
            let line = |part| if let Part::Item(text, href, more) = part { Some((text, href, more)) } else { None };
            lines.into_iter().filter_map(line).collect()
        };
        let mut shown = Vec::new();
        for (title, found) in sections(site, request, &look)? {
            shown.push(Section { title, lines: lines(sheet::called(site, &look, found)?) });
        }
        let people = people(site, request, &look, &posting)?;
        let (_, ends, next) = posting;
        let own = given::all(conn, &HANDOVER_PACK, "person = ?1 AND ?2", me, &true)?;
        let received = given::all(conn, &HANDOVER_PACK, "recipient = ?1 AND ?2", me, &true)?;
        let page = HandoverPage {
            ends: ends.map(|d| look.words.with("handover-ends", &[("text", look.date(&d).as_str().into())])),
            sections: shown,
            people: people.into_iter().map(|(who, name)| (who, name, Some(who) == next)).collect(),
            given: given::listed(site, &look, &HANDOVER_PACK, me, &own)?,
            received: given::listed(site, &look, &HANDOVER_PACK, me, &received)?,
            s: Shell::new(site, request, look.words.get("handover").into_owned()),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

/// What is there of it now as PDF.
pub(crate) fn paper(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (paper, name) = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let title = look.words.get("handover").into_owned();
        let by = look.names(&request.reader()?.person)?;
        let blocks = sheet::blocks(&sheet::called(site, &look, flat(sections(site, request, &look)?))?);
        Ok::<_, PageError>((sheet::paper(site, &look, &title, &by, blocks), format!("{title} {by}")))
    })?;
    sheet::reply(&paper, &name)
}

/// Gives it to who was chosen, with the owner's own words first.
pub(crate) fn give(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let me = request.reader()?.person;
    let to: Subject = request.form("to").and_then(|t| t.parse().ok()).ok_or(PageError::Rule("given-to".to_owned()))?;
    let own = text::clean_text(request.form("said").unwrap_or_default(), WORDS)
        .map_err(|_| PageError::Rule("week-long".to_owned()))?;
    let parts = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        if !people(site, request, &look, &posting(&look, me)?)?.iter().any(|(who, _)| *who == to) {
            return Err(PageError::Rule("given-to".to_owned()));
        }
        let words = (!own.is_empty()).then(|| Part::Text(own.clone()));
        Ok(words.into_iter().chain(flat(sections(site, request, &look)?)).collect::<Vec<_>>())
    })?;
    if parts.is_empty() {
        return Err(PageError::Rule("given-empty".to_owned()));
    }
    given::give(site, request, &HANDOVER_PACK, to, None, &parts)?;
    Ok(given::done("/handover#given"))
}
