//! Who is nominated for the next cohort, who goes to learn at a unit, what medics spoke of, and what arrived of what was
//! promised: a few rows of each. No published figure counts any of it.

use base::Subject;
use records::Change;

use crate::book::{Book, Say};
use crate::chance::Chance;
use crate::day::Day;
use crate::last_day;
use crate::needs::Kept;
use crate::office::Office;
use crate::people;
use crate::world::{School, World};

/// Those whom each unit with a coordinator nominates: what they teach, and how far it has come.
const NOMINEES: [(&str, &str, &str); 6] = [
    ("mathematics", "primary", "approved"),
    ("english", "junior", "approved"),
    ("physics", "senior", "offered"),
    ("chinese", "primary", "reserve"),
    ("mathematics", "junior", "selected"),
    ("music", "primary", "approved"),
];
/// Schools that have reverse postings: those with a box, and one more; as many others have a medic's health sessions.
const SCHOOLS: usize = 3;
const TOPICS: [&str; 5] = ["洗手与饮水", "高原地区用眼卫生", "常见外伤怎么办", "牙齿保健", "青春期卫生常识"];

pub(crate) fn plan(book: &mut Book, world: &World, office: &Office, kept: &[Kept], chance: &mut Chance) {
    nominations(book, world, office, chance);
    for (number, school) in world.schools.iter().enumerate().take(SCHOOLS) {
        let locals = office.locals.get(number).map(Vec::as_slice).unwrap_or_default();
        reverse_postings(book, world, school, locals, office);
    }
    let has_medic = |s: &School| s.stints.iter().any(|t| t.role == "medic" && t.to > last_day());
    let (boxes, others) = world.schools.split_at(SCHOOLS.min(world.schools.len()));
    for school in boxes.iter().chain(others.iter().filter(|s| has_medic(s)).take(SCHOOLS)) {
        health_sessions(book, school, chance);
    }
    deliveries(book, world, kept, chance);
}

fn nominations(book: &mut Book, world: &World, office: &Office, chance: &mut Chance) {
    let Some(cohort) = world.cohorts.last() else { return };
    let day = last_day().plus(-30);
    for (number, (coordinator, unit)) in office.coordinators.iter().enumerate() {
        let mut before: Option<Subject> = None;
        for (i, (subject, stage, state)) in NOMINEES.iter().enumerate().filter(|(i, _)| number == 0 || i % 2 == 0) {
            let day = day.plus(i32::try_from(i).unwrap_or(0));
            let person = people::posted(book, world.programme, chance, *unit, day, (Some(subject), stage));
            book.hand(Some(*coordinator));
            let mut change = Change::new()
                .with_link("person", person)
                .with_link("unit", *unit)
                .with_link("cohort", cohort.id)
                .tags("roles", &["teacher"]);
            if *state != "offered" {
                change = change.yes("available");
            }
            if let Some(other) = before.filter(|_| i == 1) {
                change = change.links("keep_with", &[other]).with_text("wishes", "希望与同事到同一所学校。");
            }
            before = Some(person);
            let nomination = book.record("nomination", world.programme, day, change);
            if *state != "offered" {
                let day = day.plus(2);
                book.change("nomination", world.programme, nomination, day, Change::new().state("approved"));
            }
            book.hand(None);
            if matches!(*state, "reserve" | "selected") {
                book.change("nomination", world.programme, nomination, day.plus(6), Change::new().state(state));
            }
        }
    }
}

