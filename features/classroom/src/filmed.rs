//! What the film of a class is made of: the slides that it showed, a pen for each hand and one that turns the pages, and the
//! voices that were consented to, each from when it began.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use assets::{Script, Shelf, Voice};
use base::{Hash, Subject};
use live::{Event, Replay};
use pen::Act;
use rusqlite::Connection;
use serde_json::Value as Json;
use web::{PageError, Site};

use crate::facts::LIVE_CLASS;
use crate::fold::{Fold, INK, WORDS};
use crate::keep::kept;
use crate::open::Open;
use crate::pack::{self, Pack, Sheet};
use crate::replay::tracks;

/// The longest film of a class, in milliseconds: as much of a voice as is taken in one piece.
const MAX_MS: u64 = 4 * 3_600_000;
/// How long a caption stands, in milliseconds, as on the page of the class.
const CAPTION_MS: u64 = 12_000;
/// A white page where nothing was shown before it.
const WHITE: (u32, u32) = (1280, 720);

/// A class that was recorded.
pub(crate) struct Filmed {
    /// By what its film is known: another record, or slides that another reader sees, make another film.
    pub of: Hash,
    /// All of the record is here.
    pub whole: bool,
    open: Open,
    replay: Replay,
    /// What the course shows today, for a record that does not say what was shown.
    slides: Vec<Sheet>,
}

/// A caption: from when to when, in milliseconds of the film, and what it says.
pub(crate) type Cue = (u64, u64, String);

/// A hand that draws: how far what it sent was read, and what it did in the film's time.
#[derive(Default)]
struct Hand {
    reader: pen::Reader,
    acts: pen::Writer,
    /// The page that it draws on, and how many strokes it has on each.
    page: u32,
    strokes: BTreeMap<u32, u32>,
}

fn inside(e: impl std::fmt::Display) -> PageError {
    PageError::Internal(e.to_string())
}

impl Filmed {
    /// A class, with what a reader may see of its slides.
    ///
    /// # Errors
    /// What the database says.
    pub fn read(
        conn: &Connection,
        shelf: &Shelf,
        reader: Subject,
        open: Open,
        replay: Replay,
        whole: bool,
    ) -> Result<Self, PageError> {
        // Where the record names what was shown, the film is by the record alone.
        let slides = match pack::of_record(shelf, conn, &open.class)? {
            named if !named.is_empty() => Vec::new(),
            _ => pack::of_course(conn, shelf, open.about(), reader)?,
        };
        let mut named = open.class.as_bytes().to_vec();
        for (_, tree) in kept(conn)?.into_iter().filter(|(of, _)| *of == open.class) {
            named.extend(tree.0);
        }
        named.extend(LIVE_CLASS.name.bytes());
        slides.iter().for_each(|s| named.extend(s.content.0));
        Ok(Self { of: Hash::of(&named), whole, open, replay, slides })
    }

    /// What the film is made of, as files among the blobs: those that are made for it alone are named by no fact, so that a
    /// sweep takes them as it takes the film.
    ///
    /// # Errors
    /// What the disk says; a rule where the class was longer than a film can be.
    pub fn script(&self, site: &Site) -> Result<Script, PageError> {
        let events = self.replay.events().map_err(inside)?;
        let fold = self.open.fold_of(&events);
        let from = fold.began_ms.unwrap_or(0);
        let ms = until(&events, &fold).saturating_sub(from);
        if ms > MAX_MS {
            return Err(PageError::Rule("class-film-long".to_owned()));
        }
        let put = |bytes: &[u8]| -> Result<PathBuf, PageError> {
            let (hash, _) = site.blobs.put(bytes).map_err(inside)?;
            place(site, &hash)
        };
        let (turns, hands) = self.pens(&events, from);
        let pages = self.pages(site, &fold.pack)?;
        // Pages turn before what is drawn at the same moment.
        let pens = std::iter::once(turns).chain(hands).map(|pen| put(&pen.finish())).collect::<Result<_, _>>()?;
        let mut voices = Vec::new();
        for (track, lasts) in tracks(&self.replay)? {
            // Interpreters would speak over what they interpret.
            if track.channel > 0 || !self.open.consented(&fold, &track) {
                continue;
            }
            let (skip, at) = (from.saturating_sub(track.began_ms), track.began_ms.saturating_sub(from));
            let end = lasts.min((skip + ms).saturating_sub(at));
            if end > skip {
                let file = put(&self.replay.ogg(track.id, skip, end).map_err(inside)?)?;
                voices.push(Voice { file, at: u32::try_from(at).unwrap_or(u32::MAX) });
            }
        }
        Ok(Script { ms: u32::try_from(ms).unwrap_or(0), pages, pens, voices })
    }

