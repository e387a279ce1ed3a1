//! Activities with who was there and how many: 50,863 person-times of local teachers.

use std::collections::BTreeSet;

use base::Subject;
use records::Change;

use crate::advice;
use crate::book::{Book, Say};
use crate::chance::Chance;
use crate::day::Day;
use crate::last_day;
use crate::visits::Held;
use crate::world::{School, World};

/// Person-times of local teachers: for each held activity and day the larger of those named and the verified count.
pub const PERSON_TIMES: i32 = 50_863;
/// Lessons that were part of a visit and are activities of their own.
const VISIT_LESSONS: usize = 280;
/// Activities that were called off or are still to come.
const NOT_HELD: usize = 70;

const TITLES: [(&str, &[&str]); 7] = [
    ("demonstration_lesson", &["示范课：一元一次方程", "示范课：古诗两首", "示范课：酸和碱", "示范课：认识面积"]),
    ("lecture", &["讲座：课堂提问", "讲座：教案与反思", "讲座：儿童阅读", "讲座：实验安全"]),
    ("training", &["培训：多媒体备课", "培训：复式教学", "培训：实验操作", "培训：双语教学词汇"]),
    ("research_meeting", &["教研：同课异构", "教研：期中试卷分析", "教研：单元整体设计", "教研：集体备课"]),
    ("online_research", &["网络教研：跨省同步备课", "网络教研：课例研讨", "网络教研：命题研讨"]),
    ("workshop", &["工作坊：自制学具", "工作坊：认识本地药草", "工作坊：板书设计", "工作坊：校园广播"]),
    ("lesson", &["公开课：力的测量", "公开课：家乡的河", "公开课：藏文书法", "公开课：英语对话"]),
];
const PLACES: [&str; 6] = ["报告厅", "多功能教室", "录播教室", "阶梯教室", "实验室", "会议室"];

/// How the local teachers of a day were recorded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// A verified count.
    Counted,
    /// A list of names.
    Named,
    /// Names, and a verified count that is larger or smaller.
    Both,
    /// Names, and a count that nobody verified: only the names tell.
    Unverified,
    /// An estimate, which tells nothing.
    Estimated,
}

/// An activity that was held, to be recorded.
pub(crate) struct Activity<'a> {
    pub school: &'a School,
    pub kind: &'a str,
    pub title: String,
    pub place: String,
    pub day: Day,
    pub days: i32,
    pub recorded: Day,
    pub links: Vec<(&'static str, Subject)>,
    pub given_by: Vec<Subject>,
}

impl Activity<'_> {
    /// Records it as held, and mostly as verified. The days after it are those on which the school looked again.
    pub fn hold(&self, book: &mut Book, chance: &mut Chance) -> Subject {
        let scope = self.school.scope;
        let change = self.plan().state("held").day("held_on", self.day);
        let activity = book.record("activity", scope, self.recorded, change);
        let looked = self.recorded.plus(chance.between(2, 12));
        if chance.percent(75) && looked <= last_day() {
            book.change("activity", scope, activity, looked, Change::new().state("verified"));
        }
        activity
    }

    fn plan(&self) -> Change {
        let change = Change::new()
            .with_text("title", &*self.title)
            .with_text("kind", self.kind)
            .with_link("school", self.school.id)
            .with_text("place", &*self.place)
            .day("starts_on", self.day)
            .day("ends_on", self.day.plus(self.days - 1))
            .links("given_by", &self.given_by);
        self.links.iter().fold(change, |change, (field, id)| change.with_link(field, *id))
    }
}

/// Names people at an activity on a day.
pub(crate) fn attend(
    book: &mut Book,
    activity: Subject,
    of: &Activity<'_>,
    day: Day,
    people: &[Subject],
    present: bool,
) {
    for person in people {
        part(book, activity, of, day, *person, "attends", present);
    }
}

fn part(book: &mut Book, activity: Subject, of: &Activity<'_>, day: Day, person: Subject, part: &str, present: bool) {
    let change = Change::new()
        .with_link("activity", activity)
        .with_link("person", person)
        .with_text("part", part)
        .day("day", day)
        .with("present", records::Value::Bool(present));
    book.record("participation", of.school.scope, of.recorded, change);
}

struct Count<'a> {
    category: &'a str,
    basis: &'a str,
    number: i32,
    verified: bool,
}

