//! The conversation of a class's page with its node; its messages are described in `islands/src/classroom/wire.ts`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base::Subject;
use live::{NoSeat, Reach, Refusal, SeatId, Sight};
use serde_json::{Value as Json, json};
use web::{PageError, Request, Site, Socket};

use crate::facts::LIVE_CLASS;
use crate::fold::{AGREES, Interpreter, NOTES, WORDS};
use crate::had::Had;
use crate::open::{Classes, Open};
use crate::pupils::{Pupils, is_name};
use crate::say::{No, Speaker, exit_counted, of_node, taken};
use crate::who::{Part, begins_with, may_see};
use crate::wire::{ALIVE, ANEW, ANSWER, HELLO, LOOKS_ON, OFFER, OPEN, REFUSED, SAY, SIGHT, TAKEN, message};

mod tell;

use tell::{tell, tell_of_pupils, tell_totals};

/// A page that is told nothing else is told so often that its node is there, in seconds.
pub(crate) const ALIVE_SECONDS: u32 = 10;
/// What came too fast is tried again after so long, so often; then it is refused. A room's outbox may be full for hours.
const AGAIN: Duration = Duration::from_millis(50);
const TRIES: u32 = 100;

/// Refuses who may not see the class, and where it is not open.
pub(crate) fn may_enter(site: &Site, request: &Request, classes: &Classes) -> Result<(), PageError> {
    let class = request.id("id")?;
    site.store.read(|conn| register::visible(conn, request.reader()?, &LIVE_CLASS, &class))?;
    // It may have been planned a moment ago, and so may a room.
    if classes.get(&class).is_none_or(|open| is_behind(&open, request)) {
        classes.tend(site)?;
    }
    classes.get(&class).map(|_| ()).ok_or(PageError::Rule("class-not-open".to_owned()))
}

/// Whether the rooms that a page was given are others than those of the class, or have other numbers.
fn is_behind(open: &Open, request: &Request) -> bool {
    let given = request.query.iter().find(|(key, _)| key == "rooms");
    given.is_some_and(|(_, mark)| !begins_with(&open.about().ids(), mark))
}

/// Whether a page is that of a room whose adult may lead the class as well.
pub(crate) fn at_room(request: &Request) -> bool {
    request.query("as") == Some("room")
}

/// Somebody at a page of the class.
struct Guest {
    person: Subject,
    name: String,
    /// Their page is that of their room, also where they lead.
    at_room: bool,
    part: Part,
    /// As whom they speak.
    who: Subject,
    /// The rooms as the page has them.
    rooms: Vec<Subject>,
    /// The number of this load of the page, by which it is counted what it says; none before it has said hello.
    page: Option<u32>,
    /// The last event that the page has, and how far what it has is known to have happened.
    seen: u64,
    had: Had,
    /// What the page was told last of the rooms, and of what waits.
    told: Vec<u8>,
    waited: Vec<u8>,
    /// Where the page speaks and listens: to the floor, and to an interpreter.
    mic: Option<SeatId>,
    camera: Option<SeatId>,
    ears: [Option<SeatId>; 2],
    /// How large it shows the picture.
    sight: Sight,
    /// The channel that its microphone has: the floor, or an interpreter's.
    speaks: Option<u8>,
    /// A guest whom the teacher let in.
    is_in: bool,
    /// The node as the browser of this page finds it.
    host: String,
    /// What the page was told last of the room's own devices, and of what they drew.
    pupils: Vec<u8>,
    drawn: BTreeMap<u32, u32>,
    /// What the teacher was told last of how it was.
    totals: Vec<u8>,
}

