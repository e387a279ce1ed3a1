//! A sitting: a teacher asks a class the questions of the library, on whatever devices there are, and sees what is hard.
//! No device and no child is known in it. All of it is in this process's memory, and goes with the sitting.

mod asking;
mod pupils;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use base::{Hash, Subject};
use quizzes::{Item, Question, Tally};
use web::{Check, PageError, Reply, Request, Route, Site};

use crate::facts::RESOURCE;
use crate::quiz;

/// Sittings of one node at a time.
const MOST: usize = 48;
/// Sittings of one teacher at a time.
const OWN: usize = 4;
/// How long one lasts if nobody ends it: a morning.
const LASTS_MS: u64 = 4 * 3_600_000;
/// Devices whose answers are counted.
const DEVICES: usize = 300;
/// Digits of a code. As many as nobody finds by trying while a sitting lasts.
const DIGITS: usize = 8;

/// The sittings of a node.
#[derive(Debug, Default)]
pub(crate) struct Sittings(Mutex<BTreeMap<u32, Sitting>>);

#[derive(Clone, Debug)]
struct Sitting {
    asks: Asks,
    /// By the clock that never goes back.
    ends_ms: u64,
    /// Devices that handed in, by what chance named them. Which answers are whose is nowhere.
    devices: BTreeSet<[u8; 16]>,
    /// Sets of answers that were counted.
    counted: u32,
    /// Sets of answers that came when no more were counted.
    beyond: u32,
    tally: Tally,
}

/// Who asks, and what. The file is the one that was opened, also when the questions are written anew meanwhile.
#[derive(Clone, Debug)]
struct Asks {
    person: Subject,
    resource: Subject,
    title: String,
    content: Hash,
    media: String,
}

impl Asks {
    fn items(&self, site: &Site) -> Result<Vec<Item>, PageError> {
        Ok(quiz::quiz_of(quiz::open(site, &self.content)?, &self.media).items)
    }
}

impl Sittings {
    /// The sittings that last, under a lock that nobody holds for long.
    fn with<T>(&self, site: &Site, act: impl FnOnce(&mut BTreeMap<u32, Sitting>, u64) -> T) -> T {
        let now = site.store.env().clock.steady_ms();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, s| s.ends_ms > now);
        act(&mut all, now)
    }

    /// The code of a sitting; the same where this teacher already asks these questions.
    fn open(&self, site: &Site, asks: Asks, tally: Tally) -> Result<u32, PageError> {
        self.with(site, |all, now| {
            let own = |s: &Sitting| s.asks.person == asks.person;
            if let Some((code, _)) = all.iter().find(|(_, s)| own(s) && s.asks.content == asks.content) {
                return Ok(*code);
            }
            let mut of_own: Vec<(u64, u32)> =
                all.iter().filter(|(_, s)| own(s)).map(|(code, s)| (s.ends_ms, *code)).collect();
            of_own.sort_unstable();
            // The longest forgotten of one's own makes room.
            if let Some((_, oldest)) = of_own.first().filter(|_| of_own.len() >= OWN) {
                all.remove(oldest);
            }
            if all.len() >= MOST {
                return Err(PageError::Rule("sittings-full".to_owned()));
            }
            loop {
                let code = u32::from_le_bytes(site.store.env().bytes()) % 10_u32.pow(8);
                if code < 10_u32.pow(7) || all.contains_key(&code) {
                    continue;
                }
                let fresh =
                    Sitting { asks, ends_ms: now + LASTS_MS, devices: BTreeSet::new(), counted: 0, beyond: 0, tally };
                all.insert(code, fresh);
                return Ok(code);
            }
        })
    }

    fn get(&self, site: &Site, code: u32) -> Option<Sitting> {
        self.with(site, |all, _| all.get(&code).cloned())
    }

    /// What is asked under a code, and whether a device has handed in.
    fn asks(&self, site: &Site, code: u32, device: Option<[u8; 16]>) -> Option<(Asks, bool)> {
        self.with(site, |all, _| {
            let sitting = all.get(&code)?;
            Some((sitting.asks.clone(), device.is_some_and(|d| sitting.devices.contains(&d))))
        })
    }

    /// Counts a set of answers, once a device: afterwards its page has shown what is right.
    fn count(
        &self,
        site: &Site,
        code: u32,
        device: [u8; 16],
        items: &[Item],
        given: impl Fn(usize, usize, &Question) -> Vec<String>,
    ) -> Counted {
        self.with(site, |all, _| {
            let Some(sitting) = all.get_mut(&code) else { return Counted::Ended };
            if sitting.devices.contains(&device) {
                return Counted::Before;
            }
            if sitting.devices.len() >= DEVICES {
                sitting.beyond = sitting.beyond.saturating_add(1);
                return Counted::Beyond;
            }
            sitting.devices.insert(device);
            sitting.counted += 1;
            sitting.tally.add(items, given);
            Counted::Now
        })
    }

    fn end(&self, site: &Site, code: u32) {
        self.with(site, |all, _| all.remove(&code));
    }
}

/// What became of a set of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counted {
    Now,
    Before,
    Beyond,
    Ended,
}

/// The code in an address, or as one types it: in digits of any script here, with spaces.
fn code(said: &str) -> Option<u32> {
    let digit = |c: char| match c {
        '\u{0f20}'..='\u{0f29}' => char::from_digit(u32::from(c) - 0x0f20, 10),
        '\u{ff10}'..='\u{ff19}' => char::from_digit(u32::from(c) - 0xff10, 10),
        c => Some(c),
    };
    let digits: String = said.chars().take(40).filter(|c| !c.is_whitespace() && *c != '-').filter_map(digit).collect();
    let all = digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|_| all)
}

/// The routes of sittings.
pub(crate) fn routes() -> Vec<Route> {
    let sittings = Arc::new(Sittings::default());
    let with = |handle: fn(&Site, &Request, &Sittings) -> Result<Reply, PageError>| {
        let sittings = Arc::clone(&sittings);
        move |site: &Site, request: &Request| handle(site, request, &sittings)
    };
    let teachers = Check::Read(&RESOURCE);
    vec![
        Route::post("/resources/{id}/sitting", teachers, with(asking::open)),
        Route::get("/sittings/{code}", teachers, with(asking::screen)),
        Route::get("/sittings/{code}/hard", teachers, with(asking::hard)),
        Route::post("/sittings/{code}/end", teachers, with(asking::end)),
        // A class has no accounts: its code is what lets it in.
        Route::get("/q", Check::Public, with(pupils::door)),
        Route::get("/q/{code}", Check::Public, with(pupils::page)),
        Route::post("/q/{code}", Check::Public, with(pupils::answer)),
        Route::get("/q/{code}/picture", Check::Public, with(pupils::picture)),
    ]
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn a_code_is_read_as_one_types_it() {
        for said in ["48217730", " 4821 7730 ", "4821-7730", "༤༨༢༡ ༧༧༣༠", "４８２１７７３０"] {
            assert_eq!(code(said), Some(48_217_730), "{said}");
        }
        for said in ["", "4821773", "482177301", "4821773x", "+4821773", "visits"] {
            assert_eq!(code(said), None, "{said}");
        }
    }
}
