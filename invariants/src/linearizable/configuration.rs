//! Configurations: what may have happened so far, the search for what explains a response, and the
//! order in which one configuration makes another dispensable.

use super::Specification;

/// What one waiting client's operation has come to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Entry<R> {
    /// It has not changed the state. It may have taken effect without doing so, with any of these
    /// outputs: in order, each once, without the one the present state would give.
    Open(Vec<R>),
    /// It has changed the state, and this is its output.
    Done(R),
}

/// One of the situations the object may be in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Configuration<S, O, R> {
    state: S,
    /// One for each waiting client, in the clients' order.
    pub(super) entries: Vec<Entry<R>>,
    /// The abandoned operations that have not taken effect, in order, as often as they are there.
    orphans: Vec<O>,
}

/// The configurations of a specification.
type Of<S> = Configuration<S, <S as Specification>::Operation, <S as Specification>::Output>;

/// The waiting clients' operations; nothing for those that are done in every configuration.
type Operations<'a, S> = [Option<&'a <S as Specification>::Operation>];

/// An operation that can be taken to effect.
#[derive(Clone, Copy)]
enum Choice {
    Client(usize),
    Orphan(usize),
}

impl<S, O, R> Configuration<S, O, R> {
    pub(super) fn new(state: S) -> Self {
        Configuration { state, entries: Vec::new(), orphans: Vec::new() }
    }
}

impl<S, O: Ord, R> Configuration<S, O, R> {
    pub(super) fn add_orphan(&mut self, operation: O) {
        let at = self.orphans.partition_point(|orphan| *orphan < operation);
        self.orphans.insert(at, operation);
    }
}

/// The state after the operation, if it is another one, and the operation's output.
fn applied<S: Specification>(state: &S, operation: &S::Operation) -> (Option<S>, S::Output) {
    let mut after = state.clone();
    let output = after.apply(operation);
    ((after != *state).then_some(after), output)
}

fn operation_of<'a, S: Specification>(
    operations: &Operations<'a, S>,
    client: usize,
) -> &'a S::Operation {
    operations[client].expect("an operation is kept as long as it is open somewhere")
}

