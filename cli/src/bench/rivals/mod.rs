//! The same works for other checkers, as somebody would write them who uses those every day.
//!
//! Stateright 0.31 gets its own actor framework, its own clients, its unordered network without
//! copies and its own linearizability tester for the registers, and a plain model for two-phase
//! commit, as its book and its examples do. Two things are chosen in its favour. Sets in states are
//! `BTreeSet`s, which are cheaper to copy and to hash here; its `HashableHashSet` hashes each entry
//! apart and sorts the hashes, and hashes no length, so that states could be lost. And the registers
//! have no property that must be *sometimes* true: Stateright asks for such a property in every
//! state, even when it has long been seen. `paxos` has the other choice of both, too. Spin gets a specification in
//! Promela, without processes, whose states it stores as a few bytes.

pub mod paxos;
pub mod register;
pub mod spin;
pub mod two_phase;

use std::fmt::Debug;
use std::hash::Hash;

use stateright::actor::register::{RegisterActor, RegisterMsg};
use stateright::actor::{Actor, ActorModel, Id, Network};
use stateright::semantics::LinearizabilityTester;
use stateright::semantics::register::Register;
use stateright::{Checker, Expectation, Model};

use super::measure::Counts;

/// In which order Stateright goes through the states.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// Shortest paths first; it keeps a parent of each state.
    BreadthFirst,
    /// Along each path first; it keeps fingerprints only.
    DepthFirst,
}

/// A model that Stateright can search.
pub trait Searched:
    Model<
        State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
        Action: Clone + Debug + PartialEq + Send + Sync + 'static,
    > + Send
    + Sync
    + 'static
{
}

impl<M> Searched for M where
    M: Model<
            State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
            Action: Clone + Debug + PartialEq + Send + Sync + 'static,
        > + Send
        + Sync
        + 'static
{
}

/// Lets Stateright search a whole model on one thread.
///
/// # Errors
/// A sentence when a property does not hold.
pub fn count<M: Searched>(model: M, order: Order) -> Result<Counts, String> {
    let builder = model.checker().threads(1);
    match order {
        Order::BreadthFirst => counted(&builder.spawn_bfs().join(), true),
        Order::DepthFirst => counted(&builder.spawn_dfs().join(), false),
    }
}

/// What a checker that has ended counted. A path counts its states there, its steps here.
fn counted<M: Searched>(checker: &impl Checker<M>, shortest: bool) -> Result<Counts, String> {
    let broken = checker.model().properties().into_iter().find(|property| {
        property.expectation == Expectation::Always && checker.discovery(property.name).is_some()
    });
    if let Some(property) = broken {
        return Err(format!("Stateright says that `{}` does not hold", property.name));
    }
    Ok(Counts {
        states: checker.unique_state_count() as u64,
        // It counts the first state as generated, too.
        transitions: checker.state_count() as u64 - 1,
        depth: shortest.then(|| checker.max_depth() as u32 - 1),
    })
}

/// The whole history of a register, as Stateright keeps it.
pub type Tester = LinearizabilityTester<Id, Register<char>>;

/// Servers with clients that put one value each and get what is held.
pub type Served<A> = ActorModel<RegisterActor<A>, (), Tester>;

/// A model of such servers on an unordered network without copies.
pub fn served<A, M>(servers: impl IntoIterator<Item = A>, clients: usize) -> Served<A>
where
    A: Actor<Msg = RegisterMsg<u64, char, M>>,
    A::Timer: Ord,
    M: Clone + Debug + Eq + Hash + Ord,
{
    let servers: Vec<A> = servers.into_iter().collect();
    let server_count = servers.len();
    ActorModel::new((), LinearizabilityTester::new(Register(char::default())))
        .actors(servers.into_iter().map(RegisterActor::Server))
        .actors((0..clients).map(|_| RegisterActor::Client { put_count: 1, server_count }))
        .init_network(Network::new_unordered_nonduplicating([]))
        .property(Expectation::Always, "linearizable", |_, state| {
            state.history.serialized_history().is_some()
        })
        .record_msg_in(RegisterMsg::record_returns)
        .record_msg_out(RegisterMsg::record_invocations)
}
