//! What a node keeps of a class while it is open, beside the class itself: its pages, its rooms' own devices, the notes, cuts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::Subject;
use live::{Live, Mark};

use crate::exit::{self, Exit, Marks};
use crate::fold::Fold;
use crate::open::Open;
use crate::pupils::Pupils;
use crate::say::{No, of_node};
use crate::turns::Turns;

/// Bytes that are written into the notes of a class in all, and the letters of them that are kept with it.
const MAX_NOTES: usize = 512 << 10;
const NOTES_CHARS: usize = 4000;
/// What still waits when a class is over is in it by then, also over the worst link.
const SETTLES_MS: u64 = 600_000;
/// A room that was cut off for less is not said to have been.
const CUT_MS: u64 = 3000;
/// A class that nobody leads any more, beyond its time, is over after so long.
const LEFT_MS: u64 = 30 * 60_000;

#[derive(Default)]
pub(crate) struct Inner {
    pub fold: Fold,
    /// How far what happened is in it.
    pub mark: Mark,
    /// What was taken of what each person's pages say.
    pub turns: BTreeMap<Subject, Turns>,
    /// Pages of each room that are open here.
    pub pages: BTreeMap<Subject, usize>,
    /// Pages of each guest that are open here.
    pub guests: BTreeMap<Subject, usize>,
    /// The pages of rooms' pupils that are open here.
    pub pupils: BTreeMap<u16, Pupils>,
    /// How it was, as far as the rooms that are served here have said: what adults counted, what came from pages of pupils
    /// that are closed, and the rooms whose counts are told.
    pub exits: BTreeMap<u16, (Marks, Marks)>,
    pub exited: BTreeSet<u16>,
    /// The notes that all share, and how many bytes were written into them.
    pub notes: documents::Live,
    pub notes_bytes: usize,
    /// What of them is a fact already.
    pub notes_kept: String,
    /// What became a fact here: several pages look at the same time.
    pub noted: BTreeSet<String>,
    /// It was looked at since it was opened here.
    pub is_known: bool,
    /// As what the class stood when it was seen here that it has begun.
    pub begun_as: Option<String>,
    /// Since when the class is known to be over.
    pub over_since: Option<u64>,
    /// Since when the node has been cut off, in milliseconds since the class began.
    pub cut_since: Option<u64>,
    /// Pages of who leads that are open here; and since when there was none, while the class went on.
    pub leads: usize,
    pub unled_since: Option<u64>,
    /// The last of what was said in a cut, or came after the class was over, and when it came, in milliseconds since the class
    /// began.
    pub late: (u64, u64),
}

impl Inner {
    /// Of a class of these rooms.
    pub fn of(rooms: &[Subject]) -> Self {
        Self { fold: Fold::of(rooms), ..Self::default() }
    }

    /// The rooms are others: what happened is to be taken in anew from the first event, and what is kept by number goes with
    /// its room. The page of a room's pupils bears its number, so it is closed where that is another.
    pub fn renumber(&mut self, rooms: &[Subject]) {
        let was = Arc::clone(&self.fold.ids);
        let now = |room: u16| {
            let id = usize::from(room).checked_sub(1).and_then(|n| was.get(n))?;
            u16::try_from(rooms.iter().position(|r| r == id)? + 1).ok()
        };
        let others: Vec<u16> = self.pupils.keys().copied().filter(|room| now(*room) != Some(*room)).collect();
        others.into_iter().for_each(|room| self.close(room));
        let exits = std::mem::take(&mut self.exits);
        self.exits = exits.into_iter().filter_map(|(room, marks)| Some((now(room)?, marks))).collect();
        self.exited = self.exited.iter().filter_map(|room| now(*room)).collect();
        self.begin_anew(rooms);
    }

    /// What happened is to be taken in anew from the first event: the rooms are others, or some of it did not happen.
    pub fn begin_anew(&mut self, rooms: &[Subject]) {
        self.fold = Fold::of(rooms);
        self.mark = Mark::default();
        self.notes_bytes = 0;
        self.late = (0, 0);
    }

    /// Takes something into the notes.
    ///
    /// # Errors
    /// [`No::Much`] where it cannot be read, or the notes are full.
    pub fn note(&mut self, update: &[u8]) -> Result<(), No> {
        if self.notes_bytes + update.len() > MAX_NOTES {
            return Err(No::Much);
        }
        self.notes.apply(update).map_err(|_| No::Much)
    }

