//! Accounts and the roles that are in force.

use base::{Date, Scope, Subject};
use log::{LogError, Tx};
use records::{Change, Grant, Kinds, Reader, RecordError, Role, append, school_of};
use rusqlite::{Connection, OptionalExtension, params};

/// The roles of a person today. What counts is who gave them: the hub any, a school's node those of its school.
///
/// # Errors
/// What the database says.
pub fn reader_of(conn: &Connection, person: Subject, today: Date) -> Result<Reader, LogError> {
    roles(conn, person, today, false)
}

/// The roles that a person had on a day that has passed: one that has ended since was in force until the eve of its end.
///
/// # Errors
/// What the database says.
pub fn reader_then(conn: &Connection, person: Subject, day: Date) -> Result<Reader, LogError> {
    roles(conn, person, day, true)
}

fn roles(conn: &Connection, person: Subject, day: Date, then: bool) -> Result<Reader, LogError> {
    let mut stmt = conn.prepare_cached(
        "SELECT g.role, g.organisation, n.school FROM grant_of_role g
         JOIN node n ON n.node_id = g.changed_node AND coalesce(n.state, 'enrolled') = 'enrolled'
         WHERE g.person = ?1 AND (coalesce(g.state, 'given') = 'given' OR ?3 AND g.state = 'ended' AND g.until_on > ?2)
         AND g.from_on <= ?2 AND (g.until_on IS NULL OR g.until_on >= ?2) ORDER BY g.id",
    )?;
    let rows = stmt.query_map(params![person.as_bytes(), day.to_string(), then], |r| {
        Ok((r.get::<_, String>(0)?, r.get::<_, Option<Vec<u8>>>(1)?, r.get::<_, Option<Vec<u8>>>(2)?))
    })?;
    let trusted = trusted_school(conn, person)?;
    let mut grants = Vec::new();
    for row in rows {
        let (role, organisation, at) = row?;
        let Ok(role) = role.parse::<Role>() else { continue };
        let organisation = organisation.and_then(|o| Subject::try_from(o.as_slice()).ok());
        let school = match organisation {
            Some(org) => school_of(conn, &org)?,
            None => None,
        };
        // A school's node gives roles of its own school and no others: a stolen box must not make an administrator.
        if at.is_some() {
            let at = at.and_then(|s| Subject::try_from(s.as_slice()).ok());
            let far = role.is_programme_wide() || role == Role::Coordinator;
            if far || school.is_none() || school != at {
                continue;
            }
        }
        if trusted.is_some() && school != trusted {
            continue;
        }
        grants.push(Grant { role, organisation, school });
    }
    Ok(Reader { person, grants, within: trusted, ..Reader::default() })
}

/// The school as far as which the person's account can be believed: that of a box which wrote it last. Who changes a
/// password at a school has roles of that school alone until the hub sets it again, or else a stolen box could set
/// the password of whoever belongs to it and be that person everywhere.
fn trusted_school(conn: &Connection, person: Subject) -> Result<Option<Subject>, LogError> {
    let found: Option<Vec<u8>> = conn
        .prepare_cached(
            "SELECT n.school FROM account a JOIN node n ON n.node_id = a.changed_node
             WHERE a.person = ?1 AND n.school IS NOT NULL ORDER BY a.id LIMIT 1",
        )?
        .query_row([person.as_bytes()], |r| r.get(0))
        .optional()?;
    Ok(found.and_then(|s| Subject::try_from(s.as_slice()).ok()))
}

/// An account that somebody signs in with.
pub(crate) struct Account {
    pub id: Subject,
    pub person: Subject,
    pub hash: Option<String>,
    pub language: Option<String>,
}

/// The account under a name.
pub(crate) fn account(conn: &Connection, name: &str) -> Result<Option<Account>, rusqlite::Error> {
    conn.prepare_cached(
        "SELECT id, person, password_hash, language FROM account
         WHERE sign_in_name = ?1 AND coalesce(state, 'active') = 'active' ORDER BY id LIMIT 1",
    )?
    .query_row([text::fold(name.trim())], |r| {
        let id: Vec<u8> = r.get(0)?;
        let person: Vec<u8> = r.get(1)?;
        Ok(Account {
            id: Subject::try_from(id.as_slice()).unwrap_or_default(),
            person: Subject::try_from(person.as_slice()).unwrap_or_default(),
            hash: r.get(2)?,
            language: r.get(3)?,
        })
    })
    .optional()
}

/// An account to be made.
#[derive(Debug)]
pub struct NewAccount {
    /// Whose it is.
    pub person: Subject,
    /// The name to sign in with.
    pub name: String,
    /// The password's hash.
    pub hash: String,
    /// The role.
    pub role: Role,
    /// Where.
    pub organisation: Option<Subject>,
    /// From when.
    pub from: Date,
    /// Until when.
    pub until: Option<Date>,
}

/// Makes an account and its role.
///
/// # Errors
/// [`RecordError::Rule`] `account-name-taken` where the name is taken here.
pub fn make_account(tx: &Tx<'_>, kinds: &Kinds, new: &NewAccount) -> Result<(), RecordError> {
    let name = text::fold(new.name.trim());
    if account(tx.conn(), &name)?.is_some() {
        return Err(RecordError::Rule { code: "account-name-taken", other: None });
    }
    let scope = Scope::Person(new.person);
    let account = kinds.get("account").ok_or(RecordError::NotFound)?;
    let change = Change::new()
        .with_link("person", new.person)
        .with_text("sign_in_name", name)
        .with_text("password_hash", new.hash.clone());
    append(tx, account, scope, tx.subject(&scope), change, None)?;
    make_grant(tx, kinds, new)
}

fn make_grant(tx: &Tx<'_>, kinds: &Kinds, new: &NewAccount) -> Result<(), RecordError> {
    let scope = Scope::Person(new.person);
    let kind = kinds.get("grant_of_role").ok_or(RecordError::NotFound)?;
    let mut change = Change::new()
        .with_link("person", new.person)
        .with_text("role", new.role.code())
        .with_text("from_on", new.from.to_string());
    if let Some(organisation) = new.organisation {
        change = change.with_link("organisation", organisation);
    }
    if let Some(until) = new.until {
        change = change.with_text("until_on", until.to_string());
    }
    append(tx, kind, scope, tx.subject(&scope), change, None)?;
    tx.fold()?;
    Ok(())
}
