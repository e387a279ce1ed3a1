//! Pupils' own devices: a page of a room, opened by the adult who answers for it and found by a code, where a class sees the
//! slide and the pen, raises a hand and answers what is asked. There is no account and no name; what each device said stays
//! in the memory of the room's own node, and only counts of the room go into the class. What is written or drawn, the adult
//! sees first, and shows to the class what is to be shown.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use base::{Env, base32};
use qrcodegen::{QrCode, QrCodeEcc};
use serde_json::{Map, Value as Json, json};

use crate::exit::{self, Exit, Marks};
use crate::fold::{Asks, DRAWN, Fold, INK, PACK, Question, SHEET, WORDS};
use crate::say::{MAX_DRAWN, No, drawn, of_node};
use crate::turns::Turns;

/// Devices that one room may have here at a time, and pages of one: those that a device lost and that are not known to be gone
/// count, so that a network that comes and goes costs nobody their place.
pub(crate) const MAX_HERE: usize = 60;
const MAX_PAGES: usize = 8;
/// Devices that one room knows: pages that were closed count, so that what they answered stays.
const MAX_DEVICES: usize = 120;
/// Letters of an answer in words.
const MAX_TEXT: usize = 120;
/// Numbers that are told apart.
const MAX_NUMBERS: usize = 24;
/// Pieces that a device puts on its group's sheet at once; one a second comes back.
const PIECES: u64 = 8;
/// Bytes that a room's devices put on sheets at once, and in a second: the link of a school carries a voice beside them.
const BYTES: usize = 24 << 10;
const BYTES_PER_SECOND: u64 = 3 << 10;
/// Bytes of what is added to a code in an address.
const KEY_BYTES: usize = 10;
/// How often a room's counts go into the class at most.
const EVERY_MS: u64 = 1000;

/// The devices of a room's pupils.
#[derive(Debug, Default)]
pub(crate) struct Pupils {
    /// What pupils type to find the page.
    pub code: String,
    /// What is added to it in the page's own address, which nobody guesses.
    key: String,
    /// The room.
    room: u16,
    devices: BTreeMap<u32, Device>,
    /// What the class was told last, and when.
    told: (i64, String),
    told_ms: u64,
    /// Bytes that may be put on sheets of groups now, and since when they are counted.
    bytes: usize,
    filled_ms: u64,
}

#[derive(Debug, Default)]
struct Device {
    /// Its pages that are open.
    here: usize,
    /// What was taken of what its pages say, and how much.
    turns: Turns,
    said: u32,
    hand: bool,
    answer: Option<(u64, Answer)>,
    /// The small group that it chose, and the pieces that it may put on its sheet now.
    group: Option<u16>,
    pieces: u64,
    /// How it was: understood, enjoyed.
    exit: [Option<usize>; 2],
}

#[derive(Debug)]
enum Answer {
    /// One of the options, or a number.
    Counted(String),
    Text(String),
    Drawn(Vec<u8>),
}

impl Pupils {
    /// A page that nobody has found yet, or that is found by the code that it had before this node was started again.
    pub fn new(env: &Env, room: u16, known: Option<&str>) -> Self {
        let n = u64::from_be_bytes(env.bytes()) % 100_000_000;
        // What the class knows of before is not known here any more: it is told anew, also where no hand is up.
        let told = (if known.is_some() { -1 } else { 0 }, String::new());
        let (code, key) = known.and_then(|known| known.split_once('-')).map_or_else(
            || (format!("{n:08}"), base32::encode(&env.bytes::<KEY_BYTES>())),
            |(code, key)| (code.to_owned(), key.to_owned()),
        );
        Self { code, key, room, told, bytes: BYTES, ..Self::default() }
    }

    /// The end of the address at which the page is.
    pub fn name(&self) -> String {
        format!("{}-{}", self.code, self.key)
    }

