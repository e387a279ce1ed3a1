//! Rosters as `OneRoster` has them: what goes out is whole and has no child in it, what comes in is read without what is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use axum::body::to_bytes;
use axum::http::StatusCode;
use base::Subject;
use records::Role;

use crate::courses::{Who, upload, zip};
use crate::desk::{Desk, desk, desk_at};
use crate::play::entries;

type Table = Vec<BTreeMap<String, String>>;

fn table(bytes: &[u8]) -> (Vec<String>, Table) {
    let mut reader = csv::Reader::from_reader(bytes);
    let heads: Vec<String> = reader.headers().unwrap().iter().map(ToOwned::to_owned).collect();
    let rows = reader.records().map(|r| heads.iter().cloned().zip(r.unwrap().iter().map(ToOwned::to_owned)).collect());
    (heads.clone(), rows.collect())
}

fn ids(rows: &Table) -> BTreeSet<String> {
    let ids: BTreeSet<String> = rows.iter().map(|r| r["sourcedId"].clone()).collect();
    assert_eq!(ids.len(), rows.len(), "no id twice");
    ids
}

fn count(desk: &Desk, sql: &str) -> i64 {
    desk.node.site.store.read(|c| Ok::<_, log::LogError>(c.query_row(sql, [], |r| r.get(0))?)).unwrap()
}

