//! Classes of two schools that work on one thing over weeks: each names its adult, who keeps the series plans the weeks, and
//! every class of it is one as any other.

use axum::body::to_bytes;
use axum::http::StatusCode;
use base::Subject;
use log::LogError;
use records::Role;

use crate::courses::{Who, made};
use crate::desk::{Desk, desk_at};
use crate::play::page;

/// The classes of a series by their days: day, hour, state, title, rooms, rooms whose adult has a name.
fn classes(desk: &Desk, series: Subject) -> Vec<(String, String, String, String, i64, i64)> {
    let sql = "SELECT c.starts_on, c.starts_at, c.state, c.title,
                      (SELECT count(*) FROM class_room r WHERE r.class = c.id),
                      (SELECT count(*) FROM class_room r WHERE r.class = c.id AND r.person IS NOT NULL AND r.byline <> '')
               FROM live_class c WHERE c.series = ?1 ORDER BY c.starts_on";
    let rows = desk.node.site.store.read(|conn| {
        let mut stmt = conn.prepare(sql)?;
        let rows = stmt.query_map([series.as_bytes()], |r| {
            Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?, r.get(5)?))
        })?;
        Ok::<_, LogError>(rows.collect::<Result<Vec<_>, _>>()?)
    });
    rows.unwrap()
}

async fn refused(desk: &Desk, path: &str, who: &Who, form: &str, says: &str) {
    let answer = desk.post(path, who, form).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT, "{form}");
    let said = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    assert!(String::from_utf8(said.to_vec()).unwrap().contains(says), "{form}: {says}");
}

