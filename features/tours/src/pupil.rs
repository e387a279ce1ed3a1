//! A pupil's page on a tour, at their school's node: which consents there are, whom to call. That it was looked at is noted.

use askama::Template;
use base::Subject;
use log::{Context, Tx};
use records::vocabulary::TEACHING_LANGUAGES;
use records::{Change, Value};
use register::{Look, label};
use rusqlite::{Connection, OptionalExtension, params};
use web::{PageError, Reply, Request, Shell, Site};

use crate::contact::{self, Opening};
use crate::going::{Goes, going};
use crate::held::{PUPIL_CONSENT, PURPOSES};
use crate::pupils::{Line, clean, may_change, now, openings, pupil, tags, to_list, to_pupil};
use crate::sealed::About;
use crate::tour::{Tour, id_at, into_state, text_at};

/// What the form holds: as it was typed, or as it begins.
struct Typed {
    purposes: Vec<String>,
    given_by: String,
    language: String,
    version: String,
    given_on: String,
    contact: String,
}

impl Typed {
    /// A form begins with the text and the language of the consent that was recorded last for this tour: one sitting has one.
    fn of(conn: &Connection, request: &Request, tour: &Tour, today: &str) -> Result<Self, PageError> {
        let said = |field: &str| request.form(field).unwrap_or_default().to_owned();
        if request.form("given_by").is_some() {
            return Ok(Self {
                purposes: request.form_all("purpose").map(str::to_owned).collect(),
                given_by: said("given_by"),
                language: said("language"),
                version: said("version"),
                given_on: said("given_on"),
                contact: said("contact"),
            });
        }
        let sql = "SELECT language, version FROM pupil_consent WHERE tour = ?1 ORDER BY made DESC, id DESC LIMIT 1";
        let last = conn
            .prepare_cached(sql)?
            .query_row([tour.id.as_bytes()], |r| Ok((text_at(r, 0)?, text_at(r, 1)?)))
            .optional()?;
        let (language, version) = last.unwrap_or_default();
        Ok(Self {
            purposes: vec!["study_tour".to_owned()],
            given_by: String::new(),
            language,
            version,
            given_on: today.to_owned(),
            contact: String::new(),
        })
    }
}

/// The pupil after one, round the list, who lacks a consent or a contact.
fn next(conn: &Connection, tour: &Tour, after: &Goes) -> Result<Option<Subject>, PageError> {
    let all = going(conn, &tour.id)?;
    let at = all.iter().position(|p| p.id == after.id).unwrap_or(0);
    let (before, rest) = all.split_at_checked(at).unwrap_or((&[], &all));
    let mut others = rest.iter().skip(1).chain(before);
    Ok(others.find(|p| p.consent.is_empty() || !p.contact).map(|p| p.id))
}

/// Keeps what the form says, a consent, a contact or both: all of it or, where something of it lacks, nothing, and the form
/// comes back with what was typed.
pub(crate) fn keep(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let consent = Said::read(site, request);
    let contact = clean(request, "contact", contact::MOST)?;
    let mut wrong = consent.as_ref().err().copied().into_iter().collect::<Vec<_>>();
    if wrong.is_empty() && matches!(consent, Ok(None)) && contact.is_empty() {
        wrong.push(("given_by", "tour-keep-nothing"));
    }
    let Ok(consent) = consent else { return shown(site, request, None, &wrong) };
    if !wrong.is_empty() {
        return shown(site, request, None, &wrong);
    }
    let author = request.reader()?.person;
    let (tour, pupil, next) = site.store.write(Context { author }, |tx| {
        let tour = Tour::with_pupils(site, tx.conn(), request)?;
        let pupil = pupil(tx.conn(), request, &tour)?;
        if let Some(consent) = &consent {
            consent.keep(tx, site, &tour, &pupil.id)?;
        }
        if !contact.is_empty() {
            may_change(&tour)?;
            contact::keep(tx, site, &tour, pupil.id, &contact)?;
        }
        let next = next(tx.conn(), &tour, &pupil)?;
        Ok::<_, PageError>((tour, pupil.id, next))
    })?;
    let note = if contact.is_empty() { "tour-done-consent" } else { "tour-done-contact" };
    Ok(match (request.form("then"), next) {
        (Some("next"), Some(next)) => to_pupil(&tour, &next, note),
        (Some("next"), None) => to_list(&tour, note),
        _ => to_pupil(&tour, &pupil, note),
    })
}

/// A consent as the form says it.
struct Said {
    purposes: Vec<String>,
    given_by: String,
    language: String,
    version: String,
    given_on: String,
}

