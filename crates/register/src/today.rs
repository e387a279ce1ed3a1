//! What of all records waits for a reader, comes next, or has changed: found from their kinds.

use base::Subject;
use records::{Kind, Shape};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use web::{PageError, Request, Site, TodayItem};

use crate::look::{Look, id_at, tone};

/// Days ahead that are shown.
const AHEAD_DAYS: i64 = 30;
/// Changes that are shown.
const CHANGES: usize = 10;

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
        conflicts(&look, request, conn, &mut items)?;
        Ok(items)
    })
}

/// Records in a state that waits, where one of the reader's roles may take them on.
fn waits(
    look: &Look<'_>,
    request: &Request,
    conn: &Connection,
    kind: &'static Kind,
    today: &str,
    items: &mut Vec<TodayItem>,
) -> Result<(), PageError> {
    let reader = request.reader()?;
    for state in kind.states.iter().filter(|s| tone(s) == "wait") {
        let mine = kind
            .moves
            .iter()
            .any(|m| m.from.contains(state) && matches!(tone(m.to), "ok" | "now") && reader.is_any(m.who));
        if !mine {
            continue;
        }
        let mut sees = reader.sees(kind, kind.name);
        if let Some(holds) = reader.holds(kind, kind.name) {
            // What lies in other people's hands does not wait for this reader.
            sees = format!("{sees} AND ({holds})");
        }
        // What is planned waits once its day has come.
        let due = if *state == "planned" && kind.field("starts_on").is_some() {
            " AND starts_on <= ?2"
        } else {
            " AND ?2 IS NOT NULL"
        };
        let sql = format!("SELECT count(*), max(changed) FROM {} WHERE state = ?1 AND {sees}{due}", kind.name);
        let (count, last): (i64, Option<i64>) =
            conn.prepare(&sql)?.query_row([*state, today], |r| Ok((r.get(0)?, r.get(1)?)))?;
        if count > 0 {
            items.push(TodayItem {
                part: "waits",
                icon: kind.icon,
                title: format!("{} · {}", look.words.get(&format!("{}-list", kind.name)), look.state(kind, state)),
                detail: look.words.with("list-count", &[("n", count.into())]),
                href: format!("/{}?state={state}", kind.route),
                order: -last.unwrap_or(0),
                when: String::new(),
            });
        }
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
    let own = own(kind, &reader.person);
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

/// The condition, in SQL, that a record names a person: as its teacher, say, or among its visitors.
fn own(kind: &Kind, person: &Subject) -> String {
    let me = records::literal(person);
    let named = kind.fields.iter().filter_map(|field| match field.shape {
        Shape::Link("person") => Some(format!("{}.{} IS {me}", kind.name, field.name)),
        Shape::Links("person") => Some(format!(
            "EXISTS (SELECT 1 FROM {0}_{1} w WHERE w.id = {0}.id AND w.value = {me})",
            kind.name, field.name
        )),
        _ => None,
    });
    let named: Vec<String> = named.collect();
    // A number would be that of a column.
    if named.is_empty() { "NULL".to_owned() } else { format!("({})", named.join(" OR ")) }
}

/// The latest changes of all kinds: titles are made for those alone that are shown.
fn changed(
    site: &Site,
    look: &Look<'_>,
    request: &Request,
    conn: &Connection,
    items: &mut Vec<TodayItem>,
) -> Result<(), PageError> {
    let reader = request.reader()?;
    let mut latest: Vec<(i64, &'static Kind, Subject)> = Vec::new();
    for kind in site.kinds.all().filter(|k| !k.hidden && reader.may_read(k)) {
        let sees = reader.sees(kind, kind.name);
        let sql = format!("SELECT id, changed FROM {} WHERE {sees} ORDER BY changed DESC LIMIT {CHANGES}", kind.name);
        let mut stmt = conn.prepare(&sql)?;
        let rows = stmt.query_map([], |r| Ok((id_at(r, 0)?, r.get::<_, i64>(1)?)))?;
        for row in rows {
            let (id, changed) = row?;
            latest.push((changed, kind, id));
        }
    }
    latest.sort_by_key(|(changed, _, id)| (std::cmp::Reverse(*changed), *id));
    latest.truncate(CHANGES);
    let now = site.now_ms();
    for (changed, kind, id) in latest {
        items.push(TodayItem {
            part: "changed",
            icon: kind.icon,
            title: look.title(kind, &id)?,
            detail: called(look, kind, &id)?,
            href: format!("/{}/{id}", kind.route),
            order: -changed,
            when: look.words.ago(base::Hlc(changed.cast_unsigned()).ms(), now),
        });
    }
    Ok(())
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
        let sees = reader.sees(kind, "conflict");
        let sql = format!("SELECT count(DISTINCT id) FROM conflict WHERE kind = ?1 AND {sees}");
        count += conn.prepare(&sql)?.query_row([kind.name], |r| r.get::<_, i64>(0))?;
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
