//! Who somebody is in a class is looked at anew while their page is open: what the plan takes from them they have no more.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use base::{NodeId, Scope, Subject};
use live::{Hall, Out, Saved, Way};
use log::Context;
use records::{Change, REMOVED, RecordError, Role, Value, append};
use tokio::task::JoinSet;

use crate::bots::{Bot, Counts, Does};
use crate::courses::status;
use crate::desk::{Desk, desk_at};
use crate::neighbours::Page;
use crate::programs::{SDP, ask, key, plan};
use crate::stills::show;

/// A node's own message to a page: what it was given of the class holds no more.
const ANEW: u8 = 12;

/// A class of today at the hub, which listens at this port.
pub async fn held(desk: &Desk) -> (Subject, u16, JoinSet<()>) {
    desk.node.begin_classes(IpAddr::V4(Ipv4Addr::LOCALHOST)).unwrap();
    let class = plan(desk);
    desk.node.classes.tend(&desk.node.site).unwrap();
    let (at, tasks) = listens(desk).await;
    (class, at, tasks)
}

async fn listens(desk: &Desk) -> (u16, JoinSet<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (at, router) = (listener.local_addr().unwrap(), desk.router.clone());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
    (at.port(), tasks)
}

pub fn change(desk: &Desk, kind: &str, id: Subject, change: Change) {
    let site = &desk.node.site;
    let done = site.store.write(Context::NODE, |tx| {
        append(tx, site.kinds.get(kind).unwrap(), Scope::Programme(site.programme), id, change, None)?;
        tx.fold()?;
        Ok::<_, RecordError>(())
    });
    done.unwrap();
    desk.node.classes.tend(site).unwrap();
}

/// A room of a class that is served at the hub, and its adult.
pub fn room(desk: &Desk, class: Subject, person: Subject, grade: &str) -> Subject {
    let unit =
        desk.one("SELECT organisation FROM grant_of_role WHERE role = 'coordinator' AND organisation IS NOT NULL");
    room_of(desk, class, person, grade, unit)
}

pub fn room_of(desk: &Desk, class: Subject, person: Subject, grade: &str, school: Subject) -> Subject {
    let id = desk
        .node
        .site
        .store
        .write(Context::NODE, |tx| Ok::<_, RecordError>(tx.subject(&Scope::Programme(desk.node.site.programme))))
        .unwrap();
    let made = Change::new()
        .with_link("class", class)
        .with_link("school", school)
        .with_text("grade", grade)
        .with_link("person", person);
    change(desk, "class_room", id, made);
    id
}

