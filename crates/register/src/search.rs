//! The search box: any record or page that the reader may see, in all three languages, also by what its file says.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use base::{Lang, Subject};
use records::{Kind, Reader};
use rusqlite::Connection;
use rusqlite::types::Value;
use web::{PageError, Reply, Request, Shell, Site};

use crate::found;
use crate::look::{Look, id_at};

/// Records of a kind that are shown.
const SHOWN: i64 = 8;

/// Records of a kind among which those that fit best are sought.
const RANKED: i64 = 500;

/// The kinds that come first, in this order.
const FIRST: [&str; 4] = ["person", "organisation", "need", "visit"];

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage<'a> {
    s: Shell<'a>,
    typed: String,
    pages: Vec<(String, String)>,
    groups: Vec<Group>,
    count: i64,
}

struct Group {
    kind: &'static str,
    title: String,
    icon: &'static str,
    count: i64,
    all: String,
    rows: Vec<Row>,
}

/// A record that was found.
struct Row {
    href: String,
    title: String,
    detail: String,
    /// A line of its file, where the words stand there, and its language.
    line: Option<(String, &'static str)>,
}

pub(crate) fn page(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let reader = request.reader()?;
    let typed: String = request.query("q").unwrap_or_default().chars().take(200).collect();
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let mut groups = Vec::new();
        let mut count = 0;
        if let Some(query) = text::match_query(&typed) {
            let kinds: Vec<_> = site.kinds.all().filter(|k| !k.hidden && reader.may_read(k)).collect();
            let counts = counts(conn, reader, &kinds, &query)?;
            let asked = Asked { site, look: &look, reader, query: &query, typed: &typed };
            for kind in kinds {
                let words = [Value::Text(query.clone())];
                let led = found::records(site, conn, reader, kind, &reader.sees(kind, "t"), &words, 1)?;
                let own = counts.get(kind.name).copied().unwrap_or(0);
                if own == 0 && led.is_empty() {
                    continue;
                }
                let group = asked.group(kind, own, led)?;
                count += group.count;
                groups.push(group);
            }
        }
        // Places and people first: what most look for by a name.
        groups.sort_by_key(|g| FIRST.iter().position(|k| *k == g.kind).unwrap_or(FIRST.len()));
        let wanted = text::fold(&typed);
        let pages: Vec<(String, String)> = site
            .nav
            .iter()
            .filter(|n| n.check.allows(site, Some(reader)))
            .map(|n| (n.href.clone(), look.words.get(&n.key).into_owned()))
            .filter(|(_, said)| !wanted.trim().is_empty() && text::fold(said).contains(wanted.trim()))
            .collect();
        count += i64::try_from(pages.len()).unwrap_or(0);
        let s = Shell::new(site, request, look.words.get("search-title"));
        Ok::<_, PageError>(SearchPage { s, typed, pages, groups, count }.render()?)
    })?;
    Ok(Reply::Page(html))
}

/// How many records of each kind the reader finds by their own words, in one walk through the index.
fn counts(
    conn: &Connection,
    reader: &Reader,
    kinds: &[&Kind],
    query: &str,
) -> Result<BTreeMap<String, i64>, PageError> {
    let sees: String = kinds.iter().map(|k| format!(" WHEN '{}' THEN ({})", k.name, reader.sees(k, "d"))).collect();
    if sees.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut stmt = conn.prepare(&format!(
        "SELECT d.kind, count(*) FROM search f JOIN search_doc d ON d.doc = f.rowid
         WHERE f.search MATCH ?1 AND CASE d.kind{sees} ELSE 0 END GROUP BY d.kind"
    ))?;
    Ok(stmt.query_map([query], |r| Ok((r.get(0)?, r.get(1)?)))?.collect::<Result<_, _>>()?)
}

/// What is searched, and for whom.
struct Asked<'a> {
    site: &'a Site,
    look: &'a Look<'a>,
    reader: &'a Reader,
    query: &'a str,
    typed: &'a str,
}

