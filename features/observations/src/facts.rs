use records::vocabulary::{SUBJECTS, TEACHING_LANGUAGES};
use records::{Access, Field, Home, Kind, Move, Role, Roles, Rule};

/// The records of this room.
pub const KINDS: &[&Kind] = &[&OBSERVATION, &OBSERVATION_PART, &SEAL_KEY, &INSTRUMENT, &INSTRUMENT_WORD];

/// Who can be one of two.
const PEOPLE: &[Role] = &[Role::Administrator, Role::Officer, Role::Coordinator, Role::Head, Role::Posted, Role::Local];
const WHO: Roles = Roles::of(PEOPLE);

/// The instruments with their versions: a closed set. What each asks stands in the words and in the script that shows it;
/// a programme switches one off, and adds none.
pub(crate) const INSTRUMENTS: &[&str] = &["segments_1", "interaction_1", "lesson_study_1"];

/// What an envelope holds, by who writes it: the observer what was seen, the teacher an own view, either a next step.
pub(crate) const PARTS: &[&str] = &["seen", "view", "step"];

/// A lesson that one sits in on with another. In the clear stand who, when, with which instrument and how far it is; all
/// that is written is sealed to the two. It lies where the teacher's account lies.
pub(crate) static OBSERVATION: Kind = Kind {
    name: "observation",
    route: "observations",
    icon: "eye",
    home: Home::Person("teacher"),
    title: &["day"],
    fields: &[
        Field::link("teacher", "person").required(),
        Field::link("observer", "person").required(),
        // Who asked; the other agrees, or says "not this time".
        Field::link("asked_by", "person").required(),
        Field::date("day").required(),
        Field::choice("instrument", INSTRUMENTS).required(),
        Field::choice("subject", SUBJECTS),
        Field::date("held_on").by_move(),
        Field::date("shared_on").by_move(),
        // The step that each has agreed to: discussed once it is the same.
        Field::link("teacher_agrees", "observation_part").by_move(),
        Field::link("observer_agrees", "observation_part").by_move(),
    ],
    states: &["asked", "planned", "held", "shared", "discussed", "declined"],
    moves: &[
        Move::new("accept", &["asked"], "planned", WHO),
        Move::new("decline", &["asked", "planned"], "declined", WHO),
        Move::new("hold", &["planned"], "held", WHO).asks(&["held_on"]),
        Move::new("share", &["held"], "shared", WHO).asks(&["shared_on"]),
        Move::new("discuss", &["shared"], "discussed", WHO),
    ],
    access: Access { read: WHO, write: WHO, own: &[], ..Access::NOBODY }
        .seen_where("{t}.id IN (SELECT o.id FROM observation o WHERE {me} IN (o.teacher, o.observer))")
        .in_hands("{t}.id IN (SELECT o.id FROM observation o WHERE {me} IN (o.teacher, o.observer))"),
    rules: &[Rule {
        code: "observation-two-people",
        sql: "SELECT a.id, NULL FROM observation a WHERE a.teacher = a.observer AND {one}",
        one: "a.id = ?1",
        other: "",
    }],
    order: "-day",
    hub_only: false,
    hidden: true,
};

/// An envelope: what one of the two wrote, sealed to both. Until the observer shares, it is given to the observer alone;
/// then to the two; and never to a third. It goes with its author, or when the author takes it back.
pub(crate) static OBSERVATION_PART: Kind = Kind {
    name: "observation_part",
    route: "observation-parts",
    icon: "lock",
    home: Home::Person("teacher"),
    title: &["what"],
    fields: &[
        Field::link("teacher", "person").required(),
        Field::link("observation", "observation").required(),
        Field::link("person", "person").required(),
        Field::choice("what", PARTS).required(),
        Field::bytes("sealed").required().personal(),
        // The content's key, sealed to each of the two: a new key of theirs adds to these, and the content stays.
        Field::bytes("keys").required(),
    ],
    states: &[],
    moves: &[],
    access: Access { read: WHO, write: WHO, own: &[], ..Access::NOBODY }
        .seen_where(
            "{t}.id IN (SELECT n.id FROM observation_part n JOIN observation o ON o.id = n.observation
             WHERE n.person = {me} OR {me} IN (o.teacher, o.observer) AND o.state IN ('shared', 'discussed'))",
        )
        .in_hands("{t}.id IN (SELECT n.id FROM observation_part n WHERE n.person = {me})"),
    rules: &[],
    order: "-changed",
    hub_only: false,
    hidden: true,
};

/// A person's pair of keys, made in the browser. The public half is for whoever seals to them; the private half is sealed
/// under a passphrase that no node ever sees, so that it is usable in another browser.
pub(crate) static SEAL_KEY: Kind = Kind {
    name: "seal_key",
    route: "seal-keys",
    icon: "key-round",
    home: Home::Person("person"),
    title: &["since"],
    fields: &[
        Field::link("person", "person").required(),
        Field::bytes("public").required(),
        Field::bytes("private").required(),
        Field::date("since").required(),
    ],
    states: &["in_use", "replaced"],
    moves: &[Move::new("replace", &["in_use"], "replaced", WHO)],
    access: Access { read: WHO, write: WHO, own: &[], ..Access::NOBODY }
        .seen_where("{t}.id IN (SELECT k.id FROM seal_key k WHERE k.person = {me})")
        .in_hands("{t}.id IN (SELECT k.id FROM seal_key k WHERE k.person = {me})"),
    rules: &[],
    order: "-since",
    hub_only: false,
    hidden: true,
};

/// Who says which instruments a programme uses.
const OFFICE: Roles = Roles::of(&[Role::Administrator, Role::Officer]);

/// That a programme does not use an instrument.
pub(crate) static INSTRUMENT: Kind = Kind {
    name: "instrument",
    route: "instruments",
    icon: "eye-off",
    home: Home::Programme,
    title: &["instrument"],
    fields: &[Field::choice("instrument", INSTRUMENTS).required(), Field::yes("off").required()],
    states: &[],
    moves: &[],
    access: Access { read: WHO, write: OFFICE, own: &[], ..Access::NOBODY },
    rules: &[],
    order: "-changed",
    hub_only: false,
    hidden: true,
};

/// A programme's own word for what an instrument asks, in a language in which Zampa has none yet: it translates, and
/// rewords nothing.
pub(crate) static INSTRUMENT_WORD: Kind = Kind {
    name: "instrument_word",
    route: "instrument-words",
    icon: "languages",
    home: Home::Programme,
    title: &["said"],
    fields: &[
        Field::line("key").required(),
        Field::choice("language", TEACHING_LANGUAGES).required(),
        Field::line("said").required(),
    ],
    states: &[],
    moves: &[],
    access: Access { read: WHO, write: OFFICE, own: &[], ..Access::NOBODY },
    rules: &[],
    order: "-changed",
    hub_only: false,
    hidden: true,
};
