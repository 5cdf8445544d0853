//! How news travel: what rides on a message, and what becomes of it where it arrives.

use splitbrain::NodeId;

use super::{Bug, Event, Member, Message, Out, Purpose, Rumor, State, Swim};
use crate::parts::membership::{Record, Status};

impl Swim {
    /// Sends a message with everything that is still to be told, and what its reader is accused of.
    /// A ping also says who sends it.
    pub(super) fn send(&self, state: &mut State, to: NodeId, purpose: Purpose, out: &mut Out) {
        let mut rumors = Vec::new();
        if state.tells > 0 || matches!(purpose, Purpose::Ping { .. }) {
            state.tells = state.tells.saturating_sub(1);
            rumors.push(Rumor(out.me(), state.own()));
        }
        for (node, member) in out.nodes().zip(&mut state.members) {
            let Some(member) = member else { continue };
            let accused = node == to && member.record.status != Status::Alive;
            if member.tells > 0 || accused {
                member.tells = member.tells.saturating_sub(1);
                rumors.push(Rumor(node, member.record));
            }
        }
        self.carry(to, Message { purpose, rumors }, out);
    }

    /// Gives a message to the network, which may have a broken link.
    pub(super) fn carry(&self, to: NodeId, message: Message, out: &mut Out) {
        let broken = self.cut && out.me().0 <= 1 && to.0 <= 1;
        if !broken {
            out.send(to, message);
        }
    }

    /// Takes up a rumor.
    pub(super) fn hear(&self, state: &mut State, Rumor(of, record): Rumor, out: &mut Out) {
        if of != out.me() {
            self.learn(state, of, record, out);
        } else if record.supersedes(state.own()) {
            self.refute(state, record, out);
        } else if record.status != Status::Alive {
            // That is refuted already; whoever says it has not heard.
            state.tells = self.tells;
        }
    }

    /// Says that it is alive, in an incarnation of which nothing else was ever said.
    fn refute(&self, state: &mut State, accusation: Record, out: &mut Out) {
        if self.has(Bug::NoSelfRefute) {
            return out.mark(Bug::NoSelfRefute.name());
        }
        state.incarnation = accusation.incarnation.next();
        state.tells = self.tells;
        out.emit(Event::Refutes(state.incarnation));
    }

    /// Comes to know something of another member, if it is news; then it is to be told.
    pub(super) fn learn(&self, state: &mut State, of: NodeId, record: Record, out: &mut Out) {
        let known = state.members[of.index()];
        if !self.is_news(known.map(|member| member.record), record, out) {
            return;
        }
        let hole =
            |known: Member| known.record.status == Status::Dead && record.status == Status::Dead;
        if self.has(Bug::DeadIncarnationHole) && known.is_some_and(hole) {
            // It is dead already: what could there be to do?
            out.mark(Bug::DeadIncarnationHole.name());
            return out.emit(Event::News(of, record));
        }
        let mut suspicion = if record.status == Status::Suspect { self.suspicion } else { 0 };
        let running = known.map_or(0, |member| member.suspicion);
        if self.has(Bug::TimerNotPerIncarnation) && running > 0 && !record.is_gone() {
            out.mark(Bug::TimerNotPerIncarnation.name());
            suspicion = running;
        }
        state.members[of.index()] = Some(Member { record, suspicion, tells: self.tells });
        out.emit(Event::News(of, record));
    }

    /// Whether a record is newer than what is known.
    fn is_news(&self, known: Option<Record>, record: Record, out: &mut Out) -> bool {
        let Some(known) = known else { return true };
        let right = record.supersedes(known);
        let taken = match self.bug {
            // Whatever is heard last counts, unless it was declared dead.
            Some(Bug::NoIncarnation) if !known.is_gone() => record.status != known.status || right,
            Some(Bug::AliveGeSuspect) if known.status == Status::Suspect => {
                right || record == Record::alive(known.incarnation)
            }
            Some(Bug::SuspectReadds) if known.is_gone() => {
                right || record.status == Status::Suspect
            }
            _ => right,
        };
        if let Some(bug) = self.bug
            && taken != right
        {
            out.mark(bug.name());
        }
        taken
    }
}
