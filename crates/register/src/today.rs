//! What of all records waits for a reader, comes next, or has changed: found from their kinds.

use base::Subject;
use records::{Kind, Shape};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use web::{PageError, Request, Site, TodayItem};

use crate::keep::{title_of_gone, withdrawal};
use crate::look::{Look, id_at};
use crate::waiting::waits_for;

/// Days ahead that are shown.
const AHEAD_DAYS: i64 = 30;
/// Changes that are shown.
const CHANGES: usize = 10;
/// Days for which somebody is told that what they made was withdrawn.
const GONE_DAYS: u64 = 30;
/// Changes of one kind on one day that are still shown one by one.
const FOLDED: usize = 2;
/// Changes of one kind that are looked at.
const MANY: i64 = 100;

/// The items of Today that follow from the kinds of record.
///
/// # Errors
/// What the database says.
pub fn today(site: &Site, request: &Request) -> Result<Vec<TodayItem>, PageError> {
    site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let mut items = Vec::new();
        let reader = request.reader()?;
        for kind in site.kinds.all().filter(|k| !k.hidden && reader.may_read(k)) {
            waits(&look, request, conn, kind, &site.today().to_string(), &mut items)?;
            next(site, &look, request, conn, kind, &mut items)?;
        }
        changed(site, &look, request, conn, &mut items)?;
        gone(site, &look, request, conn, &mut items)?;
        conflicts(&look, request, conn, &mut items)?;
        Ok(items)
    })
}

