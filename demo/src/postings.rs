//! Who was posted where, and when: the first cohort's 1,276 people at 20 schools, and the 800 of the second and
//! third at 21.

use base::{Scope, Subject};
use records::Change;

use crate::book::{Book, Say};
use crate::chance::Chance;
use crate::day::Day;
use crate::last_day;
use crate::people::{self, subjects_of};
use crate::world::{Cohort, School, Stint, Unit, World};

/// Distinct people with a posting that arrived in the first cohort.
pub const FIRST_COHORT_PEOPLE: usize = 1276;
/// Distinct supported schools of those postings.
pub const FIRST_COHORT_SCHOOLS: usize = 20;
/// Distinct people with a posting that arrived in the second or third cohort.
pub const LATER_PEOPLE: usize = 800;
/// Distinct supported schools of those postings.
pub const LATER_SCHOOLS: usize = 21;
/// People with postings in the second cohort.
const SECOND: usize = 380;
/// Of them, those who had been in the first.
const SECOND_FROM_FIRST: usize = 40;
/// People with postings in the third who had been in the first but not in the second.
const THIRD_FROM_FIRST: usize = 45;
/// People with postings in the third who had been in the second.
const THIRD_FROM_SECOND: usize = 60;
/// People with postings in the third.
const THIRD: usize = LATER_PEOPLE - SECOND + THIRD_FROM_SECOND;
/// People of the first cohort who went home after a year, and came back for another school.
const TWICE_IN_FIRST: usize = 40;

/// When the people of a cohort start, a row each for the groups of a school.
const FIRST_STARTS: [(i16, i8, i8); 20] = {
    let (a, b, c, d) = ((2016, 8, 25), (2017, 2, 24), (2017, 8, 25), (2018, 2, 26));
    let e = (2018, 8, 25);
    [a, c, a, c, a, a, c, b, a, c, a, c, a, d, a, c, a, c, b, e]
};
const SECOND_STARTS: [(i16, i8, i8); 4] = [(2019, 8, 25), (2020, 8, 27), (2019, 8, 25), (2021, 8, 26)];
const THIRD_STARTS: [(i16, i8, i8); 20] = {
    let (a, b, c, d, e) = ((2022, 8, 25), (2023, 8, 25), (2024, 8, 26), (2025, 8, 26), (2026, 8, 25));
    [a, c, d, a, e, b, c, a, d, c, e, a, b, c, a, d, c, a, e, d]
};

const END_REASONS: [&str; 5] = [
    "派出单位岗位调整，与学校商定提前结束",
    "任务提前完成，课程已由本地教师承担",
    "学校课程安排变化，岗位合并",
    "本人转任新的工作岗位",
    "双方协商一致，提前结束",
];
const EXTEND_REASONS: [&str; 4] = [
    "毕业班需要，学校申请延长一学期",
    "徒弟尚未独立承担课程，继续带教",
    "接任教师到岗时间推迟",
    "教研团队换届，留任至学年结束",
];

/// A person with what is needed to send him or her again.
#[derive(Clone, Copy)]
struct Sent {
    person: Subject,
    unit: Subject,
    subject: Option<&'static str>,
    stage: &'static str,
    role: &'static str,
}

/// A posting in the making.
struct Draft {
    sent: Sent,
    school: usize,
    cohort: usize,
    start: Day,
    end: Day,
}

struct Plan<'a> {
    book: &'a mut Book,
    chance: &'a mut Chance,
    programme: Scope,
    units: &'a [Unit],
    cohorts: &'a [Cohort],
    schools: &'a mut [School],
    /// What is to be told of each posting's end, once all postings are known.
    ends: Vec<End>,
}

struct End {
    school: usize,
    unit: Subject,
    stint: Stint,
    cohort: usize,
}

