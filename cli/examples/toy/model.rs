//! A lock of one server, and clients that ask it for the right to enter a room.
//!
//! A client asks, waits for the grant, is inside, and says when it is done. The server keeps who
//! is inside and who waits, in order, on disk.
//!
//! Not modelled: a client that never says it is done, and messages that arrive twice.

use serde::{Deserialize, Serialize};
use splitbrain::catalog::{Ask, BugInfo, Engine, Model, Parameter, ScenarioInfo};
use splitbrain::invariants::MutualExclusion;
use splitbrain::simulate::{FaultKinds, Storm};
use splitbrain::{
    ClientId, Faults, Goal, Held, Invariant, NodeId, Nothing, Outbox, Protocol, Scenario, Sight,
    To, Units,
};

/// A deliberate mistake.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bug {
    /// The server grants what it has granted already.
    AlwaysGrants,
    /// The server forgets in a crash who is inside.
    ForgetsHolder,
}

/// The lock.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// How many clients there are.
    clients: u8,
    /// The mistake, if any.
    bug: Option<Bug>,
}

/// What a node remembers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State {
    /// The server.
    Server {
        /// Who is inside.
        holder: Option<NodeId>,
        /// Who waits, in order.
        waiting: Vec<NodeId>,
    },
    /// A client.
    Client(Place),
}

/// Where a client is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Place {
    /// Outside, and wants nothing.
    Outside,
    /// At the door.
    Waiting,
    /// Inside.
    Inside,
}

/// What nodes say to each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Message {
    /// May I enter?
    Ask,
    /// You may.
    Grant,
    /// I have left.
    Done,
}

/// What the outside asks of a client.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Input {
    /// Enter.
    Enter,
    /// Leave.
    Leave,
}

/// What a client tells the outside.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Event {
    /// It is inside.
    Entered,
    /// It is outside again.
    Left,
}

const SERVER: NodeId = NodeId(0);

impl Protocol for Lock {
    type State = State;
    type Message = Message;
    type Timer = Nothing;
    type Input = Input;
    type Event = Event;

    fn start(&self, out: &mut Outbox<Self>) -> State {
        match out.me() {
            SERVER => State::Server { holder: None, waiting: Vec::new() },
            _ => State::Client(Place::Outside),
        }
    }

    fn on_message(
        &self,
        state: &mut State,
        from: NodeId,
        message: Message,
        out: &mut Outbox<Self>,
    ) {
        match (&mut *state, message) {
            (State::Server { holder, waiting }, Message::Ask) => {
                let held = holder.is_some();
                let bug = held && self.bug == Some(Bug::AlwaysGrants);
                if bug {
                    out.mark("always-grants");
                }
                if held && !bug {
                    waiting.push(from);
                } else {
                    *holder = Some(from);
                    out.send(from, Message::Grant);
                }
            }
            (State::Server { holder, waiting }, Message::Done) => {
                *holder = (!waiting.is_empty()).then(|| waiting.remove(0));
                if let Some(next) = *holder {
                    out.send(next, Message::Grant);
                }
            }
            (State::Client(place @ Place::Waiting), Message::Grant) => {
                *place = Place::Inside;
                out.emit(Event::Entered);
            }
            // A grant that nobody waits for comes of a bug only.
            (State::Client(Place::Outside | Place::Inside), Message::Grant) => {}
            (State::Server { .. }, Message::Grant) => unreachable!("only the server grants"),
            (State::Client(_), Message::Ask | Message::Done) => {
                unreachable!("only the server is asked")
            }
        }
    }

    fn on_input(&self, state: &mut State, input: Input, out: &mut Outbox<Self>) {
        let State::Client(place) = state else { unreachable!("only clients are asked") };
        match input {
            Input::Enter => {
                *place = Place::Waiting;
                out.send(SERVER, Message::Ask);
            }
            Input::Leave => {
                *place = Place::Outside;
                out.emit(Event::Left);
                out.send(SERVER, Message::Done);
            }
        }
    }

    fn accepts(&self, _: NodeId, state: &State, input: &Input) -> bool {
        let wanted = match input {
            Input::Enter => Place::Outside,
            Input::Leave => Place::Inside,
        };
        *state == State::Client(wanted)
    }

    fn restart(&self, crashed: &State, out: &mut Outbox<Self>) -> State {
        match crashed {
            State::Server { .. } if self.bug == Some(Bug::ForgetsHolder) => {
                out.mark("forgets-holder");
                State::Server { holder: None, waiting: Vec::new() }
            }
            State::Server { .. } | State::Client(_) => crashed.clone(),
        }
    }
}

