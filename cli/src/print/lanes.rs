//! Operations as bars in lanes, a lane for each process, time from left to right. Only the order of
//! beginnings and ends is to scale.

use std::collections::BTreeMap;

/// An operation to be drawn.
pub(crate) struct Bar {
    pub(crate) lane: u64,
    /// Its beginning and its end, in events; no end where it goes on beyond the picture.
    pub(crate) from: usize,
    pub(crate) to: Option<usize>,
    /// Whether nobody knows what became of it.
    pub(crate) unknown: bool,
    pub(crate) text: String,
}

impl Bar {
    fn width(&self) -> usize {
        self.text.chars().count() + 2
    }
}

/// Draws the bars.
pub(crate) fn picture(bars: &[Bar]) -> String {
    let (columns, last) = columns(bars);
    let mut lanes: BTreeMap<u64, Vec<&Bar>> = BTreeMap::new();
    for bar in bars {
        lanes.entry(bar.lane).or_default().push(bar);
    }
    let names: Vec<String> = lanes.keys().map(|lane| format!("process {lane}")).collect();
    let widest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let mut drawn = String::new();
    for (name, bars) in names.iter().zip(lanes.values_mut()) {
        bars.sort_by_key(|bar| bar.from);
        let mut line: Vec<char> = Vec::new();
        for (at, bar) in bars.iter().enumerate() {
            let from = columns[&bar.from];
            // What never ended makes room for what the same process began next.
            let beyond = bars.get(at + 1).map_or(last + 2, |next| columns[&next.from] - 2);
            let to = bar.to.map_or(beyond, |to| columns[&to]);
            line.resize(from, ' ');
            line.push('├');
            let room = to - from - 1;
            let before = (room - bar.width()) / 2;
            line.extend(std::iter::repeat_n('─', before));
            line.push(' ');
            line.extend(bar.text.chars());
            line.push(' ');
            line.extend(std::iter::repeat_n('─', room - before - bar.width()));
            line.extend(end_of(bar).chars());
        }
        let line: String = line.into_iter().collect();
        drawn.push_str(&format!("  {name:<widest$}  {line}\n"));
    }
    drawn
}

fn end_of(bar: &Bar) -> &'static str {
    match (bar.to, bar.unknown) {
        (Some(_), _) => "┤",
        (None, false) => "┄",
        (None, true) => "┄?",
    }
}

/// A column for each event, so that every text fits between the ends of its bar, and the last one.
fn columns(bars: &[Bar]) -> (BTreeMap<usize, usize>, usize) {
    let ends = bars.iter().flat_map(|bar| [Some(bar.from), bar.to]);
    let mut events: Vec<usize> = ends.flatten().collect();
    events.sort_unstable();
    let mut columns: BTreeMap<usize, usize> = BTreeMap::new();
    let mut next = 0;
    for event in events {
        let mut column = next;
        for bar in bars.iter().filter(|bar| bar.from < event) {
            let fits = columns[&bar.from] + bar.width() + 1;
            let begins = |other: &Bar| other.lane == bar.lane && other.from == event;
            if bar.to == Some(event) {
                column = column.max(fits);
            } else if bar.to.is_none() && bars.iter().any(begins) {
                column = column.max(fits + 2);
            }
        }
        columns.insert(event, column);
        next = column + 2;
    }
    let beyond = bars.iter().filter(|bar| bar.to.is_none());
    let needed = beyond.map(|bar| (columns[&bar.from] + bar.width()).saturating_sub(1));
    let last = needed.fold(next.saturating_sub(2), usize::max);
    (columns, last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(lane: u64, from: usize, to: Option<usize>, text: &str) -> Bar {
        Bar { lane, from, to, unknown: to.is_none(), text: text.to_string() }
    }

    fn check(bars: &[Bar], expected: &[&str]) {
        let drawn = picture(bars);
        assert_eq!(drawn.lines().collect::<Vec<_>>(), expected, "\n{drawn}");
    }

    #[test]
    fn bars_overlap_as_the_operations_do() {
        check(
            &[
                bar(0, 0, Some(3), "[1] write 1"),
                bar(1, 2, Some(5), "[2] read → 1"),
                bar(0, 6, None, "write 2"),
                bar(12, 4, Some(9), "✗ read → 0"),
            ],
            &[
                "  process 0   ├ [1] write 1 ┤     ├ write 2 ─┄?",
                "  process 1     ├ [2] read → 1 ─┤",
                "  process 12                  ├ ✗ read → 0 ┤",
            ],
        );
    }

    #[test]
    fn a_lane_goes_on_behind_what_never_ended() {
        check(
            &[
                bar(0, 0, None, "a long operation"),
                bar(1, 1, Some(5), "b"),
                bar(0, 3, Some(4), "c"),
                Bar { unknown: false, ..bar(2, 2, None, "it ends later") },
            ],
            &[
                "  process 0  ├ a long operation ┄?├ c ┤",
                "  process 1    ├────────── b ───────────┤",
                "  process 2      ├──── it ends later ─────┄",
            ],
        );
    }
}
