//! Raft: a replicated log under one elected leader at a time.
//!
//! Ongaro and Ousterhout, *In Search of an Understandable Consensus Algorithm (Extended Version)*
//! (2014); section and figure numbers are that paper's. Sessions are from Ongaro's dissertation,
//! *Consensus: Bridging Theory and Practice* (2014), §6.3.
//!
//! **Election (§5.2).** Time is divided into terms. A follower that hears of no leader for too long
//! begins a new term, votes for itself and asks the others for their votes. A server votes once a
//! term, and remembers for whom even if it crashes, so at most one candidate of a term gets a
//! majority. Whoever sees a greater term than its own takes it over and follows.
//!
//! **Replication (§5.3).** The leader appends the clients' commands to its log and sends them on.
//! Each message names the entry just before the new ones; a follower that lacks that entry says no,
//! and the leader goes back. Entries that conflict with the leader's give way. So two logs that
//! have an entry of the same place and term are equal up to there.
//!
//! **Commitment (§5.4).** An entry is committed once the leader of its own term knows a majority to
//! hold it; everything before it is committed with it. Entries of earlier terms are never committed
//! by counting alone: Figure 8 shows why. A voter refuses candidates whose log is behind its own,
//! so every later leader holds what was committed.
//!
//! **Clients (§8).** A leader answers a client when it applies the client's command. A client that
//! hears nothing asks again, perhaps elsewhere, under the same serial number; each replica keeps
//! the last answer for each client, so that a command that is in the log twice is applied once.
//!
//! **Members (§6)** may change while the cluster runs: that is told in [`membership`].
//!
//! **Extensions.** Reads that bypass the log (§8), log compaction (§7), PreVote and leadership transfer
//! are in [`extensions`], each behind an option.
//!
//! Not modelled:
//! - Connections: whichever leader applies a command answers its client. It is the answer that the
//!   client would get from that leader if it asked again.
//! - The end of sessions (dissertation §6.3): there are few clients, and they are remembered.
//! - Writing to disk as a step of its own: a handler's change is durable when its messages leave.

mod bugs;
mod election;
pub mod extensions;
mod invariants;
mod log;
mod members;
pub mod membership;
mod model;
mod replication;
mod scenarios;
mod state;

use std::ops::Range;

use serde::{Deserialize, Serialize};
use splitbrain::{NodeId, Outbox, Protocol, Span};

use self::extensions::ignores_extension;
use self::replication::{go_back, send_heartbeats};
use crate::parts::machine::{Applied, Request, Seen, StateMachine};

pub use bugs::Bug;
pub use extensions::{
    Pending, RaftExtensionsModel, Reads, Round, Rounds, mutual_block, snapshot_matching,
};
pub use invariants::{
    durability, election_safety, leader_append_only, leader_completeness, leader_in_the_end,
    linearizability, log_matching, state_machine_safety,
};
pub use log::{Base, Entry, Index, Log, Payload};
pub use members::Configuration;
pub use membership::{Change, RaftMembershipModel};
pub use model::RaftModel;
pub use state::{Event, Input, Leader, Message, Progress, Role, State, Term, Timer, Wait};

/// The code of one Raft server, replicating a state machine.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Raft<S> {
    /// The state machine as every server starts with it.
    pub machine: S,
    /// What it does beyond the paper's core.
    pub options: Options,
    /// The mistake it makes, if any.
    pub bug: Option<Bug>,
}

/// What a server does beyond elections and replication. By default nothing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// How many servers, from n0 on, are members at first; all of them if `None`.
    pub members: Option<u8>,
    /// Whether a new leader commits an empty entry, to learn what is committed (§8).
    pub noop: bool,
    /// Whether servers that hear of a leader disregard candidates (§6, dissertation §4.2.3).
    pub loyal: bool,
    /// Whether a server asks who would vote for it before it raises its term (dissertation §9.6).
    pub pre_vote: bool,
    /// How reads are answered (§8; dissertation §6.4).
    pub reads: Reads,
    /// How many applied entries make a server put a snapshot in their place (§7); never if `None`.
    pub compact: Option<u32>,
    /// How long servers wait. It changes nothing that exploration sees.
    #[serde(skip_serializing_if = "Timing::is_usual")]
    pub timing: Timing,
}

/// How long servers wait.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// How long a follower waits for its leader, at least: several times as long as a message takes
    /// to all servers and back, as §5.6 demands.
    pub election_least: Span,
    /// How long it waits at most. The two are apart so that elections rarely begin together (§5.2).
    pub election_most: Span,
    /// How long a leader is silent: well below the shortest election timeout.
    pub heartbeat: Span,
}

impl Timing {
    fn is_usual(&self) -> bool {
        *self == Timing::default()
    }

    /// How long a follower waits for its leader.
    fn election(&self) -> Range<Span> {
        self.election_least..self.election_most
    }
}

