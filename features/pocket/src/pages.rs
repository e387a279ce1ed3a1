//! The pocket itself, as any browser may load it, what it asks, and the page on which phones are kept.

use askama::Template;
use base::{Lang, Subject};
use log::Context;
use records::{Change, Reader, Role, Roles, append};
use register::Look;
use rusqlite::Connection;
use serde_json::{Map, Value as Json, json};
use text::Arg;
use web::{Answered, Asked, Check, PageError, Reply, Request, Route, Shell, Site, set_cookie};

use crate::facts::{GOES, OFFICE, POCKET};
use crate::item::Names;
use crate::key::Holder;
use crate::{gather, hand, key, pack};

/// The languages of the screens.
const LANGS: [Lang; 3] = [Lang::Zh, Lang::Bo, Lang::En];

/// What another room gives a phone to take along, and takes in from it, under its name.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// The key in what is taken along and handed over.
    pub name: &'static str,
    /// What is taken along.
    pub pack: fn(&Site, &Request) -> Result<Json, PageError>,
    /// Takes in what was recorded on the phone, and answers for each.
    pub take: fn(&Site, &Request, &[Json]) -> Result<Json, PageError>,
}

/// The routes of this room, with what other rooms put into it.
pub fn routes(loads: &'static [Load]) -> Vec<Route> {
    let staff = Check::Roles(GOES);
    vec![
        // Nobody's data is in these three: a browser keeps them, so that they open without a node.
        Route::get("/pocket", Check::Public, shell),
        Route::get("/pocket-worker.js", Check::Public, worker),
        Route::get("/pocket/app.webmanifest", Check::Public, |site, r| Ok(manifest(site, r))),
        Route::get("/pocket/who", staff, who),
        Route::post("/pocket/new", staff, new),
        Route::get("/pockets", staff, list),
        Route::post("/pockets/{id}/lost", staff, lost),
        Route::machine("/pocket/state/{id}", state),
        Route::machine("/pocket/pack", move |site, asked| {
            answer(site, asked, |holder, _| packed(site, &holder.goes()?, loads))
        }),
        Route::machine("/pocket/hand", move |site, asked| {
            answer(site, asked, |holder, body| handed(site, &holder, body, loads))
        }),
        Route::machine("/pocket/picture/{visit}/{made}/{chance}", picture),
    ]
}

#[derive(Template)]
#[template(path = "pocket.html")]
struct PocketPage<'a> {
    s: Shell<'a>,
    words: String,
}

/// Every word of the pocket in its three languages, since a phone in a village may change its reader's.
fn shell(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let mut all = Map::new();
    for lang in LANGS {
        let words = site.words(lang, Some(lang.second()));
        // What the phone fills in stays open.
        let holes = [("text", Arg::Text("{text}")), ("n", Arg::Text("{n}"))];
        // What an observation says is said by its pages and here alike.
        let seen = site.catalogue.keys().into_iter().filter(|key| key.starts_with("observe-"));
        // What a language lacks is said in another on the phone, and not sent twice.
        let lacks = site.catalogue.missing(lang);
        let keys = WORDS.iter().copied().chain(seen).filter(|key| !lacks.contains(key));
        let said = keys.map(|key| (key.to_owned(), Json::String(words.with(key, &holes))));
        all.insert(lang.code().to_owned(), Json::Object(said.collect()));
    }
    // In the page as text that no element ends.
    let words = Json::Object(all).to_string().replace('<', "\\u003c");
    let page = PocketPage { words, s: Shell::new(site, request, request.words(site).get("pocket")) };
    Ok(Reply::Open(page.render()?))
}

#[derive(Template)]
#[template(path = "worker.js", escape = "none")]
struct Worker<'a> {
    stamp: &'a str,
}

fn worker(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let stamp = Shell::new(site, request, "").stamp;
    Ok(Reply::Bytes("text/javascript; charset=utf-8", None, Worker { stamp }.render()?.into_bytes()))
}

fn manifest(site: &Site, request: &Request) -> Reply {
    let shell = Shell::new(site, request, "");
    let manifest = json!({
        "id": "/pocket", "start_url": "/pocket", "scope": "/pocket", "display": "standalone",
        "name": format!("Zampa · {}", shell.w("pocket")), "short_name": "Zampa",
        "background_color": "#FBFAF7", "theme_color": "#1F4E8C",
        "icons": [{ "src": format!("/static/icon.svg?{}", shell.stamp), "sizes": "any", "type": "image/svg+xml", "purpose": "any" }],
    });
    Reply::Bytes("application/manifest+json", None, manifest.to_string().into_bytes())
}

