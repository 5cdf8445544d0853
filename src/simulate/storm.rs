//! How the simulator runs a scenario: how long, under which kinds of fault, with what workload.

use super::alive::Keeps;
use super::operations::Operations;
use crate::invariant::Goal;
use crate::protocol::{ClientId, Protocol};
use crate::scenario::To;
use crate::time::{Span, Units};

/// What a client asks as its k-th request, from 0, and where; nothing, if it has no more.
pub type Request<P> = fn(&P, ClientId, u32) -> Option<(To, <P as Protocol>::Input)>;

/// Which client an event answers, and which of its requests, from 0.
pub type Answered<P> = fn(&<P as Protocol>::Event) -> Option<(ClientId, u32)>;

/// What is counted of events, under which name.
pub type Count<P> = (&'static str, fn(&<P as Protocol>::Event) -> bool);

/// How the simulator runs a scenario.
#[derive(Clone, Debug)]
pub struct Storm<P: Protocol> {
    /// How long the stormy phase lasts at most. A run whose clients ask densely is shorter, down to
    /// a sixth, so that sparse runs get the time they need and dense ones take no more of ours.
    pub stormy: Span,
    /// How long the healed phase lasts at most. It ends as soon as progress is seen.
    pub healed: Span,
    /// The most steps of one run; one that takes more is cut short, and its campaign inconclusive.
    pub steps: u64,
    /// The kinds of fault a run may draw.
    pub kinds: FaultKinds,
    /// How many nodes are alive at any time, whatever faults are drawn. A plan that is given must
    /// keep as many.
    pub keeps: Keeps,
    /// How many clients ask at most; each run draws how many do.
    pub clients: u8,
    /// What a client asks as its k-th request, from 0. Without it, clients ask what the scenario's
    /// lanes say.
    pub request: Option<Request<P>>,
    /// What clients ask for, where each run draws it; instead of `request`.
    pub operations: Option<Operations<P>>,
    /// Which request of which client an event answers. With it, clients wait: each asks its
    /// request again and again, wherever it may go, until it is answered or given up. Without it
    /// every request that is taken is the client's last word on it.
    pub answered: Option<Answered<P>>,
    /// What must come about in the healed phase, and afresh: something seen there, or nodes that are
    /// so behind a step of that phase, or in its end.
    pub progress: Option<Goal<P>>,
    /// What is counted of what nodes tell, beside the faults and the requests.
    pub counts: Vec<Count<P>>,
}

impl<P: Protocol> Default for Storm<P> {
    fn default() -> Self {
        Storm {
            stormy: 20.s(),
            healed: 20.s(),
            steps: 20_000_000,
            kinds: FaultKinds::ALL,
            keeps: Keeps::Nothing,
            clients: 3,
            request: None,
            operations: None,
            answered: None,
            progress: None,
            counts: Vec::new(),
        }
    }
}

impl<P: Protocol> Storm<P> {
    /// Sets how long the stormy and the healed phase last at most.
    pub fn lasts(mut self, stormy: Span, healed: Span) -> Self {
        (self.stormy, self.healed) = (stormy, healed);
        self
    }

    /// Sets the kinds of fault a run may draw.
    pub fn kinds(mut self, kinds: FaultKinds) -> Self {
        self.kinds = kinds;
        self
    }

    /// Sets how many nodes are alive at any time. Drawn faults that would leave fewer are left out.
    pub fn keeps(mut self, keeps: Keeps) -> Self {
        self.keeps = keeps;
        self
    }

    /// Sets the workload: up to that many clients, and what each asks as its k-th request.
    pub fn clients(mut self, clients: u8, request: Request<P>) -> Self {
        (self.clients, self.request) = (clients, Some(request));
        self
    }

    /// Lets clients wait for answers, and ask again while there is none.
    pub fn answered(mut self, answered: Answered<P>) -> Self {
        self.answered = Some(answered);
        self
    }

    /// Sets what must come about in the healed phase.
    pub fn progress(mut self, goal: Goal<P>) -> Self {
        self.progress = Some(goal);
        self
    }

    /// Counts the events that are so, under a name for several of them: "restores".
    pub fn counts(mut self, name: &'static str, is: fn(&P::Event) -> bool) -> Self {
        self.counts.push((name, is));
        self
    }
}

/// The kinds of fault a run may draw.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FaultKinds {
    /// Messages are lost.
    pub loss: bool,
    /// Messages arrive twice.
    pub duplication: bool,
    /// Links are cut: one node isolated, halves, a bridge, one-way.
    pub partitions: bool,
    /// Nodes stand still for a while, then act on old news.
    pub pauses: bool,
    /// Nodes crash, and restart with what they keep.
    pub crashes: bool,
    /// Nodes crash and come back with an empty disk.
    pub wipes: bool,
    /// Clocks are off, drift and jump, as far as the scenario lets them be apart.
    pub clocks: bool,
    /// Links are cut in patterns: minorities, rings of majorities, flapping.
    pub patterns: bool,
    /// Nodes and links are slow for a while.
    pub slow: bool,
    /// Nodes crash in waves: all at once, one after another, again and again.
    pub waves: bool,
    /// Clocks get stuck, and are corrected at once or little by little.
    pub corrections: bool,
    /// Messages go through a drawn [`Network`](super::Network).
    pub networks: bool,
    /// The power of nodes fails: what they did not sync may be lost ([`Disk`](crate::Disk)).
    pub power: bool,
}

impl FaultKinds {
    /// Every plain kind but wiped disks, which few protocols survive. The kinds from `patterns` on
    /// are drawn where a scenario asks for them, or a [`Preset`](super::Preset).
    pub const ALL: FaultKinds = FaultKinds {
        loss: true,
        duplication: true,
        partitions: true,
        pauses: true,
        crashes: true,
        wipes: false,
        clocks: true,
        ..FaultKinds::NONE
    };

    /// No faults at all.
    pub const NONE: FaultKinds = FaultKinds {
        loss: false,
        duplication: false,
        partitions: false,
        pauses: false,
        crashes: false,
        wipes: false,
        clocks: false,
        patterns: false,
        slow: false,
        waves: false,
        corrections: false,
        networks: false,
        power: false,
    };
}
