//! Observations: agreed by two, taken in from a phone once, given to the teacher when the observer shares, and to nobody else.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use base::{Subject, base32};
use log::LogError;
use records::Role;
use serde_json::{Value as Json, json};
use tower::ServiceExt;
use web::Method;
use zampa::node::members;

use crate::desk::{Desk, desk, desk_at};
use crate::two_nodes::give;

type Who = (String, String);

fn sql(id: Subject) -> String {
    format!("x'{}'", id.as_bytes().iter().map(|b| format!("{b:02X}")).collect::<String>())
}

fn person(desk: &Desk, person: Subject) -> Who {
    let local = &desk.node.site.local;
    let token = local.start_session(person).unwrap();
    let csrf = local.session(&token).unwrap().unwrap().1;
    (format!("{}={token}", desk.node.site.session_cookie(false)), csrf)
}

fn number(desk: &Desk, sql: &str) -> i64 {
    desk.node.site.store.read(|c| Ok::<_, LogError>(c.query_row(sql, [], |r| r.get(0))?)).unwrap()
}

async fn page(desk: &Desk, path: &str, who: &Who) -> (StatusCode, String) {
    let (head, body) = desk.get(path, who, None).await;
    (head.status(), String::from_utf8_lossy(&body).into_owned())
}

async fn does(desk: &Desk, path: &str, who: &Who, form: &str) -> StatusCode {
    desk.post(path, who, form).await.status()
}

/// An envelope of the right shape for two readers; nobody at a node can tell that nothing is in it.
pub(crate) fn envelope(len: usize) -> (String, String) {
    let mut sealed = vec![9; len];
    sealed[0] = 1;
    let mut key = [7; 141];
    key[16] = 4;
    (base32::encode(&sealed), base32::encode(&key.repeat(2)))
}

/// The pairing of the demonstration that goes on, and its two.
struct Pair {
    master: Subject,
    apprentice: Subject,
    pairing: Subject,
}

fn pair(desk: &Desk) -> Pair {
    let of = |what: &str| {
        desk.one(&format!(
            "SELECT {what} FROM pairing WHERE state = 'active' AND kind = 'master_apprentice'
             AND id IN (SELECT pairing FROM pair_note) AND home = {}",
            sql(desk.home)
        ))
    };
    Pair { master: of("master"), apprentice: of("apprentice"), pairing: of("id") }
}

/// One that the observer asks for and the teacher agrees to, of a day on which nothing else was.
async fn planned(desk: &Desk, observer: &Who, teacher: Subject, at_teacher: &Who) -> String {
    let form = format!("who=observer&other={teacher}&day=2026-11-02&instrument=segments_1");
    let answer = desk.post("/observations", observer, &form).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let path = answer.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(does(desk, &format!("{path}/accept"), observer, "").await, StatusCode::FORBIDDEN, "not by who asked");
    let (sealed, keys) = envelope(100);
    let early = format!("what=seen&sealed={sealed}&keys={keys}");
    assert_eq!(
        does(desk, &format!("{path}/keep"), observer, &early).await,
        StatusCode::CONFLICT,
        "not before they agree"
    );
    assert_eq!(does(desk, &format!("{path}/accept"), at_teacher, "").await, StatusCode::SEE_OTHER);
    path
}

async fn hand(desk: &Desk, bearer: &str, item: &Json) -> Json {
    let request =
        Request::post("/pocket/hand").header("host", "here").header("authorization", format!("Bearer {bearer}"));
    let body = Body::from(json!({ "lang": "en", "items": [item] }).to_string());
    let answer = desk.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200);
    let said: Json = serde_json::from_slice(&to_bytes(answer.into_body(), 1 << 20).await.unwrap()).unwrap();
    said["done"][0].clone()
}

