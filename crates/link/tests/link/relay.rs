use std::time::Duration;

use base::Env;
use link::{Bad, Relay};
use tokio::net::UdpSocket;
use tokio::time::Instant;

use crate::world::{relay_by, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_passes_counts_loses_and_cuts() {
    let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let target = server.local_addr().unwrap();
    let relay = Relay::start("127.0.0.1:0".parse().unwrap(), target, Env::system(), Bad::default()).await.unwrap();
    let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    client.connect(relay.address()).await.unwrap();
    let mut buffer = [0; 2000];
    client.send(b"there").await.unwrap();
    let (len, from) = server.recv_from(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..len], b"there");
    server.send_to(b"and back", from).await.unwrap();
    let len = client.recv(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..len], b"and back");
    let counters = relay.counters();
    assert_eq!((counters.up.bytes, counters.down.bytes, counters.bytes()), (5, 8, 13));

    let send = async |count: u64| {
        let before = relay.counters().up;
        for n in 0..count {
            client.send(&[7; 1000]).await.unwrap();
            until("the datagram", 5, || relay.counters().up.packets > before.packets + n).await;
        }
        relay.counters().up.dropped - before.dropped
    };
    relay.set(Bad { cut: true, ..Bad::default() });
    assert_eq!(send(20).await, 20);
    relay.set(Bad { loss_permille: 500, ..Bad::default() });
    let lost = send(200).await;
    assert!((50..150).contains(&lost), "{lost} of 200 lost at one half");
    // At a bit per second the queue fills: 131 datagrams of 1000 bytes wait, the others are dropped.
    relay.set(Bad { bits_per_second: Some(1), ..Bad::default() });
    assert_eq!(send(140).await, 9);
    assert_eq!(relay.settings().bits_per_second, Some(1));
}

/// A relay, and who sends through it: how many of 1000-byte datagrams arrive of those that are sent at a pace.
struct Line {
    relay: Relay,
    client: UdpSocket,
    server: UdpSocket,
}

impl Line {
    async fn new(bad: Bad) -> Self {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let target = server.local_addr().unwrap();
        let relay = Relay::start("127.0.0.1:0".parse().unwrap(), target, Env::system(), bad).await.unwrap();
        let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        client.connect(relay.address()).await.unwrap();
        Self { relay, client, server }
    }

    async fn send(&self, bytes: usize) -> link::Way {
        let before = self.relay.counters().up;
        self.client.send(&vec![7; bytes]).await.unwrap();
        until("the datagram", 5, || self.relay.counters().up.packets > before.packets).await;
        self.relay.counters().up
    }

    /// Whether one that is sent now arrives.
    async fn arrives(&self) -> bool {
        let before = self.relay.counters().up.cut;
        self.client.send(b"now").await.unwrap();
        let mut buffer = [0; 100];
        tokio::select! {
            arrived = self.server.recv(&mut buffer) => arrived.is_ok(),
            () = until("it to be cut", 30, || self.relay.counters().up.cut > before) => false,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_holds_what_it_is_told_to() {
    let line = Line::new(Bad { bits_per_second: Some(1), queue_bytes: Some(5000), ..Bad::default() }).await;
    for _ in 0..12 {
        line.send(1000).await;
    }
    let way = line.relay.counters().up;
    assert_eq!((way.packets, way.dropped, way.overflowed, way.lost, way.cut), (12, 7, 7, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn losses_come_in_bursts_of_the_measure_that_was_set() {
    const SENT: u32 = 1500;
    let line = Line::new(Bad { loss_permille: 300, burst_ms: 100, ..Bad::default() }).await;
    let (mut runs, mut was_lost, mut lost) = (0u32, false, 0);
    for _ in 0..SENT {
        let now = line.send(10).await.lost;
        let is_lost = now > lost;
        runs += u32::from(is_lost && !was_lost);
        (was_lost, lost) = (is_lost, now);
        tokio::time::sleep(Duration::from_millis(4)).await;
    }
    let lost = u32::try_from(lost).unwrap();
    assert!((SENT / 6..SENT / 2).contains(&lost), "{lost} of {SENT} lost at 30 %");
    // By ones, 30 % of 1500 would be some 315 runs of 1.4; a burst of 20 to 100 ms takes several.
    assert!(runs * 2 < lost, "{lost} lost in {runs} runs");
    assert_eq!(line.relay.counters().up.dropped, u64::from(lost));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cuts_come_and_go_by_a_schedule() {
    let line = Line::new(Bad::default()).await;
    assert!(line.arrives().await, "it is whole before any schedule");
    // What arrives and what is cut tell when the cut comes and goes; a slow machine only sees it later.
    line.relay.schedule(&[
        (Duration::from_millis(300), Duration::from_secs(2)),
        (Duration::from_hours(1), Duration::from_hours(1)),
    ]);
    let mut arrived = Vec::new();
    while arrived.last() != Some(&true) || arrived.iter().all(|a| *a) {
        arrived.push(line.arrives().await);
        assert!(arrived.len() < 1000, "no cut came and went");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    line.relay.schedule(&[(Duration::ZERO, Duration::from_hours(1))]);
    assert!(!line.arrives().await && !line.arrives().await, "a new schedule is in place of the one before");
    assert_eq!(line.relay.settings(), Bad::default());
    let way = line.relay.counters().up;
    assert_eq!(way.cut, way.dropped, "nothing is lost but by cuts");
    assert!(way.cut >= 3);
}

/// A delay that varies by more than the gap between datagrams changes their order, and never exceeds its measure.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delay_varies_within_its_measure() {
    const SENT: u8 = 200;
    let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let varies = Bad { delay_ms: 50, jitter_ms: 60, ..Bad::default() };
    let relay = relay_by(1, server.local_addr().unwrap(), varies).await;
    let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    client.connect(relay.address()).await.unwrap();
    let mut sent = Vec::new();
    let mut came = Vec::new();
    let mut buffer = [0; 10];
    let mut beat = tokio::time::interval(Duration::from_millis(5));
    while came.len() < usize::from(SENT) {
        tokio::select! {
            _ = beat.tick(), if sent.len() < usize::from(SENT) => {
                client.send(&[u8::try_from(sent.len()).unwrap()]).await.unwrap();
                sent.push(Instant::now());
            }
            arrived = server.recv(&mut buffer) => {
                arrived.unwrap();
                came.push((buffer[0], sent[usize::from(buffer[0])].elapsed()));
            }
        }
    }
    let took: Vec<u128> = came.iter().map(|(_, took)| took.as_millis()).collect();
    assert!(took.iter().all(|ms| *ms >= 50), "{took:?}");
    let (short, long) = (took.iter().filter(|ms| **ms < 70).count(), took.iter().filter(|ms| **ms >= 90).count());
    assert!(short > 40 && long > 40, "a third each is expected: {short} are short, {long} are long");
    let overtaken = came.windows(2).filter(|pair| pair[0].0 > pair[1].0).count();
    assert!(overtaken > 20, "{overtaken} were overtaken");
    assert_eq!(relay.counters().up.dropped, 0);
}
