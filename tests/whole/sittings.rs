//! A class that answers: who asks and who answers, what is counted, and that nothing is kept of anybody.

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode};
use log::LogError;
use records::Role;
use tower::ServiceExt;

use crate::desk::{Desk, desk};

/// Somebody of a class: a device with what its browser keeps, and no account.
async fn ask(desk: &Desk, path: &str, cookie: &str, form: Option<&str>) -> Response<Body> {
    let mut request = Request::builder().uri(path).header("host", "here").header("sec-fetch-site", "same-origin");
    request = request.header("accept-language", "en").header("cookie", cookie);
    let body = match form {
        Some(form) => {
            request = request.method("POST").header("content-type", "application/x-www-form-urlencoded");
            Body::from(form.to_owned())
        }
        None => Body::empty(),
    };
    desk.router.clone().oneshot(request.body(body).unwrap()).await.unwrap()
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
}

async fn page(desk: &Desk, path: &str, who: &(String, String)) -> String {
    String::from_utf8(desk.get(path, who, None).await.1).unwrap()
}

/// Everything that a node writes down: its log, and what stays on it.
fn written(desk: &Desk) -> (i64, Vec<i64>) {
    let entries = desk
        .node
        .site
        .store
        .read(|c| Ok::<_, LogError>(c.query_row("SELECT count(*) FROM entry", [], |r| r.get(0))?))
        .unwrap();
    let local = rusqlite::Connection::open(desk.files.local()).unwrap();
    let tables: Vec<String> = local
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .unwrap()
        .query_map([], |r| r.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let count = |t: &String| local.query_row(&format!("SELECT count(*) FROM \"{t}\""), [], |r| r.get(0)).unwrap();
    (entries, tables.iter().map(count).collect())
}

fn place(answer: &Response<Body>) -> String {
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// A teacher with questions of their own; gives who it is and the address of the questions.
async fn questions(desk: &Desk) -> ((String, String), String) {
    let local = desk.sign_in(Role::Local);
    let made = desk.post("/courses/new", &local, "title=lotus&subject=science&licence=cc_by").await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER);
    let course = place(&made);
    let typed = "title=three&text=Where%3F%0A*%20high%0A-%20river%0A-%20field%0A%0AMonths%20____%0A%3D%2012%0A%0ATell.";
    assert_eq!(desk.post(&format!("{course}/questions"), &local, typed).await.status(), StatusCode::SEE_OTHER);
    let quiz = desk.one("SELECT id FROM resource WHERE title = 'three'");
    (local, format!("/resources/{quiz}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_answers_without_accounts_and_nothing_is_kept_of_anybody() {
    let desk = desk();
    let (local, quiz) = questions(&desk).await;
    let head = desk.sign_in(Role::Head);
    let before = written(&desk);

    // A draft is its maker's: nobody else asks a class with it.
    assert_eq!(desk.post(&format!("{quiz}/sitting"), &head, "").await.status(), StatusCode::NOT_FOUND);
    let screen = place(&desk.post(&format!("{quiz}/sitting"), &local, "").await);
    assert_eq!(place(&desk.post(&format!("{quiz}/sitting"), &local, "").await), screen, "one sitting, not two");
    let code = screen.rsplit('/').next().unwrap().to_owned();
    let shown = page(&desk, &screen, &local).await;
    assert!(shown.contains(&format!("{} {}", &code[..4], &code[4..])) && shown.contains("<path d=\"M4 4h7v1h-7z"));
    for path in [screen.clone(), format!("{screen}/hard")] {
        assert_eq!(desk.get(&path, &head, None).await.0.status(), StatusCode::NOT_FOUND, "another's sitting");
        assert_eq!(ask(&desk, &path, "", None).await.status(), StatusCode::UNAUTHORIZED);
    }

    // The door: what is wrong is said, what is right leads on, and a device gets a name that chance gave it.
    assert_eq!(ask(&desk, "/q?code=00000000", "", None).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(ask(&desk, "/q/00000000", "", None).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let typed = format!("/q?code={}+{}", &code[..4], &code[4..]);
    let at = place(&ask(&desk, &typed, "", None).await);
    assert_eq!(at, format!("/q/{code}"));
    let mut devices = Vec::new();
    for _ in 0..3 {
        let first = ask(&desk, &at, "", None).await;
        assert_eq!(first.status(), StatusCode::SEE_OTHER);
        let set = first.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(set.contains(&format!("Path=/q/{code}; HttpOnly")) && !set.contains("Max-Age"), "{set}");
        devices.push(set.split(';').next().unwrap().to_owned());
        assert_eq!(place(&first), format!("{at}?on=1"));
        assert!(text(ask(&desk, &place(&first), "", None).await).await.contains("Where?"));
    }
    assert!(devices[0] != devices[1] && devices[1] != devices[2]);

    // Each is marked for who answered. The first answers of a device count, and no others.
    for (device, form, mark) in [
        (0, "i1.0=c0&i2.0=12&i3.0=Dolma", "2 of 2 right"),
        (1, "i1.0=c1&i2.0=10&i3.0=", "0 of 2 right"),
        (1, "i1.0=c0&i2.0=12", "2 of 2 right"),
        (2, "i1.0=c1&i2.0=+%EF%BC%91%EF%BC%90", "0 of 2 right"),
    ] {
        let marked = text(ask(&desk, &at, &devices[device], Some(form)).await).await;
        assert!(marked.contains(mark), "{form}: {marked}");
    }
    assert!(text(ask(&desk, &at, &devices[1], None).await).await.contains("has handed in"));
    let hard = page(&desk, &format!("{screen}/hard"), &local).await;
    let (first, second) = (hard.find("Where?").unwrap(), hard.find("Months ____").unwrap());
    assert!(first < second, "both as hard: in their order");
    assert!(hard.contains("<span>river</span>") && hard.contains("<span>10</span>"), "{hard}");
    assert!(!hard.contains("Dolma") && !hard.contains("field"), "{hard}");
    for told in ["3 份中 1 份答对", "2 次", "1 份写了内容"] {
        assert!(hard.contains(told), "{told}: {hard}");
    }

    // Who teaches ends it, and nobody else. Then it is nowhere.
    assert_eq!(desk.post(&format!("{screen}/end"), &head, "").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(desk.post(&format!("{screen}/end"), &local, "").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(desk.get(&format!("{screen}/hard"), &local, None).await.0.status(), StatusCode::NOT_FOUND);
    assert_eq!(ask(&desk, &at, &devices[0], Some("i1.0=c0")).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(written(&desk), before, "nothing that is answered is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn sittings_are_bounded() {
    let desk = desk();
    let (local, quiz) = questions(&desk).await;
    let screen = place(&desk.post(&format!("{quiz}/sitting"), &local, "").await);
    let at = format!("/q/{}", screen.rsplit('/').next().unwrap());
    // A device that keeps no cookie counts each time, up to the bound: then it is marked, and not counted.
    for _ in 0..302 {
        assert_eq!(ask(&desk, &at, "", Some("i1.0=c1")).await.status(), StatusCode::OK);
    }
    let hard = page(&desk, &format!("{screen}/hard"), &local).await;
    assert!(hard.contains("已有 300 台设备交卷") && hard.contains("另有 2 台设备交卷"), "{hard}");

    // Of one teacher's many, the oldest makes room.
    let other = place(&desk.post("/courses/new", &local, "title=more&subject=science&licence=cc_by").await);
    for n in 0..4 {
        let typed = format!("title=q{n}&text=n{n}%0A*%20a%0A-%20b");
        assert_eq!(desk.post(&format!("{other}/questions"), &local, &typed).await.status(), StatusCode::SEE_OTHER);
        let quiz = desk.one(&format!("SELECT id FROM resource WHERE title = 'q{n}'"));
        let opened = desk.post(&format!("/resources/{quiz}/sitting"), &local, "").await;
        assert_eq!(opened.status(), StatusCode::SEE_OTHER);
    }
    assert_eq!(desk.get(&screen, &local, None).await.0.status(), StatusCode::NOT_FOUND);
}
