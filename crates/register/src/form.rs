//! Forms: made from a kind's fields, read back into a change, shown again with what was typed when something is
//! wrong.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use base::{Subject, base32};
use log::Frontier;
use records::{Field, Kind, Move, Role, Shape, Value, fold};
use web::{PageError, Reply, Request, Shell, Site};

use crate::command::{Refusal, Saved, save_change, save_move, save_new, visible};
use crate::few::is_few;
use crate::history::done;
use crate::look::Look;
use crate::own;
use crate::typed::{Labels, NAME_LANGS, Typed, as_typed, differing, read, typed};

/// Records offered for picking; beyond, one types.
pub(crate) const MAX_OPTIONS: usize = 400;
/// Options shown as boxes to tick.
const MAX_BOXES: usize = 80;

#[derive(Template)]
#[template(path = "form.html")]
struct FormPage<'a> {
    s: Shell<'a>,
    list_title: String,
    list: String,
    back: String,
    draft: String,
    base: String,
    errors: Vec<(String, String)>,
    controls: Vec<Control>,
    birth: Option<Birth>,
    button: String,
    asks_why: bool,
    /// The programme's day.
    today: String,
    why: String,
    intro: Option<(String, String)>,
    /// What rooms ask beside a new record.
    asks: Vec<String>,
}

struct Birth {
    name: &'static str,
    label: String,
    on: bool,
    controls: Vec<Control>,
}

/// A question of a form.
struct Control {
    name: String,
    label: String,
    hint: String,
    required: bool,
    error: Option<String>,
    widget: &'static str,
    value: String,
    most: usize,
    options: Vec<Opt>,
    /// The kind of record that is picked by typing.
    picks: &'static str,
}

struct Opt {
    value: String,
    label: String,
    on: bool,
    lang: &'static str,
}

struct Show<'a> {
    kind: &'static Kind,
    id: Option<Subject>,
    way: Option<&'static Move>,
    typed: &'a Typed,
    base: String,
    errors: &'a [(String, &'static str)],
    said: Option<String>,
    status_invalid: bool,
}

pub(crate) fn new_page(site: &Site, request: &Request, kind: &'static Kind) -> Result<Reply, PageError> {
    let mut typed = Typed::new();
    for (name, value) in &request.query {
        if kind.field(name).is_some() {
            typed.entry(name.clone()).or_default().push(value.clone());
        }
    }
    let today = site.today().to_string();
    for field in kind.fields.iter().filter(|f| f.shape == Shape::Date && f.required) {
        typed.entry(field.name.to_owned()).or_insert_with(|| vec![today.clone()]);
    }
    if let Some(birth) = kind.moves.iter().find(|m| m.at_birth) {
        for field in birth.asks {
            typed.entry((*field).to_owned()).or_insert_with(|| vec![today.clone()]);
        }
        // What is planned is begun by an address that says so.
        let born = request.query.iter().find(|(name, _)| name == "_birth");
        // What begins later has not happened yet.
        let later = typed.get("starts_on").and_then(|v| v.first()).is_some_and(|day| *day > today);
        let usual = if later { String::new() } else { birth.name.to_owned() };
        let name = born.map_or(usual, |(_, name)| name.clone());
        typed.insert("_birth".to_owned(), vec![name]);
    }
    preset_school(request, kind, &mut typed)?;
    let show = Show {
        kind,
        id: None,
        way: None,
        typed: &typed,
        base: String::new(),
        errors: &[],
        said: None,
        status_invalid: false,
    };
    render(site, request, &show)
}

/// Somebody of one school need not say which; who teaches there and records a visit mostly goes along.
fn preset_school(request: &Request, kind: &Kind, typed: &mut Typed) -> Result<(), PageError> {
    let schools: BTreeSet<Subject> = request.reader()?.schools();
    if let (Some(school), 1) = (schools.first(), schools.len()) {
        for name in ["school", "from_school", "origin"] {
            if kind.field(name).is_some() {
                typed.entry(name.to_owned()).or_insert_with(|| vec![school.to_string()]);
            }
        }
    }
    let reader = request.reader()?;
    if kind.field("visitors").is_some() && (reader.is(Role::Posted) || reader.is(Role::Local)) && !reader.is(Role::Head)
    {
        typed.entry("visitors".to_owned()).or_insert_with(|| vec![reader.person.to_string()]);
    }
    Ok(())
}

