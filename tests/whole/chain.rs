//! A node between the hub and a school: a class comes to the school over it, and without it once it is gone.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use base::{Env, NodeId, Subject};
use tokio::task::JoinSet;
use zampa::files::Files;

use crate::bots::{Bot, Counts, Does};
use crate::counted::copy;
use crate::neighbours::{Page, Runs, key, one, open, plan_by, sign_in, sits, until};

fn node(files: &Files) -> NodeId {
    files.key(&Env::system()).unwrap().id()
}

/// Whether a node knows that another follows classes at a third.
fn knows(files: &Files, below: NodeId, upper: NodeId) -> bool {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let sql = "SELECT count(*) FROM node n JOIN node u ON u.id = n.upper WHERE n.node_id = ?1 AND u.node_id = ?2";
    let count = rusqlite::Connection::open_with_flags(files.database(), flags)
        .and_then(|conn| conn.query_row(sql, [below.as_bytes(), upper.as_bytes()], |r| r.get::<_, i64>(0)));
    count.is_ok_and(|n| n == 1)
}

/// Where a school's node looks for the hub.
fn look_for(files: &Files, port: u16) {
    let mut settings = files.settings().unwrap();
    settings.hub_address = format!("127.0.0.1:{port}");
    files.write_settings(&settings).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_class_comes_to_a_school_over_the_node_between() {
    let nodes = [0, 1, 2].map(copy);
    let files = nodes.each_ref().map(|(_, files)| files.clone());
    let ports = [0; 4].map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    let ports = ports.map(|free| free.local_addr().unwrap().port());
    let schools = [1, 2].map(|n| files[n].settings().unwrap().school.unwrap());
    files[1..].iter().for_each(|school| look_for(school, ports[0]));
    let any = Subject([0; 16]);
    let by =
        |role: &str| format!("SELECT person FROM grant_of_role WHERE role = '{role}' AND id <> ?1 ORDER BY id LIMIT 1");
    let teacher = one(&open(&files[0]), &by("coordinator"), any);
    let administrator = one(&open(&files[0]), &by("administrator"), any);
    let head = "SELECT person FROM grant_of_role WHERE role = 'head' AND organisation = ?1 ORDER BY id LIMIT 1";
    let head = one(&open(&files[1]), head, schools[0]);
    // The node between has no room in it.
    let (class, adult) = plan_by(&files[0], teacher, None, schools[1]);
    let [teacher, administrator] = [teacher, administrator].map(|person| sign_in(&files[0], person));
    let (head, adult) = (sign_in(&files[1], head), sign_in(&files[2], adult));

    let hub = Runs::start("hub", &files[0], ports[0]);
    let between = Runs::start("school", &files[1], ports[1]);
    let mut school = Runs::start("school", &files[2], ports[2]);
    let [_, upper, below] = files.each_ref().map(node);
    until("the hub", 60, async || hub.get("/health", &administrator).await.is_some()).await;
    let put = async |node: NodeId, upper: NodeId| {
        hub.post("/nodes/upper", &administrator, &format!("node={node}&upper={upper}")).await.status
    };
    assert_eq!(put(below, below).await, 409, "below itself");
    assert_eq!(put(below, upper).await, 303);
    assert_eq!(put(upper, below).await, 409, "a circle");
    until("the nodes to know the tree", 60, async || files[1..].iter().all(|of| knows(of, below, upper))).await;
    let page = format!("/classes/{class}");
    until("the class to be there", 60, async || {
        let found = [between.get(&page, &head).await, school.get(&page, &adult).await];
        found.iter().all(|said| said.as_ref().is_some_and(|said| said.status == 200))
    })
    .await;
    let kept = between.post("/nodes/neighbours", &head, &format!("node={below}&address=127.0.0.1:{}", ports[2])).await;
    assert_eq!(kept.status, 303, "{}", kept.body);

    // From here on the school does not reach the hub.
    school.kill();
    look_for(&files[2], ports[3]);
    school = Runs::start("school", &files[2], ports[2]);
    until("the school anew", 60, async || school.get(&page, &adult).await.is_some()).await;
    until("the neighbour", 60, async || {
        between.get("/nodes/neighbours", &head).await.is_some_and(|said| said.body.contains("class=\"tag ok\""))
    })
    .await;
    let (at_hub, at_school) = (hub.1, school.1);
    let talk = tokio::task::spawn_blocking(move || {
        let mut first = Page::open(at_hub, class, &teacher);
        let mut second = Page::open(at_school, class, &adult);
        first.say("{\"k\":\"begin\"}");
        second.hears("begin");
        second.say("{\"k\":\"chat\",\"text\":\"三十一人\"}");
        first.hears("三十一人");
        (first, second, teacher, adult)
    });
    let (mut first, second, teacher, adult) = talk.await.unwrap();

    // An encoder's voice and picture come the same way.
    let (speaks, listens) = (key(&hub, class, &teacher, "whip").await, key(&school, class, &adult, "whep").await);
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let ((mut mouth, offer), (mut ear, wish)) =
        (Bot::offers(here, Does::ENCODES).await, Bot::offers(here, Does::LOOKS).await);
    mouth.accept(&sits(hub.1, format!("/classes/{class}/whip/{speaks}"), &offer).await);
    ear.accept(&sits(school.1, format!("/classes/{class}/whep/{listens}"), &wish).await);
    let counts = Arc::new(Counts::default());
    let mut bots = JoinSet::new();
    bots.spawn(mouth.run(Arc::default()));
    bots.spawn(ear.run(Arc::clone(&counts)));
    until("voice and picture over the node between", 30, async || {
        counts.heard.load(Relaxed) > 50 && counts.seen.load(Relaxed) > 20
    })
    .await;

    // The node between is gone, and the hub is reached again: the class goes on without it.
    drop((between, second));
    school.kill();
    look_for(&files[2], ports[0]);
    let school = Runs::start("school", &files[2], ports[2]);
    until("the school", 60, async || school.get(&page, &adult).await.is_some()).await;
    let talk = tokio::task::spawn_blocking(move || {
        let mut second = Page::open(at_school, class, &adult);
        second.hears("三十一人");
        first.say("{\"k\":\"chat\",\"text\":\"我们继续\"}");
        second.hears("我们继续");
    });
    talk.await.unwrap();
}
