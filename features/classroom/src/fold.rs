//! What a node must know of a class to hold it, as it follows from what happened: the pages fold the same events for what
//! they show (`islands/src/classroom/fold.ts`).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::Subject;
use records::vocabulary::TEACHING_LANGUAGES;
use serde_json::{Map, Value as Json, json};

use crate::exit::{Exit, Marks};
use crate::groups::Groups;
use crate::pack::Pack;
use crate::who::Part;

/// What was said in words; ink and pictures begin with another byte.
pub(crate) const WORDS: u8 = 0;
/// Ink.
pub(crate) const INK: u8 = 1;

/// What a room drew to a question.
pub(crate) const DRAWN: u8 = 3;

/// What was written into the notes that all share: an update of Yjs.
pub(crate) const NOTES: u8 = 4;

/// What was put on the sheet of a small group: the round (4 bytes), the group (2), whose hand (4), the number of the piece (4),
/// and what it is: 0 and a record of the pen, 1 and a line, 2 and the piece whose line is taken away.
pub(crate) const SHEET: u8 = 5;

/// What is counted of a room's cuts at most: a day's.
const MAX_CUTS: i64 = 10_000;
const MAX_CUT_MS: u64 = 86_400_000;

/// Which pages the class shows: see `pack`.
pub(crate) const PACK: u8 = 6;

/// A node says of a guest there that they let their voice be recorded, or do not.
pub(crate) const AGREES: &str = "agrees";

/// How a question is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Asks {
    #[default]
    Choice,
    Number,
    Short,
    Draw,
}

impl Asks {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Choice, "choice"), (Self::Number, "number"), (Self::Short, "short"), (Self::Draw, "draw")];

    /// The kind that pages know by this word.
    pub fn of(code: &str) -> Self {
        Self::ALL.iter().find(|(_, c)| *c == code).map_or(Self::Choice, |(kind, _)| *kind)
    }

    /// The word by which pages know it.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("choice", |(_, code)| code)
    }
}

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub q: u64,
    pub kind: Asks,
    pub options: Vec<String>,
    pub is_open: bool,
}

impl Question {
    /// Whether this is it, is of this kind, and may be answered.
    pub fn asks(&self, q: u64, kind: Asks) -> bool {
        self.is_open && self.q == q && self.kind == kind
    }
}

/// Who interprets: the adult of a room, or somebody who has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Interpreter {
    Room(u16),
    Person(Subject),
}

impl Interpreter {
    /// Who is meant in what was said.
    pub fn of(said: &Json) -> Option<Self> {
        match said.get("room").and_then(Json::as_u64) {
            Some(room) => u16::try_from(room).ok().filter(|n| *n > 0).map(Self::Room),
            None => said.get("person").and_then(Json::as_str)?.parse().ok().map(Self::Person),
        }
    }
}

/// The number that a room has now which was named in what was said.
fn now(rooms: &[Subject], said: &Json) -> Option<u16> {
    let id: Subject = said.get("id")?.as_str()?.parse().ok()?;
    let at = rooms.iter().position(|room| *room == id)?;
    u16::try_from(at + 1).ok()
}

/// What pages are told of a room: by the number that it has now. One that is in the class no more speaks no more.
pub(crate) fn renumbered<'a>(rooms: &[Subject], payload: &'a [u8]) -> Cow<'a, [u8]> {
    let Some((&WORDS, words)) = payload.split_first() else { return Cow::Borrowed(payload) };
    // A needle first: this is asked of every event of every page.
    if !words.windows(7).any(|w| w == b"\"room\":") {
        return Cow::Borrowed(payload);
    }
    let said = serde_json::from_slice::<Json>(words).ok().filter(|said| said.get("id").is_some());
    let Some(Json::Object(mut said)) = said else { return Cow::Borrowed(payload) };
    let room = match said.get("k").and_then(Json::as_str) {
        Some("floor") => now(rooms, &Json::Object(said.clone())).unwrap_or(0),
        Some("interpret") => now(rooms, &Json::Object(said.clone())).unwrap_or(u16::MAX),
        _ => return Cow::Borrowed(payload),
    };
    said.insert("room".to_owned(), json!(room));
    Cow::Owned([&[WORDS], Json::Object(said).to_string().as_bytes()].concat())
}

/// The channel of a language: 0 is what is spoken with the floor.
pub(crate) fn channel_of(language: &str) -> Option<u8> {
    let at = TEACHING_LANGUAGES.iter().position(|l| *l == language)?;
    u8::try_from(at + 1).ok()
}

