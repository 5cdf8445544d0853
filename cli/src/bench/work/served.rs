//! A register that servers keep for clients: everything but the servers' own protocol.
//!
//! The clients and the links are those of Stateright 0.31's `RegisterActor` and its unordered
//! network without copies, so that counts can be compared: each client puts one value at a server,
//! and when it is told so gets the value from the next server. A message that its receiver would
//! ignore is *not delivered*: Stateright takes such a delivery for no step at all and leaves the
//! message where it is. Here its handler answers [`Heed::Ignored`], the node becomes
//! [`State::Unheeded`], and the scenario's boundary ends there: worlds past it are neither counted
//! nor stored, and the message stays in those that are.
//!
//! Not modelled: loss, which unordered links have by never delivering; clients that give up.

use splitbrain::invariants::{Linearizable, Register, RegisterOperation, RegisterOutput};
use splitbrain::{Data, Goal, Held, Invariant, NodeId, Nothing, Outbox, Protocol, Scenario, Sight};

use super::history::WholeHistory;

/// What the register holds: the number of the client that put it, from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Value(pub u8);

impl Value {
    /// What it holds before the first put.
    pub const NOTHING: Value = Value(0);
}

/// The name of a request: the client's place among the nodes, times how many it has made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RequestId(pub u16);

/// What a client asks of a server.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Request {
    /// Hold this value.
    Put(RequestId, Value),
    /// Which value is held?
    Get(RequestId),
}

/// What a server answers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Answer {
    /// The value is held.
    PutOk(RequestId),
    /// This value is held.
    GetOk(RequestId, Value),
}

/// Everything that is sent.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Message<M> {
    /// From a client.
    Asks(Request),
    /// To a client.
    Answers(Answer),
    /// Between servers.
    Between(M),
}

/// What the clients tell the outside.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Event {
    /// A client begins an operation.
    Invokes(RegisterOperation<Value>),
    /// Its operation ends.
    Responds(RegisterOutput<Value>),
}

/// What became of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heed {
    /// It was acted upon, if only by noting again what is known.
    Acted,
    /// It means nothing to the node as it is now.
    Ignored,
}

/// The servers' protocol.
pub trait Server: Data {
    /// Its name, and that of its scenarios.
    const NAME: &'static str;
    /// What one server remembers.
    type State: Data;
    /// What servers say to each other.
    type Message: Data;

    /// The first state of a server.
    fn start(&self, me: NodeId) -> Self::State;

    /// A client asks something.
    fn on_request(
        &self,
        state: &mut Self::State,
        client: NodeId,
        request: Request,
        post: &mut Post<'_, Self>,
    ) -> Heed;

    /// Another server says something.
    fn on_message(
        &self,
        state: &mut Self::State,
        from: NodeId,
        message: Self::Message,
        post: &mut Post<'_, Self>,
    ) -> Heed;
}

/// What a server speaks through.
pub struct Post<'a, S: Server> {
    servers: u8,
    out: &'a mut Outbox<Served<S>>,
}

impl<S: Server> Post<'_, S> {
    /// The server that speaks.
    pub fn me(&self) -> NodeId {
        self.out.me()
    }

    /// How many servers are more than half of them.
    pub fn majority(&self) -> usize {
        usize::from(self.servers) / 2 + 1
    }

    /// Sends to another server.
    pub fn send(&mut self, to: NodeId, message: S::Message) {
        self.out.send(to, Message::Between(message));
    }

    /// Sends to every other server.
    pub fn broadcast(&mut self, message: S::Message) {
        let me = self.me();
        for peer in (0..self.servers).map(NodeId).filter(|peer| *peer != me) {
            self.send(peer, message.clone());
        }
    }

    /// Answers a client.
    pub fn answer(&mut self, client: NodeId, answer: Answer) {
        self.out.send(client, Message::Answers(answer));
    }
}

/// Servers and, behind them in the cluster, their clients.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Served<S> {
    server: S,
    servers: u8,
}

/// What a client remembers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Client {
    /// The request it waits for.
    awaits: Option<RequestId>,
    /// How many requests it has made, with one more when the last was answered.
    requests: u8,
}

/// What a node remembers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State<S> {
    /// A server.
    Server(S),
    /// A client.
    Client(Client),
    /// A node that was delivered what it ignores; the scenario's boundary ends here.
    Unheeded,
}

impl<S: Server> Protocol for Served<S> {
    type State = State<S::State>;
    type Message = Message<S::Message>;
    type Timer = Nothing;
    type Input = Nothing;
    type Event = Event;