/// The conversation, until the page leaves.
pub(crate) async fn converse(classes: Arc<Classes>, site: Arc<Site>, request: Request, mut socket: Socket) {
    let request = Arc::new(request);
    let (Ok(class), Some(session)) = (request.id("id"), request.session.as_ref()) else { return };
    let Some(open) = classes.get(&class) else { return };
    if is_behind(&open, &request) {
        socket.say(message(ANEW, &[])).await;
        return;
    }
    let at_room = at_room(&request);
    let (part, who) = who_is(&classes, &open, session.person, at_room);
    let mut guest = Guest {
        person: session.person,
        name: session.name.clone(),
        at_room,
        part,
        who,
        rooms: open.about().ids(),
        page: None,
        seen: 0,
        had: Had::default(),
        told: Vec::new(),
        waited: Vec::new(),
        mic: None,
        camera: None,
        ears: [None, None],
        sight: Sight::default(),
        speaks: None,
        is_in: false,
        host: format!("{}://{}", origin::scheme(request.secure, &request.host), request.host),
        pupils: Vec::new(),
        drawn: BTreeMap::new(),
        totals: Vec::new(),
    };
    come(&classes, &open, &guest, true);
    talk(&classes, &site, &request, class, &mut guest, &mut socket).await;
    guest
        .mic
        .into_iter()
        .chain(guest.camera)
        .chain(guest.ears.into_iter().flatten())
        .for_each(|seat| classes.booths().leave(seat));
    if let Some(now) = classes.get(&class).filter(|now| now.is_kept_with(&open)) {
        come(&classes, &now, &guest, false);
    }
}

/// Who somebody is in the class as it is planned now, and as whom they speak.
fn who_is(classes: &Classes, open: &Open, person: Subject, at_room: bool) -> (Part, Subject) {
    let part = classes.part(open, &person, at_room);
    let who = match part {
        Part::Teacher => open.class,
        Part::Adult(room) => open.about().rooms.get(usize::from(room) - 1).map_or(person, |r| r.id),
        Part::Co | Part::Guest => person,
    };
    (part, who)
}

/// Whether whoever is at a page is signed in still, and may see the class.
fn may_stay(site: &Site, request: &Request, class: Subject) -> bool {
    let Some(session) = request.signed_in(site) else { return false };
    may_see(site, &session.reader, &class)
}

/// Says that somebody has come, or gone.
fn come(classes: &Classes, open: &Open, guest: &Guest, comes: bool) {
    match guest.part {
        Part::Guest => classes.looks_on(open, guest.person, &guest.name, comes),
        Part::Adult(_) => classes.came(open, guest.who, &guest.name, comes),
        Part::Teacher | Part::Co => {
            let leads = &mut open.inner().leads;
            *leads = if comes { *leads + 1 } else { leads.saturating_sub(1) };
        }
    }
}

async fn talk(
    classes: &Arc<Classes>,
    site: &Arc<Site>,
    request: &Arc<Request>,
    class: Subject,
    guest: &mut Guest,
    socket: &mut Socket,
) {
    let Ok(live) = classes.live() else { return };
    let Some(mut changes) = live.follow(class) else { return };
    let mut look = tokio::time::interval(Duration::from_secs(1));
    let mut quiet = 0;
    // What came too fast waits here, and all that comes after it in the socket.
    let (mut early, mut tries) = (None, 0);
    let mut again = tokio::time::interval(AGAIN);
    again.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let asked = tokio::select! {
            asked = socket.next(), if early.is_none() => match asked { Some(asked) => Some(asked), None => return },
            _ = again.tick(), if early.is_some() => early.take(),
            changed = changes.changed() => if changed.is_ok() { None } else { return },
            _ = look.tick() => {
                quiet += 1;
                let (site, request) = (Arc::clone(site), Arc::clone(request));
                if !tokio::task::spawn_blocking(move || may_stay(&site, &request, class)).await.unwrap_or(false) {
                    return;
                }
                None
            }
        };
        let Some(open) = classes.get(&class) else { return };
        // Who was something else in it when the page came is told anew what they are; where rooms have other numbers, the page
        // itself is to be loaded anew.
        if !open.about().ids().starts_with(&guest.rooms) {
            socket.say(message(ANEW, &[])).await;
            return;
        }
        if who_is(classes, &open, guest.person, guest.at_room) != (guest.part, guest.who) {
            return;
        }
        let mut out = Vec::new();
        if let Some(asked) = asked {
            match heard(classes, site, &open, guest, &asked, tries < TRIES, &mut out) {
                Heard::TooFast => {
                    early = Some(asked);
                    tries += 1;
                }
                Heard::Taken => tries = 0,
                Heard::Else => {}
            }
        }
        if guest.page.is_some() && !guest.had.holds(live, class) {
            socket.say(message(ANEW, &[])).await;
            return;
        }
        if guest.page.is_some() {
            admit(classes, &open, guest, &mut out);
            tell(classes, &open, guest, &mut out);
            tell_of_pupils(&open, guest, &mut out);
            tell_totals(&open, guest, &mut out);
            floor(classes, &open, guest);
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
        let (classes, site) = (Arc::clone(classes), Arc::clone(site));
        let looked = tokio::task::spawn_blocking(move || match classes.live() {
            Ok(live) => classes.look(&site, live, &open),
            Err(e) => Err(e),
        });
        if let Ok(Err(e)) = looked.await {
            tracing::error!("a class: {e}");
        }
    }
}

