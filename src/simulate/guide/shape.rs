//! The shape of a value: its variants, and how much of what it holds, without its numbers.

use std::hash::{Hash, Hasher};

/// How many variants of a value its kind is made of. What is nested deeper, or further behind in a
/// list, is left out: with many, next to every run would show something new.
const VARIANTS: u32 = 4;

/// How many numbers of a value are kept for comparing.
pub(super) const NUMBERS: usize = 4;

/// What a value looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Shape {
    /// Its variants, outermost first, as one number.
    pub(super) kind: u64,
    /// Its first numbers and lengths, in the order of its fields.
    pub(super) numbers: [u64; NUMBERS],
}

impl Shape {
    /// The shape of a value. Every value can say what it is made of through [`Hash`]: an enum gives
    /// its variant as an `isize`, a list its length as a `usize`, and numbers come in their own widths.
    pub(super) fn of(value: &impl Hash) -> Shape {
        let mut reader = Reader { shape: Shape::default(), variants: 0, numbers: 0 };
        value.hash(&mut reader);
        reader.shape
    }
}

/// Mixes numbers into one (FNV-1a, with a last turn that spreads what it has).
pub(super) fn mix(parts: &[u64]) -> u64 {
    let step = |so_far: u64, part: &u64| (so_far ^ part).wrapping_mul(0x0100_0000_01b3);
    let mixed = parts.iter().fold(0xcbf2_9ce4_8422_2325, step);
    (mixed ^ (mixed >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Takes a value apart as it hashes itself.
struct Reader {
    shape: Shape,
    variants: u32,
    numbers: usize,
}

impl Reader {
    fn number(&mut self, number: u64) {
        if let Some(place) = self.shape.numbers.get_mut(self.numbers) {
            *place = number;
            self.numbers += 1;
        }
    }
}

impl Hasher for Reader {
    fn finish(&self) -> u64 {
        self.shape.kind
    }

    /// Text and bytes: nothing to compare.
    fn write(&mut self, _: &[u8]) {}

    fn write_u8(&mut self, number: u8) {
        self.number(u64::from(number));
    }

    fn write_u16(&mut self, number: u16) {
        self.number(u64::from(number));
    }

    fn write_u32(&mut self, number: u32) {
        self.number(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.number(number);
    }

    fn write_usize(&mut self, length: usize) {
        self.number(length as u64);
    }

    fn write_isize(&mut self, variant: isize) {
        if self.variants < VARIANTS {
            self.shape.kind = mix(&[self.shape.kind, variant as u64]);
            self.variants += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Hash)]
    enum Role {
        Idle,
        Busy { since: u32, with: Vec<u8> },
    }

    #[test]
    fn the_kind_of_a_value_is_its_variants_and_not_its_numbers() {
        let kind = |value: &(u32, Role, Option<u16>)| Shape::of(value).kind;
        let busy = |since, with: &[u8]| Role::Busy { since, with: with.to_vec() };
        let one = kind(&(1, busy(1, &[]), None));
        assert_eq!(one, kind(&(2, busy(7, &[1, 2]), None)), "numbers make no difference");
        assert_ne!(one, kind(&(1, Role::Idle, None)), "the variant does");
        assert_ne!(one, kind(&(1, busy(1, &[]), Some(0))), "and that of what is inside");
    }

    #[test]
    fn its_numbers_are_the_first_ones_and_the_lengths_of_lists() {
        let value = (7_u32, Role::Busy { since: 9, with: vec![] }, 5_u16);
        assert_eq!(Shape::of(&value).numbers, [7, 9, 0, 5]);
        let long: Vec<Option<u64>> = (1..100).map(Some).collect();
        assert_eq!(Shape::of(&long).numbers, [99, 1, 2, 3]);
        // A list of bare numbers is hashed in one piece: its length is all that shows.
        assert_eq!(Shape::of(&vec![5_u64; 3]).numbers, [3, 0, 0, 0]);
    }
}
