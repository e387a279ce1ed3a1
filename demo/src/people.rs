//! People: those who are posted from a unit, and those of the schools.

use std::collections::BTreeSet;

use base::{Scope, Subject};
use records::Change;

use crate::book::{Book, Say};
use crate::chance::Chance;
use crate::day::Day;
use crate::last_day;
use crate::names::{self, Name};
use crate::world::{Local, School};

/// Local teachers of a supported school and its outlying schools.
const LOCALS_PER_SCHOOL: usize = 70;

/// What is taught in a stage.
pub(crate) fn subjects_of(stage: &str) -> &'static [&'static str] {
    match stage {
        "kindergarten" => &["pre_school", "music", "art"],
        "primary" => &[
            "chinese",
            "tibetan",
            "mathematics",
            "chinese",
            "tibetan",
            "mathematics",
            "english",
            "science",
            "music",
            "art",
            "sport",
            "labour",
            "heritage",
        ],
        "vocational" => &["computing", "heritage", "labour", "mathematics", "chinese", "english", "tibetan", "art"],
        _ => &[
            "chinese",
            "tibetan",
            "mathematics",
            "english",
            "physics",
            "chemistry",
            "biology",
            "history",
            "geography",
            "mathematics",
            "english",
            "civics",
            "computing",
            "music",
            "sport",
            "mental_health",
        ],
    }
}

/// What is recorded of a person, with the name.
pub(crate) fn person(name: &Name) -> Change {
    Change::new().with_text("name", &*name.zh).names("names", &name.others)
}

/// A person of the programme, who comes from a unit.
pub(crate) fn from_unit(book: &mut Book, programme: Scope, chance: &mut Chance, unit: Subject, day: Day) -> Subject {
    let name = names::chinese(chance);
    book.person(programme, day, &name.zh, person(&name).with_link("unit", unit))
}

/// A person who is posted, with what he or she teaches.
pub(crate) fn posted(
    book: &mut Book,
    programme: Scope,
    chance: &mut Chance,
    unit: Subject,
    day: Day,
    (subject, stage): (Option<&str>, &str),
) -> Subject {
    let languages: &[&str] = if chance.percent(25) { &["zh", "en"] } else { &["zh"] };
    let name = names::chinese(chance);
    let change = person(&name)
        .with_link("unit", unit)
        .tags("subjects", subject.as_slice())
        .tags("stages", &[stage])
        .tags("teaching_languages", languages);
    book.person(programme, day, &name.zh, change)
}

/// The local teachers of a school: most are there when it joins, some come every autumn.
pub(crate) fn locals(book: &mut Book, chance: &mut Chance, school: &mut School) {
    let mut taken = BTreeSet::new();
    let years = (last_day().0 - school.since.0) / 365;
    for i in 0..LOCALS_PER_SCHOOL {
        let autumn = if i < LOCALS_PER_SCHOOL * 6 / 10 { 0 } else { chance.between(1, years) };
        let since = if autumn == 0 {
            school.since.plus(chance.between(30, 75))
        } else {
            Day::on(school.since.date().year(), 9, 1).plus(autumn * 365 + chance.between(1, 25))
        };
        let outlying = if i > 0 && chance.percent(40) { chance.pick(&school.outlying) } else { None };
        let stage = match outlying {
            Some(_) => "primary",
            None => chance.word(school.stages),
        };
        let subject = chance.word(subjects_of(stage));
        let other = chance.word(subjects_of(stage));
        let both = [subject, other];
        let subjects: &[&str] = if chance.percent(20) { &both } else { &[subject] };
        let languages: &[&str] = match chance.below(10) {
            0..=5 => &["zh", "bo"],
            6 => &["zh", "bo", "en"],
            7 => &["bo"],
            _ => &["zh"],
        };
        let at = outlying.map_or(school.id, |o| o.id);
        let name = unused_name(chance, &mut taken);
        let change = person(&name)
            .with_link("school", at)
            .tags("subjects", subjects)
            .tags("stages", &[stage])
            .tags("teaching_languages", languages);
        let id = book.person(school.scope, since, &name.zh, change);
        school.locals.push(Local { id, since, central: outlying.is_none(), subject });
    }
    school.locals.sort_by_key(|l| (l.since, l.id));
}

/// Within a school nobody has the same name, so that lists can be read.
fn unused_name(chance: &mut Chance, taken: &mut BTreeSet<String>) -> Name {
    let mut draw = || if chance.percent(76) { names::tibetan(chance) } else { names::chinese(chance) };
    let mut name = draw();
    for _ in 0..50 {
        if taken.insert(name.zh.clone()) {
            break;
        }
        name = draw();
    }
    name
}