    fn start(&self, out: &mut Outbox<Self>) -> Self::State {
        let me = out.me();
        if me.0 < self.servers {
            return State::Server(self.server.start(me));
        }
        let value = Value(me.0 - self.servers + 1);
        let id = RequestId(u16::from(me.0));
        out.emit(Event::Invokes(RegisterOperation::Write(value)));
        out.send(NodeId(me.0 % self.servers), Message::Asks(Request::Put(id, value)));
        State::Client(Client { awaits: Some(id), requests: 1 })
    }

    fn on_message(
        &self,
        state: &mut Self::State,
        from: NodeId,
        message: Self::Message,
        out: &mut Outbox<Self>,
    ) {
        let mut post = Post { servers: self.servers, out: &mut *out };
        let heed = match (&mut *state, message) {
            (State::Server(server), Message::Asks(request)) => {
                self.server.on_request(server, from, request, &mut post)
            }
            (State::Server(server), Message::Between(message)) => {
                self.server.on_message(server, from, message, &mut post)
            }
            (State::Client(client), Message::Answers(answer)) => {
                client.is_answered(self.servers, answer, out)
            }
            (state, message) => unreachable!("nobody sends {message:?} to {state:?}"),
        };
        if heed == Heed::Ignored {
            *state = State::Unheeded;
        }
    }
}

impl Client {
    /// Takes the answer it waits for, and asks for the value when its own is put.
    fn is_answered<S: Server>(
        &mut self,
        servers: u8,
        answer: Answer,
        out: &mut Outbox<Served<S>>,
    ) -> Heed {
        match answer {
            Answer::PutOk(id) if self.awaits == Some(id) => {
                let me = out.me().0;
                let next = RequestId(u16::from(self.requests + 1) * u16::from(me));
                out.emit(Event::Responds(RegisterOutput::Written));
                out.emit(Event::Invokes(RegisterOperation::Read));
                let server = NodeId((me + self.requests) % servers);
                out.send(server, Message::Asks(Request::Get(next)));
                self.awaits = Some(next);
            }
            Answer::GetOk(id, value) if self.awaits == Some(id) => {
                out.emit(Event::Responds(RegisterOutput::Holds(value)));
                self.awaits = None;
            }
            Answer::PutOk(_) | Answer::GetOk(..) => return Heed::Ignored,
        }
        self.requests += 1;
        Heed::Acted
    }
}

/// How much of the past is part of a state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum History {
    /// All of it, as Stateright's tester keeps it.
    Whole,
    /// What linearizability still depends on.
    Canonical,
}

/// So many clients of so many servers, whose register must be linearizable.
pub fn scenario<S: Server>(
    server: S,
    clients: u8,
    servers: u8,
    history: History,
) -> Scenario<Served<S>> {
    let nodes = usize::from(clients) + usize::from(servers);
    Scenario::new(S::NAME, Served { server, servers }, nodes)
        .invariant(linearizable(history))
        .goal(Goal::seen("value-read", "A client reads a value that was put.", value_is_read))
        .node_boundary(
            "messages that their receiver would ignore are not delivered",
            |_, _, node| !matches!(node.state, State::Unheeded),
        )
}

fn value_is_read<S: Server>(_: &Served<S>, sight: &Sight<'_, Served<S>>) -> bool {
    let Sight::Event { event: Event::Responds(RegisterOutput::Holds(value)), .. } = sight else {
        return false;
    };
    *value != Value::NOTHING
}

fn linearizable<S: Server>(history: History) -> Invariant<Served<S>> {
    const NAME: &str = "linearizable";
    const SENTENCE: &str = "Every operation takes effect at one instant while it is under way.";
    match history {
        History::Whole => Invariant::history(NAME, SENTENCE, WholeHistory::default(), record),
        History::Canonical => {
            let register = Register::new(Value::NOTHING);
            Invariant::history(NAME, SENTENCE, Linearizable::new(register), follow)
        }
    }
}

fn record<S: Server>(history: &mut WholeHistory, sight: &Sight<'_, Served<S>>) -> Held {
    match told(sight) {
        Some((client, Event::Invokes(operation))) => {
            history.invoke(client, operation);
            Ok(())
        }
        Some((client, Event::Responds(output))) => history.respond(client, output),
        None => Ok(()),
    }
}

fn follow<S: Server>(
    register: &mut Linearizable<Register<Value>, NodeId>,
    sight: &Sight<'_, Served<S>>,
) -> Held {
    match told(sight) {
        Some((client, Event::Invokes(operation))) => {
            register.invoke(client, operation);
            Ok(())
        }
        Some((client, Event::Responds(output))) => register.respond(client, output),
        None => Ok(()),
    }
}

/// What a client told, if it did. No input is ever given and no node crashes.
fn told<S: Server>(sight: &Sight<'_, Served<S>>) -> Option<(NodeId, Event)> {
    match sight {
        Sight::Event { node, event, .. } => Some((*node, **event)),
        Sight::Input { .. } | Sight::Crash { .. } | Sight::Restart { .. } => None,
    }
}
