use records::{Access, Field, Home, Kind, Role, Roles};

/// The records of this room.
pub const KINDS: &[&Kind] = &[&NODE];

/// A node, as the hub has enrolled it. Only the hub's entries count: no node can enrol another, or itself.
static NODE: Kind = Kind {
    name: "node",
    route: "nodes",
    icon: "server",
    home: Home::Programme,
    title: &["title"],
    fields: &[
        Field::line("title").required(),
        Field::bytes("node_id"),
        Field::bytes("public_key"),
        Field::link("school", "organisation"),
        // The node at which it follows live classes, where that is not the hub.
        Field::link("upper", "node"),
    ],
    states: &["enrolled", "revoked"],
    moves: &[],
    access: Access {
        read: Roles::of(&[Role::Administrator, Role::Officer]),
        write: Roles::of(&[Role::Administrator]),
        own: &[],
        ..Access::NOBODY
    },
    rules: &[],
    order: "title",
    hub_only: true,
    hidden: true,
};
