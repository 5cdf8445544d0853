//! What a search remembers when it ends, in words and numbers: all that a report is made from.
//!
//! Values are asked what they print, and nothing more. What is read from that is the same for every
//! protocol, and compiled once.

use std::fmt::Debug;
use std::sync::Arc;

use crate::explain::shape::clear;
use crate::explore::coverage::{MOST, Sort, reading};
use crate::explore::packed::meaning::{Answer, DeedKind, Meaning, What};
use crate::explore::packed::place::Place;
use crate::explore::packed::tables::{Tables, UNKNOWN};
use crate::invariant::Sign;
use crate::ledger::{Faults, Ledger};
use crate::mail::Links;
use crate::protocol::{NodeId, Protocol};
use crate::situation::Fate;
use crate::step::Act;

/// What a search remembers.
pub(super) struct Told {
    pub(super) places: Vec<PlaceTold>,
    /// The kinds of acts, in the order of their content.
    pub(super) acts: Vec<(Sort, String)>,
    /// The kinds of events, in the order of their content.
    pub(super) events: Vec<String>,
    /// By sight: the kinds of its events.
    pub(super) sights: Vec<Vec<String>>,
    /// By note: the goals it shows, by their places.
    pub(super) notes: Vec<Vec<usize>>,
    /// The goals, and whether each shows in something seen.
    pub(super) goals: Vec<(&'static str, bool)>,
    /// Ledgers that are looked at, each with the panic that ended everything.
    pub(super) ledgers: Vec<(Arc<Ledger>, Option<String>)>,
    pub(super) ledger_count: usize,
    /// Monitors that are looked at, by invariant.
    pub(super) monitors: Vec<Vec<(String, String)>>,
    pub(super) monitor_count: usize,
    /// The rules for timers, and whether a timer of each was ever set.
    pub(super) rules: Vec<(String, bool)>,
    /// The kinds of the timers that were ever set.
    pub(super) timers: Vec<String>,
    /// By lane: its inputs, in words.
    pub(super) lanes: Vec<Vec<String>>,
    pub(super) faults: Faults,
    /// Whether links are sets, and whether clocks may move on.
    pub(super) set: bool,
    pub(super) clocks: bool,
}

/// What a search remembers of one node.
pub(super) struct PlaceTold {
    pub(super) slots: usize,
    /// Local states that are looked at.
    pub(super) locals: Vec<LocalTold>,
    pub(super) local_count: usize,
    /// Letters that were ever in a mailbox: who sent each, and what its message prints.
    pub(super) letters: Vec<(NodeId, String)>,
    /// Mailboxes that are looked at, of the numbers of letters.
    pub(super) mails: Vec<Vec<u32>>,
    pub(super) mail_count: usize,
    /// What its handlers were called for: of what kind each is.
    pub(super) whats: Vec<(Sort, String)>,
    pub(super) calls: Vec<CallTold>,
    /// The local states in which a letter was lost or doubled, and whether it was lost.
    pub(super) faults: Vec<(u32, bool)>,
}

/// A local state, in words.
pub(super) struct LocalTold {
    pub(super) state: String,
    pub(super) timers: String,
    pub(super) up: bool,
    pub(super) clock: Option<u64>,
}

/// A call of a handler.
pub(super) struct CallTold {
    pub(super) local: u32,
    pub(super) what: u32,
    /// Whether nothing came of it.
    pub(super) idle: bool,
    /// What was seen and noted, by answer.
    pub(super) answers: Vec<(u32, u32)>,
    /// The input that was asked, by its number.
    pub(super) input: Option<u32>,
}

impl Told {
    /// Asks the values.
    pub(super) fn of<P: Protocol>(meaning: &Meaning<'_, P>, tables: &Tables) -> Told {
        let scenario = meaning.scenario;
        let timers = timers_set(meaning);
        let kind = |event: &P::Event| kind_of(event);
        Told {
            places: (0..meaning.places.len()).map(|at| place_told(meaning, tables, at)).collect(),
            acts: acts(meaning),
            events: named(in_order(meaning.sights.iter().flat_map(|it| &it.events))).collect(),
            sights: meaning.sights.iter().map(|it| it.events.iter().map(kind).collect()).collect(),
            notes: meaning.notes.iter().map(|(goals, _)| goals.clone()).collect(),
            goals: scenario
                .goals
                .iter()
                .map(|goal| (goal.name, matches!(goal.sign, Sign::Seen(_))))
                .collect(),
            ledgers: meaning
                .ledgers
                .iter()
                .take(MOST)
                .map(|(ledger, panicked)| (Arc::clone(ledger), panicked.as_ref().map(debug)))
                .collect(),
            ledger_count: meaning.ledgers.len(),
            monitors: monitors(meaning),
            monitor_count: meaning.watches.len(),
            rules: scenario
                .timers
                .iter()
                .map(|rule| (rule.name.clone(), timers.iter().any(|timer| rule.of.include(timer))))
                .collect(),
            timers: timers.into_iter().map(kind_of).collect(),
            lanes: scenario
                .lanes
                .iter()
                .map(|lane| lane.inputs.iter().map(|(_, it)| clear(it)).collect())
                .collect(),
            faults: scenario.faults,
            set: scenario.links == Links::Set,
            clocks: !scenario.clocks.of.is_empty() && scenario.clocks.until > 0,
        }
    }
}

/// What a value prints.
fn debug(value: &impl Debug) -> String {
    format!("{value:?}")
}

fn kind_of(value: &impl Debug) -> String {
    reading::kind(&debug(value))
}

/// The kinds of values, in the order of each kind's least value.
fn in_order<'a, T: Ord + Debug + 'a>(values: impl Iterator<Item = &'a T>) -> Vec<(String, &'a T)> {
    let mut kinds: Vec<(String, &T)> = Vec::new();
    for value in values {
        let name = kind_of(value);
        match kinds.iter().position(|(kind, _)| *kind == name) {
            Some(at) if kinds[at].1 <= value => continue,
            Some(at) => drop(kinds.remove(at)),
            None => {}
        }
        let place = kinds.partition_point(|(_, other)| *other < value);
        kinds.insert(place, (name, value));
    }
    kinds
}

fn named<T>(kinds: Vec<(String, T)>) -> impl Iterator<Item = String> {
    kinds.into_iter().map(|(name, _)| name)
}

/// The kinds of acts that handlers were called for, in the order of their sort and content.
fn acts<P: Protocol>(meaning: &Meaning<'_, P>) -> Vec<(Sort, String)> {
    let whats = || {
        meaning
            .calls
            .iter()
            .zip(&meaning.places)
            .flat_map(|(calls, place)| calls.whats.iter().map(move |what| (place, what)))
    };
    let messages = in_order(whats().filter_map(|(place, what)| match what {
        What::Letter(letter) => Some(&place.letter(*letter).message),
        What::Timer(_) | What::Input(_) | What::Other(_) => None,
    }));
    let timers = in_order(whats().filter_map(|(_, what)| match what {
        What::Timer(timer) => Some(timer),
        What::Letter(_) | What::Input(_) | What::Other(_) => None,
    }));
    let inputs = in_order(whats().filter_map(|(_, what)| match what {
        What::Input(input) => Some(&meaning.inputs[*input as usize].2),
        What::Letter(_) | What::Timer(_) | What::Other(_) => None,
    }));
    let messages = named(messages).map(|name| (Sort::Message, name));
    let timers = named(timers).map(|name| (Sort::Timer, name));
    let inputs = named(inputs).map(|name| (Sort::Input, name));
    let happened: Vec<&str> = whats()
        .filter_map(|(_, what)| match what {
            What::Other(act) => Some(fault(act)),
            What::Letter(_) | What::Timer(_) | What::Input(_) => None,
        })
        .collect();
    let faults = FAULTS.into_iter().filter(|name| happened.contains(name));
    let faults = faults.map(|name| (Sort::Fault, name.to_string()));
    messages.chain(timers).chain(inputs).chain(faults).collect()
}

/// What is nobody's doing, in the order of acts.
const FAULTS: [&str; 4] = ["tick", "crash", "restart", "wiped"];

fn fault<P: Protocol>(act: &Act<P>) -> &'static str {
    match act {
        Act::Tick => FAULTS[0],
        Act::Crash => FAULTS[1],
        Act::Restart => FAULTS[2],
        Act::Wiped => FAULTS[3],
        Act::Deliver { .. } | Act::Timeout(_) | Act::Input { .. } => {
            unreachable!("letters, timers and inputs have numbers of their own")
        }
        Act::Drop { .. } | Act::Duplicate { .. } => unreachable!("no handler is called for them"),
    }
}

