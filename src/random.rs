//! Integer sampling on ChaCha8 streams: the same draws on every machine.

use std::convert::Infallible;

use rand::SeedableRng;
use rand::rand_core::{Rng, TryRng};
use rand_chacha::ChaCha8Rng;

/// What a stream of random numbers is for. Each purpose of a run has a stream of its own, so that
/// another draw for one purpose moves no draw of another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    /// Which faults and which workload the run has.
    Plan = 0,
    /// Delays, losses, timers: all that happens to the run.
    Run = 1,
    /// The choices its handlers ask for.
    Choices = 2,
    /// What the clients ask, where a workload says more than how often.
    Workload = 5,
    /// Which run a guided campaign makes next.
    Guide = 16,
}

/// The stream of that purpose of run number `run` under `seed`.
pub(crate) fn stream(seed: u64, run: u64, purpose: Purpose) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
    let mut stream = ChaCha8Rng::from_seed(key);
    stream.set_stream(run);
    stream
}

/// A stream that is drawn from all the time, and often in vain. It draws what the stream would.
pub(crate) struct Draws {
    stream: ChaCha8Rng,
    ready: [u64; READY],
    /// The place of the next draw; beyond the end by as many as were skipped.
    next: usize,
}

/// How many draws are made at a time: eight blocks of ChaCha.
const READY: usize = 64;

impl Draws {
    pub(crate) fn of(stream: ChaCha8Rng) -> Draws {
        Draws { stream, ready: [0; READY], next: READY }
    }

    /// Passes by a draw that decides nothing.
    pub(crate) fn skip(&mut self) {
        self.next += 1;
    }

    /// As [`between`].
    pub(crate) fn between(&mut self, least: u64, most: u64) -> u64 {
        if least == most {
            self.skip();
            return least;
        }
        between(self, least, most)
    }

    #[cold]
    fn make_ready(&mut self) {
        let (passed, place) = ((self.next / READY - 1) as u128, self.next % READY);
        if passed > 0 {
            // A draw takes two words of the stream.
            let words = passed * 2 * READY as u128;
            self.stream.set_word_pos(self.stream.get_word_pos() + words);
        }
        self.ready.fill_with(|| self.stream.next_u64());
        self.next = place;
    }
}

impl TryRng for Draws {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|draw| draw as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        if self.next >= READY {
            self.make_ready();
        }
        let draw = self.ready[self.next];
        self.next += 1;
        Ok(draw)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let draw = self.next_u64().to_le_bytes();
            chunk.copy_from_slice(&draw[..chunk.len()]);
        }
        Ok(())
    }
}

/// A whole number in `0..n`, by the high half of a product: its bias is below `n / 2^64`.
/// `n` is at least 1.
pub(crate) fn below(stream: &mut impl Rng, n: u64) -> u64 {
    ((u128::from(stream.next_u64()) * u128::from(n)) >> 64) as u64
}

/// A whole number in `least..=most`.
pub(crate) fn between(stream: &mut impl Rng, least: u64, most: u64) -> u64 {
    least + below(stream, (most - least).saturating_add(1))
}

/// True `millionths` times in a million.
pub(crate) fn chance(stream: &mut impl Rng, millionths: u32) -> bool {
    below(stream, 1_000_000) < u64::from(millionths)
}

/// A whole number with the exponential distribution of that mean, at most 44 times it.
pub(crate) fn exponential(stream: &mut impl Rng, mean: u64) -> u64 {
    ((u128::from(minus_ln(stream.next_u64() | 1)) * u128::from(mean)) >> 32) as u64
}

/// `-ln(bits / 2^64)` in units of `2^-32`; `bits` is at least 1.
///
/// With `u = m / 2^(k+1)` for a mantissa `m` in `1..2` and `k` leading zeros, `-ln u` is
/// `(k + 1) ln 2 - ln m`; the last comes from a table, all in fixed point.
pub(crate) fn minus_ln(bits: u64) -> u64 {
    let zeros = bits.leading_zeros();
    let fraction = (bits << zeros) << 1;
    let (slot, rest) = ((fraction >> 56) as usize, (fraction >> 24) & 0xffff_ffff);
    let ln_mantissa = LN[slot] + (((LN[slot + 1] - LN[slot]) * rest) >> 32);
    u64::from(zeros + 1) * LN[256] - ln_mantissa
}