impl<S: Specification> Of<S> {
    /// What happens when the operation takes effect now and changes the state. Operations still
    /// open could have taken effect just before, without changing it: their outputs are noted.
    fn take<'a>(&self, choice: Choice, operations: &Operations<'a, S>) -> Option<Self> {
        let operation = match choice {
            Choice::Client(client) => operation_of::<S>(operations, client),
            Choice::Orphan(orphan) => &self.orphans[orphan],
        };
        let (after, output) = applied(&self.state, operation);
        let mut next = Configuration {
            state: after?,
            entries: self.entries.clone(),
            orphans: self.orphans.clone(),
        };
        match choice {
            Choice::Client(client) => next.entries[client] = Entry::Done(output),
            Choice::Orphan(orphan) => drop(next.orphans.remove(orphan)),
        }
        for (client, entry) in next.entries.iter_mut().enumerate() {
            let Entry::Open(outputs) = entry else { continue };
            let operation = operation_of::<S>(operations, client);
            if let (None, before) = applied(&self.state, operation)
                && let Err(at) = outputs.binary_search(&before)
            {
                outputs.insert(at, before);
            }
            if let (None, now) = applied(&next.state, operation)
                && let Ok(at) = outputs.binary_search(&now)
            {
                outputs.remove(at);
            }
        }
        Some(next)
    }

    /// Whether this configuration, as it is, can do whatever the other can.
    fn covers(&self, other: &Self, operations: &Operations<'_, S>) -> bool {
        self.state == other.state
            && includes(&self.orphans, &other.orphans)
            && (0..self.entries.len()).all(|client| {
                match (&self.entries[client], &other.entries[client]) {
                    (Entry::Done(one), Entry::Done(another)) => one == another,
                    (Entry::Open(more), Entry::Open(fewer)) => includes(more, fewer),
                    (Entry::Done(_), Entry::Open(_)) => false,
                    (Entry::Open(outputs), Entry::Done(output)) => {
                        outputs.binary_search(output).is_ok()
                            || applied(&self.state, operation_of::<S>(operations, client))
                                == (None, output.clone())
                    }
                }
            })
    }

    /// Whether this configuration can do whatever the other can, perhaps by taking operations to
    /// effect that the other one already took.
    fn makes_dispensable(&self, other: &Self, operations: &Operations<'_, S>) -> bool {
        if !includes(&self.orphans, &other.orphans) {
            return false;
        }
        let may_be_behind = |(mine, theirs): (&Entry<_>, &Entry<_>)| match (mine, theirs) {
            (Entry::Done(one), Entry::Done(another)) => one == another,
            (Entry::Done(_), Entry::Open(_)) => false,
            (Entry::Open(_), _) => true,
        };
        if !self.entries.iter().zip(&other.entries).all(may_be_behind) {
            return false;
        }
        let mut reached = vec![self.clone()];
        let mut next = 0;
        while next < reached.len() {
            if reached[next].covers(other, operations) {
                return true;
            }
            for choice in reached[next].steps_towards(other) {
                if let Some(step) = reached[next].take(choice, operations)
                    && step.agrees_with(other, choice)
                    && !reached.contains(&step)
                {
                    reached.push(step);
                }
            }
            next += 1;
        }
        false
    }

    /// The operations still open here that the other configuration has taken to effect, or lacks.
    fn steps_towards(&self, other: &Self) -> Vec<Choice> {
        let ahead = |&client: &usize| {
            matches!(
                (&self.entries[client], &other.entries[client]),
                (Entry::Open(_), Entry::Done(_))
            )
        };
        let clients = (0..self.entries.len()).filter(ahead).map(Choice::Client);
        let spare = |&orphan: &usize| {
            let operation = &self.orphans[orphan];
            let first = orphan == 0 || self.orphans[orphan - 1] != *operation;
            first && count(&self.orphans, operation) > count(&other.orphans, operation)
        };
        clients.chain((0..self.orphans.len()).filter(spare).map(Choice::Orphan)).collect()
    }

    fn agrees_with(&self, other: &Self, choice: Choice) -> bool {
        match choice {
            Choice::Client(client) => self.entries[client] == other.entries[client],
            Choice::Orphan(_) => true,
        }
    }

    /// Whether no two operations, both open with outputs to choose from, might have changed the
    /// state and changed it back: then that both are done is no possibility of its own.
    fn is_cut_in_one_way(&self, operations: &Operations<'_, S>) -> bool {
        let writes = |&client: &usize| {
            matches!(&self.entries[client], Entry::Open(outputs) if !outputs.is_empty())
                && !S::reads_only(operation_of::<S>(operations, client))
        };
        (0..self.entries.len()).filter(writes).count() < 2
    }
}

fn count<T: Ord>(sorted: &[T], item: &T) -> usize {
    sorted.partition_point(|other| other <= item) - sorted.partition_point(|other| other < item)
}

/// Whether the first multiset, in order, contains the second.
fn includes<T: Ord>(more: &[T], fewer: &[T]) -> bool {
    let mut rest = more.iter();
    fewer.len() <= more.len() && fewer.iter().all(|item| rest.any(|other| other == item))
}

/// Brings the configurations into the form that depends only on what they can do, and not on how
/// they were come by.
///
/// Sets of outputs make few configurations of many, but the same possibilities can be cut into such
/// sets in several ways. So where more than one configuration is left, they are taken apart into
/// single possibilities, the dispensable ones dropped, and the rest put together again in one fixed
/// way.
///
/// Being dispensable is a partial order: every step to effect leaves fewer operations open, so two
/// different possibilities never make each other dispensable, and which of them remain does not
/// depend on where one begins.
pub(super) fn normal_form<S: Specification>(
    configurations: &mut Vec<Of<S>>,
    operations: &Operations<'_, S>,
) {
    keep_indispensable(configurations, operations);
    if let [one] = configurations.as_slice()
        && one.is_cut_in_one_way(operations)
    {
        return;
    }
    let clients = operations.len();
    for client in 0..clients {
        take_apart(configurations, client);
    }
    keep_indispensable(configurations, operations);
    for client in 0..clients {
        put_together(configurations, client);
    }
    configurations.sort_unstable();
}

