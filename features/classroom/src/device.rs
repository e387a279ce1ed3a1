//! The page of pupils' own devices, and its conversation with the room's node; what it says and is told, `pupils` decides.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use assets::Shelf;
use serde_json::{Value as Json, json};
use web::{PageError, Reply, Request, Shell, Site, Socket};

use crate::groups::{Group, group_of};
use crate::had::Had;
use crate::open::{Classes, Open, Typed};
use crate::pack::{Sheet, asked, file};
use crate::page::{COLOURS, said, shown};
use crate::pupils::for_pupils;
use crate::pupils::is_code;
use crate::say::No;
use crate::talk::ALIVE_SECONDS;
use crate::wire::{
    ALIVE, ANEW, EVENT, HELLO, LOOKS_ON, REFUSED, SAY, SHEETS, STATE, TAKEN, WAITING, framed, happened_as, message,
    waits_as,
};

/// What a page says in a second at most.
const SAYINGS: u32 = 20;

#[derive(Template)]
#[template(path = "pupil.html")]
struct PupilPage<'a> {
    s: Shell<'a>,
    title: String,
    given: String,
}

#[derive(Template)]
#[template(path = "code.html")]
struct CodePage<'a> {
    s: Shell<'a>,
    code: String,
    /// Why no page is found by it.
    wrong: Option<&'static str>,
}

fn code(request: &Request) -> &str {
    request.params.get("pupils").map(String::as_str).unwrap_or_default()
}

/// Where a code is typed.
pub(crate) fn asks(site: &Site, request: &Request, classes: &Classes) -> Result<Reply, PageError> {
    let typed = request.query("code").map(|code| code.chars().filter(char::is_ascii_digit).take(8).collect());
    found(site, request, classes, typed)
}

/// Leads to the page of who typed its code, or asks for it.
fn found(site: &Site, request: &Request, classes: &Classes, typed: Option<String>) -> Result<Reply, PageError> {
    let wrong = match typed.as_ref().map(|code| classes.typed(code, site.now_ms())) {
        Some(Typed::Found(name)) => return Ok(Reply::To(format!("/c/{name}"))),
        Some(Typed::Wrong) => Some("class-pupils-wrong"),
        Some(Typed::Wait) => Some("class-pupils-wait"),
        None => None,
    };
    let s = Shell::new(site, request, request.words(site).get("class-pupils-title"));
    let page = CodePage { code: typed.unwrap_or_default(), wrong, s };
    Ok(if wrong.is_some() { Reply::Invalid(page.render()?) } else { Reply::Page(page.render()?) })
}

/// The page of a room's pupils; who was told its code alone is led there.
pub(crate) fn page(site: &Site, request: &Request, classes: &Classes, shelf: &Shelf) -> Result<Reply, PageError> {
    let code = code(request);
    if is_code(code) {
        return found(site, request, classes, Some(code.to_owned()));
    }
    let (open, _) = classes.by_name(code).ok_or(PageError::NotFound)?;
    let pages = pages(site, &open, shelf)?;
    let words = request.words(site);
    let at = format!("/c/{code}/shown/");
    let given = json!({
        "pages": pages.iter().map(|s| s.told(&at)).collect::<Vec<_>>(),
        "shown": at,
        "rooms": [],
        "words": said(&words),
        "colours": COLOURS.iter().map(|key| words.get(key)).collect::<Vec<_>>(),
        "live": format!("/c/{code}/talk"),
        "languages": [],
        "teacher": "",
        "recorded": open.about().recorded,
    });
    let title = open.about().title.clone();
    let page = PupilPage { s: Shell::new(site, request, title.clone()), title, given: given.to_string() };
    Ok(Reply::Page(page.render()?))
}

/// A slide of the class.
pub(crate) fn slide(site: &Site, request: &Request, classes: &Classes, shelf: &Shelf) -> Result<Reply, PageError> {
    let (open, _) = classes.by_name(code(request)).ok_or(PageError::NotFound)?;
    let content = asked(request)?;
    let is_said = open.inner().fold.pack.sheets().any(|s| s.content == content);
    if is_said || pages(site, &open, shelf)?.iter().any(|s| s.content == content) {
        return Ok(file(content));
    }
    Err(PageError::NotFound)
}

