use records::{Access, Field, Home, Kind, Move, Role, Roles, Rule};

/// The records of this room.
pub const KINDS: &[&Kind] = &[&HEALTH_SESSION];

const KEEPERS: &[Role] = &[Role::Administrator, Role::Officer, Role::Head, Role::Posted, Role::Local];
const WHO: Roles = Roles::of(KEEPERS);

/// A medic speaks of a topic at a place. How many came is all that is kept of those who came: there is no field in which
/// anybody's name or condition could stand, nor free text in which it would.
static HEALTH_SESSION: Kind = Kind {
    name: "health_session",
    route: "health-sessions",
    icon: "hand-helping",
    home: Home::School("school"),
    title: &["topic"],
    fields: &[
        Field::line("topic").required().column().searched(),
        Field::link("school", "organisation").required().filter(),
        Field::date("starts_on").required().column(),
        // The one who is posted as a medic, or where that is nobody of the programme, the name.
        Field::link("medic", "posting").column(),
        Field::line("medic_name").personal(),
        Field::date("held_on").by_move().column(),
        Field::int("number", 0, 100_000).by_move().column().few_where("1"),
        Field::choice("basis", &["counted", "estimated"]).by_move().filter(),
    ],
    states: &["planned", "held", "cancelled"],
    moves: &[
        Move::new("hold", &["planned"], "held", WHO).asks(&["held_on", "number", "basis"]).at_birth(),
        Move::new("cancel", &["planned"], "cancelled", WHO).with_reason(),
    ],
    access: Access::staff(KEEPERS, &["school"]).kept_by(
        "EXISTS (SELECT 1 FROM health_session kept_h JOIN posting kept_p ON kept_p.id = kept_h.medic
                 WHERE kept_h.id = {t}.id AND kept_p.person = {me})",
    ),
    rules: &[
        Rule {
            code: "health-session-medic",
            sql: "SELECT a.id, NULL FROM health_session a
                  WHERE a.medic IS NULL AND a.medic_name IS NULL AND a.erased = 0 AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        Rule {
            code: "health-session-by-a-medic",
            sql: "SELECT a.id, p.id FROM health_session a JOIN posting p ON p.id = a.medic
                  WHERE p.role <> 'medic' AND {one}",
            one: "a.id = ?1",
            other: "posting",
        },
        Rule {
            code: "health-session-medic-there",
            sql: "SELECT a.id, p.id FROM health_session a JOIN posting p ON p.id = a.medic
                  WHERE a.state = 'held' AND (p.arrived_on IS NULL OR a.held_on < p.arrived_on OR a.held_on > p.ended_on)
                    AND {one}",
            one: "a.id = ?1",
            other: "posting",
        },
        // A number says whether it was counted or estimated: the two never add up to one.
        Rule {
            code: "health-session-number",
            sql: "SELECT a.id, NULL FROM health_session a
                  WHERE a.state = 'held' AND (a.held_on IS NULL OR a.number IS NULL OR a.basis IS NULL) AND {one}",
            one: "a.id = ?1",
            other: "",
        },
    ],
    order: "-starts_on",
    hub_only: false,
    hidden: false,
};
