//! Pairings: what two write is read by two, each signs for themselves, nobody leaves in silence.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use base::{Scope, Subject};
use log::{Context, LogError};
use records::{Change, Role, append};
use web::{Check, Method};
use zampa::node::members;

use crate::desk::{Desk, desk, desk_at};
use crate::observations::envelope;
use crate::two_nodes::give;

pub(crate) type Who = (String, String);

pub(crate) const PHRASE: &str = "xuelianhua7f3";
/// The pairing of the demonstration that is well on its way, at the school of a box.
const GOING: &str = "FROM pairing WHERE state = 'active' AND kind = 'master_apprentice'
                     AND id IN (SELECT pairing FROM pair_note) AND home = ?1";

pub(crate) fn sql(id: Subject) -> String {
    format!("x'{}'", id.as_bytes().iter().map(|b| format!("{b:02X}")).collect::<String>())
}

impl Desk {
    pub(crate) fn as_person(&self, person: Subject) -> Who {
        let local = &self.node.site.local;
        let token = local.start_session(person).unwrap();
        let csrf = local.session(&token).unwrap().unwrap().1;
        (format!("{}={token}", self.node.site.session_cookie(false)), csrf)
    }

    pub(crate) fn ask<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        self.node.site.store.read(|c| Ok::<_, LogError>(c.query_row(sql, [], |r| r.get(0))?)).unwrap()
    }

    pub(crate) async fn page(&self, path: &str, who: &Who) -> (StatusCode, String) {
        let (head, body) = self.get(path, who, None).await;
        (head.status(), String::from_utf8_lossy(&body).into_owned())
    }

    pub(crate) async fn does(&self, path: &str, who: &Who, form: &str) -> StatusCode {
        self.post(path, who, form).await.status()
    }

    /// A pairing that goes on, with its master and apprentice.
    pub(crate) fn going(&self, home: Subject) -> (Subject, Subject, Subject) {
        let of = |what: &str| self.one(&format!("SELECT {what} {}", GOING.replace("?1", &sql(home))));
        (of("id"), of("master"), of("apprentice"))
    }

    pub(crate) fn with_role(&self, role: Role) -> Subject {
        self.one(&format!("SELECT person FROM grant_of_role WHERE role = '{}' ORDER BY id LIMIT 1", role.code()))
    }
}

/// A note by the apprentice of before notes were sealed, with words that stand nowhere else.
pub(crate) fn write(desk: &Desk, pairing: Subject, apprentice: Subject) {
    let scope = Scope::Pair(pairing);
    let change = Change::new()
        .with_link("pairing", pairing)
        .with_link("person", apprentice)
        .with_text("what", "session")
        .with_text("held_on", "2026-10-20")
        .with_text("said", format!("{PHRASE} said"))
        .with_text("next_step", format!("{PHRASE} step"));
    let kind = desk.node.site.kinds.get("pair_note").unwrap();
    let store = &desk.node.site.store;
    store
        .write(Context { author: apprentice }, |tx| {
            append(tx, kind, scope, tx.subject(&scope), change, None)?;
            tx.fold()
        })
        .unwrap();
}

