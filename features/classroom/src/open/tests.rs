use live::{Event, Mark, Reach};

use super::*;
use crate::fold::INK;
use crate::who::{Part, Room};

const ME: NodeId = NodeId([1; 16]);
const CLASS: Subject = Subject([2; 16]);

fn planned() -> Open {
    planned_for(&[])
}

/// A class of these rooms, all served here.
fn planned_for(rooms: &[u8]) -> Open {
    let subject = |n: u8| Subject([n; 16]);
    let room = |n: &u8| Room {
        id: subject(*n),
        school: subject(n + 100),
        person: subject(n + 200),
        byline: String::new(),
        ready_for: None,
        unheard: false,
    };
    let nodes = rooms.iter().map(|_| ME).collect();
    let rooms: Vec<Room> = rooms.iter().map(room).collect();
    let inner = Arc::new(Mutex::new(Inner::of(&rooms.iter().map(|r| r.id).collect::<Vec<_>>())));
    let about = About {
        title: "藏药植物".into(),
        meeting: false,
        state: "live".into(),
        origin: None,
        teacher: None,
        co_teacher: None,
        co_origin: None,
        byline: String::new(),
        course: None,
        recorded: false,
        minutes: 40,
        rooms,
    };
    let (ways, passes) = (Vec::new(), BTreeSet::from([ME]));
    Open { class: CLASS, origin: ME, co_node: ME, nodes, ways, way: ME, passes, about, inner }
}

fn view(said: &[&[u8]]) -> View {
    let event = |(payload, seq): (&&[u8], u64)| Event {
        seq,
        at_ms: seq * 1000,
        node: ME,
        who: CLASS,
        late_ms: 0,
        payload: Arc::from(*payload),
    };
    let events = said.iter().zip(1..).map(event).collect();
    let mark = Mark { seq: said.len() as u64, ..Mark::default() };
    View { events, waiting: Vec::new(), reach: Reach::Here, tracks: Vec::new(), elapsed_ms: 9000, mark }
}

#[test]
fn a_page_that_still_holds_the_class_as_it_was_planned_notes_nothing_again() {
    let before = planned();
    let said = [of_node(&json!({ "k": "begin" })), of_node(&json!({ "k": "end" }))];
    before.follow(&view(&[&said[0], &said[1]]));
    let mut after = planned();
    after.goes_on(&before);
    let mut noted = 0;
    for open in [&before, &after, &before] {
        assert_eq!(open.inner().fold.over_ms, Some(2000));
        let note = || {
            noted += 1;
            Ok(())
        };
        open.once("held", note).unwrap();
    }
    assert_eq!(noted, 1);
    assert!(after.once("room-1", || Err(PageError::NotFound)).is_err());
    before.once("room-1", || Ok(())).unwrap();
    assert_eq!(after.inner().noted.len(), 2, "what failed was tried again");
}

/// What rooms and the teacher say, who is 0.
fn said_by(said: &[(u8, serde_json::Value)]) -> View {
    let payloads: Vec<Vec<u8>> = said.iter().map(|(_, said)| of_node(said)).collect();
    let mut view = view(&payloads.iter().map(Vec::as_slice).collect::<Vec<_>>());
    for (event, (who, _)) in view.events.iter_mut().zip(said) {
        event.who = if *who == 0 { CLASS } else { Subject([*who; 16]) };
    }
    view
}

#[test]
fn a_room_that_has_another_number_now_has_nothing_of_the_one_before() {
    let before = planned_for(&[10, 11]);
    let floor = before.inner().fold.naming(1, serde_json::Map::from_iter([("k".to_owned(), json!("floor"))]));
    let all = said_by(&[
        (10, json!({ "k": "in" })),
        (10, json!({ "k": "consent", "yes": true })),
        (10, json!({ "k": "heads", "n": 31 })),
        (11, json!({ "k": "heads", "n": 9 })),
        (0, json!({ "k": "begin" })),
        (0, floor),
        (0, json!({ "k": "record", "on": true })),
    ]);
    before.follow(&all);
    let now = || before.inner().fold.clone();
    assert!(now().has_floor(Part::Adult(1)) && !now().may_be_heard(2, true));
    let mut after = planned_for(&[11]);
    after.goes_on(&before);
    assert!(after.renumber(|| Some(all.clone())), "it has another");
    assert!(!after.renumber(|| None), "once");
    assert!(!now().may_be_heard(1, true), "who never consented");
    assert!(!now().has_floor(Part::Adult(1)), "nor was asked");
    assert_eq!((now().rooms[&1].heads, now().rooms[&1].since_ms), (Some(9), None));
    // A page that still holds the class as it was takes nothing in.
    let more = said_by(&[(11, json!({ "k": "heads", "n": 8 }))]);
    let more = View { events: more.events.into_iter().map(|e| Event { seq: 8, ..e }).collect(), ..more };
    before.follow(&more);
    assert_eq!(now().seq, 7);
    after.follow(&more);
    assert_eq!(now().rooms[&1].heads, Some(8));
    // One that comes last changes nobody's number, and what it said before its plan had come here counts.
    let mut third = planned_for(&[11, 12]);
    third.goes_on(&after);
    let all = said_by(&[(12, json!({ "k": "heads", "n": 5 }))]);
    assert!(!third.renumber(|| Some(all)));
    assert_eq!(now().rooms[&2].heads, Some(5));
}

