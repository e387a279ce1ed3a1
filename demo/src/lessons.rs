//! Lesson plans: some shared, one in review, one only begun.

use base::Subject;
use documents::{Live, Node};
use records::{Change, Value};

use crate::book::{Book, DemoError, Say};
use crate::last_day;
use crate::office::Office;
use crate::world::World;

/// A step of a lesson: its name, minutes, what the teacher does, the pupils, and the local adult beside them.
type Step = (&'static str, u32, &'static str, &'static str, &'static str);

struct Plan {
    title: &'static str,
    subject: &'static str,
    stage: &'static str,
    grade: &'static str,
    kind: &'static str,
    languages: &'static [&'static str],
    minutes: i32,
    /// Its parts beside the process, several lines each.
    parts: &'static [(&'static str, &'static str)],
    steps: &'static [Step],
    /// How far it came, in order.
    went: &'static [&'static str],
    /// What a reviewer said, about which words, and what became of it.
    comments: &'static [(&'static str, &'static str, &'static str, &'static str)],
}

const PLANS: [Plan; 5] = [
    Plan {
        title: "认识草药 སྨན་རྩྭ་ངོས་འཛིན།",
        subject: "heritage",
        stage: "primary",
        grade: "五年级",
        kind: "outing",
        languages: &["bo", "zh"],
        minutes: 80,
        parts: &[
            (
                "aims",
                "能在校园周围认出三种草药,说出它的藏语名和汉语名。\n会用眼睛和鼻子观察,会画下叶子的形状。\n知道不认识的植物不能放进嘴里。",
            ),
            ("key", "叶、花、根的观察方法。"),
            ("hard", "分清长得相像的植物。"),
            ("materials", "放大镜每组一个;白纸;彩笔;标本夹。"),
            ("board", "看 — 闻 — 画 — 问"),
            ("homework", "请家里的老人说一种草药的名字和用处,记下来。"),
            ("reflection", "学生带来了老人讲的故事,下次多留十分钟。"),
        ],
        steps: &[
            ("准备", 15, "讲安全:不摘、不尝、不离开队伍。分组。", "领工具,复述三条规则。", "点人数,带好水。"),
            ("路上", 10, "边走边问:这种地方为什么长得好?", "看坡向、看水。", "走在队尾。"),
            ("观察", 35, "示范怎样用放大镜,怎样画。", "每组画一种,记下气味和颜色。", "用藏语说名字,讲怎样用。"),
            ("交流", 20, "请三组上来说。", "说名字、说样子、说哪里还不确定。", "纠正读音。"),
        ],
        went: &["reviewing", "reviewed", "taught", "shared"],
        comments: &[("会画下叶子的形状", "再加上“写下看到它的地方”,明年可以再去找。", "taken", "")],
    },
    Plan {
        title: "分数的意义",
        subject: "mathematics",
        stage: "primary",
        grade: "三年级",
        kind: "new_matter",
        languages: &["zh"],
        minutes: 40,
        parts: &[
            ("aims", "知道把一个物体平均分成几份,其中一份是几分之一。\n能用折纸表示二分之一、四分之一、八分之一。"),
            ("key", "平均分。"),
            ("hard", "份数越多,每一份越小。"),
            ("materials", "每人三张正方形纸;糌粑盒一个;线绳一根。"),
            ("board", "1/2 1/4 1/8\n平均分"),
            ("homework", "在家里找一样能平均分的东西,画下来。"),
        ],
        steps: &[
            ("引入", 5, "一盒糌粑两个人分,怎样分才公平?", "说办法。", ""),
            ("探究", 15, "带着折纸,问:折几次,得到几份?", "折、数、涂色。", "看有没有折歪的。"),
            ("练习", 13, "出示六幅图,哪些不是平均分?", "举手判断,说理由。", "记下哪一幅错得多。"),
            ("小结", 7, "问:四分之一和八分之一,哪个大?", "用折纸说明。", ""),
        ],
        went: &["taught", "shared"],
        comments: &[],
    },
    Plan {
        title: "大气压强的实验",
        subject: "physics",
        stage: "junior",
        grade: "八年级",
        kind: "experiment",
        languages: &["zh", "bo"],
        minutes: 45,
        parts: &[
            ("aims", "用实验说明大气有压强。\n知道海拔越高,大气压越小,能解释高原上水不到一百度就开。"),
            ("key", "覆杯实验和瓶吞鸡蛋。"),
            ("hard", "说清力是从哪边来的。"),
            ("materials", "玻璃杯;硬纸片;广口瓶;熟鸡蛋;温度计;电热水壶。"),
            ("board", "大气压 — 海拔 — 沸点"),
            ("homework", "查本校的海拔,估计水的沸点,明天量一量。"),
        ],
        steps: &[
            ("提问", 6, "杯子倒过来,纸会掉吗?", "先写下猜测。", ""),
            ("安全", 4, "热水由老师倒,瓶子拿稳。", "复述。", "守住热水壶。"),
            ("实验", 22, "巡视,只问不答。", "两人一组做覆杯;看瓶吞鸡蛋。", "帮忙拍照。"),
            ("结论", 13, "水在我们这里多少度开?为什么?", "读温度计,说解释。", ""),
        ],
        went: &["reviewing"],
        comments: &[
            ("瓶吞鸡蛋", "火和酒精棉可以换成热水烫瓶,更安全。", "open", ""),
            ("估计水的沸点", "给一张海拔和沸点的表,学生才好估计。", "open", ""),
        ],
    },
    Plan {
        title: "家乡的河",
        subject: "geography",
        stage: "junior",
        grade: "七年级",
        kind: "new_matter",
        languages: &["zh"],
        minutes: 45,
        parts: &[
            ("aims", "在地图上找到家乡的河,说出它从哪里来,到哪里去。\n会读等高线,判断水往哪边流。"),
            ("key", "读等高线。"),
            ("hard", "由地图想到地面的样子。"),
            ("materials", "本县地图;沙盘;水壶。"),
            ("board", "源头 — 支流 — 干流"),
            ("homework", "画一张从学校到最近的河的路线图。"),
        ],
        steps: &[
            ("引入", 5, "上学路上,你过了几座桥?", "数一数。", ""),
            ("探究", 18, "在沙盘上堆一座山,浇水。", "看水怎样汇合。", "在镜头前转动沙盘。"),
            ("练习", 14, "给三幅等高线图。", "画出水流方向。", ""),
            ("小结", 8, "哪里最容易发洪水?", "说理由。", ""),
        ],
        went: &["reviewing", "reviewed"],
        comments: &[("本县地图", "村里的学校没有大地图,我把扫描件放在附件里。", "left", "县里已经发了挂图。")],
    },
    Plan {
        title: "英语对话:问路",
        subject: "english",
        stage: "junior",
        grade: "七年级",
        kind: "practice",
        languages: &["zh", "en"],
        minutes: 45,
        parts: &[
            ("aims", "Ask the way and understand the answer.\n会用 turn left, go straight, next to。"),
            ("key", "三个句型。"),
        ],
        steps: &[
            ("复习", 6, "Words for places in town.", "Say and point.", ""),
            ("示范", 12, "Show a dialogue with the map of the county town.", "Listen, then read in pairs.", ""),
            ("练习", 20, "Give each pair a start and a goal.", "Ask and tell the way.", ""),
            ("改错", 7, "Collect what went wrong.", "Say it again.", ""),
        ],
        went: &[],
        comments: &[],
    },
];

