//! People, their accounts and roles, and their consents: signing in, setting up a node, and what is held on oneself.

mod accounts;
mod facts;
mod keepers;
mod pages;
mod password;
mod view_as;

pub use accounts::{NewAccount, make_account, reader_of, reader_then};
pub use facts::KINDS;
pub use pages::{SET_UP, routes};

use base::Lang;

/// The room's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "people", include_str!("../words/zh.ftl")),
    (Lang::Bo, "people", include_str!("../words/bo.ftl")),
    (Lang::En, "people", include_str!("../words/en.ftl")),
];
