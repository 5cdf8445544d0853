//! The search for an order: response by response, depth first; before each response breadth first
//! over the operations that take effect just in time for it.

use super::super::Specification;
use super::Unplaceable;
use super::history::History;
use super::numbers::Numbers;
use super::plan::{Finished, Plan};
use super::seen::{Configuration, Seen, Slots, Used};

/// A configuration, and how it was come by.
struct Node {
    configuration: Configuration,
    /// The node before, of the same response.
    from: Option<usize>,
    /// The numbers of the operations that took effect between the two, in that order.
    placed: Vec<usize>,
    /// Whether the search went on from here by way of the answered operation already.
    tried: bool,
}

/// What is tried next at a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// The answered operation takes effect.
    Own,
    /// One of the rivals does, this one or a later one, where the answered operation can take effect
    /// right behind it.
    Before(usize),
    /// Any of the rivals does.
    Any,
}

/// What may take effect before a response, besides the operation it answers.
struct Rivals {
    finished: Vec<usize>,
    /// The kinds, and how many of each have been invoked.
    kinds: Vec<(usize, u32)>,
}

/// The search at one response.
struct Frame {
    response: usize,
    /// The finished operations that are open, the one that is answered first.
    open: Vec<usize>,
    /// Found out when they are needed.
    rivals: Option<Rivals>,
    nodes: Vec<Node>,
    /// The node looked at, and how far.
    next: usize,
    stage: Stage,
    /// The node the search went on from, and whether by way of the answered operation.
    chosen: (usize, bool),
}

/// What one step of a frame leads to.
enum Step {
    /// The response is explained: this is how the next one finds things.
    Explained(Configuration),
    /// There is more to try.
    Onward,
    /// Nothing explains the response.
    Exhausted,
}

/// What a search ends with.
pub(super) enum Found<S: Specification> {
    Order(Vec<usize>),
    Nothing(Unplaceable<S>),
    /// The number of the furthest operation whose response was looked at.
    GaveUp(usize),
}

/// The search on one history.
pub(super) struct Search<S: Specification> {
    numbers: Numbers<S>,
    plan: Plan,
    /// For each response.
    seen: Vec<Seen>,
    pub(super) states: u64,
    /// The furthest response looked at.
    furthest: usize,
}

impl<S: Specification> Search<S> {
    pub(super) fn new(initial: &S, history: &History<S::Operation, S::Output>) -> Self {
        let mut numbers = Numbers::new(initial);
        let plan = Plan::new(history, &mut numbers);
        let seen = plan.responses.iter().map(|_| Seen::default()).collect();
        Search { numbers, plan, seen, states: 0, furthest: 0 }
    }

    pub(super) fn run(&mut self, may_go_on: &mut dyn FnMut(u64) -> bool) -> Found<S> {
        if self.plan.responses.is_empty() {
            return Found::Order(Vec::new());
        }
        let start = Configuration { state: 0, done: Slots::default(), used: Used::default() };
        let mut frames: Vec<Frame> = self.enter(0, start).into_iter().collect();
        // How far an order explains, and that order.
        let mut best: Option<(usize, Vec<usize>)> = None;
        while let Some(frame) = frames.last_mut() {
            match self.step(frame) {
                Step::Onward => {}
                Step::Explained(configuration) => {
                    let next = frame.response + 1;
                    if next == self.plan.responses.len() {
                        return Found::Order(self.order(&frames));
                    }
                    frames.extend(self.enter(next, configuration));
                }
                Step::Exhausted => {
                    frame.chosen = (0, false);
                    if best.as_ref().is_none_or(|(response, _)| *response < frame.response) {
                        best = Some((frame.response, self.order(&frames)));
                    }
                    frames.pop();
                }
            }
            if !may_go_on(self.states) {
                let furthest = self.plan.responses[self.furthest];
                return Found::GaveUp(self.plan.finished[furthest].number);
            }
        }
        let (response, placed) = best.expect("the first response was looked at");
        Found::Nothing(self.unplaceable(response, placed))
    }

    /// Begins with a response, unless it was looked at from as good a configuration before.
    fn enter(&mut self, response: usize, configuration: Configuration) -> Option<Frame> {
        let open = self.plan.open_at(response);
        self.furthest = self.furthest.max(response);
        let root = self.look_at(response, &open, configuration, None, Vec::new())?;
        Some(Frame {
            response,
            open,
            rivals: None,
            nodes: vec![root],
            next: 0,
            stage: Stage::Own,
            chosen: (0, false),
        })
    }

