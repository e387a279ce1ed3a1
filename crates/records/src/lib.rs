//! The shapes that features share: what a record is made of, how facts fold into it, who may read and write it,
//! and the SQL tables in which it stands. A feature describes its records in one table ([`Kind`]); the rest
//! follows from it.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

/// The condition, in SQL, that the reader made a record of a table: the author of its first entry is asked, and never when.
#[macro_export]
macro_rules! made_by {
    ($table:literal) => {
        concat!(
            "coalesce((SELECT made_e.author FROM entry made_e WHERE made_e.subject = ",
            $table,
            ".id AND made_e.held = 0 ORDER BY made_e.effective, made_e.clock, made_e.seq LIMIT 1) = {me}, 0)"
        )
    };
}

mod access;
mod error;
mod field;
mod fold;
mod kind;
mod project;
mod schema;
mod value;
pub mod vocabulary;
mod write;

pub use access::{Grant, Homes, Reader, Role, Roles, literal};
pub use error::RecordError;
pub use field::{FILES, Field, Shape};
pub use fold::{Folded, REMOVED, STATE, Version, fold};
pub use kind::{Access, Home, Kind, Kinds, Move, Rule};
pub use project::{Records, document, home_column, sees_withdrawn};
pub use schema::{indexes, tables};
pub use value::{Change, Value, document_payload, document_update};
pub use write::{append, check, check_rules, check_value, concerns, links_in, record_scope, school_of, scope_of};