/// Puts the configurations in order and keeps only those that no other makes dispensable.
fn keep_indispensable<S: Specification>(
    configurations: &mut Vec<Of<S>>,
    operations: &Operations<'_, S>,
) {
    if configurations.len() < 2 {
        return;
    }
    configurations.sort_unstable();
    configurations.dedup();
    let all = std::mem::take(configurations);
    let mut dispensable = vec![false; all.len()];
    for (at, one) in all.iter().enumerate() {
        dispensable[at] = all.iter().enumerate().any(|(by, other)| {
            by != at && !dispensable[by] && other.makes_dispensable(one, operations)
        });
    }
    let kept = all.into_iter().zip(dispensable).filter(|(_, dispensable)| !dispensable);
    configurations.extend(kept.map(|(configuration, _)| configuration));
}

/// Makes each of the outputs that the client's operation may have had a configuration of its own.
fn take_apart<S: Clone, O: Clone, R: Clone>(
    configurations: &mut Vec<Configuration<S, O, R>>,
    client: usize,
) {
    for at in 0..configurations.len() {
        let Entry::Open(outputs) = &mut configurations[at].entries[client] else { continue };
        for output in std::mem::take(outputs) {
            let mut one = configurations[at].clone();
            one.entries[client] = Entry::Done(output);
            configurations.push(one);
        }
    }
}

/// Makes one configuration of those that differ only in the output the client's operation had,
/// where it may also have had none.
fn put_together<S: Ord, O: Ord, R: Ord>(
    configurations: &mut Vec<Configuration<S, O, R>>,
    client: usize,
) {
    let mut parts: Vec<_> = std::mem::take(configurations)
        .into_iter()
        .map(|mut configuration| {
            let entry = configuration.entries.remove(client);
            (configuration, entry)
        })
        .collect();
    // Of equal rests, the open entry is first and the outputs follow in their order.
    parts.sort_unstable();
    let mut whole: Vec<(Configuration<S, O, R>, Entry<R>)> = Vec::with_capacity(parts.len());
    for (rest, entry) in parts {
        match (whole.last_mut(), entry) {
            (Some((same, Entry::Open(outputs))), Entry::Done(output)) if *same == rest => {
                outputs.push(output);
            }
            (_, entry) => whole.push((rest, entry)),
        }
    }
    configurations.extend(whole.into_iter().map(|(mut configuration, entry)| {
        configuration.entries.insert(client, entry);
        configuration
    }));
}

/// The search for what explains one response.
pub(super) struct Search<'a, S: Specification> {
    client: usize,
    output: &'a S::Output,
    operations: Vec<Option<&'a S::Operation>>,
    /// Configurations in which the client's operation has not changed the state, without those that
    /// an earlier one covers: breadth first, so the earlier have more operations open.
    reached: Vec<Of<S>>,
    /// Configurations in which the client's operation is done with the output, likewise.
    explained: Vec<Of<S>>,
    possible: Vec<S::Output>,
}

impl<'a, S: Specification> Search<'a, S> {
    pub(super) fn new(
        client: usize,
        output: &'a S::Output,
        operations: Vec<Option<&'a S::Operation>>,
    ) -> Self {
        Search {
            client,
            output,
            operations,
            reached: Vec::new(),
            explained: Vec::new(),
            possible: Vec::new(),
        }
    }

