//! Quicker ways to see that an invariant still holds, and what a run notes for them.

use std::fmt::{self, Debug};
use std::sync::Arc;

use crate::invariant::{Invariant, Nodes, Scope};
use crate::protocol::{NodeId, Protocol};

impl<P: Protocol> Invariant<P> {
    /// Gives an invariant of nodes a quicker way to see that it holds: whether it is sure to, if it
    /// held before that one node changed. Where the answer is no, the invariant itself is asked. For
    /// an invariant of pairs of nodes, that is to look at the pairs with that node alone.
    ///
    /// With debug assertions on, every yes is held to the whole check.
    ///
    /// # Panics
    /// When it is no invariant of nodes ([`Invariant::node`], [`Invariant::nodes`]).
    pub fn still(self, still: fn(&P, &Nodes<P>, NodeId) -> bool) -> Invariant<P> {
        self.quicker(Begins::new(still))
    }

    /// The same with notes of one's own, for a node whose state is large and changes little: what
    /// was looked at before need not be looked at again. A run begins without any, and hands them in
    /// each time.
    ///
    /// They are no part of what is explored and must decide nothing: they say what was found right,
    /// and not what happened. Not every step need be shown to them.
    ///
    /// # Panics
    /// When it is no invariant of nodes ([`Invariant::node`], [`Invariant::nodes`]).
    pub fn still_noting<N: Default + Send + 'static>(
        self,
        still: fn(&mut N, &P, &Nodes<P>, NodeId) -> bool,
    ) -> Invariant<P> {
        self.quicker(Begins::noting(still))
    }

    fn quicker(mut self, begins: Begins<P>) -> Invariant<P> {
        let of_nodes = matches!(self.scope, Scope::Node(_) | Scope::Nodes(_));
        assert!(of_nodes, "`{}` is not of nodes", self.name);
        self.still = Some(begins);
        self
    }
}

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
