//! A number that is added to.

use super::Specification;

/// A number that anything may be added to, from 0. Every operation answers with the number after it.
///
/// *Source.* Fetch-and-add, as in Herlihy, *Wait-Free Synchronization* (1991), §3. A
/// [`Counter`](super::Counter) is one that 1 is added to.
///
/// ```
/// use splitbrain_invariants::{Specification, Sum, SumOperation};
///
/// let mut sum = Sum::default();
/// assert_eq!(sum.apply(&SumOperation::Add(5)), 5);
/// assert_eq!(sum.apply(&SumOperation::Add(-2)), 3);
/// assert_eq!(sum.apply(&SumOperation::Read), 3);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Sum {
    total: i64,
}

impl Sum {
    /// A number that is this one before anything is added.
    pub const fn new(total: i64) -> Self {
        Sum { total }
    }

    /// What it is now.
    pub const fn total(&self) -> i64 {
        self.total
    }
}

/// What is asked of a [`Sum`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SumOperation {
    /// Be so much more.
    Add(i64),
    /// How much is it?
    Read,
}

impl Specification for Sum {
    type Operation = SumOperation;
    type Output = i64;

    /// Beyond what 64 bits hold it wraps around.
    fn apply(&mut self, operation: &SumOperation) -> i64 {
        if let SumOperation::Add(more) = operation {
            self.total = self.total.wrapping_add(*more);
        }
        self.total
    }

    fn reads_only(operation: &SumOperation) -> bool {
        matches!(operation, SumOperation::Read | SumOperation::Add(0))
    }
}
