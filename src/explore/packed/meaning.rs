//! What the numbers mean: the values behind them, and the answers the tables ask for.
//!
//! A handler is called once for each local state and each thing that happened to it, whatever the
//! mail, the ledger, the monitors and the other nodes are: its answer is kept. It is called through
//! [`Node::happen`] as everywhere else, and what its effects mean is asked of the same [`Mailbox`],
//! [`Ledger`] and [`Audience`] that `World` and `Situation` are made of.

use std::sync::Arc;

use super::interned::Interned;
use super::place::{Place, held_words};
use super::rows::Rows;
use super::tables::{
    Class, Extra, FORBIDDEN, IMPURE, Miss, OUTSIDE, Offers, PlaceTable, Tables, UNKNOWN, UNSEEN,
};
use super::values::{Taken, UNCHOSEN};
use crate::audience::{Audience, Shown};
use crate::invariant::Watch;
use crate::ledger::{Bound, Charge, Ledger};
use crate::node::{Node, Panicked};
use crate::protocol::{ClientId, NodeId, Outbox, Protocol};
use crate::scenario::{Offered, Scenario, To};
use crate::situation::{Fate, Situation};
use crate::step::{Act, Step};
use crate::world::World;

/// The values behind the numbers of one search.
pub(super) struct Meaning<'a, P: Protocol> {
    pub(super) scenario: &'a Scenario<P>,
    pub(super) places: Vec<Place<P>>,
    pub(super) calls: Vec<Calls<P>>,
    /// Ledgers, and the panic that ended everything, if one did.
    pub(super) ledgers: Interned<Purse>,
    pub(super) watches: Interned<Arc<Vec<Watch<P>>>>,
    pub(super) costs: Interned<Cost<P>>,
    /// By cost: the step that is charged, if it is one.
    charged_for: Vec<Option<Step<P>>>,
    pub(super) sights: Interned<Sighting<P>>,
    pub(super) notes: Interned<(Vec<usize>, Vec<&'static str>)>,
    pub(super) posts: Interned<Vec<(u32, u32)>>,
    pub(super) guards: Interned<Vec<u64>>,
    pub(super) extras: Interned<Extra>,
    /// Every input of every lane, in order.
    pub(super) inputs: Vec<(ClientId, To, P::Input)>,
    /// Calls of handlers whose answers are kept; each was made a second time, and compared.
    pub(super) handler_calls: u64,
    pub(super) out: Outbox<P>,
}

/// A ledger, and the panic that ended everything, if one did.
type Purse = (Arc<Ledger>, Option<(NodeId, Panicked)>);

/// What handlers of one node have answered.
pub(super) struct Calls<P: Protocol> {
    /// What happened, other than letters, timers and inputs a number each.
    pub(super) whats: Interned<What<P>>,
    /// `(local state, what) → answers`, by number.
    pub(super) known: Rows,
    /// By number: where the answers begin, and how many there are.
    pub(super) ranges: Vec<(u32, u32)>,
    pub(super) answers: Vec<Answer>,
    /// By deed: what happens, and the answers its moves stand for.
    pub(super) deeds: Vec<DeedKind>,
}

/// Something that a handler is called for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum What<P: Protocol> {
    /// The letter with that number arrives.
    Letter(u32),
    /// A timer fires.
    Timer(P::Timer),
    /// The input with that number is asked.
    Input(u32),
    /// A tick, a crash or a restart.
    Other(Act<P>),
}

/// What a deed does to the slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum DeedKind {
    /// A letter meets its fate.
    Letter(Fate, u32),
    /// A handler is called for something else, by its number.
    Call(u32),
}

/// One answer of a handler.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// The alternatives it took.
    pub(super) choices: Box<[u32]>,
    pub(super) local: u32,
    /// What it sent to itself: a batch plus 1, or 0.
    pub(super) own: u32,
    pub(super) post: u32,
    pub(super) sight: u32,
    pub(super) note: u32,
    pub(super) odd: u32,
}

impl Answer {
    /// Whether the handler panicked.
    pub(super) fn panicked(&self) -> bool {
        self.odd & !IMPURE != 0
    }
}

