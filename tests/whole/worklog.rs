//! The week, the service record and what is handed over are their owner's alone, until the owner gives them to somebody.

use axum::http::StatusCode;
use base::{Date, Subject};
use log::Context;
use records::{Change, RecordError, Role, Value, append};
use web::{Check, Method};
use zampa::node::members;

use crate::counted::copy;
use crate::desk::{Desk, desk, desk_at};
use crate::pairings::{Who, sql};
use crate::two_nodes::give;

pub(crate) const PHRASE: &str = "honghua8k2";

/// Somebody posted to the school who was on a visit that was held: the person, the visit, its day.
pub(crate) fn visitor(desk: &Desk) -> (Subject, Subject, Date) {
    let from = "FROM visit v JOIN visit_visitors n ON n.id = v.id JOIN grant_of_role g ON g.person = n.value
                WHERE g.role = 'posted' AND v.state IN ('held', 'followed_up') ORDER BY v.held_on DESC, n.value LIMIT 1";
    let day: String = desk.ask(&format!("SELECT v.held_on {from}"));
    (desk.one(&format!("SELECT n.value {from}")), desk.one(&format!("SELECT v.id {from}")), day.parse().unwrap())
}

pub(crate) fn week(day: Date) -> String {
    let week = day.iso_week_date();
    format!("{:04}-W{:02}", week.year(), week.week())
}

fn head(desk: &Desk) -> Subject {
    desk.one(&format!(
        "SELECT person FROM grant_of_role WHERE role = 'head' AND organisation = {} ORDER BY id",
        sql(desk.home)
    ))
}

/// People of every other sort at a node, without these.
fn others(desk: &Desk, without: &[Subject]) -> Vec<(Role, Who)> {
    let not: Vec<String> = without.iter().map(|p| sql(*p)).collect();
    let one = |role: Role| {
        let sql = format!(
            "SELECT count(*) FROM grant_of_role WHERE role = '{}' AND person NOT IN ({})",
            role.code(),
            not.join(", ")
        );
        (desk.ask::<i64>(&sql) > 0).then(|| (role, desk.as_person(desk.one(&sql.replace("count(*)", "person")))))
    };
    Role::ALL.into_iter().filter_map(one).collect()
}

