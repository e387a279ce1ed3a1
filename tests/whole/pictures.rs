//! Pictures in a plan's text: sent once, shown from the plan's own files alone, named in versions, and in the document.

use axum::http::StatusCode;
use base::Subject;
use documents::{Live, Node};
use records::Role;

use crate::desk::{Desk, desk};

/// A picture of four grey points, as PNG.
pub fn photo() -> Vec<u8> {
    const HEX: &str = "89504e470d0a1a0a0000000d494844520000000200000002080000000057dd52f80000000e49444154789c631068606810000003660121d8ed35340000000049454e44ae426082";
    let nibbles: Vec<u8> = HEX.chars().map(|c| u8::try_from(c.to_digit(16).unwrap()).unwrap()).collect();
    nibbles.chunks(2).map(|pair| (pair[0] << 4) | pair[1]).collect()
}

async fn begin(desk: &Desk, who: &(String, String)) -> Subject {
    let made = desk.post("/plans/new", who, "title=草药&subject=heritage&type=outing").await;
    made.headers()["location"].to_str().unwrap().rsplit('/').next().unwrap().parse().unwrap()
}

/// The ids that the node answers.
async fn sent(desk: &Desk, plan: Subject, who: &(String, String), files: &[(&str, &[u8])]) -> Vec<(String, bool)> {
    let answer = desk.send(&format!("/plans/{plan}/pictures"), who, &who.1, files).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let body = axum::body::to_bytes(answer.into_body(), 1 << 16).await.unwrap();
    let all: Vec<serde_json::Value> = serde_json::from_slice(&body).unwrap();
    all.iter().map(|f| (f["id"].as_str().unwrap().to_owned(), f["picture"].as_bool().unwrap())).collect()
}

/// Puts pictures into the first part, as an editor would.
fn show(desk: &Desk, plan: Subject, files: &[(&str, &str)], chance: u64) {
    let kind = desk.node.site.kinds.get("lesson_plan").unwrap();
    let live: Live = desk.node.site.store.read(|c| records::document(c, kind, "body", &plan)).unwrap();
    let mut tree = live.tree().unwrap();
    let pictures = files.iter().map(|(id, alt)| Node::element("image", Vec::new()).with("file", *id).with("alt", *alt));
    tree[0] = Node::element("section", pictures.collect()).with("part", "aims");
    let typed = live.turned_into(&tree, chance).unwrap();
    let author = desk.one("SELECT person FROM plan_author ORDER BY made DESC LIMIT 1");
    desk.node.site.local.keep_draft(plan, author, &typed).unwrap();
    lessons::recover(&desk.node.site);
}