pub(crate) fn make(site: &Site, request: &Request, kind: &'static Kind) -> Result<Reply, PageError> {
    let typed = typed(request);
    let birth = request.form("_birth").and_then(|name| kind.way(name)).filter(|m| m.at_birth);
    let fields = form_fields(kind).chain(birth.into_iter().flat_map(|b| b.asks.iter().filter_map(|f| kind.field(f))));
    let (change, wrong) = read(site, request, fields, &typed)?;
    let result =
        if wrong.is_empty() { save_new(site, request, kind, change, birth) } else { Err(Refusal::Fields(wrong)) };
    match result {
        Ok(Saved(id)) => Ok(done(kind, id, "done-made")),
        Err(refusal) => again(site, request, refusal, kind, None, None, &typed, String::new()),
    }
}

pub(crate) fn edit_page(site: &Site, request: &Request, kind: &'static Kind) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let reader = request.reader()?;
    let (typed, base) = site.store.read(|conn| {
        visible(conn, reader, kind, &id)?;
        crate::command::may_change(conn, reader, kind, &id)?;
        let entries = log::entries_of(conn, &id)?;
        let folded = fold(&site.kinds, site.hub, &entries).ok_or(PageError::NotFound)?;
        let base = log::frontier(conn, &id)?;
        let look = Look::new(site, request, conn);
        let mut typed = Typed::new();
        for field in kind.fields {
            if let Some(Value::Int(n)) = folded.get(field.name)
                && is_few(*n)
                && look.keeps_few(kind, field, &id)?
            {
                // Who may correct a number that they are not told writes it anew.
                continue;
            }
            let values: Vec<String> = if field.shape.is_set() {
                folded.sets.get(field.name).into_iter().flatten().map(|v| as_typed(field.shape, v)).collect()
            } else {
                folded.get(field.name).map(|v| as_typed(field.shape, v)).into_iter().collect()
            };
            if let Some(Value::Names(names)) = folded.get(field.name) {
                for (lang, name) in names {
                    typed.insert(format!("{}.{lang}", field.name), vec![name.clone()]);
                }
            } else if !values.is_empty() {
                typed.insert(field.name.to_owned(), values);
            }
        }
        Ok::<_, PageError>((typed, base32::encode(&base.to_bytes())))
    })?;
    let show =
        Show { kind, id: Some(id), way: None, typed: &typed, base, errors: &[], said: None, status_invalid: false };
    render(site, request, &show)
}

/// Only what differs from what the form had shown is a change: so two people who edit two fields both keep theirs.
pub(crate) fn change(site: &Site, request: &Request, kind: &'static Kind) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let reader = request.reader()?;
    let typed = typed(request);
    let base_text = request.form("_base").unwrap_or_default().to_owned();
    let base = base32::decode(&base_text)
        .and_then(|bytes| Frontier::from_bytes(&bytes).ok())
        .filter(|base| !base.0.is_empty())
        .ok_or(PageError::Malformed("the form's base"))?;
    let (change, wrong) = read(site, request, form_fields(kind).filter(|f| !f.at_birth), &typed)?;
    let change = site.store.read(|conn| {
        visible(conn, reader, kind, &id)?;
        let entries = log::entries_of(conn, &id)?;
        let seen: Vec<log::Entry> = entries.into_iter().filter(|e| base.covers(e.header.node, e.header.seq)).collect();
        Ok::<_, PageError>(differing(kind, change, fold(&site.kinds, site.hub, &seen).as_ref()))
    })?;
    let result = match (wrong.is_empty(), change.is_empty()) {
        (false, _) => Err(Refusal::Fields(wrong)),
        (true, true) => Ok(()),
        (true, false) => save_change(site, reader, kind, id, change, Some(&base)),
    };
    match result {
        Ok(()) => Ok(done(kind, id, "done-saved")),
        Err(refusal) => again(site, request, refusal, kind, Some(id), None, &typed, base_text),
    }
}

