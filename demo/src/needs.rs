//! What schools asked for, in all its states; and what units and schools promised each other.

use base::Subject;
use records::{Change, Value};

use crate::book::{Book, Say};
use crate::chance::Chance;
use crate::day::Day;
use crate::last_day;
use crate::people::subjects_of;
use crate::teams::subject_words;
use crate::world::{School, Stint, World};

/// Needs in all states.
pub const NEEDS: usize = 260;

const DONE: [&str; 6] = [
    "本地教师能独立承担该课程一个学年。",
    "学科组有两名本地教师通过校内公开课。",
    "形成一套本地教案并使用一个学期。",
    "课表空缺补齐，本地教师接任。",
    "设备由本地管理员独立维护一个学期。",
    "管理流程由本校人员独立运行一个学期。",
];
const RETURNED: [&str; 3] = ["请写明课表空缺的课时", "请说明达成标准", "与另一需求重复，请合并"];
const REOPENED: &str = "承担的本地教师调离，课程又有空缺";
const WITHDRAWN: [&str; 3] = ["本地教师已到岗", "课程调整，不再需要", "并入学科组需求"];

const ROLES: [(&str, &str); 5] =
    [("leader", "领队"), ("teacher", "教师"), ("medic", "校医"), ("technician", "技术员"), ("manager", "管理人员")];

fn stage_words(stage: &str) -> &'static str {
    match stage {
        "kindergarten" => "幼儿园",
        "primary" => "小学",
        "junior" => "初中",
        "senior" => "高中",
        _ => "职业",
    }
}

/// A need that was approved and that nobody fills: so many lessons a week in a subject.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    pub school: Subject,
    pub subject: &'static str,
    pub stage: &'static str,
    pub hours: i32,
}

/// Gives the needs for teachers that are open.
pub(crate) fn plan(book: &mut Book, world: &World, chance: &mut Chance) -> Vec<Open> {
    let mut left = Vec::new();
    let rows = NEEDS.div_ceil(world.schools.len().max(1));
    let mut made = 0;
    for (number, school) in world.schools.iter().enumerate() {
        // Those of the later cohorts fill needs; those who went home may have left them met.
        let later = school.stints.iter().copied().filter(|s| s.from > Day::on(2019, 8, 1));
        let (gone, here): (Vec<Stint>, Vec<Stint>) = later.partition(|s| s.to < last_day());
        let mut here = chance.some(&here, rows).into_iter();
        let mut gone = chance.some(&gone, rows).into_iter();
        for row in 0..rows {
            if made == NEEDS {
                return left;
            }
            made += 1;
            match row {
                0 => drop(open(book, world, chance, school, "draft")),
                1 if number % 2 == 0 => drop(open(book, world, chance, school, "returned")),
                1 => drop(open(book, world, chance, school, "withdrawn")),
                2 | 3 => left.extend(open(book, world, chance, school, "approved")),
                _ => match if row < 8 { here.next() } else { gone.next() } {
                    Some(stint) => filled(book, world, chance, school, stint),
                    None => left.extend(open(book, world, chance, school, "approved")),
                },
            }
        }
    }
    left
}

fn need(
    chance: &mut Chance,
    school: &School,
    role: &'static str,
    subject: Option<&'static str>,
    stage: &'static str,
) -> Change {
    let zh = ROLES.iter().find(|r| r.0 == role).map_or("", |r| r.1);
    let hours = if role == "teacher" { chance.between(8, 18) } else { 0 };
    let title = match subject.filter(|_| role == "teacher") {
        Some(subject) => format!("{}{}{zh}（每周{hours}课时）", stage_words(stage), subject_words(subject).0),
        None => format!("{}{zh}", stage_words(stage)),
    };
    let languages: &[&str] = if subject == Some("tibetan") { &["bo"] } else { &["zh"] };
    Change::new()
        .with_text("title", title)
        .with_link("school", school.id)
        .with_text("role", role)
        .maybe("subject", subject)
        .with_text("stage", stage)
        .tags("teaching_languages", languages)
        .int("hours", hours)
        .with_text("done_when", chance.word(&DONE))
}

/// A need that nobody fills yet, or any more; where it is approved and for a teacher, what it asks for.
fn open(book: &mut Book, world: &World, chance: &mut Chance, school: &School, state: &str) -> Option<Open> {
    let at = if chance.percent(75) { 1 } else { chance.below(ROLES.len()) };
    let role = ROLES.get(at).map_or("teacher", |r| r.0);
    let stage = chance.word(school.stages);
    let subject = (role == "teacher").then(|| chance.word(subjects_of(stage)));
    let made = last_day().plus(-chance.between(20, 120));
    let change = need(chance, school, role, subject, stage);
    let hours = match change.set.get("hours") {
        Some(Value::Int(hours)) => i32::try_from(*hours).unwrap_or(0),
        _ => 0,
    };
    let id = book.record("need", world.programme, made, change);
    let change = Change::new().state(state);
    let change = match state {
        "returned" => change.because(chance.word(&RETURNED)),
        "withdrawn" => change.because(chance.word(&WITHDRAWN)),
        "approved" => change,
        _ => return None,
    };
    book.change("need", world.programme, id, made.plus(chance.between(5, 15)), change);
    let subject = subject.filter(|_| state == "approved")?;
    Some(Open { school: school.id, subject, stage, hours })
}

