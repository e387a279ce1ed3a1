use live::{Light, News, Reach, Refusal, Saved, Way};

use crate::sim::{Bad, Chance, HUB, World, class, node, packet, person};

/// What a page would show: whoever folds the lane comes to the same.
fn lane(world: &World, n: usize) -> Vec<(u64, u64, Vec<u8>)> {
    world.events(n, class(1)).iter().map(|e| (e.seq, e.at_ms, e.payload.to_vec())).collect()
}

#[test]
fn everybody_hears_everybody_in_one_order() {
    let mut world = World::new(3, &[Bad::GOOD, Bad::LOSSY, Bad::LOSSY]);
    world.open(class(1), 1);
    let mut chance = Chance(5);
    let mut said = 0;
    world.run(60_000, |world, at| {
        if at % 50 == 0 && at < 50_000 {
            let n = usize::try_from(chance.below(4)).unwrap();
            world.say(n, class(1), person(u32::try_from(n).unwrap()), format!("{n} at {at}").as_bytes()).unwrap();
            said += 1;
        }
    });
    assert_eq!(lane(&world, 1).len(), said);
    for n in [HUB, 2, 3] {
        world.agree(n, 1, class(1));
        assert!(world.halls[n].waiting(class(1)).is_empty());
    }
    // Each node's own are in the order in which they were said, none late.
    for n in 0..4 {
        let own: Vec<u64> = world
            .events(1, class(1))
            .iter()
            .filter(|e| e.node == node(n))
            .map(|e| {
                assert_eq!((e.who, e.late_ms), (person(u32::try_from(n).unwrap()), 0));
                String::from_utf8(e.payload.to_vec()).unwrap().rsplit(' ').next().unwrap().parse().unwrap()
            })
            .collect();
        assert!(own.windows(2).all(|two| two[0] < two[1]));
    }
}

#[test]
fn what_is_said_during_a_cut_comes_in_late_and_once() {
    let mut world = World::new(8, &[Bad::GOOD, Bad::LOSSY]);
    world.open(class(1), HUB);
    world.run(5000, |_, _| {});
    assert_eq!(world.halls[2].reach(class(1)), Some(Reach::Open));
    world.cuts = vec![(world.now, world.now + 300_000)];
    world.run(300_000, |world, at| {
        if at % 500 == 100 {
            world.say(2, class(1), person(2), format!("alone {at}").as_bytes()).unwrap();
            world.say(HUB, class(1), person(1), format!("lesson {at}").as_bytes()).unwrap();
        }
    });
    assert_eq!(world.halls[2].reach(class(1)), Some(Reach::Cut));
    assert_eq!((world.halls[2].waiting(class(1)).len(), world.events(2, class(1)).len()), (600, 0));
    let back = world.now;
    // The link dials anew: both ends hear of a new connection, even twice.
    for _ in 0..2 {
        world.reconnect(HUB, 2);
        world.run(1500, |_, _| {});
    }
    world.run(60_000, |_, _| {});
    world.agree(2, HUB, class(1));
    let alone: Vec<&live::Event> = world.events(HUB, class(1)).iter().filter(|e| e.node == node(2)).collect();
    assert_eq!(alone.len(), 600, "once each");
    assert!(alone.iter().all(|e| e.late_ms > 0), "and marked");
    let first = alone[0];
    let said = first.at_ms - first.late_ms;
    assert!((4000..7000).contains(&said), "the first was said at {said}");
    println!("all of it was there {} ms after the way was back", world.diaries[2].seen.values().max().unwrap() - back);
}

