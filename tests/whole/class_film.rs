//! The record of a class as a film, by the real ffmpeg: as long as the class was, its slides and pen when they were, and of
//! the voices those that were consented to.

use std::path::Path;
use std::process::Command;

use assets::{Leaf, Stand, Tree};
use axum::http::StatusCode;
use base::{NodeId, Scope, Subject};
use live::{Audience, Event, News, Packet, Recorder, Track, TrackId};
use log::{Context, LogError};
use pen::{Act, Point};
use records::{Change, RecordError, Role, Value, append};
use serde_json::json;

use crate::courses::{made, status, upload};
use crate::desk::{Desk, desk_at};
use crate::play::page;

/// Milliseconds between the first event and the beginning, and of the class itself.
const BEFORE: u64 = 500;
const LASTS: u64 = 8000;
const RED: [u8; 3] = [204, 51, 51];
const GREEN: [u8; 3] = [26, 128, 51];
/// The pen's own blue.
const PEN: [u8; 3] = [0x1f, 0x5f, 0xbf];

/// Two pages of one colour each.
pub fn slides() -> Vec<u8> {
    let stream = |fill: &str| {
        let body = format!("{fill} rg 0 0 1280 720 re f");
        format!("<< /Length {} >>\nstream\n{body}\nendstream", body.len())
    };
    let sheet = |n: u8| format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 1280 720] /Contents {n} 0 R >>");
    let parts = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>".to_owned(),
        sheet(5),
        sheet(6),
        stream("0.8 0.2 0.2"),
        stream("0.1 0.5 0.2"),
    ];
    let (mut out, mut at) = ("%PDF-1.4\n".to_owned(), Vec::new());
    for (n, part) in (1..).zip(&parts) {
        at.push(out.len());
        out += &format!("{n} 0 obj\n{part}\nendobj\n");
    }
    let table = out.len();
    out += &format!("xref\n0 {}\n0000000000 65535 f \n", parts.len() + 1);
    at.iter().for_each(|at| out += &format!("{at:010} 00000 n \n"));
    out += &format!("trailer << /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF", parts.len() + 1);
    out.into_bytes()
}

/// Does what the workshop would with slides and pictures.
pub fn work(desk: &Desk) {
    let (site, shelf) = (&desk.node.site, &desk.node.shelf);
    while let Some(job) = courses::next_job(site, shelf, &|recipe| recipe.pages && recipe.needs.is_none()).unwrap() {
        let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        renditions::follow(job.recipe, &site.blobs.path(&job.source), dir.path(), out.path()).unwrap();
        let mut tree = Tree::default();
        for file in std::fs::read_dir(out.path()).unwrap() {
            let file = file.unwrap();
            let (content, bytes) = site.blobs.put(std::fs::File::open(file.path()).unwrap()).unwrap();
            let leaf = Leaf { content, bytes, media: "image/webp".to_owned() };
            tree.put(file.file_name().to_str().unwrap(), leaf).unwrap();
        }
        let (hash, len) = site.blobs.put(tree.encode().as_slice()).unwrap();
        shelf.lacks(&hash, len).unwrap();
        courses::note_made(site, &job, courses::Made::Tree(hash, len)).unwrap();
    }
}

/// A tone as packets of 20 ms, as a browser speaks.
fn tone(hertz: u32, seconds: u32) -> Vec<Vec<u8>> {
    let from = format!("sine=frequency={hertz}:duration={seconds}:sample_rate=48000");
    let how = ["-v", "error", "-f", "lavfi", "-i", &from, "-c:a", "libopus", "-b:a", "24k", "-f", "ogg", "-"];
    let ogg = Command::new("ffmpeg").args(how).output().unwrap().stdout;
    let (mut packets, mut packet, mut rest) = (Vec::new(), Vec::new(), &ogg[..]);
    while !rest.is_empty() {
        let lacing = &rest[27..27 + usize::from(rest[26])];
        let mut at = 27 + lacing.len();
        for len in lacing.iter().map(|l| usize::from(*l)) {
            packet.extend(&rest[at..at + len]);
            at += len;
            if len < 255 {
                packets.push(std::mem::take(&mut packet));
            }
        }
        rest = &rest[at..];
    }
    packets.split_off(2)
}

/// A class of today at the hub, and its two rooms, each with the node that serves it.
pub struct Planned {
    pub class: Subject,
    pub rooms: Vec<(Subject, NodeId)>,
}

