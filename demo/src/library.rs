//! The library: courses of good quality, some that are only shared, one that waits for its reviewers, and their use.

use base::Subject;
use records::Change;

use crate::book::{Book, Say};
use crate::chance::Chance;
use crate::day::Day;
use crate::last_day;
use crate::office::Office;
use crate::world::World;

/// Times that a course was planned for a class, in all.
const USES: usize = 90;

struct Course {
    title: &'static str,
    subject: &'static str,
    stage: &'static str,
    grade: &'static str,
    languages: &'static [&'static str],
    licence: &'static str,
    minutes: i32,
    adult: bool,
    about: &'static str,
    state: &'static str,
    /// Unit, title and text of each part.
    parts: &'static [(&'static str, &'static str, &'static str)],
}

const COURSES: [Course; 12] = [
    Course {
        title: "校园周围的草药",
        subject: "heritage",
        stage: "primary",
        grade: "五、六年级",
        languages: &["bo", "zh"],
        licence: "cc_by",
        minutes: 160,
        adult: true,
        about: "两节室外课:怎样看、怎样画、怎样问。需要一位认识本地植物的大人。",
        state: "published",
        parts: &[
            ("第一课 看", "出发之前", "三条规则:不摘,不尝,不离开队伍。每组一名同学带放大镜,一名同学记录。"),
            (
                "第一课 看",
                "观察单",
                "在哪里看到:\n有多高:\n叶子是什么样子(画下来):\n花是什么颜色:\n闻起来:\n大人说它叫:",
            ),
            ("第二课 问", "问家里的老人", "你小时候生病用过什么草?\n它长在哪里?\n什么时候采?\n哪些草不能碰?"),
        ],
    },
    Course {
        title: "分数从折纸开始",
        subject: "mathematics",
        stage: "primary",
        grade: "三年级",
        languages: &["zh"],
        licence: "cc_by_sa",
        minutes: 120,
        adult: false,
        about: "三节课,只用纸和线绳。每节课后面有十道口答题。",
        state: "published",
        parts: &[
            ("第一课 平均分", "做一做", "把一张正方形纸对折,再对折。打开,数一数有几份。每一份一样大吗?"),
            ("第一课 平均分", "口答", "1. 一个饼平均分给四个人,每人得多少?\n2. 一根绳子剪成三段,一定是三分之一吗?"),
            ("第二课 比大小", "做一做", "折出二分之一和八分之一,叠在一起比一比。"),
            ("第三课 合起来", "做一做", "四分之一和四分之二合起来是多少?用折纸摆一摆。"),
        ],
    },
    Course {
        title: "高原上的水为什么不到一百度就开",
        subject: "physics",
        stage: "junior",
        grade: "八年级",
        languages: &["zh", "bo"],
        licence: "cc_by",
        minutes: 45,
        adult: true,
        about: "一节实验课。器材是水壶和温度计。热水由大人看管。",
        state: "published",
        parts: &[
            (
                "",
                "实验步骤",
                "1. 量室温。\n2. 烧水,每分钟读一次温度计。\n3. 水翻滚以后再读三次。\n4. 和海平面的一百度比较。",
            ),
            ("", "海拔和沸点", "0 米:100 度\n1000 米:约 97 度\n3000 米:约 90 度\n3650 米:约 88 度\n4500 米:约 85 度"),
        ],
    },
    Course {
        title: "藏文三十个字母",
        subject: "tibetan",
        stage: "primary",
        grade: "一年级",
        languages: &["bo"],
        licence: "cc_by_sa",
        minutes: 240,
        adult: false,
        about: "六节课,每节五个字母:认、读、写、找。",
        state: "published",
        parts: &[
            ("第一课", "ཀ ཁ ག ང ཅ", "ཀ ཁ ག ང ཅ\n先听,再跟读,再在沙盘上写。"),
            ("第二课", "ཆ ཇ ཉ ཏ ཐ", "ཆ ཇ ཉ ཏ ཐ\n在课本里找到每个字母,圈出来。"),
            ("第三课", "ད ན པ ཕ བ", "ད ན པ ཕ བ"),
            ("第四课", "མ ཙ ཚ ཛ ཝ", "མ ཙ ཚ ཛ ཝ"),
            ("第五课", "ཞ ཟ འ ཡ ར", "ཞ ཟ འ ཡ ར"),
            ("第六课", "ལ ཤ ས ཧ ཨ", "ལ ཤ ས ཧ ཨ\n三十个字母连起来唱一遍。"),
        ],
    },
    Course {
        title: "复式班的一节语文课",
        subject: "chinese",
        stage: "primary",
        grade: "二、四年级",
        languages: &["zh"],
        licence: "programme",
        minutes: 40,
        adult: false,
        about: "两个年级在一间教室:动静搭配的课时表和两份任务单。",
        state: "published",
        parts: &[
            (
                "",
                "课时表",
                "0–10 分钟:二年级听讲,四年级预习。\n10–25 分钟:四年级听讲,二年级写字。\n25–35 分钟:两个年级互相朗读。\n35–40 分钟:收任务单。",
            ),
            ("", "二年级任务单", "把带“木”的字写三遍,再用其中一个说一句话。"),
            ("", "四年级任务单", "给课文的每一段起一个小标题。"),
        ],
    },
    Course {
        title: "家乡的河:从沙盘到地图",
        subject: "geography",
        stage: "junior",
        grade: "七年级",
        languages: &["zh"],
        licence: "cc_by",
        minutes: 90,
        adult: false,
        about: "沙盘、等高线、流向。一桶沙就能上。",
        state: "published",
        parts: &[
            ("", "堆一座山", "用沙堆出一座山,在半山腰划一圈线,再从上面看:线是什么形状?"),
            ("", "水往哪里流", "浇一杯水,在纸上画出水走过的路。"),
        ],
    },
    Course {
        title: "Asking the way",
        subject: "english",
        stage: "junior",
        grade: "七年级",
        languages: &["en", "zh"],
        licence: "cc_by",
        minutes: 45,
        adult: false,
        about: "A lesson of speaking in pairs, with the map of a small town.",
        state: "published",
        parts: &[
            (
                "",
                "Three questions",
                "Excuse me, where is the school?\nHow can I get to the clinic?\nIs it far from here?",
            ),
            (
                "",
                "Cards for pairs",
                "A: You are at the bridge. You want to go to the post office.\nB: You know the town. Tell the way.",
            ),
        ],
    },
    Course {
        title: "酸和碱:用紫甘蓝做指示剂",
        subject: "chemistry",
        stage: "junior",
        grade: "九年级",
        languages: &["zh"],
        licence: "cc_by_nc",
        minutes: 45,
        adult: true,
        about: "没有实验室也能上。需要大人看管热水。",
        state: "shared",
        parts: &[("", "步骤", "紫甘蓝切碎,热水泡十分钟,滤出汁。分别滴入醋、小苏打水、肥皂水,记下颜色。")],
    },
    Course {
        title: "课间十分钟:高原体育游戏",
        subject: "sport",
        stage: "primary",
        grade: "全校",
        languages: &["zh", "bo"],
        licence: "cc0",
        minutes: 10,
        adult: false,
        about: "不剧烈、不用器材的六个游戏。",
        state: "shared",
        parts: &[("", "抛石子", "五颗石子,抛一颗,抓一颗,再接住。轮流,数一数能抓几颗。")],
    },
    Course {
        title: "认识情绪",
        subject: "mental_health",
        stage: "junior",
        grade: "七年级",
        languages: &["zh"],
        licence: "cc_by",
        minutes: 45,
        adult: false,
        about: "一节班会课:说出自己的感受,听别人说。不打分,不留记录。",
        state: "shared",
        parts: &[("", "情绪卡", "高兴、难过、害怕、生气、想家。选一张,可以说,也可以不说。")],
    },
    Course {
        title: "校园广播怎样做",
        subject: "computing",
        stage: "vocational",
        grade: "",
        languages: &["zh"],
        licence: "cc_by",
        minutes: 90,
        adult: false,
        about: "选题、写稿、录音、剪接。",
        state: "submitted",
        parts: &[
            ("", "一分钟新闻", "谁、在哪里、什么时候、做了什么、为什么。五句话,读出来不超过一分钟。"),
            ("", "录音之前", "关上窗,手机静音,离话筒一拳远。先录十秒听一听。"),
        ],
    },
    Course {
        title: "古诗两首(旧版)",
        subject: "chinese",
        stage: "primary",
        grade: "三年级",
        languages: &["zh"],
        licence: "programme",
        minutes: 40,
        adult: false,
        about: "",
        state: "withdrawn",
        parts: &[("", "课文", "教材改版,请用新的一课。")],
    },
];

