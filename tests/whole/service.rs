//! The service record and the week, of what somebody did wherever it was: it is theirs, and leads where they may go.

use axum::http::StatusCode;
use base::{Scope, Subject};
use log::Context;
use records::{Change, RecordError, Role, Value, append};

use crate::desk::{Desk, desk_at};
use crate::pair_left::{english, goes_home};
use crate::pairings::sql;
use crate::worklog::{PHRASE, visitor, week};

/// Writes a change of a record, or a new one, as a node does.
fn written(desk: &Desk, kind: &str, scope: Scope, id: Option<Subject>, change: Change) -> Subject {
    let site = &desk.node.site;
    let kind = site.kinds.get(kind).unwrap();
    let done = site.store.write(Context::NODE, |tx| {
        let id = id.unwrap_or_else(|| tx.subject(&scope));
        append(tx, kind, scope, id, change, None)?;
        tx.fold()?;
        Ok::<_, RecordError>(id)
    });
    done.unwrap()
}

/// Somebody's week has the line, on its day; their service record is given back.
async fn has(desk: &Desk, person: Subject, of: Subject, what: &str, day: &str) -> String {
    let own = english(&desk.as_person(person));
    let (_, body) = desk.page(&format!("/week?of={}", week(day.parse().unwrap())), &own).await;
    assert!(body.contains(&format!("value=\"{what}.{of}.{day}\"")), "{what}");
    desk.page("/service", &own).await.1
}