pub(crate) fn plan(book: &mut Book, world: &mut World, chance: &mut Chance) {
    let mut plan = Plan {
        book,
        chance,
        programme: world.programme,
        units: &world.units,
        cohorts: &world.cohorts,
        schools: &mut world.schools,
        ends: Vec::new(),
    };
    let first = plan.first();
    let second = plan.later(1, SECOND, &SECOND_STARTS, first.get(..SECOND_FROM_FIRST).unwrap_or_default());
    let from_first = first.get(SECOND_FROM_FIRST..SECOND_FROM_FIRST + THIRD_FROM_FIRST).unwrap_or_default();
    let from_second = second.get(second.len() - THIRD_FROM_SECOND..).unwrap_or_default();
    let again: Vec<Sent> = from_first.iter().chain(from_second).copied().collect();
    plan.later(2, THIRD, &THIRD_STARTS, &again);
    plan.part_time();
    plan.never_arrived();
    plan.finish();
}

fn on((year, month, day): (i16, i8, i8)) -> Day {
    Day::on(year, month, day)
}

fn start(starts: &[(i16, i8, i8)], group: usize) -> Day {
    starts.get(group % starts.len()).copied().map_or(last_day(), on)
}

impl Plan<'_> {
    /// The first cohort. The last of those returned are those who came twice.
    fn first(&mut self) -> Vec<Sent> {
        let mut all = Vec::new();
        for i in 0..FIRST_COHORT_PEOPLE {
            let (school, group) = (i % FIRST_COHORT_SCHOOLS, i / FIRST_COHORT_SCHOOLS);
            let twice = i + TWICE_IN_FIRST >= FIRST_COHORT_PEOPLE;
            let start = if twice { on((2016, 8, 25)) } else { start(&FIRST_STARTS, group) };
            let sent = self.sent(school, group, start);
            let end = if twice { on((2017, 7, 10)) } else { self.end(0, start, sent.role) };
            self.arrive(&Draft { sent, school, cohort: 0, start, end }, twice);
            if twice {
                let (start, end) = (on((2018, 2, 26)), on((2019, 7, 15)));
                let school = (school + 7) % FIRST_COHORT_SCHOOLS;
                self.arrive(&Draft { sent, school, cohort: 0, start, end }, false);
            }
            all.push(sent);
        }
        all
    }

    /// A later cohort: so many people, these of them for another time.
    fn later(&mut self, cohort: usize, people: usize, starts: &[(i16, i8, i8)], again: &[Sent]) -> Vec<Sent> {
        let mut all = Vec::new();
        for i in 0..people {
            let (school, group) = (i % LATER_SCHOOLS, i / LATER_SCHOOLS);
            let start = start(starts, group);
            // Those who come again come last, so that they are no school's only leader.
            let before = (i + again.len()).checked_sub(people).and_then(|k| again.get(k)).copied();
            let sent = match before {
                Some(before) => before,
                None => self.sent(school, group, start),
            };
            let end = self.end(cohort, start, sent.role);
            self.arrive(&Draft { sent, school, cohort, start, end }, false);
            all.push(sent);
        }
        all
    }

    /// Terms of one or two years, three for leaders; nobody beyond the cohort.
    fn end(&mut self, cohort: usize, start: Day, role: &str) -> Day {
        let years = match role {
            "leader" => 3,
            "medic" => 1,
            _ if self.chance.percent(22) => 1,
            _ => 2,
        };
        let date = start.date();
        let (month, day) = if date.month() < 6 { (1, 12) } else { (7, 12) };
        let end = Day::on(date.year() + years, month, day).plus(self.chance.between(0, 6));
        let closes = self.cohorts.get(cohort).map_or(end, |c| c.closes);
        end.min(closes.plus(-12))
    }

    /// A new person for a school. The first of a school's group leads; the rest is mostly teachers.
    fn sent(&mut self, school: usize, group: usize, start: Day) -> Sent {
        let role = match group {
            0 => "leader",
            g if g % 16 == 5 => "manager",
            g if g % 16 == 9 => "medic",
            g if g % 16 == 12 => "technician",
            _ => "teacher",
        };
        let (place, stages) = self.schools.get(school).map_or((0, &[][..]), |s| (s.place, s.stages));
        let stage = self.chance.word(stages);
        let subject = match role {
            // Tibetan is taught by local teachers; who is posted learns it from them.
            "teacher" => {
                let subjects: Vec<&str> = subjects_of(stage).iter().copied().filter(|s| *s != "tibetan").collect();
                Some(self.chance.word(&subjects))
            }
            "technician" => Some("computing"),
            _ => None,
        };
        let paired: Vec<&Unit> = self.units.iter().filter(|u| u.place == Some(place)).collect();
        let others: Vec<&Unit> = self.units.iter().filter(|u| u.place.is_none()).collect();
        let from = if group % 18 == 7 { &others } else { &paired };
        let unit = from.get((school + group) % from.len().max(1)).map_or(Subject::default(), |u| u.id);
        let made = start.plus(-self.chance.between(64, 75));
        let person = people::posted(self.book, self.programme, self.chance, unit, made, (subject, stage));
        Sent { person, unit, subject, stage, role }
    }

    fn proposal(&self, draft: &Draft) -> Change {
        let school = self.schools.get(draft.school).map(|s| s.id).unwrap_or_default();
        let cohort = self.cohorts.get(draft.cohort).map(|c| c.id).unwrap_or_default();
        Change::new()
            .with_link("person", draft.sent.person)
            .with_link("school", school)
            .with_link("sender", draft.sent.unit)
            .with_link("cohort", cohort)
            .with_text("role", draft.sent.role)
            .maybe("subject", draft.sent.subject)
            .with_text("stage", draft.sent.stage)
            .day("starts_on", draft.start)
            .day("ends_on", draft.end)
    }

    /// A posting that arrived. In the first years it was entered when people were there; later it was proposed,
    /// accepted and then arrived.
    fn arrive(&mut self, draft: &Draft, exactly: bool) {
        let early = if exactly { 0 } else { self.chance.between(-2, 8) };
        let arrived = draft.start.plus(early);
        let here = Change::new().state("arrived").day("arrived_on", arrived);
        let proposal = self.proposal(draft);
        let posting = if draft.cohort == 0 {
            let mut birth = proposal;
            birth.set.extend(here.set);
            self.book.record("posting", self.programme, arrived.plus(1), birth)
        } else {
            let day = draft.start.plus(-self.chance.between(50, 60));
            let posting = self.book.record("posting", self.programme, day, proposal);
            if self.chance.percent(40) {
                let accepted = Change::new().state("accepted");
                self.book.change("posting", self.programme, posting, day.plus(12), accepted);
            }
            self.book.change("posting", self.programme, posting, arrived.plus(1), here);
            posting
        };
        let sent = draft.sent;
        let stint = Stint {
            person: sent.person,
            posting,
            role: sent.role,
            subject: sent.subject,
            stage: sent.stage,
            from: arrived,
            to: draft.end,
        };
        self.ends.push(End { school: draft.school, unit: sent.unit, stint, cohort: draft.cohort });
    }

    /// Some who lead, manage or heal also look after an outlying school for a day a week.
    fn part_time(&mut self) {
        let now = last_day();
        let leaders: Vec<(usize, Subject, Stint)> = self
            .ends
            .iter()
            .filter(|e| e.stint.role != "teacher" && e.stint.from.plus(40) < now && e.stint.to > now)
            .map(|e| (e.school, e.unit, e.stint))
            .collect();
        for (number, unit, stint) in leaders.into_iter().step_by(2) {
            let Some(school) = self.schools.get(number) else { continue };
            let Some(outlying) = self.chance.pick(&school.outlying) else { continue };
            let change = Change::new()
                .state("arrived")
                .with_link("person", stint.person)
                .with_link("school", outlying.id)
                .with_link("sender", unit)
                .with_link("cohort", self.cohorts.get(2).map(|c| c.id).unwrap_or_default())
                .with_text("role", stint.role)
                .day("starts_on", stint.from.plus(30))
                .day("ends_on", stint.to)
                .yes("part_time")
                .day("arrived_on", stint.from.plus(30));
            self.book.record("posting", self.programme, stint.from.plus(31), change);
        }
    }

    /// Postings that were only proposed, accepted or declined: no figure counts them.
    fn never_arrived(&mut self) {
        for i in 0..120 {
            let (state, cohort, start, end, made) = match i {
                0..40 => (None, 3, (2027, 8, 25), (2029, 7, 15), (2026, 10, 12)),
                40..65 => (Some("accepted"), 2, (2027, 2, 25), (2027, 7, 19), (2026, 10, 8)),
                65..80 => (Some("declined"), 0, (2017, 8, 25), (2019, 7, 15), (2017, 6, 19)),
                80..98 => (Some("declined"), 1, (2020, 8, 27), (2022, 7, 15), (2020, 6, 22)),
                _ => (Some("declined"), 2, (2024, 8, 26), (2026, 7, 15), (2024, 6, 17)),
            };
            let (start, end, made) = (on(start), on(end), on(made));
            let school = self.chance.below(FIRST_COHORT_SCHOOLS);
            let mut sent = self.sent(school, 1 + i, made.plus(60));
            if sent.role == "leader" {
                sent.role = "teacher";
            }
            let proposal = self.proposal(&Draft { sent, school, cohort, start, end });
            let posting = self.book.record("posting", self.programme, made, proposal);
            if let Some(state) = state {
                self.book.change("posting", self.programme, posting, made.plus(9), Change::new().state(state));
            }
        }
    }

    /// How postings ended, and who was at which school from when to when.
    fn finish(&mut self) {
        let all: Vec<(usize, Stint)> = self.ends.iter().map(|e| (e.school, e.stint)).collect();
        for End { school, mut stint, cohort, .. } in std::mem::take(&mut self.ends) {
            self.extend(&mut stint, cohort);
            self.close(&mut stint, school, &all);
            if let Some(school) = self.schools.get_mut(school) {
                school.stints.push(stint);
            }
        }
    }

    /// An extension lengthens a posting, within its cohort.
    fn extend(&mut self, stint: &mut Stint, cohort: usize) {
        let Some(closes) = self.cohorts.get(cohort).map(|c| c.closes) else { return };
        let longer = stint.to.plus(180);
        let told = stint.to.plus(-40);
        if longer < closes.plus(-8) && told < last_day() && cohort == 2 && self.chance.percent(12) {
            stint.to = longer;
            let change = Change::new().day("ends_on", longer).because(self.chance.word(&EXTEND_REASONS));
            self.book.change("posting", self.programme, stint.posting, told, change);
        }
    }

    fn close(&mut self, stint: &mut Stint, school: usize, all: &[(usize, Stint)]) {
        if self.chance.percent(4) && stint.to.0 - stint.from.0 > 300 {
            let end = stint.from.plus(self.chance.between(120, 280));
            if end <= last_day() {
                stint.to = end;
                let change =
                    Change::new().state("ended_early").day("ended_on", end).because(self.chance.word(&END_REASONS));
                self.book.change("posting", self.programme, stint.posting, end, change);
                return;
            }
        }
        if stint.to > last_day() {
            return;
        }
        let change = Change::new().state("completed").day("ended_on", stint.to);
        // Handing over needs a successor whose posting is already proposed.
        let successor = all.iter().find(|(at, next)| {
            let gap = next.from.0 - stint.to.0;
            *at == school && (1..=60).contains(&gap) && next.role == stint.role && next.subject == stint.subject
        });
        let change = match successor {
            Some((_, next)) if stint.from > Day::on(2019, 8, 1) && self.chance.percent(40) => {
                change.with_link("handed_to", next.posting)
            }
            _ => change,
        };
        self.book.change("posting", self.programme, stint.posting, stint.to, change);
    }
}
