//! Programs and devices that speak into a class, with a picture or without, or follow it without a page: an encoder by WHIP
//! (RFC 9725), a player by WHEP (draft-ietf-wish-whep). Who has a part in the class makes keys for them, each for one class,
//! one direction and some days; what has a key is in the class as whoever made it: it has the floor when they have, and
//! leaves when the key is taken back.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base::{Env, Hash, Subject, base32};
use live::{NoSeat, SeatId};
use web::{Answered, Asked, Local, PageError, Site};

use crate::open::{Classes, Open};
use crate::who::{Part, may_see};

/// How long a key is good, in milliseconds: a week.
const KEY_MS: u64 = 7 * 24 * 3_600_000;
/// Keys that a class may have at a node.
const MAX_KEYS: usize = 12;
/// When somebody finds every seat taken, they may ask again after so many seconds.
const AGAIN: &str = "5";

/// What a key is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// To speak: WHIP.
    Speaks,
    /// To listen: WHEP.
    Listens,
}

impl Way {
    /// The word by which it is kept, and stands in addresses.
    pub fn code(self) -> &'static str {
        match self {
            Self::Speaks => "whip",
            Self::Listens => "whep",
        }
    }

    fn of(code: &str) -> Option<Self> {
        [Self::Speaks, Self::Listens].into_iter().find(|way| way.code() == code)
    }
}

/// A key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// What is kept of the secret: it names the key.
    pub id: String,
    pub way: Way,
    pub person: Subject,
    pub until_ms: u64,
}

/// The keys of a class at this node. They are settings and no facts: nobody else's business, and good here alone.
pub(crate) struct Keys<'a> {
    local: &'a Local,
    env: &'a Env,
    name: String,
}

impl<'a> Keys<'a> {
    pub fn of(site: &'a Site, class: &Subject) -> Self {
        Self { local: &site.local, env: site.store.env(), name: format!("class-keys-{class}") }
    }

    /// Those that are good still.
    pub fn list(&self) -> Result<Vec<Key>, PageError> {
        Ok(read(self.local.setting(&self.name)?.as_deref(), self.env.clock.now_ms()))
    }

    /// Changes the list, which nobody else does meanwhile: a key that was taken back must not come back.
    fn change<R>(&self, f: impl FnOnce(&mut Vec<Key>) -> R) -> Result<R, PageError> {
        let now = self.env.clock.now_ms();
        let changed = self.local.change(&self.name, |kept| {
            let mut keys = read(kept.as_deref(), now);
            let given = f(&mut keys);
            let line = |k: &Key| format!("{} {} {} {}\n", k.id, k.way.code(), k.person, k.until_ms);
            (Some(keys.iter().map(line).collect()).filter(|kept: &String| !kept.is_empty()), given)
        });
        Ok(changed?)
    }

    /// Makes a key; gives its secret, of which only the hash is kept.
    pub fn make(&self, way: Way, person: Subject) -> Result<String, PageError> {
        let secret = base32::encode(&self.env.bytes::<20>());
        let until_ms = self.env.clock.now_ms() + KEY_MS;
        let key = Key { id: name_of(&secret), way, person, until_ms };
        let has_room = self.change(|keys| {
            let has_room = keys.len() < MAX_KEYS;
            if has_room {
                keys.push(key);
            }
            has_room
        })?;
        has_room.then_some(secret).ok_or_else(|| PageError::Rule("class-keys-many".to_owned()))
    }

    /// Takes a key back.
    pub fn revoke(&self, id: &str) -> Result<(), PageError> {
        self.change(|keys| keys.retain(|key| key.id != id))
    }

    fn find(&self, secret: &str) -> Option<Key> {
        let id = name_of(secret);
        let keys = self.list().map_err(|e| tracing::error!("keys of a class: {e}")).ok()?;
        keys.into_iter().find(|key| key.id == id)
    }
}

/// The keys as they are kept, without those that are good no more.
fn read(kept: Option<&str>, now: u64) -> Vec<Key> {
    let key = |line: &str| {
        let mut words = line.split(' ');
        Some(Key {
            id: words.next()?.to_owned(),
            way: Way::of(words.next()?)?,
            person: words.next()?.parse().ok()?,
            until_ms: words.next()?.parse().ok()?,
        })
    };
    kept.unwrap_or_default().lines().filter_map(key).filter(|key| key.until_ms > now).collect()
}