pub fn plan(desk: &Desk, course: Subject) -> Planned {
    let site = &desk.node.site;
    let who = "FROM grant_of_role WHERE role = 'coordinator' ORDER BY organisation IS NOT NULL DESC LIMIT 1";
    let (teacher, unit) = (desk.one(&format!("SELECT person {who}")), desk.one(&format!("SELECT organisation {who}")));
    let schools: Vec<(Subject, NodeId)> = site
        .store
        .read(|conn| {
            let mut stmt = conn.prepare("SELECT school, node_id FROM node WHERE school IS NOT NULL ORDER BY made")?;
            let rows = stmt.query_map([], |r| Ok((r.get::<_, Vec<u8>>(0)?, r.get::<_, Vec<u8>>(1)?)))?;
            let both = |(school, node): (Vec<u8>, Vec<u8>)| {
                (Subject::try_from(&school[..]).unwrap(), NodeId::try_from(&node[..]).unwrap())
            };
            Ok::<_, LogError>(rows.map(|row| both(row.unwrap())).collect())
        })
        .unwrap();
    let today = site.today().to_string();
    let planned = site.store.write(Context { author: teacher }, |tx| {
        let scope = Scope::Programme(site.programme);
        let class = tx.subject(&scope);
        let change = Change::new()
            .with_text("title", "草药: 第一课")
            .with_text("state", "planned")
            .with_text("kind", "synchronous")
            .with_text("starts_on", today.as_str())
            .with_text("starts_at", "10:00")
            .with("minutes", Value::Int(40))
            .with_link("origin", unit)
            .with_link("teacher", teacher)
            .with_link("course", course);
        append(tx, site.kinds.get("live_class").unwrap(), scope, class, change, None)?;
        let mut rooms = Vec::new();
        for (school, node) in &schools[..2] {
            let room = tx.subject(&scope);
            let change =
                Change::new().with_link("class", class).with_link("school", *school).with_link("person", teacher);
            append(tx, site.kinds.get("class_room").unwrap(), scope, room, change, None)?;
            rooms.push((room, *node));
        }
        tx.fold()?;
        Ok::<_, RecordError>(Planned { class, rooms })
    });
    planned.unwrap()
}