/// What the course of a class shows to everyone.
fn pages(site: &Site, open: &Open, shelf: &Shelf) -> Result<Vec<Sheet>, PageError> {
    let Some(course) = open.about().course else { return Ok(Vec::new()) };
    let shown = site.store.read(|conn| shown(conn, shelf, &course, &[]))?;
    Ok(shown.iter().map(Sheet::from).collect())
}

/// Refuses where no room has this code.
pub(crate) fn may_enter(request: &Request, classes: &Classes) -> Result<(), PageError> {
    classes.by_name(code(request)).map(|_| ()).ok_or(PageError::NotFound)
}

struct Page {
    code: String,
    room: u16,
    /// The page's own number, and that of this load of it; none before it has said hello.
    device: Option<(u32, u32)>,
    seen: u64,
    had: Had,
    /// The groups whose sheets it is told of: its own, and those that were shown to all.
    sheets: BTreeSet<Group>,
    told: Vec<u8>,
    waited: Vec<u8>,
    left: u32,
}

/// The conversation, until the page leaves or the adult closes it.
pub(crate) async fn converse(classes: Arc<Classes>, request: Request, mut socket: Socket) {
    let Some((open, room)) = classes.by_name(code(&request)) else { return };
    let class = open.class;
    let mut page = Page {
        code: code(&request).to_owned(),
        room,
        device: None,
        seen: 0,
        had: Had::default(),
        sheets: BTreeSet::new(),
        told: Vec::new(),
        waited: Vec::new(),
        left: SAYINGS,
    };
    talk(&classes, class, &mut page, &mut socket).await;
    if let (Some((device, _)), Some((open, room))) = (page.device, classes.by_name(&page.code))
        && let Some(pupils) = open.inner().pupils.get_mut(&room)
    {
        pupils.go(device);
    }
}

async fn talk(classes: &Classes, class: base::Subject, page: &mut Page, socket: &mut Socket) {
    let Ok(live) = classes.live() else { return };
    let Some(mut changes) = live.follow(class) else { return };
    let mut look = tokio::time::interval(std::time::Duration::from_secs(1));
    let mut quiet = 0;
    loop {
        let asked = tokio::select! {
            asked = socket.next() => match asked { Some(asked) => Some(asked), None => return },
            changed = changes.changed() => if changed.is_ok() { None } else { return },
            _ = look.tick() => { page.left = SAYINGS; quiet += 1; None }
        };
        let Some((open, _)) = classes.by_name(&page.code) else {
            socket.say(message(LOOKS_ON, json!({ "in": false }).to_string().as_bytes())).await;
            return;
        };
        let mut out = Vec::new();
        if let Some(asked) = asked {
            if page.left == 0 {
                return;
            }
            page.left -= 1;
            if !heard(classes, &open, page, &asked, &mut out) {
                // The last word, and then the page dials again.
                for message in out {
                    socket.say(message).await;
                }
                return;
            }
        }
        if page.device.is_some() && !page.had.holds(live, class) {
            socket.say(message(ANEW, &[])).await;
            return;
        }
        if page.device.is_some() {
            tell(classes, &open, page, &mut out);
        }
        if quiet >= ALIVE_SECONDS && out.is_empty() {
            out.push(vec![ALIVE]);
        }
        for message in out {
            quiet = 0;
            if !socket.say(message).await {
                return;
            }
        }
    }
}

