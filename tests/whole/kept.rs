//! Who answers for a record changes it, and nobody else of those who only teach; what waits on the first page is for who
//! reads it.

use axum::http::StatusCode;
use base::{Scope, Subject};
use log::Context;
use records::{Change, RecordError, Role, Value, append};
use serde_json::json;

use crate::desk::{Desk, desk, desk_at};
use crate::pairings::{Who, sql};
use crate::pocket::{hand, pack, prepare, visit};

fn english(who: &Who) -> Who {
    (format!("{}; zampa_lang=en", who.0), who.1.clone())
}

/// The nth teacher of the school of a box.
fn teacher(desk: &Desk, n: usize) -> Subject {
    desk.one(&format!(
        "SELECT DISTINCT person FROM grant_of_role WHERE role = 'local' AND organisation = {} ORDER BY person LIMIT 1 OFFSET {n}",
        sql(desk.home)
    ))
}

fn write(desk: &Desk, author: Subject, kind: &str, change: Change) -> Subject {
    let site = &desk.node.site;
    let (kind, scope) = (site.kinds.get(kind).unwrap(), Scope::School(desk.home));
    let written = site.store.write(Context { author }, |tx| {
        let id = tx.subject(&scope);
        append(tx, kind, scope, id, change, None)?;
        tx.fold()?;
        Ok::<_, RecordError>(id)
    });
    written.unwrap()
}

/// A visit that one teacher made and another goes on.
fn planned(desk: &Desk, made_by: Subject, goes: Subject, day: &str) -> Subject {
    let change = Change::new()
        .with_text("purpose", "带一节课下乡")
        .with_link("host", desk.one("SELECT host FROM visit ORDER BY id LIMIT 1"))
        .with_link("from_school", desk.home)
        .with_text("starts_on", day)
        .with_text("ends_on", day)
        .with_text("state", "planned")
        .with_added("visitors", Value::link(&goes));
    write(desk, made_by, "visit", change)
}

