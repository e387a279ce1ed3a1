use std::collections::BTreeSet;
use std::fs::{self, DirEntry};
use std::io;
use std::time::UNIX_EPOCH;

use base::{Env, Hash};

use crate::store::{INCOMING, sync_dir};
use crate::{BlobError, Blobs};

/// How many blobs, and how many bytes they have together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Blobs.
    pub count: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Stats {
    fn add(&mut self, bytes: u64) {
        self.count += 1;
        self.bytes += bytes;
    }
}

impl Blobs {
    /// Counts what is here, whole. It walks the directory: some milliseconds for a thousand blobs.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub fn stats(&self) -> Result<Stats, BlobError> {
        let mut stats = Stats::default();
        self.each(|entry, _| {
            stats.add(entry.metadata()?.len());
            Ok(())
        })?;
        Ok(stats)
    }

    /// Removes what no fact names and is older than this: blobs, and what was left of transfers and uploads. The
    /// age must be longer than an upload takes to be named by a fact.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub fn sweep(&self, referenced: &BTreeSet<Hash>, older_than_ms: u64, env: &Env) -> Result<Stats, BlobError> {
        let before = env.clock.now_ms().saturating_sub(older_than_ms);
        let mut swept = Stats::default();
        self.each(|entry, hash| {
            if referenced.contains(&hash) {
                return Ok(());
            }
            remove_old(entry, before, &mut swept)
        })?;
        for entry in fs::read_dir(self.inner.dir.join(INCOMING))? {
            let entry = entry?;
            let hash = entry.file_name().to_str().and_then(|name| name.parse::<Hash>().ok());
            // A transfer that a fact still wants goes on one day, however long the link is down.
            if hash.is_none_or(|hash| !referenced.contains(&hash)) {
                remove_old(&entry, before, &mut swept)?;
            }
        }
        sync_dir(&self.inner.dir)?;
        Ok(swept)
    }

    /// Removes a blob. The caller has made sure that no fact names it.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub fn remove(&self, hash: &Hash) -> Result<(), BlobError> {
        match fs::remove_file(self.inner.path(hash)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e.into()),
            _ => Ok(()),
        }
    }

    fn each(&self, mut f: impl FnMut(&DirEntry, Hash) -> io::Result<()>) -> io::Result<()> {
        for folder in fs::read_dir(&self.inner.dir)? {
            let folder = folder?;
            let name = folder.file_name();
            let Some(first) = name.to_str().filter(|name| name.len() == 2) else { continue };
            for entry in fs::read_dir(folder.path())? {
                let entry = entry?;
                let hash = entry.file_name().to_str().and_then(|rest| format!("{first}{rest}").parse().ok());
                if let Some(hash) = hash {
                    f(&entry, hash)?;
                }
            }
        }
        Ok(())
    }
}

fn remove_old(entry: &DirEntry, before_ms: u64, swept: &mut Stats) -> io::Result<()> {
    let meta = entry.metadata()?;
    let age = meta.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    if age.as_millis() < u128::from(before_ms) {
        fs::remove_file(entry.path())?;
        swept.add(meta.len());
    }
    Ok(())
}
