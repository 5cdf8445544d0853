//! What one node can be: its local states, its mailboxes, and the slots made of them, interned.

use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::interned::Interned;
use super::rows::{Cells, Row, Rows};
use super::tables::{PlaceTable, SlotHead};
use crate::mail::{Letter, Links, Mailbox};
use crate::node::Node;
use crate::protocol::{NodeId, Protocol};
use crate::scenario::{Flight, Scenario, Within};
use crate::shared::Shared;
use crate::situation::Fate;

/// A local state and a mailbox, by number.
type Pair = (u32, u32);

/// All that is known of one node.
pub(super) struct Place<P: Protocol> {
    me: NodeId,
    /// Local states: state, timers, up or down, clock.
    pub(super) locals: Interned<Shared<Node<P>>>,
    /// Letters that were ever in a mailbox.
    pub(super) letters: Interned<Letter<P::Message>>,
    /// Mailboxes, of the numbers of letters: what links promise is the same for numbers.
    pub(super) mails: Interned<Mailbox<u32>>,
    /// By mailbox: what is known of it besides.
    boxes: Vec<Known<P>>,
    /// Slots: pairs in which no letter is dead.
    pub(super) slots: Interned<Pair>,
    /// Pairs with dead letters, and their slots without.
    cleaned: IndexMap<Pair, u32, FxBuildHasher>,
    /// Letters that were forgotten somewhere.
    pub(super) forgotten: Interned<u32>,
    /// Messages that one step sent here, as a mailbox that holds nothing else.
    batches: Interned<Mailbox<u32>>,
    /// `(mailbox, letter) → mailbox` with one more.
    copies: Rows,
    /// `(mailbox, letter) → mailbox` without one copy of it.
    takes: Cells,
    /// `(mailbox, batch) → mailbox` with the batch in it.
    puts: Cells,
    /// Whether dead letters are looked for.
    forgets: bool,
}

/// What is known of a mailbox.
struct Known<P: Protocol> {
    takes: Row,
    puts: Row,
    /// The mailbox with its letters written out, once somebody asked to see it.
    written_out: OnceLock<Arc<Mailbox<P::Message>>>,
    /// The timers it holds back, a bit for each assumption and node.
    held: Box<[u64]>,
}

impl<P: Protocol> Place<P> {
    pub(super) fn new(me: NodeId, forgets: bool) -> Place<P> {
        Place {
            me,
            locals: Interned::default(),
            letters: Interned::default(),
            mails: Interned::default(),
            boxes: Vec::new(),
            slots: Interned::default(),
            cleaned: IndexMap::default(),
            forgotten: Interned::default(),
            batches: Interned::default(),
            copies: Rows::default(),
            takes: Cells::default(),
            puts: Cells::default(),
            forgets,
        }
    }

    /// The local state and the mailbox of a slot.
    pub(super) fn parts(&self, slot: u32) -> Pair {
        self.slots[slot]
    }

    pub(super) fn local(&self, local: u32) -> &Shared<Node<P>> {
        &self.locals[local]
    }

    pub(super) fn mail(&self, mail: u32) -> &Mailbox<u32> {
        &self.mails[mail]
    }

    pub(super) fn letter(&self, letter: u32) -> &Letter<P::Message> {
        &self.letters[letter]
    }

    /// A mailbox with its letters written out.
    pub(super) fn written_out(&self, links: Links, mail: u32) -> Arc<Mailbox<P::Message>> {
        let written = self.boxes[mail as usize].written_out.get_or_init(|| {
            let mut written = Mailbox::default();
            for number in self.mail(mail).letters() {
                let Letter { from, message } = self.letter(number.message);
                written.put(links, *from, message.clone());
            }
            Arc::new(written)
        });
        Arc::clone(written)
    }

    /// The letters of a mailbox that can be delivered, in the order of their content.
    pub(super) fn deliverable(&self, links: Links, mail: u32) -> Vec<u32> {
        let letters = self.mail(mail).deliverable(links);
        let mut letters: Vec<u32> = letters.map(|letter| letter.message).collect();
        letters.sort_by(|&one, &other| self.letter(one).cmp(self.letter(other)));
        letters
    }

    /// The number of a local state.
    pub(super) fn local_of(&mut self, node: Node<P>) -> u32 {
        match self.locals.find(&node) {
            Some(known) => known,
            None => self.locals.number_of(Shared::new(node)),
        }
    }

    /// The number of a mailbox with its letters written out.
    pub(super) fn mail_of(&mut self, scenario: &Scenario<P>, mail: &Mailbox<P::Message>) -> u32 {
        let mut numbered = Mailbox::default();
        for letter in mail.letters() {
            let number = self.letters.number_of(letter.clone());
            numbered.put(scenario.links, letter.from, number);
        }
        self.known_mail(scenario, numbered)
    }

    /// The number of a mailbox.
    fn known_mail(&mut self, scenario: &Scenario<P>, mail: Mailbox<u32>) -> u32 {
        let (number, new) = self.mails.add(mail);
        if new {
            let mut known = Known {
                takes: Row::default(),
                puts: Row::default(),
                written_out: OnceLock::new(),
                held: Box::default(),
            };
            if !scenario.patience.is_empty() {
                let letters = self.mails[number].letters().iter();
                let letters = letters.map(|letter| self.letter(letter.message));
                known.held = held_back(scenario, self.me, letters);
            }
            self.boxes.push(known);
        }
        number
    }

