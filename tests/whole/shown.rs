//! What lists, files, forms and controls show: days as programs read them, names without ids, who came and what still waits.

use axum::http::StatusCode;
use base::Subject;
use records::Role;

use crate::desk::{Desk, desk, desk_at};
use crate::pairings::{Who, sql};
use crate::pocket;

fn in_english(who: &Who) -> Who {
    (format!("{}; zampa_lang=en", who.0), who.1.clone())
}

fn plain(page: &str) -> String {
    page.split('<').filter_map(|p| p.split_once('>')).map(|(_, text)| text).collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_s_page_says_who_came_and_which_counts_still_wait() {
    let school = desk();
    let bearer = pocket::prepare(&school).await;
    let pack = pocket::pack(&school, &bearer).await;
    let done = pocket::hand(&school, &bearer, &[&pocket::visit(&pack, 0, 91)]).await;
    let visit: Subject = done[0]["visit"].as_str().unwrap().parse().unwrap();
    let head = in_english(&school.sign_in(Role::Head));
    let at = format!("/visits/{visit}");
    let came = |page: String| plain(page.split("id=\"came\"").nth(1).unwrap().split("</section>").next().unwrap());
    let said = came(school.page(&at, &head).await.1);
    let words: Vec<&str> = said.split_whitespace().collect();
    let said = words.join(" ");
    assert!(said.contains("Signed in by name 3"), "{said}");
    assert!(said.contains("local teachers · counted waits for verification 10"), "{said}");
    assert!(said.contains("is in a figure once somebody else has verified it"), "{said}");
    let count = school.one(&format!(
        "SELECT h.id FROM headcount h JOIN activity a ON a.id = h.activity WHERE a.visit = {}",
        sql(visit)
    ));
    assert_eq!(school.does(&format!("/headcounts/{count}/move/verify"), &head, "").await, StatusCode::SEE_OTHER);
    let said = came(school.page(&at, &head).await.1);
    assert!(said.contains("10") && !said.contains("waits for verification"), "{said}");
    // A visit at which nobody was counted or signed in says nothing of it.
    let planned = school.one("SELECT id FROM visit WHERE coalesce(state, 'planned') = 'planned' LIMIT 1");
    assert!(!school.page(&format!("/visits/{planned}"), &head).await.1.contains("id=\"came\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_as_a_file_begins_with_its_heads_and_has_days_that_programs_sort() {
    let hub = desk_at(0);
    let officer = in_english(&hub.sign_in(Role::Officer));
    let (head, bytes) = hub.get("/csv/visits", &officer, None).await;
    let name = head.headers()["content-disposition"].to_str().unwrap();
    assert!(name.contains("visits-demonstration.csv"), "that it is invented its name says: {name}");
    let text = String::from_utf8(bytes).unwrap();
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let heads: Vec<String> = reader.headers().unwrap().iter().map(ToOwned::to_owned).collect();
    assert_eq!(heads[..2], ["id", "Visit"]);
    let column = |name: &str| heads.iter().position(|h| h == name).unwrap_or_else(|| panic!("{name} in {heads:?}"));
    let (starts, visitors, lessons, host) =
        (column("Begins on"), column("Visitors"), column("Lessons given"), column("Host"));
    let (mut n, mut several) = (0, false);
    for row in reader.records() {
        let row = row.unwrap();
        assert!(row[starts].parse::<base::Date>().is_ok(), "{}", &row[starts]);
        assert!(row[lessons].is_empty() || row[lessons].parse::<i64>().is_ok(), "{}", &row[lessons]);
        assert!(!row[host].is_empty());
        several |= row[visitors].contains("; ");
        n += 1;
    }
    assert_eq!(n, hub.ask::<i64>("SELECT count(*) FROM visit"));
    assert!(several, "everybody who went");
    for path in ["/csv/reach", "/csv/learning", "/csv/needs/years", "/csv/promises"] {
        let (head, bytes) = hub.get(path, &officer, None).await;
        assert_eq!(head.status(), StatusCode::OK, "{path}");
        assert!(!String::from_utf8_lossy(&bytes).contains("invented"), "{path}");
        let name = head.headers()["content-disposition"].to_str().unwrap();
        assert!(name.contains("-demonstration.csv"), "{path}: {name}");
    }
}

/// What a control offers for what was typed: what goes into it.
async fn offered(desk: &Desk, who: &Who, kind: &str, typed: &str) -> Vec<String> {
    let page = desk.page(&format!("/pick/{kind}?x={}", web::escape(typed)), who).await.1;
    page.split("<option value=\"").skip(1).map(|o| o.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picked_record_is_its_name_and_place_and_an_id_only_where_two_are_called_the_same() {
    let hub = desk_at(0);
    let officer = in_english(&hub.sign_in(Role::Officer));
    let alone = "SELECT p.id FROM person p WHERE p.names ->> '$.en' IS NOT NULL AND p.school IS NOT NULL
                 AND (SELECT count(*) FROM person q WHERE q.names ->> '$.en' = p.names ->> '$.en') = 1 ORDER BY p.id LIMIT 1";
    let person = hub.one(alone);
    let name: String = hub.ask(&format!("SELECT names ->> '$.en' FROM person WHERE id = {}", sql(person)));
    let labels = offered(&hub, &officer, "person", &name).await;
    let label = labels.iter().find(|l| l.starts_with(&format!("{name} · "))).unwrap();
    assert!(!label.contains(&person.to_string()), "{label}");
    // The label, or the name alone, is understood where it is sent.
    let today = hub.node.site.today();
    let host = hub.one("SELECT id FROM organisation WHERE kind = 'outlying_school' LIMIT 1");
    for (n, typed) in [label, &name].into_iter().enumerate() {
        let form = format!(
            "title=Picked{n}&from_school={}&starts_on={today}&ends_on={today}&leader={}",
            hub.one("SELECT id FROM organisation WHERE kind = 'supported_school' LIMIT 1"),
            web::escape(typed)
        );
        assert_eq!(hub.does("/trips/new", &officer, &form).await, StatusCode::SEE_OTHER, "{typed}");
        let leader = hub.one(&format!("SELECT leader FROM trip WHERE title = 'Picked{n}'"));
        assert_eq!(leader, person, "{typed}");
        let trip = hub.one(&format!("SELECT id FROM trip WHERE title = 'Picked{n}'"));
        let edit = hub.page(&format!("/trips/{trip}/edit"), &officer).await.1;
        let control = edit.split("id=\"c-leader\"").nth(1).unwrap().split('>').next().unwrap();
        assert!(control.contains(&name) && !control.contains(&person.to_string()), "{control}");
    }
    // Visits of one purpose are told apart by host and day, and two of one day by their id.
    let school = hub.one("SELECT id FROM organisation WHERE kind = 'supported_school' LIMIT 1");
    for day in ["2026-10-01", "2026-10-02", "2026-10-02"] {
        let form = format!("purpose=Samename&host={host}&from_school={school}&starts_on={day}&ends_on={day}&_birth=");
        assert_eq!(hub.does("/visits/new", &officer, &form).await, StatusCode::SEE_OTHER);
    }
    let labels = offered(&hub, &officer, "visit", "Samename").await;
    let with = |day: &str| labels.iter().filter(|l| l.contains(day)).cloned().collect::<Vec<_>>();
    let [first] = &with("1 October 2026")[..] else { panic!("{labels:?}") };
    assert!(first.ends_with("1 October 2026") && first.starts_with("Samename · "), "{first}");
    let second = with("2 October 2026");
    assert_eq!(second.len(), 2);
    assert!(second.iter().all(|l| l.rsplit(" · ").next().unwrap().parse::<Subject>().is_ok()), "{second:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_to_come_is_planned_and_who_teaches_there_goes_along() {
    let school = desk();
    let me = school.with_role(Role::Posted);
    let (posted, head) = (school.as_person(me), school.sign_in(Role::Head));
    let ticked =
        |page: &str| page.split("name=\"_birth\"").nth(1).unwrap().split('>').next().unwrap().contains("checked");
    assert!(ticked(&school.page("/visits/new", &posted).await.1));
    assert!(!ticked(&school.page("/visits/new?starts_on=2126-01-01", &posted).await.1));
    let chosen = |page: &str| {
        let at = page.find(&format!("value=\"{me}\"")).map(|at| page[at..].split('>').next().unwrap().to_owned());
        at.is_some_and(|tag| tag.contains("checked") || tag.contains("selected"))
            || page.contains(&format!("{me}\" ")) && page.contains("name=\"visitors\" list")
    };
    let page = school.page("/visits/new", &posted).await.1;
    let name: String = school.ask(&format!("SELECT name FROM person WHERE id = {}", sql(me)));
    let picked = page.split("name=\"visitors\"").skip(1).any(|c| c.split('>').next().unwrap().contains(&name));
    assert!(chosen(&page) || picked, "oneself is among those who go");
    let page = school.page("/visits/new", &head).await.1;
    assert!(!page.split("name=\"visitors\"").skip(1).any(|c| c.split('>').next().unwrap().contains("checked")));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_record_is_one() {
    let hub = desk_at(0);
    let officer = in_english(&hub.sign_in(Role::Officer));
    let today = hub.node.site.today();
    let school = hub.one("SELECT id FROM organisation WHERE kind = 'supported_school' LIMIT 1");
    let form = format!("title=Singular&from_school={school}&starts_on={today}&ends_on={today}");
    assert_eq!(hub.does("/trips/new", &officer, &form).await, StatusCode::SEE_OTHER);
    assert!(hub.page("/trips?q=Singular", &officer).await.1.contains(">One record<"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_asks_nothing_where_there_is_nothing_to_choose_and_a_history_goes_in_its_order() {
    let school = desk();
    let me = school.with_role(Role::Posted);
    let who = in_english(&school.as_person(me));
    assert_eq!(school.ask::<i64>("SELECT count(*) FROM trip"), 0);
    let form = school.page("/visits/new", &who).await.1;
    assert!(!form.contains("c-trip") && form.contains("c-host"));
    let made = format!("title=Way&from_school={}&starts_on=2026-10-01&ends_on=2026-10-02", school.home);
    assert_eq!(school.does("/trips/new", &who, &made).await, StatusCode::SEE_OTHER);
    assert!(school.page("/visits/new", &who).await.1.contains("c-trip"));

    let host = school.one(&format!("SELECT id FROM organisation WHERE parent = {} LIMIT 1", sql(school.home)));
    let made = format!(
        "purpose=Ordered&host={host}&from_school={}&starts_on=2026-10-01&ends_on=2026-10-02&advice=Ask&visitors={me}&_birth=",
        school.home
    );
    assert_eq!(school.does("/visits/new", &who, &made).await, StatusCode::SEE_OTHER);
    let visit = school.one("SELECT id FROM visit WHERE purpose = 'Ordered'");
    let history = plain(&school.page(&format!("/visits/{visit}/history"), &who).await.1);
    let at = |said: &str| history.find(said).unwrap_or_else(|| panic!("{said}: {history}"));
    let order =
        ["Purpose: Ordered", "Host: ", "From: ", "Begins on: ", "Ends on: ", "Visitors: + ", "Advice: Ask"].map(at);
    assert!(order.is_sorted(), "{order:?}");
    // On the record's own page, where the same stands above, it is folded.
    let page = school.page(&format!("/visits/{visit}"), &who).await.1;
    assert!(page.contains("<details><summary>7 fields</summary>"));
}
