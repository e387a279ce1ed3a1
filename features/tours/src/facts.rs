//! A tour as all who keep it see it. What a school holds of its pupils is in [`crate::held`].

use records::{Access, Field, Home, Kind, Move, Role, Roles, Rule, made_by};

/// The records of this room that lie at the school and the hub.
pub const OPEN: &[&Kind] = &[&STUDY_TOUR, &TOUR_LEG, &TOUR_RISK, &TOUR_ADULT, &TOUR_APPROVAL, &TOUR_ROLL, &TOUR_STORY];

const KEEPERS: &[Role] = &[Role::Administrator, Role::Officer, Role::Head, Role::Posted, Role::Local];
const WHO: Roles = Roles::of(KEEPERS);

/// A tour is kept by its adults, whom the head or the office named, and so is what stands with it.
macro_rules! with_tour {
    ($table:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM ", $table, " kept_x JOIN study_tour kept_t ON kept_t.id = kept_x.tour
             WHERE kept_x.id = {t}.id AND (", made_by!("kept_t"), "
                OR EXISTS (SELECT 1 FROM tour_adult kept_a WHERE kept_a.tour = kept_t.id AND kept_a.person = {me})))"
        )
    };
}
const NAMERS: &[Role] = &[Role::Administrator, Role::Officer, Role::Head];
/// The office, which approves after the school's head.
pub(crate) const OFFICE: Roles = Roles::of(&[Role::Administrator, Role::Officer]);
/// The head of the school that sends.
pub(crate) const HEAD: Roles = Roles::of(&[Role::Head]);

/// Those who go along on a tour.
const GOES_ALONG: &str = "{t}.id IN (SELECT a.person FROM tour_adult a WHERE a.tour = {tour})";

/// The tiers of approval, in their order.
pub(crate) const TIERS: &[&str] = &["school", "office"];
/// Adults' parts.
const PARTS: &[&str] = &["leader", "teacher", "medic"];

/// A study tour. Its states are entered by the commands of this room alone, each of which asks first what must be there:
/// the moves tell of its life and are nobody's.
pub(crate) static STUDY_TOUR: Kind = Kind {
    name: "study_tour",
    route: "tours",
    icon: "map-pin",
    home: Home::School("school"),
    title: &["title"],
    fields: &[
        Field::line("title").required().column().searched(),
        Field::link("school", "organisation").required().filter(),
        Field::link("host", "organisation").required().column(),
        Field::date("starts_on").required().column(),
        Field::date("ends_on").required().column(),
        Field::text("purpose").required().searched(),
        Field::text("plan").searched(),
        // Classes of two provinces that learn together: before and after, the two meet online.
        Field::link("series", "class_series"),
        Field::files(),
        Field::date("left_on").by_move(),
        Field::date("closed_on").by_move(),
        // How many pupils go, and a mark of which, as the school's node last knew: an approval holds for these.
        Field::int("pupils", 0, 500).secret().by_move(),
        Field::bytes("pupils_mark").by_move(),
    ],
    states: &["draft", "approved", "under_way", "closed", "cancelled"],
    moves: &[
        Move::new("approve", &["draft"], "approved", Roles::NONE),
        Move::new("return", &["approved"], "draft", Roles::NONE),
        Move::new("set_out", &["approved"], "under_way", Roles::NONE).asks(&["left_on"]),
        Move::new("close", &["under_way"], "closed", Roles::NONE).asks(&["closed_on"]),
        Move::new("cancel", &["draft", "approved"], "cancelled", Roles::NONE).with_reason(),
    ],
    access: Access::staff(KEEPERS, &["school"])
        .kept_by("EXISTS (SELECT 1 FROM tour_adult kept_a WHERE kept_a.tour = {t}.id AND kept_a.person = {me})"),
    rules: &[Rule {
        code: "dates-in-order",
        sql: "SELECT a.id, NULL FROM study_tour a WHERE a.ends_on < a.starts_on AND {one}",
        one: "a.id = ?1",
        other: "",
    }],
    order: "-starts_on",
    hub_only: false,
    hidden: false,
};

