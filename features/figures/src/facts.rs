use records::{Access, Field, Home, Kind, Move, Role, Roles};

use crate::rules::RULE_NAMES;

/// The records of this room.
pub const KINDS: &[&Kind] = &[&INDICATOR, &DECLARED_TOTAL];

const OFFICE: &[Role] = &[Role::Administrator, Role::Officer];

/// What the programme counts: a rule, of some cohorts or all.
static INDICATOR: Kind = Kind {
    name: "indicator",
    route: "indicators",
    icon: "sigma",
    home: Home::Programme,
    title: &["title"],
    fields: &[
        Field::line("title").required().column().searched(),
        Field::names("titles").searched(),
        Field::line("code").required().column(),
        Field::choice("rule", RULE_NAMES).required().filter(),
        Field::links("cohorts", "cohort"),
        Field::int("place", 1, 999).required().column(),
    ],
    states: &["draft", "published"],
    moves: &[Move::new("publish", &["draft"], "published", Roles::of(OFFICE))],
    access: Access::staff(OFFICE, &[]),
    rules: &[records::Rule {
        code: "indicator-code-once",
        sql: "SELECT a.id, b.id FROM indicator a JOIN indicator b ON b.code = a.code AND b.id <> a.id WHERE {one}",
        one: "a.id = ?1",
        other: "",
    }],
    order: "place",
    hub_only: false,
    hidden: false,
};

/// A number from before Zampa, or from elsewhere: shown beside a counted one, never added to it.
static DECLARED_TOTAL: Kind = Kind {
    name: "declared_total",
    route: "declared-totals",
    icon: "file-text",
    home: Home::Programme,
    title: &["what"],
    fields: &[
        Field::line("what").required().column().searched(),
        Field::link("indicator", "indicator").filter(),
        Field::int("number", 0, 1_000_000_000).required().column(),
        Field::yes("at_least"),
        Field::line("source").required().column().searched(),
        Field::date("declared_on").required().column(),
        Field::line("period"),
    ],
    states: &["entered", "superseded"],
    moves: &[Move::new("supersede", &["entered"], "superseded", Roles::of(OFFICE)).with_reason()],
    access: Access::staff(OFFICE, &[]),
    rules: &[],
    order: "-declared_on",
    hub_only: false,
    hidden: false,
};
