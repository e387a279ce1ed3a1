use base::Scope;
use link::{Host, Link};

use crate::world::{Node, PROGRAMME, code_for, dial, key, listen, school_of, status, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_nodes_come_to_the_same_both_ways_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let hub = Node::hub(dir.path(), &[1, 2]);
    let (one, two) = (Node::open(dir.path(), 1), Node::open(dir.path(), 2));
    let (school_1, school_2) = (Scope::School(school_of(1)), Scope::School(school_of(2)));
    hub.letters(PROGRAMME, 1000);
    hub.letters(school_2, 30);
    one.letters(PROGRAMME, 700);
    one.letters(school_1, 40);
    one.letters(Scope::Private(school_of(1)), 50);
    two.letters(PROGRAMME, 300);
    let (hub_link, address) = listen(&hub);
    let (link_1, link_2) = (dial(&one, address), dial(&two, address));
    let same = || {
        let rows = hub.rows(PROGRAMME);
        rows.len() == 2002 && rows == one.rows(PROGRAMME) && rows == two.rows(PROGRAMME)
    };
    until("the programme", 30, same).await;
    until("the schools", 10, || hub.rows(school_1) == one.rows(school_1) && hub.rows(school_2) == two.rows(school_2))
        .await;
    assert!(!hub.scopes().contains(&Scope::Private(school_of(1))));
    assert!(!one.scopes().contains(&school_2) && !two.scopes().contains(&school_1));

    // What is written while connected goes out at once, in any direction.
    one.letters(PROGRAMME, 3);
    two.letters(PROGRAMME, 4);
    hub.letters(school_1, 5);
    until("what was written meanwhile", 10, || {
        let rows = hub.rows(PROGRAMME);
        rows.len() == 2009
            && rows == one.rows(PROGRAMME)
            && rows == two.rows(PROGRAMME)
            && hub.rows(school_1) == one.rows(school_1)
    })
    .await;
    let is_settled = |link: &Link, n| {
        let s = status(link, n);
        s.connected && s.waiting_entries == Some(0) && s.coming_entries == 0 && s.last_error.is_none()
    };
    until("settled numbers", 10, || {
        is_settled(&hub_link, 1) && is_settled(&hub_link, 2) && is_settled(&link_1, 0) && is_settled(&link_2, 0)
    })
    .await;
    let s = status(&link_1, 0);
    assert_eq!((s.sent_entries, s.repeated_entries), (743, 0));
    assert_eq!(s.received_entries, 1002 + 304 + 5);
    link_1.shutdown().await;
    until("the hub to see it leave", 10, || !status(&hub_link, 1).connected).await;

    // What waits for a node that is away is known.
    hub.letters(PROGRAMME, 6);
    until("the count", 10, || status(&hub_link, 1).waiting_entries == Some(6)).await;
    link_2.shutdown().await;
    hub_link.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_joins_and_then_replicates() {
    let dir = tempfile::tempdir().unwrap();
    let hub = Node::hub(dir.path(), &[]);
    hub.letters(PROGRAMME, 10);
    let (hub_link, address) = listen(&hub);
    let code = code_for(&hub, address, [9; 16]).to_string().parse().unwrap();
    let grant = Link::join(&key(1), &code, "School 1").await.unwrap();
    assert_eq!((grant.hub_key.as_slice(), grant.extra.as_slice()), (key(0).public(), &b"welcome"[..]));
    let school = Node::open(dir.path(), 1);
    school.letters(PROGRAMME, 10);
    let link = dial(&school, address);
    until("the same", 10, || hub.entries() == 21 && hub.rows(PROGRAMME) == school.rows(PROGRAMME)).await;
    assert_eq!(status(&link, 0).last_error, None);
    link.shutdown().await;
    hub_link.shutdown().await;
}

/// A chain whose node is not known yet is refused, and goes through when its enrolment has come.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_waits_for_its_enrolment() {
    let dir = tempfile::tempdir().unwrap();
    // Chains of one scope go in the order of their nodes: the stranger's must go before the school's own.
    let school_n = (1..9).max_by_key(|n| key(*n).id()).unwrap();
    let stranger_n = (1..9).min_by_key(|n| key(*n).id()).unwrap();
    let hub = Node::hub(dir.path(), &[school_n]);
    let (school, stranger) = (Node::open(dir.path(), school_n), Node::open(dir.path(), stranger_n));
    stranger.letters(PROGRAMME, 5);
    stranger.store.sign().unwrap();
    let id = key(stranger_n).id();
    school.enrol_key(key(stranger_n).public(), "joined");
    let segment = stranger.store.read(|conn| log::since(conn, &PROGRAMME, id, 0)).unwrap().unwrap();
    log::receive(&school.store, school.authority(), &segment).unwrap();

    let (hub_link, address) = listen(&hub);
    let link = dial(&school, address);
    until("both chains", 20, || hub.entries() == 7 && school.entries() == 7).await;
    until("the acknowledgement", 10, || status(&link, 0).waiting_entries == Some(0)).await;
    assert_eq!(status(&link, 0).sent_entries, 6);
    link.shutdown().await;
    hub_link.shutdown().await;
}