/// What the ledger is charged for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Cost<P: Protocol> {
    Nothing,
    Drop,
    Duplicate,
    /// A timer at a node, an input, a crash or a restart.
    Act(NodeId, Act<P>),
    /// The clock has reached its limit.
    ClockEnds,
    Panicked(NodeId, Panicked),
}

/// What monitors see of a step.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Sighting<P: Protocol> {
    pub(super) node: NodeId,
    /// The step, where monitors see it for itself.
    pub(super) act: Option<Act<P>>,
    pub(super) events: Vec<P::Event>,
    /// The node's local state after it.
    pub(super) local: u32,
}

impl<'a, P: Protocol> Meaning<'a, P> {
    /// Nothing known but the scenario. `forgets` says whether dead mail is looked for.
    pub(super) fn new(scenario: &'a Scenario<P>, forgets: bool) -> (Self, Tables) {
        let lanes = scenario.lanes.iter().enumerate();
        let inputs = lanes.flat_map(|(client, lane)| {
            let whose = ClientId(client as u8);
            lane.inputs.iter().map(move |(to, input)| (whose, *to, input.clone()))
        });
        let mut meaning = Meaning {
            scenario,
            places: scenario.node_ids().map(|me| Place::new(me, forgets)).collect(),
            calls: scenario.node_ids().map(|_| Calls::new()).collect(),
            ledgers: Interned::default(),
            watches: Interned::default(),
            costs: Interned::default(),
            charged_for: Vec::new(),
            sights: Interned::default(),
            notes: Interned::default(),
            posts: Interned::default(),
            guards: Interned::default(),
            extras: Interned::default(),
            inputs: inputs.collect(),
            handler_calls: 0,
            out: Outbox::new(scenario.nodes),
        };
        let words = held_words(scenario);
        let mut tables = Tables {
            places: scenario.node_ids().map(|_| PlaceTable::default()).collect(),
            held_words: words,
            apart: (!scenario.clocks.of.is_empty()).then_some(scenario.clocks.apart),
            offers: scenario.offered.as_ref().map(|offered| Offers {
                inputs: meaning.inputs.len() as u32,
                about: match offered {
                    Offered::Nodes(_) => Vec::new(),
                    Offered::About(whom, _) => {
                        meaning.inputs.iter().map(|(.., input)| u32::from(whom(input).0)).collect()
                    }
                },
                ..Offers::default()
            }),
            ..Tables::default()
        };
        // Number 0 of each of these means nothing at all.
        meaning.cost(Cost::Nothing, None);
        meaning.sights.add(Sighting {
            node: NodeId(0),
            act: None,
            events: Vec::new(),
            local: UNKNOWN,
        });
        meaning.note(&Shown::default());
        meaning.post(&mut tables, Vec::new());
        meaning.guard(&mut tables, vec![0; words]);
        let void = Extra { odd: OUTSIDE | UNSEEN, class: Class::Alone, ..Extra::default() };
        let still = Extra { still: true, ..Extra::default() };
        for extra in [Extra::default(), void, still] {
            meaning.extras.add(extra);
            tables.extras.push(extra);
        }
        (meaning, tables)
    }

    /// The ids of a situation: a slot for each node, its ledger, its monitors.
    pub(super) fn ids_of(&mut self, tables: &mut Tables, situation: &Situation<P>) -> Vec<u32> {
        let Situation { world, ledger, watches, panicked } = situation;
        let mut ids = Vec::new();
        for (at, (node, mail)) in world.nodes.iter().zip(&world.mail).enumerate() {
            let place = &mut self.places[at];
            let local = place.local_of(Node::clone(node));
            let mail = place.mail_of(self.scenario, mail);
            ids.push(place.slot_of(self.scenario, &mut tables.places[at], local, mail));
        }
        ids.push(self.ledger(tables, Arc::clone(ledger), panicked.clone()));
        ids.push(self.watch(tables, Arc::clone(watches)));
        ids
    }

