//! Every figure of the first programme, from the rows by its rule; and what moves when something happens.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::UNIX_EPOCH;

use base::{Env, Scope, Subject};
use figures::{count, indicators};
use log::{Context, Store};
use records::{Change, Kinds, RecordError, Value, append};
use zampa::files::Files;
use zampa::{fill, house, node};

/// A demonstration filled once for all tests of this build, whichever process runs them; each works on a copy.
static FILLED: LazyLock<PathBuf> = LazyLock::new(|| {
    let at = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(at).unwrap();
    // What is filled follows from the code, so each build has its own.
    let build = std::fs::metadata(std::env::current_exe().unwrap()).unwrap();
    let made = build.modified().unwrap().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let dir = at.join(format!("demonstration-{made}-{}", build.len()));
    let lock = std::fs::File::create(at.join("demonstration.lock")).unwrap();
    lock.lock().unwrap();
    if !dir.exists() {
        for entry in std::fs::read_dir(at).unwrap().flatten() {
            if entry.file_name().to_string_lossy().starts_with("demonstration-") {
                std::fs::remove_dir_all(entry.path()).unwrap();
            }
        }
        let half = tempfile::tempdir_in(at).unwrap();
        fill::fill(half.path(), 1, &Env::system(), &|_| {}).unwrap();
        std::fs::rename(half.keep(), &dir).unwrap();
    }
    dir
});