#[test]
fn two_pages_that_look_at_once_take_in_what_happened_once() {
    let open = planned();
    let update = documents::Live::default().whole();
    let said = [of_node(&json!({ "k": "begin" })), [&[NOTES], &*update].concat(), [&[NOTES], &*update].concat()];
    let all = view(&[&said[0], &said[1], &said[2]]);
    open.follow(&all);
    open.follow(&all);
    open.follow(&view(&[&said[0]]));
    let inner = open.inner();
    assert_eq!((inner.fold.seq, inner.notes_bytes), (3, 2 * update.len()));
}

#[test]
fn what_comes_after_the_class_is_over_is_taken_into_its_record_however_short_the_cut_was() {
    let open = planned_for(&[10]);
    let mut all = vec![(10, json!({ "k": "in" })), (0, json!({ "k": "begin" })), (0, json!({ "k": "end" }))];
    open.follow(&said_by(&all));
    assert_eq!(open.inner().late, (0, 0), "nothing came after it");
    all.push((10, json!({ "k": "out" })));
    open.follow(&said_by(&all));
    assert_eq!(open.inner().late, (0, 0), "that a room leaves is not told anew");
    all.push((10, json!({ "k": "chat", "text": "断网时写的话" })));
    open.follow(&said_by(&all));
    assert_eq!(open.inner().late, (5, 5000));
}

#[test]
fn cuts_are_counted_in_the_classs_own_time_and_none_of_it_after_its_end() {
    let open = planned_for(&[10]);
    let mut all = vec![(10, json!({ "k": "in" })), (0, json!({ "k": "begin" }))];
    open.follow(&said_by(&all));
    let mut inner = open.inner();
    assert_eq!(
        (inner.count_cuts(2500, false), inner.count_cuts(3000, true), inner.count_cuts(4000, true)),
        (None, None, None)
    );
    assert_eq!(inner.count_cuts(63_000, false), Some(60_000));
    assert_eq!((inner.count_cuts(70_000, true), inner.count_cuts(71_000, false)), (None, None), "hardly any");
    // The class was over 2 s after this cut began, which is heard of an hour later.
    inner.fold.began_ms = Some(2000);
    assert_eq!(inner.count_cuts(80_000, true), None);
    inner.fold.over_ms = Some(85_000);
    assert_eq!(inner.count_cuts(3_600_000, false), Some(5000));
    drop(inner);
    // What was said of them is counted of the room, also after the node was started again.
    all.extend([(10, json!({ "k": "was-cut", "ms": 60_000 })), (10, json!({ "k": "was-cut", "ms": 5000 }))]);
    let again = planned_for(&[10]);
    again.follow(&said_by(&all));
    let room = again.inner().fold.rooms[&1];
    assert_eq!((room.cuts, room.cut_ms), (2, 65_000));
}

#[test]
fn a_class_that_nobody_leads_is_left_half_an_hour_beyond_its_time() {
    const MINUTE: u64 = 60_000;
    let open = planned_for(&[10]);
    open.follow(&said_by(&[(0, json!({ "k": "begin" }))]));
    let mut inner = open.inner();
    let mut is_left = |leads, at| {
        inner.leads = leads;
        inner.is_left(at, 40)
    };
    assert!(!is_left(0, MINUTE) && !is_left(0, 60 * MINUTE), "its time, and half an hour, is not over");
    assert!(is_left(0, 71 * MINUTE));
    assert!(!is_left(1, 72 * MINUTE), "who leads has come again");
    assert!(!is_left(0, 73 * MINUTE) && !is_left(0, 102 * MINUTE) && is_left(0, 103 * MINUTE));
}

#[test]
fn a_co_teacher_leads_from_where_they_are_and_what_they_turned_in_a_cut_moves_nobody() {
    const AWAY: NodeId = NodeId([2; 16]);
    let (co, room) = (Subject([9; 16]), Subject([10; 16]));
    let mut open = planned_for(&[10]);
    open.co_node = AWAY;
    open.about.co_teacher = Some(co);
    assert_eq!(open.room_of(AWAY, &co), Some(0));
    for (node, who) in [(ME, co), (AWAY, CLASS), (AWAY, room), (AWAY, Subject([8; 16]))] {
        assert_eq!(open.room_of(node, &who), None, "{node} {who}");
    }
    let said = |node, who, late_ms, payload: &[u8]| Event {
        seq: 1,
        at_ms: 60_000,
        node,
        who,
        late_ms,
        payload: Arc::from(payload),
    };
    let floor = of_node(&json!({ "k": "floor", "room": 1 }));
    assert_eq!(open.counts_for(&said(AWAY, co, 0, &floor)), Some(0));
    assert_eq!(open.counts_for(&said(AWAY, co, 9000, &floor)), None, "the others went on without it");
    assert_eq!(open.counts_for(&said(AWAY, co, 9000, &[INK, 0])), Some(0), "what was drawn stands on its page");
    assert_eq!(open.counts_for(&said(ME, room, 9000, &of_node(&json!({ "k": "heads", "n": 3 })))), Some(1));
    let late = [said(ME, CLASS, 0, &of_node(&json!({ "k": "begin" }))), said(AWAY, co, 9000, &floor)];
    assert_eq!(open.fold_of(&late).floor, 0);
}
