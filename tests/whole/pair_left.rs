//! When the role of one of the two is over: what is theirs stays open to them, and nothing else.

use axum::http::StatusCode;
use base::{Scope, Subject};
use log::Context;
use records::{Change, RecordError, Role, append};
use zampa::node::members;

use crate::desk::{Desk, desk, desk_at};
use crate::observations::envelope;
use crate::pairings::{Who, sql};
use crate::two_nodes::give;

/// Every role of a person is over.
pub(crate) fn goes_home(hub: &Desk, person: Subject) {
    let site = &hub.node.site;
    let kind = site.kinds.get("grant_of_role").unwrap();
    let count = format!("SELECT count(*) FROM grant_of_role WHERE person = {}", sql(person));
    let ids: Vec<Subject> = (0..hub.ask::<i64>(&count))
        .map(|n| {
            let one =
                format!("SELECT id FROM grant_of_role WHERE person = {} ORDER BY id LIMIT 1 OFFSET {n}", sql(person));
            hub.one(&one)
        })
        .collect();
    let written = site.store.write(Context::NODE, |tx| {
        for id in ids {
            let over = Change::new().with_text("until_on", "2026-07-31");
            append(tx, kind, Scope::Person(person), id, over, None)?;
        }
        tx.fold()?;
        Ok::<_, RecordError>(())
    });
    written.unwrap();
    let reader = site.store.read(|c| (site.reader_of)(c, person, site.today())).unwrap();
    assert!(reader.grants.is_empty());
}

