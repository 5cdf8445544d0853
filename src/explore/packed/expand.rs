//! How a state is expanded: every step that can happen in it, as arithmetic on its key.
//!
//! A step changes the slot of the node it happens at, the slots of the nodes it sends to, the
//! ledger and the monitors. Each of the five is a table lookup, and the successor's key is the
//! state's key with those fields changed. Nothing here knows the protocol, and nothing here
//! changes the tables: what they do not know yet is asked for, and the state is expanded again.
//! Steps that are asleep are counted, and not taken.

use super::key::{Layout, Word};
use super::sleep::Sleep;
use super::tables::{
    Class, Extra, FORBIDDEN, IMPURE, LOOP, Miss, Move, OUTSIDE, Offers, TICKS, Tables, UNKNOWN,
    UNSEEN, VOID,
};

/// Bounds that cut something off, a bit for each.
pub(super) type Cut = [u64; 4];

/// The bit of the bound that worlds past the boundary are not followed.
const BOUNDARY: u32 = 6;

/// Where successors go.
pub(super) trait Sink<W> {
    /// A step at a node leads to a state, in which that much is asleep: the deed with that number
    /// there, its n-th move.
    fn arrive(&mut self, key: W, step: [u32; 3], sleep: Sleep<W>);
}

/// Where the successors of a state go, and are taken back from if they were not all of them.
pub(super) trait Successors<W>: Sink<W> {
    /// How many there are so far.
    fn count(&self) -> usize;
    /// Takes back those from that place on.
    fn take_back(&mut self, from: usize);
}

/// One worker that expands states: its scratch, and what it counted.
#[derive(Debug, Default)]
pub(super) struct Expander {
    slots: Vec<u32>,
    held: Vec<u64>,
    /// The slowest clock, and the slowest of the others.
    slowest: (u64, u64),
    tuple: Option<u32>,
    /// What the tables did not know about the last state.
    pub(super) misses: Vec<Miss>,
    /// The node that is next.
    next: usize,
    notes_here: Vec<u32>,
    here: HereCounted,
    pub(super) counted: Counted,
    /// Whether a state past the boundary of nodes was handed on since this was last forgotten.
    pub(super) outsiders: bool,
}

/// What was counted at one state, up to a node.
#[derive(Clone, Copy, Debug, Default)]
struct HereCounted {
    transitions: u64,
    waiting: bool,
    acts: bool,
    impure: bool,
    /// How many notes there are.
    notes: usize,
    cut: Cut,
}

/// What was counted over the states expanded.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted {
    /// Steps taken, and steps that are asleep.
    pub(super) transitions: u64,
    /// States in which no live node has mail waiting.
    pub(super) quiet: u64,
    /// By note: how often a step showed it.
    pub(super) notes: Vec<u64>,
    /// Bounds that forbade something possible.
    pub(super) cut: Cut,
}

impl Counted {
    /// Adds what another counted.
    pub(super) fn add(&mut self, other: &Counted) {
        self.transitions += other.transitions;
        self.quiet += other.quiet;
        if self.notes.len() < other.notes.len() {
            self.notes.resize(other.notes.len(), 0);
        }
        self.notes.iter_mut().zip(&other.notes).for_each(|(sum, more)| *sum += more);
        self.cut.iter_mut().zip(&other.cut).for_each(|(sum, more)| *sum |= more);
    }

    /// Starts again from nothing.
    pub(super) fn clear(&mut self) {
        self.transitions = 0;
        self.quiet = 0;
        self.notes.fill(0);
        self.cut = Cut::default();
    }
}

/// What the expansion of a state came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Came {
    /// Every successor was handed on. `acts` says whether anything could happen at all, `impure`
    /// whether one of the handlers is no function.
    Whole { acts: bool, impure: bool },
    /// The tables lack what is in [`Expander::misses`]. What was handed on stands, up to the node
    /// where that was found; [`Expander::resume`] goes on from there.
    Short,
}

/// A state being expanded.
struct Here<'a, W> {
    tables: &'a Tables,
    layout: &'a Layout,
    key: W,
    sleep: Sleep<W>,
    ledger: u32,
    watches: u32,
    /// Only whether anything can happen is asked, not where it leads.
    only_acts: bool,
    /// Which nodes an input may go to; see [`Tables::asking`].
    asks: u64,
}

