//! What teams mean to do in a term, the lessons they teach again and again, and what they made.

use base::Subject;
use records::Change;

use crate::book::{Book, Say};
use crate::day::Day;
use crate::last_day;
use crate::world::World;

/// A cycle: its title, its question, its subject, and its lessons: after how many days, the class, what was seen, what is
/// revised.
struct Cycle {
    title: &'static str,
    question: &'static str,
    subject: &'static str,
    /// Whether it begins with the plan of fractions.
    fractions: bool,
    lessons: &'static [(i32, &'static str, &'static str, &'static str)],
    learned: &'static str,
}

const CYCLES: [Cycle; 3] = [
    Cycle {
        title: "折纸与分数",
        question: "先折后说，学生是不是更容易说清“平均分”？",
        subject: "mathematics",
        fractions: true,
        lessons: &[
            (
                10,
                "三年级一班",
                "多数学生折得对，说的时候只说“两块”，没有说“一样大”。",
                "折完先两人互相检查是否一样大，再开口。",
            ),
            (
                24,
                "三年级",
                "互相检查以后，八组里七组说到了“一样大”。有一组折歪了，自己发现的。",
                "把折歪的那张留在黑板上，请大家说为什么不算。",
            ),
        ],
        learned: "“一样大”要在手里先发生，再到嘴上。检查这一步不能省。",
    },
    Cycle {
        title: "朗读前先看图",
        question: "朗读之前看三分钟图，生字错得会不会少一些？",
        subject: "chinese",
        fractions: false,
        lessons: &[
            (
                12,
                "二年级",
                "看图时说得热闹，朗读时还是卡在同样的四个字上。",
                "看图时把这四个字写在图边，藏语意思写在旁边。",
            ),
            (30, "二年级二班", "", ""),
        ],
        learned: "",
    },
    Cycle {
        title: "水几度开",
        question: "先猜再量，学生会不会自己问到海拔？",
        subject: "physics",
        fractions: false,
        lessons: &[(16, "八年级", "量出八十九度，有三组以为温度计坏了，换了一支再量。", "")],
        learned: "",
    },
];

/// Terms, cycles and outputs of teams that are active; `plan` is that of fractions, `course` one that was published.
pub(crate) fn plan(book: &mut Book, world: &World, plan: Option<Subject>, course: Option<Subject>) {
    for (n, school) in world.schools.iter().take(6).enumerate() {
        let Some(team) = school.teams.iter().rev().find(|t| t.to >= last_day()) else { continue };
        let start = Day::on(2026, 9, 1);
        let term = Change::new()
            .with_link("team", team.id)
            .with_text("title", "2026 年秋季学期")
            .day("from_on", start)
            .day("until_on", Day::on(2027, 1, 15))
            .with_text("aims", "磨好一节课，到一所周边学校再上一次。\n每两周集体备课一次，各写各的教案。");
        book.record("team_term", school.scope, start.max(team.from), term);
        let made = Change::new().with_link("team", team.id).day("made_on", last_day().plus(-12));
        let output = match (n, plan, course) {
            (0, Some(plan), _) => Some(made.with_text("title", "分数的意义：磨课后的教案").with_link("plan", plan)),
            (1, _, Some(course)) => Some(made.with_text("title", "共建课程").with_link("course", course)),
            _ => None,
        };
        if let Some(output) = output {
            book.record("team_output", school.scope, last_day().plus(-12), output);
        }
    }
    for (cycle, school) in CYCLES.iter().zip(&world.schools) {
        self::cycle(book, world, cycle, school.id, plan.filter(|_| cycle.fractions));
    }
}

fn cycle(book: &mut Book, world: &World, cycle: &Cycle, home: Subject, plan: Option<Subject>) {
    let Some(school) = world.schools.iter().find(|s| s.id == home) else { return };
    let team = school.teams.iter().rev().find(|t| t.to >= last_day());
    let start = last_day().plus(-45);
    let mut change = Change::new()
        .with_text("title", cycle.title)
        .with_text("question", cycle.question)
        .with_link("school", school.id)
        .with_text("subject", cycle.subject)
        .day("starts_on", start)
        .state("open");
    if let Some(team) = team {
        change = change.with_link("team", team.id);
    }
    if let Some(plan) = plan {
        change = change.with_link("plan", plan);
    }
    let id = book.record("research_cycle", world.programme, start, change);
    // The first time at home, then at a school round it.
    let places = std::iter::once(school.id).chain(school.outlying.iter().map(|o| o.id));
    for ((after, grade, seen, revised), place) in cycle.lessons.iter().zip(places) {
        let day = start.plus(*after);
        let lesson = Change::new()
            .with_link("cycle", id)
            .with_link("school", place)
            .with_link("from_school", school.id)
            .with_text("grade", *grade)
            .day("starts_on", day)
            .state("planned");
        let lesson = book.record("research_lesson", world.programme, day.plus(-6), lesson);
        let mut then = |kind_of: Change, later: i32| {
            book.change("research_lesson", world.programme, lesson, day.plus(later), kind_of);
        };
        if seen.is_empty() {
            continue;
        }
        then(Change::new().state("taught").day("taught_on", day), 0);
        then(Change::new().state("observed").with_text("seen", *seen), 1);
        if !revised.is_empty() {
            then(Change::new().state("revised").with_text("revised", *revised), 2);
        }
    }
    if !cycle.learned.is_empty() {
        let day = last_day().plus(-8);
        let told = Change::new().state("closed").with_text("learned", cycle.learned).day("ended_on", day);
        book.change("research_cycle", world.programme, id, day, told);
    }
}
