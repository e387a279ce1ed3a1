//! What a pairing of each sort begins with: goals, lessons a term and months that are proposed, and changed before the two
//! sign.

use log::Tx;
use records::{Change, Kind, Value, append, concerns, record_scope};
use web::{PageError, Request, Site};

use crate::facts::{PAIRING, PROPOSERS};
use crate::two::Two;

/// What is proposed for a sort of pairing.
struct Template {
    sort: &'static str,
    /// The key of the goals.
    goals: &'static str,
    /// Lessons of the apprentice that the master observes in a term.
    observes: i64,
    /// Lessons of the master that the apprentice attends in a term.
    attends: i64,
    months: i64,
}

const TEMPLATES: [Template; 4] = [
    Template { sort: "master_apprentice", goals: "pair-goals-master_apprentice", observes: 8, attends: 10, months: 12 },
    Template { sort: "new_old", goals: "pair-goals-new_old", observes: 4, attends: 8, months: 12 },
    Template { sort: "course", goals: "pair-goals-course", observes: 4, attends: 6, months: 6 },
    Template { sort: "subject", goals: "pair-goals-subject", observes: 6, attends: 6, months: 12 },
];

/// The forms of new pairings, one a sort, with what its template proposes already in them.
pub(crate) fn forms(words: &text::Words<'_>) -> Vec<(String, String)> {
    let form = |t: &Template| {
        let Template { sort, observes, attends, months, .. } = t;
        let goals = web::escape(&words.get(t.goals));
        let said = register::label(words, &PAIRING, PAIRING.field("kind"), sort);
        let asks = format!("kind={sort}&goals={goals}&observes={observes}&attends={attends}&months={months}");
        (format!("/pairings/new?{asks}"), said)
    };
    TEMPLATES.iter().map(form).collect()
}

/// A new pairing is of people who may be paired by who makes it, and begins with the template of its sort.
///
/// # Errors
/// [`PageError::Rule`] for a pairing of two others.
pub fn made(tx: &Tx<'_>, site: &Site, request: &Request, kind: &Kind, id: &base::Subject) -> Result<(), PageError> {
    if kind.name != PAIRING.name {
        return Ok(());
    }
    let (conn, reader) = (tx.conn(), request.reader()?);
    let two = Two::read(conn, id)?;
    let scope = record_scope(conn, site.programme, &PAIRING, id)?;
    let school = |_: &str| two.school.into_iter().collect();
    let concerned = concerns(conn, &PAIRING, records::home_column(&scope), &school)?;
    let own = two.part(&reader.person).is_some();
    if !reader.reaches(PAIRING.access.write, &concerned) || !(own || reader.reaches(PROPOSERS, &concerned)) {
        return Err(PageError::Rule("pairing-of-others".to_owned()));
    }
    let Some(template) = TEMPLATES.iter().find(|t| t.sort == two.sort) else { return Ok(()) };
    let mut change = Change::new();
    if two.goals.is_none() {
        change = change.with_text("goals", request.words(site).get(template.goals));
    }
    let numbers = [
        ("observes", two.observes, template.observes),
        ("attends", two.attends, template.attends),
        ("months", two.months, template.months),
    ];
    for (field, _, proposed) in numbers.into_iter().filter(|(_, said, _)| said.is_none()) {
        change = change.with(field, Value::Int(proposed));
    }
    if !change.is_empty() {
        append(tx, &PAIRING, scope, *id, change, None)?;
        tx.fold()?;
    }
    Ok(())
}