    /// The configurations after the response, if it has this output; none if it cannot have it.
    pub(super) fn explain(&mut self, configurations: &[Of<S>]) -> Vec<Of<S>> {
        for configuration in configurations {
            match &configuration.entries[self.client] {
                Entry::Open(outputs) => self.begin(configuration, outputs),
                Entry::Done(output) => {
                    self.possible.push(output.clone());
                    if output == self.output {
                        self.explained_by(configuration.clone());
                    }
                }
            }
        }
        let mut next = 0;
        while next < self.reached.len() {
            if !self.answer(next) {
                self.go_on(next);
            }
            next += 1;
        }
        let mut explained = std::mem::take(&mut self.explained);
        for configuration in &mut explained {
            configuration.entries.remove(self.client);
        }
        explained
    }

    /// The client's operation may have had one of these outputs already, and can still take effect.
    fn begin(&mut self, configuration: &Of<S>, outputs: &[S::Output]) {
        self.possible.extend(outputs.iter().cloned());
        let among_them = outputs.binary_search(self.output).is_ok();
        if among_them {
            self.explained_by(configuration.clone());
        }
        let operation = operation_of::<S>(&self.operations, self.client);
        if !(among_them && S::reads_only(operation)) {
            self.reached.push(configuration.clone());
        }
    }

    fn explained_by(&mut self, mut configuration: Of<S>) {
        configuration.entries[self.client] = Entry::Done(self.output.clone());
        if !self.explained.iter().any(|other| other.covers(&configuration, &self.operations)) {
            self.explained.push(configuration);
        }
    }

    /// The outputs the response could have had, in order.
    pub(super) fn possible_outputs(mut self) -> Vec<S::Output> {
        self.possible.sort_unstable();
        self.possible.dedup();
        self.possible
    }

    /// Takes the client's operation to effect where the search stands. Whether that settles it:
    /// nothing is gained by taking others to effect before it.
    fn answer(&mut self, next: usize) -> bool {
        let here = &self.reached[next];
        let operation = operation_of::<S>(&self.operations, self.client);
        let (after, output) = applied(&here.state, operation);
        let fits = output == *self.output;
        self.possible.push(output);
        if fits {
            let step = match after {
                None => Some(here.clone()),
                Some(_) => here.take(Choice::Client(self.client), &self.operations),
            };
            step.into_iter().for_each(|step| self.explained_by(step));
        }
        fits && S::reads_only(operation)
    }

    /// Takes each of the other operations to effect that may bear on the client's.
    fn go_on(&mut self, next: usize) {
        for choice in self.related_to_client(&self.reached[next]) {
            if let Some(step) = self.reached[next].take(choice, &self.operations)
                && !self.reached.iter().any(|other| other.covers(&step, &self.operations))
            {
                self.reached.push(step);
            }
        }
    }

    /// The open operations that are related to the client's, directly or by way of each other.
    fn related_to_client(&self, here: &Of<S>) -> Vec<Choice> {
        let clients = (0..here.entries.len())
            .filter(|&client| client != self.client)
            .filter(|&client| matches!(here.entries[client], Entry::Open(_)))
            .map(|client| (Choice::Client(client), operation_of::<S>(&self.operations, client)));
        let orphans = here.orphans.iter().enumerate();
        let distinct = orphans.filter(|&(at, o)| at == 0 || here.orphans[at - 1] != *o);
        let mut rest: Vec<_> =
            clients.chain(distinct.map(|(at, o)| (Choice::Orphan(at), o))).collect();
        rest.retain(|(_, operation)| !S::reads_only(operation));
        let mut found = vec![operation_of::<S>(&self.operations, self.client)];
        let mut choices = Vec::new();
        let mut next = 0;
        while next < found.len() {
            let from = found[next];
            rest.retain(|&(choice, operation)| {
                let related = S::related(from, operation);
                if related {
                    found.push(operation);
                    choices.push(choice);
                }
                !related
            });
            next += 1;
        }
        choices
    }
}
