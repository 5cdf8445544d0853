//! What must hold of the detector, and what must be reachable.

use splitbrain::invariants::Monotonic;
use splitbrain::{Goal, Held, Invariant, NodeId, Nodes, Sight, Units, broken};

use super::{Detection, Event, Peer, State, WATCHER, Watcher};
use crate::parts::phi_accrual::{Phi, Settings};

/// No level is infinite.
pub(super) fn finite() -> Invariant<Detection> {
    Invariant::history(
        "finite",
        "A level of suspicion is a number, however long the silence.",
        (),
        |(), sight| match sight {
            Sight::Event { event: Event::Looked { of, phi: Phi::INFINITE, .. }, .. } => {
                broken(format!("the level of {of} is infinite"))
            }
            _ => Ok(()),
        },
    )
}

/// Nobody is trusted for saying nothing.
pub(super) fn rises_in_silence() -> Invariant<Detection> {
    Invariant::history(
        "rises-in-silence",
        "While nothing is heard of a node, its level never falls.",
        Monotonic::<NodeId, Phi>::new(),
        |levels, sight| match sight {
            Sight::Event { event: Event::Heard { of, .. }, .. } => {
                levels.forget(of);
                Ok(())
            }
            Sight::Event { event: Event::Looked { of, phi, .. }, .. } => {
                let before = levels.last(of).copied().unwrap_or_default();
                levels.observe(*of, *phi).or_else(|_| {
                    broken(format!(
                        "nothing was heard of {of}, and its level fell: {before} to {phi}"
                    ))
                })
            }
            _ => Ok(()),
        },
    )
}

/// When each node was last heard, and a bound on silence.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Silence {
    /// The bound, in ticks.
    bound: u64,
    /// The level from which on silence is suspected.
    threshold: Phi,
    /// When each node was last heard, from n1 on.
    heard: Vec<u64>,
}

impl Silence {
    fn new(bound: u64, settings: &Settings, nodes: usize) -> Silence {
        Silence { bound, threshold: settings.threshold, heard: vec![0; nodes - 1] }
    }

    /// Takes up what is heard. Where somebody is looked at: who it is, how long the silence is and
    /// whether it is suspected.
    fn see(&mut self, sight: &Sight<'_, Detection>) -> Option<(NodeId, u64, bool)> {
        match sight {
            Sight::Event { event: Event::Heard { of, at }, .. } => {
                self.heard[of.index() - 1] = *at;
                None
            }
            Sight::Event { event: Event::Looked { of, at, phi }, .. } => {
                Some((*of, at - self.heard[of.index() - 1], *phi >= self.threshold))
            }
            _ => None,
        }
    }
}

/// A long silence is suspected.
pub(super) fn complete_in_time(settings: &Settings, nodes: usize) -> Invariant<Detection> {
    Invariant::history(
        "complete-in-time",
        "A node that has been silent for so long that no history excuses it is suspected. Every \
         tick by which the watcher's clock was ever set back is added to the bound.",
        Silence::new(settings.detection(), settings, nodes),
        |silence, sight| {
            let bound = silence.bound + set_back(sight);
            match silence.see(sight) {
                Some((of, ticks, false)) if ticks >= bound => broken(format!(
                    "{of} was silent for {ticks} ticks and is not suspected; {bound} are enough"
                )),
                _ => Ok(()),
            }
        },
    )
}

/// A short silence is not.
pub(super) fn accurate_at_once(settings: &Settings, nodes: usize) -> Invariant<Detection> {
    Invariant::history(
        "accurate-at-once",
        "A node that was heard so lately that no history makes it suspicious is not suspected.",
        Silence::new(settings.grace(), settings, nodes),
        |silence, sight| match silence.see(sight) {
            Some((of, ticks, true)) if ticks < silence.bound => broken(format!(
                "{of} was silent for {ticks} ticks and is suspected; a silence below {} never is",
                silence.bound
            )),
            _ => Ok(()),
        },
    )
}

/// How far the watcher's clock was set back, where something is seen of it.
fn set_back(sight: &Sight<'_, Detection>) -> u64 {
    match sight {
        Sight::Event { state: State::Watcher(watcher), .. } => watcher.set_back,
        _ => 0,
    }
}

/// Strong completeness and accuracy, once faults have ceased.
pub(super) fn view_comes_true() -> Invariant<Detection> {
    Invariant::settles(
        "view-comes-true",
        "Once faults have ceased, exactly the nodes that are down come to be suspected.",
        30.s(),
        |_, nodes| is_true(nodes),
    )
}

fn is_true(nodes: &Nodes<Detection>) -> Held {
    let wrong = peers(nodes).find(|(of, peer)| nodes[of.index()].up == peer.suspected);
    match wrong {
        Some((of, peer)) if peer.suspected => broken(format!("{of} is up and suspected")),
        Some((of, _)) => broken(format!("{of} is down and not suspected")),
        None => Ok(()),
    }
}

/// A crash is noticed.
pub(super) fn crash_suspected() -> Goal<Detection> {
    Goal::nodes("crash-suspected", "A node is down and suspected.", |_, nodes| {
        peers(nodes).any(|(of, peer)| !nodes[of.index()].up && peer.suspected)
    })
}

/// A suspicion is taken back.
pub(super) fn trusted_again() -> Goal<Detection> {
    Goal::seen("trusted-again", "A node that was suspected is heard and trusted.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Trusts(_), .. })
    })
}

/// A suspicion in spite of a clock that was set back.
pub(super) fn suspected_though_set_back() -> Goal<Detection> {
    Goal::nodes(
        "suspected-though-set-back",
        "A node is suspected by a clock that was set back.",
        |_, nodes| watcher(nodes).set_back > 0 && peers(nodes).any(|(_, peer)| peer.suspected),
    )
}

/// The view is true.
pub(super) fn all_trusted() -> Goal<Detection> {
    Goal::nodes("all-trusted", "All nodes are up and trusted.", |_, nodes| {
        peers(nodes).all(|(of, peer)| nodes[of.index()].up && !peer.suspected)
    })
}

fn watcher(nodes: &Nodes<Detection>) -> &Watcher {
    match &nodes[WATCHER.index()].state {
        State::Watcher(watcher) => watcher,
        State::Watched => unreachable!("{WATCHER} watches"),
    }
}

fn peers(nodes: &Nodes<Detection>) -> impl Iterator<Item = (NodeId, &Peer)> {
    (1..).map(NodeId).zip(&watcher(nodes).peers)
}