async fn page(desk: &Desk, path: &str, who: &(String, String)) -> String {
    let (head, body) = desk.get(path, who, None).await;
    assert_eq!(head.status(), StatusCode::OK, "{path}");
    String::from_utf8(body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_sent_once_and_only_the_plan_s_own_are_shown() {
    let desk = desk();
    let (local, head) = (desk.sign_in(Role::Local), desk.sign_in(Role::Head));
    let (plan, other) = (begin(&desk, &local).await, begin(&desk, &local).await);
    let first = sent(&desk, plan, &local, &[("叶.png", &photo())]).await;
    assert!(first[0].1);
    // The answer was lost, and the page sends the same file again.
    assert_eq!(sent(&desk, plan, &local, &[("叶.png", &photo())]).await, first);
    assert!(!sent(&desk, plan, &local, &[("说明.pdf", b"%PDF-1.4\n%%EOF")]).await[0].1);
    let elsewhere = sent(&desk, other, &local, &[("花.png", &photo())]).await;
    let refused = desk.send(&format!("/plans/{plan}/pictures"), &head, &head.1, &[("x.png", &photo())]).await;
    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
    let broken = desk.send(&format!("/plans/{plan}/pictures"), &local, &local.1, &[("x.png", &photo()[..40])]).await;
    assert_eq!(broken.status(), StatusCode::CONFLICT);

    let (mine, theirs) = (first[0].0.as_str(), elsewhere[0].0.as_str());
    show(&desk, plan, &[(mine, "一片<叶>"), (theirs, "别人的"), ("https://elsewhere.example/x.png", "")], 77);
    let shown = page(&desk, &format!("/plans/{plan}"), &local).await;
    let doc = shown.split("class=\"plan-doc\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(doc.contains(&format!("src=\"/files/{mine}/content\"")) && doc.contains("alt=\"一片&lt;叶&gt;\""), "{doc}");
    assert!(!doc.contains(theirs) && doc.contains("别人的") && !doc.contains("elsewhere.example"), "{doc}");
    let versions = page(&desk, &format!("/plans/{plan}/compare?version=1"), &local).await;
    assert!(versions.contains("[图片: 一片&#60;叶&#62;]"), "{versions}");
    let (_, bytes) = desk.get(&format!("/plans/{plan}/docx"), &local, None).await;
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let xml = std::io::read_to_string(zip.by_name("word/document.xml").unwrap()).unwrap();
    assert!(
        xml.contains("r:embed=\"p1\"") && xml.contains("descr=\"一片&lt;叶&gt;\"") && xml.contains("[图片: 别人的]")
    );
    assert!(zip.by_name("word/media/p1.png").unwrap().size() > 0);

    // The document comes in again as a plan with the picture as its own, and beside it what the document was.
    let (_, document) = desk.get(&format!("/plans/{plan}/docx"), &local, None).await;
    let more = [("title", "又一份"), ("subject", "heritage"), ("type", "outing")];
    let made = crate::courses::upload(&desk, "/plans/import", &local, &more, &[("草药.docx", &document)]).await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER);
    let again = made.headers()["location"].to_str().unwrap().to_owned();
    let shown = page(&desk, &again, &local).await;
    let doc = shown.split("class=\"plan-doc\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(doc.contains("alt=\"一片&lt;叶&gt;\"") && doc.contains("[图片: 别人的]") && !doc.contains(mine), "{doc}");
    let at = doc.split("src=\"").nth(1).unwrap().split('"').next().unwrap();
    let kept = desk.get(at, &local, None).await.1;
    assert!(kept.starts_with(b"\x89PNG") && shown.contains("草药.docx") && shown.contains("p1.png"), "{shown}");
    // What a browser does not show, or is no picture at all, is told in words, and stays in the document.
    let broken = {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&document)).unwrap();
        let mut out = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for n in 0..archive.len() {
            let mut entry = archive.by_index(n).unwrap();
            let name = entry.name().unwrap().into_owned();
            out.start_file(name.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
            if name == "word/media/p1.png" {
                std::io::Write::write_all(&mut out, b"<svg onload='alert(1)'/>").unwrap();
            } else {
                std::io::copy(&mut entry, &mut out).unwrap();
            }
        }
        out.finish().unwrap().into_inner()
    };
    let made = crate::courses::upload(&desk, "/plans/import", &local, &more, &[("b.docx", &broken)]).await;
    let shown = page(&desk, made.headers()["location"].to_str().unwrap(), &local).await;
    let doc = shown.split("class=\"plan-doc\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(doc.contains("[图片: 一片&lt;叶&gt;]") && !doc.contains("<img"), "{doc}");

    // The PDF has it too, and only it.
    let (_, pdf) = desk.get(&format!("/plans/{plan}/pdf"), &local, None).await;
    let images = |pdf: &[u8]| {
        pdf.windows(15).filter(|w| w.starts_with(b"/Subtype /Image") || w.starts_with(b"/Subtype/Image/")).count()
    };
    assert!(pdf.starts_with(b"%PDF") && images(&pdf) == 1, "{} of {} bytes", images(&pdf), pdf.len());

    // Where the content has not come yet, the words say so.
    let hash = desk.node.site.store.read(|c| {
        let sql = "SELECT content FROM file WHERE name = '叶.png' LIMIT 1";
        Ok::<_, log::LogError>(c.query_row(sql, [], |r| r.get::<_, Vec<u8>>(0))?)
    });
    let hash = base::Hash::try_from(hash.unwrap().as_slice()).unwrap();
    std::fs::remove_file(desk.node.site.blobs.path(&hash)).unwrap();
    let shown = page(&desk, &format!("/plans/{plan}"), &local).await;
    assert!(shown.contains("图片正在传来 · 一片&lt;叶&gt;"), "{shown}");
    let (_, pdf) = desk.get(&format!("/plans/{plan}/pdf"), &local, None).await;
    assert!(pdf.starts_with(b"%PDF") && images(&pdf) == 0);
}