/// Who is signed in, and what the form that prepares a phone must send back.
fn who(_: &Site, request: &Request) -> Result<Reply, PageError> {
    let session = request.session.as_ref().ok_or(PageError::SignIn)?;
    let said = json!({ "name": session.name, "csrf": session.csrf });
    Ok(Reply::Bytes("application/json", None, said.to_string().into_bytes()))
}

fn new(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let device = text::clean_line(request.form("device").unwrap_or_default(), 60);
    let device = device.ok().filter(|d| !d.is_empty()).ok_or(PageError::Malformed("the device's name"))?;
    let made = key::make(site, request, &device)?;
    let said = json!({ "id": made.id.to_string(), "secret": made.secret });
    Ok(Reply::Bytes("application/json", None, said.to_string().into_bytes()))
}

/// Whether a pocket is still in use: asked without its secret, which a locked phone cannot read.
fn state(site: &Site, asked: &Asked) -> Answered {
    let id = asked.params.get("id").and_then(|id| id.parse::<Subject>().ok());
    let found = id.map_or(Ok(None), |id| site.store.read(|conn| key::state(site, conn, &id)));
    match found {
        Ok(state) => open(json_of(200, &json!({ "state": state }))),
        Err(e) => failed(&e),
    }
}

fn picture(site: &Site, asked: &Asked) -> Answered {
    if asked.method == "OPTIONS" {
        return open(Answered::status(204));
    }
    let take = || {
        let holder = key::holder(site, asked.bearer.as_deref(), Lang::Zh)?;
        let number = |name: &str| asked.params.get(name).and_then(|n| n.parse::<u64>().ok());
        let visit = asked.params.get("visit").and_then(|v| v.parse().ok()).ok_or(PageError::NotFound)?;
        let mark = number("made").zip(number("chance").and_then(|c| u32::try_from(c).ok()));
        let (made, chance) = mark.ok_or(PageError::Malformed("a picture's mark"))?;
        hand::picture(site, &holder, visit, (made & 0xffff_ffff_ffff, chance), &asked.body)
    };
    match take() {
        Ok(()) => open(json_of(200, &json!({ "taken": true }))),
        Err(e) => failed(&e),
    }
}

/// Answers a pocket: who it is first, then what it asks.
fn answer(site: &Site, asked: &Asked, what: impl FnOnce(Holder, &Json) -> Result<Json, PageError>) -> Answered {
    if asked.method == "OPTIONS" {
        return open(Answered::status(204));
    }
    let body: Json = serde_json::from_slice(&asked.body).unwrap_or(Json::Null);
    let lang = body.get("lang").and_then(Json::as_str).and_then(Lang::parse).unwrap_or(Lang::Zh);
    match key::holder(site, asked.bearer.as_deref(), lang).and_then(|holder| what(holder, &body)) {
        Ok(said) => open(json_of(200, &said)),
        Err(e) => failed(&e),
    }
}

/// All that a phone takes along.
fn packed(site: &Site, request: &Request, loads: &[Load]) -> Result<Json, PageError> {
    let mut all = pack::pack(site, request)?;
    for load in loads {
        let of = (load.pack)(site, request)?;
        if let Some(all) = all.as_object_mut() {
            all.insert(load.name.to_owned(), of);
        }
    }
    Ok(all)
}

/// All that a phone hands over. After its person's role nothing but visits is taken.
fn handed(site: &Site, holder: &Holder, body: &Json, loads: &[Load]) -> Result<Json, PageError> {
    let items = body.get("items").and_then(Json::as_array).ok_or(PageError::Malformed("items"))?;
    let mut done = hand::take_all(site, holder, items, &Names::read(body.get("people")))?;
    for load in loads.iter().filter(|_| !holder.went()) {
        let Some(items) = body.get(load.name).and_then(Json::as_array) else { continue };
        let of = (load.take)(site, holder.request(), items)?;
        if let Some(done) = done.as_object_mut() {
            done.insert(load.name.to_owned(), of);
        }
    }
    Ok(done)
}

fn failed(error: &PageError) -> Answered {
    if error.status() == 500 {
        tracing::error!("a pocket: {error}");
    }
    open(json_of(error.status(), &json!({ "error": error.key() })))
}

fn json_of(status: u16, said: &Json) -> Answered {
    Answered { body: said.to_string().into_bytes(), ..Answered::status(status) }
        .with("content-type", "application/json")
}

