use serde_json::{Value as Json, json};

use crate::fold::{Fold, INK, Interpreter};
use crate::say::{No, Speaker, exit_counted, of_node, taken};
use crate::who::Part;

fn fold(said: &[(Option<u16>, Json)]) -> Fold {
    let mut fold = Fold::default();
    for ((room, said), n) in said.iter().zip(1u64..) {
        fold.take(n, n * 1000, *room, &of_node(said));
    }
    fold
}

fn by(part: Part) -> Speaker<'static> {
    Speaker { part, name: "丹增", admitted: false, cut: false, meeting: false, devices: 0 }
}

fn says(part: Part, said: &Json, class: &Fold) -> Result<Json, No> {
    taken(&of_node(said), &by(part), class, true).map(|taken| serde_json::from_slice(&taken[1..]).unwrap())
}

#[test]
fn only_who_leads_moves_the_class_and_each_room_speaks_for_itself() {
    let began = json!({ "k": "begin" });
    let class = fold(&[
        (Some(2), json!({ "k": "begin" })),
        (None, json!({ "k": "end" })),
        (Some(2), json!({ "k": "floor", "room": 2 })),
        (Some(2), json!({ "k": "heads", "n": 31 })),
        (Some(0), json!({ "k": "heads", "n": 9 })),
    ]);
    assert!(class.began_ms.is_none() && class.over_ms.is_none() && class.floor == 0);
    assert_eq!((class.rooms[&2].heads, class.rooms.contains_key(&0)), (Some(31), false));
    let class = fold(&[(Some(0), began.clone())]);
    assert_eq!(says(Part::Adult(1), &began, &class), Err(No::Role));
    assert_eq!(says(Part::Co, &json!({ "k": "end" }), &class), Err(No::Role));
    assert_eq!(says(Part::Co, &json!({ "k": "page", "p": 2 }), &class), Ok(json!({ "k": "page", "p": 2 })));
    assert_eq!(says(Part::Adult(1), &json!({ "k": "page", "p": 2 }), &class), Err(No::Role));
    let cut = Speaker { cut: true, ..by(Part::Adult(1)) };
    assert!(taken(&of_node(&json!({ "k": "page", "p": 2 })), &cut, &class, true).is_ok(), "a room that is cut off");
    let ended = fold(&[(Some(0), began), (Some(0), json!({ "k": "end" }))]);
    assert_eq!(says(Part::Teacher, &json!({ "k": "page", "p": 2 }), &ended), Err(No::Closed));
}

#[test]
fn in_a_meeting_of_teachers_everyone_has_the_pen_and_no_pupils_are_counted_or_asked() {
    let class = fold(&[(Some(0), json!({ "k": "begin" }))]);
    let stroke = [&[INK][..], &[0; 9]].concat();
    for (meeting, may) in [(false, Err(No::Role)), (true, Ok(stroke.clone()))] {
        let adult = Speaker { meeting, ..by(Part::Adult(1)) };
        assert_eq!(taken(&stroke, &adult, &class, true), may);
    }
    for (part, said) in
        [(Part::Adult(1), json!({ "k": "heads", "n": 31 })), (Part::Teacher, json!({ "k": "exit", "on": true }))]
    {
        assert!(says(part, &said, &class).is_ok());
        let meets = Speaker { meeting: true, ..by(part) };
        assert_eq!(taken(&of_node(&said), &meets, &class, true), Err(No::Role), "{said}");
    }
}

#[test]
fn a_co_teacher_whose_node_is_cut_off_leads_their_own_school_alone() {
    let class = fold(&[(Some(0), json!({ "k": "begin" }))]);
    let cut = Speaker { cut: true, ..by(Part::Co) };
    for (said, may) in [
        (json!({ "k": "page", "p": 2 }), true),
        (json!({ "k": "chat", "text": "我们继续" }), true),
        (json!({ "k": "floor", "room": 0 }), false),
        (json!({ "k": "blank" }), false),
        (json!({ "k": "ask", "q": 1, "kind": "choice", "text": "几度会开？" }), false),
    ] {
        assert!(says(Part::Co, &said, &class).is_ok(), "{said}");
        assert_eq!(taken(&of_node(&said), &cut, &class, true).err(), (!may).then_some(No::Cut), "{said}");
    }
}

