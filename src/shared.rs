//! A value that worlds share, or that one run has to itself.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt::{self, Debug};
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// A value behind a pointer, compared, ordered and hashed by what it is.
///
/// Where worlds are kept by the million, those next to each other share what is the same in both. A
/// simulated run has one world and changes it at every step; asking each time whether somebody shares
/// a node costs as much as all else that an idle protocol's step takes, so there it is held alone.
#[derive(Clone)]
pub struct Shared<T>(Holding<T>);

#[derive(Clone)]
enum Holding<T> {
    Together(Arc<T>),
    Alone(Box<T>),
}

impl<T> Shared<T> {
    /// A value that may be shared: a copy is a pointer.
    pub fn new(value: T) -> Shared<T> {
        Shared(Holding::Together(Arc::new(value)))
    }
}

impl<T: Clone> Shared<T> {
    /// The same value held alone: it is changed in place, and a copy of it is a copy.
    pub(crate) fn alone(self) -> Shared<T> {
        match self.0 {
            Holding::Together(value) => {
                Shared(Holding::Alone(Box::new(Arc::unwrap_or_clone(value))))
            }
            alone @ Holding::Alone(_) => Shared(alone),
        }
    }

    /// The value, to be changed; one that others share is copied before.
    #[inline]
    pub(crate) fn make_mut(&mut self) -> &mut T {
        match &mut self.0 {
            Holding::Together(value) => Arc::make_mut(value),
            Holding::Alone(value) => value,
        }
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        match &self.0 {
            Holding::Together(value) => value,
            Holding::Alone(value) => value,
        }
    }
}

impl<T: Eq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(&raw const **self, &raw const **other) || **self == **other
    }
}

impl<T> Borrow<T> for Shared<T> {
    fn borrow(&self) -> &T {
        self
    }
}

impl<T: Eq> Eq for Shared<T> {}

impl<T: Ord> PartialOrd for Shared<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Ord> Ord for Shared<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl<T: Hash> Hash for Shared<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl<T: Debug> Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_it_holds_however_it_is_held() {
        let (together, alone) = (Shared::new(vec![1, 2]), Shared::new(vec![1, 2]).alone());
        assert_eq!(together, alone);
        assert_eq!(together.cmp(&alone), Ordering::Equal);
        assert!(Shared::new(vec![1]) < alone);
        assert_eq!(format!("{alone:?}"), "[1, 2]");
    }

    #[test]
    fn a_copy_does_not_see_what_is_changed_later() {
        for mut value in [Shared::new(1), Shared::new(1).alone()] {
            let copy = value.clone();
            *value.make_mut() = 2;
            assert_eq!((*copy, *value), (1, 2));
        }
    }
}