fn one_inside(room: &mut MutualExclusion<(), NodeId>, sight: &Sight<'_, Lock>) -> Held {
    match sight {
        Sight::Event { node, event: Event::Entered, .. } => room.enter((), *node),
        Sight::Event { node, event: Event::Left, .. } => room.leave((), *node),
        Sight::Input { .. } | Sight::Crash { .. } | Sight::Restart { .. } => Ok(()),
    }
}

/// What a client asks as its k-th request: to enter and to leave, in turns.
fn request(lock: &Lock, client: ClientId, number: u32) -> Option<(To, Input)> {
    let input = if number.is_multiple_of(2) { Input::Enter } else { Input::Leave };
    (client.0 < lock.clients).then_some((To::Node(NodeId(client.0 + 1)), input))
}

/// The lock in the catalog.
pub struct LockModel;

impl Model for LockModel {
    type Protocol = Lock;

    fn name(&self) -> &'static str {
        "toy"
    }

    fn about(&self) -> &'static str {
        "A lock server that lets one client at a time into a room."
    }

    fn source(&self) -> &'static str {
        "An example of how to write a model."
    }

    fn not_modelled(&self) -> &'static [&'static str] {
        &["Clients that never leave.", "Messages that arrive twice."]
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter { name: "clients", about: "Clients.", default: 2, range: 1..=3 },
            Parameter {
                name: "crashes",
                about: "Crashes of the server, and as many restarts.",
                default: 0,
                range: 0..=2,
            },
            Parameter {
                name: "progress",
                about: "Whether someone must enter when a storm is over. Who asked in vain never does.",
                default: 0,
                range: 0..=1,
            },
        ]
    }

    fn scenarios(&self) -> &'static [ScenarioInfo] {
        &[
            ScenarioInfo {
                name: "small",
                about: "Two clients enter and leave once.",
                engine: Engine::Explore,
                settings: &[],
            },
            ScenarioInfo {
                name: "large",
                about: "Three clients enter and leave, and the server crashes.",
                engine: Engine::ExploreDeep,
                settings: &[("clients", 3), ("crashes", 1)],
            },
            ScenarioInfo {
                name: "storm",
                about: "Clients come and go while messages are lost and the server crashes.",
                engine: Engine::Simulate,
                settings: &[],
            },
        ]
    }

    fn bugs(&self) -> &'static [BugInfo] {
        &[
            BugInfo {
                name: "always-grants",
                about: "The server grants what it has granted already.",
                source: "Made up.",
                invariant: "one-inside",
                explored: ("small", &[]),
                simulated: ("storm", &[]),
            },
            BugInfo {
                name: "forgets-holder",
                about: "The server forgets in a crash who is inside.",
                source: "Made up.",
                invariant: "one-inside",
                explored: ("small", &[("crashes", 1)]),
                simulated: ("storm", &[]),
            },
        ]
    }

    fn build(&self, ask: &Ask<'_>) -> Result<Scenario<Lock>, String> {
        let (clients, crashes) = (ask.count("clients"), ask.count("crashes"));
        if clients == 3 && crashes == 2 {
            return Err("3 clients and 2 crashes are more than a toy explores: take fewer of \
                        either"
                .to_string());
        }
        let bug = ask.bug.map(|name| match name {
            "always-grants" => Bug::AlwaysGrants,
            _ => Bug::ForgetsHolder,
        });
        let lock = Lock { clients: clients as u8, bug };
        let names = &["server", "alice", "bob", "carol"][..=usize::from(clients)];
        let faults = Faults { crashes, restarts: crashes, ..Faults::NONE };
        let kinds = FaultKinds { crashes: true, loss: true, ..FaultKinds::NONE };
        let monitor = MutualExclusion::<(), NodeId>::new();
        let entered = |name| {
            Goal::seen(name, "A client enters.", |_, sight| {
                matches!(sight, Sight::Event { event: Event::Entered, .. })
            })
        };
        let mut scenario = Scenario::new("toy", lock, usize::from(clients) + 1)
            .names(names)
            .faults(faults)
            .may_crash([SERVER])
            .invariant(Invariant::history(
                "one-inside",
                "At most one client is inside.",
                monitor,
                one_inside,
            ))
            .goal(entered("entered"))
            .goal(Goal::seen("left", "A client leaves.", |_, sight| {
                matches!(sight, Sight::Event { event: Event::Left, .. })
            }))
            .storm(Storm::default().lasts(10.s(), 1.s()).kinds(kinds).clients(3, request));
        if ask.get("progress") == 1 {
            scenario.storm = scenario.storm.progress(entered("enters-again"));
        }
        for client in 1..=clients as u8 {
            let to = To::Node(NodeId(client));
            scenario = scenario.lane([(to, Input::Enter), (to, Input::Leave)]);
        }
        Ok(scenario)
    }
}
