//! Who changed what, when and at which node; and how a change is undone.

use askama::Template;
use base::{Lang, NodeId, Subject};
use log::Entry;
use records::{Change, Folded, Kind, Kinds, REMOVED, Reader, Roles, STATE, Shape, Value, fold};
use rusqlite::{Connection, OptionalExtension};
use web::{PageError, Reply, Request, Shell, Site, set_cookie};

use crate::command::{Refusal, change_in, save_change};
use crate::keep::{may_restore, removes, title_of_gone, withdrawal};
use crate::look::{Look, id_at};

/// A change of a record as it is shown.
pub(crate) struct Event {
    pub what: String,
    pub why: String,
    pub changes: Vec<(String, String)>,
    /// How many those are.
    pub fields: i64,
    pub when: String,
    pub who: String,
    pub late: bool,
    pub undo: Option<String>,
}

#[derive(Template)]
#[template(path = "history.html")]
struct HistoryPage<'a> {
    s: Shell<'a>,
    kind: &'a Kind,
    id: String,
    title: String,
    list_title: String,
    events: Vec<Event>,
    removed: bool,
    /// Who withdrew it, when, at which node, and why.
    withdrawn: String,
    may_edit: bool,
}

/// Entries that reached this node in another order than they were made are late by more than this.
const LATE_MS: u64 = 24 * 3_600_000;

/// The events of a record, the latest first.
pub(crate) fn events(
    site: &Site,
    look: &Look<'_>,
    kind: &'static Kind,
    id: &Subject,
    may_undo: bool,
) -> Result<Vec<Event>, PageError> {
    let entries = log::entries_of(look.conn, id)?;
    let now = site.now_ms();
    let hands = look.in_hands(kind, id)?;
    let mut out = Vec::new();
    for (i, entry) in entries.iter().enumerate() {
        let h = &entry.header;
        if !h.kind.starts_with(kind.name) {
            continue;
        }
        let change = entry.payload().and_then(|p| Change::decode(p).ok());
        let erased = entry.payload().is_none();
        if change.as_ref().is_some_and(|c| i > 0 && says_nothing(kind, c)) {
            continue;
        }
        let changes = match &change {
            Some(change) => changes(look, kind, id, hands, change)?,
            None => Vec::new(),
        };
        let what = match removes(entry) {
            _ if erased => "history-erased",
            Some(true) => "history-withdrawn",
            Some(false) => "history-restored",
            None if i == 0 => "history-first",
            None => "history-changed",
        };
        let plain = h.kind == kind.name;
        out.push(Event {
            what: look.words.get(what).into_owned(),
            why: change.as_ref().and_then(|c| c.why.clone()).unwrap_or_default(),
            fields: i64::try_from(changes.len()).unwrap_or(i64::MAX),
            changes,
            when: look.words.moment(entry.effective.ms(), &site.zone()),
            who: who(look, &h.author, h.node)?,
            late: entry.effective != h.clock || h.clock.ms() > now + LATE_MS,
            undo: (may_undo && i > 0 && plain && !erased && !change.as_ref().is_some_and(|c| is_stuck(kind, c)))
                .then(|| format!("/{}/{id}/undo/{}/{}", kind.route, h.node, h.seq)),
        });
    }
    out.reverse();
    Ok(out)
}

/// What a change says, in the order in which the form asks it; the state last.
fn changes(
    look: &Look<'_>,
    kind: &'static Kind,
    id: &Subject,
    hands: bool,
    change: &Change,
) -> Result<Vec<(String, String)>, PageError> {
    let mut out = Vec::new();
    for field in kind.fields.iter().filter(|f| !f.secret && (hands || !f.for_hands)) {
        if let Some(value) = change.set.get(field.name) {
            out.push((look.field(kind, field.name), look.value_told(kind, field, id, value)?));
        }
        for (sign, sets) in [("+", &change.add), ("\u{2212}", &change.remove)] {
            let Some(values) = sets.get(field.name).filter(|values| !values.is_empty()) else { continue };
            let said = values.iter().map(|value| look.value(kind, field, value)).collect::<Result<Vec<_>, _>>()?;
            out.push((look.field(kind, field.name), format!("{sign} {}", said.join(" · "))));
        }
    }
    if let Some(state) = change.set.get(STATE) {
        out.push((look.words.get("field-state").into_owned(), look.state(kind, state.as_text().unwrap_or_default())));
    }
    Ok(out)
}

/// Whether a change says only what no page shows.
fn says_nothing(kind: &Kind, change: &Change) -> bool {
    let hidden = |name: &String| kind.field(name).is_some_and(|f| f.secret);
    // A set that no field has is a room's own note, on no page.
    let noted = |name: &String| kind.field(name).is_none();
    let plain = change.add.keys().all(noted) && change.remove.is_empty() && change.why.is_none();
    plain && !change.is_empty() && change.set.keys().all(hidden)
}