/// A class as it went: what its hands, its teacher and its rooms did, written down by the node of each and named by facts.
/// `more` are words of the teacher, in the film's time.
pub fn hold(desk: &Desk, Planned { class, rooms }: &Planned, more: &[(u64, serde_json::Value)]) {
    let site = &desk.node.site;
    let hub = site.hub;
    let mut events: Vec<(u64, NodeId, Subject, Vec<u8>)> = Vec::new();
    let words = |said: serde_json::Value| [&[0], said.to_string().as_bytes()].concat();
    let at = |film: u64| BEFORE + film;
    events.push((100, rooms[0].1, rooms[0].0, words(json!({ "k": "consent", "yes": true }))));
    events.push((at(0), hub, *class, words(json!({ "k": "begin" }))));
    events.push((at(10), hub, *class, words(json!({ "k": "record", "on": true }))));
    // A stroke across the middle in two pieces, of which the second does not say where the first ended.
    let mut pen = pen::Writer::default();
    let place = |x| Point { x, y: 2304, pressure: 128 };
    pen.act(0, Act::Begin { colour: 2, width: 200, at: place(500) });
    pen.act(100, Act::Go(place(2000)));
    pen.act(200, Act::End);
    let first = pen.clone().finish();
    pen.act(700, Act::Begin { colour: 2, width: 200, at: place(4000) });
    pen.act(800, Act::Go(place(7000)));
    pen.act(900, Act::End);
    let whole = pen.finish();
    let ink = |n: u32, piece: &[u8]| [&[1][..], &7_u32.to_be_bytes(), &n.to_be_bytes(), piece].concat();
    events.push((at(1000), hub, *class, ink(1, &first[pen::HEAD.len()..])));
    events.push((at(1700), hub, *class, ink(2, &whole[first.len()..])));
    // Who has no say turns no page, and a room turns none.
    events.push((at(1800), rooms[1].1, rooms[1].0, words(json!({ "k": "page", "p": 1 }))));
    events.push((at(2000), hub, *class, words(json!({ "k": "caption", "text": "a < b", "by": "T" }))));
    events.push((at(3000), hub, *class, words(json!({ "k": "page", "p": 1 }))));
    events.push((at(LASTS), hub, *class, words(json!({ "k": "end" }))));
    events.extend(more.iter().map(|(film, said)| (at(*film), hub, *class, words(said.clone()))));
    events.sort_by_key(|(at, ..)| *at);
    // Each voice: which node, who, from when in the film, for how long.
    let voices = [
        (hub, *class, 1000, tone(300, 2)),
        (rooms[0].1, rooms[0].0, 4000, tone(600, 2)),
        // Nobody there has consented.
        (rooms[1].1, rooms[1].0, 6500, tone(900, 1)),
    ];
    for (node, is_origin) in [(hub, true), (rooms[0].1, false), (rooms[1].1, false)] {
        let dir = tempfile::tempdir().unwrap();
        let recorder = Recorder::open(dir.path(), node).unwrap();
        recorder.begin(*class, true).unwrap();
        for (seq, (at_ms, node, who, payload)) in (1..).zip(&events) {
            let (at_ms, node, who) = (*at_ms, *node, *who);
            let event = Event { seq, at_ms, node, who, late_ms: 0, payload: payload.as_slice().into() };
            recorder.news(*class, &News::Event(event));
        }
        for (_, who, from, packets) in voices.iter().filter(|v| v.0 == node) {
            let id = TrackId { node, number: 0 };
            recorder.news(*class, &News::Began(Track { id, who: *who, channel: 0, began_ms: at(*from) }));
            for (seq, opus) in (0..).zip(packets) {
                let packet = Packet { seq, at: seq * 8, opus: opus.as_slice().into() };
                recorder.news(*class, &News::Voice(id, packet));
            }
        }
        recorder.end(*class).unwrap();
        let (_, hash, len) = recorder.publish(*class, is_origin, &site.blobs).unwrap();
        desk.node.shelf.lacks(&hash, len).unwrap();
        let written = site.store.write(Context::NODE, |tx| {
            let scope = Scope::Programme(site.programme);
            let change = Change::new()
                .with_link("class", *class)
                .with("node", Value::Bytes(node.as_bytes().to_vec()))
                .with("content", Value::Bytes(hash.0.to_vec()));
            append(tx, site.kinds.get("class_record").unwrap(), scope, tx.subject(&scope), change, None)?;
            tx.fold()?;
            Ok::<_, RecordError>(())
        });
        written.unwrap();
    }
}

fn ask(program: &str, how: &[&str], film: &Path) -> Vec<u8> {
    let film = film.to_str().unwrap();
    let how = how.iter().map(|h| if *h == "FILM" { film } else { *h });
    Command::new(program).args(how).output().unwrap().stdout
}

/// A point of the film at a time.
fn seen(film: &Path, seconds: &str, x: usize, y: usize) -> [u8; 3] {
    let how =
        ["-v", "error", "-ss", seconds, "-i", "FILM", "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"];
    let pixels = ask("ffmpeg", &how, film);
    assert_eq!(pixels.len(), 1280 * 720 * 3, "a picture at {seconds}");
    let at = (y * 1280 + x) * 3;
    [pixels[at], pixels[at + 1], pixels[at + 2]]
}

/// How loud the film is between two times.
fn loud(film: &Path, from: &str, to: &str) -> f64 {
    let how = ["-v", "error", "-ss", from, "-to", to, "-i", "FILM", "-f", "s16le", "-ac", "1", "-ar", "8000", "-"];
    let pcm = ask("ffmpeg", &how, film);
    let sum: f64 = pcm.as_chunks::<2>().0.iter().map(|s| f64::from(i16::from_le_bytes(*s)).powi(2)).sum();
    (sum / f64::from(u32::try_from(pcm.len().max(2) / 2).unwrap())).sqrt()
}

