//! The record of a class: written while it is recorded, named by facts when it is over, and made whole at every node from
//! what came to it and what it lacks.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use assets::{Shelf, Tree};
use base::{Hash, Subject};
use blobs::Blobs;
use live::{Audience, News, RecordError, Recorder};
use log::Context;
use records::{Change, Value, append, record_scope};
use rusqlite::Connection;
use web::{PageError, Site};

use crate::facts::CLASS_RECORD;
use crate::open::Open;
use crate::{pack, withdrawn};

/// Words that are still on their way when a class is over come within this.
const LATEST_MS: u64 = 3000;

/// Who writes classes down. Voice is written only while the class is recorded: nothing is kept before that.
#[derive(Debug)]
pub(crate) struct Keep {
    pub recorder: Recorder,
    recording: Mutex<BTreeSet<Subject>>,
    /// Records that this node has looked through once for what it has of them.
    filled: Mutex<BTreeSet<Hash>>,
}

impl Audience for Keep {
    fn news(&self, class: Subject, news: &News) {
        let voice = matches!(news, News::Voice(..));
        if !voice || self.recording.lock().unwrap_or_else(PoisonError::into_inner).contains(&class) {
            self.recorder.news(class, news);
        }
    }
}

impl Keep {
    /// What is kept in a directory.
    ///
    /// # Errors
    /// If the directory cannot be made.
    pub fn open(dir: &Path, me: base::NodeId) -> std::io::Result<Self> {
        Ok(Self { recorder: Recorder::open(dir, me)?, recording: Mutex::default(), filled: Mutex::default() })
    }

    /// Whether a class is recorded now.
    pub fn records(&self, class: Subject, yes: bool) {
        let mut recording = self.recording.lock().unwrap_or_else(PoisonError::into_inner);
        if yes {
            recording.insert(class)
        } else {
            recording.remove(&class)
        };
    }

    /// Names what this node has to give of a class's record, where facts do not name just that.
    ///
    /// # Errors
    /// [`PageError`].
    pub fn publish(&self, site: &Site, shelf: &Shelf, open: &Open, is_origin: bool) -> Result<(), PageError> {
        let inside = |e: RecordError| PageError::Internal(e.to_string());
        if site.store.read(|conn| withdrawn::is_withdrawn(conn, &open.class))? {
            return Ok(());
        }
        let (mut tree, mut hash, mut bytes) =
            self.recorder.publish(open.class, is_origin, &site.blobs).map_err(inside)?;
        if tree.leaves().next().is_none() {
            return Ok(());
        }
        let pack = open.inner().fold.pack.clone();
        if is_origin && pack.sheets().next().is_some() {
            let inside = |e: &dyn std::fmt::Display| PageError::Internal(e.to_string());
            pack::put_in(&mut tree, &pack).map_err(|e| inside(&e))?;
            (hash, bytes) = site.blobs.put(tree.encode().as_slice()).map_err(|e| inside(&e))?;
        }
        let named = site.store.read(|conn| named(conn, &open.class, site.store.key().id()))?;
        if named.as_ref().is_some_and(|(_, content)| *content == hash) {
            return Ok(());
        }
        // On the shelf before a fact names it: who hears of the fact asks for its blocks.
        shelf.lacks(&hash, bytes).map_err(|e| PageError::Internal(e.to_string()))?;
        let seconds = {
            let inner = open.inner();
            inner.fold.over_ms.unwrap_or(0).saturating_sub(inner.fold.began_ms.unwrap_or(0)) / 1000
        };
        let number = |n: u64| Value::Int(i64::try_from(n).unwrap_or(i64::MAX));
        let change = Change::new()
            .with_link("class", open.class)
            .with("node", Value::Bytes(site.store.key().id().as_bytes().to_vec()))
            .with("content", Value::Bytes(hash.0.to_vec()))
            .with("bytes", number(bytes))
            .with("seconds", number(seconds.min(86_400)));
        site.store.write(Context::NODE, |tx| {
            let scope = record_scope(tx.conn(), site.programme, &crate::facts::LIVE_CLASS, &open.class)?;
            let record = named.map_or_else(|| tx.subject(&scope), |(record, _)| record);
            append(tx, &CLASS_RECORD, scope, record, change, None)?;
            tx.fold()?;
            Ok::<_, records::RecordError>(())
        })?;
        Ok(())
    }

    /// Keeps of a record what came to this node while the class went on, once: the rest is fetched.
    pub fn fill(&self, class: Subject, hash: Hash, tree: &Tree, blobs: &Blobs) {
        if !self.filled.lock().unwrap_or_else(PoisonError::into_inner).insert(hash) {
            return;
        }
        if let Err(e) = self.recorder.fill(class, tree, blobs) {
            tracing::error!("what came of a class's record: {e}");
        }
    }
}

/// Whether it is time to name a record: what was on its way has come.
pub(crate) fn is_due(elapsed_ms: u64, over_ms: u64) -> bool {
    elapsed_ms > over_ms + LATEST_MS
}

/// What a node has named of a class: the record, and the tree.
fn named(conn: &Connection, class: &Subject, node: base::NodeId) -> Result<Option<(Subject, Hash)>, PageError> {
    let sql = "SELECT id, content FROM class_record WHERE class = ?1 AND node = ?2 ORDER BY made, id LIMIT 1";
    let mut stmt = conn.prepare_cached(sql)?;
    let mut rows = stmt.query([class.as_bytes(), node.as_bytes()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let bytes = |n: usize| row.get::<_, Vec<u8>>(n);
    Ok(Subject::try_from(&*bytes(0)?).ok().zip(Hash::try_from(&*bytes(1)?).ok()))
}

/// The records of all classes: whose, and the trees.
///
/// # Errors
/// What the database says.
pub fn kept(conn: &Connection) -> rusqlite::Result<Vec<(Subject, Hash)>> {
    let mut stmt = conn.prepare_cached(
        "SELECT class, content FROM class_record WHERE class IS NOT NULL AND content IS NOT NULL
           AND class NOT IN (SELECT class FROM class_record WHERE withdrawn = 1 AND room IS NULL AND class IS NOT NULL)",
    )?;
    let rows = stmt.query_map([], |r| Ok((r.get::<_, Vec<u8>>(0)?, r.get::<_, Vec<u8>>(1)?)))?;
    let mut out = Vec::new();
    for row in rows {
        let (class, content) = row?;
        if let (Ok(class), Ok(content)) = (Subject::try_from(class.as_slice()), Hash::try_from(content.as_slice())) {
            out.push((class, content));
        }
    }
    Ok(out)
}