/// Whether a change leads into a state into which a room's own command alone leads: nobody undoes that here.
fn is_stuck(kind: &Kind, change: &Change) -> bool {
    let state = change.set.get(STATE).and_then(Value::as_text);
    state.is_some_and(|state| kind.moves.iter().any(|m| m.to == state && m.who == Roles::NONE))
}

/// Who wrote, and at which node.
///
/// # Errors
/// What the database says.
pub fn who(look: &Look<'_>, author: &Subject, node: NodeId) -> Result<String, PageError> {
    let person = if *author == Subject::default() {
        look.words.get("record-node-itself").into_owned()
    } else {
        match look.kinds.get("person") {
            // Who is of another school has no record at this node.
            Some(_) if !is_person(look.conn, author)? => look.words.get("record-of-elsewhere").into_owned(),
            Some(kind) => look.title(kind, author)?,
            None => author.to_string(),
        }
    };
    let place = node_called(look.conn, look.kinds, look.words.lang(), node)?;
    let place = place.unwrap_or_else(|| node.to_string().chars().take(8).collect());
    Ok(look.words.with("record-made-at", &[("who", person.as_str().into()), ("node", place.as_str().into())]))
}

fn is_person(conn: &Connection, id: &Subject) -> Result<bool, PageError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM person WHERE id = ?1 AND (name IS NOT NULL OR erased))";
    Ok(conn.prepare_cached(sql)?.query_row([id.as_bytes()], |r| r.get(0))?)
}

/// What a node is called in a language: by its school, another organisation or its programme where it was called after that, or else as its title
/// says; nothing for a node of which nothing is known.
///
/// # Errors
/// What the database says.
pub fn node_called(conn: &Connection, kinds: &Kinds, lang: Lang, node: NodeId) -> Result<Option<String>, PageError> {
    let after = |kind: &str| kinds.get(kind).ok_or(PageError::NotFound);
    let sql = format!(
        "SELECT coalesce((SELECT {} FROM organisation o WHERE o.id IS coalesce(n.school, o.id) AND o.name = n.title LIMIT 1),
                         (SELECT {} FROM programme p WHERE n.school IS NULL AND p.title = n.title LIMIT 1), n.title)
         FROM node n WHERE n.node_id = ?1",
        after("organisation")?.called("o", lang),
        after("programme")?.called("p", lang)
    );
    let found =
        conn.prepare_cached(&sql)?.query_row([node.as_bytes()], |r| r.get::<_, Option<String>>(0)).optional()?;
    Ok(found.flatten())
}

pub(crate) fn page(site: &Site, request: &Request, kind: &'static Kind) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let html = site.store.read(|conn| {
        if crate::command::visible(conn, request.reader()?, kind, &id).is_err() {
            return withdrawn(site, request, kind, id, conn);
        }
        render(site, request, kind, id, conn, None)
    })?;
    Ok(Reply::Page(html))
}

/// The page of a record that was withdrawn: its history, and the way back.
pub(crate) fn withdrawn(
    site: &Site,
    request: &Request,
    kind: &'static Kind,
    id: Subject,
    conn: &Connection,
) -> Result<String, PageError> {
    let entries = log::entries_of(conn, &id)?;
    let folded = fold(&site.kinds, site.hub, &entries).ok_or(PageError::NotFound)?;
    if folded.kind.name != kind.name || !folded.is_removed() {
        return Err(PageError::NotFound);
    }
    if !records::sees_withdrawn(conn, request.reader()?, &id, &folded)? {
        return Err(PageError::NotFound);
    }
    render(site, request, kind, id, conn, Some((&folded, &entries)))
}

fn render(
    site: &Site,
    request: &Request,
    kind: &'static Kind,
    id: Subject,
    conn: &Connection,
    gone: Option<(&Folded, &[Entry])>,
) -> Result<String, PageError> {
    let look = Look::new(site, request, conn);
    let reader = request.reader()?;
    let removed = gone.is_some();
    let (title, may_edit, withdrawn) = match gone {
        Some((folded, entries)) => (
            title_of_gone(&look, kind, folded)?,
            may_restore(conn, reader, kind, &id, folded, entries)?,
            withdrawal(entries).map(|e| told_of(&look, site, e)).transpose()?.unwrap_or_default(),
        ),
        None => (look.title(kind, &id)?, crate::command::may_change(conn, reader, kind, &id).is_ok(), String::new()),
    };
    let page = HistoryPage {
        kind,
        id: id.to_string(),
        list_title: look.words.get(&format!("{}-list", kind.name)).into_owned(),
        events: events(site, &look, kind, &id, may_edit && !removed)?,
        removed,
        withdrawn,
        may_edit,
        s: Shell::new(site, request, format!("{} · {title}", look.words.get("record-history"))),
        title,
    };
    Ok(page.render()?)
}

