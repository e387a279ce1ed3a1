//! Encoders and players in a class, by WHIP and WHEP, over real HTTP and with real media.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use base::{Scope, Subject};
use log::Context;
use records::{Change, RecordError, Role, Value, append};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;
use tungstenite::{ClientRequestBuilder, Message};

use crate::bots::{Bot, Counts, Does};
use crate::desk::{Desk, desk_at};

type Who = (String, String);

/// A class of today whose teacher is a coordinator at the hub.
pub fn plan(desk: &Desk) -> Subject {
    let site = &desk.node.site;
    let who = "FROM grant_of_role WHERE role = 'coordinator' ORDER BY organisation IS NOT NULL DESC LIMIT 1";
    let (teacher, unit) = (desk.one(&format!("SELECT person {who}")), desk.one(&format!("SELECT organisation {who}")));
    let today = site.today().to_string();
    let planned = site.store.write(Context { author: teacher }, |tx| {
        let scope = Scope::Programme(site.programme);
        let id = tx.subject(&scope);
        let change = Change::new()
            .with_text("title", "草药")
            .with_text("state", "planned")
            .with_text("kind", "lecture")
            .with_text("starts_on", today.as_str())
            .with_text("starts_at", "10:00")
            .with("minutes", Value::Int(40))
            .with_link("origin", unit)
            .with_link("teacher", teacher);
        append(tx, site.kinds.get("live_class").unwrap(), scope, id, change, None)?;
        tx.fold()?;
        Ok::<_, RecordError>(id)
    });
    planned.unwrap()
}

/// A role of somebody is over.
fn leave(desk: &Desk, person: Subject) {
    let site = &desk.node.site;
    let yesterday = site.date_of(site.now_ms() - 86_400_000).to_string();
    let kind = site.kinds.get("grant_of_role").unwrap();
    let grants: Vec<Vec<u8>> = site
        .store
        .read(|c| {
            let mut stmt = c.prepare("SELECT id FROM grant_of_role WHERE person = ?1")?;
            Ok::<_, log::LogError>(stmt.query_map([person.as_bytes()], |r| r.get(0))?.collect::<Result<_, _>>()?)
        })
        .unwrap();
    site.store
        .write(Context::NODE, |tx| {
            for grant in &grants {
                let id = Subject::try_from(grant.as_slice()).unwrap();
                let scope = records::record_scope(tx.conn(), site.programme, kind, &id)?;
                append(tx, kind, scope, id, Change::new().with_text("until_on", yesterday.as_str()), None)?;
            }
            tx.fold()?;
            Ok::<_, RecordError>(())
        })
        .unwrap();
}

pub struct Said {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Said {
    fn header(&self, name: &str) -> &str {
        let found = self.head.lines().filter_map(|l| l.split_once(": ")).find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }
}

/// Asks as a program does: no cookie, no origin.
pub async fn ask(at: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Said {
    let mut stream = tokio::net::TcpStream::connect(at).await.unwrap();
    let extra: String = headers.iter().map(|(n, v)| format!("{n}: {v}\r\n")).collect();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\ncontent-length: {}\r\n{extra}\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    let (head, body) = said.split_once("\r\n\r\n").unwrap();
    Said { status: head[9..12].parse().unwrap(), head: head.to_owned(), body: body.to_owned() }
}

pub const SDP: (&str, &str) = ("content-type", "application/sdp");

/// A hub that serves a class of today, and where.
async fn served() -> (Desk, Subject, SocketAddr, JoinSet<()>) {
    let desk = desk_at(0);
    desk.node.begin_classes(IpAddr::V4(Ipv4Addr::LOCALHOST)).unwrap();
    let class = plan(&desk);
    desk.node.classes.tend(&desk.node.site).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (at, router) = (listener.local_addr().unwrap(), desk.router.clone());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
    (desk, class, at, tasks)
}

/// The page of keys makes one, and shows it once.
pub async fn key(desk: &Desk, class: Subject, who: &Who, way: &str) -> String {
    let made = desk.post(&format!("/classes/{class}/keys"), who, &format!("way={way}")).await;
    assert_eq!(made.status(), 200);
    let page = axum::body::to_bytes(made.into_body(), 1 << 20).await.unwrap();
    let page = String::from_utf8(page.to_vec()).unwrap();
    let key = page.split("<code class=\"fingerprint\">").nth(2).unwrap().split('<').next().unwrap().to_owned();
    let again = String::from_utf8(desk.get(&format!("/classes/{class}/keys"), who, None).await.1).unwrap();
    assert!(!again.contains(&key), "it is shown this once");
    key
}

/// The teacher says something on the class's page.
async fn teacher_says(at: SocketAddr, class: Subject, who: &Who, said: &str) {
    let (cookie, said) = (who.0.clone(), said.to_owned());
    let talk = move || {
        let uri = format!("ws://{at}/classes/{class}/talk").parse().unwrap();
        let stream = TcpStream::connect(at).unwrap();
        let request = ClientRequestBuilder::new(uri).with_header("cookie", &cookie);
        let mut socket = tungstenite::client(request, stream).unwrap().0;
        let page = u32::try_from(said.len()).unwrap();
        let say = |kind: u8, body: &[u8]| Message::binary([&[kind], body].concat());
        socket.send(say(0, format!("{{\"page\":{page},\"from\":0}}").as_bytes())).unwrap();
        socket.send(say(1, &[&1_u32.to_be_bytes()[..], &[0], said.as_bytes()].concat())).unwrap();
        // Taken.
        while socket.read().unwrap().into_data().first() != Some(&4) {}
        let _ = socket.close(None);
    };
    tokio::task::spawn_blocking(talk).await.unwrap();
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..200 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("waited in vain for {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encoder_speaks_and_a_player_listens_with_keys_of_the_teacher() {
    let (desk, class, at, mut tasks) = served().await;
    // What a node that runs does now and then.
    let (site, classes) = (Arc::clone(&desk.node.site), Arc::clone(&desk.node.classes));
    tasks.spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let (site, classes) = (Arc::clone(&site), Arc::clone(&classes));
            tokio::task::spawn_blocking(move || classes.look_after_programs(&site)).await.unwrap();
        }
    });