/// The teacher's own link breaks: the hub is there for the others, and the class is not.
#[test]
fn who_follows_at_a_hub_that_is_cut_off_itself_is_cut_off() {
    let mut world = World::new(12, &[Bad::GOOD, Bad::GOOD, Bad::THIN]);
    world.open(class(1), 1);
    world.run(8000, |_, _| {});
    let reach = |world: &World| [HUB, 2, 3].map(|n| world.halls[n].reach(class(1)));
    assert_eq!(reach(&world), [Some(Reach::Open); 3]);
    world.sever(1, HUB, true);
    world.run(15_000, |_, _| {});
    assert_eq!(reach(&world), [Some(Reach::Cut); 3]);
    assert!(world.halls[2].is_cut_beyond(class(1)) && !world.halls[HUB].is_cut_beyond(class(1)));
    let before = world.sums(3, HUB);
    world.run(60_000, |world, at| {
        if at % 1000 == 0 {
            world.say(3, class(1), person(3), b"what the room goes on with").unwrap();
        }
    });
    let said = world.sums(3, HUB).bytes - before.bytes;
    assert!(said < 20_000, "what goes no further is not sent again and again: {said} bytes");
    // One that comes to the hub meanwhile is told so, too.
    world.reconnect(HUB, 2);
    world.run(5000, |_, _| {});
    assert_eq!(world.halls[2].reach(class(1)), Some(Reach::Cut));
    world.sever(1, HUB, false);
    world.reconnect(1, HUB);
    world.run(15_000, |_, _| {});
    assert_eq!(reach(&world), [Some(Reach::Open); 3]);
    for n in [HUB, 2, 3] {
        world.agree(n, 1, class(1));
        assert!(world.halls[n].waiting(class(1)).is_empty());
    }
    assert_eq!(world.events(1, class(1)).len(), 60, "once each");
}

#[test]
fn two_schools_hold_class_without_a_hub() {
    let mut world = World::new(2, &[Bad::GOOD, Bad::GOOD]);
    world.join(1, 2, Bad::THIN);
    world.halls[1].open(world.now, class(1), Way::Here, 0, Saved::default());
    world.halls[2].open(world.now, class(1), Way::Via(node(1)), 0, Saved::default());
    world.run(3000, |_, _| {});
    world.say(1, class(1), person(1), b"good morning").unwrap();
    world.say(2, class(1), person(2), b"good morning, teacher").unwrap();
    world.run(3000, |_, _| {});
    assert_eq!(lane(&world, 2).len(), 2);
    assert_eq!(lane(&world, 2), lane(&world, 1));
}

/// A link is idle for months, and each byte of it may be paid for: only a class talks.
#[test]
fn without_a_class_nothing_is_said() {
    let mut world = World::new(2, &[Bad::GOOD, Bad::LOSSY]);
    world.run(60_000, |_, _| {});
    let said = |world: &World| world.sums(HUB, 2).datagrams + world.sums(2, HUB).datagrams;
    assert_eq!(said(&world), 0);
    world.open(class(1), HUB);
    world.run(5000, |_, _| {});
    assert_eq!(world.halls[2].reach(class(1)), Some(Reach::Open));
    // In a cut an end of it closes: it does not ask for ever whether it was heard.
    world.cuts = vec![(world.now, world.now + 20_000)];
    world.run(10_000, |_, _| {});
    for n in [2, 1, HUB] {
        world.halls[n].close(world.now, class(1));
    }
    world.run(60_000, |_, _| {});
    let before = said(&world);
    assert!(before > 0);
    world.run(600_000, |_, _| {});
    assert_eq!(said(&world), before);
}

