use records::{Access, Field, Home, Kind, Move, Role, Roles, Rule};

/// The records of this room.
pub const KINDS: &[&Kind] = &[&VISIT, &TRIP];

const KEEPERS: &[Role] = &[Role::Administrator, Role::Officer, Role::Head, Role::Posted, Role::Local];
const WHO: Roles = Roles::of(KEEPERS);

/// One team at one host for one stay.
pub(crate) static VISIT: Kind = Kind {
    name: "visit",
    route: "visits",
    icon: "map-pin",
    home: Home::School("from_school"),
    title: &["purpose"],
    fields: &[
        Field::line("purpose").required().column().searched(),
        Field::link("host", "organisation").required().filter(),
        Field::link("from_school", "organisation").required().filter(),
        Field::date("starts_on").required().column(),
        Field::date("ends_on").required(),
        Field::link("trip", "trip").within(),
        Field::text("asked").searched(),
        Field::links("visitors", "person"),
        Field::links("team", "team"),
        Field::int("lessons", 0, 500),
        Field::text("advice").searched(),
        Field::text("follow_up").searched(),
        Field::date("follow_up_on"),
        Field::files(),
        Field::date("held_on").by_move().come().column(),
        Field::date("followed_up_on").by_move().come(),
    ],
    states: &["planned", "held", "followed_up", "cancelled"],
    moves: &[
        Move::new("hold", &["planned"], "held", WHO).asks(&["held_on"]).at_birth(),
        Move::new("follow_up", &["held"], "followed_up", WHO).asks(&["follow_up", "followed_up_on"]),
        Move::new("cancel", &["planned"], "cancelled", WHO).with_reason(),
    ],
    access: Access::staff(KEEPERS, &["from_school"]).kept_by(
        "EXISTS (SELECT 1 FROM visit_visitors kept_w WHERE kept_w.id = {t}.id AND kept_w.value = {me})
         OR EXISTS (SELECT 1 FROM visit kept_v JOIN trip kept_t ON kept_t.id = kept_v.trip
                    WHERE kept_v.id = {t}.id AND kept_t.leader = {me})",
    ),
    rules: &[
        Rule {
            code: "dates-in-order",
            sql: "SELECT a.id, NULL FROM visit a WHERE a.ends_on < a.starts_on AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        // A figure counts what happened: a visit of the days to come is planned, whatever the form's box says.
        Rule {
            code: "visit-not-begun",
            sql: "SELECT a.id, NULL FROM visit a WHERE a.held_on < a.starts_on AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        Rule {
            code: "visit-follow-early",
            sql: "SELECT a.id, NULL FROM visit a WHERE a.follow_up_on < a.starts_on AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        // One stay is one visit, however many of those who went recorded it.
        Rule {
            code: "visit-once",
            sql: "SELECT a.id, b.id FROM visit a JOIN visit b ON b.host = a.host AND b.from_school = a.from_school
                      AND b.id <> a.id AND b.starts_on <= a.ends_on AND a.starts_on <= b.ends_on
                  WHERE a.state IN ('held', 'followed_up') AND b.state IN ('held', 'followed_up')
                    AND (a.trip = b.trip OR EXISTS (SELECT 1 FROM visit_visitors v JOIN visit_visitors w ON w.value = v.value
                                                    WHERE v.id = a.id AND w.id = b.id))
                    AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        // On a trip one comes from host to host, and its days may stand for each. Otherwise nobody stays with two at once: over
        // several days, or, from schools that lie days apart, on one day or in the midst of a stay.
        Rule {
            code: "visit-two-places",
            sql: "SELECT a.id, b.id FROM visit a JOIN visit_visitors v ON v.id = a.id
                    JOIN visit_visitors w ON w.value = v.value AND w.id <> v.id JOIN visit b ON b.id = w.id
                  WHERE a.state IN ('held', 'followed_up') AND b.state IN ('held', 'followed_up') AND b.host <> a.host
                    AND (a.starts_on < a.ends_on AND b.starts_on < b.ends_on
                           AND min(a.ends_on, b.ends_on) > max(a.starts_on, b.starts_on)
                           AND NOT (a.from_school = b.from_school
                                    AND (a.starts_on = b.starts_on OR a.trip IS NOT NULL AND a.trip IS b.trip))
                         OR a.from_school <> b.from_school
                           AND (a.starts_on = b.starts_on AND a.ends_on = b.ends_on AND a.starts_on = a.ends_on
                                OR a.starts_on < b.starts_on AND b.ends_on < a.ends_on
                                OR b.starts_on < a.starts_on AND a.ends_on < b.ends_on))
                    AND {one}",
            one: "a.id = ?1",
            other: "",
        },
    ],
    order: "-starts_on",
    hub_only: false,
    hidden: false,
};

/// A way over several hosts, each of which is a visit of its own. Trips are counted by these, and where a visit names none,
/// by a school that sets out on a day.
pub(crate) static TRIP: Kind = Kind {
    name: "trip",
    route: "trips",
    icon: "map-pin",
    home: Home::School("from_school"),
    title: &["title"],
    fields: &[
        Field::line("title").required().column().searched(),
        Field::link("from_school", "organisation").required().filter(),
        Field::date("starts_on").required().column(),
        Field::date("ends_on").required(),
        Field::link("leader", "person"),
        Field::line("route").searched(),
        Field::text("brings").searched(),
        Field::files(),
    ],
    states: &["planned", "ended", "cancelled"],
    moves: &[
        Move::new("end", &["planned"], "ended", WHO),
        Move::new("cancel", &["planned"], "cancelled", WHO).with_reason(),
    ],
    access: Access::staff(KEEPERS, &["from_school"])
        .kept_by("EXISTS (SELECT 1 FROM trip kept_t WHERE kept_t.id = {t}.id AND kept_t.leader = {me})"),
    rules: &[Rule {
        code: "dates-in-order",
        sql: "SELECT a.id, NULL FROM trip a WHERE a.ends_on < a.starts_on AND {one}",
        one: "a.id = ?1",
        other: "",
    }],
    order: "-starts_on",
    hub_only: false,
    hidden: false,
};
