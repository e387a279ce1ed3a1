//! Visits of the supported schools to the outlying ones.

use std::collections::BTreeSet;

use base::Subject;
use records::Change;

use crate::advice;
use crate::book::{Book, Say};
use crate::chance::Chance;
use crate::day::Day;
use crate::last_day;
use crate::world::{School, World};

/// Visits that were held.
pub const VISITS: usize = 4277;
/// Visits that were called off.
const CANCELLED: usize = 64;
/// Visits that are still to come.
const PLANNED: usize = 36;

/// A visit that was held, for the activities that were part of it.
#[derive(Debug)]
pub(crate) struct Held {
    pub visit: Subject,
    /// The number of the school that set out.
    pub school: usize,
    pub day: Day,
    pub recorded: Day,
    pub host: String,
    pub visitors: Vec<Subject>,
}

/// Who stayed where, from when to when.
struct Stay {
    school: Subject,
    host: Subject,
    from: Day,
    to: Day,
    visitors: Vec<Subject>,
}

impl Stay {
    /// Whether the two cannot both be: one stay recorded twice, or somebody with two hosts on more than one day.
    fn clashes(&self, other: &Self) -> bool {
        let shared = self.visitors.iter().any(|v| other.visitors.contains(v));
        let (from, to) = (self.from.max(other.from), self.to.min(other.to));
        let trip = self.school == other.school && self.from == other.from;
        shared && (self.host == other.host && from <= to || self.host != other.host && !trip && from < to)
    }
}

pub(crate) fn plan(book: &mut Book, world: &World, chance: &mut Chance) -> Vec<Held> {
    let mut held = Vec::new();
    let mut stays = Vec::new();
    let first = Day::on(2016, 9, 26);
    let last = last_day().plus(-8);
    while held.len() < VISITS {
        let day = chance.school_day(first, last);
        let Some(school) = world.school_on(chance, day.plus(-120)) else { continue };
        // A trip may lead to several hosts, each of which is a visit.
        let hosts = match chance.below(10) {
            0..=6 => 1,
            7 | 8 => 2,
            _ => 3,
        };
        let visitors = visitors(chance, school, day);
        for host in hosts_of(chance, world, school, hosts) {
            let Some(host) = free(&stays, school, day, &visitors, host) else { continue };
            if held.len() < VISITS {
                held.push(hold(book, chance, world, school, day, &visitors, host, &mut stays));
            }
        }
    }
    for i in 0..CANCELLED + PLANNED {
        let called_off = i < CANCELLED;
        let day = if called_off {
            chance.school_day(first, last)
        } else {
            chance.school_day(last_day().plus(4), last_day().plus(50))
        };
        let made = if called_off { day.plus(-12) } else { last_day().plus(-chance.between(0, 14)) };
        let Some(school) = world.school_on(chance, made.plus(-120)) else { continue };
        let visitors = visitors(chance, school, made);
        let Some((host, _)) = hosts_of(chance, world, school, 1).pop() else { continue };
        let visit = book.record("visit", school.scope, made, visit(chance, school, day, 0, &visitors, host));
        if called_off {
            let change = Change::new().state("cancelled").because(chance.word(&advice::CANCELLED));
            book.change("visit", school.scope, visit, day.plus(-1), change);
        }
    }
    held
}

/// Two to five people: those posted to the school and its own teachers.
fn visitors(chance: &mut Chance, school: &School, day: Day) -> Vec<Subject> {
    let count = usize::try_from(chance.between(2, 5)).unwrap_or(2);
    let posted: Vec<Subject> = school.posted_on(day.plus(-2), 1).iter().map(|s| s.person).collect();
    let own: Vec<Subject> = school.locals_on(day.plus(-20)).iter().filter(|l| l.central).map(|l| l.id).collect();
    let from_posted = if posted.is_empty() { 0 } else { 1 + chance.below(count) };
    let mut out: BTreeSet<Subject> = chance.some(&posted, from_posted).into_iter().copied().collect();
    out.extend(chance.some(&own, count - out.len().min(count)));
    out.into_iter().collect()
}

