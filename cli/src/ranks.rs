//! Whether two samples differ by more than chance: the rank test of Mann and Whitney.
//!
//! H. B. Mann, D. R. Whitney, *On a Test of Whether one of Two Random Variables is Stochastically
//! Larger than the Other*, Annals of Mathematical Statistics 18 (1947). It compares places in order
//! only, so that a few runs that take very long weigh no more than their place.

/// How likely two samples of one distribution are to differ in rank at least so much, either way.
/// With ties, and by the normal distribution: samples should have eight values or more.
pub(crate) fn two_sided(one: &[u64], other: &[u64]) -> f64 {
    let (first, second) = (one.len() as f64, other.len() as f64);
    let all = first + second;
    let mut values: Vec<u64> = one.iter().chain(other).copied().collect();
    values.sort_unstable();
    let (mut ranks, mut ties) = (0.0, 0.0);
    for group in values.chunk_by(|a, b| a == b) {
        let before = values.partition_point(|value| *value < group[0]) as f64;
        let many = group.len() as f64;
        // Equal values share the mean of their ranks.
        let rank = before + (many + 1.0) / 2.0;
        ranks += rank * one.iter().filter(|value| **value == group[0]).count() as f64;
        ties += many * many * many - many;
    }
    let u = ranks - first * (first + 1.0) / 2.0;
    let variance = first * second / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    if variance <= 0.0 {
        return 1.0;
    }
    let far = ((u - first * second / 2.0).abs() - 0.5).max(0.0) / variance.sqrt();
    beyond(far / std::f64::consts::SQRT_2).min(1.0)
}

/// The complementary error function, to seven digits (Abramowitz and Stegun, 7.1.26).
fn beyond(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let terms = [0.254_829_592, -0.284_496_736, 1.421_413_741, -1.453_152_027, 1.061_405_429];
    let sum = terms.iter().rev().fold(0.0, |sum, term| (sum + term) * t);
    sum * (-x * x).exp()
}

/// The lower quartile, the median and the upper quartile.
pub(crate) fn quartiles(sample: &[u64]) -> [u64; 3] {
    let mut sorted = sample.to_vec();
    sorted.sort_unstable();
    [1, 2, 3].map(|quarter| sorted[(sorted.len() - 1) * quarter / 4])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_as_far_apart_as_their_ranks() {
        let range = |from: u64, to: u64| (from..to).collect::<Vec<u64>>();
        for (one, other, p) in [
            (range(0, 20), range(0, 20), 1.0),
            (vec![5; 10], vec![5; 10], 1.0),
            // All of one below all of the other: z is (200 - 0.5) / sqrt(20 * 20 * 41 / 12).
            (range(0, 20), range(20, 40), 6.8e-8),
            (range(20, 40), range(0, 20), 6.8e-8),
            // U is 24.5 of 100, with ties.
            (range(1, 11), range(4, 14), 0.0581),
        ] {
            let found = two_sided(&one, &other);
            assert!(
                (found - p).abs() <= 0.02 * p + 1e-9,
                "{one:?} {other:?}: {found:e}, not {p:e}"
            );
        }
    }

    #[test]
    fn quartiles_are_values_of_the_sample() {
        assert_eq!(quartiles(&[5, 1, 4, 2, 3]), [2, 3, 4]);
        assert_eq!(quartiles(&[7]), [7, 7, 7]);
    }

    #[test]
    fn the_error_function_is_right_where_it_is_known() {
        for (x, expected) in [(0.0, 1.0), (1.0, 0.157_299_2), (2.0, 0.004_677_7)] {
            assert!((beyond(x) - expected).abs() < 2e-7, "{x}");
        }
    }
}
