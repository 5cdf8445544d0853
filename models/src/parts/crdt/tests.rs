//! The laws of merging on all small values, and tables of what is special about each type.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::parts::dots::ReplicaId;

const ALICE: ReplicaId = ReplicaId::new(0);
const BOB: ReplicaId = ReplicaId::new(1);

/// Updates that matter to a type.
fn changes(kind: Kind) -> &'static [Change] {
    match kind {
        Kind::GCounter => &[Change::Increment],
        Kind::PnCounter => &[Change::Increment, Change::Decrement],
        Kind::LwwRegister | Kind::MvRegister => &[Change::Write(1), Change::Write(2)],
        Kind::Flag => &[Change::Enable, Change::Disable],
        Kind::OrSet => &[Change::Add(1), Change::Add(2), Change::Remove(1)],
        Kind::LwwMap => &[Change::Put(1, 1), Change::Put(1, 2), Change::Delete(1)],
        Kind::Sequence => &[Change::Insert(0, 'a'), Change::Insert(1, 'b'), Change::Erase(0)],
    }
}

/// A value with its past.
type Copy = (AnyCrdt, Past);

/// All values of a type that two replicas come to by so many updates, and merging in between.
fn small_values(kind: Kind, updates: usize) -> BTreeSet<Copy> {
    let fresh = [ALICE, BOB].map(|me| (AnyCrdt::new(kind, me), Past::default()));
    let (mut seen, mut open) = (BTreeSet::from([fresh.clone()]), vec![fresh]);
    while let Some(pair) = open.pop() {
        let mut reached = Vec::new();
        for (at, me) in [(0, ALICE), (1, BOB)] {
            let mut merged = pair.clone();
            merged[at].0.merge(&pair[1 - at].0);
            merged[at].1.merge(&pair[1 - at].1);
            reached.push(merged);
            let mut all = pair[0].1.clone();
            all.merge(&pair[1].1);
            for &change in changes(kind) {
                if all.updates().len() < updates && pair[at].0.admits(change) {
                    let mut updated = pair.clone();
                    updated[at].0.apply(change);
                    updated[at].1.record(me, change);
                    reached.push(updated);
                }
            }
        }
        open.extend(reached.into_iter().filter(|pair| seen.insert(pair.clone())));
    }
    seen.into_iter().flatten().collect()
}

#[test]
fn every_small_value_is_what_its_past_means() {
    let mut counts = Vec::new();
    for kind in Kind::ALL {
        let values = small_values(kind, 3);
        for (value, past) in &values {
            assert_eq!(value.value(), past.meaning(kind), "{value:?} of {past:?}");
        }
        counts.push((kind.name(), values.len()));
    }
    let expected = [
        ("g-counter", 44),
        ("pn-counter", 274),
        ("lww-register", 274),
        ("mv-register", 274),
        ("flag", 104),
        ("or-set", 402),
        ("lww-map", 490),
        ("sequence", 204),
    ];
    assert_eq!(counts, expected, "values of each type");
}

/// Two values of different histories may have one stamp for two writes. Only values that can be in
/// the same one need to be merged.
fn can_meet(one: &Copy, other: &Copy) -> bool {
    let updates: BTreeMap<_, _> = one.1.updates().collect();
    other.1.updates().all(|(dot, update)| updates.get(dot).is_none_or(|same| *same == update))
}

#[test]
fn merging_obeys_its_laws_on_all_small_values() {
    for kind in Kind::ALL {
        let all: BTreeSet<Copy> = small_values(kind, 3)
            .into_iter()
            .map(|(value, past)| (value.fork(ALICE), past))
            .collect();
        for one in &all {
            let meet: Vec<&AnyCrdt> =
                all.iter().filter(|two| can_meet(one, two)).map(|two| &two.0).collect();
            let first = &one.0;
            assert_eq!(first.merged(first), *first, "idempotent");
            for two in &meet {
                let both = first.merged(two);
                assert_eq!(both, two.merged(first), "commutative: {one:?}, {two:?}");
                assert!(both.knows_as_much_as(first), "monotone: {one:?}, {two:?}");
                assert!(both.knows_as_much_as(two), "monotone: {two:?}, {one:?}");
            }
        }
    }
}

#[test]
fn merging_is_associative_on_all_small_values() {
    for kind in Kind::ALL {
        let all: BTreeSet<Copy> = small_values(kind, 2)
            .into_iter()
            .map(|(value, past)| (value.fork(ALICE), past))
            .collect();
        for one in &all {
            for two in all.iter().filter(|two| can_meet(one, two)) {
                let both = one.0.merged(&two.0);
                let meet = all.iter().filter(|three| can_meet(one, three) && can_meet(two, three));
                for three in meet {
                    let right = one.0.merged(&two.0.merged(&three.0));
                    assert_eq!(both.merged(&three.0), right, "{one:?}, {two:?}, {three:?}");
                }
            }
        }
    }
}

/// A delta merged elsewhere is the update itself merged, and an update only adds to what is known.
#[test]
fn a_delta_tells_all_of_its_update() {
    for kind in Kind::ALL {
        let values = small_values(kind, 2);
        for (value, _) in &values {
            for &change in changes(kind).iter().filter(|change| value.admits(**change)) {
                let mut updated = value.clone();
                let delta = updated.apply(change);
                assert!(updated.knows_as_much_as(value), "{change:?} only adds to {value:?}");
                assert_eq!(value.merged(&delta), updated, "{change:?} of {value:?}");
            }
        }
    }
}

