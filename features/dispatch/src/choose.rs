//! The nominations of a cohort, by unit and beside the needs: whom a need could be filled by and why others could not, and
//! the choice, which can be undone. Nobody is scored: what lacks is said, and a person decides.

use askama::Template;
use base::Subject;
use log::Context;
use records::vocabulary::SUBJECTS;
use records::{Change, Kind, Role, Value};
use register::{Look, Refusal};
use rusqlite::{Connection, OptionalExtension};
use web::{PageError, Reply, Request, Shell, Site, escape, set_cookie};

use crate::facts::{CHOOSERS, NOMINATION};
use crate::fit::{Lack, lacks};
use crate::nominee::{self, Nominee, Open, id};

/// Needs that are offered in one choice.
const OFFERED: usize = 60;

#[derive(Template)]
#[template(path = "cohort.html")]
struct Page<'a> {
    s: Shell<'a>,
    cohorts: Vec<(String, String, bool)>,
    cohort: String,
    /// How many there are in each state.
    totals: Vec<(String, i64)>,
    units: Vec<Unit>,
    /// For the office alone.
    beside: Option<Beside>,
    /// Where somebody is nominated, for who may.
    nominate: Option<String>,
    chooses: bool,
}

struct Beside {
    schools: Vec<(String, String, bool)>,
    subjects: Vec<(&'static str, String, bool)>,
    needs: Vec<NeedLine>,
    /// Needs that nobody who is approved could fill yet.
    without: Vec<NeedLine>,
    unmet: i64,
}

struct Unit {
    title: String,
    /// The notice of the unit, where somebody of it is chosen.
    notice: Option<String>,
    id: String,
    /// How many were chosen and not yet told.
    untold: i64,
    people: Vec<Line>,
}

struct Line {
    id: String,
    name: String,
    state: String,
    tone: &'static str,
    offers: String,
    keep: String,
    wishes: String,
    unavailable: bool,
    /// Needs that the person could fill.
    fits: Vec<(String, String)>,
    need: Option<(String, String)>,
    posting: Option<String>,
    propose: Option<String>,
    approve: bool,
    open: bool,
    reserve: bool,
    /// Chosen or not, and not yet told: the office may take it back.
    decided: bool,
}

struct NeedLine {
    id: String,
    title: String,
    school: String,
    asks: String,
    taken: Option<String>,
    fitting: Vec<(String, String)>,
    others: Vec<(String, String)>,
}

pub(crate) fn kind(site: &Site, name: &str) -> Result<&'static Kind, PageError> {
    site.kinds.get(name).ok_or(PageError::NotFound)
}

/// The cohort that is asked for, or the newest that somebody is nominated for, or the newest.
fn cohort(conn: &Connection, request: &Request) -> Result<Option<Subject>, PageError> {
    if let Some(asked) = request.query("cohort") {
        return asked.parse().map(Some).map_err(|_| PageError::NotFound);
    }
    let found = conn
        .prepare_cached(
            "SELECT c.id FROM cohort c
             ORDER BY EXISTS (SELECT 1 FROM nomination n WHERE n.cohort = c.id) DESC, c.ordinal DESC, c.id LIMIT 1",
        )?
        .query_row([], |r| r.get::<_, Option<Vec<u8>>>(0))
        .optional()?;
    Ok(id(found.flatten()))
}