/// A pocket that was loaded from one node asks another. It brings its secret itself and no cookie is read, so no page can
/// do in somebody's name what it could not do anyway.
fn open(answered: Answered) -> Answered {
    answered
        .with("access-control-allow-origin", "*")
        .with("access-control-allow-headers", "authorization, content-type")
        .with("access-control-allow-methods", "GET, POST")
        .with("access-control-max-age", "86400")
}

struct Line {
    id: String,
    device: String,
    person: String,
    since: String,
    state: String,
    in_use: bool,
}

#[derive(Template)]
#[template(path = "pockets.html")]
struct PocketsPage<'a> {
    s: Shell<'a>,
    lines: Vec<Line>,
    code: String,
}

/// Whether a reader may say of a person's phone that it is lost: of their own; the office of everybody's, a head of those
/// of their school.
fn may_lose(site: &Site, conn: &Connection, reader: &Reader, person: &Subject) -> Result<bool, PageError> {
    if person == &reader.person || reader.is_any(OFFICE) {
        return Ok(true);
    }
    if !reader.is(Role::Head) {
        return Ok(false);
    }
    // Who is posted to a school belongs to it by the role that they have there.
    let theirs = (site.reader_of)(conn, *person, site.today())?;
    let kind = site.kinds.get("person").ok_or(PageError::NotFound)?;
    let mut places = register::concerned(conn, kind, person)?;
    places.extend(theirs.schools());
    Ok(reader.reaches(Roles::of(&[Role::Head]), &places))
}

/// A person's own phones; for a head those of the school; for the office everybody's that this node knows.
fn list(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let reader = request.reader()?;
    let html = site.store.read(|conn| {
        let look = Look::new(site, request, conn);
        let sql = format!(
            "SELECT k.id, k.device, k.since, coalesce(k.state, 'in_use'), k.person, {} FROM pocket k
             LEFT JOIN person p ON p.id = k.person WHERE k.person = ?1 OR ?2
             ORDER BY coalesce(k.state, 'in_use') <> 'in_use', k.since DESC LIMIT 500",
            site.kinds.get("person").ok_or(PageError::NotFound)?.called("p", request.lang)
        );
        let mut stmt = conn.prepare(&sql)?;
        let all = reader.is_any(OFFICE) || reader.is(Role::Head);
        let mut rows = stmt.query(rusqlite::params![reader.person.as_bytes(), all])?;
        let mut lines = Vec::new();
        while let Some(row) = rows.next()? {
            let id = Subject::try_from(row.get::<_, Vec<u8>>(0)?.as_slice()).unwrap_or_default();
            let whose = Subject::try_from(row.get::<_, Vec<u8>>(4)?.as_slice()).unwrap_or_default();
            if !may_lose(site, conn, reader, &whose)? {
                continue;
            }
            let state: String = row.get(3)?;
            let since: String = row.get::<_, Option<String>>(2)?.unwrap_or_default();
            lines.push(Line {
                id: id.to_string(),
                device: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
                person: row.get::<_, Option<String>>(5)?.unwrap_or_default(),
                since: since.parse().map(|day| look.words.date(day)).unwrap_or(since),
                in_use: state == "in_use",
                state: look.words.get(&format!("state-{state}")).into_owned(),
            });
        }
        let code = gather::code_of(&reader.person);
        Ok::<_, PageError>(
            PocketsPage { lines, code, s: Shell::new(site, request, look.words.get("pocket-list")) }.render()?,
        )
    })?;
    Ok(Reply::Page(html))
}

/// A phone is lost: the next node it meets tells it to forget everything, and takes nothing of it any more.
fn lost(site: &Site, request: &Request) -> Result<Reply, PageError> {
    let (id, reader) = (request.id("id")?, request.reader()?);
    site.store.write(Context { author: reader.person }, |tx| {
        let found: Option<Vec<u8>> = rusqlite::OptionalExtension::optional(
            tx.conn()
                .prepare_cached("SELECT person FROM pocket WHERE id = ?1 AND coalesce(state, 'in_use') = 'in_use'")?
                .query_row([id.as_bytes()], |r| r.get(0)),
        )?;
        let person = found.and_then(|p| Subject::try_from(p.as_slice()).ok()).ok_or(PageError::NotFound)?;
        if !may_lose(site, tx.conn(), reader, &person)? {
            return Err(PageError::NotAllowed);
        }
        let change = Change::new().with_text("state", "lost");
        append(tx, &POCKET, base::Scope::Person(person), id, change, None)?;
        Ok(tx.fold()?)
    })?;
    Ok(Reply::ToWith("/pockets".to_owned(), vec![set_cookie("zampa_note", "pocket-lost-done", 60)]))
}