/// A leg of the way.
pub(crate) static TOUR_LEG: Kind = Kind {
    name: "tour_leg",
    route: "tour-legs",
    icon: "arrow-right",
    home: Home::With("tour", "study_tour"),
    title: &["from_place", "to_place"],
    fields: &[
        Field::link("tour", "study_tour").required().within().column(),
        Field::date("day").required().column(),
        Field::time("leaves_at").column(),
        Field::line("from_place").required().column().searched(),
        Field::line("to_place").required().column().searched(),
        Field::choice("how", &["on_foot", "bus", "car", "train", "plane", "boat"]).required().filter(),
        Field::link("adult", "person").column().among(GOES_ALONG),
        Field::line("remarks"),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(KEEPERS, &[]).kept_by(with_tour!("tour_leg")),
    rules: &[Rule {
        code: "tour_leg-day",
        sql: "SELECT a.id, NULL FROM tour_leg a JOIN study_tour t ON t.id = a.tour
              WHERE (a.day < t.starts_on OR a.day > t.ends_on) AND {one}",
        one: "a.id = ?1",
        other: "",
    }],
    order: "day",
    hub_only: false,
    hidden: false,
};

/// What may happen, what is done about it, and who does it.
pub(crate) static TOUR_RISK: Kind = Kind {
    name: "tour_risk",
    route: "tour-risks",
    icon: "triangle-alert",
    home: Home::With("tour", "study_tour"),
    title: &["what"],
    fields: &[
        Field::link("tour", "study_tour").required().within().column(),
        Field::line("what").required().column().searched(),
        Field::text("measure").required().searched(),
        Field::link("who", "person").column().among(GOES_ALONG),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(KEEPERS, &[]).kept_by(with_tour!("tour_risk")),
    rules: &[],
    order: "what",
    hub_only: false,
    hidden: false,
};

/// An adult who goes along. Who does sees the pupils, and the leader their contacts: so nobody names themselves, but the head
/// or the office does.
pub(crate) static TOUR_ADULT: Kind = Kind {
    name: "tour_adult",
    route: "tour-adults",
    icon: "user",
    home: Home::With("tour", "study_tour"),
    title: &["person", "tour"],
    fields: &[
        Field::link("tour", "study_tour").required().within().column(),
        Field::link("person", "person").required().column(),
        Field::choice("part", PARTS).required().filter(),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(NAMERS, &[]),
    rules: &[
        Rule {
            code: "tour_adult-once",
            sql: "SELECT a.id, b.id FROM tour_adult a JOIN tour_adult b
                    ON b.tour = a.tour AND b.person = a.person AND b.id <> a.id WHERE {one}",
            one: "a.id = ?1",
            other: "",
        },
        Rule {
            code: "tour_adult-leader",
            sql: "SELECT a.id, b.id FROM tour_adult a JOIN tour_adult b
                    ON b.tour = a.tour AND b.part = 'leader' AND b.id <> a.id WHERE a.part = 'leader' AND {one}",
            one: "a.id = ?1",
            other: "",
        },
    ],
    order: "part",
    hub_only: false,
    hidden: false,
};

/// What one tier said of a tour, and a mark of each thing of which it said so.
pub(crate) static TOUR_APPROVAL: Kind = Kind {
    name: "tour_approval",
    route: "tour-approvals",
    icon: "check",
    home: Home::With("tour", "study_tour"),
    title: &["tier", "given_on"],
    fields: &[
        Field::link("tour", "study_tour").required(),
        Field::choice("tier", TIERS).required(),
        Field::choice("verdict", &["approved", "returned"]).required(),
        Field::link("person", "person").required(),
        Field::date("given_on").required(),
        Field::line("dates"),
        Field::bytes("route"),
        Field::bytes("pupils"),
        Field::bytes("host"),
        Field::bytes("plan"),
        Field::bytes("risks"),
        Field::bytes("adults"),
        Field::text("reason"),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(&[], &[]),
    rules: &[],
    order: "-changed",
    hub_only: false,
    hidden: true,
};

/// A roll-call on the way: how many were there. Who was missing is in [`crate::held::TOUR_MISSING`].
pub(crate) static TOUR_ROLL: Kind = Kind {
    name: "tour_roll",
    route: "tour-rolls",
    icon: "users",
    home: Home::With("tour", "study_tour"),
    title: &["leg", "day"],
    fields: &[
        Field::link("tour", "study_tour").required(),
        Field::link("leg", "tour_leg"),
        Field::date("day").required(),
        Field::time("called_at").required(),
        Field::int("here", 0, 500).required(),
        Field::int("missing", 0, 500).required(),
        Field::link("person", "person").required(),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(&[], &[]),
    rules: &[],
    order: "-day",
    hub_only: false,
    hidden: true,
};

/// What is told of a tour, in up to three languages, with pictures.
pub(crate) static TOUR_STORY: Kind = Kind {
    name: "tour_story",
    route: "tour-stories",
    icon: "book-open",
    home: Home::With("tour", "study_tour"),
    title: &["title"],
    fields: &[
        Field::line("title").required().column().searched(),
        Field::names("titles").searched(),
        Field::link("tour", "study_tour").required().within().column(),
        Field::text("text_zh").searched(),
        Field::text("text_bo").searched(),
        Field::text("text_en").searched(),
        Field::yes("unseen"),
        Field::files(),
    ],
    states: &["draft", "published", "withdrawn"],
    moves: &[
        Move::new("publish", &["draft", "withdrawn"], "published", WHO),
        Move::new("withdraw", &["published"], "withdrawn", WHO).with_reason(),
    ],
    access: Access::staff(KEEPERS, &[]).kept_by(with_tour!("tour_story")),
    // Who may be seen in a picture the school's node alone knows; so the writer says so before a picture lies here at all.
    rules: &[Rule {
        code: "tour_story-pictures",
        sql: "SELECT a.id, NULL FROM tour_story a WHERE coalesce(a.unseen, 0) = 0
                AND EXISTS (SELECT 1 FROM tour_story_files f WHERE f.id = a.id) AND {one}",
        one: "a.id = ?1",
        other: "",
    }],
    order: "-changed",
    hub_only: false,
    hidden: false,
};
