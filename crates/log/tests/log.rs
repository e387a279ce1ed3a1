//! The log's promises, each tried on real databases.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base::{Clock, Env, NodeId, Random, Scope, Subject};
use log::{
    Authority, Context, Draft, LogError, NodeKey, Projector, Segment, Store, erase_draft, receive, since, vector,
    verify,
};
use proptest::prelude::*;
use rusqlite::{Connection, params};

const PROGRAMME: Scope = Scope::Programme([7; 16]);

struct Ticking(AtomicU64);
impl Clock for Ticking {
    fn now_ms(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
    fn steady_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
struct Seeded(AtomicU64);
impl Random for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        let n = self.0.fetch_add(1, Ordering::Relaxed);
        let mut reader = blake3::Hasher::new().update(&n.to_be_bytes()).finalize_xof();
        reader.fill(bytes);
    }
}

/// Keeps, of each subject, its payloads in order: every mistake in order or completeness is seen.
struct Letters;
impl Projector for Letters {
    fn shape(&self) -> String {
        "1".into()
    }
    fn create(&self, conn: &Connection) -> Result<(), LogError> {
        Ok(conn.execute_batch("CREATE TABLE letters (subject BLOB PRIMARY KEY, text TEXT NOT NULL)")?)
    }
    fn clear(&self, conn: &Connection) -> Result<(), LogError> {
        Ok(conn.execute_batch("DROP TABLE IF EXISTS letters")?)
    }
    fn fold(&self, conn: &Connection, subjects: &BTreeSet<Subject>) -> Result<(), LogError> {
        for subject in subjects {
            let text: String = log::entries_of(conn, subject)?
                .iter()
                .map(|e| e.payload().map_or("#".into(), |p| String::from_utf8_lossy(p).into_owned()))
                .collect::<Vec<_>>()
                .join(",");
            conn.execute("REPLACE INTO letters VALUES (?1, ?2)", params![subject.as_bytes(), text])?;
        }
        Ok(())
    }
    fn rebuild(&self, conn: &Connection) -> Result<(), LogError> {
        log::each_subject(conn, |subject, _| self.fold(conn, &BTreeSet::from([subject])))
    }
}

struct Known {
    keys: BTreeMap<NodeId, Vec<u8>>,
    hub: NodeId,
}
impl Authority for Known {
    fn key_of(&self, _: &Connection, node: NodeId) -> Option<Vec<u8>> {
        self.keys.get(&node).cloned()
    }
    fn may_write(&self, _: &Connection, _: NodeId, scope: &Scope) -> bool {
        *scope == PROGRAMME
    }
    fn hub(&self, _: &Connection) -> Option<NodeId> {
        Some(self.hub)
    }
}

fn key(n: u8) -> NodeKey {
    NodeKey::from_seed([n; 32]).unwrap()
}
fn known() -> Known {
    let keys = (0..4).map(|n| (key(n).id(), key(n).public().to_vec())).collect();
    Known { keys, hub: key(0).id() }
}
fn open_at(dir: &Path, n: u8, start_ms: u64) -> Store {
    let env = Env {
        clock: Arc::new(Ticking(AtomicU64::new(start_ms))),
        random: Arc::new(Seeded(AtomicU64::new(u64::from(n) << 32 | start_ms))),
    };
    Store::open(&dir.join(format!("{n}.db")), key(n), env, Box::new(Letters)).unwrap()
}
fn draft(subject: Subject, text: &str) -> Draft {
    Draft { scope: PROGRAMME, subject, kind: "letter".into(), payload: text.as_bytes().to_vec(), base: None }
}
fn put(store: &Store, subject: Subject, text: &str) {
    store.write(Context::NODE, |tx| tx.append(&draft(subject, text))).unwrap();
}
fn subject(n: u32) -> Subject {
    Subject::new(&PROGRAMME, 1_700_000_000_000, n)
}
fn rows(store: &Store) -> Vec<(Vec<u8>, String)> {
    store
        .read(|c| {
            let mut stmt = c.prepare("SELECT subject, text FROM letters ORDER BY 1")?;
            let rows = stmt.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?;
            Ok::<_, LogError>(rows.collect::<Result<_, _>>()?)
        })
        .unwrap()
}
fn segments(store: &Store, peer: &Store) -> Vec<Segment> {
    store.sign().unwrap();
    let has = peer.read(|c| vector(c, &|_| true)).unwrap();
    store
        .read(|c| {
            let mut out = Vec::new();
            for ((scope, node), _) in vector(c, &|_| true)? {
                let mut after = has.get(&(scope, node)).map_or(0, |h| h.seq);
                while let Some(segment) = since(c, &scope, node, after)? {
                    after = segment.entries.last().unwrap().header.seq;
                    out.push(Segment::decode(&segment.encode()?)?);
                }
            }
            Ok::<_, LogError>(out)
        })
        .unwrap()
}
fn sync(from: &Store, to: &Store) {
    for segment in segments(from, to) {
        receive(to, &known(), &segment).unwrap();
    }
}