    /// How many devices are here.
    pub fn here(&self) -> usize {
        self.devices.values().filter(|d| d.here > 0).count()
    }

    /// Whether a device was here before: it keeps its place.
    pub fn knows(&self, device: u32) -> bool {
        self.devices.contains_key(&device)
    }

    /// A page of a device comes, if there is room: gives how many sayings of this load of it were taken.
    pub fn come(&mut self, device: u32, load: u32) -> Option<u32> {
        if !self.knows(device) && (self.here() >= MAX_HERE || self.devices.len() >= MAX_DEVICES) {
            return None;
        }
        let found = self.devices.entry(device).or_insert_with(|| Device { pieces: PIECES, ..Device::default() });
        if found.here >= MAX_PAGES {
            return None;
        }
        found.here += 1;
        Some(found.turns.taken(load))
    }

    /// A page of a device goes; its hand goes down with the last.
    pub fn go(&mut self, device: u32) {
        if let Some(found) = self.devices.get_mut(&device) {
            found.here = found.here.saturating_sub(1);
            found.hand &= found.here > 0;
        }
    }

    /// Takes what a load of a device's page says, in its order; gives how many are taken now, and what goes into the class at
    /// once: a piece of its group's sheet.
    pub fn say(
        &mut self,
        (device, load): (u32, u32),
        count: u32,
        said: &[u8],
        class: &Fold,
    ) -> (u32, Result<Option<Vec<u8>>, No>) {
        let room = self.room;
        let Some(found) = self.devices.get_mut(&device) else { return (0, Err(No::Role)) };
        if !found.turns.is_next(load, count) {
            return (found.turns.taken(load), Ok(None));
        }
        found.turns.take(load, count);
        found.said = found.said.wrapping_add(1);
        let Some((&SHEET, piece)) = said.split_first() else {
            return (count, found.take(room, said, class).map(|()| None));
        };
        if let Err(no) = class.groups.device_may_write(room, device, found.group, piece) {
            return (count, Err(no));
        }
        if found.pieces == 0 || self.bytes < said.len() {
            return (count, Err(No::Later));
        }
        found.pieces -= 1;
        self.bytes -= said.len();
        (count, Ok(Some(said.to_vec())))
    }

    /// Time has gone on: more may be put on the sheets.
    pub fn refill(&mut self, now_ms: u64) {
        let seconds = now_ms.saturating_sub(self.filled_ms) / 1000;
        if seconds == 0 {
            return;
        }
        self.filled_ms = now_ms;
        let more = usize::try_from(seconds.saturating_mul(BYTES_PER_SECOND)).unwrap_or(BYTES);
        self.bytes = self.bytes.saturating_add(more).min(BYTES);
        self.devices.values_mut().for_each(|d| d.pieces = d.pieces.saturating_add(seconds).min(PIECES));
    }

    /// The small group that a device chose.
    pub fn group_of(&self, device: u32) -> Option<u16> {
        self.devices.get(&device)?.group
    }

    /// How it was, counted; then it is forgotten.
    pub fn take_exits(&mut self) -> Marks {
        let mut marks = Marks::default();
        for device in self.devices.values_mut() {
            for (which, what) in std::mem::take(&mut device.exit).into_iter().enumerate() {
                what.into_iter().for_each(|what| marks.add(which, what));
            }
        }
        marks
    }

    /// Whether the hand of a device is up.
    pub fn is_up(&self, device: u32) -> bool {
        self.devices.get(&device).is_some_and(|d| d.hand)
    }

    /// Hands go down when the room has the floor.
    pub fn lower(&mut self) {
        self.devices.values_mut().for_each(|d| d.hand = false);
    }