async fn phone(desk: &Desk, who: &Who) -> String {
    let made = desk.post("/pocket/new", who, "device=Phone").await;
    let made: Json = serde_json::from_slice(&to_bytes(made.into_body(), 1 << 20).await.unwrap()).unwrap();
    format!("{}.{}", made["id"].as_str().unwrap(), made["secret"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_hands_an_observation_over_once_and_the_teacher_is_given_it_when_it_is_shared() {
    let desk = desk();
    let Pair { master, apprentice, pairing } = pair(&desk);
    let (at_master, at_apprentice) = (person(&desk, master), person(&desk, apprentice));
    let path = planned(&desk, &at_master, apprentice, &at_apprentice).await;
    let id = path.rsplit('/').next().unwrap().to_owned();
    let bearer = phone(&desk, &at_master).await;
    let (sealed, keys) = envelope(2000);
    let item = |sealed: &str, keys: &str, chance: u32, share: bool| {
        json!({ "id": "s", "made": 1_790_000_000_000_u64, "chance": chance, "observation": id, "held": "2026-11-02",
                "sealed": sealed, "keys": keys, "share": share })
    };
    // What is no envelope, is too large, or is of the morrow is refused with a word, and leaves nothing.
    let count = "SELECT count(*) FROM observation_part";
    for (wrong, sealed, keys) in [
        ("words", "the teacher said", &*keys),
        ("a shape", &*base32::encode(b"what was said in that lesson"), &*keys),
        ("no reader", &*sealed, ""),
        ("too large", &*envelope(60_001).0, &*keys),
    ] {
        assert!(hand(&desk, &bearer, &item(sealed, keys, 1, true)).await["said"].is_string(), "{wrong}");
    }
    let mut morrow = item(&sealed, &keys, 1, true);
    morrow["held"] = json!("2999-01-01");
    assert!(hand(&desk, &bearer, &morrow).await["said"].is_string());
    assert_eq!(number(&desk, count), 0);
    // The teacher's own phone is not the observer's.
    let other = phone(&desk, &at_apprentice).await;
    assert!(hand(&desk, &other, &item(&sealed, &keys, 2, true)).await["said"].is_string());
    let observed = format!("/pairings/{pairing}");
    let before = page(&desk, &observed, &at_master).await.1;

    // Kept for oneself at first: there once, however often it comes, and not for the teacher.
    for _ in 0..3 {
        assert_eq!(hand(&desk, &bearer, &item(&sealed, &keys, 3, false)).await["observation"], json!(id));
    }
    assert_eq!(number(&desk, count), 1);
    let given = |body: String| serde_json::from_str::<Json>(&body).unwrap()["parts"].as_array().unwrap().len();
    assert_eq!(given(page(&desk, &format!("{path}/sealed"), &at_master).await.1), 1);
    assert_eq!(given(page(&desk, &format!("{path}/sealed"), &at_apprentice).await.1), 0, "nobody else is given it yet");
    assert_eq!(does(&desk, &format!("{path}/share"), &at_apprentice, "").await, StatusCode::FORBIDDEN);
    assert_eq!(does(&desk, &format!("{path}/share"), &at_master, "").await, StatusCode::OK);
    assert_eq!(given(page(&desk, &format!("{path}/sealed"), &at_apprentice).await.1), 1);

    // What was shared is not changed; the view is the teacher's, and a step is agreed by both.
    let keep = format!("{path}/keep");
    let form = |what: &str| format!("what={what}&sealed={sealed}&keys={keys}");
    assert_eq!(does(&desk, &keep, &at_master, &form("seen")).await, StatusCode::CONFLICT);
    assert_eq!(does(&desk, &keep, &at_master, &form("view")).await, StatusCode::CONFLICT);
    assert_eq!(does(&desk, &keep, &at_apprentice, &form("view")).await, StatusCode::OK);
    assert_eq!(does(&desk, &keep, &at_apprentice, &form("view")).await, StatusCode::OK, "mended");
    assert_eq!(does(&desk, &keep, &at_apprentice, &form("step")).await, StatusCode::OK);
    assert_eq!(number(&desk, count), 3);
    let step = desk.one("SELECT id FROM observation_part WHERE what = 'step'");
    assert_eq!(does(&desk, &format!("{path}/agree"), &at_master, &format!("step={step}")).await, StatusCode::OK);
    assert_eq!(number(&desk, "SELECT count(*) FROM observation WHERE state = 'discussed'"), 1);

    // That it was held counts in the pairing, with nothing noted a second time; the page says one more.
    let counted = |body: &str| {
        let at = body.split("<p class=\"count\">").nth(2).unwrap().split("</p>").next().unwrap().to_owned();
        at.chars().filter(|c| c.is_ascii_digit() || *c == ' ').collect::<String>()
    };
    let after = page(&desk, &observed, &at_master).await.1;
    assert_ne!(counted(&before), counted(&after));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_an_agreement_back_is_not_observed_and_the_phone_is_told() {
    let desk = desk();
    let Pair { master, apprentice, .. } = pair(&desk);
    let (at_master, at_apprentice) = (person(&desk, master), person(&desk, apprentice));
    let path = planned(&desk, &at_master, apprentice, &at_apprentice).await;
    let bearer = phone(&desk, &at_master).await;
    let (sealed, keys) = envelope(500);
    assert_eq!(does(&desk, &format!("{path}/decline"), &at_apprentice, "").await, StatusCode::SEE_OTHER);
    let item = json!({ "id": "s", "made": 1_790_000_000_000_u64, "chance": 1, "observation": path.rsplit('/').next(),
                       "held": "2026-11-02", "sealed": sealed, "keys": keys, "share": true });
    assert!(hand(&desk, &bearer, &item).await["said"].is_string());
    assert_eq!(number(&desk, "SELECT count(*) FROM observation_part"), 0);
    // Nobody observes themselves, nor somebody whose account lies elsewhere.
    let form = |other: Subject| format!("who=observer&other={other}&day=2026-11-02&instrument=segments_1");
    assert_eq!(does(&desk, "/observations", &at_master, &form(master)).await, StatusCode::CONFLICT);
    assert_eq!(does(&desk, "/observations", &at_master, &form(desk.home)).await, StatusCode::CONFLICT);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_observation_is_there_for_two_and_at_the_nodes_of_the_teacher() {
    let desk = desk();
    let Pair { master, apprentice, .. } = pair(&desk);
    let (at_master, at_apprentice) = (person(&desk, master), person(&desk, apprentice));
    let path = planned(&desk, &at_master, apprentice, &at_apprentice).await;
    let (sealed, keys) = envelope(2000);
    let form = format!("what=seen&share=yes&held_on=2026-11-02&sealed={sealed}&keys={keys}");
    assert_eq!(does(&desk, &format!("{path}/keep"), &at_master, &form).await, StatusCode::OK);
    let envelope = desk.one("SELECT id FROM observation_part");
    let head = desk.one("SELECT person FROM grant_of_role WHERE role = 'head'");
    let colleague = desk.one(&format!(
        "SELECT person FROM grant_of_role WHERE role = 'local' AND person NOT IN ({}, {})",
        sql(master),
        sql(apprentice)
    ));
    for who in [head, colleague] {
        let who = person(&desk, who);
        let mut asked = 0;
        for route in desk.node.routes.iter().filter(|r| r.path.starts_with("/observations/{id}")) {
            let path = route.path.replace("{id}", path.rsplit('/').next().unwrap());
            let status = match route.method {
                Method::Get => page(&desk, &path, &who).await.0,
                Method::Post => does(&desk, &path, &who, &format!("step={envelope}&part={envelope}&{form}")).await,
            };
            assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
            asked += 1;
        }
        assert!(asked >= 9);
        for other in [master, apprentice] {
            assert_eq!(page(&desk, &format!("/observations/with/{other}"), &who).await.0, StatusCode::NOT_FOUND);
            assert_eq!(page(&desk, &format!("/observations/with/{other}/sealed"), &who).await.0, StatusCode::NOT_FOUND);
        }
    }
    // A key is one's own: nobody else's private half is given to anybody, sealed as it is.
    let key = format!("public={}&private={}", base32::encode(&[4; 65]), base32::encode(&[5; 190]));
    assert_eq!(does(&desk, "/observations/key", &at_apprentice, &key).await, StatusCode::OK);
    assert_eq!(
        does(&desk, "/observations/key", &at_apprentice, &key).await,
        StatusCode::CONFLICT,
        "there is one already"
    );
    assert_eq!(does(&desk, "/observations/key", &at_apprentice, &format!("{key}&replace=yes")).await, StatusCode::OK);
    assert_eq!(does(&desk, "/observations/key", &at_master, "public=00&private=00").await, StatusCode::CONFLICT);
    let (_, given) = page(&desk, &format!("{path}/sealed"), &at_master).await;
    assert!(given.contains(&base32::encode(&[4; 65])) && !given.contains(&base32::encode(&[5; 190])));

    // The hub has it, for the two; another school's node has not.
    let (hub, other) = (desk_at(0), desk_at(2));
    let known = members(&desk.files.settings().unwrap());
    give(&desk.node.site.store, &hub.node.site.store, &known);
    give(&hub.node.site.store, &other.node.site.store, &known);
    let there = "SELECT count(*) FROM observation_part";
    assert_eq!((number(&hub, there), number(&other, there)), (1, 0));
    assert_eq!(number(&other, "SELECT count(*) FROM observation"), 0);
    assert_eq!(page(&hub, &path, &person(&hub, apprentice)).await.0, StatusCode::OK);
    for role in [Role::Officer, Role::Administrator] {
        let who = hub.sign_in(role);
        for path in [path.clone(), format!("{path}/sealed")] {
            assert_eq!(page(&hub, &path, &who).await.0, StatusCode::NOT_FOUND, "{role:?} at {path}");
        }
    }

    // Its author takes it back, and it is gone on both.
    assert_eq!(
        does(&desk, &format!("{path}/take-back"), &at_apprentice, &format!("part={envelope}")).await,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        does(&desk, &format!("{path}/take-back"), &at_master, &format!("part={envelope}")).await,
        StatusCode::OK
    );
    give(&desk.node.site.store, &hub.node.site.store, &known);
    assert_eq!((number(&desk, there), number(&hub, there)), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_instruments_are_a_closed_set_that_the_office_switches_off() {
    let hub = desk_at(0);
    let officer = hub.sign_in(Role::Officer);
    assert_eq!(
        does(&hub, "/observations/instruments", &officer, "instrument=loyalty_1&off=no").await,
        StatusCode::NOT_FOUND
    );
    for (off, said) in [("yes", false), ("no", true)] {
        let form = format!("instrument=interaction_1&off={off}");
        assert_eq!(does(&hub, "/observations/instruments", &officer, &form).await, StatusCode::SEE_OTHER);
        let (_, list) = page(&hub, "/observations", &officer).await;
        assert_eq!(list.contains("value=\"interaction_1\""), said);
        assert!(list.contains("value=\"segments_1\""));
    }
    let coordinator = hub.sign_in(Role::Coordinator);
    assert_eq!(
        does(&hub, "/observations/instruments", &coordinator, "instrument=segments_1&off=yes").await,
        StatusCode::FORBIDDEN
    );
}

/// The script's words are put together there, so this reads it: each that it names is in the catalogue, and each behaviour
/// that an instrument lists has its word.
#[test]
fn every_word_that_the_script_says_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("islands/src");
    let catalogue = zampa::house::catalogue().unwrap();
    let words = catalogue.words(base::Lang::En, None);
    let mut named = std::collections::BTreeSet::new();
    for dir in ["observation", "pairing", "pocket", "sealed"] {
        for entry in std::fs::read_dir(root.join(dir)).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            let said = |p: &&str| {
                ["observe-", "seal-", "pair-seal-"].iter().any(|b| p.starts_with(b)) && !p.contains([' ', '.'])
            };
            for part in text.split('"').filter(said) {
                named.insert(part.to_owned());
            }
        }
    }
    let missing: Vec<&String> = named.iter().filter(|key| !words.has(key)).collect();
    // What is a class of the style sheet and no word.
    let classes = std::fs::read_to_string(root.join("css/observe.css")).unwrap();
    let missing: Vec<_> = missing.into_iter().filter(|key| !classes.contains(&format!(".{key}"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(named.len() > 40, "{}", named.len());
    for (area, items) in [("1", 4), ("2", 6), ("3", 5)] {
        for item in 1..=items {
            assert!(words.has(&format!("observe-segments_1-{area}-{item}")));
        }
        assert!(!words.has(&format!("observe-segments_1-{area}-{}", items + 1)), "the set is closed in the script too");
    }
    for kind in 0..10 {
        assert!(words.has(&format!("observe-interaction_1-{kind}")));
    }
}