/// A class as it stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fold {
    /// The rooms in the order of their numbers: what was said of one names it, since another may have its number by now.
    pub ids: Arc<[Subject]>,
    /// The last event that is in.
    pub seq: u64,
    pub began_ms: Option<u64>,
    pub over_ms: Option<u64>,
    /// The room that speaks: 0 is the teacher's.
    pub floor: u16,
    pub recording: bool,
    /// It was recorded at some time.
    pub recorded: bool,
    pub rooms: BTreeMap<u16, RoomFold>,
    /// Guests whom the teacher let in.
    pub admitted: BTreeSet<Subject>,
    /// Guests who let what they say be recorded.
    pub agreed: BTreeSet<Subject>,
    /// What was asked last.
    pub question: Option<Question>,
    /// Who interprets, and on which channel.
    pub interpreters: BTreeMap<Interpreter, u8>,
    /// Whether it is asked how it was, and what the rooms said.
    pub exit: Exit,
    pub exits: BTreeMap<u16, Marks>,
    /// Small groups.
    pub groups: Groups,
    /// Somebody has begun to lead it, or turned a page before.
    pub led: bool,
    /// The pages that it shows.
    pub pack: Pack,
    /// A room that is cut off leads itself.
    pub alone: Option<u16>,
}

/// A room as it stands.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RoomFold {
    /// Since when somebody is there; it stands when the class is over, since what was said in a cut comes in afterwards.
    pub since_ms: Option<u64>,
    /// How long somebody was there before.
    present_ms: u64,
    pub heads: Option<i64>,
    pub consent: bool,
    /// How often its node was cut off or away while the class went on, and for how long.
    pub cuts: i64,
    pub cut_ms: u64,
}

impl Fold {
    /// Of a class of these rooms.
    pub fn of(rooms: &[Subject]) -> Self {
        Self { ids: rooms.into(), ..Self::default() }
    }

    /// The number of the room that is meant, as rooms are numbered now; `None` where it is in the class no more.
    fn meant(&self, said: &Json) -> Option<u16> {
        now(&self.ids, said).or_else(|| {
            let number = || said.get("room").and_then(Json::as_u64).and_then(|n| u16::try_from(n).ok());
            // Nodes of before named no room.
            said.get("id").map_or_else(number, |_| None)
        })
    }

    /// Says which room is meant.
    pub fn naming(&self, room: u16, mut said: Map<String, Json>) -> Json {
        if let Some(id) = usize::from(room).checked_sub(1).and_then(|n| self.ids.get(n)) {
            said.insert("id".to_owned(), json!(id.to_string()));
        }
        said.insert("room".to_owned(), json!(room));
        Json::Object(said)
    }

    /// Takes in an event: who said it is `room`, or nobody who has a say.
    pub fn take(&mut self, seq: u64, at_ms: u64, room: Option<u16>, payload: &[u8]) {
        self.seq = seq;
        if let (Some(room), Some((&SHEET, piece))) = (room, payload.split_first()) {
            self.groups.piece(room, piece);
        }
        if let (Some(0), Some((&PACK, pages))) = (room, payload.split_first()) {
            self.pack.take(pages);
        }
        if room.is_none() {
            self.agree(payload);
        }
        let (Some(room), Some((&WORDS, said))) = (room, payload.split_first()) else { return };
        let Ok(said) = serde_json::from_slice::<Json>(said) else { return };
        let text = |key: &str| said.get(key).and_then(Json::as_str);
        let number = |key: &str| said.get(key).and_then(Json::as_i64);
        let yes = |key: &str| said.get(key).and_then(Json::as_bool) == Some(true);
        self.led |= room == 0 && matches!(text("k"), Some("begin" | "page" | "blank"));
        match (room, text("k").unwrap_or_default()) {
            (0, "blank") => self.pack.white(),
            (0, "begin") => self.began_ms = self.began_ms.or(Some(at_ms)),
            (0, "end") => self.over(at_ms),
            (0, "floor") => self.floor = self.meant(&said).unwrap_or(0),
            (0, "record") => {
                self.recording = yes("on");
                self.recorded |= self.recording;
            }
            (0, "ask") => {
                let options = said.get("options").and_then(Json::as_array).into_iter().flatten();
                self.question = number("q").and_then(|q| u64::try_from(q).ok()).map(|q| Question {
                    q,
                    kind: Asks::of(text("kind").unwrap_or_default()),
                    options: options.filter_map(Json::as_str).map(str::to_owned).collect(),
                    is_open: true,
                });
            }
            (0, "close") => {
                if let Some(question) = self.question.as_mut().filter(|q| number("q") == i64::try_from(q.q).ok()) {
                    question.is_open = false;
                }
            }
            (0, "interpret") => {
                let channel = channel_of(text("lang").unwrap_or_default());
                let who = match Interpreter::of(&said) {
                    Some(Interpreter::Room(_)) => self.meant(&said).map(Interpreter::Room),
                    who => who,
                };
                if let Some(who) = who {
                    self.interpreters.remove(&who);
                    if let Some(channel) = channel {
                        // One voice a language.
                        self.interpreters.retain(|_, of| *of != channel);
                        self.interpreters.insert(who, channel);
                    }
                }
            }
            (_, "groups" | "groups-end" | "show") => self.groups.take(room, self.alone == Some(room), &said),
            (0, "exit") => self.exit = if yes("on") && self.exit == Exit::NotYet { Exit::Open } else { Exit::Over },
            // Once: what a room said later would tell who said something else.
            (1.., "exited") => {
                let marks = said.as_object().map(Marks::read).unwrap_or_default();
                self.exits.entry(room).or_insert(marks.told());
            }
            (0, "admit") => {
                if let Some(person) = text("person").and_then(|p| p.parse().ok()) {
                    if yes("yes") {
                        self.admitted.insert(person)
                    } else {
                        self.interpreters.remove(&Interpreter::Person(person));
                        self.admitted.remove(&person)
                    };
                }
            }
            (1.., "in") => {
                let room = self.rooms.entry(room).or_default();
                room.since_ms = room.since_ms.or(Some(at_ms));
            }
            (1.., "out") => {
                let until = self.over_ms.map_or(at_ms, |over| at_ms.min(over));
                self.rooms.entry(room).or_default().leave(until);
            }
            (1.., "was-cut") => {
                let room = self.rooms.entry(room).or_default();
                let ms = said.get("ms").and_then(Json::as_u64).unwrap_or(0).min(MAX_CUT_MS);
                room.cuts = (room.cuts + 1).min(MAX_CUTS);
                room.cut_ms = (room.cut_ms + ms).min(MAX_CUT_MS);
            }
            (1.., "heads") => self.rooms.entry(room).or_default().heads = number("n"),
            (1.., "consent") => self.rooms.entry(room).or_default().consent = yes("yes"),
            _ => {}
        }
    }

