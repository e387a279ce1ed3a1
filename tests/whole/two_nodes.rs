//! What two nodes do apart, and what both show when they meet; and a node that joins.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::time::Duration;

use base::{Env, Scope, Subject};
use log::{Context, LogError, Store};
use nodes::Links;
use records::{Change, RecordError, append};
use zampa::files::Files;
use zampa::node::{self, Node, members};
use zampa::{fill, house};

use crate::command_line::binary;
use crate::counted::copy;

struct Two {
    _dirs: [tempfile::TempDir; 2],
    hub: Store,
    school: Store,
    home: Subject,
    programme: [u8; 16],
    members: nodes::Members,
}

fn two() -> Two {
    let (a, hub) = copy(0);
    let (b, school) = copy(1);
    let settings = school.settings().unwrap();
    let open = |files: &Files| node::open_store(files, &files.settings().unwrap(), &Env::system()).unwrap();
    Two {
        hub: open(&hub),
        school: open(&school),
        home: settings.school.unwrap(),
        programme: settings.programme,
        members: members(&settings),
        _dirs: [a, b],
    }
}

/// One gives the other what it lacks, as the link does.
pub fn give(from: &Store, to: &Store, members: &nodes::Members) {
    from.sign().unwrap();
    let peer = to.key().id();
    let has = to.read(|c| log::vector(c, &|_| true)).unwrap();
    let chains = from.read(|c| log::vector(c, &|scope| members.holds(c, peer, scope))).unwrap();
    for (scope, node) in chains.into_keys() {
        let mut after = has.get(&(scope, node)).map_or(0, |h| h.seq);
        while let Some(segment) = from.read(|c| log::since(c, &scope, node, after)).unwrap() {
            after = segment.entries.last().unwrap().header.seq;
            log::receive(to, members, &segment).unwrap();
        }
    }
}

impl Two {
    /// Each gives the other what it lacks, as the link does.
    fn meet(&self) {
        for (from, to) in [(&self.hub, &self.school), (&self.school, &self.hub)] {
            give(from, to, &self.members);
        }
    }

    fn change(&self, store: &Store, kind: &str, id: Subject, change: Change) {
        let kinds = house::kinds();
        let kind = kinds.get(kind).unwrap();
        store
            .write(Context::NODE, |tx| {
                let scope = records::record_scope(tx.conn(), self.programme, kind, &id)?;
                append(tx, kind, scope, id, change, None)?;
                records::check(tx, kind, &id)
            })
            .unwrap();
    }

    fn person(&self) -> Subject {
        one(&self.school, "SELECT id FROM person WHERE home IS NOT NULL ORDER BY id LIMIT 1")
    }
}

fn one(store: &Store, sql: &str) -> Subject {
    let bytes: Vec<u8> = store.read(|c| Ok::<_, LogError>(c.query_row(sql, [], |r| r.get(0))?)).unwrap();
    Subject::try_from(bytes.as_slice()).unwrap()
}

fn said(store: &Store, sql: &str) -> String {
    store.read(|c| Ok::<_, LogError>(c.query_row(sql, [], |r| r.get::<_, String>(0))?)).unwrap()
}

fn number(store: &Store, sql: &str) -> i64 {
    store.read(|c| Ok::<_, LogError>(c.query_row(sql, [], |r| r.get(0))?)).unwrap()
}

fn hex(id: Subject) -> String {
    id.as_bytes().iter().map(|b| format!("{b:02X}")).collect()
}

#[test]
fn two_edits_of_two_fields_both_survive() {
    let two = two();
    let id = two.person();
    two.change(&two.hub, "person", id, Change::new().with_text("name", "新名字"));
    two.change(&two.school, "person", id, Change::new().with_text("about", "在学校写的"));
    two.meet();
    for store in [&two.hub, &two.school] {
        let at = format!("FROM person WHERE id = x'{}'", hex(id));
        assert_eq!(said(store, &format!("SELECT name {at}")), "新名字");
        assert_eq!(said(store, &format!("SELECT about {at}")), "在学校写的");
        assert_eq!(number(store, "SELECT count(*) FROM conflict"), 0);
    }
}

