//! What a class shows: whether it is there beforehand, and that a page's number means the same page in every room and in what
//! is kept of the class.

use std::net::{IpAddr, Ipv4Addr};

use axum::http::StatusCode;
use base::{Hash, Scope, Subject};
use log::{Context, LogError};
use records::{Change, RecordError, Role, Value};
use tokio::task::JoinSet;

use crate::class_film::{Planned, hold, plan, slides, work};
use crate::courses::{Who, made, status, upload};
use crate::desk::{Desk, desk_at};
use crate::neighbours::{Page, until};
use crate::pictures::photo;
use crate::play::page;

const ABOUT: [(&str, &str); 3] = [("title", "草药"), ("subject", "heritage"), ("licence", "cc_by")];

/// Changes a record as somebody elsewhere would.
fn change(desk: &Desk, kind: &str, id: Subject, change: Change) {
    let site = &desk.node.site;
    let written = site.store.write(Context { author: id }, |tx| {
        append_in(tx, site, kind, id, change)?;
        tx.fold()?;
        Ok::<_, RecordError>(())
    });
    written.unwrap();
}

fn append_in(tx: &log::Tx<'_>, site: &web::Site, kind: &str, id: Subject, change: Change) -> Result<(), RecordError> {
    records::append(tx, site.kinds.get(kind).unwrap(), Scope::Programme(site.programme), id, change, None)?;
    Ok(())
}

/// Does what a node does every few seconds.
fn note(desk: &Desk) {
    let (site, shelf) = (&desk.node.site, &desk.node.shelf);
    let whole = |conn: &rusqlite::Connection, course: &Subject| ::courses::is_here(site, conn, shelf, course);
    classroom::note_ready(site, &desk.node.classes, &whole).unwrap();
}

/// A class whose first room the hub serves itself; the other's school notes nothing here.
fn planned(desk: &Desk, course: Subject) -> Planned {
    let mut planned = plan(desk, course);
    let unit = desk.one("SELECT origin FROM live_class WHERE title LIKE '草药: %'");
    change(desk, "class_room", planned.rooms[0].0, Change::new().with_link("school", unit));
    planned.rooms[0].1 = desk.node.site.hub;
    planned
}

/// How many rooms are said to have what is shown.
async fn ready(desk: &Desk, class: Subject, who: &Who) -> usize {
    let shown = page(desk, &format!("/classes/{class}"), who).await;
    assert!(shown.contains("class=\"class-ready\""), "{shown}");
    shown.matches("<span class=\"tag ok\">已就绪</span>").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_ready_for_what_was_looked_through_and_for_nothing_else() {
    let desk = desk_at(0);
    let teacher = desk.sign_in(Role::Coordinator);
    let pdf = slides();
    let course = made(&upload(&desk, "/courses/upload", &teacher, &ABOUT, &[("a.pdf", &pdf)]).await);
    let planned = planned(&desk, course);
    let class = planned.class;

    // The file is there, and its pages are still to be drawn.
    note(&desk);
    assert_eq!(ready(&desk, class, &teacher).await, 0, "nothing can be shown yet");
    work(&desk);
    note(&desk);
    assert_eq!(ready(&desk, class, &teacher).await, 1);

    // A file more: nobody has looked through that.
    let more = [slides(), b"\n%".to_vec()].concat();
    let add = format!("/courses/{course}/add");
    made(&upload(&desk, &add, &teacher, &[], &[("b.pdf", &more)]).await);
    assert_eq!(ready(&desk, class, &teacher).await, 0, "at once, before any node looks");
    note(&desk);
    assert_eq!(ready(&desk, class, &teacher).await, 0);
    work(&desk);
    note(&desk);
    assert_eq!(ready(&desk, class, &teacher).await, 1);

    // Another course, which is there as well, but that is not known yet.
    let other = made(&upload(&desk, "/courses/upload", &teacher, &ABOUT, &[("c.txt", b"c")]).await);
    change(&desk, "live_class", class, Change::new().with_link("course", other));
    assert_eq!(ready(&desk, class, &teacher).await, 0);
    note(&desk);
    assert_eq!(ready(&desk, class, &teacher).await, 1);
    change(&desk, "live_class", class, Change::new().with_link("course", course));
    note(&desk);

    // Another school: what lies here is not there.
    let site = &desk.node.site;
    let (room, unit) = (planned.rooms[0].0, desk.one("SELECT origin FROM live_class WHERE title LIKE '草药: %'"));
    let school = desk.one("SELECT school FROM node WHERE school IS NOT NULL ORDER BY made LIMIT 1");
    change(&desk, "class_room", room, Change::new().with_link("school", school).with_text("grade", "9"));
    note(&desk);
    assert_eq!(ready(&desk, class, &teacher).await, 0);
    change(&desk, "class_room", room, Change::new().with_link("school", unit));
    assert_eq!(ready(&desk, class, &teacher).await, 1);

    // What was there and is not any more is noted, too; and again when it is back.
    let blob = site.blobs.path(&base::Hash::of(&more));
    let aside = blob.with_extension("aside");
    std::fs::rename(&blob, &aside).unwrap();
    note(&desk);
    assert_eq!(ready(&desk, class, &teacher).await, 0);
    std::fs::rename(&aside, &blob).unwrap();
    note(&desk);
    assert_eq!(ready(&desk, class, &teacher).await, 1);
    // Looking again says nothing again.
    let facts = || site.store.read(|c| Ok::<_, log::LogError>(log::entries_of(c, &room)?.len())).unwrap();
    let before = facts();
    note(&desk);
    assert_eq!(facts(), before);

    // A course that is withdrawn from everyone but its makers is not what others would be shown.
    change(&desk, "live_class", class, Change::new().with_link("teacher", room));
    assert_eq!(ready(&desk, class, &teacher).await, 0, "a draft of somebody who does not lead the class");
}

const EVENT: u8 = 1;
const PACK: u8 = 6;

/// A hub with this class of today, that people's pages talk to.
async fn held(desk: &Desk) -> (u16, JoinSet<()>) {
    desk.node.begin_classes(IpAddr::V4(Ipv4Addr::LOCALHOST)).unwrap();
    desk.node.classes.tend(&desk.node.site).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, router) = (listener.local_addr().unwrap().port(), desk.router.clone());
    let mut serves = JoinSet::new();
    serves.spawn(async move { axum::serve(listener, router).await.unwrap() });
    (port, serves)
}

