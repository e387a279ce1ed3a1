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

pub fn number(desk: &Desk, sql: &str) -> i64 {
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

pub async fn hand(desk: &Desk, bearer: &str, items: &[&Json]) -> Json {
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
pub fn visit(pack: &Json, host: usize, chance: u32) -> Json {
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

/// The figure of a rule over all that a node holds.
pub fn figure(desk: &Desk, rule: &str) -> i64 {
    let rule = figures::rule(rule).unwrap();
    let site = &desk.node.site;
    let scope = figures::Scope::default();
    site.store.read(|c| figures::count(c, rule, &scope, "2026-11-29".parse().unwrap())).unwrap().value
}

/// A visit that was planned, recorded by so many visitors.
pub fn planned(pack: &Json, chance: u32) -> Json {
    let plan = &pack["visits"][0];
    let mut item = visit(pack, 0, chance);
    for (field, of) in [("host", "host"), ("from", "from"), ("base", "base"), ("visit", "id"), ("visitors", "visitors")]
    {
        item[field] = plan[of].clone();
    }
    item
}

/// The same on another day.
pub fn on(mut item: Json, day: &str) -> Json {
    for field in ["starts", "ends"] {
        item[field] = json!(day);
    }
    item["days"][0]["day"] = json!(day);
    item
}

pub fn conflicts(desk: &Desk, code: &str) -> i64 {
    let rules = desk.node.site.kinds.all().flat_map(|k| k.rules);
    let rule = rules.into_iter().find(|r| r.code == code).unwrap();
    number(desk, &format!("SELECT count(*) FROM ({})", rule.for_all()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stay_that_two_phones_recorded_counts_once() {
    let school = desk();
    let bearer = prepare(&school).await;
    let pack = pack(&school, &bearer).await;
    let rules = ["visits_held", "person_times", "visit_lessons"];
    for (first, second) in [
        (planned(&pack, 21), planned(&pack, 22)),
        (on(visit(&pack, 1, 23), "2026-11-19"), on(visit(&pack, 1, 24), "2026-11-19")),
    ] {
        let before = rules.map(|rule| figure(&school, rule));
        let rows = [SIGNED, COUNTED, "SELECT count(*) FROM activity"].map(|sql| number(&school, sql));
        let one = hand(&school, &bearer, &[&first]).await;
        let mut second = second;
        second["advice"] = json!("另一条建议");
        let two = hand(&school, &bearer, &[&second]).await;
        assert_eq!(two[0]["visit"], one[0]["visit"], "{two}");
        assert_eq!(two[0]["left"], json!([]));
        let more: Vec<i64> = rules.iter().zip(before).map(|(rule, was)| figure(&school, rule) - was).collect();
        assert_eq!(more, [1, 3, 2], "the ten are not verified");
        let now = [SIGNED, COUNTED, "SELECT count(*) FROM activity"].map(|sql| number(&school, sql));
        assert_eq!([now[0] - rows[0], now[1] - rows[1], now[2] - rows[2]], [3, 1, 1]);
        let id: Subject = one[0]["visit"].as_str().unwrap().parse().unwrap();
        let fields =
            format!("SELECT count(*) FROM conflict WHERE id = {} AND field = 'advice'", crate::pairings::sql(id));
        assert_eq!(number(&school, &fields), 1, "two pieces of advice are shown to a person");
        // However often either comes again.
        let entries = number(&school, "SELECT count(*) FROM entry");
        assert_eq!(hand(&school, &bearer, &[&second]).await, two);
        assert_eq!(hand(&school, &bearer, &[&first]).await[0]["visit"], one[0]["visit"]);
        assert_eq!(number(&school, "SELECT count(*) FROM entry"), entries);
        // Who is on the second phone alone is added; another number is kept beside the first.
        let mut third = second.clone();
        third["chance"] = json!(second["chance"].as_u64().unwrap() + 10);
        let host = usize::from(second["visit"].is_null());
        third["days"][0]["people"] = json!([pack["hosts"][host]["people"][3]["id"]]);
        third["days"][0]["counts"][0]["number"] = json!(12);
        let done = hand(&school, &bearer, &[&third]).await;
        assert_eq!(done[0]["left"], json!([]));
        assert_eq!(number(&school, SIGNED) - rows[0], 4);
        assert_eq!(number(&school, COUNTED) - rows[1], 1);
        assert_eq!(number(&school, "SELECT count(*) FROM conflict WHERE field = 'number'"), 1);
        assert_eq!(figure(&school, "visits_held") - before[0], 1);
        let head = school.sign_in(Role::Head);
        let count = school.one("SELECT id FROM conflict WHERE field = 'number'");
        assert_eq!(school.post(&format!("/headcounts/{count}/move/verify"), &head, "").await.status(), 303);
        // What was verified stands.
        third["chance"] = json!(second["chance"].as_u64().unwrap() + 20);
        third["days"][0]["counts"][0]["number"] = json!(5000);
        let done = hand(&school, &bearer, &[&third]).await;
        assert_eq!(done[0]["left"][0]["who"], json!("local teachers"), "{done}");
        assert_eq!(figure(&school, "person_times") - before[1], 12);
        let settle = "SELECT h.id FROM conflict c JOIN headcount h ON h.id = c.id WHERE c.field = 'number'";
        settled(&school, &head, school.one(settle)).await;
    }
}

/// Somebody keeps one of two versions.
async fn settled(desk: &Desk, who: &(String, String), id: Subject) {
    let (_, body) = desk.get(&format!("/headcounts/{id}"), who, None).await;
    let page = String::from_utf8(body).unwrap();
    let of = |name: &str| {
        let at = page.find(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("{name}"));
        page[at..].split('"').nth(3).unwrap().to_owned()
    };
    let form = format!("field=number&node={}&seq={}", of("node"), of("seq"));
    assert_eq!(desk.post(&format!("/headcounts/{id}/settle"), who, &form).await.status(), 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stay_that_two_phones_handed_to_two_nodes_counts_once() {
    let (school, hub) = (desk(), desk_at(0));
    let settings = school.files.settings().unwrap();
    let members = zampa::node::members(&settings);
    let bearer = prepare(&school).await;
    give(&school.node.site.store, &hub.node.site.store, &members);
    let pack = pack(&school, &bearer).await;
    let before = [VISITS, SIGNED, COUNTED].map(|sql| (number(&school, sql), number(&hub, sql)));
    hand(&school, &bearer, &[&planned(&pack, 31)]).await;
    hand(&hub, &bearer, &[&planned(&pack, 32)]).await;
    // That nobody planned: two visits, which a person is shown.
    hand(&school, &bearer, &[&on(visit(&pack, 1, 33), "2026-11-19")]).await;
    hand(&hub, &bearer, &[&on(visit(&pack, 1, 34), "2026-11-19")]).await;
    assert_eq!(conflicts(&hub, "visit-once"), 0);
    give(&school.node.site.store, &hub.node.site.store, &members);
    give(&hub.node.site.store, &school.node.site.store, &members);
    for (sql, (at_school, at_hub), more) in [(VISITS, before[0], 3), (SIGNED, before[1], 9), (COUNTED, before[2], 3)] {
        assert_eq!(number(&school, sql) - at_school, more, "{sql}");
        assert_eq!(number(&hub, sql) - at_hub, more, "{sql}");
    }
    assert_eq!(conflicts(&hub, "visit-once"), 2, "each beside the other");
    assert_eq!(conflicts(&hub, "participation-same-stay"), 6);
    // Nor is it written at a desk.
    let head = school.sign_in(Role::Head);
    let form = format!(
        "purpose=again&host={}&from_school={}&starts_on=2026-11-19&ends_on=2026-11-19&held_on=2026-11-19&visitors={}&_birth=hold",
        pack["hosts"][1]["id"].as_str().unwrap(),
        pack["schools"][0]["id"].as_str().unwrap(),
        pack["person"]["id"].as_str().unwrap(),
    );
    let visits = number(&school, VISITS);
    assert_ne!(school.post("/visits/new", &head, &form).await.status(), 303);
    assert_eq!(number(&school, VISITS), visits);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_to_go_and_stayed_at_home_did_not_go() {
    let school = desk();
    let bearer = prepare(&school).await;
    let pack = pack(&school, &bearer).await;
    let mut item = planned(&pack, 41);
    let visitors = item["visitors"].as_array().unwrap().clone();
    assert!(visitors.len() > 1);
    let id: Subject = item["visit"].as_str().unwrap().parse().unwrap();
    let went = format!("SELECT count(*) FROM visit_visitors WHERE id = {}", crate::pairings::sql(id));
    // Somebody was put on the list after the phone took it along: of them it says nothing.
    let late = school.one(&format!(
        "SELECT id FROM person WHERE school IS NOT NULL AND id NOT IN (SELECT value FROM visit_visitors WHERE id = {})",
        crate::pairings::sql(id)
    ));
    let site = &school.node.site;
    let visits = site.kinds.get("visit").unwrap();
    let put = records::Change::new().with_added("visitors", records::Value::link(&late));
    site.store
        .write(log::Context::NODE, |tx| {
            let scope = records::record_scope(tx.conn(), site.programme, visits, &id)?;
            records::append(tx, visits, scope, id, put, None)?;
            records::check(tx, visits, &id)
        })
        .unwrap();
    let before = (figure(&school, "visit_person_times"), number(&school, &went));
    assert_eq!(before.1, i64::try_from(visitors.len()).unwrap() + 1);
    item["visitors"] = json!([visitors[0]]);
    let done = hand(&school, &bearer, &[&item]).await;
    assert!(done[0]["visit"].is_string(), "{done}");
    assert_eq!(number(&school, &went), 2, "who went, and who was put on the list later");
    assert_eq!(figure(&school, "visit_person_times") - before.0, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_that_was_called_off_and_took_place_is_kept_and_shown() {
    let school = desk();
    let bearer = prepare(&school).await;
    let pack = pack(&school, &bearer).await;
    let item = planned(&pack, 51);
    let id: Subject = item["visit"].as_str().unwrap().parse().unwrap();
    let head = school.sign_in(Role::Head);
    let off = school.post(&format!("/visits/{id}/move/cancel"), &head, "_why=snow").await;
    assert_eq!(off.status(), 303);
    let done = hand(&school, &bearer, &[&item]).await;
    assert_eq!(done[0]["visit"], item["visit"], "{done}");
    let of = crate::pairings::sql(id);
    assert_eq!(school.ask::<String>(&format!("SELECT state FROM visit WHERE id = {of}")), "held");
    let clash = format!("SELECT count(*) FROM conflict WHERE id = {of} AND field = 'state'");
    assert_eq!(number(&school, &clash), 1, "a person sees that it was called off");
    assert_eq!(hand(&school, &bearer, &[&item]).await, done);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_ends_with_its_person_s_role() {
    let school = desk();
    let bearer = prepare(&school).await;
    let (id, _) = bearer.split_once('.').unwrap();
    let person =
        school.one(&format!("SELECT person FROM pocket WHERE id = {}", crate::pairings::sql(id.parse().unwrap())));
    let at = format!("/pocket/state/{id}");
    let grants: Vec<Subject> = (0..number(
        &school,
        &format!("SELECT count(*) FROM grant_of_role WHERE person = {}", crate::pairings::sql(person)),
    ))
        .map(|n| {
            school.one(&format!(
                "SELECT id FROM grant_of_role WHERE person = {} ORDER BY id LIMIT 1 OFFSET {n}",
                crate::pairings::sql(person)
            ))
        })
        .collect();
    let site = &school.node.site;
    let change = |kind: &str, id: Subject, change: records::Change| {
        let kind = site.kinds.get(kind).unwrap();
        site.store
            .write(log::Context::NODE, |tx| {
                let scope = if kind.name == "person" {
                    records::record_scope(tx.conn(), site.programme, kind, &id)?
                } else {
                    base::Scope::Person(person)
                };
                records::append(tx, kind, scope, id, change, None)?;
                records::check(tx, kind, &id)
            })
            .unwrap();
    };
    // Archived, and back again.
    change("person", person, records::Change::new().with_text("state", "archived"));
    assert_eq!(ask(&school, &at, "", "").await.1, json!({ "state": "ended" }));
    change("person", person, records::Change::new().with_text("state", "active"));
    assert_eq!(ask(&school, &at, "", "").await.1, json!({ "state": "in_use" }));
    // The account is closed, and opened again.
    let account = Subject::new(&base::Scope::Person(person), 1_790_000_000_000, 1);
    let made = records::Change::new().with_link("person", person).with_text("sign_in_name", "theirs");
    change("account", account, made);
    change("account", account, records::Change::new().with_text("state", "closed"));
    assert_eq!(ask(&school, "/pocket/pack", &bearer, "").await.0, 401);
    change("account", account, records::Change::new().with_text("state", "active"));
    assert_eq!(ask(&school, "/pocket/pack", &bearer, "").await.0, 200);
    // The role ends, on a day that nobody knows: nothing is taken.
    for grant in &grants {
        change("grant_of_role", *grant, records::Change::new().with_text("state", "ended"));
    }
    assert_eq!(ask(&school, &at, "", "").await.1, json!({ "state": "ended" }));
    for path in ["/pocket/pack", "/pocket/hand"] {
        assert_eq!(ask(&school, path, &bearer, "{\"items\":[]}").await.0, 401, "{path}");
    }
    // Or some weeks ago.
    let ended = |day: &str| {
        for grant in &grants {
            change("grant_of_role", *grant, records::Change::new().with_text("until_on", day));
        }
    };
    ended("2026-10-01");
    assert_eq!(ask(&school, "/pocket/hand", &bearer, "{\"items\":[]}").await.0, 401);
    // Or lately: the lists stay closed, and a closed account hands nothing over.
    ended(&site.today().yesterday().unwrap().to_string());
    assert_eq!(ask(&school, &at, "", "").await.1, json!({ "state": "ended" }));
    assert_eq!(ask(&school, "/pocket/pack", &bearer, "").await.0, 401);
    assert_eq!(ask(&school, "/pocket/hand", &bearer, "{\"items\":[]}").await.0, 200);
    change("account", account, records::Change::new().with_text("state", "closed"));
    assert_eq!(ask(&school, "/pocket/hand", &bearer, "{\"items\":[]}").await.0, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_says_of_their_own_school_s_phones_that_they_are_lost() {
    let hub = desk_at(0);
    let posted = "FROM grant_of_role p JOIN grant_of_role g ON g.role = 'head' AND g.organisation = p.organisation
                  WHERE p.role = 'posted' ORDER BY p.id LIMIT 1";
    let of = |what: &str| hub.one(&format!("SELECT {what} {posted}"));
    let (school, head, posted) = (of("p.organisation"), hub.as_person(of("g.person")), of("p.person"));
    let other = hub.as_person(hub.one(&format!(
        "SELECT person FROM grant_of_role WHERE role = 'head' AND organisation <> {}",
        crate::pairings::sql(school)
    )));
    let made = hub.post("/pocket/new", &hub.as_person(posted), "device=Theirs").await;
    let made: Json = serde_json::from_slice(&to_bytes(made.into_body(), 1 << 20).await.unwrap()).unwrap();
    let id = made["id"].as_str().unwrap();
    let shows = async |who: &(String, String)| hub.page("/pockets", who).await.1.contains(id);
    assert!(shows(&head).await && !shows(&other).await);
    let lost = format!("/pockets/{id}/lost");
    assert_eq!(hub.post(&lost, &other, "").await.status(), 403);
    assert_eq!(hub.post(&lost, &head, "").await.status(), 303);
}
