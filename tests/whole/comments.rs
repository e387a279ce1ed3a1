//! What is said of a plan: where its words stand, who answers, whom it asks, and where they find it.

use axum::http::StatusCode;
use base::{Subject, base32};
use documents::{Live, Place};
use log::LogError;
use records::Role;

use crate::desk::{Desk, desk};

/// A plan that somebody begins, with a colleague who reviews it.
async fn plan(desk: &Desk, lead: &(String, String), reviewer: Subject) -> Subject {
    let made = desk.post("/plans/new", lead, "title=草药&subject=heritage&type=outing").await;
    let id: Subject = made.headers()["location"].to_str().unwrap().rsplit('/').next().unwrap().parse().unwrap();
    let added = desk.post(&format!("/plans/{id}/authors"), lead, &format!("part=reviewer&person={reviewer}")).await;
    assert_eq!(added.status(), StatusCode::SEE_OTHER);
    id
}

fn me(desk: &Desk, role: Role) -> Subject {
    desk.one(&format!(
        "SELECT person FROM grant_of_role WHERE role = '{}' ORDER BY organisation IS NOT NULL DESC LIMIT 1",
        role.code()
    ))
}

async fn page(desk: &Desk, path: &str, who: &(String, String)) -> String {
    let (head, body) = desk.get(path, who, None).await;
    assert_eq!(head.status(), StatusCode::OK, "{path}");
    String::from_utf8(body).unwrap()
}

/// The comment that a form made, from where it leads.
fn made(answer: &axum::http::Response<axum::body::Body>) -> String {
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    answer.headers()["location"].to_str().unwrap().rsplit("#comment-").next().unwrap().to_owned()
}