/// The page of a cohort's nominations.
pub(crate) fn page(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let reader = request.reader()?;
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let cohort = cohort(conn, request)?;
        let people = match &cohort {
            Some(cohort) => nominee::nominees(conn, reader, "n.cohort = ?1", cohort)?,
            None => Vec::new(),
        };
        let chooses = reader.is_any(CHOOSERS);
        let school = request.query("school").map(|s| s.parse().map_err(|_| PageError::NotFound)).transpose()?;
        let needs = if chooses { nominee::needs(conn, school, request.query("subject"))? } else { Vec::new() };
        let organisation = kind(site, "organisation")?;
        let mut units: Vec<Unit> = Vec::new();
        for nominee in &people {
            let line = line(site, &look, request, nominee, &needs, &people)?;
            let unit = nominee.unit.to_string();
            if units.last().is_none_or(|u| u.id != unit) {
                let title = look.title(organisation, &nominee.unit)?;
                units.push(Unit { title, notice: None, id: unit.clone(), untold: 0, people: Vec::new() });
            }
            let Some(of) = units.last_mut() else { continue };
            if nominee.is_chosen() {
                of.notice = Some(format!("/nominations/notice?cohort={}&unit={unit}", nominee.cohort));
                of.untold += i64::from(nominee.state == "selected");
            }
            of.people.push(line);
        }
        let beside = chooses.then(|| beside(site, &look, request, &needs, &people)).transpose()?;
        let page = Page {
            cohorts: cohorts(&look, site, cohort)?,
            cohort: cohort.map(|c| c.to_string()).unwrap_or_default(),
            totals: totals(&look, &people),
            units,
            beside,
            nominate: cohort.filter(|_| reader.may_make(&NOMINATION)).map(|c| nominate(request, c)).transpose()?,
            chooses,
            s: Shell::new(site, request, look.words.get("nominee-page")),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

/// The form of a nomination; somebody who speaks for one unit need not say which.
fn nominate(request: &Request, cohort: Subject) -> Result<String, PageError> {
    let grants = &request.reader()?.grants;
    let mut own = grants.iter().filter(|g| g.role == Role::Coordinator).filter_map(|g| g.organisation);
    let unit = own.next().filter(|_| own.next().is_none()).map(|u| format!("&unit={u}")).unwrap_or_default();
    Ok(format!("/nominations/new?cohort={cohort}{unit}"))
}

fn cohorts(look: &Look<'_>, site: &Site, chosen: Option<Subject>) -> Result<Vec<(String, String, bool)>, PageError> {
    let cohort = kind(site, "cohort")?;
    let mut stmt = look.conn.prepare_cached("SELECT id FROM cohort ORDER BY ordinal DESC, id")?;
    let ids = stmt.query_map([], |r| r.get::<_, Option<Vec<u8>>>(0))?.collect::<Result<Vec<_>, _>>()?;
    let ids = ids.into_iter().filter_map(id);
    ids.map(|id| Ok((id.to_string(), look.title(cohort, &id)?, chosen == Some(id)))).collect()
}

fn totals(look: &Look<'_>, people: &[Nominee]) -> Vec<(String, i64)> {
    let count = |state: &str| i64::try_from(people.iter().filter(|n| n.state == state).count()).unwrap_or(0);
    let states = NOMINATION.states.iter().map(|s| (look.state(&NOMINATION, s), count(s)));
    states.filter(|(_, n)| *n > 0).collect()
}

/// Words of a vocabulary, one after the other.
pub(crate) fn said(look: &Look<'_>, words: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let said = words.into_iter().map(|w| register::label(&look.words, &NOMINATION, None, w.as_ref()));
    said.collect::<Vec<_>>().join(" / ")
}

/// What somebody offers, on a line.
pub(crate) fn offers(look: &Look<'_>, nominee: &Nominee) -> String {
    let offer = &nominee.offer;
    let sets = [&offer.roles, &offer.subjects, &offer.stages];
    let mut said_of: Vec<String> = sets.into_iter().filter(|s| !s.is_empty()).map(|s| said(look, s)).collect();
    if !offer.languages.is_empty() {
        let languages = said(look, &offer.languages);
        said_of.push(look.words.with("nominee-speaks", &[("text", languages.as_str().into())]));
    }
    said_of.join(" · ")
}

fn line(
    site: &Site,
    look: &Look<'_>,
    request: &Request,
    nominee: &Nominee,
    needs: &[Open],
    people: &[Nominee],
) -> Result<Line, PageError> {
    let (person, organisation) = (kind(site, "person")?, kind(site, "organisation")?);
    let open = matches!(&*nominee.state, "approved" | "reserve");
    let mut fits = Vec::new();
    for need in needs.iter().filter(|n| open && !n.posted && lacks(&nominee.offer, &n.wanted).is_empty()) {
        if fits.len() < OFFERED && !people.iter().any(|p| p.need == Some(need.id)) {
            fits.push((need.id.to_string(), format!("{} · {}", look.title(organisation, &need.school)?, need.title)));
        }
    }
    let keep = nominee.keep_with.iter().map(|p| look.title(person, p)).collect::<Result<Vec<_>, _>>()?;
    let need = match &nominee.need {
        Some(need) => Some((need.to_string(), look.title(kind(site, "need")?, need)?)),
        None => None,
    };
    let chooses = request.reader()?.is_any(CHOOSERS);
    Ok(Line {
        name: look.title(person, &nominee.person)?,
        state: look.state(&NOMINATION, &nominee.state),
        tone: tone(&nominee.state),
        offers: offers(look, nominee),
        keep: keep.join("、"),
        wishes: nominee.wishes.clone(),
        unavailable: !nominee.available,
        fits,
        need,
        posting: nominee.posting.map(|p| p.to_string()),
        propose: match nominee.posting {
            None if nominee.is_chosen() && chooses => Some(propose(look.conn, nominee)?),
            _ => None,
        },
        approve: nominee.state == "offered" && request.reader()?.is(Role::Coordinator),
        open,
        reserve: nominee.state == "reserve",
        decided: matches!(&*nominee.state, "selected" | "reserve" | "declined"),
        id: nominee.id.to_string(),
    })
}

/// How the tag of a nomination looks: what waits is the unit's word, then the office's.
pub(crate) fn tone(state: &str) -> &'static str {
    match state {
        "offered" | "approved" => "wait",
        "selected" | "reserve" => "now",
        "notified" => "ok",
        _ => "",
    }
}

/// The form of a posting in which all that is known stands already.
pub(crate) fn propose(conn: &Connection, nominee: &Nominee) -> Result<String, PageError> {
    // It is proposed, and has not arrived yet.
    let (person, unit, cohort) = (nominee.person, nominee.unit, nominee.cohort);
    let mut to = format!("/postings/new?_birth=&person={person}&sender={unit}&cohort={cohort}");
    let mut put = |name: &str, value: &str| to.push_str(&format!("&{name}={}", escape(value)));
    let need = match &nominee.need {
        Some(need) => conn
            .prepare_cached("SELECT school, role, subject, stage FROM need WHERE id = ?1")?
            .query_row([need.as_bytes()], |r| {
                Ok((id(r.get(0)?), r.get::<_, Option<String>>(1)?, r.get::<_, Option<String>>(2)?, r.get(3)?))
            })
            .optional()?,
        None => None,
    };
    let only = |set: &std::collections::BTreeSet<String>| set.first().filter(|_| set.len() == 1).cloned();
    let offer = &nominee.offer;
    let (school, role, subject, stage): (_, _, _, Option<String>) =
        need.unwrap_or_else(|| (None, only(&offer.roles), only(&offer.subjects), only(&offer.stages)));
    if let (Some(need), Some(school)) = (&nominee.need, school) {
        put("need", &need.to_string());
        put("school", &school.to_string());
    }
    let leads = role.as_deref() == Some("leader");
    for (name, value) in [("role", role), ("subject", subject), ("stage", stage)] {
        if let Some(value) = value {
            put(name, &value);
        }
    }
    if let Some((from, to)) = term(conn, &nominee.cohort, leads)? {
        put("starts_on", &from);
        put("ends_on", &to);
    }
    Ok(to)
}

/// The days on which somebody of a cohort begins and ends, if it is as the cohort plans it.
pub(crate) fn term(conn: &Connection, cohort: &Subject, leads: bool) -> Result<Option<(String, String)>, PageError> {
    Ok(conn
        .prepare_cached(
            "SELECT opens_on, coalesce(min(closes_on, date(opens_on, '+' || CASE WHEN ?2 THEN coalesce(leader_term_months,
                       term_months) ELSE term_months END || ' months', '-1 day')), closes_on) FROM cohort WHERE id = ?1",
        )?
        .query_row(rusqlite::params![cohort.as_bytes(), leads], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?)
}

