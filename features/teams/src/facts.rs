use records::vocabulary::SUBJECTS;
use records::{Access, Field, Home, Kind, Move, Role, Roles, Rule};

/// The records of this room.
pub const KINDS: &[&Kind] = &[&TEAM, &MEMBERSHIP];

const KEEPERS: &[Role] = &[Role::Administrator, Role::Officer, Role::Head, Role::Posted, Role::Local];
const WHO: Roles = Roles::of(KEEPERS);

/// A team counts once it had three members and a held meeting (an activity that names it).
static TEAM: Kind = Kind {
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
    access: Access::staff(KEEPERS, &["school"]),
    rules: &[],
    order: "name",
    hub_only: false,
    hidden: false,
};

static MEMBERSHIP: Kind = Kind {
    name: "membership",
    route: "memberships",
    icon: "user-plus",
    home: Home::With("team", "team"),
    title: &["person", "team"],
    fields: &[
        Field::link("team", "team").required().filter(),
        Field::link("person", "person").required().column(),
        Field::choice("part", &["lead", "member", "guest"]).required().column(),
        Field::date("from_on").required().column(),
        Field::date("until_on").column(),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(KEEPERS, &["team"]),
    rules: &[Rule {
        code: "membership-once",
        sql: "SELECT a.id, b.id FROM membership a JOIN membership b
                ON b.team = a.team AND b.person = a.person AND b.id <> a.id
              WHERE a.from_on <= coalesce(b.until_on, '9999') AND b.from_on <= coalesce(a.until_on, '9999') AND {one}",
        one: "a.id = ?1",
        other: "",
    }],
    order: "-from_on",
    hub_only: false,
    hidden: false,
};