/// For a slow network, where a message takes about 150 ms.
impl Default for Timing {
    fn default() -> Self {
        Timing {
            election_least: Span::millis(600),
            election_most: Span::millis(1_200),
            heartbeat: Span::millis(150),
        }
    }
}

impl<S> Raft<S> {
    /// Raft as in the paper's core, replicating this state machine.
    pub fn new(machine: S) -> Raft<S> {
        Raft { machine, options: Options::default(), bug: None }
    }
}

/// What a server sends and tells goes through here.
type Out<S> = Outbox<Raft<S>>;

impl<S: StateMachine> Protocol for Raft<S> {
    type State = State<S>;
    type Message = Message<S>;
    type Timer = Timer;
    type Input = Input<S::Operation>;
    type Event = Event<S>;

    fn start(&self, out: &mut Out<S>) -> State<S> {
        let state = State {
            term: Term(0),
            voted_for: None,
            log: Log::new(),
            members: self.first_members(out.cluster()),
            role: Role::Follower,
            hears_leader: false,
            commit: Index(0),
            applied: Applied::new(self.machine.clone()),
            snapshot: None,
            promise: 0,
        };
        self.wait_for_leader(&state, out);
        state
    }

    /// The transition table: what a server of each role does about each message.
    fn on_message(
        &self,
        state: &mut State<S>,
        from: NodeId,
        message: Self::Message,
        out: &mut Out<S>,
    ) {
        if self.disregards(state, &message) || self.keeps_promise(state, &message, out) {
            return;
        }
        if message.term() > state.term && !matches!(message, Message::RequestPreVote { .. }) {
            self.follow(state, message.term(), out);
        }
        let stale = message.term() < state.term;
        match (&state.role, message) {
            // A call of an older term: the caller learns that its time is over.
            (_, Message::RequestVote { .. }) if stale => {
                out.send(from, Message::Vote { term: state.term, granted: false });
            }
            (_, Message::Append { .. }) if stale => {
                out.send(from, Message::Rejected { term: state.term, hint: Index(0) });
            }
            // A result of an older term answers a question this server no longer asks.
            (Role::Candidate { votes }, Message::Vote { granted: true, .. })
                if stale && self.bug == Some(Bug::StaleVoteCount) =>
            {
                if !votes.contains(&from) {
                    out.mark(Bug::StaleVoteCount.name());
                }
                self.count_vote(state, from, out);
            }
            (_, Message::Vote { .. } | Message::Appended { .. } | Message::Rejected { .. })
                if stale => {}

            (
                Role::Follower | Role::PreCandidate { .. },
                Message::RequestVote { last_index, last_term, .. },
            ) => {
                self.consider(state, from, (last_term, last_index), out);
            }
            // It has voted for itself in this term, and a refusal would change nothing.
            (Role::Candidate { .. } | Role::Leader(_), Message::RequestVote { .. }) => {}

            (Role::Candidate { .. }, Message::Vote { granted: true, .. }) => {
                self.count_vote(state, from, out);
            }
            // A refusal has done its work with its term; more votes than a majority do nothing.
            (_, Message::Vote { .. }) => {}

            (
                Role::Follower | Role::PreCandidate { .. } | Role::Candidate { .. },
                Message::Append { prev_index, prev_term, entries, commit, .. },
            ) => {
                // The election of this term is won, by another: a candidate follows too (§5.2).
                state.role = Role::Follower;
                self.take_entries(state, from, (prev_term, prev_index), entries, commit, out);
                self.hear_leader(state, out);
            }
            (Role::Leader(_), Message::Append { term, .. }) => {
                unreachable!("{from} leads term {term}, which this server leads");
            }

            (Role::Leader(_), Message::Appended { matched, .. }) => {
                self.note_matched(state, from, matched, out);
            }
            (Role::Leader(_), Message::Rejected { hint, .. }) => {
                go_back(state, from, hint, out);
            }
            // It led this term before it retired, or crashed and forgot.
            (
                Role::Follower | Role::PreCandidate { .. } | Role::Candidate { .. },
                Message::Appended { .. } | Message::Rejected { .. },
            ) => {}

            (
                _,
                message @ (Message::RequestPreVote { .. }
                | Message::PreVote { .. }
                | Message::TimeoutNow { .. }
                | Message::RequestTransferVote { .. }
                | Message::Confirm { .. }
                | Message::Confirmed { .. }
                | Message::InstallSnapshot { .. }),
            ) => self.on_extension(state, from, message, out),
        }
    }

