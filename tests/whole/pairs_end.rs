//! When somebody leaves: no posting ends before its pairings are decided, and a master guides no more than they offered to.

use axum::http::StatusCode;
use base::{Scope, Subject};
use log::{Context, LogError};
use records::{Change, Role, append};

use crate::desk::{desk, desk_at};
use crate::pairings::sql;

#[tokio::test(flavor = "multi_thread")]
async fn a_posting_does_not_end_before_each_pairing_is_closed_handed_over_or_goes_on_online() {
    let hub = desk_at(0);
    let officer = hub.as_person(hub.with_role(Role::Officer));
    // As the master, and as the apprentice who learns from a local teacher.
    for side in ["master", "apprentice"] {
        let posting = hub.one(&format!(
            "SELECT a.id FROM posting a JOIN pairing p ON p.{side} = a.person WHERE a.state = 'arrived'
             AND p.state = 'active' AND coalesce(p.online, 0) = 0 AND p.id IN (SELECT pairing FROM pair_note)
             AND NOT EXISTS (SELECT 1 FROM posting b WHERE b.person = a.person AND b.id <> a.id
                             AND b.state IN ('accepted', 'arrived')) ORDER BY a.id LIMIT 1"
        ));
        let path = format!("/postings/{posting}");
        let end = async || {
            let form = "ended_on=2026-11-25";
            hub.does(&format!("{path}/move/complete"), &officer, form).await
        };
        assert_eq!(end().await, StatusCode::UNPROCESSABLE_ENTITY, "{side}");
        let state = format!("SELECT state FROM posting WHERE id = {}", sql(posting));
        assert_eq!(hub.ask::<String>(&state), "arrived");
        let held: Vec<Subject> = hub
            .node
            .site
            .store
            .read(|c| {
                let mut stmt = c.prepare(
                    "SELECT p.id FROM pairing p JOIN posting a ON a.person IN (p.master, p.apprentice)
                     WHERE a.id = ?1 AND p.state IN ('active', 'paused') AND coalesce(p.online, 0) = 0 ORDER BY p.id",
                )?;
                let ids = stmt.query_map([posting.as_bytes()], |r| r.get::<_, Vec<u8>>(0))?;
                Ok::<_, LogError>(ids.map(|i| Subject::try_from(i.unwrap().as_slice()).unwrap()).collect())
            })
            .unwrap();
        let (_, page) = hub.page(&path, &officer).await;
        for (n, pairing) in held.iter().enumerate() {
            assert!(page.contains(&format!("/pairings/{pairing}")), "the page of the posting names each");
            assert_eq!(end().await, StatusCode::UNPROCESSABLE_ENTITY, "{side}: {} to go", held.len() - n);
            let one = hub.one(&format!("SELECT master FROM pairing WHERE id = {}", sql(*pairing)));
            let done = if n % 2 == 0 {
                hub.does(&format!("/pairings/{pairing}/online"), &hub.as_person(one), "").await
            } else {
                hub.does(&format!("/pairings/{pairing}/move/close"), &officer, "ended_on=2026-11-25").await
            };
            assert_eq!(done, StatusCode::SEE_OTHER);
        }
        assert_eq!(end().await, StatusCode::SEE_OTHER, "{side}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_is_told_on_the_first_page_and_the_head_learns_only_that_something_is_due() {
    let hub = desk_at(0);
    let home = hub.one("SELECT p.home FROM pairing p JOIN pair_fit f ON f.pairing = p.id LIMIT 1");
    let (pairing, master, apprentice) = hub.going(home);
    let posting = hub.one(&format!("SELECT id FROM posting WHERE person = {} AND state = 'arrived'", sql(master)));
    let today = hub.node.site.today();
    let officer = hub.as_person(hub.with_role(Role::Officer));
    let form = format!("ends_on={}&_why=x", today.checked_add(std::time::Duration::from_hours(480)).unwrap());
    let extended = hub.does(&format!("/postings/{posting}/move/extend"), &officer, &form).await;
    assert_eq!(extended, StatusCode::SEE_OTHER);
    for person in [master, apprentice] {
        let (_, page) = hub.page("/today", &hub.as_person(person)).await;
        assert!(page.contains(&format!("/pairings/{pairing}#pair-due")));
        let (_, page) = hub.page(&format!("/pairings/{pairing}"), &hub.as_person(person)).await;
        assert!(page.contains(&format!("/pairings/{pairing}/online")));
    }
    let (_, page) = hub.page("/today", &officer).await;
    assert!(page.contains("/pairings/due") && !page.contains(&format!("/pairings/{pairing}#pair-due")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_does_not_begin_more_than_they_offered() {
    let desk = desk();
    let offer = desk.one("SELECT id FROM pair_offer WHERE subject = 'tibetan'");
    let master = desk.one(&format!("SELECT person FROM pair_offer WHERE id = {}", sql(offer)));
    let who = desk.as_person(master);
    // The offer becomes one of a single apprentice, and the master has one.
    assert_eq!(desk.does("/pairings/choice/withdraw", &who, &format!("which={offer}")).await, StatusCode::SEE_OTHER);
    let form = "kind=subject&subject=tibetan&about=x&capacity=1";
    assert_eq!(desk.does("/pairings/choice/offer", &who, form).await, StatusCode::SEE_OTHER);
    let active = format!("SELECT count(*) FROM pairing WHERE state = 'active' AND master = {}", sql(master));
    assert!(desk.ask::<i64>(&active) >= 1);
    let apprentice = desk.one(&format!(
        "SELECT person FROM grant_of_role WHERE role = 'local' AND person <> {0}
         AND person NOT IN (SELECT apprentice FROM pairing WHERE master = {0})",
        sql(master)
    ));
    let form = format!("kind=subject&master={master}&apprentice={apprentice}&school={}", desk.home);
    let made = desk.post("/pairings/new", &who, &form).await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER);
    let path = made.headers()["location"].to_str().unwrap().to_owned();
    for who in [&who, &desk.as_person(apprentice)] {
        assert_eq!(desk.does(&format!("{path}/sign"), who, "").await, StatusCode::SEE_OTHER);
    }
    let begin = async || desk.does(&format!("{path}/move/begin"), &who, "active_from=2026-11-20").await;
    assert_eq!(begin().await, StatusCode::UNPROCESSABLE_ENTITY);
    // The history says of both signatures whose they are.
    let history = desk.page(&format!("{path}/history"), &(format!("{}; zampa_lang=en", who.0), who.1.clone())).await.1;
    assert!(history.contains("两人各自签字") || history.contains("Each of the two signed for themselves"), "{history}");
    // Nor does one begin while another rests, and both go on then.
    let old = desk.one(&format!("SELECT id FROM pairing WHERE state = 'active' AND master = {}", sql(master)));
    assert_eq!(desk.ask::<i64>(&active), 1);
    assert_eq!(desk.does(&format!("/pairings/{old}/move/pause"), &who, "_why=x").await, StatusCode::SEE_OTHER);
    let rest = desk.node.site.store.read(|c| log::entries_of(c, &old)).unwrap().pop().unwrap().header;
    assert_eq!(begin().await, StatusCode::SEE_OTHER);
    assert_eq!(desk.does(&format!("/pairings/{old}/move/resume"), &who, "").await, StatusCode::UNPROCESSABLE_ENTITY);
    let undo = format!("/pairings/{old}/undo/{}/{}", rest.node, rest.seq);
    assert_eq!(desk.does(&undo, &who, "").await, StatusCode::CONFLICT, "nor by undoing");
    assert_eq!(desk.ask::<i64>(&active), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_says_who_counts_and_the_same_offer_anew_takes_the_place_of_the_first() {
    let desk = desk();
    let master = desk.one("SELECT person FROM pair_offer WHERE subject = 'tibetan'");
    let who = desk.as_person(master);
    let english = (format!("{}; zampa_lang=en", who.0), who.1.clone());
    let has = format!("SELECT count(*) FROM pairing WHERE state IN ('signed', 'active') AND master = {}", sql(master));
    let now = desk.ask::<i64>(&has);
    assert!(now >= 1);
    let offers = || desk.ask::<i64>(&format!("SELECT count(*) FROM pair_offer WHERE person = {}", sql(master)));
    let before = offers();
    let page = async || desk.page("/pairings/choice", &english).await.1;
    assert!(page().await.contains(&format!("You guide {now} at present; they count.")));
    assert!(
        page().await.contains(&format!("<option selected>{}</option>", now + 1)),
        "the form begins with room for one"
    );
    let form = |n: i64| format!("kind=subject&subject=tibetan&about=x&capacity={n}");
    for n in [1, 5] {
        assert_eq!(desk.does("/pairings/choice/offer", &who, &form(n)).await, StatusCode::SEE_OTHER);
        assert_eq!(offers(), before, "one of a sort and a subject");
    }
    assert!(page().await.contains(&format!("{now} of 5 taken")));
    // An invitation that nobody has signed takes no place.
    let apprentice = desk.one(&format!(
        "SELECT person FROM grant_of_role WHERE role = 'local' AND person <> {0}
         AND person NOT IN (SELECT apprentice FROM pairing WHERE master = {0})",
        sql(master)
    ));
    let form = format!("kind=subject&master={master}&apprentice={apprentice}&school={}", desk.home);
    assert_eq!(desk.does("/pairings/new", &who, &form).await, StatusCode::SEE_OTHER);
    assert!(page().await.contains(&format!("{now} of 5 taken")));
    // For a wish that no offer answers the head begins a pairing from its row.
    let wish = "kind=course&subject=music&about=how+to+sing";
    assert_eq!(desk.does("/pairings/choice/wish", &desk.as_person(apprentice), wish).await, StatusCode::SEE_OTHER);
    let rows = desk.page("/pairings/choice", &desk.as_person(desk.with_role(Role::Head))).await.1;
    let rows = rows.replace("&#38;", "&").replace("&amp;", "&");
    assert!(rows.contains(&format!("/pairings/new?kind=course&apprentice={apprentice}")), "{rows}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_on_to_another_school_leaves_and_who_stays_does_not() {
    let hub = desk_at(0);
    let officer = hub.as_person(hub.with_role(Role::Officer));
    let home = hub.one("SELECT p.home FROM pairing p JOIN pair_fit f ON f.pairing = p.id LIMIT 1");
    let (pairing, master, apprentice) = hub.going(home);
    let posting = hub.one(&format!("SELECT id FROM posting WHERE person = {} AND state = 'arrived'", sql(master)));
    let today = hub.node.site.today();
    let form = format!("ends_on={}&_why=x", today.checked_add(std::time::Duration::from_hours(480)).unwrap());
    assert_eq!(hub.does(&format!("/postings/{posting}/move/extend"), &officer, &form).await, StatusCode::SEE_OTHER);
    // The next posting is accepted: at another school first, then at the pairing's own.
    let of = |what: &str| hub.one(&format!("SELECT {what} FROM posting WHERE id = {}", sql(posting)));
    let other = hub.one(&format!(
        "SELECT id FROM organisation WHERE kind = 'supported_school' AND id <> {} ORDER BY id LIMIT 1",
        sql(home)
    ));
    let site = &hub.node.site;
    let kind = site.kinds.get("posting").unwrap();
    let scope = Scope::Programme(site.programme);
    let next = Change::new()
        .with_link("person", master)
        .with_link("school", other)
        .with_link("sender", of("sender"))
        .with_link("cohort", of("cohort"))
        .with_text("role", "teacher")
        .with_text("starts_on", "2029-03-01")
        .with_text("ends_on", "2029-12-01")
        .with_text("state", "accepted");
    let write = |id: Option<Subject>, change: Change| {
        let written = site.store.write(Context::NODE, |tx| {
            let id = id.unwrap_or_else(|| tx.subject(&scope));
            append(tx, kind, scope, id, change, None)?;
            tx.fold()?;
            Ok::<_, records::RecordError>(id)
        });
        written.unwrap()
    };
    let next = write(None, next);
    let complete = async || {
        let form = format!("ended_on={today}");
        hub.does(&format!("/postings/{posting}/move/complete"), &officer, &form).await
    };
    assert_eq!(complete().await, StatusCode::UNPROCESSABLE_ENTITY);
    let due = async || hub.page("/today", &hub.as_person(apprentice)).await.1;
    assert!(due().await.contains(&format!("/pairings/{pairing}#pair-due")), "both are told beforehand");
    write(Some(next), Change::new().with_link("school", home));
    assert!(!due().await.contains(&format!("/pairings/{pairing}#pair-due")));
    let others = format!(
        "SELECT count(*) FROM pairing WHERE {} IN (master, apprentice) AND state IN ('active', 'paused')
         AND school <> {}",
        sql(master),
        sql(home)
    );
    assert_eq!(hub.ask::<i64>(&others), 0);
    assert_eq!(complete().await, StatusCode::SEE_OTHER, "who stays at the school leaves nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_posting_that_was_accepted_and_never_came_keeps_nobody_at_the_school() {
    let hub = desk_at(0);
    let officer = hub.as_person(hub.with_role(Role::Officer));
    let home = hub.one("SELECT p.home FROM pairing p JOIN pair_fit f ON f.pairing = p.id LIMIT 1");
    let (pairing, master, apprentice) = hub.going(home);
    let posting = hub.one(&format!("SELECT id FROM posting WHERE person = {} AND state = 'arrived'", sql(master)));
    let of = |what: &str| hub.one(&format!("SELECT {what} FROM posting WHERE id = {}", sql(posting)));
    let site = &hub.node.site;
    let scope = Scope::Programme(site.programme);
    // Accepted for this very school years ago; nobody came, and nobody declined it.
    let old = Change::new()
        .with_link("person", master)
        .with_link("school", home)
        .with_link("sender", of("sender"))
        .with_link("cohort", of("cohort"))
        .with_text("role", "teacher")
        .with_text("starts_on", "2012-03-01")
        .with_text("ends_on", "2012-12-01")
        .with_text("state", "accepted");
    let kind = site.kinds.get("posting").unwrap();
    let written = site.store.write(Context::NODE, |tx| {
        append(tx, kind, scope, tx.subject(&scope), old, None)?;
        tx.fold()?;
        Ok::<_, records::RecordError>(())
    });
    written.unwrap();
    let today = site.today();
    let form = format!("ends_on={}&_why=x", today.checked_add(std::time::Duration::from_hours(480)).unwrap());
    assert_eq!(hub.does(&format!("/postings/{posting}/move/extend"), &officer, &form).await, StatusCode::SEE_OTHER);
    let (_, page) = hub.page("/today", &hub.as_person(apprentice)).await;
    assert!(page.contains(&format!("/pairings/{pairing}#pair-due")), "both are told beforehand");
    let done = hub.does(&format!("/postings/{posting}/move/complete"), &officer, &format!("ended_on={today}")).await;
    assert_eq!(done, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_master_is_not_archived_before_each_pairing_is_closed_handed_over_or_goes_on_online() {
    let hub = desk_at(0);
    let officer = hub.as_person(hub.with_role(Role::Officer));
    let local = "FROM pairing p JOIN person m ON m.id = p.master WHERE p.state = 'active' AND m.home IS NOT NULL
                 AND coalesce(p.online, 0) = 0";
    let master = hub.one(&format!("SELECT p.master {local} ORDER BY p.id LIMIT 1"));
    let archive = async || hub.does(&format!("/people/{master}/move/archive"), &officer, "").await;
    let states = format!("SELECT coalesce(state, 'active') FROM person WHERE id = {}", sql(master));
    let open = format!(
        "FROM pairing WHERE {} IN (master, apprentice) AND state IN ('active', 'paused') AND coalesce(online, 0) = 0",
        sql(master)
    );
    let mut ways = 0;
    while hub.ask::<i64>(&format!("SELECT count(*) {open}")) > 0 {
        assert_eq!(archive().await, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(hub.ask::<String>(&states), "active");
        let one = hub.one(&format!("SELECT id {open} ORDER BY id LIMIT 1"));
        let done = if ways == 0 {
            hub.does(&format!("/pairings/{one}/move/close"), &officer, "ended_on=2026-11-25").await
        } else {
            hub.does(&format!("/pairings/{one}/online"), &officer, "").await
        };
        assert_eq!(done, StatusCode::SEE_OTHER);
        ways += 1;
    }
    assert!(ways > 0);
    assert_eq!(archive().await, StatusCode::SEE_OTHER);

    // At two nodes apart it can have happened: then the other is told, the head, and who keeps the conflicts.
    let pairing = hub.one(&format!("SELECT p.id {local} ORDER BY p.id LIMIT 1"));
    let of = |what: &str| hub.one(&format!("SELECT {what} FROM pairing WHERE id = {}", sql(pairing)));
    let (gone, apprentice) = (of("master"), of("apprentice"));
    let site = &hub.node.site;
    let kind = site.kinds.get("person").unwrap();
    let path = format!("/pairings/{pairing}");
    assert!(!hub.page("/today", &hub.as_person(apprentice)).await.1.contains(&format!("{path}#pair-due")));
    let written = site.store.write(Context::NODE, |tx| {
        let scope = records::record_scope(tx.conn(), site.programme, kind, &gone)?;
        append(tx, kind, scope, gone, Change::new().with_text("state", "archived"), None)?;
        tx.fold()?;
        Ok::<_, records::RecordError>(())
    });
    written.unwrap();
    assert!(hub.page("/today", &hub.as_person(apprentice)).await.1.contains(&format!("{path}#pair-due")));
    assert!(hub.page("/pairings/due", &officer).await.1.contains(&path));
    assert!(hub.page("/conflicts", &officer).await.1.contains(&gone.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_pairing_ends_before_it_began_and_none_renews_itself_or_what_began_after_it() {
    let hub = desk_at(0);
    let officer = hub.as_person(hub.with_role(Role::Officer));
    let home = hub.one("SELECT p.home FROM pairing p JOIN pair_fit f ON f.pairing = p.id LIMIT 1");
    let (pairing, master, apprentice) = hub.going(home);
    let path = format!("/pairings/{pairing}");
    let state = format!("SELECT state FROM pairing WHERE id = {}", sql(pairing));
    let close = async |day: &str| hub.does(&format!("{path}/move/close"), &officer, &format!("ended_on={day}")).await;
    assert_eq!(close("2014-01-01").await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(hub.ask::<String>(&state), "active");

    let site = &hub.node.site;
    let kind = site.kinds.get("pairing").unwrap();
    let later = Change::new()
        .with_text("kind", "master_apprentice")
        .with_link("master", master)
        .with_link("apprentice", apprentice)
        .with_link("school", home)
        .with_link("renews", pairing)
        .with_text("master_signed_on", "2026-11-01")
        .with_text("apprentice_signed_on", "2026-11-01")
        .with_text("active_from", "2026-11-02")
        .with_text("state", "paused");
    let later = site
        .store
        .write(Context::NODE, |tx| {
            let scope = records::record_scope(tx.conn(), site.programme, kind, &pairing)?;
            let id = tx.subject(&scope);
            append(tx, kind, scope, id, later, None)?;
            records::check(tx, kind, &id)?;
            Ok::<_, records::RecordError>(id)
        })
        .unwrap();
    let form = async |renews: Subject| {
        let page = hub.page(&format!("{path}/edit"), &officer).await.1;
        let base = page.split("name=\"_base\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let form = format!(
            "_base={base}&kind=master_apprentice&master={master}&apprentice={apprentice}&school={home}&renews={renews}"
        );
        hub.does(&format!("{path}/edit"), &officer, &form).await
    };
    for (renews, label) in [(pairing, "itself"), (later, "what renews it")] {
        assert_eq!(form(renews).await, StatusCode::UNPROCESSABLE_ENTITY, "{label}");
    }
    let renews = format!("SELECT count(*) FROM pairing WHERE id = {} AND renews IS NOT NULL", sql(pairing));
    assert_eq!(hub.ask::<i64>(&renews), 0);
}