/// Calls, the courses, and the classes that they were planned for.
pub(crate) fn plan(book: &mut Book, world: &World, office: &Office, chance: &mut Chance) -> Option<Subject> {
    let scope = world.programme;
    let call = |title: &str, sought: &str, opens: Day| {
        Change::new()
            .with_text("title", title)
            .with_text("sought", sought)
            .day("opens_on", opens)
            .day("closes_on", opens.plus(45))
            .state("open")
    };
    let first = last_day().plus(-230);
    let past =
        book.record("call", scope, first, call("复式班和小规模学校的课", "两个年级以上同堂、器材少的课。", first));
    book.change("call", scope, past, first.plus(46), Change::new().state("reviewing"));
    let told = Change::new().state("announced").with_text("results", "两门课评为优质课程,已进入资源库。");
    book.change("call", scope, past, first.plus(75), told);
    let open = last_day().plus(-20);
    book.record("call", scope, open, call("室外课和实验课", "在校园周围、用身边材料上的课,藏语、汉语都可以。", open));

    let mut good = Vec::new();
    for (n, course) in COURSES.iter().enumerate() {
        let Some((id, day)) = one(book, world, office, (n, course), (n == 4 || n == 5).then_some(past)) else {
            continue;
        };
        if course.state == "published" {
            good.push((id, day));
        }
    }
    uses(book, world, &good, chance);
    good.first().map(|(id, _)| *id)
}

