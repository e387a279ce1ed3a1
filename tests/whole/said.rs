//! What a file says finds it: in three languages, for who may see the part of a course that holds it, and for nobody else.

use assets::{TEXT, Tree};
use base::Hash;
use log::LogError;
use records::Role;

use crate::courses::{Who, made, upload, zip};
use crate::desk::{Desk, desk, desk_at};

const SAID: &str = "第一课\n雪莲花长在高山上\nསྨན་རྩྭ་རི་ལ་སྐྱེས།\nThe snow lotus grows late";

/// Does what the workshop would: follows the recipe for text in this process, and reads the texts in.
pub fn work(desk: &Desk) {
    let (site, shelf) = (&desk.node.site, &desk.node.shelf);
    while let Some(job) = courses::next_job(site, shelf, &|recipe| recipe.name == TEXT).unwrap() {
        let dir = tempfile::tempdir().unwrap();
        let done = renditions::follow(job.recipe, &site.blobs.path(&job.source), dir.path(), dir.path());
        let made = match done {
            Ok(()) => {
                let (content, bytes) =
                    site.blobs.put(std::fs::File::open(dir.path().join("text.txt")).unwrap()).unwrap();
                let mut tree = Tree::default();
                tree.put("text.txt", assets::Leaf { content, bytes, media: "text/plain".to_owned() }).unwrap();
                let (hash, len) = site.blobs.put(tree.encode().as_slice()).unwrap();
                shelf.lacks(&hash, len).unwrap();
                courses::Made::Tree(hash, len)
            }
            Err(e) => courses::Made::Refused(e.code().unwrap().to_owned()),
        };
        courses::note_made(site, &job, made).unwrap();
    }
    courses::read_in(site, shelf, &desk.node.index).unwrap();
}

