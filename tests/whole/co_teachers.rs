//! Two classes together with a teacher on each side: the co-teacher leads from the node of their own school.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use base::{Scope, Subject};
use log::Context;
use records::{Change, RecordError, append};
use tokio::task::JoinSet;
use zampa::files::Files;
use zampa::house;

use crate::bots::{Bot, Counts, Does};
use crate::counted::copy;
use crate::neighbours::{Page, Runs, apart, key, one, open, plan_by, sign_in, sits, until};

const HELLO: u8 = 0;
const EVENT: u8 = 1;
const STATE: u8 = 2;
const REFUSED: u8 = 5;
const WAITING: u8 = 6;

/// The co-teacher of a class, and the school at whose node they are.
fn with(hub: &Files, class: Subject, co: Subject, school: Subject) {
    let kinds = house::kinds();
    let scope = Scope::Programme(hub.settings().unwrap().programme);
    let change = Change::new().with_link("co_teacher", co).with_link("co_origin", school);
    let named = open(hub).write(Context { author: co }, |tx| {
        append(tx, kinds.get("live_class").unwrap(), scope, class, change, None)?;
        tx.fold()?;
        Ok::<_, RecordError>(())
    });
    named.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_co_teacher_leads_from_another_school_and_in_a_cut_their_own_room_alone() {
    let nodes = [0, 1, 2].map(copy);
    let files = nodes.each_ref().map(|(_, files)| files.clone());
    let (ports, schools) = apart(&files);
    let by = |role: &str| {
        format!("SELECT person FROM grant_of_role WHERE role = '{role}' AND organisation = ?1 ORDER BY id LIMIT 1")
    };
    let teacher = one(&open(&files[0]), &by("local"), schools[0]);
    // Who leads with the teacher answers for the own pupils as well.
    let (class, co) = plan_by(&files[0], teacher, Some(schools[0]), schools[1]);
    with(&files[0], class, co, schools[1]);
    let head = one(&open(&files[2]), &by("head"), schools[1]);
    let (teacher, [co, head]) = (sign_in(&files[1], teacher), [co, head].map(|person| sign_in(&files[2], person)));
    let hub = Runs::start("hub", &files[0], ports[0]);
    let (one, two) = (Runs::start("school", &files[1], ports[1]), Runs::start("school", &files[2], ports[2]));
    let page = format!("/classes/{class}");
    until("the class to be at both schools", 60, async || {
        let found = [one.get(&page, &teacher).await, two.get(&page, &co).await];
        found.iter().all(|said| said.as_ref().is_some_and(|said| said.status == 200))
    })
    .await;
    let shown = two.get(&page, &co).await.unwrap().body;
    assert!(shown.contains(&format!("/classes/{class}/live?as=room")), "the page of the own room");

    let (at_one, at_two, keys) =
        (one.1, two.1, (key(&two, class, &co, "whip").await, key(&one, class, &teacher, "whep").await));
    let cookie = co.cookie.clone();
    let talk = tokio::task::spawn_blocking(move || {
        let mut first = Page::open(at_one, class, &teacher);
        let mut second = Page::open(at_two, class, &co);
        let mut room = Page::at(at_two, &format!("/classes/{class}/talk?as=room"), &cookie, 9);
        let mut other = Page::open(at_two, class, &head);
        first.is_told(HELLO, "\"teacher\"");
        second.is_told(HELLO, "\"co\"");
        room.is_told(HELLO, "\"adult\"");
        other.is_told(HELLO, "\"guest\"");
        first.say("{\"k\":\"begin\"}");
        second.hears("begin");
        // The class is led from both sides, by nobody else, and begun and ended by the teacher.
        second.say("{\"k\":\"page\",\"p\":4}");
        first.hears("\"p\":4");
        for (page, why) in [(&mut other, "guest"), (&mut room, "role")] {
            page.say("{\"k\":\"page\",\"p\":5}");
            page.is_told(REFUSED, why);
        }
        second.say("{\"k\":\"end\"}");
        second.is_told(REFUSED, "role");
        second.put(&[1, 0, 0, 0, 7, 0, 0, 0, 1, 0]);
        while first.is_told_bytes(EVENT).get(11) != Some(&1) {}
        room.say("{\"k\":\"heads\",\"n\":31}");
        first.hears("\"heads\"");
        (first, second, room)
    });
    let (mut first, mut second, mut room) = talk.await.unwrap();

    // Their voice is heard where the teacher is.
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let ((mut mouth, offer), (mut ear, wish)) =
        (Bot::offers(here, Does::SPEAKS).await, Bot::offers(here, Does::LISTENS).await);
    mouth.accept(&sits(two.1, format!("/classes/{class}/whip/{}", keys.0), &offer).await);
    ear.accept(&sits(one.1, format!("/classes/{class}/whep/{}", keys.1), &wish).await);
    let counts = Arc::new(Counts::default());
    let mut bots = JoinSet::new();
    bots.spawn(mouth.run(Arc::default()));
    bots.spawn(ear.run(Arc::clone(&counts)));
    until("the co-teacher's voice", 30, async || counts.heard.load(Relaxed) > 50).await;

    // Cut off, they lead their own room alone; what they turned there comes late, and is known to.
    drop(hub);
    let talk = tokio::task::spawn_blocking(move || {
        second.is_told(STATE, "\"cut\":true");
        second.say("{\"k\":\"page\",\"p\":6}");
        room.is_told(WAITING, "\"p\":6");
        second.say("{\"k\":\"floor\",\"room\":1}");
        second.is_told(REFUSED, "cut");
        (second, room)
    });
    let (_second, _room) = talk.await.unwrap();
    // Well beyond what counts as late: clocks of busy nodes are some seconds apart until they know the way.
    tokio::time::sleep(Duration::from_secs(15)).await;
    let _hub = Runs::start("hub", &files[0], ports[0]);
    let came = tokio::task::spawn_blocking(move || {
        loop {
            let event = first.is_told_bytes(EVENT);
            if String::from_utf8_lossy(&event).contains("\"p\":6") {
                return event[8];
            }
        }
    });
    assert_eq!(came.await.unwrap(), 1, "it comes, and is late");
}
