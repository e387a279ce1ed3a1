//! One's own approval is none, a role counts while it is in force, and there is always somebody who may.

use axum::http::StatusCode;
use base::{Scope, Subject};
use log::Context;
use records::{Change, RecordError, Role, append};
use zampa::node::members;

use crate::desk::{Desk, desk, desk_at};
use crate::pairings::{Who, sql};
use crate::two_nodes::give;

fn state(desk: &Desk, kind: &str, id: Subject) -> String {
    desk.ask(&format!("SELECT state FROM {kind} WHERE id = {}", sql(id)))
}

/// A role that is given by the node itself, until a day or for good.
fn grant(desk: &Desk, person: Subject, role: Role, organisation: Option<Subject>, until: Option<&str>) {
    let site = &desk.node.site;
    let scope = Scope::Person(person);
    let mut change =
        Change::new().with_link("person", person).with_text("role", role.code()).with_text("from_on", "2020-01-01");
    if let Some(organisation) = organisation {
        change = change.with_link("organisation", organisation);
    }
    if let Some(until) = until {
        change = change.with_text("until_on", until);
    }
    let written = site.store.write(Context::NODE, |tx| {
        append(tx, site.kinds.get("grant_of_role").unwrap(), scope, tx.subject(&scope), change, None)?;
        tx.fold()?;
        Ok::<_, RecordError>(())
    });
    written.unwrap();
}

async fn made(desk: &Desk, path: &str, who: &Who, form: &str) -> (String, Subject) {
    let made = desk.post(path, who, form).await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER, "{path} {form}");
    let at = made.headers()["location"].to_str().unwrap().to_owned();
    let id = at.rsplit('/').next().unwrap().parse().unwrap();
    (at, id)
}

async fn edit(desk: &Desk, path: &str, who: &Who, form: &str) -> StatusCode {
    let page = desk.page(&format!("{path}/edit"), who).await.1;
    let base = crate::edits::value(&page, "_base");
    desk.does(&format!("{path}/edit"), who, &format!("_base={base}&{form}")).await
}

