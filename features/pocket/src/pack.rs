//! What a pocket takes along: the visits to come, what each host asked for, the last advice given there, and who may sign
//! in. Nothing that its person could not see on a page.

use base::{Lang, Subject};
use records::{Kind, Reader, literal};
use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::{Value as Json, json};
use web::{PageError, Request, Site};

/// For how many days a pocket keeps what it took along.
const DAYS: u64 = 30;
/// Visits, hosts, people of one host, and colleagues that are taken along.
const MAX_VISITS: usize = 60;
const MAX_HOSTS: usize = 150;
/// Other schools, of which a phone takes no more along than what they are called.
const MAX_FAR: usize = 800;
const MAX_PEOPLE: usize = 150;
const MAX_COLLEAGUES: usize = 200;

/// Gathers it.
pub(crate) fn pack(site: &Site, request: &Request) -> Result<Json, PageError> {
    let reader = request.reader()?;
    let today = site.today().to_string();
    site.store.read(|conn| {
        // Who may write no visit takes along what else a phone is for: lessons to be seen, tours that are led.
        let visits_too = reader.may_make(kind(site, "visit")?);
        let mut hosts = Vec::new();
        let (schools, visits, at, far) = if visits_too {
            let visits = visits(site, conn, reader, &today)?;
            let at = hosts_of(site, conn, reader, &visits)?;
            let far = far(site, conn, reader, &at)?;
            (schools(site, conn, reader)?, visits, at, far)
        } else {
            (Vec::new(), Vec::new(), Vec::new(), Vec::new())
        };
        for host in at {
            let (last, people) = (last(site, conn, reader, &host.id)?, people(site, conn, reader, &host.id)?);
            let mut host = host.json("title");
            if let Some(host) = host.as_object_mut() {
                host.insert("last".to_owned(), last);
                host.insert("people".to_owned(), people);
            }
            hosts.push(host);
        }
        Ok(json!({
            "person": me(conn, reader)?,
            "node": site.node_title,
            "node_names": names_of_node(site),
            "made": site.now_ms(),
            "until": site.now_ms() + DAYS * 24 * 3_600_000,
            "today": today,
            "visits_too": visits_too,
            "schools": as_json(&schools, "title"),
            "visits": visits,
            "hosts": hosts,
            "far": as_json(&far, "title"),
            "colleagues": colleagues(site, conn, reader)?,
            "seen": crate::seen::pack(site, conn, reader)?,
        }))
    })
}

fn kind(site: &Site, name: &str) -> Result<&'static Kind, PageError> {
    site.kinds.get(name).ok_or(PageError::NotFound)
}

fn id(row: &Row<'_>, at: usize) -> rusqlite::Result<Subject> {
    let bytes: Vec<u8> = row.get(at)?;
    Ok(Subject::try_from(bytes.as_slice()).unwrap_or_default())
}

/// A person or a school with what it is called in other languages: a phone changes its reader's where no node is.
struct Named {
    id: Subject,
    name: String,
    names: Json,
}

impl Named {
    /// Reads one from `id, name, names`.
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let names: Option<String> = row.get(2)?;
        Ok(Self {
            id: id(row, 0)?,
            name: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
            names: names.and_then(|names| serde_json::from_str(&names).ok()).unwrap_or(Json::Null),
        })
    }

    fn json(&self, key: &str) -> Json {
        let mut said = json!({ "id": self.id.to_string(), key: self.name });
        if let (Some(said), Some(names)) = (said.as_object_mut(), self.names.as_object().filter(|n| !n.is_empty())) {
            said.insert("names".to_owned(), Json::Object(names.clone()));
        }
        said
    }
}

fn as_json(found: &[Named], key: &str) -> Json {
    found.iter().map(|one| one.json(key)).collect()
}

fn me(conn: &Connection, reader: &Reader) -> Result<Json, PageError> {
    let sql = "SELECT p.id, p.name, p.names FROM person p WHERE p.id = ?1";
    let found = conn.prepare_cached(sql)?.query_row([reader.person.as_bytes()], Named::read).optional()?;
    Ok(found.map_or_else(|| json!({ "id": reader.person.to_string(), "name": "" }), |me| me.json("name")))
}

fn names_of_node(site: &Site) -> Json {
    Lang::ALL.into_iter().map(|lang| (lang.code().to_owned(), Json::String(site.node_called(lang)))).collect()
}

