//! What a node writes down of a class is not kept twice: once its record is whole in the store, or none was made, it goes.

use base::{NodeId, Scope, Subject};
use live::{Audience, Event, News, Packet, Recorder, Track, TrackId};
use log::Context;
use records::{Change, RecordError, Value, append};

use crate::desk::{Desk, desk_at};
use crate::parts::change;
use crate::programs::plan;

/// Writes down a class in which a node spoke, where a node keeps what it writes.
fn spoken(desk: &Desk, class: Subject, node: NodeId) -> Recorder {
    let recorder = Recorder::open(&desk.files.classes(), desk.node.site.store.key().id()).unwrap();
    recorder.begin(class, true).unwrap();
    let event = Event { seq: 1, at_ms: 5, node, who: class, late_ms: 0, payload: b"\0{\"k\":\"begin\"}"[..].into() };
    recorder.news(class, &News::Event(event));
    let id = TrackId { node, number: 0 };
    recorder.news(class, &News::Began(Track { id, who: class, channel: 0, began_ms: 5 }));
    for seq in 0..50 {
        recorder.news(class, &News::Voice(id, Packet { seq, at: seq * 8, opus: [7; 40][..].into() }));
    }
    recorder.end(class).unwrap();
    recorder
}

fn named(desk: &Desk, class: Subject, node: NodeId, content: [u8; 32], bytes: u64) {
    let site = &desk.node.site;
    let scope = Scope::Programme(site.programme);
    let change = Change::new()
        .with_link("class", class)
        .with("node", Value::Bytes(node.as_bytes().to_vec()))
        .with("content", Value::Bytes(content.to_vec()))
        .with("bytes", Value::Int(bytes.cast_signed()));
    let written = site.store.write(Context::NODE, |tx| {
        append(tx, site.kinds.get("class_record").unwrap(), scope, tx.subject(&scope), change, None)?;
        tx.fold()?;
        Ok::<_, RecordError>(())
    });
    written.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_of_a_class_goes_once_its_record_is_whole() {
    let desk = desk_at(0);
    let (site, classes) = (&desk.node.site, &desk.node.classes);
    let (me, other) = (site.store.key().id(), NodeId([9; 16]));
    let day = |ago: u64| site.date_of(site.now_ms() - ago * 86_400_000).to_string();
    let past = |ago: u64| {
        Change::new().with_text("state", "held").with_text("held_on", day(ago)).with_text("starts_on", day(ago))
    };
    let is_there = |class: Subject| {
        classes.forget_now(site).unwrap();
        desk.files.classes().join(class.to_string()).exists()
    };

    // Not recorded: nothing is kept of it, but not on the day itself.
    let plain = plan(&desk);
    let dir = desk.files.classes().join(plain.to_string());
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("lane"), b"what was said").unwrap();
    assert!(is_there(plain), "it is today");
    change(&desk, "live_class", plain, past(5));
    assert!(!is_there(plain));

    // Recorded here: first its blocks are in the store, and a fact names them.
    let own = plan(&desk);
    change(&desk, "live_class", own, past(5));
    let recorder = spoken(&desk, own, me);
    assert!(is_there(own), "nobody names it yet");
    let (_, hash, bytes) = recorder.publish(own, true, &site.blobs).unwrap();
    desk.node.shelf.lacks(&hash, bytes).unwrap();
    // Of another node there is something that has not come.
    named(&desk, own, other, [3; 32], 900);
    assert!(is_there(own), "what this node has to give is named by itself");
    named(&desk, own, me, hash.0, bytes);
    assert!(is_there(own), "not all has come");
    let gone = desk.one("SELECT id FROM class_record WHERE bytes = 900");
    change(&desk, "class_record", gone, Change::new().with(records::REMOVED, Value::Bool(true)));
    assert!(!is_there(own));
    let tree = desk.node.shelf.tree(&hash).unwrap().unwrap();
    assert!(tree.leaves().count() >= 3 && tree.leaves().all(|(_, leaf)| site.blobs.has(&leaf.content)), "it plays on");

    // A voice of elsewhere that nobody names is waited for two months.
    let heard = plan(&desk);
    change(&desk, "live_class", heard, past(30));
    spoken(&desk, heard, other);
    assert!(is_there(heard));
    change(&desk, "live_class", heard, past(70));
    assert!(!is_there(heard));
}