fn body(desk: &Desk, plan: Subject) -> Live {
    let kind = desk.node.site.kinds.get("lesson_plan").unwrap();
    desk.node.site.store.read(|c| records::document(c, kind, "body", &plan)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_stands_at_its_words_and_says_when_they_are_gone() {
    let desk = desk();
    let (local, head) = (desk.sign_in(Role::Local), desk.sign_in(Role::Head));
    let id = plan(&desk, &local, me(&desk, Role::Head)).await;
    let at = format!("/plans/{id}/comments");
    // Without a script: the words are typed. The outline's second step is called 途中.
    let first = made(&desk.post(&at, &head, "said=先看标本&quote=途中").await);
    let shown = page(&desk, &format!("/plans/{id}"), &head).await;
    let link = format!("<a class=\"plan-said\" id=\"words-{first}\" href=\"#comment-{first}\">途中</a>");
    assert!(shown.contains(&link) && shown.contains(&format!("href=\"#words-{first}\"")), "{shown}");
    // What an editor sends is taken as it is; what is no place is looked for by its words.
    let place = body(&desk, id).place("途中", 0).unwrap();
    made(&desk.post(&at, &head, &format!("said=b&quote=途中&place={}", base32::encode(&place.to_bytes()))).await);
    made(&desk.post(&at, &head, "said=c&quote=途中&place=zzz").await);
    made(&desk.post(&at, &head, "said=d&quote=没有这些字").await);
    let places: Vec<Option<Vec<u8>>> = desk
        .node
        .site
        .store
        .read(|c| {
            let sql = "SELECT place FROM plan_comment WHERE plan = ?1 ORDER BY made";
            let mut stmt = c.prepare(sql)?;
            let rows = stmt.query_map([id.as_bytes()], |r| r.get(0))?.collect::<Result<_, _>>()?;
            Ok::<_, LogError>(rows)
        })
        .unwrap();
    let read = |p: &Option<Vec<u8>>| p.as_deref().map(|b| Place::of_bytes(b).unwrap());
    assert_eq!(
        places.iter().map(read).collect::<Vec<_>>(),
        [Some(place.clone()), Some(place.clone()), Some(place), None]
    );

    // The step loses its name: the comment keeps the quote, and says so.
    let mut tree = body(&desk, id).tree().unwrap();
    if let documents::Node::Element { children, .. } = &mut tree[4] {
        children.remove(1);
    }
    let typed = body(&desk, id).turned_into(&tree, 99).unwrap();
    desk.node.site.local.keep_draft(id, me(&desk, Role::Local), &typed).unwrap();
    lessons::recover(&desk.node.site);
    let shown = page(&desk, &format!("/plans/{id}"), &head).await;
    assert!(!shown.contains("class=\"plan-said\"") && shown.contains("<q>途中</q>"), "{shown}");
    assert!(shown.contains("这些文字已不在教案中"));
    for (form, status) in [
        ("said=", StatusCode::CONFLICT),
        (&*format!("said={}", "长".repeat(4001)), StatusCode::CONFLICT),
        ("said=x&answers=nonsense", StatusCode::BAD_REQUEST),
        ("said=x&ask=nobody", StatusCode::CONFLICT),
    ] {
        assert_eq!(desk.post(&at, &head, form).await.status(), status, "{form}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_asked_finds_it_under_today_until_it_is_answered_or_ended() {
    let desk = desk();
    let (local, head) = (desk.sign_in(Role::Local), desk.sign_in(Role::Head));
    let (teacher, reviewer) = (me(&desk, Role::Local), me(&desk, Role::Head));
    let id = plan(&desk, &local, reviewer).await;
    let at = format!("/plans/{id}/comments");
    let today = async |who: &(String, String), part: &str| page(&desk, "/today", who).await.contains(part);
    let first = made(&desk.post(&at, &local, &format!("said=够不够安全?&ask={reviewer}")).await);
    let link = format!("/plans/{id}#comment-{first}\"");
    assert!(today(&head, &link).await && !today(&local, &link).await);
    // What one says of one's own plan is no news; what others say is.
    let news = format!("/plans/{id}#comments\"");
    assert!(!today(&local, &news).await);
    let second = made(&desk.post(&at, &head, &format!("said=走大路。&answers={first}&ask={teacher}")).await);
    assert!(!today(&head, &link).await);
    let asked = format!("/plans/{id}#comment-{second}\"");
    assert!(today(&local, &asked).await && !today(&local, &news).await);
    // An answer to an answer belongs to the first, and answers.
    made(&desk.post(&at, &local, &format!("said=好。&answers={second}")).await);
    assert!(!today(&local, &asked).await);
    let shown = page(&desk, &format!("/plans/{id}"), &head).await;
    assert_eq!(shown.matches("<ul class=\"answers\">").count(), 1, "{shown}");
    let third = made(&desk.post(&at, &local, &format!("said=再看&ask={reviewer}")).await);
    assert!(today(&head, &format!("#comment-{third}\"")).await);
    assert_eq!(desk.post(&format!("/comments/{third}/move/take"), &local, "").await.status(), StatusCode::SEE_OTHER);
    assert!(!today(&head, &format!("#comment-{third}\"")).await);

    made(&desk.post(&at, &head, "said=还有一点").await);
    assert!(today(&local, &news).await);
    let plan_link = format!("href=\"/plans/{id}\"");
    let waits = |all: String| all.split("part-next").next().unwrap().to_owned();
    assert!(!waits(page(&desk, "/today", &head).await).contains(&plan_link));
    assert_eq!(desk.post(&format!("/plans/{id}/move/ask_review"), &local, "").await.status(), StatusCode::SEE_OTHER);
    assert!(waits(page(&desk, "/today", &head).await).contains(&plan_link));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_writes_a_plan_brings_others_to_it() {
    let desk = desk();
    let (local, head, posted) = (desk.sign_in(Role::Local), desk.sign_in(Role::Head), desk.sign_in(Role::Posted));
    let (reviewer, guest) = (me(&desk, Role::Head), me(&desk, Role::Posted));
    let id = plan(&desk, &local, reviewer).await;
    let at = format!("/plans/{id}/comments");
    let ask = format!("said=请看&ask={guest}");
    assert_eq!(desk.post(&at, &posted, &ask).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(desk.post(&at, &head, &ask).await.status(), StatusCode::CONFLICT);
    assert_eq!(desk.get(&format!("/plans/{id}"), &posted, None).await.0.status(), StatusCode::NOT_FOUND);
    made(&desk.post(&at, &local, &ask).await);
    let shown = page(&desk, &format!("/plans/{id}"), &posted).await;
    assert!(shown.contains("请看"));
    // The comment of another plan is answered there.
    let other = plan(&desk, &local, reviewer).await;
    let there = made(&desk.post(&format!("/plans/{other}/comments"), &head, "said=别的").await);
    assert_eq!(desk.post(&at, &head, &format!("said=x&answers={there}")).await.status(), StatusCode::NOT_FOUND);
}
