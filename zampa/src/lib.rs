//! Zampa: one binary that is a hub, a school's node, or a demonstration of both. This is its wiring; the binary only
//! starts it.

mod carry_command;
pub mod cli;
mod counts;
mod demonstration;
mod figures_command;
pub mod files;
pub mod fill;
pub mod films;
mod home;
pub mod house;
mod lesson_of_today;
mod links;
mod log_command;
pub mod node;
mod run;
mod worker;
mod workshop;
