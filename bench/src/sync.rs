//! What the link sends: bytes at the socket, counted by a relay between two nodes that copies and harms nothing.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use base::{Env, Hash, NodeId, Scope, Subject};
use blobs::Blobs;
use link::{Bad, Grant, Host, Link, Named, Refusal, Relay, Settings};
use log::{Authority, Context, Draft, LogError, NodeKey, Projector, Store};
use records::{Change, Value};
use rusqlite::Connection;

use crate::tell;

const SCOPE: Scope = Scope::Programme([9; 16]);

/// Records are sent, not shown: nothing is projected, so that what is measured is the link.
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

struct Both {
    keys: Vec<Vec<u8>>,
    hub: NodeId,
}

impl Authority for Both {
    fn key_of(&self, _: &Connection, node: NodeId) -> Option<Vec<u8>> {
        self.keys.iter().find(|k| NodeId::of_key(k) == node).cloned()
    }
    fn may_write(&self, _: &Connection, _: NodeId, _: &Scope) -> bool {
        true
    }
    fn hub(&self, _: &Connection) -> Option<NodeId> {
        Some(self.hub)
    }
}

struct Peer {
    store: Store,
    blobs: Blobs,
    both: Both,
}

impl Host for Peer {
    fn store(&self) -> &Store {
        &self.store
    }
    fn blobs(&self) -> &Blobs {
        &self.blobs
    }
    fn authority(&self) -> &dyn Authority {
        &self.both
    }
    fn is_member(&self, _: &Connection, peer: NodeId) -> bool {
        self.both.keys.iter().any(|k| NodeId::of_key(k) == peer)
    }
    fn may_hold(&self, _: &Connection, _: NodeId, _: &Scope) -> bool {
        true
    }
    fn wanted_blobs(&self, _: &Connection) -> Vec<(Hash, u64)> {
        Vec::new()
    }
    fn may_fetch(&self, _: &Connection, _: NodeId, _: &Hash) -> bool {
        false
    }
    fn named_blobs(&self, _: &Connection) -> Vec<Named> {
        Vec::new()
    }
    fn remembered(&self, _: NodeId) -> Option<Vec<u8>> {
        None
    }
    fn remember(&self, _: NodeId, _: &[u8]) {}
    fn enrol(&self, _: &[u8; 16], _: &[u8], _: &str) -> Result<Grant, Refusal> {
        Err(Refusal::Unavailable)
    }
}

/// A visit's record of about 720 bytes: names, dates, links, and some sentences that are not all alike.
fn record(n: u64, env: &Env, people: &[Subject]) -> Result<Vec<u8>> {
    const PARTS: [&str; 12] = [
        "课堂提问可以再少一些,把时间留给学生讨论。",
        "多用实物,少用课件。",
        "Board work was clear; the last exercise came too late.",
        "分数的引入从分青稞饼开始,学生很快明白。",
        "作业分层布置,基础题先完成。",
        "Pair the two youngest groups for reading aloud.",
        "实验前先让学生预测结果,再动手。",
        "低年级识字结合生活物品。",
        "下次带一套地图和放大镜。",
        "请把错题整理成一页,下周一起看。",
        "Slow down at the long division; half the class was lost.",
        "音乐课用当地的歌导入,效果很好。",
    ];
    let chance = env.bytes::<20>();
    let pick = |i: usize| usize::from(chance.get(i).copied().unwrap_or(0));
    let mut change = Change::new()
        .with_text("purpose", format!("第{}次送教", n % 400))
        .with_text("starts_on", format!("20{:02}-{:02}-{:02}", 16 + n % 10, 1 + n % 12, 1 + n % 28))
        .with_text("ends_on", format!("20{:02}-{:02}-{:02}", 16 + n % 10, 1 + n % 12, 1 + n % 28))
        .with("lessons", Value::Int(i64::try_from(n % 9)?))
        .with_text("state", "held");
    for i in 0..2 {
        let person = people.get(pick(i) % people.len()).copied().unwrap_or_default();
        change = change.with_added("visitors", Value::link(&person));
    }
    let text: Vec<&str> = (2..16).filter_map(|i| PARTS.get(pick(i) % PARTS.len()).copied()).collect();
    let (advice, follow) = text.split_at(8);
    Ok(change.with_text("advice", advice.join("")).with_text("follow_up", follow.join("")).encode()?)
}

