//! Small groups: for a while the rooms, and in each room its tables, work at a task of their own, each group on its own
//! sheet. Groups bear numbers that run through all rooms, so that one number is one group; or rooms share the numbers, and
//! two tables of two schools that have the same one write on the same sheet.
//!
//! A round of groups has a number of its own: what is written in it finds its sheet also when it comes late, out of a room
//! that was cut off. Such a room may begin a round by itself; it is that room's alone.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use serde_json::{Map, Value as Json, json};

use crate::fold::SHEET;
use crate::say::No;

/// Groups of a room.
const MAX_TABLES: u64 = 8;
/// Rounds that one room, or the class, begins: the number of a round is that of its room times this, and its own.
const ROUNDS: u32 = 10_000;
/// Pieces of a sheet, and their bytes: many times what a table writes in a lesson.
const MAX_PIECES: usize = 400;
const MAX_BYTES: usize = 96 << 10;
/// Bytes of one piece.
const MAX_PIECE: usize = 6144;
/// Letters of a task, and of a line on a sheet.
const MAX_TASK: usize = 300;
const MAX_LINE: usize = 120;

/// What pens did, as a record of its own.
const PEN: u8 = 0;
/// A line in letters.
const LINE: u8 = 1;
/// A line is taken away: the number of its piece.
const AWAY: u8 = 2;

/// A group: of which round, and its number.
pub(crate) type Group = (u32, u16);

/// Small groups as they were begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Round {
    /// The room that began it by itself; 0 where who leads the class did.
    pub owner: u16,
    pub tables: u16,
    /// Rooms share the numbers.
    pub shared: bool,
}

impl Round {
    /// The groups of a room.
    pub fn of_room(self, room: u16) -> RangeInclusive<u16> {
        if room == 0 || (self.owner != 0 && self.owner != room) {
            #[expect(clippy::reversed_empty_ranges, reason = "it has none")]
            return 1..=0;
        }
        if self.shared {
            return 1..=self.tables;
        }
        let before = (room - 1).saturating_mul(self.tables);
        before.saturating_add(1)..=before.saturating_add(self.tables)
    }
}

/// The groups of a class, as it stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups {
    /// The round that goes on.
    pub now: Option<u32>,
    pub rounds: BTreeMap<u32, Round>,
    /// The sheet that is shown to all, and those that were.
    pub shown: Option<Group>,
    pub was_shown: BTreeSet<Group>,
    /// How much is on each sheet: pieces and bytes.
    sheets: BTreeMap<Group, (usize, usize)>,
}

impl Groups {
    /// Takes in what was said of groups by a room, 0 being who leads. `alone` is a room that is cut off: it goes by what it
    /// says itself.
    pub fn take(&mut self, room: u16, alone: bool, said: &Json) {
        let number = |key: &str| said.get(key).and_then(Json::as_u64).and_then(|n| u32::try_from(n).ok());
        match said.get("k").and_then(Json::as_str).unwrap_or_default() {
            "groups" => {
                let (Some(id), Some(n)) = (number("r"), number("n")) else { return };
                if id / ROUNDS != u32::from(room) || self.rounds.contains_key(&id) {
                    return;
                }
                let shared = said.get("shared").and_then(Json::as_bool) == Some(true) && room == 0;
                let round = Round { owner: room, tables: u16::try_from(n).unwrap_or(1), shared };
                self.rounds.insert(id, round);
                if room == 0 || alone {
                    (self.now, self.shown) = (Some(id), None);
                }
            }
            "groups-end" if room == 0 || alone => self.now = None,
            "show" => {
                let (id, g) = (number("r").unwrap_or(0), number("g").and_then(|g| u16::try_from(g).ok()).unwrap_or(0));
                let may = |(id, g): Group| room == 0 || self.is_of((id, g), room);
                if g == 0 && self.shown.is_some_and(may) {
                    self.shown = None;
                } else if g > 0 && self.rounds.contains_key(&id) && may((id, g)) {
                    self.shown = Some((id, g));
                    self.was_shown.insert((id, g));
                }
            }
            _ => {}
        }
    }

