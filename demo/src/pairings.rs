//! Who learned from whom: 2,518 relationships, renewals merged.

use std::collections::BTreeSet;

use base::Subject;
use records::Change;

use crate::between;
use crate::book::{Book, Say};
use crate::chance::Chance;
use crate::day::Day;
use crate::last_day;
use crate::world::{Local, School, World};

/// Pairings that ever reached active, renewals merged, of all kinds.
pub const PAIRINGS: usize = 2518;
/// Further records that renew one of them.
pub const RENEWALS: usize = 310;
/// Pairings that somebody was invited to, or signed, and that never became active.
const NEVER_ACTIVE: usize = 72;

const GOALS: [&str; 10] = [
    "独立承担一个年级的课程",
    "每月互听两节课",
    "掌握多媒体备课",
    "完成一轮单元整体设计",
    "设计三个本地素材的实验",
    "能用双语讲清关键词汇",
    "带出一节校内公开课",
    "学会复式教学的时间安排",
    "整理一套分层作业",
    "共同编写校本药草课",
];
const PAUSED: [&str; 3] = ["徒弟外出跟岗学习", "师傅短期返回派出单位", "学期中课程调整"];

/// Two people, of whom one learns from the other.
#[derive(Clone)]
struct Pair<'a> {
    school: &'a School,
    kind: &'static str,
    master: Subject,
    apprentice: Subject,
    subject: Option<&'static str>,
    goals: &'static str,
    /// When one of them leaves the school.
    leaves: Option<Day>,
}

/// A pairing that was closed, and may be renewed.
struct Closed<'a> {
    pair: Pair<'a>,
    id: Subject,
    ended: Day,
}

pub(crate) fn plan(book: &mut Book, world: &World, chance: &mut Chance) {
    let mut known = BTreeSet::new();
    let mut closed = Vec::new();
    // Those whose people can be looked at come first; they count like any other.
    let mut active = between::plan(book, world);
    while active < PAIRINGS {
        let day = chance.school_day(Day::on(2016, 9, 26), last_day().plus(-20));
        let Some(pair) = draw(chance, world, day) else { continue };
        if known.insert((pair.master, pair.apprentice, pair.kind)) {
            closed.extend(begin(book, chance, pair, day, None));
            active += 1;
        }
    }
    let mut renewed = 0;
    while renewed < RENEWALS && !closed.is_empty() {
        let Closed { pair, id, ended } = closed.swap_remove(chance.below(closed.len()));
        let day = ended.plus(chance.between(3, 30));
        // Where one has left, the two go on over the wire.
        if day.plus(20) < last_day() {
            closed.extend(begin(book, chance, pair, day, Some(id)));
            renewed += 1;
        }
    }
    never_active(book, world, chance);
}

fn draw<'a>(chance: &mut Chance, world: &'a World, day: Day) -> Option<Pair<'a>> {
    let school = world.school_on(chance, day.plus(-110))?;
    let kind = match chance.below(100) {
        0..63 => "master_apprentice",
        63..78 => "new_old",
        78..88 => "course",
        _ => "subject",
    };
    let posted = school.posted_on(day, 60);
    let local = chance.pick(school.locals_on(day.plus(-15)))?;
    let with = |chance: &mut Chance, master, apprentice, subject, leaves| Pair {
        school,
        kind,
        master,
        apprentice,
        subject,
        goals: chance.word(&GOALS),
        leaves,
    };
    let way = chance.below(100);
    if way < 70
        && let Some(guest) = chance.pick(&posted)
    {
        let subject = guest.subject.or(Some(local.subject)).filter(|_| kind != "new_old");
        return Some(with(chance, guest.person, local.id, subject, Some(guest.to)));
    }
    let speaks: Vec<&Local> =
        school.locals_on(day.plus(-15)).iter().filter(|l| matches!(l.subject, "tibetan" | "heritage")).collect();
    if way < 80
        && let Some(guest) = chance.pick(&posted)
        && let Some(master) = chance.pick(&speaks)
    {
        // Tibetan and what the place knows are learned from local teachers.
        return Some(with(chance, master.id, guest.person, Some(master.subject), Some(guest.to)));
    }
    let master = chance.pick(school.locals_on(day.plus(-15))).filter(|m| m.id != local.id)?;
    let subject = Some(master.subject).filter(|_| kind != "new_old");
    Some(with(chance, master.id, local.id, subject, None))
}

