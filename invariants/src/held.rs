//! What every condition answers: it holds, or it is broken and here is why.

use std::error::Error;
use std::fmt::{self, Debug, Display};
use std::hash::Hash;

/// Plain data: what conditions are stated on.
///
/// Monitors are compared, ordered, hashed, cloned and sent between threads as part of larger
/// states, so everything they remember has to allow it. The trait is implemented for every type
/// that does; there is nothing to write.
pub trait Value: Clone + Eq + Ord + Hash + Debug + Send + Sync + 'static {}

impl<T: Clone + Eq + Ord + Hash + Debug + Send + Sync + 'static> Value for T {}

/// Why a condition does not hold: a sentence that names the offending values.
///
/// ```
/// use splitbrain_invariants::Broken;
///
/// let broken = Broken::new("term 2 has two leaders: n0, then n2");
/// assert_eq!(broken.to_string(), "term 2 has two leaders: n0, then n2");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Broken {
    reason: String,
}

impl Broken {
    /// A condition is broken for this reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Broken { reason: reason.into() }
    }

    /// The reason, as a sentence without a full stop.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl Error for Broken {}

impl From<String> for Broken {
    fn from(reason: String) -> Self {
        Broken::new(reason)
    }
}

impl From<&str> for Broken {
    fn from(reason: &str) -> Self {
        Broken::new(reason)
    }
}

/// A condition's answer: `Ok(())` where it holds, the reason where it does not.
pub type Held = Result<(), Broken>;

/// The answer of a condition that does not hold.
///
/// ```
/// use splitbrain_invariants::{broken, Held};
///
/// fn at_most_one(leaders: &[&str]) -> Held {
///     match leaders {
///         [] | [_] => Ok(()),
///         [first, second, ..] => broken(format!("both {first} and {second} lead")),
///     }
/// }
///
/// assert!(at_most_one(&["n0"]).is_ok());
/// assert_eq!(at_most_one(&["n0", "n2"]).unwrap_err().reason(), "both n0 and n2 lead");
/// ```
pub fn broken(reason: impl Into<String>) -> Held {
    Err(Broken::new(reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_reads_the_same_however_it_was_given() {
        let expected = Broken::new("x is 1, then 2");
        assert_eq!(Broken::from("x is 1, then 2"), expected);
        assert_eq!(Broken::from(String::from("x is 1, then 2")), expected);
        assert_eq!(broken("x is 1, then 2"), Err(expected.clone()));
        assert_eq!(expected.to_string(), expected.reason());
    }

    #[test]
    fn a_question_mark_carries_a_sentence_out_of_a_check() {
        fn check() -> Held {
            Err("nothing was decided")?
        }
        assert_eq!(check().unwrap_err().reason(), "nothing was decided");
    }
}
