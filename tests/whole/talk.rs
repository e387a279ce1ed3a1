//! The conversation of a class's page with its node: what is said is taken in its order, once, and all of it, and whoever
//! speaks does not hear themself.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use base::{Scope, Subject};
use log::Context;
use records::{Change, RecordError, Role, Value, append};
use serde_json::json;
use tokio::task::JoinSet;

use crate::bots::{Bot, Counts, Does};
use crate::desk::{Desk, desk_at};
use crate::neighbours::{Page, until};
use crate::programs::plan;

const EVENT: u8 = 1;
const ANSWER: u8 = 3;
const TAKEN: u8 = 4;
const REFUSED: u8 = 5;
const ALIVE: u8 = 14;

/// A hub with a class of today whose teacher is a coordinator there.
struct Held {
    desk: Desk,
    port: u16,
    path: String,
    teacher: (String, String),
    _serves: JoinSet<()>,
}

async fn held() -> Held {
    let desk = desk_at(0);
    desk.node.begin_classes(IpAddr::V4(Ipv4Addr::LOCALHOST)).unwrap();
    let class: Subject = plan(&desk);
    desk.node.classes.tend(&desk.node.site).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, router) = (listener.local_addr().unwrap().port(), desk.router.clone());
    let mut serves = JoinSet::new();
    serves.spawn(async move { axum::serve(listener, router).await.unwrap() });
    let teacher = desk.sign_in(Role::Coordinator);
    Held { desk, port, path: format!("/classes/{class}/talk"), teacher, _serves: serves }
}

impl Held {
    fn page(&self, who: &(String, String), number: u32) -> Page {
        Page::at(self.port, &self.path, &who.0, number)
    }

    /// The same page as it is in one tab, as long as that is not loaded anew.
    fn tab(&self, who: &(String, String), number: u32, load: u32) -> Page {
        let mut page = self.page(who, number);
        page.tell(format!("\0{{\"page\":{number},\"load\":{load},\"from\":0}}").as_bytes());
        page
    }
}

