//! Draws by weight in whole numbers: which key a request is for, and which operation it is.

use rand::rand_core::Rng;

use super::curves::grown;
use super::workload::Keys;
use crate::random::{below, minus_ln};

/// Weights, summed up.
pub(super) struct Shares {
    /// The sum of each weight and all before it.
    sums: Vec<u64>,
}

impl Shares {
    /// Of these weights, of which one at least is not 0.
    pub(super) fn of(weights: impl IntoIterator<Item = u64>) -> Shares {
        let mut sum = 0;
        let sums = weights.into_iter().map(|weight| {
            sum += weight;
            sum
        });
        Shares { sums: sums.collect() }
    }

    /// Of keys that are asked for so often.
    pub(super) fn of_keys(keys: Keys) -> Shares {
        let even = |of: u32| (0..of).map(|_| 1);
        match keys {
            Keys::One => Shares::of(even(1)),
            Keys::Uniform { of } => Shares::of(even(of)),
            Keys::Zipf { of, exponent } => Shares::of((1..=of).map(|k| zipf(k, exponent))),
            Keys::Hot { of: 1, .. } => Shares::of(even(1)),
            Keys::Hot { of, share } => {
                let (hot, others) = (u64::from(share), u64::from(of) - 1);
                let rest = (0..others).map(|_| 1_000_000 - hot);
                Shares::of(std::iter::once(hot * others).chain(rest))
            }
        }
    }

    /// The place of one that is drawn.
    pub(super) fn draw(&self, stream: &mut impl Rng) -> usize {
        let drawn = below(stream, self.sums.last().copied().unwrap_or(1).max(1));
        self.sums.partition_point(|sum| *sum <= drawn)
    }
}

/// `1 / k^exponent` in units of `2^-40`; the exponent is in thousandths.
fn zipf(k: u32, exponent: u32) -> u64 {
    // ln k in units of 2^-32: 64 ln 2 less what is left to 2^64.
    let ln = i128::from(minus_ln(1)) - i128::from(minus_ln(u64::from(k)));
    grown(1 << 40, -ln * i128::from(exponent) / 1_000, u64::MAX >> 20)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};

    /// How often each is drawn in 100,000 draws.
    fn counts(shares: &Shares, of: usize) -> Vec<u32> {
        let mut draws = stream(8, 0, Purpose::Workload);
        let mut counts = vec![0; of];
        for _ in 0..100_000 {
            counts[shares.draw(&mut draws)] += 1;
        }
        counts
    }

    #[test]
    fn keys_are_drawn_as_often_as_they_should_be() {
        let zipf = |k: u32, of: u32, power: f64| {
            let weight = |k: u32| f64::from(k).powf(-power);
            weight(k) / (1..=of).map(weight).sum::<f64>()
        };
        for (keys, share) in [
            (Keys::One, Box::new(|_| 1.0) as Box<dyn Fn(u32) -> f64>),
            (Keys::Uniform { of: 7 }, Box::new(|_| 1.0 / 7.0)),
            (Keys::Zipf { of: 50, exponent: 1_000 }, Box::new(move |k| zipf(k, 50, 1.0))),
            (Keys::Zipf { of: 9, exponent: 1_500 }, Box::new(move |k| zipf(k, 9, 1.5))),
            (Keys::Zipf { of: 9, exponent: 0 }, Box::new(|_| 1.0 / 9.0)),
            (Keys::Hot { of: 11, share: 900_000 }, Box::new(|k| if k == 1 { 0.9 } else { 0.01 })),
            (Keys::Hot { of: 1, share: 5 }, Box::new(|_| 1.0)),
            (Keys::Hot { of: 3, share: 1_000_000 }, Box::new(|k| f64::from(u8::from(k == 1)))),
        ] {
            let found = counts(&Shares::of_keys(keys), keys.of() as usize);
            for (k, count) in (1..).zip(found) {
                let (found, share) = (f64::from(count) / 1e5, share(k));
                let error = 1e-9 + 4.0 * (share * (1.0 - share) / 1e5).sqrt();
                assert!((found - share).abs() <= error, "{keys}: key {k} {found}, not {share}");
            }
        }
    }

    #[test]
    fn what_has_no_weight_is_not_drawn_and_draws_never_change() {
        let mix = Shares::of([0, 3, 0, 1]);
        let found = counts(&mix, 4);
        assert_eq!((found[0], found[2]), (0, 0));
        assert!(found[1].abs_diff(75_000) < 600, "{found:?}");
        let mut draws = stream(1, 2, Purpose::Workload);
        let shares = Shares::of_keys(Keys::Zipf { of: 1_000, exponent: 900 });
        let drawn: Vec<usize> = (0..8).map(|_| shares.draw(&mut draws)).collect();
        assert_eq!(drawn, GOLDEN, "every saved seed depends on these");
    }

    const GOLDEN: [usize; 8] = [183, 12, 15, 276, 9, 9, 1, 299];
}
