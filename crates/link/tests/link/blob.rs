use link::{Bad, Trouble};

use crate::world::{Node, dial, listen, relay_to, status, until};

fn noise(len: usize) -> Vec<u8> {
    let mut out = vec![0; len];
    blake3::Hasher::new().update(b"noise").finalize_xof().fill(&mut out);
    out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blob_goes_on_after_a_cut_and_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let hub = Node::hub(dir.path(), &[1]);
    let school = Node::open(dir.path(), 1);
    let bytes = noise(5_000_000);
    let hash = school.put_blob(&bytes);
    let (hub_link, address) = listen(&hub);
    let lossy =
        Bad { bits_per_second: Some(30_000_000), delay_ms: 5, jitter_ms: 2, loss_permille: 5, ..Bad::default() };
    let relay = relay_to(address, lossy).await;
    let link = dial(&school, relay.address());
    let half = || status(&hub_link, 1).waiting_blob_bytes;
    until("the fact", 20, || hub.entries() == 2).await;
    until("half of it", 60, || hub_link.status().first().is_some_and(|s| s.waiting_blobs == 1) && half() < 2_500_000)
        .await;
    relay.set(Bad { cut: true, ..lossy });
    link.nudge();
    until("the school to see the cut", 10, || !status(&link, 0).connected).await;
    assert!(!hub.blobs.has(&hash));
    relay.set(lossy);
    link.nudge();
    until("the rest", 60, || hub.blobs.has(&hash)).await;
    assert!(hub.blobs.verify(&hash).unwrap());
    let up = relay.counters().up;
    assert!(up.bytes < 6_000_000, "{} bytes for 5,000,000", up.bytes);
    until("the numbers", 10, || status(&hub_link, 1).waiting_blobs == 0).await;
    println!("5,000,000 bytes over a lossy link with a cut: {up:?}");
    link.shutdown().await;
    hub_link.shutdown().await;
}

/// The second school gets from the hub what the first one brought.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blob_goes_from_school_to_school() {
    let dir = tempfile::tempdir().unwrap();
    let hub = Node::hub(dir.path(), &[1, 2]);
    let (one, two) = (Node::open(dir.path(), 1), Node::open(dir.path(), 2));
    let (hub_link, address) = listen(&hub);
    let (link_1, link_2) = (dial(&one, address), dial(&two, address));
    until("both connected", 10, || one.entries() == 2 && two.entries() == 2).await;
    let hashes = [one.put_blob(&noise(300_000)), one.put_blob(b"small"), two.put_blob(b"other")];
    let all = |node: &Node| hashes.iter().all(|hash| node.blobs.has(hash));
    until("every blob everywhere", 30, || all(&one) && all(&two) && all(&hub)).await;
    link_1.shutdown().await;
    link_2.shutdown().await;
    hub_link.shutdown().await;
}

/// A peer whose disk has spoilt a blob cannot spoil ours.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_bytes_by_the_name_of_a_blob_are_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let hub = Node::hub(dir.path(), &[1]);
    let school = Node::open(dir.path(), 1);
    let hash = school.put_blob(b"right bytes");
    let name = hash.to_string();
    std::fs::write(dir.path().join("1.blobs").join(&name[..2]).join(&name[2..]), b"wrong bytes").unwrap();
    let good = school.put_blob(b"a good one");
    let (hub_link, address) = listen(&hub);
    let link = dial(&school, address);
    until("the good one", 10, || hub.blobs.has(&good)).await;
    assert!(!hub.blobs.has(&hash));
    assert_ne!(status(&link, 0).last_error, Some(Trouble::Protocol));
    link.shutdown().await;
    hub_link.shutdown().await;
}
