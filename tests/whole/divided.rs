//! What a figure is divided by, and what it says where it is not.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base::{Scope, Subject};
use log::Store;
use records::{Change, Kinds, RecordError, Value};
use zampa::house;

use crate::counted::{copy, figures, moved, some, store, write};
use crate::desk::{Desk, desk_at};
use crate::pairings::sql;

/// A page as anybody sees it.
pub(crate) async fn open(desk: &Desk, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).header("host", "here").header("accept-language", "en");
    let request = request.body(Body::empty()).unwrap();
    let (head, body) = tower::ServiceExt::oneshot(desk.router.clone(), request).await.unwrap().into_parts();
    let bytes = axum::body::to_bytes(body, 16 << 20).await.unwrap();
    (head.status, String::from_utf8_lossy(&bytes).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_figure_that_is_of_no_cohort_says_so_and_is_not_none() {
    let hub = desk_at(0);
    let cohort = hub.one("SELECT id FROM cohort ORDER BY ordinal LIMIT 1");
    let card = async |query: &str, code: &str| {
        let (status, all) = open(&hub, &format!("/figures?{query}")).await;
        assert_eq!(status, StatusCode::OK);
        let before = all.split(&format!("<a href=\"/figures/{code}?{query}\">")).next().unwrap();
        before.rsplit("<article").next().unwrap().to_owned()
    };
    let query = format!("cohort={cohort}");
    assert!(card(&query, "professionals-1").await.contains("<data value=\"1276\">1,276</data>"));
    // What is of other cohorts is not told of all of them instead.
    let later = card(&query, "professionals-2-3").await;
    assert!(later.contains("<data value=\"\">—</data><span>of other cohorts</span>"), "{later}");
    let (_, page) = open(&hub, &format!("/figures/professionals-2-3?{query}")).await;
    assert!(page.contains("of other cohorts") && page.contains("<data>—</data>"), "{page}");
    assert_eq!(open(&hub, &format!("/csv/figures/professionals-2-3?{query}")).await.0, StatusCode::CONFLICT);
    for code in ["visits", "pairings", "teams"] {
        let card = card(&query, code).await;
        assert!(card.contains("<data value=\"\">—</data><span>not divided by Cohort</span>"), "{card}");
        let (status, page) = open(&hub, &format!("/figures/{code}?{query}")).await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("not divided by Cohort") && !page.contains("<data>0</data>"), "{page}");
        let (status, _) = open(&hub, &format!("/csv/figures/{code}?{query}")).await;
        assert_eq!(status, StatusCode::CONFLICT);
    }
    let unit = hub.one("SELECT sender FROM posting WHERE arrived_on IS NOT NULL ORDER BY id LIMIT 1");
    for (query, dimension) in [(format!("unit={unit}"), "Unit"), ("subject=mathematics".to_owned(), "Subject")] {
        let card = card(&query, "visits").await;
        assert!(card.contains(&format!("<data value=\"\">—</data><span>not divided by {dimension}</span>")), "{card}");
        assert!(card.contains("Trips: <a href") && card.contains(&format!(">not divided by {dimension}</a>")));
    }
    assert!(!card("subject=mathematics", "pairings").await.contains("<data value=\"\">"), "pairings have subjects");
    // For other systems, what has no number of a cohort is not there.
    let (_, xml) = open(&hub, &format!("/reports/iati.xml?cohort={cohort}")).await;
    assert!(xml.contains("professionals-1/persons_arrived@1") && !xml.contains("visits_held"), "{xml}");
    let (_, hxl) = open(&hub, &format!("/reports/hxl-figures.csv?cohort={cohort}")).await;
    assert!(hxl.contains("professionals-1") && !hxl.contains("visits_held"));
    let (_, json) = open(&hub, &format!("/reports/dhis2-metadata.json?cohort={cohort}")).await;
    assert!(json.contains("professionals-1@") && !json.contains("visits@"));
}

/// A school with what the tests write at it.
struct At {
    store: std::sync::Arc<Store>,
    kinds: Kinds,
    school: Subject,
    programme: [u8; 16],
    _dir: tempfile::TempDir,
}

impl At {
    fn new() -> Self {
        let (dir, files) = copy(0);
        let (store, programme) = store(&files);
        let sql = "SELECT id FROM organisation WHERE kind = 'supported_school' ORDER BY id LIMIT 1";
        let school = store.read(|c| Ok::<_, RecordError>(some(c, sql))).unwrap();
        Self { store, kinds: house::kinds(), school, programme, _dir: dir }
    }

    fn one(&self, sql: &str) -> Subject {
        self.store.read(|c| Ok::<_, RecordError>(some(c, sql))).unwrap()
    }

    fn make(&self, kind: &str, scope: Scope, change: Change) -> Subject {
        write(&self.store, &self.kinds, kind, scope, None, change);
        self.one(&format!("SELECT id FROM {kind} ORDER BY made DESC, id DESC LIMIT 1"))
    }

