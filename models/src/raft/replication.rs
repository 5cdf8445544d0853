//! Replication (§5.3) and commitment (§5.4).

use splitbrain::NodeId;

use super::extensions::{lacks_discarded, send_snapshot};
use super::log::{Entry, Index, Payload};
use super::members::Configuration;
use super::state::{Event, Message, Role, State, Term, Wait};
use super::{Bug, Out, Raft};
use crate::parts::machine::{Request, Seen, StateMachine};
use crate::parts::segments::Segments;

/// Whom a leader sends its log: the members in force, those to come and the learners among them.
fn followers<'a, S: StateMachine>(
    members: &'a Configuration,
    out: &Out<S>,
) -> impl Iterator<Item = NodeId> + use<'a, S> {
    out.peers().filter(|peer| members.include(*peer))
}

/// Tells all followers who leads and what is committed; without entries (§5.2).
pub(super) fn send_heartbeats<S: StateMachine>(state: &State<S>, out: &mut Out<S>) {
    for peer in followers(&state.members, out) {
        if lacks_discarded(state, peer) {
            send_snapshot(state, peer, out);
            continue;
        }
        let (prev_index, prev_term) = next_for(state, peer);
        let (term, commit) = (state.term, state.commit);
        let entries = Segments::new();
        out.send(peer, Message::Append { term, prev_index, prev_term, entries, commit });
    }
}

/// Sends a follower all entries from its `next` on (§5.3).
pub(super) fn send_entries<S: StateMachine>(state: &State<S>, to: NodeId, out: &mut Out<S>) {
    if lacks_discarded(state, to) {
        return send_snapshot(state, to, out);
    }
    let (prev_index, prev_term) = next_for(state, to);
    let entries = state.log.suffix(prev_index);
    let (term, commit) = (state.term, state.commit);
    out.send(to, Message::Append { term, prev_index, prev_term, entries, commit });
}

/// Place and term of the entry before the next one for this follower.
fn next_for<S: StateMachine>(state: &State<S>, follower: NodeId) -> (Index, Term) {
    let Role::Leader(leader) = &state.role else {
        unreachable!("only leaders send entries");
    };
    // A follower cannot hold more of the leader's log than there is, whatever it claims.
    let prev_index = leader.followers[follower.index()].next.before().min(state.log.last());
    let prev_term = state.log.term_at(prev_index).expect("a place within the leader's log");
    (prev_index, prev_term)
}

/// A follower lacks the entry before those it was sent: the leader tries an earlier one (§5.3),
/// at once, unless it knows better by now.
pub(super) fn go_back<S: StateMachine>(
    state: &mut State<S>,
    from: NodeId,
    hint: Index,
    out: &mut Out<S>,
) {
    let Role::Leader(leader) = &mut state.role else {
        unreachable!("only leaders go back");
    };
    let progress = &mut leader.followers[from.index()];
    let earlier = hint.max(progress.matched).next();
    if earlier < progress.next && state.members.include(from) {
        progress.next = earlier;
        send_entries(state, from, out);
    }
}

impl<S: StateMachine> Raft<S> {
    /// A leader adds an entry to its log, and sends it on.
    pub(super) fn append(
        &self,
        state: &mut State<S>,
        payload: Payload<S::Operation>,
        out: &mut Out<S>,
    ) {
        if let (Role::Leader(leader), Some(_)) = (&mut state.role, payload.members()) {
            self.end_lease(leader);
        }
        self.store(state, Entry { term: state.term, payload }, out);
        self.advance_commit(state, out);
        followers(&state.members, out).for_each(|peer| send_entries(state, peer, out));
        self.complete_change(state, out);
    }

    /// Adds an entry to the log. Members are in force as soon as they are there (§6).
    fn store(&self, state: &mut State<S>, entry: Entry<S::Operation>, out: &mut Out<S>) {
        let names_members = entry.payload.members().is_some();
        state.log.append(entry);
        if names_members {
            state.members = self.members_in_force(&state.log, state.commit, out.cluster());
            self.mark_members_late(state, out);
        }
        out.emit(Event::Stored { index: state.log.last() });
    }

    /// Takes a leader's entries (Figure 2, *AppendEntries*, 2 to 5). `prev` is the term and place
    /// of the entry just before them.
    pub(super) fn take_entries(
        &self,
        state: &mut State<S>,
        leader: NodeId,
        prev: (Term, Index),
        entries: Segments<Entry<S::Operation>>,
        commit: Index,
        out: &mut Out<S>,
    ) {
        if self.bug == Some(Bug::StepDownSameTerm) && state.voted_for.take().is_some() {
            out.mark(Bug::StepDownSameTerm.name());
        }
        let (prev, entries) = self.behind_base(state, prev, entries, out);
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
        entries: Segments<Entry<S::Operation>>,
        out: &mut Out<S>,
    ) {
        let agreeing = state.log.agreeing_behind(prev_index, &entries);
        let agreed = Index(prev_index.0 + agreeing as u32);
        let mut conflicts = agreeing < entries.len() && agreed < state.log.last();
        if self.bug == Some(Bug::TruncateOnAnyAppend) && !conflicts && agreed < state.log.last() {
            out.mark(Bug::TruncateOnAnyAppend.name());
            conflicts = true;
        }
        if conflicts {
            let changed = state.log.members_behind(agreed);
            state.log.truncate(agreed);
            if changed {
                self.roll_back_members(state, out);
            }
            out.emit(Event::Truncated { from: agreed.next() });
        }
        for entry in entries.range(agreeing, entries.len()) {
            self.store(state, entry.clone(), out);
        }
    }

    /// A follower's log agrees with the leader's that far; perhaps a majority's do now.
    pub(super) fn note_matched(
        &self,
        state: &mut State<S>,
        from: NodeId,
        matched: Index,
        out: &mut Out<S>,
    ) {
        let Role::Leader(leader) = &mut state.role else {
            unreachable!("only leaders learn what others hold");
        };
        let progress = &mut leader.followers[from.index()];
        let news = matched > progress.matched;
        // Results overtake each other: what was known stays known.
        progress.matched = progress.matched.max(matched);
        progress.next = progress.matched.next();
        let lacks_entries = progress.next <= state.log.last();
        if news {
            self.advance_commit(state, out);
            self.complete_change(state, out);
        } else if lacks_entries && progress.asked && state.members.include(from) {
            // The answer to a heartbeat: the entries are lost, or still on their way.
            progress.asked = false;
            send_entries(state, from, out);
        }
        self.hand_over_if_caught_up(state, out);
    }

    /// Commits what a majority holds, if the last entry of it is of the leader's own term (§5.4.2).
    fn advance_commit(&self, state: &mut State<S>, out: &mut Out<S>) {
        let Role::Leader(leader) = &state.role else {
            unreachable!("only leaders decide what is committed");
        };
        let (me, last) = (out.me(), state.log.last());
        let held = |node: NodeId| {
            if node == me { last } else { leader.followers[node.index()].matched }
        };
        let held = self.held_by_enough(&state.members, held, out);
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
            let answer = entry.payload.request().and_then(|request| {
                let output = self.apply(state, request, out)?;
                Some((request.client, request.serial, output))
            });
            if self.bug == Some(Bug::ConfigOnCommitOnly) {
                state.members = self.members_in_force(&state.log, state.commit, out.cluster());
            }
            out.emit(Event::Applied { index: state.commit, entry });
            if let Some((client, serial, output)) = answer.filter(|_| state.leads()) {
                out.emit(Event::Replied { client, serial, output });
            }
        }
        self.answer_reads(state, Wait::Commitment, out);
        self.compact(state, out);
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
