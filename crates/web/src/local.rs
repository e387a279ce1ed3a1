use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base::{Env, Subject, base32};
use rusqlite::{Connection, OptionalExtension, params};

/// How long a session lasts without being used, in milliseconds: a fortnight.
const SESSION_MS: u64 = 14 * 24 * 3_600_000;
/// Tries at signing in that fail before one must wait.
const FREE_TRIES: i64 = 5;
/// The longest wait between two tries, in milliseconds.
const LONGEST_WAIT_MS: u64 = 15 * 60_000;

/// What somebody has typed into a document and is no fact yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its number.
    pub id: i64,
    /// The record whose document it is.
    pub record: Subject,
    /// Who typed it.
    pub author: Subject,
    /// What was typed.
    pub body: Vec<u8>,
}

/// What stays on this node and is no fact: sessions, throttles, one-use links, and what was typed into documents in the
/// last minutes. It may be lost without harm to the log; who was signed in signs in again.
pub struct Local {
    conn: Mutex<Connection>,
    env: Env,
}

impl std::fmt::Debug for Local {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Local")
    }
}

impl Local {
    /// Opens or makes the file.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn open(path: &Path, env: Env) -> rusqlite::Result<Self> {
        let conn = Connection::open(path)?;
        conn.execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=10000;
             CREATE TABLE IF NOT EXISTS session (
               token BLOB PRIMARY KEY, person BLOB NOT NULL, csrf TEXT NOT NULL, seen INTEGER NOT NULL) WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS throttle (
               name TEXT PRIMARY KEY, tries INTEGER NOT NULL, last INTEGER NOT NULL) WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS draft (
               id INTEGER PRIMARY KEY, record BLOB NOT NULL, author BLOB NOT NULL, body BLOB NOT NULL);
             CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;",
        )?;
        Ok(Self { conn: Mutex::new(conn), env })
    }

    fn conn(&self) -> MutexGuard<'_, Connection> {
        self.conn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what somebody typed until it is a fact. When this returns it is on disk.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn keep_draft(&self, record: Subject, author: Subject, body: &[u8]) -> rusqlite::Result<Draft> {
        let conn = self.conn();
        conn.prepare_cached("INSERT INTO draft (record, author, body) VALUES (?1, ?2, ?3)")?.execute(params![
            record.as_bytes(),
            author.as_bytes(),
            body
        ])?;
        Ok(Draft { id: conn.last_insert_rowid(), record, author, body: body.to_vec() })
    }

    /// All that is kept, in the order in which it was typed.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn drafts(&self) -> rusqlite::Result<Vec<Draft>> {
        let conn = self.conn();
        let mut stmt = conn.prepare_cached("SELECT id, record, author, body FROM draft ORDER BY id")?;
        let id = |bytes: Vec<u8>| Subject::try_from(bytes.as_slice()).unwrap_or_default();
        stmt.query_map([], |r| {
            Ok(Draft { id: r.get(0)?, record: id(r.get(1)?), author: id(r.get(2)?), body: r.get(3)? })
        })?
        .collect()
    }

    /// Lets go of what has become facts.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn drop_drafts(&self, drafts: &[i64]) -> rusqlite::Result<()> {
        let mut conn = self.conn();
        let tx = conn.transaction()?;
        for id in drafts {
            tx.prepare_cached("DELETE FROM draft WHERE id = ?1")?.execute([id])?;
        }
        tx.commit()
    }

    /// Starts a session; returns the token for the cookie. Only its hash is kept.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn start_session(&self, person: Subject) -> rusqlite::Result<String> {
        let token = base32::encode(&self.env.bytes::<20>());
        let csrf = base32::encode(&self.env.bytes::<15>());
        let now = self.env.clock.now_ms();
        let conn = self.conn();
        conn.execute("DELETE FROM session WHERE seen < ?1", [now.saturating_sub(SESSION_MS).cast_signed()])?;
        conn.execute(
            "INSERT INTO session VALUES (?1, ?2, ?3, ?4)",
            params![hash(&token), person.as_bytes(), csrf, now.cast_signed()],
        )?;
        Ok(token)
    }

    /// The person and the form token of a session that has not run out.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn session(&self, token: &str) -> rusqlite::Result<Option<(Subject, String)>> {
        let now = self.env.clock.now_ms();
        let conn = self.conn();
        let found: Option<(Vec<u8>, String, i64)> = conn
            .prepare_cached("SELECT person, csrf, seen FROM session WHERE token = ?1 AND seen > ?2")?
            .query_row(params![hash(token), now.saturating_sub(SESSION_MS).cast_signed()], |r| {
                Ok((r.get(0)?, r.get(1)?, r.get(2)?))
            })
            .optional()?;
        let Some((person, csrf, seen)) = found else { return Ok(None) };
        // Once an hour is enough to know that it is used, and spares the flash of a cheap box.
        if now.saturating_sub(seen.cast_unsigned()) > 3_600_000 {
            conn.execute("UPDATE session SET seen = ?2 WHERE token = ?1", params![hash(token), now.cast_signed()])?;
        }
        Ok(Subject::try_from(person.as_slice()).ok().map(|p| (p, csrf)))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn end_session(&self, token: &str) -> rusqlite::Result<()> {
        self.conn().execute("DELETE FROM session WHERE token = ?1", [hash(token)]).map(|_| ())
    }

    /// Ends all sessions of a person: a password was changed.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn end_sessions_of(&self, person: Subject) -> rusqlite::Result<()> {
        self.conn().execute("DELETE FROM session WHERE person = ?1", [person.as_bytes()]).map(|_| ())
    }

    /// How many milliseconds one must still wait before the next try under a name.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn must_wait_ms(&self, name: &str) -> rusqlite::Result<u64> {
        let found: Option<(i64, i64)> = self
            .conn()
            .prepare_cached("SELECT tries, last FROM throttle WHERE name = ?1")?
            .query_row([name], |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()?;
        let Some((tries, last)) = found.filter(|(tries, _)| *tries >= FREE_TRIES) else { return Ok(0) };
        let wait = 1000_u64.saturating_mul(1 << (tries - FREE_TRIES).clamp(0, 20)).min(LONGEST_WAIT_MS);
        Ok((last.cast_unsigned() + wait).saturating_sub(self.env.clock.now_ms()))
    }

    /// Notes a try that failed, or forgets them after one that went well.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn tried(&self, name: &str, well: bool) -> rusqlite::Result<()> {
        let conn = self.conn();
        if well {
            return conn.execute("DELETE FROM throttle WHERE name = ?1", [name]).map(|_| ());
        }
        conn.execute(
            "INSERT INTO throttle VALUES (?1, 1, ?2)
             ON CONFLICT DO UPDATE SET tries = tries + 1, last = excluded.last",
            params![name, self.env.clock.now_ms().cast_signed()],
        )
        .map(|_| ())
    }

    /// A setting of this node.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn setting(&self, name: &str) -> rusqlite::Result<Option<String>> {
        setting(&self.conn(), name)
    }

    /// Keeps a setting, or takes it away.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn set(&self, name: &str, value: Option<&str>) -> rusqlite::Result<()> {
        set(&self.conn(), name, value)
    }

    /// Keeps a setting as `f` makes it of what it was, and gives what `f` gives: nobody else changes it meanwhile, and `f` must not
    /// ask here for anything.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn change<R>(&self, name: &str, f: impl FnOnce(Option<String>) -> (Option<String>, R)) -> rusqlite::Result<R> {
        let conn = self.conn();
        let (value, given) = f(setting(&conn, name)?);
        set(&conn, name, value.as_deref())?;
        Ok(given)
    }

    /// Keeps a one-use secret under a name; only its hash is kept.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn keep_secret(&self, name: &str) -> rusqlite::Result<String> {
        let secret = base32::encode(&self.env.bytes::<20>());
        self.set(name, Some(&base32::encode(&hash(&secret))))?;
        Ok(secret)
    }

    /// Whether a secret is the one kept under a name.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn is_secret(&self, name: &str, secret: &str) -> rusqlite::Result<bool> {
        Ok(self.setting(name)?.is_some_and(|kept| kept == base32::encode(&hash(secret))))
    }
}

fn setting(conn: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    conn.prepare_cached("SELECT value FROM setting WHERE name = ?1")?.query_row([name], |r| r.get(0)).optional()
}

fn set(conn: &Connection, name: &str, value: Option<&str>) -> rusqlite::Result<()> {
    match value {
        Some(value) => conn.execute("REPLACE INTO setting VALUES (?1, ?2)", [name, value]),
        None => conn.execute("DELETE FROM setting WHERE name = ?1", [name]),
    }
    .map(|_| ())
}

fn hash(token: &str) -> [u8; 32] {
    *blake3::hash(token.as_bytes()).as_bytes()
}