/// A need that a posting fills, and that is met when a local teacher carries it after the posting.
fn filled(book: &mut Book, world: &World, chance: &mut Chance, school: &School, stint: &Stint) {
    let made = stint.from.plus(-chance.between(90, 110));
    let change = need(chance, school, stint.role, stint.subject, stint.stage);
    let id = book.record("need", world.programme, made, change);
    book.change("need", world.programme, id, made.plus(12), Change::new().state("approved"));
    book.change("posting", world.programme, stint.posting, stint.from.plus(-30), Change::new().with_link("need", id));
    book.change("need", world.programme, id, stint.from.plus(1), Change::new().state("filled"));
    let carries: Vec<Subject> = school
        .locals_on(stint.to.plus(-60))
        .iter()
        .filter(|l| l.central && stint.subject.is_none_or(|s| s == l.subject))
        .map(|l| l.id)
        .collect();
    if stint.to < last_day()
        && let Some(local) = chance.pick(&carries)
    {
        let met = stint.to.plus(-3);
        let change = Change::new().state("met").with_link("carried_by", *local).day("met_on", met);
        book.change("need", world.programme, id, met, change);
        // Here and there the local teacher did not stay, and the need came back.
        let gone = met.plus(400);
        if stint.from.0 % 7 == 0 && gone <= last_day() {
            let change = Change::new().state("approved").day("reopened_on", gone);
            book.change("need", world.programme, id, gone.plus(2), change.because(REOPENED));
        }
    }
}

const PROMISES: [(&str, &str); 8] = [
    ("people", "每批选派教师"),
    ("shadowing", "接收跟岗教师"),
    ("equipment", "捐赠实验器材（套）"),
    ("equipment", "配备多媒体教室（间）"),
    ("training", "组织集中培训（人次）"),
    ("exchange", "两地学生同上一堂课（次）"),
    ("exchange", "教师互访（人次）"),
    ("money", "教研专项经费"),
];

/// A commitment that was kept by bringing something.
pub(crate) struct Kept {
    pub commitment: Subject,
    pub unit: Subject,
    pub school: Subject,
    pub what: &'static str,
    pub money: bool,
    /// How many; of money, hundredths.
    pub how_much: i32,
    pub on: Day,
}

/// The two of a partnership.
type Two = (Subject, Subject);

/// What units and schools signed, a few commitments each; gives those that were kept by bringing something.
pub(crate) fn partnerships(book: &mut Book, world: &World, chance: &mut Chance) -> Vec<Kept> {
    let mut kept = Vec::new();
    for school in &world.schools {
        for (i, unit) in world.units_of(school).into_iter().enumerate() {
            let made = school.since.plus(20 + chance.between(0, 20));
            let signed = made.plus(chance.between(10, 40));
            let partnership = sign(book, world, chance, (unit.id, &unit.zh), school, made, signed);
            let two = (unit.id, school.id);
            commitments(book, world, chance, (partnership, two, signed), &mut kept);
            // The change of plan ended some, and others were signed in their place.
            if i > 0 && chance.percent(40) && school.since < Day::on(2019, 1, 1) {
                let day = Day::on(2019, 8, 1).plus(chance.between(0, 60));
                let change = Change::new().state("ended").day("ended_on", day).because("方案调整，另签新协议");
                book.change("partnership", world.programme, partnership, day, change);
                let new = sign(book, world, chance, (unit.id, &unit.zh), school, day, day.plus(20));
                commitments(book, world, chance, (new, two, day.plus(20)), &mut kept);
            }
        }
    }
    for (school, unit) in world.schools.iter().zip(world.units.iter().filter(|u| u.place.is_none())) {
        let made = last_day().plus(-chance.between(3, 40));
        book.record("partnership", world.programme, made, proposal((unit.id, &unit.zh), school));
    }
    kept
}

fn proposal((unit, name): (Subject, &str), school: &School) -> Change {
    Change::new()
        .with_text("title", format!("{name}—{}对口支援协议", school.zh))
        .with_link("unit", unit)
        .with_link("school", school.id)
        .with_text("terms", "选派教师组团支援，开展师徒结对、集体备课、送教下乡和线上教研。")
}

fn sign(
    book: &mut Book,
    world: &World,
    chance: &mut Chance,
    unit: (Subject, &str),
    school: &School,
    made: Day,
    signed: Day,
) -> Subject {
    let id = book.record("partnership", world.programme, made, proposal(unit, school));
    let day = signed.plus(chance.between(0, 5));
    book.change("partnership", world.programme, id, day, Change::new().state("signed").day("signed_on", signed));
    id
}

fn commitments(
    book: &mut Book,
    world: &World,
    chance: &mut Chance,
    (partnership, (unit, school), signed): (Subject, Two, Day),
    out: &mut Vec<Kept>,
) {
    let count = 2 + chance.below(3);
    let promises: Vec<(&'static str, &'static str)> = chance.some(&PROMISES, count).into_iter().copied().collect();
    for (kind, what) in promises {
        let due = signed.plus(chance.between(200, 1600));
        let change = Change::new()
            .with_link("partnership", partnership)
            .with_text("what", what)
            .with_text("kind", kind)
            .day("due_on", due);
        let money = kind == "money";
        // Money in hundredths of a yuan.
        let how_much = if money { chance.between(5, 60) * 1_000_000 } else { chance.between(2, 40) };
        let change = change.int(if money { "amount" } else { "number" }, how_much);
        let id = book.record("commitment", world.programme, signed.plus(6), change);
        let kept = due.plus(chance.between(-60, 30));
        if kept <= last_day() {
            let change = if chance.percent(90) {
                if matches!(kind, "money" | "equipment" | "exchange") {
                    out.push(Kept { commitment: id, unit, school, what, money, how_much, on: kept });
                }
                Change::new().state("kept").day("kept_on", kept)
            } else {
                Change::new().state("dropped").because("方案调整，由其他单位承担")
            };
            book.change("commitment", world.programme, id, kept, change);
        }
    }
}
