//! What units and schools promised each other, beside what arrived: each number opens into its rows.

mod count;
mod pages;

pub(crate) use pages::{csv, list, one};
