//! What is carried on a stick: by the command line between two nodes that never meet, and by their pages.

use std::path::Path;
use std::process::{Command, Output};

use axum::body::to_bytes;
use axum::http::StatusCode;
use base::{Env, Scope, Subject};
use log::{Context, Draft, LogError, Store, Vector};
use records::{Change, Role, append};
use zampa::files::Files;
use zampa::house;
use zampa::node::{Node, members, open_store};

use crate::command_line::binary;
use crate::counted::copy;
use crate::desk::{Desk, desk_at};

fn carry(args: &[&str]) -> Output {
    Command::new(binary()).arg("carry").args(args).output().unwrap()
}

fn well(args: &[&str]) -> String {
    let out = carry(args);
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

fn open(files: &Files) -> Store {
    open_store(files, &files.settings().unwrap(), &Env::system()).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn visits(store: &Store) -> i64 {
    let rule = figures::rule("visits_held").unwrap();
    let today = "2026-11-23".parse().unwrap();
    store.read(|c| figures::count(c, rule, &figures::Scope::default(), today)).unwrap().value
}

fn hold_a_visit(store: &Store, home: Subject) {
    let kinds = house::kinds();
    let scope = Scope::School(home);
    store
        .write(Context::NODE, |tx| {
            let host: Vec<u8> = tx.conn().query_row("SELECT host FROM visit LIMIT 1", [], |r| r.get(0))?;
            let change = Change::new()
                .with_text("purpose", "held while the link was gone")
                .with_link("host", Subject::try_from(host.as_slice()).unwrap())
                .with_link("from_school", home)
                .with_text("held_on", "2026-11-20")
                .with_text("state", "held");
            append(tx, kinds.get("visit").unwrap(), scope, tx.subject(&scope), change, None)
        })
        .unwrap();
}

/// How far a store has what a node may hold.
fn has(store: &Store, files: &Files, node: base::NodeId) -> Vector {
    let members = members(&files.settings().unwrap());
    store.read(|c| log::vector(c, &|scope| members.holds(c, node, scope))).unwrap()
}

#[test]
fn two_nodes_that_never_meet_become_equal_by_the_stick() {
    let ((_a, hub), (_b, school)) = (copy(0), copy(1));
    let stick = tempfile::tempdir().unwrap();
    let home = school.settings().unwrap().school.unwrap();
    let (node, before) = {
        let (at_hub, at_school) = (open(&hub), open(&school));
        hold_a_visit(&at_school, home);
        // What only the school may hold.
        let scope = Scope::Private(home);
        let draft = |subject| Draft { scope, subject, kind: "pupil".into(), payload: vec![0xa0], base: None };
        at_school.write(Context::NODE, |tx| tx.append(&draft(tx.subject(&scope)))).unwrap();
        (at_school.key().id(), visits(&at_hub))
    };
    let said = well(&["out", "--data", text(&school.0), text(stick.path())]);
    assert!(said.contains(".zcarry: ") && said.contains(" bytes for "), "{said}");
    let bundle = std::fs::read_dir(stick.path()).unwrap().next().unwrap().unwrap().path();
    let said = well(&["in", "--data", text(&hub.0), text(&bundle)]);
    assert!(said.contains("1 facts are new"), "{said}");
    assert!(said.contains(" were here already"), "{said}");
    {
        let at_hub = open(&hub);
        assert_eq!(visits(&at_hub), before + 1);
        assert!(at_hub.read(|c| log::vector(c, &|_| true)).unwrap().keys().all(|(s, _)| *s != Scope::Private(home)));
        let kinds = house::kinds();
        let cohort = kinds.get("cohort").unwrap();
        let scope = Scope::Programme(hub.settings().unwrap().programme);
        let change = Change::new().with_text("title", "new at the hub");
        at_hub.write(Context::NODE, |tx| append(tx, cohort, scope, tx.subject(&scope), change, None)).unwrap();
    }
    // The answer holds what is new, since the bundle said what the school has.
    let answer = stick.path().join("answer");
    let name = open(&hub)
        .read(|c| {
            Ok::<_, LogError>(
                c.query_row("SELECT title FROM node WHERE node_id = ?1", [node.as_bytes()], |r| r.get::<_, String>(0))?,
            )
        })
        .unwrap();
    let said = well(&["out", "--data", text(&hub.0), "--to", &name, "--blobs", "1MB", text(&answer)]);
    assert!(said.contains("\n1 facts, 0 files"), "{said}");
    assert!(std::fs::metadata(&answer).unwrap().len() < 10_000);
    assert!(!stick.path().join("answer.part").exists());
    let said = well(&["in", "--data", text(&school.0), text(&answer)]);
    assert!(said.contains("1 facts are new, 0 were here already"), "{said}");
    assert_eq!(has(&open(&hub), &hub, node), has(&open(&school), &school, node));
    // Twice the same changes nothing.
    let said = well(&["in", "--data", text(&school.0), text(&answer)]);
    assert!(said.contains("0 facts are new, 1 were here already"), "{said}");
}

#[test]
fn a_bundle_is_refused_in_words_and_changes_nothing() {
    let ((_a, hub), (_b, one), (_c, two)) = (copy(0), copy(1), copy(2));
    let stick = tempfile::tempdir().unwrap();
    let place = |name: &str| text(&stick.path().join(name)).to_owned();
    let refused = |args: &[&str], why: &str| {
        let out = carry(args);
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains(why), "{args:?}: {said}");
    };
    let to_two = open(&two).key().id().to_string();
    well(&["out", "--data", text(&hub.0), "--to", &to_two, &place("two")]);
    refused(&["in", "--data", text(&one.0), &place("two")], &format!("the bundle is for node {to_two}"));
    refused(&["in", "--data", text(&one.0), text(&one.database())], "no bundle");
    refused(&["out", "--data", text(&hub.0), &place("x")], "for which node");
    refused(&["out", "--data", text(&hub.0), "--to", "nobody", &place("x")], "no node here is `nobody`");
    assert!(!stick.path().join("x").exists());

    // Cut off, it gives what is whole, and says so.
    let whole = std::fs::read(place("two")).unwrap();
    std::fs::write(place("cut"), &whole[..whole.len() - 30]).unwrap();
    let out = carry(&["in", "--data", text(&two.0), &place("cut")]);
    assert_eq!(out.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&out.stdout).contains("cut off"));

    // A node that runs has read what another process would change behind it.
    well(&["out", "--data", text(&one.0), &place("one")]);
    let running = Node::open(&hub, &Env::system()).unwrap();
    refused(&["in", "--data", text(&hub.0), &place("one")], "is running");
    let members = members(&hub.settings().unwrap());
    let stolen = open(&one).key().id();
    running
        .site
        .store
        .write(Context::NODE, |tx| nodes::revoke(tx, &house::kinds(), members.programme, stolen, "stolen"))
        .unwrap();
    drop(running);
    refused(&["in", "--data", text(&hub.0), &place("one")], "revoked");
    refused(&["out", "--data", text(&hub.0), "--to", &stolen.to_string(), &place("x")], "no node here");
}