/// A lesson, and a meeting of teachers, which is no class.
async fn with_classes(hub: &Desk, officer: &(String, String)) {
    let origin = hub.one("SELECT id FROM organisation WHERE kind = 'supported_school' ORDER BY id LIMIT 1");
    let teacher = hub.one("SELECT person FROM posting WHERE state = 'completed' ORDER BY id LIMIT 1");
    let class = "title=%E6%B0%B4&kind=lecture&subject=science&starts_on=2026-11-25&starts_at=16:00&minutes=40";
    let meeting = class.replace("lecture", "research").replace("%E6%B0%B4", "meeting-of-teachers");
    for class in [class, &meeting] {
        let made = hub.post("/classes/new", officer, &format!("{class}&origin={origin}&teacher={teacher}")).await;
        assert_eq!(made.status(), StatusCode::SEE_OTHER);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_is_whole_and_has_no_child_and_no_demographics() {
    let hub = desk_at(0);
    let officer = hub.sign_in(Role::Officer);
    with_classes(&hub, &officer).await;
    let zipped = hub.get("/reports/oneroster.zip?year=2026", &officer, None).await.1;
    let files = entries(&zipped);
    let (_, manifest) = table(&files["manifest.csv"]);
    let said: BTreeMap<&str, &str> = manifest.iter().map(|r| (&*r["propertyName"], &*r["value"])).collect();
    assert_eq!((said["manifest.version"], said["oneroster.version"]), ("1.0", "1.2"));
    assert_eq!(said["file.demographics"], "absent");
    assert!(said["source.systemName"].contains("All persons, schools and rows are invented"));
    let bulk = said.iter().filter(|(_, v)| **v == "bulk");
    let named = bulk.map(|(k, _)| format!("{}.csv", k.strip_prefix("file.").unwrap()));
    let named: BTreeSet<String> = named.chain(["manifest.csv".to_owned()]).collect();
    assert_eq!(named, files.keys().cloned().collect());

    let of = |name: &str| table(&files[&format!("{name}.csv")]).1;
    let (orgs, users, roles, classes) = (of("orgs"), of("users"), of("roles"), of("classes"));
    let (courses, sessions, enrollments) = (of("courses"), of("academicSessions"), of("enrollments"));
    assert!(classes.iter().any(|c| c["title"] == "水") && classes.iter().all(|c| c["title"] != "meeting-of-teachers"));
    for rows in [&orgs, &users, &roles, &classes, &courses, &sessions, &enrollments] {
        ids(rows);
        assert!(!rows.is_empty());
        assert!(rows.iter().all(|r| r["status"].is_empty() && r["dateLastModified"].is_empty()), "a whole set");
    }
    // What rows name is there.
    let refers = |rows: &Table, column: &str, to: &Table, may_lack: bool| {
        let known = ids(to);
        let named = rows.iter().flat_map(|r| r[column].split(','));
        named.for_each(|n| assert!(known.contains(n) || may_lack && n.is_empty(), "{column}: {n}"));
    };
    refers(&orgs, "parentSourcedId", &orgs, true);
    refers(&users, "primaryOrgSourcedId", &orgs, false);
    refers(&roles, "userSourcedId", &users, false);
    refers(&roles, "orgSourcedId", &orgs, false);
    refers(&classes, "courseSourcedId", &courses, false);
    refers(&classes, "schoolSourcedId", &orgs, false);
    refers(&classes, "termSourcedIds", &sessions, false);
    refers(&courses, "orgSourcedId", &orgs, false);
    refers(&enrollments, "classSourcedId", &classes, false);
    refers(&enrollments, "userSourcedId", &users, false);
    let all = |rows: &Table, column: &str| rows.iter().map(|r| r[column].clone()).collect::<BTreeSet<_>>();
    let within =
        |found: BTreeSet<String>, may: &[&str]| assert!(found.iter().all(|f| may.contains(&&**f)), "{found:?}");
    within(all(&orgs, "type"), &["department", "school", "district", "local", "state", "national"]);
    within(all(&roles, "role"), &["teacher", "principal", "siteAdministrator", "aide"]);
    within(all(&roles, "roleType"), &["primary", "secondary"]);
    within(all(&enrollments, "role"), &["teacher", "proctor"]);
    within(all(&sessions, "type"), &["schoolYear", "term"]);
    let chief =
        |user: &String| roles.iter().filter(|r| r["userSourcedId"] == *user && r["roleType"] == "primary").count();
    assert!(ids(&users).iter().all(|u| chief(u) == 1), "one chief role each");
    assert!(users.iter().all(|u| !u["givenName"].is_empty() && u["grades"].is_empty() && u["pronouns"].is_empty()));

    // What a class has in a subject by its timetable is a class, with its periods; its chief teacher is one.
    let standing: Vec<_> = classes.iter().filter(|c| c["sourcedId"].starts_with("timetable-")).collect();
    let all = "SELECT count(*) FROM (SELECT DISTINCT school, class, subject FROM timetable_lesson)";
    assert_eq!(i64::try_from(standing.len()).unwrap(), count(&hub, all));
    assert!(standing.len() > 50 && standing.len() < classes.len(), "beside live classes");
    for class in standing {
        let periods: Vec<&str> = class["periods"].split(',').collect();
        assert!(
            periods
                .iter()
                .all(|p| p.split_once('-').is_some_and(|(d, n)| d.ends_with("day") && n.parse::<u8>().is_ok()))
        );
        assert!(class["title"].starts_with(&*class["classCode"]) && class["classType"] == "scheduled");
        let own: Vec<_> = enrollments.iter().filter(|e| e["classSourcedId"] == class["sourcedId"]).collect();
        assert!(own.len() <= 6, "a gap has nobody");
        assert_eq!(own.iter().filter(|e| e["primary"] == "true").count(), usize::from(!own.is_empty()));
    }

    // Pupils and devices are in no file.
    for role in ["pupil", "device"] {
        let id = hub.one(&format!("SELECT person FROM grant_of_role WHERE role = '{role}' LIMIT 1")).to_string();
        assert!(files.values().all(|f| !String::from_utf8_lossy(f).contains(&id)), "{role}");
    }
    // What comes out can be read, and is what the records say.
    let roster = reports::read_roster(Cursor::new(zipped.clone())).unwrap();
    assert!(roster.refused.is_empty() && roster.children == 0 && roster.unclear == 0, "{:?}", roster.refused);
    assert_eq!(i64::try_from(roster.organisations.len()).unwrap(), count(&hub, "SELECT count(*) FROM organisation"));
    assert_eq!(roster.users.len(), users.len());
    for user in roster.users.iter().take(50) {
        let id: Subject = user.id.parse().unwrap();
        let name: String = hub
            .node
            .site
            .store
            .read(|c| {
                let sql = "SELECT name FROM person WHERE id = ?1";
                Ok::<_, log::LogError>(c.query_row(sql, [id.as_bytes()], |r| r.get(0))?)
            })
            .unwrap();
        assert_eq!(name, user.name);
    }
    // And comes in again as what is here already.
    let page = looked(&hub, &officer, &zipped).await;
    assert!(page.contains("Nothing in the list is new") || page.contains("没有新内容"), "{page}");
    for (role, at) in [(Role::Head, desk()), (Role::Observer, desk_at(0)), (Role::Coordinator, desk_at(0))] {
        let who = at.sign_in(role);
        for path in ["/reports/oneroster.zip", "/reports/xapi.jsonl"] {
            assert_eq!(at.get(path, &who, None).await.0.status(), StatusCode::FORBIDDEN, "{role:?} {path}");
        }
        assert_eq!(at.get("/reports", &who, None).await.0.status(), StatusCode::OK);
    }
}

async fn looked(hub: &Desk, who: &Who, zipped: &[u8]) -> String {
    let response = upload(hub, "/reports/oneroster", who, &[], &[("roster.zip", zipped)]).await;
    let bytes = to_bytes(response.into_body(), 64 << 20).await.unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn field<'p>(page: &'p str, name: &str) -> &'p str {
    let after = page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_else(|| panic!("{name}: {page}"));
    after.split('"').next().unwrap()
}

fn foreign() -> Vec<u8> {
    zip(&[
        ("manifest.csv", b"propertyName,value\noneroster.version,1.1\nsource.systemName,District\n"),
        (
            "orgs.csv",
            "sourcedId,status,name,type,parentSourcedId\ns1,,\u{65b0}\u{5c0f}\u{5b66},school,d\nd,,New District,district,\n".as_bytes(),
        ),
        (
            "users.csv",
            "sourcedId,status,role,orgSourcedIds,givenName,familyName,birthDate,gender\nu1,,teacher,s1,Zampa,Newcomer,1980-01-01,F\nu2,,student,s1,Small,Child,2015-01-01,M\nu3,,administrator,d,Ada,Byron,,\n".as_bytes(),
        ),
        ("demographics.csv", b"sourcedId,birthDate,sex,white\nu1,1980-01-01,female,true\n"),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_from_elsewhere_comes_in_once_and_without_demographics() {
    let hub = desk_at(0);
    let officer = hub.sign_in(Role::Officer);
    let zipped = foreign();
    let blobs = hub.blobs();
    let page = looked(&hub, &officer, &zipped).await;
    for column in ["birthDate", "gender", "demographics.csv", "white"] {
        assert!(page.contains(&format!("<code>{column}</code>")), "{column}: {page}");
    }
    assert!(page.contains("Newcomer") && !page.contains("Small Child") && !page.contains("1980"));
    assert_eq!(hub.blobs(), blobs + 1, "what was read waits, the file does not");
    let before = (count(&hub, "SELECT count(*) FROM organisation"), count(&hub, "SELECT count(*) FROM person"));
    let form = format!("waits={}&sealed={}&schools=partner_school", field(&page, "waits"), field(&page, "sealed"));
    let response = hub.post("/reports/oneroster/take", &officer, &form).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()["location"], "/reports?organisations=2&people=2");
    let after = (count(&hub, "SELECT count(*) FROM organisation"), count(&hub, "SELECT count(*) FROM person"));
    assert_eq!(after, (before.0 + 2, before.1 + 2));
    assert_eq!(hub.blobs(), blobs, "nothing of it is left");
    let at = |sql: &str| count(&hub, &format!("SELECT count(*) FROM person p JOIN organisation o ON {sql}"));
    assert_eq!(at("o.id = p.school WHERE p.name = 'Zampa Newcomer' AND o.kind = 'partner_school'"), 1);
    assert_eq!(at("o.id = p.unit WHERE p.name = 'Ada Byron' AND o.kind = 'authority'"), 1);
    assert_eq!(
        count(
            &hub,
            "SELECT count(*) FROM organisation a JOIN organisation b ON b.id = a.parent WHERE b.name = 'New District'"
        ),
        1
    );
    assert_eq!(
        count(&hub, "SELECT count(*) FROM account a JOIN person p ON p.id = a.person WHERE p.name = 'Ada Byron'"),
        0
    );

    // It comes again, and with one more.
    let again = looked(&hub, &officer, &zipped).await;
    assert!(!again.contains("name=\"sealed\""), "nothing is new");
    let mut more = entries(&zipped);
    more.get_mut("users.csv").unwrap().extend(b"u4,,teacher,s1,Fourth,One,,\n");
    let more: Vec<(&str, &[u8])> = more.iter().map(|(n, b)| (n.as_str(), b.as_slice())).collect();
    let page = looked(&hub, &officer, &zip(&more)).await;
    let form = format!("waits={}&sealed={}", field(&page, "waits"), field(&page, "sealed"));
    let response = hub.post("/reports/oneroster/take", &officer, &form).await;
    assert_eq!(response.headers()["location"], "/reports?organisations=0&people=1");

    // What was not looked at here is not taken; nor is anything on a school's box, by a head, or that is no roster.
    let wrong = form.replace("sealed=", "sealed=x");
    assert!(hub.post("/reports/oneroster/take", &officer, &wrong).await.status().is_client_error());
    let broken = upload(&hub, "/reports/oneroster", &officer, &[], &[("x.zip", b"no archive")]).await;
    assert_eq!(broken.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let school = desk();
    let head = school.sign_in(Role::Head);
    let refused = upload(&school, "/reports/oneroster", &head, &[], &[("roster.zip", &zipped)]).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
}
