//! What several whole-system tests share.

pub mod random_protocol;
