use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base::Hash;
use blobs::Blobs;
use rusqlite::{Connection, params};

use crate::AssetError;

/// The name under which readers of the log find the index beside it.
pub const INDEX: &str = "said";
/// Bytes of a text that are read.
pub const MAX_SAID: u64 = 256 << 10;
/// Characters that are made into terms at once: fewer than a search reads of one text.
const PART: usize = 50_000;

/// What the files here say, as the search box asks for it: which words stand in which file. It follows from the texts
/// that lie among the blobs, and is no projection of the log, since a text may come later than the fact that names it,
/// and go before it. So it can be thrown away: it is filled again by the texts that are here. What was read stays found
/// where its text is let go, until no record names the file any more.
pub struct Index {
    conn: Mutex<Connection>,
    blobs: Blobs,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Index")
    }
}

impl Index {
    /// Opens or makes the index's file.
    ///
    /// # Errors
    /// [`AssetError::Sql`].
    pub fn open(path: &Path, blobs: Blobs) -> Result<Self, AssetError> {
        let conn = Connection::open(path)?;
        conn.execute_batch(&format!(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON; PRAGMA busy_timeout=10000;
             CREATE TABLE IF NOT EXISTS file (doc INTEGER PRIMARY KEY, source BLOB NOT NULL UNIQUE, text BLOB NOT NULL);
             CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(
               terms, content='', contentless_delete=1, detail=none, tokenize=\"{}\");",
            text::FTS_TOKENIZER
        ))?;
        Ok(Self { conn: Mutex::new(conn), blobs })
    }

    fn conn(&self) -> MutexGuard<'_, Connection> {
        self.conn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The files whose words are known.
    ///
    /// # Errors
    /// [`AssetError::Sql`].
    pub fn known(&self) -> Result<BTreeSet<Hash>, AssetError> {
        let conn = self.conn();
        let mut stmt = conn.prepare_cached("SELECT source FROM file")?;
        let rows = stmt.query_map([], |r| r.get::<_, Vec<u8>>(0))?;
        let mut out = BTreeSet::new();
        for row in rows {
            out.extend(Hash::try_from(row?.as_slice()).ok());
        }
        Ok(out)
    }

    /// Takes in the words of a file from its text; false where the text is not here.
    ///
    /// # Errors
    /// [`AssetError`].
    pub fn take_in(&self, source: &Hash, said: &Hash) -> Result<bool, AssetError> {
        let Some(file) = self.blobs.open_blob(said)? else { return Ok(false) };
        let mut bytes = Vec::new();
        file.take(MAX_SAID).read_to_end(&mut bytes)?;
        let words = terms(&String::from_utf8_lossy(&bytes));
        let mut conn = self.conn();
        let tx = conn.transaction()?;
        let new = tx
            .prepare_cached("INSERT OR IGNORE INTO file (source, text) VALUES (?1, ?2)")?
            .execute(params![source.0.as_slice(), said.0.as_slice()])?;
        if new > 0 {
            let doc = tx.last_insert_rowid();
            tx.prepare_cached("INSERT INTO words (rowid, terms) VALUES (?1, ?2)")?.execute(params![doc, words])?;
        }
        tx.commit()?;
        Ok(true)
    }

    /// Forgets the words of files that are not among these. Gives how many it forgot.
    ///
    /// # Errors
    /// [`AssetError::Sql`].
    pub fn keep_only(&self, named: &BTreeSet<Hash>) -> Result<usize, AssetError> {
        let gone: Vec<Hash> = self.known()?.difference(named).copied().collect();
        if gone.is_empty() {
            return Ok(0);
        }
        let mut conn = self.conn();
        let tx = conn.transaction()?;
        for source in &gone {
            let source = source.0.as_slice();
            tx.prepare_cached("DELETE FROM words WHERE rowid IN (SELECT doc FROM file WHERE source = ?1)")?
                .execute([source])?;
            tx.prepare_cached("DELETE FROM file WHERE source = ?1")?.execute([source])?;
        }
        // A word that was deleted stands in the index until its parts are merged: it may be one that was to be forgotten.
        tx.execute("INSERT INTO words (words) VALUES ('optimize')", [])?;
        tx.commit()?;
        Ok(gone.len())
    }
}

/// The terms of a text of any length, cut where no word is.
fn terms(said: &str) -> String {
    let mut out = String::new();
    let (mut part, mut chars) = (String::new(), 0);
    for piece in said.split_inclusive(char::is_whitespace) {
        let n = piece.chars().count();
        if chars + n > PART && chars > 0 {
            out.push_str(&text::search_terms(&part));
            out.push(' ');
            part.clear();
            chars = 0;
        }
        part.push_str(piece);
        chars += n;
    }
    out.push_str(&text::search_terms(&part));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(index: &Index, query: &str) -> i64 {
        let query = text::match_query(query).unwrap();
        let conn = index.conn();
        let sql = "SELECT count(*) FROM words w JOIN file f ON f.doc = w.rowid WHERE w.words MATCH ?1";
        conn.query_row(sql, [query], |r| r.get(0)).unwrap()
    }

    #[test]
    fn a_file_is_found_by_the_words_of_its_text_until_nothing_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(dir.path()).unwrap();
        let index = Index::open(&dir.path().join("said.db"), blobs.clone()).unwrap();
        let (a, b) = (Hash([1; 32]), Hash([2; 32]));
        let (said, _) = blobs.put("认识草药\nསྨན་རྩྭའི་སློབ་ཚན། Snow lotus".as_bytes()).unwrap();
        assert!(!index.take_in(&a, &Hash([9; 32])).unwrap(), "its text is not here yet");
        assert!(index.take_in(&a, &said).unwrap() && index.take_in(&a, &said).unwrap());
        assert!(index.take_in(&b, &said).unwrap());
        for query in ["草药", "སྨན་རྩྭ", "lotu", "草药 LOTUS"] {
            assert_eq!(found(&index, query), 2, "{query}");
        }
        std::fs::remove_file(blobs.path(&said)).unwrap();
        assert_eq!(found(&index, "草药"), 2, "found though its text was let go");
        assert_eq!(index.keep_only(&[a].into()).unwrap(), 1);
        assert_eq!((found(&index, "草药"), index.known().unwrap()), (1, [a].into()));
    }

    #[test]
    fn a_long_text_is_found_to_its_end() {
        let said = format!("{} 最后一课", "words of a lesson ".repeat(12_000));
        assert!(terms(&said).contains("最后"));
    }

    #[test]
    fn nothing_that_was_forgotten_stays_in_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(dir.path()).unwrap();
        let path = dir.path().join("said.db");
        let index = Index::open(&path, blobs.clone()).unwrap();
        for (n, word) in [(1, "zurueckgezogen"), (2, "geblieben")] {
            let (said, _) = blobs.put(word.as_bytes()).unwrap();
            index.take_in(&Hash([n; 32]), &said).unwrap();
        }
        index.keep_only(&[Hash([2; 32])].into()).unwrap();
        index.conn().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let stands = |word: &[u8]| bytes.windows(word.len()).any(|w| w == word);
        assert!(stands(b"geblieben") && !stands(b"zurueckgezogen"));
    }
}
