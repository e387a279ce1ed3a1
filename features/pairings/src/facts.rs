use records::vocabulary::SUBJECTS;
use records::{Access, Field, Home, Kind, Move, Role, Roles, Rule};

/// The records of this room.
pub const KINDS: &[&Kind] = &[
    &PAIRING,
    &PAIR_SIGNATURE,
    &PAIR_NOTE,
    &PAIR_GOAL,
    &PAIR_EVIDENCE,
    &PAIR_LESSON,
    &PAIR_FIT,
    &PAIR_OFFER,
    &PAIR_WISH,
    &PAIR_SEARCH,
];

const KEEPERS: &[Role] = &[Role::Administrator, Role::Officer, Role::Head, Role::Posted, Role::Local];
const WHO: Roles = Roles::of(KEEPERS);
/// Who records what was signed on paper.
const OFFICE: Roles = Roles::of(&[Role::Administrator, Role::Officer]);
/// Who is told that a re-pairing is wished.
pub(crate) const OFFICER: Roles = Roles::of(&[Role::Officer]);
/// Who proposes pairings of others.
pub(crate) const PROPOSERS: Roles = Roles::of(&[Role::Administrator, Role::Officer, Role::Head]);
/// Who can be one of two.
const PEOPLE: &[Role] = &[Role::Administrator, Role::Officer, Role::Coordinator, Role::Head, Role::Posted, Role::Local];

/// The sorts of pairing.
pub(crate) const SORTS: &[&str] = &["master_apprentice", "new_old", "course", "subject"];

/// What a note is of.
pub(crate) const NOTES: &[&str] = &["session", "goals", "review", "goal", "evidence"];

/// What is agreed: who changes one of these after somebody has signed leaves that signature behind.
pub(crate) const AGREED: &[&str] =
    &["kind", "master", "apprentice", "subject", "goals", "observes", "attends", "months"];

/// A master begins, or takes up again, no more than they offered to guide at a time. What goes on already is left alone, as
/// where somebody offers less from now on; what two nodes began apart is found by the rule of the kind.
const CAPACITY: Rule = Rule {
    code: "pairing-beyond-capacity",
    sql: "SELECT a.id, NULL FROM pairing a
          WHERE a.state = 'active'
            AND (SELECT max(o.capacity) FROM pair_offer o WHERE o.person = a.master) <
                (SELECT count(*) FROM pairing b WHERE b.master = a.master AND b.state = 'active')
            AND {one}",
    one: "a.id = ?1",
    other: "",
};

