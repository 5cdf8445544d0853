//! What the numbers mean: the values behind them, and the answers the tables ask for.
//!
//! A handler is called once for each local state and each thing that happened to it, whatever the
//! mail, the ledger, the monitors and the other nodes are: its answer is kept. It is called through
//! [`Node::happen`] as everywhere else, and what its effects mean is asked of the same [`Mailbox`],
//! [`Ledger`] and [`Audience`] that `World` and `Situation` are made of.

use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::place::{Interned, Place, held_bit, held_words, intern};
use super::rows::Rows;
use super::tables::{
    Deed, FORBIDDEN, IMPURE, LedgerHead, Miss, Move, OUTSIDE, Offers, PlaceTable, SlotHead, TICKS,
    Tables, UNKNOWN, UNSEEN,
};
use crate::audience::{Audience, Shown};
use crate::invariant::{Scope, Watch};
use crate::ledger::{Bound, Ledger};
use crate::node::{Node, Occurrence, Panicked};
use crate::protocol::{Chooser, ClientId, NodeId, Outbox, Protocol};
use crate::scenario::{Offered, Scenario, To};
use crate::situation::{Fate, Situation, fates, is_sighted, other_acts};
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
    costs: IndexMap<Cost<P>, Option<Step<P>>, FxBuildHasher>,
    sights: Interned<Sighting<P>>,
    pub(super) notes: Interned<(Vec<usize>, Vec<&'static str>)>,
    posts: Interned<Vec<(u32, u32)>>,
    guards: Interned<Vec<u64>>,
    /// Every input of every lane, in order.
    pub(super) inputs: Vec<(ClientId, To, P::Input)>,
    pub(super) handler_calls: u64,
    out: Outbox<P>,
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
    own: u32,
    post: u32,
    sight: u32,
    note: u32,
    odd: u32,
}

impl Answer {
    /// Whether the handler panicked.
    pub(super) fn panicked(&self) -> bool {
        self.odd & !IMPURE != 0
    }
}

