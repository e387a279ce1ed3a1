//! What a role may do to a record that is there: by what it was, and by what it would become.

use axum::body::to_bytes;
use axum::http::StatusCode;
use base::Subject;
use log::{Context, LogError};
use records::{Change, Role, append};

use crate::desk::{Desk, desk};

async fn page(desk: &Desk, path: &str, who: &(String, String)) -> String {
    String::from_utf8(desk.get(path, who, None).await.1).unwrap()
}

/// The value of a control of a form.
pub fn value(page: &str, name: &str) -> String {
    let at = page.find(&format!("name=\"{name}\"")).unwrap();
    let tag = &page[page[..at].rfind('<').unwrap()..at + page[at..].find('>').unwrap()];
    let from = tag.find("value=\"").unwrap() + 7;
    tag[from..from + tag[from..].find('"').unwrap()].to_owned()
}

fn state(desk: &Desk, table: &str, id: Subject) -> String {
    let sql = format!("SELECT state FROM {table} WHERE id = ?1");
    desk.node.site.store.read(|c| Ok::<_, LogError>(c.query_row(&sql, [id.as_bytes()], |r| r.get(0))?)).unwrap()
}

/// A teacher who goes on a visit; that they do is told here, since a school's old visits name who has left.
fn visitor(desk: &Desk, visit: Subject) -> (String, String) {
    let person =
        desk.one("SELECT person FROM grant_of_role WHERE role = 'local' ORDER BY organisation IS NOT NULL DESC");
    let site = &desk.node.site;
    let kind = site.kinds.get("visit").unwrap();
    let goes = Change::new().with_added("visitors", records::Value::link(&person));
    let written = site.store.write(Context::NODE, |tx| {
        let scope = records::record_scope(tx.conn(), site.programme, kind, &visit)?;
        append(tx, kind, scope, visit, goes, None)?;
        records::check(tx, kind, &visit)
    });
    written.unwrap();
    desk.as_person(person)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_stays_with_its_school_and_what_was_verified_with_its_verifier() {
    let desk = desk();
    let visit = desk.one("SELECT id FROM visit ORDER BY id LIMIT 1");
    let (head, local) = (desk.sign_in(Role::Head), visitor(&desk, visit));
    let form = page(&desk, &format!("/visits/{visit}/edit"), &local).await;
    let own: String = desk.home.as_bytes().iter().map(|b| format!("{b:02X}")).collect();
    let schools = "SELECT id FROM organisation WHERE kind = 'supported_school'";
    let other = desk.one(&format!("{schools} AND id <> x'{own}' ORDER BY id LIMIT 1"));
    let host = desk.one("SELECT host FROM visit ORDER BY id LIMIT 1");
    let body = format!(
        "_base={}&purpose=x&host={host}&from_school={other}&starts_on=2026-10-01&ends_on=2026-10-02",
        value(&form, "_base")
    );
    let moved = desk.post(&format!("/visits/{visit}/edit"), &local, &body).await;
    assert_eq!(moved.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let said = String::from_utf8(to_bytes(moved.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap();
    assert!(said.contains("另一所学校"), "the reason is said in the reader's language");

    let count = desk.one("SELECT id FROM headcount WHERE state = 'verified' ORDER BY id LIMIT 1");
    assert_eq!(desk.get(&format!("/headcounts/{count}/edit"), &local, None).await.0.status(), StatusCode::FORBIDDEN);
    assert_eq!(desk.get(&format!("/headcounts/{count}/edit"), &head, None).await.0.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_takes_nobody_s_decision() {
    let desk = desk();
    let (head, local) = (desk.sign_in(Role::Head), desk.sign_in(Role::Local));
    let count = desk.one("SELECT id FROM headcount WHERE state = 'verified' ORDER BY id LIMIT 1");
    let site = &desk.node.site;
    let kind = site.kinds.get("headcount").unwrap();
    // Verified once more, by an entry of its own that can be undone.
    let seq: u64 = site
        .store
        .write(Context::NODE, |tx| {
            let scope = records::record_scope(tx.conn(), site.programme, kind, &count)?;
            append(tx, kind, scope, count, Change::new().with_text("state", "entered"), None)?;
            append(tx, kind, scope, count, Change::new().with_text("state", "verified"), None)?;
            tx.fold()?;
            Ok::<_, records::RecordError>(log::entries_of(tx.conn(), &count)?.last().unwrap().header.seq)
        })
        .unwrap();
    let undo = format!("/headcounts/{count}/undo/{}/{seq}", site.store.key().id());
    assert_eq!(desk.post(&undo, &local, "").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(state(&desk, "headcount", count), "verified");
    assert_eq!(desk.post(&undo, &head, "").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(state(&desk, "headcount", count), "entered");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_into_any_search_box_is_found() {
    let desk = desk();
    let head = desk.sign_in(Role::Head);
    let sql = "SELECT purpose FROM visit WHERE length(purpose) > 3 ORDER BY id LIMIT 1";
    let purpose: String =
        desk.node.site.store.read(|c| Ok::<_, LogError>(c.query_row(sql, [], |r| r.get(0))?)).unwrap();
    let typed = web::escape(&purpose);
    for path in [format!("/search?q={typed}"), format!("/visits?q={typed}"), format!("/pick/visit?x={typed}")] {
        let (answer, page) = desk.get(&path, &head, None).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert!(String::from_utf8(page).unwrap().matches(&purpose).count() > 1, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_picked_by_its_name_in_the_readers_language() {
    let desk = desk();
    let visit = desk.one("SELECT id FROM visit WHERE host IS NOT NULL ORDER BY id LIMIT 1");
    let (cookie, csrf) = visitor(&desk, visit);
    let local = (format!("{cookie}; zampa_lang=en"), csrf);
    let host = desk.one("SELECT host FROM visit WHERE host IS NOT NULL ORDER BY id LIMIT 1");
    let shown = page(&desk, &format!("/organisations/{host}"), &local).await;
    let name = shown.split("<h1").nth(1).and_then(|h| h.split('>').nth(1)).unwrap().split('<').next().unwrap();
    assert!(name.is_ascii(), "{name}");
    let form = page(&desk, &format!("/visits/{visit}/edit"), &local).await;
    let body = |base: &str, host: &str| {
        let host = host.replace(' ', "+");
        let day = "starts_on=2016-09-01&ends_on=2016-09-02";
        format!("_base={base}&purpose=x&host={host}&from_school={}&{day}", desk.home)
    };
    let base = value(&form, "_base");
    let refused =
        desk.post(&format!("/visits/{visit}/edit"), &local, &body(&base, &format!("{name} of nowhere"))).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let taken = desk.post(&format!("/visits/{visit}/edit"), &local, &body(&base, &name.to_lowercase())).await;
    let status = taken.status();
    let said = String::from_utf8(to_bytes(taken.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap();
    let why: String = said.split("class=\"errors").nth(1).unwrap_or(&said).chars().take(900).collect();
    assert_eq!(status, StatusCode::SEE_OTHER, "{name}: {why}");
    assert_eq!(
        desk.one(&format!("SELECT host FROM visit WHERE purpose = 'x' AND id = {}", records::literal(&visit))),
        host
    );
}