#[test]
fn two_edits_of_one_field_are_both_kept_until_a_person_settles_it() {
    let two = two();
    let id = two.person();
    two.change(&two.hub, "person", id, Change::new().with_text("name", "中心写的"));
    two.change(&two.school, "person", id, Change::new().with_text("name", "学校写的"));
    two.meet();
    for store in [&two.hub, &two.school] {
        assert_eq!(number(store, "SELECT count(*) FROM conflict WHERE field = 'name'"), 1);
        let versions: BTreeSet<String> = store
            .read(|c| {
                let entries = log::entries_of(c, &id)?;
                let folded = records::fold(&house::kinds(), two.members.hub, &entries).unwrap();
                Ok::<_, LogError>(
                    folded.conflicts["name"].iter().map(|v| v.value.as_text().unwrap().to_owned()).collect(),
                )
            })
            .unwrap();
        assert_eq!(versions, ["中心写的", "学校写的"].map(ToOwned::to_owned).into());
    }
    two.change(&two.school, "person", id, Change::new().with_text("name", "第三个"));
    two.meet();
    for store in [&two.hub, &two.school] {
        assert_eq!(number(store, "SELECT count(*) FROM conflict"), 0);
        assert_eq!(said(store, &format!("SELECT name FROM person WHERE id = x'{}'", hex(id))), "第三个");
    }
}

#[test]
fn a_rule_broken_at_one_node_is_refused_and_broken_apart_is_shown() {
    let two = two();
    let kinds = house::kinds();
    let posting = kinds.get("posting").unwrap();
    let scope = Scope::Programme(two.programme);
    let cohort = one(&two.hub, "SELECT id FROM cohort ORDER BY ordinal DESC LIMIT 1");
    let unit = one(&two.hub, "SELECT id FROM organisation WHERE kind = 'assisting_unit' ORDER BY id LIMIT 1");
    let person = one(
        &two.hub,
        "SELECT id FROM person WHERE home IS NULL AND id NOT IN (SELECT person FROM posting WHERE ends_on >= '2027')
         ORDER BY id LIMIT 1",
    );
    let sent = |state: &str| {
        two.hub.write(Context::NODE, |tx| {
            let id = tx.subject(&scope);
            let change = Change::new()
                .with_link("person", person)
                .with_link("school", two.home)
                .with_link("sender", unit)
                .with_link("cohort", cohort)
                .with_text("role", "teacher")
                .with_text("starts_on", "2028-03-01")
                .with_text("ends_on", "2029-03-01")
                .with_text("state", state);
            append(tx, posting, scope, id, change, None)?;
            records::check(tx, posting, &id)?;
            Ok(id)
        })
    };
    let proposed = sent("proposed").unwrap();
    two.meet();
    sent("accepted").unwrap();
    let before = two.hub.read(log::stats).unwrap().entries;
    let again = sent("accepted");
    assert!(matches!(again, Err(RecordError::Rule { code: "posting-one-full-time", other: Some(_) })), "{again:?}");
    assert_eq!(two.hub.read(log::stats).unwrap().entries, before, "a refused command leaves nothing");
    // The school cannot know of it yet, and records that the other one came.
    two.change(&two.school, "posting", proposed, Change::new().with_text("state", "arrived"));
    two.meet();
    let rule = posting.rules.iter().find(|r| r.code == "posting-one-full-time").unwrap();
    for store in [&two.hub, &two.school] {
        assert_eq!(
            number(store, &format!("SELECT count(*) FROM ({})", rule.for_all())),
            2,
            "the pair, from both sides"
        );
    }
}

