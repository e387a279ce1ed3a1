//! What a class shows: whether it is there beforehand, and that a page's number means the same page in every room and in what
//! is kept of the class.

use base::{Scope, Subject};
use log::Context;
use records::{Change, RecordError, Role};

use crate::class_film::{Planned, plan, slides, work};
use crate::courses::{Who, made, upload};
use crate::desk::{Desk, desk_at};
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
