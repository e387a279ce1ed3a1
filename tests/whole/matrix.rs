//! Every route, as every role, of this school and of another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use base::{Env, Subject};
use records::{Reader, RecordError, Role};
use tower::ServiceExt;
use web::{Check, Method, Route, Site};
use zampa::node::Node;

use crate::counted::copy;

struct Stand {
    _dir: tempfile::TempDir,
    site: Arc<Site>,
    routes: Vec<Route>,
    router: Router,
}

fn stand(n: usize) -> Stand {
    let (dir, files) = copy(n);
    let node = Node::open(&files, &Env::system()).unwrap();
    let router = web::serve(Arc::clone(&node.site), node.routes.clone());
    Stand { _dir: dir, site: node.site, routes: node.routes, router }
}

struct Person {
    label: String,
    reader: Reader,
    cookie: String,
    csrf: String,
}

impl Stand {
    fn one(&self, sql: &str, school: Option<Subject>) -> Option<Subject> {
        self.site
            .store
            .read(|c| {
                let mut stmt = c.prepare(sql)?;
                let found: Option<Vec<u8>> = match school {
                    Some(s) => stmt.query_row([s.as_bytes()], |r| r.get(0)).ok(),
                    None => stmt.query_row([], |r| r.get(0)).ok(),
                };
                Ok::<_, RecordError>(found.and_then(|b| Subject::try_from(b.as_slice()).ok()))
            })
            .unwrap()
    }

    /// Somebody with the role, at the school if one is given.
    fn person(&self, role: Role, school: Option<Subject>) -> Option<Person> {
        let code = role.code();
        let at = match school {
            Some(_) => "AND organisation IN (SELECT id FROM organisation WHERE id = ?1 OR parent = ?1)",
            None => "",
        };
        let sql = format!("SELECT person FROM grant_of_role WHERE role = '{code}' {at} ORDER BY id LIMIT 1");
        let person = self.one(&sql, school)?;
        let today = self.site.today();
        let reader = self.site.store.read(|c| (self.site.reader_of)(c, person, today)).unwrap();
        let token = self.site.local.start_session(person).unwrap();
        let csrf = self.site.local.session(&token).unwrap().unwrap().1;
        let cookie = format!("{}={token}", self.site.session_cookie(false));
        Some(Person {
            label: format!("{code}{}", if school.is_some() { " of a school" } else { "" }),
            reader,
            cookie,
            csrf,
        })
    }

    async fn ask(&self, method: Method, path: &str, person: Option<&Person>) -> (StatusCode, String) {
        let mut request = Request::builder().uri(path).header("host", "here").header("sec-fetch-site", "same-origin");
        let mut body = Body::empty();
        if let Some(p) = person {
            request = request.header("cookie", &p.cookie);
        }
        if method == Method::Post {
            request = request.method("POST").header("content-type", "application/x-www-form-urlencoded");
            body = Body::from(person.map(|p| format!("_csrf={}", p.csrf)).unwrap_or_default());
        }
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 64 << 20).await.unwrap();
        (status, String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A record of the kind at a route, with the given home or of the programme.
    fn record(&self, path: &str, home: Option<Subject>) -> Option<Subject> {
        let route = path.split('/').nth(1)?;
        let kind = self.site.kinds.at_route(route)?;
        match home {
            Some(home) => {
                self.one(&format!("SELECT id FROM {} WHERE home = ?1 ORDER BY id LIMIT 1", kind.name), Some(home))
            }
            None => self.one(&format!("SELECT id FROM {} ORDER BY home IS NOT NULL, id LIMIT 1", kind.name), None),
        }
    }
}

fn fill(path: &str, id: Option<Subject>, kind_move: Option<&str>) -> String {
    let id = id.unwrap_or_default();
    path.replace("{id}", &id.to_string())
        .replace("{move}", kind_move.unwrap_or("none"))
        .replace("{node}", &base::NodeId::default().to_string())
        .replace("{seq}", "1")
        .replace("{code}", "visits")
        .replace("{lang}", "en")
        .replace("{theme}", "dark")
        .replace("{secret}", "none")
        .replace("{recipe}", "none")
        .replace("{name}", "none")
}

fn first_move(stand: &Stand, path: &str) -> Option<&'static str> {
    let kind = stand.site.kinds.at_route(path.split('/').nth(1)?)?;
    kind.moves.first().map(|m| m.name)
}

