use records::vocabulary::{STAGES, SUBJECTS, TEACHING_LANGUAGES};
use records::{Access, Field, Home, Kind, Move, Role, Roles, Rule};

/// The records of this room.
pub const KINDS: &[&Kind] = &[&PERSON, &CONSENT, &ACCOUNT, &GRANT];

const KEEPERS: &[Role] = &[Role::Administrator, Role::Officer, Role::Coordinator, Role::Head];

/// A person without a school is the programme's (posted from a unit); one with a school is the school's.
static PERSON: Kind = Kind {
    name: "person",
    route: "people",
    icon: "user",
    home: Home::School("school"),
    title: &["name"],
    fields: &[
        Field::line("name").required().personal().column().searched(),
        Field::names("names").personal().searched(),
        Field::link("school", "organisation").filter(),
        Field::link("unit", "organisation").filter(),
        Field::tags("subjects", SUBJECTS).filter(),
        Field::tags("stages", STAGES).filter(),
        Field::tags("teaching_languages", TEACHING_LANGUAGES),
        Field::text("about").personal(),
    ],
    states: &["active", "archived"],
    moves: &[
        Move::new("archive", &["active"], "archived", Roles::of(KEEPERS)),
        Move::new("restore", &["archived"], "active", Roles::of(KEEPERS)),
    ],
    // With whom one is paired, and who took one's place there, one knows by name also where one belongs no more.
    access: Access::staff(KEEPERS, &["school", "unit"]).named_to(
        "{t}.id = {me} OR {t}.id IN (SELECT p.apprentice FROM pairing p WHERE p.master = {me}
                                     UNION SELECT p.master FROM pairing p WHERE p.apprentice = {me}
                                     UNION SELECT p.handed_to FROM pairing p WHERE {me} IN (p.master, p.apprentice))",
    ),
    rules: &[
        // Who is archived leaves, as by the end of a posting: a local master too. Each pairing is closed, handed over, or goes
        // on online first.
        Rule {
            code: "person-leaves-pairings",
            sql: "SELECT a.id, p.id FROM person a JOIN pairing p ON a.id IN (p.master, p.apprentice)
                  WHERE a.state = 'archived' AND p.state IN ('active', 'paused') AND coalesce(p.online, 0) = 0 AND {one}",
            one: "a.id = ?1",
            other: "pairing",
        },
    ],
    order: "name",
    hub_only: false,
    hidden: false,
};

static CONSENT: Kind = Kind {
    name: "consent",
    route: "consents",
    icon: "file-text",
    home: Home::With("whose", "person"),
    title: &["whose", "purpose"],
    fields: &[
        Field::link("whose", "person").required().filter(),
        Field::line("given_by").required().personal(),
        Field::choice("purpose", &["recording", "television", "showing_outside", "study_tour"]).required().filter(),
        Field::choice("language", TEACHING_LANGUAGES).required(),
        Field::line("version").required().column(),
        Field::date("given_on").required().column(),
        Field::date("withdrawn_on").by_move().column(),
    ],
    states: &["given", "withdrawn"],
    moves: &[Move::new("withdraw", &["given"], "withdrawn", Roles::STAFF).asks(&["withdrawn_on"])],
    access: Access {
        read: Roles::of(&[Role::Administrator, Role::Officer, Role::Head, Role::Posted, Role::Local]),
        write: Roles::of(&[Role::Administrator, Role::Officer, Role::Head, Role::Posted, Role::Local]),
        own: &["school"],
        ..Access::NOBODY
    },
    rules: &[],
    order: "-given_on",
    hub_only: false,
    hidden: false,
};

/// How somebody signs in. It lies where the person's grants are, and never appears on a page.
static ACCOUNT: Kind = Kind {
    name: "account",
    route: "accounts",
    icon: "key-round",
    home: Home::Person("person"),
    title: &["sign_in_name"],
    fields: &[
        Field::link("person", "person").required(),
        Field::line("sign_in_name").required().personal(),
        Field { secret: true, ..Field::text("password_hash").personal() },
        Field::choice("language", TEACHING_LANGUAGES),
        Field::choice("second_language", TEACHING_LANGUAGES),
    ],
    states: &["active", "closed"],
    moves: &[],
    access: Access {
        read: Roles::of(&[Role::Administrator]),
        write: Roles::of(&[Role::Administrator]),
        own: &[],
        ..Access::NOBODY
    },
    rules: &[],
    order: "sign_in_name",
    hub_only: false,
    hidden: true,
};

/// A role, bound to an organisation and a period.
static GRANT: Kind = Kind {
    name: "grant_of_role",
    route: "grants",
    icon: "key-round",
    home: Home::Person("person"),
    title: &["role"],
    fields: &[
        Field::link("person", "person").required(),
        Field::choice(
            "role",
            &["administrator", "officer", "coordinator", "head", "posted", "local", "device", "pupil", "observer"],
        )
        .required(),
        Field::link("organisation", "organisation"),
        Field::date("from_on").required(),
        Field::date("until_on"),
    ],
    states: &["given", "ended"],
    moves: &[],
    access: Access {
        read: Roles::of(&[Role::Administrator]),
        write: Roles::of(&[Role::Administrator]),
        own: &[],
        ..Access::NOBODY
    },
    rules: &[],
    order: "-from_on",
    hub_only: false,
    hidden: true,
};
