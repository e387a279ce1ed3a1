use base::{NodeId, Subject};
use live::{Door, Hall, Out, Reach, Saved, Way, Why};
use proptest::prelude::*;

use crate::sim::{Bad, Chance, HUB, World, class, node, packet, person};

/// A class of a hub and two schools that goes well.
fn world() -> World {
    let mut world = World::new(1, &[Bad::GOOD, Bad::GOOD]);
    world.open(class(1), HUB);
    world.run(1000, |_, _| {});
    world
}

/// Whether the class still works between the hub and school 2.
fn works(world: &mut World) {
    let head = world.events(HUB, class(1)).len();
    world.say(2, class(1), person(2), b"still here").unwrap();
    world.run(3000, |_, _| {});
    assert_eq!(world.events(HUB, class(1)).len(), head + 1);
    world.agree(2, HUB, class(1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever school 1 sends, nothing panics, and school 2 is not disturbed.
    #[test]
    fn chance_is_refused(datagrams in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 1..40)) {
        let mut world = world();
        for (i, mut datagram) in datagrams.into_iter().enumerate() {
            // Half of them look like ours from the outside.
            if i % 2 == 0 && datagram.len() > 4 {
                datagram[0] = 0x51;
                datagram[3] %= 32;
            }
            world.inject(HUB, 1, &datagram);
        }
        works(&mut world);
    }

    /// The same of datagrams that were ours and were changed in one place.
    #[test]
    fn what_was_ours_and_is_spoilt_is_refused(at in 0..200_usize, by in 1..255_u8, which in 0..20_usize) {
        let mut world = world();
        let mut hall = Hall::new(node(1), std::sync::Arc::new(crate::sim::Trusting(node(HUB))));
        hall.arrived(0, node(HUB));
        hall.open(0, class(1), Way::Via(node(HUB)), 0, Saved::default());
        let track = hall.begin(0, class(1), person(1), 0).unwrap().id;
        let (mut sent, mut out, mut chance) = (Vec::new(), Vec::new(), Chance(3));
        for now in 0..2000 {
            if now % 60 == 0 {
                hall.voice(now, class(1), track, packet(now / 60, &mut chance));
            }
            hall.poll(now, |_| None, &mut out);
            sent.extend(out.drain(..).filter_map(|o| if let Out::Datagram(_, d) = o { Some(d) } else { None }));
        }
        let mut datagram = sent[which % sent.len()].clone();
        let at = at % datagram.len();
        datagram[at] ^= by;
        world.inject(HUB, 1, &datagram);
        works(&mut world);
    }
}

#[test]
fn a_malformed_datagram_is_counted() {
    let mut world = world();
    for bytes in [
        &b""[..],
        b"x",
        b"\x51\0\x40",
        b"\x51\0\x41\x09",
        b"\x51\0\x42\x02\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    ] {
        world.inject(HUB, 1, bytes);
    }
    assert_eq!(world.halls[HUB].refused().malformed, 5);
    works(&mut world);
}

/// Lets in school 1 alone, with what its own people say.
struct Strict;

impl Door for Strict {
    fn may_join(&self, peer: NodeId, class: Subject) -> bool {
        peer == node(1) && class == crate::sim::class(1)
    }
    fn may_bring(&self, peer: NodeId, _: Subject, of: NodeId) -> bool {
        peer == of
    }
}

#[test]
fn a_foreign_school_gets_nothing_and_is_told() {
    let mut world = World::new(1, &[Bad::GOOD, Bad::GOOD]);
    world.halls[HUB] = Hall::new(node(HUB), std::sync::Arc::new(Strict));
    world.halls[HUB].arrived(world.now, node(1));
    world.halls[HUB].arrived(world.now, node(2));
    world.open(class(1), HUB);
    world.run(1000, |_, _| {});
    world.say(HUB, class(1), person(1), b"for school 1").unwrap();
    let _ = world.say(2, class(1), person(2), b"let me in");
    world.run(3000, |_, _| {});
    assert_eq!(world.events(1, class(1)).len(), 1);
    assert_eq!(world.events(2, class(1)).len(), 0);
    assert_eq!(world.events(HUB, class(1)).len(), 1);
    assert_eq!(world.halls[2].reach(class(1)), Some(Reach::Refused(Why::NotAllowed)));
    assert!(world.halls[HUB].refused().not_allowed > 0);
    // And one that was let in can be sent out.
    world.halls[HUB].expel(world.now, class(1), node(1));
    world.run(1000, |_, _| {});
    world.say(HUB, class(1), person(1), b"after that").unwrap();
    world.run(1000, |_, _| {});
    assert_eq!(world.events(1, class(1)).len(), 1);
    assert_eq!(world.halls[1].reach(class(1)), Some(Reach::Refused(Why::NotAllowed)));
}
