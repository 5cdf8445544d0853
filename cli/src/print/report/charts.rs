//! The pictures of the page, drawn as SVG. Where lines and bars stand is computed in floats: nothing
//! else depends on it.

use std::fmt::Write;

use splitbrain::simulate::{Availability, Percentiles, Slice};

use super::put;
use crate::print::count;
use crate::print::measures::short;

/// The size of a picture, and the edges of what is drawn in it.
const WIDTH: f64 = 840.0;
const HEIGHT: f64 = 270.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = WIDTH - 14.0;
const TOP: f64 = 38.0;
const BOTTOM: f64 = HEIGHT - 46.0;

/// Columns of the picture of how long clients waited.
const COLUMNS: usize = 72;
/// The most columns of the picture of when clients were served.
const MOST_COLUMNS: usize = 140;

/// How long clients waited: columns over a logarithmic scale, and where the percentiles lie.
pub(super) fn latency(latency: &Percentiles) -> String {
    let least = latency.buckets.first().map_or(1, |bucket| bucket.from.max(1)) as f64;
    let most = (latency.max as f64).max(least * 1.5);
    let (low, high) = (least.log10() - 0.02, most.log10() + 0.02);
    let x = |micros: f64| LEFT + (micros.max(1.0).log10() - low) / (high - low) * (RIGHT - LEFT);
    let wide = (RIGHT - LEFT) / COLUMNS as f64;
    let mut columns = [0.0_f64; COLUMNS];
    for bucket in &latency.buckets {
        // What a bucket holds is spread over the columns it reaches into.
        let (from, to) = (x(bucket.from as f64), x(bucket.to as f64 + 1.0));
        for (place, column) in columns.iter_mut().enumerate() {
            let begins = LEFT + place as f64 * wide;
            let common = (to.min(begins + wide) - from.max(begins)).max(0.0);
            *column += bucket.count as f64 * common / (to - from).max(f64::MIN_POSITIVE);
        }
    }
    let highest = columns.iter().copied().fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let y = |many: f64| BOTTOM - many / highest * (BOTTOM - TOP);

    let mut svg = begun(&format!(
        "Histogram of {} latencies: median {}, longest {}",
        count(latency.count),
        short(latency.p50),
        short(latency.max)
    ));
    let step = round_step(highest);
    for many in (1..=4).map(|place| step * f64::from(place)).filter(|many| *many <= highest) {
        line(&mut svg, "grid", (LEFT, y(many)), (RIGHT, y(many)));
        text(&mut svg, "tick end", (LEFT - 8.0, y(many) + 4.0), &count(many as u64));
    }
    for (place, many) in columns.iter().enumerate().filter(|(_, many)| **many > 0.0) {
        let (left, top) = (LEFT + place as f64 * wide, y(*many).min(BOTTOM - 1.0));
        rectangle(&mut svg, "column", (left + 0.5, top), (wide - 1.0, BOTTOM - top), 1.0);
    }
    axis(&mut svg);
    for (micros, label) in ticks(low, high) {
        line(&mut svg, "axis", (x(micros), BOTTOM), (x(micros), BOTTOM + 4.0));
        text(&mut svg, "tick middle", (x(micros), BOTTOM + 18.0), &label);
    }
    let marks = [
        ("p50", latency.p50),
        ("p90", latency.p90),
        ("p99", latency.p99),
        ("p99.9", latency.p99_9),
    ];
    let mut free = LEFT;
    for (name, micros) in marks {
        let at = x(micros as f64);
        line(&mut svg, "mark", (at, TOP - 8.0), (at, BOTTOM));
        // A label that would lie on the one before is left out: the table has them all.
        let half = name.len() as f64 * 3.6;
        if at - half >= free {
            text(&mut svg, "marked middle", (at, TOP - 13.0), name);
            free = at + half + 6.0;
        }
    }
    titles(&mut svg, "requests", "how long their clients waited");
    ended(svg)
}

