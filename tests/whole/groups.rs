//! Small groups of a room over two nodes and a cut: what a group puts on its sheet reaches who leads; a room that is cut off
//! keeps its groups, begins a round of its own, and hands over late, and once, what they wrote.

use crate::counted::copy;
use crate::neighbours::{Page, Runs, one, open, plan_by, sign_in, until};

/// A line on the sheet of a group.
fn line(round: u32, group: u16, by: u32, number: u32, text: &str) -> Vec<u8> {
    let head = [&round.to_be_bytes()[..], &group.to_be_bytes(), &by.to_be_bytes(), &number.to_be_bytes()].concat();
    [&[5], &head[..], &[1], text.as_bytes()].concat()
}

const EVENT: u8 = 1;
const STATE: u8 = 2;
const REFUSED: u8 = 5;
const WAITING: u8 = 6;
const PUPILS: u8 = 8;
const SHEETS: u8 = 11;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_of_a_room_go_on_in_a_cut_and_hand_over_what_they_wrote() {
    let nodes = [0, 1].map(copy);
    let files = nodes.each_ref().map(|(_, files)| files.clone());
    let ports = [0; 2].map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    let ports = ports.map(|free| free.local_addr().unwrap().port());
    let school = files[1].settings().unwrap().school.unwrap();
    let mut settings = files[1].settings().unwrap();
    settings.hub_address = format!("127.0.0.1:{}", ports[0]);
    files[1].write_settings(&settings).unwrap();
    let leads = "SELECT person FROM grant_of_role WHERE role = 'coordinator' AND ?1 NOT NULL ORDER BY id LIMIT 1";
    let teacher = one(&open(&files[0]), leads, school);
    let (class, adult) = plan_by(&files[0], teacher, None, school);
    let (teacher, adult) = (sign_in(&files[0], teacher), sign_in(&files[1], adult));
    let mut hub = Runs::start("hub", &files[0], ports[0]);
    let box_ = Runs::start("school", &files[1], ports[1]);
    let page = format!("/classes/{class}");
    until("the class to be at the school", 60, async || {
        let found = [hub.get(&page, &teacher).await, box_.get(&page, &adult).await];
        found.iter().all(|said| said.as_ref().is_some_and(|said| said.status == 200))
    })
    .await;

    let talk = tokio::task::spawn_blocking(move || {
        let mut leads = Page::open(ports[0], class, &teacher);
        let mut room = Page::open(ports[1], class, &adult);
        leads.say("{\"k\":\"begin\"}");
        room.hears("begin");
        room.say("{\"k\":\"groups\",\"r\":10001,\"n\":2,\"s\":60,\"task\":\"x\"}");
        room.is_told(REFUSED, "role");
        leads.say("{\"k\":\"groups\",\"r\":1,\"n\":2,\"s\":600,\"task\":\"草药\"}");
        room.hears("草药");
        room.tell(b"\x03{\"open\":true}");
        let told = room.is_told(PUPILS, "code");
        let code = told.split("\"name\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let device = |number| Page::at(ports[1], &format!("/c/{code}/talk"), "", number);
        let mut pupil = device(77);
        pupil.hears("草药");
        // A group that is not chosen is not written on; then it is.
        pupil.put(&line(1, 2, 77, 1, "未选"));
        pupil.is_told(REFUSED, "role");
        pupil.say("{\"k\":\"group\",\"g\":2}");
        pupil.is_told(STATE, "\"group\":2");
        pupil.put(&line(1, 2, 77, 2, "雪莲"));
        leads.hears("雪莲");
        // Another device of the group is told what is there; one of another group is not before it is shown to all.
        let mut same = device(78);
        same.say("{\"k\":\"group\",\"g\":2}");
        same.is_told(SHEETS, "雪莲");
        let mut other = device(79);
        other.say("{\"k\":\"group\",\"g\":1}");
        other.is_told(STATE, "\"group\":1");
        leads.say("{\"k\":\"show\",\"r\":1,\"g\":2}");
        other.is_told(SHEETS, "雪莲");

        hub.kill();
        room.is_told(STATE, "\"cut\":true");
        pupil.put(&line(1, 2, 77, 3, "断网时"));
        room.is_told(WAITING, "断网时");
        room.say("{\"k\":\"groups\",\"r\":10001,\"n\":2,\"s\":60,\"task\":\"自己的任务\"}");
        pupil.is_told(WAITING, "自己的任务");
        pupil.put(&line(10_001, 2, 77, 4, "自己的一轮"));
        room.is_told(WAITING, "自己的一轮");
        drop(leads);

        let hub = Runs::start("hub", &files[0], ports[0]);
        room.is_told(STATE, "\"cut\":false");
        let mut leads = loop {
            if std::net::TcpStream::connect(("127.0.0.1", ports[0])).is_ok() {
                break Page::open(ports[0], class, &teacher);
            }
        };
        // In the order in which they were said, each once: what is last has nothing of it behind it.
        for said in ["雪莲", "断网时", "自己的任务", "自己的一轮"] {
            leads.hears(said);
        }
        room.say("{\"k\":\"chat\",\"text\":\"都在\"}");
        let after = leads.is_told(EVENT, "");
        assert!(after.contains("都在"), "{after}");
        // The round of all goes on where the link is whole.
        pupil.put(&line(10_001, 2, 77, 5, "晚了"));
        pupil.is_told(REFUSED, "role");
        pupil.put(&line(1, 2, 77, 6, "接着写"));
        leads.hears("接着写");
        drop(hub);
    });
    talk.await.unwrap();
}
