//! What a phone hands over late, in another's place, or twice: visits of days when its person had a role, sign-ins by code and by
//! count, and stays that two recorded.

use axum::http::StatusCode;
use base::Subject;
use records::{Change, Role};
use serde_json::{Value as Json, json};

use crate::desk::{Desk, desk, desk_at};
use crate::pairings::sql;
use crate::pocket::{ask, conflicts, figure, hand, number, on, pack, planned, prepare, visit};
use crate::two_nodes::give;

const VISITS: &str = "SELECT count(*) FROM visit WHERE state = 'held'";

/// Ends every role that the person of a pocket has, as the office does on a day: from that day on it counts no more.
fn end_roles(desk: &Desk, bearer: &str, day: &str) {
    let pocket: Subject = bearer.split_once('.').unwrap().0.parse().unwrap();
    let person = desk.one(&format!("SELECT person FROM pocket WHERE id = {}", sql(pocket)));
    let site = &desk.node.site;
    let kind = site.kinds.get("grant_of_role").unwrap();
    let of = format!("FROM grant_of_role WHERE person = {} AND coalesce(state, 'given') = 'given'", sql(person));
    for _ in 0..desk.ask::<i64>(&format!("SELECT count(*) {of}")) {
        let grant = desk.one(&format!("SELECT id {of} ORDER BY id LIMIT 1"));
        let change = Change::new().with_text("state", "ended").with_text("until_on", day);
        site.store
            .write(log::Context::NODE, |tx| {
                records::append(tx, kind, base::Scope::Person(person), grant, change, None)?;
                records::check(tx, kind, &grant)
            })
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_of_the_last_days_is_taken_after_the_role_has_ended_and_nothing_else_is() {
    let school = desk();
    let bearer = prepare(&school).await;
    let pack = pack(&school, &bearer).await;
    end_roles(&school, &bearer, "2026-11-21");
    let before = (figure(&school, "visits_held"), figure(&school, "person_times"));
    let last = visit(&pack, 0, 71);
    let after = on(visit(&pack, 1, 72), "2026-11-21");
    let mut through = on(visit(&pack, 1, 73), "2026-11-20");
    through["ends"] = json!("2026-11-22");
    let seen = json!({ "id": "s", "observation": school.home.to_string(), "made": 1, "chance": 1, "held": "2026-11-20",
                       "sealed": "", "keys": "", "share": false });
    let done = hand(&school, &bearer, &[&last, &after, &through, &seen]).await;
    assert!(done[0]["visit"].is_string() && done[0]["left"] == json!([]), "{done}");
    for n in 1..4 {
        let said = done[n]["said"].as_str().unwrap_or_default();
        assert!(said.starts_with("Your role had ended by these days."), "{n}: {done}");
    }
    assert_eq!((figure(&school, "visits_held") - before.0, figure(&school, "person_times") - before.1), (1, 3));
    // It is written by its person, as if it had come that day.
    let id: Subject = done[0]["visit"].as_str().unwrap().parse().unwrap();
    let entries = school.node.site.store.read(|c| log::entries_of(c, &id)).unwrap();
    let person: Subject = pack["person"]["id"].as_str().unwrap().parse().unwrap();
    assert!(entries.iter().all(|e| e.header.author == person));
    // Its picture comes too; none of a visit of other days.
    let picture = media_of_a_phone();
    let other: Subject = pack["visits"][0]["id"].as_str().unwrap().parse().unwrap();
    for (visit, status) in [(id, 200), (other, 401)] {
        let path = format!("/pocket/picture/{visit}/1790000000000/9");
        assert_eq!(ask(&school, &path, &bearer, picture.clone()).await.0, status, "{visit}");
    }
    // No tour's roll is taken, and the lists stay closed.
    let body = json!({ "lang": "en", "items": [], "tours": [] }).to_string();
    let (status, said) = ask(&school, "/pocket/hand", &bearer, body).await;
    assert!(status == 200 && said.get("tours").is_none(), "{said}");
    assert_eq!(ask(&school, "/pocket/pack", &bearer, "").await.0, 401);
}

/// A picture of no pixels, in the parts that a JPEG has: what a node reads of one.
fn media_of_a_phone() -> Vec<u8> {
    vec![0xff, 0xd8, 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x12, 0x34, 0xff, 0xd9]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_code_signs_in_and_an_estimate_never_counts() {
    let school = desk();
    let bearer = prepare(&school).await;
    let pack = pack(&school, &bearer).await;
    let people = pack["hosts"][0]["people"].as_array().unwrap();
    let guest = people[4]["id"].as_str().unwrap();
    let mut item = visit(&pack, 0, 74);
    item["days"][0]["codes"] = json!([guest[guest.len() - 8..].to_uppercase()]);
    item["days"][0]["counts"] = json!([{ "category": "local_teachers", "number": 40, "basis": "estimated" },
                                       { "category": "pupils", "number": 120, "basis": "estimated" }]);
    let before = (figure(&school, "person_times"), figure(&school, "estimates"));
    let done = hand(&school, &bearer, &[&item]).await;
    assert_eq!(done[0]["left"], json!([]), "{done}");
    let person: Subject = guest.parse().unwrap();
    let there = format!(
        "SELECT count(*) FROM participation p JOIN activity a ON a.id = p.activity
         WHERE p.person = {} AND p.present = 1 AND a.visit = {}",
        sql(person),
        sql(done[0]["visit"].as_str().unwrap().parse().unwrap())
    );
    assert_eq!(number(&school, &there), 1, "by the code of somebody's own");
    // Somebody verifies them, and they are estimates all the same.
    let head = school.sign_in(Role::Head);
    for category in ["local_teachers", "pupils"] {
        let count = school.one(&format!(
            "SELECT h.id FROM headcount h JOIN activity a ON a.id = h.activity
             WHERE h.basis = 'estimated' AND h.category = '{category}' AND a.visit = {}",
            sql(done[0]["visit"].as_str().unwrap().parse().unwrap())
        ));
        assert_eq!(school.does(&format!("/headcounts/{count}/move/verify"), &head, "").await, StatusCode::SEE_OTHER);
    }
    assert_eq!(figure(&school, "person_times") - before.0, 4, "three by name, one by code, no estimate");
    assert_eq!(figure(&school, "estimates") - before.1, 40, "shown beside");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_number_or_still_to_come_is_refused_in_the_reader_s_language() {
    let school = desk();
    let bearer = prepare(&school).await;
    let pack = pack(&school, &bearer).await;
    let held = number(&school, VISITS);
    let with = |field: &str, value: Json| {
        let mut item = visit(&pack, 0, 75);
        item[field] = value;
        item
    };
    for (item, why) in [
        (with("lessons", json!(1.5)), "授课节数须为整数。"),
        (with("lessons", json!("2")), "授课节数须为整数。"),
        (with("lessons", json!(501)), "授课节数"),
        (on(visit(&pack, 0, 76), "2036-11-20"), "尚未进行的送教不能登记为已开展。"),
        (with("follow_up_on", json!("2026-11-01")), "跟进在送教之后"),
    ] {
        let body = json!({ "lang": "zh", "items": [item] }).to_string();
        let (_, said) = ask(&school, "/pocket/hand", &bearer, body).await;
        let said = said["done"][0]["said"].as_str().unwrap_or_default().to_owned();
        assert!(said.contains(why), "{said}");
    }
    // Nor does a form hold what is to come: a visit and an activity say so beside the field, with what was typed.
    let head = school.sign_in(Role::Head);
    let days = "starts_on=2036-05-01&ends_on=2036-05-01&held_on=2036-05-01&_birth=hold";
    let host = pack["hosts"][0]["id"].as_str().unwrap();
    for (path, form) in [
        ("/visits/new", format!("purpose=early&host={host}&from_school={}&{days}", school.home)),
        ("/activities/new", format!("title=early&kind=training&school={}&{days}", school.home)),
    ] {
        let answer = school.post(path, &head, &form).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        let body = String::from_utf8_lossy(&body);
        assert!(body.contains("这一天还没有到") && body.contains("value=\"early\""), "{path}");
    }
    assert_eq!(number(&school, VISITS), held);
}

#[tokio::test(flavor = "multi_thread")]
async fn withdrawing_one_of_two_doubled_visits_takes_its_sign_ins_along() {
    let (school, hub) = (desk(), desk_at(0));
    let members = zampa::node::members(&school.files.settings().unwrap());
    let bearer = prepare(&school).await;
    give(&school.node.site.store, &hub.node.site.store, &members);
    let pack = pack(&school, &bearer).await;
    let before = figure(&school, "person_times");
    let kept = hand(&school, &bearer, &[&visit(&pack, 1, 77)]).await[0]["visit"].as_str().unwrap().to_owned();
    let doubled = hand(&hub, &bearer, &[&visit(&pack, 1, 78)]).await[0]["visit"].as_str().unwrap().to_owned();
    give(&school.node.site.store, &hub.node.site.store, &members);
    give(&hub.node.site.store, &school.node.site.store, &members);
    assert_eq!(figure(&school, "person_times") - before, 6, "the two are shown as a conflict");
    assert_eq!((conflicts(&school, "visit-once"), conflicts(&school, "participation-same-stay")), (2, 6));
    let head = school.sign_in(Role::Head);
    let remove = format!("/visits/{doubled}/remove");
    assert_eq!(school.does(&remove, &head, "why=twice").await, StatusCode::SEE_OTHER);
    assert_eq!(figure(&school, "person_times") - before, 3);
    let all = ["visit-once", "participation-same-stay", "activity-visit-gone"];
    assert_eq!(all.map(|code| conflicts(&school, code)), [0, 0, 0]);
    // The other one was meant: nothing brings two back, and each brings its own sign-ins.
    let restore = |visit: &str| format!("/visits/{visit}/restore");
    assert_eq!(school.does(&restore(&doubled), &head, "").await, StatusCode::CONFLICT);
    assert_eq!(school.does(&format!("/visits/{kept}/remove"), &head, "why=other").await, StatusCode::SEE_OTHER);
    assert_eq!(figure(&school, "person_times") - before, 0);
    assert_eq!(school.does(&restore(&doubled), &head, "").await, StatusCode::SEE_OTHER);
    assert_eq!(figure(&school, "person_times") - before, 3);
    assert_eq!(school.does(&remove, &head, "why=twice").await, StatusCode::SEE_OTHER);
    assert_eq!(school.does(&restore(&kept), &head, "").await, StatusCode::SEE_OTHER);
    assert_eq!(figure(&school, "person_times") - before, 3);
    // Somebody signs people in for the other of the two at the hub, which has not heard of it, while the school withdraws it.
    give(&school.node.site.store, &hub.node.site.store, &members);
    let mut late = visit(&pack, 2, 79);
    late["days"] = json!([]);
    let third = hand(&school, &bearer, &[&late]).await[0]["visit"].as_str().unwrap().to_owned();
    give(&school.node.site.store, &hub.node.site.store, &members);
    assert_eq!(school.does(&format!("/visits/{third}/remove"), &head, "why=twice").await, StatusCode::SEE_OTHER);
    let officer = hub.sign_in(Role::Officer);
    let form = format!(
        "title=late&kind=workshop&school={}&visit={third}&starts_on=2026-11-20&ends_on=2026-11-20&held_on=2026-11-20&_birth=hold",
        school.home
    );
    assert_eq!(hub.does("/activities/new", &officer, &form).await, StatusCode::SEE_OTHER);
    give(&school.node.site.store, &hub.node.site.store, &members);
    give(&hub.node.site.store, &school.node.site.store, &members);
    assert_eq!((conflicts(&school, "activity-visit-gone"), conflicts(&hub, "activity-visit-gone")), (1, 1));
    let shown = school.page("/conflicts", &head).await.1;
    assert!(shown.contains("所属的送教已撤下"), "{shown}");
    // Naming the visit that it belongs to settles it.
    let late = school.one("SELECT id FROM activity WHERE title = 'late'");
    let page = school.page(&format!("/activities/{late}/edit"), &head).await.1;
    let form = format!(
        "_base={}&title=late&kind=workshop&school={}&visit={kept}&starts_on=2026-11-20&ends_on=2026-11-20",
        crate::edits::value(&page, "_base"),
        school.home
    );
    assert_eq!(school.does(&format!("/activities/{late}/edit"), &head, &form).await, StatusCode::SEE_OTHER);
    assert_eq!(conflicts(&school, "activity-visit-gone"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_verified_does_not_go_along_behind_its_verifier() {
    let school = desk();
    let bearer = prepare(&school).await;
    let pack = pack(&school, &bearer).await;
    let id = hand(&school, &bearer, &[&visit(&pack, 0, 80)]).await[0]["visit"].as_str().unwrap().to_owned();
    let activity = school.one(&format!("SELECT id FROM activity WHERE visit = {}", sql(id.parse().unwrap())));
    let (head, goes) = (school.sign_in(Role::Head), school.sign_in(Role::Posted));
    assert_eq!(school.does(&format!("/activities/{activity}/move/verify"), &head, "").await, StatusCode::SEE_OTHER);
    let remove = format!("/visits/{id}/remove");
    assert_eq!(school.does(&remove, &goes, "why=x").await, StatusCode::CONFLICT);
    assert_eq!(number(&school, &format!("SELECT count(*) FROM visit WHERE id = {}", sql(id.parse().unwrap()))), 1);
    assert_eq!(school.does(&remove, &head, "why=x").await, StatusCode::SEE_OTHER);
    assert_eq!(number(&school, &format!("SELECT count(*) FROM activity WHERE id = {}", sql(activity))), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_went_together_and_each_recorded_themselves_are_shown() {
    let school = desk();
    let bearer = prepare(&school).await;
    let pack = pack(&school, &bearer).await;
    let mine = hand(&school, &bearer, &[&visit(&pack, 0, 81)]).await[0]["visit"].as_str().unwrap().to_owned();
    let me = pack["person"]["id"].as_str().unwrap();
    let other = pack["colleagues"].as_array().unwrap().iter().find(|one| one["id"] != me).unwrap();
    let mut theirs = visit(&pack, 0, 82);
    theirs["visitors"] = json!([other["id"]]);
    theirs["days"] = json!([]);
    let theirs = hand(&school, &bearer, &[&theirs]).await[0]["visit"].as_str().unwrap().to_owned();
    assert_ne!(mine, theirs, "two teams of a school may be at one host");
    let head = school.sign_in(Role::Head);
    for (one, two) in [(&mine, &theirs), (&theirs, &mine)] {
        let page = school.page(&format!("/visits/{one}"), &head).await.1;
        let beside = page.split("id=\"beside\"").nth(1).unwrap_or_default();
        assert!(beside.contains(&format!("/visits/{two}")), "{page}");
    }
    assert_eq!(conflicts(&school, "visit-once"), 0, "nobody can say but who was there");
    // On one trip a host is one stop.
    let trip = format!("title=way&from_school={}&starts_on=2026-11-20&ends_on=2026-11-20", school.home);
    assert_eq!(school.does("/trips/new", &head, &trip).await, StatusCode::SEE_OTHER);
    let trip = school.one("SELECT id FROM trip WHERE title = 'way'");
    let host = pack["hosts"][2]["id"].as_str().unwrap();
    let form = |who: &str| {
        format!(
            "purpose=stop&host={host}&from_school={}&starts_on=2026-11-20&ends_on=2026-11-20&held_on=2026-11-20&trip={trip}&visitors={who}&_birth=hold",
            school.home
        )
    };
    assert_eq!(school.does("/visits/new", &head, &form(me)).await, StatusCode::SEE_OTHER);
    let again = school.does("/visits/new", &head, &form(other["id"].as_str().unwrap())).await;
    assert_eq!(again, StatusCode::UNPROCESSABLE_ENTITY);
    // Whoever recorded the stop apart finds it.
    let mut stop = planned(&pack, 83);
    let plan: Subject = stop["visit"].as_str().unwrap().parse().unwrap();
    let site = &school.node.site;
    let kind = site.kinds.get("visit").unwrap();
    let change = Change::new().with_link("trip", trip).with_link("host", host.parse().unwrap());
    site.store
        .write(log::Context::NODE, |tx| {
            let scope = records::record_scope(tx.conn(), site.programme, kind, &plan)?;
            records::append(tx, kind, scope, plan, change, None)?;
            records::check(tx, kind, &plan)
        })
        .unwrap();
    stop["visitors"] = json!([other["id"]]);
    stop["days"] = json!([]);
    let done = hand(&school, &bearer, &[&stop]).await;
    assert_eq!(done[0]["visit"], school.one("SELECT id FROM visit WHERE purpose = 'stop'").to_string(), "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_with_two_hosts_at_once() {
    let hub = desk_at(0);
    let officer = hub.sign_in(Role::Officer);
    let school = |n: usize| {
        hub.one(&format!("SELECT id FROM organisation WHERE kind = 'supported_school' ORDER BY id LIMIT 1 OFFSET {n}"))
    };
    let host = |school: Subject, n: usize| {
        hub.one(&format!("SELECT id FROM organisation WHERE parent = {} ORDER BY id LIMIT 1 OFFSET {n}", sql(school)))
    };
    let who = hub.one("SELECT person FROM posting WHERE state = 'arrived' ORDER BY id LIMIT 1");
    let went = async |from: Subject, to: Subject, starts: &str, ends: &str| {
        let form = format!(
            "purpose=x&host={to}&from_school={from}&starts_on={starts}&ends_on={ends}&held_on={starts}&visitors={who}&_birth=hold"
        );
        hub.does("/visits/new", &officer, &form).await
    };
    let (ours, theirs) = (school(0), school(1));
    let (taken, refused) = (StatusCode::SEE_OTHER, StatusCode::UNPROCESSABLE_ENTITY);
    // Of one school: from village to village on a day is a trip; over several days one is in one of them.
    assert_eq!(went(ours, host(ours, 0), "2026-08-03", "2026-08-03").await, taken);
    assert_eq!(went(ours, host(ours, 1), "2026-08-03", "2026-08-03").await, taken);
    assert_eq!(went(ours, host(ours, 0), "2026-08-10", "2026-08-14").await, taken);
    assert_eq!(went(ours, host(ours, 1), "2026-08-12", "2026-08-15").await, refused);
    // Of two schools: neither on the same day, nor in the midst of a stay; on the day of leaving one may arrive.
    assert_eq!(went(theirs, host(theirs, 0), "2026-08-03", "2026-08-03").await, refused);
    assert_eq!(went(theirs, host(theirs, 0), "2026-08-12", "2026-08-12").await, refused);
    assert_eq!(went(theirs, host(theirs, 0), "2026-08-14", "2026-08-14").await, taken);
    assert_eq!(went(theirs, host(theirs, 1), "2026-08-20", "2026-08-20").await, taken);
    assert_eq!(went(ours, host(ours, 0), "2026-08-18", "2026-08-22").await, refused);
    assert_eq!(conflicts(&hub, "visit-two-places"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follow_up_stands_on_today_once_its_day_has_come_until_it_was_done() {
    let school = desk();
    let bearer = prepare(&school).await;
    let pack = pack(&school, &bearer).await;
    let (head, device) = (school.sign_in(Role::Head), school.sign_in(Role::Device));
    let today = school.node.site.today();
    let (mut due, mut later) = (visit(&pack, 0, 84), on(visit(&pack, 1, 85), "2026-11-21"));
    due["follow_up_on"] = json!(today.to_string());
    later["follow_up_on"] = json!(today.tomorrow().unwrap().to_string());
    let done = hand(&school, &bearer, &[&due, &later]).await;
    let at = |n: usize| format!("href=\"/visits/{}\"", done[n]["visit"].as_str().unwrap());
    let due_at = |page: &str, href: &str| {
        page.match_indices(href).any(|(i, _)| page[i..].chars().take(80).collect::<String>().contains("该跟进了"))
    };
    let waits = async |who: &(String, String)| {
        let page = school.page("/today", who).await.1;
        // The demonstration has some of its own.
        let due = (0..2).filter(|n| page.split("等您处理").nth(1).is_some_and(|p| due_at(p, &at(*n)))).count();
        (due, page)
    };
    let (n, page) = waits(&head).await;
    assert!(n == 1 && page.contains(&at(0)), "{page}");
    assert_eq!(waits(&device).await.0, 0);
    // Its own page says when, and so does the next visit there.
    let id = done[0]["visit"].as_str().unwrap();
    assert!(school.page(&format!("/visits/{id}"), &head).await.1.contains("何时跟进"));
    let day = today.to_string();
    let form = format!("follow_up=done&followed_up_on={day}");
    assert_eq!(school.does(&format!("/visits/{id}/move/follow_up"), &head, &form).await, StatusCode::SEE_OTHER);
    assert_eq!(waits(&head).await.0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_s_people_read_the_advice_that_another_school_left_with_them() {
    let hub = desk_at(0);
    let officer = hub.sign_in(Role::Officer);
    let heads = "FROM grant_of_role g JOIN organisation s ON s.id = g.organisation AND s.kind = 'supported_school'
                 WHERE g.role = 'head' AND EXISTS (SELECT 1 FROM organisation o WHERE o.parent = s.id) ORDER BY g.id";
    let of = |what: &str, n: usize| hub.one(&format!("SELECT {what} {heads} LIMIT 1 OFFSET {n}"));
    let (from, at) = (of("g.organisation", 0), of("g.organisation", 1));
    let host = hub.one(&format!("SELECT id FROM organisation WHERE parent = {} ORDER BY id LIMIT 1", sql(at)));
    let form = format!(
        "purpose=left&host={host}&from_school={from}&starts_on=2026-11-28&ends_on=2026-11-28&held_on=2026-11-28&advice=look-first&_birth=hold"
    );
    assert_eq!(hub.does("/visits/new", &officer, &form).await, StatusCode::SEE_OTHER);
    let visit = hub.one("SELECT id FROM visit WHERE purpose = 'left'");
    let page = async |n: usize| hub.page(&format!("/organisations/{host}"), &hub.as_person(of("g.person", n))).await.1;
    let link = format!("href=\"/visits/{visit}\"");
    let (left, theirs, others) = (page(0).await, page(1).await, page(2).await);
    assert!(left.contains("look-first") && left.contains(&link), "who left it");
    assert!(
        theirs.contains("look-first") && !theirs.contains(&link),
        "with whom it was left: the visit itself is not theirs"
    );
    assert!(!others.contains("look-first"), "nobody else");
    let of_theirs = hub.as_person(of("g.person", 1));
    assert_eq!(hub.page(&format!("/visits/{visit}"), &of_theirs).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_write_no_visit_is_offered_none_on_the_phone() {
    let hub = desk_at(0);
    let made = hub.post("/pocket/new", &hub.sign_in(Role::Coordinator), "device=Phone").await;
    let made: Json = serde_json::from_slice(&axum::body::to_bytes(made.into_body(), 1 << 20).await.unwrap()).unwrap();
    let bearer = format!("{}.{}", made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    let given = pack(&hub, &bearer).await;
    assert_eq!((&given["visits_too"], &given["visits"], &given["hosts"]), (&json!(false), &json!([]), &json!([])));
    assert!(given["seen"].is_object(), "lessons that were agreed on go along");
    let school = desk();
    assert_eq!(pack(&school, &prepare(&school).await).await["visits_too"], json!(true));
}