    /// The situation of these ids; its mail is without dead letters.
    pub(super) fn situation(&self, ids: &[u32]) -> Situation<P> {
        let [slots @ .., ledger, watches] = ids else {
            unreachable!("a state has a ledger and monitors");
        };
        let parts = slots.iter().zip(&self.places).map(|(slot, place)| {
            let (local, mail) = place.parts(*slot);
            (place.local(local).clone(), place.written_out(self.scenario.links, mail))
        });
        let (nodes, mail) = parts.unzip();
        let (ledger, panicked) = &self.ledgers[*ledger];
        let watches = &self.watches[*watches];
        Situation {
            world: World { nodes, mail },
            ledger: Arc::clone(ledger),
            watches: Arc::clone(watches),
            panicked: panicked.clone(),
        }
    }

    /// Finds out what the tables do not know.
    pub(super) fn fill(&mut self, tables: &mut Tables, miss: Miss, slots: &[u32]) {
        match miss {
            Miss::Deeds { node, slot } => {
                if tables.places[node as usize].heads[slot as usize].deeds == UNKNOWN {
                    self.find_deeds(tables, node as usize, slot);
                }
            }
            Miss::Input { node, slot, input } => {
                let table = &tables.places[node as usize];
                if table.inputs.get(table.heads[slot as usize].inputs, input).is_none() {
                    let deed = self.input_deed(tables, node as usize, slot, input);
                    let table = &mut tables.places[node as usize];
                    table.inputs.put(&mut table.heads[slot as usize].inputs, input, deed);
                }
            }
            Miss::Moves { node, slot, deed } => {
                if tables.places[node as usize].deeds[deed as usize].count == 0 {
                    self.find_moves(tables, node as usize, slot, deed);
                }
            }
            Miss::Arrival { node, slot, batch } => {
                let table = &mut tables.places[node as usize];
                if table.arrivals.get(table.heads[slot as usize].arrivals, batch).is_none() {
                    let place = &mut self.places[node as usize];
                    let (local, mail) = place.parts(slot);
                    let mail = place.filled(self.scenario, mail, batch);
                    let after = place.slot_of(self.scenario, table, local, mail);
                    let row = &mut table.heads[slot as usize].arrivals;
                    table.arrivals.put(row, batch, after);
                }
            }
            Miss::Plain { node, slot } => {
                if tables.places[node as usize].heads[slot as usize].plain == UNKNOWN {
                    self.find_plain(tables, node as usize, slot);
                }
            }
            Miss::Cost { ledger, cost } => {
                if tables.costs.get(ledger, cost).is_none() {
                    let after = self.charged(tables, ledger, cost);
                    tables.costs.put(ledger, cost, after);
                }
            }
            Miss::Sight { watches, sight } => {
                if tables.sights.get(watches, sight).is_none() {
                    let after = self.seen(tables, watches, sight);
                    tables.sights.put(watches, sight, after);
                }
            }
            Miss::Offer { node, input } => self.find_offer(tables, node as usize, input, slots),
        }
    }

    /// The step in which something happened.
    pub(super) fn seen_step(&self, me: NodeId, what: u32) -> Step<P> {
        Step::new(me, self.act_of(me, &self.calls[me.index()].whats[what]))
    }

    fn act_of(&self, me: NodeId, what: &What<P>) -> Act<P> {
        match what {
            What::Letter(letter) => {
                let letter = self.places[me.index()].letter(*letter);
                Fate::Deliver.of(letter.from, letter.message.clone())
            }
            What::Timer(timer) => Act::Timeout(timer.clone()),
            What::Input(input) => {
                let (client, _, input) = self.inputs[*input as usize].clone();
                Act::Input { client, input }
            }
            What::Other(act) => act.clone(),
        }
    }

    /// The step that numbers stand for.
    pub(super) fn step(&self, step: Taken) -> Step<P> {
        let Taken { node: at, slot, deed, nth } = step;
        let me = NodeId::at(at);
        let calls = &self.calls[at];
        let what = match calls.deeds[deed as usize] {
            DeedKind::Letter(Fate::Deliver, letter) => {
                let what = calls.whats.find(&What::Letter(letter));
                what.expect("a letter that was delivered")
            }
            DeedKind::Letter(fate, letter) => {
                let letter = self.places[at].letter(letter);
                return Step::new(me, fate.of(letter.from, letter.message.clone()));
            }
            DeedKind::Call(what) => what,
        };
        if nth == UNCHOSEN {
            return self.seen_step(me, what);
        }
        let (local, _) = self.places[at].parts(slot);
        let known = calls.known.get(local, what).expect("a deed that was taken");
        let (first, _) = calls.ranges[known as usize];
        let choices = calls.answers[(first + nth) as usize].choices.to_vec();
        Step { choices, ..self.seen_step(me, what) }
    }