pub(crate) fn move_page(site: &Site, request: &Request, kind: &'static Kind) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let way = way(request, kind)?;
    let reader = request.reader()?;
    let allowed = site.store.read(|conn| {
        let state = visible(conn, reader, kind, &id)?;
        let may = crate::approval::may_move(site, conn, reader, kind, &id, way)?;
        Ok::<_, PageError>(may && way.from.contains(&state.as_str()))
    })?;
    if !allowed {
        return Err(PageError::NotAllowed);
    }
    let mut typed = Typed::new();
    let today = site.today().to_string();
    for name in way.asks {
        if kind.field(name).is_some_and(|f| f.shape == Shape::Date) {
            typed.insert((*name).to_owned(), vec![today.clone()]);
        }
    }
    let show = Show {
        kind,
        id: Some(id),
        way: Some(way),
        typed: &typed,
        base: String::new(),
        errors: &[],
        said: None,
        status_invalid: false,
    };
    render(site, request, &show)
}

pub(crate) fn take_move(site: &Site, request: &Request, kind: &'static Kind) -> Result<Reply, PageError> {
    let id = request.id("id")?;
    let way = way(request, kind)?;
    let typed = typed(request);
    let fields = way.asks.iter().filter_map(|f| kind.field(f));
    let (mut change, mut wrong) = read(site, request, fields, &typed)?;
    for name in way.asks {
        let empty = matches!(change.set.get(*name), None | Some(Value::Null)) && !change.add.contains_key(*name);
        if empty && !wrong.iter().any(|(f, _)| f == name) {
            wrong.push(((*name).to_owned(), "error-required"));
        }
    }
    if way.reason {
        match text::clean_line(request.form("_why").unwrap_or_default(), 400) {
            Ok(why) if !why.is_empty() => change.why = Some(why),
            _ => wrong.push(("_why".to_owned(), "error-required")),
        }
    }
    let result = if wrong.is_empty() {
        save_move(site, request.reader()?, kind, id, way, change)
    } else {
        Err(Refusal::Fields(wrong))
    };
    match result {
        Ok(()) => Ok(done(kind, id, "done-moved")),
        Err(refusal) => again(site, request, refusal, kind, Some(id), Some(way), &typed, String::new()),
    }
}

fn way(request: &Request, kind: &'static Kind) -> Result<&'static Move, PageError> {
    request.params.get("move").and_then(|name| kind.way(name)).ok_or(PageError::NotFound)
}

/// What the form of a kind asks.
pub fn form_fields(kind: &'static Kind) -> impl Iterator<Item = &'static Field> {
    kind.fields.iter().filter(|f| !f.set_by_move && !f.secret)
}

/// Shows the form again with what was typed and what is wrong; other refusals go their way.
#[expect(clippy::too_many_arguments, reason = "what a form is made of, gathered once")]
fn again(
    site: &Site,
    request: &Request,
    refusal: Refusal,
    kind: &'static Kind,
    id: Option<Subject>,
    way: Option<&'static Move>,
    typed: &Typed,
    base: String,
) -> Result<Reply, PageError> {
    let (errors, said) = match refusal {
        Refusal::Fields(errors) => (errors, None),
        Refusal::Page(PageError::Rule(code)) => (Vec::new(), Some(format!("rule-{code}"))),
        Refusal::Page(e) => return Err(e),
    };
    let show = Show { kind, id, way, typed, base, errors: &errors, said, status_invalid: true };
    render(site, request, &show)
}

fn render(site: &Site, request: &Request, show: &Show<'_>) -> Result<Reply, PageError> {
    let kind = show.kind;
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let words = look.words;
        let control = |field: &Field| control(site, request, &look, show, field);
        let controls = match show.way {
            Some(way) => way.asks.iter().filter_map(|f| kind.field(f)).map(control).collect::<Result<Vec<_>, _>>()?,
            None => form_fields(kind)
                .filter(|f| show.id.is_none() || !f.at_birth)
                .map(control)
                .collect::<Result<Vec<_>, _>>()?,
        };
        let birth = match kind.moves.iter().find(|m| m.at_birth) {
            Some(way) if show.id.is_none() && request.reader()?.is_any(way.who) => Some(Birth {
                name: way.name,
                label: look.way(kind, way.name),
                on: show.typed.get("_birth").is_some_and(|v| v.iter().any(|n| n == way.name)),
                controls: way.asks.iter().filter_map(|f| kind.field(f)).map(control).collect::<Result<_, _>>()?,
            }),
            _ => None,
        };
        let mut errors: Vec<(String, String)> = Vec::new();
        if let Some(key) = &show.said {
            errors.push(("main".to_owned(), words.get(key).into_owned()));
        }
        for (name, key) in show.errors {
            let label = if name == "_why" { words.get("record-why").into_owned() } else { look.field(kind, name) };
            errors.push((format!("c-{name}"), format!("{label}: {}", words.get(key))));
        }
        let make = format!("{}-new", kind.name);
        let title = match (show.way, show.id) {
            (Some(way), _) => look.way(kind, way.name),
            (None, Some(_)) => words.get("record-edit").into_owned(),
            (None, None) if words.has(&make) => words.get(&make).into_owned(),
            (None, None) => format!("{} · {}", words.get("list-new"), words.get(kind.name)),
        };
        let back = show.id.map_or(format!("/{}", kind.route), |id| format!("/{}/{id}", kind.route));
        let person = request.session.as_ref().map(|s| s.person.to_string()).unwrap_or_default();
        let mut asks = Vec::new();
        if show.way.is_none() && show.id.is_none() {
            for ask in &site.asks {
                asks.extend(ask(site, request, conn, kind)?);
            }
        }
        let page = FormPage {
            asks,
            list_title: match show.id {
                Some(id) => look.title(kind, &id)?,
                None => words.get(&format!("{}-list", kind.name)).into_owned(),
            },
            list: back.clone(),
            back,
            draft: format!("{person}{}{}", request.path, show.base.chars().rev().take(12).collect::<String>()),
            base: show.base.clone(),
            errors,
            controls,
            birth,
            button: match show.way {
                Some(way) => look.way(kind, way.name),
                None => words.get("record-save").into_owned(),
            },
            asks_why: show.way.is_some_and(|w| w.reason),
            why: show.typed.get("_why").and_then(|v| v.first()).cloned().unwrap_or_default(),
            intro: last_advice(&look, request, show)?,
            today: site.today().to_string(),
            s: Shell::new(site, request, title),
        };
        Ok::<_, PageError>(page.render()?)
    })?;
    Ok(if show.status_invalid { Reply::Invalid(html) } else { Reply::Page(html) })
}