/// Where a logarithmic scale is marked: at its powers of ten, and between them where there are few.
fn ticks(low: f64, high: f64) -> Vec<(f64, String)> {
    let parts: &[f64] = match high - low {
        wide if wide > 3.0 => &[1.0],
        wide if wide > 1.2 => &[1.0, 3.0],
        _ => &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0],
    };
    let powers = low.floor() as i32..=high.ceil() as i32;
    let all = powers.flat_map(|power| parts.iter().map(move |part| part * 10_f64.powi(power)));
    let inside = all.filter(|micros| (low..=high).contains(&micros.log10()));
    inside.map(|micros| (micros, round_span(micros))).collect()
}

/// A round number of which two to four fit below the highest.
fn round_step(highest: f64) -> f64 {
    let power = 10_f64.powf(highest.log10().floor());
    let steps = [0.2, 0.5, 1.0, 2.0].map(|part| (part * power).max(1.0).floor());
    steps.into_iter().find(|step| highest / step < 5.0).unwrap_or(5.0 * power)
}

/// A round span in words: `30 ms`.
fn round_span(micros: f64) -> String {
    match micros {
        second if second >= 1e6 => format!("{} s", second / 1e6),
        milli if milli >= 1e3 => format!("{} ms", milli / 1e3),
        micro => format!("{micro} µs"),
    }
}

