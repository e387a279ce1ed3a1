//! Live classes that were held: some schools had many of them, some few, and some none.

use records::Change;

use crate::book::{Book, Say};
use crate::chance::Chance;
use crate::last_day;
use crate::office::Office;
use crate::world::World;

/// Titles with their subject.
const CLASSES: [(&str, &str); 12] = [
    ("水到几度会开", "physics"),
    ("影子的长短", "science"),
    ("写一封请假条", "chinese"),
    ("认识面积", "mathematics"),
    ("雅鲁藏布江的一年", "geography"),
    ("英语问路", "english"),
    ("剪纸里的对称", "art"),
    ("浮与沉", "science"),
    ("读《山谷中的谜底》", "chinese"),
    ("统计图怎么看", "mathematics"),
    ("合唱的两个声部", "music"),
    ("酸和碱", "chemistry"),
];

pub(crate) fn plan(book: &mut Book, world: &World, office: &Office, chance: &mut Chance) {
    let scope = world.programme;
    for (n, (title, subject)) in CLASSES.iter().enumerate() {
        let at = n % 2;
        let (Some(origin), Some(posted)) = (world.schools.get(at), office.posted.get(at)) else { continue };
        let Some(teacher) = posted.get(n / 2 % posted.len().max(1)).copied() else { continue };
        let day = chance.school_day(last_day().plus(-240), last_day().plus(-5));
        if !origin.had_come(teacher, day) {
            continue;
        }
        let byline = book.name_of(teacher).to_owned();
        let class = Change::new()
            .with_text("title", *title)
            .with_text("kind", "dedicated")
            .with_text("subject", *subject)
            .day("starts_on", day)
            .with_text("starts_at", "10:00")
            .int("minutes", 40)
            .with_link("origin", origin.id)
            .with_link("teacher", teacher)
            .with_text("byline", byline)
            .state("planned");
        let id = book.record("live_class", scope, day.plus(-6), class);
        // The farther down the list of schools, the less often one is there: so it is, and so it is to show.
        let mut rooms = Vec::new();
        for (i, school) in world.schools.iter().enumerate() {
            let Some(adult) = office.heads.get(i).copied() else { continue };
            if school.id == origin.id || school.since > day || !chance.percent(70_usize.saturating_sub(i * 5)) {
                continue;
            }
            let room = Change::new()
                .with_link("class", id)
                .with_link("school", school.id)
                .with_link("person", adult)
                .with_text("byline", book.name_of(adult).to_owned());
            rooms.push(book.record("class_room", scope, day.plus(-5), room));
        }
        book.change("live_class", scope, id, day, Change::new().state("live"));
        let minutes = chance.between(36, 44);
        for room in rooms {
            let there = Change::new().int("headcount", chance.between(18, 44)).int("present_minutes", minutes);
            let cuts = if chance.percent(30) { chance.between(1, 3) } else { 0 };
            let cut = there.int("cuts", cuts).int("cut_seconds", cuts * chance.between(10, 90));
            book.change("class_room", scope, room, day, cut);
        }
        let held = Change::new().state("held").day("held_on", day).int("held_minutes", minutes);
        book.change("live_class", scope, id, day, held);
    }
}
