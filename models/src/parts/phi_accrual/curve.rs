//! The curve: from how late a heartbeat is, in deviations, to the level of suspicion.

use super::{ONE, Phi};

/// How many deviations late is as late as can be, in millionths.
const LATEST: i128 = 10_000 * ONE as i128;
/// log₁₀ e, in billionths.
const LOG_E: i128 = 434_294_482;
/// The distance of the table's entries.
const STEP: i128 = ONE as i128 / 4;

/// log₁₀(1 + e^−x) in millionths, for x = 0, ¼, ½, …, 16.
const TABLE: [u64; 65] = [
    301_030, 250_127, 205_889, 168_016, 136_048, 109_411, 87_473, 69_584, 55_124, 43_519, 34_261,
    26_912, 21_101, 16_521, 12_920, 10_095, 7_882, 6_151, 4_798, 3_741, 2_916, 2_273, 1_771, 1_380,
    1_075, 838, 652, 508, 396, 308, 240, 187, 146, 113, 88, 69, 54, 42, 33, 25, 20, 15, 12, 9, 7,
    6, 4, 3, 3, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];

/// The level of a heartbeat that is late by so much, if they deviate by so much, in whole units.
pub(super) fn level((late, deviation): (u64, u64)) -> Phi {
    phi_of(i128::from(late), i128::from(deviation))
}

/// The level of a heartbeat that is late by so much, if they deviate by so much. Of no deviation at
/// all it is what the formula says: any delay is infinitely surprising.
pub(super) fn phi_of(late: i128, deviation: i128) -> Phi {
    match deviation {
        0 if late > 0 => Phi::INFINITE,
        0 => curve(0),
        _ => {
            let one = i128::from(ONE);
            let y = (late * one).div_euclid(deviation).clamp(-LATEST, LATEST);
            let z = (y * 1_597_600 * one * one + 70_566 * y * y * y).div_euclid(one * one * one);
            curve(z)
        }
    }
}

/// log₁₀(1 + e^z), z and the result in millionths. Between knots it is a straight line, from a knot
/// to the next, so that it never falls.
fn curve(z: i128) -> Phi {
    let last = TABLE.len() as i128 - 1;
    let knot = |at: i128| {
        let (ahead, rest) = (at.max(0), i128::from(TABLE[at.unsigned_abs() as usize]));
        ahead * STEP * LOG_E / 1_000_000_000 + rest
    };
    let (at, beyond) = (z.div_euclid(STEP), z.rem_euclid(STEP));
    let level = if at < -last {
        0
    } else if at < last {
        let (here, next) = (knot(at), knot(at + 1));
        here + (next - here) * beyond / STEP
    } else {
        knot(last) + (z - last * STEP) * LOG_E / 1_000_000_000
    };
    Phi(level as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// −log₁₀ of the normal tail beyond so many tenths of a deviation, from tables, in thousandths.
    #[test]
    fn the_level_is_that_of_the_normal_tail() {
        let table = [
            // Tenths of a deviation, the exact level, and how far this one may be from it.
            (-20, 10, 1),
            (-10, 75, 1),
            (0, 301, 1),
            (5, 511, 1),
            (10, 800, 1),
            (13, 1_014, 1),
            (15, 1_175, 2),
            (18, 1_445, 2),
            (20, 1_643, 2),
            (21, 1_748, 2),
            (22, 1_857, 3),
            (23, 1_970, 5),
            (30, 2_870, 40),
            (40, 4_499, 240),
            (50, 6_543, 760),
        ];
        for (tenths, exact, apart) in table {
            let Phi(level) = phi_of(tenths, 10);
            let found = (level / 1_000) as i64;
            assert!((found - exact).abs() <= apart, "{tenths}: {found} for {exact}");
            assert!(exact > 1_800 || apart <= 2, "up to 1.8 it is within 0.002");
            assert!(exact > 2_000 || apart <= 5, "up to 2 it is within 0.005");
            assert!(tenths < 30 || found > exact, "far out it is on the side of suspicion");
        }
    }

    #[test]
    fn the_level_never_falls_and_is_never_infinite() {
        let mut before = Phi::NONE;
        for late in -60_000..200_000 {
            let level = phi_of(late, 1_000);
            assert!(level >= before, "{late} thousandths: {level:?} after {before:?}");
            before = level;
        }
        let table = [(i128::from(u32::MAX), 1), (-i128::from(u32::MAX), 1), (0, 1)];
        for (late, deviation) in table {
            assert!(phi_of(late, deviation) < Phi::INFINITE, "{late} by {deviation}");
        }
        assert_eq!(curve(-17 * i128::from(ONE)), Phi::NONE);
    }
}
