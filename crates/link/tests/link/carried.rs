//! Two nodes that never meet: everything goes by bundles.

use std::sync::Arc;

use base::{Hash, Scope};
use link::{Carried, CarryError, Load, Why, carry_in, carry_out, weigh};
use log::{LogError, Store};
use proptest::prelude::*;

use crate::world::{Node, PROGRAMME, key, school_of};

const ROOM: u64 = 1 << 30;

fn bundle(from: &Node, to: u8) -> (Vec<u8>, Load) {
    let mut out = Vec::new();
    let load = carry_out(from, key(to).id(), ROOM, &mut out, &mut |_| ()).unwrap();
    (out, load)
}

fn take(at: &Node, bytes: &[u8]) -> Result<Carried, CarryError> {
    let mut from = bytes;
    carry_in(at, &mut from, &mut |_| ())
}

fn carry(from: &Node, to: &Node) -> (Load, Carried) {
    let (bytes, load) = bundle(from, to.n);
    (load, take(to, &bytes).unwrap())
}

fn has(store: &Store) -> log::Vector {
    store.read(|conn| log::vector(conn, &|_| true)).unwrap()
}

struct Pair {
    dir: tempfile::TempDir,
    hub: Arc<Node>,
    school: Arc<Node>,
}

/// A hub and school 1, which have never met, and a school 2 that is a member too.
fn pair() -> Pair {
    let dir = tempfile::tempdir().unwrap();
    Pair { hub: Node::hub(dir.path(), &[1, 2]), school: Node::open(dir.path(), 1), dir }
}

#[test]
fn two_nodes_become_equal_and_each_answer_holds_only_what_is_new() {
    let p = pair();
    p.hub.letters(PROGRAMME, 600);
    let film = p.hub.put_blob(&vec![7; 700_000]);
    let (load, taken) = carry(&p.hub, &p.school);
    assert_eq!((load.entries, load.blobs, load.known_ms), (603, 1, 0));
    assert_eq!((taken.new_entries, taken.new_blobs, taken.blob_bytes), (603, 1, 700_000));
    assert!(taken.is_all() && p.school.blobs.has(&film));

    p.school.letters(Scope::School(school_of(1)), 5);
    let photo = p.school.put_blob(b"a photo");
    let (load, taken) = carry(&p.school, &p.hub);
    assert_eq!((load.entries, load.blobs), (6, 1), "what the hub gave does not go back");
    assert_eq!((taken.new_entries, taken.new_blobs), (6, 1));
    assert!(p.hub.blobs.has(&photo));
    assert_eq!(has(&p.hub.store), has(&p.school.store));

    let (load, taken) = carry(&p.hub, &p.school);
    assert_eq!((load.entries, load.blobs), (0, 0));
    assert!(load.known_ms > 0 && taken.is_all());
    assert_eq!(has(&p.hub.store), has(&p.school.store));
}

#[test]
fn the_same_bundle_twice_changes_nothing() {
    let p = pair();
    p.hub.letters(PROGRAMME, 40);
    p.hub.put_blob(b"a film");
    let (bytes, _) = bundle(&p.hub, 1);
    assert_eq!(take(&p.school, &bytes).unwrap().new_entries, 43);
    let before = has(&p.school.store);
    let again = take(&p.school, &bytes).unwrap();
    assert_eq!((again.new_entries, again.known_entries, again.new_blobs, again.known_blobs), (0, 43, 0, 1));
    assert!(again.is_all());
    assert_eq!(has(&p.school.store), before);
}

#[test]
fn what_a_node_may_not_hold_is_in_no_bundle_to_it() {
    let p = pair();
    p.hub.letters(Scope::School(school_of(1)), 3);
    p.hub.letters(Scope::School(school_of(2)), 3);
    p.school.letters(Scope::Private(school_of(1)), 3);
    carry(&p.hub, &p.school);
    assert!(!p.school.scopes().contains(&Scope::School(school_of(2))));
    carry(&p.school, &p.hub);
    assert!(!p.hub.scopes().contains(&Scope::Private(school_of(1))));
}

