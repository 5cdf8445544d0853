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
//! Not modelled:
//! - Membership changes (§6) and log compaction (§7): the cluster is fixed, and logs are short.
//! - Reads that bypass the log (§8), and the empty entry a new leader commits for their sake: here
//!   every request goes through the log.
//! - Connections: whichever leader applies a command answers its client. It is the answer that the
//!   client would get from that leader if it asked again.
//! - The end of sessions (dissertation §6.3): there are few clients, and they are remembered.
//! - Writing to disk as a step of its own: a handler's change is durable when its messages leave.

mod bugs;
mod invariants;
mod model;
mod quorum;
mod scenarios;
mod state;

use serde::{Deserialize, Serialize};
use splitbrain::{NodeId, Outbox, Protocol, Span};

use crate::parts::machine::{Applied, Request, Seen, StateMachine};

pub use bugs::Bug;
pub use invariants::{
    durability, election_safety, leader_append_only, leader_completeness, linearizability,
    log_matching, state_machine_safety,
};
pub use model::RaftModel;
pub use quorum::Membership;
pub use state::{Entry, Event, Index, Log, Message, Progress, Role, State, Term, Timer};

/// How long a follower waits for its leader, at least: several times as long as a message takes to
/// all servers and back on a slow network, as §5.6 demands (about 300 ms).
const ELECTION_LEAST: Span = Span::millis(600);
/// How long it waits at most. The two are apart so that elections rarely begin together (§5.2).
const ELECTION_MOST: Span = Span::millis(1_200);
/// How long a leader is silent: well below the shortest election timeout.
const HEARTBEAT: Span = Span::millis(150);

/// The code of one Raft server, replicating a state machine.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Raft<S> {
    /// The state machine as every server starts with it.
    pub machine: S,
    /// The mistake it makes, if any.
    pub bug: Option<Bug>,
}

/// What a server sends and tells goes through here.
type Out<S> = Outbox<Raft<S>>;

impl<S: StateMachine> Protocol for Raft<S> {
    type State = State<S>;
    type Message = Message<S::Operation>;
    type Timer = Timer;
    type Input = Request<S::Operation>;
    type Event = Event<S>;

    fn start(&self, out: &mut Out<S>) -> State<S> {
        wait_for_leader(out);
        State {
            term: Term(0),
            voted_for: None,
            log: Log::new(),
            role: Role::Follower,
            commit: Index(0),
            applied: Applied::new(self.machine.clone()),
        }
    }

    /// The transition table: what a server of each role does about each message.
    fn on_message(
        &self,
        state: &mut State<S>,
        from: NodeId,
        message: Self::Message,
        out: &mut Out<S>,
    ) {
        if message.term() > state.term {
            follow(state, message.term(), out);
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

            (Role::Follower, Message::RequestVote { last_index, last_term, .. }) => {
                self.consider(state, from, (last_term, last_index), out);
            }
            // It has voted for itself in this term, and a refusal would change nothing.
            (Role::Candidate { .. } | Role::Leader { .. }, Message::RequestVote { .. }) => {}

            (Role::Candidate { .. }, Message::Vote { granted: true, .. }) => {
                self.count_vote(state, from, out);
            }
            // A refusal has done its work with its term; more votes than a majority do nothing.
            (_, Message::Vote { .. }) => {}

            (
                Role::Follower | Role::Candidate { .. },
                Message::Append { prev_index, prev_term, entries, commit, .. },
            ) => {
                // The election of this term is won, by another: a candidate follows too (§5.2).
                state.role = Role::Follower;
                wait_for_leader(out);
                self.take_entries(state, from, (prev_term, prev_index), entries, commit, out);
            }
            (Role::Leader { .. }, Message::Append { term, .. }) => {
                unreachable!("{from} leads term {term}, which this server leads");
            }

            (Role::Leader { .. }, Message::Appended { matched, .. }) => {
                self.note_matched(state, from, matched, out);
            }
            (Role::Leader { .. }, Message::Rejected { hint, .. }) => {
                go_back(state, from, hint, out);
            }
            // It led this term before it crashed, and forgot.
            (
                Role::Follower | Role::Candidate { .. },
                Message::Appended { .. } | Message::Rejected { .. },
            ) => {}
        }
    }

    fn on_timeout(&self, state: &mut State<S>, timer: Timer, out: &mut Out<S>) {
        match (&mut state.role, timer) {
            (Role::Follower | Role::Candidate { .. }, Timer::Election) => {
                self.stand_for_election(state, out);
            }
            (Role::Leader { followers }, Timer::Heartbeat) => {
                for follower in followers {
                    follower.asked = follower.matched < state.log.last();
                }
                send_heartbeats(state, out);
                out.set_timer(Timer::Heartbeat, HEARTBEAT);
            }
            (Role::Leader { .. }, Timer::Election) => {
                unreachable!("a leader waits for no leader");
            }
            (Role::Follower | Role::Candidate { .. }, Timer::Heartbeat) => {
                unreachable!("only leaders send heartbeats");
            }
        }
    }

