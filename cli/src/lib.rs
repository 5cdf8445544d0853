//! The splitbrain command line.