const NOW: u64 = 1_763_000_000_000;

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Three nodes write, and pass on what they have in any order, any number of times.
    #[test]
    fn any_order_and_duplication_gives_the_same_rows(
        steps in prop::collection::vec((0_usize..3, 0_usize..3, 0_u32..4), 1..40),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let stores: Vec<Store> = (0..3).map(|n| open_at(dir.path(), n, NOW + u64::from(n))).collect();
        let mut kept: Vec<(usize, Segment)> = Vec::new();
        for (i, (from, to, what)) in steps.iter().enumerate() {
            if from == to {
                put(&stores[*from], subject(*what), &format!("{from}{i}"));
            } else {
                for segment in segments(&stores[*from], &stores[*to]) {
                    receive(&stores[*to], &known(), &segment).unwrap();
                    kept.push((*to, segment));
                }
            }
        }
        for (to, segment) in &kept {
            prop_assert_eq!(receive(&stores[*to], &known(), segment).unwrap().new, 0);
        }
        for _ in 0..2 {
            for a in 0..3 {
                for b in 0..3 {
                    if a != b { sync(&stores[a], &stores[b]); }
                }
            }
        }
        let first = rows(&stores[0]);
        prop_assert_eq!(&first, &rows(&stores[1]));
        prop_assert_eq!(&first, &rows(&stores[2]));
        stores[2].rebuild().unwrap();
        prop_assert_eq!(&first, &rows(&stores[2]));
        let found = stores[1].read(|c| verify(c, &known())).unwrap();
        prop_assert!(found.1.is_empty());
    }

    #[test]
    fn hostile_bytes_are_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..600), at in 0_usize..600, to: u8) {
        prop_assert!(Segment::decode(&bytes).is_err());
        let dir = tempfile::tempdir().unwrap();
        let store = open_at(dir.path(), 1, NOW);
        for n in 0..5 { put(&store, subject(n), "a letter of some length, so that there is something to pack"); }
        let other = open_at(dir.path(), 2, NOW);
        bytes = segments(&store, &other)[0].encode().unwrap();
        let place = at % bytes.len();
        if bytes[place] != to {
            bytes[place] = to;
            let taken = Segment::decode(&bytes).and_then(|s| receive(&other, &known(), &s));
            prop_assert!(taken.is_err());
            prop_assert!(rows(&other).is_empty());
        }
    }
}

#[test]
fn a_segment_that_claims_to_be_huge_reserves_nothing() {
    let mut bytes = b"ZSG1".to_vec();
    bytes.extend(PROGRAMME.to_bytes());
    bytes.extend([1; 16]);
    bytes.extend([1, 1, 0]);
    bytes.extend([0xff, 0xff, 0xff, 0xff, 0x0f]);
    assert!(Segment::decode(&bytes).is_err());
    // A true frame of 20 MB of zeros is unpacked and found not to be columns; one byte more is refused unread.
    for (size, fits) in [(20 << 20, true), (log::MAX_SEGMENT_RAW + 1, false)] {
        let frame = zstd::bulk::compress(&vec![0; size], 1).unwrap();
        assert!(frame.len() < 5000);
        assert_eq!(zstd::bulk::decompress(&frame, log::MAX_SEGMENT_RAW).is_ok(), fits);
    }
}