    /// Counts a piece of a sheet.
    pub fn piece(&mut self, room: u16, rest: &[u8]) {
        let Some(piece) = Piece::read(rest) else { return };
        if self.rounds.contains_key(&piece.group.0) && (room == 0 || self.is_of(piece.group, room)) {
            let sheet = self.sheets.entry(piece.group).or_default();
            *sheet = (sheet.0 + 1, sheet.1 + rest.len());
        }
    }

    /// Whether a group is of a room.
    pub fn is_of(&self, (id, g): Group, room: u16) -> bool {
        self.rounds.get(&id).is_some_and(|round| round.of_room(room).contains(&g))
    }

    fn is_full(&self, group: Group) -> bool {
        self.sheets.get(&group).is_some_and(|(pieces, bytes)| *pieces >= MAX_PIECES || *bytes >= MAX_BYTES)
    }

    /// What of groups somebody may say, in the node's own words. `room` is theirs, 0 for who leads; `alone`, whether it is cut
    /// off.
    ///
    /// # Errors
    /// [`No`].
    pub fn checked(&self, kind: &str, said: &Map<String, Json>, room: u16, alone: bool) -> Result<Json, No> {
        let number = |key: &str, most: u64| said.get(key).and_then(Json::as_u64).filter(|n| *n <= most).ok_or(No::Role);
        let round = |most| number("r", most).and_then(|n| u32::try_from(n).map_err(|_| No::Role));
        match kind {
            "groups" if room == 0 || alone => {
                let (id, n) = (round(u64::from(u32::MAX))?, number("n", MAX_TABLES)?);
                if n == 0 || id / ROUNDS != u32::from(room) || self.rounds.contains_key(&id) {
                    return Err(No::Role);
                }
                let task = said.get("task").and_then(Json::as_str).unwrap_or_default();
                let task = text::clean_line(task, MAX_TASK).map_err(|_| No::Much)?;
                let shared = room == 0 && said.get("shared").and_then(Json::as_bool) == Some(true);
                let mut out = json!({
                    "k": kind, "r": id, "n": n, "s": number("s", 7200)?, "task": task, "shared": shared,
                });
                // The page of the slides that all write on; none is an empty sheet.
                if let (Some(page), Some(out)) = (said.get("p").and_then(Json::as_u64), out.as_object_mut()) {
                    out.insert("p".to_owned(), json!(page.min(5000)));
                }
                Ok(out)
            }
            "groups-end" if room == 0 || alone => Ok(json!({ "k": kind })),
            "show" => {
                let (id, g) = (round(u64::from(u32::MAX))?, number("g", u64::from(u16::MAX))?);
                let group = (id, u16::try_from(g).map_err(|_| No::Role)?);
                if g > 0 && !(self.rounds.contains_key(&id) && (room == 0 || self.is_of(group, room))) {
                    return Err(No::Role);
                }
                Ok(json!({ "k": kind, "r": id, "g": g }))
            }
            _ => Err(No::Role),
        }
    }

    /// Whether an adult may put this on a sheet: who leads on any, who answers for a room on those of its groups.
    ///
    /// # Errors
    /// [`No`].
    pub fn may_write(&self, room: u16, rest: &[u8]) -> Result<(), No> {
        let piece = self.fits(rest)?;
        let may = room == 0 || self.is_of(piece.group, room);
        may.then_some(()).ok_or(No::Role)
    }

