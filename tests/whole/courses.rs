//! The library: a teacher's own lesson is there at once and theirs alone; what others see of it, and what is reviewed.

use std::io::{Cursor, Write};

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use base::Subject;
use log::LogError;
use records::Role;
use tower::ServiceExt;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::desk::{Desk, desk, desk_at};
use crate::two_nodes::give;

pub type Who = (String, String);
const PDF: &[u8] = b"%PDF-1.4\n%%EOF";

/// Sends a form with values and files.
pub async fn upload(desk: &Desk, to: &str, who: &Who, values: &[(&str, &str)], files: &[(&str, &[u8])]) -> Response {
    let part = |head: &str, body: &[u8]| {
        [b"--b\r\ncontent-disposition: form-data; ", head.as_bytes(), b"\r\n\r\n", body, b"\r\n"].concat()
    };
    let mut body = part("name=\"_csrf\"", who.1.as_bytes());
    for (name, value) in values {
        body.extend(part(&format!("name=\"{name}\""), value.as_bytes()));
    }
    for (name, bytes) in files {
        body.extend(part(&format!("name=\"file\"; filename=\"{name}\""), bytes));
    }
    body.extend(b"--b--\r\n");
    let request = Request::post(to)
        .header("host", "here")
        .header("sec-fetch-site", "same-origin")
        .header("cookie", &who.0)
        .header("content-type", "multipart/form-data; boundary=b");
    desk.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap()
}

pub fn made(response: &Response) -> Subject {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    response.headers()["location"].to_str().unwrap().rsplit('/').next().unwrap().parse().unwrap()
}

async fn course(desk: &Desk, who: &Who) -> (Subject, Subject) {
    let values = [("title", "认识草药"), ("subject", "heritage"), ("licence", "cc_by")];
    let sent = upload(desk, "/courses/upload", who, &values, &[("第1课_草药.pdf", PDF), ("2.txt", b"words")]).await;
    let id = made(&sent);
    let first = desk.one("SELECT id FROM resource WHERE content IS NOT NULL ORDER BY place LIMIT 1");
    (id, first)
}