fn count(book: &mut Book, chance: &mut Chance, activity: Subject, of: &Activity<'_>, day: Day, count: &Count<'_>) {
    let scope = of.school.scope;
    let change = Change::new()
        .with_link("activity", activity)
        .with_text("category", count.category)
        .day("day", day)
        .int("number", count.number)
        .with_text("basis", count.basis);
    // A count that is verified on the spot is entered so.
    let at_once = chance.percent(60) || of.recorded.plus(9) > last_day();
    let change = if count.verified && at_once { change.state("verified") } else { change };
    let headcount = book.record("headcount", scope, of.recorded, change);
    if count.verified && !at_once {
        let day = of.recorded.plus(chance.between(1, 9));
        book.change("headcount", scope, headcount, day, Change::new().state("verified"));
    }
}

/// Records activities until the person-times are what they are to be. `so_far`: those of the teams' meetings.
pub(crate) fn plan(book: &mut Book, world: &World, visits: &[Held], so_far: i32, chance: &mut Chance) {
    let mut rest = PERSON_TIMES - so_far;
    let mut named = BTreeSet::new();
    for held in chance.some(visits, VISIT_LESSONS) {
        let Some(school) = world.schools.get(held.school) else { continue };
        let activity = Activity {
            school,
            kind: "demonstration_lesson",
            title: "送教示范课".to_owned(),
            place: held.host.clone(),
            day: held.day,
            days: 1,
            recorded: held.recorded,
            links: vec![("visit", held.visit)],
            given_by: held.visitors.iter().copied().take(1).collect(),
        };
        let busy = &held.visitors;
        // Nobody signs in with two hosts on one day: a school's people are named with the first.
        let way = if chance.percent(55) || !named.insert((held.school, held.day)) { Way::Counted } else { Way::Both };
        rest -= hold(book, chance, &activity, way, (4, 16), busy, rest);
    }
    while rest > 0 {
        let day = chance.school_day(Day::on(2016, 10, 10), last_day().plus(-6));
        let Some(school) = world.school_on(chance, day.plus(-120)) else { continue };
        let (activity, way, size) = draw(chance, school, day);
        rest -= hold(book, chance, &activity, way, size, &activity.given_by, rest);
    }
    not_held(book, world, chance);
}

fn draw<'a>(chance: &mut Chance, school: &'a School, day: Day) -> (Activity<'a>, Way, (i32, i32)) {
    let (kind, titles) = chance.pick(&TITLES).copied().unwrap_or_default();
    let days = if kind == "training" && chance.percent(60) { chance.between(2, 3) } else { 1 };
    let posted = school.posted_on(day.plus(-2), 5);
    let given_by: Vec<Subject> = if posted.is_empty() || chance.percent(15) {
        let own = school.locals_on(day.plus(-20));
        chance.pick(own).map(|l| l.id).into_iter().collect()
    } else {
        chance.some(&posted, 1).iter().map(|s| s.person).collect()
    };
    let way = match chance.below(100) {
        0..70 => Way::Counted,
        70..83 => Way::Named,
        83..90 => Way::Both,
        90..95 => Way::Unverified,
        _ => Way::Estimated,
    };
    let size = match kind {
        "lecture" | "training" => (20, 110),
        "online_research" => (15, 90),
        _ => (8, 45),
    };
    let activity = Activity {
        school,
        kind,
        title: chance.word(titles).to_owned(),
        place: format!("{} {}", school.zh, chance.word(&PLACES)),
        day,
        days,
        recorded: day.plus(days - 1 + chance.between(0, 3)),
        links: Vec::new(),
        given_by,
    };
    (activity, way, size)
}