    /// Whether a device of a group may put this on its sheet: while the round goes on, and with its own hand. It wipes nothing
    /// that others drew.
    ///
    /// # Errors
    /// [`No`].
    pub fn device_may_write(&self, room: u16, device: u32, group: Option<u16>, rest: &[u8]) -> Result<(), No> {
        let piece = self.fits(rest)?;
        let own = self.now == Some(piece.group.0)
            && self.is_of(piece.group, room)
            && group == Some(piece.group.1)
            && piece.by == device;
        (own && device != 0 && !piece.wipes).then_some(()).ok_or(No::Role)
    }

    fn fits(&self, rest: &[u8]) -> Result<Piece, No> {
        if rest.len() > MAX_PIECE {
            return Err(No::Much);
        }
        let piece = Piece::read(rest).ok_or(No::Role)?;
        if !self.rounds.contains_key(&piece.group.0) {
            return Err(No::Role);
        }
        if self.is_full(piece.group) { Err(No::Full) } else { Ok(piece) }
    }
}

/// Something on a sheet: its group, whose hand, and whether it wipes what others drew.
struct Piece {
    group: Group,
    by: u32,
    wipes: bool,
}

impl Piece {
    fn read(rest: &[u8]) -> Option<Self> {
        let (round, rest) = rest.split_first_chunk::<4>()?;
        let (group, rest) = rest.split_first_chunk::<2>()?;
        let (by, rest) = rest.split_first_chunk::<4>()?;
        let (_, what) = rest.split_first_chunk::<4>()?;
        let mut wipes = false;
        match what.split_first()? {
            (&PEN, ink) => {
                let mut strange = false;
                let look = |_, act| match act {
                    pen::Act::Wipe => wipes = true,
                    pen::Act::Page(_) | pen::Act::Pointer { .. } | pen::Act::Away => strange = true,
                    _ => {}
                };
                pen::read(ink, look).ok().filter(|_| !strange)?;
            }
            (&LINE, line) => {
                let line = std::str::from_utf8(line).ok()?;
                text::clean_line(line, MAX_LINE).ok().filter(|clean| clean == line && !clean.is_empty())?;
            }
            (&AWAY, piece) if piece.len() == 4 => {}
            _ => return None,
        }
        let group = (u32::from_be_bytes(*round), u16::from_be_bytes(*group));
        Some(Self { group, by: u32::from_be_bytes(*by), wipes })
    }
}

/// The group on whose sheet something is.
pub(crate) fn group_of(payload: &[u8]) -> Option<Group> {
    let rest = payload.strip_prefix(&[SHEET])?;
    let (round, rest) = rest.split_first_chunk::<4>()?;
    let (group, _) = rest.split_first_chunk::<2>()?;
    Some((u32::from_be_bytes(*round), u16::from_be_bytes(*group)))
}

#[cfg(test)]
mod tests {
    use base::Env;

    use super::*;
    use crate::fold::Fold;
    use crate::pupils::Pupils;
    use crate::say::{Speaker, of_node, taken};
    use crate::who::Part;

    fn begun() -> Fold {
        let mut class = Fold::default();
        class.take(1, 0, Some(0), &of_node(&json!({ "k": "begin" })));
        class
    }

    fn groups(id: u32, n: u16, shared: bool) -> Json {
        json!({ "k": "groups", "r": id, "n": n, "s": 600, "task": "雪莲", "shared": shared })
    }

    fn piece((id, g): Group, by: u32, number: u32, what: &[u8]) -> Vec<u8> {
        let head = [&id.to_be_bytes()[..], &g.to_be_bytes(), &by.to_be_bytes(), &number.to_be_bytes()].concat();
        [&[SHEET], &head[..], what].concat()
    }

    fn line(group: Group, by: u32, number: u32) -> Vec<u8> {
        piece(group, by, number, &[&[LINE], "雪莲".as_bytes()].concat())
    }

    fn says(part: Part, cut: bool, payload: &[u8], class: &Fold) -> Result<(), No> {
        taken(payload, &Speaker { part, name: "丹增", admitted: true, cut, meeting: false, devices: 0 }, class, true)
            .map(drop)
    }

