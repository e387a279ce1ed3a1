//! The page of a record: what it is, what can be done next, what is linked, its history.

use askama::Template;
use base::Subject;
use records::{FILES, Field, Kind, Move, Shape};
use rusqlite::Connection;
use web::{PageError, Reply, Request, Shell, Site};

use crate::approval::{is_for_another, may_move};
use crate::command::{at_place, may_change, visible};
use crate::files;
use crate::history::{Event, events};
use crate::look::{Look, Shown, id_at};
use crate::settle::{Clash, clashes};
use crate::waiting::tone;

/// Linked records of a kind that are shown.
const LINKED: i64 = 5;
/// What marks the button of a room's part that comes before any move.
const ASKS: &str = "data-asks";
/// Events of the history that are shown here.
const EVENTS: usize = 5;

#[derive(Template)]
#[template(path = "record.html")]
struct RecordPage<'a> {
    s: Shell<'a>,
    kind: &'a Kind,
    id: String,
    list_title: String,
    state: Option<(String, &'static str)>,
    steps: Vec<Step>,
    moves: Vec<(String, String, bool)>,
    /// Who takes what this reader does not.
    others: Vec<String>,
    has_moves: bool,
    /// Nothing is expected next.
    goes_on: bool,
    /// A room's part asks the reader for something that is no move.
    asked: bool,
    fields: Vec<(String, Vec<Shown>)>,
    files: Vec<files::Shown>,
    parts: Vec<String>,
    takes_files: bool,
    linked: Vec<Linked>,
    adds: Vec<(String, String)>,
    events: Vec<Event>,
    more: bool,
    may_edit: bool,
    may_erase: bool,
    erased_by: i64,
    clashes: Vec<Clash>,
}

struct Step {
    label: String,
    class: &'static str,
    current: bool,
}

struct Linked {
    title: String,
    all: String,
    count: i64,
    add: Option<String>,
    rows: Vec<(String, String, String)>,
}