    /// The slot of a local state and a mailbox: without the letters that are dead there.
    pub(super) fn slot_of(
        &mut self,
        scenario: &Scenario<P>,
        table: &mut PlaceTable,
        local: u32,
        mail: u32,
    ) -> u32 {
        if self.forgets {
            if let Some(known) = self.slots.find(&(local, mail)) {
                return known;
            }
            if let Some(&known) = self.cleaned.get(&(local, mail)) {
                return known;
            }
            let alive = self.without_dead(scenario, local, mail);
            if alive != mail {
                let slot = self.slot_of(scenario, table, local, alive);
                self.cleaned.insert((local, mail), slot);
                return slot;
            }
        }
        let (slot, new) = self.slots.add((local, mail));
        if new {
            let node = self.local(local);
            let waiting = node.up && !self.mail(mail).is_empty();
            let outside = is_outside(scenario, self.me, node);
            table.heads.push(SlotHead::new(local, node.up, waiting, outside));
            if !scenario.clocks.of.is_empty() {
                table.clocks.push(node.clock.unwrap_or(u64::MAX));
            }
            table.held.extend(self.boxes[mail as usize].held.iter());
        }
        slot
    }

    /// The mailbox without letters that are dead in this local state.
    fn without_dead(&mut self, scenario: &Scenario<P>, local: u32, mail: u32) -> u32 {
        let state = &self.local(local).state;
        let ignores = |number: &Letter<u32>| {
            let letter = self.letter(number.message);
            scenario.protocol.ignores(self.me, state, letter.from, &letter.message)
        };
        let (dead, alive): (Vec<_>, Vec<_>) =
            self.mail(mail).letters().iter().cloned().partition(ignores);
        if dead.is_empty() {
            return mail;
        }
        for letter in dead {
            self.forgotten.number_of(letter.message);
        }
        let mut cleaned = Mailbox::default();
        for letter in alive {
            cleaned.put(scenario.links, letter.from, letter.message);
        }
        self.known_mail(scenario, cleaned)
    }

    /// The mailbox after a letter has met its fate.
    pub(super) fn after(
        &mut self,
        scenario: &Scenario<P>,
        mail: u32,
        letter: u32,
        fate: Fate,
    ) -> u32 {
        if scenario.links == Links::Set {
            // A letter stays where it is, whatever happens to it.
            return mail;
        }
        let known = match fate {
            Fate::Deliver | Fate::Drop => self.takes.get(self.boxes[mail as usize].takes, letter),
            Fate::Duplicate => self.copies.get(mail, letter),
        };
        if let Some(known) = known {
            return known;
        }
        let mut after = self.mail(mail).clone();
        let from = self.letter(letter).from;
        let was_there = match fate {
            Fate::Deliver | Fate::Drop => after.take(scenario.links, from, &letter),
            Fate::Duplicate => after.copy(scenario.links, from, &letter),
        };
        debug_assert!(was_there, "only letters in the mailbox meet a fate");
        let after = self.known_mail(scenario, after);
        match fate {
            Fate::Deliver | Fate::Drop => {
                self.takes.put(&mut self.boxes[mail as usize].takes, letter, after);
            }
            Fate::Duplicate => self.copies.put(mail, letter, after),
        }
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
        for message in sent {
            batch.put(links, from, self.letters.number_of(Letter { from, message }));
        }
        self.batches.number_of(batch)
    }

    /// The mailbox after a batch has come in.
    pub(super) fn filled(&mut self, scenario: &Scenario<P>, mail: u32, batch: u32) -> u32 {
        if let Some(known) = self.puts.get(self.boxes[mail as usize].puts, batch) {
            return known;
        }
        let mut after = self.mail(mail).clone();
        let batch_letters = &self.batches[batch];
        for letter in batch_letters.letters() {
            after.put(scenario.links, letter.from, letter.message);
        }
        let after = self.known_mail(scenario, after);
        self.puts.put(&mut self.boxes[mail as usize].puts, batch, after);
        after
    }

    /// The bytes it takes, about: what values own on the heap is not counted.
    pub(super) fn bytes(&self) -> usize {
        let locals = self.locals.len() * (size_of::<Node<P>>() + 64);
        let letters = self.letters.len() * (size_of::<Letter<P::Message>>() + 32);
        let in_mails = self.mails.iter().map(|mail| mail.letters().len()).sum::<usize>();
        let mails = self.mails.capacity()
            * (size_of::<Mailbox<u32>>() + 16 + size_of::<Known<P>>())
            + in_mails * size_of::<Letter<u32>>();
        let pairs = (self.slots.capacity() + self.cleaned.capacity()) * 28;
        let memos = self.takes.bytes() + self.copies.bytes() + self.puts.bytes();
        locals + letters + mails + pairs + memos
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
fn held_back<'a, P: Protocol>(
    scenario: &Scenario<P>,
    to: NodeId,
    mail: impl Iterator<Item = &'a Letter<P::Message>> + Clone,
) -> Box<[u64]> {
    let mut held = vec![0; held_words(scenario)];
    for (rule, patience) in scenario.patience.iter().enumerate() {
        for me in scenario.node_ids() {
            let awaits = mail.clone().any(|letter| {
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