/// Every page that a reader can ask for, of this pairing and of what hangs on it: none holds the words.
async fn nowhere(desk: &Desk, pairing: Subject, who: &Who, label: &str) -> usize {
    let mut asked = 0;
    let mut ids = vec![pairing];
    for kind in ["pair_note", "pair_fit", "pair_signature", "pair_lesson"] {
        ids.push(desk.one(&format!("SELECT id FROM {kind} WHERE pairing = {} ORDER BY made DESC", sql(pairing))));
    }
    let mut paths = BTreeSet::from([format!("/search?q={PHRASE}"), "/conflicts".to_owned(), "/today".to_owned()]);
    for route in &desk.node.routes {
        if route.method != Method::Get || route.path.contains("{*path}") {
            continue;
        }
        for id in &ids {
            let path = route
                .path
                .replace("{id}", &id.to_string())
                .replace("{node}", &desk.node.site.store.key().id().to_string())
                .replace("{kind}", "pairing");
            if !path.contains('{') && !matches!(route.check, Check::Public | Check::Demonstration) {
                paths.insert(path);
            }
        }
        for kind in ["pair-notes", "pair-fits", "pair-signatures", "pair-lessons"] {
            paths.insert(format!("/{kind}"));
            paths.insert(format!("/csv/{kind}"));
            paths.extend(ids.iter().flat_map(|id| [format!("/{kind}/{id}"), format!("/{kind}/{id}/history")]));
        }
    }
    for path in paths {
        let (_, body) = desk.page(&path, who).await;
        // The search box shows again what was typed into it.
        let read = ["said", "step"].iter().any(|word| body.contains(&format!("{PHRASE} {word}")));
        assert!(!read, "{label} reads it at {path}");
        asked += 1;
    }
    asked
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_write_is_read_by_two_and_by_nobody_else_on_either_node() {
    let school = desk();
    let (pairing, master, apprentice) = school.going(school.home);
    let (at_master, at_apprentice) = (school.as_person(master), school.as_person(apprentice));
    write(&school, pairing, apprentice);
    for who in [&at_master, &at_apprentice] {
        let (status, body) = school.page(&format!("/pairings/{pairing}"), who).await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains(&format!("{PHRASE} said")) && body.contains(&format!("{PHRASE} step")));
        let (_, found) = school.page(&format!("/search?q={PHRASE}"), who).await;
        assert!(!found.contains(&format!("{PHRASE} said")), "not even for them does the search box hold it");
    }
    let colleague = school.one(&format!(
        "SELECT person FROM grant_of_role WHERE role = 'local' AND person NOT IN ({}, {})",
        sql(master),
        sql(apprentice)
    ));
    let head = school.as_person(school.with_role(Role::Head));
    let (status, page) = school.page(&format!("/pairings/{pairing}"), &head).await;
    assert!(status == StatusCode::OK && page.contains("id=\"pair\""), "that there is a pairing, the head sees");
    for (who, label) in [(head, "the head"), (school.as_person(colleague), "a colleague")] {
        assert!(nowhere(&school, pairing, &who, label).await > 100);
        let (sealed, keys) = envelope(100);
        let kept = format!("what=session&held_on=2026-10-20&sealed={sealed}&keys={keys}");
        let (status, _) = school.page(&format!("/pairings/{pairing}/sealed"), &who).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{label} is given no envelope");
        for (path, form) in [
            ("keep", &*kept),
            ("keys", "note=0&keys=0"),
            ("lessons", "what=observed&held_on=2026-10-20"),
            ("fit", "fit=well"),
            ("sign", ""),
            ("decline", ""),
            ("take-back", ""),
            ("certificate", ""),
        ] {
            let path = format!("/pairings/{pairing}/{path}");
            let status = if path.ends_with("certificate") {
                school.page(&path, &who).await.0
            } else {
                school.does(&path, &who, form).await
            };
            assert_eq!(status, StatusCode::FORBIDDEN, "{label} at {path}");
        }
    }

    // At the hub it arrives, for the two alone; at another school's node it does not.
    let (hub, other) = (desk_at(0), desk_at(2));
    let known = members(&school.files.settings().unwrap());
    give(&school.node.site.store, &hub.node.site.store, &known);
    give(&hub.node.site.store, &other.node.site.store, &known);
    let held = format!("SELECT count(*) FROM pair_note WHERE pairing = {}", sql(pairing));
    assert_eq!(hub.ask::<i64>(&held), school.ask::<i64>(&held));
    assert_eq!(other.ask::<i64>(&held), 0);
    let chains = other.node.site.store.read(|c| log::vector(c, &|_| true)).unwrap();
    assert!(!chains.keys().any(|(scope, _)| *scope == Scope::Pair(pairing)), "not even its entries");
    let own = other.going(other.home).0;
    assert!(chains.keys().any(|(scope, _)| *scope == Scope::Pair(own)), "a school's node holds those of its own");
    let (_, body) = hub.page(&format!("/pairings/{pairing}"), &hub.as_person(master)).await;
    assert!(body.contains(&format!("{PHRASE} said")));
    for role in [Role::Officer, Role::Administrator, Role::Head, Role::Observer, Role::Coordinator] {
        let who = hub.as_person(hub.with_role(role));
        assert!(nowhere(&hub, pairing, &who, role.code()).await > 100);
    }
    // One who is of the office and one of the two reads what is theirs, and nothing by the office.
    let entries = hub.node.site.store.read(|c| log::entries_of(c, &pairing)).unwrap();
    assert!(
        !entries.iter().any(|e| e.payload().is_some_and(|p| p.windows(PHRASE.len()).any(|w| w == PHRASE.as_bytes())))
    );
}

