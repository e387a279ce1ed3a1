//! The hub's process is killed; two schools whose nodes are neighbours hold their class all the same.

use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use base::{Env, Scope, Subject};
use log::{Context, Store};
use records::{Change, RecordError, Value, append};
use tokio::task::JoinSet;
use tungstenite::{ClientRequestBuilder, Message, WebSocket};
use zampa::files::Files;
use zampa::{house, node};

use crate::bots::{Bot, Counts, Does};
use crate::command_line::binary;
use crate::counted::copy;
use crate::programs::{SDP, Said, ask};

/// A node's process, killed with the test.
pub struct Runs(Child, pub u16);

impl Runs {
    pub fn start(kind: &str, files: &Files, port: u16) -> Self {
        let data = files.0.to_str().unwrap();
        let mut command = Command::new(binary());
        command.args([kind, "--data", data, "--port", &port.to_string()]).stdout(Stdio::null());
        Self(command.spawn().unwrap(), port)
    }

    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    pub async fn get(&self, path: &str, who: &Who) -> Option<Said> {
        tokio::net::TcpStream::connect(("127.0.0.1", self.1)).await.ok()?;
        Some(ask(([127, 0, 0, 1], self.1).into(), "GET", path, &[("cookie", &who.cookie)], "").await)
    }