fn beside(
    site: &Site,
    look: &Look<'_>,
    request: &Request,
    needs: &[Open],
    people: &[Nominee],
) -> Result<Beside, PageError> {
    let organisation = kind(site, "organisation")?;
    let mut stmt = look.conn.prepare_cached(
        "SELECT DISTINCT n.school FROM need n JOIN organisation o ON o.id = n.school WHERE n.state = 'approved'
         ORDER BY o.title_key",
    )?;
    let schools = stmt.query_map([], |r| r.get::<_, Option<Vec<u8>>>(0))?.collect::<Result<Vec<_>, _>>()?;
    let schools = schools.into_iter().filter_map(id).map(|school| {
        let on = request.query("school") == Some(school.to_string().as_str());
        Ok((school.to_string(), look.title(organisation, &school)?, on))
    });
    let subject = |w: &&'static str| (*w, said(look, [*w]), request.query("subject") == Some(*w));
    let needs = needs.iter().map(|need| need_line(site, look, need, people)).collect::<Result<Vec<_>, _>>()?;
    let (needs, without): (Vec<_>, Vec<_>) =
        needs.into_iter().partition(|n| n.taken.is_some() || !n.fitting.is_empty());
    Ok(Beside {
        schools: schools.collect::<Result<_, PageError>>()?,
        subjects: SUBJECTS.iter().map(subject).collect(),
        needs,
        unmet: i64::try_from(without.len()).unwrap_or(0),
        without,
    })
}