#[test]
fn concurrent_updates_mean_what_each_type_says() {
    let (one, two) = (Change::Write(1), Change::Write(2));
    let values = |values: &[u8]| Reading::Values(values.to_vec());
    type Row<'a> = (&'a str, Kind, &'a [Change], &'a [Change], &'a [Change], Reading);
    let table: [Row<'_>; 10] = [
        (
            "all count",
            Kind::GCounter,
            &[],
            &[Change::Increment],
            &[Change::Increment],
            Reading::Number(2),
        ),
        (
            "up and down",
            Kind::PnCounter,
            &[],
            &[Change::Decrement; 2],
            &[Change::Increment],
            Reading::Number(-1),
        ),
        (
            "of a tie the higher replica's stands",
            Kind::LwwRegister,
            &[],
            &[two],
            &[one],
            values(&[1]),
        ),
        ("a later write stands", Kind::LwwRegister, &[], &[two, two], &[one], values(&[2])),
        ("all are kept", Kind::MvRegister, &[one], &[one], &[two], values(&[1, 2])),
        (
            "enable wins",
            Kind::Flag,
            &[Change::Enable],
            &[Change::Enable],
            &[Change::Disable],
            Reading::Flag(true),
        ),
        (
            "add wins",
            Kind::OrSet,
            &[Change::Add(1)],
            &[Change::Add(1)],
            &[Change::Remove(1)],
            values(&[1]),
        ),
        (
            "the later key stands",
            Kind::LwwMap,
            &[Change::Put(1, 1)],
            &[Change::Put(1, 2)],
            &[Change::Delete(1)],
            Reading::Map([].into()),
        ),
        (
            "neighbours stay together",
            Kind::Sequence,
            &[Change::Insert(0, 'm')],
            &[Change::Insert(0, 'b'), Change::Insert(1, 'a')],
            &[Change::Insert(0, 'd'), Change::Insert(1, 'c')],
            Reading::Text("dcbam".to_string()),
        ),
        (
            "who has erased does not insert later for that",
            Kind::Sequence,
            &[Change::Insert(0, 'a')],
            &[Change::Insert(1, 'j'), Change::Insert(0, 'i')],
            &[Change::Erase(0), Change::Insert(0, 'q'), Change::Insert(1, 'r')],
            Reading::Text("iqrj".to_string()),
        ),
    ];
    for (sentence, kind, before, here, there, expected) in table {
        let mut alice = (AnyCrdt::new(kind, ALICE), Past::default());
        let update = |to: &mut Copy, me, changes: &[Change]| {
            for &change in changes {
                to.0.apply(change);
                to.1.record(me, change);
            }
        };
        update(&mut alice, ALICE, before);
        let mut bob = (alice.0.fork(BOB), alice.1.clone());
        update(&mut alice, ALICE, here);
        update(&mut bob, BOB, there);
        alice.0.merge(&bob.0);
        alice.1.merge(&bob.1);
        assert!(alice.1.is_concurrent(), "{sentence}");
        assert_eq!(alice.0.value(), expected, "{sentence}");
        assert_eq!(alice.1.meaning(kind), expected, "{sentence}, by its definition");
    }
}

/// What goes wrong if a copy keeps its owner's id: the reason for `fork`.
#[test]
fn a_copy_under_the_same_id_loses_increments() {
    let mut alice = GCounter::new(ALICE);
    alice.increment(1);
    let mut copy = alice.clone();
    alice.increment(1);
    copy.increment(1);
    alice.merge(&copy);
    assert_eq!(alice.value(), 2, "one of three is lost");
}

#[test]
fn a_delta_buffer_sends_what_is_missing() {
    use splitbrain::NodeId;
    let others = [NodeId(1), NodeId(2)];
    let mut deltas = DeltaBuffer::new();
    ["a", "b", "c"].into_iter().for_each(|delta| deltas.push(delta));
    deltas.acknowledge(NodeId(1), 2, &others);
    deltas.acknowledge(NodeId(1), 1, &others);
    let table = [
        ("what was acknowledged stays so", NodeId(1), Due::Deltas(vec![&"c"])),
        ("each is missing something else", NodeId(2), Due::Deltas(vec![&"a", &"b", &"c"])),
    ];
    for (sentence, to, due) in table {
        assert_eq!(deltas.due(to), due, "{sentence}");
    }
    deltas.acknowledge(NodeId(2), 2, &others);
    assert_eq!(deltas.due(NodeId(3)), Due::Everything, "the first two are forgotten");
    deltas.acknowledge(NodeId(2), deltas.end(), &others);
    assert_eq!(deltas.due(NodeId(2)), Due::Nothing);
}

#[test]
fn a_letter_whose_predecessor_has_not_come_waits() {
    let mut alice = Sequence::new(ALICE);
    let first = alice.insert(0, 'a');
    let second = alice.insert(1, 'b');
    let mut bob = Sequence::new(BOB);
    bob.merge(&second);
    assert!(bob.is_empty());
    bob.merge(&first);
    assert_eq!(bob.value(), ['a', 'b']);
    let gone = alice.remove(0);
    bob.merge(&gone);
    bob.merge(&first);
    assert_eq!((bob.value(), bob.len()), (vec!['b'], 1), "a late copy brings nothing back");
}
