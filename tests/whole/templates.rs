//! Templates: who keeps them, for whom, and what begins with them.

use axum::http::StatusCode;
use base::Subject;
use documents::plain;
use log::LogError;
use records::Role;

use crate::desk::{Desk, desk, desk_at};

fn made(answer: &axum::http::Response<axum::body::Body>) -> Subject {
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    answer.headers()["location"].to_str().unwrap().rsplit('/').next().unwrap().parse().unwrap()
}

fn text(desk: &Desk, kind: &str, id: Subject) -> String {
    let kind = desk.node.site.kinds.get(kind).unwrap();
    plain(&desk.node.site.store.read(|c| records::document(c, kind, "body", &id)).unwrap().tree().unwrap())
}

fn count(desk: &Desk, sql: &str, id: Subject) -> i64 {
    desk.node.site.store.read(|c| Ok::<_, LogError>(c.query_row(sql, [id.as_bytes()], |r| r.get(0))?)).unwrap()
}

const ORIGINS: &str = "SELECT count(*) FROM plan_author WHERE plan = ?1 AND part = 'origin'";
const FROM: &str = "SELECT count(made_from) FROM lesson_plan WHERE id = ?1";

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_begins_with_a_template_of_the_office_and_names_no_origin() {
    let desk = desk();
    let local = desk.sign_in(Role::Local);
    let form = String::from_utf8(desk.get("/plans/new", &local, None).await.1).unwrap();
    assert!(form.contains("复式课:两个年级一间教室 · 数学 · 小学"), "{form}");
    let template = desk.one("SELECT id FROM plan_template WHERE title LIKE '复式课%'");
    let fields = format!("title=加减法&subject=mathematics&stage=primary&type=practice&template={template}");
    let plan = made(&desk.post("/plans/new", &local, &fields).await);
    assert_eq!(text(&desk, "lesson_plan", plan), text(&desk, "plan_template", template));
    assert_eq!((count(&desk, ORIGINS, plan), count(&desk, FROM, plan)), (0, 0));
    // What it began with is asked once.
    let edit = String::from_utf8(desk.get(&format!("/plans/{plan}/edit"), &local, None).await.1).unwrap();
    assert!(!edit.contains("name=\"template\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_teacher_s_template_is_their_own_and_its_plan_s_authors_are_named() {
    let desk = desk();
    let (local, head) = (desk.sign_in(Role::Local), desk.sign_in(Role::Head));
    let plan = made(&desk.post("/plans/new", &local, "title=草药&subject=heritage&type=outing").await);
    let keep = format!("/plans/{plan}/template");
    assert_eq!(desk.post(&keep, &head, "").await.status(), StatusCode::NOT_FOUND, "a draft is for its authors");
    let own = made(&desk.post(&keep, &local, "title=采药课").await);
    let page = format!("/plan-templates/{own}");
    assert_eq!(desk.get(&page, &local, None).await.0.status(), StatusCode::OK);
    assert_eq!(desk.get(&page, &head, None).await.0.status(), StatusCode::NOT_FOUND);
    assert!(!String::from_utf8(desk.get("/plans/new", &head, None).await.1).unwrap().contains("采药课"));
    let refused = format!("title=x&subject=heritage&type=outing&template={own}");
    assert_eq!(desk.post("/plans/new", &head, &refused).await.status(), StatusCode::UNPROCESSABLE_ENTITY);

    // Somebody else's shared plan, kept as one's own: who wrote it is the origin of what begins with it.
    for step in ["ask_review", "end_review", "share"] {
        assert_eq!(desk.post(&format!("/plans/{plan}/move/{step}"), &local, "").await.status(), StatusCode::SEE_OTHER);
    }
    let kept = made(&desk.post(&keep, &head, "").await);
    let fields = format!("title=我的&subject=heritage&type=outing&template={kept}");
    let new = made(&desk.post("/plans/new", &head, &fields).await);
    assert_eq!(text(&desk, "lesson_plan", new), text(&desk, "lesson_plan", plan));
    assert_eq!((count(&desk, ORIGINS, new), count(&desk, FROM, new)), (1, 1));
    let compare = desk.get(&format!("/plans/{new}/compare"), &head, None).await;
    let compare = String::from_utf8(compare.1).unwrap();
    assert!(compare.contains("原样沿用") && !compare.contains("<ins>") && !compare.contains("<del>"), "{compare}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_officer_keeps_is_for_all() {
    let desk = desk_at(0);
    let (officer, local) = (desk.sign_in(Role::Officer), desk.sign_in(Role::Local));
    let shared = desk.one("SELECT id FROM lesson_plan WHERE state = 'shared' LIMIT 1");
    let template = made(&desk.post(&format!("/plans/{shared}/template"), &officer, "title=公用").await);
    let form = String::from_utf8(desk.get("/plans/new", &local, None).await.1).unwrap();
    assert!(form.contains(&template.to_string()));
    assert!(!text(&desk, "plan_template", template).is_empty());
    // Others use it, and do not change it.
    let page = format!("/plan-templates/{template}");
    assert_eq!(desk.get(&format!("{page}/edit"), &local, None).await.0.status(), StatusCode::FORBIDDEN);
    assert_eq!(desk.get(&format!("{page}/edit"), &officer, None).await.0.status(), StatusCode::OK);
}