    /// Only a leader takes commands; a client tries one server after the other (§8).
    fn accepts(&self, _: NodeId, state: &State<S>, _: &Self::Input) -> bool {
        state.leads()
    }

    /// Results of calls made in an earlier term, or in this one by a server that has since lost,
    /// won or forgotten its election: a server stands for election once a term.
    fn ignores(&self, _: NodeId, state: &State<S>, from: NodeId, message: &Self::Message) -> bool {
        let (Message::Vote { term, .. }
        | Message::Appended { term, .. }
        | Message::Rejected { term, .. }) = message
        else {
            return false;
        };
        let is_now = *term == state.term;
        *term < state.term
            || is_now
                && match (&state.role, message) {
                    (_, Message::Vote { granted: false, .. }) => true,
                    (Role::Candidate { votes }, Message::Vote { .. }) => votes.contains(&from),
                    (Role::Follower | Role::Leader { .. }, Message::Vote { .. }) => true,
                    (Role::Follower, _) => true,
                    (Role::Candidate { .. } | Role::Leader { .. }, _) => false,
                }
    }

    fn on_input(&self, state: &mut State<S>, request: Self::Input, out: &mut Out<S>) {
        let (client, serial) = (request.client, request.serial);
        match state.applied.seen(client, serial) {
            // The first answer was lost on its way, so it is given again.
            Seen::Again(output) => out.emit(Event::Replied { client, serial, output }),
            // The client has asked for something later: it waits for no answer to this.
            Seen::Old => {}
            // The log may hold the command already, uncommitted: the sessions see to that.
            Seen::New => {
                state.log.append(Entry { term: state.term, request });
                out.emit(Event::Stored { index: state.log.last() });
                self.advance_commit(state, out);
                out.peers().for_each(|peer| send_entries(state, peer, out));
            }
        }
    }

    /// Term, vote and log are on disk (Figure 2, *Persistent state*); all the rest is gone.
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
        wait_for_leader(out);
        State {
            term: crashed.term,
            voted_for,
            log,
            role: Role::Follower,
            commit: Index(0),
            applied: Applied::new(self.machine.clone()),
        }
    }
}

/// Waits for a sign of a leader, anew.
fn wait_for_leader<S: StateMachine>(out: &mut Out<S>) {
    out.set_timer(Timer::Election, ELECTION_LEAST..ELECTION_MOST);
}

/// Takes over a greater term and follows (§5.1). Only a leader has no election timer running.
fn follow<S: StateMachine>(state: &mut State<S>, term: Term, out: &mut Out<S>) {
    if state.leads() {
        out.cancel_timer(Timer::Heartbeat);
        wait_for_leader(out);
    }
    state.term = term;
    state.voted_for = None;
    state.role = Role::Follower;
}

/// Tells all followers who leads and what is committed; without entries (§5.2).
fn send_heartbeats<S: StateMachine>(state: &State<S>, out: &mut Out<S>) {
    for peer in out.peers() {
        let (prev_index, prev_term) = next_for(state, peer);
        let (term, commit) = (state.term, state.commit);
        let entries = Vec::new();
        out.send(peer, Message::Append { term, prev_index, prev_term, entries, commit });
    }
}

/// Sends a follower all entries from its `next` on (§5.3).
fn send_entries<S: StateMachine>(state: &State<S>, to: NodeId, out: &mut Out<S>) {
    let (prev_index, prev_term) = next_for(state, to);
    let entries = state.log.behind(prev_index).to_vec();
    let (term, commit) = (state.term, state.commit);
    out.send(to, Message::Append { term, prev_index, prev_term, entries, commit });
}

/// Place and term of the entry before the next one for this follower.
fn next_for<S: StateMachine>(state: &State<S>, follower: NodeId) -> (Index, Term) {
    let Role::Leader { followers } = &state.role else {
        unreachable!("only leaders send entries");
    };
    // A follower cannot hold more of the leader's log than there is, whatever it claims.
    let prev_index = followers[follower.index()].next.before().min(state.log.last());
    let prev_term = state.log.term_at(prev_index).expect("a place within the leader's log");
    (prev_index, prev_term)
}

/// A follower lacks the entry before those it was sent: the leader tries an earlier one (§5.3),
/// at once, unless it knows better by now.
fn go_back<S: StateMachine>(state: &mut State<S>, from: NodeId, hint: Index, out: &mut Out<S>) {
    let Role::Leader { followers } = &mut state.role else {
        unreachable!("only leaders go back");
    };
    let progress = &mut followers[from.index()];
    let earlier = hint.max(progress.matched).next();
    if earlier < progress.next {
        progress.next = earlier;
        send_entries(state, from, out);
    }
}

