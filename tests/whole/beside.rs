//! Subtitles that stand beside films, and channels that come as folders with tables beside them.

use axum::http::StatusCode;
use records::Role;

use crate::courses::{Who, made, status, upload, zip};
use crate::desk::{Desk, desk};
use crate::play::page;
use crate::said::work;

/// The beginning of a film, as far as its type is told by it.
pub const FILM: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41";
const SRT: &str = "1\r\n00:00:01,000 --> 00:00:02,000\r\n<i>雪莲花</i> {\\an8}高山\r\n";
pub const VTT: &str = "WEBVTT\n\nSTYLE\n::cue { color: red }\n\n00:00.000 --> 00:02.000\nསྨན་རྩྭ་ <b>རི་</b>ལ་སྐྱེས།\n";
const VALUES: [(&str, &str); 3] = [("title", "Films"), ("subject", "heritage"), ("licence", "cc_by")];

async fn sent(desk: &Desk, who: &Who, files: &[(&str, &[u8])]) -> String {
    made(&upload(desk, "/courses/upload", who, &VALUES, files).await).to_string()
}

fn film(desk: &Desk) -> String {
    format!(
        "/resources/{}",
        desk.one("SELECT id FROM resource WHERE media = 'video/mp4' ORDER BY made DESC, id LIMIT 1")
    )
}

async fn track(desk: &Desk, who: &Who, film: &str, language: &str) -> String {
    let shown = page(desk, film, who).await;
    let before = format!("/content\" srclang=\"{language}\"");
    let at = shown.split_once(&before).unwrap_or_else(|| panic!("no {language} in {shown}")).0;
    page(desk, &format!("{}/content", at.rsplit_once("src=\"").unwrap().1), who).await
}

