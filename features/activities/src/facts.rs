use records::{Access, Field, Home, Kind, Move, Role, Roles, Rule, made_by};

/// The records of this room.
pub const KINDS: &[&Kind] = &[&ACTIVITY, &PARTICIPATION, &HEADCOUNT];

const KEEPERS: &[Role] = &[Role::Administrator, Role::Officer, Role::Head, Role::Posted, Role::Local];
pub(crate) const WHO: Roles = Roles::of(KEEPERS);

/// An activity is kept by who gives it, who went on its visit, and who leads its team.
macro_rules! of_activity {
    ($table:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM activity_given_by kept_g WHERE kept_g.id = ",
            $table,
            ".id AND kept_g.value = {me})
             OR EXISTS (SELECT 1 FROM activity kept_y JOIN visit_visitors kept_w ON kept_w.id = kept_y.visit
                        WHERE kept_y.id = ",
            $table,
            ".id AND kept_w.value = {me})
             OR EXISTS (SELECT 1 FROM activity kept_y JOIN team kept_t ON kept_t.id = kept_y.team
                        WHERE kept_y.id = ",
            $table,
            ".id AND kept_t.lead = {me})"
        )
    };
}

/// What stands with an activity is kept by who keeps that.
macro_rules! with_activity {
    ($table:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM ",
            $table,
            " kept_x JOIN activity kept_a ON kept_a.id = kept_x.activity
             WHERE kept_x.id = {t}.id AND (",
            made_by!("kept_a"),
            " OR ",
            of_activity!("kept_a"),
            "))"
        )
    };
}

pub(crate) static ACTIVITY: Kind = Kind {
    name: "activity",
    route: "activities",
    icon: "calendar",
    home: Home::School("school"),
    title: &["title"],
    fields: &[
        Field::line("title").required().column().searched(),
        Field::choice(
            "kind",
            &[
                "lesson",
                "demonstration_lesson",
                "lecture",
                "training",
                "research_meeting",
                "online_research",
                "team_meeting",
                "workshop",
            ],
        )
        .required()
        .filter(),
        Field::link("school", "organisation").required().filter(),
        Field::line("place").searched(),
        Field::date("starts_on").required().column(),
        Field::date("ends_on").required(),
        Field::link("team", "team"),
        Field::link("visit", "visit").along(),
        Field::links("given_by", "person"),
        Field::text("notes").searched(),
        Field::files(),
        Field::date("held_on").by_move().come().column(),
    ],
    states: &["planned", "held", "verified", "cancelled"],
    moves: &[
        Move::new("hold", &["planned"], "held", WHO).asks(&["held_on"]).at_birth(),
        Move::new("verify", &["held"], "verified", Roles::of(&[Role::Administrator, Role::Officer, Role::Head]))
            .seals(),
        Move::new("cancel", &["planned"], "cancelled", WHO).with_reason(),
    ],
    access: Access::staff(KEEPERS, &["school"]).kept_by(of_activity!("{t}")),
    rules: &[
        Rule {
            code: "dates-in-order",
            sql: "SELECT a.id, NULL FROM activity a WHERE a.ends_on < a.starts_on AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        // Withdrawn at one node while another still signed people in: a doubled visit's names would go on counting.
        Rule {
            code: "activity-visit-gone",
            sql: "SELECT a.id, NULL FROM activity a WHERE a.visit IS NOT NULL AND a.state IN ('held', 'verified')
                    AND NOT EXISTS (SELECT 1 FROM visit v WHERE v.id = a.visit) AND {one}",
            one: "a.id = ?1",
            other: "",
        },
    ],
    order: "-starts_on",
    hub_only: false,
    hidden: false,
};

pub(crate) static PARTICIPATION: Kind = Kind {
    name: "participation",
    route: "participations",
    icon: "user",
    home: Home::With("activity", "activity"),
    title: &["person", "activity"],
    fields: &[
        Field::link("activity", "activity").required().filter(),
        Field::link("person", "person").required().column(),
        Field::choice("part", &["attends", "gives", "organises"]).required().column(),
        Field::date("day").required().column(),
        Field::yes("present").column(),
        // Where the person taught then, by which they count as a local teacher: who leaves a school does not change what was.
        Field::link("school", "organisation").by_move(),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(KEEPERS, &["activity"]).kept_by(concat!(
        "EXISTS (SELECT 1 FROM participation kept_p WHERE kept_p.id = {t}.id AND kept_p.person = {me}) OR ",
        with_activity!("participation")
    )),
    rules: &[Rule {
        code: "participation-once",
        sql: "SELECT a.id, b.id FROM participation a JOIN participation b
                ON b.activity = a.activity AND b.person = a.person AND b.day = a.day AND b.id <> a.id WHERE {one}",
        one: "a.id = ?1",
        other: "",
    },
    // Two hosts of visits lie hours apart; what one node took in alone, another shows as a conflict.
    Rule {
        code: "participation-two-places",
        sql: "SELECT a.id, b.id FROM participation a JOIN activity x ON x.id = a.activity JOIN visit v ON v.id = x.visit
                JOIN participation b ON b.person = a.person AND b.day = a.day AND b.id <> a.id AND b.part = 'attends'
                JOIN activity y ON y.id = b.activity JOIN visit w ON w.id = y.visit
              WHERE a.part = 'attends' AND a.present = 1 AND b.present = 1 AND v.host <> w.host AND {one}",
        one: "a.id = ?1",
        other: "",
    },
    // Two records of one stay would count everybody twice.
    Rule {
        code: "participation-same-stay",
        sql: "SELECT a.id, b.id FROM participation a JOIN activity x ON x.id = a.activity JOIN visit v ON v.id = x.visit
                JOIN participation b ON b.person = a.person AND b.day = a.day AND b.id <> a.id AND b.part = 'attends'
                JOIN activity y ON y.id = b.activity JOIN visit w ON w.id = y.visit
              WHERE a.part = 'attends' AND a.present = 1 AND b.present = 1
                AND v.id <> w.id AND v.host = w.host AND v.from_school = w.from_school AND {one}",
        one: "a.id = ?1",
        other: "",
    },
    Rule {
        code: "participation-day",
        sql: "SELECT a.id, NULL FROM participation a JOIN activity x ON x.id = a.activity
              WHERE (a.day < x.starts_on OR a.day > x.ends_on) AND {one}",
        one: "a.id = ?1",
        other: "",
    }],
    order: "-day",
    hub_only: false,
    hidden: false,
};

/// A count of people. Counted and estimated never add up to one number.
static HEADCOUNT: Kind = Kind {
    name: "headcount",
    route: "headcounts",
    icon: "sigma",
    home: Home::With("activity", "activity"),
    title: &["category", "activity"],
    fields: &[
        Field::link("activity", "activity").required().filter(),
        Field::choice("category", &["local_teachers", "posted_teachers", "pupils", "parents", "others"])
            .required()
            .filter(),
        Field::date("day").required().column(),
        Field::int("number", 0, 100_000).required().column().few_where("{t}.category = 'pupils'"),
        Field::choice("basis", &["counted", "estimated"]).required().filter(),
    ],
    states: &["entered", "verified"],
    // A number that counts is the word of two.
    moves: &[Move::new(
        "verify",
        &["entered"],
        "verified",
        Roles::of(&[Role::Administrator, Role::Officer, Role::Head]),
    )
    .seals()
    .approves(&["activity", "category", "day", "number", "basis"], &["verified"])
    .by_another()],
    access: Access::staff(KEEPERS, &["activity"]).kept_by(with_activity!("headcount")),
    rules: &[
        Rule {
            code: "headcount-once",
            sql: "SELECT a.id, b.id FROM headcount a JOIN headcount b
                ON b.activity = a.activity AND b.category = a.category AND b.day = a.day AND b.basis = a.basis
               AND b.id <> a.id WHERE {one}",
            one: "a.id = ?1",
            other: "",
        },
        Rule {
            code: "headcount-day",
            sql: "SELECT a.id, NULL FROM headcount a JOIN activity x ON x.id = a.activity
              WHERE (a.day < x.starts_on OR a.day > x.ends_on) AND {one}",
            one: "a.id = ?1",
            other: "",
        },
    ],
    order: "-day",
    hub_only: false,
    hidden: false,
};