    /// A guest, who has no room to speak for, lets what they say be recorded, or does not.
    fn agree(&mut self, payload: &[u8]) {
        let Some((&WORDS, words)) = payload.split_first() else { return };
        let said: Json = serde_json::from_slice(words).unwrap_or_default();
        if said.get("k").and_then(Json::as_str) != Some(AGREES) {
            return;
        }
        if let Some(person) = said.get("person").and_then(Json::as_str).and_then(|p| p.parse().ok()) {
            if said.get("yes").and_then(Json::as_bool) == Some(true) {
                self.agreed.insert(person)
            } else {
                self.agreed.remove(&person)
            };
        }
    }

    fn over(&mut self, at_ms: u64) {
        if self.over_ms.is_none() {
            self.over_ms = Some(at_ms);
            self.recording = false;
            (self.groups.now, self.groups.shown) = (None, None);
            if self.exit == Exit::Open {
                self.exit = Exit::Over;
            }
        }
    }

    /// How long somebody was there of a room, in milliseconds until the class was over.
    pub fn present_ms(&self, room: u16) -> u64 {
        let of = self.rooms.get(&room).copied().unwrap_or_default();
        let left = self.over_ms.zip(of.since_ms).map_or(0, |(over, since)| over.saturating_sub(since));
        of.present_ms + left
    }

    /// How many pupils were counted in the room of an adult, if they were.
    pub fn heads(&self, part: Part) -> Option<u64> {
        self.rooms.get(&part.room())?.heads.and_then(|n| u64::try_from(n).ok())
    }

    /// Whether a class goes on.
    pub fn goes_on(&self) -> bool {
        self.began_ms.is_some() && self.over_ms.is_none()
    }

    /// Whether somebody of a part may be heard now, should they have the floor or interpret.
    pub fn may_speak(&self, part: Part) -> bool {
        self.goes_on() && self.may_be_heard(part.room(), self.recording)
    }

    /// Whether somebody of a part has the floor: the teacher always has it while the class goes on, a room when the teacher
    /// has given it.
    pub fn has_floor(&self, part: Part) -> bool {
        let has = match part {
            Part::Teacher | Part::Co => true,
            Part::Adult(room) => self.floor == room,
            Part::Guest => false,
        };
        has && self.may_speak(part)
    }

    /// Whether a guest may be heard: where the class is recorded, only who lets that be.
    pub fn guest_may_be_heard(&self, person: &Subject, recording: bool) -> bool {
        !recording || self.agreed.contains(person)
    }

    /// Whether a room may be heard: where the class is recorded, only with the consent of all who are in it.
    pub fn may_be_heard(&self, room: u16, recording: bool) -> bool {
        room == 0 || !recording || self.rooms.get(&room).is_some_and(|r| r.consent)
    }
}

impl RoomFold {
    fn leave(&mut self, at_ms: u64) {
        if let Some(since) = self.since_ms.take() {
            self.present_ms += at_ms.saturating_sub(since);
        }
    }
}
