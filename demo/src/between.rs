//! What people of the two schools with a box agreed, wrote and chose: pairings with what is between the two.

use base::{Scope, Subject};
use records::Change;

use crate::book::{Book, Say};
use crate::day::Day;
use crate::last_day;
use crate::world::{School, World};

/// Schools whose people can be looked at.
const SCHOOLS: usize = 2;

/// A pairing with its people, and the lessons that were agreed.
struct Pair<'a> {
    school: &'a School,
    sort: &'static str,
    master: Subject,
    apprentice: Subject,
    subject: Option<&'static str>,
    goals: &'static str,
    /// Lessons a term that the master observes and the apprentice attends.
    agreed: (i32, i32),
}

/// A session: days after the first day, whether the master wrote it, what was said, and the next step.
type Session = (i32, bool, &'static str, &'static str);

const YEAR: [Session; 5] = [
    (6, true, "第一次交流:一起看了分数单元的教材,说好先从“平均分”的引入改起。", "下周二听第一节课"),
    (27, false, "试了折纸引入,学生动手快,但说不清“几份里的一份”。", "练习让学生先说再写"),
    (61, true, "复式班的时间安排好多了:一个年级动手时,另一个年级听讲。", "把两个年级的自动作业各备三份"),
    (118, false, "第一次独立上完整个单元。单元后测比上学期清楚。", "整理错题,期末前再看一次"),
    (190, true, "讨论了公开课的设计,藏语关键词先贴出来。", "十月上汇报课"),
];
const NEW: [Session; 2] = [
    (5, true, "认了三十个教室里常用的藏语词,说好每天用五个。", "下次用藏语点名"),
    (23, false, "用藏语点了名,学生笑了,也帮我纠正。", "学会问“懂了吗”和两种回答"),
];
const PAST: [Session; 3] = [
    (8, true, "说了班级常规:进门、小组、收作业。", "先定三条,不多"),
    (64, false, "家访两户,回来一起理了要点。", "每两周家访一户"),
    (140, true, "看了作业批改,改成当堂面批一半。", "下学期自己带一次教研"),
];

/// Writes them. Returns how many of the pairings were ever active.
pub(crate) fn plan(book: &mut Book, world: &World) -> usize {
    world.schools.iter().take(SCHOOLS).filter_map(|school| at(book, school)).sum()
}

fn at(book: &mut Book, school: &School) -> Option<usize> {
    // The first of the school's own is its head.
    let own: Vec<Subject> = school.locals.iter().filter(|l| l.central).skip(1).map(|l| l.id).take(6).collect();
    let [learner, speaker, elder, younger, herbs, newcomer] = own.try_into().ok()?;
    let posted = school.posted_on(last_day(), 0);
    let (first, second) = (posted.first()?, posted.get(1)?);
    let pair = |sort, master, apprentice, subject, goals, agreed| Pair {
        school,
        sort,
        master,
        apprentice,
        subject,
        goals,
        agreed,
    };
    // A guest and a local teacher, well on their way.
    let goals = "独立承担一个年级的数学;每月互相听课,每次约定一个下一步;期末上一节汇报课。";
    let from = first.from.plus(12).max(last_day().plus(-230));
    let going = pair("master_apprentice", first.person, learner, Some("mathematics"), goals, (8, 10));
    let id = begin(book, &going, from);
    write(book, &going, id, from, &YEAR);
    lessons(
        book,
        &going,
        id,
        from,
        &[
            ("observed", 13),
            ("attended", 15),
            ("observed", 40),
            ("attended", 75),
            ("observed", 150),
            ("attended", 170),
            ("attended", 180),
            ("observed", 205),
            ("attended", 212),
            ("observed", 221),
        ],
    );
    for person in [first.person, learner] {
        book.hand(Some(person));
        let fit = about(id, person).with_text("fit", "well");
        book.record("pair_fit", Scope::Pair(id), (from.plus(10)).min(last_day()), fit);
    }

    // The other way round: a guest learns Tibetan from a local teacher.
    let from = second.from.plus(9).max(last_day().plus(-40));
    let goals = "能用藏语组织课堂、点名、提问;每周学十个常用词。";
    let other = pair("subject", speaker, second.person, Some("tibetan"), goals, (4, 6));
    let id = begin(book, &other, from);
    write(book, &other, id, from, &NEW);
    lessons(book, &other, id, from, &[("attended", 8)]);

    // Two of the school's own, at the end of their year.
    let from = last_day().plus(-410);
    let goals = "尽快站稳讲台:班级常规、教材与作业、家校沟通;每两周共同备一节课。";
    let past = pair("new_old", elder, younger, None, goals, (4, 8));
    let id = begin(book, &past, from);
    write(book, &past, id, from, &PAST);
    lessons(
        book,
        &past,
        id,
        from,
        &[("observed", 20), ("attended", 33), ("attended", 90), ("observed", 200), ("closing", 330)],
    );
    let end = from.plus(345);
    for (person, said) in [
        (elder, "她从怕进教室到能自己带一次教研,主要靠每周先把课讲一遍。我也学会了少说一点。"),
        (younger, "常规定下来以后,课上有时间看每一个学生了。还想继续互相听课,每学期两次。"),
    ] {
        book.hand(Some(person));
        let review = about(id, person).with_text("what", "review").day("held_on", end.plus(-3)).with_text("said", said);
        book.record("pair_note", Scope::Pair(id), end.plus(-3), review);
    }
    book.hand(Some(elder));
    book.change("pairing", school.scope, id, end, Change::new().state("closed").day("ended_on", end));

    // One that waits for the second signature.
    book.hand(None);
    let invited = last_day().plus(-4);
    let asked = pair("course", first.person, herbs, Some("heritage"), "共同承担校本药草课,结束后能独立开课。", (4, 6));
    let id = book.record("pairing", school.scope, invited, agreement(&asked));
    sign(book, id, first.person, invited.plus(1));

    choices(book, school, [speaker, elder, herbs, newcomer], [first.person, second.person]);
    Some(3)
}

