//! What each kind of network does to a run, seen in what beacons hear and how late.

use super::beacon::{Beacon, beacons, calm};
use super::simulation::{Made, hears_on, made, with_faults};
use splitbrain::simulate::{
    Fault, Latency, Link, Loss, Network, Plan, SpecialLink, TimedFault, Topology, run,
};
use splitbrain::{Links, NodeId, Scenario, Span, Units};

const A: NodeId = NodeId(0);
const B: NodeId = NodeId(1);

fn link(millis: u64) -> Link {
    Link::taking(Latency::Constant(millis.ms()))
}

fn network(topology: Topology, link: Link) -> Network {
    Network { topology, link, special: Vec::new() }
}

fn through(network: Network, plan: Plan) -> Plan {
    Plan { network: Some(network), ..plan }
}

/// How late the first forty numbers were heard, if each was as late as the others.
fn late(made: &Made, from: u8, to: u8) -> u32 {
    let late = made.beats_late(NodeId(from), NodeId(to));
    let first = late.first().expect("something was heard").1;
    assert!(late.iter().take(40).all(|(_, late)| *late == first), "{from} to {to}: {late:?}");
    first
}

/// A link takes twelve milliseconds, a beat ten: so many links are so many beats.
#[test]
fn messages_take_as_many_links_as_there_are_on_a_shortest_path() {
    for (topology, nodes, expected) in [
        (Topology::Mesh, 4, vec![(0, 1, 1), (0, 3, 1), (2, 1, 1)]),
        (Topology::Ring, 6, vec![(0, 1, 1), (0, 2, 2), (0, 3, 3), (0, 5, 1), (5, 1, 2)]),
        (Topology::Star(NodeId(2)), 5, vec![(2, 4, 1), (4, 2, 1), (0, 1, 2), (4, 3, 2)]),
        (Topology::Tree(2), 7, vec![(0, 2, 1), (3, 4, 2), (5, 0, 2), (3, 6, 4)]),
    ] {
        let plan = through(network(topology, link(12)), calm());
        let made = made(&beacons(nodes), &plan, 1);
        for (from, to, links) in expected {
            assert_eq!(late(&made, from, to), links, "{plan}: {from} to {to}");
        }
        assert_eq!(made.outcome.tally.cut + made.outcome.tally.lost, 0);
    }
}

#[test]
fn racks_regions_and_special_links_have_latencies_of_their_own() {
    let (datacentre, between) = (Box::new(link(25)), Box::new(link(55)));
    let racks = Topology::Racks { nodes: 2, racks: 2, datacentre, between };
    let regions = Topology::Regions(vec![vec![0.ms(), 30.ms()], vec![50.ms(), 0.ms()]]);
    let mut slow_way = network(Topology::Mesh, link(1));
    slow_way.special.push(SpecialLink { from: A, to: B, link: link(45) });
    for (network, nodes, expected) in [
        (network(racks, link(1)), 5, vec![(0, 1, 0), (0, 3, 2), (3, 4, 5), (4, 0, 5)]),
        (network(regions, link(1)), 4, vec![(0, 2, 0), (0, 1, 3), (1, 0, 5), (3, 2, 5)]),
        (slow_way, 3, vec![(0, 1, 4), (1, 0, 0), (0, 2, 0)]),
    ] {
        let plan = through(network, calm());
        let made = made(&beacons(nodes), &plan, 1);
        for (from, to, beats) in expected {
            assert_eq!(late(&made, from, to), beats, "{plan}: {from} to {to}");
        }
    }
}

/// A cut from 95 to 305 takes the beats 10 to 30, as on a network without links.
#[test]
fn a_cut_on_its_way_cuts_a_message_off_and_a_node_that_is_down_does_not() {
    let five = |topology| network(topology, link(1));
    let cut = vec![(10, 30)];
    for (topology, fault, expected) in [
        // n2 is reached by n1.
        (Topology::Ring, Fault::Isolate(B), vec![(0, 2, &cut), (2, 0, &cut), (0, 1, &cut)]),
        (Topology::Ring, Fault::OneWay { from: A, to: B }, vec![(0, 1, &cut), (0, 2, &cut)]),
        (Topology::Ring, Fault::OneWay { from: A, to: NodeId(2) }, vec![(0, 2, &cut)]),
        (Topology::Star(B), Fault::Isolate(B), vec![(0, 2, &cut), (3, 4, &cut), (1, 4, &cut)]),
        (Topology::Tree(2), Fault::Split(vec![A]), vec![(3, 2, &cut), (0, 1, &cut), (5, 3, &cut)]),
    ] {
        let plan = through(five(topology), with_faults(&[(95, 210, fault)]));
        let made = made(&beacons(6), &plan, 1);
        for (from, to, gap) in expected {
            assert_eq!(&made.missing(NodeId(from), NodeId(to)), gap, "{plan}: {from} to {to}");
        }
        assert_eq!(made.outcome.tally.lost, 0);
    }
    for (topology, fault, whole) in [
        (Topology::Ring, Fault::Isolate(B), (0, 4)),
        (Topology::Ring, Fault::OneWay { from: A, to: B }, (2, 0)),
        (Topology::Ring, Fault::OneWay { from: A, to: NodeId(2) }, (0, 1)),
        (Topology::Star(B), Fault::Isolate(A), (3, 4)),
        (Topology::Tree(2), Fault::Split(vec![A]), (3, 4)),
        // The network relays, whatever the node does.
        (Topology::Ring, Fault::Crash(B), (0, 2)),
        (Topology::Ring, Fault::Pause(B), (0, 2)),
    ] {
        let plan = through(five(topology), with_faults(&[(95, 210, fault)]));
        let made = made(&beacons(6), &plan, 1);
        assert_eq!(made.missing(NodeId(whole.0), NodeId(whole.1)), [], "{plan}");
    }
}

