use records::vocabulary::SUBJECTS;
use records::{Access, Field, Home, Kind, Move, Role, Roles, Rule};

/// The records of this room.
pub const KINDS: &[&Kind] = &[&PAIRING];

const KEEPERS: &[Role] = &[Role::Administrator, Role::Officer, Role::Head, Role::Posted, Role::Local];
const WHO: Roles = Roles::of(KEEPERS);

/// Two people who learn from each other. That it exists is the school's; what the two write is their own.
/// A renewal is a pairing of its own that names the one it renews.
static PAIRING: Kind = Kind {
    name: "pairing",
    route: "pairings",
    icon: "link",
    home: Home::School("school"),
    title: &["master", "apprentice"],
    fields: &[
        Field::choice("kind", &["master_apprentice", "new_old", "course", "subject"]).required().filter(),
        Field::link("master", "person").required().column(),
        Field::link("apprentice", "person").required().column(),
        Field::link("school", "organisation").required().filter(),
        Field::choice("subject", SUBJECTS).filter(),
        Field::line("goals").searched(),
        Field::link("renews", "pairing"),
        Field::yes("online"),
        Field::date("master_signed_on").by_move(),
        Field::date("apprentice_signed_on").by_move(),
        Field::date("active_from").by_move().column(),
        Field::date("ended_on").by_move().column(),
        Field::link("handed_to", "person").by_move(),
    ],
    states: &["invited", "signed", "active", "paused", "handed_over", "closed"],
    moves: &[
        Move::new("sign", &["invited"], "signed", WHO).asks(&["master_signed_on", "apprentice_signed_on"]),
        Move::new("begin", &["signed"], "active", WHO).asks(&["active_from"]),
        Move::new("pause", &["active"], "paused", WHO).with_reason(),
        Move::new("resume", &["paused"], "active", WHO),
        Move::new("hand_over", &["active", "paused"], "handed_over", WHO).asks(&["handed_to", "ended_on"]),
        Move::new("close", &["invited", "signed", "active", "paused"], "closed", WHO).asks(&["ended_on"]),
    ],
    access: Access::staff(KEEPERS, &["school"]),
    rules: &[
        Rule {
            code: "pairing-two-people",
            sql: "SELECT a.id, NULL FROM pairing a WHERE a.master = a.apprentice AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        Rule {
            code: "pairing-both-sign",
            sql: "SELECT a.id, NULL FROM pairing a WHERE a.active_from IS NOT NULL
                  AND (a.master_signed_on IS NULL OR a.apprentice_signed_on IS NULL) AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        Rule {
            code: "pairing-renews-same-two",
            sql: "SELECT a.id, b.id FROM pairing a JOIN pairing b ON b.id = a.renews
                  WHERE (a.master <> b.master OR a.apprentice <> b.apprentice OR a.kind <> b.kind) AND {one}",
            one: "a.id = ?1",
            other: "",
        },
    ],
    order: "-active_from",
    hub_only: false,
    hidden: false,
};
