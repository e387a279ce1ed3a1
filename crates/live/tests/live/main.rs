//! The promises of the live class: on a simulated way in virtual time, and on real links.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod booths;
#[allow(dead_code)]
mod bots;
mod flood;
mod hostile;
mod lesson;
mod order;
mod real;
mod record;
mod sim;
mod taught;
#[allow(dead_code)]
#[path = "../../../link/tests/link/world.rs"]
mod world;