/// Records in a state that waits, which the reader may take on and is expected to.
fn waits(
    look: &Look<'_>,
    request: &Request,
    conn: &Connection,
    kind: &'static Kind,
    today: &str,
    items: &mut Vec<TodayItem>,
) -> Result<(), PageError> {
    let reader = request.reader()?;
    for state in kind.states {
        let Some(mine) = waits_for(reader, kind, state) else { continue };
        let sees = reader.sees(kind, "t");
        // What is planned waits once its day has come.
        let due = if *state == "planned" && kind.field("starts_on").is_some() {
            " AND t.starts_on <= ?2"
        } else {
            " AND ?2 IS NOT NULL"
        };
        let sql = format!(
            "SELECT count(*), max(t.changed), min(t.id) FROM {} t WHERE t.state = ?1 AND {sees} AND {mine}{due}",
            kind.name
        );
        let (count, last, one): (i64, Option<i64>, Option<Vec<u8>>) =
            conn.prepare(&sql)?.query_row([*state, today], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
        let told = look.state(kind, state);
        let (title, detail, href) = match one.and_then(|id| Subject::try_from(id.as_slice()).ok()) {
            Some(id) if count == 1 => {
                let detail = format!("{} · {told}", called(look, kind, &id)?);
                (look.title(kind, &id)?, detail, format!("/{}/{id}", kind.route))
            }
            Some(_) => (
                format!("{} · {told}", look.words.get(&format!("{}-list", kind.name))),
                look.words.with("list-count", &[("n", count.into())]),
                format!("/{}?state={state}&waits=me", kind.route),
            ),
            None => continue,
        };
        items.push(TodayItem {
            part: "waits",
            icon: kind.icon,
            title,
            detail,
            href,
            order: -last.unwrap_or(0),
            when: String::new(),
        });
    }
    Ok(())
}

/// What is planned for today and the coming days, and what is under way: of each kind the reader's own first.
fn next(
    site: &Site,
    look: &Look<'_>,
    request: &Request,
    conn: &Connection,
    kind: &'static Kind,
    items: &mut Vec<TodayItem>,
) -> Result<(), PageError> {
    let planned = kind.states.contains(&"planned");
    let dated = kind.fields.iter().find(|f| f.shape == Shape::Date && f.name == "starts_on");
    let (true, Some(field)) = (planned, dated) else { return Ok(()) };
    let reader = request.reader()?;
    let sees = reader.sees(kind, kind.name);
    let time = kind.fields.iter().find(|f| f.shape == Shape::Time && f.name == "starts_at").map_or("NULL", |f| f.name);
    let own = reader.named_in(kind, kind.name);
    let sql = format!(
        "SELECT id, {0}, {time} FROM {1} WHERE (state = 'planned' OR (state = 'live' AND {0} <= ?1))
         AND ({0} >= ?1 OR state = 'live') AND {0} <= date(?1, '+{AHEAD_DAYS} days')
         AND {sees} ORDER BY {own} DESC, {0}, 3, id LIMIT 8",
        field.name, kind.name
    );
    let mut stmt = conn.prepare(&sql)?;
    let values = [Value::Text(site.today().to_string())];
    let rows = stmt
        .query_map(params_from_iter(values), |r| {
            Ok((id_at(r, 0)?, r.get::<_, String>(1)?, r.get::<_, Option<String>>(2)?))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    for (id, day, time) in rows {
        let when = day.parse::<base::Date>().map_or_else(|_| day.clone(), |d| look.words.date_weekday(d));
        items.push(TodayItem {
            part: "next",
            icon: kind.icon,
            title: look.title(kind, &id)?,
            detail: called(look, kind, &id)?,
            href: format!("/{}/{id}", kind.route),
            order: day.replace('-', "").parse().unwrap_or(0),
            when: time.map_or_else(|| when.clone(), |time| format!("{when} {time}")),
        });
    }
    Ok(())
}

/// The latest changes: of a kind of which much changed on one day, how much, so that a list of names does not hide the rest.
/// Titles are made for those alone that are shown.
fn changed(
    site: &Site,
    look: &Look<'_>,
    request: &Request,
    conn: &Connection,
    items: &mut Vec<TodayItem>,
) -> Result<(), PageError> {
    let reader = request.reader()?;
    let mut latest: Vec<(i64, &'static Kind, Vec<Subject>)> = Vec::new();
    for kind in site.kinds.all().filter(|k| !k.hidden && reader.may_read(k)) {
        let sees = reader.sees(kind, kind.name);
        let sql = format!("SELECT id, changed FROM {} WHERE {sees} ORDER BY changed DESC LIMIT {MANY} + 1", kind.name);
        let mut stmt = conn.prepare(&sql)?;
        let rows = stmt.query_map([], |r| Ok((id_at(r, 0)?, r.get::<_, i64>(1)?)))?;
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        let Some(first) = rows.first().map(|(_, changed)| day_of(site, *changed)) else { continue };
        let alike = rows.iter().filter(|(_, changed)| day_of(site, *changed) == first).count();
        let (together, alone) = rows.split_at(if alike > FOLDED { alike } else { 0 });
        if let Some((_, changed)) = together.first() {
            latest.push((*changed, kind, together.iter().map(|(id, _)| *id).collect()));
        }
        latest.extend(alone.iter().take(CHANGES).map(|(id, changed)| (*changed, kind, vec![*id])));
    }
    latest.sort_by_key(|(changed, _, ids)| (std::cmp::Reverse(*changed), ids.first().copied()));
    latest.truncate(CHANGES);
    let now = site.now_ms();
    for (changed, kind, ids) in latest {
        let (title, detail, href) = match ids.as_slice() {
            [id] => (look.title(kind, id)?, called(look, kind, id)?, format!("/{}/{id}", kind.route)),
            many => {
                let n = i64::try_from(many.len()).unwrap_or(MANY);
                let key = if n > MANY { "list-count-more" } else { "list-count" };
                (
                    look.words.get(&format!("{}-list", kind.name)).into_owned(),
                    look.words.with(key, &[("n", n.min(MANY).into())]),
                    format!("/{}?sort=-changed", kind.route),
                )
            }
        };
        items.push(TodayItem {
            part: "changed",
            icon: kind.icon,
            title,
            detail,
            href,
            order: -changed,
            when: look.words.ago(base::Hlc(changed.cast_unsigned()).ms(), now),
        });
    }
    Ok(())
}

/// What the reader made, and somebody else withdrew a short while ago: nobody else would tell them.
fn gone(
    site: &Site,
    look: &Look<'_>,
    request: &Request,
    conn: &Connection,
    items: &mut Vec<TodayItem>,
) -> Result<(), PageError> {
    let (reader, now) = (request.reader()?, site.now_ms());
    let since = now.saturating_sub(GONE_DAYS * 24 * 3_600_000);
    let mut stmt = conn.prepare_cached(
        "SELECT id, kind, withdrawn_at FROM withdrawn WHERE made_by = ?1 ORDER BY withdrawn_at DESC LIMIT 5",
    )?;
    let rows = stmt
        .query_map([reader.person.as_bytes()], |r| Ok((id_at(r, 0)?, r.get::<_, String>(1)?, r.get::<_, i64>(2)?)))?;
    for row in rows {
        let (id, kind, at) = row?;
        let ms = base::Hlc(at.cast_unsigned()).ms();
        let Some(kind) = look.kinds.get(&kind).filter(|k| !k.hidden && ms >= since) else { continue };
        let entries = log::entries_of(conn, &id)?;
        let Some(folded) = records::fold(look.kinds, site.hub, &entries) else { continue };
        let Some(entry) = withdrawal(&entries).filter(|_| folded.kind.name == kind.name) else { continue };
        if !records::sees_withdrawn(conn, reader, &id, &folded)? {
            continue;
        }
        let by = crate::history::who(look, &entry.header.author, entry.header.node)?;
        items.push(TodayItem {
            part: "changed",
            icon: kind.icon,
            title: title_of_gone(look, kind, &folded)?,
            detail: format!("{} · {} · {by}", look.words.get(kind.name), look.words.get("history-withdrawn")),
            href: format!("/{}/{id}", kind.route),
            order: -at,
            when: look.words.ago(ms, now),
        });
    }
    Ok(())
}

/// The day on which a change was made.
fn day_of(site: &Site, changed: i64) -> base::Date {
    site.date_of(base::Hlc(changed.cast_unsigned()).ms())
}

/// The kind, and what tells this record from others of its title.
fn called(look: &Look<'_>, kind: &Kind, id: &Subject) -> Result<String, PageError> {
    let detail = look.detail(kind, id)?;
    let word = look.words.get(kind.name);
    Ok(if detail.is_empty() { word.into_owned() } else { format!("{word} · {detail}") })
}

fn conflicts(
    look: &Look<'_>,
    request: &Request,
    conn: &Connection,
    items: &mut Vec<TodayItem>,
) -> Result<(), PageError> {
    let reader = request.reader()?;
    let mut count = 0;
    for kind in look.kinds.all().filter(|k| !k.hidden && reader.may_make(k)) {
        let sees = reader.sees(kind, "c");
        let sql = format!("SELECT DISTINCT c.id FROM conflict c WHERE c.kind = ?1 AND {sees}");
        let mut stmt = conn.prepare(&sql)?;
        for id in stmt.query_map([kind.name], |r| id_at(r, 0))? {
            // What others settle does not wait for this reader.
            count += i64::from(crate::command::may_change(conn, reader, kind, &id?).is_ok());
        }
    }
    if count > 0 {
        items.push(TodayItem {
            part: "waits",
            icon: "git-merge",
            title: look.words.get("conflict-list").into_owned(),
            detail: look.words.with("list-count", &[("n", count.into())]),
            href: "/conflicts".to_owned(),
            order: i64::MIN,
            when: String::new(),
        });
    }
    Ok(())
}
