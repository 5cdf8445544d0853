//! `bench`: exploration side by side with others, on works that others publish counts of.
//!
//! - `work` holds the works as scenarios of this project, `rivals` the same for other checkers;
//! - `works` lists them, in which sizes, and what they are known to count;
//! - `engines` runs one of them with one engine, `measure` says what that took;
//! - `rows` runs each in a process of its own, and holds the counts of all to each other.
//!
//! Ratios within one table are what counts: absolute figures drift with the machine.

pub(crate) mod arguments;
pub mod engines;
pub mod measure;
pub mod rivals;
pub mod rows;
pub mod speed;
pub mod work;
pub mod works;
