use records::{Access, Field, Home, Kind, Role, Roles, Shape};

/// The records of this room.
pub const KINDS: &[&Kind] = &[&WEEK_WORDS, &WEEK_LOG, &HANDOVER_PACK];

/// Characters of what is given to somebody: a full week, or all that a posting leaves behind.
pub(crate) const MOST: usize = 20_000;

/// Everybody who works here; a shared device and a pupil have no week.
const PEOPLE: Roles = Roles::of(&[
    Role::Administrator,
    Role::Officer,
    Role::Coordinator,
    Role::Head,
    Role::Posted,
    Role::Local,
    Role::Observer,
]);

const fn long(name: &'static str) -> Field {
    Field { shape: Shape::Text(MOST), ..Field::text(name) }
}

/// No role opens any of these: only the people whose names stand in the record, also when their roles are over.
const fn theirs(seen: &'static str, hands: &'static str) -> Access {
    Access { read: PEOPLE, write: PEOPLE, own: &[], seen, hands, party: seen, ..Access::NOBODY }
}

/// What somebody changed of a week's draft: lines struck, words added. The draft itself is kept nowhere; it is made of the
/// facts each time its owner looks.
pub(crate) static WEEK_WORDS: Kind = Kind {
    name: "week_words",
    route: "week-words",
    icon: "calendar",
    home: Home::Person("person"),
    title: &["week"],
    fields: &[
        Field::link("person", "person").required(),
        // A week of ISO 8601: 2026-W44.
        Field::line("week").required(),
        long("struck"),
        Field::text("said").personal(),
    ],
    states: &[],
    moves: &[],
    access: theirs(
        "EXISTS (SELECT 1 FROM week_words seen_w WHERE seen_w.id = {t}.id AND seen_w.person = {me})",
        "{t}.id IN (SELECT n.id FROM week_words n WHERE n.person = {me})",
    ),
    rules: &[],
    order: "-week",
    hub_only: false,
    hidden: true,
};

/// A week's log as it was when its owner sent it; for the two alone. That a week was not sent leaves no record.
pub(crate) static WEEK_LOG: Kind = Kind {
    name: "week_log",
    route: "week-logs",
    icon: "send",
    home: Home::Person("person"),
    title: &["week"],
    fields: &[
        Field::link("person", "person").required(),
        Field::link("recipient", "person").required(),
        Field::line("week").required(),
        Field::date("given_on").required(),
        long("said").required().personal(),
    ],
    states: &[],
    moves: &[],
    access: theirs(
        "EXISTS (SELECT 1 FROM week_log seen_l WHERE seen_l.id = {t}.id AND {me} IN (seen_l.person, seen_l.recipient))",
        "{t}.id IN (SELECT n.id FROM week_log n WHERE n.person = {me})",
    ),
    rules: &[],
    order: "-week",
    hub_only: false,
    hidden: true,
};

/// What somebody leaves to who comes after: as it was when it was given; for the two alone.
pub(crate) static HANDOVER_PACK: Kind = Kind {
    name: "handover_pack",
    route: "handover-packs",
    icon: "inbox",
    home: Home::Person("person"),
    title: &["given_on"],
    fields: &[
        Field::link("person", "person").required(),
        Field::link("recipient", "person").required(),
        Field::date("given_on").required(),
        long("said").required().personal(),
    ],
    states: &[],
    moves: &[],
    access: theirs(
        "EXISTS (SELECT 1 FROM handover_pack seen_h WHERE seen_h.id = {t}.id
         AND {me} IN (seen_h.person, seen_h.recipient))",
        "{t}.id IN (SELECT n.id FROM handover_pack n WHERE n.person = {me})",
    ),
    rules: &[],
    order: "-given_on",
    hub_only: false,
    hidden: true,
};