fn name_of(secret: &str) -> String {
    Hash::of(secret.as_bytes()).to_string()
}

/// Who a person is in a class, at this node, and as whom they speak; `None` for who only looks on.
pub(crate) fn part_here(classes: &Classes, open: &Open, person: &Subject) -> Option<(Part, Subject)> {
    match classes.part(open, person, false) {
        Part::Teacher => Some((Part::Teacher, open.class)),
        Part::Co => Some((Part::Co, *person)),
        Part::Adult(room) => Some((Part::Adult(room), open.about().room(room)?.id)),
        Part::Guest => None,
    }
}

/// A program that is in a class.
#[derive(Debug)]
struct Session {
    class: Subject,
    key: Key,
    seat: SeatId,
    floor: bool,
}

/// The programs that are in classes of this node, by the secret part of their sessions' addresses.
#[derive(Debug, Default)]
pub(crate) struct Programs(Mutex<BTreeMap<String, Session>>);

impl Programs {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether any is there.
    pub fn any(&self) -> bool {
        !self.lock().is_empty()
    }
}

impl Classes {
    /// Whether any program is in a class here.
    pub fn has_programs(&self) -> bool {
        self.programs.any()
    }

    /// Whether a program speaks in a class: an encoder leads it as a page does.
    pub(crate) fn has_program_in(&self, class: &Subject) -> bool {
        self.programs.lock().values().any(|s| s.class == *class && s.key.way == Way::Speaks)
    }

    /// Looks after the programs that are in classes: who may speak, and who may not be there any more.
    pub fn look_after_programs(&self, site: &Site) {
        let names: Vec<String> = self.programs.lock().keys().cloned().collect();
        for name in names {
            if !self.look_after(site, &name) {
                self.end_program(&name);
            }
        }
    }

    fn end_program(&self, session: &str) -> bool {
        let ended = self.programs.lock().remove(session);
        ended.iter().for_each(|s| self.booths().leave(s.seat));
        ended.is_some()
    }

    /// Gives a program the floor or takes it, as its owner has it; `false` when it may not be there any more.
    fn look_after(&self, site: &Site, session: &str) -> bool {
        let mut all = self.programs.lock();
        let Some(of) = all.get_mut(session) else { return false };
        let Some(open) = self.get(&of.class) else { return false };
        if !Keys::of(site, &of.class).list().is_ok_and(|keys| keys.contains(&of.key)) {
            return false;
        }
        let Some((part, _)) = part_here(self, &open, &of.key.person) else { return false };
        if !may_be_there(site, &of.class, &of.key.person) {
            return false;
        }
        let (is_over, has_floor) = {
            let fold = &open.inner().fold;
            (fold.over_ms.is_some(), fold.has_floor(part))
        };
        if is_over {
            return false;
        }
        let has = of.key.way == Way::Speaks && has_floor;
        if has != of.floor {
            of.floor = has;
            self.booths().floor(of.seat, has.then_some(0));
        }
        true
    }
}

/// Where a program asks to be let in.
pub(crate) fn enter(site: &Site, asked: &Asked, way: Way, classes: &Classes) -> Answered {
    open_to_all(match asked.method.as_str() {
        "POST" => seated(site, asked, way, classes).unwrap_or_else(|refused| refused),
        "OPTIONS" => Answered::status(204).with("accept-post", "application/sdp"),
        _ => Answered::status(405).with("allow", "POST, OPTIONS"),
    })
}

/// The session of a program that was let in. Its address is its credential, and nobody else was told it.
pub(crate) fn session(asked: &Asked, classes: &Classes) -> Answered {
    let session = asked.params.get("session").map(String::as_str).unwrap_or_default();
    open_to_all(match asked.method.as_str() {
        "DELETE" => Answered::status(if classes.end_program(session) { 200 } else { 404 }),
        "OPTIONS" => Answered::status(204),
        // Neither candidates that trickle in nor a restart of ICE: the node is found where its answer says.
        _ => Answered::status(405).with("allow", "DELETE, OPTIONS"),
    })
}

