//! Teaching research and joint preparation are meetings of teachers: nothing in them is for pupils or counts any.

use records::{Change, RecordError, Role};

use crate::desk::desk_at;
use crate::neighbours::{Page, until};
use crate::parts::{blocking, change, held, room};
use crate::play::page;

/// From a node to a page.
const HELLO: u8 = 0;
const EVENT: u8 = 1;
const REFUSED: u8 = 5;
const PUPILS: u8 = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_meeting_of_teachers_no_pupils_are_let_in_or_counted() {
    let desk = desk_at(0);
    let (class, at, _tasks) = held(&desk).await;
    let (teacher, officer) = (desk.sign_in(Role::Coordinator), desk.sign_in(Role::Officer));
    let adult =
        desk.one("SELECT person FROM grant_of_role WHERE role = 'officer' ORDER BY organisation IS NOT NULL DESC");
    let room = room(&desk, class, adult, "");
    let path = format!("/classes/{class}/talk");
    let open = |who: &(String, String), number: u32| {
        let (path, cookie) = (path.clone(), who.0.clone());
        blocking(move || Page::at(at, &path, &cookie, number))
    };
    let (mut leads, mut answers) = (open(&teacher, 7).await, open(&officer, 8).await);
    let mut answers = blocking(move || {
        leads.say("{\"k\":\"begin\"}");
        answers.is_told(HELLO, "\"adult\"");
        answers.hears("begin");
        // A lesson: pupils have a page, and are counted.
        answers.tell(b"\x03{\"open\":true}");
        answers.is_told(PUPILS, "\"code\"");
        answers.say("{\"k\":\"heads\",\"n\":31}");
        answers.hears("\"heads\"");
        (leads, answers)
    })
    .await;
    // It was meant as a meeting: their page is closed, and their number stands nowhere.
    change(&desk, "live_class", class, Change::new().with_text("kind", "research"));
    let live = page(&desk, &format!("/classes/{class}/live"), &officer).await;
    assert!(!live.contains("data-pupils-open") && live.contains("&#34;meeting&#34;:true"), "{live}");
    blocking(move || {
        let (leads, answers) = (&mut answers.0, &mut answers.1);
        answers.is_told(PUPILS, "null");
        answers.tell(b"\x03{\"open\":true}");
        answers.is_told(REFUSED, "role");
        answers.say("{\"k\":\"heads\",\"n\":32}");
        answers.is_told(REFUSED, "role");
        leads.say("{\"k\":\"exit\",\"on\":true}");
        leads.is_told(REFUSED, "role");
        // Each has the pen.
        answers.put(&[1, 0, 0, 0, 8, 0, 0, 0, 1, 0]);
        while leads.is_told_bytes(EVENT).get(11) != Some(&1) {}
        leads.say("{\"k\":\"end\"}");
        leads.hears("\"end\"");
    })
    .await;
    let noted = || {
        desk.node.classes.tend(&desk.node.site).unwrap();
        let sql = "SELECT present_minutes, headcount FROM class_room WHERE id = ?1";
        let read = |c: &rusqlite::Connection| {
            let both = |r: &rusqlite::Row<'_>| Ok((r.get::<_, Option<i64>>(0)?, r.get::<_, Option<i64>>(1)?));
            Ok::<_, RecordError>(c.query_row(sql, [room.as_bytes()], both)?)
        };
        desk.node.site.store.read(read).unwrap()
    };
    until("the room to be noted", 20, async || noted().0.is_some()).await;
    assert_eq!(noted().1, None, "teachers are no pupils");
    // Who came is written down where it counts: as an activity, by whoever may.
    let shown = page(&desk, &format!("/classes/{class}"), &officer).await;
    let day = desk.node.site.today();
    let to = format!("/activities/new?title=%E8%8D%89%E8%8D%AF&amp;kind=online_research&amp;starts_on={day}");
    assert!(shown.contains(&to.replace("&amp;", "&#38;")) || shown.contains(&to), "{shown}");
    let form = to.replace("&amp;", "&");
    assert!(page(&desk, &form, &officer).await.contains("value=\"online_research\" selected"), "{form}");
    let other = page(&desk, &format!("/classes/{class}"), &teacher).await;
    assert!(!other.contains("kind=online_research"), "who writes down none is not sent there");
}