#[test]
fn a_link_of_little_bandwidth_queues_what_it_cannot_carry() {
    // Fifty a second go, a hundred come: each is ten milliseconds later than the one before.
    let narrow = Link { per_second: 50, ..link(1) };
    let made_with = |link| made(&beacons(2), &through(network(Topology::Mesh, link), calm()), 1);
    let made = made_with(narrow);
    let expected: Vec<(u32, u32)> = (1..=40).map(|number| (number, number + 1)).collect();
    assert_eq!(made.beats_late(A, B)[..40], expected);
    assert_eq!(made.missing(A, B).len(), 1, "the last ones are still in the queue");
    let wide = made_with(Link { per_second: 500, ..link(1) });
    assert_eq!((late(&wide, 0, 1), wide.missing(A, B)), (0, vec![]));
}

fn talkative() -> Scenario<Beacon> {
    let mut scenario = beacons(2);
    scenario.protocol.beats = 2_000;
    scenario
}

#[test]
fn bursts_lose_many_in_a_row_and_independent_loss_one_by_one() {
    let bursty = Loss::Bursty { begins: 20_000, ends: 200_000, within: 1_000_000, between: 0 };
    for (loss, lost_in_a_row) in [(bursty, 4.0..7.0), (Loss::Independent(91_000), 1.0..1.3)] {
        let lossy = network(Topology::Mesh, Link { loss, ..link(1) });
        let plan = through(lossy, Plan { stormy: 21.s(), ..calm() });
        let made = made(&talkative(), &plan, 1);
        let gaps = made.missing(A, B);
        let lost: u32 = gaps.iter().map(|(first, last)| last - first + 1).sum();
        assert!((120..250).contains(&lost), "one in eleven of 2000 on average, not {lost}");
        let in_a_row = f64::from(lost) / gaps.len() as f64;
        assert!(lost_in_a_row.contains(&in_a_row), "{in_a_row} in a row: {gaps:?}");
        assert!(made.outcome.tally.lost >= u64::from(lost) && made.outcome.tally.cut == 0);
    }
}

#[test]
fn links_double_messages_and_let_them_overtake_unless_they_are_in_order() {
    let latency = Latency::Uniform { least: 0.ms(), most: 60.ms() };
    for topology in [Topology::Mesh, Topology::Ring] {
        for fifo in [false, true] {
            let link = Link { duplication: 200_000, fifo, ..Link::taking(latency.clone()) };
            let plan = through(network(topology.clone(), link), calm());
            for links in [Links::Unordered, Links::Set, Links::Fifo] {
                let made = made(&beacons(4).links(links), &plan, 1);
                let heard = made.heard(NodeId(2), A);
                let doubled = made.outcome.tally.duplicated;
                let in_order = fifo || links == Links::Fifo;
                assert_eq!(heard.is_sorted(), in_order, "{plan}, {links:?}: {heard:?}");
                assert_eq!(doubled == 0, in_order, "{plan}, {links:?}: {doubled} doubled");
                assert_eq!(made.missing(A, NodeId(2)), [], "what arrives twice arrives");
            }
        }
    }
}

#[test]
fn a_run_on_each_network_is_the_same_whether_it_is_recorded_or_not() {
    let faults = [(95, 210, Fault::Pause(B)), (395, 50, Fault::Isolate(A))];
    for name in Network::PRESETS {
        let network = Network::preset(name).expect("it is listed");
        let plan = through(network, with_faults(&faults));
        for links in [Links::Unordered, Links::Set, Links::Fifo] {
            let scenario = beacons(5).links(links);
            let recorded = made(&scenario, &plan, 5).outcome;
            assert_eq!(run(&scenario, &plan, 5), recorded, "{name}");
            assert_ne!(run(&scenario, &plan, 6).digest, recorded.digest, "{name}");
        }
    }
}

#[test]
fn a_network_that_loses_everything_loses_nothing_once_the_storm_is_over() {
    let lossy = Link { loss: Loss::Independent(1_000_000), ..link(1) };
    let mut scenario = beacons(2);
    scenario.storm = scenario.storm.lasts(500.ms(), 400.ms()).progress(hears_on());
    let plan = through(network(Topology::Mesh, lossy), Plan { stormy: 500.ms(), ..calm() });
    let made = made(&scenario, &plan, 1);
    assert_eq!(made.outcome.violation, None);
    assert_eq!(made.missing(A, B)[0], (1, 49));
    assert!(made.outcome.lasted < 520.ms(), "the first beat after it is heard");
}

#[test]
fn slow_faults_slow_each_link_of_a_way() {
    let slow_node = Fault::SlowNode { node: NodeId(2), times: 16 };
    let slow_link = |from, to| Fault::SlowLink { from: NodeId(from), to: NodeId(to), times: 16 };
    for (fault, expected) in [
        (slow_node, vec![(0, 1, 0), (1, 2, 1), (1, 3, 3), (0, 4, 0), (0, 3, 3)]),
        (slow_link(1, 2), vec![(0, 1, 0), (1, 2, 1), (0, 2, 1), (2, 1, 0), (1, 3, 1)]),
        // No link goes from the one to the other: it is each link between that is slow for them.
        (slow_link(0, 3), vec![(0, 3, 4), (0, 1, 0), (0, 2, 0), (1, 3, 0), (3, 0, 0)]),
    ] {
        let faults = vec![TimedFault { at: Span::ZERO, lasts: 2.s(), fault }];
        let plan = through(network(Topology::Ring, link(1)), Plan { faults, ..calm() });
        let made = made(&beacons(6), &plan, 1);
        for (from, to, beats) in expected {
            assert_eq!(late(&made, from, to), beats, "{plan}: {from} to {to}");
        }
    }
}
