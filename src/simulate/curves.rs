//! The normal distribution and the exponential function in whole numbers: what the longer tails of
//! [`Latency`](super::Latency) are drawn with, the same to the bit on every machine.

use rand::rand_core::Rng;

use crate::random::minus_ln;

/// A draw of the standard normal distribution, in units of `2^-32`.
///
/// Marsaglia's polar method: of points in a square those inside the circle are taken; with `s` the
/// square of a point's distance, `x sqrt(-2 ln s / s)` is normally distributed. The logarithm comes
/// from a table, the root is a whole number's.
pub(super) fn normal(stream: &mut impl Rng) -> i64 {
    loop {
        let bits = stream.next_u64();
        // Both in units of 2^-31, from -1 up to 1.
        let x = i64::from((bits >> 32) as u32 as i32);
        let y = i64::from(bits as u32 as i32);
        // In units of 2^-62.
        let s = (x * x) as u64 + (y * y) as u64;
        if s == 0 || s >= 1 << 62 {
            continue;
        }
        // In units of 2^-56, and its root in units of 2^-28.
        let ratio = (u128::from(minus_ln(s << 2)) << 87) / u128::from(s);
        return ((i128::from(x) * ratio.isqrt() as i128) >> 27) as i64;
    }
}

/// `value` times `e` to the power of `exponent`, which is in units of `2^-32`; at most `most`.
pub(super) fn grown(value: u64, exponent: i128, most: u64) -> u64 {
    // As a power of two, in units of 2^-32.
    let power = (exponent * i128::from(LOG2_E)) >> 32;
    let (whole, fraction) = (power >> 32, (power & 0xffff_ffff) as u64);
    let (slot, rest) = ((fraction >> 24) as usize, (fraction & 0xff_ffff) << 8);
    let factor = EXP2[slot] + (((EXP2[slot + 1] - EXP2[slot]) * rest) >> 32);
    let product = u128::from(value) * u128::from(factor);
    let grown = match whole {
        ..=-64 => 0,
        -63..=31 => product >> (32 - whole),
        // A value of 1 alone, doubled so often, is more than the most there may be.
        32.. => u128::from(most) * u128::from(value.min(1)),
    };
    u64::try_from(grown).unwrap_or(most).min(most)
}

/// `1 / ln 2` in units of `2^-32`.
const LOG2_E: u64 = 6_196_328_019;

/// `ln 2` in units of `2^-60`.
const LN_2: u128 = 799_144_290_325_165_979;

/// `2^(i / 256)` for `i` in `0..=256`, in units of `2^-32`.
const EXP2: [u64; 257] = exp2_table();

/// `e^t` for `t = ln 2 * i / 256`, as its power series in units of `2^-60`.
const fn exp2_table() -> [u64; 257] {
    let mut table = [0; 257];
    let mut i = 0;
    while i <= 256 {
        let t = LN_2 * i as u128 / 256;
        let (mut term, mut sum, mut n) = (1_u128 << 60, 0, 1);
        while term > 0 {
            sum += term;
            term = ((term * t) >> 60) / n;
            n += 1;
        }
        table[i] = ((sum + (1 << 27)) >> 28) as u64;
        i += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};

    const ONE: f64 = 4_294_967_296.0;

    #[test]
    fn the_table_of_powers_and_its_constants_are_right_to_nine_digits() {
        for (i, entry) in EXP2.iter().enumerate() {
            let exact = (i as f64 / 256.0).exp2();
            assert!((*entry as f64 / ONE - exact).abs() < 1e-9, "2^({i}/256)");
        }
        assert!((LOG2_E as f64 / ONE - std::f64::consts::LOG2_E).abs() < 1e-9);
        assert!((LN_2 as f64 / 60.0_f64.exp2() - std::f64::consts::LN_2).abs() < 1e-9);
    }

    #[test]
    fn growth_is_right_to_five_digits_and_ends_at_the_most() {
        for exponent in [-20.0, -3.5, -0.1, 0.0, 0.3, 1.0, 2.5, 9.0] {
            let value = 1_000_000_000_000_u64;
            let found = grown(value, (exponent * ONE) as i128, u64::MAX) as f64;
            let exact = value as f64 * f64::exp(exponent);
            let error = 1.0 + exact * 1e-5;
            assert!((found - exact).abs() < error, "e^{exponent}: {found}, not {exact}");
        }
        for exponent in [30, 1_000, 1_000_000] {
            assert_eq!(grown(7, exponent << 32, 5_000), 5_000);
            assert_eq!(grown(0, exponent << 32, 5_000), 0);
            assert_eq!(grown(7, -exponent << 32, 5_000), 0);
        }
    }

    #[test]
    fn normal_draws_have_their_mean_their_spread_and_their_tails() {
        let mut draws = stream(5, 0, Purpose::Run);
        let drawn: Vec<f64> = (0..100_000).map(|_| normal(&mut draws) as f64 / ONE).collect();
        let mean = drawn.iter().sum::<f64>() / 1e5;
        let spread = (drawn.iter().map(|z| z * z).sum::<f64>() / 1e5).sqrt();
        assert!(mean.abs() < 0.01, "mean {mean}");
        assert!((spread - 1.0).abs() < 0.01, "spread {spread}");
        for (past, share) in [(0.0, 0.5), (1.0, 0.158_66), (2.0, 0.022_75), (3.0, 0.001_35)] {
            for side in [1.0, -1.0] {
                let found = drawn.iter().filter(|z| side * **z > past).count() as f64 / 1e5;
                let error = 4.0 * f64::sqrt(share / 1e5);
                assert!((found - share).abs() < error, "{found} past {past}, not {share}");
            }
        }
    }
}
