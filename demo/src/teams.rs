//! Studios, research teams and associations: 120 that met, and some that did not.

use std::collections::BTreeSet;

use base::Subject;
use records::Change;

use crate::activities::{self, Activity};
use crate::book::{Book, Say};
use crate::chance::Chance;
use crate::day::Day;
use crate::last_day;
use crate::world::{Local, School, Team, World};

/// Teams that ever reached active, with three members or more and a meeting held.
pub const TEAMS: usize = 120;
/// Teams that were only proposed, had too few members, or never met: a third each.
const OTHERS: usize = 18;

const PLANS: [&str; 4] = [
    "每两周活动一次：备课、上课、评课。每学期一节公开课。",
    "每月一次集体教研，轮流主持，记录留存。",
    "本学期共读一本书，共写一个单元的教案。",
    "每月到一所周边学校活动一次。",
];
const MEETINGS: [&str; 5] =
    ["团队例会：磨课", "团队例会：单元备课", "团队例会：课例评议", "团队例会：读书分享", "团队例会：学具制作"];

/// What keeps a team from counting.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Meets,
    OnlyProposed,
    TooFew,
    NeverMet,
}

/// Plans the teams; returns the person-times of their meetings.
pub(crate) fn plan(book: &mut Book, world: &mut World, chance: &mut Chance) -> i32 {
    let mut person_times = 0;
    let mut made = 0;
    let mut taken = BTreeSet::new();
    while made < TEAMS + OTHERS {
        let fate = match made.checked_sub(TEAMS).map(|i| i % 3) {
            None => Fate::Meets,
            Some(0) => Fate::OnlyProposed,
            Some(1) => Fate::TooFew,
            Some(_) => Fate::NeverMet,
        };
        let day = chance.school_day(Day::on(2016, 11, 7), last_day().plus(-90));
        let Some(school) = world.school_on(chance, day.plus(-150)) else { continue };
        let own: Vec<Local> = school.locals_on(day.plus(-40)).to_vec();
        let Some(lead) = chance.pick(&own).copied().filter(|_| own.len() > 12) else { continue };
        let kind = match chance.below(100) {
            0..30 => "studio",
            30..76 => "research_team",
            _ => "association",
        };
        if !taken.insert((school.id, kind, lead.subject, day.date().year())) {
            continue;
        }
        let (team, times) = team(book, chance, school, (kind, day), (lead, &own), fate);
        person_times += times;
        made += 1;
        let id = school.id;
        if let Some(school) = world.schools.iter_mut().find(|s| s.id == id) {
            school.teams.extend(team);
        }
    }
    person_times
}

fn words(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "studio" => ("名师工作室", "Teaching Studio"),
        "association" => ("教师社团", "Teachers' Association"),
        _ => ("教研团队", "Research Team"),
    }
}

/// What a subject is called in Chinese and English, where a title tells it.
pub(crate) fn subject_words(subject: &str) -> (&'static str, &'static str) {
    match subject {
        "chinese" => ("语文", "Chinese"),
        "tibetan" => ("藏语文", "Tibetan"),
        "english" => ("英语", "English"),
        "mathematics" => ("数学", "Mathematics"),
        "physics" => ("物理", "Physics"),
        "chemistry" => ("化学", "Chemistry"),
        "biology" => ("生物", "Biology"),
        "history" => ("历史", "History"),
        "geography" => ("地理", "Geography"),
        "civics" => ("道德与法治", "Civics"),
        "science" => ("科学", "Science"),
        "computing" => ("信息技术", "Computing"),
        "music" => ("音乐", "Music"),
        "art" => ("美术", "Art"),
        "sport" => ("体育", "Sport"),
        "labour" => ("劳动", "Labour"),
        "mental_health" => ("心理健康", "Mental Health"),
        "heritage" => ("本地药草", "Local Herbs"),
        _ => ("学前", "Pre-school"),
    }
}

