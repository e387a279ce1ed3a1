//! From an empty directory to an administrator who signs in: no default account, one-use link, throttling.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use base::Env;
use tower::ServiceExt;
use web::Site;
use zampa::files::Files;
use zampa::node::{Node, make_hub};

struct Hub {
    dir: tempfile::TempDir,
    site: Arc<Site>,
    router: Router,
}

fn open(dir: tempfile::TempDir) -> Hub {
    let node = Node::open(&Files(dir.path().to_owned()), &Env::system()).unwrap();
    let router = web::serve(Arc::clone(&node.site), node.routes.clone());
    Hub { dir, site: node.site, router }
}

fn hub() -> Hub {
    let dir = tempfile::tempdir().unwrap();
    make_hub(&Files(dir.path().to_owned()), &Env::system(), "Hub", false).unwrap();
    open(dir)
}

impl Hub {
    async fn send(&self, path: &str, cookie: &str, form: Option<&str>) -> (StatusCode, Vec<String>, String) {
        let mut request = Request::builder().uri(path).header("host", "here").header("sec-fetch-site", "same-origin");
        request = request.header("cookie", cookie);
        let mut body = Body::empty();
        if let Some(form) = form {
            request = request.method("POST").header("content-type", "application/x-www-form-urlencoded");
            body = Body::from(form.to_owned());
        }
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status();
        let cookies =
            response.headers().get_all(header::SET_COOKIE).iter().map(|v| v.to_str().unwrap().to_owned()).collect();
        let bytes = to_bytes(response.into_body(), 8 << 20).await.unwrap();
        (status, cookies, String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn sign_in(&self, password: &str) -> (StatusCode, String) {
        let form = format!("name=Keeper&password={password}");
        let (status, cookies, _) = self.send("/sign-in", "zampa_lang=en", Some(&form)).await;
        let cookie = cookies.first().and_then(|c| c.split(';').next()).unwrap_or_default();
        (status, format!("zampa_lang=en; {cookie}"))
    }

    async fn set_up(&self) {
        let secret = self.site.local.keep_secret(people::SET_UP).unwrap();
        let form = "programme=P&zone=Asia/Shanghai&person=Somebody&name=Keeper&password=long enough&again=long enough";
        let (status, _, _) = self.send("/set-up/wrong", "", Some(form)).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        let (status, _, _) = self.send(&format!("/set-up/{secret}"), "", Some(form)).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        let (status, _, _) = self.send(&format!("/set-up/{secret}"), "", Some(form)).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "the link works once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_is_set_up_once_and_its_administrator_signs_in() {
    let hub = hub();
    assert_eq!(hub.sign_in("admin").await.0, StatusCode::UNPROCESSABLE_ENTITY, "no default account");
    hub.set_up().await;
    assert_eq!(hub.site.zone().iana_name(), Some("Asia/Shanghai"));
    let (status, cookie) = hub.sign_in("long enough").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (status, _, body) = hub.send("/accounts", &cookie, None).await;
    assert_eq!(status, StatusCode::OK);
    let csrf = body.split("_csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();

    // A new password signs every device out.
    let form = format!("_csrf={csrf}&old=long enough&password=longer than before&again=longer than before");
    let (status, cookies, _) = hub.send("/me/password", &cookie, Some(&form)).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(cookies[0].contains("HttpOnly") && cookies[0].contains("SameSite=Lax"));
    assert_eq!(hub.send("/accounts", &cookie, None).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(hub.sign_in("long enough").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, cookie) = hub.sign_in("longer than before").await;
    assert_eq!(status, StatusCode::SEE_OTHER);

    // A role that has ended is gone at once; and nothing secret is in what one may download.
    let (_, _, held) = hub.send("/me/held", &cookie, None).await;
    assert!(held.contains("Somebody") && !held.contains("argon2"), "{held}");
    let (_, _, body) = hub.send("/accounts", &cookie, None).await;
    let part = |mark: &str| body.split(mark).nth(1).unwrap().split('"').next().unwrap().to_owned();
    let form = format!("_csrf={}&grant={}", part("_csrf\" value=\""), part("name=\"grant\" value=\""));
    assert_eq!(hub.send("/accounts/end-role", &cookie, Some(&form)).await.0, StatusCode::SEE_OTHER);
    assert_eq!(hub.send("/accounts", &cookie, None).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_down_and_a_restart_does_not_help() {
    let hub = hub();
    hub.set_up().await;
    for _ in 0..6 {
        assert_eq!(hub.sign_in("wrong").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert!(hub.site.local.must_wait_ms("keeper").unwrap() > 0);
    let Hub { dir, site, router } = hub;
    drop((site, router));
    let hub = open(dir);
    assert!(hub.site.local.must_wait_ms("keeper").unwrap() > 0);
    let (status, _, body) = hub.send("/sign-in", "zampa_lang=en", Some("name=Keeper&password=long enough")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "also the right one must wait");
    assert!(body.contains("Please wait"));
}