    pub async fn post(&self, path: &str, who: &Who, form: &str) -> Said {
        let headers = [("cookie", who.cookie.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        let form = format!("_csrf={}&{form}", who.csrf);
        ask(([127, 0, 0, 1], self.1).into(), "POST", path, &headers, &form).await
    }
}

impl Drop for Runs {
    fn drop(&mut self) {
        self.kill();
    }
}

pub struct Who {
    pub cookie: String,
    csrf: String,
}

/// Somebody who is signed in at a node.
pub fn sign_in(files: &Files, person: Subject) -> Who {
    let local = web::Local::open(&files.local(), Env::system()).unwrap();
    let token = local.start_session(person).unwrap();
    let csrf = local.session(&token).unwrap().unwrap().1;
    let id = files.key(&Env::system()).unwrap().id().to_string();
    Who { cookie: format!("zampa_{}={token}", &id[..8]), csrf }
}

pub fn open(files: &Files) -> Store {
    node::open_store(files, &files.settings().unwrap(), &Env::system()).unwrap()
}

pub fn one(store: &Store, sql: &str, of: Subject) -> Subject {
    let found: Vec<u8> =
        store.read(|c| Ok::<_, RecordError>(c.query_row(sql, [of.as_bytes()], |r| r.get(0))?)).unwrap();
    Subject::try_from(found.as_slice()).unwrap()
}

/// A class of today from the first school to the second, as the hub has it; gives it, its teacher and its adult.
fn plan(hub: &Files, schools: [Subject; 2]) -> (Subject, Subject, Subject) {
    let teacher = one(&open(hub), LOCAL, schools[0]);
    let (class, adult) = plan_by(hub, teacher, Some(schools[0]), schools[1]);
    (class, teacher, adult)
}

const LOCAL: &str = "SELECT person FROM grant_of_role WHERE role = 'local' AND organisation = ?1 ORDER BY id LIMIT 1";

/// A class of today that a teacher holds from a school, or the hub, for a room of a school; gives it and the room's adult.
pub fn plan_by(hub: &Files, teacher: Subject, origin: Option<Subject>, school: Subject) -> (Subject, Subject) {
    let (store, programme) = (open(hub), hub.settings().unwrap().programme);
    let adult = one(&store, LOCAL, school);
    let kinds = house::kinds();
    let now = jiff::Timestamp::from_millisecond(store.env().clock.now_ms().cast_signed()).unwrap();
    let today = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap().to_datetime(now).date().to_string();
    let planned = store.write(Context { author: teacher }, |tx| {
        let scope = Scope::Programme(programme);
        let (class, room) = (tx.subject(&scope), tx.subject(&scope));
        let mut change = Change::new()
            .with_text("title", "草药")
            .with_text("state", "planned")
            .with_text("kind", "synchronous")
            .with_text("starts_on", today.as_str())
            .with_text("starts_at", "10:00")
            .with("minutes", Value::Int(40))
            .with_link("teacher", teacher);
        if let Some(origin) = origin {
            change = change.with_link("origin", origin);
        }
        append(tx, kinds.get("live_class").unwrap(), scope, class, change, None)?;
        let change = Change::new().with_link("class", class).with_link("school", school).with_link("person", adult);
        append(tx, kinds.get("class_room").unwrap(), scope, room, change, None)?;
        tx.fold()?;
        Ok::<_, RecordError>(class)
    });
    (planned.unwrap(), adult)
}

/// A page of the class.
pub struct Page(WebSocket<TcpStream>, u32);

impl Page {
    pub fn open(at: u16, class: Subject, who: &Who) -> Self {
        Self::at(at, &format!("/classes/{class}/talk"), &who.cookie, 7)
    }

    /// A page of any kind that has this number of its own.
    pub fn at(at: u16, path: &str, cookie: &str, page: u32) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", at)).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let uri = format!("ws://127.0.0.1:{at}{path}").parse().unwrap();
        let request = ClientRequestBuilder::new(uri).with_header("cookie", cookie);
        let mut socket = tungstenite::client(request, stream).unwrap().0;
        socket.send(Message::binary(format!("\0{{\"page\":{page},\"from\":0}}"))).unwrap();
        Self(socket, 0)
    }

    pub fn say(&mut self, said: &str) {
        self.put(&[&[0], said.as_bytes()].concat());
    }

    /// Says something that is not in words.
    pub fn put(&mut self, said: &[u8]) {
        self.1 += 1;
        self.tell(&[&[1], &self.1.to_be_bytes()[..], said].concat());
    }

    /// Says something, and is told nothing of it before the node ends the conversation.
    pub fn ends_saying(&mut self, said: &str) -> bool {
        self.1 += 1;
        let _ = self.0.send(Message::binary([&[1], &self.1.to_be_bytes()[..], &[0], said.as_bytes()].concat()));
        loop {
            match self.0.read() {
                Ok(Message::Binary(bytes)) if bytes.first() == Some(&4) => return false,
                Ok(Message::Close(_)) | Err(_) => return true,
                Ok(_) => {}
            }
        }
    }

    pub fn tell(&mut self, message: &[u8]) {
        self.0.send(Message::binary(message.to_vec())).unwrap();
    }

    /// Waits for an event with these words in it.
    pub fn hears(&mut self, what: &str) {
        self.is_told(1, what);
    }

    /// Waits for a message of a kind, and gives what is in it.
    pub fn is_told_bytes(&mut self, kind: u8) -> Vec<u8> {
        loop {
            let message = self.0.read().unwrap().into_data();
            if message.first() == Some(&kind) {
                return message[1..].to_vec();
            }
        }
    }

    /// Waits for a message of a kind with these words in it, and gives it.
    pub fn is_told(&mut self, kind: u8, what: &str) -> String {
        loop {
            let message = self.0.read().unwrap_or_else(|e| panic!("waited in vain for {what}: {e}")).into_data();
            let said = String::from_utf8_lossy(&message);
            if message.first() == Some(&kind) && said.contains(what) {
                return said.into_owned();
            }
        }
    }
}

pub async fn key(node: &Runs, class: Subject, who: &Who, way: &str) -> String {
    let page = node.post(&format!("/classes/{class}/keys"), who, &format!("way={way}")).await.body;
    page.split("<code class=\"fingerprint\">").nth(2).unwrap().split('<').next().unwrap().to_owned()
}

/// A program sits down in a class: gives what it is answered.
pub async fn sits(at: u16, path: String, offer: &str) -> String {
    let said = ask(([127, 0, 0, 1], at).into(), "POST", &path, &[SDP], offer).await;
    assert_eq!(said.status, 201, "{path}");
    said.body
}

pub async fn until(what: &str, seconds: u64, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..seconds * 4 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    panic!("waited in vain for {what}");
}

/// A port for the hub and each of two schools, which know where the hub is; and the schools.
pub fn apart(files: &[Files; 3]) -> ([u16; 3], [Subject; 2]) {
    let ports = [0; 3].map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    let ports = ports.map(|free| free.local_addr().unwrap().port());
    for school in &files[1..] {
        let mut settings = school.settings().unwrap();
        settings.hub_address = format!("127.0.0.1:{}", ports[0]);
        school.write_settings(&settings).unwrap();
    }
    (ports, [1, 2].map(|n| files[n].settings().unwrap().school.unwrap()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_schools_hold_class_when_the_hub_is_killed() {
    let nodes = [0, 1, 2].map(copy);
    let files = nodes.each_ref().map(|(_, files)| files.clone());
    let (ports, schools) = apart(&files);
    let (class, teacher, adult) = plan(&files[0], schools);
    let head = "SELECT person FROM grant_of_role WHERE role = 'head' AND organisation = ?1 ORDER BY id LIMIT 1";
    let head = one(&open(&files[1]), head, schools[0]);
    let [teacher, head] = [teacher, head].map(|person| sign_in(&files[1], person));
    let adult = sign_in(&files[2], adult);
    let mut hub = Runs::start("hub", &files[0], ports[0]);
    let one = Runs::start("school", &files[1], ports[1]);
    let mut two = Runs::start("school", &files[2], ports[2]);

    let page = format!("/classes/{class}");
    until("the class to be at both schools", 60, async || {
        let found = [one.get(&page, &teacher).await, two.get(&page, &adult).await];
        found.iter().all(|said| said.as_ref().is_some_and(|said| said.status == 200))
    })
    .await;
    let id = files[2].key(&Env::system()).unwrap().id();
    let kept = one.post("/nodes/neighbours", &head, &format!("node={id}&address=127.0.0.1:{}", ports[2])).await;
    assert_eq!(kept.status, 303, "{}", kept.body);
    until("the neighbour", 30, async || {
        one.get("/nodes/neighbours", &head).await.is_some_and(|said| said.body.contains("class=\"tag ok\""))
    })
    .await;
    let nobody = one.post("/nodes/neighbours", &head, &format!("node={id}&address=nowhere")).await;
    assert_eq!(nobody.status, 409, "no address");

    hub.kill();
    let (at_one, at_two) = (one.1, two.1);
    let talk = tokio::task::spawn_blocking(move || {
        let mut first = Page::open(at_one, class, &teacher);
        let mut second = Page::open(at_two, class, &adult);
        first.say("{\"k\":\"begin\"}");
        second.hears("begin");
        second.say("{\"k\":\"chat\",\"text\":\"三十一人\"}");
        first.hears("三十一人");
        (first, second, teacher, adult)
    });
    let (mut first, second, teacher, adult) = talk.await.unwrap();

    // Voice goes the same way.
    let (speaks, listens) = (key(&one, class, &teacher, "whip").await, key(&two, class, &adult, "whep").await);
    let ((mut mouth, offer), (mut ear, wish)) = (
        Bot::offers(IpAddr::V4(Ipv4Addr::LOCALHOST), Does::SPEAKS).await,
        Bot::offers(IpAddr::V4(Ipv4Addr::LOCALHOST), Does::LISTENS).await,
    );
    mouth.accept(&sits(one.1, format!("/classes/{class}/whip/{speaks}"), &offer).await);
    ear.accept(&sits(two.1, format!("/classes/{class}/whep/{listens}"), &wish).await);
    let counts = Arc::new(Counts::default());
    let mut bots = JoinSet::new();
    bots.spawn(mouth.run(Arc::default()));
    bots.spawn(ear.run(Arc::clone(&counts)));
    until("voice from school to school", 30, async || counts.heard.load(Relaxed) > 50).await;

    // What became of the class is a fact that the other school has, too.
    tokio::task::spawn_blocking(move || {
        first.say("{\"k\":\"end\"}");
        first.hears("end");
        drop((first, second));
    })
    .await
    .unwrap();
    let held = "SELECT count(*) FROM live_class WHERE id = ?1 AND state = 'held'";
    let is_held = || {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let conn = rusqlite::Connection::open_with_flags(files[2].database(), flags).ok()?;
        conn.query_row(held, [class.as_bytes()], |r| r.get::<_, i64>(0)).ok()
    };
    until("the second school to know that the class was held", 60, async || is_held() == Some(1)).await;
    // Who removes a neighbour has it off at once, also when it dials by itself; and on again.
    let tagged = async |what: &str| {
        let (what, one, head) = (format!("class=\"tag {what}\""), &one, &head);
        until("the neighbour's sign", 30, async || {
            one.get("/nodes/neighbours", head).await.is_some_and(|said| said.body.contains(&what))
        })
        .await;
    };
    tagged("ok").await;
    assert_eq!(one.post("/nodes/neighbours/remove", &head, &format!("node={id}")).await.status, 303);
    tagged("bad").await;
    assert_eq!(one.post("/nodes/neighbours/admit", &head, &format!("node={id}")).await.status, 303);
    until("no sign of it", 30, async || {
        one.get("/nodes/neighbours", &head).await.is_some_and(|said| !said.body.contains("class=\"tag bad\""))
    })
    .await;
    let kept = one.post("/nodes/neighbours", &head, &format!("node={id}&address=127.0.0.1:{}", ports[2])).await;
    assert_eq!(kept.status, 303, "{}", kept.body);
    tagged("ok").await;
    two.kill();
}