impl Expander {
    /// Takes every step that can happen in a state and that its ledger affords, in the order of
    /// the steps' content, but for those that are asleep. With `only_acts` it takes none, and says
    /// whether there are any.
    pub(super) fn expand<W: Word>(
        &mut self,
        tables: &Tables,
        layout: &Layout,
        (key, sleep): (W, Sleep<W>),
        only_acts: bool,
        sink: &mut impl Successors<W>,
    ) -> Came {
        let nodes = tables.places.len();
        self.slots.clear();
        self.slots.extend((0..nodes).map(|at| key.field(layout.field(at))));
        self.tuple = None;
        self.here = HereCounted::default();
        self.notes_here.clear();
        self.next = 0;
        self.misses.clear();
        if tables.panicked[key.field(layout.field(nodes)) as usize] {
            return Came::Whole { acts: false, impure: false };
        }
        self.look_at_mail(tables);
        self.resume(tables, layout, (key, sleep), only_acts, sink)
    }

    /// Goes on with a state of which the tables lacked something.
    pub(super) fn resume<W: Word>(
        &mut self,
        tables: &Tables,
        layout: &Layout,
        (key, sleep): (W, Sleep<W>),
        only_acts: bool,
        sink: &mut impl Successors<W>,
    ) -> Came {
        let nodes = tables.places.len();
        let ledger = key.field(layout.field(nodes));
        let watches = key.field(layout.field(nodes + 1));
        let asks = tables.asking[ledger as usize];
        let mut here = Here { tables, layout, key, sleep, ledger, watches, only_acts, asks };
        self.misses.clear();
        while self.next < nodes {
            let (before, count) = (self.here, sink.count());
            if !only_acts && sleep.is_asleep(self.next) {
                self.pass(&mut here, self.next, sink);
            } else {
                self.wake(&mut here, self.next, sink);
            }
            if !self.misses.is_empty() {
                self.here = before;
                self.notes_here.truncate(before.notes);
                sink.take_back(count);
                return Came::Short;
            }
            self.here.notes = self.notes_here.len();
            self.next += 1;
        }
        self.count();
        Came::Whole { acts: self.here.acts, impure: self.here.impure }
    }

    /// Passes by the node of which the tables lacked something.
    pub(super) fn skip(&mut self) {
        self.next += 1;
    }

    /// Takes every step of a node.
    #[inline]
    fn wake<W: Word>(
        &mut self,
        here: &mut Here<'_, W>,
        node: usize,
        sink: &mut impl Successors<W>,
    ) {
        let slot = self.slots[node];
        let head = &here.tables.places[node].heads[slot as usize];
        if head.deeds == UNKNOWN {
            return self.misses.push(Miss::Deeds { node: node as u32, slot });
        }
        self.here.waiting |= head.waiting;
        let (early, late) = head.count;
        for deed in head.deeds..head.deeds + early {
            self.take(here, node, deed, sink);
        }
        if head.up && here.asks >> (node % 64) & 1 == 1 {
            self.ask_all(here, node, true, sink);
        }
        for deed in head.deeds + early..head.deeds + early + late {
            self.take(here, node, deed, sink);
        }
    }

    /// Passes by a node of which what was possible in its base is asleep.
    #[inline]
    fn pass<W: Word>(
        &mut self,
        here: &mut Here<'_, W>,
        node: usize,
        sink: &mut impl Successors<W>,
    ) {
        let slot = self.slots[node];
        let place = &here.tables.places[node];
        let head = &place.heads[slot as usize];
        let base = here.sleep.base(here.layout, node);
        if base != slot {
            return self.pass_old(here, node, base, sink);
        }
        if head.plain == UNKNOWN {
            return self.misses.push(Miss::Plain { node: node as u32, slot });
        }
        self.here.waiting |= head.waiting;
        self.here.transitions += u64::from(head.plain);
        if head.voids {
            self.here.cut[0] |= 1 << BOUNDARY;
        }
        let (early, late) = (head.special.0 as usize, head.special.1 as usize);
        let specials = &place.specials[head.specials as usize..][..early + late];
        for &deed in &specials[..early] {
            self.take_special(here, node, deed, false, sink);
        }
        if head.up && here.asks >> (node % 64) & 1 == 1 {
            self.ask_all(here, node, false, sink);
        }
        for &deed in &specials[early..] {
            self.take_special(here, node, deed, false, sink);
        }
    }