    let teacher = desk.sign_in(Role::Coordinator);
    let other = desk.sign_in(Role::Officer);
    assert_eq!(desk.get(&format!("/classes/{class}/keys"), &other, None).await.0.status(), 403, "no part in it");
    let (speaks, listens) = (key(&desk, class, &teacher, "whip").await, key(&desk, class, &teacher, "whep").await);
    let (whip, whep) = (format!("/classes/{class}/whip"), format!("/classes/{class}/whep"));
    let keyed = format!("{whip}/{speaks}");

    // What is refused.
    let (mut mouth, offer) = Bot::offers(IpAddr::V4(Ipv4Addr::LOCALHOST), Does::SPEAKS).await;
    for path in [&whip, &format!("{whip}/{listens}"), &format!("{whep}/{speaks}"), &format!("{whip}/aaaa")] {
        let refused = ask(at, "POST", path, &[SDP], &offer).await;
        assert_eq!((refused.status, refused.header("www-authenticate")), (401, "Bearer"), "{path}");
    }
    let elsewhere = plan(&desk);
    assert_eq!(ask(at, "POST", &format!("/classes/{elsewhere}/whip/{speaks}"), &[SDP], &offer).await.status, 401);
    assert_eq!(ask(at, "POST", &keyed, &[("content-type", "text/plain")], &offer).await.status, 415);
    assert_eq!(ask(at, "POST", &keyed, &[SDP], "v=0\r\nnothing").await.status, 400);
    for method in ["GET", "PUT", "PATCH", "DELETE"] {
        let refused = ask(at, method, &keyed, &[], "").await;
        assert_eq!((refused.status, refused.header("allow")), (405, "POST, OPTIONS"), "{method}");
    }
    let options = ask(at, "OPTIONS", &keyed, &[], "").await;
    assert_eq!((options.status, options.header("accept-post")), (204, "application/sdp"));
    assert_eq!(options.header("access-control-allow-origin"), "*");

    // The encoder sits, and is not heard before the class begins; nor is the player deaf afterwards.
    let seated = ask(at, "POST", &keyed, &[SDP], &offer).await;
    assert_eq!((seated.status, seated.header("content-type")), (201, "application/sdp"), "{}", seated.head);
    let session = seated.header("location").to_owned();
    mouth.accept(&seated.body);
    let (mut ear, offer) = Bot::offers(IpAddr::V4(Ipv4Addr::LOCALHOST), Does::LISTENS).await;
    let bearer = format!("Bearer {listens}");
    let heard = ask(at, "POST", &whep, &[SDP, ("authorization", &bearer)], &offer).await;
    assert_eq!(heard.status, 201);
    ear.accept(&heard.body);
    let (said, counts) = (Arc::new(Counts::default()), Arc::new(Counts::default()));
    let mut bots = JoinSet::new();
    bots.spawn(mouth.run(Arc::clone(&said)));
    bots.spawn(ear.run(Arc::clone(&counts)));
    until("both to connect", || said.connected.load(Relaxed) + counts.connected.load(Relaxed) == 2).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(counts.heard.load(Relaxed), 0, "the class has not begun");
    teacher_says(at, class, &teacher, "{\"k\":\"begin\"}").await;
    until("the encoder's voice", || counts.heard.load(Relaxed) > 50).await;

