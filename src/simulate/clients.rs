//! The clients of a run: when they ask, what, and when they go on to the next.

use super::agenda::Happening;
use super::outcome::Record;
use super::run::Run;
use crate::node::Occurrence;
use crate::protocol::{ClientId, NodeId, Protocol};
use crate::random::{below, chance, exponential};
use crate::scenario::To;
use crate::step::Act;
use crate::time::Span;

/// How long a client waits on average, at most, before it asks in the healed phase.
pub(super) const HEALED_THINK: Span = Span::millis(200);

/// How far a client has come.
#[derive(Clone, Copy, Default)]
pub(super) struct Asking {
    /// Which request it asks, from 0.
    pub(super) request: u32,
    /// Whether some node has taken it already.
    taken: bool,
    /// How many it has given up.
    given_up: u8,
    /// Which of its thoughts of asking is in force.
    pub(super) thought: u64,
}

impl<P: Protocol, R: Record<P>> Run<'_, P, R> {
    /// A client thinks of when to ask next; not for long once the storm is over.
    pub(super) fn think(&mut self, client: ClientId) {
        if self.sessions.is_some() {
            return self.think_in_session(client);
        }
        let mean = match self.stormy {
            true => self.plan.workload.think,
            false => self.plan.workload.think.min(HEALED_THINK),
        };
        let pause = exponential(&mut self.stream, mean.as_micros()).max(1);
        let thought = self.agenda.take_number();
        self.asked[usize::from(client.0)].thought = thought;
        self.agenda.put_as(self.now + pause, thought, Happening::Ask { client, thought });
    }

    /// A client asks its next request, if the node it would go to takes it; else it asks again
    /// later.
    pub(super) fn ask(&mut self, client: ClientId) {
        if self.sessions.is_some() {
            return self.ask_in_session(client);
        }
        let scenario = self.scenario;
        let asking = self.asking(client);
        let next = match scenario.storm.request {
            Some(request) => request(&scenario.protocol, client, asking),
            None => scenario.next_input(client, asking as u16).cloned(),
        };
        let Some((to, input)) = next else { return };
        self.gauge.asks(client, self.now);
        self.think(client);
        if let Some(node) = self.taker(to, &input) {
            let asking = &mut self.asked[usize::from(client.0)];
            asking.taken = true;
            asking.request += u32::from(scenario.storm.answered.is_none());
            self.take_request(client, node, input);
        }
    }

    /// A node that takes a request now, of those it may go to: a client that may go anywhere finds
    /// out who does.
    pub(super) fn taker(&mut self, to: To, input: &P::Input) -> Option<NodeId> {
        let scenario = self.scenario;
        let takes = |node: &NodeId| {
            self.paused[node.index()] == 0
                && scenario.offers(&self.world.nodes, *node, input)
                && self.world.nodes[node.index()].accepts(&scenario.protocol, *node, input)
        };
        let takers: Vec<NodeId> =
            scenario.node_ids().filter(|node| to.admits(*node)).filter(takes).collect();
        let many = takers.len() as u64;
        (many > 0).then(|| takers[below(&mut self.stream, many) as usize])
    }

    /// A node takes a request.
    pub(super) fn take_request(&mut self, client: ClientId, node: NodeId, input: P::Input) {
        self.outcome.tally.requests += 1;
        let act = Act::Input { client, input: input.clone() };
        self.step(node, Some(act), Occurrence::Input(input));
    }

    /// Which request a client asks now. One that was taken and not answered it may give up first.
    fn asking(&mut self, client: ClientId) -> u32 {
        let asking = &mut self.asked[usize::from(client.0)];
        let waits = asking.taken && self.scenario.storm.answered.is_some();
        if waits
            && asking.given_up < self.plan.workload.gives_up
            && chance(&mut self.stream, 100_000)
        {
            self.gauge.gives_up(client, self.now);
            asking.given_up += 1;
            asking.taken = false;
            asking.request += 1;
        }
        asking.request
    }

    /// Lets clients whose request was just answered go on to their next.
    pub(super) fn note_answers(&mut self) {
        if self.sessions.is_some() {
            return self.note_answers_in_session();
        }
        let Some(answered) = self.scenario.storm.answered else { return };
        for (client, request) in self.out.events.iter().filter_map(answered) {
            if let Some(asking) = self.asked.get_mut(usize::from(client.0))
                && asking.request == request
            {
                asking.taken = false;
                asking.request += 1;
                self.gauge.answers(client, self.now);
            }
        }
    }

    /// Counts what the scenario counts of what was just told.
    pub(super) fn note_counts(&mut self) {
        for event in &self.out.events {
            let counts = self.gauge.seen.counts.iter_mut().zip(&self.scenario.storm.counts);
            counts.filter(|(_, (_, is))| is(event)).for_each(|(count, _)| *count += 1);
        }
    }
}