/// Who withdrew a record, when, and why.
fn told_of(look: &Look<'_>, site: &Site, entry: &Entry) -> Result<String, PageError> {
    let why = entry.payload().and_then(|p| Change::decode(p).ok()).and_then(|c| c.why).unwrap_or_default();
    let when = look.words.moment(entry.effective.ms(), &site.zone());
    let said = format!("{} · {when}", who(look, &entry.header.author, entry.header.node)?);
    Ok(if why.is_empty() { said } else { format!("{said} · {why}") })
}

/// Puts back what the fields held before an entry.
pub(crate) fn undo(site: &Site, request: &Request, kind: &'static Kind) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let node: NodeId = request.params.get("node").and_then(|n| n.parse().ok()).ok_or(PageError::NotFound)?;
    let seq: u64 = request.params.get("seq").and_then(|n| n.parse().ok()).ok_or(PageError::NotFound)?;
    let reader = request.reader()?;
    let change = site.store.read(|conn| {
        let state = crate::command::visible(conn, reader, kind, &id)?;
        let entries = log::entries_of(conn, &id)?;
        let at =
            entries.iter().position(|e| e.header.node == node && e.header.seq == seq).ok_or(PageError::NotFound)?;
        let change = reverse(site, &entries, at).ok_or(PageError::NotFound)?;
        let to = change.set.get(STATE).map(|v| v.as_text().or(kind.first_state()).unwrap_or_default());
        match to {
            Some(to) if !crate::command::may_set_state(site, conn, reader, kind, &id, &state, to)? => {
                Err(PageError::NotAllowed)
            }
            _ => Ok(change),
        }
    })?;
    finish(save_change(site, reader, kind, id, change, None), kind, id, "done-undone")
}

fn reverse(site: &Site, entries: &[Entry], at: usize) -> Option<Change> {
    let (before, from) = entries.split_at_checked(at)?;
    let undone = Change::decode(from.first()?.payload()?).ok()?;
    let earlier = fold(&site.kinds, site.hub, before)?;
    let mut change = Change::new();
    for field in undone.set.keys() {
        change.set.insert(field.clone(), earlier.values.get(field).cloned().unwrap_or(Value::Null));
    }
    change.add = undone.remove;
    change.remove = undone.add;
    Some(change)
}

/// Withdraws a record that was entered by mistake, and what goes along with it.
pub(crate) fn remove(site: &Site, request: &Request, kind: &'static Kind) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let why =
        text::clean_line(request.form("why").unwrap_or_default(), 400).map_err(|_| PageError::Malformed("why"))?;
    if why.is_empty() {
        return Err(PageError::Malformed("a reason is wanted"));
    }
    let reader = request.reader()?;
    let removed = site.store.write(log::Context { author: reader.person }, |tx| {
        let removal = || Change { why: Some(why.clone()), ..Change::new().with(REMOVED, Value::Bool(true)) };
        let along = along(tx.conn(), site, kind, &id)?;
        let took = along.iter().fold(removal(), |change, (_, one)| change.with_added(TOOK, Value::link(one)));
        change_in(tx, site, reader, kind, id, took, None)?;
        for (other, one) in along {
            change_in(tx, site, reader, other, one, removal(), None).map_err(|refusal| match refusal {
                // Somebody has put their name to what would go along.
                Refusal::Page(PageError::NotAllowed) => PageError::Rule("under-seal".to_owned()).into(),
                other => other,
            })?;
        }
        Ok(())
    });
    finish(removed, kind, id, "done-removed")
}

/// The set, on no page, of what was withdrawn with a record.
const TOOK: &str = "_took";

/// The records that are withdrawn with one.
fn along(
    conn: &Connection,
    site: &Site,
    kind: &Kind,
    id: &Subject,
) -> Result<Vec<(&'static Kind, Subject)>, PageError> {
    let mut out = Vec::new();
    for other in site.kinds.all() {
        for field in other.fields.iter().filter(|f| f.along && f.shape == Shape::Link(kind.name)) {
            let sql = format!("SELECT id FROM {} WHERE {} = ?1 ORDER BY id", other.name, field.name);
            let ids =
                conn.prepare(&sql)?.query_map([id.as_bytes()], |r| id_at(r, 0))?.collect::<Result<Vec<_>, _>>()?;
            out.extend(ids.into_iter().map(|one| (other, one)));
        }
    }
    Ok(out)
}

