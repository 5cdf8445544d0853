//! What one node can be: its local states, its mailboxes, and the slots made of them, interned.
//!
//! Interning gives each value that occurs a number, so that values are compared and hashed once,
//! when they first occur, and never again.

use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use rustc_hash::FxBuildHasher;

use super::rows::Rows;
use super::tables::{PlaceTable, SlotHead, UNKNOWN};
use crate::mail::{Letter, Links, Mailbox};
use crate::node::Node;
use crate::protocol::{NodeId, Protocol};
use crate::scenario::{Flight, Scenario, Within};
use crate::situation::Fate;

/// Values and their numbers, in the order they came.
pub(super) type Interned<T> = IndexSet<T, FxBuildHasher>;

/// The number of a value; a new one if it is new.
pub(super) fn intern<T: std::hash::Hash + Eq>(known: &mut Interned<T>, value: T) -> u32 {
    u32::try_from(known.insert_full(value).0).expect("fewer than 2^32 values")
}

/// A local state and a mailbox, by number.
type Pair = (u32, u32);

/// All that is known of one node.
pub(super) struct Place<P: Protocol> {
    me: NodeId,
    /// Local states: state, timers, up or down, clock.
    pub(super) locals: Interned<Arc<Node<P>>>,
    pub(super) mails: Interned<Arc<Mailbox<P::Message>>>,
    /// By mailbox: the letters that can be delivered, in order.
    deliverable: Vec<Box<[u32]>>,
    /// By mailbox: the timers it holds back, a bit for each assumption and node.
    held: Vec<Box<[u64]>>,
    /// Letters that were ever in a mailbox.
    pub(super) letters: Interned<Letter<P::Message>>,
    /// Slots: pairs in which no letter is dead.
    pub(super) slots: Interned<Pair>,
    /// Pairs with dead letters, and their slots without.
    cleaned: IndexMap<Pair, u32, FxBuildHasher>,
    /// Letters that were forgotten somewhere.
    pub(super) forgotten: Interned<u32>,
    /// Messages that one step sent here, as a mailbox that holds nothing else.
    batches: Interned<Mailbox<P::Message>>,
    /// `(mailbox, letter) → mailbox` without one copy of it.
    takes: Rows,
    /// `(mailbox, letter) → mailbox` with one more.
    copies: Rows,
    /// `(mailbox, batch) → mailbox` with the batch in it.
    puts: Rows,
    /// Whether dead letters are looked for.
    forgets: bool,
}

impl<P: Protocol> Place<P> {
    pub(super) fn new(me: NodeId, forgets: bool) -> Place<P> {
        Place {
            me,
            locals: Interned::default(),
            mails: Interned::default(),
            deliverable: Vec::new(),
            held: Vec::new(),
            letters: Interned::default(),
            slots: Interned::default(),
            cleaned: IndexMap::default(),
            forgotten: Interned::default(),
            batches: Interned::default(),
            takes: Rows::default(),
            copies: Rows::default(),
            puts: Rows::default(),
            forgets,
        }
    }

    /// The local state and the mailbox of a slot.
    pub(super) fn parts(&self, slot: u32) -> Pair {
        *self.slots.get_index(slot as usize).expect("a slot that was handed out")
    }

    pub(super) fn local(&self, local: u32) -> &Arc<Node<P>> {
        self.locals.get_index(local as usize).expect("a local state that was handed out")
    }

    pub(super) fn mail(&self, mail: u32) -> &Arc<Mailbox<P::Message>> {
        self.mails.get_index(mail as usize).expect("a mailbox that was handed out")
    }

    pub(super) fn letter(&self, letter: u32) -> &Letter<P::Message> {
        self.letters.get_index(letter as usize).expect("a letter that was handed out")
    }

    /// The letters of a mailbox that can be delivered, in order.
    pub(super) fn deliverable(&self, mail: u32) -> &[u32] {
        &self.deliverable[mail as usize]
    }

    /// The number of a local state.
    pub(super) fn local_of(&mut self, node: Node<P>) -> u32 {
        match self.locals.get_index_of(&node) {
            Some(known) => known as u32,
            None => intern(&mut self.locals, Arc::new(node)),
        }
    }

    /// The number of a mailbox.
    pub(super) fn mail_of(&mut self, scenario: &Scenario<P>, mail: Mailbox<P::Message>) -> u32 {
        if let Some(known) = self.mails.get_index_of(&mail) {
            return known as u32;
        }
        let letters: Vec<Letter<P::Message>> = mail.deliverable(scenario.links).cloned().collect();
        let letters = letters.into_iter().map(|letter| intern(&mut self.letters, letter));
        self.deliverable.push(letters.collect());
        self.held.push(held_back(scenario, self.me, &mail));
        intern(&mut self.mails, Arc::new(mail))
    }

    /// The slot of a local state and a mailbox: without the letters that are dead there.
    pub(super) fn slot_of(
        &mut self,
        scenario: &Scenario<P>,
        table: &mut PlaceTable,
        local: u32,
        mail: u32,
    ) -> u32 {
        if let Some(known) = self.slots.get_index_of(&(local, mail)) {
            return known as u32;
        }
        if let Some(&known) = self.cleaned.get(&(local, mail)) {
            return known;
        }
        let alive = if self.forgets { self.without_dead(scenario, local, mail) } else { mail };
        if alive != mail {
            let slot = self.slot_of(scenario, table, local, alive);
            self.cleaned.insert((local, mail), slot);
            return slot;
        }
        let node = self.local(local);
        table.heads.push(SlotHead {
            deeds: UNKNOWN,
            early: 0,
            late: 0,
            local,
            up: node.up,
            waiting: node.up && !self.mail(mail).is_empty(),
            outside: is_outside(scenario, self.me, node),
        });
        if !scenario.clocks.of.is_empty() {
            table.clocks.push(node.clock.unwrap_or(u64::MAX));
        }
        table.held.extend(self.held[mail as usize].iter());
        intern(&mut self.slots, (local, mail))
    }