    /// What goes into the class: how many hands are up, and how the answers are counted. Only what has changed.
    pub fn counts(&mut self, now_ms: u64, class: &Fold) -> Vec<Vec<u8>> {
        if now_ms < self.told_ms + EVERY_MS {
            return Vec::new();
        }
        let hands = i64::try_from(self.devices.values().filter(|d| d.hand).count()).unwrap_or(0);
        let answers = class.question.as_ref().map(|q| self.answers(q).to_string()).unwrap_or_default();
        let mut out = Vec::new();
        if hands != self.told.0 {
            out.push(of_node(&json!({ "k": "hands", "n": hands })));
        }
        // A question that no device has answered needs no count.
        if answers != self.told.1
            && let Some(q) = &class.question
            && self.devices.values().any(|d| d.answer.as_ref().is_some_and(|(of, _)| *of == q.q))
        {
            out.push([&[WORDS], answers.as_bytes()].concat());
        }
        if !out.is_empty() {
            (self.told, self.told_ms) = ((hands, answers), now_ms);
        }
        out
    }

    /// How many devices have answered a question.
    pub fn answered(&self, q: u64) -> usize {
        self.to(q).count()
    }

    fn to(&self, q: u64) -> impl Iterator<Item = (u32, &Answer)> {
        self.devices.iter().filter_map(move |(n, d)| d.answer.as_ref().filter(|(of, _)| *of == q).map(|(_, a)| (*n, a)))
    }

    fn answers(&self, question: &Question) -> Json {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        let mut n = 0;
        for (_, answer) in self.to(question.q) {
            n += 1;
            if let Answer::Counted(value) = answer {
                *counts.entry(value).or_insert(0) += 1;
            }
        }
        let mut counts: Vec<(&str, u64)> = counts.into_iter().collect();
        counts.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        let counts: Map<String, Json> =
            counts.into_iter().take(MAX_NUMBERS).map(|(value, n)| (value.to_owned(), json!(n))).collect();
        json!({ "k": "devices", "q": question.q, "n": n, "counts": counts })
    }

    /// What the adult of the room is told: how to find the page, how many are there, and what was written.
    pub fn shown(&self, class: &Fold, address: &str) -> Json {
        let q = class.question.as_ref().map_or(0, |q| q.q);
        let texts: Vec<Json> = self
            .to(q)
            .filter_map(|(n, a)| if let Answer::Text(text) = a { Some(json!({ "d": n, "text": text })) } else { None })
            .collect();
        let mut groups: BTreeMap<u16, usize> = BTreeMap::new();
        for group in self.devices.values().filter(|d| d.here > 0).filter_map(|d| d.group) {
            *groups.entry(group).or_insert(0) += 1;
        }
        json!({
            "code": self.code,
            "name": self.name(),
            "at": address,
            "qr": square(address),
            "here": self.here(),
            "hands": self.devices.values().filter(|d| d.hand).count(),
            "q": q,
            "answered": self.answered(q),
            "texts": texts,
            "groups": groups,
        })
    }

    /// What was drawn to the question that is asked, by device: with how many sayings of the device it stands.
    pub fn drawings(&self, class: &Fold) -> Vec<(u32, u32, &[u8])> {
        let Some(question) = &class.question else { return Vec::new() };
        let said = |n: u32| self.devices.get(&n).map_or(0, |d| d.said);
        self.to(question.q)
            .filter_map(|(n, a)| if let Answer::Drawn(ink) = a { Some((n, said(n), &**ink)) } else { None })
            .collect()
    }
}