pub async fn status(desk: &Desk, path: &str, who: &Who) -> StatusCode {
    desk.get(path, who, None).await.0.status()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lesson_put_here_is_its_maker_s_alone_until_it_is_shared() {
    let desk = desk();
    let (local, head) = (desk.sign_in(Role::Local), desk.sign_in(Role::Head));
    let (id, first) = course(&desk, &local).await;
    let page = String::from_utf8(desk.get(&format!("/courses/{id}"), &local, None).await.1).unwrap();
    assert!(page.contains("第1课 草药") && page.contains("认识草药"));
    let content = format!("/resources/{first}/content");
    assert_eq!(desk.get(&content, &local, None).await.1, PDF);
    for path in [format!("/courses/{id}"), format!("/resources/{first}"), content.clone()] {
        assert_eq!(status(&desk, &path, &head).await, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(
        upload(&desk, &format!("/courses/{id}/add"), &head, &[], &[("x.txt", b"x")]).await.status(),
        StatusCode::NOT_FOUND
    );
    made(&desk.post(&format!("/courses/{id}/move/share"), &local, "").await);
    assert_eq!(desk.get(&content, &head, None).await.1, PDF);
    let add = upload(&desk, &format!("/courses/{id}/add"), &head, &[], &[("x.txt", b"x")]).await;
    assert_eq!(add.status(), StatusCode::FORBIDDEN);
    // Nobody puts a part into somebody else's course by a form either.
    let foreign = desk.post("/resources/new", &head, &format!("title=x&course={id}&text=x")).await;
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    made(&desk.post("/resources/new", &local, &format!("title=x&course={id}&text=x")).await);

    // Withdrawn, it says so, and shows nothing any more.
    made(&desk.post(&format!("/courses/{id}/move/withdraw"), &local, "_why=old").await);
    assert_eq!(status(&desk, &format!("/courses/{id}"), &head).await, StatusCode::OK);
    assert_eq!(status(&desk, &content, &head).await, StatusCode::NOT_FOUND);
    assert_eq!(status(&desk, &content, &local).await, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_came_with_a_form_that_lacked_something_are_not_sent_again() {
    let desk = desk();
    let local = desk.sign_in(Role::Local);
    let refused = upload(&desk, "/courses/upload", &local, &[("subject", "heritage")], &[("a.pdf", PDF)]).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = String::from_utf8(to_bytes(refused.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap();
    let hash = base::Hash::of(PDF).to_string();
    assert!(page.contains(&format!("value=\"{hash}\" checked")) && page.contains("a.pdf"));
    let values = [("subject", "heritage"), ("licence", "cc0"), ("held", hash.as_str())];
    let id = made(&upload(&desk, "/courses/upload", &local, &values, &[]).await);
    let page = String::from_utf8(desk.get(&format!("/courses/{id}"), &local, None).await.1).unwrap();
    assert!(page.contains("/resources/"));
    assert!(!String::from_utf8(desk.get("/courses/upload", &local, None).await.1).unwrap().contains(&hash));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_course_of_good_quality_was_found_ready_by_two_who_did_not_make_it() {
    let desk = desk_at(0);
    let (officer, local) = (desk.sign_in(Role::Officer), desk.sign_in(Role::Local));
    let (id, _) = course(&desk, &local).await;
    made(&desk.post(&format!("/courses/{id}/move/submit"), &local, "").await);
    let review = format!("course={id}&verdict=ready&said=good");
    assert_eq!(desk.post("/course-reviews/new", &local, &review).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    made(&desk.post("/course-reviews/new", &officer, &review).await);
    // One is not enough, and one who says it twice is one.
    made(&desk.post("/course-reviews/new", &officer, &review).await);
    let step = format!("/courses/{id}/move/review");
    assert_eq!(desk.post(&step, &officer, "").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    made(&desk.post("/course-reviews/new", &desk.sign_in(Role::Head), &review).await);
    made(&desk.post(&step, &officer, "").await);
    assert_eq!(desk.post(&format!("/courses/{id}/move/publish"), &local, "").await.status(), StatusCode::FORBIDDEN);
    made(&desk.post(&format!("/courses/{id}/move/publish"), &officer, "").await);
}

fn found<T: rusqlite::types::FromSql>(desk: &Desk, sql: &str) -> T {
    desk.node.site.store.read(|c| Ok::<_, log::LogError>(c.query_row(sql, [], |r| r.get(0))?)).unwrap()
}

pub fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_of_lessons_in_one_archive_becomes_the_units_of_a_course() {
    let desk = desk();
    let local = desk.sign_in(Role::Local);
    let values = [("title", "分数"), ("subject", "mathematics"), ("licence", "cc_by")];
    let set = zip(&[
        ("分数/第十课/练习.txt", b"2"),
        ("分数/第二课/1 课件.pdf", PDF),
        ("__MACOSX/分数/._x", b"litter"),
        ("分数/第二课/2 练习.txt", b"1"),
    ]);
    made(&upload(&desk, "/courses/upload", &local, &values, &[("分数.zip", &set)]).await);
    let parts: String = found(
        &desk,
        "SELECT group_concat(unit || '/' || title, ' ') FROM
         (SELECT * FROM resource WHERE content IS NOT NULL ORDER BY place)",
    );
    assert_eq!(parts, "第二课/1 课件 第二课/2 练习 第十课/练习");
    let first = desk.one("SELECT id FROM resource WHERE content IS NOT NULL ORDER BY place LIMIT 1");
    assert_eq!(desk.get(&format!("/resources/{first}/content"), &local, None).await.1, PDF);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_archive_is_refused_in_words_and_touches_nothing() {
    let desk = desk();
    let local = desk.sign_in(Role::Local);
    let values = [("title", "x"), ("subject", "mathematics"), ("licence", "cc0")];
    let many: Vec<String> = (0..10_000).map(|n| n.to_string()).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|n| (n.as_str(), &b"x"[..])).collect();
    let good = zip(&[("a.txt", b"some words that are long enough")]);
    let bad = [
        (zip(&[("good.txt", b"x"), ("../../out.txt", b"x")]), "文件名指向包外"),
        (zip(&[("zeros", &vec![0; 8 << 20])]), "不成比例"),
        (zip(&many), "文件太多"),
        (good[..good.len() - 30].to_vec(), "损坏"),
        (zip(&[]), "空的"),
    ];
    for (archive, words) in bad {
        let refused = upload(&desk, "/courses/upload", &local, &values, &[("lesson.zip", &archive)]).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{words}");
        let page = String::from_utf8(to_bytes(refused.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap();
        assert!(page.contains(words), "{words}");
        // What came stays, to be tried again.
        assert!(page.contains(&format!("value=\"{}\" checked", base::Hash::of(&archive))), "{words}");
        let written: i64 = found(&desk, "SELECT count(*) FROM resource WHERE content IS NOT NULL");
        assert_eq!(written, 0, "{words}");
    }
    let (id, _) = course(&desk, &local).await;
    let more = upload(&desk, &format!("/courses/{id}/add"), &local, &[], &[("x.zip", &zip(&[("/x", b"x")]))]).await;
    assert_eq!(more.status(), StatusCode::CONFLICT);
}

fn stock(desk: &Desk, own: base::NodeId) -> ::courses::Stock {
    let site = &desk.node.site;
    site.store.read(|c| ::courses::stock(c, &desk.node.shelf, &site.local, own, "2030-01-02")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn planned_lessons_come_first_and_a_school_lets_go_only_what_came_from_elsewhere() {
    let desk = desk();
    let (local, head) = (desk.sign_in(Role::Local), desk.sign_in(Role::Head));
    let values = |title| [("title", title), ("subject", "heritage"), ("licence", "cc_by")];
    let mut ids = Vec::new();
    for title in ["one", "two"] {
        let file = ("a.txt", title.as_bytes());
        ids.push(made(&upload(&desk, "/courses/upload", &local, &values(title), &[file]).await));
        made(&desk.post(&format!("/courses/{}/move/share", ids.last().unwrap()), &local, "").await);
    }
    let (one, two) = (base::Hash::of(b"one"), base::Hash::of(b"two"));
    let own = desk.node.site.store.key().id();
    assert_eq!(stock(&desk, own).places[&one], stock(&desk, own).places[&two]);
    for (day, first) in [("2030-01-01", false), ("2030-01-02", true)] {
        made(
            &desk
                .post("/course-uses/new", &local, &format!("course={}&school={}&used_on={day}", ids[1], desk.home))
                .await,
        );
        let places = stock(&desk, own).places;
        assert_eq!(places[&two] < places[&one], first, "{day}");
        assert_eq!(places[&two].0 < ::courses::OTHERS, first, "{day}");
    }

    // Its own it keeps, whoever asks.
    let keep = format!("/courses/{}/keep", ids[0]);
    for who in [&head, &local] {
        assert_eq!(desk.post(&keep, who, "keep=no").await.status(), StatusCode::FORBIDDEN);
    }

    // What the hub made it may let go, and take back.
    let hub = desk_at(0);
    let there = hub.sign_in(Role::Local);
    let far =
        made(&upload(&hub, "/courses/upload", &there, &values("far"), &[("a.txt", b"far"), ("b.txt", b"one")]).await);
    made(&hub.post(&format!("/courses/{far}/move/share"), &there, "").await);
    let keep = format!("/courses/{far}/keep");
    assert_eq!(hub.post(&keep, &hub.sign_in(Role::Officer), "keep=no").await.status(), StatusCode::FORBIDDEN);
    let members = zampa::node::members(&desk.files.settings().unwrap());
    give(&hub.node.site.store, &desk.node.site.store, &members);
    assert_eq!(desk.post(&keep, &local, "keep=no").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(desk.post(&keep, &head, "keep=perhaps").await.status(), StatusCode::BAD_REQUEST);
    let far = base::Hash::of(b"far");
    assert!(stock(&desk, own).places.contains_key(&far));
    assert_eq!(desk.post(&keep, &head, "keep=no").await.status(), StatusCode::SEE_OTHER);
    let page = String::from_utf8(desk.get("/courses/here", &head, None).await.1).unwrap();
    assert!(page.contains(&keep) && page.contains("value=\"yes\""));
    // A file that a course of its own has too is kept.
    assert_eq!(stock(&desk, own).let_go, [far].into());
    assert_eq!(desk.post(&keep, &head, "keep=yes").await.status(), StatusCode::SEE_OTHER);
    assert!(stock(&desk, own).let_go.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_course_is_carried_to_another_programme_as_it_was() {
    let desk = desk();
    let local = desk.sign_in(Role::Local);
    let set = zip(&[("第二课/b.txt", b"second"), ("第一课/a.pdf", PDF)]);
    let values = [("title", "分数: 1/2"), ("subject", "mathematics"), ("licence", "cc_by_sa")];
    let id = made(&upload(&desk, "/courses/upload", &local, &values, &[("x.zip", &set)]).await);
    made(&desk.post("/resources/new", &local, &format!("title=Questions&course={id}&text=1%0A2")).await);
    let (head, package) = desk.get(&format!("/courses/{id}/package"), &local, None).await;
    assert_eq!(head.status(), StatusCode::OK);
    assert!(head.headers()["content-disposition"].to_str().unwrap().contains(".zip"));
    assert_eq!(
        status(&desk, &format!("/courses/{id}/package"), &desk.sign_in(Role::Head)).await,
        StatusCode::NOT_FOUND
    );
    let by: String = found(&desk, "SELECT byline FROM course_hand ORDER BY made DESC LIMIT 1");

    // The licence is the makers', whatever one chooses on the way in.
    let there = desk_at(0);
    let other = there.sign_in(Role::Local);
    let values = [("title", ""), ("subject", "art"), ("licence", "cc0")];
    let id = made(&upload(&there, "/courses/upload", &other, &values, &[("course.zip", &package)]).await);
    let page = String::from_utf8(there.get(&format!("/courses/{id}"), &other, None).await.1).unwrap();
    assert!(page.contains("分数: 1/2") && page.contains(&by), "{by}");
    let of = "FROM course ORDER BY made DESC LIMIT 1";
    assert_eq!(
        found::<String>(&there, &format!("SELECT licence || ' ' || subject || ' ' || state {of}")),
        "cc_by_sa mathematics draft"
    );
    let parts = "SELECT group_concat(coalesce(unit, '') || '/' || title || '/' || form, ' ') FROM
                 (SELECT * FROM resource WHERE course = (SELECT id FROM course ORDER BY made DESC LIMIT 1) ORDER BY place)";
    let mut got: Vec<String> = found::<String>(&there, parts).split(' ').map(ToOwned::to_owned).collect();
    got.sort();
    assert_eq!(got, ["/Questions/text", "第一课/a/document", "第二课/b/file"]);
    assert_eq!(found::<String>(&there, "SELECT text FROM resource WHERE title = 'Questions'"), "1\n2");
    assert_eq!(found::<String>(&there, "SELECT file FROM resource WHERE title = 'a'"), "a.pdf");

    // What says that it is such a package and is none is refused.
    for manifest in [
        "{",
        "{}",
        r#"{"zampa":1}"#,
        r#"{"zampa":1,"parts":[{"path":"b"}]}"#,
        r#"{"zampa":1,"parts":[{"path":"a","form":"text"}]}"#,
    ] {
        let bad = zip(&[("zampa.json", manifest.as_bytes()), ("a", b"\xff\xfe")]);
        let sent = upload(&there, "/courses/upload", &other, &values, &[("course.zip", &bad)]).await;
        assert_eq!(sent.status(), StatusCode::UNPROCESSABLE_ENTITY, "{manifest}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_pieces_is_put_together_for_who_sent_them_alone() {
    let desk = desk();
    let (local, head) = (desk.sign_in(Role::Local), desk.sign_in(Role::Head));
    let said = |response: Response| async {
        String::from_utf8(to_bytes(response.into_body(), 1 << 16).await.unwrap().to_vec()).unwrap()
    };
    let mut receipts = String::new();
    for piece in [&b"z%PDF-1.4\n"[..], b"z%%EOF"] {
        let sent = upload(&desk, "/courses/pieces", &local, &[], &[("piece", piece)]).await;
        assert_eq!(sent.status(), StatusCode::OK);
        receipts.push_str(&format!("&piece={}", said(sent).await));
    }
    let form = format!("name=a.pdf{receipts}");
    assert_eq!(desk.post("/courses/pieces/join", &head, &form).await.status(), StatusCode::FORBIDDEN);
    for (bad, status) in [
        ("name=a.pdf".to_owned(), StatusCode::BAD_REQUEST),
        (format!("name=a&piece={}.x", base::Hash::of(PDF)), StatusCode::FORBIDDEN),
        ("name=a&piece=x".to_owned(), StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(desk.post("/courses/pieces/join", &local, &bad).await.status(), status, "{bad}");
    }
    let hash = said(desk.post("/courses/pieces/join", &local, &form).await).await;
    assert_eq!(hash, base::Hash::of(PDF).to_string());
    let values = [("title", "x"), ("subject", "art"), ("licence", "cc0"), ("held", hash.as_str())];
    made(&upload(&desk, "/courses/upload", &local, &values, &[]).await);
    let first = desk.one("SELECT id FROM resource WHERE content IS NOT NULL");
    assert_eq!(desk.get(&format!("/resources/{first}/content"), &local, None).await.1, PDF);
}

const QUESTION: &str = r#"<assessmentItem title="草药"><responseDeclaration identifier="R" cardinality="single" baseType="identifier"><correctResponse><value>a</value></correctResponse></responseDeclaration><itemBody><p><img src="leaf.png" alt="叶"/></p><choiceInteraction responseIdentifier="R" maxChoices="1"><prompt>哪一种是雪莲?&lt;script&gt;</prompt><simpleChoice identifier="a">白的</simpleChoice><simpleChoice identifier="b">红的</simpleChoice></choiceInteraction></itemBody></assessmentItem>"#;

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_asked_marked_and_kept_nowhere() {
    let desk = desk();
    let (local, head) = (desk.sign_in(Role::Local), desk.sign_in(Role::Head));
    let manifest = r#"<manifest><resources><resource type="imsqti_item_xmlv2p1" href="q/1.xml"/><resource type="imsqti_item_xmlv2p1" href="q/2.xml"/></resources></manifest>"#;
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let picture = [&b"GIF89a"[..], &[0; 40]].concat();
    for (name, bytes) in [
        ("imsmanifest.xml", manifest.as_bytes()),
        ("q/1.xml", QUESTION.as_bytes()),
        ("q/2.xml", b"<assessmentItem adaptive='true'/>"),
        ("q/leaf.png", &picture),
        ("q/page.html", b"<script>alert(1)</script>"),
    ] {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    let package = zip.finish().unwrap().into_inner();
    let values = [("title", "练习"), ("subject", "science"), ("licence", "cc_by")];
    let files = [("1 练习.zip", &package[..]), ("2 一题.xml", QUESTION.as_bytes())];
    let course = made(&upload(&desk, "/courses/upload", &local, &values, &files).await);
    for place in [10, 20] {
        let quiz = desk.one(&format!(
            "SELECT r.id FROM resource r JOIN course c ON c.id = r.course WHERE r.form = 'quiz' AND c.title = '练习' AND r.place = {place}"
        ));
        let at = format!("/resources/{quiz}/quiz");
        let page = String::from_utf8(desk.get(&at, &local, None).await.1).unwrap();
        assert!(page.contains("哪一种是雪莲?&#60;script&#62;"), "{page}");
        let before = desk
            .node
            .site
            .store
            .read(|c| Ok::<_, LogError>(c.query_row("SELECT count(*) FROM entry", [], |r| r.get::<_, i64>(0))?));
        for (chosen, tone) in [("a", "tag ok"), ("b", "tag bad")] {
            let answered = desk.post(&at, &local, &format!("i1.0={chosen}")).await;
            assert_eq!(answered.status(), StatusCode::OK);
            let said = to_bytes(answered.into_body(), 1 << 20).await.unwrap();
            assert!(String::from_utf8_lossy(&said).contains(tone), "{chosen}");
        }
        let after = desk
            .node
            .site
            .store
            .read(|c| Ok::<_, LogError>(c.query_row("SELECT count(*) FROM entry", [], |r| r.get::<_, i64>(0))?));
        assert_eq!(before.unwrap(), after.unwrap(), "what is answered is kept nowhere");
        // A draft is its maker's alone, and so are its questions and their pictures.
        assert_eq!(status(&desk, &at, &head).await, StatusCode::NOT_FOUND);
        assert_eq!(status(&desk, &format!("{at}/picture?path=q/leaf.png"), &head).await, StatusCode::NOT_FOUND);
        let here = if place == 10 { StatusCode::OK } else { StatusCode::NOT_FOUND };
        assert_eq!(status(&desk, &format!("{at}/picture?path=q/leaf.png"), &local).await, here);
        assert_eq!(status(&desk, &format!("{at}/picture?path=q/page.html"), &local).await, StatusCode::NOT_FOUND);
    }

    // What a teacher types is a quiz like any other, and can be written anew; others cannot.
    let at = format!("/courses/{course}/questions");
    let wrong = desk.post(&at, &local, "title=three&text=a%0A-%20b%0A-%20c").await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(desk.post(&at, &head, "title=three&text=a").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(desk.post(&at, &local, "title=three&text=a%0A*%20b%0A-%20c").await.status(), StatusCode::SEE_OTHER);
    let typed = desk.one("SELECT id FROM resource WHERE title = 'three'");
    let page = String::from_utf8(desk.get(&format!("{at}?of={typed}"), &local, None).await.1).unwrap();
    assert!(page.contains("* b\n- c"), "{page}");
    let again = desk.post(&at, &local, &format!("of={typed}&title=four&text=a%0A*%20b%0A*%20c")).await;
    assert_eq!(again.status(), StatusCode::SEE_OTHER);
    let page = String::from_utf8(desk.get(&format!("/resources/{typed}/quiz"), &local, None).await.1).unwrap();
    assert!(page.contains("checkbox"), "{page}");
    let elsewhere = desk
        .one("SELECT r.id FROM resource r JOIN course c ON c.id = r.course WHERE c.title = '练习' AND r.place = 10");
    assert_eq!(status(&desk, &format!("{at}?of={elsewhere}"), &local).await, StatusCode::CONFLICT);
}
