//! The rows: a kind of fault each, alone, and the bug that it exposes.

use splitbrain::simulate::{
    ClockError, Fault, FaultKinds, Latency, Link, Loss, Network, Plan, Topology,
};
use splitbrain::{NodeId, Span, Units};
use splitbrain_models::clocks::ClocksModel;
use splitbrain_models::lock::LockModel;
use splitbrain_models::raft::{RaftExtensionsModel, RaftModel};

use super::super::{mishaps, mistakes};
use super::{Campaign, Row, Subject, known, toy};

const N0: NodeId = NodeId(0);
const N1: NodeId = NodeId(1);
const N2: NodeId = NodeId(2);

/// A plan without faults, but for those that a row is about.
pub(super) fn calm() -> Plan {
    let mut plan = Plan { latency: Latency::Constant(5.ms()), ..Plan::calm(10.s()) };
    plan.workload.think = 50.ms();
    plan
}

fn given(kind: &'static str, does: &'static str, with: Plan, subject: Subject) -> Row {
    let without = Plan { stormy: with.stormy, ..calm() };
    against(kind, does, with, without, subject)
}

fn against(
    kind: &'static str,
    does: &'static str,
    with: Plan,
    without: Plan,
    subject: Subject,
) -> Row {
    let given = |plan| Campaign::Given(Box::new(plan));
    Row { kind, does, with: given(with), without: given(without), subject }
}

fn drawn(kind: &'static str, does: &'static str, kinds: FaultKinds, subject: Subject) -> Row {
    let without = Campaign::Drawn(FaultKinds::NONE);
    Row { kind, does, with: Campaign::Drawn(kinds), without, subject }
}

/// A fault that comes six times, every second and a half, at each of these moments first.
fn again(lasts: Span, faults: &[(Span, Fault)]) -> Plan {
    faults.iter().fold(calm(), |plan, (at, fault)| {
        let up = Span::micros(1_500_000 - lasts.as_micros());
        plan.flapping(*at, fault.clone(), [lasts, up], 6)
    })
}

fn through(link: Link) -> Plan {
    let network = Network { topology: Topology::Mesh, link, special: Vec::new() };
    Plan { network: Some(network), ..calm() }
}

fn parcels() -> Subject {
    let mistake = "The source goes on to the next parcel after five tries.";
    toy(mistake, mistakes::parcels(true), mistakes::parcels(false))
}

fn hears_majority() -> Subject {
    let mistake = "Who hears a majority, and nobody lower, leads, and asks for no vote.";
    toy(mistake, mistakes::epochs(Some(3)), mistakes::epochs(None))
}

fn hears_none_lower() -> Subject {
    let mistake = "Who hears nobody lower leads, however few it hears.";
    toy(mistake, mistakes::epochs(Some(1)), mistakes::epochs(None))
}

fn hasty() -> Subject {
    let mistake = "A node is suspected after 30 ms, as if no network ever were slow.";
    toy(mistake, mistakes::probes(false, 3), mistakes::probes(false, 1_100))
}

fn no_copy_on_disk() -> Subject {
    let mistake = "The value is in memory alone, though on three nodes.";
    toy(mistake, mishaps::memories(Some(10.ms())), mishaps::memories(None))
}

fn stores_late() -> Subject {
    let mistake = "A node stores the count of its lives 300 ms after it has told it.";
    toy(mistake, mishaps::lives(true), mishaps::lives(false))
}

fn never_syncs() -> Subject {
    let mistake = "A node tells the count of its lives, and never syncs its disk.";
    toy(mistake, mishaps::journals(true), mishaps::journals(false))
}

fn no_margin() -> Subject {
    let mistake = "A lease is passed on at its end, as if all clocks were one.";
    toy(mistake, mishaps::leases(true), mishaps::leases(false))
}