/// A course with its parts and reviews; when it got as far as it did.
fn one(
    book: &mut Book,
    world: &World,
    office: &Office,
    (n, course): (usize, &Course),
    call: Option<Subject>,
) -> Option<(Subject, Day)> {
    let scope = world.programme;
    let school = n % 2;
    let makers = office.locals.get(school)?;
    let lead = *makers.get(n / 2 % makers.len().max(1))?;
    let mut day = last_day().plus(-180 + 12 * i32::try_from(n).unwrap_or(0));
    let mut change = Change::new()
        .with_text("title", course.title)
        .with_text("subject", course.subject)
        .with_text("stage", course.stage)
        .tags("languages", course.languages)
        .with_text("licence", course.licence)
        .int("minutes", course.minutes)
        .state("draft");
    for (field, text) in [("grade", course.grade), ("about", course.about)] {
        change = change.maybe(field, (!text.is_empty()).then_some(text));
    }
    if course.adult {
        change = change.yes("adult_needed");
    }
    if let Some(call) = call {
        change = change.with_link("call", call);
    }
    let id = book.record("course", scope, day, change);
    let at = world.schools.get(school)?;
    let also = office.posted.get(school)?.get(n / 2).copied().filter(|p| at.had_come(*p, day));
    for (person, part) in [(Some(lead), "lead"), (also, "author")] {
        let Some(person) = person else { continue };
        hand(book, world, id, (person, part), day);
    }
    for (place, (unit, title, text)) in (1..).zip(course.parts) {
        let change = Change::new()
            .with_text("title", *title)
            .with_link("course", id)
            .maybe("unit", (!unit.is_empty()).then_some(*unit))
            .int("place", place * 10)
            .with_text("form", "text")
            .with_text("text", *text);
        book.record("resource", scope, day, change);
    }
    let step =
        |book: &mut Book, day: Day, state: &str| book.change("course", scope, id, day, Change::new().state(state));
    match course.state {
        "shared" => step(book, day.plus(1), "shared"),
        "withdrawn" => {
            step(book, day.plus(1), "shared");
            let why = Change::new().state("withdrawn").because("教材改版。");
            book.change("course", scope, id, day.plus(30), why);
        }
        "submitted" => {
            step(book, day.plus(2), "submitted");
            hand(book, world, id, (*office.heads.get(school)?, "reviewer"), day.plus(3));
        }
        _ => {
            step(book, day.plus(2), "submitted");
            for (person, said) in [
                (office.officers[0], "步骤清楚,换一所学校也能上。"),
                (*office.heads.get(1 - school)?, "试上过,时间够。"),
            ] {
                let change = Change::new()
                    .with_link("course", id)
                    .with_text("verdict", "ready")
                    .with_text("said", said)
                    .with_link("person", person)
                    .with_text("byline", book.name_of(person).to_owned());
                book.record("course_review", scope, day.plus(9), change);
            }
            step(book, day.plus(10), "reviewed");
            day = day.plus(12);
            step(book, day, "published");
        }
    }
    Some((id, day))
}

fn hand(book: &mut Book, world: &World, course: Subject, (person, part): (Subject, &str), day: Day) {
    let change = Change::new()
        .with_link("course", course)
        .with_link("person", person)
        .with_text("byline", book.name_of(person).to_owned())
        .with_text("part", part);
    book.record("course_hand", world.programme, day, change);
}

/// Classes that courses were planned for; most were held.
fn uses(book: &mut Book, world: &World, courses: &[(Subject, Day)], chance: &mut Chance) {
    for _ in 0..USES {
        let (Some((course, from)), Some(school)) = (chance.pick(courses).copied(), chance.pick(&world.schools)) else {
            continue;
        };
        let day = chance.school_day(from.plus(3), last_day().plus(30));
        let planned = day.plus(-chance.between(1, 5)).min(last_day());
        let change = Change::new()
            .with_link("course", course)
            .with_link("school", school.id)
            .day("used_on", day)
            .with_text("class", chance.word(&["一班", "二班", "三班", "复式班"]))
            .state("planned");
        let id = book.record("course_use", school.scope, planned, change);
        if day >= last_day() {
            continue;
        }
        let (state, how) = match chance.below(10) {
            0 => ("dropped", None),
            1..=3 => ("used", Some("adapted")),
            _ => ("used", Some("as_it_is")),
        };
        book.change("course_use", school.scope, id, day, Change::new().state(state).maybe("how", how));
    }
}
