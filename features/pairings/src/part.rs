//! What a pairing shows on its page: to the two, what they agreed, what they wrote and the quick way to write; to others
//! that there is an agreement, and how many lessons there were.

use askama::Template;
use base::{Date, Subject};
use records::vocabulary::SUBJECTS;
use records::{Kind, Role};
use register::Look;
use rusqlite::Connection;
use web::{PageError, Request, Shell, Site};

use crate::agreement::{Signature, Signatures};
use crate::facts::{PAIR_LESSON, PAIR_NOTE, PAIRING};
use crate::growth;
use crate::handover::{self, Due};
use crate::notes::{self, Fits};
use crate::sealed;
use crate::two::{Part, Two, id};

/// Months of a term: two in a year of an agreement.
const TERM: i32 = 6;
/// Notes and lessons of the timeline.
const SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "part.html")]
struct PairPart<'a> {
    s: Shell<'a>,
    id: String,
    state: String,
    /// The line between the two.
    sort: String,
    master: String,
    apprentice: String,
    signed: Vec<Signed>,
    /// The master has as many as they offered to guide.
    full: bool,
    may_sign: bool,
    /// What is signed, where it is.
    agreed: Vec<(String, String)>,
    /// What was agreed is another since the reader signed.
    signs_again: bool,
    may_decline: bool,
    declined: bool,
    counts: Vec<String>,
    due: Option<String>,
    /// Whether the reader decides it.
    decides: bool,
    may_go_online: bool,
    own: Option<Own>,
    /// What both together come to, for an officer; not for one who is one of the two, who would learn what the other said.
    fits: Option<String>,
    /// Where the next pairing begins, after this one was handed over.
    next: Option<String>,
    /// And none has begun yet.
    unfollowed: bool,
}

struct Signed {
    said: String,
    tone: &'static str,
}

