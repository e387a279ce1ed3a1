//! Notices as PDF, made from facts: of one who was chosen, of all whom a unit sends, of one who goes to learn. In the
//! reader's language, with names in every script in which they are known.

use base::Subject;
use paper::{Block, Paper, PaperError, Run};
use register::Look;
use rusqlite::OptionalExtension;
use web::{PageError, Reply, Request, Site};

use crate::choose::{kind, said, term};
use crate::facts::{NOMINATION, REVERSE_POSTING};
use crate::nominee::{self, Nominee, id};

/// The sheet: what it says, then by which node and when.
fn sheet(site: &Site, title: &str, mut blocks: Vec<Block>, look: &Look<'_>) -> Paper {
    let on = look.words.date(site.today());
    let signed = format!("{} · {on}", site.node_called(look.words.lang()));
    blocks.push(Block::Text(vec![Run::from(signed.as_str())]));
    Paper {
        title: title.to_owned(),
        lang: look.words.lang().code().to_owned(),
        foot: if site.demonstration { look.words.get("demonstration-strip").into_owned() } else { String::new() },
        blocks,
        ..Paper::default()
    }
}

fn reply(paper: &Paper, name: &str) -> Result<Reply, PageError> {
    let bytes = paper::pdf(paper).map_err(|e| match e {
        PaperError::TooLong => PageError::Rule("paper-long".to_owned()),
        failed @ PaperError::Failed(_) => PageError::Internal(failed.to_string()),
    })?;
    Ok(Reply::Bytes("application/pdf", Some(format!("{}.pdf", packages::file_name(name))), bytes))
}

/// Where and when somebody who was chosen is to be: from the posting, or from the need.
struct Place {
    school: String,
    role: String,
    subject: String,
    period: String,
}

fn place(site: &Site, look: &Look<'_>, nominee: &Nominee) -> Result<Place, PageError> {
    type Found = (Option<Subject>, Option<String>, Option<String>, Option<String>, Option<String>);
    let of = |sql: &str, id_: &Subject| -> Result<Option<Found>, PageError> {
        let read = |r: &rusqlite::Row<'_>| Ok((id(r.get(0)?), r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?));
        Ok(look.conn.prepare_cached(sql)?.query_row([id_.as_bytes()], read).optional()?)
    };
    let found = match (&nominee.posting, &nominee.need) {
        (Some(posting), _) => {
            of("SELECT school, role, subject, starts_on, ends_on FROM posting WHERE id = ?1", posting)?
        }
        (None, Some(need)) => of("SELECT school, role, subject, NULL, NULL FROM need WHERE id = ?1", need)?,
        _ => None,
    };
    let known = found.is_some();
    let (school, role, subject, mut from, mut to) = found.unwrap_or_default();
    if from.is_none() {
        let leads = role.as_deref() == Some("leader");
        (from, to) = term(look.conn, &nominee.cohort, leads)?.unzip();
    }
    Ok(Place {
        school: school.map(|s| look.title(kind(site, "organisation")?, &s)).transpose()?.unwrap_or_default(),
        role: role.map_or_else(|| said(look, &nominee.offer.roles), |r| said(look, [r])),
        subject: match subject {
            Some(subject) => said(look, [subject]),
            None if known => String::new(),
            None => said(look, &nominee.offer.subjects),
        },
        period: period(look, from.as_deref(), to.as_deref()),
    })
}

fn period(look: &Look<'_>, from: Option<&str>, to: Option<&str>) -> String {
    match (from, to) {
        (Some(from), Some(to)) => {
            let (from, to) = (look.date(from), look.date(to));
            look.words.with("notice-from-until", &[("from", from.as_str().into()), ("until", to.as_str().into())])
        }
        _ => String::new(),
    }
}

fn facts(facts: Vec<(String, String)>) -> Block {
    Block::Facts(facts.into_iter().filter(|(_, said)| !said.is_empty()).collect())
}

/// The notice of one who was chosen, or is in reserve.
pub(crate) fn of_one(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (nomination, reader) = (request.id("id")?, request.reader()?);
    let (paper, name) = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let found = nominee::nominees(conn, reader, "n.id = ?1", &nomination)?;
        let nominee = found.first().ok_or(PageError::NotFound)?;
        let says = match &*nominee.state {
            "selected" | "notified" => "notice-selected-says",
            "reserve" => "notice-reserve-says",
            _ => return Err(PageError::Rule("notice-not-chosen".to_owned())),
        };
        let words = &look.words;
        let (unit, cohort) = (kind(site, "organisation")?, kind(site, "cohort")?);
        let place = place(site, &look, nominee)?;
        let blocks = vec![
            Block::Heading(look.names(&nominee.person)?),
            Block::Text(vec![Run::from(&*words.get(says))]),
            facts(vec![
                (words.get("field-unit").into_owned(), look.title(unit, &nominee.unit)?),
                (words.get("field-cohort").into_owned(), look.title(cohort, &nominee.cohort)?),
                (words.get("field-school").into_owned(), place.school),
                (words.get("field-role").into_owned(), place.role),
                (words.get("field-subject").into_owned(), place.subject),
                (words.get("notice-period").into_owned(), place.period),
            ]),
        ];
        let title = words.get("notice-title").into_owned();
        let name = format!("{title} {}", look.title(kind(site, "person")?, &nominee.person)?);
        Ok::<_, PageError>((sheet(site, &title, blocks, &look), name))
    })?;
    reply(&paper, &name)
}

