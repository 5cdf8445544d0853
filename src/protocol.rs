//! A protocol: the code of one node as pure handlers, and the outbox they speak through.

use std::fmt::{self, Debug};
use std::hash::Hash;

use rand_chacha::ChaCha8Rng;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::disk::{Disk, Lost};
use crate::random::below;
use crate::time::Delay;

/// What every part of a protocol is: plain values that can be copied, compared, ordered, hashed
/// and shown. Implemented for everything that derives those.
pub trait Data: Clone + Eq + Ord + Hash + Debug + Send + Sync + 'static {}

impl<T: Clone + Eq + Ord + Hash + Debug + Send + Sync + 'static> Data for T {}

/// One participant of a cluster; written `n0`, `n1`, …
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct NodeId(pub u8);

impl NodeId {
    /// The node's place in the cluster, from 0.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The node at that place. Panics beyond 255: clusters are smaller.
    pub fn at(index: usize) -> NodeId {
        NodeId(u8::try_from(index).expect("a cluster has at most 256 nodes"))
    }
}

/// One client (or operator) that asks something of the nodes; written `c0`, `c1`, …
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ClientId(pub u8);

/// Gives an id its one-letter written form, in text and in files.
macro_rules! written_as {
    ($id:ident, $letter:literal, $what:literal) => {
        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($letter, "{}"), self.0)
            }
        }

        impl Debug for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl std::str::FromStr for $id {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                text.strip_prefix($letter)
                    .and_then(|number| number.parse().ok())
                    .map($id)
                    .ok_or_else(|| format!(concat!("`{}` is no ", $what), text))
            }
        }

        impl Serialize for $id {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $id {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

written_as!(NodeId, "n", "node: write n0, n1, n2 and so on");
written_as!(ClientId, "c", "client: write c0, c1, c2 and so on");

/// The code of one node, as pure handlers; the value itself is the node's configuration.
///
/// A handler is a function of the node's state, of what reached it, of the local clock if it reads
/// it ([`Outbox::now`]) and of the choice if it asks for one ([`Outbox::choose`]). It changes
/// `state` and speaks through the [`Outbox`]. No real clock, randomness, I/O, floats or global
/// state, and no collection whose order differs from run to run.
pub trait Protocol: Data {
    /// What one node remembers.
    type State: Data;
    /// What nodes say to each other.
    type Message: Data;
    /// The names of its timers.
    type Timer: Data;
    /// What the outside asks of a node.
    type Input: Data;
    /// What a node tells the outside; monitors see it, nodes never do.
    type Event: Data;

    /// The first state of node `out.me()`.
    fn start(&self, out: &mut Outbox<Self>) -> Self::State;

    /// A message has arrived.
    fn on_message(
        &self,
        state: &mut Self::State,
        from: NodeId,
        message: Self::Message,
        out: &mut Outbox<Self>,
    );

    /// A timer has fired; it is no longer set.
    fn on_timeout(&self, state: &mut Self::State, timer: Self::Timer, out: &mut Outbox<Self>) {
        let _ = (state, out);
        unreachable!("{timer:?} fired, but the protocol has no on_timeout");
    }

    /// The outside asks something of this node.
    fn on_input(&self, state: &mut Self::State, input: Self::Input, out: &mut Outbox<Self>) {
        let _ = (state, out);
        unreachable!("{input:?} was asked, but the protocol has no on_input");
    }

    /// Whether this node would act on the input at all (a client that waits takes no second
    /// request). An input that is not accepted is not offered.
    fn accepts(&self, me: NodeId, state: &Self::State, input: &Self::Input) -> bool {
        let _ = (me, state, input);
        true
    }

    /// Whether this message would change nothing at this node, now or ever after: a vote of an old
    /// term. Exhaustive search forgets such mail, which makes the space smaller by far, and proves
    /// the claim: at every state it reaches, delivery must do nothing at all, and every step of the
    /// node must keep the claim true, a crash and a restart included. When in doubt, say no.
    fn ignores(
        &self,
        me: NodeId,
        state: &Self::State,
        from: NodeId,
        message: &Self::Message,
    ) -> bool {
        let _ = (me, state, from, message);
        false
    }

    /// What a node remembers after a crash: the one place that says what is durable.
    ///
    /// By default nothing is, and a restarted node starts afresh.
    fn restart(&self, crashed: &Self::State, out: &mut Outbox<Self>) -> Self::State {
        let _ = crashed;
        self.start(out)
    }
}

/// A protocol that runs another one, `Q`, inside its own handlers, at the first nodes of its
/// cluster: [`Outbox::embed`] calls the inner handlers, and `Q`'s invariants and goals are
/// [`seen_through`](crate::Invariant::seen_through) it.
///
/// The inner handlers are run for what reaches the inner protocol and for nothing else, and its
/// state changes by them alone: then it goes the ways it would go by itself.
pub trait Embeds<Q: Protocol>: Protocol {
    /// The inner protocol's configuration.
    fn inner(&self) -> &Q;
    /// An inner message as the outer protocol sends it.
    fn message_of(inner: Q::Message) -> Self::Message;
    /// An inner timer as the outer protocol sets it.
    fn timer_of(inner: Q::Timer) -> Self::Timer;
    /// The inner state of a node, where it has one: at the first nodes, and nowhere else.
    fn state_in(outer: &Self::State) -> Option<&Q::State>;
    /// The inner timer, if it is one.
    fn timer_in(outer: &Self::Timer) -> Option<Q::Timer>;
    /// The inner event, if it is one. [`Outbox::embed`] hands events to the outer handler, and
    /// monitors of the inner protocol see those that it emits again.
    fn event_in(outer: &Self::Event) -> Option<&Q::Event>;
    /// The inner input, if it is one.
    fn input_in(outer: &Self::Input) -> Option<&Q::Input> {
        let _ = outer;
        None
    }
}

/// A protocol whose configuration, messages, timers and inputs can be saved in a file.
/// Implemented for every protocol whose parts derive serde's traits.
pub trait Saved:
    Protocol<
        Message: Serialize + DeserializeOwned,
        Timer: Serialize + DeserializeOwned,
        Input: Serialize + DeserializeOwned,
    > + Serialize
    + DeserializeOwned
{
}

impl<P> Saved for P where
    P: Protocol<
            Message: Serialize + DeserializeOwned,
            Timer: Serialize + DeserializeOwned,
            Input: Serialize + DeserializeOwned,
        > + Serialize
        + DeserializeOwned
{
}

/// The type of what a protocol has none of: no value of it exists.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Nothing {}

/// One answer to [`Outbox::choose`]: which alternative was taken, of how many.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Choice {
    /// The alternative taken, from 0.
    pub taken: u32,
    /// How many alternatives there were.
    pub of: u32,
}

/// Who answers a handler's choices.
#[derive(Debug)]
pub(crate) enum Chooser {
    /// The answers in order; beyond its end the first alternative.
    Script(Vec<u32>),
    /// A random stream of the simulator.
    Draw(Box<ChaCha8Rng>),
}

/// What a handler speaks through: it sends, sets timers, tells the outside, asks for choices.
///
/// Nothing takes effect while the handler runs; what it said is carried out when it returns.
#[derive(Debug)]
pub struct Outbox<P: Protocol> {
    me: NodeId,
    nodes: u8,
    clock: Option<u64>,
    starting: bool,
    pub(crate) read_clock: bool,
    pub(crate) chooser: Chooser,
    pub(crate) choices: Vec<Choice>,
    pub(crate) sends: Vec<(NodeId, P::Message)>,
    pub(crate) timers: Vec<(P::Timer, Option<Delay>)>,
    pub(crate) events: Vec<P::Event>,
    pub(crate) marks: Vec<&'static str>,
    /// Whether the node's last crash left everything it had written: only the process died. Who
    /// answers choices from a script decides that there.
    pub(crate) keeps_unsynced: bool,
    /// What its last crash took from its disks.
    pub(crate) lost: Lost,
}

impl<P: Protocol> Outbox<P> {
    /// An empty outbox for a cluster of that many nodes. Engines reuse one for all handler calls.
    pub(crate) fn new(nodes: usize) -> Outbox<P> {
        Outbox {
            me: NodeId(0),
            nodes: u8::try_from(nodes).expect("a cluster has at most 255 nodes"),
            clock: None,
            starting: false,
            read_clock: false,
            chooser: Chooser::Script(Vec::new()),
            choices: Vec::new(),
            sends: Vec::new(),
            timers: Vec::new(),
            events: Vec::new(),
            marks: Vec::new(),
            keeps_unsynced: false,
            lost: Lost::default(),
        }
    }

    /// Empties it for the next call, at this node.
    pub(crate) fn begin(&mut self, me: NodeId, clock: Option<u64>, starting: bool) {
        self.me = me;
        self.clock = clock;
        self.starting = starting;
        self.read_clock = false;
        self.choices.clear();
        self.sends.clear();
        self.timers.clear();
        self.events.clear();
        self.marks.clear();
        self.lost = Lost::default();
    }

    /// The answers that come next after those the handler has just taken; none after the last.
    pub(crate) fn next_script(&self) -> Option<Vec<u32>> {
        let last = self.choices.iter().rposition(|choice| choice.taken + 1 < choice.of)?;
        let kept = self.choices[..last].iter().map(|choice| choice.taken);
        Some(kept.chain([self.choices[last].taken + 1]).collect())
    }

    /// The node whose handler this is.
    pub fn me(&self) -> NodeId {
        self.me
    }

    /// How many nodes the cluster has.
    pub fn cluster(&self) -> usize {
        usize::from(self.nodes)
    }

    /// All nodes of the cluster, this one included, in order.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + use<P> {
        (0..self.nodes).map(NodeId)
    }

    /// All nodes but this one, in order.
    pub fn peers(&self) -> impl Iterator<Item = NodeId> + use<P> {
        let me = self.me;
        self.nodes().filter(move |&node| node != me)
    }

    /// Sends a message. A node may send to itself.
    #[inline]
    pub fn send(&mut self, to: NodeId, message: P::Message) {
        assert!(
            to.0 < self.nodes,
            "{} sent {message:?} to {to}, but the cluster ends at n{}",
            self.me,
            self.nodes - 1
        );
        self.sends.push((to, message));
    }

    /// Sends the message to every other node.
    pub fn broadcast(&mut self, message: P::Message) {
        for peer in self.peers() {
            self.sends.push((peer, message.clone()));
        }
    }

    /// Sets a timer, or sets it anew: `out.set_timer(Timer::Election, 150.ms()..300.ms())`.
    pub fn set_timer(&mut self, timer: P::Timer, delay: impl Into<Delay>) {
        self.timers.push((timer, Some(delay.into())));
    }

    /// Cancels a timer; one that is not set stays so.
    pub fn cancel_timer(&mut self, timer: P::Timer) {
        self.timers.push((timer, None));
    }

    /// Tells the outside, where monitors and goals listen. Say nothing when nothing changed: every
    /// needless event costs states.
    pub fn emit(&mut self, event: P::Event) {
        self.events.push(event);
    }

    /// This node's own clock, in ticks. Safety may rest on it, never on the length of a timer.
    ///
    /// # Panics
    /// When the scenario gives this node no clock: a clock that never moves would hide bugs.
    pub fn now(&mut self) -> u64 {
        self.read_clock = true;
        self.clock.unwrap_or_else(|| {
            panic!("{} read its clock, but the scenario gives it none (Scenario::clocks)", self.me)
        })
    }

    /// Takes one of `n` alternatives, from 0: the explorer tries all, the simulator draws one.
    ///
    /// # Panics
    /// When `n` is 0, or in [`Protocol::start`], where nothing can be recorded yet.
    pub fn choose(&mut self, n: u32) -> u32 {
        assert!(n > 0, "{} asked to choose among no alternatives", self.me);
        assert!(!self.starting, "start cannot choose: choose in a handler of a timer or an input");
        let taken = match &mut self.chooser {
            // Beyond the last alternative the last is taken; strict replay sees the difference.
            Chooser::Script(script) => {
                script.get(self.choices.len()).copied().unwrap_or(0).min(n - 1)
            }
            Chooser::Draw(stream) => below(stream, u64::from(n)) as u32,
        };
        self.choices.push(Choice { taken, of: n });
        taken
    }

    /// Takes one of the values; see [`choose`](Outbox::choose).
    ///
    /// # Panics
    /// When there are none.
    pub fn pick<T: Clone>(&mut self, among: &[T]) -> T {
        let n = u32::try_from(among.len()).expect("more alternatives than fit in 32 bits");
        among[self.choose(n) as usize].clone()
    }

    /// Writes a record at the end of a disk. It is durable once it is synced.
    pub fn persist<R: Data>(&mut self, disk: &mut Disk<R>, record: R) {
        disk.write(record);
    }

    /// Makes everything written so far durable, before anything that this handler says is heard.
    pub fn sync<R: Data>(&mut self, disk: &mut Disk<R>) {
        disk.sync_to(disk.len());
    }

    /// Makes the first so many records durable: what was written ([`Disk::len`]) when a sync that is
    /// done now was begun. A sync that takes its time is a timer.
    pub fn sync_to<R: Data>(&mut self, disk: &mut Disk<R>, records: usize) {
        disk.sync_to(records);
    }

    /// What a crash left of a disk; for [`Protocol::restart`]. It is a choice like others: none where
    /// everything was synced.
    pub fn recover<R: Data>(&mut self, crashed: &Disk<R>) -> Disk<R> {
        let ways = crashed.ways();
        let way = match &self.chooser {
            _ if ways == 1 => 0,
            Chooser::Draw(_) if self.keeps_unsynced => {
                self.choices.push(Choice { taken: 0, of: ways });
                0
            }
            Chooser::Draw(_) | Chooser::Script(_) => self.choose(ways),
        };
        let (disk, lost) = crashed.clone().after_crash(way);
        self.lost.records += lost.records;
        self.lost.torn += lost.torn;
        disk
    }

    /// Notes that a line ran, for the engines' reports; it changes nothing. Bugs mark the line
    /// where they part from the correct code, so that "never reached" and "reached, but never
    /// observed" are told apart.
    pub fn mark(&mut self, line: &'static str) {
        self.marks.push(line);
    }

    /// Runs a handler of an inner protocol, as a function, in this handler. The inner cluster is
    /// the first `nodes` nodes of this one. What the inner handler sends and sets is sent and set
    /// here, in the outer protocol's words; choices, clock and marks are shared. What it tells is
    /// returned, in order, for this handler to act on, or to emit again.
    ///
    /// # Panics
    /// When this node is not among the first `nodes`.
    pub fn embed<Q: Protocol, T>(
        &mut self,
        nodes: usize,
        handler: impl FnOnce(&mut Outbox<Q>) -> T,
    ) -> (T, Vec<Q::Event>)
    where
        P: Embeds<Q>,
    {
        assert!(
            nodes <= self.cluster(),
            "an inner cluster of {nodes} nodes is more than there are"
        );
        assert!(self.me.index() < nodes, "{} is not in an inner cluster of {nodes}", self.me);
        let mut within = Within::enter(self, nodes);
        let result = handler(&mut within.inner);
        let sends = std::mem::take(&mut within.inner.sends);
        let timers = std::mem::take(&mut within.inner.timers);
        let events = std::mem::take(&mut within.inner.events);
        drop(within);
        self.sends.extend(sends.into_iter().map(|(to, inner)| (to, P::message_of(inner))));
        self.timers.extend(timers.into_iter().map(|(inner, delay)| (P::timer_of(inner), delay)));
        (result, events)
    }
}