/// What became of what a page said.
enum Heard {
    Taken,
    /// It is to be tried again in a while.
    TooFast,
    /// It was refused, or is no saying.
    Else,
}

/// Takes what a page says; what comes too fast is refused only where it does not wait.
fn heard(
    classes: &Classes,
    site: &Site,
    open: &Open,
    guest: &mut Guest,
    asked: &[u8],
    waits: bool,
    out: &mut Vec<Vec<u8>>,
) -> Heard {
    match asked.split_first() {
        Some((&HELLO, body)) => {
            let said: Json = serde_json::from_slice(body).unwrap_or_default();
            let number = |key: &str| said.get(key).and_then(Json::as_u64);
            let number32 = |key: &str| number(key).and_then(|n| u32::try_from(n).ok());
            let Some(page) = number32("page") else { return Heard::Else };
            let load = number32("load").unwrap_or(page);
            guest.page = Some(load);
            guest.seen = number("from").unwrap_or(0).saturating_sub(1);
            guest.had = Had::said(&said);
            guest.told.clear();
            guest.waited.clear();
            guest.is_in = false;
            guest.pupils.clear();
            guest.drawn.clear();
            guest.totals.clear();
            out.push(hello(classes, open, guest, load));
        }
        Some((&SAY, body)) => {
            let (Some(load), Some((count, said))) = (guest.page, body.split_first_chunk::<4>()) else {
                return Heard::Else;
            };
            let count = u32::from_be_bytes(*count);
            let mut heard = Heard::Else;
            let is_next = open.inner().turns.entry(guest.person).or_default().is_next(load, count);
            if is_next {
                match say(classes, open, guest, said) {
                    Ok(()) => heard = Heard::Taken,
                    Err(No::Fast) if waits => return Heard::TooFast,
                    Err(no) => out.push(message(REFUSED, json!({ "why": no.code() }).to_string().as_bytes())),
                }
                open.inner().turns.entry(guest.person).or_default().take(load, count);
            }
            out.push(message(TAKEN, &taken_of(open, guest, load).to_be_bytes()));
            return heard;
        }
        // Who answers for a room opens the page of its pupils, and closes it.
        Some((&OPEN, body)) => {
            let said: Json = serde_json::from_slice(body).unwrap_or_default();
            let Part::Adult(room) = guest.part else { return Heard::Else };
            // Teachers who meet have no pupils before them.
            if open.about().meeting {
                out.push(message(REFUSED, json!({ "why": No::Role.code() }).to_string().as_bytes()));
                return Heard::Else;
            }
            let code = said.get("code").and_then(Json::as_str).unwrap_or_default();
            let name = Some(code).filter(|name| is_name(name) && classes.by_name(name).is_none());
            let mut inner = open.inner();
            if said.get("open").and_then(Json::as_bool) != Some(true) {
                inner.close(room);
            } else if inner.fold.over_ms.is_none() {
                inner.pupils.entry(room).or_insert_with(|| Pupils::new(site.store.env(), room, name));
            }
        }
        Some((&OFFER, body)) => {
            let said: Json = serde_json::from_slice(body).unwrap_or_default();
            let text = |key: &str| said.get(key).and_then(Json::as_str).unwrap_or_default();
            let channel = said.get("channel").and_then(Json::as_u64).and_then(|c| u8::try_from(c).ok()).unwrap_or(0);
            match seat(classes, open, guest, text("way"), channel, text("sdp")) {
                Ok(sdp) => {
                    // A page may have offered anew meanwhile: the answer says which offer it is to.
                    let answer = json!({ "way": text("way"), "sdp": sdp, "n": said.get("n") });
                    out.push(message(ANSWER, answer.to_string().as_bytes()));
                }
                Err(no) => out.push(message(REFUSED, json!({ "why": no.code() }).to_string().as_bytes())),
            }
        }
        Some((&SIGHT, &[size])) => {
            guest.sight = [Sight::None, Sight::Small].get(usize::from(size)).copied().unwrap_or_default();
            guest.ears[0].into_iter().for_each(|ear| classes.booths().sight(ear, guest.sight));
        }
        _ => {}
    }
    Heard::Else
}

