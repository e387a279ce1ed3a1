//! The nodes of a programme: how they joined, what each holds and may write, what waits, and how one is retired.

mod carry;
mod facts;
mod members;
mod neighbours;
mod pages;
mod trust;

pub use carry::bundle_name;
pub use facts::KINDS;
pub use members::{Members, enrol, revoke};
pub use neighbours::{neighbours, parted};
pub use pages::{Links, Peer, routes, sign, title_of};

use base::Lang;

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "nodes", include_str!("../words/zh.ftl")),
    (Lang::Bo, "nodes", include_str!("../words/bo.ftl")),
    (Lang::En, "nodes", include_str!("../words/en.ftl")),
];
