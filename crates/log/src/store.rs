use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use base::{Env, Hlc, HlcClock, Subject};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior};

use crate::packed::Packer;
use crate::{Draft, LogError, NodeKey, append, own};

/// The format of the tables below; a database with a higher number was written by a newer Zampa.
const FORMAT: i64 = 2;
/// Readers kept open when idle; each may hold a page cache of 2 MB.
const IDLE_READERS: usize = 3;

/// Keeps rows that follow from the log. It may be dropped and rebuilt, and gives the same rows.
pub trait Projector: Send + Sync {
    /// A digest of the shape of the rows; when it changes, the projection is rebuilt at start.
    fn shape(&self) -> String;
    /// Makes empty tables.
    fn create(&self, conn: &Connection) -> Result<(), LogError>;
    /// Removes the tables.
    fn clear(&self, conn: &Connection) -> Result<(), LogError>;
    /// Brings the rows of these subjects in line with their entries.
    fn fold(&self, conn: &Connection, subjects: &BTreeSet<Subject>) -> Result<(), LogError>;
    /// Fills empty tables from the whole log.
    fn rebuild(&self, conn: &Connection) -> Result<(), LogError>;
}

/// A node's log and what is projected from it, in one SQLite file: one writer, pooled readers.
///
/// Everything acknowledged is on disk (WAL, `synchronous=FULL`). Callers see no table of the log: they read
/// projections, and write by [`Store::write`]. That is the door behind which another storage can stand.
pub struct Store {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    beside: RwLock<Option<(&'static str, PathBuf)>>,
    pub(crate) key: NodeKey,
    pub(crate) env: Env,
    pub(crate) clock: HlcClock,
    /// Commands are one at a time, so nobody waits for it.
    packer: Mutex<Packer>,
    projector: Box<dyn Projector>,
    watchers: RwLock<Vec<Box<dyn Fn() + Send + Sync>>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({})", self.path.display())
    }
}

/// Who acts: the first argument of what is done for a person.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// The person; all zeros for the node itself.
    pub author: Subject,
}

impl Context {
    /// The node itself acts.
    pub const NODE: Self = Self { author: Subject([0; 16]) };
}

