//! What is to be made of files: which job comes next, and what became of it.

use std::collections::BTreeSet;

use assets::{RECIPES, Recipe, Shelf};
use base::{Hash, Scope, Subject};
use log::Context;
use records::{Change, Value, append, record_scope};
use rusqlite::Connection;
use web::{PageError, Site};

use crate::facts::RENDITION;

/// Tries after which a file is left alone: it took the worker down each time.
const TRIES: u32 = 3;
/// How long a try that gave no answer is not repeated, in milliseconds.
const PAUSE_MS: u64 = 10 * 60_000;

/// A recipe to be followed.
#[derive(Clone, Debug)]
pub struct Job {
    /// Of what.
    pub source: Hash,
    /// The type of that.
    pub media: String,
    /// How.
    pub recipe: &'static Recipe,
    /// Where the record lies whose file it is, and so where the answer belongs.
    pub scope: Scope,
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum Made {
    /// A tree, with its own length.
    Tree(Hash, u64),
    /// Nothing: the code of why.
    Refused(String),
}

/// The next job of those that may be done now.
///
/// # Errors
/// What the database says.
pub fn next_job(site: &Site, shelf: &Shelf, may: &dyn Fn(&Recipe) -> bool) -> Result<Option<Job>, PageError> {
    for recipe in RECIPES.iter().filter(|r| may(r)) {
        // What is only searched is made of the library's files.
        for kind in ["resource", "file"].into_iter().filter(|k| recipe.shown || *k == "resource") {
            let waiting = site.store.read(|conn| waiting(conn, kind, recipe))?;
            for (id, source, media) in waiting {
                if !site.blobs.has(&source) {
                    continue;
                }
                let (tries, last) = shelf.tries(&source, recipe.name).map_err(|e| inside(&e))?;
                let record = site.kinds.get(kind).ok_or(PageError::NotFound)?;
                let scope =
                    site.store.read(|conn| Ok::<_, PageError>(record_scope(conn, site.programme, record, &id)?))?;
                let job = Job { source, media, recipe, scope };
                if tries >= TRIES {
                    note_made(site, &job, Made::Refused("too-hard".to_owned()))?;
                } else if tries == 0 || site.now_ms() > last + PAUSE_MS {
                    shelf.note_try(&source, recipe.name, site.now_ms()).map_err(|e| inside(&e))?;
                    return Ok(Some(job));
                }
            }
        }
    }
    Ok(None)
}

fn inside(e: &assets::AssetError) -> PageError {
    PageError::Internal(e.to_string())
}

/// Records with a file of which a recipe has not made anything yet, the newest first: somebody waits for it.
fn waiting(conn: &Connection, kind: &str, recipe: &Recipe) -> Result<Vec<(Subject, Hash, String)>, PageError> {
    let media: Vec<String> = recipe.of.iter().map(|m| format!("'{m}'")).collect();
    let sql = format!(
        "SELECT k.id, k.content, k.media FROM {kind} k WHERE k.content IS NOT NULL AND k.media IN ({}) AND NOT EXISTS
           (SELECT 1 FROM rendition r WHERE r.source = k.content AND r.recipe = ?1)
         ORDER BY k.made DESC LIMIT 50",
        media.join(", ")
    );
    let mut stmt = conn.prepare_cached(&sql)?;
    let rows = stmt
        .query_map([recipe.name], |r| Ok((r.get::<_, Vec<u8>>(0)?, r.get::<_, Vec<u8>>(1)?, r.get::<_, String>(2)?)))?;
    let mut out = Vec::new();
    for row in rows {
        let (id, content, media) = row?;
        let (id, content) = (Subject::try_from(id.as_slice()), Hash::try_from(content.as_slice()));
        out.extend(id.ok().zip(content.ok()).map(|(id, content)| (id, content, media)));
    }
    Ok(out)
}

/// Makes a fact of what came of a job.
///
/// # Errors
/// What the log says.
pub fn note_made(site: &Site, job: &Job, made: Made) -> Result<(), PageError> {
    let said = Change::new().with("source", Value::Bytes(job.source.0.to_vec())).with_text("recipe", job.recipe.name);
    let said = match made {
        Made::Tree(tree, bytes) => said
            .with("content", Value::Bytes(tree.0.to_vec()))
            .with("bytes", Value::Int(i64::try_from(bytes).unwrap_or(i64::MAX))),
        Made::Refused(code) => said.with_text("refused", code),
    };
    site.store.write(Context::NODE, |tx| {
        append(tx, &RENDITION, job.scope, tx.subject(&job.scope), said, None)?;
        Ok(tx.fold()?)
    })
}

/// The trees that facts name: what was made of files, and unpacked packages.
///
/// # Errors
/// What the database says.
pub fn trees(conn: &Connection) -> rusqlite::Result<BTreeSet<Hash>> {
    let mut stmt = conn.prepare_cached(
        "SELECT content FROM rendition WHERE content IS NOT NULL
         UNION SELECT content FROM resource WHERE content IS NOT NULL AND media = 'application/vnd.zampa.tree'",
    )?;
    let rows = stmt.query_map([], |r| r.get::<_, Vec<u8>>(0))?;
    let mut out = BTreeSet::new();
    for row in rows {
        out.extend(Hash::try_from(row?.as_slice()).ok());
    }
    Ok(out)
}
