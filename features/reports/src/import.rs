//! A roster that comes in: first it is looked at, then taken. The file itself is let go at once; what waits to be taken is what was
//! read of it, which holds no column that is refused.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use base::{Hash, Scope, Subject};
use log::{Context, Tx};
use records::Change;
use register::Refusal;
use rusqlite::Connection;
use serde_json::{Value as Json, json};
use web::{NodeKind, PageError, Reply, Request, Shell, Site, seal};

use crate::OFFICE;
use crate::oneroster::{Organisation, Roster, User, read};
use crate::page;

/// What the roster waits under.
const SEAL: &str = "roster";
/// What a school of a roster can be here, the likeliest first.
const SCHOOLS: [&str; 4] = ["supported_school", "outlying_school", "partner_school", "assisting_unit"];
/// Rows that are shown before they are taken.
const SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "roster.html")]
struct LookPage<'a> {
    s: Shell<'a>,
    system: String,
    waits: String,
    sealed: String,
    organisations: Vec<(String, String, bool)>,
    users: Vec<(String, String, bool)>,
    more: i64,
    new: (i64, i64),
    here: i64,
    refused: Vec<(String, String)>,
    children: i64,
    unclear: i64,
    schools: Vec<(&'static str, String)>,
    asks: bool,
}

/// Refuses who may not bring a roster in, and every node but the hub: asked before the file is read.
pub(crate) fn may_take(site: &Site, request: &Request) -> Result<(), PageError> {
    if !request.reader()?.is_any(OFFICE) {
        return Err(PageError::NotAllowed);
    }
    if site.node_kind == NodeKind::Hub { Ok(()) } else { Err(PageError::Rule("only-at-hub".to_owned())) }
}

