//! States, operations and outputs as numbers: each is kept once and compared by value once. What an
//! operation does to a state is asked of the specification once.

use super::super::Specification;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Values that have numbers, in the order in which they were met.
struct Numbered<T> {
    values: Vec<Rc<T>>,
    numbers: BTreeMap<Rc<T>, u32>,
}

impl<T: Ord> Numbered<T> {
    const fn new() -> Self {
        Numbered { values: Vec::new(), numbers: BTreeMap::new() }
    }

    fn number(&mut self, value: T) -> u32 {
        if let Some(&number) = self.numbers.get(&value) {
            return number;
        }
        let number = u32::try_from(self.values.len()).expect("fewer than four billion values");
        let value = Rc::new(value);
        self.values.push(Rc::clone(&value));
        self.numbers.insert(value, number);
        number
    }

    fn value(&self, number: u32) -> &T {
        &self.values[number as usize]
    }
}

/// What an operation does to a state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Effect {
    /// The state after it.
    pub(super) state: u32,
    /// What it answers.
    pub(super) output: u32,
}

/// The values of one history, numbered.
pub(super) struct Numbers<S: Specification> {
    states: Numbered<S>,
    operations: Numbered<S::Operation>,
    outputs: Numbered<S::Output>,
    /// For each state those of the operations asked for there, in the operations' order: few for
    /// each, and looked up far more often than added to.
    effects: Vec<Vec<(u32, Effect)>>,
}

impl<S: Specification> Numbers<S> {
    /// Nothing but the initial state, which is number 0.
    pub(super) fn new(initial: &S) -> Self {
        let mut numbers = Numbers {
            states: Numbered::new(),
            operations: Numbered::new(),
            outputs: Numbered::new(),
            effects: Vec::new(),
        };
        numbers.states.number(initial.clone());
        numbers
    }

    pub(super) fn operation(&mut self, operation: &S::Operation) -> u32 {
        self.operations.number(operation.clone())
    }

    pub(super) fn output(&mut self, output: &S::Output) -> u32 {
        self.outputs.number(output.clone())
    }

    pub(super) fn state(&self, number: u32) -> &S {
        self.states.value(number)
    }

    pub(super) fn output_of(&self, number: u32) -> &S::Output {
        self.outputs.value(number)
    }

    pub(super) fn effect(&mut self, state: u32, operation: u32) -> Effect {
        let row = state as usize;
        if self.effects.len() <= row {
            self.effects.resize_with(self.states.values.len(), Vec::new);
        }
        let at = match self.effects[row].binary_search_by_key(&operation, |known| known.0) {
            Ok(at) => return self.effects[row][at].1,
            Err(at) => at,
        };
        let mut after = self.states.value(state).clone();
        let output = after.apply(self.operations.value(operation));
        let state_after = match after == *self.states.value(state) {
            true => state,
            false => self.states.number(after),
        };
        let effect = Effect { state: state_after, output: self.outputs.number(output) };
        self.effects[row].insert(at, (operation, effect));
        effect
    }

    /// Whether the order of the two can matter.
    pub(super) fn related(&self, one: u32, other: u32) -> bool {
        S::related(self.operations.value(one), self.operations.value(other))
    }
}