/// No page that somebody can ask for holds the words.
async fn nowhere(desk: &Desk, ids: &[Subject], who: &Who, label: &str) {
    let mut asked = 0;
    for route in desk.node.routes.iter().filter(|r| r.method == Method::Get && r.machine.is_none()) {
        if matches!(route.check, Check::Demonstration) || route.path.contains("{*path}") {
            continue;
        }
        for id in ids {
            let path = route.path.replace("{id}", &id.to_string()).replace("{kind}", "week_log");
            if path.contains('{') {
                continue;
            }
            let (status, body) = desk.page(&path, who).await;
            assert!(!body.contains(PHRASE), "{label} reads it at {path}");
            assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "{label} at {path}");
            asked += 1;
        }
    }
    for path in [format!("/search?q={PHRASE}"), "/csv/week-logs".to_owned(), "/week-words".to_owned()] {
        let (_, body) = desk.page(&path, who).await;
        assert!(!body.contains(&format!("{PHRASE} mine")), "{label} reads it at {path}");
    }
    assert!(asked > 50, "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_week_drafts_itself_for_its_owner_and_is_seen_by_whom_it_is_sent_to() {
    let school = desk();
    let (person, visit, day) = visitor(&school);
    let (own, week) = (school.as_person(person), week(day));
    let at = format!("/week?of={week}");
    let (status, body) = school.page(&at, &own).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains(&format!("/visits/{visit}")), "the visit drafts itself: {body}");
    let key = format!("did-visit.{visit}.{day}");
    assert!(body.contains(&format!("name=\"shown\" value=\"{key}\"")));
    // A line is struck, words are added; nothing of the draft itself is written.
    let form = format!("of={week}&shown={key}&said={PHRASE}+mine");
    assert_eq!(school.does("/week", &own, &form).await, StatusCode::SEE_OTHER);
    let (_, body) = school.page(&at, &own).await;
    assert!(body.contains("<del>") && body.contains(&format!("{PHRASE} mine")));
    let words = school.one(&format!("SELECT id FROM week_words WHERE person = {}", sql(person)));
    for (role, other) in others(&school, &[person]) {
        nowhere(&school, &[words], &other, role.code()).await;
    }

    // Kept again, it stands in the log; sent, it stays as it was.
    let head = head(&school);
    let (at_head, form) = (school.as_person(head), format!("of={week}&shown={key}&keep={key}&said={PHRASE}+mine"));
    let stranger = school.one(&format!(
        "SELECT person FROM grant_of_role WHERE role = 'local' AND person <> {} ORDER BY id",
        sql(person)
    ));
    for wrong in [String::new(), format!("&to={stranger}"), "&to=x".to_owned()] {
        assert_ne!(school.does("/week/send", &own, &format!("{form}{wrong}")).await, StatusCode::SEE_OTHER);
    }
    assert_eq!(school.ask::<i64>("SELECT count(*) FROM week_log"), 0);
    assert_eq!(school.does("/week/send", &own, &format!("{form}&to={head}")).await, StatusCode::SEE_OTHER);
    let log = school.one("SELECT id FROM week_log");
    let page = format!("/week-logs/{log}");
    for who in [&own, &at_head] {
        let (status, body) = school.page(&page, who).await;
        assert!(status == StatusCode::OK && body.contains(&format!("{PHRASE} mine")), "{status}");
        assert!(body.contains(&format!("/visits/{visit}")));
        let (head, bytes) = school.get(&format!("{page}/paper"), who, None).await;
        assert!(head.status() == StatusCode::OK && bytes.starts_with(b"%PDF-"));
    }
    assert!(school.page("/today", &at_head).await.1.contains(&page), "the head's first page says so");
    assert!(school.page("/week", &at_head).await.1.contains(&page));
    let (_, theirs) = school.page(&at, &at_head).await;
    assert!(!theirs.contains(&format!("{PHRASE} mine")), "the draft is the owner's still");
    for (role, other) in others(&school, &[person, head]) {
        assert_eq!(school.page(&page, &other).await.0, not_there(role), "{}", role.code());
        nowhere(&school, &[words, log], &other, role.code()).await;
    }

    // As long as nothing changes, what was sent is what there is, in whatever language one looks.
    for lang in ["zh", "en"] {
        let own = (format!("{}; zampa_lang={lang}", own.0), own.1.clone());
        let page = school.page(&at, &own).await.1;
        assert!(page.contains("id=\"sent\"") && !page.contains("id=\"week-since\""), "{lang}: {page}");
    }
    // What the owner writes afterwards is not in what was sent, and the owner is told so; at the hub it is theirs too, and nobody else's.
    assert_eq!(
        school.does("/week", &own, &format!("of={week}&shown={key}&said={PHRASE}+later")).await,
        StatusCode::SEE_OTHER
    );
    assert!(!school.page(&page, &at_head).await.1.contains(&format!("{PHRASE} later")));
    assert!(school.page(&at, &own).await.1.contains("id=\"week-since\""));
    let hub = desk_at(0);
    give(&school.node.site.store, &hub.node.site.store, &members(&hub.files.settings().unwrap()));
    assert!(hub.page(&page, &hub.as_person(head)).await.1.contains(&format!("{PHRASE} mine")));
    assert!(hub.page(&at, &hub.as_person(person)).await.1.contains(&format!("{PHRASE} later")));
    for (role, other) in others(&hub, &[person, head]) {
        assert_eq!(hub.page(&page, &other).await.0, not_there(role), "{}", role.code());
        nowhere(&hub, &[words, log], &other, role.code()).await;
    }

    // Only its owner takes it back, and with it go its words, at the hub too.
    let back = format!("{page}/take-back");
    assert_eq!(school.does(&back, &at_head, "").await, StatusCode::FORBIDDEN);
    assert_eq!(school.does(&back, &school.as_person(stranger), "").await, StatusCode::NOT_FOUND);
    assert_eq!(school.does(&back, &own, "").await, StatusCode::SEE_OTHER);
    assert_eq!(school.page(&page, &at_head).await.0, StatusCode::NOT_FOUND);
    give(&school.node.site.store, &hub.node.site.store, &members(&hub.files.settings().unwrap()));
    assert_eq!(hub.page(&page, &hub.as_person(head)).await.0, StatusCode::NOT_FOUND);
    let left = hub.node.site.store.read(|c| log::entries_of(c, &log)).unwrap();
    let said = |e: &log::Entry| e.payload().is_some_and(|p| String::from_utf8_lossy(p).contains(PHRASE));
    assert!(left.len() > 1 && !left.iter().any(said), "the words are destroyed");
}

