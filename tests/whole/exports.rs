//! A course as other systems take it: what goes out is whole, names nothing from elsewhere, comes in again and plays.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base::Subject;
use quick_xml::NsReader;
use quick_xml::events::Event;
use quick_xml::name::ResolveResult;
use records::Role;
use serde_json::Value as Json;

use crate::corpora::Schema;
use crate::courses::{Who, made, status, upload, zip};
use crate::desk::{Desk, desk, desk_at};
use crate::play::{entries, page, staged};
use crate::{beside, rules};

const H5P: &[(&str, &[u8])] = &[("h5p.json", b"{\"title\":\"a\"}"), ("content/content.json", b"{}")];
const WEB: &[(&str, &[u8])] = &[("index.html", b"<p>own pages</p>"), ("a b/x.css", b"p{}")];
const SCORM: &[u8] = br#"<manifest><metadata><schemaversion>1.2</schemaversion></metadata><organizations><organization><title>Leaves</title><item identifierref="A"><title>One</title></item><item identifierref="B" parameters="?x=1"><title>Two</title></item></organization></organizations><resources><resource identifier="A" type="webcontent" href="a%20b.html"/><resource identifier="B" type="webcontent" href="two/b.html"/></resources></manifest>"#;
const CONTAINER: &[u8] = br#"<container><rootfiles><rootfile full-path="b.opf"/></rootfiles></container>"#;
const OPF: &[u8] = br#"<package><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/></spine></package>"#;

/// A course with a part of every kind.
async fn course(desk: &Desk, who: &Who) -> Subject {
    let picture = [&b"GIF89a"[..], &[0; 40]].concat();
    let book = zip(&[
        ("mimetype", b"application/epub+zip"),
        ("META-INF/container.xml", CONTAINER),
        ("b.opf", OPF),
        ("a.xhtml", b"<html/>"),
    ]);
    let scorm = zip(&[("imsmanifest.xml", SCORM), ("a b.html", b"one"), ("two/b.html", b"two")]);
    let files: [(&str, &[u8]); 6] = [
        ("1 叶 & 花.gif", &picture),
        ("2 小书.epub", &book),
        ("3 练习.h5p", &zip(H5P)),
        ("4 网页.zip", &zip(WEB)),
        ("5 课件.zip", &scorm),
        ("6 讲义.pdf", b"%PDF-1.4\n%%EOF"),
    ];
    let values = [("title", "草药 <课> & more"), ("subject", "heritage"), ("licence", "cc_by_sa")];
    let id = made(&upload(desk, "/courses/upload", who, &values, &files).await);
    let text = format!(
        "title=%E6%96%87%E5%AD%97&course={id}&text=first%0Asecond%20%3Cb%3E&unit=%E5%8D%95%E5%85%83%20%E0%BD%A6&place=65"
    );
    made(&desk.post("/resources/new", who, &text).await);
    let asked = "title=Asked&text=Which%20grows%20high%3F%0A*%20lotus%0A-%20reed%0A%0A2%20%2B%202%20%3D%0A%3D%204";
    made(&desk.post(&format!("/courses/{id}/questions"), who, asked).await);
    id
}

