//! What the view service and the servers remember, and what they say to each other.

use serde::{Deserialize, Serialize};
use splitbrain::NodeId;

use crate::parts::counted::Request;
use crate::parts::in_order::{InOrder, Sequence};
use crate::parts::view::View;

/// What one node remembers; its role decides.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State {
    /// n0.
    Service(Service),
    /// All others.
    Server(Server),
}

/// The view service. It never fails.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Service {
    /// The view now.
    pub view: View,
    /// Whether its primary has acknowledged it: until then it stays.
    pub acknowledged: bool,
    /// The servers it has heard from lately, in order.
    pub alive: Vec<NodeId>,
}

/// A server.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Server {
    /// The newest view it knows.
    pub view: View,
    /// Whether its history is that of the view: the primary's is, a backup's once it was
    /// transferred.
    pub ready: bool,
    /// The updates it has, in their order.
    pub history: InOrder<Request>,
    /// At the primary: up to here its updates are answered.
    pub answered: Sequence,
    /// At the primary: how far each backup is known to be in this view.
    pub held: Vec<(NodeId, Sequence)>,
    /// At the primary: the queries that backups have yet to confirm, and which have.
    pub asking: Vec<(Request, Vec<NodeId>)>,
}

/// What nodes say to each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Message {
    /// Server to view service: I am alive, and have done my part in the view of that number.
    Ping(u32),
    /// View service to server: this is the view now.
    View(View),
    /// Primary to backup: all that I have.
    Transfer {
        /// Its view.
        view: View,
        /// Its history.
        history: Vec<Request>,
    },
    /// Primary to backup: an update.
    Forward {
        /// Its view.
        view: View,
        /// The update's number.
        sequence: Sequence,
        /// The update.
        update: Request,
    },
    /// Backup to primary: I have everything up to there.
    Acknowledge {
        /// The number of the view it was asked in.
        view: u32,
        /// The number of the last update.
        last: Sequence,
    },
    /// Primary to backup: am I still the primary? For a query.
    Confirm {
        /// Its view.
        view: View,
        /// The query.
        query: Request,
    },
    /// Backup to primary: you are.
    Confirmed {
        /// The number of the view it was asked in.
        view: u32,
        /// The query.
        query: Request,
    },
}

/// The names of the timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Timer {
    /// The view service has not heard from that server for long.
    Dead(NodeId),
    /// A server says again that it is alive, and what may be lost.
    Repeat,
}

/// What clients ask.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Input {
    /// Change the object.
    Update(Request),
    /// How does the object stand?
    Query(Request),
}

/// What nodes tell the outside.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Event {
    /// A server acts as the primary of that view from now on.
    Acts(u32),
    /// A backup was given the history of its view.
    Transferred,
    /// An update is answered.
    Updated {
        /// The update.
        request: Request,
        /// The object after it.
        total: u32,
    },
    /// A query is answered.
    Queried {
        /// The query.
        request: Request,
        /// The object.
        total: u32,
    },
}
