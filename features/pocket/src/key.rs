//! Who hands over: a pocket brings its name and a secret that was made when it was prepared. It has no session, so no
//! page of another site can use it.

use base::{Date, Hash, Lang, Subject, base32};
use log::Context;
use records::{Change, Reader, Value, append};
use rusqlite::{Connection, OptionalExtension};
use web::{PageError, Request, Session, Site};

use crate::facts::{GOES, POCKET};

/// Pockets in use that one person may have.
const MOST: i64 = 5;
/// Days after the end of a role in which what was recorded before it is still taken: from the last village it may be far to a
/// node.
const STILL_DAYS: usize = 30;

/// A new pocket: what it must bring from now on.
pub(crate) struct Key {
    pub id: Subject,
    pub secret: String,
}

/// Prepares a pocket for who is signed in.
pub(crate) fn make(site: &Site, request: &Request, device: &str) -> Result<Key, PageError> {
    let person = request.reader()?.person;
    let secret = base32::encode(&site.store.env().bytes::<32>());
    let change = Change::new()
        .with_link("person", person)
        .with_text("device", device)
        .with("secret", Value::Bytes(hash(&secret)))
        .with_text("since", site.today().to_string());
    let scope = base::Scope::Person(person);
    site.store.write(Context { author: person }, |tx| {
        let held: i64 = tx
            .conn()
            .prepare_cached("SELECT count(*) FROM pocket WHERE person = ?1 AND coalesce(state, 'in_use') = 'in_use'")?
            .query_row([person.as_bytes()], |r| r.get(0))?;
        if held >= MOST {
            return Err(PageError::Rule("pocket-many".to_owned()));
        }
        let id = tx.subject(&scope);
        append(tx, &POCKET, scope, id, change, None)?;
        tx.fold()?;
        Ok(Key { id, secret })
    })
}

fn hash(secret: &str) -> Vec<u8> {
    Hash::of(secret.as_bytes()).0.to_vec()
}

/// The state of a pocket; `ended` where it is in use and its person goes on no visits any more; `None` where this node does
/// not know it.
pub(crate) fn state(site: &Site, conn: &Connection, id: &Subject) -> Result<Option<String>, PageError> {
    let mut stmt = conn.prepare_cached("SELECT coalesce(state, 'in_use'), person FROM pocket WHERE id = ?1")?;
    let found: Option<(String, Vec<u8>)> =
        stmt.query_row([id.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?))).optional()?;
    let Some((state, person)) = found else { return Ok(None) };
    let person = Subject::try_from(person.as_slice()).unwrap_or_default();
    if state == "in_use" && goes(site, conn, person)?.is_none() {
        return Ok(Some("ended".to_owned()));
    }
    Ok(Some(state))
}

/// Whether somebody was archived, or has no account that is not closed.
fn is_gone(conn: &Connection, person: Subject) -> Result<bool, PageError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM person WHERE id = ?1 AND state = 'archived')
                 OR EXISTS (SELECT 1 FROM account WHERE person = ?1)
                    AND NOT EXISTS (SELECT 1 FROM account WHERE person = ?1 AND coalesce(state, 'active') = 'active')";
    Ok(conn.prepare_cached(sql)?.query_row([person.as_bytes()], |r| r.get(0))?)
}

/// Who goes on visits today, by a role that is in force.
fn goes(site: &Site, conn: &Connection, person: Subject) -> Result<Option<Reader>, PageError> {
    let reader = (site.reader_of)(conn, person, site.today())?;
    let goes = !is_gone(conn, person)? && reader.is_any(GOES);
    // Whoever went along hands over for all who did, also where somebody else had planned it.
    Ok(goes.then_some(Reader { brings: true, ..reader }))
}

/// Who hands over.
pub(crate) struct Holder {
    /// A request in the name of the pocket's person, as a page of theirs would make it today.
    now: Request,
    /// The person goes on no visits any more, and did until a short while ago.
    went: bool,
}