#[tokio::test(flavor = "multi_thread")]
async fn weeks_of_a_series_become_classes_once_each_school_has_its_adult() {
    let desk = desk_at(0);
    let officer = desk.sign_in(Role::Officer);
    let who = "FROM grant_of_role WHERE role = 'coordinator' AND organisation IS NOT NULL ORDER BY id LIMIT 1";
    let (teacher, unit) = (desk.one(&format!("SELECT person {who}")), desk.one(&format!("SELECT organisation {who}")));
    let school = |n: usize| {
        desk.one(&format!("SELECT school FROM node WHERE school IS NOT NULL ORDER BY made LIMIT 1 OFFSET {n}"))
    };
    let adult = |school: Subject| {
        let of: String = school.as_bytes().iter().map(|b| format!("{b:02X}")).collect();
        desk.one(&format!(
            "SELECT person FROM grant_of_role WHERE role = 'local' AND organisation = x'{of}' ORDER BY id LIMIT 1"
        ))
    };
    let about = format!(
        "title=两地的水&work=量一条河&subject=science&starts_on=2026-09-01&starts_at=10:00&minutes=40&origin={unit}&teacher={teacher}&languages=zh&recorded=yes"
    );
    let series = made(&desk.post("/class-series/new", &officer, &about).await);
    let (at, weeks) = (format!("/class-series/{series}"), format!("/class-series/{series}/weeks"));
    let three = "first=2026-09-01&at=10:00&weeks=3";

    // Neither without two schools, nor without an adult in each.
    refused(&desk, &weeks, &officer, three, "两所或更多学校").await;
    let (one, other) = (school(0), school(1));
    let add = async |form: String| desk.post("/series-schools/new", &officer, &form).await;
    let without = add(format!("series={series}&school={one}&grade=五年级")).await;
    assert_eq!(without.status(), StatusCode::UNPROCESSABLE_ENTITY, "a school without an adult");
    made(&add(format!("series={series}&school={one}&grade=五年级&person={}", adult(one))).await);
    let twice = add(format!("series={series}&school={one}&grade=五年级&person={}", adult(one))).await;
    assert_ne!(twice.status(), StatusCode::SEE_OTHER, "the same class twice");
    refused(&desk, &weeks, &officer, three, "两所或更多学校").await;
    assert!(page(&desk, &at, &officer).await.contains("两所或更多学校"), "the page says what it lacks");
    made(&add(format!("series={series}&school={other}&grade=六年级&person={}", adult(other))).await);
    for (form, says) in [
        ("first=2026-09-01&at=10:00&weeks=0", "1 到 20"),
        ("first=2026-09-01&at=10:00&weeks=21", "1 到 20"),
        ("first=2026-09-31&at=10:00&weeks=1", "日期和时间"),
        ("first=2026-09-01&at=25:00&weeks=1", "日期和时间"),
        ("first=9999-12-30&at=10:00&weeks=2", "日期和时间"),
    ] {
        refused(&desk, &weeks, &officer, form, says).await;
    }
    assert!(classes(&desk, series).is_empty(), "what is refused plans nothing");

    // Three weeks, each with a room for each school.
    assert_eq!(desk.post(&weeks, &officer, three).await.status(), StatusCode::SEE_OTHER);
    let planned = classes(&desk, series);
    let days = |of: &[(String, String, String, String, i64, i64)]| of.iter().map(|c| c.0.clone()).collect::<Vec<_>>();
    assert_eq!(days(&planned), ["2026-09-01", "2026-09-08", "2026-09-15"]);
    assert!(planned.iter().all(|c| c.1 == "10:00" && c.2 == "planned" && (c.4, c.5) == (2, 2)), "{planned:?}");
    assert_eq!(planned[2].3, "两地的水 (3)");
    // One is cancelled as any class is; planned again, what is there stays as it is.
    let second = desk.one("SELECT id FROM live_class WHERE starts_on = '2026-09-08'");
    let cancel = desk.post(&format!("/classes/{second}/move/cancel"), &officer, "_why=放假").await;
    assert_eq!(cancel.status(), StatusCode::SEE_OTHER);
    desk.post(&weeks, &officer, "first=2026-09-01&at=14:30&weeks=5").await;
    let planned = classes(&desk, series);
    assert_eq!(days(&planned), ["2026-09-01", "2026-09-08", "2026-09-15", "2026-09-22", "2026-09-29"]);
    assert_eq!(
        planned.iter().map(|c| &*c.2).collect::<Vec<_>>(),
        ["planned", "cancelled", "planned", "planned", "planned"]
    );
    assert_eq!((&*planned[0].1, &*planned[4].1, &*planned[4].3), ("10:00", "14:30", "两地的水 (4)"));

    // The page shows them in their order; each names its series; the next weeks begin after them.
    let shown = page(&desk, &at, &officer).await;
    let place = |what: &str| shown.find(what).unwrap_or_else(|| panic!("{what} in {shown}"));
    assert!(place("两地的水 (1)") < place("两地的水 (3)") && place("两地的水 (3)") < place("两地的水 (4)"));
    assert!(shown.contains("value=\"2026-10-06\"") && shown.contains("已取消"));
    assert!(page(&desk, &format!("/classes/{second}"), &officer).await.contains(&format!("href=\"{at}\"")));
    // A second class on one day is refused.
    let again = format!(
        "title=x&kind=lecture&starts_on=2026-09-22&starts_at=16:00&minutes=40&origin={unit}&teacher={teacher}&series={series}"
    );
    assert_ne!(desk.post("/classes/new", &officer, &again).await.status(), StatusCode::SEE_OTHER);

    // Closed, it plans no more; and who does not keep it plans nothing.
    desk.post(&format!("{at}/move/close"), &officer, "").await;
    refused(&desk, &weeks, &officer, "first=2026-11-03&at=10:00&weeks=1", "已经结束").await;
    desk.post(&format!("{at}/move/reopen"), &officer, "").await;
    let stranger = desk.sign_in(Role::Head);
    let answer = desk.post(&weeks, &stranger, "first=2026-11-03&at=10:00&weeks=1").await.status();
    assert!(matches!(answer, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND), "{answer}");
    assert_eq!(classes(&desk, series).len(), 5);
}