/// `ln(1 + i / 256)` for `i` in `0..=256`, in units of `2^-32`.
const LN: [u64; 257] = ln_table();

/// `ln m = 2 artanh y` with `y = (m - 1) / (m + 1)`, as its power series in units of `2^-60`.
const fn ln_table() -> [u64; 257] {
    let mut table = [0; 257];
    let mut i = 0;
    while i <= 256 {
        let y = ((i as u128) << 60) / (512 + i as u128);
        let (mut power, mut sum, mut odd) = (y, 0, 1);
        while power > 0 {
            sum += power / odd;
            power = (((power * y) >> 60) * y) >> 60;
            odd += 2;
        }
        table[i] = ((2 * sum) >> 28) as u64;
        i += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draws_of_a_stream_never_change() {
        let mut draws = stream(1, 2, Purpose::Run);
        let drawn: Vec<u64> = (0..6).map(|_| below(&mut draws, 1_000)).collect();
        assert_eq!(drawn, GOLDEN, "every saved seed depends on these");
    }

    #[test]
    fn draws_are_those_of_the_stream_however_many_are_skipped() {
        for skipped in [0, 1, 62, 63, 64, 65, 127, 128, 129, 1_000, 100_000] {
            let (mut stream, mut draws) =
                (stream(1, 2, Purpose::Run), Draws::of(super::stream(1, 2, Purpose::Run)));
            for _ in 0..3 {
                (0..skipped).for_each(|_| draws.skip());
                for _ in 0..skipped {
                    stream.next_u64();
                }
                let expected: Vec<u64> = (0..70).map(|_| stream.next_u64()).collect();
                let drawn: Vec<u64> = (0..70).map(|_| draws.next_u64()).collect();
                assert_eq!(drawn, expected, "{skipped} skipped");
            }
            assert_eq!(draws.between(7, 7), 7);
            stream.next_u64();
            assert_eq!(draws.between(0, 99), between(&mut stream, 0, 99));
        }
    }

    #[test]
    fn each_purpose_and_run_has_its_own_stream() {
        let first = |seed, run, purpose| stream(seed, run, purpose).next_u64();
        let firsts = [
            first(1, 1, Purpose::Run),
            first(1, 1, Purpose::Plan),
            first(1, 2, Purpose::Run),
            first(2, 1, Purpose::Run),
        ];
        for (i, a) in firsts.iter().enumerate() {
            assert!(firsts[i + 1..].iter().all(|b| a != b));
        }
    }

    #[test]
    fn draws_stay_within_their_range_and_reach_both_ends() {
        let mut draws = stream(3, 0, Purpose::Plan);
        let drawn: Vec<u64> = (0..1_000).map(|_| between(&mut draws, 5, 8)).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&5), Some(&8)));
        assert!((0..1_000).all(|_| !chance(&mut draws, 0)));
        assert!((0..1_000).all(|_| chance(&mut draws, 1_000_000)));
    }

    #[test]
    fn the_table_of_logarithms_is_right_to_nine_digits() {
        for (i, entry) in LN.iter().enumerate() {
            let exact = (1.0 + i as f64 / 256.0).ln();
            assert!((*entry as f64 / 2f64.powi(32) - exact).abs() < 1e-9, "ln of 1 + {i}/256");
        }
    }

    #[test]
    fn exponential_draws_have_their_mean_and_their_tail() {
        let mut draws = stream(4, 0, Purpose::Run);
        let drawn: Vec<u64> = (0..100_000).map(|_| exponential(&mut draws, 1_000_000)).collect();
        let mean = drawn.iter().sum::<u64>() / 100_000;
        let past_twice = drawn.iter().filter(|&&drawn| drawn > 2_000_000).count();
        assert!((985_000..1_015_000).contains(&mean), "mean {mean}");
        assert!((13_000..14_100).contains(&past_twice), "e^-2 is 13.5 %, not {past_twice}");
    }

    const GOLDEN: [u64; 6] = [408, 775, 817, 504, 425, 401];
}
