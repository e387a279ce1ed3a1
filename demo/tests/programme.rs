//! The demonstration's rows in a real store, counted with plain SQL, for several seeds.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::{Env, Hlc, Scope, Subject, SystemClock, SystemRandom};
use demo::{DemoClock, Filled};
use log::{Entry, LogError, NodeKey, Store};
use records::{Change, Home, Kinds, Records, STATE, Value};
use rusqlite::Connection;

const PROGRAMME: [u8; 16] = [7; 16];

fn kinds() -> Kinds {
    Kinds::new(&[
        programme::KINDS,
        timetables::KINDS,
        dispatch::KINDS,
        health::KINDS,
        people::KINDS,
        pairings::KINDS,
        observations::KINDS,
        teams::KINDS,
        practices::KINDS,
        visits::KINDS,
        tours::OPEN,
        activities::KINDS,
        lessons::KINDS,
        courses::KINDS,
        classroom::KINDS,
        register::KINDS,
    ])
}

struct Demo {
    store: Store,
    filled: Filled,
    _dir: tempfile::TempDir,
}

fn demo(seed: u64) -> Demo {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(DemoClock::new(Arc::new(SystemClock::default())));
    let env = Env { clock: clock.clone(), random: Arc::new(SystemRandom) };
    let key = NodeKey::draw(&env).unwrap();
    let projector = Box::new(Records::new(kinds(), key.id()));
    let store = Store::open(&dir.path().join("hub.db"), key, env, projector).unwrap();
    let percent = std::cell::Cell::new(0);
    let filled = demo::fill(&store, &clock, &kinds(), PROGRAMME, seed, &|now| {
        assert!(percent.replace(now) <= now);
    })
    .unwrap();
    assert_eq!(percent.get(), 100);
    Demo { store, filled, _dir: dir }
}

impl Demo {
    fn read<T>(&self, f: impl FnOnce(&Connection) -> T) -> T {
        self.store.read(|conn| Ok::<T, LogError>(f(conn))).unwrap()
    }

    fn number(&self, sql: &str) -> usize {
        let n: i64 = self.read(|conn| conn.query_row(sql, [], |r| r.get(0)).unwrap());
        usize::try_from(n).unwrap()
    }

    /// All entries, subject by subject.
    fn entries(&self) -> Vec<(Subject, Vec<Entry>)> {
        let mut all = Vec::new();
        self.read(|conn| {
            log::each_subject(conn, |subject, entries: &[Entry]| {
                all.push((subject, entries.to_vec()));
                Ok::<_, LogError>(())
            })
            .unwrap();
        });
        all
    }
}

/// Postings that arrived, with the supported school and the ordinal of the cohort.
const ARRIVED: &str =
    "(SELECT p.person, p.sender, c.ordinal, CASE s.kind WHEN 'outlying_school' THEN s.parent ELSE s.id END AS school
    FROM posting p JOIN cohort c ON c.id = p.cohort JOIN organisation s ON s.id = p.school
    WHERE p.arrived_on IS NOT NULL AND p.state IN ('arrived', 'completed', 'ended_early'))";