#[test]
fn no_more_answer_than_were_counted_in_the_room() {
    let ask = json!({ "k": "ask", "q": 4, "kind": "choice", "text": "几度会开？", "options": ["是", "否"] });
    let mut all =
        vec![(Some(0), json!({ "k": "begin" })), (Some(0), ask), (Some(0), json!({ "k": "exit", "on": true }))];
    let hands = |n: u64| of_node(&json!({ "k": "tally", "q": 4, "counts": { "是": n, "否": 3 } }));
    let how = |n: u64| of_node(&json!({ "k": "exit-counts", "u": [n, 0, 2], "e": [1, 0, 0] }));
    let adult = Speaker { devices: 2, ..by(Part::Adult(1)) };
    let class = fold(&all);
    assert!(taken(&hands(40), &adult, &class, true).is_ok(), "nobody has counted them");
    assert!(exit_counted(&how(40), Part::Adult(1), &class).unwrap().is_ok());
    all.push((Some(1), json!({ "k": "heads", "n": 12 })));
    let class = fold(&all);
    assert_eq!(taken(&hands(8), &adult, &class, true), Err(No::Heads), "with those on devices they are thirteen");
    assert!(taken(&hands(7), &adult, &class, true).is_ok());
    assert!(taken(&hands(40), &by(Part::Adult(2)), &class, true).is_ok(), "another room");
    assert_eq!(exit_counted(&how(11), Part::Adult(1), &class).unwrap().err(), Some(No::Heads));
    assert!(exit_counted(&how(10), Part::Adult(1), &class).unwrap().is_ok());
}

#[test]
fn a_name_is_the_nodes_and_what_else_a_page_adds_goes_nowhere() {
    let class = Fold::default();
    let said = json!({ "k": "chat", "text": " 你好\u{7} ", "by": "somebody else", "more": [1, 2, 3] });
    assert_eq!(says(Part::Adult(1), &said, &class), Err(No::Much), "what cannot be seen is refused");
    let said = json!({ "k": "chat", "text": "你好", "by": "somebody else", "more": [1, 2, 3] });
    assert_eq!(says(Part::Adult(1), &said, &class), Ok(json!({ "k": "chat", "text": "你好", "by": "丹增" })));
    for said in [json!({ "k": "in" }), json!({ "k": "guest" }), json!({ "k": "page", "p": -1 }), json!({}), json!([1])]
    {
        assert_eq!(says(Part::Teacher, &said, &class), Err(No::Role), "{said}");
    }
    assert_eq!(says(Part::Guest, &json!({ "k": "chat", "text": "hm" }), &class), Err(No::Guest));
    let long = "长".repeat(3000);
    assert_eq!(says(Part::Teacher, &json!({ "k": "chat", "text": long }), &class), Err(No::Much));
    for bytes in [&b""[..], &[9, 9], &[0, b'{']] {
        assert_eq!(taken(bytes, &by(Part::Teacher), &class, true), Err(No::Role));
    }
}

#[test]
fn a_room_is_heard_in_a_recorded_class_only_with_consent() {
    let floor = json!({ "k": "floor", "room": 1 });
    let record = json!({ "k": "record", "on": true });
    let recorded = fold(&[(Some(0), json!({ "k": "begin" })), (Some(0), record.clone())]);
    assert!(recorded.recording && recorded.recorded);
    assert_eq!(says(Part::Teacher, &floor, &recorded), Err(No::Consent));
    let speaks = fold(&[(Some(0), json!({ "k": "begin" })), (Some(0), floor.clone())]);
    assert_eq!(says(Part::Teacher, &record, &speaks), Err(No::Consent));
    let consents = json!({ "k": "consent", "yes": true });
    let class = fold(&[(Some(0), json!({ "k": "begin" })), (Some(1), consents), (Some(0), record.clone())]);
    assert!(says(Part::Teacher, &floor, &class).is_ok());
    // Who has the floor, by a page or by an encoder, and takes the consent back is not heard any more.
    let mut class = class;
    class.take(9, 9000, Some(0), &of_node(&floor));
    assert!(class.has_floor(Part::Adult(1)) && !class.has_floor(Part::Adult(2)) && class.has_floor(Part::Teacher));
    class.take(10, 9500, Some(1), &of_node(&json!({ "k": "consent", "yes": false })));
    assert!(!class.has_floor(Part::Adult(1)) && class.has_floor(Part::Teacher));
    assert_eq!(taken(&of_node(&record), &by(Part::Teacher), &class, false), Err(No::Consent), "not planned to be");
    assert_eq!(says(Part::Adult(1), &record, &class), Err(No::Role));
}

#[test]
fn ink_is_of_who_leads_or_has_the_floor_and_bounded() {
    let class = fold(&[(Some(0), json!({ "k": "begin" })), (Some(0), json!({ "k": "floor", "room": 2 }))]);
    let ink = [&[INK], &[7u8; 100][..]].concat();
    let draws = |part| taken(&ink, &by(part), &class, true);
    assert_eq!(draws(Part::Teacher), Ok(ink.clone()));
    assert_eq!((draws(Part::Adult(2)).is_ok(), draws(Part::Adult(1))), (true, Err(No::Role)));
    assert_eq!(taken(&[&[INK], &[7; 9000][..]].concat(), &by(Part::Teacher), &class, true), Err(No::Much));
}