/// A row for each fault, in plans written by hand.
pub(super) fn faults() -> Vec<Row> {
    let nodes = |numbers: &[u8]| numbers.iter().map(|number| NodeId(*number)).collect::<Vec<_>>();
    let ring = Fault::ring_of_majorities(nodes(&[0, 2, 1, 3, 4]));
    let bridge = Fault::Bridge { side: nodes(&[0, 3]), bridge: NodeId(4) };
    let clock = |offset, drift| {
        let clocks = vec![ClockError { node: N0, offset, drift }];
        Plan { clocks, ..calm() }
    };
    // One node after another, and again.
    let turns = |make: &dyn Fn(NodeId) -> Fault, lasts: Span| {
        [N0, N1, N2].into_iter().fold(calm(), |plan, node| {
            let (at, rest) = (Span::seconds(1 + u64::from(node.0)), 3_000_000 - lasts.as_micros());
            plan.flapping(at, make(node), [lasts, Span::micros(rest)], 3)
        })
    };
    let slow_link =
        |from: NodeId| Fault::SlowLink { from, to: NodeId((from.0 + 1) % 3), times: 100 };
    let all = nodes(&[0, 1, 2]);
    let bursts = Loss::Bursty { begins: 1_000, ends: 20_000, within: 1_000_000, between: 0 };
    let one = || Link::taking(Latency::Constant(1.ms()));
    let mut leaving = calm();
    leaving.workload.gives_up = 200;
    let slowly = Latency::Uniform { least: 0.ms(), most: 100.ms() };
    vec![
        given(
            "isolate",
            "one node is cut off from all others",
            turns(&Fault::Isolate, 1.s()),
            known(&RaftExtensionsModel, "read-no-quorum"),
        ),
        given(
            "split",
            "some nodes are cut off from the others",
            again(1.s(), &[(1.s(), Fault::Split(nodes(&[3, 4])))]),
            hears_none_lower(),
        ),
        given(
            "bridge",
            "two sides are cut off from each other, but for one node that reaches all",
            again(1.s(), &[(1.s(), bridge)]),
            hears_majority(),
        ),
        given(
            "circle",
            "a ring of majorities: each sees one, and no two the same",
            again(1.s(), &[(1.s(), ring)]),
            hears_majority(),
        ),
        given(
            "one-way",
            "messages from one node to another are lost, and those back arrive",
            again(1.s(), &[(1.s(), Fault::OneWay { from: N0, to: N1 })]),
            toy(
                "Who hears the other takes it that the other hears it.",
                mistakes::pair(true),
                mistakes::pair(false),
            ),
        ),
        given(
            "flapping",
            "a partition comes and goes",
            calm().flapping(1.s(), Fault::Isolate(N1), [150.ms(), 50.ms()], 20),
            parcels(),
        ),
        given(
            "slow-node",
            "messages of a node and to it take many times as long",
            again(1.s(), &[(1.s(), Fault::SlowNode { node: N1, times: 10 })]),
            hasty(),
        ),
        given(
            "slow-link",
            "messages from one node to another take many times as long",
            turns(&slow_link, 1.s()),
            known(&ClocksModel, "fifo-only"),
        ),
        given(
            "pause",
            "a node stands still, and then acts on old news",
            Plan { stormy: 20.s(), ..calm() }
                .flapping(1.s(), Fault::Pause(N1), [2.s(), 1.s()], 6)
                .flapping(2.s(), Fault::Pause(N2), [2.s(), 1.s()], 6),
            known(&LockModel, "return-after-expiry"),
        ),
        given(
            "crash",
            "a node is down, and comes back with what it keeps",
            turns(&Fault::Crash, 300.ms()),
            known(&RaftModel, "ack-before-durable"),
        ),
        given(
            "crash loop",
            "a node crashes again and again",
            calm().crash_loop(1.s(), N0, [50.ms(), 100.ms()], 5),
            stores_late(),
        ),
        given(
            "rolling restart",
            "nodes crash one after another",
            calm().rolling_restart(1.s(), &all, 300.ms(), 500.ms()),
            toy(
                "Who restarts asks the others for what it had in memory, and not before two seconds.",
                mishaps::memories(Some(2.s())),
                mishaps::memories(None),
            ),
        ),
        given(
            "crash of all",
            "all nodes crash at once",
            calm().crash_of_all(1.s(), &all, 300.ms()),
            no_copy_on_disk(),
        ),
        given(
            "wipe",
            "a node is down, and comes back with an empty disk",
            again(300.ms(), &[(1.s(), Fault::Wipe(N1))]),
            toy(
                "The source never goes back behind what a keeper once had.",
                mishaps::copies(true),
                mishaps::copies(false),
            ),
        ),
        given(
            "power-cut",
            "a node is without power, and loses what it did not sync",
            again(300.ms(), &[(1.s(), Fault::PowerCut(N0))]),
            never_syncs(),
        ),
        given(
            "clock offset",
            "a clock is ahead or behind from the start",
            clock(500_000, 0),
            no_margin(),
        ),
        given("clock drift", "a clock goes too fast or too slow", clock(0, 200_000), no_margin()),
        given(
            "jump",
            "a clock jumps, and back at the end",
            again(1.s(), &[(1.s(), Fault::Jump { node: N0, by: 5_000_000 })]),
            no_margin(),
        ),
        given(
            "stuck",
            "a clock reads the same until the end",
            again(1.s(), &[(1.s(), Fault::Stuck(N1)), (1_500.ms(), Fault::Stuck(N2))]),
            no_margin(),
        ),
        given(
            "smear",
            "a clock is corrected little by little, and its timers run faster or slower",
            again(1.s(), &[(1.s(), Fault::Smear { node: N0, by: 100_000 })]),
            no_margin(),
        ),
        given(
            "step",
            "a clock is corrected at once",
            calm().clock_step(1.s(), N0, 5_000_000),
            no_margin(),
        ),
        against(
            "loss in bursts",
            "messages are lost, many after one another; without, as many one by one",
            through(Link { loss: bursts, ..one() }),
            through(Link { loss: Loss::Independent(48_000), ..one() }),
            parcels(),
        ),
        given("loss", "messages are lost one by one", Plan { loss: 500_000, ..calm() }, parcels()),
        given(
            "duplication",
            "messages arrive twice",
            Plan { duplication: 200_000, ..calm() },
            known(&ClocksModel, "delivers-again"),
        ),
        given(
            "reordering",
            "messages overtake each other, since each takes as long as it takes",
            Plan { latency: slowly, ..calm() },
            known(&ClocksModel, "vector-gap"),
        ),
        given(
            "bandwidth",
            "a link takes so many messages a second, and the others queue",
            through(Link { per_second: 50, ..one() }),
            toy(
                "Who is not answered asks on, and so fills the link itself.",
                mistakes::probes(true, 100),
                mistakes::probes(false, 100),
            ),
        ),
        given(
            "clients that give up",
            "a client goes on to another request without an answer",
            leaving,
            toy(
                "A client's next request stands for its last.",
                mistakes::counter(true),
                mistakes::counter(false),
            ),
        ),
    ]
}

