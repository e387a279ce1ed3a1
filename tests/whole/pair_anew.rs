//! Where a pairing does not fit: another is looked for, and the head is asked, without a word of who wishes it.

use axum::http::StatusCode;
use base::Subject;
use records::Role;

use crate::desk::desk_at;
use crate::pair_left::english;
use crate::pairings::sql;

#[tokio::test(flavor = "multi_thread")]
async fn where_another_is_wished_the_officer_looks_for_one_and_asks_the_head_without_a_reason() {
    let hub = desk_at(0);
    let home = hub.one("SELECT p.home FROM pairing p JOIN pair_fit f ON f.pairing = p.id LIMIT 1");
    let (pairing, master, apprentice) = hub.going(home);
    let (path, place) = (format!("/pairings/{pairing}"), format!("/pairings/choice?for={pairing}"));
    let officer = hub.as_person(hub.with_role(Role::Officer));
    let head_of = |school: &str| {
        let of =
            format!("SELECT person FROM grant_of_role WHERE role = 'head' AND organisation {school} {}", sql(home));
        hub.as_person(hub.one(&format!("{of} ORDER BY id")))
    };
    let (head, other) = (head_of("="), head_of("<>"));
    let ask = format!("{path}/another");
    assert_eq!(hub.does(&ask, &officer, "").await, StatusCode::CONFLICT, "nobody wishes it");
    let wishes = hub.does(&format!("{path}/fit"), &hub.as_person(apprentice), "fit=another").await;
    assert_eq!(wishes, StatusCode::SEE_OTHER);
    for who in [&head, &hub.as_person(master), &hub.as_person(apprentice)] {
        assert_eq!(hub.does(&ask, who, "").await, StatusCode::FORBIDDEN);
    }
    // Somebody of the school offers the same sort, and somebody another one.
    let colleague = |n: usize| {
        let of = format!(
            "SELECT person FROM grant_of_role WHERE role = 'local' AND organisation = {} AND person NOT IN ({}, {})
             AND person NOT IN (SELECT person FROM pair_offer) ORDER BY id LIMIT 1 OFFSET {n}",
            sql(home),
            sql(master),
            sql(apprentice)
        );
        hub.one(&of)
    };
    let (guide, elsewhere) = (colleague(0), colleague(1));
    for (person, kind) in [(guide, "master_apprentice"), (elsewhere, "course")] {
        let form = format!("kind={kind}&about=x&capacity=2");
        let offered = hub.does("/pairings/choice/offer", &hub.as_person(person), &form).await;
        assert_eq!(offered, StatusCode::SEE_OTHER);
    }
    let (_, due) = hub.page("/pairings/due", &officer).await;
    assert!(due.contains(&place) && due.contains(&format!("action=\"{ask}\"")));
    let (_, choice) = hub.page(&place, &officer).await;
    let begins =
        |master: Subject| format!("kind=master_apprentice&master={master}&apprentice={apprentice}&school={home}");
    let choice = choice.replace("&#38;", "&").replace("&amp;", "&");
    assert!(choice.contains(&begins(guide)), "{choice}");
    assert!(!choice.contains(&elsewhere.to_string()) && !choice.contains(&begins(master)));

    // The head is asked, once, and told no more than that; the two and another head are told nothing.
    assert!(!hub.page("/today", &head).await.1.contains("/pairings/due#asked"));
    for _ in 0..2 {
        assert_eq!(hub.does(&ask, &officer, "").await, StatusCode::SEE_OTHER);
    }
    assert_eq!(hub.ask::<i64>("SELECT count(*) FROM pair_search"), 1);
    assert!(hub.page("/today", &head).await.1.contains("/pairings/due#asked"));
    let (_, asked) = hub.page("/pairings/due", &english(&head)).await;
    assert!(asked.contains(&place) && !asked.contains("A re-pairing is wished"));
    assert!(hub.page("/pairings/due", &english(&officer)).await.1.contains("head was asked on"));
    assert!(!hub.page("/pairings/due", &other).await.1.contains(&place));
    assert_eq!(hub.page(&place, &other).await.0, StatusCode::NOT_FOUND);
    assert_eq!(hub.page(&place, &hub.as_person(apprentice)).await.0, StatusCode::FORBIDDEN);
    for person in [master, apprentice] {
        let who = hub.as_person(person);
        for page in ["/today".to_owned(), path.clone(), format!("{path}/history")] {
            let (_, body) = hub.page(&page, &who).await;
            assert!(!body.contains("pair_search") && !body.contains("/pairings/due#asked"), "{page}");
        }
    }
    // What the head proposes answers it.
    let made = hub.post("/pairings/new", &head, &begins(guide)).await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER);
    assert!(!hub.page("/today", &head).await.1.contains("/pairings/due#asked"));
}