impl Asked<'_> {
    /// The records of a kind that are found: by their own words first, then those to which files lead.
    fn group(&self, kind: &'static Kind, own: i64, led: Vec<Subject>) -> Result<Group, PageError> {
        let conn = self.look.conn;
        let hits = format!(
            "FROM search f JOIN search_doc d ON d.doc = f.rowid WHERE f.search MATCH ?1 AND d.kind = '{}' AND {}",
            kind.name,
            self.reader.sees(kind, "d")
        );
        let others = self.not_by_themselves(led)?;
        let count = own + i64::try_from(others.len()).unwrap_or(0);
        // How well each fits is asked of those that came last: a word that stands in more tells nothing.
        let mut stmt = conn.prepare(&format!(
            "SELECT id FROM (SELECT d.id AS id, f.rank AS fits {hits} ORDER BY f.rowid DESC LIMIT {RANKED})
             ORDER BY fits LIMIT {SHOWN}"
        ))?;
        let shown = stmt.query_map([self.query], |r| id_at(r, 0))?.collect::<Result<Vec<_>, _>>()?;
        let shown = shown.into_iter().chain(others).take(usize::try_from(SHOWN).unwrap_or_default());
        let row = |id: Subject| {
            let line = found::line(self.site, conn, kind, &id, self.query, self.typed)?;
            Ok::<_, PageError>(Row {
                href: format!("/{}/{id}", kind.route),
                title: self.look.title(kind, &id)?,
                detail: self.look.detail(kind, &id)?,
                line: line.map(|l| {
                    let lang = Lang::of_text(&l).code();
                    (l, lang)
                }),
            })
        };
        Ok(Group {
            kind: kind.name,
            title: self.look.words.get(&format!("{}-list", kind.name)).into_owned(),
            icon: kind.icon,
            count,
            all: format!("/{}?q={}", kind.route, web::escape(self.typed)),
            rows: shown.map(row).collect::<Result<_, _>>()?,
        })
    }

    /// Those of the records to which files lead that are not found by their own words too.
    fn not_by_themselves(&self, led: Vec<Subject>) -> Result<Vec<Subject>, PageError> {
        if led.is_empty() {
            return Ok(led);
        }
        let sql = format!(
            "SELECT d.id FROM search_doc d WHERE d.id IN ({}(?2))
             AND d.doc NOT IN (SELECT f.rowid FROM search f WHERE f.search MATCH ?1)",
            found::AMONG
        );
        let mut stmt = self.look.conn.prepare_cached(&sql)?;
        let words = rusqlite::params![self.query, found::list(&led)];
        let others = stmt.query_map(words, |r| id_at(r, 0))?.collect::<Result<BTreeSet<_>, _>>()?;
        Ok(led.into_iter().filter(|id| others.contains(id)).collect())
    }
}

/// Records offered while one types.
const OFFERED: i64 = 12;

#[derive(Template)]
#[template(path = "pick.html")]
struct PickPage {
    /// What is put into the control, and what is shown.
    options: Vec<(String, String)>,
}

/// What somebody who types the name of a record may mean: each option ends with the record's id, so that two of one
/// name are told apart.
pub(crate) fn pick(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let reader = request.reader()?;
    let name = request.params.get("kind").map(String::as_str).unwrap_or_default();
    let kind = site.kinds.get(name).filter(|k| !k.hidden && reader.may_read(k)).ok_or(PageError::NotFound)?;
    let typed = request.query.first().map(|(_, v)| v.as_str()).unwrap_or_default();
    let Some(query) = text::match_query(typed) else {
        return Ok(Reply::Page(PickPage { options: Vec::new() }.render()?));
    };
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let sees = reader.sees(kind, "d");
        let mut stmt = conn.prepare(&format!(
            "SELECT d.id FROM search f JOIN search_doc d ON d.doc = f.rowid
             WHERE f.search MATCH ?1 AND d.kind = '{}' AND {sees} ORDER BY f.rank LIMIT {OFFERED}",
            kind.name
        ))?;
        let ids = stmt.query_map([&query], |r| id_at(r, 0))?.collect::<Result<Vec<_>, _>>()?;
        let place = ["school", "unit"].into_iter().filter(|f| kind.field(f).is_some()).collect::<Vec<_>>();
        let mut options = Vec::new();
        for id in &ids {
            let title = look.title(kind, id)?;
            let mut shown = title.clone();
            for field in &place {
                let sql = format!("SELECT {field} FROM {} WHERE id = ?1", kind.name);
                let found: Option<Vec<u8>> = conn.prepare_cached(&sql)?.query_row([id.as_bytes()], |r| r.get(0))?;
                let org = found.and_then(|b| base::Subject::try_from(b.as_slice()).ok());
                if let (Some(org), Some(orgs)) = (org, look.kinds.get("organisation")) {
                    shown = format!("{shown} · {}", look.title(orgs, &org)?);
                }
            }
            options.push((format!("{title} · {id}"), shown));
        }
        Ok::<_, PageError>(PickPage { options }.render()?)
    })?;
    Ok(Reply::Page(html))
}
