//! Distributed protocols as readable, checkable models.