fn paragraphs(text: &str) -> Vec<Node> {
    let of = |line: &str| if line.is_empty() { Vec::new() } else { vec![Node::text(line)] };
    text.split('\n').map(|line| Node::element("paragraph", of(line))).collect()
}

/// The text of a plan, in the form in which the lessons' editor begins one.
fn text(plan: &Plan) -> Vec<Node> {
    let part = |name: &str| {
        let said = plan.parts.iter().find(|(part, _)| *part == name).map_or("", |(_, said)| said);
        Node::element("section", paragraphs(said)).with("part", name)
    };
    let step = |(name, minutes, teacher, pupils, adult): &Step| {
        let stage = Node::element("stage", vec![Node::text(*name)]).with("minutes", minutes.to_string());
        let cell = |column, said| Node::element(column, paragraphs(said));
        Node::element("step", vec![stage, cell("teacher", teacher), cell("pupils", pupils), cell("adult", adult)])
    };
    let process = Node::element("steps", plan.steps.iter().map(step).collect()).with("part", "process");
    let before = ["aims", "key", "hard", "materials"].map(part);
    let after = ["board", "homework", "reflection"].map(part);
    before.into_iter().chain([process]).chain(after).collect()
}

/// Plans of the first two schools: a local teacher leads, somebody posted writes along, the head reviews.
/// Plans the plans; returns that of fractions, which teachers go on with.
pub(crate) fn plan(book: &mut Book, world: &World, office: &Office) -> Result<Option<Subject>, DemoError> {
    let scope = world.programme;
    let mut fractions = None;
    for (n, plan) in PLANS.iter().enumerate() {
        let at = n % 2;
        let nth = |people: &[Subject]| people.get(n / 2).or(people.first()).copied();
        let (Some(locals), Some(posted)) = (office.locals.get(at), office.posted.get(at)) else { continue };
        let (Some(lead), Some(school)) = (nth(locals), world.schools.get(at)) else { continue };
        let mut day = last_day().plus(-55 + 8 * i32::try_from(n).unwrap_or(0));
        let change = Change::new()
            .with_text("title", plan.title)
            .with_text("subject", plan.subject)
            .with_text("stage", plan.stage)
            .with_text("grade", plan.grade)
            .with_text("type", plan.kind)
            .tags("languages", plan.languages)
            .int("minutes", plan.minutes)
            .state("draft");
        let id = book.record("lesson_plan", scope, day, change);
        if plan.subject == "mathematics" {
            fractions = fractions.or(Some(id));
        }
        let chance = u64::try_from(n).unwrap_or(0) + 1;
        let updates = documents::seed(&text(plan), chance)?;
        let written = Live::of(updates.iter().map(Vec::as_slice));
        for update in updates {
            book.update("lesson_plan", "body", scope, id, day, update);
        }
        let reviewer = office.heads.get(at).copied();
        let also = nth(posted).filter(|p| school.had_come(*p, day));
        for (person, part) in [(Some(lead), "lead"), (also, "author"), (reviewer, "reviewer")] {
            let Some(person) = person else { continue };
            let byline = book.name_of(person).to_owned();
            let change = Change::new()
                .with_link("plan", id)
                .with_link("person", person)
                .with_text("byline", byline)
                .with_text("part", part);
            book.record("plan_author", scope, day, change);
        }
        for (quote, said, state, why) in plan.comments {
            let Some(person) = reviewer else { continue };
            let change = Change::new()
                .with_link("plan", id)
                .with_text("quote", *quote)
                .with_text("said", *said)
                .with_link("person", person)
                .with_text("byline", book.name_of(person).to_owned())
                .state("open");
            let change = match written.place(quote, 0) {
                Some(place) => change.with("place", Value::Bytes(place.to_bytes())),
                None => change,
            };
            let change = if *state == "open" { change.with_added("asks", Value::link(&lead)) } else { change };
            let comment = book.record("plan_comment", scope, day.plus(2), change);
            if *state != "open" {
                let change = Change::new().state(state);
                let change = if why.is_empty() { change } else { change.because(why) };
                book.change("plan_comment", scope, comment, day.plus(3), change);
            }
        }
        for state in plan.went {
            day = day.plus(2);
            let mut change = Change::new().state(state);
            if *state == "taught" {
                change = change.day("taught_on", day).with_link("taught_at", school.id);
            }
            book.change("lesson_plan", scope, id, day, change);
        }
    }
    Ok(fractions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_s_steps_take_its_minutes() {
        for plan in &PLANS {
            let sum: u32 = plan.steps.iter().map(|s| s.1).sum();
            assert_eq!(i32::try_from(sum).unwrap(), plan.minutes, "{}", plan.title);
        }
    }

    #[test]
    fn comments_quote_the_text() {
        for plan in &PLANS {
            let text = documents::plain(&text(plan));
            for (quote, ..) in plan.comments {
                assert!(text.contains(quote), "{quote}");
            }
        }
    }
}