    fn on_timeout(&self, state: &mut State<S>, timer: Timer, out: &mut Out<S>) {
        match (&mut state.role, timer) {
            (
                Role::Follower | Role::PreCandidate { .. } | Role::Candidate { .. },
                Timer::Election,
            ) => self.miss_leader(state, out),
            (Role::Leader(leader), Timer::Heartbeat) => {
                for follower in &mut leader.followers {
                    follower.asked = follower.matched < state.log.last();
                }
                send_heartbeats(state, out);
                self.confirm_again(state, out);
                out.set_timer(Timer::Heartbeat, self.options.timing.heartbeat);
            }
            (Role::Follower, Timer::Hearing) => state.hears_leader = false,
            (
                Role::PreCandidate { .. } | Role::Candidate { .. } | Role::Leader(_),
                Timer::Hearing,
            ) => {
                unreachable!("only followers hear of a leader");
            }
            // The server that was to lead has not come forward: this one leads on.
            (Role::Leader(leader), Timer::Transfer) => leader.transfer = None,
            (Role::Leader(_), Timer::Election) => {
                unreachable!("a leader waits for no leader");
            }
            (
                Role::Follower | Role::PreCandidate { .. } | Role::Candidate { .. },
                Timer::Heartbeat | Timer::Transfer,
            ) => {
                unreachable!("only leaders send heartbeats or hand over");
            }
        }
    }

    /// Only a leader takes commands; a client tries one server after the other (§8). A change of
    /// members may have to wait.
    fn accepts(&self, me: NodeId, state: &State<S>, input: &Self::Input) -> bool {
        let Role::Leader(leader) = &state.role else { return false };
        match input {
            // It would lengthen the log that its successor must catch up with.
            Input::Command(_) => leader.transfer.is_none(),
            Input::Change(request) => {
                leader.transfer.is_none() && self.may_begin(state, &request.command)
            }
            Input::Read(_) => leader.transfer.is_none() || !self.reads_by_log(leader),
            Input::Transfer(to) => {
                leader.transfer.is_none() && *to != me && state.members.votes(*to)
            }
        }
    }

    /// Results of calls made in an earlier term, or in this one by a server that has since lost,
    /// won or forgotten its election: a server stands for election once a term.
    fn ignores(&self, _: NodeId, state: &State<S>, from: NodeId, message: &Self::Message) -> bool {
        let (Message::Vote { term, .. }
        | Message::Appended { term, .. }
        | Message::Rejected { term, .. }) = message
        else {
            return ignores_extension(state, message);
        };
        let is_now = *term == state.term;
        *term < state.term
            || is_now
                && match (&state.role, message) {
                    (_, Message::Vote { granted: false, .. }) => true,
                    (Role::Candidate { votes }, Message::Vote { .. }) => votes.contains(&from),
                    (
                        Role::Follower | Role::PreCandidate { .. } | Role::Leader(_),
                        Message::Vote { .. },
                    ) => true,
                    (Role::Follower | Role::PreCandidate { .. }, _) => true,
                    (Role::Candidate { .. } | Role::Leader(_), _) => false,
                }
    }

    fn on_input(&self, state: &mut State<S>, input: Self::Input, out: &mut Out<S>) {
        match input {
            Input::Command(request) => self.take_command(state, request, out),
            Input::Change(request) => self.begin_change(state, request, out),
            Input::Read(request) => self.take_read(state, request, out),
            Input::Transfer(to) => self.hand_over(state, to, out),
        }
    }

    /// Term, vote, log and snapshot are on disk (Figure 2, *Persistent state*); all the rest is gone.
    fn restart(&self, crashed: &State<S>, out: &mut Out<S>) -> State<S> {
        let mut voted_for = crashed.voted_for;
        if self.bug == Some(Bug::ForgotVote) && voted_for.take().is_some() {
            out.mark(Bug::ForgotVote.name());
        }
        let mut log = crashed.log.clone();
        if self.bug == Some(Bug::AckBeforeDurable) && crashed.commit < log.last() {
            out.mark(Bug::AckBeforeDurable.name());
            log.truncate(crashed.commit);
        }
        let members = self.members_in_force(&log, log.base().index, out.cluster());
        // What the snapshot stands for was committed and applied when it was made (§7).
        let applied = crashed.snapshot.clone();
        let state = State {
            term: crashed.term,
            voted_for,
            commit: log.base().index,
            log,
            members,
            role: Role::Follower,
            hears_leader: false,
            applied: applied.unwrap_or_else(|| Applied::new(self.machine.clone())),
            snapshot: crashed.snapshot.clone(),
            promise: self.promise_after_restart(out),
        };
        self.wait_for_leader(&state, out);
        state
    }
}

impl<S: StateMachine> Raft<S> {
    /// A client asks something of the state machine, perhaps once more (§8).
    fn take_command(&self, state: &mut State<S>, request: Request<S::Operation>, out: &mut Out<S>) {
        let (client, serial) = (request.client, request.serial);
        match state.applied.seen(client, serial) {
            // The first answer was lost on its way, so it is given again.
            Seen::Again(output) => out.emit(Event::Replied { client, serial, output }),
            // The client has asked for something later: it waits for no answer to this.
            Seen::Old => {}
            // The log may hold the command already, uncommitted: the sessions see to that.
            Seen::New => self.append(state, Payload::Command(request), out),
        }
    }
}
