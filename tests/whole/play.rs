//! Packages that bring what plays them: whole in the library, shown on the stage alone, and as they came when they are
//! saved.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use records::Role;
use tower::ServiceExt;
use zip::ZipArchive;

use crate::courses::{self, Who, made, status, upload};
use crate::desk::{Desk, desk};

const MANIFEST: &[u8] = br#"<manifest><metadata><schemaversion>1.2</schemaversion></metadata><organizations><organization><title>Leaves</title><item identifierref="A"><title>One</title></item><item identifierref="B"><title>Two</title></item></organization></organizations><resources><resource identifier="A" type="webcontent" href="a b.html"/><resource identifier="B" type="webcontent" href="two/b.html?x=1"/></resources></manifest>"#;
const CONTAINER: &[u8] = br#"<container><rootfiles><rootfile full-path="b.opf"/></rootfiles></container>"#;
const OPF: &[u8] = br#"<package><metadata><title>A book</title></metadata><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/></spine></package>"#;

/// What a stage's address answers: status, policy, body.
pub async fn staged(desk: &Desk, host: &str, path: &str, more: &[(&str, &str)]) -> (StatusCode, String, Vec<u8>) {
    let mut request = Request::get(path).header("host", host);
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    let response = desk.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let policy = response.headers().get(header::CONTENT_SECURITY_POLICY).map(|v| v.to_str().unwrap().to_owned());
    let status = response.status();
    (status, policy.unwrap_or_default(), to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec())
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split_once(before).and_then(|(_, rest)| rest.split_once(after)).map(|(found, _)| found).unwrap()
}

async fn put(desk: &Desk, who: &Who, title: &str, name: &str, package: &[u8]) -> String {
    let values = [("title", title), ("subject", "science"), ("licence", "cc_by")];
    made(&upload(desk, "/courses/upload", who, &values, &[(name, package)]).await);
    let sql = format!("SELECT r.id FROM resource r JOIN course c ON c.id = r.course WHERE c.title = '{title}'");
    format!("/resources/{}", desk.one(&sql))
}

