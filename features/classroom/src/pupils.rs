//! Pupils' own devices: a page of a room, opened by the adult who answers for it and found by a code, where a class sees the
//! slide and the pen, raises a hand and answers what is asked. There is no account and no name; what each device said stays
//! in the memory of the room's own node, and only counts of the room go into the class. What is written or drawn, the adult
//! sees first, and shows to the class what is to be shown.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use base::Env;
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
/// How often a room's counts go into the class at most.
const EVERY_MS: u64 = 1000;

/// The devices of a room's pupils.
#[derive(Debug, Default)]
pub(crate) struct Pupils {
    /// What pupils type to find the page.
    pub code: String,
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
    pub fn new(env: &Env, room: u16, code: Option<&str>) -> Self {
        let n = u64::from_be_bytes(env.bytes()) % 100_000_000;
        Self { code: code.map_or_else(|| format!("{n:08}"), str::to_owned), room, bytes: BYTES, ..Self::default() }
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

/// Whether a page of pupils may be found by this.
pub(crate) fn is_code(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit())
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
mod tests {
    use super::*;

    fn asked(kind: &str) -> Fold {
        let mut fold = Fold::default();
        fold.take(1, 0, Some(0), &of_node(&json!({ "k": "begin" })));
        let ask = json!({ "k": "ask", "q": 7, "kind": kind, "text": "?", "options": ["A", "B"] });
        fold.take(2, 0, Some(0), &of_node(&ask));
        fold
    }

    fn says(pupils: &mut Pupils, device: u32, count: u32, said: &Json, class: &Fold) -> Result<(), No> {
        pupils.say((device, 1), count, &of_node(said), class).1.map(drop)
    }

    fn told(pupils: &mut Pupils, now_ms: u64, class: &Fold) -> Vec<Json> {
        pupils.counts(now_ms, class).iter().map(|p| serde_json::from_slice(&p[1..]).unwrap()).collect()
    }

    #[test]
    fn only_counts_of_the_room_go_into_the_class() {
        let class = asked("choice");
        let mut pupils = Pupils::new(&Env::system(), 1, None);
        for (device, v) in [(11, "A"), (12, "A"), (13, "B")] {
            assert_eq!(pupils.come(device, 1), Some(0));
            let answer = json!({ "k": "answer", "q": 7, "v": v, "name": "扎西" });
            assert_eq!(says(&mut pupils, device, 1, &answer, &class), Ok(()));
        }
        assert_eq!(says(&mut pupils, 13, 2, &json!({ "k": "answer", "q": 7, "v": "C" }), &class), Err(No::Role));
        assert_eq!(
            says(&mut pupils, 13, 3, &json!({ "k": "answer", "q": 7, "v": "A" }), &class),
            Ok(()),
            "who changes"
        );
        says(&mut pupils, 12, 2, &json!({ "k": "hand", "up": true }), &class).unwrap();
        let expected =
            [json!({ "k": "hands", "n": 1 }), json!({ "k": "devices", "q": 7, "n": 3, "counts": { "A": 3 } })];
        assert_eq!(told(&mut pupils, 5000, &class), expected);
        assert!(told(&mut pupils, 9000, &class).is_empty(), "what has not changed is not said again");
        pupils.go(12);
        assert_eq!(told(&mut pupils, 12_000, &class), [json!({ "k": "hands", "n": 0 })]);
    }

    #[test]
    fn words_and_drawings_stay_with_the_adult() {
        let class = asked("short");
        let mut pupils = Pupils::new(&Env::system(), 1, None);
        pupils.come(1, 1);
        assert_eq!(says(&mut pupils, 1, 1, &json!({ "k": "answer", "q": 7, "v": "雪莲" }), &class), Ok(()));
        assert_eq!(told(&mut pupils, 5000, &class), [json!({ "k": "devices", "q": 7, "n": 1, "counts": {} })]);
        let shown = pupils.shown(&class, "http://box/c/1");
        assert_eq!(shown["texts"][0]["text"], "雪莲");
        let class = asked("draw");
        let ink = [&[DRAWN, 0, 7][..], b"ZPEN\x01"].concat();
        assert_eq!(pupils.say((1, 1), 2, &ink, &class).1, Ok(None));
        assert_eq!(pupils.drawings(&class).len(), 1);
        assert_eq!(pupils.say((1, 1), 3, &[&[DRAWN, 0, 7][..], b"nothing"].concat(), &class).1, Err(No::Role));
        assert_eq!(pupils.say((1, 1), 4, &[&ink[..], &[0; MAX_DRAWN][..]].concat(), &class).1, Err(No::Much));
    }

    #[test]
    fn how_it_was_is_counted_and_forgotten() {
        let mut class = asked("choice");
        let mut pupils = Pupils::new(&Env::system(), 1, None);
        pupils.come(1, 1);
        let says_yes = json!({ "k": "exit", "w": "u", "v": 0 });
        assert_eq!(says(&mut pupils, 1, 1, &says_yes, &class), Err(No::Role), "not asked");
        class.take(3, 0, Some(0), &of_node(&json!({ "k": "exit", "on": true })));
        assert_eq!(says(&mut pupils, 1, 2, &says_yes, &class), Ok(()));
        assert_eq!(says(&mut pupils, 1, 3, &json!({ "k": "exit", "w": "u", "v": 2 }), &class), Ok(()), "who changes");
        assert_eq!(pupils.take_exits(), Marks([[0, 0, 1], [0; 3]]));
        assert!(pupils.take_exits().is_empty());
    }

    #[test]
    fn a_room_has_its_bounds() {
        let mut pupils = Pupils::new(&Env::system(), 1, None);
        let came = (0..200).filter(|n| pupils.come(*n, 1).is_some()).count();
        assert_eq!((came, pupils.here()), (MAX_HERE, MAX_HERE));
        (0..60).for_each(|n| pupils.go(n));
        let came = (200..400).filter(|n| pupils.come(*n, 1).is_some()).count();
        assert_eq!(came, MAX_DEVICES - MAX_HERE);
        assert_eq!((0..100).filter(|_| pupils.come(200, 1).is_some()).count(), MAX_PAGES - 1);
        assert_eq!(pupils.code.len(), 8);
    }

    /// An access point starts again: every tablet comes anew, before the node knows that it was away.
    #[test]
    fn devices_that_come_again_keep_their_place() {
        let mut pupils = Pupils::new(&Env::system(), 1, None);
        for time in 1..=2 {
            assert!((0..40).all(|n| pupils.come(n, 1).is_some()));
            assert_eq!(pupils.here(), 40, "time {time}");
        }
        assert_eq!((100..200).filter(|n| pupils.come(*n, 1).is_some()).count(), MAX_HERE - 40);
        (0..40).for_each(|n| pupils.go(n));
        assert_eq!(pupils.here(), MAX_HERE, "the page before is gone, and the new one is there");
    }

    #[test]
    fn two_who_mean_the_same_number_are_counted_together() {
        let read = ["3", " 3.0", "3,0", "-0", "1e3", "x", "inf", "1e13"].map(number);
        let expected = [Some("3"), Some("3"), Some("3"), Some("0"), Some("1000"), None, None, None];
        assert_eq!(read, expected.map(|n| n.map(str::to_owned)));
    }

    #[test]
    fn a_page_of_pupils_is_told_nobodys_name() {
        let caption = of_node(&json!({ "k": "caption", "text": "雪莲", "by": "丹增" }));
        assert!(!String::from_utf8_lossy(&for_pupils(&caption).unwrap()).contains("丹增"));
        for said in [
            json!({ "k": "chat", "text": "x", "by": "丹增" }),
            json!({ "k": "guest", "person": "p", "name": "丹增" }),
            json!({ "k": "in", "name": "丹增" }),
            json!({ "k": "tally", "q": 1, "counts": {} }),
            json!({ "k": "exited", "u": [5, 0, 0] }),
        ] {
            assert!(for_pupils(&of_node(&said)).is_none(), "{said}");
        }
    }
}