#[tokio::test(flavor = "multi_thread")]
async fn who_went_home_keeps_their_service_record_and_it_leads_nowhere_they_may_not_go() {
    let hub = desk_at(0);
    let (person, visit, day) = visitor(&hub);
    let own = hub.as_person(person);
    let (_, before) = hub.page("/service", &own).await;
    assert!(before.contains(&format!("/visits/{visit}")));
    let rows = before.matches("<li><div>").count();
    goes_home(&hub, person);
    for path in ["/service".to_owned(), format!("/week?of={}", week(day))] {
        let (status, after) = hub.page(&path, &own).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(!after.contains(&format!("/visits/{visit}\"")), "{path} leads where they may not go");
        let title: String = hub.ask(&format!(
            "SELECT o.title FROM visit v JOIN organisation o ON o.id = v.host WHERE v.id = {}",
            sql(visit)
        ));
        assert!(after.contains(&title), "{path} tells what it was");
        if path == "/service" {
            assert_eq!(after.matches("<li><div>").count(), rows, "nothing is missing");
        } else {
            assert!(after.contains(&format!("did-visit.{visit}.{day}")));
        }
    }
    let (head, bytes) = hub.get("/service/paper", &own, None).await;
    assert!(head.status() == StatusCode::OK && bytes.starts_with(b"%PDF-"));
    // Their own words in the week stay theirs to write.
    let kept = hub.does("/week", &own, &format!("of={}&said={PHRASE}", week(day))).await;
    assert_eq!(kept, StatusCode::SEE_OTHER);
    assert!(hub.page(&format!("/week?of={}", week(day)), &own).await.1.contains(PHRASE));
    for role in [Role::Device, Role::Pupil] {
        let sql = format!("SELECT count(*) FROM grant_of_role WHERE role = '{}'", role.code());
        if hub.ask::<i64>(&sql) > 0 {
            let who = hub.as_person(hub.with_role(role));
            assert_eq!(hub.page("/service", &who).await.0, StatusCode::FORBIDDEN);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn research_lessons_reverse_postings_and_practices_shown_are_lines_of_a_week() {
    let hub = desk_at(0);
    let programme = Scope::Programme(hub.node.site.programme);
    let local = |n: usize| {
        hub.one(&format!("SELECT person FROM grant_of_role WHERE role = 'local' ORDER BY id LIMIT 1 OFFSET {n}"))
    };
    let (gives, sees) = (local(0), local(1));
    let (lesson, day) = (
        hub.one("SELECT id FROM research_lesson WHERE taught_on IS NOT NULL ORDER BY id LIMIT 1"),
        hub.ask::<String>("SELECT taught_on FROM research_lesson WHERE taught_on IS NOT NULL ORDER BY id LIMIT 1"),
    );
    let named = Change::new()
        .with_link("given_by", gives)
        .with_added("observers", Value::link(&sees))
        .with_added("observers", Value::link(&gives));
    written(&hub, "research_lesson", programme, Some(lesson), named);
    let record = has(&hub, gives, lesson, "did-research", &day).await;
    assert!(record.contains("Research lesson taught") && !record.contains("Research lesson observed"));
    assert!(has(&hub, sees, lesson, "did-research-see", &day).await.contains("Research lesson observed"));

    let shadow = "FROM reverse_posting WHERE state IN ('arrived', 'completed') ORDER BY id LIMIT 1";
    let (of, who) = (hub.one(&format!("SELECT id {shadow}")), hub.one(&format!("SELECT person {shadow}")));
    let day: String = hub.ask(&format!("SELECT arrived_on {shadow}"));
    let record = has(&hub, who, of, "did-shadow", &day).await;
    assert!(record.split("Reverse postings").nth(1).unwrap().contains(&format!("/reverse-postings/{of}")));

    // A practice is shown by who wrote down that it was.
    let school = hub.one(&format!("SELECT home FROM person WHERE id = {}", sql(gives)));
    let to = hub.one(&format!(
        "SELECT id FROM organisation WHERE kind = 'supported_school' AND id <> {} ORDER BY id LIMIT 1",
        sql(school)
    ));
    let practice = hub.one(&format!(
        "SELECT id FROM practice WHERE id NOT IN (SELECT practice FROM practice_school WHERE school = {}) LIMIT 1",
        sql(to)
    ));
    let form = format!("practice={practice}&school={to}&shown_by={school}&shown_on=2026-10-14");
    let made = hub.post("/practice-schools/new", &hub.as_person(gives), &form).await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER);
    let shown = hub.one("SELECT id FROM practice_school WHERE shown_on = '2026-10-14' ORDER BY made DESC LIMIT 1");
    has(&hub, gives, shown, "did-show", "2026-10-14").await;
    let (_, other) = hub.page("/week?of=2026-W42", &hub.as_person(sees)).await;
    assert!(!other.contains(&format!("did-show.{shown}")), "what another wrote is another's");
}

#[tokio::test(flavor = "multi_thread")]
async fn teams_and_study_tours_stand_in_the_record_with_their_days() {
    let hub = desk_at(0);
    let member = "FROM membership WHERE part <> 'guest' AND until_on IS NULL ORDER BY id LIMIT 1";
    let (person, team) = (hub.one(&format!("SELECT person {member}")), hub.one(&format!("SELECT team {member}")));
    let scope = Scope::School(hub.one(&format!("SELECT home FROM team WHERE id = {}", sql(team))));
    let school = hub.one(&format!("SELECT school FROM team WHERE id = {}", sql(team)));
    let tour = Change::new()
        .with_text("title", "红叶谷研学")
        .with_link("school", school)
        .with_link("host", school)
        .with_text("starts_on", "2026-09-21")
        .with_text("ends_on", "2026-09-24")
        .with_text("purpose", "x")
        .with_text("left_on", "2026-09-21")
        .with_text("state", "under_way");
    let tour = written(&hub, "study_tour", scope, None, tour);
    let adult = Change::new().with_link("tour", tour).with_link("person", person).with_text("part", "teacher");
    written(&hub, "tour_adult", scope, None, adult);
    let (_, record) = hub.page("/service", &english(&hub.as_person(person))).await;
    let (before, tours) = record.split_once("<h2>Study tours</h2>").unwrap();
    assert!(tours.contains("红叶谷研学"));
    let title: String = hub.ask(&format!("SELECT coalesce(names ->> '$.en', name) FROM team WHERE id = {}", sql(team)));
    assert!(before.split_once("<h2>Teams</h2>").unwrap().1.contains(&title), "{title}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_record_of_years_tells_one_half_at_a_time_and_counts_the_others() {
    let hub = desk_at(0);
    let (person, _, _) = visitor(&hub);
    let scope = Scope::Programme(hub.node.site.programme);
    let host = hub.one("SELECT host FROM visit WHERE host IS NOT NULL ORDER BY id LIMIT 1");
    let day = |n: i64| format!("{}-{:02}-{:02}", 2001 + n / 100, 1 + n % 12, 1 + n % 28);
    for n in 0..320 {
        let visit = Change::new()
            .with_text("purpose", format!("第{n}次"))
            .with_link("host", host)
            .with_text("starts_on", day(n))
            .with_text("ends_on", day(n))
            .with_text("held_on", day(n))
            .with_text("state", "held")
            .with_added("visitors", Value::link(&person));
        written(&hub, "visit", scope, None, visit);
    }
    let own = english(&hub.as_person(person));
    let told = |page: &str| ["第3次", "第319次"].map(|what| page.contains(what));
    let page = hub.page("/service", &own).await.1;
    assert_eq!(told(&page), [false, false], "the latest half is the demonstration's own");
    assert!(page.contains("id=\"h-2001-spring\"") && page.contains("?half=2001-spring"));
    let page = hub.page("/service?half=2001-spring", &own).await.1;
    assert_eq!(told(&page), [true, false]);
    let page = hub.page("/service?half=nonsense", &own).await.1;
    assert_eq!(told(&page), [false, false]);
}