impl Said {
    /// Reads it; nothing where nobody is said to have given one. What is wrong: where, and the key of why.
    fn read(site: &Site, request: &Request) -> Result<Option<Self>, (&'static str, &'static str)> {
        let line = |field: &'static str, most| clean(request, field, most).map_err(|_| (field, "rule-tour-too-long"));
        let (given_by, version) = (line("given_by", 80)?, line("version", 40)?);
        if given_by.is_empty() {
            return Ok(None);
        }
        let language = request.form("language").unwrap_or_default().to_owned();
        let purposes: Vec<String> =
            request.form_all("purpose").filter(|p| PURPOSES.contains(p)).map(str::to_owned).collect();
        if purposes.is_empty() {
            return Err(("given_by", "rule-tour-consent-whole"));
        }
        if !TEACHING_LANGUAGES.contains(&language.as_str()) {
            return Err(("language", "rule-tour-consent-whole"));
        }
        if version.is_empty() {
            return Err(("version", "rule-tour-consent-whole"));
        }
        let day = request.form("given_on").and_then(|d| d.parse::<base::Date>().ok());
        let day = day.filter(|d| *d <= site.today()).ok_or(("given_on", "rule-tour-consent-day"))?;
        Ok(Some(Self { purposes, given_by, language, version, given_on: day.to_string() }))
    }

    fn keep(&self, tx: &Tx<'_>, site: &Site, tour: &Tour, pupil: &Subject) -> Result<(), PageError> {
        for purpose in &self.purposes {
            let id = tx.subject(&tour.private());
            let sealed = About::giver(tour.school, id).seal(site, &self.given_by)?;
            let change = Change::new()
                .with_link("pupil", *pupil)
                .with_link("tour", tour.id)
                .with_text("purpose", purpose.as_str())
                .with("given_by_sealed", Value::Bytes(sealed))
                .with_text("language", self.language.as_str())
                .with_text("version", self.version.as_str())
                .with_text("given_on", self.given_on.as_str());
            tour.hold_as(tx, &PUPIL_CONSENT, id, change)?;
        }
        Ok(())
    }
}

/// A consent is withdrawn: at any time, and no reason is asked.
pub(crate) fn withdraw(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let author = request.reader()?.person;
    let which: Option<Subject> = request.form("consent").and_then(|c| c.parse().ok());
    let (tour, pupil) = site.store.write(Context { author }, |tx| {
        let tour = Tour::with_pupils(site, tx.conn(), request)?;
        let pupil = pupil(tx.conn(), request, &tour)?;
        let which = which.ok_or(PageError::NotFound)?;
        let sql = "SELECT EXISTS (SELECT 1 FROM pupil_consent WHERE id = ?1 AND pupil = ?2 AND tour = ?3)";
        let args = params![which.as_bytes(), pupil.id.as_bytes(), tour.id.as_bytes()];
        if !tx.conn().prepare_cached(sql)?.query_row(args, |r| r.get::<_, bool>(0))? {
            return Err(PageError::NotFound);
        }
        let change = into_state("withdrawn").with_text("withdrawn_on", site.today().to_string());
        tour.hold_as(tx, &PUPIL_CONSENT, which, change)?;
        Ok((tour, pupil.id))
    })?;
    Ok(to_pupil(&tour, &pupil, "tour-done-withdrawn"))
}

