//! How many states a search may come to, guessed from how its levels grow and shrink.
//!
//! The levels of a breadth-first search look like a bell: each is larger than the one before by a
//! ratio that declines, steadily from the middle of the slope on, and passes one at the top. Carried
//! on as a straight line the ratio reaches nothing too soon; carried on as a geometric sequence it
//! never quite does. The truth lies between the two, so the guess is their geometric mean. How far
//! off it was on whole searches is told in `docs/performance.md`.
//!
//! It is for progress lines only and nothing rests on it. It uses square roots, but no library
//! function that could differ from machine to machine.

/// How many ratios must have declined in a row.
const STEADY: usize = 5;

/// Before a level is less than that many times the one before, the top is too far for a guess.
const NEAR: f64 = 2.0;

/// The last decline is at least this share of the five's mean: one that fades is no way to the top.
const FADING: f64 = 0.5;

/// Fewer states are found before a guess could be read.
const WORTH_IT: usize = 50_000;

/// How many times one guess may be the one before.
const AGREED: f64 = 2.0;

/// The most levels a guess goes on for; by then it has long come to an end.
const FAR: usize = 1_000;

/// How many states a search may find in all: a rough guess, or nothing before there is ground for
/// one.
///
/// `ends[d]` says how many states there are up to depth `d`, for each depth that is complete;
/// `deepest` is the depth beyond which nothing is followed. A guess needs five ratios of successive
/// levels that decline steadily, the last of them below two, and must be within twice or half of the
/// one that stood a level earlier. Below fifty thousand states nothing is said.
pub fn estimate(ends: &[usize], deepest: Option<u32>) -> Option<u64> {
    let before = guess(ends.split_last()?.1, deepest)?;
    let now = guess(ends, deepest)?;
    (now <= before * AGREED && before <= now * AGREED).then_some(now as u64)
}

/// The guess from these levels alone.
fn guess(ends: &[usize], deepest: Option<u32>) -> Option<f64> {
    // So many ratios need one level more, and the size of the first of those the end before it.
    let known = ends.len().checked_sub(STEADY + 2)?;
    let there = *ends.last().filter(|end| **end >= WORTH_IT)? as f64;
    let sizes: Vec<f64> =
        ends[known..].windows(2).map(|pair| pair[1].saturating_sub(pair[0]) as f64).collect();
    if sizes.contains(&0.0) {
        return None;
    }
    let ratios: Vec<f64> = sizes.windows(2).map(|pair| pair[1] / pair[0]).collect();
    let (first, last) = (ratios[0], ratios[STEADY - 1]);
    let declines = ratios.windows(2).all(|pair| pair[1] < pair[0]);
    let levels = deepest.map_or(FAR, |deepest| (deepest as usize + 1).saturating_sub(ends.len()));
    let step = (first - last) / (STEADY - 1) as f64;
    let steady = declines && ratios[STEADY - 2] - last >= step * FADING;
    if !steady || last >= NEAR {
        return None;
    }
    // The fourth root, for there are four declines between five ratios.
    let factor = (last / first).sqrt().sqrt();
    let straight = carried_on(sizes[STEADY], last, levels, |ratio| ratio - step);
    let bent = carried_on(sizes[STEADY], last, levels, |ratio| ratio * factor);
    Some(((there + straight) * (there + bent)).sqrt())
}