/// What is between the two.
struct Own {
    writes: bool,
    today: String,
    subjects: Vec<(&'static str, String)>,
    next_step: Option<Words>,
    lines: Vec<Line>,
    goals: bool,
    /// Goals with what shows them, and what one could name as evidence.
    growth: Vec<growth::Goal>,
    offered: Vec<(String, String)>,
    asks_fit: bool,
    fit: Option<String>,
    reviews: bool,
    /// Reviews: whose, and what.
    said: Vec<(String, Words)>,
    review: String,
    other: String,
    certificate: bool,
    /// The words of the script.
    script: String,
}

/// What stands in the timeline.
struct Line {
    /// Sorts: the day, then when it was written.
    at: (String, i64),
    day: String,
    what: String,
    who: String,
    words: Words,
    /// Of what a note is.
    kind: String,
}

/// What was written: an envelope that the page's script opens, or in the clear, as it was before.
#[derive(Default, Clone)]
struct Words {
    note: String,
    sealed: bool,
    said: String,
    next_step: String,
    /// The reader wrote it, and may take it back.
    own: bool,
}

/// The part of a pairing's page.
///
/// # Errors
/// What the database says.
pub fn part(
    site: &Site,
    request: &Request,
    conn: &Connection,
    kind: &Kind,
    id: &Subject,
) -> Result<Option<String>, PageError> {
    if kind.name == "posting" {
        return handover::of_posting(site, request, conn, id);
    }
    if kind.name != PAIRING.name {
        return Ok(None);
    }
    let reader = request.reader()?;
    let look = Look::new(site, request, conn);
    let person = site.kinds.get("person").ok_or(PageError::NotFound)?;
    let two = Two::read(conn, id)?;
    let me = two.part(&reader.person);
    let signatures = Signatures::of(conn, &two)?;
    let names = [look.title(person, &two.master)?, look.title(person, &two.apprentice)?];
    let today = site.today();
    let due = handover::due(conn, &today.to_string(), &format!("p.id = {}", records::literal(id)))?;
    let hands = register::in_hands(conn, reader, &PAIRING, id)?;
    let decides = hands && !due.is_empty();
    let lacks = me.is_some_and(|me| two.is_open() && signatures.lacks(me));
    let page = PairPart {
        s: Shell::new(site, request, ""),
        id: id.to_string(),
        sort: register::label(&look.words, &PAIRING, PAIRING.field("kind"), &two.sort),
        signed: signed(&look, &two, me, &names, &signatures),
        // Where the two have signed at two nodes apart, either of them says that it stands.
        may_sign: lacks || me.is_some() && two.state == "invited" && both(&signatures),
        agreed: if lacks { agreed(&look, &two) } else { Vec::new() },
        full: hands && matches!(&*two.state, "invited" | "signed") && full(conn, &two)?,
        signs_again: lacks && me.and_then(|me| signatures.by(me)).is_some(),
        may_decline: me.is_some() && matches!(&*two.state, "invited" | "signed"),
        declined: two.state == "declined",
        counts: counts(&look, &two, today)?,
        due: due.first().map(|d| said(site, &look, d, me)).transpose()?,
        decides,
        may_go_online: decides && !two.online,
        own: me.map(|me| own(site, request, &look, &two, me, &names)).transpose()?,
        fits: match (reader.is(Role::Officer) && me.is_none() && two.goes_on())
            .then(|| notes::fits(conn, &two))
            .transpose()?
        {
            Some(Some(Fits::Both)) => Some(look.words.get("pair-fits-both").into_owned()),
            Some(Some(Fits::Another)) => Some(look.words.get("pair-fits-another").into_owned()),
            _ => None,
        },
        // Who took it on begins as one of the two to come.
        next: if (hands || two.handed_to == Some(reader.person))
            && reader.may_make(&PAIRING)
            && two.state == "handed_over"
        {
            next(conn, &two, hands)?
        } else {
            None
        },
        unfollowed: {
            let this = format!("p.id = {}", records::literal(id));
            two.state == "handed_over" && !handover::unfollowed(conn, &today.to_string(), &this)?.is_empty()
        },
        state: two.state.clone(),
        master: names[0].clone(),
        apprentice: names[1].clone(),
    };
    Ok(Some(page.render()?))
}

fn both(signatures: &Signatures) -> bool {
    !signatures.lacks(Part::Master) && !signatures.lacks(Part::Apprentice)
}

/// What one signs, before one's eyes.
fn agreed(look: &Look<'_>, two: &Two) -> Vec<(String, String)> {
    let number = |n: Option<i64>| n.map(|n| look.words.number(n));
    [
        ("goals", two.goals.clone()),
        ("observes", number(two.observes)),
        ("attends", number(two.attends)),
        ("months", number(two.months)),
    ]
    .into_iter()
    .filter_map(|(field, said)| Some((look.field(&PAIRING, field), said?)))
    .collect()
}

/// Whether the master already guides as many as they offered to.
fn full(conn: &Connection, two: &Two) -> Result<bool, PageError> {
    Ok(conn
        .prepare_cached(
            "SELECT coalesce((SELECT max(o.capacity) FROM pair_offer o WHERE o.person = ?1) <=
                             (SELECT count(*) FROM pairing p WHERE p.master = ?1 AND p.state = 'active'), 0)",
        )?
        .query_row([two.master.as_bytes()], |r| r.get(0))?)
}

/// To others than the two only that one of them leaves.
fn said(site: &Site, look: &Look<'_>, due: &Due, me: Option<Part>) -> Result<String, PageError> {
    match me {
        Some(_) => handover::said(site, look, due),
        None => Ok(look.words.get("pair-due-only").into_owned()),
    }
}

/// Who has signed. Before both have, that is between the two.
fn signed(look: &Look<'_>, two: &Two, me: Option<Part>, names: &[String; 2], signatures: &Signatures) -> Vec<Signed> {
    if two.state == "declined" || (me.is_none() && !both(signatures) && two.state == "invited") {
        return Vec::new();
    }
    let one = |part: Part, name: &String| {
        let words = &look.words;
        let who = [("who", name.as_str().into())];
        match signatures.by(part) {
            None => Signed { said: words.with("pair-signed-not", &who), tone: "wait" },
            Some(Signature { left_behind: true, .. }) => {
                Signed { said: words.with("pair-signed-before", &who), tone: "wait" }
            }
            Some(Signature { on, own, .. }) => {
                let day = look.date(on);
                let key = if *own { "pair-signed-own" } else { "pair-signed-paper" };
                Signed {
                    said: words.with(key, &[("who", name.as_str().into()), ("day", day.as_str().into())]),
                    tone: "ok",
                }
            }
        }
    };
    vec![one(Part::Master, &names[0]), one(Part::Apprentice, &names[1])]
}

