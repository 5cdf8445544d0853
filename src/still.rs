//! Quicker ways to see that an invariant still holds, and what a run notes for them.

use std::fmt::{self, Debug};
use std::sync::Arc;

use crate::invariant::Nodes;
use crate::protocol::{NodeId, Protocol};

/// A quicker way, with what one run noted of the nodes so far.
pub(crate) trait Quicker<P: Protocol>: Send {
    /// Whether the invariant is sure to hold, after that node changed.
    fn holds(&mut self, protocol: &P, nodes: &Nodes<P>, changed: NodeId) -> bool;
}

impl<P: Protocol, F: FnMut(&P, &Nodes<P>, NodeId) -> bool + Send> Quicker<P> for F {
    fn holds(&mut self, protocol: &P, nodes: &Nodes<P>, changed: NodeId) -> bool {
        self(protocol, nodes, changed)
    }
}

/// Begins a quicker way for each run, with nothing noted.
pub(crate) struct Begins<P: Protocol>(Arc<dyn Fn() -> Box<dyn Quicker<P>> + Send + Sync>);

impl<P: Protocol> Begins<P> {
    /// One that notes nothing.
    pub(crate) fn new(still: fn(&P, &Nodes<P>, NodeId) -> bool) -> Begins<P> {
        Begins(Arc::new(move || Box::new(still)))
    }

    /// One that begins without notes.
    pub(crate) fn noting<N: Default + Send + 'static>(
        still: fn(&mut N, &P, &Nodes<P>, NodeId) -> bool,
    ) -> Begins<P> {
        Begins(Arc::new(move || {
            let mut notes = N::default();
            Box::new(move |protocol: &P, nodes: &Nodes<P>, changed: NodeId| {
                still(&mut notes, protocol, nodes, changed)
            })
        }))
    }

    /// The way of one run.
    pub(crate) fn begin(&self) -> Box<dyn Quicker<P>> {
        (self.0)()
    }
}

impl<P: Protocol> Clone for Begins<P> {
    fn clone(&self) -> Self {
        Begins(Arc::clone(&self.0))
    }
}

impl<P: Protocol> Debug for Begins<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Begins")
    }
}