/// The words that the pocket says by itself.
const WORDS: &[&str] = &[
    "demonstration-strip",
    "error-not-understood",
    "error-out-of-range",
    "field-ends_on",
    "field-kind",
    "field-starts_on",
    "headcount-basis",
    "languages",
    "pocket",
    "pocket-all",
    "pocket-code",
    "pocket-code-hint",
    "pocket-code-twice",
    "pocket-code-wrong",
    "pocket-count-hint",
    "pocket-count-waits",
    "pocket-day",
    "pocket-device",
    "pocket-device-mine",
    "pocket-discard",
    "pocket-discard-sure",
    "pocket-discard-yes",
    "pocket-draft",
    "pocket-ended",
    "pocket-forget-node",
    "pocket-gone",
    "pocket-gone-intro",
    "pocket-hand",
    "pocket-handed",
    "pocket-handed-to",
    "pocket-handing",
    "pocket-home",
    "pocket-host-far",
    "pocket-host-near",
    "pocket-host-other",
    "pocket-host-said",
    "pocket-host-said-hint",
    "pocket-host-which",
    "pocket-insecure",
    "pocket-later",
    "pocket-left",
    "pocket-left-intro",
    "pocket-lock",
    "pocket-locked",
    "pocket-locked-intro",
    "pocket-many",
    "pocket-met",
    "pocket-met-pictures",
    "pocket-more-signs",
    "pocket-more-visitors",
    "pocket-no-from",
    "pocket-no-future",
    "pocket-no-host",
    "pocket-no-lessons",
    "pocket-no-many",
    "pocket-no-names",
    "pocket-no-pack",
    "pocket-no-purpose",
    "pocket-no-visitors",
    "pocket-nobody",
    "pocket-node",
    "pocket-node-wrong",
    "pocket-nodes",
    "pocket-nodes-add",
    "pocket-nodes-intro",
    "pocket-not-kept",
    "pocket-not-known",
    "pocket-not-you",
    "pocket-open-there",
    "pocket-own-key-changed",
    "pocket-own-key-mine",
    "pocket-passed",
    "pocket-phone",
    "pocket-picture-broken",
    "pocket-pictures",
    "pocket-pictures-add",
    "pocket-pictures-hint",
    "pocket-pictures-wait",
    "pocket-pin",
    "pocket-pin-again",
    "pocket-pin-change",
    "pocket-pin-changed",
    "pocket-pin-differs",
    "pocket-pin-hint",
    "pocket-pin-longer",
    "pocket-pin-now",
    "pocket-pin-short",
    "pocket-pin-wrong",
    "pocket-planned",
    "pocket-planned-none",
    "pocket-prepare",
    "pocket-prepare-intro",
    "pocket-prepare-now",
    "pocket-record",
    "pocket-recorded",
    "pocket-recorded-none",
    "pocket-refused",
    "pocket-remove",
    "pocket-roll",
    "pocket-roll-all",
    "pocket-roll-called",
    "pocket-roll-contact",
    "pocket-roll-counted",
    "pocket-roll-do",
    "pocket-roll-hint",
    "pocket-roll-leg",
    "pocket-roll-missing",
    "pocket-roll-n",
    "pocket-roll-no-contact",
    "pocket-roll-record",
    "pocket-roll-safe",
    "pocket-roll-safe-missing",
    "pocket-roll-some",
    "pocket-roll-until",
    "pocket-roll-withdrawn",
    "pocket-safe",
    "pocket-safety",
    "pocket-safety-intro",
    "pocket-sent",
    "pocket-sent-intro",
    "pocket-signed",
    "pocket-signs",
    "pocket-take",
    "pocket-taken-at",
    "pocket-tidy",
    "pocket-unlock",
    "pocket-unplanned",
    "pocket-until",
    "pocket-untitled",
    "pocket-waiting",
    "pocket-wipe",
    "pocket-wipe-sure",
    "pocket-wipe-yes",
    "rule-dates-in-order",
    "rule-visit-follow-early",
    "seal-other-asked",
    "seal-other-changed",
    "seal-other-no-key",
    "study_tour",
    "trip",
    "trust",
    "visit-advice",
    "visit-advice-hint",
    "visit-asked",
    "visit-follow_up",
    "visit-follow_up_on",
    "visit-from_school",
    "visit-host",
    "visit-last-advice",
    "visit-lessons",
    "visit-new",
    "visit-purpose",
    "visit-visitors",
    "word-counted",
    "word-demonstration_lesson",
    "word-estimated",
    "word-lecture",
    "word-local_teachers",
    "word-others",
    "word-parents",
    "word-pupils",
    "word-research_meeting",
    "word-training",
    "word-workshop",
];