fn not_there(role: Role) -> StatusCode {
    if matches!(role, Role::Device | Role::Pupil) { StatusCode::FORBIDDEN } else { StatusCode::NOT_FOUND }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fact_stands_on_its_own_day_whenever_it_was_typed() {
    let desk = desk();
    let (person, _, _) = visitor(&desk);
    let own = desk.as_person(person);
    let host = desk.one(&format!("SELECT id FROM organisation WHERE parent = {} ORDER BY id", sql(desk.home)));
    let form = format!(
        "purpose={PHRASE}&host={host}&from_school={}&starts_on=2026-10-06&ends_on=2026-10-06&visitors={person}\
         &_birth=hold&held_on=2026-10-07",
        desk.home
    );
    assert_eq!(desk.does("/visits/new", &own, &form).await, StatusCode::SEE_OTHER);
    assert!(desk.page("/week?of=2026-W41", &own).await.1.contains(PHRASE));
    assert!(!desk.page("/week", &own).await.1.contains(PHRASE), "not on the day on which it was typed");
    // What was given on the day of the visit is that visit, not a second line.
    let visit = desk.one(&format!("SELECT id FROM visit WHERE purpose = '{PHRASE}'"));
    for (n, day) in ["2026-10-07", "2026-10-08"].into_iter().enumerate() {
        let form = format!(
            "title=given{n}&kind=training&school={}&starts_on={day}&ends_on={day}&visit={visit}&given_by={person}\
             &_birth=hold&held_on={day}",
            desk.home
        );
        assert_eq!(desk.does("/activities/new", &own, &form).await, StatusCode::SEE_OTHER);
    }
    let week = desk.page("/week?of=2026-W41", &own).await.1;
    assert!(!week.contains("given0") && week.contains("given1"), "{week}");
    // A colleague was not there; nobody's week has it but theirs.
    for (role, other) in others(&desk, &[person]) {
        assert!(!desk.page("/week?of=2026-W41", &other).await.1.contains(PHRASE), "{}", role.code());
    }
    for wrong in ["2026", "2026-W54", "x", "2026-W4%27"] {
        assert_eq!(desk.page(&format!("/week?of={wrong}"), &own).await.0, StatusCode::NOT_FOUND, "{wrong}");
    }
}

/// Puts down that somebody took part.
fn took_part(desk: &Desk, person: Subject, activity: Subject, day: &str) {
    let site = &desk.node.site;
    let kind = |name: &str| site.kinds.get(name).unwrap();
    let change = Change::new()
        .with_link("activity", activity)
        .with_link("person", person)
        .with_text("part", "attends")
        .with_text("day", day)
        .with("present", Value::Bool(true));
    site.store
        .write(Context::NODE, |tx| {
            let scope = records::record_scope(tx.conn(), site.programme, kind("activity"), &activity)?;
            append(tx, kind("participation"), scope, tx.subject(&scope), change, None)?;
            tx.fold()?;
            Ok::<_, RecordError>(())
        })
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_did_where_they_may_go_no_more_is_told_to_them_and_leads_nowhere() {
    let hub = desk_at(0);
    let [one, two] = [1, 2].map(|n| copy(n).1.settings().unwrap().school.unwrap());
    let person =
        hub.one(&format!("SELECT person FROM grant_of_role WHERE role = 'local' AND organisation = {}", sql(one)));
    let held = |school: Subject| {
        let of = sql(school);
        hub.one(&format!("SELECT id FROM activity WHERE home = {of} AND state IN ('held', 'verified') ORDER BY id"))
    };
    let (own, elsewhere) = (held(one), held(two));
    took_part(&hub, person, own, "2026-10-06");
    took_part(&hub, person, elsewhere, "2026-10-07");
    let reader = hub.as_person(person);
    assert_eq!(hub.page(&format!("/activities/{elsewhere}"), &reader).await.0, StatusCode::NOT_FOUND);
    for path in ["/week?of=2026-W41", "/service"] {
        let (_, body) = hub.page(path, &reader).await;
        assert!(body.contains(&format!("href=\"/activities/{own}\"")), "{path}");
        assert!(!body.contains(&format!("/activities/{elsewhere}")), "{path}");
        let title: String = hub.ask(&format!("SELECT title FROM activity WHERE id = {}", sql(elsewhere)));
        assert!(body.contains(&title), "{path}: it is theirs, and they are told");
    }
    // Of another's there, nothing.
    let colleague = hub.one(&format!(
        "SELECT person FROM grant_of_role WHERE role = 'local' AND organisation = {} AND person <> {}",
        sql(one),
        sql(person)
    ));
    let (_, body) = hub.page("/week?of=2026-W41", &hub.as_person(colleague)).await;
    assert!(!body.contains(&elsewhere.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_record_is_made_of_facts_and_is_the_owner_s() {
    let desk = desk();
    let (person, visit, _) = visitor(&desk);
    let own = desk.as_person(person);
    let (status, body) = desk.page("/service", &own).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains(&format!("/visits/{visit}")), "the line behind the count");
    let posting =
        desk.one(&format!("SELECT id FROM posting WHERE person = {} AND arrived_on IS NOT NULL", sql(person)));
    assert!(body.contains(&format!("/postings/{posting}")));
    for lang in ["zh", "bo", "en"] {
        let reader = (format!("{}; zampa_lang={lang}", own.0), own.1.clone());
        for path in ["/service/paper", "/handover/paper", "/week/paper"] {
            let (head, bytes) = desk.get(path, &reader, None).await;
            assert!(head.status() == StatusCode::OK && bytes.starts_with(b"%PDF-"), "{lang} {path}");
        }
    }
    for (role, other) in others(&desk, &[person]) {
        let (_, body) = desk.page("/service", &other).await;
        assert!(!body.contains(&format!("/postings/{posting}")), "{}", role.code());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handover_pack_is_seen_by_the_two_once_it_is_given() {
    let desk = desk();
    let pairing = "FROM pairing p JOIN pair_note n ON n.pairing = p.id JOIN grant_of_role g ON g.person = p.master
                   WHERE p.state = 'active' AND g.role = 'posted' ORDER BY p.id";
    let (person, of) = (desk.one(&format!("SELECT p.master {pairing}")), desk.one(&format!("SELECT p.id {pairing}")));
    let own = desk.as_person(person);
    // A draft is for its authors, and what two wrote is theirs: neither is in the pack.
    let form = format!("title={PHRASE}+draft&subject=heritage&type=outing");
    assert_eq!(desk.does("/plans/new", &own, &form).await, StatusCode::SEE_OTHER);
    let wrote: String = desk.ask(&format!("SELECT said FROM pair_note WHERE pairing = {} AND said <> ''", sql(of)));
    let (_, body) = desk.page("/handover", &own).await;
    assert!(body.contains(&format!("/pairings/{of}")) && !body.contains(PHRASE) && !body.contains(&wrote), "{body}");
    let next = desk.one(&format!(
        "SELECT person FROM grant_of_role WHERE role = 'posted' AND person <> {} ORDER BY id",
        sql(person)
    ));
    assert_ne!(desk.does("/handover/give", &own, "said=x&to=").await, StatusCode::SEE_OTHER);
    let form = format!("said={PHRASE}+mine&to={next}");
    assert_eq!(desk.does("/handover/give", &own, &form).await, StatusCode::SEE_OTHER);
    let pack = desk.one("SELECT id FROM handover_pack");
    let page = format!("/handover-packs/{pack}");
    let at_next = desk.as_person(next);
    for who in [&own, &at_next] {
        let (status, body) = desk.page(&page, who).await;
        assert!(status == StatusCode::OK && body.contains(&format!("{PHRASE} mine")));
        assert!(body.contains(&format!("/pairings/{of}")));
        assert!(!body.contains(&format!("{PHRASE} private")) && !body.contains(&format!("{PHRASE} draft")));
    }
    assert!(desk.page("/today", &at_next).await.1.contains(&page));
    let name: String = desk
        .ask(&format!("SELECT a.name FROM pairing p JOIN person a ON a.id = p.apprentice WHERE p.id = {}", sql(of)));
    let kept: String = desk.ask("SELECT said FROM handover_pack");
    assert!(desk.page(&page, &at_next).await.1.contains(&name) && !kept.contains(&name), "names are not copied");
    for (role, other) in others(&desk, &[person, next]) {
        assert_eq!(desk.page(&page, &other).await.0, not_there(role), "{}", role.code());
        nowhere(&desk, &[pack], &other, role.code()).await;
    }
    assert_eq!(desk.does(&format!("{page}/take-back"), &at_next, "").await, StatusCode::FORBIDDEN);
    assert_eq!(desk.does(&format!("{page}/take-back"), &own, "").await, StatusCode::SEE_OTHER);
    assert_eq!(desk.page(&page, &at_next).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_visit_s_form_asks_adds_up() {
    let desk = desk();
    let who = desk.sign_in(Role::Local);
    let (status, body) = desk.page("/typing?role=local", &who).await;
    assert_eq!(status, StatusCode::OK);
    let at = body.find("id=\"t-visit\"").unwrap();
    let row: String = body[at..].chars().take_while(|c| *c != '\n').collect();
    let cells: Vec<&str> = row.split("class=\"num\">").skip(1).map(|c| c.split('<').next().unwrap()).collect();
    // Must: a purpose (20), the host and the school (6 and a tap each), two days (2 taps each): five answers and saving.
    // May: a trip, visitors and a team (6 each), what was asked, advice and what follows (120 each), lessons (3),
    // a day to follow up (taps alone).
    assert_eq!(cells, ["6", "32", "6", "5", "8", "413"]);
    // Every kind with a form of its own that somebody may fill is there.
    for kind in desk.node.site.kinds.all().filter(|k| k.has_form() && !k.hidden) {
        let role = Role::ALL.into_iter().find(|r| kind.access.write.has(*r)).unwrap();
        let (_, body) = desk.page(&format!("/typing?role={}", role.code()), &who).await;
        assert!(body.contains(&format!("id=\"t-{}\"", kind.name)), "{}", kind.name);
    }
}