    /// The pages that were turned: white ones are as large as the page before them.
    fn pages(&self, site: &Site, pack: &Pack) -> Result<Vec<assets::Sheet>, PageError> {
        let of_course = if pack.said > 0 { &[][..] } else { &self.slides };
        let all = of_course.iter().copied().map(Some).chain(pack.pages.iter().copied());
        let (mut width, mut height) = WHITE;
        let mut out = Vec::new();
        for sheet in all.take(usize::try_from(pen::MAX_PAGES).unwrap_or(0)) {
            let picture = match sheet {
                Some(sheet) if !site.blobs.has(&sheet.content) => {
                    return Err(PageError::Rule("class-keep-coming".to_owned()));
                }
                Some(sheet) => {
                    (width, height) = (sheet.width.into(), sheet.height.into());
                    Some(place(site, &sheet.content)?)
                }
                None => None,
            };
            out.push(assets::Sheet { picture, width, height });
        }
        Ok(out)
    }

    /// What was written as captions, in the film's time.
    ///
    /// # Errors
    /// What the disk says.
    pub fn cues(&self) -> Result<Vec<Cue>, PageError> {
        let events = self.replay.events().map_err(inside)?;
        let fold = self.open.fold_of(&events);
        let from = fold.began_ms.unwrap_or(0);
        let end = until(&events, &fold).saturating_sub(from);
        let mut cues: Vec<Cue> = Vec::new();
        for event in &events {
            let Some(said) = self.said(event).filter(|said| said.get("k").and_then(Json::as_str) == Some("caption"))
            else {
                continue;
            };
            // One that came late belongs to what was said before.
            if event.late_ms > 0 {
                continue;
            }
            let at = event.at_ms.saturating_sub(from);
            if let Some(before) = cues.last_mut() {
                before.1 = before.1.min(at);
            }
            let text = said.get("text").and_then(Json::as_str).unwrap_or_default();
            cues.push((at, (at + CAPTION_MS).min(end), text.to_owned()));
        }
        cues.retain(|(from, to, _)| from < to);
        Ok(cues)
    }

    /// What somebody who has a say said in words.
    fn said(&self, event: &Event) -> Option<Json> {
        self.open.counts_for(event)?;
        let (_, words) = event.payload.split_first().filter(|(how, _)| **how == WORDS)?;
        serde_json::from_slice(words).ok()
    }

    /// The pen that turns pages, and those of hands.
    fn pens(&self, events: &[Event], from: u64) -> (pen::Writer, Vec<pen::Writer>) {
        let mut turns = pen::Writer::default();
        let mut hands: BTreeMap<(u16, u32), Hand> = BTreeMap::new();
        for event in events {
            let at = u32::try_from(event.at_ms.saturating_sub(from)).unwrap_or(u32::MAX);
            let Some(room) = self.open.room_of(event.node, &event.who) else { continue };
            if let Some((&INK, ink)) = event.payload.split_first() {
                // Whose hand, which piece, and what it did.
                let Some((by, acts)) = ink.split_first_chunk::<4>() else { continue };
                let hand = hands.entry((room, u32::from_be_bytes(*by))).or_default();
                hand.draw(at, acts.get(4..).unwrap_or_default(), room == 0);
            } else if room == 0
                && let Some(said) = self.said(event).filter(|said| said.get("k").and_then(Json::as_str) == Some("page"))
            {
                let page = said.get("p").and_then(Json::as_u64).and_then(|p| u32::try_from(p).ok());
                if let Some(page) = page.filter(|p| *p < pen::MAX_PAGES) {
                    turns.act(at, Act::Page(page));
                }
            }
        }
        (turns, hands.into_values().map(|hand| hand.acts).collect())
    }
}

