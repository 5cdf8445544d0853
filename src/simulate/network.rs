//! The network of a run: messages on their way, lost, doubled and arriving.

use std::sync::Arc;

use super::agenda::{Fate, Happening};
use super::outcome::Record;
use super::run::Run;
use crate::mail::Links;
use crate::node::Occurrence;
use crate::protocol::{NodeId, Protocol};
use crate::random::chance;
use crate::step::{Act, Step};

impl<P: Protocol, R: Record<P>> Run<'_, P, R> {
    /// The place of what is kept of a link.
    pub(super) fn link(&self, from: NodeId, to: NodeId) -> usize {
        from.index() * self.scenario.nodes + to.index()
    }

    /// Sends a message on its way: it arrives after its latency, or is lost, or arrives twice.
    #[inline]
    pub(super) fn send(&mut self, from: NodeId, to: NodeId, message: P::Message) {
        if self.roads.wires.is_some() {
            return self.send_by_wire(from, to, message);
        }
        let plan = self.plan;
        let cut = self.cuts[self.link(from, to)] > 0;
        let fate = match cut {
            true => Fate::Cut,
            false if self.happens_to_mail(plan.loss) => Fate::Lost,
            false => Fate::Arrives,
        };
        let twice = self.happens_to_mail(plan.duplication);
        if twice && fate == Fate::Arrives && self.scenario.links != Links::Fifo {
            self.outcome.tally.duplicated += 1;
            self.travel(from, to, message.clone(), fate);
            self.travel(from, to, message.clone(), fate);
            if R::ON && self.scenario.links == Links::Unordered {
                self.record.write(Step::new(to, Act::Duplicate { from, message }));
            }
        } else {
            self.travel(from, to, message, fate);
        }
    }

    /// Whether something befalls a message that befalls so many in a million, while the storm lasts.
    fn happens_to_mail(&mut self, millionths: u32) -> bool {
        if self.stormy && millionths == 0 {
            self.stream.skip();
            return false;
        }
        self.stormy && chance(&mut self.stream, millionths)
    }

    #[inline]
    pub(super) fn travel(&mut self, from: NodeId, to: NodeId, message: P::Message, fate: Fate) {
        let waiting = &mut self.waiting[to.index()];
        *waiting += 1;
        if *waiting == 1 && self.world.nodes[to.index()].up {
            self.awaiting += 1;
        }
        let links = self.scenario.links;
        if self.keeps_mail {
            Arc::make_mut(&mut self.world.mail[to.index()]).put(links, from, message.clone());
        }
        let mut at = self.now + self.travel_time(from, to);
        if links == Links::Fifo {
            let last = self.last_arrival.entry((from, to)).or_default();
            at = at.max(*last);
            *last = at;
        }
        self.agenda.put(at, Happening::Arrive { to, from, message, fate });
    }

    #[inline]
    pub(super) fn arrive(&mut self, to: NodeId, from: NodeId, message: P::Message, fate: Fate) {
        let at = to.index();
        self.waiting[at] -= 1;
        if self.waiting[at] == 0 && self.world.nodes[at].up {
            self.awaiting -= 1;
        }
        if self.keeps_mail {
            let links = self.scenario.links;
            Arc::make_mut(&mut self.world.mail[at]).take(links, from, &message);
        }
        match fate {
            Fate::Arrives if self.world.nodes[at].up => {
                self.outcome.tally.delivered += 1;
                let act = R::ON.then(|| Act::Deliver { from, message: message.clone() });
                self.step(to, act, Occurrence::Message { from, message });
            }
            Fate::Arrives | Fate::Lost | Fate::Cut => {
                let tally = &mut self.outcome.tally;
                let count = if fate == Fate::Lost { &mut tally.lost } else { &mut tally.cut };
                *count += 1;
                if R::ON && self.scenario.links != Links::Set {
                    self.record.write(Step::new(to, Act::Drop { from, message }));
                }
                self.outcome.tally.steps += 1;
                self.judge(Some(to));
            }
        }
    }
}