pub async fn blocking<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(f).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_teacher_who_was_replaced_leads_no_more() {
    let desk = desk_at(0);
    let (class, at, _tasks) = held(&desk).await;
    let (first, second) = (desk.sign_in(Role::Coordinator), desk.sign_in(Role::Officer));
    let path = format!("/classes/{class}/talk");
    let open = |cookie: &str, page: u32| {
        let (path, cookie) = (path.clone(), cookie.to_owned());
        blocking(move || Page::at(at, &path, &cookie, page))
    };
    let mut old = open(&first.0, 7).await;
    let mut old = blocking(move || {
        old.say("{\"k\":\"begin\"}");
        old.hears("begin");
        old
    })
    .await;
    let officer =
        desk.one("SELECT person FROM grant_of_role WHERE role = 'officer' ORDER BY organisation IS NOT NULL DESC");
    change(&desk, "live_class", class, Change::new().with_link("teacher", officer));
    let mut new = open(&second.0, 8).await;
    blocking(move || {
        // What it says is not heeded, and then it is told no more.
        assert!(old.ends_saying("{\"k\":\"end\"}"), "the page is told anew what it is");
        new.is_told(0, "\"teacher\"");
        new.say("{\"k\":\"page\",\"p\":3}");
        new.hears("\"page\"");
    })
    .await;
    let live = String::from("SELECT state = 'live' FROM live_class WHERE id = ?1");
    let state: bool = desk
        .node
        .site
        .store
        .read(|c| Ok::<_, RecordError>(c.query_row(&live, [class.as_bytes()], |r| r.get(0))?))
        .unwrap();
    assert!(state, "it goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_class_whose_order_is_moved_before_it_begins_is_held_where_it_was_moved_to() {
    let desk = desk_at(0);
    let (class, at, _tasks) = held(&desk).await;
    let teacher = desk.sign_in(Role::Coordinator);
    let unit = desk.one("SELECT origin FROM live_class ORDER BY made DESC LIMIT 1");
    let school = desk.one("SELECT school FROM node WHERE school IS NOT NULL ORDER BY made LIMIT 1");
    let moved = |to: Subject| change(&desk, "live_class", class, Change::new().with_link("origin", to));
    let open = |page: u32| {
        let (path, cookie) = (format!("/classes/{class}/talk"), teacher.0.clone());
        blocking(move || Page::at(at, &path, &cookie, page))
    };
    // At the school's node nobody here leads it; back at the hub it is led here, and goes on so once it has begun.
    moved(school);
    let mut away = open(7).await;
    blocking(move || away.is_told(0, "\"guest\"")).await;
    moved(unit);
    let mut back = open(7).await;
    let mut back = blocking(move || {
        back.is_told(0, "\"teacher\"");
        back.say("{\"k\":\"begin\"}");
        back.hears("begin");
        back
    })
    .await;
    moved(school);
    blocking(move || {
        back.say("{\"k\":\"page\",\"p\":3}");
        back.hears("\"page\"");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_has_what_did_not_happen_is_loaded_anew() {
    let desk = desk_at(0);
    let (class, at, _tasks) = held(&desk).await;
    let teacher = desk.sign_in(Role::Coordinator);
    blocking(move || {
        let path = format!("/classes/{class}/talk");
        let mut page = Page::at(at, &path, &teacher.0, 7);
        page.say("{\"k\":\"begin\"}");
        page.hears("begin");
        let told = page.is_told_bytes(13);
        let had: String = told.iter().map(|byte| format!("{byte:02x}")).collect();
        let hello = |at: &str| format!("\0{{\"page\":7,\"from\":2,\"at\":\"{at}\"}}");
        page.tell(hello(&had).as_bytes());
        page.is_told(0, "\"teacher\"");
        page.say("{\"k\":\"page\",\"p\":1}");
        page.hears("\"page\"");
        // The class went on otherwise: what the page has of it is not what the node has, or more than it has.
        for other in ["000000010011223344556677", "000000630011223344556677"] {
            let mut page = Page::at(at, &path, &teacher.0, 7);
            page.tell(hello(other).as_bytes());
            page.is_told(ANEW, "");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_who_is_not_let_in_sees_no_picture_while_the_class_goes_on() {
    let desk = &desk_at(0);
    let (class, at, _tasks) = held(desk).await;
    let (teacher, guest) = (desk.sign_in(Role::Coordinator), desk.sign_in(Role::Officer));
    let officer =
        desk.one("SELECT person FROM grant_of_role WHERE role = 'officer' ORDER BY organisation IS NOT NULL DESC");
    let by = desk.one("SELECT teacher FROM live_class ORDER BY made DESC LIMIT 1");
    let shown = show(desk, class, by, None);
    let see = async |who: &(String, String)| {
        let (list, picture) = (format!("/classes/{class}/pictures"), format!("/classes/{class}/stills/{shown}"));
        [status(desk, &list, who).await.as_u16(), status(desk, &picture, who).await.as_u16()]
    };
    let lead = |said: String| {
        let (path, cookie) = (format!("/classes/{class}/talk"), teacher.0.clone());
        async move {
            blocking(move || {
                let mut page = Page::at(at, &path, &cookie, u32::try_from(said.len()).unwrap());
                page.say(&said);
                page.is_told(4, "");
            })
            .await;
            // What a node does now and then.
            desk_tends(desk);
        }
    };
    lead("{\"k\":\"begin\"}".into()).await;
    assert_eq!((see(&guest).await, see(&teacher).await), ([403, 403], [200, 200]));
    let admit = |yes: bool| format!("{{\"k\":\"admit\",\"person\":\"{officer}\",\"name\":\"x\",\"yes\":{yes}}}");
    lead(admit(true)).await;
    assert_eq!(see(&guest).await, [200, 200]);
    lead(admit(false)).await;
    assert_eq!(see(&guest).await, [403, 403], "sent out");
    lead("{\"k\":\"end\"}".into()).await;
    assert_eq!(see(&guest).await, [200, 200], "as its record");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_class_that_somebody_says_has_failed_stays_so() {
    let desk = desk_at(0);
    let (class, at, tasks) = held(&desk).await;
    let teacher = desk.sign_in(Role::Coordinator);
    let state = |desk: &Desk| {
        let sql = "SELECT state FROM live_class WHERE id = ?1";
        let read = |c: &rusqlite::Connection| {
            Ok::<_, RecordError>(c.query_row(sql, [class.as_bytes()], |r| r.get::<_, String>(0))?)
        };
        desk.node.site.store.read(read).unwrap()
    };
    let (path, cookie) = (format!("/classes/{class}/talk"), teacher.0.clone());
    let mut page = blocking(move || {
        let mut page = Page::at(at, &path, &cookie, 7);
        page.say("{\"k\":\"begin\"}");
        page.hears("begin");
        page
    })
    .await;
    desk_tends(&desk);
    desk_tends(&desk);
    assert_eq!(state(&desk), "live");
    change(&desk, "live_class", class, Change::new().with_text("state", "failed"));
    desk_tends(&desk);
    assert_eq!(state(&desk), "failed");
    blocking(move || {
        page.say("{\"k\":\"end\"}");
        page.hears("\"end\"");
    })
    .await;
    desk_tends(&desk);
    desk_tends(&desk);
    assert_eq!(state(&desk), "failed", "whatever its pages do");
    // Nor does a node that is started again see anything new in it.
    drop(tasks);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let desk = desk.again();
    desk.node.begin_classes(IpAddr::V4(Ipv4Addr::LOCALHOST)).unwrap();
    desk_tends(&desk);
    desk_tends(&desk);
    assert_eq!(state(&desk), "failed");
}

/// A class that is planned to be recorded when it is open already: a record with a red sign has a voice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_class_that_is_to_be_recorded_after_all_has_its_voice_in_the_record() {
    let desk = desk_at(0);
    let (class, at, _tasks) = held(&desk).await;
    let teacher = desk.sign_in(Role::Coordinator);
    change(&desk, "live_class", class, Change::new().with("recorded", Value::Bool(true)));
    let speaks = key(&desk, class, &teacher, "whip").await;
    let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let (mut mouth, offer) = Bot::offers(local, Does::SPEAKS).await;
    let seated = ask((local, at).into(), "POST", &format!("/classes/{class}/whip/{speaks}"), &[SDP], &offer).await;
    mouth.accept(&seated.body);
    let (mut bots, said) = (JoinSet::new(), Arc::new(Counts::default()));
    bots.spawn(mouth.run(Arc::clone(&said)));
    let (path, cookie) = (format!("/classes/{class}/talk"), teacher.0.clone());
    let mut page = blocking(move || {
        let mut page = Page::at(at, &path, &cookie, 7);
        page.say("{\"k\":\"begin\"}");
        page.say("{\"k\":\"record\",\"on\":true}");
        page.hears("record");
        page
    })
    .await;
    for _ in 0..20 {
        desk.node.classes.look_after_programs(&desk.node.site);
        desk_tends(&desk);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(said.connected.load(Relaxed), 1);
    blocking(move || {
        page.say("{\"k\":\"end\"}");
        page.hears("\"end\"");
    })
    .await;
    tokio::time::sleep(Duration::from_millis(3500)).await;
    // The disk is full for a while, or away: it is tried again.
    let (blobs, away) = (desk.files.blobs(), desk.files.0.join("away"));
    std::fs::rename(&blobs, &away).unwrap();
    assert!(desk.node.classes.tend(&desk.node.site).is_err());
    std::fs::rename(&away, &blobs).unwrap();
    desk_tends(&desk);
    let sql = "SELECT content FROM class_record WHERE class = ?1";
    let tree: Vec<u8> = desk
        .node
        .site
        .store
        .read(|c| Ok::<_, RecordError>(c.query_row(sql, [class.as_bytes()], |r| r.get(0))?))
        .unwrap();
    let tree = base::Hash::try_from(&tree[..]).unwrap();
    let tree = desk.node.shelf.tree(&tree).unwrap().unwrap();
    assert!(tree.leaves().any(|(path, _)| path.starts_with("voice/") && !path.ends_with("/track")), "a voice");
}

/// A class that a school has no part in any more comes to it no more, also before the school's node knows of that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_school_that_is_in_the_class_no_more_is_told_nothing_of_it() {
    let desk = desk_at(0);
    let classes = &desk.node.classes;
    let live = desk.node.links.live(classes).unwrap();
    let voice = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = voice.local_addr().unwrap();
    classes.begin(live.clone(), voice, vec![address]).unwrap();
    let class = plan(&desk);
    let school = desk.one("SELECT school FROM node WHERE school IS NOT NULL ORDER BY made LIMIT 1");
    let its = desk.one("SELECT node_id FROM node WHERE school IS NOT NULL ORDER BY made LIMIT 1").0;
    let adult = desk.one("SELECT person FROM grant_of_role WHERE role = 'officer'");
    let id = room_of(&desk, class, adult, "1", school);
    // The school's node, as far as a class needs it.
    let (peer, hub, now) = (NodeId(its), desk.node.site.store.key().id(), 5000);
    let mut hall = Hall::new(peer, classes.door());
    hall.arrived(now, hub);
    hall.open(now, class, Way::Via(hub), 0, Saved::default());
    let mut out = Vec::new();
    hall.poll(now, |_| Some(1150), &mut out);
    live.ask(|now, hall| {
        hall.arrived(now, peer);
        for out in out {
            if let Out::Datagram(_, bytes) = out {
                hall.heard(now, peer, &bytes);
            }
        }
    });
    let follows = || live.ask(|_, hall| hall.lines(class)).iter().any(|(of, _)| *of == peer);
    desk_tends(&desk);
    assert!(follows());
    change(&desk, "class_room", id, Change::new().with(REMOVED, Value::Bool(true)));
    assert!(!follows());
}

/// The power of a school's box fails in class, and comes back an hour later: nobody was there for an hour.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_was_empty_while_its_node_was_off() {
    let desk = desk_at(0);
    let (class, at, tasks) = held(&desk).await;
    let (teacher, adult) = (desk.sign_in(Role::Coordinator), desk.sign_in(Role::Officer));
    let officer =
        desk.one("SELECT person FROM grant_of_role WHERE role = 'officer' ORDER BY organisation IS NOT NULL DESC");
    room(&desk, class, officer, "1");
    let path = format!("/classes/{class}/talk");
    let (cookie, of_teacher, to) = (adult.0.clone(), teacher.0.clone(), path.clone());
    let _pages = blocking(move || {
        let mut first = Page::at(at, &to, &of_teacher, 7);
        let second = Page::at(at, &to, &cookie, 8);
        first.say("{\"k\":\"begin\"}");
        first.hears("begin");
        (first, second)
    })
    .await;
    drop(tasks);
    let desk = desk.again();
    desk.node.begin_classes(IpAddr::V4(Ipv4Addr::LOCALHOST)).unwrap();
    desk_tends(&desk);
    let (at, _tasks) = listens(&desk).await;
    blocking(move || {
        let mut page = Page::at(at, &path, &teacher.0, 9);
        page.hears("\"in\"");
        page.hears("\"out\"");
    })
    .await;
}

fn desk_tends(desk: &Desk) {
    desk.node.classes.tend(&desk.node.site).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_whose_rooms_have_other_numbers_is_loaded_anew_and_who_signs_out_is_out() {
    let desk = desk_at(0);
    let (class, at, _tasks) = held(&desk).await;
    let teacher = desk.sign_in(Role::Coordinator);
    let officer =
        desk.one("SELECT person FROM grant_of_role WHERE role = 'officer' ORDER BY organisation IS NOT NULL DESC");
    let head = desk.one("SELECT person FROM grant_of_role WHERE role = 'head' ORDER BY organisation IS NOT NULL DESC");
    let (one, _) = (room(&desk, class, officer, "1"), room(&desk, class, head, "2"));
    let live = async || {
        let page = String::from_utf8(desk.get(&format!("/classes/{class}/live"), &teacher, None).await.1).unwrap();
        let from = page.find("/talk?rooms=").unwrap();
        let mark: String = page[from + 12..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        format!("/classes/{class}/talk?rooms={mark}")
    };
    let path = live().await;
    assert!(path.contains("rooms=2-"), "{path}");
    let (cookie, given) = (teacher.0.clone(), path.clone());
    let mut page = blocking(move || Page::at(at, &given, &cookie, 7)).await;
    let page = blocking(move || {
        page.is_told(0, "\"teacher\"");
        page
    })
    .await;
    // One more at the end is no reason.
    room(&desk, class, officer, "3");
    change(&desk, "class_room", one, Change::new().with(REMOVED, Value::Bool(true)));
    let mut page = page;
    blocking(move || page.is_told(ANEW, "")).await;
    // One that comes back with what it had is told so, too; one that was loaded anew is in.
    let (cookie, fresh) = (teacher.0.clone(), live().await);
    let mut now = blocking(move || {
        Page::at(at, &path, &cookie, 7).is_told(ANEW, "");
        let mut now = Page::at(at, &fresh, &cookie, 7);
        now.is_told(0, "\"teacher\"");
        now
    })
    .await;
    let token = teacher.0.split_once('=').unwrap().1;
    desk.node.site.local.end_session(token).unwrap();
    // Who somebody is is looked at every second.
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    blocking(move || {
        assert!(now.ends_saying("{\"k\":\"begin\"}"), "who signed out is out");
    })
    .await;
}
