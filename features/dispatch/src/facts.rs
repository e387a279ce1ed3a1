use records::vocabulary::{ROLES, STAGES, SUBJECTS, TEACHING_LANGUAGES};
use records::{Access, Field, Home, Kind, Move, Role, Roles, Rule};

/// The records of this room.
pub const KINDS: &[&Kind] = &[&NOMINATION, &REVERSE_POSTING, &REVERSE_REPORT];

const OFFICE: &[Role] = &[Role::Administrator, Role::Officer];
/// Who chooses among those whom units nominate.
pub(crate) const CHOOSERS: Roles = Roles::of(OFFICE);
const NOMINATORS: &[Role] = &[Role::Administrator, Role::Officer, Role::Coordinator];
/// A unit's own word: no office says it in the unit's place.
const UNIT: Roles = Roles::of(&[Role::Coordinator]);
const KEEPERS: &[Role] = &[Role::Administrator, Role::Officer, Role::Head];
const WHO: Roles = Roles::of(KEEPERS);

/// Somebody whom a unit offers for a cohort. That the unit can do without the person is a yes, and why not is asked nowhere;
/// nor is why somebody is not chosen. The person, the unit and the office see it.
pub(crate) static NOMINATION: Kind = Kind {
    name: "nomination",
    route: "nominations",
    icon: "user-plus",
    home: Home::Programme,
    title: &["person", "cohort"],
    fields: &[
        Field::link("person", "person").required().column(),
        Field::link("unit", "organisation").required().filter(),
        Field::link("cohort", "cohort").required().filter(),
        Field::tags("roles", ROLES).required(),
        // What is left empty of these is read from the person's own page.
        Field::tags("subjects", SUBJECTS),
        Field::tags("stages", STAGES),
        Field::tags("teaching_languages", TEACHING_LANGUAGES),
        Field::yes("available"),
        Field::links("keep_with", "person"),
        Field::text("wishes").personal(),
        Field::link("need", "need").by_move(),
        Field::date("notified_on").by_move(),
    ],
    states: &["offered", "approved", "reserve", "selected", "notified", "declined", "withdrawn"],
    moves: &[
        // Nobody approves themselves, and what the unit approved is not another's name afterwards. Of a unit whose only
        // coordinator goes, the office says it.
        Move::new("approve", &["offered"], "approved", UNIT)
            .not_by(&["person"])
            .instead(CHOOSERS)
            .approves(&["person", "unit", "cohort", "available"], &["approved", "reserve", "selected", "notified"]),
        Move::new("select", &["approved", "reserve"], "selected", CHOOSERS),
        Move::new("reserve", &["approved", "selected"], "reserve", CHOOSERS),
        Move::new("decline", &["approved", "reserve", "selected"], "declined", CHOOSERS),
        Move::new("take_back", &["selected", "reserve", "declined"], "approved", CHOOSERS),
        Move::new("notify", &["selected"], "notified", Roles::of(NOMINATORS)).asks(&["notified_on"]),
        Move::new("withdraw", &["offered", "approved", "reserve", "selected"], "withdrawn", Roles::of(NOMINATORS)),
    ],
    access: Access::staff(NOMINATORS, &["unit"]).seen_where(
        // The inner name is its own: a query may call its table anything.
        "EXISTS (SELECT 1 FROM nomination seen_n WHERE seen_n.id = {t}.id AND (seen_n.person = {me}
            OR {is_administrator} OR {is_officer} OR seen_n.unit IN ({of_coordinator})))",
    ),
    rules: &[
        Rule {
            code: "nomination-once",
            sql:
                "SELECT a.id, b.id FROM nomination a JOIN nomination b
                    ON b.person = a.person AND b.cohort = a.cohort AND b.id <> a.id
                  WHERE a.state NOT IN ('declined', 'withdrawn') AND b.state NOT IN ('declined', 'withdrawn') AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        Rule {
            code: "nomination-available",
            sql: "SELECT a.id, NULL FROM nomination a
                  WHERE a.state NOT IN ('offered', 'declined', 'withdrawn') AND coalesce(a.available, 0) = 0 AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        Rule {
            code: "nomination-by-a-unit",
            sql: "SELECT a.id, NULL FROM nomination a JOIN organisation o ON o.id = a.unit
                  WHERE o.kind IN ('supported_school', 'outlying_school') AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        Rule {
            code: "nomination-need-once",
            sql: "SELECT a.id, b.id FROM nomination a JOIN nomination b ON b.need = a.need AND b.id <> a.id
                  WHERE a.state IN ('selected', 'notified') AND b.state IN ('selected', 'notified') AND {one}",
            one: "a.id = ?1",
            other: "",
        },
    ],
    order: "-changed",
    hub_only: false,
    hidden: false,
};

/// Somebody of a supported school who goes along at a school of a unit or a partner school, and comes home. It counts from
/// the day of arrival to the day it ended, or is to end, as a posting does.
pub(crate) static REVERSE_POSTING: Kind = Kind {
    name: "reverse_posting",
    route: "reverse-postings",
    icon: "arrow-left",
    home: Home::School("school"),
    title: &["person", "host"],
    fields: &[
        Field::link("person", "person").required().column(),
        Field::link("school", "organisation").required().filter(),
        Field::link("host", "organisation").required().filter(),
        Field::choice("role", ROLES).required().filter(),
        Field::choice("subject", SUBJECTS).filter(),
        Field::line("purpose").searched(),
        Field::date("starts_on").required().column(),
        Field::date("ends_on").required().column(),
        Field::date("arrived_on").by_move().column(),
        Field::date("ended_on").by_move(),
    ],
    states: &["proposed", "accepted", "arrived", "completed", "ended_early", "declined"],
    moves: &[
        // Two people agree to it, and neither is the one who goes: a head proposes, the office accepts, or the other way round.
        Move::new("accept", &["proposed"], "accepted", WHO)
            .not_by(&["person"])
            .approves(&["person", "host"], &["accepted", "arrived", "completed", "ended_early"])
            .by_another(),
        Move::new("decline", &["proposed", "accepted"], "declined", WHO),
        Move::new("arrive", &["accepted"], "arrived", WHO).asks(&["arrived_on"]),
        Move::new("extend", &["arrived"], "arrived", WHO).asks(&["ends_on"]).with_reason(),
        Move::new("complete", &["arrived"], "completed", WHO).asks(&["ended_on"]),
        Move::new("end_early", &["arrived"], "ended_early", WHO).asks(&["ended_on"]).with_reason(),
    ],
    access: Access::staff(KEEPERS, &["school"]),
    rules: &[
        Rule {
            code: "dates-in-order",
            sql: "SELECT a.id, NULL FROM reverse_posting a
                  WHERE (a.ends_on < a.starts_on OR a.ended_on < a.arrived_on OR a.ends_on < a.arrived_on) AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        Rule {
            code: "reverse-posting-one",
            sql:
                "SELECT a.id, b.id FROM reverse_posting a JOIN reverse_posting b ON b.person = a.person AND b.id <> a.id
                  WHERE a.state <> 'declined' AND b.state <> 'declined'
                    AND coalesce(a.arrived_on, a.starts_on) <= coalesce(b.ended_on, b.ends_on)
                    AND coalesce(b.arrived_on, b.starts_on) <= coalesce(a.ended_on, a.ends_on)
                    AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        Rule {
            code: "reverse-posting-not-posted",
            sql: "SELECT a.id, b.id FROM reverse_posting a JOIN posting b ON b.person = a.person
                  WHERE a.state <> 'declined' AND b.state IN ('accepted', 'arrived', 'completed', 'ended_early')
                    AND coalesce(b.part_time, 0) = 0
                    AND coalesce(a.arrived_on, a.starts_on) <= coalesce(b.ended_on, b.ends_on)
                    AND coalesce(b.arrived_on, b.starts_on) <= coalesce(a.ended_on, a.ends_on)
                    AND {one}",
            one: "a.id = ?1",
            other: "posting",
        },
        Rule {
            code: "reverse-posting-host",
            sql: "SELECT a.id, NULL FROM reverse_posting a JOIN organisation o ON o.id = a.host
                  LEFT JOIN organisation up ON up.id = o.parent
                  WHERE o.kind NOT IN ('assisting_unit', 'partner_school')
                    AND coalesce(up.kind, '') NOT IN ('assisting_unit', 'partner_school') AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        Rule {
            code: "reverse-posting-local",
            sql: "SELECT a.id, NULL FROM reverse_posting a JOIN person p ON p.id = a.person
                  LEFT JOIN organisation o ON o.id = p.school
                  WHERE (p.school IS NULL OR a.school NOT IN (o.id, coalesce(o.parent, o.id))) AND {one}",
            one: "a.id = ?1",
            other: "",
        },
    ],
    order: "-ends_on",
    hub_only: false,
    hidden: false,
};

/// What somebody brought home, in their own words, if they wish to say it; the school reads it where they share it. Its
/// words are personal: they are erased with their author, or when the author takes them back.
pub(crate) static REVERSE_REPORT: Kind = Kind {
    name: "reverse_report",
    route: "reverse-reports",
    icon: "pencil",
    home: Home::With("reverse_posting", "reverse_posting"),
    title: &["said"],
    fields: &[
        Field::link("reverse_posting", "reverse_posting").required(),
        Field::link("person", "person").required(),
        Field::text("said").required().personal(),
        Field::yes("shared"),
    ],
    states: &[],
    moves: &[],
    // The office does not read it: it is no account that anybody is owed.
    access: Access {
        read: Roles::STAFF,
        write: Roles::of(&[Role::Head, Role::Posted, Role::Local]),
        own: &[],
        seen: "EXISTS (SELECT 1 FROM reverse_report seen_r WHERE seen_r.id = {t}.id AND (seen_r.person = {me}
               OR seen_r.shared = 1 AND EXISTS
               (SELECT 1 FROM organisation o WHERE o.id IN ({of_head}, {of_posted}, {of_local})
                  AND seen_r.home IN (o.id, o.parent))))",
        hands: "{t}.id IN (SELECT n.id FROM reverse_report n WHERE n.person = {me})",
        ..Access::NOBODY
    },
    rules: &[Rule {
        code: "reverse-report-own",
        sql: "SELECT a.id, NULL FROM reverse_report a JOIN reverse_posting p ON p.id = a.reverse_posting
              WHERE p.person <> a.person AND {one}",
        one: "a.id = ?1",
        other: "",
    }],
    order: "-changed",
    hub_only: false,
    hidden: true,
};
