//! What servers do: as the primary, as a backup, and when the view changes.

use splitbrain::{NodeId, Outbox};

use super::{Bug, Event, Message, Mode, PrimaryBackup, Request, SERVICE, Server};
use crate::parts::in_order::Sequence;
use crate::parts::view::View;

impl Server {
    /// Whether it takes itself for the primary.
    pub fn leads(&self, me: NodeId) -> bool {
        self.view.primary == me && self.view.number > 0
    }

    /// How far that backup is, as far as the primary knows; nothing before it has the history.
    fn held_by(&self, backup: NodeId) -> Option<Sequence> {
        self.held.iter().find(|(one, _)| *one == backup).map(|(_, last)| *last)
    }

    /// Whether every backup has the history of this view, as far as the primary knows.
    fn has_transferred(&self) -> bool {
        self.view.backups.iter().all(|backup| self.held_by(*backup).is_some())
    }
}

/// The primary.
impl PrimaryBackup {
    /// A client updates. What is known already is on its way to the backups, or answered again.
    pub(super) fn update(&self, server: &mut Server, update: Request, out: &mut Outbox<Self>) {
        if let Some(at) = server.history.taken().iter().position(|known| *known == update) {
            let total = at as u32 + 1;
            if total <= server.answered.0 {
                out.emit(Event::Updated { request: update, total });
            }
            return;
        }
        let sequence = server.history.append(update);
        for (backup, _) in &server.held {
            let view = server.view.clone();
            out.send(*backup, Message::Forward { view, sequence, update });
        }
        self.answer(server, out);
    }

    /// Answers every update that is where it must be.
    fn answer(&self, server: &mut Server, out: &mut Outbox<Self>) {
        // An acknowledgement under another view may speak of more than this primary has.
        let mut safe = self.safe(server).min(server.history.last());
        if self.has(Bug::AckBeforeBackup) && safe < server.history.last() {
            out.mark(Bug::AckBeforeBackup.name());
            safe = server.history.last();
        }
        while server.answered < safe {
            let request = server.history.after(server.answered)[0];
            server.answered = server.answered.next();
            out.emit(Event::Updated { request, total: server.answered.0 });
        }
    }

    /// Up to where updates are where they must be before they are answered.
    fn safe(&self, server: &Server) -> Sequence {
        let held = |backup: &NodeId| server.held_by(*backup).unwrap_or_default();
        let least = self.awaited(server).iter().map(held).min();
        least.unwrap_or(server.history.last())
    }

    /// The backups that the primary waits for.
    fn awaited<'a>(&self, server: &'a Server) -> &'a [NodeId] {
        let backups = &server.view.backups;
        match self.mode {
            Mode::Synchronous => backups,
            Mode::SemiSynchronous => &backups[..backups.len().min(1)],
            Mode::Asynchronous => &[],
        }
    }

    /// A backup has acknowledged. At first that is the history, and what came since is sent after
    /// it.
    pub(super) fn note_held(
        &self,
        server: &mut Server,
        backup: NodeId,
        last: Sequence,
        out: &mut Outbox<Self>,
    ) {
        if let Some((_, known)) = server.held.iter_mut().find(|(one, _)| *one == backup) {
            *known = last.max(*known);
        } else {
            let lacks = last < server.history.last();
            let mut held = last;
            if lacks && self.has(Bug::TransferRace) {
                out.mark(Bug::TransferRace.name());
                held = server.history.last();
            } else {
                forward_after(server, backup, last, out);
            }
            server.held.push((backup, held));
            server.held.sort_unstable();
            if server.has_transferred() {
                out.send(SERVICE, Message::Ping(server.view.number));
            }
        }
        self.answer(server, out);
    }

    /// A client queries. Whoever the primary waits for has to confirm that it is the primary.
    pub(super) fn query(&self, server: &mut Server, query: Request, out: &mut Outbox<Self>) {
        let awaited = self.awaited(server);
        if awaited.is_empty() {
            return report(server, query, out);
        }
        if self.has(Bug::OldPrimaryReads) {
            out.mark(Bug::OldPrimaryReads.name());
            return report(server, query, out);
        }
        for backup in awaited {
            out.send(*backup, Message::Confirm { view: server.view.clone(), query });
        }
        server.asking.retain(|(known, _)| known.client != query.client);
        server.asking.push((query, Vec::new()));
        server.asking.sort_unstable();
    }

    /// A backup has confirmed, and perhaps it was the last that was to.
    pub(super) fn note_confirmed(
        &self,
        server: &mut Server,
        backup: NodeId,
        query: Request,
        out: &mut Outbox<Self>,
    ) {
        let Some(at) = server.asking.iter().position(|(known, _)| *known == query) else { return };
        let confirmed = &mut server.asking[at].1;
        if let Err(place) = confirmed.binary_search(&backup) {
            confirmed.insert(place, backup);
        }
        let confirmed = server.asking[at].1.clone();
        if self.awaited(server).iter().all(|backup| confirmed.contains(backup)) {
            server.asking.remove(at);
            report(server, query, out);
        }
    }
}

