//! First in, first out.

use super::Specification;
use crate::Value;
use std::collections::VecDeque;

/// A queue: what was put in first comes out first.
///
/// *Source.* Herlihy and Wing, *Linearizability* (1990), §1: the queue that their first histories
/// are about.
///
/// ```
/// use splitbrain_invariants::{Queue, QueueOperation, QueueOutput, Specification};
///
/// let mut queue = Queue::default();
/// assert_eq!(queue.apply(&QueueOperation::Enqueue('a')), QueueOutput::Enqueued);
/// assert_eq!(queue.apply(&QueueOperation::Enqueue('b')), QueueOutput::Enqueued);
/// assert_eq!(queue.apply(&QueueOperation::Dequeue), QueueOutput::Dequeued('a'));
/// assert_eq!(queue.apply(&QueueOperation::Dequeue), QueueOutput::Dequeued('b'));
/// assert_eq!(queue.apply(&QueueOperation::Dequeue), QueueOutput::Empty);
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Queue<V> {
    waiting: VecDeque<V>,
}

impl<V> Queue<V> {
    /// What is in it, the first to come out first.
    pub fn waiting(&self) -> impl ExactSizeIterator<Item = &V> {
        self.waiting.iter()
    }
}

impl<V> Default for Queue<V> {
    fn default() -> Self {
        Queue { waiting: VecDeque::new() }
    }
}

/// What is asked of a [`Queue`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum QueueOperation<V> {
    /// Take this in, behind all the others.
    Enqueue(V),
    /// Give out the first.
    Dequeue,
}

/// What a [`Queue`] answers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum QueueOutput<V> {
    /// To an enqueue.
    Enqueued,
    /// To a dequeue: the first, which is no longer in it.
    Dequeued(V),
    /// To a dequeue: there is none.
    Empty,
}

impl<V: Value> Specification for Queue<V> {
    type Operation = QueueOperation<V>;
    type Output = QueueOutput<V>;

    fn apply(&mut self, operation: &Self::Operation) -> Self::Output {
        match operation {
            QueueOperation::Enqueue(value) => {
                self.waiting.push_back(value.clone());
                QueueOutput::Enqueued
            }
            QueueOperation::Dequeue => match self.waiting.pop_front() {
                Some(value) => QueueOutput::Dequeued(value),
                None => QueueOutput::Empty,
            },
        }
    }

    fn observes(_operation: &Self::Operation, output: &Self::Output) -> bool {
        *output == QueueOutput::Empty
    }
}
