//! Timetables of some schools: the two with a box, and three more. What is asked for in an open need has no teacher in them.

use std::collections::{BTreeMap, BTreeSet};

use base::Subject;
use records::Change;

use crate::book::{Book, Say};
use crate::chance::Chance;
use crate::day::Day;
use crate::needs::Open;
use crate::people::subjects_of;
use crate::world::{School, World};

/// Schools with a timetable, in the order in which they joined.
pub const TIMETABLES: usize = 5;
/// Classes of a stage.
const CLASSES: usize = 3;
/// Lessons that somebody has in a week.
const MOST_LESSONS: usize = 18;
/// Lessons of one subject in a class's week, and on a day.
const MOST_OF_A_SUBJECT: usize = 6;
const MOST_ON_A_DAY: usize = 2;

const DAYS: [&str; 5] = ["monday", "tuesday", "wednesday", "thursday", "friday"];
/// When the periods begin, in minutes since midnight: it is late that the sun rises. Each has 40 minutes.
const BEGINS: [i32; 7] = [570, 620, 680, 730, 930, 980, 1040];
const NAMES: [&str; 7] = ["第一节", "第二节", "第三节", "第四节", "第五节", "第六节", "第七节"];

/// The classes of a stage, with their grade where they have one.
fn classes(stage: &str) -> [(&'static str, Option<i32>); CLASSES] {
    match stage {
        "kindergarten" => [("大1班", None), ("大2班", None), ("中1班", None)],
        "primary" => [("三年级1班", Some(3)), ("三年级2班", Some(3)), ("五年级1班", Some(5))],
        "junior" => [("初一1班", Some(7)), ("初二1班", Some(8)), ("初三1班", Some(9))],
        "senior" => [("高一1班", Some(10)), ("高一2班", Some(10)), ("高二1班", Some(11))],
        _ => [("机电1班", None), ("汽修1班", None), ("旅游1班", None)],
    }
}

fn hour(minute: i32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

pub(crate) fn plan(book: &mut Book, world: &World, open: &[Open], chance: &mut Chance) {
    for (n, school) in world.schools.iter().take(TIMETABLES).enumerate() {
        let wanted: Vec<&Open> = open.iter().filter(|o| o.school == school.id).collect();
        // Every other school begins ten minutes later.
        let later = if n % 2 == 0 { 0 } else { 10 };
        one(book, school, &wanted, later, chance);
    }
}

/// What is being drawn up for a school.
struct Draft {
    /// By class, weekday and period: the subject, and who teaches it.
    cells: BTreeMap<(usize, usize, usize), (&'static str, Option<Subject>)>,
    busy: BTreeSet<(Subject, usize, usize)>,
    load: BTreeMap<Subject, usize>,
}

impl Draft {
    fn fits(&self, class: usize, day: usize, subject: &str) -> bool {
        let of = |d: &usize| *d == day;
        let own = self.cells.iter().filter(|((c, ..), (s, _))| *c == class && *s == subject);
        let (all, today) = own.fold((0, 0), |(all, today), ((_, d, _), _)| (all + 1, today + usize::from(of(d))));
        all < MOST_OF_A_SUBJECT && today < MOST_ON_A_DAY
    }

    fn take(&mut self, at: (usize, usize, usize), subject: &'static str, teacher: Option<Subject>) {
        if let Some(teacher) = teacher {
            self.busy.insert((teacher, at.1, at.2));
            *self.load.entry(teacher).or_default() += 1;
        }
        self.cells.insert(at, (subject, teacher));
    }

    /// Somebody of these who has nothing then, and the fewest lessons so far.
    fn free(&self, teachers: &[Subject], day: usize, period: usize) -> Option<Subject> {
        let load = |t: &Subject| self.load.get(t).copied().unwrap_or(0);
        let can = teachers.iter().filter(|t| !self.busy.contains(&(**t, day, period)) && load(t) < MOST_LESSONS);
        can.min_by_key(|t| (load(t), **t)).copied()
    }
}

fn one(book: &mut Book, school: &School, wanted: &[&Open], later: i32, chance: &mut Chance) {
    let made = Day::on(2026, 8, 31);
    let teachers = teachers(school, made);
    let stages: BTreeSet<&str> = school.stages.iter().copied().chain(wanted.iter().map(|o| o.stage)).collect();
    let all: Vec<(&str, &str, Option<i32>)> =
        stages.iter().flat_map(|stage| classes(stage).map(|(class, grade)| (*stage, class, grade))).collect();
    let mut draft = Draft { cells: BTreeMap::new(), busy: BTreeSet::new(), load: BTreeMap::new() };
    for (n, need) in wanted.iter().enumerate() {
        gaps(&mut draft, &all, need, n);
    }
    let lacking: BTreeSet<&str> = wanted.iter().map(|o| o.subject).collect();
    for (class, (stage, ..)) in all.iter().enumerate() {
        let subjects: Vec<&'static str> = subjects_of(stage).iter().copied().filter(|s| !lacking.contains(s)).collect();
        let mut turn = chance.below(subjects.len().max(1));
        for day in 0..DAYS.len() {
            for period in 0..BEGINS.len() {
                // The last hour of a day is here and there free.
                let free = period + 1 == BEGINS.len() && (class + day) % 2 == 0;
                if free || draft.cells.contains_key(&(class, day, period)) {
                    continue;
                }
                for _ in 0..subjects.len() {
                    turn += 1;
                    let Some(subject) = subjects.get(turn % subjects.len()).copied() else { break };
                    let known = teachers.get(subject).map(Vec::as_slice).unwrap_or_default();
                    let teacher = draft.free(known, day, period).filter(|_| draft.fits(class, day, subject));
                    if teacher.is_some() {
                        draft.take((class, day, period), subject, teacher);
                        break;
                    }
                }
            }
        }
    }
    write(book, school, &all, &draft, later, made);
}

/// Who teaches a subject at the school itself.
fn teachers(school: &School, day: Day) -> BTreeMap<&'static str, Vec<Subject>> {
    let mut out: BTreeMap<&'static str, Vec<Subject>> = BTreeMap::new();
    for local in school.locals_on(day).iter().filter(|l| l.central) {
        out.entry(local.subject).or_default().push(local.id);
    }
    for stint in school.posted_on(day, 60) {
        if let Some(subject) = stint.subject.filter(|_| stint.role == "teacher") {
            out.entry(subject).or_default().push(stint.person);
        }
    }
    out
}

/// The lessons that a need asks for: as many as fit into its stage's classes.
fn gaps(draft: &mut Draft, all: &[(&str, &str, Option<i32>)], need: &Open, n: usize) {
    let of: Vec<usize> = (0..all.len()).filter(|c| all.get(*c).is_some_and(|a| a.0 == need.stage)).collect();
    let mut left = need.hours;
    for round in 0..MOST_OF_A_SUBJECT {
        for (i, class) in of.iter().enumerate() {
            let day = (round + i + n) % DAYS.len();
            let place = (0..BEGINS.len()).map(|p| (p + round + 2 * i + n) % BEGINS.len());
            let found = place.map(|p| (*class, day, p)).find(|at| !draft.cells.contains_key(at));
            if left > 0
                && draft.fits(*class, day, need.subject)
                && let Some(at) = found
            {
                draft.take(at, need.subject, None);
                left -= 1;
            }
        }
    }
}

fn write(book: &mut Book, school: &School, all: &[(&str, &str, Option<i32>)], draft: &Draft, later: i32, made: Day) {
    let mut periods = Vec::new();
    for ((begins, name), position) in BEGINS.iter().zip(NAMES).zip(1..) {
        let change = Change::new()
            .with_link("school", school.id)
            .int("position", position)
            .with_text("name", name)
            .with_text("starts_at", hour(begins + later))
            .with_text("ends_at", hour(begins + later + 40));
        periods.push(book.record("period", school.scope, made, change));
    }
    for ((class, day, period), (subject, teacher)) in &draft.cells {
        let (Some((_, class, grade)), Some(day), Some(period)) =
            (all.get(*class), DAYS.get(*day), periods.get(*period))
        else {
            continue;
        };
        let mut change = Change::new()
            .with_link("school", school.id)
            .with_text("class", *class)
            .with_text("weekday", *day)
            .with_link("period", *period)
            .with_text("subject", *subject)
            .day("starts_on", Day::on(2026, 9, 1))
            .day("ends_on", Day::on(2027, 1, 15));
        if let Some(grade) = grade {
            change = change.int("grade", *grade);
        }
        if let Some(teacher) = teacher {
            change = change.with_link("teacher", *teacher);
        }
        book.record("timetable_lesson", school.scope, made, change);
    }
}