#[test]
fn what_has_no_room_is_counted_and_comes_with_the_next() {
    let p = pair();
    p.hub.put_blob(&[1; 1000]);
    p.hub.put_blob(&[2; 3000]);
    let load = weigh(&*p.hub, key(1).id(), 3500).unwrap();
    assert_eq!((load.blobs + load.left_blobs, load.blob_bytes + load.left_bytes), (2, 4000));
    let mut bytes = Vec::new();
    let done = carry_out(&*p.hub, key(1).id(), 3500, &mut bytes, &mut |_| ()).unwrap();
    assert_eq!(done, load);
    let taken = take(&p.school, &bytes).unwrap();
    assert_eq!(taken.new_blobs, load.blobs);
    // The school says what it lacks, and only that comes.
    carry(&p.school, &p.hub);
    let (load, taken) = carry(&p.hub, &p.school);
    assert_eq!((load.entries, load.blobs), (0, 1));
    assert_eq!(taken.new_blobs, 1);
}

#[test]
fn a_bundle_is_taken_by_its_reader_from_a_member_alone() {
    let p = pair();
    let two = Node::open(p.dir.path(), 2);
    let (bytes, _) = bundle(&p.hub, 1);
    assert!(matches!(take(&two, &bytes), Err(CarryError::Elsewhere(to)) if to == key(1).id()));
    assert_eq!(two.entries(), 0);
    let stranger = Node::open(p.dir.path(), 5);
    let (bytes, _) = bundle(&stranger, 0);
    assert!(matches!(take(&p.hub, &bytes), Err(CarryError::NotMember(n)) if n == key(5).id()));

    carry(&p.hub, &p.school);
    p.school.letters(PROGRAMME, 2);
    let (bytes, _) = bundle(&p.school, 0);
    let before = has(&p.hub.store);
    p.hub.enrol_key(key(1).public(), "revoked");
    assert!(matches!(take(&p.hub, &bytes), Err(CarryError::NotMember(n)) if n == key(1).id()));
    let after = has(&p.hub.store);
    assert_eq!(after.len(), before.len());
    assert!(matches!(weigh(&*p.hub, key(1).id(), ROOM), Err(CarryError::NotMember(_))));
}

#[test]
fn a_node_that_was_restored_and_wrote_on_is_told_so() {
    let p = pair();
    carry(&p.hub, &p.school);
    let backup = tempfile::tempdir().unwrap();
    p.school.store.tidy().unwrap();
    std::fs::copy(p.dir.path().join("1.db"), backup.path().join("1.db")).unwrap();
    p.school.letters(PROGRAMME, 3);
    carry(&p.school, &p.hub);
    let restored = Node::open(backup.path(), 1);
    restored.letters(PROGRAMME, 3);
    let (bytes, _) = bundle(&restored, 0);
    let before = has(&p.hub.store);
    assert!(matches!(take(&p.hub, &bytes), Err(CarryError::Trouble(link::Trouble::Fork))));
    assert_eq!(has(&p.hub.store), before);
}

#[test]
fn what_does_not_follow_on_is_said_and_the_answer_mends_it() {
    let p = pair();
    p.hub.letters(PROGRAMME, 10);
    let (first, _) = bundle(&p.hub, 1);
    take(&p.school, &first).unwrap();
    carry(&p.school, &p.hub);
    // The school's disk dies; a new one begins with nothing, and the hub does not know of it.
    let fresh = tempfile::tempdir().unwrap();
    let school = Node::open(fresh.path(), 1);
    p.hub.letters(PROGRAMME, 10);
    let (_, taken) = carry(&p.hub, &school);
    assert_eq!(taken.new_entries, 0);
    assert!(taken.refused.iter().all(|r| r.why == Why::Gap) && !taken.refused.is_empty());
    // Its answer tells the hub where it is.
    carry(&school, &p.hub);
    let (load, taken) = carry(&p.hub, &school);
    assert_eq!((load.entries, taken.new_entries), (22, 22));
    assert!(taken.is_all());
}