    #[test]
    fn numbers_run_through_all_rooms_or_are_shared() {
        let round = Round { owner: 0, tables: 4, shared: false };
        assert_eq!((round.of_room(1), round.of_room(3)), (1..=4, 9..=12));
        assert_eq!(Round { shared: true, ..round }.of_room(3), 1..=4);
        assert!(round.of_room(0).is_empty() && Round { owner: 2, ..round }.of_room(1).is_empty());
        assert_eq!(Round { owner: 2, ..round }.of_room(2), 5..=8);
    }

    #[test]
    fn only_who_leads_begins_and_ends_them_and_a_room_that_is_cut_off_for_itself() {
        let mut class = begun();
        let begin = of_node(&groups(1, 4, false));
        for (part, cut, may) in [
            (Part::Teacher, false, true),
            (Part::Co, false, true),
            (Part::Adult(2), false, false),
            (Part::Guest, false, false),
            (Part::Adult(2), true, false),
        ] {
            assert_eq!(says(part, cut, &begin, &class).is_ok(), may, "{part:?} {cut}");
        }
        let own = of_node(&groups(20_001, 2, false));
        assert_eq!(says(Part::Adult(2), true, &own, &class), Ok(()));
        assert_eq!(says(Part::Adult(1), true, &own, &class), Err(No::Role), "a number of another room");
        for wrong in [groups(1, 0, false), groups(1, 9, false), groups(10_001, 2, false)] {
            assert_eq!(says(Part::Teacher, false, &of_node(&wrong), &class), Err(No::Role), "{wrong}");
        }
        class.take(2, 0, Some(0), &begin);
        assert_eq!(says(Part::Teacher, false, &begin, &class), Err(No::Role), "a round begins once");
        let end = of_node(&json!({ "k": "groups-end" }));
        assert_eq!(says(Part::Adult(1), false, &end, &class), Err(No::Role));
        // What a room that was cut off did for itself moves nobody else.
        class.take(3, 0, Some(2), &own);
        class.take(4, 0, Some(2), &end);
        assert_eq!((class.groups.now, class.groups.rounds.len()), (Some(1), 2));
        let mut alone = class.clone();
        alone.alone = Some(2);
        alone.take(4, 0, Some(2), &of_node(&groups(20_002, 2, false)));
        assert_eq!(alone.groups.now, Some(20_002));
        class.take(5, 0, Some(0), &end);
        assert_eq!(class.groups.now, None);
        class.take(6, 0, Some(0), &of_node(&groups(2, 4, false)));
        class.take(7, 0, Some(0), &of_node(&json!({ "k": "end" })));
        assert_eq!(class.groups.now, None, "the end of the class ends them");
    }

    #[test]
    fn a_sheet_is_its_groups_and_bounded() {
        let mut class = begun();
        class.take(2, 0, Some(0), &of_node(&groups(1, 4, false)));
        for (part, g, may) in [
            (Part::Teacher, 7, true),
            (Part::Adult(1), 4, true),
            (Part::Adult(1), 5, false),
            (Part::Adult(2), 5, true),
            (Part::Guest, 1, false),
        ] {
            assert_eq!(says(part, false, &line((1, g), 7, 1), &class).is_ok(), may, "{part:?} {g}");
        }
        assert_eq!(says(Part::Teacher, false, &line((2, 1), 7, 1), &class), Err(No::Role), "no such round");
        let long = piece((1, 1), 7, 1, &[&[LINE][..], &[b'a'; 121]].concat());
        let pointer = piece((1, 1), 7, 1, b"\0ZPEN\x01\0\x08");
        for broken in [&long[..], &pointer, &piece((1, 1), 7, 1, b"\0ZPEN"), &piece((1, 1), 7, 1, &[9]), &[SHEET, 0, 0]]
        {
            assert_eq!(says(Part::Teacher, false, broken, &class), Err(No::Role));
        }
        let big = piece((1, 1), 7, 1, &[PEN; 7000]);
        assert_eq!(says(Part::Teacher, false, &big, &class), Err(No::Much));
        // Another room's piece does not fill it.
        for n in 0..500 {
            class.take(3 + n, 0, Some(2), &line((1, 1), 9, 1));
        }
        assert_eq!(says(Part::Adult(1), false, &line((1, 1), 7, 1), &class), Ok(()));
        for n in 0..400 {
            class.take(600 + n, 0, Some(1), &line((1, 1), 9, 1));
        }
        assert_eq!(says(Part::Adult(1), false, &line((1, 1), 7, 1), &class), Err(No::Full));
        assert_eq!(says(Part::Adult(1), false, &line((1, 2), 7, 1), &class), Ok(()));
    }