#[test]
fn a_flipped_bit_is_found_at_its_entry() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_at(dir.path(), 1, NOW);
    for n in 0..20 {
        put(&store, subject(n), &format!("letter number {n}"));
    }
    store.sign().unwrap();
    store.tidy().unwrap();
    drop(store);
    let path = dir.path().join("1.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let needle = b"letter number 13";
    let at = bytes.windows(needle.len()).position(|w| w == needle).unwrap();
    bytes[at + 3] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let store = open_at(dir.path(), 1, NOW);
    let (read, findings) = store.read(|c| verify(c, &known())).unwrap();
    assert_eq!((read, findings.len()), (20, 1));
    assert_eq!((findings[0].seq, findings[0].what.code()), (14, "changed"));
}

#[test]
fn what_is_sent_is_exactly_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (open_at(dir.path(), 1, NOW), open_at(dir.path(), 2, NOW));
    for n in 0..1000 {
        put(&a, subject(n), "x");
    }
    sync(&a, &b);
    assert!(segments(&a, &b).is_empty());
    put(&a, subject(3), "y");
    let news = segments(&a, &b);
    assert_eq!((news.len(), news[0].entries.len(), news[0].entries[0].header.seq), (1, 1, 1001));
    // A peer that stopped in the middle of a stretch gets the rest of it, not what it has.
    let c = open_at(dir.path(), 3, NOW);
    let mut half = segments(&a, &c).remove(0);
    half.entries.truncate(256);
    a.read(|conn| {
        let mut stmt = conn.prepare("SELECT signature FROM head WHERE seq = 256")?;
        half.signature = stmt.query_row([], |r| r.get(0))?;
        Ok::<_, LogError>(())
    })
    .unwrap();
    receive(&c, &known(), &half).unwrap();
    assert_eq!(segments(&a, &c)[0].entries[0].header.seq, 257);
}

#[test]
fn who_is_unknown_or_has_no_right_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (open_at(dir.path(), 9, NOW), open_at(dir.path(), 2, NOW));
    put(&a, subject(1), "x");
    let segment = &segments(&a, &b)[0];
    assert!(matches!(receive(&b, &known(), segment), Err(LogError::NotAllowed { .. })));
    let c = open_at(dir.path(), 1, NOW);
    let school = Scope::School(subject(5));
    let foreign = Subject::new(&school, NOW, 1);
    c.write(Context::NODE, |tx| tx.append(&Draft { scope: school, ..draft(foreign, "x") })).unwrap();
    assert!(matches!(receive(&b, &known(), &segments(&c, &b)[0]), Err(LogError::NotAllowed { .. })));
    let wrong = c.write(Context::NODE, |tx| tx.append(&draft(foreign, "x")));
    assert!(matches!(wrong, Err(LogError::WrongScope(_))));
}

#[test]
fn a_node_restored_from_a_backup_is_told_that_its_history_forked() {
    let dir = tempfile::tempdir().unwrap();
    let (a, hub) = (open_at(dir.path(), 1, NOW), open_at(dir.path(), 0, NOW));
    put(&a, subject(1), "one");
    a.tidy().unwrap();
    let backup = dir.path().join("backup");
    std::fs::create_dir(&backup).unwrap();
    std::fs::copy(dir.path().join("1.db"), backup.join("1.db")).unwrap();
    put(&a, subject(1), "two");
    sync(&a, &hub);
    let restored = open_at(&backup, 1, NOW + 5000);
    // Nothing written since: its own lost entries come back to it.
    sync(&hub, &restored);
    assert_eq!(rows(&restored), rows(&hub));
    // Both wrote since: refused, and nothing is overwritten.
    put(&restored, subject(1), "three");
    put(&a, subject(1), "drei");
    sync(&a, &hub);
    let before = rows(&hub);
    let far = segments(&restored, &open_at(dir.path(), 3, NOW));
    let fork = far.iter().map(|s| receive(&hub, &known(), s)).find_map(Result::err).unwrap();
    assert!(matches!(fork, LogError::Fork { seq: 3, .. }), "{fork:?}");
    assert_eq!(rows(&hub), before);
}