fn team(
    book: &mut Book,
    chance: &mut Chance,
    school: &School,
    (kind, day): (&str, Day),
    (lead, own): (Local, &[Local]),
    fate: Fate,
) -> (Option<Team>, i32) {
    let ((kind_zh, kind_en), (zh, en)) = (words(kind), subject_words(lead.subject));
    let year = day.date().year();
    let change = Change::new()
        .with_text("name", format!("{}{zh}{kind_zh}（{year}）", school.zh))
        .names("names", &[("en", format!("{en} {kind_en}, {year}"))])
        .with_text("kind", kind)
        .with_link("school", school.id)
        .with_link("lead", lead.id)
        .with_text("subject", lead.subject)
        .with_text("plan", chance.word(&PLANS));
    let id = book.record("team", school.scope, day, change);
    if fate == Fate::OnlyProposed {
        return (None, 0);
    }
    let active = day.plus(chance.between(7, 25));
    book.change("team", school.scope, id, active, Change::new().state("active").day("active_from", active));
    let end = end(book, chance, school, id, active);
    let members = members(book, chance, school, (id, active, end), (lead, own), fate);
    let until = end.unwrap_or(last_day()).min(last_day());
    let team = Team { id, from: active, to: until };
    match fate {
        Fate::Meets | Fate::TooFew => (Some(team), meetings(book, chance, school, id, (active, until), &members)),
        Fate::NeverMet | Fate::OnlyProposed => (None, 0),
    }
}

/// Some rest or are closed in the end. Returns when it was closed.
fn end(book: &mut Book, chance: &mut Chance, school: &School, id: Subject, active: Day) -> Option<Day> {
    let day = active.plus(chance.between(330, 1500));
    if day > last_day() {
        return None;
    }
    match chance.below(10) {
        0..=3 => {
            book.change("team", school.scope, id, day, Change::new().state("closed").day("ended_on", day));
            Some(day)
        }
        4 | 5 => {
            book.change("team", school.scope, id, day, Change::new().state("dormant"));
            let woken = day.plus(200);
            if woken < last_day() && chance.percent(40) {
                book.change("team", school.scope, id, woken, Change::new().state("active"));
            }
            None
        }
        _ => None,
    }
}

/// The lead, and two to eight others, of whom some leave early. Returns who is there from the start.
fn members(
    book: &mut Book,
    chance: &mut Chance,
    school: &School,
    (team, from, end): (Subject, Day, Option<Day>),
    (lead, own): (Local, &[Local]),
    fate: Fate,
) -> Vec<Subject> {
    let mut people: Vec<Subject> = own.iter().map(|l| l.id).filter(|id| *id != lead.id).collect();
    let count = match fate {
        Fate::TooFew => 1,
        _ => 2 + chance.below(7),
    };
    people = chance.some(&people, count).into_iter().copied().collect();
    let posted = school.posted_on(from.plus(-1), 60);
    let guests: Vec<Subject> = match fate {
        Fate::TooFew => Vec::new(),
        _ => chance.some(&posted, 2).iter().map(|s| s.person).collect(),
    };
    let parts = std::iter::once((lead.id, "lead"))
        .chain(people.iter().map(|p| (*p, "member")))
        .chain(guests.iter().map(|p| (*p, "guest")));
    for (person, part) in parts {
        let change = Change::new()
            .with_link("team", team)
            .with_link("person", person)
            .with_text("part", part)
            .day("from_on", from);
        let left = from.plus(chance.between(200, 700));
        let leaves = part != "lead" && chance.percent(20) && left < last_day();
        let until = end.into_iter().chain(leaves.then_some(left)).min();
        let membership = book.record("membership", school.scope, from, change);
        if let Some(until) = until {
            book.change("membership", school.scope, membership, until, Change::new().day("until_on", until));
        }
    }
    people.push(lead.id);
    people
}

/// One to five meetings; returns their person-times.
fn meetings(
    book: &mut Book,
    chance: &mut Chance,
    school: &School,
    team: Subject,
    (from, until): (Day, Day),
    members: &[Subject],
) -> i32 {
    let mut person_times = 0;
    for i in 0..chance.between(1, 5) {
        let first = from.plus(1);
        let last = if i == 0 { first.plus(150).min(until) } else { until.min(from.plus(190)) };
        let day = chance.school_day(first, last.plus(-6).max(first));
        let recorded = day.plus(chance.between(0, 3));
        let activity = Activity {
            school,
            kind: "team_meeting",
            title: chance.word(&MEETINGS).to_owned(),
            place: school.zh.clone(),
            day,
            days: 1,
            recorded,
            links: vec![("team", team)],
            given_by: Vec::new(),
        };
        let id = activity.hold(book, chance);
        let there = members.len() - if members.len() > 3 { chance.below(3) } else { 0 };
        let there: Vec<Subject> = chance.some(members, there).into_iter().copied().collect();
        let absent: Vec<Subject> = members.iter().copied().filter(|m| !there.contains(m)).collect();
        activities::attend(book, id, &activity, day, &there, true);
        activities::attend(book, id, &activity, day, &absent, false);
        person_times += i32::try_from(there.len()).unwrap_or(0);
    }
    person_times
}
