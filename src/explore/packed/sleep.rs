//! Steps that need not be taken, because what they lead to is known already.
//!
//! Steps at two nodes that do not meet commute: first one and then the other leads to the same
//! state either way round, and counts the same. Say that state `s` was expanded, that its step `u`
//! found the new state `s'`, and that before `u` a commuting step `t` of another node was taken in
//! `s`. Then `t` leads from `s'` to where `u` leads from `s·t`. And that is known by the time `s'` is
//! expanded: `s·t` was found before `s'`, so it is expanded before `s'`. The same goes for a step
//! that needed not be taken in `s` in the first place. So each new state inherits what is **asleep**
//! in it: steps that are possible and are counted, but need not be taken. No state, no number and no
//! trace depends on it, only the time. (These are Godefroid's sleep sets; breadth first and with one
//! order of steps they need no second visit of a state.)
//!
//! What is asleep is said by node and by class of step ([`Class`](super::tables::Class)): steps that
//! monitors see do not commute with each other, unless they tell them nothing new; nor do ticks of
//! clocks that may not be far apart.
//! And it is said by a slot of the node, its **base**: asleep is what was possible there. The base
//! is the node's slot itself until messages arrive that it has not met: their deliveries are awake.
//! A step wakes its own node, and of the others the steps of its own class; one that commutes with
//! nothing wakes all. Budgets that are only counted commute: what can be paid for in one order can
//! be paid for in the other.

use super::ahead::Ahead;
use super::key::{Layout, Word};
use super::tables::Class;

/// What is asleep in a state.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Sleep<W> {
    /// For each class that can be asleep a bit for each of the first 16 nodes. Other nodes are
    /// always awake.
    nodes: u64,
    /// The base of each node that is not awake, in its field of a key.
    bases: W,
}

/// Nodes that can be asleep.
const NODES: usize = 16;

/// The bits of the first node, for all classes that can be asleep.
const EACH: u64 = 1 | 1 << NODES | 1 << (2 * NODES) | 1 << (3 * NODES);

/// The bits of every node, for one class.
const EVERY: u64 = (1 << NODES) - 1;

/// The bits of a node and a class.
#[inline]
pub(super) fn bits(node: usize, class: Class) -> u64 {
    match class {
        _ if node >= NODES => 0,
        Class::Free => 1 << node,
        Class::Seen => 1 << (NODES + node),
        Class::Tick => 1 << (2 * NODES + node),
        Class::Known => 1 << (3 * NODES + node),
        Class::Alone => EACH << node,
    }
}

impl<W: Word> Sleep<W> {
    /// Everything is awake.
    pub(super) fn none() -> Sleep<W> {
        Sleep { nodes: 0, bases: W::default() }
    }

    /// Whether the free steps of a node are asleep. If they are not, no others are.
    #[inline]
    pub(super) fn is_asleep(&self, node: usize) -> bool {
        node < NODES && self.nodes >> node & 1 == 1
    }

    /// Whether the steps of that class are asleep at a node.
    #[inline]
    pub(super) fn has(&self, node: usize, class: Class) -> bool {
        class != Class::Alone && self.nodes & bits(node, class) != 0
    }

    /// The base of a node that is not awake.
    #[inline]
    pub(super) fn base(&self, layout: &Layout, node: usize) -> u32 {
        self.bases.field(layout.field(node))
    }

    /// What is asleep behind a step of a node in the state with that key: of the nodes in front of
    /// it what was possible in this state, of the others as before.
    #[inline]
    pub(super) fn behind(
        &self,
        layout: &Layout,
        key: W,
        node: usize,
        class: Class,
        wakes: u64,
    ) -> Sleep<W> {
        let before = EACH * ((1_u64 << node.min(NODES)) - 1);
        let nodes = (self.nodes | before) & !(bits(node, Class::Alone) | wakes);
        let nodes = match class {
            Class::Free => nodes,
            Class::Seen => nodes & !(EVERY << NODES | EVERY << (3 * NODES)),
            Class::Known => nodes & !(EVERY << NODES),
            Class::Tick => nodes & !(EVERY << (2 * NODES)),
            Class::Alone => 0,
        };
        Sleep { nodes, bases: key.joined(layout.below(node), self.bases) }
    }
}

/// What is asleep in the states that are not expanded yet: the rest of one level, and the next. There
/// may be many of them, so that no more is kept of each than takes part.
#[derive(Debug)]
pub(super) struct Asleep<W> {
    form: Form,
    /// The number of the first state that `now` tells of.
    first: usize,
    now: Vec<u8>,
    next: Vec<u8>,
    word: std::marker::PhantomData<W>,
}

