//! What a person does to a record: each command authorises first, checks the rules, and is all on disk or not at
//! all.

use std::collections::BTreeSet;

use base::{Scope, Subject};
use log::{Context, Frontier, Tx};
use records::{
    Change, Home, Kind, Move, REMOVED, Reader, RecordError, Roles, STATE, Shape, Value, append, check, check_rules,
    check_value, concerns, links_in, literal, record_scope, scope_of,
};
use rusqlite::{Connection, OptionalExtension};
use web::{NodeKind, PageError, Request, Site};

use crate::approval::{is_born, may_move, opened};
use crate::keep::keeps;

/// A record that was made.
#[derive(Clone, Copy, Debug)]
pub struct Saved(pub Subject);

/// Why a change is not made: what the form shows.
#[derive(Debug)]
pub enum Refusal {
    /// Fields, with the keys of what is wrong with them.
    Fields(Vec<(String, &'static str)>),
    /// Anything else.
    Page(PageError),
}

impl From<PageError> for Refusal {
    fn from(e: PageError) -> Self {
        Self::Page(e)
    }
}
impl From<RecordError> for Refusal {
    fn from(e: RecordError) -> Self {
        Self::Page(e.into())
    }
}
impl From<log::LogError> for Refusal {
    fn from(e: log::LogError) -> Self {
        Self::Page(e.into())
    }
}
impl From<rusqlite::Error> for Refusal {
    fn from(e: rusqlite::Error) -> Self {
        Self::Page(e.into())
    }
}

/// Makes a record, in the state that a move at birth leads to if one is given.
///
/// # Errors
/// [`Refusal`].
pub fn save_new(
    site: &Site,
    request: &Request,
    kind: &'static Kind,
    change: Change,
    birth: Option<&Move>,
) -> Result<Saved, Refusal> {
    let author = request.reader()?.person;
    site.store.write(Context { author }, |tx| make_in(tx, site, request, kind, change, birth, None))
}

/// Makes a record as part of a larger command; under an id of its scope where one is given, by its time and its chance, so
/// that what comes twice is made once.
///
/// # Errors
/// [`Refusal`]: the larger command must then fail too.
pub fn make_in(
    tx: &Tx<'_>,
    site: &Site,
    request: &Request,
    kind: &'static Kind,
    mut change: Change,
    birth: Option<&Move>,
    id: Option<(u64, u32)>,
) -> Result<Saved, Refusal> {
    let reader = request.reader()?;
    check_fields(site, kind, &change, true)?;
    if kind.fields.iter().any(|f| f.by_hub) {
        only_at_hub(site)?;
    }
    counts_here(site, kind, &change)?;
    if let Some(birth) = birth {
        change.set.insert(STATE.to_owned(), Value::text(birth.to));
    }
    let scope = scope_of(tx.conn(), &site.kinds, site.programme, kind, &change)?;
    let home = records::home_column(&scope).filter(|_| !matches!(kind.home, Home::Person(_) | Home::Pair(_)));
    authorise(tx.conn(), reader, kind, home, &change, birth)?;
    check_links(tx, site, reader, kind, &change)?;
    let beside = home_link(kind, &change);
    not_under_seal(tx.conn(), site, reader, kind, beside)?;
    complete(tx.conn(), site, kind, &mut change)?;
    // A new record has no field to empty.
    change.set.retain(|_, value| *value != Value::Null);
    let subject = id.map_or_else(|| tx.subject(&scope), |(ms, chance)| Subject::new(&scope, ms, chance));
    append(tx, kind, scope, subject, change, None)?;
    tx.fold()?;
    for made in &site.made {
        made(tx, site, request, kind, &subject)?;
    }
    check(tx, kind, &subject)?;
    Ok(Saved(subject))
}

/// Changes fields of a record; `base` is what the form had seen.
///
/// # Errors
/// [`Refusal`].
pub fn save_change(
    site: &Site,
    reader: &Reader,
    kind: &'static Kind,
    id: Subject,
    change: Change,
    base: Option<&Frontier>,
) -> Result<(), Refusal> {
    let context = Context { author: reader.person };
    site.store.write(context, |tx| change_in(tx, site, reader, kind, id, change, base))
}

/// Changes fields of a record as part of a larger command.
///
/// # Errors
/// [`Refusal`]: the larger command must then fail too.
pub fn change_in(
    tx: &Tx<'_>,
    site: &Site,
    reader: &Reader,
    kind: &'static Kind,
    id: Subject,
    mut change: Change,
    base: Option<&Frontier>,
) -> Result<(), Refusal> {
    check_fields(site, kind, &change, false)?;
    counts_here(site, kind, &change)?;
    let state = visible(tx.conn(), reader, kind, &id)?;
    may_change(tx.conn(), reader, kind, &id)?;
    check_links(tx, site, reader, kind, &change)?;
    for beside in [stands_with(tx.conn(), kind, &id)?, home_link(kind, &change)] {
        not_under_seal(tx.conn(), site, reader, kind, beside)?;
    }
    let scope = record_scope(tx.conn(), site.programme, kind, &id)?;
    stays_home(tx.conn(), site, kind, &scope, &change)?;
    if !is_born(tx.conn(), kind, &id, &change)? {
        return Err(PageError::Rule("born-so".to_owned()).into());
    }
    let removes = change.set.contains_key(REMOVED);
    let into = change.set.get(STATE).and_then(Value::as_text).map(str::to_owned);
    let opened = opened(kind, &state, &change);
    complete(tx.conn(), site, kind, &mut change)?;
    append(tx, kind, scope, id, change, base)?;
    if let Some(opened) = opened {
        // What was approved is another now. This is known now, whatever the form had seen.
        tx.fold()?;
        append(tx, kind, scope, id, opened, None)?;
    }
    check(tx, kind, &id)?;
    if let Some(into) = into {
        for way in kind.moves.iter().filter(|m| m.to == into) {
            check_rules(tx, way.rules, &id)?;
        }
    }
    // Nobody moves a record to where they could not have made it; but who is named in it may say that they are not.
    let stays = || -> Result<bool, PageError> {
        let at_place = at_place(tx.conn(), reader, kind, &id, kind.access.write)?;
        Ok(at_place && !is_sealed(tx.conn(), reader, kind, &id)?)
    };
    if !removes && !stays()? {
        let field = kind.access.own.first().copied().unwrap_or_default();
        return Err(Refusal::Fields(vec![(field.to_owned(), "error-your-school")]));
    }
    Ok(())
}

/// Takes a record from state to state.
///
/// # Errors
/// [`Refusal`]; [`PageError::Stale`] where the record is no longer in a state from which the move leads.
pub fn save_move(
    site: &Site,
    reader: &Reader,
    kind: &'static Kind,
    id: Subject,
    way: &Move,
    change: Change,
) -> Result<(), Refusal> {
    let context = Context { author: reader.person };
    site.store.write(context, |tx| move_in(tx, site, reader, kind, id, way, change))
}

/// Takes a record from state to state as part of a larger command.
///
/// # Errors
/// [`Refusal`]: the larger command must then fail too; [`PageError::Stale`] as with [`save_move`].
pub fn move_in(
    tx: &Tx<'_>,
    site: &Site,
    reader: &Reader,
    kind: &'static Kind,
    id: Subject,
    way: &Move,
    mut change: Change,
) -> Result<(), Refusal> {
    check_fields(site, kind, &change, false)?;
    counts_here(site, kind, &change)?;
    let state = visible(tx.conn(), reader, kind, &id)?;
    if !may_move(site, tx.conn(), reader, kind, &id, way)? {
        return Err(PageError::NotAllowed.into());
    }
    if !way.from.contains(&state.as_str()) {
        return Err(PageError::Stale.into());
    }
    check_links(tx, site, reader, kind, &change)?;
    not_under_seal(tx.conn(), site, reader, kind, stands_with(tx.conn(), kind, &id)?)?;
    if way.to != state {
        change.set.insert(STATE.to_owned(), Value::text(way.to));
    }
    let scope = record_scope(tx.conn(), site.programme, kind, &id)?;
    append(tx, kind, scope, id, change, None)?;
    check(tx, kind, &id)?;
    Ok(check_rules(tx, way.rules, &id)?)
}

/// Adds what rooms know to follow from what is said.
fn complete(conn: &Connection, site: &Site, kind: &Kind, change: &mut Change) -> Result<(), PageError> {
    site.completes.iter().try_for_each(|completes| completes(conn, kind, change))
}

/// Refuses a change of the link that says where a record is: its nodes were chosen when it was made.
fn stays_home(conn: &Connection, site: &Site, kind: &Kind, scope: &Scope, change: &Change) -> Result<(), Refusal> {
    let (Home::School(field) | Home::With(field, _)) = kind.home else { return Ok(()) };
    if change.set.contains_key(field) && scope_of(conn, &site.kinds, site.programme, kind, change)? != *scope {
        return Err(Refusal::Fields(vec![(field.to_owned(), "error-other-home")]));
    }
    Ok(())
}

/// Refuses what only the hub's entries can say.
fn counts_here(site: &Site, kind: &Kind, change: &Change) -> Result<(), PageError> {
    let says = |field: &str| kind.field(field).is_some_and(|f| f.by_hub);
    if kind.hub_only || change.set.keys().any(|f| says(f)) {
        return only_at_hub(site);
    }
    Ok(())
}

/// Refuses on every node but the hub: who belongs where is said there.
///
/// # Errors
/// [`PageError::Rule`].
pub(crate) fn only_at_hub(site: &Site) -> Result<(), PageError> {
    if site.node_kind == NodeKind::Hub { Ok(()) } else { Err(PageError::Rule("only-at-hub".to_owned())) }
}

/// The state of a record that the reader may see.
///
/// # Errors
/// [`PageError::NotFound`].
pub fn visible(conn: &Connection, reader: &Reader, kind: &Kind, id: &Subject) -> Result<String, PageError> {
    let sees = reader.sees(kind, kind.name);
    let sql = format!("SELECT coalesce(state, '') FROM {} WHERE id = ?1 AND {sees}", kind.name);
    conn.prepare(&sql)?.query_row([id.as_bytes()], |r| r.get(0)).optional()?.ok_or(PageError::NotFound)
}

/// The organisations that a record that is here concerns.
///
/// # Errors
/// What the database says.
pub fn concerned(conn: &Connection, kind: &Kind, id: &Subject) -> Result<BTreeSet<Subject>, PageError> {
    let home: Option<Vec<u8>> = conn
        .prepare_cached(&format!("SELECT home FROM {} WHERE id = ?1", kind.name))?
        .query_row([id.as_bytes()], |r| r.get(0))?;
    let home = home.and_then(|h| Subject::try_from(h.as_slice()).ok());
    let link = |field: &str| -> Vec<Subject> {
        let sql = format!("SELECT {field} FROM {} WHERE id = {}", kind.name, literal(id));
        let found = conn.query_row(&sql, [], |r| r.get::<_, Option<Vec<u8>>>(0));
        found.ok().flatten().and_then(|b| Subject::try_from(b.as_slice()).ok()).into_iter().collect()
    };
    Ok(concerns(conn, kind, home, &link)?)
}

/// Refuses a reader who may not change the record.
///
/// # Errors
/// [`PageError::NotAllowed`].
pub fn may_change(conn: &Connection, reader: &Reader, kind: &Kind, id: &Subject) -> Result<(), PageError> {
    if !in_reach(conn, reader, kind, id, kind.access.write)? {
        return Err(PageError::NotAllowed);
    }
    if is_sealed(conn, reader, kind, id)? { Err(PageError::NotAllowed) } else { Ok(()) }
}

/// Whether somebody has put their name to a record in a way that the reader may not: it is not changed behind their back.
fn is_sealed(conn: &Connection, reader: &Reader, kind: &Kind, id: &Subject) -> Result<bool, PageError> {
    for seal in kind.moves.iter().filter(|m| m.seals) {
        let sql = format!("SELECT state = ?2 FROM {} WHERE id = ?1", kind.name);
        let sealed: Option<bool> = conn
            .prepare_cached(&sql)?
            .query_row(rusqlite::params![id.as_bytes(), seal.to], |r| r.get(0))
            .optional()?
            .flatten();
        if sealed == Some(true) && !in_reach(conn, reader, kind, id, seal.who)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The record that a change says it stands with.
fn home_link(kind: &Kind, change: &Change) -> Option<Subject> {
    let Home::With(field, _) = kind.home else { return None };
    change.set.get(field).and_then(Value::as_link)
}

/// The record that a record which is here stands with.
fn stands_with(conn: &Connection, kind: &Kind, id: &Subject) -> Result<Option<Subject>, PageError> {
    let Home::With(field, _) = kind.home else { return Ok(None) };
    let found: Option<Vec<u8>> = conn
        .prepare_cached(&format!("SELECT {field} FROM {} WHERE id = ?1", kind.name))?
        .query_row([id.as_bytes()], |r| r.get(0))
        .optional()?
        .flatten();
    Ok(found.and_then(|b| Subject::try_from(b.as_slice()).ok()))
}

/// Refuses what would change from beside what somebody has put their name to: a name more on a list that was verified is
/// a change of it.
fn not_under_seal(
    conn: &Connection,
    site: &Site,
    reader: &Reader,
    kind: &Kind,
    beside: Option<Subject>,
) -> Result<(), PageError> {
    let (Home::With(_, other), Some(beside)) = (kind.home, beside) else { return Ok(()) };
    let Some(other) = site.kinds.get(other) else { return Ok(()) };
    if is_sealed(conn, reader, other, &beside)? { Err(PageError::Rule("under-seal".to_owned())) } else { Ok(()) }
}

/// Whether a reader may put a record from one state back into another: by a move that leads there, or by the one that
/// led away.
pub(crate) fn may_set_state(
    site: &Site,
    conn: &Connection,
    reader: &Reader,
    kind: &Kind,
    id: &Subject,
    from: &str,
    to: &str,
) -> Result<bool, PageError> {
    for way in kind.moves {
        let there = way.from.contains(&from) && way.to == to;
        let back = way.from.contains(&to) && way.to == from;
        let may =
            there && may_move(site, conn, reader, kind, id, way)? || back && in_reach(conn, reader, kind, id, way.who)?;
        if may {
            return Ok(true);
        }
    }
    Ok(from == to)
}

/// Whether the reader, by one of these roles, reaches a record that is here, and holds it where roles do not decide.
pub(crate) fn in_reach(
    conn: &Connection,
    reader: &Reader,
    kind: &Kind,
    id: &Subject,
    roles: Roles,
) -> Result<bool, PageError> {
    if !at_place(conn, reader, kind, id, roles)? {
        return Ok(false);
    }
    let beyond = roles.but(Roles::TEACHING);
    let answers = kind.access.kept.is_empty() || reader.brings || reader.reaches(beyond, &concerned(conn, kind, id)?);
    Ok(answers || keeps(conn, reader, kind, id)?)
}

/// Whether one of these roles of the reader reaches the place of a record that is here, whoever answers for it.
pub(crate) fn at_place(
    conn: &Connection,
    reader: &Reader,
    kind: &Kind,
    id: &Subject,
    roles: Roles,
) -> Result<bool, PageError> {
    match held(conn, reader, kind, id)? {
        Some(held) => Ok(held && reader.is_any(roles)),
        None => Ok(reader.reaches(roles, &concerned(conn, kind, id)?)),
    }
}

/// Whether a record of a kind that lies in hands is in the reader's.
///
/// # Errors
/// What the database says.
pub fn in_hands(conn: &Connection, reader: &Reader, kind: &Kind, id: &Subject) -> Result<bool, PageError> {
    Ok((reader.may_make(kind) || reader.comes_as_party(kind)) && held(conn, reader, kind, id)? == Some(true))
}

/// Whether a record, here or withdrawn, is in the reader's hands; `None` where roles alone decide.
pub(crate) fn held(conn: &Connection, reader: &Reader, kind: &Kind, id: &Subject) -> Result<Option<bool>, PageError> {
    let Some(holds) = reader.holds(kind, "t") else { return Ok(None) };
    let sql = format!("SELECT EXISTS (SELECT 1 FROM (SELECT ?1 AS id) AS t WHERE {holds})");
    Ok(Some(conn.prepare(&sql)?.query_row([id.as_bytes()], |r| r.get(0))?))
}

fn authorise(
    conn: &Connection,
    reader: &Reader,
    kind: &Kind,
    home: Option<Subject>,
    change: &Change,
    birth: Option<&Move>,
) -> Result<(), Refusal> {
    let concerned = concerns(conn, kind, home, &|field| links_in(change, field))?;
    // What is in somebody's hands is in those of who makes it.
    let may = if kind.access.hands.is_empty() { reader.may_write(kind, &concerned) } else { reader.makes(kind) };
    let may = may && birth.is_none_or(|b| reader.reaches(b.who, &concerned));
    if may {
        return Ok(());
    }
    // Somebody who may write elsewhere is told which field is theirs to correct.
    match kind.access.own.first() {
        Some(field) if reader.may_make(kind) => Err(Refusal::Fields(vec![((*field).to_owned(), "error-your-school")])),
        _ => Err(PageError::NotAllowed.into()),
    }
}

fn check_fields(site: &Site, kind: &Kind, change: &Change, whole: bool) -> Result<(), Refusal> {
    let today = site.today().to_string();
    let mut wrong = Vec::new();
    for field in kind.fields {
        let set = change.set.get(field.name);
        let added = change.add.get(field.name);
        let missing = match set {
            Some(Value::Null) => true,
            Some(Value::Text(t)) => t.trim().is_empty(),
            Some(_) => false,
            None => whole && !(field.shape.is_set() && added.is_some_and(|a| !a.is_empty())),
        };
        if field.required && missing {
            wrong.push((field.name.to_owned(), "error-required"));
            continue;
        }
        let mut values = set.into_iter().chain(added.into_iter().flatten());
        if let Some(key) = values.find_map(|v| check_value(field.shape, v).err()) {
            wrong.push((field.name.to_owned(), key));
        } else if field.come && set.and_then(Value::as_text).is_some_and(|day| day > today.as_str()) {
            wrong.push((field.name.to_owned(), "error-day-ahead"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Refusal::Fields(wrong)) }
}

/// Every link leads to a record that is here and that the reader may see.
fn check_links(tx: &Tx<'_>, site: &Site, reader: &Reader, kind: &Kind, change: &Change) -> Result<(), Refusal> {
    for field in kind.fields {
        let (Shape::Link(other) | Shape::Links(other)) = field.shape else { continue };
        let Some(other) = site.kinds.get(other) else { continue };
        for link in links_in(change, field.name) {
            // One's own name is known to oneself, also where one belongs no more.
            let oneself = other.name == "person" && link == reader.person;
            if !oneself && visible(tx.conn(), reader, other, &link).is_err() {
                return Err(Refusal::Fields(vec![(field.name.to_owned(), "error-no-such")]));
            }
        }
    }
    Ok(())
}
