//! The store's promises, on a real directory.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::sync::Arc;

use base::{Clock, Env, Hash, SystemClock, SystemRandom};
use blobs::{BlobError, Blobs, MAX_BLOB, Stats};
use proptest::prelude::*;

struct Later(SystemClock, u64);
impl Clock for Later {
    fn now_ms(&self) -> u64 {
        self.0.now_ms() + self.1
    }
    fn steady_ms(&self) -> u64 {
        self.0.steady_ms()
    }
}
fn in_days(days: u64) -> Env {
    Env { clock: Arc::new(Later(SystemClock::default(), days * 86_400_000)), random: Arc::new(SystemRandom) }
}
fn read(blobs: &Blobs, hash: &Hash) -> Vec<u8> {
    let mut out = Vec::new();
    blobs.open_blob(hash).unwrap().unwrap().read_to_end(&mut out).unwrap();
    out
}
fn incoming(dir: &std::path::Path) -> usize {
    fs::read_dir(dir.join("incoming")).unwrap().count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Cut anywhere, any number of times, and the store opened anew each time: the blob comes out whole.
    #[test]
    fn a_transfer_goes_on_after_every_cut(bytes in prop::collection::vec(any::<u8>(), 0..5_000), cuts in prop::collection::vec(0_usize..5_000, 0..5)) {
        let dir = tempfile::tempdir().unwrap();
        let hash = Hash::of(&bytes);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(bytes.len())).collect();
        cuts.sort_unstable();
        cuts.push(bytes.len());
        for cut in cuts {
            let blobs = Blobs::open(dir.path()).unwrap();
            prop_assert!(!blobs.has(&hash));
            let mut partial = blobs.begin(&hash, bytes.len() as u64).unwrap();
            let from = usize::try_from(partial.have()).unwrap();
            partial.append(&bytes[from..cut]).unwrap();
            if cut == bytes.len() {
                partial.finish().unwrap();
                break;
            }
        }
        let blobs = Blobs::open(dir.path()).unwrap();
        prop_assert_eq!(read(&blobs, &hash), bytes);
        prop_assert_eq!(incoming(dir.path()), 0);
    }
}

#[test]
fn the_same_bytes_are_kept_once() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let bytes = vec![7; 200_000];
    let (hash, len) = blobs.put(&bytes[..]).unwrap();
    assert_eq!((hash, len), (Hash::of(&bytes), 200_000));
    assert_eq!(blobs.put(&bytes[..]).unwrap().0, hash);
    assert_eq!(blobs.stats().unwrap(), Stats { count: 1, bytes: 200_000 });
    assert_eq!(blobs.len(&hash), Some(200_000));
    assert!(blobs.open_blob(&Hash::of(b"other")).unwrap().is_none());
    assert_eq!(incoming(dir.path()), 0);
}

#[test]
fn other_bytes_are_thrown_away() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let hash = Hash::of(b"right");
    let mut partial = blobs.begin(&hash, 5).unwrap();
    partial.append(b"wr").unwrap();
    assert!(matches!(blobs.begin(&hash, 5), Err(BlobError::Busy(_))));
    assert!(matches!(partial.append(b"ong!"), Err(BlobError::TooLarge { limit: 5 })));
    partial.append(b"ong").unwrap();
    assert!(matches!(partial.finish(), Err(BlobError::Mismatch(_))));
    assert!(!blobs.has(&hash));
    let mut partial = blobs.begin(&hash, 5).unwrap();
    assert_eq!(partial.have(), 0);
    partial.append(b"ri").unwrap();
    assert!(matches!(partial.finish(), Err(BlobError::Incomplete { have: 2, len: 5 })));
    assert_eq!(blobs.begin(&hash, 5).unwrap().have(), 2);
    assert!(matches!(blobs.begin(&hash, MAX_BLOB + 1), Err(BlobError::TooLarge { .. })));
}

#[test]
fn a_reader_that_fails_leaves_nothing() {
    struct Broken(u8);
    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0 += 1;
            if self.0 > 3 { Err(std::io::Error::other("unplugged")) } else { Ok(buffer.len()) }
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    assert!(blobs.put(Broken(0)).is_err());
    assert_eq!(incoming(dir.path()), 0);
    assert_eq!(blobs.stats().unwrap(), Stats::default());
}

#[test]
fn a_sweep_takes_what_is_old_and_unnamed() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let (named, _) = blobs.put(&b"named"[..]).unwrap();
    let (unnamed, _) = blobs.put(&b"unnamed"[..]).unwrap();
    let coming = Hash::of(b"coming");
    blobs.begin(&coming, 6).unwrap().append(b"com").unwrap();
    blobs.begin(&Hash::of(b"given up"), 8).unwrap().append(b"giv").unwrap();
    fs::write(dir.path().join("incoming/put-1-1"), b"killed").unwrap();
    let referenced = BTreeSet::from([named, coming]);
    let day = 86_400_000;
    assert_eq!(blobs.sweep(&referenced, day, &in_days(0)).unwrap(), Stats::default());
    assert_eq!(blobs.sweep(&referenced, day, &in_days(2)).unwrap(), Stats { count: 3, bytes: 7 + 3 + 6 });
    assert!(blobs.has(&named) && !blobs.has(&unnamed));
    assert_eq!(blobs.begin(&coming, 6).unwrap().have(), 3);
}

#[test]
fn a_flipped_bit_is_found_and_the_blob_removed() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let (hash, _) = blobs.put(&b"some bytes"[..]).unwrap();
    assert!(blobs.verify(&hash).unwrap());
    let name = hash.to_string();
    fs::write(dir.path().join(&name[..2]).join(&name[2..]), b"some bxtes").unwrap();
    assert!(!blobs.verify(&hash).unwrap());
    assert!(!blobs.has(&hash));
}
