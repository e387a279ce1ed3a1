//! A school that is broken, or means harm, floods the hub: what it says is bounded by count, and the lesson of others through
//! the same hub loses nothing.

use std::sync::Arc;

use base::{NodeId, Subject};
use live::{Door, Hall, Refused, TrackId};

use crate::sim::{Bad, Chance, HUB, World, class, node, packet, person};

/// The school that floods, the one that teaches, and the one that listens.
const FLOODS: usize = 1;
const TEACHES: usize = 2;
const LISTENS: usize = 3;
const FAST: Bad = Bad { bits_per_second: 1_000_000_000, queue_bytes: 64 << 20, ..Bad::GOOD };
/// How long it floods, in milliseconds.
const FLOOD_MS: u64 = 4000;
/// Datagrams of one peer that are read in a second; at once twice as many.
const READ: u64 = 4000;
/// Bytes of voice that one peer brings in a class in a second; at once twice as many.
const VOICE: u64 = 64_000;

/// The first class is everybody's; the second is of those who teach and listen.
struct Apart;

impl Door for Apart {
    fn may_join(&self, peer: NodeId, of: Subject) -> bool {
        of == class(1) || peer != node(FLOODS)
    }
    fn may_bring(&self, peer: NodeId, _: Subject, of: NodeId) -> bool {
        peer == of || peer == node(HUB)
    }
}

/// How a lesson went.
struct Went {
    world: World,
    said: usize,
    spoken: u64,
    heard: u64,
    concealed: u64,
}

/// A lesson of two schools by the hub while another floods it: `flood` is asked at each millisecond of four seconds.
fn lesson(way: Bad, mut flood: impl FnMut(&mut World, u64)) -> Went {
    let mut world = World::new(9, &[FAST, way, way]);
    world.halls[HUB] = Hall::new(node(HUB), Arc::new(Apart));
    for n in [FLOODS, TEACHES, LISTENS] {
        world.halls[HUB].arrived(world.now, node(n));
    }
    world.open(class(1), HUB);
    world.open(class(2), TEACHES);
    world.run(5000, |_, _| {});
    let track = world.halls[TEACHES].begin(world.now, class(2), person(2), 0).unwrap().id;
    let (mut chance, mut said, mut spoken) = (Chance(4), 0, 0);
    world.run(20_000, |world, at| {
        if at % 60 == 0 {
            world.voice(TEACHES, class(2), track, packet(spoken, &mut chance));
            spoken += 1;
        }
        if at % 300 == 0 {
            world.say(TEACHES, class(2), person(2), &[7; 50]).unwrap();
            world.say(LISTENS, class(2), person(3), &[8; 50]).unwrap();
            said += 2;
        }
        if (6000..6000 + FLOOD_MS).contains(&at) {
            flood(world, at - 6000);
        }
    });
    world.run(5000, |_, _| {});
    world.agree(LISTENS, TEACHES, class(2));
    world.agree(HUB, TEACHES, class(2));
    let concealed = world.halls[LISTENS].heard_of(class(2), track).unwrap();
    Went { said, spoken, heard: concealed.played, concealed: concealed.concealed, world }
}

fn refused(world: &World) -> Refused {
    world.halls[HUB].refused()
}

/// Nothing of the lesson is lost: every event is there, and of the voice as much as without a flood.
fn is_whole(went: &Went, quiet: &Went) {
    assert_eq!(went.world.events(LISTENS, class(2)).len(), went.said, "every event");
    assert_eq!((went.said, went.spoken), (quiet.said, quiet.spoken));
    assert!(went.concealed <= quiet.concealed, "{} concealed, {} without a flood", went.concealed, quiet.concealed);
    assert!(went.heard >= quiet.heard, "{} heard, {} without a flood", went.heard, quiet.heard);
}

/// A datagram of the trunk with one piece of the stream about all classes.
fn piece(number: u64, place: u64, bytes: &[u8]) -> Vec<u8> {
    let low = |n: u64| u16::try_from(n & 0xffff).unwrap().to_be_bytes();
    let len = u8::try_from(bytes.len()).unwrap();
    [&[0x51][..], &low(number), &[2, 0], &low(place), &[len], bytes].concat()
}

