//! Who was put on a list beforehand and came, and a name on a list that is corrected.

use axum::body::to_bytes;
use axum::http::StatusCode;
use base::Subject;
use records::Role;
use serde_json::{Value as Json, json};

use crate::desk::{Desk, desk};
use crate::edits::value;
use crate::lists::{figure, named, teachers, training};
use crate::pairings::{Who, sql};
use crate::pocket;

fn present(desk: &Desk, activity: Subject) -> i64 {
    desk.ask(&format!("SELECT count(*) FROM participation WHERE activity = {} AND present = 1", sql(activity)))
}

/// Puts somebody on the list beforehand: the box is not ticked.
async fn list_beforehand(desk: &Desk, head: &Who, activity: Subject, person: Subject, day: &str) {
    let form = format!("activity={activity}&person={person}&part=attends&day={day}");
    assert_eq!(desk.does("/participations/new", head, &form).await, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_listed_beforehand_and_comes_signs_in_by_code_and_by_list() {
    let desk = desk();
    let head = desk.sign_in(Role::Head);
    let today = desk.node.site.today().to_string();
    let training = training(&desk, &head, "listed", &today, &today).await;
    let teacher = desk.with_role(Role::Local);
    let other = teachers(&desk, 9).into_iter().find(|one| *one != teacher).unwrap();
    for person in [teacher, other] {
        list_beforehand(&desk, &head, training, person, &today).await;
    }
    let before = figure(&desk, "person_times");
    let at = format!("/activities/{training}/list");
    let ticked = |page: &str, person: Subject| page.contains(&format!("value=\"{person}\" checked disabled"));
    let page = desk.page(&at, &head).await.1;
    assert!(page.contains(&format!("value=\"{other}\"")) && !ticked(&page, other), "listed is not there yet");
    // The teacher's own phone reads the code.
    let screen = desk.page(&format!("/activities/{training}/screen"), &head).await.1;
    let code = format!("/sign/{}", screen.split("/sign/").nth(1).unwrap().split(['"', '<', ' ']).next().unwrap());
    let who = desk.as_person(teacher);
    let asked = desk.page(&code, &who).await.1;
    assert!(asked.contains("<form class=\"form\" method=\"post\""), "whoever is only listed is asked");
    assert_eq!(desk.does(&code, &who, "").await, StatusCode::SEE_OTHER);
    assert_eq!((named(&desk, training), present(&desk, training)), (2, 1));
    assert!(desk.page("/learning", &who).await.1.contains(&format!("/activities/{training}")));
    // The other is ticked on the list.
    assert_eq!(desk.does(&at, &head, &format!("person={other}&day={today}")).await, StatusCode::SEE_OTHER);
    assert_eq!((named(&desk, training), present(&desk, training)), (2, 2), "the same two records");
    let page = desk.page(&at, &head).await.1;
    assert!(ticked(&page, teacher) && ticked(&page, other));
    assert_eq!(figure(&desk, "person_times") - before, 2);
    // Again says nothing more.
    let entries: i64 = desk.ask("SELECT count(*) FROM entry");
    assert_eq!(desk.does(&code, &who, "").await, StatusCode::SEE_OTHER);
    assert_eq!(desk.ask::<i64>("SELECT count(*) FROM entry"), entries);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_listed_beforehand_signs_in_by_a_phone() {
    let desk = desk();
    let bearer = pocket::prepare(&desk).await;
    let pack = pocket::pack(&desk, &bearer).await;
    let head = desk.sign_in(Role::Head);
    // A workshop was planned for the visit, with the names of who is to come.
    let plan = &pack["visits"][0];
    let (visit, day) = (plan["id"].as_str().unwrap(), "2026-11-20");
    let home = desk.home;
    let form =
        format!("title=workshop&kind=workshop&school={home}&visit={visit}&starts_on={day}&ends_on={day}&_birth=");
    assert_eq!(desk.does("/activities/new", &head, &form).await, StatusCode::SEE_OTHER);
    let workshop = desk.one("SELECT id FROM activity WHERE title = 'workshop'");
    let host = pack["hosts"].as_array().unwrap().iter().find(|host| host["id"] == plan["host"]).unwrap();
    let ids: Vec<Json> = host["people"].as_array().unwrap().iter().map(|p| p["id"].clone()).take(3).collect();
    for id in &ids[..2] {
        list_beforehand(&desk, &head, workshop, id.as_str().unwrap().parse().unwrap(), day).await;
    }
    let before = figure(&desk, "person_times");
    let item = json!({
        "id": "a", "made": 1_790_000_000_000_u64, "chance": 61, "visit": visit, "base": plan["base"],
        "purpose": plan["purpose"], "kind": "workshop", "host": plan["host"], "from": plan["from"],
        "starts": day, "ends": day, "visitors": plan["visitors"], "lessons": 0, "advice": "", "follow_up": "",
        "days": [{ "day": day, "people": [ids[0], ids[2]], "codes": [], "counts": [] }],
    });
    let hand = async || {
        let body = json!({ "lang": "en", "items": [item] }).to_string();
        let (status, said) = pocket::ask(&desk, "/pocket/hand", &bearer, body).await;
        assert_eq!(status, 200, "{said}");
        said["done"][0].clone()
    };
    let done = hand().await;
    assert_eq!(done["left"], json!([]), "{done}");
    assert_eq!(desk.ask::<String>(&format!("SELECT state FROM activity WHERE id = {}", sql(workshop))), "held");
    assert_eq!((named(&desk, workshop), present(&desk, workshop)), (3, 2), "one who was listed did not come");
    assert_eq!(figure(&desk, "person_times") - before, 2);
    // A correction stands, however often the phone says it again.
    let first = desk.one(&format!(
        "SELECT id FROM participation WHERE activity = {} AND person = {}",
        sql(workshop),
        sql(ids[0].as_str().unwrap().parse().unwrap())
    ));
    correct(&desk, &head, first, &[("present", "")]).await;
    assert_eq!(hand().await["left"], json!([]));
    assert_eq!(present(&desk, workshop), 1);
}

/// Corrects fields of a name on a list in its form.
async fn correct(desk: &Desk, who: &Who, id: Subject, fields: &[(&str, &str)]) {
    let at = format!("/participations/{id}/edit");
    let page = desk.page(&at, who).await.1;
    let text =
        |sql: &str| -> String { desk.ask(&format!("SELECT {sql} FROM participation WHERE id = {}", self::sql(id))) };
    let link =
        |field: &str| desk.one(&format!("SELECT {field} FROM participation WHERE id = {}", self::sql(id))).to_string();
    let mut form = [
        ("activity", link("activity")),
        ("person", link("person")),
        ("part", text("part")),
        ("day", text("day")),
        ("present", if text("CAST(coalesce(present, 0) AS TEXT)") == "1" { "yes".to_owned() } else { String::new() }),
    ];
    for (name, to) in fields {
        (*to).clone_into(&mut form.iter_mut().find(|(field, _)| field == name).unwrap().1);
    }
    let typed: Vec<String> = form.iter().map(|(name, to)| format!("{name}={to}")).collect();
    let form = format!("_base={}&{}", value(&page, "_base"), typed.join("&"));
    let answer = desk.post(&at, who, &form).await;
    let (status, body) = (answer.status(), to_bytes(answer.into_body(), 1 << 20).await.unwrap());
    assert_eq!(status, StatusCode::SEE_OTHER, "{}", String::from_utf8_lossy(&body));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_name_takes_its_own_school_along() {
    let desk = desk();
    let head = desk.sign_in(Role::Head);
    let training = training(&desk, &head, "corrected", "2026-11-10", "2026-11-10").await;
    let local = teachers(&desk, 1)[0];
    let posted = desk.one(&format!(
        "SELECT p.id FROM posting o JOIN person p ON p.id = o.person
         WHERE o.state = 'arrived' AND o.school = {} AND p.school IS NULL ORDER BY p.id LIMIT 1",
        sql(desk.home)
    ));
    let before = figure(&desk, "person_times");
    let form = format!("activity={training}&person={local}&part=attends&day=2026-11-10&present=yes");
    assert_eq!(desk.does("/participations/new", &head, &form).await, StatusCode::SEE_OTHER);
    assert_eq!(figure(&desk, "person_times") - before, 1);
    let name = desk.one(&format!("SELECT id FROM participation WHERE activity = {}", sql(training)));
    let at = |school: &str| {
        let of = format!("SELECT count(*) FROM participation WHERE id = {} AND school IS {school}", sql(name));
        desk.ask::<i64>(&of) == 1
    };
    assert!(at(&sql(desk.home)));
    correct(&desk, &head, name, &[("person", &posted.to_string())]).await;
    assert!(at("NULL"), "who is posted here is no local teacher");
    assert_eq!(figure(&desk, "person_times") - before, 0);
    // Who undoes the correction has the first name with its school again.
    let page = desk.page(&format!("/participations/{name}/history"), &head).await.1;
    let undo = page.split("action=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let undo = undo.into_iter().find(|at| at.contains("/undo/")).unwrap().to_owned();
    assert_eq!(desk.does(&undo, &head, "").await, StatusCode::SEE_OTHER);
    assert!(at(&sql(desk.home)));
    assert_eq!(figure(&desk, "person_times") - before, 1);
}