async fn found(desk: &Desk, who: &Who, query: &str) -> String {
    String::from_utf8(desk.get(&format!("/search?q={}", web::escape(query)), who, None).await.1).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_found_by_its_words_by_who_may_see_it() {
    let desk = desk();
    let (local, head) = (desk.sign_in(Role::Local), desk.sign_in(Role::Head));
    let values = [("title", "Heritage"), ("subject", "heritage"), ("licence", "cc_by")];
    let id = made(&upload(&desk, "/courses/upload", &local, &values, &[("herbarium.txt", SAID.as_bytes())]).await);
    work(&desk);
    let part = format!("/resources/{}", desk.one("SELECT id FROM resource WHERE title = 'herbarium'"));
    for (query, line) in [("高山", "雪莲花长在高山上"), ("སྨན་རྩྭ", "སྨན་རྩྭ་རི་ལ་སྐྱེས།"), ("LOTU", "The snow lotus grows late")]
    {
        let page = found(&desk, &local, query).await;
        assert!(page.contains(&format!("href=\"{part}\"")) && page.contains(line), "{query}: {page}");
        assert!(page.contains(&format!("href=\"/courses/{id}\"")), "{query}: the course too");
        let list = desk.get(&format!("/courses?q={}", web::escape(query)), &local, None).await.1;
        assert!(String::from_utf8(list).unwrap().contains(&format!("/courses/{id}")), "{query}");
        // A draft is its maker's.
        let page = found(&desk, &head, query).await;
        assert!(!page.contains(&part) && !page.contains(line) && !page.contains("Heritage"), "{query}: {page}");
    }
    made(&desk.post(&format!("/courses/{id}/move/share"), &local, "").await);
    assert!(found(&desk, &head, "lotus").await.contains("The snow lotus grows late"));
    made(&desk.post(&format!("/courses/{id}/move/withdraw"), &local, "_why=old").await);
    let page = found(&desk, &head, "lotus").await;
    assert!(!page.contains(&part) && !page.contains("The snow lotus"), "{page}");
    let list = desk.get("/courses?q=lotus", &head, None).await.1;
    assert!(!String::from_utf8(list).unwrap().contains(&format!("/courses/{id}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_can_be_thrown_away_and_forgets_what_no_record_names() {
    let desk = desk_at(0);
    let local = desk.sign_in(Role::Local);
    let values = [("title", "Heritage"), ("subject", "heritage"), ("licence", "cc_by")];
    made(&upload(&desk, "/courses/upload", &local, &values, &[("herbarium.txt", SAID.as_bytes())]).await);
    work(&desk);
    let index = &desk.node.index;
    let source = Hash::of(SAID.as_bytes());
    assert!(index.known().unwrap().contains(&source));
    let known = index.known().unwrap();
    // As the sweep asks it: nothing of what records name goes.
    let named = || desk.node.site.store.read(|c| Ok::<_, LogError>(courses::named(c)?)).unwrap();
    assert_eq!(index.keep_only(&named()).unwrap(), 0);
    index.keep_only(&[].into()).unwrap();
    assert!(!found(&desk, &local, "lotus").await.contains("herbarium"));
    courses::read_in(&desk.node.site, &desk.node.shelf, index).unwrap();
    assert_eq!(index.known().unwrap(), known);
    assert!(found(&desk, &local, "lotus").await.contains("herbarium"));

    // Its text is let go: it stays found, and no line is shown.
    let text: Vec<u8> = desk
        .node
        .site
        .store
        .read(|c| {
            Ok::<_, LogError>(c.query_row(
                "SELECT text FROM said.file WHERE source = ?1",
                [source.0.as_slice()],
                |r| r.get(0),
            )?)
        })
        .unwrap();
    std::fs::remove_file(desk.node.site.blobs.path(&Hash::try_from(text.as_slice()).unwrap())).unwrap();
    let page = found(&desk, &local, "lotus").await;
    assert!(page.contains("herbarium") && !page.contains("grows late"), "{page}");

    // The part is withdrawn: it is found no more, and forgotten.
    let part = desk.one("SELECT id FROM resource WHERE title = 'herbarium'");
    made(&desk.post(&format!("/resources/{part}/remove"), &local, "why=old").await);
    assert!(!found(&desk, &local, "lotus").await.contains("herbarium"));
    assert!(index.keep_only(&named()).unwrap() > 0);
    assert!(!index.known().unwrap().contains(&source));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_words_is_made_once_and_shown_as_before() {
    let desk = desk();
    let local = desk.sign_in(Role::Local);
    let values = [("title", "Odd"), ("subject", "heritage"), ("licence", "cc_by")];
    let files: [(&str, &[u8]); 2] = [("empty.txt", b" \n "), ("set.zip", &zip(&[("a.txt", b"plain words")]))];
    made(&upload(&desk, "/courses/upload", &local, &values, &files).await);
    work(&desk);
    let next = courses::next_job(&desk.node.site, &desk.node.shelf, &|recipe| recipe.name == TEXT).unwrap();
    assert!(next.is_none(), "{next:?}");
    let empty = desk.one("SELECT id FROM resource WHERE title = 'empty'");
    let page = String::from_utf8(desk.get(&format!("/resources/{empty}"), &local, None).await.1).unwrap();
    assert!(!page.contains("hx-trigger=\"every 4s\""), "nothing more comes: {page}");
    assert!(found(&desk, &local, "plain words").await.contains("Odd"));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_files_lead_to_is_listed_and_a_search_says_where_there_is_more() {
    const PARTS: usize = 210;
    let desk = desk();
    let (local, head) = (desk.sign_in(Role::Local), desk.sign_in(Role::Head));
    let site = &desk.node.site;
    let scope = base::Scope::Programme(site.programme);
    let kind = |name: &str| site.kinds.get(name).ok_or(records::RecordError::NotFound);
    let (said, _) = site.blobs.put("Gentian and snow lotus".as_bytes()).unwrap();
    let sources: Vec<Hash> = (0..PARTS).map(|n| Hash::of(format!("part {n}").as_bytes())).collect();
    site.store
        .write(log::Context::NODE, |tx| {
            for state in ["published", "draft"] {
                let course = tx.subject(&scope);
                let about = records::Change::new().with_text("title", state).with_text(records::STATE, state);
                records::append(tx, kind("course")?, scope, course, about, None)?;
                for source in &sources {
                    let part = records::Change::new()
                        .with_text("title", format!("{state} part"))
                        .with_link("course", course)
                        .with("content", records::Value::Bytes(source.0.to_vec()));
                    records::append(tx, kind("resource")?, scope, tx.subject(&scope), part, None)?;
                }
            }
            Ok::<_, records::RecordError>(())
        })
        .unwrap();
    for source in &sources {
        assert!(desk.node.index.take_in(source, &said).unwrap());
    }
    let get = async |who: &Who, address: &str| String::from_utf8(desk.get(address, who, None).await.1).unwrap();
    for who in [&local, &head] {
        let page = found(&desk, who, "gentian").await;
        assert!(page.contains("多于 100 条") && page.contains("找到多于 101 条"), "{page}");
        assert!(page.contains("共 1 条") && page.contains("Gentian and snow lotus"), "{page}");
        assert!(!page.contains("draft part"), "{page}");
        // The list has them all, page by page.
        let last = get(who, "/resources?q=gentian&page=5").await;
        assert!(last.contains(&format!("共 {PARTS} 条")) && !last.contains("多于"), "{last}");
        assert_eq!(last.matches("<th scope=\"row\">").count(), 10, "{last}");
        assert!(!last.contains("draft part"));
    }
    assert_eq!(get(&head, "/courses?q=gentian").await.matches("<th scope=\"row\">").count(), 1);
}
