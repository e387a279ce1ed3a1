//! Two versions of one field, written apart: both are shown until a person settles it.

use std::collections::BTreeSet;

use askama::Template;
use base::{NodeId, Subject};
use records::{Change, Kind, STATE, fold};
use rusqlite::Connection;
use web::{PageError, Reply, Request, Shell, Site};

use crate::command::{Refusal, save_change, visible};
use crate::history::{done, who};
use crate::look::{Look, id_at};

/// A field with more than one version.
pub(crate) struct Clash {
    pub field: String,
    pub label: String,
    pub versions: Vec<VersionShown>,
}

pub(crate) struct VersionShown {
    pub said: String,
    pub at: String,
    pub node: String,
    pub seq: u64,
}

/// The fields of a record that two people changed apart.
pub(crate) fn clashes(
    site: &Site,
    request: &Request,
    conn: &Connection,
    kind: &'static Kind,
    id: &Subject,
) -> Result<Vec<Clash>, PageError> {
    let any: bool = conn
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM conflict WHERE id = ?1)")?
        .query_row([id.as_bytes()], |r| r.get(0))?;
    if !any {
        return Ok(Vec::new());
    }
    let look = Look::new(site, request, conn);
    let entries = log::entries_of(conn, id)?;
    let Some(folded) = fold(&site.kinds, site.hub, &entries) else { return Ok(Vec::new()) };
    let hands = look.in_hands(kind, id)?;
    let mut out = Vec::new();
    for (name, versions) in &folded.conflicts {
        let mut shown = Vec::new();
        for v in versions {
            let said = match kind.field(name) {
                Some(field) if !field.secret && (hands || !field.for_hands) => {
                    look.value_told(kind, field, id, &v.value)?
                }
                None if name == STATE => look.state(kind, v.value.as_text().unwrap_or_default()),
                _ => continue,
            };
            let when = look.words.moment(v.clock.ms(), &site.zone());
            shown.push(VersionShown {
                said,
                at: format!("{when} · {}", who(&look, &v.author, v.node)?),
                node: v.node.to_string(),
                seq: v.seq,
            });
        }
        let label = if name == STATE { look.words.get("field-state").into_owned() } else { look.field(kind, name) };
        if !shown.is_empty() {
            out.push(Clash { field: name.clone(), label, versions: shown });
        }
    }
    Ok(out)
}

/// The page of one record's versions is the record's own.
pub(crate) fn page(site: &Site, request: &Request, kind: &'static Kind) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    site.store.read(|conn| visible(conn, request.reader()?, kind, &id))?;
    Ok(Reply::To(format!("/{}/{id}", kind.route)))
}

/// Keeps one version: a new entry that has seen them all.
pub(crate) fn settle(site: &Site, request: &Request, kind: &'static Kind) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let field = request.form("field").ok_or(PageError::Malformed("field"))?.to_owned();
    let node: NodeId = request.form("node").and_then(|n| n.parse().ok()).ok_or(PageError::Malformed("node"))?;
    let seq: u64 = request.form("seq").and_then(|n| n.parse().ok()).ok_or(PageError::Malformed("seq"))?;
    let reader = request.reader()?;
    let value = site.store.read(|conn| {
        visible(conn, reader, kind, &id)?;
        let entries = log::entries_of(conn, &id)?;
        let folded = fold(&site.kinds, site.hub, &entries).ok_or(PageError::NotFound)?;
        let versions = folded.conflicts.get(&field).ok_or(PageError::Stale)?;
        let chosen = versions.iter().find(|v| v.node == node && v.seq == seq).ok_or(PageError::Stale)?;
        Ok::<_, PageError>(chosen.value.clone())
    })?;
    let mut change = Change::new();
    change.set.insert(field, value);
    match save_change(site, reader, kind, id, change, None) {
        Ok(()) => Ok(done(kind, id, "done-settled")),
        Err(Refusal::Page(e)) => Err(e),
        Err(Refusal::Fields(_)) => Err(PageError::Malformed("a field cannot take this value")),
    }
}

#[derive(Template)]
#[template(path = "conflicts.html")]
struct ListPage<'a> {
    s: Shell<'a>,
    fields: Vec<(String, String, String)>,
    pairs: Vec<(String, Vec<(String, String)>)>,
}

/// What is to be settled, of all that the reader sees: fields with two versions, and records that two nodes made
/// apart and that cannot both stand.
pub(crate) fn list(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let reader = request.reader()?;
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let mut fields = Vec::new();
        let mut pairs = Vec::new();
        for kind in site.kinds.all().filter(|k| !k.hidden && reader.may_read(k)) {
            let sees = reader.sees(kind, "conflict");
            let sql = format!("SELECT DISTINCT id FROM conflict WHERE kind = ?1 AND {sees} ORDER BY id LIMIT 200");
            let mut stmt = conn.prepare(&sql)?;
            let ids = stmt.query_map([kind.name], |r| id_at(r, 0))?.collect::<Result<Vec<_>, _>>()?;
            for id in ids {
                fields.push((
                    format!("/{}/{id}", kind.route),
                    look.title(kind, &id)?,
                    look.words.get(kind.name).into_owned(),
                ));
            }
            for rule in kind.rules {
                let other_kind = site.kinds.get(rule.other).unwrap_or(kind);
                let mut shown = BTreeSet::new();
                let sql = format!("SELECT * FROM ({}) LIMIT 200", rule.for_all());
                let mut stmt = conn.prepare(&sql)?;
                let found = stmt
                    .query_map([], |r| Ok((id_at(r, 0)?, r.get::<_, Option<Vec<u8>>>(1)?)))?
                    .collect::<Result<Vec<_>, _>>()?;
                for (one, other) in found {
                    let other = other.and_then(|o| Subject::try_from(o.as_slice()).ok());
                    // A pair may be found from both sides; it is shown once.
                    let pair = [one].into_iter().chain(other).collect::<BTreeSet<_>>();
                    if visible(conn, reader, kind, &one).is_err() || !shown.insert(pair) {
                        continue;
                    }
                    let both = [(kind, Some(one)), (other_kind, other)];
                    let links = both
                        .into_iter()
                        .filter_map(|(kind, id)| Some((kind, id?)))
                        .map(|(kind, id)| Ok((format!("/{}/{id}", kind.route), look.title(kind, &id)?)))
                        .collect::<Result<_, PageError>>()?;
                    pairs.push((look.words.get(&format!("rule-{}", rule.code)).into_owned(), links));
                }
            }
        }
        let title = look.words.get("conflict-list").into_owned();
        Ok::<_, PageError>(ListPage { s: Shell::new(site, request, title), fields, pairs }.render()?)
    })?;
    Ok(Reply::Page(html))
}
