use base::{NodeId, Subject};
use blobs::Blobs;
use live::{Audience, News, Packet, Recorder, Replay, TrackId};

use crate::sim::{Bad, Chance, HUB, World, class, node, packet, person};

/// What each node's recorder writes of a class on a bad way with a cut, and what they make of it afterwards.
struct Class {
    world: World,
    recorders: Vec<Recorder>,
    blobs: Vec<Blobs>,
    dir: tempfile::TempDir,
}

impl Class {
    fn new(seed: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let world = World::new(seed, &[Bad::GOOD, Bad::LOSSY]);
        let at = |n: usize, what: &str| dir.path().join(format!("{n}.{what}"));
        let recorders = (0..3).map(|n| Recorder::open(&at(n, "records"), node(n)).unwrap()).collect();
        let blobs = (0..3).map(|n| Blobs::open(&at(n, "blobs")).unwrap()).collect();
        Self { world, recorders, blobs, dir }
    }

    fn tick(&mut self, ms: u64, mut each: impl FnMut(&mut World, u64)) {
        for at in 0..ms {
            each(&mut self.world, at);
            self.world.tick();
            for (n, class, news) in self.world.told.drain(..) {
                self.recorders[n].news(class, &news);
            }
        }
    }
}

#[test]
fn every_node_replays_the_same_bytes_after_its_gaps_are_filled() {
    let mut all = Class::new(5);
    let (c, mut chance) = (class(1), Chance(9));
    for recorder in &all.recorders {
        assert_eq!(recorder.begin(c, true).unwrap().events.head(), 0);
    }
    all.world.keeps = true;
    all.world.open(c, 1);
    all.tick(3000, |_, _| {});
    let teacher = all.world.halls[1].begin(all.world.now, c, person(1), 0).unwrap().id;
    all.tick(500, |_, _| {});
    let pupil = all.world.halls[2].begin(all.world.now, c, person(2), 0).unwrap().id;
    // The two clocks differ by less than the way is long.
    assert!((2900..3600).contains(&all.world.halls[1].tracks(c)[0].began_ms));
    let from = all.world.now + 30_000;
    all.world.cuts = vec![(from, from + 12_000)];
    let mut spoken = Vec::new();
    all.tick(70_000, |world, at| {
        if at % 60 == 0 {
            let packet = packet(at / 60, &mut chance);
            spoken.push(packet.clone());
            world.voice(1, c, teacher, packet.clone());
            if at > 50_000 {
                world.voice(2, c, pupil, packet);
            }
        }
        if at % 40 == 0 {
            world.say(1, c, person(1), format!("event {at}").as_bytes()).unwrap();
        }
    });
    all.tick(30_000, |_, _| {});

    let trees: Vec<_> = (0..3).map(|n| all.recorders[n].publish(c, n == 1, &all.blobs[n]).unwrap().0).collect();
    assert_eq!(trees[HUB].leaves().count(), 0, "nobody spoke at the hub");
    let (mut kept, mut fetched) = (0, 0);
    for n in 0..3 {
        for (owner, tree) in trees.iter().enumerate() {
            let lacks = all.recorders[n].fill(c, tree, &all.blobs[n]).unwrap();
            if owner != n {
                kept += tree.leaves().count() - lacks.len();
                fetched += lacks.len();
            }
            // As the link does with what is lacking.
            for (hash, len) in lacks {
                let file = all.blobs[owner].open_blob(&hash).unwrap().unwrap();
                assert_eq!(all.blobs[n].put(file).unwrap(), (hash, len));
            }
        }
    }
    println!("{kept} blocks were whole at other nodes, {fetched} were fetched");
    assert!(kept > fetched && fetched > 0);
    let replays: Vec<Replay> = all.blobs.iter().map(|blobs| Replay::new(blobs.clone(), &trees)).collect();
    for replay in &replays {
        assert!(replay.lacks().is_empty());
        assert!(replay.events().unwrap() == all.world.events(1, c), "what is replayed is what was live");
        assert!(replay.packets(teacher, 0, u64::MAX / 2000).unwrap() == spoken);
        let tracks = replay.tracks().unwrap();
        assert_eq!(
            tracks.iter().map(|(t, ms)| (t.id, t.who, *ms)).collect::<Vec<_>>(),
            [(teacher, person(1), 70_020), (pupil, person(2), 70_020),]
        );
        let ogg = replay.ogg(teacher, 10_000, 25_000).unwrap();
        assert!(ogg.starts_with(b"OggS") && ogg == replays[1].ogg(teacher, 10_000, 25_000).unwrap());
    }
    if let Ok(path) = std::env::var("KEEP_OGG") {
        std::fs::write(path, replays[2].ogg(teacher, 10_000, 25_000).unwrap()).unwrap();
    }
    all.recorders[2].forget(c).unwrap();
    assert!(std::fs::read_dir(all.dir.path().join("2.records")).unwrap().next().is_none());
}

