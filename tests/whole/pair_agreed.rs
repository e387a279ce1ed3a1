//! Who the two of a pairing are, and who reads what they agreed.

use axum::http::StatusCode;
use base::{Scope, Subject};
use log::Context;
use records::{Change, Role, append};

use crate::desk::{desk, desk_at};
use crate::pairings::{PHRASE, sql};

#[tokio::test(flavor = "multi_thread")]
async fn who_the_two_are_never_changes() {
    let desk = desk();
    let (pairing, master, apprentice) = desk.going(desk.home);
    let chief = desk.with_role(Role::Head);
    let head = desk.as_person(chief);
    let path = format!("/pairings/{pairing}");
    let page = desk.page(&format!("{path}/edit"), &head).await.1;
    assert!(!page.contains("name=\"master\"") && !page.contains("name=\"apprentice\""));
    let base = crate::edits::value(&page, "_base");
    let school = desk.home;
    let form = format!("_base={base}&kind=subject&master={chief}&apprentice={apprentice}&school={school}&goals=x");
    desk.does(&format!("{path}/edit"), &head, &form).await;
    assert_eq!(desk.one(&format!("SELECT master FROM pairing WHERE id = {}", sql(pairing))), master);
    assert_eq!(desk.page(&format!("{path}/sealed"), &head).await.0, StatusCode::FORBIDDEN);
    // Not by another way either; back to what it was, a record of before is led.
    let site = &desk.node.site;
    let kind = site.kinds.get("pairing").unwrap();
    let reader = site.store.read(|c| (site.reader_of)(c, chief, site.today())).unwrap();
    let set = |who: Subject| {
        let change = Change::new().with_link("master", who);
        let context = Context { author: chief };
        site.store.write(context, |tx| register::change_in(tx, site, &reader, kind, pairing, change, None)).is_ok()
    };
    assert!(!set(chief) && set(master));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_two_agreed_is_read_by_them_the_head_and_the_office() {
    let hub = desk_at(0);
    let home = hub.one("SELECT p.home FROM pairing p JOIN pair_fit f ON f.pairing = p.id LIMIT 1");
    let (pairing, master, apprentice) = hub.going(home);
    let kind = hub.node.site.kinds.get("pairing").unwrap();
    let change = Change::new().with_text("goals", PHRASE);
    let written = hub.node.site.store.write(Context { author: master }, |tx| {
        append(tx, kind, Scope::School(home), pairing, change, None)?;
        tx.fold()
    });
    written.unwrap();
    let local = hub.one(&format!(
        "SELECT p.id FROM person p WHERE p.school = {} AND p.id NOT IN ({}, {}) AND p.id IN
         (SELECT person FROM grant_of_role WHERE role = 'local') ORDER BY p.id LIMIT 1",
        sql(home),
        sql(master),
        sql(apprentice)
    ));
    let (officer, observer) = (hub.with_role(Role::Officer), hub.with_role(Role::Observer));
    let head =
        hub.one(&format!("SELECT person FROM grant_of_role WHERE role = 'head' AND organisation = {}", sql(home)));
    for (who, reads) in
        [(master, true), (apprentice, true), (head, true), (officer, true), (local, false), (observer, false)]
    {
        let who = hub.as_person(who);
        for page in ["", "/history"] {
            let (status, page) = hub.page(&format!("/pairings/{pairing}{page}"), &who).await;
            assert_eq!(status, StatusCode::OK);
            assert_eq!(page.contains(PHRASE), reads);
        }
        let (_, found) = hub.page(&format!("/search?q={PHRASE}"), &who).await;
        assert!(!found.contains(&pairing.to_string()), "no search leads from the words to the two");
    }
}