pub(crate) fn page(site: &Site, request: &Request, kind: &'static Kind) -> Result<Reply, PageError> {
    let reader = request.reader()?;
    let id = request.id("id")?;
    let html = site.store.read(|conn| {
        let state = match visible(conn, reader, kind, &id) {
            Err(PageError::NotFound) => return crate::history::withdrawn(site, request, kind, id, conn),
            other => other?,
        };
        let look = Look::new(site, request, conn);
        let may_edit = may_change(conn, reader, kind, &id).is_ok();
        let leads: Vec<&Move> = kind.moves.iter().filter(|m| m.from.contains(&state.as_str())).collect();
        let (mut moves, mut others) = (Vec::new(), Vec::new());
        for m in &leads {
            if may_move(site, conn, reader, kind, &id, m)? {
                moves.push((m.name.to_owned(), look.way(kind, m.name), is_sad(m)));
            } else if is_for_another(conn, reader, kind, &id, m)? {
                // Not this reader, though their role would let them: the page says who.
                let key = format!("{}-move-{}-other", kind.name, m.name);
                let said = look.words.has(&key).then(|| look.words.get(&key).into_owned());
                others.extend(said.filter(|s| !others.contains(s)));
            } else if at_place(conn, reader, kind, &id, m.who)? {
                // A colleague's: who answers for it is said once.
                others.extend(Some(look.words.get("record-kept").into_owned()).filter(|s| !others.contains(s)));
            }
        }
        let mut events = events(site, &look, kind, &id, may_edit)?;
        let linked = linked(site, request, &look, kind, &id)?;
        let parts: Vec<String> = site
            .parts
            .iter()
            .filter_map(|part| part(site, request, conn, kind, &id).transpose())
            .collect::<Result<_, _>>()?;
        let more = events.len() > EVENTS;
        events.truncate(EVENTS);
        let page = RecordPage {
            kind,
            id: id.to_string(),
            list_title: look.words.get(&format!("{}-list", kind.name)).into_owned(),
            state: (!kind.states.is_empty()).then(|| (look.state(kind, &state), tone(&state))),
            steps: steps(&look, kind, &state),
            goes_on: goes_on(&state, &leads),
            has_moves: !leads.is_empty(),
            moves,
            others,
            fields: fields(&look, kind, &id)?,
            asked: parts.iter().any(|part| part.contains(ASKS)),
            parts,
            files: files::of_record(site, &look, request, kind, &id)?,
            takes_files: may_edit && kind.field(FILES).is_some(),
            adds: linked
                .iter()
                .filter(|l| l.count == 0)
                .filter_map(|l| Some((l.title.clone(), l.add.clone()?)))
                .collect(),
            linked: linked.into_iter().filter(|l| l.count > 0).collect(),
            events,
            more,
            may_edit,
            may_erase: kind.fields.iter().any(|f| f.personal) && reader.is(records::Role::Administrator),
            erased_by: i64::try_from(log::erased_by(conn, &id)?.len()).unwrap_or(0),
            clashes: clashes(site, request, conn, kind, &id)?,
            s: Shell::new(site, request, look.title(kind, &id)?),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(Reply::Page(html))
}

fn is_sad(way: &Move) -> bool {
    tone(way.to) == "bad"
}

/// Whether a state is beside the way rather than a step of it: where something rests, waits in reserve, or ends otherwise.
fn is_siding(state: &str) -> bool {
    matches!(
        state,
        "paused" | "dormant" | "handed_over" | "failed" | "reserve" | "returned" | "left" | "merged" | "replaced"
    )
}

/// Whether what is so goes on as it is: what can still be done rests it, hands it on or ends it.
fn goes_on(state: &str, leads: &[&Move]) -> bool {
    let further = leads.iter().any(|m| m.to != state && matches!(tone(m.to), "ok" | "now"));
    tone(state) == "ok" && !leads.is_empty() && !further
}

/// The path of a record's life: the states on the way, and the one that it took off it.
fn steps(look: &Look<'_>, kind: &Kind, state: &str) -> Vec<Step> {
    let at = kind.states.iter().position(|s| *s == state);
    let off = tone(state) == "bad";
    kind.states
        .iter()
        .enumerate()
        .filter(|(_, s)| tone(s) != "bad" && !is_siding(s) || **s == state)
        .map(|(i, s)| Step {
            label: look.state(kind, s),
            class: match at {
                Some(at) if i == at && off => "off",
                Some(at) if i < at && !off => "done",
                _ => "",
            },
            current: Some(i) == at,
        })
        .collect()
}

fn fields(look: &Look<'_>, kind: &'static Kind, id: &Subject) -> Result<Vec<(String, Vec<Shown>)>, PageError> {
    let hands = look.in_hands(kind, id)?;
    let shown = || {
        let fields = kind.fields.iter().filter(|f| !f.secret && f.name != FILES && f.shape != Shape::Document);
        fields.filter(move |f| hands || !f.for_hands)
    };
    let plain: Vec<&Field> = shown().filter(|f| !f.shape.is_set()).collect();
    let columns: Vec<&str> = plain.iter().map(|f| f.name).collect();
    let sql = format!("SELECT {} FROM {} WHERE id = ?1", columns.join(", "), kind.name);
    let mut out = Vec::new();
    let mut stmt = look.conn.prepare(&sql)?;
    let mut rows = stmt.query([id.as_bytes()])?;
    let row = rows.next()?.ok_or(PageError::NotFound)?;
    for field in shown() {
        let cells = if field.shape.is_set() {
            look.set(kind, field, id)?
        } else {
            let at = plain.iter().position(|f| f.name == field.name).unwrap_or(0);
            vec![look.told(kind, field, id, row.get_ref(at)?)?]
        };
        let cells: Vec<Shown> = cells.into_iter().filter(|v| !v.text.is_empty()).collect();
        if !cells.is_empty() {
            out.push((look.field(kind, field.name), cells));
        }
    }
    Ok(out)
}

/// Records of other kinds that point to this one.
fn linked(
    site: &Site,
    request: &Request,
    look: &Look<'_>,
    kind: &Kind,
    id: &Subject,
) -> Result<Vec<Linked>, PageError> {
    let reader = request.reader()?;
    let mut out = Vec::new();
    for other in site.kinds.all().filter(|k| !k.hidden && reader.may_read(k)) {
        for field in other.fields.iter().filter(|f| !f.within && f.shape.links_to() == Some(kind.name)) {
            let (count, ids) = pointing(look.conn, other, field, id, request)?;
            let add = other.has_form() && reader.may_make(other) && !field.set_by_move && field.required;
            if count == 0 && !add {
                continue;
            }
            let words = look.words.get(&format!("{}-list", other.name));
            let rows = ids
                .iter()
                .map(|id| Ok((format!("/{}/{id}", other.route), look.title(other, id)?, look.detail(other, id)?)))
                .collect::<Result<_, PageError>>()?;
            out.push(Linked {
                title: format!("{words} · {}", look.field(other, field.name)),
                all: format!("/{}?{}={id}", other.route, field.name),
                count,
                add: add.then(|| format!("/{}/new?{}={id}", other.route, field.name)),
                rows,
            });
        }
    }
    Ok(out)
}

fn pointing(
    conn: &Connection,
    other: &Kind,
    field: &Field,
    id: &Subject,
    request: &Request,
) -> Result<(i64, Vec<Subject>), PageError> {
    let sees = request.reader()?.sees(other, "t");
    let hit = match field.shape {
        Shape::Links(_) => format!("t.id IN (SELECT id FROM {}_{} WHERE value = ?1)", other.name, field.name),
        _ => format!("t.{} = ?1", field.name),
    };
    let from = format!("FROM {} t WHERE {hit} AND {sees}", other.name);
    let count = conn.prepare_cached(&format!("SELECT count(*) {from}"))?.query_row([id.as_bytes()], |r| r.get(0))?;
    let mut stmt = conn.prepare_cached(&format!("SELECT t.id {from} ORDER BY t.changed DESC LIMIT {LINKED}"))?;
    let ids = stmt.query_map([id.as_bytes()], |r| id_at(r, 0))?.collect::<Result<_, _>>()?;
    Ok((count, ids))
}
