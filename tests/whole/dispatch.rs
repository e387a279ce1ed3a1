//! Who is sent and who goes to learn; what was promised and what came; who carries a need: each by who may say it.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use base::{Scope, Subject};
use log::Context;
use records::{Change, Role, Value};
use zampa::house;

use crate::counted::write;
use crate::desk::{Desk, desk, desk_at};
use crate::pairings::{Who, sql};

/// A nomination of a state, with its unit and somebody who speaks for that unit.
fn nominated(desk: &Desk, state: &str) -> (Subject, Subject, Who) {
    let from = format!(
        "FROM nomination n JOIN grant_of_role g ON g.organisation = n.unit AND g.role = 'coordinator'
         WHERE n.state = '{state}' ORDER BY n.id LIMIT 1"
    );
    let of = |what: &str| desk.one(&format!("SELECT {what} {from}"));
    (of("n.id"), of("n.unit"), desk.as_person(of("g.person")))
}

fn state(desk: &Desk, kind: &str, id: Subject) -> String {
    desk.ask(&format!("SELECT state FROM {kind} WHERE id = {}", sql(id)))
}

fn role(desk: &Desk, role: Role) -> Who {
    desk.as_person(desk.one(&format!("SELECT person FROM grant_of_role WHERE role = '{}' ORDER BY id", role.code())))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_speaks_for_itself_and_sees_its_own() {
    let desk = desk_at(0);
    let (offered, unit, own) = nominated(&desk, "offered");
    let officer = role(&desk, Role::Officer);
    let foreign = desk.one(&format!("SELECT id FROM nomination WHERE unit <> {} ORDER BY id", sql(unit)));
    let (status, body) = desk.page("/nominations/cohort", &own).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains(&offered.to_string()) && !body.contains(&foreign.to_string()));
    assert_eq!(desk.page(&format!("/nominations/{foreign}"), &own).await.0, StatusCode::NOT_FOUND);
    // A head and a looker-on see none; the person sees their own.
    for other in [Role::Head, Role::Observer, Role::Local] {
        let other = role(&desk, other);
        let (_, body) = desk.page("/nominations", &other).await;
        assert!(!body.contains(&offered.to_string()) && !body.contains(&foreign.to_string()));
    }
    let person = desk.one(&format!("SELECT person FROM nomination WHERE id = {}", sql(offered)));
    // The office does not approve in the unit's place, and the unit not before it has said that it can do without.
    let approve = format!("/nominations/{offered}/move/approve");
    assert_eq!(desk.does(&approve, &officer, "").await, StatusCode::FORBIDDEN);
    assert_eq!(desk.does(&approve, &own, "").await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(state(&desk, "nomination", offered), "offered");
    // Nobody is nominated twice for a cohort, by the same unit or another.
    let cohort = desk.one(&format!("SELECT cohort FROM nomination WHERE id = {}", sql(offered)));
    let form = format!("person={person}&unit={unit}&cohort={cohort}&roles=teacher");
    let (again, elsewhere) = (
        desk.one("SELECT unit FROM nomination ORDER BY unit DESC"),
        desk.one("SELECT unit FROM nomination ORDER BY unit"),
    );
    for by in [again, elsewhere] {
        let form = format!("person={person}&unit={by}&cohort={cohort}&roles=teacher");
        assert_eq!(desk.does("/nominations/new", &officer, &form).await, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(desk.does("/nominations/new", &own, &form).await, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_office_chooses_beside_the_needs_undoes_and_hands_over_a_notice() {
    let desk = desk_at(0);
    let (nomination, unit, own) = nominated(&desk, "approved");
    let officer = role(&desk, Role::Officer);
    let choose = format!("/nominations/{nomination}/choose");
    let need = desk.one("SELECT id FROM need WHERE state = 'approved' AND subject = 'mathematics' ORDER BY id");
    assert_eq!(desk.does(&choose, &own, "what=select").await, StatusCode::FORBIDDEN);
    assert_eq!(desk.does(&choose, &officer, &format!("what=select&need={need}")).await, StatusCode::SEE_OTHER);
    assert_eq!(state(&desk, "nomination", nomination), "selected");
    // Undone, it stands as before, and without the need.
    assert_eq!(
        desk.does(&format!("/nominations/{nomination}/back/approved"), &officer, "").await,
        StatusCode::SEE_OTHER
    );
    assert_eq!(state(&desk, "nomination", nomination), "approved");
    let needs: i64 = desk.ask("SELECT count(*) FROM nomination WHERE need IS NOT NULL");
    assert_eq!(needs, 0);
    assert_eq!(desk.does(&choose, &officer, &format!("what=select&need={need}")).await, StatusCode::SEE_OTHER);
    // Two are not chosen for one need.
    let other = desk.one(&format!("SELECT id FROM nomination WHERE state = 'approved' AND id <> {}", sql(nomination)));
    let twice = desk.does(&format!("/nominations/{other}/choose"), &officer, &format!("what=select&need={need}")).await;
    assert_eq!(twice, StatusCode::CONFLICT);
    // The posting's form holds all that is known.
    let (_, body) = desk.page(&format!("/nominations/{nomination}"), &officer).await;
    let at = body.find("/postings/new?").unwrap();
    let link: String = body[at..].chars().take_while(|c| *c != '"').collect();
    for part in ["person=", "sender=", "cohort=", "need=", "school=", "role=", "subject=", "starts_on=", "ends_on="] {
        assert!(link.contains(part), "{part} is not in {link}");
    }
    assert!(link.contains(&need.to_string()) && link.contains(&unit.to_string()));
    // The unit takes its notice and says that it is handed over.
    let cohort = desk.one(&format!("SELECT cohort FROM nomination WHERE id = {}", sql(nomination)));
    for path in
        [format!("/nominations/{nomination}/notice"), format!("/nominations/notice?cohort={cohort}&unit={unit}")]
    {
        for lang in ["zh", "bo", "en"] {
            let reader = (format!("{}; zampa_lang={lang}", own.0), own.1.clone());
            let (head, bytes) = desk.get(&path, &reader, None).await;
            assert_eq!(head.status(), StatusCode::OK, "{path}");
            assert!(bytes.starts_with(b"%PDF-") && bytes.len() > 4000, "{lang} {path}");
        }
    }
    let other_unit = nominated_elsewhere(&desk, unit);
    assert_eq!(desk.page(&format!("/nominations/{nomination}/notice"), &other_unit).await.0, StatusCode::NOT_FOUND);
    let form = format!("cohort={cohort}&unit={unit}");
    assert_eq!(desk.does("/nominations/notified", &other_unit, &form).await, StatusCode::SEE_OTHER);
    assert_eq!(state(&desk, "nomination", nomination), "selected", "another unit cannot");
    assert_eq!(desk.does("/nominations/notified", &own, &form).await, StatusCode::SEE_OTHER);
    assert_eq!(state(&desk, "nomination", nomination), "notified");
}

/// Chooses, and gives where the page that follows leads back to.
async fn undo(desk: &Desk, choose: &str, who: &(String, String), form: &str) -> String {
    let reply = desk.post(choose, who, form).await;
    assert_eq!(reply.status(), StatusCode::SEE_OTHER, "{choose} {form}");
    let cookies: Vec<&str> = reply.headers().get_all("set-cookie").iter().map(|c| c.to_str().unwrap()).collect();
    let note = cookies.iter().find(|c| c.starts_with("zampa_note=")).unwrap().split(';').next().unwrap();
    let (_, page) = desk.page("/nominations/cohort", &(format!("{}; {note}", who.0), who.1.clone())).await;
    let toast = page.split("class=\"toast\"").nth(1).unwrap();
    toast.split("action=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_declined_is_undone_to_where_it_stood_with_its_need() {
    let desk = desk_at(0);
    let (nomination, _, _) = nominated(&desk, "approved");
    let officer = role(&desk, Role::Officer);
    let choose = format!("/nominations/{nomination}/choose");
    let need = desk.one("SELECT id FROM need WHERE state = 'approved' AND subject = 'mathematics' ORDER BY id");
    // From the reserve, whose way back does not lead from what was declined.
    assert_eq!(desk.does(&choose, &officer, "what=reserve").await, StatusCode::SEE_OTHER);
    let back = undo(&desk, &choose, &officer, "what=decline").await;
    assert_eq!(state(&desk, "nomination", nomination), "declined");
    assert_eq!(desk.does(&back, &officer, "").await, StatusCode::SEE_OTHER);
    assert_eq!(state(&desk, "nomination", nomination), "reserve");
    // Who was chosen for a need, was declined, and is chosen again by the undo, is chosen for it.
    assert_eq!(desk.does(&choose, &officer, &format!("what=select&need={need}")).await, StatusCode::SEE_OTHER);
    for what in ["what=decline", "what=reserve"] {
        let back = undo(&desk, &choose, &officer, what).await;
        assert_eq!(desk.does(&back, &officer, "").await, StatusCode::SEE_OTHER, "{back}");
        assert_eq!(state(&desk, "nomination", nomination), "selected");
        assert_eq!(desk.one(&format!("SELECT need FROM nomination WHERE id = {}", sql(nomination))), need);
    }
}

/// What was withdrawn by mistake is shown to those who saw it, with the way back, and to nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn a_nomination_that_was_removed_opens_to_no_other_unit() {
    let desk = desk_at(0);
    let (nomination, unit, own) = nominated(&desk, "offered");
    let other = nominated_elsewhere(&desk, unit);
    let at = format!("/nominations/{nomination}");
    assert_eq!(desk.does(&format!("{at}/remove"), &own, "why=twice").await, StatusCode::SEE_OTHER);
    let head = role(&desk, Role::Head);
    for path in [at.clone(), format!("{at}/history")] {
        for who in [&other, &head] {
            assert_eq!(desk.page(&path, who).await.0, StatusCode::NOT_FOUND, "{path}");
        }
        for who in [&own, &role(&desk, Role::Officer)] {
            let (status, body) = desk.page(&path, who).await;
            assert_eq!(status, StatusCode::OK, "{path}");
            assert!(body.contains(&format!("{at}/restore")), "{path}");
        }
    }
    assert_eq!(desk.does(&format!("{at}/restore"), &own, "").await, StatusCode::SEE_OTHER);
    assert_eq!(state(&desk, "nomination", nomination), "offered");
}

fn nominated_elsewhere(desk: &Desk, unit: Subject) -> Who {
    let sql = format!(
        "SELECT person FROM grant_of_role WHERE role = 'coordinator' AND organisation <> {} ORDER BY id",
        sql(unit)
    );
    desk.as_person(desk.one(&sql))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_to_learn_is_at_one_place_and_shares_what_they_wish() {
    let desk = desk();
    let posting = desk.one("SELECT id FROM reverse_posting WHERE state = 'arrived'");
    let of = |what: &str| desk.one(&format!("SELECT {what} FROM reverse_posting WHERE id = {}", sql(posting)));
    let (person, school, host) = (of("person"), of("school"), of("host"));
    let (own, head) = (desk.as_person(person), desk.sign_in(Role::Head));
    let form = |who: Subject, host: Subject, from: &str, to: &str| {
        format!("person={who}&school={school}&host={host}&role=teacher&starts_on={from}&ends_on={to}")
    };
    for wrong in [
        form(person, host, "2026-11-01", "2026-12-01"),
        form(person, host, "2028-03-01", "2028-02-01"),
        form(person, school, "2028-03-01", "2028-04-01"),
    ] {
        let status = desk.does("/reverse-postings/new", &head, &wrong).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
    // Theirs stands on their first page, and the notice is on its own.
    let (_, today) = desk.page("/today", &own).await;
    assert!(today.contains(&format!("/reverse-postings/{posting}")));
    let (_, notice) = desk.get(&format!("/reverse-postings/{posting}/notice"), &own, None).await;
    assert!(notice.starts_with(b"%PDF-"));
    // What they write is theirs until they share it, and gone when they take it back.
    let report = format!("/reverse-postings/{posting}/report");
    let page = format!("/reverse-postings/{posting}");
    assert_eq!(desk.does(&report, &head, "said=x").await, StatusCode::FORBIDDEN);
    assert_eq!(desk.does(&report, &own, "said=xuelian9q4").await, StatusCode::SEE_OTHER);
    assert!(desk.page(&page, &own).await.1.contains("xuelian9q4"));
    assert!(!desk.page(&page, &head).await.1.contains("xuelian9q4"));
    assert_eq!(desk.does(&report, &own, "said=xuelian9q4&shared=yes").await, StatusCode::SEE_OTHER);
    assert!(desk.page(&page, &head).await.1.contains("xuelian9q4"));
    assert_eq!(desk.does(&format!("{report}/take-back"), &own, "").await, StatusCode::SEE_OTHER);
    assert!(!desk.page(&page, &own).await.1.contains("xuelian9q4"));
    assert!(!desk.page(&page, &head).await.1.contains("xuelian9q4"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_health_session_is_a_topic_and_a_number() {
    let desk = desk();
    let head = desk.sign_in(Role::Head);
    let school = desk.home;
    let teacher = desk.one(&format!("SELECT id FROM posting WHERE role = 'teacher' AND school = {}", sql(school)));
    let begin = format!("topic=clean+water&school={school}&starts_on=2026-11-02");
    for (form, wanted) in [
        (begin.clone(), StatusCode::UNPROCESSABLE_ENTITY),
        (format!("{begin}&medic={teacher}"), StatusCode::UNPROCESSABLE_ENTITY),
        (format!("{begin}&medic_name=Dr+X&_birth=hold&held_on=2026-11-02&number=40"), StatusCode::UNPROCESSABLE_ENTITY),
        (
            format!("{begin}&medic_name=Dr+X&_birth=hold&held_on=2026-11-02&number=40&basis=counted"),
            StatusCode::SEE_OTHER,
        ),
    ] {
        assert_eq!(desk.does("/health-sessions/new", &head, &form).await, wanted, "{form}");
    }
    let held: i64 = desk.ask("SELECT number FROM health_session WHERE topic = 'clean water' AND state = 'held'");
    assert_eq!(held, 40);
    // No field could hold anything of who came.
    let kind = desk.node.site.kinds.get("health_session").unwrap();
    let fields: Vec<&str> = kind.fields.iter().map(|f| f.name).collect();
    assert_eq!(fields, ["topic", "school", "starts_on", "medic", "medic_name", "held_on", "number", "basis"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_is_confirmed_by_the_school_and_shown_to_all() {
    let desk = desk_at(0);
    let officer = role(&desk, Role::Officer);
    let from = "FROM partnership p JOIN grant_of_role g ON g.organisation = p.school AND g.role = 'head'
                WHERE p.state = 'signed' ORDER BY p.id LIMIT 1";
    let of = |what: &str| desk.one(&format!("SELECT {what} {from}"));
    let (deal, unit, school) = (of("p.id"), of("p.unit"), of("p.school"));
    let head = desk.as_person(of("g.person"));
    let promise = format!("partnership={deal}&what=for+a+laboratory&kind=money&amount=2000000.00&due_on=2027-03-01");
    assert_eq!(desk.does("/commitments/new", &officer, &promise).await, StatusCode::SEE_OTHER);
    let commitment = desk.one("SELECT id FROM commitment WHERE what = 'for a laboratory'");
    let form = |more: &str| {
        format!("commitment={commitment}&what=a+sum&delivered_on=2026-10-02&unit={unit}&place={school}&{more}")
    };
    // Money is an amount, and an amount is exact.
    assert_eq!(desk.does("/deliveries/new", &officer, &form("number=3")).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(desk.does("/deliveries/new", &officer, &form("amount=1234567.89")).await, StatusCode::SEE_OTHER);
    let delivery = desk.one("SELECT id FROM delivery WHERE what = 'a sum'");
    let nobody = (String::new(), String::new());
    let (status, before) = desk.page(&format!("/promises/{deal}"), &nobody).await;
    assert_eq!(status, StatusCode::OK);
    assert!(before.contains("1,234,567.89"), "told");
    assert!(!before.contains(&delivery.to_string()), "publicly a row has a code");
    let csv = format!("/csv/promises?partnership={deal}");
    let line = |csv: &str| csv.lines().find(|l| l.contains("1234567.89")).map(ToOwned::to_owned);
    let told = line(&desk.page(&csv, &nobody).await.1).unwrap();
    assert!(told.contains("\"2000000.00\",\"0.00\",\"1234567.89\",\"2000000.00\""), "{told}");
    // Only the school that received it says so, and is asked to.
    assert!(desk.page("/today", &head).await.1.contains("/deliveries?state=told"));
    assert!(!desk.page("/today", &officer).await.1.contains("/deliveries?state=told"));
    let confirm = format!("/deliveries/{delivery}/move/confirm");
    assert_eq!(desk.does(&confirm, &officer, "confirmed_on=2026-10-09").await, StatusCode::FORBIDDEN);
    assert_eq!(desk.does(&confirm, &head, "confirmed_on=2026-10-09").await, StatusCode::SEE_OTHER);
    let now = line(&desk.page(&csv, &nobody).await.1).unwrap();
    assert!(now.contains("\"2000000.00\",\"1234567.89\",\"0.00\",\"765432.11\""), "{now}");
    // What the school confirmed the office does not change behind its back.
    assert_eq!(desk.page(&format!("/deliveries/{delivery}/edit"), &officer).await.0, StatusCode::FORBIDDEN);
    // People are counted from postings, and not entered again.
    let people = desk.one("SELECT id FROM commitment WHERE kind = 'people'");
    let deal = desk.one(&format!("SELECT partnership FROM commitment WHERE id = {}", sql(people)));
    let two = |what: &str| desk.one(&format!("SELECT {what} FROM partnership WHERE id = {}", sql(deal)));
    let form = format!(
        "commitment={people}&what=x&delivered_on=2026-10-02&unit={}&place={}&number=2",
        two("unit"),
        two("school")
    );
    assert_eq!(desk.does("/deliveries/new", &officer, &form).await, StatusCode::UNPROCESSABLE_ENTITY);
    let (_, body) = desk.page(&format!("/promises/{deal}"), &officer).await;
    assert!(body.contains("/postings/"), "an officer opens the rows");
    let (_, body) = desk.page(&format!("/promises/{deal}"), &nobody).await;
    assert!(!body.contains("/postings/") && !body.contains("/people/"), "the public does not");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_came_is_delivered_once_though_two_partnerships_of_the_same_two_run() {
    let desk = desk_at(0);
    let officer = role(&desk, Role::Officer);
    let people =
        "SELECT c.partnership FROM commitment c JOIN partnership p ON p.id = c.partnership AND p.state = 'signed'
                  JOIN posting g ON g.sender = p.unit AND g.school = p.school AND g.arrived_on >= p.signed_on
                  WHERE c.kind = 'people' AND c.state <> 'dropped' ORDER BY c.id LIMIT 1";
    let first = desk.one(people);
    let two = |what: &str| desk.one(&format!("SELECT {what} FROM partnership WHERE id = {}", sql(first)));
    let (unit, school) = (two("unit"), two("school"));
    let form = format!("title=renewed&unit={unit}&school={school}");
    assert_eq!(desk.does("/partnerships/new", &officer, &form).await, StatusCode::SEE_OTHER);
    let second = desk.one("SELECT id FROM partnership WHERE title = 'renewed'");
    // A day on which much had come already.
    let signed: String = desk.ask(&format!("SELECT signed_on FROM partnership WHERE id = {}", sql(first)));
    let sign = format!("/partnerships/{second}/move/sign");
    let reply = desk.post(&sign, &officer, &format!("signed_on={signed}")).await;
    assert_eq!(reply.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let body = axum::body::to_bytes(reply.into_body(), 1 << 20).await.unwrap();
    assert!(String::from_utf8_lossy(&body).contains("双方已有一份执行中的支援协议"), "said in words");
    // At a node that did not know of the first one it is signed all the same.
    let (store, kinds) = (&desk.node.site.store, house::kinds());
    let scope = Scope::Programme(desk.node.site.programme);
    let change = Change::new().with_text("state", "signed").with_text("signed_on", &signed);
    let partnership = kinds.get("partnership").unwrap();
    let elsewhere = store.write(Context::NODE, |tx| records::append(tx, partnership, scope, second, change, None));
    elsewhere.unwrap();
    let rows = async |deal: Subject| {
        let (_, page) = desk.page(&format!("/promises/{deal}"), &officer).await;
        let links = page.split("href=\"/postings/").skip(1).map(|l| l.split('"').next().unwrap().to_owned());
        links.collect::<BTreeSet<String>>()
    };
    let before = rows(first).await;
    assert!(!before.is_empty());
    let promise = Change::new()
        .with_link("partnership", second)
        .with_text("what", "people again")
        .with_text("kind", "people")
        .with("number", Value::Int(1))
        .with_text("due_on", "2000-01-01")
        .with_text("state", "open");
    write(store, &kinds, "commitment", scope, None, promise);
    let (first_now, second_now) = (rows(first).await, rows(second).await);
    assert_eq!(second_now.len(), 1, "what is due first is filled first");
    assert!(first_now.is_disjoint(&second_now));
    assert_eq!(first_now.union(&second_now).cloned().collect::<BTreeSet<_>>(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_need_is_met_reopened_and_its_years_show_who_carried_it() {
    let desk = desk_at(0);
    let officer = role(&desk, Role::Officer);
    let from = "FROM need n JOIN organisation o ON o.id = n.school AND o.kind = 'supported_school'
                JOIN person l ON l.school = n.school
                WHERE n.state = 'filled' AND n.subject IS NOT NULL ORDER BY n.id, l.id LIMIT 1";
    let of = |what: &str| desk.one(&format!("SELECT {what} {from}"));
    let (need, school, local) = (of("n.id"), of("n.school"), of("l.id"));
    let subject: String = desk.ask(&format!("SELECT n.subject {from}"));
    let rows = |year: i32| format!("/needs/years/rows?school={school}&subject={subject}&year={year}");
    let meet = format!("/needs/{need}/move/meet");
    // Somebody posted there does not carry it on, nor a teacher of another school.
    let posted = desk.one(&format!(
        "SELECT person FROM posting WHERE state = 'arrived' AND school = {} AND arrived_on < '2026-09-01'",
        sql(school)
    ));
    let far = desk.one(&format!(
        "SELECT p.id FROM person p JOIN organisation o ON o.id = p.school AND o.kind = 'supported_school'
         WHERE p.school <> {}",
        sql(school)
    ));
    for other in [posted, far] {
        let form = format!("carried_by={other}&met_on=2026-09-01");
        assert_eq!(desk.does(&meet, &officer, &form).await, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(
        desk.does(&meet, &officer, &format!("carried_by={local}&met_on=2026-09-01")).await,
        StatusCode::SEE_OTHER
    );
    let (_, body) = desk.page(&rows(2026), &officer).await;
    assert!(body.contains(&need.to_string()), "the need stands behind its cell");
    let (_, body) = desk.page(&format!("/needs/{need}"), &officer).await;
    assert!(body.contains("id=\"carried\"") && body.contains(&school.to_string()));
    // The local teacher leaves: a reason is asked, and the need is there again.
    let reopen = format!("/needs/{need}/move/reopen");
    assert_eq!(desk.does(&reopen, &officer, "reopened_on=2026-11-01").await, StatusCode::UNPROCESSABLE_ENTITY);
    let status = desk.does(&reopen, &officer, "reopened_on=2026-11-01&_why=moved+to+another+school").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(state(&desk, "need", need), "approved");
    for path in [
        "/needs/years".to_owned(),
        format!("/needs/years?school={school}"),
        format!("/needs/years?subject={subject}"),
        format!("/csv/needs/years?school={school}&subject={subject}"),
    ] {
        let (status, body) = desk.page(&path, &officer).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(path.starts_with("/csv") || body.contains("role=\"img\""), "{path}");
    }
    // A record of one pairing at another school is no page's of a head.
    let head = role(&desk, Role::Head);
    assert_eq!(desk.page(&rows(2026), &head).await.0, StatusCode::OK);
    assert_eq!(desk.page("/needs/years?subject=belief", &officer).await.0, StatusCode::NOT_FOUND);
}
