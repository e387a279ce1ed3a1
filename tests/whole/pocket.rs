//! What a phone hands over: once however often and wherever it comes, refused where it must be, and never lost.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use base::Subject;
use log::LogError;
use records::Role;
use serde_json::{Value as Json, json};
use tower::ServiceExt;

use crate::desk::{Desk, desk, desk_at};
use crate::two_nodes::give;

const VISITS: &str = "SELECT count(*) FROM visit WHERE state = 'held'";
const SIGNED: &str = "SELECT count(*) FROM participation";
const COUNTED: &str = "SELECT count(*) FROM headcount";

fn number(desk: &Desk, sql: &str) -> i64 {
    desk.node.site.store.read(|c| Ok::<_, LogError>(c.query_row(sql, [], |r| r.get(0))?)).unwrap()
}

/// Asks as a phone does.
pub async fn ask(desk: &Desk, path: &str, bearer: &str, body: impl Into<Body>) -> (StatusCode, Json) {
    let request = Request::post(path).header("host", "here").header("authorization", format!("Bearer {bearer}"));
    let answer = desk.router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
    let (head, body) = answer.into_parts();
    let body = to_bytes(body, 8 << 20).await.unwrap();
    (head.status, serde_json::from_slice(&body).unwrap_or(Json::Null))
}

async fn hand(desk: &Desk, bearer: &str, items: &[&Json]) -> Json {
    let (status, said) = ask(desk, "/pocket/hand", bearer, json!({ "lang": "en", "items": items }).to_string()).await;
    assert_eq!(status, 200, "{said}");
    said["done"].clone()
}

/// Prepares a phone of somebody posted here.
pub async fn prepare(desk: &Desk) -> String {
    let who = desk.sign_in(Role::Posted);
    let made = desk.post("/pocket/new", &who, "device=Phone").await;
    assert_eq!(made.status(), 200);
    let made: Json = serde_json::from_slice(&to_bytes(made.into_body(), 1 << 20).await.unwrap()).unwrap();
    format!("{}.{}", made["id"].as_str().unwrap(), made["secret"].as_str().unwrap())
}

pub async fn pack(desk: &Desk, bearer: &str) -> Json {
    let (status, pack) = ask(desk, "/pocket/pack", bearer, Body::empty()).await;
    assert_eq!(status, 200);
    pack
}

