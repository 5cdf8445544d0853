//! Primary and backup, after Alsberg and Day (1976): the primary copies each order to the backup,
//! which takes over when it has waited too long. When may a customer be told "your order is safe"?

use std::collections::BTreeSet;

use splitbrain::invariants::Durability;
use splitbrain::serde::{Deserialize, Serialize};
use splitbrain::{Faults, Goal, Held, Invariant, NodeId, Outbox, Protocol, Scenario, Sight};
use splitbrain::{To, Units};

const PRIMARY: NodeId = NodeId(0);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(crate = "splitbrain::serde")]
pub struct PrimaryBackup {
    eager: bool, // a mistake: it confirms an order before the backup has it
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(crate = "splitbrain::serde")]
pub enum Message {
    Copy(u8),
    Copied(u8),
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Event {
    Confirmed(u8),
    TookOver,
}

impl Protocol for PrimaryBackup {
    type State = BTreeSet<u8>; // the orders this machine has, in memory
    type Message = Message;
    type Timer = (); // the backup's patience
    type Input = u8; // an order
    type Event = Event;

    fn start(&self, out: &mut Outbox<Self>) -> BTreeSet<u8> {
        if out.me() != PRIMARY {
            out.set_timer((), 1.s()..9.s());
        }
        BTreeSet::new()
    }

    fn on_input(&self, orders: &mut BTreeSet<u8>, order: u8, out: &mut Outbox<Self>) {
        orders.insert(order);
        out.broadcast(Message::Copy(order));
        if self.eager {
            out.emit(Event::Confirmed(order));
        }
    }

    fn on_message(&self, orders: &mut BTreeSet<u8>, _: NodeId, m: Message, out: &mut Outbox<Self>) {
        match m {
            Message::Copy(order) => {
                orders.insert(order);
                out.send(PRIMARY, Message::Copied(order));
            }
            Message::Copied(order) => out.emit(Event::Confirmed(order)),
        }
    }

    fn on_timeout(&self, _: &mut BTreeSet<u8>, _: (), out: &mut Outbox<Self>) {
        out.emit(Event::TookOver);
    }
}

fn survive(confirmed: &mut Durability<u8>, sight: &Sight<'_, PrimaryBackup>) -> Held {
    let Sight::Event { event, state: orders, .. } = sight else { return Ok(()) };
    match event {
        Event::Confirmed(order) => confirmed.acknowledge(*order),
        Event::TookOver => confirmed.survives(|order| orders.contains(order))?,
    }
    Ok(())
}

pub fn scenario(eager: bool) -> Scenario<PrimaryBackup> {
    Scenario::new("primary-backup", PrimaryBackup { eager }, 2)
        .names(&["primary", "backup"])
        .lane([(To::Node(PRIMARY), 1), (To::Node(PRIMARY), 2)])
        .faults(Faults { crashes: 1, restarts: 1, ..Faults::NONE })
        .may_crash([PRIMARY])
        .invariant(Invariant::history(
            "confirmed-orders-survive",
            "A backup that takes over has every order that was confirmed.",
            Durability::new(),
            survive,
        ))
        .goal(Goal::seen("takes-over", "The backup takes over.", |_, sight| {
            matches!(sight, Sight::Event { event: Event::TookOver, .. })
        }))
}

pub fn main() {
    scenario(false).explore().assert_holds();
    scenario(false).simulate(1_000, 1).assert_holds();
    scenario(true).explore().assert_violates("confirmed-orders-survive");
}