/// When clients were served, second by second: the storm, and behind it what came after.
pub(super) fn availability(availability: &Availability) -> String {
    let seconds = |slices: usize| slices as u64 * availability.slice_micros / 1_000_000;
    let phases = [("stormy", &availability.stormy), ("healed", &availability.healed)];
    let slices: usize = phases.iter().map(|(_, slices)| slices.len()).sum();
    let group = slices.div_ceil(MOST_COLUMNS).max(1);
    let columns =
        |slices: &[Slice]| -> Vec<Slice> { slices.chunks(group).map(Slice::sum).collect() };
    let all: usize = phases.iter().map(|(_, slices)| columns(slices).len()).sum();
    let gap = 44.0;
    let wide = ((RIGHT - LEFT - gap) / all.max(1) as f64).min(28.0);

    let sums = phases.map(|(_, slices)| Slice::sum(slices));
    let said = |sum: Slice| super::share(sum.served, sum.wanted).unwrap_or("nothing".to_string());
    let mut svg = begun(&format!(
        "Share of runs served, by second: {} in the storm, {} after it",
        said(sums[0]),
        said(sums[1])
    ));
    let y = |share: f64| BOTTOM - share * (BOTTOM - TOP);
    for (share, label) in [(0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")] {
        line(&mut svg, "grid", (LEFT, y(share)), (RIGHT, y(share)));
        text(&mut svg, "tick end", (LEFT - 8.0, y(share) + 4.0), label);
    }
    let (mut left, mut free) = (LEFT, LEFT);
    for ((phase, slices), sum) in phases.into_iter().zip(sums) {
        let columns = columns(slices);
        if columns.is_empty() {
            continue;
        }
        let most = columns.iter().map(|column| column.wanted).max().unwrap_or(0).max(1);
        let label = match phase {
            "stormy" => format!("storm, {}", said(sum)),
            _ => format!("healed, {}", said(sum)),
        };
        // The label of a few columns at the right edge would end beyond it, and that of a few at the
        // left on the next one's.
        let begins = left.max(free);
        let (at, side) = match begins + label.len() as f64 * 8.0 > RIGHT {
            true => (RIGHT, " end"),
            false => (begins, ""),
        };
        free = begins + label.len() as f64 * 8.0 + 8.0;
        text(&mut svg, &format!("phase {phase}{side}"), (at, TOP - 13.0), &label);
        for (place, column) in columns.iter().enumerate().filter(|(_, column)| column.wanted > 0) {
            let share = column.served as f64 / column.wanted as f64;
            let sure = 0.25 + 0.75 * column.wanted as f64 / most as f64;
            let at = left + place as f64 * wide;
            let size = ((wide - 1.0).max(0.8), y(0.0) - y(share));
            rectangle(&mut svg, &format!("served {phase}"), (at, y(share)), size, sure);
            let missing = (size.0, y(share) - y(1.0));
            rectangle(&mut svg, "missing", (at, y(1.0)), missing, sure);
        }
        let every = [1, 2, 5, 10, 20, 60, 120, 300, 600].into_iter().find(|every| {
            let apart = *every as f64 / seconds(group).max(1) as f64 * wide;
            apart >= 44.0
        });
        let every = every.unwrap_or(1_000);
        let end = seconds(slices.len());
        for second in (0..=end).step_by(every) {
            let at = left + second as f64 / seconds(group).max(1) as f64 * wide;
            if at <= RIGHT {
                line(&mut svg, "axis", (at, BOTTOM), (at, BOTTOM + 4.0));
                text(&mut svg, "tick middle", (at, BOTTOM + 18.0), &format!("{second} s"));
            }
        }
        left += columns.len() as f64 * wide + gap;
    }
    axis(&mut svg);
    titles(&mut svg, "runs served", "virtual time since the phase began");
    ended(svg)
}

/// A small bar in a table: so many of so many.
pub(super) fn bar(part: u64, whole: u64) -> String {
    let share = if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    format!(
        "<svg viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect \
         class=\"rest\" width=\"100\" height=\"8\"/><rect class=\"part\" width=\"{:.1}\" \
         height=\"8\"/></svg>",
        share * 100.0
    )
}

fn begun(description: &str) -> String {
    let description = super::escaped(description);
    format!(
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-label=\"{description}\">\n"
    )
}

fn ended(mut svg: String) -> String {
    svg.push_str("</svg>\n");
    svg
}

/// What the columns count, and what they stand at.
fn titles(svg: &mut String, counted: &str, along: &str) {
    text(svg, "tick", (4.0, 12.0), counted);
    text(svg, "tick end", (RIGHT, HEIGHT - 8.0), along);
}

fn axis(svg: &mut String) {
    line(svg, "axis", (LEFT, BOTTOM), (RIGHT, BOTTOM));
}

fn line(svg: &mut String, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
    put!(
        svg,
        "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
    );
}

fn rectangle(
    svg: &mut String,
    class: &str,
    (x, y): (f64, f64),
    (width, height): (f64, f64),
    opacity: f64,
) {
    put!(
        svg,
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
         height=\"{height:.1}\" fill-opacity=\"{opacity:.2}\"/>"
    );
}

fn text(svg: &mut String, class: &str, (x, y): (f64, f64), text: &str) {
    let text = super::escaped(text);
    put!(svg, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>");
}

#[cfg(test)]
mod tests {
    use splitbrain::simulate::Bucket;

    use super::*;

    #[test]
    fn the_scale_is_marked_at_round_spans() {
        let labels = |low: f64, high: f64| -> Vec<String> {
            ticks(low, high).into_iter().map(|(_, label)| label).collect()
        };
        assert_eq!(labels(3.9, 8.1), ["10 ms", "100 ms", "1 s", "10 s", "100 s"]);
        assert_eq!(labels(4.9, 6.6), ["100 ms", "300 ms", "1 s", "3 s"]);
    }

    #[test]
    fn a_few_round_numbers_mark_the_height() {
        for (highest, step) in
            [(23_227.0, 5_000.0), (9.0, 2.0), (1.0, 1.0), (480.0, 100.0), (120.0, 50.0)]
        {
            assert_eq!(round_step(highest), step, "{highest}");
        }
    }

    #[test]
    fn pictures_of_one_figure_or_of_none_stay_on_their_sheet() {
        let one = Bucket { from: 0, to: 0, count: 1 };
        let alone =
            Percentiles { count: 1, p50: 0, p90: 0, p99: 0, p99_9: 0, max: 0, buckets: vec![one] };
        let empty =
            Availability { slice_micros: 1_000_000, stormy: Vec::new(), healed: Vec::new() };
        let long = vec![Slice { wanted: 3, served: 2 }; 1_000];
        let long = Availability { slice_micros: 1_000_000, stormy: long, healed: Vec::new() };
        for svg in [latency(&alone), availability(&empty), availability(&long)] {
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
            for part in svg.split(" x=\"").skip(1) {
                let x: f64 = part.split('"').next().unwrap_or("").parse().expect("a number");
                assert!((0.0..=WIDTH).contains(&x), "{x} in {svg}");
            }
        }
    }
}