fn need_line(site: &Site, look: &Look<'_>, need: &Open, people: &[Nominee]) -> Result<NeedLine, PageError> {
    let person = kind(site, "person")?;
    let mut asks = vec![said(look, [&need.wanted.role])];
    asks.extend(need.wanted.subject.iter().chain(&need.wanted.stage).map(|w| said(look, [w])));
    if !need.wanted.languages.is_empty() {
        let languages = said(look, &need.wanted.languages);
        asks.push(look.words.with("nominee-speaks", &[("text", languages.as_str().into())]));
    }
    if let Some(hours) = need.hours.filter(|h| *h > 0) {
        asks.push(format!("{} {}", look.words.get("need-hours"), look.words.number(hours)));
    }
    let taken = people.iter().find(|p| p.need == Some(need.id));
    let taken = match (taken, need.posted) {
        (Some(by), _) => Some(look.title(person, &by.person)?),
        (None, true) => Some(look.words.get("nominee-need-posted").into_owned()),
        _ => None,
    };
    let (mut fitting, mut others) = (Vec::new(), Vec::new());
    for nominee in people.iter().filter(|p| taken.is_none() && matches!(&*p.state, "approved" | "reserve")) {
        let name = look.title(person, &nominee.person)?;
        let lacks = lacks(&nominee.offer, &need.wanted);
        if lacks.is_empty() {
            fitting.push((nominee.id.to_string(), name));
        } else {
            others.push((name, lacks.iter().map(|l| lack(look, l)).collect::<Vec<_>>().join("; ")));
        }
    }
    Ok(NeedLine {
        id: need.id.to_string(),
        title: need.title.clone(),
        school: look.title(kind(site, "organisation")?, &need.school)?,
        asks: asks.into_iter().filter(|a| !a.is_empty()).collect::<Vec<_>>().join(" · "),
        taken,
        fitting,
        others,
    })
}

fn lack(look: &Look<'_>, lack: &Lack) -> String {
    let (key, word) = match lack {
        Lack::Role(word) => ("nominee-lacks-role", word),
        Lack::Subject(word) => ("nominee-lacks-subject", word),
        Lack::Stage(word) => ("nominee-lacks-stage", word),
        Lack::Language(word) => ("nominee-lacks-language", word),
    };
    look.words.with(key, &[("text", said(look, [word]).as_str().into())])
}

/// Back to the page one came from, with a word and the way to undo.
fn to_cohort(cohort: Subject, request: &Request, note: &str) -> Reply {
    let mut to = format!("/nominations/cohort?cohort={cohort}");
    for name in ["school", "subject"] {
        if let Some(value) = request.form(name).filter(|v| !v.is_empty()) {
            to.push_str(&format!("&{name}={}", escape(value)));
        }
    }
    Reply::ToWith(to, vec![set_cookie("zampa_note", note, 60)])
}

/// Where a nomination stands.
struct Stands {
    state: String,
    cohort: Subject,
    /// What it was chosen for.
    need: Option<Subject>,
}