async fn page(desk: &Desk, path: &str, who: &(String, String)) -> String {
    let (answer, body) = desk.get(path, who, None).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    String::from_utf8_lossy(&body).into_owned()
}

/// Sends a bundle to a node's page, and reads what the page says came.
async fn bring(desk: &Desk, who: &(String, String), bundle: &[u8]) -> String {
    let before = desk.blobs();
    let sent = desk.send("/nodes/carry", who, &who.1, &[("b.zcarry", bundle)]).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    for _ in 0..600 {
        let said = page(desk, "/nodes/carry", who).await;
        if !said.contains("every 1s") {
            assert_eq!(desk.blobs(), before, "nothing is left of what was sent");
            return said;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the bundle was not taken in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_is_carried_by_the_pages_and_the_figure_goes_up_by_one() {
    let (hub, school) = (desk_at(0), desk_at(1));
    let (head, officer) = (school.sign_in(Role::Head), hub.sign_in(Role::Officer));
    hold_a_visit(&school.node.site.store, school.home);
    let before = visits(&hub.node.site.store);
    let to = hub.node.site.hub;
    assert!(page(&school, "/node", &head).await.contains("/nodes/carry"));
    assert!(page(&school, "/nodes/carry", &head).await.contains(&format!("/nodes/carry/{to}")));
    let (answer, bundle) = school.get(&format!("/nodes/carry/{to}"), &head, None).await;
    assert!(answer.headers()["content-disposition"].to_str().unwrap().contains(".zcarry"));
    let said = bring(&hub, &officer, &bundle).await;
    assert!(said.contains("notice ok"), "{said}");
    assert_eq!(visits(&hub.node.site.store), before + 1);
    // What was told of the school is known: nothing goes back but what is new.
    let node = school.node.site.store.key().id();
    let shown = page(&hub, &format!("/nodes/carry?to={node}"), &officer).await;
    assert!(shown.contains("<dd>0</dd>"), "{shown}");

    // What cannot be believed is said, and changes nothing.
    let entries = hub.node.site.store.read(log::stats).unwrap().entries;
    for bad in [b"no bundle".as_slice(), &bundle[..200], &[&bundle[..100], b"x", &bundle[101..]].concat()] {
        assert!(bring(&hub, &officer, bad).await.contains("notice bad"));
    }
    assert!(bring(&school, &head, &bundle).await.contains("notice bad"), "it is for the hub");
    assert!(bring(&hub, &officer, &bundle[..bundle.len() - 20]).await.contains("notice wait"));
    assert_eq!(hub.node.site.store.read(log::stats).unwrap().entries, entries);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_may_carries() {
    let (hub, school) = (desk_at(0), desk_at(1));
    let at = format!("/nodes/carry/{}", hub.node.site.hub);
    for role in [Role::Posted, Role::Local, Role::Pupil] {
        let who = school.sign_in(role);
        assert_eq!(school.get(&at, &who, None).await.0.status(), StatusCode::FORBIDDEN);
        let sent = school.send("/nodes/carry", &who, &who.1, &[("b", b"bytes")]).await;
        assert_eq!(sent.status(), StatusCode::FORBIDDEN);
        assert!(!page(&school, "/node", &who).await.contains("/nodes/carry"));
    }
    // The head of a school carries from its box, and not what the hub has for others.
    let head = hub.sign_in(Role::Head);
    assert_eq!(hub.get("/nodes/carry", &head, None).await.0.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        hub.get(&format!("/nodes/carry/{}", school.node.site.store.key().id()), &head, None).await.0.status(),
        StatusCode::FORBIDDEN
    );
    let officer = hub.sign_in(Role::Officer);
    assert_eq!(hub.get("/nodes/carry?to=nobody", &officer, None).await.0.status(), StatusCode::NOT_FOUND);
    assert_eq!(school.blobs(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_bundle_comes_in_pieces() {
    let (hub, school) = (desk_at(0), desk_at(1));
    let (head, officer) = (school.sign_in(Role::Head), hub.sign_in(Role::Officer));
    let (_, bundle) = school.get(&format!("/nodes/carry/{}", hub.node.site.hub), &head, None).await;
    let mut form = String::new();
    for piece in bundle.chunks(bundle.len() / 3 + 1) {
        let piece = [b"z", piece].concat();
        let answer = hub.send("/nodes/carry/pieces", &officer, &officer.1, &[("piece", &piece)]).await;
        let receipt = to_bytes(answer.into_body(), 1000).await.unwrap();
        form.push_str(&format!("piece={}&", String::from_utf8_lossy(&receipt)));
    }
    let answer = hub.post("/nodes/carry/pieces/join", &officer, &form).await;
    let hash = String::from_utf8_lossy(&to_bytes(answer.into_body(), 1000).await.unwrap()).into_owned();
    // Nobody else takes in what this person has put together.
    let other = hub.sign_in(Role::Administrator);
    assert_eq!(hub.post("/nodes/carry", &other, &format!("held={hash}")).await.status(), StatusCode::CONFLICT);
    let taken = hub.post("/nodes/carry", &officer, &format!("held={hash}")).await;
    assert_eq!(taken.status(), StatusCode::SEE_OTHER);
    assert!(page(&hub, "/nodes/carry", &officer).await.contains("id=\"came\""));
}