/// The first day of the term of the agreement in which a day lies.
fn term(from: Date, day: Date) -> (i32, String) {
    let months = i32::from(day.year() - from.year()) * 12 + i32::from(day.month() - from.month())
        - i32::from(day.day() < from.day());
    let n = months.max(0) / TERM;
    let at = i32::from(from.month()) - 1 + n * TERM;
    let (year, month) = (i32::from(from.year()) + at / 12, at % 12 + 1);
    (n + 1, format!("{year:04}-{month:02}-{:02}", from.day()))
}

/// How many lessons there were in this term, of how many that were agreed.
fn counts(look: &Look<'_>, two: &Two, today: Date) -> Result<Vec<String>, PageError> {
    let Some(from) = two.active_from.as_deref().and_then(|d| d.parse::<Date>().ok()) else { return Ok(Vec::new()) };
    let (n, since) = term(from, today);
    let mut out = vec![look.words.with("pair-term", &[("n", i64::from(n).into())])];
    for (what, key, open, agreed) in [
        ("observed", "pair-observed-of", "pair-observed", two.observes),
        ("attended", "pair-attended-of", "pair-attended", two.attends),
    ] {
        let n = notes::count(look.conn, two, what, &since)?;
        out.push(match agreed {
            Some(all) => look.words.with(key, &[("n", n.into()), ("all", all.into())]),
            None => look.words.with(open, &[("n", n.into())]),
        });
    }
    Ok(out)
}

/// The form of a new pairing with who took this one on, in the place of the one who leaves: of a guest and somebody of the
/// school it is the guest, and otherwise the master. What was agreed is proposed again; the goals are told to those alone who
/// know them.
fn next(conn: &Connection, two: &Two, hands: bool) -> Result<Option<String>, PageError> {
    let (Some(heir), Some(school)) = (two.handed_to, two.school) else { return Ok(None) };
    let guest_learns: bool = conn
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM person m, person a
                            WHERE m.id = ?1 AND a.id = ?2 AND m.home IS NOT NULL AND a.home IS NULL)",
        )?
        .query_row([two.master.as_bytes(), two.apprentice.as_bytes()], |r| r.get(0))?;
    let (master, apprentice) = if guest_learns { (two.master, heir) } else { (heir, two.apprentice) };
    let mut form = format!("/pairings/new?kind={}&master={master}&apprentice={apprentice}&school={school}", two.sort);
    let said = |n: Option<i64>| n.map(|n| n.to_string());
    let goals = two.goals.as_deref().filter(|_| hands).map(web::escape);
    for (field, value) in [
        ("subject", two.subject.clone()),
        ("observes", said(two.observes)),
        ("attends", said(two.attends)),
        ("months", said(two.months)),
        ("goals", goals),
    ] {
        form.extend(value.map(|value| format!("&{field}={value}")));
    }
    Ok(Some(form))
}

