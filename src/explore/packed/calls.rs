//! What can happen at a slot, and what handlers answer: each is called once for each local state
//! and each thing that happened to it.

use super::meaning::{Answer, Cost, DeedKind, Meaning, Sighting, What};
use super::place::held_bit;
use super::sleep::bits;
use super::tables::{
    Class, Deed, Extra, IMPURE, LOOP, Move, OUTSIDE, TICKS, Tables, UNKNOWN, UNSEEN, VOID,
};
use crate::audience::{Audience, Shown};
use crate::invariant::Scope;
use crate::node::{Node, Occurrence, Panicked};
use crate::protocol::{Chooser, NodeId, Protocol};
use crate::scenario::Offered;
use crate::situation::{Fate, fates, is_sighted, other_acts};
use crate::step::{Act, Step};

impl<P: Protocol> Meaning<'_, P> {
    /// What can happen at a slot, in the order of its content.
    pub(super) fn find_deeds(&mut self, tables: &mut Tables, at: usize, slot: u32) {
        let me = NodeId::at(at);
        let (local, mail) = self.places[at].parts(slot);
        let node = self.places[at].local(local).clone();
        let letters = self.places[at].deliverable(self.scenario.links, mail);
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
            let what = self.calls[at].whats.number_of(What::Timer(timer.clone()));
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
            let what = self.calls[at].whats.number_of(What::Other(act));
            self.deed(tables, at, DeedKind::Call(what), cost, guard);
        }
        let table = &mut tables.places[at];
        let late = table.deeds.len() - first - early;
        let head = &mut table.heads[slot as usize];
        head.deeds = id(first);
        head.count = (id(early), id(late));
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
        let (client, _, asked) = self.inputs[input as usize].clone();
        let (local, _) = self.places[at].parts(slot);
        let node = self.places[at].local(local);
        if !node.accepts(&self.scenario.protocol, me, &asked) {
            return 0;
        }
        let cost = self.act_cost(me, Act::Input { client, input: asked });
        let what = self.calls[at].whats.number_of(What::Input(input));
        self.deed(tables, at, DeedKind::Call(what), cost, 0);
        id(tables.places[at].deeds.len())
    }

    /// Something that can happen, and was not taken yet.
    fn deed(&mut self, tables: &mut Tables, at: usize, kind: DeedKind, cost: u32, guard: u32) {
        let extra = Extra { cost, guard, class: Class::Alone, ..Extra::default() };
        let extra = self.extra(tables, extra);
        let only = Move { to: UNKNOWN, post: 0, extra };
        let what = match kind {
            DeedKind::Letter(fate, letter) => letter << 2 | fate as u32,
            DeedKind::Call(what) => what << 2 | 3,
        };
        tables.places[at].deeds.push(Deed { what, count: 0, only });
        self.calls[at].deeds.push(kind);
    }

    /// Where a deed leads.
    pub(super) fn find_moves(&mut self, tables: &mut Tables, at: usize, slot: u32, deed: u32) {
        let (local, mail) = self.places[at].parts(slot);
        let (what, mail) = match self.calls[at].deeds[deed as usize] {
            DeedKind::Letter(fate, letter) => {
                let mail = self.places[at].after(self.scenario, mail, letter, fate);
                let arrives = fate == Fate::Deliver;
                let whats = &mut self.calls[at].whats;
                (arrives.then(|| whats.number_of(What::Letter(letter))), mail)
            }
            DeedKind::Call(what) => (Some(what), mail),
        };
        let before = tables.extras[tables.places[at].deeds[deed as usize].only.extra as usize];
        let class = self.class_of(at, what, &before);
        let before = Extra { class, in_turn: self.is_in_turn(before.cost), ..before };
        let mut moves = Vec::new();
        let Some(what) = what else {
            let table = &mut tables.places[at];
            let to = self.places[at].slot_of(self.scenario, table, local, mail);
            let only = Move { to, post: 0, extra: self.extra(tables, before) };
            tables.places[at].deeds[deed as usize].leads_to(1, only);
            return;
        };
        let (first, count) = self.answers(tables, at, local, what);
        for number in first..first + count {
            let (moved, mut extra) = self.move_of(tables, at, mail, number, before);
            let after = self.calls[at].answers[number as usize].local;
            extra.wakes = self.wakes(at, what, local, after);
            moves.push((moved, extra));
        }
        let table = &mut tables.places[at];
        let only = match moves[..] {
            [(only, extra)] if only.to == slot && only.post == 0 && extra == Extra::default() => {
                (only, Extra { still: true, ..extra })
            }
            [only] => only,
            _ => {
                // What a deed commutes with, all of its moves do.
                let classes = moves.iter().map(|(_, extra)| extra.class);
                let class = classes.fold(Class::Free, Class::and);
                let to = id(table.moves.len());
                for (of_it, extra) in &moves {
                    let extra = self.extras.number_of(Extra { class, ..*extra });
                    table.moves.push(Move { extra, ..*of_it });
                }
                (Move { to, post: 0, extra: 0 }, Extra { class, ..before })
            }
        };
        let extra = self.extra(tables, only.1);
        let only = Move { extra, ..only.0 };
        tables.places[at].deeds[deed as usize].leads_to(count, only);
    }

    /// What a deed commutes with, as far as can be told before it is taken.
    fn class_of(&self, at: usize, what: Option<u32>, extra: &Extra) -> Class {
        let what = what.map(|what| &self.calls[at].whats[what]);
        let is_input = matches!(what, Some(What::Input(_)));
        match (&self.scenario.offered, extra.guard) {
            (Some(Offered::Nodes(_)), _) if is_input => Class::Alone,
            (_, TICKS) => Class::Tick,
            (_, 0) if self.is_in_turn(extra.cost) => Class::Seen,
            (_, 0) => Class::Free,
            _ => Class::Alone,
        }
    }

    /// Whose steps a move wakes besides what its class says, where inputs are offered by a look at
    /// the nodes they are about.
    fn wakes(&self, at: usize, what: u32, before: u32, after: u32) -> u64 {
        let Some(Offered::About(whom, offered)) = &self.scenario.offered else {
            return 0;
        };
        let mut wakes = 0;
        if let What::Input(input) = self.calls[at].whats[what] {
            // The steps of the node it is about might have withdrawn it.
            wakes |= bits(whom(&self.inputs[input as usize].2).index(), Class::Alone);
        }
        let (before, after) = (self.places[at].local(before), self.places[at].local(after));
        for (_, to, input) in &self.inputs {
            // An input that is offered from now on was not passed by before.
            if whom(input).index() == at && offered(input, after) && !offered(input, before) {
                let to = self.scenario.node_ids().filter(|node| to.admits(*node));
                wakes |=
                    to.map(|node| bits(node.index(), Class::Seen)).fold(0, |all, one| all | one);
            }
        }
        wakes
    }

    /// One outcome of a deed at a node with that mail left, by the number of the answer.
    fn move_of(
        &mut self,
        tables: &mut Tables,
        at: usize,
        mail: u32,
        number: u32,
        before: Extra,
    ) -> (Move, Extra) {
        let Answer { local, own, post, sight, note, odd, .. } =
            self.calls[at].answers[number as usize];
        let panicked = self.calls[at].answers[number as usize].panicked();
        let place = &mut self.places[at];
        let mail = match own {
            0 => mail,
            batch => place.filled(self.scenario, mail, batch - 1),
        };
        let table = &mut tables.places[at];
        let to = place.slot_of(self.scenario, table, local, mail);
        let mut extra = Extra { sight, note, odd, ..before };
        if table.heads[to as usize].outside && !panicked {
            extra.odd |= OUTSIDE;
            if sight == 0 && self.needs_no_look(at, local) {
                extra.odd |= UNSEEN;
            }
        }
        let class = match (extra.odd, sight) {
            (0, 0) => Class::Free,
            (0, _) => Class::Seen,
            _ => Class::Alone,
        };
        extra.class = extra.class.and(class);
        (Move { to, post, extra: 0 }, extra)
    }

    /// Tells a slot's plain deeds from its special ones.
    pub(super) fn find_plain(&mut self, tables: &mut Tables, at: usize, slot: u32) {
        let table = &mut tables.places[at];
        let head = &mut table.heads[slot as usize];
        let (early, late) = head.count;
        let (mut plain, mut special) = (0, (0, 0));
        head.specials = id(table.specials.len());
        for deed in 0..early + late {
            let number = head.deeds + deed;
            let Deed { count, only, .. } = table.deeds[number as usize];
            let moves = match count {
                0 | 1 => &[],
                count => &table.moves[only.to as usize..][..count as usize],
            };
            if only.extra == VOID {
                head.voids = true;
                continue;
            }
            // A deed that was not taken yet has an extra, too: it is not known to be free.
            if (only.extra == 0 || only.extra == LOOP) && moves.iter().all(|of_it| of_it.extra == 0)
            {
                plain += count;
                continue;
            }
            table.specials.push(number);
            if deed < early {
                special.0 += 1;
            } else {
                special.1 += 1;
            }
        }
        head.plain = plain;
        head.special = special;
    }

    /// The number of an extra.
    fn extra(&mut self, tables: &mut Tables, extra: Extra) -> u32 {
        let number = self.extras.number_of(extra);
        tables.extras.extend(self.extras.iter().skip(tables.extras.len()));
        number
    }

    /// Whether no invariant can break where a node comes into this local state unseen by monitors.
    fn needs_no_look(&self, at: usize, local: u32) -> bool {
        let node = self.places[at].local(local);
        self.scenario.invariants.iter().all(|invariant| match &invariant.scope {
            Scope::Node(check) => check(&self.scenario.protocol, NodeId::at(at), node).is_ok(),
            Scope::History(_) => true,
            Scope::Nodes(_) | Scope::World(_) | Scope::Quiet(_) | Scope::Settles(..) => false,
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
            sight = self.sights.number_of(Sighting { node: me, act, events, local });
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

/// A number among others of its kind.
fn id(number: usize) -> u32 {
    u32::try_from(number).expect("fewer than 2^32 of a kind")
}