fn postings(d: &Demo) {
    let n = |what: &str, cohorts: &str| {
        d.number(&format!("SELECT count(DISTINCT {what}) FROM {ARRIVED} WHERE ordinal IN ({cohorts})"))
    };
    assert_eq!(n("person", "1"), demo::FIRST_COHORT_PEOPLE);
    assert_eq!(n("school", "1"), demo::FIRST_COHORT_SCHOOLS);
    assert_eq!(n("person", "2, 3"), demo::LATER_PEOPLE);
    assert_eq!(n("school", "2, 3"), demo::LATER_SCHOOLS);
    assert_eq!(n("school", "1, 2, 3"), 21);
    assert_eq!(n("person", "4"), 0);
    assert!(n("person", "1, 2, 3") < demo::FIRST_COHORT_PEOPLE + demo::LATER_PEOPLE, "some came back");
    assert!(n("person", "2") + n("person", "3") > demo::LATER_PEOPLE, "some were in both");
    for cohorts in ["1", "2, 3"] {
        let regions = |kind: &str| {
            d.number(&format!(
                "SELECT count(DISTINCT u.region) FROM {ARRIVED} a JOIN organisation u ON u.id = a.sender
                 WHERE a.ordinal IN ({cohorts}) AND u.region_kind {kind}"
            ))
        };
        assert_eq!(regions("IN ('province', 'city')"), 17);
        assert!(regions("= 'unit'") >= 3);
    }
    assert!(d.number(&format!("SELECT count(*) FROM {ARRIVED} WHERE ordinal = 1")) > demo::FIRST_COHORT_PEOPLE);
    for state in ["proposed", "accepted", "arrived", "completed", "ended_early", "declined"] {
        assert!(d.number(&format!("SELECT count(*) FROM posting WHERE state = '{state}'")) > 10, "{state}");
    }
    assert!(d.number("SELECT count(*) FROM posting WHERE handed_to IS NOT NULL") > 0);
}

fn pairings(d: &Demo) {
    // A chain of renewals has one beginning, so beginnings are counted.
    let active = "SELECT count(*) FROM pairing WHERE active_from IS NOT NULL";
    assert_eq!(d.number(&format!("{active} AND renews IS NULL")), demo::PAIRINGS);
    assert_eq!(d.number(&format!("{active} AND renews IS NOT NULL")), demo::RENEWALS);
    assert_eq!(d.number("SELECT count(*) FROM pairing WHERE renews IS NOT NULL AND renews NOT IN (SELECT id FROM pairing WHERE active_from IS NOT NULL)"), 0);
    assert_eq!(
        d.number(&format!("{active} AND (master_signed_on > active_from OR apprentice_signed_on > active_from)")),
        0
    );
    let master_apprentice = d.number(&format!("{active} AND kind = 'master_apprentice'"));
    assert!(master_apprentice * 2 > demo::PAIRINGS);
    for (master, apprentice) in [("IS NULL", "IS NOT NULL"), ("IS NOT NULL", "IS NULL"), ("IS NOT NULL", "IS NOT NULL")]
    {
        let sql = format!(
            "SELECT count(*) FROM pairing p JOIN person m ON m.id = p.master JOIN person a ON a.id = p.apprentice
             WHERE m.school {master} AND a.school {apprentice}"
        );
        assert!(d.number(&sql) > 50);
    }
    for state in ["invited", "signed", "active", "paused", "handed_over", "closed"] {
        assert!(d.number(&format!("SELECT count(*) FROM pairing WHERE state = '{state}'")) > 10, "{state}");
    }
}

fn teams(d: &Demo) {
    let members = "(SELECT count(DISTINCT person) FROM membership m WHERE m.team = t.id) >= 3";
    let met = "EXISTS (SELECT 1 FROM activity a WHERE a.team = t.id AND a.held_on IS NOT NULL
                AND a.state IN ('held', 'verified') AND a.held_on >= t.active_from)";
    let n = |such: &str| d.number(&format!("SELECT count(*) FROM team t WHERE {such}"));
    assert_eq!(n(&format!("active_from IS NOT NULL AND {members} AND {met}")), demo::TEAMS);
    assert_eq!(n("active_from IS NULL"), 6);
    assert_eq!(n(&format!("active_from IS NOT NULL AND NOT {members}")), 6);
    assert_eq!(n(&format!("active_from IS NOT NULL AND NOT {met}")), 6);
    assert_eq!(n("kind = 'studio'") + n("kind = 'research_team'") + n("kind = 'association'"), demo::TEAMS + 18);
}