#[tokio::test(flavor = "multi_thread")]
async fn subtitles_that_come_with_a_film_are_shown_in_it_and_found() {
    let desk = desk();
    let (local, head) = (desk.sign_in(Role::Local), desk.sign_in(Role::Head));
    let wide: Vec<u8> = SRT.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let files: [(&str, &[u8]); 4] = [
        ("Lesson.zh.srt", &wide),
        ("lesson.mp4", FILM),
        ("lesson.bo.vtt", VTT.as_bytes()),
        ("other.srt", SRT.as_bytes()),
    ];
    let course = sent(&desk, &local, &files).await;
    let at = film(&desk);
    assert_eq!(track(&desk, &local, &at, "zh").await, "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n雪莲花 高山\n");
    assert_eq!(track(&desk, &local, &at, "bo").await, "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nསྨན་རྩྭ་ རི་ལ་སྐྱེས།\n");
    let shown = page(&desk, &at, &local).await;
    assert!(shown.matches("<track ").count() == 2 && shown.matches(" default>").count() == 1, "{shown}");
    // What is named after no film stays a file; subtitles are no parts of their own.
    let outline = page(&desk, &format!("/courses/{course}"), &local).await;
    assert_eq!(
        outline.matches("href=\"/resources/").count() - outline.matches("/resources/new").count(),
        2,
        "{outline}"
    );
    work(&desk);
    let found = page(&desk, &format!("/search?q={}", web::escape("雪莲花")), &local).await;
    assert!(found.contains(&format!("href=\"{at}\"")) && found.contains("雪莲花 高山"), "{found}");
    assert!(!page(&desk, &format!("/search?q={}", web::escape("雪莲花")), &head).await.contains("雪莲花 高山"));
    assert_eq!(status(&desk, &at, &head).await, StatusCode::NOT_FOUND);

    // As a package, and back again, with what is said of it.
    let form = page(&desk, &format!("{at}/edit"), &local).await;
    let base = form.split_once("name=\"_base\" value=\"").unwrap().1.split('"').next().unwrap();
    let told = format!("_base={base}&title=lesson&course={course}&text=About%20herbs");
    let told = desk.post(&format!("{at}/edit"), &local, &told).await;
    assert_eq!(told.status(), StatusCode::SEE_OTHER);
    let package = desk.get(&format!("/courses/{course}/package"), &local, None).await.1;
    sent(&desk, &local, &[("films.zip", &package)]).await;
    let again = film(&desk);
    assert_ne!(again, at);
    assert!(track(&desk, &local, &again, "zh").await.contains("雪莲花 高山"));
    assert!(track(&desk, &local, &again, "bo").await.contains("རི་ལ་སྐྱེས།"));
    assert!(page(&desk, &again, &local).await.contains("<p>About herbs</p>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn subtitles_are_added_to_a_film_by_who_writes_its_course() {
    let desk = desk();
    let (local, head) = (desk.sign_in(Role::Local), desk.sign_in(Role::Head));
    let set = zip(&[("set/one/lesson.mp4", FILM), ("set/one/lesson.srt", SRT.as_bytes()), ("set/two/x.txt", b"x")]);
    let course = sent(&desk, &local, &[("set.zip", &set)]).await;
    let at = film(&desk);
    assert!(track(&desk, &local, &at, "zh").await.contains("雪莲花"), "told by its words");
    let to = format!("{at}/subtitles");
    let new = SRT.replace("高山", "山谷");
    made(&upload(&desk, &to, &local, &[], &[("any.zh.srt", new.as_bytes()), ("any.en.vtt", VTT.as_bytes())]).await);
    assert!(track(&desk, &local, &at, "zh").await.contains("山谷"), "the newer takes the place of the older");
    assert!(track(&desk, &local, &at, "en").await.contains("རྩྭ"), "the name decides");
    assert_eq!(page(&desk, &at, &local).await.matches("<track ").count(), 2);
    for broken in ["words", "1\n00:00:02,000 --> 00:00:01,000\nx\n"] {
        let answer = upload(&desk, &to, &local, &[], &[("a.srt", broken.as_bytes())]).await;
        assert_eq!(answer.status(), StatusCode::CONFLICT, "{broken}");
    }
    let broken: [(&str, &[u8]); 2] = [("lesson.mp4", FILM), ("lesson.vtt", b"WEBVTT\n\n00:01 --> x\nno\n")];
    let answer = upload(&desk, "/courses/upload", &local, &VALUES, &broken).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    // Others see them when they see the film, and add none.
    made(&desk.post(&format!("/courses/{course}/move/share"), &local, "").await);
    assert!(track(&desk, &head, &at, "zh").await.contains("山谷"));
    assert_eq!(upload(&desk, &to, &head, &[], &[("a.srt", SRT.as_bytes())]).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_becomes_a_course_with_what_its_tables_say() {
    let desk = desk();
    let local = desk.sign_in(Role::Local);
    let about =
        "Title,Description,Domain,Source ID,Language,Thumbnail\nPlants,\"Herbs, and more\",example.org,p,zh,ch/t.png\n";
    let content = "Path *,Title *,Source ID,Description,Author,Language,License ID *,License Description,Copyright Holder,Thumbnail\n\
        ch/high,高山,,,,,,,,\n\
        ch\\high\\herbs,草药,,,,,,,,\n\
        ch/high/herbs/a.txt,雪莲花,,\"It says \"\"late\"\".\",Anna,zh,CC BY-SA,,Tashi,\n\
        ch/b.txt,Rivers,,,Anna,en,CC BY-SA,,,\n";
    let channel = |content: &str| {
        zip(&[
            ("Channel.csv", about.as_bytes()),
            ("Content.csv", content.as_bytes()),
            ("ch/t.png", b"\x89PNG\r\n\x1a\n"),
            ("ch/b.txt", b"rivers"),
            ("ch/high/herbs/a.txt", b"herbs"),
        ])
    };
    let values = [("subject", "science"), ("licence", "cc0")];
    let send = async |bytes: &[u8]| upload(&desk, "/courses/upload", &local, &values, &[("c.zip", bytes)]).await;
    let id = made(&send(&channel(content)).await);
    let outline = page(&desk, &format!("/courses/{id}"), &local).await;
    for said in ["<h1>Plants", "Herbs, and more", "高山 · 草药", "雪莲花", "Rivers", "Tashi, Anna"] {
        assert!(outline.contains(said), "{said}: {outline}");
    }
    assert!(!outline.contains("Channel") && !outline.contains(">t<"), "{outline}");
    let count = "SELECT count(*) FROM course c JOIN course_languages l ON l.id = c.id
        WHERE c.licence = 'cc_by_sa' AND c.title = 'Plants'";
    let languages: i64 =
        desk.node.site.store.read(|c| Ok::<_, log::LogError>(c.query_row(count, [], |r| r.get(0))?)).unwrap();
    assert_eq!(languages, 2);
    let part = desk.one("SELECT id FROM resource WHERE title = '雪莲花'");
    assert!(page(&desk, &format!("/resources/{part}"), &local).await.contains("It says &#34;late&#34;."));

    // Two licences: by permission, with both told where they hold.
    let two = content.replace("CC BY-SA,,Tashi", "CC BY-ND,,Tashi").replace("Plants", "Two");
    let id = made(&send(&channel(&two)).await);
    let course = page(&desk, &format!("/courses/{id}"), &local).await;
    assert!(course.contains("Tashi, Anna"), "{course}");
    let part = desk.one("SELECT id FROM resource WHERE text LIKE '%CC BY-ND · Tashi%' AND title = '雪莲花'");
    assert!(page(&desk, &format!("/resources/{part}"), &local).await.contains("CC BY-ND · Tashi"));

    // Its exercises become questions in their topic; a table that held more than that stays a part.
    let exercises = "Path *,Title *,Source ID *\nch/high/quiz,练一练,e1\n";
    let asked = "Source ID *,Question ID *,Question type *,Question *,Option A,Option B,Correct Answer *\ne1,1,single_selection,哪一种?,白,红,红\n";
    for (more, tables) in [("", 0), ("e1,2,perseus_question,x,,,\n", 2)] {
        let asked = format!("{asked}{more}");
        let files = [
            ("c/Channel.csv", about.as_bytes()),
            ("c/Content.csv", content.as_bytes()),
            ("c/Exercises.csv", exercises.as_bytes()),
            ("c/ExerciseQuestions.csv", asked.as_bytes()),
            ("c/ch/high/herbs/a.txt", b"herbs"),
        ];
        let id = made(&send(&zip(&files)).await);
        let outline = page(&desk, &format!("/courses/{id}"), &local).await;
        assert!(outline.contains("练一练") && outline.contains("高山"), "{outline}");
        assert_eq!(outline.matches("Exercise").count(), tables, "{outline}");
        let quiz = desk.one(
            "SELECT id FROM resource WHERE title = '练一练' AND form = 'quiz' AND unit = '高山' ORDER BY made DESC",
        );
        let marked = desk.post(&format!("/resources/{quiz}/quiz"), &local, "i1.0=c1").await;
        let said = axum::body::to_bytes(marked.into_body(), 1 << 20).await.unwrap();
        assert!(String::from_utf8_lossy(&said).contains("tag ok"));
    }

    let broken = send(&channel("Title *\nx\n")).await;
    assert_eq!(broken.status(), StatusCode::UNPROCESSABLE_ENTITY, "a column is missing");
}