fn wrong(e: impl std::fmt::Display) -> PageError {
    PageError::Internal(e.to_string())
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Shows what would be taken of the file that was sent, and what is refused.
pub(crate) fn look(site: &Site, request: &Request) -> Result<Reply, PageError> {
    may_take(site, request)?;
    let words = request.words(site);
    let refuse = |key: &str| Ok(Reply::Invalid(page::render(site, request, Some(words.get(key).into_owned()))?));
    let Some(sent) = request.files.first() else { return refuse("rule-no-file") };
    let roster = match site.blobs.open_blob(&sent.hash).map_err(wrong)? {
        Some(file) => read(file),
        None => return Err(PageError::NotFound),
    };
    // Demographics that came along do not stay, not even for the day that an upload may wait.
    let named = site.store.read(|conn| register::named(conn, &site.kinds))?;
    if !named.contains(&sent.hash) {
        site.blobs.remove(&sent.hash).map_err(wrong)?;
    }
    let roster = match roster {
        Ok(roster) => roster,
        Err(packages::Refusal::Broken) => return refuse("report-roster-broken"),
        Err(e) => return refuse(&format!("rule-package-{}", e.code())),
    };
    if roster.organisations.is_empty() && roster.users.is_empty() {
        return refuse("report-roster-empty");
    }
    let (waits, _) = site.blobs.put(kept(&roster).to_string().as_bytes()).map_err(wrong)?;
    let html = site.store.read(|conn| shown(site, request, conn, &roster, &waits))?;
    Ok(Reply::Page(html))
}

fn shown(
    site: &Site,
    request: &Request,
    conn: &Connection,
    roster: &Roster,
    waits: &Hash,
) -> Result<String, PageError> {
    let words = request.words(site);
    let known = Known::of(site, conn, roster)?;
    let kind = |o: &Organisation| words.get(&format!("word-{}", kind_of(o, ""))).into_owned();
    let organisations: Vec<(String, String, bool)> = roster
        .organisations
        .iter()
        .map(|o| {
            (
                o.name.clone(),
                if asks(o) { words.get("report-roster-a-school").into_owned() } else { kind(o) },
                known.has(&o.id),
            )
        })
        .collect();
    let at = |u: &User| roster.organisations.iter().find(|o| o.id == u.at).map_or_else(String::new, |o| o.name.clone());
    let mut users = Vec::new();
    for user in &roster.users {
        users.push((user.name.clone(), at(user), known.person(conn, site, roster, user)?.1));
    }
    let new = |rows: &[(String, String, bool)]| count(rows.iter().filter(|r| !r.2).count());
    let all = organisations.len() + users.len();
    let new = (new(&organisations), new(&users));
    let page = LookPage {
        system: roster.system.clone(),
        waits: waits.to_string(),
        sealed: seal(site, SEAL, &waits.to_string())?,
        more: count(all.saturating_sub(organisations.len().min(SHOWN) + users.len().min(SHOWN))),
        here: count(all) - new.0 - new.1,
        new,
        organisations: organisations.into_iter().take(SHOWN).collect(),
        users: users.into_iter().take(SHOWN).collect(),
        refused: roster.refused.clone(),
        children: count(roster.children),
        unclear: count(roster.unclear),
        schools: SCHOOLS.map(|k| (k, words.get(&format!("word-{k}")).into_owned())).to_vec(),
        asks: roster.organisations.iter().any(|o| asks(o) && !known.has(&o.id)),
        s: Shell::new(site, request, words.get("report-roster-look")),
    };
    Ok(page.render()?)
}

/// Takes what was looked at: all of it, or nothing.
pub(crate) fn take(site: &Site, request: &Request) -> Result<Reply, PageError> {
    may_take(site, request)?;
    let said = request.form("waits").unwrap_or_default();
    if request.form("sealed") != Some(seal(site, SEAL, said)?.as_str()) {
        return Err(PageError::Stale);
    }
    let waits: Hash = said.parse().map_err(|_| PageError::Stale)?;
    let file = site.blobs.open_blob(&waits).map_err(wrong)?.ok_or(PageError::Stale)?;
    let roster = taken_up(&serde_json::from_reader(file).map_err(wrong)?);
    let school = SCHOOLS.into_iter().find(|k| request.form("schools") == Some(k)).unwrap_or("supported_school");
    let author = request.reader()?.person;
    let done = site.store.write(Context { author }, |tx| make(tx, site, request, &roster, school));
    let (organisations, people) = match done {
        Ok(done) => done,
        Err(Refusal::Page(e)) => return Err(e),
        Err(Refusal::Fields(_)) => return Err(PageError::Rule("report-roster-row".to_owned())),
    };
    site.blobs.remove(&waits).map_err(wrong)?;
    Ok(Reply::To(format!("/reports?organisations={organisations}&people={people}")))
}

fn make(
    tx: &Tx<'_>,
    site: &Site,
    request: &Request,
    roster: &Roster,
    school: &'static str,
) -> Result<(usize, usize), Refusal> {
    let kind = |name: &str| site.kinds.get(name).ok_or(PageError::NotFound);
    let (organisation, person) = (kind("organisation")?, kind("person")?);
    let mut known = Known::of(site, tx.conn(), roster)?;
    let mut made = (0, 0);
    for o in in_order(&roster.organisations) {
        if known.has(&o.id) {
            continue;
        }
        let mut change = Change::new().with_text("name", o.name.clone()).with_text("kind", kind_of(o, school));
        if let Some(parent) = known.there.get(&o.parent) {
            change = change.with_link("parent", parent.0);
        }
        let id = derived(&roster.system, "organisation", &o.id);
        let saved = register::make_in(tx, site, request, organisation, change, None, Some(id))?;
        known.there.insert(o.id.clone(), (saved.0, kind_of(o, school).to_owned()));
        made.0 += 1;
    }
    for user in &roster.users {
        if known.person(tx.conn(), site, roster, user)?.1 {
            continue;
        }
        let mut change = Change::new().with_text("name", user.name.clone());
        if let Some((at, kind)) = known.there.get(&user.at) {
            change = change.with_link(if is_school(kind) { "school" } else { "unit" }, *at);
        }
        let id = derived(&roster.system, "person", &user.id);
        register::make_in(tx, site, request, person, change, None, Some(id))?;
        made.1 += 1;
    }
    Ok(made)
}

/// Whether the file does not say which of our kinds a school is.
fn asks(o: &Organisation) -> bool {
    kind_of(o, "").is_empty()
}

/// What an organisation of a roster is here.
fn kind_of<'a>(o: &'a Organisation, school: &'a str) -> &'a str {
    const OURS: [&str; 5] = ["assisting_unit", "supported_school", "outlying_school", "authority", "partner_school"];
    if OURS.contains(&o.own_kind.as_str()) {
        return &o.own_kind;
    }
    match o.kind.as_str() {
        "school" | "" => school,
        "department" => "assisting_unit",
        _ => "authority",
    }
}

fn is_school(kind: &str) -> bool {
    ["supported_school", "outlying_school", "partner_school"].contains(&kind)
}

/// The time and chance of an id that follows from where a row comes from, so that a roster that comes again makes nothing again.
/// The time is one that is long past (five bytes of milliseconds end in 2004): what is said of a record before it was made counts
/// for nothing.
fn derived(system: &str, kind: &str, id: &str) -> (u64, u32) {
    let hash = Hash::of(format!("zampa oneroster\0{system}\0{kind}\0{id}").as_bytes());
    let (mut ms, mut chance) = ([0; 8], [0; 4]);
    ms.iter_mut().skip(3).zip(&hash.0).for_each(|(to, from)| *to = *from);
    chance.iter_mut().zip(hash.0.iter().skip(6)).for_each(|(to, from)| *to = *from);
    (u64::from_be_bytes(ms), u32::from_be_bytes(chance))
}

/// Parents before what is a part of them.
fn in_order(all: &[Organisation]) -> Vec<&Organisation> {
    let ids: BTreeSet<&str> = all.iter().map(|o| o.id.as_str()).collect();
    let mut left: Vec<&Organisation> = all.iter().collect();
    let (mut out, mut done) = (Vec::new(), BTreeSet::new());
    loop {
        let ready = |o: &&Organisation| !ids.contains(o.parent.as_str()) || done.contains(o.parent.as_str());
        let (now, later): (Vec<_>, Vec<_>) = left.into_iter().partition(ready);
        if now.is_empty() {
            // What is left is a part of itself, by some way round.
            out.extend(later);
            return out;
        }
        done.extend(now.iter().map(|o| o.id.as_str()));
        out.extend(now);
        left = later;
    }
}

/// Which organisations of a roster are here already, by its own id of them: ours, or those that came before.
struct Known {
    there: BTreeMap<String, (Subject, String)>,
}

impl Known {
    fn of(site: &Site, conn: &Connection, roster: &Roster) -> Result<Self, PageError> {
        let mut there = BTreeMap::new();
        for o in &roster.organisations {
            let (ms, chance) = derived(&roster.system, "organisation", &o.id);
            let came = Subject::new(&Scope::Programme(site.programme), ms, chance);
            for id in o.id.parse().into_iter().chain([came]) {
                if let Some(kind) = exists(conn, "organisation", "kind", &id)? {
                    there.entry(o.id.clone()).or_insert((id, kind));
                }
            }
        }
        Ok(Self { there })
    }

    fn has(&self, id: &str) -> bool {
        self.there.contains_key(id)
    }

    /// Which id somebody has or would have, and whether they are here.
    fn person(
        &self,
        conn: &Connection,
        site: &Site,
        roster: &Roster,
        user: &User,
    ) -> Result<(Subject, bool), PageError> {
        if let Ok(own) = user.id.parse::<Subject>()
            && exists(conn, "person", "state", &own)?.is_some()
        {
            return Ok((own, true));
        }
        let at = self.there.get(&user.at).filter(|(_, kind)| is_school(kind));
        let school = at.map(|(id, _)| records::school_of(conn, id)).transpose()?.flatten();
        let scope = school.map_or(Scope::Programme(site.programme), Scope::School);
        let (ms, chance) = derived(&roster.system, "person", &user.id);
        let came = Subject::new(&scope, ms, chance);
        Ok((came, exists(conn, "person", "state", &came)?.is_some()))
    }
}

fn exists(conn: &Connection, table: &str, column: &str, id: &Subject) -> Result<Option<String>, PageError> {
    use rusqlite::OptionalExtension as _;
    let sql = format!("SELECT coalesce({column}, '') FROM {table} WHERE id = ?1");
    Ok(conn.prepare_cached(&sql)?.query_row([id.as_bytes()], |r| r.get(0)).optional()?)
}

/// What waits to be taken.
fn kept(roster: &Roster) -> Json {
    let organisation = |o: &Organisation| json!([o.id, o.name, o.kind, o.own_kind, o.parent]);
    json!({
        "system": roster.system,
        "organisations": roster.organisations.iter().map(organisation).collect::<Vec<_>>(),
        "users": roster.users.iter().map(|u| json!([u.id, u.name, u.at])).collect::<Vec<_>>(),
    })
}

fn taken_up(kept: &Json) -> Roster {
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    let rows = |name: &str| kept.get(name).and_then(Json::as_array).cloned().unwrap_or_default();
    let cell = |row: &Json, i: usize| row.get(i).map(text).unwrap_or_default();
    let organisation = |r: &Json| Organisation {
        id: cell(r, 0),
        name: cell(r, 1),
        kind: cell(r, 2),
        own_kind: cell(r, 3),
        parent: cell(r, 4),
    };
    let user = |r: &Json| User { id: cell(r, 0), name: cell(r, 1), at: cell(r, 2) };
    Roster {
        system: kept.get("system").map(text).unwrap_or_default(),
        organisations: rows("organisations").iter().map(organisation).collect(),
        users: rows("users").iter().map(user).collect(),
        ..Roster::default()
    }
}