/// The schools from which the reader sets out.
fn schools(site: &Site, conn: &Connection, reader: &Reader) -> Result<Vec<Named>, PageError> {
    let sees = reader.sees(kind(site, "organisation")?, "o");
    let own: Vec<String> = reader.schools().iter().map(literal).collect();
    let which = if own.is_empty() { String::new() } else { format!("AND o.id IN ({})", own.join(", ")) };
    let sql = format!(
        "SELECT o.id, o.name, o.names FROM organisation o
         WHERE o.kind = 'supported_school' AND {sees} {which} ORDER BY o.title_key LIMIT 60"
    );
    Ok(conn.prepare(&sql)?.query_map([], Named::read)?.collect::<Result<_, _>>()?)
}

/// Planned visits that the reader goes on, or that set out from a school of theirs; the nearest day first, and those too whose
/// day has passed, since somebody may have yet to record them.
fn visits(site: &Site, conn: &Connection, reader: &Reader, today: &str) -> Result<Vec<Json>, PageError> {
    let sees = reader.sees(kind(site, "visit")?, "v");
    let own: Vec<String> = reader.schools().iter().map(literal).collect();
    let me = literal(&reader.person);
    let sql = format!(
        "SELECT v.id, v.purpose, v.host, v.from_school, v.starts_on, v.ends_on, v.asked, t.title, t.route
         FROM visit v LEFT JOIN trip t ON t.id = v.trip
         WHERE coalesce(v.state, 'planned') = 'planned' AND {sees}
           AND (v.from_school IN ({}) OR EXISTS (SELECT 1 FROM visit_visitors w WHERE w.id = v.id AND w.value = {me}))
         ORDER BY abs(julianday(v.starts_on) - julianday(?1)), v.id LIMIT {MAX_VISITS}",
        if own.is_empty() { "NULL".to_owned() } else { own.join(", ") }
    );
    let mut stmt = conn.prepare(&sql)?;
    let mut rows = stmt.query([today])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let visit = id(row, 0)?;
        let text = |at: usize| row.get::<_, Option<String>>(at).map(Option::unwrap_or_default);
        let visitors = conn
            .prepare_cached("SELECT value FROM visit_visitors WHERE id = ?1")?
            .query_map([visit.as_bytes()], |r| id(r, 0))?
            .collect::<Result<Vec<_>, _>>()?;
        out.push(json!({
            "id": visit.to_string(),
            "base": base::base32::encode(&log::frontier(conn, &visit)?.to_bytes()),
            "purpose": text(1)?,
            "host": id(row, 2)?.to_string(),
            "from": id(row, 3)?.to_string(),
            "starts": text(4)?,
            "ends": text(5)?,
            "asked": text(6)?,
            "trip": text(7)?,
            "route": text(8)?,
            "visitors": visitors.iter().map(Subject::to_string).collect::<Vec<_>>(),
        }));
    }
    Ok(out)
}

/// The hosts of those visits first, then the schools round those of the reader, and hosts where they were before.
fn hosts_of(site: &Site, conn: &Connection, reader: &Reader, visits: &[Json]) -> Result<Vec<Named>, PageError> {
    let sees = reader.sees(kind(site, "organisation")?, "o");
    let planned: Vec<String> = visits
        .iter()
        .filter_map(|v| v.get("host")?.as_str()?.parse::<Subject>().ok())
        .map(|host| literal(&host))
        .collect();
    let own: Vec<String> = reader.schools().iter().map(literal).collect();
    let list = |ids: &[String]| if ids.is_empty() { "NULL".to_owned() } else { ids.join(", ") };
    let (planned, own) = (list(&planned), list(&own));
    let (visited, me) = (reader.sees(kind(site, "visit")?, "v"), literal(&reader.person));
    let sql = format!(
        "WITH been AS (SELECT v.host FROM visit v WHERE v.state IN ('held', 'followed_up') AND {visited}
             AND (v.from_school IN ({own}) OR EXISTS (SELECT 1 FROM visit_visitors w WHERE w.id = v.id AND w.value = {me})))
         SELECT o.id, o.name, o.names FROM organisation o
         WHERE {sees} AND coalesce(o.state, 'active') = 'active'
           AND (o.id IN ({planned}) OR (o.kind = 'outlying_school' AND (o.parent IN ({own}) OR ?1)) OR o.id IN been)
         ORDER BY o.id IN ({planned}) DESC, o.kind = 'outlying_school' AND (o.parent IN ({own}) OR ?1) DESC, o.title_key
         LIMIT {MAX_HOSTS}"
    );
    let everywhere = reader.schools().is_empty();
    Ok(conn.prepare(&sql)?.query_map([everywhere], Named::read)?.collect::<Result<_, _>>()?)
}

