//! Explaining a trace: what happened, step by step, in words and as a space-time diagram.
//!
//! [`tell`] replays a trace and collects a [`Story`]: plain data without the protocol's types;
//! [`tell_run`] does so for a run that makes no progress, which it makes again. All
//! else is drawn from it: [`Story::steps_in_words`], [`Story::to_text`] for a terminal and
//! [`Story::to_svg`] for a page or a slide. Diagrams follow Lamport ("Time, Clocks, and the
//! Ordering of Events in a Distributed System", 1978): a line for each node, an arrow for each
//! message; time goes downward.

mod changes;
pub(crate) mod shape;
mod sheet;
mod stalling;
mod story;
mod svg;
mod telling;
mod text;
#[cfg(test)]
mod toy;

pub use stalling::tell_run;
pub use story::{Ending, Kind, Moment, Sent, Story};
pub use telling::tell;
