//! Files that belong to records: who may send them, what is left of them, what travels and what is swept.

use axum::http::{StatusCode, header};
use base::{Hash, Scope};
use log::LogError;
use records::Role;

use crate::desk::desk;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_added_read_in_parts_withdrawn_and_swept_only_when_erased() {
    let desk = desk();
    let head = desk.sign_in(Role::Head);
    let visit = desk.one("SELECT id FROM visit ORDER BY id LIMIT 1");
    let to = format!("/visits/{visit}/files");
    let pdf = b"%PDF-1.7 what the hosts asked for";

    assert_eq!(
        desk.send(&to, &head, &head.1, &[("C:\\papers\\送教 通知.pdf", pdf)]).await.status(),
        StatusCode::SEE_OTHER
    );
    let file = desk.one("SELECT value FROM visit_files LIMIT 1");
    let content = format!("/files/{file}/content");
    let (answer, bytes) = desk.get(&content, &head, None).await;
    assert_eq!(bytes, pdf);
    let said = |name: header::HeaderName| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(said(header::CONTENT_TYPE), "application/pdf");
    assert!(said(header::CONTENT_DISPOSITION).starts_with("attachment; filename*=UTF-8''%E9%80%81"));
    assert!(said(header::CONTENT_SECURITY_POLICY).contains("sandbox"));
    let (answer, bytes) = desk.get(&content, &head, Some("bytes=0-3")).await;
    assert_eq!((answer.status(), bytes.as_slice()), (StatusCode::PARTIAL_CONTENT, &b"%PDF"[..]));
    let (_, page) = desk.get(&format!("/visits/{visit}"), &head, None).await;
    assert!(String::from_utf8_lossy(&page).contains("送教 通知.pdf"));

    // Withdrawn, it can be brought back, so a sweep leaves it; erased, nobody can have it again.
    let removed = desk.post(&format!("/files/{file}/remove"), &head, "why=twice").await;
    assert_eq!(removed.status(), StatusCode::SEE_OTHER);
    assert_eq!(desk.get(&content, &head, None).await.0.status(), StatusCode::NOT_FOUND);
    desk.sweep().await;
    assert_eq!(desk.blobs(), 1);
    let restored = desk.post(&format!("/files/{file}/restore"), &head, "").await;
    assert_eq!(restored.status(), StatusCode::SEE_OTHER);
    assert_eq!(desk.get(&content, &head, None).await.1, pdf);
    let kind = desk.node.site.kinds.get("file").unwrap();
    let store = &desk.node.site.store;
    store
        .write(log::Context::NODE, |tx| {
            tx.append(&log::erase_draft(Scope::School(desk.home), file, &[&kind.identity()])?)?;
            tx.fold()
        })
        .unwrap();
    desk.sweep().await;
    assert_eq!(desk.blobs(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_send_leaves_nothing_behind() {
    let desk = desk();
    let visit = desk.one("SELECT id FROM visit ORDER BY id LIMIT 1");
    let to = format!("/visits/{visit}/files");
    let (head, pupil) = (desk.sign_in(Role::Head), desk.sign_in(Role::Pupil));
    let text: [(&str, &[u8]); 1] = [("a.txt", b"words")];
    assert_eq!(desk.send(&to, &pupil, &pupil.1, &text).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(desk.send(&to, &head, "another", &text).await.status(), StatusCode::FORBIDDEN);
    let nobody = (String::new(), String::new());
    assert_eq!(desk.send(&to, &nobody, "", &text).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(desk.send(&to, &head, &head.1, &[]).await.status(), StatusCode::CONFLICT);
    // A picture that is none is refused whole: nothing is half done.
    let broken: [(&str, &[u8]); 1] = [("a.jpg", b"\xff\xd8\xff\xe1 no picture")];
    let refused = desk.send(&to, &head, &head.1, &broken).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    assert_eq!(desk.blobs(), 0);
    let rows: i64 = desk
        .node
        .site
        .store
        .read(|c| Ok::<_, LogError>(c.query_row("SELECT count(*) FROM file", [], |r| r.get(0))?))
        .unwrap();
    assert_eq!(rows, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_content_goes_only_where_its_file_may_be_held() {
    let desk = desk();
    let head = desk.sign_in(Role::Head);
    let visit = desk.one("SELECT id FROM visit ORDER BY id LIMIT 1");
    desk.send(&format!("/visits/{visit}/files"), &head, &head.1, &[("a.txt", b"words")]).await;
    let hash = Hash::of(b"words");
    let programme = desk.node.site.programme;
    let lies = |passes: &dyn Fn(&Scope) -> bool| {
        desk.node.site.store.read(|c| register::lies_in(c, &desk.node.site.kinds, programme, &hash, passes)).unwrap()
    };
    assert!(lies(&|scope| *scope == Scope::School(desk.home)));
    assert!(!lies(&|scope| *scope != Scope::School(desk.home)));
    let site = &desk.node.site;
    let wanted = site.store.read(|c| Ok::<_, LogError>(register::wanted(c, &site.kinds)?)).unwrap();
    assert_eq!(wanted.iter().map(|w| (w.content, w.bytes)).collect::<Vec<_>>(), [(hash, 5)]);
}