    #[test]
    fn a_room_shows_its_own_sheets_and_who_leads_any() {
        let mut class = begun();
        class.take(2, 0, Some(0), &of_node(&groups(1, 4, false)));
        let show = |g: u16| of_node(&json!({ "k": "show", "r": 1, "g": g }));
        assert_eq!(says(Part::Adult(1), false, &show(5), &class), Err(No::Role));
        class.take(3, 0, Some(1), &show(5));
        assert_eq!(class.groups.shown, None);
        assert_eq!(says(Part::Adult(2), false, &show(5), &class), Ok(()));
        class.take(4, 0, Some(2), &show(5));
        class.take(5, 0, Some(1), &show(0));
        assert_eq!(class.groups.shown, Some((1, 5)), "another room puts it not away");
        class.take(6, 0, Some(0), &show(0));
        class.take(7, 0, Some(0), &show(3));
        assert_eq!(class.groups.shown, Some((1, 3)));
        assert_eq!(class.groups.was_shown.iter().map(|(_, g)| *g).collect::<Vec<_>>(), [3, 5]);
    }

    #[test]
    fn a_device_writes_on_the_sheet_of_the_group_that_it_chose() {
        let mut class = begun();
        let mut pupils = Pupils::new(&Env::system(), 2, None);
        pupils.come(7, 1);
        let mut count = 0;
        let mut says = |pupils: &mut Pupils, class: &Fold, said: &[u8]| {
            count += 1;
            pupils.say((7, 1), count, said, class).1
        };
        let choose = |g: u16| of_node(&json!({ "k": "group", "g": g }));
        assert_eq!(says(&mut pupils, &class, &choose(5)), Err(No::Role), "no groups are at work");
        class.take(2, 0, Some(0), &of_node(&groups(1, 4, false)));
        assert_eq!(says(&mut pupils, &class, &choose(1)), Err(No::Role), "a group of another room");
        assert_eq!(says(&mut pupils, &class, &choose(5)), Ok(None));
        let own = line((1, 5), 7, 1);
        assert_eq!(says(&mut pupils, &class, &own), Ok(Some(own.clone())));
        let wiped = piece((1, 5), 7, 3, b"\0ZPEN\x01\0\x06");
        for other in [line((1, 6), 7, 2), line((1, 5), 8, 2), line((1, 5), 0, 2), wiped] {
            assert_eq!(says(&mut pupils, &class, &other), Err(No::Role));
        }
        assert_eq!(pupils.shown(&class, "")["groups"], json!({ "5": 1 }));
        // Who writes without an end waits; the others of the room do not.
        let taken = (0..50).filter(|_| says(&mut pupils, &class, &own).is_ok()).count();
        assert_eq!((taken, says(&mut pupils, &class, &own)), (7, Err(No::Later)));
        pupils.refill(1000);
        pupils.refill(3000);
        assert!(says(&mut pupils, &class, &own).is_ok());
        class.take(3, 0, Some(0), &of_node(&json!({ "k": "groups-end" })));
        assert_eq!(says(&mut pupils, &class, &own), Err(No::Role), "they have ended");
    }
}
