//! `bench`: exploration side by side with others, on works that others publish counts of.

pub mod work;
