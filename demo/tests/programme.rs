//! The demonstration's rows in a real store, counted with plain SQL, for several seeds.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stderr)]

use std::sync::Arc;

use base::{Env, SystemClock, SystemRandom};
use demo::{DemoClock, Filled};
use log::{LogError, NodeKey, Store};
use records::{Kinds, Records};

const PROGRAMME: [u8; 16] = [7; 16];

fn kinds() -> Kinds {
    Kinds::new(&[
        programme::KINDS,
        people::KINDS,
        pairings::KINDS,
        teams::KINDS,
        visits::KINDS,
        activities::KINDS,
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
    let filled = demo::fill(&store, &clock, &kinds(), PROGRAMME, seed, &|_| {}).unwrap();
    Demo { store, filled, _dir: dir }
}

impl Demo {
    fn number(&self, sql: &str) -> i64 {
        self.store.read(|conn| conn.query_row(sql, [], |r| r.get(0)).map_err(LogError::from)).unwrap()
    }
}

#[test]
fn speed() {
    let start = std::time::Instant::now();
    let d = demo(1);
    eprintln!("{} facts in {:?}", d.filled.facts, start.elapsed());
    for kind in kinds().all() {
        eprintln!("{} {}", kind.name, d.number(&format!("SELECT count(*) FROM {}", kind.name)));
    }
    eprintln!("entries {}", d.number("SELECT count(*) FROM entry"));
}
