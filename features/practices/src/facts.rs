use records::{Access, Field, Home, Kind, Move, Role, Roles, Rule};

/// The records of this room.
pub const KINDS: &[&Kind] = &[&PRACTICE, &PRACTICE_SCHOOL];

const KEEPERS: &[Role] = &[Role::Administrator, Role::Officer, Role::Head, Role::Posted, Role::Local];
const WHO: Roles = Roles::of(KEEPERS);
const LEADS: Roles = Roles::of(&[Role::Administrator, Role::Officer, Role::Head]);

/// A way to teach, to run a school or to keep a heritage that a school found good: where it comes from, and what shows that
/// it helps.
pub(crate) static PRACTICE: Kind = Kind {
    name: "practice",
    route: "practices",
    icon: "git-merge",
    home: Home::Programme,
    title: &["name"],
    fields: &[
        Field::line("name").required().column().searched(),
        Field::names("names").searched(),
        Field::choice("kind", &["teaching", "management", "heritage"]).required().filter(),
        Field::link("origin", "organisation").required().filter(),
        Field::date("since_on").column(),
        Field::text("about").required().searched(),
        Field::text("evidence").searched(),
        Field::link("plan", "lesson_plan"),
        Field::link("course", "course"),
        Field::files(),
    ],
    states: &["proposed", "shared", "retired"],
    moves: &[
        Move::new("share", &["proposed"], "shared", LEADS),
        Move::new("retire", &["proposed", "shared"], "retired", LEADS).with_reason(),
        Move::new("reopen", &["retired"], "proposed", LEADS),
    ],
    // It names nobody: its school's word is given by the head, and corrected by who wrote it.
    access: Access::staff(KEEPERS, &["origin"]).kept_by("0"),
    rules: &[],
    order: "name",
    hub_only: false,
    hidden: false,
};

/// A practice at a school: from when it was shown there to what became of it. A school drops a practice without a reason.
pub(crate) static PRACTICE_SCHOOL: Kind = Kind {
    name: "practice_school",
    route: "practice-schools",
    icon: "school",
    home: Home::With("practice", "practice"),
    title: &["school", "practice"],
    fields: &[
        Field::link("practice", "practice").required().filter().within().at_birth(),
        Field::link("school", "organisation").required().filter().at_birth(),
        Field::link("shown_by", "organisation").required().at_birth(),
        Field::date("shown_on").required().column(),
        Field::link("visit", "visit"),
        Field::date("adopted_on").by_move().column(),
        Field::date("adapted_on").by_move(),
        Field::text("how").by_move().searched(),
        Field::date("dropped_on").by_move(),
        Field::date("seen_on").by_move().column(),
        Field::files(),
    ],
    states: &["shown", "adopted", "adapted", "dropped"],
    moves: &[
        // What became of it is the word of the school that took it on, never of the one that shows it.
        Move::new("adopt", &["shown", "dropped"], "adopted", WHO).asks(&["adopted_on"]).word_of("school"),
        Move::new("adapt", &["shown", "adopted", "dropped"], "adapted", WHO)
            .asks(&["adapted_on", "how"])
            .word_of("school"),
        Move::new("drop", &["adopted", "adapted"], "dropped", WHO).asks(&["dropped_on"]).word_of("school"),
        Move::new("see", &["adopted"], "adopted", WHO).asks(&["seen_on"]),
        Move::new("see_adapted", &["adapted"], "adapted", WHO).asks(&["seen_on"]),
    ],
    access: Access::staff(KEEPERS, &["school", "shown_by"]).kept_by(
        "EXISTS (SELECT 1 FROM practice_school kept_s JOIN visit_visitors kept_w ON kept_w.id = kept_s.visit
                 WHERE kept_s.id = {t}.id AND kept_w.value = {me})",
    ),
    rules: &[
        Rule {
            code: "practice_school-once",
            sql: "SELECT a.id, b.id FROM practice_school a JOIN practice_school b
                    ON b.practice = a.practice AND b.school = a.school AND b.id <> a.id WHERE {one}",
            one: "a.id = ?1",
            other: "",
        },
        Rule {
            code: "practice_school-after-shown",
            sql: "SELECT a.id, NULL FROM practice_school a
                  WHERE min(coalesce(a.adopted_on, '9999'), coalesce(a.adapted_on, '9999'), coalesce(a.dropped_on, '9999'),
                            coalesce(a.seen_on, '9999')) < a.shown_on AND {one}",
            one: "a.id = ?1",
            other: "",
        },
    ],
    order: "-shown_on",
    hub_only: false,
    hidden: false,
};