/// A row for each kind that is drawn.
pub(super) fn kinds() -> Vec<Row> {
    let none = FaultKinds::NONE;
    vec![
        drawn("loss", "messages are lost", FaultKinds { loss: true, ..none }, parcels()),
        drawn(
            "duplication",
            "messages arrive twice",
            FaultKinds { duplication: true, ..none },
            known(&ClocksModel, "delivers-again"),
        ),
        drawn(
            "partitions",
            "one node is cut off, halves, bridges, one-way",
            FaultKinds { partitions: true, ..none },
            hears_none_lower(),
        ),
        drawn(
            "pauses",
            "nodes stand still",
            FaultKinds { pauses: true, ..none },
            known(&LockModel, "return-after-expiry"),
        ),
        drawn("crashes", "nodes crash", FaultKinds { crashes: true, ..none }, stores_late()),
        drawn(
            "wipes",
            "nodes come back with an empty disk",
            FaultKinds { wipes: true, ..none },
            toy(
                "The source never goes back behind what a keeper once had.",
                mishaps::copies(true),
                mishaps::copies(false),
            ),
        ),
        drawn(
            "clocks",
            "clocks are off, drift and jump",
            FaultKinds { clocks: true, ..none },
            no_margin(),
        ),
        drawn(
            "patterns",
            "minorities, rings of majorities, flapping",
            FaultKinds { patterns: true, ..none },
            hears_majority(),
        ),
        drawn("slow", "nodes and links are slow", FaultKinds { slow: true, ..none }, hasty()),
        drawn(
            "waves",
            "nodes crash all at once, one after another, again and again",
            FaultKinds { waves: true, ..none },
            no_copy_on_disk(),
        ),
        drawn(
            "corrections",
            "clocks get stuck and are corrected",
            FaultKinds { corrections: true, ..none },
            no_margin(),
        ),
        drawn(
            "networks",
            "messages go through a drawn network",
            FaultKinds { networks: true, ..none },
            hasty(),
        ),
        drawn(
            "power",
            "the power of nodes fails",
            FaultKinds { power: true, ..none },
            never_syncs(),
        ),
    ]
}
