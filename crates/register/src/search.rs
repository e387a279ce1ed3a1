//! The search box: any record or page that the reader may see, in all three languages.

use askama::Template;
use web::{PageError, Reply, Request, Shell, Site};

use crate::look::{Look, homes_sql, id_at};

/// Records of a kind that are shown.
const SHOWN: i64 = 20;

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
    title: String,
    icon: &'static str,
    count: i64,
    all: String,
    rows: Vec<(String, String)>,
}

pub(crate) fn page(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let reader = request.reader()?;
    let typed: String = request.query("q").unwrap_or_default().chars().take(200).collect();
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let mut groups = Vec::new();
        let mut count = 0;
        if let Some(query) = text::match_query(&typed) {
            for kind in site.kinds.all().filter(|k| !k.hidden && reader.may_read(k)) {
                let homes = homes_sql(&reader.homes(kind), "d.home");
                let from = format!(
                    "FROM search f JOIN search_doc d ON d.doc = f.rowid
                     WHERE f.terms MATCH ?1 AND d.kind = '{}' AND {homes}",
                    kind.name
                );
                let found: i64 = conn.prepare(&format!("SELECT count(*) {from}"))?.query_row([&query], |r| r.get(0))?;
                if found == 0 {
                    continue;
                }
                count += found;
                let mut stmt = conn.prepare(&format!("SELECT d.id {from} ORDER BY f.rank LIMIT {SHOWN}"))?;
                let ids = stmt.query_map([&query], |r| id_at(r, 0))?.collect::<Result<Vec<_>, _>>()?;
                let rows = ids
                    .iter()
                    .map(|id| Ok((format!("/{}/{id}", kind.route), look.title(kind, id)?)))
                    .collect::<Result<_, PageError>>()?;
                groups.push(Group {
                    title: look.words.get(&format!("{}-list", kind.name)).into_owned(),
                    icon: kind.icon,
                    count: found,
                    all: format!("/{}?q={}", kind.route, web::escape(&typed)),
                    rows,
                });
            }
        }
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