    /// The mailbox without letters that are dead in this local state.
    fn without_dead(&mut self, scenario: &Scenario<P>, local: u32, mail: u32) -> u32 {
        let state = &self.local(local).state;
        let ignores = |letter: &Letter<P::Message>| {
            scenario.protocol.ignores(self.me, state, letter.from, &letter.message)
        };
        let (dead, alive): (Vec<_>, Vec<_>) =
            self.mail(mail).letters().iter().cloned().partition(ignores);
        if dead.is_empty() {
            return mail;
        }
        for letter in dead {
            let letter = intern(&mut self.letters, letter);
            intern(&mut self.forgotten, letter);
        }
        let mut cleaned = Mailbox::default();
        for letter in alive {
            cleaned.put(scenario.links, letter.from, letter.message);
        }
        self.mail_of(scenario, cleaned)
    }

    /// The mailbox after a letter has met its fate.
    pub(super) fn after(
        &mut self,
        scenario: &Scenario<P>,
        mail: u32,
        letter: u32,
        fate: Fate,
    ) -> u32 {
        let known = match fate {
            Fate::Deliver | Fate::Drop => &self.takes,
            Fate::Duplicate => &self.copies,
        };
        if let Some(known) = known.get(mail, letter) {
            return known;
        }
        let mut after = Mailbox::clone(self.mail(mail));
        let Letter { from, message } = self.letter(letter);
        let was_there = match fate {
            Fate::Deliver | Fate::Drop => after.take(scenario.links, *from, message),
            Fate::Duplicate => after.copy(scenario.links, *from, message),
        };
        debug_assert!(was_there, "only letters in the mailbox meet a fate");
        let after = self.mail_of(scenario, after);
        let known = match fate {
            Fate::Deliver | Fate::Drop => &mut self.takes,
            Fate::Duplicate => &mut self.copies,
        };
        known.put(mail, letter, after);
        after
    }

    /// The number of the messages that one step sent here, in the order sent.
    pub(super) fn batch_of(
        &mut self,
        links: Links,
        from: NodeId,
        sent: impl Iterator<Item = P::Message>,
    ) -> u32 {
        let mut batch = Mailbox::default();
        sent.for_each(|message| batch.put(links, from, message));
        intern(&mut self.batches, batch)
    }

    /// The mailbox after a batch has come in.
    pub(super) fn filled(&mut self, scenario: &Scenario<P>, mail: u32, batch: u32) -> u32 {
        if let Some(known) = self.puts.get(mail, batch) {
            return known;
        }
        let mut after = Mailbox::clone(self.mail(mail));
        let batch_letters = self.batches.get_index(batch as usize).expect("a batch handed out");
        for Letter { from, message } in batch_letters.letters() {
            after.put(scenario.links, *from, message.clone());
        }
        let after = self.mail_of(scenario, after);
        self.puts.put(mail, batch, after);
        after
    }

    /// The bytes it takes, about: what values own on the heap is not counted.
    pub(super) fn bytes(&self) -> usize {
        let locals = self.locals.len() * (size_of::<Node<P>>() + 64);
        let mails = self.mails.len() * (size_of::<Mailbox<P::Message>>() + 128)
            + self.mails.iter().map(|mail| mail.letters().len()).sum::<usize>()
                * size_of::<Letter<P::Message>>();
        let pairs = (self.slots.capacity() + self.cleaned.capacity()) * 28;
        locals + mails + pairs + self.takes.bytes() + self.copies.bytes() + self.puts.bytes()
    }
}

/// Whether a node lies past the scenario's boundary of nodes.
fn is_outside<P: Protocol>(scenario: &Scenario<P>, me: NodeId, node: &Node<P>) -> bool {
    match scenario.boundary.as_ref().map(|boundary| &boundary.within) {
        Some(Within::Nodes(within)) => !within(&scenario.protocol, me, node),
        Some(Within::World(_)) | None => false,
    }
}

/// How many words the assumptions on timing take: a bit for each of them and each node.
pub(super) fn held_words<P: Protocol>(scenario: &Scenario<P>) -> usize {
    (scenario.patience.len() * scenario.nodes).div_ceil(64)
}

/// The bit of an assumption at a node.
pub(super) fn held_bit(rule: usize, me: NodeId, nodes: usize) -> (usize, u64) {
    let bit = rule * nodes + me.index();
    (bit / 64, 1 << (bit % 64))
}

/// The timers that the mail on its way to a node holds back, here and elsewhere.
fn held_back<P: Protocol>(
    scenario: &Scenario<P>,
    to: NodeId,
    mail: &Mailbox<P::Message>,
) -> Box<[u64]> {
    let mut held = vec![0; held_words(scenario)];
    for (rule, patience) in scenario.patience.iter().enumerate() {
        for me in scenario.node_ids() {
            let awaits = mail.letters().iter().any(|letter| {
                let flight = Flight { from: letter.from, to, message: &letter.message };
                (patience.awaits)(me, &flight)
            });
            if awaits {
                let (word, bit) = held_bit(rule, me, scenario.nodes);
                held[word] |= bit;
            }
        }
    }
    held.into()
}
