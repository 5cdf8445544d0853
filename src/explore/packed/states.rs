//! The states found, in keys as narrow as will do.

use super::key::{Layout, Word};
use super::visited::Visited;
use super::wide::Wide;
use crate::explore::Limits;

/// Up to so many states, a layout takes all bits of a word, so that it lasts; then it is made as
/// narrow as will do.
pub(super) const EARLY: usize = 1 << 18;

/// So many bits more than it takes are well spent on a key that lasts.
const SPARE: u32 = 2;

/// The states found, in words of one width.
pub(super) enum States {
    Narrow(Visited<u64>),
    Double(Visited<u128>),
    Wide(Visited<Wide<4>>),
    Widest(Visited<Wide<8>>),
}

/// Does the same to the states, whatever the width of their keys.
macro_rules! in_any_width {
    ($states:expr, $visited:ident => $what:expr) => {
        match $states {
            States::Narrow($visited) => $what,
            States::Double($visited) => $what,
            States::Wide($visited) => $what,
            States::Widest($visited) => $what,
        }
    };
}
pub(super) use in_any_width;

impl States {
    /// The most bits a key may have.
    pub(super) const WIDEST: u32 = <Wide<8>>::BITS;

    /// The widths of words that there are, in bits.
    const WIDTHS: [u32; 4] = [u64::BITS, u128::BITS, <Wide<4>>::BITS, States::WIDEST];

    /// No states at all, while they are elsewhere.
    pub(super) fn none() -> States {
        States::Narrow(Visited::new(Layout::tight(&[1]), 1))
    }

    /// The first state, without room for any other.
    pub(super) fn first(ids: &[u32], limits: &Limits) -> States {
        assert!(ids.iter().all(|&id| id == 0), "what is met first has the first number");
        let mut visited = Visited::new(Layout::tight(&vec![1; ids.len()]), limits.threads);
        visited.insert(0);
        States::Narrow(visited)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        in_any_width!(self, visited => visited.len())
    }

    /// Makes room for that many ids. False, and nothing is changed, if no key is wide enough.
    pub(super) fn make_room(&mut self, counts: &[usize], limits: &Limits) -> bool {
        let (roomy, tight) = (Layout::roomy(counts), Layout::tight(counts));
        let least = tight.bits().max(limits.at_least_bits);
        let Some(width) = States::WIDTHS.into_iter().find(|&width| width >= least) else {
            return false;
        };
        // A root takes the same room whatever the key, and layouts that last are better.
        let early = self.len() < EARLY || width > u128::BITS;
        // Later, a few spare bits cost little, and packing again costs much.
        let late = (roomy.bits() + SPARE).next_multiple_of(8).min(width);
        let bits = if early { width } else { late };
        let ample = Layout::ample(counts, bits);
        let layout = if ample.bits() <= width { ample } else { tight };
        tracing::debug!(bits = layout.bits(), width, "keys are packed anew");
        let print_bits = limits.fingerprint.map(|print| print.bits()).filter(|&bits| bits < width);
        let states = std::mem::replace(self, States::none());
        *self = in_any_width!(states, visited => match width {
            u64::BITS => States::Narrow(again(visited, layout, print_bits)),
            u128::BITS => States::Double(again(visited, layout, print_bits)),
            <Wide<4>>::BITS => States::Wide(again(visited, layout, print_bits)),
            _ => States::Widest(again(visited, layout, print_bits)),
        });
        true
    }
}

/// The same states in another layout, told apart by fingerprints of so many bits, if it says so.
fn again<W: Word, V: Word>(
    visited: Visited<W>,
    layout: Layout,
    print_bits: Option<u32>,
) -> Visited<V> {
    match print_bits {
        Some(bits) => visited.printed(bits).repacked(layout),
        None => visited.repacked(layout),
    }
}