fn reverse_postings(book: &mut Book, world: &World, school: &School, locals: &[Subject], office: &Office) {
    let Some(host) = world.units_of(school).first().map(|u| u.id) else { return };
    let now = last_day();
    let known: Vec<Subject> = school.locals.iter().filter(|l| l.central).map(|l| l.id).collect();
    let whom = if locals.is_empty() { known } else { locals.to_vec() };
    let whom = whom.iter().filter(|l| !office.heads.contains(l));
    let times = [
        ("arrived", now.plus(-18), now.plus(49), "听课、备课，学习学科组怎样一起备课"),
        ("completed", now.plus(-420), now.plus(-360), "学习实验室管理和实验教学"),
        ("proposed", now.plus(130), now.plus(190), "学习复式教学"),
    ];
    for (person, (state, from, to, purpose)) in whom.zip(times) {
        let made = from.plus(-40).min(now.plus(-4));
        let change = Change::new()
            .with_link("person", *person)
            .with_link("school", school.id)
            .with_link("host", host)
            .with_text("role", "teacher")
            .with_text("purpose", purpose)
            .day("starts_on", from)
            .day("ends_on", to);
        let id = book.record("reverse_posting", school.scope, made, change);
        if state == "proposed" {
            continue;
        }
        book.change("reverse_posting", school.scope, id, made.plus(8), Change::new().state("accepted"));
        let change = Change::new().state("arrived").day("arrived_on", from);
        book.change("reverse_posting", school.scope, id, from.plus(1), change);
        if state == "completed" {
            let change = Change::new().state("completed").day("ended_on", to);
            book.change("reverse_posting", school.scope, id, to.plus(1), change);
            book.hand(Some(*person));
            let change = Change::new()
                .with_link("reverse_posting", id)
                .with_link("person", *person)
                .with_text("said", "他们每周一起备一次课，先说难点，再说怎么讲。回来后我们组试了三周，大家都愿意说了。")
                .yes("shared");
            book.record("reverse_report", school.scope, to.plus(9), change);
            book.hand(None);
        }
    }
}

fn health_sessions(book: &mut Book, school: &School, chance: &mut Chance) {
    for (i, topic) in (0..).zip(TOPICS) {
        let day = last_day().plus(-210 + i * 42);
        let medics = school.stints.iter().filter(|s| s.role == "medic" && s.from <= day && s.to >= day);
        let medic = medics.map(|s| s.posting).next();
        let change = Change::new().with_text("topic", topic).with_link("school", school.id).day("starts_on", day);
        let change = match medic {
            Some(medic) => change.with_link("medic", medic),
            None => change.with_text("medic_name", "县医院巡诊医生"),
        };
        let id = book.record("health_session", school.scope, day.plus(-12), change);
        let basis = if i % 3 == 2 { "estimated" } else { "counted" };
        let change = Change::new()
            .state("held")
            .day("held_on", day)
            .int("number", chance.between(24, 130))
            .with_text("basis", basis);
        book.change("health_session", school.scope, id, day.plus(1), change);
    }
    let day = last_day().plus(33);
    let change = Change::new()
        .with_text("topic", "冬季取暖安全")
        .with_link("school", school.id)
        .with_text("medic_name", "县医院巡诊医生")
        .day("starts_on", day);
    book.record("health_session", school.scope, last_day().plus(-2), change);
}

/// What was kept by bringing something came in one or two parts; most of it the school has confirmed.
fn deliveries(book: &mut Book, world: &World, kept: &[Kept], chance: &mut Chance) {
    for kept in kept {
        let parts = if kept.how_much > 1 && chance.percent(30) { 2 } else { 1 };
        let first = if parts == 2 { kept.how_much / 2 } else { kept.how_much };
        for (part, n) in [(0, first), (1, kept.how_much - first)].into_iter().take(parts) {
            let day = kept.on.plus(if part + 1 == parts { 0 } else { -40 });
            let told = day.plus(3).min(last_day());
            let change = Change::new()
                .with_link("commitment", kept.commitment)
                .with_text("what", kept.what)
                .day("delivered_on", day)
                .with_link("unit", kept.unit)
                .with_link("place", kept.school)
                .int(if kept.money { "amount" } else { "number" }, n);
            let id = book.record("delivery", world.programme, told, change);
            let confirmed: Day = told.plus(5);
            if confirmed <= last_day() && chance.percent(82) {
                let change = Change::new().state("confirmed").day("confirmed_on", confirmed);
                book.change("delivery", world.programme, id, confirmed, change);
            }
        }
    }
}
