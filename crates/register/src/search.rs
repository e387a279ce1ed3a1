//! The search box: any record or page that the reader may see, in all three languages, also by what its file says.

use std::collections::BTreeSet;

use askama::Template;
use base::{Lang, Subject};
use records::{Kind, Reader};
use rusqlite::Connection;
use web::{PageError, Reply, Request, Shell, Site};

use crate::found;
use crate::look::{Look, id_at, offered};
use crate::typed::Labels;

/// Records of a kind that are shown.
const SHOWN: usize = 8;

/// Records of a kind that are found by their own words, those that came last: counted, and those that fit best sought
/// among them. Where there are more, the list of the kind counts and sorts them.
const OWN: usize = 1000;

/// Records of a kind that are found by what their files say.
const LED: usize = 100;

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
    /// Whether there are more.
    more: bool,
}

struct Group {
    kind: &'static str,
    title: String,
    icon: &'static str,
    count: i64,
    /// Whether there are more.
    more: bool,
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
            let present = present(conn, &query)?;
            let asked = Asked { site, look: &look, reader, query: &query, typed: &typed };
            for kind in site.kinds.all().filter(|k| !k.hidden && reader.may_read(k)) {
                let Some(group) = asked.group(kind, present.contains(kind.name))? else { continue };
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
        let more = groups.iter().any(|g| g.more);
        Ok::<_, PageError>(SearchPage { s, typed, pages, groups, count, more }.render()?)
    })?;
    Ok(Reply::Page(html))
}

/// The kinds of which records have the words, whoever may see them.
fn present(conn: &Connection, query: &str) -> Result<BTreeSet<String>, PageError> {
    let mut stmt = conn.prepare_cached(
        "SELECT DISTINCT d.kind FROM search f JOIN search_doc d ON d.doc = f.rowid WHERE f.search MATCH ?1",
    )?;
    Ok(stmt.query_map([query], |r| r.get(0))?.collect::<Result<_, _>>()?)
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
    fn group(&self, kind: &'static Kind, has_own: bool) -> Result<Option<Group>, PageError> {
        let conn = self.look.conn;
        let own = if has_own { self.own(kind)? } else { Vec::new() };
        let own_more = own.len() > OWN;
        // Where so many are found by themselves, nobody looks for what files add.
        let led = if own_more {
            found::Led::default()
        } else {
            let words = [];
            let fits = found::Fits { sql: &self.reader.sees(kind, "t"), values: &words, query: self.query };
            found::records(self.site, conn, self.reader, kind, &fits, own.iter().copied().collect(), LED)?
        };
        let count = own.len().min(OWN) + led.ids.len();
        if count == 0 {
            return Ok(None);
        }
        let shown: Vec<Subject> = own.into_iter().chain(led.ids).take(SHOWN).collect();
        let mut lines = found::lines(self.site, conn, kind, &shown, self.query, self.typed)?;
        let row = |id: &Subject| {
            Ok::<_, PageError>(Row {
                href: format!("/{}/{id}", kind.route),
                title: self.look.title(kind, id)?,
                detail: self.look.detail(kind, id)?,
                line: lines.remove(id).map(|l| {
                    let lang = Lang::of_text(&l).code();
                    (l, lang)
                }),
            })
        };
        Ok(Some(Group {
            kind: kind.name,
            title: self.look.words.get(&format!("{}-list", kind.name)).into_owned(),
            icon: kind.icon,
            count: i64::try_from(count).unwrap_or(i64::MAX),
            more: own_more || led.more,
            all: format!("/{}?q={}", kind.route, web::escape(self.typed)),
            rows: shown.iter().map(row).collect::<Result<_, _>>()?,
        }))
    }

    /// The records of a kind that have the words themselves, those that fit best first; one more than are counted, where
    /// there are more. How well each fits is asked of those that came last: a word that stands in more tells nothing.
    fn own(&self, kind: &Kind) -> Result<Vec<Subject>, PageError> {
        let mut stmt = self.look.conn.prepare(&format!(
            "SELECT d.id, f.rank FROM search f JOIN search_doc d ON d.doc = f.rowid
             WHERE f.search MATCH ?1 AND d.kind = '{}' AND ({}) ORDER BY f.rowid DESC LIMIT {}",
            kind.name,
            self.reader.sees(kind, "d"),
            OWN + 1
        ))?;
        let rows = stmt.query_map([self.query], |r| Ok((id_at(r, 0)?, r.get::<_, f64>(1)?)))?;
        let mut own = rows.collect::<Result<Vec<_>, _>>()?;
        own.sort_by(|a, b| a.1.total_cmp(&b.1));
        Ok(own.into_iter().map(|(id, _)| id).collect())
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

/// What somebody who types the name of a record may mean: an option ends with the record's id where two would be the same.
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
            "SELECT d.id FROM search f JOIN search_doc d ON d.doc = f.rowid JOIN {0} t ON t.id = d.id
             WHERE f.search MATCH ?1 AND d.kind = '{0}' AND {sees} AND {1} ORDER BY f.rank LIMIT {OFFERED}",
            kind.name,
            offered(kind, "t")
        ))?;
        let ids = stmt.query_map([&query], |r| id_at(r, 0))?.collect::<Result<Vec<_>, _>>()?;
        let (mut options, mut labels) = (Vec::new(), Labels::new(&look, reader, kind));
        for id in &ids {
            options.push((labels.of(id)?, look.placed(kind, id)?));
        }
        Ok::<_, PageError>(PickPage { options }.render()?)
    })?;
    Ok(Reply::Page(html))
}