    /// A node of that configuration, if it needs to be looked at. Whatever only observes the state
    /// that it finds there takes effect at once: it stands in no way.
    fn look_at(
        &mut self,
        response: usize,
        open: &[usize],
        mut configuration: Configuration,
        from: Option<usize>,
        mut placed: Vec<usize>,
    ) -> Option<Node> {
        for one in open.iter().map(|&at| &self.plan.finished[at]) {
            if !one.observes || configuration.done.has(one.slot) {
                continue;
            }
            let output = self.numbers.effect(configuration.state, one.operation).output;
            if one.expects.is_none_or(|expected| expected == output) {
                configuration.done.add(one.slot);
                placed.push(one.number);
            }
        }
        if !self.seen[response].add(&configuration) {
            return None;
        }
        self.states += 1;
        Some(Node { configuration, from, placed, tried: false })
    }

    /// Goes on with a frame.
    fn step(&mut self, frame: &mut Frame) -> Step {
        let Some(node) = frame.nodes.get(frame.next) else { return Step::Exhausted };
        let done = node.configuration.done.has(self.own(frame).slot);
        match frame.stage {
            Stage::Own if done && node.tried => self.turn_to_next(frame),
            Stage::Own if done => {
                let explained = self.explained(frame, frame.next);
                self.turn_to_next(frame);
                return explained.map_or(Step::Onward, Step::Explained);
            }
            Stage::Own => {
                frame.stage = Stage::Before(0);
                if !node.tried
                    && let Some(configuration) = self.explained(frame, frame.next)
                {
                    return Step::Explained(configuration);
                }
            }
            Stage::Before(rival) => return self.before(frame, rival),
            Stage::Any => {
                for rival in 0..self.rivals(frame) {
                    if let Some((configuration, number)) = self.take(frame, rival) {
                        let node = self.behind(frame, configuration, number);
                        frame.nodes.extend(node);
                    }
                }
                self.turn_to_next(frame);
            }
        }
        Step::Onward
    }

    fn own(&self, frame: &Frame) -> &Finished {
        &self.plan.finished[frame.open[0]]
    }

    fn turn_to_next(&self, frame: &mut Frame) {
        frame.next += 1;
        frame.stage = Stage::Own;
    }

    /// How the next response finds things, if the answered operation takes effect at that node, or
    /// has taken effect before.
    fn explained(&mut self, frame: &mut Frame, at: usize) -> Option<Configuration> {
        let own = &self.plan.finished[frame.open[0]];
        let mut configuration = frame.nodes[at].configuration.clone();
        let done = configuration.done.has(own.slot);
        if done {
            configuration.done.remove(own.slot);
        } else {
            let effect = self.numbers.effect(configuration.state, own.operation);
            if own.expects.is_some_and(|expected| expected != effect.output) {
                return None;
            }
            configuration.state = effect.state;
        }
        frame.nodes[at].tried = true;
        frame.chosen = (at, !done);
        Some(configuration)
    }

    /// Looks for a rival, from that one on, behind which the answered operation has its place: most
    /// often one is all that it takes.
    fn before(&mut self, frame: &mut Frame, from: usize) -> Step {
        for rival in from..self.rivals(frame) {
            let Some((configuration, number)) = self.take(frame, rival) else { continue };
            let own = &self.plan.finished[frame.open[0]];
            let output = self.numbers.effect(configuration.state, own.operation).output;
            if own.expects.is_some_and(|expected| expected != output) {
                continue;
            }
            frame.stage = Stage::Before(rival + 1);
            let Some(node) = self.behind(frame, configuration, number) else { continue };
            frame.nodes.push(node);
            let explained = self.explained(frame, frame.nodes.len() - 1);
            return explained.map_or(Step::Onward, Step::Explained);
        }
        frame.stage = Stage::Any;
        Step::Onward
    }

    /// A node behind the one looked at, if it needs to be looked at.
    fn behind(
        &mut self,
        frame: &Frame,
        configuration: Configuration,
        number: usize,
    ) -> Option<Node> {
        let (response, open) = (frame.response, &frame.open);
        self.look_at(response, open, configuration, Some(frame.next), vec![number])
    }

    /// How many rivals there are.
    fn rivals(&self, frame: &mut Frame) -> usize {
        let rivals = match frame.rivals.take() {
            Some(rivals) => rivals,
            None => self.find_rivals(frame),
        };
        let number = rivals.finished.len() + rivals.kinds.len();
        frame.rivals = Some(rivals);
        number
    }

    /// The configuration after a rival takes effect at the node looked at, and the number of its
    /// operation, if it can.
    fn take(&mut self, frame: &Frame, rival: usize) -> Option<(Configuration, usize)> {
        let rivals = frame.rivals.as_ref().expect("they were counted");
        match rivals.finished.get(rival) {
            Some(&finished) => self.take_finished(frame, finished),
            None => {
                let (kind, available) = rivals.kinds[rival - rivals.finished.len()];
                self.take_unknown(frame, kind, available)
            }
        }
    }