/// One notice for a unit, with all of it that were chosen, and those in reserve.
pub(crate) fn of_unit(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let reader = request.reader()?;
    let asked = |name: &str| -> Result<Subject, PageError> {
        request.query(name).and_then(|v| v.parse().ok()).ok_or(PageError::NotFound)
    };
    let (cohort, unit) = (asked("cohort")?, asked("unit")?);
    let (paper, name) = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let mut people = nominee::nominees(conn, reader, "n.cohort = ?1", &cohort)?;
        people.retain(|n| n.unit == unit && (n.is_chosen() || n.state == "reserve"));
        if people.is_empty() {
            return Err(PageError::Rule("notice-not-chosen".to_owned()));
        }
        let words = &look.words;
        let to = look.title(kind(site, "organisation")?, &unit)?;
        let called = look.title(kind(site, "cohort")?, &cohort)?;
        let (chosen, reserve): (Vec<Nominee>, Vec<Nominee>) = people.into_iter().partition(Nominee::is_chosen);
        let mut blocks = vec![
            Block::Heading(to.clone()),
            Block::Text(vec![Run::from(&*words.with("notice-unit-says", &[("text", called.as_str().into())]))]),
        ];
        if !chosen.is_empty() {
            blocks.push(table(site, &look, &chosen)?);
        }
        if !reserve.is_empty() {
            blocks.push(Block::Heading(look.state(&NOMINATION, "reserve")));
            for nominee in &reserve {
                let runs = vec![Run::from(look.names(&nominee.person)?.as_str())];
                blocks.push(Block::Item { depth: 0, number: None, runs });
            }
        }
        let title = words.get("notice-title").into_owned();
        let name = format!("{title} {to}");
        Ok::<_, PageError>((sheet(site, &title, blocks, &look), name))
    })?;
    reply(&paper, &name)
}

fn table(site: &Site, look: &Look<'_>, people: &[Nominee]) -> Result<Block, PageError> {
    let words = &look.words;
    let heads = ["field-person", "field-school", "field-role", "field-subject", "notice-period"];
    let cell = |text: String| vec![Block::Text(vec![Run::from(text.as_str())])];
    let mut rows = Vec::new();
    for nominee in people {
        let place = place(site, look, nominee)?;
        let name = look.names(&nominee.person)?;
        rows.push([name, place.school, place.role, place.subject, place.period].map(cell).into());
    }
    Ok(Block::Table {
        widths: vec![3, 3, 2, 2, 3],
        head: heads.iter().map(|k| words.get(k).into_owned()).collect(),
        rows,
    })
}

/// The notice of one who goes to learn at another school.
pub(crate) fn of_reverse(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (posting, reader) = (request.id("id")?, request.reader()?);
    let (paper, name) = site.store.read(|conn| {
        let state = register::visible(conn, reader, &REVERSE_POSTING, &posting)?;
        if matches!(&*state, "proposed" | "declined") {
            return Err(PageError::Rule("notice-not-accepted".to_owned()));
        }
        let look = Look::new(site, request, conn);
        let words = &look.words;
        let organisation = kind(site, "organisation")?;
        let found = conn
            .prepare_cached(
                "SELECT person, school, host, role, subject, purpose, coalesce(arrived_on, starts_on),
                        coalesce(ended_on, ends_on) FROM reverse_posting WHERE id = ?1",
            )?
            .query_row([posting.as_bytes()], |r| {
                let text = |i: usize| r.get::<_, Option<String>>(i);
                let link = |i: usize| Ok::<_, rusqlite::Error>(id(r.get(i)?).unwrap_or_default());
                Ok(([link(0)?, link(1)?, link(2)?], [text(3)?, text(4)?, text(5)?, text(6)?, text(7)?]))
            })?;
        let ([person, school, host], [role, subject, purpose, from, to]) = found;
        let word = |word: Option<String>| word.map(|w| said(&look, [w])).unwrap_or_default();
        let blocks = vec![
            Block::Heading(look.names(&person)?),
            Block::Text(vec![Run::from(&*words.get("notice-reverse-says"))]),
            facts(vec![
                (words.get("field-school").into_owned(), look.title(organisation, &school)?),
                (words.get("reverse_posting-host").into_owned(), look.title(organisation, &host)?),
                (words.get("field-role").into_owned(), word(role)),
                (words.get("field-subject").into_owned(), word(subject)),
                (words.get("reverse_posting-purpose").into_owned(), purpose.unwrap_or_default()),
                (words.get("notice-period").into_owned(), period(&look, from.as_deref(), to.as_deref())),
            ]),
        ];
        let title = words.get("notice-reverse-title").into_owned();
        let name = format!("{title} {}", look.title(kind(site, "person")?, &person)?);
        Ok::<_, PageError>((sheet(site, &title, blocks, &look), name))
    })?;
    reply(&paper, &name)
}