/// How what is asleep in one state is written down.
#[derive(Clone, Copy, Debug)]
struct Form {
    /// How many nodes can be asleep.
    nodes: usize,
    /// How many bytes say which, and how many bytes their bases take.
    bytes: (usize, usize),
}

impl Form {
    fn of(layout: &Layout) -> Form {
        let nodes = layout.nodes().min(NODES);
        let bases = layout.below(nodes).div_ceil(8) as usize;
        Form { nodes, bytes: ((4 * nodes).div_ceil(8), bases) }
    }

    fn size(self) -> usize {
        (self.bytes.0 + self.bytes.1).max(1)
    }

    /// The bits of the nodes there are, class by class.
    fn packed(self, nodes: u64) -> u64 {
        let lane = |class: usize| (nodes >> (class * NODES) & EVERY) << (class * self.nodes);
        (0..4).map(lane).fold(0, |all, lane| all | lane)
    }

    fn unpacked(self, packed: u64) -> u64 {
        let every = (1 << self.nodes) - 1;
        let lane = |class: usize| (packed >> (class * self.nodes) & every) << (class * NODES);
        (0..4).map(lane).fold(0, |all, lane| all | lane)
    }

    fn write<W: Word>(self, sleep: &Sleep<W>, to: &mut Vec<u8>) {
        let end = to.len() + self.size();
        to.extend_from_slice(&self.packed(sleep.nodes).to_le_bytes()[..self.bytes.0]);
        sleep.bases.put(self.bytes.1, to);
        to.resize(end, 0);
    }

    fn read<W: Word>(self, from: &[u8]) -> Sleep<W> {
        let (nodes, bases) = from.split_at(self.bytes.0);
        let mut packed = [0; 8];
        packed[..nodes.len()].copy_from_slice(nodes);
        let nodes = self.unpacked(u64::from_le_bytes(packed));
        Sleep { nodes, bases: W::got(&bases[..self.bytes.1]) }
    }
}

impl<W: Word> Asleep<W> {
    /// Nothing is asleep in the first state.
    pub(super) fn new(layout: &Layout) -> Asleep<W> {
        let form = Form::of(layout);
        let mut now = Vec::new();
        form.write(&Sleep::<W>::none(), &mut now);
        Asleep { form, first: 0, now, next: Vec::new(), word: std::marker::PhantomData }
    }

    /// What is asleep in a state.
    #[inline]
    pub(super) fn of(&self, state: usize) -> Sleep<W> {
        let (at, size) = ((state - self.first) * self.form.size(), self.form.size());
        match self.now.get(at..at + size) {
            Some(bytes) => self.form.read(bytes),
            None => self.form.read(&self.next[at - self.now.len()..][..size]),
        }
    }

    /// The next new state has that much asleep.
    #[inline]
    pub(super) fn push(&mut self, sleep: &Sleep<W>) {
        self.form.write(sleep, &mut self.next);
    }

    /// The state that is expanded next; those of levels before it need not be remembered.
    pub(super) fn go_to(&mut self, state: usize) {
        if state >= self.first + self.now.len() / self.form.size() && !self.next.is_empty() {
            self.first += self.now.len() / self.form.size();
            self.now = std::mem::take(&mut self.next);
        }
    }

    /// Something else for each of the same states, by its number.
    pub(super) fn like<V: Copy>(&self, thing: impl Fn(usize) -> V) -> Ahead<V> {
        let size = self.form.size();
        Ahead::of_levels(self.first, self.now.len() / size, self.next.len() / size, thing)
    }

    /// The same in another layout.
    pub(super) fn again<V: Word>(self, from: &Layout, to: &Layout) -> Asleep<V> {
        let (old, form) = (self.form, Form::of(to));
        let level = |bytes: Vec<u8>| {
            let mut again = Vec::with_capacity(bytes.len() / old.size() * form.size());
            for bytes in bytes.chunks_exact(old.size()) {
                let Sleep::<W> { nodes, bases } = old.read(bytes);
                form.write(&Sleep::<V> { nodes, bases: from.again(bases, to) }, &mut again);
            }
            again
        };
        let (first, now, next) = (self.first, level(self.now), level(self.next));
        Asleep { form, first, now, next, word: std::marker::PhantomData }
    }