/// An inner outbox at work. What the two share goes back to the outer one when the inner handler
/// ends, be it by a panic.
struct Within<'a, P: Protocol, Q: Protocol> {
    outer: &'a mut Outbox<P>,
    inner: Outbox<Q>,
}

impl<'a, P: Protocol, Q: Protocol> Within<'a, P, Q> {
    fn enter(outer: &'a mut Outbox<P>, nodes: usize) -> Self {
        let mut inner = Outbox::new(nodes);
        inner.begin(outer.me, outer.clock, outer.starting);
        inner.keeps_unsynced = outer.keeps_unsynced;
        let mut within = Within { outer, inner };
        within.swap();
        within
    }

    /// Exchanges what is shared.
    fn swap(&mut self) {
        std::mem::swap(&mut self.outer.chooser, &mut self.inner.chooser);
        std::mem::swap(&mut self.outer.choices, &mut self.inner.choices);
        std::mem::swap(&mut self.outer.marks, &mut self.inner.marks);
        std::mem::swap(&mut self.outer.read_clock, &mut self.inner.read_clock);
        std::mem::swap(&mut self.outer.lost, &mut self.inner.lost);
    }
}

impl<P: Protocol, Q: Protocol> Drop for Within<'_, P, Q> {
    fn drop(&mut self) {
        self.swap();
    }
}
