//! What a team's page says of it is what the figure counts; and a team ends no earlier than it began.

use axum::http::StatusCode;
use base::{Scope, Subject};
use log::Context;
use records::{Change, Role, append};

use crate::counted::figures;
use crate::desk::{Desk, desk};
use crate::pairings::sql;

fn make(desk: &Desk, kind: &str, change: Change) -> Subject {
    let site = &desk.node.site;
    let (kind, scope) = (site.kinds.get(kind).unwrap(), Scope::School(desk.home));
    let written = site.store.write(Context::NODE, |tx| {
        let id = tx.subject(&scope);
        append(tx, kind, scope, id, change, None)?;
        tx.fold()?;
        Ok::<_, records::RecordError>(id)
    });
    written.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_s_page_says_of_it_what_the_figure_counts() {
    let desk = desk();
    let (cookie, csrf) = desk.as_person(desk.with_role(Role::Head));
    let head = (format!("{cookie}; zampa_lang=en"), csrf);
    let people: Vec<Subject> = (0..4)
        .map(|n| {
            desk.one(&format!("SELECT id FROM person WHERE home = {} ORDER BY id LIMIT 1 OFFSET {n}", sql(desk.home)))
        })
        .collect();
    let team = make(
        &desk,
        "team",
        Change::new()
            .with_text("name", "一个团队")
            .with_text("kind", "research_team")
            .with_link("school", desk.home)
            .with_text("active_from", "2026-01-05")
            .with_text("state", "active"),
    );
    let member = |n: usize, from: &str, until: Option<&str>| {
        let change = Change::new()
            .with_link("team", team)
            .with_link("person", people[n])
            .with_text("part", "member")
            .with_text("from_on", from);
        make(&desk, "membership", until.into_iter().fold(change, |c, until| c.with_text("until_on", until)))
    };
    let meeting = |day: &str| {
        let change = Change::new()
            .with_text("title", "例会")
            .with_text("kind", "team_meeting")
            .with_link("school", desk.home)
            .with_link("team", team)
            .with_text("starts_on", day)
            .with_text("held_on", day)
            .with_text("state", "held");
        make(&desk, "activity", change)
    };
    let before = figures(&desk.node.site.store)["teams"];
    let says = async |counts: bool, label: &str| {
        let (status, page) = desk.page(&format!("/teams/{team}"), &head).await;
        assert_eq!(status, StatusCode::OK);
        let (yes, no) = (page.contains("This team counts"), page.contains("This team does not count yet"));
        assert_eq!((yes, no), (counts, !counts), "{label}");
        let counted = figures(&desk.node.site.store)["teams"] - before;
        assert_eq!(counted, i64::from(counts), "the figure: {label}");
    };
    member(0, "2026-01-05", Some("2026-02-01"));
    member(1, "2026-01-05", None);
    member(2, "2026-03-01", None);
    meeting("2027-06-01");
    says(false, "three, and never at one time; a meeting that is to come").await;
    meeting("2026-03-02");
    says(false, "three, and never at one time").await;
    member(3, "2026-03-03", None);
    says(true, "three at one time, and a meeting was held").await;

    // Who has left is not among those who belong to it.
    let page = desk.page(&format!("/teams/{team}"), &head).await.1;
    let (there, left) = page.split("id=\"members\"").nth(1).unwrap().split_once("Have left (1)").unwrap();
    assert!(
        there.contains("Members (3)") && there.matches("/memberships/").count() == 4,
        "three, and to add one: {there}"
    );
    assert_eq!(left.split("</section>").next().unwrap().matches("/memberships/").count(), 1);

    // It ends no earlier than it began, and nobody leaves before they came.
    let close =
        async |day: &str| desk.does(&format!("/teams/{team}/move/close"), &head, &format!("ended_on={day}")).await;
    assert_eq!(close("2025-12-31").await, StatusCode::UNPROCESSABLE_ENTITY);
    let form = format!("team={team}&person={}&part=member&from_on=2026-05-01&until_on=2026-04-01", people[0]);
    assert_eq!(desk.does("/memberships/new", &head, &form).await, StatusCode::UNPROCESSABLE_ENTITY);
    // What goes on is not pushed to its end.
    let page = desk.page(&format!("/teams/{team}"), &head).await.1;
    assert!(page.contains("It goes on. What can be done if that changes"), "{page}");
    let steps = page.split("<ol class=\"life\">").nth(1).unwrap().split("</ol>").next().unwrap();
    assert_eq!(steps.matches("<li").count(), 3, "where it may rest is no step of the way: {steps}");
    assert_eq!(close("2026-11-01").await, StatusCode::SEE_OTHER);
    let page = desk.page(&format!("/teams/{team}"), &head).await.1;
    assert!(page.contains("This team is closed; the figure") && !page.contains("This team counts<"), "{page}");
}
