//! What a school holds of its pupils for a tour. It lies at the school's own node and nowhere else, has no pages in the
//! register, no search and no export; a pupil is a code, a name, a class and consents, and nothing more. What names somebody is sealed
//! ([`crate::sealed`]).

use records::vocabulary::TEACHING_LANGUAGES;
use records::{Access, Field, Home, Kind, Role, Roles, Rule};

/// The records of this room that the school's node alone holds.
pub const HELD: &[&Kind] = &[&PUPIL, &PUPIL_CONSENT, &TOUR_PUPIL, &TOUR_CONTACT, &TOUR_OPENING, &TOUR_MISSING];

/// People of the school. Which of them, each page asks: its head, and the adults of the tour.
const SCHOOL: &[Role] = &[Role::Head, Role::Posted, Role::Local];

const ACCESS: Access = Access { read: Roles::of(SCHOOL), write: Roles::of(SCHOOL), own: &["school"], ..Access::NOBODY };

/// What consent is asked for.
pub(crate) const PURPOSES: &[&str] = &["study_tour", "pictures"];

pub(crate) static PUPIL: Kind = Kind {
    name: "pupil",
    route: "pupils",
    icon: "user",
    home: Home::Private("school"),
    title: &["code"],
    fields: &[
        Field::link("school", "organisation").required(),
        Field::line("code").required(),
        // Sealed; what was written before it was stands in the clear.
        Field::line("name").secret().personal(),
        Field::bytes("name_sealed").personal(),
        Field::line("class"),
    ],
    states: &[],
    moves: &[],
    access: ACCESS,
    rules: &[Rule {
        code: "pupil-code",
        sql: "SELECT a.id, b.id FROM pupil a JOIN pupil b
                ON b.school = a.school AND b.code = a.code AND b.id <> a.id WHERE {one}",
        one: "a.id = ?1",
        other: "",
    }],
    order: "code",
    hub_only: false,
    hidden: true,
};

/// A consent that a family gave, for one purpose on one tour.
pub(crate) static PUPIL_CONSENT: Kind = Kind {
    name: "pupil_consent",
    route: "pupil-consents",
    icon: "file-text",
    home: Home::Private("school"),
    title: &["purpose"],
    fields: &[
        Field::link("school", "organisation").required(),
        Field::link("pupil", "pupil").required(),
        Field::link("tour", "study_tour").required(),
        Field::choice("purpose", PURPOSES).required(),
        Field::line("given_by").secret().personal(),
        Field::bytes("given_by_sealed").personal(),
        Field::choice("language", TEACHING_LANGUAGES).required(),
        Field::line("version").required(),
        Field::date("given_on").required(),
        Field::date("withdrawn_on"),
    ],
    states: &["given", "withdrawn"],
    moves: &[],
    access: ACCESS,
    rules: &[],
    order: "-given_on",
    hub_only: false,
    hidden: true,
};

/// A pupil on a tour, or taken off it.
pub(crate) static TOUR_PUPIL: Kind = Kind {
    name: "tour_pupil",
    route: "tour-pupils",
    icon: "users",
    home: Home::Private("school"),
    title: &["pupil"],
    fields: &[
        Field::link("school", "organisation").required(),
        Field::link("tour", "study_tour").required(),
        Field::link("pupil", "pupil").required(),
    ],
    states: &["on", "off"],
    moves: &[],
    access: ACCESS,
    rules: &[],
    order: "-changed",
    hub_only: false,
    hidden: true,
};

/// Whom to call for a pupil: sealed, and destroyed when the tour is over.
pub(crate) static TOUR_CONTACT: Kind = Kind {
    name: "tour_contact",
    route: "tour-contacts",
    icon: "lock",
    home: Home::Private("school"),
    title: &["pupil"],
    fields: &[
        Field::link("school", "organisation").required(),
        Field::link("tour", "study_tour").required(),
        Field::link("pupil", "pupil").required(),
        Field::bytes("sealed").personal(),
    ],
    states: &[],
    moves: &[],
    access: ACCESS,
    rules: &[],
    order: "-changed",
    hub_only: false,
    hidden: true,
};

/// That somebody looked: at a pupil's page, at a contact, or took contacts along on a phone.
pub(crate) static TOUR_OPENING: Kind = Kind {
    name: "tour_opening",
    route: "tour-openings",
    icon: "lock",
    home: Home::Private("school"),
    title: &["what"],
    fields: &[
        Field::link("school", "organisation").required(),
        Field::link("tour", "study_tour").required(),
        Field::link("pupil", "pupil"),
        Field::link("person", "person").required(),
        Field::choice("what", &["page", "contact", "taken_along", "on_the_way"]).required(),
        Field::date("opened_on").required(),
        Field::time("opened_at").required(),
    ],
    states: &[],
    moves: &[],
    access: ACCESS,
    rules: &[],
    order: "-changed",
    hub_only: false,
    hidden: true,
};

/// Who was missing at a roll-call.
pub(crate) static TOUR_MISSING: Kind = Kind {
    name: "tour_missing",
    route: "tour-missing",
    icon: "users",
    home: Home::Private("school"),
    title: &["pupil"],
    fields: &[
        Field::link("school", "organisation").required(),
        Field::link("roll", "tour_roll").required(),
        Field::link("pupil", "pupil").required(),
    ],
    states: &[],
    moves: &[],
    access: ACCESS,
    rules: &[],
    order: "-changed",
    hub_only: false,
    hidden: true,
};