impl Hand {
    /// Draws what came at a time: the last was done when it was sent, the others before it.
    fn draw(&mut self, came: u32, piece: &[u8], leads: bool) {
        let mut acts = Vec::new();
        // What was read of a piece that is none was drawn on the pages, too.
        let _ = self.reader.more(piece, |at, act| acts.push((at, act)));
        let end = acts.last().map_or(0, |(at, _)| *at);
        for (at, act) in acts {
            let at = came.saturating_sub(end - at);
            match act {
                // The page that it draws on; the class's is turned by who leads, in words.
                Act::Page(page) => self.page = page,
                Act::Begin { .. } => *self.strokes.entry(self.page).or_default() += 1,
                Act::Undo => {
                    let left = self.strokes.entry(self.page).or_default();
                    *left = left.saturating_sub(1);
                }
                Act::Wipe if leads => self.strokes.clear(),
                // A room wipes away what it drew itself, and nothing of others.
                Act::Wipe => {
                    for _ in 0..self.strokes.remove(&self.page).unwrap_or(0) {
                        self.acts.act(at, Act::Undo);
                    }
                    continue;
                }
                Act::Go(_) | Act::End | Act::Pointer { .. } | Act::Away => {}
            }
            self.acts.act(at, act);
        }
    }
}

/// When the class was over; what came late is in no film.
fn until(events: &[Event], fold: &Fold) -> u64 {
    fold.over_ms.unwrap_or_else(|| events.last().map_or(0, |event| event.at_ms))
}

fn place(site: &Site, hash: &Hash) -> Result<PathBuf, PageError> {
    std::path::absolute(site.blobs.path(hash)).map_err(inside)
}

/// Captions as a file that players read beside a film: `WebVTT`.
pub(crate) fn captions(cues: &[Cue]) -> String {
    let clock =
        |ms: u64| format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000);
    let mut out = "WEBVTT\n".to_owned();
    for (from, to, text) in cues {
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let _ = write!(out, "\n{} --> {}\n{text}\n", clock(*from), clock(*to));
    }
    out
}

#[cfg(test)]
mod tests {
    use pen::Point;

    use super::*;

    fn drawn(acts: &[Act]) -> Vec<u8> {
        let mut writer = pen::Writer::default();
        acts.iter().for_each(|act| writer.act(0, *act));
        writer.finish()[pen::Writer::default().finish().len()..].to_vec()
    }

    /// What a hand did in a film, and its pages.
    fn film(hand: Hand) -> Vec<Act> {
        let mut acts = Vec::new();
        pen::read(&hand.acts.finish(), |_, act| acts.push(act)).unwrap();
        acts
    }

    #[test]
    fn a_room_wipes_away_what_it_drew_itself_and_who_leads_all() {
        let at = Point { x: 5, y: 5, pressure: 128 };
        let begin = Act::Begin { colour: 0, width: 26, at };
        let piece = drawn(&[Act::Page(2), begin, Act::End, begin, Act::End, Act::Page(3), begin, Act::End, Act::Wipe]);
        let (mut room, mut leads) = (Hand::default(), Hand::default());
        room.draw(9, &piece, false);
        leads.draw(9, &piece, true);
        assert_eq!(film(room).last(), Some(&Act::Undo));
        let led = film(leads);
        assert_eq!(led.last(), Some(&Act::Wipe));
        assert_eq!(led.iter().filter(|act| **act == Act::Undo).count(), 0);
        assert_eq!(led.first(), Some(&Act::Page(2)), "its page goes along");
    }
}
