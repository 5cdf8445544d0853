//! Which state each state was first reached from, at a quarter of a byte each.
//!
//! States are numbered in the order they are found and expanded in that order, so parents only
//! grow: state 9's parent is never before state 8's. It is enough to remember, for each expanded
//! state, how many new ones it had: in unary, a one for each child and a zero to end them.

/// The parents of all states but the first.
#[derive(Debug, Default)]
pub(super) struct Parents {
    bits: Vec<u64>,
    len: usize,
}

impl Parents {
    /// The next state to be expanded had this many new successors.
    #[inline]
    pub(super) fn push(&mut self, children: u32) {
        for _ in 0..children {
            self.bit(true);
        }
        self.bit(false);
    }

    #[inline]
    fn bit(&mut self, one: bool) {
        if self.len.is_multiple_of(64) {
            self.bits.push(0);
        }
        *self.bits.last_mut().expect("a word") |= u64::from(one) << (self.len % 64);
        self.len += 1;
    }

    /// The states on the way from the first state to this one, both included.
    ///
    /// It goes back over the bits once, whatever the length of the way.
    pub(super) fn way_to(&self, state: usize) -> Vec<usize> {
        let mut way = vec![state];
        // Where the one of this state is, and how many ones and zeros lie before it.
        let (mut at, mut ones, mut zeros) = self.one(state);
        while *way.last().expect("a state") != 0 {
            // The zeros before a child's one count the states expanded before its parent.
            let parent = zeros;
            way.push(parent);
            // The first state has no one: it is nobody's child.
            while parent > 0 && ones >= parent {
                at -= 1;
                match self.bits[at / 64] >> (at % 64) & 1 {
                    1 => ones -= 1,
                    _ => zeros -= 1,
                }
            }
        }
        way.reverse();
        way
    }

    /// Where the one of a state is, and how many ones and zeros lie before it.
    fn one(&self, state: usize) -> (usize, usize, usize) {
        if state == 0 {
            return (0, 0, 0);
        }
        let mut ones = 0;
        for (word, bits) in self.bits.iter().enumerate() {
            let here = bits.count_ones() as usize;
            if ones + here < state {
                ones += here;
                continue;
            }
            let mut left = *bits;
            while ones + 1 < state {
                left &= left - 1;
                ones += 1;
            }
            let at = word * 64 + left.trailing_zeros() as usize;
            return (at, ones, at - ones);
        }
        unreachable!("state {state} is nobody's child: {ones} children are known");
    }

    /// The bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.bits.capacity() * 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_lead_through_the_parents_that_were_pushed() {
        // By state: how many new ones it had.
        let children = [3, 0, 2, 70, 1, 0, 0, 5, 1];
        let mut parents = Parents::default();
        let mut parent_of = vec![0];
        for (state, &count) in children.iter().enumerate() {
            parents.push(count);
            parent_of.extend((0..count).map(|_| state));
        }
        for state in 0..parent_of.len() {
            let mut expected = vec![state];
            while let Some(&at) = expected.last().filter(|&&at| at != 0) {
                expected.push(parent_of[at]);
            }
            expected.reverse();
            assert_eq!(parents.way_to(state), expected, "the way to {state}");
        }
    }
}
