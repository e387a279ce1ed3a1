//! Plans of lessons: in whose hands they are, and that nothing typed is lost.

use axum::http::StatusCode;
use base::Subject;
use documents::{Live, Node, plain};
use log::LogError;
use records::Role;
use zampa::node::Node as Opened;

use crate::courses::upload;
use crate::desk::{Desk, desk, desk_at};

/// A plan that somebody begins.
async fn begin(desk: &Desk, who: &(String, String)) -> Subject {
    let made = desk.post("/plans/new", who, "title=草药&subject=heritage&type=outing").await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER);
    let to = made.headers()["location"].to_str().unwrap().to_owned();
    to.rsplit('/').next().unwrap().parse().unwrap()
}

fn body(node: &Opened, plan: Subject) -> Live {
    let kind = node.site.kinds.get("lesson_plan").unwrap();
    node.site.store.read(|c| records::document(c, kind, "body", &plan)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_for_those_who_write_it() {
    let desk = desk();
    let (local, head) = (desk.sign_in(Role::Local), desk.sign_in(Role::Head));
    let plan = begin(&desk, &local).await;
    let outline = body(&desk.node, plan).tree().unwrap();
    assert_eq!(outline.len(), 8);
    assert!(plain(&outline).contains("准备"), "the steps of the type stand in the plan's outline");
    for path in ["", "/edit", "/versions", "/compare?version=1", "/live", "/history"] {
        let path = format!("/plans/{plan}{path}");
        assert_eq!(desk.get(&path, &head, None).await.0.status(), StatusCode::NOT_FOUND, "{path}");
    }
    for (path, form) in [("authors", "person=x"), ("own", ""), ("bring-back", "version=1"), ("move/share", "")] {
        let path = format!("/plans/{plan}/{path}");
        assert_eq!(desk.post(&path, &head, form).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let list = String::from_utf8(desk.get("/plans", &head, None).await.1).unwrap();
    assert!(!list.contains(&plan.to_string()));

    // Shared, it is read by others, and still written by its authors alone.
    for step in ["ask_review", "end_review", "share"] {
        assert_eq!(desk.post(&format!("/plans/{plan}/move/{step}"), &local, "").await.status(), StatusCode::SEE_OTHER);
    }
    let page = desk.get(&format!("/plans/{plan}"), &head, None).await;
    assert_eq!(page.0.status(), StatusCode::OK);
    assert!(!String::from_utf8(page.1).unwrap().contains("data-plan="));
    assert_eq!(desk.get(&format!("/plans/{plan}/live"), &head, None).await.0.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        desk.post(&format!("/plans/{plan}/bring-back"), &head, "version=1").await.status(),
        StatusCode::FORBIDDEN
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_before_a_crash_becomes_a_fact() {
    let desk = desk();
    let local = desk.sign_in(Role::Local);
    let plan = begin(&desk, &local).await;
    let author = desk.one(&format!("SELECT person FROM plan_author WHERE plan = x'{}'", {
        plan.as_bytes().iter().map(|b| format!("{b:02X}")).collect::<String>()
    }));
    // What the room does before it says that something is saved, and then the power fails.
    let live = body(&desk.node, plan);
    let mut tree = live.tree().unwrap();
    tree[0] = Node::element("section", vec![Node::element("paragraph", vec![Node::text("认识三种草药")])])
        .with("part", "aims");
    let typed = live.turned_into(&tree, 99).unwrap();
    desk.node.site.local.keep_draft(plan, author, &typed).unwrap();
    let desk = desk.again();
    assert!(plain(&body(&desk.node, plan).tree().unwrap()).contains("认识三种草药"));
    assert!(desk.node.site.local.drafts().unwrap().is_empty());
    let last = desk.node.site.store.read(|c| log::entries_of(c, &plan)).unwrap().pop().unwrap();
    assert_eq!((last.header.kind.as_str(), last.header.author), ("lesson_plan.body", author));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_erased_is_no_longer_named_under_a_plan() {
    let desk = desk_at(0);
    let (posted, keeper) = (desk.sign_in(Role::Posted), desk.sign_in(Role::Administrator));
    let plan = begin(&desk, &posted).await;
    let person = desk.one("SELECT person FROM plan_author ORDER BY made DESC LIMIT 1");
    let names = "SELECT (SELECT count(*) FROM plan_author WHERE byline IS NOT NULL AND person = ?1)
                      + (SELECT count(*) FROM account WHERE sign_in_name IS NOT NULL AND person = ?1)";
    let count = || -> i64 {
        desk.node
            .site
            .store
            .read(|c| Ok::<_, LogError>(c.query_row(names, [person.as_bytes()], |r| r.get(0))?))
            .unwrap()
    };
    assert!(count() > 0);
    let title: String = {
        let sql = "SELECT title FROM person WHERE id = ?1";
        desk.node.site.store.read(|c| Ok::<_, LogError>(c.query_row(sql, [person.as_bytes()], |r| r.get(0))?)).unwrap()
    };
    let erased =
        desk.post(&format!("/people/{person}/erase"), &keeper, &format!("title={}", web::escape(&title))).await;
    assert_eq!(erased.status(), StatusCode::SEE_OTHER);
    assert_eq!(count(), 0);
    assert_eq!(body(&desk.node, plan).tree().unwrap().len(), 8, "the plan itself stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_saved_as_a_document_with_all_that_it_says() {
    let desk = desk();
    let (local, head) = (desk.sign_in(Role::Local), desk.sign_in(Role::Head));
    let plan = begin(&desk, &local).await;
    assert_eq!(desk.get(&format!("/plans/{plan}/docx"), &head, None).await.0.status(), StatusCode::NOT_FOUND);
    let live = body(&desk.node, plan);
    let mut tree = live.tree().unwrap();
    let item = Node::element("list_item", vec![Node::element("paragraph", vec![Node::text("སྨན་ <b> & \u{1}\"草\"")])]);
    tree[0] = Node::element("section", vec![Node::element("bullet_list", vec![item])]).with("part", "aims");
    let typed = live.turned_into(&tree, 99).unwrap();
    let author = desk.one("SELECT person FROM plan_author ORDER BY made DESC LIMIT 1");
    desk.node.site.local.keep_draft(plan, author, &typed).unwrap();
    let desk = desk.again();
    let (head, bytes) = desk.get(&format!("/plans/{plan}/docx"), &local, None).await;
    assert_eq!(head.status(), StatusCode::OK);
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let xml = std::io::read_to_string(zip.by_name("word/document.xml").unwrap()).unwrap();
    assert!(xml.contains("• </w:t>") && xml.contains("སྨན་ &lt;b&gt; &amp; &quot;草&quot;") && xml.contains("准备"));
    assert!(!xml.contains('\u{1}'));
    assert_eq!(xml.matches("<w:tr>").count(), 5, "a head and four steps");
    let paper = format!("/plans/{plan}/pdf");
    let (sent, bytes) = desk.get(&paper, &local, None).await;
    assert!(sent.status() == StatusCode::OK && bytes.starts_with(b"%PDF-"));
    let colleague = desk.sign_in(Role::Head);
    assert_eq!(desk.get(&paper, &colleague, None).await.0.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_goes_out_as_a_document_and_comes_in_again() {
    let desk = desk();
    let local = desk.sign_in(Role::Local);
    let plan = begin(&desk, &local).await;
    let (_, document) = desk.get(&format!("/plans/{plan}/docx"), &local, None).await;
    let before = plain(&body(&desk.node, plan).tree().unwrap());

    let values = [("title", ""), ("subject", "heritage"), ("type", "outing")];
    let sent = upload(&desk, "/plans/import", &local, &values, &[("草药.docx", &document)]).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    let made: Subject = sent.headers()["location"].to_str().unwrap().rsplit('/').next().unwrap().parse().unwrap();
    let after = plain(&body(&desk.node, made).tree().unwrap());
    assert_eq!(after.lines().count(), before.lines().count() + 1, "{after}");
    for line in before.lines() {
        assert!(after.lines().any(|l| l == line), "{line} is gone: {after}");
    }
    let page = String::from_utf8(desk.get(&format!("/plans/{made}"), &local, None).await.1).unwrap();
    assert!(page.contains("草药.docx"), "the file stands beside the plan");

    for (name, bytes) in [("a.doc", &b"\xd0\xcf\x11\xe0 an older document"[..]), ("b.docx", &document[..200])] {
        let refused = upload(&desk, "/plans/import", &local, &values, &[(name, bytes)]).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{name}");
    }
}
