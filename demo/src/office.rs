//! Who may do what: the office, the units' coordinators, the heads, and the people of the two schools with a box.
//! And consents.

use base::{Scope, Subject};
use records::Change;

use crate::book::{Book, Say};
use crate::chance::Chance;
use crate::day::Day;
use crate::last_day;
use crate::names::Name;
use crate::people;
use crate::world::{School, World};

/// Schools whose people have roles: those that get a box.
const WITH_BOX: usize = 2;
/// Local teachers with a role in each of these schools.
const LOCALS: usize = 6;
/// Consents in all.
const CONSENTS: usize = 48;

/// Who has a role.
#[derive(Clone, Debug)]
pub struct Office {
    /// Keeps the programme's settings.
    pub administrator: Subject,
    /// The programme's officers.
    pub officers: [Subject; 2],
    /// Sees figures and nothing else.
    pub observer: Subject,
    /// Coordinators, each with the unit.
    pub coordinators: Vec<(Subject, Subject)>,
    /// The head of each supported school, in the order of the schools.
    pub heads: Vec<Subject>,
    /// Those posted now to the first two schools.
    pub posted: [Vec<Subject>; WITH_BOX],
    /// Local teachers of the first two schools.
    pub locals: [Vec<Subject>; WITH_BOX],
    /// The device of a class of the first school.
    pub device: Subject,
    /// A pupil of the first school.
    pub pupil: Subject,
}

/// The people of the office itself, who write everything else.
pub(crate) struct Staff {
    administrator: Subject,
    officers: [Subject; 2],
    observer: Subject,
}

impl Staff {
    pub fn plan(book: &mut Book, world: &World, chance: &mut Chance) -> Self {
        let day = Day::on(2016, 6, 7);
        let mut one = || people::from_unit(book, world.programme, chance, world.authority, day);
        Self { administrator: one(), officers: [one(), one()], observer: one() }
    }

    /// Those who record for the programme.
    pub fn authors(&self) -> [Subject; 2] {
        self.officers
    }
}

fn grant(book: &mut Book, person: Subject, role: &str, organisation: Subject, from: Day) {
    let change = Change::new()
        .with_link("person", person)
        .with_text("role", role)
        .with_link("organisation", organisation)
        .day("from_on", from);
    book.record("grant_of_role", Scope::Person(person), from, change);
}

pub(crate) fn plan(book: &mut Book, world: &World, staff: &Staff, chance: &mut Chance) -> Option<Office> {
    let start = Day::on(2016, 6, 8);
    grant(book, staff.administrator, "administrator", world.authority, start);
    for officer in staff.officers {
        grant(book, officer, "officer", world.authority, start);
    }
    grant(book, staff.observer, "observer", world.authority, Day::on(2020, 3, 2));
    let mut coordinators = Vec::new();
    for unit in world.units.iter().step_by(6).take(3) {
        let person = people::from_unit(book, world.programme, chance, unit.id, Day::on(2022, 5, 9));
        grant(book, person, "coordinator", unit.id, Day::on(2022, 5, 16));
        coordinators.push((person, unit.id));
    }
    let mut heads = Vec::new();
    for school in &world.schools {
        let head = school.locals.iter().find(|l| l.central)?;
        grant(book, head.id, "head", school.id, head.since.plus(10));
        heads.push(head.id);
    }
    let mut posted = [Vec::new(), Vec::new()];
    let mut locals = [Vec::new(), Vec::new()];
    for (i, school) in world.schools.iter().enumerate().take(WITH_BOX) {
        for stint in school.posted_on(last_day(), 0) {
            grant(book, stint.person, "posted", school.id, stint.from);
            posted.get_mut(i)?.push(stint.person);
        }
        let own = school.locals.iter().filter(|l| l.central && heads.get(i) != Some(&l.id)).take(LOCALS);
        for local in own {
            grant(book, local.id, "local", school.id, local.since.plus(20));
            locals.get_mut(i)?.push(local.id);
        }
    }
    let (device, pupil) = class(book, world.schools.first()?);
    consents(book, world, chance);
    Some(Office {
        administrator: staff.administrator,
        officers: staff.officers,
        observer: staff.observer,
        coordinators,
        heads,
        posted,
        locals,
        device,
        pupil,
    })
}

/// The device of a class, and a pupil: a code that the school holds.
fn class(book: &mut Book, school: &School) -> (Subject, Subject) {
    let day = Day::on(2025, 9, 8);
    let mut one = |zh: &str, en: &str, role: &str| {
        let name = Name { zh: zh.to_owned(), others: vec![("en", en.to_owned())] };
        let change = people::person(&name).with_link("school", school.id);
        let person = book.record("person", school.scope, day, change);
        grant(book, person, role, school.id, day.plus(1));
        person
    };
    (one("班级设备 初三一班", "Class device 9-1", "device"), one("学生 9-1-07", "Pupil 9-1-07", "pupil"))
}

/// Consents of grown-up people for themselves, some withdrawn.
fn consents(book: &mut Book, world: &World, chance: &mut Chance) {
    for i in 0..CONSENTS {
        let Some(school) = world.schools.get(i % 6) else { continue };
        let posted = school.posted_on(last_day(), 0);
        let locals = school.locals_on(last_day().plus(-700));
        let (whose, scope, from) = match (chance.percent(35), chance.pick(&posted), chance.pick(locals)) {
            (true, Some(stint), _) => (stint.person, world.programme, stint.from),
            (_, _, Some(local)) => (local.id, school.scope, last_day().plus(-680)),
            _ => continue,
        };
        let day = from.plus(chance.between(5, 40));
        let change = Change::new()
            .with_link("whose", whose)
            .with_text("given_by", chance.word(&["本人", "本人（书面）"]))
            .with_text("purpose", chance.word(&["recording", "recording", "television", "showing_outside"]))
            .with_text("language", chance.word(&["zh", "bo", "zh"]))
            .with_text("version", "2022-1")
            .day("given_on", day);
        let consent = book.record("consent", scope, day, change);
        if i % 9 == 4 {
            let day = day.plus(20);
            let change = Change::new().state("withdrawn").day("withdrawn_on", day);
            book.change("consent", scope, consent, day, change);
        }
    }
}
