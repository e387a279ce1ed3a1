use records::vocabulary::{ROLES, STAGES, SUBJECTS, TEACHING_LANGUAGES};
use records::{Access, Field, Home, Kind, Move, Role, Roles, Rule};

/// The records of this room.
pub const KINDS: &[&Kind] =
    &[&PROGRAMME, &ORGANISATION, &PARTNERSHIP, &COMMITMENT, &DELIVERY, &COHORT, &NEED, &POSTING];

const OFFICE: &[Role] = &[Role::Administrator, Role::Officer];
const OFFICE_ONLY: Roles = Roles::of(OFFICE);
const WITH_UNIT: Roles = Roles::of(&[Role::Administrator, Role::Officer, Role::Coordinator]);
/// The receiving school's own word: no office says it in the school's place.
const SCHOOL: Roles = Roles::of(&[Role::Head]);
const WITH_SCHOOL: Roles = Roles::of(&[Role::Administrator, Role::Officer, Role::Head]);

/// What can be promised. People who are posted, people who come to learn, and training are counted from what is recorded of
/// them; the rest is told by who brings it and confirmed by who receives it.
const COMMITMENTS: &[&str] = &["people", "shadowing", "money", "equipment", "training", "exchange"];

static PROGRAMME: Kind = Kind {
    name: "programme",
    route: "programmes",
    icon: "file-text",
    home: Home::Programme,
    title: &["title"],
    fields: &[
        Field::line("title").required().column().searched(),
        Field::names("titles").searched(),
        Field::text("purpose"),
        Field::line("zone").required(),
        Field::tags("languages", TEACHING_LANGUAGES),
        // On study tours.
        Field::int("pupils_per_adult", 1, 30),
        Field::yes("demonstration").by_move(),
    ],
    states: &["draft", "running", "closed"],
    moves: &[
        Move::new("start", &["draft"], "running", OFFICE_ONLY),
        Move::new("close", &["running"], "closed", OFFICE_ONLY).with_reason(),
    ],
    access: Access::staff(OFFICE, &[]),
    rules: &[],
    order: "title",
    hub_only: false,
    hidden: false,
};

static ORGANISATION: Kind = Kind {
    name: "organisation",
    route: "organisations",
    icon: "school",
    home: Home::Programme,
    title: &["name"],
    fields: &[
        Field::line("name").required().column().searched(),
        Field::names("names").searched(),
        Field::line("sort_key"),
        Field::choice(
            "kind",
            &["assisting_unit", "supported_school", "outlying_school", "authority", "partner_school"],
        )
        .required()
        .filter(),
        Field::link("parent", "organisation").column(),
        Field::line("region").filter().searched(),
        Field::choice("region_kind", &["province", "city", "prefecture", "unit"]),
        Field::line("place").searched(),
        Field::tags("stages", STAGES).filter(),
        Field::link("merged_into", "organisation").by_move(),
        Field::date("ended_on").by_move(),
    ],
    states: &["active", "merged", "closed"],
    moves: &[
        Move::new("merge", &["active"], "merged", OFFICE_ONLY).asks(&["merged_into", "ended_on"]).with_reason(),
        Move::new("close", &["active"], "closed", OFFICE_ONLY).asks(&["ended_on"]).with_reason(),
        Move::new("reopen", &["merged", "closed"], "active", OFFICE_ONLY).with_reason(),
    ],
    access: Access::staff(OFFICE, &[]),
    rules: &[Rule {
        code: "organisation-own-parent",
        sql: "SELECT a.id, NULL FROM organisation a WHERE a.parent = a.id AND {one}",
        one: "a.id = ?1",
        other: "",
    }],
    order: "name",
    hub_only: true,
    hidden: false,
};