#[test]
fn an_erased_payload_is_gone_from_every_file_and_the_chain_still_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let (a, hub, late) = (open_at(dir.path(), 1, NOW), open_at(dir.path(), 0, NOW), open_at(dir.path(), 2, NOW));
    put(&a, subject(1), "a secret name");
    put(&a, subject(2), "kept");
    sync(&a, &hub);
    hub.write(Context::NODE, |tx| tx.append(&erase_draft(PROGRAMME, subject(1), &["letter"]).unwrap())).unwrap();
    // Written apart at the same time: also erased when the two meet.
    put(&a, subject(1), "a secret name again");
    sync(&hub, &a);
    sync(&a, &hub);
    sync(&hub, &late);
    for (n, store) in [(1, &a), (0, &hub), (2, &late)] {
        store.tidy().unwrap();
        for ending in ["", "-wal"] {
            let bytes = std::fs::read(dir.path().join(format!("{n}.db{ending}"))).unwrap_or_default();
            assert!(!bytes.windows(6).any(|w| w == b"secret"), "node {n} file {ending}");
        }
        assert!(store.read(|c| verify(c, &known())).unwrap().1.is_empty());
        assert!(rows(store)[1].1.contains("kept"));
    }
    sync(&late, &hub);
    let seen = hub.read(|c| log::erased_by(c, &subject(1))).unwrap();
    assert_eq!(seen.len(), 3);
}

#[test]
fn a_clock_from_the_future_waits_for_a_ruling() {
    let dir = tempfile::tempdir().unwrap();
    let year = 365 * 24 * 3_600_000;
    let (ahead, hub, other) =
        (open_at(dir.path(), 1, NOW + year), open_at(dir.path(), 0, NOW), open_at(dir.path(), 2, NOW));
    put(&other, subject(1), "before");
    sync(&other, &hub);
    put(&ahead, subject(1), "from the future");
    sync(&ahead, &hub);
    assert_eq!(rows(&hub)[0].1, "before");
    assert_eq!(hub.settle_clocks(true).unwrap(), 1);
    assert!(rows(&hub)[0].1.contains("future"));
    put(&hub, subject(1), "after");
    sync(&hub, &other);
    sync(&hub, &ahead);
    for store in [&hub, &other, &ahead] {
        let row = rows(store).into_iter().find(|r| r.0 == subject(1).0).unwrap();
        assert_eq!(row.1, "before,from the future,after");
    }
    // A ruling that another than the hub claims rules nothing.
    assert_eq!(hub.settle_clocks(true).unwrap(), 0);
}

#[test]
fn a_refused_command_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_at(dir.path(), 1, NOW);
    let refused: Result<(), LogError> = store.write(Context::NODE, |tx| {
        tx.append(&draft(subject(1), "x"))?;
        tx.fold()?;
        Err(LogError::Projection("no".into()))
    });
    assert!(refused.is_err());
    assert!(rows(&store).is_empty());
    put(&store, subject(1), "y");
    assert_eq!(store.read(|c| vector(c, &|_| true)).unwrap().values().next().unwrap().seq, 1);
}

/// As long as what somebody types in some minutes, and each time another.
fn long(n: u32) -> String {
    (0..60).map(|line| format!("{n}.{line} 认识三种草药，说出它们的名字。")).collect()
}

fn raw(store: &Store) -> Vec<(Vec<u8>, Option<i64>)> {
    store
        .read(|c| {
            let mut stmt = c.prepare("SELECT payload, size FROM entry WHERE payload IS NOT NULL ORDER BY id")?;
            let rows = stmt.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?;
            Ok::<_, LogError>(rows.collect::<Result<_, _>>()?)
        })
        .unwrap()
}