/// The teacher is at a school: how the links of the rooms behind the hub fare is seen there, and at the other rooms.
#[test]
fn everybody_sees_which_room_is_cut_off() {
    const BELOW: usize = 2;
    let mut world = World::chain(15, 6, &[HUB, BELOW]);
    for (a, b, bad) in [
        (1, HUB, Bad::GOOD),
        (BELOW, HUB, Bad::GOOD),
        (3, BELOW, Bad::GOOD),
        (4, BELOW, Bad::GOOD),
        (5, HUB, Bad::GOOD),
    ] {
        world.join(a, b, bad);
    }
    let ways = [
        Way::Via(node(1)),
        Way::Here,
        Way::Via(node(HUB)),
        Way::Via(node(BELOW)),
        Way::Via(node(BELOW)),
        Way::Via(node(HUB)),
    ];
    for (n, way) in ways.into_iter().enumerate() {
        assert!(world.halls[n].open(world.now, class(1), way, 0, Saved::default()));
    }
    world.run(8000, |_, _| {});
    for n in [3, 4, 5] {
        world.say(n, class(1), person(1), b"here").unwrap();
    }
    world.run(5000, |_, _| {});
    // Which of the nodes are not well, as one of them sees it.
    let seen = |world: &World, n: usize| -> Vec<(usize, Light)> {
        let lights = world.halls[n].lights(class(1));
        (0..6).filter_map(|other| Some((other, *lights.get(&node(other))?))).collect()
    };
    assert!((0..6).all(|n| seen(&world, n).is_empty()), "over good links nothing is said of them");
    world.sever(3, BELOW, true);
    world.run(10_000, |_, _| {});
    for n in [1, 5, 4, HUB, BELOW] {
        assert_eq!(seen(&world, n), [(3, Light::Cut)], "as {n} sees it");
    }
    // The one between is cut off: so is all behind it; and what was said of it before holds.
    world.sever(BELOW, HUB, true);
    world.run(10_000, |_, _| {});
    for n in [1, 5, HUB] {
        assert_eq!(seen(&world, n), [(BELOW, Light::Cut), (3, Light::Cut), (4, Light::Cut)], "as {n} sees it");
    }
    // Also when its session ends, and until it is back.
    world.sever(BELOW, HUB, false);
    world.reconnect(BELOW, HUB);
    world.run(20_000, |_, _| {});
    for n in [1, 5] {
        assert_eq!(seen(&world, n), [(3, Light::Cut)], "as {n} sees it");
    }
    world.sever(3, BELOW, false);
    world.reconnect(3, BELOW);
    world.run(20_000, |_, _| {});
    assert!((0..6).all(|n| seen(&world, n).is_empty()), "all is well again");
    // One may say it only of who is behind it.
    let refused = world.halls[HUB].refused().not_allowed;
    assert_eq!(refused, 0);
}

/// A class is open for days before it and after it. Where nobody attends it, it costs next to nothing; where somebody does,
/// at whichever end, a cut is known in seconds.
#[test]
fn a_class_that_nobody_attends_hardly_talks() {
    let mut world = World::new(9, &[Bad::GOOD, Bad::GOOD]);
    world.open(class(1), HUB);
    let attend = |world: &mut World, attended: [bool; 3]| {
        (0..3).for_each(|n| world.attend(n, class(1), attended[n]));
    };
    let said = |world: &World| world.sums(HUB, 2).bytes + world.sums(2, HUB).bytes;
    world.run(10_000, |_, _| {});
    attend(&mut world, [false; 3]);
    let before = said(&world);
    world.run(3_600_000, |_, _| {});
    let hour = said(&world) - before;
    println!("an hour in which nobody attends: {hour} bytes, both ways");
    assert!(hour < 15_000, "{hour} bytes in an hour");
    assert_eq!(world.halls[2].reach(class(1)), Some(Reach::Open));
    // What is said is there as soon as ever, from whom it may come.
    world.say(2, class(1), person(2), b"we are early").unwrap();
    world.run(1500, |_, _| {});
    assert_eq!(lane(&world, HUB).len(), 1);
    // A cut is known to who attends; and to the other end as soon as somebody comes there.
    for attended in [[true, false, false], [false, false, true]] {
        let (at, other) = if attended[HUB] { (HUB, 2) } else { (2, HUB) };
        attend(&mut world, attended);
        world.run(10_000, |_, _| {});
        world.cuts = vec![(world.now, world.now + 30_000)];
        world.run(10_000, |_, _| {});
        assert!(!world.halls[at].meets(node(other)), "{at} knows that it is cut off");
        attend(&mut world, [true, false, true]);
        world.run(6000, |_, _| {});
        assert!(!world.halls[other].meets(node(at)), "{other} knows it, too");
        world.run(20_000, |_, _| {});
        assert!(world.halls[at].meets(node(other)) && world.halls[other].meets(node(at)));
    }
}