/// The timers that were ever set, one of each kind after the other, in order.
fn timers_set<'m, P: Protocol>(meaning: &'m Meaning<'_, P>) -> Vec<&'m P::Timer> {
    let mut set: Vec<&P::Timer> = Vec::new();
    let nodes = meaning.places.iter().flat_map(|place| place.locals.iter());
    for timer in nodes.flat_map(|node| node.timers.iter().map(|(timer, _)| timer)) {
        let place = set.partition_point(|other| *other < timer);
        if set.get(place) != Some(&timer) {
            set.insert(place, timer);
        }
    }
    set
}

/// The monitors, by invariant.
fn monitors<P: Protocol>(meaning: &Meaning<'_, P>) -> Vec<Vec<(String, String)>> {
    let invariants = meaning.scenario.invariants.iter();
    let names: Vec<&str> = invariants
        .filter(|invariant| invariant.looks_at() == "history")
        .map(|invariant| invariant.name)
        .collect();
    let watches = meaning.watches.iter().take(MOST);
    watches
        .map(|watches| {
            let watches = names.iter().zip(watches.iter());
            watches.map(|(name, watch)| ((*name).to_string(), debug(watch))).collect()
        })
        .collect()
}

/// What is remembered of one node.
fn place_told<P: Protocol>(meaning: &Meaning<'_, P>, tables: &Tables, at: usize) -> PlaceTold {
    let (place, calls) = (&meaning.places[at], &meaning.calls[at]);
    let locals = place.locals.iter().take(MOST).map(|node| LocalTold {
        state: debug(&node.state),
        timers: debug(&node.timers),
        up: node.up,
        clock: node.clock,
    });
    let mails = place.mails.iter().take(MOST);
    let whats = calls.whats.iter().map(|what| match what {
        What::Letter(letter) => (Sort::Message, kind_of(&place.letter(*letter).message)),
        What::Timer(timer) => (Sort::Timer, kind_of(timer)),
        What::Input(input) => (Sort::Input, kind_of(&meaning.inputs[*input as usize].2)),
        What::Other(act) => (Sort::Fault, fault(act).to_string()),
    });
    PlaceTold {
        slots: place.slots.len(),
        locals: locals.collect(),
        local_count: place.locals.len(),
        letters: place.letters.iter().map(|it| (it.from, debug(&it.message))).collect(),
        mails: mails.map(|it| it.letters().iter().map(|it| it.message).collect()).collect(),
        mail_count: place.mails.len(),
        whats: whats.collect(),
        calls: calls_told(meaning, at),
        faults: faults_told(meaning, tables, at),
    }
}

