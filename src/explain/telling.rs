//! Telling: a trace is replayed, and what each step did is written down.

use std::fmt::Debug;

use super::changes::Printout;
use super::shape::clear;
use super::story::{Ending, Kind, Moment, Sent, Story};
use crate::mail::Links;
use crate::node::Node;
use crate::protocol::{NodeId, Outbox, Protocol};
use crate::scenario::Scenario;
use crate::shared::Shared;
use crate::situation::Situation;
use crate::step::{Act, Step};
use crate::time::Delay;
use crate::trace::{Replay, follow, replay, unwatched};
use crate::world::World;

/// Replays a trace until the invariant of that name breaks (any invariant, if none is named), and
/// tells what each step did: what changed in its node, what it sent and told, and which earlier
/// step sent the message that it delivers.
///
/// Of equal messages on one link, the one sent first is taken to arrive first.
pub fn tell<P: Protocol>(
    scenario: &Scenario<P>,
    trace: &[Step<P>],
    invariant: Option<&str>,
) -> Story {
    let outcome = replay(scenario, trace, invariant);
    let happened = match &outcome {
        Replay::Breaks { steps, .. } => *steps,
        Replay::RanToEnd => trace.len(),
        Replay::WentAnotherWay(detour) => detour.at,
    };
    let mut teller = Teller::new(scenario);
    for step in &trace[..happened] {
        if teller.take(step).is_err() {
            // Only handlers that are no pure functions get here: the replay took this step.
            break;
        }
    }
    let prefix = scenario.prefix.as_ref().filter(|(_, steps)| trace.starts_with(steps));
    let prefix = prefix.map(|(name, steps)| (steps.len(), (*name).to_string()));
    Story { prefix, ..teller.story(ending(scenario, outcome)) }
}

/// Tells the last steps of a trace that are taken behind those before, and returns the nodes as they
/// leave them.
pub(super) fn tell_from<P: Protocol>(
    scenario: &Scenario<P>,
    before: &[Step<P>],
    last: &[Step<P>],
) -> (Story, Vec<Shared<Node<P>>>) {
    let scenario = &unwatched(scenario);
    let mut teller = Teller::behind(scenario, before);
    // The last of them may panic; what was recorded before it can happen.
    let _ = last.iter().try_for_each(|step| teller.take(step));
    let nodes = teller.here.world.nodes.clone();
    (teller.story(Ending::RanToEnd), nodes)
}

fn ending<P: Protocol>(scenario: &Scenario<P>, outcome: Replay<P>) -> Ending {
    match outcome {
        Replay::Breaks { steps, violation } => {
            let sentence = scenario.sentence_of(&violation.invariant).unwrap_or_default();
            Ending::Breaks {
                step: steps,
                invariant: violation.invariant,
                sentence: sentence.to_string(),
                reason: violation.reason,
            }
        }
        Replay::RanToEnd => Ending::RanToEnd,
        Replay::WentAnotherWay(detour) => Ending::WentAnotherWay {
            at: detour.at + 1,
            step: in_words(scenario, &detour.step),
            why: detour.why,
            enabled: detour.enabled.iter().map(|step| in_words(scenario, step)).collect(),
        },
    }
}

/// A step in words, with the names the scenario gives its nodes.
fn in_words<P: Protocol>(scenario: &Scenario<P>, step: &Step<P>) -> String {
    let (_, subject) = subject(&step.act);
    format!("{}: {}", scenario.node_name(step.node), label(scenario, step, &subject))
}

fn label<P: Protocol>(scenario: &Scenario<P>, step: &Step<P>, subject: &str) -> String {
    let name = |node: &NodeId| scenario.node_name(*node);
    let act = match &step.act {
        Act::Deliver { from, .. } => format!("deliver {subject} from {}", name(from)),
        Act::Drop { from, .. } => format!("drop {subject} from {}", name(from)),
        Act::Duplicate { from, .. } => format!("duplicate {subject} from {}", name(from)),
        Act::Timeout(_) => format!("timeout {subject}"),
        Act::Input { client, .. } => format!("input {subject} of {client}"),
        act @ (Act::Tick | Act::Crash | Act::Restart | Act::Wiped) => act.to_string(),
    };
    match step.choices.as_slice() {
        [] => act,
        choices => format!("{act} (choosing {choices:?})"),
    }
}

/// A message that was sent, and whether it has arrived or was dropped.
struct Flight<P: Protocol> {
    from: NodeId,
    to: NodeId,
    message: P::Message,
    /// The number of the step that sent it, if it is told, and its place among what that step sent.
    sent_at: Option<usize>,
    place: usize,
    ended: bool,
}