/// Everything that a manifest names is there, by names of its namespaces, and everything that is there is named.
fn whole(files: &BTreeMap<String, Vec<u8>>, namespaces: &[&str]) {
    let text = std::str::from_utf8(&files["imsmanifest.xml"]).unwrap();
    let mut reader = NsReader::from_str(text);
    let (mut named, mut ids, mut refs) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    loop {
        let (space, event) = reader.read_resolved_event().unwrap();
        let (Event::Start(e) | Event::Empty(e)) = event else {
            if matches!(event, Event::Eof) {
                break;
            }
            continue;
        };
        let ResolveResult::Bound(space) = space else { panic!("an element of no namespace: {e:?}") };
        let space: &str = space.0;
        assert!(namespaces.contains(&space), "{space}");
        for a in e.attributes() {
            let a = a.unwrap();
            let value = quick_xml::escape::unescape(&a.value).unwrap().into_owned();
            match a.key.local_name().as_ref() {
                "href" => drop(named.insert(unescaped(&value))),
                "identifier" => assert!(ids.insert(value.clone()), "{value} twice"),
                "identifierref" => refs.push(value),
                _ => {}
            }
        }
    }
    assert!(refs.iter().all(|r| ids.contains(r)), "{refs:?}");
    let there: BTreeSet<String> = files.keys().filter(|p| *p != "imsmanifest.xml").cloned().collect();
    assert_eq!(named, there);
    for (path, bytes) in files.iter().filter(|(p, _)| p.contains(".html") && !p.starts_with("files/")) {
        let text = std::str::from_utf8(bytes).unwrap();
        for mark in ["src=\"", "href=\"", "poster=\""] {
            for to in text.split(mark).skip(1).map(|t| t.split('"').next().unwrap()) {
                let to = unescaped(to.split(['?', '#']).next().unwrap());
                let at = to.strip_prefix("../").map_or_else(|| to.clone(), ToOwned::to_owned);
                assert!(there.contains(&at), "{path} names {to}");
            }
        }
        assert!(!text.contains("://"), "{path} names nothing from elsewhere");
    }
}

fn unescaped(address: &str) -> String {
    address.replace("%20", " ")
}

/// The package as a part of another course: where it lies.
async fn again(desk: &Desk, who: &Who, title: &str, name: &str, package: &[u8]) -> Vec<(String, String)> {
    let values = [("title", title), ("subject", "science"), ("licence", "cc_by")];
    made(&upload(desk, "/courses/upload", who, &values, &[(name, package)]).await);
    let list = |sql: String| {
        desk.node
            .site
            .store
            .read(|c| {
                let mut stmt = c.prepare(&sql)?;
                let rows = stmt.query_map([], |r| Ok((r.get::<_, Vec<u8>>(0)?, r.get::<_, String>(1)?)))?;
                rows.map(|r| r.map_err(log::LogError::from)).collect::<Result<Vec<_>, _>>()
            })
            .unwrap()
    };
    let sql = "SELECT r.id, r.form FROM resource r JOIN course c ON c.id = r.course";
    list(format!("{sql} WHERE c.title = '{title}' ORDER BY r.place"))
        .into_iter()
        .map(|(id, form)| (format!("/resources/{}", Subject::try_from(id.as_slice()).unwrap()), form))
        .collect()
}