    /// Passes by what a node could do in its base, and takes what it can do besides.
    fn pass_old<W: Word>(
        &mut self,
        here: &mut Here<'_, W>,
        node: usize,
        base: u32,
        sink: &mut impl Successors<W>,
    ) {
        let slot = self.slots[node];
        let place = &here.tables.places[node];
        let (head, old) = (&place.heads[slot as usize], &place.heads[base as usize]);
        if head.deeds == UNKNOWN {
            return self.misses.push(Miss::Deeds { node: node as u32, slot });
        }
        self.here.waiting |= head.waiting;
        // Both list their deeds in one order, and nothing that was possible is impossible now.
        let early = (old.deeds, old.deeds + old.count.0);
        let late = (early.1, early.1 + old.count.1);
        let pass = |expander: &mut Expander,
                    here: &mut Here<'_, W>,
                    mut old: (u32, u32),
                    deeds: std::ops::Range<u32>,
                    sink: &mut _| {
            for number in deeds {
                let deed = &place.deeds[number as usize];
                if old.0 < old.1 && place.deeds[old.0 as usize].what == deed.what {
                    old.0 += 1;
                    if deed.count == 1 && (deed.only.extra == 0 || deed.only.extra == LOOP) {
                        expander.here.transitions += 1;
                    } else if deed.only.extra == VOID {
                        expander.here.cut[0] |= 1 << BOUNDARY;
                    } else {
                        expander.take_special(here, node, number, false, sink);
                    }
                } else {
                    expander.take(here, node, number, sink);
                }
            }
            debug_assert_eq!(old.0, old.1, "what was possible still is");
        };
        let middle = head.deeds + head.count.0;
        pass(self, here, early, head.deeds..middle, sink);
        if head.up && here.asks >> (node % 64) & 1 == 1 {
            self.ask_all(here, node, false, sink);
        }
        pass(self, here, late, middle..middle + head.count.1, sink);
    }

    /// Adds what this state counted to the rest.
    fn count(&mut self) {
        let counted = &mut self.counted;
        counted.transitions += self.here.transitions;
        counted.quiet += u64::from(!self.here.waiting);
        for note in self.notes_here.drain(..) {
            if counted.notes.len() <= note as usize {
                counted.notes.resize(note as usize + 1, 0);
            }
            counted.notes[note as usize] += 1;
        }
        counted.cut.iter_mut().zip(&self.here.cut).for_each(|(sum, more)| *sum |= more);
    }

    /// Which timers the mail of all nodes holds back, and how far the slowest clocks are.
    fn look_at_mail(&mut self, tables: &Tables) {
        if tables.apart.is_some() {
            self.slowest = (u64::MAX, u64::MAX);
            for (place, &slot) in tables.places.iter().zip(&self.slots) {
                let clock = place.clocks[slot as usize];
                let (slowest, second) = self.slowest;
                self.slowest = (slowest.min(clock), second.min(clock.max(slowest)));
            }
        }
        let words = tables.held_words;
        if words == 0 {
            return;
        }
        self.held.clear();
        self.held.resize(words, 0);
        for (place, &slot) in tables.places.iter().zip(&self.slots) {
            let held = &place.held[slot as usize * words..][..words];
            self.held.iter_mut().zip(held).for_each(|(all, one)| *all |= one);
        }
    }

    /// Asks every input of a node that is next in its lane.
    #[inline]
    fn ask_all<W: Word>(
        &mut self,
        here: &mut Here<'_, W>,
        node: usize,
        awake: bool,
        sink: &mut impl Successors<W>,
    ) {
        let tables = here.tables;
        let (first, count) = tables.asked[here.ledger as usize * self.slots.len() + node];
        if count > 0 {
            let open = &tables.open[first as usize..][..count as usize];
            self.ask(here, node, open, awake, sink);
        }
    }

    /// Asks these inputs of a node.
    fn ask<W: Word>(
        &mut self,
        here: &mut Here<'_, W>,
        node: usize,
        open: &[u32],
        awake: bool,
        sink: &mut impl Successors<W>,
    ) {
        let tables = here.tables;
        for &input in open {
            let slot = self.slots[node];
            let place = &tables.places[node];
            match place.inputs.get(place.heads[slot as usize].inputs, input) {
                None => self.misses.push(Miss::Input { node: node as u32, slot, input }),
                Some(0) => {}
                Some(deed) => match self.offered(tables, node, input) {
                    None => self.misses.push(Miss::Offer { node: node as u32, input }),
                    Some(true) => self.take_special(here, node, deed - 1, awake, sink),
                    Some(false) => {}
                },
            }
        }
    }

