//! The demonstration programme. Every row is invented and grows from a seed; the counting rules find the published
//! figures in it, and it is no evidence for them.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod activities;
mod advice;
mod between;
mod book;
mod chance;
mod classes;
mod clock;
mod day;
mod dispatch;
mod lessons;
mod library;
mod names;
mod needs;
mod office;
mod organisations;
mod pairings;
mod people;
mod places;
mod postings;
mod practices;
mod research;
mod teams;
mod templates;
mod timetables;
mod tours;
mod visits;
mod world;

pub use activities::PERSON_TIMES;
pub use book::DemoError;
pub use clock::DemoClock;
pub use needs::NEEDS;
pub use office::Office;
pub use pairings::{PAIRINGS, RENEWALS};
pub use postings::{FIRST_COHORT_PEOPLE, FIRST_COHORT_SCHOOLS, LATER_PEOPLE, LATER_SCHOOLS};
pub use teams::TEAMS;
pub use timetables::TIMETABLES;
pub use visits::VISITS;

use base::{Date, Scope, Subject};
use log::Store;
use records::Kinds;

use crate::book::Book;
use crate::chance::Chance;
use crate::day::Day;

/// The last day on which something was recorded. What lies after it is only planned.
pub const LAST_DAY: Date = Date::constant(2026, 10, 30);

fn last_day() -> Day {
    LAST_DAY.into()
}

/// What stands in the store now.
#[derive(Clone, Debug)]
pub struct Filled {
    /// The programme's record.
    pub programme_record: Subject,
    /// The programme's authority.
    pub authority: Subject,
    /// The supported schools, in the order in which they joined.
    pub schools: Vec<Subject>,
    /// The assisting units.
    pub units: Vec<Subject>,
    /// The cohorts, by their ordinal.
    pub cohorts: Vec<Subject>,
    /// Who has a role.
    pub office: Office,
    /// How many facts were written.
    pub facts: usize,
}

/// Writes the programme into an empty store, in the order of its days; `clock`, which must be the store's, tells
/// the time of each fact meanwhile and the machine's afterwards. `progress` hears how many of a hundred are done.
///
/// # Errors
/// [`DemoError::NoKind`] where `kinds` lacks a room of the programme; what the store says.
pub fn fill(
    store: &Store,
    clock: &DemoClock,
    kinds: &Kinds,
    programme: [u8; 16],
    seed: u64,
    progress: &dyn Fn(u32),
) -> Result<Filled, DemoError> {
    let part = |name: &str| Chance::of(seed, name);
    let mut book = Book::new(seed);
    let mut world = organisations::plan(&mut book, Scope::Programme(programme), &mut part("organisations"));
    let staff = office::Staff::plan(&mut book, &world, &mut part("staff"));
    for school in &mut world.schools {
        people::locals(&mut book, &mut part(&school.zh.clone()), school);
    }
    postings::plan(&mut book, &mut world, &mut part("postings"));
    let open = needs::plan(&mut book, &world, &mut part("needs"));
    let kept = needs::partnerships(&mut book, &world, &mut part("partnerships"));
    pairings::plan(&mut book, &world, &mut part("pairings"));
    let so_far = teams::plan(&mut book, &mut world, &mut part("teams"));
    let held = visits::plan(&mut book, &world, &mut part("visits"));
    activities::plan(&mut book, &world, &held, so_far, &mut part("activities"));
    let office = office::plan(&mut book, &world, &staff, &mut part("office")).ok_or(DemoError::NobodyThere)?;
    let fractions = lessons::plan(&mut book, &world, &office)?;
    templates::keep(&mut book, &world)?;
    let course = library::plan(&mut book, &world, &office, &mut part("library"));
    research::plan(&mut book, &world, fractions, course);
    practices::plan(&mut book, &world, &mut part("practices"));
    classes::plan(&mut book, &world, &office, &mut part("classes"));
    dispatch::plan(&mut book, &world, &office, &kept, &mut part("dispatch"));
    tours::plan(&mut book, &world, &office);
    timetables::plan(&mut book, &world, &open, &mut part("timetables"));
    let facts = book.write(store, clock, kinds, &staff.authors(), progress);
    clock.release();
    Ok(Filled {
        programme_record: world.programme_record,
        authority: world.authority,
        schools: world.schools.iter().map(|s| s.id).collect(),
        units: world.units.iter().map(|u| u.id).collect(),
        cohorts: world.cohorts.iter().map(|c| c.id).collect(),
        office,
        facts: facts?,
    })
}
