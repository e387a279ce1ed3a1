//! Needs met over the years: who carried a subject at a school, year by year, so that the handover from a posted to a local
//! teacher shows. It speaks of subjects and schools; nobody is counted or scored.

mod carry;
mod chart;
mod pages;

pub(crate) use carry::{Periods, periods};
pub(crate) use pages::{csv, page, rows};
