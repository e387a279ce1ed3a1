use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use base::Hash;

use crate::BlobError;

/// Bytes that a blob may have: 4 GiB, an hour of high-definition video.
pub const MAX_BLOB: u64 = 4 << 30;
pub(crate) const CHUNK: usize = 64 * 1024;
pub(crate) const INCOMING: &str = "incoming";

/// The store, in one directory: `ab/cdef…` for blobs, `incoming/` for what is not whole yet. A clone is the
/// same store.
#[derive(Clone, Debug)]
pub struct Blobs {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub dir: PathBuf,
    /// Partials that somebody holds: two writers of one file would spoil it.
    pub held: Mutex<BTreeSet<Hash>>,
    counter: AtomicU64,
}

impl Blobs {
    /// Opens the store, making its directory if it is not there.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub fn open(dir: &Path) -> Result<Self, BlobError> {
        fs::create_dir_all(dir.join(INCOMING))?;
        sync_dir(dir)?;
        let inner = Inner { dir: dir.to_owned(), held: Mutex::default(), counter: AtomicU64::new(0) };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Takes in all that the reader gives. When this returns, the blob is on disk; its age counts from now, also
    /// if it was here before.
    ///
    /// # Errors
    /// [`BlobError::TooLarge`] beyond [`MAX_BLOB`]; [`BlobError::Io`] from the reader or the disk. Nothing is
    /// left behind then.
    pub fn put(&self, mut reader: impl Read) -> Result<(Hash, u64), BlobError> {
        let (mut file, path) = self.inner.temporary()?;
        let written = copy(&mut reader, &mut file);
        let done = written.and_then(|(hash, len)| {
            file.sync_all()?;
            self.inner.place(&path, &hash)?;
            Ok((hash, len))
        });
        if done.is_err() {
            // The first error is the one to tell; what cannot be removed now, a sweep removes.
            let _ = fs::remove_file(&path);
        }
        done
    }

    /// Takes in what `write` writes into a file that may be sought in.
    ///
    /// # Errors
    /// What `write` says; else as [`Self::put`].
    pub fn make(&self, write: impl FnOnce(&mut File) -> Result<(), BlobError>) -> Result<(Hash, u64), BlobError> {
        let (mut file, path) = self.inner.temporary()?;
        let done = write(&mut file).and_then(|()| self.put(File::open(&path)?));
        let _ = fs::remove_file(&path);
        done
    }

    /// Whether the blob is here, whole.
    pub fn has(&self, hash: &Hash) -> bool {
        self.len(hash).is_some()
    }

    /// Its length in bytes, if it is here.
    pub fn len(&self, hash: &Hash) -> Option<u64> {
        fs::metadata(self.inner.path(hash)).ok().filter(fs::Metadata::is_file).map(|m| m.len())
    }

    /// The blob, to be read; `None` if it is not here.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub fn open_blob(&self, hash: &Hash) -> Result<Option<File>, BlobError> {
        match File::open(self.inner.path(hash)) {
            Ok(file) => Ok(Some(file)),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    /// Where the blob lies, or would lie: for what streams files. Nobody may write there.
    pub fn path(&self, hash: &Hash) -> PathBuf {
        self.inner.path(hash)
    }

    /// Reads the blob through, and removes it if its bytes no longer give its hash, so that a whole one can be
    /// fetched again. Returns whether a whole one is here.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub fn verify(&self, hash: &Hash) -> Result<bool, BlobError> {
        let Some(mut file) = self.open_blob(hash)? else { return Ok(false) };
        let (found, _) = copy(&mut file, &mut std::io::sink())?;
        if found != *hash {
            fs::remove_file(self.inner.path(hash))?;
        }
        Ok(found == *hash)
    }
}

impl Inner {
    pub fn path(&self, hash: &Hash) -> PathBuf {
        let name = hash.to_string();
        let (folder, rest) = name.split_at_checked(2).unwrap_or((&name, ""));
        self.dir.join(folder).join(rest)
    }

    pub fn partial_path(&self, hash: &Hash) -> PathBuf {
        self.dir.join(INCOMING).join(hash.to_string())
    }

    /// Gives a finished file its name. The file's own bytes are on disk already.
    pub fn place(&self, from: &Path, hash: &Hash) -> Result<(), BlobError> {
        let to = self.path(hash);
        let folder = to.parent().unwrap_or(&self.dir);
        match fs::create_dir(folder) {
            Ok(()) => sync_dir(&self.dir)?,
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e.into()),
        }
        fs::rename(from, &to)?;
        sync_dir(folder)?;
        Ok(())
    }

    fn temporary(&self) -> Result<(File, PathBuf), BlobError> {
        loop {
            // A name left by a process that was killed is passed over.
            let name = format!("put-{}-{}", std::process::id(), self.counter.fetch_add(1, Ordering::Relaxed));
            let path = self.dir.join(INCOMING).join(name);
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok((file, path)),
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(e) => return Err(e.into()),
            }
        }
    }

    pub fn release(&self, hash: &Hash) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(hash);
    }
}

/// Copies and hashes; stops beyond the largest blob.
fn copy(reader: &mut impl Read, writer: &mut impl Write) -> Result<(Hash, u64), BlobError> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; CHUNK];
    let mut len = 0;
    loop {
        let n = match reader.read(&mut buffer) {
            Ok(0) => return Ok((Hash(*hasher.finalize().as_bytes()), len)),
            Ok(n) => n,
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            Err(e) => return Err(e.into()),
        };
        len += n as u64;
        if len > MAX_BLOB {
            return Err(BlobError::TooLarge { limit: MAX_BLOB });
        }
        let bytes = buffer.get(..n).unwrap_or_default();
        hasher.update(bytes);
        writer.write_all(bytes)?;
    }
}

/// Makes names in a directory outlive a power cut.
pub(crate) fn sync_dir(dir: &Path) -> std::io::Result<()> {
    File::open(dir)?.sync_all()
}