/// Two people who learn from each other. That it exists is the school's; what the two write is their own.
/// A renewal is a pairing of its own that names the one it renews.
pub(crate) static PAIRING: Kind = Kind {
    name: "pairing",
    route: "pairings",
    icon: "link",
    home: Home::School("school"),
    title: &["master", "apprentice"],
    fields: &[
        Field::choice("kind", SORTS).required().filter(),
        // Who the two are never changes: what they write is sealed to them, and another pairing is another record.
        Field::link("master", "person").required().column().at_birth(),
        Field::link("apprentice", "person").required().column().at_birth(),
        Field::link("school", "organisation").required().filter(),
        Field::choice("subject", SUBJECTS).filter(),
        // What is left empty of these is proposed by the template of its sort.
        Field::text("goals").for_hands(),
        Field::int("observes", 0, 60),
        Field::int("attends", 0, 60),
        Field::int("months", 1, 60),
        Field::link("renews", "pairing"),
        Field::yes("online"),
        Field::date("master_signed_on").by_move(),
        Field::date("apprentice_signed_on").by_move(),
        Field::date("active_from").by_move().column(),
        Field::date("ended_on").by_move().column(),
        // Neither of the two takes it on.
        Field::link("handed_to", "person").by_move().among("{t}.id IS NOT {master} AND {t}.id IS NOT {apprentice}"),
    ],
    // No move leads to `declined`: one of the two says so on the page, and nobody's name stands under it.
    states: &["invited", "signed", "active", "paused", "handed_over", "closed", "declined"],
    moves: &[
        // Each of the two signs on the page. This is for what they have signed on paper.
        // Nobody enters the other's signature; and on terms that changed since, both sign anew.
        Move::new("sign", &["invited"], "signed", OFFICE)
            .asks(&["master_signed_on", "apprentice_signed_on"])
            .not_by(&["master", "apprentice"])
            .approves(AGREED, &["signed"]),
        Move::new("begin", &["signed"], "active", WHO).asks(&["active_from"]).only_where(&[CAPACITY]),
        Move::new("pause", &["active"], "paused", WHO).with_reason(),
        Move::new("resume", &["paused"], "active", WHO).only_where(&[CAPACITY]),
        Move::new("hand_over", &["active", "paused"], "handed_over", WHO).asks(&["handed_to", "ended_on"]),
        Move::new("close", &["active", "paused"], "closed", WHO).asks(&["ended_on"]),
        // It was handed over, and after all nobody goes on.
        Move::new("let_be", &["handed_over"], "closed", WHO),
        // For who proposed it; the two say "not this time" without a name.
        Move::new("call_off", &["invited", "signed"], "closed", PROPOSERS).asks(&["ended_on"]),
    ],
    // A colleague of the same school reads that there is a pairing; only the two, the school's head and the office
    // move it.
    access: Access::staff(KEEPERS, &["school"])
        .in_hands(
            "{t}.id IN (SELECT p.id FROM pairing p WHERE {me} IN (p.master, p.apprentice))
         OR {is_administrator} OR {is_officer}
         OR {t}.id IN (SELECT p.id FROM pairing p JOIN organisation o ON o.id = p.school
                       WHERE o.id IN ({of_head}) OR o.parent IN ({of_head}))",
        )
        // The two open it also when the role of one of them at its school is over: so it goes on online.
        .open_to("{t}.id IN (SELECT p.id FROM pairing p WHERE {me} IN (p.master, p.apprentice))"),
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
        // What renews begins after what it renews: so no chain of renewals leads back to itself, and each has a root.
        Rule {
            code: "pairing-renews-earlier",
            sql: "SELECT a.id, CASE WHEN b.id <> a.id THEN b.id END FROM pairing a JOIN pairing b ON b.id = a.renews
                  WHERE (a.id = b.id OR a.active_from IS NOT NULL AND
                         (b.active_from IS NULL OR b.active_from >= a.active_from)) AND {one}",
            one: "?1 IN (a.id, b.id)",
            other: "",
        },
        Rule {
            code: "dates-in-order",
            sql: "SELECT a.id, NULL FROM pairing a WHERE a.ended_on < a.active_from AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        Rule {
            code: "pairing-handed-to-a-third",
            sql: "SELECT a.id, NULL FROM pairing a WHERE a.handed_to IN (a.master, a.apprentice) AND {one}",
            one: "a.id = ?1",
            other: "",
        },
        // Only what began beyond the number breaks it: who offers less from now on breaks nothing that goes on.
        Rule {
            code: "pairing-beyond-capacity",
            sql: "SELECT a.id, NULL FROM pairing a
                  WHERE a.state = 'active'
                    AND (SELECT max(o.capacity) FROM pair_offer o WHERE o.person = a.master) <
                        (SELECT count(*) FROM pairing b WHERE b.master = a.master AND b.state = 'active'
                         AND (b.active_from < a.active_from OR b.active_from = a.active_from AND b.id <= a.id))
                    AND {one}",
            one: "a.id = ?1",
            other: "",
        },
    ],
    order: "-active_from",
    hub_only: false,
    hidden: false,
};

/// Who may see what two people have between them: they, and nobody by a role.
macro_rules! the_two {
    ($kind:literal) => {
        concat!(
            "{t}.id IN (SELECT n.id FROM ",
            $kind,
            " n JOIN pairing p ON p.id = n.pairing WHERE {me} IN (p.master, p.apprentice))"
        )
    };
}

