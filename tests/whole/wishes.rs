//! A school whose node knows nobody who could teach a gap asks for somebody; a coordinator names them, for all its weeks.

use axum::http::StatusCode;
use base::Subject;
use log::LogError;
use records::Role;
use zampa::node::members;

use crate::courses::Who;
use crate::desk::{Desk, desk_at};
use crate::play::page;
use crate::two_nodes::give;

fn number(desk: &Desk, sql: &str) -> i64 {
    desk.node.site.store.read(|c| Ok::<_, LogError>(c.query_row(sql, [], |r| r.get(0))?)).unwrap()
}

async fn post(desk: &Desk, path: &str, who: &Who, form: &str) -> (StatusCode, String) {
    let answer = desk.post(path, who, form).await;
    let to = answer.headers().get("location").map(|l| l.to_str().unwrap().to_owned()).unwrap_or_default();
    (answer.status(), to)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_whose_teacher_is_not_known_at_the_school_is_asked_for_and_taken_at_the_hub() {
    let (hub, school) = (desk_at(0), desk_at(1));
    let (head, officer) = (school.sign_in(Role::Head), hub.sign_in(Role::Officer));
    let coordinator = hub.sign_in(Role::Coordinator);
    let rows = page(&school, &format!("/timetables/{}/gaps", school.home), &head).await;
    let begin = rows.split("href=\"").find(|p| p.starts_with("/classes/new?lesson=")).unwrap();
    let begin = begin.split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
    let value = |name: &str| begin.split(&format!("&{name}=")).nth(1).unwrap().split('&').next().unwrap().to_owned();
    // A title is read in all languages: it does not keep that of whoever planned.
    let english = page(
        &school,
        &format!("/timetables/{}/gaps", school.home),
        &(format!("{}; zampa_lang=en", head.0), head.1.clone()),
    )
    .await;
    let title = english.split("href=\"/classes/new?lesson=").nth(1).unwrap().split("title=").nth(1).unwrap();
    assert_eq!(title.split(['&', '"']).next().unwrap(), value("title"), "{title}");
    assert_eq!(value("origin"), school.home.to_string(), "who asks is of the school");
    let adult = school.one(&format!(
        "SELECT person FROM grant_of_role WHERE role = 'local' AND organisation = x'{}' LIMIT 1",
        school.home.0.iter().map(|b| format!("{b:02x}")).collect::<String>()
    ));
    // The form offers what it takes: the own school alone, chosen already, where another would be refused.
    let chosen = |form: &str, name: &str| {
        let select =
            form.split(&format!("name=\"{name}\"")).nth(1).unwrap().split("</select>").next().unwrap().to_owned();
        let options = select.matches("<option value=\"").count() - select.matches("<option value=\"\"").count();
        (options, select.contains(&format!("value=\"{}\" selected", school.home)))
    };
    assert_eq!(chosen(&page(&school, &begin, &head).await, "origin"), (1, true));
    assert_eq!(chosen(&page(&school, "/class-rooms/new", &head).await, "school"), (1, true));
    assert!(chosen(&page(&hub, "/class-rooms/new", &officer).await, "school").0 > 50, "the office adds any");
    let [subject, day, at, minutes] = ["subject", "starts_on", "starts_at", "minutes"].map(value);
    let about = format!(
        "title=%E8%A1%A5%E8%AF%BE&kind=dedicated&subject={subject}&starts_on={day}&starts_at={at}&minutes={minutes}&origin={}&teacher=&_weeks=3&_adult={adult}",
        school.home
    );
    let (status, to) = post(&school, &begin, &head, &about).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(page(&school, &to, &head).await.contains("还没有主讲教师"), "said where it was planned");
    let class: Subject = to.rsplit('/').next().unwrap().split(['?', '#']).next().unwrap().parse().unwrap();
    let teach = format!("/classes/{class}/teach");
    assert_eq!(post(&school, &teach, &head, &format!("teacher={adult}")).await.0, StatusCode::FORBIDDEN);

    let of = members(&school.files.settings().unwrap());
    give(&school.node.site.store, &hub.node.site.store, &of);
    let wished = format!("href=\"/classes/{class}#class-wish\"");
    let today = page(&hub, "/today", &coordinator).await;
    assert_eq!(today.matches("#class-wish").count(), 1, "a series once: {today}");
    assert!(today.contains(&wished) && page(&hub, "/today", &officer).await.contains(&wished));
    // Nobody begins what nobody teaches.
    let begun = hub.post(&format!("/classes/{class}/move/open"), &officer, "").await;
    assert!(begun.status().is_client_error(), "{}", begun.status());
    assert_eq!(number(&hub, "SELECT count(*) FROM live_class WHERE state = 'live' AND teacher IS NULL"), 0);
    let shown = page(&hub, &format!("/classes/{class}"), &coordinator).await;
    assert!(shown.contains(&format!("action=\"{teach}\"")) && shown.contains("另外 2 节"), "{shown}");
    // Only people of the own unit.
    assert_eq!(post(&hub, &teach, &coordinator, &format!("teacher={adult}")).await.0, StatusCode::NOT_FOUND);
    let me = shown.split("id=\"class-teach\"").nth(1).unwrap().split("value=\"").nth(1).unwrap();
    let me: Subject = me.split('"').next().unwrap().parse().unwrap();
    assert_eq!(post(&hub, &teach, &coordinator, &format!("teacher={me}")).await.0, StatusCode::SEE_OTHER);
    let taken = "SELECT count(*) FROM live_class WHERE teacher IS NOT NULL AND byline <> '' AND series = (SELECT series FROM live_class
                 WHERE id = x'{}') AND origin IS NOT x'{}'";
    let hex = |id: Subject| id.0.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let taken = taken.replacen("{}", &hex(class), 1).replacen("{}", &hex(school.home), 1);
    assert_eq!(number(&hub, &taken), 3, "all weeks, from where they are");
    assert!(!page(&hub, "/today", &coordinator).await.contains("#class-wish"));
    assert_eq!(post(&hub, &teach, &coordinator, &format!("teacher={me}")).await.0, StatusCode::CONFLICT, "once");
    give(&hub.node.site.store, &school.node.site.store, &of);
    assert_eq!(number(&school, &taken), 3, "and the school knows");
}
