use std::time::Duration;

use link::{Bad, Link};
use tokio::runtime::Handle;

use crate::world::{Node, PROGRAMME, dial, key, listen, quick, quiet, relay_to, status, until};

/// About a page of words, unlike any other, so that it takes its time on a slow link.
fn page(n: u64) -> Vec<u8> {
    let mut out = vec![0; 300];
    blake3::Hasher::new().update(&n.to_be_bytes()).finalize_xof().fill(&mut out);
    out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_in_the_middle_costs_nothing_that_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let hub = Node::hub(dir.path(), &[1]);
    let school = Node::open(dir.path(), 1);
    // Twelve chains' worth of heads, of which each segment takes a few.
    school.put_many(PROGRAMME, (0..30_000).map(page));
    let (hub_link, address) = listen(&hub);
    let slow = Bad { bits_per_second: Some(40_000_000), delay_ms: 5, ..Bad::default() };
    let relay = relay_to(address, slow).await;
    let link = dial(&school, relay.address());
    until("a third", 60, || hub.entries() > 10_000).await;
    relay.set(Bad { cut: true, ..slow });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = status(&hub_link, 1).received_entries;
    assert!(before < 30_000);
    link.nudge();
    until("the school to see the cut", 10, || !status(&link, 0).connected).await;
    relay.set(slow);
    link.nudge();
    until("the connection", 10, || status(&link, 0).connected).await;
    until("the rest", 60, || hub.rows(PROGRAMME) == school.rows(PROGRAMME)).await;
    until("the acknowledgement", 10, || status(&link, 0).waiting_entries == Some(0)).await;
    let (sent, taken) = (status(&link, 0), status(&hub_link, 1));
    assert_eq!((taken.received_entries, taken.repeated_entries), (30_000, 0));
    assert!(sent.sent_entries <= 30_000, "{}", sent.sent_entries);
    link.shutdown().await;
    hub_link.shutdown().await;
}

/// A short cut does not even end the connection; a nudge after a longer one brings it back at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nudge_brings_the_connection_back() {
    let dir = tempfile::tempdir().unwrap();
    let hub = Node::hub(dir.path(), &[1]);
    let school = Node::open(dir.path(), 1);
    let (hub_link, address) = listen(&hub);
    let relay = relay_to(address, Bad { delay_ms: 20, ..Bad::default() }).await;
    let link = dial(&school, relay.address());
    until("the connection", 10, || school.entries() == 1).await;
    let since = status(&link, 0).since_ms;
    relay.set(Bad { cut: true, ..Bad::default() });
    school.letters(PROGRAMME, 10);
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(status(&link, 0).waiting_entries, Some(10));
    relay.set(Bad { delay_ms: 20, ..Bad::default() });
    link.nudge();
    until("what waited", 3, || hub.entries() == 11).await;
    until("agreement", 3, || status(&link, 0).agreed_ms > since).await;
    link.shutdown().await;
    hub_link.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_aborted_syncs_leave_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let hub = Node::hub(dir.path(), &[1]);
    let school = Node::open(dir.path(), 1);
    let (hub_link, address) = listen(&hub);
    let relay = relay_to(address, Bad { delay_ms: 2, ..Bad::default() }).await;
    let redial = async |label: &str| {
        quiet(&relay).await;
        let before = relay.counters();
        let link = Link::new(school.clone(), quick());
        link.dial(&relay.address().to_string(), key(0).id()).unwrap();
        until(label, 20, || hub.rows(PROGRAMME) == school.rows(PROGRAMME)).await;
        until(label, 20, || status(&link, 0).waiting_entries == Some(0)).await;
        quiet(&relay).await;
        let bytes = relay.counters().bytes() - before.bytes();
        let repeated = status(&link, 0).repeated_entries;
        link.shutdown().await;
        (bytes, repeated)
    };
    redial("the first").await;
    let (usual, _) = redial("an ordinary one").await;
    let tasks = Handle::current().metrics().num_alive_tasks();

    for n in 0..200_u64 {
        school.put_many(PROGRAMME, std::iter::once(page(n)));
        let link = dial(&school, relay.address());
        // Cut at another moment each time, some before the handshake is through, some after all is sent.
        tokio::time::sleep(Duration::from_millis(n % 25)).await;
        if n % 2 == 0 {
            relay.set(Bad { cut: true, ..Bad::default() });
        }
        drop(link);
        tokio::time::sleep(Duration::from_millis(2)).await;
        relay.set(Bad { delay_ms: 2, ..Bad::default() });
    }
    redial("the last").await;
    assert_eq!(hub.entries(), 201);
    // What half-open connections still ask for goes over the relay too. They end with their time limits; the relay keeps
    // one task for each address.
    until("half-open connections to end", 90, || Handle::current().metrics().num_alive_tasks() <= tasks + 210).await;
    let (after, repeated) = redial("nothing new").await;
    assert_eq!(repeated, 0);
    assert!(after < usual * 3 / 2, "{after} bytes; {usual} before");
    drop(relay);
    until("tasks to end", 90, || Handle::current().metrics().num_alive_tasks() <= tasks).await;
    hub_link.shutdown().await;
}

/// A hub that was killed, so that it could tell nobody, says so to the first that asks it for what it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_that_was_started_anew_is_found_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let hub = Node::hub(dir.path(), &[1]);
    let school = Node::open(dir.path(), 1);
    let (hub_link, address) = listen(&hub);
    let relay = relay_to(address, Bad { delay_ms: 20, ..Bad::default() }).await;
    let link = dial(&school, relay.address());
    until("the connection", 10, || school.entries() == 1).await;
    // Its farewell is lost: for the school all is silent, as after a power cut.
    relay.set(Bad { cut: true, ..Bad::default() });
    hub_link.shutdown().await;
    let anew = Link::new(hub.clone(), quick());
    // The socket is free when the last has been told, or has not been reached for a while.
    let mut socket = None;
    until("the socket", 10, || {
        socket = std::net::UdpSocket::bind(address).ok();
        socket.is_some()
    })
    .await;
    anew.listen(socket.unwrap()).unwrap();
    let since = status(&link, 0).since_ms;
    relay.set(Bad { delay_ms: 20, ..Bad::default() });
    school.letters(PROGRAMME, 10);
    // Without that answer it would take the silence of half a minute.
    until("the letters", 10, || hub.entries() == 11).await;
    assert!(status(&link, 0).since_ms > since);
    link.shutdown().await;
    anew.shutdown().await;
}