#[test]
fn datagrams_of_one_peer_are_bounded_and_a_lesson_of_others_loses_nothing() {
    for way in [Bad::GOOD, Bad::THIN] {
        let quiet = lesson(way, |_, _| {});
        assert_eq!((quiet.concealed, refused(&quiet.world).flooded), (0, 0));
        // Fifty thousand a second that are nothing at all, or look like ours from the outside.
        let mut chance = Chance(8);
        let went = lesson(way, |world, _| {
            for n in 0..50_u8 {
                let mut datagram: Vec<u8> = (0..chance.below(200) + 4).map(|_| chance.byte()).collect();
                if n % 2 == 0 {
                    (datagram[0], datagram[3]) = (0x51, datagram[3] % 32);
                }
                world.inject(HUB, FLOODS, &datagram);
            }
        });
        is_whole(&went, &quiet);
        let (sent, dropped) = (50 * FLOOD_MS, refused(&went.world).flooded);
        let most = READ * 2 + READ * FLOOD_MS / 1000 + 200;
        assert!(sent - dropped <= most, "{} of {sent} were read", sent - dropped);
        assert!(refused(&went.world).malformed > 1000);
        println!(
            "{} of {sent} datagrams were read; {} events, {} packets heard",
            sent - dropped,
            went.said,
            went.heard
        );
    }
}

#[test]
fn words_without_an_end_are_not_taken() {
    let quiet = lesson(Bad::THIN, |_, _| {});
    let (mut number, mut place) = (0, 0);
    let went = lesson(Bad::THIN, |world, at| {
        if at == 0 {
            // A connection made anew, which its end will not use.
            world.halls[FLOODS].left(world.now, node(HUB));
            world.halls[HUB].arrived(world.now, node(FLOODS));
        }
        for _ in 0..50 {
            // Asks to join a class, and leaves it again; the length of each message before it.
            let join = [&[18, 1][..], &class(1).0, &[0]].concat();
            let leave = [&[17, 4][..], &class(1).0].concat();
            let both = [join, leave].concat();
            let before = refused(world).flooded;
            world.inject(HUB, FLOODS, &piece(number, place, &both));
            number += 1;
            // What was not read goes again, or the stream would stand still.
            if refused(world).flooded == before {
                place += both.len() as u64;
            }
        }
    });
    is_whole(&went, &quiet);
    let is = refused(&went.world);
    assert!(is.flooded > 0 && is.too_fast > 1000, "{is:?}");
}

#[test]
fn voice_without_the_floor_and_sayings_of_one_peer_are_bounded() {
    let quiet = lesson(Bad::GOOD, |_, _| {});
    let mut tracks: Vec<TrackId> = Vec::new();
    let (mut chance, mut seq) = (Chance(3), 0);
    let went = lesson(Bad::GOOD, |world, at| {
        if at == 0 {
            // Nobody gave it the floor: it begins as many tracks as it likes, and speaks on all of them.
            for n in 0..32 {
                tracks.extend(world.halls[FLOODS].begin(world.now, class(1), person(9), n).map(|t| t.id));
            }
        }
        for _ in 0..4 {
            for track in &tracks {
                let mut packet = packet(seq, &mut chance);
                packet.at = seq;
                world.voice(FLOODS, class(1), *track, packet);
            }
            seq += 1;
        }
        // And its rooms say as much as they can, each within what one may say.
        for n in 0..20 {
            let _ = world.say(FLOODS, class(1), person(100 + n), b"flood");
        }
    });
    is_whole(&went, &quiet);
    assert_eq!(tracks.len(), 32);
    let came = &went.world.diaries[HUB].tracks;
    let of_it = came.iter().filter(|t| t.id.node == node(FLOODS)).count();
    assert_eq!(of_it, 8, "tracks of one node");
    let bytes: usize = went.world.diaries[LISTENS]
        .played
        .iter()
        .filter(|(id, _)| id.node == node(FLOODS))
        .flat_map(|(_, packets)| packets.iter().map(|(packet, _)| packet.opus.len()))
        .sum();
    let most = VOICE * 2 + VOICE * (FLOOD_MS + 5000) / 1000;
    assert!(bytes > 0 && bytes as u64 <= most, "{bytes} bytes of voice");
    assert!(refused(&went.world).flooded > 1000, "{:?}", refused(&went.world));
    println!("{bytes} bytes of voice of at most {most}; {:?}", refused(&went.world));
    let said = went.world.events(HUB, class(1)).len() as u64;
    assert!(said <= 600 + 300 * (FLOOD_MS + 15_000) / 1000, "{said} sayings");
}