/// That one of the two has agreed. It counts where its entry's author is its person, and it stays between the two until
/// both have signed: who has signed alone has left no word for others when the other says "not this time".
pub(crate) static PAIR_SIGNATURE: Kind = Kind {
    name: "pair_signature",
    route: "pair-signatures",
    icon: "pencil",
    home: Home::Pair("pairing"),
    title: &["signed_on"],
    fields: &[
        Field::link("pairing", "pairing").required(),
        Field::link("person", "person").required(),
        Field::date("signed_on").required(),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(PEOPLE, &[])
        .seen_where(the_two!("pair_signature"))
        .open_to(the_two!("pair_signature"))
        .in_hands("{t}.id IN (SELECT n.id FROM pair_signature n WHERE n.person = {me})"),
    rules: &[],
    order: "signed_on",
    hub_only: false,
    hidden: true,
};

/// What one of the two writes for both: of a session, with one next step; how they see the goals; the review at the end. In
/// the clear stand who, what it is and its day, since sessions are counted; its words are an envelope that the two open. They
/// are personal: they are erased with their author, or when the author takes them back.
pub(crate) static PAIR_NOTE: Kind = Kind {
    name: "pair_note",
    route: "pair-notes",
    icon: "pencil",
    home: Home::Pair("pairing"),
    title: &["what", "held_on"],
    fields: &[
        Field::link("pairing", "pairing").required(),
        Field::link("person", "person").required(),
        Field::choice("what", NOTES).required(),
        Field::date("held_on").required(),
        // The goal that it says in words, or shows.
        Field::link("goal", "pair_goal"),
        // Words in the clear: of before they were sealed. No page writes them any more.
        Field::text("said").personal(),
        Field::line("next_step").personal(),
        Field::bytes("sealed").personal(),
        // The content's key, sealed to each of the two.
        Field::bytes("keys"),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(PEOPLE, &[])
        .seen_where(the_two!("pair_note"))
        .open_to(the_two!("pair_note"))
        .in_hands("{t}.id IN (SELECT n.id FROM pair_note n WHERE n.person = {me})"),
    rules: &[],
    order: "-held_on",
    hub_only: false,
    hidden: true,
};

/// A goal of the two. Its words are a note of theirs; here stand who set it, when, and whether it is set, worked on or
/// reviewed. No field says how far one has come.
pub(crate) static PAIR_GOAL: Kind = Kind {
    name: "pair_goal",
    route: "pair-goals",
    icon: "check",
    home: Home::Pair("pairing"),
    title: &["set_on"],
    fields: &[
        Field::link("pairing", "pairing").required(),
        Field::link("person", "person").required(),
        Field::date("set_on").required(),
        // Who of the two says that they have looked back on it together: it is reviewed when both do.
        Field::links("looked_back", "person").by_move(),
        Field::date("reviewed_on").by_move(),
    ],
    // Either of the two takes it on, by the room's own commands.
    states: &["set", "worked_on", "reviewed"],
    moves: &[],
    access: Access::staff(PEOPLE, &[])
        .seen_where(the_two!("pair_goal"))
        .open_to(the_two!("pair_goal"))
        .in_hands(the_two!("pair_goal")),
    rules: &[],
    order: "-set_on",
    hub_only: false,
    hidden: true,
};

/// What shows a goal: a lesson of the two, an observation (no more than that it was held), a plan or a course.
pub(crate) static PAIR_EVIDENCE: Kind = Kind {
    name: "pair_evidence",
    route: "pair-evidence",
    icon: "link",
    home: Home::Pair("pairing"),
    title: &["what", "held_on"],
    fields: &[
        Field::link("pairing", "pairing").required(),
        Field::link("goal", "pair_goal").required(),
        Field::link("person", "person").required(),
        Field::choice("what", &["lesson", "observation", "plan", "course"]).required(),
        Field::date("held_on").required(),
        Field::link("lesson", "pair_lesson"),
        Field::link("observation", "observation"),
        Field::link("plan", "lesson_plan"),
        Field::link("course", "course"),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(PEOPLE, &[])
        .seen_where(the_two!("pair_evidence"))
        .open_to(the_two!("pair_evidence"))
        .in_hands("{t}.id IN (SELECT n.id FROM pair_evidence n WHERE n.person = {me})"),
    rules: &[],
    order: "-held_on",
    hub_only: false,
    hidden: true,
};

/// A lesson at which one of the two was the other's guest: a date and a subject, and nothing about how it was. The master
/// observes, the apprentice attends; the closing lesson is the apprentice's too. Others see how many there were.
pub(crate) static PAIR_LESSON: Kind = Kind {
    name: "pair_lesson",
    route: "pair-lessons",
    icon: "file-text",
    home: Home::With("pairing", "pairing"),
    title: &["what", "held_on"],
    fields: &[
        Field::link("pairing", "pairing").required(),
        Field::link("person", "person").required(),
        Field::choice("what", &["observed", "attended", "closing"]).required(),
        Field::date("held_on").required(),
        Field::choice("subject", SUBJECTS),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(PEOPLE, &[])
        .seen_where(the_two!("pair_lesson"))
        .open_to(the_two!("pair_lesson"))
        .in_hands("{t}.id IN (SELECT n.id FROM pair_lesson n WHERE n.person = {me})"),
    rules: &[],
    order: "-held_on",
    hub_only: false,
    hidden: true,
};

/// Whether it fits, by one of the two and for nobody else; the officer is told only what both together come to.
pub(crate) static PAIR_FIT: Kind = Kind {
    name: "pair_fit",
    route: "pair-fits",
    icon: "check",
    home: Home::Pair("pairing"),
    title: &["fit"],
    fields: &[
        Field::link("pairing", "pairing").required(),
        Field::link("person", "person").required(),
        Field::choice("fit", &["well", "another"]).required(),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(PEOPLE, &[])
        .seen_where("{t}.id IN (SELECT n.id FROM pair_fit n WHERE n.person = {me})")
        .open_to("{t}.id IN (SELECT n.id FROM pair_fit n WHERE n.person = {me})")
        .in_hands("{t}.id IN (SELECT n.id FROM pair_fit n WHERE n.person = {me})"),
    rules: &[],
    order: "-changed",
    hub_only: false,
    hidden: true,
};

/// That somebody would guide others: in what, and how many at a time. At the page where people choose each other.
pub(crate) static PAIR_OFFER: Kind = Kind {
    name: "pair_offer",
    route: "pair-offers",
    icon: "hand-helping",
    home: Home::School("school"),
    title: &["person"],
    fields: &[
        Field::link("person", "person").required(),
        Field::link("school", "organisation").required(),
        Field::choice("kind", SORTS).required(),
        Field::choice("subject", SUBJECTS),
        Field::line("about").required(),
        Field::int("capacity", 1, 5).required(),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(PEOPLE, &[]).in_hands("{t}.id IN (SELECT n.id FROM pair_offer n WHERE n.person = {me})"),
    rules: &[],
    order: "-changed",
    hub_only: false,
    hidden: true,
};

/// That somebody would learn from another: what, or from whom. For those who propose pairings.
pub(crate) static PAIR_WISH: Kind = Kind {
    name: "pair_wish",
    route: "pair-wishes",
    icon: "hand-helping",
    home: Home::School("school"),
    title: &["person"],
    fields: &[
        Field::link("person", "person").required(),
        Field::link("school", "organisation").required(),
        Field::choice("kind", SORTS).required(),
        Field::choice("subject", SUBJECTS),
        Field::line("about").required(),
        // Whom they would learn from is somebody who offers. The link is to the offer and not to its person, since what
        // leads to a person stands in what that person is told to be held about them.
        Field::link("offer", "pair_offer"),
    ],
    states: &[],
    moves: &[],
    access: Access::staff(PEOPLE, &[])
        .seen_where(
            "{t}.id IN (SELECT n.id FROM pair_wish n WHERE n.person = {me})
             OR {is_administrator} OR {is_officer} OR {is_head}",
        )
        .in_hands("{t}.id IN (SELECT n.id FROM pair_wish n WHERE n.person = {me})"),
    rules: &[],
    order: "-changed",
    hub_only: false,
    hidden: true,
};

/// That the officer asks the school's head to propose another pairing in the place of one. It says nothing of who wishes it,
/// and the two do not see it: whoever of them said nothing would know what the other said.
pub(crate) static PAIR_SEARCH: Kind = Kind {
    name: "pair_search",
    route: "pair-searches",
    icon: "search",
    home: Home::With("pairing", "pairing"),
    title: &["asked_on"],
    fields: &[Field::link("pairing", "pairing").required(), Field::date("asked_on").required()],
    states: &[],
    moves: &[],
    access: Access::staff(&[Role::Officer], &[]).seen_where(
        "{t}.id IN (SELECT n.id FROM pair_search n JOIN pairing p ON p.id = n.pairing
                    LEFT JOIN organisation o ON o.id = p.school
                    WHERE {me} NOT IN (p.master, p.apprentice)
                      AND ({is_officer} OR o.id IN ({of_head}) OR o.parent IN ({of_head})))",
    ),
    rules: &[],
    order: "-asked_on",
    hub_only: false,
    hidden: true,
};