#[test]
fn a_node_that_lost_its_power_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let open = || Recorder::open(dir.path(), NodeId([1; 16])).unwrap();
    let say = |recorder: &Recorder, news: &News| recorder.news(class(1), news);
    let track =
        live::Track { id: TrackId { node: NodeId([1; 16]), number: 0 }, who: person(1), channel: 0, began_ms: 5 };
    let event = |seq: u64, node: u8| live::Event {
        seq,
        at_ms: seq * 10,
        node: NodeId([node; 16]),
        who: person(1),
        late_ms: 0,
        payload: b"event".as_slice().into(),
    };
    let saying = |number| live::Saying { number, at_ms: 7, who: person(1), payload: b"mine".as_slice().into() };
    let recorder = open();
    recorder.begin(class(1), true).unwrap();
    say(&recorder, &News::Began(track));
    say(&recorder, &News::Voice(track.id, Packet { seq: 0, at: 0, opus: vec![11 << 3; 9].into() }));
    for news in [News::Said(saying(1)), News::Said(saying(2)), News::Event(event(1, 2)), News::Event(event(2, 1))] {
        say(&recorder, &news);
    }
    recorder.sync().unwrap();
    drop(recorder);
    // The last item of the lane is torn.
    let lane = dir.path().join(class(1).to_string()).join("lane");
    let bytes = std::fs::read(&lane).unwrap();
    std::fs::write(&lane, &bytes[..bytes.len() - 3]).unwrap();
    let recorder = open();
    let saved = recorder.begin(class(1), true).unwrap();
    assert_eq!((saved.events.head(), saved.sayings.len(), saved.next_track), (1, 2, 1));
    say(&recorder, &News::Event(event(2, 1)));
    assert!(!recorder.has_failed(class(1)));
    recorder.end(class(1)).unwrap();
    let saved = open().begin(class(1), true).unwrap();
    assert_eq!((saved.events.head(), saved.sayings.len()), (2, 1), "the first of its own is in the lane now");
    assert_eq!(saved.sayings[0].number, 2);
}

#[test]
fn a_class_that_is_to_be_recorded_after_all_is_recorded_from_then_on() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = Recorder::open(dir.path(), node(1)).unwrap();
    let blobs = Blobs::open(&dir.path().join("blobs")).unwrap();
    let (c, mut chance) = (class(1), Chance(1));
    recorder.begin(c, false).unwrap();
    let track = live::Track { id: TrackId { node: node(1), number: 0 }, who: person(1), channel: 0, began_ms: 0 };
    let packets: Vec<Packet> = (0..4).map(|n| packet(n, &mut chance)).collect();
    let speaks = |n: usize| recorder.news(c, &News::Voice(track.id, packets[n].clone()));
    recorder.news(c, &News::Began(track));
    speaks(0);
    recorder.voice(c, true);
    [1, 2].into_iter().for_each(speaks);
    recorder.voice(c, false);
    speaks(3);
    let (tree, ..) = recorder.publish(c, true, &blobs).unwrap();
    let replay = Replay::new(blobs, &[tree]);
    assert_eq!(replay.packets(track.id, 0, 10_000).unwrap(), packets[1..3]);
}

#[test]
fn without_consent_no_voice_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = Recorder::open(dir.path(), node(1)).unwrap();
    let blobs = Blobs::open(&dir.path().join("blobs")).unwrap();
    let c: Subject = class(1);
    recorder.begin(c, false).unwrap();
    let track = live::Track { id: TrackId { node: node(1), number: 0 }, who: person(1), channel: 0, began_ms: 0 };
    recorder.news(c, &News::Began(track));
    recorder.news(c, &News::Voice(track.id, packet(0, &mut Chance(1))));
    let (tree, ..) = recorder.publish(c, true, &blobs).unwrap();
    assert_eq!(tree.leaves().count(), 0);
    assert_eq!(std::fs::read_dir(dir.path().join(c.to_string())).unwrap().count(), 2, "the lane and what is not in it");
}