    // Sessions: neither trickling nor anybody else's.
    let refused = ask(at, "PATCH", &session, &[("content-type", "application/trickle-ice-sdpfrag")], "").await;
    assert_eq!((refused.status, refused.header("allow")), (405, "DELETE, OPTIONS"));
    assert_eq!(ask(at, "DELETE", &format!("{whip}/session/{speaks}"), &[], "").await.status, 404);
    assert_eq!(ask(at, "DELETE", &session, &[], "").await.status, 200);
    assert_eq!(ask(at, "DELETE", &session, &[], "").await.status, 404);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let silent = counts.heard.load(Relaxed);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(counts.heard.load(Relaxed), silent, "it left");

    // Who comes again takes the place that they had; who comes while the class goes on is heard at once.
    let mut sessions = Vec::new();
    for _ in 0..2 {
        let (mut mouth, offer) = Bot::offers(IpAddr::V4(Ipv4Addr::LOCALHOST), Does::SPEAKS).await;
        let seated = ask(at, "POST", &keyed, &[SDP], &offer).await;
        mouth.accept(&seated.body);
        sessions.push(seated.header("location").to_owned());
        bots.spawn(mouth.run(Arc::default()));
    }
    assert_eq!(ask(at, "DELETE", &sessions[0], &[], "").await.status, 404, "the second took its place");
    until("the voice of the second", || counts.heard.load(Relaxed) > silent + 50).await;

    // An encoder with pictures is answered what is taken of them; a player sees them, and one that came for voice alone goes on.
    let (mut camera, offer) = Bot::offers(IpAddr::V4(Ipv4Addr::LOCALHOST), Does::ENCODES).await;
    let seated = ask(at, "POST", &keyed, &[SDP], &offer).await;
    assert!(seated.status == 201 && seated.body.contains("H264/90000"), "{}", seated.body);
    camera.accept(&seated.body);
    bots.spawn(camera.run(Arc::default()));
    let (mut eye, offer) = Bot::offers(IpAddr::V4(Ipv4Addr::LOCALHOST), Does::LOOKS).await;
    let looks = ask(at, "POST", &whep, &[SDP, ("authorization", &bearer)], &offer).await;
    eye.accept(&looks.body);
    let seen = Arc::new(Counts::default());
    bots.spawn(eye.run(Arc::clone(&seen)));
    until("the encoder's picture", || seen.seen.load(Relaxed) > 100 && seen.heard.load(Relaxed) > 50).await;
    assert_eq!((seen.begun.load(Relaxed), seen.broken.load(Relaxed)), (1, 0));
    sessions[1] = seated.header("location").to_owned();

    // A key that is taken back is good for nothing, and what sat with it is out.
    let page = String::from_utf8(desk.get(&format!("/classes/{class}/keys"), &teacher, None).await.1).unwrap();
    let id = page.split("name=\"key\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(desk.post(&format!("/classes/{class}/keys/revoke"), &teacher, &format!("key={id}")).await.status(), 303);
    assert_eq!(ask(at, "DELETE", &sessions[1], &[], "").await.status, 404);
    assert_eq!(ask(at, "POST", &keyed, &[SDP], &offer).await.status, 401);

    // So is one of a class that is over.
    teacher_says(at, class, &teacher, "{\"k\":\"end\",\"n\":0}").await;
    let player = looks.header("location").to_owned();
    until("the player to be out", || !desk.node.classes.has_programs()).await;
    assert_eq!(ask(at, "DELETE", &player, &[], "").await.status, 404);
    let over = ask(at, "POST", &whep, &[SDP, ("authorization", &bearer)], &offer).await;
    assert_eq!(over.status, 409, "the class is over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_good_no_longer_than_its_makers_role() {
    let (desk, class, at, _tasks) = served().await;
    let whip = format!("/classes/{class}/whip/{}", key(&desk, class, &desk.sign_in(Role::Coordinator), "whip").await);
    let (_mouth, offer) = Bot::offers(IpAddr::V4(Ipv4Addr::LOCALHOST), Does::SPEAKS).await;
    assert_eq!(ask(at, "POST", &whip, &[SDP], &offer).await.status, 201);
    desk.node.classes.look_after_programs(&desk.node.site);
    assert!(desk.node.classes.has_programs(), "it may be there");
    leave(&desk, desk.one("SELECT teacher FROM live_class WHERE title = '草药' ORDER BY made DESC LIMIT 1"));
    desk.node.classes.look_after_programs(&desk.node.site);
    assert!(!desk.node.classes.has_programs(), "its role is over, and so is its seat");
    let (_mouth, offer) = Bot::offers(IpAddr::V4(Ipv4Addr::LOCALHOST), Does::SPEAKS).await;
    assert_eq!(ask(at, "POST", &whip, &[SDP], &offer).await.status, 403);
}
