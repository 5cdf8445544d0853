//! Integer sampling on ChaCha8 streams: the same draws on every machine.

use rand::SeedableRng;
use rand::rand_core::Rng;
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

    const GOLDEN: [u64; 6] = [0, 0, 0, 0, 0, 0];
}