/// What the ledger is charged for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Cost<P: Protocol> {
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
struct Sighting<P: Protocol> {
    node: NodeId,
    /// The step, where monitors see it for itself.
    act: Option<Act<P>>,
    events: Vec<P::Event>,
    /// The node's local state after it.
    local: u32,
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
            costs: IndexMap::default(),
            sights: Interned::default(),
            notes: Interned::default(),
            posts: Interned::default(),
            guards: Interned::default(),
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
        meaning.sights.insert(Sighting {
            node: NodeId(0),
            act: None,
            events: Vec::new(),
            local: UNKNOWN,
        });
        meaning.note(&mut tables, &Shown::default());
        meaning.post(&mut tables, Vec::new());
        meaning.guard(&mut tables, vec![0; words]);
        (meaning, tables)
    }

    /// The ids of a situation: a slot for each node, its ledger, its monitors.
    pub(super) fn ids_of(&mut self, tables: &mut Tables, situation: &Situation<P>) -> Vec<u32> {
        let Situation { world, ledger, watches, panicked } = situation;
        let mut ids = Vec::new();
        for (at, (node, mail)) in world.nodes.iter().zip(&world.mail).enumerate() {
            let place = &mut self.places[at];
            let local = place.local_of(Node::clone(node));
            let mail = place.mail_of(self.scenario, mail.as_ref().clone());
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
            (Arc::clone(place.local(local)), Arc::clone(place.mail(mail)))
        });
        let (nodes, mail) = parts.unzip();
        let (ledger, panicked) = self.ledgers.get_index(*ledger as usize).expect("a ledger");
        let watches = self.watches.get_index(*watches as usize).expect("monitors");
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
                if tables.places[node as usize].inputs.get(slot, input).is_none() {
                    let deed = self.input_deed(tables, node as usize, slot, input);
                    tables.places[node as usize].inputs.put(slot, input, deed);
                }
            }
            Miss::Moves { node, slot, deed } => {
                if tables.places[node as usize].deeds[deed as usize].first == UNKNOWN {
                    self.find_moves(tables, node as usize, slot, deed);
                }
            }
            Miss::Arrival { node, slot, batch } => {
                let table = &mut tables.places[node as usize];
                if table.arrivals.get(slot, batch).is_none() {
                    let place = &mut self.places[node as usize];
                    let (local, mail) = place.parts(slot);
                    let mail = place.filled(self.scenario, mail, batch);
                    let after = place.slot_of(self.scenario, table, local, mail);
                    table.arrivals.put(slot, batch, after);
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

    /// What can happen at a slot, in the order of its content.
    fn find_deeds(&mut self, tables: &mut Tables, at: usize, slot: u32) {
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
    fn input_deed(&mut self, tables: &mut Tables, at: usize, slot: u32, input: u32) -> u32 {
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
    fn find_moves(&mut self, tables: &mut Tables, at: usize, slot: u32, deed: u32) {
        let (local, mail) = self.places[at].parts(slot);
        let first = tables.places[at].moves.len() as u32;
        let (answers, mail) = match self.calls[at].deeds[deed as usize] {
            DeedKind::Letter(Fate::Deliver, letter) => {
                let mail = self.places[at].taken(self.scenario, mail, letter);
                let what = intern(&mut self.calls[at].whats, What::Letter(letter));
                (self.answers(tables, at, local, what), mail)
            }
            DeedKind::Call(what) => (self.answers(tables, at, local, what), mail),
            DeedKind::Letter(fate, letter) => {
                let place = &mut self.places[at];
                let mail = match fate {
                    Fate::Drop => place.taken(self.scenario, mail, letter),
                    Fate::Duplicate | Fate::Deliver => place.doubled(self.scenario, mail, letter),
                };
                let table = &mut tables.places[at];
                let to = place.slot_of(self.scenario, table, local, mail);
                table.moves.push(Move { to, post: 0, sight: 0, note: 0, odd: 0 });
                ((0, 0), mail)
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
        let occurrence = self.occurrence(at, what);
        let mut script = Some(Vec::new());
        let mut impure = false;
        while let Some(answers) = script {
            let (node, panicked) = self.call(at, local, &occurrence, &answers);
            let said = self.said(&node, &panicked);
            let again = self.call(at, local, &occurrence, &answers);
            impure |= said != self.said(&again.0, &again.1);
            script = self.out.next_script();
            let answer = self.answer(tables, me, node, panicked, what);
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
        self.handler_calls += 1;
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

    fn occurrence(&self, at: usize, what: u32) -> Occurrence<P> {
        match self.calls[at].whats.get_index(what as usize).expect("something that happened") {
            What::Letter(letter) => {
                let letter = self.places[at].letter(*letter);
                Occurrence::Message { from: letter.from, message: letter.message.clone() }
            }
            What::Timer(timer) => Occurrence::Timeout(timer.clone()),
            What::Input(input) => Occurrence::Input(self.inputs[*input as usize].2.clone()),
            What::Other(Act::Tick) => Occurrence::Tick,
            What::Other(Act::Crash) => Occurrence::Crash,
            What::Other(Act::Restart) => Occurrence::Restart,
            What::Other(Act::Wiped) => Occurrence::Wiped,
            What::Other(act) => unreachable!("{act} is a letter, a timer or an input"),
        }
    }

    /// The outbox of a handler's call, in numbers.
    fn answer(
        &mut self,
        tables: &mut Tables,
        me: NodeId,
        node: Node<P>,
        panicked: Option<Panicked>,
        what: u32,
    ) -> Answer {
        let at = me.index();
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
        let step = self.seen_step(me, what);
        let mut shown = Shown::default();
        let mut sight = 0;
        if is_sighted(&step, &self.out) {
            let protocol = &self.scenario.protocol;
            let node = self.places[at].local(local);
            Audience::new(protocol, &self.scenario.goals, &mut [], &mut shown)
                .attend(&step, node, &self.out);
            let by_itself = !matches!(step.act, Act::Deliver { .. } | Act::Timeout(_) | Act::Tick);
            let act = by_itself.then_some(step.act);
            let events = self.out.events.clone();
            sight = intern(&mut self.sights, Sighting { node: me, act, events, local });
        }
        shown.marks.extend_from_slice(&self.out.marks);
        let note = self.note(tables, &shown);
        Answer { choices, local, own, post, sight, note, odd: 0 }
    }

    /// The step in which something happened.
    fn seen_step(&self, me: NodeId, what: u32) -> Step<P> {
        let what = self.calls[me.index()].whats.get_index(what as usize);
        Step::new(me, self.act_of(me, what.expect("something that happened")))
    }

    /// Something that happened at a node, in words.
    pub(super) fn what_in_words(&self, me: NodeId, what: u32) -> String {
        self.seen_step(me, what).to_string()
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

    /// The step that a slot's deed with its n-th answer is.
    pub(super) fn step(&self, at: usize, slot: u32, deed: u32, nth: u32) -> Step<P> {
        let me = NodeId::at(at);
        let calls = &self.calls[at];
        let what = match calls.deeds[deed as usize] {
            DeedKind::Letter(Fate::Deliver, letter) => {
                let what = calls.whats.get_index_of(&What::Letter(letter));
                what.expect("a letter that was delivered") as u32
            }
            DeedKind::Letter(fate, letter) => {
                let letter = self.places[at].letter(letter);
                return Step::new(me, fate.of(letter.from, letter.message.clone()));
            }
            DeedKind::Call(what) => what,
        };
        let (local, _) = self.places[at].parts(slot);
        let known = calls.known.get(local, what).expect("a deed that was taken");
        let (first, _) = calls.ranges[known as usize];
        let choices = calls.answers[(first + nth) as usize].choices.to_vec();
        Step { choices, ..self.seen_step(me, what) }
    }

    fn letter_cost(&mut self, at: usize, cost: Cost<P>, fate: Fate, letter: u32) -> u32 {
        let letter = self.places[at].letter(letter);
        let act = fate.of(letter.from, letter.message.clone());
        let step = Step::new(NodeId::at(at), act);
        self.cost(cost, Some(step))
    }

    fn act_cost(&mut self, me: NodeId, act: Act<P>) -> u32 {
        let step = Step::new(me, act.clone());
        self.cost(Cost::Act(me, act), Some(step))
    }

    fn cost(&mut self, cost: Cost<P>, step: Option<Step<P>>) -> u32 {
        let (number, _) = self.costs.insert_full(cost, step);
        number as u32
    }

    /// What a ledger becomes by a cost, or the bound that forbids it.
    fn charged(&mut self, tables: &mut Tables, ledger: u32, cost: u32) -> u32 {
        let (spent, _) = self.ledgers.get_index(ledger as usize).expect("a ledger").clone();
        let (cost, step) = self.costs.get_index(cost as usize).expect("a cost");
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
        let mut lane_first = 0;
        let open = tables.open.len();
        let (number, new) = self.ledgers.insert_full((ledger, panicked));
        if new {
            let (ledger, panicked) = &self.ledgers[number];
            for (lane, given) in self.scenario.lanes.iter().zip(&ledger.lanes) {
                if usize::from(*given) < lane.inputs.len() {
                    tables.open.push((lane_first + usize::from(*given)) as u32);
                }
                lane_first += lane.inputs.len();
            }
            tables.ledgers.push(LedgerHead {
                panicked: panicked.is_some(),
                open: open as u32,
                count: (tables.open.len() - open) as u32,
            });
        }
        number as u32
    }

    /// What monitors become by a sight.
    fn seen(&mut self, tables: &mut Tables, watches: u32, sight: u32) -> u32 {
        let Sighting { node, act, events, local } =
            self.sights.get_index(sight as usize).expect("a sight").clone();
        let mut after = self.watches[watches as usize].as_ref().clone();
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
        let (number, new) = self.watches.insert_full(watches);
        if new {
            let broken = self.watches[number].iter().any(|watch| watch.broken.is_some());
            tables.broken.push(broken);
        }
        number as u32
    }

    fn note(&mut self, tables: &mut Tables, shown: &Shown) -> u32 {
        let note = intern(&mut self.notes, (shown.goals.clone(), shown.marks.clone()));
        tables.notes = self.notes.len();
        note
    }

    fn post(&mut self, tables: &mut Tables, batches: Vec<(u32, u32)>) -> u32 {
        let (number, new) = self.posts.insert_full(batches);
        if new {
            let batches = &self.posts[number];
            tables.posts.push((tables.batches.len() as u32, batches.len() as u32));
            tables.batches.extend(batches);
        }
        number as u32
    }

    /// The guard of a timer: the assumptions that may hold it back.
    fn timer_guard(&mut self, tables: &mut Tables, me: NodeId, timer: &P::Timer) -> u32 {
        let mut guard = vec![0; tables.held_words];
        for (rule, patience) in self.scenario.patience.iter().enumerate() {
            if (patience.of)(timer) {
                let (word, bit) = held_bit(rule, me, self.scenario.nodes);
                guard[word] |= bit;
            }
        }
        self.guard(tables, guard)
    }

    fn guard(&mut self, tables: &mut Tables, guard: Vec<u64>) -> u32 {
        let (number, new) = self.guards.insert_full(guard);
        if new {
            tables.guards.extend(&self.guards[number]);
        }
        number as u32
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
            let nodes: Vec<_> =
                places.map(|(place, &local)| Arc::clone(place.local(local))).collect();
            let (_, _, asked) = &self.inputs[input as usize];
            let offered = self.scenario.offers(&nodes, NodeId::at(at), asked);
            offers.said.put(row, column, 1 + u32::from(offered));
        }
        tables.offers = Some(offers);
    }

    /// How many ids each field of a key must tell apart.
    pub(super) fn counts(&self) -> Vec<usize> {
        let slots = self.places.iter().map(|place| place.slots.len());
        slots.chain([self.ledgers.len(), self.watches.len()]).collect()
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