pub(crate) fn english(who: &Who) -> Who {
    (format!("{}; zampa_lang=en", who.0), who.1.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_went_home_goes_on_with_their_own_pairing_online_and_opens_nothing_else() {
    let hub = desk_at(0);
    let home = hub.one("SELECT p.home FROM pairing p JOIN pair_fit f ON f.pairing = p.id LIMIT 1");
    let (pairing, master, apprentice) = hub.going(home);
    let name: String =
        hub.ask(&format!("SELECT coalesce(names ->> '$.en', name) FROM person WHERE id = {}", sql(apprentice)));
    let at = english(&hub.as_person(master));
    let path = format!("/pairings/{pairing}");
    assert_eq!(hub.does(&format!("{path}/online"), &at, "").await, StatusCode::SEE_OTHER);
    let site = &hub.node.site;
    goes_home(&hub, master);

    // The page with the other's name, the list, the first page; what is written, by each of its ways.
    let (status, page) = hub.page(&path, &at).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("id=\"pair-timeline\"") && page.contains(&name), "{page}");
    assert!(!page.contains(&format!("href=\"/people/{apprentice}\"")), "the name leads nowhere");
    let (_, list) = hub.page("/pairings", &at).await;
    assert!(list.contains(&path));
    let (sealed, keys) = envelope(100);
    let kept = |what: &str| format!("what={what}&held_on=2026-10-20&sealed={sealed}&keys={keys}");
    let (status, given) = hub.page(&format!("{path}/sealed"), &at).await;
    assert!(status == StatusCode::OK && given.contains(&name));
    for what in ["session", "goals", "goal"] {
        assert_eq!(hub.does(&format!("{path}/keep"), &at, &kept(what)).await, StatusCode::OK, "{what}");
    }
    let note = hub.one(&format!(
        "SELECT id FROM pair_note WHERE person = {} AND what = 'session' AND sealed IS NOT NULL ORDER BY made DESC",
        sql(master)
    ));
    assert!(hub.page(&path, &at).await.1.contains(&note.to_string()), "what they wrote stands in the timeline");
    let goal = hub.one("SELECT id FROM pair_goal ORDER BY made DESC LIMIT 1");
    for (to, form) in [
        ("keys", format!("note={note}&keys={keys}")),
        ("lessons", "what=observed&held_on=2026-10-19&subject=art".to_owned()),
        ("fit", "fit=well".to_owned()),
        ("keep", format!("{}&goal={goal}", kept("evidence"))),
        ("goals/review", format!("goal={goal}")),
        ("take-back", format!("note={note}")),
    ] {
        let status = hub.does(&format!("{path}/{to}"), &at, &form).await;
        assert!(matches!(status, StatusCode::OK | StatusCode::SEE_OTHER), "{to}: {status}");
    }
    // Nothing more: no other pairing, nobody's page, no form, no list of a school.
    let other = hub.one(&format!(
        "SELECT id FROM pairing WHERE home = {} AND {} NOT IN (master, apprentice) ORDER BY id LIMIT 1",
        sql(home),
        sql(master)
    ));
    assert!(!list.contains(&other.to_string()));
    for (closed, label) in [
        (format!("/pairings/{other}"), "another pairing"),
        (format!("/pairings/{other}/sealed"), "what others keep"),
        (format!("/people/{apprentice}"), "the other's page"),
        ("/people".to_owned(), "people"),
        ("/visits".to_owned(), "visits"),
        ("/pairings/new".to_owned(), "a form"),
        (format!("{path}/edit"), "another agreement"),
        ("/pairings/choice".to_owned(), "who offers"),
        ("/pairings/due".to_owned(), "what is due"),
    ] {
        let (status, _) = hub.page(&closed, &at).await;
        assert!(matches!(status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN), "{label}: {status}");
    }
    assert_ne!(hub.does(&format!("/pairings/{other}/fit"), &at, "fit=another").await, StatusCode::SEE_OTHER);
    let form = format!("kind=subject&master={master}&apprentice={apprentice}&school={home}");
    assert_eq!(hub.does("/pairings/new", &at, &form).await, StatusCode::FORBIDDEN);

    // It is theirs to close, and the certificate is theirs.
    let close = hub.does(&format!("{path}/move/close"), &at, &format!("ended_on={}", site.today())).await;
    assert_eq!(close, StatusCode::SEE_OTHER);
    assert_eq!(hub.does(&format!("{path}/keep"), &at, &kept("review")).await, StatusCode::OK);
    let (head, bytes) = hub.get(&format!("{path}/certificate"), &at, None).await;
    assert!(head.status() == StatusCode::OK && bytes.starts_with(b"%PDF-"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_asked_after_their_role_is_over_signs_and_takes_nobody_else_s_place() {
    let hub = desk_at(0);
    let head = hub.as_person(hub.with_role(Role::Officer));
    let wish = hub.one("SELECT id FROM pair_wish WHERE subject = 'science'");
    let offer = hub.one("SELECT id FROM pair_offer WHERE subject = 'science'");
    let made = hub.post("/pairings/choice/propose", &head, &format!("wish={wish}&offer={offer}")).await;
    let path = made.headers()["location"].to_str().unwrap().to_owned();
    let apprentice = hub.one(&format!("SELECT person FROM pair_wish WHERE id = {}", sql(wish)));
    goes_home(&hub, apprentice);
    let at = hub.as_person(apprentice);
    let (_, today) = hub.page("/today", &at).await;
    assert!(today.contains(&path), "they are asked");
    let form = "master_signed_on=2026-10-20&apprentice_signed_on=2026-10-21";
    assert_eq!(hub.does(&format!("{path}/move/sign"), &at, form).await, StatusCode::FORBIDDEN);
    assert_eq!(hub.does(&format!("{path}/move/call_off"), &at, "ended_on=2026-10-20").await, StatusCode::FORBIDDEN);
    assert_eq!(hub.does(&format!("{path}/sign"), &at, "").await, StatusCode::SEE_OTHER);
    let signed = format!("SELECT count(*) FROM pair_signature WHERE person = {}", sql(apprentice));
    assert_eq!(hub.ask::<i64>(&signed), 1);
}

/// An account, made or changed at a node.
fn sets(desk: &Desk, person: Subject, id: Option<Subject>, change: Change) -> Subject {
    let site = &desk.node.site;
    let (kind, scope) = (site.kinds.get("account").unwrap(), Scope::Person(person));
    let written = site.store.write(Context::NODE, |tx| {
        let id = id.unwrap_or_else(|| tx.subject(&scope));
        append(tx, kind, scope, id, change, None)?;
        tx.fold()?;
        Ok::<_, RecordError>(id)
    });
    written.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_that_writes_an_account_does_not_become_its_person_at_another_school() {
    let (school, hub) = (desk(), desk_at(0));
    let site = &hub.node.site;
    let local = hub.one(&format!(
        "SELECT person FROM grant_of_role WHERE role = 'local' AND organisation = {} ORDER BY id LIMIT 1",
        sql(school.home)
    ));
    let other = hub.one(&format!("SELECT home FROM pairing WHERE home <> {} ORDER BY id LIMIT 1", sql(school.home)));
    let apprentice = hub.one(&format!("SELECT id FROM person WHERE home = {} ORDER BY id LIMIT 1", sql(other)));
    let kind = site.kinds.get("pairing").unwrap();
    let pairing = |at: Subject, apprentice: Subject| {
        let change = Change::new()
            .with_text("kind", "subject")
            .with_link("master", local)
            .with_link("apprentice", apprentice)
            .with_link("school", at)
            .with_text("active_from", "2026-03-02")
            .with_text("state", "active");
        let scope = Scope::School(at);
        let written = site.store.write(Context::NODE, |tx| {
            let id = tx.subject(&scope);
            append(tx, kind, scope, id, change, None)?;
            tx.fold()?;
            Ok::<_, RecordError>(id)
        });
        written.unwrap()
    };
    let colleague = hub.one(&format!(
        "SELECT id FROM person WHERE home = {} AND id <> {} ORDER BY id LIMIT 1",
        sql(school.home),
        sql(local)
    ));
    let (here, there) = (pairing(school.home, colleague), pairing(other, apprentice));
    let at = hub.as_person(local);
    for id in [here, there] {
        assert_eq!(hub.page(&format!("/pairings/{id}"), &at).await.0, StatusCode::OK);
    }
    assert!(hub.page("/service", &at).await.1.contains(&format!("/pairings/{there}")));
    // The hub makes the account; the box of the one school sets its password.
    let known = members(&hub.files.settings().unwrap());
    let change =
        Change::new().with_link("person", local).with_text("sign_in_name", "x").with_text("password_hash", "x");
    let account = sets(&hub, local, None, change);
    give(&site.store, &school.node.site.store, &known);
    assert_eq!(hub.page(&format!("/pairings/{there}"), &at).await.0, StatusCode::OK);
    sets(&school, local, Some(account), Change::new().with_text("password_hash", "y"));
    give(&school.node.site.store, &site.store, &known);
    assert_eq!(hub.page(&format!("/pairings/{here}"), &at).await.0, StatusCode::OK);
    for path in ["", "/sealed", "/certificate"] {
        assert_eq!(hub.page(&format!("/pairings/{there}{path}"), &at).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(!hub.page("/service", &at).await.1.contains(&there.to_string()));
    goes_home(&hub, local);
    assert_eq!(
        hub.page(&format!("/pairings/{here}"), &at).await.0,
        StatusCode::OK,
        "what is of that school stays theirs"
    );
    assert_eq!(hub.page(&format!("/pairings/{there}"), &at).await.0, StatusCode::NOT_FOUND);
}
