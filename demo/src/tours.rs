//! Two study tours, invented as all else: pupils of Chamdo who were in Chongqing, and one that is being planned. Who the
//! pupils are no row tells: a school's node alone holds that.

use base::{Hash, Scope, Subject};
use records::{Change, Value};

use crate::book::{Book, Say};
use crate::day::Day;
use crate::office::Office;
use crate::world::{School, World};

/// A leg: days after the first, from, to, how.
type Leg = (i32, &'static str, &'static str, &'static str);

const LEGS: &[Leg] = &[
    (0, "昌都", "重庆江北机场", "plane"),
    (0, "重庆江北机场", "渝中区营地", "bus"),
    (1, "渝中区营地", "重庆科技馆", "bus"),
    (2, "渝中区营地", "朝天门", "on_foot"),
    (4, "重庆江北机场", "昌都", "plane"),
];
const RISKS: &[(&str, &str)] = &[
    ("低海拔醉氧", "到达当天不安排活动，医务人员随行。"),
    ("江边走失", "每段路出发前点名，八人一名成人，走在队尾的成人不变。"),
    ("饮食不适", "提前告知营地饮食习惯，备药。"),
];
/// Pupils of the tour that was held.
const PUPILS: i32 = 12;

struct Plan<'a> {
    school: &'a School,
    tour: Subject,
    first: Day,
    adults: Vec<Subject>,
}

pub(crate) fn plan(book: &mut Book, world: &World, office: &Office) {
    let chamdo = world.schools.iter().enumerate().find(|(_, s)| s.zh.contains("昌都"));
    if let Some((n, school)) = chamdo
        && let Some(held) = begin(book, world, school, Day::on(2026, 10, 12), ("昌都学生在重庆（虚构）", "重庆"))
        && let (Some(head), Some(officer)) = (office.heads.get(n), office.officers.first())
    {
        hold(book, &held, *head, *officer);
    }
    if let Some(school) = world.schools.get(1) {
        begin(book, world, school, Day::on(2027, 4, 12), ("春天去看长江（虚构）", ""));
    }
}

/// A tour with its way, what may happen, and who goes along.
fn begin<'a>(
    book: &mut Book,
    world: &World,
    school: &'a School,
    first: Day,
    (title, to): (&str, &str),
) -> Option<Plan<'a>> {
    let made = Day::on(2026, 9, 14);
    let units = world.units_of(school);
    let host = units.iter().find(|u| u.zh.contains(to)).or(units.first())?;
    let change = Change::new()
        .with_text("title", title)
        .with_link("school", school.id)
        .with_link("host", host.id)
        .day("starts_on", first)
        .day("ends_on", first.plus(4))
        .with_text("purpose", "看大江大桥，走进科技馆，和当地班级同上一课。")
        .with_text(
            "plan",
            "第一天：到达，休息。\n第二天：科技馆，与当地班级同上一节科学课。\n第三天：看两江交汇，写观察日记。\n第四天：交流与告别。\n第五天：返回。",
        );
    let tour = book.record("study_tour", school.scope, made, change);
    let posted = school.posted_on(Day::on(2026, 10, 10), 10).into_iter().map(|s| s.person).take(1);
    let own = school.locals_on(made).iter().filter(|l| l.central).map(|l| l.id).take(2);
    let adults: Vec<Subject> = posted.chain(own).collect();
    let day = made.plus(1);
    for (n, adult) in adults.iter().enumerate() {
        let part = if n == 0 { "leader" } else { "teacher" };
        let change = Change::new().with_link("tour", tour).with_link("person", *adult).with_text("part", part);
        book.record("tour_adult", school.scope, day, change);
    }
    for ((after, from, to, how), adult) in LEGS.iter().zip(adults.iter().cycle()) {
        let change = Change::new()
            .with_link("tour", tour)
            .day("day", first.plus(*after))
            .with_text("from_place", *from)
            .with_text("to_place", *to)
            .with_text("how", *how)
            .with_link("adult", *adult);
        book.record("tour_leg", school.scope, day, change);
    }
    for (what, measure) in RISKS {
        let change = Change::new().with_link("tour", tour).with_text("what", *what).with_text("measure", *measure);
        book.record("tour_risk", school.scope, day, change);
    }
    Some(Plan { school, tour, first, adults })
}

/// Approved by two, left, called at each leg's end, told, closed.
fn hold(book: &mut Book, plan: &Plan<'_>, head: Subject, officer: Subject) {
    let (scope, tour, first) = (plan.school.scope, plan.tour, plan.first);
    // Any mark does: nobody outside the school learns from one who goes.
    let mark = Value::Bytes(Hash::of(b"the pupils of an invented tour").0.to_vec());
    let told = Change::new().int("pupils", PUPILS).with("pupils_mark", mark.clone());
    book.change("study_tour", scope, tour, Day::on(2026, 9, 16), told);
    let days = [("school", head, Day::on(2026, 9, 18)), ("office", officer, Day::on(2026, 9, 21))];
    for (tier, person, day) in days {
        let change = Change::new()
            .with_link("tour", tour)
            .with_text("tier", tier)
            .with_text("verdict", "approved")
            .with_link("person", person)
            .day("given_on", day)
            .with_text("dates", format!("{first} {}", first.plus(4)))
            .with("route", Value::Bytes(route(first)))
            .with("pupils", mark.clone());
        book.record("tour_approval", scope, day, change);
    }
    book.change("study_tour", scope, tour, Day::on(2026, 9, 21), Change::new().state("approved"));
    book.change("study_tour", scope, tour, first, Change::new().state("under_way").day("left_on", first));
    roll_calls(book, plan, scope);
    let story = Change::new()
        .with_text("title", "两条江在这里相遇（虚构）")
        .with_link("tour", tour)
        .with_text("text_zh", "第三天，我们在朝天门看两条江。渝中的同学问：昌都的江叫什么？我们说：也是两条，扎曲和昂曲，在昌都相遇，变成澜沧江。")
        .with_text("text_en", "On the third day we watched two rivers meet. The pupils of Yuzhong asked what ours is called. Two as well, we said: they meet in Chamdo, and become the Lancang.");
    let story = book.record("tour_story", scope, first.plus(6), story);
    book.change("tour_story", scope, story, first.plus(7), Change::new().state("published"));
    book.change(
        "study_tour",
        scope,
        tour,
        first.plus(5),
        Change::new().state("closed").day("closed_on", first.plus(5)),
    );
}

/// The mark of the way that an approval holds for: as the room of tours makes it of day, places and means of each leg.
fn route(first: Day) -> Vec<u8> {
    let mut legs: Vec<_> =
        LEGS.iter().map(|(after, from, to, how)| (first.plus(*after).to_string(), from, to, how)).collect();
    legs.sort_unstable();
    let said: String = legs.iter().map(|(day, from, to, how)| format!("{day}\n{from}\n{to}\n{how}\n")).collect();
    Hash::of(said.as_bytes()).0.to_vec()
}

fn roll_calls(book: &mut Book, plan: &Plan<'_>, scope: Scope) {
    let Some(leader) = plan.adults.first() else { return };
    for (n, (after, ..)) in (0_i32..).zip(LEGS) {
        let day = plan.first.plus(*after);
        let change = Change::new()
            .with_link("tour", plan.tour)
            .day("day", day)
            .with_text("called_at", format!("{:02}:30", 8 + n))
            .int("here", PUPILS)
            .int("missing", 0)
            .with_link("person", *leader);
        book.record("tour_roll", scope, day, change);
    }
}
