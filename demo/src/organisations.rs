//! The programme, its organisations and its cohorts.

use base::Scope;
use records::Change;

use crate::book::{Book, Say};
use crate::chance::Chance;
use crate::day::Day;
use crate::last_day;
use crate::places::{OTHER_UNITS, PLACES, Place, TOWNSHIPS};
use crate::world::{Cohort, Outlying, School, Unit, World};

const KIND: &str = "organisation";

pub(crate) fn plan(book: &mut Book, programme: Scope, chance: &mut Chance) -> World {
    let day = Day::on(2016, 6, 6);
    let programme_record = book.record(
        "programme",
        programme,
        day,
        Change::new()
            .state("running")
            .with_text("title", "教育人才组团式支援（演示）")
            .names("titles", &[("en", "Group Support for Schools (demonstration)".to_owned())])
            .with_text(
                "purpose",
                "各派出单位组团选派教师和管理人员，支持受援学校，并带动周边学校。本项目的全部数据均为虚构，不能作为已公布数字的依据。",
            )
            .with_text("zone", "Asia/Shanghai")
            .tags("languages", &["zh", "bo", "en"])
            .yes("demonstration"),
    );
    let authority = book.record(
        KIND,
        programme,
        day,
        named("项目办公室", "Programme Office").with_text("kind", "authority").with_text("place", "拉萨市"),
    );
    let units = units(book, programme, day);
    let schools = schools(book, programme, chance);
    let cohorts = cohorts(book, programme);
    World { programme, programme_record, authority, schools, units, cohorts }
}

fn named(zh: &str, en: &str) -> Change {
    Change::new().with_text("name", zh).names("names", &[("en", en.to_owned())])
}

fn units(book: &mut Book, programme: Scope, day: Day) -> Vec<Unit> {
    let mut units = Vec::new();
    for (i, place) in PLACES.iter().enumerate() {
        for (zh, en, key, kind) in place.senders {
            let name = format!("{zh}教育支援工作队");
            let change = named(&name, &format!("{en} Education Support Team"))
                .with_text("kind", "assisting_unit")
                .with_text("region", *zh)
                .with_text("region_kind", *kind)
                .with_text("sort_key", *key);
            let id = book.record(KIND, programme, day, change);
            units.push(Unit { id, zh: name, place: Some(i) });
        }
    }
    for (zh, en, key) in OTHER_UNITS {
        let change = named(zh, en)
            .with_text("kind", "assisting_unit")
            .with_text("region", zh)
            .with_text("region_kind", "unit")
            .with_text("sort_key", key);
        let id = book.record(KIND, programme, day, change);
        units.push(Unit { id, zh: zh.to_owned(), place: None });
    }
    units
}

/// The supported schools in the order in which they joined, each with its outlying schools.
fn schools(book: &mut Book, programme: Scope, chance: &mut Chance) -> Vec<School> {
    let first = Day::on(2016, 6, 13);
    let mut schools = Vec::new();
    for (place_number, place) in PLACES.iter().enumerate() {
        let mut townships = chance.some(&TOWNSHIPS, TOWNSHIPS.len()).into_iter();
        for (number, (zh, en, stages)) in (1..).zip(place.schools) {
            // The last place's last school joined with the second cohort.
            let last = place_number + 1 == PLACES.len() && number == place.schools.len();
            let since = if last { Day::on(2019, 5, 13) } else { first };
            let zh = format!("{}{zh}", place.zh);
            let change = Change::new()
                .with_text("name", &*zh)
                .names("names", &[("en", format!("{} {en}", place.en)), ("bo", bo(place, number))])
                .with_text("kind", "supported_school")
                .with_text("region", place.zh)
                .with_text("region_kind", "prefecture")
                .with_text("place", place.zh)
                .tags("stages", stages);
            let id = book.record(KIND, programme, since, change);
            let mut school = School {
                id,
                scope: Scope::School(id),
                place: place_number,
                zh,
                stages,
                since,
                outlying: Vec::new(),
                locals: Vec::new(),
                stints: Vec::new(),
                teams: Vec::new(),
            };
            let count = usize::try_from(chance.between(3, 6)).unwrap_or(3);
            for (zh, en) in townships.by_ref().take(count) {
                school.outlying.push(outlying(book, programme, chance, place, &school, (zh, en)));
            }
            schools.push(school);
        }
    }
    schools
}