/// Destroys the personal part of a record on every node that holds it. There is no way back: the form asks for the
/// record's own title.
pub(crate) fn erase(site: &Site, request: &Request, kind: &'static Kind) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let reader = request.reader()?;
    if !kind.fields.iter().any(|f| f.personal) {
        return Err(PageError::NotFound);
    }
    site.store.write(log::Context { author: reader.person }, |tx| {
        crate::command::visible(tx.conn(), reader, kind, &id)?;
        let look = Look::new(site, request, tx.conn());
        let typed = request.form("title").map(str::trim).unwrap_or_default();
        if typed.is_empty() || typed != look.title(kind, &id)? {
            return Err(PageError::Rule("erase-title".to_owned()));
        }
        let scope = records::record_scope(tx.conn(), site.programme, kind, &id)?;
        // What every node holds is erased by the hub's word alone.
        if matches!(scope, base::Scope::Programme(_)) {
            crate::command::only_at_hub(site)?;
        }
        tx.append(&log::erase_draft(scope, id, &[&kind.identity()])?)?;
        erase_elsewhere(tx, site, kind, &id)
    })?;
    Ok(done(kind, id, "done-erased"))
}

/// What other records hold about somebody goes with them: the name under a plan, the name to sign in with. They are
/// those whose field of the kind's name leads to the record.
fn erase_elsewhere(tx: &log::Tx<'_>, site: &Site, kind: &Kind, id: &Subject) -> Result<(), PageError> {
    let about = |other: &&Kind| {
        let leads = other.field(kind.name).is_some_and(|f| f.shape == Shape::Link(kind.name));
        leads && other.fields.iter().any(|f| f.personal)
    };
    for other in site.kinds.all().filter(about) {
        let sql = format!("SELECT id FROM {} WHERE {} = ?1", other.name, kind.name);
        let mut stmt = tx.conn().prepare(&sql)?;
        let ids = stmt.query_map([id.as_bytes()], |r| id_at(r, 0))?.collect::<Result<Vec<_>, _>>()?;
        for id in ids {
            let scope = records::record_scope(tx.conn(), site.programme, other, &id)?;
            if matches!(scope, base::Scope::Programme(_)) {
                crate::command::only_at_hub(site)?;
            }
            tx.append(&log::erase_draft(scope, id, &[&other.identity()])?)?;
        }
    }
    Ok(())
}

/// Brings a withdrawn record back.
pub(crate) fn restore(site: &Site, request: &Request, kind: &'static Kind) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let reader = request.reader()?;
    site.store.write(log::Context { author: reader.person }, |tx| {
        for one in bring_back(tx, site, reader, Some(kind), &id)? {
            bring_back(tx, site, reader, None, &one)?;
        }
        Ok::<_, PageError>(())
    })?;
    Ok(done(kind, id, "done-restored"))
}

/// Brings one record back, of this kind where one is given. Gives what was withdrawn with it and still is.
fn bring_back(
    tx: &log::Tx<'_>,
    site: &Site,
    reader: &Reader,
    kind: Option<&Kind>,
    id: &Subject,
) -> Result<Vec<Subject>, PageError> {
    let entries = log::entries_of(tx.conn(), id)?;
    let folded = fold(&site.kinds, site.hub, &entries).ok_or(PageError::NotFound)?;
    let kind = kind.unwrap_or(folded.kind);
    if folded.kind.name != kind.name || !may_restore(tx.conn(), reader, kind, id, &folded, &entries)? {
        return Err(PageError::NotAllowed);
    }
    if !folded.is_removed() {
        return Ok(Vec::new());
    }
    let mut change = Change::new().with(REMOVED, Value::Bool(false));
    let took = folded.sets.get(TOOK).cloned().unwrap_or_default();
    let along = took.iter().filter_map(Value::as_link).collect();
    if !took.is_empty() {
        change.remove.insert(TOOK.to_owned(), took);
    }
    records::append(tx, kind, folded.scope, *id, change, None)?;
    records::check(tx, kind, id)?;
    Ok(along)
}

/// Goes to the record with a word about what was done.
/// Back to a record's page, with a note of what was done.
pub fn done(kind: &Kind, id: Subject, note: &str) -> Reply {
    Reply::ToWith(format!("/{}/{id}", kind.route), vec![set_cookie("zampa_note", note, 60)])
}

fn finish(result: Result<(), Refusal>, kind: &Kind, id: Subject, note: &str) -> Result<Reply, PageError> {
    match result {
        Ok(()) => Ok(done(kind, id, note)),
        Err(Refusal::Page(e)) => Err(e),
        Err(Refusal::Fields(_)) => Err(PageError::Malformed("a field cannot take this value")),
    }
}
