//! The shell of the pages: routes as data, each with who may take it; sessions; the reader's language; errors that
//! say what is safe; the layout and the static files. It knows no feature: rooms hand it routes.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod assets;
mod error;
mod local;
mod machine;
mod pages;
mod pieces;
mod receive;
mod request;
mod seal;
mod serve;
mod shell;
mod site;
mod squares;
mod stage;
mod talk;
mod written;

pub use assets::tibetan_font;
pub use error::PageError;
pub use local::{Draft, Local};
pub use machine::{Answered, Asked};
pub use pages::{own_page, routes};
pub use pieces::{join_pieces, take_piece};
pub use receive::store;
pub use request::{Request, Sent, Session, escape};
pub use seal::seal;
pub use serve::{serve, set_cookie};
pub use shell::{Note, Shell, error_page};
pub use site::{Check, Leads, LinkSign, Method, NavItem, NodeKind, Reply, Route, Site, TodayItem, Writing};
pub use squares::squares;
pub use stage::{Freedom, Staged, stage_of};
pub use talk::Socket;

use base::Lang;

/// The shell's words.
pub const WORDS: [(Lang, &str, &str); 3] = [
    (Lang::Zh, "web", include_str!("../words/zh.ftl")),
    (Lang::Bo, "web", include_str!("../words/bo.ftl")),
    (Lang::En, "web", include_str!("../words/en.ftl")),
];
