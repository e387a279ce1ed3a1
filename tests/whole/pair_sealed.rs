//! What two of a pairing write is an envelope, as far as a node knows.

use axum::http::StatusCode;
use records::Role;

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

#[tokio::test(flavor = "multi_thread")]
async fn a_goal_is_set_worked_on_with_evidence_and_reviewed_by_the_two_alone() {
    let desk = desk();
    let (pairing, master, apprentice) = desk.going(desk.home);
    let (at_master, at_apprentice) = (desk.as_person(master), desk.as_person(apprentice));
    let head = desk.as_person(desk.with_role(Role::Head));
    let path = format!("/pairings/{pairing}");
    let (sealed, keys) = envelope(200);
    let words = |what: &str, more: &str| format!("what={what}&sealed={sealed}&keys={keys}{more}");
    let keep = format!("{path}/keep");
    assert_eq!(desk.does(&keep, &at_apprentice, &words("goal", "")).await, StatusCode::OK);
    let goal = desk.one("SELECT id FROM pair_goal");
    let state = || desk.ask::<String>("SELECT coalesce(state, 'set') FROM pair_goal");
    assert_eq!(state(), "set");
    for (who, reads) in [(&at_master, true), (&at_apprentice, true), (&head, false)] {
        assert_eq!(desk.page(&path, who).await.1.contains("class=\"goal\""), reads);
    }
    // What shows it comes before it is reviewed, and is of the two.
    let (show, review) = (format!("{path}/goals/show"), format!("{path}/goals/review"));
    let this = format!("goal={goal}");
    assert_eq!(desk.does(&review, &at_master, &this).await, StatusCode::CONFLICT);
    let lesson = |of: &str| {
        desk.one(&format!("SELECT id FROM pair_lesson WHERE pairing {of} {} ORDER BY held_on DESC", sql(pairing)))
    };
    let (own, foreign) = (lesson("="), lesson("<>"));
    for (wrong, of) in [
        ("another pairing's", format!("lesson:{foreign}")),
        ("another sort", format!("plan:{own}")),
        ("no sort", format!("posting:{own}")),
        ("nothing", String::new()),
    ] {
        let status = desk.does(&show, &at_master, &format!("{this}&of={of}")).await;
        assert_eq!(status, StatusCode::CONFLICT, "{wrong}");
    }
    let named = format!("{this}&of=lesson:{own}");
    assert_eq!(desk.does(&show, &head, &named).await, StatusCode::FORBIDDEN);
    for _ in 0..2 {
        assert_eq!(desk.does(&show, &at_master, &named).await, StatusCode::SEE_OTHER);
    }
    assert_eq!(desk.ask::<i64>("SELECT count(*) FROM pair_evidence"), 1, "what comes twice is there once");
    assert_eq!(state(), "worked_on");
    let evidence = desk.one("SELECT id FROM pair_evidence");
    let away = format!("{path}/goals/take-away");
    let away = async |who| desk.does(&away, who, &format!("evidence={evidence}")).await;
    assert_eq!(away(&at_apprentice).await, StatusCode::NOT_FOUND, "it is the master's");
    assert_eq!(away(&at_master).await, StatusCode::SEE_OTHER);
    assert_eq!(desk.does(&review, &at_master, &this).await, StatusCode::CONFLICT, "nothing shows it now");
    assert_eq!(desk.does(&keep, &at_master, &words("evidence", &format!("&{this}"))).await, StatusCode::OK);
    assert_eq!(desk.does(&keep, &at_master, &words("evidence", "")).await, StatusCode::NOT_FOUND);
    let sentence = desk.one("SELECT id FROM pair_note WHERE what = 'evidence'");
    assert!(desk.page(&path, &at_apprentice).await.1.contains(&format!("data-sealed=\"{sentence}\"")));
    // Looked at together is the word of both: one alone, however often, is not both.
    for _ in 0..2 {
        assert_eq!(desk.does(&review, &at_apprentice, &this).await, StatusCode::SEE_OTHER);
    }
    assert_eq!(state(), "worked_on");
    assert!(!desk.page(&path, &at_apprentice).await.1.contains("/goals/review"), "it waits for the other");
    assert!(desk.page(&path, &at_master).await.1.contains("/goals/review"));
    assert_eq!(desk.does(&review, &at_master, &this).await, StatusCode::SEE_OTHER);
    assert_eq!(state(), "reviewed");
    // Reviewed, it takes nothing more; words are their writer's to take back, and what showed it stays.
    assert_eq!(desk.does(&show, &at_master, &named).await, StatusCode::CONFLICT);
    assert_eq!(desk.does(&keep, &at_master, &words("evidence", &format!("&{this}"))).await, StatusCode::CONFLICT);
    let note = desk.one("SELECT id FROM pair_note WHERE what = 'goal'");
    let back = format!("{path}/take-back");
    assert_eq!(desk.does(&back, &at_master, &format!("note={note}")).await, StatusCode::NOT_FOUND);
    assert_eq!(desk.does(&back, &at_apprentice, &format!("note={note}")).await, StatusCode::SEE_OTHER);
    assert_eq!(state(), "reviewed");
    // A goal that nothing shows yet goes with its words.
    assert_eq!(desk.does(&keep, &at_apprentice, &words("goal", "")).await, StatusCode::OK);
    let note = desk.one("SELECT id FROM pair_note WHERE what = 'goal'");
    assert_eq!(desk.does(&back, &at_apprentice, &format!("note={note}")).await, StatusCode::SEE_OTHER);
    assert_eq!(desk.ask::<i64>("SELECT count(*) FROM pair_goal"), 1);
}
