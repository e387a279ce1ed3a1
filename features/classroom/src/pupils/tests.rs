use super::*;

fn asked(kind: &str) -> Fold {
    let mut fold = Fold::default();
    fold.take(1, 0, Some(0), &of_node(&json!({ "k": "begin" })));
    let ask = json!({ "k": "ask", "q": 7, "kind": kind, "text": "?", "options": ["A", "B"] });
    fold.take(2, 0, Some(0), &of_node(&ask));
    fold
}

fn says(pupils: &mut Pupils, device: u32, count: u32, said: &Json, class: &Fold) -> Result<(), No> {
    pupils.say((device, 1), count, &of_node(said), class).1.map(drop)
}

fn told(pupils: &mut Pupils, now_ms: u64, class: &Fold) -> Vec<Json> {
    pupils.counts(now_ms, class).iter().map(|p| serde_json::from_slice(&p[1..]).unwrap()).collect()
}

#[test]
fn only_counts_of_the_room_go_into_the_class() {
    let class = asked("choice");
    let mut pupils = Pupils::new(&Env::system(), 1, None);
    for (device, v) in [(11, "A"), (12, "A"), (13, "B")] {
        assert_eq!(pupils.come(device, 1), Some(0));
        let answer = json!({ "k": "answer", "q": 7, "v": v, "name": "扎西" });
        assert_eq!(says(&mut pupils, device, 1, &answer, &class), Ok(()));
    }
    assert_eq!(says(&mut pupils, 13, 2, &json!({ "k": "answer", "q": 7, "v": "C" }), &class), Err(No::Role));
    assert_eq!(says(&mut pupils, 13, 3, &json!({ "k": "answer", "q": 7, "v": "A" }), &class), Ok(()), "who changes");
    says(&mut pupils, 12, 2, &json!({ "k": "hand", "up": true }), &class).unwrap();
    let expected = [json!({ "k": "hands", "n": 1 }), json!({ "k": "devices", "q": 7, "n": 3, "counts": { "A": 3 } })];
    assert_eq!(told(&mut pupils, 5000, &class), expected);
    assert!(told(&mut pupils, 9000, &class).is_empty(), "what has not changed is not said again");
    pupils.go(12);
    assert_eq!(told(&mut pupils, 12_000, &class), [json!({ "k": "hands", "n": 0 })]);
}

#[test]
fn words_and_drawings_stay_with_the_adult() {
    let class = asked("short");
    let mut pupils = Pupils::new(&Env::system(), 1, None);
    pupils.come(1, 1);
    assert_eq!(says(&mut pupils, 1, 1, &json!({ "k": "answer", "q": 7, "v": "雪莲" }), &class), Ok(()));
    assert_eq!(told(&mut pupils, 5000, &class), [json!({ "k": "devices", "q": 7, "n": 1, "counts": {} })]);
    let shown = pupils.shown(&class, "http://box/c/1");
    assert_eq!(shown["texts"][0]["text"], "雪莲");
    let class = asked("draw");
    let ink = [&[DRAWN, 0, 7][..], b"ZPEN\x01"].concat();
    assert_eq!(pupils.say((1, 1), 2, &ink, &class).1, Ok(None));
    assert_eq!(pupils.drawings(&class).len(), 1);
    assert_eq!(pupils.say((1, 1), 3, &[&[DRAWN, 0, 7][..], b"nothing"].concat(), &class).1, Err(No::Role));
    assert_eq!(pupils.say((1, 1), 4, &[&ink[..], &[0; MAX_DRAWN][..]].concat(), &class).1, Err(No::Much));
}

#[test]
fn how_it_was_is_counted_and_forgotten() {
    let mut class = asked("choice");
    let mut pupils = Pupils::new(&Env::system(), 1, None);
    pupils.come(1, 1);
    let says_yes = json!({ "k": "exit", "w": "u", "v": 0 });
    assert_eq!(says(&mut pupils, 1, 1, &says_yes, &class), Err(No::Role), "not asked");
    class.take(3, 0, Some(0), &of_node(&json!({ "k": "exit", "on": true })));
    assert_eq!(says(&mut pupils, 1, 2, &says_yes, &class), Ok(()));
    assert_eq!(says(&mut pupils, 1, 3, &json!({ "k": "exit", "w": "u", "v": 2 }), &class), Ok(()), "who changes");
    assert_eq!(pupils.take_exits(), Marks([[0, 0, 1], [0; 3]]));
    assert!(pupils.take_exits().is_empty());
}

#[test]
fn a_node_that_was_started_again_tells_anew_that_no_hand_is_up() {
    let class = Fold::default();
    let hands = |code: Option<&str>| Pupils::new(&Env::system(), 1, code).counts(5000, &class);
    assert!(hands(None).is_empty());
    assert_eq!(hands(Some("12345678-0000000000000000")), [of_node(&json!({ "k": "hands", "n": 0 }))]);
}

#[test]
fn a_room_has_its_bounds() {
    let mut pupils = Pupils::new(&Env::system(), 1, None);
    let came = (0..200).filter(|n| pupils.come(*n, 1).is_some()).count();
    assert_eq!((came, pupils.here()), (MAX_HERE, MAX_HERE));
    (0..60).for_each(|n| pupils.go(n));
    let came = (200..400).filter(|n| pupils.come(*n, 1).is_some()).count();
    assert_eq!(came, MAX_DEVICES - MAX_HERE);
    assert_eq!((0..100).filter(|_| pupils.come(200, 1).is_some()).count(), MAX_PAGES - 1);
    assert_eq!(pupils.code.len(), 8);
}

/// An access point starts again: every tablet comes anew, before the node knows that it was away.
#[test]
fn devices_that_come_again_keep_their_place() {
    let mut pupils = Pupils::new(&Env::system(), 1, None);
    for time in 1..=2 {
        assert!((0..40).all(|n| pupils.come(n, 1).is_some()));
        assert_eq!(pupils.here(), 40, "time {time}");
    }
    assert_eq!((100..200).filter(|n| pupils.come(*n, 1).is_some()).count(), MAX_HERE - 40);
    (0..40).for_each(|n| pupils.go(n));
    assert_eq!(pupils.here(), MAX_HERE, "the page before is gone, and the new one is there");
}

#[test]
fn two_who_mean_the_same_number_are_counted_together() {
    let read = ["3", " 3.0", "3,0", "-0", "1e3", "x", "inf", "1e13"].map(number);
    let expected = [Some("3"), Some("3"), Some("3"), Some("0"), Some("1000"), None, None, None];
    assert_eq!(read, expected.map(|n| n.map(str::to_owned)));
}

#[test]
fn a_page_of_pupils_is_told_nobodys_name() {
    let caption = of_node(&json!({ "k": "caption", "text": "雪莲", "by": "丹增" }));
    assert!(!String::from_utf8_lossy(&for_pupils(&caption).unwrap()).contains("丹增"));
    for said in [
        json!({ "k": "chat", "text": "x", "by": "丹增" }),
        json!({ "k": "guest", "person": "p", "name": "丹增" }),
        json!({ "k": "in", "name": "丹增" }),
        json!({ "k": "tally", "q": 1, "counts": {} }),
        json!({ "k": "exited", "u": [5, 0, 0] }),
    ] {
        assert!(for_pupils(&of_node(&said)).is_none(), "{said}");
    }
}