impl<S: StateMachine> Raft<S> {
    /// Begins a new term as a candidate, with its own vote (§5.2).
    fn stand_for_election(&self, state: &mut State<S>, out: &mut Out<S>) {
        state.term = state.term.next();
        state.voted_for = Some(out.me());
        state.role = Role::Candidate { votes: Vec::new() };
        wait_for_leader(out);
        let (last_index, last_term) = (state.log.last(), state.log.last_term());
        out.broadcast(Message::RequestVote { term: state.term, last_index, last_term });
        self.count_vote(state, out.me(), out);
    }

    /// Votes for the candidate if the vote of this term is free and the candidate's log is not
    /// behind the voter's (§5.2, §5.4.1). `end` is the term and place of the candidate's last entry.
    fn consider(
        &self,
        state: &mut State<S>,
        candidate: NodeId,
        end: (Term, Index),
        out: &mut Out<S>,
    ) {
        let mut is_free = state.voted_for.is_none_or(|other| other == candidate);
        if self.bug == Some(Bug::DoubleVote) && !is_free {
            out.mark(Bug::DoubleVote.name());
            is_free = true;
        }
        if is_free && self.is_up_to_date(state, end, out) {
            state.voted_for = Some(candidate);
            wait_for_leader(out);
            out.send(candidate, Message::Vote { term: state.term, granted: true });
        }
    }

    /// Whether a log with this end lacks nothing that may be committed, as far as this server can
    /// tell: it ends in a later term, or in the same term and no earlier (§5.4.1).
    fn is_up_to_date(&self, state: &State<S>, end: (Term, Index), out: &mut Out<S>) -> bool {
        let (_, last_index) = end;
        let is_up_to_date = end >= (state.log.last_term(), state.log.last());
        let (bug, mistaken) = match self.bug {
            Some(bug @ Bug::NoElectionRestriction) => (bug, true),
            Some(bug @ Bug::LengthOnly) => (bug, last_index >= state.log.last()),
            _ => return is_up_to_date,
        };
        if mistaken != is_up_to_date {
            out.mark(bug.name());
        }
        mistaken
    }

    /// Counts a vote; with a majority the candidate leads (§5.2), and says so at once.
    fn count_vote(&self, state: &mut State<S>, voter: NodeId, out: &mut Out<S>) {
        let Role::Candidate { votes } = &mut state.role else {
            unreachable!("only candidates count votes");
        };
        if let Err(at) = votes.binary_search(&voter) {
            votes.insert(at, voter);
        }
        let members = Membership::of(out.nodes());
        let mut elected = members.decided_by(votes);
        if self.bug == Some(Bug::MinorityQuorum) && !elected {
            elected = members.count(votes) >= members.voters.len() / 2;
            if elected {
                out.mark(Bug::MinorityQuorum.name());
            }
        }
        if elected {
            let next = state.log.last().next();
            let unknown = Progress { next, matched: Index(0), asked: false };
            state.role = Role::Leader { followers: vec![unknown; out.cluster()] };
            out.cancel_timer(Timer::Election);
            out.set_timer(Timer::Heartbeat, HEARTBEAT);
            out.emit(Event::Elected { term: state.term });
            send_heartbeats(state, out);
        }
    }

    /// Takes a leader's entries (Figure 2, *AppendEntries*, 2 to 5). `prev` is the term and place
    /// of the entry just before them.
    fn take_entries(
        &self,
        state: &mut State<S>,
        leader: NodeId,
        prev: (Term, Index),
        entries: Vec<Entry<S::Operation>>,
        commit: Index,
        out: &mut Out<S>,
    ) {
        if self.bug == Some(Bug::StepDownSameTerm) && state.voted_for.take().is_some() {
            out.mark(Bug::StepDownSameTerm.name());
        }
        let (prev_term, prev_index) = prev;
        if !self.has_entry(state, prev_term, prev_index, out) {
            let hint = state.log.last().min(prev_index.before());
            out.send(leader, Message::Rejected { term: state.term, hint });
            return;
        }
        let mut matched = Index(prev_index.0 + entries.len() as u32);
        self.store_entries(state, prev_index, entries, out);

        // Nothing is known of what the follower has behind the entries received.
        let mut known = commit.min(matched);
        let last = state.log.last();
        if self.bug == Some(Bug::CommitBeyondMatch) && known < commit.min(last) {
            out.mark(Bug::CommitBeyondMatch.name());
            known = commit.min(last);
        }
        if self.bug == Some(Bug::MatchIsLastIndex) && matched < last {
            out.mark(Bug::MatchIsLastIndex.name());
            matched = last;
        }
        self.commit_up_to(state, known, out);
        out.send(leader, Message::Appended { term: state.term, matched });
    }

