use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use base::Hash;

use crate::store::{CHUNK, Inner};
use crate::{BlobError, Blobs, MAX_BLOB};

/// A blob that is coming in. Dropped before its end, its bytes stay, and [`Blobs::begin`] goes on after them.
#[derive(Debug)]
pub struct Partial {
    inner: Arc<Inner>,
    hash: Hash,
    len: u64,
    have: u64,
    file: File,
    path: PathBuf,
    hasher: blake3::Hasher,
}

impl Blobs {
    /// Begins to take in a blob of a known length, or goes on where an earlier transfer stopped. What is there
    /// is read once, so that the end needs no second reading of the whole.
    ///
    /// # Errors
    /// [`BlobError::Busy`] while another holds the same partial; [`BlobError::TooLarge`]; [`BlobError::Io`].
    pub fn begin(&self, hash: &Hash, len: u64) -> Result<Partial, BlobError> {
        if len > MAX_BLOB {
            return Err(BlobError::TooLarge { limit: MAX_BLOB });
        }
        if !self.inner.held.lock().unwrap_or_else(PoisonError::into_inner).insert(*hash) {
            return Err(BlobError::Busy(*hash));
        }
        let opened = open(&self.inner, hash, len);
        if opened.is_err() {
            self.inner.release(hash);
        }
        opened
    }
}

fn open(inner: &Arc<Inner>, hash: &Hash, len: u64) -> Result<Partial, BlobError> {
    let path = inner.partial_path(hash);
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
    if file.metadata()?.len() > len {
        // A hash has one length, so these bytes cannot be of it.
        file.set_len(0)?;
    }
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; CHUNK];
    let mut have = 0;
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        hasher.update(buffer.get(..n).unwrap_or_default());
        have += n as u64;
    }
    file.seek(SeekFrom::Start(have))?;
    Ok(Partial { inner: inner.clone(), hash: *hash, len, have, file, path, hasher })
}

impl Partial {
    /// The hash of the whole.
    pub fn hash(&self) -> &Hash {
        &self.hash
    }

    /// Bytes that are here already: the offset at which the transfer goes on.
    pub fn have(&self) -> u64 {
        self.have
    }

    /// Bytes of the whole.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the whole has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds the next bytes.
    ///
    /// # Errors
    /// [`BlobError::TooLarge`] beyond the length of the whole; [`BlobError::Io`].
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        if bytes.len() as u64 > self.len - self.have {
            return Err(BlobError::TooLarge { limit: self.len });
        }
        self.file.write_all(bytes)?;
        self.hasher.update(bytes);
        self.have += bytes.len() as u64;
        Ok(())
    }

    /// Verifies the whole and puts it in its place. When this returns well, the blob is on disk.
    ///
    /// # Errors
    /// [`BlobError::Incomplete`], and the bytes stay; [`BlobError::Mismatch`], and they are thrown away;
    /// [`BlobError::Io`].
    pub fn finish(self) -> Result<(), BlobError> {
        if self.have < self.len {
            return Err(BlobError::Incomplete { have: self.have, len: self.len });
        }
        if Hash(*self.hasher.finalize().as_bytes()) != self.hash {
            fs::remove_file(&self.path)?;
            return Err(BlobError::Mismatch(self.hash));
        }
        self.file.sync_all()?;
        self.inner.place(&self.path, &self.hash)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        self.inner.release(&self.hash);
    }
}