#[test]
fn a_node_that_begins_anew_goes_on_where_it_was() {
    let mut world = World::new(6, &[Bad::GOOD, Bad::GOOD]);
    world.open(class(1), HUB);
    world.run(2000, |_, _| {});
    world.say(2, class(1), person(2), b"before").unwrap();
    world.run(2000, |_, _| {});
    world.cuts = vec![(world.now, world.now + 3000)];
    world.run(500, |_, _| {});
    world.say(2, class(1), person(2), b"in between").unwrap();
    let saved = world.halls[2].close(world.now, class(1)).unwrap();
    assert_eq!((saved.events.head(), saved.sayings.len()), (1, 1));
    world.halls[2].open(world.now, class(1), Way::Via(node(HUB)), 0, saved);
    world.run(8000, |_, _| {});
    world.say(2, class(1), person(2), b"after").unwrap();
    world.run(3000, |_, _| {});
    let said: Vec<Vec<u8>> = lane(&world, HUB).into_iter().map(|(_, _, payload)| payload).collect();
    assert_eq!(said, [b"before".to_vec(), b"in between".to_vec(), b"after".to_vec()]);
    assert_eq!(lane(&world, 2), lane(&world, HUB));
}

#[test]
fn nobody_says_more_than_a_person_can() {
    let mut world = World::new(6, &[Bad::GOOD, Bad::GOOD]);
    world.open(class(1), HUB);
    world.run(2000, |_, _| {});
    let (mut taken, mut refused) = (0, 0);
    world.run(1000, |world, _| {
        for _ in 0..10 {
            match world.say(2, class(1), person(2), b"flood") {
                Ok(_) => taken += 1,
                Err(Refusal::TooMuch) => refused += 1,
                Err(e) => panic!("{e}"),
            }
        }
    });
    assert!((100..=310).contains(&taken), "{taken} of 10,000 a second");
    assert_eq!(taken + refused, 10_000);
    assert_eq!(world.say(1, class(1), person(1), b"somebody else").map(|n| n > 0), Ok(true));
    world.run(8000, |_, _| {});
    assert_eq!(lane(&world, HUB).len(), taken + 1);
    assert_eq!(world.say(1, class(2), person(1), b"nowhere"), Err(Refusal::NoClass));
}

/// A school, the programme's hub, a hub below it, and two schools at that one: each way carries a class once, and what is
/// lost on one hop is asked for there.
#[test]
fn a_class_goes_over_a_chain_of_two_hubs_once() {
    const BELOW: usize = 2;
    let mut world = World::chain(11, 5, &[HUB, BELOW]);
    for (a, b, bad) in [(1, HUB, Bad::GOOD), (BELOW, HUB, Bad::LOSSY), (3, BELOW, Bad::GOOD), (4, BELOW, Bad::LOSSY)] {
        world.join(a, b, bad);
    }
    let ways = [Way::Via(node(1)), Way::Here, Way::Via(node(HUB)), Way::Via(node(BELOW)), Way::Via(node(BELOW))];
    for (n, way) in ways.into_iter().enumerate() {
        assert!(world.halls[n].open(world.now, class(1), way, 0, Saved::default()));
    }
    world.run(8000, |_, _| {});
    assert!([HUB, BELOW, 3, 4].iter().all(|n| world.halls[*n].reach(class(1)) == Some(Reach::Open)));
    let track = world.halls[1].begin(world.now, class(1), person(1), 0).unwrap().id;
    let before = world.sums(HUB, BELOW);
    let (mut chance, mut spoken) = (Chance(9), Vec::new());
    world.run(120_000, |world, at| {
        if at % 60 == 0 {
            let said = packet(spoken.len() as u64, &mut chance);
            world.voice(1, class(1), track, said);
            spoken.push(world.now);
        }
        if at % 1000 == 0 {
            let n = [1, 3, 4][usize::try_from(at / 1000 % 3).unwrap()];
            world.say(n, class(1), person(1), b"a sign and a few words").unwrap();
        }
    });
    let sums = world.sums(HUB, BELOW);
    world.run(10_000, |_, _| {});
    for n in [HUB, BELOW, 3, 4] {
        world.agree(n, 1, class(1));
        assert!(world.halls[n].waiting(class(1)).is_empty());
    }
    assert_eq!(world.events(1, class(1)).len(), 120, "also what the schools of the lower hub said");
    let (datagrams, bits) = ((sums.datagrams - before.datagrams) / 120, (sums.bytes - before.bytes) / 15);
    println!("{datagrams} datagrams and {bits} bit a second from hub to hub, for two schools");
    assert!(datagrams <= 25 && bits <= 40_000, "one copy");
    for n in [BELOW, 3, 4] {
        let played = &world.diaries[n].played[&track];
        let mut delays: Vec<u64> =
            played.iter().map(|(packet, at)| at - spoken[usize::try_from(packet.seq).unwrap()]).collect();
        delays.sort_unstable();
        let missing = spoken.len() - delays.len();
        println!("node {n}: {missing} of {} packets missing, {} ms late", spoken.len(), delays[delays.len() / 2]);
        assert!(missing * 100 <= spoken.len() * 2, "{missing} of {}", spoken.len());
    }
}