fn own(
    site: &Site,
    request: &Request,
    look: &Look<'_>,
    two: &Two,
    me: Part,
    names: &[String; 2],
) -> Result<Own, PageError> {
    let (conn, words) = (look.conn, &look.words);
    let reader = request.reader()?;
    let name_of = |person: &Subject| match two.part(person) {
        Some(Part::Master) => names[0].clone(),
        Some(Part::Apprentice) => names[1].clone(),
        None => String::new(),
    };
    let mut lines = Vec::new();
    let mut reviews: Vec<(Subject, Words)> = Vec::new();
    let mut stmt = conn.prepare(&format!(
        "SELECT n.id, n.person, n.what, coalesce(n.held_on, ''), coalesce(n.said, ''), coalesce(n.next_step, ''), n.made,
                n.sealed IS NOT NULL
         FROM pair_note n WHERE n.pairing = ?1 AND {} ORDER BY n.held_on DESC, n.made DESC LIMIT {SHOWN}",
        reader.sees(&PAIR_NOTE, "n")
    ))?;
    let mut rows = stmt.query([two.id.as_bytes()])?;
    let mut next_step = None;
    while let Some(row) = rows.next()? {
        let (note, person) = (id(row.get(0)?).unwrap_or_default(), id(row.get(1)?).unwrap_or_default());
        let (what, day): (String, String) = (row.get(2)?, row.get(3)?);
        let words = Words {
            note: note.to_string(),
            sealed: row.get(7)?,
            said: row.get(4)?,
            next_step: row.get(5)?,
            own: person == reader.person,
        };
        if matches!(&*what, "goal" | "evidence") {
            continue;
        }
        if what == "review" {
            if !reviews.iter().any(|(who, _)| *who == person) {
                reviews.push((person, words));
            }
            continue;
        }
        // The session that came last says what comes next.
        if next_step.is_none() && what == "session" && (words.sealed || !words.next_step.is_empty()) {
            next_step = Some(words.clone());
        }
        let key = if what == "session" { "pair-session" } else { "pair-goals" };
        lines.push(Line {
            at: (day.clone(), row.get(6)?),
            day: look.date(&day),
            what: look.words.get(key).into_owned(),
            who: name_of(&person),
            words,
            kind: what,
        });
    }
    lines.extend(lessons(look, two, &reader.sees(&PAIR_LESSON, "n"))?);
    lines.extend(milestones(look, two));
    lines.sort_by(|a, b| b.at.cmp(&a.at));
    lines.truncate(SHOWN);
    let had = notes::count(conn, two, "session", "")? > 0;
    let fit = notes::fit_of(conn, two, me)?;
    let key = |fit: &str| if fit == "well" { "pair-fit-well" } else { "pair-fit-another" };
    let review = reviews.iter().find(|(_, words)| words.own).map(|(_, words)| words.said.clone());
    Ok(Own {
        writes: two.goes_on(),
        today: site.today().to_string(),
        subjects: SUBJECTS.iter().map(|w| (*w, register::label(words, &PAIRING, None, w))).collect(),
        next_step: next_step.filter(|_| two.goes_on()),
        lines,
        goals: two.goes_on() && two.goals.is_some(),
        growth: growth::goals(look, reader, two, names)?,
        offered: if two.goes_on() { growth::offered(look, reader, two)? } else { Vec::new() },
        asks_fit: two.goes_on() && had,
        fit: fit.map(|f| words.get(key(&f)).into_owned()),
        reviews: two.active_from.is_some(),
        said: reviews.into_iter().map(|(who, words)| (name_of(&who), words)).collect(),
        review: review.unwrap_or_default(),
        other: two.subject.clone().unwrap_or_default(),
        certificate: two.active_from.is_some() && two.ended_on.is_some(),
        script: sealed::words(site, request),
    })
}

fn lessons(look: &Look<'_>, two: &Two, sees: &str) -> Result<Vec<Line>, PageError> {
    let mut stmt = look.conn.prepare(&format!(
        "SELECT n.what, coalesce(n.held_on, ''), n.subject, n.made FROM pair_lesson n
         WHERE n.pairing = ?1 AND {sees} ORDER BY n.held_on DESC LIMIT {SHOWN}"
    ))?;
    let mut rows = stmt.query([two.id.as_bytes()])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let (what, day, subject): (String, String, Option<String>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let key = match &*what {
            "observed" => "pair-lesson-observed",
            "attended" => "pair-lesson-attended",
            _ => "pair-lesson-closing",
        };
        out.push(Line {
            at: (day.clone(), row.get(3)?),
            day: look.date(&day),
            what: look.words.get(key).into_owned(),
            who: subject.map(|s| register::label(&look.words, &PAIRING, None, &s)).unwrap_or_default(),
            words: Words::default(),
            kind: String::new(),
        });
    }
    Ok(out)
}

fn milestones(look: &Look<'_>, two: &Two) -> Vec<Line> {
    let ended = if two.state == "handed_over" { "pair-was-handed-over" } else { "pair-was-closed" };
    let days = [("pair-was-begun", &two.active_from), (ended, &two.ended_on)];
    let line = |(key, day): (&str, &Option<String>)| {
        let day = day.clone()?;
        Some(Line {
            day: look.date(&day),
            // What happened on the day of a beginning or an end stands within it.
            at: (day, if key == "pair-was-begun" { 0 } else { i64::MAX }),
            what: look.words.get(key).into_owned(),
            who: String::new(),
            words: Words::default(),
            kind: String::new(),
        })
    };
    days.into_iter().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::term;
    use base::Date;

    #[test]
    fn a_term_begins_every_six_months_after_the_first_day() {
        let from = Date::constant(2025, 9, 15);
        for (day, n, since) in [
            (Date::constant(2025, 9, 15), 1, "2025-09-15"),
            (Date::constant(2026, 3, 14), 1, "2025-09-15"),
            (Date::constant(2026, 3, 15), 2, "2026-03-15"),
            (Date::constant(2026, 11, 1), 3, "2026-09-15"),
            (Date::constant(2025, 1, 1), 1, "2025-09-15"),
        ] {
            assert_eq!(term(from, day), (n, since.to_owned()), "{day}");
        }
    }
}