/// A visit that nobody planned, with three who signed in and ten who were counted.
fn visit(pack: &Json, host: usize, chance: u32) -> Json {
    let people: Vec<&Json> =
        pack["hosts"][host]["people"].as_array().unwrap().iter().map(|p| &p["id"]).take(3).collect();
    json!({
        "id": format!("v{chance}"), "made": 1_790_000_000_000_u64, "chance": chance, "purpose": "在村里", "kind": "workshop",
        "host": pack["hosts"][host]["id"], "from": pack["schools"][0]["id"], "starts": "2026-11-20", "ends": "2026-11-20",
        "visitors": [pack["person"]["id"]], "lessons": 2, "advice": "先猜后看", "follow_up": "",
        "days": [{ "day": "2026-11-20", "people": people, "codes": [],
                   "counts": [{ "category": "local_teachers", "number": 10, "basis": "counted" }] }],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_twice_or_to_two_nodes_is_made_once() {
    let (school, hub) = (desk(), desk_at(0));
    let settings = school.files.settings().unwrap();
    let members = zampa::node::members(&settings);
    let bearer = prepare(&school).await;
    give(&school.node.site.store, &hub.node.site.store, &members);
    let pack = pack(&school, &bearer).await;
    let item = visit(&pack, 0, 7);
    let before = [VISITS, SIGNED, COUNTED].map(|sql| (number(&school, sql), number(&hub, sql)));
    let conflicts = number(&hub, "SELECT count(*) FROM conflict");
    let first = hand(&school, &bearer, &[&item]).await;
    assert_eq!(hand(&school, &bearer, &[&item]).await, first, "the same answer, nothing more");
    // The answer of the school was lost, and the hub is met before the two have spoken.
    let there = hand(&hub, &bearer, &[&item]).await;
    assert_eq!(there[0]["visit"], first[0]["visit"]);
    give(&school.node.site.store, &hub.node.site.store, &members);
    give(&hub.node.site.store, &school.node.site.store, &members);
    for (sql, (at_school, at_hub), more) in [(VISITS, before[0], 1), (SIGNED, before[1], 3), (COUNTED, before[2], 1)] {
        assert_eq!(number(&school, sql) - at_school, more, "{sql}");
        assert_eq!(number(&hub, sql) - at_hub, more, "{sql}");
    }
    assert_eq!(number(&hub, "SELECT count(*) FROM conflict"), conflicts);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_elsewhere_that_day_is_said_and_the_rest_is_taken() {
    let school = desk();
    let bearer = prepare(&school).await;
    let pack = pack(&school, &bearer).await;
    let (one, mut other) = (visit(&pack, 0, 1), visit(&pack, 1, 2));
    other["days"][0]["people"] = json!([one["days"][0]["people"][0]]);
    other["days"][0]["codes"] = json!(["00000000"]);
    let done = hand(&school, &bearer, &[&one, &other]).await;
    assert_eq!(done[0]["left"], json!([]));
    let said = |n: usize| done[1]["left"][n]["said"].as_str().unwrap().to_owned();
    assert_eq!(said(0), "Signed in with another host on the same day.");
    assert_eq!(said(1), "Nobody by this name or code is known here.");
    // After a lost answer it is said again.
    assert_eq!(hand(&school, &bearer, &[&other]).await[0]["left"], done[1]["left"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_in_words_and_leaves_nothing() {
    let school = desk();
    let bearer = prepare(&school).await;
    let pack = pack(&school, &bearer).await;
    let before = [VISITS, SIGNED, COUNTED].map(|sql| number(&school, sql));
    let with = |field: &str, value: Json| {
        let mut item = visit(&pack, 0, 3);
        item[field] = value;
        item
    };
    let crowd: Vec<Json> = (0..401_u32).map(|_| pack["person"]["id"].clone()).collect();
    for (item, why) in [
        (with("ends", json!("2026-11-19")), "The end lies before the beginning."),
        (
            with("days", json!([{ "day": "2026-11-20", "people": crowd }])),
            "The list is too long. Up to 400 people sign in on one day; count heads beyond that.",
        ),
        (with("host", Json::Null), "Host: "),
        (with("kind", json!("a party")), "This could not be read."),
        (
            with(
                "days",
                json!([{ "day": "2026-11-20", "counts": [{ "category": "local_teachers", "number": -1, "basis": "counted" }] }]),
            ),
            "This number is out of range.",
        ),
    ] {
        let done = hand(&school, &bearer, &[&item]).await;
        let said = done[0]["said"].as_str().unwrap_or_default();
        assert!(said.contains(why), "{said}");
    }
    assert_eq!([VISITS, SIGNED, COUNTED].map(|sql| number(&school, sql)), before);
    let (status, _) = ask(&school, "/pocket/hand", &bearer, "no JSON").await;
    assert_eq!(status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_visit_that_two_recorded_keeps_both() {
    let (school, hub) = (desk(), desk_at(0));
    let settings = school.files.settings().unwrap();
    let members = zampa::node::members(&settings);
    let bearer = prepare(&school).await;
    give(&school.node.site.store, &hub.node.site.store, &members);
    let pack = pack(&school, &bearer).await;
    let planned = &pack["visits"][0];
    let mut item = visit(&pack, 0, 4);
    for field in ["host", "from", "base"] {
        item[field] = planned[field].clone();
    }
    item["visit"] = planned["id"].clone();
    item["days"] = json!([]);
    let mut other = item.clone();
    other["advice"] = json!("另一条建议");
    other["chance"] = json!(5);
    assert!(hand(&school, &bearer, &[&item]).await[0]["visit"].is_string());
    assert!(hand(&school, &bearer, &[&other]).await[0]["visit"].is_string());
    let id: Subject = planned["id"].as_str().unwrap().parse().unwrap();
    let hex: String = id.as_bytes().iter().map(|b| format!("{b:02X}")).collect();
    let conflicts = format!("SELECT count(*) FROM conflict WHERE id = x'{hex}'");
    assert_eq!(number(&school, &conflicts), 1, "shown to a person");
    assert_eq!(number(&school, &format!("SELECT state = 'held' FROM visit WHERE id = x'{hex}'")), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_phone_in_use_gets_anything() {
    let school = desk();
    let bearer = prepare(&school).await;
    let (id, secret) = bearer.split_once('.').unwrap();
    let wrong = format!("{id}.{}", "0".repeat(secret.len()));
    for bearer in ["", "x", &wrong, &format!("{}.{secret}", "0".repeat(26))] {
        for path in ["/pocket/pack", "/pocket/hand", &format!("/pocket/picture/{}/1/1", "0".repeat(26))] {
            assert_eq!(ask(&school, path, bearer, "{}").await.0, 401, "{path}");
        }
    }
    // Somebody else posted here cannot say that it is lost; its person can.
    let (owner, other) = (school.sign_in(Role::Posted), school.sign_in(Role::Local));
    assert_eq!(school.post(&format!("/pockets/{id}/lost"), &other, "").await.status(), 403);
    assert_eq!(ask(&school, &format!("/pocket/state/{id}"), "", "").await.1, json!({ "state": "in_use" }));
    assert_eq!(school.post(&format!("/pockets/{id}/lost"), &owner, "").await.status(), 303);
    assert_eq!(ask(&school, &format!("/pocket/state/{id}"), "", "").await.1, json!({ "state": "lost" }));
    assert_eq!(ask(&school, "/pocket/pack", &bearer, "").await.0, 401);
    let unknown = format!("/pocket/state/{}", "0".repeat(26));
    assert_eq!(ask(&school, &unknown, "", "").await.1, json!({ "state": null }));
    // Whoever does not go on visits prepares none.
    let device = school.sign_in(Role::Device);
    assert_eq!(school.post("/pocket/new", &device, "device=x").await.status(), 403);
}