struct Teller<'a, P: Protocol> {
    scenario: &'a Scenario<P>,
    here: Situation<P>,
    out: Outbox<P>,
    flights: Vec<Flight<P>>,
    down: Vec<usize>,
    greetings: Vec<Vec<Sent>>,
    steps: Vec<Moment>,
    /// Of each node that a step has changed, its state since.
    states: Vec<Option<Printout>>,
}

impl<'a, P: Protocol> Teller<'a, P> {
    fn new(scenario: &'a Scenario<P>) -> Self {
        let mut out = Outbox::new(scenario.nodes);
        let mut teller = Teller {
            scenario,
            here: Situation::first(scenario),
            out: Outbox::new(scenario.nodes),
            flights: Vec::new(),
            down: Vec::new(),
            greetings: vec![Vec::new(); scenario.nodes],
            steps: Vec::new(),
            states: (0..scenario.nodes).map(|_| None).collect(),
        };
        // A node that panics as it starts leaves no world to tell of; the ending says so.
        let _ = World::first(scenario, &mut out, |me, _, out| {
            teller.greetings[me.index()] = posted(&mut teller.flights, me, 0, out);
        });
        teller
    }

    /// Begins behind these steps, with what is on its way there.
    fn behind(scenario: &'a Scenario<P>, before: &[Step<P>]) -> Self {
        if before.is_empty() {
            return Teller::new(scenario);
        }
        let here = Situation::behind(scenario, before).0;
        let mut teller = Teller { here, ..Teller::new(scenario) };
        teller.greetings.iter_mut().for_each(Vec::clear);
        teller.flights.clear();
        let places = teller.here.world.nodes.iter().enumerate();
        teller.down = places.filter(|(_, node)| !node.up).map(|(place, _)| place).collect();
        for (to, mail) in scenario.node_ids().zip(&teller.here.world.mail) {
            for letter in mail.letters() {
                let (from, message) = (letter.from, letter.message.clone());
                // What stays on its way for ever may have arrived already.
                let ended = scenario.links == Links::Set;
                let flight = Flight { from, to, message, sent_at: None, place: 0, ended };
                teller.flights.push(flight);
            }
        }
        teller
    }

    fn story(self, ending: Ending) -> Story {
        let scenario = self.scenario;
        Story {
            model: scenario.model.clone(),
            scenario: scenario.name.clone(),
            bug: scenario.bug.clone(),
            nodes: scenario.node_ids().map(|node| scenario.node_name(node)).collect(),
            prefix: None,
            left_out: 0,
            down: self.down,
            greetings: self.greetings,
            steps: self.steps,
            ending,
        }
    }

    /// Takes a step exactly as it says, and writes it down.
    fn take(&mut self, step: &Step<P>) -> Result<(), String> {
        let at = step.node.index();
        let before = self.here.world.nodes.get(at).cloned();
        follow(self.scenario, &mut self.here, step, &mut self.out)?;
        let (Some(before), Some(after)) = (before, self.here.world.nodes.get(at)) else {
            return Err(format!("the cluster has no {}", step.node));
        };
        let number = self.steps.len() + 1;
        let (kind, subject) = subject(&step.act);
        let fired = match &step.act {
            Act::Timeout(timer) => Some(timer),
            _ => None,
        };
        let mut moment = Moment {
            number,
            node: at,
            kind,
            label: label(self.scenario, step, &subject),
            subject,
            client: None,
            from: None,
            sent_at: None,
            sends: Vec::new(),
            events: Vec::new(),
            changes: node_changes(&mut self.states[at], &before, after, fired),
            up: after.up,
        };
        if self.here.panicked.is_none() {
            moment.sends = posted(&mut self.flights, step.node, number, &self.out);
            moment.events = self.out.events.iter().map(clear).collect();
        }
        match &step.act {
            Act::Deliver { from, message }
            | Act::Drop { from, message }
            | Act::Duplicate { from, message } => {
                moment.from = Some(from.index());
                moment.sent_at = self.trace_back(kind, *from, step.node, message, number);
            }
            Act::Input { client, .. } => moment.client = Some(client.to_string()),
            Act::Timeout(_) | Act::Tick | Act::Crash | Act::Restart | Act::Wiped => {}
        }
        self.steps.push(moment);
        Ok(())
    }