/// All other schools, those of the same region first: whoever comes somewhere that nobody planned finds it by its name.
fn far(site: &Site, conn: &Connection, reader: &Reader, near: &[Named]) -> Result<Vec<Named>, PageError> {
    let sees = reader.sees(kind(site, "organisation")?, "o");
    let near: Vec<String> = near.iter().map(|host| literal(&host.id)).collect();
    let own: Vec<String> = reader.schools().iter().map(literal).collect();
    let list = |ids: &[String]| if ids.is_empty() { "NULL".to_owned() } else { ids.join(", ") };
    let sql = format!(
        "SELECT o.id, o.name, o.names FROM organisation o
         WHERE {sees} AND coalesce(o.state, 'active') = 'active' AND o.name IS NOT NULL
           AND o.kind IN ('outlying_school', 'supported_school') AND coalesce(o.id NOT IN ({}), 1)
         ORDER BY coalesce(o.region IN (SELECT region FROM organisation WHERE id IN ({})), 0) DESC, o.title_key LIMIT {MAX_FAR}",
        list(&near),
        list(&own)
    );
    Ok(conn.prepare(&sql)?.query_map([], Named::read)?.collect::<Result<_, _>>()?)
}

/// The advice of the last visit there that left one.
fn last(site: &Site, conn: &Connection, reader: &Reader, host: &Subject) -> Result<Json, PageError> {
    let sees = reader.sees(kind(site, "visit")?, "v");
    let sql = format!(
        "SELECT v.held_on, v.advice, v.follow_up, CASE v.state WHEN 'held' THEN v.follow_up_on END FROM visit v
         WHERE v.host = ?1 AND v.state IN ('held', 'followed_up') AND v.advice IS NOT NULL AND {sees}
         ORDER BY v.held_on DESC, v.id DESC LIMIT 1"
    );
    let text = |row: &Row<'_>, at: usize| row.get::<_, Option<String>>(at).map(Option::unwrap_or_default);
    let found = conn
        .prepare(&sql)?
        .query_row([host.as_bytes()], |r| {
            Ok(json!({ "day": text(r, 0)?, "advice": text(r, 1)?, "follow_up": text(r, 2)?, "due": text(r, 3)? }))
        })
        .optional()?;
    Ok(found.unwrap_or(Json::Null))
}

/// Grown-up people whom one may choose by name: no class's device, no pupil.
const ADULT: &str =
    "coalesce(p.state, 'active') = 'active' AND p.name IS NOT NULL AND NOT EXISTS (SELECT 1 FROM grant_of_role g
   WHERE g.person = p.id AND g.role IN ('device', 'pupil'))";

/// Who may sign in at a host: its own people first, then those of the school it belongs to, who often come along.
fn people(site: &Site, conn: &Connection, reader: &Reader, host: &Subject) -> Result<Json, PageError> {
    let sees = reader.sees(kind(site, "person")?, "p");
    let sql = format!(
        "SELECT p.id, p.name, p.names FROM person p
         WHERE (p.school = ?1 OR p.school = (SELECT o.parent FROM organisation o WHERE o.id = ?1)) AND {ADULT} AND {sees}
         ORDER BY p.school = ?1 DESC, p.title_key LIMIT {MAX_PEOPLE}"
    );
    let found = conn.prepare(&sql)?.query_map([host.as_bytes()], Named::read)?.collect::<Result<Vec<_>, _>>()?;
    Ok(as_json(&found, "name"))
}

/// Who may go along: people of the reader's schools, and those posted there.
fn colleagues(site: &Site, conn: &Connection, reader: &Reader) -> Result<Json, PageError> {
    let sees = reader.sees(kind(site, "person")?, "p");
    let own: Vec<String> = reader.schools().iter().map(literal).collect();
    let me = literal(&reader.person);
    let own = if own.is_empty() { "NULL".to_owned() } else { own.join(", ") };
    let sql = format!(
        "SELECT p.id, p.name, p.names FROM person p
         WHERE {ADULT} AND {sees}
           AND (p.id = {me} OR p.id IN (SELECT person FROM posting WHERE state = 'arrived' AND school IN ({own}))
                OR p.school IN ({own}))
         ORDER BY p.id = {me} DESC, p.school IS NOT NULL, p.title_key LIMIT {MAX_COLLEAGUES}"
    );
    let found = conn.prepare(&sql)?.query_map([], Named::read)?.collect::<Result<Vec<_>, _>>()?;
    Ok(as_json(&found, "name"))
}
