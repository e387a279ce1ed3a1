use records::vocabulary::{STAGES, SUBJECTS, TEACHING_LANGUAGES};
use records::{Access, Field, Home, Kind, Move, Role, Roles, Rule};

/// The records of this room.
pub const KINDS: &[&Kind] = &[&COURSE, &RESOURCE, &COURSE_HAND, &COURSE_REVIEW, &COURSE_USE, &CALL, &RENDITION];

const TEACHERS: &[Role] = &[Role::Coordinator, Role::Head, Role::Posted, Role::Local];
const WHO: Roles = Roles::of(TEACHERS);
const OFFICE: Roles = Roles::of(&[Role::Administrator, Role::Officer]);
const ALL: &[Role] = &[Role::Administrator, Role::Officer, Role::Coordinator, Role::Head, Role::Posted, Role::Local];

/// Under what terms others may use a course. A course without one is not taken in.
pub(crate) const LICENCES: &[&str] =
    &["cc0", "cc_by", "cc_by_sa", "cc_by_nc", "cc_by_nc_sa", "programme", "permission"];

/// What a resource is to who uses it.
pub(crate) const FORMS: &[&str] = &[
    "slides",
    "video",
    "audio",
    "document",
    "picture",
    "book",
    "activity",
    "scorm",
    "web",
    "quiz",
    "micro",
    "class",
    "archive",
    "link",
    "text",
    "file",
    "subtitles",
];

/// A content that a school takes as it is: a lesson, or lessons that belong together, in units.
pub(crate) static COURSE: Kind = Kind {
    name: "course",
    route: "courses",
    icon: "book-open",
    home: Home::Programme,
    title: &["title"],
    // Names after LRMI / schema.org LearningResource, where they have one.
    fields: &[
        Field::line("title").required().column().searched(),
        Field::choice("subject", SUBJECTS).required().filter(),
        Field::choice("stage", STAGES).filter(),
        Field::line("grade").column().searched(),
        Field::tags("languages", TEACHING_LANGUAGES),
        Field::choice("licence", LICENCES).required().filter(),
        Field::line("credit").searched(),
        Field::line("curriculum").searched(),
        Field::int("minutes", 1, 6000),
        Field::yes("adult_needed"),
        Field::text("about").searched(),
        Field::link("call", "call"),
        Field::link("adapted_from", "course").by_move(),
        // The plan that was written for it, and taught.
        Field::link("plan", "lesson_plan").by_move(),
    ],
    states: &["draft", "shared", "submitted", "reviewed", "published", "withdrawn"],
    moves: &[
        Move::new("share", &["draft"], "shared", WHO),
        Move::new("submit", &["draft", "shared"], "submitted", WHO),
        Move::new("review", &["submitted"], "reviewed", OFFICE),
        Move::new("publish", &["reviewed"], "published", OFFICE),
        Move::new("return", &["submitted", "reviewed"], "shared", OFFICE).with_reason(),
        Move::new("withdraw", &["shared", "submitted", "reviewed", "published"], "withdrawn", Roles::of(ALL))
            .with_reason(),
        Move::new("revise", &["withdrawn"], "draft", WHO),
    ],
    access: Access::staff(ALL, &[]).seen_where(SEEN).in_hands(HANDS),
    rules: &[Rule {
        code: "course-two-reviews",
        sql: "SELECT a.id, NULL FROM course a WHERE a.state IN ('reviewed', 'published') AND {one} AND
              (SELECT count(DISTINCT r.person) FROM course_review r WHERE r.course = a.id AND r.verdict = 'ready'
               AND r.person NOT IN (SELECT h.person FROM course_hand h
                                    WHERE h.course = a.id AND h.part IN ('lead', 'author'))) < 2",
        one: "a.id = ?1",
        other: "",
    }],
    order: "-changed",
    hub_only: false,
    hidden: false,
};

/// A draft is for those who make it; all else, every teacher of the programme may see, also that it was withdrawn.
///
/// What is asked of one row at a time lets a search stop at the first few.
const SEEN: &str = "EXISTS (SELECT 1 FROM course seen WHERE seen.id = {t}.id AND seen.state <> 'draft')
     OR {t}.id IN (SELECT course FROM course_hand WHERE person = {me} AND part IN ('lead', 'author'))";
/// Who makes it writes it; what left their desk, the office looks after too.
const HANDS: &str = "{t}.id IN (SELECT course FROM course_hand WHERE person = {me} AND part IN ('lead', 'author'))
     OR ({t}.id IN (SELECT id FROM course WHERE state <> 'draft')
         AND ({is_officer} OR {is_administrator}))";

/// A thing of a course that one shows, plays or works with. What a withdrawn course holds is for its makers alone.
pub(crate) static RESOURCE: Kind = Kind {
    name: "resource",
    route: "resources",
    icon: "file-text",
    home: Home::With("course", "course"),
    title: &["title"],
    fields: &[
        Field::line("title").required().column().searched(),
        Field::link("course", "course").required().filter().within(),
        Field::line("unit").column().searched(),
        Field::int("place", 0, 100_000),
        Field::choice("form", FORMS).by_move().column(),
        Field::text("text").searched(),
        // What the file is called, what it is by its bytes, how long, and its content: a blob.
        Field::line("file").by_move(),
        Field::line("media").secret().by_move(),
        Field::int("bytes", 0, 1 << 42).secret().by_move(),
        Field::blob("content").secret().by_move(),
        // Subtitles: the film or the sound that they stand beside, and their language (BCP 47).
        Field::link("beside", "resource").by_move().within(),
        Field::line("language").by_move(),
        // In an unpacked package: what is opened first.
        Field::line("launch").secret().by_move(),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(ALL, &[])
        .seen_where(
            "EXISTS (SELECT 1 FROM resource seen JOIN course of ON of.id = seen.course WHERE seen.id = {t}.id
                     AND (of.state NOT IN ('draft', 'withdrawn') OR of.id IN
                     (SELECT course FROM course_hand WHERE person = {me} AND part IN ('lead', 'author'))))",
        )
        .in_hands(
            "{t}.id IN (SELECT id FROM resource WHERE course IN
               (SELECT course FROM course_hand WHERE person = {me} AND part IN ('lead', 'author')))",
        ),
    rules: &[],
    order: "place",
    hub_only: false,
    hidden: false,
};