fn state(desk: &Desk, kind: &str, id: Subject) -> String {
    desk.ask(&format!("SELECT state FROM {kind} WHERE id = {}", sql(id)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_s_visit_is_not_another_s_to_change_or_to_withdraw() {
    let desk = desk();
    let (maker, goes, other) = (teacher(&desk, 0), teacher(&desk, 1), teacher(&desk, 2));
    let id = planned(&desk, maker, goes, "2026-10-05");
    let path = format!("/visits/{id}");
    let none = desk.as_person(other);
    let (status, page) = desk.page(&path, &english(&none)).await;
    assert_eq!(status, StatusCode::OK, "all of the school read it");
    assert!(!page.contains("/move/") && !page.contains(&format!("{path}/edit")) && !page.contains("/remove"));
    assert!(page.contains("Those whom this record names, who made it"), "it says who may");
    for (to, form) in [
        (format!("{path}/edit"), "purpose=x"),
        (format!("{path}/move/hold"), "held_on=2026-10-05"),
        (format!("{path}/move/cancel"), "_why=x"),
        (format!("{path}/remove"), "why=x"),
    ] {
        let before = desk.node.site.store.read(|c| log::entries_of(c, &id)).unwrap().len();
        assert!(!desk.does(&to, &none, form).await.is_redirection(), "{to}");
        assert_eq!(desk.node.site.store.read(|c| log::entries_of(c, &id)).unwrap().len(), before, "{to}");
    }
    assert_eq!(state(&desk, "visit", id), "planned");
    for may in [maker, goes, desk.with_role(Role::Head)] {
        let page = desk.page(&path, &desk.as_person(may)).await.1;
        assert!(page.contains("/move/hold") && page.contains(&format!("{path}/edit")));
    }
    // Who goes withdraws it by mistake; the page still says what it was, and who did it.
    assert_eq!(
        desk.does(&format!("{path}/remove"), &desk.as_person(goes), "why=%E8%AF%95").await,
        StatusCode::SEE_OTHER
    );
    let (_, page) = desk.page(&path, &english(&none)).await;
    let name: String = desk.ask(&format!("SELECT name FROM person WHERE id = {}", sql(goes)));
    let english_name: String =
        desk.ask(&format!("SELECT coalesce(names ->> '$.en', name) FROM person WHERE id = {}", sql(goes)));
    assert!(page.contains("带一节课下乡") && page.contains("Withdrawn") && page.contains("试"), "{page}");
    assert!(page.contains(&name) || page.contains(&english_name), "who did it");
    assert!(!page.contains("/restore"));
    // Who made it is told, and nobody else is.
    for (person, told) in [(maker, true), (goes, false), (other, false)] {
        let today = desk.page("/today", &english(&desk.as_person(person))).await.1;
        assert_eq!(today.contains(&format!("href=\"{path}\"")) && today.contains("Withdrawn"), told);
    }
    assert_eq!(desk.does(&format!("{path}/restore"), &none, "").await, StatusCode::FORBIDDEN);
    assert!(desk.page(&path, &desk.as_person(maker)).await.1.contains("/restore"));
    assert_eq!(desk.does(&format!("{path}/restore"), &desk.as_person(goes), "").await, StatusCode::SEE_OTHER);
    assert_eq!(desk.ask::<i64>("SELECT count(*) FROM withdrawn"), 0);
    assert_eq!(state(&desk, "visit", id), "planned");
    assert!(desk.page(&format!("{path}/history"), &english(&none)).await.1.contains("Restored"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_is_closed_by_who_leads_it_or_the_head() {
    let desk = desk();
    let (lead, member, other) = (teacher(&desk, 0), teacher(&desk, 1), teacher(&desk, 2));
    let change = Change::new()
        .with_text("name", "一个团队")
        .with_text("kind", "research_team")
        .with_link("school", desk.home)
        .with_link("lead", lead)
        .with_text("active_from", "2026-01-05")
        .with_text("state", "active");
    let team = write(&desk, Subject::default(), "team", change);
    let belongs = |person: Subject| {
        let change = Change::new()
            .with_link("team", team)
            .with_link("person", person)
            .with_text("part", "member")
            .with_text("from_on", "2026-01-05");
        write(&desk, Subject::default(), "membership", change)
    };
    let membership = belongs(member);
    let close = format!("/teams/{team}/move/close");
    for no in [other, member] {
        assert_eq!(desk.does(&close, &desk.as_person(no), "ended_on=2026-11-01").await, StatusCode::FORBIDDEN);
    }
    // To put oneself on the list of members makes nobody its leader.
    let form = format!("team={team}&person={other}&part=lead&from_on=2026-11-01");
    assert_eq!(desk.does("/memberships/new", &desk.as_person(other), &form).await, StatusCode::SEE_OTHER);
    assert_eq!(desk.does(&close, &desk.as_person(other), "ended_on=2026-11-01").await, StatusCode::FORBIDDEN);
    // Who belongs to it says that they leave; no colleague says so for them.
    let edit = format!("/memberships/{membership}/edit");
    assert_eq!(desk.page(&edit, &desk.as_person(other)).await.0, StatusCode::FORBIDDEN);
    for may in [member, lead] {
        assert_eq!(desk.page(&edit, &desk.as_person(may)).await.0, StatusCode::OK);
    }
    assert_eq!(desk.does(&close, &desk.as_person(lead), "ended_on=2026-11-01").await, StatusCode::SEE_OTHER);
    assert_eq!(state(&desk, "team", team), "closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_went_along_hands_over_a_visit_that_names_others() {
    let school = desk();
    let bearer = prepare(&school).await;
    let (maker, goes) = (teacher(&school, 0), teacher(&school, 1));
    let id = planned(&school, maker, goes, "2026-11-20");
    let pack = pack(&school, &bearer).await;
    let planned = pack["visits"].as_array().unwrap().iter().find(|v| v["id"] == json!(id.to_string())).unwrap();
    let mut item = visit(&pack, 0, 91);
    for field in ["host", "from", "base"] {
        item[field] = planned[field].clone();
    }
    item["visit"] = planned["id"].clone();
    item["visitors"] = json!([goes.to_string(), pack["person"]["id"]]);
    let done = hand(&school, &bearer, &[&item]).await;
    assert_eq!((&done[0]["visit"], &done[0]["left"]), (&json!(id.to_string()), &json!([])), "{done}");
    assert_eq!(state(&school, "visit", id), "held");
    let went = format!("SELECT count(*) FROM visit_visitors WHERE id = {}", sql(id));
    assert_eq!(school.ask::<i64>(&went), 2);
}

/// What waits for somebody on their first page.
async fn waits(desk: &Desk, who: &Who) -> String {
    let page = desk.page("/today", &english(who)).await.1;
    let from = page.find("id=\"part-waits\"").unwrap_or(0);
    let until = page[from..].find("id=\"part-next\"").map_or(page.len(), |n| from + n);
    page[from..until].to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_for_who_reads_it() {
    let hub = desk_at(0);
    let home = desk().home;
    let at = |role: &str, org: Subject, n: usize| {
        hub.one(&format!(
            "SELECT DISTINCT person FROM grant_of_role WHERE role = '{role}' AND organisation = {} ORDER BY person
             LIMIT 1 OFFSET {n}",
            sql(org)
        ))
    };
    let head = hub.as_person(at("head", home, 0));
    // Postings to other places are not the head's.
    let of = |condition: &str| {
        hub.ask::<i64>(&format!(
            "SELECT count(*) FROM posting WHERE state = 'proposed' AND school {condition} {}",
            sql(home)
        ))
    };
    assert!(of("<>") > 0, "there are others'");
    let page = waits(&hub, &head).await;
    assert_eq!(page.contains("/postings?state=proposed"), of("=") > 1, "{page}");
    let list = hub.page("/postings?state=proposed&waits=me", &english(&head)).await.1;
    assert!(list.contains(&format!(">{} records<", of("="))) || of("=") <= 1, "the list is the same");
    // A dormant team waits for nobody.
    for role in ["head", "local"] {
        let page = waits(&hub, &hub.as_person(at(role, home, 0))).await;
        assert!(!page.contains("/teams?state=dormant"), "{page}");
    }
    // A visit whose day has come waits for who goes and for the head, and for no colleague.
    let (maker, goes, other) = (at("local", home, 0), at("local", home, 1), at("local", home, 2));
    let school = desk();
    let id = planned(&school, maker, goes, "2026-10-05");
    let link = format!("/visits/{id}");
    let seen = async |who: Subject| {
        let page = waits(&school, &school.as_person(who)).await;
        page.contains(&link) || page.contains("/visits?state=planned")
    };
    assert!(seen(goes).await && seen(maker).await);
    assert!(!seen(other).await, "a colleague's");
    // A practice shown at a school waits for its head, and for nobody who showed it.
    let practice = school.one(&format!("SELECT id FROM practice WHERE origin <> {} LIMIT 1", sql(home)));
    let shower = school.one(&format!("SELECT origin FROM practice WHERE id = {}", sql(practice)));
    let form = format!("practice={practice}&school={home}&shown_by={shower}&shown_on=2026-10-01");
    let officer = hub.as_person(hub.with_role(Role::Officer));
    let made = hub.post("/practice-schools/new", &officer, &form).await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER);
    let shown = made.headers()["location"].to_str().unwrap().to_owned();
    let page = waits(&hub, &head).await;
    assert!(page.contains(&shown) || page.contains("/practice-schools?state=shown"), "{page}");
    // The practice's own page asks the head, not a page further.
    let at = format!("/practices/{practice}");
    let page = hub.page(&at, &english(&head)).await.1;
    assert!(
        page.contains(&format!("{shown}/move/adopt")) && !page.contains("Your role cannot take the next step"),
        "{page}"
    );
    // The spread says at how many schools it was shown, and each of its numbers opens into as many rows.
    let spread = hub.page("/spread", &english(&officer)).await.1;
    assert!(spread.contains("Shown at (schools)") && spread.contains("no answer yet"), "{spread}");
    let row = spread.split(&format!("/practices/{practice}\"")).nth(1).unwrap().split("</tr>").next().unwrap();
    let row = row.replace("&#38;", "&").replace("&amp;", "&");
    for cell in row.split("<td class=\"num\"").skip(1) {
        let Some(href) = cell.split("href=\"").nth(1).and_then(|h| h.split('"').next()) else { continue };
        let n: usize = cell.split("</a>").next().unwrap().rsplit('>').next().unwrap().parse().unwrap();
        let rows = hub.page(href, &english(&officer)).await.1;
        assert_eq!(rows.matches("href=\"/practice-schools/").count(), n + 1, "{href}: {n}, and a new one");
    }
    let page = waits(&hub, &officer).await;
    // The office is expected to do what is its own, not what a school's teachers do.
    assert!(page.contains("/partnerships") && page.contains("/postings?state=proposed"), "{page}");
    assert!(!page.contains("/visits?state=planned") && !page.contains("/pairings?state=invited"), "{page}");
    assert!(!page.contains(&shown) && !page.contains("/practice-schools?state=shown"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_names_of_one_day_are_one_line_of_what_changed() {
    let desk = desk();
    let head = desk.as_person(desk.with_role(Role::Head));
    let activity = desk.one("SELECT id FROM activity WHERE state = 'held' ORDER BY id LIMIT 1");
    let day: String = desk.ask(&format!("SELECT starts_on FROM activity WHERE id = {}", sql(activity)));
    for _ in 0..20 {
        let person = desk.one(&format!(
            "SELECT id FROM person WHERE id NOT IN (SELECT person FROM participation WHERE activity = {}) ORDER BY id LIMIT 1",
            sql(activity)
        ));
        let change = Change::new()
            .with_link("activity", activity)
            .with_link("person", person)
            .with_text("part", "organises")
            .with_text("day", &day);
        write(&desk, teacher(&desk, 0), "participation", change);
    }
    let page = desk.page("/today", &english(&head)).await.1;
    assert_eq!(page.matches("/participations").count(), 1, "{page}");
    assert!(page.contains("/participations?sort=-changed"));
}
