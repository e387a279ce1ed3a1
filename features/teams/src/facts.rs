use records::vocabulary::SUBJECTS;
use records::{Access, Field, Home, Kind, Move, Role, Roles, Rule, made_by};

/// The records of this room.
pub const KINDS: &[&Kind] = &[&TEAM, &MEMBERSHIP, &TEAM_TERM, &TEAM_OUTPUT, &RESEARCH_CYCLE, &RESEARCH_LESSON];

const KEEPERS: &[Role] = &[Role::Administrator, Role::Officer, Role::Head, Role::Posted, Role::Local];
const WHO: Roles = Roles::of(KEEPERS);

/// What stands with a team is kept by who leads that and by who made it.
macro_rules! with_team {
    ($table:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM ",
            $table,
            " kept_x JOIN team kept_t ON kept_t.id = kept_x.team
             WHERE kept_x.id = {t}.id AND (kept_t.lead = {me} OR ",
            made_by!("kept_t"),
            "))"
        )
    };
}

/// A team counts once it had three members and a held meeting (an activity that names it).
pub(crate) static TEAM: Kind = Kind {
    name: "team",
    route: "teams",
    icon: "users",
    home: Home::School("school"),
    title: &["name"],
    fields: &[
        Field::line("name").required().column().searched(),
        Field::names("names").searched(),
        Field::choice("kind", &["studio", "research_team", "association"]).required().filter(),
        Field::link("school", "organisation").required().filter(),
        Field::link("lead", "person").column(),
        Field::choice("subject", SUBJECTS).filter(),
        Field::text("plan"),
        Field::date("active_from").by_move().column(),
        Field::date("ended_on").by_move(),
    ],
    states: &["proposed", "active", "dormant", "closed"],
    moves: &[
        Move::new("begin", &["proposed"], "active", WHO).asks(&["active_from"]),
        Move::new("rest", &["active"], "dormant", WHO),
        Move::new("resume", &["dormant"], "active", WHO),
        Move::new("close", &["proposed", "active", "dormant"], "closed", WHO).asks(&["ended_on"]),
    ],
    access: Access::staff(KEEPERS, &["school"])
        .kept_by("EXISTS (SELECT 1 FROM team kept_t WHERE kept_t.id = {t}.id AND kept_t.lead = {me})"),
    rules: &[Rule {
        code: "dates-in-order",
        sql: "SELECT a.id, NULL FROM team a WHERE a.ended_on < a.active_from AND {one}",
        one: "a.id = ?1",
        other: "",
    }],
    order: "name",
    hub_only: false,
    hidden: false,
};