/// The condition that a part `r` stands for itself, and not beside another that is still there.
pub(crate) const ALONE: &str =
    "(r.beside IS NULL OR NOT EXISTS (SELECT 1 FROM resource other WHERE other.id = r.beside))";

/// Who makes a course, and who is asked to review it. The name stands here too, since a course reaches schools that do
/// not hold its author's record.
pub(crate) static COURSE_HAND: Kind = Kind {
    name: "course_hand",
    route: "course-hands",
    icon: "user",
    home: Home::Elsewhere,
    title: &["byline"],
    fields: &[
        Field::link("course", "course").required(),
        Field::link("person", "person").required(),
        Field::line("byline").required().personal(),
        Field::choice("part", &["lead", "author", "reviewer"]).required(),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(ALL, &[]),
    rules: &[],
    order: "byline",
    hub_only: false,
    hidden: true,
};

/// What a reviewer found.
pub(crate) static COURSE_REVIEW: Kind = Kind {
    name: "course_review",
    route: "course-reviews",
    icon: "check",
    home: Home::With("course", "course"),
    title: &["byline", "verdict"],
    fields: &[
        Field::link("course", "course").required().filter(),
        Field::choice("verdict", &["ready", "mend"]).required().column(),
        Field::text("said").required().searched(),
        Field::link("person", "person").by_move(),
        Field::line("byline").personal().by_move().column(),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(ALL, &[])
        .seen_where(
            "{t}.id IN (SELECT id FROM course_review WHERE course IN (SELECT id FROM course WHERE state <> 'draft')
             OR person = {me}
             OR course IN (SELECT course FROM course_hand WHERE person = {me} AND part IN ('lead', 'author')))",
        )
        .in_hands("{t}.id IN (SELECT id FROM course_review WHERE person = {me})"),
    rules: &[Rule {
        code: "course-own-review",
        sql: "SELECT a.id, NULL FROM course_review a JOIN course_hand h ON h.course = a.course AND h.person = a.person
              WHERE h.part IN ('lead', 'author') AND {one}",
        one: "a.id = ?1",
        other: "",
    }],
    order: "-changed",
    hub_only: false,
    hidden: false,
};

/// A course in a class: planned for a day, so that its files are here by then; used, as it was or adapted. That a
/// course was declined is recorded nowhere.
pub(crate) static COURSE_USE: Kind = Kind {
    name: "course_use",
    route: "course-uses",
    icon: "calendar",
    home: Home::School("school"),
    title: &["course", "used_on"],
    fields: &[
        Field::link("course", "course").required().filter(),
        Field::link("school", "organisation").required().filter(),
        Field::date("used_on").required().column(),
        Field::line("class").column(),
        Field::choice("how", &["as_it_is", "adapted"]).by_move().column(),
        Field::text("note").searched(),
    ],
    states: &["planned", "used", "dropped"],
    moves: &[
        Move::new("use", &["planned"], "used", WHO).asks(&["how"]),
        Move::new("drop", &["planned"], "dropped", WHO),
    ],
    access: Access::staff(TEACHERS, &["school"]),
    rules: &[],
    order: "-used_on",
    hub_only: false,
    hidden: false,
};

/// A call for courses: what is sought, until when, and what came of it.
pub(crate) static CALL: Kind = Kind {
    name: "call",
    route: "calls",
    icon: "inbox",
    home: Home::Programme,
    title: &["title"],
    fields: &[
        Field::line("title").required().column().searched(),
        Field::text("sought").required().searched(),
        Field::choice("subject", SUBJECTS).filter(),
        Field::choice("stage", STAGES).filter(),
        Field::date("opens_on").required().column(),
        Field::date("closes_on").required().column(),
        Field::text("results").by_move().searched(),
    ],
    states: &["open", "reviewing", "announced"],
    moves: &[
        Move::new("close", &["open"], "reviewing", OFFICE),
        Move::new("reopen", &["reviewing"], "open", OFFICE),
        Move::new("announce", &["reviewing"], "announced", OFFICE).asks(&["results"]),
    ],
    access: Access::staff(&[Role::Administrator, Role::Officer], &[]),
    rules: &[Rule {
        code: "call-dates",
        sql: "SELECT a.id, NULL FROM call a WHERE a.closes_on < a.opens_on AND {one}",
        one: "a.id = ?1",
        other: "",
    }],
    order: "-opens_on",
    hub_only: false,
    hidden: false,
};

/// What was made of a file by a recipe: a tree of files; or why nothing could be made.
pub(crate) static RENDITION: Kind = Kind {
    name: "rendition",
    route: "renditions",
    icon: "file-text",
    home: Home::Elsewhere,
    title: &["recipe"],
    fields: &[
        // The hash of the file that it was made of. Whoever sees a record with that file sees its renditions.
        Field::blob("source").required().secret(),
        Field::line("recipe").required(),
        Field::int("bytes", 0, 1 << 42),
        Field::blob("content").secret(),
        Field::line("refused"),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(&[Role::Administrator], &[]),
    rules: &[],
    order: "recipe",
    hub_only: false,
    hidden: true,
};