    /// The number of the step that sent a message: the earliest that has not ended yet; where
    /// links keep what they carry, the last that has.
    fn trace_back(
        &mut self,
        kind: Kind,
        from: NodeId,
        to: NodeId,
        message: &P::Message,
        number: usize,
    ) -> Option<usize> {
        let is_it = |flight: &Flight<P>| {
            (flight.from, flight.to) == (from, to)
                && flight.message == *message
                && flight.sent_at < Some(number)
        };
        let open = self.flights.iter().position(|flight| is_it(flight) && !flight.ended);
        let at = open.or_else(|| self.flights.iter().rposition(is_it))?;
        let Flight { sent_at, place, .. } = self.flights[at];
        if kind == Kind::Duplicate {
            let copy = Flight { from, to, message: message.clone(), sent_at, place, ended: false };
            self.flights.insert(at + 1, copy);
        } else {
            self.flights[at].ended = true;
            let sends = match sent_at {
                None => None,
                Some(0) => self.greetings.get_mut(from.index()),
                Some(step) => self.steps.get_mut(step - 1).map(|moment| &mut moment.sends),
            };
            if let Some(sent) = sends.and_then(|sends| sends.get_mut(place)) {
                sent.ends.push(number);
            }
        }
        sent_at
    }
}

/// Notes what a handler sent, as messages on their way.
fn posted<P: Protocol>(
    flights: &mut Vec<Flight<P>>,
    from: NodeId,
    sent_at: usize,
    out: &Outbox<P>,
) -> Vec<Sent> {
    let mut sends = Vec::with_capacity(out.sends.len());
    for (place, (to, message)) in out.sends.iter().enumerate() {
        let (to, message) = (*to, message.clone());
        sends.push(Sent { to: to.index(), message: clear(&message), ends: Vec::new() });
        let sent_at = Some(sent_at);
        flights.push(Flight { from, to, message, sent_at, place, ended: false });
    }
    sends
}

fn subject<P: Protocol>(act: &Act<P>) -> (Kind, String) {
    match act {
        Act::Deliver { message, .. } => (Kind::Deliver, clear(message)),
        Act::Drop { message, .. } => (Kind::Drop, clear(message)),
        Act::Duplicate { message, .. } => (Kind::Duplicate, clear(message)),
        Act::Timeout(timer) => (Kind::Timeout, clear(timer)),
        Act::Input { input, .. } => (Kind::Input, clear(input)),
        Act::Tick => (Kind::Tick, String::new()),
        Act::Crash => (Kind::Crash, String::new()),
        Act::Restart => (Kind::Restart, String::new()),
        Act::Wiped => (Kind::Wiped, String::new()),
    }
}

/// What changed in a node: its state, its clock, its timers. That a timer is no longer set goes
/// without saying where it has just fired, and where the node went down.
///
/// Only a step of its own changes a node: `state` is what its last change left, printed.
fn node_changes<P: Protocol>(
    state: &mut Option<Printout>,
    before: &Node<P>,
    after: &Node<P>,
    fired: Option<&P::Timer>,
) -> Vec<String> {
    let mut found = if before.state == after.state {
        Vec::new()
    } else {
        let old = state.take().unwrap_or_else(|| Printout::of(&before.state));
        old.changes_to(state.insert(Printout::of(&after.state)))
    };
    if let (Some(old), Some(new)) = (before.clock, after.clock)
        && old != new
    {
        found.push(format!("clock: {old} → {new}"));
    }
    let set: Vec<String> = names(&after.timers, |timer| !before.has_set(timer));
    let cancelled =
        names(&before.timers, |timer| after.up && !after.has_set(timer) && fired != Some(timer));
    let halves = [("−", cancelled), ("+", set)].into_iter().filter(|(_, names)| !names.is_empty());
    let halves: Vec<String> =
        halves.map(|(sign, names)| format!("{sign} [{}]", names.join(", "))).collect();
    if !halves.is_empty() {
        found.push(format!("timers: {}", halves.join(" ")));
    }
    found
}

