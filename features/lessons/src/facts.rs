use records::vocabulary::{STAGES, SUBJECTS, TEACHING_LANGUAGES};
use records::{Access, Field, Home, Kind, Move, Role, Roles};

/// The records of this room.
pub const KINDS: &[&Kind] = &[&LESSON_PLAN, &PLAN_AUTHOR, &PLAN_COMMENT, &PLAN_TEMPLATE];

/// Who prepares lessons.
const TEACHERS: &[Role] = &[Role::Coordinator, Role::Head, Role::Posted, Role::Local];
const WHO: Roles = Roles::of(TEACHERS);

/// The types of lesson.
const TYPES: &[&str] = &["new_matter", "practice", "revision", "experiment", "outing"];

/// The field of a plan that holds its text.
pub(crate) const BODY: &str = "body";

/// A plan of one lesson, or of a few that belong together. A draft is for those who write it; what is shared, every
/// teacher of the programme may read.
pub(crate) static LESSON_PLAN: Kind = Kind {
    name: "lesson_plan",
    route: "plans",
    icon: "book-open",
    home: Home::Programme,
    title: &["title"],
    fields: &[
        Field::line("title").required().column().searched(),
        Field::choice("subject", SUBJECTS).required().filter(),
        Field::choice("stage", STAGES).filter(),
        Field::line("grade").column().searched(),
        Field::choice("type", TYPES).required().filter(),
        Field::link("template", "plan_template").at_birth().within(),
        Field::tags("languages", TEACHING_LANGUAGES),
        Field::int("minutes", 10, 240),
        Field::line("textbook").searched(),
        Field::document(BODY).searched(),
        Field::files(),
        Field::link("made_from", "lesson_plan").by_move(),
        // How many entries of its text it took over from there.
        Field::int("taken_over", 0, 1000).by_move().secret(),
        Field::date("taught_on").by_move().column(),
        Field::link("taught_at", "organisation").by_move(),
    ],
    states: &["draft", "reviewing", "reviewed", "taught", "shared"],
    moves: &[
        Move::new("ask_review", &["draft"], "reviewing", WHO),
        Move::new("end_review", &["reviewing"], "reviewed", WHO),
        Move::new("teach", &["draft", "reviewed", "taught", "shared"], "taught", WHO).asks(&["taught_on", "taught_at"]),
        Move::new("share", &["reviewed", "taught"], "shared", WHO),
        Move::new("revise", &["reviewing", "reviewed", "taught", "shared"], "draft", WHO),
    ],
    access: Access::staff(TEACHERS, &[])
        .seen_where(
            "{t}.id IN (SELECT id FROM lesson_plan WHERE state = 'shared')
             OR {t}.id IN (SELECT plan FROM plan_author WHERE person = {me} AND part <> 'origin')",
        )
        .in_hands("{t}.id IN (SELECT plan FROM plan_author WHERE person = {me} AND part IN ('lead', 'author'))"),
    rules: &[],
    order: "-changed",
    hub_only: false,
    hidden: false,
};

/// Somebody who writes a plan. The name stands here too, since a plan reaches schools that do not hold its author's
/// record, and a credit must survive the way.
pub(crate) static PLAN_AUTHOR: Kind = Kind {
    name: "plan_author",
    route: "plan-authors",
    icon: "user",
    home: Home::Elsewhere,
    title: &["byline"],
    fields: &[
        Field::link("plan", "lesson_plan").required(),
        Field::link("person", "person").required(),
        Field::line("byline").required().personal(),
        // Who reviews reads and comments; whose plan this one is made from is named, and has no say in it.
        Field::choice("part", &["lead", "author", "reviewer", "origin"]).required(),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(TEACHERS, &[]),
    rules: &[],
    order: "byline",
    hub_only: false,
    hidden: true,
};

/// What somebody says of a plan, and what became of it: taken, or not, because of something.
pub(crate) static PLAN_COMMENT: Kind = Kind {
    name: "plan_comment",
    route: "comments",
    icon: "info",
    home: Home::With("plan", "lesson_plan"),
    title: &["said"],
    fields: &[
        Field::link("plan", "lesson_plan").required().filter().within(),
        Field::line("quote").column().searched(),
        Field::text("said").required().searched(),
        Field::link("person", "person").by_move(),
        Field::line("byline").personal().by_move().column(),
        // Where the words stand, whatever is typed around them: a place in the plan's text.
        Field::bytes("place").by_move(),
        // The comment that this one answers; an answer lives and ends with it.
        Field::link("answers", "plan_comment").by_move().within(),
        // Who is asked to look. Only people of the plan, whose names stand there: with a name, the asking is erased too.
        Field::links("asks", "person").by_move().within(),
    ],
    states: &["open", "taken", "left"],
    moves: &[Move::new("take", &["open"], "taken", WHO), Move::new("leave", &["open"], "left", WHO).with_reason()],
    access: Access::staff(TEACHERS, &[])
        .seen_where(
            "{t}.id IN (SELECT id FROM plan_comment WHERE plan IN (SELECT id FROM lesson_plan WHERE state = 'shared')
             OR plan IN (SELECT plan FROM plan_author WHERE person = {me} AND part <> 'origin'))",
        )
        .in_hands(
            "{t}.id IN (SELECT id FROM plan_comment WHERE plan IN
             (SELECT plan FROM plan_author WHERE person = {me} AND part IN ('lead', 'author')))",
        ),
    rules: &[],
    order: "-changed",
    hub_only: false,
    hidden: false,
};

/// How lessons of a subject and stage usually go: what a new plan can begin with. It is for all where an officer keeps it,
/// and otherwise for who keeps it.
pub(crate) static PLAN_TEMPLATE: Kind = Kind {
    name: "plan_template",
    route: "plan-templates",
    icon: "book-open",
    home: Home::Elsewhere,
    title: &["title", "subject", "stage"],
    fields: &[
        Field::line("title").required().column().searched(),
        Field::choice("subject", SUBJECTS).required().filter(),
        Field::choice("stage", STAGES).filter(),
        Field::choice("type", TYPES),
        Field::int("minutes", 10, 240),
        Field::document(BODY).searched(),
        Field::choice("kept_for", &["all", "own"]).by_move().filter(),
        Field::link("person", "person").by_move().within(),
        // The plan that it was kept of: who wrote that is the origin of what begins with it.
        Field::link("kept_from", "lesson_plan").by_move().within(),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(&[Role::Officer, Role::Coordinator, Role::Head, Role::Posted, Role::Local], &[])
        .seen_where("{t}.id IN (SELECT id FROM plan_template WHERE kept_for = 'all' OR person = {me})")
        .in_hands("{t}.id IN (SELECT id FROM plan_template WHERE person = {me} OR kept_for = 'all' AND {is_officer})"),
    rules: &[],
    order: "title",
    hub_only: false,
    hidden: false,
};
