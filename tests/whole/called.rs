//! What people, schools, units, cohorts and regions are called: in the reader's language wherever they are shown, and as they
//! were given where nobody said how they are called in it.

use base::{Lang, Subject};
use records::Role;

use crate::desk::{Desk, desk, desk_at};
use crate::pairings::{Who, sql};
use crate::pocket;

fn in_english(who: &Who) -> Who {
    (format!("{}; zampa_lang=en", who.0), who.1.clone())
}

/// What somebody or something is called as it was given, and in English.
fn called(desk: &Desk, table: &str, id: Subject) -> (String, String) {
    let of = |what: &str| desk.ask(&format!("SELECT {what} FROM {table} WHERE id = {}", sql(id)));
    (of("name"), of("names ->> '$.en'"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_head_and_the_foot_of_a_page_name_who_reads_and_where() {
    let school = desk();
    let person = school.with_role(Role::Posted);
    let who = school.as_person(person);
    let ((zh, en), (school_zh, school_en)) =
        (called(&school, "person", person), called(&school, "organisation", school.home));
    let page = school.page("/today", &who).await.1;
    assert!(page.contains(&format!("</svg>{zh}</summary>")) && page.contains(&format!("<p>{school_zh} · <a")));
    let page = school.page("/today", &in_english(&who)).await.1;
    assert!(page.contains(&format!("</svg>{en}</summary>")), "{en}");
    assert!(page.contains(&format!("<p>{school_en} · <a")), "{school_en}");
    assert!(!page.contains(&school_zh), "nor anywhere else of the page");
    // The hub is called after who keeps it.
    let hub = desk_at(0);
    assert_eq!([Lang::Zh, Lang::En].map(|lang| hub.node.site.node_called(lang)), ["项目办公室", "Programme Office"]);
    // A school that is called otherwise is at once, in every language; a node that bears a name of its own keeps it.
    assert_eq!(school.node.site.node_called(Lang::Zh), school_zh);
    assert_ne!(school.node.site.node_called(Lang::Bo), school_zh);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_names_who_wrote_and_the_node() {
    let school = desk();
    let person = school.with_role(Role::Posted);
    let who = school.as_person(person);
    let (_, school_en) = called(&school, "organisation", school.home);
    let (zh, en) = called(&school, "person", person);
    let form = format!(
        "purpose=History&host={}&from_school={}&starts_on=2026-10-01&ends_on=2026-10-01&_birth=",
        school.one(&format!("SELECT id FROM organisation WHERE parent = {} LIMIT 1", sql(school.home))),
        school.home
    );
    assert_eq!(school.does("/visits/new", &who, &form).await, 303);
    let visit = school.one("SELECT id FROM visit WHERE purpose = 'History'");
    let page = school.page(&format!("/visits/{visit}/history"), &in_english(&who)).await.1;
    assert!(page.contains(&format!("by {en}, at {school_en}")), "{page}");
    assert!(!page.contains(&zh));
    // Of whom this node holds no name it is said that they are of elsewhere, and never that they have none.
    let sees = |person: Subject| {
        let node = school.node.site.store.key().id();
        school.node.site.store.read(|conn| {
            let session = web::Session {
                person,
                csrf: String::new(),
                reader: records::Reader::default(),
                name: String::new(),
                called: String::new(),
            };
            let request = web::Request::of(session, Lang::En);
            let look = register::Look::new(&school.node.site, &request, conn);
            register::who(&look, &Subject([9; 16]), node)
        })
    };
    assert_eq!(sees(person).unwrap(), format!("by somebody of another school, at {school_en}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_narrowed_by_names_in_the_reader_s_language() {
    let hub = desk_at(0);
    let nobody = (String::from("zampa_lang=en"), String::new());
    let page = hub.page("/figures", &nobody).await.1;
    let at = page.find("name=\"cohort\"").unwrap();
    let narrow = &page[at..at + page[at..].find("</form>").unwrap()];
    for said in [
        "First cohort (2016–2018)",
        ">Beijing<",
        "Lhasa Chenguang Secondary School",
        "Beijing Education Support Team",
        "Union of Affiliated Secondary Schools",
    ] {
        assert!(narrow.contains(said), "{said}");
    }
    let han = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let labels: Vec<&str> =
        narrow.split("<option").skip(1).filter_map(|o| o.split('>').nth(1)?.split('<').next()).collect();
    assert_eq!(labels.iter().filter(|l| han(l)).collect::<Vec<_>>(), Vec::<&&str>::new());
    // What is chosen is told by the same name, and narrows by the region as it is kept.
    let page = hub.page("/figures/person-times?region=%E5%8C%97%E4%BA%AC%E5%B8%82", &nobody).await.1;
    let main = page.split("<main").nth(1).unwrap().split('<').filter_map(|p| p.split_once('>')).map(|(_, text)| text);
    let said: String = main.collect();
    assert!(said.contains("Beijing") && !said.contains("北京市"), "{said}");
    let hxl = hub.page("/reports/hxl-activities.csv", &nobody).await.1;
    assert!(hxl.contains("\"Nyingchi\"") && hxl.contains("\"Beijing\""), "regions of who does what where");
    assert!(!hxl.contains("\"林芝市\"") && !hxl.contains("\"北京市\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_took_part_in_and_one_s_week_say_where_in_the_reader_s_language() {
    let school = desk();
    // Somebody who signed in with a host, at an activity whose place is that host as it was called then.
    let found =
        "SELECT p.person FROM participation p JOIN activity a ON a.id = p.activity JOIN visit v ON v.id = a.visit
                 JOIN organisation h ON h.id = v.host WHERE p.part = 'attends' AND p.present = 1 AND a.place = h.name
                   AND h.names ->> '$.en' IS NOT NULL AND a.state IN ('held', 'verified')";
    let person = school.one(&format!("{found} LIMIT 1"));
    let which = |what: &str| -> String {
        school.ask(&format!(
            "{} AND p.person = {} LIMIT 1",
            found.replace("p.person FROM", &format!("{what} FROM")),
            sql(person)
        ))
    };
    let (zh, en, day): (String, String, String) = (which("h.name"), which("h.names ->> '$.en'"), which("p.day"));
    let who = school.as_person(person);
    assert!(school.page("/learning", &who).await.1.contains(&zh));
    for path in ["/learning", "/csv/learning"] {
        let page = school.page(path, &in_english(&who)).await.1;
        assert!(page.contains(&en) && !page.contains(&zh), "{path}: {en}");
    }
    let week = crate::worklog::week(day.parse().unwrap());
    let page = school.page(&format!("/week?of={week}"), &in_english(&who)).await.1;
    assert!(page.contains(&en) && !page.contains(&zh), "{en}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_takes_names_along_in_all_languages_and_every_school_where_one_may_come() {
    let school = desk();
    let bearer = pocket::prepare(&school).await;
    let pack = pocket::pack(&school, &bearer).await;
    for (list, key) in [("hosts", "title"), ("schools", "title"), ("colleagues", "name")] {
        let one = &pack[list][0];
        assert!(one[key].is_string() && one["names"]["en"].is_string(), "{list}: {one}");
        assert_ne!(one[key], one["names"]["en"]);
    }
    assert!(pack["person"]["names"]["en"].is_string() && pack["node_names"]["en"].is_string());
    let people = pack["hosts"].as_array().unwrap().iter().find(|h| h["people"][0].is_object()).unwrap();
    assert!(people["people"][0]["names"]["en"].is_string(), "{people}");
    // Where one was before is near, with the advice that was left there; every other school is found by its name.
    let ids = |list: &str| -> Vec<Subject> {
        pack[list].as_array().unwrap().iter().map(|h| h["id"].as_str().unwrap().parse().unwrap()).collect()
    };
    let (near, far) = (ids("hosts"), ids("far"));
    let been = school.one(&format!(
        "SELECT v.host FROM visit v JOIN organisation o ON o.id = v.host
         WHERE v.from_school = {0} AND v.state IN ('held', 'followed_up') AND o.parent IS NOT {0} LIMIT 1",
        sql(school.home)
    ));
    assert!(near.contains(&been), "a host of another school where they were");
    let all: i64 = school.ask(
        "SELECT count(*) FROM organisation WHERE kind IN ('outlying_school', 'supported_school')
         AND coalesce(state, 'active') = 'active'",
    );
    assert_eq!(i64::try_from(near.len() + far.len()).unwrap(), all);
    assert!(far.iter().all(|id| !near.contains(id)));
    assert!(pack["far"][0].get("people").is_none(), "of those, no more than what they are called");
}
