//! Lists of who came: for which days, by whom, of whom, and what counts of them.

use axum::http::StatusCode;
use base::Subject;
use figures::Scope;
use records::{Change, Role, Value};

use crate::desk::{Desk, desk};
use crate::pairings::{Who, sql};

/// A training at the node's school over these days, held if they have come.
pub async fn training(desk: &Desk, head: &Who, title: &str, starts: &str, ends: &str) -> Subject {
    let birth = if starts < "2100" { format!("&held_on={starts}&_birth=hold") } else { "&_birth=".to_owned() };
    let form = format!("title={title}&kind=training&school={}&starts_on={starts}&ends_on={ends}{birth}", desk.home);
    assert_eq!(desk.does("/activities/new", head, &form).await, StatusCode::SEE_OTHER);
    desk.one(&format!("SELECT id FROM activity WHERE title = '{title}'"))
}

pub fn teachers(desk: &Desk, n: usize) -> Vec<Subject> {
    let of = |n| {
        desk.one(&format!(
            "SELECT p.id FROM person p WHERE p.school = {} AND coalesce(p.state, 'active') = 'active'
               AND NOT EXISTS (SELECT 1 FROM grant_of_role g WHERE g.person = p.id AND g.role IN ('device', 'pupil'))
             ORDER BY p.id LIMIT 1 OFFSET {n}",
            sql(desk.home)
        ))
    };
    (0..n).map(of).collect()
}

pub fn figure(desk: &Desk, rule: &str) -> i64 {
    let (site, rule) = (&desk.node.site, figures::rule(rule).unwrap());
    site.store.read(|c| figures::count(c, rule, &Scope::default(), site.today())).unwrap().value
}