/// A copy of a node of the demonstration.
pub fn copy(n: usize) -> (tempfile::TempDir, Files) {
    let dir = tempfile::tempdir().unwrap();
    let from = fill::place(&FILLED, n).0;
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::copy(&path, dir.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    let files = Files(dir.path().to_owned());
    (dir, files)
}

pub(crate) fn store(files: &Files) -> (Arc<Store>, [u8; 16]) {
    let settings = files.settings().unwrap();
    (Arc::new(node::open_store(files, &settings, &Env::system()).unwrap()), settings.programme)
}

pub(crate) fn figures(store: &Store) -> BTreeMap<String, i64> {
    let today = "2026-11-23".parse().unwrap();
    store
        .read(|conn| {
            let mut out = BTreeMap::new();
            for i in indicators(conn, false)? {
                out.insert(i.code.clone(), count(conn, i.rule, &i.scope, today)?.value);
                for name in i.rule.beside {
                    let rule = figures::rule(name).unwrap();
                    out.insert(format!("{}/{name}", i.code), count(conn, rule, &i.scope, today)?.value);
                }
            }
            Ok::<_, RecordError>(out)
        })
        .unwrap()
}

pub(crate) fn moved(before: &BTreeMap<String, i64>, after: &BTreeMap<String, i64>) -> BTreeMap<String, i64> {
    before.iter().filter(|(k, v)| after[*k] != **v).map(|(k, v)| (k.clone(), after[k] - v)).collect()
}

pub(crate) fn some(conn: &rusqlite::Connection, sql: &str) -> Subject {
    let id: Vec<u8> = conn.query_row(sql, [], |r| r.get(0)).unwrap();
    Subject::try_from(id.as_slice()).unwrap()
}

pub(crate) fn write(store: &Store, kinds: &Kinds, kind: &str, scope: Scope, id: Option<Subject>, change: Change) {
    store
        .write(Context::NODE, |tx| {
            let subject = id.unwrap_or_else(|| tx.subject(&scope));
            let kind = kinds.get(kind).unwrap();
            append(tx, kind, scope, subject, change, None)?;
            records::check(tx, kind, &subject)
        })
        .unwrap();
}

#[test]
fn the_published_figures_come_out_of_the_rows() {
    let (_dir, files) = copy(0);
    let (store, _) = store(&files);
    let found = figures(&store);
    for (code, published) in [
        ("professionals-1", 1276),
        ("schools-1", 20),
        ("regions", 17),
        ("professionals-2-3", 800),
        ("schools-2-3", 21),
        ("pairings", 2518),
        ("teams", 120),
        ("visits", 4277),
    ] {
        assert_eq!(found[code], published, "{code}");
    }
    assert!(found["person-times"] > 50_000, "{}", found["person-times"]);
    // Kept apart, and not none: who was only visited while they were there.
    assert!(found["schools-1/schools_only_visited"] > 0);
    assert!(found["schools-all/schools_only_visited"] <= found["schools-1/schools_only_visited"]);
    // Distinct counts are recomputed on the union: never the sum of the two.
    assert_eq!(found["schools-all"], 21);
    assert!(found["professionals-2-3/persons_returned"] > 0);
    for (code, value) in &found {
        println!("{code} = {value}");
    }
}

/// A school, and one of its outlying ones.
fn outlying(store: &Store) -> (Subject, Subject) {
    let found = store.read(|c| {
        let host = some(c, "SELECT id FROM organisation WHERE kind = 'outlying_school' ORDER BY id LIMIT 1");
        Ok::<_, RecordError>((records::school_of(c, &host).unwrap().unwrap(), host))
    });
    found.unwrap()
}

#[test]
fn a_trip_is_what_its_visits_name() {
    let kinds = house::kinds();
    let (_dir, files) = copy(0);
    let (store, _) = store(&files);
    let (school, host) = outlying(&store);
    // Three days over three hosts are one trip where the visits name it; two trips of one day are two.
    let before = figures(&store);
    let at = |trip: &Subject, day: &str, host: Subject| {
        Change::new()
            .with_text("purpose", "同一行程")
            .with_link("host", host)
            .with_link("from_school", school)
            .with_link("trip", *trip)
            .with_text("starts_on", day)
            .with_text("ends_on", day)
            .with_text("held_on", day)
            .with_text("state", "held")
    };
    let trips: Vec<Subject> = (1..3).map(|n| Subject::new(&Scope::School(school), 1_790_000_000_000, n)).collect();
    for trip in &trips {
        let trip_is = Change::new()
            .with_text("title", "行程")
            .with_link("from_school", school)
            .with_text("starts_on", "2026-11-16")
            .with_text("ends_on", "2026-11-18");
        write(&store, &kinds, "trip", Scope::School(school), Some(*trip), trip_is);
    }
    for (trip, day) in [(0, "2026-11-16"), (0, "2026-11-17"), (0, "2026-11-18"), (1, "2026-11-16")] {
        write(&store, &kinds, "visit", Scope::School(school), None, at(&trips[trip], day, host));
    }
    let after = figures(&store);
    assert_eq!(
        moved(&before, &after),
        [("visits", 4), ("visits/visit_trips", 2)].map(|(k, v)| (k.to_owned(), v)).into()
    );
}

#[test]
fn only_what_should_move_moves() {
    let kinds = house::kinds();
    let (_dir, files) = copy(0);
    let (store, programme) = store(&files);
    let all = Scope::Programme(programme);

    // A visit more: one visit, its trip, its two visitors, its lessons.
    let before = figures(&store);
    let (school, host) = outlying(&store);
    let people: Vec<Subject> = store
        .read(|c| {
            let mut stmt = c.prepare("SELECT id FROM person WHERE home = ?1 ORDER BY id LIMIT 2")?;
            let rows = stmt.query_map([school.as_bytes()], |r| r.get::<_, Vec<u8>>(0))?;
            Ok::<_, RecordError>(rows.map(|r| Subject::try_from(r.unwrap().as_slice()).unwrap()).collect())
        })
        .unwrap();
    let mut visit = Change::new()
        .with_text("purpose", "一次新的送教")
        .with_link("host", host)
        .with_link("from_school", school)
        .with_text("starts_on", "2026-11-20")
        .with_text("ends_on", "2026-11-20")
        .with_text("held_on", "2026-11-20")
        .with("lessons", Value::Int(3))
        .with_text("state", "held");
    for person in &people {
        visit = visit.with_added("visitors", Value::link(person));
    }
    write(&store, &kinds, "visit", Scope::School(school), None, visit);
    let after = figures(&store);
    let expected =
        [("visits", 1), ("visits/visit_trips", 1), ("visits/visit_person_times", 2), ("visits/visit_lessons", 3)];
    assert_eq!(moved(&before, &after), expected.map(|(k, v)| (k.to_owned(), v)).into());

    // A planned visit counts nowhere.
    let planned = Change::new()
        .with_text("purpose", "计划")
        .with_link("host", host)
        .with_link("from_school", school)
        .with_text("starts_on", "2026-12-20")
        .with_text("ends_on", "2026-12-20");
    write(&store, &kinds, "visit", Scope::School(school), None, planned);
    assert_eq!(figures(&store), after);

    // A renewal of a pairing is the same pairing; the kinds beside do not move either.
    let before = after;
    let (id, master, apprentice, home, kind) = store
        .read(|c| {
            let id = some(
                c,
                "SELECT id FROM pairing WHERE active_from IS NOT NULL AND renews IS NULL
                 AND id NOT IN (SELECT renews FROM pairing WHERE renews IS NOT NULL) ORDER BY id LIMIT 1",
            );
            let link = |field: &str| {
                let sql = format!("SELECT {field} FROM pairing WHERE id = x'{}'", hex(&id));
                some(c, &sql)
            };
            let kind: String = c.query_row("SELECT kind FROM pairing WHERE id = ?1", [id.as_bytes()], |r| r.get(0))?;
            Ok::<_, RecordError>((id, link("master"), link("apprentice"), link("school"), kind))
        })
        .unwrap();
    let renewal = Change::new()
        .with_text("kind", kind)
        .with_link("master", master)
        .with_link("apprentice", apprentice)
        .with_link("school", home)
        .with_link("renews", id)
        .with_text("master_signed_on", "2026-11-01")
        .with_text("apprentice_signed_on", "2026-11-01")
        .with_text("active_from", "2026-11-02")
        .with_text("state", "active");
    let scope = store.read(|c| records::record_scope(c, programme, kinds.get("pairing").unwrap(), &id)).unwrap();
    write(&store, &kinds, "pairing", scope, None, renewal);
    assert_eq!(moved(&before, &figures(&store)), BTreeMap::new());

    // A posting taken away: its person is no longer counted, if it was the person's only one.
    let before = figures(&store);
    let posting = store
        .read(|c| {
            Ok::<_, RecordError>(some(
                c,
                "SELECT p.id FROM posting p JOIN cohort k ON k.id = p.cohort
                 WHERE p.arrived_on IS NOT NULL AND p.state = 'completed' AND k.ordinal = 1
                   AND (SELECT count(*) FROM posting q WHERE q.person = p.person) = 1
                   AND (SELECT count(*) FROM posting q WHERE q.sender = p.sender AND q.arrived_on IS NOT NULL) > 1
                   AND (SELECT count(*) FROM posting q WHERE q.school = p.school AND q.arrived_on IS NOT NULL) > 1
                 ORDER BY p.id LIMIT 1",
            ))
        })
        .unwrap();
    write(&store, &kinds, "posting", all, Some(posting), Change::new().with("_removed", Value::Bool(true)));
    let changed = moved(&before, &figures(&store));
    assert_eq!(changed["professionals-1"], -1);
    assert_eq!(changed["professionals-1/postings_arrived"], -1);
    assert!(changed["professionals-1/person_months"] < 0);
    assert_eq!(changed.len(), 3, "{changed:?}");
}

fn hex(id: &Subject) -> String {
    id.as_bytes().iter().map(|b| format!("{b:02X}")).collect()
}

#[test]
fn rebuild_equals_live() {
    let (_dir, files) = copy(1);
    let (store, _) = store(&files);
    let before = figures(&store);
    let dump = |store: &Store| -> Vec<String> {
        store
            .read(|c| {
                let mut out = Vec::new();
                for kind in house::kinds().all() {
                    let mut stmt = c.prepare(&format!("SELECT * FROM {} ORDER BY id", kind.name))?;
                    let n = stmt.column_count();
                    let rows = stmt.query_map([], |r| {
                        (0..n).map(|i| r.get::<_, rusqlite::types::Value>(i).map(|v| format!("{v:?}"))).collect()
                    })?;
                    let rows: Vec<Vec<String>> = rows.collect::<Result<_, _>>()?;
                    out.extend(rows.into_iter().map(|r| r.join("|")));
                }
                Ok::<_, RecordError>(out)
            })
            .unwrap()
    };
    let live = dump(&store);
    store.rebuild().unwrap();
    assert!(live == dump(&store));
    assert_eq!(before, figures(&store));
}

#[test]
fn the_same_rows_give_the_same_hash_and_a_school_holds_no_other_school_s_rows() {
    let (_a, hub) = copy(0);
    let (_b, school) = copy(1);
    let (hub, _) = store(&hub);
    let settings = school.settings().unwrap();
    let (node, _) = store(&school);
    let mine = settings.school.unwrap();
    let today = "2026-11-23".parse().unwrap();
    let rule = figures::rule("visits_held").unwrap();
    let scope = figures::Scope { school: Some(mine), ..figures::Scope::default() };
    let here = node.read(|c| count(c, rule, &scope, today)).unwrap();
    let there = hub.read(|c| count(c, rule, &scope, today)).unwrap();
    assert_eq!(here, there);
    let everything = node.read(|c| count(c, rule, &figures::Scope::default(), today)).unwrap();
    assert_eq!(everything.value, here.value);
    let foreign: i64 = node
        .read(|c| {
            let sql = "SELECT count(*) FROM person WHERE home IS NOT NULL AND home <> ?1";
            Ok::<_, RecordError>(c.query_row(sql, [mine.as_bytes()], |r| r.get(0))?)
        })
        .unwrap();
    assert_eq!(foreign, 0);
}
