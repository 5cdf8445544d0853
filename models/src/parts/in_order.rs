//! What arrives in any order, taken in one: a numbered history and what came too early for it.

use serde::{Deserialize, Serialize};

/// The number of an update, from 1; 0 stands for none.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Sequence(pub u32);

impl Sequence {
    /// The number after it.
    pub fn next(self) -> Sequence {
        Sequence(self.0 + 1)
    }
}

/// A history that takes numbered things in the order of their numbers, whatever the order in which
/// they arrive. What comes early waits; what comes again is known already.
///
/// ```
/// use splitbrain_models::parts::in_order::{InOrder, Sequence};
///
/// let mut history = InOrder::default();
/// assert_eq!(history.offer(Sequence(2), "second"), 0, "it has to wait");
/// assert_eq!(history.offer(Sequence(1), "first"), 2, "now both are taken");
/// assert_eq!(history.taken(), ["first", "second"]);
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct InOrder<T> {
    taken: Vec<T>,
    /// By number, all of them beyond the next.
    early: Vec<(Sequence, T)>,
}

impl<T> Default for InOrder<T> {
    fn default() -> Self {
        InOrder { taken: Vec::new(), early: Vec::new() }
    }
}

impl<T> InOrder<T> {
    /// What was taken, in order.
    pub fn taken(&self) -> &[T] {
        &self.taken
    }

    /// The number of what was taken last.
    pub fn last(&self) -> Sequence {
        Sequence(u32::try_from(self.taken.len()).expect("fewer things than numbers"))
    }

    /// What was taken after that number.
    pub fn after(&self, number: Sequence) -> &[T] {
        &self.taken[(number.0 as usize).min(self.taken.len())..]
    }

    /// Gives something the next number, and takes it.
    pub fn append(&mut self, thing: T) -> Sequence {
        self.taken.push(thing);
        self.last()
    }

    /// Takes something under its number as soon as its turn has come. Says how many were taken now:
    /// with it, those that waited for it.
    pub fn offer(&mut self, number: Sequence, thing: T) -> usize {
        if number <= self.last() {
            return 0;
        }
        match self.early.binary_search_by_key(&number, |(number, _)| *number) {
            Ok(_) => return 0,
            Err(at) => self.early.insert(at, (number, thing)),
        }
        let before = self.taken.len();
        while self.early.first().is_some_and(|(number, _)| *number == self.last().next()) {
            self.taken.push(self.early.remove(0).1);
        }
        self.taken.len() - before
    }

    /// Forgets what came early.
    pub fn forget_early(&mut self) {
        self.early.clear();
    }

    /// Takes another history for its own, and forgets what came early.
    pub fn replace(&mut self, history: Vec<T>) {
        *self = InOrder { taken: history, early: Vec::new() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row<'a> = (&'a str, &'a [u32], &'a [usize], &'a [u32]);

    #[test]
    fn things_are_taken_in_the_order_of_their_numbers() {
        let table: &[Row<'_>] = &[
            ("in order, each is taken as it comes", &[1, 2, 3], &[1, 1, 1], &[1, 2, 3]),
            ("what is early waits", &[2, 3], &[0, 0], &[]),
            ("what it waited for takes it along", &[3, 2, 1], &[0, 0, 3], &[1, 2, 3]),
            ("a gap further on stays one", &[4, 2, 1], &[0, 0, 2], &[1, 2]),
            ("what comes again is known", &[1, 1, 3, 3, 2, 2], &[1, 0, 0, 0, 2, 0], &[1, 2, 3]),
        ];
        for (sentence, numbers, takes, taken) in table {
            let mut history = InOrder::default();
            let offer = |number: &u32| history.offer(Sequence(*number), *number);
            assert_eq!(numbers.iter().map(offer).collect::<Vec<_>>(), *takes, "{sentence}");
            assert_eq!(history.taken(), *taken, "{sentence}");
        }
    }

    #[test]
    fn what_is_appended_has_the_next_number() {
        let mut history = InOrder::default();
        assert_eq!(history.last(), Sequence(0));
        assert_eq!(history.append('a'), Sequence(1));
        assert_eq!(history.append('b'), Sequence(2));
        for (number, after) in [(0, &['a', 'b'][..]), (1, &['b']), (2, &[]), (9, &[])] {
            assert_eq!(history.after(Sequence(number)), after, "after {number}");
        }
    }

    #[test]
    fn what_came_early_can_be_forgotten() {
        let mut history = InOrder::default();
        history.offer(Sequence(2), 'b');
        history.forget_early();
        assert_eq!(history, InOrder::default());
        history.offer(Sequence(2), 'b');
        history.replace(vec!['x']);
        assert_eq!((history.taken(), history.last()), (&['x'][..], Sequence(1)));
        assert_eq!(history.offer(Sequence(3), 'c'), 0, "2 was forgotten");
    }
}
