//! What a school holds of its pupils for a tour: names, consents and contacts lie at its node alone; contacts open to the leader
//! on the way and are destroyed after it; the roll is called once however often and wherever it comes.

use axum::body::to_bytes;
use axum::http::StatusCode;
use base::Subject;
use jiff::ToSpan;
use log::{Context, LogError};
use records::{Change, append, record_scope};
use serde_json::{Value as Json, json};

use crate::courses::{made, status};
use crate::desk::Desk;
use crate::play::page;
use crate::pocket::{ask, pack, prepare};
use crate::tours::{GIVER, NAME, NUMBER, Stand, number, person};

/// Everything that a node's databases hold, with what is written ahead.
fn disk(desk: &Desk) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(&desk.files.0).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            all.extend(std::fs::read(path).unwrap());
        }
    }
    all
}

fn has(all: &[u8], what: &[u8]) -> bool {
    all.windows(what.len()).any(|w| w == what)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_school_holds_of_its_pupils_is_nowhere_else() {
    let (stand, pupils) = Stand::under_way().await;
    let first = stand.tour;
    stand.meet();
    // Neither a name, nor a code, nor a consent reaches the hub or its disk; how many go, does, and below five not even that.
    for table in ["pupil", "pupil_consent", "tour_pupil", "tour_contact", "tour_opening", "tour_missing"] {
        assert_eq!(number(&stand.hub, &format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
    let there = disk(&stand.hub);
    assert!(!has(&there, NAME.as_bytes()) && !has(&there, NUMBER.as_bytes()));
    // On the school's own disk neither a name nor who gave a consent stands in the clear.
    let own = disk(&stand.school);
    assert!(has(&own, b"A1") && !has(&own, NAME.as_bytes()) && !has(&own, GIVER.as_bytes()));
    let shown = page(&stand.school, &stand.at(&format!("/pupils/{}", pupils[0])), &stand.head).await;
    assert!(shown.contains(NAME) && shown.contains(GIVER), "{shown}");
    // A name from before names were sealed is read as it stands.
    let kind = stand.school.node.site.kinds.get("pupil").unwrap();
    let old = Change::new().with_link("school", stand.school.home).with_text("code", "B7").with_text("name", "卓玛");
    let before = |tx: &log::Tx<'_>| {
        let scope = base::Scope::Private(stand.school.home);
        append(tx, kind, scope, tx.subject(&scope), old.clone(), None)
    };
    stand.school.node.site.store.write(Context::NODE, before).unwrap();
    let other = Stand { tour: stand.another().await, ..stand };
    made(&other.school.post(&other.at("/pupils"), &other.head, "code=B7&name=&class=").await);
    assert!(page(&other.school, &other.at("/pupils"), &other.head).await.contains("B7 · 卓玛"));
    let stand = Stand { tour: first, ..other };
    let shown = page(&stand.hub, &stand.at(""), &stand.officer).await;
    assert!(shown.contains("&lt;5") || shown.contains("&#60;5"), "{shown}");
    for rest in ["/pupils", "/leave", &format!("/pupils/{}", pupils[0])] {
        assert_eq!(status(&stand.hub, &stand.at(rest), &stand.officer).await, StatusCode::FORBIDDEN, "{rest}");
    }
    // At the school: its head and the tour's adults; no administrator, no officer, no teacher who does not go along.
    let paths = ["/pupils".to_owned(), "/leave".to_owned(), format!("/pupils/{}", pupils[0])];
    let going = [person(&stand.school, "posted"), person(&stand.school, "local")];
    let others = stand.school.node.site.store.read(|c| {
        let sql = "SELECT DISTINCT person FROM grant_of_role WHERE role <> 'head' ORDER BY person";
        let mut stmt = c.prepare(sql)?;
        let all = stmt.query_map([], |r| r.get::<_, Vec<u8>>(0))?.collect::<Result<Vec<_>, _>>()?;
        Ok::<_, LogError>(all)
    });
    let local = &stand.school.node.site.local;
    let mut tried = 0;
    for other in others.unwrap() {
        let other = Subject::try_from(other.as_slice()).unwrap();
        if going.contains(&other) {
            continue;
        }
        let token = local.start_session(other).unwrap();
        let csrf = local.session(&token).unwrap().unwrap().1;
        let who = (format!("{}={token}", stand.school.node.site.session_cookie(false)), csrf);
        for path in &paths {
            assert_eq!(status(&stand.school, &stand.at(path), &who).await, StatusCode::FORBIDDEN, "{other} at {path}");
        }
        tried += 1;
        // What was searched for stands in the box; so a search by the one must not find the other.
        for (path, what) in [
            (stand.at(""), NAME),
            ("/search?q=A1".to_owned(), NAME),
            (format!("/search?q={NAME}"), "A1"),
            ("/csv/tours".to_owned(), NAME),
        ] {
            assert!(!page(&stand.school, &path, &who).await.contains(what), "{other} at {path}");
        }
    }
    assert!(tried >= 4, "{tried}");
    for who in [&stand.head, &stand.leader] {
        assert!(page(&stand.school, &stand.at("/pupils"), who).await.contains(NAME));
    }
    // That a pupil's page was looked at is noted, for the head to see.
    page(&stand.school, &stand.at(&paths[2]), &stand.leader).await;
    page(&stand.school, &stand.at(&paths[2]), &stand.leader).await;
    let shown = page(&stand.school, &stand.at(&paths[2]), &stand.head).await;
    assert_eq!(shown.matches("查看学生页").count(), 2, "the leader's look, once a day, and the head's own");
    // On paper: how many, and no name, code or contact.
    let (head, sheet) = stand.school.get(&stand.at("/sheet"), &stand.leader, None).await;
    assert_eq!((head.status(), &sheet[..5]), (StatusCode::OK, &b"%PDF-"[..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_opens_to_the_leader_on_the_way_and_is_destroyed_after() {
    let stand = Stand::new().await;
    stand.plan().await;
    let pupil = stand.add("A1").await;
    stand.consents(pupil).await;
    stand.contact(pupil).await;
    let (at, open) = (stand.at(&format!("/pupils/{pupil}")), stand.at(&format!("/pupils/{pupil}/open")));
    // Before it leaves, to nobody.
    assert_eq!(stand.school.post(&open, &stand.leader, "").await.status(), StatusCode::CONFLICT);
    stand.approved().await;
    assert!(stand.leave().await.is_empty());
    // On the way, to the leader alone; the head is told.
    assert_eq!(stand.school.post(&open, &stand.head, "").await.status(), StatusCode::FORBIDDEN);
    let answer = stand.school.post(&open, &stand.leader, "").await;
    let said = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    assert!(String::from_utf8(said.to_vec()).unwrap().contains(NUMBER));
    assert!(!page(&stand.school, &at, &stand.leader).await.contains(NUMBER), "opened once, not left open");
    let shown = page(&stand.school, &at, &stand.head).await;
    assert!(shown.contains("打开联系人") && !shown.contains(NUMBER));
    // On the disk it is sealed; what is sealed is there, and after the tour is not.
    let sealed: Vec<u8> = stand
        .school
        .node
        .site
        .store
        .read(|c| Ok::<_, LogError>(c.query_row("SELECT sealed FROM tour_contact", [], |r| r.get(0))?))
        .unwrap();
    let before = disk(&stand.school);
    assert!(has(&before, &sealed[12..44]) && !has(&before, NUMBER.as_bytes()) && !has(&before, b"13900271828"));
    // The office closes it at the hub; the school's node destroys the contacts when it hears of it.
    stand.meet();
    assert_eq!(stand.hub.post(&stand.at("/close"), &stand.officer, "").await.status(), StatusCode::SEE_OTHER);
    stand.meet();
    assert_eq!(stand.state(), "closed");
    assert_eq!(stand.school.post(&open, &stand.leader, "").await.status(), StatusCode::CONFLICT);
    assert_eq!(tours::tidy(&stand.school.node.site).unwrap(), 1);
    assert_eq!(tours::tidy(&stand.school.node.site).unwrap(), 0);
    stand.school.node.site.store.tidy().unwrap();
    let after = disk(&stand.school);
    assert!(!has(&after, &sealed[12..44]) && !has(&after, &sealed[..32]), "destroyed, also in what is written ahead");
    assert_eq!(number(&stand.school, "SELECT count(*) FROM tour_contact WHERE sealed IS NOT NULL"), 0);
    // And a projection that is built anew from the log does not bring it back.
    stand.school.node.site.store.rebuild().unwrap();
    assert_eq!(number(&stand.school, "SELECT count(*) FROM tour_contact WHERE sealed IS NOT NULL"), 0);
}

/// Who moves the end of a tour on its way opens contacts for longer once both tiers have said so, and keeps them no longer.
#[tokio::test(flavor = "multi_thread")]
async fn a_later_end_opens_no_contact_before_both_have_approved_it() {
    let (stand, pupils) = Stand::under_way().await;
    let open = stand.at(&format!("/pupils/{}/open", pupils[0]));
    let host = stand.school.one(&format!("SELECT host FROM study_tour WHERE id = {}", records::literal(&stand.tour)));
    let ends = async |days: i64| {
        let last = stand.first.checked_add(days.days()).unwrap();
        let form = format!(
            "title=到重庆去&school={}&host={host}&starts_on={}&ends_on={last}&purpose=看江河&plan=第一天",
            stand.school.home, stand.first
        );
        stand.edit(&stand.at(""), &form).await;
    };
    let opens = async || stand.school.post(&open, &stand.leader, "").await.status();
    let bearer = prepare(&stand.school).await;
    let until = async || pack(&stand.school, &bearer).await["tours"][0]["until"].clone();
    let day = |days: i64| json!(stand.first.checked_add(days.days()).unwrap().to_string());
    assert_eq!(until().await, day(3));
    ends(40).await;
    assert_eq!((until().await, opens().await), (day(3), StatusCode::OK));
    assert_eq!(stand.approve(&stand.school, &stand.head, "school").await, StatusCode::SEE_OTHER);
    assert_eq!(until().await, day(3), "one of two");
    stand.meet();
    assert_eq!(stand.approve(&stand.hub, &stand.officer, "office").await, StatusCode::SEE_OTHER);
    stand.meet();
    assert_eq!(until().await, day(41));
    ends(1).await;
    assert_eq!(until().await, day(2), "what is shorter needs nobody's word");
    ends(400).await;
    // As if what was approved had ended: closed to the leader on the second day after, destroyed a fortnight later.
    let cases = [(1, StatusCode::OK, 0), (2, StatusCode::CONFLICT, 0), (15, StatusCode::CONFLICT, 1)];
    for (ended, opened, destroyed) in cases {
        let last = stand.first.checked_sub(ended.days()).unwrap();
        for tier in ["school", "office"] {
            said(&stand, tier, &format!("{} {last}", stand.first.checked_sub(30.days()).unwrap()));
        }
        assert_eq!(opens().await, opened, "{ended}");
        assert_eq!(tours::tidy(&stand.school.node.site).unwrap(), destroyed, "{ended}");
    }
}

/// An approval, of these days, as the node writes it.
fn said(stand: &Stand, tier: &str, dates: &str) {
    let site = &stand.school.node.site;
    let (tour, kind) = (site.kinds.get("study_tour").unwrap(), site.kinds.get("tour_approval").unwrap());
    let change = Change::new()
        .with_link("tour", stand.tour)
        .with_text("tier", tier)
        .with_text("verdict", "approved")
        .with_link("person", person(&stand.school, "head"))
        .with_text("given_on", stand.first.to_string())
        .with_text("dates", dates);
    site.store
        .write(Context::NODE, |tx| {
            let scope = record_scope(tx.conn(), site.programme, tour, &stand.tour)?;
            append(tx, kind, scope, tx.subject(&scope), change, None)
        })
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_roll_is_called_once_however_often_and_wherever_it_comes() {
    let (stand, pupils) = Stand::under_way().await;
    let bearer = prepare(&stand.school).await;
    stand.meet();
    let along = pack(&stand.school, &bearer).await;
    let tour = &along["tours"][0];
    assert_eq!(tour["pupils"].as_array().unwrap().len(), 2);
    assert_eq!(tour["pupils"][0]["contact"], NUMBER);
    pack(&stand.school, &bearer).await;
    assert_eq!(number(&stand.school, "SELECT count(*) FROM tour_opening WHERE what = 'taken_along'"), 1);
    assert_eq!(pack(&stand.hub, &bearer).await["tours"], json!([]), "the hub has nothing of it");
    let now = stand.school.node.site.now_ms();
    let roll = |chance: u32, who: &[Subject]| {
        json!({
            "id": format!("r{chance}"), "made": now, "chance": chance, "tour": tour["id"],
            "leg": tour["legs"][0]["id"], "here": 2 - who.len(),
            "missing": who.len(), "who": who.iter().map(Subject::to_string).collect::<Vec<_>>(), "opened": [],
        })
    };
    let hand = async |desk: &Desk, items: &[Json]| {
        let body = json!({ "lang": "zh", "items": [], "tours": items }).to_string();
        let (status, said) = ask(desk, "/pocket/hand", &bearer, body).await;
        assert_eq!(status, 200, "{said}");
        said["tours"].clone()
    };
    let mut counted = roll(1, &[pupils[1]]);
    counted.as_object_mut().unwrap().remove("who");
    let opened = json!({ "id": "o", "made": now + 1, "chance": 5, "tour": tour["id"],
        "opened": [{ "pupil": pupils[1].to_string(), "made": now + 1, "chance": 6 }] });
    // The hub is met first, and is told how many; then the school's node, twice.
    assert_eq!(hand(&stand.hub, &[counted]).await, json!([{ "id": "r1", "taken": true, "whole": false }]));
    for _ in 0..2 {
        let said = hand(&stand.school, &[roll(1, &[pupils[1]]), roll(2, &[]), opened.clone()]).await;
        assert!(said.as_array().unwrap().iter().all(|s| s["whole"] == json!(true)), "{said}");
        stand.meet();
    }
    let called = format!("SELECT count(*) FROM tour_roll WHERE tour = {}", records::literal(&stand.tour));
    for desk in [&stand.school, &stand.hub] {
        assert_eq!(number(desk, &called), 2);
        assert_eq!(number(desk, "SELECT count(*) FROM conflict c JOIN tour_roll r ON r.id = c.id"), 0);
    }
    assert_eq!(number(&stand.school, "SELECT count(*) FROM tour_missing"), 1);
    assert_eq!(number(&stand.hub, "SELECT count(*) FROM tour_missing"), 0);
    let shown = page(&stand.school, &stand.at(""), &stand.head).await;
    assert!(shown.contains("到 1 人，缺 1 人") && shown.contains("途中打开联系人"), "{shown}");
    let shown = page(&stand.hub, &stand.at(""), &stand.officer).await;
    assert!(!shown.contains("缺 1 人") && !shown.contains(NAME), "at the hub no number below five, and no name");
    // Not by a stranger, not before it left, not in bytes that are no roll-call.
    let mut early = roll(3, &[]);
    early["made"] = json!(now - 24 * 3_600_000);
    let mut broken = roll(4, &[]);
    broken["here"] = json!("all");
    let said = hand(&stand.school, &[early, broken]).await;
    assert_eq!(said[0]["said"], "这次点名时尚未出发。");
    assert_eq!(said[1]["said"], "无法读取这次点名。");
    assert_eq!(number(&stand.school, &called), 2);
    // It is over: the phone is told by any node, and takes nothing along any more.
    assert_eq!(stand.school.post(&stand.at("/close"), &stand.leader, "").await.status(), StatusCode::SEE_OTHER);
    let over = json!([{ "id": tour["id"], "over": true }]);
    assert_eq!(pack(&stand.school, &bearer).await["tours"], over);
    stand.meet();
    assert_eq!(pack(&stand.hub, &bearer).await["tours"], over);
    assert_eq!(number(&stand.school, "SELECT count(*) FROM tour_contact WHERE sealed IS NOT NULL"), 0);
    // A roll-call that waited on the phone is still taken.
    assert_eq!(hand(&stand.school, &[roll(7, &[])]).await[0]["taken"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_another_name_asks_and_takes_nobody_along() {
    let stand = Stand::new().await;
    stand.plan().await;
    let first = stand.add("B7").await;
    let off = stand.at(&format!("/pupils/{first}/off"));
    assert_eq!(stand.school.post(&off, &stand.leader, "").await.status(), StatusCode::SEE_OTHER);
    let list = stand.at("/pupils");
    let going = || number(&stand.school, "SELECT count(*) FROM tour_pupil WHERE coalesce(state, 'on') = 'on'");
    let before = going();
    // A slip of the code, with the name of the child who was meant.
    let reply = stand.school.post(&list, &stand.leader, "code=B7&name=扎西&class=四年级").await;
    assert_eq!(reply.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let body = to_bytes(reply.into_body(), 1 << 20).await.unwrap();
    let body = String::from_utf8_lossy(&body);
    assert!(body.contains("编号 B7 属于另一个姓名的学生"), "{body}");
    for typed in ["value=\"B7\"", "value=\"扎西\"", "value=\"四年级\""] {
        assert!(body.contains(typed), "{typed} is not lost");
    }
    assert!(!body.contains(NAME), "whose code it is stands with the school");
    assert_eq!(going(), before);
    // The same name, pointed otherwise; the same child by another name, said so; and by the code alone.
    for form in
        [format!("code=B7&name={}", NAME.trim_end_matches('་')), "code=B7&name=扎西&same=yes".into(), "code=B7".into()]
    {
        assert_eq!(made(&stand.school.post(&list, &stand.leader, &form).await), first, "{form}");
        assert_eq!(going(), before + 1, "{form}");
        assert_eq!(stand.school.post(&off, &stand.leader, "").await.status(), StatusCode::SEE_OTHER);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_that_was_recorded_twice_ends_with_either() {
    let stand = Stand::new().await;
    stand.plan().await;
    let pupil = stand.add("B8").await;
    stand.consents(pupil).await;
    stand.consents(pupil).await;
    let at = stand.at(&format!("/pupils/{pupil}"));
    let shown = page(&stand.school, &at, &stand.leader).await;
    let forms: Vec<String> =
        shown.split("name=\"consent\" value=\"").skip(1).map(|f| f.split('"').next().unwrap().to_owned()).collect();
    assert_eq!(forms.len(), 2);
    let withdrawn = |shown: &str| shown.contains("<span class=\"tag bad\">");
    assert!(!withdrawn(&shown));
    // The older one is withdrawn; the newer says the same giving a second time.
    let older = format!("consent={}", forms[1]);
    assert_eq!(
        stand.school.post(&format!("{at}/withdraw"), &stand.leader, &older).await.status(),
        StatusCode::SEE_OTHER
    );
    assert!(withdrawn(&page(&stand.school, &at, &stand.leader).await));
    let lacks = stand.leave().await;
    assert!(lacks.iter().any(|l| l.contains("同意已撤回") && l.contains(NAME)), "{lacks:?}");
    // Given again, it is given.
    stand.consents(pupil).await;
    assert!(!withdrawn(&page(&stand.school, &at, &stand.leader).await));
}