/// What the frame of a package shows when a part is open.
async fn shown(desk: &Desk, who: &Who, at: &str, part: usize) -> String {
    let open = page(desk, &format!("{at}/play?part={part}"), who).await;
    let frame = open.split("src=\"//stage.here").nth(1).unwrap_or_else(|| panic!("{open}")).split('"').next().unwrap();
    let frame = frame.replace("&#38;", "&");
    let path = match frame.split_once("at=") {
        Some((_, path)) => path.replace("%2F", "/").replace("%25", "%"),
        None => frame,
    };
    let (code, _, body) = staged(desk, "stage.here", &path, &[]).await;
    assert_eq!(code, StatusCode::OK, "{path}");
    String::from_utf8(body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_course_goes_out_as_scorm_and_plays_when_it_comes_in_again() {
    let desk = desk();
    let (local, head) = (desk.sign_in(Role::Local), desk.sign_in(Role::Head));
    let id = course(&desk, &local).await;
    for way in ["scorm", "cartridge", "xapi"] {
        assert_eq!(status(&desk, &format!("/courses/{id}/{way}"), &head).await, StatusCode::NOT_FOUND, "{way}");
    }
    let package = desk.get(&format!("/courses/{id}/scorm"), &local, None).await.1;
    assert_eq!(desk.get(&format!("/courses/{id}/scorm"), &local, None).await.1, package, "the same twice");
    let files = entries(&package);
    let spaces = ["http://www.imsproject.org/xsd/imscp_rootv1p1p2", "http://www.imsglobal.org/xsd/imsmd_rootv1p2p1"];
    whole(&files, &spaces);
    let manifest = std::str::from_utf8(&files["imsmanifest.xml"]).unwrap();
    assert!(manifest.contains("草药 &lt;课&gt; &amp; more") && manifest.contains("parameters=\"?x=1\""), "{manifest}");
    validated(manifest);
    // Text is text, questions ask, what cannot be shown is there as it came.
    let text = |path: &str| std::str::from_utf8(&files[path]).unwrap();
    assert!(text("items/07.html").contains("<p>second &#60;b&#62;</p>"), "{}", text("items/07.html"));
    let asked = text("items/08.html");
    assert!(asked.contains("Which grows high?") && asked.contains("../questions.js") && asked.contains("../scorm.js"));
    assert_eq!(entries(&files["files/03/file.h5p"]), entries(&zip(H5P)));
    assert_eq!(entries(&files["files/08/file.zip"]).keys().filter(|k| k.ends_with("item1.xml")).count(), 1, "QTI 3");
    assert!(files["tibetan.woff2"].starts_with(b"wOF2"), "a page has Tibetan on it");
    assert!(files["scorm.js"].starts_with(b"/*"));
    assert!(text("index.html").contains("href=\"items/01.html\"") && !text("about.html").contains("<a "));

    let parts = again(&desk, &local, "Again", "again.zip", &package).await;
    assert_eq!(parts.iter().map(|(_, form)| form.as_str()).collect::<Vec<_>>(), ["scorm"]);
    let (at, _) = &parts[0];
    let open = page(&desk, &format!("{at}/play"), &local).await;
    for title in ["关于本课程", "1 叶 &#38; 花", "One", "Two", "文字", "Asked"] {
        assert!(open.contains(title), "{title}: {open}");
    }
    assert!(open.contains("how=scorm12"));
    assert!(shown(&desk, &local, at, 2).await.contains("files/01/file.gif"));
    assert_eq!(shown(&desk, &local, at, 5).await, "<p>own pages</p>");
    assert_eq!(shown(&desk, &local, at, 6).await, "one");
}

/// By the schemas of SCORM 1.2.
fn validated(manifest: &str) {
    let schema = r#"<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema"><xsd:import namespace="http://www.imsproject.org/xsd/imscp_rootv1p1p2" schemaLocation="imscp_rootv1p1p2.xsd"/><xsd:import namespace="http://www.imsglobal.org/xsd/imsmd_rootv1p2p1" schemaLocation="imsmd_rootv1p2p1.xsd"/><xsd:import namespace="http://www.adlnet.org/xsd/adlcp_rootv1p2" schemaLocation="adlcp_rootv1p2.xsd"/></xsd:schema>"#;
    let Some(schemas) = Schema::of("scorm12-xsd", "all.xsd").map(|s| s.with(schema)) else { return };
    let (valid, said) = schemas.check(manifest);
    assert!(valid, "{said}");
    assert!(
        !schemas.check(&manifest.replace("adlcp:scormtype=\"sco\"", "adlcp:scormtype=\"x\"")).0,
        "the schema is asked"
    );
    println!("validated by the schemas of SCORM 1.2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_course_goes_out_as_a_cartridge_and_its_questions_come_in_again() {
    let desk = desk();
    let local = desk.sign_in(Role::Local);
    let id = course(&desk, &local).await;
    let package = desk.get(&format!("/courses/{id}/cartridge"), &local, None).await.1;
    let files = entries(&package);
    let spaces =
        ["http://www.imsglobal.org/xsd/imsccv1p3/imscp_v1p1", "http://ltsc.ieee.org/xsd/imsccv1p3/LOM/manifest"];
    whole(&files, &spaces);
    assert!(!files.contains_key("scorm.js"));
    let manifest = std::str::from_utf8(&files["imsmanifest.xml"]).unwrap();
    assert_eq!(rules::manifest(manifest), Ok(()), "{manifest}");
    let changes = [
        ("<schemaversion>1.3.0</schemaversion>", ""),
        ("<schemaversion>1.3.0</schemaversion>", "<schemaversion>1.2.0</schemaversion>"),
        (" structure=\"rooted-hierarchy\"", ""),
        ("<item identifier=\"root\">", "<item identifier=\"root\"><title>all</title>"),
        ("type=\"webcontent\"", "type=\"page\""),
        ("identifierref=\"r1.1.1\"", "identifierref=\"r9\""),
        ("identifier=\"r1.1.1\"", "identifier=\"1\""),
        ("<file href=\"about.html\"/>", ""),
        ("<file href=\"about.html\"/>", "<file href=\"../about.html\"/>"),
        ("<resources>", "<title>x</title><resources>"),
        ("<dependency identifierref=\"common\"/>", "<dependency identifierref=\"r2.1.1\" x=\"y\"/>"),
        ("<file href=\"questions/08.xml\"/>", "<file href=\"questions/08.xml\"/><file href=\"look.css\"/>"),
    ];
    rules::can_fail(manifest, rules::manifest, &changes);
    let text = |path: &str| std::str::from_utf8(&files[path]).unwrap();
    assert!(text("questions/08.xml").contains("cc.multiple_choice.v0p1"));
    assert_eq!(rules::questions(text("questions/08.xml")), Ok(()));
    assert!(!text("questions/08.xml").contains("2 + 2"), "a number has no equal");
    assert!(text("items/08.html").contains("2 + 2") && !text("items/08.html").contains("Which grows"));
    assert!(text("about.html").contains("class=\"note\""), "what was left out is told");
    // A package that speaks SCORM is a file where nobody listens.
    assert!(files.contains_key("files/05/file.zip") && files.contains_key("files/04/index.html"));

    let parts = again(&desk, &local, "Cartridge", "again.imscc", &package).await;
    assert_eq!(parts.iter().map(|(_, form)| form.as_str()).collect::<Vec<_>>(), ["web", "quiz"]);
    assert!(shown(&desk, &local, &parts[0].0, 2).await.contains("files/01/file.gif"));
    let open = page(&desk, &format!("{}/play", parts[0].0), &local).await;
    assert!(open.contains("习题作为课程中单独的部分放在旁边，共 1 份") && !open.contains("没有列出"), "{open}");
    let quiz = page(&desk, &format!("{}/quiz", parts[1].0), &local).await;
    assert!(quiz.contains("Which grows high?") && quiz.contains("lotus"), "{quiz}");
    let answered = desk.post(&format!("{}/quiz", parts[1].0), &local, "i1.0=c0").await;
    let said = axum::body::to_bytes(answered.into_body(), 1 << 20).await.unwrap();
    assert!(String::from_utf8_lossy(&said).contains("tag ok"));
}

#[test]
fn questions_of_every_kind_keep_the_rules_of_a_cartridge() {
    let typed = "A & B?\n* <yes>\n- no\n\nBoth?\n* a\n* b\n- c\n\nname ____ it\n= one\n= two\n\nsay it\n";
    let older = quizzes::write_older("a1", "草药 & <more>", &quizzes::typed(typed).unwrap());
    let (xml, left_out) = (older.assessment.unwrap(), older.left_out);
    assert!(left_out.is_empty());
    assert_eq!(rules::questions(&xml), Ok(()), "{xml}");
    let changes = [
        (" ident=\"a1\"", ""),
        ("<fieldentry>cc.exam.v0p1</fieldentry>", "<fieldentry>cc.test</fieldentry>"),
        ("cc.multiple_choice.v0p1", "cc.multiple_response.v0p1"),
        ("cc.essay.v0p1", "cc.fib.v0p1"),
        ("rcardinality=\"Multiple\"", "rcardinality=\"Ordered\""),
        ("<varequal respident=\"R\">c0</varequal>", "<varequal respident=\"R\">c9</varequal>"),
        ("<varequal respident=\"R\">", "<varequal respident=\"Q\">"),
        ("action=\"Set\"", "action=\"Add\""),
        (">100</setvar>", ">1</setvar>"),
        ("<outcomes>", "<outcome/><outcomes>"),
        (" vartype=\"Decimal\"", " vartype=\"Integer\""),
        ("<section ident=\"section\">", "<section>"),
        ("ident=\"q2\"", "ident=\"q1\""),
        ("prompt=\"Dashline\"", "prompt=\"Line\""),
    ];
    rules::can_fail(&xml, rules::questions, &changes);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_in_a_film_goes_along_with_it() {
    let desk = desk();
    let local = desk.sign_in(Role::Local);
    let files: [(&str, &[u8]); 4] = [
        ("lesson.mp4", beside::FILM),
        ("lesson.zh.srt", "1\n00:00:01,000 --> 00:00:02,000\n雪莲\n".as_bytes()),
        ("lesson.bo.vtt", beside::VTT.as_bytes()),
        ("voice.mp3", b"ID3\x03\0\0\0\0\0\0\xff\xfb\x90\0"),
    ];
    let values = [("title", "Film"), ("subject", "heritage"), ("licence", "cc_by")];
    let id = made(&upload(&desk, "/courses/upload", &local, &values, &files).await);
    let voice = desk.one("SELECT id FROM resource WHERE title = 'voice'");
    let to = format!("/resources/{voice}/subtitles");
    let said: [(&str, &[u8]); 1] = [("voice.en.vtt", beside::VTT.as_bytes())];
    made(&upload(&desk, &to, &local, &[], &said).await);
    for (way, spaces) in [
        ("scorm", ["http://www.imsproject.org/xsd/imscp_rootv1p1p2", "http://www.imsglobal.org/xsd/imsmd_rootv1p2p1"]),
        (
            "cartridge",
            ["http://www.imsglobal.org/xsd/imsccv1p3/imscp_v1p1", "http://ltsc.ieee.org/xsd/imsccv1p3/LOM/manifest"],
        ),
    ] {
        let files = entries(&desk.get(&format!("/courses/{id}/{way}"), &local, None).await.1);
        whole(&files, &spaces);
        let film = std::str::from_utf8(&files["items/01.html"]).unwrap();
        for (src, lang, label) in [("said1", "bo", "བོད་ཡིག"), ("said2", "zh", "中文")] {
            let track =
                format!("<track kind=\"subtitles\" src=\"../files/01/{src}.vtt\" srclang=\"{lang}\" label=\"{label}\"");
            assert!(film.contains(&track), "{track}: {film}");
        }
        assert!(film.matches(" default").count() == 1, "shown at once in the course's own language alone: {film}");
        assert!(std::str::from_utf8(&files["files/01/said2.vtt"]).unwrap().contains("雪莲"));
        let voice = std::str::from_utf8(&files["items/02.html"]).unwrap();
        assert!(voice.contains("<video class=\"heard\"") && voice.contains("srclang=\"en\""), "{voice}");
    }
}

async fn lines(desk: &Desk, who: &Who, path: &str) -> Vec<Json> {
    let (head, body) = desk.get(path, who, None).await;
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(head.headers()["content-type"], "application/x-ndjson; charset=utf-8");
    std::str::from_utf8(&body).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

fn is_iri(text: &str) -> bool {
    let (scheme, rest) = text.split_once(':').unwrap_or_default();
    !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric()) && !rest.is_empty() && !rest.contains(' ')
}

/// A statement keeps the rules of xAPI 1.0.3, and this house's: the school acts, and nobody else is in it.
fn is_statement(said: &Json) {
    let verbs = ["http://activitystrea.ms/schema/1.0/use", "http://id.tincanapi.com/verb/personalized"];
    is_statement_of(said, &verbs, "Zampa");
}

/// The same with these verbs, told by this.
pub fn is_statement_of(said: &Json, verbs: &[&str], platform: &str) {
    let keys = |of: &Json| of.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(said), ["actor", "context", "id", "object", "timestamp", "verb", "version"]);
    let id = said["id"].as_str().unwrap();
    let parts: Vec<&str> = id.split('-').collect();
    assert_eq!(parts.iter().map(|p| p.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{id}");
    assert!(parts.iter().all(|p| p.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))), "{id}");
    assert!(parts[2].starts_with('5') && parts[3].starts_with(['8', '9', 'a', 'b']), "{id}");
    let actor = &said["actor"];
    assert_eq!(keys(actor), ["account", "name", "objectType"], "no member, no mailbox");
    assert_eq!(actor["objectType"], "Group");
    assert_eq!(keys(&actor["account"]), ["homePage", "name"]);
    assert!(is_iri(actor["account"]["homePage"].as_str().unwrap()));
    assert!(verbs.contains(&said["verb"]["id"].as_str().unwrap()));
    assert_eq!(keys(&said["verb"]["display"]), ["en", "zh-Hans"]);
    assert_eq!(said["object"]["objectType"], "Activity");
    assert!(is_iri(said["object"]["id"].as_str().unwrap()));
    assert_eq!(keys(&said["object"]["definition"]), ["name", "type"]);
    assert_eq!(said["context"]["platform"], platform);
    assert_eq!(keys(&said["context"]), ["contextActivities", "platform"], "no instructor, no team, no extension");
    let at = said["timestamp"].as_str().unwrap();
    assert!(at.len() == 25 && at.ends_with("T00:00:00+08:00"), "{at}");
}

#[tokio::test(flavor = "multi_thread")]
async fn that_a_course_was_used_is_told_of_schools_and_of_nobody_else() {
    let (school, hub) = (desk(), desk_at(0));
    let (head, officer) = (school.sign_in(Role::Head), hub.sign_in(Role::Officer));
    // What is planned is no use yet; what was done is one, and the same each time that it is told.
    let given = lines(&school, &head, "/courses/xapi").await;
    let course = school.one("SELECT id FROM course WHERE state = 'published' ORDER BY id LIMIT 1");
    let form = format!("course={course}&school={}&used_on=2026-11-20&class=one&note=private", school.home);
    let id = made(&school.post("/course-uses/new", &head, &form).await);
    assert_eq!(lines(&school, &head, "/courses/xapi").await, given);
    made(&school.post(&format!("/course-uses/{id}/move/use"), &head, "how=adapted").await);
    let own = lines(&school, &head, "/courses/xapi").await;
    own.iter().for_each(is_statement);
    assert_eq!(own.len(), given.len() + 1);
    let new = own.iter().find(|s| !given.contains(s)).unwrap();
    assert_eq!(new["verb"]["id"], "http://id.tincanapi.com/verb/personalized");
    assert_eq!(new["timestamp"], "2026-11-20T00:00:00+08:00");
    assert!(!new.to_string().contains("private"));
    let schools: BTreeSet<&str> = own.iter().map(|s| s["actor"]["account"]["name"].as_str().unwrap()).collect();
    assert_eq!(schools, [school.home.to_string().as_str()].into());
    assert_eq!(lines(&school, &head, "/courses/xapi").await, own, "the same fact is the same statement");
    assert_eq!(lines(&school, &head, &format!("/courses/{course}/xapi")).await.last(), Some(new));

    let all = lines(&hub, &officer, "/courses/xapi").await;
    all.iter().for_each(is_statement);
    let ids: BTreeSet<&str> = all.iter().map(|s| s["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), all.len());
    assert!(given.iter().all(|s| all.contains(s)), "at another node too");
    let verbs: BTreeSet<&str> = all.iter().map(|s| s["verb"]["id"].as_str().unwrap()).collect();
    assert_eq!(verbs.len(), 2);
    // As many as the facts say, and none of what was planned or dropped.
    let count =
        |sql: &str| hub.node.site.store.read(|c| Ok::<_, log::LogError>(c.query_row(sql, [], |r| r.get::<_, i64>(0))?));
    assert_eq!(
        count("SELECT count(*) FROM course_use WHERE state = 'used'").unwrap(),
        i64::try_from(all.len()).unwrap()
    );
    let course = hub.one("SELECT course FROM course_use WHERE state = 'used' ORDER BY id LIMIT 1");
    let of_one = lines(&hub, &officer, &format!("/courses/{course}/xapi")).await;
    assert!(!of_one.is_empty() && of_one.len() < all.len() && of_one.iter().all(|s| all.contains(s)));
    let request = Request::get("/courses/xapi").header("host", "here").body(Body::empty()).unwrap();
    let nobody = tower::ServiceExt::oneshot(hub.router.clone(), request).await.unwrap();
    assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
}
