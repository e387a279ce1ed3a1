//! Fills a directory with the demonstration: the hub's log from the generator, then each school's by replication,
//! as the link would.

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result};
use base::{Env, Random, Subject};
use log::{Context, Store};
use nodes::Members;
use records::{Change, Kinds, RecordError, Value, append};

use crate::files::{Files, Settings};
use crate::house;
use crate::node::{make_hub, members, open_store};
use web::NodeKind;

/// How many schools have a box of their own.
pub const BOXES: usize = 2;

/// Chance that grows from a seed, so that the same seed gives the same rows.
struct Seeded {
    seed: u64,
    drawn: AtomicU64,
}

impl Random for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        let n = self.drawn.fetch_add(1, Ordering::Relaxed);
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"zampa demo").update(&self.seed.to_be_bytes()).update(&n.to_be_bytes());
        hasher.finalize_xof().fill(bytes);
    }
}

/// Fills `dir/hub`, `dir/school-1` and `dir/school-2`; what is filled already is left alone. A fill that was cut off
/// is begun anew.
pub fn fill(dir: &Path, seed: u64, system: &Env, say: &dyn Fn(&str)) -> Result<()> {
    if (0..=BOXES).all(|n| place(dir, n).exist()) {
        return Ok(());
    }
    for n in 0..=BOXES {
        let at = place(dir, n);
        if at.0.exists() {
            std::fs::remove_dir_all(&at.0).with_context(|| format!("cannot clear {}", at.0.display()))?;
        }
    }
    let clock = Arc::new(demo::DemoClock::new(Arc::clone(&system.clock)));
    let env = Env {
        clock: Arc::clone(&clock) as Arc<dyn base::Clock>,
        random: Arc::new(Seeded { seed, drawn: AtomicU64::new(0) }),
    };
    let hub = place(dir, 0);
    // Keys are secrets, drawn from the system's chance; all else grows from the seed.
    hub.key(system)?;
    let settings = make_hub(&hub, &env, "项目办公室", true)?;
    let kinds = house::kinds();
    let mut school_settings = Vec::new();
    {
        let store = open_store(&hub, &settings, &env)?;
        let told = Cell::new(None);
        let filled = demo::fill(&store, &clock, &kinds, settings.programme, seed, &|percent| {
            if told.replace(Some(percent)) != Some(percent) {
                say(&format!("inventing the programme: {percent} %"));
            }
        })
        .map_err(|e| anyhow::anyhow!("{e}"))?;
        indicators(&store, &kinds, &settings)?;
        for (n, school) in filled.schools.iter().take(BOXES).enumerate() {
            school_settings.push(enrol(dir, n + 1, &store, &kinds, &settings, *school, system)?);
        }
        for (n, settings) in school_settings.iter().enumerate() {
            say(&format!("copying to school {}", n + 1));
            let files = place(dir, n + 1);
            let school = open_store(&files, settings, &env)?;
            replicate(&store, &school, &members(settings))?;
            school.tidy()?;
            files.write_settings(settings)?;
        }
        store.tidy()?;
    }
    Ok(())
}

/// Where a node of the demonstration lies: 0 is the hub.
pub fn place(dir: &Path, n: usize) -> Files {
    Files(if n == 0 { dir.join("hub") } else { dir.join(format!("school-{n}")) })
}

fn enrol(
    dir: &Path,
    n: usize,
    store: &Store,
    kinds: &Kinds,
    hub: &Settings,
    school: Subject,
    system: &Env,
) -> Result<Settings> {
    let files = place(dir, n);
    let key = files.key(system)?;
    let title: String = store.read(|conn| {
        Ok::<_, log::LogError>(conn.query_row(
            "SELECT title FROM organisation WHERE id = ?1",
            [school.as_bytes()],
            |r| r.get(0),
        )?)
    })?;
    store.write(Context::NODE, |tx| nodes::enrol(tx, kinds, hub.programme, key.public(), &title, Some(school)))?;
    Ok(Settings { kind: NodeKind::School, title, school: Some(school), hub_address: String::new(), ..hub.clone() })
}