    /// The configuration after a finished operation takes effect, and the operation's number.
    ///
    /// Of equal operations with equal answers the one that ends first takes effect first: in any
    /// order they can change places.
    fn take_finished(&mut self, frame: &Frame, rival: usize) -> Option<(Configuration, usize)> {
        let configuration = &frame.nodes[frame.next].configuration;
        let one = &self.plan.finished[rival];
        if configuration.done.has(one.slot) {
            return None;
        }
        let earlier = frame.open.iter().take_while(|&&at| at != rival);
        let mut earlier = earlier.map(|&at| &self.plan.finished[at]);
        if earlier.any(|other| {
            other.operation == one.operation
                && other.expects == one.expects
                && !configuration.done.has(other.slot)
        }) {
            return None;
        }
        let effect = self.numbers.effect(configuration.state, one.operation);
        if one.expects.is_some_and(|expected| expected != effect.output) {
            return None;
        }
        let mut configuration = Configuration { state: effect.state, ..configuration.clone() };
        configuration.done.add(one.slot);
        Some((configuration, one.number))
    }

    /// The configuration after an operation of unknown outcome takes effect, and the operation's
    /// number.
    ///
    /// One that changes nothing need not have happened. Where an equal operation that has ended can
    /// take its place, that one does: it has to be placed in any case.
    fn take_unknown(
        &mut self,
        frame: &Frame,
        kind: usize,
        available: u32,
    ) -> Option<(Configuration, usize)> {
        let configuration = &frame.nodes[frame.next].configuration;
        let one = &self.plan.kinds[kind];
        let name = u32::try_from(kind).expect("fewer than four billion operations");
        let used = configuration.used.times(name);
        if used >= available {
            return None;
        }
        let effect = self.numbers.effect(configuration.state, one.operation);
        let mut open = frame.open.iter().map(|&at| &self.plan.finished[at]);
        let replaced = open.any(|other| {
            other.operation == one.operation
                && other.expects.is_none_or(|expected| expected == effect.output)
                && !configuration.done.has(other.slot)
        });
        if replaced || effect.state == configuration.state {
            return None;
        }
        let mut configuration = Configuration { state: effect.state, ..configuration.clone() };
        configuration.used.once_more(name);
        Some((configuration, one.member(used)))
    }

    /// What may matter to the response: operations that are related to the answered one, directly or
    /// by way of others. Those that only observe are never in the way, and the rest can wait.
    fn find_rivals(&self, frame: &Frame) -> Rivals {
        let finished = &self.plan.finished;
        let mut reached = vec![finished[frame.open[0]].operation];
        let mut waiting: Vec<usize> =
            frame.open[1..].iter().copied().filter(|&at| !finished[at].observes).collect();
        let ended = finished[frame.open[0]].ended;
        let kinds = self.plan.kinds.iter().enumerate();
        let kinds = kinds.map(|(at, kind)| (at, kind.available(ended)));
        let mut unknown: Vec<(usize, u32)> = kinds.filter(|(_, count)| *count > 0).collect();
        let mut rivals = Rivals { finished: Vec::new(), kinds: Vec::new() };
        while let Some(operation) = reached.pop() {
            waiting.retain(|&at| {
                let related = self.numbers.related(operation, finished[at].operation);
                if related {
                    reached.push(finished[at].operation);
                    rivals.finished.push(at);
                }
                !related
            });
            unknown.retain(|&(at, count)| {
                let other = self.plan.kinds[at].operation;
                let related = self.numbers.related(operation, other);
                if related {
                    reached.push(other);
                    rivals.kinds.push((at, count));
                }
                !related
            });
        }
        rivals.finished.sort_unstable_by_key(|&at| finished[at].ended);
        rivals.kinds.sort_unstable();
        rivals
    }

    /// The operations that have taken effect up to where the frames stand, in that order.
    fn order(&self, frames: &[Frame]) -> Vec<usize> {
        let mut order = Vec::new();
        for frame in frames {
            let (mut at, by_own) = (Some(frame.chosen.0), frame.chosen.1);
            let mut way = Vec::new();
            while let Some(node) = at.map(|at| &frame.nodes[at]) {
                way.push(&node.placed);
                at = node.from;
            }
            way.iter().rev().for_each(|placed| order.extend_from_slice(placed));
            if by_own {
                order.push(self.plan.finished[frame.open[0]].number);
            }
        }
        order
    }

    fn unplaceable(&mut self, response: usize, placed: Vec<usize>) -> Unplaceable<S> {
        let own = &self.plan.finished[self.plan.responses[response]];
        let states = self.seen[response].states();
        let situations = states.into_iter().map(|state| {
            let output = self.numbers.effect(state, own.operation).output;
            (self.numbers.state(state).clone(), self.numbers.output_of(output).clone())
        });
        Unplaceable { operation: own.number, placed, situations: situations.collect() }
    }
}
