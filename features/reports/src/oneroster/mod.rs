//! Rosters as `OneRoster` 1.2 has them in CSV: organisations, adults and what they do where, and classes. Pupils do not leave
//! their school, and no roster has demographics.

mod columns;
mod read;
mod write;

pub use read::{Organisation, Roster, User, read};
pub(crate) use write::send;

/// What a name is put beside where somebody has no family name apart: `OneRoster` wants one of everybody.
pub(crate) const NO_FAMILY_NAME: &str = "-";