/// What a school may hold, sent as segments and taken in as they would be from the link.
fn replicate(hub: &Store, school: &Store, members: &Members) -> Result<()> {
    hub.sign()?;
    let peer = school.key().id();
    let mut chains: Vec<_> = hub.read(|conn| {
        let all = log::vector(conn, &|scope| members.holds(conn, peer, scope))?;
        Ok::<_, log::LogError>(all.into_keys().collect())
    })?;
    // The programme first: it says who is enrolled.
    chains.sort_by_key(|(scope, node)| (!matches!(scope, base::Scope::Programme(_)), *node != members.hub));
    for (scope, node) in chains {
        let mut after = 0;
        while let Some(segment) = hub.read(|conn| log::since(conn, &scope, node, after))? {
            after = segment.entries.last().map_or(after, |e| e.header.seq);
            log::receive(school, members, &segment)?;
        }
    }
    Ok(())
}

/// Code, rule, ordinals of cohorts, titles zh and en, declared number (0: none), whether "more than".
type Row = (&'static str, &'static str, &'static [i64], &'static str, &'static str, i64, bool);

/// What the first programme's account counts, and the totals it declared.
fn indicators(store: &Store, kinds: &Kinds, settings: &Settings) -> Result<()> {
    const SOURCE: &str = "公开介绍 · public account";
    let rows: &[Row] = &[
        (
            "professionals-1",
            "persons_arrived",
            &[1],
            "第一批选派人才",
            "Professionals of the first cohort",
            1276,
            false,
        ),
        ("schools-1", "schools_supported", &[1], "第一批受援学校", "Schools they supported", 20, false),
        ("regions", "regions_paired", &[1], "对口省市", "Provinces and cities paired", 17, false),
        (
            "professionals-2-3",
            "persons_arrived",
            &[2, 3],
            "2019 年以来两批人才",
            "Professionals of the two groups since 2019",
            800,
            false,
        ),
        ("schools-2-3", "schools_supported", &[2, 3], "两批受援学校", "Schools the two groups supported", 21, false),
        ("schools-all", "schools_supported", &[], "全部受援学校", "Schools supported by any cohort", 0, false),
        ("pairings", "pairings_active", &[], "师徒结对", "Master and apprentice relationships", 2518, false),
        ("teams", "teams_active", &[], "社团与教研团队", "Associations and research teams", 120, false),
        ("visits", "visits_held", &[], "送教下乡", "Visits to the countryside", 4277, false),
        ("person-times", "person_times", &[], "本地教师受益人次", "Attendances of local teachers", 50_000, true),
        ("pupils", "pupils_counted", &[], "学生人次", "Pupils at activities", 0, false),
        ("health-sessions", "health_sessions", &[], "健康服务", "Health sessions", 0, false),
    ];
    store.write(Context::NODE, |tx| {
        let kind = |name: &str| kinds.get(name).ok_or(RecordError::NotFound);
        let scope = base::Scope::Programme(settings.programme);
        for (place, (code, rule, ordinals, zh, en, declared, at_least)) in (10_i64..).step_by(10).zip(rows) {
            let names = [("zh", *zh), ("en", *en)].map(|(l, t)| (l.to_owned(), t.to_owned())).into();
            let mut change = Change::new()
                .with_text("title", *zh)
                .with("titles", Value::Names(names))
                .with_text("code", *code)
                .with_text("rule", *rule)
                .with("place", Value::Int(place))
                .with_text("state", "published");
            for ordinal in *ordinals {
                let id: Vec<u8> =
                    tx.conn().query_row("SELECT id FROM cohort WHERE ordinal = ?1", [ordinal], |r| r.get(0))?;
                change = change.with_added("cohorts", Value::Bytes(id));
            }
            let indicator = tx.subject(&scope);
            append(tx, kind("indicator")?, scope, indicator, change, None)?;
            if *declared == 0 {
                continue;
            }
            let change = Change::new()
                .with_text("what", *zh)
                .with_link("indicator", indicator)
                .with("number", Value::Int(*declared))
                .with("at_least", if *at_least { Value::Bool(true) } else { Value::Null })
                .with_text("source", SOURCE)
                .with_text("declared_on", "2025-08-01");
            append(tx, kind("declared_total")?, scope, tx.subject(&scope), change, None)?;
        }
        Ok::<_, RecordError>(())
    })?;
    Ok(())
}
