//! Ids, clock, language and their errors: what every room of Zampa shares, without I/O.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

mod clock;
mod id;
mod lang;
mod year;

pub use clock::{Clock, Env, Hlc, HlcClock, Random, SystemClock, SystemRandom};
pub use id::{Hash, IdError, NodeId, Scope, Subject, base32};
pub use jiff::civil::Date;
pub use lang::Lang;
pub use year::{SCHOOL_YEAR_BEGINS, school_year};
