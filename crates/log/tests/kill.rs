//! kill −9 in a loop: a child writes and acknowledges on its standard output; what it acknowledged is there.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use base::{Env, Scope, Subject};
use log::{Context, Draft, LogError, NodeKey, Projector, Store};
use rusqlite::Connection;

struct Nothing;
impl Projector for Nothing {
    fn shape(&self) -> String {
        String::new()
    }
    fn create(&self, _: &Connection) -> Result<(), LogError> {
        Ok(())
    }
    fn clear(&self, _: &Connection) -> Result<(), LogError> {
        Ok(())
    }
    fn fold(&self, _: &Connection, _: &BTreeSet<Subject>) -> Result<(), LogError> {
        Ok(())
    }
    fn rebuild(&self, _: &Connection) -> Result<(), LogError> {
        Ok(())
    }
}

const SCOPE: Scope = Scope::Programme([1; 16]);

fn open(path: &std::path::Path) -> Store {
    Store::open(path, NodeKey::from_seed([3; 32]).unwrap(), Env::system(), Box::new(Nothing)).unwrap()
}

/// Not a test of its own: what the child of the test below does.
#[test]
fn child_writes_until_killed() {
    let Some(path) = std::env::var_os("ZAMPA_LOG_CHILD") else { return };
    let store = open(path.as_ref());
    loop {
        let seq = store
            .write(Context::NODE, |tx| {
                let subject = tx.subject(&SCOPE);
                let payload = vec![0x61; 300];
                tx.append(&Draft { scope: SCOPE, subject, kind: "k".into(), payload, base: None })
            })
            .unwrap();
        writeln!(std::io::stdout(), "ack {seq}").unwrap();
    }
}

#[test]
fn nothing_acknowledged_is_lost_by_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    let mut acknowledged = 0;
    for round in 0_u64..15 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_writes_until_killed", "--nocapture"])
            .env("ZAMPA_LOG_CHILD", &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let stop_after = 3 + round * 5;
        let mut heard = 0;
        while heard < stop_after {
            let line = lines.next().unwrap().unwrap();
            if let Some(seq) = line.strip_prefix("ack ") {
                acknowledged = seq.parse::<u64>().unwrap();
                heard += 1;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What was acknowledged between the last line heard and the kill counts too.
        for line in lines.map_while(Result::ok) {
            if let Some(seq) = line.strip_prefix("ack ").and_then(|s| s.parse().ok()) {
                acknowledged = seq;
            }
        }
        let store = open(&path);
        let head = store.read(|c| log::vector(c, &|_| true)).unwrap().into_values().next().unwrap();
        assert!(head.seq >= acknowledged, "round {round}: {} < {acknowledged}", head.seq);
        let whole: String =
            store.read(|c| Ok::<_, LogError>(c.query_row("PRAGMA integrity_check", [], |r| r.get(0))?)).unwrap();
        assert_eq!(whole, "ok");
    }
    assert!(acknowledged > 500);
}