fn visits(d: &Demo) {
    let held = "FROM visit v WHERE held_on IS NOT NULL AND state IN ('held', 'followed_up')";
    assert_eq!(d.number(&format!("SELECT count(*) {held}")), demo::VISITS);
    assert_eq!(d.number(&format!("SELECT count(DISTINCT from_school) {held}")), 21);
    assert_eq!(
        d.number(&format!("SELECT count(*) {held} AND (advice IS NULL OR lessons IS NULL OR ends_on > '2026-10-30')")),
        0
    );
    let crew = "(SELECT count(*) FROM visit_visitors w WHERE w.id = v.id)";
    assert_eq!(d.number(&format!("SELECT count(*) {held} AND {crew} NOT BETWEEN 2 AND 5")), 0);
    for state in ["planned", "cancelled"] {
        assert!(d.number(&format!("SELECT count(*) FROM visit WHERE state = '{state}' AND held_on IS NULL")) > 20);
    }
}

fn person_times(d: &Demo) {
    let sql = |named: &str, counted: &str, of: &str| {
        format!(
            "WITH named AS (SELECT p.activity, p.day, count(DISTINCT p.person) AS n FROM participation p
               JOIN person w ON w.id = p.person WHERE w.school IS NOT NULL AND p.part = 'attends' AND p.present = 1 {named} GROUP BY 1, 2),
             counted AS (SELECT activity, day, sum(number) AS n FROM headcount
               WHERE category = 'local_teachers' AND basis = 'counted' AND state = 'verified' {counted} GROUP BY 1, 2),
             days AS (SELECT coalesce(n.activity, c.activity) AS activity, n.n AS named, c.n AS counted
               FROM named n FULL JOIN counted c ON c.activity = n.activity AND c.day = n.day)
             SELECT {of} FROM days JOIN activity a ON a.id = days.activity
             WHERE a.held_on IS NOT NULL AND a.state IN ('held', 'verified')"
        )
    };
    let larger = "sum(max(coalesce(named, 0), coalesce(counted, 0)))";
    assert_eq!(d.number(&sql("", "", larger)), usize::try_from(demo::PERSON_TIMES).unwrap());
    assert!((50_000..52_000).contains(&demo::PERSON_TIMES));
    let days = |such: &str| d.number(&sql("", "", &format!("sum({such})")));
    for such in ["named IS NULL", "counted IS NULL", "named > counted", "named < counted"] {
        assert!(days(such) > 20, "{such}");
    }
    assert!(d.number("SELECT count(*) FROM headcount WHERE category = 'local_teachers' AND basis = 'counted' AND state = 'entered'") > 20);
    assert!(d.number("SELECT count(*) FROM headcount WHERE category = 'local_teachers' AND basis = 'estimated'") > 20);
    assert_eq!(
        d.number("SELECT count(*) FROM participation p JOIN activity a ON a.id = p.activity WHERE p.day NOT BETWEEN a.starts_on AND a.ends_on"),
        0
    );
}

fn the_rest(d: &Demo) {
    assert_eq!(d.number("SELECT count(*) FROM organisation WHERE kind = 'supported_school'"), 21);
    assert_eq!(d.filled.schools.len(), 21);
    let outlying = "SELECT count(*) FROM organisation o WHERE o.kind = 'outlying_school' AND o.parent = s.id";
    assert_eq!(
        d.number(&format!(
            "SELECT count(*) FROM organisation s WHERE s.kind = 'supported_school' AND ({outlying}) NOT BETWEEN 3 AND 6"
        )),
        0
    );
    assert_eq!(d.number("SELECT count(*) FROM (SELECT name FROM organisation GROUP BY name HAVING count(*) > 1)"), 0);
    assert_eq!(d.number("SELECT count(*) FROM need"), demo::NEEDS);
    for state in ["draft", "returned", "approved", "filled", "met", "withdrawn"] {
        assert!(d.number(&format!("SELECT count(*) FROM need WHERE state = '{state}'")) > 5, "{state}");
    }
    let office = &d.filled.office;
    assert_eq!((office.coordinators.len(), office.heads.len()), (3, 21));
    for (posted, locals) in office.posted.iter().zip(&office.locals) {
        assert!(posted.len() >= 2 && locals.len() == 6, "{} posted", posted.len());
    }
    let grants = d.number("SELECT count(*) FROM grant_of_role WHERE role NOT IN ('posted', 'coordinator')");
    assert_eq!(grants, 1 + 2 + 1 + 21 + 12 + 2);
    assert_eq!(d.number("SELECT count(*) FROM course WHERE state = 'published'"), 7);
    for state in ["draft", "reviewing", "reviewed", "shared"] {
        assert!(d.number(&format!("SELECT count(*) FROM lesson_plan WHERE state = '{state}'")) > 0, "{state}");
    }
    for kind in ["partnership", "commitment", "consent", "course_use"] {
        assert!(d.number(&format!("SELECT count(*) FROM {kind}")) > 30, "{kind}");
    }
}

