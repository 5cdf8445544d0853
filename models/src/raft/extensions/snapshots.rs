//! Snapshots in the place of entries that were applied (§7).

use splitbrain::NodeId;

use super::super::log::{Base, Entry, Index};
use super::super::state::{Event, Message, Role, State, Term};
use super::super::{Bug, Out, Raft};
use crate::parts::machine::{Applied, StateMachine};
use crate::parts::segments::Segments;

/// Whether the next entry for this follower was discarded.
pub(in super::super) fn lacks_discarded<S: StateMachine>(state: &State<S>, to: NodeId) -> bool {
    let Role::Leader(leader) = &state.role else {
        unreachable!("only leaders know what followers lack");
    };
    leader.followers[to.index()].next <= state.log.base().index
}

/// Sends a follower the snapshot, and all entries behind it.
pub(in super::super) fn send_snapshot<S: StateMachine>(
    state: &State<S>,
    to: NodeId,
    out: &mut Out<S>,
) {
    let (term, base) = (state.term, state.log.base().clone());
    let entries = state.log.entries().clone();
    let (prev_index, prev_term) = (base.index, base.term);
    let applied = state.snapshot.clone().expect("what was discarded is in a snapshot");
    out.send(to, Message::InstallSnapshot { term, base, applied });
    if !entries.is_empty() {
        let commit = state.commit;
        out.send(to, Message::Append { term, prev_index, prev_term, entries, commit });
    }
}

/// What a leader sent: the term and place just before the entries, and the entries.
type Sent<C> = ((Term, Index), Segments<Entry<C>>);

impl<S: StateMachine> Raft<S> {
    /// What a leader sent, without what this server's snapshot stands for: that is committed, so any
    /// later leader's log agrees with it.
    pub(in super::super) fn behind_base(
        &self,
        state: &mut State<S>,
        prev: (Term, Index),
        entries: Segments<Entry<S::Operation>>,
        out: &mut Out<S>,
    ) -> Sent<S::Operation> {
        let (_, prev_index) = prev;
        let base = (state.log.base().term, state.log.base().index);
        let covered = base.1.0.saturating_sub(prev_index.0) as usize;
        if covered == 0 {
            return (prev, entries);
        }
        if self.bug == Some(Bug::PurgedPrevDeletesAll) && state.log.last() > base.1 {
            out.mark(Bug::PurgedPrevDeletesAll.name());
            state.log.truncate(base.1);
        }
        (base, entries.behind(covered))
    }

    /// Puts a snapshot in the place of what was applied, once that is enough.
    pub(in super::super) fn compact(&self, state: &mut State<S>, out: &mut Out<S>) {
        let Some(enough) = self.options.compact else { return };
        let mut end = state.commit;
        if end.0 - state.log.base().index.0 < enough {
            return;
        }
        if self.bug == Some(Bug::SnapshotMislabel) {
            end = end.before();
            if end <= state.log.base().index {
                return;
            }
            out.mark(Bug::SnapshotMislabel.name());
        }
        let base = state.log.base_at(end);
        state.log.rebase(base);
        state.snapshot = Some(state.applied.clone());
        out.emit(Event::Compacted);
    }

    /// Takes over the leader's snapshot (Figure 13).
    pub(super) fn install(
        &self,
        state: &mut State<S>,
        leader: NodeId,
        base: Base,
        applied: Applied<S>,
        out: &mut Out<S>,
    ) {
        state.role = Role::Follower;
        let end = base.index;
        // What is committed here already is as good as the snapshot.
        let mut is_news = end > state.commit;
        if self.bug == Some(Bug::SnapshotTruncatesSuffix) && self.truncates(state, &base) {
            out.mark(Bug::SnapshotTruncatesSuffix.name());
            state.log.truncate(end);
            is_news = true;
        }
        if is_news {
            // Entries behind the snapshot stay, if they continue it.
            state.log.rebase(base);
            state.commit = end;
            state.members = self.members_in_force(&state.log, end, out.cluster());
            state.snapshot = Some(applied.clone());
            state.applied = applied;
            out.emit(Event::Installed { suffix: state.log.last() > end });
        }
        self.hear_leader(state, out);
        out.send(leader, Message::Appended { term: state.term, matched: end });
    }

    /// Whether there are entries that continue this snapshot, which is no older than the server's own.
    fn truncates(&self, state: &State<S>, base: &Base) -> bool {
        let continues = state.log.term_at(base.index) == Some(base.term);
        continues && state.log.last() > base.index
    }
}
