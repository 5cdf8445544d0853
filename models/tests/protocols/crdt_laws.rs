//! The laws of replicated types on random histories, longer than what can be searched.

use proptest::prelude::*;
use splitbrain_models::parts::crdt::{AnyCrdt, Change, Kind, Past};
use splitbrain_models::parts::dots::ReplicaId;

const REPLICAS: u8 = 3;

/// One thing that happens: a replica updates, or merges a copy that some replica had some time.
#[derive(Clone, Debug)]
enum Happens {
    Update(u8, Change),
    /// A replica, and which of all copies there ever were.
    Merge(u8, prop::sample::Index),
}

fn changes(kind: Kind) -> BoxedStrategy<Change> {
    let small = 0..4u8;
    match kind {
        Kind::GCounter => Just(Change::Increment).boxed(),
        Kind::PnCounter => prop_oneof![Just(Change::Increment), Just(Change::Decrement)].boxed(),
        Kind::LwwRegister | Kind::MvRegister => small.prop_map(Change::Write).boxed(),
        Kind::Flag => prop_oneof![Just(Change::Enable), Just(Change::Disable)].boxed(),
        Kind::OrSet => {
            prop_oneof![small.clone().prop_map(Change::Add), small.prop_map(Change::Remove)].boxed()
        }
        Kind::LwwMap => prop_oneof![
            (small.clone(), small.clone()).prop_map(|(key, value)| Change::Put(key, value)),
            small.prop_map(Change::Delete),
        ]
        .boxed(),
        Kind::Sequence => prop_oneof![
            (small.clone(), prop::char::range('a', 'z')).prop_map(|(at, c)| Change::Insert(at, c)),
            small.prop_map(Change::Erase),
        ]
        .boxed(),
    }
}

fn histories() -> impl Strategy<Value = (Kind, Vec<Happens>)> {
    prop::sample::select(&Kind::ALL[..]).prop_flat_map(|kind| {
        let happens = prop_oneof![
            (0..REPLICAS, changes(kind)).prop_map(|(at, change)| Happens::Update(at, change)),
            (0..REPLICAS, any::<prop::sample::Index>())
                .prop_map(|(at, which)| Happens::Merge(at, which)),
        ];
        (Just(kind), prop::collection::vec(happens, 0..40))
    })
}

/// All copies there ever were, the deltas of updates among them, each with its past.
fn lived_through(kind: Kind, history: &[Happens]) -> Vec<(AnyCrdt, Past)> {
    let fresh = |me| (AnyCrdt::new(kind, ReplicaId::new(me)), Past::default());
    let mut replicas: Vec<(AnyCrdt, Past)> = (0..REPLICAS).map(fresh).collect();
    let mut copies = replicas.clone();
    for happens in history {
        match happens {
            Happens::Update(at, change) => {
                let (value, past) = &mut replicas[usize::from(*at)];
                if value.admits(*change) {
                    let before = value.clone();
                    let delta = value.apply(*change);
                    assert_eq!(before.merged(&delta), *value, "{delta:?} tells of {change:?}");
                    past.record(ReplicaId::new(*at), *change);
                    copies.push((value.clone(), past.clone()));
                }
            }
            Happens::Merge(at, which) => {
                let (theirs, seen) = which.get(&copies).clone();
                let (value, past) = &mut replicas[usize::from(*at)];
                value.merge(&theirs);
                past.merge(&seen);
                copies.push((value.clone(), past.clone()));
            }
        }
    }
    copies
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn every_copy_is_what_its_past_means((kind, history) in histories()) {
        for (value, past) in lived_through(kind, &history) {
            prop_assert_eq!(value.value(), past.meaning(kind), "{:?} of {:?}", value, past);
        }
    }

    #[test]
    fn merging_is_a_join((kind, history) in histories(), picks in prop::array::uniform3(any::<prop::sample::Index>())) {
        let copies = lived_through(kind, &history);
        let nobody = ReplicaId::new(0);
        let [one, two, three] = picks.map(|which| which.get(&copies).0.fork(nobody));
        let both = one.merged(&two);
        prop_assert_eq!(&one.merged(&one), &one, "idempotent");
        prop_assert_eq!(&two.merged(&one), &both, "commutative");
        prop_assert_eq!(both.merged(&three), one.merged(&two.merged(&three)), "associative");
        prop_assert!(both.knows_as_much_as(&one) && both.knows_as_much_as(&two), "monotone");
    }

    #[test]
    fn copies_with_the_same_past_are_equal((kind, history) in histories()) {
        let copies = lived_through(kind, &history);
        for (one, first) in &copies {
            for (other, second) in &copies {
                prop_assert!(first != second || one.is_equal_to(other), "{:?} and {:?}", one, other);
                let includes = !first.includes(second) || one.knows_as_much_as(other);
                prop_assert!(includes, "{:?} has seen all of {:?}", one, other);
            }
        }
    }
}