/// A page of any site may ask, since what counts is the key, and no cookie is read.
fn open_to_all(answered: Answered) -> Answered {
    answered
        .with("access-control-allow-origin", "*")
        .with("access-control-allow-methods", "POST, DELETE, OPTIONS")
        .with("access-control-allow-headers", "authorization, content-type")
        .with("access-control-expose-headers", "location")
}

fn seated(site: &Site, asked: &Asked, way: Way, classes: &Classes) -> Result<Answered, Answered> {
    let refused = || Answered::status(401).with("www-authenticate", "Bearer");
    let class: Subject = asked.params.get("id").and_then(|id| id.parse().ok()).ok_or_else(|| Answered::status(404))?;
    let secret = asked.params.get("key").or(asked.bearer.as_ref()).ok_or_else(refused)?;
    let key = Keys::of(site, &class).find(secret).filter(|key| key.way == way).ok_or_else(refused)?;
    if asked.media != "application/sdp" {
        return Err(Answered::status(415).with("accept-post", "application/sdp"));
    }
    let offer = std::str::from_utf8(&asked.body).map_err(|_| Answered::status(400))?;
    if classes.get(&class).is_none() {
        // It may have been planned a moment ago.
        classes.tend(site).map_err(|e| {
            tracing::error!("a program asks for a class: {e}");
            Answered::status(500)
        })?;
    }
    let open = classes.get(&class).ok_or_else(|| Answered::status(409))?;
    if open.inner().fold.over_ms.is_some() {
        return Err(Answered::status(409));
    }
    let (_, who) = part_here(classes, &open, &key.person).ok_or_else(|| Answered::status(403))?;
    if !may_be_there(site, &class, &key.person) {
        return Err(Answered::status(403));
    }
    let full = |e: NoSeat| match e {
        NoSeat::Offer => Answered::status(400),
        NoSeat::Full | NoSeat::Closed => Answered::status(503).with("retry-after", AGAIN),
    };
    let seat = match way {
        Way::Speaks => classes.booths().speak(class, who, offer),
        // All that is heard in the class, also its maker's own voice: a player is a loudspeaker somewhere.
        Way::Listens => classes.booths().listen(class, 0, None, offer),
    }
    .map_err(full)?;
    let name = base32::encode(&site.store.env().bytes::<20>());
    // Who comes again with a key sits where they sat: an encoder that lost its link does not know that it was there.
    let before: Vec<String> = {
        let mut all = classes.programs.lock();
        let before = all.iter().filter(|(_, s)| s.key.id == key.id).map(|(name, _)| name.clone()).collect();
        all.insert(name.clone(), Session { class, key, seat: seat.id, floor: false });
        before
    };
    for before in before {
        classes.end_program(&before);
    }
    classes.look_after(site, &name);
    Ok(Answered { status: 201, headers: Vec::new(), body: seat.answer.into_bytes() }
        .with("content-type", "application/sdp")
        .with("location", format!("/classes/{class}/{}/session/{name}", way.code())))
}

/// Whether whose key it is may be in the class today: a key outlives no role of who made it.
fn may_be_there(site: &Site, class: &Subject, person: &Subject) -> bool {
    let reader = site.store.read(|conn| (site.reader_of)(conn, *person, site.today()));
    reader.is_ok_and(|reader| may_see(site, &reader, class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_made_and_taken_back_at_once_are_all_counted() {
        let dir = tempfile::tempdir().unwrap();
        let (env, person) = (Env::system(), Subject([1; 16]));
        let local = Local::open(&dir.path().join("local.db"), Env::system()).unwrap();
        let keys = || Keys { local: &local, env: &env, name: "class-keys".to_owned() };
        let old: Vec<String> = (0..4).map(|_| name_of(&keys().make(Way::Listens, person).unwrap())).collect();
        std::thread::scope(|scope| {
            for id in &old {
                scope.spawn(move || {
                    keys().revoke(id).unwrap();
                    keys().make(Way::Speaks, person).unwrap();
                    keys().make(Way::Speaks, person).unwrap();
                });
            }
        });
        let kept = keys().list().unwrap();
        assert_eq!(kept.len(), 8);
        assert!(kept.iter().all(|key| key.way == Way::Speaks), "what was taken back is back");
        (0..4).for_each(|_| drop(keys().make(Way::Speaks, person).unwrap()));
        assert!(matches!(keys().make(Way::Speaks, person), Err(PageError::Rule(_))));
    }
}
