//! What two of a pairing write is an envelope, as far as a node knows.

use axum::http::StatusCode;

use crate::desk::desk;
use crate::observations::envelope;
use crate::pairings::{PHRASE, sql, write};

#[tokio::test(flavor = "multi_thread")]
async fn a_note_is_an_envelope_and_nothing_else_is_taken() {
    let desk = desk();
    let (pairing, master, apprentice) = desk.going(desk.home);
    let (at_master, at_apprentice) = (desk.as_person(master), desk.as_person(apprentice));
    let (path, count) = (format!("/pairings/{pairing}/keep"), "SELECT count(*) FROM pair_note");
    let before = desk.ask::<i64>(count);
    let (sealed, keys) = envelope(2000);
    // What is none is refused, and leaves nothing: words above all.
    for (wrong, form) in [
        ("words", format!("what=session&held_on=2026-10-20&said={PHRASE}&next_step={PHRASE}")),
        ("words as an envelope", format!("what=session&held_on=2026-10-20&sealed={PHRASE}&keys={keys}")),
        ("for nobody", format!("what=session&held_on=2026-10-20&sealed={sealed}&keys=")),
        ("too large", format!("what=session&held_on=2026-10-20&sealed={}&keys={keys}", envelope(60_001).0)),
        ("of the morrow", format!("what=session&held_on=2999-01-01&sealed={sealed}&keys={keys}")),
        ("of nothing", format!("what=fit&held_on=2026-10-20&sealed={sealed}&keys={keys}")),
    ] {
        assert_eq!(desk.does(&path, &at_apprentice, &form).await, StatusCode::CONFLICT, "{wrong}");
    }
    assert_eq!(desk.ask::<i64>(count), before);

    // A session is counted as before, and both are given its envelope.
    let sessions =
        format!("SELECT count(DISTINCT held_on) FROM pair_note WHERE what = 'session' AND pairing = {}", sql(pairing));
    let had = desk.ask::<i64>(&sessions);
    let form = format!("what=session&held_on=2026-10-23&sealed={sealed}&keys={keys}&said={PHRASE}&next_step={PHRASE}");
    assert_eq!(desk.does(&path, &at_apprentice, &form).await, StatusCode::OK);
    assert_eq!(desk.ask::<i64>(&sessions), had + 1);
    let note = desk.one("SELECT id FROM pair_note WHERE sealed IS NOT NULL");
    let words = format!("SELECT said IS NULL AND next_step IS NULL FROM pair_note WHERE id = {}", sql(note));
    assert!(desk.ask::<bool>(&words), "words beside an envelope are not kept");
    for who in [&at_master, &at_apprentice] {
        let (_, body) = desk.page(&format!("/pairings/{pairing}"), who).await;
        assert!(body.contains(&format!("data-sealed=\"{note}\"")) && body.contains("<noscript>"));
        let (_, body) = desk.page(&format!("/pairings/{pairing}/sealed"), who).await;
        assert!(body.contains(&sealed));
    }
    // The other adds a wrap and takes none away; nobody adds without end.
    let keys_path = format!("/pairings/{pairing}/keys");
    let add = format!("note={note}&keys={keys}");
    assert_eq!(desk.does(&keys_path, &at_master, &add).await, StatusCode::OK);
    let wraps = format!("SELECT length(keys) / 141 FROM pair_note WHERE id = {}", sql(note));
    assert_eq!(desk.ask::<i64>(&wraps), 4);
    for _ in 0..3 {
        desk.does(&keys_path, &at_master, &add).await;
    }
    assert_eq!(desk.ask::<i64>(&wraps), 8);
    // A review is mended, and there is one of each of the two.
    for len in [300, 400] {
        let form = format!("what=review&sealed={}&keys={keys}", envelope(len).0);
        assert_eq!(desk.does(&path, &at_master, &form).await, StatusCode::OK);
    }
    let reviews = format!("SELECT count(*) FROM pair_note WHERE what = 'review' AND pairing = {}", sql(pairing));
    assert_eq!(desk.ask::<i64>(&reviews), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stood_in_the_clear_is_sealed_by_its_writer_and_destroyed() {
    let desk = desk();
    let (pairing, master, apprentice) = desk.going(desk.home);
    let (at_master, at_apprentice) = (desk.as_person(master), desk.as_person(apprentice));
    write(&desk, pairing, apprentice);
    let note = desk.one("SELECT id FROM pair_note ORDER BY made DESC LIMIT 1");
    let (sealed, keys) = envelope(500);
    let (path, form) =
        (format!("/pairings/{pairing}/keep"), format!("what=session&note={note}&sealed={sealed}&keys={keys}"));
    assert_eq!(desk.does(&path, &at_master, &form).await, StatusCode::NOT_FOUND, "it is not the master's");
    assert_eq!(desk.does(&path, &at_apprentice, &form).await, StatusCode::OK);
    let day = desk.ask::<String>("SELECT held_on FROM pair_note WHERE sealed IS NOT NULL");
    assert_eq!(day, "2026-10-20", "its day stays");
    for who in [&at_master, &at_apprentice] {
        let (_, body) = desk.page(&format!("/pairings/{pairing}"), who).await;
        assert!(!body.contains(PHRASE));
    }
    let entries = desk.node.site.store.read(|c| log::entries_of(c, &note)).unwrap();
    let words = entries.iter().filter(|e| e.header.kind == "pair_note.identity").collect::<Vec<_>>();
    assert!(!words.is_empty() && words.iter().all(|e| e.payload().is_none()));
    assert_eq!(desk.does(&path, &at_apprentice, &form).await, StatusCode::NOT_FOUND, "and is not sealed twice");
}
