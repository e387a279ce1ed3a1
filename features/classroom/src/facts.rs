use records::vocabulary::{SUBJECTS, TEACHING_LANGUAGES};
use records::{Access, Field, Home, Kind, Move, Role, Roles, Rule};

/// The records of this room.
pub const KINDS: &[&Kind] = &[&CLASS_SERIES, &SERIES_SCHOOL, &LIVE_CLASS, &CLASS_ROOM, &CLASS_RECORD, &CLASS_STILL];

/// Kinds of a class that are meetings of teachers: nobody in them is taught, so that no pupil answers or is counted.
pub(crate) const MEETINGS: [&str; 2] = ["research", "preparation"];

const TEACHERS: &[Role] =
    &[Role::Administrator, Role::Officer, Role::Coordinator, Role::Head, Role::Posted, Role::Local];
const WHO: Roles = Roles::of(TEACHERS);

/// A class that begins has somebody who teaches it.
const TAUGHT: Rule = Rule {
    code: "live_class-teacher",
    sql: "SELECT a.id, NULL FROM live_class a WHERE a.teacher IS NULL AND {one}",
    one: "a.id = ?1",
    other: "",
};

/// Classes of several schools that work on one thing over weeks: what their classes have in common.
pub(crate) static CLASS_SERIES: Kind = Kind {
    name: "class_series",
    route: "class-series",
    icon: "calendar",
    home: Home::Programme,
    title: &["title"],
    fields: &[
        Field::line("title").required().column().searched(),
        // What they work on together.
        Field::text("work").required().searched(),
        Field::choice("subject", SUBJECTS).filter(),
        Field::date("starts_on").required().column(),
        Field::date("ends_on").column(),
        Field::time("starts_at").required().column(),
        Field::int("minutes", 5, 240).required(),
        Field::link("origin", "organisation").required(),
        Field::link("teacher", "person"),
        Field::line("byline").personal().by_move().column(),
        Field::tags("languages", TEACHING_LANGUAGES),
        Field::link("course", "course"),
        Field::yes("recorded"),
    ],
    states: &["open", "closed"],
    moves: &[Move::new("close", &["open"], "closed", WHO), Move::new("reopen", &["closed"], "open", WHO)],
    access: Access::staff(TEACHERS, &["origin"]),
    rules: &[Rule {
        code: "class_series-ends",
        sql: "SELECT a.id, NULL FROM class_series a WHERE a.ends_on < a.starts_on AND {one}",
        one: "a.id = ?1",
        other: "",
    }],
    order: "-starts_on",
    hub_only: false,
    hidden: false,
};

