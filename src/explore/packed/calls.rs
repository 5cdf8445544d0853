//! What can happen at a slot, and what handlers answer: each is called once for each local state
//! and each thing that happened to it.

use super::meaning::{Answer, Cost, DeedKind, Meaning, Sighting, What};
use super::place::{held_bit, intern};
use super::tables::{Deed, IMPURE, Move, OUTSIDE, SlotHead, TICKS, Tables, UNKNOWN, UNSEEN};
use crate::audience::{Audience, Shown};
use crate::invariant::Scope;
use crate::node::{Node, Occurrence, Panicked};
use crate::protocol::{Chooser, NodeId, Protocol};
use crate::situation::{Fate, fates, is_sighted, other_acts};
use crate::step::{Act, Step};
use std::sync::Arc;

impl<P: Protocol> Meaning<'_, P> {
    /// What can happen at a slot, in the order of its content.
    pub(super) fn find_deeds(&mut self, tables: &mut Tables, at: usize, slot: u32) {
        let me = NodeId::at(at);
        let (local, mail) = self.places[at].parts(slot);
        let node = Arc::clone(self.places[at].local(local));
        let letters: Vec<u32> = self.places[at].deliverable(mail).to_vec();
        let first = tables.places[at].deeds.len();
        for fate in fates(self.scenario, node.up) {
            for &letter in &letters {
                let cost = match fate {
                    Fate::Deliver => 0,
                    Fate::Drop => self.letter_cost(at, Cost::Drop, fate, letter),
                    Fate::Duplicate => self.letter_cost(at, Cost::Duplicate, fate, letter),
                };
                self.deed(tables, at, DeedKind::Letter(fate, letter), cost, 0);
            }
        }
        for (timer, _) in node.timers.iter().filter(|_| node.up) {
            let guard = self.timer_guard(tables, me, timer);
            let cost = self.act_cost(me, Act::Timeout(timer.clone()));
            let what = intern(&mut self.calls[at].whats, What::Timer(timer.clone()));
            self.deed(tables, at, DeedKind::Call(what), cost, guard);
        }
        let early = tables.places[at].deeds.len() - first;
        for act in other_acts(self.scenario, me, &node) {
            let (cost, guard) = match act {
                Act::Tick if node.clock.unwrap_or(0) >= self.scenario.clocks.until => {
                    (self.cost(Cost::ClockEnds, None), TICKS)
                }
                Act::Tick => (0, TICKS),
                _ => (self.act_cost(me, act.clone()), 0),
            };
            let what = intern(&mut self.calls[at].whats, What::Other(act));
            self.deed(tables, at, DeedKind::Call(what), cost, guard);
        }
        let table = &mut tables.places[at];
        let late = table.deeds.len() - first - early;
        table.heads[slot as usize] = SlotHead {
            deeds: first as u32,
            early: early as u32,
            late: late as u32,
            ..table.heads[slot as usize]
        };
    }

    /// The deed of an input at a slot plus 1; 0 if it does not go there or is not accepted.
    pub(super) fn input_deed(
        &mut self,
        tables: &mut Tables,
        at: usize,
        slot: u32,
        input: u32,
    ) -> u32 {
        let me = NodeId::at(at);
        let (client, to, asked) = self.inputs[input as usize].clone();
        let (local, _) = self.places[at].parts(slot);
        let node = self.places[at].local(local);
        if !to.admits(me) || !node.accepts(&self.scenario.protocol, me, &asked) {
            return 0;
        }
        let cost = self.act_cost(me, Act::Input { client, input: asked });
        let what = intern(&mut self.calls[at].whats, What::Input(input));
        self.deed(tables, at, DeedKind::Call(what), cost, 0);
        tables.places[at].deeds.len() as u32
    }

    fn deed(&mut self, tables: &mut Tables, at: usize, kind: DeedKind, cost: u32, guard: u32) {
        tables.places[at].deeds.push(Deed { cost, guard, first: UNKNOWN, count: 0 });
        self.calls[at].deeds.push(kind);
    }

    /// Where a deed leads.
    pub(super) fn find_moves(&mut self, tables: &mut Tables, at: usize, slot: u32, deed: u32) {
        let (local, mail) = self.places[at].parts(slot);
        let first = tables.places[at].moves.len() as u32;
        let (what, mail) = match self.calls[at].deeds[deed as usize] {
            DeedKind::Letter(fate, letter) => {
                let mail = self.places[at].after(self.scenario, mail, letter, fate);
                let arrives = fate == Fate::Deliver;
                let whats = &mut self.calls[at].whats;
                (arrives.then(|| intern(whats, What::Letter(letter))), mail)
            }
            DeedKind::Call(what) => (Some(what), mail),
        };
        let answers = match what {
            Some(what) => self.answers(tables, at, local, what),
            None => {
                let table = &mut tables.places[at];
                let to = self.places[at].slot_of(self.scenario, table, local, mail);
                table.moves.push(Move { to, post: 0, sight: 0, note: 0, odd: 0 });
                (0, 0)
            }
        };
        for number in answers.0..answers.0 + answers.1 {
            let Answer { local, own, post, sight, note, odd, .. } =
                self.calls[at].answers[number as usize];
            let place = &mut self.places[at];
            let mail = match own {
                0 => mail,
                batch => place.filled(self.scenario, mail, batch - 1),
            };
            let table = &mut tables.places[at];
            let to = place.slot_of(self.scenario, table, local, mail);
            let mut odd = odd;
            if table.heads[to as usize].outside
                && !self.calls[at].answers[number as usize].panicked()
            {
                odd |= OUTSIDE;
                if sight == 0 && self.needs_no_look(at, local) {
                    odd |= UNSEEN;
                }
            }
            let table = &mut tables.places[at];
            table.moves.push(Move { to, post, sight, note, odd });
        }
        let table = &mut tables.places[at];
        let count = table.moves.len() as u32 - first;
        table.deeds[deed as usize].first = first;
        table.deeds[deed as usize].count = count;
    }

    /// Whether no invariant can break where a node comes into this local state unseen by monitors.
    fn needs_no_look(&self, at: usize, local: u32) -> bool {
        let node = self.places[at].local(local);
        self.scenario.invariants.iter().all(|invariant| match &invariant.scope {
            Scope::Node(check) => check(&self.scenario.protocol, NodeId::at(at), node).is_ok(),
            Scope::History(_) => true,
            Scope::Nodes(_) | Scope::World(_) | Scope::Quiet(_) => false,
        })
    }

    /// What a handler answers: where its answers begin, and how many there are.
    fn answers(&mut self, tables: &mut Tables, at: usize, local: u32, what: u32) -> (u32, u32) {
        if let Some(known) = self.calls[at].known.get(local, what) {
            return self.calls[at].ranges[known as usize];
        }
        let me = NodeId::at(at);
        let first = self.calls[at].answers.len() as u32;
        let step = self.seen_step(me, what);
        let occurrence = step.act.occurrence().expect("a deed happens to its node");
        self.handler_calls += u64::from(step.act.is_handled());
        let mut script = Some(Vec::new());
        let mut impure = false;
        while let Some(answers) = script {
            let (node, panicked) = self.call(at, local, &occurrence, &answers);
            let said = self.said(&node, &panicked);
            let again = self.call(at, local, &occurrence, &answers);
            impure |= said != self.said(&again.0, &again.1);
            script = self.out.next_script();
            let answer = self.answer(tables, &step, node, panicked);
            self.calls[at].answers.push(answer);
        }
        let calls = &mut self.calls[at];
        if impure {
            calls.answers[first as usize..].iter_mut().for_each(|answer| answer.odd |= IMPURE);
        }
        let range = (first, calls.answers.len() as u32 - first);
        calls.known.put(local, what, calls.ranges.len() as u32);
        calls.ranges.push(range);
        range
    }

    /// Calls the handler. What it said is left in the outbox.
    fn call(
        &mut self,
        at: usize,
        local: u32,
        occurrence: &Occurrence<P>,
        script: &[u32],
    ) -> (Node<P>, Option<Panicked>) {
        self.out.chooser = Chooser::Script(script.to_vec());
        let mut node = Node::clone(self.places[at].local(local));
        let (protocol, me) = (&self.scenario.protocol, NodeId::at(at));
        let panicked = node.happen(protocol, me, occurrence.clone(), &mut self.out).err();
        (node, panicked)
    }

    /// All that a handler said and did, to be compared.
    #[expect(clippy::type_complexity, reason = "a tuple that is compared and dropped")]
    fn said(
        &self,
        node: &Node<P>,
        panicked: &Option<Panicked>,
    ) -> (Node<P>, Option<Panicked>, Vec<(NodeId, P::Message)>, Vec<P::Event>, usize) {
        let out = &self.out;
        let choices = out.choices.len();
        (node.clone(), panicked.clone(), out.sends.clone(), out.events.clone(), choices)
    }

    /// The outbox of a handler's call, in numbers.
    fn answer(
        &mut self,
        tables: &mut Tables,
        step: &Step<P>,
        node: Node<P>,
        panicked: Option<Panicked>,
    ) -> Answer {
        let (me, at) = (step.node, step.node.index());
        let choices = self.out.choices.iter().map(|choice| choice.taken).collect();
        let local = self.places[at].local_of(node);
        if let Some(panicked) = panicked {
            let odd = self.cost(Cost::Panicked(me, panicked), None);
            return Answer { choices, local, own: 0, post: 0, sight: 0, note: 0, odd };
        }
        let sends = std::mem::take(&mut self.out.sends);
        let mut sent_to = |to: NodeId| {
            let to_it = sends.iter().filter(|(node, _)| *node == to);
            let mut messages = to_it.map(|(_, message)| message.clone()).peekable();
            messages.peek()?;
            Some(self.places[to.index()].batch_of(self.scenario.links, me, messages))
        };
        let own = sent_to(me).map_or(0, |batch| batch + 1);
        let others = self.scenario.node_ids().filter(|to| *to != me);
        let batches = others.filter_map(|to| Some((to.index() as u32, sent_to(to)?))).collect();
        let post = self.post(tables, batches);
        let mut shown = Shown::default();
        let mut sight = 0;
        if is_sighted(step, &self.out) {
            let protocol = &self.scenario.protocol;
            let node = self.places[at].local(local);
            Audience::new(protocol, &self.scenario.goals, &mut [], &mut shown)
                .attend(step, node, &self.out);
            let by_itself = !matches!(step.act, Act::Deliver { .. } | Act::Timeout(_) | Act::Tick);
            let act = by_itself.then(|| step.act.clone());
            let events = self.out.events.clone();
            sight = intern(&mut self.sights, Sighting { node: me, act, events, local });
        }
        shown.marks.extend_from_slice(&self.out.marks);
        let note = self.note(&shown);
        Answer { choices, local, own, post, sight, note, odd: 0 }
    }

    /// The guard of a timer: the assumptions that may hold it back.
    pub(super) fn timer_guard(&mut self, tables: &mut Tables, me: NodeId, timer: &P::Timer) -> u32 {
        let mut guard = vec![0; tables.held_words];
        for (rule, patience) in self.scenario.patience.iter().enumerate() {
            if (patience.of)(timer) {
                let (word, bit) = held_bit(rule, me, self.scenario.nodes);
                guard[word] |= bit;
            }
        }
        self.guard(tables, guard)
    }
}