    /// The notes as they are to become a fact, if they are not one.
    pub fn notes(&mut self) -> Option<String> {
        let all: String = self.notes.text("notes").chars().take(NOTES_CHARS).collect();
        let text = text::clean_text(&all, NOTES_CHARS).ok().filter(|t| !t.is_empty() && *t != self.notes_kept)?;
        self.notes_kept.clone_from(&text);
        Some(text)
    }

    /// Closes the page of a room's pupils: what they said of how it was still counts.
    pub fn close(&mut self, room: u16) {
        if let Some(mut pupils) = self.pupils.remove(&room) {
            let left = &mut self.exits.entry(room).or_default().1;
            *left = left.and(pupils.take_exits());
        }
    }

    /// What the rooms say of how it was, once it is closed.
    pub fn exits(&mut self) -> Vec<(u16, Vec<u8>)> {
        if self.fold.exit != Exit::Over {
            return Vec::new();
        }
        let rooms: BTreeSet<u16> = self.exits.keys().chain(self.pupils.keys()).copied().collect();
        let mut out = Vec::new();
        for room in rooms {
            let (counted, left) = self.exits.remove(&room).unwrap_or_default();
            let now = self.pupils.get_mut(&room).map(Pupils::take_exits).unwrap_or_default();
            if !self.fold.exits.contains_key(&room)
                && self.exited.insert(room)
                && let Some(said) = exit::of_room(counted.and(left).and(now))
            {
                out.push((room, of_node(&said)));
            }
        }
        out
    }

    /// As what the class stood when it was seen that it has begun: nothing where that was so before this node was started again.
    pub fn begun_as(&mut self, state: &str) -> Option<String> {
        let is_known = std::mem::replace(&mut self.is_known, true);
        if self.fold.began_ms.is_some() && self.begun_as.is_none() {
            self.begun_as = Some(if is_known { state.to_owned() } else { String::new() });
        }
        self.begun_as.clone()
    }

    /// Whether what the rooms here said is in the class, once it is over: after a cut its end comes first, and what waits here goes
    /// up then. Something that does not come in is not waited for without an end.
    pub fn is_settled(&mut self, now: u64, waits: bool) -> bool {
        let Some(over) = self.fold.over_ms.map(|_| *self.over_since.get_or_insert(now)) else { return false };
        !waits || now > over + SETTLES_MS
    }

    /// Notes whether the node is cut off, at a time of the class. Gives how long a cut was that has just ended: what came after the
    /// class was over is none of it.
    pub fn count_cuts(&mut self, at_ms: u64, cut: bool) -> Option<u64> {
        if cut {
            if self.fold.goes_on() && self.cut_since.is_none() {
                self.cut_since = Some(at_ms);
            }
            return None;
        }
        let since = self.cut_since.take()?;
        let until = self.fold.over_ms.map_or(at_ms, |over| over.min(at_ms));
        Some(until.saturating_sub(since)).filter(|lasted| *lasted >= CUT_MS)
    }

    /// Whether nobody has led a class for so long that it is over, at a time of the class: its end was forgotten, or who leads
    /// cannot say it any more.
    pub fn is_left(&mut self, at_ms: u64, planned_minutes: u64) -> bool {
        if self.leads > 0 || !self.fold.goes_on() {
            self.unled_since = None;
            return false;
        }
        let since = *self.unled_since.get_or_insert(at_ms);
        let planned = self.fold.began_ms.unwrap_or(0) + planned_minutes * 60_000;
        at_ms >= since + LEFT_MS && at_ms >= planned + LEFT_MS
    }
}

/// Says in the class what is counted of the rooms' own devices, and closes their pages when it is over.
pub(crate) fn count(live: &Live, open: &Open, now_ms: u64) {
    let said: Vec<(u16, Vec<u8>)> = {
        let inner = &mut *open.inner();
        let exits = inner.exits();
        if inner.fold.over_ms.is_some() || open.about().meeting {
            inner.pupils.clear();
        }
        let (fold, pupils) = (&inner.fold, &mut inner.pupils);
        if let Some(speaks) = pupils.get_mut(&fold.floor) {
            speaks.lower();
        }
        pupils.values_mut().for_each(|of| of.refill(now_ms));
        let counts = pupils.iter_mut().map(|(room, of)| (*room, of.counts(now_ms, fold)));
        exits
            .into_iter()
            .chain(counts.flat_map(|(room, said)| said.into_iter().map(move |said| (room, said))))
            .collect()
    };
    for (room, said) in said {
        if let Some(of) = usize::from(room).checked_sub(1).and_then(|n| open.about().rooms.get(n)) {
            let _ = live.say(open.class, of.id, &said);
        }
    }
}