#[test]
fn an_erased_name_is_gone_everywhere_and_the_figure_keeps_its_hash() {
    let two = two();
    let id = two.person();
    let today = "2026-11-23".parse().unwrap();
    let rule = figures::rule("teachers_named").unwrap();
    let count = |store: &Store| store.read(|c| figures::count(c, rule, &figures::Scope::default(), today)).unwrap();
    let before = count(&two.hub);
    let name = "zqxjkvbnmwrtyp";
    two.change(&two.hub, "person", id, Change::new().with_text("name", name));
    two.meet();
    let scope = Scope::School(two.home);
    two.hub.write(Context::NODE, |tx| tx.append(&log::erase_draft(scope, id, &["person.identity"]).unwrap())).unwrap();
    two.meet();
    two.meet();
    for store in [&two.hub, &two.school] {
        let at = format!("FROM person WHERE id = x'{}'", hex(id));
        assert_eq!(number(store, &format!("SELECT count(*) {at} AND name IS NULL AND erased = 1")), 1);
        assert!(store.read(|c| log::verify(c, &two.members)).unwrap().1.is_empty());
        assert_eq!(store.read(|c| log::erased_by(c, &id)).unwrap().len(), 2);
    }
    assert_eq!(count(&two.hub), before);
    // Not in the log, not in the tables, not in the index of the search box, not in what was written ahead.
    // The index keeps of a word only what differs from the word before it, so its end is looked for.
    let end = &name[4..];
    for store in [&two.hub, &two.school] {
        store.tidy().unwrap();
        for ending in ["", "-wal"] {
            let path = store.path().to_str().unwrap().to_owned() + ending;
            let bytes = std::fs::read(path).unwrap_or_default();
            let held = bytes.windows(end.len()).any(|w| w.eq_ignore_ascii_case(end.as_bytes()));
            assert!(!held, "the name is still in the file");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_joins_with_a_code_that_works_once_and_gets_its_school() {
    let (_dir, files) = copy(0);
    let hub = Node::open(&files, &Env::system()).unwrap();
    let port = 19_000 + u16::try_from(std::process::id() % 1000).unwrap();
    hub.links.listen(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).unwrap();
    let taken: Vec<Subject> = (1..=fill::BOXES).map(|n| copy(n).1.settings().unwrap().school.unwrap()).collect();
    let school = hub
        .site
        .store
        .read(|c| {
            let mut stmt = c.prepare("SELECT id FROM organisation WHERE kind = 'supported_school' ORDER BY id")?;
            let all = stmt.query_map([], |r| r.get::<_, Vec<u8>>(0))?;
            let all: Vec<Subject> = all.map(|b| Subject::try_from(b.unwrap().as_slice()).unwrap()).collect();
            Ok::<_, LogError>(all.into_iter().find(|s| !taken.contains(s)).unwrap())
        })
        .unwrap();
    let code = hub.links.invite(school, "127.0.0.1").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let join = |at: String| {
        let code = code.clone();
        tokio::task::spawn_blocking(move || {
            Command::new(binary()).args(["join", "--data", &at, &code]).output().unwrap()
        })
    };
    let first = join(place("one")).await.unwrap();
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    let second = join(place("two")).await.unwrap();
    assert_eq!(second.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&second.stderr).contains("used"));

    let mut node = Command::new(binary())
        .args(["school", "--data", &place("one"), "--port", &(port + 1).to_string()])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut met = false;
    for _ in 0..600 {
        met = hub.links.peers().iter().any(|p| p.connected && p.waiting == 0 && p.last_met_ms > 0 && p.sent > 100_000);
        if met {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    node.kill().unwrap();
    node.wait().unwrap();
    assert!(met, "{:?}", hub.links.peers());
    // The new box holds its school, counts as the hub does for it, and nothing of another's.
    let today = "2026-11-23".parse().unwrap();
    let rule = figures::rule("visits_held").unwrap();
    let scope = figures::Scope { school: Some(school), ..figures::Scope::default() };
    let there = hub.site.store.read(|c| figures::count(c, rule, &scope, today)).unwrap();
    let files = Files(dir.path().join("one"));
    let store = node::open_store(&files, &files.settings().unwrap(), &Env::system()).unwrap();
    let here = store.read(|c| figures::count(c, rule, &figures::Scope::default(), today)).unwrap();
    assert!(here.value > 0);
    assert_eq!(here, there);
}

#[test]
fn a_school_s_node_gives_no_role_beyond_its_school() {
    let two = two();
    let kinds = house::kinds();
    let kind = kinds.get("grant_of_role").unwrap();
    let today = "2026-11-23".parse().unwrap();
    let person = two.person();
    let scope = Scope::Person(person);
    let elsewhere = one(
        &two.hub,
        &format!("SELECT id FROM organisation WHERE kind = 'supported_school' AND id <> x'{}' LIMIT 1", hex(two.home)),
    );
    let give = |store: &Store, role: &str, at: Option<Subject>| {
        let mut change =
            Change::new().with_link("person", person).with_text("role", role).with_text("from_on", "2020-01-01");
        if let Some(at) = at {
            change = change.with_link("organisation", at);
        }
        store.write(Context::NODE, |tx| append(tx, kind, scope, tx.subject(&scope), change, None)).unwrap();
    };
    let before = two.hub.read(|c| people::reader_of(c, person, today)).unwrap().grants.len();
    give(&two.school, "administrator", None);
    give(&two.school, "officer", Some(two.home));
    give(&two.school, "head", Some(elsewhere));
    give(&two.school, "head", Some(two.home));
    two.meet();
    for store in [&two.hub, &two.school] {
        let reader = store.read(|c| people::reader_of(c, person, today)).unwrap();
        assert_eq!(reader.grants.len(), before + 1);
        assert!(reader.is(records::Role::Head));
        assert!(!reader.is(records::Role::Administrator));
    }
    give(&two.hub, "officer", None);
    assert!(two.hub.read(|c| people::reader_of(c, person, today)).unwrap().is(records::Role::Officer));
}

/// What a stolen box may try with its own key, each time in vain.
#[test]
fn a_box_makes_no_account_no_member_and_empties_nothing() {
    let two = two();
    let kinds = house::kinds();
    let programme = Scope::Programme(two.programme);
    let today = "2026-11-23".parse().unwrap();
    let write = |name: &str, scope: Scope, subject: Option<Subject>, change: Change| {
        let kind = kinds.get(name).unwrap();
        two.school
            .write(Context::NODE, |tx| append(tx, kind, scope, subject.unwrap_or(tx.subject(&scope)), change, None))
            .unwrap();
    };
    let admin = one(&two.hub, "SELECT person FROM grant_of_role WHERE role = 'administrator' LIMIT 1");
    let hub_record = one(&two.hub, "SELECT id FROM node WHERE school IS NULL");
    let unit = one(&two.hub, "SELECT id FROM organisation WHERE kind = 'assisting_unit' ORDER BY id LIMIT 1");
    let accounts = number(&two.hub, "SELECT count(*) FROM account");
    let units = number(&two.hub, "SELECT count(*) FROM organisation");

    // An account of the administrator's in a scope that the box may write.
    let account =
        || Change::new().with_link("person", admin).with_text("sign_in_name", "x").with_text("password_hash", "y");
    write("account", programme, None, account());
    write("account", Scope::School(two.home), None, account());
    // A posting and an outlying school that would bring others' accounts and records to the box.
    write("posting", programme, None, Change::new().with_link("person", admin).with_link("school", two.home));
    write(
        "organisation",
        programme,
        Some(unit),
        Change::new().with_text("kind", "outlying_school").with_link("parent", two.home),
    );
    // The hub's own record as another kind of thing, from before all time, and emptied.
    write("visit", programme, Some(hub_record), Change::new().with_text("purpose", "x"));
    two.school
        .write(Context::NODE, |tx| tx.append(&log::erase_draft(programme, hub_record, &["node"]).unwrap()))
        .unwrap();
    two.meet();

    let hub = &two.hub;
    assert_eq!(number(hub, "SELECT count(*) FROM account"), accounts);
    assert_eq!(number(hub, "SELECT count(*) FROM organisation"), units);
    assert_eq!(said(hub, &format!("SELECT kind FROM organisation WHERE id = x'{}'", hex(unit))), "assisting_unit");
    assert!(
        !hub.read(|c| Ok::<_, LogError>(two.members.holds(c, two.school.key().id(), &Scope::Person(admin)))).unwrap()
    );
    assert!(hub.read(|c| people::reader_of(c, admin, today)).unwrap().is(records::Role::Administrator));
    let rows = |store: &Store| {
        ["node", "visit", "organisation", "account", "posting"]
            .map(|t| number(store, &format!("SELECT count(*) FROM {t}")))
    };
    let live = rows(hub);
    hub.rebuild().unwrap();
    assert_eq!(rows(hub), live, "rebuild equals live, whatever its entries call a record");
}

#[test]
fn what_a_box_wrote_before_it_was_refused_reaches_the_next_one() {
    let two = two();
    let visit = one(&two.school, "SELECT id FROM visit ORDER BY id LIMIT 1");
    two.change(&two.school, "visit", visit, Change::new().with_text("advice", "written on the old box"));
    two.meet();
    two.hub
        .write(Context::NODE, |tx| nodes::revoke(tx, &house::kinds(), two.programme, two.school.key().id(), "stolen"))
        .unwrap();
    // A new box of the same school takes in all that the hub holds, the old one's chains among it.
    let (_dir, fresh) = copy(2);
    std::fs::remove_file(fresh.database()).unwrap();
    let store = node::open_store(&fresh, &fresh.settings().unwrap(), &Env::system()).unwrap();
    two.hub.sign().unwrap();
    let mut chains: Vec<_> = two.hub.read(|c| log::vector(c, &|_| true)).unwrap().into_keys().collect();
    chains.sort_by_key(|(scope, node)| (*node != two.members.hub, !matches!(scope, Scope::Programme(_))));
    for (scope, node) in chains {
        if !matches!(scope, Scope::Programme(_)) && scope != Scope::School(two.home) {
            continue;
        }
        let mut after = 0;
        while let Some(segment) = two.hub.read(|c| log::since(c, &scope, node, after)).unwrap() {
            after = segment.entries.last().unwrap().header.seq;
            log::receive(&store, &two.members, &segment).unwrap();
        }
    }
    assert_eq!(
        said(&store, &format!("SELECT advice FROM visit WHERE id = x'{}'", hex(visit))),
        "written on the old box"
    );
    // The hub takes nothing new of the refused box.
    two.change(&two.school, "visit", visit, Change::new().with_text("advice", "written by the thief"));
    two.school.sign().unwrap();
    let scope = Scope::School(two.home);
    let node = two.school.key().id();
    let has = two.hub.read(|c| log::vector(c, &|_| true)).unwrap()[&(scope, node)].seq;
    let segment = two.school.read(|c| log::since(c, &scope, node, has)).unwrap().unwrap();
    let at_hub = nodes::Members { is_hub: true, ..two.members.clone() };
    assert!(matches!(log::receive(&two.hub, &at_hub, &segment), Err(LogError::NotAllowed { .. })));
}