fn proposal(pair: &Pair<'_>, renews: Option<Subject>, online: bool) -> Change {
    let change = Change::new()
        .with_text("kind", pair.kind)
        .with_link("master", pair.master)
        .with_link("apprentice", pair.apprentice)
        .with_link("school", pair.school.id)
        .maybe("subject", pair.subject)
        .with_text("goals", pair.goals);
    let change = if online { change.yes("online") } else { change };
    match renews {
        Some(earlier) => change.with_link("renews", earlier),
        None => change,
    }
}

fn signed(chance: &mut Chance, day: Day) -> Change {
    Change::new()
        .state("signed")
        .day("master_signed_on", day.plus(-chance.between(0, 3)))
        .day("apprentice_signed_on", day.plus(-chance.between(0, 3)))
}

/// A pairing that becomes active on a day; what closes it later.
fn begin<'a>(
    book: &mut Book,
    chance: &mut Chance,
    pair: Pair<'a>,
    day: Day,
    renews: Option<Subject>,
) -> Option<Closed<'a>> {
    let scope = pair.school.scope;
    let online = pair.leaves.is_some_and(|leaves| leaves < day.plus(30));
    let active = Change::new().state("active").day("active_from", day);
    // The early ones were entered from paper, when they were already active.
    let id = if day < Day::on(2020, 9, 1) {
        let mut birth = proposal(&pair, renews, online);
        birth.set.extend(signed(chance, day.plus(-1)).set);
        birth.set.extend(active.set);
        book.record("pairing", scope, day.plus(chance.between(0, 6)), birth)
    } else {
        let invited = day.plus(-chance.between(5, 12));
        let id = book.record("pairing", scope, invited, proposal(&pair, renews, online));
        let signing = day.plus(-1);
        book.change("pairing", scope, id, signing, signed(chance, signing));
        book.change("pairing", scope, id, day, active);
        id
    };
    let goes_on = chance.percent(12);
    let mut until = day.plus(chance.between(170, 420));
    if let Some(leaves) = pair.leaves.filter(|leaves| *leaves < until && !online) {
        if goes_on && leaves.plus(10) < until.min(last_day()) {
            let change = Change::new().yes("online");
            book.change("pairing", scope, id, leaves.plus(-3).max(day.plus(7)), change);
        } else {
            until = leaves.plus(-2).max(day.plus(20));
        }
    }
    if until > last_day() {
        if chance.percent(16) && day.plus(40) < last_day() {
            let change = Change::new().state("paused").because(chance.word(&PAUSED));
            book.change("pairing", scope, id, day.plus(chance.between(12, 40)), change);
        }
        return None;
    }
    let heirs: Vec<Subject> = heirs(&pair, until);
    if chance.percent(5)
        && let Some(heir) = chance.pick(&heirs)
    {
        let change = Change::new().state("handed_over").day("ended_on", until).with_link("handed_to", *heir);
        book.change("pairing", scope, id, until, change);
        return None;
    }
    book.change("pairing", scope, id, until, Change::new().state("closed").day("ended_on", until));
    Some(Closed { pair, id, ended: until })
}

/// Who could go on as a master: people of the school on that day.
fn heirs(pair: &Pair<'_>, day: Day) -> Vec<Subject> {
    let posted = pair.school.posted_on(day, 60).into_iter().map(|s| s.person);
    let own = pair.school.locals_on(day.plus(-15)).iter().filter(|l| l.central).map(|l| l.id);
    posted.chain(own).filter(|id| *id != pair.master && *id != pair.apprentice).collect()
}

fn never_active(book: &mut Book, world: &World, chance: &mut Chance) {
    let mut made = 0;
    while made < NEVER_ACTIVE {
        let day = match made % 3 {
            // Still open, or withdrawn long ago.
            0 | 1 => last_day().plus(-chance.between(1, 25)),
            _ => chance.school_day(Day::on(2016, 10, 10), last_day().plus(-60)),
        };
        let Some(pair) = draw(chance, world, day) else { continue };
        let scope = pair.school.scope;
        let id = book.record("pairing", scope, day, proposal(&pair, None, false));
        match made % 3 {
            0 => {}
            1 => book.change("pairing", scope, id, day.plus(1), signed(chance, day.plus(1))),
            _ => {
                let change = Change::new().state("closed").day("ended_on", day.plus(30));
                book.change("pairing", scope, id, day.plus(30), change);
            }
        }
        made += 1;
    }
}
