use std::path::Path;

use base::NodeId;
use link::{JoinCode, Link, LinkError, Refusal, Trouble};

use crate::world::{Node, PROGRAMME, code_for, dial, find, key, listen, quick, status, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_node_gives_and_gets_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let hub = Node::hub(dir.path(), &[1]);
    let (hub_link, address) = listen(&hub);
    let stranger = Node::open(dir.path(), 5);
    stranger.letters(PROGRAMME, 3);
    let link = dial(&stranger, address);
    until("the refusal", 10, || find(&link, 0).is_some_and(|s| s.last_error == Some(Trouble::NotMember))).await;
    assert_eq!((hub.entries(), stranger.entries()), (1, 3));
    assert!(hub_link.status().is_empty());
    link.shutdown().await;
    hub_link.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_admits_one_node_once() {
    let dir = tempfile::tempdir().unwrap();
    let hub = Node::hub(dir.path(), &[]);
    let (hub_link, address) = listen(&hub);
    let code = code_for(&hub, address, [9; 16]);
    Link::join(&key(1), &code, "School 1").await.unwrap();
    let again = Link::join(&key(2), &code, "School 2").await;
    assert!(matches!(again, Err(LinkError::Refused(Refusal::Used))), "{again:?}");
    let guessed = JoinCode { secret: [8; 16], ..code.clone() };
    let guessed = Link::join(&key(2), &guessed, "School 2").await;
    assert!(matches!(guessed, Err(LinkError::Refused(Refusal::Unknown))), "{guessed:?}");
    assert_eq!(hub.entries(), 1);

    // Another than the hub answers: it must not even see the secret.
    let fresh = code_for(&hub, address, [7; 16]);
    let elsewhere = JoinCode { hub: NodeId([3; 16]), ..fresh };
    let refused = Link::join(&key(2), &elsewhere, "School 2").await;
    assert!(matches!(refused, Err(LinkError::Trouble(Trouble::WrongKey))), "{refused:?}");
    assert_eq!(hub.codes.lock().unwrap()[&[7; 16]], None);
    hub_link.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_with_another_key_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let impostor = Node::open(dir.path(), 4);
    impostor.enrol_key(key(1).public(), "joined");
    let (impostor_link, address) = listen(&impostor);
    let school = Node::open(dir.path(), 1);
    school.letters(PROGRAMME, 3);
    let link = dial(&school, address);
    until("the refusal", 10, || find(&link, 0).is_some_and(|s| s.last_error == Some(Trouble::WrongKey))).await;
    assert_eq!(impostor.entries(), 1);
    link.shutdown().await;
    impostor_link.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_node_is_out_at_once_and_stays_out() {
    let dir = tempfile::tempdir().unwrap();
    let hub = Node::hub(dir.path(), &[1]);
    let (hub_link, address) = listen(&hub);
    let school = Node::open(dir.path(), 1);
    let link = dial(&school, address);
    until("the connection", 10, || school.entries() == 1).await;
    hub.enrol_key(key(1).public(), "revoked");
    until("the end", 10, || status(&link, 0).last_error == Some(Trouble::NotMember)).await;
    school.letters(PROGRAMME, 3);
    hub.letters(PROGRAMME, 4);
    link.nudge();
    until("another attempt", 10, || {
        let s = status(&link, 0);
        !s.connected && s.last_error == Some(Trouble::NotMember)
    })
    .await;
    assert_eq!(hub.entries(), 6);
    link.shutdown().await;
    hub_link.shutdown().await;
}

fn copy_database(from: &Path, to: &Path, n: u8) {
    for end in ["", "-wal"] {
        let name = format!("{n}.db{end}");
        if from.join(&name).exists() {
            std::fs::copy(from.join(&name), to.join(&name)).unwrap();
        }
    }
}

/// A school's box is restored from a backup and goes on writing: its numbers are taken already.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_with_two_histories_is_refused() {
    let [dir, backup, unused] = [0; 3].map(|_| tempfile::tempdir().unwrap());
    let hub = Node::hub(dir.path(), &[1]);
    let (hub_link, address) = listen(&hub);
    let school = Node::open(dir.path(), 1);
    school.letters(PROGRAMME, 5);
    school.store.tidy().unwrap();
    copy_database(dir.path(), backup.path(), 1);
    copy_database(dir.path(), unused.path(), 1);
    school.letters(PROGRAMME, 5);
    let link = dial(&school, address);
    until("all ten", 10, || hub.rows(PROGRAMME).len() == 11 && status(&link, 0).waiting_entries == Some(0)).await;
    link.shutdown().await;

    let restored = Node::open(backup.path(), 1);
    restored.letters(PROGRAMME, 2);
    let before = hub.rows(PROGRAMME);
    let link = dial(&restored, address);
    until("the refusal", 10, || find(&link, 0).is_some_and(|s| s.last_error == Some(Trouble::Fork))).await;
    assert_eq!(hub.rows(PROGRAMME), before);
    assert_eq!(restored.rows(PROGRAMME).len(), 7);
    link.shutdown().await;

    // One that has written nothing since gets its own entries back.
    let restored = Node::open(unused.path(), 1);
    let link = dial(&restored, address);
    until("its own entries", 10, || restored.rows(PROGRAMME) == before).await;
    link.shutdown().await;
    hub_link.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_none_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let school = Node::open(dir.path(), 1);
    let link = Link::new(school, quick());
    for address in ["", "hub", "hub:", ":4433", "hub:port", "two words:1"] {
        assert!(link.dial(address, key(0).id()).is_err(), "{address}");
    }
    link.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_parted_with_is_out_at_once_until_met_again() {
    let dir = tempfile::tempdir().unwrap();
    let hub = Node::hub(dir.path(), &[1]);
    let (hub_link, address) = listen(&hub);
    let school = Node::open(dir.path(), 1);
    let link = dial(&school, address);
    until("the connection", 10, || find(&link, 0).is_some_and(|s| s.connected)).await;
    // By who dials: it is dialled no more, and is in no list.
    link.part(key(0).id());
    until("the end", 10, || link.status().is_empty() && !status(&hub_link, 1).connected).await;
    hub.letters(PROGRAMME, 1);
    link.nudge();
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert!(!status(&hub_link, 1).connected);
    link.dial(&address.to_string(), key(0).id()).unwrap();
    until("what it missed", 10, || school.entries() == hub.entries()).await;
    // By who is dialled: the session ends, and the other is told, and not let in.
    hub_link.part(key(1).id());
    until("the other to be told", 10, || status(&link, 0).last_error == Some(Trouble::Parted)).await;
    hub.letters(PROGRAMME, 1);
    link.nudge();
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!((status(&link, 0).connected, school.entries() + 1), (false, hub.entries()));
    hub_link.admit(key(1).id());
    link.nudge();
    until("what it missed", 20, || school.entries() == hub.entries()).await;
    link.shutdown().await;
    hub_link.shutdown().await;
}