impl Holder {
    /// As whom one asks and writes today.
    ///
    /// # Errors
    /// [`PageError::SignIn`] for who goes on no visits any more.
    pub fn goes(self) -> Result<Request, PageError> {
        if self.went { Err(PageError::SignIn) } else { Ok(self.now) }
    }

    pub fn went(&self) -> bool {
        self.went
    }

    /// In whose language and name it is answered.
    pub fn request(&self) -> &Request {
        &self.now
    }

    /// As whom one hands over what was recorded of a stay. Whose role has ended had one on each of its ends, or hands nothing
    /// over: with those roles, and only those, that were in force on both.
    ///
    /// # Errors
    /// What the database says.
    pub fn then(&self, site: &Site, starts: Date, ends: Date) -> Result<Option<Request>, PageError> {
        if !self.went {
            return Ok(Some(self.now.clone()));
        }
        let Some(session) = self.now.session.as_ref() else { return Ok(None) };
        let (before, mut reader) = site.store.read(|conn| {
            let on = |day| (site.reader_then)(conn, session.person, day);
            Ok::<_, PageError>((on(starts)?, on(ends)?))
        })?;
        reader.grants.retain(|grant| before.grants.contains(grant));
        reader.brings = true;
        let held = reader.is_any(GOES) && ends < site.today();
        Ok(held.then(|| Request::of(Session { reader, ..session.clone() }, self.now.lang)))
    }
}

/// Whether somebody went on visits until a short while ago. Whoever is archived, or whose account is closed, hands nothing over.
fn went(site: &Site, conn: &Connection, person: Subject) -> Result<bool, PageError> {
    if is_gone(conn, person)? {
        return Ok(false);
    }
    let mut day = site.today();
    for _ in 0..STILL_DAYS {
        let Ok(before) = day.yesterday() else { return Ok(false) };
        day = before;
        if (site.reader_then)(conn, person, day)?.is_any(GOES) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Reads a bearer, `NAME.SECRET`.
///
/// # Errors
/// [`PageError::SignIn`] for what is no pocket in use here, or one whose person has gone on no visits for a while.
pub(crate) fn holder(site: &Site, bearer: Option<&str>, lang: Lang) -> Result<Holder, PageError> {
    let (id, secret) = bearer.and_then(|b| b.split_once('.')).ok_or(PageError::SignIn)?;
    let id: Subject = id.parse().map_err(|_| PageError::SignIn)?;
    site.store.read(|conn| {
        let found: Option<(Vec<u8>, Vec<u8>)> = conn
            .prepare_cached(
                "SELECT p.person, p.secret FROM pocket p
                 WHERE p.id = ?1 AND coalesce(p.state, 'in_use') = 'in_use' AND p.secret IS NOT NULL",
            )?
            .query_row([id.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()?;
        // The secret has 256 bits of chance, and what is compared are hashes: their time tells nothing of use.
        let (person, _) = found.filter(|(_, kept)| *kept == hash(secret)).ok_or(PageError::SignIn)?;
        let person = Subject::try_from(person.as_slice()).map_err(|_| PageError::SignIn)?;
        let goes = goes(site, conn, person)?;
        let went = goes.is_none();
        if went && !self::went(site, conn, person)? {
            return Err(PageError::SignIn);
        }
        let called = site.kinds.get("person").ok_or(PageError::NotFound)?.called("person", lang);
        let name: Option<(Option<String>, Option<String>)> = conn
            .prepare_cached(&format!("SELECT name, {called} FROM person WHERE id = ?1"))?
            .query_row([person.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()?;
        let (name, called) = name.unwrap_or_default();
        let reader = goes.unwrap_or_else(|| Reader { person, ..Reader::default() });
        let (name, called) = (name.unwrap_or_default(), called.unwrap_or_default());
        let session = Session { person, csrf: String::new(), reader, name, called };
        Ok(Holder { now: Request::of(session, lang), went })
    })
}