/// The timers for which that holds, in order, as they print themselves.
fn names<T: Debug>(timers: &[(T, Delay)], holds: impl Fn(&T) -> bool) -> Vec<String> {
    timers.iter().filter(|(timer, _)| holds(timer)).map(|(timer, _)| clear(timer)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::toy::{Input, Message, Timer, scenario, step, two_leaders};
    use super::*;
    use crate::explore::{Limits, explore};
    use crate::ledger::Faults;
    use crate::observer::Undisturbed;
    use crate::scenario::Clocks;
    use crate::situation::NO_PANIC;

    #[test]
    fn every_delivery_names_the_step_that_sent_its_message() {
        let story = tell(&scenario(3), &two_leaders(), Some("election-safety"));
        let sent: Vec<_> = story.steps.iter().map(|moment| moment.sent_at).collect();
        let expected = [
            None,
            Some(0),
            Some(1),
            Some(1),
            None,
            Some(1),
            Some(4),
            None,
            Some(8),
            None,
            None,
            None,
            Some(11),
            Some(13),
        ];
        assert_eq!(sent, expected);
        let ends: Vec<_> = story.steps[0].sends.iter().map(|sent| sent.ends.clone()).collect();
        assert_eq!(ends, [vec![4], vec![6]], "the copy made in step 3 is still on its way");
        assert_eq!(story.greetings[2][0].ends, [2]);
    }

    #[test]
    fn a_copy_arrives_as_what_its_original_sender_sent() {
        let ask = || Message::RequestVote { term: 1 };
        let from = NodeId(0);
        let trace = [
            step(0, Act::Timeout(Timer::Election)),
            step(1, Act::Duplicate { from, message: ask() }),
            step(1, Act::Deliver { from, message: ask() }),
            step(1, Act::Deliver { from, message: ask() }),
        ];
        let story = tell(&scenario(3), &trace, None);
        assert_eq!(story.steps[0].sends[0].ends, [3, 4]);
        assert_eq!(story.ending, Ending::RanToEnd);
    }

    #[test]
    fn a_story_ends_as_its_replay_does() {
        let client = crate::ClientId(0);
        let small = scenario(3)
            .faults(Faults { crashes: 1, restarts: 1, ..Faults::NONE })
            .clocks(Clocks::none())
            .may_crash([NodeId(1)])
            .offered(|_, _, _| false);
        let explored =
            explore(&small, &Limits::default(), &mut Undisturbed).expect("a sound scenario");
        let shortest = &explored.found[0];
        let story = tell(&small, &shortest.trace, None);
        assert!(
            matches!(&story.ending, Ending::Breaks { step, invariant, sentence, reason }
                if *step == shortest.trace.len()
                    && *invariant == shortest.invariant
                    && sentence == "At most one leader is elected in a term."
                    && *reason == shortest.reason),
            "{:?}",
            story.ending
        );

        let panics = [step(1, Act::Input { client, input: Input::Panic }), step(1, Act::Tick)];
        let story = tell(&scenario(3), &panics, None);
        assert_eq!(story.steps.len(), 1);
        assert!(
            matches!(&story.ending, Ending::Breaks { step: 1, invariant, reason, .. }
                if invariant == NO_PANIC && reason.contains("asked to")),
            "{:?}",
            story.ending
        );

        let impossible = [step(1, Act::Timeout(Timer::Election)), step(2, Act::Restart)];
        let story = tell(&scenario(3), &impossible, None);
        assert!(
            matches!(&story.ending, Ending::WentAnotherWay { at: 2, step, why, enabled }
                if step == "n2: restart" && why == "n2 is up" && !enabled.is_empty()),
            "{:?}",
            story.ending
        );

        assert_eq!(tell(&scenario(3), &[], None).ending, Ending::RanToEnd);
    }

    #[test]
    fn the_steps_in_words_say_what_changed_and_what_was_sent() {
        let story = tell(&scenario(3), &two_leaders(), None);
        let words = story.steps_in_words();
        for (at, expected) in [
            (
                0,
                "  1  n0: timeout Election — term: 0 → 1; voted_for: None → Some(n0); \
                 role: Follower → Candidate { votes: [n0] }; \
                 sends RequestVote { term: 1 } to n1, n2",
            ),
            (1, "  2  n0: deliver Ping from n2"),
            (
                3,
                "  4  n1: deliver RequestVote { term: 1 } from n0 — term: 0 → 1; \
                 voted_for: None → Some(n0); timers: − [Election]; \
                 sends Vote { term: 1 } to n0",
            ),
            (4, "  5  n0: tick — clock: 0 → 1"),
            (9, " 10  n1: crash"),
            (11, " 12  n1: restart — voted_for: Some(n0) → None; timers: + [Election]"),
            (
                13,
                " 14  n2: deliver Vote { term: 1 } from n1 — \
                 role: Candidate { votes: [n2] } → Leader; tells Elected { term: 1 }",
            ),
        ] {
            assert_eq!(words[at], expected);
        }
    }

    #[test]
    fn names_and_the_prefix_are_told() {
        let trace = two_leaders();
        let named = scenario(3)
            .names(&["amsterdam", "berlin", "copenhagen"])
            .after("an election has begun", trace[..1].to_vec());
        let story = tell(&named, &trace, None);
        assert_eq!(story.prefix, Some((1, "an election has begun".to_string())));
        assert_eq!(story.steps[1].label, "deliver Ping from copenhagen");
        assert_eq!(tell(&named, &trace[1..], None).prefix, None);
    }
}