#[track_caller]
fn near(seen: [u8; 3], wanted: [u8; 3]) {
    assert!(seen.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) <= 16), "{seen:?} instead of {wanted:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_class_becomes_a_film_as_long_as_it_was() {
    let desk = desk_at(0);
    let teacher = desk.sign_in(Role::Coordinator);
    let values = [("title", "草药"), ("subject", "heritage"), ("licence", "cc_by")];
    let slides = slides();
    let course = made(&upload(&desk, "/courses/upload", &teacher, &values, &[("草药.pdf", &slides)]).await);
    work(&desk);
    let planned = plan(&desk, course);
    let at = format!("/classes/{}", planned.class);
    let film = format!("{at}/film");
    let films = &desk.node.films;

    // One that was not recorded says so, and offers nothing.
    let shown = page(&desk, &film, &teacher).await;
    assert!(shown.contains("没有录制") && !shown.contains(&format!("action=\"{film}\"")), "{shown}");
    assert_eq!(desk.post(&film, &teacher, "").await.status(), StatusCode::CONFLICT);
    assert!(!page(&desk, &at, &teacher).await.contains(&film));

    hold(&desk, &planned, &[]);
    assert!(page(&desk, &at, &teacher).await.contains(&film));
    assert!(page(&desk, &film, &teacher).await.contains(&format!("action=\"{film}\"")));
    assert_eq!(desk.post(&film, &teacher, "").await.status(), StatusCode::SEE_OTHER);
    assert!(page(&desk, &film, &teacher).await.contains("every 2s"));
    assert_eq!(desk.post(&format!("{film}/cancel"), &teacher, "").await.status(), StatusCode::SEE_OTHER);
    assert!(films.take().is_none(), "nobody wants it any more");
    desk.post(&film, &teacher, "").await;
    let (of, script) = films.take().unwrap();
    assert_eq!((script.pages.len(), script.voices.len(), script.pens.len()), (2, 2, 2));
    assert!(films.at(&of, 2000));
    assert!(page(&desk, &film, &teacher).await.contains("value=\"25\""));
    assert_eq!(status(&desk, &format!("{film}/save"), &teacher).await, StatusCode::NOT_FOUND);

    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("film.mp4");
    renditions::film(&script, dir.path(), &to, |_| {}).unwrap();
    let how = ["-v", "error", "-show_entries", "stream=codec_type:format=duration", "-of", "csv=p=0", "FILM"];
    let said = String::from_utf8(ask("ffprobe", &how, &to)).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[..2], ["video", "audio"], "{said}");
    assert_eq!(lines.len(), 3, "one of each: {said}");
    let seconds: f64 = lines[2].parse().unwrap();
    assert!((seconds - 8.0).abs() < 1.0, "{said}");
    // The slides, when they were; the pen, when it was.
    near(seen(&to, "0.3", 200, 360), RED);
    near(seen(&to, "1.3", 200, 360), PEN);
    near(seen(&to, "1.3", 900, 360), RED);
    near(seen(&to, "2.8", 900, 360), PEN);
    near(seen(&to, "2.8", 640, 100), RED);
    near(seen(&to, "3.2", 640, 100), GREEN);
    near(seen(&to, "7.5", 900, 360), GREEN);
    // The voices, when they were: not that of the room that did not consent.
    for (from, to_s, speaks) in [
        ("0.2", "0.8", false),
        ("1.2", "2.8", true),
        ("3.2", "3.8", false),
        ("4.2", "5.8", true),
        ("6.6", "7.4", false),
    ] {
        assert_eq!(loud(&to, from, to_s) > 300.0, speaks, "{from}: {}", loud(&to, from, to_s));
    }

    let (hash, bytes) = desk.node.site.blobs.put(std::fs::File::open(&to).unwrap()).unwrap();
    films.ended(&of, Stand::Ready(hash, bytes));
    let shown = page(&desk, &film, &teacher).await;
    assert!(shown.contains(&format!("{film}/save")) && shown.contains(&format!("src=\"{film}/captions\"")), "{shown}");
    let (head, body) = desk.get(&format!("{film}/save"), &teacher, None).await;
    assert!(head.status() == StatusCode::OK && body == std::fs::read(&to).unwrap());
    let cues = page(&desk, &format!("{film}/captions"), &teacher).await;
    assert_eq!(cues, "WEBVTT\n\n00:00:02.000 --> 00:00:08.000\na &lt; b\n");
    // It is asked for again only once a sweep has taken it.
    assert_eq!(desk.post(&film, &teacher, "").await.status(), StatusCode::SEE_OTHER);
    assert!(films.take().is_none());
    std::fs::remove_file(desk.node.site.blobs.path(&hash)).unwrap();
    desk.post(&film, &teacher, "").await;
    assert_eq!(films.take().map(|(of, _)| of), Some(of));

    // Who may not see the class sees no film.
    for path in [film.clone(), format!("{film}/save"), format!("{film}/captions")] {
        let outsider = (String::new(), String::new());
        assert_ne!(status(&desk, &path, &outsider).await, StatusCode::OK, "{path}");
    }
}
