use crate::sim::{Bad, HUB, packet, person};
use crate::taught::{Lesson, quantile};

#[test]
fn on_a_clean_thin_way_a_lesson_takes_32_kbit_and_is_heard_in_time() {
    let mut lesson = Lesson::new(1, &[Bad::GOOD, Bad::THIN]);
    lesson.run(300_000);
    lesson.world.run(2000, |_, _| {});
    let bits = lesson.bits_per_second(2);
    assert!(bits <= 32_000, "{bits} bit/s on the trunk to the school");
    assert_eq!(lesson.concealed_permille(2), 0);
    // What the packet lasted, 60 ms, comes before; the browser adds its own.
    let voice = lesson.voice_delays(2);
    let way = 300 + 20;
    assert!(quantile(&voice, 990) <= way + 110, "{} ms", quantile(&voice, 990));
    let events = lesson.event_delays(2);
    assert_eq!(events.len(), lesson.said.len());
    assert!(quantile(&events, 990) <= 600, "{} ms", quantile(&events, 990));
    println!(
        "clean: {bits} bit/s; voice p50 {} p99 {}; events p50 {} p99 {}",
        quantile(&voice, 500),
        quantile(&voice, 990),
        quantile(&events, 500),
        quantile(&events, 990)
    );
}

#[test]
fn on_a_way_that_loses_in_bursts_hardly_a_word_is_missed() {
    for seed in [1, 2, 3] {
        let mut lesson = Lesson::new(seed, &[Bad::GOOD, Bad::LOSSY]);
        lesson.run(300_000);
        lesson.world.run(5000, |_, _| {});
        let (voice, events) = (lesson.voice_delays(2), lesson.event_delays(2));
        let sums = lesson.world.sums(HUB, 2);
        println!(
            "lossy {seed}: {} bit/s; lost {} of {}; concealed {} permille; voice p50 {} p99 {}; events p50 {} p99 {} max {}",
            lesson.bits_per_second(2),
            sums.lost,
            sums.datagrams,
            lesson.concealed_permille(2),
            quantile(&voice, 500),
            quantile(&voice, 990),
            quantile(&events, 500),
            quantile(&events, 990),
            quantile(&events, 1000)
        );
        assert!(sums.lost * 1000 / sums.datagrams >= 30, "the way was bad");
        assert!(lesson.concealed_permille(2) <= 10, "{} permille concealed", lesson.concealed_permille(2));
        assert_eq!(events.len(), lesson.said.len(), "every event comes");
        assert!(quantile(&events, 990) <= 1500, "{} ms", quantile(&events, 990));
        assert!(quantile(&voice, 990) <= 1500, "{} ms", quantile(&voice, 990));
        assert!(lesson.bits_per_second(2) <= 40_000, "{} bit/s", lesson.bits_per_second(2));
    }
}

#[test]
fn with_pauses_hardly_a_word_is_missed_either() {
    let mut lesson = Lesson::new(11, &[Bad::GOOD, Bad::LOSSY]);
    lesson.pauses = true;
    lesson.run(300_000);
    lesson.world.run(5000, |_, _| {});
    let voice = lesson.voice_delays(2);
    println!(
        "pauses: {} bit/s; concealed {} permille; voice p50 {} p99 {}",
        lesson.bits_per_second(2),
        lesson.concealed_permille(2),
        quantile(&voice, 500),
        quantile(&voice, 990)
    );
    assert!(lesson.concealed_permille(2) <= 10, "{} permille concealed", lesson.concealed_permille(2));
    assert!(quantile(&voice, 990) <= 1700, "{} ms", quantile(&voice, 990));
}

#[test]
fn after_a_cut_voice_is_back_within_two_seconds_and_events_are_whole() {
    for seconds in [5, 30, 300] {
        let mut lesson = Lesson::new(9, &[Bad::GOOD, Bad::LOSSY]);
        lesson.run(30_000);
        let back = lesson.world.now + seconds * 1000;
        lesson.world.cuts = vec![(lesson.world.now, back)];
        lesson.run(seconds * 1000 + 30_000);
        lesson.world.run(5000, |_, _| {});
        // All ways of this world are cut alike, the teacher's too.
        let first = lesson.world.diaries[2].played[&lesson.track].iter().map(|(_, at)| *at).find(|at| *at > back + 50);
        assert!(first.unwrap() <= back + 2000, "{} ms after {seconds} s", first.unwrap() - back);
        assert_eq!(lesson.event_delays(2).len(), lesson.said.len());
        lesson.world.agree(2, 1, lesson.class);
    }
}

#[test]
fn pictures_and_video_never_hold_up_a_lesson() {
    let mut lesson = Lesson::new(4, &[Bad::GOOD, Bad::THIN]);
    lesson.run(10_000);
    let Lesson { world, class, track, spoken, chance, .. } = &mut lesson;
    let said = world.now;
    world.run(60_000, |world, at| {
        if at % 60 == 0 {
            let packet = packet(spoken.len() as u64, chance);
            spoken.push(world.now);
            world.voice(1, *class, *track, packet);
        }
        // A camera that gives four times what the way bears.
        if at % 33 == 0 {
            world.halls[1].video(world.now, *class, at % 990 == 0, &[7; 1000]);
        }
        if at == 50_000 {
            world.say(1, *class, person(1), b"the slide").unwrap();
        }
    });
    world.run(3000, |_, _| {});
    let (sums, video) = (world.sums(HUB, 2), world.diaries[2].video);
    assert!(video > 10, "{video} pieces of video came");
    assert_eq!(sums.overflowed, 0);
    assert!(sums.queue_ms < 1000, "a queue of {} ms", sums.queue_ms);
    assert_eq!(lesson.concealed_permille(2), 0);
    let late = lesson.voice_delays(2);
    println!(
        "with video: {video} pieces; queue {} ms; voice p50 {} p99 {}",
        sums.queue_ms,
        quantile(&late, 500),
        quantile(&late, 990)
    );
    assert!(quantile(&late, 990) < 1200, "{} ms", quantile(&late, 990));
    let seen = *lesson.world.diaries[2].seen.iter().next_back().unwrap().1;
    assert!(seen - said < 50_000 + 1500, "the slide took {} ms", seen - said - 50_000);
}