fn write(store: &Store, count: u64, env: &Env) -> Result<usize> {
    let people: Vec<Subject> = (0..200).map(|n| Subject::new(&SCOPE, 1_700_000_000_000, n)).collect();
    let mut bytes = 0;
    let mut left = count;
    while left > 0 {
        let batch = left.min(2000);
        store.write(Context::NODE, |tx| {
            for n in 0..batch {
                let payload = record(left - n, env, &people).map_err(|e| LogError::Projection(e.to_string()))?;
                bytes += payload.len();
                let subject = tx.subject(&SCOPE);
                tx.append(&Draft { scope: SCOPE, subject, kind: "visit".to_owned(), payload, base: None })?;
            }
            Ok::<_, LogError>(())
        })?;
        left -= batch;
    }
    Ok(bytes)
}

async fn until(what: &str, mut so: impl FnMut() -> bool) -> Result<()> {
    for _ in 0..3000 {
        if so() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bail!("waited in vain for {what}")
}

/// Measures first sync, a class-day, nothing new, a redial.
pub fn run() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(measure())
}

fn digest(store: &Store) -> Result<Hash, LogError> {
    store.read(|c| Ok(log::digest(&log::vector(c, &|_| true)?)))
}

async fn measure() -> Result<()> {
    let env = Env::system();
    let dir = tempfile::tempdir()?;
    let keys = [NodeKey::from_seed([1; 32])?, NodeKey::from_seed([2; 32])?];
    let public: Vec<Vec<u8>> = keys.iter().map(|k| k.public().to_vec()).collect();
    let hub_id = keys.first().map_or_else(NodeId::default, NodeKey::id);
    let mut peers = Vec::new();
    for (n, key) in keys.into_iter().enumerate() {
        let at = dir.path().join(n.to_string());
        std::fs::create_dir_all(&at)?;
        let store = Store::open(&at.join("log.db"), key, env.clone(), Box::new(Nothing))?;
        let both = Both { keys: public.clone(), hub: hub_id };
        peers.push(Arc::new(Peer { store, blobs: Blobs::open(&at.join("blobs"))?, both }));
    }
    let (Some(hub), Some(school)) = (peers.first().cloned(), peers.get(1).cloned()) else { bail!("two peers") };
    let raw = write(&school.store, 44_000, &env)?;
    tell("records of the first sync, mean payload", raw as f64 / 44_000.0, "B", "about 720", true, None);

    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listening = Link::new(Arc::clone(&hub) as Arc<dyn Host>, Settings::default());
    let address = listening.listen(UdpSocket::bind(any)?)?;
    let relay = Relay::start(any, address, env.clone(), Bad::default()).await?;
    let dialling = Link::new(Arc::clone(&school) as Arc<dyn Host>, Settings::default());
    let began = env.clock.steady_ms();
    dialling.dial(&relay.address().to_string(), hub_id)?;
    let same = || matches!((digest(&hub.store), digest(&school.store)), (Ok(a), Ok(b)) if a == b);
    until("the first sync", same).await?;
    let seconds = (env.clock.steady_ms() - began) as f64 / 1000.0;
    let mb = relay.counters().bytes() as f64 / 1e6;
    tell("first sync of 44,000 records", mb, "MB", "<= 5", mb <= 5.0, Some("64.6"));
    tell("first sync, on one machine", seconds, "s", "-", true, None);
    let peak = std::fs::read_to_string("/proc/self/status")?
        .lines()
        .find_map(|l| l.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse::<f64>().ok())
        .unwrap_or(0.0);
    let mb = peak / 1024.0 / 2.0;
    tell(
        "memory a side in the first sync (peak of a process with both, halved)",
        mb,
        "MB",
        "<= 64",
        mb <= 64.0,
        Some("292"),
    );

    settle().await;
    let before = relay.counters().bytes();
    write(&school.store, 500, &env)?;
    until("a class-day", same).await?;
    settle().await;
    let kb = (relay.counters().bytes() - before) as f64 / 1000.0;
    tell("a class-day of 500 records of that size", kb, "KB", "<= 40", kb <= 40.0, Some("102–653"));

    let before = relay.counters().bytes();
    dialling.nudge();
    settle().await;
    let kb = (relay.counters().bytes() - before) as f64 / 1000.0;
    tell("nothing new on a warm connection", kb, "KB", "<= 2", kb <= 2.0, Some("45"));

    dialling.shutdown().await;
    let before = relay.counters().bytes();
    let again = Link::new(Arc::clone(&school) as Arc<dyn Host>, Settings::default());
    again.dial(&relay.address().to_string(), hub_id)?;
    until("a redial", || again.status().iter().any(|p| p.agreed_ms.is_some())).await?;
    settle().await;
    let kb = (relay.counters().bytes() - before) as f64 / 1000.0;
    tell("a redial with nothing new", kb, "KB", "<= 12", kb <= 12.0, None);
    again.shutdown().await;
    listening.shutdown().await;
    Ok(())
}

/// Long enough for what is still on its way: acknowledgements, a last look whether both have the same.
async fn settle() {
    tokio::time::sleep(Duration::from_secs(2)).await;
}