/// The place, the word for school, and a number.
fn bo(place: &Place, number: usize) -> String {
    let digit = u32::try_from(number).ok().and_then(|n| char::from_u32(0x0F20 + n)).unwrap_or('༠');
    format!("{}་སློབ་གྲྭ་ {digit}", place.bo)
}

fn outlying(
    book: &mut Book,
    programme: Scope,
    chance: &mut Chance,
    place: &Place,
    school: &School,
    (zh, en): (&str, &str),
) -> Outlying {
    let forms: [(&str, &str, &[&str]); 4] = [
        ("乡小学", "Township Primary School", &["primary"]),
        ("镇中心小学", "Town Central Primary School", &["kindergarten", "primary"]),
        ("乡教学点", "Township Teaching Point", &["primary"]),
        ("镇初级中学", "Town Junior Secondary School", &["junior"]),
    ];
    let (form_zh, form_en, stages) = chance.pick(&forms).copied().unwrap_or(("小学", "Primary School", &[]));
    let name = format!("{}{zh}{form_zh}", place.zh);
    let change = named(&name, &format!("{} {en} {form_en}", place.en))
        .with_text("kind", "outlying_school")
        .with_link("parent", school.id)
        .with_text("region", place.zh)
        .with_text("region_kind", "prefecture")
        .with_text("place", format!("{}{zh}", place.zh))
        .tags("stages", stages);
    Outlying { id: book.record(KIND, programme, school.since, change), zh: name }
}

struct Window {
    title: &'static str,
    title_en: &'static str,
    made: Day,
    opens: Day,
    closes: Day,
    terms: (i32, i32),
    selected_by: &'static str,
    plan: &'static str,
}

fn cohorts(book: &mut Book, programme: Scope) -> Vec<Cohort> {
    let windows = [
        Window {
            title: "第一批（2016—2018）",
            title_en: "First cohort (2016–2018)",
            made: Day::on(2016, 6, 20),
            opens: Day::on(2016, 8, 1),
            closes: Day::on(2019, 7, 31),
            terms: (24, 36),
            selected_by: "各派出单位教育部门",
            plan: "首批方案：成建制组团，一队对一校",
        },
        Window {
            title: "第二批（2019—2022）",
            title_en: "Second cohort (2019–2022)",
            made: Day::on(2019, 3, 11),
            opens: Day::on(2019, 8, 1),
            closes: Day::on(2022, 7, 31),
            terms: (24, 36),
            selected_by: "各派出单位教育部门",
            plan: "调整方案：按学校需求选派，师徒结对写入任务",
        },
        Window {
            title: "第三批（2022—2027）",
            title_en: "Third cohort (2022–2027)",
            made: Day::on(2022, 3, 14),
            opens: Day::on(2022, 8, 1),
            closes: Day::on(2027, 7, 31),
            terms: (24, 36),
            selected_by: "派出单位与受援学校共同选定",
            plan: "滚动方案：每年轮换，离任后线上继续带教",
        },
        Window {
            title: "第四批（2027—2030）",
            title_en: "Fourth cohort (2027–2030)",
            made: Day::on(2026, 9, 21),
            opens: Day::on(2027, 8, 1),
            closes: Day::on(2030, 7, 31),
            terms: (24, 36),
            selected_by: "派出单位与受援学校共同选定",
            plan: "筹备中",
        },
    ];
    let mut cohorts = Vec::new();
    for (ordinal, w) in (1..).zip(windows) {
        let change = Change::new()
            .with_text("title", w.title)
            .names("titles", &[("en", w.title_en.to_owned())])
            .int("ordinal", ordinal)
            .day("opens_on", w.opens)
            .day("closes_on", w.closes)
            .int("term_months", w.terms.0)
            .int("leader_term_months", w.terms.1)
            .with_text("selected_by", w.selected_by)
            .with_text("plan", w.plan);
        let id = book.record("cohort", programme, w.made, change);
        for (day, state) in [(w.opens, "open"), (w.closes.plus(14), "closed")] {
            if day <= last_day() {
                book.change("cohort", programme, id, day, Change::new().state(state));
            }
        }
        cohorts.push(Cohort { id, closes: w.closes });
    }
    cohorts
}