/// The node of the order after its power failed: what it wrote last is lost, and its clock goes on from what it has.
fn loses_its_end(world: &mut World, n: usize, events: usize) {
    let saved = world.halls[n].close(world.now, class(1)).unwrap();
    let kept = &saved.events.after(0)[..saved.events.after(0).len() - events];
    let mut lane = live::Lane::default();
    for event in kept {
        let said = live::Saying {
            number: 0,
            at_ms: event.at_ms - event.late_ms,
            who: event.who,
            payload: event.payload.clone(),
        };
        lane.append(event.at_ms, event.node, &said).unwrap();
    }
    assert_eq!(lane.after(0), kept);
    let elapsed = lane.after(0).last().map_or(0, |e| e.at_ms);
    world.halls[n].open(world.now, class(1), Way::Here, elapsed, Saved { events: lane, ..Saved::default() });
}

/// All words that a node has of the class.
fn said(world: &World, n: usize) -> Vec<String> {
    lane(world, n).into_iter().map(|(_, _, payload)| String::from_utf8(payload).unwrap()).collect()
}

#[test]
fn an_order_that_lost_its_end_is_one_order_again() {
    for seed in 0..12 {
        let mut world = World::new(seed, &[Bad::GOOD, Bad::GOOD, Bad::LOSSY]);
        world.keeps = true;
        world.open(class(1), 1);
        world.run(4000, |_, _| {});
        for n in 0..80 {
            world.say(1, class(1), person(1), format!("lesson {n}").as_bytes()).unwrap();
            world.run(100, |_, _| {});
        }
        world.say(3, class(1), person(3), b"thirty-one").unwrap();
        world.run(6000, |_, _| {});
        for n in 0..4 {
            world.say(1, class(1), person(1), format!("lost {n}").as_bytes()).unwrap();
        }
        world.run(6000, |_, _| {});
        world.agree(3, 1, class(1));
        // What was said at the third is lost with the rest.
        loses_its_end(&mut world, 1, 5);
        for n in 0..6 {
            world.say(1, class(1), person(1), format!("after {n}").as_bytes()).unwrap();
        }
        world.say(3, class(1), person(3), b"nine").unwrap();
        world.run(30_000, |_, _| {});
        for n in [HUB, 2, 3] {
            assert_eq!(said(&world, n), said(&world, 1), "seed {seed}, node {n}");
            assert_eq!(world.halls[n].reach(class(1)), Some(Reach::Open));
        }
        let of_third: Vec<String> =
            said(&world, 1).into_iter().filter(|said| ["thirty-one", "nine"].contains(&&**said)).collect();
        assert_eq!(of_third, ["thirty-one", "nine"], "said once each, also what was lost");
        assert!(!said(&world, 1).iter().any(|said| said.starts_with("lost")));
        let cuts =
            |n: usize| world.told.iter().filter(|(at, _, news)| *at == n && matches!(news, News::Cut(_))).count();
        assert!((1..=2).contains(&cuts(3)), "what is still good is not fetched again: {}", cuts(3));
        world.say(2, class(1), person(2), b"goes on").unwrap();
        world.run(5000, |_, _| {});
        world.agree(3, 1, class(1));
        assert_eq!(said(&world, 3).last().map(String::as_str), Some("goes on"));
    }
}