#[test]
fn a_long_payload_stands_packed_is_sent_as_it_is_and_is_erased() {
    let dir = tempfile::tempdir().unwrap();
    let (a, hub) = (open_at(dir.path(), 1, NOW), open_at(dir.path(), 0, NOW));
    put(&a, subject(1), &long(1));
    put(&a, subject(2), "short");
    let kept = raw(&a);
    assert_eq!(kept[0].1, i64::try_from(long(1).len()).ok());
    assert!(kept[0].0.len() < long(1).len() / 2);
    assert_eq!(kept[1], (b"short".to_vec(), None));
    assert_eq!(a.read(log::stats).unwrap().payload_bytes, (long(1).len() + 5) as u64);
    sync(&a, &hub);
    assert_eq!(rows(&hub), rows(&a));
    assert_eq!(rows(&hub)[0].1, long(1));
    hub.write(Context::NODE, |tx| tx.append(&erase_draft(PROGRAMME, subject(1), &["letter"]).unwrap())).unwrap();
    sync(&hub, &a);
    for store in [&a, &hub] {
        store.tidy().unwrap();
        let bytes = std::fs::read(store.path()).unwrap();
        let middle = &kept[0].0[100..140];
        assert!(!bytes.windows(middle.len()).any(|w| w == middle));
        assert!(store.read(|c| verify(c, &known())).unwrap().1.is_empty());
    }
}

#[test]
fn a_flipped_bit_of_what_is_packed_is_found_and_the_rest_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_at(dir.path(), 1, NOW);
    for n in 0..3 {
        put(&store, subject(n), &long(n));
    }
    store.tidy().unwrap();
    let needle = raw(&store)[1].0[50..90].to_vec();
    drop(store);
    let path = dir.path().join("1.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(needle.len()).position(|w| w == needle).unwrap();
    bytes[at + 3] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let store = open_at(dir.path(), 1, NOW);
    store.rebuild().unwrap();
    let rows = rows(&store);
    assert_eq!((&rows[0].1, &rows[2].1), (&long(0), &long(2)));
    assert_ne!(rows[1].1, long(1));
    let (_, findings) = store.read(|c| verify(c, &known())).unwrap();
    assert_eq!(findings.iter().map(|f| (f.seq, f.what.code())).collect::<Vec<_>>(), [(2, "changed")]);
}

#[test]
fn a_database_of_the_first_format_opens_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let a = open_at(dir.path(), 1, NOW);
    put(&a, subject(1), &long(1));
    put(&a, subject(2), "short");
    a.sign().unwrap();
    let (before, ends) = (rows(&a), a.read(|c| vector(c, &|_| true)).unwrap());
    drop(a);
    let path = dir.path().join("1.db");
    let conn = Connection::open(&path).unwrap();
    conn.execute("UPDATE entry SET payload = ?1 WHERE size IS NOT NULL", [long(1).into_bytes()]).unwrap();
    conn.execute_batch("ALTER TABLE entry DROP COLUMN size; PRAGMA user_version=1;").unwrap();
    drop(conn);

    let a = open_at(dir.path(), 1, NOW + 1000);
    a.rebuild().unwrap();
    assert_eq!(rows(&a), before);
    assert_eq!(a.read(|c| vector(c, &|_| true)).unwrap(), ends);
    assert!(raw(&a).iter().all(|(_, size)| size.is_none()));
    put(&a, subject(3), &long(3));
    assert!(raw(&a)[2].1.is_some());
    let hub = open_at(dir.path(), 0, NOW + 1000);
    sync(&a, &hub);
    assert_eq!(rows(&hub), rows(&a));
    for store in [&a, &hub] {
        assert_eq!(store.read(|c| verify(c, &known())).unwrap(), (3, vec![]));
    }
    // The next start finds it as it left it, and the tables are those of a database made anew.
    let columns = |store: &Store| {
        store
            .read(|c| {
                let mut stmt = c.prepare("SELECT name, type, \"notnull\" FROM pragma_table_info('entry')")?;
                let rows = stmt.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
                Ok::<Vec<(String, String, bool)>, LogError>(rows.collect::<Result<_, _>>()?)
            })
            .unwrap()
    };
    let after = rows(&a);
    drop(a);
    let a = open_at(dir.path(), 1, NOW + 2000);
    assert_eq!(rows(&a), after);
    assert_eq!(columns(&a), columns(&hub));
}

#[test]
fn a_database_of_a_newer_format_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(open_at(dir.path(), 1, NOW));
    let path = dir.path().join("1.db");
    Connection::open(&path).unwrap().execute_batch("PRAGMA user_version=3;").unwrap();
    let opened = Store::open(&path, key(1), Env::system(), Box::new(Letters));
    assert!(matches!(opened, Err(LogError::Newer { found: 3, known: 2 })));
}