/// How many sayings were taken of a load of somebody's page.
fn taken_of(open: &Open, guest: &Guest, load: u32) -> u32 {
    open.inner().turns.get(&guest.person).map_or(0, |turns| turns.taken(load))
}

/// Seats a page that speaks or listens, in place of where it sat.
fn seat(classes: &Classes, open: &Open, guest: &mut Guest, way: &str, channel: u8, sdp: &str) -> Result<String, No> {
    if guest.part == Part::Guest && !open.inner().fold.admitted.contains(&guest.person) {
        return Err(No::Guest);
    }
    let booths = classes.booths();
    let full = |e: NoSeat| if e == NoSeat::Full { No::Much } else { No::Voice };
    match way {
        "send" if guest.part != Part::Guest || interprets(open, guest).is_some() => {
            guest.mic.take().into_iter().for_each(|seat| booths.leave(seat));
            guest.speaks = None;
            let seated = booths.speak(open.class, guest.who, sdp).map_err(full)?;
            guest.mic = Some(seated.id);
            // Ears that were seated before it, or beside the one in whose place it is.
            guest.ears.into_iter().flatten().for_each(|ear| booths.is_own(ear, seated.id));
            Ok(seated.answer)
        }
        "film" if guest.part != Part::Guest => {
            guest.camera.take().into_iter().for_each(|seat| booths.leave(seat));
            guest.speaks = None;
            // A camera that is put out says so by no offer.
            if sdp.is_empty() {
                return Ok(String::new());
            }
            let seated = booths.film(open.class, sdp).map_err(full)?;
            guest.camera = Some(seated.id);
            Ok(seated.answer)
        }
        "hear" | "interpreted" => {
            let (ear, channel) =
                if way == "hear" { (&mut guest.ears[0], 0) } else { (&mut guest.ears[1], channel.max(1)) };
            ear.take().into_iter().for_each(|seat| booths.leave(seat));
            let seated = booths.listen(open.class, channel, guest.mic, sdp).map_err(full)?;
            *ear = Some(seated.id);
            booths.sight(seated.id, guest.sight);
            Ok(seated.answer)
        }
        _ => Err(No::Role),
    }
}

/// Lets a guest in, or sends them out: then nothing more is told, and nothing more is heard.
fn admit(classes: &Classes, open: &Open, guest: &mut Guest, out: &mut Vec<Vec<u8>>) {
    let is_in = guest.part != Part::Guest || open.inner().fold.admitted.contains(&guest.person);
    if guest.part != Part::Guest || is_in == guest.is_in {
        return;
    }
    guest.is_in = is_in;
    if !is_in {
        let seats = guest
            .mic
            .take()
            .into_iter()
            .chain(guest.camera.take())
            .chain(guest.ears.iter_mut().filter_map(Option::take));
        seats.for_each(|seat| classes.booths().leave(seat));
        guest.speaks = None;
    }
    out.push(message(LOOKS_ON, json!({ "in": is_in }).to_string().as_bytes()));
}

/// As whom somebody would interpret.
fn interpreter(guest: &Guest) -> Option<Interpreter> {
    match guest.part {
        Part::Teacher => None,
        Part::Adult(room) => Some(Interpreter::Room(room)),
        Part::Co => Some(Interpreter::Person(guest.person)),
        Part::Guest => guest.is_in.then_some(Interpreter::Person(guest.person)),
    }
}