fn stands(conn: &Connection, nomination: &Subject) -> Result<Stands, PageError> {
    let found = conn
        .prepare_cached("SELECT coalesce(state, 'offered'), cohort, need FROM nomination WHERE id = ?1")?
        .query_row([nomination.as_bytes()], |r| {
            Ok(Stands { state: r.get(0)?, cohort: id(r.get(1)?).unwrap_or_default(), need: id(r.get(2)?) })
        })
        .optional()?;
    found.ok_or(PageError::NotFound)
}

fn refused(refusal: Refusal) -> PageError {
    match refusal {
        Refusal::Page(e) => e,
        Refusal::Fields(_) => PageError::Malformed("a field cannot take this value"),
    }
}

/// Takes one of the office's ways, and tells where the nomination stood before. Where the way does not lead from there, what
/// was decided is taken back first: an undo goes the way that a choice came.
fn take(site: &Site, request: &Request, way: &str, need: Option<Subject>) -> Result<Stands, PageError> {
    let (nomination, reader) = (request.id("id")?, request.reader()?);
    let known = |way| NOMINATION.way(way).ok_or(PageError::NotFound);
    let (way, first) = (known(way)?, known("take_back")?);
    site.store.write(Context { author: reader.person }, |tx| {
        let was = stands(tx.conn(), &nomination)?;
        let go = |way, need: Option<Subject>| {
            let change = Change::new().with("need", need.map_or(Value::Null, |need| Value::link(&need)));
            register::move_in(tx, site, reader, &NOMINATION, nomination, way, change).map_err(refused)
        };
        if !way.from.contains(&&*was.state) && way.from.contains(&first.to) {
            go(first, None)?;
        }
        go(way, need)?;
        Ok(was)
    })
}

/// A need that an address or a form names.
fn need(named: Option<&str>) -> Result<Option<Subject>, PageError> {
    let named = named.filter(|need| !need.is_empty());
    named.map(|need| need.parse().map_err(|_| PageError::Malformed("a need"))).transpose()
}

/// The office chooses, keeps in reserve, declines, or takes it back. Why is not asked.
pub(crate) fn choose(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (way, note) = match request.form("what") {
        Some("select") => ("select", "nominee-done-selected"),
        Some("reserve") => ("reserve", "nominee-done-reserve"),
        Some("decline") => ("decline", "nominee-done-declined"),
        Some("take_back") => ("take_back", "nominee-done-back"),
        _ => return Err(PageError::Malformed("nothing was chosen")),
    };
    let was = take(site, request, way, need(request.form("need").filter(|_| way == "select"))?)?;
    let undo = if way == "take_back" {
        note.to_owned()
    } else {
        let need = was.need.map(|need| format!("?need={need}")).unwrap_or_default();
        format!("{note}|/nominations/{}/back/{}{need}", request.id("id")?, was.state)
    };
    Ok(to_cohort(was.cohort, request, &undo))
}

/// Undoes a choice that was just made: back in the state before, and for the need that it was for.
pub(crate) fn back(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let was = request.params.get("was").map(String::as_str).unwrap_or_default();
    let (way, need) = match was {
        "approved" => ("take_back", None),
        "reserve" => ("reserve", None),
        "selected" => ("select", need(request.query("need"))?),
        _ => return Err(PageError::NotFound),
    };
    let cohort = take(site, request, way, need)?.cohort;
    Ok(to_cohort(cohort, request, "done-undone"))
}

/// The notice of a unit was handed over: all of it that were chosen have been told.
pub(crate) fn notified(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let reader = request.reader()?;
    let asked = |name: &str| -> Result<Subject, PageError> {
        request.form(name).and_then(|v| v.parse().ok()).ok_or(PageError::Malformed("which notice"))
    };
    let (cohort, unit) = (asked("cohort")?, asked("unit")?);
    let way = NOMINATION.way("notify").ok_or(PageError::NotFound)?;
    site.store.write(Context { author: reader.person }, |tx| {
        let people = nominee::nominees(tx.conn(), reader, "n.cohort = ?1 AND n.state = 'selected'", &cohort)?;
        for nominee in people.iter().filter(|n| n.unit == unit) {
            let change = Change::new().with_text("notified_on", site.today().to_string());
            register::move_in(tx, site, reader, &NOMINATION, nominee.id, way, change).map_err(refused)?;
        }
        Ok::<_, PageError>(())
    })?;
    Ok(to_cohort(cohort, request, "nominee-done-notified"))
}
