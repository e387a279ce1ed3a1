//! The agreement of the two: each signs it as who they are, and either may say "not this time".

use base::{Scope, Subject};
use log::{Context, Entry};
use records::{Change, STATE, Value, append, check, record_scope};
use rusqlite::Connection;
use web::{PageError, Reply, Request, Site};

use crate::facts::{AGREED, PAIR_SIGNATURE, PAIRING};
use crate::two::{Part, Two, id};

/// That one of the two has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    /// The day.
    pub on: String,
    /// Whether the person did it here; otherwise the office entered what stands on paper.
    pub own: bool,
    /// What was agreed has been changed by somebody else since.
    pub left_behind: bool,
}

/// The signatures of master and apprentice, as far as this node knows them.
pub(crate) struct Signatures {
    pub master: Option<Signature>,
    pub apprentice: Option<Signature>,
}

impl Signatures {
    /// Reads them.
    pub fn of(conn: &Connection, two: &Two) -> Result<Self, PageError> {
        let entries = log::entries_of(conn, &two.id)?;
        let one = |part| signature(conn, two, part, &entries);
        Ok(Self { master: one(Part::Master)?, apprentice: one(Part::Apprentice)? })
    }

    pub fn by(&self, part: Part) -> Option<&Signature> {
        match part {
            Part::Master => self.master.as_ref(),
            Part::Apprentice => self.apprentice.as_ref(),
        }
    }

    /// Whether it still lacks one's signature.
    pub fn lacks(&self, part: Part) -> bool {
        self.by(part).is_none_or(|s| s.left_behind)
    }
}

/// The last signature by the person's own hand, or what was entered from paper.
fn signature(conn: &Connection, two: &Two, part: Part, entries: &[Entry]) -> Result<Option<Signature>, PageError> {
    let who = two.who(part);
    let mut stmt = conn.prepare_cached(
        "SELECT id, signed_on, made FROM pair_signature WHERE pairing = ?1 AND person = ?2 ORDER BY made DESC",
    )?;
    let rows = stmt.query_map([two.id.as_bytes(), who.as_bytes()], |r| {
        Ok((id(r.get(0)?).unwrap_or_default(), r.get::<_, Option<String>>(1)?, r.get::<_, i64>(2)?.cast_unsigned()))
    })?;
    for row in rows {
        let (signature, on, made) = row?;
        // The person in the record is what somebody says; who wrote it is what the entry says.
        let own = log::entries_of(conn, &signature)?.first().is_some_and(|e| e.header.author == who);
        if let (true, Some(on)) = (own, on) {
            return Ok(Some(Signature { on, own, left_behind: changed_since(entries, made, who) }));
        }
    }
    let Some(on) = two.signed_on(part) else { return Ok(None) };
    let field = match part {
        Part::Master => "master_signed_on",
        Part::Apprentice => "apprentice_signed_on",
    };
    let entered = entries.iter().rfind(|e| says(e, &[field])).map_or(0, |e| e.effective.0);
    Ok(Some(Signature { on: on.to_owned(), own: false, left_behind: changed_since(entries, entered, who) }))
}

fn says(entry: &Entry, fields: &[&str]) -> bool {
    let change = entry.payload().and_then(|p| Change::decode(p).ok());
    change.is_some_and(|c| fields.iter().any(|f| c.set.contains_key(*f)))
}

/// Whether somebody else has changed what was agreed since.
fn changed_since(entries: &[Entry], since: u64, who: Subject) -> bool {
    entries.iter().any(|e| e.effective.0 > since && e.header.author != who && says(e, AGREED))
}

/// One of the two signs. When both have, the pairing says so to everybody who may see it.
pub(crate) fn sign(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (two, part) = Two::of(site, request)?;
    let person = request.reader()?.person;
    if !two.is_open() {
        return Err(PageError::Rule("pairing-over".to_owned()));
    }
    let today = site.today().to_string();
    site.store.write(Context { author: person }, |tx| {
        if Signatures::of(tx.conn(), &two)?.lacks(part) {
            let change = Change::new()
                .with_link("pairing", two.id)
                .with_link("person", person)
                .with_text("signed_on", today.as_str());
            let scope = Scope::Pair(two.id);
            append(tx, &PAIR_SIGNATURE, scope, tx.subject(&scope), change, None)?;
            tx.fold()?;
        }
        let both = Signatures::of(tx.conn(), &two)?;
        let (Some(master), Some(apprentice)) = (&both.master, &both.apprentice) else { return Ok(()) };
        let mut change = Change::new();
        for (field, before, now) in [
            ("master_signed_on", &two.master_signed_on, &master.on),
            ("apprentice_signed_on", &two.apprentice_signed_on, &apprentice.on),
        ] {
            if before.as_ref() != Some(now) {
                change = change.with_text(field, now.as_str());
            }
        }
        if two.state == "invited" && !both.lacks(Part::Master) && !both.lacks(Part::Apprentice) {
            change = change.with(STATE, Value::text("signed"));
        }
        if !change.is_empty() {
            // Both days are entered with the second signature, by whose it is: the history says whose each was.
            change.why = Some(request.words(site).get("pair-signed-each").into_owned());
            let scope = record_scope(tx.conn(), site.programme, &PAIRING, &two.id)?;
            append(tx, &PAIRING, scope, two.id, change, None)?;
        }
        Ok::<_, PageError>(check(tx, &PAIRING, &two.id)?)
    })?;
    Ok(register::done(&PAIRING, two.id, "pair-done-signed"))
}

/// One of the two says "not this time". No reason is asked; the node writes it, and nobody's name stands under it.
pub(crate) fn decline(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (two, _) = Two::of(site, request)?;
    if !matches!(&*two.state, "invited" | "signed") {
        return Err(PageError::Rule("pairing-over".to_owned()));
    }
    site.store.write(Context::NODE, |tx| {
        let scope = record_scope(tx.conn(), site.programme, &PAIRING, &two.id)?;
        append(tx, &PAIRING, scope, two.id, Change::new().with(STATE, Value::text("declined")), None)?;
        Ok::<_, PageError>(check(tx, &PAIRING, &two.id)?)
    })?;
    Ok(register::done(&PAIRING, two.id, "pair-done-declined"))
}