#[derive(Template)]
#[template(path = "pupil.html")]
struct PupilPage<'a> {
    s: Shell<'a>,
    id: String,
    tour: String,
    pupil: Line,
    changes: bool,
    consents: Vec<Consent>,
    languages: Vec<(&'static str, String)>,
    /// A purpose, its word, and whether it is ticked.
    purposes: Vec<(&'static str, String, bool)>,
    today: String,
    contact: bool,
    typed: Typed,
    /// What was wrong with it: where it stands, and in words.
    wrong: Vec<(&'static str, String)>,
    /// The pupil after this one who lacks a consent or a contact.
    next: Option<String>,
    /// The reader leads the tour, and contacts are released today.
    opens: bool,
    /// What was just opened.
    opened: Option<String>,
    /// Who opened the contact, for the head.
    openings: Vec<(String, String)>,
}

struct Consent {
    id: String,
    said: String,
    detail: String,
    given: bool,
}

/// A pupil's page; that it was looked at is noted, once a day for each who looks.
pub(crate) fn page(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let person = request.reader()?.person;
    let now = now(site);
    let (tour, id) = site.store.read(|conn| {
        let tour = Tour::with_pupils(site, conn, request)?;
        let id = pupil(conn, request, &tour)?.id;
        Ok::<_, PageError>((tour, id))
    })?;
    let opening = Opening { person, pupil: Some(id), what: "page" };
    if !site.store.read(|conn| contact::was_noted(conn, &tour, opening, &now.0))? {
        site.store.write(Context { author: person }, |tx| contact::note(tx, &tour, opening, (&now.0, &now.1), None))?;
    }
    shown(site, request, None, &[])
}

/// Opens a pupil's contact, for the tour's leader.
pub(crate) fn open_contact(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let person = request.reader()?.person;
    let now = now(site);
    let said = site.store.write(Context { author: person }, |tx| {
        let tour = Tour::with_pupils(site, tx.conn(), request)?;
        let pupil = pupil(tx.conn(), request, &tour)?;
        let opening = Opening { person, pupil: Some(pupil.id), what: "contact" };
        contact::open_one(tx, site, &tour, opening, (&now.0, &now.1))
    })?;
    let said = said.unwrap_or_else(|| request.words(site).get("tour-contact-broken").into_owned());
    shown(site, request, Some(said), &[])
}

fn shown(
    site: &Site,
    request: &Request,
    opened: Option<String>,
    wrong: &[(&'static str, &'static str)],
) -> Result<Reply, PageError> {
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let reader = request.reader()?;
        let tour = Tour::with_pupils(site, conn, request)?;
        let pupil = pupil(conn, request, &tour)?;
        let name = pupil.name(site, &tour)?;
        let today = site.today().to_string();
        let choice = |field: &str, words: &[&'static str]| {
            let one = |w: &&'static str| (*w, label(&look.words, &PUPIL_CONSENT, PUPIL_CONSENT.field(field), w));
            words.iter().map(one).collect::<Vec<_>>()
        };
        let typed = Typed::of(conn, request, &tour, &today)?;
        let ticked = |(word, said): (&'static str, String)| (word, said, typed.purposes.iter().any(|t| t == word));
        let page = PupilPage {
            purposes: choice("purpose", PURPOSES).into_iter().map(ticked).collect(),
            wrong: wrong.iter().map(|(at, key)| (*at, look.words.get(key).into_owned())).collect(),
            next: next(conn, &tour, &pupil)?.map(|id| id.to_string()),
            id: tour.id.to_string(),
            consents: consents(site, &look, &tour, &pupil.id)?,
            languages: choice("language", TEACHING_LANGUAGES),
            contact: contact::is_there(conn, &tour.id, &pupil.id)?,
            opens: tour.leader(conn)? == Some(reader.person) && contact::released(&tour, &today),
            typed,
            openings: if tour.is_head(reader) { openings(site, &look, &tour, Some(&pupil.id))? } else { Vec::new() },
            changes: may_change(&tour).is_ok(),
            today,
            opened,
            tour: tour.title,
            s: Shell::new(site, request, name.clone()),
            pupil: Line {
                id: pupil.id.to_string(),
                tags: tags(&look.words, &pupil),
                code: pupil.code,
                name,
                class: pupil.class,
            },
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(if wrong.is_empty() { Reply::Page(html) } else { Reply::Invalid(html) })
}

fn consents(site: &Site, look: &Look<'_>, tour: &Tour, pupil: &Subject) -> Result<Vec<Consent>, PageError> {
    let sql = "SELECT id, purpose, given_by, language, version, given_on, withdrawn_on, coalesce(state, 'given'), given_by_sealed
               FROM pupil_consent WHERE tour = ?1 AND pupil = ?2 ORDER BY made DESC LIMIT 40";
    let mut stmt = look.conn.prepare_cached(sql)?;
    let mut rows = stmt.query(params![tour.id.as_bytes(), pupil.as_bytes()])?;
    let mut out = Vec::new();
    let say = |field: &str, word: &str| label(&look.words, &PUPIL_CONSENT, PUPIL_CONSENT.field(field), word);
    while let Some(row) = rows.next()? {
        let withdrawn = text_at(row, 6)?;
        let id = id_at(row, 0)?;
        let sealed: Option<Vec<u8>> = row.get(8)?;
        let given_by = About::giver(tour.school, id).read(site, sealed.as_deref(), text_at(row, 2)?)?;
        let language = say("language", &text_at(row, 3)?);
        let version = text_at(row, 4)?;
        let day = look.date(&text_at(row, 5)?);
        let args = [
            ("who", (&given_by).into()),
            ("language", (&language).into()),
            ("version", (&version).into()),
            ("day", (&day).into()),
        ];
        let mut detail = look.words.with("tour-consent-detail", &args);
        if !withdrawn.is_empty() {
            let day = look.date(&withdrawn);
            detail = format!("{detail} · {}", look.words.with("tour-consent-until", &[("day", (&day).into())]));
        }
        out.push(Consent {
            id: id.to_string(),
            said: say("purpose", &text_at(row, 1)?),
            detail,
            given: text_at(row, 7)? == "given",
        });
    }
    Ok(out)
}