/// The timetables: five schools, their open needs without a teacher in them, everybody in one place at a time (that the rules
/// look for), and nothing else without a teacher.
fn timetables(d: &Demo) {
    let schools = "SELECT count(DISTINCT school) FROM timetable_lesson";
    assert_eq!(d.number(schools), demo::TIMETABLES);
    let open = "FROM need n WHERE n.state = 'approved' AND n.role = 'teacher' AND n.school IN (SELECT school FROM timetable_lesson)
                AND NOT EXISTS (SELECT 1 FROM posting p WHERE p.need = n.id AND p.state IN ('accepted', 'arrived'))";
    let gaps = "(SELECT count(*) FROM timetable_lesson l
                 WHERE l.school = n.school AND l.subject = n.subject AND l.teacher IS NULL)";
    assert!(d.number(&format!("SELECT count(*) {open}")) > demo::TIMETABLES);
    assert_eq!(
        d.number(&format!("SELECT count(*) {open} AND n.reopened_on IS NULL AND {gaps} = 0")),
        0,
        "a need without gaps"
    );
    let asked = "(SELECT sum(n.hours) FROM need n WHERE n.school = l.school AND n.subject = l.subject AND n.state = 'approved')";
    let more =
        "SELECT count(*) FROM (SELECT school, subject, count(*) AS gaps FROM timetable_lesson WHERE teacher IS NULL
                GROUP BY school, subject) l WHERE l.gaps > coalesce";
    assert_eq!(d.number(&format!("{more}({asked}, 0)")), 0, "a gap that no need asks for");
    let taught = "SELECT count(*) FROM timetable_lesson WHERE teacher IS NOT NULL";
    assert!(d.number(taught) > 200);
    // A teacher is one of the school's, or posted to it.
    let strange = format!(
        "{taught} AND teacher NOT IN (SELECT p.id FROM person p WHERE p.school = timetable_lesson.school)
         AND teacher NOT IN (SELECT person FROM posting WHERE school = timetable_lesson.school AND state = 'arrived')"
    );
    assert_eq!(d.number(&strange), 0);
}

fn rules(d: &Demo) {
    for kind in kinds().all() {
        for rule in kind.rules {
            assert_eq!(d.number(&format!("SELECT count(*) FROM ({})", rule.for_all())), 0, "{}", rule.code);
        }
    }
    assert_eq!(d.number("SELECT count(*) FROM conflict"), 0);
}

#[test]
fn the_figures_are_found_in_the_rows_of_every_seed() {
    for seed in [1, 2026, u64::MAX] {
        let d = demo(seed);
        postings(&d);
        pairings(&d);
        teams(&d);
        visits(&d);
        person_times(&d);
        the_rest(&d);
        timetables(&d);
        rules(&d);
    }
}

