//! Who and what is there, as the parts of the demonstration need to know it of each other.

use base::{Scope, Subject};

use crate::chance::Chance;
use crate::day::Day;

/// A supported school with all that belongs to it.
#[derive(Debug)]
pub(crate) struct School {
    pub id: Subject,
    pub scope: Scope,
    /// The number of its place among [`crate::places::PLACES`].
    pub place: usize,
    pub zh: String,
    pub stages: &'static [&'static str],
    pub since: Day,
    pub outlying: Vec<Outlying>,
    /// In the order in which they came.
    pub locals: Vec<Local>,
    /// In no order.
    pub stints: Vec<Stint>,
    pub teams: Vec<Team>,
}

/// An outlying school.
#[derive(Debug)]
pub(crate) struct Outlying {
    pub id: Subject,
    pub zh: String,
}

/// A local teacher.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Local {
    pub id: Subject,
    pub since: Day,
    /// At the supported school itself, not at an outlying one.
    pub central: bool,
    pub subject: &'static str,
}

/// A posting that arrived: who was at the school, and from when to when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stint {
    pub person: Subject,
    pub posting: Subject,
    pub role: &'static str,
    pub subject: Option<&'static str>,
    pub stage: &'static str,
    pub from: Day,
    /// When it ended or is to end.
    pub to: Day,
}

/// A team, and when it was active.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Team {
    pub id: Subject,
    pub from: Day,
    pub to: Day,
}

/// A unit that sends people.
#[derive(Debug)]
pub(crate) struct Unit {
    pub id: Subject,
    pub zh: String,
    /// The number of the place that it is paired with; none for the other units.
    pub place: Option<usize>,
}

/// A cohort.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cohort {
    pub id: Subject,
    pub closes: Day,
}

/// All of it.
#[derive(Debug)]
pub(crate) struct World {
    pub programme: Scope,
    pub programme_record: Subject,
    pub authority: Subject,
    pub schools: Vec<School>,
    pub units: Vec<Unit>,
    pub cohorts: Vec<Cohort>,
}

impl World {
    /// A supported school that is already in the programme on a day.
    pub fn school_on(&self, chance: &mut Chance, day: Day) -> Option<&School> {
        let there = self.schools.partition_point(|s| s.since <= day);
        self.schools.get(..there).and_then(|s| chance.pick(s))
    }

    /// The units paired with a school's place.
    pub fn units_of(&self, school: &School) -> Vec<&Unit> {
        self.units.iter().filter(|u| u.place == Some(school.place)).collect()
    }
}

impl School {
    /// The local teachers who were known on a day.
    pub fn locals_on(&self, day: Day) -> &[Local] {
        let known = self.locals.partition_point(|l| l.since < day);
        self.locals.get(..known).unwrap_or_default()
    }

    /// Whether somebody posted to it had come by a day.
    pub fn had_come(&self, person: Subject, day: Day) -> bool {
        self.stints.iter().any(|s| s.person == person && s.from < day)
    }

    /// Those who were posted to it and there, for at least so many more days.
    pub fn posted_on(&self, day: Day, days: i32) -> Vec<Stint> {
        let stints = self.stints.iter().copied();
        stints.filter(|s| s.from < day && s.to > day.plus(days)).collect()
    }
}