#[test]
fn cut_anywhere_what_is_whole_is_taken() {
    let p = pair();
    for _ in 0..2 {
        p.hub.letters(Scope::School(school_of(1)), 300);
        p.hub.letters(PROGRAMME, 300);
    }
    let noise: Vec<u8> = (0..40).flat_map(|n| Hash::of(&[n]).0).collect();
    p.hub.put_blob(&noise.repeat(20));
    let (bytes, load) = bundle(&p.hub, 1);
    for end in (0..bytes.len()).step_by(1024) {
        let dir = tempfile::tempdir().unwrap();
        let school = Node::open(dir.path(), 1);
        match take(&school, &bytes[..end]) {
            Ok(taken) => {
                assert!(!taken.whole && !taken.is_all());
                assert_eq!(taken.new_entries, school.entries());
                assert!(school.store.read(|conn| log::verify(conn, &*school)).unwrap().1.is_empty());
            }
            Err(e) => assert!(matches!(e, CarryError::NoBundle), "{e}"),
        }
        // What was cut off comes with the whole one.
        let taken = take(&school, &bytes).unwrap();
        assert!(taken.is_all());
        assert_eq!((school.entries(), taken.new_blobs + taken.known_blobs), (load.entries, 1));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever is done to a bundle, nothing is taken that was not written, and the whole one mends all.
    #[test]
    fn a_bundle_that_was_tampered_with_does_no_harm(
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..=255), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let p = pair();
        p.hub.letters(PROGRAMME, 300);
        p.hub.letters(Scope::School(school_of(1)), 300);
        p.hub.put_blob(&[5; 2000]);
        let (bytes, load) = bundle(&p.hub, 1);
        let mut bad = bytes.clone();
        for (at, flip) in flips {
            let at = at.index(bad.len());
            bad[at] ^= flip;
        }
        if let Some(cut) = cut {
            bad.truncate(cut.index(bad.len()));
        }
        if let Ok(taken) = take(&p.school, &bad) {
            prop_assert!(bad == bytes || !taken.is_all());
            prop_assert!(p.school.store.read(|conn| log::verify(conn, &*p.school)).unwrap().1.is_empty());
        }
        let hub = has(&p.hub.store);
        let within = has(&p.school.store).iter().all(|(chain, head)| hub.get(chain).is_some_and(|h| h.seq >= head.seq));
        prop_assert!(within);
        prop_assert!(take(&p.school, &bytes).unwrap().is_all());
        prop_assert_eq!(p.school.entries(), load.entries);
    }

    /// Whatever each writes, and whichever bundles are lost: one that arrives each way makes them equal.
    #[test]
    fn bundles_that_arrive_make_two_nodes_equal(
        steps in prop::collection::vec((any::<bool>(), 0_usize..5, any::<bool>()), 1..8),
    ) {
        let p = pair();
        carry(&p.hub, &p.school);
        for (at_hub, letters, arrives) in steps {
            let (from, to) = if at_hub { (&p.hub, &p.school) } else { (&p.school, &p.hub) };
            from.letters(PROGRAMME, letters);
            from.letters(Scope::School(school_of(1)), letters);
            let (bytes, _) = bundle(from, to.n);
            if arrives {
                prop_assert!(take(to, &bytes).unwrap().is_all());
            }
        }
        carry(&p.hub, &p.school);
        carry(&p.school, &p.hub);
        prop_assert_eq!(has(&p.hub.store), has(&p.school.store));
    }
}

#[test]
fn any_bytes_are_no_bundle() {
    let p = pair();
    for bytes in [&b""[..], b"zcarry1", b"zcarry1\n\xff\xff\xff\xff", b"zcarry2\nmore", &[0; 4096]] {
        assert!(matches!(take(&p.hub, bytes), Err(CarryError::NoBundle | CarryError::Version)));
    }
    let left = p.hub.store.read(|conn| Ok::<_, LogError>(log::stats(conn)?.entries)).unwrap();
    assert_eq!(left, 2);
}
