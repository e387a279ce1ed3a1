//! Pictures of a class: withdrawn by who showed them or leads, after which no page and no replay shows them.

use axum::http::StatusCode;
use base::{Scope, Subject};
use log::Context;
use records::{Change, RecordError, Role, Value, append};
use serde_json::json;

use crate::class_film::{hold, plan};
use crate::courses::{made, status, upload};
use crate::desk::{Desk, desk_at};
use crate::play::page;

/// A picture that somebody showed, of a room or of where the teacher is.
pub fn show(desk: &Desk, class: Subject, who: Subject, room: Option<Subject>) -> Subject {
    let site = &desk.node.site;
    let (hash, len) = site.blobs.put(format!("a picture by {who} of {room:?}").as_bytes()).unwrap();
    let shown = site.store.write(Context { author: who }, |tx| {
        let scope = Scope::Programme(site.programme);
        let id = tx.subject(&scope);
        let mut change = Change::new()
            .with_link("class", class)
            .with_text("media", "image/jpeg")
            .with("bytes", Value::Int(i64::try_from(len).unwrap()))
            .with("content", Value::Bytes(hash.0.to_vec()));
        if let Some(room) = room {
            change = change.with_link("room", room);
        }
        append(tx, site.kinds.get("class_still").unwrap(), scope, id, change, None)?;
        tx.fold()?;
        Ok::<_, RecordError>(id)
    });
    shown.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_is_withdrawn_is_shown_nowhere_any_more() {
    let desk = desk_at(0);
    let (teacher, head) = (desk.sign_in(Role::Coordinator), desk.sign_in(Role::Head));
    let values = [("title", "草药"), ("subject", "heritage"), ("licence", "cc_by")];
    let course = made(&upload(&desk, "/courses/upload", &teacher, &values, &[("a.txt", b"a")]).await);
    let planned = plan(&desk, course);
    let of_head =
        desk.one("SELECT person FROM grant_of_role WHERE role = 'head' ORDER BY organisation IS NOT NULL DESC LIMIT 1");
    let (one, other) = (
        show(&desk, planned.class, of_head, Some(planned.rooms[0].0)),
        show(&desk, planned.class, desk.one("SELECT teacher FROM live_class WHERE title LIKE '草药: %'"), None),
    );
    let far = Subject::default();
    let said = |id: Subject| json!({ "k": "still", "id": id.to_string() });
    hold(&desk, &planned, &[(2000, said(one)), (4000, said(other)), (5000, said(far))]);

    let at = format!("/classes/{}", planned.class);
    let events = async || desk.get(&format!("{at}/replay/events"), &teacher, None).await.1;
    let told = |events: &[u8], id: Subject| String::from_utf8_lossy(events).contains(&id.to_string());
    let picture = |id: Subject| format!("{at}/stills/{id}");
    let shown = page(&desk, &format!("{at}/pictures"), &head).await;
    assert!(shown.contains(&format!("{}/withdraw", picture(one))), "who showed it: {shown}");
    assert!(
        shown.contains(&picture(other)) && !shown.contains(&format!("{}/withdraw", picture(other))),
        "and no other"
    );
    assert!(page(&desk, &at, &teacher).await.contains("2 张照片"));
    assert_eq!(status(&desk, &picture(one), &teacher).await, StatusCode::OK);

    let withdraw = async |id: Subject, who| desk.post(&format!("{}/withdraw", picture(id)), who, "").await.status();
    assert_eq!(withdraw(other, &head).await, StatusCode::FORBIDDEN);
    assert_eq!(withdraw(one, &head).await, StatusCode::SEE_OTHER);
    assert_eq!(withdraw(one, &head).await, StatusCode::NOT_FOUND, "once");
    for who in [&head, &teacher] {
        assert_eq!(status(&desk, &picture(one), who).await, StatusCode::NOT_FOUND);
        assert!(!page(&desk, &format!("{at}/pictures"), who).await.contains(&one.to_string()));
    }
    let now = events().await;
    assert!(!told(&now, one) && told(&now, other), "the replay tells nothing of it");
    assert!(told(&now, far), "one that has not come yet is no withdrawn one");
    // Who leads withdraws what others showed, and what they showed.
    assert_eq!(withdraw(other, &teacher).await, StatusCode::SEE_OTHER);
    assert!(!told(&events().await, other));
    assert!(page(&desk, &format!("{at}/pictures"), &teacher).await.contains("都已撤回"));
}
