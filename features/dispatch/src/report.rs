//! What somebody brought home from a reverse posting, in a few words of their own: nobody is asked for it, and whether the
//! school reads it is theirs to say.

use base::Subject;
use log::Context;
use records::{Change, REMOVED, Value, append, record_scope};
use register::Refusal;
use rusqlite::{Connection, OptionalExtension};
use web::{PageError, Reply, Request, Site};

use crate::facts::{REVERSE_POSTING, REVERSE_REPORT};
use crate::nominee::id;

/// Characters of it.
const MOST: usize = 4000;

/// A report: which, what it says, whether the school reads it, and whose it is.
pub(crate) struct Report {
    pub id: Subject,
    pub said: String,
    pub shared: bool,
    pub person: Subject,
}

/// The report of a reverse posting, as far as the reader sees it.
pub(crate) fn of(conn: &Connection, sees: &str, posting: &Subject) -> Result<Option<Report>, PageError> {
    let sql = format!(
        "SELECT n.id, coalesce(n.said, ''), coalesce(n.shared, 0), n.person FROM reverse_report n
         WHERE n.reverse_posting = ?1 AND {sees} ORDER BY n.made DESC LIMIT 1"
    );
    let read = |r: &rusqlite::Row<'_>| {
        Ok(Report {
            id: id(r.get(0)?).unwrap_or_default(),
            said: r.get(1)?,
            shared: r.get(2)?,
            person: id(r.get(3)?).unwrap_or_default(),
        })
    };
    Ok(conn.prepare(&sql)?.query_row([posting.as_bytes()], read).optional()?)
}

/// The reverse posting, where it is the reader's own and has begun.
fn own(conn: &Connection, request: &Request) -> Result<Subject, PageError> {
    let (posting, reader) = (request.id("id")?, request.reader()?);
    register::visible(conn, reader, &REVERSE_POSTING, &posting)?;
    let found: Option<(Option<Vec<u8>>, bool)> = conn
        .prepare_cached("SELECT person, arrived_on IS NOT NULL FROM reverse_posting WHERE id = ?1")?
        .query_row([posting.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    let (person, begun) = found.unwrap_or_default();
    if begun && id(person) == Some(reader.person) { Ok(posting) } else { Err(PageError::NotAllowed) }
}

/// Keeps it, anew or changed.
pub(crate) fn keep(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let reader = request.reader()?;
    let said = request.form("said").unwrap_or_default();
    let said = text::clean_text(said, MOST).map_err(|_| PageError::Malformed("what was written"))?;
    if said.trim().is_empty() {
        return Err(PageError::Malformed("nothing was written"));
    }
    let shared = Value::Bool(request.form("shared").is_some());
    let posting = site.store.write(Context { author: reader.person }, |tx| {
        let posting = own(tx.conn(), request)?;
        let change = Change::new().with_text("said", said.clone()).with("shared", shared.clone());
        let done = match of(tx.conn(), &reader.sees(&REVERSE_REPORT, "n"), &posting)? {
            Some(before) => register::change_in(tx, site, reader, &REVERSE_REPORT, before.id, change, None),
            None => {
                let change = change.with_link("reverse_posting", posting).with_link("person", reader.person);
                register::make_in(tx, site, request, &REVERSE_REPORT, change, None, None).map(|_| ())
            }
        };
        match done {
            Ok(()) => Ok(posting),
            Err(Refusal::Page(e)) => Err(e),
            Err(Refusal::Fields(_)) => Err(PageError::Malformed("what was written")),
        }
    })?;
    Ok(register::done(&REVERSE_POSTING, posting, "done-saved"))
}

/// Its author takes it back: its words are destroyed on every node.
pub(crate) fn take_back(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let reader = request.reader()?;
    let posting = site.store.write(Context { author: reader.person }, |tx| {
        let posting = own(tx.conn(), request)?;
        let sees = reader.sees(&REVERSE_REPORT, "n");
        let report = of(tx.conn(), &sees, &posting)?.filter(|r| r.person == reader.person);
        let report = report.ok_or(PageError::NotFound)?.id;
        let scope = record_scope(tx.conn(), site.programme, &REVERSE_REPORT, &report)?;
        append(tx, &REVERSE_REPORT, scope, report, Change::new().with(REMOVED, Value::Bool(true)), None)?;
        tx.append(&log::erase_draft(scope, report, &[&REVERSE_REPORT.identity()])?)?;
        Ok::<_, PageError>(posting)
    })?;
    Ok(register::done(&REVERSE_POSTING, posting, "done-saved"))
}
