//! Files that belong to records: who may send them, what is left of them, what travels and what is swept.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use base::{Env, Hash, Scope, Subject};
use log::LogError;
use records::Role;
use tower::ServiceExt;
use zampa::node::Node;

use crate::counted::copy;

const BOUNDARY: &str = "between";

struct Desk {
    _dir: tempfile::TempDir,
    node: Node,
    router: Router,
    home: Subject,
}

/// A school's node.
fn desk() -> Desk {
    let (dir, files) = copy(1);
    let home = files.settings().unwrap().school.unwrap();
    let node = Node::open(&files, &Env::system()).unwrap();
    let router = web::serve(node.site.clone(), node.routes.clone());
    Desk { _dir: dir, node, router, home }
}

impl Desk {
    fn one(&self, sql: &str) -> Subject {
        let bytes: Vec<u8> =
            self.node.site.store.read(|c| Ok::<_, LogError>(c.query_row(sql, [], |r| r.get(0))?)).unwrap();
        Subject::try_from(bytes.as_slice()).unwrap()
    }

    /// The cookie and the token of somebody with a role here.
    fn sign_in(&self, role: Role) -> (String, String) {
        let person = self.one(&format!(
            "SELECT person FROM grant_of_role WHERE role = '{}' ORDER BY organisation IS NOT NULL DESC LIMIT 1",
            role.code()
        ));
        let local = &self.node.site.local;
        let token = local.start_session(person).unwrap();
        let csrf = local.session(&token).unwrap().unwrap().1;
        (format!("{}={token}", self.node.site.session_cookie()), csrf)
    }

