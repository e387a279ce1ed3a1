use records::{Access, Field, Home, Kind, Move, Role, Roles};

/// The records of this room.
pub const KINDS: &[&Kind] = &[&POCKET];

/// Who may say of anybody's phone that it is lost.
pub(crate) const OFFICE: Roles = Roles::of(&[Role::Administrator, Role::Officer]);
/// Who goes on visits, and so may prepare a phone.
pub(crate) const GOES: Roles =
    Roles::of(&[Role::Administrator, Role::Officer, Role::Coordinator, Role::Head, Role::Posted, Role::Local]);

/// A phone that takes lists along and hands records over in its person's name. It lies where the person's account is, so
/// each of those nodes knows it; of its secret only a hash.
pub(crate) static POCKET: Kind = Kind {
    name: "pocket",
    route: "pockets",
    icon: "lock",
    home: Home::Person("person"),
    title: &["device"],
    fields: &[
        Field::link("person", "person").required(),
        Field::line("device").required(),
        Field::bytes("secret"),
        Field::date("since").required(),
    ],
    states: &["in_use", "lost"],
    moves: &[Move::new("lose", &["in_use"], "lost", GOES)],
    access: Access { read: GOES, write: GOES, own: &[], ..Access::NOBODY },
    rules: &[],
    order: "-since",
    hub_only: false,
    hidden: true,
};
