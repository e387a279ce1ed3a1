use records::vocabulary::SUBJECTS;
use records::{Access, Field, Home, Kind, Role, Rule};

use crate::days::DAYS;

/// The records of this room.
pub const KINDS: &[&Kind] = &[&PERIOD, &LESSON];

const KEEPERS: &[Role] =
    &[Role::Administrator, Role::Officer, Role::Coordinator, Role::Head, Role::Posted, Role::Local];

/// One of a school's bell times.
pub(crate) static PERIOD: Kind = Kind {
    name: "period",
    route: "periods",
    icon: "clock",
    home: Home::School("school"),
    title: &["name"],
    fields: &[
        Field::link("school", "organisation").required().filter(),
        Field::int("position", 1, 20).required().column(),
        Field::line("name").required().searched(),
        Field::time("starts_at").required().column(),
        Field::time("ends_at").required().column(),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(KEEPERS, &["school"]),
    rules: &[
        Rule {
            code: "period-hours",
            sql: "SELECT a.id, NULL FROM period a WHERE a.ends_at <= a.starts_at AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        Rule {
            code: "period-once",
            sql: "SELECT a.id, b.id FROM period a JOIN period b
                    ON b.school = a.school AND b.position = a.position AND b.id <> a.id WHERE {one}",
            one: "a.id = ?1",
            other: "",
        },
    ],
    order: "position",
    hub_only: false,
    hidden: false,
};

/// What a class has in a period of a weekday, between two days. Without a teacher it is a gap. It names no pupil.
pub(crate) static LESSON: Kind = Kind {
    name: "timetable_lesson",
    route: "timetable-lessons",
    icon: "table",
    home: Home::School("school"),
    title: &["class", "subject"],
    fields: &[
        Field::link("school", "organisation").required().filter(),
        Field { shape: records::Shape::Line(MAX_CLASS), ..Field::line("class") }.required().filter().searched(),
        // Of nine years and three: 7 is the first of junior school, 10 of senior school.
        Field::int("grade", 1, 12),
        Field::choice("weekday", &DAYS).required().filter(),
        Field::link("period", "period").required().column(),
        Field::choice("subject", SUBJECTS).required().filter(),
        Field::link("teacher", "person").column(),
        Field::date("starts_on").required().column(),
        Field::date("ends_on").required().column(),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(KEEPERS, &["school"]),
    rules: &[
        Rule {
            code: "timetable_lesson-days",
            sql: "SELECT a.id, NULL FROM timetable_lesson a WHERE a.ends_on < a.starts_on AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        Rule {
            code: "timetable_lesson-own-period",
            sql: "SELECT a.id, NULL FROM timetable_lesson a JOIN period p ON p.id = a.period
                  WHERE p.school <> a.school AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        Rule {
            code: "timetable_lesson-class-twice",
            sql: "SELECT a.id, b.id FROM timetable_lesson a JOIN period p ON p.id = a.period
                  JOIN timetable_lesson b ON b.school = a.school AND b.class = a.class AND b.weekday = a.weekday
                   AND b.id <> a.id AND b.starts_on <= a.ends_on AND a.starts_on <= b.ends_on
                  JOIN period q ON q.id = b.period
                  WHERE (q.id = p.id OR q.starts_at < p.ends_at AND p.starts_at < q.ends_at) AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        // Also at two schools: their hours may differ, so the times are compared.
        Rule {
            code: "timetable_lesson-teacher-twice",
            sql: "SELECT a.id, b.id FROM timetable_lesson a JOIN period p ON p.id = a.period
                  JOIN timetable_lesson b ON b.teacher = a.teacher AND b.weekday = a.weekday
                   AND b.id <> a.id AND b.starts_on <= a.ends_on AND a.starts_on <= b.ends_on
                  JOIN period q ON q.id = b.period
                  WHERE (q.id = p.id OR q.starts_at < p.ends_at AND p.starts_at < q.ends_at) AND {one}",
            one: "a.id = ?1",
            other: "",
        },
    ],
    order: "class",
    hub_only: false,
    hidden: false,
};

/// Characters of a class's name.
pub(crate) const MAX_CLASS: usize = 40;