    /// Whether the log has an entry of that term there (§5.3, the consistency check).
    fn has_entry(&self, state: &State<S>, term: Term, index: Index, out: &mut Out<S>) -> bool {
        let has_it = state.log.term_at(index) == Some(term);
        if self.bug == Some(Bug::NoPrevCheck) && !has_it && index <= state.log.last() {
            out.mark(Bug::NoPrevCheck.name());
            return true;
        }
        has_it
    }

    /// Stores the entries that the log lacks. What conflicts with them is removed with all that
    /// follows it; what merely lies behind them stays, for the message may be an old one.
    fn store_entries(
        &self,
        state: &mut State<S>,
        prev_index: Index,
        entries: Vec<Entry<S::Operation>>,
        out: &mut Out<S>,
    ) {
        let stored = state.log.behind(prev_index).iter().zip(&entries);
        let agreeing = stored.take_while(|(old, new)| old.term == new.term).count();
        let agreed = Index(prev_index.0 + agreeing as u32);
        let mut conflicts = agreeing < entries.len() && agreed < state.log.last();
        if self.bug == Some(Bug::TruncateOnAnyAppend) && !conflicts && agreed < state.log.last() {
            out.mark(Bug::TruncateOnAnyAppend.name());
            conflicts = true;
        }
        if conflicts {
            state.log.truncate(agreed);
            out.emit(Event::Truncated { from: agreed.next() });
        }
        for entry in entries.into_iter().skip(agreeing) {
            state.log.append(entry);
            out.emit(Event::Stored { index: state.log.last() });
        }
    }

    /// A follower's log agrees with the leader's that far; perhaps a majority's do now.
    fn note_matched(&self, state: &mut State<S>, from: NodeId, matched: Index, out: &mut Out<S>) {
        let Role::Leader { followers } = &mut state.role else {
            unreachable!("only leaders learn what others hold");
        };
        let progress = &mut followers[from.index()];
        let news = matched > progress.matched;
        // Results overtake each other: what was known stays known.
        progress.matched = progress.matched.max(matched);
        progress.next = progress.matched.next();
        let lacks_entries = progress.next <= state.log.last();
        if news {
            self.advance_commit(state, out);
        } else if lacks_entries && progress.asked {
            // The answer to a heartbeat: the entries are lost, or still on their way.
            progress.asked = false;
            send_entries(state, from, out);
        }
    }

    /// Commits what a majority holds, if the last entry of it is of the leader's own term (§5.4.2).
    fn advance_commit(&self, state: &mut State<S>, out: &mut Out<S>) {
        let Role::Leader { followers } = &state.role else {
            unreachable!("only leaders decide what is committed");
        };
        let (me, last) = (out.me(), state.log.last());
        let held = Membership::of(out.nodes()).held_by_majority(|node| {
            if node == me { last } else { followers[node.index()].matched }
        });
        let mut is_committed = state.log.term_at(held) == Some(state.term);
        if self.bug == Some(Bug::CommitOldTerm) && !is_committed && held > state.commit {
            out.mark(Bug::CommitOldTerm.name());
            is_committed = true;
        }
        if is_committed {
            self.commit_up_to(state, held, out);
        }
    }

    /// Applies what is newly known to be committed, in order; a leader answers the clients.
    fn commit_up_to(&self, state: &mut State<S>, commit: Index, out: &mut Out<S>) {
        while state.commit < commit {
            state.commit = state.commit.next();
            let entry = state.log.at(state.commit).expect("a committed entry").clone();
            let output = self.apply(state, &entry.request, out);
            let Request { client, serial, .. } = entry.request;
            out.emit(Event::Applied { index: state.commit, entry });
            if let Some(output) = output.filter(|_| state.leads()) {
                out.emit(Event::Replied { client, serial, output });
            }
        }
    }

    /// Applies a command once, however often it is in the log (dissertation §6.3), and returns the
    /// answer that its client waits for, if it does.
    fn apply(
        &self,
        state: &mut State<S>,
        request: &Request<S::Operation>,
        out: &mut Out<S>,
    ) -> Option<S::Output> {
        match state.applied.seen(request.client, request.serial) {
            Seen::New => Some(state.applied.apply(request)),
            Seen::Again(_) | Seen::Old if self.bug == Some(Bug::DuplicateApply) => {
                out.mark(Bug::DuplicateApply.name());
                Some(state.applied.apply(request))
            }
            Seen::Again(output) => Some(output),
            Seen::Old => None,
        }
    }
}
