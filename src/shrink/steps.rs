//! Leaving steps out: in chunks, one by one, in pairs.

use super::Work;
use crate::protocol::Protocol;

/// Delta debugging (Zeller & Hildebrandt, TSE 2002): leaves out ever smaller chunks, from the end
/// towards the beginning, until no single step can be left out.
pub(super) fn leave_out_chunks<P: Protocol>(work: &mut Work<'_, P>) {
    let scenario = work.scenario.clone();
    let mut chunk = (work.trace.len() / 2).max(1);
    loop {
        let mut shorter = false;
        let mut end = work.trace.len();
        while end > 0 && !work.spent() {
            let start = end.saturating_sub(chunk);
            let mut steps = work.trace.clone();
            steps.drain(start..end);
            if work.attempt(&scenario, &steps) {
                shorter = true;
                end = start.min(work.trace.len());
            } else {
                end = start;
            }
        }
        if work.spent() || chunk == 1 && !shorter {
            return;
        }
        if !shorter || chunk > 1 {
            chunk = (chunk / 2).max(1);
        }
    }
}

/// The longest trace whose pairs are tried: their number grows with the square.
const PAIRS_UP_TO: usize = 120;

/// Leaves out any two steps at once, until no two can be left out.
pub(super) fn leave_out_pairs<P: Protocol>(work: &mut Work<'_, P>) {
    let scenario = work.scenario.clone();
    'again: while work.trace.len() <= PAIRS_UP_TO {
        for second in (1..work.trace.len()).rev() {
            for first in (0..second).rev() {
                if work.spent() {
                    return;
                }
                let mut steps = work.trace.clone();
                steps.remove(second);
                steps.remove(first);
                if work.attempt(&scenario, &steps) {
                    continue 'again;
                }
            }
        }
        return;
    }
}
