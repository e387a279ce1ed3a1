//! The digits by which pupils find the page of their room: whoever tries all of them is told nothing, and who was led to the page
//! stays there.

use axum::http::StatusCode;
use records::Role;

use crate::desk::desk_at;
use crate::neighbours::Page;
use crate::parts::{blocking, held, room};

const PUPILS: u8 = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_comes_in_by_trying_all_digits() {
    let desk = desk_at(0);
    let (class, at, _tasks) = held(&desk).await;
    let officer = desk.sign_in(Role::Officer);
    let adult =
        desk.one("SELECT person FROM grant_of_role WHERE role = 'officer' ORDER BY organisation IS NOT NULL DESC");
    room(&desk, class, adult, "");
    let (path, cookie) = (format!("/classes/{class}/talk"), officer.0.clone());
    let (page, told) = blocking(move || {
        let mut page = Page::at(at, &path, &cookie, 7);
        page.tell(b"\x03{\"open\":true}");
        let told = page.is_told(PUPILS, "\"code\"");
        (page, told)
    })
    .await;
    let of = |key: &str| told.split(&format!("\"{key}\":\"")).nth(1).unwrap().split('"').next().unwrap().to_owned();
    let (code, name) = (of("code"), of("name"));
    assert!(name.starts_with(&format!("{code}-")) && of("at").ends_with(&name), "{told}");
    let nobody = (String::new(), String::new());
    let get = async |path: &str| {
        let (head, body) = desk.get(path, &nobody, None).await;
        let to = head.headers().get("location").map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default();
        (head.status(), to, String::from_utf8(body).unwrap())
    };
    let to = format!("/c/{name}");
    for path in [format!("/c/{code}"), format!("/c?code={code}")] {
        assert_eq!(get(&path).await.1, to);
    }
    assert_eq!(get(&to).await.0, StatusCode::OK);
    assert_eq!(get(&format!("/c/{code}-0000000000000000")).await.0, StatusCode::NOT_FOUND);
    // The digits alone are no page: what answers only there tells nothing.
    assert_eq!(get(&format!("/c/{code}/shown/{}", "0".repeat(64))).await.0, StatusCode::NOT_FOUND);
    let wrong = if code == "00000000" { "11111111" } else { "00000000" };
    for n in 0..60 {
        let (status, _, page) = get(&format!("/c?code={wrong}")).await;
        assert!(status == StatusCode::UNPROCESSABLE_ENTITY && page.contains("现在没有课堂"), "{n}: {page}");
    }
    for path in [format!("/c/{code}"), format!("/c?code={code}"), format!("/c?code={wrong}")] {
        let (status, to, page) = get(&path).await;
        assert_eq!((status, &*to), (StatusCode::UNPROCESSABLE_ENTITY, ""), "{path}");
        assert!(page.contains("次数太多"), "{page}");
    }
    assert_eq!(get(&to).await.0, StatusCode::OK, "who is there, and who photographs the square");
    drop(page);
}