    pub(super) fn letter_cost(&mut self, at: usize, cost: Cost<P>, fate: Fate, letter: u32) -> u32 {
        let letter = self.places[at].letter(letter);
        let act = fate.of(letter.from, letter.message.clone());
        self.cost_of(cost, Step::new(NodeId::at(at), act))
    }

    pub(super) fn act_cost(&mut self, me: NodeId, act: Act<P>) -> u32 {
        let step = Step::new(me, act.clone());
        self.cost_of(Cost::Act(me, act), step)
    }

    /// What a step costs; 0 if nothing, whatever the ledger.
    fn cost_of(&mut self, cost: Cost<P>, step: Step<P>) -> u32 {
        match Ledger::charge(self.scenario, &step) {
            Charge::Nothing => 0,
            Charge::Counted | Charge::InTurn => self.cost(cost, Some(step)),
        }
    }

    /// Whether the ledger asks who was charged before.
    pub(super) fn is_in_turn(&self, cost: u32) -> bool {
        let step = &self.charged_for[cost as usize];
        step.as_ref().is_some_and(|step| Ledger::charge(self.scenario, step) == Charge::InTurn)
    }

    pub(super) fn cost(&mut self, cost: Cost<P>, step: Option<Step<P>>) -> u32 {
        let (number, new) = self.costs.add(cost);
        if new {
            self.charged_for.push(step);
        }
        number
    }

    /// What a ledger becomes by a cost, or the bound that forbids it.
    fn charged(&mut self, tables: &mut Tables, ledger: u32, cost: u32) -> u32 {
        let (spent, _) = self.ledgers[ledger].clone();
        let (cost, step) = (&self.costs[cost], &self.charged_for[cost as usize]);
        if let Cost::Panicked(node, panicked) = cost {
            let panicked = Some((*node, panicked.clone()));
            return self.ledger(tables, spent, panicked);
        }
        let after = match step {
            Some(step) => spent.after(self.scenario, step),
            None => Err(Bound::Clocks),
        };
        match after {
            Ok(after) if after == *spent => ledger,
            Ok(after) => self.ledger(tables, Arc::new(after), None),
            Err(bound) => FORBIDDEN + number_of(bound),
        }
    }

    fn ledger(
        &mut self,
        tables: &mut Tables,
        ledger: Arc<Ledger>,
        panicked: Option<(NodeId, Panicked)>,
    ) -> u32 {
        let (number, new) = self.ledgers.add((ledger, panicked));
        if new {
            let (ledger, panicked) = &self.ledgers[number];
            tables.panicked.push(panicked.is_some());
            tables.alarmed |= panicked.is_some();
            let mut asking = 0;
            for me in self.scenario.node_ids() {
                let open = tables.open.len();
                let mut lane_first = 0;
                for (lane, given) in self.scenario.lanes.iter().zip(&ledger.lanes) {
                    let next = lane_first + usize::from(*given);
                    lane_first += lane.inputs.len();
                    if next < lane_first && self.inputs[next].1.admits(me) {
                        tables.open.push(next as u32);
                    }
                }
                let count = tables.open.len() - open;
                tables.asked.push((open as u32, count as u32));
                if count > 0 {
                    asking |= 1_u64.checked_shl(u32::from(me.0)).unwrap_or(u64::MAX);
                }
            }
            tables.asking.push(asking);
        }
        number
    }

    /// What monitors become by a sight.
    fn seen(&mut self, tables: &mut Tables, watches: u32, sight: u32) -> u32 {
        let Sighting { node, act, events, local } = self.sights[sight].clone();
        let mut after = self.watches[watches].as_ref().clone();
        self.out.begin(node, None, false);
        self.out.events = events;
        // A tick is seen by nobody; in place of a step of which only the events are seen.
        let step = Step::new(node, act.unwrap_or(Act::Tick));
        let state = self.places[node.index()].local(local);
        Audience::new(&self.scenario.protocol, &[], &mut after, &mut Shown::default())
            .attend(&step, state, &self.out);
        self.watch(tables, Arc::new(after))
    }