/// The states of at most so many levels behind one of that size, with ratios that go on like this.
fn carried_on(size: f64, ratio: f64, levels: usize, next: impl Fn(f64) -> f64) -> f64 {
    let (mut size, mut ratio, mut sum) = (size, ratio, 0.0);
    for _ in 0..levels {
        ratio = next(ratio);
        size *= ratio;
        if size < 1.0 {
            break;
        }
        sum += size;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A whole search: what is in it, its levels, and the guesses in percent of its states when a
    /// quarter, half and three quarters of them are known.
    type Searched = (&'static str, &'static [usize], [Option<u64>; 3]);

    const SEARCHED: &[Searched] = &[
        (
            "an election",
            &[
                1, 6, 22, 75, 207, 516, 1_212, 2_661, 5_340, 9_570, 15_000, 19_926, 21_369, 17_625,
                10_710, 4_575, 1_284, 210, 15,
            ],
            [None, Some(109), Some(102)],
        ),
        (
            "a crash",
            &[
                1, 6, 22, 81, 249, 666, 1_596, 3_576, 7_257, 13_041, 20_769, 29_352, 36_276,
                37_749, 31_977, 21_513, 11_226, 4_368, 1_185, 198, 15,
            ],
            [None, Some(111), Some(102)],
        ),
        (
            "an election and a command",
            &[
                1, 3, 12, 33, 87, 240, 636, 1_611, 3_723, 7_785, 14_583, 24_252, 35_877, 47_148,
                54_252, 53_472, 44_175, 30_018, 16_476, 7_140, 2_358, 558, 84, 6,
            ],
            [Some(100), Some(104), Some(101)],
        ),
        (
            "a lock",
            &[
                1, 5, 14, 34, 82, 178, 366, 742, 1_454, 2_686, 4_521, 6_855, 9_688, 13_252, 17_956,
                24_774, 35_242, 50_428, 70_682, 95_358, 122_902, 151_818, 179_222, 199_870,
                206_162, 191_160, 154_704, 105_934, 59_764, 26_952, 9_174, 2_076, 232,
            ],
            [None, Some(135), Some(109)],
        ),
        (
            "a crash with a command",
            &[
                1, 6, 22, 81, 255, 732, 2_019, 5_574, 14_724, 36_138, 81_486, 167_172, 309_360,
                515_127, 774_378, 1_049_358, 1_267_269, 1_340_904, 1_223_208, 950_547, 623_415,
                340_917, 151_614, 52_194, 12_843, 1_989, 156, 3,
            ],
            [Some(103), Some(103), Some(101)],
        ),
        (
            "behind a long prefix",
            &[
                1, 10, 50, 175, 525, 1_570, 4_875, 14_848, 41_703, 104_794, 233_674, 463_605,
                824_872, 1_329_574, 1_961_320, 2_671_078, 3_379_170, 3_982_579, 4_369_231,
                4_442_904, 4_157_495, 3_547_188, 2_730_494, 1_874_899, 1_134_795, 597_819, 270_334,
                103_251, 32_645, 8_317, 1_642, 236, 22, 1,
            ],
            [Some(82), Some(100), Some(102)],
        ),
        (
            "three crashes",
            &[
                1, 6, 25, 94, 316, 969, 2_827, 7_989, 21_612, 55_245, 132_333, 294_870, 607_644,
                1_154_964, 2_025_063, 3_277_302, 4_892_862, 6_722_097, 8_453_355, 9_645_297,
                9_867_978, 8_927_268, 7_031_748, 4_737_453, 2_670_417, 1_223_817, 439_059, 117_276,
                21_744, 2_550, 165, 3,
            ],
            [Some(108), Some(108), Some(103)],
        ),
    ];

    /// How many states there are up to each depth.
    fn ends(levels: &[usize]) -> Vec<usize> {
        let sum = |sum: &mut usize, level: &usize| {
            *sum += level;
            Some(*sum)
        };
        levels.iter().scan(0, sum).collect()
    }

    #[test]
    fn guesses_come_near_what_whole_searches_came_to() {
        for (name, levels, expected) in SEARCHED {
            let ends = ends(levels);
            let states = ends[ends.len() - 1];
            let known = |share: usize| ends.partition_point(|end| end * 100 < share * states) + 1;
            let guessed = [25, 50, 75].map(|share| {
                let guess = estimate(&ends[..known(share)], None)?;
                Some((guess * 100 + states as u64 / 2) / states as u64)
            });
            assert_eq!(guessed, *expected, "{name}");
        }
    }

    #[test]
    fn no_guess_is_silly() {
        for (name, levels, _) in SEARCHED {
            let ends = ends(levels);
            let states = ends[ends.len() - 1] as u64;
            let mut before = None;
            for depth in 0..ends.len() {
                let Some(guess) = estimate(&ends[..=depth], None) else {
                    before = None;
                    continue;
                };
                assert!(guess >= ends[depth] as u64, "{name}, depth {depth}: {guess}");
                assert!(
                    (states / 4..states * 2).contains(&guess),
                    "{name}, depth {depth}: {guess}"
                );
                let steady = before.is_none_or(|one| guess <= one * 2 && one <= guess * 2 + 1);
                assert!(steady, "{name}, depth {depth}: {before:?}, then {guess}");
                before = Some(guess);
            }
        }
    }

    #[test]
    fn nothing_is_said_without_ground() {
        let growing: Vec<usize> = (0..30).map(|depth| 3_usize.pow(depth)).collect();
        let flat = [10_000; 30];
        let fading = [90_000, 171_000, 307_800, 520_182, 848_937, 1_384_616, 2_257_616];
        let gone = [100_000, 90_000, 50_000, 10_000, 0, 0, 0, 0, 0];
        for (name, levels) in [
            ("nothing", &[][..]),
            ("one state", &[1]),
            ("few levels", &[50_000, 90_000, 120_000]),
            ("it grows as it did", &growing),
            ("it goes straight on", &flat),
            ("the decline fades", &fading),
            ("nothing new for levels", &gone),
            ("too few to be read", &[1, 7, 30, 90, 200, 350, 500, 600, 500]),
            ("the most there can be", &[usize::MAX / 8; 8]),
        ] {
            assert_eq!(estimate(&ends(levels), None), None, "{name}");
        }
    }

    #[test]
    fn nothing_is_expected_beyond_the_depth_that_is_followed() {
        let (_, levels, _) = SEARCHED[3];
        let ends = ends(levels);
        let known = &ends[..25];
        let at = |deepest| estimate(known, Some(deepest)).expect("a guess");
        // The next level has 191,160 states; 24 is the depth of the last known one.
        assert_eq!(at(24), ends[24] as u64);
        let next = at(25) - at(24);
        assert!((170_000..210_000).contains(&next), "{next}");
        assert_eq!(at(500), estimate(known, None).expect("a guess"));
    }
}