    /// The bytes it takes when so many are added.
    pub(super) fn bytes_with(&self, more: usize) -> usize {
        self.now.len() + self.next.len() + more * self.form.size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> Layout {
        Layout::tight(&[8; 20])
    }

    fn asleep(sleep: &Sleep<u64>, class: Class) -> Vec<usize> {
        (0..20).filter(|&node| sleep.has(node, class)).collect()
    }

    fn behind(sleep: Sleep<u64>, node: usize, class: Class) -> Sleep<u64> {
        sleep.behind(&layout(), 0, node, class, 0)
    }

    #[test]
    fn nodes_in_front_are_asleep_and_the_one_that_steps_is_awake() {
        let three = behind(Sleep::none(), 3, Class::Free);
        for class in [Class::Free, Class::Seen, Class::Tick] {
            assert_eq!(asleep(&behind(Sleep::none(), 0, Class::Free), class), [0; 0]);
            assert_eq!(asleep(&three, class), [0, 1, 2]);
            assert_eq!(asleep(&behind(three, 1, Class::Free), class), [0, 2]);
        }
        assert!(three.is_asleep(2) && !three.is_asleep(3) && !three.is_asleep(19));
        assert_eq!(asleep(&three, Class::Alone), [0; 0], "what commutes with nothing never sleeps");
    }

    #[test]
    fn a_step_wakes_what_it_does_not_commute_with() {
        for (class, expected) in [
            (Class::Free, [3, 3, 3, 3]),
            (Class::Known, [3, 3, 0, 3]),
            (Class::Seen, [3, 0, 0, 3]),
            (Class::Tick, [3, 3, 3, 0]),
            (Class::Alone, [0, 0, 0, 0]),
        ] {
            let sleep = behind(Sleep::none(), 3, class);
            let classes = [Class::Free, Class::Known, Class::Seen, Class::Tick];
            let counts = classes.map(|class| asleep(&sleep, class).len());
            assert_eq!(counts, expected, "{class:?}");
        }
        let wakes = bits(1, Class::Seen) | bits(2, Class::Alone);
        let sleep = Sleep::<u64>::none().behind(&layout(), 0, 3, Class::Free, wakes);
        assert_eq!(asleep(&sleep, Class::Free), [0, 1]);
        assert_eq!(asleep(&sleep, Class::Seen), [0]);
    }

    #[test]
    fn the_bases_of_nodes_in_front_are_their_slots_and_the_others_stay() {
        let layout = layout();
        let first: u64 = layout.pack(&[1; 20]);
        let second: u64 = layout.pack(&[2; 20]);
        let sleep = Sleep::none().behind(&layout, first, 5, Class::Free, 0);
        let sleep = sleep.behind(&layout, second, 2, Class::Free, 0);
        let bases: Vec<u32> = (0..5).map(|node| sleep.base(&layout, node)).collect();
        assert_eq!(bases, [2, 2, 1, 1, 1], "node 2 is awake: its base says nothing");
    }

    #[test]
    fn what_is_asleep_is_remembered_until_a_level_is_left_and_in_another_layout() {
        let narrow = layout();
        let sleeps: Vec<Sleep<u64>> = (0..7)
            .map(|node| Sleep::none().behind(&narrow, narrow.pack(&[3; 20]), node, Class::Free, 0))
            .collect();
        let same = |one: &Sleep<u64>, other: &Sleep<u64>| {
            let bases = |sleep: &Sleep<u64>| [0, 3, 15].map(|node| sleep.base(&narrow, node));
            one.nodes == other.nodes && bases(one) == bases(other)
        };
        let mut asleep = Asleep::new(&narrow);
        assert!(same(&asleep.of(0), &Sleep::none()));
        sleeps[1..4].iter().for_each(|sleep| asleep.push(sleep));
        assert!((1..4).all(|at| same(&asleep.of(at), &sleeps[at])));
        asleep.go_to(1);
        sleeps[4..].iter().for_each(|sleep| asleep.push(sleep));
        asleep.go_to(2);
        assert!((1..7).all(|at| same(&asleep.of(at), &sleeps[at])));
        assert_eq!(
            asleep.bytes_with(0),
            6 * (8 + 6),
            "64 bits for 16 nodes, and 48 for their bases"
        );
        let wide = Layout::tight(&[32; 20]);
        let again = asleep.again::<u128>(&narrow, &wide);
        for (at, sleep) in sleeps.iter().enumerate().skip(1) {
            let bases = |node| (again.of(at).base(&wide, node), sleep.base(&narrow, node));
            assert!((0..16).all(|node| bases(node).0 == bases(node).1));
            assert_eq!(again.of(at).nodes, sleep.nodes);
        }
    }

    #[test]
    fn only_sixteen_nodes_are_ever_asleep() {
        let sleep = behind(Sleep::none(), 18, Class::Free);
        assert_eq!(asleep(&sleep, Class::Seen).len(), 16);
        assert_eq!(behind(sleep, 17, Class::Free), sleep);
    }
}
