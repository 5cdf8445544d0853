//! Correctness conditions of distributed protocols, on plain data.
