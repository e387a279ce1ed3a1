//! The live class, on a link of 64 kbit/s that takes 600 ms and loses.
//!
//! A *class* has an *origin*: the node where the teacher is, which numbers what happens ([`Lane`]). Other nodes follow it,
//! through a hub or directly; each gives it to its own *rooms* on its LAN, where the link costs nothing. Between two nodes
//! one copy of everything goes over the *trunk*: datagrams on the link's connection, voice before events before pictures.
//! A class goes on in a room that is cut off; what was said there goes into the lane afterwards, late and once.
//!
//! [`Booths`] are where browsers speak and listen on their own node's LAN. [`Recorder`] writes a class down at every node, and [`Replay`] plays it.
//!
//! [`Hall`] is all of that as a state machine, which is given the time and datagrams; [`Live`] runs it on a
//! [`link::Link`]. What an event means is the business of whoever opens the class; replay equals live because both fold
//! the same lane.
//!
//! Decided here: events and the pen are one lane, since whoever folds it needs one order; so they share a priority, and
//! what a person may say in a second is bounded instead. A saying carries no id: a node's sayings are taken in in their
//! order, so a count says which are in. Voice is asked for again rather than sent twice, because 16 kbit/s of copies cost
//! more on such a link than the half second that a second try takes; copies ride along only where asking would be in vain.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic))]

mod booth;
mod bucket;
mod driver;
mod hall;
mod hold;
mod lane;
pub mod opus;
mod record;
mod trunk;
mod wire;

pub use booth::{Booths, NoSeat, SeatId, Seated, Sight, Traffic};
pub use driver::{Audience, Live, View};
pub use hall::{Door, Hall, Light, News, Out, Reach, Refused, Saved, Track, TrackId, Way, Why};
pub use hold::Heard;
pub use lane::{Event, Lane, MAX_PAYLOAD, Mark, Refusal, Saying};
pub use record::{RecordError, Recorder, Replay};
pub use trunk::{Line, OVERHEAD, Packet};
pub use wire::Malformed;