/// Records a held activity with who was there. Returns its person-times, at most `rest`.
fn hold(
    book: &mut Book,
    chance: &mut Chance,
    of: &Activity<'_>,
    way: Way,
    (least, most): (i32, i32),
    busy: &[Subject],
    rest: i32,
) -> i32 {
    let activity = of.hold(book, chance);
    let known = of.school.locals_on(of.day.plus(-20));
    let free: Vec<Subject> = known.iter().map(|l| l.id).filter(|id| !busy.contains(id)).collect();
    let mut total = 0;
    for i in 0..of.days {
        let day = of.day.plus(i);
        let left = rest - total;
        // What is left at the end is one count; nothing smaller than that would come out even.
        let way = if left <= most + 20 && way != Way::Estimated { Way::Counted } else { way };
        let number = if left <= most + 20 { left } else { chance.between(least, most) };
        total += match way {
            Way::Counted if left == 0 => 0,
            Way::Counted => {
                verified(book, chance, activity, of, day, number);
                number
            }
            Way::Named => named(book, chance, activity, of, day, &free, number.min(10)),
            Way::Both => {
                let named = named(book, chance, activity, of, day, &free, number.min(8));
                let number = if chance.percent(30) { (named - chance.between(1, 3)).max(1) } else { number.max(named) };
                verified(book, chance, activity, of, day, number);
                named.max(number)
            }
            Way::Unverified => {
                let named = named(book, chance, activity, of, day, &free, number.min(7));
                let entered = Count { category: "local_teachers", basis: "counted", number, verified: false };
                count(book, chance, activity, of, day, &entered);
                named
            }
            Way::Estimated => {
                let about = Count { category: "local_teachers", basis: "estimated", number, verified: true };
                count(book, chance, activity, of, day, &about);
                0
            }
        };
        others(book, chance, activity, of, day);
    }
    total
}

fn verified(book: &mut Book, chance: &mut Chance, activity: Subject, of: &Activity<'_>, day: Day, number: i32) {
    let counted = Count { category: "local_teachers", basis: "counted", number, verified: true };
    count(book, chance, activity, of, day, &counted);
}

/// Names so many who were there and, now and then, one who was not, and who gave it. Returns how many were there.
fn named(
    book: &mut Book,
    chance: &mut Chance,
    activity: Subject,
    of: &Activity<'_>,
    day: Day,
    free: &[Subject],
    number: i32,
) -> i32 {
    let wanted = usize::try_from(number).unwrap_or(0);
    let people: Vec<Subject> = chance.some(free, wanted + 1).into_iter().copied().collect();
    let (there, not) = people.split_at(wanted.min(people.len()));
    attend(book, activity, of, day, there, true);
    if chance.percent(25) {
        attend(book, activity, of, day, not, false);
    }
    if chance.percent(40) {
        for person in &of.given_by {
            part(book, activity, of, day, *person, "gives", true);
        }
    }
    i32::try_from(there.len()).unwrap_or(0)
}

/// Pupils and others: counted beside, in no figure of teachers.
fn others(book: &mut Book, chance: &mut Chance, activity: Subject, of: &Activity<'_>, day: Day) {
    if matches!(of.kind, "lesson" | "demonstration_lesson") && chance.percent(45) {
        let pupils = Count { category: "pupils", basis: "counted", number: chance.between(18, 46), verified: true };
        count(book, chance, activity, of, day, &pupils);
    }
    if chance.percent(6) {
        let number = chance.between(3, 30);
        let category = chance.word(&["posted_teachers", "parents", "others"]);
        let basis = if category == "posted_teachers" { "counted" } else { "estimated" };
        count(book, chance, activity, of, day, &Count { category, basis, number, verified: false });
    }
}

/// Activities that were called off or are still to come, some with the names of those who would come.
fn not_held(book: &mut Book, world: &World, chance: &mut Chance) {
    for i in 0..NOT_HELD {
        let to_come = i % 2 == 0;
        let day = if to_come {
            chance.school_day(last_day().plus(3), last_day().plus(45))
        } else {
            chance.school_day(Day::on(2016, 10, 10), last_day().plus(-6))
        };
        let made = if to_come { last_day().plus(-chance.between(0, 9)) } else { day.plus(-10) };
        let Some(school) = world.school_on(chance, made.plus(-120)) else { continue };
        let (mut activity, ..) = draw(chance, school, made);
        activity.day = day;
        activity.recorded = made;
        let id = book.record("activity", school.scope, made, activity.plan());
        if to_come {
            let known = school.locals_on(made.plus(-20));
            let invited: Vec<Subject> = chance.some(known, 4).into_iter().map(|l| l.id).collect();
            attend(book, id, &activity, day, &invited, false);
        } else {
            let change = Change::new().state("cancelled").because(chance.word(&advice::CANCELLED));
            book.change("activity", school.scope, id, day.plus(-1), change);
        }
    }
}