#[test]
fn who_leads_says_who_interprets_and_a_language_has_one_voice() {
    let person = base::Subject([7; 16]);
    let begun = (Some(0), json!({ "k": "begin" }));
    let asks = json!({ "k": "interpret", "person": person.to_string(), "lang": "bo" });
    let class = fold(std::slice::from_ref(&begun));
    assert_eq!(says(Part::Teacher, &asks, &class), Err(No::Guest), "who was not let in");
    let room = json!({ "k": "interpret", "room": 1, "lang": "bo" });
    assert_eq!(says(Part::Co, &room, &class), Ok(room.clone()));
    assert_eq!(says(Part::Adult(1), &room, &class), Err(No::Role));
    assert_eq!(says(Part::Teacher, &json!({ "k": "interpret", "room": 1, "lang": "fr" }), &class), Err(No::Role));
    let admit = |yes: bool| (Some(0), json!({ "k": "admit", "person": person.to_string(), "name": "x", "yes": yes }));
    let class = fold(&[begun.clone(), (Some(0), room.clone()), admit(true), (Some(0), asks.clone()), (Some(1), room)]);
    assert_eq!(class.interpreters.into_iter().collect::<Vec<_>>(), [(Interpreter::Person(person), 2)]);
    let class = fold(&[begun, admit(true), (Some(0), asks), admit(false)]);
    assert!(class.interpreters.is_empty(), "who is sent out interprets no more");
}

#[test]
fn presence_is_counted_from_coming_to_going_or_the_end() {
    let class = fold(&[
        (Some(1), json!({ "k": "in" })),
        (Some(0), json!({ "k": "begin" })),
        (Some(1), json!({ "k": "out" })),
        (Some(1), json!({ "k": "in" })),
        (Some(2), json!({ "k": "in" })),
        (Some(0), json!({ "k": "end" })),
        (Some(2), json!({ "k": "out" })),
    ]);
    assert_eq!((class.present_ms(1), class.present_ms(2)), (4000, 1000));
    // What was said in a cut comes in when the class is over: who was there by then was there until the end.
    let mut class = fold(&[
        (Some(1), json!({ "k": "in" })),
        (Some(0), json!({ "k": "begin" })),
        (Some(0), json!({ "k": "page", "p": 1 })),
        (Some(0), json!({ "k": "page", "p": 2 })),
        (Some(0), json!({ "k": "page", "p": 3 })),
        (Some(0), json!({ "k": "end" })),
    ]);
    let late = |class: &mut Fold, at_ms: u64, room: u16, said: Json| {
        class.take(class.seq + 1, at_ms, Some(room), &of_node(&said));
    };
    late(&mut class, 2000, 2, json!({ "k": "in" }));
    late(&mut class, 2500, 1, json!({ "k": "out" }));
    late(&mut class, 2700, 2, json!({ "k": "heads", "n": 31 }));
    late(&mut class, 3000, 1, json!({ "k": "in" }));
    late(&mut class, 9000, 1, json!({ "k": "out" }));
    late(&mut class, 9500, 2, json!({ "k": "in" }));
    late(&mut class, 9900, 3, json!({ "k": "in" }));
    assert_eq!((class.present_ms(1), class.present_ms(2), class.present_ms(3)), (4500, 4000, 0));
    assert_eq!(class.rooms[&2].heads, Some(31));
}

#[test]
fn a_guest_is_heard_in_a_recording_only_if_they_let_that_be() {
    let (one, other) = (base::Subject([7; 16]), base::Subject([8; 16]));
    let agrees = |person: base::Subject, yes: bool| json!({ "k": "agrees", "person": person.to_string(), "yes": yes });
    let class = fold(&[(None, agrees(one, true)), (None, agrees(other, true)), (None, agrees(other, false))]);
    assert!(class.guest_may_be_heard(&one, true) && !class.guest_may_be_heard(&other, true));
    assert!(class.guest_may_be_heard(&other, false), "what is not recorded needs no consent");
    // Nobody says it of somebody else: a room speaks for itself, and no page says it at all.
    let class = fold(&[(Some(1), agrees(one, true))]);
    assert!(!class.guest_may_be_heard(&one, true));
    assert_eq!(says(Part::Teacher, &agrees(one, true), &class), Err(No::Role));
}