/// Backups, and changes of the view.
impl PrimaryBackup {
    /// A server hears of a view, and acts by it if it is newer.
    pub(super) fn hear_of(&self, server: &mut Server, view: &View, out: &mut Outbox<Self>) {
        if view.number <= server.view.number {
            return;
        }
        let led = server.leads(out.me());
        server.view = view.clone();
        server.ready = server.leads(out.me());
        server.history.forget_early();
        server.held.clear();
        server.asking.clear();
        if !server.ready {
            return;
        }
        if !led {
            // Whoever follows has all that was answered. What was not is answered when it is asked
            // again: nobody but this server can be the next primary now, so it is there to stay.
            server.answered = server.history.last();
        }
        out.emit(Event::Acts(view.number));
        self.transfer(server, out);
        self.answer(server, out);
    }

    /// Sends its history to the backups that are not known to have it. If all have, its part in
    /// this view is done.
    fn transfer(&self, server: &Server, out: &mut Outbox<Self>) {
        for backup in server.view.backups.iter().filter(|one| server.held_by(**one).is_none()) {
            let (view, history) = (server.view.clone(), server.history.taken().to_vec());
            out.send(*backup, Message::Transfer { view, history });
        }
        if server.has_transferred() {
            out.send(SERVICE, Message::Ping(server.view.number));
        }
    }

    /// Whether what was sent under the view of that number concerns the server: it is in no newer
    /// one.
    pub(super) fn minds(&self, server: &Server, number: u32, out: &mut Outbox<Self>) -> bool {
        if number < server.view.number && self.has(Bug::NoViewCheck) {
            out.mark(Bug::NoViewCheck.name());
            return true;
        }
        number == server.view.number
    }

    /// A backup is given the primary's history. In a new view it takes that in place of its own,
    /// which may have what nobody was answered. The second time it takes what it lacks: it may have
    /// been given more since this was sent.
    pub(super) fn be_given(
        &self,
        server: &mut Server,
        from: NodeId,
        history: Vec<Request>,
        out: &mut Outbox<Self>,
    ) {
        if server.ready {
            for (number, update) in (1..).map(Sequence).zip(history) {
                server.history.offer(number, update);
            }
        } else {
            server.history.replace(history);
            server.ready = true;
            out.emit(Event::Transferred);
        }
        let (view, last) = (server.view.number, server.history.last());
        out.send(from, Message::Acknowledge { view, last });
    }

    /// A backup takes an update when its turn has come.
    pub(super) fn take(
        &self,
        server: &mut Server,
        sequence: Sequence,
        update: Request,
        out: &mut Outbox<Self>,
    ) {
        let early = sequence > server.history.last().next();
        if early && self.has(Bug::UnorderedApply) && !server.history.taken().contains(&update) {
            out.mark(Bug::UnorderedApply.name());
            server.history.append(update);
            return;
        }
        server.history.offer(sequence, update);
    }

    /// Says again what may be lost: that it is alive, and how far it is in its view; as the
    /// primary, what backups are not known to have.
    pub(super) fn repeat(&self, server: &mut Server, out: &mut Outbox<Self>) {
        if !server.leads(out.me()) {
            if self.has(Bug::SplitBrain) && server.ready {
                out.mark(Bug::SplitBrain.name());
                let (number, primary) = (server.view.number + 1, out.me());
                let backups = server.view.backups.iter().copied();
                let backups = backups.filter(|backup| *backup != primary).collect();
                return self.hear_of(server, &View { number, primary, backups }, out);
            }
            return out.send(SERVICE, Message::Ping(server.view.number));
        }
        match self.has(Bug::TransferOnce) && !server.has_transferred() {
            true => out.mark(Bug::TransferOnce.name()),
            false => self.transfer(server, out),
        }
        for (backup, last) in &server.held {
            forward_after(server, *backup, *last, out);
        }
        if !server.has_transferred() {
            // It is alive, but its part in this view is not done.
            out.send(SERVICE, Message::Ping(server.view.number - 1));
        }
    }
}

/// Forwards to a backup what it lacks.
fn forward_after(server: &Server, backup: NodeId, last: Sequence, out: &mut Outbox<PrimaryBackup>) {
    for (number, update) in (last.0 + 1..).zip(server.history.after(last)) {
        let (view, sequence, update) = (server.view.clone(), Sequence(number), *update);
        out.send(backup, Message::Forward { view, sequence, update });
    }
}

/// Answers a query with the object after the last update that was answered.
fn report(server: &Server, request: Request, out: &mut Outbox<PrimaryBackup>) {
    out.emit(Event::Queried { request, total: server.answered.0 });
}