fn english(who: &Who) -> Who {
    (format!("{}; zampa_lang=en", who.0), who.1.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_over_or_was_given_by_a_box_opens_nothing() {
    let (hub, school) = (desk_at(0), desk());
    let pairing = school.going(school.home).0;
    let nomination = hub.one("SELECT id FROM nomination ORDER BY id LIMIT 1");
    let colleague = |n: i64| {
        school.one(&format!(
            "SELECT person FROM grant_of_role WHERE role = 'local' AND organisation = {0} AND person NOT IN
             (SELECT master FROM pairing WHERE id = {1} UNION SELECT apprentice FROM pairing WHERE id = {1})
             ORDER BY person LIMIT 1 OFFSET {n}",
            sql(school.home),
            sql(pairing)
        ))
    };
    let (once, boxed, now) = (colleague(0), colleague(1), colleague(2));
    let yesterday = hub.node.site.today().yesterday().unwrap().to_string();
    grant(&hub, once, Role::Officer, None, Some(&yesterday));
    grant(&hub, now, Role::Officer, None, None);
    // The box of the school says that somebody of its own is an officer.
    grant(&school, boxed, Role::Officer, None, None);
    grant(&school, boxed, Role::Head, Some(hub.one("SELECT school FROM posting ORDER BY id DESC")), None);
    give(&school.node.site.store, &hub.node.site.store, &members(&school.files.settings().unwrap()));
    let roles = format!("SELECT count(*) FROM grant_of_role WHERE role = 'officer' AND person = {}", sql(boxed));
    assert_eq!(hub.ask::<i64>(&roles), 1, "it has come");
    for (person, may) in [(once, false), (boxed, false), (now, true)] {
        let who = hub.as_person(person);
        let read = hub.page(&format!("/nominations/{nomination}"), &who).await.0;
        let edit = hub.page(&format!("/pairings/{pairing}/edit"), &who).await.0;
        let both = if may { (StatusCode::OK, StatusCode::OK) } else { (StatusCode::NOT_FOUND, StatusCode::FORBIDDEN) };
        assert_eq!((read, edit), both);
    }
    // At the box itself it is no officer either.
    let edit = school.page(&format!("/pairings/{pairing}/edit"), &school.as_person(boxed)).await.0;
    assert_eq!(edit, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_counts_is_the_word_of_two() {
    let hub = desk_at(0);
    let home = desk().home;
    let of = |role: &str| {
        let at = format!("SELECT person FROM grant_of_role WHERE role = '{role}' AND organisation = {}", sql(home));
        hub.as_person(hub.one(&at))
    };
    let (head, local) = (of("head"), of("local"));
    let officer = hub.as_person(hub.with_role(Role::Officer));
    let activity = hub.one(&format!("SELECT id FROM activity WHERE home = {} AND state = 'held' LIMIT 1", sql(home)));
    let day = hub.ask::<String>(&format!("SELECT starts_on FROM activity WHERE id = {}", sql(activity)));
    let form = |number: u32| format!("activity={activity}&category=others&day={day}&number={number}&basis=counted");
    let (path, id) = made(&hub, "/headcounts/new", &head, &form(5000)).await;
    let verify = format!("{path}/move/verify");
    assert_eq!(hub.does(&verify, &head, "").await, StatusCode::FORBIDDEN);
    let page = hub.page(&path, &english(&head)).await.1;
    assert!(page.contains("another head verifies it, or the office") && !page.contains(&verify), "it says who may");
    assert_eq!(hub.does(&verify, &officer, "").await, StatusCode::SEE_OTHER);
    // What was verified is not another number afterwards, by whose hand ever.
    assert_eq!(edit(&hub, &path, &head, &form(9000)).await, StatusCode::SEE_OTHER);
    assert_eq!(state(&hub, "headcount", id), "entered");
    assert_eq!(hub.does(&verify, &head, "").await, StatusCode::FORBIDDEN);
    // Nor by undoing what opened it.
    let last = hub.node.site.store.read(|c| log::entries_of(c, &id)).unwrap().pop().unwrap().header;
    let undo = format!("{path}/undo/{}/{}", last.node, last.seq);
    assert_eq!(hub.does(&undo, &head, "").await, StatusCode::FORBIDDEN);
    assert_eq!(hub.does(&verify, &officer, "").await, StatusCode::SEE_OTHER);
    // What a teacher entered, the head verifies.
    let form = form(7).replace("others", "parents");
    let (path, id) = made(&hub, "/headcounts/new", &local, &form).await;
    assert_eq!(hub.does(&format!("{path}/move/verify"), &head, "").await, StatusCode::SEE_OTHER);
    assert_eq!(state(&hub, "headcount", id), "verified");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sends_themselves_to_learn() {
    let hub = desk_at(0);
    let home = desk().home;
    let officer = hub.as_person(hub.with_role(Role::Officer));
    let chief =
        hub.one(&format!("SELECT person FROM grant_of_role WHERE role = 'head' AND organisation = {}", sql(home)));
    let head = hub.as_person(chief);
    let host = hub.one("SELECT host FROM reverse_posting LIMIT 1");
    let form = format!("person={chief}&school={home}&host={host}&role=leader&starts_on=2029-03-01&ends_on=2029-04-01");
    for (by, then) in [(&head, &officer), (&officer, &head)] {
        let (path, id) = made(&hub, "/reverse-postings/new", by, &form).await;
        let accept = format!("{path}/move/accept");
        assert_eq!(hub.does(&accept, &head, "").await, StatusCode::FORBIDDEN, "who goes");
        assert_eq!(
            hub.does(&format!("{path}/move/arrive"), &head, "arrived_on=2029-03-01").await,
            StatusCode::FORBIDDEN
        );
        if std::ptr::eq(by, &raw const head) {
            assert_eq!(hub.does(&accept, then, "").await, StatusCode::SEE_OTHER);
            assert_eq!(state(&hub, "reverse_posting", id), "accepted");
            // Another host is another approval.
            let other = hub.one(&format!(
                "SELECT id FROM organisation WHERE kind IN ('assisting_unit', 'partner_school') AND id <> {} LIMIT 1",
                sql(host)
            ));
            let form = form.replace(&host.to_string(), &other.to_string());
            assert_eq!(edit(&hub, &path, &head, &form).await, StatusCode::SEE_OTHER);
            assert_eq!(state(&hub, "reverse_posting", id), "proposed");
        } else {
            // The office proposed it, and the head is the one who goes: another of the office accepts it.
            assert_eq!(hub.does(&accept, &officer, "").await, StatusCode::FORBIDDEN);
            let keeper = hub.as_person(hub.with_role(Role::Administrator));
            assert_eq!(hub.does(&accept, &keeper, "").await, StatusCode::SEE_OTHER);
        }
        assert_eq!(hub.does(&format!("{path}/move/decline"), &officer, "").await, StatusCode::SEE_OTHER);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_of_a_practice_is_the_word_of_the_school_that_took_it() {
    let hub = desk_at(0);
    let home = desk().home;
    let practice = hub.one(&format!("SELECT id FROM practice WHERE origin <> {} LIMIT 1", sql(home)));
    let at = |org: Subject| {
        let sql = format!("SELECT person FROM grant_of_role WHERE role = 'head' AND organisation = {}", sql(org));
        hub.as_person(hub.one(&sql))
    };
    let shows = hub.one(&format!(
        "SELECT g.organisation FROM grant_of_role g JOIN organisation o ON o.id = g.organisation
         WHERE g.role = 'head' AND o.kind = 'supported_school' AND o.id <> {} LIMIT 1",
        sql(home)
    ));
    let (shower, taker) = (at(shows), at(home));
    let taken =
        format!("SELECT count(*) FROM practice_school WHERE practice = {} AND school = {}", sql(practice), sql(home));
    assert_eq!(hub.ask::<i64>(&taken), 0);
    let form = format!("practice={practice}&school={home}&shown_by={shows}&shown_on=2026-10-01");
    let (path, id) = made(&hub, "/practice-schools/new", &shower, &form).await;
    let adopt = format!("{path}/move/adopt");
    assert_eq!(hub.does(&adopt, &shower, "adopted_on=2026-10-20").await, StatusCode::FORBIDDEN);
    assert!(hub.page(&path, &english(&shower)).await.1.contains("its own people record it, or the office"));
    assert_eq!(hub.does(&adopt, &taker, "adopted_on=2026-10-20").await, StatusCode::SEE_OTHER);
    assert_eq!(hub.does(&format!("{path}/move/drop"), &shower, "dropped_on=2026-10-21").await, StatusCode::FORBIDDEN);
    let see = hub.does(&format!("{path}/move/see"), &shower, "seen_on=2026-10-22").await;
    assert_eq!(see, StatusCode::SEE_OTHER, "that it was seen again is whose who saw it");
    let officer = hub.as_person(hub.with_role(Role::Officer));
    let drop = hub.does(&format!("{path}/move/drop"), &officer, "dropped_on=2026-10-23").await;
    assert_eq!((drop, &*state(&hub, "practice_school", id)), (StatusCode::SEE_OTHER, "dropped"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_s_approval_is_of_one_person_and_a_unit_of_one_is_no_dead_end() {
    let hub = desk_at(0);
    let officer = hub.as_person(hub.with_role(Role::Officer));
    let row = "FROM nomination n WHERE n.state = 'approved' ORDER BY n.id LIMIT 1";
    let of = |what: &str| hub.one(&format!("SELECT {what} {row}"));
    let (approved, unit, cohort) = (of("n.id"), of("n.unit"), of("n.cohort"));
    let other = hub.one(&format!(
        "SELECT id FROM person WHERE school IS NULL AND id NOT IN (SELECT person FROM nomination WHERE cohort = {})",
        sql(cohort)
    ));
    let form = |who: Subject| format!("person={who}&unit={unit}&cohort={cohort}&roles=teacher&available=yes");
    assert_eq!(edit(&hub, &format!("/nominations/{approved}"), &officer, &form(other)).await, StatusCode::SEE_OTHER);
    assert_eq!(state(&hub, "nomination", approved), "offered", "of another, the unit has said nothing");

    // The unit's only coordinator offers themselves.
    let only = "FROM grant_of_role g WHERE g.role = 'coordinator' AND g.person NOT IN (SELECT person FROM nomination)
                AND 1 = (SELECT count(*) FROM grant_of_role o WHERE o.role = 'coordinator'
                         AND o.organisation = g.organisation) ORDER BY g.id LIMIT 1";
    let (person, unit) =
        (hub.one(&format!("SELECT g.person {only}")), hub.one(&format!("SELECT g.organisation {only}")));
    let own = hub.as_person(person);
    let form = format!("person={person}&unit={unit}&cohort={cohort}&roles=teacher&available=yes");
    let (path, id) = made(&hub, "/nominations/new", &own, &form).await;
    let approve = format!("{path}/move/approve");
    assert_eq!(hub.does(&approve, &own, "").await, StatusCode::FORBIDDEN);
    assert!(hub.page(&path, &english(&own)).await.1.contains("or the office where the unit has no other"));
    // With a second coordinator it is theirs to say; while there is none, the office's.
    let second = hub.one(&format!("SELECT id FROM person WHERE school IS NULL AND id <> {} LIMIT 1", sql(person)));
    let today = hub.node.site.today().to_string();
    assert!(hub.page(&path, &officer).await.1.contains(&approve));
    grant(&hub, second, Role::Coordinator, Some(unit), Some(&today));
    assert_eq!(hub.does(&approve, &officer, "").await, StatusCode::FORBIDDEN);
    assert_eq!(hub.does(&approve, &hub.as_person(second), "").await, StatusCode::SEE_OTHER);
    assert_eq!(state(&hub, "nomination", id), "approved");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_office_enters_no_signature_of_its_own_pairing() {
    let hub = desk_at(0);
    let home = desk().home;
    let chief =
        hub.one(&format!("SELECT person FROM grant_of_role WHERE role = 'head' AND organisation = {}", sql(home)));
    let local =
        hub.one(&format!("SELECT person FROM grant_of_role WHERE role = 'local' AND organisation = {}", sql(home)));
    let (master, keeper) = (hub.with_role(Role::Officer), hub.with_role(Role::Administrator));
    assert_ne!(master, keeper);
    let form = format!("kind=subject&master={master}&apprentice={local}&school={home}");
    let (path, _) = made(&hub, "/pairings/new", &hub.as_person(chief), &form).await;
    let form = "master_signed_on=2026-10-20&apprentice_signed_on=2026-10-20";
    let sign = format!("{path}/move/sign");
    assert_eq!(hub.does(&sign, &hub.as_person(master), form).await, StatusCode::FORBIDDEN);
    assert_eq!(hub.does(&sign, &hub.as_person(keeper), form).await, StatusCode::SEE_OTHER);
}