    async fn send(&self, to: &str, who: &(String, String), csrf: &str, files: &[(&str, &[u8])]) -> Response<Body> {
        let mut body =
            format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"_csrf\"\r\n\r\n{csrf}\r\n").into_bytes();
        for (name, bytes) in files {
            body.extend(
                format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n")
                    .bytes(),
            );
            body.extend(*bytes);
            body.extend(b"\r\n");
        }
        body.extend(format!("--{BOUNDARY}--\r\n").bytes());
        let request = Request::post(to)
            .header("host", "here")
            .header("sec-fetch-site", "same-origin")
            .header("cookie", &who.0)
            .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"));
        self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap()
    }

    async fn get(&self, path: &str, who: &(String, String), range: Option<&str>) -> (Response<()>, Vec<u8>) {
        let mut request = Request::get(path).header("host", "here").header("cookie", &who.0);
        if let Some(range) = range {
            request = request.header("range", range);
        }
        let (head, body) =
            self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().into_parts();
        (Response::from_parts(head, ()), to_bytes(body, 1 << 20).await.unwrap().to_vec())
    }

    fn blobs(&self) -> u64 {
        self.node.site.blobs.stats().unwrap().count
    }

    async fn sweep(&self) {
        let named = self.node.site.store.read(register::named).unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        self.node.site.blobs.sweep(&named, 10, &Env::system()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_added_read_in_parts_withdrawn_and_swept_only_when_erased() {
    let desk = desk();
    let head = desk.sign_in(Role::Head);
    let visit = desk.one("SELECT id FROM visit ORDER BY id LIMIT 1");
    let to = format!("/visits/{visit}/files");
    let pdf = b"%PDF-1.7 what the hosts asked for";

    assert_eq!(
        desk.send(&to, &head, &head.1, &[("C:\\papers\\送教 通知.pdf", pdf)]).await.status(),
        StatusCode::SEE_OTHER
    );
    let file = desk.one("SELECT value FROM visit_files LIMIT 1");
    let content = format!("/files/{file}/content");
    let (answer, bytes) = desk.get(&content, &head, None).await;
    assert_eq!(bytes, pdf);
    let said = |name: header::HeaderName| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(said(header::CONTENT_TYPE), "application/pdf");
    assert!(said(header::CONTENT_DISPOSITION).starts_with("attachment; filename*=UTF-8''%E9%80%81"));
    assert!(said(header::CONTENT_SECURITY_POLICY).contains("sandbox"));
    let (answer, bytes) = desk.get(&content, &head, Some("bytes=0-3")).await;
    assert_eq!((answer.status(), bytes.as_slice()), (StatusCode::PARTIAL_CONTENT, &b"%PDF"[..]));
    let (_, page) = desk.get(&format!("/visits/{visit}"), &head, None).await;
    assert!(String::from_utf8_lossy(&page).contains("送教 通知.pdf"));

    // Withdrawn, it can be brought back, so a sweep leaves it; erased, nobody can have it again.
    let form = |path: String, body: String| {
        let request = Request::post(path)
            .header("host", "here")
            .header("sec-fetch-site", "same-origin")
            .header("cookie", &head.0)
            .header("content-type", "application/x-www-form-urlencoded");
        desk.router.clone().oneshot(request.body(Body::from(body)).unwrap())
    };
    let why = format!("_csrf={}&why=twice", head.1);
    assert_eq!(form(format!("/files/{file}/remove"), why).await.unwrap().status(), StatusCode::SEE_OTHER);
    assert_eq!(desk.get(&content, &head, None).await.0.status(), StatusCode::NOT_FOUND);
    desk.sweep().await;
    assert_eq!(desk.blobs(), 1);
    let token = format!("_csrf={}", head.1);
    assert_eq!(form(format!("/files/{file}/restore"), token).await.unwrap().status(), StatusCode::SEE_OTHER);
    assert_eq!(desk.get(&content, &head, None).await.1, pdf);
    let kind = desk.node.site.kinds.get("file").unwrap();
    let store = &desk.node.site.store;
    store
        .write(log::Context::NODE, |tx| {
            tx.append(&log::erase_draft(Scope::School(desk.home), file, &[&kind.identity()])?)?;
            tx.fold()
        })
        .unwrap();
    desk.sweep().await;
    assert_eq!(desk.blobs(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_send_leaves_nothing_behind() {
    let desk = desk();
    let visit = desk.one("SELECT id FROM visit ORDER BY id LIMIT 1");
    let to = format!("/visits/{visit}/files");
    let (head, pupil) = (desk.sign_in(Role::Head), desk.sign_in(Role::Pupil));
    let text: [(&str, &[u8]); 1] = [("a.txt", b"words")];
    assert_eq!(desk.send(&to, &pupil, &pupil.1, &text).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(desk.send(&to, &head, "another", &text).await.status(), StatusCode::FORBIDDEN);
    let nobody = (String::new(), String::new());
    assert_eq!(desk.send(&to, &nobody, "", &text).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(desk.send(&to, &head, &head.1, &[]).await.status(), StatusCode::CONFLICT);
    // A picture that is none is refused whole: nothing is half done.
    let broken: [(&str, &[u8]); 1] = [("a.jpg", b"\xff\xd8\xff\xe1 no picture")];
    let refused = desk.send(&to, &head, &head.1, &broken).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    assert_eq!(desk.blobs(), 0);
    let rows: i64 = desk
        .node
        .site
        .store
        .read(|c| Ok::<_, LogError>(c.query_row("SELECT count(*) FROM file", [], |r| r.get(0))?))
        .unwrap();
    assert_eq!(rows, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_content_goes_only_where_its_file_may_be_held() {
    let desk = desk();
    let head = desk.sign_in(Role::Head);
    let visit = desk.one("SELECT id FROM visit ORDER BY id LIMIT 1");
    desk.send(&format!("/visits/{visit}/files"), &head, &head.1, &[("a.txt", b"words")]).await;
    let hash = Hash::of(b"words");
    let programme = desk.node.site.programme;
    let lies = |passes: &dyn Fn(&Scope) -> bool| {
        desk.node.site.store.read(|c| register::lies_in(c, programme, &hash, passes)).unwrap()
    };
    assert!(lies(&|scope| *scope == Scope::School(desk.home)));
    assert!(!lies(&|scope| *scope != Scope::School(desk.home)));
    assert_eq!(desk.node.site.store.read(|c| Ok::<_, LogError>(register::wanted(c)?)).unwrap(), [(hash, 5)]);
}