    /// Whether an input is offered at a node now, if that is known.
    fn offered(&mut self, tables: &Tables, node: usize, input: u32) -> Option<bool> {
        let Some(offers) = &tables.offers else {
            return Some(true);
        };
        let said = match offers.about.get(input as usize) {
            // Nothing is offered about a node that there is not.
            Some(&about) if about as usize >= self.slots.len() => return Some(false),
            Some(&about) => offers.said.get(self.local(tables, about), input)?,
            None => {
                let tuple = self.tuple(tables, offers)?;
                offers.said.get(tuple, node as u32 * offers.inputs + input)?
            }
        };
        Some(said == 2)
    }

    /// The local state of a node.
    fn local(&self, tables: &Tables, node: u32) -> u32 {
        tables.places[node as usize].heads[self.slots[node as usize] as usize].local
    }

    /// The tuple of all local states, looked up once for each state.
    fn tuple(&mut self, tables: &Tables, offers: &Offers) -> Option<u32> {
        if self.tuple.is_none() {
            self.tuple = offers.tuples.find(locals(tables, &self.slots));
        }
        self.tuple
    }

    /// Takes one deed, if nothing holds it back and the ledger affords it.
    #[inline]
    fn take<W: Word>(
        &mut self,
        here: &mut Here<'_, W>,
        node: usize,
        number: u32,
        sink: &mut impl Successors<W>,
    ) {
        let deed = &here.tables.places[node].deeds[number as usize];
        self.here.acts |= deed.only.extra <= LOOP;
        if deed.only.extra == VOID {
            self.here.cut[0] |= u64::from(!here.only_acts) << BOUNDARY;
            return;
        }
        if deed.only.extra == LOOP {
            self.here.transitions += u64::from(!here.only_acts);
            return;
        }
        if deed.only.extra != 0 || deed.count != 1 {
            return self.take_special(here, node, number, true, sink);
        }
        if here.only_acts {
            return;
        }
        let step = [node as u32, number, 0];
        if let Some(key) = self.moved(here, node, &deed.only) {
            self.here.transitions += 1;
            if key == here.key {
                return;
            }
            let sleep = here.sleep.behind(here.layout, here.key, node, Class::Free, 0);
            sink.arrive(key, step, sleep);
        }
    }

    /// Takes a deed that has to do with more than slots, or has several outcomes; where it is asleep
    /// and not said to be `awake`, it is only counted.
    fn take_special<W: Word>(
        &mut self,
        here: &mut Here<'_, W>,
        node: usize,
        number: u32,
        awake: bool,
        sink: &mut impl Successors<W>,
    ) {
        let place = &here.tables.places[node];
        let deed = place.deeds[number as usize];
        let extra = here.tables.extras[deed.only.extra as usize];
        if extra.guard != 0 && self.is_held_back(here.tables, node, extra.guard) {
            return;
        }
        let mut ledger = here.ledger;
        if extra.cost != 0 {
            match here.tables.costs.get(ledger, extra.cost) {
                None => return self.misses.push(Miss::Cost { ledger, cost: extra.cost }),
                Some(after) if after >= FORBIDDEN => {
                    let bound = (after - FORBIDDEN) as usize;
                    self.here.cut[bound / 64] |= 1 << (bound % 64);
                    return;
                }
                Some(after) => ledger = after,
            }
        }
        self.here.acts = true;
        if here.only_acts {
            return;
        }
        if deed.count == 0 {
            let slot = self.slots[node];
            return self.misses.push(Miss::Moves { node: node as u32, slot, deed: number });
        }
        let moves = match deed.count {
            1 => std::slice::from_ref(&deed.only),
            count => &place.moves[deed.only.to as usize..][..count as usize],
        };
        // What tells monitors nothing new is asleep as long as nobody else tells them anything.
        let tells = |extra: &Extra| match here.tables.sights.get(here.watches, extra.sight) {
            Some(after) => after != here.watches,
            None => true,
        };
        let asleep = !awake
            && (here.sleep.has(node, extra.class)
                || extra.class == Class::Seen
                    && !extra.in_turn
                    && here.sleep.has(node, Class::Known)
                    && moves.iter().all(|moved| {
                        let extra = &here.tables.extras[moved.extra as usize];
                        extra.sight == 0 || !tells(extra)
                    }));
        for (nth, moved) in moves.iter().enumerate() {
            let extra = &here.tables.extras[moved.extra as usize];
            if asleep {
                self.note(extra);
                self.here.transitions += 1;
            } else if let Some(key) = self.moved_dearly(here, node, ledger, moved, extra) {
                let step = [node as u32, number, nth as u32];
                let (nodes, wakes) = (self.slots.len(), extra.wakes);
                let watches = key.field(here.layout.field(nodes + 1));
                let class = match extra.class {
                    Class::Seen if watches == here.watches && !extra.in_turn => Class::Known,
                    class => class,
                };
                let sleep = here.sleep.behind(here.layout, here.key, node, class, wakes);
                sink.arrive(key, step, sleep);
            }
        }
    }