impl Store {
    /// Opens the database, making or upgrading it, and rebuilds the projection if its shape has changed.
    ///
    /// # Errors
    /// [`LogError::Newer`] for a database of a newer version; [`LogError::Sql`].
    pub fn open(path: &Path, key: NodeKey, env: Env, projector: Box<dyn Projector>) -> Result<Self, LogError> {
        let conn = Connection::open(path)?;
        conn.execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA foreign_keys=OFF;
             PRAGMA temp_store=MEMORY; PRAGMA busy_timeout=10000; PRAGMA journal_size_limit=16777216;",
        )?;
        conn.set_prepared_statement_cache_capacity(256);
        let found: i64 = conn.query_row("PRAGMA user_version", [], |r| r.get(0))?;
        if found > FORMAT {
            return Err(LogError::Newer { found, known: FORMAT });
        }
        upgrade(&conn, found)?;
        let last: i64 =
            conn.query_row("SELECT coalesce(max(coalesce(effective, clock)), 0) FROM entry WHERE held = 0", [], |r| {
                r.get(0)
            })?;
        let store = Self {
            path: path.to_owned(),
            writer: Mutex::new(conn),
            readers: Mutex::new(Vec::new()),
            beside: RwLock::new(None),
            key,
            env,
            clock: HlcClock::after(Hlc(last.cast_unsigned())),
            packer: Mutex::new(Packer::new()?),
            projector,
            watchers: RwLock::new(Vec::new()),
        };
        store.follow_shape()?;
        Ok(store)
    }

    /// The node's key.
    pub fn key(&self) -> &NodeKey {
        &self.key
    }

    /// The node's clock and chance.
    pub fn env(&self) -> &Env {
        &self.env
    }

    /// Where the database lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// From now on readers see another database beside this one, under a name. It follows from something else than the
    /// log; commands do not see it.
    pub fn beside(&self, name: &'static str, path: &Path) {
        *self.beside.write().unwrap_or_else(PoisonError::into_inner) = Some((name, path.to_owned()));
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Calls back after each commit that changed the log.
    pub fn watch(&self, f: Box<dyn Fn() + Send + Sync>) {
        self.watchers.write().unwrap_or_else(PoisonError::into_inner).push(f);
    }

    /// Reads from a consistent view of what is committed.
    ///
    /// # Errors
    /// Whatever the closure returns, and [`LogError::Sql`] if no reader can be opened.
    pub fn read<T, E: From<LogError>>(&self, f: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E> {
        let mut conn = self.reader()?;
        let result = {
            let tx = conn.transaction().map_err(LogError::from)?;
            f(&tx)?
        };
        let mut idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_READERS {
            idle.push(conn);
        }
        Ok(result)
    }

    /// Runs a command: it reads projections, appends drafts, and either all is on disk when this returns, or
    /// nothing is.
    ///
    /// # Errors
    /// Whatever the closure returns (then nothing is written), and the log's own errors.
    pub fn write<T, E: From<LogError>>(&self, ctx: Context, f: impl FnOnce(&Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        let (result, wrote, erased) = {
            let mut conn = self.lock();
            let inner = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(LogError::from)?;
            let tx = Tx {
                store: self,
                conn: &inner,
                author: ctx.author,
                touched: RefCell::default(),
                wrote: Cell::new(false),
                erased: Cell::new(false),
            };
            let result = f(&tx)?;
            tx.fold()?;
            let (wrote, erased) = (tx.wrote.get(), tx.erased.get());
            drop(tx);
            inner.commit().map_err(LogError::from)?;
            (result, wrote, erased)
        };
        if erased {
            // What was erased must not survive in the write-ahead log.
            let conn = self.lock();
            conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(LogError::from)?;
        }
        if wrote {
            for watcher in self.watchers.read().unwrap_or_else(PoisonError::into_inner).iter() {
                watcher();
            }
        }
        Ok(result)
    }

    /// Drops the projection and builds it again from the log, in one transaction: a cut half-way leaves the
    /// old rows.
    ///
    /// # Errors
    /// [`LogError::Projection`] and [`LogError::Sql`].
    pub fn rebuild(&self) -> Result<(), LogError> {
        let mut conn = self.lock();
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.projector.clear(&tx)?;
        self.projector.create(&tx)?;
        self.projector.rebuild(&tx)?;
        set_meta(&tx, "shape", &self.projector.shape())?;
        tx.commit()?;
        Ok(())
    }

    /// Gives the pages that nobody uses back to the file system's care: run now and then, and at the end.
    ///
    /// # Errors
    /// [`LogError::Sql`].
    pub fn tidy(&self) -> Result<(), LogError> {
        let conn = self.lock();
        conn.execute_batch("PRAGMA optimize;")?;
        conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    fn follow_shape(&self) -> Result<(), LogError> {
        let kept = meta(&self.lock(), "shape")?;
        match kept {
            Some(shape) if shape == self.projector.shape() => Ok(()),
            _ => self.rebuild(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A poisoned lock means that a command panicked; its transaction was rolled back as it unwound.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reader(&self) -> Result<Connection, LogError> {
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(conn) = idle {
            return Ok(conn);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(&self.path, flags)?;
        if let Some((name, path)) = &*self.beside.read().unwrap_or_else(PoisonError::into_inner) {
            conn.execute(&format!("ATTACH ?1 AS {name}"), [path.to_string_lossy()])?;
        }
        conn.execute_batch("PRAGMA query_only=ON; PRAGMA temp_store=MEMORY; PRAGMA busy_timeout=10000;")?;
        conn.set_prepared_statement_cache_capacity(128);
        Ok(conn)
    }
}

/// A command under way.
pub struct Tx<'a> {
    pub(crate) store: &'a Store,
    conn: &'a Transaction<'a>,
    author: Subject,
    touched: RefCell<BTreeSet<Subject>>,
    wrote: Cell<bool>,
    pub(crate) erased: Cell<bool>,
}

impl Tx<'_> {
    /// The connection, to read projections as they stand in this command.
    pub fn conn(&self) -> &Connection {
        self.conn
    }

    /// Who acts.
    pub fn author(&self) -> Subject {
        self.author
    }

    /// Milliseconds since 1970 by the node's clock.
    pub fn now_ms(&self) -> u64 {
        self.store.env.clock.now_ms()
    }

    /// A new id in a scope.
    pub fn subject(&self, scope: &base::Scope) -> Subject {
        let chance = u32::from_be_bytes(self.store.env.bytes::<4>());
        Subject::new(scope, self.now_ms(), chance)
    }

    /// Appends a fact. It is on disk when the command ends well, and not before.
    ///
    /// # Errors
    /// [`LogError::TooLarge`], [`LogError::WrongScope`], [`LogError::Sql`].
    pub fn append(&self, draft: &Draft) -> Result<u64, LogError> {
        let entry = append::append(self, draft)?;
        let seq = entry.header.seq;
        own::apply(self, &entry, true)?;
        self.touch(draft.subject);
        Ok(seq)
    }

    /// Brings the projection in line with what was appended so far, so that rules can be checked on it.
    ///
    /// # Errors
    /// [`LogError::Projection`], [`LogError::Sql`].
    pub fn fold(&self) -> Result<(), LogError> {
        let touched = self.touched.take();
        if touched.is_empty() {
            return Ok(());
        }
        self.store.projector.fold(self.conn, &touched)
    }

    /// A payload packed for the database and its own size, where packing makes it smaller.
    pub(crate) fn pack(&self, payload: &[u8]) -> Result<Option<(Vec<u8>, i64)>, LogError> {
        self.store.packer.lock().unwrap_or_else(PoisonError::into_inner).pack(payload)
    }

    pub(crate) fn touch(&self, subject: Subject) {
        self.wrote.set(true);
        self.touched.borrow_mut().insert(subject);
    }
}

/// Makes the log's tables, or brings those of an older format to this one: all of it, or, at a cut, nothing. Entries
/// stay as they stand: a payload that is not packed is read as well.
fn upgrade(conn: &Connection, found: i64) -> Result<(), LogError> {
    let change = match found {
        0 => include_str!("../tables.sql"),
        1 => "ALTER TABLE entry ADD COLUMN size INTEGER;",
        _ => return Ok(()),
    };
    conn.execute_batch(&format!("BEGIN IMMEDIATE; {change} PRAGMA user_version={FORMAT}; COMMIT;"))?;
    Ok(())
}

pub(crate) fn meta(conn: &Connection, name: &str) -> Result<Option<String>, LogError> {
    Ok(conn.prepare_cached("SELECT value FROM log_meta WHERE name = ?1")?.query_row([name], |r| r.get(0)).optional()?)
}

pub(crate) fn set_meta(conn: &Connection, name: &str, value: &str) -> Result<(), LogError> {
    conn.prepare_cached("INSERT INTO log_meta VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value")?
        .execute([name, value])?;
    Ok(())
}