/// What the pages would refuse is not written either: shapes, required fields, lifecycles, reasons, scopes. And
/// the same seed writes the same facts again.
#[test]
fn facts_are_as_the_pages_would_write_them() {
    let d = demo(3);
    let kinds = kinds();
    let mut days = BTreeSet::new();
    d.read(|conn| {
        for (subject, entries) in d.entries() {
            let name = entries[0].header.kind.split('.').next().unwrap();
            let kind = kinds.get(name).unwrap();
            let mut all = Change::new();
            let mut state = kind.first_state();
            for (i, entry) in entries.iter().enumerate() {
                days.insert(entry.header.clock);
                if records::document_update(entry.payload().unwrap()).is_some() {
                    continue;
                }
                let change = Change::decode(entry.payload().unwrap()).unwrap();
                for (field, value) in &change.set {
                    if field == STATE {
                        continue;
                    }
                    let shape = kind.field(field).unwrap_or_else(|| panic!("{name}.{field}")).shape;
                    assert_eq!(records::check_value(shape, value), Ok(()), "{name}.{field} {value:?}");
                    all.set.insert(field.clone(), value.clone());
                }
                for (field, values) in &change.add {
                    let shape = kind.field(field).unwrap().shape;
                    assert!(shape.is_set() && values.iter().all(|v| records::check_value(shape, v) == Ok(())));
                    all.add.insert(field.clone(), values.clone());
                }
                let Some(next) = change.set.get(STATE).and_then(Value::as_text) else { continue };
                // A record that was entered late may begin anywhere in its life.
                let way =
                    kind.moves.iter().find(|m| Some(m.to) == Some(next) && state.is_some_and(|s| m.from.contains(&s)));
                if i > 0 {
                    let way = way.unwrap_or_else(|| panic!("{name}: {state:?} → {next}"));
                    assert!(!way.reason || change.why.is_some(), "{name}: {} without a reason", way.name);
                    // To hand over is one of two ways to complete.
                    assert!(
                        way.asks.iter().all(|f| all.set.contains_key(*f)) || way.name == "hand_over",
                        "{name}: {} asks more",
                        way.name
                    );
                }
                state = kind.states.iter().copied().find(|s| *s == next);
                assert!(state.is_some(), "{name}: no state {next}");
            }
            for field in kind.fields.iter().filter(|f| f.required) {
                let there = if field.shape.is_set() {
                    all.add.contains_key(field.name)
                } else {
                    all.set.contains_key(field.name)
                };
                assert!(there, "{name} without {}", field.name);
            }
            let scope = match kind.home {
                // Who writes a plan or a course: where that lies.
                Home::Elsewhere => Scope::Programme(PROGRAMME),
                _ => records::scope_of(conn, &kinds, PROGRAMME, kind, &all).unwrap(),
            };
            assert_eq!(entries[0].header.scope, scope, "{name}");
            assert!(subject.is_in(&scope));
        }
    });
    let first = days.first().map(|d| d.ms()).unwrap();
    let last = days.last().copied().unwrap();
    assert!(first > 1_464_739_200_000, "after 2016-06-01");
    assert!(last < Hlc::at_ms(1_793_404_800_000), "before 2026-10-31");
    nothing_is_named_before_it_is_made(&d);
    the_seed_gives_the_same_again(&d, 3);
}

fn nothing_is_named_before_it_is_made(d: &Demo) {
    let kinds = kinds();
    for kind in kinds.all() {
        for field in kind.fields {
            let Some(target) = field.shape.links_to() else { continue };
            let (of, name) = (kind.name, field.name);
            let (from, when) = if field.shape.is_set() {
                (
                    format!("{of}_{name} x JOIN {of} a ON a.id = x.id LEFT JOIN {target} b ON b.id = x.value"),
                    "a.changed",
                )
            } else {
                let when = if field.required { "a.made" } else { "a.changed" };
                (format!("{of} a LEFT JOIN {target} b ON b.id = a.{name}"), when)
            };
            let set = if field.shape.is_set() { "1".to_owned() } else { format!("a.{name} IS NOT NULL") };
            let wrong =
                d.number(&format!("SELECT count(*) FROM {from} WHERE {set} AND (b.id IS NULL OR b.made > {when})"));
            assert_eq!(wrong, 0, "{of}.{name}");
        }
    }
}

fn the_seed_gives_the_same_again(d: &Demo, seed: u64) {
    let content = |d: &Demo| -> BTreeMap<Subject, Vec<(Hlc, Vec<u8>)>> {
        let said = |e: &Entry| (e.header.clock, e.payload().unwrap().to_vec());
        d.entries().into_iter().map(|(s, entries)| (s, entries.iter().map(said).collect())).collect()
    };
    let again = demo(seed);
    assert_eq!(d.filled.schools, again.filled.schools);
    assert!(content(d) == content(&again));
}