fn taken(count: u8) -> String {
    String::from_utf8(vec![TAKEN, 0, 0, 0, count]).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_before_its_turn_is_not_said_to_be_taken() {
    let held = held().await;
    let mut page = held.page(&held.teacher, 7);
    let begin = &b"\0{\"k\":\"begin\"}"[..];
    page.tell(&[&[1, 0, 0, 0, 3], begin].concat());
    assert_eq!(page.is_told(TAKEN, ""), taken(0));
    page.put(begin);
    assert_eq!(page.is_told(TAKEN, ""), taken(1));
    page.hears("begin");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_with_one_number_take_nothing_from_each_other() {
    let held = held().await;
    // Somebody who only looks on, and was not let in, chooses the number of the teacher's page.
    let mut other = held.page(&held.desk.sign_in(Role::Officer), 7);
    for _ in 0..3 {
        other.say("{\"k\":\"begin\"}");
        other.is_told(REFUSED, "");
    }
    let mut page = held.tab(&held.teacher, 7, 1);
    page.say("{\"k\":\"begin\"}");
    page.hears("begin");
    // A tab that was copied has the number of the first.
    let mut copied = held.tab(&held.teacher, 7, 2);
    copied.hears("begin");
    for n in 0..2 {
        copied.say(&format!("{{\"k\":\"chat\",\"text\":\"副本 {n}\"}}"));
        copied.hears(&format!("副本 {n}"));
        page.say(&format!("{{\"k\":\"chat\",\"text\":\"原页 {n}\"}}"));
        page.hears(&format!("原页 {n}"));
    }
    // One that goes on after a cut is told what was taken of it, and not what was of the other.
    let mut again = held.tab(&held.teacher, 7, 1);
    again.is_told(0, "\"taken\":3");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_a_page_said_while_it_was_away_comes_in() {
    const SAYINGS: usize = 600;
    let held = held().await;
    let mut page = held.page(&held.teacher, 7);
    page.say("{\"k\":\"begin\"}");
    page.hears("begin");
    for n in 0..SAYINGS {
        page.say(&format!("{{\"k\":\"chat\",\"text\":\"{n}.\"}}"));
    }
    // In their order, and none is left out.
    for n in 0..SAYINGS {
        let event = page.is_told(EVENT, "");
        assert!(event.contains(&format!("\"{n}.\"")), "{n}: {event}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_is_told_that_its_node_is_there() {
    let held = held().await;
    let mut page = held.page(&held.teacher, 7);
    // Also one that is told nothing else: somebody who asks to look on.
    let mut asks = held.page(&held.desk.sign_in(Role::Officer), 8);
    page.is_told(ALIVE, "");
    asks.is_told(ALIVE, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_speaks_does_not_hear_themself_whatever_was_seated_first() {
    let held = held().await;
    let (mut page, mut other) = (held.page(&held.teacher, 7), held.page(&held.teacher, 8));
    page.say("{\"k\":\"begin\"}");
    page.hears("begin");
    let localhost = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut bots = JoinSet::new();
    let mut sits = async |page: &mut Page, way: &str, number: u32, counts: &Arc<Counts>| {
        let does = if way == "send" { Does::SPEAKS } else { Does::LISTENS };
        let (mut bot, offer) = Bot::offers(localhost, does).await;
        let said = json!({ "way": way, "sdp": offer, "channel": 0, "n": number }).to_string();
        page.tell(&[&[2], said.as_bytes()].concat());
        let answer = page.is_told(ANSWER, "sdp");
        let answer: serde_json::Value = serde_json::from_str(&answer[1..]).unwrap();
        assert_eq!((answer["way"].as_str(), answer["n"].as_u64()), (Some(way), Some(number.into())));
        bot.accept(answer["sdp"].as_str().unwrap());
        bots.spawn(bot.run(Arc::clone(counts)));
    };
    let [own, others, mouth]: [Arc<Counts>; 3] = Default::default();
    sits(&mut other, "hear", 1, &others).await;
    // As after a failure of both, where the ear is first.
    for n in 1..=2 {
        sits(&mut page, "hear", n, &own).await;
        sits(&mut page, "send", n, &mouth).await;
    }
    let before = others.heard.load(Relaxed);
    until("the other page to hear", 30, async || others.heard.load(Relaxed) > before + 50).await;
    until("the own ear to be there", 30, async || own.connected.load(Relaxed) == 2).await;
    let before = (own.heard.load(Relaxed), others.heard.load(Relaxed));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(own.heard.load(Relaxed), before.0, "its own voice");
    assert!(others.heard.load(Relaxed) > before.1);
}

/// What a class's room has of who was there; nothing before that is known.
fn present(desk: &Desk, class: Subject) -> Option<i64> {
    let sql = format!("SELECT present_minutes FROM class_room WHERE class = x'{}'", hex(class));
    desk.node.site.store.read(|c| Ok::<_, log::LogError>(c.query_row(&sql, [], |r| r.get(0))?)).unwrap()
}

fn hex(id: Subject) -> String {
    id.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Puts a room of the hub's own into a class.
fn room(desk: &Desk, class: Subject) {
    let site = &desk.node.site;
    let place = desk.one(&format!("SELECT origin FROM live_class WHERE id = x'{}'", hex(class)));
    let person = desk.one("SELECT person FROM grant_of_role WHERE role = 'officer' LIMIT 1");
    let change = Change::new().with_link("class", class).with_link("school", place).with_link("person", person);
    write(desk, "class_room", None, change);
    desk.node.classes.tend(site).unwrap();
}

fn write(desk: &Desk, kind: &str, id: Option<Subject>, change: Change) {
    let site = &desk.node.site;
    let scope = Scope::Programme(site.programme);
    site.store
        .write(Context::NODE, |tx| {
            let id = id.unwrap_or_else(|| tx.subject(&scope));
            append(tx, site.kinds.get(kind).unwrap(), scope, id, change, None)?;
            tx.fold()?;
            Ok::<_, RecordError>(())
        })
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_class_that_the_register_ends_is_over_and_who_was_there_is_noted() {
    let held = held().await;
    let class: Subject = held.path.split('/').nth(2).unwrap().parse().unwrap();
    room(&held.desk, class);
    let mut page = held.page(&held.teacher, 7);
    // What has not begun is not over: it can still be held.
    page.say("{\"k\":\"end\"}");
    page.is_told(REFUSED, "role");
    page.say("{\"k\":\"begin\"}");
    page.hears("begin");
    held.desk.node.classes.tend(&held.desk.node.site).unwrap();
    assert_eq!(present(&held.desk, class), None, "it goes on");
    let today = held.desk.node.site.today().to_string();
    let ended =
        Change::new().with_text("state", "held").with_text("held_on", today).with("held_minutes", Value::Int(38));
    write(&held.desk, "live_class", Some(class), ended);
    held.desk.node.classes.tend(&held.desk.node.site).unwrap();
    page.hears("end");
    for _ in 0..100 {
        held.desk.node.classes.tend(&held.desk.node.site).unwrap();
        if present(&held.desk, class).is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(present(&held.desk, class), Some(0), "nobody was in the room, and that is known");
    counts_afterwards(&held, class).await;
}

/// Whoever answers for the room says how many were there, also when the class is over, and nobody else.
async fn counts_afterwards(held: &Held, class: Subject) {
    let room = held.desk.one(&format!("SELECT id FROM class_room WHERE class = x'{}'", hex(class)));
    let person = held.desk.one(&format!("SELECT person FROM class_room WHERE class = x'{}'", hex(class)));
    let token = held.desk.node.site.local.start_session(person).unwrap();
    let csrf = held.desk.node.site.local.session(&token).unwrap().unwrap().1;
    let adult = (format!("{}={token}", held.desk.node.site.session_cookie(false)), csrf);
    let (path, shown) = (format!("/class-rooms/{room}/heads"), format!("/classes/{class}"));
    let heads = || {
        let sql = format!("SELECT headcount FROM class_room WHERE id = x'{}'", hex(room));
        let read = |c: &rusqlite::Connection| Ok::<Option<i64>, log::LogError>(c.query_row(&sql, [], |r| r.get(0))?);
        held.desk.node.site.store.read(read).unwrap()
    };
    let page = String::from_utf8(held.desk.get(&shown, &held.teacher, None).await.1).unwrap();
    assert!(!page.contains(&path), "{page}");
    assert_eq!(held.desk.post(&path, &held.teacher, "headcount=31").await.status(), 403);
    let page = String::from_utf8(held.desk.get(&shown, &adult, None).await.1).unwrap();
    assert!(page.contains(&path), "{page}");
    assert_eq!(held.desk.post(&path, &adult, "headcount=501").await.status(), 409);
    assert_eq!(heads(), None);
    for n in [31, 13] {
        assert_eq!(held.desk.post(&path, &adult, &format!("headcount={n}")).await.status(), 303);
        assert_eq!(heads(), Some(n));
    }
    // Teachers who met are no pupils.
    write(&held.desk, "live_class", Some(class), Change::new().with_text("kind", "research"));
    assert_eq!(held.desk.post(&path, &adult, "headcount=31").await.status(), 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_class_of_days_ago_is_open_until_it_is_known_who_was_there() {
    let held = held().await;
    let class: Subject = held.path.split('/').nth(2).unwrap().parse().unwrap();
    room(&held.desk, class);
    let site = &held.desk.node.site;
    let day = |ago: u64| site.date_of(site.now_ms() - ago * 86_400_000).to_string();
    let is_open = || {
        held.desk.node.classes.tend(site).unwrap();
        held.desk.node.classes.is_open(&class)
    };
    write(
        &held.desk,
        "live_class",
        Some(class),
        Change::new().with_text("state", "held").with_text("starts_on", day(5)),
    );
    assert!(is_open(), "a school that is cut off still has something to say");
    write(&held.desk, "live_class", Some(class), Change::new().with_text("starts_on", day(40)));
    assert!(!is_open(), "not without an end");
    write(&held.desk, "live_class", Some(class), Change::new().with_text("starts_on", day(5)));
    assert!(is_open());
    let room = held.desk.one(&format!("SELECT id FROM class_room WHERE class = x'{}'", hex(class)));
    write(&held.desk, "class_room", Some(room), Change::new().with("present_minutes", Value::Int(40)));
    assert!(!is_open());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_class_of_today_stands_on_today_with_its_time_also_while_it_goes_on() {
    let held = held().await;
    let class: Subject = held.path.split('/').nth(2).unwrap().parse().unwrap();
    let today = async || {
        let page = String::from_utf8(held.desk.get("/today", &held.teacher, None).await.1).unwrap();
        let next =
            page.split("id=\"next\"").nth(1).and_then(|p| p.split("</section>").next()).unwrap_or(&page).to_owned();
        next.contains(&format!("/classes/{class}\"")) && next.contains("10:00")
    };
    assert!(today().await, "planned");
    let begun = Change::new().with_text("state", "live");
    write(&held.desk, "live_class", Some(class), begun);
    assert!(today().await, "under way");
    write(&held.desk, "live_class", Some(class), Change::new().with_text("state", "held"));
    assert!(!today().await, "over");
}