/// The calls of one node's handlers.
fn calls_told<P: Protocol>(meaning: &Meaning<'_, P>, at: usize) -> Vec<CallTold> {
    let calls = &meaning.calls[at];
    let mut told = Vec::new();
    for local in 0..meaning.places[at].locals.len() as u32 {
        for (number, range) in calls.known.row(local) {
            let (first, count) = calls.ranges[range as usize];
            let answers = &calls.answers[first as usize..][..count as usize];
            let what = &calls.whats[number];
            told.push(CallTold {
                local,
                what: number,
                idle: answers.iter().all(|answer| is_idle(meaning, at, local, what, answer)),
                answers: answers.iter().map(|answer| (answer.sight, answer.note)).collect(),
                input: match what {
                    What::Input(input) => Some(*input),
                    What::Letter(_) | What::Timer(_) | What::Other(_) => None,
                },
            });
        }
    }
    told
}

/// The messages that were lost and doubled at one node.
fn faults_told<P: Protocol>(
    meaning: &Meaning<'_, P>,
    tables: &Tables,
    at: usize,
) -> Vec<(u32, bool)> {
    let place = &tables.places[at];
    let mut told = Vec::new();
    for head in place.heads.iter().filter(|head| head.deeds != UNKNOWN) {
        let deeds = head.deeds..head.deeds + head.count.0;
        for deed in deeds.filter(|deed| place.deeds[*deed as usize].count > 0) {
            match meaning.calls[at].deeds[deed as usize] {
                DeedKind::Letter(Fate::Drop, _) => told.push((head.local, true)),
                DeedKind::Letter(Fate::Duplicate, _) => told.push((head.local, false)),
                DeedKind::Letter(Fate::Deliver, _) | DeedKind::Call(_) => {}
            }
        }
    }
    told
}

/// Whether nothing came of a call. A timer that has fired is no longer set: that alone is nothing.
fn is_idle<P: Protocol>(
    meaning: &Meaning<'_, P>,
    at: usize,
    local: u32,
    what: &What<P>,
    answer: &Answer,
) -> bool {
    let said = |sight: u32| !meaning.sights[sight].events.is_empty();
    let silent = answer.post == 0 && answer.own == 0 && !said(answer.sight);
    if matches!(what, What::Other(_)) || !silent || answer.panicked() {
        return false;
    }
    let place: &Place<P> = &meaning.places[at];
    let (before, after) = (place.local(local), place.local(answer.local));
    match what {
        What::Timer(fired) if before.state == after.state => {
            let set_before = before.timers.iter().filter(|(timer, _)| timer != fired);
            let set_after = after.timers.iter().filter(|(timer, _)| timer != fired);
            set_before.eq(set_after)
        }
        _ => answer.local == local,
    }
}