impl Device {
    fn take(&mut self, room: u16, said: &[u8], class: &Fold) -> Result<(), No> {
        if class.over_ms.is_some() {
            return Err(No::Closed);
        }
        match said.split_first() {
            Some((&DRAWN, rest)) if rest.len() <= MAX_DRAWN => {
                let (q, ink) = drawn(rest).ok_or(No::Role)?;
                class.question.as_ref().filter(|now| now.asks(q, Asks::Draw)).ok_or(No::Role)?;
                self.answer = Some((q, Answer::Drawn(ink.to_vec())));
                Ok(())
            }
            Some((&WORDS, words)) if words.len() <= 1024 => {
                let said: Json = serde_json::from_slice(words).unwrap_or_default();
                match said.get("k").and_then(Json::as_str) {
                    Some("group") => {
                        let may_choose = |g: u16| class.groups.now.is_some_and(|id| class.groups.is_of((id, g), room));
                        let g = said.get("g").and_then(Json::as_u64).and_then(|g| u16::try_from(g).ok());
                        self.group = Some(g.filter(|g| may_choose(*g)).ok_or(No::Role)?);
                    }
                    Some("hand") => self.hand = said.get("up").and_then(Json::as_bool) == Some(true),
                    Some("exit") if class.exit == Exit::Open => {
                        let (which, what) = exit::answer(&said).ok_or(No::Role)?;
                        if let Some(one) = self.exit.get_mut(which) {
                            *one = Some(what);
                        }
                    }
                    Some("answer") => {
                        let q = said.get("q").and_then(Json::as_u64).ok_or(No::Role)?;
                        let question =
                            class.question.as_ref().filter(|now| now.is_open && now.q == q).ok_or(No::Role)?;
                        let value = said.get("v").and_then(Json::as_str).unwrap_or_default();
                        self.answer = Some((q, answer(question, value)?));
                    }
                    _ => return Err(No::Role),
                }
                Ok(())
            }
            _ => Err(No::Much),
        }
    }
}

fn answer(question: &Question, value: &str) -> Result<Answer, No> {
    let line = text::clean_line(value, MAX_TEXT).map_err(|_| No::Much)?;
    match question.kind {
        Asks::Choice if question.options.contains(&line) => Ok(Answer::Counted(line)),
        Asks::Number => number(&line).map(Answer::Counted).ok_or(No::Number),
        Asks::Short if !line.is_empty() => Ok(Answer::Text(line)),
        _ => Err(No::Role),
    }
}

/// Whether a page of pupils may be found by typing this.
pub(crate) fn is_code(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a page of pupils may be at an address that ends so.
pub(crate) fn is_name(text: &str) -> bool {
    let is_key = |key: &str| base32::decode(key).is_some_and(|bytes| bytes.len() == KEY_BYTES);
    text.split_once('-').is_some_and(|(code, key)| is_code(code) && is_key(key))
}

/// A number as it is counted: two who mean the same are counted together.
pub(crate) fn number(text: &str) -> Option<String> {
    let n: f64 = text.trim().replace(',', ".").parse().ok()?;
    (n.is_finite() && n.abs() < 1e12).then(|| format!("{}", if n == 0.0 { 0.0 } else { n }))
}

/// What of an event a page of pupils is told: what is shown and asked, and nobody's name.
pub(crate) fn for_pupils(payload: &[u8]) -> Option<Cow<'_, [u8]>> {
    match payload.split_first()? {
        (&INK | &PACK, _) => Some(Cow::Borrowed(payload)),
        (&WORDS, words) => {
            let mut said: Json = serde_json::from_slice(words).ok()?;
            match said.get("k").and_then(Json::as_str)? {
                "begin" | "end" | "page" | "blank" | "floor" | "record" | "timer" | "ask" | "close" | "exit"
                | "groups" | "groups-end" | "show" => Some(Cow::Borrowed(payload)),
                "caption" => {
                    said.as_object_mut()?.remove("by");
                    Some(Cow::Owned(of_node(&said)))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// A text as a square of dots: how many there are in a row, and the dark ones as a path.
fn square(text: &str) -> Json {
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Medium) else { return Json::Null };
    let size = code.size();
    let dark: BTreeSet<(i32, i32)> =
        (0..size).flat_map(|y| (0..size).map(move |x| (y, x))).filter(|(y, x)| code.get_module(*x, *y)).collect();
    let path: String = dark.iter().map(|(y, x)| format!("M{x} {y}h1v1h-1z")).collect();
    json!({ "size": size, "path": path })
}

#[cfg(test)]
mod tests;