/// Before a new record is begun: what the last one of its kind about the same record left to be known.
fn last_advice(look: &Look<'_>, request: &Request, show: &Show<'_>) -> Result<Option<(String, String)>, PageError> {
    let kind = show.kind;
    if show.id.is_some() || kind.field("advice").is_none() || kind.field("host").is_none() {
        return Ok(None);
    }
    let Some(host) = show.typed.get("host").and_then(|v| v.first()).and_then(|v| v.parse::<Subject>().ok()) else {
        return Ok(None);
    };
    let sql = format!(
        "SELECT advice, held_on FROM {} WHERE host = ?1 AND advice IS NOT NULL AND held_on IS NOT NULL AND {}
         ORDER BY held_on DESC LIMIT 1",
        kind.name,
        request.reader()?.sees(kind, kind.name)
    );
    let mut stmt = look.conn.prepare(&sql)?;
    let mut rows = stmt.query([host.as_bytes()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let title = look.words.get(&format!("{}-last-advice", kind.name));
    let held: String = row.get(1)?;
    Ok(Some((format!("{title} · {}", look.date(&held)), row.get(0)?)))
}

/// Records as they are offered: of those that are called the same it is said where they belong, and when.
fn told_apart(
    look: &Look<'_>,
    kind: &Kind,
    found: Vec<(Subject, String)>,
) -> Result<Vec<(Subject, String)>, PageError> {
    let mut called = BTreeMap::<String, usize>::new();
    for (_, title) in &found {
        *called.entry(title.clone()).or_default() += 1;
    }
    let twice = |title: &str| called.get(title).is_some_and(|n| *n > 1);
    let said = |(id, title): (Subject, String)| {
        let title = if twice(&title) { look.placed(kind, &id)? } else { title };
        Ok((id, title))
    };
    found.into_iter().map(said).collect()
}

fn control(
    site: &Site,
    request: &Request,
    look: &Look<'_>,
    show: &Show<'_>,
    field: &Field,
) -> Result<Control, PageError> {
    let kind = show.kind;
    let words = look.words;
    let none = Vec::new();
    let values = show.typed.get(field.name).unwrap_or(&none);
    let hint = format!("{}-{}-hint", kind.name, field.name);
    let error = show.errors.iter().find(|(name, _)| name == field.name).map(|(_, key)| words.get(key).into_owned());
    let is_on = |value: &str| values.iter().any(|v| v == value);
    let opt = |value: String, label: String| Opt { on: is_on(&value), value, label, lang: "" };
    let choices = |list: &[&str]| {
        list.iter().map(|w| opt((*w).to_owned(), crate::label(&words, kind, Some(field), w))).collect::<Vec<_>>()
    };
    let mut value = values.first().cloned().unwrap_or_default();
    let mut most = 0;
    let (widget, options) = match field.shape {
        Shape::Line(n) => {
            most = n;
            ("line", Vec::new())
        }
        Shape::Text(n) => {
            most = n;
            ("text", Vec::new())
        }
        Shape::Int(..) => ("number", Vec::new()),
        Shape::Amount => ("line", Vec::new()),
        Shape::Date => ("date", Vec::new()),
        Shape::Time => ("time", Vec::new()),
        Shape::Yes => ("yes", Vec::new()),
        Shape::Choice(list) => ("choice", choices(list)),
        Shape::Tags(list) => ("boxes", choices(list)),
        Shape::Names => {
            let of = |lang: &str| show.typed.get(&format!("{}.{lang}", field.name)).and_then(|v| v.first()).cloned();
            let names = NAME_LANGS.map(|(lang, label)| Opt {
                value: of(lang).unwrap_or_default(),
                label: label.to_owned(),
                on: false,
                lang,
            });
            ("names", names.into_iter().collect())
        }
        Shape::Link(other) | Shape::Links(other) => {
            let other = site.kinds.get(other).ok_or(PageError::NotFound)?;
            let among = crate::typed::among(look, kind, show.id, show.typed, field)?;
            let own = own::places(site, request.reader()?, kind, field);
            let mut found = own::offered(look, request.reader()?, other, own.as_deref(), &among)?;
            // Who has but one is not asked.
            let is_new = values.is_empty() && show.id.is_none();
            let only = is_new && field.required && own.is_some_and(|own| own.len() == 1);
            // What is chosen is offered even where it would not be, so that saving does not lose it.
            for chosen in values.iter().filter_map(|v| v.parse::<Subject>().ok()) {
                if !found.iter().any(|(id, _)| *id == chosen) {
                    found.insert(0, (chosen, look.title(other, &chosen)?));
                }
            }
            let set = field.shape.is_set();
            let most_shown = if set { MAX_BOXES } else { MAX_OPTIONS };
            if found.len() > most_shown {
                let mut labels = Labels::new(look, request.reader()?, other);
                let on = found.iter().filter(|(id, _)| is_on(&id.to_string()));
                let chosen = on.map(|(id, _)| labels.of(id)).collect::<Result<Vec<_>, _>>()?;
                value = chosen.first().cloned().unwrap_or(value);
                let more = if set { 3 } else { 0 };
                let blank = std::iter::repeat_n(String::new(), more);
                let rest: Vec<Opt> = chosen
                    .into_iter()
                    .chain(blank)
                    .map(|v| Opt { value: v, label: String::new(), on: true, lang: "" })
                    .collect();
                (if set { "picks" } else { "pick" }, rest)
            } else {
                let nothing = found.is_empty() && !field.required && show.way.is_none();
                let options = told_apart(look, other, found)?;
                let options = options.into_iter().map(|(id, title)| opt(id.to_string(), title));
                let options = options.map(|o| Opt { on: o.on || only, ..o }).collect();
                // Where there is nothing to choose, nothing is asked.
                let widget = match set {
                    _ if nothing => "none",
                    true => "boxes",
                    false => "choice",
                };
                (widget, options)
            }
        }
        Shape::Blob | Shape::Bytes | Shape::Document => ("none", Vec::new()),
    };
    Ok(Control {
        name: field.name.to_owned(),
        label: look.field(kind, field.name),
        hint: if words.has(&hint) {
            words.get(&hint).into_owned()
        } else if matches!(widget, "pick" | "picks") {
            words.get(&format!("record-{widget}-hint")).into_owned()
        } else {
            String::new()
        },
        required: field.required || show.way.is_some(),
        error,
        widget,
        value,
        most,
        options,
        picks: field.shape.links_to().unwrap_or_default(),
    })
}