pub async fn page(desk: &Desk, path: &str, who: &Who) -> String {
    String::from_utf8(desk.get(path, who, None).await.1).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_is_shown_on_the_stage_and_nowhere_else() {
    let desk = desk();
    let (local, head) = (desk.sign_in(Role::Local), desk.sign_in(Role::Head));
    let picture = [&b"GIF89a"[..], &[0; 40]].concat();
    let files =
        [("imsmanifest.xml", MANIFEST), ("A B.html", b"<script>1</script>"), ("two/b.html", b"2"), ("p.gif", &picture)];
    let at = put(&desk, &local, "Scorm", "leaves.zip", &courses::zip(&files)).await;
    let first = page(&desk, &format!("{at}/play"), &local).await;
    assert!(first.contains("stage.here/p/") && first.contains("how=scorm12"), "{first}");
    assert!(first.contains("One") && first.contains("Two"), "{first}");
    assert_eq!(status(&desk, &format!("{at}/play"), &head).await, StatusCode::NOT_FOUND, "a draft is its maker's");

    // The frame's page, and through it the part; a name in other letters is found as on the system it was made on.
    let frame = between(&first, "//stage.here", "\"").replace("&#38;", "&");
    let token = between(&frame, "/p/", "?").to_owned();
    let (ok, policy, around) = staged(&desk, "stage.here", &frame, &[]).await;
    assert_eq!(ok, StatusCode::OK);
    for wanted in ["sandbox allow-scripts", "frame-ancestors 'self' here", "default-src 'self' data: blob:"] {
        assert!(policy.contains(wanted), "{policy}");
    }
    assert!(String::from_utf8_lossy(&around).contains("/static/scorm12.js"));
    for path in [format!("/s/{token}/A%20B.html"), format!("/s/{token}/a%20b.html")] {
        assert_eq!(staged(&desk, "stage.here", &path, &[]).await.2, b"<script>1</script>", "{path}");
    }
    let part = staged(&desk, "stage.here", &format!("/s/{token}/p.gif"), &[("range", "bytes=0-5")]).await;
    assert_eq!((part.0, part.2), (StatusCode::PARTIAL_CONTENT, b"GIF89a".to_vec()));

    // Neither name serves what is of the other, and no address is made up.
    let (tree, rest) = token.split_once('.').unwrap();
    let forged =
        format!("/s/{}.{rest}/A%20B.html", tree.replace(&tree[..1], if &tree[..1] == "0" { "1" } else { "0" }));
    let more = format!("/s/{}/A%20B.html", token.replace(".run.", ".read."));
    let elsewhere = format!("/p/{token}?how=scorm12&at=https%3A%2F%2Felsewhere%2F");
    for (host, path) in [
        ("here", format!("/s/{token}/A%20B.html")),
        ("stage.here", "/sign-in".to_owned()),
        ("stage.here", "/".to_owned()),
        ("stage.here", forged),
        ("stage.here", more),
        ("stage.here", elsewhere),
        ("stage.here", format!("/s/{token}/gone.html")),
        ("stage.here", format!("/s/{token}/..%2f..%2fzampa.toml")),
    ] {
        let answer = staged(&desk, host, &path, &[("cookie", &local.0)]).await;
        assert_eq!(answer.0, StatusCode::NOT_FOUND, "{host}{path}");
    }
    let worker = [("service-worker", "script")];
    let kept = staged(&desk, "stage.here", &format!("/s/{token}/A%20B.html"), &worker).await;
    assert_eq!(kept.0, StatusCode::NOT_FOUND, "no script of a package stays behind the pages");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_book_runs_nothing_and_a_number_has_no_stage() {
    let desk = desk();
    let local = desk.sign_in(Role::Local);
    let epub = courses::zip(&[
        ("mimetype", b"application/epub+zip"),
        ("META-INF/container.xml", CONTAINER),
        ("b.opf", OPF),
        ("a.xhtml", b"<html/>"),
    ]);
    let at = put(&desk, &local, "Book", "book.epub", &epub).await;
    let shown = page(&desk, &format!("{at}/play"), &local).await;
    let frame = between(&shown, "src=\"//stage.here", "\"").to_owned();
    let (ok, policy, _) = staged(&desk, "stage.here", &frame, &[]).await;
    assert_eq!(ok, StatusCode::OK);
    assert!(policy.starts_with("sandbox; ") && policy.contains("script-src 'none'"), "{policy}");
    let request = Request::get(format!("{at}/play")).header("host", "10.0.0.7:7400").header("cookie", &local.0);
    let response = desk.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let said = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    assert!(!String::from_utf8_lossy(&said).contains("<iframe"));
}

pub fn entries(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let all = 0..archive.len();
    let mut read = |n| {
        let mut entry = archive.by_index(n).unwrap();
        let mut out = Vec::new();
        entry.read_to_end(&mut out).unwrap();
        (entry.name().unwrap().into_owned(), out)
    };
    all.map(&mut read).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_is_saved_as_it_came_and_goes_along_in_a_course() {
    let desk = desk();
    let local = desk.sign_in(Role::Local);
    let library = vec![7u8; 40_000];
    let said: [&[u8]; 2] = [b"{\"title\":\"a\"}", b"{\"title\":\"b\"}"];
    let packages =
        said.map(|said| courses::zip(&[("h5p.json", said), ("content/content.json", b"{}"), ("L-1.0/l.js", &library)]));
    let before = desk.node.site.blobs.stats().unwrap().bytes;
    let one = put(&desk, &local, "First", "a.h5p", &packages[0]).await;
    let middle = desk.node.site.blobs.stats().unwrap().bytes;
    put(&desk, &local, "Second", "b.h5p", &packages[1]).await;
    let after = desk.node.site.blobs.stats().unwrap().bytes;
    // The archives that were sent lie there until they are swept; their library lies there once.
    let small = packages[1].len() as u64 + 4000;
    assert!(middle - before > 40_000 && after - middle < small, "{before} {middle} {after}");
    let saved = desk.get(&format!("{one}/content"), &local, None).await.1;
    assert_eq!(entries(&saved), entries(&packages[0]));

    let course = desk.one("SELECT id FROM course WHERE title = 'First'");
    let package = desk.get(&format!("/courses/{course}/package"), &local, None).await.1;
    let again = put(&desk, &local, "Again", "course.zip", &package).await;
    assert_eq!(entries(&desk.get(&format!("{again}/content"), &local, None).await.1), entries(&packages[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_that_cannot_begin_is_refused_with_what_it_lacks() {
    let desk = desk();
    let local = desk.sign_in(Role::Local);
    let lock =
        br#"<encryption><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/></encryption>"#;
    let values = [("title", "x"), ("subject", "science"), ("licence", "cc_by")];
    for (files, word) in [
        (&[("imsmanifest.xml", MANIFEST), ("other.html", b"")][..], "export it again"),
        (&[("imsmanifest.xml", b"<manifest>")], "broken"),
        (&[("META-INF/container.xml", CONTAINER), ("META-INF/encryption.xml", lock), ("b.opf", OPF)], "locked"),
    ] {
        let sent = upload(&desk, "/courses/upload", &local, &values, &[("p.zip", &courses::zip(files))]).await;
        assert_eq!(sent.status(), StatusCode::UNPROCESSABLE_ENTITY, "{word}");
        let said = to_bytes(sent.into_body(), 1 << 20).await.unwrap();
        let kept = String::from_utf8_lossy(&said).contains("p.zip");
        assert!(kept, "what was sent waits for another try: {word}");
    }
}

/// A pen that begins on a page and draws a line.
fn pen(page: u32) -> Vec<u8> {
    let mut writer = pen::Writer::default();
    writer.act(0, pen::Act::Page(page));
    writer.act(10, pen::Act::Begin { colour: 1, width: 30, at: pen::Point { x: 10, y: 10, pressure: 128 } });
    writer.act(20, pen::Act::Go(pen::Point { x: 500, y: 10, pressure: 128 }));
    writer.act(30, pen::Act::End);
    writer.finish()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_micro_lesson_is_kept_if_it_is_one() {
    let desk = desk();
    let (local, head) = (desk.sign_in(Role::Local), desk.sign_in(Role::Head));
    let values = [("title", "Micro"), ("subject", "science"), ("licence", "cc_by")];
    let course = made(&upload(&desk, "/courses/upload", &local, &values, &[("a.txt", b"a")]).await);
    let to = format!("/courses/{course}/record");
    let voice = [&b"OggS\0\x02"[..], &[0; 22], b"OpusHead", &[0; 300]].concat();
    let page = r#"{"ms":4000,"pages":[{"width":1280,"height":720}]}"#;
    let send = async |who: &Who, title: &str, about: &str, voice: &[u8], pen: &[u8]| {
        let values = [("title", title), ("of", "blank"), ("about", about)];
        upload(&desk, &to, who, &values, &[("voice", voice), ("pen", pen)]).await.status()
    };
    for (title, about, voice, pen, expected) in [
        ("", page, &voice[..], &pen(0)[..], StatusCode::CONFLICT),
        ("x", "{", &voice, &pen(0), StatusCode::BAD_REQUEST),
        ("x", r#"{"ms":0,"pages":[{"width":1280,"height":720}]}"#, &voice, &pen(0), StatusCode::BAD_REQUEST),
        ("x", r#"{"ms":9,"pages":[]}"#, &voice, &pen(0), StatusCode::BAD_REQUEST),
        ("x", r#"{"ms":9,"pages":[{"name":"../a.webp"}]}"#, &voice, &pen(0), StatusCode::BAD_REQUEST),
        ("x", r#"{"ms":9,"pages":[{"width":1,"height":99999999}]}"#, &voice, &pen(0), StatusCode::BAD_REQUEST),
        ("x", page, b"no voice", &pen(0), StatusCode::BAD_REQUEST),
        ("x", page, &voice, b"no pen", StatusCode::BAD_REQUEST),
        ("x", page, &voice, &pen(1), StatusCode::BAD_REQUEST),
        ("x", page, &voice, &pen(0), StatusCode::SEE_OTHER),
    ] {
        assert_eq!(send(&local, title, about, voice, pen).await, expected, "{title} {about}");
    }
    assert_eq!(send(&head, "x", page, &voice, &pen(0)).await, StatusCode::NOT_FOUND, "a draft is its maker's");
    let lesson = desk.one("SELECT id FROM resource WHERE form = 'micro'");
    let at = format!("/resources/{lesson}");
    assert_eq!(desk.get(&format!("{at}/in/lesson.zpen"), &local, None).await.1, pen(0));
    assert_eq!(status(&desk, &format!("{at}/in/gone"), &local).await, StatusCode::NOT_FOUND);
    assert_eq!(status(&desk, &format!("{at}/in/lesson.zpen"), &head).await, StatusCode::NOT_FOUND);
    // Saved and put in again it is the same lesson; with its pen broken it is not one.
    let saved = desk.get(&format!("{at}/content"), &local, None).await.1;
    let again = put(&desk, &local, "Again", "x.zip", &saved).await;
    assert_eq!(desk.get(&format!("{again}/in/lesson.zpen"), &local, None).await.1, pen(0));

    // As a film: asked for by who sees it, stopped, made, saved.
    let (film, films) = (format!("{at}/film"), &desk.node.films);
    let page = async || String::from_utf8(desk.get(&film, &local, None).await.1).unwrap();
    for path in [film.clone(), format!("{film}/save")] {
        assert_eq!(status(&desk, &path, &head).await, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(desk.post(&film, &head, "").await.status(), StatusCode::NOT_FOUND);
    assert!(films.take().is_none());
    assert!(page().await.contains(&format!("action=\"{film}\"")));
    assert_eq!(desk.post(&film, &local, "").await.status(), StatusCode::SEE_OTHER);
    let waiting = page().await;
    assert!(waiting.contains("every 2s") && waiting.contains(&format!("{film}/cancel")), "{waiting}");
    assert_eq!(desk.post(&format!("{film}/cancel"), &local, "").await.status(), StatusCode::SEE_OTHER);
    assert!(films.take().is_none());
    desk.post(&film, &local, "").await;
    let (of, script) = films.take().unwrap();
    assert_eq!((script.ms, script.pages.len(), script.pages[0].picture.clone()), (4000, 1, None));
    assert_eq!(std::fs::read(&script.pens[0]).unwrap(), pen(0));
    assert_eq!(std::fs::read(&script.voices[0].file).unwrap(), voice);
    assert!(films.at(&of, 1000));
    assert!(page().await.contains("value=\"25\""));
    let (made, bytes) = desk.node.site.blobs.put(&b"a film"[..]).unwrap();
    films.ended(&of, assets::Stand::Ready(made, bytes));
    assert!(page().await.contains(&format!("{film}/save")));
    assert_eq!(desk.get(&format!("{film}/save"), &local, None).await.1, b"a film");
    // A sweep takes it: it can be asked for again.
    std::fs::remove_file(desk.node.site.blobs.path(&made)).unwrap();
    assert_eq!(status(&desk, &format!("{film}/save"), &local).await, StatusCode::NOT_FOUND);
    assert!(page().await.contains(&format!("action=\"{film}\"")));
}

/// A library of pages that libzim wrote.
const HERBS: &[u8] = include_bytes!("../../crates/zim/tests/herbs.zim");

#[tokio::test(flavor = "multi_thread")]
async fn a_library_of_pages_is_shown_out_of_its_file_and_a_part_of_one_is_refused_in_words() {
    let desk = desk();
    let (local, head) = (desk.sign_in(Role::Local), desk.sign_in(Role::Head));
    let values = [("title", "Cut"), ("subject", "science"), ("licence", "cc_by")];
    for (bytes, said) in [(&HERBS[..20_000], "只是几个分卷之一"), (&[&HERBS[..4], &[9; 90]].concat(), "rule-package")]
    {
        let refused = upload(&desk, "/courses/upload", &local, &values, &[("herbs.zim", bytes)]).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let page = String::from_utf8(to_bytes(refused.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap();
        assert!(
            page.contains("herbs.zim: ") && (page.contains(said) || said == "rule-package" && !page.contains(said))
        );
    }
    let before = desk.blobs();
    let at = put(&desk, &local, "Herbs", "herbs.zim", HERBS).await;
    assert_eq!(desk.blobs(), before + 1, "it stays one file");
    let first = page(&desk, &format!("{at}/play"), &local).await;
    assert!(page(&desk, &at, &local).await.contains("雪莲、红景天与大黄"), "what it says of itself");
    assert_eq!(status(&desk, &format!("{at}/play"), &head).await, StatusCode::NOT_FOUND, "a draft is its maker's");
    let address = between(&first, "<iframe src=\"//stage.here", "\"");
    assert!(address.ends_with("/herbs/index"), "{address}");
    let base = address.strip_suffix("/herbs/index").unwrap();

    let (status, policy, body) = staged(&desk, "stage.here", address, &[]).await;
    assert!(status == StatusCode::OK && policy.starts_with("sandbox allow-scripts"), "{status} {policy}");
    assert!(String::from_utf8(body).unwrap().contains("<h1>藏草药</h1>"));
    let pages =
        [("/look/look.css", "body{"), ("/herbs/rhodiola%3Fx", "高原植物"), ("/herbs/%E9%9B%AA%E8%8E%B2", "第399段")];
    for (path, said) in pages {
        let (status, _, body) = staged(&desk, "stage.here", &format!("{base}{path}"), &[]).await;
        assert!(status == StatusCode::OK && String::from_utf8(body).unwrap().contains(said), "{path} {status}");
    }
    let request = Request::get(format!("{base}/herbs/old")).header("host", "stage.here").body(Body::empty()).unwrap();
    let moved = desk.router.clone().oneshot(request).await.unwrap();
    assert_eq!(moved.status(), StatusCode::FOUND);
    assert_eq!(moved.headers()["location"].to_str().unwrap(), format!("{base}/plants/%E5%A4%A7%E9%BB%84"));
    // A picture lies in it as it is, and is sent in parts.
    let picture = format!("{base}/pictures/leaf.png");
    let (status, _, whole) = staged(&desk, "stage.here", &picture, &[]).await;
    assert!(status == StatusCode::OK && whole.starts_with(b"\x89PNG"), "{status}");
    let (status, _, part) = staged(&desk, "stage.here", &picture, &[("range", "bytes=1-3")]).await;
    assert_eq!((status, part.as_slice()), (StatusCode::PARTIAL_CONTENT, &b"PNG"[..]));
    let (status, ..) = staged(&desk, "stage.here", &picture, &[("range", "bytes=9999-")]).await;
    assert_eq!(status, StatusCode::RANGE_NOT_SATISFIABLE);
    for path in ["/herbs/none", "/M/Title", "/Title", "/X/listing/titleOrdered/v1"] {
        assert_eq!(staged(&desk, "stage.here", &format!("{base}{path}"), &[]).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    // The address is sealed, and is of the stage alone.
    assert_eq!(staged(&desk, "here", address, &[]).await.0, StatusCode::NOT_FOUND);
    assert_eq!(staged(&desk, "stage.here", &address.replace(".run.", ".read."), &[]).await.0, StatusCode::NOT_FOUND);

    let found = page(&desk, &format!("{at}/play?q=%E9%9B%AA"), &local).await;
    let to = between(&found, "<ul class=\"pages-found\"", "</ul>");
    let to = between(to, "<a href=\"", "\"");
    assert!(page(&desk, to, &local).await.contains(&format!("{base}/herbs/%E9%9B%AA%E8%8E%B2")), "{to}");
    assert!(!page(&desk, &format!("{at}/play?at=none"), &local).await.contains("<iframe"));
}
