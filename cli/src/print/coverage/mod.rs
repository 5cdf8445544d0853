//! What an exploration covered: what happened and what never did, states by depth, and what makes
//! the space large.

mod happened;
mod large;

use splitbrain::NodeId;
use splitbrain::report::ExploreReport;

use super::{INDENT, LABEL, Mood, Page, WIDTH, count, of};

/// More depths than that are drawn, but not told one by one.
const DEPTHS: usize = 40;

/// Prints what was covered, or why that is not known.
pub(crate) fn covered(page: &mut Page, report: &ExploreReport) {
    page.gap();
    let Some(coverage) = &report.coverage else {
        page.row("coverage", "not known: only the packed search keeps books of it");
        return;
    };
    page.headline(Mood::Plain, "what happened, by what the node was");
    happened::happened(page, report, coverage);
    page.gap();
    page.headline(Mood::Plain, "states by depth");
    depths(page, &report.levels);
    page.gap();
    page.headline(Mood::Plain, "why the space is large");
    large::large(page, report, coverage);
}

/// A little picture of the levels, and their numbers if they are not too many.
fn depths(page: &mut Page, levels: &[usize]) {
    let (picture, each) = picture(levels, WIDTH - INDENT - LABEL);
    page.row(&format!("0 to {}", levels.len().saturating_sub(1)), &picture);
    let most = levels.iter().copied().max().unwrap_or(0);
    let at = levels.iter().position(|&states| states == most).unwrap_or(0);
    let each = match each {
        1 => String::new(),
        _ => format!("; {each} depths to a mark"),
    };
    page.row("most", &format!("{} at depth {at}{each}", of(most as u64, "state")));
    if levels.len() <= DEPTHS {
        let told: Vec<String> = levels.iter().map(|states| count(*states as u64)).collect();
        page.list("each", &told, " · ");
    }
}

/// The levels as marks of eight heights, in at most that many columns, and how many levels a mark
/// stands for.
fn picture(levels: &[usize], room: usize) -> (String, usize) {
    const MARKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let each = levels.len().div_ceil(room).max(1);
    let sums: Vec<usize> = levels.chunks(each).map(|levels| levels.iter().sum()).collect();
    let most = sums.iter().copied().max().unwrap_or(0).max(1);
    let height = |states: &usize| (states * MARKS.len()).div_ceil(most).max(1) - 1;
    (sums.iter().map(|states| MARKS[height(states)]).collect(), each)
}

/// Nodes with runs of them shortened: `n0–n2 n4`.
fn nodes(nodes: &[NodeId]) -> String {
    let mut runs: Vec<(u8, u8)> = Vec::new();
    for node in nodes {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == node.0 => *last = node.0,
            Some(_) | None => runs.push((node.0, node.0)),
        }
    }
    let told = runs.iter().map(|(first, last)| match last - first {
        0 => format!("n{first}"),
        1 => format!("n{first} n{last}"),
        _ => format!("n{first}–n{last}"),
    });
    told.collect::<Vec<_>>().join(" ")
}

fn many(number: usize, one: &str, several: &str) -> String {
    format!("{} {}", count(number as u64), if number == 1 { one } else { several })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use splitbrain::Verdict;
    use splitbrain::explore::Searched;
    use splitbrain::explore::coverage::Coverage;
    use splitbrain::report::SystemReport;

    fn printed(coverage: Option<Coverage>) -> String {
        let system = SystemReport {
            model: "toy".to_string(),
            scenario: "small".to_string(),
            bug: None,
            parameters: BTreeMap::new(),
            bounds: Vec::new(),
            only: None,
            invariants: Vec::new(),
            goals: Vec::new(),
            progress: None,
        };
        let report = ExploreReport {
            system,
            verdict: Verdict::Holds { covered: String::new() },
            states: 1,
            transitions: 0,
            depth: 0,
            levels: vec![1],
            exhausted: true,
            completed: None,
            cut: Vec::new(),
            goals: Vec::new(),
            marks: BTreeMap::new(),
            quiet: 1,
            waypoints: Vec::new(),
            searched: Searched::default(),
            coverage,
            counterexamples: Vec::new(),
        };
        let mut page = Page::new(false);
        covered(&mut page, &report);
        page.done()
    }

    #[test]
    fn where_the_plain_search_stood_in_it_says_that_nothing_is_known() {
        let page = printed(None);
        assert!(page.contains("not known: only the packed search"), "{page}");
        assert!(!page.contains("what happened"), "{page}");
    }

    #[test]
    fn where_nothing_happened_it_says_so() {
        let page = printed(Some(Coverage::default()));
        for words in ["none: nothing happened", "nothing: all of it is small", "0 to 0        █"]
        {
            assert!(page.contains(words), "no `{words}` in {page}");
        }
    }

    #[test]
    fn levels_are_drawn_in_eight_heights() {
        for (levels, room, expected) in [
            (vec![1, 2, 4, 8], 10, ("▁▂▄█".to_string(), 1)),
            (vec![1, 1_000], 10, ("▁█".to_string(), 1)),
            (vec![7], 10, ("█".to_string(), 1)),
            (vec![1, 1, 2, 2, 4], 3, ("▄██".to_string(), 2)),
            (vec![0, 0], 10, ("▁▁".to_string(), 1)),
            (vec![], 10, (String::new(), 1)),
        ] {
            assert_eq!(picture(&levels, room), expected, "{levels:?}");
        }
    }

    #[test]
    fn runs_of_nodes_are_shortened() {
        for (given, expected) in [
            (vec![0], "n0"),
            (vec![0, 1], "n0 n1"),
            (vec![0, 1, 2, 4], "n0–n2 n4"),
            (vec![254, 255], "n254 n255"),
            (vec![], ""),
        ] {
            let given: Vec<NodeId> = given.into_iter().map(NodeId).collect();
            assert_eq!(nodes(&given), expected);
        }
    }
}
