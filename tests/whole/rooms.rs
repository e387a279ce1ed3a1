//! A plan that is open in a page: what comes from elsewhere is shown there, whatever other pages come and go.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use base::Subject;
use documents::{Live, Node, plain};
use log::{Context, Draft};
use records::{RecordError, Role};
use tungstenite::{ClientRequestBuilder, Message, WebSocket};

use crate::desk::{Desk, desk};

const HELLO: u8 = 0;
const TYPED: u8 = 1;
const SAVED: u8 = 3;
/// How often a room looks after itself, and a little more.
const LOOK: Duration = Duration::from_millis(1500);
/// A page that is loaded anew is away so long.
const AWAY: Duration = Duration::from_millis(700);

async fn serve(desk: &Desk) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (at, router) = (listener.local_addr().unwrap(), desk.router.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    at
}

async fn begin(desk: &Desk, who: &(String, String)) -> Subject {
    let made = desk.post("/plans/new", who, "title=草药&subject=heritage&type=outing").await;
    made.headers()["location"].to_str().unwrap().rsplit('/').next().unwrap().parse().unwrap()
}

/// A page with the plan's editor.
struct Page {
    socket: WebSocket<TcpStream>,
    live: Live,
}

impl Page {
    fn open(at: SocketAddr, plan: Subject, who: &(String, String)) -> Self {
        let uri = format!("ws://{at}/plans/{plan}/live").parse().unwrap();
        let stream = TcpStream::connect(at).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let request = ClientRequestBuilder::new(uri).with_header("cookie", &who.0);
        let mut page = Self { socket: tungstenite::client(request, stream).unwrap().0, live: Live::default() };
        page.say(HELLO, &page.live.vector());
        let hello = page.hear(HELLO);
        let vector = u32::from_be_bytes(hello[..4].try_into().unwrap()) as usize;
        page.live.apply(&hello[4 + vector..]).unwrap();
        page
    }

    fn say(&mut self, kind: u8, body: &[u8]) {
        self.socket.send(Message::binary([&[kind], body].concat())).unwrap();
    }

    /// The next message of a kind; fails where none comes.
    fn hear(&mut self, kind: u8) -> Vec<u8> {
        loop {
            let bytes = self.socket.read().unwrap().into_data();
            if bytes.first() == Some(&kind) {
                return bytes[1..].to_vec();
            }
        }
    }

    fn text(&self) -> String {
        plain(&self.live.tree().unwrap())
    }

    fn leave(mut self) {
        self.socket.close(None).unwrap();
        while self.socket.read().is_ok() {}
    }
}

/// The update that gives a plan's first part these words.
fn says(live: &Live, words: &str, chance: u64) -> Vec<u8> {
    let mut tree = live.tree().unwrap();
    tree[0] = Node::element("section", vec![Node::element("paragraph", vec![Node::text(words)])]).with("part", "aims");
    live.turned_into(&tree, chance).unwrap()
}

/// A fact of the text, as one that comes from another node.
fn arrives(desk: &Desk, plan: Subject, update: &[u8]) {
    let site = &desk.node.site;
    let kind = site.kinds.get("lesson_plan").unwrap();
    let done = site.store.write(Context::NODE, |tx| {
        let scope = records::record_scope(tx.conn(), site.programme, kind, &plan)?;
        let payload = records::document_payload(update)?;
        tx.append(&Draft { scope, subject: plan, kind: kind.document("body"), payload, base: None })?;
        tx.fold()?;
        Ok::<_, RecordError>(())
    });
    done.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_loaded_anew_goes_on_seeing_what_others_write() {
    let desk = desk();
    let at = serve(&desk).await;
    let local = desk.sign_in(Role::Local);
    let plan = begin(&desk, &local).await;
    Page::open(at, plan, &local).leave();
    tokio::time::sleep(AWAY).await;
    let mut page = Page::open(at, plan, &local);
    // Who looked after the room that is gone has had time to see the new one.
    tokio::time::sleep(LOOK).await;
    arrives(&desk, plan, &says(&page.live, "分辨三种草药", 41));
    let typed = page.hear(TYPED);
    page.live.apply(&typed).unwrap();
    assert!(page.text().contains("分辨三种草药"));

    // What is typed in it is found by whoever looks at the plan's versions.
    let typed = says(&page.live, "先看根,再看叶", 42);
    page.say(TYPED, &typed);
    assert_eq!(page.hear(SAVED), 1_u32.to_be_bytes());
    assert_eq!(desk.node.site.local.drafts().unwrap().len(), 1);
    desk.get(&format!("/plans/{plan}/versions"), &local, None).await;
    assert_eq!(desk.node.site.local.drafts().unwrap().len(), 0, "what was typed is a fact");
    let kind = desk.node.site.kinds.get("lesson_plan").unwrap();
    let kept = desk.node.site.store.read(|c| records::document(c, kind, "body", &plan)).unwrap();
    assert!(plain(&kept.tree().unwrap()).contains("先看根"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_one_plan_share_a_room_after_one_of_them_was_loaded_anew() {
    let desk = desk();
    let at = serve(&desk).await;
    let local = desk.sign_in(Role::Local);
    let plan = begin(&desk, &local).await;
    Page::open(at, plan, &local).leave();
    tokio::time::sleep(AWAY).await;
    let mut one = Page::open(at, plan, &local);
    tokio::time::sleep(LOOK).await;
    let mut two = Page::open(at, plan, &local);
    let typed = says(&one.live, "雪莲", 43);
    one.say(TYPED, &typed);
    let heard = two.hear(TYPED);
    two.live.apply(&heard).unwrap();
    assert!(two.text().contains("雪莲"));
}