/// A school in a series, with the adult who answers for its pupils.
pub(crate) static SERIES_SCHOOL: Kind = Kind {
    name: "series_school",
    route: "series-schools",
    icon: "school",
    home: Home::With("series", "class_series"),
    title: &["school", "grade"],
    fields: &[
        Field::link("series", "class_series").required().filter().within(),
        Field::link("school", "organisation").required().column(),
        Field::line("grade").column(),
        Field::link("person", "person").required(),
        Field::line("byline").personal().by_move().column(),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(TEACHERS, &["school"]),
    rules: &[Rule {
        code: "series_school-once",
        sql: "SELECT a.id, b.id FROM series_school a JOIN series_school b
                ON b.series = a.series AND b.school = a.school AND coalesce(b.grade, '') = coalesce(a.grade, '')
                AND b.id <> a.id
              WHERE {one}",
        one: "a.id = ?1",
        other: "",
    }],
    order: "made",
    hub_only: false,
    hidden: false,
};

/// A lesson that is held over the link, for one classroom or many.
pub(crate) static LIVE_CLASS: Kind = Kind {
    name: "live_class",
    route: "classes",
    icon: "presentation",
    home: Home::Programme,
    title: &["title"],
    fields: &[
        Field::line("title").required().column().searched(),
        Field::choice("kind", &["dedicated", "synchronous", "lecture", "research", "preparation"]).required().filter(),
        Field::choice("subject", SUBJECTS).filter(),
        Field::date("starts_on").required().column(),
        Field::time("starts_at").required().column(),
        Field::int("minutes", 5, 240).required(),
        // Where the teacher is: that school's node, or the hub, numbers what happens in the class.
        Field::link("origin", "organisation").required(),
        // Nobody yet: whoever could is asked for, since a school's node knows its own people alone.
        Field::link("teacher", "person"),
        // A class reaches nodes that do not hold its teacher's record.
        Field::line("byline").personal().by_move().column(),
        Field::link("co_teacher", "person"),
        // Where the co-teacher is, if that is elsewhere: that school's node, or the hub, seats them.
        Field::link("co_origin", "organisation"),
        Field::tags("languages", TEACHING_LANGUAGES),
        Field::link("plan", "lesson_plan"),
        // What is shown: it is in every receiving school before the class begins.
        Field::link("course", "course"),
        Field::yes("recorded"),
        // What it is one of: classes of several schools that work on one thing over weeks.
        Field::link("series", "class_series").within(),
        Field::date("held_on").by_move(),
        Field::int("held_minutes", 0, 1440).by_move(),
        // What was written together while it went on.
        Field::text("notes").personal().by_move().searched(),
    ],
    states: &["planned", "live", "held", "failed", "cancelled"],
    moves: &[
        Move::new("open", &["planned", "failed"], "live", WHO).only_where(&[TAUGHT]),
        Move::new("end", &["live"], "held", WHO).asks(&["held_on", "held_minutes"]),
        Move::new("fail", &["live"], "failed", WHO).with_reason(),
        Move::new("cancel", &["planned", "failed"], "cancelled", WHO).with_reason(),
    ],
    access: Access::staff(TEACHERS, &["origin"]),
    rules: &[Rule {
        // Two nodes may plan the same weeks apart.
        code: "live_class-series-day",
        sql: "SELECT a.id, b.id FROM live_class a JOIN live_class b
                ON b.series = a.series AND b.starts_on = a.starts_on AND b.id <> a.id
              WHERE coalesce(a.state, '') <> 'cancelled' AND coalesce(b.state, '') <> 'cancelled' AND {one}",
        one: "a.id = ?1",
        other: "",
    }],
    order: "-starts_on",
    hub_only: false,
    hidden: false,
};

/// A classroom that takes part, with the adult who answers for it.
pub(crate) static CLASS_ROOM: Kind = Kind {
    name: "class_room",
    route: "class-rooms",
    icon: "school",
    home: Home::With("class", "live_class"),
    title: &["school", "grade"],
    fields: &[
        Field::link("class", "live_class").required().filter().within(),
        Field::link("school", "organisation").required().column(),
        Field::line("grade").column(),
        Field::link("person", "person").required(),
        Field::line("byline").personal().by_move().column(),
        // Of what it was noted that it lies at the school's node: the course as it was then, and the node, as a digest.
        Field::bytes("ready_for").by_move(),
        // What of it was there when the class was over, of their own accord.
        Field::int("headcount", 0, 500).by_move().column(),
        Field::int("present_minutes", 0, 1440).by_move().column(),
        Field::int("cuts", 0, 10_000).by_move(),
        Field::int("cut_seconds", 0, 86_400).by_move(),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(TEACHERS, &["school"]),
    rules: &[Rule {
        code: "class_room-once",
        sql: "SELECT a.id, b.id FROM class_room a JOIN class_room b
                ON b.class = a.class AND b.school = a.school AND coalesce(b.grade, '') = coalesce(a.grade, '')
                AND b.id <> a.id
              WHERE {one}",
        one: "a.id = ?1",
        other: "",
    }],
    order: "made",
    hub_only: false,
    hidden: false,
};

/// The record of a class: what happened and what was said, in blocks; a tree of files.
pub(crate) static CLASS_RECORD: Kind = Kind {
    name: "class_record",
    route: "class-records",
    icon: "film",
    home: Home::Elsewhere,
    title: &["class"],
    fields: &[
        Field::link("class", "live_class").required(),
        // The node that has it to give: where the class had its order, or where somebody spoke.
        Field::bytes("node"),
        Field::blob("content").required().secret(),
        Field::int("bytes", 0, 1 << 42).secret(),
        Field::int("seconds", 0, 86_400),
        // A record without content says that what was recorded was taken back: all of it, or the voice of a room.
        Field::yes("withdrawn"),
        Field::link("room", "class_room"),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(TEACHERS, &[]),
    rules: &[],
    order: "made",
    hub_only: false,
    hidden: true,
};

/// A picture that was taken in a class and shown to all.
pub(crate) static CLASS_STILL: Kind = Kind {
    name: "class_still",
    route: "class-stills",
    icon: "camera",
    home: Home::Elsewhere,
    title: &["class"],
    fields: &[
        Field::link("class", "live_class").required(),
        // Where it was taken; nothing where the teacher is.
        Field::link("room", "class_room"),
        Field::line("media").secret(),
        Field::int("bytes", 0, 1 << 20).secret(),
        Field::blob("content").required().secret(),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(TEACHERS, &[]),
    rules: &[],
    order: "made",
    hub_only: false,
    hidden: true,
};