pub(crate) static MEMBERSHIP: Kind = Kind {
    name: "membership",
    route: "memberships",
    icon: "user-plus",
    home: Home::With("team", "team"),
    title: &["person", "team"],
    fields: &[
        Field::link("team", "team").required().filter().within(),
        Field::link("person", "person").required().column(),
        Field::choice("part", &["lead", "member", "guest"]).required().column(),
        Field::date("from_on").required().column(),
        Field::date("until_on").column(),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(KEEPERS, &["team"]).kept_by(concat!(
        // Who leaves a team says so.
        "EXISTS (SELECT 1 FROM membership kept_m WHERE kept_m.id = {t}.id AND kept_m.person = {me}) OR ",
        with_team!("membership")
    )),
    rules: &[
        Rule {
            code: "dates-in-order",
            sql: "SELECT a.id, NULL FROM membership a WHERE a.until_on < a.from_on AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        Rule {
            code: "membership-once",
            sql: "SELECT a.id, b.id FROM membership a JOIN membership b
                    ON b.team = a.team AND b.person = a.person AND b.id <> a.id
                  WHERE a.from_on <= coalesce(b.until_on, '9999') AND b.from_on <= coalesce(a.until_on, '9999') AND {one}",
            one: "a.id = ?1",
            other: "",
        },
    ],
    order: "-from_on",
    hub_only: false,
    hidden: false,
};

/// What a team means to do in a term. What became of it is not typed again: meetings, research lessons and outputs within
/// its days stand beside it.
pub(crate) static TEAM_TERM: Kind = Kind {
    name: "team_term",
    route: "team-terms",
    icon: "calendar",
    home: Home::With("team", "team"),
    title: &["title"],
    fields: &[
        Field::link("team", "team").required().filter().within(),
        Field::line("title").required().column().searched(),
        Field::date("from_on").required().column(),
        Field::date("until_on").required().column(),
        Field::text("aims").required().searched(),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(KEEPERS, &["team"]).kept_by(with_team!("team_term")),
    rules: &[
        Rule {
            code: "dates-in-order",
            sql: "SELECT a.id, NULL FROM team_term a WHERE a.until_on < a.from_on AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        Rule {
            code: "team_term-once",
            sql: "SELECT a.id, b.id FROM team_term a JOIN team_term b ON b.team = a.team AND b.id <> a.id
                  WHERE a.from_on <= b.until_on AND b.from_on <= a.until_on AND {one}",
            one: "a.id = ?1",
            other: "",
        },
    ],
    order: "-from_on",
    hub_only: false,
    hidden: false,
};

/// What a team made: a lesson plan or a course that others can use.
pub(crate) static TEAM_OUTPUT: Kind = Kind {
    name: "team_output",
    route: "team-outputs",
    icon: "book-open",
    home: Home::With("team", "team"),
    title: &["title"],
    fields: &[
        Field::link("team", "team").required().filter().within(),
        Field::line("title").required().column().searched(),
        Field::link("plan", "lesson_plan"),
        Field::link("course", "course"),
        Field::date("made_on").required().column(),
        Field::text("note").searched(),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(KEEPERS, &["team"]).kept_by(with_team!("team_output")),
    rules: &[Rule {
        code: "team_output-of-what",
        sql: "SELECT a.id, NULL FROM team_output a WHERE a.plan IS NULL AND a.course IS NULL AND {one}",
        one: "a.id = ?1",
        other: "",
    }],
    order: "-made_on",
    hub_only: false,
    hidden: false,
};

/// A question that teachers look into by one lesson, taught again and again: planned, taught, observed, revised. Every node
/// holds it, since its lessons are taught at several schools.
pub(crate) static RESEARCH_CYCLE: Kind = Kind {
    name: "research_cycle",
    route: "research-cycles",
    icon: "rotate-cw",
    home: Home::Programme,
    title: &["title"],
    fields: &[
        Field::line("title").required().column().searched(),
        Field::text("question").required().searched(),
        Field::link("team", "team").filter().within(),
        Field::link("school", "organisation").required().column(),
        Field::choice("subject", SUBJECTS).filter(),
        Field::date("starts_on").required().column(),
        Field::link("plan", "lesson_plan"),
        Field::text("learned").by_move().searched(),
        Field::date("ended_on").by_move(),
    ],
    states: &["open", "closed"],
    moves: &[
        Move::new("close", &["open"], "closed", WHO).asks(&["learned", "ended_on"]),
        Move::new("reopen", &["closed"], "open", WHO),
    ],
    access: Access::staff(KEEPERS, &["school"]).kept_by(with_team!("research_cycle")),
    rules: &[Rule {
        code: "dates-in-order",
        sql: "SELECT a.id, NULL FROM research_cycle a WHERE a.ended_on < a.starts_on AND {one}",
        one: "a.id = ?1",
        other: "",
    }],
    order: "-starts_on",
    hub_only: false,
    hidden: false,
};

/// One time that the lesson of a cycle is taught. What was seen is of the lesson and of what pupils did with it, not of who
/// taught.
pub(crate) static RESEARCH_LESSON: Kind = Kind {
    name: "research_lesson",
    route: "research-lessons",
    icon: "presentation",
    home: Home::With("cycle", "research_cycle"),
    title: &["school", "starts_on"],
    fields: &[
        Field::link("cycle", "research_cycle").required().filter().within(),
        Field::link("school", "organisation").required().column(),
        // Who leads the cycle plans its lessons elsewhere too.
        Field::link("from_school", "organisation").required(),
        Field::line("grade"),
        Field::date("starts_on").required().column(),
        Field::link("given_by", "person"),
        Field::links("observers", "person"),
        Field::date("taught_on").by_move(),
        Field::text("seen").by_move().searched(),
        Field::text("revised").by_move().searched(),
        Field::files(),
    ],
    states: &["planned", "taught", "observed", "revised", "cancelled"],
    moves: &[
        Move::new("teach", &["planned"], "taught", WHO).asks(&["taught_on"]),
        Move::new("observe", &["taught"], "observed", WHO).asks(&["seen"]),
        Move::new("revise", &["observed"], "revised", WHO).asks(&["revised"]),
        Move::new("cancel", &["planned"], "cancelled", WHO).with_reason(),
    ],
    access: Access::staff(KEEPERS, &["school", "from_school"]).kept_by(concat!(
        "EXISTS (SELECT 1 FROM research_lesson kept_l WHERE kept_l.id = {t}.id AND kept_l.given_by = {me})
         OR EXISTS (SELECT 1 FROM research_lesson_observers kept_o WHERE kept_o.id = {t}.id AND kept_o.value = {me})
         OR EXISTS (SELECT 1 FROM research_lesson kept_l JOIN research_cycle kept_c ON kept_c.id = kept_l.cycle
                    LEFT JOIN team kept_t ON kept_t.id = kept_c.team
                    WHERE kept_l.id = {t}.id AND (kept_t.lead = {me} OR ",
        made_by!("kept_c"),
        "))"
    )),
    rules: &[],
    order: "starts_on",
    hub_only: false,
    hidden: false,
};