/// Takes what a page says; `false` where it has no place here.
fn heard(classes: &Classes, open: &Open, page: &mut Page, asked: &[u8], out: &mut Vec<Vec<u8>>) -> bool {
    match (asked.split_first(), page.device) {
        (Some((&HELLO, body)), None) => {
            let said: Json = serde_json::from_slice(body).unwrap_or_default();
            let number = |key: &str| said.get(key).and_then(Json::as_u64);
            let number32 = |key: &str| number(key).and_then(|n| u32::try_from(n).ok());
            let Some(device) = number32("page") else { return false };
            let load = number32("load").unwrap_or(device);
            let Some(taken) = classes.device_comes(open, page.room, device, load) else {
                out.push(message(REFUSED, json!({ "why": "full" }).to_string().as_bytes()));
                return false;
            };
            page.device = Some((device, load));
            page.seen = number("from").unwrap_or(0).saturating_sub(1);
            page.had = Had::said(&said);
            let elapsed = classes.live().ok().and_then(|l| l.view(open.class, u64::MAX)).map_or(0, |v| v.elapsed_ms);
            let me = json!({ "role": "pupil", "room": page.room, "name": "", "taken": taken, "t": elapsed });
            out.push(message(HELLO, me.to_string().as_bytes()));
        }
        (Some((&SAY, body)), Some(device)) => {
            let Some((count, said)) = body.split_first_chunk::<4>() else { return false };
            let Ok(live) = classes.live() else { return false };
            let fold = classes.standing(open, page.room, live.view(open.class, u64::MAX).as_ref());
            let mut inner = open.inner();
            let Some(pupils) = inner.pupils.get_mut(&page.room) else { return false };
            let (taken, done) = pupils.say(device, u32::from_be_bytes(*count), said, &fold);
            drop(inner);
            // What a device puts on the sheet of its group is the room's, and nobody's.
            let said_on = |payload: Vec<u8>| match open.about().rooms.get(usize::from(page.room).wrapping_sub(1)) {
                Some(of) => live.say(open.class, of.id, &payload).map(drop).map_err(|_| No::Later),
                None => Err(No::Role),
            };
            let done = done.and_then(|piece| piece.map_or(Ok(()), said_on));
            if let Err(no) = done {
                out.push(message(REFUSED, json!({ "why": no.code() }).to_string().as_bytes()));
            }
            out.push(message(TAKEN, &taken.to_be_bytes()));
        }
        _ => {}
    }
    true
}

/// Tells a page what it has not seen, as far as it is for pupils.
fn tell(classes: &Classes, open: &Open, page: &mut Page, out: &mut Vec<Vec<u8>>) {
    let Some(view) = classes.live().ok().and_then(|l| l.view(open.class, page.seen)) else { return };
    let (device, _) = page.device.unwrap_or_default();
    let (up, group) = {
        let inner = open.inner();
        let pupils = inner.pupils.get(&page.room);
        (pupils.is_some_and(|p| p.is_up(device)), pupils.and_then(|p| p.group_of(device)))
    };
    tell_sheets(classes, open, page, group, &view, out);
    for event in &view.events {
        page.seen = event.seq;
        if let Some(payload) = told(&event.payload, page) {
            out.push(message(EVENT, &happened_as(open, event, &payload)));
        }
    }
    page.had.now(&view, out);
    let waiting =
        view.waiting.iter().filter_map(|s| Some(framed(&waits_as(open, classes, s, &told(&s.payload, page)?))));
    let waiting: Vec<u8> = waiting.flatten().collect();
    if waiting != page.waited {
        out.push(message(WAITING, &waiting));
        page.waited = waiting;
    }
    let state = json!({ "cut": view.reach == live::Reach::Cut, "rooms": [], "up": up, "group": group });
    let state = state.to_string().into_bytes();
    if state != page.told {
        out.push(message(STATE, &state));
        page.told = state;
    }
}

/// What of an event a page of pupils is told: of groups, what is on the sheets that are for it.
fn told<'a>(payload: &'a [u8], page: &Page) -> Option<Cow<'a, [u8]>> {
    match group_of(payload) {
        Some(group) => page.sheets.contains(&group).then_some(Cow::Borrowed(payload)),
        None => for_pupils(payload),
    }
}

/// Tells a page what is on a sheet already that is for it from now on: of the group that was chosen, or that is shown.
fn tell_sheets(
    classes: &Classes,
    open: &Open,
    page: &mut Page,
    group: Option<u16>,
    view: &live::View,
    out: &mut Vec<Vec<u8>>,
) {
    let now = classes.standing(open, page.room, Some(view)).groups;
    let own = now.now.zip(group);
    let new: BTreeSet<Group> = own.into_iter().chain(now.shown).filter(|g| !page.sheets.contains(g)).collect();
    if new.is_empty() {
        return;
    }
    let past = classes.live().ok().and_then(|l| l.view(open.class, 0)).map(|v| v.events).unwrap_or_default();
    let is_on = |payload: &[u8]| group_of(payload).is_some_and(|g| new.contains(&g));
    let past = past.iter().filter(|e| e.seq <= page.seen && is_on(&e.payload));
    let past: Vec<u8> = past.flat_map(|e| framed(&happened_as(open, e, &e.payload))).collect();
    if !past.is_empty() {
        out.push(message(SHEETS, &past));
    }
    page.sheets.extend(new);
}
