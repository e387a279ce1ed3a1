//! A school's node at which people of every role sit down and send forms.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response};
use base::{Env, Subject};
use log::LogError;
use records::Role;
use tower::ServiceExt;
use zampa::files::Files;
use zampa::node::Node;

use crate::counted::copy;

const BOUNDARY: &str = "between";

pub struct Desk {
    _dir: tempfile::TempDir,
    pub node: Node,
    pub router: Router,
    pub home: Subject,
    pub files: Files,
}

/// A school's node.
pub fn desk() -> Desk {
    desk_at(1)
}

/// A node by its number: the hub is 0.
pub fn desk_at(n: usize) -> Desk {
    let (dir, files) = copy(n);
    let home = files.settings().unwrap().school.unwrap_or_default();
    let node = Node::open(&files, &Env::system()).unwrap();
    let router = web::serve(node.site.clone(), node.routes.clone());
    Desk { _dir: dir, node, router, home, files }
}

impl Desk {
    /// The same node after its power failed.
    pub fn again(self) -> Self {
        let Self { _dir: dir, node, router, home, files } = self;
        // Only one opens a directory at a time.
        drop((node, router));
        let node = Node::open(&files, &Env::system()).unwrap();
        let router = web::serve(node.site.clone(), node.routes.clone());
        Self { _dir: dir, node, router, home, files }
    }

    pub fn one(&self, sql: &str) -> Subject {
        let bytes: Vec<u8> =
            self.node.site.store.read(|c| Ok::<_, LogError>(c.query_row(sql, [], |r| r.get(0))?)).unwrap();
        Subject::try_from(bytes.as_slice()).unwrap()
    }

    /// The cookie and the token of somebody with a role here.
    pub fn sign_in(&self, role: Role) -> (String, String) {
        let person = self.one(&format!(
            "SELECT person FROM grant_of_role WHERE role = '{}' ORDER BY organisation IS NOT NULL DESC LIMIT 1",
            role.code()
        ));
        let local = &self.node.site.local;
        let token = local.start_session(person).unwrap();
        let csrf = local.session(&token).unwrap().unwrap().1;
        (format!("{}={token}", self.node.site.session_cookie(false)), csrf)
    }

    pub async fn send(&self, to: &str, who: &(String, String), csrf: &str, files: &[(&str, &[u8])]) -> Response<Body> {
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

    pub async fn get(&self, path: &str, who: &(String, String), range: Option<&str>) -> (Response<()>, Vec<u8>) {
        let mut request = Request::get(path).header("host", "here").header("cookie", &who.0);
        if let Some(range) = range {
            request = request.header("range", range);
        }
        let (head, body) =
            self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().into_parts();
        (Response::from_parts(head, ()), to_bytes(body, 64 << 20).await.unwrap().to_vec())
    }

    pub fn blobs(&self) -> u64 {
        self.node.site.blobs.stats().unwrap().count
    }

    pub async fn sweep(&self) {
        let named = self.node.site.store.read(|c| register::named(c, &self.node.site.kinds)).unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        self.node.site.blobs.sweep(&named, 10, &Env::system()).unwrap();
    }

    pub async fn post(&self, path: &str, who: &(String, String), form: &str) -> Response<Body> {
        let request = Request::post(path)
            .header("host", "here")
            .header("sec-fetch-site", "same-origin")
            .header("cookie", &who.0)
            .header("content-type", "application/x-www-form-urlencoded");
        let body = Body::from(format!("_csrf={}&{form}", who.1));
        self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap()
    }
}
