//! Tests of the whole.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, missing_docs)]

mod approvals;
mod beside;
#[path = "../../crates/live/tests/live/bots.rs"]
#[allow(dead_code)]
mod bots;
mod carried;
mod chain;
mod class_film;
mod command_line;
mod comments;
mod corpora;
mod counted;
mod courses;
mod desk;
mod dispatch;
mod divided;
mod edits;
mod exports;
mod few;
mod files;
mod groups;
mod house;
mod lists;
mod matrix;
mod neighbours;
mod observations;
mod pair_agreed;
mod pair_sealed;
mod pairings;
mod pairs_end;
mod parts;
mod pictures;
mod plans;
mod play;
mod pocket;
mod programs;
mod report_shapes;
mod reports;
mod rooms;
mod rosters;
mod rules;
mod said;
mod series;
mod sign_in;
mod sittings;
mod stills;
mod talk;
mod templates;
mod tibetan;
mod tidy;
mod timetables;
mod tours;
mod tours_held;
mod two_nodes;
mod worklog;
