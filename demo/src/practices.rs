//! Practices that schools passed on to the schools round them, and what became of them there.

use base::Subject;
use records::Change;

use crate::book::{Book, Say};
use crate::chance::Chance;
use crate::day::Day;
use crate::last_day;
use crate::world::World;

struct Practice {
    zh: &'static str,
    en: &'static str,
    kind: &'static str,
    about: &'static str,
    evidence: &'static str,
    /// Of a hundred schools that saw it, those that took it up.
    taken: usize,
    changed: &'static str,
}

const PRACTICES: [Practice; 6] = [
    Practice {
        zh: "复式班任务卡",
        en: "Task cards for classes of two grades",
        kind: "teaching",
        about: "一个年级听讲时，另一个年级照卡片做：一张卡一件事，做完自己核对。卡片用旧纸盒做，一套二十张。",
        evidence: "三个月里，等待时间由每节课约十五分钟减到五分钟（记在教案反思里）。",
        taken: 80,
        changed: "卡片加了藏语提示和图。",
    },
    Practice {
        zh: "药草标本角",
        en: "A corner of pressed herbs",
        kind: "heritage",
        about: "每个班认养五种校园周围的药草，压成标本，写藏语、汉语名字和看到它的地方。请家里老人来讲一次。",
        evidence: "学生能说出名字的药草由三种增加到十二种。",
        taken: 65,
        changed: "改成每班一本可翻的标本册，下乡时带走。",
    },
    Practice {
        zh: "周三集体备课",
        en: "Preparing together on Wednesdays",
        kind: "management",
        about: "周三下午第三节不排课，同学科老师一起看一份初稿，各写各的教案。",
        evidence: "本学期共备三十一课，每课至少两人改过。",
        taken: 70,
        changed: "路远的学校改为隔周，另一周网上进行。",
    },
    Practice {
        zh: "先藏语说题意",
        en: "The task in Tibetan first",
        kind: "teaching",
        about: "应用题先用藏语说清在问什么，再用汉语列式、作答。",
        evidence: "看错题的错误少了约三分之一（两个班，各四次作业）。",
        taken: 60,
        changed: "先请一名学生用藏语转述，再一起读题。",
    },
    Practice {
        zh: "板书照片互看",
        en: "Looking at each other's blackboards",
        kind: "teaching",
        about: "每月拍一次自己的板书，放进团队的文件里，只看板书，不看人。",
        evidence: "",
        taken: 45,
        changed: "",
    },
    Practice {
        zh: "值周表上墙",
        en: "The week's duties on the wall",
        kind: "management",
        about: "一张大表写明一周的开门、烧水、晚自习、校车接送，由谁做，谁顶替。",
        evidence: "忘记开门的事没有再发生。",
        taken: 75,
        changed: "",
    },
];

pub(crate) fn plan(book: &mut Book, world: &World, chance: &mut Chance) {
    let scope = world.programme;
    for (practice, school) in PRACTICES.iter().zip(&world.schools) {
        let since = last_day().plus(-chance.between(700, 1000));
        let mut change = Change::new()
            .with_text("name", practice.zh)
            .names("names", &[("en", practice.en.to_owned())])
            .with_text("kind", practice.kind)
            .with_link("origin", school.id)
            .day("since_on", since)
            .with_text("about", practice.about)
            .state("proposed");
        if !practice.evidence.is_empty() {
            change = change.with_text("evidence", practice.evidence);
        }
        let id = book.record("practice", scope, since.plus(60), change);
        book.change("practice", scope, id, since.plus(75), Change::new().state("shared"));
        let round = school.outlying.iter().map(|o| o.id);
        let others = world.schools.iter().filter(|s| s.id != school.id && chance.percent(25)).map(|s| s.id);
        for place in round.chain(others).collect::<Vec<_>>() {
            at_school(book, world, chance, (id, practice), (school.id, place), since.plus(90));
        }
    }
}

fn at_school(
    book: &mut Book,
    world: &World,
    chance: &mut Chance,
    (id, practice): (Subject, &Practice),
    (from, place): (Subject, Subject),
    first: Day,
) {
    let scope = world.programme;
    let day = chance.school_day(first, last_day().plus(-30));
    let shown = Change::new()
        .with_link("practice", id)
        .with_link("school", place)
        .with_link("shown_by", from)
        .day("shown_on", day)
        .state("shown");
    let row = book.record("practice_school", scope, day, shown);
    let mut then = |day: Day, change: Change| {
        if day <= last_day() {
            book.change("practice_school", scope, row, day, change);
        }
        day <= last_day()
    };
    let adopted = day.plus(chance.between(7, 60));
    if !chance.percent(practice.taken) || !then(adopted, Change::new().state("adopted").day("adopted_on", adopted)) {
        return;
    }
    let adapted = adopted.plus(chance.between(20, 120));
    if !practice.changed.is_empty() && chance.percent(35) {
        let change = Change::new().state("adapted").day("adapted_on", adapted).with_text("how", practice.changed);
        then(adapted, change);
    }
    let later = adapted.plus(chance.between(60, 200));
    match chance.below(10) {
        0 => {
            then(later, Change::new().state("dropped").day("dropped_on", later));
        }
        1..=5 => {
            then(later, Change::new().day("seen_on", later));
        }
        _ => {}
    }
}