pub(crate) static PARTNERSHIP: Kind = Kind {
    name: "partnership",
    route: "partnerships",
    icon: "handshake",
    home: Home::Programme,
    title: &["title"],
    fields: &[
        Field::line("title").required().column().searched(),
        Field::link("unit", "organisation").required().filter(),
        Field::link("school", "organisation").required().filter(),
        Field::text("terms"),
        Field::files(),
        Field::date("signed_on").by_move().column(),
        Field::date("ended_on").by_move(),
    ],
    states: &["proposed", "signed", "ended"],
    moves: &[
        Move::new("sign", &["proposed"], "signed", WITH_UNIT).asks(&["signed_on"]),
        Move::new("end", &["signed"], "ended", WITH_UNIT).asks(&["ended_on"]).with_reason(),
    ],
    access: Access::staff(&[Role::Administrator, Role::Officer, Role::Coordinator], &["unit"]),
    rules: &[
        Rule {
            code: "partnership-two-parties",
            sql: "SELECT a.id, NULL FROM partnership a WHERE a.unit = a.school AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        // A renewed one follows: while both run, nobody could say for which of them somebody came.
        Rule {
            code: "partnership-once",
            sql: "SELECT a.id, b.id FROM partnership a
                  JOIN partnership b ON b.unit = a.unit AND b.school = a.school AND b.id <> a.id
                  WHERE a.state = 'signed' AND b.state = 'signed' AND {one}",
            one: "a.id = ?1",
            other: "",
        },
    ],
    order: "-signed_on",
    hub_only: false,
    hidden: false,
};

pub(crate) static COMMITMENT: Kind = Kind {
    name: "commitment",
    route: "commitments",
    icon: "check",
    home: Home::Programme,
    title: &["what"],
    fields: &[
        Field::link("partnership", "partnership").required().filter(),
        Field::line("what").required().column().searched(),
        Field::choice("kind", COMMITMENTS).required().filter(),
        Field::amount("amount").column(),
        Field::int("number", 0, 1_000_000).column(),
        Field::date("due_on").column(),
        Field::date("kept_on").by_move(),
    ],
    states: &["open", "kept", "dropped"],
    moves: &[
        Move::new("keep", &["open"], "kept", WITH_UNIT).asks(&["kept_on"]),
        Move::new("drop", &["open"], "dropped", WITH_UNIT).with_reason(),
    ],
    access: Access::staff(OFFICE, &[]),
    rules: &[],
    order: "due_on",
    hub_only: false,
    hidden: false,
};

/// What arrived of a commitment. Who brings it tells of it; that it came is the receiving school's own word.
pub(crate) static DELIVERY: Kind = Kind {
    name: "delivery",
    route: "deliveries",
    icon: "inbox",
    home: Home::Programme,
    title: &["what"],
    fields: &[
        Field::link("commitment", "commitment").required().column(),
        Field::line("what").required().searched(),
        Field::amount("amount").column(),
        Field::int("number", 1, 1_000_000).column(),
        Field::date("delivered_on").required().column(),
        Field::link("unit", "organisation").required().filter(),
        Field::link("place", "organisation").required().filter(),
        Field::files(),
        Field::date("confirmed_on").by_move().column(),
    ],
    states: &["told", "confirmed", "not_arrived"],
    moves: &[
        Move::new("confirm", &["told", "not_arrived"], "confirmed", SCHOOL).asks(&["confirmed_on"]).seals(),
        Move::new("contest", &["told", "confirmed"], "not_arrived", SCHOOL).with_reason(),
    ],
    access: Access::staff(&[Role::Administrator, Role::Officer, Role::Coordinator, Role::Head], &["unit", "place"]),
    rules: &[
        Rule {
            code: "delivery-of-the-two",
            sql: "SELECT a.id, NULL FROM delivery a JOIN commitment c ON c.id = a.commitment
                  JOIN partnership p ON p.id = c.partnership LEFT JOIN organisation o ON o.id = a.place
                  WHERE (a.unit <> p.unit OR p.school NOT IN (o.id, coalesce(o.parent, o.id))) AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        Rule {
            code: "delivery-how-much",
            sql: "SELECT a.id, NULL FROM delivery a JOIN commitment c ON c.id = a.commitment
                  WHERE (c.kind = 'money' AND (a.amount IS NULL OR a.number IS NOT NULL)
                      OR c.kind <> 'money' AND (a.number IS NULL OR a.amount IS NOT NULL)) AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        // What is recorded already is not entered again.
        Rule {
            code: "delivery-is-counted",
            sql: "SELECT a.id, NULL FROM delivery a JOIN commitment c ON c.id = a.commitment
                  WHERE c.kind IN ('people', 'shadowing', 'training') AND {one}",
            one: "a.id = ?1",
            other: "",
        },
    ],
    order: "-delivered_on",
    hub_only: false,
    hidden: false,
};

static COHORT: Kind = Kind {
    name: "cohort",
    route: "cohorts",
    icon: "users",
    home: Home::Programme,
    title: &["title"],
    fields: &[
        Field::line("title").required().column().searched(),
        Field::names("titles").searched(),
        Field::int("ordinal", 1, 99).required().column(),
        Field::date("opens_on").required().column(),
        Field::date("closes_on").required().column(),
        Field::int("term_months", 1, 60),
        Field::int("leader_term_months", 1, 60),
        Field::line("selected_by"),
        Field::line("plan").searched(),
    ],
    states: &["planned", "open", "closed"],
    moves: &[
        Move::new("open", &["planned"], "open", OFFICE_ONLY),
        Move::new("close", &["open"], "closed", OFFICE_ONLY),
    ],
    access: Access::staff(OFFICE, &[]),
    rules: &[Rule {
        code: "dates-in-order",
        sql: "SELECT a.id, NULL FROM cohort a WHERE a.closes_on < a.opens_on AND {one}",
        one: "a.id = ?1",
        other: "",
    }],
    order: "ordinal",
    hub_only: false,
    hidden: false,
};

pub(crate) static NEED: Kind = Kind {
    name: "need",
    route: "needs",
    icon: "hand-helping",
    home: Home::Programme,
    title: &["title"],
    fields: &[
        Field::line("title").required().column().searched(),
        Field::link("school", "organisation").required().filter(),
        Field::choice("role", ROLES).required().filter(),
        Field::choice("subject", SUBJECTS).filter(),
        Field::choice("stage", STAGES).filter(),
        Field::tags("teaching_languages", TEACHING_LANGUAGES),
        Field::int("hours", 0, 60),
        Field::text("done_when").required().searched(),
        Field::link("carried_by", "person").by_move(),
        Field::date("met_on").by_move(),
        Field::date("reopened_on").by_move(),
    ],
    states: &["draft", "returned", "approved", "filled", "met", "withdrawn"],
    moves: &[
        Move::new("return", &["draft"], "returned", OFFICE_ONLY).with_reason(),
        Move::new("approve", &["draft", "returned"], "approved", OFFICE_ONLY),
        Move::new("fill", &["approved"], "filled", OFFICE_ONLY),
        Move::new("meet", &["filled", "approved"], "met", WITH_SCHOOL).asks(&["carried_by", "met_on"]),
        // The local teacher who carried it does so no more: the need is there again.
        Move::new("reopen", &["met"], "approved", WITH_SCHOOL).asks(&["reopened_on"]).with_reason(),
        Move::new("withdraw", &["draft", "returned", "approved"], "withdrawn", WITH_SCHOOL).with_reason(),
    ],
    access: Access::staff(&[Role::Administrator, Role::Officer, Role::Head], &["school"]),
    // Met is what a local teacher carries: of the school, of the one it belongs to or of one that belongs to it, and not
    // posted on that day.
    rules: &[Rule {
        code: "need-met-locally",
        sql: "SELECT a.id, NULL FROM need a JOIN person p ON p.id = a.carried_by JOIN organisation s ON s.id = a.school
              WHERE a.state = 'met' AND {one}
                AND (p.school IS NULL
                     OR p.school NOT IN (s.id, coalesce(s.parent, s.id))
                        AND NOT EXISTS (SELECT 1 FROM organisation o WHERE o.id = p.school AND o.parent = s.id)
                     OR EXISTS (SELECT 1 FROM posting q WHERE q.person = p.id AND coalesce(q.part_time, 0) = 0
                                AND q.state IN ('arrived', 'completed', 'ended_early')
                                AND q.arrived_on <= a.met_on AND coalesce(q.ended_on, q.ends_on) >= a.met_on))",
        one: "a.id = ?1",
        other: "",
    }],
    order: "title",
    hub_only: false,
    hidden: false,
};

/// A posting counts from the day it arrived to the day it ended, or is to end.
pub(crate) static POSTING: Kind = Kind {
    name: "posting",
    route: "postings",
    icon: "arrow-right",
    home: Home::Programme,
    title: &["person", "school"],
    fields: &[
        // An account follows a posting to its school's box.
        Field::link("person", "person").required().column().by_hub(),
        Field::link("school", "organisation").required().filter().by_hub(),
        Field::link("sender", "organisation").required().filter(),
        Field::link("cohort", "cohort").required().filter(),
        Field::link("need", "need"),
        Field::choice("role", ROLES).required().filter(),
        Field::choice("subject", SUBJECTS).filter(),
        Field::choice("stage", STAGES),
        Field::date("starts_on").required(),
        Field::date("ends_on").required().column(),
        Field::yes("part_time"),
        Field::date("arrived_on").by_move().column(),
        Field::date("ended_on").by_move(),
        Field::link("handed_to", "posting").by_move(),
    ],
    states: &["proposed", "accepted", "arrived", "completed", "ended_early", "declined"],
    moves: &[
        Move::new("accept", &["proposed"], "accepted", WITH_UNIT),
        Move::new("decline", &["proposed", "accepted"], "declined", WITH_UNIT),
        Move::new(
            "arrive",
            &["proposed", "accepted"],
            "arrived",
            Roles::of(&[Role::Administrator, Role::Officer, Role::Coordinator, Role::Head]),
        )
        .asks(&["arrived_on"])
        .at_birth(),
        Move::new("extend", &["arrived"], "arrived", WITH_UNIT).asks(&["ends_on"]).with_reason(),
        Move::new("hand_over", &["arrived"], "completed", WITH_UNIT).asks(&["handed_to", "ended_on"]),
        Move::new("complete", &["arrived"], "completed", WITH_UNIT).asks(&["ended_on"]),
        Move::new("end_early", &["arrived"], "ended_early", WITH_UNIT).asks(&["ended_on"]).with_reason(),
    ],
    access: Access::staff(&[Role::Administrator, Role::Officer, Role::Coordinator], &["sender", "school"]),
    rules: &[
        Rule {
            code: "posting-one-full-time",
            sql: "SELECT a.id, b.id FROM posting a JOIN posting b ON b.person = a.person AND b.id <> a.id
                  WHERE a.state IN ('accepted', 'arrived', 'completed', 'ended_early')
                    AND b.state IN ('accepted', 'arrived', 'completed', 'ended_early')
                    AND coalesce(a.part_time, 0) = 0 AND coalesce(b.part_time, 0) = 0
                    AND coalesce(a.arrived_on, a.starts_on) <= coalesce(b.ended_on, b.ends_on)
                    AND coalesce(b.arrived_on, b.starts_on) <= coalesce(a.ended_on, a.ends_on)
                    AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        Rule {
            code: "dates-in-order",
            sql: "SELECT a.id, NULL FROM posting a
                  WHERE (a.ends_on < a.starts_on OR a.ended_on < a.arrived_on OR a.ends_on < a.arrived_on) AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        // Who leaves, master or apprentice: each pairing is closed, handed over, or goes on online first. Only who stays at
        // the pairing's school, or an outlying one of it, by another posting does not leave; a posting that was accepted once
        // and whose time is over keeps nobody there.
        Rule {
            code: "posting-leaves-pairings",
            sql: "SELECT a.id, p.id FROM posting a JOIN pairing p ON a.person IN (p.master, p.apprentice)
                  WHERE a.state IN ('completed', 'ended_early') AND p.state IN ('active', 'paused')
                    AND coalesce(p.online, 0) = 0
                    AND NOT EXISTS (SELECT 1 FROM posting b
                                    WHERE b.person = a.person
                                      AND (b.state = 'arrived' OR b.state = 'accepted' AND b.ends_on >= a.ended_on)
                                      AND (b.school = p.school OR EXISTS
                                           (SELECT 1 FROM organisation o WHERE o.id = b.school AND o.parent = p.school
                                            OR o.id = p.school AND o.parent = b.school)))
                    AND {one}",
            one: "a.id = ?1",
            other: "pairing",
        },
        Rule {
            code: "posting-not-shadowing",
            sql: "SELECT a.id, b.id FROM posting a JOIN reverse_posting b ON b.person = a.person
                  WHERE a.state IN ('accepted', 'arrived', 'completed', 'ended_early') AND b.state <> 'declined'
                    AND coalesce(a.part_time, 0) = 0
                    AND coalesce(a.arrived_on, a.starts_on) <= coalesce(b.ended_on, b.ends_on)
                    AND coalesce(b.arrived_on, b.starts_on) <= coalesce(a.ended_on, a.ends_on)
                    AND {one}",
            one: "a.id = ?1",
            other: "reverse_posting",
        },
        Rule {
            code: "posting-to-a-school",
            sql: "SELECT a.id, NULL FROM posting a JOIN organisation o ON o.id = a.school
                  WHERE o.kind NOT IN ('supported_school', 'outlying_school') AND {one}",
            one: "a.id = ?1",
            other: "",
        },
    ],
    order: "-ends_on",
    hub_only: false,
    hidden: false,
};
