//! The randomized ring: nodes without names draw lots until one is alone.
//!
//! Itai & Rodeh, *Symmetry Breaking in Distributed Networks* (1990), in the form of Fokkink & Pang,
//! *Variations on Itai-Rodeh Leader Election for Anonymous Rings* (2006), §2. Nodes are alike: they
//! have no names, run the same code and begin in the same state. All they know is how many they
//! are, n. Without chance no algorithm can elect one of them, since whatever one does all may do
//! (Angluin 1980); and without knowing n none can be sure to have elected only one.
//!
//! **An election.** Whoever calls it is *active*: it draws an id and sends a token round the ring,
//! with its id, its round (from 1), a count of hops (from 1) and whether the id is *unique* as far
//! as the token knows (yes). The others are *passive*: they pass tokens on, one hop further. An
//! active node that receives a token looks, in this order:
//!
//! - it has come n hops: it is the node's own. If it is still unique, the node leads. If not, the
//!   node draws another id in the next round;
//! - its round and id are the node's own, but it has come fewer hops: another node drew the same.
//!   It is passed on, and is no longer unique;
//! - its round, or its id in the same round, is higher: the node is passive from now on, and passes
//!   it on;
//! - it is lower: it goes no further.
//!
//! The hop count is what names are on other rings: it tells a node its own token from one that looks
//! the same. Take it away, and two nodes that drew the same id take each other's token for their
//! own, and both lead.
//!
//! **Why there is one leader.** A token that comes home unique has passed every other node, and each
//! was passive or lower and became passive. **Why there is one at all:** each round, the active nodes
//! that drew the highest id go on; that all of them draw alike for ever has probability zero. A
//! model checker sees that it *can* go on for ever, and bounds the rounds; that is all it can say.
//!
//! FIFO links matter here for `Elected`, by which the leader tells the others, so that nodes know
//! when they may call the next election: it drives every token of its election before it. Fokkink &
//! Pang show that with FIFO links the round number may go, too, and the space of states is finite;
//! the hop count may not.
//!
//! Not modelled: crashes and lost messages. A ring of n that has lost a node no longer has n.

use serde::{Deserialize, Serialize};
use splitbrain::{NodeId, Outbox};

use super::{Algorithm, Bug, Election, Epoch, Event, Standing};

/// What a node remembers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Member {
    /// The last election it has heard of.
    pub epoch: Epoch,
    /// How it stands in it.
    pub stance: Stance,
}

/// How a node stands in its election.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Stance {
    /// It has heard of no election.
    #[default]
    Asleep,
    /// It may still lead.
    Active {
        /// Its lot.
        lot: Lot,
    },
    /// It will not lead.
    Passive,
    /// It leads.
    Leader,
    /// It knows that another leads, but not which.
    Follower,
}

/// What was drawn, and in which round. A later round beats an earlier one, whatever was drawn.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Lot {
    /// The round, from 1.
    pub round: u8,
    /// What was drawn.
    pub id: u8,
}

/// What nodes say to the next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Message {
    /// Somebody's lot.
    Token {
        /// The election.
        epoch: Epoch,
        /// The lot.
        lot: Lot,
        /// How many links it has come when it arrives.
        hop: u8,
        /// Whether nobody on the way had the same.
        unique: bool,
    },
    /// Somebody leads.
    Elected {
        /// The election.
        epoch: Epoch,
        /// How many links it has come when it arrives.
        hop: u8,
    },
}

type Out = Outbox<Election>;

impl Member {
    /// Calls the next election, and takes part.
    pub(super) fn elect(&mut self, protocol: &Election, out: &mut Out) {
        self.epoch = self.epoch.next();
        self.draw(protocol, 1, out);
    }

    pub(super) fn hear(&mut self, protocol: &Election, message: Message, out: &mut Out) {
        match message {
            Message::Token { epoch, lot, hop, unique } => {
                if epoch > self.epoch {
                    // It did not call this election, and leaves it to those who did.
                    *self = Member { epoch, stance: Stance::Passive };
                }
                let token = Token { lot, hop, unique };
                match self.stance {
                    Stance::Active { lot: own } => self.compare(protocol, own, token, out),
                    Stance::Passive if usize::from(hop) < out.cluster() => {
                        self.pass_on(token, out);
                    }
                    // Its own token, of before it became passive. Those that it is lower than are in
                    // its way, so only without hops and rounds does one come so far.
                    Stance::Passive => {}
                    Stance::Asleep => unreachable!("a token wakes a node up"),
                    // With FIFO links none is left. If one were, it could not lead any more.
                    Stance::Leader | Stance::Follower => {}
                }
            }
            Message::Elected { epoch, hop } => {
                if usize::from(hop) < out.cluster() {
                    self.stance = Stance::Follower;
                    send_next(Message::Elected { epoch, hop: hop + 1 }, out);
                }
            }
        }
    }

    /// An active node looks at a token: the four cases of the paper.
    fn compare(&mut self, protocol: &Election, own: Lot, token: Token, out: &mut Out) {
        let home = usize::from(token.hop) == out.cluster();
        if protocol.has(Bug::RandNoRound) && token.lot.id == own.id && !(home && token.unique) {
            out.mark(Bug::RandNoRound.name());
            self.lead(out);
        } else if home && token.unique {
            self.lead(out);
        } else if home {
            let round = own.round + 1;
            out.emit(Event::DrawsAgain(round));
            self.draw(protocol, round, out);
        } else if token.lot == own {
            self.pass_on(Token { unique: false, ..token }, out);
        } else if token.lot > own {
            self.stance = Stance::Passive;
            self.pass_on(token, out);
        }
        // Else it is lower, and goes no further.
    }

    fn draw(&mut self, protocol: &Election, round: u8, out: &mut Out) {
        let Algorithm::Randomized { ids } = protocol.algorithm else {
            unreachable!("only the randomized ring draws")
        };
        let id = out.choose(u32::from(ids)) as u8;
        let lot = Lot { round, id };
        self.stance = Stance::Active { lot };
        let epoch = self.epoch;
        send_next(Message::Token { epoch, lot, hop: 1, unique: true }, out);
    }

    fn lead(&mut self, out: &mut Out) {
        self.stance = Stance::Leader;
        out.emit(Event::Leads(self.epoch));
        send_next(Message::Elected { epoch: self.epoch, hop: 1 }, out);
    }

    fn pass_on(&self, token: Token, out: &mut Out) {
        let Token { lot, hop, unique } = token;
        send_next(Message::Token { epoch: self.epoch, lot, hop: hop + 1, unique }, out);
    }

    /// Whether it is in no election now.
    pub(super) fn is_at_rest(&self) -> bool {
        match self.stance {
            Stance::Asleep | Stance::Leader | Stance::Follower => true,
            Stance::Active { .. } | Stance::Passive => false,
        }
    }

    /// How it stands to the leadership.
    pub(super) fn standing(&self) -> Standing {
        match self.stance {
            Stance::Asleep => Standing::Outside,
            Stance::Active { .. } | Stance::Passive => Standing::Open,
            Stance::Leader => Standing::Leads(self.epoch),
            Stance::Follower => Standing::Follows(self.epoch, None),
        }
    }
}

/// A token of the election that its receiver is in.
struct Token {
    lot: Lot,
    hop: u8,
    unique: bool,
}

/// Sends to the next node: where it stands is all that a node without a name knows.
fn send_next(message: Message, out: &mut Out) {
    let next = NodeId::at((out.me().index() + 1) % out.cluster());
    out.send(next, message.into());
}

impl From<Message> for super::Message {
    fn from(message: Message) -> super::Message {
        super::Message::Randomized(message)
    }
}