    /// What becomes of the slots by a move; nothing if the tables lack it.
    #[inline]
    fn moved<W: Word>(&mut self, here: &Here<'_, W>, node: usize, moved: &Move) -> Option<W> {
        let (tables, layout) = (here.tables, here.layout);
        let mut key = here.key.flipped(layout.field(node), self.slots[node] ^ moved.to);
        if moved.post != 0 {
            let (first, count) = tables.posts[moved.post as usize];
            for &(to, batch) in &tables.batches[first as usize..][..count as usize] {
                let (slot, place) = (self.slots[to as usize], &tables.places[to as usize]);
                let known = place.arrivals.get(place.heads[slot as usize].arrivals, batch);
                let after = self.or_miss(known, Miss::Arrival { node: to, slot, batch })?;
                key = key.flipped(layout.field(to as usize), slot ^ after);
            }
        }
        Some(key)
    }

    /// The same with ledger and monitors.
    fn moved_dearly<W: Word>(
        &mut self,
        here: &mut Here<'_, W>,
        node: usize,
        mut ledger: u32,
        moved: &Move,
        extra: &Extra,
    ) -> Option<W> {
        let (tables, layout, nodes) = (here.tables, here.layout, self.slots.len());
        let mut key = self.moved(here, node, moved)?;
        if extra.odd != 0 {
            self.here.impure |= extra.odd & IMPURE != 0;
            if let Some(cost) = extra.panic() {
                let known = tables.costs.get(here.ledger, cost);
                let miss = Miss::Cost { ledger: here.ledger, cost };
                ledger = self.or_miss(known, miss)?;
            }
        }
        key = key.flipped(layout.field(nodes), here.ledger ^ ledger);
        if extra.sight != 0 {
            let (watches, sight) = (here.watches, extra.sight);
            let known = tables.sights.get(watches, sight);
            let after = self.or_miss(known, Miss::Sight { watches, sight })?;
            key = key.flipped(layout.field(nodes + 1), watches ^ after);
        }
        self.note(extra);
        if extra.odd & OUTSIDE != 0 {
            self.here.cut[0] |= 1 << BOUNDARY;
            self.outsiders |= extra.odd & UNSEEN == 0;
            return (extra.odd & UNSEEN == 0).then_some(key);
        }
        self.here.transitions += 1;
        Some(key)
    }

    #[inline]
    fn note(&mut self, extra: &Extra) {
        if extra.note != 0 {
            self.notes_here.push(extra.note);
        }
    }

    #[inline]
    fn or_miss(&mut self, known: Option<u32>, miss: Miss) -> Option<u32> {
        if known.is_none() {
            self.misses.push(miss);
        }
        known
    }

    /// Whether mail holds a timer back, or other clocks a tick.
    fn is_held_back(&self, tables: &Tables, node: usize, guard: u32) -> bool {
        if guard == TICKS {
            let clock = tables.places[node].clocks[self.slots[node] as usize];
            let (slowest, second) = self.slowest;
            let others = if clock == slowest { second } else { slowest };
            let apart = tables.apart.expect("nodes with clocks");
            return clock >= others.saturating_add(apart);
        }
        let guard = &tables.guards[guard as usize * tables.held_words..];
        guard.iter().zip(&self.held).any(|(guard, held)| guard & held != 0)
    }
}

/// The local states of the nodes in these slots.
pub(super) fn locals<'a>(tables: &'a Tables, slots: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
    let places = tables.places.iter().zip(slots);
    places.map(|(place, &slot)| place.heads[slot as usize].local)
}