#[test]
fn another_school_s_node_writes_nothing_into_a_pairing() {
    let (hub, other) = (desk_at(0), desk_at(2));
    let known = members(&other.files.settings().unwrap());
    let home = hub.one(&format!(
        "SELECT home FROM pairing WHERE id IN (SELECT pairing FROM pair_note) AND home <> {}",
        sql(other.home)
    ));
    let (pairing, master, _) = hub.going(home);
    let scope = Scope::Pair(pairing);
    let change = Change::new()
        .with_link("pairing", pairing)
        .with_link("person", master)
        .with_text("what", "session")
        .with_text("held_on", "2026-10-20")
        .with_text("said", PHRASE);
    let kind = other.node.site.kinds.get("pair_note").unwrap();
    let (from, to) = (&other.node.site.store, &hub.node.site.store);
    from.write(Context { author: master }, |tx| append(tx, kind, scope, tx.subject(&scope), change, None)).unwrap();
    from.sign().unwrap();
    let segment = from.read(|c| log::since(c, &scope, from.key().id(), 0)).unwrap().unwrap();
    assert!(matches!(log::receive(to, &known, &segment), Err(LogError::NotAllowed { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_on_paper_is_entered_by_the_office_and_called_so() {
    let hub = desk_at(0);
    let officer = hub.as_person(hub.with_role(Role::Officer));
    let pairing = hub.one("SELECT id FROM pairing WHERE state = 'invited' ORDER BY id LIMIT 1");
    let path = format!("/pairings/{pairing}");
    let form = "master_signed_on=2026-10-20&apprentice_signed_on=2026-10-21";
    assert_eq!(hub.does(&format!("{path}/move/sign"), &officer, form).await, StatusCode::SEE_OTHER);
    let (_, page) = hub.page(&path, &(format!("{}; zampa_lang=en", officer.0), officer.1.clone())).await;
    assert_eq!(page.matches(", on paper").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_back_is_destroyed() {
    let desk = desk();
    let (pairing, master, apprentice) = desk.going(desk.home);
    let (at_master, at_apprentice) = (desk.as_person(master), desk.as_person(apprentice));
    write(&desk, pairing, apprentice);
    let note = desk.one("SELECT id FROM pair_note ORDER BY made DESC LIMIT 1");
    let path = format!("/pairings/{pairing}/take-back");
    assert_eq!(desk.does(&path, &at_master, &format!("note={note}")).await, StatusCode::NOT_FOUND);
    assert_eq!(desk.does(&path, &at_apprentice, &format!("note={note}")).await, StatusCode::SEE_OTHER);
    let (_, body) = desk.page(&format!("/pairings/{pairing}"), &at_master).await;
    assert!(!body.contains(PHRASE));
    let entries = desk.node.site.store.read(|c| log::entries_of(c, &note)).unwrap();
    let words = entries.iter().find(|e| e.header.kind == "pair_note.identity").unwrap();
    assert!(words.payload().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_wrote_goes_with_them() {
    let hub = desk_at(0);
    let (_, master, _) = hub.going(hub.one("SELECT home FROM pairing WHERE id IN (SELECT pairing FROM pair_fit)"));
    let words = format!("SELECT count(*) FROM pair_note WHERE said IS NOT NULL AND person = {}", sql(master));
    assert!(hub.ask::<i64>(&words) > 0);
    let title = hub.ask::<String>(&format!("SELECT title FROM person WHERE id = {}", sql(master)));
    let keeper = hub.as_person(hub.with_role(Role::Administrator));
    let form = format!("title={}", web::escape(&title));
    assert_eq!(hub.does(&format!("/people/{master}/erase"), &keeper, &form).await, StatusCode::SEE_OTHER);
    assert_eq!(hub.ask::<i64>(&words), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_head_proposes_and_each_of_the_two_signs_or_says_not_this_time() {
    let desk = desk();
    let head = desk.as_person(desk.with_role(Role::Head));
    let (_, choice) = desk.page("/pairings/choice", &head).await;
    assert!(choice.contains("/pairings/choice/propose"));
    let wish = desk.one("SELECT id FROM pair_wish WHERE subject = 'science'");
    let offer = desk.one("SELECT id FROM pair_offer WHERE subject = 'science'");
    let form = format!("wish={wish}&offer={offer}");
    let master = desk.one(&format!("SELECT person FROM pair_offer WHERE id = {}", sql(offer)));
    let apprentice = desk.one(&format!("SELECT person FROM pair_wish WHERE id = {}", sql(wish)));
    let (at_master, at_apprentice) = (desk.as_person(master), desk.as_person(apprentice));
    // Who wishes sees no other's wish, and proposes nobody.
    let guide = desk.one("SELECT id FROM pair_wish WHERE offer IS NOT NULL");
    let (_, own) = desk.page("/pairings/choice", &at_apprentice).await;
    assert!(own.contains(&wish.to_string()) && !own.contains(&guide.to_string()));
    assert_eq!(desk.does("/pairings/choice/propose", &at_apprentice, &form).await, StatusCode::FORBIDDEN);

    let made = desk.post("/pairings/choice/propose", &head, &form).await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER);
    let path = made.headers()["location"].to_str().unwrap().to_owned();
    let pairing: Subject = path.rsplit('/').next().unwrap().parse().unwrap();
    let of =
        |what: &str| desk.ask::<Option<String>>(&format!("SELECT {what} FROM pairing WHERE id = {}", sql(pairing)));
    // The template of its sort stands in the agreement.
    assert_eq!(desk.ask::<i64>(&format!("SELECT observes FROM pairing WHERE id = {}", sql(pairing))), 8);
    assert!(of("goals").is_some());
    let (_, again) = desk.page("/pairings/choice", &head).await;
    assert!(!again.contains(&format!("value=\"{wish}\"")), "a wish that was answered waits no more");

    // Nobody signs for another, and a first signature is between the two.
    let (_, asked) = desk.page("/today", &at_master).await;
    assert!(asked.contains(&path), "who is asked is told so");
    assert_eq!(desk.does(&format!("{path}/sign"), &head, "").await, StatusCode::FORBIDDEN);
    assert_eq!(
        desk.does(
            &format!("{path}/move/sign"),
            &at_master,
            "master_signed_on=2026-10-20&apprentice_signed_on=2026-10-20"
        )
        .await,
        StatusCode::FORBIDDEN
    );
    let before = desk.page(&path, &head).await.1;
    assert_eq!(desk.does(&format!("{path}/sign"), &at_apprentice, "").await, StatusCode::SEE_OTHER);
    let plain = |page: &str| page.split("id=\"pair\"").nth(1).unwrap().to_owned();
    let shown = |page: &str| plain(page).split("</section>").next().unwrap().to_owned();
    assert_eq!(shown(&desk.page(&path, &head).await.1), shown(&before), "the head sees no difference");
    assert_eq!((of("state").as_deref(), of("apprentice_signed_on")), (Some("invited"), None));
    assert_eq!(desk.does(&format!("{path}/sign"), &at_master, "").await, StatusCode::SEE_OTHER);
    assert_eq!(of("state").as_deref(), Some("signed"));
    assert!(of("master_signed_on").is_some() && of("apprentice_signed_on").is_some());
    for (person, who) in [(master, "master"), (apprentice, "apprentice")] {
        let signature = desk.one(&format!(
            "SELECT id FROM pair_signature WHERE pairing = {} AND person = {}",
            sql(pairing),
            sql(person)
        ));
        let entries = desk.node.site.store.read(|c| log::entries_of(c, &signature)).unwrap();
        assert_eq!(entries[0].header.author, person, "{who}");
    }

    // What the head changes afterwards leaves the signatures behind, and asks anew.
    let page = desk.page(&format!("{path}/edit"), &head).await.1;
    let base = page.split("name=\"_base\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let school = desk.home;
    let edit = format!(
        "_base={base}&kind=master_apprentice&master={master}&apprentice={apprentice}&school={school}&goals=other&observes=12"
    );
    assert_eq!(desk.does(&format!("{path}/edit"), &head, &edit).await, StatusCode::SEE_OTHER);
    assert_eq!(of("state").as_deref(), Some("invited"), "nothing begins on terms that nobody signed");
    let begin = desk.does(&format!("{path}/move/begin"), &head, "active_from=2026-11-20").await;
    assert_eq!(begin, StatusCode::FORBIDDEN);
    for who in [&at_master, &at_apprentice] {
        let page = desk.page(&path, who).await.1;
        assert!(page.contains(&format!("action=\"{path}/sign\"")), "signs again");
        assert_eq!(desk.does(&format!("{path}/sign"), who, "").await, StatusCode::SEE_OTHER);
        assert!(!desk.page(&path, who).await.1.contains(&format!("action=\"{path}/sign\"")));
    }
    assert_eq!(of("state").as_deref(), Some("signed"));

    // "Not this time" has no author.
    assert_eq!(desk.does(&format!("{path}/decline"), &head, "").await, StatusCode::FORBIDDEN);
    assert_eq!(desk.does(&format!("{path}/decline"), &at_apprentice, "").await, StatusCode::SEE_OTHER);
    assert_eq!(of("state").as_deref(), Some("declined"));
    let last = desk.node.site.store.read(|c| log::entries_of(c, &pairing)).unwrap().pop().unwrap();
    assert_eq!(last.header.author, Subject::default());
    let (_, choice) = desk.page("/pairings/choice", &head).await;
    assert!(choice.contains(&format!("value=\"{wish}\"")) || choice.contains("<b>"), "the wish waits again");
    assert!(!choice.contains(&format!("value=\"{wish}\"><input type=\"hidden\" name=\"offer\" value=\"{offer}\"")));
    assert_eq!(desk.does("/pairings/choice/propose", &head, &form).await, StatusCode::CONFLICT);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_sign_at_two_nodes_apart_have_both_signed() {
    let (school, hub) = (desk(), desk_at(0));
    let known = members(&school.files.settings().unwrap());
    let (here, there) = (&school.node.site.store, &hub.node.site.store);
    // The demonstration has one that waits for its apprentice; another is begun, so that neither has signed.
    let head = school.as_person(school.with_role(Role::Head));
    let wish = school.one("SELECT id FROM pair_wish WHERE subject = 'science'");
    let offer = school.one("SELECT id FROM pair_offer WHERE subject = 'science'");
    let made = school.post("/pairings/choice/propose", &head, &format!("wish={wish}&offer={offer}")).await;
    let path = made.headers()["location"].to_str().unwrap().to_owned();
    let pairing: Subject = path.rsplit('/').next().unwrap().parse().unwrap();
    let of = |what: &str| school.one(&format!("SELECT {what} FROM pairing WHERE id = {}", sql(pairing)));
    let (master, apprentice) = (of("master"), of("apprentice"));
    give(here, there, &known);
    let sign = format!("{path}/sign");
    assert_eq!(hub.does(&sign, &hub.as_person(master), "").await, StatusCode::SEE_OTHER);
    let at = school.as_person(apprentice);
    assert_eq!(school.does(&sign, &at, "").await, StatusCode::SEE_OTHER);
    give(there, here, &known);
    give(here, there, &known);
    let state = || {
        let sql = format!("SELECT state || coalesce(master_signed_on, '') FROM pairing WHERE id = {}", sql(pairing));
        school.ask::<String>(&sql)
    };
    assert_eq!(state(), "invited");
    let page = school.page(&path, &at).await.1;
    assert!(page.contains(&format!("action=\"{sign}\"")), "either of them says that it stands");
    assert_eq!(school.does(&sign, &at, "").await, StatusCode::SEE_OTHER);
    assert!(state().starts_with("signed20"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pairing_is_handed_over_to_a_third_and_the_next_one_begins_from_it() {
    let desk = desk();
    let (pairing, master, apprentice) = desk.going(desk.home);
    let who = desk.as_person(master);
    let path = format!("/pairings/{pairing}");
    let over = async |to: Subject| {
        let form = format!("handed_to={to}&ended_on=2026-11-20");
        desk.does(&format!("{path}/move/hand_over"), &who, &form).await
    };
    assert_eq!(over(apprentice).await, StatusCode::UNPROCESSABLE_ENTITY);
    // Neither of the two is offered to take it on.
    let form = desk.page(&format!("{path}/move/hand_over"), &who).await.1;
    assert!(form.contains("id=\"c-handed_to\"") && !form.contains(&format!("value=\"{apprentice}\"")), "{form}");
    let heir = desk.one(&format!(
        "SELECT person FROM grant_of_role WHERE role = 'local' AND person NOT IN ({}, {})",
        sql(master),
        sql(apprentice)
    ));
    assert_eq!(over(heir).await, StatusCode::SEE_OTHER);
    let next = format!("/pairings/new?kind=master_apprentice&amp;master={heir}&amp;apprentice={apprentice}");
    let page = desk.page(&path, &desk.as_person(apprentice)).await.1;
    let page = page.replace("&#38;", "&amp;");
    assert!(page.contains(&next), "the heir takes the master's place");
    // What was agreed is proposed again: to who knows the goals, with these.
    let [observes, attends, months] = ["observes", "attends", "months"]
        .map(|field| desk.ask::<i64>(&format!("SELECT {field} FROM pairing WHERE id = {}", sql(pairing))));
    let agreed = format!("&amp;observes={observes}&amp;attends={attends}&amp;months={months}");
    let begins = |page: &str| page.split(&next).nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(begins(&page).contains(&format!("{agreed}&amp;goals=")), "{}", begins(&page));
    // Who takes it on is told so, and begins the next; the goals are between the two who had them.
    let at_heir = desk.as_person(heir);
    assert!(desk.page("/today", &at_heir).await.1.contains(&path), "they are told");
    let theirs = desk.page(&path, &at_heir).await.1.replace("&#38;", "&amp;");
    assert!(begins(&theirs).ends_with(&agreed), "{}", begins(&theirs));

    // Until somebody follows, it is no end: the two are asked, and the head.
    let head = desk.as_person(desk.with_role(Role::Head));
    let due = async || desk.page("/pairings/due", &head).await.1.contains(&path);
    assert!(page.contains("id=\"pair-follow\"") && due().await);
    for person in [master, apprentice] {
        assert!(desk.page("/today", &desk.as_person(person)).await.1.contains(&path));
    }
    assert!(desk.page("/today", &head).await.1.contains("/pairings/due#unfollowed"));
    let form = format!("kind=master_apprentice&master={heir}&apprentice={apprentice}&school={}", desk.home);
    let made = desk.post("/pairings/new", &head, &form).await;
    let follows = made.headers()["location"].to_str().unwrap().to_owned();
    assert!(!due().await);
    assert_eq!(desk.does(&format!("{follows}/decline"), &desk.as_person(heir), "").await, StatusCode::SEE_OTHER);
    assert!(due().await, "who says no leaves it open");
    // That nobody follows is somebody's word.
    assert_eq!(desk.does(&format!("{path}/move/let_be"), &head, "").await, StatusCode::SEE_OTHER);
    assert!(!due().await);
    let ended = format!("SELECT state || ended_on FROM pairing WHERE id = {}", sql(pairing));
    assert_eq!(desk.ask::<String>(&ended), "closed2026-11-20");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_teacher_pairs_themselves_alone_and_no_colleague_moves_a_pairing() {
    let desk = desk();
    let (pairing, master, apprentice) = desk.going(desk.home);
    let colleague = desk.one(&format!(
        "SELECT person FROM grant_of_role WHERE role = 'local' AND person NOT IN ({}, {})",
        sql(master),
        sql(apprentice)
    ));
    let who = desk.as_person(colleague);
    let of = |a: Subject, b: Subject| format!("kind=subject&master={a}&apprentice={b}&school={}", desk.home);
    assert_eq!(desk.does("/pairings/new", &who, &of(master, apprentice)).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(desk.does("/pairings/new", &who, &of(master, colleague)).await, StatusCode::SEE_OTHER);
    let path = format!("/pairings/{pairing}/move/close");
    assert_eq!(desk.does(&path, &who, "ended_on=2026-10-20").await, StatusCode::FORBIDDEN);
    assert_eq!(desk.does(&path, &desk.as_person(apprentice), "ended_on=2026-10-20").await, StatusCode::SEE_OTHER);
    // Now the certificate is there, for the two, in each language.
    let certificate = format!("/pairings/{pairing}/certificate");
    for lang in ["zh", "bo", "en"] {
        let (cookie, csrf) = desk.as_person(master);
        let who = (format!("{cookie}; zampa_lang={lang}"), csrf);
        let (head, bytes) = desk.get(&certificate, &who, None).await;
        assert!(head.status() == StatusCode::OK && bytes.starts_with(b"%PDF-"), "{lang}");
    }
    let head = desk.as_person(desk.with_role(Role::Head));
    assert_eq!(desk.page(&certificate, &head).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_it_fits_reaches_the_officer_without_a_name() {
    let hub = desk_at(0);
    let home = hub.one("SELECT p.home FROM pairing p JOIN pair_fit f ON f.pairing = p.id LIMIT 1");
    let (pairing, master, apprentice) = hub.going(home);
    let path = format!("/pairings/{pairing}");
    let officer = hub.as_person(hub.with_role(Role::Officer));
    let (both, another) = ("Both say that it goes well", "A re-pairing is wished");
    let english = |who: &Who| (format!("{}; zampa_lang=en", who.0), who.1.clone());
    let page = async |who: &Who| hub.page(&path, &english(who)).await.1;
    assert!(page(&officer).await.contains(both));
    let at = hub.as_person(apprentice);
    let other = hub.as_person(master);
    let before = page(&other).await;
    assert_eq!(hub.does(&format!("{path}/fit"), &at, "fit=another").await, StatusCode::SEE_OTHER);
    let told = page(&officer).await;
    assert!(told.contains(another) && !told.contains(both));
    assert!(!page(&other).await.contains(another), "the other of the two does not learn it");
    assert_eq!(before.matches("pair-fit").count(), page(&other).await.matches("pair-fit").count());
    for role in [Role::Administrator, Role::Head] {
        let who = hub.as_person(hub.with_role(role));
        let page = page(&who).await;
        assert!(!page.contains(another) && !page.contains(both), "{}", role.code());
    }
    let (_, due) = hub.page("/pairings/due", &english(&officer)).await;
    assert!(due.contains(&path));
}