/// Who would guide and who would learn.
fn choices(book: &mut Book, school: &School, own: [Subject; 4], posted: [Subject; 2]) {
    let [speaker, elder, herbs, newcomer] = own;
    let day = last_day().plus(-18);
    let one = |person, sort: &str, subject: Option<&str>, said: &str| {
        Change::new()
            .with_link("person", person)
            .with_link("school", school.id)
            .with_text("kind", sort)
            .maybe("subject", subject)
            .with_text("about", said)
    };
    let mut first = None;
    for (person, sort, subject, said, capacity) in [
        (posted[0], "master_apprentice", Some("mathematics"), "小学数学单元设计、复式教学的时间安排", 5),
        (posted[1], "master_apprentice", Some("science"), "用本地素材做科学实验", 4),
        (speaker, "subject", Some("tibetan"), "课堂藏语、双语讲关键词", 5),
        (elder, "new_old", None, "班级常规、家访、第一次带班", 4),
    ] {
        book.hand(Some(person));
        let offer = one(person, sort, subject, said).int("capacity", capacity);
        let offer = book.record("pair_offer", school.scope, day, offer);
        first.get_or_insert(offer);
    }
    for (person, sort, subject, said, of) in [
        (herbs, "master_apprentice", Some("science"), "想学怎样让学生自己动手做实验", None),
        (newcomer, "master_apprentice", None, "想学复式班的时间安排", first),
        (newcomer, "new_old", None, "第一次当班主任,想有人带", None),
    ] {
        book.hand(Some(person));
        let wish = one(person, sort, subject, said);
        let wish = if let Some(offer) = of { wish.with_link("offer", offer) } else { wish };
        book.record("pair_wish", school.scope, day.plus(3), wish);
    }
    book.hand(None);
}

fn agreement(pair: &Pair<'_>) -> Change {
    Change::new()
        .with_text("kind", pair.sort)
        .with_link("master", pair.master)
        .with_link("apprentice", pair.apprentice)
        .with_link("school", pair.school.id)
        .maybe("subject", pair.subject)
        .with_text("goals", pair.goals)
        .int("observes", pair.agreed.0)
        .int("attends", pair.agreed.1)
        .int("months", 12)
}

fn about(pairing: Subject, person: Subject) -> Change {
    Change::new().with_link("pairing", pairing).with_link("person", person)
}

fn sign(book: &mut Book, pairing: Subject, person: Subject, day: Day) {
    book.hand(Some(person));
    book.record("pair_signature", Scope::Pair(pairing), day, about(pairing, person).day("signed_on", day));
    book.hand(None);
}

/// Proposed, signed by each of the two, and begun on a day.
fn begin(book: &mut Book, pair: &Pair<'_>, day: Day) -> Subject {
    let scope = pair.school.scope;
    book.hand(None);
    let id = book.record("pairing", scope, day.plus(-8), agreement(pair));
    sign(book, id, pair.apprentice, day.plus(-6));
    sign(book, id, pair.master, day.plus(-5));
    book.hand(Some(pair.master));
    let signed = Change::new().state("signed").day("master_signed_on", day.plus(-5));
    book.change("pairing", scope, id, day.plus(-5), signed.day("apprentice_signed_on", day.plus(-6)));
    book.change("pairing", scope, id, day, Change::new().state("active").day("active_from", day));
    book.hand(None);
    id
}

fn write(book: &mut Book, pair: &Pair<'_>, id: Subject, from: Day, sessions: &[Session]) {
    for (after, by_master, said, step) in sessions.iter().filter(|s| from.plus(s.0) <= last_day()) {
        let person = if *by_master { pair.master } else { pair.apprentice };
        let day = from.plus(*after);
        let note = about(id, person)
            .with_text("what", "session")
            .day("held_on", day)
            .with_text("said", *said)
            .with_text("next_step", *step);
        book.hand(Some(person));
        book.record("pair_note", Scope::Pair(id), day, note);
    }
    book.hand(None);
}

fn lessons(book: &mut Book, pair: &Pair<'_>, id: Subject, from: Day, held: &[(&str, i32)]) {
    for (what, after) in held.iter().filter(|h| from.plus(h.1) <= last_day()) {
        let person = if *what == "attended" { pair.apprentice } else { pair.master };
        let day = from.plus(*after);
        let lesson = about(id, person).with_text("what", *what).day("held_on", day).maybe("subject", pair.subject);
        book.hand(Some(person));
        book.record("pair_lesson", pair.school.scope, day, lesson);
    }
    book.hand(None);
}
