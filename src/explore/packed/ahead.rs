//! What is remembered of the states that are not expanded yet: the rest of one level, and the next.

/// One thing for each state from the level on that is being expanded.
#[derive(Debug)]
pub(super) struct Ahead<T> {
    /// The number of the first state that `now` tells of.
    first: usize,
    now: Vec<T>,
    next: Vec<T>,
}

impl<T: Copy> Ahead<T> {
    /// What is remembered of a state.
    #[inline]
    pub(super) fn of(&self, state: usize) -> T {
        let at = state - self.first;
        self.now.get(at).copied().unwrap_or_else(|| self.next[at - self.now.len()])
    }

    /// This is to be remembered of the next new state.
    #[inline]
    pub(super) fn push(&mut self, thing: T) {
        self.next.push(thing);
    }

    /// The state that is expanded next; those of levels before it need not be remembered.
    pub(super) fn go_to(&mut self, state: usize) {
        if state >= self.first + self.now.len() && !self.next.is_empty() {
            self.first += self.now.len();
            self.now = std::mem::take(&mut self.next);
        }
    }

    /// Forgets the states from that number on, which are of the next level.
    pub(super) fn truncate(&mut self, states: usize) {
        self.next.truncate(states.saturating_sub(self.first + self.now.len()));
    }

    /// A thing for each of these states, by its number: so many of one level, and of the next.
    pub(super) fn of_levels(
        first: usize,
        now: usize,
        next: usize,
        thing: impl Fn(usize) -> T,
    ) -> Ahead<T> {
        let end = first + now;
        let (now, next) = (first..end, end..end + next);
        Ahead { first, now: now.map(&thing).collect(), next: next.map(&thing).collect() }
    }

    /// Remembers something else of the same states.
    pub(super) fn changed<V>(self, again: impl Fn(T) -> V) -> Ahead<V> {
        let now = self.now.into_iter().map(&again).collect();
        Ahead { first: self.first, now, next: self.next.into_iter().map(&again).collect() }
    }

    /// The bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        (self.now.capacity() + self.next.capacity()) * size_of::<T>()
    }
}