/// The channel on which somebody interprets.
fn interprets(open: &Open, guest: &Guest) -> Option<u8> {
    open.inner().fold.interpreters.get(&interpreter(guest)?).copied()
}

/// Gives a page's microphone the floor, or takes it: the teacher always has it while the class goes on, a room when the
/// teacher has given it.
fn floor(classes: &Classes, open: &Open, guest: &mut Guest) {
    let Some(mic) = guest.mic else { return };
    let channel = {
        let fold = &open.inner().fold;
        let interprets = interpreter(guest).and_then(|who| fold.interpreters.get(&who).copied());
        // Nobody else's voice leaves a school; an interpreter's goes beside what is interpreted, unless their room is asked.
        let channel = match (guest.part, interprets) {
            (Part::Co, Some(channel)) => Some(channel),
            _ => fold.has_floor(guest.part).then_some(0).or(interprets),
        };
        let may = guest.part != Part::Guest || fold.guest_may_be_heard(&guest.person, fold.recording);
        channel.filter(|_| may && fold.may_speak(guest.part))
    };
    if guest.speaks != channel {
        guest.speaks = channel;
        [Some(mic), guest.camera].into_iter().flatten().for_each(|seat| classes.booths().floor(seat, channel));
    }
}

fn hello(classes: &Classes, open: &Open, guest: &Guest, load: u32) -> Vec<u8> {
    let elapsed = classes.live().ok().and_then(|l| l.view(open.class, u64::MAX)).map_or(0, |v| v.elapsed_ms);
    let taken = taken_of(open, guest, load);
    let me = json!({
        "role": guest.part.code(), "room": guest.part.room(), "name": guest.name, "taken": taken, "t": elapsed,
    });
    message(HELLO, me.to_string().as_bytes())
}

/// What the node says of a guest who lets their voice be recorded, or does not: they speak for themselves alone.
fn agrees(said: &[u8], guest: &Guest) -> Option<Vec<u8>> {
    let (&WORDS, words) = said.split_first().filter(|_| guest.part == Part::Guest)? else { return None };
    let said: Json = serde_json::from_slice(words).ok()?;
    let yes = said.get("yes").and_then(Json::as_bool) == Some(true);
    (said.get("k").and_then(Json::as_str) == Some("consent"))
        .then(|| of_node(&json!({ "k": AGREES, "person": guest.person.to_string(), "yes": yes })))
}

fn say(classes: &Classes, open: &Open, guest: &Guest, said: &[u8]) -> Result<(), No> {
    let live = classes.live().map_err(|_| No::Closed)?;
    let view = live.view(open.class, u64::MAX);
    let cut = view.as_ref().is_some_and(|v| v.reach == Reach::Cut);
    let fold = classes.standing(open, guest.part.room(), view.as_ref());
    let admitted = fold.admitted.contains(&guest.person);
    if let Some(counted) = exit_counted(said, guest.part, &fold) {
        let (room, marks) = counted?;
        open.inner().exits.entry(room).or_default().0 = marks;
        return Ok(());
    }
    let asked = fold.question.as_ref().map_or(0, |question| question.q);
    let devices = open.inner().pupils.get(&guest.part.room()).map_or(0, |pupils| pupils.answered(asked));
    let meeting = open.about().meeting;
    let speaker = Speaker { part: guest.part, name: &guest.name, admitted, cut, meeting, devices };
    let payload = match agrees(said, guest) {
        Some(said) if admitted && fold.over_ms.is_none() => said,
        _ => taken(said, &speaker, &fold, open.about().recorded)?,
    };
    if let Some((&NOTES, update)) = payload.split_first() {
        open.inner().note(update)?;
    }
    match live.say(open.class, guest.who, &payload) {
        Ok(_) => Ok(()),
        Err(Refusal::NoClass) => Err(No::Closed),
        Err(Refusal::TooLong) => Err(No::Much),
        Err(Refusal::TooMuch) => Err(No::Fast),
    }
}
