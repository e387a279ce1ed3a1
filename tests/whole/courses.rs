//! The library: a teacher's own lesson is there at once and theirs alone; what others see of it, and what is reviewed.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use base::Subject;
use records::Role;
use tower::ServiceExt;

use crate::desk::{Desk, desk, desk_at};

type Who = (String, String);
const PDF: &[u8] = b"%PDF-1.4\n%%EOF";

/// Sends a form with values and files.
async fn upload(desk: &Desk, to: &str, who: &Who, values: &[(&str, &str)], files: &[(&str, &[u8])]) -> Response {
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

fn made(response: &Response) -> Subject {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    response.headers()["location"].to_str().unwrap().rsplit('/').next().unwrap().parse().unwrap()
}

async fn course(desk: &Desk, who: &Who) -> (Subject, Subject) {
    let values = [("title", "认识草药"), ("subject", "heritage"), ("licence", "cc_by")];
    let sent = upload(desk, "/courses/upload", who, &values, &[("第1课_草药.pdf", PDF), ("2.txt", b"words")]).await;
    let id = made(&sent);
    let first = desk.one("SELECT id FROM resource ORDER BY place LIMIT 1");
    (id, first)
}

async fn status(desk: &Desk, path: &str, who: &Who) -> StatusCode {
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