    fn figures(&self) -> BTreeMap<String, i64> {
        figures(&self.store)
    }
}

fn changed<const N: usize>(expected: [(&str, i64); N]) -> BTreeMap<String, i64> {
    expected.map(|(k, v)| (k.to_owned(), v)).into()
}

#[test]
fn a_team_is_active_with_three_at_one_time_and_today_with_three_today() {
    let at = At::new();
    let here = Scope::School(at.school);
    let people: Vec<Subject> = (0..3)
        .map(|n| {
            at.one(&format!("SELECT id FROM person WHERE home = {} ORDER BY id LIMIT 1 OFFSET {n}", sql(at.school)))
        })
        .collect();
    let before = at.figures();
    let team = at.make(
        "team",
        here,
        Change::new()
            .with_text("name", "一个团队")
            .with_text("kind", "research_team")
            .with_link("school", at.school)
            .with_text("active_from", "2026-01-05")
            .with_text("state", "active"),
    );
    let member = |n: usize, from: &str, until: Option<&str>| {
        let change = Change::new()
            .with_link("team", team)
            .with_link("person", people[n])
            .with_text("part", "member")
            .with_text("from_on", from);
        let change = until.into_iter().fold(change, |c, until| c.with_text("until_on", until));
        at.make("membership", here, change)
    };
    let meeting = Change::new()
        .with_text("title", "例会")
        .with_text("kind", "team_meeting")
        .with_link("school", at.school)
        .with_link("team", team)
        .with_text("starts_on", "2026-03-02")
        .with_text("ends_on", "2026-03-02")
        .with_text("held_on", "2026-03-02")
        .with_text("state", "held");
    at.make("activity", here, meeting);
    // One after another three were there, and never three.
    member(0, "2026-01-05", Some("2026-02-01"));
    member(1, "2026-02-02", None);
    member(2, "2026-02-02", None);
    assert_eq!(moved(&before, &at.figures()), BTreeMap::new());
    // The first comes back: from that day three are there.
    let back = member(0, "2026-06-01", None);
    let more = [("teams", 1), ("teams/teams_active_today", 1), ("teams/teams_without_studios", 1)];
    assert_eq!(moved(&before, &at.figures()), changed(more));
    let rule = ::figures::rule("teams_active").unwrap();
    let today = "2026-11-23".parse().unwrap();
    let rows = at.store.read(|c| ::figures::evidence(c, rule, &::figures::Scope::default(), today)).unwrap();
    let row = rows.iter().find(|r| r.id == team).unwrap();
    assert_eq!(
        row.day.as_deref(),
        Some("2026-06-01"),
        "neither what was typed nor the meeting, but the third who came"
    );
    // All leave: it was active, and is not today.
    let left = Change::new().with_text("until_on", "2026-10-01");
    write(&at.store, &at.kinds, "membership", here, Some(back), left);
    assert_eq!(moved(&before, &at.figures()), changed([("teams", 1), ("teams/teams_without_studios", 1)]));
}

#[test]
fn a_school_is_not_reached_by_what_comes_from_it() {
    let at = At::new();
    let all = Scope::Programme(at.programme);
    let other = at.one("SELECT id FROM organisation WHERE kind = 'supported_school' ORDER BY id DESC LIMIT 1");
    let teacher = at.one(&format!("SELECT id FROM person WHERE home = {} ORDER BY id LIMIT 1", sql(at.school)));
    let class = at.make(
        "live_class",
        all,
        Change::new()
            .with_text("title", "一节课")
            .with_text("kind", "dedicated")
            .with_text("starts_on", "2026-11-03")
            .with_text("starts_at", "09:00")
            .with("minutes", Value::Int(40))
            .with_link("origin", at.school)
            .with_link("teacher", teacher)
            .with_text("held_on", "2026-11-03")
            .with_text("state", "held"),
    );
    let rule = ::figures::rule("lessons_reached").unwrap();
    let today = "2026-11-23".parse().unwrap();
    let reached = || at.store.read(|c| ::figures::count(c, rule, &::figures::Scope::default(), today)).unwrap().value;
    let before = reached();
    let room = |school: Subject| {
        let change = Change::new()
            .with_link("class", class)
            .with_link("school", school)
            .with_link("person", teacher)
            .with("headcount", Value::Int(30));
        at.make("class_room", all, change);
    };
    room(at.school);
    assert_eq!(reached(), before, "the room in which it was taught");
    room(other);
    assert_eq!(reached(), before + 1);
    // At which teachers meet, no lesson reaches anybody.
    for (kind, more) in [("research", 0), ("preparation", 0), ("lecture", 1)] {
        write(&at.store, &at.kinds, "live_class", all, Some(class), Change::new().with_text("kind", kind));
        assert_eq!(reached(), before + more, "{kind}");
    }
}