fn everyone(stand: &Stand, schools: &[Subject]) -> Vec<Person> {
    let mut people = Vec::new();
    for role in Role::ALL {
        let at_school = matches!(role, Role::Head | Role::Posted | Role::Local | Role::Device | Role::Pupil);
        if at_school {
            people.extend(schools.iter().filter_map(|s| stand.person(role, Some(*s))));
        } else {
            people.extend(stand.person(role, None));
        }
    }
    people
}

fn boxes() -> (Subject, Subject) {
    let school = |n: usize| copy(n).1.settings().unwrap().school.unwrap();
    (school(1), school(2))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_asks_who_one_is() {
    let (one, two) = boxes();
    for (n, schools) in [(0, vec![one, two]), (1, vec![one])] {
        let stand = stand(n);
        let people = everyone(&stand, &schools);
        let roles: BTreeSet<Role> = people.iter().flat_map(|p| p.reader.grants.iter().map(|g| g.role)).collect();
        if n == 0 {
            assert_eq!(roles.len(), Role::ALL.len(), "the demonstration has somebody of each role");
        }
        for route in &stand.routes {
            let id = stand.record(&route.path, None);
            let path = fill(&route.path, id, first_move(&stand, &route.path));
            let open = matches!(route.check, Check::Public | Check::Demonstration);
            let (status, _) = stand.ask(route.method, &path, None).await;
            let refused = status == StatusCode::UNAUTHORIZED;
            if route.machine.is_some() && !route.path.starts_with("/pocket/state/") {
                // Programs bring a key of their own; without one they get nothing.
                assert!(status.is_client_error(), "nobody at {route:?}: {status}");
                continue;
            }
            assert_eq!(refused, !open, "nobody at {route:?}: {status}");
            assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "{route:?}");
            for person in &people {
                if path == "/sign-out" {
                    continue;
                }
                let (status, _) = stand.ask(route.method, &path, Some(person)).await;
                assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "{} at {route:?}", person.label);
                assert_ne!(status, StatusCode::UNAUTHORIZED, "{} at {route:?}", person.label);
                if !route.check.allows(&stand.site, Some(&person.reader)) {
                    assert_eq!(status, StatusCode::FORBIDDEN, "{} at {route:?}", person.label);
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_school_s_records_are_not_there() {
    let (one, two) = boxes();
    let stand = stand(0);
    let foreign: Vec<String> = stand
        .site
        .store
        .read(|c| {
            let mut out = Vec::new();
            for kind in stand.site.kinds.all().filter(|k| !k.hidden) {
                let sql = format!("SELECT id FROM {} WHERE home IS NOT NULL AND home <> ?1", kind.name);
                let mut stmt = c.prepare(&sql)?;
                let ids = stmt.query_map([one.as_bytes()], |r| r.get::<_, Vec<u8>>(0))?;
                for id in ids {
                    out.push(Subject::try_from(id?.as_slice()).unwrap().to_string());
                }
            }
            Ok::<_, RecordError>(out)
        })
        .unwrap();
    assert!(foreign.len() > 5000);
    let foreign: BTreeSet<&str> = foreign.iter().map(String::as_str).collect();
    let mut tried = BTreeMap::new();
    for role in [Role::Head, Role::Posted, Role::Local, Role::Device, Role::Pupil, Role::Coordinator] {
        let person = stand.person(role, (role != Role::Coordinator).then_some(one)).unwrap();
        for route in stand.routes.iter().filter(|r| !matches!(r.check, Check::Public | Check::Demonstration)) {
            if route.path == "/sign-out" {
                continue;
            }
            // Of its own school, or of the programme: no page names a record of another school.
            let own = stand.record(&route.path, Some(one)).or(stand.record(&route.path, None));
            let path = fill(&route.path, own, first_move(&stand, &route.path));
            if route.method == Method::Get {
                let (_, body) = stand.ask(route.method, &path, Some(&person)).await;
                for word in body.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| w.len() == 26) {
                    assert!(!foreign.contains(word), "{} sees {word} at {path}", person.label);
                }
            }
            // The address of another school's record: not there, whatever is asked of it.
            let Some(theirs) = stand.record(&route.path, Some(two)).filter(|_| route.path.contains("{id}")) else {
                continue;
            };
            let path = fill(&route.path, Some(theirs), first_move(&stand, &route.path));
            let (status, _) = stand.ask(route.method, &path, Some(&person)).await;
            let hidden = [
                StatusCode::NOT_FOUND,
                StatusCode::FORBIDDEN,
                StatusCode::BAD_REQUEST,
                StatusCode::UNPROCESSABLE_ENTITY,
            ];
            assert!(hidden.contains(&status), "{} at {path}: {status}", person.label);
            *tried.entry(role).or_insert(0) += 1;
        }
    }
    assert!(tried.values().all(|n| *n > 50), "{tried:?}");
    // And nothing was done by any of it.
    let again = stand.site.store.read(|c| Ok::<_, RecordError>(log::stats(c)?.entries)).unwrap();
    let (_dir, files) = copy(0);
    let fresh = zampa::node::open_store(&files, &files.settings().unwrap(), &Env::system()).unwrap();
    assert_eq!(again, fresh.read(|c| Ok::<_, RecordError>(log::stats(c)?.entries)).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_from_elsewhere_is_refused() {
    let (one, _) = boxes();
    let stand = stand(1);
    let person = stand.person(Role::Head, Some(one)).unwrap();
    for (site, csrf) in [("cross-site", person.csrf.as_str()), ("same-origin", "wrong"), ("same-origin", "")] {
        let request = Request::builder()
            .method("POST")
            .uri("/visits/new")
            .header("host", "here")
            .header("sec-fetch-site", site)
            .header("cookie", &person.cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(format!("_csrf={csrf}")))
            .unwrap();
        let response = stand.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{site} {csrf}");
    }
}

#[test]
fn routes_open_to_everybody_are_known() {
    let stand = stand(0);
    let open: Vec<String> = stand
        .routes
        .iter()
        .filter(|r| matches!(r.check, Check::Public))
        .map(|r| format!("{:?} {}", r.method, r.path))
        .collect();
    // This list may only shrink, or grow with a reason in its commit.
    let known = [
        "Get /language/{lang}",
        "Get /theme/{theme}",
        "Get /sign",
        // What was promised and what arrived is a public account; publicly its rows have codes and no names.
        "Get /promises",
        "Get /promises/{id}",
        "Get /csv/promises",
        "Get /sign-in",
        "Post /sign-in",
        "Get /set-up/{secret}",
        "Post /set-up/{secret}",
        // On the stage there are no sessions: the address is sealed by the page that showed it.
        "Get /s/{token}/{*path}",
        "Get /p/{token}",
        "Get /z/{token}/{*path}",
        // A class answers without accounts: the code that the room's screen shows lets it in, while its teacher asks.
        "Get /q",
        "Get /q/{code}",
        "Post /q/{code}",
        "Get /q/{code}/picture",
        // Pupils have no account: the code is shown by the adult of their room, and leads to nothing but the open class.
        "Get /c",
        "Get /c/{pupils}",
        "Get /c/{pupils}/shown/{page}",
        "Get /c/{pupils}/talk",
        // What asks here brings a key of the class, or the secret of its own session: see `whip.rs`.
        "Get /classes/{id}/whip",
        "Get /classes/{id}/whip/{key}",
        "Get /classes/{id}/whip/session/{session}",
        "Get /classes/{id}/whep",
        "Get /classes/{id}/whep/{key}",
        "Get /classes/{id}/whep/session/{session}",
        // The pocket itself holds nobody's data. What it asks of a node it asks with a secret of its own; that it is lost, a
        // locked phone must be told without.
        "Get /pocket",
        "Get /pocket-worker.js",
        "Get /pocket/app.webmanifest",
        "Get /pocket/state/{id}",
        "Get /pocket/pack",
        "Get /pocket/hand",
        "Get /pocket/picture/{visit}/{made}/{chance}",
        "Get /figures",
        "Get /figures/{code}",
        "Get /csv/figures/{code}",
        // What reached each school, likewise.
        "Get /reach",
        "Get /reach/{school}",
        "Get /csv/reach",
        // The same numbers in other systems' forms.
        "Get /reports",
        "Get /reports/iati.xml",
        "Get /reports/hxl-figures.csv",
        "Get /reports/hxl-activities.csv",
        "Get /reports/dhis2.json",
        "Get /reports/dhis2-metadata.json",
        // A device that trusts no node yet is told how to.
        "Get /trust",
        "Get /trust/zampa.crt",
        "Get /node",
        "Get /welcome",
    ];
    assert_eq!(open, known);
}