pub fn named(desk: &Desk, activity: Subject) -> i64 {
    desk.ask(&format!("SELECT count(*) FROM participation WHERE activity = {}", sql(activity)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_for_a_day_that_the_activity_has_and_that_has_come() {
    let desk = desk();
    let head = desk.sign_in(Role::Head);
    let who = teachers(&desk, 3);
    // Of three days each can be listed, also after the last.
    let past = training(&desk, &head, "three", "2026-11-10", "2026-11-12").await;
    let at = format!("/activities/{past}/list");
    let (_, body) = desk.page(&at, &head).await;
    assert!(["2026-11-10", "2026-11-11", "2026-11-12"].iter().all(|day| body.contains(day)));
    for (person, day) in who.iter().zip(["2026-11-10", "2026-11-11", "2026-11-12"]) {
        assert_eq!(desk.does(&at, &head, &format!("person={person}&day={day}")).await, StatusCode::SEE_OTHER);
    }
    let days: i64 = desk.ask(&format!("SELECT count(DISTINCT day) FROM participation WHERE activity = {}", sql(past)));
    assert_eq!(days, 3);
    assert_eq!(desk.does(&at, &head, &format!("person={}&day=2019-05-01", who[0])).await, StatusCode::CONFLICT);
    // Nobody is present on a day to come.
    let coming = training(&desk, &head, "coming", "2126-05-01", "2126-05-02").await;
    let at = format!("/activities/{coming}/list");
    assert_eq!(desk.page(&at, &head).await.0, StatusCode::CONFLICT);
    assert_eq!(desk.does(&at, &head, &format!("person={}", who[0])).await, StatusCode::CONFLICT);
    assert_eq!((named(&desk, past), named(&desk, coming)), (3, 0));
    // Nor does the register take a name or a number for another year.
    for (path, form) in [
        ("/participations/new", format!("activity={past}&person={}&part=attends&day=2019-05-01&present=yes", who[0])),
        ("/headcounts/new", format!("activity={past}&category=pupils&day=2019-05-01&number=9&basis=counted")),
    ] {
        assert_eq!(desk.does(path, &head, &form).await, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_verified_takes_no_more_names_but_from_who_verifies() {
    let desk = desk();
    let (head, local) = (desk.sign_in(Role::Head), desk.sign_in(Role::Local));
    let who = teachers(&desk, 2);
    let training = training(&desk, &head, "verified", "2026-11-10", "2026-11-10").await;
    let at = format!("/activities/{training}/list");
    assert_eq!(desk.does(&at, &local, &format!("person={}", who[0])).await, StatusCode::SEE_OTHER);
    let name = desk.one(&format!("SELECT id FROM participation WHERE activity = {}", sql(training)));
    assert_eq!(desk.does(&format!("/activities/{training}/move/verify"), &head, "").await, StatusCode::SEE_OTHER);
    let before = figure(&desk, "person_times");
    assert_eq!(desk.does(&at, &local, &format!("person={}", who[1])).await, StatusCode::CONFLICT);
    let (_, page) = desk.page(&format!("/activities/{training}"), &local).await;
    assert!(!page.contains(&at), "no list is offered");
    let one = format!("activity={training}&person={}&part=attends&day=2026-11-10&present=yes", who[1]);
    assert_ne!(desk.does("/participations/new", &local, &one).await, StatusCode::SEE_OTHER);
    let count = format!("activity={training}&category=local_teachers&day=2026-11-10&number=900&basis=counted");
    assert_ne!(desk.does("/headcounts/new", &local, &count).await, StatusCode::SEE_OTHER);
    let gone = format!("activity={training}&person={}&part=organises&day=2026-11-10", who[0]);
    assert_ne!(desk.does(&format!("/participations/{name}/edit"), &local, &gone).await, StatusCode::SEE_OTHER);
    assert_eq!((figure(&desk, "person_times"), named(&desk, training)), (before, 1));
    assert_eq!(desk.does("/participations/new", &head, &one).await, StatusCode::SEE_OTHER);
    // One that was called off takes none at all.
    let off = "title=off&kind=training&starts_on=2026-11-10&ends_on=2026-11-10&_birth=";
    assert_eq!(
        desk.does("/activities/new", &head, &format!("{off}&school={}", desk.home)).await,
        StatusCode::SEE_OTHER
    );
    let off = desk.one("SELECT id FROM activity WHERE title = 'off'");
    assert_eq!(desk.does(&format!("/activities/{off}/move/cancel"), &head, "_why=snow").await, StatusCode::SEE_OTHER);
    let at = format!("/activities/{off}/list");
    assert_eq!(desk.does(&at, &head, &format!("person={}", who[0])).await, StatusCode::CONFLICT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_no_teacher_and_who_left_was_one() {
    let desk = desk();
    let head = desk.sign_in(Role::Head);
    let today = desk.node.site.today().to_string();
    let training = training(&desk, &head, "counted", "2026-11-10", &today).await;
    let (_, screen) = desk.page(&format!("/activities/{training}/screen"), &head).await;
    let at = screen.split("/sign/").nth(1).unwrap().split(['"', '<', ' ']).next().unwrap();
    let at = format!("/sign/{at}");
    let device = desk.with_role(Role::Device);
    for path in [desk.page(&at, &desk.as_person(device)).await.0, desk.does(&at, &desk.as_person(device), "").await] {
        assert_eq!(path, StatusCode::FORBIDDEN);
    }
    assert_eq!(named(&desk, training), 0);
    // What counts of this activity alone: whoever takes part elsewhere counts there as before.
    let counts = |rule: &str| -> i64 {
        let (site, rule) = (&desk.node.site, figures::rule(rule).unwrap());
        let rows = site.store.read(|c| figures::evidence(c, rule, &Scope::default(), site.today())).unwrap();
        let of = |id: Subject| -> bool {
            id == training
                || desk.ask(&format!(
                    "SELECT EXISTS (SELECT 1 FROM participation WHERE id = {} AND activity = {})",
                    sql(id),
                    sql(training)
                ))
        };
        rows.iter().filter(|row| of(row.id)).map(|row| row.n).sum()
    };
    let counted = || (counts("person_times"), counts("teachers_named"));
    // Written into the register as if it were a teacher, it counts as none.
    let one = format!("activity={training}&person={device}&part=attends&day=2026-11-10&present=yes");
    assert_eq!(desk.does("/participations/new", &head, &one).await, StatusCode::SEE_OTHER);
    assert_eq!((named(&desk, training), counted()), (1, (0, 0)));
    // A teacher who signs in counts, and goes on counting when they have left the school.
    let teacher = desk.one(&format!(
        "SELECT g.person FROM grant_of_role g JOIN person p ON p.id = g.person WHERE g.role = 'local' AND p.school = {}",
        sql(desk.home)
    ));
    assert_eq!(desk.does(&at, &desk.as_person(teacher), "").await, StatusCode::SEE_OTHER);
    let listed = desk.one(&format!(
        "SELECT p.id FROM person p WHERE p.school = {} AND p.id <> {} AND NOT EXISTS
           (SELECT 1 FROM grant_of_role g WHERE g.person = p.id)",
        sql(desk.home),
        sql(teacher)
    ));
    let form = format!("activity={training}&person={listed}&part=attends&day=2026-11-10&present=yes");
    assert_eq!(desk.does("/participations/new", &head, &form).await, StatusCode::SEE_OTHER);
    assert_eq!(counted(), (2, 2));
    let site = &desk.node.site;
    for person in [teacher, listed] {
        let kind = site.kinds.get("person").unwrap();
        let write = site.store.write(log::Context::NODE, |tx| {
            let scope = records::record_scope(tx.conn(), site.programme, kind, &person)?;
            records::append(tx, kind, scope, person, Change::new().with("school", Value::Null), None)?;
            Ok::<_, records::RecordError>(tx.fold()?)
        });
        write.unwrap();
    }
    assert_eq!(counted(), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_too_long_and_one_on_paper_are_refused_kindly() {
    let desk = desk();
    let head = desk.sign_in(Role::Head);
    let training = training(&desk, &head, "crowd", "2026-11-10", "2026-11-10").await;
    let at = format!("/activities/{training}/list");
    let crowd: String = (0..401_u16)
        .map(|n| {
            let scope = base::Scope::School(desk.home);
            format!("&person={}", Subject::new(&scope, 1_790_000_000_000, u32::from(n)))
        })
        .collect();
    let answer = desk.post(&at, &head, &format!("day=2026-11-10{crowd}")).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let said = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    assert!(String::from_utf8_lossy(&said).contains("一天最多勾选 400 人"));
    assert_eq!(named(&desk, training), 0);
    // What works instead of a picture stands on the page, ready for this activity and this day.
    let (_, body) = desk.page(&at, &head).await;
    assert!(body.contains("不从照片里认名字"));
    let count = format!("/headcounts/new?activity={training}&amp;day=2026-11-10&amp;category=local_teachers");
    assert!(body.contains(&count), "{body}");
    let (status, form) = desk.page(&count.replace("&amp;", "&"), &head).await;
    assert!(status == StatusCode::OK && form.contains("2026-11-10"));
    assert!(body.contains(&format!("/activities/{training}#add-files")));
    assert!(desk.page(&format!("/activities/{training}"), &head).await.1.contains("id=\"add-files\""));
}