/// Waits for the class to say its pages: whether in place of others, and their pictures.
fn pack(page: &mut Page) -> (bool, Vec<Hash>) {
    loop {
        let event = page.is_told_bytes(EVENT);
        let said = &event[11..];
        if said[0] == PACK {
            let hashes = said[2..].chunks_exact(40).map(|sheet| Hash::try_from(&sheet[..32]).unwrap()).collect();
            return (said[1] == 0, hashes);
        }
    }
}

fn name(hash: &Hash) -> String {
    hash.0.iter().map(|b| format!("{b:02x}")).collect()
}

/// The hashes of pages in what a page's script is given, in their order.
fn given(page: &str) -> Vec<String> {
    let parts = page.split("&quot;hash&quot;:&quot;").chain(page.split("&#34;hash&#34;:&#34;")).skip(1);
    parts
        .filter_map(|part| part.get(..64))
        .filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()))
        .map(str::to_owned)
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_s_number_means_what_was_shown_then_whatever_becomes_of_the_course() {
    let desk = desk_at(0);
    let (teacher, other) = (desk.sign_in(Role::Coordinator), desk.sign_in(Role::Officer));
    let pdf = slides();
    let course = made(&upload(&desk, "/courses/upload", &teacher, &ABOUT, &[("a.pdf", &pdf)]).await);
    let planned = planned(&desk, course);
    let (class, site) = (planned.class, &desk.node.site);
    let yes = Change::new().with("recorded", Value::Bool(true)).with_text("subject", "heritage");
    change(&desk, "live_class", class, yes);
    work(&desk);
    let (port, _serves) = held(&desk).await;
    let at = format!("/classes/{class}");
    let shown = |hash: &Hash| format!("{at}/shown/{}", name(hash));

    // It is a draft in its teacher's hands: who only sees the class sees nothing of it.
    let mine = given(&page(&desk, &format!("{at}/live"), &teacher).await);
    assert_eq!(mine.len(), 2);
    assert!(given(&page(&desk, &format!("{at}/live"), &other).await).is_empty());
    let mut talks = Page::at(port, &format!("{at}/talk"), &teacher.0, 7);
    talks.say("{\"k\":\"begin\"}");
    let (instead, first) = pack(&mut talks);
    assert!(instead && first.iter().map(name).eq(mine), "{first:?}");
    assert_eq!(status(&desk, &shown(&first[0]), &teacher).await, StatusCode::OK);
    assert_eq!(status(&desk, &shown(&first[0]), &other).await, StatusCode::NOT_FOUND, "nobody let them in");
    assert_eq!(status(&desk, &shown(&Hash::of(&pdf)), &teacher).await, StatusCode::NOT_FOUND, "only its pages");
    assert_eq!(status(&desk, &format!("{at}/shown/no"), &teacher).await, StatusCode::NOT_FOUND);
    talks.say("{\"k\":\"record\",\"on\":true}");
    talks.say("{\"k\":\"blank\"}");
    talks.hears("blank");

    // A file that comes first in the course now: its pages stand behind all that were there, the white one too.
    let more = [slides(), b"\n%".to_vec()].concat();
    made(&upload(&desk, &format!("/courses/{course}/add"), &teacher, &[], &[("b.pdf", &more)]).await);
    let resource = desk.one("SELECT id FROM resource WHERE title = 'b' AND content IS NOT NULL");
    change(&desk, "resource", resource, Change::new().with("place", Value::Int(1)));
    work(&desk);
    desk.node.classes.tend(site).unwrap();
    assert_eq!(pack(&mut talks), (false, first.clone()));
    desk.node.classes.tend(site).unwrap();
    talks.say("{\"k\":\"page\",\"p\":4}");
    talks.say("{\"k\":\"end\"}");
    talks.hears("\"end\"");

    // The record names them, and keeps them: also when the course is another, and nobody else needs them.
    until("the record is named", 20, async || {
        desk.node.classes.tend(site).unwrap();
        page(&desk, &at, &teacher).await.contains(&format!("{at}/replay"))
    })
    .await;
    let empty = made(&upload(&desk, "/courses/upload", &teacher, &ABOUT, &[("c.txt", b"c")]).await);
    change(&desk, "live_class", class, Change::new().with_link("course", empty));
    desk.node.classes.tend(site).unwrap();
    let all: Vec<String> = first.iter().chain(&first).map(name).collect();
    assert_eq!(given(&page(&desk, &format!("{at}/replay"), &other).await), all);
    assert_eq!(status(&desk, &shown(&first[1]), &other).await, StatusCode::OK, "who sees the record sees its pages");
    let films = &desk.node.films;
    assert_eq!(desk.post(&format!("{at}/film"), &teacher, "").await.status(), StatusCode::SEE_OTHER);
    let (_, script) = films.take().unwrap();
    let place = |hash: &Hash| Some(std::path::absolute(site.blobs.path(hash)).unwrap());
    let pictures: Vec<_> = script.pages.iter().map(|page| page.picture.clone()).collect();
    assert_eq!(pictures, [place(&first[0]), place(&first[1]), None, place(&first[0]), place(&first[1])]);
    assert_eq!(desk.post(&format!("{at}/keep"), &teacher, "").await.status(), StatusCode::SEE_OTHER);
    let tree: Vec<u8> = site
        .store
        .read(|c| {
            Ok::<_, LogError>(c.query_row("SELECT content FROM resource WHERE form = 'class'", [], |r| r.get(0))?)
        })
        .unwrap();
    let tree = desk.node.shelf.tree(&Hash::try_from(&tree[..]).unwrap()).unwrap().unwrap();
    let kept: Vec<Hash> =
        tree.leaves().filter(|(path, _)| path.starts_with("slides/")).map(|(_, leaf)| leaf.content).collect();
    assert_eq!(kept, [first.clone(), first].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_with_a_plan_is_offered_the_course_that_was_made_for_it() {
    let desk = desk_at(0);
    let (teacher, local) = (desk.sign_in(Role::Coordinator), desk.sign_in(Role::Local));
    let course = made(&upload(&desk, "/courses/upload", &teacher, &ABOUT, &[("a.txt", b"a")]).await);
    let empty = made(&upload(&desk, "/courses/upload", &teacher, &ABOUT, &[("b.txt", b"b")]).await);
    let class = plan(&desk, empty).class;
    let lesson = made(&desk.post("/plans/new", &teacher, "title=x&subject=heritage&type=new_matter").await);
    let at = format!("/classes/{class}");
    let take = format!("action=\"{at}/course\"");
    change(&desk, "course", course, Change::new().with_link("plan", lesson));
    change(&desk, "live_class", class, Change::new().with_link("plan", lesson));
    assert!(!page(&desk, &at, &teacher).await.contains(&take), "it shows something already");
    change(&desk, "live_class", class, Change::new().with("course", Value::Null));
    let shown = page(&desk, &at, &teacher).await;
    assert!(shown.contains(&take) && shown.contains(&format!("/courses/{course}")), "{shown}");
    // Who does not see the course is offered nothing, and nothing else is taken.
    assert!(!page(&desk, &at, &local).await.contains(&take), "a draft of somebody else");
    for (who, what) in [(&teacher, empty), (&local, course)] {
        assert!(!desk.post(&format!("{at}/course"), who, &format!("course={what}")).await.status().is_redirection());
    }
    assert_eq!(made(&desk.post(&format!("{at}/course"), &teacher, &format!("course={course}")).await), class);
    assert_eq!(desk.one("SELECT course FROM live_class WHERE title LIKE '草药: %'"), course);
    assert!(!page(&desk, &at, &teacher).await.contains(&take));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_of_the_course_is_a_page_of_the_class() {
    let desk = desk_at(0);
    let teacher = desk.sign_in(Role::Coordinator);
    let (pdf, png) = (slides(), photo());
    let files: [(&str, &[u8]); 3] = [("1.pdf", &pdf), ("2.png", &png), ("3.txt", b"words")];
    let course = made(&upload(&desk, "/courses/upload", &teacher, &ABOUT, &files).await);
    let planned = planned(&desk, course);
    note(&desk);
    assert_eq!(ready(&desk, planned.class, &teacher).await, 0, "the picture is still to be made a page, too");
    work(&desk);
    note(&desk);
    assert_eq!(ready(&desk, planned.class, &teacher).await, 1);
    let pages = given(&page(&desk, &format!("/classes/{}/live", planned.class), &teacher).await);
    assert_eq!(pages.len(), 3, "two of the slides, and the picture");
    let (head, picture) = desk.get(&format!("/classes/{}/shown/{}", planned.class, pages[2]), &teacher, None).await;
    assert!(head.status() == StatusCode::OK && picture.starts_with(b"RIFF"));
    // In the library it stands as it is.
    let resource = desk.one("SELECT id FROM resource WHERE media = 'image/png'");
    let shown = page(&desk, &format!("/resources/{resource}"), &teacher).await;
    assert!(shown.contains(&format!("/resources/{resource}/content")) && !shown.contains("/made/"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_whose_consent_was_taken_back_is_not_heard_in_a_replay() {
    let desk = desk_at(0);
    let teacher = desk.sign_in(Role::Coordinator);
    let course = made(&upload(&desk, "/courses/upload", &teacher, &ABOUT, &[("a.txt", b"a")]).await);
    let planned = plan(&desk, course);
    // Of three voices, that of the second room was never consented to.
    hold(&desk, &planned, &[]);
    let at = format!("/classes/{}/replay", planned.class);
    let shown = page(&desk, &at, &teacher).await;
    for (n, heard) in [(0, true), (1, true), (2, false)] {
        let voice = format!("{at}/voice/{n}");
        assert_eq!(shown.contains(&voice), heard, "{n}");
        let wanted = if heard { StatusCode::OK } else { StatusCode::NOT_FOUND };
        assert_eq!(status(&desk, &voice, &teacher).await, wanted, "{n}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_recorded_is_withdrawn_by_who_leads_and_a_voice_by_who_answers_for_it() {
    let desk = desk_at(0);
    let (teacher, head, other) =
        (desk.sign_in(Role::Coordinator), desk.sign_in(Role::Head), desk.sign_in(Role::Officer));
    let course = made(&upload(&desk, "/courses/upload", &teacher, &ABOUT, &[("a.txt", b"a")]).await);
    let planned = plan(&desk, course);
    let of_head =
        desk.one("SELECT person FROM grant_of_role WHERE role = 'head' ORDER BY organisation IS NOT NULL DESC LIMIT 1");
    change(&desk, "class_room", planned.rooms[0].0, Change::new().with_link("person", of_head));
    hold(&desk, &planned, &[]);
    let at = format!("/classes/{}", planned.class);
    let (replay, withdraw) = (format!("{at}/replay"), format!("{at}/record/withdraw"));
    let offers = async |who: &Who| page(&desk, &at, who).await.contains(&withdraw);
    assert!(offers(&teacher).await && offers(&head).await && !offers(&other).await);
    assert_eq!(desk.post(&withdraw, &other, "").await.status(), StatusCode::FORBIDDEN);

    // Its voice, of a room; what else was recorded stays.
    assert!(page(&desk, &replay, &other).await.contains("/replay/voice/1"));
    assert_eq!(made(&desk.post(&withdraw, &head, "").await), planned.class);
    let shown = page(&desk, &replay, &other).await;
    assert!(shown.contains("/replay/voice/0") && !shown.contains("/replay/voice/1"));
    assert_eq!(status(&desk, &format!("{replay}/voice/1"), &head).await, StatusCode::NOT_FOUND);
    assert!(!offers(&head).await && offers(&teacher).await, "it is done");

    // All of it, for ever: also what comes from a school later, and the bytes go.
    let site = &desk.node.site;
    let named = || site.store.read(|c| Ok::<_, LogError>(classroom::kept(c)?.len())).unwrap();
    assert!(named() > 0);
    assert_eq!(made(&desk.post(&withdraw, &teacher, "").await), planned.class);
    hold(&desk, &planned, &[]);
    assert_eq!(named(), 0);
    for path in [&replay, &format!("{replay}/events"), &format!("{replay}/voice/0")] {
        assert_eq!(status(&desk, path, &teacher).await, StatusCode::NOT_FOUND, "{path}");
    }
    let shown = page(&desk, &at, &teacher).await;
    assert!(shown.contains("录制内容已撤回") && !shown.contains(&replay) && !offers(&teacher).await, "{shown}");
    let dir = desk.files.classes().join(planned.class.to_string());
    std::fs::create_dir_all(&dir).unwrap();
    desk.node.classes.forget_withdrawn(site).unwrap();
    assert!(!dir.exists());
}
