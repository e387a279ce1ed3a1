//! The search box: any record or page that the reader may see, in all three languages, also by what its file says.

use std::collections::BTreeSet;

use askama::Template;
use base::{Lang, Subject};
use records::{Kind, Reader};
use rusqlite::types::Value;
use web::{PageError, Reply, Request, Shell, Site};

use crate::found;
use crate::look::{Look, id_at};

/// Records of a kind that are shown.
const SHOWN: i64 = 8;

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
            // Most kinds have nothing of it: one look at the index tells which.
            let mut stmt = conn.prepare_cached(
                "SELECT DISTINCT d.kind FROM search f JOIN search_doc d ON d.doc = f.rowid WHERE f.search MATCH ?1",
            )?;
            let there = stmt.query_map([&query], |r| r.get::<_, String>(0))?.collect::<Result<BTreeSet<_>, _>>()?;
            let asked = Asked { site, look: &look, reader, query: &query, typed: &typed };
            for kind in site.kinds.all().filter(|k| !k.hidden && reader.may_read(k)) {
                let words = [Value::Text(query.clone())];
                let led = found::records(site, conn, reader, kind, &reader.sees(kind, "t"), &words, 1)?;
                if !there.contains(kind.name) && led.is_empty() {
                    continue;
                }
                let Some(group) = asked.group(kind, led)? else { continue };
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
    fn group(&self, kind: &'static Kind, led: Vec<Subject>) -> Result<Option<Group>, PageError> {
        let conn = self.look.conn;
        let own = format!(
            "FROM search f JOIN search_doc d ON d.doc = f.rowid WHERE f.search MATCH ?1 AND d.kind = '{}' AND {}",
            kind.name,
            self.reader.sees(kind, "d")
        );
        let count: i64 = conn.prepare(&format!("SELECT count(*) {own}"))?.query_row([self.query], |r| r.get(0))?;
        let others = self.not_by_themselves(led)?;
        let count = count + i64::try_from(others.len()).unwrap_or(0);
        if count == 0 {
            return Ok(None);
        }
        let mut stmt = conn.prepare(&format!("SELECT d.id {own} ORDER BY f.rank LIMIT {SHOWN}"))?;
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
        Ok(Some(Group {
            kind: kind.name,
            title: self.look.words.get(&format!("{}-list", kind.name)).into_owned(),
            icon: kind.icon,
            count,
            all: format!("/{}?q={}", kind.route, web::escape(self.typed)),
            rows: shown.map(row).collect::<Result<_, _>>()?,
        }))
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