/// Distinct hosts: outlying schools of the school's own, now and then one of another's of the same place.
fn hosts_of(chance: &mut Chance, world: &World, school: &School, count: usize) -> Vec<(Subject, String)> {
    let neighbours: Vec<&School> =
        world.schools.iter().filter(|s| s.place == school.place && s.id != school.id).collect();
    let mut out: Vec<(Subject, String)> =
        chance.some(&school.outlying, count).into_iter().map(|o| (o.id, o.zh.clone())).collect();
    // Those joined before any visit began, but for the last school, which has no neighbour that visits early.
    if chance.percent(12)
        && let Some(neighbour) = chance.pick(&neighbours).filter(|n| n.since <= school.since)
        && let Some(host) = chance.pick(&neighbour.outlying)
    {
        out.pop();
        out.push((host.id, host.zh.clone()));
    }
    out
}

fn visit(chance: &mut Chance, school: &School, day: Day, nights: i32, visitors: &[Subject], host: Subject) -> Change {
    Change::new()
        .with_text("purpose", advice::purpose(chance))
        .with_link("host", host)
        .with_link("from_school", school.id)
        .day("starts_on", day)
        .day("ends_on", day.plus(nights))
        .links("visitors", visitors)
}

/// The host, or another of the school's own, with whom these visitors are not that day.
fn free(
    stays: &[Stay],
    school: &School,
    day: Day,
    visitors: &[Subject],
    host: (Subject, String),
) -> Option<(Subject, String)> {
    let others = school.outlying.iter().map(|o| (o.id, o.zh.clone()));
    [host].into_iter().chain(others).find(|(host, _)| {
        let stay = Stay { school: school.id, host: *host, from: day, to: day, visitors: visitors.to_vec() };
        !stays.iter().any(|other| other.clashes(&stay))
    })
}

#[expect(clippy::too_many_arguments, reason = "one visit is as much as this")]
fn hold(
    book: &mut Book,
    chance: &mut Chance,
    world: &World,
    school: &School,
    day: Day,
    visitors: &[Subject],
    (host, name): (Subject, String),
    stays: &mut Vec<Stay>,
) -> Held {
    let nights = if chance.percent(70) { 0 } else { chance.between(1, 3) };
    let mut stay = Stay { school: school.id, host, from: day, to: day.plus(nights), visitors: visitors.to_vec() };
    let nights = if stays.iter().any(|other| other.clashes(&stay)) { 0 } else { nights };
    stay.to = day.plus(nights);
    stays.push(stay);
    let recorded = day.plus(nights + chance.between(0, 3));
    let lessons = chance.between(0, 2 * i32::try_from(visitors.len()).unwrap_or(2));
    let plan = visit(chance, school, day, nights, visitors, host);
    let teams: Vec<Subject> =
        school.teams.iter().filter(|t| t.from < day.plus(-30) && t.to > day).map(|t| t.id).collect();
    let plan = if chance.percent(15) {
        plan.links("team", &chance.pick(&teams).copied().into_iter().collect::<Vec<_>>())
    } else {
        plan
    };
    let report = Change::new()
        .state("held")
        .day("held_on", day)
        .int("lessons", lessons)
        .with_text("advice", advice::advice(chance));
    // Lately one says when to come back to it.
    let report = if recorded.plus(45) > last_day() { report.day("follow_up_on", recorded.plus(30)) } else { report };
    // Most are entered when one is back; some were planned.
    let visit = if chance.percent(12) {
        let planned = book.record("visit", school.scope, day.plus(-chance.between(5, 20)), plan);
        book.change("visit", school.scope, planned, recorded, report);
        planned
    } else {
        let mut birth = plan;
        birth.set.extend(report.set);
        book.record("visit", school.scope, recorded, birth)
    };
    let later = recorded.plus(chance.between(25, 60));
    if later <= last_day() && chance.percent(30) {
        let change = Change::new()
            .state("followed_up")
            .with_text("follow_up", advice::followed(chance))
            .day("followed_up_on", later);
        book.change("visit", school.scope, visit, later, change);
    }
    let school = world.schools.iter().position(|s| s.id == school.id).unwrap_or_default();
    Held { visit, school, day, recorded, host: name, visitors: visitors.to_vec() }
}