/// A node whose power failed lost the last of what its people said, which the class has; what they say now is not taken for that.
#[test]
fn what_is_said_before_a_node_knows_what_the_class_has_of_it_is_not_lost() {
    let mut world = World::new(4, &[Bad::GOOD, Bad::GOOD]);
    world.open(class(1), HUB);
    world.run(2000, |_, _| {});
    for n in 0..10 {
        world.say(2, class(1), person(2), format!("before {n}").as_bytes()).unwrap();
    }
    world.run(3000, |_, _| {});
    let saved = world.halls[2].close(world.now, class(1)).unwrap();
    let mut short = live::Lane::default();
    for event in &saved.events.after(0)[..8] {
        let said = live::Saying { number: 0, at_ms: event.at_ms, who: event.who, payload: event.payload.clone() };
        short.append(event.at_ms, event.node, &said).unwrap();
    }
    world.keeps = true;
    world.halls[2].open(world.now, class(1), Way::Via(node(HUB)), 0, Saved { events: short, ..Saved::default() });
    for n in 0..3 {
        world.say(2, class(1), person(2), format!("after {n}").as_bytes()).unwrap();
    }
    world.run(4000, |_, _| {});
    assert_eq!(said(&world, HUB)[10..], ["after 0", "after 1", "after 2"]);
    world.agree(2, HUB, class(1));
    // What is written down of it bears the numbers that it has.
    let numbers: Vec<u64> = world
        .told
        .iter()
        .filter_map(|(n, _, news)| if let (2, News::Said(said)) = (*n, news) { Some(said.number) } else { None })
        .collect();
    assert_eq!(numbers[numbers.len() - 3..], [11, 12, 13], "{numbers:?}");
}

/// Nodes of before say nothing of what they have: they follow as they did.
#[test]
fn a_node_of_before_follows_one_of_now() {
    use live::{Hall, Out};
    let mut world = World::new(4, &[Bad::GOOD]);
    world.open(class(1), HUB);
    for n in 0..3 {
        world.say(HUB, class(1), person(1), format!("lesson {n}").as_bytes()).unwrap();
    }
    world.run(3000, |_, _| {});
    world.agree(1, HUB, class(1));
    // Joining as it was: the class and the last event, and no more.
    let mut old = Hall::new(node(5), std::sync::Arc::new(crate::sim::Trusting(node(HUB))));
    old.arrived(world.now, node(HUB));
    old.open(world.now, class(1), Way::Via(node(HUB)), 0, Saved::default());
    let mut out = Vec::new();
    old.poll(world.now, |_| Some(1150), &mut out);
    let join =
        out.into_iter().find_map(|out| if let Out::Datagram(_, bytes) = out { Some(bytes) } else { None }).unwrap();
    let at = join.windows(16).position(|w| w == class(1).0).unwrap();
    // The length of the piece, that of the message, its tag, the class, the event, the digest.
    assert_eq!(join[at - 3..at], [27, 26, 1]);
    let mut short = join[..at + 17].to_vec();
    (short[at - 3], short[at - 2]) = (19, 18);
    let hub = &mut world.halls[HUB];
    hub.arrived(world.now, node(5));
    hub.heard(world.now, node(5), &short);
    let mut welcome = Vec::new();
    hub.poll(world.now + 100, |_| Some(1150), &mut welcome);
    for out in welcome {
        if let Out::Datagram(to, bytes) = out
            && to == node(5)
        {
            old.heard(world.now + 120, node(HUB), &bytes);
        }
    }
    assert_eq!(old.reach(class(1)), Some(Reach::Open));
    assert_eq!(old.after(class(1), 0).len(), 3);
}
