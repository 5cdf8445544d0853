//! One node: its state, timers, clock, and whether it is up. The only place that calls handlers.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use crate::protocol::{NodeId, Outbox, Protocol};
use crate::time::Delay;

/// A node as the engines hold it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Node<P: Protocol> {
    /// What it remembers. While it is down: what it remembered when it crashed.
    pub state: P::State,
    /// The timers that are set, in order, each with the delay it was set for.
    pub timers: Vec<(P::Timer, Delay)>,
    /// Whether it runs.
    pub up: bool,
    /// Its own clock in ticks; none where the scenario gives it none. It goes on while it is down.
    pub clock: Option<u64>,
}

/// What can happen to a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Occurrence<P: Protocol> {
    /// A message arrives.
    Message {
        /// Who sent it.
        from: NodeId,
        /// What it says.
        message: P::Message,
    },
    /// A timer that is set fires.
    Timeout(P::Timer),
    /// The outside asks something.
    Input(P::Input),
    /// The clock moves on by one tick.
    Tick,
    /// The node stops: its timers are gone.
    Crash,
    /// The node runs again, from what [`Protocol::restart`] keeps of its state.
    Restart,
    /// The node runs again with an empty disk, as it first started.
    Wiped,
}

/// A handler panicked; its sentence.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Panicked(pub String);

impl<P: Protocol> Node<P> {
    /// A node that has just started. What it said is in the outbox.
    pub(crate) fn start(
        protocol: &P,
        me: NodeId,
        clock: Option<u64>,
        out: &mut Outbox<P>,
    ) -> Result<Node<P>, Panicked> {
        out.begin(me, clock, true);
        let state = caught(|| protocol.start(out))?;
        let mut node = Node { state, timers: Vec::new(), up: true, clock };
        node.set_timers(out);
        Ok(node)
    }

    /// Lets something happen at this node. **The only place in the project that calls a handler.**
    ///
    /// The node's state and timers change; what it sent, told and chose is left in the outbox. The
    /// caller has made sure that it is possible: an up node for all but `Tick` and the restarts.
    pub(crate) fn happen(
        &mut self,
        protocol: &P,
        me: NodeId,
        what: Occurrence<P>,
        out: &mut Outbox<P>,
    ) -> Result<(), Panicked> {
        let starting = matches!(what, Occurrence::Wiped);
        out.begin(me, self.clock, starting);
        let state = &mut self.state;
        match what {
            Occurrence::Message { from, message } => {
                caught(|| protocol.on_message(state, from, message, out))?;
            }
            Occurrence::Timeout(timer) => {
                self.timers.retain(|(set, _)| *set != timer);
                caught(|| protocol.on_timeout(state, timer, out))?;
            }
            Occurrence::Input(input) => caught(|| protocol.on_input(state, input, out))?,
            Occurrence::Tick => {
                let clock = self.clock.as_mut().expect("only nodes with a clock tick");
                *clock += 1;
            }
            Occurrence::Crash => {
                self.up = false;
                self.timers.clear();
            }
            Occurrence::Restart => {
                self.state = caught(|| protocol.restart(state, out))?;
                self.up = true;
            }
            Occurrence::Wiped => {
                self.state = caught(|| protocol.start(out))?;
                self.up = true;
            }
        }
        self.set_timers(out);
        Ok(())
    }

    /// Whether it would act on the input: it is up, and its handler says so.
    pub(crate) fn accepts(&self, protocol: &P, me: NodeId, input: &P::Input) -> bool {
        self.up && protocol.accepts(me, &self.state, input)
    }

    /// Whether that timer is set.
    pub fn has_set(&self, timer: &P::Timer) -> bool {
        self.timers.iter().any(|(set, _)| set == timer)
    }

    /// Carries out what the handler said of its timers, in its order; the list stays sorted.
    fn set_timers(&mut self, out: &Outbox<P>) {
        for (timer, delay) in &out.timers {
            let place = self.timers.binary_search_by(|(set, _)| set.cmp(timer));
            match (place, delay) {
                (Ok(at), Some(delay)) => self.timers[at].1 = *delay,
                (Err(at), Some(delay)) => self.timers.insert(at, (timer.clone(), *delay)),
                (Ok(at), None) => drop(self.timers.remove(at)),
                (Err(_), None) => {}
            }
        }
    }
}

thread_local! {
    /// Whether this thread is inside a handler, whose panic is a finding and not noise.
    static IN_HANDLER: Cell<bool> = const { Cell::new(false) };
}

/// Runs a handler and turns a panic into its sentence.
fn caught<T>(handler: impl FnOnce() -> T) -> Result<T, Panicked> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !IN_HANDLER.get() {
                usual(info);
            }
        }));
    });
    IN_HANDLER.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(handler));
    IN_HANDLER.set(false);
    result.map_err(|payload| {
        let sentence = payload
            .downcast_ref::<&str>()
            .map(|sentence| (*sentence).to_string())
            .or_else(|| payload.downcast_ref::<String>().cloned());
        Panicked(sentence.unwrap_or_else(|| "a panic without a sentence".to_string()))
    })
}