    fn watch(&mut self, tables: &mut Tables, watches: Arc<Vec<Watch<P>>>) -> u32 {
        let (number, new) = self.watches.add(watches);
        if new {
            let broken = self.watches[number].iter().any(|watch| watch.broken.is_some());
            tables.broken.push(broken);
            tables.alarmed |= broken;
        }
        number
    }

    pub(super) fn note(&mut self, shown: &Shown) -> u32 {
        self.notes.number_of((shown.goals.clone(), shown.marks.clone()))
    }

    pub(super) fn post(&mut self, tables: &mut Tables, batches: Vec<(u32, u32)>) -> u32 {
        let (number, new) = self.posts.add(batches);
        if new {
            let batches = &self.posts[number];
            tables.posts.push((tables.batches.len() as u32, batches.len() as u32));
            tables.batches.extend(batches);
        }
        number
    }

    pub(super) fn guard(&mut self, tables: &mut Tables, guard: Vec<u64>) -> u32 {
        let (number, new) = self.guards.add(guard);
        if new {
            tables.guards.extend(&self.guards[number]);
        }
        number
    }

    /// Whether an input is offered at a node, all nodes being in these slots.
    fn find_offer(&mut self, tables: &mut Tables, at: usize, input: u32, slots: &[u32]) {
        let mut offers = tables.offers.take().expect("inputs are offered by a function");
        let locals: Vec<u32> = super::expand::locals(tables, slots).collect();
        let (row, column) = match offers.about.get(input as usize) {
            Some(&about) => (locals[about as usize], input),
            None => {
                let (tuple, _) = offers.tuples.intern(locals.iter().copied());
                (tuple, at as u32 * offers.inputs + input)
            }
        };
        if offers.said.get(row, column).is_none() {
            let places = self.places.iter().zip(&locals);
            let nodes: Vec<_> = places.map(|(place, &local)| place.local(local).clone()).collect();
            let (_, _, asked) = &self.inputs[input as usize];
            let offered = self.scenario.offers(&nodes, NodeId::at(at), asked);
            offers.said.put(row, column, 1 + u32::from(offered));
        }
        tables.offers = Some(offers);
    }

    /// How many ids each field of a key must tell apart.
    pub(super) fn counts(&self) -> impl Iterator<Item = usize> {
        let slots = self.places.iter().map(|place| place.slots.len());
        slots.chain([self.ledgers.len(), self.watches.len()])
    }

    /// The bytes the values take, about.
    pub(super) fn bytes(&self) -> usize {
        let places = self.places.iter().map(Place::bytes).sum::<usize>();
        let calls = self.calls.iter().map(|calls| {
            calls.answers.capacity() * size_of::<Answer>()
                + calls.deeds.capacity() * size_of::<DeedKind>()
                + calls.known.bytes()
                + calls.ranges.capacity() * 8
        });
        places + calls.sum::<usize>() + (self.watches.len() + self.sights.len()) * 256
    }
}

impl<P: Protocol> Calls<P> {
    fn new() -> Calls<P> {
        Calls {
            whats: Interned::default(),
            known: Rows::default(),
            ranges: Vec::new(),
            answers: Vec::new(),
            deeds: Vec::new(),
        }
    }
}

/// A bound in the low bits of a cost's answer.
fn number_of(bound: Bound) -> u32 {
    match bound {
        Bound::Crashes => 0,
        Bound::Restarts => 1,
        Bound::Wipes => 2,
        Bound::Drops => 3,
        Bound::Duplicates => 4,
        Bound::Clocks => 5,
        Bound::Boundary => 6,
        Bound::Depth => 7,
        Bound::Timer(rule) => 8 + rule as u32,
    }
}

/// The bound with that number.
pub(super) fn bound_of(number: usize) -> Bound {
    match number {
        0 => Bound::Crashes,
        1 => Bound::Restarts,
        2 => Bound::Wipes,
        3 => Bound::Drops,
        4 => Bound::Duplicates,
        5 => Bound::Clocks,
        6 => Bound::Boundary,
        7 => Bound::Depth,
        rule => Bound::Timer(rule - 8),
    }
}
